#include "validator/onnx/lower_finish.h"

#include "chain/core/hash.h"
#include "chain/core/pages.h"
#include "challenge/machine/tolerance.h"
#include "validator/onnx/lower_tolerance.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/* ---- outputs ---- */

/* Marks the instructions whose tensors instruction i reads. */
static void mark_read(const struct gs_lower *lo, uint32_t i, uint8_t *read)
{
	unsigned refs;
	const struct gs_listing_ref *ref = gs_listing_refs(&lo->listing, i, &refs);
	for (unsigned r = 0; r < refs; r++)
		if (ref[r].space == GS_SPACE_TRACE)
			read[ref[r].chunk] = 1;
}

/* A copy to the end of the list, whatever it copies. A tensor without elements becomes one zero. */
static enum gs_err copy_out(struct gs_lower *lo, const struct gs_val *v, uint32_t *instr)
{
	static const uint8_t zero[8] = {0};
	uint64_t spent = lo->fold_steps;
	struct gs_val copy = *v;
	enum gs_err err = GS_OK;
	if (gs_val_count(v) == 0)
		err = gs_lower_constant(lo, (enum gs_dtype)v->dtype, 0, NULL, zero, &copy);
	if (err != GS_OK)
		return err;
	lo->fold_steps = GS_LOWER_FOLD_STEPS_MAX; /* not to be folded away */
	err = gs_lower_copy(lo, &copy, &copy);
	lo->fold_steps = spent;
	if (err != GS_OK)
		return err;
	GS_ASSERT(copy.kind == GS_VAL_INSTR);
	*instr = copy.source;
	return GS_OK;
}

static bool covers_its_source(const struct gs_lower *lo, const struct gs_val *v)
{
	return v->kind == GS_VAL_INSTR && v->offset == 0 && gs_val_contiguous(v) &&
	       gs_val_count(v) == gs_lower_base_count(lo, v);
}

/* The instruction that writes each output: the one that computes it when nothing else reads it, or else a copy. */
static enum gs_err choose_outputs(struct gs_lower *lo, const struct gs_val *const *value, uint32_t outputs,
                                  uint32_t *instr)
{
	uint32_t before = lo->listing.count;
	uint8_t *live = gs_arena_alloc(&lo->arena, (uint64_t)before + 1, 1);
	uint8_t *read = gs_arena_alloc(&lo->arena, (uint64_t)before + 1, 1);
	uint8_t *taken = gs_arena_alloc(&lo->arena, (uint64_t)before + 1, 1);
	if (live == NULL || read == NULL || taken == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "the program does not fit the memory limit");
	for (uint32_t o = 0; o < outputs; o++) {
		if (value[o]->kind != GS_VAL_INSTR || gs_val_count(value[o]) == 0)
			continue;
		live[value[o]->source] = 1;
		if (!covers_its_source(lo, value[o]) || taken[value[o]->source])
			read[value[o]->source] = 1;
		taken[value[o]->source] = 1;
	}
	for (uint32_t i = before; i-- > 0;)
		if (live[i]) {
			mark_read(lo, i, read);
			mark_read(lo, i, live);
		}
	for (uint32_t o = 0; o < outputs; o++) {
		instr[o] = value[o]->source;
		if (value[o]->kind == GS_VAL_INSTR && gs_val_count(value[o]) != 0 && !read[value[o]->source])
			continue;
		enum gs_err err = copy_out(lo, value[o], &instr[o]);
		if (err != GS_OK)
			return err;
	}
	return GS_OK;
}

/* ---- order, what is left out, and weights ---- */

struct places {
	struct gs_lower *lo;
	const uint32_t *to; /* by instruction: its index in the program */
	uint64_t chunks;    /* of weights so far */
};

/* Constants that are read lie in one region, in the order of first use. */
static uint32_t place_view(struct places *p, const struct gs_listing_ref *ref)
{
	if (ref->space == GS_SPACE_TRACE)
		return p->to[ref->chunk];
	if (ref->space != GS_SPACE_WEIGHTS)
		return ref->chunk;
	struct gs_lower_const *c = &p->lo->constant[ref->chunk];
	if (c->chunk == UINT32_MAX && p->chunks <= GS_CHUNKS_MAX) {
		c->chunk = (uint32_t)p->chunks;
		p->chunks += gs_dtype_chunks((enum gs_dtype)c->dtype, c->count);
	}
	return c->chunk;
}

/* Says where the views of instruction i will lie. */
static enum gs_err place_instruction(struct places *p, uint32_t i)
{
	unsigned refs;
	struct gs_listing_ref *ref = gs_listing_refs_of(&p->lo->listing, i, &refs);
	for (unsigned r = 0; r < refs; r++)
		ref[r].chunk = place_view(p, &ref[r]);
	return p->chunks <= GS_CHUNKS_MAX ? GS_OK
	                                  : gs_lower_refuse(p->lo, GS_ONNX_TOO_BIG, "the weights take more than 8 GiB");
}

