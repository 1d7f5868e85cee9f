/* Vectors of games: moves, right and wrong ones, with what the C game says of them, for the Disputes contract to agree
 * with (chain/contracts/test/GameVectors.t.sol).
 *
 *   gen_game FOLDER GAMES      writes FOLDER/NNNN.bin, one file a game
 *
 * A file, numbers big-endian: 544 header, 32 input root, 32 output root, then a row of moves:
 *   1 sender (1 claimant, 2 challenger), 8 time, 1 outcome (0: refused, 1: open, else how it ended), 1 flags, 4 error (the
 *   selector when refused, else 0), 192 state after the move (zero when refused or over), 4 calldata length, calldata
 * Flags: 1 the game goes on from the state after this move (else the move was only tried), 2 the first word of the
 * calldata, behind the selector, is the claim's id. In calldata and state that id is zero: it depends on where the
 * contracts are. The claim is posted alone with lot 0 by 0x0a11ce and challenged by 0x0b0b at 1700000000; the game is the
 * claim's first. Budgets are 600 s each, the least time 50 s. */
#include "challenge/game/moves.h"
#include "challenge/game/strategy.h"
#include "tests/generator/generator.h"
#include "validator/cli/dispute_fault.h"

#include "chain/core/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { START = 1700000000, CLAIMANT_BUDGET_S = 600, CHALLENGER_BUDGET_S = 600, MINIMUM_S = 50 };

struct play {
	struct gs_program program;
	struct gs_buf inputs;
	struct gs_trace trace;
	struct gs_commitments common;
	struct gs_prover_trace honest;
	struct gs_liar liar;
	struct gs_game_rules rules;
	struct gs_game game;
	struct gs_rng rng;
	struct gs_buf out;
	bool hollow; /* claims another output than that of the right trace, which it defends */
};

static void put_be(struct gs_buf *out, uint64_t v, unsigned bytes)
{
	for (unsigned i = bytes; i-- > 0;)
		gs_buf_append_u8(out, (uint8_t)(v >> (8 * i)));
}

static uint32_t selector_of(const char *error)
{
	char text[GS_ERROR_TEXT_MAX + 16];
	struct gs_hash hash;
	snprintf(text, sizeof(text), "%s(%s)", error, strcmp(error, "MalformedDescriptor") == 0 ? "uint256" : "");
	gs_keccak256(text, strlen(text), &hash);
	return gs_be32_read(hash.b);
}

/* Whether the call begins with the claim's id. */
static bool names_claim(enum gs_move_kind kind)
{
	return kind == GS_MOVE_COMMIT_TRACE || kind == GS_MOVE_REVEAL || kind == GS_MOVE_SELECT ||
	       kind == GS_MOVE_CHALLENGE_OUTPUT || kind == GS_MOVE_REVEAL_STATES || kind == GS_MOVE_SELECT_SEGMENT;
}

/* Makes the move on a copy and writes what happened; keeps it when told to and when it was good. */
static bool record(struct play *p, const struct gs_game_input *in, bool keep)
{
	static const uint8_t none[GS_GAME_STATE_WORDS * 32];
	uint8_t words[GS_GAME_STATE_WORDS * 32];
	struct gs_game after = p->game;
	struct gs_game_effects effects;
	struct gs_error error = {0};
	bool good = gs_game_step(&after, &p->rules, in, &effects, &error) == GS_OK;
	struct gs_buf calldata;
	gs_buf_init(&calldata, 1 << 16);
	gs_move_calldata(&p->rules.body, &p->game.state, in->move, &calldata);
	put_be(&p->out, in->sender, 1);
	put_be(&p->out, in->now, 8);
	put_be(&p->out, good ? after.outcome : 0, 1);
	put_be(&p->out, (good && keep ? 1 : 0) | (names_claim(in->move->kind) ? 2 : 0), 1);
	put_be(&p->out, good ? 0 : selector_of(error.text), 4);
	gs_game_state_encode(&after.state, words);
	gs_buf_append(&p->out, good && after.outcome == GS_GAME_OPEN ? words : none, sizeof(words));
	put_be(&p->out, calldata.len, 4);
	gs_buf_append(&p->out, calldata.ptr, calldata.len);
	gs_buf_free(&calldata);
	if (good && keep) {
		p->game = after;
		p->rules.tag = gs_trace_tag_of(&after.trace_root);
	}
	return good;
}

static void flip(struct gs_rng *rng, uint8_t *bytes, uint32_t len)
{
	if (len > 0)
		bytes[gs_rng_below(rng, len)] ^= (uint8_t)(1u << gs_rng_below(rng, 8));
}

