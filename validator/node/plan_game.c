/* What is due in the games: answers, timeouts, and the end of games that nobody can win any more. */
#include <stdlib.h>
#include <string.h>

#include "challenge/game/moves.h"
#include "challenge/game/strategy.h"
#include "validator/node/node_state.h"

/* The first of the claim's games that its challenger won: they are told by their ordinals. GS_ENOTFOUND. */
static enum gs_err find_winner(struct gs_node_turn *t, const struct gs_claim *claim, struct gs_game_record *out)
{
	for (uint32_t i = 0; i < claim->games; i++) {
		struct gs_hash id;
		enum gs_err err;
		gs_game_id(&claim->id, i, &id);
		err = gs_facts_game(t->j, &id, out);
		if (err && err != GS_ENOTFOUND) /* a duty not done takes an ordinal, too */
			return err;
		if (!err && out->game.outcome == GS_GAME_CHALLENGER_WON)
			return GS_OK;
	}
	return GS_ENOTFOUND;
}

/* How a game stands beside the claim's others. */
struct standing {
	bool closable; /* nobody can win it any more */
	bool ours;     /* the prize waits for its end, and is ours so far */
	bool patient;  /* those who play it have had time to end it themselves */
};

static enum gs_err stand(struct gs_node_turn *t, const struct gs_game_record *game, const struct gs_claim *claim,
                         struct standing *out)
{
	struct gs_game_record *winner;
	const struct gs_head *won;
	enum gs_err err;

	*out = (struct standing){.closable = claim->status == GS_CLAIM_VOID};
	if (claim->status != GS_CLAIM_INVALID)
		return GS_OK;
	winner = malloc(sizeof(*winner));
	if (!winner)
		return gs_fail(t->j->error, GS_ENOMEM, "node: no memory");
	err = find_winner(t, claim, winner);
	if (!err) {
		won = gs_head_at(&t->node->tracker, winner->block); /* NULL: long ago */
		out->closable = winner->ordinal < game->ordinal;
		out->ours = gs_address_equal(&winner->challenger, &t->node->options.self);
		out->patient = !won || t->node->now.unix_s > won->time.unix_s + GS_NODE_FINALISE_GRACE_S;
	}
	free(winner);
	return err == GS_ENOTFOUND ? GS_OK : err;
}

static enum gs_err want_move(struct gs_node_turn *t, enum gs_intent_kind kind, const struct gs_game_record *record,
                             const struct gs_hash *state, const struct gs_claim *claim, const struct gs_move *move)
{
	const struct gs_game *game = &record->game;
	struct gs_buf calldata;
	enum gs_err err;

	gs_buf_init(&calldata, GS_INTENT_DATA_MAX);
	gs_move_calldata(&claim->body, &game->state, move, &calldata);
	err = gs_plan_want(t, kind, &record->id, state, &t->node->options.contracts.disputes, &calldata,
	                   (struct gs_time){kind == GS_INTENT_MOVE ? game->state.deadline : 0});
	gs_buf_free(&calldata);
	if (err == GS_ECONFLICT) {
		char id[67];
		gs_hex_encode(record->id.b, 32, true, id);
		gs_log_line(t->node->log, GS_LOG_ERROR, "move.conflict",
		            "game=%s move=%s why=\"another answer was signed before\"", id, gs_move_name(move->kind));
		return GS_OK; /* never a second answer */
	}
	if (!err && kind == GS_INTENT_MOVE) {
		char id[67];
		gs_hex_encode(record->id.b, 32, true, id);
		gs_log_line(t->node->log, GS_LOG_INFO, "move.planned", "game=%s move=%s number=%u", id,
		            gs_move_name(move->kind), game->state.move + 1);
	}
	return err;
}

/* A move of anybody: timeout or close. */
static enum gs_err plan_end(struct gs_node_turn *t, enum gs_intent_kind kind, enum gs_move_kind move_kind,
                            const struct gs_game_record *game, const struct gs_hash *state,
                            const struct gs_claim *claim)
{
	struct gs_move *move;
	bool already;
	enum gs_err err = gs_plan_under_way(t, kind, &game->id, state, &already);

	if (err || already)
		return err;
	move = calloc(1, sizeof(*move));
	if (!move)
		return gs_fail(t->j->error, GS_ENOMEM, "node: no memory");
	move->kind = move_kind;
	err = want_move(t, kind, game, state, claim, move);
	free(move);
	return err;
}

static void tell_none(struct gs_node *node, const struct gs_game_record *game, enum gs_err why)
{
	char id[67];

	if (node->now.unix_s < node->none_told.unix_s + GS_NODE_RETELL_S)
		return;
	node->none_told = node->now;
	gs_hex_encode(game->id.b, 32, true, id);
	gs_log_line(node->log, GS_LOG_ERROR, "move.none", "game=%s phase=%u why=%s", id, game->game.state.phase,
	            gs_err_name(why));
}

