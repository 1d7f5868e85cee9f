/* ONNX models: lowered to a program that is well formed, or refused with a line of text. */
#include "validator/onnx/onnx.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gs_program p;
	struct gs_error error = {0};
	struct gs_onnx_options options = {0};
	if (gs_onnx_lower((struct gs_bytes){data, size}, &options, &p, NULL, &error) != GS_OK) {
		if (error.text[0] == 0)
			abort();
		return 0;
	}
	if (gs_program_check(&p, &error) != GS_OK)
		abort();
	gs_program_free(&p);
	return 0;
}
