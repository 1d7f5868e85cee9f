/* What the simulated network is made of: its store beside LMDB's, its reading of calldata, its reorganisations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "challenge/game/moves.h"
#include "chain/core/rng.h"
#include "simulations/nodes/calls.h"
#include "simulations/nodes/faulty_store.h"
#include "simulations/nodes/memory_store.h"
#include "simulations/nodes/nodes.h"
#include "simulations/nodes/run.h"
#include "simulations/actors/actors.h"
#include "simulations/engines.h"
#include "simulations/strangers/strangers.h"
#include "storage/store.h"

/* ---- the store ---- */

enum { KEYS = 40, TRANSACTIONS = 400 };

static struct gs_bytes draw(struct gs_rng *rng, uint8_t *room, size_t most)
{
	size_t len = 1 + (size_t)gs_rng_below(rng, most);
	for (size_t i = 0; i < len; i++)
		room[i] = (uint8_t)gs_rng_below(rng, most == 3 ? 4 : 256); /* short keys meet each other */
	return (struct gs_bytes){room, len};
}

struct seen {
	uint8_t bytes[1 << 16];
	size_t len;
};

static enum gs_err see(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct seen *seen = context;
	if (seen->len + key.len + value.len + 2 > sizeof(seen->bytes))
		return GS_ELIMIT;
	seen->bytes[seen->len++] = (uint8_t)key.len;
	memcpy(seen->bytes + seen->len, key.ptr, key.len);
	seen->len += key.len;
	seen->bytes[seen->len++] = (uint8_t)value.len;
	memcpy(seen->bytes + seen->len, value.ptr, value.len);
	seen->len += value.len;
	return GS_OK;
}

static void same_scan(const struct gs_store *stores, struct gs_store_txn **txn, struct gs_bytes prefix,
                      enum gs_store_order order)
{
	static struct seen seen[2];
	for (unsigned i = 0; i < 2; i++) {
		seen[i].len = 0;
		assert_int_equal(stores[i].scan(txn[i], GS_TABLE_CLAIMS, prefix, order, see, &seen[i], NULL), GS_OK);
	}
	assert_int_equal(seen[0].len, seen[1].len);
	assert_memory_equal(seen[0].bytes, seen[1].bytes, seen[0].len);
}

static void one_transaction(const struct gs_store *stores, struct gs_rng *rng)
{
	struct gs_store_txn *txn[2];
	uint8_t key_room[8], value_room[64];
	unsigned changes = (unsigned)gs_rng_below(rng, 20), end = (unsigned)gs_rng_below(rng, 3);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(stores[i].begin(stores[i].self, GS_STORE_WRITE, &txn[i], NULL), GS_OK);
	for (unsigned c = 0; c < changes; c++) {
		struct gs_bytes key = draw(rng, key_room, 3), value = draw(rng, value_room, sizeof(value_room)), got[2];
		unsigned what = (unsigned)gs_rng_below(rng, 4);
		enum gs_err err[2];
		for (unsigned i = 0; i < 2; i++)
			err[i] = what == 0   ? stores[i].del(txn[i], GS_TABLE_CLAIMS, key, NULL)
			         : what == 1 ? stores[i].get(txn[i], GS_TABLE_CLAIMS, key, &got[i], NULL)
			                     : stores[i].put(txn[i], GS_TABLE_CLAIMS, key, value, NULL);
		assert_int_equal(err[0], err[1]);
		if (what == 1 && err[0] == GS_OK) {
			assert_int_equal(got[0].len, got[1].len);
			assert_memory_equal(got[0].ptr, got[1].ptr, got[0].len);
		}
	}
	same_scan(stores, txn, (struct gs_bytes){NULL, 0}, GS_STORE_ASCENDING);
	same_scan(stores, txn, draw(rng, key_room, 2), GS_STORE_DESCENDING);
	for (unsigned i = 0; i < 2; i++) {
		if (end == 0)
			stores[i].abort(txn[i]);
		else
			assert_int_equal(stores[i].commit(txn[i], NULL), GS_OK);
	}
}

