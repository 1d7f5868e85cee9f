/* tests/unit/test_mirror.c: the mirror of Elementary.sol (tests/mirror): its arithmetic against GMP, its two copies against each
 * other before and after rounding, both against MPFR's vectors, the fast one against the library. Every input: `make
 * prove-mirror`. */
#include "chain/core/rng.h"
#include "challenge/machine/elementary.h"
#include "tests/mirror/mirror.h"
#include "tests/mirror/word.h"

#include <gmp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { OPERATIONS = 20000, BOTH = 3000, LIBRARY = 100000, SEAM = 3 };

/* Long runs of ones and zeros, where carries and quotient digits go wrong, as often as random bits. */
static uint64_t limb(struct gs_rng *rng)
{
	uint64_t x = gs_rng_u64(rng);
	switch (gs_rng_below(rng, 4)) {
	case 0: return x;
	case 1: return x >> gs_rng_below(rng, 64);
	case 2: return UINT64_MAX << gs_rng_below(rng, 64);
	default: return gs_rng_below(rng, 2) ? UINT64_MAX : 0;
	}
}

static wide_half half(struct gs_rng *rng)
{
	return ((wide_half)limb(rng) << 64 | limb(rng)) >> gs_rng_below(rng, 64);
}

static void set_limbs(mpz_t z, const uint64_t *limbs, size_t count)
{
	mpz_import(z, count, -1, sizeof(*limbs), 0, 0, limbs);
}

static void set_half(mpz_t z, wide_half x)
{
	set_limbs(z, (uint64_t[2]){(uint64_t)x, (uint64_t)(x >> 64)}, 2);
}

static void set_wide(mpz_t z, struct wide x)
{
	set_limbs(z,
	          (uint64_t[4]){(uint64_t)x.low, (uint64_t)(x.low >> 64), (uint64_t)x.high, (uint64_t)(x.high >> 64)},
	          4);
}

static void set_signed(mpz_t z, wide_signed x)
{
	set_half(z, x < 0 ? -(wide_half)x : (wide_half)x);
	if (x < 0)
		mpz_neg(z, z);
}

static void set_word(mpz_t z, struct word x)
{
	set_limbs(z, x.limb, 4);
}

static void same(mpz_t want, mpz_t got, const char *what, int i)
{
	if (mpz_cmp(want, got) != 0) {
		gmp_printf("%s: case %d: %Zx, right is %Zx\n", what, i, got, want);
		fail();
	}
}

static void wide_arithmetic(void **state)
{
	(void)state;
	struct gs_rng rng;
	mpz_t x, y, want, got;
	mpz_inits(x, y, want, got, NULL);
	gs_rng_seed(&rng, 112);
	for (int i = 0; i < OPERATIONS; i++) {
		wide_half a = half(&rng), b = half(&rng), d = half(&rng) | (wide_half)1 << 64;
		int n = (int)gs_rng_below(&rng, 256);
		struct wide p = wide_mul(a, b);
		set_half(x, a);
		set_half(y, b);
		mpz_mul(want, x, y);
		set_wide(got, p);
		same(want, got, "wide_mul", i);
		assert_int_equal(wide_bits(p), mpz_sgn(want) ? (int)mpz_sizeinbase(want, 2) : 0);

		mpz_fdiv_q_2exp(want, got, (mp_bitcnt_t)n);
		set_wide(got, wide_shr(p, n));
		same(want, got, "wide_shr", i);
		set_wide(got, p);
		mpz_mul_2exp(want, got, (mp_bitcnt_t)n);
		mpz_fdiv_r_2exp(want, want, 256);
		set_wide(got, wide_shl(p, n));
		same(want, got, "wide_shl", i);

		struct wide q = wide_mul(half(&rng), half(&rng));
		set_wide(x, p);
		set_wide(y, q);
		assert_int_equal(wide_less(p, q), mpz_cmp(x, y) < 0);
		mpz_add(want, x, y);
		mpz_fdiv_r_2exp(want, want, 256);
		set_wide(got, wide_add(p, q));
		same(want, got, "wide_add", i);
		mpz_sub(want, x, y);
		mpz_fdiv_r_2exp(want, want, 256);
		set_wide(got, wide_sub(p, q));
		same(want, got, "wide_sub", i);

		/* a d + (something below d), so that the quotient is a. */
		struct wide product = wide_add(wide_mul(a, d), wide_of(gs_rng_below(&rng, 2) ? d - 1 : b % d));
		set_wide(x, product);
		set_half(y, d);
		mpz_fdiv_q(want, x, y);
		set_half(got, wide_quotient(product, d));
		same(want, got, "wide_quotient", i);
		set_wide(x, p);
		mpz_fdiv_q(want, x, y);
		set_wide(got, wide_divide(p, d));
		same(want, got, "wide_divide", i);

		wide_signed s = (wide_signed)(half(&rng) >> 9), t = (wide_signed)(half(&rng) >> 9);
		s = gs_rng_below(&rng, 2) ? -s : s;
		t = gs_rng_below(&rng, 2) ? -t : t;
		set_signed(x, s);
		set_signed(y, t);
		mpz_mul(want, x, y);
		mpz_fdiv_q_2exp(want, want, 112);
		set_signed(got, wide_scaled(s, wide_factor_of(t)));
		same(want, got, "wide_scaled", i);
	}
	mpz_clears(x, y, want, got, NULL);
}

