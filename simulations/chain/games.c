/* Games of a claim and who is paid when they end: docs/protocol.md, section 5. */
#include "challenge/game/agreed.h"
#include "simulations/chain/batches.h"
#include "simulations/chain/stakes.h"

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
		err = gs_sim_lock(chain->bank, challenger, bond, error);
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
	gs_sim_tell(
		chain->bank, chain,
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

/* "refunds the moves that it made in time, as far as the pot lasts"; a duty that was not done has none */
static void refund(struct gs_sim_chain *chain, unsigned ordinal)
{
	struct gs_wei amount;
	if (chain->status != GS_SIM_CLAIM_INVALID || ordinal >= chain->games ||
	    chain->rules.plant == GS_SIM_PLANT_REFUND)
		return;
	GS_ASSERT(gs_bond_refund(&chain->rules.bonds, &chain->game[ordinal].game.state, chain->pot.amount, &amount) ==
	          GS_OK);
	if (gs_u256_is_zero(&amount.v))
		return;
	gs_sim_wei_take(&chain->pot.amount, amount);
	gs_sim_pay(chain->bank, chain->claimant, amount, chain->game[ordinal].challenger);
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
	gs_sim_settle(chain->bank, chain->rules.plant, g->challenger, payout.burned, chain->claimant, payout.rest,
	              none);
	if (!gs_u256_is_zero(&payout.kept.v))
		gs_sim_unlock(chain->bank, g->challenger, payout.kept);
}

/* "An open claim is invalid from now on": what was locked for it is the caller's to settle; of a leaf it is the batch's, once. */
static void lose(struct gs_sim_chain *chain, struct gs_wei *bond, struct gs_wei *fee)
{
	chain->status = GS_SIM_CLAIM_INVALID;
	gs_sim_tell(chain->bank, chain, (struct gs_sim_report){.kind = GS_SIM_REPORT_INVALIDATED});
	*bond = chain->claim_bond;
	*fee = chain->claim_fee;
	if (chain->batch != NULL)
		gs_sim_batch_lose(chain->batch, chain->bank, bond, fee);
}

static void tell_settled(struct gs_sim_chain *chain, unsigned winner, struct gs_wei amount)
{
	gs_sim_tell(chain->bank, chain,
	            (struct gs_sim_report){.kind = GS_SIM_REPORT_SETTLED, .other = winner, .amount = amount});
}

/* The claim is lost for the first time: `burned` of what was locked for it is nobody's, the rest of the bond is the pot, paid at once
 * when nobody else plays. `released` of the winner's own becomes free. */
static void invalidated(struct gs_sim_chain *chain, unsigned ordinal, unsigned winner, struct gs_wei burned,
                        struct gs_wei rest, struct gs_wei released)
{
	const struct gs_wei none = {.v = {{0}}};
	const bool last = chain->open_games == 0;
	gs_sim_settle(chain->bank, chain->rules.plant, chain->claimant, burned, winner, last ? rest : none, released);
	if (last)
		tell_settled(chain, winner, rest);
	else
		chain->pot = (struct gs_sim_pot){.winner = ordinal + 1, .account = winner, .amount = rest};
}

void gs_sim_forfeit(struct gs_sim_chain *chain, unsigned winner)
{
	const struct gs_wei none = {.v = {{0}}};
	struct gs_wei bond, fee, burned, rest;
	GS_ASSERT(chain->status == GS_SIM_CLAIM_OPEN);
	lose(chain, &bond, &fee);
	GS_ASSERT(gs_bond_share(bond, chain->rules.bonds.burn_bps, &burned) == GS_OK);
	rest = bond;
	gs_sim_wei_take(&rest, burned);
	gs_sim_wei_add(&burned, fee);
	invalidated(chain, chain->games, winner, burned, rest, none);
}

/* The first win makes the claim invalid; one of a game opened earlier takes its place. */
static void challenger_wins(struct gs_sim_chain *chain, unsigned index)
{
	const struct gs_sim_game *g = &chain->game[index];
	if (chain->status == GS_SIM_CLAIM_OPEN) {
		struct gs_wei bond, fee;
		lose(chain, &bond, &fee);
		struct gs_payout payout = payout_of(chain, g, bond);
		gs_sim_wei_add(&payout.burned, fee);
		if (!gs_u256_is_zero(&payout.kept.v))
			gs_sim_unlock(chain->bank, chain->claimant, payout.kept);
		invalidated(chain, index, g->challenger, payout.burned, payout.rest, bond_of(chain, g));
		return;
	}
	gs_sim_unlock(chain->bank, g->challenger, bond_of(chain, g));
	if (chain->rules.plant == GS_SIM_PLANT_PLACE)
		return;
	refund(chain, chain->pot.winner - 1);
	chain->pot.winner = index + 1;
	chain->pot.account = g->challenger;
}

static void pay_pot(struct gs_sim_chain *chain)
{
	const struct gs_sim_pot pot = chain->pot;
	if (pot.winner == 0 || chain->open_games > 0)
		return;
	unsigned winner = chain->rules.plant == GS_SIM_PLANT_PRIZE ? chain->game[chain->games - 1].challenger
	                                                           : pot.account;
	chain->pot = (struct gs_sim_pot){0};
	if (!gs_u256_is_zero(&pot.amount.v))
		gs_sim_pay(chain->bank, chain->claimant, pot.amount, winner);
	tell_settled(chain, winner, pot.amount);
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
		gs_sim_unlock(chain->bank, g->challenger, bond_of(chain, g));
		refund(chain, index);
		break;
	case GS_GAME_OPEN: GS_ASSERT(!"a game that ended");
	}
	gs_sim_tell(chain->bank, chain,
	            (struct gs_sim_report){.kind = GS_SIM_REPORT_OVER,
	                                   .game = index,
	                                   .effects = effects->judged && g->game.outcome != GS_GAME_CLOSED ? effects
	                                                                                                   : NULL});
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
		gs_sim_tell(chain->bank, chain,
		            (struct gs_sim_report){
				    .kind = GS_SIM_REPORT_MOVED, .game = game, .move = move, .effects = effects});
	return GS_OK;
}

