#include "simulations/world.h"

#include <stdlib.h>
#include <string.h>

#include "challenge/game/agreed.h"
#include "simulations/players.h"
#include "simulations/programs.h"
#include "validator/exec/exec.h"

enum { CLAIMANT = 0, PLAYERS_MAX = 1 + GS_SIM_CHALLENGERS_MAX };

struct world {
	const struct gs_sim_options *options;
	struct gs_sim_tally *tally;
	struct gs_rng rng;
	struct gs_program program;
	uint8_t *inputs;       /* owned */
	uint8_t *other_inputs; /* owned: what a claimant of the wrong input ran */
	struct gs_commitments common;
	struct gs_sim_execution honest;
	unsigned players;
	struct gs_sim_player player[PLAYERS_MAX];
	struct gs_sim_bank bank;
	struct gs_sim_chain chain;
	struct gs_sim_oracle oracle;
	/* What each game's players know of it, and when each side (claimant, challenger) would act. */
	struct gs_game view[GS_SIM_GAMES_MAX];
	uint64_t plan[GS_SIM_GAMES_MAX][2];
	struct gs_sim_clock clock[GS_SIM_GAMES_MAX];
	uint64_t keeper[GS_SIM_GAMES_MAX]; /* somebody ends a game that is overdue or settled */
	uint64_t finalize_at;
	uint64_t void_at; /* when the model is found malformed; mostly never */
	unsigned winner;  /* 1 + the game that has the pot, before the event */
	enum gs_sim_violation violation;
	struct gs_keccak digest; /* of its events and last balances */
};

enum event_kind { EVENT_CHALLENGE, EVENT_MOVE, EVENT_KEEPER, EVENT_FINALIZE, EVENT_VOID };
static const char *const event_names[] = {"challenge", "move", "keeper", "finalize", "void"};
struct event {
	enum event_kind kind;
	uint64_t at;
	unsigned game;
	unsigned player;
};

static bool one_in(struct world *w, uint64_t n)
{
	return gs_rng_below(&w->rng, n) == 0;
}

static uint64_t between(struct world *w, uint64_t low, uint64_t high)
{
	return low + gs_rng_below(&w->rng, high - low + 1);
}

void gs_sim_tally_join(struct gs_sim_tally *to, const struct gs_sim_tally *from)
{
	to->runs += from->runs;
	to->games += from->games;
	to->moves += from->moves;
	to->agreed += from->agreed;
	to->refused += from->refused;
	for (unsigned o = 0; o <= GS_GAME_CLOSED; o++)
		to->outcome[o] += from->outcome[o];
	for (unsigned r = 0; r < GS_REASONS; r++)
		to->reason[r] += from->reason[r];
	to->wrong_claims += from->wrong_claims;
	to->wrong_final += from->wrong_final;
	to->claims_final += from->claims_final;
	to->claims_invalid += from->claims_invalid;
	to->claims_void += from->claims_void;
	to->replaced += from->replaced;
	to->contested += from->contested;
	for (unsigned v = 0; v < GS_SIM_VIOLATIONS; v++)
		to->violation[v] += from->violation[v];
	if (gs_sim_is_first(from->violations, from->first_seed, to->violations, to->first_seed)) {
		to->first = from->first;
		to->first_seed = from->first_seed;
	}
	to->violations += from->violations;
	gs_sim_digest_join(&to->digest, &from->digest);
}

static void object(struct world *w, enum gs_sim_violation v)
{
	if (w->violation == GS_SIM_NO_VIOLATION)
		w->violation = v;
}

static void note(struct world *w, const struct event *e, const char *what, const char *result)
{
	uint64_t record[4] = {e->at, (uint64_t)e->kind, e->game, e->player};
	for (unsigned i = 0; i < 4; i++) {
		uint8_t word[8];
		gs_le64_write(word, record[i]);
		gs_keccak_update(&w->digest, word, sizeof(word));
	}
	gs_keccak_update(&w->digest, what, strlen(what) + 1);
	gs_keccak_update(&w->digest, result, strlen(result) + 1);
	if (w->options->log != NULL)
		fprintf(w->options->log, "%8llu  %-9s game %u player %u  %s%s%s\n", (unsigned long long)e->at,
		        event_names[e->kind], e->game, e->player, what, result[0] ? ": " : "", result);
}

