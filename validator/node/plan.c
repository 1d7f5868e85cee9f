/* What is due now, from the stored facts alone: running it twice plans nothing twice. */
#include <stdlib.h>
#include <string.h>

#include "chain/eth/abi.h"
#include "chain/eth/bindings.h"
#include "challenge/game/moves.h"
#include "challenge/game/strategy.h"
#include "validator/node/node_state.h"

enum { PLAN_IDS_MAX = 1 << 20, CALLDATA_MAX = GS_INTENT_DATA_MAX };

/* --- ids of records that may need something; a scan may not write, so they are collected first --- */

struct ids {
	struct gs_hash *id;
	size_t count;
	size_t cap;
};

static enum gs_err keep_id(struct ids *ids, const struct gs_hash *id)
{
	if (ids->count == PLAN_IDS_MAX)
		return GS_ELIMIT;
	if (ids->count == ids->cap) {
		size_t cap = ids->cap ? 2 * ids->cap : 64;
		struct gs_hash *grown = realloc(ids->id, cap * sizeof(*grown));
		if (!grown)
			return GS_ENOMEM;
		ids->id = grown;
		ids->cap = cap;
	}
	ids->id[ids->count++] = *id;
	return GS_OK;
}

static enum gs_err keep_open_claim(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct gs_claim claim;
	enum gs_err err = gs_claim_decode(key, value, &claim);

	return err || claim.status != GS_CLAIM_OPEN ? err : keep_id(context, &claim.id);
}

static enum gs_err keep_open_game(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct gs_game_record game;
	enum gs_err err = gs_game_decode(key, value, &game);

	return err || game.game.outcome != GS_GAME_OPEN ? err : keep_id(context, &game.game.id);
}

static enum gs_err collect(struct gs_node_turn *t, enum gs_table table, gs_store_visit visit, struct ids *out)
{
	memset(out, 0, sizeof(*out));
	return t->j->store->scan(t->j->txn, table, (struct gs_bytes){NULL, 0}, GS_STORE_ASCENDING, visit, out,
	                         t->j->error);
}

/* --- executions --- */

/* Room for one more; what only waits for another try makes way, or claims that nobody can compute would blind the node. */
static struct gs_node_execution *free_execution(struct gs_node *node)
{
	if (node->execution_count < GS_NODE_EXECUTIONS_MAX)
		return &node->execution[node->execution_count];
	for (size_t i = 0; i < node->execution_count; i++)
		if (!node->execution[i].running)
			return &node->execution[i];
	return NULL;
}

enum gs_err gs_node_execute(struct gs_node_turn *t, const struct gs_claim *claim)
{
	struct gs_node *node = t->node;
	struct gs_node_execution *execution = NULL;
	struct gs_verdict_record before;
	struct gs_buf input, output;
	enum gs_err err = gs_node_load_verdict(t->j, &claim->id, &before);

	if (err && err != GS_ENOTFOUND)
		return err;
	if (!err && before.verdict == GS_VERDICT_UNAVAILABLE && node->now.unix_s < before.time.unix_s + GS_NODE_RETRY_S)
		return GS_OK;
	for (size_t i = 0; i < node->execution_count && !execution; i++)
		if (gs_hash_equal(&node->execution[i].claim, &claim->id))
			execution = &node->execution[i];
	if (execution && (execution->running || node->now.unix_s < execution->not_before.unix_s))
		return GS_OK;
	if (!execution) {
		execution = free_execution(node);
		if (!execution)
			return GS_OK; /* later */
		*execution = (struct gs_node_execution){.claim = claim->id};
	}
	gs_buf_init(&input, GS_STORE_VALUE_MAX);
	gs_buf_init(&output, GS_STORE_VALUE_MAX);
	err = gs_facts_input(t->j, &claim->id, &input);
	if (!err)
		err = gs_facts_output(t->j, &claim->id, &output);
	if (!err)
		err = gs_node_emit_two(
			t,
			(struct gs_node_effect){.kind = GS_EFFECT_EXECUTE,
		                                .hash = claim->id,
		                                .model = claim->model,
		                                .input_root = claim->input_root,
		                                .output_root = claim->output_root,
		                                .own = gs_address_equal(&claim->claimant, &node->options.self)},
			gs_buf_view(&input), gs_buf_view(&output));
	gs_buf_free(&input);
	gs_buf_free(&output);
	if (!err) {
		if (execution == &node->execution[node->execution_count])
			node->execution_count++;
		execution->running = true;
	}
	return err;
}

