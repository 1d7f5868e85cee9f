/* Hostile models and tensor files: the readers and the lowering take any bytes without harm. */
#include "validator/onnx/onnx.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gs_bytes bytes = {data, size};
	struct gs_program program;
	struct gs_onnx_report report;
	struct gs_error error = {0};
	struct gs_arena arena;
	struct gs_tensor tensor;

	if (gs_onnx_lower(bytes, NULL, &program, &report, &error) == GS_OK)
		GS_ASSERT(gs_program_check(&program, &error) == GS_OK);
	else
		GS_ASSERT(report.reason != GS_ONNX_LOWERED && error.text[0] != 0);
	gs_program_free(&program);
	gs_arena_init(&arena, 1 << 24);
	if (gs_tensor_from_file(bytes, &arena, &tensor, &error) == GS_OK)
		GS_ASSERT(gs_tensor_bytes(&tensor) <= size * 8);
	gs_arena_free(&arena);
	return 0;
}
