/* validator/cli/dispute_setup.h: a model, an input, and the honest execution that both parties start from. */
#ifndef GS_VALIDATOR_CLI_DISPUTE_SETUP_H
#define GS_VALIDATOR_CLI_DISPUTE_SETUP_H

#include "validator/cli/model.h"
#include "validator/exec/prover_trace.h"

struct gs_dispute_setup {
	struct gs_program program;     /* owned */
	uint8_t *inputs;               /* owned: header.inputs_chunks chunks */
	uint8_t *claimed;              /* owned; of a tolerant model: the outputs that the claim states */
	bool given;                    /* they were named, and are not what an execution gives */
	struct gs_trace trace;         /* owned; honest, committed */
	struct gs_commitments common;  /* owned */
	struct gs_prover_trace honest; /* over the above; *setup must not move */
	unsigned threads;
	double execute_s;
	double commit_s;
};

/* A tolerant model's claim states the canonical outputs (dispute_claimed.h names others).
 * inputs: .pb and .npy tensors as for `infer`; for a program file also one .bin with the whole inputs array.
 * Free with gs_dispute_setup_free, also after a failure. */
GS_MUST enum gs_err gs_dispute_setup_load(const char *model, const char *const *inputs, size_t input_count,
                                          unsigned threads, struct gs_dispute_setup *out, struct gs_error *error);
void gs_dispute_setup_free(struct gs_dispute_setup *setup);

double gs_dispute_now_s(void); /* monotonic */

#endif