static void test_memory_store_is_like_lmdb(void **state)
{
	char dir[] = "/tmp/gainsay-sim-XXXXXX", command[64];
	struct gs_sim_store *memory;
	struct gs_store_db *db;
	struct gs_rng rng;
	bool same;
	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(gs_sim_store_new(&memory), GS_OK);
	assert_int_equal(gs_store_open(dir, NULL, &db, NULL), GS_OK);
	const struct gs_store stores[2] = {gs_sim_store_port(memory), gs_store_port(db)};
	gs_rng_seed(&rng, 1);
	for (unsigned t = 0; t < TRANSACTIONS; t++) {
		one_transaction(stores, &rng);
		assert_int_equal(gs_sim_same_records(&stores[0], &stores[1], GS_TABLE_CLAIMS, &same, NULL), GS_OK);
		assert_true(same);
	}
	gs_sim_store_free(memory);
	gs_store_close(db);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

static void put_one(const struct gs_store *store, const char *text, enum gs_err expected)
{
	struct gs_store_txn *txn;
	const struct gs_bytes bytes = {(const uint8_t *)text, strlen(text)};
	assert_int_equal(store->begin(store->self, GS_STORE_WRITE, &txn, NULL), GS_OK);
	assert_int_equal(store->put(txn, GS_TABLE_META, bytes, bytes, NULL), GS_OK);
	assert_int_equal(store->commit(txn, NULL), expected);
}

static void test_a_commit_that_fails_leaves_nothing(void **state)
{
	struct gs_sim_store *memory[2];
	struct gs_sim_faulty faulty;
	struct gs_store plain[2];
	bool same;
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(gs_sim_store_new(&memory[i]), GS_OK);
		plain[i] = gs_sim_store_port(memory[i]);
	}
	const struct gs_store store = gs_sim_faulty_port(&faulty, &plain[0]);
	put_one(&store, "a", GS_OK);
	put_one(&plain[1], "a", GS_OK);
	faulty.fails = true;
	put_one(&store, "b", GS_EIO);
	assert_int_equal(gs_sim_same_records(&plain[0], &plain[1], GS_TABLE_META, &same, NULL), GS_OK);
	assert_true(same);
	put_one(&store, "b", GS_OK); /* only that one */
	assert_int_equal(gs_sim_same_records(&plain[0], &plain[1], GS_TABLE_META, &same, NULL), GS_OK);
	assert_false(same);
	for (unsigned i = 0; i < 2; i++)
		gs_sim_store_free(memory[i]);
}

/* ---- calldata ---- */

static void fill(struct gs_rng *rng, void *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		((uint8_t *)bytes)[i] = (uint8_t)gs_rng_u64(rng);
}

/* A move of this kind with whatever in the fields that it has, and a state that could be encoded. */
static void draw_move(struct gs_rng *rng, enum gs_move_kind kind, struct gs_move *m, struct gs_game_state *s)
{
	const bool element = kind == GS_MOVE_SELECT_ELEMENT || kind == GS_MOVE_SELECT_ELEMENT_AND_PROVE;
	const bool segment = kind == GS_MOVE_SELECT_SEGMENT || kind == GS_MOVE_SELECT_SEGMENT_AND_PROVE;
	const bool proves = gs_move_proves(kind);
	memset(m, 0, sizeof(*m));
	m->kind = kind;
	if (element || kind == GS_MOVE_SELECT)
		m->child = (uint32_t)gs_rng_below(rng, 32);
	if (kind == GS_MOVE_SELECT)
		fill(rng, m->hash.b, sizeof(m->hash.b));
	if (element || kind == GS_MOVE_SELECT || kind == GS_MOVE_PROVE_OUTPUT) {
		m->siblings = (uint32_t)gs_rng_below(rng, GS_MERKLE_DEPTH_MAX + 1);
		fill(rng, m->sibling, m->siblings * sizeof(*m->sibling));
	}
	if (element) {
		m->slot = (uint32_t)gs_rng_below(rng, 32);
		m->instruction = (uint32_t)gs_rng_below(rng, 1 << 20);
		fill(rng, m->chunk, sizeof(m->chunk));
		m->path_len = (uint32_t)gs_rng_below(rng, GS_GAME_PROGRAM_DEPTH_MAX + 1);
		fill(rng, m->path, m->path_len * sizeof(*m->path));
	}
	if (kind == GS_MOVE_COMMIT_TRACE || kind == GS_MOVE_REVEAL || kind == GS_MOVE_REVEAL_STATES || segment) {
		m->data_len = (uint32_t)gs_rng_below(rng, GS_GAME_SHOWN_MAX + 1);
		fill(rng, m->data, m->data_len);
	}
	if (segment)
		m->segment = (uint32_t)gs_rng_below(rng, 64);
	if (element || proves) {
		m->descriptor_len = (uint32_t)gs_rng_below(rng, GS_DESCRIPTOR_BYTES_MAX + 1);
		fill(rng, m->descriptor, m->descriptor_len);
	}
	if (proves) {
		fill(rng, m->trace_root.b, sizeof(m->trace_root.b));
		m->openings_len = (uint32_t)gs_rng_below(rng, GS_GAME_OPENINGS_BYTES_MAX + 1);
		fill(rng, m->openings, m->openings_len);
	}
	memset(s, 0, sizeof(*s));
	fill(rng, &s->claim, sizeof(s->claim));
	fill(rng, &s->claimant, sizeof(s->claimant));
	fill(rng, &s->challenger, sizeof(s->challenger));
	fill(rng, &s->node, sizeof(s->node));
	fill(rng, &s->values, sizeof(s->values));
	s->ordinal = (uint16_t)gs_rng_u64(rng);
	s->units = 1;
	s->phase = GS_PHASE_STEP;
	s->depth = 20;
	s->deadline = gs_rng_below(rng, UINT64_C(1) << 40);
}

