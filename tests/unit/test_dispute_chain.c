/* The game in C against the contract, refusal by refusal: before each move of real disputes, spoilt versions of it are tried
 * on both, and both must take them or refuse them with the same error. Skipped without anvil or compiled contracts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "chain/eth/contract.h"
#include "chain/rpc/deploy.h"
#include "challenge/game/moves.h"
#include "tests/generator/generator.h"
#include "validator/cli/dispute_play.h"

enum { SPOILT_PER_MOVE = 10, GAMES = 14 };

struct witness {
	struct gs_rng rng;
	unsigned tried, refused, accepted;
};

/* What the contract says to a move: "" when it takes it, else the name of its error. */
static void ask_contract(struct gs_dispute_chain *chain, enum gs_side side, const struct gs_game_state *state,
                         const struct gs_move *move, char name[GS_REVERT_TEXT_MAX])
{
	struct gs_buf data, answer;
	gs_buf_init(&data, GS_MOVE_CALLDATA_MAX);
	gs_buf_init(&answer, 1 << 16);
	gs_move_calldata(state, move, &data);
	assert_int_equal(data.err, GS_OK);
	enum gs_dispute_party party = side == GS_SIDE_CLAIMANT ? GS_PARTY_CLAIMANT : GS_PARTY_CHALLENGER;
	struct gs_eth_call call = {.from = &chain->key[party].address,
	                           .to = &chain->deployment.contract[GS_CONTRACT_DISPUTES],
	                           .data = gs_buf_view(&data)};
	struct gs_error error = {0};
	enum gs_err err = gs_eth_do_call(chain->rpc, &call, gs_block_latest(), &answer, &error);
	name[0] = '\0';
	if (err != GS_OK) {
		const struct gs_rpc_failure *failure = gs_rpc_last_failure(chain->rpc);
		if (failure->kind != GS_RPC_REVERT)
			fail_msg("%s", error.text);
		gs_contract_revert_text((struct gs_bytes){failure->revert, failure->revert_len}, name);
		name[strcspn(name, "(")] = '\0';
	}
	gs_buf_free(&data);
	gs_buf_free(&answer);
}

/* Changes one thing; false when this move has no such thing. */
static bool spoil(struct gs_rng *rng, unsigned how, struct gs_move *m, enum gs_side *side)
{
	switch (how) {
	case 0: *side = *side == GS_SIDE_CLAIMANT ? GS_SIDE_CHALLENGER : GS_SIDE_CLAIMANT; return true;
	case 1:
		if (m->data_len == 0)
			return false;
		m->data[gs_rng_below(rng, m->data_len)] ^= (uint8_t)(1u << gs_rng_below(rng, 8));
		return true;
	case 2:
		if (m->data_len == 0)
			return false;
		m->data_len--;
		return true;
	case 3:
		if (m->data_len == 0 || m->data_len + 32 > sizeof(m->data))
			return false;
		m->data_len += gs_rng_below(rng, 2) ? 1 : 32;
		return true;
	case 4:
		if (m->siblings == 0)
			return false;
		m->sibling[gs_rng_below(rng, m->siblings)].b[gs_rng_below(rng, 32)] ^= 1;
		return true;
	case 5:
		if (m->siblings == 0)
			return false;
		m->siblings--;
		return true;
	case 6:
		if (m->kind != GS_MOVE_SELECT && m->kind != GS_MOVE_SELECT_ELEMENT)
			return false;
		m->child += gs_rng_below(rng, 2) ? 1 : 32;
		return true;
	case 7:
		if (m->kind == GS_MOVE_SELECT_SEGMENT)
			m->segment += gs_rng_below(rng, 2) ? 1 : 65;
		else if (m->kind == GS_MOVE_SELECT_ELEMENT)
			m->slot += gs_rng_below(rng, 2) ? 1 : 128;
		else
			return false;
		return true;
	case 8:
		if (m->kind != GS_MOVE_SELECT_ELEMENT)
			return false;
		m->instruction ^= gs_rng_below(rng, 2) ? 1 : 1 << 20;
		return true;
	case 9:
		if (m->descriptor_len == 0)
			return false;
		m->descriptor[gs_rng_below(rng, m->descriptor_len)] ^= (uint8_t)(1u << gs_rng_below(rng, 8));
		return true;
	case 10:
		if (m->descriptor_len == 0)
			return false;
		m->descriptor_len--;
		return true;
	case 11:
		if (m->path_len == 0)
			return false;
		m->path[gs_rng_below(rng, m->path_len)].b[7] ^= 1;
		return true;
	case 12:
		if (m->kind != GS_MOVE_SELECT_ELEMENT)
			return false;
		m->chunk[gs_rng_below(rng, GS_CHUNK_BYTES)] ^= 16;
		return true;
	case 13: m->kind = (enum gs_move_kind)gs_rng_below(rng, GS_MOVE_CONCEDE + 1); return true;
	case 14:
		if (m->kind != GS_MOVE_COMMIT_TRACE)
			return false;
		m->trace_root.b[0] ^= 1;
		return true;
	default: return false;
	}
}