/* --- intents --- */

static enum gs_err want(struct gs_node_turn *t, enum gs_intent_kind kind, const struct gs_hash *subject,
                        const struct gs_hash *state, const struct gs_address *to, struct gs_buf *calldata)
{
	struct gs_intent intent = {
		.kind = (uint8_t)kind, .subject = *subject, .to = *to, .data = gs_buf_view(calldata)};

	if (state)
		intent.state = *state;
	if (calldata->err)
		return gs_fail(t->j->error, calldata->err, "node: calldata is too large");
	return gs_intent_want(t->j, &intent, t->node->now);
}

static enum gs_err under_way(struct gs_node_turn *t, enum gs_intent_kind kind, const struct gs_hash *subject,
                             const struct gs_hash *state, bool *out)
{
	static const struct gs_hash none;
	struct gs_hash id;

	gs_intent_id(kind, subject, state ? state : &none, &id);
	return gs_intent_under_way(t->j, &id, t->node->now, out);
}

/* A call whose only argument is the claim's id. */
static enum gs_err want_claim_call(struct gs_node_turn *t, enum gs_intent_kind kind, const struct gs_hash *claim,
                                   const struct gs_address *to, uint32_t selector)
{
	struct gs_abi_writer args;
	struct gs_buf calldata;
	bool already;
	enum gs_err err = under_way(t, kind, claim, NULL, &already);

	if (err || already)
		return err;
	gs_buf_init(&calldata, CALLDATA_MAX);
	gs_abi_call(&args, &calldata, selector, 1);
	gs_abi_put_hash(&args, claim);
	gs_abi_end(&args);
	err = want(t, kind, claim, NULL, to, &calldata);
	gs_buf_free(&calldata);
	return err;
}

/* --- claims --- */

static enum gs_err sample_of(struct gs_node_turn *t, const struct gs_claim *claim, struct gs_sample *out)
{
	const struct gs_bytes key = {claim->id.b, sizeof(claim->id.b)};
	struct gs_buf value;
	enum gs_err err;

	gs_buf_init(&value, 4096);
	err = gs_journal_get(t->j, GS_TABLE_SAMPLES, key, &value);
	if (!err) {
		err = gs_sample_decode(gs_buf_view(&value), out);
	} else if (err == GS_ENOTFOUND) {
		char id[67];
		gs_sample_decide(&t->node->options.sampling, &claim->id, claim->value, out);
		gs_sample_encode(out, &value);
		err = value.err;
		if (!err)
			err = gs_journal_put(t->j, GS_TABLE_SAMPLES, key, gs_buf_view(&value));
		gs_hex_encode(claim->id.b, 32, true, id);
		gs_log_line(t->node->log, GS_LOG_INFO, "claim.sample", "claim=%s execute=%s reason=%s", id,
		            out->execute ? "yes" : "no", gs_sample_reason_name((enum gs_sample_reason)out->reason));
	}
	gs_buf_free(&value);
	return err;
}

static enum gs_err plan_challenge(struct gs_node_turn *t, const struct gs_claim *claim)
{
	const struct gs_node_options *o = &t->node->options;

	if (t->node->now.unix_s > claim->window_end.unix_s || t->node->block < claim->block + o->confirm_blocks)
		return GS_OK;
	return want_claim_call(t, GS_INTENT_CHALLENGE, &claim->id, &o->contracts.disputes, GS_DISPUTES_FN_CHALLENGE);
}

static enum gs_err plan_validation(struct gs_node_turn *t, const struct gs_claim *claim, bool *refuted)
{
	struct gs_sample sample;
	struct gs_verdict_record verdict;
	enum gs_err err = sample_of(t, claim, &sample);

	if (err || !sample.execute)
		return err;
	err = gs_node_load_verdict(t->j, &claim->id, &verdict);
	if (err == GS_ENOTFOUND || (!err && verdict.verdict == GS_VERDICT_UNAVAILABLE)) {
		bool in_window = t->node->now.unix_s <= claim->window_end.unix_s;
		return in_window ? gs_node_execute(t, claim) : GS_OK;
	}
	if (err)
		return err;
	*refuted = verdict.verdict == GS_VERDICT_INVALID;
	return *refuted ? plan_challenge(t, claim) : GS_OK;
}