static void test_calldata_is_read_as_it_was_written(void **state)
{
	static const uint8_t contract[20] = {0xd1};
	struct gs_contracts contracts = {.chain_id = 1};
	struct gs_sim_call *call = calloc(1, sizeof(*call));
	struct gs_move *move = calloc(1, sizeof(*move));
	struct gs_rng rng;
	(void)state;
	assert_non_null(call);
	assert_non_null(move);
	memcpy(contracts.disputes.b, contract, sizeof(contract));
	gs_rng_seed(&rng, 2);
	for (unsigned i = 0; i < 50 * GS_MOVE_KINDS; i++) {
		struct gs_claim_body body;
		struct gs_game_state s;
		struct gs_buf data;
		uint8_t words[GS_GAME_STATE_WORDS * 32];
		fill(&rng, &body, sizeof(body));
		draw_move(&rng, (enum gs_move_kind)(i % GS_MOVE_KINDS), move, &s);
		gs_buf_init(&data, 1 << 20);
		gs_move_calldata(&body, &s, move, &data);
		assert_int_equal(data.err, GS_OK);
		assert_int_equal(gs_sim_call_decode(&contracts, &contracts.disputes, gs_buf_view(&data), call), GS_OK);
		assert_int_equal(call->kind, GS_SIM_CALL_MOVE);
		assert_memory_equal(&call->move, move, sizeof(*move));
		gs_game_state_encode(&s, words);
		if (gs_move_side(move->kind) == GS_SIDE_CLAIMANT)
			memset(words + 32, 0, 20);
		if (gs_move_side(move->kind) == GS_SIDE_CHALLENGER)
			memset(words + 64, 0, 20);
		for (unsigned w = 0; w < GS_GAME_STATE_WORDS; w++)
			if (call->given >> w & 1)
				assert_memory_equal(call->word[w], words + (size_t)32 * w, 32);
		assert_true(call->given & 2 && call->given & 4);
		if (!call->by_claim) {
			assert_memory_equal(&call->body.output_root, &body.output_root, 32);
			assert_memory_equal(&call->body.lot, &body.lot, 32);
		}
		/* shorter, it is none */
		for (unsigned cut = 1; cut < 4; cut++) {
			struct gs_bytes less = {data.ptr, (size_t)gs_rng_below(&rng, data.len)};
			assert_int_not_equal(gs_sim_call_decode(&contracts, &contracts.disputes, less, call), GS_OK);
		}
		gs_buf_free(&data);
	}
	free(call);
	free(move);
}

