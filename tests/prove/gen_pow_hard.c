/* Searches for the pairs whose power is nearest to a tie without being one, and prints the nearest 200.
 *
 *     gen_pow_hard BASES [SEED] >tests/prove/hard/pow.txt
 *
 * A power near 1 moves least when the exponent takes a step, so the best exponent for a base and a midpoint z next to 1,
 * log z/log a rounded, comes nearest there. For every drawn base eight midpoints above and below 1 are tried; the
 * candidates are found in extended precision, their distances by MPFR. A line is "a b 2^distance", relative to the value. */
#include "tests/support/pow_cases.h"

#include <math.h>
#include <mpfr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT = 200, TRIED = 4 };

struct pair {
	uint32_t a, b;
	double distance; /* log2, relative */
};

static float value(uint32_t bits)
{
	float f;
	memcpy(&f, &bits, sizeof(f));
	return f;
}

static uint32_t bits_of(float f)
{
	uint32_t bits;
	memcpy(&bits, &f, sizeof(bits));
	return bits;
}

/* How far a^b is from the midpoint z, relative to it. */
static double distance(uint32_t a, uint32_t b, double z)
{
	mpfr_t x, y;
	mpfr_inits2(300, x, y, (mpfr_ptr)0);
	mpfr_set_flt(x, value(a), MPFR_RNDN);
	mpfr_set_flt(y, value(b), MPFR_RNDN);
	mpfr_pow(x, x, y, MPFR_RNDN);
	mpfr_sub_d(x, x, z, MPFR_RNDN);
	double d = fabs(mpfr_get_d(x, MPFR_RNDN)) / z;
	mpfr_clears(x, y, (mpfr_ptr)0);
	return d;
}

/* Keeps best[] sorted, nearest first, each pair once. */
static void keep(struct pair *best, unsigned *count, struct pair p)
{
	unsigned at = *count;
	while (at > 0 && best[at - 1].distance > p.distance)
		at--;
	if (at == KEPT || (at > 0 && best[at - 1].a == p.a && best[at - 1].b == p.b))
		return;
	if (*count < KEPT)
		(*count)++;
	memmove(best + at + 1, best + at, (*count - 1 - at) * sizeof(*best));
	best[at] = p;
}

int main(int argc, char **argv)
{
	static struct pair best[KEPT];
	unsigned count = 0;
	if (argc < 2) {
		fprintf(stderr, "gen_pow_hard: usage: gen_pow_hard BASES [SEED]\n");
		return 2;
	}
	uint64_t bases = strtoull(argv[1], NULL, 10), state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	double midpoint[2 * TRIED];
	long double log_midpoint[2 * TRIED];
	for (int i = 0; i < TRIED; i++) {
		midpoint[2 * i] = 1 + (2 * i + 1) * 0x1p-24;
		midpoint[2 * i + 1] = 1 - (2 * i + 1) * 0x1p-25;
		log_midpoint[2 * i] = log1pl((2 * i + 1) * 0x1p-24L);
		log_midpoint[2 * i + 1] = log1pl(-(2 * i + 1) * 0x1p-25L);
	}
	for (uint64_t n = 0; n < bases; n++) {
		uint32_t a = (uint32_t)(pow_next(&state) % 0x7f7fffff) + 1;
		if (a == 0x3f800000)
			continue;
		long double inverse = 1 / logl(value(a)), threshold = count < KEPT ? 1 : exp2l(best[KEPT - 1].distance);
		for (int i = 0; i < 2 * TRIED; i++) {
			long double b = log_midpoint[i] * inverse;
			float rounded = (float)b;
			/* |log a^b - log z| */
			if (rounded == 0 || fabsl((long double)rounded - b) > threshold * fabsl(inverse))
				continue;
			double d = distance(a, bits_of(rounded), midpoint[i]);
			if (d > 0)
				keep(best, &count, (struct pair){a, bits_of(rounded), log2(d)});
		}
	}
	for (unsigned i = 0; i < count; i++)
		printf("%08x %08x 2^%.3f\n", best[i].a, best[i].b, best[i].distance);
	mpfr_free_cache();
	return 0;
}
