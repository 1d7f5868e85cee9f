/* Attributes, and values as strided windows. */
#include "validator/onnx/lower.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum gs_err gs_lower_refuse(struct gs_lower *lo, enum gs_onnx_reason reason, const char *fmt, ...)
{
	char text[GS_ERROR_TEXT_MAX];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	lo->report.reason = reason;
	enum gs_err code = reason == GS_ONNX_MALFORMED   ? GS_EPARSE
	                   : reason == GS_ONNX_TOO_BIG   ? GS_ELIMIT
	                   : reason == GS_ONNX_NO_MEMORY ? GS_ENOMEM
	                                                 : GS_EUNSUPPORTED;
	return gs_fail(lo->error, code, "%s", text);
}

static void need_input(struct gs_lower *lo, uint32_t input)
{
	uint32_t index = lo->input[input].graph_index;
	for (uint32_t i = 0; i < lo->report.needs; i++)
		if (lo->report.need[i] == index)
			return;
	if (lo->report.needs < GS_IO_MAX)
		lo->report.need[lo->report.needs++] = index;
}

/* Marks, from instruction `from` down, everything it is computed from. */
static void need_behind(struct gs_lower *lo, uint32_t from)
{
	uint8_t *seen = gs_arena_alloc(&lo->arena, (uint64_t)from + 1, 1);
	if (seen == NULL)
		return;
	seen[from] = 1;
	for (uint32_t i = from + 1; i-- > 0;) {
		if (!seen[i])
			continue;
		struct gs_instr in = gs_listing_get(&lo->listing, i);
		for (unsigned k = 0; k < gs_instr_operands(&in); k++) {
			const struct gs_operand *op = &in.operand[k];
			const struct gs_view *view[2] = {&op->view, &op->indirect};
			for (unsigned j = 0; op->kind == GS_OPERAND_TENSOR && j < (op->indirect_row ? 2U : 1U); j++) {
				if (view[j]->space == GS_SPACE_TRACE)
					seen[view[j]->chunk] = 1;
				for (uint32_t n = 0; view[j]->space == GS_SPACE_INPUTS && n < lo->inputs; n++)
					if (lo->input[n].chunk == view[j]->chunk)
						need_input(lo, n);
			}
		}
	}
}

enum gs_err gs_lower_not_static(struct gs_lower *lo, const struct gs_val *v, const char *what)
{
	char names[256] = "";
	if (v->kind == GS_VAL_INPUT)
		need_input(lo, v->source);
	else if (v->kind == GS_VAL_INSTR)
		need_behind(lo, v->source);
	for (uint32_t i = 0, n = 0; i < lo->report.needs && n + 80 < sizeof(names); i++) {
		struct gs_bytes name = lo->model.graph.input[lo->report.need[i]].name;
		n += (uint32_t)snprintf(names + n, sizeof(names) - n, " --bind %.*s",
		                        (int)(name.len > 64 ? 64 : name.len), (const char *)name.ptr);
	}
	return gs_lower_refuse(lo, GS_ONNX_NOT_STATIC, "%s depends on an input; bind it as a constant:%s", what,
	                       names[0] != 0 ? names : " (no input can be bound)");
}

int64_t gs_lower_attr_int(const struct gs_onnx_node *node, const char *name, int64_t otherwise)
{
	const struct gs_onnx_attr *a = gs_onnx_attr_find(node, name);
	return a != NULL && a->type == GS_ONNX_ATTR_INT ? a->i : otherwise;
}

uint32_t gs_lower_attr_float(const struct gs_onnx_node *node, const char *name, uint32_t otherwise)
{
	const struct gs_onnx_attr *a = gs_onnx_attr_find(node, name);
	return a != NULL && a->type == GS_ONNX_ATTR_FLOAT ? (uint32_t)gs_load(GS_F32, a->f) : otherwise;
}

