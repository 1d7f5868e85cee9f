#include "simulations/faults/faults.h"

const struct gs_sim_fault_kind *gs_sim_fault_kind(enum gs_sim_fault fault)
{
	static const struct gs_sim_fault_kind drawn = {.name = "drawn", .about = "one of the others, by the seed"};
	static const struct gs_sim_fault_kind none = {.name = "none", .about = "nothing goes wrong"};
	static const struct gs_sim_fault_kind all = {.name = "all", .about = "everything at once"};
	static const struct gs_sim_fault_kind *const kinds[GS_SIM_FAULTS] = {
		[GS_SIM_FAULT_DRAWN] = &drawn,
		[GS_SIM_FAULT_NONE] = &none,
		[GS_SIM_FAULT_ALL] = &all,
		[GS_SIM_FAULT_CRASH] = &gs_sim_fault_crash,
		[GS_SIM_FAULT_COMMIT] = &gs_sim_fault_commit,
		[GS_SIM_FAULT_SILENCE] = &gs_sim_fault_silence,
		[GS_SIM_FAULT_LAG] = &gs_sim_fault_lag,
		[GS_SIM_FAULT_OFFLINE] = &gs_sim_fault_offline,
		[GS_SIM_FAULT_REORG] = &gs_sim_fault_reorg,
		[GS_SIM_FAULT_DELAY] = &gs_sim_fault_delay,
		[GS_SIM_FAULT_EXECUTION] = &gs_sim_fault_execution,
		[GS_SIM_FAULT_CLOCK] = &gs_sim_fault_clock,
		[GS_SIM_FAULT_TORN] = &gs_sim_fault_torn,
		[GS_SIM_FAULT_EACH_COMMIT] = &gs_sim_fault_each_commit,
		[GS_SIM_FAULT_FULL_DISK] = &gs_sim_fault_full_disk,
		[GS_SIM_FAULT_STALE] = &gs_sim_fault_stale,
		[GS_SIM_FAULT_RATE_LIMIT] = &gs_sim_fault_rate_limit,
		[GS_SIM_FAULT_STALL] = &gs_sim_fault_stall,
		[GS_SIM_FAULT_DROP] = &gs_sim_fault_drop,
		[GS_SIM_FAULT_REPLACE] = &gs_sim_fault_replace,
		[GS_SIM_FAULT_GAP] = &gs_sim_fault_gap,
		[GS_SIM_FAULT_CENSOR] = &gs_sim_fault_censor,
		[GS_SIM_FAULT_OUTAGE] = &gs_sim_fault_outage,
		[GS_SIM_FAULT_SPIKE] = &gs_sim_fault_spike,
		[GS_SIM_FAULT_DEAR] = &gs_sim_fault_dear,
		[GS_SIM_FAULT_LYING] = &gs_sim_fault_lying,
		[GS_SIM_FAULT_LETTERS] = &gs_sim_fault_letters,
	};
	return kinds[fault];
}

const char *gs_sim_fault_name(enum gs_sim_fault fault)
{
	return gs_sim_fault_kind(fault)->name;
}
