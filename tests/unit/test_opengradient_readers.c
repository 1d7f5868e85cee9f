/* The reader of plain dumps beside jansson's: what each form of a dump comes to, and 10^5 dumps that are bent byte by byte and word by word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "chain/core/rng.h"
#include "tests/support/blob_cases.h"

enum { TEXT_MAX = 1 << 20, BENT = 100000, LEAVES_MAX = 9, SIGNATURE_MAX = 300 };

/* The dump of some drawn leaves, as the library writes it. */
static struct gs_buf a_dump(struct gs_rng *rng, size_t leaves, size_t signature_max)
{
	static uint8_t signature[LEAVES_MAX][SIGNATURE_MAX];
	struct gs_settlement s[LEAVES_MAX] = {0};
	struct gs_hash leaf[LEAVES_MAX];
	struct gs_standard_tree tree;
	struct gs_buf text;

	for (size_t i = 0; i < leaves; i++) {
		const size_t len = gs_rng_below(rng, 3) ? signature_max : gs_rng_below(rng, signature_max + 1);
		for (size_t k = 0; k < len; k++)
			signature[i][k] = (uint8_t)gs_rng_u64(rng);
		for (size_t k = 0; k < 32; k++) {
			s[i].tee.b[k] = (uint8_t)gs_rng_u64(rng);
			s[i].input.b[k] = (uint8_t)gs_rng_u64(rng);
			s[i].output.b[k] = (uint8_t)gs_rng_u64(rng);
		}
		s[i].signature = (struct gs_bytes){signature[i], len};
		s[i].timestamp_s = gs_u256_from_u64(gs_rng_u64(rng) >> gs_rng_below(rng, 64));
		gs_settlement_leaf(&s[i], &leaf[i]);
	}
	assert_int_equal(gs_standard_tree_build(leaf, leaves, &tree), GS_OK);
	gs_buf_init(&text, TEXT_MAX);
	gs_blob_write(s, &tree, &text);
	assert_int_equal(text.err, GS_OK);
	gs_standard_tree_free(&tree);
	return text;
}

/* Bytes [at, at + cut) made into these. */
static void splice(struct gs_buf *text, size_t at, size_t cut, const void *with, size_t len)
{
	struct gs_buf out;

	gs_buf_init(&out, TEXT_MAX);
	gs_buf_append(&out, text->ptr, at);
	gs_buf_append(&out, with, len);
	gs_buf_append(&out, text->ptr + at + cut, text->len - at - cut);
	assert_int_equal(out.err, GS_OK);
	gs_buf_free(text);
	*text = out;
}

/* The nth place (from 0) of `from`, or the last one before, becomes `to`; false: it is nowhere. */
static bool replace(struct gs_buf *text, const char *from, const char *to, size_t nth)
{
	const size_t len = strlen(from);
	const uint8_t *found = NULL, *at = text->ptr;
	size_t place;

	for (size_t i = 0; i <= nth; i++) {
		const uint8_t *next = memmem(at, text->len - (size_t)(at - text->ptr), from, len);
		if (!next)
			break;
		found = next;
		at = next + 1;
	}
	if (!found)
		return false;
	place = (size_t)(found - text->ptr);
	splice(text, place, len, to, strlen(to));
	return true;
}

static void expect(const struct gs_buf *text, bool plain, enum gs_err code, const char *what)
{
	bool taken;
	enum gs_err got;
	const char *differ = blob_readers_differ(gs_buf_view(text), &taken, &got);

	if (differ)
		fail_msg("%s: %s", what, differ);
	if (taken != plain || got != code)
		fail_msg("%s: %splain, %s", what, taken ? "" : "not ", gs_err_name(got));
}

static const struct {
	const char *from, *to;
	bool plain;
	enum gs_err code;
} forms[] = {
	{"", "", true, GS_OK},
	{"{", " \t\r\n{", true, GS_OK},
	{"{", "\v{", false, GS_EPARSE},
	{"{", "\xef\xbb\xbf{", false, GS_EPARSE},
	{":[", " : [ ", true, GS_OK},
	{"]}", " ] } ", true, GS_OK},
	{"]}", "]}\n\n", true, GS_OK},
	{",", " ,\n", true, GS_OK},
	{",", ",,", false, GS_EPARSE},
	{"]", ",]", false, GS_EPARSE},
	{"\"0x", "\"0X", false, GS_EPARSE},
	{"\"0x", "\" 0x", false, GS_EPARSE},
	{"\"0x", "\"\\u0030x", false, GS_OK},
	{"\"0x", "\"0\\u0078", false, GS_OK},
	{"standard", "\\u0073tandard", false, GS_OK},
	{"standard", "Standard", false, GS_EPARSE},
	{"\"format\"", "\"f\\u006frmat\"", false, GS_OK},
	{"\"values\"", "\"value\\u0073\"", false, GS_OK},
	{"\"format\":\"standard-v1\"", "\"format\":\"standard-v1\",\"hash\":\"custom\"", false, GS_OK},
	{"\"treeIndex\":", "\"treeIndex\":0", false, GS_EPARSE},
	{"\"treeIndex\":", "\"treeIndex\":-", false, GS_EPARSE},
	{"\"treeIndex\":", "\"treeIndex\":1e", false, GS_EPARSE},
	{"\"treeIndex\":", "\"treeIndex\":\"\",\"index\":", false, GS_EPARSE},
	{"\"treeIndex\":", "\"treeIndex\":16,\"index\":", false, GS_OK},
	{"\"treeIndex\":", "\"treeIndex\":17,\"index\":", false, GS_EPARSE},
	{"\"treeIndex\":", "\"treeIndex\":-0,\"index\":", false, GS_OK},
	{"\"treeIndex\":", "\"treeIndex\":1.0,\"index\":", false, GS_EPARSE},
	{"\"treeIndex\":", "\"treeIndex\":1,\"treeIndex\":", false, GS_EPARSE},
	{"{\"value\":[", "{\"value\":[],\"value\":[", false, GS_EPARSE},
	{"{\"value\":[", "{\"treeIndex\":3,\"more\":[", false, GS_EPARSE},
	{"bytes32", "bytes\\/32", false, GS_EPARSE},
	{"\"uint256\"]", "\"uint256\",\"uint8\"]", false, GS_EPARSE},
	{"]}", "]}]", false, GS_EPARSE},
	{"]}", "]}//", false, GS_EPARSE},
	{"]}", "]", false, GS_EPARSE},
};