bool gs_lower_attr_is(const struct gs_onnx_node *node, const char *name, const char *text)
{
	const struct gs_onnx_attr *a = gs_onnx_attr_find(node, name);
	return a != NULL && a->type == GS_ONNX_ATTR_STRING && gs_onnx_text_is(a->s, text);
}

enum gs_err gs_lower_attr_ints(struct gs_lower *lo, const struct gs_onnx_node *node, const char *name, int64_t *out,
                               unsigned max, unsigned *count)
{
	const struct gs_onnx_attr *a = gs_onnx_attr_find(node, name);
	if (a == NULL)
		return GS_OK;
	if (a->type != GS_ONNX_ATTR_INTS || a->count > max)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "attribute %s is not a list of at most %u integers", name,
		                       max);
	memcpy(out, a->ints, a->count * sizeof(*out));
	*count = a->count;
	return GS_OK;
}

uint64_t gs_lower_base_count(const struct gs_lower *lo, const struct gs_val *v)
{
	switch ((enum gs_val_kind)v->kind) {
	case GS_VAL_NONE:
	case GS_VAL_ABSENT: return 0;
	case GS_VAL_CONST: return lo->constant[v->source].count;
	case GS_VAL_INPUT: return lo->input[v->source].count;
	case GS_VAL_INSTR: return gs_listing_elements(&lo->listing, v->source);
	}
	return 0;
}

uint64_t gs_lower_const_bits(const struct gs_lower *lo, const struct gs_val *v, uint64_t index)
{
	int64_t at = v->offset;
	for (unsigned d = v->rank; d-- > 0;) {
		at += (int64_t)(index % v->dim[d]) * v->stride[d];
		index /= v->dim[d];
	}
	return gs_element_bits(lo->constant[v->source].data, (enum gs_dtype)v->dtype, (uint64_t)at);
}

bool gs_lower_uniform(const struct gs_lower *lo, const struct gs_val *v, gs_reg *out)
{
	if (v->kind != GS_VAL_CONST || gs_val_count(v) == 0)
		return false;
	for (unsigned d = 0; d < v->rank; d++)
		if (v->dim[d] > 1 && v->stride[d] != 0)
			return false;
	*out = gs_load((enum gs_dtype)v->dtype, gs_lower_const_bits(lo, v, 0));
	return true;
}

enum gs_err gs_lower_ints(struct gs_lower *lo, const struct gs_val *v, const char *what, int64_t *out, unsigned max,
                          unsigned *count)
{
	if (v->kind != GS_VAL_CONST)
		return gs_lower_not_static(lo, v, what);
	uint64_t n = gs_val_count(v);
	if (gs_val_class(v) == GS_CLASS_F32)
		return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE, "%s must be integers", what);
	if (n > max)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "%s has %llu elements, the limit is %u", what,
		                       (unsigned long long)n, max);
	for (uint64_t i = 0; i < n; i++) {
		gs_reg reg = gs_load((enum gs_dtype)v->dtype, gs_lower_const_bits(lo, v, i));
		out[i] = gs_val_class(v) == GS_CLASS_I32 ? (int32_t)(uint32_t)reg : (int64_t)reg;
	}
	*count = (unsigned)n;
	return GS_OK;
}

enum gs_err gs_lower_ints_either(struct gs_lower *lo, const struct gs_onnx_node *node, const char *name,
                                 const struct gs_val *v, int64_t *out, unsigned max, unsigned *count, bool *given)
{
	*count = 0;
	*given = true;
	if (gs_onnx_attr_find(node, name) != NULL)
		return gs_lower_attr_ints(lo, node, name, out, max, count);
	if (v->kind != GS_VAL_NONE)
		return gs_lower_ints(lo, v, name, out, max, count);
	*given = false;
	return GS_OK;
}

enum gs_err gs_lower_axis(struct gs_lower *lo, int64_t axis, unsigned rank, unsigned *out)
{
	if (axis < -(int64_t)rank || axis >= (int64_t)rank)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "axis %lld is outside a tensor of rank %u",
		                       (long long)axis, rank);
	*out = (unsigned)(axis < 0 ? axis + rank : axis);
	return GS_OK;
}

