/* Products of constants, computed while lowering, have the bits of the chain of multiply-adds, also where factors are zeros:
 * zeros of either sign, infinities and NaNs on the other side, starts of either zero. */
#include "challenge/machine/scalar.h"
#include "tests/support/onnx_run.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

enum { ROWS = 2, TERMS = 3, COLUMNS = 4 };

static const float zeros[][ROWS * TERMS] = {{0}, {-0.0F, -0.0F, -0.0F, 0, -0.0F, 0}, {0, 0, 1, 0, 0, 0}};
static const float starts[][COLUMNS] = {
	{0}, {1, -2, 0.5F, 3}, {-0.0F, 0, -0.0F, 1}, {INFINITY, -INFINITY, NAN, 1e-45F}, {-0.0F, -0.0F, -0.0F, -0.0F}};

static void weights(unsigned kind, float *w)
{
	for (unsigned i = 0; i < TERMS * COLUMNS; i++)
		w[i] = (i % 3 == 0 ? -1.0F : 1.0F) * (float)(i + 1);
	switch (kind) {
	case 1: w[5] = INFINITY; break;
	case 2: w[TERMS * COLUMNS - 1] = NAN; break;
	case 3:
		for (unsigned i = 0; i < TERMS * COLUMNS; i++)
			w[i] = -fabsf(w[i]);
		break;
	case 4: memset(w, 0, TERMS * COLUMNS * sizeof(*w)); break;
	case 5: w[7] = -INFINITY; break;
	}
}
enum { KINDS = 6 };

static float chain(const float *a, const float *w, float start, unsigned r, unsigned c)
{
	uint64_t acc = gs_f32_to_bits(start);
	for (unsigned t = 0; t < TERMS; t++)
		acc = gs_fn_apply(GS_FN_F32_FMA, acc, gs_f32_to_bits(a[r * TERMS + t]),
		                  gs_f32_to_bits(w[t * COLUMNS + c]));
	return gs_f32_from_bits((uint32_t)acc);
}

static void compare(const float *a, const float *w, const float *start, bool transposed)
{
	struct ob o;
	float b[TERMS * COLUMNS], at[ROWS * TERMS], zero = 0;
	memcpy(b, w, sizeof(b));
	memcpy(at, a, sizeof(at));
	ob_init(&o, 13);
	ob_input(&o, "x", GS_F32, 0, NULL);
	if (transposed)
		for (unsigned t = 0; t < TERMS; t++)
			for (unsigned c = 0; c < COLUMNS; c++)
				b[c * TERMS + t] = w[t * COLUMNS + c];
	ob_initializer(&o, "a", GS_F32, 2, (uint32_t[]){ROWS, TERMS}, at);
	ob_initializer(&o, "b", GS_F32, 2, transposed ? (uint32_t[]){COLUMNS, TERMS} : (uint32_t[]){TERMS, COLUMNS}, b);
	ob_initializer(&o, "c", GS_F32, 1, (uint32_t[]){COLUMNS}, start);
	ob_node(&o, "Gemm", "a,b,c", "y");
	ob_attr_int(&o, "transB", transposed);
	ob_end(&o);
	ob_node(&o, "Identity", "x", "z");
	ob_end(&o);
	ob_output(&o, "y", GS_F32);
	ob_output(&o, "z", GS_F32);
	struct onnx_run r = onnx_run(&o, (const void *const[]){&zero});
	assert_int_equal(r.program.count, 2); /* two copies: the product has been computed */
	for (unsigned i = 0; i < ROWS * COLUMNS; i++) {
		uint32_t have, want = gs_f32_to_bits(chain(a, w, start[i % COLUMNS], i / COLUMNS, i % COLUMNS));
		memcpy(&have, (const float *)r.output[0] + i, sizeof(have));
		want = (uint32_t)gs_store(GS_F32, gs_load(GS_F32, want));
		if (have != want)
			fail_msg("element %u: %08x, not %08x", i, have, want);
	}
	onnx_run_free(&r);
}

static void products_of_zeros(void **state)
{
	(void)state;
	float w[TERMS * COLUMNS];
	for (unsigned z = 0; z < GS_ARRAY_LEN(zeros); z++)
		for (unsigned k = 0; k < KINDS; k++)
			for (unsigned s = 0; s < GS_ARRAY_LEN(starts); s++) {
				weights(k, w);
				compare(zeros[z], w, starts[s], false);
				compare(zeros[z], w, starts[s], true);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(products_of_zeros),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
