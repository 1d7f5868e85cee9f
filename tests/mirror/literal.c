/* tests/mirror/literal.c: Elementary.sol line for line over words of 256 bits, each with its bound.
 *
 * bounded() is the table "Why no intermediate overflows" of docs/elementary-onchain.md, and mul() refuses a product
 * that would not be itself as a signed word: what holds here for every input of the tests, tests/mirror/bounds.py
 * derives for all. The one product that is meant to wrap is wrapping_mul's. */
#include "tests/mirror/constants.h"
#include "tests/mirror/mirror.h"
#include "tests/mirror/word.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct word word;

static const uint32_t SIGN = 0x80000000, MAGNITUDE = 0x7fffffff, INF = 0x7f800000, NOT_A_NUMBER = 0x7fc00000;
#define CONSTANT(name) word_of_signed(MIRROR_##name)
#define HORNER(name, v) horner(MIRROR_##name, MIRROR_##name##_COUNT, v)

static word bounded(word x, int bits, const char *what)
{
	if (word_bits(word_abs(x)) > bits) {
		fprintf(stderr, "literal: %s is not below 2^%d\n", what, bits);
		abort();
	}
	return x;
}

static word mul(word a, word b)
{
	if (word_bits(word_abs(a)) + word_bits(word_abs(b)) > 255) {
		fprintf(stderr, "literal: a product may reach 2^255\n");
		abort();
	}
	return word_mul(a, b);
}

static word wrapping_mul(word a, word b)
{
	return word_mul(a, b);
}

static word power(int n)
{
	return word_shl(n, word_of(1));
}

static word one(void)
{
	return power(112);
}

static struct mirror_value answer(uint32_t bits)
{
	return (struct mirror_value){.final = true, .bits = bits};
}

static struct mirror_value value(uint32_t sign, word magnitude, int exponent)
{
	bounded(magnitude, 244, "a word to be rounded");
	return (struct mirror_value){.bits = sign,
	                             .magnitude = {(wide_half)magnitude.limb[3] << 64 | magnitude.limb[2],
	                                           (wide_half)magnitude.limb[1] << 64 | magnitude.limb[0]},
	                             .exponent = exponent};
}

/* For roundNormal, whose limits are these; its rounding is round's. */
static struct mirror_value normal_value(uint32_t sign, word magnitude, int exponent)
{
	int bits = word_bits(bounded(magnitude, 128, "a word to be rounded as a normal number"));
	if (bits < 65 || bits + exponent < -125 || bits + exponent > 127) {
		fprintf(stderr, "literal: no word for roundNormal\n");
		abort();
	}
	return value(sign, magnitude, exponent);
}

/* SoftFloat.round and roundTo with 24 bits and least exponent -149. */
uint32_t literal_round(struct mirror_value v)
{
	if (v.final)
		return v.bits;
	word magnitude = {{(uint64_t)v.magnitude.low, (uint64_t)(v.magnitude.low >> 64), (uint64_t)v.magnitude.high,
	                   (uint64_t)(v.magnitude.high >> 64)}};
	if (word_zero(magnitude))
		return v.bits;
	int q = v.exponent + word_bits(magnitude) - 24;
	q = q < -149 ? -149 : q;
	int cut = q - v.exponent;
	word bits;
	if (cut <= 0) {
		bits = word_shl(-cut, magnitude);
	} else {
		word half = word_sub(power(cut - 1), word_of(1));
		word odd = word_of(word_bit(word_shr(cut, magnitude), 0));
		bits = word_shr(cut, word_add(magnitude, word_add(half, odd)));
		if (cut > 255)
			abort();
	}
	bits = word_add(bits, word_shl(23, word_of((uint64_t)(q + 149))));
	return v.bits | (word_gt(bits, word_of(0x7f7fffff)) ? INF : (uint32_t)bits.limb[0]);
}

static word parts(uint32_t x, int *e)
{
	uint32_t biased = x >> 23 & 0xff;
	*e = (int)(biased ? biased : 1) - 150;
	return word_of((x & 0x7fffff) | (biased ? 0x800000u : 0));
}

