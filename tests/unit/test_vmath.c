/* The functions over arrays (validator/exec/vmath.h), by every table that this processor can run, against the scalar table,
 * to the bit. All inputs of the functions of one operand are for `make prove-vmath`. */
#include "chain/core/rng.h"
#include "challenge/machine/scalar.h"
#include "validator/exec/kernels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { BLOCK = 512, A_BLOCK_OF_EXPONENT = 2 };

static void compare(const struct gs_kernels *kernels, unsigned fn, const float *in, size_t n)
{
	float out[BLOCK];
	assert_true(n <= BLOCK);
	kernels->math->map[fn](in, out, n);
	for (size_t i = 0; i < n; i++) {
		uint32_t input = gs_f32_to_bits(in[i]), right = (uint32_t)gs_fn_apply(fn, input, 0, 0), got;
		memcpy(&got, &out[i], sizeof(got)); /* the bits as they are, no NaN made canonical */
		if (got != right)
			fail_msg("%s: %s(%08x) gave %08x, right is %08x", kernels->isa, gs_fn_info(fn)->name, input,
			         got, right);
	}
}

/* Every sign and exponent, with drawn significands and those at the ends; lanes with rare values beside others. */
static void all_exponents(void **state)
{
	struct gs_rng rng;
	(void)state;
	gs_rng_seed(&rng, 3);
	for (unsigned k = 0; gs_kernels_nth(k) != NULL; k++)
		for (unsigned fn = 0; fn < GS_VMATH_CODES; fn++)
			for (uint32_t top = 0; top < 512 * A_BLOCK_OF_EXPONENT; top++) {
				float in[BLOCK];
				if (gs_kernels_nth(k)->math->map[fn] == NULL)
					break;
				for (unsigned i = 0; i < BLOCK; i++) {
					uint32_t low = (uint32_t)gs_rng_u64(&rng) & 0x7fffff;
					low = i < 8 ? i : i < 16 ? 0x7fffff - (i - 8) : low;
					/* now and then any other number stands between them */
					uint32_t bits = i % 61 == 60 ? (uint32_t)gs_rng_u64(&rng)
					                             : top / A_BLOCK_OF_EXPONENT << 23 | low;
					memcpy(&in[i], &bits, sizeof(bits));
				}
				compare(gs_kernels_nth(k), fn, in, BLOCK);
			}
}

/* The inputs nearest to a rounding boundary, and what else the vectors hold. */
static void hard_inputs(void **state)
{
	(void)state;
	for (unsigned k = 0; gs_kernels_nth(k) != NULL; k++)
		for (unsigned fn = 0; fn < GS_VMATH_CODES; fn++) {
			char path[128], line[64];
			float in[BLOCK];
			size_t n = 0, inputs = 0;
			if (gs_kernels_nth(k)->math->map[fn] == NULL || fn == GS_FN_F32_SQRT)
				continue;
			snprintf(path, sizeof(path), "tests/vectors/elementary/%s.txt",
			         gs_fn_info(fn)->name + strlen("f32."));
			FILE *file = fopen(path, "r");
			if (!file)
				fail_msg("cannot open %s (run from the root of the tree)", path);
			while (fgets(line, sizeof(line), file)) {
				uint32_t bits = (uint32_t)strtoul(line, NULL, 16);
				memcpy(&in[n++], &bits, sizeof(bits));
				inputs++;
				if (n == BLOCK) {
					compare(gs_kernels_nth(k), fn, in, n);
					n = 0;
				}
			}
			fclose(file);
			compare(gs_kernels_nth(k), fn, in, n);
			assert_true(inputs >= 2000);
		}
}

/* Any length and alignment, in place or not, and nothing else is touched. */
static void lengths(void **state)
{
	struct gs_rng rng;
	float in[80], out[80];
	(void)state;
	gs_rng_seed(&rng, 5);
	for (unsigned k = 0; gs_kernels_nth(k) != NULL; k++)
		for (unsigned fn = 0; fn < GS_VMATH_CODES; fn++)
			for (size_t n = 0; n <= 70 && gs_kernels_nth(k)->math->map[fn] != NULL; n++) {
				gs_kernel_map *map = gs_kernels_nth(k)->math->map[fn];
				for (size_t i = 0; i < 80; i++) {
					uint32_t bits = (uint32_t)gs_rng_u64(&rng);
					bits = i & 1 ? bits : (bits & 0x807fffff) | 0x3f800000;
					memcpy(&in[i], &bits, sizeof(bits));
					out[i] = 42;
				}
				map(in + n % 3, out + 1, n);
				assert_true(out[0] == 42 && out[n + 1] == 42);
				for (size_t i = 0; i < n; i++)
					assert_int_equal(gs_f32_to_bits(out[i + 1]),
					                 gs_fn_apply(fn, gs_f32_to_bits(in[n % 3 + i]), 0, 0));
				map(in + n % 3, in + n % 3, n);
				assert_memory_equal(in + n % 3, out + 1, n * sizeof(*in));
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_exponents),
		cmocka_unit_test(hard_inputs),
		cmocka_unit_test(lengths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
