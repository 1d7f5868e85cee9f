/* Keys, addresses and transactions against `cast` 1.7.1 (alloy, k256) and the examples of EIP-55. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "chain/core/hash.h"
#include "chain/eth/tx.h"

static const char dev_key[] = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
static const char dev_address[] = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

static struct gs_key key(void)
{
	struct gs_key k;
	assert_int_equal(gs_key_from_hex(dev_key, &k, NULL), GS_OK);
	return k;
}

static struct gs_address address(const char *text)
{
	struct gs_address a;
	assert_int_equal(gs_address_parse(text, &a, NULL), GS_OK);
	return a;
}

static void assert_signed(const struct gs_tx *tx, const char *expected)
{
	struct gs_key k = key();
	struct gs_buf raw;
	struct gs_hash hash, again;
	char text[1024];
	gs_buf_init(&raw, GS_TX_RAW_MAX);
	assert_int_equal(gs_tx_sign(tx, &k, &raw, &hash, NULL), GS_OK);
	assert_true(raw.len < sizeof(text) / 2 - 2);
	gs_hex_encode(raw.ptr, raw.len, true, text);
	assert_string_equal(text, expected);
	gs_tx_hash(gs_buf_view(&raw), &again);
	assert_true(gs_hash_equal(&hash, &again));
	gs_buf_free(&raw);
}

/* cast mktx --private-key dev --chain 8453 --nonce 0 --gas-limit 21000 --gas-price 3000000000 --priority-gas-price
 * 1000000000 --value 1ether 0x7099..79C8 */
static void signs_a_transfer(void **state)
{
	(void)state;
	struct gs_tx tx = {
		.chain_id = 8453,
		.gas_limit = 21000,
		.max_fee = gs_wei_from_u64(3000000000),
		.priority_fee = gs_wei_from_u64(1000000000),
		.value = gs_wei_from_u64(1000000000000000000),
		.to = address("0x70997970C51812dc3A010C7d01b50e0d17dc79C8"),
	};
	assert_signed(
		&tx,
		"0x02f87482210580843b9aca0084b2d05e008252089470997970c51812dc3a010c7d01b50e0d17dc79c8880de0b6b3a764000080c0"
		"01a051c78e625552265906eb11a9b28cfd98388ff119c9fabeb4aebb26fdc58113bfa05224c8863a14cfc36923b126121ad9a2190d56"
		"fca45ccb1e2d53fd34fcdab718");
}

/* cast mktx --chain 31337 --nonce 300 --gas-limit 1000000 --gas-price 123456789012345678901 --priority-gas-price 0
 * 0x7099..79C8 'transfer(address,uint256)' 0x3C44..93BC 5 */
static void signs_a_call(void **state)
{
	(void)state;
	uint8_t data[68];
	struct gs_tx tx = {
		.chain_id = 31337,
		.nonce = 300,
		.gas_limit = 1000000,
		.to = address("0x70997970C51812dc3A010C7d01b50e0d17dc79C8"),
		.data = {data, sizeof(data)},
	};
	static const char hex[] = "a9059cbb0000000000000000000000003c44cdddb6a900fa2b585dd299e03d12fa4293bc"
				  "0000000000000000000000000000000000000000000000000000000000000005";
	assert_int_equal(gs_hex_decode(hex, strlen(hex), data, sizeof(data)), GS_OK);
	assert_int_equal(gs_u256_parse("123456789012345678901", 21, &tx.max_fee.v), GS_OK);
	assert_signed(
		&tx,
		"0x02f8b5827a6982012c808906b14e9f812f366c35830f42409470997970c51812dc3a010c7d01b50e0d17dc79c880b844a9059cbb0000"
		"000000000000000000003c44cdddb6a900fa2b585dd299e03d12fa4293bc000000000000000000000000000000000000000000000000"
		"0000000000000005c001a0918caa6dfb819766ce494b7622bb7d286394a09bb93fccc15a3f9cfd3635d8e0a02e3adccc71fbc258bd23"
		"8a00280b413bf47cd7ab5bf92e5eecdc7a8a11ee0e1c");
}

/* cast mktx --chain 1 --nonce 5 --gas-limit 100000 --gas-price 7 --priority-gas-price 2 --create 0x6001600155 */
static void signs_a_creation(void **state)
{
	(void)state;
	struct gs_tx tx = {
		.chain_id = 1,
		.nonce = 5,
		.gas_limit = 100000,
		.max_fee = gs_wei_from_u64(7),
		.priority_fee = gs_wei_from_u64(2),
		.create = true,
		.data = {(const uint8_t *)"\x60\x01\x60\x01\x55", 5},
	};
	assert_signed(
		&tx,
		"0x02f85401050207830186a08080856001600155c001a051ec1ec6fa46537f4bea5760848824f2b30d539d15f1855dd8a09beaa45d32de"
		"a04090f9458114c6180cc1e9191fc28645927f450a49bea9c19b3dfa0db34d411d");
}

