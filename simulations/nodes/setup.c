#include <stdlib.h>
#include <string.h>

#include "simulations/nodes/l1.h"
#include "simulations/nodes/run.h"
#include "simulations/programs.h"

enum {
	REGISTRANT = 0,     /* of the model: the first, who is honest */
	VALIDATORS_MAX = 3, /* that are drawn */
	CAST_MAX = 4,
	START_S = 600,  /* within which validators begin where that is drawn */
	RANGE_MAX = 64, /* blocks */
	PATIENCE_LEAST_S = 5,
	PATIENCE_MORE_S = 60,
	AGENDA_CHECK = 8,      /* looks after which nodes look at everything beside the agenda, written or not */
	ENDPOINTS_MOST = 5,    /* where their number is drawn */
	ENDPOINTS_S = 60,      /* where a quorum is, one that is silent may be one too many for a while */
	ENDPOINTS_MORE = 8,    /* questions that an endpoint answers between two looks, since more are asked */
	ENDPOINT_DIES_S = 120, /* within which it does */
	MANY_FAULTS_S = 180,   /* a window is longer than what may come between a claim and its challenge */
};

/* ---- the model and what is computed with it ---- */

static enum gs_err set_up_input(struct gs_sim_run *r, unsigned i)
{
	enum gs_err err = gs_sim_execute_drawn(&r->program, &r->rng, &r->inputs[i], &r->common[i],
	                                       &r->honest[i].execution);
	if (err == GS_OK)
		r->honest[i].prover = gs_sim_prover(&r->honest[i].execution);
	return err;
}

/* ---- who takes part ---- */

static void join(struct gs_sim_run *r, enum gs_sim_actor_number kind)
{
	if (r->actors < GS_SIM_ACTORS_MAX)
		r->kind[r->actors++] = gs_sim_actor_kind(kind);
}

/* Some more parties of any kind. */
static void draw_cast(struct gs_sim_run *r, unsigned many[GS_SIM_ACTOR_KINDS])
{
	unsigned more = (unsigned)gs_sim_run_between(r, 0, CAST_MAX);
	for (unsigned i = 0; i < more; i++)
		many[gs_rng_below(&r->rng, GS_SIM_ACTOR_DRAWN_KINDS)]++;
}

/* In the order of their kinds: those who post claims come first, and the first is honest. */
static void set_up_cast(struct gs_sim_run *r)
{
	unsigned many[GS_SIM_ACTOR_KINDS] = {0};
	for (unsigned k = 0; k < GS_SIM_ACTOR_KINDS; k++)
		many[k] = (unsigned)gs_sim_run_pick(r, gs_sim_actor_kind((enum gs_sim_actor_number)k)->parameter, 1,
		                                    VALIDATORS_MAX);
	if (r->value[GS_SIM_P_CAST] > 0)
		draw_cast(r, many);
	many[GS_SIM_ACTOR_ACCOMPLICE] += many[GS_SIM_ACTOR_SELF_CHALLENGER];
	for (unsigned k = 0; k < GS_SIM_ACTOR_KINDS; k++)
		for (unsigned i = 0; i < many[k]; i++)
			join(r, (enum gs_sim_actor_number)k);
}

/* ---- setting up ---- */

/* A span of time of the protocol; drawn ones leave room for what befalls the run. */
static uint32_t draw_time(struct gs_sim_run *r, enum gs_sim_nodes_parameter p, uint64_t low, uint64_t high, bool roomy)
{
	const bool drawn = r->value[p] == GS_SIM_DRAWN;
	return (uint32_t)(gs_sim_run_pick(r, p, low, high) + (drawn && roomy ? r->trouble.allowed_s : 0));
}

static struct gs_wei draw_money(struct gs_sim_run *r, enum gs_sim_nodes_parameter p, uint64_t low, uint64_t high)
{
	return gs_wei_from_u64(gs_sim_run_pick(r, p, low, high));
}

