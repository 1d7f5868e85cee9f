/* challenge/machine/judge.h: the C mirror of the Judge contract: one scalar step from a descriptor and openings.
 *
 * A FOLD element of K terms has the states s_0 = init, s_1 .. s_K and the stored output; step t computes
 *   t = 0        s_0 from init          t = 1 .. K   s_t = g(s_(t-1), x0, x1) of term t - 1
 *   t = K + 1    the output bits = store(e(s_K))
 * A MAP element has one step, t = 0, and so has a padding element (index >= count), whose value is zero.
 * Source: docs/machine.md, "Judged steps". */
#ifndef GS_CHALLENGE_MACHINE_JUDGE_H
#define GS_CHALLENGE_MACHINE_JUDGE_H

#include "challenge/machine/interpreter.h"
#include "challenge/machine/merkle.h"

/* One chunk that a step must read, in the order in which the judge consumes openings. */
struct gs_step_read {
	uint8_t space;  /* enum gs_space */
	uint32_t chunk; /* in that array */
};

/* Supplies chunk bytes for a read; the caller has verified them against the root (or will). */
typedef const uint8_t *(*gs_chunk_source)(void *self, uint8_t space, uint32_t chunk);

/* What a judged step was, for people and for independent recomputation. */
struct gs_step_record {
	uint8_t kind; /* enum gs_step_kind */
	bool skipped; /* a body step that left the accumulator as it was */
	unsigned
		fn; /* the function applied: f, g; 0 for init, final and padding. Of a `first`, a is the operand that was taken */
	gs_reg a, b, c;
	gs_reg fn_result;
	unsigned epilogue; /* 0 for none */
	gs_reg epilogue_in;
	gs_reg epilogue_out;
	uint64_t result; /* register bits (init, body) or stored bits (map, final, padding) */
	unsigned reads;
	struct gs_step_read read[GS_OPENINGS_MAX];
};
enum gs_step_kind { GS_STEP_PADDING = 1, GS_STEP_MAP = 2, GS_STEP_INIT = 3, GS_STEP_BODY = 4, GS_STEP_FINAL = 5 };

/* Computes step t of element `element` (may be a padding element: >= count). prev = s_(t-1) for body and final.
 * The source is called once a read, in consumption order: operands in order, an indirect index before its tensor.
 * The instruction must be well formed. */
void gs_judge_step(const struct gs_instr *in, uint64_t element, uint32_t t, gs_reg prev, gs_chunk_source source,
                   void *self, struct gs_step_record *out);

#endif
