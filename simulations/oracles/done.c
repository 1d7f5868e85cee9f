#include "simulations/oracles/oracles.h"

#include "simulations/nodes/run.h"
#include "validator/node/intent.h"

enum { AFTER_S = 12 /* a reorganisation: by then what it took back is mined again */ };

struct search {
	const struct gs_sim_run *run;
	uint64_t newest; /* of the node's blocks */
	bool found;
};

static enum gs_err consider(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct search *s = context;
	struct gs_intent intent;
	enum gs_err err = gs_intent_decode(key, value, &intent);
	if (err != GS_OK || intent.status != GS_INTENT_DONE)
		return err;
	const struct gs_sim_tx *tx = gs_sim_network_tx(&s->run->network, &intent.tx);
	s->found = s->found || tx == NULL || !tx->mined || !tx->success || tx->block > s->newest;
	return GS_OK;
}

static enum gs_err look_at(struct gs_sim_run *r, const struct gs_sim_actor *a, struct gs_error *error)
{
	const struct gs_head *newest = gs_node_newest(a->node);
	const struct gs_sim_block *b = newest != NULL ? gs_sim_network_block_of(&r->network, &newest->hash) : NULL;
	struct search s = {.run = r};
	struct gs_journal j;
	if (b == NULL) /* it stands on another branch, and has not looked since */
		return GS_OK;
	s.newest = newest->number;
	enum gs_err err = gs_journal_begin(&a->inner, 0, &j, error);
	if (err != GS_OK)
		return err;
	err = j.store->scan(j.txn, GS_TABLE_INTENTS, (struct gs_bytes){NULL, 0}, GS_STORE_ASCENDING, consider, &s,
	                    error);
	gs_journal_abort(&j);
	if (s.found)
		gs_sim_run_object(r, GS_SIM_WRONG_DONE);
	return err;
}

static enum gs_err check(struct gs_sim_run *r, struct gs_error *error)
{
	enum gs_err err = GS_OK;
	for (unsigned a = 0; a < r->actors && err == GS_OK; a++)
		if (gs_sim_run_honest(r, a) && r->actor[a].node != NULL && r->actor[a].luck.lies == 0)
			err = look_at(r, &r->actor[a], error);
	return err;
}

/* Only a reorganisation can make it so, and looking at all intents after every block takes as long as the run. */
static enum gs_err check_after_reorg(struct gs_sim_run *r, struct gs_error *error)
{
	const bool lately = r->more.reorg_s > 0 && r->now_s <= r->more.reorg_s + AFTER_S;
	return lately ? check(r, error) : GS_OK;
}

const struct gs_sim_oracle_kind gs_sim_oracle_done = {
	.name = "done by nothing",
	.about =
		"an honest node takes for done what no transaction in its blocks has done: soon after a reorganisation, and at the end",
	.after_block = check_after_reorg,
	.at_end = check,
};