/* ---- setting up ---- */

/* The program run by both executors: one meaning. */
static enum gs_err run_program(struct world *w, struct gs_error *error)
{
	struct gs_trace fast;
	struct gs_hash a, b;
	enum gs_err err = gs_sim_execute(&w->common, &w->honest);
	if (err != GS_OK)
		return gs_fail(error, err, "simulation: no memory for a trace");
	err = gs_trace_init_for(&fast, &w->program);
	if (err != GS_OK)
		return gs_fail(error, err, "simulation: no memory for a trace");
	struct gs_memory memory = {.trace = fast.chunks, .weights = w->program.weights, .inputs = w->inputs};
	err = gs_exec_run(&w->program, &memory, 1, error);
	if (err == GS_OK)
		err = gs_trace_commit(&fast);
	if (err == GS_OK) {
		gs_trace_root(&fast, &a);
		gs_trace_root(&w->honest.trace, &b);
		if (!gs_hash_equal(&a, &b))
			object(w, GS_SIM_EXECUTORS_DIFFER);
	}
	gs_trace_free(&fast);
	return err;
}

static enum gs_err set_up_program(struct world *w, struct gs_error *error)
{
	enum gs_err err = gs_sim_draw_program(&w->rng, &w->program, error);
	if (err != GS_OK)
		return err;
	size_t bytes = (size_t)w->program.header.inputs_chunks * GS_CHUNK_BYTES;
	w->inputs = malloc(bytes);
	w->other_inputs = malloc(bytes);
	if (w->inputs == NULL || w->other_inputs == NULL)
		return gs_fail(error, GS_ENOMEM, "simulation: no memory for inputs");
	gs_sim_draw_inputs(&w->rng, &w->program, w->inputs);
	gs_sim_draw_inputs(&w->rng, &w->program, w->other_inputs);
	err = gs_commitments_build(&w->program, w->inputs, &w->common);
	if (err != GS_OK)
		return gs_fail(error, err, "simulation: no memory for commitments");
	return run_program(w, error);
}

static void output_root(const struct world *w, const struct gs_sim_execution *e, struct gs_hash *out)
{
	gs_trace_output_root(&e->trace, &w->program.header, out);
}

static enum gs_err lie(struct world *w, struct gs_sim_player *p)
{
	const struct gs_sim_lie lie = {.honest = &w->honest, .other_inputs = w->other_inputs, .tries = 8};
	bool shows;
	enum gs_err err = gs_sim_draw_lie(&lie, &w->rng, &p->own, &shows);
	p->prover = gs_sim_prover(&p->own);
	return err;
}

/* Manners and vices; the honest have none but slowness. */
static enum gs_err draw_player(struct world *w, struct gs_sim_player *p, bool honest)
{
	p->timing = one_in(w, 3) ? GS_SIM_LAST_SECOND : GS_SIM_PROMPT;
	p->silent_after = p->concede_after = UINT32_MAX;
	p->prover = gs_sim_prover(&w->honest);
	if (honest) {
		if (one_in(w, 10)) /* honest, but its machine stops */
			p->silent_after = (uint32_t)between(w, 0, 6);
		return GS_OK;
	}
	if (one_in(w, 4))
		p->silent_after = (uint32_t)between(w, 0, 8);
	else if (one_in(w, 6))
		p->concede_after = (uint32_t)between(w, 0, 6);
	p->spoils = one_in(w, 3);
	return p->manner == GS_SIM_LIAR ? lie(w, p) : GS_OK;
}

