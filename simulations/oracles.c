#include "simulations/oracles.h"

typedef unsigned __int128 amount;

const char *gs_sim_violation_name(enum gs_sim_violation v)
{
	switch (v) {
	case GS_SIM_NO_VIOLATION: return "none";
	case GS_SIM_FUNDS_LOST: return "funds lost";
	case GS_SIM_WRONG_BALANCE: return "wrong balance";
	case GS_SIM_HONEST_LOSS: return "honest loss";
	case GS_SIM_WRONG_WINNER: return "wrong winner of the prize";
	case GS_SIM_WRONG_LOSER: return "wrong loser of a timeout";
	case GS_SIM_WRONG_CLOCK: return "wrong clock";
	case GS_SIM_TWO_TRACES: return "two traces of one claim";
	case GS_SIM_WRONG_CLAIM_FINAL: return "wrong claim final";
	case GS_SIM_RIGHT_CLAIM_INVALID: return "right claim invalid";
	case GS_SIM_GAME_TOO_LONG: return "game too long";
	case GS_SIM_NOT_OVER: return "not over";
	case GS_SIM_HONEST_REFUSED: return "honest move refused";
	case GS_SIM_STRATEGY_FAILED: return "strategy without an answer";
	case GS_SIM_VIEWS_DIFFER: return "views differ";
	case GS_SIM_EXECUTORS_DIFFER: return "executors differ";
	}
	return "unknown";
}

unsigned gs_sim_moves_max(const struct gs_program *program)
{
	unsigned levels = program->header.trace_depth > 2 ? program->header.trace_depth - 2 : 0;
	unsigned rounds = levels == 0 ? 0 : levels <= 4 ? 1 : 1 + (levels - 4 + 4) / 5, most = 0;
	for (uint32_t i = 0; i < program->count; i++) {
		const struct gs_instr instr = gs_program_instr(program, i), *in = &instr;
		unsigned shown = 0;
		if (in->form != GS_FOLD)
			continue;
		/* The longest stretch between two of the 64 states shown is one less than their distance. */
		for (uint64_t stretch = gs_instr_terms(in) + 1; stretch > 0; stretch = (stretch + 65) / 65 - 1)
			shown++;
		if (shown > most)
			most = shown;
	}
	/* commitTrace, a select and a reveal a round, selectElement, two moves for every showing of states, proveStep */
	return 1 + 2 * rounds + 1 + 2 * most + 1;
}

static amount value_of(struct gs_wei v)
{
	GS_ASSERT(v.v.limb[2] == 0 && v.v.limb[3] == 0);
	return (amount)v.v.limb[1] << 64 | v.v.limb[0];
}

struct books { /* as the rules have them */
	amount total[GS_SIM_ACCOUNTS_MAX];
	amount locked[GS_SIM_ACCOUNTS_MAX];
	amount burned;
	amount pool;
};

/* What has become of the claim after some of its games. */
struct fate {
	bool lost;
	unsigned winner; /* the earliest opened game that won */
	amount pot;
};

static amount least(amount a, amount b)
{
	return a < b ? a : b;
}

/* A challenge, and every second move since: the sides take turns. */
static amount refund_of(const struct gs_sim_chain *chain, const struct gs_sim_game *game, amount pot)
{
	unsigned answers = game->game.state.move / 2u;
	if (game->game.state.move >= 128)
		return 0; /* agreed off chain, where moves cost nothing */
	return least(pot, (1 + answers) * value_of(chain->rules.bonds.refund_per_move));
}

static amount bond_of(const struct gs_sim_chain *chain, unsigned g)
{
	amount units = 1; /* and one for every game that was open when it was opened */
	for (unsigned k = 0; k < g; k++)
		units += chain->game[k].ended == 0 || chain->game[k].ended > chain->game[g].ended_before;
	return units * value_of(chain->rules.bonds.challenger_bond);
}

static void claim_lost(const struct gs_sim_chain *chain, unsigned g, struct books *b, struct fate *fate)
{
	const struct gs_bond_rules *rules = &chain->rules.bonds;
	const struct gs_sim_game *game = &chain->game[g];
	bool cheap = game->game.reason == GS_REASON_CONCESSION && chain->games == 1;
	amount bond = value_of(chain->claim_bond), loss = cheap ? bond * rules->concede_bps / 10000 : bond;
	amount burn = loss * rules->burn_bps / 10000;
	b->total[chain->claimant] -= burn + value_of(chain->claim_fee);
	b->burned += burn + value_of(chain->claim_fee);
	*fate = (struct fate){.lost = true, .winner = g, .pot = loss - burn};
}