/* What outputs need, in the order it was emitted; what writes the outputs comes last, in their order. The listing is the
 * program's then. */
static enum gs_err order_instructions(struct gs_lower *lo, const uint32_t *output, uint32_t outputs,
                                      uint64_t *weights_chunks)
{
	uint32_t before = lo->listing.count, count = 0;
	uint8_t *live = gs_arena_alloc(&lo->arena, before, 1);
	uint8_t *last = gs_arena_alloc(&lo->arena, before, 1);
	uint32_t *to = gs_arena_alloc(&lo->arena, before, sizeof(*to));
	uint32_t *order = gs_arena_alloc(&lo->arena, before, sizeof(*order));
	struct places places = {.lo = lo, .to = to};
	enum gs_err err = GS_OK;
	if (live == NULL || last == NULL || to == NULL || order == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "the program does not fit the memory limit");
	for (uint32_t o = 0; o < outputs; o++)
		live[output[o]] = last[output[o]] = 1;
	for (uint32_t i = before; i-- > 0;)
		if (live[i])
			mark_read(lo, i, live);
	for (uint32_t i = 0; i < before; i++)
		if (live[i] && !last[i])
			order[count++] = i;
	for (uint32_t o = 0; o < outputs; o++)
		order[count++] = output[o];
	GS_ASSERT(count > 0 &&
	          count <= before); /* a graph without outputs was refused before; no two have one instruction */
	for (uint32_t i = 0; i < count; i++)
		to[order[i]] = i;
	for (uint32_t i = 0; err == GS_OK && i < count; i++)
		err = place_instruction(&places, order[i]);
	if (err == GS_OK && gs_listing_arrange(&lo->listing, order, count) != GS_OK)
		err = gs_lower_refuse(lo, GS_ONNX_NO_MEMORY, "no memory for the instructions");
	*weights_chunks = places.chunks;
	return err;
}

static enum gs_err fill_weights(struct gs_lower *lo, uint64_t chunks, struct gs_program *out)
{
	out->header.weights_chunks = (uint32_t)chunks;
	if (chunks == 0)
		return GS_OK;
	out->weights_owned = calloc(chunks, GS_CHUNK_BYTES);
	if (out->weights_owned == NULL)
		return gs_lower_refuse(lo, GS_ONNX_NO_MEMORY, "no memory for %llu bytes of weights",
		                       (unsigned long long)(chunks * GS_CHUNK_BYTES));
	gs_large_pages(out->weights_owned, (size_t)chunks * GS_CHUNK_BYTES);
	gs_pages_now(out->weights_owned, (size_t)chunks * GS_CHUNK_BYTES);
	for (uint32_t i = 0; i < lo->constants; i++) {
		const struct gs_lower_const *c = &lo->constant[i];
		if (c->chunk != UINT32_MAX)
			memcpy(out->weights_owned + (size_t)c->chunk * GS_CHUNK_BYTES, c->data,
			       c->count * gs_dtype_bytes((enum gs_dtype)c->dtype));
	}
	out->weights = out->weights_owned;
	return GS_OK;
}

/* ---- io ---- */

/* What io can say of a tensor without elements is bounded too: the product of its other dimensions. */
static bool io_holds(const struct gs_val *v)
{
	uint64_t product = 1;
	for (unsigned d = 0; d < v->rank; d++)
		if (v->dim[d] != 0 && (product *= v->dim[d]) > GS_EXTENT_MAX)
			return false;
	return true;
}

static void tensor_type(struct gs_tensor_type *t, struct gs_bytes name, uint8_t dtype, uint8_t rank,
                        const uint32_t *dim)
{
	GS_ASSERT(name.len <= GS_NAME_MAX);
	if (name.len != 0)
		memcpy(t->name, name.ptr, name.len);
	t->dtype = dtype;
	t->rank = rank;
	memcpy(t->dim, dim, rank * sizeof(*dim));
}

