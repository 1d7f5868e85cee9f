/* tests/support/exec_case.h: one instruction, run by every form of the executor and compared with the reference
 * interpreter to the bit. */
#ifndef GS_TESTS_SUPPORT_EXEC_CASE_H
#define GS_TESTS_SUPPORT_EXEC_CASE_H

#include "chain/core/rng.h"
#include "challenge/machine/interpreter.h"

/* An operand of the class of binary32: `count` random elements of dtype in the weights or the inputs, read at
 * sum coef[a]*axis[a] plus what rows are added. Numbers of all magnitudes, and among them zeros of both signs, subnormals,
 * infinities and NaNs with payloads, one in `special` (0: none). */
struct gs_exec_case {
	struct gs_instr in;
	struct gs_rng rng;
	uint8_t *array[3]; /* by enum gs_space; owned */
	uint64_t chunks[3];
	unsigned special;
	unsigned packs;   /* runs in a form of fast.h that had packed constants beforehand */
	unsigned vectors; /* runs as a product of one vector with a packed matrix */
	unsigned narrow;  /* runs that begin as products of rows that are narrowed where they lie */
	const char *form; /* after a comparison: of fast.h, or NULL */
};

void gs_exec_case_begin(struct gs_exec_case *c, uint64_t seed);
void gs_exec_case_free(struct gs_exec_case *c);

struct gs_operand gs_exec_case_tensor(struct gs_exec_case *c, uint8_t space, uint8_t dtype, uint64_t count);
/* The same of an integer class: random numbers from low to high, both of them among the first. */
struct gs_operand gs_exec_case_integers(struct gs_exec_case *c, uint8_t space, uint8_t dtype, uint64_t count,
                                        int64_t low, int64_t high);
/* Adds a coordinate to an operand's view. */
struct gs_row *gs_exec_case_row(struct gs_operand *op, uint64_t extent, uint64_t stride, int64_t offset);
/* Gives it an epilogue: none, one that tiles can do, or any other; and a type to store. */
void gs_exec_case_finish(struct gs_exec_case *c);

/* Runs the instruction as contraction with every table of kernels that this processor has, with and without constants
 * packed before, with 1 and 3 threads, in its form of fast.h if it has one, and by lines. Fails the test where a byte differs. *contraction: was it one? */
void gs_exec_case_compare(struct gs_exec_case *c, uint64_t seed, bool *contraction);

#endif
