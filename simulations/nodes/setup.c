#include <stdlib.h>
#include <string.h>

#include "simulations/nodes/run.h"
#include "simulations/programs.h"

enum {
	CLAIMANT = 0, /* the model's registrant, too */
	LIAR = 1,
	VALIDATORS = 2,
	POSTING_S = 40,      /* within which claims are posted */
	MANY_FAULTS_S = 180, /* a window is longer than what may come between a claim and its challenge */
};

/* ---- the model and what is computed with it ---- */

static enum gs_err set_up_input(struct gs_sim_run *r, unsigned i)
{
	r->inputs[i] = malloc((size_t)r->program.header.inputs_chunks * GS_CHUNK_BYTES);
	if (r->inputs[i] == NULL)
		return GS_ENOMEM;
	gs_sim_draw_inputs(&r->rng, &r->program, r->inputs[i]);
	enum gs_err err = gs_commitments_build(&r->program, r->inputs[i], &r->common[i]);
	if (err == GS_OK)
		err = gs_sim_execute(&r->common[i], &r->honest[i].execution);
	if (err == GS_OK)
		r->honest[i].prover = gs_sim_prover(&r->honest[i].execution);
	return err;
}

static enum gs_err set_up_lie(struct gs_sim_run *r, bool *shows)
{
	const struct gs_sim_lie lie = {.honest = &r->honest[0].execution, .tries = 16};
	enum gs_err err = gs_sim_draw_lie(&lie, &r->rng, &r->lie.execution, shows);
	r->lie.prover = gs_sim_prover(&r->lie.execution);
	return err;
}

/* ---- setting up ---- */

static struct gs_contracts contracts(void)
{
	struct gs_contracts c = {.chain_id = 8453};
	struct gs_address *const all[] = {&c.token,   &c.stakes,   &c.models, &c.claims,
	                                  &c.batches, &c.disputes, &c.duties};
	for (unsigned i = 0; i < GS_ARRAY_LEN(all); i++)
		memset(all[i]->b, 0xc0 + (int)i, sizeof(all[i]->b));
	return c;
}

static struct gs_sim_network_rules draw_rules(struct gs_sim_run *r)
{
	struct gs_sim_network_rules rules = {.contracts = r->options->contracts != NULL ? *r->options->contracts
	                                                                                : contracts(),
	                                     .header = &r->program.header,
	                                     .block_s = 2};
	struct gs_terms *terms = &rules.rules.terms;
	terms->window_s = (uint32_t)gs_sim_run_between(r, 60, 120) + (r->fault == GS_SIM_FAULT_ALL ? MANY_FAULTS_S : 0);
	terms->minimum_bond = gs_wei_from_u64(gs_sim_run_between(r, 1, 1000000));
	terms->bond_bps = (uint16_t)gs_sim_run_between(r, 0, GS_BPS);
	terms->minimum_fee = gs_wei_from_u64(gs_sim_run_between(r, 0, 1000));
	terms->version = 0;
	rules.rules.bonds = (struct gs_bond_rules){
		.challenger_bond = gs_wei_from_u64(gs_sim_run_between(r, 1, 1000000)),
		.refund_per_move = gs_wei_from_u64(gs_sim_run_between(r, 0, 1000)),
		.concede_bps = (uint16_t)gs_sim_run_between(r, 1, GS_BPS),
		.burn_bps = (uint16_t)gs_sim_run_between(r, 0, GS_BPS)};
	rules.duties = (struct gs_sim_duty_rules){
		.demand_s = 60, .audit_s = 60, .report_s = 60, .epoch_s = 60, .attest_stake = gs_wei_from_u64(1)};
	rules.unbonding_s = 60;
	rules.claimant_budget_s = (uint32_t)gs_sim_run_between(r, 120, 300);
	rules.challenger_budget_s = (uint32_t)gs_sim_run_between(r, 120, 300);
	rules.minimum_time_s = (uint32_t)gs_sim_run_between(r, 60, 90);
	rules.registrant = CLAIMANT;
	rules.accounts = r->actors;
	for (unsigned a = 0; a < r->actors; a++)
		rules.deposit[a] = gs_wei_from_u64(UINT64_C(1000000000) + gs_rng_below(&r->rng, 1000));
	return rules;
}

/* The faults of a run befall the honest alone. */
static struct gs_sim_luck draw_luck(struct gs_sim_run *r, const struct gs_sim_actor_kind *kind)
{
	struct gs_sim_luck luck = {.execution_s = 4, .offline_from_s = GS_SIM_NEVER_S};
	if (kind->strike != NULL) {
		kind->strike(r, &luck);
		return luck;
	}
	for (unsigned f = 0; kind->honest && f < GS_SIM_FAULTS; f++) {
		const struct gs_sim_fault_kind *fault = gs_sim_fault_kind((enum gs_sim_fault)f);
		if (fault->strike != NULL && gs_sim_run_has(r, (enum gs_sim_fault)f))
			fault->strike(r, &luck);
	}
	return luck;
}

