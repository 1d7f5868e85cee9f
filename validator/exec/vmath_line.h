/* validator/exec/vmath_line.h: arithmetic over arrays of binary32, for the tables of vmath.h. Each vmath_<isa>.c includes
 * this once and is compiled with that instruction set, for which the compiler puts these loops into vectors. */
#ifndef GS_VALIDATOR_EXEC_VMATH_LINE_H
#define GS_VALIDATOR_EXEC_VMATH_LINE_H

#include "challenge/machine/scalar.h"
#include "validator/exec/vmath.h"

#include <math.h>

union vmath_bits {
	float f;
	uint32_t u;
};

static inline float vmath_canonical(float x)
{
	union vmath_bits bits = {.f = x}, nan = {.u = GS_F32_NAN};
	bits.u = (bits.u & 0x7fffffffu) > 0x7f800000u ? nan.u : bits.u;
	return bits.f;
}

/* Of numbers that are equal only zeros differ in their bits, and -0 < +0. */
static inline float vmath_max(float a, float b)
{
	union vmath_bits x = {.f = a}, y = {.f = b}, both = {.u = x.u & y.u};
	float most = a > b ? a : b > a ? b : both.f;
	return a != a || b != b ? a + b : most;
}

static inline float vmath_min(float a, float b)
{
	union vmath_bits x = {.f = a}, y = {.f = b}, either = {.u = x.u | y.u};
	float least = a < b ? a : b < a ? b : either.f;
	return a != a || b != b ? a + b : least;
}

/* out is an operand or apart from it: no element depends on an earlier one. */
#ifdef __clang__
#define VMATH_INDEPENDENT /* its pragma warns wherever a loop is left as it is, without optimisation for one */
#else
#define VMATH_INDEPENDENT _Pragma("GCC ivdep")
#endif
#define VMATH_LOOP(expression) \
	VMATH_INDEPENDENT \
	for (size_t i = 0; i < n; i++) \
	out[i] = vmath_canonical(expression)

static void vmath_arithmetic(unsigned fn, const float *const x[3], float *out, size_t n)
{
	const float *a = x[0], *b = x[1], *c = x[2];
	switch (fn) {
	case GS_FN_F32_COPY: VMATH_LOOP(a[i]); break;
	case GS_FN_F32_ADD: VMATH_LOOP(a[i] + b[i]); break;
	case GS_FN_F32_SUB: VMATH_LOOP(a[i] - b[i]); break;
	case GS_FN_F32_MUL: VMATH_LOOP(a[i] * b[i]); break;
	case GS_FN_F32_DIV: VMATH_LOOP(a[i] / b[i]); break;
	case GS_FN_F32_FMA: VMATH_LOOP(fmaf(b[i], c[i], a[i])); break;
	case GS_FN_F32_MIN: VMATH_LOOP(vmath_min(a[i], b[i])); break;
	case GS_FN_F32_MAX: VMATH_LOOP(vmath_max(a[i], b[i])); break;
	case GS_FN_F32_NEG: VMATH_LOOP(-a[i]); break;
	case GS_FN_F32_ABS: VMATH_LOOP(fabsf(a[i])); break;
	case GS_FN_F32_CLIP: VMATH_LOOP(vmath_min(vmath_max(a[i], b[i]), c[i])); break;
	default: GS_ASSERT(!"a function that gs_vmath_knows");
	}
}

/* Defines `line` for a table of maps. */
#define VMATH_LINE(MAPS) \
	static void line(unsigned fn, const float *const x[3], float *out, size_t n) \
	{ \
		gs_kernel_map *map = (MAPS).map[fn]; \
		if (map != NULL) \
			map(x[0], out, n); \
		else \
			vmath_arithmetic(fn, x, out, n); \
	}

#endif
