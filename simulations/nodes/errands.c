#include "simulations/nodes/errands.h"

#include <string.h>

#include "simulations/nodes/run.h"
#include "simulations/oracles/oracles.h"

enum {
	DEMANDED_S = 30,    /* a claim's data are demanded within so many seconds after it was posted */
	POSTED_S = 40,      /* batches are posted within */
	WITHDRAWN_S = 150,  /* withdrawals are asked for within */
	DUTY_S = 120,       /* a demand, or an audit, must be answered within, at least */
	ATTEST_STAKE = 500, /* the least */
};

/* ---- draws ---- */

static uint64_t between(struct gs_sim_run *r, uint64_t low, uint64_t high)
{
	return low + gs_rng_below(&r->errands.rng, high - low + 1);
}

/* What the scenario states; drawn, one run in two has none, and others up to `high` in a thousand. */
static uint32_t chance(struct gs_sim_run *r, enum gs_sim_nodes_parameter p, uint32_t high)
{
	const double stated = r->value[p];
	if (stated != GS_SIM_DRAWN)
		return (uint32_t)(stated * 1000 + 0.5);
	return between(r, 0, 1) == 0 ? 0 : (uint32_t)between(r, 1, high);
}

static bool happens(struct gs_sim_run *r, uint32_t of_a_thousand)
{
	return gs_rng_below(&r->errands.rng, 1000) < of_a_thousand;
}

static struct gs_sim_errand *add(struct gs_sim_run *r, enum gs_sim_errand_kind kind, unsigned account, uint64_t at_s)
{
	GS_ASSERT(r->errands.errands < GS_SIM_ERRANDS_MAX);
	struct gs_sim_errand *e = &r->errands.errand[r->errands.errands++];
	*e = (struct gs_sim_errand){.kind = kind, .account = account, .at_s = at_s};
	return e;
}

void gs_sim_errands_rules(struct gs_sim_run *r, struct gs_sim_network_rules *rules)
{
	static const enum gs_sim_nodes_parameter all[] = {GS_SIM_P_AUDIT,    GS_SIM_P_ATTEST,  GS_SIM_P_DEMAND,
	                                                  GS_SIM_P_WITHHOLD, GS_SIM_P_BATCHES, GS_SIM_P_WITHDRAW,
	                                                  GS_SIM_P_ROOTS};
	struct gs_rng own = r->rng; /* the run's own is left as it is */
	gs_rng_seed(&r->errands.rng, ~gs_rng_u64(&own));
	for (unsigned i = 0; i < GS_ARRAY_LEN(all); i++)
		r->errands.any = r->errands.any || r->value[all[i]] != 0;
	rules->duties = (struct gs_sim_duty_rules){.demand_s = DUTY_S,
	                                           .audit_s = DUTY_S,
	                                           .report_s = 60,
	                                           .epoch_s = 60,
	                                           .attest_stake = gs_wei_from_u64(1)};
	rules->unbonding_s = 60;
	if (!r->errands.any)
		return;
	rules->duties = (struct gs_sim_duty_rules){
		.demand_s = (uint32_t)(between(r, DUTY_S, 2 * DUTY_S) + r->trouble.allowed_s),
		.audit_s = (uint32_t)(between(r, DUTY_S, 2 * DUTY_S) + r->trouble.allowed_s),
		.report_s = (uint32_t)(between(r, 60, 120) + r->trouble.allowed_s),
		.epoch_s = (uint32_t)between(r, 10, 60),
		.audit_bps = (uint16_t)(10 * chance(r, GS_SIM_P_AUDIT, 1000)),
		.demand_base = gs_wei_from_u64(between(r, 0, 1000)),
		.demand_per_chunk = gs_wei_from_u64(between(r, 0, 100)),
		.attest_stake = gs_wei_from_u64(between(r, 1, ATTEST_STAKE))};
	rules->unbonding_s = between(r, 1, 120);
}

void gs_sim_errands_shape(struct gs_sim_run *r, unsigned actor, struct gs_node_options *options)
{
	const struct gs_sim_duty_rules *duties = &r->network.rules.duties;
	options->audit_bps = duties->audit_bps;
	options->epoch_s = duties->epoch_s;
	if (!r->errands.any || r->kind[actor]->claims || !happens(r, chance(r, GS_SIM_P_ATTEST, 1000)))
		return;
	options->attest = (struct gs_attest_policy){.on = true,
	                                            .stake = gs_wei_from_u64(between(r, 1, 2 * ATTEST_STAKE)),
	                                            .locked_ppm = (uint32_t)between(r, 1, 1000 * 1000),
	                                            .least = duties->attest_stake,
	                                            .audit_bps = duties->audit_bps,
	                                            .report_s = duties->report_s};
}

