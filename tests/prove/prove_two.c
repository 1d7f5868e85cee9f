/* Functions of two and three operands, which no run can exhaust: f32.pow, div and fma against independent references.
 *
 *     prove_two pow|div|fma COUNT [SEED]
 *
 * runs all pairs (triples) of special values and COUNT cases drawn from the seed, in turn of every kind that is hard
 * (docs/pow.md), through the machine's table and compares bits.
 *
 * pow:       the C library's binary64 pow, whose error its manual gives as at most one unit in the last place, widened
 *            to 2^-49 both ways: where both ends round to the same binary32 that is the right one. MPFR decides the
 *            rest, and every operand that is zero, infinite or NaN. One case in 1024 is asked of MPFR besides, to 200
 *            bits: the widened interval must hold its answer; and of both further paths of the code under test.
 * div, fma:  integers (exact_f32.c); one case in 1024 is asked of MPFR besides.
 *
 * A line of JSON is left in $PROVE_DIR/two-FUNCTION.json (default build/prove). Status 1 on any mismatch. */
#include "challenge/machine/pow.h"
#include "challenge/machine/scalar.h"
#include "tests/prove/exact_f32.h"
#include "tests/support/mpfr_f32.h"
#include "tests/support/pow_cases.h"

#include <math.h>
#include <mpfr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FURTHER_EVERY = 1024, MISMATCHES_SHOWN = 20, PRECISION = 200 };
#define MARGIN 0x1p-49
#define HARD "tests/prove/hard/pow.txt"

struct tally {
	unsigned code;
	uint64_t cases, mpfr, doubtful, further, mismatches, wide;
	double worst; /* of the C library's pow, relative */
	mpfr_t x, y, z;
};

static float value(uint32_t bits)
{
	return gs_f32_from_bits(bits);
}

static void mismatch(struct tally *t, const char *what, const uint32_t v[3], uint32_t got, uint32_t want)
{
	if (t->mismatches++ < MISMATCHES_SHOWN)
		printf("mismatch: %s of %08x %08x %08x: %08x, right is %08x\n", what, v[0], v[1], v[2], got, want);
}

static uint32_t by_mpfr(struct tally *t, const uint32_t v[3])
{
	uint32_t r = 0;
	if (!mpfr_f32_apply(t->code, v[0], v[1], v[2], &r))
		abort();
	return r;
}

/* ---- pow ---- */

static bool ordinary(uint32_t x)
{
	return (x & 0x7fffffff) != 0 && (x & 0x7fffffff) < 0x7f800000;
}

/* The C library's error on this case, and the slower paths of the code under test. */
static void further_pow(struct tally *t, const uint32_t v[3], double estimate, uint32_t right)
{
	uint32_t a = v[0] & 0x7fffffff, out;
	if (isfinite(estimate) && fabs(estimate) >= 0x1p-1000) {
		mpfr_set_flt(t->x, value(v[0]), MPFR_RNDN);
		mpfr_set_flt(t->y, value(v[1]), MPFR_RNDN);
		mpfr_pow(t->z, t->x, t->y, MPFR_RNDN);
		mpfr_set_d(t->x, estimate, MPFR_RNDN);
		mpfr_reldiff(t->z, t->z, t->x, MPFR_RNDN);
		double off = fabs(mpfr_get_d(t->z, MPFR_RNDN));
		t->worst = off > t->worst ? off : t->worst;
		if (!(off < MARGIN / 2))
			mismatch(t, "the reference's margin", v, 0, 0);
	}
	if (a == 0x3f800000)
		return;
	bool exact = gs_pow_exact(a, v[1], &out);
	if (!exact)
		out = gs_pow_wide(a, v[1]);
	t->wide += !exact;
	if (out != (right & 0x7fffffff))
		mismatch(t, exact ? "gs_pow_exact" : "gs_pow_wide", v, out, right);
}

static uint32_t right_pow(struct tally *t, const uint32_t v[3], bool further)
{
	uint32_t right = 0;
	double estimate = pow((double)value(v[0]), (double)value(v[1]));
	bool decided = false;
	if (ordinary(v[0]) && ordinary(v[1]) && !isnan(estimate)) {
		float low = (float)(estimate * (1 - MARGIN)), high = (float)(estimate * (1 + MARGIN));
		right = gs_f32_to_bits(low);
		decided = right == gs_f32_to_bits(high);
	}
	if (!decided) {
		right = by_mpfr(t, v);
		t->mpfr++;
		t->doubtful += ordinary(v[0]) && ordinary(v[1]) && !isnan(estimate);
	}
	if (further || !decided) {
		if (decided && by_mpfr(t, v) != right)
			mismatch(t, "the reference", v, right, by_mpfr(t, v));
		if (ordinary(v[0]) && ordinary(v[1]) && right != GS_F32_NAN)
			further_pow(t, v, estimate, right);
	}
	return right;
}

