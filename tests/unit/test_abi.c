/* The ABI against `cast abi-encode` 1.7.1 (alloy), and the reader against hostile bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "chain/core/rng.h"
#include "chain/eth/abi.h"

#define W0(x) "00000000000000000000000000000000000000000000000000000000000000" x

/* cast abi-encode 'f(uint64,address,bytes32,bool,bytes,bytes32[],int32)' 18446744073709551615 0xf39F..2266 0x11.. true
 * 0x0102030405 [0x22..,0x33..] -7 */
static const char flat_hex[] =
	"000000000000000000000000000000000000000000000000ffffffffffffffff"
	"000000000000000000000000f39fd6e51aad88f6f4ce6ab8827279cfffb92266"
	"1111111111111111111111111111111111111111111111111111111111111111" W0("01") W0(
		"e0") "0000000000000000000000000000000000000000000000000000000000000120"
		      "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff9" W0("05") "0102030405000000000000000000000000000000000000000000000000000000" W0(
			      "02") "2222222222222222222222222222222222222222222222222222222222222222"
				    "3333333333333333333333333333333333333333333333333333333333333333";

/* cast abi-encode 'f((uint256,bytes),(uint8,bytes)[],bytes4,(uint64,uint64)[])' '(7,0xdeadbeef)' '[(1,0xaa),(2,0x)]'
 * 0x01020304 '[(5,6),(7,8)]' */
static const char nested_hex[] = W0(
	"80") "0000000000000000000000000000000000000000000000000000000000000100"
	      "0102030400000000000000000000000000000000000000000000000000000000"
	      "0000000000000000000000000000000000000000000000000000000000000240" W0("07") W0("40")
		      W0("04") "deadbeef00000000000000000000000000000000000000000000000000000000" W0("02") W0("40")
			      W0("c0") W0("01") W0("40") W0(
				      "01") "aa00000000000000000000000000000000000000000000000000000000000000" W0("02")
				      W0("40") W0("00") W0("02") W0("05") W0("06") W0("07") W0("08");

static void assert_hex(const struct gs_buf *buf, const char *expected)
{
	assert_int_equal(buf->err, GS_OK);
	char *text = malloc(2 * buf->len + 1);
	assert_non_null(text);
	gs_hex_encode(buf->ptr, buf->len, false, text);
	assert_string_equal(text, expected);
	free(text);
}

static struct gs_hash filled(uint8_t byte)
{
	struct gs_hash hash;
	memset(hash.b, byte, sizeof(hash.b));
	return hash;
}

static struct gs_address address(const char *hex)
{
	struct gs_address a;
	assert_int_equal(gs_hex_decode(hex, strlen(hex), a.b, sizeof(a.b)), GS_OK);
	return a;
}

static struct gs_bytes unhex(const char *hex, uint8_t *room, size_t size)
{
	size_t len = strlen(hex) / 2;
	assert_true(len <= size);
	assert_int_equal(gs_hex_decode(hex, strlen(hex), room, len), GS_OK);
	return (struct gs_bytes){room, len};
}

static void writes_flat(void **state)
{
	(void)state;
	struct gs_buf out;
	struct gs_abi_writer w;
	struct gs_address a = address("f39fd6e51aad88f6f4ce6ab8827279cfffb92266");
	struct gs_hash ones = filled(0x11), list[2] = {filled(0x22), filled(0x33)};
	gs_buf_init(&out, 4096);
	gs_abi_begin(&w, &out, 7);
	gs_abi_put_u64(&w, UINT64_MAX);
	gs_abi_put_address(&w, &a);
	gs_abi_put_hash(&w, &ones);
	gs_abi_put_bool(&w, true);
	gs_abi_put_bytes(&w, (struct gs_bytes){(const uint8_t *)"\1\2\3\4\5", 5});
	gs_abi_put_hashes(&w, list, 2);
	gs_abi_put_i64(&w, -7);
	gs_abi_end(&w);
	assert_hex(&out, flat_hex);
	gs_buf_free(&out);
}

