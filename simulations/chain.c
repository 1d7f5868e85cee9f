#include "simulations/chain.h"

#include <string.h>

#include "challenge/game/agreed.h"

/* ---- money (protocol.md, section 2) ---- */

static void add(struct gs_wei *to, struct gs_wei amount)
{
	GS_ASSERT(gs_wei_add(*to, amount, to) == GS_OK); /* the sum of all deposits is far below 2^128 */
}

static void take(struct gs_wei *from, struct gs_wei amount)
{
	GS_ASSERT(gs_wei_sub(*from, amount, from) == GS_OK); /* callers have checked, or locked it themselves */
}

static void tell(struct gs_sim_chain *chain, struct gs_sim_report report)
{
	if (chain->listener != NULL)
		chain->listener(chain->listener_self, chain, &report);
}

/* free -> locked */
static enum gs_err lock(struct gs_sim_chain *chain, unsigned account, struct gs_wei amount, struct gs_error *error)
{
	struct gs_sim_account *a = &chain->bank->account[account];
	if (gs_wei_cmp(a->free, amount) < 0)
		return gs_fail(error, GS_EINVAL, "Insufficient");
	take(&a->free, amount);
	add(&a->locked, amount);
	tell(chain, (struct gs_sim_report){.kind = GS_SIM_REPORT_LOCKED, .account = account, .amount = amount});
	return GS_OK;
}

static void unlock(struct gs_sim_chain *chain, unsigned account, struct gs_wei amount)
{
	take(&chain->bank->account[account].locked, amount);
	add(&chain->bank->account[account].free, amount);
	tell(chain, (struct gs_sim_report){.kind = GS_SIM_REPORT_UNLOCKED, .account = account, .amount = amount});
}

/* locked of one account -> free of another */
static void pay(struct gs_sim_chain *chain, unsigned from, struct gs_wei amount, unsigned to)
{
	if (gs_u256_is_zero(&amount.v))
		return;
	take(&chain->bank->account[from].locked, amount);
	add(&chain->bank->account[to].free, amount);
	tell(chain, (struct gs_sim_report){.kind = GS_SIM_REPORT_PAID, .account = from, .other = to, .amount = amount});
}

/* Stakes.settle: the loser's loss is burned but for the winner's gain, and `released` of the winner's own becomes free. */
static void settle(struct gs_sim_chain *chain, unsigned loser, struct gs_wei burned, unsigned winner,
                   struct gs_wei gain, struct gs_wei released)
{
	struct gs_sim_bank *bank = chain->bank;
	struct gs_wei loss;
	GS_ASSERT(gs_wei_add(burned, gain, &loss) == GS_OK);
	take(&bank->account[loser].locked, loss);
	add(chain->rules.plant == GS_SIM_PLANT_BURN ? &bank->account[winner].free : &bank->burned, burned);
	add(&bank->account[winner].free, gain);
	take(&bank->account[winner].locked, released);
	add(&bank->account[winner].free, released);
	tell(chain, (struct gs_sim_report){.kind = GS_SIM_REPORT_SLASHED,
	                                   .account = loser,
	                                   .other = winner,
	                                   .amount = loss,
	                                   .burned = burned,
	                                   .gain = gain,
	                                   .released = released});
}

unsigned gs_sim_account_new(struct gs_sim_bank *bank, struct gs_wei amount)
{
	GS_ASSERT(bank->accounts < GS_SIM_ACCOUNTS_MAX);
	bank->account[bank->accounts].free = amount;
	return bank->accounts++;
}

struct gs_address gs_sim_address(unsigned account)
{
	struct gs_address a = {{0}};
	a.b[0] = 0x51; /* not that of a precompiled contract */
	a.b[19] = (uint8_t)(account + 1);
	return a;
}

/* ---- the claim (section 4) ---- */

enum gs_err gs_sim_post(struct gs_sim_chain *chain, unsigned claimant, struct gs_wei value, struct gs_error *error)
{
	GS_ASSERT(chain->status == GS_SIM_CLAIM_NONE);
	struct gs_wei bond, fee, both;
	enum gs_err err = gs_bond_of_claim(&chain->rules.terms, value, &bond);
	if (err == GS_OK)
		err = gs_fee_of_claim(&chain->rules.terms, value, &fee);
	if (err == GS_OK)
		err = gs_wei_add(bond, fee, &both);
	if (err == GS_OK)
		err = lock(chain, claimant, both, error);
	if (err != GS_OK)
		return err;
	chain->claimant = claimant;
	chain->claim_bond = bond;
	chain->claim_fee = fee;
	chain->window_end = chain->now + chain->rules.terms.window_s;
	chain->status = GS_SIM_CLAIM_OPEN;
	return GS_OK;
}

