/* Catching up by ranges of final blocks: whatever happened on a chain, the stored state afterwards is that of a node that took the same
 * blocks one by one; a range that contradicts itself changes nothing; what is not final can be taken back however deep. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "chain/core/rng.h"
#include "simulations/nodes/run.h"
#include "tests/unit/node_fixture.h"

/* --- the same state --- */

struct follower { /* a node over a store in memory, fed from the blocks of a simulated chain */
	const struct gs_sim_network *network;
	const struct gs_node_options *options;
	struct gs_sim_store *memory;
	struct gs_store store;
	struct gs_node *node;
	struct gs_node_effects effects;
};

static const struct gs_prover *no_prover(void *self, const struct gs_hash *claim)
{
	(void)self;
	(void)claim;
	return NULL;
}

static void feed(struct follower *f, struct gs_node_input *in)
{
	struct gs_error error = {0};

	in->now.unix_s = GS_SIM_GENESIS_S;
	if (gs_node_step(f->node, in, &f->effects, &error) != GS_OK)
		fail_msg("%s", error.text);
}

static void wake(struct follower *f)
{
	const struct gs_node_surroundings surroundings = {.prover = no_prover, .draw = node_draw};

	gs_node_close(f->node);
	assert_int_equal(gs_node_open(f->options, &f->store, &surroundings, NULL, &f->node, NULL), GS_OK);
}

static void begin(struct follower *f, const struct gs_sim_network *network, const struct gs_node_options *options)
{
	struct gs_node_input in = {.kind = GS_INPUT_HEADER, .as.header = network->block[0].head};

	*f = (struct follower){.network = network, .options = options};
	assert_int_equal(gs_sim_store_new(&f->memory), GS_OK);
	f->store = gs_sim_store_port(f->memory);
	assert_int_equal(gs_node_effects_init(&f->effects), GS_OK);
	wake(f);
	feed(f, &in);
}

static void end(struct follower *f)
{
	gs_node_close(f->node);
	gs_node_effects_free(&f->effects);
	gs_sim_store_free(f->memory);
}

static void take_block(struct follower *f, uint64_t number)
{
	const struct gs_sim_block *b = &f->network->block[number];
	struct gs_node_input header = {.kind = GS_INPUT_HEADER, .as.header = b->head};
	struct gs_node_input logs = {
		.kind = GS_INPUT_LOGS,
		.as.logs = {.block = b->head.hash, .entries = b->logs.entry, .count = b->logs.count}};

	feed(f, &header);
	feed(f, &logs);
	assert_int_equal(gs_node_newest(f->node)->number, number);
}

static struct gs_log_entry *logs_between(const struct gs_sim_network *n, uint64_t first, uint64_t last, size_t *count)
{
	struct gs_log_entry *all;

	*count = 0;
	for (uint64_t i = first; i <= last; i++)
		*count += n->block[i].logs.count;
	all = calloc(*count + 1, sizeof(*all));
	assert_non_null(all);
	*count = 0;
	for (uint64_t i = first; i <= last; i++)
		for (size_t k = 0; k < n->block[i].logs.count; k++) {
			all[*count] = n->block[i].logs.entry[k];
			all[(*count)++].time = n->block[i].head.time;
		}
	return all;
}

static struct gs_node_input range_of(const struct gs_sim_network *n, uint64_t first, uint64_t last,
                                     struct gs_log_entry **logs)
{
	struct gs_node_input in = {.kind = GS_INPUT_RANGE};

	in.as.range.first = n->block[first].head;
	in.as.range.last = n->block[last].head;
	in.as.range.entries = *logs = logs_between(n, first, last, &in.as.range.count);
	return in;
}

static void take_final(struct follower *f, uint64_t number)
{
	struct gs_node_input in = {.kind = GS_INPUT_FINAL, .as.final.number = number};

	if (number < f->network->blocks)
		in.as.final.hash = f->network->block[number].head.hash;

	feed(f, &in);
}

static void same_state(const struct follower *a, const struct follower *b)
{
	static const enum gs_table not_compared[] = {GS_TABLE_HEADS, GS_TABLE_META, GS_TABLE_AGENDA};
	struct gs_hash head;

	for (int t = 0; t < GS_TABLE_COUNT; t++) {
		bool same, skip = false;
		for (size_t i = 0; i < GS_ARRAY_LEN(not_compared); i++)
			skip = skip || t == (int)not_compared[i];
		assert_int_equal(gs_sim_same_records(&a->store, &b->store, (enum gs_table)t, &same, NULL), GS_OK);
		if (!skip && !same)
			fail_msg("table %d differs", t);
	}
	head = gs_node_newest(a->node)->hash;
	assert_memory_equal(head.b, gs_node_newest(b->node)->hash.b, 32);
}

