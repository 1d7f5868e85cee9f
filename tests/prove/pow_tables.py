#!/usr/bin/python3
"""Prints challenge/machine/pow_tables.h: the numbers of f32.pow's quick path, by integer arithmetic alone.

    pow_tables.py >challenge/machine/pow_tables.h

Every number is the floor of a real number, from series in units of 2^-GUARD. `make prove-math-two` compares the file
with what this prints."""

GUARD = 400
PLANTED, PLANTED_BIT = 8, 26  # the wrong bit that `make prove-math-selftest` must notice
ONE = 1 << GUARD


def atanh_inverse(n, d):
    """atanh(n/d) for 0 <= n/d <= 1/3."""
    term, total, j = ONE * n // d, 0, 0
    while term:
        total += term // (2 * j + 1)
        term = term * n * n // (d * d)
        j += 1
    return total


LN2 = 2 * atanh_inverse(1, 3)


def log2_ratio(n, d):
    """log2(n/d) for 1/2 <= n/d <= 2, signed."""
    if n < d:
        return -log2_ratio(d, n)
    return 2 * atanh_inverse(n - d, n + d) * ONE // LN2


def exp2_fraction(n, d):
    """2^(n/d), 0 <= n/d < 1."""
    t, term, total, j = LN2 * n // d, ONE, 0, 0
    while term:
        total += term
        j += 1
        term = (term * t >> GUARD) // j
    return total


def floor_bits(value, bits):
    """floor(value * 2^bits), value in units of 2^-GUARD."""
    return value >> (GUARD - bits)


def word(v):
    return "UINT64_C(0x%016x)" % (v & (1 << 64) - 1)


FIRST, LAST = 45, 90


def pieces():
    """(inverse in 2^-11, log2 of its reciprocal in 2^-118 as two words) for z in [i/64, (i + 1)/64)."""
    for i in range(FIRST, LAST + 1):
        inverse = 2048 if i in (63, 64) else round(2048 * 128 / (2 * i + 1))
        log = floor_bits(log2_ratio(2048, inverse), 118)
        yield inverse, log >> 64, log


def main():
    print("""/* challenge/machine/pow_tables.h: the numbers of f32.pow's quick path. Written by tests/prove/pow_tables.py; not edited. */
#ifndef GS_CHALLENGE_MACHINE_POW_TABLES_H
#define GS_CHALLENGE_MACHINE_POW_TABLES_H

#include <stdint.h>

/* For the prover's test of itself: one bit of one number, which it must notice. */
#ifdef GS_PROVE_PLANT
#define GS_POW_PLANT(planted, right) planted
#else
#define GS_POW_PLANT(planted, right) right
#endif

/* Pieces of [sqrt(1/2), sqrt(2)), 1/64 long, the first from 45/64 on: 2^11/c, and log2 c in units of 2^-118, two's
 * complement. c = 1 on both sides of 1. */
enum { GS_POW_PIECE_FIRST = %d, GS_POW_PIECES = %d };
static const struct {
	uint32_t inverse;
	uint64_t log_high, log_low;
} gs_pow_piece[GS_POW_PIECES] = {""" % (FIRST, LAST - FIRST + 1))
    for inverse, high, low in pieces():
        print("\t{%d, %s, %s}," % (inverse, word(high), word(low)))
    print("""};

/* 1/log 2 in units of 2^-96: two words. */
static const uint64_t gs_pow_inverse_log2[2] = {%s, %s};
""" % (word(floor_bits(ONE * ONE // LN2, 96) >> 64), word(floor_bits(ONE * ONE // LN2, 96))))
    print("/* 1/((j + 2) log 2) in units of 2^-64, j = 0 to 10. */")
    print("static const uint64_t gs_pow_log_term[11] = {")
    for j in range(11):
        print("\t%s," % word(floor_bits(ONE * ONE // (LN2 * (j + 2)), 64)))
    print("};\n\n/* 2^(i/32) in units of 2^-63. */\nstatic const uint64_t gs_pow_exp2[32] = {")
    for i in range(32):
        right = word(floor_bits(exp2_fraction(i, 32), 63))
        planted = word(floor_bits(exp2_fraction(i, 32), 63) ^ 1 << PLANTED_BIT)
        print("\t%s," % ("GS_POW_PLANT(%s, %s)" % (planted, right) if i == PLANTED else right))
    print("};\n\n/* (log 2)^j/j! in units of 2^-64, j = 1 to 9. */\nstatic const uint64_t gs_pow_exp_term[9] = {")
    term = ONE
    for j in range(1, 10):
        term = (term * LN2 >> GUARD) // j
        print("\t%s," % word(floor_bits(term, 64)))
    print("};\n\n/* log 2 in units of 2^-256 and 1/log 2 in units of 2^-255, lowest word first. */")
    for name, value in (("log2", floor_bits(LN2, 256)), ("inverse_log2", floor_bits(ONE * ONE // LN2, 255))):
        words = ",\n\t".join(word(value >> 64 * i) for i in range(4))
        print("static const uint64_t gs_pow_wide_%s[4] = {\n\t%s};" % (name, words))
    print("\n#endif")


main()
