/* Deposits through L1 against the specification's own words: selector and topic are hashed here from the signatures, the call and the event are
 * taken apart by hand. Random cases beside viem are in tests/integration/crosscheck.sh. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "chain/core/hash.h"
#include "chain/eth/deposit.h"

enum { EVENT_MAX = 512 };

static struct gs_deposit some(void)
{
	static const uint8_t data[] = {0xde, 0xad, 0xbe, 0xef, 0x05};

	return (struct gs_deposit){.from = {{0x11, [19] = 0x01}},
	                           .to = {{0x22, [19] = 0x02}},
	                           .value = gs_wei_from_u64(7),
	                           .gas = 300000,
	                           .data = {data, sizeof(data)}};
}

static void the_call_is_the_portals(void **state)
{
	static const char signature[] = "depositTransaction(address,uint256,uint64,bool,bytes)";
	static const uint8_t zeros[32] = {0};
	const struct gs_deposit d = some();
	struct gs_hash hash;
	struct gs_buf out;

	(void)state;
	gs_buf_init(&out, 1024);
	assert_int_equal(gs_deposit_call(&d, &out, NULL), GS_OK);
	gs_keccak256(signature, strlen(signature), &hash);
	assert_memory_equal(out.ptr, hash.b, 4);
	assert_int_equal(out.len, 4 + 5 * 32 + 32 + 32);
	assert_memory_equal(out.ptr + 4, zeros, 12);
	assert_memory_equal(out.ptr + 4 + 12, d.to.b, 20);
	assert_int_equal(out.ptr[4 + 63], 7);
	assert_int_equal(gs_be32_read(out.ptr + 4 + 92), 300000);
	assert_memory_equal(out.ptr + 4 + 96, zeros, 32); /* it creates nothing */
	assert_int_equal(out.ptr[4 + 159], 5 * 32);       /* where the bytes begin */
	assert_int_equal(out.ptr[4 + 191], 5);
	assert_memory_equal(out.ptr + 4 + 192, d.data.ptr, 5);
	gs_buf_free(&out);
}

static void too_much_data_is_refused(void **state)
{
	static const uint8_t data[GS_DEPOSIT_DATA_MAX + 1];
	struct gs_deposit d = some();
	struct gs_error error = {0};
	struct gs_buf out;

	(void)state;
	gs_buf_init(&out, 256 * 1024);
	d.data = (struct gs_bytes){data, sizeof(data)};
	assert_int_equal(gs_deposit_call(&d, &out, &error), GS_ELIMIT);
	assert_non_null(strstr(error.text, "120001 bytes"));
	assert_int_equal(out.len, 0);
	d.data.len--;
	assert_int_equal(gs_deposit_call(&d, &out, &error), GS_OK);
	gs_buf_free(&out);
}

/* The event of a deposit, as the portal emits it. */
static void event_of(const struct gs_deposit *d, uint8_t bytes[EVENT_MAX], struct gs_log_entry *out)
{
	static const char signature[] = "TransactionDeposited(address,address,uint256,bytes)";
	const size_t len = 73 + d->data.len;

	memset(bytes, 0, EVENT_MAX);
	memset(out, 0, sizeof(*out));
	gs_keccak256(signature, strlen(signature), &out->topics[0]);
	memcpy(out->topics[1].b + 12, d->from.b, 20);
	memcpy(out->topics[2].b + 12, d->to.b, 20);
	out->topic_count = 4;
	bytes[31] = 32;
	gs_be32_write(bytes + 60, (uint32_t)len);
	gs_u256_to_be(&d->mint.v, bytes + 64);
	gs_u256_to_be(&d->value.v, bytes + 96);
	gs_be32_write(bytes + 132, (uint32_t)d->gas);
	bytes[136] = d->create;
	memcpy(bytes + 137, d->data.ptr, d->data.len);
	out->data = (struct gs_bytes){bytes, 64 + (len + 31) / 32 * 32};
}

static void the_event_is_read(void **state)
{
	const struct gs_deposit d = some();
	struct gs_log_entry log;
	struct gs_deposit out;
	uint8_t bytes[EVENT_MAX];

	(void)state;
	event_of(&d, bytes, &log);
	assert_true(gs_deposit_is_event(&log));
	assert_int_equal(gs_deposit_decode(&log, &out), GS_OK);
	assert_true(gs_address_equal(&out.from, &d.from));
	assert_true(gs_address_equal(&out.to, &d.to));
	assert_int_equal(gs_wei_cmp(out.value, d.value), 0);
	assert_true(gs_u256_is_zero(&out.mint.v));
	assert_int_equal(out.gas, d.gas);
	assert_false(out.create);
	assert_true(gs_bytes_equal(out.data, d.data));
}

static void other_events_are_not(void **state)
{
	const struct gs_deposit d = some();
	struct gs_log_entry log, other;
	struct gs_deposit out;
	uint8_t bytes[EVENT_MAX];

	(void)state;
	event_of(&d, bytes, &log);
	other = log;
	other.topics[0].b[31] ^= 1;
	assert_false(gs_deposit_is_event(&other));
	assert_int_equal(gs_deposit_decode(&other, &out), GS_EPARSE);
	other = log;
	other.topic_count = 3;
	assert_int_equal(gs_deposit_decode(&other, &out), GS_EPARSE);
	other = log;
	other.topics[3].b[31] = 1;
	assert_int_equal(gs_deposit_decode(&other, &out), GS_EUNSUPPORTED);
	other = log;
	other.topics[1].b[0] = 1;
	assert_int_equal(gs_deposit_decode(&other, &out), GS_EPARSE);
	for (size_t len = 0; len < log.data.len; len++) { /* no prefix of it is one */
		other = log;
		other.data.len = len;
		assert_int_equal(gs_deposit_decode(&other, &out), GS_EPARSE);
	}
	bytes[136] = 2;
	assert_int_equal(gs_deposit_decode(&log, &out), GS_EPARSE);
	event_of(&d, bytes, &log);
	gs_be32_write(bytes + 60, 72);
	memset(bytes + 64 + 72, 0, EVENT_MAX - 64 - 72);
	log.data.len = 64 + 96;
	assert_int_equal(gs_deposit_decode(&log, &out), GS_EPARSE);
}

/* The same place has one transaction, every other another. */
static void hashes_tell_places_apart(void **state)
{
	const struct gs_hash block = {{1}}, next = {{2}};
	struct gs_deposit d = some();
	struct gs_hash a, b, source, hash, other;

	(void)state;
	gs_deposit_source(&block, 0, &a);
	gs_deposit_source(&block, 1, &b);
	assert_false(gs_hash_equal(&a, &b));
	gs_deposit_source(&next, 0, &b);
	assert_false(gs_hash_equal(&a, &b));
	gs_deposit_source(&block, 0, &source);
	assert_true(gs_hash_equal(&a, &source));
	assert_int_equal(gs_deposit_hash(&d, &a, &hash), GS_OK);
	assert_int_equal(gs_deposit_hash(&d, &b, &other), GS_OK);
	assert_false(gs_hash_equal(&hash, &other));
	d.gas++;
	assert_int_equal(gs_deposit_hash(&d, &a, &other), GS_OK);
	assert_false(gs_hash_equal(&hash, &other));
	assert_int_equal(gs_deposit_least_gas(0), 21000);
	assert_int_equal(gs_deposit_least_gas(1000), 61000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_call_is_the_portals),  cmocka_unit_test(too_much_data_is_refused),
		cmocka_unit_test(the_event_is_read),        cmocka_unit_test(other_events_are_not),
		cmocka_unit_test(hashes_tell_places_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