static struct gs_sim_network_rules draw_rules(struct gs_sim_run *r)
{
	struct gs_sim_network_rules rules = {.contracts = r->options->contracts != NULL ? *r->options->contracts
	                                                                                : gs_sim_contracts_somewhere(),
	                                     .header = &r->program.header,
	                                     .registrant = REGISTRANT,
	                                     .accounts = r->actors,
	                                     .block_s = (uint64_t)r->value[GS_SIM_P_BLOCK]};
	struct gs_terms *terms = &rules.rules.terms;
	terms->window_s = draw_time(r, GS_SIM_P_WINDOW, 60, 120, true);
	terms->minimum_bond = draw_money(r, GS_SIM_P_BOND, 1, 1000000);
	terms->bond_bps = (uint16_t)gs_sim_run_share(r, GS_SIM_P_BOND_SHARE, GS_BPS, 0, GS_BPS);
	terms->minimum_fee = draw_money(r, GS_SIM_P_FEE, 0, 1000);
	terms->version = 0;
	rules.rules.bonds.challenger_bond = draw_money(r, GS_SIM_P_GAME_BOND, 1, 1000000);
	rules.rules.bonds.refund_per_move = draw_money(r, GS_SIM_P_REFUND, 0, 1000);
	rules.rules.bonds.concede_bps = (uint16_t)gs_sim_run_share(r, GS_SIM_P_CONCEDE, GS_BPS, 1, GS_BPS);
	rules.rules.bonds.burn_bps = (uint16_t)gs_sim_run_share(r, GS_SIM_P_BURN, GS_BPS, 0, GS_BPS);
	gs_sim_errands_rules(r, &rules);
	rules.claimant_budget_s = draw_time(r, GS_SIM_P_CLAIMANT_BUDGET, 120, 300, true);
	rules.challenger_budget_s = draw_time(r, GS_SIM_P_CHALLENGER_BUDGET, 120, 300, true);
	rules.minimum_time_s = draw_time(r, GS_SIM_P_LEAST_TIME, 60, 90, false);
	for (unsigned a = 0; a < r->actors; a++)
		rules.deposit[a] = draw_money(r, GS_SIM_P_DEPOSIT, 1000000000, 1000000999);
	return rules;
}

