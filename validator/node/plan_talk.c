/* Play off chain (docs/protocol.md, 5.7): both sides make moves as signed states and hand them to each other; the chain sees the newest
 * that both have signed, and the last step.
 *
 * A game is talked about from its challenge on. Whoever gets a move makes it by its own rules before it signs what that leads to,
 * so the newest state with both signatures is always here: it is the one that was received last. The talk is over for good when a
 * move is due that belongs on chain, when the other side is silent for longer than the patience, when a clock that runs against
 * us on chain or off comes near, or when somebody moves on chain. Then the newest agreed state is put on chain, unless the chain is as far
 * already, and the game goes on there as any other: nothing is lost but time.
 *
 * What is signed is stored before it is handed over; one state has one answer for ever, on chain or off. */
#include <stdlib.h>
#include <string.h>

#include "challenge/game/strategy.h"
#include "validator/node/audit.h"
#include "validator/node/node_state.h"
#include "validator/node/talk_record.h"

enum {
	SKEW_S = 15,   /* that the other side's clock may differ from ours */
	TELL_S = 2,    /* between lines about messages that are no moves */
	MARGIN_S = 10, /* left for going on chain when a clock of ours runs there */
};

/* One game as it is talked about, with room for what a step needs. */
struct desk {
	struct gs_node_turn *turn;
	struct gs_game_record game; /* as the chain has it */
	struct gs_claim claim;
	struct gs_header header;
	struct gs_game_rules rules;
	enum gs_side side; /* ours */
	struct gs_talk_record talk;
	struct gs_talk message;
	struct gs_game next; /* the mirror after a move */
	struct gs_game_effects effects;
};

static struct gs_agreed_terms terms_of(const struct desk *d)
{
	const struct gs_node_options *o = &d->turn->node->options;

	return (struct gs_agreed_terms){.chain_id = o->contracts.chain_id,
	                                .disputes = o->contracts.disputes,
	                                .tag = d->claim.tag,
	                                .budgets_s = (uint64_t)o->claimant_budget_s + o->challenger_budget_s,
	                                .now = d->turn->node->now.unix_s};
}

static void tell(const struct desk *d, const char *event, const char *why)
{
	char id[67];

	gs_hex_encode(d->game.id.b, 32, true, id);
	gs_log_line(d->turn->node->log, GS_LOG_INFO, event, "game=%s move=%u why=\"%s\"", id,
	            d->talk.mirror.game.state.move & ~GS_GAME_AGREED_MOVE, why);
}

/* GS_ENOTFOUND: not a game that this node talks about. */
static enum gs_err sit_down(struct desk *d, struct gs_node_turn *t, const struct gs_hash *id)
{
	const struct gs_node_options *o = &t->node->options;
	struct gs_model_record model;
	struct gs_verdict_record verdict;
	enum gs_err err = gs_facts_game(t->j, id, &d->game);

	d->turn = t;
	if (!err)
		err = gs_facts_claim(t->j, &d->game.claim, &d->claim);
	if (!err && (d->claim.status != GS_CLAIM_OPEN || d->game.game.outcome != GS_GAME_OPEN))
		err = GS_ENOTFOUND;
	if (!err && gs_address_equal(&d->game.challenger, &o->self))
		d->side = GS_SIDE_CHALLENGER;
	else if (!err && o->defend && gs_address_equal(&d->claim.body.claimant, &o->self))
		d->side = GS_SIDE_CLAIMANT;
	else if (!err)
		err = GS_ENOTFOUND;
	if (!err) /* what cannot be defended is not defended here either */
		err = gs_node_load_verdict(t->j, &d->claim.id, &verdict);
	if (!err && d->side == GS_SIDE_CLAIMANT && verdict.verdict != GS_VERDICT_VALID)
		err = GS_ENOTFOUND;
	if (!err)
		err = gs_facts_model(t->j, &d->claim.body.model_id, &model);
	if (!err)
		err = gs_header_decode(model.header, &d->header, t->j->error);
	d->rules = (struct gs_game_rules){.header = &d->header,
	                                  .body = d->claim.body,
	                                  .tag = d->claim.tag,
	                                  .claimant_budget_s = o->claimant_budget_s,
	                                  .challenger_budget_s = o->challenger_budget_s,
	                                  .minimum_time_s = o->minimum_time_s};
	return err;
}

/* A game that was just opened. GS_ENOTFOUND: of another one there is nothing to talk about. */
static enum gs_err begin(struct desk *d)
{
	if (d->game.game.state.move != 0)
		return GS_ENOTFOUND;
	memset(&d->talk, 0, sizeof(d->talk));
	d->talk.mirror = d->game;
	gs_game_hash(&d->game.game, &d->talk.base);
	gs_agreed_begin(&d->talk.mirror.game.state);
	d->talk.heard = d->turn->node->now;
	tell(d, "talk.begun", "the game was opened");
	return gs_talk_store(d->turn->j, &d->talk);
}