static enum gs_err set_up_actor(struct gs_sim_run *r, unsigned i, struct gs_error *error)
{
	const struct gs_sim_network_rules *rules = &r->network.rules;
	struct gs_sim_actor *a = &r->actor[i];
	*a = (struct gs_sim_actor){
		.account = i,
		.network = &r->network,
		.luck = draw_luck(r, r->kind[i]),
		.compute = gs_sim_run_compute,
		.compute_self = r,
		.folder = r->options->stores,
		.log = r->options->log != NULL && r->options->node_logs ? &r->log : NULL,
	};
	a->options = (struct gs_node_options){
		.contracts = rules->contracts,
		.self = gs_sim_address(i),
		.validate = !r->kind[i]->claims,
		.defend = r->kind[i]->claims,
		.finalise = true,
		.sampling = {.rate_ppm = 1000 * 1000},
		.bonds = rules->rules.bonds,
		.claimant_budget_s = rules->claimant_budget_s,
		.challenger_budget_s = rules->challenger_budget_s,
		.minimum_time_s = rules->minimum_time_s,
		.epoch_s = 60,
		.confirm_blocks = gs_rng_below(&r->rng, 3),
		.resend_s = gs_sim_run_between(r, 4, 12),
	};
	a->options.sampling.certain_above = gs_wei_from_u64(UINT64_MAX);
	return gs_sim_actor_open(a, gs_rng_u64(&r->rng), error);
}

static void plan_claims(struct gs_sim_run *r, bool lie_shows)
{
	struct gs_hash model;
	gs_header_model_id(&r->program.header, &model);
	r->claims = r->options->claims;
	unsigned wrong = (unsigned)gs_rng_below(&r->rng, r->claims);
	for (unsigned i = 0; i < r->claims; i++) {
		struct gs_sim_planned *c = &r->claim[i];
		const struct gs_u256 salt = gs_u256_from_u64(i);
		c->wrong = i == wrong && lie_shows;
		c->account = i == wrong ? LIAR : CLAIMANT;
		c->input = c->wrong ? 0 : (unsigned)gs_rng_below(&r->rng, GS_SIM_INPUTS);
		c->at_s = GS_SIM_GENESIS_S + gs_sim_run_between(r, 1, POSTING_S);
		c->body = (struct gs_claim_body){
			.lot = gs_claim_lot(&salt, gs_wei_from_u64(gs_rng_below(&r->rng, 1000000))),
			.claimant = gs_sim_address(c->account),
			.model_id = model};
		gs_merkle_root(&r->common[c->input].inputs_tree, &c->body.input_root);
		const struct gs_sim_computation *told = c->wrong ? &r->lie : &r->honest[c->input];
		gs_trace_output_root(&told->execution.trace, &r->program.header, &c->body.output_root);
		gs_claim_id(r->network.rules.contracts.chain_id, &r->network.rules.contracts.claims, &c->body, &c->id);
	}
}

enum gs_err gs_sim_run_set_up(struct gs_sim_run *r, struct gs_error *error)
{
	bool shows = false;
	r->fault = r->options->fault;
	if (r->fault == GS_SIM_FAULT_DRAWN)
		r->fault = (enum gs_sim_fault)gs_sim_run_between(r, GS_SIM_FAULT_NONE, GS_SIM_FAULT_ALL);
	r->began_with = r->fault;
	r->actors = VALIDATORS + (unsigned)gs_sim_run_between(r, 1, GS_SIM_VALIDATORS_MAX);
	for (unsigned i = 0; i < r->actors; i++)
		r->kind[i] = gs_sim_actor_kind(i == CLAIMANT ? GS_SIM_ACTOR_CLAIMANT
		                               : i == LIAR   ? GS_SIM_ACTOR_LIAR
		                                             : GS_SIM_ACTOR_VALIDATOR);
	enum gs_err err = gs_sim_draw_program(&r->rng, &r->program, error);
	for (unsigned i = 0; i < GS_SIM_INPUTS && err == GS_OK; i++)
		err = set_up_input(r, i);
	if (err == GS_OK)
		err = set_up_lie(r, &shows);
	if (err == GS_OK) {
		const struct gs_sim_network_rules rules = draw_rules(r);
		err = gs_sim_network_open(&rules, gs_rng_u64(&r->rng), &r->network);
	}
	for (unsigned i = 0; i < r->actors && err == GS_OK; i++)
		err = set_up_actor(r, i, error);
	if (err != GS_OK)
		return err == GS_ENOMEM ? gs_fail(error, err, "simulation: no memory for a run") : err;
	plan_claims(r, shows);
	return GS_OK;
}

void gs_sim_run_tear_down(struct gs_sim_run *r)
{
	for (unsigned a = 0; a < r->actors; a++)
		gs_sim_actor_close(&r->actor[a]);
	if (r->network.block != NULL)
		gs_sim_network_close(&r->network);
	gs_sim_execution_free(&r->lie.execution);
	for (unsigned i = 0; i < GS_SIM_INPUTS; i++) {
		gs_sim_execution_free(&r->honest[i].execution);
		gs_commitments_free(&r->common[i]);
		free(r->inputs[i]);
	}
	gs_program_free(&r->program);
}