static uint32_t other_length(struct gs_rng *rng, uint32_t len, uint32_t most)
{
	uint32_t other = (uint32_t)gs_rng_below(rng, len + 40);
	return other < most ? other : most;
}

static uint32_t other_width(const struct gs_game *game, uint32_t len)
{
	uint32_t count = gs_states_count(game->state.low, game->state.high);
	return len == 4 * count ? 8 * count : 4 * count;
}

/* A move that is near to a good one: refused, or good in its own way. */
static void spoil(struct play *p, const struct gs_game_input *good)
{
	struct gs_move move = *good->move;
	struct gs_game_input in = {.sender = good->sender, .now = good->now, .move = &move};
	struct gs_rng *rng = &p->rng;
	switch (gs_rng_below(rng, 16)) {
	case 0: in.sender = 3 - in.sender; break;
	case 1: in.now = p->game.state.deadline + gs_rng_below(rng, 2); break;
	case 2: move.kind = (enum gs_move_kind)gs_rng_below(rng, GS_MOVE_CONCEDE + 1); break;
	case 3: flip(rng, move.data, move.data_len); break;
	case 4: move.data_len = other_length(rng, move.data_len, sizeof(move.data)); break;
	case 5:
		if (move.siblings > 0)
			flip(rng, move.sibling[gs_rng_below(rng, move.siblings)].b, 32);
		break;
	case 6: move.siblings = (uint32_t)gs_rng_below(rng, 7); break;
	case 7: flip(rng, move.descriptor, move.descriptor_len); break;
	case 8: move.child += 1u << gs_rng_below(rng, 31); break;
	case 9: move.slot += 1u << gs_rng_below(rng, 31); break;
	case 10: move.segment += 1u << gs_rng_below(rng, 31); break;
	case 11:
		move.instruction = (uint32_t)gs_rng_below(rng, p->program.count + 2);
		if (gs_rng_below(rng, 2) == 0)
			move.path_len = (uint32_t)gs_rng_below(rng, 6);
		break;
	case 12: flip(rng, move.openings, move.openings_len); break;
	case 13: move.openings_len = other_length(rng, move.openings_len, sizeof(move.openings)); break;
	case 15: /* states in the other width */
		if (move.kind == GS_MOVE_REVEAL_STATES)
			move.data_len = other_width(&p->game, move.data_len);
		break;
	case 14: flip(rng, move.trace_root.b, sizeof(move.trace_root.b)); break;
	}
	(void)record(p, &in, false);
}

static uint64_t choose(void *rng, uint64_t bound)
{
	return gs_rng_below(rng, bound);
}

/* The selection without its proof. */
static void part(struct gs_move *move)
{
	move->kind = move->kind == GS_MOVE_SELECT_ELEMENT_AND_PROVE ? GS_MOVE_SELECT_ELEMENT : GS_MOVE_SELECT_SEGMENT;
	move->openings_len = 0;
}

/* Who claimed another output than that of the trace it defends has no answer when the output is asked for. */
static bool time_out(struct play *p)
{
	const struct gs_move move = {.kind = GS_MOVE_TIMEOUT};
	for (unsigned late = 0; late < 2; late++) {
		struct gs_game_input in = {
			.sender = GS_SIDE_CHALLENGER, .now = p->game.state.deadline + late, .move = &move};
		if (record(p, &in, true) != (late == 1))
			return false;
	}
	return true;
}

/* Whether the game went to its end. */
static bool play_game(struct play *p, bool lie)
{
	struct gs_prover honest = gs_prover_over_trace(&p->honest);
	struct gs_prover lying = lie ? gs_prover_over_liar(&p->liar) : honest;
	const struct gs_prover *claimant = lie ? &lying : &honest;
	uint64_t now = START;
	bool parts = gs_rng_below(&p->rng, 2) == 0;
	while (p->game.outcome == GS_GAME_OPEN) {
		struct gs_move move;
		bool waiting = true;
		enum gs_side side = GS_SIDE_CHALLENGER;
		bool prove = p->game.state.phase == GS_PHASE_STEP && (!lie || gs_rng_below(&p->rng, 2) == 0);
		enum gs_err err = GS_OK;
		if (!prove)
			err = lie || p->hollow
			              ? gs_strategy_challenger(&p->game, &honest, &p->rules.body, &move, &waiting)
			              : gs_strategy_wanderer(&p->game, &honest, choose, &p->rng, &move, &waiting);
		if (err == GS_OK && !waiting && parts && gs_move_proves(move.kind) && move.kind != GS_MOVE_PROVE_STEP)
			part(&move);
		if (err == GS_OK && waiting) {
			side = GS_SIDE_CLAIMANT;
			err = gs_strategy_claimant(&p->game, claimant, &move, &waiting);
		}
		now += gs_rng_below(&p->rng, 90);
		struct gs_game_input in = {.sender = (uint8_t)side, .now = now, .move = &move};
		if (err != GS_OK || waiting)
			return false;
		for (unsigned k = 0; k < 9; k++)
			spoil(p, &in);
		bool good = record(p, &in, true);
		if (!good && p->hollow && move.kind == GS_MOVE_PROVE_OUTPUT)
			return time_out(p);
		if (!good)
			return false;
	}
	return true;
}

