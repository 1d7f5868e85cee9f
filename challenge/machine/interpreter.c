#include "challenge/machine/interpreter.h"

#include <string.h>

void gs_box_point(const uint32_t *extent, unsigned axes, uint64_t index, uint64_t *point)
{
	for (unsigned a = axes; a-- > 0;) {
		point[a] = index % extent[a];
		index /= extent[a];
	}
}

int64_t gs_affine_at(const struct gs_affine *at, unsigned axes, const uint64_t *point)
{
	__int128 sum = at->offset; /* within 2^68: exact; the caller wraps it to its class */
	for (unsigned a = 0; a < axes; a++)
		sum += (__int128)at->coef[a] * (__int128)point[a];
	return (int64_t)(uint64_t)(unsigned __int128)sum;
}

struct gs_read gs_view_read(const struct gs_view *view, unsigned axes, const uint64_t *point, unsigned indirect_row,
                            int64_t indirect)
{
	unsigned __int128 flat = 0;
	for (unsigned r = 0; r < view->rows; r++) {
		const struct gs_row *row = &view->row[r];
		__int128 coordinate = row->at.offset;
		for (unsigned a = 0; a < axes; a++)
			coordinate += (__int128)row->at.coef[a] * (__int128)point[a];
		if (r + 1 == indirect_row)
			coordinate += indirect;
		if (coordinate < 0 || coordinate >= (__int128)row->extent)
			return (struct gs_read){false, 0};
		flat += (unsigned __int128)row->stride * (unsigned __int128)coordinate;
	}
	if (flat >= view->count)
		return (struct gs_read){false, 0};
	return (struct gs_read){true, (uint64_t)flat};
}

static const uint8_t *view_base(const struct gs_view *view, const struct gs_memory *mem)
{
	return gs_memory_array(mem, (enum gs_space)view->space) + (size_t)view->chunk * GS_CHUNK_BYTES;
}

static gs_reg view_load(const struct gs_view *view, const struct gs_memory *mem, uint64_t index)
{
	return gs_load(view->dtype, gs_element_bits(view_base(view, mem), view->dtype, index));
}

/* A register of an integer class as a signed 64-bit number. */
static int64_t reg_signed(enum gs_class cls, gs_reg reg)
{
	return (int64_t)(cls == GS_CLASS_I32 ? gs_fn_apply(GS_FN_I32_TO_I64, reg, 0, 0) : reg);
}

bool gs_operand_value(const struct gs_instr *in, unsigned i, const struct gs_memory *mem, const uint64_t *point,
                      gs_reg *out)
{
	const struct gs_operand *op = &in->operand[i];
	unsigned axes = in->form == GS_FOLD && i > 0 ? in->out_axes + in->red_axes : in->out_axes;
	int64_t indirect = 0;
	switch ((enum gs_operand_kind)op->kind) {
	case GS_OPERAND_CONST: *out = op->constant; return true;
	case GS_OPERAND_IOTA:
		*out = gs_store(gs_class_dtype(gs_instr_operand_class(in, i)),
		                (uint64_t)gs_affine_at(&op->iota, axes, point));
		return true;
	case GS_OPERAND_TENSOR: break;
	}
	if (op->indirect_row) {
		struct gs_read at = gs_view_read(&op->indirect, axes, point, 0, 0);
		gs_reg index = at.in_range ? view_load(&op->indirect, mem, at.index) : op->indirect.pad_value;
		indirect = reg_signed(gs_dtype_class(op->indirect.dtype), index);
	}
	struct gs_read read = gs_view_read(&op->view, axes, point, op->indirect_row, indirect);
	if (!read.in_range && op->view.pad == GS_PAD_SKIP)
		return false;
	*out = read.in_range ? view_load(&op->view, mem, read.index) : op->view.pad_value;
	return true;
}

uint64_t gs_finish(const struct gs_instr *in, gs_reg value)
{
	if (in->epilogue) {
		gs_reg operand[3] = {0};
		unsigned arity = gs_fn_info(in->epilogue)->arity;
		for (unsigned i = 0, k = 0; i < arity; i++)
			operand[i] = i == in->epilogue_pos ? value : in->epilogue_const[k++];
		value = gs_fn_apply(in->epilogue, operand[0], operand[1], operand[2]);
	}
	return gs_store(in->store_dtype, value);
}