static enum gs_err draw_challenger(struct world *w, struct gs_sim_player *p)
{
	uint64_t kind = gs_rng_below(&w->rng, 20), window = w->chain.rules.terms.window_s;
	uint64_t posted = w->chain.now;
	struct gs_hash mine;
	p->side = GS_SIDE_CHALLENGER;
	p->manner = kind < 9 ? GS_SIM_HONEST : kind < 13 ? GS_SIM_WANDERER : kind < 16 ? GS_SIM_LIAR : GS_SIM_HONEST;
	p->accomplice = kind >= 16;
	if (p->accomplice)
		p->manner = (enum gs_sim_manner)gs_rng_below(&w->rng, 3);
	enum gs_err err = draw_player(w, p, p->manner == GS_SIM_HONEST && !p->accomplice);
	if (err != GS_OK)
		return err;
	output_root(w, p->manner == GS_SIM_LIAR ? &p->own : &w->honest, &mine);
	bool case_ = !gs_hash_equal(&mine, &w->chain.game_rules.body.output_root);
	p->again = one_in(w, 5);
	p->open_at = posted + (p->timing == GS_SIM_LAST_SECOND ? window : gs_rng_below(&w->rng, window + 1));
	if (p->accomplice)
		p->open_at = posted;
	else if (p->manner == GS_SIM_HONEST && !case_)
		p->open_at = GS_SIM_NEVER; /* it agrees with the claim */
	return GS_OK;
}

static void draw_rules(struct world *w)
{
	struct gs_sim_chain *chain = &w->chain;
	chain->bank = &w->bank;
	chain->claim = (struct gs_hash){{0xc1}};
	chain->rules.plant = w->options->plant;
	struct gs_terms *terms = &chain->rules.terms;
	struct gs_bond_rules *bonds = &chain->rules.bonds;
	terms->window_s = (uint32_t)between(w, 1, 600);
	terms->minimum_bond = gs_wei_from_u64(between(w, 0, UINT64_C(1000000000000000000)));
	terms->bond_bps = (uint16_t)between(w, 0, GS_BPS);
	terms->minimum_fee = gs_wei_from_u64(between(w, 0, UINT64_C(1000000000000000)));
	terms->fee_bps = (uint16_t)between(w, 0, 100);
	/* Refunds from nothing to a tenth of the largest bonds: pots run dry now and then. */
	bonds->refund_per_move = gs_wei_from_u64(one_in(w, 4) ? 0 : between(w, 0, UINT64_C(100000000000000000)));
	bonds->challenger_bond = gs_wei_from_u64(between(w, 0, UINT64_C(1000000000000000000)));
	bonds->concede_bps = (uint16_t)between(w, 1, GS_BPS);
	bonds->burn_bps = (uint16_t)between(w, 0, GS_BPS);
	chain->game_rules.header = &w->program.header;
	chain->game_rules.claimant_budget_s = (uint32_t)between(w, 1, 400);
	chain->game_rules.challenger_budget_s = (uint32_t)between(w, 1, 400);
	chain->game_rules.minimum_time_s = (uint32_t)between(w, 1, 30);
	gs_merkle_root(&w->common.inputs_tree, &chain->game_rules.body.input_root);
	chain->now = 1000000 + gs_rng_below(&w->rng, 1000);
}

static void open_account(struct world *w, unsigned player, uint64_t least, bool honest)
{
	uint64_t amount = least + gs_rng_below(&w->rng, 1000000);
	w->player[player].account = gs_sim_account_new(&w->bank, gs_wei_from_u64(amount));
	w->oracle.deposit[w->player[player].account] = amount;
	w->oracle.honest[w->player[player].account] = honest;
}

