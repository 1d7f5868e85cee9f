/* validator/cli/answer.h: what a claim says of one input: the inputs array, the outputs, and their roots. */
#ifndef GS_VALIDATOR_CLI_ANSWER_H
#define GS_VALIDATOR_CLI_ANSWER_H

#include "validator/cli/model.h"

struct gs_answer {
	struct gs_run run; /* executed; its inputs array is the claim's */
	uint8_t *output;   /* owned: the output block, or of a tolerant model the claimed array */
	struct gs_bytes input_view, output_view;
	struct gs_hash input_root, output_root;
};

/* Executes the program. given: outputs to claim in the place of the computed ones; one without tensors: none. Those of an exact
 * model are claimed right or wrong. Those of a tolerant model are compared by the program itself, and GS_EINVAL tells that they are
 * outside the tolerance, unless `unchecked`. GS_EINVAL too: tensors that do not fit. *out: gs_answer_free, in every case. */
GS_MUST enum gs_err gs_answer_make(const struct gs_program *program, const struct gs_tensor_set *inputs,
                                   const struct gs_tensor_set *given, bool unchecked, unsigned threads,
                                   struct gs_answer *out, struct gs_error *error);
void gs_answer_free(struct gs_answer *answer); /* twice is fine */

#endif