/* Refused ranges leave the store as it is, and the node able to take the right one. */
static void refuses(struct follower *f, struct gs_rng *rng, uint64_t first, uint64_t last, uint64_t seen)
{
	struct gs_log_entry *logs;
	struct gs_node_input in = range_of(f->network, first, last, &logs);
	struct gs_node_input bad = in;
	const uint64_t before = gs_node_newest(f->node)->number;
	const size_t count = in.as.range.count, at = count ? (size_t)gs_rng_below(rng, count) : 0;
	const struct gs_log_entry kept = logs[at];

	switch (count ? gs_rng_below(rng, 8) : 0) {
	case 0: bad.as.range.last.number = seen + 1; break;
	case 1: logs[at].block_number = last + 1; break;
	case 2: logs[at].time.unix_s = 0; break;
	case 3: logs[at].removed = true; break;
	case 4:
		logs[at].topic_count = 0;
		logs[at].block_number = first - 1;
		break;
	case 5: bad.as.range.last.hash.b[0] ^= 1, logs[count - 1].block_number = last; break;
	case 6: bad.as.range.last.time.unix_s = bad.as.range.first.time.unix_s - 1; break;
	default: logs[at].time.unix_s = in.as.range.last.time.unix_s + 1; break;
	}
	feed(f, &bad);
	assert_int_equal(gs_node_newest(f->node)->number, before);
	assert_int_equal(f->effects.count, 0);
	logs[at] = kept;
	free(logs);
}

static void replay(void *self, struct gs_sim_run *run)
{
	const struct gs_sim_network *n = &run->network;
	struct gs_node_options options = run->actor[0].options;
	struct follower blocks, ranges;
	struct gs_rng *rng = self;
	uint64_t at = 1, seen = 0;
	size_t logs_seen = 0;

	options.self = gs_sim_address(GS_SIM_ACCOUNTS_MAX - 1);
	options.validate = true;
	begin(&blocks, n, &options);
	begin(&ranges, n, &options);
	for (uint64_t i = 1; i < n->blocks; i++)
		take_block(&blocks, i);
	while (at < n->blocks) {
		const uint64_t last = at + gs_rng_below(rng, n->blocks - at < 40 ? n->blocks - at : 40);
		struct gs_log_entry *logs;
		struct gs_node_input in = range_of(n, at, last, &logs);

		logs_seen += in.as.range.count;
		if (gs_rng_below(rng, 6) == 0) { /* a single one by its header in between */
			take_block(&ranges, at++);
			free(logs);
			continue;
		}
		seen = last + gs_rng_below(rng, 3) > seen ? last : seen;
		take_final(&ranges, seen);
		refuses(&ranges, rng, at, last, seen);
		if (gs_rng_below(rng, 4) == 0) {
			wake(&ranges);
			take_final(&ranges, seen);
		}
		feed(&ranges, &in);
		assert_int_equal(gs_node_newest(ranges.node)->number, last);
		feed(&ranges, &in); /* once more: it was asked for twice */
		if (gs_rng_below(rng, 4) == 0)
			wake(&ranges);
		free(logs);
		at = last + 1;
	}
	same_state(&blocks, &ranges);
	assert_true(logs_seen > 0);
	end(&blocks);
	end(&ranges);
}

static void same_state_as_block_by_block(void **state)
{
	struct gs_sim_nodes_tally tally;
	struct gs_rng rng;

	(void)state;
	gs_rng_seed(&rng, 7);
	for (uint64_t seed = 1; seed <= 12; seed++) {
		const struct gs_sim_nodes_options options = {.fault = seed % 3 == 0 ? GS_SIM_FAULT_REORG
		                                                                    : GS_SIM_FAULT_NONE,
		                                             .claims = 4 + (unsigned)seed % 5,
		                                             .measure = replay,
		                                             .measure_self = &rng};
		memset(&tally, 0, sizeof(tally));
		assert_int_equal(gs_sim_nodes_run(seed, &options, &tally, NULL), GS_OK);
		assert_int_equal(tally.violations, 0);
	}
}

/* --- joins --- */

static struct gs_node_input empty_range(const struct gs_head *before, uint64_t blocks)
{
	struct gs_node_input in = {.kind = GS_INPUT_RANGE};

	in.as.range.first = (struct gs_head){.number = before->number + 1,
	                                     .hash = node_hash(0x51),
	                                     .parent = before->hash,
	                                     .time = {before->time.unix_s + 1}};
	in.as.range.last = (struct gs_head){.number = before->number + blocks,
	                                    .hash = node_hash(0x52),
	                                    .parent = node_hash(0x53),
	                                    .time = {before->time.unix_s + blocks}};
	return in;
}

