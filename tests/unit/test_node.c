/* The node's core over the real store, fed by hand: what it asks for, what it stores, what it never does. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "chain/core/hash.h"
#include "chain/eth/abi.h"
#include "chain/eth/bindings.h"
#include "storage/store.h"
#include "validator/node/node.h"

enum { START_S = 1000, WINDOW_END_S = 2000 };

struct fixture {
	char dir[64];
	struct gs_store_db *db;
	struct gs_store store;
	struct gs_node_options options;
	struct gs_node *node;
	struct gs_node_effects effects;
	struct gs_head head; /* the newest */
	uint64_t now_s;
};

static const struct gs_prover *no_prover(void *self, const struct gs_hash *claim)
{
	(void)self;
	(void)claim;
	return NULL;
}

static struct gs_address address(uint8_t n)
{
	struct gs_address a = {{0}};

	memset(a.b, n, sizeof(a.b));
	return a;
}

static struct gs_hash hash(uint8_t n)
{
	struct gs_hash h;

	memset(h.b, n, sizeof(h.b));
	return h;
}

static void feed(struct fixture *f, struct gs_node_input *in)
{
	struct gs_error error = {0};

	in->now.unix_s = f->now_s;
	if (gs_node_step(f->node, in, &f->effects, &error) != GS_OK)
		fail_msg("%s", error.text);
}

static const struct gs_node_effect *effect(const struct fixture *f, enum gs_node_effect_kind kind)
{
	for (size_t i = 0; i < f->effects.count; i++)
		if (f->effects.effect[i].kind == kind)
			return &f->effects.effect[i];
	return NULL;
}

/* Opens (or opens again) the node over the stored state, as a new process would. */
static void open_node(struct fixture *f)
{
	const struct gs_node_surroundings surroundings = {NULL, no_prover};
	struct gs_node_input in = {.kind = GS_INPUT_START, .as.start.nonce = 5};

	assert_int_equal(gs_node_open(&f->options, &f->store, &surroundings, NULL, &f->node, NULL), GS_OK);
	feed(f, &in);
}