/* The faults of a run befall the honest alone. */
static struct gs_sim_luck draw_luck(struct gs_sim_run *r, const struct gs_sim_actor_kind *kind)
{
	struct gs_sim_luck luck = {.execution_s = (uint64_t)r->value[GS_SIM_P_EXECUTION],
	                           .offline_from_s = GS_SIM_NEVER_S};
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

/* Whether it plays off chain with whoever does, too. */
static void shape_talk(struct gs_sim_run *r, struct gs_node_options *options)
{
	const double stated = r->value[GS_SIM_P_TALK], patience = r->value[GS_SIM_P_PATIENCE];
	const double share = stated == GS_SIM_DRAWN ? 0.5 : stated;
	options->talk = (double)gs_rng_below(&r->letters.rng, 1000) < share * 1000;
	options->talk_patience_s = patience == GS_SIM_DRAWN
	                                   ? PATIENCE_LEAST_S + gs_rng_below(&r->letters.rng, PATIENCE_MORE_S)
	                                   : (uint64_t)patience;
}

static uint64_t pick_more(struct gs_sim_run *r, enum gs_sim_nodes_parameter p, double unit, uint64_t low, uint64_t high)
{
	const uint64_t drawn = low + gs_rng_below(&r->more.rng, high - low + 1);
	return r->value[p] == GS_SIM_DRAWN ? drawn : (uint64_t)(r->value[p] * unit + 0.5);
}

static void draw_more(struct gs_sim_run *r)
{
	r->more.l1 = pick_more(r, GS_SIM_P_L1, 1, 0, 1) != 0;
	r->more.escalate_ppm = (uint32_t)pick_more(r, GS_SIM_P_L1_AT, 1e6, 50000, 600000);
	r->more.l1_delay_s = pick_more(r, GS_SIM_P_L1_DELAY, 1, 1, 60);
	r->more.check_agenda = pick_more(r, GS_SIM_P_AGENDA, 1, 0, 1) != 0;
}

/* What is final, and who begins late; by a generator that nothing else draws from. */
static void draw_final(struct gs_sim_run *r)
{
	struct gs_rng rng = r->more.rng;
	const double blocks = r->value[GS_SIM_P_FINAL], start = r->value[GS_SIM_P_START];
	const bool told = gs_rng_below(&rng, 2) != 0, late = gs_rng_below(&rng, 2) != 0;
	const uint64_t drawn = told ? GS_SIM_FINAL_LEAST + gs_rng_below(&rng, GS_SIM_FINAL_LEAST) : 0;
	uint64_t within_s = start == GS_SIM_DRAWN ? (late ? START_S : 0) : (uint64_t)start, last_s = 0;
	r->more.final = (struct gs_sim_final){.blocks = blocks == GS_SIM_DRAWN ? drawn : (uint64_t)blocks,
	                                      .least = 1 + gs_rng_below(&rng, GS_SIM_FINAL_LEAST),
	                                      .most = 1 + gs_rng_below(&rng, RANGE_MAX)};
	for (unsigned a = 0; a < r->actors && within_s > 0; a++) {
		const uint64_t after_s = gs_rng_below(&rng, within_s + 1);
		if (!r->kind[a]->honest || r->kind[a]->claims)
			continue;
		r->more.start_s[a] = GS_SIM_GENESIS_S + after_s;
		last_s = after_s > last_s ? after_s : last_s;
	}
	r->trouble.allowed_s += last_s;
}

/* ---- several endpoints ---- */

/* What befalls one of several: the same faults as an only endpoint's, drawn for each. */
static void draw_endpoint(struct gs_sim_run *r, struct gs_sim_endpoint *p)
{
	static const enum gs_sim_fault of[] = {GS_SIM_FAULT_SILENCE,    GS_SIM_FAULT_LAG,     GS_SIM_FAULT_STALE,
	                                       GS_SIM_FAULT_RATE_LIMIT, GS_SIM_FAULT_OFFLINE, GS_SIM_FAULT_DROP};
	struct gs_sim_luck luck = {.offline_from_s = GS_SIM_NEVER_S};
	for (unsigned i = 0; i < GS_ARRAY_LEN(of); i++)
		if (gs_sim_run_has(r, of[i]))
			gs_sim_fault_kind(of[i])->strike(r, &luck);
	*p = (struct gs_sim_endpoint){.silent = luck.call_fails,
	                              .lag = luck.lag,
	                              .requests = luck.requests > 0 ? luck.requests + ENDPOINTS_MORE : 0,
	                              .send_lost = luck.send_lost,
	                              .offline_from_s = luck.offline_from_s,
	                              .offline_to_s = luck.offline_to_s,
	                              .stale_from_s = luck.stale_from_s,
	                              .stale_to_s = luck.stale_to_s,
	                              .dies_s = GS_SIM_NEVER_S};
}

/* So many of `room`, where the scenario states no number. */
static size_t draw_some(struct gs_sim_run *r, enum gs_sim_nodes_parameter p, size_t room)
{
	return (size_t)gs_sim_run_pick(r, p, 0, room);
}

/* Where none is to spare a question fails when any that is left fails: each fails less often then, where it is drawn how often, so that all together
 * fail about as often as an only one. */
static void share_trouble(const struct gs_sim_run *r, size_t need, struct gs_sim_endpoint *p)
{
	if (r->value[GS_SIM_P_SILENCE_CHANCE] == GS_SIM_DRAWN)
		p->silent /= (uint32_t)need;
	if (r->value[GS_SIM_P_LAG_CHANCE] == GS_SIM_DRAWN)
		p->lag /= (uint32_t)need;
	if (r->value[GS_SIM_P_DROP_CHANCE] == GS_SIM_DRAWN)
		p->send_lost /= (uint32_t)need;
}

/* Those that lie come first, those that die last: they are asked in an order that is drawn. */
static void draw_endpoints(struct gs_sim_run *r, struct gs_sim_endpoints *e)
{
	e->need = gs_quorum_need(e->count, (uint64_t)r->value[GS_SIM_P_AGREE]);
	const size_t spare = e->count - e->need;
	const size_t liars = draw_some(r, GS_SIM_P_LYING_ENDPOINTS, spare < e->need - 1 ? spare : e->need - 1);
	const size_t dead = draw_some(r, GS_SIM_P_DEAD_ENDPOINTS, spare > liars ? spare - liars : 0);
	for (size_t i = 0; i < e->count; i++) {
		draw_endpoint(r, &e->endpoint[i]);
		if (liars + dead >= spare)
			share_trouble(r, e->need, &e->endpoint[i]);
		e->endpoint[i].lies = i < liars;
		if (i + dead >= e->count)
			e->endpoint[i].dies_s = GS_SIM_GENESIS_S + gs_sim_run_between(r, 0, ENDPOINT_DIES_S);
	}
	e->lies = gs_sim_run_share(r, GS_SIM_P_ENDPOINT_LIES, 1000, 1, 1000);
	e->key = gs_rng_u64(&r->rng);
	gs_rng_seed(&e->rng, gs_rng_u64(&r->rng));
}

/* How many each honest party has; by a generator that nothing else draws from, so that with one all is as without. */
static void draw_endpoint_count(struct gs_sim_run *r)
{
	struct gs_rng rng = r->more.rng;
	const uint64_t drawn = gs_rng_below(&rng, ENDPOINTS_MOST - 1);
	gs_rng_seed(&r->more.endpoint_rng, gs_rng_u64(&rng));
	r->more.endpoints = r->value[GS_SIM_P_ENDPOINTS] == GS_SIM_DRAWN
	                            ? (size_t)(drawn == 0                   ? 1
	                                       : drawn + 2 > ENDPOINTS_MOST ? ENDPOINTS_MOST
	                                                                    : drawn + 2)
	                            : (size_t)r->value[GS_SIM_P_ENDPOINTS];
	if (r->more.endpoints > 1)
		r->trouble.allowed_s += ENDPOINTS_S;
}

/* What would befall the only endpoint befalls each of several. */
static void set_up_endpoints(struct gs_sim_run *r, unsigned i)
{
	struct gs_sim_actor *a = &r->actor[i];
	if (r->more.endpoints < 2 || !gs_sim_run_honest(r, i))
		return;
	const struct gs_rng kept = r->rng;
	r->rng = r->more.endpoint_rng;
	a->endpoints.count = r->more.endpoints;
	draw_endpoints(r, &a->endpoints);
	r->more.endpoint_rng = r->rng;
	r->rng = kept;
	a->luck.call_fails = a->luck.lag = a->luck.requests = a->luck.send_lost = 0;
	a->luck.stale_from_s = a->luck.stale_to_s = 0;
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
		.treat = r->kind[i]->treat != NULL ? gs_sim_run_treat : NULL,
		.say = r->kind[i]->say != NULL ? gs_sim_run_say : NULL,
		.letters = &r->letters,
		.self = r,
		.folder = r->options->stores,
		.final = r->more.final,
		.up_at_s = r->more.start_s[i],
		.log = r->options->log != NULL && r->options->node_logs ? &r->log[i] : NULL,
	};
	a->options = (struct gs_node_options){
		.contracts = rules->contracts,
		.self = gs_sim_address(i),
		.validate = !r->kind[i]->claims,
		.defend = r->kind[i]->claims,
		.finalise = true,
		.sampling = {.rate_ppm = (uint32_t)(r->value[GS_SIM_P_RATE] * 1e6 + 0.5)},
		.bonds = rules->rules.bonds,
		.claimant_budget_s = rules->claimant_budget_s,
		.challenger_budget_s = rules->challenger_budget_s,
		.minimum_time_s = rules->minimum_time_s,
		.confirm_blocks = gs_sim_run_pick(r, GS_SIM_P_CONFIRM, 0, 2),
		.resend_s = gs_sim_run_between(r, 4, 12),
		.settle_blocks = gs_sim_run_between(r, 2, 60),
		.fees = {.close_s = gs_sim_run_between(r, 10, 120), .bump_blocks = gs_sim_run_between(r, 2, 12)},
	};
	if (gs_sim_run_between(r, 0, 1) == 1) {
		a->options.fees.max = gs_wei_from_u64(10 * GS_SIM_BASE_FEE);
		a->options.fees.max_urgent = gs_wei_from_u64(GS_SIM_TOOL_FEE);
	}
	const enum gs_err err = gs_sim_means_shape(r, i, &a->options, &a->means);
	if (err != GS_OK)
		return gs_fail(error, err, "simulation: what a game costs does not fit");
	a->options.check_agenda = r->more.check_agenda ? AGENDA_CHECK : 0;
	if (r->more.l1 && gs_sim_run_honest(r, i)) {
		a->options.l1.on = true;
		a->options.l1.portal = gs_sim_portal();
		a->options.l1.escalate_ppm = r->more.escalate_ppm;
		a->l1_delay_s = r->more.l1_delay_s;
	}
	set_up_endpoints(r, i);
	a->options.sampling.certain_above = gs_wei_from_u64((uint64_t)r->value[GS_SIM_P_CERTAIN]);
	const uint64_t seed = gs_rng_u64(&r->rng);
	gs_be64_write(a->lot.b, seed);
	gs_sim_errands_shape(r, i, &a->options);
	shape_talk(r, &a->options);
	if (r->kind[i]->shape != NULL)
		r->kind[i]->shape(r, i, &a->options);
	return gs_sim_actor_open(a, seed, error);
}

