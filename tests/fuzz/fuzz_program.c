/* Program files: read, or refused with a line of text; what is read can be written back to the same bytes. */
#include "challenge/machine/program.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gs_program p;
	struct gs_error error = {0};
	struct gs_buf again;
	if (gs_program_read((struct gs_bytes){data, size}, &p, &error) != GS_OK) {
		if (error.text[0] == 0)
			abort();
		return 0;
	}
	gs_buf_init(&again, size + 1);
	if (gs_program_write(&p, &again) != GS_OK || again.len != size || memcmp(again.ptr, data, size) != 0)
		abort();
	gs_buf_free(&again);
	gs_program_free(&p);
	return 0;
}
