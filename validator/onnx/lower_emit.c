/* Instructions: operands from values, the normal form of boxes, folding of constants. */
#include "validator/onnx/lower_fold.h"

#include <stdlib.h>
#include <string.h>

unsigned gs_fn_for(unsigned f32_fn, enum gs_class cls)
{
	bool moves = f32_fn >= GS_FN_F32_EQ && f32_fn <= GS_FN_F32_CLIP; /* eq lt le select clip sit elsewhere */
	static const uint8_t moved[] = {GS_FN_I32_EQ, GS_FN_I32_LT, GS_FN_I32_LE, GS_FN_I32_SELECT, GS_FN_I32_CLIP};
	static const uint8_t plain[] = {0,
	                                GS_FN_I32_COPY,
	                                GS_FN_I32_ADD,
	                                GS_FN_I32_SUB,
	                                GS_FN_I32_MUL,
	                                GS_FN_I32_DIV,
	                                GS_FN_I32_MULADD,
	                                GS_FN_I32_MIN,
	                                GS_FN_I32_MAX,
	                                GS_FN_I32_NEG,
	                                GS_FN_I32_ABS};
	if (cls == GS_CLASS_F32)
		return f32_fn;
	unsigned i32 = f32_fn == GS_FN_F32_FIRST ? GS_FN_I32_FIRST
	               : moves                   ? moved[f32_fn - GS_FN_F32_EQ]
	                                         : plain[f32_fn];
	return cls == GS_CLASS_I32 ? i32 : i32 + 0x40;
}

unsigned gs_fn_for_type(unsigned f32_fn, unsigned dtype)
{
	if (dtype == GS_U64)
		switch (f32_fn) {
		case GS_FN_F32_DIV: return GS_FN_I64_UDIV;
		case GS_FN_F32_MIN: return GS_FN_I64_UMIN;
		case GS_FN_F32_MAX: return GS_FN_I64_UMAX;
		case GS_FN_F32_LT: return GS_FN_I64_ULT;
		case GS_FN_F32_LE: return GS_FN_I64_ULE;
		}
	return gs_fn_for(f32_fn, gs_dtype_class((enum gs_dtype)dtype));
}

gs_reg gs_reg_of_int(enum gs_class cls, int64_t v)
{
	switch (cls) {
	case GS_CLASS_F32: return gs_fn_apply(GS_FN_I64_TO_F32, (gs_reg)v, 0, 0);
	case GS_CLASS_I32: return (uint32_t)v;
	case GS_CLASS_I64: return (gs_reg)v;
	}
	return 0;
}

struct gs_operand gs_operand_const(gs_reg reg)
{
	return (struct gs_operand){.kind = GS_OPERAND_CONST, .constant = reg};
}

void gs_lower_view_to(const struct gs_lower *lo, const struct gs_val *v, struct gs_operand *op)
{
	op->kind = GS_OPERAND_TENSOR;
	op->view.dtype = v->dtype;
	op->view.count = gs_lower_base_count(lo, v);
	op->view.space = v->kind == GS_VAL_CONST   ? GS_SPACE_WEIGHTS
	                 : v->kind == GS_VAL_INPUT ? GS_SPACE_INPUTS
	                                           : GS_SPACE_TRACE;
	op->view.chunk = v->kind == GS_VAL_INPUT ? lo->input[v->source].chunk : v->source;
	op->view.rows = 1;
	op->view.row[0] = (struct gs_row){.extent = op->view.count, .stride = 1, .at.offset = v->offset};
}

struct gs_operand gs_lower_view(const struct gs_lower *lo, const struct gs_val *v)
{
	struct gs_operand op = {.kind = GS_OPERAND_TENSOR};
	gs_lower_view_to(lo, v, &op);
	return op;
}

void gs_operand_axis(struct gs_operand *op, unsigned axis, int64_t coef)
{
	if (op->kind != GS_OPERAND_TENSOR)
		return;
	GS_ASSERT(axis < GS_AXES_MAX);
	op->view.row[0].at.coef[axis] += coef;
}