static void give(struct books *b, unsigned from, unsigned to, amount v)
{
	b->total[from] -= v;
	b->total[to] += v;
}

/* One game that is over, in the order in which they ended. */
static void book_game(const struct gs_sim_chain *chain, unsigned g, struct books *b, struct fate *fate)
{
	const struct gs_bond_rules *rules = &chain->rules.bonds;
	const struct gs_sim_game *game = &chain->game[g];
	if (game->game.outcome == GS_GAME_CLAIMANT_WON) {
		amount bond = bond_of(chain, g);
		amount loss = game->game.reason == GS_REASON_CONCESSION ? bond * rules->concede_bps / 10000 : bond;
		amount burn = loss * rules->burn_bps / 10000;
		give(b, game->challenger, chain->claimant, loss);
		b->total[chain->claimant] -= burn;
		b->burned += burn;
	} else if (game->game.outcome == GS_GAME_CHALLENGER_WON && !fate->lost) {
		claim_lost(chain, g, b, fate);
	} else {
		/* Closed, or the winner so far that is put out of its place: its gas comes out of the pot. */
		const struct gs_sim_game *out = game;
		if (game->game.outcome == GS_GAME_CHALLENGER_WON) {
			out = &chain->game[fate->winner];
			fate->winner = g;
		}
		amount refund = fate->lost ? refund_of(chain, out, fate->pot) : 0;
		fate->pot -= refund;
		give(b, chain->claimant, out->challenger, refund);
	}
}

static void keep_books(const struct gs_sim_oracle *oracle, const struct gs_sim_chain *chain, struct books *b)
{
	struct fate fate = {.lost = false};
	*b = (struct books){.burned = 0};
	for (unsigned a = 0; a < chain->bank->accounts; a++)
		b->total[a] = oracle->deposit[a];
	for (unsigned n = 1; n <= chain->ended_games; n++)
		for (unsigned g = 0; g < chain->games; g++)
			if (chain->game[g].ended == n)
				book_game(chain, g, b, &fate);
	for (unsigned g = 0; g < chain->games; g++)
		if (chain->game[g].ended == 0)
			b->locked[chain->game[g].challenger] += bond_of(chain, g);
	bool over = chain->ended_games == chain->games;
	if (fate.lost && over)
		give(b, chain->claimant, chain->game[fate.winner].challenger, fate.pot);
	else
		b->locked[chain->claimant] += fate.pot;
	if (chain->status == GS_SIM_CLAIM_OPEN)
		b->locked[chain->claimant] += value_of(chain->claim_bond) + value_of(chain->claim_fee);
	if (chain->status == GS_SIM_CLAIM_FINAL) {
		b->total[chain->claimant] -= value_of(chain->claim_fee);
		b->pool += value_of(chain->claim_fee);
	}
}

/* A game with a smaller ordinal that won has the prize; a later one that won before it has been put out of its place. */
static bool wrong_winner(const struct gs_sim_chain *chain)
{
	if (chain->pot.winner == 0)
		return false;
	for (unsigned g = 0; g + 1 < chain->pot.winner; g++)
		if (chain->game[g].game.outcome == GS_GAME_CHALLENGER_WON)
			return true;
	return false;
}

static bool two_traces(const struct gs_sim_chain *chain)
{
	const struct gs_hash *bound = NULL;
	for (unsigned g = 0; g < chain->games; g++) {
		const struct gs_hash *root = &chain->game[g].game.trace_root;
		if (gs_hash_is_zero(root))
			continue;
		if (bound != NULL && !gs_hash_equal(bound, root))
			return true;
		bound = root;
	}
	return false;
}

