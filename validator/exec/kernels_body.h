/* validator/exec/kernels_body.h: the loops of kernels.h. Each kernels_<isa>.c includes this once and is compiled with
 * that instruction set. The caller has already turned stored bytes into floats where the host's order differs. */
#ifndef GS_VALIDATOR_EXEC_KERNELS_BODY_H
#define GS_VALIDATOR_EXEC_KERNELS_BODY_H

#include "validator/exec/kernels.h"

#include <math.h>

static void fma_line(float *restrict acc, size_t n, const float *x0, ptrdiff_t s0, const float *x1, ptrdiff_t s1)
{
	if (s0 == 1 && s1 == 0) {
		float w = *x1;
		for (size_t i = 0; i < n; i++)
			acc[i] = fmaf(x0[i], w, acc[i]);
	} else if (s0 == 0 && s1 == 1) {
		float x = *x0;
		for (size_t i = 0; i < n; i++)
			acc[i] = fmaf(x, x1[i], acc[i]);
	} else if (s0 == 1 && s1 == 1) {
		for (size_t i = 0; i < n; i++)
			acc[i] = fmaf(x0[i], x1[i], acc[i]);
	} else {
		for (ptrdiff_t i = 0; i < (ptrdiff_t)n; i++) /* a step behind the last position would leave the array */
			acc[i] = fmaf(x0[i * s0], x1[i * s1], acc[i]);
	}
}

static void add_line(float *restrict acc, size_t n, const float *x0, ptrdiff_t s0)
{
	if (s0 == 1)
		for (size_t i = 0; i < n; i++)
			acc[i] = acc[i] + x0[i];
	else
		for (ptrdiff_t i = 0; i < (ptrdiff_t)n; i++)
			acc[i] = acc[i] + x0[i * s0];
}

static float law_max(float a, float b)
{
	if (a != a || b != b)
		return a + b; /* some NaN; the store makes it canonical */
	return a > b ? a : b > a ? b : signbit(a) ? b : a;
}

static void max_line(float *restrict acc, size_t n, const float *x0, ptrdiff_t s0)
{
	if (s0 == 1)
		for (size_t i = 0; i < n; i++)
			acc[i] = law_max(acc[i], x0[i]);
	else
		for (ptrdiff_t i = 0; i < (ptrdiff_t)n; i++)
			acc[i] = law_max(acc[i], x0[i * s0]);
}

union float_bits {
	uint32_t u;
	float f;
};

static void widen_bf16_line(float *restrict out, const uint16_t *restrict in, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (union float_bits){.u = (uint32_t)in[i] << 16}.f;
}

/* Nearest even: half a unit, less one where the kept part is even; a carry into the exponent is the next binade's number
 * or infinity, as it should. */
static void narrow_bf16_line(uint16_t *restrict out, const float *restrict in, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t bits = (union float_bits){.f = in[i]}.u;
		out[i] = (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
	}
}

#endif