/* Why nothing more is said; NULL: the talk goes on. */
static const char *end_of(const struct desk *d)
{
	const struct gs_node_options *o = &d->turn->node->options;
	const uint64_t now_s = d->turn->node->now.unix_s;
	const bool ours_on_chain = gs_game_turn(&d->game.game) == d->side,
		   ours_here = gs_game_turn(&d->talk.mirror.game) == d->side;
	struct gs_hash state;

	gs_game_hash(&d->game.game, &state);
	if (!gs_hash_equal(&state, &d->talk.base))
		return "somebody moved on chain";
	if (ours_on_chain && now_s + MARGIN_S >= d->game.game.state.deadline)
		return "our clock on chain runs out";
	if (ours_here && now_s + MARGIN_S >= d->talk.mirror.game.state.deadline)
		return "our clock runs out";
	if (d->talk.agreed && gs_phase_side((enum gs_game_phase)d->talk.newest.state.phase) == d->side &&
	    now_s + MARGIN_S >= d->talk.newest.state.deadline)
		return "our move is not answered, and our clock runs out";
	if (!ours_here && now_s > d->talk.heard.unix_s + o->talk_patience_s)
		return "the other side is silent";
	return NULL;
}

static enum gs_err finish(struct desk *d, const char *why)
{
	d->talk.over = true;
	tell(d, "talk.over", why);
	return gs_talk_store(d->turn->j, &d->talk);
}

/* One answer to one state, for ever: ours, or one of the other side's that we sign. It is entered as the call that would make it on chain,
 * which it becomes when the state before it was the last that both signed. GS_ECONFLICT. */
static enum gs_err enter(struct desk *d)
{
	struct gs_buf call;
	enum gs_err err;

	gs_buf_init(&call, GS_INTENT_DATA_MAX);
	gs_move_calldata(&d->claim.body, &d->talk.mirror.game.state, &d->message.move, &call);
	err = call.err ? call.err : gs_intent_enter(d->turn->j, &d->game.id, &d->message.from, gs_buf_view(&call));
	if (!err)
		err = gs_audit_append_bytes(d->turn->j, GS_AUDIT_ANSWERED, &d->game.id, gs_buf_view(&call),
		                            gs_move_name(d->message.move.kind));
	gs_buf_free(&call);
	return err;
}

/* --- our move --- */

static enum gs_err hand_over(struct desk *d)
{
	return gs_node_emit(
		d->turn,
		(struct gs_node_effect){.kind = GS_EFFECT_TELL, .hash = d->game.id, .own = d->side == GS_SIDE_CLAIMANT},
		(struct gs_bytes){d->talk.message, d->talk.message_len});
}

/* The other side's turn: what we said last is said again, for it may have been lost. */
static enum gs_err hear_more(struct desk *d)
{
	enum gs_err err = d->talk.proposed ? hand_over(d) : GS_OK;

	if (err)
		return err;
	return gs_node_emit(
		d->turn,
		(struct gs_node_effect){.kind = GS_EFFECT_HEAR, .hash = d->game.id, .own = d->side == GS_SIDE_CLAIMANT},
		(struct gs_bytes){NULL, 0});
}

static enum gs_err sign(const struct desk *d, struct gs_signature *out)
{
	const struct gs_node *node = d->turn->node;
	struct gs_agreed_typed typed;

	gs_agreed_typed(node->options.contracts.chain_id, &node->options.contracts.disputes, &d->next.state,
	                &d->next.trace_root, &typed);
	return node->surroundings.sign(node->surroundings.self, &typed.typed, out);
}

static enum gs_err propose(struct desk *d)
{
	struct gs_error why = {0};
	struct gs_buf bytes;
	enum gs_err err = enter(d);

	if (err == GS_ECONFLICT)
		return finish(d, "another answer to this state was signed before");
	if (!err && (err = sign(d, &d->message.signature)) != GS_OK && err != GS_ENOMEM)
		return finish(d, "the signer did not sign");
	if (err)
		return gs_fail(d->turn->j->error, err, "node: a state of a game cannot be signed: %s", why.text);
	gs_buf_init(&bytes, GS_TALK_BYTES_MAX);
	gs_talk_encode(&d->message, &bytes);
	GS_ASSERT(!bytes.err);
	memcpy(d->talk.message, bytes.ptr, bytes.len);
	d->talk.message_len = (uint32_t)bytes.len;
	gs_buf_free(&bytes);
	/* Nobody has signed our move yet: who goes on from before it needs what was shown there. */
	if (!d->next.states.len)
		d->next.states = d->talk.mirror.game.states;
	d->talk.mirror.game = d->next;
	d->talk.proposed = true;
	d->talk.heard = d->turn->node->now;
	tell(d, "talk.said", gs_move_name(d->message.move.kind));
	err = gs_talk_store(d->turn->j, &d->talk);
	return err ? err : hand_over(d);
}

