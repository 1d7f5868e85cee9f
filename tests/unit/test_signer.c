/* What a signer gives back: taken when it is the transaction that was asked for, refused when anything at all differs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "chain/eth/rlp.h"
#include "chain/rpc/hexjson.h"
#include "chain/rpc/signer.h"

static struct gs_key key_of(uint8_t seed)
{
	uint8_t secret[32] = {0};
	struct gs_key key;

	secret[31] = seed;
	assert_int_equal(gs_key_from_secret(secret, &key, NULL), GS_OK);
	return key;
}

static const uint8_t call_data[] = {1, 2, 3, 4, 5};

static struct gs_tx a_tx(void)
{
	struct gs_tx tx = {.chain_id = 8453,
	                   .nonce = 7,
	                   .priority_fee = gs_wei_from_u64(1000),
	                   .max_fee = gs_wei_from_u64(5000),
	                   .gas_limit = 100000,
	                   .value = gs_wei_from_u64(3),
	                   .data = {call_data, sizeof(call_data)}};

	memset(tx.to.b, 0x11, 20);
	return tx;
}

/* What comes of asking for `asked` and getting `given`, signed by `by`. */
static enum gs_err judged(const struct gs_tx *asked, const struct gs_tx *given, const struct gs_key *by, bool in_object,
                          struct gs_error *error)
{
	const struct gs_key key = key_of(1);
	struct gs_buf raw, out;
	struct gs_hash hash, expected;
	enum gs_err err;

	gs_buf_init(&raw, GS_TX_RAW_MAX);
	gs_buf_init(&out, GS_TX_RAW_MAX);
	assert_int_equal(gs_tx_sign(given, by, &raw, &expected, NULL), GS_OK);
	json_t *text = gs_json_from_bytes(gs_buf_view(&raw));
	json_t *answer = in_object ? json_pack("{s:o, s:{}}", "raw", text, "tx") : text;
	err = gs_signer_check_tx(answer, asked, &key.address, &out, &hash, error);
	if (err) {
		assert_int_equal(out.len, 0);
	} else {
		assert_true(gs_bytes_equal(gs_buf_view(&raw), gs_buf_view(&out)));
		assert_true(gs_hash_equal(&hash, &expected));
	}
	json_decref(answer);
	gs_buf_free(&raw);
	gs_buf_free(&out);
	return err;
}

static void takes_what_was_asked(void **state)
{
	(void)state;
	const struct gs_key key = key_of(1);
	struct gs_tx tx = a_tx();

	assert_int_equal(judged(&tx, &tx, &key, false, NULL), GS_OK);
	assert_int_equal(judged(&tx, &tx, &key, true, NULL), GS_OK);
	tx.create = true;
	assert_int_equal(judged(&tx, &tx, &key, false, NULL), GS_OK);
	tx = (struct gs_tx){0};
	assert_int_equal(judged(&tx, &tx, &key, false, NULL), GS_OK);
}

static void refuses_any_other(void **state)
{
	(void)state;
	static const char *const named[] = {"chain id",  "nonce", "priority fee", "maximum fee", "gas limit",
	                                    "recipient", "value", "data",         "recipient",   "account"};
	const struct gs_key key = key_of(1), other = key_of(2);
	const struct gs_tx asked = a_tx();

	for (size_t i = 0; i < GS_ARRAY_LEN(named); i++) {
		struct gs_tx lie = asked;
		struct gs_error error = {0};
		switch (i) {
		case 0: lie.chain_id++; break;
		case 1: lie.nonce++; break;
		case 2: lie.priority_fee = gs_wei_from_u64(1001); break;
		case 3: lie.max_fee = gs_wei_from_u64(5001); break;
		case 4: lie.gas_limit--; break;
		case 5: lie.to.b[19] ^= 1; break;
		case 6: lie.value = gs_wei_from_u64(4); break;
		case 7: lie.data.len--; break;
		case 8: lie.create = true; break;
		default: break;
		}
		assert_int_equal(judged(&asked, &lie, i == 9 ? &other : &key, false, &error), GS_ECORRUPT);
		if (!strstr(error.text, named[i]))
			fail_msg("%s: %s", named[i], error.text);
	}
}

