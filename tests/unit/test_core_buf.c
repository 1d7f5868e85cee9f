/* The growable buffer, its limit and its sticky error; log lines; the generator's published values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chain/core/buf.h"
#include "chain/core/log.h"
#include "chain/core/rng.h"

static void test_append(void **state)
{
	struct gs_buf buf;
	(void)state;
	gs_buf_init(&buf, 1000);
	gs_buf_append(&buf, "ab", 2);
	gs_buf_append_u8(&buf, 'c');
	gs_buf_append_zeros(&buf, 3);
	gs_buf_append_text(&buf, "%d-%s", 42, "x");
	memcpy(gs_buf_extend(&buf, 2), "yz", 2);
	struct gs_bytes view = gs_buf_view(&buf);
	assert_int_equal(buf.err, GS_OK);
	assert_int_equal(view.len, 12);
	assert_memory_equal(view.ptr, "abc\0\0\00042-xyz", 12);
	gs_buf_free(&buf);
	gs_buf_free(&buf);
	assert_int_equal(gs_buf_view(&buf).len, 0);
}

static void test_grows_and_keeps(void **state)
{
	struct gs_buf buf;
	(void)state;
	gs_buf_init(&buf, 100000);
	for (uint32_t i = 0; i < 25000; i++)
		gs_le32_write(gs_buf_extend(&buf, 4), i);
	assert_int_equal(buf.err, GS_OK);
	for (uint32_t i = 0; i < 25000; i++)
		assert_int_equal(gs_le32_read(buf.ptr + (size_t)4 * i), i);
	gs_buf_free(&buf);
}

static void test_limit_is_sticky(void **state)
{
	struct gs_buf buf;
	(void)state;
	gs_buf_init(&buf, 4);
	gs_buf_append(&buf, "abcd", 4);
	assert_int_equal(buf.err, GS_OK);
	gs_buf_append_u8(&buf, 'e');
	assert_int_equal(buf.err, GS_ELIMIT);
	assert_null(gs_buf_extend(&buf, 0));
	gs_buf_append(&buf, "", 0);
	assert_int_equal(buf.len, 4);
	assert_int_equal(buf.err, GS_ELIMIT);
	gs_buf_free(&buf);

	gs_buf_init(&buf, 10);
	gs_buf_append(&buf, "x", 1);
	assert_null(gs_buf_extend(&buf, SIZE_MAX)); /* no wrap-around */
	assert_int_equal(buf.err, GS_ELIMIT);
	gs_buf_free(&buf);
}

static void test_text_up_to_the_limit(void **state)
{
	struct gs_buf buf;
	(void)state;
	gs_buf_init(&buf, 5);
	gs_buf_append_text(&buf, "%s", "12345");
	assert_int_equal(buf.err, GS_OK);
	assert_memory_equal(buf.ptr, "12345", 5);
	gs_buf_append_text(&buf, "%s", "");
	assert_int_equal(buf.err, GS_OK);
	gs_buf_append_text(&buf, "%s", "6");
	assert_int_equal(buf.err, GS_ELIMIT);
	assert_int_equal(buf.len, 5);
	gs_buf_free(&buf);
}

struct sink {
	int lines;
	enum gs_log_level level;
	char event[64];
	char fields[4096];
};

static void keep(void *self, enum gs_log_level level, const char *event, const char *fields)
{
	struct sink *sink = self;
	sink->lines++;
	sink->level = level;
	snprintf(sink->event, sizeof(sink->event), "%s", event);
	snprintf(sink->fields, sizeof(sink->fields), "%s", fields);
}

static void test_log(void **state)
{
	struct sink sink = {0};
	struct gs_log log = {.self = &sink, .level = GS_LOG_INFO, .write = keep};
	char wide[5000];
	(void)state;
	gs_log_line(NULL, GS_LOG_ERROR, "nobody", "x=%d", 1);
	gs_log_line(&log, GS_LOG_DEBUG, "quiet", "x=%d", 1);
	assert_int_equal(sink.lines, 0);
	gs_log_line(&log, GS_LOG_WARN, "claim.seen", "name=%s", "a\nb\x1b");
	assert_int_equal(sink.lines, 1);
	assert_int_equal(sink.level, GS_LOG_WARN);
	assert_string_equal(sink.event, "claim.seen");
	assert_string_equal(sink.fields, "name=a?b?");
	memset(wide, 'w', sizeof(wide) - 1);
	wide[sizeof(wide) - 1] = '\0';
	gs_log_line(&log, GS_LOG_ERROR, "long", "%s", wide);
	size_t len = strlen(sink.fields);
	assert_true(len > 1000 && len < sizeof(wide) - 1);
	assert_string_equal(sink.fields + len - 4, "w...");
	assert_string_equal(gs_log_level_name(GS_LOG_WARN), "warn");
}

/* splitmix64 seeded with 1234567 is a published vector (Rosetta Code); xoshiro256** from state 1, 2, 3, 4 is that of
 * the rand_xoshiro crate. */
static void test_rng_vectors(void **state)
{
	static const uint64_t seeded[] = {UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),
	                                  UINT64_C(9817491932198370423), UINT64_C(4593380528125082431)};
	static const uint64_t drawn[] = {UINT64_C(11520),
	                                 UINT64_C(0),
	                                 UINT64_C(1509978240),
	                                 UINT64_C(1215971899390074240),
	                                 UINT64_C(1216172134540287360),
	                                 UINT64_C(607988272756665600),
	                                 UINT64_C(16172922978634559625),
	                                 UINT64_C(8476171486693032832),
	                                 UINT64_C(10595114339597558777),
	                                 UINT64_C(2904607092377533576)};
	struct gs_rng rng;
	(void)state;
	gs_rng_seed(&rng, 1234567);
	for (size_t i = 0; i < GS_ARRAY_LEN(seeded); i++)
		assert_true(rng.s[i] == seeded[i]);
	rng = (struct gs_rng){.s = {1, 2, 3, 4}};
	for (size_t i = 0; i < GS_ARRAY_LEN(drawn); i++)
		assert_true(gs_rng_u64(&rng) == drawn[i]);
}

static void test_rng_below_is_even(void **state)
{
	enum { SIDES = 6, ROLLS = 60000 };
	int seen[SIDES] = {0};
	struct gs_rng rng;
	(void)state;
	gs_rng_seed(&rng, 3);
	for (int i = 0; i < ROLLS; i++)
		seen[gs_rng_below(&rng, SIDES)]++;
	/* Five standard deviations of a binomial count are 456. */
	for (int i = 0; i < SIDES; i++)
		assert_true(abs(seen[i] - ROLLS / SIDES) < 456);
	assert_true(gs_rng_below(&rng, 1) == 0);
	/* Just over half of the range: nearly every second draw must be thrown away, and the rest stays below. */
	for (int i = 0; i < 100; i++)
		assert_true(gs_rng_below(&rng, (UINT64_C(1) << 63) + 1) <= UINT64_C(1) << 63);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_grows_and_keeps),
		cmocka_unit_test(test_limit_is_sticky),
		cmocka_unit_test(test_text_up_to_the_limit),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_rng_vectors),
		cmocka_unit_test(test_rng_below_is_even),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