static enum gs_err set_up(struct play *p, uint64_t seed, bool *lie)
{
	struct gs_generator_options options = gs_generator_small();
	struct gs_fault fault;
	gs_rng_seed(&p->rng, seed);
	gs_buf_init(&p->inputs, 1 << 24);
	gs_buf_init(&p->out, 1 << 24);
	enum gs_err err = gs_generate_program(seed, &options, &p->program, NULL);
	if (err == GS_OK)
		err = gs_generate_inputs(seed, &p->program, &p->inputs);
	if (err == GS_OK)
		err = gs_trace_init_for(&p->trace, &p->program);
	if (err != GS_OK)
		return err;
	struct gs_memory memory = {.trace = p->trace.chunks, .weights = p->program.weights, .inputs = p->inputs.ptr};
	gs_interpret(&p->program, &memory);
	err = gs_trace_commit(&p->trace);
	if (err == GS_OK)
		err = gs_commitments_build(&p->program, p->inputs.ptr, &p->common);
	if (err != GS_OK)
		return err;
	p->honest = (struct gs_prover_trace){.common = &p->common, .trace = &p->trace};
	*lie = seed % 2 == 0 &&
	       gs_fault_draw(&p->rng, (enum gs_fault_kind)gs_rng_below(&p->rng, GS_FAULT_KINDS), &p->honest, &fault) ==
	               GS_OK &&
	       gs_liar_run(&p->honest, &fault, 1, &p->liar, lie, NULL) == GS_OK && *lie;
	p->hollow = !*lie && seed % 5 == 0;
	return GS_OK;
}

static void start(struct play *p, bool lie)
{
	/* As the test names its players. */
	const struct gs_address claimant = {{[17] = 0x0a, 0x11, 0xce}}, challenger = {{[18] = 0x0b, 0x0b}};
	const struct gs_hash none = {{0}};
	uint8_t header[GS_HEADER_BYTES];
	p->rules = (struct gs_game_rules){.header = &p->program.header,
	                                  .claimant_budget_s = CLAIMANT_BUDGET_S,
	                                  .challenger_budget_s = CHALLENGER_BUDGET_S,
	                                  .minimum_time_s = MINIMUM_S};
	p->rules.body.claimant = claimant;
	gs_header_model_id(&p->program.header, &p->rules.body.model_id);
	gs_merkle_root(&p->common.inputs_tree, &p->rules.body.input_root);
	gs_trace_output_root(lie ? &p->liar.trace : &p->trace, &p->program.header, &p->rules.body.output_root);
	if (p->hollow)
		p->rules.body.output_root.b[gs_rng_below(&p->rng, 32)] ^= 1;
	gs_header_encode(&p->program.header, header);
	gs_buf_append(&p->out, header, sizeof(header));
	gs_buf_append(&p->out, p->rules.body.input_root.b, 32);
	gs_buf_append(&p->out, p->rules.body.output_root.b, 32);
	gs_game_open(&p->game, &p->rules, &none, &challenger, 0, 1, START);
}

static int run(const char *folder, uint64_t seed)
{
	struct play p = {0};
	bool lie = false, done = false;
	char path[1024];
	if (set_up(&p, seed, &lie) == GS_OK) {
		start(&p, lie);
		snprintf(path, sizeof(path), "%s/%04llu.bin", folder, (unsigned long long)seed);
		FILE *f = play_game(&p, lie) && p.out.err == GS_OK ? fopen(path, "wb") : NULL;
		done = f != NULL && fwrite(p.out.ptr, 1, p.out.len, f) == p.out.len;
		if (f != NULL)
			done &= fclose(f) == 0;
	}
	if (!done)
		fprintf(stderr, "gen_game: game %llu failed\n", (unsigned long long)seed);
	gs_liar_free(&p.liar);
	gs_commitments_free(&p.common);
	gs_trace_free(&p.trace);
	gs_buf_free(&p.inputs);
	gs_buf_free(&p.out);
	gs_program_free(&p.program);
	return !done;
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: gen_game FOLDER GAMES\n");
		return 2;
	}
	int failed = 0;
	for (uint64_t seed = 1; seed <= strtoull(argv[2], NULL, 10); seed++)
		failed |= run(argv[1], seed);
	return failed;
}