/* "when it is open, now > windowEnd, no game is open: the bond is unlocked, the fee goes where 6.4 says" */
enum gs_err gs_sim_finalize(struct gs_sim_chain *chain, struct gs_error *error)
{
	if (chain->status != GS_SIM_CLAIM_OPEN)
		return gs_fail(error, GS_EINVAL, "ClaimNotOpen");
	if (chain->now <= chain->window_end)
		return gs_fail(error, GS_EINVAL, "WindowOpen");
	if (chain->open_games != 0)
		return gs_fail(error, GS_EINVAL, "GamesOpen");
	chain->status = GS_SIM_CLAIM_FINAL;
	tell(chain, (struct gs_sim_report){.kind = GS_SIM_REPORT_FINALIZED});
	unlock(chain, chain->claimant, chain->claim_bond);
	take(&chain->bank->account[chain->claimant].locked, chain->claim_fee);
	add(&chain->bank->pool, chain->claim_fee);
	if (!gs_u256_is_zero(&chain->claim_fee.v))
		tell(chain, (struct gs_sim_report){
				    .kind = GS_SIM_REPORT_FEE, .account = chain->claimant, .amount = chain->claim_fee});
	return GS_OK;
}

enum gs_err gs_sim_release(struct gs_sim_chain *chain, struct gs_error *error)
{
	if (chain->status != GS_SIM_CLAIM_OPEN)
		return gs_fail(error, GS_EINVAL, "ClaimNotOpen");
	struct gs_wei both;
	GS_ASSERT(gs_wei_add(chain->claim_bond, chain->claim_fee, &both) == GS_OK);
	chain->status = GS_SIM_CLAIM_VOID;
	tell(chain, (struct gs_sim_report){.kind = GS_SIM_REPORT_RELEASED});
	unlock(chain, chain->claimant, both);
	return GS_OK;
}

/* ---- games (section 5) ---- */

static uint16_t units_now(const struct gs_sim_chain *chain)
{
	return chain->rules.plant == GS_SIM_PLANT_UNITS ? 1 : (uint16_t)(1 + chain->open_games);
}

enum gs_err gs_sim_challenge(struct gs_sim_chain *chain, unsigned challenger, struct gs_error *error)
{
	if (challenger == chain->claimant)
		return gs_fail(error, GS_EINVAL, "SelfChallenge");
	if (chain->status != GS_SIM_CLAIM_OPEN)
		return gs_fail(error, GS_EINVAL, "ClaimNotOpen");
	if (chain->now > chain->window_end)
		return gs_fail(error, GS_EINVAL, "WindowOver");
	if (chain->games == GS_SIM_GAMES_MAX)
		return gs_fail(error, GS_EINVAL, "TooManyGames");
	struct gs_wei bond;
	enum gs_err err = gs_bond_of_game(&chain->rules.bonds, units_now(chain), &bond);
	if (err == GS_OK)
		err = lock(chain, challenger, bond, error);
	if (err != GS_OK)
		return err;
	struct gs_sim_game *g = &chain->game[chain->games];
	struct gs_address other = gs_sim_address(challenger);
	gs_game_open(&g->game, &chain->game_rules, &chain->claim, &other, (uint16_t)chain->games, units_now(chain),
	             chain->now);
	g->challenger = challenger;
	g->opened_at = chain->now;
	g->ended_before = chain->ended_games;
	chain->games++;
	chain->open_games++;
	tell(chain,
	     (struct gs_sim_report){.kind = GS_SIM_REPORT_OPENED, .game = chain->games - 1, .account = challenger});
	return GS_OK;
}

bool gs_sim_overtaken(const struct gs_sim_chain *chain, unsigned game)
{
	switch (chain->status) {
	case GS_SIM_CLAIM_NONE:
	case GS_SIM_CLAIM_OPEN:
	case GS_SIM_CLAIM_FINAL: return false;
	case GS_SIM_CLAIM_INVALID: return chain->pot.winner != 0 && chain->pot.winner - 1 < game;
	case GS_SIM_CLAIM_VOID: return true;
	}
	return false;
}

