/* tests/support/within_mpfr.c: `within` by numbers that are long enough for it. */
#include "tests/support/within_cases.h"

#include <math.h>
#include <string.h>

#include <mpfr.h>

enum { EXACT_BITS = 600 }; /* all terms are multiples of 2^-298 below 2^257: nothing is rounded */

static float as_float(uint32_t bits)
{
	float f;
	memcpy(&f, &bits, sizeof(f));
	return f;
}

static uint32_t canonical(uint32_t bits)
{
	return (bits & 0x7fffffffu) > 0x7f800000u ? 0x7fc00000u : bits;
}

uint64_t within_by_mpfr(struct within_case k)
{
	float a = as_float(k.a), b = as_float(k.b), absolute = as_float(k.absolute), relative = as_float(k.relative);
	mpfr_t distance, allowed;
	if (!isfinite(a) || !isfinite(b) || !isfinite(absolute) || !isfinite(relative) || absolute < 0 || relative < 0)
		return canonical(k.a) == canonical(k.b);
	mpfr_inits2(EXACT_BITS, distance, allowed, (mpfr_ptr)0);
	mpfr_set_flt(distance, a, MPFR_RNDN);
	mpfr_sub_d(distance, distance, b, MPFR_RNDN);
	mpfr_set_flt(allowed, fabsf(b), MPFR_RNDN);
	mpfr_mul_d(allowed, allowed, relative, MPFR_RNDN);
	mpfr_add_d(allowed, allowed, absolute, MPFR_RNDN);
	uint64_t result = mpfr_cmpabs(distance, allowed) <= 0;
	mpfr_clears(distance, allowed, (mpfr_ptr)0);
	return result;
}
