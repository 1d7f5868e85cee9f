/* validator/cli/dispute_play.c: finds each side's move, sends it, and watches what the contract makes of it. */
#include "validator/cli/dispute_play.h"

#include <string.h>

#include "challenge/game/agreed.h"
#include "challenge/game/moves.h"
#include "validator/cli/dispute_claimed.h"

struct table { /* what one dispute is played with */
	struct gs_dispute_chain *chain;
	const struct gs_dispute_setup *setup;
	struct gs_dispute_result *result;
	struct gs_game_rules rules;
	struct gs_prover claimant;
	struct gs_prover challenger;
	struct gs_rng rng;
	struct gs_game mirror; /* fed with moves; result->game is fed with events */
	struct gs_error *error;
};

static uint64_t choose(void *rng, uint64_t bound)
{
	return gs_rng_below(rng, bound);
}

/* Draws until a fault changes the trace. Kinds for which the program has no place are drawn again too, but not counted. */
static enum gs_err find_fault(struct table *t, struct gs_liar *liar)
{
	struct gs_dispute_result *r = t->result;
	const struct gs_prover_trace *honest = &t->setup->honest;
	for (unsigned tries = 0; tries < GS_DISPUTE_REDRAWS_MAX; tries++) {
		bool changed = false;
		enum gs_err err = GS_OK;
		enum gs_fault_kind kind = r->plan.one_kind ? r->plan.fault.kind
		                                           : (enum gs_fault_kind)gs_rng_below(&t->rng, GS_FAULT_KINDS);
		r->fault = r->plan.fault;
		if (r->plan.given)
			err = gs_fault_complete(&t->rng, honest, &r->fault, t->error);
		else if (gs_fault_draw(&t->rng, kind, honest, &r->fault) != GS_OK)
			continue;
		if (err == GS_OK)
			err = gs_liar_run(honest, &r->fault, t->setup->threads, liar, &changed, t->error);
		if (err != GS_OK || changed)
			return err;
		gs_liar_free(liar);
		r->redrawn++;
	}
	return gs_fail(t->error, GS_EINVAL,
	               "--fault: none of %d draws found a place in the program and changed the trace",
	               GS_DISPUTE_REDRAWS_MAX);
}

/* A fault that a claim can be made of: own is what follows from claiming it. */
static enum gs_err find_lie(struct table *t, struct gs_liar *liar, struct gs_dispute_setup *own)
{
	for (unsigned tries = 0; tries < GS_DISPUTE_REDRAWS_MAX; tries++) {
		bool differ = false;
		enum gs_err err = find_fault(t, liar);
		if (err == GS_OK)
			err = gs_dispute_claim_of_liar(t->setup, liar, own, &differ, t->error);
		if (err != GS_OK || differ)
			return err;
		gs_liar_free(liar);
		gs_dispute_claimed_end(own);
		t->result->redrawn++;
	}
	return gs_fail(t->error, GS_EINVAL, "--fault: the claim that follows from it is right");
}

static struct gs_bytes output_block(const struct gs_trace *trace, const struct gs_header *h)
{
	uint64_t first = h->output_chunk, end = first + (UINT64_C(1) << h->output_depth);
	if (end > trace->present)
		end = trace->present;
	return (struct gs_bytes){trace->chunks + first * GS_CHUNK_BYTES, (size_t)(end - first) * GS_CHUNK_BYTES};
}

static enum gs_err post_claim(struct table *t, const struct gs_trace *claimed)
{
	const struct gs_header *h = &t->setup->program.header;
	struct gs_bytes input = {t->setup->inputs, (size_t)h->inputs_chunks * GS_CHUNK_BYTES};
	const struct gs_deploy_parameters *p = &t->chain->parameters;
	struct gs_claim_body *body = &t->rules.body;
	t->rules = (struct gs_game_rules){.header = h,
	                                  .claimant_budget_s = (uint32_t)p->disputes.claimant_budget_s,
	                                  .challenger_budget_s = (uint32_t)p->disputes.challenger_budget_s,
	                                  .minimum_time_s = (uint32_t)p->disputes.minimum_time_s};
	const struct gs_u256 salt = gs_u256_from_u64(t->chain->posted++);
	body->lot = gs_claim_lot(&salt, gs_wei_from_u64(0));
	body->claimant = t->chain->key[GS_PARTY_CLAIMANT].address;
	gs_header_model_id(h, &body->model_id);
	gs_merkle_root(&t->setup->common.inputs_tree, &body->input_root);
	gs_trace_output_root(claimed, h, &body->output_root);
	struct gs_bytes output = output_block(claimed, h);
	if (gs_header_tolerant(h)) {
		output = (struct gs_bytes){t->setup->claimed, (size_t)gs_run_output_bytes(&t->setup->program)};
		gs_output_array_root(&t->setup->program, output.ptr, &body->output_root);
	}
	return gs_dispute_post(t->chain, body, input, output, &t->result->claim, &t->result->post_gas, t->error);
}

