/* tests/prove/gen_vectors.c: prints the test vectors of one elementary function, by MPFR alone.
 *
 * gen_vectors FUNCTION [FILE]: lines "input output", both the bits of a binary32 in eight hex digits, no input twice.
 * First special values and edges, then the inputs named in FILE (the prover's nearest to a rounding boundary, see
 * tests/prove/hard/), then pseudo-random inputs from a fixed seed up to LINES lines in all. */
#include "tests/prove/oracle.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { LINES = 2000, LINES_MAX = 4000 };

struct list {
	enum oracle_function f;
	uint32_t in[LINES_MAX];
	int count;
};

static void emit(struct list *l, uint32_t input)
{
	for (int i = 0; i < l->count; i++)
		if (l->in[i] == input)
			return;
	if (l->count == LINES_MAX)
		return;
	l->in[l->count++] = input;
	printf("%08x %08x\n", input, oracle_f32(l->f, input));
}

/* input and its neighbours, with both signs */
static void emit_around(struct list *l, uint32_t input, int spread)
{
	for (int d = -spread; d <= spread; d++) {
		emit(l, (input + (uint32_t)d) & 0x7fffffff);
		emit(l, ((input + (uint32_t)d) & 0x7fffffff) | 0x80000000);
	}
}

static void emit_edges(struct list *l)
{
	bool hyperbolic = l->f >= ORACLE_SINH && l->f <= ORACLE_ATANH;
	static const uint32_t special[] = {
		0x00000000, 0x80000000, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00000, 0x7f800001, 0xffffffff,
		0x00000001, 0x80000001, 0x007fffff, 0x807fffff, 0x00800000, 0x80800000, 0x7f7fffff, 0xff7fffff,
	};
	static const uint32_t hardest[ORACLE_COUNT] = {
		[ORACLE_EXP] = 0xc16912cd,
		[ORACLE_LOG] = 0x65d890d3,
		[ORACLE_TANH] = 0x3ac37de2,
		[ORACLE_ERF] = 0x3940ead6,
	};
	static const uint32_t edges[] = {
		0x3f800000, /* 1 */
		0x3f000000, /* 1/2 */
		0x40000000, /* 2 */
		0x3f317218, /* log 2 */
		0x33800000, /* 2^-24 */
		0x33000000, /* 2^-25 */
		0x32800000, /* 2^-26 */
		0x42b17218, /* exp overflows */
		0x42aeac50, /* exp(-x) becomes subnormal */
		0x42cff1b5, /* exp(-x) becomes zero */
		0x41102cb4, /* tanh becomes 1 */
		0x407ad445, /* erf becomes 1 */
		0x39b89ba3, /* tanh(x) departs from x */
		0x3fb504f3, /* sqrt 2 */
		0x3f3504f3, /* sqrt 1/2 */
		0x3f490fdb, /* pi/4 */
		0x3fc90fdb, /* pi/2 */
		0x40490fdb, /* pi */
		0x4b000000, /* 2^23, integers from here on */
		0x4a800000, /* 2^22, halves below */
		0x3fc00000, /* 3/2 */
		0x40200000, /* 5/2 */
		0x5f18b878, /* cos, and sin of the next: inputs that a plain binary64 gets wrong */
		0x6115cb11, 0x73243f06,
	};
	static const uint32_t hyperbolic_edges[] = {
		0x42b2d4fc,             /* the last before sinh and cosh overflow */
		0x39800000, 0x3a000000, /* 2^-12 and 2^-11: cosh departs from 1, the odd ones from x */
		0x5f800000,             /* 2^64 */
	};
	static const uint32_t trig_edges[] = {
		0x39b504f3, 0x39800000, /* 2^-11.5, 2^-12: near here asin, atan and tan depart from x */
		0x3dc00000, 0x41400000, /* 3/32 and 12: between them atan is done in pieces */
		0x3f7fffff,             /* below 1 */
		0x4c800000,             /* 2^26: atan is pi/2 */
		0x4096cbe4, 0x40fb53d1, /* 3 pi/2, 5 pi/2: poles of tan */
	};
	bool trig = l->f == ORACLE_TAN || l->f == ORACLE_ASIN || l->f == ORACLE_ACOS || l->f == ORACLE_ATAN;
	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		emit(l, special[i]);
	emit(l, hardest[l->f]);
	emit(l, hardest[l->f] ^ 0x80000000);
	for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++)
		emit_around(l, edges[i], 3);
	for (size_t i = 0; hyperbolic && i < sizeof(hyperbolic_edges) / sizeof(hyperbolic_edges[0]); i++)
		emit_around(l, hyperbolic_edges[i], 3);
	for (size_t i = 0; trig && i < sizeof(trig_edges) / sizeof(trig_edges[0]); i++)
		emit_around(l, trig_edges[i], 3);
	for (uint32_t e = 0; e < 255; e += 3) /* powers of two and what is just below them */
		emit_around(l, e << 23 | (e * 2654435761u >> 9 & 1), 0);
}