/* A move that belongs on chain ends the talk; one that our own rules refuse is never signed. */
static enum gs_err move(struct desk *d)
{
	struct gs_node *node = d->turn->node;
	const struct gs_game *mirror = &d->talk.mirror.game;
	const struct gs_prover *prover = node->surroundings.prover(node->surroundings.self, &d->claim.id);
	struct gs_error why = {0};
	bool waiting = false;
	enum gs_err err;

	if (!prover)
		return gs_node_execute(d->turn, &d->claim);
	memset(&d->message, 0, sizeof(d->message));
	err = d->side == GS_SIDE_CHALLENGER
	              ? gs_strategy_challenger(mirror, prover, &d->claim.body, &d->message.move, &waiting)
	              : gs_strategy_claimant(mirror, prover, &d->message.move, &waiting);
	if (err || waiting)
		return finish(d, err ? gs_err_name(err) : "no move is due");
	if (!gs_talk_may(d->message.move.kind))
		return finish(d, gs_move_name(d->message.move.kind));
	d->message.side = (uint8_t)d->side;
	d->message.game = d->game.id;
	d->message.now = node->now.unix_s;
	gs_game_hash(mirror, &d->message.from);
	d->next = *mirror;
	const struct gs_game_input in = {.sender = (uint8_t)d->side, .now = d->message.now, .move = &d->message.move};
	if (gs_game_step(&d->next, &d->rules, &in, &d->effects, &why) != GS_OK)
		return finish(d, why.text);
	return propose(d);
}

/* --- on chain --- */

/* *held: the agreed state is on its way there. What was refused is not tried again: the game goes on from where the chain has it. */
static enum gs_err go_on_chain(struct desk *d, bool *held)
{
	struct gs_hash state, id;
	struct gs_intent intent;
	struct gs_buf data;
	enum gs_err err;

	*held = false;
	if (!d->talk.agreed || d->talk.newest.state.move <= d->game.game.state.move)
		return GS_OK;
	gs_game_hash(&d->game.game, &state);
	gs_intent_id(GS_INTENT_AGREE, &d->game.id, &state, &id);
	gs_buf_init(&data, GS_INTENT_DATA_MAX);
	err = gs_intent_load(d->turn->j, &id, &intent, &data);
	gs_buf_free(&data);
	if (!err) {
		*held = intent.status == GS_INTENT_PLANNED || intent.status == GS_INTENT_SIGNED;
		return GS_OK;
	}
	if (err != GS_ENOTFOUND)
		return err;
	*held = true;
	gs_buf_init(&data, GS_INTENT_DATA_MAX);
	gs_agree_calldata(&d->game.game.state, &d->talk.newest, &data);
	err = gs_plan_want(d->turn, GS_INTENT_AGREE, &d->game.id, &state, &d->turn->node->options.contracts.disputes,
	                   &data, (struct gs_time){d->game.game.state.deadline});
	gs_buf_free(&data);
	return err;
}

enum gs_err gs_plan_talk(struct gs_node_turn *t, const struct gs_hash *id, bool *held)
{
	struct desk *d;
	const char *why;
	enum gs_err err;

	*held = false;
	if (!t->node->options.talk)
		return GS_OK;
	d = malloc(sizeof(*d)); /* some 50 KiB, each part of which is written before it is read */
	if (!d)
		return gs_fail(t->j->error, GS_ENOMEM, "node: no memory");
	err = sit_down(d, t, id);
	if (!err) {
		err = gs_talk_load(t->j, id, &d->talk);
		if (err == GS_ENOTFOUND)
			err = begin(d);
	}
	if (!err && !d->talk.over && (why = end_of(d)))
		err = finish(d, why);
	if (!err && !d->talk.over && gs_game_turn(&d->talk.mirror.game) == d->side)
		err = move(d);
	else if (!err && !d->talk.over)
		err = hear_more(d);
	if (!err)
		*held = !d->talk.over;
	if (!err && d->talk.over)
		err = go_on_chain(d, held);
	free(d);
	return err == GS_ENOTFOUND ? GS_OK : err;
}

/* --- the other side's move --- */