static void next_head(struct fixture *f, uint8_t branch)
{
	f->head.parent = f->head.hash;
	f->head.number++;
	f->head.time.unix_s++;
	memset(f->head.hash.b, branch, 32);
	gs_be64_write(f->head.hash.b, f->head.number);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct gs_node_input in = {.kind = GS_INPUT_HEADER};

	strcpy(f->dir, "/tmp/gs_node_XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	assert_int_equal(gs_store_open(f->dir, NULL, &f->db, NULL), GS_OK);
	f->store = gs_store_port(f->db);
	f->now_s = START_S;
	f->options = (struct gs_node_options){
		.contracts = {.stakes = address(1), .models = address(2), .claims = address(3), .disputes = address(4)},
		.self = address(9),
		.validate = true,
		.finalise = true,
		.resend_s = 10,
	};
	f->options.sampling.rate_ppm = 1000 * 1000;
	f->options.sampling.certain_above = gs_wei_from_u64(1000);
	assert_int_equal(gs_node_effects_init(&f->effects), GS_OK);
	open_node(f);
	f->head = (struct gs_head){.number = 100, .hash = hash(0xaa), .time = {START_S}};
	in.as.header = f->head;
	feed(f, &in);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char command[128];

	gs_node_close(f->node);
	gs_node_effects_free(&f->effects);
	gs_store_close(f->db);
	snprintf(command, sizeof(command), "rm -r %s", f->dir);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

/* A block on top of the newest with these logs; the node must ask for them by the block's hash. */
static void block(struct fixture *f, uint8_t branch, const struct gs_log_entry *entries, size_t count)
{
	struct gs_node_input header = {.kind = GS_INPUT_HEADER}, logs = {.kind = GS_INPUT_LOGS},
			     timer = {.kind = GS_INPUT_TIMER};
	const struct gs_node_effect *wanted;

	next_head(f, branch);
	header.as.header = f->head;
	feed(f, &header);
	wanted = effect(f, GS_EFFECT_FETCH_LOGS);
	assert_non_null(wanted);
	assert_true(gs_hash_equal(&wanted->hash, &f->head.hash));
	logs.as.logs.block = f->head.hash;
	logs.as.logs.entries = entries;
	logs.as.logs.count = count;
	feed(f, &logs);
	assert_null(effect(f, GS_EFFECT_EXECUTE)); /* nothing is decided on blocks that others may follow at once */
	feed(f, &timer);
}

/* Claims are called by their nonce here; their ids are what the contract would give them. */
static struct gs_hash claim_id[GS_NODE_UNMINED_MAX + 256];

static struct gs_log_entry posted(const struct fixture *f, struct gs_buf *data, uint64_t claim, uint8_t claimant,
                                  uint64_t value)
{
	const struct gs_event event = {.nonce = claim,
	                               .account = address(claimant),
	                               .model = hash(0x70),
	                               .input_root = {{1}},
	                               .output_root = {{2}},
	                               .value = gs_wei_from_u64(value)};
	struct gs_log_entry log = {.address = address(3), .topic_count = 4};
	struct gs_abi_writer w;

	assert_true(claim < GS_ARRAY_LEN(claim_id));
	gs_claim_id(&f->options.contracts, &event, &claim_id[claim]);

	log.topics[0] = gs_claims_event_posted;
	log.topics[1] = claim_id[claim];
	memcpy(log.topics[2].b + 12, address(claimant).b, 20);
	log.topics[3] = hash(0x70);
	gs_buf_init(data, 65536);
	gs_abi_begin(&w, data, 8);
	gs_abi_put_hash(&w, &(struct gs_hash){{1}});
	gs_abi_put_hash(&w, &(struct gs_hash){{2}});
	gs_abi_put_u64(&w, value);
	gs_abi_put_u64(&w, 77);
	gs_abi_put_u64(&w, WINDOW_END_S);
	gs_abi_put_u64(&w, claim);
	gs_abi_put_bytes(&w, (struct gs_bytes){(const uint8_t *)"input", 5});
	gs_abi_put_bytes(&w, (struct gs_bytes){(const uint8_t *)"output!", 7});
	gs_abi_end(&w);
	log.data = gs_buf_view(data);
	return log;
}

static void post_claim(struct fixture *f, uint8_t claim, uint8_t claimant, uint64_t value)
{
	struct gs_buf data;
	struct gs_log_entry log = posted(f, &data, claim, claimant, value);

	block(f, 0x11, &log, 1);
	gs_buf_free(&data);
}

static void executed(struct fixture *f, uint8_t claim, bool computed, struct gs_hash root, struct gs_hash reference)
{
	struct gs_node_input in = {.kind = GS_INPUT_EXECUTED};

	in.as.executed.claim = claim_id[claim];
	in.as.executed.computed = computed;
	in.as.executed.output_root = root;
	in.as.executed.reference_root = reference;
	in.as.executed.reason = computed ? "" : "no such model";
	feed(f, &in);
}

static struct gs_verdict_record verdict_of(struct fixture *f, uint8_t claim)
{
	const struct gs_hash id = claim_id[claim];
	struct gs_verdict_record verdict = {0};
	struct gs_store_txn *txn;
	struct gs_bytes value;

	assert_int_equal(f->store.begin(f->store.self, GS_STORE_READ, &txn, NULL), GS_OK);
	assert_int_equal(f->store.get(txn, GS_TABLE_VERDICTS, (struct gs_bytes){id.b, 32}, &value, NULL), GS_OK);
	assert_int_equal(gs_verdict_decode(value, &verdict), GS_OK);
	f->store.abort(txn);
	return verdict;
}

static void wrong_claim_is_challenged_once(void **state)
{
	struct fixture *f = *state;
	const struct gs_node_effect *e;
	struct gs_node_input prepared = {.kind = GS_INPUT_PREPARED};
	struct gs_bytes data;

	post_claim(f, 0x51, 8, 3);
	e = effect(f, GS_EFFECT_EXECUTE);
	assert_non_null(e);
	assert_true(gs_hash_equal(&e->model, &(struct gs_hash){{[0 ... 31] = 0x70}}));
	data = gs_node_effect_data(&f->effects, e);
	assert_memory_equal(data.ptr, "input", 5);
	data = gs_node_effect_more(&f->effects, e);
	assert_memory_equal(data.ptr, "output!", 7);
	assert_false(e->own);
	executed(f, 0x51, true, hash(0x33), hash(0x33));
	assert_int_equal(verdict_of(f, 0x51).verdict, GS_VERDICT_INVALID);
	e = effect(f, GS_EFFECT_PREPARE);
	assert_non_null(e);
	assert_int_equal(e->nonce, 5);
	assert_memory_equal(&e->to, &f->options.contracts.disputes, 20);
	data = gs_node_effect_data(&f->effects, e);
	assert_int_equal(data.len, 36);
	assert_int_equal(gs_be32_read(data.ptr), GS_DISPUTES_FN_CHALLENGE);
	assert_memory_equal(data.ptr + 4, claim_id[0x51].b, 32);

	/* stored before it is sent; a crash right here sends the same bytes, and nothing else */
	prepared.as.prepared.intent = e->hash;
	prepared.as.prepared.nonce = 5;
	prepared.as.prepared.tx = hash(0x77);
	prepared.as.prepared.raw = (struct gs_bytes){(const uint8_t *)"signed", 6};
	feed(f, &prepared);
	assert_non_null(effect(f, GS_EFFECT_SEND));
	gs_node_close(f->node);
	open_node(f);
	e = effect(f, GS_EFFECT_SEND);
	assert_non_null(e);
	assert_memory_equal(gs_node_effect_data(&f->effects, e).ptr, "signed", 6);
	assert_non_null(effect(f, GS_EFFECT_WATCH));
	assert_null(effect(f, GS_EFFECT_PREPARE));
	block(f, 0x11, NULL, 0);
	assert_null(effect(f, GS_EFFECT_PREPARE));
}

static void nothing_but_invalid_challenges(void **state)
{
	struct fixture *f = *state;

	post_claim(f, 0x51, 8, 3);
	executed(f, 0x51, true, hash(0x33), hash(0x34)); /* our own back ends disagree */
	assert_int_equal(verdict_of(f, 0x51).verdict, GS_VERDICT_UNAVAILABLE);
	assert_null(effect(f, GS_EFFECT_PREPARE));

	post_claim(f, 0x52, 8, 3);
	executed(f, 0x52, false, hash(0), hash(0)); /* could not be computed */
	assert_int_equal(verdict_of(f, 0x52).verdict, GS_VERDICT_UNAVAILABLE);
	assert_null(effect(f, GS_EFFECT_PREPARE));
	assert_null(effect(f, GS_EFFECT_EXECUTE)); /* not at once again */
	f->now_s += GS_NODE_RETRY_S;
	block(f, 0x11, NULL, 0);
	assert_non_null(effect(f, GS_EFFECT_EXECUTE));

	post_claim(f, 0x53, 8, 3);
	executed(f, 0x53, true, (struct gs_hash){{2}}, (struct gs_hash){{2}}); /* right */
	assert_int_equal(verdict_of(f, 0x53).verdict, GS_VERDICT_VALID);
	assert_null(effect(f, GS_EFFECT_PREPARE));

	post_claim(f, 0x54, 8, 3);
	f->now_s = WINDOW_END_S + 1; /* too late: a challenge would only cost gas */
	executed(f, 0x54, true, hash(0x33), hash(0x33));
	for (size_t i = 0; i < f->effects.count; i++)
		if (f->effects.effect[i].kind == GS_EFFECT_PREPARE)
			assert_memory_not_equal(&f->effects.effect[i].to, &f->options.contracts.disputes, 20);
}

static void own_claims_are_not_checked_but_finalised(void **state)
{
	struct fixture *f = *state;
	const struct gs_node_effect *e;

	post_claim(f, 0x51, 9, 3);
	assert_null(effect(f, GS_EFFECT_EXECUTE));
	f->now_s = WINDOW_END_S;
	block(f, 0x11, NULL, 0);
	assert_null(effect(f, GS_EFFECT_PREPARE)); /* the last second of the window still counts */
	f->now_s = WINDOW_END_S + 1;
	block(f, 0x11, NULL, 0);
	e = effect(f, GS_EFFECT_PREPARE);
	assert_non_null(e);
	assert_memory_equal(&e->to, &f->options.contracts.claims, 20);
	assert_int_equal(gs_be32_read(gs_node_effect_data(&f->effects, e).ptr), GS_CLAIMS_FN_FINALIZE);
}

static void refused_comes_again_later(void **state)
{
	struct fixture *f = *state;
	struct gs_node_input refused = {.kind = GS_INPUT_REFUSED}, timer = {.kind = GS_INPUT_TIMER};

	post_claim(f, 0x51, 8, 3);
	executed(f, 0x51, true, hash(0x33), hash(0x33));
	refused.as.refused.intent = effect(f, GS_EFFECT_PREPARE)->hash;
	refused.as.refused.reason = "would revert";
	feed(f, &refused);
	assert_null(effect(f, GS_EFFECT_PREPARE));
	feed(f, &timer);
	assert_null(effect(f, GS_EFFECT_PREPARE));
	f->now_s += 1;
	feed(f, &timer);
	assert_non_null(effect(f, GS_EFFECT_PREPARE));
}

static void reorg_takes_the_claim_back(void **state)
{
	struct fixture *f = *state;
	const struct gs_head fork = f->head;
	struct gs_node_summary summary;
	struct gs_node_input header = {.kind = GS_INPUT_HEADER};
	struct gs_head first;

	post_claim(f, 0x51, 8, 3);
	block(f, 0x11, NULL, 0);
	assert_int_equal(gs_node_summarise(f->node, &summary, NULL), GS_OK);
	assert_int_equal(summary.claims, 1);
	/* another branch, from the block before the claim, one block longer */
	f->head = fork;
	next_head(f, 0x22);
	first = f->head;
	next_head(f, 0x22);
	next_head(f, 0x22);
	header.as.header = f->head;
	feed(f, &header);
	assert_non_null(effect(f, GS_EFFECT_FETCH_HEADER));
	header.as.header.number = first.number + 1;
	header.as.header.hash = f->head.parent;
	header.as.header.parent = first.hash;
	header.as.header.time.unix_s = first.time.unix_s + 1;
	feed(f, &header);
	header.as.header = first;
	feed(f, &header);
	assert_non_null(effect(f, GS_EFFECT_FETCH_LOGS));
	assert_true(gs_hash_equal(&effect(f, GS_EFFECT_FETCH_LOGS)->hash, &first.hash));
	assert_int_equal(gs_node_summarise(f->node, &summary, NULL), GS_OK);
	assert_int_equal(summary.claims, 0);
	/* the execution that was under way is of a claim that is no more */
	executed(f, 0x51, true, hash(0x33), hash(0x33));
	assert_null(effect(f, GS_EFFECT_PREPARE));
}

static void sampling_is_exact(void **state)
{
	struct gs_sampling_policy policy = {.key = {1, 2, 3}, .certain_above = gs_wei_from_u64(1000)};
	struct gs_sample sample, again;
	struct gs_buf bytes;
	unsigned drawn = 0;

	(void)state;
	for (uint32_t rate = 0; rate <= 1000000; rate += 250000) {
		unsigned executed_count = 0;
		policy.rate_ppm = rate;
		for (unsigned i = 0; i < 4000; i++) {
			struct gs_hash claim = {{0}};
			gs_be32_write(claim.b, i);
			gs_sample_decide(&policy, &claim, gs_wei_from_u64(999), &sample);
			executed_count += sample.execute;
		}
		/* five standard deviations of a binomial draw of 4000 */
		assert_in_range(executed_count, rate / 250 > 160 ? rate / 250 - 160 : 0, rate / 250 + 160);
		if (rate == 0 || rate == 1000000)
			assert_int_equal(executed_count, rate / 250);
		drawn += executed_count;
	}
	assert_true(drawn > 0);
	policy.rate_ppm = 0;
	gs_sample_decide(&policy, &(struct gs_hash){{7}}, gs_wei_from_u64(1000), &sample);
	assert_true(sample.execute);
	assert_int_equal(sample.reason, GS_SAMPLE_BY_VALUE);
	gs_buf_init(&bytes, 4096);
	gs_sample_encode(&sample, &bytes);
	assert_int_equal(gs_sample_decode(gs_buf_view(&bytes), &again), GS_OK);
	assert_memory_equal(&sample, &again, sizeof(sample));
	gs_buf_free(&bytes);
}

/* A game of ours in phase Select, told by two logs. */
static void open_game(struct fixture *f, uint8_t claim, uint64_t deadline_s)
{
	struct gs_game game = {.id = hash(0x61), .outcome = GS_GAME_OPEN};
	struct gs_log_entry log[2] = {{.address = address(4), .topic_count = 4},
	                              {.address = address(4), .topic_count = 3}};
	uint8_t index[32] = {0}, words[32 + GS_GAME_STATE_WORDS * 32];
	struct gs_hash state_hash;

	game.state = (struct gs_game_state){.claim = claim_id[claim],
	                                    .model = hash(0x70),
	                                    .claimant = address(8),
	                                    .challenger = address(9),
	                                    .phase = GS_PHASE_SELECT,
	                                    .move = 1,
	                                    .deadline = deadline_s,
	                                    .trace_depth = 7,
	                                    .level = 7,
	                                    .trace_root = hash(0x62)};
	gs_game_hash(&game, &state_hash);
	memcpy(words, state_hash.b, 32);
	gs_game_state_encode(&game.state, words + 32);
	log[0].topics[0] = gs_disputes_event_opened;
	memcpy(log[0].topics[3].b + 12, address(9).b, 20);
	log[0].data = (struct gs_bytes){index, sizeof(index)};
	log[1].topics[0] = gs_disputes_event_game_state;
	log[1].data = (struct gs_bytes){words, sizeof(words)};
	log[1].index = 1;
	for (unsigned i = 0; i < 2; i++) {
		log[i].topics[1] = game.id;
		log[i].topics[2] = claim_id[claim];
	}
	block(f, 0x11, log, 2);
}

/* Whether a turn is over is for the chain's clock to say. */
static void a_fast_clock_gives_nothing_up(void **state)
{
	struct fixture *f = *state;

	post_claim(f, 0x51, 8, 3);
	executed(f, 0x51, true, hash(0x33), hash(0x33));
	f->now_s = WINDOW_END_S + 2000; /* the chain is at START_S, and a little */
	open_game(f, 0x51, WINDOW_END_S + 1000);
	assert_non_null(effect(f, GS_EFFECT_EXECUTE)); /* to answer, it wants its trace back */
	f->head.time.unix_s = WINDOW_END_S + 1000;
	executed(f, 0x51, false, hash(0), hash(0));
	f->now_s += 10 * GS_NODE_RETRY_S;
	block(f, 0x11, NULL, 0);
	assert_null(effect(f, GS_EFFECT_EXECUTE)); /* over */
}

/* Claims that nobody can compute (a model that is not here, say) wait for another try. However many are posted, a claim that
 * can be computed still is, and so is one that must be defended. */
static void hopeless_claims_do_not_blind(void **state)
{
	struct fixture *f = *state;
	struct gs_buf data;

	for (unsigned n = 0; n <= GS_NODE_EXECUTIONS_MAX; n++) {
		struct gs_log_entry log = posted(f, &data, n, 8, 3);
		struct gs_node_input in = {.kind = GS_INPUT_EXECUTED};
		const struct gs_node_effect *e;
		bool asked = false;

		block(f, 0x11, &log, 1);
		gs_buf_free(&data);
		for (size_t i = 0; i < f->effects.count; i++) {
			e = &f->effects.effect[i];
			asked |= e->kind == GS_EFFECT_EXECUTE && gs_hash_equal(&e->hash, &log.topics[1]);
		}
		if (!asked)
			fail_msg("claim %u is not looked at", n);
		in.as.executed.claim = log.topics[1];
		in.as.executed.reason = "no such model";
		feed(f, &in);
		assert_null(effect(f, GS_EFFECT_EXECUTE)); /* nor does it try the others without a pause */
	}
	f->now_s += GS_NODE_RETRY_S;
	block(f, 0x11, NULL, 0);
	assert_non_null(effect(f, GS_EFFECT_EXECUTE));
}

/* So many answers due that the chain cannot keep up: what is signed is bounded, or tending it would one day be more than one
 * step can ask for, and the node would stand still for good. */
static void a_flood_of_duties_is_queued(void **state)
{
	struct fixture *f = *state;
	const struct gs_node_effect *e = NULL;
	struct gs_node_input timer = {.kind = GS_INPUT_TIMER};
	unsigned signed_ = 0;

	for (unsigned n = 0; n < GS_NODE_UNMINED_MAX + 5; n++) {
		struct gs_buf data;
		struct gs_log_entry log = posted(f, &data, n, 8, 3);
		struct gs_node_input in = {.kind = GS_INPUT_EXECUTED};
		struct gs_node_input prepared = {.kind = GS_INPUT_PREPARED};

		block(f, 0x11, &log, 1);
		gs_buf_free(&data);
		in.as.executed.claim = log.topics[1];
		in.as.executed.computed = true;
		in.as.executed.output_root = in.as.executed.reference_root = hash(0x33);
		feed(f, &in);
		e = effect(f, GS_EFFECT_PREPARE);
		if (e == NULL)
			continue;
		prepared.as.prepared.intent = e->hash;
		prepared.as.prepared.nonce = e->nonce;
		gs_be32_write(prepared.as.prepared.tx.b, 1 + n);
		prepared.as.prepared.raw = (struct gs_bytes){(const uint8_t *)"signed", 6};
		feed(f, &prepared);
		signed_++;
	}
	assert_null(e);
	assert_int_equal(signed_, GS_NODE_UNMINED_MAX);
	f->now_s += 100; /* all of them are sent again */
	feed(f, &timer);
	assert_true(f->effects.count >= 2 * GS_NODE_UNMINED_MAX);
}

/* An endpoint that shows a real claim with another output is not believed: nothing of the block is taken. */
static void a_claim_that_does_not_hash_to_its_id_is_refused(void **state)
{
	struct fixture *f = *state;
	struct gs_buf data;
	struct gs_log_entry log = posted(f, &data, 7, 8, 3);
	struct gs_event event;
	struct gs_error error = {0};

	assert_int_equal(gs_event_decode(&f->options.contracts, &log, &event, &error), GS_OK);
	data.ptr[32] ^= 1; /* the output root */
	assert_int_equal(gs_event_decode(&f->options.contracts, &log, &event, &error), GS_ECORRUPT);
	assert_non_null(strstr(error.text, "do not trust this endpoint"));
	data.ptr[32] ^= 1;
	log.topics[2].b[31] ^= 1; /* the claimant */
	assert_int_equal(gs_event_decode(&f->options.contracts, &log, &event, &error), GS_ECORRUPT);
	gs_buf_free(&data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_claim_that_does_not_hash_to_its_id_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_fast_clock_gives_nothing_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_flood_of_duties_is_queued, set_up, tear_down),
		cmocka_unit_test_setup_teardown(hopeless_claims_do_not_blind, set_up, tear_down),
		cmocka_unit_test_setup_teardown(wrong_claim_is_challenged_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_but_invalid_challenges, set_up, tear_down),
		cmocka_unit_test_setup_teardown(own_claims_are_not_checked_but_finalised, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refused_comes_again_later, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reorg_takes_the_claim_back, set_up, tear_down),
		cmocka_unit_test(sampling_is_exact),
	};

	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
