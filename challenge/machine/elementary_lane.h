/* challenge/machine/elementary_lane.h: the one lane that a processor without vectors has.
 *
 * Internal. elementary_core.h, elementary_hyperbolic.h and elementary_trig.h are written over lanes: gs_vd is as many
 * binary64 as there are lanes, gs_vu as many words of 64 bits, gs_vf and gs_vw the binary32 and the words of 32 bits that go
 * with them, gs_vm and gs_wm the answers of comparisons. Here there is one lane, and they are plain C. The vector kernels of the
 * executor (validator/exec/vmath_<isa>.c) define the same names over their vectors, and GS_ELEMENTARY_LANES, before they include
 * those headers. Every operation does in each lane what this file says, to the bit; +, -, *, /, &, |, ^, ~, << and >>
 * are the language's own, which gcc and clang have for vectors, too. */
#ifndef GS_CHALLENGE_MACHINE_ELEMENTARY_LANE_H
#define GS_CHALLENGE_MACHINE_ELEMENTARY_LANE_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { GS_ELEMENTARY_LANES = 1 };

typedef double gs_vd;
typedef uint64_t gs_vu;
typedef float gs_vf;
typedef uint32_t gs_vw;
typedef bool gs_vm; /* of 64-bit lanes */
typedef bool gs_wm; /* of 32-bit lanes */

/* A number in every lane. */
static inline gs_vd gs_all(double x)
{
	return x;
}

static inline gs_vu gs_all_u(uint64_t x)
{
	return x;
}

static inline gs_vw gs_all_w(uint32_t x)
{
	return x;
}

static inline gs_vf gs_all_f(float x)
{
	return x;
}

/* The bits of numbers, and back. */
static inline gs_vu gs_bits(gs_vd x)
{
	gs_vu bits;
	memcpy(&bits, &x, sizeof(bits));
	return bits;
}

static inline gs_vd gs_of_bits(gs_vu bits)
{
	gs_vd x;
	memcpy(&x, &bits, sizeof(x));
	return x;
}

static inline gs_vw gs_bits_w(gs_vf x)
{
	gs_vw bits;
	memcpy(&bits, &x, sizeof(bits));
	return bits;
}

static inline gs_vf gs_of_bits_w(gs_vw bits)
{
	gs_vf x;
	memcpy(&x, &bits, sizeof(x));
	return x;
}

/* binary32 to binary64, exact, and back, to nearest even; a word with zeros above. */
static inline gs_vd gs_widen(gs_vf x)
{
	return x;
}

static inline gs_vf gs_narrow(gs_vd x)
{
	return (float)x;
}

static inline gs_vu gs_extend(gs_vw x)
{
	return x;
}

static inline gs_vd gs_fma(gs_vd a, gs_vd b, gs_vd c)
{
	return fma(a, b, c);
}

static inline gs_vd gs_sqrt(gs_vd a)
{
	return sqrt(a);
}

static inline gs_vf gs_sqrt_f(gs_vf a)
{
	return sqrtf(a);
}

/* b where a is NaN, and where they are equal. */
static inline gs_vd gs_min(gs_vd a, gs_vd b)
{
	return a < b ? a : b;
}

static inline gs_vd gs_max(gs_vd a, gs_vd b)
{
	return a > b ? a : b;
}

static inline gs_vf gs_min_f(gs_vf a, gs_vf b)
{
	return a < b ? a : b;
}

static inline gs_vf gs_max_f(gs_vf a, gs_vf b)
{
	return a > b ? a : b;
}

static inline gs_vf gs_floor_lanes(gs_vf x)
{
	return floorf(x);
}

static inline gs_vf gs_ceil_lanes(gs_vf x)
{
	return ceilf(x);
}

static inline gs_vf gs_trunc_lanes(gs_vf x)
{
	return truncf(x);
}

static inline gs_vf gs_round_lanes(gs_vf x)
{
	return rintf(x); /* half to even in this mode */
}

/* The product of the lower 32 bits of each. */
static inline gs_vu gs_mul_low(gs_vu a, gs_vu b)
{
	return (a & UINT32_MAX) * (b & UINT32_MAX);
}

static inline gs_vm gs_above(gs_vd a, gs_vd b)
{
	return a > b;
}

static inline gs_vm gs_bit(gs_vu a, uint64_t bit)
{
	return (a & bit) != 0;
}

static inline gs_vd gs_pick(gs_vm m, gs_vd a, gs_vd b)
{
	return m ? a : b;
}

static inline gs_wm gs_equal_w(gs_vw a, uint32_t b)
{
	return a == b;
}

/* unsigned */
static inline gs_wm gs_above_w(gs_vw a, uint32_t b)
{
	return a > b;
}

static inline gs_wm gs_either_w(gs_wm a, gs_wm b)
{
	return a || b;
}

static inline bool gs_any_w(gs_wm m)
{
	return m;
}

/* m ? a : b by masks: a compiler must not turn it into a branch around the work. */
static inline gs_vw gs_pick_w(gs_wm m, gs_vw a, gs_vw b)
{
	uint32_t mask = -(uint32_t)m;
	return (a & mask) | (b & ~mask);
}

/* table[index], index below 16; and with the index modulo 8. */
static inline gs_vd gs_lookup16(const double table[16], gs_vu index)
{
	return table[index];
}

static inline gs_vu gs_lookup8(const uint64_t table[8], gs_vu index)
{
	return table[index & 7];
}

#endif
