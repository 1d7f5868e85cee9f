#include "tests/support/onnx_run.h"

#include "challenge/machine/interpreter.h"
#include "challenge/machine/trace.h"

#include <stdio.h>
#include <stdlib.h>

struct onnx_run onnx_run(struct ob *o, const void *const *input)
{
	struct onnx_run r = {0};
	struct gs_buf b = ob_finish(o);
	struct gs_error error = {0};
	if (gs_onnx_lower(gs_buf_view(&b), NULL, &r.program, NULL, &error) != GS_OK) {
		fprintf(stderr, "refused: %s\n", error.text);
		abort();
	}
	const struct gs_program *p = &r.program;
	uint8_t *in = calloc(p->header.inputs_chunks + 1U, GS_CHUNK_BYTES);
	uint8_t *trace = calloc(1, gs_program_trace_bytes(p));
	GS_ASSERT(in != NULL && trace != NULL && p->io.outputs <= ONNX_RUN_OUTPUTS_MAX);
	for (uint32_t i = 0; i < p->io.inputs; i++)
		ob_pack((enum gs_dtype)p->io.input[i].dtype, input[i], gs_tensor_type_count(&p->io.input[i]),
		        in + (size_t)p->io.input[i].chunk * GS_CHUNK_BYTES);
	gs_interpret(p, &(struct gs_memory){.trace = trace, .weights = p->weights, .inputs = in});
	r.outputs = p->io.outputs;
	for (uint32_t i = 0; i < p->io.outputs; i++) {
		const struct gs_tensor_type *t = &p->io.output[i];
		r.count[i] = gs_tensor_type_count(t);
		r.output[i] = malloc(r.count[i] * gs_dtype_bytes((enum gs_dtype)t->dtype));
		GS_ASSERT(r.output[i] != NULL);
		ob_unpack((enum gs_dtype)t->dtype, trace + (size_t)(p->header.output_chunk + t->chunk) * GS_CHUNK_BYTES,
		          r.count[i], r.output[i]);
	}
	free(in);
	free(trace);
	gs_buf_free(&b);
	return r;
}

void onnx_run_free(struct onnx_run *r)
{
	for (unsigned i = 0; i < r->outputs; i++)
		free(r->output[i]);
	gs_program_free(&r->program);
	*r = (struct onnx_run){0};
}

enum gs_onnx_reason onnx_refusal(struct ob *o, struct gs_error *text)
{
	struct gs_error error = {0};
	struct gs_onnx_report report = {0};
	struct gs_program p;
	struct gs_buf b = ob_finish(o);
	if (gs_onnx_lower(gs_buf_view(&b), NULL, &p, &report, &error) == GS_OK)
		gs_program_free(&p);
	if (text != NULL)
		*text = error;
	gs_buf_free(&b);
	return report.reason;
}