static enum gs_err fill_io(struct gs_lower *lo, const struct gs_val *const *value, struct gs_program *out)
{
	const struct gs_onnx_graph *m = &lo->model.graph;
	out->io.input = calloc(lo->inputs + 1U, sizeof(*out->io.input));
	out->io.output = calloc(m->outputs + 1U, sizeof(*out->io.output));
	out->io.bound = calloc(lo->options->bounds + 1U, sizeof(*out->io.bound));
	if (out->io.input == NULL || out->io.output == NULL || out->io.bound == NULL)
		return gs_lower_refuse(lo, GS_ONNX_NO_MEMORY, "no memory for the list of inputs and outputs");
	for (uint32_t i = 0; i < lo->inputs; i++)
		tensor_type(&out->io.input[i], lo->input[i].value->name, lo->input[i].dtype, lo->input[i].rank,
		            lo->input[i].dim);
	out->io.inputs = lo->inputs;
	for (uint32_t o = 0; o < m->outputs; o++) {
		GS_ASSERT(value[o] != NULL);
		tensor_type(&out->io.output[o], m->output[o].name, value[o]->dtype, value[o]->rank, value[o]->dim);
	}
	out->io.outputs = m->outputs;
	for (uint32_t i = 0; i < m->inputs; i++) /* in the model's order, not the command line's */
		for (uint32_t b = 0; b < lo->options->bounds; b++) {
			const struct gs_onnx_bound *bound = &lo->options->bound[b];
			if (!gs_onnx_text_is(m->input[i].name, bound->name) || out->io.bounds == lo->options->bounds)
				continue;
			struct gs_tensor_type *t = &out->io.bound[out->io.bounds++];
			tensor_type(t, m->input[i].name, (uint8_t)bound->tensor.dtype, bound->tensor.rank,
			            bound->tensor.dim);
			if (!lo->options->unnamed)
				gs_keccak256(bound->tensor.data, (size_t)gs_tensor_bytes(&bound->tensor), &t->bound);
			break;
		}
	return GS_OK;
}

static bool is_tolerant(const struct gs_lower *lo)
{
	return lo->options->tolerance_abs != 0 || lo->options->tolerance_rel != 0;
}

/* Of the instructions as they were emitted. */
static enum gs_err check_tolerance(struct gs_lower *lo, const uint32_t *output, uint32_t outputs)
{
	return is_tolerant(lo) ? gs_lower_tolerable(lo, output, outputs) : GS_OK;
}

/* The header's outputs and tolerances; where there is a tolerance, behind the exact program the comparison. */
static enum gs_err add_comparison(struct gs_lower *lo, uint32_t outputs, struct gs_header *header)
{
	const struct gs_onnx_options *o = lo->options;
	header->outputs = outputs;
	if (!is_tolerant(lo))
		return GS_OK;
	header->outputs = 1;
	header->tolerance_abs = o->tolerance_abs;
	header->tolerance_rel = o->tolerance_rel;
	return gs_tolerance_append(&lo->listing, outputs, o->tolerance_abs, o->tolerance_rel, lo->error);
}

enum gs_err gs_lower_finish(struct gs_lower *lo, struct gs_bytes onnx, struct gs_program *out)
{
	const struct gs_onnx_graph *m = &lo->model.graph;
	const struct gs_val *value[GS_IO_MAX] = {NULL};
	uint32_t instr[GS_IO_MAX] = {0};
	enum gs_err err;

	if (m->outputs == 0 || m->outputs > GS_IO_MAX)
		return gs_lower_refuse(lo, m->outputs == 0 ? GS_ONNX_MALFORMED : GS_ONNX_TOO_BIG,
		                       "the model has %u outputs; 1 to %d are supported", m->outputs, GS_IO_MAX);
	for (uint32_t o = 0; o < m->outputs; o++) {
		struct gs_bytes name = m->output[o].name;
		value[o] = gs_lower_lookup(lo->scope, name);
		if (value[o] == NULL)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "output '%.*s' is not defined", (int)name.len,
			                       name.len == 0 ? "" : (const char *)name.ptr);
		if (!io_holds(value[o]))
			return gs_lower_refuse(lo, GS_ONNX_TOO_BIG,
			                       "output '%.*s' has dimensions of over 2^31 together", (int)name.len,
			                       name.len == 0 ? "" : (const char *)name.ptr);
	}
	uint64_t weights_chunks = 0;
	if ((err = choose_outputs(lo, value, m->outputs, instr)) != GS_OK ||
	    (err = check_tolerance(lo, instr, m->outputs)) != GS_OK ||
	    (err = order_instructions(lo, instr, m->outputs, &weights_chunks)) != GS_OK ||
	    (err = add_comparison(lo, m->outputs, &out->header)) != GS_OK ||
	    (err = fill_weights(lo, weights_chunks, out)) != GS_OK || (err = fill_io(lo, value, out)) != GS_OK)
		return err;
	out->header.lowering = GS_LOWERING_VERSION;
	out->unnamed = lo->options->unnamed;
	unsigned digest = sizeof(out->header.onnx_hash.b);
	if (!out->unnamed && EVP_Digest(onnx.ptr, onnx.len, out->header.onnx_hash.b, &digest, EVP_sha256(), NULL) != 1)
		return gs_lower_refuse(lo, GS_ONNX_NO_MEMORY, "SHA-256 is not available");
	return gs_program_seal(out, &lo->listing, lo->error);
}
