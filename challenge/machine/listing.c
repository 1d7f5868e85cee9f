/* Instructions on their way to a program, spelled one behind the other. */
#include "challenge/machine/listing.h"

#include "challenge/machine/descriptor.h"

#include <stdlib.h>

void gs_listing_init(struct gs_listing *l)
{
	*l = (struct gs_listing){.count = 0};
	gs_buf_init(&l->bytes, (size_t)GS_INSTRUCTIONS_MAX * GS_DESCRIPTOR_BYTES_MAX);
}

void gs_listing_free(struct gs_listing *l)
{
	gs_buf_free(&l->bytes);
	free(l->entry);
	free(l->ref);
	l->entry = NULL;
	l->ref = NULL;
	l->count = l->cap = l->ref_count = l->ref_cap = 0;
}

static bool view_has_bytes(const struct gs_view *view)
{
	return gs_dtype_known(view->dtype) && view->rows <= GS_ROWS_MAX && view->chunk <= GS_CHUNKS_MAX;
}

static bool has_bytes(const struct gs_instr *in)
{
	const struct gs_fn_info *e = in->epilogue ? gs_fn_info(in->epilogue) : NULL;
	if (!gs_fn_info(in->fn) || (in->epilogue && (!e || in->epilogue_pos >= e->arity)) ||
	    !gs_dtype_known(in->store_dtype) || in->out_axes + in->red_axes > GS_AXES_MAX)
		return false;
	for (unsigned i = 0, operands = gs_instr_operands(in); i < operands; i++) {
		const struct gs_operand *op = &in->operand[i];
		if (op->kind > GS_OPERAND_TENSOR)
			return false;
		if (op->kind == GS_OPERAND_TENSOR &&
		    (!view_has_bytes(&op->view) || (op->indirect_row && !view_has_bytes(&op->indirect))))
			return false;
	}
	return true;
}

/* Room for another entry, and for its views. */
static enum gs_err grow(struct gs_listing *l)
{
	if (l->count == l->cap) {
		uint32_t cap = l->cap ? l->cap * 2 : 64;
		struct gs_listing_entry *entry = realloc(l->entry, cap * sizeof(*entry));
		if (!entry)
			return GS_ENOMEM;
		l->entry = entry;
		l->cap = cap;
	}
	if (l->ref_cap - l->ref_count < GS_LISTING_REFS_MAX) {
		uint32_t cap = l->ref_cap ? l->ref_cap * 2 : 128;
		struct gs_listing_ref *ref = realloc(l->ref, cap * sizeof(*ref));
		if (!ref)
			return GS_ENOMEM;
		l->ref = ref;
		l->ref_cap = cap;
	}
	return GS_OK;
}

/* Appends the bytes, and fills in *entry. */
static enum gs_err spell(struct gs_listing *l, const struct gs_instr *in, struct gs_listing_entry *entry)
{
	size_t before = l->bytes.len;
	if (!has_bytes(in))
		return GS_EINVAL;
	unsigned refs = gs_instr_put(&l->bytes, in, l->ref + l->ref_count);
	enum gs_err err = l->bytes.err;
	if (err) {
		l->bytes.len = before;
		l->bytes.err = GS_OK;
		return err;
	}
	*entry = (struct gs_listing_entry){.at = (uint32_t)before,
	                                   .len = (uint32_t)(l->bytes.len - before),
	                                   .ref = l->ref_count,
	                                   .refs = (uint8_t)refs,
	                                   .dtype = in->store_dtype,
	                                   .count = gs_instr_count(in),
	                                   .cost = gs_instr_cost(in)};
	l->ref_count += refs;
	return GS_OK;
}

enum gs_err gs_listing_append(struct gs_listing *l, const struct gs_instr *in)
{
	if (l->count == GS_INSTRUCTIONS_MAX)
		return GS_ELIMIT;
	enum gs_err err = grow(l);
	if (!err)
		err = spell(l, in, &l->entry[l->count]);
	l->count += err == GS_OK;
	return err;
}

enum gs_err gs_listing_replace(struct gs_listing *l, uint32_t i, const struct gs_instr *in)
{
	GS_ASSERT(i < l->count);
	enum gs_err err = grow(l);
	return err ? err : spell(l, in, &l->entry[i]);
}

enum gs_err gs_listing_arrange(struct gs_listing *l, const uint32_t *order, uint32_t count)
{
	struct gs_listing_entry *entry = malloc((count + 1U) * sizeof(*entry));
	if (!entry)
		return GS_ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		GS_ASSERT(order[i] < l->count);
		entry[i] = l->entry[order[i]];
	}
	free(l->entry);
	l->entry = entry;
	l->count = count;
	l->cap = count + 1;
	return GS_OK;
}

struct gs_bytes gs_listing_bytes(const struct gs_listing *l, uint32_t i)
{
	GS_ASSERT(i < l->count);
	return (struct gs_bytes){l->bytes.ptr + l->entry[i].at, l->bytes.len - l->entry[i].at};
}

uint64_t gs_listing_elements(const struct gs_listing *l, uint32_t i)
{
	GS_ASSERT(i < l->count);
	return l->entry[i].count;
}

uint64_t gs_listing_chunks(const struct gs_listing *l, uint32_t i)
{
	GS_ASSERT(i < l->count);
	return gs_dtype_chunks((enum gs_dtype)l->entry[i].dtype, l->entry[i].count);
}

const struct gs_listing_ref *gs_listing_refs(const struct gs_listing *l, uint32_t i, unsigned *count)
{
	GS_ASSERT(i < l->count);
	*count = l->entry[i].refs;
	return l->ref + l->entry[i].ref;
}

struct gs_listing_ref *gs_listing_refs_of(struct gs_listing *l, uint32_t i, unsigned *count)
{
	GS_ASSERT(i < l->count);
	*count = l->entry[i].refs;
	return l->ref + l->entry[i].ref;
}

/* What has been told since it was spelled. */
static void refer(const struct gs_listing *l, uint32_t i, struct gs_instr *in)
{
	const struct gs_listing_ref *ref = l->ref + l->entry[i].ref;
	for (unsigned k = 0, operands = gs_instr_operands(in); k < operands; k++) {
		struct gs_operand *op = &in->operand[k];
		if (op->kind != GS_OPERAND_TENSOR)
			continue;
		op->view.chunk = (ref++)->chunk;
		if (op->indirect_row)
			op->indirect.chunk = (ref++)->chunk;
	}
}

struct gs_instr gs_listing_get(const struct gs_listing *l, uint32_t i)
{
	struct gs_instr in;
	struct gs_wire w = gs_wire_open(gs_listing_bytes(l, i));
	enum gs_err err = gs_instr_take(&w, &in, NULL);
	GS_ASSERT(err == GS_OK); /* it was spelled here */
	refer(l, i, &in);
	return in;
}

void gs_listing_read(const struct gs_listing *l, uint32_t i, struct gs_instr *out)
{
	struct gs_wire w = gs_wire_open(gs_listing_bytes(l, i));
	enum gs_err err = gs_instr_take_used(&w, out, NULL);
	GS_ASSERT(err == GS_OK); /* it was spelled here */
	refer(l, i, out);
}