/* Takes the events of one transaction over into result->game. */
static enum gs_err observe(struct table *t, const struct gs_receipt *receipt)
{
	struct gs_dispute_result *r = t->result;
	for (size_t i = 0; i < receipt->logs.count; i++) {
		struct gs_game_event event;
		enum gs_err err = gs_game_event_decode(&receipt->logs.entries[i], &event);
		if (err == GS_ENOTFOUND)
			continue;
		if (err != GS_OK)
			return gs_fail(t->error, err, "an event of the contract does not have its form");
		if (event.kind == GS_GAME_EVENT_OVER) {
			r->game.outcome = event.outcome;
			r->game.reason = event.reason;
			r->contract = event.computed;
		}
		if (!gs_game_event_has_state(event.kind))
			continue;
		err = gs_game_observe(&r->game, &event.state, event.shown.len > 0 ? &event.shown : NULL);
		if (err != GS_OK)
			return gs_fail(t->error, err, "the contract revealed more than a round holds");
	}
	return GS_OK;
}

/* Whether both games stand at the same point, knowing the same. The events do not tell the state that a game ended in. */
static bool same_game(const struct gs_game *a, const struct gs_game *b)
{
	struct gs_hash x, y;
	gs_game_hash(a, &x);
	gs_game_hash(b, &y);
	bool same = a->outcome == b->outcome && a->reason == b->reason;
	if (a->outcome == GS_GAME_OPEN)
		same = same && gs_hash_equal(&x, &y) && gs_hash_equal(&a->trace_root, &b->trace_root);
	for (unsigned i = 0; i <= GS_GAME_ROUNDS_MAX && same; i++)
		same = a->descent[i].len == b->descent[i].len &&
		       memcmp(a->descent[i].bytes, b->descent[i].bytes, a->descent[i].len) == 0;
	return same;
}

/* What the contract has stored of the game must be the hash of the state in C; nothing, once it is over. */
static enum gs_err check_stored(struct table *t)
{
	const struct gs_hash none = {{0}};
	struct gs_hash stored, expected = none;
	enum gs_err err = gs_dispute_stored(t->chain, &t->result->game_id, &stored, t->error);
	if (t->mirror.outcome == GS_GAME_OPEN)
		gs_game_hash(&t->mirror, &expected);
	if (err == GS_OK && !gs_hash_equal(&stored, &expected))
		err = gs_fail(t->error, GS_ECORRUPT, "the contract's state hash is not that of the game in C");
	return err;
}

static void record(struct table *t, enum gs_side side, unsigned phase, const char *name, uint64_t gas, size_t calldata,
                   double since)
{
	struct gs_dispute_result *r = t->result;
	GS_ASSERT(r->moves < GS_DISPUTE_MOVES_MAX);
	r->move[r->moves++] = (struct gs_dispute_move){.side = (uint8_t)side,
	                                               .phase = (uint8_t)phase,
	                                               .name = name,
	                                               .gas = gas,
	                                               .calldata = (uint32_t)calldata,
	                                               .seconds = gs_dispute_now_s() - since};
	r->gas_total += gas;
}

static enum gs_err open_game(struct table *t)
{
	struct gs_dispute_result *r = t->result;
	struct gs_buf data;
	struct gs_receipt receipt;
	uint64_t now = 0;
	double since = gs_dispute_now_s();
	gs_buf_init(&data, GS_MOVE_CALLDATA_MAX);
	gs_challenge_calldata(&t->rules.body, &data);
	enum gs_err err = gs_dispute_send(t->chain, GS_PARTY_CHALLENGER, GS_CONTRACT_DISPUTES, gs_buf_view(&data),
	                                  &receipt, t->error);
	if (err != GS_OK) {
		(void)gs_fail_within(t->error, err, "challenge");
		goto out;
	}
	record(t, GS_SIDE_CHALLENGER, 0, "challenge", receipt.gas_used, data.len, since);
	gs_game_id(&r->claim, 0, &r->game_id);
	err = gs_dispute_block_time(t->chain, receipt.block_number, &now, t->error);
	if (err != GS_OK)
		goto out;
	gs_game_open(&t->mirror, &t->rules, &r->claim, &t->chain->key[GS_PARTY_CHALLENGER].address, 0, 1, now);
	r->game.outcome = GS_GAME_OPEN;
	err = observe(t, &receipt);
	if (err == GS_OK && !same_game(&r->game, &t->mirror))
		err = gs_fail(t->error, GS_ECORRUPT, "the contract opened another game than the one expected");
	if (err == GS_OK)
		err = check_stored(t);
out:
	gs_receipt_free(&receipt);
	gs_buf_free(&data);
	return err;
}