static void writes_nested(void **state)
{
	(void)state;
	struct gs_buf out;
	struct gs_abi_writer w, child, element;
	gs_buf_init(&out, 4096);
	gs_abi_begin(&w, &out, 4);
	gs_abi_put_tuple(&w, &child, 2);
	gs_abi_put_u64(&child, 7);
	gs_abi_put_bytes(&child, (struct gs_bytes){(const uint8_t *)"\xde\xad\xbe\xef", 4});
	gs_abi_end(&child);
	gs_abi_put_array(&w, &child, 2, 1);
	for (int i = 0; i < 2; i++) {
		gs_abi_put_tuple(&child, &element, 2);
		gs_abi_put_u64(&element, (uint64_t)i + 1);
		gs_abi_put_bytes(&element, (struct gs_bytes){(const uint8_t *)"\xaa", i == 0});
		gs_abi_end(&element);
	}
	gs_abi_end(&child);
	gs_abi_put_fixed(&w, "\1\2\3\4", 4);
	gs_abi_put_array(&w, &child, 2, 2);
	for (uint64_t i = 5; i < 9; i++)
		gs_abi_put_u64(&child, i);
	gs_abi_end(&child);
	gs_abi_end(&w);
	assert_hex(&out, nested_hex);
	gs_buf_free(&out);
}

/* cast calldata 'transfer(address,uint256)' 0x7099..79C8 1000000000000000000 */
static void writes_a_call(void **state)
{
	(void)state;
	struct gs_buf out;
	struct gs_abi_writer w;
	struct gs_address to = address("70997970c51812dc3a010c7d01b50e0d17dc79c8");
	struct gs_u256 amount = gs_u256_from_u64(1000000000000000000);
	gs_buf_init(&out, 4096);
	gs_abi_call(&w, &out, 0xa9059cbb, 2);
	gs_abi_put_address(&w, &to);
	gs_abi_put_u256(&w, &amount);
	gs_abi_end(&w);
	assert_hex(&out, "a9059cbb00000000000000000000000070997970c51812dc3a010c7d01b50e0d17dc79c8"
	                 "0000000000000000000000000000000000000000000000000de0b6b3a7640000");
	gs_buf_free(&out);
}

/* A buffer that is too small fails quietly, and says so at the end. */
static void keeps_to_the_limit(void **state)
{
	(void)state;
	struct gs_abi_writer w, child;
	for (size_t max = 0; max < sizeof(nested_hex) / 2; max++) {
		struct gs_buf out;
		gs_buf_init(&out, max);
		gs_abi_begin(&w, &out, 3);
		gs_abi_put_tuple(&w, &child, 1);
		gs_abi_put_u64(&child, 1);
		gs_abi_end(&child);
		gs_abi_put_bytes(&w, (struct gs_bytes){(const uint8_t *)nested_hex, 300});
		gs_abi_put_array(&w, &child, SIZE_MAX / 16, 2);
		assert_int_equal(out.err, GS_ELIMIT);
		gs_buf_free(&out);
	}
}

static void reads_flat(void **state)
{
	(void)state;
	uint8_t room[1024];
	struct gs_abi_reader r = gs_abi_read(unhex(flat_hex, room, sizeof(room)));
	struct gs_address a = address("f39fd6e51aad88f6f4ce6ab8827279cfffb92266");
	struct gs_hash ones = filled(0x11);
	size_t count;
	assert_true(gs_abi_get_u64(&r) == UINT64_MAX);
	struct gs_address got = gs_abi_get_address(&r);
	assert_true(gs_address_equal(&got, &a));
	struct gs_hash hash = gs_abi_get_hash(&r);
	assert_true(gs_hash_equal(&hash, &ones));
	assert_true(gs_abi_get_bool(&r));
	struct gs_bytes bytes = gs_abi_get_bytes(&r);
	assert_int_equal(bytes.len, 5);
	assert_memory_equal(bytes.ptr, "\1\2\3\4\5", 5);
	struct gs_bytes words = gs_abi_get_words(&r, &count);
	assert_int_equal(count, 2);
	assert_int_equal(words.len, 64);
	assert_int_equal(words.ptr[0], 0x22);
	assert_int_equal(words.ptr[32], 0x33);
	assert_int_equal(r.err, GS_OK);
	gs_abi_get_u64(&r); /* -7 */
	assert_int_equal(r.err, GS_ELIMIT);
	assert_true(gs_abi_get_u64(&r) == 0);
}