static struct gs_wei bond_of(const struct gs_sim_chain *chain, const struct gs_sim_game *g)
{
	struct gs_wei bond;
	GS_ASSERT(gs_bond_of_game(&chain->rules.bonds, g->game.state.units, &bond) == GS_OK); /* it was locked */
	return bond;
}

/* "refunds the moves that it made in time, as far as the pot lasts" */
static void refund(struct gs_sim_chain *chain, unsigned game)
{
	struct gs_wei amount;
	if (chain->status != GS_SIM_CLAIM_INVALID || chain->rules.plant == GS_SIM_PLANT_REFUND)
		return;
	GS_ASSERT(gs_bond_refund(&chain->rules.bonds, &chain->game[game].game.state, chain->pot.amount, &amount) ==
	          GS_OK);
	take(&chain->pot.amount, amount);
	pay(chain, chain->claimant, amount, chain->game[game].challenger);
}

static struct gs_payout payout_of(const struct gs_sim_chain *chain, const struct gs_sim_game *g, struct gs_wei bond)
{
	struct gs_payout payout;
	GS_ASSERT(gs_bond_payout(&chain->rules.bonds, bond, chain->games == 1, (enum gs_game_outcome)g->game.outcome,
	                         (enum gs_game_reason)g->game.reason, &payout) == GS_OK);
	return payout;
}

static void claimant_wins(struct gs_sim_chain *chain, const struct gs_sim_game *g)
{
	struct gs_payout payout = payout_of(chain, g, bond_of(chain, g));
	const struct gs_wei none = {0};
	settle(chain, g->challenger, payout.burned, chain->claimant, payout.rest, none);
	if (!gs_u256_is_zero(&payout.kept.v))
		unlock(chain, g->challenger, payout.kept);
}

/* The first win makes the claim invalid; one of a game opened earlier takes its place. */
static void challenger_wins(struct gs_sim_chain *chain, unsigned index)
{
	const struct gs_sim_game *g = &chain->game[index];
	const struct gs_wei none = {0};
	if (chain->status == GS_SIM_CLAIM_OPEN) {
		struct gs_payout payout = payout_of(chain, g, chain->claim_bond);
		bool last = chain->open_games == 0; /* the pot is paid at once */
		struct gs_wei burned = payout.burned;
		add(&burned, chain->claim_fee);
		chain->status = GS_SIM_CLAIM_INVALID;
		tell(chain, (struct gs_sim_report){.kind = GS_SIM_REPORT_INVALIDATED});
		if (!gs_u256_is_zero(&payout.kept.v))
			unlock(chain, chain->claimant, payout.kept);
		settle(chain, chain->claimant, burned, g->challenger, last ? payout.rest : none, bond_of(chain, g));
		if (last)
			tell(chain, (struct gs_sim_report){.kind = GS_SIM_REPORT_SETTLED,
			                                   .other = g->challenger,
			                                   .amount = payout.rest});
		else
			chain->pot = (struct gs_sim_pot){.winner = index + 1, .amount = payout.rest};
		return;
	}
	unlock(chain, g->challenger, bond_of(chain, g));
	if (chain->rules.plant == GS_SIM_PLANT_PLACE)
		return;
	refund(chain, chain->pot.winner - 1);
	chain->pot.winner = index + 1;
}

static void pay_pot(struct gs_sim_chain *chain)
{
	if (chain->pot.winner == 0 || chain->open_games > 0)
		return;
	unsigned game = chain->rules.plant == GS_SIM_PLANT_PRIZE ? chain->games - 1 : chain->pot.winner - 1;
	pay(chain, chain->claimant, chain->pot.amount, chain->game[game].challenger);
	tell(chain, (struct gs_sim_report){.kind = GS_SIM_REPORT_SETTLED,
	                                   .other = chain->game[game].challenger,
	                                   .amount = chain->pot.amount});
	chain->pot = (struct gs_sim_pot){0};
}

