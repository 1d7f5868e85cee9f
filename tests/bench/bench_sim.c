/* The simulator: disputes a second at the protocol's level, whole nodes' runs a second, and what a second core brings.
 *
 * A dispute is a game of at least twelve moves behind its challenge about a trace of 2^17 chunks: a claimant with one wrong state of one
 * accumulator against an honest challenger. Both answer by the production strategies from their own traces, the production state
 * machine judges every move and both sides follow the chain's announcements and compare the state's hash; bonds are locked
 * and paid. Traces are prepared once. `bench_sim games` plays nothing else. A whole-node run is simulations/nodes: ten claims, one of them wrong, one fault, to finality. */
#include "simulations/liar.h"
#include "simulations/nodes/nodes.h"
#include "simulations/players.h"
#include "simulations/programs.h"
#include "tests/support/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	ROWS = 512,
	TERMS = 4096,
	LIES = 4,
	MOVES_LEAST = 12,
	GAMES = 2000, /* of one round */
	NODE_RUNS =
		240, /* of one round: so many that starting and joining processes, and a long run at the end, count little */
	ROUNDS = 5,
	PROCESSES = 2,
};

struct setting {
	struct gs_program program;
	uint8_t *inputs;
	struct gs_commitments common;
	struct gs_sim_execution honest, lie[LIES];
	struct gs_prover honest_prover, lie_prover[LIES];
	uint64_t moves, games;
};

static enum gs_err build(struct setting *s, struct gs_rng *rng, struct gs_error *error)
{
	struct gs_sim_builder b;
	gs_sim_begin(&b, &s->program, rng);
	struct gs_sim_value v = gs_sim_input(&b, GS_F32, 1, ROWS, TERMS);
	v = gs_sim_map(&b, GS_FN_F32_NEG, &v, NULL);
	v = gs_sim_reduce(&b, GS_FN_F32_ADD, &v, 0);
	v = gs_sim_map(&b, GS_FN_F32_ABS, &v, NULL);
	return gs_sim_finish(&b, &v, error);
}

/* Lies about a state of the long fold that show in the output. */
static enum gs_err prepare(struct setting *s, struct gs_error *error)
{
	struct gs_rng rng;
	struct gs_hash right, mine;
	gs_rng_seed(&rng, 1);
	enum gs_err err = build(s, &rng, error);
	size_t bytes = err == GS_OK ? (size_t)s->program.header.inputs_chunks * GS_CHUNK_BYTES : 0;
	if (err == GS_OK && (s->inputs = calloc(1, bytes)) == NULL)
		err = GS_ENOMEM;
	for (size_t i = 0; err == GS_OK && i < (size_t)ROWS * TERMS; i++) {
		float x = (float)(gs_rng_below(&rng, 1 << 20)) * 0x1p-20f;
		memcpy(s->inputs + i * sizeof(x), &x, sizeof(x));
	}
	if (err == GS_OK)
		err = gs_commitments_build(&s->program, s->inputs, &s->common);
	if (err == GS_OK)
		err = gs_sim_execute(&s->common, &s->honest);
	if (err == GS_OK && (s->honest.base.states = calloc(GS_FOLD_MAX + 1, sizeof(gs_reg))) == NULL)
		err = GS_ENOMEM;
	s->honest_prover = gs_sim_prover(&s->honest);
	for (unsigned i = 0; err == GS_OK && i < LIES; i++) {
		bool good = false;
		while (err == GS_OK && !good) {
			gs_sim_execution_free(&s->lie[i]);
			err = gs_sim_execute_wrongly(&s->honest, &rng, &s->lie[i]);
			if (err != GS_OK)
				break;
			gs_trace_output_root(&s->honest.trace, &s->program.header, &right);
			gs_trace_output_root(&s->lie[i].trace, &s->program.header, &mine);
			good = s->lie[i].states != NULL && !gs_hash_equal(&right, &mine);
		}
		s->lie_prover[i] = gs_sim_prover(&s->lie[i]);
	}
	return err;
}

static void open_chain(struct setting *s, unsigned which, struct gs_sim_bank *bank, struct gs_sim_chain *chain)
{
	const struct gs_wei each = gs_wei_from_u64(1000000);
	*bank = (struct gs_sim_bank){.accounts = 0};
	unsigned claimant = gs_sim_account_new(bank, each);
	(void)gs_sim_account_new(bank, each);
	memset(chain, 0, sizeof(*chain));
	chain->rules = (struct gs_sim_rules){
		.terms = {.minimum_bond = gs_wei_from_u64(1000), .window_s = 600},
		.bonds = {.challenger_bond = gs_wei_from_u64(500), .concede_bps = 5000, .burn_bps = 5000}};
	chain->game_rules = (struct gs_game_rules){.header = &s->program.header,
	                                           .claimant_budget_s = 600,
	                                           .challenger_budget_s = 600,
	                                           .minimum_time_s = 60};
	chain->game_rules.body.claimant = gs_sim_address(claimant);
	gs_merkle_root(&s->common.inputs_tree, &chain->game_rules.body.input_root);
	gs_trace_output_root(&s->lie[which].trace, &s->program.header, &chain->game_rules.body.output_root);
	chain->bank = bank;
	chain->claim = (struct gs_hash){{0xc1}};
	chain->now = 1000000;
}

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "bench_sim: %s\n", what);
	exit(1);
}