/* ---- operands of div and fma ---- */

static uint32_t shaped(uint64_t *state, int field)
{
	uint64_t r = pow_next(state);
	uint32_t fraction = (uint32_t)r & 0x7fffff;
	if ((r >> 60 & 3) == 0)
		fraction &= 0x7fffffu << (r >> 32) % 23; /* few high bits */
	if ((r >> 60 & 3) == 1)
		fraction = (fraction & 7) | ((r >> 40 & 1) ? 0x7ffff8u : 0); /* next to a power of two */
	field = field < 0 ? 0 : field > 254 ? 254 : field;
	return (uint32_t)(r >> 63) << 31 | (uint32_t)field << 23 | fraction;
}

enum { OTHER_KINDS = 8 };

static void draw_div(uint64_t *state, unsigned kind, uint32_t v[3])
{
	int e = (int)(pow_next(state) % 255), spread = (int)(pow_next(state) % 61) - 30;
	uint64_t r = pow_next(state);
	v[0] = shaped(state, e);
	v[1] = shaped(state, e + spread);
	switch (kind) {
	case 0:
		v[0] = (uint32_t)r;
		v[1] = (uint32_t)(r >> 32);
		break;
	case 1: v[1] = shaped(state, e - 127 + 149 + 127 + spread / 2); break; /* subnormal quotients */
	case 2: v[1] = shaped(state, e - 127 - 127 + 127 + spread / 8); break; /* about the overflow threshold */
	case 3:
	case 4: { /* a quotient next to a midpoint: a = b q, q odd of 25 bits, rounded up or down */
		uint64_t q = (r & 0xffffff) | 0x1000001, b = (r >> 32 & 0x7fffff) | 0x800000;
		v[1] = 127u << 23 | (uint32_t)(b & 0x7fffff);
		v[0] = (gs_f32_to_bits((float)(b * q)) + (uint32_t)(r >> 60 & 1)) & 0x7fffffff;
		break;
	}
	case 5: { /* exact quotients, ties among subnormals included */
		float b = (float)(1 + (r >> 40 & 0xfff)), q = ldexpf((float)(r & 0xfff), -(int)(r >> 20 & 0xff) + 120);
		v[0] = gs_f32_to_bits(b * q);
		v[1] = gs_f32_to_bits(b * ((r >> 62 & 1) ? 1.0F : ldexpf(1, (int)(r >> 56 & 31))));
		break;
	}
	case 6: v[r & 1] = pow_special(pow_next(state) % pow_specials()); break;
	default: break;
	}
}

static void draw_fma(uint64_t *state, unsigned kind, uint32_t v[3])
{
	int e0 = (int)(pow_next(state) % 255), e1 = (int)(pow_next(state) % 255);
	int spread = (int)(pow_next(state) % 61) - 30;
	uint64_t r = pow_next(state);
	v[1] = shaped(state, e0);
	v[2] = shaped(state, e1);
	v[0] = shaped(state, e0 + e1 - 127 + spread);
	switch (kind) {
	case 0:
		v[0] = (uint32_t)r;
		v[1] = (uint32_t)(r >> 32);
		v[2] = (uint32_t)pow_next(state);
		break;
	case 1: /* what rounding a product lost */
		v[0] = gs_f32_to_bits(-(value(v[1]) * value(v[2]))) ^ (uint32_t)(r & 3);
		break;
	case 2: v[2] = shaped(state, 127 - e0 - 22 + 127 + spread); break;      /* subnormal results */
	case 3: v[2] = shaped(state, 127 - e0 + 127 + 127 + spread / 8); break; /* about the overflow threshold */
	case 4: { /* a product of 25 bits, the last one set: a tie, which the addend decides however small */
		uint32_t low = 1u << 11 | 1u << (12 + (r & 7));
		v[0] = shaped(state, (int)(pow_next(state) % (uint64_t)(e1 + 1)));
		v[1] = (v[1] & 0xff800000u) | low;
		v[2] = (v[2] & 0xff800000u) | low;
		break;
	}
	case 5: v[0] = shaped(state, e0 + e1 - 127 + 4 * spread); break;
	case 6: v[r % 3] = pow_special(pow_next(state) % pow_specials()); break;
	default: break;
	}
}

/* ---- the run ---- */