/* Whatever in the fields; what a call does not have is zero after reading. */
static void draw_call(struct gs_rng *rng, enum gs_sim_call_kind kind, struct gs_sim_call *c, uint8_t *room)
{
	const struct gs_bytes bytes = {room, (size_t)gs_rng_below(rng, 300)};
	fill(rng, room, 300);
	memset(c, 0, sizeof(*c));
	c->kind = kind;
	fill(rng, &c->body, sizeof(c->body));
	fill(rng, &c->root, sizeof(c->root));
	fill(rng, &c->claim, sizeof(c->claim));
	fill(rng, &c->commitment, sizeof(c->commitment));
	fill(rng, &c->validator, sizeof(c->validator));
	fill(rng, &c->batch.claimant, sizeof(c->batch.claimant));
	fill(rng, &c->batch.root, sizeof(c->batch.root));
	fill(rng, &c->batch.model, sizeof(c->batch.model));
	c->batch.salt = gs_rng_u64(rng);
	c->batch.count = (uint32_t)gs_rng_u64(rng);
	c->batch.kind = (uint8_t)gs_rng_u64(rng);
	c->amount = gs_wei_from_u64(gs_rng_u64(rng));
	c->epoch = gs_rng_u64(rng);
	c->demand_kind = (uint8_t)gs_rng_u64(rng);
	c->input = c->chunks = c->leaves = bytes;
	c->output = (struct gs_bytes){room, bytes.len / 2};
	c->levels = (size_t)gs_rng_below(rng, GS_SIM_PATH_MAX + 1);
	fill(rng, c->path, c->levels * sizeof(*c->path));
}

static void same_bytes(struct gs_bytes a, struct gs_bytes b)
{
	assert_int_equal(a.len, b.len);
	if (a.len > 0)
		assert_memory_equal(a.ptr, b.ptr, a.len);
}

/* What was read and is written again is the same calldata; every byte of it came from the call, whose kind it names. */
static void test_calls_are_read_as_they_were_written(void **state)
{
	struct gs_contracts contracts = {.chain_id = 1};
	struct gs_sim_call *call = calloc(2, sizeof(*call));
	struct gs_rng rng;
	uint8_t room[300];
	(void)state;
	assert_non_null(call);
	contracts.stakes.b[0] = 1;
	contracts.claims.b[0] = 2;
	contracts.batches.b[0] = 3;
	contracts.disputes.b[0] = 4;
	contracts.duties.b[0] = 5;
	gs_rng_seed(&rng, 3);
	for (unsigned i = 0; i < 40 * GS_SIM_CALL_KINDS; i++) {
		struct gs_buf data, again;
		struct gs_address to, too;
		if (i % GS_SIM_CALL_KINDS == GS_SIM_CALL_MOVE || i % GS_SIM_CALL_KINDS == GS_SIM_CALL_AGREE)
			continue;
		draw_call(&rng, (enum gs_sim_call_kind)(i % GS_SIM_CALL_KINDS), &call[0], room);
		gs_buf_init(&data, 1 << 16);
		gs_buf_init(&again, 1 << 16);
		gs_sim_call_encode(&contracts, &call[0], &data, &to);
		assert_int_equal(data.err, GS_OK);
		assert_int_equal(gs_sim_call_decode(&contracts, &to, gs_buf_view(&data), &call[1]), GS_OK);
		assert_int_equal(call[1].kind, call[0].kind);
		gs_sim_call_encode(&contracts, &call[1], &again, &too);
		assert_true(gs_address_equal(&to, &too));
		same_bytes(gs_buf_view(&data), gs_buf_view(&again));
		if (data.len > 4) {
			struct gs_bytes less = {data.ptr, 4 + (size_t)gs_rng_below(&rng, data.len - 4)};
			assert_int_not_equal(gs_sim_call_decode(&contracts, &to, less, &call[1]), GS_OK);
		}
		gs_buf_free(&data);
		gs_buf_free(&again);
	}
	free(call);
}

/* What the production node writes, the contracts' side reads: a commitment of 160 bits, a stake of 96. */
static void test_a_stake_has_96_bits(void **state)
{
	struct gs_contracts contracts = {.chain_id = 1};
	struct gs_sim_call *call = calloc(1, sizeof(*call));
	struct gs_address to;
	struct gs_buf data;
	(void)state;
	assert_non_null(call);
	call->kind = GS_SIM_CALL_ATTEST;
	call->amount.v.limb[1] = UINT32_MAX;
	for (unsigned i = 0; i < 2; i++) {
		gs_buf_init(&data, 1 << 10);
		gs_sim_call_encode(&contracts, call, &data, &to);
		assert_int_equal(gs_sim_call_decode(&contracts, &to, gs_buf_view(&data), call),
		                 i == 0 ? GS_OK : GS_EPARSE);
		gs_buf_free(&data);
		call->amount.v.limb[1] = UINT64_C(1) << 32;
	}
	free(call);
}

/* ---- runs ---- */