/* One dispute, to the end. Both players have a view of their own, fed by what the chain says. */
static void play(struct setting *s, unsigned which)
{
	static struct gs_sim_chain chain; /* 50 KiB of plain data */
	static struct gs_game view[2];
	static struct gs_move move;
	struct gs_sim_bank bank;
	struct gs_game_effects effects;
	const struct gs_game *game = &chain.game[0].game;
	unsigned moves = 0;
	open_chain(s, which, &bank, &chain);
	must(gs_sim_post(&chain, 0, gs_wei_from_u64(0), NULL) == GS_OK, "a claim cannot be posted");
	must(gs_sim_challenge(&chain, 1, NULL) == GS_OK, "a claim cannot be challenged");
	view[0] = view[1] = *game;
	while (game->outcome == GS_GAME_OPEN) {
		const struct gs_game *all[] = {game, &view[0], &view[1]};
		struct gs_hash state[GS_ARRAY_LEN(all)];
		bool waiting = false, claimants = gs_game_turn(game) == GS_SIDE_CLAIMANT;
		enum gs_err err = claimants ? gs_strategy_claimant(&view[0], &s->lie_prover[which], &move, &waiting)
		                            : gs_strategy_challenger(&view[1], &s->honest_prover,
		                                                     &chain.game_rules.body, &move, &waiting);
		must(err == GS_OK && !waiting, "a side has no answer");
		chain.now++;
		must(gs_sim_move(&chain, 0, claimants ? 0 : 1, &move, &effects, NULL) == GS_OK, "a move is refused");
		moves++;
		const struct gs_bytes shown = {move.data, move.data_len};
		if (game->outcome != GS_GAME_OPEN)
			break;
		for (unsigned i = 0; i < 2; i++)
			must(gs_game_observe(&view[i], &game->state, effects.revealed ? &shown : NULL) == GS_OK,
			     "what was shown is too long");
		gs_game_hash_each(all, GS_ARRAY_LEN(all), state);
		must(gs_hash_equal(&state[0], &state[1]) && gs_hash_equal(&state[0], &state[2]),
		     "a side knows another state than the chain");
	}
	must(game->outcome == GS_GAME_CHALLENGER_WON && chain.status == GS_SIM_CLAIM_INVALID, "the wrong side won");
	must(moves >= MOVES_LEAST, "a game is too short");
	s->moves += moves;
	s->games++;
}

static double now(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static enum gs_err node_run(void *self, uint64_t seed, void *tally, struct gs_error *error)
{
	return gs_sim_nodes_run(seed, self, tally, error);
}

static void join(void *to, const void *from)
{
	gs_sim_nodes_tally_join(to, from);
}

/* Seconds that so many runs take, by the clock, and of this process's time. */
static double node_runs(unsigned processes, uint64_t runs, double *cpu)
{
	struct gs_sim_nodes_options options = {.claims = 10};
	const struct gs_sim_work work = {&options, sizeof(struct gs_sim_nodes_tally), node_run, join};
	struct gs_sim_nodes_tally tally = {.runs = 0};
	struct gs_error error = {0};
	const double start = now(CLOCK_MONOTONIC), cpu_start = now(CLOCK_PROCESS_CPUTIME_ID);
	must(gs_sim_many(&work, 1, runs, processes, &tally, &error) == GS_OK, "a run failed");
	must(tally.violations == 0 && tally.runs == runs, "an oracle objects");
	*cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu_start;
	return now(CLOCK_MONOTONIC) - start;
}

static void release(struct setting *s)
{
	for (unsigned i = 0; i < LIES; i++)
		gs_sim_execution_free(&s->lie[i]);
	free(s->honest.base.states);
	gs_sim_execution_free(&s->honest);
	gs_commitments_free(&s->common);
	gs_program_free(&s->program);
	free(s->inputs);
	free(s);
}

int main(int argc, char **argv)
{
	struct gs_bench *b = gs_bench_begin(argc > 0 ? argv[0] : "", "sim", "simulator, one core");
	struct setting *s = calloc(1, sizeof(*s));
	struct gs_error error = {0};
	double games = 1e30, runs = 1e30, one = 1e30, two = 1e30;
	if (b == NULL || s == NULL) {
		free(s);
		return 1;
	}
	bool only_games = argc > 1 && strcmp(argv[1], "games") == 0; /* for a profiler */
	must(prepare(s, &error) == GS_OK, error.text);
	for (unsigned r = 0; r < ROUNDS; r++) { /* the best of the rounds, in turns: the machine does other work, too */
		double start = now(CLOCK_PROCESS_CPUTIME_ID);
		for (unsigned i = 0; i < GAMES; i++)
			play(s, i % LIES);
		double took = now(CLOCK_PROCESS_CPUTIME_ID) - start;
		games = took < games ? took : games;
		if (only_games)
			continue;
		double cpu, none;
		took = node_runs(1, NODE_RUNS, &cpu);
		runs = cpu < runs ? cpu : runs;
		one = took < one ? took : one;
		took = node_runs(PROCESSES, NODE_RUNS, &none);
		two = took < two ? took : two;
	}
	char moves[64];
	snprintf(moves, sizeof(moves), "10,000 a second; %.1f moves each", (double)s->moves / (double)s->games);
	gs_bench_row(b, "disputes", GAMES / games, "a second", GAMES / games / 1e4, moves);
	if (only_games) {
		release(s);
		return gs_bench_end(b);
	}
	gs_bench_row(b, "whole-node runs", NODE_RUNS / runs, "a second", NODE_RUNS / runs / 100, "100 a second");
	gs_bench_row(b, "the same, two processes", NODE_RUNS / two, "a second", one / two, "one process's");
	const struct gs_bench_key keys[] = {{"disputes_per_s", GAMES / games},
	                                    {"node_runs_per_s", NODE_RUNS / runs},
	                                    {"two_core_speedup", one / two}};
	gs_bench_part_of(b, "sim-speed", keys, GS_ARRAY_LEN(keys));
	release(s);
	return gs_bench_end(b);
}
