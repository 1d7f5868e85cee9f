/* Games played again: each starts from the logs' Opened, each move is a transaction's calldata by whoever signed it, made by the rules of challenge/game at the
 * block's time; what that leads to must be what the contract said. */
#include <stdlib.h>
#include <string.h>

#include "chain/eth/trie.h"
#include "challenge/game/calldata.h"
#include "validator/daemon/evidence_parts.h"
#include "validator/node/record.h"

struct played {
	bool opened, over;
	struct gs_game game;
	struct gs_address challenger;
	unsigned moves;
};

struct replay {
	struct gs_evidence_checking *c;
	struct gs_game_rules rules;
	struct played *game; /* by ordinal */
	struct gs_move_call *call;
	bool failed;
	unsigned unread; /* moves whose calldata is not here */
};

static void wrong(struct replay *r, unsigned ordinal, const char *why)
{
	r->failed = true;
	gs_evidence_say(r->c, "games", GS_EVIDENCE_FAILS, "game %u, after %u moves: %s", ordinal,
	                r->game[ordinal].moves, why);
}

static const struct gs_evidence_tx *tx_of(const struct gs_evidence_chain *chain, const struct gs_evidence_log *log)
{
	for (size_t i = 0; i < chain->txs; i++)
		if (chain->tx[i].block == log->block && chain->tx[i].index == log->tx)
			return chain->tx[i].decoded ? &chain->tx[i] : NULL;
	return NULL;
}

static bool states_equal(const struct gs_game_state *a, const struct gs_game_state *b)
{
	struct gs_hash x, y;

	gs_game_state_hash(a, &x);
	gs_game_state_hash(b, &y);
	return gs_hash_equal(&x, &y);
}

static void open_game(struct replay *r, const struct gs_game_event *e, const struct gs_evidence_log *log)
{
	struct played *p = &r->game[e->ordinal];

	if (p->opened) {
		wrong(r, e->ordinal, "it is opened twice");
		return;
	}
	p->opened = true;
	p->challenger = e->challenger;
	gs_game_open(&p->game, &r->rules, &e->claim, &e->challenger, (uint16_t)e->ordinal, e->state.units,
	             log->entry->time.unix_s);
	if (!states_equal(&p->game.state, &e->state))
		wrong(r, e->ordinal, "the rules open it in another state");
}

/* What was agreed off chain: both signatures must be there. */
static void agree(struct replay *r, struct played *p, const struct gs_game_event *e, const struct gs_evidence_log *log)
{
	const struct gs_agreed_terms terms = {.chain_id = r->c->e->contracts.chain_id,
	                                      .disputes = r->c->e->contracts.disputes,
	                                      .tag = r->rules.tag,
	                                      .budgets_s = (uint64_t)r->rules.claimant_budget_s +
	                                                   r->rules.challenger_budget_s,
	                                      .now = log->entry->time.unix_s};
	struct gs_error why = {0};

	if (gs_agreed_check(&terms, &p->game.state, &r->call->agreed, true, &why)) {
		wrong(r, e->ordinal, why.text);
		return;
	}
	if (gs_game_observe(&p->game, &r->call->agreed.state, NULL) || !states_equal(&p->game.state, &e->state)) {
		wrong(r, e->ordinal, "the state that was agreed on is not the contract's");
		return;
	}
	r->rules.tag = gs_trace_tag_of(&r->call->agreed.trace_root);
	p->game.trace_root = r->call->agreed.trace_root;
	p->moves++;
}

static uint8_t side_of(const struct gs_evidence *e, const struct played *p, const struct gs_address *sender)
{
	return gs_address_equal(sender, &e->body.claimant) ? GS_SIDE_CLAIMANT
	       : gs_address_equal(sender, &p->challenger)  ? GS_SIDE_CHALLENGER
	                                                   : 0;
}

/* Whether an earlier game of the claim was won by its challenger. */
static bool is_overtaken(const struct replay *r, unsigned ordinal)
{
	for (unsigned i = 0; i < ordinal; i++)
		if (r->game[i].over && r->game[i].game.outcome == GS_GAME_CHALLENGER_WON)
			return true;
	return false;
}

static void make_move(struct replay *r, const struct gs_game_event *e, const struct gs_evidence_log *log,
                      const struct gs_evidence_tx *tx)
{
	struct played *p = &r->game[e->ordinal];
	struct gs_game_effects effects;
	struct gs_error why = {0};
	const struct gs_game_input in = {
		.sender = side_of(r->c->e, p, &tx->sender), .now = log->entry->time.unix_s, .move = &r->call->move};

	if (gs_game_step(&p->game, &r->rules, &in, &effects, &why)) {
		wrong(r, e->ordinal, why.text);
		return;
	}
	p->moves++;
	if (effects.bound)
		r->rules.tag = gs_trace_tag_of(&p->game.trace_root);
	if (gs_game_event_has_state(e->kind)) {
		if (!states_equal(&p->game.state, &e->state))
			wrong(r, e->ordinal, "the move leads to another state than the contract's");
		return;
	}
	p->over = true;
	if (e->outcome == GS_GAME_CLOSED && is_overtaken(r, e->ordinal))
		return; /* whatever would end it closes it (docs/protocol.md, 5.5) */
	if (p->game.outcome != e->outcome || p->game.reason != e->reason)
		wrong(r, e->ordinal, "by the rules it ends in another way");
	else if (effects.judged && effects.computed != e->computed)
		wrong(r, e->ordinal, "the judge in C computes another value");
}

