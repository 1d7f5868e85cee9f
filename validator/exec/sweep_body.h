/* validator/exec/sweep_body.h: the kernels of sweep_kernels.h in plain C; each sweep_<isa>.c includes it once, and its compiler
 * makes vectors of them. A lane does what challenge/machine/scalar.c does to one element. */
#ifndef GS_VALIDATOR_EXEC_SWEEP_BODY_H
#define GS_VALIDATOR_EXEC_SWEEP_BODY_H

#include "challenge/machine/scalar.h"
#include "validator/exec/sweep_kernels.h"

#include <math.h>
#include <string.h>

/* Out may be an operand: the iterations are independent all the same. */
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpass-failed" /* where a loop stays as it is */
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define INDEPENDENT _Pragma("GCC ivdep")
#endif

union sweep_bits {
	uint32_t u;
	float f;
};

static inline float canonical(float v)
{
	return v != v ? (union sweep_bits){.u = 0x7fc00000}.f : v;
}

/* Of equal numbers only zeros differ, in their sign. */
static inline float greater(float a, float b)
{
	float equal = (union sweep_bits){.u = (union sweep_bits){.f = a}.u & (union sweep_bits){.f = b}.u}.f;
	float v = a > b ? a : b;
	v = a == b ? equal : v;
	return a != a ? a : v; /* b's NaN is there already: a > b was false */
}

static inline float lesser(float a, float b)
{
	float equal = (union sweep_bits){.u = (union sweep_bits){.f = a}.u | (union sweep_bits){.f = b}.u}.f;
	float v = a < b ? a : b;
	v = a == b ? equal : v;
	return a != a ? a : v;
}

#define UNARY(name, EXPRESSION) \
	static void name##_sweep(float *out, size_t n, const float *a, const float *b, const float *c, unsigned moves) \
	{ \
		(void)b, (void)c; \
		if ((moves & 1) == 0) { \
			float x = *a, v = canonical(EXPRESSION); \
			for (size_t i = 0; i < n; i++) \
				out[i] = v; \
			return; \
		} \
		INDEPENDENT for (size_t i = 0; i < n; i++) \
		{ \
			float x = a[i]; \
			out[i] = canonical(EXPRESSION); \
		} \
	}

#define BINARY_CASE(X, Y, EXPRESSION) \
	INDEPENDENT for (size_t i = 0; i < n; i++) \
	{ \
		float x = X, y = Y; \
		out[i] = canonical(EXPRESSION); \
	}

#define BINARY(name, EXPRESSION) \
	static void name##_sweep(float *out, size_t n, const float *a, const float *b, const float *c, unsigned moves) \
	{ \
		float a0 = *a, b0 = *b; \
		(void)c; \
		switch (moves & 3) { \
		case 3: BINARY_CASE(a[i], b[i], EXPRESSION) return; \
		case 1: BINARY_CASE(a[i], b0, EXPRESSION) return; \
		case 2: BINARY_CASE(a0, b[i], EXPRESSION) return; \
		default: BINARY_CASE(a0, b0, EXPRESSION) return; \
		} \
	}

#define TERNARY_CASE(X, Y, Z, EXPRESSION) \
	INDEPENDENT for (size_t i = 0; i < n; i++) \
	{ \
		float x = X, y = Y, z = Z; \
		out[i] = canonical(EXPRESSION); \
	}

#define TERNARY(name, EXPRESSION) \
	static void name##_sweep(float *out, size_t n, const float *a, const float *b, const float *c, unsigned moves) \
	{ \
		float a0 = *a, b0 = *b, c0 = *c; \
		switch (moves & 7) { \
		case 7: TERNARY_CASE(a[i], b[i], c[i], EXPRESSION) return; \
		case 6: TERNARY_CASE(a0, b[i], c[i], EXPRESSION) return; \
		case 5: TERNARY_CASE(a[i], b0, c[i], EXPRESSION) return; \
		case 4: TERNARY_CASE(a0, b0, c[i], EXPRESSION) return; \
		case 3: TERNARY_CASE(a[i], b[i], c0, EXPRESSION) return; \
		case 2: TERNARY_CASE(a0, b[i], c0, EXPRESSION) return; \
		case 1: TERNARY_CASE(a[i], b0, c0, EXPRESSION) return; \
		default: TERNARY_CASE(a0, b0, c0, EXPRESSION) return; \
		} \
	}

UNARY(copy, x)
UNARY(neg, -x)
UNARY(abs, fabsf(x))
UNARY(sqrt, sqrtf(x))
UNARY(floor, floorf(x))
UNARY(ceil, ceilf(x))
UNARY(trunc, truncf(x))
UNARY(round, rintf(x))
BINARY(add, x + y)
BINARY(sub, x - y)
BINARY(mul, x *y)
BINARY(div, x / y)
BINARY(min, lesser(x, y))
BINARY(max, greater(x, y))
TERNARY(fma, fmaf(y, z, x))
TERNARY(clip, lesser(greater(x, y), z))

