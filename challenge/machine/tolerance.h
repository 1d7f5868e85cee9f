/* challenge/machine/tolerance.h: how a tolerant model's program compares what is claimed with what is right.
 *
 * A tolerant model is an exact program and behind it a comparison: element by element, each claimed output (space 3) with
 * the canonical one, folded to one i32 that is 1 when all of them hold. Source: docs/machine.md, section 3.4, and
 * docs/operators.md, "Tolerant models". */
#ifndef GS_CHALLENGE_MACHINE_TOLERANCE_H
#define GS_CHALLENGE_MACHINE_TOLERANCE_H

#include "challenge/machine/listing.h"

enum { GS_COMPARISON_TERMS_MAX = 4096 }; /* results that one fold of a comparison joins */

/* Appends the comparison to the instructions of an exact program, whose last `outputs` write the outputs, and of which
 * views of the trace name the producer. The tolerances are binary32 bits within the header's limits. GS_ELIMIT, GS_ENOMEM;
 * the listing may have grown then. */
GS_MUST enum gs_err gs_tolerance_append(struct gs_listing *listing, uint32_t outputs, uint32_t absolute,
                                        uint32_t relative, struct gs_error *error);

/* What a program's reader asks besides W1 to W8: every `within` takes the header's tolerances as the constant c, and an
 * exact program has none. GS_EPARSE. */
GS_MUST enum gs_err gs_tolerance_check(const struct gs_program *p, struct gs_error *error);

/* The trace chunk from which the canonical value of output k < io.outputs lies, packed as io says: of an exact program in
 * the output block, of a tolerant one where the comparison reads it. GS_EUNSUPPORTED for a tolerant program that does not
 * compare as gs_tolerance_append makes it: well formed, and judged like any other, but nobody can say what it would answer. */
GS_MUST enum gs_err gs_program_canonical_output(const struct gs_program *p, uint32_t k, uint32_t *chunk,
                                                struct gs_error *error);
/* Tolerant programs: the first instruction of which it, or a later one, reads the claimed outputs; what is before it is the
 * same for all claims about one input. Exact ones: the number of instructions. */
uint32_t gs_program_comparison(const struct gs_program *p);

/* Whether a run's output block says that the claimed outputs are right. Of a tolerant program only. */
bool gs_program_accepts(const struct gs_program *p, const uint8_t *trace);

#endif
