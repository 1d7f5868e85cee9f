/* challenge/machine/trace.c: chunks and the tree over them. */
#include "challenge/machine/trace.h"

#include <stdlib.h>
#include <string.h>

enum {
	WINDOW = 1 << 16, /* chunks, 8 MiB: how much is hashed before its memory may rest */
	ENOUGH = 1 << 10, /* chunks, 128 KiB: to be hashed at once by one thread; still in its second-level cache */
	ENOUGH_TO_SHARE = 1 << 12, /* the same by several: some blocks of the tree */
};

static enum gs_err take(const struct gs_trace *t, uint64_t chunks, uint8_t **out, struct gs_error *error)
{
	if (t->home.take != NULL)
		return t->home.take(t->home.self, chunks * GS_CHUNK_BYTES, out, error);
	*out = calloc((size_t)chunks, GS_CHUNK_BYTES);
	if (*out == NULL)
		return gs_fail(error, GS_ENOMEM, "no memory for a trace of %llu chunks", (unsigned long long)chunks);
	return GS_OK;
}

static void give_back(struct gs_trace *t)
{
	if (t->home.give_back != NULL && t->chunks != NULL)
		t->home.give_back(t->home.self, t->chunks);
	else
		free(t->chunks);
	t->chunks = NULL;
}

static void uncommit(struct gs_trace *t)
{
	gs_merkle_stream_free(&t->stream);
	gs_merkle_free(&t->tree);
	t->committed = false;
}

enum gs_err gs_trace_init_at(struct gs_trace *t, unsigned depth, uint64_t present, const struct gs_trace_home *home,
                             struct gs_error *error)
{
	memset(t, 0, sizeof(*t));
	GS_ASSERT(depth <= GS_TRACE_DEPTH_MAX && present >= 1 && present <= UINT64_C(1) << depth);
	if (home != NULL)
		t->home = *home;
	enum gs_err err = take(t, present, &t->chunks, error);
	if (err != GS_OK)
		return err;
	t->depth = depth;
	t->present = present;
	return GS_OK;
}

enum gs_err gs_trace_init(struct gs_trace *t, unsigned depth, uint64_t present)
{
	return gs_trace_init_at(t, depth, present, NULL, NULL);
}

enum gs_err gs_trace_init_for(struct gs_trace *t, const struct gs_program *p)
{
	return gs_trace_init(t, p->header.trace_depth, gs_program_trace_bytes(p) / GS_CHUNK_BYTES);
}

enum gs_err gs_trace_reach(struct gs_trace *t, uint64_t index)
{
	GS_ASSERT(index < UINT64_C(1) << t->depth);
	uncommit(t);
	if (index < t->present)
		return GS_OK;
	uint8_t *chunks;
	enum gs_err err = take(t, index + 1, &chunks, NULL);
	if (err != GS_OK)
		return err;
	memcpy(chunks, t->chunks, (size_t)t->present * GS_CHUNK_BYTES);
	give_back(t);
	t->chunks = chunks;
	t->present = index + 1;
	return GS_OK;
}

enum gs_err gs_trace_commit_begin(struct gs_trace *t, const struct gs_merkle_spread *spread)
{
	t->committed = false;
	gs_merkle_stream_free(&t->stream);
	unsigned base = t->whole ? 0 : gs_merkle_base_for(t->present);
	enum gs_err err = gs_merkle_stream_init(&t->stream, NULL, t->present, t->depth, base, &t->tree);
	if (err == GS_OK && spread != NULL)
		t->stream.spread = *spread;
	t->pending = t->final = 0;
	return err;
}

/* Hashes what is pending, up to a chunk. */
static void hash_up_to(struct gs_trace *t, uint64_t end)
{
	while (t->pending < end) {
		uint64_t part = end - t->pending < WINDOW ? end - t->pending : WINDOW;
		const uint8_t *data = t->chunks + t->pending * GS_CHUNK_BYTES;
		gs_merkle_stream_append(&t->stream, t->pending, data, part);
		if (t->home.rest != NULL)
			t->home.rest(t->home.self, data, part * GS_CHUNK_BYTES);
		t->pending += part;
	}
}

void gs_trace_commit_chunks(struct gs_trace *t, uint64_t first, uint64_t chunks)
{
	const uint64_t block = UINT64_C(1) << t->tree.base;
	GS_ASSERT(first >= t->final && first <= t->present && chunks <= t->present - first);
	if (first != t->final) { /* what lies between is zero, and may not look so */
		hash_up_to(t, t->final);
		t->pending = first;
	}
	t->final = first + chunks;
	if (t->final - t->pending >= (t->stream.spread.run != NULL ? ENOUGH_TO_SHARE : ENOUGH))
		hash_up_to(t, t->final & ~(block - 1)); /* from now on whole blocks */
}

void gs_trace_commit_end(struct gs_trace *t)
{
	hash_up_to(t, t->final);
	gs_merkle_stream_finish(&t->stream, t->chunks);
	t->committed = true;
}

enum gs_err gs_trace_commit(struct gs_trace *t)
{
	enum gs_err err = gs_trace_commit_begin(t, NULL);
	if (err != GS_OK)
		return err;
	gs_trace_commit_chunks(t, 0, t->present);
	gs_trace_commit_end(t);
	return GS_OK;
}

void gs_trace_free(struct gs_trace *t)
{
	if (t == NULL)
		return;
	give_back(t);
	uncommit(t);
	memset(t, 0, sizeof(*t));
}

static void want(const struct gs_trace *t, uint64_t first, uint64_t chunks)
{
	uint64_t there = t->present - first;
	if (t->home.want != NULL)
		t->home.want(t->home.self, t->chunks + first * GS_CHUNK_BYTES,
		             (chunks < there ? chunks : there) * GS_CHUNK_BYTES);
}

void gs_trace_chunk(const struct gs_trace *t, uint64_t index, uint8_t out[GS_CHUNK_BYTES])
{
	GS_ASSERT(index < UINT64_C(1) << t->depth);
	if (index < t->present) {
		want(t, index, 1);
		memcpy(out, t->chunks + index * GS_CHUNK_BYTES, GS_CHUNK_BYTES);
	} else
		memset(out, 0, GS_CHUNK_BYTES);
}

void gs_trace_node(const struct gs_trace *t, unsigned level, uint64_t index, struct gs_hash *out)
{
	GS_ASSERT(t->committed);
	uint64_t first = index << level;
	if (level < t->tree.base && first < t->present)
		want(t, first, UINT64_C(1) << level);
	gs_merkle_get(&t->tree, level, index, out);
}

void gs_trace_path(const struct gs_trace *t, uint64_t index, struct gs_hash *out)
{
	GS_ASSERT(t->committed);
	uint64_t block = UINT64_C(1) << t->tree.base, first = index & ~(block - 1);
	if (first < t->present)
		want(t, first, block);
	gs_merkle_path(&t->tree, 0, index, t->depth, out);
}

void gs_trace_root(const struct gs_trace *t, struct gs_hash *out)
{
	gs_trace_node(t, t->depth, 0, out);
}

void gs_trace_output_root(const struct gs_trace *t, const struct gs_header *header, struct gs_hash *out)
{
	gs_trace_node(t, header->output_depth, header->output_chunk >> header->output_depth, out);
}