static word fixed(uint32_t x)
{
	int e;
	word m = parts(x, &e);
	e += 112;
	return bounded(e >= 0 ? word_shl(e, m) : word_shr(-e, m), 119, "a fixed-point argument");
}

static word horner(const __int128 *c, int count, word v)
{
	word p = bounded(word_of_signed(c[0]), 114, "a coefficient");
	bounded(v, 114, "a variable");
	for (int i = 1; i < count; i++)
		p = bounded(word_add(word_sar(112, mul(p, v)), word_of_signed(c[i])), 114, "a partial sum");
	return p;
}

static word exp2k(word t, int *k)
{
	word kw = word_sar(172, word_add(bounded(mul(t, CONSTANT(INVERSE_LOG2)), 180, "t/log 2"), power(171)));
	bounded(kw, 9, "k");
	*k = (int)(int64_t)kw.limb[0];
	word r = bounded(word_sub(t, mul(kw, CONSTANT(LOG2))), 111, "r");
	return word_add(word_sar(112, mul(r, HORNER(EXP, r))), one());
}

static struct mirror_value f_exp(uint32_t x)
{
	if ((x & MAGNITUDE) >= 0x43000000)
		return answer(x & SIGN ? 0 : INF);
	word t = fixed(x);
	if (x & SIGN)
		t = word_neg(t);
	int k;
	word p = exp2k(t, &k);
	return value(0, p, k - 112);
}

static word log_ratio(word m, word d, int k)
{
	bounded(m, 114, "m");
	bounded(d, 114, "d");
	word s = word_sdiv(bounded(word_shl(112, word_sub(m, d)), 226, "numerator of s"), word_add(m, d));
	bounded(s, 110, "s");
	word z = word_sar(112, mul(s, s)), p = HORNER(LOG, z);
	word kw = bounded(mul(word_of_signed(k), CONSTANT(LOG2)), 120, "k log 2");
	return word_add(kw, word_sar(112, mul(s, p)));
}

static struct mirror_value log_of(word m, word d, word turn, int k)
{
	if (word_gt(m, turn)) {
		d = word_shl(1, d);
		k++;
	}
	word r = log_ratio(m, d, k);
	return word_zero(r) ? answer(0) : normal_value(word_negative(r) ? SIGN : 0, word_abs(r), -112);
}

static struct mirror_value f_log(uint32_t x)
{
	if ((x & MAGNITUDE) == 0)
		return answer(SIGN | INF);
	if (x & SIGN)
		return answer(NOT_A_NUMBER);
	if (x == INF)
		return answer(x);
	int e;
	word m = parts(x, &e);
	if (word_lt(m, word_of(0x800000))) {
		int shift = 24 - word_bits(m);
		m = word_shl(shift, m);
		e -= shift;
	}
	return log_of(m, word_of(0x800000), word_of(0xb504f3), e + 23);
}

static struct mirror_value f_log1p(uint32_t x)
{
	uint32_t magnitude = x & MAGNITUDE;
	if (magnitude < 0x33000000 || x == INF)
		return answer(x);
	if (x >= 0xbf800000)
		return answer(x == 0xbf800000 ? SIGN | INF : NOT_A_NUMBER);
	int e;
	word m = parts(magnitude, &e);
	m = bounded(word_shl(e + 112, m), 240, "x of log1p");
	int k = 0;
	if (x & SIGN) {
		m = word_sub(one(), m);
		k = word_bits(word_shr(88, m)) - 25;
		if (k < -24 || k > 0)
			abort();
		m = word_shl(-k, m);
	} else {
		m = bounded(word_add(one(), m), 241, "1 + x");
		if (e > -23)
			k = e + 23;
		k += (int)bounded(word_shr(k + 113, m), 1, "a carry").limb[0];
		m = word_shr(k, m);
	}
	return log_of(m, one(), CONSTANT(ROOT2), k);
}

