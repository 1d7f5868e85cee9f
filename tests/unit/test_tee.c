/* Attestation documents: documents with one fault each, made by another implementation on a chain of its own (tests/vectors/tee/build.py, new keys in
 * each run); every bit of one flipped; a real document, where the data folder has it; CBOR that declares more than there is; text forms. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/core/hash.h"
#include "chain/core/rng.h"
#include "tests/support/tool.h"
#include "validator/tee/attestation.h"
#include "validator/tee/cbor.h"
#include "validator/tee/text.h"

enum { CASES_MIN = 150, KEY_MAX = 64, WORD_MAX = 80, FLIPS = 1000, SIGNATURE_STEP = 5, REAL_AT = 1770919200 };

struct made {
	char name[WORD_MAX], reason[WORD_MAX];
	struct gs_tee_options options;
	struct gs_hash image;
	uint8_t key[KEY_MAX], tls[KEY_MAX], nonce[KEY_MAX];
	struct gs_buf document;
};

/* --- reading what the builder wrote --- */

static struct gs_bytes unhex(const char *text, uint8_t *out)
{
	const size_t digits = strcspn(text, ",");

	assert_true(digits % 2 == 0 && digits / 2 <= KEY_MAX);
	assert_int_equal(gs_hex_decode(text, digits, out, digits / 2), GS_OK);
	return (struct gs_bytes){out, digits / 2};
}

static void read_options(const char *text, struct made *m)
{
	struct gs_tee_options *o = &m->options;

	for (; text; text = strchr(text, ',') ? strchr(text, ',') + 1 : NULL) {
		if (strncmp(text, "pcrs=", 5) == 0) {
			assert_int_equal(gs_hex_decode(text + 5, 64, m->image.b, 32), GS_OK);
			o->approved = &m->image;
			o->approved_count = 1;
		} else if (strncmp(text, "key=", 4) == 0) {
			o->signing_key = unhex(text + 4, m->key);
		} else if (strncmp(text, "tls=", 4) == 0) {
			o->tls_certificate = unhex(text + 4, m->tls);
		} else if (strncmp(text, "nonce=", 6) == 0) {
			o->nonce = unhex(text + 6, m->nonce);
		} else if (strncmp(text, "age=", 4) == 0) {
			o->age_s_max = strtoull(text + 4, NULL, 10);
		} else if (strncmp(text, "debug", 5) == 0) {
			o->debug_allowed = true;
		} else {
			assert_string_equal(text, "-");
		}
	}
}

static struct made *read_case(char *line)
{
	struct made *m = calloc(1, sizeof(*m));
	char root[WORD_MAX], asked[2 * WORD_MAX * 4];
	unsigned long long at_s;
	int used = 0;

	assert_non_null(m);
	assert_int_equal(sscanf(line, "%79s %79s %79s %llu %639s %n", m->name, m->reason, root, &at_s, asked, &used),
	                 5);
	gs_tee_options_init(&m->options, (struct gs_time){at_s});
	assert_int_equal(gs_hex_decode(root, strlen(root), m->options.root_sha256.b, 32), GS_OK);
	read_options(asked, m);
	gs_buf_init(&m->document, GS_TEE_TEXT_BYTES_MAX);
	const struct gs_bytes text = {(const uint8_t *)line + used, strlen(line + used)};
	assert_int_equal(gs_tee_text_decode(text, &m->document, NULL), GS_OK);
	return m;
}

static void free_case(struct made *m)
{
	gs_buf_free(&m->document);
	free(m);
}

static char *built(void)
{
	static char *text; /* one run for all tests */

	if (!text)
		text = tool_output("/usr/bin/python3 tests/vectors/tee/build.py");
	if (!text)
		print_message("no documents: the builder needs python3-cbor2 and python3-cryptography (make setup)\n");
	return text;
}

/* Calls `use` with each case, or with the one that is named; how many there were. */
static size_t each_case(const char *name, void (*use)(struct made *m, void *context), void *context)
{
	const char *text = built();
	size_t count = 0;

	assert_non_null(text);
	while (*text) {
		const size_t len = strcspn(text, "\n");
		char *line = strndup(text, len);
		assert_non_null(line);
		struct made *m = read_case(line);
		if (!name || strcmp(name, m->name) == 0) {
			use(m, context);
			count++;
		}
		free_case(m);
		free(line);
		text += len + (text[len] == '\n');
	}
	return count;
}

