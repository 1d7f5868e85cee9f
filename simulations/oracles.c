#include "simulations/oracles.h"

typedef unsigned __int128 amount;

const char *gs_sim_violation_name(enum gs_sim_violation v)
{
	switch (v) {
	case GS_SIM_NO_VIOLATION: return "none";
	case GS_SIM_FUNDS_LOST: return "funds lost";
	case GS_SIM_WRONG_BALANCE: return "wrong balance";
	case GS_SIM_HONEST_LOSS: return "honest loss";
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
	unsigned rounds = (levels + 4) / 5, most = 0;
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
};

static void transfer(struct books *b, const struct gs_bond_rules *rules, unsigned loser, unsigned winner, amount bond,
                     unsigned reason)
{
	amount loss = reason == GS_REASON_CONCESSION ? bond * rules->concede_bps / 10000 : bond;
	amount burn = loss * rules->burn_bps / 10000;
	b->total[loser] -= loss;
	b->total[winner] += loss - burn;
	b->burned += burn;
}

static void keep_books(const struct gs_sim_oracle *oracle, const struct gs_sim_chain *chain, struct books *b)
{
	const struct gs_bond_rules *rules = &chain->rules.bonds;
	amount game_bond = value_of(rules->challenger_bond), claim_bond = value_of(chain->claim_bond);
	bool earlier_open = false, decided = false, claim_lost = false;
	*b = (struct books){.burned = 0};
	for (unsigned a = 0; a < chain->accounts; a++)
		b->total[a] = oracle->deposit[a];
	for (unsigned g = 0; g < chain->games; g++) {
		const struct gs_sim_game *game = &chain->game[g];
		if (game->game.outcome == GS_GAME_OPEN)
			b->locked[game->challenger] += game_bond;
		if (game->game.outcome == GS_GAME_CLAIMANT_WON)
			transfer(b, rules, game->challenger, chain->claimant, game_bond, game->game.reason);
		if (game->game.outcome == GS_GAME_CHALLENGER_WON && !claim_lost) {
			claim_lost = true; /* the first in order of opening */
			decided = !earlier_open;
			if (decided)
				transfer(b, rules, chain->claimant, game->challenger, claim_bond,
				         chain->games == 1 ? game->game.reason : GS_REASON_STEP);
		}
		earlier_open |= game->game.outcome == GS_GAME_OPEN;
	}
	if (chain->status == GS_SIM_CLAIM_OPEN || (claim_lost && !decided))
		b->locked[chain->claimant] += claim_bond;
}

static bool two_traces(const struct gs_sim_chain *chain)
{
	const struct gs_hash *bound = NULL;
	for (unsigned g = 0; g < chain->games; g++) {
		const struct gs_hash *root = &chain->game[g].game.state.trace_root;
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
	amount deposited = 0, there = value_of(chain->burned);
	keep_books(oracle, chain, &books);
	for (unsigned a = 0; a < chain->accounts; a++) {
		deposited += oracle->deposit[a];
		there += value_of(chain->account[a].free) + value_of(chain->account[a].locked);
	}
	if (deposited != there)
		return GS_SIM_FUNDS_LOST;
	for (unsigned a = 0; a < chain->accounts; a++) {
		amount total = value_of(chain->account[a].free) + value_of(chain->account[a].locked);
		if (oracle->honest[a] && total < oracle->deposit[a])
			return GS_SIM_HONEST_LOSS;
		if (total != books.total[a] || value_of(chain->account[a].locked) != books.locked[a])
			return GS_SIM_WRONG_BALANCE;
	}
	if (value_of(chain->burned) != books.burned)
		return GS_SIM_WRONG_BALANCE;
	for (unsigned g = 0; g < chain->games; g++)
		if (chain->game[g].game.state.move >= oracle->moves_max)
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
	return phase == 1 || phase == 3 || phase == 5 || phase == 7;
}

void gs_sim_clock_start(struct gs_sim_clock *clock, const struct gs_game_rules *rules, uint64_t now)
{
	uint64_t time = rules->claimant_budget_s;
	clock->claimants = true;
	clock->left[0] = rules->claimant_budget_s;
	clock->left[1] = rules->challenger_budget_s;
	clock->deadline = now + (time < rules->minimum_time_s ? rules->minimum_time_s : time);
}

enum gs_sim_violation gs_sim_clock_check(struct gs_sim_clock *clock, const struct gs_game_rules *rules, uint64_t now,
                                         const struct gs_game *game)
{
	const struct gs_game_state *s = &game->state;
	bool timeout = game->reason == GS_REASON_TIMEOUT;
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
	return (game->outcome == GS_GAME_CHALLENGER_WON) == is_claimants(phase) ? GS_SIM_NO_VIOLATION
	                                                                        : GS_SIM_WRONG_LOSER;
}