unsigned gs_operand_row(struct gs_operand *op, uint64_t extent, uint64_t stride, int64_t offset)
{
	GS_ASSERT(op->kind == GS_OPERAND_TENSOR && op->view.rows < GS_ROWS_MAX);
	op->view.row[op->view.rows] = (struct gs_row){.extent = extent, .stride = stride, .at.offset = offset};
	return op->view.rows++;
}

static void elementwise_to(const struct gs_lower *lo, const struct gs_val *v, unsigned rank, struct gs_operand *op)
{
	gs_reg reg;
	if (gs_lower_uniform(lo, v, &reg)) {
		op->kind = GS_OPERAND_CONST;
		op->constant = reg;
		return;
	}
	gs_lower_view_to(lo, v, op);
	for (unsigned d = 0; d < v->rank; d++)
		if (v->dim[d] != 1)
			gs_operand_axis(op, rank - v->rank + d, v->stride[d]);
}

struct gs_operand gs_lower_elementwise(const struct gs_lower *lo, const struct gs_val *v, unsigned rank)
{
	struct gs_operand op = {0};
	elementwise_to(lo, v, rank, &op);
	return op;
}

/* ---- the normal form of a box: no axes of extent 1, neighbours joined where every operand steps evenly ---- */

struct affines {
	unsigned count;
	struct gs_affine *at[3 * (2 * GS_ROWS_MAX + 1)];
};

static void view_affines(struct gs_view *view, struct affines *out)
{
	for (unsigned r = 0; r < view->rows; r++)
		out->at[out->count++] = &view->row[r].at;
}

static void collect_affines(struct gs_instr *in, struct affines *out)
{
	out->count = 0;
	for (unsigned k = 0, operands = gs_instr_operands(in); k < operands; k++) {
		struct gs_operand *op = &in->operand[k];
		if (op->kind == GS_OPERAND_IOTA)
			out->at[out->count++] = &op->iota;
		if (op->kind != GS_OPERAND_TENSOR)
			continue;
		view_affines(&op->view, out);
		if (op->indirect_row)
			view_affines(&op->indirect, out);
	}
}

static void drop_axis(struct gs_instr *in, const struct affines *aff, unsigned axis)
{
	unsigned axes = (unsigned)in->out_axes + in->red_axes;
	for (unsigned a = axis; a + 1 < axes; a++)
		in->extent[a] = in->extent[a + 1];
	in->extent[axes - 1] = 0;
	for (unsigned i = 0; i < aff->count; i++) {
		int64_t *coef = aff->at[i]->coef;
		for (unsigned a = axis; a + 1 < axes; a++)
			coef[a] = coef[a + 1];
		coef[axes - 1] = 0;
	}
	if (axis < in->out_axes)
		in->out_axes--;
	else
		in->red_axes--;
}

static bool join_axes(struct gs_instr *in, const struct affines *aff, unsigned axis)
{
	uint64_t product = (uint64_t)in->extent[axis] * in->extent[axis + 1];
	if (product > (axis < in->out_axes ? GS_EXTENT_MAX - 1 : GS_FOLD_MAX))
		return false;
	for (unsigned i = 0; i < aff->count; i++)
		if (aff->at[i]->coef[axis] != aff->at[i]->coef[axis + 1] * (int64_t)in->extent[axis + 1])
			return false;
	in->extent[axis + 1] = (uint32_t)product;
	drop_axis(in, aff, axis);
	return true;
}

static void normalise(struct gs_instr *in)
{
	struct affines aff;
	collect_affines(in, &aff);
	for (unsigned a = (unsigned)in->out_axes + in->red_axes; a-- > 0;) {
		bool lonely = a < in->out_axes ? in->out_axes == 1 : in->red_axes == 1;
		if (in->extent[a] == 1 && !lonely)
			drop_axis(in, &aff, a);
	}
	for (unsigned a = (unsigned)in->out_axes + in->red_axes; a-- > 1;)
		if (a != in->out_axes)
			join_axes(in, &aff, a - 1);
	/* an axis of extent 1 that stays has coefficients that never count */
	for (unsigned a = 0; a < (unsigned)in->out_axes + in->red_axes; a++)
		for (unsigned i = 0; in->extent[a] == 1 && i < aff.count; i++)
			aff.at[i]->coef[a] = 0;
}

