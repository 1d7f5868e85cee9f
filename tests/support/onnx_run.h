/* tests/support/onnx_run.h: lowers a small model and runs it by the reference interpreter. */
#ifndef GS_TESTS_SUPPORT_ONNX_RUN_H
#define GS_TESTS_SUPPORT_ONNX_RUN_H

#include "challenge/machine/program.h"
#include "tests/support/onnx_builder.h"
#include "validator/onnx/onnx.h"

enum { ONNX_RUN_OUTPUTS_MAX = 8 };

struct onnx_run {
	struct gs_program program;
	unsigned outputs;
	void *output[ONNX_RUN_OUTPUTS_MAX]; /* elements as the host keeps them */
	uint64_t count[ONNX_RUN_OUTPUTS_MAX];
};

/* Ends the process with the lowering's text when the model is refused. input[i]: the program's input i, as the host
 * keeps it. Empties the builder; onnx_run_free. */
struct onnx_run onnx_run(struct ob *o, const void *const *input);
void onnx_run_free(struct onnx_run *r);
/* The reason of the refusal; GS_ONNX_LOWERED when there was none. Empties the builder. text may be NULL. */
enum gs_onnx_reason onnx_refusal(struct ob *o, struct gs_error *text);

#endif
