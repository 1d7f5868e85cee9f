/* The header's seventeen words and the io bytes. */
#include "chain/core/hash.h"
#include "challenge/machine/io.h"
#include "challenge/machine/program.h"
#include "challenge/machine/wire.h"

#include <stdlib.h>
#include <string.h>

static const char domain_text[] = "gainsay.model";

static void put_word_uint(uint8_t *word, uint64_t v)
{
	memset(word, 0, 24);
	gs_be64_write(word + 24, v);
}

void gs_header_encode(const struct gs_header *h, uint8_t out[GS_HEADER_BYTES])
{
	struct gs_hash domain;
	gs_keccak256(domain_text, sizeof(domain_text) - 1, &domain);
	memcpy(out, domain.b, 32);
	put_word_uint(out + 1 * 32, h->law);
	put_word_uint(out + 2 * 32, h->lowering);
	memcpy(out + 3 * 32, h->onnx_hash.b, 32);
	memcpy(out + 4 * 32, h->program_root.b, 32);
	put_word_uint(out + 5 * 32, h->instructions);
	memcpy(out + 6 * 32, h->weights_root.b, 32);
	put_word_uint(out + 7 * 32, h->weights_chunks);
	put_word_uint(out + 8 * 32, h->inputs_chunks);
	put_word_uint(out + 9 * 32, h->trace_depth);
	put_word_uint(out + 10 * 32, h->output_chunk);
	put_word_uint(out + 11 * 32, h->output_depth);
	put_word_uint(out + 12 * 32, h->outputs);
	put_word_uint(out + 13 * 32, h->cost);
	put_word_uint(out + 14 * 32, h->tolerance_abs);
	put_word_uint(out + 15 * 32, (uint64_t)h->claimed_chunks << 32 | h->tolerance_rel);
	memcpy(out + 16 * 32, h->io_hash.b, 32);
}

/* A word that must hold a number of at most max. */
static uint64_t word_uint(const uint8_t *word, uint64_t max, bool *bad)
{
	for (unsigned i = 0; i < 24; i++)
		*bad |= word[i] != 0;
	uint64_t v = gs_be64_read(word + 24);
	*bad |= v > max;
	return v;
}

enum gs_err gs_header_check_tolerance(const struct gs_header *h, struct gs_error *error)
{
	if (!gs_header_tolerant(h))
		return GS_OK;
	if (h->tolerance_abs > GS_TOLERANCE_ABS_MAX || h->tolerance_rel > GS_TOLERANCE_REL_MAX)
		return gs_fail(
			error, GS_EPARSE,
			"header: tolerances %08x and %08x; finite ones from 0 to 2^20 and from 0 to 1 are allowed",
			h->tolerance_abs, h->tolerance_rel);
	if (h->tolerance_abs == 0 && h->tolerance_rel == 0)
		return gs_fail(error, GS_EPARSE, "header: claimed outputs, but both tolerances are 0");
	if (h->claimed_chunks < 1 || h->claimed_chunks > GS_CLAIMED_CHUNKS_MAX)
		return gs_fail(error, GS_EPARSE,
		               "header: a tolerance, and claimed outputs of %u chunks; 1 to %d are allowed",
		               h->claimed_chunks, GS_CLAIMED_CHUNKS_MAX);
	if (h->outputs != 1 || h->output_depth != 0)
		return gs_fail(error, GS_EPARSE,
		               "header: a tolerant model has one output of one chunk, not %u of depth %u", h->outputs,
		               h->output_depth);
	return GS_OK;
}