static void make_final(struct node_fixture *f, const struct gs_head *head, uint64_t above)
{
	struct gs_node_input in = {.kind = GS_INPUT_FINAL,
	                           .as.final = {head->number + above, above ? node_hash(0xfa) : head->hash}};

	node_feed(f, &in);
}

static void goes_on_after_a_range(void **state)
{
	struct node_fixture *f = *state;
	struct gs_node_input in = empty_range(&f->head, 5000);

	node_feed(f, &in); /* nothing is final yet */
	assert_int_equal(gs_node_newest(f->node)->number, f->head.number);
	make_final(f, &f->head, 4999);
	node_feed(f, &in);
	assert_int_equal(gs_node_newest(f->node)->number, f->head.number);
	make_final(f, &f->head, 6000);
	assert_int_equal(gs_node_final(f->node), 0); /* of what is stored nothing is known to be final */
	node_feed(f, &in);
	assert_memory_equal(gs_node_newest(f->node)->hash.b, in.as.range.last.hash.b, 32);
	assert_int_equal(gs_node_final(f->node), f->head.number + 5000);

	gs_node_close(f->node);
	node_open(f);
	assert_int_equal(gs_node_final(f->node), f->head.number + 5000);
	f->head = in.as.range.last;
	node_post(f, 3, NODE_CLAIMANT, 10); /* block by block from there */
	assert_non_null(node_effect(f, GS_EFFECT_EXECUTE));
}

/* The newest stored block is not part of the chain any more, though the chain is final far above it: the place where the
 * branches part is looked for as by headers. */
static void joins_another_branch(void **state)
{
	struct node_fixture *f = *state;
	const struct gs_head stem = f->head;
	struct gs_node_input range, header = {.kind = GS_INPUT_HEADER};
	struct gs_head other;

	node_post(f, 3, NODE_CLAIMANT, 10);
	make_final(f, &stem, 0);
	assert_int_equal(gs_node_final(f->node), stem.number);
	other = f->head;
	other.hash = node_hash(0x77);
	make_final(f, &other, 0);
	assert_int_equal(gs_node_final(f->node), stem.number); /* it is not our block */
	make_final(f, &f->head, 2000);
	range = empty_range(&other, 1000);
	node_feed(f, &range);
	assert_memory_equal(node_effect(f, GS_EFFECT_FETCH_HEADER)->hash.b, other.hash.b, 32);
	header.as.header = other;
	node_feed(f, &header);
	assert_memory_equal(node_effect(f, GS_EFFECT_FETCH_LOGS)->hash.b, other.hash.b, 32);
	assert_null(node_effect(f, GS_EFFECT_RESYNC));
}

/* --- branches that fork deep --- */

enum { DEEP = GS_HEAD_KEPT_MAX + 100 };

struct branch {
	struct gs_head head[DEEP + 2];
};

static void grow(struct branch *b, const struct gs_head *from, uint8_t name)
{
	b->head[0] = *from;
	for (size_t i = 1; i < GS_ARRAY_LEN(b->head); i++) {
		b->head[i] = (struct gs_head){.number = from->number + i,
		                              .hash = node_hash(name),
		                              .parent = b->head[i - 1].hash,
		                              .time = {from->time.unix_s + i}};
		gs_be64_write(b->head[i].hash.b, from->number + i);
	}
}

/* Whether the claim is known, and how many records of the tables HEADS there are. */
static bool known(struct node_fixture *f, uint64_t claim)
{
	const struct gs_hash id = node_claim(claim);
	struct gs_journal j = {.store = &f->store};
	struct gs_claim found;
	enum gs_err err;

	assert_int_equal(f->store.begin(f->store.self, GS_STORE_READ, &j.txn, NULL), GS_OK);
	err = gs_facts_claim(&j, &id, &found);
	gs_journal_abort(&j);
	assert_true(err == GS_OK || err == GS_ENOTFOUND);
	return err == GS_OK;
}

static enum gs_err count(void *context, struct gs_bytes key, struct gs_bytes value)
{
	size_t *counted = context;

	(void)value;
	counted[key.ptr[0] == 'u']++;
	return GS_OK;
}

static void count_heads(struct node_fixture *f, size_t counted[2])
{
	struct gs_store_txn *txn;

	counted[0] = counted[1] = 0;
	assert_int_equal(f->store.begin(f->store.self, GS_STORE_READ, &txn, NULL), GS_OK);
	assert_int_equal(f->store.scan(txn, GS_TABLE_HEADS, (struct gs_bytes){NULL, 0}, GS_STORE_ASCENDING, count,
	                               counted, NULL),
	                 GS_OK);
	f->store.abort(txn);
}

