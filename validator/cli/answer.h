/* validator/cli/answer.h: what a claim says of one input: the inputs array, the output block, and their roots. */
#ifndef GS_VALIDATOR_CLI_ANSWER_H
#define GS_VALIDATOR_CLI_ANSWER_H

#include "validator/cli/model.h"

struct gs_answer {
	struct gs_run run; /* executed; its inputs array is the claim's */
	uint8_t *output;   /* owned: the output block */
	struct gs_bytes input_view, output_view;
	struct gs_hash input_root, output_root;
};

/* Executes the program. given: outputs to claim in the place of the computed ones, right or wrong; one without tensors: none.
 * GS_EINVAL: tensors that do not fit. *out: gs_answer_free, in every case. */
GS_MUST enum gs_err gs_answer_make(const struct gs_program *program, const struct gs_tensor_set *inputs,
                                   const struct gs_tensor_set *given, unsigned threads, struct gs_answer *out,
                                   struct gs_error *error);
void gs_answer_free(struct gs_answer *answer); /* twice is fine */

#endif
