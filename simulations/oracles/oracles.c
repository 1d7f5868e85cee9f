#include "simulations/oracles/oracles.h"

const struct gs_sim_oracle_kind *gs_sim_oracle_kind(enum gs_sim_wrong wrong)
{
	static const struct gs_sim_oracle_kind nothing = {.name = "nothing", .about = "nobody objects"};
	static const struct gs_sim_oracle_kind step = {
		.name = "a step failed", .about = "a step of a node ended with an error that was not its store's"};
	static const struct gs_sim_oracle_kind *const kinds[GS_SIM_WRONGS] = {
		[GS_SIM_WRONG_NOTHING] = &nothing,
		[GS_SIM_WRONG_FUNDS] = &gs_sim_oracle_funds,
		[GS_SIM_WRONG_LOSS] = &gs_sim_oracle_loss,
		[GS_SIM_WRONG_FINAL] = &gs_sim_oracle_final,
		[GS_SIM_WRONG_INVALID] = &gs_sim_oracle_invalid,
		[GS_SIM_WRONG_ENDLESS] = &gs_sim_oracle_endless,
		[GS_SIM_WRONG_RESTLESS] = &gs_sim_oracle_restless,
		[GS_SIM_WRONG_STATE] = &gs_sim_oracle_state,
		[GS_SIM_WRONG_TWO_ANSWERS] = &gs_sim_oracle_two_answers,
		[GS_SIM_WRONG_DOUBLE] = &gs_sim_oracle_double,
		[GS_SIM_WRONG_PATIENCE] = &gs_sim_oracle_patience,
		[GS_SIM_WRONG_DONE] = &gs_sim_oracle_done,
		[GS_SIM_WRONG_SAMPLE] = &gs_sim_oracle_sample,
		[GS_SIM_WRONG_SHED] = &gs_sim_oracle_shed,
		[GS_SIM_WRONG_STEP] = &step,
	};
	return kinds[wrong];
}

const char *gs_sim_wrong_name(enum gs_sim_wrong wrong)
{
	return gs_sim_oracle_kind(wrong)->name;
}

uint64_t gs_sim_small(struct gs_wei amount)
{
	GS_ASSERT(gs_u256_fits_u64(&amount.v));
	return amount.v.limb[0];
}
