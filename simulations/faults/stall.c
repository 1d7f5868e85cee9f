#include "simulations/nodes/run.h"

/* A node walks back to the fork header by header, all in a row: where endpoints are silent and processes die all the time, it does
 * not come far. */
enum { DEPTH_MAX = 30, AMONG_MANY = 8, BACK_S = 6 };

static void plan(struct gs_sim_run *r)
{
	const uint64_t deepest = r->began_with == GS_SIM_FAULT_ALL ? AMONG_MANY : DEPTH_MAX;
	gs_sim_run_span(r, GS_SIM_P_STALL, 4, deepest * 2, &r->trouble.stall);
}

static enum gs_err before_block(struct gs_sim_run *r, bool *none)
{
	const struct gs_sim_network *n = &r->network;
	uint64_t depth = 0;
	(void)none;
	if (r->trouble.stall_over || r->now_s < r->trouble.stall.to_s)
		return GS_OK;
	r->trouble.stall_over = true;
	while (depth < DEPTH_MAX && depth + 3 < n->blocks &&
	       gs_sim_network_block(n, n->blocks - 1 - depth)->head.time.unix_s > r->trouble.stall.from_s)
		depth++;
	return depth == 0 ? GS_OK : gs_sim_run_reorg(r, depth, BACK_S);
}

const struct gs_sim_fault_kind gs_sim_fault_stall = {
	.name = "stall",
	.about = "nothing becomes final for a while, at the end of which all of its blocks are replaced",
	.parameter = GS_SIM_P_STALL,
	.plan = plan,
	.before_block = before_block,
};