static enum gs_err plan_claim(struct gs_node_turn *t, const struct gs_hash *id)
{
	const struct gs_node_options *o = &t->node->options;
	struct gs_claim claim;
	bool mine, refuted = false;
	uint64_t ripe_s;
	enum gs_err err = gs_facts_claim(t->j, id, &claim);

	if (err)
		return err;
	mine = gs_address_equal(&claim.claimant, &o->self);
	if (o->validate && !mine && (err = plan_validation(t, &claim, &refuted)))
		return err;
	ripe_s = claim.window_end.unix_s + (mine ? 0 : GS_NODE_FINALISE_GRACE_S);
	if (!o->finalise || refuted || claim.open_games || t->node->now.unix_s <= ripe_s || (!mine && !o->validate))
		return GS_OK;
	return want_claim_call(t, GS_INTENT_FINALISE, id, &o->contracts.claims, GS_CLAIMS_FN_FINALIZE);
}

/* --- games --- */

struct winner_search {
	struct gs_hash claim;
	bool found;
	uint32_t index;
};

static enum gs_err look_for_winner(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct winner_search *search = context;
	struct gs_game_record game;
	enum gs_err err = gs_game_decode(key, value, &game);

	if (err || game.game.outcome != GS_GAME_CHALLENGER_WON || !gs_hash_equal(&game.claim, &search->claim))
		return err;
	if (!search->found || game.index < search->index) {
		search->found = true;
		search->index = game.index;
	}
	return GS_OK;
}

/* A claim that an earlier-opened game has settled: this game can only be closed, which frees the challenger's bond. */
static enum gs_err plan_close(struct gs_node_turn *t, const struct gs_game_record *game, bool *settled)
{
	struct winner_search search = {.claim = game->claim};
	const struct gs_address *disputes = &t->node->options.contracts.disputes;
	struct gs_buf calldata;
	bool already;
	enum gs_err err = t->j->store->scan(t->j->txn, GS_TABLE_GAMES, (struct gs_bytes){NULL, 0}, GS_STORE_ASCENDING,
	                                    look_for_winner, &search, t->j->error);

	*settled = search.found && search.index < game->index;
	if (err || !*settled || !gs_address_equal(&game->challenger, &t->node->options.self))
		return err;
	err = under_way(t, GS_INTENT_COLLECT, &game->game.id, NULL, &already);
	if (err || already)
		return err;
	gs_buf_init(&calldata, CALLDATA_MAX);
	gs_close_calldata(&game->claim, &game->challenger, &calldata);
	err = want(t, GS_INTENT_COLLECT, &game->game.id, NULL, disputes, &calldata);
	gs_buf_free(&calldata);
	return err;
}

static enum gs_err want_move(struct gs_node_turn *t, enum gs_intent_kind kind, const struct gs_game *game,
                             const struct gs_hash *state, const struct gs_move *move)
{
	struct gs_buf calldata;
	enum gs_err err;

	gs_buf_init(&calldata, CALLDATA_MAX);
	gs_move_calldata(&game->state, move, &calldata);
	err = want(t, kind, &game->id, state, &t->node->options.contracts.disputes, &calldata);
	gs_buf_free(&calldata);
	if (err == GS_ECONFLICT) {
		char id[67];
		gs_hex_encode(game->id.b, 32, true, id);
		gs_log_line(t->node->log, GS_LOG_ERROR, "move.conflict",
		            "game=%s move=%s why=\"another answer was signed before\"", id, gs_move_name(move->kind));
		return GS_OK; /* never a second answer */
	}
	if (!err && kind == GS_INTENT_MOVE) {
		char id[67];
		gs_hex_encode(game->id.b, 32, true, id);
		gs_log_line(t->node->log, GS_LOG_INFO, "move.planned", "game=%s move=%s number=%u", id,
		            gs_move_name(move->kind), game->state.move + 1);
	}
	return err;
}

static enum gs_err plan_timeout(struct gs_node_turn *t, const struct gs_game *game, const struct gs_hash *state)
{
	struct gs_move *move = calloc(1, sizeof(*move));
	bool already = false;
	enum gs_err err = GS_OK;

