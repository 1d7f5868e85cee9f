/* tests/mirror/mirror.h: the functions of Elementary.sol in C, integer for integer.
 *
 * Two copies of the same algorithm, so that one can be trusted and the other run 2^32 times:
 *
 *   literal.c  a line of C for a line of the contract, over words of 256 bits that wrap as the EVM's do (word.h). Every
 *              product and every quantity with a bound in docs/elementary-onchain.md is checked: a word beyond its bound ends the
 *              program. Some microseconds an evaluation.
 *   mirror.c   the same integers in the fewest limbs that hold them (wide.h), some fifty nanoseconds.
 *
 * The unit test compares their values before the rounding, and both results; `make prove-mirror` runs the fast one over
 * every input against MPFR. Constants come from the contract's text (constants.py). */
#ifndef GS_TESTS_MIRROR_MIRROR_H
#define GS_TESTS_MIRROR_MIRROR_H

#include "tests/mirror/wide.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the order of the table's codes. */
enum mirror_function {
	MIRROR_F_EXP,
	MIRROR_F_LOG,
	MIRROR_F_TANH,
	MIRROR_F_ERF,
	MIRROR_F_SIN,
	MIRROR_F_COS,
	MIRROR_F_EXPM1,
	MIRROR_F_LOG1P,
	MIRROR_F_ATAN,
	MIRROR_F_TAN,
	MIRROR_F_ASIN,
	MIRROR_F_ACOS,
	MIRROR_F_SINH,
	MIRROR_F_COSH,
	MIRROR_F_ASINH,
	MIRROR_F_ACOSH,
	MIRROR_F_ATANH,
	MIRROR_F_COUNT
};

extern const char *const mirror_names[MIRROR_F_COUNT];

/* The function of this name, or MIRROR_F_COUNT. */
enum mirror_function mirror_find(const char *name);

/* What a function is about to round: (-1)^sign magnitude 2^exponent; or the answer itself, where it has it without. */
struct mirror_value {
	bool final;
	uint32_t bits; /* the answer when final, else 0 or the sign bit */
	struct wide magnitude;
	int exponent;
};

/* The fast copy: the value, its rounding, and the answers of a run of inputs (any NaN in gives 7fc00000). */
struct mirror_value mirror_value(enum mirror_function f, uint32_t x);
uint32_t mirror_round(struct mirror_value v);
void mirror_run(enum mirror_function f, uint32_t first, uint32_t count, uint32_t *got);

/* The literal copy, and the contract's own rounding. */
struct mirror_value literal_value(enum mirror_function f, uint32_t x);
uint32_t literal_round(struct mirror_value v);

#endif