static struct mirror_value f_expm1(uint32_t x)
{
	uint32_t magnitude = x & MAGNITUDE;
	if (magnitude < 0x33000000)
		return answer(x);
	if (magnitude >= 0x42b20000)
		return answer(x & SIGN ? 0xbf800000 : INF);
	word t = fixed(x);
	if (x & SIGN)
		t = word_neg(t);
	int k;
	word p = exp2k(t, &k);
	p = k < 0 ? word_shr(-k, p) : bounded(word_shl(k, p), 242, "2^k p of expm1");
	return word_negative(t) ? value(SIGN, word_sub(one(), p), -112) : value(0, word_sub(p, one()), -112);
}

static word turns(uint32_t x, uint32_t *k)
{
	int e;
	word m = parts(x, &e);
	word c = word_add(word_shl(128, word_of_signed(MIRROR_TWO_OVER_PI_HIGH)),
	                  word_shr(128, word_shl(128, word_of_signed(MIRROR_TWO_OVER_PI_LOW))));
	c = e < 0 ? word_shr(-e, c) : word_shl(e, c);
	c = wrapping_mul(c, m);
	word kw = word_shr(254, word_add(c, power(253)));
	*k = (uint32_t)kw.limb[0];
	c = bounded(word_sub(c, word_shl(254, kw)), 254, "a fraction of a quadrant");
	return bounded(word_sar(112, mul(word_sar(142, c), CONSTANT(HALF_PI))), 112, "r");
}

static struct mirror_value circle(uint32_t x, uint32_t sign, uint32_t quadrants)
{
	uint32_t k;
	word r = turns(x, &k), z = word_sar(112, mul(r, r));
	k += quadrants;
	word y = k & 1 ? HORNER(COS, z) : word_sar(112, mul(r, HORNER(SIN, z)));
	if (word_negative(y)) {
		y = word_neg(y);
		sign ^= SIGN;
	}
	return normal_value(sign ^ (k & 2) << 30, y, -112);
}

static struct mirror_value f_sin(uint32_t x)
{
	uint32_t magnitude = x & MAGNITUDE;
	if (magnitude == INF)
		return answer(NOT_A_NUMBER);
	if (magnitude < 0x39800000)
		return answer(x);
	return circle(magnitude, x & SIGN, 0);
}

static struct mirror_value f_cos(uint32_t x)
{
	uint32_t magnitude = x & MAGNITUDE;
	if (magnitude == INF)
		return answer(NOT_A_NUMBER);
	if (magnitude < 0x39000000)
		return answer(0x3f800000);
	return circle(magnitude, 0, 1);
}

static struct mirror_value f_tan(uint32_t x)
{
	uint32_t magnitude = x & MAGNITUDE, k, sign = x & SIGN;
	if (magnitude == INF)
		return answer(NOT_A_NUMBER);
	if (magnitude < 0x39800000)
		return answer(x);
	word r = turns(magnitude, &k), z = word_sar(112, mul(r, r));
	word n = word_sar(112, mul(r, HORNER(SIN, z))), d = HORNER(COS, z);
	if (word_negative(n)) {
		n = word_neg(n);
		sign ^= SIGN;
	}
	if (k & 1) {
		word swap = n;
		n = d;
		d = swap;
		sign ^= SIGN;
	}
	n = bounded(word_div(bounded(word_shl(112, n), 226, "numerator of tan"), d), 146, "tan");
	return word_lt(n, power(128)) ? normal_value(sign, n, -112) : value(sign, n, -112);
}

static word angle(word n, word d)
{
	bool swapped = word_gt(n, d);
	if (swapped) {
		word m = n;
		n = d;
		d = m;
	}
	word t = word_div(bounded(word_shl(112, n), 250, "numerator of an angle"), d), a = word_of(0);
	if (word_gt(t, CONSTANT(TAN_SIXTEENTH))) {
		if (!word_gt(t, CONSTANT(TAN_THREE_SIXTEENTHS))) {
			word c = CONSTANT(TAN_EIGHTH);
			t = word_sdiv(word_shl(112, word_sub(t, c)), word_add(one(), word_shr(112, mul(t, c))));
			a = CONSTANT(EIGHTH_PI);
		} else {
			t = word_sdiv(word_shl(112, word_sub(t, one())), word_add(one(), t));
			a = CONSTANT(QUARTER_PI);
		}
	}
	bounded(t, 110, "t");
	word z = word_sar(112, mul(t, t)), p = HORNER(ATAN, z);
	a = word_add(a, word_sar(112, mul(t, p)));
	return swapped ? word_sub(CONSTANT(HALF_PI), a) : a;
}