static void check(struct tally *t, const uint32_t v[3])
{
	bool further = t->cases++ % FURTHER_EVERY == 0;
	uint32_t got = (uint32_t)gs_fn_apply(t->code, v[0], v[1], v[2]), right;
	if (t->code == GS_FN_F32_POW) {
		right = right_pow(t, v, further);
	} else {
		right = t->code == GS_FN_F32_DIV ? exact_div(v[0], v[1]) : exact_fma(v[0], v[1], v[2]);
		if (further) {
			t->mpfr++;
			if (by_mpfr(t, v) != right)
				mismatch(t, "the reference", v, right, by_mpfr(t, v));
		}
	}
	t->further += further;
	if (got != right)
		mismatch(t, gs_fn_info(t->code)->name, v, got, right);
}

static void grid(struct tally *t)
{
	unsigned n = gs_fn_info(t->code)->arity;
	for (size_t i = 0; i < pow_specials(); i++)
		for (size_t j = 0; j < pow_specials(); j++)
			for (size_t k = 0; k < (n > 2 ? pow_specials() : 1); k++)
				check(t, (uint32_t[]){pow_special(i), pow_special(j), n > 2 ? pow_special(k) : 0});
}

/* The pairs that gen_pow_hard found nearest to a tie. */
static bool hard(struct tally *t)
{
	FILE *file = fopen(HARD, "r");
	char line[80];
	unsigned a, b, pairs = 0;
	if (file == NULL) {
		perror("prove_two: " HARD);
		return false;
	}
	while (fgets(line, sizeof line, file))
		if (sscanf(line, "%8x %8x", &a, &b) == 2) {
			check(t, (uint32_t[]){a, b, 0});
			pairs++;
		}
	fclose(file);
	return pairs != 0;
}

static int report(const struct tally *t, const char *name, uint64_t seed, double seconds)
{
	const char *folder = getenv("PROVE_DIR");
	char path[300], line[600];
	snprintf(
		line, sizeof line,
		"{\"function\": \"%s\", \"seed\": %llu, \"cases\": %llu, \"mismatches\": %llu, \"mpfr\": %llu, \"doubtful\": %llu, "
		"\"further\": %llu, \"wide\": %llu, \"reference_error\": \"2^%.2f\", \"seconds\": %.0f}",
		name, (unsigned long long)seed, (unsigned long long)t->cases, (unsigned long long)t->mismatches,
		(unsigned long long)t->mpfr, (unsigned long long)t->doubtful, (unsigned long long)t->further,
		(unsigned long long)t->wide, t->worst > 0 ? log2(t->worst) : -INFINITY, seconds);
	puts(line);
	snprintf(path, sizeof path, "%s/two-%s.json", folder ? folder : "build/prove", name);
	FILE *file = fopen(path, "w");
	if (file == NULL || fprintf(file, "%s\n", line) < 0 || fclose(file) != 0) {
		perror(path);
		return 2;
	}
	return t->mismatches != 0;
}

int main(int argc, char **argv)
{
	struct tally t = {0};
	if (argc < 3)
		goto usage;
	t.code = strcmp(argv[1], "pow") == 0   ? GS_FN_F32_POW
	         : strcmp(argv[1], "div") == 0 ? GS_FN_F32_DIV
	         : strcmp(argv[1], "fma") == 0 ? GS_FN_F32_FMA
	                                       : 0;
	if (t.code == 0)
		goto usage;
	uint64_t count = strtoull(argv[2], NULL, 10), seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1, state = seed;
	time_t start = time(NULL);
	mpfr_inits2(PRECISION, t.x, t.y, t.z, (mpfr_ptr)0);
	grid(&t);
	if (t.code == GS_FN_F32_POW && !hard(&t))
		return 2;
	for (uint64_t i = 0; i < count; i++) {
		uint32_t v[3] = {0};
		if (t.code == GS_FN_F32_POW)
			pow_case(&state, (unsigned)(i % POW_CASE_KINDS), &v[0], &v[1]);
		else if (t.code == GS_FN_F32_DIV)
			draw_div(&state, (unsigned)(i % OTHER_KINDS), v);
		else
			draw_fma(&state, (unsigned)(i % OTHER_KINDS), v);
		check(&t, v);
	}
	int status = report(&t, argv[1], seed, difftime(time(NULL), start));
	mpfr_clears(t.x, t.y, t.z, (mpfr_ptr)0);
	mpfr_free_cache();
	return status;
usage:
	fprintf(stderr, "prove_two: usage: prove_two pow|div|fma COUNT [SEED]\n");
	return 2;
}