/* ---- folds: vectors of accumulators that stay in registers ---- */

#if defined(__AVX512F__)
#define FOLD_LANES 16
#elif defined(__AVX__)
#define FOLD_LANES 8
#else
#define FOLD_LANES 4
#endif
typedef float fold_vector __attribute__((vector_size(4 * FOLD_LANES)));
typedef uint32_t fold_mask __attribute__((vector_size(4 * FOLD_LANES)));

static inline fold_vector fold_load(const float *p)
{
	fold_vector v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static inline fold_vector fold_choose(fold_mask m, fold_vector yes, fold_vector no)
{
	return (fold_vector)((m & (fold_mask)yes) | (~m & (fold_mask)no));
}

static inline fold_vector add_vector(fold_vector a, fold_vector b)
{
	return a + b;
}

static inline fold_vector max_vector(fold_vector a, fold_vector b)
{
	fold_vector v = fold_choose((fold_mask)(a > b), a, b);
	v = fold_choose((fold_mask)(a == b), (fold_vector)((fold_mask)a & (fold_mask)b), v);
	return fold_choose((fold_mask)(a != a), a, v);
}

static inline fold_vector min_vector(fold_vector a, fold_vector b)
{
	fold_vector v = fold_choose((fold_mask)(a < b), a, b);
	v = fold_choose((fold_mask)(a == b), (fold_vector)((fold_mask)a | (fold_mask)b), v);
	return fold_choose((fold_mask)(a != a), a, v);
}

static inline float add_one(float a, float b)
{
	return a + b;
}

#define FOLD_SOME(name, VECTORS) \
	static inline void name##_fold_##VECTORS(float *acc, const float *x, const int64_t *at, int64_t step, \
	                                         size_t terms) \
	{ \
		fold_vector v[VECTORS]; \
		_Pragma("GCC unroll 8") for (unsigned k = 0; k < VECTORS; k++) v[k] = fold_load(acc + k * FOLD_LANES); \
		for (size_t t = 0; t < terms; t++) { \
			const float *from = x + (at ? at[t] : (int64_t)t * step); \
			_Pragma("GCC unroll 8") for (unsigned k = 0; k < VECTORS; k++) \
				v[k] = name##_vector(v[k], fold_load(from + k * FOLD_LANES)); \
		} \
		_Pragma("GCC unroll 8") for (unsigned k = 0; k < VECTORS; k++) \
			memcpy(acc + k * FOLD_LANES, &v[k], sizeof(v[k])); \
	}

#define FOLD(name, ONE) \
	FOLD_SOME(name, 1) \
	FOLD_SOME(name, 4) \
	static void name##_fold(float *acc, size_t n, const float *x, const int64_t *at, int64_t step, size_t terms, \
	                        int beyond) \
	{ \
		size_t l = 0; \
		for (; l + 4 * FOLD_LANES <= n; l += 4 * FOLD_LANES) \
			name##_fold_4(acc + l, x + l, at, step, terms); \
		for (; l + FOLD_LANES <= n || (beyond && l < n); l += FOLD_LANES) \
			name##_fold_1(acc + l, x + l, at, step, terms); \
		if (l >= n) \
			return; \
		for (size_t t = 0; t < terms; t++) { \
			const float *from = x + (at ? at[t] : (int64_t)t * step); \
			for (size_t k = l; k < n; k++) \
				acc[k] = ONE(acc[k], from[k]); \
		} \
	}

FOLD(add, add_one)
FOLD(max, greater)
FOLD(min, lesser)

#define SWEEP_TABLE \
	{ \
		.fn = \
			{ \
				[GS_FN_F32_COPY] = copy_sweep,   [GS_FN_F32_ADD] = add_sweep, \
				[GS_FN_F32_SUB] = sub_sweep,     [GS_FN_F32_MUL] = mul_sweep, \
				[GS_FN_F32_DIV] = div_sweep,     [GS_FN_F32_FMA] = fma_sweep, \
				[GS_FN_F32_MIN] = min_sweep,     [GS_FN_F32_MAX] = max_sweep, \
				[GS_FN_F32_NEG] = neg_sweep,     [GS_FN_F32_ABS] = abs_sweep, \
				[GS_FN_F32_SQRT] = sqrt_sweep,   [GS_FN_F32_FLOOR] = floor_sweep, \
				[GS_FN_F32_CEIL] = ceil_sweep,   [GS_FN_F32_TRUNC] = trunc_sweep, \
				[GS_FN_F32_ROUND] = round_sweep, [GS_FN_F32_CLIP] = clip_sweep, \
			}, \
		.fold = {[GS_FN_F32_ADD] = add_fold, [GS_FN_F32_MAX] = max_fold, [GS_FN_F32_MIN] = min_fold}, \
	}

#endif