/* What cannot be taken lies there until it is replaced, and is heard again and again. */
static void refuse(struct gs_node *node, const struct gs_hash *game, const char *why)
{
	char id[67] = "none";

	if (node->now.unix_s < node->refused_told.unix_s + TELL_S)
		return;
	node->refused_told = node->now;
	if (game)
		gs_hex_encode(game->b, 32, true, id);
	gs_log_line(node->log, GS_LOG_WARN, "talk.refused", "game=%s why=\"%s\"", id, why);
}

/* Why what was said is not taken; NULL: it is, and next is what it leads to. *quiet: it is only old, or not for us. */
static const char *check(struct desk *d, bool *quiet)
{
	const struct gs_talk *m = &d->message;
	const struct gs_game *mirror = &d->talk.mirror.game;
	const uint64_t now_s = d->turn->node->now.unix_s;
	const struct gs_agreed_terms terms = terms_of(d);
	struct gs_error why = {0};
	struct gs_address signer;
	struct gs_hash from, digest;

	gs_game_hash(mirror, &from);
	*quiet = m->side == d->side || d->talk.over || !gs_hash_equal(&from, &m->from);
	if (*quiet)
		return "it does not answer the newest state";
	if (gs_game_turn(mirror) != (enum gs_side)m->side)
		return "it is not the mover's turn";
	if (m->now > now_s + SKEW_S || m->now + SKEW_S < d->talk.heard.unix_s)
		return "the clocks differ";
	d->next = *mirror;
	const struct gs_game_input in = {.sender = m->side, .now = m->now, .move = &m->move};
	if (gs_game_step(&d->next, &d->rules, &in, &d->effects, &why) != GS_OK)
		return "the rules refuse the move";
	gs_agreed_digest(terms.chain_id, &terms.disputes, &d->next.state, &d->next.trace_root, &digest);
	if (gs_key_recover(&m->signature, &digest, &signer) != GS_OK ||
	    !gs_address_equal(&signer, m->side == GS_SIDE_CLAIMANT ? &d->claim.body.claimant : &d->game.challenger))
		return "the signature is not the other side's";
	return NULL;
}

static enum gs_err take(struct desk *d)
{
	const struct gs_agreed_terms terms = terms_of(d);
	struct gs_agreed agreed = {.state = d->next.state, .trace_root = d->next.trace_root};
	struct gs_signature ours;
	struct gs_error why = {0};
	enum gs_err err = GS_OK;

	if (gs_agreed_check(&terms, &d->game.game.state, &agreed, false, &why) != GS_OK) {
		refuse(d->turn->node, &d->game.id, why.text);
		return GS_OK;
	}
	err = enter(d);
	if (err == GS_ECONFLICT)
		return finish(d, "another answer to this state was signed before");
	if (!err && (err = sign(d, &ours)) != GS_OK && err != GS_ENOMEM)
		return finish(d, "the signer did not sign");
	if (err)
		return gs_fail(d->turn->j->error, err, "node: a state of a game cannot be signed");
	agreed.claimant = d->side == GS_SIDE_CLAIMANT ? ours : d->message.signature;
	agreed.challenger = d->side == GS_SIDE_CHALLENGER ? ours : d->message.signature;
	d->talk.newest = agreed;
	d->talk.agreed = true;
	d->talk.proposed = false;
	d->talk.message_len = 0;
	d->talk.mirror.game = d->next;
	d->talk.heard = d->turn->node->now;
	tell(d, "talk.heard", gs_move_name(d->message.move.kind));
	return gs_talk_store(d->turn->j, &d->talk);
}

enum gs_err gs_plan_told(struct gs_node_turn *t, struct gs_bytes bytes)
{
	struct desk *d;
	const char *why;
	bool quiet = false;
	enum gs_err err;

	if (!t->node->options.talk)
		return GS_OK;
	d = calloc(1, sizeof(*d));
	if (!d)
		return gs_fail(t->j->error, GS_ENOMEM, "node: no memory");
	if (gs_talk_decode(bytes, &d->message) != GS_OK) {
		refuse(t->node, NULL, "not a message of this version");
		free(d);
		return GS_OK;
	}
	err = sit_down(d, t, &d->message.game);
	if (!err)
		err = gs_talk_load(t->j, &d->message.game, &d->talk);
	if (err == GS_ENOTFOUND) { /* no such game here, or not yet */
		free(d);
		return GS_OK;
	}
	why = err ? NULL : check(d, &quiet);
	if (why && !quiet)
		refuse(t->node, &d->game.id, why);
	if (!err && !why)
		err = take(d);
	free(d);
	return err || why ? err : gs_node_plan(t);
}
