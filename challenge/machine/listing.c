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
	free(l->at);
	l->at = NULL;
	l->count = l->cap = 0;
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
	for (unsigned i = 0; i < gs_instr_operands(in); i++) {
		const struct gs_operand *op = &in->operand[i];
		if (op->kind > GS_OPERAND_TENSOR)
			return false;
		if (op->kind == GS_OPERAND_TENSOR &&
		    (!view_has_bytes(&op->view) || (op->indirect_row && !view_has_bytes(&op->indirect))))
			return false;
	}
	return true;
}

/* Appends the bytes; *at is where they begin. */
static enum gs_err spell(struct gs_listing *l, const struct gs_instr *in, uint32_t *at)
{
	size_t before = l->bytes.len;
	if (!has_bytes(in))
		return GS_EINVAL;
	gs_instr_put(&l->bytes, in);
	enum gs_err err = l->bytes.err;
	if (err) {
		l->bytes.len = before;
		l->bytes.err = GS_OK;
		return err;
	}
	*at = (uint32_t)before;
	return GS_OK;
}

enum gs_err gs_listing_append(struct gs_listing *l, const struct gs_instr *in)
{
	if (l->count == GS_INSTRUCTIONS_MAX)
		return GS_ELIMIT;
	if (l->count == l->cap) {
		uint32_t cap = l->cap ? l->cap * 2 : 16;
		uint32_t *at = realloc(l->at, cap * sizeof(*at));
		if (!at)
			return GS_ENOMEM;
		l->at = at;
		l->cap = cap;
	}
	enum gs_err err = spell(l, in, &l->at[l->count]);
	l->count += err == GS_OK;
	return err;
}

enum gs_err gs_listing_replace(struct gs_listing *l, uint32_t i, const struct gs_instr *in)
{
	GS_ASSERT(i < l->count);
	return spell(l, in, &l->at[i]);
}

struct gs_bytes gs_listing_bytes(const struct gs_listing *l, uint32_t i)
{
	GS_ASSERT(i < l->count);
	return (struct gs_bytes){l->bytes.ptr + l->at[i], l->bytes.len - l->at[i]};
}

uint64_t gs_listing_elements(const struct gs_listing *l, uint32_t i)
{
	return gs_descriptor_tensor(gs_listing_bytes(l, i)).count;
}

struct gs_instr gs_listing_get(const struct gs_listing *l, uint32_t i)
{
	struct gs_instr in;
	struct gs_wire w = gs_wire_open(gs_listing_bytes(l, i));
	enum gs_err err = gs_instr_take(&w, &in, NULL);
	GS_ASSERT(err == GS_OK); /* it was spelled here */
	return in;
}

void gs_listing_read(const struct gs_listing *l, uint32_t i, struct gs_instr *out)
{
	struct gs_wire w = gs_wire_open(gs_listing_bytes(l, i));
	enum gs_err err = gs_instr_take_used(&w, out, NULL);
	GS_ASSERT(err == GS_OK); /* it was spelled here */
}
