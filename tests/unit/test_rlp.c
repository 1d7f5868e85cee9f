/* RLP against the examples of the Ethereum wiki's "RLP" page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "chain/eth/rlp.h"

static void expect(struct gs_buf *buf, const char *hex)
{
	char text[512];
	assert_int_equal(buf->err, GS_OK);
	assert_true(buf->len < 250);
	gs_hex_encode(buf->ptr, buf->len, false, text);
	assert_string_equal(text, hex);
	gs_buf_free(buf);
}

static struct gs_bytes text(const char *s)
{
	return (struct gs_bytes){(const uint8_t *)s, strlen(s)};
}

static void strings(void **state)
{
	(void)state;
	struct gs_buf b;
	gs_buf_init(&b, 4096);
	gs_rlp_put_bytes(&b, text("dog"));
	expect(&b, "83646f67");
	gs_rlp_put_bytes(&b, text(""));
	expect(&b, "80");
	gs_rlp_put_bytes(&b, (struct gs_bytes){(const uint8_t *)"\0", 1});
	expect(&b, "00");
	gs_rlp_put_bytes(&b, (struct gs_bytes){(const uint8_t *)"\x80", 1});
	expect(&b, "8180");
	gs_rlp_put_bytes(&b, text("Lorem ipsum dolor sit amet, consectetur adipisicing elit"));
	expect(&b,
	       "b8384c6f72656d20697073756d20646f6c6f722073697420616d65742c20636f6e7365637465747572206164697069736963696e6720656c6974");
}

static void integers(void **state)
{
	(void)state;
	struct gs_buf b;
	struct gs_u256 big = {{0, 0, 0, 1ull << 63}}, zero = {{0}};
	gs_buf_init(&b, 4096);
	gs_rlp_put_u64(&b, 0);
	gs_rlp_put_u64(&b, 15);
	gs_rlp_put_u64(&b, 127);
	gs_rlp_put_u64(&b, 128);
	gs_rlp_put_u64(&b, 1024);
	gs_rlp_put_u256(&b, &zero);
	expect(&b, "800f7f818082040080");
	gs_rlp_put_u256(&b, &big);
	expect(&b, "a08000000000000000000000000000000000000000000000000000000000000000");
}

static void lists(void **state)
{
	(void)state;
	struct gs_buf items, b;
	gs_buf_init(&items, 4096);
	gs_buf_init(&b, 4096);
	gs_rlp_put_bytes(&items, text("cat"));
	gs_rlp_put_bytes(&items, text("dog"));
	gs_rlp_put_list(&b, gs_buf_view(&items));
	expect(&b, "c88363617483646f67");
	gs_rlp_put_list(&b, (struct gs_bytes){0});
	expect(&b, "c0");
	/* A list of 1024 bytes has two bytes of length. */
	gs_buf_free(&items);
	gs_buf_append_zeros(&items, 1024);
	gs_rlp_put_list(&b, gs_buf_view(&items));
	assert_int_equal(b.len, 1027);
	assert_memory_equal(b.ptr, "\xf9\x04\x00\x00", 4);
	gs_buf_free(&b);
	gs_buf_free(&items);
}

static void limit(void **state)
{
	(void)state;
	struct gs_buf b;
	gs_buf_init(&b, 3);
	gs_rlp_put_bytes(&b, text("dog"));
	assert_int_equal(b.err, GS_ELIMIT);
	gs_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings),
		cmocka_unit_test(integers),
		cmocka_unit_test(lists),
		cmocka_unit_test(limit),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