uint64_t gs_val_count(const struct gs_val *v)
{
	uint64_t n = 1;
	for (unsigned d = 0; d < v->rank; d++)
		if (v->dim[d] == 0)
			return 0;
	for (unsigned d = 0; d < v->rank; d++)
		if (__builtin_mul_overflow(n, v->dim[d], &n))
			return UINT64_MAX;
	return n;
}

enum gs_class gs_val_class(const struct gs_val *v)
{
	return gs_dtype_class((enum gs_dtype)v->dtype);
}

bool gs_val_contiguous(const struct gs_val *v)
{
	int64_t stride = 1;
	for (unsigned d = v->rank; d-- > 0;) {
		if (v->dim[d] != 1 && v->stride[d] != stride)
			return false;
		stride = (int64_t)((uint64_t)stride * v->dim[d]); /* wraps only past every limit */
	}
	return true;
}

void gs_val_strides(struct gs_val *v)
{
	int64_t stride = 1;
	for (unsigned d = v->rank; d-- > 0;) {
		v->stride[d] = stride;
		stride = (int64_t)((uint64_t)stride * v->dim[d]); /* wraps only past every limit */
	}
	v->offset = 0;
}

enum gs_err gs_lower_constant(struct gs_lower *lo, enum gs_dtype dtype, unsigned rank, const uint32_t *dim,
                              const uint8_t *data, struct gs_val *out)
{
	if (lo->constants == lo->constant_cap) {
		uint32_t cap = lo->constant_cap == 0 ? 256 : lo->constant_cap * 2;
		struct gs_lower_const *grown = cap > 1U << 21 ? NULL : gs_arena_alloc(&lo->arena, cap, sizeof(*grown));
		if (grown == NULL)
			return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "too many constants");
		if (lo->constants != 0)
			memcpy(grown, lo->constant, lo->constants * sizeof(*grown));
		lo->constant = grown;
		lo->constant_cap = cap;
	}
	*out = (struct gs_val){
		.kind = GS_VAL_CONST, .dtype = (uint8_t)dtype, .rank = (uint8_t)rank, .source = lo->constants};
	if (rank != 0)
		memcpy(out->dim, dim, rank * sizeof(*dim));
	gs_val_strides(out);
	lo->constant[lo->constants++] = (struct gs_lower_const){
		.dtype = (uint8_t)dtype, .count = gs_val_count(out), .data = data, .chunk = UINT32_MAX};
	return GS_OK;
}

enum gs_err gs_lower_constant_ints(struct gs_lower *lo, const int64_t *v, unsigned count, struct gs_val *out)
{
	uint8_t *data = gs_arena_alloc(&lo->arena, count, 8);
	if (data == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "constants do not fit the memory limit");
	for (unsigned i = 0; i < count; i++)
		gs_le64_write(data + 8 * i, (uint64_t)v[i]);
	return gs_lower_constant(lo, GS_I64, 1, &(uint32_t){count}, data, out);
}

void gs_val_transpose(const struct gs_val *v, const unsigned *perm, struct gs_val *out)
{
	struct gs_val r = *v;
	for (unsigned d = 0; d < v->rank; d++) {
		r.dim[d] = v->dim[perm[d]];
		r.stride[d] = v->stride[perm[d]];
	}
	*out = r;
}

