#include "simulations/nodes/run.h"

enum { LONG_ONE_IN = 32, LONG_S = 6 * 3600 };

static void plan(struct gs_sim_run *r)
{
	const bool is_long = r->began_with == GS_SIM_FAULT_OUTAGE && gs_rng_below(&r->rng, LONG_ONE_IN) == 0;
	gs_sim_run_span(r, GS_SIM_P_OUTAGE, 30, is_long ? LONG_S : 300, &r->trouble.outage);
}

/* Where nodes use L1 the chain goes on, as it follows from L1: with what was deposited there, and nothing else. */
static bool goes_on(const struct gs_sim_run *r)
{
	return r->value[GS_SIM_P_L1] != 0;
}

static enum gs_err before_block(struct gs_sim_run *r, bool *none)
{
	*none = gs_sim_run_within(r, &r->trouble.outage) && !goes_on(r);
	return GS_OK;
}

static bool admits(struct gs_sim_run *r, const struct gs_sim_tx *tx)
{
	(void)tx; /* deposits are not asked about */
	return !gs_sim_run_within(r, &r->trouble.outage) || !goes_on(r);
}

const struct gs_sim_fault_kind gs_sim_fault_outage = {
	.name = "outage",
	.about =
		"the sequencer makes no blocks for a while, or, with l1, none but with deposits; what waited is in the first one behind it",
	.parameter = GS_SIM_P_OUTAGE,
	.plan = plan,
	.before_block = before_block,
	.admits = admits,
};