/* Calls at random: nothing lost, nothing locked for nothing, and the same from the same seed. */
static void test_strangers(void **state)
{
	const struct gs_sim_strangers_options options = {.log = NULL};
	struct gs_sim_strangers_tally tally[2] = {{.runs = 0}};
	struct gs_error error = {0};
	(void)state;
	for (unsigned i = 0; i < 2; i++)
		for (uint64_t seed = 2000; seed < 2025; seed++)
			assert_int_equal(gs_sim_strangers_run(seed, &options, &tally[i], &error), GS_OK);
	assert_int_equal(tally[0].violations, 0);
	for (unsigned k = 0; k < GS_SIM_CALL_KINDS; k++) /* each is done at times, but what needs a void model */
		assert_true(tally[0].done[k] > 0 || k == GS_SIM_CALL_RELEASE_BATCH);
	assert_memory_equal(&tally[0], &tally[1], sizeof(tally[0]));
}

/* Whatever is told of a run follows from its seed; with every fault nobody honest loses and nothing wrong stands. */
static void test_every_fault(void **state)
{
	(void)state;
	for (unsigned f = GS_SIM_FAULT_NONE; f <= GS_SIM_FAULT_ALL; f++) {
		const struct gs_sim_nodes_options options = {.fault = (enum gs_sim_fault)f, .claims = 6};
		struct gs_sim_nodes_tally tally[2] = {{.runs = 0}};
		struct gs_error error = {0};
		for (unsigned i = 0; i < 2; i++)
			for (uint64_t seed = 1000; seed < 1005; seed++)
				assert_int_equal(gs_sim_nodes_run(seed, &options, &tally[i], &error), GS_OK);
		assert_int_equal(tally[0].violations, 0);
		assert_int_equal(tally[0].final + tally[0].invalid, tally[0].claims);
		assert_int_equal(tally[0].invalid, tally[0].wrong_claims);
		assert_memory_equal(&tally[0], &tally[1], sizeof(tally[0]));
	}
}

/* The same where claims have duties, and come in batches, with any kind of party beside; each run's seed draws what there is. */
static void test_duties(void **state)
{
	double value[GS_SIM_NODES_PARAMETERS];
	(void)state;
	gs_sim_nodes_standard(value);
	for (unsigned p = GS_SIM_P_AUDIT; p <= GS_SIM_P_ROOTS; p++)
		value[p] = GS_SIM_DRAWN;
	value[GS_SIM_P_CAST] = 1;
	for (unsigned f = GS_SIM_FAULT_NONE; f <= GS_SIM_FAULT_ALL; f++) {
		value[GS_SIM_P_FAULT] = f;
		const struct gs_sim_nodes_options options = {.value = value};
		struct gs_sim_nodes_tally tally[2] = {{.runs = 0}};
		struct gs_error error = {0};
		for (unsigned i = 0; i < 2; i++)
			for (uint64_t seed = 3000; seed < 3004; seed++)
				assert_int_equal(gs_sim_nodes_run(seed, &options, &tally[i], &error), GS_OK);
		assert_int_equal(tally[0].violations, 0);
		assert_memory_equal(&tally[0], &tally[1], sizeof(tally[0]));
	}
}

/* ---- actors, by the engine that scenarios use ---- */

static unsigned metric_of(const struct gs_sim_engine *e, const char *name)
{
	for (unsigned m = 0; m < e->metrics; m++)
		if (strcmp(e->metric[m].name, name) == 0)
			return m;
	fail_msg("no metric %s", name);
	return 0;
}

static void play(const double *value, unsigned runs, struct gs_sim_result *out)
{
	const struct gs_sim_engine *e = gs_sim_engine_find("nodes");
	struct gs_error error = {0};
	unsigned at;
	assert_int_equal(e->check(value, &at, &error), GS_OK);
	memset(out, 0, sizeof(*out));
	assert_int_equal(gs_sim_batch(e, value, 2000, runs, out, &error), GS_OK);
}

static double mean(const struct gs_sim_result *result, const char *name)
{
	const unsigned m = metric_of(gs_sim_engine_find("nodes"), name);
	assert_true(result->metric[m].n > 0);
	return result->metric[m].sum / (double)result->metric[m].n;
}