static void reads_nested(void **state)
{
	(void)state;
	uint8_t room[1024];
	struct gs_abi_reader r = gs_abi_read(unhex(nested_hex, room, sizeof(room)));
	size_t count;
	struct gs_abi_reader tuple = gs_abi_get_tuple(&r);
	assert_int_equal(gs_abi_get_u8(&tuple), 7);
	assert_int_equal(gs_abi_get_bytes(&tuple).len, 4);
	assert_int_equal(tuple.err, GS_OK);
	struct gs_abi_reader list = gs_abi_get_array(&r, 1, &count);
	assert_int_equal(count, 2);
	for (uint32_t i = 0; i < 2; i++) {
		struct gs_abi_reader element = gs_abi_get_tuple(&list);
		assert_int_equal(gs_abi_get_u32(&element), i + 1);
		assert_int_equal(gs_abi_get_bytes(&element).len, i == 0);
		assert_int_equal(element.err, GS_OK);
	}
	struct gs_hash four = gs_abi_get_hash(&r);
	assert_memory_equal(four.b, "\1\2\3\4", 4);
	list = gs_abi_get_array(&r, 2, &count);
	assert_int_equal(count, 2);
	for (uint64_t i = 5; i < 9; i++)
		assert_true(gs_abi_get_u64(&list) == i);
	assert_int_equal(r.err, GS_OK);
	assert_int_equal(list.err, GS_OK);
}

static void refuses(void **state)
{
	(void)state;
	uint8_t room[1024];
	struct gs_abi_reader r;
	size_t count;
	/* A short word, an address with upper bytes, a bool of 2. */
	r = gs_abi_read(unhex(W0("01"), room, sizeof(room)));
	r.data.len = 31;
	gs_abi_get_u64(&r);
	assert_int_equal(r.err, GS_EPARSE);
	r = gs_abi_read(unhex("0000000000000000000000010000000000000000000000000000000000000000", room, sizeof(room)));
	gs_abi_get_address(&r);
	assert_int_equal(r.err, GS_EPARSE);
	r = gs_abi_read(unhex(W0("02"), room, sizeof(room)));
	gs_abi_get_bool(&r);
	assert_int_equal(r.err, GS_EPARSE);
	/* Bytes whose offset or length leave the data, or whose padding is not zero. */
	static const char *const bad[] = {
		W0("21") W0("00"),
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff" W0("00"),
		"000000000000000000000000000000000000000000000000ffffffffffffffff" W0("00"),
		W0("20") W0("01"),
		W0("20") "000000000000000000000000000000000000000000000000fffffffffffffff0",
		W0("20") W0("01") "aa00000000000000000000000000000000000000000000000000000000000001",
	};
	for (size_t i = 0; i < GS_ARRAY_LEN(bad); i++) {
		r = gs_abi_read(unhex(bad[i], room, sizeof(room)));
		gs_abi_get_bytes(&r);
		assert_int_equal(r.err, GS_EPARSE);
	}
	/* An array that claims more than is there. */
	r = gs_abi_read(unhex(W0("20") W0("02") W0("01"), room, sizeof(room)));
	gs_abi_get_words(&r, &count);
	assert_int_equal(r.err, GS_EPARSE);
	assert_int_equal(count, 0);
}

/* Whatever the bytes, views stay inside them (sanitizers watch) and counts stay small. */
static void survives_noise(void **state)
{
	(void)state;
	struct gs_rng rng;
	gs_rng_seed(&rng, 7);
	for (int i = 0; i < 20000; i++) {
		uint8_t data[192];
		size_t count, len = gs_rng_below(&rng, sizeof(data) + 1);
		memset(data, 0, sizeof(data));
		for (int j = 0; j < 12; j++)
			data[gs_rng_below(&rng, 6) * 32 + 31 - gs_rng_below(&rng, 2)] = (uint8_t)(gs_rng_u64(&rng) &
			                                                                          0xe0);
		struct gs_abi_reader r = gs_abi_read((struct gs_bytes){data, len});
		struct gs_abi_reader list = gs_abi_get_array(&r, 1, &count);
		assert_true(count <= len / 32);
		struct gs_abi_reader tuple = gs_abi_get_tuple(&list);
		struct gs_bytes bytes = gs_abi_get_bytes(&tuple);
		assert_true(bytes.len == 0 || (bytes.ptr >= data && bytes.ptr + bytes.len <= data + len));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_flat),   cmocka_unit_test(writes_nested),
		cmocka_unit_test(writes_a_call), cmocka_unit_test(keeps_to_the_limit),
		cmocka_unit_test(reads_flat),    cmocka_unit_test(reads_nested),
		cmocka_unit_test(refuses),       cmocka_unit_test(survives_noise),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
