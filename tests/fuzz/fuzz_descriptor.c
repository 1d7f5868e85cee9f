/* Descriptors: whatever is accepted encodes to the same bytes. */
#include "challenge/machine/program.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gs_instr in;
	uint8_t again[GS_DESCRIPTOR_BYTES_MAX];
	size_t len;
	if (gs_instr_decode((struct gs_bytes){data, size}, &in, NULL) != GS_OK)
		return 0;
	if (gs_instr_encode(&in, again, &len) != GS_OK || len != size || memcmp(again, data, size) != 0)
		abort();
	return 0;
}
