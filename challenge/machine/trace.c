/* challenge/machine/trace.c: chunks in memory and the tree over them. */
#include "challenge/machine/trace.h"

#include <stdlib.h>
#include <string.h>

enum gs_err gs_trace_init(struct gs_trace *t, unsigned depth, uint64_t present)
{
	memset(t, 0, sizeof(*t));
	GS_ASSERT(depth <= GS_TRACE_DEPTH_MAX && present >= 1 && present <= UINT64_C(1) << depth);
	t->chunks = calloc((size_t)present, GS_CHUNK_BYTES);
	if (t->chunks == NULL)
		return GS_ENOMEM;
	t->depth = depth;
	t->present = present;
	return GS_OK;
}

enum gs_err gs_trace_init_for(struct gs_trace *t, const struct gs_program *p)
{
	return gs_trace_init(t, p->header.trace_depth, gs_program_trace_bytes(p) / GS_CHUNK_BYTES);
}

enum gs_err gs_trace_reach(struct gs_trace *t, uint64_t index)
{
	GS_ASSERT(index < UINT64_C(1) << t->depth);
	gs_merkle_free(&t->tree);
	t->committed = false;
	if (index < t->present)
		return GS_OK;
	uint8_t *chunks = realloc(t->chunks, (size_t)(index + 1) * GS_CHUNK_BYTES);
	if (chunks == NULL)
		return GS_ENOMEM;
	memset(chunks + t->present * GS_CHUNK_BYTES, 0, (size_t)(index + 1 - t->present) * GS_CHUNK_BYTES);
	t->chunks = chunks;
	t->present = index + 1;
	return GS_OK;
}

enum gs_err gs_trace_commit(struct gs_trace *t)
{
	gs_merkle_free(&t->tree);
	t->committed = false;
	enum gs_err err = gs_merkle_build(t->chunks, t->present, t->depth, &t->tree);
	t->committed = err == GS_OK;
	return err;
}

void gs_trace_free(struct gs_trace *t)
{
	if (t == NULL)
		return;
	free(t->chunks);
	gs_merkle_free(&t->tree);
	memset(t, 0, sizeof(*t));
}

void gs_trace_chunk(const struct gs_trace *t, uint64_t index, uint8_t out[GS_CHUNK_BYTES])
{
	GS_ASSERT(index < UINT64_C(1) << t->depth);
	if (index < t->present)
		memcpy(out, t->chunks + index * GS_CHUNK_BYTES, GS_CHUNK_BYTES);
	else
		memset(out, 0, GS_CHUNK_BYTES);
}

void gs_trace_node(const struct gs_trace *t, unsigned level, uint64_t index, struct gs_hash *out)
{
	GS_ASSERT(t->committed);
	gs_merkle_get(&t->tree, level, index, out);
}

void gs_trace_root(const struct gs_trace *t, struct gs_hash *out)
{
	gs_trace_node(t, t->depth, 0, out);
}

void gs_trace_output_root(const struct gs_trace *t, const struct gs_header *header, struct gs_hash *out)
{
	gs_trace_node(t, header->output_depth, header->output_chunk >> header->output_depth, out);
}