/* Every single bit of the answer flipped: none is taken. */
static void refuses_every_flipped_bit(void **state)
{
	(void)state;
	const struct gs_key key = key_of(1);
	const struct gs_tx tx = a_tx();
	struct gs_buf raw, out;
	struct gs_hash hash;

	gs_buf_init(&raw, GS_TX_RAW_MAX);
	gs_buf_init(&out, GS_TX_RAW_MAX);
	assert_int_equal(gs_tx_sign(&tx, &key, &raw, &hash, NULL), GS_OK);
	for (size_t bit = 0; bit < raw.len * 8; bit++) {
		raw.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
		json_t *answer = gs_json_from_bytes(gs_buf_view(&raw));
		enum gs_err err = gs_signer_check_tx(answer, &tx, &key.address, &out, &hash, NULL);
		if (err != GS_EPARSE && err != GS_ECORRUPT)
			fail_msg("bit %zu: %s", bit, gs_err_name(err));
		json_decref(answer);
		raw.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t len = 0; len < raw.len; len++) {
		json_t *answer = gs_json_from_bytes((struct gs_bytes){raw.ptr, len});
		assert_int_equal(gs_signer_check_tx(answer, &tx, &key.address, &out, &hash, NULL), GS_EPARSE);
		json_decref(answer);
	}
	assert_int_equal(out.len, 0);
	gs_buf_free(&raw);
	gs_buf_free(&out);
}

/* The same signature with s on the other half of the order is one of the same account, and not ours (EIP-2). */
static void refuses_a_high_s(void **state)
{
	(void)state;
	static const char order_hex[] = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
	const struct gs_key key = key_of(1);
	const struct gs_tx tx = a_tx();
	struct gs_buf raw, high;
	struct gs_rlp_reader outer, list;
	struct gs_hash hash;
	struct gs_tx got;
	struct gs_address sender;
	struct gs_u256 order, s;
	uint8_t bytes[32];

	gs_buf_init(&raw, GS_TX_RAW_MAX);
	gs_buf_init(&high, GS_TX_RAW_MAX);
	assert_int_equal(gs_hex_decode(order_hex, 64, bytes, 32), GS_OK);
	order = gs_u256_from_be(bytes);
	assert_int_equal(gs_tx_sign(&tx, &key, &raw, &hash, NULL), GS_OK);
	outer = gs_rlp_read((struct gs_bytes){raw.ptr + 1, raw.len - 1});
	list = gs_rlp_get_list(&outer);
	const size_t signed_part = list.rest.len;
	for (int i = 0; i < 8; i++)
		(void)gs_rlp_get_bytes(&list);
	(void)gs_rlp_get_list(&list);
	const uint8_t *fields = raw.ptr + raw.len - signed_part;
	gs_buf_append(&high, fields, signed_part - list.rest.len);
	const uint64_t parity = gs_rlp_get_u64(&list);
	const struct gs_u256 r = gs_rlp_get_u256(&list);
	s = gs_rlp_get_u256(&list);
	assert_int_equal(gs_rlp_end(&list), GS_OK);
	assert_false(gs_u256_sub_overflow(&order, &s, &s));
	gs_rlp_put_u64(&high, 1 - parity);
	gs_rlp_put_u256(&high, &r);
	gs_rlp_put_u256(&high, &s);
	raw.len = 0;
	gs_buf_append_u8(&raw, 2);
	gs_rlp_put_list(&raw, gs_buf_view(&high));
	assert_int_equal(gs_tx_decode(gs_buf_view(&raw), &got, &sender, NULL), GS_EPARSE);
	gs_buf_free(&raw);
	gs_buf_free(&high);
}

static void refuses_what_is_none(void **state)
{
	(void)state;
	const struct gs_key key = key_of(1);
	const struct gs_tx tx = a_tx();
	static const char *const answers[] = {"null",         "{}",  "[]",           "\"\"",       "\"0x\"",
	                                      "\"0x02\"",     "7",   "{\"raw\": 1}", "\"0x02c0\"", "\"02f8\"",
	                                      "\"0x02f8zz\"", "true"};
	struct gs_buf out;
	struct gs_hash hash;

	gs_buf_init(&out, GS_TX_RAW_MAX);
	for (size_t i = 0; i < GS_ARRAY_LEN(answers); i++) {
		json_t *answer = json_loads(answers[i], JSON_DECODE_ANY, NULL);
		assert_non_null(answer);
		if (gs_signer_check_tx(answer, &tx, &key.address, &out, &hash, NULL) != GS_EPARSE)
			fail_msg("%s was taken", answers[i]);
		json_decref(answer);
	}
	gs_buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_was_asked),      cmocka_unit_test(refuses_any_other),
		cmocka_unit_test(refuses_every_flipped_bit), cmocka_unit_test(refuses_a_high_s),
		cmocka_unit_test(refuses_what_is_none),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