static enum gs_err set_up_players(struct world *w, struct gs_error *error)
{
	struct gs_sim_player *claimant = &w->player[CLAIMANT];
	struct gs_hash right;
	struct gs_wei value = gs_wei_from_u64(between(w, 0, UINT64_C(1000000000000000000))), bond, fee;
	bool honest = one_in(w, 2);
	claimant->side = GS_SIDE_CLAIMANT;
	claimant->manner = honest ? GS_SIM_HONEST : GS_SIM_LIAR;
	claimant->open_at = GS_SIM_NEVER;
	enum gs_err err = draw_player(w, claimant, honest);
	if (err != GS_OK)
		return gs_fail(error, err, "simulation: no memory for a player");
	if (!honest && one_in(w, 3)) {
		err = gs_sim_second_face(&claimant->own, &w->rng, &claimant->other);
		claimant->two_faced = err == GS_OK;
		if (claimant->two_faced)
			claimant->other_prover = gs_sim_prover(&claimant->other);
		if (err != GS_OK && err != GS_ENOTFOUND)
			return gs_fail(error, err, "simulation: no memory for a player");
	}
	/* A hollow claim: of an output that the trace it is defended with, the right one, does not end in. */
	if (!honest && !claimant->two_faced && one_in(w, 4))
		claimant->prover = gs_sim_prover(&w->honest);
	output_root(w, honest ? &w->honest : &claimant->own, &w->chain.game_rules.body.output_root);
	output_root(w, &w->honest, &right);
	w->oracle.claim_right = gs_hash_equal(&right, &w->chain.game_rules.body.output_root);
	GS_ASSERT(gs_bond_of_claim(&w->chain.rules.terms, value, &bond) == GS_OK && gs_u256_fits_u64(&bond.v));
	GS_ASSERT(gs_fee_of_claim(&w->chain.rules.terms, value, &fee) == GS_OK && gs_u256_fits_u64(&fee.v));
	open_account(w, CLAIMANT, bond.v.limb[0] + fee.v.limb[0], gs_sim_is_honest(claimant));
	w->chain.game_rules.body.claimant = gs_sim_address(claimant->account);
	w->players = 1 + (unsigned)between(w, 1, GS_SIM_CHALLENGERS_MAX);
	for (unsigned i = 1; i < w->players; i++) {
		struct gs_sim_player *p = &w->player[i];
		err = draw_challenger(w, p);
		if (err != GS_OK)
			return gs_fail(error, err, "simulation: no memory for a player");
		/* Two games, however many others are open: at most 5 and 6 units. */
		uint64_t needed = w->chain.rules.bonds.challenger_bond.v.limb[0] * 11;
		bool poor = p->manner != GS_SIM_HONEST && one_in(w, 12);
		open_account(w, i, poor ? needed / 22 : needed, gs_sim_is_honest(p));
	}
	err = gs_sim_post(&w->chain, claimant->account, value, error);
	w->finalize_at = w->chain.window_end + 1 + gs_rng_below(&w->rng, 20);
	w->void_at = one_in(w, 25) ? w->chain.now + gs_rng_below(&w->rng, 400) : GS_SIM_NEVER;
	return err;
}

/* ---- events ---- */

static void consider(struct world *w, struct event *best, unsigned *ties, enum event_kind kind, uint64_t at,
                     unsigned game, unsigned player)
{
	if (at == GS_SIM_NEVER || (*ties > 0 && at > best->at))
		return;
	*ties = *ties > 0 && at == best->at ? *ties + 1 : 1;
	if (*ties == 1 || one_in(w, *ties))
		*best = (struct event){kind, at, game, player};
}

static unsigned player_of(const struct world *w, unsigned account)
{
	for (unsigned i = 0; i < w->players; i++)
		if (w->player[i].account == account)
			return i;
	GS_ASSERT(!"every account is a player's");
	return 0;
}

static bool next_event(struct world *w, struct event *out)
{
	unsigned ties = 0;
	for (unsigned i = 1; i < w->players; i++)
		consider(w, out, &ties, EVENT_CHALLENGE, w->player[i].open_at, 0, i);
	for (unsigned g = 0; g < w->chain.games; g++) {
		if (w->chain.game[g].game.outcome != GS_GAME_OPEN)
			continue;
		consider(w, out, &ties, EVENT_MOVE, w->plan[g][0], g, CLAIMANT);
		consider(w, out, &ties, EVENT_MOVE, w->plan[g][1], g, player_of(w, w->chain.game[g].challenger));
		consider(w, out, &ties, EVENT_KEEPER, w->keeper[g], g, CLAIMANT);
	}
	if (w->chain.status == GS_SIM_CLAIM_OPEN && w->chain.open_games == 0)
		consider(w, out, &ties, EVENT_FINALIZE, w->finalize_at, 0, CLAIMANT);
	if (w->chain.status == GS_SIM_CLAIM_OPEN)
		consider(w, out, &ties, EVENT_VOID, w->void_at, 0, CLAIMANT);
	return ties > 0;
}

/* Everybody hears of the new state, and makes up their mind when to act. */
static void make_plans(struct world *w, unsigned g)
{
	struct gs_sim_game *game = &w->chain.game[g];
	uint64_t now = w->chain.now;
	w->plan[g][0] = gs_sim_when(&w->player[CLAIMANT], &w->view[g], now, &w->rng);
	w->plan[g][1] = gs_sim_when(&w->player[player_of(w, game->challenger)], &w->view[g], now, &w->rng);
	w->keeper[g] = w->view[g].state.deadline + gs_rng_below(&w->rng, 4); /* at times too early */
}