/* Whoever joins, honest validators find every wrong claim, and nobody honest loses. */
static void test_every_actor(void **state)
{
	(void)state;
	for (unsigned k = GS_SIM_ACTOR_LIAR; k < GS_SIM_ACTOR_KINDS; k++) {
		const struct gs_sim_actor_kind *kind = gs_sim_actor_kind((enum gs_sim_actor_number)k);
		static struct gs_sim_result result;
		char name[GS_SIM_NAME_MAX];
		double value[GS_SIM_NODES_PARAMETERS];
		gs_sim_nodes_standard(value);
		value[GS_SIM_P_CLAIMS] = 4;
		value[GS_SIM_P_FAULT] = GS_SIM_FAULT_NONE;
		if (kind->claims && k != GS_SIM_ACTOR_LIAR)
			value[GS_SIM_P_LIAR] = 0;
		value[kind->parameter] = 2;
		play(value, 6, &result);
		assert_int_equal(result.violations, 0);
		assert_true(mean(&result, "detection") == 1);
		assert_true(mean(&result, "loss.honest") == 0);
		snprintf(name, sizeof(name), "profit.%s", kind->name);
		if (kind->claims || k == GS_SIM_ACTOR_GRIEFER)
			assert_true(mean(&result, name) <
			            0); /* cheats and those who challenge what is right pay for it */
		if (k == GS_SIM_ACTOR_LAZY || k == GS_SIM_ACTOR_CARTEL)
			assert_true(mean(&result, name) == 0);
	}
}

/* Where nobody executes anything, what is wrong becomes final, and no promise is broken: nobody honest looked. */
static void test_all_lazy(void **state)
{
	static struct gs_sim_result result;
	double value[GS_SIM_NODES_PARAMETERS];
	(void)state;
	gs_sim_nodes_standard(value);
	value[GS_SIM_P_VALIDATOR] = 0;
	value[GS_SIM_P_LAZY] = 3;
	value[GS_SIM_P_FAULT] = GS_SIM_FAULT_NONE;
	play(value, 8, &result);
	assert_int_equal(result.violations, 0);
	assert_true(mean(&result, "detection") == 0 && mean(&result, "slipped") > 0);
	/* The same sampled by half by honest ones: some are found. */
	value[GS_SIM_P_VALIDATOR] = 1;
	value[GS_SIM_P_RATE] = 0.5;
	play(value, 16, &result);
	assert_int_equal(result.violations, 0);
	assert_true(mean(&result, "detection") > 0.1 && mean(&result, "detection") < 0.9);
}

/* An endpoint that lies breaks promises, and the oracles say so. */
static void test_lies_are_seen(void **state)
{
	static struct gs_sim_result result;
	double value[GS_SIM_NODES_PARAMETERS];
	(void)state;
	gs_sim_nodes_standard(value);
	value[GS_SIM_P_FAULT] = GS_SIM_FAULT_LYING;
	play(value, 8, &result);
	assert_true(result.violations > 0 && result.first[0] != '\0');
}

/* Six hours without blocks cost an honest claimant its bond where clocks are shorter, and nothing where they are longer. */
static void test_outage_and_clocks(void **state)
{
	double value[GS_SIM_NODES_PARAMETERS];
	static struct gs_sim_result result;
	(void)state;
	gs_sim_nodes_standard(value);
	value[GS_SIM_P_FAULT] = GS_SIM_FAULT_NONE;
	value[GS_SIM_P_CLAIMS] = 3;
	value[GS_SIM_P_GRIEFER] = 2;
	value[GS_SIM_P_BLOCK] = 60;
	value[GS_SIM_P_CONFIRM] = 0;
	value[GS_SIM_P_WINDOW] = 600;
	value[GS_SIM_P_LEAST_TIME] = 180;
	value[GS_SIM_P_OUTAGE] = 6 * 3600;
	value[GS_SIM_P_CLAIMANT_BUDGET] = value[GS_SIM_P_CHALLENGER_BUDGET] = 1800;
	play(value, 4, &result);
	assert_true(result.violations > 0);
	value[GS_SIM_P_WINDOW] += 6 * 3600;
	value[GS_SIM_P_CLAIMANT_BUDGET] = value[GS_SIM_P_CHALLENGER_BUDGET] = 1800 + 6 * 3600;
	play(value, 4, &result);
	assert_int_equal(result.violations, 0);
}

