#include "simulations/chain.h"

#include <string.h>

/* ---- money (protocol.md, section 2) ---- */

static void add(struct gs_wei *to, struct gs_wei amount)
{
	GS_ASSERT(gs_wei_add(*to, amount, to) == GS_OK); /* the sum of all deposits is far below 2^128 */
}

static void take(struct gs_wei *from, struct gs_wei amount)
{
	GS_ASSERT(gs_wei_sub(*from, amount, from) == GS_OK); /* callers have checked, or locked it themselves */
}

/* free -> locked */
static enum gs_err lock(struct gs_sim_chain *chain, unsigned account, struct gs_wei amount, struct gs_error *error)
{
	struct gs_sim_account *a = &chain->account[account];
	if (gs_wei_cmp(a->free, amount) < 0)
		return gs_fail(error, GS_EINVAL, "Insufficient");
	take(&a->free, amount);
	add(&a->locked, amount);
	return GS_OK;
}

static void unlock(struct gs_sim_chain *chain, unsigned account, struct gs_wei amount)
{
	take(&chain->account[account].locked, amount);
	add(&chain->account[account].free, amount);
}

/* "locked of account - amount; free of winner + (amount - burn)" */
static void slash(struct gs_sim_chain *chain, unsigned loser, unsigned winner, const struct gs_payout *payout)
{
	take(&chain->account[loser].locked, payout->slashed);
	if (chain->rules.plant == GS_SIM_PLANT_BURN) {
		add(&chain->account[winner].free, payout->slashed);
		return;
	}
	add(&chain->account[winner].free, payout->paid);
	add(&chain->burned, payout->burned);
}

static struct gs_wei rest_of(struct gs_wei bond, const struct gs_payout *payout)
{
	struct gs_wei rest = bond;
	take(&rest, payout->slashed);
	return rest;
}

unsigned gs_sim_account_new(struct gs_sim_chain *chain, struct gs_wei amount)
{
	GS_ASSERT(chain->accounts < GS_SIM_ACCOUNTS_MAX);
	chain->account[chain->accounts].free = amount;
	return chain->accounts++;
}

struct gs_address gs_sim_address(unsigned account)
{
	struct gs_address a = {{0}};
	a.b[19] = (uint8_t)(account + 1);
	return a;
}

/* ---- the claim (section 4) ---- */

enum gs_err gs_sim_post(struct gs_sim_chain *chain, unsigned claimant, struct gs_wei value, struct gs_error *error)
{
	GS_ASSERT(chain->status == GS_SIM_CLAIM_NONE);
	struct gs_wei bond;
	enum gs_err err = gs_bond_of_claim(&chain->rules.bonds, value, &bond);
	if (err == GS_OK)
		err = lock(chain, claimant, bond, error);
	if (err != GS_OK)
		return err;
	chain->claimant = claimant;
	chain->claim_bond = bond;
	chain->window_end = chain->now + chain->rules.window_s;
	chain->status = GS_SIM_CLAIM_OPEN;
	return GS_OK;
}

/* "when it is open, now > windowEnd and no game is open: the bond is unlocked" */
enum gs_err gs_sim_finalize(struct gs_sim_chain *chain, struct gs_error *error)
{
	if (chain->status != GS_SIM_CLAIM_OPEN)
		return gs_fail(error, GS_EINVAL, "ClaimNotOpen");
	if (chain->now <= chain->window_end)
		return gs_fail(error, GS_EINVAL, "WindowOpen");
	if (chain->open_games != 0)
		return gs_fail(error, GS_EINVAL, "GamesOpen");
	unlock(chain, chain->claimant, chain->claim_bond);
	chain->status = GS_SIM_CLAIM_FINAL;
	return GS_OK;
}

/* ---- games (section 5) ---- */

enum gs_err gs_sim_challenge(struct gs_sim_chain *chain, unsigned challenger, struct gs_error *error)
{
	if (chain->status != GS_SIM_CLAIM_OPEN)
		return gs_fail(error, GS_EINVAL, "ClaimNotOpen");
	if (chain->now > chain->window_end)
		return gs_fail(error, GS_EINVAL, "WindowOver");
	if (challenger == chain->claimant)
		return gs_fail(error, GS_EINVAL, "SelfChallenge");
	for (unsigned g = 0; g < chain->games; g++)
		if (chain->game[g].challenger == challenger)
			return gs_fail(error, GS_EINVAL, "GameExists");
	if (chain->games == GS_SIM_GAMES_MAX)
		return gs_fail(error, GS_EINVAL, "TooManyGames");
	enum gs_err err = lock(chain, challenger, chain->rules.bonds.challenger_bond, error);
	if (err != GS_OK)
		return err;
	struct gs_sim_game *g = &chain->game[chain->games];
	struct gs_hash claim = {{0xc1}}, id = {{0x9a, (uint8_t)chain->games}};
	struct gs_address claimant = gs_sim_address(chain->claimant), other = gs_sim_address(challenger);
	gs_game_open(&g->game, &chain->game_rules, &id, &claim, &claimant, &other, chain->now);
	g->challenger = challenger;
	g->opened_at = chain->now;
	chain->games++;
	chain->open_games++;
	return GS_OK;
}