/* A claim that is lost, or void, leaves later games with nothing to win: they are closed, or somebody plays on for nothing.
 * Others may finalize now. */
static void after_end(struct world *w)
{
	uint64_t now = w->chain.now;
	for (unsigned g = 0; g < w->chain.games; g++) {
		if (w->chain.game[g].game.outcome != GS_GAME_OPEN || !gs_sim_overtaken(&w->chain, g))
			continue;
		if (!one_in(w, 3))
			w->plan[g][0] = w->plan[g][1] = GS_SIM_NEVER;
		w->keeper[g] = now + gs_rng_below(&w->rng, 20);
	}
	if (w->finalize_at < now)
		w->finalize_at = now + gs_rng_below(&w->rng, 5);
}

static void on_challenge(struct world *w, const struct event *e)
{
	struct gs_sim_player *p = &w->player[e->player];
	struct gs_error error = {0};
	p->open_at = GS_SIM_NEVER;
	if (gs_sim_challenge(&w->chain, p->account, &error) != GS_OK) {
		note(w, e, "challenge", error.text);
		bool full = strcmp(error.text, "TooManyGames") == 0;
		if (gs_sim_is_honest(p) && strcmp(error.text, "ClaimNotOpen") != 0 && !full)
			object(w, GS_SIM_HONEST_REFUSED);
		return;
	}
	if (p->again) {
		p->again = false;
		p->open_at = between(w, e->at, w->chain.window_end);
	}
	unsigned g = w->chain.games - 1;
	w->view[g] = w->chain.game[g].game;
	gs_sim_clock_start(&w->clock[g], &w->chain.game_rules, e->at);
	make_plans(w, g);
	note(w, e, "challenge", "");
}

static void hear(struct world *w, unsigned g, const struct gs_move *move, const struct gs_game_effects *effects)
{
	const struct gs_game *game = &w->chain.game[g].game;
	struct gs_bytes shown = {move->data, move->data_len};
	const struct gs_game *const both[] = {game, &w->view[g]};
	struct gs_hash hash[GS_ARRAY_LEN(both)];
	object(w, gs_sim_clock_check(&w->clock[g], &w->chain.game_rules, w->chain.now, game));
	w->view[g].outcome = game->outcome;
	w->view[g].reason = game->reason;
	if (game->outcome != GS_GAME_OPEN)
		return; /* only that it is over is announced */
	if (gs_game_observe(&w->view[g], &game->state, effects->revealed ? &shown : NULL) != GS_OK)
		object(w, GS_SIM_VIEWS_DIFFER);
	gs_game_hash_each(both, GS_ARRAY_LEN(both), hash);
	if (!gs_hash_equal(&hash[0], &hash[1]))
		object(w, GS_SIM_VIEWS_DIFFER);
}

/* Both sides play on off chain for some moves, each by its own lights, sign where they have come, and one puts it on chain. */
static bool play_off_chain(struct world *w, const struct event *e)
{
	struct gs_sim_game *g = &w->chain.game[e->game];
	struct gs_sim_player *sides[2] = {&w->player[CLAIMANT], &w->player[player_of(w, g->challenger)]};
	struct gs_game game = w->view[e->game];
	struct gs_game_rules rules = w->chain.game_rules;
	struct gs_error error = {0};
	unsigned moves = (unsigned)between(w, 1, 6);
	for (unsigned i = 0; i < 2; i++)
		if (sides[i]->moves >= sides[i]->silent_after || sides[i]->moves >= sides[i]->concede_after)
			return false;
	gs_agreed_begin(&game.state);
	for (unsigned i = 0; i < moves; i++) {
		struct gs_game next = game;
		struct gs_move move;
		struct gs_game_effects effects;
		bool waiting, spoilt;
		enum gs_side turn = gs_game_turn(&game);
		enum gs_err err = gs_sim_answer(sides[turn == GS_SIDE_CLAIMANT ? 0 : 1], e->game, &game, &rules.body,
		                                &w->rng, &move, &waiting, &spoilt);
		struct gs_game_input in = {.sender = (uint8_t)turn, .now = w->chain.now, .move = &move};
		if (err != GS_OK || waiting || gs_game_step(&next, &rules, &in, &effects, NULL) != GS_OK ||
		    next.outcome != GS_GAME_OPEN)
			break; /* such a move is for the chain */
		game = next;
	}
	if (gs_sim_agree(&w->chain, e->game, &game, &error) != GS_OK) {
		note(w, e, "agree", error.text);
		return false;
	}
	note(w, e, "agree", "");
	w->tally->agreed++;
	w->view[e->game] = game;
	gs_sim_clock_set(&w->clock[e->game], &game);
	make_plans(w, e->game);
	return true;
}