/* ---- emission ---- */

static enum gs_err append(struct gs_lower *lo, const struct gs_instr *in)
{
	uint32_t count = lo->listing.count;
	if (count == GS_LOWER_INSTRS_MAX)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "the program has more than %d instructions",
		                       GS_LOWER_INSTRS_MAX);
	if (count == lo->instr_cap) {
		uint32_t cap = lo->instr_cap == 0 ? 64 : lo->instr_cap * 2;
		struct gs_lower_def *defs = realloc(lo->instr_def, cap * sizeof(*defs));
		if (defs == NULL)
			return gs_lower_refuse(lo, GS_ONNX_NO_MEMORY, "no memory for %u instructions", cap);
		lo->instr_def = defs;
		struct gs_lower_maker *makers = realloc(lo->instr_maker, cap * sizeof(*makers));
		if (makers == NULL)
			return gs_lower_refuse(lo, GS_ONNX_NO_MEMORY, "no memory for %u instructions", cap);
		lo->instr_maker = makers;
		lo->instr_cap = cap;
	}
	enum gs_err err = gs_listing_append(&lo->listing, in);
	GS_ASSERT(err != GS_EINVAL);
	if (err != GS_OK)
		return gs_lower_refuse(lo, GS_ONNX_NO_MEMORY, "no memory for %u instructions", count + 1);
	lo->instr_def[count] = (struct gs_lower_def){0};
	lo->instr_maker[count] = (struct gs_lower_maker){lo->node, lo->node};
	return GS_OK;
}

bool gs_lower_spend(struct gs_lower *lo, uint64_t steps)
{
	if (steps > GS_LOWER_FOLD_STEPS_MAX || lo->fold_steps > GS_LOWER_FOLD_STEPS_MAX - steps)
		return false;
	lo->fold_steps += steps;
	return true;
}

enum gs_err gs_lower_emit(struct gs_lower *lo, struct gs_instr *in, unsigned rank, const uint32_t *dim,
                          struct gs_val *out)
{
	struct gs_val v = {.kind = GS_VAL_INSTR, .dtype = in->store_dtype, .rank = (uint8_t)rank};
	uint64_t terms = in->form == GS_FOLD ? 1 : 0;
	GS_ASSERT(rank <= GS_RANK_MAX);
	memcpy(v.dim, dim, rank * sizeof(*dim));
	gs_val_strides(&v);
	uint64_t count = gs_val_count(&v);
	if (count == 0)
		return gs_lower_constant(lo, (enum gs_dtype)in->store_dtype, rank, dim, NULL, out);
	if (count >= GS_EXTENT_MAX)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a tensor of 2^31 elements or more");
	for (unsigned a = 0; a < in->red_axes; a++) {
		terms *= in->extent[in->out_axes + a];
		if (terms > GS_FOLD_MAX)
			return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a sum of more than %d terms", GS_FOLD_MAX);
	}
	for (unsigned k = 0, operands = gs_instr_operands(in); k < operands; k++)
		if (in->operand[k].kind == GS_OPERAND_TENSOR && in->operand[k].view.count == 0)
			in->operand[k] = gs_operand_const(0); /* nothing is read of an empty tensor */
	if (in->out_axes == 0) {
		for (unsigned a = in->red_axes; a > 0; a--) /* a scalar: one axis of extent 1 */
			in->extent[a] = in->extent[a - 1];
		struct affines aff;
		collect_affines(in, &aff);
		for (unsigned i = 0; i < aff.count; i++) {
			memmove(aff.at[i]->coef + 1, aff.at[i]->coef, in->red_axes * sizeof(int64_t));
			aff.at[i]->coef[0] = 0;
		}
		in->extent[0] = 1;
		in->out_axes = 1;
	}
	normalise(in);
	GS_ASSERT(gs_instr_count(in) == count);
	if (in->out_axes > GS_OUT_AXES_MAX || in->red_axes > GS_RED_AXES_MAX)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "an instruction with %u output and %u reduction axes",
		                       in->out_axes, in->red_axes);
	uint64_t steps = gs_instr_cost(in);
	bool constant = gs_lower_all_constant(in);
	if (constant) /* what reading them costs counts too */
		steps += GS_LOWER_FOLD_CHUNK_STEPS * gs_lower_constant_chunks(lo, in);
	if (constant && gs_lower_spend(lo, steps))
		return gs_lower_fold_now(lo, in, rank, dim, out);
	v.source = lo->listing.count;
	enum gs_err err = append(lo, in);
	*out = v;
	return err;
}

