/* The machine's scalar table against the one by MPFR and GMP: every function, every store rule, on special and random values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "challenge/machine/scalar.h"
#include "tests/generator/values.h"
#include "tests/oracle/scalar_oracle.h"

static void test_functions(void **state)
{
	(void)state;
	struct gs_rng rng;
	unsigned code;
	gs_rng_seed(&rng, 11);
	for (unsigned n = 0; gs_fn_nth(n, &code); n++) {
		const struct gs_fn_info *fn = gs_fn_info(code);
		if (gs_fn_is_first(code))
			continue;
		for (unsigned i = 0; i < 3000; i++) {
			gs_reg x[3] = {0, 0, 0};
			uint64_t want;
			for (unsigned k = 0; k < fn->arity; k++)
				x[k] = gs_random_register(&rng, (enum gs_class)fn->operand[k],
				                          (enum gs_flavour)gs_rng_below(&rng, GS_FLAVOURS));
			gs_reg got = gs_fn_apply(code, x[0], x[1], x[2]);
			assert_true(oracle_apply(code, x[0], x[1], x[2], &want));
			if (got != want)
				fail_msg("%s(%#llx, %#llx, %#llx) = %#llx, MPFR says %#llx", fn->name,
				         (unsigned long long)x[0], (unsigned long long)x[1], (unsigned long long)x[2],
				         (unsigned long long)got, (unsigned long long)want);
		}
	}
	oracle_finish();
}

static void test_stores(void **state)
{
	(void)state;
	static const enum gs_dtype dtypes[] = {GS_F32, GS_F16, GS_BF16, GS_I8,  GS_U8,  GS_I16,
	                                       GS_U16, GS_I32, GS_BOOL, GS_I64, GS_U32, GS_U64};
	struct gs_rng rng;
	gs_rng_seed(&rng, 12);
	for (size_t d = 0; d < GS_ARRAY_LEN(dtypes); d++) {
		for (unsigned i = 0; i < 30000; i++) {
			gs_reg value = gs_random_register(&rng, gs_dtype_class(dtypes[d]),
			                                  (enum gs_flavour)(i % GS_FLAVOURS));
			if (gs_dtype_class(dtypes[d]) == GS_CLASS_F32 && i % 2)
				value = gs_load(GS_F32, (uint32_t)gs_rng_u64(&rng));
			uint64_t got = gs_store(dtypes[d], value), want;
			assert_true(oracle_store(dtypes[d], value, &want));
			if (got != want)
				fail_msg("store %s(%#llx) = %#llx, MPFR says %#llx", gs_dtype_name(dtypes[d]),
				         (unsigned long long)value, (unsigned long long)got, (unsigned long long)want);
		}
	}
	oracle_finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_functions), cmocka_unit_test(test_stores)};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