/* The next move and whose it is. A lying claimant does not prove itself wrong: the honest challenger does. */
static enum gs_err find_move(struct table *t, struct gs_move *move, enum gs_side *side)
{
	const struct gs_game *game = &t->result->game;
	bool waiting = true;
	enum gs_err err = GS_OK;
	*side = GS_SIDE_CHALLENGER;
	switch (t->result->plan.manner) {
	case GS_DISPUTE_CLAIMANT_LIES:
		err = gs_strategy_challenger(game, &t->challenger, &t->rules.body, move, &waiting);
		break;
	case GS_DISPUTE_CHALLENGER_ERRS:
		if (game->state.phase != GS_PHASE_STEP)
			err = gs_strategy_challenger(game, &t->challenger, &t->rules.body, move, &waiting);
		break;
	case GS_DISPUTE_CHALLENGER_LIES:
		err = gs_strategy_wanderer(game, &t->challenger, choose, &t->rng, move, &waiting);
		break;
	}
	if (err == GS_OK && waiting) {
		*side = GS_SIDE_CLAIMANT;
		err = gs_strategy_claimant(game, &t->claimant, move, &waiting);
	}
	if (err != GS_OK)
		return gs_fail(t->error, err, "no move in phase %u: %s", game->state.phase, gs_err_name(err));
	GS_ASSERT(!waiting);
	return GS_OK;
}

/* Both judges computed the step. */
static enum gs_err take_verdict(struct table *t, const struct gs_game_effects *effects)
{
	struct gs_dispute_result *r = t->result;
	r->judged = true;
	r->judge = effects->step;
	r->game.state = t->mirror.state;
	r->instruction = gs_program_covering(&t->setup->program, t->mirror.state.position);
	if (r->contract != effects->computed)
		return gs_fail(t->error, GS_ECORRUPT, "the contract computed another value than the judge in C");
	return GS_OK;
}

/* Takes the last move, whose receipt tells how the game ended, over into both games and compares what they computed. */
static enum gs_err finish(struct table *t, const struct gs_receipt *receipt, enum gs_side side,
                          const struct gs_move *move)
{
	struct gs_game_effects effects;
	struct gs_error refusal = {0};
	uint64_t now = 0;
	enum gs_err err = gs_dispute_block_time(t->chain, receipt->block_number, &now, t->error);
	if (err == GS_OK)
		err = observe(t, receipt);
	if (err != GS_OK)
		return err;
	struct gs_game_input in = {.sender = (uint8_t)side, .now = now, .move = move};
	if (gs_game_step(&t->mirror, &t->rules, &in, &effects, &refusal) != GS_OK)
		return gs_fail(t->error, GS_ECORRUPT, "%s: the contract took it, the game in C says %s",
		               gs_move_name(move->kind), refusal.text);
	if (!same_game(&t->mirror, &t->result->game))
		return gs_fail(t->error, GS_ECORRUPT, "%s: the contract's state is not that of the game in C",
		               gs_move_name(move->kind));
	err = check_stored(t);
	return err == GS_OK && effects.judged ? take_verdict(t, &effects) : err;
}