static void add_ranges(void *self, struct gs_sim_run *r)
{
	uint64_t *ranges = self;
	for (unsigned a = 0; a < r->actors; a++)
		*ranges += r->actor[a].ranges;
}

static void test_what_does_not_go_together(void **state)
{
	double value[GS_SIM_NODES_PARAMETERS];
	struct gs_error error = {0};
	unsigned at;
	(void)state;
	gs_sim_nodes_standard(value);
	assert_int_equal(gs_sim_nodes_check(value, &at, &error), GS_OK);
	value[GS_SIM_P_LAZY] = GS_SIM_ACTORS_MAX;
	assert_int_equal(gs_sim_nodes_check(value, &at, &error), GS_EINVAL);
	gs_sim_nodes_standard(value);
	value[GS_SIM_P_LIAR] = 0;
	assert_int_equal(gs_sim_nodes_check(value, &at, &error), GS_EINVAL);
	assert_int_equal(at, GS_SIM_P_WRONG_CLAIMS);
	value[GS_SIM_P_WRONG_CLAIMS] = 0;
	assert_int_equal(gs_sim_nodes_check(value, &at, &error), GS_OK);
	value[GS_SIM_P_DEPOSIT] = 1000;
	assert_int_equal(gs_sim_nodes_check(value, &at, &error), GS_EINVAL);
	assert_int_equal(at, GS_SIM_P_DEPOSIT);
	gs_sim_nodes_standard(value);
	value[GS_SIM_P_WINDOW] = 10;
	value[GS_SIM_P_BLOCK] = 12;
	assert_int_equal(gs_sim_nodes_check(value, &at, &error), GS_EINVAL);
	assert_int_equal(at, GS_SIM_P_WINDOW);
	gs_sim_nodes_standard(value);
	value[GS_SIM_P_FINAL] = GS_SIM_FINAL_LEAST - 1; /* a reorganisation could take it back */
	assert_int_equal(gs_sim_nodes_check(value, &at, &error), GS_EINVAL);
	assert_int_equal(at, GS_SIM_P_FINAL);
	value[GS_SIM_P_FINAL] = GS_SIM_FINAL_LEAST;
	assert_int_equal(gs_sim_nodes_check(value, &at, &error), GS_OK);
	value[GS_SIM_P_FINAL] = GS_SIM_DRAWN;
	assert_int_equal(gs_sim_nodes_check(value, &at, &error), GS_OK);
}

/* Validators begin late and take ranges; in the end everybody has stored what a node has that followed block by block (an oracle), and with the
 * same seed the run is the same. */
static void test_ranges_are_taken(void **state)
{
	double value[GS_SIM_NODES_PARAMETERS];
	uint64_t ranges = 0;
	(void)state;
	gs_sim_nodes_standard(value);
	value[GS_SIM_P_FAULT] = GS_SIM_FAULT_REORG;
	value[GS_SIM_P_FINAL] = GS_SIM_FINAL_LEAST;
	value[GS_SIM_P_START] = 600;
	const struct gs_sim_nodes_options options = {.value = value, .measure = add_ranges, .measure_self = &ranges};
	for (uint64_t seed = 1; seed <= 8; seed++) {
		struct gs_sim_nodes_tally once = {.runs = 0}, again = {.runs = 0};
		struct gs_error error = {0};
		assert_int_equal(gs_sim_nodes_run(seed, &options, &once, &error), GS_OK);
		assert_int_equal(gs_sim_nodes_run(seed, &options, &again, &error), GS_OK);
		assert_int_equal(once.violations, 0);
		assert_memory_equal(&once.digest, &again.digest, sizeof(once.digest));
	}
	assert_true(ranges > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_store_is_like_lmdb),
		cmocka_unit_test(test_a_commit_that_fails_leaves_nothing),
		cmocka_unit_test(test_calldata_is_read_as_it_was_written),
		cmocka_unit_test(test_calls_are_read_as_they_were_written),
		cmocka_unit_test(test_a_stake_has_96_bits),
		cmocka_unit_test(test_strangers),
		cmocka_unit_test(test_every_fault),
		cmocka_unit_test(test_duties),
		cmocka_unit_test(test_every_actor),
		cmocka_unit_test(test_all_lazy),
		cmocka_unit_test(test_lies_are_seen),
		cmocka_unit_test(test_outage_and_clocks),
		cmocka_unit_test(test_what_does_not_go_together),
		cmocka_unit_test(test_ranges_are_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
