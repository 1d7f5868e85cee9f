/* What a validator shows of its draws: a node samples claims under a real key, the chain settles them, the export is checked, and no bit of it can be
 * changed without being found. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "chain/core/rng.h"
#include "chain/eth/bindings.h"
#include "tests/unit/node_fixture.h"
#include "validator/daemon/samples.h"
#include "validator/daemon/statement.h"

enum { CLAIMS = 40, FLIPS = 500 };

struct shown {
	struct gs_vrf *vrf;
	struct gs_vrf_key key;
	struct gs_lots_domain domain;
	char *text; /* owned: the export */
	size_t len;
	struct gs_samples_written written;
};

static enum gs_err proven_draw(void *self, const struct gs_sample_source *source, struct gs_sample_lot *out)
{
	struct shown *s = self;
	uint8_t alpha[GS_SAMPLE_ALPHA_BYTES];

	gs_sample_alpha(s->domain.chain_id, &s->domain.claims, source, alpha);
	out->proven = true;
	return gs_vrf_prove(s->vrf, &s->key, (struct gs_bytes){alpha, sizeof(alpha)}, &out->proof, &out->output);
}

static const struct gs_prover *no_prover(void *self, const struct gs_hash *claim)
{
	(void)self;
	(void)claim;
	return NULL;
}

static void set_up_key(struct shown *s, const struct gs_node_options *o)
{
	uint8_t secret[32] = {0x11, 0x22};

	memset(s, 0, sizeof(*s));
	s->vrf = gs_vrf_new();
	assert_non_null(s->vrf);
	assert_int_equal(gs_vrf_key_from_secret(s->vrf, secret, &s->key, NULL), GS_OK);
	s->domain = (struct gs_lots_domain){o->contracts.chain_id, o->contracts.claims, o->self};
}

/* A node of the fixture's that draws by that key, at half a rate that value raises. */
static void draws_for_real(struct node_fixture *f, struct shown *s)
{
	set_up_key(s, &f->options);
	gs_node_close(f->node);
	f->surroundings = (struct gs_node_surroundings){.self = s, .prover = no_prover, .draw = proven_draw};
	f->options.sampling = (struct gs_sampling_policy){.rate_ppm = 400000,
	                                                  .least_ppm = 100000,
	                                                  .certain_above = gs_wei_from_u64(1000),
	                                                  .value_unit = gs_wei_from_u64(500),
	                                                  .young_percent = 10,
	                                                  .young_s = 100};
	node_open(f);
	struct gs_node_input start = {.kind = GS_INPUT_START};
	node_feed(f, &start);
}

static void export_all(struct node_fixture *f, struct shown *s, uint64_t since)
{
	struct gs_error error = {0};
	struct gs_journal j;
	FILE *out = open_memstream(&s->text, &s->len);

	assert_non_null(out);
	assert_int_equal(gs_journal_begin(&f->store, 0, &j, &error), GS_OK);
	const enum gs_err err = gs_samples_export(&j, s->vrf, &s->key, &s->domain, since, out, &s->written, &error);
	if (err)
		fail_msg("%s", error.text);
	gs_journal_abort(&j);
	fclose(out);
}

static uint64_t wrong_lines(const struct shown *s, const struct gs_vrf_public *key, char *text, size_t len,
                            struct gs_samples_checked *checked)
{
	FILE *in = fmemopen(text, len, "rb");

	assert_non_null(in);
	assert_int_equal(gs_samples_verify(in, s->vrf, key, NULL, NULL, checked, NULL), GS_OK);
	fclose(in);
	return checked->wrong;
}

static void free_shown(struct shown *s)
{
	free(s->text);
	gs_vrf_free(s->vrf);
}

/* Claims in several blocks, settled; then final. */
static void tell_a_story(struct node_fixture *f, unsigned claims, unsigned left_open)
{
	struct gs_node_input final = {.kind = GS_INPUT_FINAL};

	for (unsigned i = 0; i < claims; i++)
		node_post(f, i, NODE_CLAIMANT, 1 + (uint64_t)i * 40);
	for (unsigned i = left_open; i < claims; i++) {
		const struct gs_hash topics[] = {gs_claims_event_finalized, node_claim(i)};
		node_log(f, &f->options.contracts.claims, topics, 2, NULL, 0);
	}
	final.as.final.number = f->head.number;
	final.as.final.hash = f->head.hash;
	node_feed(f, &final);
}

static void is_shown_and_holds(void **state)
{
	struct node_fixture *f = *state;
	struct shown s;
	struct gs_samples_checked checked;

	draws_for_real(f, &s);
	tell_a_story(f, CLAIMS, 0);
	export_all(f, &s, 0);
	assert_int_equal(s.written.lines, CLAIMS);
	assert_int_equal(s.written.held + s.written.unproven, 0);
	assert_int_equal(wrong_lines(&s, &s.key.public_key, s.text, s.len, &checked), 0);
	assert_int_equal(checked.lines, CLAIMS);
	assert_in_range(checked.executed, 16, CLAIMS); /* the 15 of 1000 and more, and of the others about two thirds */
	struct gs_vrf_public other = s.key.public_key;
	other.b[0] ^= 1;
	assert_true(wrong_lines(&s, &other, s.text, s.len, &checked) > CLAIMS);
	free_shown(&s);
}