static void reduce(mpz_t z)
{
	mpz_fdiv_r_2exp(z, z, 256);
}

/* As a signed number. */
static void set_word_signed(mpz_t z, struct word x)
{
	set_word(z, word_negative(x) ? word_neg(x) : x);
	if (word_negative(x))
		mpz_neg(z, z);
}

static void word_arithmetic(void **state)
{
	(void)state;
	struct gs_rng rng;
	mpz_t x, y, want, got;
	mpz_inits(x, y, want, got, NULL);
	gs_rng_seed(&rng, 256);
	for (int i = 0; i < OPERATIONS / 10; i++) {
		struct word a, b;
		int n = (int)gs_rng_below(&rng, 300);
		for (int j = 0; j < 4; j++) {
			a.limb[j] = limb(&rng);
			b.limb[j] = limb(&rng);
		}
		b = word_shr((int)gs_rng_below(&rng, 250), b);
		set_word(x, a);
		set_word(y, b);
		assert_int_equal(word_bits(a), mpz_sgn(x) ? (int)mpz_sizeinbase(x, 2) : 0);
		assert_int_equal(word_lt(a, b), mpz_cmp(x, y) < 0);
		const struct {
			const char *name;
			struct word got;
			void (*op)(mpz_t, const mpz_t, const mpz_t);
		} table[] = {{"add", word_add(a, b), mpz_add},
		             {"sub", word_sub(a, b), mpz_sub},
		             {"mul", word_mul(a, b), mpz_mul}};
		for (size_t j = 0; j < sizeof(table) / sizeof(*table); j++) {
			table[j].op(want, x, y);
			reduce(want);
			set_word(got, table[j].got);
			same(want, got, table[j].name, i);
		}
		mpz_mul_2exp(want, x, (mp_bitcnt_t)n);
		reduce(want);
		set_word(got, word_shl(n, a));
		same(want, got, "shl", i);
		mpz_fdiv_q_2exp(want, x, (mp_bitcnt_t)n);
		set_word(got, word_shr(n, a));
		same(want, got, "shr", i);
		mpz_set_ui(want, 0);
		if (mpz_sgn(y))
			mpz_fdiv_q(want, x, y);
		set_word(got, word_div(a, b));
		same(want, got, "div", i);
		set_word_signed(x, a);
		set_word_signed(y, b);
		mpz_fdiv_q_2exp(want, x, (mp_bitcnt_t)n);
		set_word_signed(got, word_sar(n, a));
		same(want, got, "sar", i);
		mpz_set_ui(want, 0);
		if (mpz_sgn(y))
			mpz_tdiv_q(want, x, y);
		set_word_signed(got, word_sdiv(a, b));
		reduce(got);
		reduce(want);
		same(want, got, "sdiv", i);
	}
	mpz_clears(x, y, want, got, NULL);
}

/* Without the zeros at its end, which the fast copy leaves to the exponent; a zero is its own rounding. */
static struct mirror_value normal(struct mirror_value v)
{
	int zeros = 0;
	if (v.final || !(v.magnitude.high | v.magnitude.low))
		return (struct mirror_value){.final = true, .bits = v.bits};
	while (!(wide_shr(v.magnitude, zeros).low & 1))
		zeros++;
	v.magnitude = wide_shr(v.magnitude, zeros);
	v.exponent += zeros;
	return v;
}