/* A claim, then blocks up to DEEP above the stem, which is final. */
static struct gs_head deep_branch(struct node_fixture *f)
{
	const struct gs_head stem = f->head;

	make_final(f, &stem, 0);
	node_post(f, 3, NODE_CLAIMANT, 10);
	while (f->head.number < stem.number + DEEP)
		node_block(f, 0x22, NULL, 0);
	return stem;
}

/* Feeds the other branch's newest block and then every parent that is asked for, but leaves every ninth answer out: the same block again
 * then goes on where the walk was. Returns how many headers that took. */
static size_t walk(struct node_fixture *f, const struct branch *other)
{
	struct gs_node_input in = {.kind = GS_INPUT_HEADER, .as.header = other->head[DEEP + 1]};
	const struct gs_node_effect *wanted;
	size_t fed = 0;

	node_feed(f, &in);
	while ((wanted = node_effect(f, GS_EFFECT_FETCH_HEADER)) != NULL) {
		const uint64_t number = gs_be64_read(wanted->hash.b);
		assert_true(number > other->head[0].number && number <= other->head[DEEP + 1].number);
		in.as.header = ++fed % 9 ? other->head[number - other->head[0].number] : other->head[DEEP + 1];
		assert_true(fed % 9 == 0 || gs_hash_equal(&in.as.header.hash, &wanted->hash));
		node_feed(f, &in);
	}
	return fed;
}

static void forks_deep(void **state)
{
	struct node_fixture *f = *state;
	static struct branch other;
	const struct gs_head stem = deep_branch(f);
	struct gs_node_input in = {.kind = GS_INPUT_HEADER};
	size_t counted[2], fed;

	count_heads(f, counted);
	assert_true(counted[0] >= DEEP + 1 && counted[1] > 0); /* all above the final block can be taken back */
	assert_true(known(f, 3));
	grow(&other, &stem, 0x66);
	fed = walk(f, &other);
	assert_true(fed < DEEP + DEEP / 4); /* missing answers cost one header each, not the whole way */
	assert_null(node_effect(f, GS_EFFECT_RESYNC));
	assert_memory_equal(gs_node_newest(f->node)->hash.b, stem.hash.b, 32);
	assert_false(known(f, 3));
	gs_node_close(f->node);
	node_open(f);
	assert_memory_equal(gs_node_newest(f->node)->hash.b, stem.hash.b, 32);
	in.as.header = other.head[1];
	node_feed(f, &in);
	assert_memory_equal(node_effect(f, GS_EFFECT_FETCH_LOGS)->hash.b, other.head[1].hash.b, 32);
}

/* What was final is not part of the other branch: the chain breaks its promise. */
static void forks_below_what_is_final(void **state)
{
	struct node_fixture *f = *state;
	static struct branch other;
	struct gs_head stem = deep_branch(f);

	make_final(f, &f->head, 0);
	node_block(f, 0x22, NULL, 0);
	stem.number++; /* so that the other branch's newest block is the one after ours */
	grow(&other, &stem, 0x66);
	(void)walk(f, &other);
	assert_non_null(node_effect(f, GS_EFFECT_RESYNC));
}

static void forks_below_what_is_final_nearby(void **state)
{
	struct node_fixture *f = *state;
	struct gs_node_input in = {.kind = GS_INPUT_HEADER};

	node_block(f, 0x22, NULL, 0);
	make_final(f, &f->head, 0);
	in.as.header = f->head;
	in.as.header.hash = node_hash(0x66);
	node_feed(f, &in);
	assert_non_null(node_effect(f, GS_EFFECT_RESYNC));
}

/* What is final is forgotten, a bounded number of blocks a step. */
static void forgets_what_is_final(void **state)
{
	struct node_fixture *f = *state;
	size_t counted[2], before;

	(void)deep_branch(f);
	count_heads(f, counted);
	before = counted[0];
	make_final(f, &f->head, 0);
	node_block(f, 0x22, NULL, 0);
	count_heads(f, counted);
	assert_int_equal(counted[0], before + 1 - GS_JOURNAL_FORGET_MAX);
	for (int i = 0; i < 20; i++)
		node_block(f, 0x22, NULL, 0);
	count_heads(f, counted);
	assert_int_equal(counted[0], GS_JOURNAL_DEPTH);
	assert_int_equal(counted[1], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_state_as_block_by_block),
		cmocka_unit_test_setup_teardown(goes_on_after_a_range, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(joins_another_branch, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(forks_deep, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(forks_below_what_is_final, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(forks_below_what_is_final_nearby, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(forgets_what_is_final, node_set_up, node_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
