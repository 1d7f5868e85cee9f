/* challenge/machine/within.h: the comparison of tolerant claims, exact in real numbers.
 *
 * Source: docs/machine.md, section 2.2. */
#ifndef GS_CHALLENGE_MACHINE_WITHIN_H
#define GS_CHALLENGE_MACHINE_WITHIN_H

#include "challenge/machine/number.h"

/* a (claimed) and b (canonical) are binary32 bits, c is the absolute tolerance's bits << 32 | the relative one's. Where all
 * four are finite and neither tolerance is below zero: 1 when |a - b| <= A + R*|b|, or else 0. Otherwise: 1 when a and b are
 * the same register (NaNs made canonical), or else 0. */
uint32_t gs_within(uint32_t a, uint32_t b, uint64_t c);
/* The register c. */
gs_reg gs_within_tolerance(uint32_t absolute, uint32_t relative);

#endif