static void look_on(void *context, struct gs_dispute_chain *chain, const struct gs_game *game,
                    const struct gs_game_rules *rules, enum gs_side side, const struct gs_move *move)
{
	struct witness *w = context;
	uint64_t now = game->state.deadline - 1000;
	char name[GS_REVERT_TEXT_MAX];
	for (unsigned i = 0; i < SPOILT_PER_MOVE; i++) {
		struct gs_move m = *move;
		enum gs_side sender = side;
		unsigned how = (unsigned)gs_rng_below(&w->rng, 15);
		if (!spoil(&w->rng, how, &m, &sender))
			continue;
		struct gs_game copy = *game;
		struct gs_game_input in = {.sender = (uint8_t)sender, .now = now, .move = &m};
		struct gs_game_effects effects;
		struct gs_error refusal = {0};
		enum gs_err err = gs_game_step(&copy, rules, &in, &effects, &refusal);
		ask_contract(chain, sender, &game->state, &m, name);
		if (strcmp(name, err == GS_OK ? "" : refusal.text) != 0)
			fail_msg("%s spoilt in way %u: the contract says '%s', the game in C '%s'",
			         gs_move_name(m.kind), how, name, refusal.text);
		w->tried++;
		w->refused += err != GS_OK;
		w->accepted += err == GS_OK;
	}
	/* Any other state is stale. */
	struct gs_game_state other = game->state;
	other.high_value ^= 1;
	ask_contract(chain, side, &other, move, name);
	assert_string_equal(name, "StaleState");
}

static void write_program(uint64_t seed, const char *program_path, const char *inputs_path)
{
	struct gs_generator_options options = gs_generator_small();
	struct gs_program program;
	struct gs_buf bytes, inputs;
	gs_buf_init(&bytes, 1 << 26);
	gs_buf_init(&inputs, 1 << 26);
	assert_int_equal(gs_generate_program(seed, &options, &program, NULL), GS_OK);
	assert_int_equal(gs_program_write(&program, &bytes), GS_OK);
	assert_int_equal(gs_generate_inputs(seed, &program, &inputs), GS_OK);
	assert_int_equal(gs_write_file(program_path, gs_buf_view(&bytes), NULL), GS_OK);
	assert_int_equal(gs_write_file(inputs_path, gs_buf_view(&inputs), NULL), GS_OK);
	gs_buf_free(&bytes);
	gs_buf_free(&inputs);
	gs_program_free(&program);
}

static void test_refusals(void **state)
{
	(void)state;
	struct gs_dispute_chain chain;
	struct gs_error error = {0};
	struct witness witness = {.tried = 0};
	char folder[] = "/tmp/gainsay-test-XXXXXX", program[64], inputs[64];
	char contracts[GS_BESIDE_PATH_MAX];
	if (gs_deploy_find(contracts, &error) != GS_OK) {
		print_message("skipped: %s\n", error.text);
		skip();
	}
	enum gs_err err = gs_dispute_chain_open(NULL, &chain, &error);
	if (err == GS_ENOTFOUND) {
		gs_dispute_chain_close(&chain);
		print_message("skipped: %s\n", error.text);
		skip();
	}
	if (err != GS_OK)
		fail_msg("%s", error.text);
	assert_non_null(mkdtemp(folder));
	snprintf(program, sizeof(program), "%s/p.gsp", folder);
	snprintf(inputs, sizeof(inputs), "%s/p.bin", folder);
	gs_rng_seed(&witness.rng, 3);
	for (uint64_t seed = 0; seed < GAMES; seed++) {
		struct gs_dispute_setup setup;
		struct gs_dispute_result *result = malloc(sizeof(*result));
		struct gs_dispute_plan plan = {.manner = (enum gs_dispute_manner)(seed % 3), .seed = seed};
		const char *input = inputs;
		assert_non_null(result);
		plan.witness = look_on;
		plan.witness_context = &witness;
		write_program(7000 + seed, program, inputs);
		if (gs_dispute_setup_load(program, &input, 1, 1, &setup, &error) != GS_OK ||
		    gs_dispute_register(&chain, &setup.program.header, &error) != GS_OK ||
		    gs_dispute_play(&chain, &setup, &plan, result, &error) != GS_OK)
			fail_msg("seed %u: %s", (unsigned)seed, error.text);
		assert_true(result->honest_won);
		assert_true(result->judged);
		assert_int_equal(result->contract, result->judge.result);
		free(result);
		gs_dispute_setup_free(&setup);
	}
	unlink(program);
	unlink(inputs);
	rmdir(folder);
	gs_dispute_chain_close(&chain);
	print_message("%u spoilt moves: %u refused, %u taken\n", witness.tried, witness.refused, witness.accepted);
	assert_true(witness.refused > 200);
	assert_true(witness.accepted > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_refusals)};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
