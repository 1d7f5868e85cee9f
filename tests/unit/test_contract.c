/* Selectors against the hash of their signatures, and what reverts are called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "chain/core/hash.h"
#include "chain/eth/bindings.h"

static void check_items(const struct gs_contract_item *items, size_t count)
{
	assert_true(count > 20);
	for (size_t i = 0; i < count; i++) {
		struct gs_hash hash;
		gs_keccak256(items[i].signature, strlen(items[i].signature), &hash);
		assert_int_equal(items[i].selector, gs_be32_read(hash.b));
		assert_non_null(items[i].contract);
	}
	assert_null(items[count].signature);
}

static void selectors_follow_from_signatures(void **state)
{
	(void)state;
	check_items(gs_bindings_errors, gs_bindings_error_count);
	check_items(gs_bindings_functions, gs_bindings_function_count);
	for (size_t i = 0; i < gs_bindings_error_count; i++)
		assert_string_equal(gs_contract_error(gs_bindings_errors[i].selector)->signature,
		                    gs_bindings_errors[i].signature);
	for (size_t i = 0; i < gs_bindings_function_count; i++)
		assert_string_equal(gs_contract_function(gs_bindings_functions[i].selector)->signature,
		                    gs_bindings_functions[i].signature);
	assert_null(gs_contract_error(0xdeadbeef));
	/* Known from everywhere: the ERC-20's. */
	assert_int_equal(GS_DEV_TOKEN_FN_TRANSFER, 0xa9059cbb);
	static const char transfer[] = "Transfer(address,address,uint256)";
	struct gs_hash hash;
	gs_keccak256(transfer, strlen(transfer), &hash);
	assert_true(gs_hash_equal(&hash, &gs_dev_token_event_transfer));
}

static void names_custom_errors(void **state)
{
	(void)state;
	char out[GS_REVERT_TEXT_MAX];
	uint8_t data[4 + 3 * 32] = {0};
	gs_be32_write(data, GS_DEV_TOKEN_ERR_ERC20_INSUFFICIENT_BALANCE); /* (address,uint256,uint256) */
	memset(data + 4 + 12, 0xab, 20);
	data[4 + 63] = 5;
	data[4 + 94] = 1;
	gs_contract_revert_text((struct gs_bytes){data, sizeof(data)}, out);
	assert_string_equal(
		out,
		"ERC20InsufficientBalance(address 0xabababababababababababababababababababab, uint256 5, uint256 256)");
	/* Cut short, it still has its name. */
	gs_contract_revert_text((struct gs_bytes){data, 40}, out);
	assert_string_equal(out, "ERC20InsufficientBalance(address 0xabababababababababababababababababababab, ..)");
	gs_contract_revert_text((struct gs_bytes){data, 4}, out);
	assert_string_equal(out, "ERC20InsufficientBalance(..)");
}

static void names_built_in_errors(void **state)
{
	(void)state;
	static const struct {
		const char *hex, *text;
	} cases[] = {
		{"", "no reason given"},
		{"1234", "0x1234"},
		{"08c379a00000000000000000000000000000000000000000000000000000000000000020"
	         "00000000000000000000000000000000000000000000000000000000000000046e6f0a6500000000000000000000000000000000000000000000000000000000",
	         "no?e"},
		{"4e487b710000000000000000000000000000000000000000000000000000000000000011",
	         "panic 0x11: arithmetic overflow"},
		{"4e487b710000000000000000000000000000000000000000000000000000000000000099",
	         "panic 0x99: unknown code"},
		{"4e487b71", "0x4e487b71"},
		{"08c379a0ff", "0x08c379a0ff"},
		{"0102030405", "0x0102030405"},
	};
	char out[GS_REVERT_TEXT_MAX];
	uint8_t data[128];
	for (size_t i = 0; i < GS_ARRAY_LEN(cases); i++) {
		size_t len = strlen(cases[i].hex) / 2;
		assert_int_equal(gs_hex_decode(cases[i].hex, 2 * len, data, len), GS_OK);
		gs_contract_revert_text((struct gs_bytes){data, len}, out);
		assert_string_equal(out, cases[i].text);
	}
	/* However long the data, the text ends. */
	uint8_t big[4096] = {0};
	gs_contract_revert_text((struct gs_bytes){big, sizeof(big)}, out);
	assert_int_equal(strlen(out), sizeof(out) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(selectors_follow_from_signatures),
		cmocka_unit_test(names_custom_errors),
		cmocka_unit_test(names_built_in_errors),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
