/* validator/opengradient/decimal.h: the numbers of OpenGradient's chain, and binary32.
 *
 * A tensor's number on chain is Number(int128 value, int128 decimals) and stands for value * 10^-decimals, exactly. Here it becomes the binary32 that is nearest to it, ties to the
 * even one, subnormal numbers and overflow to infinity as IEEE 754 (4.3.1) has them: one bit pattern for each Number, whatever its digits and exponent. Exact integers are used
 * throughout, no conversion of the C library.
 *
 * The other way a binary32 becomes the shortest decimal that is read as the same number again; of several of that length the nearest to it, of two as near the one with an even last digit
 * (what repr() of Python gives for its floats, and numpy for float32). */
#ifndef GS_VALIDATOR_OPENGRADIENT_DECIMAL_H
#define GS_VALIDATOR_OPENGRADIENT_DECIMAL_H

#include "chain/core/core.h"

__extension__ typedef __int128 gs_int128;

struct gs_decimal {
	gs_int128 value;
	gs_int128 decimals;
};

/* The bits of the nearest binary32. A value of zero is +0; what is less than half of the least subnormal number is a zero of its sign. */
uint32_t gs_decimal_to_binary32(const struct gs_decimal *d);
/* The shortest decimal. A whole number below 2^127 has no decimals, a larger one negative ones; no other value ends in a zero. Both zeros are 0.
 * GS_EINVAL: an infinity or no number. */
GS_MUST enum gs_err gs_decimal_of_binary32(uint32_t bits, struct gs_decimal *out);
/* From an int128 as an ABI word: 32 bytes, big-endian, sign-extended. GS_EPARSE: it is not. */
GS_MUST enum gs_err gs_int128_from_word(const uint8_t word[32], gs_int128 *out);

#endif