static void on_move(struct world *w, const struct event *e)
{
	struct gs_sim_player *p = &w->player[e->player];
	uint64_t *plan = &w->plan[e->game][p->side == GS_SIDE_CLAIMANT ? 0 : 1];
	struct gs_move move;
	struct gs_game_effects effects;
	struct gs_error error = {0};
	bool waiting, spoilt;
	if (one_in(w, 12) && play_off_chain(w, e))
		return;
	*plan = GS_SIM_NEVER;
	enum gs_err err = gs_sim_answer(p, e->game, &w->view[e->game], &w->chain.game_rules.body, &w->rng, &move,
	                                &waiting, &spoilt);
	if (err == GS_OK && waiting)
		return;
	if (err != GS_OK) { /* no case: it gives up, or lets the clock run out */
		note(w, e, "no answer", gs_err_name(err));
		if (gs_sim_is_honest(p))
			object(w, GS_SIM_STRATEGY_FAILED);
		if (one_in(w, 2)) {
			p->concede_after = 0;
			*plan = w->chain.now;
		}
		return;
	}
	if (gs_sim_move(&w->chain, e->game, p->account, &move, &effects, &error) != GS_OK) {
		note(w, e, gs_move_name(move.kind), error.text);
		w->tally->refused++;
		if (gs_sim_is_honest(p))
			object(w, GS_SIM_HONEST_REFUSED);
		if (spoilt)
			*plan = w->chain.now;
		return;
	}
	note(w, e, gs_move_name(move.kind), spoilt ? "spoilt" : "");
	w->tally->moves++;
	p->moves++;
	hear(w, e->game, &move, &effects);
	make_plans(w, e->game);
	if (w->view[e->game].outcome != GS_GAME_OPEN)
		after_end(w);
}

static void on_keeper(struct world *w, const struct event *e)
{
	struct gs_error error = {0};
	struct gs_game_effects effects;
	struct gs_move move;
	struct gs_sim_game *g = &w->chain.game[e->game];
	unsigned phase = g->game.state.phase;
	w->keeper[e->game] = GS_SIM_NEVER;
	if (gs_sim_overtaken(&w->chain, e->game)) {
		note(w, e, "close", "");
		if (gs_sim_close(&w->chain, e->game, &error) != GS_OK)
			object(w, GS_SIM_NOT_OVER);
	} else {
		bool due = gs_strategy_timeout(&w->view[e->game], w->chain.now, &move);
		if (!due)
			move = (struct gs_move){.kind = GS_MOVE_TIMEOUT};
		enum gs_err err = gs_sim_move(&w->chain, e->game, w->player[CLAIMANT].account, &move, &effects, &error);
		note(w, e, "timeout", error.text);
		if (err != GS_OK) {
			if (due)
				object(w, GS_SIM_NOT_OVER);
			w->tally->refused++;
			w->keeper[e->game] = g->game.state.deadline + 1;
			return;
		}
		w->tally->moves++;
		object(w, gs_sim_check_timeout(phase, &g->game));
		hear(w, e->game, &move, &effects);
	}
	w->view[e->game].outcome = g->game.outcome;
	after_end(w);
}

static void on_finalize(struct world *w, const struct event *e)
{
	struct gs_error error = {0};
	if (gs_sim_finalize(&w->chain, 0, &error) != GS_OK)
		object(w, GS_SIM_NOT_OVER);
	note(w, e, "finalize", error.text);
}

static void on_void(struct world *w, const struct event *e)
{
	struct gs_error error = {0};
	w->void_at = GS_SIM_NEVER;
	if (gs_sim_release(&w->chain, true, &error) != GS_OK)
		object(w, GS_SIM_NOT_OVER);
	note(w, e, "release", error.text);
	after_end(w);
}

