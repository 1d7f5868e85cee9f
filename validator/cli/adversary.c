#include "validator/cli/adversary.h"

#include <string.h>

static enum gs_err replace_outputs(void *self, const struct gs_program *program, struct gs_bytes claimed,
                                   struct gs_trace *trace)
{
	const struct gs_header *h = &program->header;
	const size_t bytes = (size_t)GS_CHUNK_BYTES << h->output_depth;
	enum gs_err err;

	(void)self;
	if (claimed.len > bytes)
		return GS_EINVAL;
	for (size_t chunk = 0; chunk * GS_CHUNK_BYTES < bytes; chunk++) {
		const size_t at = chunk * GS_CHUNK_BYTES;
		const size_t given = claimed.len > at ? claimed.len - at : 0;
		const size_t len = given < GS_CHUNK_BYTES ? given : GS_CHUNK_BYTES;
		uint8_t value[GS_CHUNK_BYTES] = {0};
		if (len)
			memcpy(value, claimed.ptr + at, len);
		if ((err = gs_trace_reach(trace, h->output_chunk + chunk)))
			return err;
		memcpy(trace->chunks + (h->output_chunk + chunk) * GS_CHUNK_BYTES, value, GS_CHUNK_BYTES);
	}
	return GS_OK;
}

enum gs_err gs_adversary_from_text(const char *text, struct gs_work_adversary *out, struct gs_error *error)
{
	if (strcmp(text, "outputs") != 0)
		return gs_fail(error, GS_EINVAL, "--adversary %.60s: unknown kind; the only one is outputs", text);
	*out = (struct gs_work_adversary){.self = NULL, .corrupt = replace_outputs};
	return GS_OK;
}