static enum gs_tee_reason reason_of(struct gs_bytes bytes, const struct gs_tee_options *options,
                                    struct gs_tee_attestation *a)
{
	struct gs_error error = {0};

	assert_int_equal(gs_tee_verify(bytes, options, a, &error), GS_OK);
	assert_true((a->finding.reason == GS_TEE_HOLDS) == (a->finding.detail[0] == 0));
	return a->finding.reason;
}

/* --- tests --- */

struct tally {
	bool seen[GS_TEE_REASONS];
	unsigned wrong;
};

static void compare(struct made *m, void *context)
{
	struct tally *t = context;
	struct gs_tee_attestation a;
	const enum gs_tee_reason reason = reason_of(gs_buf_view(&m->document), &m->options, &a);

	t->seen[reason] = true;
	if (strcmp(gs_tee_reason_name(reason), m->reason) == 0)
		return;
	print_message("%s: %s (%s), must be %s\n", m->name, gs_tee_reason_name(reason), a.finding.detail, m->reason);
	t->wrong++;
}

static void gives_each_fault_its_own_reason(void **state)
{
	struct tally t = {0};

	(void)state;
	assert_true(each_case(NULL, compare, &t) >= CASES_MIN);
	assert_int_equal(t.wrong, 0);
	/* There is a document for every reason: a reason that nothing gives would be a check that nobody has seen work. */
	for (unsigned i = 0; i < GS_TEE_REASONS; i++)
		if (!t.seen[i])
			fail_msg("no document fails with '%s'", gs_tee_reason_name((enum gs_tee_reason)i));
}