enum gs_err gs_header_decode(const uint8_t in[GS_HEADER_BYTES], struct gs_header *out, struct gs_error *error)
{
	struct gs_hash domain;
	bool bad = false;
	memset(out, 0, sizeof(*out));
	gs_keccak256(domain_text, sizeof(domain_text) - 1, &domain);
	if (memcmp(in, domain.b, 32) != 0)
		return gs_fail(error, GS_EPARSE, "header: not a Gainsay model header (wrong domain tag)");
	out->law = (uint32_t)word_uint(in + 1 * 32, UINT32_MAX, &bad);
	if (!bad && out->law != GS_LAW_VERSION)
		return gs_fail(error, GS_EUNSUPPORTED, "header: law version %u, this build knows %d; upgrade", out->law,
		               GS_LAW_VERSION);
	out->lowering = (uint32_t)word_uint(in + 2 * 32, UINT32_MAX, &bad);
	memcpy(out->onnx_hash.b, in + 3 * 32, 32);
	memcpy(out->program_root.b, in + 4 * 32, 32);
	out->instructions = (uint32_t)word_uint(in + 5 * 32, GS_INSTRUCTIONS_MAX, &bad);
	memcpy(out->weights_root.b, in + 6 * 32, 32);
	out->weights_chunks = (uint32_t)word_uint(in + 7 * 32, GS_CHUNKS_MAX, &bad);
	out->inputs_chunks = (uint32_t)word_uint(in + 8 * 32, GS_CHUNKS_MAX, &bad);
	out->trace_depth = (uint32_t)word_uint(in + 9 * 32, GS_TRACE_DEPTH_MAX, &bad);
	out->output_chunk = (uint32_t)word_uint(in + 10 * 32, GS_CHUNKS_MAX, &bad);
	out->output_depth = (uint32_t)word_uint(in + 11 * 32, GS_TRACE_DEPTH_MAX, &bad);
	out->outputs = (uint32_t)word_uint(in + 12 * 32, GS_IO_MAX, &bad);
	out->cost = word_uint(in + 13 * 32, INT64_MAX, &bad);
	out->tolerance_abs = (uint32_t)word_uint(in + 14 * 32, UINT32_MAX, &bad);
	uint64_t claimed = word_uint(in + 15 * 32, UINT64_MAX, &bad);
	out->tolerance_rel = (uint32_t)claimed;
	out->claimed_chunks = (uint32_t)(claimed >> 32);
	memcpy(out->io_hash.b, in + 16 * 32, 32);
	if (bad || out->instructions < 1 || out->outputs < 1 || out->outputs > out->instructions)
		return gs_fail(error, GS_EPARSE, "header: a field is out of its range");
	return gs_header_check_tolerance(out, error);
}

bool gs_header_tolerant(const struct gs_header *h)
{
	return h->tolerance_abs != 0 || h->tolerance_rel != 0 || h->claimed_chunks != 0;
}

void gs_header_model_id(const struct gs_header *h, struct gs_hash *out)
{
	uint8_t bytes[GS_HEADER_BYTES];
	gs_header_encode(h, bytes);
	gs_keccak256(bytes, sizeof(bytes), out);
}

/* ---- io ---- */

uint64_t gs_tensor_type_count(const struct gs_tensor_type *t)
{
	uint64_t elements = gs_tensor_type_elements(t);
	return elements == 0 ? 1 : elements;
}

uint64_t gs_tensor_type_elements(const struct gs_tensor_type *t)
{
	uint64_t count = 1;
	for (unsigned a = 0; a < t->rank; a++)
		count *= t->dim[a];
	return count;
}

static void put_tensors(struct gs_buf *buf, const struct gs_tensor_type *tensor, uint32_t count)
{
	gs_wire_put_uint(buf, count);
	for (uint32_t i = 0; i < count; i++) {
		const struct gs_tensor_type *t = &tensor[i];
		size_t name_len = strlen(t->name);
		gs_wire_put_uint(buf, name_len);
		gs_buf_append(buf, t->name, name_len);
		gs_buf_append_u8(buf, t->dtype);
		gs_buf_append_u8(buf, t->rank);
		for (unsigned a = 0; a < t->rank; a++)
			gs_wire_put_uint(buf, t->dim[a]);
		gs_wire_put_uint(buf, t->chunk);
		gs_buf_append(buf, t->bound.b, 32);
	}
}

