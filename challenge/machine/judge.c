/* challenge/machine/judge.c: one scalar step, as the Judge contract computes it. */
#include "challenge/machine/judge.h"

#include <string.h>

struct openings {
	gs_chunk_source source;
	void *self;
	struct gs_step_record *record;
};

/* Reads one element of a view through an opening; the flat index is in range. */
static gs_reg open_element(struct openings *o, const struct gs_view *view, uint64_t index)
{
	enum gs_dtype dtype = (enum gs_dtype)view->dtype;
	unsigned per_chunk = gs_dtype_per_chunk(dtype);
	struct gs_step_read read = {.space = view->space, .chunk = (uint32_t)(view->chunk + index / per_chunk)};
	GS_ASSERT(o->record->reads < GS_OPENINGS_MAX);
	o->record->read[o->record->reads++] = read;
	const uint8_t *chunk = o->source(o->self, read.space, read.chunk);
	GS_ASSERT(chunk != NULL);
	return gs_load(dtype, gs_element_bits(chunk, dtype, index % per_chunk));
}

static int64_t as_integer(enum gs_dtype dtype, gs_reg value)
{
	return gs_dtype_class(dtype) == GS_CLASS_I32 ? (int64_t)(int32_t)(uint32_t)value : (int64_t)value;
}

/* The value of operand i at a point; false when the operand is skipped. */
static bool operand_value(struct openings *o, const struct gs_instr *in, unsigned i, const uint64_t *point, gs_reg *out)
{
	const struct gs_operand *operand = &in->operand[i];
	unsigned axes = (unsigned)in->out_axes + in->red_axes;
	switch ((enum gs_operand_kind)operand->kind) {
	case GS_OPERAND_CONST: *out = operand->constant; return true;
	case GS_OPERAND_IOTA:
		*out = (uint64_t)gs_affine_at(&operand->iota, axes, point);
		if (gs_instr_operand_class(in, i) == GS_CLASS_I32)
			*out &= UINT32_MAX;
		return true;
	case GS_OPERAND_TENSOR: {
		int64_t indirect = 0;
		if (operand->indirect_row != 0) {
			const struct gs_view *index = &operand->indirect;
			struct gs_read at = gs_view_read(index, axes, point, 0, 0);
			gs_reg value = at.in_range ? open_element(o, index, at.index) : index->pad_value;
			indirect = as_integer((enum gs_dtype)index->dtype, value);
		}
		struct gs_read at = gs_view_read(&operand->view, axes, point, operand->indirect_row, indirect);
		if (at.in_range) {
			*out = open_element(o, &operand->view, at.index);
			return true;
		}
		*out = operand->view.pad_value; /* zero but for rule 2 */
		return operand->view.pad != GS_PAD_SKIP;
	}
	}
	GS_ASSERT(!"an operand kind that the decoder refuses");
	return false;
}

static void judge_map(struct openings *o, const struct gs_instr *in, const uint64_t *point)
{
	struct gs_step_record *r = o->record;
	gs_reg value[3] = {0, 0, 0};
	unsigned first = 3; /* the first operand that is not skipped */
	for (unsigned i = 0; i < gs_instr_operands(in); i++)
		if (operand_value(o, in, i, point, &value[i]) && first == 3)
			first = i;
	r->kind = GS_STEP_MAP;
	r->fn = in->fn;
	if (gs_fn_is_first(in->fn)) {
		r->a = first < 3 ? value[first] : 0;
		r->fn_result = r->a;
		return;
	}
	r->a = value[0];
	r->b = value[1];
	r->c = value[2];
	r->fn_result = gs_fn_apply(in->fn, r->a, r->b, r->c);
}

static void judge_body(struct openings *o, const struct gs_instr *in, const uint64_t *point, gs_reg prev)
{
	struct gs_step_record *r = o->record;
	gs_reg value[3] = {prev, 0, 0};
	for (unsigned i = 1; i < gs_instr_operands(in); i++)
		if (!operand_value(o, in, i, point, &value[i]))
			r->skipped = true;
	r->kind = GS_STEP_BODY;
	r->fn = in->fn;
	r->a = value[0];
	r->b = value[1];
	r->c = value[2];
	r->fn_result = r->skipped ? prev : gs_fn_apply(in->fn, r->a, r->b, r->c);
	enum gs_dtype acc = (enum gs_dtype)in->acc_dtype;
	r->result = gs_load(acc, gs_store(acc, r->fn_result));
}

/* store(e(value)): the last thing that happens to a MAP's value and to a fold's last state. */
static void finish(struct gs_step_record *r, const struct gs_instr *in, gs_reg value)
{
	if (in->epilogue != 0) {
		gs_reg operand[3] = {0, 0, 0};
		unsigned arity = gs_fn_info(in->epilogue)->arity;
		for (unsigned i = 0, k = 0; i < arity; i++)
			operand[i] = i == in->epilogue_pos ? value : in->epilogue_const[k++];
		r->epilogue = in->epilogue;
		r->epilogue_in = value;
		value = gs_fn_apply(in->epilogue, operand[0], operand[1], operand[2]);
		r->epilogue_out = value;
	}
	r->result = gs_store((enum gs_dtype)in->store_dtype, value);
}

void gs_judge_step(const struct gs_instr *in, uint64_t element, uint32_t t, gs_reg prev, gs_chunk_source source,
                   void *self, struct gs_step_record *out)
{
	struct openings o = {.source = source, .self = self, .record = out};
	uint64_t point[GS_AXES_MAX] = {0};
	memset(out, 0, sizeof(*out));
	if (element >= gs_instr_count(in)) {
		GS_ASSERT(t == 0);
		out->kind = GS_STEP_PADDING;
		return;
	}
	gs_box_point(in->extent, in->out_axes, element, point);
	if (in->form == GS_MAP) {
		GS_ASSERT(t == 0);
		judge_map(&o, in, point);
		finish(out, in, out->fn_result);
		return;
	}
	uint64_t terms = gs_instr_terms(in);
	GS_ASSERT(t <= terms + 1);
	if (t == 0) {
		out->kind = GS_STEP_INIT;
		gs_reg value = 0;
		bool present = operand_value(&o, in, 0, point, &value);
		GS_ASSERT(present);
		enum gs_dtype acc = (enum gs_dtype)in->acc_dtype;
		out->fn_result = value;
		out->result = gs_load(acc, gs_store(acc, value));
	} else if (t <= terms) {
		gs_box_point(in->extent + in->out_axes, in->red_axes, t - 1, point + in->out_axes);
		judge_body(&o, in, point, prev);
	} else {
		out->kind = GS_STEP_FINAL;
		finish(out, in, prev);
	}
}