/* The answer, on which both copies agree. */
static uint32_t both(enum mirror_function f, uint32_t x)
{
	struct mirror_value fast = mirror_value(f, x), literal = literal_value(f, x);
	uint32_t got = mirror_round(fast), want = literal_round(literal);
	if (got != want)
		fail_msg("%s(%08x): the fast copy rounds to %08x, the literal one to %08x", mirror_names[f], x, got,
		         want);
	struct mirror_value a = normal(fast), b = normal(literal);
	if (a.final != b.final || a.bits != b.bits || a.exponent != b.exponent ||
	    a.magnitude.high != b.magnitude.high || a.magnitude.low != b.magnitude.low)
		fail_msg("%s(%08x): the two copies have different values before rounding", mirror_names[f], x);
	return got;
}

static void copies_agree(void **state)
{
	(void)state;
	/* Where the contract changes its path, and what binary32 has of its own. */
	static const uint32_t seams[] = {
		0x00000000, 0x00800000, 0x07000000, 0x22800000, 0x33000000, 0x39000000, 0x39800000, 0x3e4bafaf,
		0x3e9df37c, 0x3eb17218, 0x3f2b0dc1, 0x3f3504f3, 0x3f800000, 0x3fb504f3, 0x40000000, 0x40400000,
		0x40800000, 0x41102cb3, 0x41200000, 0x42b17218, 0x42b20000, 0x42b2d4fc, 0x42b40000, 0x43000000,
		0x46ffffff, 0x47000000, 0x4b000000, 0x4c800000, 0x7f7fffff, 0x7f800000, 0x7fc00000};
	for (int f = 0; f < MIRROR_F_COUNT; f++) {
		struct gs_rng rng;
		gs_rng_seed(&rng, (uint64_t)f);
		for (size_t s = 0; s < sizeof(seams) / sizeof(*seams); s++)
			for (int d = -SEAM; d <= SEAM; d++)
				for (uint32_t sign = 0; sign < 2; sign++)
					both((enum mirror_function)f, (seams[s] + (uint32_t)d) ^ sign << 31);
		for (int i = 0; i < BOTH; i++) {
			uint32_t x = (uint32_t)gs_rng_u64(&rng);
			if (i & 1) /* where the functions are curved: 2^-13 to 2^7 */
				x = (x & 0x80000000) | (0x39000000 + x % 0x0a000000);
			both((enum mirror_function)f, x);
		}
	}
}

static void vectors_of_mpfr(void **state)
{
	(void)state;
	for (int f = 0; f < MIRROR_F_COUNT; f++) {
		char path[128];
		unsigned int x, want, lines = 0;
		snprintf(path, sizeof(path), "tests/vectors/elementary/%s.txt", mirror_names[f]);
		FILE *file = fopen(path, "r");
		assert_non_null(file);
		while (fscanf(file, "%8x %8x", &x, &want) == 2) {
			uint32_t got = both((enum mirror_function)f, x);
			if (got != want)
				fail_msg("%s(%08x) gave %08x, right is %08x", mirror_names[f], x, got, want);
			lines++;
		}
		fclose(file);
		assert_int_equal(lines, 2000);
	}
}

static void library_agrees(void **state)
{
	(void)state;
	static uint32_t (*const bits_form[MIRROR_F_COUNT])(uint32_t) = {
		gs_exp_f32_bits,   gs_log_f32_bits,   gs_tanh_f32_bits,  gs_erf_f32_bits,  gs_sin_f32_bits,
		gs_cos_f32_bits,   gs_expm1_f32_bits, gs_log1p_f32_bits, gs_atan_f32_bits, gs_tan_f32_bits,
		gs_asin_f32_bits,  gs_acos_f32_bits,  gs_sinh_f32_bits,  gs_cosh_f32_bits, gs_asinh_f32_bits,
		gs_acosh_f32_bits, gs_atanh_f32_bits};
	uint32_t got[100];
	for (int f = 0; f < MIRROR_F_COUNT; f++) {
		struct gs_rng rng;
		gs_rng_seed(&rng, 1000 + (uint64_t)f);
		for (int i = 0; i < LIBRARY; i += 100) {
			uint32_t first = (uint32_t)gs_rng_u64(&rng);
			mirror_run((enum mirror_function)f, first, 100, got);
			for (uint32_t j = 0; j < 100; j++)
				if (got[j] != bits_form[f](first + j))
					fail_msg("%s(%08x) gave %08x, the library has %08x", mirror_names[f], first + j,
					         got[j], bits_form[f](first + j));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wide_arithmetic), cmocka_unit_test(word_arithmetic), cmocka_unit_test(copies_agree),
		cmocka_unit_test(vectors_of_mpfr), cmocka_unit_test(library_agrees),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