static uint64_t map_element(const struct gs_instr *in, const struct gs_memory *mem, const uint64_t *point)
{
	gs_reg x[3] = {0};
	bool first = gs_fn_is_first(in->fn);
	for (unsigned i = 0; i < gs_instr_operands(in); i++) {
		bool present = gs_operand_value(in, i, mem, point, &x[i]);
		if (first && present)
			return gs_finish(in, x[i]);
		GS_ASSERT(first || present); /* W2: skip only in a `first` */
	}
	return gs_finish(in, first ? 0 : gs_fn_apply(in->fn, x[0], x[1], x[2]));
}

/* Runs the fold from s_0 and calls back with every state; stops after `last`. */
static gs_reg fold_states(const struct gs_instr *in, const struct gs_memory *mem, uint64_t *point, uint64_t last,
                          uint32_t first, uint32_t stride, uint32_t count, gs_reg *out)
{
	gs_reg acc = 0;
	uint32_t taken = 0;
	GS_ASSERT(gs_operand_value(in, 0, mem, point, &acc));
	for (uint64_t j = 0;; j++) {
		if (taken < count && j == first + (uint64_t)taken * stride)
			out[taken++] = acc;
		if (j == last)
			return acc;
		gs_reg x0 = 0, x1 = 0;
		gs_box_point(in->extent + in->out_axes, in->red_axes, j, point + in->out_axes);
		bool present = gs_operand_value(in, 1, mem, point, &x0);
		if (gs_instr_operands(in) > 2)
			present &= gs_operand_value(in, 2, mem, point, &x1);
		if (present)
			acc = gs_load(in->acc_dtype, gs_store(in->acc_dtype, gs_fn_apply(in->fn, acc, x0, x1)));
	}
}

uint64_t gs_interpret_element(const struct gs_instr *in, const struct gs_memory *mem, uint64_t element)
{
	uint64_t point[GS_AXES_MAX] = {0};
	gs_box_point(in->extent, in->out_axes, element, point);
	if (in->form == GS_MAP)
		return map_element(in, mem, point);
	return gs_finish(in, fold_states(in, mem, point, gs_instr_terms(in), 0, 0, 0, NULL));
}

void gs_interpret_accumulators(const struct gs_instr *in, const struct gs_memory *mem, uint64_t element, uint32_t first,
                               uint32_t stride, uint32_t count, gs_reg *out)
{
	uint64_t point[GS_AXES_MAX] = {0};
	GS_ASSERT(in->form == GS_FOLD && stride > 0);
	if (count == 0)
		return;
	uint64_t last = first + (uint64_t)stride * (count - 1);
	GS_ASSERT(last <= gs_instr_terms(in));
	gs_box_point(in->extent, in->out_axes, element, point);
	(void)fold_states(in, mem, point, last, first, stride, count, out);
}

void gs_interpret_instr(const struct gs_instr *in, const struct gs_memory *mem)
{
	uint8_t *base = mem->trace + (size_t)in->first_chunk * GS_CHUNK_BYTES;
	uint64_t count = gs_instr_count(in);
	uint64_t bytes = count * gs_dtype_bytes(in->store_dtype);
	uint64_t chunks = gs_dtype_chunks(in->store_dtype, count);
	for (uint64_t n = 0; n < count; n++)
		gs_element_write(base, in->store_dtype, n, gs_interpret_element(in, mem, n));
	memset(base + bytes, 0, chunks * GS_CHUNK_BYTES - bytes);
}

void gs_interpret(const struct gs_program *p, const struct gs_memory *mem)
{
	for (uint32_t i = 0; i < p->count; i++) {
		struct gs_instr in = gs_program_instr(p, i);
		gs_interpret_instr(&in, mem);
	}
}

uint64_t gs_program_trace_bytes(const struct gs_program *p)
{
	struct gs_instr last = gs_program_instr(p, p->count - 1);
	return (last.first_chunk + gs_dtype_chunks(last.store_dtype, gs_instr_count(&last))) * GS_CHUNK_BYTES;
}