bool gs_sim_settled_before(const struct gs_sim_chain *chain, unsigned game)
{
	return chain->winner != 0 && chain->winner - 1 < game;
}

/* "The prize goes to the earliest opened game that wins: while a game with a smaller index is open, it stays locked." */
static void pay_prize(struct gs_sim_chain *chain)
{
	if (chain->winner == 0 || chain->prize_paid)
		return;
	for (unsigned g = 0; g + 1 < chain->winner; g++)
		if (chain->game[g].game.outcome == GS_GAME_OPEN)
			return;
	const struct gs_sim_game *won = &chain->game[chain->winner - 1];
	struct gs_payout payout;
	/* "a concession is cheaper only while the claim has had one game" */
	enum gs_game_reason reason = chain->games == 1 ? (enum gs_game_reason)won->game.reason : GS_REASON_STEP;
	GS_ASSERT(gs_bond_payout(&chain->rules.bonds, chain->claim_bond, GS_GAME_CHALLENGER_WON, reason, &payout) ==
	          GS_OK);
	unsigned to = won->challenger;
	if (chain->rules.plant == GS_SIM_PLANT_PRIZE)
		to = chain->game[chain->games - 1].challenger;
	slash(chain, chain->claimant, to, &payout);
	unlock(chain, chain->claimant, rest_of(chain->claim_bond, &payout));
	chain->prize_paid = true;
}

static void end_game(struct gs_sim_chain *chain, unsigned index)
{
	struct gs_sim_game *g = &chain->game[index];
	struct gs_wei bond = chain->rules.bonds.challenger_bond;
	struct gs_payout payout;
	chain->open_games--;
	switch ((enum gs_game_outcome)g->game.outcome) {
	case GS_GAME_CLAIMANT_WON:
		GS_ASSERT(gs_bond_payout(&chain->rules.bonds, chain->claim_bond, GS_GAME_CLAIMANT_WON,
		                         (enum gs_game_reason)g->game.reason, &payout) == GS_OK);
		slash(chain, g->challenger, chain->claimant, &payout);
		unlock(chain, g->challenger, rest_of(bond, &payout));
		break;
	case GS_GAME_CHALLENGER_WON: /* no earlier opened game has won, or the move had been refused */
		unlock(chain, g->challenger, bond);
		chain->status = GS_SIM_CLAIM_INVALID;
		chain->winner = index + 1;
		break;
	case GS_GAME_CLOSED: unlock(chain, g->challenger, bond); break;
	case GS_GAME_OPEN: GS_ASSERT(!"a game that ended");
	}
	pay_prize(chain);
}

static enum gs_side side_of(const struct gs_sim_chain *chain, const struct gs_sim_game *g, unsigned account)
{
	return account == chain->claimant ? GS_SIDE_CLAIMANT : account == g->challenger ? GS_SIDE_CHALLENGER : 0;
}

enum gs_err gs_sim_move(struct gs_sim_chain *chain, unsigned game, unsigned sender, const struct gs_move *move,
                        struct gs_game_effects *effects, struct gs_error *error)
{
	struct gs_sim_game *g = &chain->game[game];
	if (game >= chain->games || g->game.outcome != GS_GAME_OPEN)
		return gs_fail(error, GS_EINVAL, "NoGame");
	if (gs_sim_settled_before(chain, game))
		return gs_fail(error, GS_EINVAL, "ClaimSettled");
	struct gs_game_input in = {.sender = (uint8_t)side_of(chain, g, sender), .now = chain->now, .move = move};
	enum gs_err err = gs_game_step(&g->game, &chain->game_rules, &in, effects, error);
	if (err != GS_OK)
		return err;
	if (effects->bound)
		chain->game_rules.trace_root = g->game.state.trace_root;
	if (chain->rules.plant == GS_SIM_PLANT_TIMEOUT && g->game.reason == GS_REASON_TIMEOUT)
		g->game.outcome = g->game.outcome == GS_GAME_CLAIMANT_WON ? GS_GAME_CHALLENGER_WON
		                                                          : GS_GAME_CLAIMANT_WON;
	if (g->game.outcome != GS_GAME_OPEN)
		end_game(chain, game);
	return GS_OK;
}

enum gs_err gs_sim_close(struct gs_sim_chain *chain, unsigned game, struct gs_error *error)
{
	struct gs_sim_game *g = &chain->game[game];
	if (game >= chain->games || g->game.outcome != GS_GAME_OPEN)
		return gs_fail(error, GS_EINVAL, "NoGame");
	if (!gs_sim_settled_before(chain, game))
		return gs_fail(error, GS_EINVAL, "NotSettled");
	g->game.outcome = GS_GAME_CLOSED;
	g->game.reason = GS_REASON_SETTLED;
	end_game(chain, game);
	return GS_OK;
}