/* ---- what is going to be done ---- */

static unsigned draw_validator(struct gs_sim_run *r, bool honest)
{
	unsigned from = (unsigned)gs_rng_below(&r->errands.rng, r->actors);
	for (unsigned k = 0; k < r->actors; k++) {
		unsigned a = (from + k) % r->actors;
		if (!r->kind[a]->claims && (!honest || r->kind[a]->honest))
			return a;
	}
	return r->actors; /* there is none */
}

/* Data that a liar leaves out are demanded by somebody honest, or nobody could see that they are wrong. */
static void plan_demands(struct gs_sim_run *r)
{
	const uint32_t demand = chance(r, GS_SIM_P_DEMAND, 600), withhold = chance(r, GS_SIM_P_WITHHOLD, 1000);
	const unsigned honest = draw_validator(r, true);
	for (unsigned i = 0; i < r->claims; i++) {
		struct gs_sim_planned *c = &r->claim[i];
		const bool liars = !r->kind[c->account]->honest;
		c->withheld = liars && honest < r->actors && happens(r, withhold);
		unsigned account = liars ? honest : draw_validator(r, false);
		if ((!c->withheld && !happens(r, demand)) || account == r->actors)
			continue;
		struct gs_sim_errand *e = add(r, GS_SIM_ERRAND_DEMAND, account, c->at_s + between(r, 2, DEMANDED_S));
		e->about = i;
		e->demand_kind = c->withheld ? GS_DEMAND_INPUT : (uint8_t)between(r, 0, 1);
		if (c->withheld)
			e->at_s = c->at_s + 2;
	}
}

/* Somebody who attests what another attested, because that one did. */
static void plan_copies(struct gs_sim_run *r)
{
	for (unsigned a = 0; a < r->actors; a++) {
		if (r->kind[a]->honest || r->kind[a]->claims || r->value[GS_SIM_P_ATTEST] == 0)
			continue;
		for (unsigned i = 0; i < r->claims && i < 4; i++) {
			add(r, GS_SIM_ERRAND_COPY, a, r->claim[i].at_s + 1)->about = i;
			add(r, GS_SIM_ERRAND_REPORT, a, r->claim[i].at_s + 2)->about = i;
		}
		return; /* one is enough */
	}
}

static struct gs_bytes input_of(const struct gs_sim_run *r, unsigned input)
{
	return (struct gs_bytes){r->inputs[input], (size_t)r->program.header.inputs_chunks * GS_CHUNK_BYTES};
}

static void plan_leaf(struct gs_sim_run *r, struct gs_sim_planned_batch *b, uint32_t index)
{
	struct gs_sim_planned *c = &r->leaf[b->first + index];
	const bool lies = !r->kind[b->account]->honest && r->lie[b->account][0].shows && index == 0;
	struct gs_batch_leaf leaf = {.value = gs_wei_from_u64(between(r, 0, 100000))};
	*c = (struct gs_sim_planned){
		.account = b->account, .input = lies ? 0 : (unsigned)between(r, 0, GS_SIM_INPUTS - 1), .wrong = lies};
	const struct gs_sim_computation *told = lies ? &r->lie[b->account][0] : &r->honest[c->input];
	gs_merkle_root(&r->common[c->input].inputs_tree, &leaf.input_root);
	gs_trace_output_root(&told->execution.trace, &r->program.header, &leaf.output_root);
	gs_batch_leaf_write(&leaf, b->leaves + (size_t)index * GS_BATCH_LEAF_BYTES);
}