static void flip_bits(struct gs_bytes document, const struct gs_tee_options *o, bool all, uint64_t seed)
{
	uint8_t *copy = malloc(document.len);
	unsigned tally[GS_TEE_REASONS] = {0};
	struct gs_tee_attestation a;
	struct gs_rng rng;

	assert_non_null(copy);
	gs_rng_seed(&rng, seed);
	memcpy(copy, document.ptr, document.len);
	assert_int_equal(reason_of((struct gs_bytes){copy, document.len}, o, &a), GS_TEE_HOLDS);
	const size_t bits = all ? 8 * document.len : FLIPS;
	for (size_t i = 0; i < bits; i++) {
		const size_t bit = all ? i : gs_rng_below(&rng, 8 * document.len);
		copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
		const enum gs_tee_reason reason = reason_of((struct gs_bytes){copy, document.len}, o, &a);
		tally[reason]++;
		/* What holds but for its time was signed as it is: a flipped bit never leaves that. */
		if (reason == GS_TEE_HOLDS || reason > GS_TEE_SIGNATURE)
			fail_msg("bit %zu flipped: %s", bit, gs_tee_reason_name(reason));
		copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	for (unsigned i = 0; i < GS_TEE_REASONS; i++)
		if (tally[i] > 0)
			print_message("%6u of %zu flips: %s\n", tally[i], bits,
			              gs_tee_reason_name((enum gs_tee_reason)i));
	free(copy);
}

static void flip_thousand(struct made *m, void *context)
{
	(void)context;
	flip_bits(gs_buf_view(&m->document), &m->options, false, 1);
}

static void no_flipped_bit_holds(void **state)
{
	(void)state;
	assert_int_equal(each_case("good", flip_thousand, NULL), 1);
}

/* Outside the payload nothing is signed but the algorithm: all of it, bit by bit; of the signature itself every fifth, for the time that takes. */
static void flip_envelope(struct made *m, void *context)
{
	const struct gs_bytes whole = gs_buf_view(&m->document);
	uint8_t *copy = m->document.ptr;
	struct gs_tee_attestation a;

	(void)context;
	assert_int_equal(reason_of(whole, &m->options, &a), GS_TEE_HOLDS);
	const size_t begin = (size_t)(a.document.payload.ptr - whole.ptr), end = begin + a.document.payload.len;
	assert_int_equal(whole.len - end, 2 + GS_TEE_SIGNATURE_BYTES);
	for (size_t bit = 0; bit < 8 * whole.len; bit++) {
		if ((bit / 8 >= begin && bit / 8 < end) || (bit / 8 >= end + 2 && bit % SIGNATURE_STEP != 0))
			continue;
		copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
		const enum gs_tee_reason reason = reason_of(whole, &m->options, &a);
		assert_true(reason != GS_TEE_HOLDS);
		if (bit / 8 >= end + 2)
			assert_int_equal(reason, GS_TEE_SIGNATURE);
		copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
}

static void nothing_outside_the_payload_can_be_changed(void **state)
{
	(void)state;
	assert_int_equal(each_case("good", flip_envelope, NULL), 1);
}

static void cut_everywhere(struct made *m, void *context)
{
	struct gs_tee_attestation a;

	(void)context;
	for (size_t len = 0; len < m->document.len; len++) {
		uint8_t *exact = malloc(len ? len : 1); /* so that a sanitizer sees who reads behind the end */
		assert_non_null(exact);
		memcpy(exact, m->document.ptr, len);
		const enum gs_tee_reason reason = reason_of((struct gs_bytes){exact, len}, &m->options, &a);
		assert_true(reason == (len == 0 ? GS_TEE_SIZE : GS_TEE_CBOR));
		free(exact);
	}
}

static void nothing_shorter_holds(void **state)
{
	(void)state;
	assert_int_equal(each_case("good", cut_everywhere, NULL), 1);
}

static void the_real_document(void **state)
{
	static const char *const image = "8082af22571613eabd5dad9c7e857c4f16154ded3d387386d8193b53906f6a24";
	static const char *const key = "abf9d7453422eb419fc1391604b070a81bd6a61f4d9ae0ee71ab24d77670c154";
	const char *data = getenv("GAINSAY_DATA");
	struct gs_tee_attestation a;
	struct gs_tee_options o;
	struct gs_buf document;
	struct gs_hash hash;
	char path[4096];

	(void)state;
	snprintf(path, sizeof(path), "%s/opengradient/nitro_attestation_doc.b64", data ? data : "../shared/data");
	char *text = tool_output("cat '%s' 2>/dev/null", path);
	if (!text) {
		print_message("no document at %s (set GAINSAY_DATA)\n", path);
		skip();
	}
	gs_buf_init(&document, GS_TEE_DOCUMENT_BYTES_MAX);
	assert_int_equal(gs_tee_text_decode((struct gs_bytes){(uint8_t *)text, strlen(text)}, &document, NULL), GS_OK);
	free(text);
	assert_int_equal(document.len, 4556);
	const struct gs_bytes bytes = gs_buf_view(&document);

	gs_tee_options_init(&o, (struct gs_time){REAL_AT});
	assert_int_equal(reason_of(bytes, &o, &a), GS_TEE_HOLDS);
	assert_int_equal(gs_hex_decode(image, 64, hash.b, 32), GS_OK);
	assert_true(a.has_pcr_hash && gs_hash_equal(&a.pcr_hash, &hash));
	o.approved = &hash;
	o.approved_count = 1;
	assert_int_equal(reason_of(bytes, &o, &a), GS_TEE_HOLDS);
	assert_int_equal(gs_hex_decode(key, 64, hash.b, 32), GS_OK);
	assert_true(a.is_bound && gs_hash_equal(&a.binding.signing_key_sha256, &hash));
	assert_int_equal(a.chain.count, 5);
	assert_int_equal(reason_of(bytes, &o, &a), GS_TEE_PCR_REFUSED);
	o.approved = NULL;
	flip_bits(bytes, &o, false, 2);

	/* The leaf lives from 17:55:59 to 20:56:02 of 12 February 2026; the document is of 17:56:02. */
	o.skew_s = 0;
	o.at.unix_s = 1770929762;
	assert_int_equal(reason_of(bytes, &o, &a), GS_TEE_HOLDS);
	o.at.unix_s++;
	assert_int_equal(reason_of(bytes, &o, &a), GS_TEE_EXPIRED);
	o.at.unix_s = 1770918962;
	assert_int_equal(reason_of(bytes, &o, &a), GS_TEE_HOLDS);
	o.at.unix_s--;
	assert_int_equal(reason_of(bytes, &o, &a), GS_TEE_FUTURE);
	o.at.unix_s = 1770918958;
	assert_int_equal(reason_of(bytes, &o, &a), GS_TEE_NOT_YET_VALID);
	o.at.unix_s = 0;
	assert_int_equal(reason_of(bytes, &o, &a), GS_TEE_NOT_YET_VALID);
	o.at.unix_s = UINT64_MAX;
	assert_int_equal(reason_of(bytes, &o, &a), GS_TEE_EXPIRED);
	gs_buf_free(&document);
}

static void cbor_stays_within_its_input(void **state)
{
	static const struct {
		const char *hex;
		bool good, open, shortest;
		enum gs_cbor_kind kind;
		uint64_t value;
	} items[] = {
		{"17", true, false, true, GS_CBOR_UINT, 23},
		{"1817", true, false, false, GS_CBOR_UINT, 23},
		{"1818", true, false, true, GS_CBOR_UINT, 24},
		{"1b00000000ffffffff", true, false, false, GS_CBOR_UINT, UINT32_MAX},
		{"1bffffffffffffffff", true, false, true, GS_CBOR_UINT, UINT64_MAX},
		{"3822", true, false, true, GS_CBOR_NEGATIVE, 34},
		{"40", true, false, true, GS_CBOR_BYTES, 0},
		{"4101", true, false, true, GS_CBOR_BYTES, 0},
		{"580101", true, false, false, GS_CBOR_BYTES, 0},
		{"7a0000000161", true, false, false, GS_CBOR_TEXT, 0},
		{"41", false, false, false, GS_CBOR_BYTES, 0},
		{"5affffffff00", false, false, false, GS_CBOR_BYTES, 0},
		{"5bffffffffffffffff", false, false, false, GS_CBOR_BYTES, 0},
		{"7b7fffffffffffffff00", false, false, false, GS_CBOR_TEXT, 0},
		{"5f", false, false, false, GS_CBOR_BYTES, 0},
		{"7f", false, false, false, GS_CBOR_TEXT, 0},
		{"9bffffffffffffffff", true, false, true, GS_CBOR_ARRAY, UINT64_MAX},
		{"9f", true, true, true, GS_CBOR_ARRAY, 0},
		{"bf", true, true, true, GS_CBOR_MAP, 0},
		{"b81f", true, false, true, GS_CBOR_MAP, 31},
		{"f6", true, false, true, GS_CBOR_NULL, 0},
		{"ff", true, false, true, GS_CBOR_BREAK, 0},
		{"d818", true, false, true, GS_CBOR_OTHER, 24},
		{"fb3ff0000000000000", true, false, false, GS_CBOR_OTHER, 0},
		{"f4", true, false, true, GS_CBOR_OTHER, 0},
		{"1c", false, false, false, GS_CBOR_OTHER, 0},
		{"19ff", false, false, false, GS_CBOR_OTHER, 0},
		{"", false, false, false, GS_CBOR_OTHER, 0},
	};

	(void)state;
	for (size_t i = 0; i < GS_ARRAY_LEN(items); i++) {
		const size_t len = strlen(items[i].hex) / 2;
		uint8_t *exact = malloc(len ? len : 1);
		struct gs_cbor_item item;
		struct gs_cbor c;
		assert_non_null(exact);
		assert_int_equal(gs_hex_decode(items[i].hex, 2 * len, exact, len), GS_OK);
		gs_cbor_init(&c, (struct gs_bytes){exact, len});
		const enum gs_err err = gs_cbor_next(&c, &item);
		if ((err == GS_OK) != items[i].good)
			fail_msg("%s: %s", items[i].hex, gs_err_name(err));
		if (err) {
			assert_int_equal(c.at, 0);
		} else {
			assert_int_equal(item.kind, items[i].kind);
			assert_true(item.value == items[i].value && item.open == items[i].open);
			assert_true(item.shortest == items[i].shortest || item.kind == GS_CBOR_OTHER);
			assert_true(gs_cbor_at_end(&c));
			assert_int_equal(gs_cbor_next(&c, &item), GS_EPARSE);
		}
		free(exact);
	}
}

static void texts_are_read(void **state)
{
	static const struct {
		const char *text, *bytes; /* NULL: refused */
	} texts[] = {
		{"hEOh", "\x84\x43\xa1"},
		{" hE\nOh\r\n", "\x84\x43\xa1"},
		{"hEM=", "\x84\x43"},
		{"hA==", "\x84"},
		{"hEM", NULL},
		{"hEN=", NULL}, /* a bit behind the last byte */
		{"hA=h", NULL},
		{"hA===", NULL},
		{"====", NULL},
		{"h-_h", NULL},
		{"0x8443a1", "\x84\x43\xa1"},
		{"0x84 43\nA1\n", "\x84\x43\xa1"},
		{"0x8443a", NULL},
		{"0x84g3", NULL},
		{"\x84\x43\xa1", "\x84\x43\xa1"},
	};

	(void)state;
	for (size_t i = 0; i < GS_ARRAY_LEN(texts); i++) {
		struct gs_buf out;
		struct gs_error error = {0};
		gs_buf_init(&out, 16);
		const enum gs_err err = gs_tee_text_decode(
			(struct gs_bytes){(const uint8_t *)texts[i].text, strlen(texts[i].text)}, &out, &error);
		if (!texts[i].bytes) {
			assert_int_equal(err, GS_EPARSE);
			assert_true(error.text[0] != 0);
		} else {
			assert_int_equal(err, GS_OK);
			assert_int_equal(out.len, strlen(texts[i].bytes));
			assert_memory_equal(out.ptr, texts[i].bytes, out.len);
		}
		gs_buf_free(&out);
	}
}

static void lists_of_images_are_read(void **state)
{
	char text[1024], pcr[3][97];
	struct gs_hash out[3], wanted;
	uint8_t raw[144];
	struct gs_error error;
	size_t count;

	(void)state;
	for (size_t i = 0; i < sizeof(raw); i++)
		raw[i] = (uint8_t)i;
	for (size_t i = 0; i < 3; i++)
		gs_hex_encode(raw + 48 * i, 48, false, pcr[i]);
	gs_keccak256(raw, sizeof(raw), &wanted);
	snprintf(text, sizeof(text), "# approved\n\n  %s  %s 0x%s # of May\r\n0x%064d\n%064d", pcr[0], pcr[1], pcr[2],
	         1, 2);
	const struct gs_bytes view = {(const uint8_t *)text, strlen(text)};
	assert_int_equal(gs_tee_images_parse(view, out, 3, &count, &error), GS_OK);
	assert_int_equal(count, 3);
	assert_true(gs_hash_equal(&out[0], &wanted));
	assert_int_equal(out[1].b[31], 1);
	assert_int_equal(out[2].b[31], 2);
	assert_int_equal(gs_tee_images_parse(view, out, 2, &count, &error), GS_ELIMIT);
	static const char *const bad[] = {"", "# none\n", "\n12\n", "0x", "zz"};
	for (size_t i = 0; i < GS_ARRAY_LEN(bad); i++)
		assert_int_equal(gs_tee_images_parse((struct gs_bytes){(const uint8_t *)bad[i], strlen(bad[i])}, out, 3,
		                                     &count, &error),
		                 GS_EPARSE);
	snprintf(text, sizeof(text), "%s %s", pcr[0], pcr[1]); /* one is missing */
	assert_int_equal(
		gs_tee_images_parse((struct gs_bytes){(const uint8_t *)text, strlen(text)}, out, 3, &count, &error),
		GS_EPARSE);
	snprintf(text, sizeof(text), "%064d 1", 1);
	assert_int_equal(
		gs_tee_images_parse((struct gs_bytes){(const uint8_t *)text, strlen(text)}, out, 3, &count, &error),
		GS_EPARSE);
	assert_non_null(strstr(error.text, "line 1"));
}

static void reasons_have_names(void **state)
{
	(void)state;
	for (unsigned i = 0; i < GS_TEE_REASONS; i++) {
		assert_non_null(gs_tee_reason_name((enum gs_tee_reason)i));
		assert_non_null(gs_tee_reason_words((enum gs_tee_reason)i));
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(gs_tee_reason_name((enum gs_tee_reason)i),
			                        gs_tee_reason_name((enum gs_tee_reason)j));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_each_fault_its_own_reason),
		cmocka_unit_test(no_flipped_bit_holds),
		cmocka_unit_test(nothing_outside_the_payload_can_be_changed),
		cmocka_unit_test(nothing_shorter_holds),
		cmocka_unit_test(the_real_document),
		cmocka_unit_test(cbor_stays_within_its_input),
		cmocka_unit_test(texts_are_read),
		cmocka_unit_test(lists_of_images_are_read),
		cmocka_unit_test(reasons_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
