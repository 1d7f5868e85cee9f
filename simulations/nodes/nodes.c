#include "simulations/nodes/nodes.h"

#include <stdlib.h>
#include <string.h>

#include "simulations/liar.h"
#include "simulations/nodes/dump.h"
#include "simulations/programs.h"

enum {
	CLAIMANT = 0, /* honest; the model's registrant, too */
	LIAR = 1,     /* a production node that defends a wrong execution */
	VALIDATORS = 2,
	VALIDATORS_MAX = 3,
	ACTORS_MAX = VALIDATORS + VALIDATORS_MAX,
	INPUTS = 2, /* different ones */
	HORIZON_S = 3000,
	POSTING_S = 40, /* within which claims are posted */
	POLL_S = 2,
	MANY_FAULTS_S = 180, /* a window is longer than what may come between a claim and its challenge */
	QUIET_S = 60,        /* after the last claim is settled, for what is left to do */
};

struct planned { /* a claim that somebody is going to post */
	unsigned account, input;
	bool wrong, posted;
	uint64_t at_s;
	struct gs_claim_body body;
	struct gs_hash id;
};

struct run {
	const struct gs_sim_nodes_options *options;
	struct gs_sim_nodes_tally *tally;
	enum gs_sim_fault fault;
	struct gs_rng rng;
	struct gs_program program;
	uint8_t *inputs[INPUTS]; /* owned */
	struct gs_commitments common[INPUTS];
	struct gs_sim_execution honest[INPUTS], lie;
	struct gs_prover honest_prover[INPUTS], lie_prover;
	struct planned claim[GS_SIM_CLAIMS_MAX];
	unsigned claims;
	struct gs_sim_network network;
	struct gs_sim_actor actor[ACTORS_MAX];
	unsigned actors;
	struct gs_log log;
	uint64_t now_s;
	enum gs_sim_wrong wrong;
};

const char *gs_sim_fault_name(enum gs_sim_fault fault)
{
	static const char *const names[] = {"drawn",   "none",  "crash", "commit",    "silence", "lag",
	                                    "offline", "reorg", "delay", "execution", "clock",   "all"};
	return names[fault];
}

const char *gs_sim_wrong_name(enum gs_sim_wrong wrong)
{
	static const char *const names[] = {"nothing",
	                                    "funds lost",
	                                    "honest loss",
	                                    "wrong claim final",
	                                    "right claim invalid",
	                                    "a claim or game never ends",
	                                    "an honest node never rests",
	                                    "stored state differs from the chain's",
	                                    "two answers to one state",
	                                    "one move sent twice",
	                                    "a step failed"};
	return names[wrong];
}

void gs_sim_nodes_tally_join(struct gs_sim_nodes_tally *to, const struct gs_sim_nodes_tally *from)
{
	to->runs += from->runs;
	to->claims += from->claims;
	to->wrong_claims += from->wrong_claims;
	to->final += from->final;
	to->invalid += from->invalid;
	to->games += from->games;
	to->txs += from->txs;
	to->failed_txs += from->failed_txs;
	to->blocks += from->blocks;
	to->reorgs += from->reorgs;
	to->crashes += from->crashes;
	to->seconds += from->seconds;
	for (unsigned f = 0; f < GS_SIM_FAULTS; f++)
		to->fault[f] += from->fault[f];
	for (unsigned v = 0; v < GS_SIM_WRONGS; v++)
		to->violation[v] += from->violation[v];
	if (from->violations > 0 && (to->violations == 0 || from->first_seed < to->first_seed)) {
		to->first = from->first;
		to->first_seed = from->first_seed;
	}
	to->violations += from->violations;
	gs_sim_digest_join(&to->digest, &from->digest);
}

static uint64_t between(struct run *r, uint64_t low, uint64_t high)
{
	return low + gs_rng_below(&r->rng, high - low + 1);
}