/* Which claims are the liars'. */
static void choose_wrong(struct gs_sim_run *r, bool wrong[GS_SIM_CLAIMS_MAX])
{
	for (unsigned k = 0; k < (unsigned)r->value[GS_SIM_P_WRONG_CLAIMS]; k++) {
		unsigned i = (unsigned)gs_rng_below(&r->rng, r->claims);
		while (wrong[i])
			i = (i + 1) % r->claims;
		wrong[i] = true;
	}
}

/* The next of those who post claims, honest or not, behind `last`. */
static unsigned next_claimant(const struct gs_sim_run *r, unsigned last, bool honest)
{
	for (unsigned k = 1; k <= r->actors; k++) {
		unsigned a = (last + k) % r->actors;
		if (r->kind[a]->claims && r->kind[a]->honest == honest)
			return a;
	}
	return REGISTRANT; /* nobody lies */
}

static void plan_claims(struct gs_sim_run *r)
{
	bool wrong[GS_SIM_CLAIMS_MAX] = {false};
	unsigned last[2] = {r->actors - 1, r->actors - 1}; /* of the liars, of the honest */
	struct gs_hash model;
	gs_header_model_id(&r->program.header, &model);
	r->claims = (unsigned)r->value[GS_SIM_P_CLAIMS];
	choose_wrong(r, wrong);
	for (unsigned i = 0; i < r->claims; i++) {
		struct gs_sim_planned *c = &r->claim[i];
		const struct gs_u256 salt = gs_u256_from_u64(i);
		c->account = last[!wrong[i]] = next_claimant(r, last[!wrong[i]], !wrong[i]);
		c->wrong = wrong[i] && r->lie[c->account][0].shows;
		c->input = c->wrong ? 0 : (unsigned)gs_rng_below(&r->rng, GS_SIM_INPUTS);
		c->at_s = GS_SIM_GENESIS_S + gs_sim_run_between(r, 1, (uint64_t)r->value[GS_SIM_P_POSTING]);
		c->body = (struct gs_claim_body){.lot = gs_claim_lot(&salt, draw_money(r, GS_SIM_P_VALUE, 0, 999999)),
		                                 .claimant = gs_sim_address(c->account),
		                                 .model_id = model};
		gs_merkle_root(&r->common[c->input].inputs_tree, &c->body.input_root);
		const struct gs_sim_computation *told = c->wrong ? &r->lie[c->account][0] : &r->honest[c->input];
		gs_trace_output_root(&told->execution.trace, &r->program.header, &c->body.output_root);
		gs_claim_id(r->network.rules.contracts.chain_id, &r->network.rules.contracts.claims, &c->body, &c->id);
	}
}