static void waits_for_what_is_open(void **state)
{
	struct node_fixture *f = *state;
	struct shown s;
	struct gs_samples_checked checked;

	draws_for_real(f, &s);
	tell_a_story(f, 10, 3);
	export_all(f, &s, 0);
	assert_int_equal(s.written.lines, 7);
	assert_int_equal(s.written.held, 3);
	assert_int_equal(wrong_lines(&s, &s.key.public_key, s.text, s.len, &checked), 0);
	free(s.text);
	export_all(f, &s, f->head.number); /* of the newest block on: nothing but head and end */
	assert_int_equal(s.written.lines, 0);
	assert_int_equal(wrong_lines(&s, &s.key.public_key, s.text, s.len, &checked), 0);
	free_shown(&s);
}

static void no_bit_can_be_changed(void **state)
{
	struct node_fixture *f = *state;
	struct shown s;
	struct gs_samples_checked checked;
	struct gs_rng rng;

	draws_for_real(f, &s);
	tell_a_story(f, 3, 0);
	export_all(f, &s, 0);
	assert_int_equal(wrong_lines(&s, &s.key.public_key, s.text, s.len, &checked), 0);
	gs_rng_seed(&rng, 500);
	for (unsigned i = 0; i < FLIPS; i++) {
		const size_t bit = gs_rng_below(&rng, 8 * s.len);
		s.text[bit / 8] = (char)(s.text[bit / 8] ^ 1 << bit % 8);
		if (wrong_lines(&s, &s.key.public_key, s.text, s.len, &checked) == 0)
			fail_msg("bit %zu is not missed", bit);
		s.text[bit / 8] = (char)(s.text[bit / 8] ^ 1 << bit % 8);
	}
	for (size_t len = 1; len < s.len; len += 97) /* nor can it be cut */
		assert_true(wrong_lines(&s, &s.key.public_key, s.text, len, &checked) > 0);
	free_shown(&s);
}

/* The key's holder itself cannot show another draw, rate or decision: it writes a false line and signs the file anew. */
static void its_own_holder_cannot_lie(void **state)
{
	struct node_fixture *f = *state;
	struct shown s;
	struct gs_samples_checked checked;
	struct gs_journal j;
	struct gs_hash id = node_claim(0);
	const struct gs_bytes key = {id.b, sizeof(id.b)};

	draws_for_real(f, &s);
	tell_a_story(f, 3, 0);
	for (unsigned lie = 0; lie < 6; lie++) {
		struct gs_sample honest, told;
		struct gs_bytes stored;
		struct gs_buf value;
		gs_buf_init(&value, 4096);
		assert_int_equal(gs_journal_begin(&f->store, f->head.number, &j, NULL), GS_OK);
		assert_int_equal(gs_journal_view(&j, GS_TABLE_SAMPLES, key, &stored), GS_OK);
		assert_int_equal(gs_sample_decode(stored, &honest), GS_OK);
		told = honest;
		if (lie == 0)
			told.draw ^= UINT64_C(1) << 63;
		if (lie == 1)
			told.rate_ppm++;
		if (lie == 2)
			told.execute = !told.execute;
		if (lie == 3)
			told.of.value = gs_wei_from_u64(777);
		if (lie == 4)
			told.source.of.b[7] ^= 1;
		if (lie == 5)
			told.reason = GS_SAMPLE_UNBOUND;
		gs_sample_encode(&told, &value);
		assert_int_equal(gs_journal_put(&j, GS_TABLE_SAMPLES, key, gs_buf_view(&value)), GS_OK);
		assert_int_equal(gs_journal_commit(&j), GS_OK);
		export_all(f, &s, 0);
		assert_int_equal(wrong_lines(&s, &s.key.public_key, s.text, s.len, &checked), 1);
		free(s.text);
		value.len = 0;
		gs_sample_encode(&honest, &value);
		assert_int_equal(gs_journal_begin(&f->store, f->head.number, &j, NULL), GS_OK);
		assert_int_equal(gs_journal_put(&j, GS_TABLE_SAMPLES, key, gs_buf_view(&value)), GS_OK);
		assert_int_equal(gs_journal_commit(&j), GS_OK);
		gs_buf_free(&value);
	}
	s.text = NULL;
	free_shown(&s);
}

static void a_statement_binds_the_key(void **state)
{
	struct node_fixture *f = *state;
	struct shown s;
	struct gs_lots_domain domain;
	struct gs_vrf_public key;
	struct gs_signature signature;
	struct gs_key account;
	struct gs_hash digest;
	const uint8_t secret[32] = {9};
	char text[GS_STATEMENT_MAX];

	set_up_key(&s, &f->options);
	assert_int_equal(gs_key_from_secret(secret, &account, NULL), GS_OK);
	s.domain.validator = account.address;
	assert_int_equal(gs_statement_digest(&s.domain, &s.key.public_key, &digest, NULL), GS_OK);
	assert_int_equal(gs_key_sign(&account, &digest, &signature, NULL), GS_OK);
	gs_statement_format(&s.domain, &s.key.public_key, &signature, text);
	assert_int_equal(gs_statement_read(text, &domain, &key, NULL), GS_OK);
	assert_memory_equal(&key, &s.key.public_key, sizeof(key));
	assert_memory_equal(&domain.validator, &account.address, sizeof(account.address));
	char *digit = strstr(text, "\"key\":\"") + 20;
	*digit = *digit == '0' ? '1' : '0';
	assert_int_equal(gs_statement_read(text, &domain, &key, NULL), GS_ECONFLICT);
	assert_int_equal(gs_statement_read("{}", &domain, &key, NULL), GS_EPARSE);
	assert_int_equal(gs_statement_read("", &domain, &key, NULL), GS_EPARSE);
	free_shown(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(is_shown_and_holds, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(waits_for_what_is_open, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(no_bit_can_be_changed, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(its_own_holder_cannot_lie, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(a_statement_binds_the_key, node_set_up, node_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
