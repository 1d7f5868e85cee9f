#include "simulations/nodes/run.h"

enum { ONE_IN = 20 /* blocks */, DEPTH_MAX = 4, BACK_S = 6 /* at most, until a transaction is ready again */ };

static bool comes(struct gs_sim_run *r)
{
	const double stated = r->value[GS_SIM_P_REORG_CHANCE];
	return stated == GS_SIM_DRAWN ? gs_rng_below(&r->rng, ONE_IN) == 0
	                              : gs_rng_below(&r->rng, 1000 * 1000) < (uint64_t)(stated * 1e6);
}

static enum gs_err before_block(struct gs_sim_run *r, bool *none)
{
	const double stated = r->value[GS_SIM_P_REORG_DEPTH];
	const uint64_t blocks = r->network.blocks, deepest = stated == GS_SIM_DRAWN ? DEPTH_MAX : (uint64_t)stated;
	(void)none;
	if (blocks <= 3 || !comes(r))
		return GS_OK;
	return gs_sim_run_reorg(r, gs_sim_run_between(r, 1, blocks - 2 < deepest ? blocks - 2 : deepest), BACK_S);
}

const struct gs_sim_fault_kind gs_sim_fault_reorg = {
	.name = "reorg",
	.about = "the newest blocks are replaced; transactions of the old branch come back, fail there, or are lost",
	.parameter = GS_SIM_P_REORG_CHANCE,
	.before_block = before_block,
};
