/* tests/support/within_cases.c: see the header. */
#include "tests/support/within_cases.h"

#include <math.h>
#include <string.h>

static const uint32_t special[] = {
	0x00000000, 0x80000000, 0x00000001, 0x80000001, 0x007fffff, 0x00800000, 0x34000000, 0x3f7fffff, 0x3f800000,
	0xbf800000, 0x3f800001, 0x49800000, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00001,
};
enum { SPECIALS = sizeof(special) / sizeof(special[0]) };

static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static float as_float(uint32_t bits)
{
	float f;
	memcpy(&f, &bits, sizeof(f));
	return f;
}

static uint32_t as_bits(double v)
{
	float f = (float)v;
	uint32_t bits;
	memcpy(&bits, &f, sizeof(bits));
	return bits;
}

/* A number above zero whose biased exponent is `biased`, kept to 0 … 254, and whose fraction has few bits, or any. */
static uint32_t shaped(uint64_t *state, int biased)
{
	uint64_t r = next(state);
	uint32_t fraction = (uint32_t)r & 0x7fffffu, kept = (uint32_t)(r >> 32) % 24;
	if (r >> 63)
		fraction &= 0x7fffffu << kept;
	biased = biased < 0 ? 0 : biased > 254 ? 254 : biased;
	return (uint32_t)biased << 23 | fraction;
}

struct within_case within_draw(uint64_t i, uint64_t *state)
{
	struct within_case c;
	int e = (int)(next(state) % 255), near = (int)(next(state) % 31) - 15;
	switch (i % 8) {
	case 0: /* small numbers */ e = (int)(next(state) % 30); break;
	case 1: /* large ones */ e = 254 - (int)(next(state) % 4); break;
	default: break;
	}
	c.b = shaped(state, e) | (uint32_t)(next(state) & 1) << 31;
	c.relative = shaped(state, 127 - (int)(next(state) % 40));
	c.absolute = shaped(state, e + near);
	uint64_t kind = next(state) % 8;
	if (kind == 0)
		c.absolute = (uint32_t)(next(state) & 1) << 31;
	else if (kind == 1)
		c.relative = (uint32_t)(next(state) & 1) << 31;
	else if (kind == 2)
		c.relative = shaped(state, (int)(next(state) % 255));
	double tolerance = (double)as_float(c.absolute) + (double)as_float(c.relative) * fabs((double)as_float(c.b));
	c.a = as_bits((double)as_float(c.b) + (next(state) & 1 ? tolerance : -tolerance)) +
	      (uint32_t)(next(state) % 5) - 2;
	switch (i % 16) {
	case 5:
		c = (struct within_case){(uint32_t)next(state), (uint32_t)next(state), (uint32_t)next(state),
		                         (uint32_t)next(state)};
		break;
	case 6: c.a ^= 0x80000000u; break;
	case 7: c.a = special[next(state) % SPECIALS]; break;
	case 13: c.absolute = special[next(state) % SPECIALS]; break;
	case 14: c.relative = special[next(state) % SPECIALS]; break;
	case 15: c.a = c.b = special[next(state) % SPECIALS]; break;
	default: break;
	}
	return c;
}

uint64_t within_specials(void)
{
	return (uint64_t)SPECIALS * SPECIALS * SPECIALS * SPECIALS;
}

struct within_case within_special(uint64_t i)
{
	return (struct within_case){special[i % SPECIALS], special[i / SPECIALS % SPECIALS],
	                            special[i / SPECIALS / SPECIALS % SPECIALS],
	                            special[i / SPECIALS / SPECIALS / SPECIALS]};
}
