/* Errors, hex and byte order of chain/core/core.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "chain/core/core.h"

static void test_error_text(void **state)
{
	struct gs_error error;
	(void)state;
	assert_int_equal(gs_fail(NULL, GS_EIO, "%s", "nobody reads this"), GS_EIO);
	assert_int_equal(gs_fail(&error, GS_EPARSE, "%s: byte %d", "a.onnx", 7), GS_EPARSE);
	assert_int_equal(error.code, GS_EPARSE);
	assert_string_equal(error.text, "a.onnx: byte 7");
	assert_int_equal(gs_fail_within(&error, GS_EPARSE, "model %d", 3), GS_EPARSE);
	assert_string_equal(error.text, "model 3: a.onnx: byte 7");
}

/* A name inside a hostile file must not reach the terminal as an escape sequence or a second line. */
static void test_error_text_is_one_clean_line(void **state)
{
	struct gs_error error;
	(void)state;
	gs_fail(&error, GS_EPARSE, "bad \x1b[31mname\nsecond\x7f");
	assert_string_equal(error.text, "bad ?[31mname?second?");
}

static void test_error_text_is_cut(void **state)
{
	struct gs_error error;
	char most[2 * GS_ERROR_TEXT_MAX];
	(void)state;
	memset(most, 'x', sizeof(most) - 1);
	most[sizeof(most) - 1] = '\0';
	gs_fail(&error, GS_EINVAL, "%s", most);
	assert_int_equal(strlen(error.text), GS_ERROR_TEXT_MAX - 1);
	gs_fail_within(&error, GS_EINVAL, "where");
	assert_int_equal(strlen(error.text), GS_ERROR_TEXT_MAX - 1);
	assert_memory_equal(error.text, "where: xxx", 10);
}

static void test_error_names_differ(void **state)
{
	(void)state;
	for (int a = GS_ECONFLICT; a <= GS_OK; a++) {
		assert_string_not_equal(gs_err_name((enum gs_err)a), "unknown");
		for (int b = GS_ECONFLICT; b < a; b++)
			assert_string_not_equal(gs_err_name((enum gs_err)a), gs_err_name((enum gs_err)b));
	}
}

static void test_hex(void **state)
{
	static const uint8_t bytes[] = {0x00, 0x01, 0x9a, 0xff};
	uint8_t back[4];
	char text[11];
	(void)state;
	gs_hex_encode(bytes, sizeof(bytes), true, text);
	assert_string_equal(text, "0x00019aff");
	gs_hex_encode(bytes, sizeof(bytes), false, text);
	assert_string_equal(text, "00019aff");
	gs_hex_encode(bytes, 0, true, text);
	assert_string_equal(text, "0x");
	assert_int_equal(gs_hex_decode("0x00019AfF", 10, back, sizeof(back)), GS_OK);
	assert_memory_equal(back, bytes, sizeof(bytes));
	assert_int_equal(gs_hex_decode("00019aff", 8, back, sizeof(back)), GS_OK);
	assert_int_equal(gs_hex_decode("0x", 2, back, 0), GS_OK);
	assert_int_equal(gs_hex_decode("", 0, back, 0), GS_OK);
	assert_int_equal(gs_hex_decode("00019af", 7, back, sizeof(back)), GS_EPARSE);
	assert_int_equal(gs_hex_decode("00019aff00", 10, back, sizeof(back)), GS_EPARSE);
	assert_int_equal(gs_hex_decode("00019a", 6, back, sizeof(back)), GS_EPARSE);
	assert_int_equal(gs_hex_decode("00019agf", 8, back, sizeof(back)), GS_EPARSE);
	assert_int_equal(gs_hex_decode("0x0x019a", 8, back, 3), GS_EPARSE);
	assert_int_equal(gs_hex_decode("0 019aff", 8, back, sizeof(back)), GS_EPARSE);
}

static void test_byte_order(void **state)
{
	static const uint8_t bytes[] = {0xff, 0x01, 0x82, 0x03, 0x84, 0x05, 0x86, 0x07, 0x88};
	const uint8_t *p = bytes + 1; /* unaligned on purpose */
	uint8_t out[9] = {0};
	(void)state;
	assert_int_equal(gs_le16_read(p), 0x8201);
	assert_int_equal(gs_le32_read(p), 0x84038201);
	assert_true(gs_le64_read(p) == UINT64_C(0x8807860584038201));
	assert_int_equal(gs_be32_read(p), 0x01820384);
	assert_true(gs_be64_read(p) == UINT64_C(0x0182038405860788));
	gs_le16_write(out + 1, 0x8201);
	assert_memory_equal(out + 1, p, 2);
	gs_le32_write(out + 1, 0x84038201);
	assert_memory_equal(out + 1, p, 4);
	gs_le64_write(out + 1, UINT64_C(0x8807860584038201));
	assert_memory_equal(out + 1, p, 8);
	memset(out, 0, sizeof(out));
	gs_be32_write(out + 1, 0x01820384);
	assert_memory_equal(out + 1, p, 4);
	gs_be64_write(out + 1, UINT64_C(0x0182038405860788));
	assert_memory_equal(out + 1, p, 8);
	assert_int_equal(out[0], 0);
}

static void test_equality(void **state)
{
	struct gs_hash a = {{0}};
	struct gs_hash b = {{0}};
	struct gs_address c = {{1}};
	struct gs_address d = {{1}};
	(void)state;
	assert_true(gs_hash_equal(&a, &b) && gs_hash_is_zero(&a));
	b.b[31] = 1;
	assert_true(!gs_hash_equal(&a, &b) && !gs_hash_is_zero(&b));
	assert_true(gs_address_equal(&c, &d));
	d.b[19] = 1;
	assert_false(gs_address_equal(&c, &d));
	struct gs_bytes none = {.ptr = NULL, .len = 0};
	struct gs_bytes some = {.ptr = a.b, .len = 2};
	struct gs_bytes more = {.ptr = a.b, .len = 3};
	assert_true(gs_bytes_equal(none, none) && gs_bytes_equal(some, some));
	assert_false(gs_bytes_equal(some, more));
	assert_false(gs_bytes_equal(none, some));
}

/* The assertion is there in every build and ends the program. */
static void test_assertion_aborts(void **state)
{
	(void)state;
	fflush(NULL);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(2);
		signal(SIGABRT, SIG_DFL);
		GS_ASSERT(state != NULL && child != 0);
		_exit(0);
	}
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_error_text),
		cmocka_unit_test(test_error_text_is_one_clean_line),
		cmocka_unit_test(test_error_text_is_cut),
		cmocka_unit_test(test_error_names_differ),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_byte_order),
		cmocka_unit_test(test_equality),
		cmocka_unit_test(test_assertion_aborts),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