static void knows_plain_forms(void **state)
{
	struct gs_rng rng;

	(void)state;
	gs_rng_seed(&rng, 1);
	for (size_t i = 0; i < GS_ARRAY_LEN(forms); i++) {
		struct gs_buf text = a_dump(&rng, LEAVES_MAX, 3);
		const size_t nth = strcmp(forms[i].from, "]}") == 0 ? SIZE_MAX - 1 : 0;
		assert_true(replace(&text, forms[i].from, forms[i].to, nth));
		expect(&text, forms[i].plain, forms[i].code, forms[i].to);
		gs_buf_free(&text);
	}
}

/* With the first timestamp in another form. */
static void knows_timestamps(void **state)
{
	static const struct {
		const char *as;
		bool plain;
		enum gs_err code;
	} cases[] = {
		{"0", true, GS_OK},
		{"7", true, GS_OK},
		{"07", false, GS_EPARSE},
		{"-0", false, GS_OK},
		{"-1", false, GS_OK},
		{"1.0", false, GS_OK},
		{"1e3", false, GS_OK},
		{"1E+3", false, GS_OK},
		{"1e999", false, GS_EPARSE},
		{"true", false, GS_OK},
		{"null", false, GS_OK},
		{"[]", false, GS_OK},
		{"999999999999999999", true, GS_OK},
		{"1000000000000000000", false, GS_OK},
		{"9223372036854775807", false, GS_OK},
		{"9223372036854775808", false, GS_EPARSE},
		{"\"\"", false, GS_OK},
		{"\"007\"", true, GS_OK},
		{"\"0x0f\"", true, GS_OK},
		{"\"0XF\"", true, GS_OK},
		{"\"0x\"", false, GS_OK},
		{"\"1 \"", false, GS_OK},
		{"\"\\u0031\"", false, GS_OK},
		{"\"\xc3\xa9\"", false, GS_OK},
		{"\"\xc3\"", false, GS_EPARSE},
		{"\"\xed\xa0\x80\"", false, GS_EPARSE},
		{"\"\\ud83d\\ude00\"", false, GS_OK},
		{"\"\\ud83d\"", false, GS_EPARSE},
		{"\"\\x\"", false, GS_EPARSE},
		{"\"\t\"", false, GS_EPARSE},
		{"\"115792089237316195423570985008687907853269984665640564039457584007913129639935\"", true, GS_OK},
		{"\"115792089237316195423570985008687907853269984665640564039457584007913129639936\"", false, GS_OK},
	};
	struct gs_rng rng;

	(void)state;
	gs_rng_seed(&rng, 2);
	for (size_t i = 0; i < GS_ARRAY_LEN(cases); i++) {
		struct gs_buf text = a_dump(&rng, 4, 2);
		const uint8_t *end = memmem(text.ptr, text.len, "],\"treeIndex\"", 13), *comma = end;
		assert_non_null(end);
		while (*--comma != ',')
			;
		splice(&text, (size_t)(comma + 1 - text.ptr), (size_t)(end - comma - 1), cases[i].as,
		       strlen(cases[i].as));
		expect(&text, cases[i].plain, cases[i].code, cases[i].as);
		gs_buf_free(&text);
	}
}

/* Members of a value the other way round, as who sorts by name writes them. */
static void takes_either_order(void **state)
{
	struct gs_rng rng;
	struct gs_buf text;

	(void)state;
	gs_rng_seed(&rng, 3);
	text = a_dump(&rng, 1, 5);
	assert_true(replace(&text, ",\"treeIndex\":0}", "}", 0));
	assert_true(replace(&text, "{\"value\":", "{\"treeIndex\":0,\"value\":", 0));
	expect(&text, true, GS_OK, "treeIndex first");
	assert_true(replace(&text, "\"treeIndex\":0,", "", 0));
	expect(&text, false, GS_EPARSE, "no treeIndex");
	gs_buf_free(&text);
}