static void refuses_too_much_data(void **state)
{
	(void)state;
	struct gs_key k = key();
	struct gs_error error;
	struct gs_buf raw;
	struct gs_hash hash;
	struct gs_tx tx = {.chain_id = 1};
	uint8_t *data = calloc(1, GS_TX_DATA_MAX + 1);
	assert_non_null(data);
	gs_buf_init(&raw, GS_TX_RAW_MAX);
	tx.data = (struct gs_bytes){data, GS_TX_DATA_MAX + 1};
	assert_int_equal(gs_tx_sign(&tx, &k, &raw, &hash, &error), GS_ELIMIT);
	assert_int_equal(raw.len, 0);
	tx.data.len--;
	assert_int_equal(gs_tx_sign(&tx, &k, &raw, &hash, &error), GS_OK);
	gs_buf_free(&raw);
	gs_buf_init(&raw, 100);
	assert_int_equal(gs_tx_sign(&tx, &k, &raw, &hash, &error), GS_ELIMIT);
	gs_buf_free(&raw);
	free(data);
}

/* cast compute-address --nonce N 0xf39F..2266 */
static void names_new_contracts(void **state)
{
	(void)state;
	static const struct {
		uint64_t nonce;
		const char *contract;
	} cases[] = {{0, "0x5FbDB2315678afecb367f032d93F642f64180aa3"},
	             {300, "0x9338CA7d556248055f5751d85cDA7aD6eF254433"}};
	struct gs_address sender = address(dev_address), got;
	for (size_t i = 0; i < GS_ARRAY_LEN(cases); i++) {
		struct gs_address expected = address(cases[i].contract);
		gs_tx_contract_address(&sender, cases[i].nonce, &got);
		assert_true(gs_address_equal(&got, &expected));
	}
}

static void knows_its_address(void **state)
{
	(void)state;
	char text[GS_ADDRESS_TEXT_MAX];
	struct gs_key k = key();
	gs_address_format(&k.address, text);
	assert_string_equal(text, dev_address);
	gs_key_wipe(&k);
	for (size_t i = 0; i < sizeof(k); i++)
		assert_int_equal(((const uint8_t *)&k)[i], 0);
}

static void recovers_the_signer(void **state)
{
	(void)state;
	struct gs_key k = key();
	struct gs_signature s;
	struct gs_hash digest;
	struct gs_address got;
	for (uint8_t i = 0; i < 20; i++) {
		gs_keccak256(&i, 1, &digest);
		assert_int_equal(gs_key_sign(&k, &digest, &s, NULL), GS_OK);
		assert_true(s.s[0] <= 0x7f);
		assert_int_equal(gs_key_recover(&s, &digest, &got), GS_OK);
		assert_true(gs_address_equal(&got, &k.address));
		s.y_parity ^= 1;
		assert_true(gs_key_recover(&s, &digest, &got) != GS_OK || !gs_address_equal(&got, &k.address));
	}
	s.y_parity = 2;
	assert_int_equal(gs_key_recover(&s, &digest, &got), GS_EPARSE);
}

static void refuses_bad_keys(void **state)
{
	(void)state;
	struct gs_key k;
	struct gs_error error;
	static const char order[] = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
	char zero[65];
	memset(zero, '0', 64);
	zero[64] = '\0';
	assert_int_equal(gs_key_from_hex(zero, &k, &error), GS_EINVAL);
	assert_int_equal(gs_key_from_hex(order, &k, &error), GS_EINVAL);
	assert_int_equal(gs_key_from_hex("0x12", &k, &error), GS_EPARSE);
	assert_null(strstr(error.text, "12")); /* a key that was mistyped is still a secret */
}

static void checks_addresses(void **state)
{
	(void)state;
	static const char *const good[] = {
		/* EIP-55 */
		"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
		"0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
		"0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
		"0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
	};
	struct gs_address a;
	char text[GS_ADDRESS_TEXT_MAX];
	for (size_t i = 0; i < GS_ARRAY_LEN(good); i++) {
		assert_int_equal(gs_address_parse(good[i], &a, NULL), GS_OK);
		gs_address_format(&a, text);
		assert_string_equal(text, good[i]);
	}
	assert_int_equal(gs_address_parse("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", &a, NULL), GS_OK);
	assert_int_equal(gs_address_parse("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD", &a, NULL), GS_EINVAL);
	assert_int_equal(gs_address_parse("5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", &a, NULL), GS_EPARSE);
	assert_int_equal(gs_address_parse("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beae", &a, NULL), GS_EPARSE);
	assert_int_equal(gs_address_parse("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaeg", &a, NULL), GS_EPARSE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signs_a_transfer),    cmocka_unit_test(signs_a_call),
		cmocka_unit_test(signs_a_creation),    cmocka_unit_test(refuses_too_much_data),
		cmocka_unit_test(names_new_contracts), cmocka_unit_test(knows_its_address),
		cmocka_unit_test(recovers_the_signer), cmocka_unit_test(refuses_bad_keys),
		cmocka_unit_test(checks_addresses),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