static void end_game(struct gs_sim_chain *chain, unsigned index, const struct gs_game_effects *effects)
{
	struct gs_sim_game *g = &chain->game[index];
	if (gs_sim_overtaken(chain, index)) {
		g->game.outcome = GS_GAME_CLOSED;
		g->game.reason = GS_REASON_CLOSED;
	}
	g->ended = ++chain->ended_games;
	chain->open_games--;
	switch ((enum gs_game_outcome)g->game.outcome) {
	case GS_GAME_CLAIMANT_WON: claimant_wins(chain, g); break;
	case GS_GAME_CHALLENGER_WON: challenger_wins(chain, index); break;
	case GS_GAME_CLOSED:
		unlock(chain, g->challenger, bond_of(chain, g));
		refund(chain, index);
		break;
	case GS_GAME_OPEN: GS_ASSERT(!"a game that ended");
	}
	tell(chain,
	     (struct gs_sim_report){.kind = GS_SIM_REPORT_OVER,
	                            .game = index,
	                            .effects = effects->judged && g->game.outcome != GS_GAME_CLOSED ? effects : NULL});
	pay_pot(chain);
}

static enum gs_side side_of(const struct gs_sim_chain *chain, const struct gs_sim_game *g, unsigned account)
{
	return account == chain->claimant ? GS_SIDE_CLAIMANT : account == g->challenger ? GS_SIDE_CHALLENGER : 0;
}

enum gs_err gs_sim_move(struct gs_sim_chain *chain, unsigned game, unsigned sender, const struct gs_move *move,
                        struct gs_game_effects *effects, struct gs_error *error)
{
	struct gs_sim_game *g = &chain->game[game];
	if (game >= chain->games)
		return gs_fail(error, GS_EINVAL, "StaleState");
	struct gs_game_input in = {.sender = (uint8_t)side_of(chain, g, sender), .now = chain->now, .move = move};
	if (move->kind == GS_MOVE_CLOSE && !gs_sim_overtaken(chain, game))
		return gs_fail(error, GS_EINVAL, "NotSettled");
	enum gs_err err = gs_game_step(&g->game, &chain->game_rules, &in, effects, error);
	if (err != GS_OK)
		return err;
	if (effects->bound)
		chain->game_rules.tag = gs_trace_tag_of(&g->game.trace_root);
	if (chain->rules.plant == GS_SIM_PLANT_TIMEOUT && g->game.reason == GS_REASON_TIMEOUT)
		g->game.outcome = g->game.outcome == GS_GAME_CLAIMANT_WON ? GS_GAME_CHALLENGER_WON
		                                                          : GS_GAME_CLAIMANT_WON;
	if (g->game.outcome != GS_GAME_OPEN)
		end_game(chain, game, effects);
	else
		tell(chain, (struct gs_sim_report){
				    .kind = GS_SIM_REPORT_MOVED, .game = game, .move = move, .effects = effects});
	return GS_OK;
}

enum gs_err gs_sim_agree(struct gs_sim_chain *chain, unsigned game, const struct gs_game *agreed,
                         struct gs_error *error)
{
	struct gs_sim_game *g = &chain->game[game];
	const struct gs_game_rules *rules = &chain->game_rules;
	const struct gs_agreed to = {.state = agreed->state, .trace_root = agreed->trace_root};
	const struct gs_agreed_terms terms = {.tag = rules->tag,
	                                      .budgets_s = (uint64_t)rules->claimant_budget_s +
	                                                   rules->challenger_budget_s,
	                                      .now = chain->now};
	if (game >= chain->games || g->game.outcome != GS_GAME_OPEN)
		return gs_fail(error, GS_EINVAL, "StaleState");
	enum gs_err err = gs_agreed_check(&terms, &g->game.state, &to, false, error);
	if (err != GS_OK)
		return err;
	if (chain->status != GS_SIM_CLAIM_OPEN)
		return gs_fail(error, GS_EINVAL, "ClaimSettled");
	g->game = *agreed;
	chain->game_rules.tag = gs_trace_tag_of(&agreed->trace_root);
	return GS_OK;
}

enum gs_err gs_sim_close(struct gs_sim_chain *chain, unsigned game, struct gs_error *error)
{
	const struct gs_move move = {.kind = GS_MOVE_CLOSE};
	struct gs_game_effects effects;
	return gs_sim_move(chain, game, chain->claimant, &move, &effects, error);
}