static void set_step(struct gs_instr *in, struct gs_step step)
{
	in->fn = step.fn;
	in->store_dtype = step.dtype;
	in->epilogue = step.epilogue;
	in->epilogue_pos = step.epilogue_pos;
	memcpy(in->epilogue_const, step.epilogue_const, sizeof(in->epilogue_const));
}

enum gs_err gs_lower_map(struct gs_lower *lo, struct gs_step step, unsigned args, const struct gs_arg *arg,
                         struct gs_val *out)
{
	struct gs_instr in;
	struct gs_val v[3];
	unsigned n = 0;
	for (unsigned i = 0; i < args; i++)
		if (arg[i].v != NULL)
			v[n++] = *arg[i].v;
	uint8_t rank;
	uint32_t dim[GS_RANK_MAX];
	enum gs_err err = gs_lower_broadcast(lo, v, n, &rank, dim);
	if (err != GS_OK)
		return err;
	gs_instr_clear(&in);
	in.form = GS_MAP;
	set_step(&in, step);
	in.out_axes = rank;
	memcpy(in.extent, dim, rank * sizeof(*dim));
	for (unsigned i = 0; i < args; i++) {
		if (arg[i].v == NULL)
			in.operand[i].constant = arg[i].reg; /* kind 0 */
		else
			elementwise_to(lo, arg[i].v, rank, &in.operand[i]);
	}
	return gs_lower_emit(lo, &in, rank, dim, out);
}

enum gs_err gs_lower_copy(struct gs_lower *lo, const struct gs_val *v, struct gs_val *out)
{
	struct gs_val r = *v; /* out may be v */
	struct gs_step step = {.fn = (uint8_t)gs_fn_for(GS_FN_F32_COPY, gs_val_class(&r)), .dtype = r.dtype};
	return gs_lower_map(lo, step, 1, &(struct gs_arg){.v = &r}, out);
}

static unsigned split_axes(const struct gs_val *x, unsigned mask, struct gs_instr *in, unsigned *axis)
{
	for (unsigned d = 0; d < x->rank; d++)
		if (!(mask >> d & 1)) {
			axis[d] = in->out_axes;
			in->extent[in->out_axes++] = x->dim[d];
		}
	return in->out_axes;
}

enum gs_err gs_lower_fold(struct gs_lower *lo, struct gs_step step, gs_reg init, const struct gs_val *x, unsigned mask,
                          struct gs_val *out)
{
	struct gs_instr in = {.form = GS_FOLD, .acc_dtype = (uint8_t)gs_class_dtype(gs_val_class(x))};
	unsigned axis[GS_RANK_MAX] = {0};
	uint32_t dim[GS_RANK_MAX];
	set_step(&in, step);
	unsigned next = split_axes(x, mask, &in, axis);
	for (unsigned d = 0; d < x->rank; d++) {
		dim[d] = mask >> d & 1 ? 1 : x->dim[d];
		if (mask >> d & 1) {
			axis[d] = next;
			in.extent[next++] = x->dim[d];
			in.red_axes++;
		}
	}
	in.operand[0] = gs_operand_const(init);
	in.operand[1] = gs_lower_view(lo, x);
	for (unsigned d = 0; d < x->rank; d++)
		gs_operand_axis(&in.operand[1], axis[d], x->stride[d]);
	return gs_lower_emit(lo, &in, x->rank, dim, out);
}