enum gs_sim_violation gs_sim_check(const struct gs_sim_oracle *oracle, const struct gs_sim_chain *chain)
{
	struct books books;
	amount deposited = 0, there = value_of(chain->bank->burned) + value_of(chain->bank->pool);
	keep_books(oracle, chain, &books);
	for (unsigned a = 0; a < chain->bank->accounts; a++) {
		deposited += oracle->deposit[a];
		there += value_of(chain->bank->account[a].free) + value_of(chain->bank->account[a].locked);
	}
	if (deposited != there)
		return GS_SIM_FUNDS_LOST;
	for (unsigned a = 0; a < chain->bank->accounts; a++) {
		amount total = value_of(chain->bank->account[a].free) + value_of(chain->bank->account[a].locked);
		amount fee = a == chain->claimant && chain->status == GS_SIM_CLAIM_FINAL ? value_of(chain->claim_fee)
		                                                                         : 0;
		if (oracle->honest[a] && total + fee < oracle->deposit[a])
			return GS_SIM_HONEST_LOSS;
		if (total != books.total[a] || value_of(chain->bank->account[a].locked) != books.locked[a])
			return GS_SIM_WRONG_BALANCE;
	}
	if (value_of(chain->bank->burned) != books.burned || value_of(chain->bank->pool) != books.pool)
		return GS_SIM_WRONG_BALANCE;
	if (wrong_winner(chain))
		return GS_SIM_WRONG_WINNER;
	for (unsigned g = 0; g < chain->games; g++)
		if (chain->game[g].game.state.move % 128u >= oracle->moves_max)
			return GS_SIM_GAME_TOO_LONG; /* the last move ends the game and is not counted in its state */
	if (two_traces(chain))
		return GS_SIM_TWO_TRACES;
	if (chain->status == GS_SIM_CLAIM_FINAL && !oracle->claim_right)
		for (unsigned g = 0; g < chain->games; g++)
			if (oracle->honest[chain->game[g].challenger])
				return GS_SIM_WRONG_CLAIM_FINAL;
	if (chain->status == GS_SIM_CLAIM_INVALID && oracle->claim_right && oracle->honest[chain->claimant])
		return GS_SIM_RIGHT_CLAIM_INVALID;
	return GS_SIM_NO_VIOLATION;
}

/* Commit, Reveal, States and Step are the claimant's. */
static bool is_claimants(unsigned phase)
{
	return phase == 1 || phase == 3 || phase == 5 || phase == 7 || phase == 9;
}

void gs_sim_clock_start(struct gs_sim_clock *clock, const struct gs_game_rules *rules, uint64_t now)
{
	uint64_t time = rules->claimant_budget_s;
	clock->claimants = true;
	clock->left[0] = rules->claimant_budget_s;
	clock->left[1] = rules->challenger_budget_s;
	clock->deadline = now + (time < rules->minimum_time_s ? rules->minimum_time_s : time);
}

void gs_sim_clock_set(struct gs_sim_clock *clock, const struct gs_game *game)
{
	clock->claimants = is_claimants(game->state.phase);
	clock->deadline = game->state.deadline;
	clock->left[0] = game->state.claimant_left;
	clock->left[1] = game->state.challenger_left;
}

enum gs_sim_violation gs_sim_clock_check(struct gs_sim_clock *clock, const struct gs_game_rules *rules, uint64_t now,
                                         const struct gs_game *game)
{
	const struct gs_game_state *s = &game->state;
	bool timeout = game->reason == GS_REASON_TIMEOUT;
	if (game->outcome == GS_GAME_CLOSED)
		return GS_SIM_NO_VIOLATION; /* by anybody, at any time */
	if (timeout != (now > clock->deadline))
		return GS_SIM_WRONG_CLOCK; /* a move too late, or a timeout too early */
	if (game->outcome != GS_GAME_OPEN)
		return GS_SIM_NO_VIOLATION;
	clock->left[clock->claimants ? 0 : 1] = clock->deadline - now;
	clock->claimants = is_claimants(s->phase);
	uint64_t next = clock->left[clock->claimants ? 0 : 1];
	clock->deadline = now + (next < rules->minimum_time_s ? rules->minimum_time_s : next);
	bool same = s->deadline == clock->deadline && s->claimant_left == clock->left[0] &&
	            s->challenger_left == clock->left[1];
	return same ? GS_SIM_NO_VIOLATION : GS_SIM_WRONG_CLOCK;
}

enum gs_sim_violation gs_sim_check_timeout(unsigned phase, const struct gs_game *game)
{
	if (game->outcome == GS_GAME_CLOSED)
		return GS_SIM_NO_VIOLATION; /* overtaken: nobody loses */
	return (game->outcome == GS_GAME_CHALLENGER_WON) == is_claimants(phase) ? GS_SIM_NO_VIOLATION
	                                                                        : GS_SIM_WRONG_LOSER;
}
