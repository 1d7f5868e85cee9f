/* Whole programs: layout of the trace, sealing, the rules that need more than one descriptor (W4 to W8), the file. */
#include "challenge/machine/program.h"

#include "challenge/machine/descriptor.h"
#include "challenge/machine/io.h"
#include "challenge/machine/listing.h"
#include "challenge/machine/merkle.h"
#include "challenge/machine/tolerance.h"

#include <stdlib.h>
#include <string.h>

static const char file_magic[8] = "GSPROG1\n";

enum { MORE_BYTES = 8 };                    /* of a descriptor, about, when its views' chunks are spelled */
enum { DESCRIPTOR_BYTES_MIN = 1 + 23 + 1 }; /* its length, the fixed fields, one operand's kind */

void gs_program_free(struct gs_program *p)
{
	if (!p)
		return;
	gs_io_free(&p->io);
	free(p->descriptors);
	free(p->descriptor_at);
	free(p->weights_owned);
	memset(p, 0, sizeof(*p));
}

struct gs_bytes gs_program_descriptor(const struct gs_program *p, uint32_t i)
{
	GS_ASSERT(i < p->count);
	return (struct gs_bytes){p->descriptors + p->descriptor_at[i], p->descriptor_at[i + 1] - p->descriptor_at[i]};
}

void gs_program_decode(const struct gs_program *p, uint32_t i, struct gs_instr *out)
{
	struct gs_wire w = gs_wire_open(gs_program_descriptor(p, i));
	enum gs_err err = gs_instr_take_used(&w, out, NULL);
	GS_ASSERT(err == GS_OK); /* sealing or reading the program decoded it before */
}

struct gs_instr gs_program_instr(const struct gs_program *p, uint32_t i)
{
	struct gs_instr in;
	struct gs_wire w = gs_wire_open(gs_program_descriptor(p, i));
	enum gs_err err = gs_instr_take(&w, &in, NULL);
	GS_ASSERT(err == GS_OK); /* as above */
	return in;
}