static struct mirror_value f_atan(uint32_t x)
{
	uint32_t magnitude = x & MAGNITUDE;
	if (magnitude < 0x39800000)
		return answer(x);
	if (magnitude >= 0x4c800000)
		return answer((x & SIGN) | 0x3fc90fdb);
	int e; /* below 2^26 here, so fixed's 2^119 does not hold */
	word m = parts(magnitude, &e);
	word t = bounded(word_shl(e + 112, m), 138, "the argument of atan");
	return normal_value(x & SIGN, angle(t, one()), -112);
}

static word newton(word n, word r)
{
	for (int i = 0; i < 5; i++)
		r = word_shr(1, bounded(word_add(r, word_div(n, r)), 129, "a Newton step"));
	return r;
}

static word root(word n)
{
	return newton(n, power(word_bits(n) >> 1));
}

static word leg(word t)
{
	return root(word_sub(power(224), mul(t, t)));
}

static struct mirror_value f_asin(uint32_t x)
{
	uint32_t magnitude = x & MAGNITUDE;
	if (magnitude < 0x39800000)
		return answer(x);
	if (magnitude > 0x3f800000)
		return answer(NOT_A_NUMBER);
	word t = fixed(magnitude);
	return normal_value(x & SIGN, angle(t, leg(t)), -112);
}

static struct mirror_value f_acos(uint32_t x)
{
	uint32_t magnitude = x & MAGNITUDE;
	if (magnitude > 0x3f800000)
		return answer(NOT_A_NUMBER);
	word t = fixed(magnitude), a = angle(leg(t), t);
	if (x & SIGN)
		a = word_sub(CONSTANT(PI), a);
	return word_zero(a) ? answer(0) : normal_value(0, a, -112);
}

static struct mirror_value hyperbolic(uint32_t x, bool even)
{
	uint32_t magnitude = x & MAGNITUDE, sign = even ? 0 : x & SIGN;
	if (magnitude < 0x39800000)
		return answer(even ? 0x3f800000 : x);
	if (magnitude >= 0x42b40000)
		return answer(sign | INF);
	int k;
	word p = exp2k(fixed(magnitude), &k);
	word inverse = word_shr(k, word_div(power(224), p));
	p = bounded(word_shl(k, p), 243, "2^k p of sinh");
	return value(sign, even ? word_add(p, inverse) : word_sub(p, inverse), -113);
}

static struct mirror_value log_of_sum(uint32_t x, bool plus)
{
	int e;
	word m = parts(x, &e);
	int f = e < -9 ? 112 : 103 - e;
	m = bounded(word_shl(e + f, m), 127, "x of asinh");
	word unit = f < 0 ? word_of(0) : power(f);
	word square = mul(m, m), n = mul(unit, unit);
	n = bounded(plus ? word_add(square, n) : word_sub(square, n), 255, "x^2 + 1");
	word r = newton(n, word_gt(m, unit) ? m : unit);
	int k = x < 0x3f800000 ? 0 : e + 24;
	return log_of(word_shr(k + f - 112, bounded(word_add(m, r), 129, "x + root")), one(), CONSTANT(ROOT2), k);
}

static struct mirror_value f_asinh(uint32_t x)
{
	uint32_t magnitude = x & MAGNITUDE;
	if (magnitude < 0x39800000 || magnitude == INF)
		return answer(x);
	struct mirror_value v = log_of_sum(magnitude, true);
	v.bits |= x & SIGN;
	return v;
}

