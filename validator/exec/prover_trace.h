/* validator/exec/prover_trace.h: a prover over a kept trace.
 *
 * The arrays that both players hold alike (weights, inputs, claimed outputs, descriptors) have their trees in struct gs_commitments,
 * built once for a model and an input and shared by every prover; the trace is each player's own. */
#ifndef GS_VALIDATOR_EXEC_PROVER_TRACE_H
#define GS_VALIDATOR_EXEC_PROVER_TRACE_H

#include "challenge/machine/prover.h"
#include "challenge/machine/trace.h"

struct gs_commitments {
	const struct gs_program *program; /* borrowed */
	const uint8_t *inputs;            /* borrowed: header.inputs_chunks chunks */
	const uint8_t *claimed;           /* borrowed: header.claimed_chunks chunks; NULL until gs_commitments_claim */
	struct gs_merkle weights_tree;
	struct gs_merkle inputs_tree;
	struct gs_merkle claimed_tree;
	struct gs_merkle program_tree;
};

/* program and inputs must outlive *out. GS_ENOMEM. */
GS_MUST enum gs_err gs_commitments_build(const struct gs_program *program, const uint8_t *inputs,
                                         struct gs_commitments *out);
/* Of a tolerant program, the outputs that the claim states: they must outlive *c, and take the place of others that it had.
 * Without them its provers cannot be asked for space 3. GS_ENOMEM, and *c is as it was. */
GS_MUST enum gs_err gs_commitments_claim(struct gs_commitments *c, const uint8_t *claimed);
void gs_commitments_free(struct gs_commitments *c);

struct gs_prover_trace {
	const struct gs_commitments *common; /* borrowed */
	const struct gs_trace *trace;        /* borrowed; committed */
	/* Borrowed: room for GS_FOLD_MAX + 1, or NULL. With it all states of the fold that was asked for last are kept: a game
	 * asks for one fold three times, and where operands lie in a file the first answer may have to wait for the disk. */
	gs_reg *states;
	bool kept; /* the prover's own: states are those of this element */
	uint32_t instruction;
	uint64_t element;
};

/* The prover's self is *self; both arguments must outlive it. */
struct gs_prover gs_prover_over_trace(struct gs_prover_trace *self);
/* Reads as judge steps need them: chunks of the prover's arrays. */
struct gs_memory gs_prover_trace_memory(const struct gs_prover_trace *self);

#endif
