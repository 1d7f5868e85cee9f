#include "simulations/nodes/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "simulations/oracles/oracles.h"

static const char *kind_of(const struct gs_sim_run *r, unsigned account)
{
	return r->kind[account]->name;
}

static unsigned claim_number(const struct gs_sim_run *r, const struct gs_hash *id)
{
	unsigned i = 0;
	while (i < r->claims && !gs_hash_equal(&r->claim[i].id, id))
		i++;
	return i;
}

void gs_sim_timeline_begin(const struct gs_sim_run *r)
{
	const struct gs_sim_network_rules *rules = &r->network.rules;
	if (r->options->log == NULL)
		return;
	for (unsigned a = 0; a < r->actors; a++)
		gs_sim_run_note(r, "%s %u %s; has %llu", kind_of(r, a), a, r->kind[a]->about,
		                (unsigned long long)gs_sim_small(rules->deposit[a]));
	gs_sim_run_note(r, "fault %s: %s", gs_sim_fault_name(r->began_with), gs_sim_fault_kind(r->began_with)->about);
	gs_sim_run_note(r, "window %u s; clocks: claimant %u s, challenger %u s, no answer has less than %u s",
	                rules->rules.terms.window_s, rules->claimant_budget_s, rules->challenger_budget_s,
	                rules->minimum_time_s);
	for (unsigned i = 0; i < r->claims; i++)
		gs_sim_run_note(r, "claim %u of %s %u is %s", i, kind_of(r, r->claim[i].account), r->claim[i].account,
		                r->claim[i].wrong ? "WRONG" : "right");
}

static void tell_move(struct gs_sim_run *r, const struct gs_sim_tx *tx, const struct gs_sim_call *call)
{
	const struct gs_sim_chain *c = gs_sim_run_claim_of(r, tx->sender, call);
	const struct gs_sim_game *g = gs_sim_run_game_of(r, tx->sender, call);
	if (c == NULL || g == NULL)
		return;
	const struct gs_game_state *s = &g->game.state;
	gs_sim_run_note(r, "    game %u of claim %u, %s %u against %s %u", (unsigned)(g - c->game),
	                claim_number(r, &c->claim), kind_of(r, c->claimant), c->claimant, kind_of(r, g->challenger),
	                g->challenger);
	if (tx->success && g->game.outcome == GS_GAME_OPEN)
		gs_sim_run_note(r, "    the %s may answer for %lld s; clocks: claimant %u s, challenger %u s",
		                gs_game_turn(&g->game) == GS_SIDE_CLAIMANT ? "claimant" : "challenger",
		                (long long)(s->deadline - r->now_s), s->claimant_left, s->challenger_left);
}

void gs_sim_timeline_block(struct gs_sim_run *r, const struct gs_sim_block *b)
{
	struct gs_sim_call *call = r->options->log == NULL ? NULL : malloc(sizeof(*call));
	for (unsigned i = 0; call != NULL && i < b->txs; i++) {
		const struct gs_sim_tx *tx = r->network.tx[b->tx[i]];
		if (gs_sim_call_decode(&r->network.rules.contracts, &tx->to, tx->data, call) != GS_OK) {
			gs_sim_run_note(r, "block %llu  %s %u nonce %llu  nothing, in place of another transaction",
			                (unsigned long long)b->head.number, kind_of(r, tx->sender), tx->sender,
			                (unsigned long long)tx->nonce);
			continue;
		}
		const struct gs_sim_chain *c = gs_sim_run_claim_of(r, tx->sender, call);
		char about[32] = "";
		if (c != NULL && call->kind != GS_SIM_CALL_MOVE)
			snprintf(about, sizeof(about), " claim %u", claim_number(r, &c->claim));
		gs_sim_run_note(r, "block %llu  %s %u nonce %llu  %s%s%s%s", (unsigned long long)b->head.number,
		                kind_of(r, tx->sender), tx->sender, (unsigned long long)tx->nonce,
		                call->kind == GS_SIM_CALL_MOVE ? gs_move_name(call->move.kind)
		                                               : gs_sim_call_name(call->kind),
		                about, tx->success ? "" : ": fails, ", tx->success ? "" : tx->why);
		if (call->kind == GS_SIM_CALL_MOVE)
			tell_move(r, tx, call);
	}
	free(call);
}

static void look_at_claim(struct gs_sim_run *r, unsigned i)
{
	static const char *const statuses[] = {"not on chain", "open", "INVALID", "final", "void"};
	static const char *const outcomes[] = {"", "open", "won by the claimant", "won by the challenger", "closed"};
	static const char *const reasons[] = {"", " by the judge", " by the clock", " by concession",
	                                      "", " by the output"};
	struct gs_sim_told *told = &r->told;
	const struct gs_sim_chain *c = gs_sim_network_claim(&r->network, &r->claim[i].id);
	const unsigned status = c == NULL ? 0 : (unsigned)c->status;
	for (unsigned g = 0; c != NULL && g < GS_SIM_GAMES_MAX; g++) {
		const unsigned outcome = g < c->games ? c->game[g].game.outcome : 0;
		if (outcome != told->outcome[i][g] && outcome != 0)
			gs_sim_run_note(r, "game %u of claim %u, of %s %u, is %s%s", g, i,
			                kind_of(r, c->game[g].challenger), c->game[g].challenger, outcomes[outcome],
			                outcome == GS_GAME_OPEN ? "" : reasons[c->game[g].game.reason]);
		told->outcome[i][g] = outcome;
	}
	if (status != told->status[i])
		gs_sim_run_note(r, "claim %u is %s", i, statuses[status]);
	told->status[i] = status;
}

void gs_sim_timeline_look(struct gs_sim_run *r)
{
	if (r->options->log == NULL)
		return;
	for (unsigned i = 0; i < r->claims; i++)
		look_at_claim(r, i);
	for (unsigned a = 0; a < r->actors; a++) {
		const uint64_t has = gs_sim_run_balance(r, a), had = r->told.balance[a];
		if (had != 0 && has != had)
			gs_sim_run_note(r, "%s %u has %llu, %llu %s", kind_of(r, a), a, (unsigned long long)has,
			                (unsigned long long)(has > had ? has - had : had - has),
			                has > had ? "more" : "less");
		r->told.balance[a] = has;
	}
}