/* The reduced dimensions as one run of n elements a stride apart. */
static bool one_run(const struct gs_val *x, unsigned mask, uint64_t *n, int64_t *stride)
{
	*n = 1;
	*stride = 1;
	for (unsigned d = x->rank; d-- > 0;) {
		if (!(mask >> d & 1) || x->dim[d] == 1)
			continue;
		if (*n == 1)
			*stride = x->stride[d];
		else if (x->stride[d] != *stride * (int64_t)*n)
			return false;
		*n *= x->dim[d];
	}
	return *stride >= 0;
}

/* Copies x with the reduced dimensions last, and undoes that order in the strides. */
static enum gs_err reduced_last(struct gs_lower *lo, const struct gs_val *x, unsigned mask, struct gs_val *out)
{
	unsigned perm[GS_RANK_MAX], n = 0;
	struct gs_val t;
	for (unsigned pass = 0; pass < 2; pass++)
		for (unsigned d = 0; d < x->rank; d++)
			if ((mask >> d & 1) == pass)
				perm[n++] = d;
	gs_val_transpose(x, perm, &t);
	enum gs_err err = gs_lower_copy(lo, &t, &t);
	if (err != GS_OK)
		return err;
	unsigned back[GS_RANK_MAX];
	for (unsigned d = 0; d < x->rank; d++)
		back[perm[d]] = d;
	gs_val_transpose(&t, back, out);
	return GS_OK;
}

enum gs_err gs_lower_sum(struct gs_lower *lo, struct gs_step step, const struct gs_val *x, unsigned mask,
                         struct gs_val *out)
{
	struct gs_val from = *x, part = {0};
	struct gs_instr in = {.form = GS_FOLD, .fn = GS_FN_F32_ADD, .store_dtype = GS_F32, .acc_dtype = GS_F32};
	unsigned axis[GS_RANK_MAX] = {0};
	uint32_t dim[GS_RANK_MAX], part_dim[GS_RANK_MAX];
	uint64_t n = 1;
	int64_t stride;
	enum gs_err err;

	for (unsigned d = 0; d < x->rank; d++)
		n *= mask >> d & 1 ? x->dim[d] : 1;
	if (n <= GS_LOWER_SPLIT_TERMS || gs_val_count(x) == 0)
		return gs_lower_fold(lo, step, 0, x, mask, out);
	if (!one_run(x, mask, &n, &stride)) {
		if ((err = reduced_last(lo, x, mask, &from)) != GS_OK)
			return err;
		GS_ASSERT(one_run(&from, mask, &n, &stride));
	}
	unsigned lane = split_axes(&from, mask, &in, axis);
	in.extent[in.out_axes++] = GS_LOWER_SPLIT_LANES;
	in.extent[in.out_axes] = (uint32_t)((n + GS_LOWER_SPLIT_LANES - 1) / GS_LOWER_SPLIT_LANES);
	in.red_axes = 1;
	in.operand[0] = gs_operand_const(0);
	in.operand[1] = gs_lower_view(lo, &from);
	unsigned kept = 0;
	for (unsigned d = 0; d < x->rank; d++) {
		dim[d] = mask >> d & 1 ? 1 : x->dim[d];
		if (!(mask >> d & 1)) {
			gs_operand_axis(&in.operand[1], axis[d], from.stride[d]);
			part_dim[kept++] = x->dim[d];
		}
	}
	part_dim[kept] = GS_LOWER_SPLIT_LANES;
	if (n % GS_LOWER_SPLIT_LANES != 0) {
		unsigned row = gs_operand_row(&in.operand[1], n, (uint64_t)stride, 0);
		in.operand[1].view.row[row].at.coef[lane] = 1;
		in.operand[1].view.row[row].at.coef[lane + 1] = GS_LOWER_SPLIT_LANES;
		in.operand[1].view.pad = GS_PAD_SKIP;
	} else {
		gs_operand_axis(&in.operand[1], lane, stride);
		gs_operand_axis(&in.operand[1], lane + 1, stride * GS_LOWER_SPLIT_LANES);
	}
	if ((err = gs_lower_emit(lo, &in, kept + 1, part_dim, &part)) != GS_OK)
		return err;
	if ((err = gs_lower_fold(lo, step, 0, &part, 1U << kept, &part)) != GS_OK)
		return err;
	return gs_lower_reshape(lo, &part, x->rank, dim, out);
}
