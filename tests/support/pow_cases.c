#include "tests/support/pow_cases.h"

#include <math.h>
#include <string.h>

static float value(uint32_t bits)
{
	float f;
	memcpy(&f, &bits, sizeof(f));
	return f;
}

static uint32_t bits_of(double x)
{
	float f = (float)x;
	uint32_t bits;
	memcpy(&bits, &f, sizeof(bits));
	return bits;
}

uint64_t pow_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static uint64_t below(uint64_t *state, uint64_t n)
{
	return pow_next(state) % n;
}

static double unit(uint64_t *state)
{
	return (double)(pow_next(state) >> 11) * 0x1p-53;
}

static uint32_t sign(uint64_t *state)
{
	return (uint32_t)(pow_next(state) & 1) << 31;
}

/* Some steps up or down among the positive finite numbers. */
static uint32_t near(uint64_t *state, uint32_t bits, unsigned steps)
{
	int64_t moved = (int64_t)(bits & 0x7fffffff) + (int64_t)below(state, 2 * steps + 1) - steps;
	moved = moved < 1 ? 1 : moved > 0x7f7fffff ? 0x7f7fffff : moved;
	return (bits & 0x80000000u) | (uint32_t)moved;
}

static uint32_t base(uint64_t *state)
{
	uint32_t a = (uint32_t)below(state, 0x7f7fffff) + 1;
	return below(state, 4) == 0 ? 0x3d000000 + (a & 0x7ffffff) : a; /* one in four between 2^-5 and 2^10 */
}

/* The exponent for which log2(a^b) is near `target`. */
static uint32_t exponent_for(uint32_t a, double target)
{
	double log = log2((double)value(a));
	return log == 0 ? bits_of(target) : bits_of(target / log);
}

/* (r 2^j)^(2^k) and n/2^k, r odd: r^n may have 25 bits, fewer, or a few more. */
static void algebraic(uint64_t *state, unsigned most, uint32_t *a, uint32_t *b)
{
	unsigned n = 1 + (unsigned)below(state, 15), k = (unsigned)below(state, 4), squares = 1u << k;
	double limit = exp2(25.0 / n), root = exp2(24.0 / squares);
	if (limit > root)
		limit = root;
	double low = most ? limit * exp2(-1.0 / n) : 1;
	uint64_t r = (uint64_t)(low + unit(state) * (limit - low) + 0.5) | 1;
	int room = 140 / (int)squares, j = (int)below(state, (uint64_t)(2 * room + 1)) - room;
	double x = pow((double)r, squares);
	*a = bits_of(ldexp(x, j * (int)squares / (int)n));
	if (below(state, 3) != 0)
		*a = bits_of(ldexp(x, j / (int)n * (int)squares));
	*b = bits_of((double)n / squares);
	if (below(state, 8) == 0)
		*b = near(state, *b, 1);
	if (below(state, 8) == 0)
		*a = near(state, *a, 1);
}

static double threshold(uint64_t *state)
{
	static const double at[] = {128, -126, -149, -150, 127, -148, -151, -125};
	return at[below(state, 8)];
}

static const char *const names[POW_CASE_KINDS] = {
	"any bits",          "results everywhere", "results everywhere", "bases next to 1",
	"thresholds",        "exact and nearly",   "ties and nearly",    "powers of two",
	"integer exponents", "dyadic exponents",   "results next to 1",  "subnormal bases",
	"negative bases",    "subnormal results",  "small integers",     "one special operand",
};

const char *pow_kind_name(unsigned kind)
{
	return names[kind];
}

static const uint32_t specials[] = {
	0x00000000, 0x00000001, 0x00000002, 0x007fffff, 0x00800000, 0x33800000, 0x3e800000, 0x3f000000,
	0x3f7fffff, 0x3f800000, 0x3f800001, 0x40000000, 0x40400000, 0x3fc00000, 0x40a00000, 0x43160000,
	0x43150000, 0x43000000, 0x42fe0000, 0x4b000000, 0x4b7fffff, 0x4b800000, 0x4b800001, 0x4b000001,
	0x4affffff, 0x7f7fffff, 0x7f800000, 0x7fc00000, 0x7f800001, 0x7fffffff, 0x45800800, 0x3c000000,
};

size_t pow_specials(void)
{
	return 2 * sizeof(specials) / sizeof(specials[0]);
}

uint32_t pow_special(size_t i)
{
	return specials[i / 2] | (uint32_t)(i & 1) << 31;
}

static void negative_base(uint64_t *state, uint32_t *a, uint32_t *b)
{
	unsigned width = 1 + (unsigned)below(state, 25);
	uint64_t n = below(state, UINT64_C(1) << width) + 1;
	double quarter = below(state, 4) == 0 ? 0.5 : 0; /* no integer, while that is still a binary32 */
	*b = bits_of((double)n + quarter) | sign(state);
	*a = bits_of(exp2((unit(state) * 300 - 150) / (double)n)) | 0x80000000u;
	if (below(state, 16) == 0)
		*a = below(state, 2) ? 0x80000000u : 0xff800000u;
}

void pow_case(uint64_t *state, unsigned kind, uint32_t *a, uint32_t *b)
{
	uint64_t r = pow_next(state);
	*a = base(state);
	switch (kind) {
	case 0:
		*a = (uint32_t)r;
		*b = (uint32_t)(r >> 32);
		break;
	case 3:
		*a = near(state, 0x3f800000, 1u << below(state, 20));
		*b = exponent_for(*a, unit(state) * 310 - 155);
		break;
	case 4: *b = near(state, exponent_for(*a, threshold(state)), 3); break;
	case 5: algebraic(state, 0, a, b); break;
	case 6: algebraic(state, 1, a, b); break;
	case 7:
		*a = bits_of(ldexp(1, (int)below(state, 277) - 149));
		*b = bits_of(ldexp((double)(1 + below(state, 1u << below(state, 24))), -(int)below(state, 10))) |
		     sign(state);
		break;
	case 8:
		*b = bits_of((double)(1 + below(state, UINT64_C(1) << below(state, 25))));
		*a = near(state, bits_of(exp2((unit(state) * 310 - 155) / value(*b))), 2);
		*b |= sign(state);
		break;
	case 9:
		*b = bits_of(ldexp((double)(below(state, 64) + 1), -(int)below(state, 6))) | sign(state);
		*a = bits_of(exp2((unit(state) * 310 - 155) / fabs((double)value(*b))));
		break;
	case 10: *b = near(state, exponent_for(*a, ldexp(unit(state) * 16 - 8, -24 - (int)below(state, 3))), 8); break;
	case 11:
		*a = (uint32_t)below(state, 0x7fffff) + 1;
		*b = exponent_for(*a, unit(state) * 310 - 155);
		break;
	case 12: negative_base(state, a, b); break;
	case 13: *b = exponent_for(*a, unit(state) * -26 - 125); break;
	case 14:
		*a = bits_of((double)below(state, 5800) + 1);
		*b = bits_of((double)below(state, 17)) | (below(state, 8) == 0 ? sign(state) : 0);
		break;
	case 15:
		*b = exponent_for(*a, unit(state) * 310 - 155) ^ sign(state);
		*(r & 1 ? a : b) = pow_special(below(state, pow_specials()));
		break;
	default: *b = exponent_for(*a, unit(state) * 310 - 155) | (r % 16 ? 0 : sign(state)); break;
	}
}