static void object(struct run *r, enum gs_sim_wrong wrong)
{
	if (r->wrong == GS_SIM_WRONG_NOTHING)
		r->wrong = wrong;
}

static void write_log(void *self, enum gs_log_level level, const char *event, const char *fields)
{
	const struct run *r = self;
	fprintf(r->options->log, "%8llu      %s %s %s\n", (unsigned long long)(r->now_s - GS_SIM_GENESIS_S),
	        gs_log_level_name(level), event, fields);
}

/* ---- the model and what is computed with it ---- */

static enum gs_err set_up_input(struct run *r, unsigned i)
{
	r->inputs[i] = malloc((size_t)r->program.header.inputs_chunks * GS_CHUNK_BYTES);
	if (r->inputs[i] == NULL)
		return GS_ENOMEM;
	gs_sim_draw_inputs(&r->rng, &r->program, r->inputs[i]);
	enum gs_err err = gs_commitments_build(&r->program, r->inputs[i], &r->common[i]);
	if (err == GS_OK)
		err = gs_sim_execute(&r->common[i], &r->honest[i]);
	if (err == GS_OK)
		r->honest_prover[i] = gs_sim_prover(&r->honest[i]);
	return err;
}

static void output_root(const struct run *r, const struct gs_sim_execution *e, struct gs_hash *out)
{
	gs_trace_output_root(&e->trace, &r->program.header, out);
}

/* A fault that shows in the output, if some draws give one. *shows. */
static enum gs_err set_up_lie(struct run *r, bool *shows)
{
	struct gs_hash right, mine;
	output_root(r, &r->honest[0], &right);
	*shows = false;
	for (unsigned tries = 0; tries < 16 && !*shows; tries++) {
		gs_sim_execution_free(&r->lie);
		enum gs_err err = gs_sim_execute_wrongly(&r->honest[0], &r->rng, &r->lie);
		if (err != GS_OK)
			return err;
		output_root(r, &r->lie, &mine);
		*shows = !gs_hash_equal(&right, &mine);
	}
	r->lie_prover = gs_sim_prover(&r->lie);
	return GS_OK;
}

