/* Bytes that are kept once: what records name is what was put, however often it comes, through answers, data that was handed over, reorganisations
 * and blocks that can no longer be taken back; against a model in memory that keeps every copy. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "chain/core/hash.h"
#include "chain/core/rng.h"
#include "storage/store.h"
#include "validator/node/contents.h"
#include "validator/node/facts_record.h"

enum {
	LONG = 3 * GS_CONTENT_LEAST,
	ARRAYS = 5,  /* that claims are about: most are posted many times */
	CLAIMS = 24, /* ids that claims may have */
	BLOCKS = GS_JOURNAL_DEPTH + 64,
	UNDOABLE = 12, /* blocks that the model can take back */
};

struct fixture {
	char dir[64];
	struct gs_store_db *db;
	struct gs_store store;
	struct gs_journal j;
	struct gs_error why;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->dir, "/tmp/gs_contents_XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	assert_int_equal(gs_store_open(f->dir, NULL, &f->db, NULL), GS_OK);
	f->store = gs_store_port(f->db);
	assert_int_equal(gs_journal_begin(&f->store, 0, &f->j, &f->why), GS_OK);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char command[128];

	gs_journal_abort(&f->j);
	gs_store_close(f->db);
	snprintf(command, sizeof(command), "rm -r %s", f->dir);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

static struct gs_hash id_of(uint64_t n)
{
	uint8_t bytes[8];
	struct gs_hash id;

	gs_be64_write(bytes, n);
	gs_keccak256(bytes, sizeof(bytes), &id);
	return id;
}

/* Array `which`, of some length: long ones of one number are alike. */
static struct gs_bytes array(unsigned which, size_t len)
{
	static uint8_t room[ARRAYS][2 * LONG];

	if (!room[which][0])
		for (size_t i = 0; i < sizeof(room[0]); i++)
			room[which][i] = (uint8_t)(1 + which + i / 7);
	assert_true(len <= sizeof(room[0]));
	return (struct gs_bytes){room[which], len};
}

static struct gs_contents_checked check(struct fixture *f)
{
	struct gs_contents_checked found;