/* An earlier opened game that wins takes the place of a later one that had won before it. */
static void count_replaced(struct world *w)
{
	unsigned winner = w->chain.pot.winner;
	w->tally->replaced += w->winner != 0 && winner != 0 && winner < w->winner;
	w->winner = winner;
}

static void play(struct world *w)
{
	struct event e;
	unsigned events = 0;
	object(w, gs_sim_check(&w->oracle, &w->chain));
	while (w->violation == GS_SIM_NO_VIOLATION && next_event(w, &e)) {
		if (++events > GS_SIM_EVENTS_MAX) {
			object(w, GS_SIM_NOT_OVER);
			break;
		}
		GS_ASSERT(e.at >= w->chain.now);
		w->chain.now = e.at;
		switch (e.kind) {
		case EVENT_CHALLENGE: on_challenge(w, &e); break;
		case EVENT_MOVE: on_move(w, &e); break;
		case EVENT_KEEPER: on_keeper(w, &e); break;
		case EVENT_FINALIZE: on_finalize(w, &e); break;
		case EVENT_VOID: on_void(w, &e); break;
		}
		count_replaced(w);
		object(w, gs_sim_check(&w->oracle, &w->chain));
	}
	bool over = w->chain.open_games == 0 && w->chain.pot.winner == 0 && w->chain.status != GS_SIM_CLAIM_OPEN;
	if (!over)
		object(w, GS_SIM_NOT_OVER);
}

/* ---- the sum ---- */

static void add_up(struct world *w, uint64_t seed)
{
	struct gs_sim_tally *t = w->tally;
	const struct gs_sim_chain *chain = &w->chain;
	t->runs++;
	t->games += chain->games;
	t->contested += chain->games > 1;
	for (unsigned g = 0; g < chain->games; g++) {
		t->outcome[chain->game[g].game.outcome]++;
		t->reason[chain->game[g].game.reason]++;
	}
	t->wrong_claims += !w->oracle.claim_right;
	t->claims_final += chain->status == GS_SIM_CLAIM_FINAL;
	t->claims_void += chain->status == GS_SIM_CLAIM_VOID;
	t->claims_invalid += chain->status == GS_SIM_CLAIM_INVALID;
	t->wrong_final += chain->status == GS_SIM_CLAIM_FINAL && !w->oracle.claim_right;
	for (unsigned a = 0; a < chain->bank->accounts; a++) {
		uint8_t word[32];
		gs_u256_to_be(&chain->bank->account[a].free.v, word);
		gs_keccak_update(&w->digest, word, sizeof(word));
	}
	struct gs_hash run;
	gs_keccak_final(&w->digest, &run);
	gs_sim_digest_add(&t->digest, &run);
	if (w->violation == GS_SIM_NO_VIOLATION)
		return;
	t->violation[w->violation]++;
	if (t->violations++ == 0) {
		t->first_seed = seed;
		t->first = w->violation;
	}
}

enum gs_err gs_sim_run(uint64_t seed, const struct gs_sim_options *options, struct gs_sim_tally *tally,
                       struct gs_error *error)
{
	struct world *w = calloc(1, sizeof(*w));
	if (w == NULL)
		return gs_fail(error, GS_ENOMEM, "simulation: no memory for a run");
	w->options = options;
	w->tally = tally;
	gs_rng_seed(&w->rng, seed);
	gs_keccak_init(&w->digest);
	enum gs_err err = set_up_program(w, error);
	if (err == GS_OK) {
		draw_rules(w);
		w->oracle.moves_max = gs_sim_moves_max(&w->program);
		err = set_up_players(w, error);
	}
	if (err == GS_OK) {
		play(w);
		add_up(w, seed);
	}
	for (unsigned i = 0; i < PLAYERS_MAX; i++) {
		gs_sim_execution_free(&w->player[i].own);
		gs_sim_execution_free(&w->player[i].other);
	}
	gs_sim_execution_free(&w->honest);
	gs_commitments_free(&w->common);
	free(w->inputs);
	free(w->other_inputs);
	gs_program_free(&w->program);
	free(w);
	return err;
}