void gs_io_encode(const struct gs_io *io, struct gs_buf *out)
{
	put_tensors(out, io->input, io->inputs);
	put_tensors(out, io->output, io->outputs);
	put_tensors(out, io->bound, io->bounds);
}

static enum gs_err take_tensors(struct gs_wire *w, struct gs_tensor_type **tensor, uint32_t *count,
                                struct gs_error *error)
{
	uint64_t n = gs_wire_uint(w);
	if (w->bad || n > GS_IO_MAX)
		return gs_fail(error, GS_EPARSE, "io: cut short, or more than %d tensors", GS_IO_MAX);
	*tensor = n ? calloc(n, sizeof(**tensor)) : NULL;
	if (n && !*tensor)
		return gs_fail(error, GS_ENOMEM, "io: no memory for %llu tensors", (unsigned long long)n);
	*count = (uint32_t)n;
	for (uint32_t i = 0; i < n; i++) {
		struct gs_tensor_type *t = &(*tensor)[i];
		uint64_t name_len = gs_wire_uint(w);
		const uint8_t *name = name_len <= GS_NAME_MAX ? gs_wire_take(w, name_len) : NULL;
		if (!name || memchr(name, 0, name_len))
			return gs_fail(error, GS_EPARSE, "io: tensor %u has no readable name", i);
		memcpy(t->name, name, name_len);
		t->dtype = (uint8_t)gs_wire_be(w, 1);
		t->rank = (uint8_t)gs_wire_be(w, 1);
		if (w->bad || !gs_dtype_known(t->dtype) || t->rank > GS_RANK_MAX)
			return gs_fail(error, GS_EPARSE, "io: tensor '%s' has dtype %u and rank %u", t->name, t->dtype,
			               t->rank);
		uint64_t elements = 1;
		for (unsigned a = 0; a < t->rank; a++) {
			uint64_t dim = gs_wire_uint(w);
			if (dim > GS_EXTENT_MAX || (elements *= dim == 0 ? 1 : dim) > GS_EXTENT_MAX)
				return gs_fail(error, GS_EPARSE, "io: tensor '%s' is beyond 2^31 elements", t->name);
			t->dim[a] = (uint32_t)dim;
		}
		uint64_t chunk = gs_wire_uint(w);
		const uint8_t *bound = gs_wire_take(w, 32);
		if (!bound || chunk > GS_CHUNKS_MAX)
			return gs_fail(error, GS_EPARSE, "io: tensor '%s' is cut short", t->name);
		t->chunk = (uint32_t)chunk;
		memcpy(t->bound.b, bound, 32);
	}
	return GS_OK;
}

enum gs_err gs_io_decode(struct gs_bytes bytes, struct gs_io *out, struct gs_error *error)
{
	struct gs_wire w = gs_wire_open(bytes);
	memset(out, 0, sizeof(*out));
	enum gs_err err = take_tensors(&w, &out->input, &out->inputs, error);
	if (!err)
		err = take_tensors(&w, &out->output, &out->outputs, error);
	if (!err)
		err = take_tensors(&w, &out->bound, &out->bounds, error);
	if (!err && !gs_wire_done(&w))
		err = gs_fail(error, GS_EPARSE, "io: %zu bytes left over", (size_t)(w.end - w.at));
	if (err)
		gs_io_free(out);
	return err;
}

void gs_io_free(struct gs_io *io)
{
	free(io->input);
	free(io->output);
	free(io->bound);
	memset(io, 0, sizeof(*io));
}

enum gs_err gs_io_hash(const struct gs_io *io, struct gs_hash *out)
{
	struct gs_buf buf;
	gs_buf_init(&buf, GS_IO_BYTES_MAX);
	gs_io_encode(io, &buf);
	enum gs_err err = buf.err;
	if (!err)
		gs_keccak256(buf.ptr, buf.len, out);
	gs_buf_free(&buf);
	return err;
}
