#include "simulations/nodes/run.h"

enum { ONE_IN = 20 /* blocks */, DEPTH_MAX = 4, BACK_S = 6 /* at most, until a transaction is ready again */ };

static enum gs_err before_block(struct gs_sim_run *r)
{
	struct gs_sim_network *n = &r->network;
	if (n->blocks <= 3 || gs_rng_below(&r->rng, ONE_IN) != 0)
		return GS_OK;
	uint64_t most = n->blocks - 2 < DEPTH_MAX ? n->blocks - 2 : DEPTH_MAX, depth = gs_sim_run_between(r, 1, most);
	uint64_t from_s = gs_sim_network_block(n, n->blocks - depth)->head.time.unix_s;
	enum gs_err err = gs_sim_network_drop(n, depth, BACK_S, from_s);
	gs_sim_run_note(r, "reorg of %llu blocks", (unsigned long long)depth);
	for (uint64_t i = 0; i < depth && err == GS_OK; i++)
		err = gs_sim_run_mine(r, from_s + i * n->rules.block_s);
	r->tally->reorgs++;
	return err;
}

const struct gs_sim_fault_kind gs_sim_fault_reorg = {
	.name = "reorg",
	.about = "the newest blocks are replaced; transactions of the old branch come back, fail there, or are lost",
	.before_block = before_block,
};