static void plan_faults(struct gs_sim_run *r)
{
	if (r->fault == GS_SIM_FAULT_ALL)
		r->trouble.allowed_s += MANY_FAULTS_S;
	for (unsigned f = 0; f < GS_SIM_FAULTS; f++) {
		const struct gs_sim_fault_kind *fault = gs_sim_fault_kind((enum gs_sim_fault)f);
		if (fault->plan != NULL && gs_sim_run_has(r, (enum gs_sim_fault)f))
			fault->plan(r);
	}
}

static void set_up_values(struct gs_sim_run *r)
{
	if (r->value == NULL) {
		gs_sim_nodes_standard(r->standard);
		r->standard[GS_SIM_P_FAULT] = r->options->fault;
		r->standard[GS_SIM_P_CLAIMS] = r->options->claims;
		r->value = r->standard;
	}
	r->fault = (enum gs_sim_fault)r->value[GS_SIM_P_FAULT];
	if (r->fault == GS_SIM_FAULT_DRAWN)
		r->fault = (enum gs_sim_fault)gs_sim_run_between(r, GS_SIM_FAULT_NONE, GS_SIM_FAULT_ALL);
	r->began_with = r->fault;
}

enum gs_err gs_sim_run_set_up(struct gs_sim_run *r, struct gs_error *error)
{
	set_up_values(r);
	set_up_cast(r);
	draw_more(r);
	draw_final(r);
	draw_endpoint_count(r);
	plan_faults(r);
	enum gs_err err = gs_sim_draw_program(&r->rng, &r->program, error);
	for (unsigned i = 0; i < GS_SIM_INPUTS && err == GS_OK; i++)
		err = set_up_input(r, i);
	for (unsigned i = 0; i < r->actors && err == GS_OK; i++)
		if (r->kind[i]->prepare != NULL)
			err = r->kind[i]->prepare(r, i);
	if (err == GS_OK) {
		const struct gs_sim_network_rules rules = draw_rules(r);
		err = gs_sim_network_open(&rules, gs_rng_u64(&r->rng), &r->network);
		r->network.admit = gs_sim_run_admits;
		r->network.admit_self = r;
	}
	for (unsigned i = 0; i < r->actors && err == GS_OK; i++)
		err = set_up_actor(r, i, error);
	if (err != GS_OK)
		return err == GS_ENOMEM ? gs_fail(error, err, "simulation: no memory for a run") : err;
	plan_claims(r);
	gs_sim_errands_plan(r);
	for (unsigned i = 0; i < r->actors; i++) {
		r->actor[i].handed = r->errands.handed;
		r->actor[i].handed_count = r->errands.handed_leaves;
	}
	return GS_OK;
}

void gs_sim_run_tear_down(struct gs_sim_run *r)
{
	for (unsigned a = 0; a < r->actors; a++)
		gs_sim_actor_close(&r->actor[a]);
	if (r->network.block != NULL)
		gs_sim_network_close(&r->network);
	gs_sim_letters_free(&r->letters);
	for (unsigned i = 0; i < GS_SIM_INPUTS; i++) {
		for (unsigned a = 0; a < GS_SIM_ACTORS_MAX; a++)
			gs_sim_execution_free(&r->lie[a][i].execution);
		gs_sim_execution_free(&r->honest[i].execution);
		gs_commitments_free(&r->common[i]);
		free(r->inputs[i]);
	}
	gs_program_free(&r->program);
}
