/* The game in C against the contract, refusal by refusal: before each move of real disputes, spoilt versions of it are tried
 * on both, and both must take them or refuse them with the same error (GAINSAY_GAMES=N: of N disputes). Then games that are
 * agreed off chain, and several of one claim. Skipped without anvil or compiled contracts. */
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
#include "challenge/game/agreed.h"
#include "challenge/game/bonds.h"
#include "tests/generator/generator.h"
#include "validator/cli/dispute_play.h"

enum { SPOILT_PER_MOVE = 10, WAYS = 18, GAMES = 16 };

struct witness {
	struct gs_rng rng;
	unsigned tried, refused, accepted;
};

/* What the contract says to a move: "" when it takes it, else the name of its error. */
static void ask_contract(struct gs_dispute_chain *chain, const struct gs_claim_body *body, enum gs_side side,
                         const struct gs_game_state *state, const struct gs_move *move, char name[GS_REVERT_TEXT_MAX])
{
	struct gs_buf data, answer;
	gs_buf_init(&data, GS_MOVE_CALLDATA_MAX);
	gs_buf_init(&answer, 1 << 16);
	gs_move_calldata(body, state, move, &data);
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

static bool selects_element(const struct gs_move *m)
{
	return m->kind == GS_MOVE_SELECT_ELEMENT || m->kind == GS_MOVE_SELECT_ELEMENT_AND_PROVE;
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
		if (m->kind != GS_MOVE_SELECT && !selects_element(m))
			return false;
		m->child += gs_rng_below(rng, 2) ? 1 : 32;
		return true;
	case 7:
		if (m->kind == GS_MOVE_SELECT_SEGMENT || m->kind == GS_MOVE_SELECT_SEGMENT_AND_PROVE)
			m->segment += gs_rng_below(rng, 2) ? 1 : 65;
		else if (selects_element(m))
			m->slot += gs_rng_below(rng, 2) ? 1 : 128;
		else
			return false;
		return true;
	case 8:
		if (!selects_element(m))
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
		if (!selects_element(m))
			return false;
		m->chunk[gs_rng_below(rng, GS_CHUNK_BYTES)] ^= 16;
		return true;
	case 13: m->kind = (enum gs_move_kind)gs_rng_below(rng, GS_MOVE_CONCEDE + 1); return true;
	case 14:
		if (!gs_move_proves(m->kind))
			return false;
		m->trace_root.b[gs_rng_below(rng, 32)] ^= 1;
		return true;
	case 15:
		if (m->openings_len == 0)
			return false;
		m->openings[gs_rng_below(rng, m->openings_len)] ^= (uint8_t)(1u << gs_rng_below(rng, 8));
		return true;
	case 16:
		if (m->openings_len == 0)
			return false;
		m->openings_len -= gs_rng_below(rng, 2) ? 1 : 32;
		return true;
	case 17:
		if (!gs_move_proves(m->kind) || m->kind == GS_MOVE_PROVE_STEP)
			return false;
		m->kind = m->kind == GS_MOVE_SELECT_ELEMENT_AND_PROVE ? GS_MOVE_SELECT_ELEMENT : GS_MOVE_SELECT_SEGMENT;
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
		unsigned how = (unsigned)gs_rng_below(&w->rng, WAYS);
		if (!spoil(&w->rng, how, &m, &sender))
			continue;
		struct gs_game copy = *game;
		struct gs_game_input in = {.sender = (uint8_t)sender, .now = now, .move = &m};
		struct gs_game_effects effects;
		struct gs_error refusal = {0};
		enum gs_err err = gs_game_step(&copy, rules, &in, &effects, &refusal);
		ask_contract(chain, &rules->body, sender, &game->state, &m, name);
		if (strcmp(name, err == GS_OK ? "" : refusal.text) != 0)
			fail_msg("%s spoilt in way %u: the contract says '%s', the game in C '%s'",
			         gs_move_name(m.kind), how, name, refusal.text);
		w->tried++;
		w->refused += err != GS_OK;
		w->accepted += err == GS_OK;
	}
	/* Any other state is stale. */
	struct gs_game_state other = game->state;
	other.claimant_left ^= 1;
	ask_contract(chain, &rules->body, side, &other, move, name);
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

/* False without anvil or compiled contracts. */
static bool open_chain(struct gs_dispute_chain *chain)
{
	struct gs_error error = {0};
	char contracts[GS_BESIDE_PATH_MAX];
	enum gs_err err = gs_deploy_find(contracts, &error);
	if (err != GS_OK) {
		print_message("skipped: %s\n", error.text);
		return false;
	}
	err = gs_dispute_chain_open(NULL, chain, &error);
	if (err == GS_ENOTFOUND) {
		gs_dispute_chain_close(chain);
		print_message("skipped: %s\n", error.text);
		return false;
	}
	if (err != GS_OK)
		fail_msg("%s", error.text);
	return true;
}

struct files {
	char folder[32], program[64], inputs[64];
};

static void make_files(struct files *f)
{
	strcpy(f->folder, "/tmp/gainsay-test-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->program, sizeof(f->program), "%s/p.gsp", f->folder);
	snprintf(f->inputs, sizeof(f->inputs), "%s/p.bin", f->folder);
}

static void remove_files(const struct files *f)
{
	unlink(f->program);
	unlink(f->inputs);
	rmdir(f->folder);
}

static void load(struct gs_dispute_chain *chain, const struct files *f, uint64_t seed, struct gs_dispute_setup *setup)
{
	struct gs_error error = {0};
	const char *input = f->inputs;
	write_program(seed, f->program, f->inputs);
	if (gs_dispute_setup_load(f->program, &input, 1, 1, setup, &error) != GS_OK ||
	    gs_dispute_register(chain, &setup->program.header, &error) != GS_OK)
		fail_msg("seed %u: %s", (unsigned)seed, error.text);
}

/* What each side paid, and its dearest transaction, are below what was told before the game. */
static void check_worst_case(const struct gs_dispute_chain *chain, const struct gs_dispute_setup *setup,
                             const struct gs_dispute_result *result, double *closest)
{
	const struct gs_gas_model gas = gs_gas_model_default();
	const struct gs_bond_rules bonds = {.challenger_bond = chain->parameters.disputes.challenger_bond};
	const struct gs_game_rules rules = {.header = &setup->program.header};
	struct gs_game_shape shape;
	struct gs_worst_case worst;
	gs_bond_shape(&setup->program, &shape);
	assert_int_equal(gs_bond_worst_case(&shape, &rules, &bonds, &gas, 0, 0, &worst), GS_OK);
	uint64_t paid[2] = {0}, dearest[2] = {0}, bytes[2] = {0};
	for (unsigned i = 0; i < result->moves; i++) {
		unsigned side = result->move[i].side == GS_SIDE_CHALLENGER;
		paid[side] += result->move[i].gas;
		bytes[side] += result->move[i].calldata;
		if (result->move[i].gas > dearest[side])
			dearest[side] = result->move[i].gas;
	}
	const struct gs_worst_side *told[2] = {&worst.claimant, &worst.challenger};
	for (unsigned side = 0; side < 2; side++) {
		if (paid[side] > told[side]->gas || dearest[side] > told[side]->dearest ||
		    bytes[side] > told[side]->bytes)
			fail_msg("side %u paid %u, at most %u for one move, %u bytes; told %u, %u, %u", side,
			         (unsigned)paid[side], (unsigned)dearest[side], (unsigned)bytes[side],
			         (unsigned)told[side]->gas, (unsigned)told[side]->dearest, (unsigned)told[side]->bytes);
		double share = (double)paid[side] / (double)told[side]->gas;
		*closest = share > *closest ? share : *closest;
	}
}

static void test_refusals(void **state)
{
	(void)state;
	struct gs_dispute_chain chain = {0};
	struct gs_error error = {0};
	struct witness witness = {.tried = 0};
	struct files files;
	double closest = 0;
	if (!open_chain(&chain))
		skip();
	make_files(&files);
	gs_rng_seed(&witness.rng, 3);
	const char *wanted = getenv("GAINSAY_GAMES");
	uint64_t games = wanted != NULL ? strtoull(wanted, NULL, 10) : GAMES;
	assert_true(games >= GAMES);
	for (uint64_t seed = 0; seed < games; seed++) {
		struct gs_dispute_setup setup;
		struct gs_dispute_result *result = malloc(sizeof(*result));
		struct gs_dispute_plan plan = {.manner = (enum gs_dispute_manner)(seed % 3), .seed = seed};
		assert_non_null(result);
		plan.witness = look_on;
		plan.witness_context = &witness;
		load(&chain, &files, 7000 + seed, &setup);
		if (gs_dispute_play(&chain, &setup, &plan, result, &error) != GS_OK)
			fail_msg("seed %u: %s", (unsigned)seed, error.text);
		assert_true(result->honest_won);
		assert_true(result->judged || result->game.reason == GS_REASON_OUTPUT);
		assert_int_equal(result->contract, result->judge.result);
		check_worst_case(&chain, &setup, result, &closest);
		free(result);
		gs_dispute_setup_free(&setup);
	}
	remove_files(&files);
	gs_dispute_chain_close(&chain);
	print_message("%u spoilt moves: %u refused, %u taken; gas at most %.2f of what was told before\n",
	              witness.tried, witness.refused, witness.accepted, closest);
	assert_true(closest > 0.4); /* a bound that is not idle */
	assert_true(witness.refused > 200);
	assert_true(witness.accepted > 10);
}

/* ---- by hand: one claim, and games that the table of dispute_play does not play ---- */

struct hand {
	struct gs_dispute_chain *chain;
	struct gs_dispute_setup setup;
	struct gs_liar liar;
	struct gs_game_rules rules;
	struct gs_hash claim;
	struct gs_rng rng;
	uint64_t gas; /* of the last call */
};

/* Claims the output of the trace, or (hollow) one that it does not end in. */
static void post_claim(struct hand *h, const struct gs_trace *trace, bool hollow)
{
	struct gs_error error = {0};
	const struct gs_u256 salt = gs_u256_from_u64(h->chain->posted++);
	h->rules = (struct gs_game_rules){
		.header = &h->setup.program.header,
		.claimant_budget_s = (uint32_t)h->chain->parameters.disputes.claimant_budget_s,
		.challenger_budget_s = (uint32_t)h->chain->parameters.disputes.challenger_budget_s,
		.minimum_time_s = (uint32_t)h->chain->parameters.disputes.minimum_time_s};
	struct gs_claim_body *body = &h->rules.body;
	body->lot = gs_claim_lot(&salt, gs_wei_from_u64(0));
	body->claimant = h->chain->key[GS_PARTY_CLAIMANT].address;
	gs_header_model_id(h->rules.header, &body->model_id);
	gs_merkle_root(&h->setup.common.inputs_tree, &body->input_root);
	gs_trace_output_root(trace, h->rules.header, &body->output_root);
	body->output_root.b[7] ^= hollow;
	if (gs_dispute_post(h->chain, body, (struct gs_bytes){NULL, 0}, (struct gs_bytes){NULL, 0}, &h->claim, &h->gas,
	                    &error) != GS_OK)
		fail_msg("%s", error.text);
}

/* A claim whose claimant lies about one scalar. */
static void claim_wrongly(struct hand *h, const struct files *files, uint64_t seed)
{
	struct gs_fault fault;
	bool changed = false;
	load(h->chain, files, seed, &h->setup);
	gs_rng_seed(&h->rng, seed);
	while (!changed) {
		gs_liar_free(&h->liar);
		memset(&h->liar, 0, sizeof(h->liar));
		enum gs_fault_kind kind = (enum gs_fault_kind)gs_rng_below(&h->rng, GS_FAULT_KINDS);
		if (gs_fault_draw(&h->rng, kind, &h->setup.honest, &fault) == GS_OK)
			assert_int_equal(gs_liar_run(&h->setup.honest, &fault, 1, &h->liar, &changed, NULL), GS_OK);
	}
	post_claim(h, &h->liar.trace, false);
	/* The id that the contract gave is the hash of the body. */
	struct gs_hash id;
	gs_claim_id(h->chain->chain_id, &h->chain->deployment.contract[GS_CONTRACT_CLAIMS], &h->rules.body, &id);
	assert_true(gs_hash_equal(&id, &h->claim));
}

static void put_away(struct hand *h)
{
	gs_liar_free(&h->liar);
	gs_dispute_setup_free(&h->setup);
}

/* Sends a call and looks for the last event about games in its receipt; freed by the caller. */
static void send(struct hand *h, enum gs_dispute_party party, struct gs_buf *data, struct gs_receipt *receipt)
{
	struct gs_error error = {0};
	assert_int_equal(data->err, GS_OK);
	if (gs_dispute_send(h->chain, party, GS_CONTRACT_DISPUTES, gs_buf_view(data), receipt, &error) != GS_OK)
		fail_msg("%s", error.text);
	h->gas = receipt->gas_used;
	data->len = 0;
}

static bool find_event(const struct gs_receipt *receipt, enum gs_game_event_kind kind, struct gs_game_event *out)
{
	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < receipt->logs.count; i++)
		if (gs_game_event_decode(&receipt->logs.entries[i], out) == GS_OK && out->kind == kind)
			return true;
	return false;
}

static void open_game(struct hand *h, uint16_t ordinal, uint16_t units, struct gs_game *game)
{
	struct gs_buf data;
	struct gs_receipt receipt;
	struct gs_game_event event;
	struct gs_hash theirs, ours;
	uint64_t now;
	gs_buf_init(&data, GS_MOVE_CALLDATA_MAX);
	gs_challenge_calldata(&h->rules.body, &data);
	send(h, GS_PARTY_CHALLENGER, &data, &receipt);
	assert_int_equal(gs_dispute_block_time(h->chain, receipt.block_number, &now, NULL), GS_OK);
	gs_game_open(game, &h->rules, &h->claim, &h->chain->key[GS_PARTY_CHALLENGER].address, ordinal, units, now);
	assert_true(find_event(&receipt, GS_GAME_EVENT_OPENED, &event));
	gs_game_state_hash(&event.state, &theirs);
	gs_game_hash(game, &ours);
	assert_true(gs_hash_equal(&theirs, &ours));
	gs_receipt_free(&receipt);
	gs_buf_free(&data);
}

/* The next move of the game by the strategies; a challenger that parts selection and proof goes to phase Step. */
static void next_move(struct hand *h, const struct gs_game *game, bool parts, struct gs_move *move, enum gs_side *side)
{
	struct gs_prover lying = gs_prover_over_liar(&h->liar), honest = gs_prover_over_trace(&h->setup.honest);
	bool waiting;
	*side = GS_SIDE_CHALLENGER;
	assert_int_equal(gs_strategy_challenger(game, &honest, &h->rules.body, move, &waiting), GS_OK);
	if (!waiting && parts && move->kind == GS_MOVE_SELECT_ELEMENT_AND_PROVE)
		move->kind = GS_MOVE_SELECT_ELEMENT;
	if (!waiting && parts && move->kind == GS_MOVE_SELECT_SEGMENT_AND_PROVE)
		move->kind = GS_MOVE_SELECT_SEGMENT;
	if (!waiting)
		return;
	*side = GS_SIDE_CLAIMANT;
	assert_int_equal(gs_strategy_claimant(game, &lying, move, &waiting), GS_OK);
	assert_false(waiting);
}

/* One move on chain and in C. */
static void make_move(struct hand *h, struct gs_game *game, struct gs_receipt *receipt)
{
	struct gs_buf data;
	struct gs_move move;
	struct gs_game_effects effects;
	struct gs_error error = {0};
	enum gs_side side;
	uint64_t now;
	next_move(h, game, false, &move, &side);
	gs_buf_init(&data, GS_MOVE_CALLDATA_MAX);
	gs_move_calldata(&h->rules.body, &game->state, &move, &data);
	send(h, side == GS_SIDE_CLAIMANT ? GS_PARTY_CLAIMANT : GS_PARTY_CHALLENGER, &data, receipt);
	assert_int_equal(gs_dispute_block_time(h->chain, receipt->block_number, &now, NULL), GS_OK);
	struct gs_game_input in = {.sender = (uint8_t)side, .now = now, .move = &move};
	if (gs_game_step(game, &h->rules, &in, &effects, &error) != GS_OK)
		fail_msg("%s", error.text);
	if (effects.bound)
		h->rules.tag = gs_trace_tag_of(&game->trace_root);
	gs_buf_free(&data);
}

/* The move on chain and in C. */
static void both(struct hand *h, struct gs_game *game, enum gs_side side, const struct gs_move *move,
                 struct gs_receipt *receipt)
{
	struct gs_buf data;
	struct gs_game_effects effects;
	struct gs_error error = {0};
	uint64_t now;
	gs_buf_init(&data, GS_MOVE_CALLDATA_MAX);
	gs_move_calldata(&h->rules.body, &game->state, move, &data);
	send(h, side == GS_SIDE_CLAIMANT ? GS_PARTY_CLAIMANT : GS_PARTY_CHALLENGER, &data, receipt);
	assert_int_equal(gs_dispute_block_time(h->chain, receipt->block_number, &now, NULL), GS_OK);
	struct gs_game_input in = {.sender = (uint8_t)side, .now = now, .move = move};
	if (gs_game_step(game, &h->rules, &in, &effects, &error) != GS_OK)
		fail_msg("%s: %s", gs_move_name(move->kind), error.text);
	gs_buf_free(&data);
}

/* The output is asked for: of an honest claimant, who shows it, and of one who claimed another than its trace ends in. */
static void test_output(void **state)
{
	(void)state;
	struct gs_dispute_chain chain = {0};
	struct files files;
	uint64_t most = 0;
	if (!open_chain(&chain))
		skip();
	make_files(&files);
	for (uint64_t seed = 0; seed < 8; seed++) {
		struct hand h = {.chain = &chain};
		struct witness witness = {.tried = 0};
		struct gs_error error = {0};
		struct gs_game game;
		struct gs_move move;
		struct gs_receipt receipt;
		struct gs_game_event event;
		struct gs_hash id, stored, want;
		char name[GS_REVERT_TEXT_MAX];
		bool hollow = seed % 2 == 1, waiting;
		load(&chain, &files, 7400 + seed / 2, &h.setup);
		post_claim(&h, &h.setup.trace, hollow);
		struct gs_prover honest = gs_prover_over_trace(&h.setup.honest);
		gs_rng_seed(&witness.rng, seed);
		open_game(&h, 0, 1, &game);
		assert_int_equal(gs_strategy_claimant(&game, &honest, &move, &waiting), GS_OK);
		both(&h, &game, GS_SIDE_CLAIMANT, &move, &receipt);
		gs_receipt_free(&receipt);
		h.rules.tag = gs_trace_tag_of(&game.trace_root);
		enum gs_err err = gs_strategy_challenger(&game, &honest, &h.rules.body, &move, &waiting);
		assert_int_equal(err, hollow ? GS_OK : GS_ENOTFOUND);
		if (!hollow)
			move = (struct gs_move){.kind = GS_MOVE_CHALLENGE_OUTPUT};
		assert_int_equal(move.kind, GS_MOVE_CHALLENGE_OUTPUT);
		look_on(&witness, &chain, &game, &h.rules, GS_SIDE_CHALLENGER, &move);
		both(&h, &game, GS_SIDE_CHALLENGER, &move, &receipt);
		assert_true(find_event(&receipt, GS_GAME_EVENT_SELECTED, &event));
		gs_receipt_free(&receipt);
		gs_game_id(&h.claim, 0, &id);
		gs_game_hash(&game, &want);
		assert_int_equal(gs_dispute_stored(&chain, &id, &stored, &error), GS_OK);
		assert_true(gs_hash_equal(&stored, &want));
		assert_int_equal(gs_strategy_claimant(&game, &honest, &move, &waiting), GS_OK);
		assert_int_equal(move.kind, GS_MOVE_PROVE_OUTPUT);
		look_on(&witness, &chain, &game, &h.rules, GS_SIDE_CLAIMANT, &move);
		ask_contract(&chain, &h.rules.body, GS_SIDE_CLAIMANT, &game.state, &move, name);
		assert_string_equal(name, hollow ? "StaleState" : "");
		if (!hollow) {
			both(&h, &game, GS_SIDE_CLAIMANT, &move, &receipt);
			assert_true(find_event(&receipt, GS_GAME_EVENT_OVER, &event));
			assert_int_equal(event.outcome, GS_GAME_CLAIMANT_WON);
			assert_int_equal(event.reason, GS_REASON_OUTPUT);
			gs_receipt_free(&receipt);
			most = h.gas > most ? h.gas : most;
		}
		put_away(&h);
	}
	remove_files(&files);
	gs_dispute_chain_close(&chain);
	print_message("proveOutput: at most %u gas\n", (unsigned)most);
}

/* Everything but the challenge and the last step off chain: signed states, and agreeAndProve. */
static void test_agreed(void **state)
{
	(void)state;
	struct gs_dispute_chain chain = {0};
	struct files files;
	uint64_t most = 0;
	if (!open_chain(&chain))
		skip();
	make_files(&files);
	for (uint64_t seed = 0; seed < 6; seed++) {
		struct hand h = {.chain = &chain};
		struct gs_error error = {0};
		struct gs_game game;
		struct gs_move move;
		struct gs_game_event event;
		struct gs_receipt receipt;
		struct gs_buf data;
		const struct gs_address *disputes = &chain.deployment.contract[GS_CONTRACT_DISPUTES];
		claim_wrongly(&h, &files, 7100 + seed);
		open_game(&h, 0, 1, &game);
		uint64_t gas = h.gas, now = game.state.deadline - h.rules.claimant_budget_s;
		struct gs_game_state on_chain = game.state;
		gs_agreed_begin(&game.state);
		enum gs_side side;
		while (game.state.phase != GS_PHASE_STEP) {
			struct gs_game_effects effects;
			next_move(&h, &game, true, &move, &side);
			struct gs_game_input in = {.sender = (uint8_t)side, .now = now, .move = &move};
			assert_int_equal(gs_game_step(&game, &h.rules, &in, &effects, NULL), GS_OK);
		}
		struct gs_agreed agreed = {.state = game.state, .trace_root = game.trace_root};
		assert_int_equal(gs_agreed_sign(chain.chain_id, disputes, &chain.key[GS_PARTY_CLAIMANT], &agreed.state,
		                                &agreed.trace_root, &agreed.claimant, &error),
		                 GS_OK);
		assert_int_equal(gs_agreed_sign(chain.chain_id, disputes, &chain.key[GS_PARTY_CHALLENGER],
		                                &agreed.state, &agreed.trace_root, &agreed.challenger, &error),
		                 GS_OK);
		struct gs_agreed_terms terms = {.chain_id = chain.chain_id,
		                                .disputes = *disputes,
		                                .budgets_s = h.rules.claimant_budget_s + h.rules.challenger_budget_s,
		                                .now = now};
		assert_int_equal(gs_agreed_check(&terms, &on_chain, &agreed, true, &error), GS_OK);
		gs_buf_init(&data, GS_MOVE_CALLDATA_MAX);
		if (seed % 2 == 0) { /* put down first, proved later */
			gs_agree_calldata(&on_chain, &agreed, &data);
			send(&h, GS_PARTY_DEPLOYER, &data, &receipt); /* anyone */
			assert_true(find_event(&receipt, GS_GAME_EVENT_AGREED, &event));
			assert_true(gs_hash_equal(&event.trace_root, &agreed.trace_root));
			gs_receipt_free(&receipt);
			struct gs_hash id, stored, want;
			gs_game_id(&h.claim, 0, &id);
			gs_game_state_hash(&agreed.state, &want);
			assert_int_equal(gs_dispute_stored(&chain, &id, &stored, &error), GS_OK);
			assert_true(gs_hash_equal(&stored, &want));
		}
		next_move(&h, &game, true, &move, &side);
		assert_int_equal(move.kind, GS_MOVE_PROVE_STEP);
		if (seed % 2 == 0)
			gs_move_calldata(&h.rules.body, &game.state, &move, &data);
		else
			gs_agree_and_prove_calldata(&h.rules.body, &on_chain, &agreed, &move, &data);
		send(&h, GS_PARTY_CHALLENGER, &data, &receipt);
		assert_true(find_event(&receipt, GS_GAME_EVENT_OVER, &event));
		assert_int_equal(event.outcome, GS_GAME_CHALLENGER_WON);
		assert_int_equal(event.reason, GS_REASON_STEP);
		if (seed % 2 == 1 && gas + h.gas > most)
			most = gas + h.gas;
		gs_receipt_free(&receipt);
		gs_buf_free(&data);
		put_away(&h);
	}
	remove_files(&files);
	gs_dispute_chain_close(&chain);
	print_message("challenge and agreeAndProve: at most %u gas together\n", (unsigned)most);
}

static struct gs_wei bond_of_claim(const struct gs_dispute_chain *chain)
{
	return chain->parameters.claims.minimum_bond;
}

/* Three games of one claim: the second wins first, the first takes its place, the third is closed and refunded. */
static void test_parallel_games(void **state)
{
	(void)state;
	struct gs_dispute_chain chain = {0};
	struct files files;
	struct hand h = {.chain = &chain};
	struct gs_game game[3];
	struct gs_receipt receipt;
	struct gs_game_event event;
	struct gs_buf data;
	if (!open_chain(&chain))
		skip();
	make_files(&files);
	claim_wrongly(&h, &files, 7203);
	for (uint16_t i = 0; i < 3; i++)
		open_game(&h, i, (uint16_t)(i + 1), &game[i]);
	make_move(&h, &game[2], &receipt);
	gs_receipt_free(&receipt);
	static const unsigned order[] = {1, 0};
	for (unsigned k = 0; k < 2; k++)
		while (game[order[k]].outcome == GS_GAME_OPEN) {
			make_move(&h, &game[order[k]], &receipt);
			bool over = find_event(&receipt, GS_GAME_EVENT_OVER, &event);
			assert_int_equal(over, game[order[k]].outcome != GS_GAME_OPEN);
			assert_false(find_event(&receipt, GS_GAME_EVENT_SETTLED, &event));
			gs_receipt_free(&receipt);
		}
	assert_int_equal(game[0].outcome, GS_GAME_CHALLENGER_WON);
	assert_int_equal(game[1].outcome, GS_GAME_CHALLENGER_WON);
	gs_buf_init(&data, GS_MOVE_CALLDATA_MAX);
	gs_close_calldata(&h.rules.body, &game[2].state, &data);
	send(&h, GS_PARTY_DEPLOYER, &data, &receipt);
	assert_true(find_event(&receipt, GS_GAME_EVENT_OVER, &event));
	assert_int_equal(event.outcome, GS_GAME_CLOSED);
	assert_int_equal(event.ordinal, 2);
	assert_true(find_event(&receipt, GS_GAME_EVENT_SETTLED, &event));
	/* The prize by the arithmetic of C: the pot less what the two other games are refunded. */
	struct gs_bond_rules bonds = {.challenger_bond = chain.parameters.disputes.challenger_bond,
	                              .refund_per_move = chain.parameters.disputes.refund_per_move,
	                              .concede_bps = (uint16_t)(chain.parameters.disputes.concede_ppm / 100),
	                              .burn_bps = (uint16_t)(chain.parameters.disputes.burn_ppm / 100)};
	struct gs_payout payout;
	struct gs_wei refund;
	assert_int_equal(
		gs_bond_payout(&bonds, bond_of_claim(&chain), false, GS_GAME_CHALLENGER_WON, GS_REASON_STEP, &payout),
		GS_OK);
	for (unsigned i = 1; i < 3; i++) {
		assert_int_equal(gs_bond_refund(&bonds, &game[i].state, payout.rest, &refund), GS_OK);
		assert_int_equal(gs_wei_sub(payout.rest, refund, &payout.rest), GS_OK);
	}
	assert_int_equal(gs_wei_cmp(event.amount, payout.rest), 0);
	assert_true(gs_address_equal(&event.winner, &chain.key[GS_PARTY_CHALLENGER].address));
	gs_receipt_free(&receipt);
	gs_buf_free(&data);
	put_away(&h);
	remove_files(&files);
	gs_dispute_chain_close(&chain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_refusals), cmocka_unit_test(test_agreed),
	                                   cmocka_unit_test(test_output), cmocka_unit_test(test_parallel_games)};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