static struct mirror_value f_acosh(uint32_t x)
{
	if (x < 0x3f800000 || x & SIGN)
		return answer(NOT_A_NUMBER);
	if (x == INF)
		return answer(x);
	if (x >= 0x40000000)
		return log_of_sum(x, false);
	word t = word_shl(89, word_of((x & 0x7fffff) | 0x800000));
	t = bounded(word_add(t, root(word_sub(mul(t, t), power(224)))), 114, "t of acosh");
	word k = word_shr(113, t);
	return log_of(word_shr((int)k.limb[0], t), one(), CONSTANT(ROOT2), (int)k.limb[0]);
}

static struct mirror_value f_atanh(uint32_t x)
{
	uint32_t magnitude = x & MAGNITUDE;
	if (magnitude < 0x39800000)
		return answer(x);
	if (magnitude >= 0x3f800000)
		return answer(magnitude == 0x3f800000 ? x ^ 0x40000000 : NOT_A_NUMBER);
	word n = fixed(magnitude), d = word_sub(one(), n);
	n = word_add(n, one());
	int k = 113 - word_bits(d);
	d = word_shl(k, d);
	if (word_gt(mul(n, n), word_shl(1, mul(d, d)))) {
		d = word_shl(1, d);
		k++;
	} else if (word_lt(word_shl(1, mul(n, n)), mul(d, d))) {
		n = word_shl(1, n);
		k--;
	}
	return normal_value(x & SIGN, log_ratio(n, d, k), -113);
}

static struct mirror_value f_tanh(uint32_t x)
{
	uint32_t magnitude = x & MAGNITUDE, sign = x & SIGN;
	if (magnitude < 0x39000000)
		return answer(x);
	if (magnitude >= 0x41200000)
		return answer(sign | 0x3f800000);
	int k;
	word p = exp2k(word_shl(1, fixed(magnitude)), &k);
	p = bounded(word_shl(k, p), 142, "E of tanh");
	word n = bounded(word_shl(100, word_sub(p, one())), 241, "numerator of tanh");
	return normal_value(sign, word_div(n, word_add(p, one())), -100);
}

static struct mirror_value f_erf(uint32_t x)
{
	uint32_t magnitude = x & MAGNITUDE, sign = x & SIGN;
	if (magnitude >= 0x40800000)
		return answer(sign | 0x3f800000);
	word t = fixed(magnitude), r;
	if (word_lt(t, one())) {
		int e;
		word m = parts(magnitude, &e), q = HORNER(ERF, word_shr(112, mul(t, t)));
		return value(sign, bounded(mul(m, q), 138, "m Q of erf"), e - 112);
	}
	if (word_lt(t, word_shl(1, one())))
		r = HORNER(ERF15, word_sub(t, word_shl(111, word_of(3))));
	else if (word_lt(t, word_shl(112, word_of(3))))
		r = HORNER(ERF25, word_sub(t, word_shl(111, word_of(5))));
	else
		r = HORNER(ERF35, word_sub(t, word_shl(111, word_of(7))));
	return normal_value(sign, r, -112);
}

struct mirror_value literal_value(enum mirror_function f, uint32_t x)
{
	if ((x & MAGNITUDE) > INF)
		return answer(NOT_A_NUMBER);
	switch (f) {
	case MIRROR_F_EXP: return f_exp(x);
	case MIRROR_F_LOG: return f_log(x);
	case MIRROR_F_TANH: return f_tanh(x);
	case MIRROR_F_ERF: return f_erf(x);
	case MIRROR_F_SIN: return f_sin(x);
	case MIRROR_F_COS: return f_cos(x);
	case MIRROR_F_EXPM1: return f_expm1(x);
	case MIRROR_F_LOG1P: return f_log1p(x);
	case MIRROR_F_ATAN: return f_atan(x);
	case MIRROR_F_TAN: return f_tan(x);
	case MIRROR_F_ASIN: return f_asin(x);
	case MIRROR_F_ACOS: return f_acos(x);
	case MIRROR_F_SINH: return hyperbolic(x, false);
	case MIRROR_F_COSH: return hyperbolic(x, true);
	case MIRROR_F_ASINH: return f_asinh(x);
	case MIRROR_F_ACOSH: return f_acosh(x);
	case MIRROR_F_ATANH: return f_atanh(x);
	case MIRROR_F_COUNT: break;
	}
	abort();
}