static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15; /* splitmix64 */
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* Half of the inputs are any bits; half lie where the function is neither constant nor the identity. */
static uint32_t draw(enum oracle_function f, uint64_t *state)
{
	uint64_t z = next(state);
	double unit = (double)(z >> 11) * 0x1p-53;
	if (next(state) & 1)
		return (uint32_t)z;
	switch (f) {
	case ORACLE_EXP: return oracle_bits((float)(unit * 194 - 105));
	case ORACLE_LOG: return (uint32_t)z & 1 ? oracle_bits((float)(unit * 4)) : (uint32_t)(z >> 33);
	case ORACLE_TANH: return oracle_bits((float)(unit * 19 - 9.5));
	case ORACLE_ERF: return oracle_bits((float)(unit * 8 - 4));
	case ORACLE_FLOOR:
	case ORACLE_CEIL:
	case ORACLE_TRUNC:
	case ORACLE_ROUND: return oracle_bits((float)((z & 1 ? 8 : 1 << 22) * (2 * unit - 1)));
	case ORACLE_SIN:
	case ORACLE_COS:
	case ORACLE_TAN: return oracle_bits((float)((z & 1 ? 8 : 1 << 22) * (2 * unit - 1)));
	case ORACLE_EXPM1: return oracle_bits((float)((z & 1 ? 4 : 104) * (2 * unit - 1)));
	case ORACLE_LOG1P: return oracle_bits((float)((z & 1 ? 4 : 1000) * unit - 1));
	case ORACLE_SINH:
	case ORACLE_COSH: return oracle_bits((float)((z & 1 ? 4 : 90) * (2 * unit - 1)));
	case ORACLE_ASINH: return oracle_bits((float)((z & 1 ? 4 : 1 << 22) * (2 * unit - 1)));
	case ORACLE_ACOSH: return oracle_bits((float)(1 + (z & 1 ? 1 : 1000) * unit));
	case ORACLE_ATANH: return oracle_bits((float)(2 * unit - 1));
	case ORACLE_ASIN:
	case ORACLE_ACOS: return oracle_bits((float)(2 * unit - 1));
	case ORACLE_ATAN: return oracle_bits((float)((z & 1 ? 4 : 1 << 12) * (2 * unit - 1)));
	case ORACLE_COUNT: break;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static struct list list;
	list.f = argc >= 2 ? oracle_find(argv[1]) : ORACLE_COUNT;
	if (list.f == ORACLE_COUNT || argc > 3) {
		fprintf(stderr, "usage: gen_vectors FUNCTION [FILE of hex inputs]\n");
		return 2;
	}
	emit_edges(&list);
	if (argc == 3) {
		FILE *hard = fopen(argv[2], "r");
		char line[128];
		if (!hard) {
			fprintf(stderr, "gen_vectors: cannot open %s\n", argv[2]);
			return 1;
		}
		while (fgets(line, sizeof(line), hard))
			emit(&list, (uint32_t)strtoul(line, NULL, 16));
		fclose(hard);
	}
	uint64_t state = 1;
	while (list.count < LINES)
		emit(&list, draw(list.f, &state));
	mpfr_free_cache();
	return fflush(stdout) == 0 ? 0 : 1;
}