static void plan_batch(struct gs_sim_run *r, unsigned account, uint8_t kind)
{
	const struct gs_contracts *contracts = &r->network.rules.contracts;
	struct gs_sim_planned_batch *b = &r->errands.batch[r->errands.batches];
	*b = (struct gs_sim_planned_batch){.account = account,
	                                   .name = {.claimant = gs_sim_address(account),
	                                            .salt = 1000 + r->errands.batches,
	                                            .count = (uint32_t)between(r, 1, GS_SIM_RUN_LEAVES_MAX),
	                                            .kind = kind},
	                                   .first = r->errands.leaves};
	gs_header_model_id(&r->program.header, &b->model);
	if (kind == GS_BATCH_CALLDATA)
		b->name.model = b->model;
	for (uint32_t i = 0; i < b->name.count; i++)
		plan_leaf(r, b, i);
	const struct gs_bytes leaves = {b->leaves, (size_t)b->name.count * GS_BATCH_LEAF_BYTES};
	if (gs_batch_tree(&b->model, leaves, 0, &b->name.root, NULL, NULL) != GS_OK)
		return; /* no memory: then without it */
	gs_batch_id(contracts->chain_id, &contracts->batches, &b->name, &b->id);
	for (uint32_t i = 0; i < b->name.count; i++) {
		struct gs_sim_planned *c = &r->leaf[b->first + i];
		const struct gs_batch_leaf leaf = gs_batch_leaf_read(b->leaves + (size_t)i * GS_BATCH_LEAF_BYTES);
		gs_batch_body(&b->id, &b->name.claimant, &b->model, i, &leaf, &c->body);
		gs_claim_id(contracts->chain_id, &contracts->claims, &c->body, &c->id);
		if (kind == GS_BATCH_CALLDATA)
			r->errands.handed[r->errands.handed_leaves++] = (struct gs_leaf_data){
				.claim = c->id, .input = input_of(r, c->input)};
	}
	r->errands.leaves += b->name.count;
	add(r, GS_SIM_ERRAND_POST_BATCH, account, GS_SIM_GENESIS_S + between(r, 1, POSTED_S))->about = r->errands
	                                                                                                       .batches;
	r->errands.batches++;
}

static unsigned draw_claimant(struct gs_sim_run *r)
{
	unsigned account = (unsigned)gs_rng_below(&r->errands.rng, r->actors);
	while (!r->kind[account]->claims)
		account = (account + 1) % r->actors;
	return account;
}

static void plan_batches(struct gs_sim_run *r)
{
	const double stated = r->value[GS_SIM_P_BATCHES];
	const uint64_t count = stated != GS_SIM_DRAWN ? (uint64_t)stated : between(r, 0, GS_SIM_RUN_BATCHES_MAX);
	for (uint64_t i = 0; i < count; i++)
		plan_batch(r, draw_claimant(r), GS_BATCH_CALLDATA);
	for (unsigned i = 0; i < r->errands.batches; i++) {
		const struct gs_sim_planned_batch *b = &r->errands.batch[i];
		if (!r->kind[b->account]->honest || between(r, 0, 1) == 0)
			continue;
		struct gs_sim_errand *e = add(r, GS_SIM_ERRAND_OPEN_LEAF,
		                              (unsigned)gs_rng_below(&r->errands.rng, r->actors),
		                              GS_SIM_GENESIS_S + POSTED_S + 4);
		e->about = i;
		e->leaf = (unsigned)gs_rng_below(&r->errands.rng, b->name.count);
	}
}

/* A commitment to claims that are posted one after the other, each with its own bond. */
static void plan_roots(struct gs_sim_run *r)
{
	if (r->value[GS_SIM_P_ROOTS] == 0 || !happens(r, chance(r, GS_SIM_P_ROOTS, 1000)))
		return;
	const unsigned number = r->errands.batches;
	plan_batch(r, draw_claimant(r), GS_BATCH_ROOT_ONLY);
	const struct gs_sim_planned_batch *b = &r->errands.batch[number];
	for (uint32_t i = 0; r->errands.batches > number && i < b->name.count; i++) {
		struct gs_sim_errand *e = add(r, GS_SIM_ERRAND_POST_LEAF, b->account,
		                              GS_SIM_GENESIS_S + between(r, 1, 2 * POSTED_S));
		e->about = number;
		e->leaf = i;
	}
}

static void plan_withdrawals(struct gs_sim_run *r)
{
	const uint32_t withdraw = chance(r, GS_SIM_P_WITHDRAW, 1000);
	for (unsigned a = 0; a < r->actors; a++) {
		if (!happens(r, withdraw))
			continue;
		const uint64_t at_s = GS_SIM_GENESIS_S + between(r, 5, WITHDRAWN_S);
		const uint64_t most = gs_sim_small(r->network.rules.deposit[a]) / 8;
		add(r, GS_SIM_ERRAND_REQUEST_WITHDRAW, a, at_s)->amount = gs_wei_from_u64(between(r, 1, most + 1));
		add(r, GS_SIM_ERRAND_WITHDRAW, a, at_s + 1);
	}
}

void gs_sim_errands_plan(struct gs_sim_run *r)
{
	if (!r->errands.any)
		return;
	plan_demands(r);
	plan_copies(r);
	plan_batches(r);
	plan_withdrawals(r);
	plan_roots(r);
}