uint32_t gs_program_covering(const struct gs_program *p, uint32_t chunk)
{
	uint32_t low = 0, high = p->count - 1;
	while (low < high) {
		uint32_t middle = low + (high - low + 1) / 2;
		if (gs_descriptor_first_chunk(p->descriptors + p->descriptor_at[middle]) <= chunk)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

/* The one of the instructions before i whose span covers the chunk. What an instruction reads was mostly written shortly before
 * it: the search goes back from there in growing steps. */
static uint32_t covering_before(const struct gs_program *p, uint32_t i, uint32_t chunk)
{
	uint32_t low = i, high = i, step = 1;
	do {
		high = low;
		low = low > step ? low - step : 0;
		step *= 2;
	} while (low > 0 && gs_descriptor_first_chunk(p->descriptors + p->descriptor_at[low]) > chunk);
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;
		if (gs_descriptor_first_chunk(p->descriptors + p->descriptor_at[middle]) <= chunk)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static uint64_t tensor_chunks(struct gs_bytes descriptor)
{
	struct gs_descriptor_tensor t = gs_descriptor_tensor(descriptor);
	return gs_dtype_chunks(t.dtype, t.count);
}

uint32_t gs_program_first_chunk(const struct gs_program *p, uint32_t i)
{
	return gs_descriptor_first_chunk(gs_program_descriptor(p, i).ptr);
}

uint32_t gs_program_tensor_chunks(const struct gs_program *p, uint32_t i)
{
	return (uint32_t)tensor_chunks(gs_program_descriptor(p, i));
}

/* ---- checks ---- */

#define REFUSE(...) return gs_fail(error, GS_EPARSE, "program: " __VA_ARGS__)

static enum gs_err check_view_place(const struct gs_program *p, uint32_t i, const struct gs_view *view,
                                    struct gs_error *error)
{
	uint64_t end = view->chunk + gs_dtype_chunks(view->dtype, view->count);
	switch ((enum gs_space)view->space) {
	case GS_SPACE_WEIGHTS:
		if (end > p->header.weights_chunks)
			REFUSE("instruction %u reads beyond the weights", i);
		return GS_OK;
	case GS_SPACE_INPUTS:
		if (end > p->header.inputs_chunks)
			REFUSE("instruction %u reads beyond the inputs", i);
		return GS_OK;
	case GS_SPACE_CLAIMED:
		if (end > p->header.claimed_chunks)
			REFUSE("instruction %u reads beyond the claimed outputs", i);
		return GS_OK;
	case GS_SPACE_TRACE: {
		struct gs_bytes producer = gs_program_descriptor(p, covering_before(p, i, view->chunk));
		struct gs_descriptor_tensor written = gs_descriptor_tensor(producer);
		if (gs_descriptor_first_chunk(producer.ptr) != view->chunk || written.dtype != view->dtype ||
		    written.count != view->count)
			REFUSE("instruction %u reads %llu %s at chunk %u, where no instruction writes that", i,
			       (unsigned long long)view->count, gs_dtype_name(view->dtype), view->chunk);
		return GS_OK;
	}
	}
	return GS_OK;
}

static enum gs_err check_outputs(const struct gs_program *p, struct gs_error *error)
{
	const struct gs_header *h = &p->header;
	uint64_t chunks = 0;
	uint32_t first = p->count - h->outputs;
	bool tolerant = gs_header_tolerant(h);
	if (!tolerant && p->io.outputs != h->outputs)
		REFUSE("%u outputs in the header, %u in its io", h->outputs, p->io.outputs);
	for (uint32_t i = first; i < p->count; i++) {
		struct gs_bytes descriptor = gs_program_descriptor(p, i);
		struct gs_descriptor_tensor written = gs_descriptor_tensor(descriptor);
		const struct gs_tensor_type *t = tolerant ? NULL : &p->io.output[i - first];
		if (gs_descriptor_first_chunk(descriptor.ptr) != h->output_chunk + chunks)
			REFUSE("output %u does not follow the one before", i - first);
		if (t == NULL && (written.dtype != GS_I32 || written.count != 1))
			REFUSE("the comparison does not end in one i32");
		if (t != NULL &&
		    (t->dtype != written.dtype || t->chunk != chunks || gs_tensor_type_count(t) != written.count))
			REFUSE("output '%s' is not what its instruction writes", t->name);
		chunks += tensor_chunks(descriptor);
	}
	if (h->output_depth != gs_merkle_depth(chunks) || h->output_chunk & ((UINT64_C(1) << h->output_depth) - 1))
		REFUSE("the output block is not aligned");
	if (h->trace_depth != gs_merkle_depth(h->output_chunk + (UINT64_C(1) << h->output_depth)))
		REFUSE("trace depth %u is not the least that holds the trace", h->trace_depth);
	return GS_OK;
}

/* Tensors of io that lie one after the other, without gaps, in an array of their own; what: "input" or "output". */
static enum gs_err check_packed(const struct gs_tensor_type *tensor, uint32_t count, uint32_t want, const char *what,
                                struct gs_error *error)
{
	uint64_t chunks = 0;
	for (uint32_t i = 0; i < count; i++) {
		if (tensor[i].chunk != chunks)
			REFUSE("%s '%s' does not follow the one before", what, tensor[i].name);
		chunks += gs_dtype_chunks(tensor[i].dtype, gs_tensor_type_count(&tensor[i]));
	}
	if (chunks != want)
		REFUSE("%ss take %llu chunks, the header says %u", what, (unsigned long long)chunks, want);
	return GS_OK;
}

static enum gs_err check_io(const struct gs_program *p, struct gs_error *error)
{
	const struct gs_io *io = &p->io;
	enum gs_err err = check_packed(io->input, io->inputs, p->header.inputs_chunks, "input", error);
	if (!err && gs_header_tolerant(&p->header))
		err = check_packed(io->output, io->outputs, p->header.claimed_chunks, "output", error);
	return err;
}

/* The producers of what it reads come before it, so all of them have been checked. */
static enum gs_err check_views(const struct gs_program *p, uint32_t i, const struct gs_instr *in,
                               struct gs_error *error)
{
	enum gs_err err = GS_OK;
	for (unsigned k = 0, operands = gs_instr_operands(in); !err && k < operands; k++) {
		const struct gs_operand *op = &in->operand[k];
		if (op->kind != GS_OPERAND_TENSOR)
			continue;
		err = check_view_place(p, i, &op->view, error);
		if (!err && op->indirect_row)
			err = check_view_place(p, i, &op->indirect, error);
	}
	return err;
}

enum gs_err gs_program_check(const struct gs_program *p, struct gs_error *error)
{
	uint64_t next = 0, cost = 0;
	struct gs_instr in;
	if (p->count < 1 || p->count > GS_INSTRUCTIONS_MAX || p->count != p->header.instructions)
		REFUSE("%u instructions, the header says %u", p->count, p->header.instructions);
	for (uint32_t i = 0; i < p->count; i++) {
		struct gs_wire w = gs_wire_open(gs_program_descriptor(p, i));
		enum gs_err err = gs_instr_take_used(&w, &in, error);
		if (!err)
			err = gs_instr_check_used(&in, error);
		if (err)
			return gs_fail_within(error, err, "instruction %u", i);
		if (in.first_chunk != next)
			REFUSE("instruction %u starts at chunk %u, not where the one before ends (%llu)", i,
			       in.first_chunk, (unsigned long long)next);
		next += in.span;
		cost += gs_instr_cost(&in);
		if (in.cost != cost || cost > INT64_MAX)
			REFUSE("instruction %u states a running cost of %llu, it is %llu", i,
			       (unsigned long long)in.cost, (unsigned long long)cost);
		if ((err = check_views(p, i, &in, error)) != GS_OK)
			return err;
	}
	if (next != UINT64_C(1) << p->header.trace_depth)
		REFUSE("the trace ends at chunk %llu, not at 2^%u", (unsigned long long)next, p->header.trace_depth);
	if (p->header.cost != cost || p->header.law != GS_LAW_VERSION)
		REFUSE("header states another cost or law");
	enum gs_err err = check_io(p, error);
	if (!err)
		err = check_outputs(p, error);
	if (!err)
		err = gs_header_check_tolerance(&p->header, error);
	return err ? err : gs_tolerance_check(p, error);
}

/* ---- sealing ---- */

/* first[i] is where instruction i starts, first[count] where the trace ends: intermediates lie back to back from 0, then
 * comes the aligned output block, then nothing up to a power of two. */
static enum gs_err lay_out(struct gs_program *p, const struct gs_listing *listing, uint32_t *first,
                           struct gs_error *error)
{
	struct gs_header *h = &p->header;
	uint64_t output_chunks = 0, next = 0;
	uint32_t first_output = p->count - h->outputs;
	for (uint32_t i = first_output; i < p->count; i++) {
		if (!gs_header_tolerant(h))
			p->io.output[i - first_output].chunk = (uint32_t)output_chunks;
		output_chunks += gs_listing_chunks(listing, i);
		if (output_chunks > GS_CHUNKS_MAX)
			return gs_fail(error, GS_ELIMIT, "program: the outputs take more than 2^26 chunks");
	}
	h->output_depth = gs_merkle_depth(output_chunks);
	uint64_t block = UINT64_C(1) << h->output_depth;
	for (uint32_t i = 0; i < p->count; i++) {
		if (i == first_output) {
			next = (next + block - 1) / block * block;
			h->output_chunk = (uint32_t)next;
		}
		first[i] = (uint32_t)next;
		next += gs_listing_chunks(listing, i);
		if (next > GS_CHUNKS_MAX)
			return gs_fail(error, GS_ELIMIT, "program: the trace takes more than 2^26 chunks (8 GiB)");
	}
	h->trace_depth = gs_merkle_depth(h->output_chunk + block);
	if (h->trace_depth > GS_TRACE_DEPTH_MAX)
		return gs_fail(error, GS_ELIMIT, "program: the trace takes more than 2^26 chunks (8 GiB)");
	first[p->count] = UINT32_C(1) << h->trace_depth;
	return GS_OK;
}

/* Where the views of instruction i lie: those of the trace were the index of an instruction. */
static enum gs_err resolve(uint32_t i, const uint32_t *first, const struct gs_listing_ref *ref, unsigned refs,
                           uint32_t *chunk, struct gs_error *error)
{
	for (unsigned r = 0; r < refs; r++) {
		if (ref[r].space == GS_SPACE_TRACE && ref[r].chunk >= i)
			REFUSE("instruction %u reads instruction %u, which comes later", i, ref[r].chunk);
		chunk[r] = ref[r].space == GS_SPACE_TRACE ? first[ref[r].chunk] : ref[r].chunk;
	}
	return GS_OK;
}

/* Appends the descriptor of instruction i, placed; *cost is the running total. gs_program_check judges it. */
static enum gs_err put_instruction(const struct gs_listing *listing, uint32_t i, const uint32_t *first, uint64_t *cost,
                                   struct gs_buf *out, struct gs_error *error)
{
	size_t before = out->len;
	const struct gs_listing_entry *entry = &listing->entry[i];
	const struct gs_listing_ref *ref = listing->ref + entry->ref;
	uint32_t chunk[GS_LISTING_REFS_MAX];
	enum gs_err err = resolve(i, first, ref, entry->refs, chunk, error);
	if (err)
		return err;
	if (entry->cost > INT64_MAX || (*cost += entry->cost) > INT64_MAX)
		return gs_fail(error, GS_ELIMIT, "program: more than 2^63 steps");
	gs_descriptor_put(out, listing->bytes.ptr + entry->at, entry->len, ref, entry->refs, chunk,
	                  &(struct gs_descriptor_place){first[i], first[i + 1] - first[i], *cost});
	if (out->err == GS_ENOMEM)
		return gs_fail(error, GS_ENOMEM, "program: no memory for the descriptors");
	if (out->err || out->len - before > GS_DESCRIPTOR_BYTES_MAX)
		return gs_fail(error, GS_ELIMIT, "instruction %u: descriptor: longer than %d bytes", i,
		               GS_DESCRIPTOR_BYTES_MAX);
	return GS_OK;
}

/* The bytes become the program's, unless writing them failed. */
static void take_descriptors(struct gs_program *p, struct gs_buf *buf, enum gs_err err)
{
	uint8_t *fitted = err || buf->len == 0 ? NULL : realloc(buf->ptr, buf->len);
	if (err)
		gs_buf_free(buf);
	else
		p->descriptors = fitted ? fitted : buf->ptr;
}

static enum gs_err encode_all(struct gs_program *p, const struct gs_listing *listing, const uint32_t *first,
                              struct gs_error *error)
{
	struct gs_buf buf;
	enum gs_err err = GS_OK;
	uint64_t cost = 0;
	gs_buf_init(&buf, (size_t)p->count * GS_DESCRIPTOR_BYTES_MAX);
	size_t about = listing->bytes.len + (size_t)p->count * MORE_BYTES;
	if (gs_buf_extend(&buf, about < buf.max ? about : buf.max) != NULL)
		buf.len = 0; /* room, without growing to it step by step */
	for (uint32_t i = 0; !err && i < p->count; i++) {
		err = put_instruction(listing, i, first, &cost, &buf, error);
		p->descriptor_at[i + 1] = (uint32_t)buf.len;
	}
	p->header.cost = cost;
	take_descriptors(p, &buf, err);
	return err;
}

static enum gs_err program_root(const struct gs_program *p, struct gs_hash *out, struct gs_error *error)
{
	struct gs_merkle tree;
	struct gs_hash *leaf = calloc(p->count, sizeof(*leaf));
	enum gs_err err = leaf ? GS_OK : GS_ENOMEM;
	for (uint32_t i = 0; leaf && i < p->count; i++)
		gs_merkle_descriptor(gs_program_descriptor(p, i), &leaf[i]);
	if (!err)
		err = gs_merkle_build_hashes(leaf, p->count, gs_merkle_depth(p->count), &tree);
	if (!err) {
		gs_merkle_root(&tree, out);
		gs_merkle_free(&tree);
	}
	free(leaf);
	return err ? gs_fail(error, err, "program: no memory for its tree") : GS_OK;
}

/* Everything in the header that follows from the rest. */
static enum gs_err compute_roots(const struct gs_program *p, struct gs_header *h, struct gs_error *error)
{
	enum gs_err err = program_root(p, &h->program_root, error);
	if (err)
		return err;
	gs_merkle_array_root(p->weights, h->weights_chunks, gs_merkle_depth(h->weights_chunks), &h->weights_root);
	if (gs_io_hash(&p->io, &h->io_hash) != GS_OK)
		return gs_fail(error, GS_ELIMIT, "program: its io description is too large");
	return GS_OK;
}

/* Lays tensors of io side by side. */
static enum gs_err pack(struct gs_tensor_type *tensor, uint32_t count, uint64_t most, const char *what,
                        uint32_t *chunks, struct gs_error *error)
{
	uint64_t next = 0;
	for (uint32_t i = 0; i < count; i++) {
		tensor[i].chunk = (uint32_t)next;
		next += gs_dtype_chunks(tensor[i].dtype, gs_tensor_type_count(&tensor[i]));
		if (next > most)
			return gs_fail(error, GS_ELIMIT, "program: the %s take more than %llu chunks", what,
			               (unsigned long long)most);
	}
	*chunks = (uint32_t)next;
	return GS_OK;
}

enum gs_err gs_program_seal(struct gs_program *p, const struct gs_listing *listing, struct gs_error *error)
{
	struct gs_header *h = &p->header;
	uint32_t inputs = 0;
	bool tolerant = gs_header_tolerant(h);
	if (listing->count < 1 || h->outputs < 1 || h->outputs > listing->count ||
	    (!tolerant && h->outputs != p->io.outputs))
		return gs_fail(error, GS_ELIMIT, "program: %u instructions and %u outputs", listing->count, h->outputs);
	enum gs_err err = pack(p->io.input, p->io.inputs, GS_CHUNKS_MAX, "inputs", &inputs, error);
	if (!err && tolerant)
		err = pack(p->io.output, p->io.outputs, GS_CLAIMED_CHUNKS_MAX, "claimed outputs", &h->claimed_chunks,
		           error);
	if (err)
		return err;
	p->count = listing->count;
	h->law = GS_LAW_VERSION;
	h->instructions = p->count;
	h->inputs_chunks = inputs;
	free(p->descriptors);
	free(p->descriptor_at);
	p->descriptors = NULL;
	uint32_t *first = calloc((size_t)p->count + 1, sizeof(*first));
	p->descriptor_at = calloc((size_t)p->count + 1, sizeof(*p->descriptor_at));
	if (!first || !p->descriptor_at) {
		free(first);
		return gs_fail(error, GS_ENOMEM, "program: no memory for %u instructions", p->count);
	}
	err = lay_out(p, listing, first, error);
	if (!err)
		err = encode_all(p, listing, first, error);
	free(first);
	if (!err && !p->unnamed)
		err = compute_roots(p, h, error);
	return err ? err : gs_program_check(p, error);
}

/* ---- the file ---- */

enum gs_err gs_program_write(const struct gs_program *p, struct gs_buf *out)
{
	uint8_t header[GS_HEADER_BYTES];
	struct gs_buf io;
	GS_ASSERT(!p->unnamed);
	gs_header_encode(&p->header, header);
	gs_buf_append(out, file_magic, sizeof(file_magic));
	gs_buf_append(out, header, sizeof(header));
	gs_buf_init(&io, GS_IO_BYTES_MAX);
	gs_io_encode(&p->io, &io);
	gs_wire_put_uint(out, io.len);
	gs_buf_append(out, io.ptr, io.len);
	enum gs_err err = io.err;
	gs_buf_free(&io);
	for (uint32_t i = 0; i < p->count; i++) {
		struct gs_bytes d = gs_program_descriptor(p, i);
		gs_wire_put_uint(out, d.len);
		gs_buf_append(out, d.ptr, d.len);
	}
	gs_buf_append(out, p->weights, (size_t)p->header.weights_chunks * GS_CHUNK_BYTES);
	return err ? err : out->err;
}

static enum gs_err read_descriptors(struct gs_wire *w, struct gs_program *p, struct gs_error *error)
{
	uint32_t count = p->header.instructions; /* at most GS_INSTRUCTIONS_MAX: the header says so only then */
	size_t most = (size_t)(w->end - w->at);
	struct gs_buf buf;
	enum gs_err err = GS_OK;
	if (most / DESCRIPTOR_BYTES_MIN < count)
		REFUSE("cut short: %u instructions announced", count);
	gs_buf_init(&buf, most);
	p->descriptor_at = calloc((size_t)count + 1, sizeof(*p->descriptor_at));
	if (!p->descriptor_at)
		return gs_fail(error, GS_ENOMEM, "program: no memory for %u instructions", count);
	for (uint32_t i = 0; !err && i < count; i++) {
		uint64_t len = gs_wire_uint(w);
		const uint8_t *bytes = len <= GS_DESCRIPTOR_BYTES_MAX ? gs_wire_take(w, len) : NULL;
		struct gs_instr in;
		if (!bytes) {
			err = gs_fail(error, GS_EPARSE, "program: cut short at instruction %u", i);
			break;
		}
		err = gs_instr_decode((struct gs_bytes){bytes, len}, &in, error);
		if (err)
			err = gs_fail_within(error, err, "instruction %u", i);
		gs_buf_append(&buf, bytes, len);
		p->descriptor_at[i + 1] = (uint32_t)buf.len;
	}
	if (!err && buf.err)
		err = gs_fail(error, buf.err, "program: no memory for the descriptors");
	take_descriptors(p, &buf, err);
	p->count = err ? 0 : count;
	return err;
}

static enum gs_err read_all(struct gs_bytes bytes, struct gs_program *p, struct gs_error *error)
{
	struct gs_wire w = gs_wire_open(bytes);
	const uint8_t *magic = gs_wire_take(&w, sizeof(file_magic));
	if (!magic || memcmp(magic, file_magic, sizeof(file_magic)) != 0)
		REFUSE("not a Gainsay program file (wrong magic)");
	const uint8_t *header = gs_wire_take(&w, GS_HEADER_BYTES);
	if (!header)
		REFUSE("cut short in the header");
	enum gs_err err = gs_header_decode(header, &p->header, error);
	if (err)
		return err;
	uint64_t io_len = gs_wire_uint(&w);
	const uint8_t *io = io_len <= GS_IO_BYTES_MAX ? gs_wire_take(&w, io_len) : NULL;
	if (!io)
		REFUSE("cut short in the io description");
	err = gs_io_decode((struct gs_bytes){io, io_len}, &p->io, error);
	if (!err)
		err = read_descriptors(&w, p, error);
	if (err)
		return err;
	size_t weights = (size_t)p->header.weights_chunks * GS_CHUNK_BYTES;
	if ((size_t)(w.end - w.at) != weights)
		REFUSE("%zu bytes of weights, the header says %zu", (size_t)(w.end - w.at), weights);
	if (weights) {
		p->weights_owned = malloc(weights);
		if (!p->weights_owned)
			return gs_fail(error, GS_ENOMEM, "program: no memory for %zu bytes of weights", weights);
		memcpy(p->weights_owned, w.at, weights);
		p->weights = p->weights_owned;
	}
	struct gs_header computed = p->header;
	err = compute_roots(p, &computed, error);
	if (err)
		return err;
	if (!gs_hash_equal(&computed.program_root, &p->header.program_root) ||
	    !gs_hash_equal(&computed.weights_root, &p->header.weights_root) ||
	    !gs_hash_equal(&computed.io_hash, &p->header.io_hash))
		return gs_fail(error, GS_ECORRUPT, "program: its header commits to other instructions, weights or io");
	return gs_program_check(p, error);
}

enum gs_err gs_program_read(struct gs_bytes bytes, struct gs_program *out, struct gs_error *error)
{
	memset(out, 0, sizeof(*out));
	enum gs_err err = read_all(bytes, out, error);
	if (err)
		gs_program_free(out);
	return err;
}