static enum gs_err make_move(struct table *t)
{
	struct gs_dispute_result *r = t->result;
	struct gs_buf data;
	struct gs_receipt receipt = {0};
	struct gs_move move;
	enum gs_side side;
	unsigned phase = r->game.state.phase;
	double since = gs_dispute_now_s();
	gs_buf_init(&data, GS_MOVE_CALLDATA_MAX);
	enum gs_err err = find_move(t, &move, &side);
	if (err != GS_OK)
		goto out;
	if (r->plan.witness != NULL)
		r->plan.witness(r->plan.witness_context, t->chain, &r->game, &t->rules, side, &move);
	gs_move_calldata(&t->rules.body, &r->game.state, &move, &data);
	err = data.err != GS_OK
	              ? gs_fail(t->error, data.err, "calldata of %s is too long", gs_move_name(move.kind))
	              : gs_dispute_send(t->chain, side == GS_SIDE_CLAIMANT ? GS_PARTY_CLAIMANT : GS_PARTY_CHALLENGER,
	                                GS_CONTRACT_DISPUTES, gs_buf_view(&data), &receipt, t->error);
	if (err != GS_OK) {
		(void)gs_fail_within(t->error, err, "%s", gs_move_name(move.kind));
		goto out;
	}
	record(t, side, phase, gs_move_name(move.kind), receipt.gas_used, data.len, since);
	err = finish(t, &receipt, side, &move);
out:
	gs_receipt_free(&receipt);
	gs_buf_free(&data);
	return err;
}

/* A move between signed states: the last selection, which strategies merge with the proof, leads to a state of its own. */
static void without_proof(struct gs_move *move)
{
	if (move->kind == GS_MOVE_SELECT_ELEMENT_AND_PROVE)
		move->kind = GS_MOVE_SELECT_ELEMENT;
	else if (move->kind == GS_MOVE_SELECT_SEGMENT_AND_PROVE)
		move->kind = GS_MOVE_SELECT_SEGMENT;
	else
		return;
	if (move->kind == GS_MOVE_SELECT_SEGMENT)
		move->descriptor_len = 0;
	move->openings_len = 0;
	memset(&move->trace_root, 0, sizeof(move->trace_root));
}

/* Both look at the newest state before they sign it, as they would if the other sat elsewhere. */
static enum gs_err sign(struct table *t, const struct gs_game_state *from, uint64_t now, struct gs_agreed *agreed)
{
	const struct gs_dispute_chain *chain = t->chain;
	const struct gs_deploy_parameters *p = &chain->parameters;
	const struct gs_agreed_terms terms = {
		.chain_id = chain->chain_id,
		.disputes = chain->deployment.contract[GS_CONTRACT_DISPUTES],
		.budgets_s = p->disputes.claimant_budget_s + p->disputes.challenger_budget_s,
		.now = now,
	};
	*agreed = (struct gs_agreed){.state = t->mirror.state, .trace_root = t->mirror.trace_root};
	enum gs_err err = gs_agreed_check(&terms, from, agreed, false, t->error);
	if (err == GS_OK)
		err = gs_agreed_sign(chain->chain_id, &terms.disputes, &chain->key[GS_PARTY_CLAIMANT], &agreed->state,
		                     &agreed->trace_root, &agreed->claimant, t->error);
	if (err == GS_OK)
		err = gs_agreed_sign(chain->chain_id, &terms.disputes, &chain->key[GS_PARTY_CHALLENGER], &agreed->state,
		                     &agreed->trace_root, &agreed->challenger, t->error);
	return err == GS_OK ? gs_agreed_check(&terms, from, agreed, true, t->error) : err;
}

/* Puts the newest signed state on chain, to go on from there. */
static enum gs_err agree(struct table *t, const struct gs_game_state *from, const struct gs_agreed *agreed,
                         double since)
{
	struct gs_receipt receipt = {0};
	struct gs_buf data;
	gs_buf_init(&data, GS_MOVE_CALLDATA_MAX);
	gs_agree_calldata(from, agreed, &data);
	enum gs_err err = gs_dispute_send(t->chain, GS_PARTY_CHALLENGER, GS_CONTRACT_DISPUTES, gs_buf_view(&data),
	                                  &receipt, t->error);
	if (err != GS_OK)
		(void)gs_fail_within(t->error, err, "agree");
	if (err == GS_OK) {
		record(t, GS_SIDE_CHALLENGER, from->phase, "agree", receipt.gas_used, data.len, since);
		err = observe(t, &receipt);
	}
	if (err == GS_OK)
		err = check_stored(t);
	gs_receipt_free(&receipt);
	gs_buf_free(&data);
	return err;
}

/* All moves but the last as states that both sign; the chain sees the newest of them and the last step in one call. When the
 * output is asked for, it is shown on chain. */