/* Our answer to this state, if one is due. */
static enum gs_err plan_move(struct gs_node_turn *t, const struct gs_game_record *game, const struct gs_hash *state,
                             bool challenger, const struct gs_claim *claim)
{
	struct gs_node *node = t->node;
	const struct gs_prover *prover;
	struct gs_move *move;
	bool already, waiting = false;
	enum gs_err err = gs_plan_under_way(t, GS_INTENT_MOVE, &game->id, state, &already);

	if (err || already)
		return err;
	prover = node->surroundings.prover(node->surroundings.self, &claim->id);
	if (!prover)
		return gs_node_execute(t, claim);
	move = calloc(1, sizeof(*move));
	if (!move)
		return gs_fail(t->j->error, GS_ENOMEM, "node: no memory");
	err = challenger ? gs_strategy_challenger(&game->game, prover, &claim->body, move, &waiting)
	                 : gs_strategy_claimant(&game->game, prover, move, &waiting);
	if (err) { /* no answer yet, or none to be had: never a guess */
		tell_none(node, game, err);
		err = GS_OK;
	} else if (!waiting) {
		err = want_move(t, GS_INTENT_MOVE, game, state, claim, move);
	}
	free(move);
	return err;
}

/* What we cannot defend is not defended; a claim without a verdict is executed first. */
static enum gs_err may_defend(struct gs_node_turn *t, const struct gs_claim *claim, bool *out)
{
	struct gs_verdict_record verdict;
	enum gs_err err = gs_node_load_verdict(t->j, &claim->id, &verdict);

	*out = err == GS_OK && verdict.verdict == GS_VERDICT_VALID;
	if (err == GS_ENOTFOUND || (!err && verdict.verdict == GS_VERDICT_UNAVAILABLE))
		return gs_node_execute(t, claim);
	return err;
}

static enum gs_err play(struct gs_node_turn *t, const struct gs_game_record *game, const struct gs_hash *state,
                        bool challenger, const struct gs_claim *claim)
{
	const struct gs_node *node = t->node;
	const bool over = node->now.unix_s > game->game.state.deadline;
	const bool our_turn = gs_game_turn(&game->game) == (challenger ? GS_SIDE_CHALLENGER : GS_SIDE_CLAIMANT);

	if (over && !our_turn)
		return plan_end(t, GS_INTENT_TIMEOUT, GS_MOVE_TIMEOUT, game, state, claim);
	/* Only the chain's time ends our turn: a clock that runs ahead must not make us give up. */
	if (over && gs_node_newest(node)->time.unix_s > game->game.state.deadline)
		return GS_OK;
	return plan_move(t, game, state, challenger, claim);
}

/* A game without a winner to come, or one that keeps our prize, or our stake on the claim, waiting. */
static enum gs_err plan_foreign(struct gs_node_turn *t, const struct gs_game_record *game, const struct gs_claim *claim)
{
	const uint64_t late_s = game->game.state.deadline + GS_NODE_FINALISE_GRACE_S;
	struct gs_hash state;

	gs_agenda_at(t, late_s + 1);
	if (t->node->now.unix_s <= late_s)
		return GS_OK;
	gs_game_hash(&game->game, &state);
	return plan_end(t, GS_INTENT_TIMEOUT, GS_MOVE_TIMEOUT, game, &state, claim);
}

enum gs_err gs_plan_game(struct gs_node_turn *t, const struct gs_hash *id, struct gs_game_record *game)
{
	struct gs_node *node = t->node;
	struct gs_claim claim;
	struct gs_hash state;
	struct standing standing;
	bool challenger, claimant, stop = false;
	enum gs_err err = gs_facts_game(t->j, id, game);

	if (!err)
		err = gs_facts_claim(t->j, &game->claim, &claim);
	if (!err)
		err = stand(t, game, &claim, &standing);
	if (err)
		return err;
	challenger = gs_address_equal(&game->challenger, &node->options.self);
	claimant = node->options.defend && gs_address_equal(&claim.body.claimant, &node->options.self);
	if (challenger || claimant || standing.ours)
		gs_agenda_always(t); /* clocks, traces and the other side's words */
	if (standing.closable) {
		if (!challenger && !(standing.ours && standing.patient))
			return GS_OK;
		gs_game_hash(&game->game, &state);
		return plan_end(t, GS_INTENT_COLLECT, GS_MOVE_CLOSE, game, &state, &claim);
	}
	if (!challenger && !claimant) {
		bool waits = standing.ours;
		if (!waits && claim.status == GS_CLAIM_OPEN)
			err = gs_plan_waits(t, &claim, &waits);
		return err || !waits ? err : plan_foreign(t, game, &claim);
	}
	gs_game_hash(&game->game, &state);
	err = gs_plan_release(t, &claim, &stop);
	if (err || stop)
		return err;
	if (claimant) {
		bool defended;
		err = may_defend(t, &claim, &defended);
		if (err || !defended)
			return err;
	}
	return play(t, game, &state, challenger, &claim);
}

enum gs_err gs_plan_challenged(struct gs_node_turn *t, const struct gs_claim *claim, bool *out)
{
	struct gs_game_record game;
	struct gs_hash id;
	enum gs_err err = GS_OK;

	*out = false;
	for (uint32_t i = 0; i < claim->games && !*out && !err; i++) {
		gs_game_id(&claim->id, i, &id);
		err = gs_facts_game(t->j, &id, &game);
		*out = !err && gs_address_equal(&game.challenger, &t->node->options.self);
		if (err == GS_ENOTFOUND) /* a duty not done takes an ordinal, too */
			err = GS_OK;
	}
	return err;
}