	if (gs_contents_check(&f->j, &found) != GS_OK)
		fail_msg("%s", f->why.text);
	return found;
}

static void take_block(struct fixture *f, uint64_t number, uint8_t branch)
{
	struct gs_head head = {.number = number, .time = {1000 + number}};

	head.hash.b[0] = branch;
	gs_be64_write(head.hash.b + 24, number);
	assert_int_equal(gs_journal_advance(&f->j, &head), GS_OK);
}

static void post(struct fixture *f, uint64_t claim, struct gs_bytes input, struct gs_bytes output)
{
	struct gs_claim c = {.id = id_of(claim), .block = f->j.block, .status = GS_CLAIM_OPEN};

	assert_int_equal(gs_facts_post_claim(&f->j, &c, input, output), GS_OK);
}

static void give(struct fixture *f, uint64_t claim, struct gs_bytes input, struct gs_bytes output)
{
	const struct gs_leaf_data leaf = {.claim = id_of(claim), .input = input, .output = output};

	assert_int_equal(gs_facts_give(&f->j, &leaf), GS_OK);
}

/* An answer to a demand: these chunks at the beginning of the input. */
static void answer(struct fixture *f, uint64_t claim, struct gs_bytes chunks)
{
	const struct gs_event e = {
		.kind = GS_EVENT_ANSWERED, .claim = id_of(claim), .demand_kind = GS_DEMAND_INPUT, .chunks = chunks};

	assert_int_equal(gs_facts_apply_duty(&f->j, &e), GS_OK);
}

static void expect(struct fixture *f, uint64_t claim, bool output, struct gs_bytes want)
{
	const struct gs_hash id = id_of(claim);
	struct gs_buf got;

	gs_buf_init(&got, 1 << 20);
	assert_int_equal((output ? gs_facts_output : gs_facts_input)(&f->j, &id, &got), GS_OK);
	if (!gs_bytes_equal(gs_buf_view(&got), want))
		fail_msg("claim %llu: %zu bytes instead of %zu, or others", (unsigned long long)claim, got.len,
		         want.len);
	gs_buf_free(&got);
}

static void keeps_long_arrays_once(void **state)
{
	struct fixture *f = *state;
	struct gs_contents_checked found;

	take_block(f, 10, 'a');
	for (uint64_t claim = 1; claim <= 8; claim++)
		post(f, claim, array(0, LONG), array(1, 40)); /* batches of answers about one input */
	post(f, 9, array(2, GS_CONTENT_LEAST - 1), array(0, LONG));
	post(f, 10, array(2, GS_CONTENT_LEAST), array(2, GS_CONTENT_LEAST)); /* one claim, twice the same */
	found = check(f);
	assert_int_equal(found.contents, 2);
	assert_int_equal(found.bytes, LONG + GS_CONTENT_LEAST);
	assert_int_equal(found.references, 11);
	assert_int_equal(found.named, 9 * LONG + 2 * GS_CONTENT_LEAST);
	for (uint64_t claim = 1; claim <= 8; claim++) {
		expect(f, claim, false, array(0, LONG));
		expect(f, claim, true, array(1, 40));
	}
	expect(f, 9, false, array(2, GS_CONTENT_LEAST - 1));
	expect(f, 9, true, array(0, LONG));
	expect(f, 10, true, array(2, GS_CONTENT_LEAST));
	assert_int_equal(gs_journal_rewind(&f->j), GS_OK);
	assert_int_equal(check(f).contents, 0); /* nobody names them any more */
}

/* What was handed over stays when the block that brought the same bytes is gone, and the other way round. */
static void own_references_stay(void **state)
{
	struct fixture *f = *state;

	take_block(f, 10, 'a');
	take_block(f, 11, 'a');
	post(f, 1, array(0, LONG), array(0, LONG));
	give(f, 2, array(0, LONG), array(1, LONG));
	give(f, 2, array(3, LONG), array(3, LONG)); /* the first stays */
	assert_int_equal(gs_journal_rewind(&f->j), GS_OK);
	assert_int_equal(check(f).references, 2);
	expect(f, 2, false, array(0, LONG));
	expect(f, 2, true, array(1, LONG));
	take_block(f, 11, 'b');
	post(f, 1, array(1, LONG), array(1, 5));
	assert_int_equal(check(f).references, 3);
	assert_int_equal(check(f).contents, 2);
	expect(f, 1, false, array(1, LONG));
}

/* An array that was replaced is there again after a reorganisation, and goes once no reorganisation can ask for it. */
static void undo_records_refer(void **state)
{
	struct fixture *f = *state;

	take_block(f, 10, 'a');
	post(f, 1, array(0, 20), array(0, 20));
	take_block(f, 11, 'a');
	answer(f, 1, array(0, LONG)); /* short before */
	take_block(f, 12, 'a');
	answer(f, 1, array(1, LONG)); /* long before */
	expect(f, 1, false, array(1, LONG));
	assert_int_equal(check(f).contents, 2);
	assert_int_equal(gs_journal_rewind(&f->j), GS_OK);
	expect(f, 1, false, array(0, LONG));
	assert_int_equal(check(f).contents, 1);
	assert_int_equal(gs_journal_rewind(&f->j), GS_OK);
	expect(f, 1, false, array(0, 20));
	assert_int_equal(check(f).contents, 0);

	take_block(f, 11, 'b');
	answer(f, 1, array(2, LONG));
	answer(f, 1, array(1, LONG));
	for (uint64_t number = 12; number < 12 + GS_JOURNAL_DEPTH; number++) {
		take_block(f, number, 'b');
		assert_int_equal(check(f).contents, number < 11 + GS_JOURNAL_DEPTH ? 2 : 1);
	}
	expect(f, 1, false, array(1, LONG));
}

/* Blocks that stay leave nothing behind: what is replaced goes at once. */
static void final_blocks_release(void **state)
{
	struct fixture *f = *state;

	f->j.stays = true;
	post(f, 1, array(0, LONG), array(0, LONG));
	answer(f, 1, array(1, LONG));
	answer(f, 1, array(1, LONG)); /* by the same */
	expect(f, 1, false, array(1, LONG));
	const struct gs_contents_checked found = check(f);
	assert_int_equal(found.references, 3); /* as it was posted, too */
	assert_int_equal(found.contents, 2);
	answer(f, 1, array(2, LONG));
	assert_int_equal(check(f).contents, 2);
}

/* --- against a model --- */

struct copy {
	bool there;
	unsigned which;
	size_t len;
};
struct model_claim {
	bool posted, answered, given;
	struct copy input, output, answer, given_input, given_output;
};
struct model {
	struct model_claim claim[CLAIMS];
};

static struct gs_bytes bytes_of(const struct copy *c)
{
	return array(c->which, c->len);
}

static struct copy draw_copy(struct gs_rng *rng)
{
	return (struct copy){true, (unsigned)gs_rng_below(rng, ARRAYS),
	                     gs_rng_below(rng, 3) ? LONG : gs_rng_below(rng, 700)};
}

static void act(struct fixture *f, struct gs_rng *rng, struct model *m)
{
	const uint64_t n = gs_rng_below(rng, CLAIMS);
	struct model_claim *c = &m->claim[n];

	if (!c->posted) {
		c->posted = true;
		c->input = draw_copy(rng);
		c->output = draw_copy(rng);
		post(f, n, bytes_of(&c->input), bytes_of(&c->output));
	} else if (!c->given && gs_rng_below(rng, 4) == 0) {
		c->given = true;
		c->given_input = draw_copy(rng);
		c->given_output = draw_copy(rng);
		give(f, n, bytes_of(&c->given_input), bytes_of(&c->given_output));
	} else {
		c->answered = true; /* longer than all that is posted, so nothing of that is left behind it */
		c->answer = (struct copy){true, (unsigned)gs_rng_below(rng, ARRAYS), 2 * LONG};
		answer(f, n, bytes_of(&c->answer));
	}
}

static void expect_model(struct fixture *f, const struct model *m)
{
	for (unsigned n = 0; n < CLAIMS; n++) {
		const struct model_claim *c = &m->claim[n];
		if (!c->posted && !c->given)
			continue;
		expect(f, n, false, bytes_of(c->given ? &c->given_input : c->answered ? &c->answer : &c->input));
		expect(f, n, true, bytes_of(c->given ? &c->given_output : &c->output));
	}
	check(f);
}

/* The model of a block before, with what is our own as it is now. */
static void take_back(struct model *now, const struct model *before)
{
	for (unsigned n = 0; n < CLAIMS; n++) {
		struct model_claim c = before->claim[n];
		c.given = now->claim[n].given;
		c.given_input = now->claim[n].given_input;
		c.given_output = now->claim[n].given_output;
		now->claim[n] = c;
	}
}

static void agrees_with_every_copy(void **state)
{
	struct fixture *f = *state;
	static struct model before[UNDOABLE]; /* of the block that came then */
	struct model now;
	struct gs_rng rng;
	uint64_t number = 10, least = 10;

	memset(&now, 0, sizeof(now));
	gs_rng_seed(&rng, 20261123);
	take_block(f, number, 'a');
	for (unsigned step = 0; step < 4 * BLOCKS; step++) {
		if (number > least && gs_rng_below(&rng, 3) == 0) {
			take_back(&now, &before[number % UNDOABLE]);
			assert_int_equal(gs_journal_rewind(&f->j), GS_OK);
			number--;
		} else {
			before[++number % UNDOABLE] = now;
			least = number > least + UNDOABLE - 1 ? number - UNDOABLE + 1 : least;
			take_block(f, number, (uint8_t)step);
			for (uint64_t acts = gs_rng_below(&rng, 4); acts > 0; acts--)
				act(f, &rng, &now);
		}
		if (step % 16 == 0 || gs_rng_below(&rng, 8) == 0) {
			expect_model(f, &now);
			assert_int_equal(gs_journal_commit(&f->j), GS_OK);
			assert_int_equal(gs_journal_begin(&f->store, number, &f->j, &f->why), GS_OK);
		}
	}
	expect_model(f, &now);
	assert_true(number > GS_JOURNAL_DEPTH + UNDOABLE); /* the oldest can no longer be taken back */
	assert_true(check(f).contents <= 4 * ARRAYS + 2 * CLAIMS && check(f).references > 2 * CLAIMS);
}

/* --- damage --- */

struct found_key {
	uint8_t key[GS_STORE_KEY_MAX];
	size_t len;
	uint8_t part;
};

static enum gs_err find_part(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct found_key *found = context;

	(void)value;
	if (key.ptr[key.len - 1] != found->part)
		return GS_OK;
	memcpy(found->key, key.ptr, key.len);
	found->len = key.len;
	return GS_ENOTFOUND;
}

static void expect_damage(struct fixture *f, uint8_t part, struct gs_bytes value, const char *what)
{
	struct found_key found = {.part = part};
	struct gs_buf kept;

	assert_int_equal(f->store.scan(f->j.txn, GS_TABLE_CONTENTS, (struct gs_bytes){NULL, 0}, GS_STORE_ASCENDING,
	                               find_part, &found, NULL),
	                 GS_OK);
	const struct gs_bytes at = {found.key, found.len};
	gs_buf_init(&kept, 1 << 20);
	assert_int_equal(gs_journal_get(&f->j, GS_TABLE_CONTENTS, at, &kept), GS_OK);
	if (value.ptr)
		assert_int_equal(f->store.put(f->j.txn, GS_TABLE_CONTENTS, at, value, NULL), GS_OK);
	else
		assert_int_equal(f->store.del(f->j.txn, GS_TABLE_CONTENTS, at, NULL), GS_OK);
	f->why.text[0] = '\0';
	assert_int_equal(gs_contents_check(&f->j, NULL), GS_ECORRUPT);
	if (!strstr(f->why.text, what))
		fail_msg("\"%s\" instead of \"%s\"", f->why.text, what);
	assert_int_equal(gs_contents_check_references(&f->j),
	                 strcmp(what, "has other bytes") == 0 ? GS_OK : GS_ECORRUPT);
	assert_int_equal(f->store.put(f->j.txn, GS_TABLE_CONTENTS, at, gs_buf_view(&kept), NULL), GS_OK);
	gs_buf_free(&kept);
	check(f);
}

static void damage_is_found(void **state)
{
	static const uint8_t two[] = {0x92, 1, 2}, four[] = {0x92, 1, 4}, none[] = {0x92, 1, 0}, short_of[] = {0x92, 1};
	struct fixture *f = *state;
	const struct gs_hash id = id_of(1);
	struct gs_buf array_read;

	take_block(f, 10, 'a');
	for (uint64_t claim = 1; claim <= 3; claim++)
		post(f, claim, array(0, LONG), array(1, 4));
	expect_damage(f, 0, (struct gs_bytes){two, sizeof(two)}, "3 references to contents are stored, and others");
	expect_damage(f, 0, (struct gs_bytes){four, sizeof(four)}, "3 references to contents are stored, and others");
	expect_damage(f, 0, (struct gs_bytes){none, sizeof(none)}, "has a count without its form");
	expect_damage(f, 0, (struct gs_bytes){short_of, sizeof(short_of)}, "has a count without its form");
	expect_damage(f, 0, (struct gs_bytes){NULL, 0}, "has bytes and no count");
	expect_damage(f, 1, (struct gs_bytes){NULL, 0}, "has a count and no bytes");
	expect_damage(f, 1, array(0, LONG - 1), "has other bytes");
	assert_int_equal(gs_journal_rewind(&f->j), GS_OK);

	/* A record that names what is not there is told, not read as nothing. */
	take_block(f, 10, 'b');
	post(f, 1, array(0, LONG), array(1, 4));
	struct found_key found = {.part = 1};
	assert_int_equal(f->store.scan(f->j.txn, GS_TABLE_CONTENTS, (struct gs_bytes){NULL, 0}, GS_STORE_ASCENDING,
	                               find_part, &found, NULL),
	                 GS_OK);
	assert_int_equal(f->store.del(f->j.txn, GS_TABLE_CONTENTS, (struct gs_bytes){found.key, found.len}, NULL),
	                 GS_OK);
	gs_buf_init(&array_read, 1 << 20);
	assert_int_equal(gs_facts_input(&f->j, &id, &array_read), GS_ECORRUPT);
	assert_non_null(strstr(f->why.text, "is named and not there; restore a backup"));
	gs_buf_free(&array_read);
}

/* What versions before schema 6 stored is read as it is, and completed in today's form. */
static void older_blobs_are_read(void **state)
{
	struct fixture *f = *state;
	const struct gs_hash id = id_of(1);
	uint8_t key[GS_BLOB_KEY];

	take_block(f, 10, 'a');
	post(f, 1, array(2, 5), array(2, 6));
	assert_int_equal(
		gs_journal_derive(&f->j, GS_TABLE_BLOBS, gs_facts_blob_key(&id, GS_BLOB_INPUT, key), array(0, LONG)),
		GS_OK);
	expect(f, 1, false, array(0, LONG));
	assert_int_equal(check(f).references, 0);
	take_block(f, 11, 'a');
	answer(f, 1, array(1, 2 * LONG));
	expect(f, 1, false, array(1, 2 * LONG));
	assert_int_equal(check(f).references, 1);
	assert_int_equal(gs_journal_rewind(&f->j), GS_OK);
	expect(f, 1, false, array(0, LONG));
	assert_int_equal(check(f).references, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(keeps_long_arrays_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(own_references_stay, set_up, tear_down),
		cmocka_unit_test_setup_teardown(undo_records_refer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(final_blocks_release, set_up, tear_down),
		cmocka_unit_test_setup_teardown(agrees_with_every_copy, set_up, tear_down),
		cmocka_unit_test_setup_teardown(damage_is_found, set_up, tear_down),
		cmocka_unit_test_setup_teardown(older_blobs_are_read, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