static enum gs_err play_off_chain(struct table *t)
{
	struct gs_dispute_result *r = t->result;
	struct gs_game_state from = t->mirror.state;
	struct gs_agreed agreed = {.state = from};
	struct gs_move move;
	struct gs_game_effects effects;
	struct gs_error refusal = {0};
	struct gs_receipt receipt = {0};
	struct gs_buf data;
	enum gs_side side;
	enum gs_err err = GS_OK;
	double since = gs_dispute_now_s();
	uint64_t now = from.deadline - t->rules.claimant_budget_s;
	gs_buf_init(&data, GS_MOVE_CALLDATA_MAX);
	gs_agreed_begin(&t->mirror.state);
	while (err == GS_OK && t->mirror.state.phase != GS_PHASE_STEP && t->mirror.state.phase != GS_PHASE_OUTPUT) {
		r->game = t->mirror; /* what the strategies look at */
		err = find_move(t, &move, &side);
		if (err != GS_OK)
			break;
		without_proof(&move);
		struct gs_game_input in = {.sender = (uint8_t)side, .now = now, .move = &move};
		if (gs_game_step(&t->mirror, &t->rules, &in, &effects, &refusal) != GS_OK)
			err = gs_fail(t->error, GS_ECORRUPT, "%s, off chain: %s", gs_move_name(move.kind),
			              refusal.text);
		else
			err = sign(t, &from, now, &agreed);
		r->signed_moves++;
	}
	if (err == GS_OK && t->mirror.state.phase == GS_PHASE_OUTPUT) {
		gs_buf_free(&data);
		r->game = t->mirror;
		return agree(t, &from, &agreed, since);
	}
	if (err == GS_OK) {
		r->game = t->mirror;
		err = find_move(t, &move, &side);
	}
	if (err == GS_OK) {
		gs_agree_and_prove_calldata(&t->rules.body, &from, &agreed, &move, &data);
		err = gs_dispute_send(t->chain, side == GS_SIDE_CLAIMANT ? GS_PARTY_CLAIMANT : GS_PARTY_CHALLENGER,
		                      GS_CONTRACT_DISPUTES, gs_buf_view(&data), &receipt, t->error);
		if (err != GS_OK)
			(void)gs_fail_within(t->error, err, "agreeAndProve");
	}
	if (err == GS_OK) {
		record(t, side, GS_PHASE_STEP, "agreeAndProve", receipt.gas_used, data.len, since);
		err = finish(t, &receipt, side, &move);
	}
	gs_receipt_free(&receipt);
	gs_buf_free(&data);
	return err;
}

static enum gs_err play(struct table *t, const struct gs_trace *claimed)
{
	struct gs_dispute_result *r = t->result;
	double since = gs_dispute_now_s();
	enum gs_err err = post_claim(t, claimed);
	if (err == GS_OK)
		err = open_game(t);
	if (err == GS_OK && r->plan.off_chain)
		err = play_off_chain(t);
	while (err == GS_OK && r->game.outcome == GS_GAME_OPEN)
		err = make_move(t);
	r->seconds = gs_dispute_now_s() - since;
	bool claimant_honest = r->plan.manner != GS_DISPUTE_CLAIMANT_LIES;
	r->honest_won = r->game.outcome == (claimant_honest ? GS_GAME_CLAIMANT_WON : GS_GAME_CHALLENGER_WON);
	return err;
}

enum gs_err gs_dispute_play(struct gs_dispute_chain *chain, const struct gs_dispute_setup *setup,
                            const struct gs_dispute_plan *plan, struct gs_dispute_result *out, struct gs_error *error)
{
	struct table t = {.chain = chain, .setup = setup, .result = out, .error = error};
	struct gs_prover_trace right = setup->honest;
	struct gs_prover honest = gs_prover_over_trace(&right);
	struct gs_liar liar = {0};
	struct gs_dispute_setup own = {0};
	const struct gs_trace *claimed = &setup->trace;
	enum gs_err err = GS_OK;
	memset(out, 0, sizeof(*out));
	out->plan = *plan;
	gs_rng_seed(&t.rng, plan->seed);
	t.claimant = honest;
	t.challenger = honest;
	if (plan->manner == GS_DISPUTE_CHALLENGER_ERRS) {
		err = find_fault(&t, &liar);
		if (err == GS_OK)
			t.challenger = gs_prover_over_liar(&liar);
	} else if (plan->manner == GS_DISPUTE_CLAIMANT_LIES) {
		err = find_lie(&t, &liar, &own);
		if (err == GS_OK) { /* else there is no place for the fault */
			t.setup = &own;
			right = own.honest;
			t.claimant = gs_prover_over_liar(&liar);
			claimed = &liar.trace;
		}
	}
	if (err == GS_OK)
		err = play(&t, claimed);
	gs_liar_free(&liar);
	gs_dispute_claimed_end(&own);
	return err;
}