static bool compute(void *self, unsigned actor, const struct gs_hash *id, struct gs_sim_computed *out)
{
	struct run *r = self;
	for (unsigned i = 0; i < r->claims; i++) {
		const struct planned *c = &r->claim[i];
		if (!gs_hash_equal(&c->id, id))
			continue;
		bool lies = c->wrong && actor == LIAR;
		const struct gs_sim_execution *e = lies ? &r->lie : &r->honest[c->input];
		output_root(r, e, &out->output_root);
		gs_trace_root(&e->trace, &out->trace_root);
		out->prover = lies ? &r->lie_prover : &r->honest_prover[c->input];
		return true;
	}
	return false;
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

static struct gs_sim_network_rules draw_rules(struct run *r)
{
	struct gs_sim_network_rules rules = {.contracts = r->options->contracts != NULL ? *r->options->contracts
	                                                                                : contracts(),
	                                     .header = &r->program.header,
	                                     .block_s = 2};
	struct gs_terms *terms = &rules.rules.terms;
	terms->window_s = (uint32_t)between(r, 60, 120) + (r->fault == GS_SIM_FAULT_ALL ? MANY_FAULTS_S : 0);
	terms->minimum_bond = gs_wei_from_u64(between(r, 1, 1000000));
	terms->bond_bps = (uint16_t)between(r, 0, GS_BPS);
	terms->minimum_fee = gs_wei_from_u64(between(r, 0, 1000));
	terms->version = 0;
	rules.rules.bonds = (struct gs_bond_rules){.challenger_bond = gs_wei_from_u64(between(r, 1, 1000000)),
	                                           .refund_per_move = gs_wei_from_u64(between(r, 0, 1000)),
	                                           .concede_bps = (uint16_t)between(r, 1, GS_BPS),
	                                           .burn_bps = (uint16_t)between(r, 0, GS_BPS)};
	rules.claimant_budget_s = (uint32_t)between(r, 120, 300);
	rules.challenger_budget_s = (uint32_t)between(r, 120, 300);
	rules.minimum_time_s = (uint32_t)between(r, 60, 90);
	rules.registrant = CLAIMANT;
	rules.accounts = r->actors;
	for (unsigned a = 0; a < r->actors; a++)
		rules.deposit[a] = gs_wei_from_u64(UINT64_C(1000000000) + gs_rng_below(&r->rng, 1000));
	return rules;
}

static bool has_fault(const struct run *r, enum gs_sim_fault fault)
{
	return r->fault == fault || r->fault == GS_SIM_FAULT_ALL;
}

static struct gs_sim_luck draw_luck(struct run *r, bool honest)
{
	struct gs_sim_luck luck = {.execution_s = 4, .offline_from_s = GS_SIM_NEVER_S};
	if (!honest) { /* one liar in three falls silent for good, perhaps in the middle of a game */
		if (gs_rng_below(&r->rng, 3) == 0) {
			luck.offline_from_s = GS_SIM_GENESIS_S + between(r, 1, 60);
			luck.offline_to_s = GS_SIM_NEVER_S;
		}
		return luck;
	}
	if (has_fault(r, GS_SIM_FAULT_CRASH))
		luck.crash = (uint32_t)between(r, 1, 60);
	if (has_fault(r, GS_SIM_FAULT_COMMIT))
		luck.commit_fails = (uint32_t)between(r, 1, 60);
	if (luck.crash || luck.commit_fails)
		luck.down_s = between(r, 0, 4);
	if (has_fault(r, GS_SIM_FAULT_SILENCE))
		luck.call_fails = (uint32_t)between(r, 1, 200);
	if (has_fault(r, GS_SIM_FAULT_LAG))
		luck.lag = (uint32_t)between(r, 1, 500);
	if (has_fault(r, GS_SIM_FAULT_OFFLINE)) {
		luck.offline_from_s = GS_SIM_GENESIS_S + gs_rng_below(&r->rng, 200);
		luck.offline_to_s = luck.offline_from_s + between(r, 1, 25);
	}
	if (has_fault(r, GS_SIM_FAULT_DELAY))
		luck.send_delay_s = between(r, 1, 12);
	if (has_fault(r, GS_SIM_FAULT_EXECUTION)) {
		luck.unavailable = (uint32_t)between(r, 1, 400);
		luck.flips = (uint32_t)between(r, 1, 400);
		luck.execution_s = between(r, 1, 10);
	}
	if (has_fault(r, GS_SIM_FAULT_CLOCK))
		luck.skew_s = (int64_t)between(r, 0, 20) - 10;
	return luck;
}

static enum gs_err set_up_actor(struct run *r, unsigned i, struct gs_error *error)
{
	const struct gs_sim_network_rules *rules = &r->network.rules;
	struct gs_sim_actor *a = &r->actor[i];
	*a = (struct gs_sim_actor){
		.account = i,
		.network = &r->network,
		.luck = draw_luck(r, i != LIAR),
		.compute = compute,
		.compute_self = r,
		.folder = r->options->stores,
		.log = r->options->log != NULL && r->options->node_logs ? &r->log : NULL,
	};
	a->options = (struct gs_node_options){
		.contracts = rules->contracts,
		.self = gs_sim_address(i),
		.validate = i >= VALIDATORS,
		.defend = i < VALIDATORS,
		.finalise = true,
		.sampling = {.rate_ppm = 1000 * 1000},
		.bonds = rules->rules.bonds,
		.claimant_budget_s = rules->claimant_budget_s,
		.challenger_budget_s = rules->challenger_budget_s,
		.minimum_time_s = rules->minimum_time_s,
		.epoch_s = 60,
		.confirm_blocks = gs_rng_below(&r->rng, 3),
		.resend_s = between(r, 4, 12),
	};
	a->options.sampling.certain_above = gs_wei_from_u64(UINT64_MAX);
	return gs_sim_actor_open(a, gs_rng_u64(&r->rng), error);
}

static void plan_claims(struct run *r, bool lie_shows)
{
	struct gs_hash model;
	gs_header_model_id(&r->program.header, &model);
	r->claims = r->options->claims;
	unsigned wrong = (unsigned)gs_rng_below(&r->rng, r->claims);
	for (unsigned i = 0; i < r->claims; i++) {
		struct planned *c = &r->claim[i];
		const struct gs_u256 salt = gs_u256_from_u64(i);
		c->wrong = i == wrong && lie_shows;
		c->account = i == wrong ? LIAR : CLAIMANT;
		c->input = c->wrong ? 0 : (unsigned)gs_rng_below(&r->rng, INPUTS);
		c->at_s = GS_SIM_GENESIS_S + between(r, 1, POSTING_S);
		c->body = (struct gs_claim_body){
			.lot = gs_claim_lot(&salt, gs_wei_from_u64(gs_rng_below(&r->rng, 1000000))),
			.claimant = gs_sim_address(c->account),
			.model_id = model};
		gs_merkle_root(&r->common[c->input].inputs_tree, &c->body.input_root);
		output_root(r, c->wrong ? &r->lie : &r->honest[c->input], &c->body.output_root);
		gs_claim_id(r->network.rules.contracts.chain_id, &r->network.rules.contracts.claims, &c->body, &c->id);
	}
}

static enum gs_err set_up(struct run *r, struct gs_error *error)
{
	bool shows = false;
	r->fault = r->options->fault;
	if (r->fault == GS_SIM_FAULT_DRAWN)
		r->fault = (enum gs_sim_fault)between(r, GS_SIM_FAULT_NONE, GS_SIM_FAULT_ALL);
	r->actors = VALIDATORS + (unsigned)between(r, 1, VALIDATORS_MAX);
	r->log = (struct gs_log){.self = r, .level = GS_LOG_INFO, .write = write_log};
	r->now_s = GS_SIM_GENESIS_S;
	enum gs_err err = gs_sim_draw_program(&r->rng, &r->program, error);
	for (unsigned i = 0; i < INPUTS && err == GS_OK; i++)
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

/* ---- the world goes on ---- */

static struct gs_bytes claim_input(const struct run *r, const struct planned *c)
{
	return (struct gs_bytes){r->inputs[c->input], (size_t)r->program.header.inputs_chunks * GS_CHUNK_BYTES};
}

/* By a tool beside the node, with the same key: it takes the nonce that an endpoint names. */
static enum gs_err post(struct run *r, struct planned *c)
{
	const struct gs_sim_network_rules *rules = &r->network.rules;
	struct gs_buf data, raw;
	struct gs_hash hash;
	gs_buf_init(&data, GS_SIM_TX_BYTES_MAX);
	gs_buf_init(&raw, GS_SIM_TX_BYTES_MAX);
	gs_sim_call_post(&c->body, claim_input(r, c), (struct gs_bytes){NULL, 0}, &data);
	gs_sim_tx_build(c->account, gs_sim_network_pending_nonce(&r->network, c->account), &rules->contracts.claims,
	                gs_buf_view(&data), &raw, &hash);
	enum gs_err err = data.err != GS_OK ? data.err : raw.err;
	if (err == GS_OK)
		err = gs_sim_network_send(&r->network, gs_buf_view(&raw), r->now_s);
	c->posted = err == GS_OK;
	gs_buf_free(&data);
	gs_buf_free(&raw);
	return err;
}

/* A transaction may be pushed out by another of the same key: then whoever posts notices, and posts again. */
static enum gs_err post_due(struct run *r)
{
	enum gs_err err = GS_OK;
	for (unsigned i = 0; i < r->claims && err == GS_OK; i++) {
		struct planned *c = &r->claim[i];
		if (c->posted && r->now_s > c->at_s + 20 && gs_sim_network_claim(&r->network, &c->id) == NULL) {
			c->posted = false;
			c->at_s = r->now_s;
		}
		if (!c->posted && c->at_s <= r->now_s)
			err = post(r, c);
	}
	return err;
}

static void tell_block(const struct run *r, const struct gs_sim_block *b)
{
	for (unsigned i = 0; r->options->log != NULL && i < b->txs; i++) {
		const struct gs_sim_tx *tx = r->network.tx[b->tx[i]];
		struct gs_sim_call *call = malloc(sizeof(*call));
		static const char *const names[] = {"post", "finalize", "release", "challenge", ""};
		if (call != NULL && gs_sim_call_decode(&r->network.rules.contracts, &tx->to, tx->data, call) == GS_OK)
			fprintf(r->options->log, "%8llu  block %llu  account %u nonce %llu  %s  %s\n",
			        (unsigned long long)(r->now_s - GS_SIM_GENESIS_S), (unsigned long long)b->head.number,
			        tx->sender, (unsigned long long)tx->nonce,
			        call->kind == GS_SIM_CALL_MOVE ? gs_move_name(call->move.kind) : names[call->kind],
			        tx->success ? "" : tx->why);
		free(call);
	}
}

static enum gs_err mine(struct run *r)
{
	struct gs_sim_network *n = &r->network;
	enum gs_err err = GS_OK;
	if (has_fault(r, GS_SIM_FAULT_REORG) && n->blocks > 3 && gs_rng_below(&r->rng, 20) == 0) {
		uint64_t most = n->blocks - 2 < 4 ? n->blocks - 2 : 4, depth = between(r, 1, most);
		uint64_t from_s = gs_sim_network_block(n, n->blocks - depth)->head.time.unix_s;
		err = gs_sim_network_drop(n, depth, 6, from_s);
		if (r->options->log != NULL)
			fprintf(r->options->log, "%8llu  reorg of %llu blocks\n",
			        (unsigned long long)(r->now_s - GS_SIM_GENESIS_S), (unsigned long long)depth);
		for (uint64_t i = 0; i < depth && err == GS_OK; i++) {
			err = gs_sim_network_mine(n, from_s + i * n->rules.block_s);
			tell_block(r, gs_sim_network_newest(n));
		}
		r->tally->reorgs++;
	}
	if (err == GS_OK)
		err = gs_sim_network_mine(n, r->now_s);
	if (err == GS_OK)
		tell_block(r, gs_sim_network_newest(n));
	return err;
}

/* ---- oracles ---- */

static uint64_t small(struct gs_wei v)
{
	GS_ASSERT(gs_u256_fits_u64(&v.v)); /* deposits are far below 2^64 */
	return v.v.limb[0];
}

static void check_funds(struct run *r)
{
	const struct gs_sim_bank *bank = &r->network.bank;
	uint64_t have = small(bank->burned) + small(bank->pool), deposited = 0;
	for (unsigned a = 0; a < bank->accounts; a++) {
		have += small(bank->account[a].free) + small(bank->account[a].locked);
		deposited += small(r->network.rules.deposit[a]);
	}
	if (have != deposited)
		object(r, GS_SIM_WRONG_FUNDS);
}

static bool settled(struct run *r)
{
	for (unsigned i = 0; i < r->claims; i++) {
		const struct gs_sim_chain *c = gs_sim_network_claim(&r->network, &r->claim[i].id);
		if (c == NULL || c->status == GS_SIM_CLAIM_OPEN || c->open_games > 0)
			return false;
	}
	return true;
}

static void check_claims(struct run *r)
{
	uint64_t fees = 0;
	for (unsigned i = 0; i < r->claims; i++) {
		const struct gs_sim_chain *c = gs_sim_network_claim(&r->network, &r->claim[i].id);
		if (c == NULL)
			continue;
		r->tally->games += c->games;
		r->tally->final += c->status == GS_SIM_CLAIM_FINAL;
		r->tally->invalid += c->status == GS_SIM_CLAIM_INVALID;
		if (r->claim[i].wrong && c->status == GS_SIM_CLAIM_FINAL)
			object(r, GS_SIM_WRONG_FINAL);
		if (!r->claim[i].wrong && c->status == GS_SIM_CLAIM_INVALID)
			object(r, GS_SIM_WRONG_INVALID);
		if (r->claim[i].account == CLAIMANT && c->status == GS_SIM_CLAIM_FINAL)
			fees += small(c->claim_fee);
	}
	for (unsigned a = 0; a < r->actors; a++) {
		const struct gs_sim_account *account = &r->network.bank.account[a];
		uint64_t have = small(account->free) + small(account->locked) + (a == CLAIMANT ? fees : 0);
		if (a != LIAR && have < small(r->network.rules.deposit[a]))
			object(r, GS_SIM_WRONG_LOSS);
	}
}

/* Nobody pays twice for one move: of two transactions with the same calldata none has succeeded, unless the chain took it back for a
 * while. */
static void check_doubles(struct run *r, enum gs_sim_fault fault)
{
	for (unsigned i = 0; i < r->network.txs && fault != GS_SIM_FAULT_REORG && fault != GS_SIM_FAULT_ALL; i++)
		for (unsigned k = 0; k < i; k++) {
			const struct gs_sim_tx *x = r->network.tx[k], *y = r->network.tx[i];
			if (x->sender == LIAR || y->sender != x->sender || !x->mined || !y->mined ||
			    !gs_address_equal(&x->to, &r->network.rules.contracts.disputes) ||
			    x->data.len != y->data.len || memcmp(x->data.ptr, y->data.ptr, x->data.len) != 0)
				continue;
			if (x->success || y->success)
				object(r, GS_SIM_WRONG_DOUBLE);
		}
}

/* No two transactions of an honest node that answer one state of a game by the same party differently. */
static void check_answers(struct run *r)
{
	struct gs_sim_call *call = calloc(2, sizeof(*call));
	const struct gs_contracts *c = &r->network.rules.contracts;
	for (unsigned i = 0; call != NULL && i < r->network.txs; i++) {
		const struct gs_sim_tx *x = r->network.tx[i];
		if (x->sender == LIAR || gs_sim_call_decode(c, &x->to, x->data, &call[0]) != GS_OK ||
		    call[0].kind != GS_SIM_CALL_MOVE || gs_move_side(call[0].move.kind) == 0)
			continue;
		for (unsigned k = i + 1; k < r->network.txs; k++) {
			const struct gs_sim_tx *y = r->network.tx[k];
			if (y->sender != x->sender ||
			    (y->data.len == x->data.len && memcmp(y->data.ptr, x->data.ptr, x->data.len) == 0))
				continue;
			if (gs_sim_call_decode(c, &y->to, y->data, &call[1]) != GS_OK ||
			    call[1].kind != GS_SIM_CALL_MOVE || gs_move_side(call[1].move.kind) == 0 ||
			    memcmp(call[0].word[1], call[1].word[1], 64) != 0)
				continue;
			bool same_claim = call[0].by_claim == call[1].by_claim &&
			                  (call[0].by_claim ? gs_hash_equal(&call[0].claim, &call[1].claim)
			                                    : memcmp(&call[0].body.lot, &call[1].body.lot,
			                                             sizeof(call[0].body.lot)) == 0);
			if (same_claim)
				object(r, GS_SIM_WRONG_TWO_ANSWERS);
		}
	}
	free(call);
}

/* Everything that follows from the chain alone, beside what a node finds that has just come. */
static enum gs_err check_states(struct run *r, struct gs_error *error)
{
	static const enum gs_table derived[] = {GS_TABLE_CLAIMS, GS_TABLE_MODELS,  GS_TABLE_GAMES,
	                                        GS_TABLE_STAKES, GS_TABLE_SLASHES, GS_TABLE_BATCHES};
	struct gs_sim_actor fresh = {.account = r->actors,
	                             .network = &r->network,
	                             .luck = {.offline_from_s = GS_SIM_NEVER_S},
	                             .compute = compute,
	                             .compute_self = r,
	                             .options = r->actor[CLAIMANT].options};
	fresh.options.self = gs_sim_address(GS_SIM_ACCOUNTS_MAX - 1);
	fresh.options.validate = fresh.options.defend = fresh.options.finalise = false;
	fresh.account = GS_SIM_ACCOUNTS_MAX - 1;
	enum gs_err err = gs_sim_actor_open(&fresh, 1, error);
	for (unsigned i = 0; err == GS_OK && i < HORIZON_S; i++) {
		err = gs_sim_actor_tick(&fresh, r->now_s, error);
		const struct gs_head *head = err == GS_OK ? gs_node_newest(fresh.node) : NULL;
		if (head != NULL && head->number + 1 == r->network.blocks)
			break;
	}
	for (unsigned a = 0; a < r->actors && err == GS_OK; a++) {
		for (unsigned t = 0; a != LIAR && err == GS_OK && t < GS_ARRAY_LEN(derived); t++) {
			bool same;
			err = gs_sim_same_records(&r->actor[a].inner, &fresh.inner, derived[t], &same, error);
			if (err == GS_OK && !same)
				object(r, GS_SIM_WRONG_STATE);
		}
	}
	gs_sim_actor_close(&fresh);
	return err;
}

static enum gs_err check_rest(struct run *r, struct gs_error *error)
{
	enum gs_err err = GS_OK;
	for (unsigned a = 0; a < r->actors && err == GS_OK; a++) {
		struct gs_node_summary s;
		if (a == LIAR)
			continue;
		if (r->actor[a].node == NULL) {
			object(r, GS_SIM_WRONG_RESTLESS);
			continue;
		}
		err = gs_sim_actor_summarise(&r->actor[a], &s, error);
		if (err == GS_OK && (s.open || s.open_games || s.pending_txs || s.executions))
			object(r, GS_SIM_WRONG_RESTLESS);
	}
	return err;
}

/* ---- a run ---- */

static enum gs_err second(struct run *r, struct gs_error *error)
{
	enum gs_err err = post_due(r);
	if (err == GS_OK && r->now_s % r->network.rules.block_s == 0) {
		err = mine(r);
		check_funds(r);
	}
	for (unsigned a = 0; a < r->actors && err == GS_OK; a++) {
		if ((r->now_s + a) % POLL_S != 0)
			continue;
		err = gs_sim_actor_tick(&r->actor[a], r->now_s, error);
		if (err != GS_OK && err != GS_ENOMEM) {
			if (r->options->log != NULL)
				fprintf(r->options->log, "%8llu  account %u: %s\n",
				        (unsigned long long)(r->now_s - GS_SIM_GENESIS_S), a, error->text);
			object(r, GS_SIM_WRONG_STEP);
			err = GS_OK;
		}
	}
	return err;
}

/* Nothing goes wrong any more: what is left to do is done, in a time that is bounded. */
static void calm(struct run *r)
{
	for (unsigned a = 0; a < r->actors; a++)
		r->actor[a].luck = (struct gs_sim_luck){.offline_from_s = GS_SIM_NEVER_S};
	r->fault = GS_SIM_FAULT_NONE;
}

static enum gs_err play(struct run *r, struct gs_error *error)
{
	const enum gs_sim_fault fault = r->fault;
	uint64_t end_s = r->now_s + HORIZON_S, quiet_s = 0;
	enum gs_err err = GS_OK;
	while (err == GS_OK && r->wrong == GS_SIM_WRONG_NOTHING && r->now_s < end_s) {
		r->now_s++;
		err = second(r, error);
		if (quiet_s == 0 && settled(r)) {
			calm(r);
			quiet_s = r->now_s + QUIET_S;
		}
		if (quiet_s != 0 && r->now_s >= quiet_s)
			break;
	}
	if (err != GS_OK || r->wrong != GS_SIM_WRONG_NOTHING)
		return err;
	if (!settled(r))
		object(r, GS_SIM_WRONG_ENDLESS);
	check_answers(r);
	check_doubles(r, fault);
	err = check_rest(r, error);
	return err == GS_OK ? check_states(r, error) : err;
}

static void add_up(struct run *r, uint64_t seed, enum gs_sim_fault fault)
{
	struct gs_sim_nodes_tally *t = r->tally;
	check_claims(r);
	t->runs++;
	t->fault[fault]++;
	t->claims += r->claims;
	t->seconds += r->now_s - GS_SIM_GENESIS_S;
	t->blocks += r->network.blocks;
	for (unsigned i = 0; i < r->claims; i++)
		t->wrong_claims += r->claim[i].wrong;
	for (unsigned i = 0; i < r->network.txs; i++) {
		t->txs++;
		t->failed_txs += r->network.tx[i]->mined && !r->network.tx[i]->success;
	}
	for (unsigned a = 0; a < r->actors; a++)
		t->crashes += r->actor[a].lives;
	gs_sim_digest_add(&t->digest, &gs_sim_network_newest(&r->network)->head.hash); /* of all that came before it */
	if (r->wrong == GS_SIM_WRONG_NOTHING)
		return;
	t->violation[r->wrong]++;
	if (t->violations++ == 0) {
		t->first = r->wrong;
		t->first_seed = seed;
	}
}

static enum gs_err write_program(const struct gs_program *program, const char *path, struct gs_error *error)
{
	struct gs_buf bytes;
	gs_buf_init(&bytes, SIZE_MAX / 2);
	enum gs_err err = gs_program_write(program, &bytes);
	FILE *f = err == GS_OK ? fopen(path, "wb") : NULL;
	bool done = f != NULL && fwrite(bytes.ptr, 1, bytes.len, f) == bytes.len;
	done = f != NULL && fclose(f) == 0 && done;
	gs_buf_free(&bytes);
	return done ? GS_OK : gs_fail(error, GS_EIO, "%s: cannot be written", path);
}

enum gs_err gs_sim_nodes_run(uint64_t seed, const struct gs_sim_nodes_options *options,
                             struct gs_sim_nodes_tally *tally, struct gs_error *error)
{
	struct run *r = calloc(1, sizeof(*r));
	if (r == NULL)
		return gs_fail(error, GS_ENOMEM, "simulation: no memory for a run");
	r->options = options;
	r->tally = tally;
	gs_rng_seed(&r->rng, seed);
	enum gs_err err = set_up(r, error);
	enum gs_sim_fault fault = r->fault;
	if (err == GS_OK)
		err = play(r, error);
	if (err == GS_OK)
		add_up(r, seed, fault);
	if (err == GS_OK && options->dump != NULL)
		err = gs_sim_dump(&r->network, options->dump, error);
	if (err == GS_OK && options->program != NULL)
		err = write_program(&r->program, options->program, error);
	for (unsigned a = 0; a < r->actors; a++)
		gs_sim_actor_close(&r->actor[a]);
	if (r->network.block != NULL)
		gs_sim_network_close(&r->network);
	gs_sim_execution_free(&r->lie);
	for (unsigned i = 0; i < INPUTS; i++) {
		gs_sim_execution_free(&r->honest[i]);
		gs_commitments_free(&r->common[i]);
		free(r->inputs[i]);
	}
	gs_program_free(&r->program);
	free(r);
	return err;
}