/* A number of nodes that belongs to another number of leaves, signatures at the limit and above it, and no bytes at all. */
static void knows_limits(void **state)
{
	static const struct gs_bytes nothing;
	static char long_hex[2 * GS_BLOB_SIGNATURE_MAX + 3];
	struct gs_rng rng;
	enum gs_err code;
	bool plain;

	(void)state;
	gs_rng_seed(&rng, 4);
	assert_null(blob_readers_differ(nothing, &plain, &code));
	assert_true(!plain && code == GS_EPARSE);
	for (size_t extra = 0; extra <= 2; extra += 2) {
		struct gs_buf text = a_dump(&rng, 1, 0);
		memset(long_hex, 'a', 2 * GS_BLOB_SIGNATURE_MAX + extra);
		assert_true(replace(&text, "\"0x\"", "\"0x\x01\"", 0));
		const uint8_t *at = memchr(text.ptr, 1, text.len);
		splice(&text, (size_t)(at - text.ptr), 1, long_hex, 2 * GS_BLOB_SIGNATURE_MAX + extra);
		expect(&text, extra == 0, GS_OK, "a long signature");
		gs_buf_free(&text);
	}
	for (size_t leaves = 1; leaves <= LEAVES_MAX; leaves++) {
		struct gs_buf text = a_dump(&rng, leaves, SIGNATURE_MAX);
		const uint8_t *first = memmem(text.ptr, text.len, "\"tree\":[", 8), *comma;
		assert_non_null(first);
		first += 8;
		expect(&text, true, GS_OK, "leaves of many sizes");
		comma = memchr(first, leaves > 1 ? ',' : ']', 80);
		assert_non_null(comma);
		splice(&text, (size_t)(first - text.ptr), (size_t)(comma - first) + (leaves > 1), "", 0);
		expect(&text, false, GS_EPARSE, "a node less");
		gs_buf_free(&text);
	}
}

static void bend(struct gs_buf *text, struct gs_rng *rng)
{
	static const char *const words[] = {
		"\"",       "\\", "{",      "}",    "[",    "]",       ",",          ":",
		"0",        "1",  "-",      ".",    "e",    "E",       " ",          "\n",
		"\t",       "0x", "\"0x\"", "null", "true", "\\u0000", "\x80",       "\xff",
		"\xc3\xa9", "{}", "[]",     "\"\"", "\\\"", "\\u0041", "\"value\":", "\"treeIndex\":",
		"00",
	};
	const size_t at = gs_rng_below(rng, text->len), rest = text->len - at;
	const char *word = words[gs_rng_below(rng, GS_ARRAY_LEN(words))];

	switch (gs_rng_below(rng, 6)) {
	case 0: text->ptr[at] = (uint8_t)gs_rng_u64(rng); break;
	case 1: text->ptr[at] = (uint8_t) "0123456789abcdefABCDEF xX\",:[]{}"[gs_rng_below(rng, 33)]; break;
	case 2: splice(text, at, 0, word, strlen(word)); break;
	case 3: splice(text, at, rest < 4 ? rest : gs_rng_below(rng, 4), word, strlen(word)); break;
	case 4: splice(text, at, gs_rng_below(rng, (rest < 90 ? rest : 90) + 1), "", 0); break;
	default: { /* a piece comes twice, there or elsewhere */
		const size_t len = gs_rng_below(rng, (rest < 90 ? rest : 90) + 1);
		uint8_t piece[90];
		memcpy(piece, text->ptr + at, len);
		splice(text, gs_rng_below(rng, 2) ? at : gs_rng_below(rng, text->len), 0, piece, len);
	}
	}
}

static void agrees_on_bent_dumps(void **state)
{
	size_t plain = 0, refused = 0, slow = 0;
	struct gs_rng rng;

	(void)state;
	gs_rng_seed(&rng, 5);
	for (size_t i = 0; i < BENT; i++) {
		struct gs_buf text = a_dump(&rng, 1 + gs_rng_below(&rng, 3), 4);
		enum gs_err code;
		bool taken;
		for (size_t k = 1 + gs_rng_below(&rng, 3); k > 0 && text.len > 0; k--)
			bend(&text, &rng);
		const char *differ = blob_readers_differ(gs_buf_view(&text), &taken, &code);
		if (differ)
			fail_msg("dump %zu: %s: %.*s", i, differ, (int)text.len, (const char *)text.ptr);
		plain += taken;
		slow += !taken && code == GS_OK;
		refused += code != GS_OK;
		gs_buf_free(&text);
	}
	/* All three kinds have been there in earnest. */
	assert_true(plain > BENT / 50 && slow > BENT / 50 && refused > BENT / 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_plain_forms),    cmocka_unit_test(knows_timestamps),
		cmocka_unit_test(takes_either_order),   cmocka_unit_test(knows_limits),
		cmocka_unit_test(agrees_on_bent_dumps),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
