#include "simulations/oracles/oracles.h"

#include "simulations/nodes/run.h"

enum { LOOKS_S = 12 }; /* until a node has seen a claim, and between two looks at what waits to be executed */

bool gs_sim_oracle_gave_up(const struct gs_sim_actor *a, const struct gs_hash *claim)
{
	struct gs_sample sample;
	return a->means.servers > 0 && gs_sim_oracle_load_sample(a, claim, &sample, NULL) == GS_OK &&
	       sample.reason == GS_SAMPLE_SHED;
}

static const struct gs_sim_begun *begun(const struct gs_sim_actor *a, const struct gs_hash *claim)
{
	for (unsigned i = 0; i < a->means.begun_count; i++)
		if (gs_hash_equal(&a->means.begun[i].claim, claim))
			return &a->means.begun[i];
	return NULL;
}

/* When every claim of the run was there to be chosen from. */
static uint64_t all_known_s(const struct gs_sim_run *r)
{
	uint64_t last_s = 0;
	for (unsigned i = 0; i < r->claims; i++)
		if (r->claim[i].begun_s > last_s)
			last_s = r->claim[i].begun_s;
	return last_s + LOOKS_S;
}

/* By when a verdict matters: what is left of the window behind it is for the challenge (docs/node.md, "Executions"). */
static uint64_t due_s(const struct gs_sim_run *r, const struct gs_sim_planned *c)
{
	const uint64_t window_s = r->network.rules.rules.terms.window_s, margin_s = (uint64_t)r->value[GS_SIM_P_MARGIN];
	return c->begun_s + window_s - (margin_s < window_s / 4 ? margin_s : window_s / 4);
}

/* What was begun, and done, while the one that was given up could have been done in its place, is worth no less. The node reckons what runs as not
 * begun, and may have given its machine one more: so this one must have been due later by that. */
static bool is_least(const struct gs_sim_run *r, const struct gs_sim_actor *a, const struct gs_sim_planned *given_up)
{
	const struct gs_wei value = gs_claim_lot_value(&given_up->body.lot);
	for (unsigned i = 0; i < r->claims; i++) {
		const struct gs_sim_planned *other = &r->claim[i];
		const struct gs_sim_begun *b = begun(a, &other->id);
		if (b == NULL || other->wrong || b->at_s <= all_known_s(r) ||
		    b->done_s + 2 * a->means.each_s + LOOKS_S > due_s(r, given_up))
			continue;
		if (gs_wei_cmp(gs_claim_lot_value(&other->body.lot), value) < 0)
			return false;
	}
	return true;
}

static enum gs_err look_at(struct gs_sim_run *r, struct gs_sim_actor *a, struct gs_error *error)
{
	struct gs_node_summary told = {0};
	uint64_t count = 0;
	for (unsigned i = 0; i < r->claims; i++) {
		const struct gs_sim_planned *c = &r->claim[i];
		const struct gs_sim_chain *on_chain = gs_sim_network_claim(&r->network, &c->id);
		struct gs_sample sample;
		const enum gs_err err = gs_sim_oracle_load_sample(a, &c->id, &sample, error);
		if (err != GS_OK && err != GS_ENOTFOUND)
			return err;
		if (err != GS_OK || on_chain == NULL)
			continue;
		count += sample.reason == GS_SAMPLE_SHED;
		if (sample.reason == GS_SAMPLE_SHED
		            ? a->means.servers == 1 && !is_least(r, a, c)
		            : sample.execute && on_chain->status == GS_SIM_CLAIM_FINAL && begun(a, &c->id) == NULL) {
			gs_sim_run_note(r, "account %u: claim %u was given up %s", a->account, i,
			                sample.reason == GS_SAMPLE_SHED ? "for what is worth less" : "without a word");
			gs_sim_run_object(r, GS_SIM_WRONG_SHED);
		}
	}
	if (a->node == NULL)
		return GS_OK;
	const enum gs_err err = gs_sim_actor_summarise(a, &told, error);
	if (err == GS_OK && told.shed < count)
		gs_sim_run_object(r, GS_SIM_WRONG_SHED);
	return err;
}

/* Where nothing goes wrong besides: a node that hears of claims late, or begins anew, has chosen among others. */
static enum gs_err check(struct gs_sim_run *r, struct gs_error *error)
{
	enum gs_err err = GS_OK;
	for (unsigned a = 0; a < r->actors && err == GS_OK && r->began_with == GS_SIM_FAULT_NONE; a++)
		if (gs_sim_run_honest(r, a) && r->actor[a].means.servers > 0)
			err = look_at(r, &r->actor[a], error);
	return err;
}

const struct gs_sim_oracle_kind gs_sim_oracle_shed = {
	.name = "given up for less",
	.about =
		"an honest node whose machine has no time for all claims gave up one that is worth more than another, or without saying so",
	.at_end = check,
};