	if (!move)
		return gs_fail(t->j->error, GS_ENOMEM, "node: no memory");
	if (gs_strategy_timeout(game, t->node->now.unix_s, move)) {
		err = under_way(t, GS_INTENT_TIMEOUT, &game->id, state, &already);
		if (!err && !already)
			err = want_move(t, GS_INTENT_TIMEOUT, game, state, move);
	}
	free(move);
	return err;
}

/* Our answer to this state, if one is due. */
static enum gs_err plan_move(struct gs_node_turn *t, const struct gs_game *game, const struct gs_hash *state,
                             bool challenger, const struct gs_claim *claim)
{
	struct gs_node *node = t->node;
	const struct gs_prover *prover;
	struct gs_move *move;
	bool already, waiting = false;
	enum gs_err err = under_way(t, GS_INTENT_MOVE, &game->id, state, &already);

	if (err || already)
		return err;
	prover = node->surroundings.prover(node->surroundings.self, &claim->id);
	if (!prover)
		return gs_node_execute(t, claim);
	move = calloc(1, sizeof(*move));
	if (!move)
		return gs_fail(t->j->error, GS_ENOMEM, "node: no memory");
	err = challenger ? gs_strategy_challenger(game, prover, move, &waiting)
	                 : gs_strategy_claimant(game, prover, move, &waiting);
	if (err) { /* no answer yet, or none to be had: never a guess */
		char id[67];
		gs_hex_encode(game->id.b, 32, true, id);
		gs_log_line(node->log, GS_LOG_ERROR, "move.none", "game=%s phase=%u why=%s", id, game->state.phase,
		            gs_err_name(err));
		err = GS_OK;
	} else if (!waiting) {
		err = want_move(t, GS_INTENT_MOVE, game, state, move);
	}
	free(move);
	return err;
}

static enum gs_err plan_game(struct gs_node_turn *t, const struct gs_hash *id, struct gs_game_record *game)
{
	struct gs_node *node = t->node;
	struct gs_claim claim;
	struct gs_hash state;
	bool challenger, claimant, settled = false;
	enum gs_err err = gs_facts_game(t->j, id, game);

	if (!err)
		err = gs_facts_claim(t->j, &game->claim, &claim);
	if (err)
		return err;
	challenger = gs_address_equal(&game->challenger, &node->options.self);
	claimant = node->options.defend && gs_address_equal(&claim.claimant, &node->options.self);
	if ((!challenger && !claimant) || game->game.state.phase == 0)
		return GS_OK;
	if (claim.status == GS_CLAIM_INVALID && ((err = plan_close(t, game, &settled)) || settled))
		return err;
	if (claimant) {
		struct gs_verdict_record verdict;
		err = gs_node_load_verdict(t->j, &claim.id, &verdict);
		if (err == GS_ENOTFOUND)
			return gs_node_execute(t, &claim);
		if (err)
			return err;
		if (verdict.verdict == GS_VERDICT_UNAVAILABLE)
			return gs_node_execute(t, &claim);
		if (verdict.verdict == GS_VERDICT_INVALID)
			return GS_OK; /* what cannot be defended is not */
	}
	gs_game_hash(&game->game, &state);
	if (node->now.unix_s > game->game.state.deadline) {
		bool ours = gs_game_turn(&game->game) == (challenger ? GS_SIDE_CHALLENGER : GS_SIDE_CLAIMANT);
		if (!ours)
			return plan_timeout(t, &game->game, &state);
		/* Only the chain's time ends our turn: a clock that runs ahead must not make us give up. */
		if (gs_node_newest(node)->time.unix_s > game->game.state.deadline)
			return GS_OK;
	}
	return plan_move(t, &game->game, &state, challenger, &claim);
}

enum gs_err gs_node_plan(struct gs_node_turn *t)
{
	struct ids games = {0}, claims = {0};
	struct gs_game_record *game = calloc(1, sizeof(*game));
	enum gs_err err = GS_ENOMEM;

	if (!game)
		goto out;
	err = collect(t, GS_TABLE_GAMES, keep_open_game, &games); /* obligations first */
	for (size_t i = 0; i < games.count && !err; i++)
		err = plan_game(t, &games.id[i], game);
	if (!err)
		err = collect(t, GS_TABLE_CLAIMS, keep_open_claim, &claims);
	for (size_t i = 0; i < claims.count && !err; i++)
		err = plan_claim(t, &claims.id[i]);
out:
	free(game);
	free(games.id);
	free(claims.id);
	return err;
}
