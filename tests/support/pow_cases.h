/* tests/support/pow_cases.h: operands for f32.pow where it is hard: ties, exact powers, thresholds, bases next to 1.
 *
 * Drawn from a seed; the C library's log2 and exp2 choose the neighbourhoods, which decides nothing about results. */
#ifndef GS_TESTS_SUPPORT_POW_CASES_H
#define GS_TESTS_SUPPORT_POW_CASES_H

#include <stddef.h>
#include <stdint.h>

enum { POW_CASE_KINDS = 16 };

/* The next of a stream of 64-bit numbers (splitmix64). */
uint64_t pow_next(uint64_t *state);
/* One pair, as bits of binary32. kind below POW_CASE_KINDS; pow_kind_name says what it draws. */
void pow_case(uint64_t *state, unsigned kind, uint32_t *a, uint32_t *b);
const char *pow_kind_name(unsigned kind);
/* Special values; pairs of all of them belong to every table of cases. */
size_t pow_specials(void);
uint32_t pow_special(size_t i);

#endif
