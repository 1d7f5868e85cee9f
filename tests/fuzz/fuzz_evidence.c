/* Evidence files: whatever the bytes are, they are refused or are written again as they are; and what is taken is looked through without harm. */
#include <stdlib.h>
#include <string.h>

#include "chain/core/hash.h"
#include "validator/daemon/evidence.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void tell(void *context, const char *part, enum gs_evidence_finding finding, const char *words)
{
	size_t *told = context;

	*told += strlen(part) + strlen(words) + (size_t)finding;
}

static void look(struct gs_bytes bytes)
{
	struct gs_evidence_options options = {.tell = tell};
	struct gs_evidence e;
	struct gs_buf again;
	size_t told = 0;

	options.context = &told;
	if (gs_evidence_decode(bytes, &e, NULL) != GS_OK)
		return;
	told += (size_t)gs_evidence_check(&e, &options, NULL);
	gs_buf_init(&again, GS_EVIDENCE_BYTES_MAX);
	gs_evidence_encode(&e, &again);
	struct gs_evidence twice;
	if (again.err || gs_evidence_decode(gs_buf_view(&again), &twice, NULL) != GS_OK)
		abort();
	gs_buf_free(&again);
}

/* As they are, and with the digest of what is before it in its place: else nothing would come past it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gs_hash digest;
	uint8_t *copy;

	look((struct gs_bytes){data, size});
	if (size < 34)
		return 0;
	copy = malloc(size);
	if (!copy)
		return 0;
	memcpy(copy, data, size);
	gs_keccak256(copy, size - 34, &digest);
	copy[size - 34] = 0xc4;
	copy[size - 33] = 32;
	memcpy(copy + size - 32, digest.b, 32);
	look((struct gs_bytes){copy, size});
	free(copy);
	return 0;
}