/* Strides for the new shape without moving data: runs of old dimensions that lie evenly are split and joined. */
static bool reshape_strides(const struct gs_val *v, struct gs_val *r)
{
	unsigned o = 0, n = 0;
	while (o < v->rank || n < r->rank) {
		uint64_t po = 1, pn = 1;
		unsigned o0 = o, n0 = n;
		do { /* the shortest groups of equal size */
			if ((po <= pn && o < v->rank) || n == r->rank)
				po *= o < v->rank ? v->dim[o++] : 1;
			else
				pn *= r->dim[n++];
			if (o == v->rank && n == r->rank && po != pn)
				return false;
		} while (po != pn);
		/* the old group must be one even run */
		int64_t run = 0;
		bool started = false;
		uint64_t inner = 1;
		for (unsigned d = o; d-- > o0;) {
			if (v->dim[d] == 1)
				continue;
			if (!started) {
				run = v->stride[d];
				started = true;
			} else if (v->stride[d] != run * (int64_t)inner) {
				return false;
			}
			inner *= v->dim[d];
		}
		inner = 1;
		for (unsigned d = n; d-- > n0;) {
			r->stride[d] = run * (int64_t)inner;
			inner *= r->dim[d];
		}
	}
	return true;
}

enum gs_err gs_lower_reshape(struct gs_lower *lo, const struct gs_val *v, unsigned rank, const uint32_t *dim,
                             struct gs_val *out)
{
	struct gs_val r = *v;
	if (rank > GS_RANK_MAX)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a tensor of rank %u; the limit is %d", rank, GS_RANK_MAX);
	r.rank = (uint8_t)rank;
	memset(r.dim, 0, sizeof(r.dim));
	memset(r.stride, 0, sizeof(r.stride));
	if (rank > 0)
		memcpy(r.dim, dim, rank * sizeof(*dim));
	if (gs_val_count(&r) != gs_val_count(v))
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a reshape from %llu to %llu elements",
		                       (unsigned long long)gs_val_count(v), (unsigned long long)gs_val_count(&r));
	if (gs_val_count(v) == 0 || gs_val_contiguous(v)) {
		int64_t offset = v->offset;
		gs_val_strides(&r);
		r.offset = offset;
		*out = r;
		return GS_OK;
	}
	if (reshape_strides(v, &r)) {
		*out = r;
		return GS_OK;
	}
	struct gs_val copy;
	enum gs_err err = gs_lower_copy(lo, v, &copy);
	return err != GS_OK ? err : gs_lower_reshape(lo, &copy, rank, dim, out);
}

enum gs_err gs_lower_contiguous(struct gs_lower *lo, const struct gs_val *v, struct gs_val *out)
{
	if (!gs_val_contiguous(v))
		return gs_lower_copy(lo, v, out);
	*out = *v;
	return GS_OK;
}

enum gs_err gs_lower_expand(struct gs_lower *lo, const struct gs_val *v, unsigned rank, const uint32_t *dim,
                            struct gs_val *out)
{
	struct gs_val r = *v;
	if (rank < v->rank || rank > GS_RANK_MAX)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a tensor of rank %u cannot be expanded to rank %u",
		                       v->rank, rank);
	r.rank = (uint8_t)rank;
	for (unsigned d = 0; d < rank; d++) {
		unsigned lead = rank - v->rank;
		uint32_t old = d < lead ? 1 : v->dim[d - lead];
		if (old != 1 && old != dim[d])
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "dimension %u of %u cannot be broadcast to %u", d,
			                       old, dim[d]);
		r.dim[d] = dim[d];
		r.stride[d] = d < lead || old != dim[d] ? 0 : v->stride[d - lead];
	}
	*out = r;
	return GS_OK;
}

enum gs_err gs_lower_broadcast(struct gs_lower *lo, const struct gs_val *v, unsigned count, uint8_t *rank,
                               uint32_t *dim)
{
	*rank = 0;
	for (unsigned i = 0; i < count; i++)
		if (v[i].rank > *rank)
			*rank = v[i].rank;
	for (unsigned d = 0; d < *rank; d++) {
		dim[d] = 1;
		for (unsigned i = 0; i < count; i++) {
			if (d < (unsigned)(*rank - v[i].rank))
				continue;
			uint32_t have = v[i].dim[d - (*rank - v[i].rank)];
			if (have == 1)
				continue;
			if (dim[d] != 1 && dim[d] != have)
				return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "dimensions %u and %u do not broadcast",
				                       dim[d], have);
			dim[d] = have;
		}
	}
	return GS_OK;
}