/* Whether the calldata is here, and about this game. */
static bool read_call(struct replay *r, const struct gs_evidence_tx *tx)
{
	return tx && !tx->tx.create && gs_address_equal(&tx->tx.to, &r->c->e->contracts.disputes) &&
	       gs_move_call_decode(tx->tx.data, r->call) == GS_OK;
}

/* The rules cannot say more of it than that the state is one, and that the side is over which says so. */
static void take_over(struct replay *r, const struct gs_game_event *e)
{
	struct played *p = &r->game[e->ordinal];

	r->unread++;
	if (!gs_game_event_has_state(e->kind)) {
		p->over = true;
		p->game.outcome = e->outcome;
		p->game.reason = e->reason;
	} else if (gs_game_observe(&p->game, &e->state, e->shown.len ? &e->shown : NULL)) {
		wrong(r, e->ordinal, "a state does not follow");
	}
	if (e->kind == GS_GAME_EVENT_AGREED)
		r->rules.tag = gs_trace_tag_of(&e->trace_root);
}

static void see(struct replay *r, const struct gs_game_event *e, const struct gs_evidence_log *log)
{
	struct played *p = e->ordinal < GS_EVIDENCE_GAMES_MAX ? &r->game[e->ordinal] : NULL;

	if (!p || e->kind == GS_GAME_EVENT_SETTLED)
		return;
	if (e->kind == GS_GAME_EVENT_OPENED) {
		open_game(r, e, log);
		return;
	}
	if (!p->opened || p->over) {
		wrong(r, e->ordinal, p->over ? "it goes on after its end" : "it goes on before it is opened");
		return;
	}
	if (!read_call(r, tx_of(&r->c->chain, log)))
		take_over(r, e);
	else if (r->call->agrees && e->kind == GS_GAME_EVENT_AGREED)
		agree(r, p, e, log);
	else if (r->call->agrees)
		take_over(r, e); /* agreed and proven at once */
	else
		make_move(r, e, log, tx_of(&r->c->chain, log));
}

/* --- what was signed off chain --- */

static void check_talks(struct gs_evidence_checking *c)
{
	struct gs_bytes list = c->e->talks, item;
	unsigned count = 0;

	while (gs_framed_next(&list, &item))
		count++;
	if (count)
		gs_evidence_say(
			c, "off chain", GS_EVIDENCE_UNCHECKED,
			"%u games were played off chain, too: the states that came on chain are checked with their signatures, the others are this node's record",
			count);
}

/* --- all of them --- */

static void tell(struct replay *r)
{
	unsigned games = 0, moves = 0, over = 0;

	for (unsigned i = 0; i < GS_EVIDENCE_GAMES_MAX; i++) {
		games += r->game[i].opened;
		moves += r->game[i].moves;
		over += r->game[i].over;
	}
	if (r->failed)
		return;
	if (games != (r->c->e->games < GS_EVIDENCE_GAMES_MAX ? r->c->e->games : GS_EVIDENCE_GAMES_MAX))
		gs_evidence_say(r->c, "games", GS_EVIDENCE_FAILS, "the node says that there are %u, the logs show %u",
		                r->c->e->games, games);
	else if (games == 0)
		gs_evidence_say(r->c, "games", GS_EVIDENCE_HOLDS, "there are none");
	else
		gs_evidence_say(
			r->c, "games", GS_EVIDENCE_HOLDS,
			"%u games (%u over), %u moves made again by the rules, each by its signer and at its block's time, with the contract's states and ends",
			games, over, moves);
	if (r->unread)
		gs_evidence_say(
			r->c, "moves", GS_EVIDENCE_UNCHECKED,
			"%u came through another contract or in a transaction that is not here: only their states are known",
			r->unread);
}

enum gs_err gs_evidence_check_games(struct gs_evidence_checking *c)
{
	struct replay r = {.c = c};
	struct gs_game_event *event = NULL;
	enum gs_err err = GS_OK;

	check_talks(c);
	if (!c->chain.whole) {
		gs_evidence_say(c, "games", GS_EVIDENCE_UNCHECKED, "there are no proven receipts to play by");
		return GS_OK;
	}
	if (!c->model_known) {
		gs_evidence_say(c, "games", GS_EVIDENCE_UNCHECKED, "the model's header is not here");
		return GS_OK;
	}
	r.rules = (struct gs_game_rules){.header = &c->model,
	                                 .body = c->e->body,
	                                 .claimant_budget_s = c->e->claimant_budget_s,
	                                 .challenger_budget_s = c->e->challenger_budget_s,
	                                 .minimum_time_s = c->e->minimum_time_s};
	r.game = calloc(GS_EVIDENCE_GAMES_MAX, sizeof(*r.game));
	r.call = calloc(1, sizeof(*r.call));
	event = calloc(1, sizeof(*event));
	if (!r.game || !r.call || !event) {
		err = gs_fail(c->error, GS_ENOMEM, "evidence: no memory");
		goto out;
	}
	for (size_t i = 0; i < c->chain.logs && !err && !r.failed; i++) {
		const struct gs_evidence_log *log = &c->chain.log[i];
		if (!gs_address_equal(&log->entry->address, &c->e->contracts.disputes) ||
		    gs_game_event_decode(log->entry, event) || !gs_hash_equal(&event->claim, &c->e->claim))
			continue;
		see(&r, event, log);
	}
	if (!err)
		tell(&r);
out:
	free(event);
	free(r.call);
	free(r.game);
	return err;
}