/* Whether the state may take the place of the game's: "StaleState", "NotAgreed", "WrongSignature", "WrongTraceRoot", "ClaimSettled" */
static enum gs_err may_agree(const struct gs_sim_chain *chain, unsigned game, struct gs_agreed_terms terms,
                             const struct gs_agreed *to, bool is_signed, struct gs_error *error)
{
	const struct gs_game_rules *rules = &chain->game_rules;
	terms.tag = rules->tag;
	terms.budgets_s = (uint64_t)rules->claimant_budget_s + rules->challenger_budget_s;
	terms.now = chain->now;
	if (game >= chain->games || chain->game[game].game.outcome != GS_GAME_OPEN)
		return gs_fail(error, GS_EINVAL, "StaleState");
	enum gs_err err = gs_agreed_check(&terms, &chain->game[game].game.state, to, is_signed, error);
	if (err == GS_OK && chain->status != GS_SIM_CLAIM_OPEN)
		err = gs_fail(error, GS_EINVAL, "ClaimSettled");
	return err;
}

enum gs_err gs_sim_agree(struct gs_sim_chain *chain, unsigned game, const struct gs_game *agreed,
                         struct gs_error *error)
{
	const struct gs_agreed to = {.state = agreed->state, .trace_root = agreed->trace_root};
	enum gs_err err = may_agree(chain, game, (struct gs_agreed_terms){.chain_id = 0}, &to, false, error);
	if (err != GS_OK)
		return err;
	chain->game[game].game = *agreed;
	chain->game_rules.tag = gs_trace_tag_of(&agreed->trace_root);
	return GS_OK;
}

enum gs_err gs_sim_agree_signed(struct gs_sim_chain *chain, unsigned game, const struct gs_agreed_terms *terms,
                                const struct gs_agreed *agreed, struct gs_error *error)
{
	enum gs_err err = may_agree(chain, game, *terms, agreed, true, error);
	if (err != GS_OK)
		return err;
	chain->game[game].game.state = agreed->state;
	chain->game[game].game.trace_root = agreed->trace_root;
	chain->game_rules.tag = gs_trace_tag_of(&agreed->trace_root);
	gs_sim_tell(chain->bank, chain, (struct gs_sim_report){.kind = GS_SIM_REPORT_AGREED, .game = game});
	return GS_OK;
}

enum gs_err gs_sim_close(struct gs_sim_chain *chain, unsigned game, struct gs_error *error)
{
	const struct gs_move move = {.kind = GS_MOVE_CLOSE};
	struct gs_game_effects effects;
	return gs_sim_move(chain, game, chain->claimant, &move, &effects, error);
}
