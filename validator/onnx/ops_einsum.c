/* Einsum: operands become windows with one dimension a label, then one product of two after the other, from the left.
 * Formulas: docs/operators.md. */
#include "validator/onnx/ops_common.h"

#include <string.h>

enum {
	EINSUM_LETTERS = 52,
	EINSUM_LABELS = EINSUM_LETTERS + GS_RANK_MAX, /* A to Z, a to z, then the dimensions of the ellipsis */
	EINSUM_TERMS_MAX = 64,
};

struct term { /* the labels of one operand, or of the output, in order */
	uint8_t label[GS_AXES_MAX];
	unsigned count;
	int ellipsis; /* where it stands among the labels, -1 for nowhere */
};

struct einsum {
	struct term term[EINSUM_TERMS_MAX], out;
	unsigned terms;
	unsigned shared; /* dimensions behind the ellipsis: the most of any operand */
	uint32_t extent[EINSUM_LABELS];
	bool known[EINSUM_LABELS];
	unsigned seen[EINSUM_LETTERS];
};

/* An operand on the way: dimension i of v belongs to label[i]; no label twice. */
struct part {
	struct gs_val v;
	uint8_t label[GS_RANK_MAX];
};

/* ---- the equation ---- */

static enum gs_err malformed(struct gs_lower *lo, const char *what)
{
	return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "the equation %s", what);
}

static enum gs_err read_term(struct gs_lower *lo, struct gs_bytes text, size_t *at, struct term *t)
{
	*t = (struct term){.ellipsis = -1};
	for (; *at < text.len; ++*at) {
		char c = (char)text.ptr[*at];
		bool upper = c >= 'A' && c <= 'Z', lower = c >= 'a' && c <= 'z';
		if (c == ' ')
			continue;
		if (c == '.') {
			if (t->ellipsis >= 0 || text.len - *at < 3 || memcmp(text.ptr + *at, "...", 3) != 0)
				return malformed(lo,
				                 "has a dot that belongs to no ellipsis, or two ellipses in a term");
			t->ellipsis = (int)t->count;
			*at += 2;
			continue;
		}
		if (!upper && !lower)
			return GS_OK;
		if (t->count == GS_RANK_MAX)
			return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a term of more than %d letters", GS_RANK_MAX);
		t->label[t->count++] = (uint8_t)(upper ? c - 'A' : 26 + c - 'a');
	}
	return GS_OK;
}

/* Letters named once, in order, behind the ellipsis. */
static enum gs_err implicit_output(struct gs_lower *lo, struct einsum *e)
{
	e->out = (struct term){.ellipsis = 0};
	for (unsigned l = 0; l < EINSUM_LETTERS; l++) {
		if (e->seen[l] != 1)
			continue;
		if (e->out.count == GS_RANK_MAX)
			return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a result of more than %d dimensions", GS_RANK_MAX);
		e->out.label[e->out.count++] = (uint8_t)l;
	}
	return GS_OK;
}

static enum gs_err read_equation(struct gs_lower *lo, struct gs_bytes text, unsigned operands, struct einsum *e)
{
	size_t at = 0;
	*e = (struct einsum){0};
	for (;;) {
		if (e->terms == operands || e->terms == EINSUM_TERMS_MAX)
			return malformed(lo, "has more terms than the node has inputs");
		struct term *t = &e->term[e->terms++];
		GS_TRY(read_term(lo, text, &at, t));
		for (unsigned i = 0; i < t->count; i++)
			e->seen[t->label[i]]++;
		if (at >= text.len || text.ptr[at] != ',')
			break;
		at++;
	}
	if (e->terms != operands)
		return malformed(lo, "has fewer terms than the node has inputs");
	if (at == text.len)
		return implicit_output(lo, e);
	if (text.len - at < 2 || memcmp(text.ptr + at, "->", 2) != 0)
		return malformed(lo, "has a character that belongs nowhere");
	at += 2;
	GS_TRY(read_term(lo, text, &at, &e->out));
	if (at != text.len)
		return malformed(lo, "has a character that belongs nowhere");
	for (unsigned i = 0; i < e->out.count; i++)
		for (unsigned j = 0; j < i; j++)
			if (e->out.label[i] == e->out.label[j])
				return malformed(lo, "has a letter twice in the output");
	return GS_OK;
}

/* The labels of a term with its ellipsis written out as `dots` dimensions, the last of which is the last of all. */
static enum gs_err expand_term(struct gs_lower *lo, const struct einsum *e, struct term *t, unsigned dots)
{
	struct term r = {.ellipsis = -1};
	if (t->count + dots > GS_RANK_MAX)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a term of %u dimensions", t->count + dots);
	for (unsigned i = 0; i <= t->count; i++) {
		for (unsigned d = 0; (int)i == t->ellipsis && d < dots; d++)
			r.label[r.count++] = (uint8_t)(EINSUM_LETTERS + e->shared - dots + d);
		if (i < t->count)
			r.label[r.count++] = t->label[i];
	}
	*t = r;
	return GS_OK;
}

static enum gs_err read_extents(struct gs_lower *lo, struct einsum *e, const struct gs_val *in)
{
	unsigned dots[EINSUM_TERMS_MAX];
	for (unsigned k = 0; k < e->terms; k++) {
		GS_TRY(gs_ops_same_types(lo, &in[0], &in[k]));
		if (e->term[k].ellipsis >= 0 ? e->term[k].count > in[k].rank : e->term[k].count != in[k].rank)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "input %u of rank %u for %u letters", k,
			                       in[k].rank, e->term[k].count);
		dots[k] = in[k].rank - e->term[k].count;
		e->shared = dots[k] > e->shared ? dots[k] : e->shared;
	}
	if (e->shared != 0 && e->out.ellipsis < 0)
		return malformed(lo, "has an ellipsis in a term and none in the output");
	for (unsigned k = 0; k < e->terms; k++) {
		GS_TRY(expand_term(lo, e, &e->term[k], dots[k]));
		for (unsigned d = 0; d < e->term[k].count; d++) {
			unsigned l = e->term[k].label[d];
			uint32_t have = in[k].dim[d];
			if (e->known[l] && e->extent[l] != have && e->extent[l] != 1 && have != 1)
				return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "extents %u and %u under one letter",
				                       e->extent[l], have);
			if (!e->known[l] || e->extent[l] == 1)
				e->extent[l] = have;
			e->known[l] = true;
		}
	}
	GS_TRY(expand_term(lo, e, &e->out, e->out.ellipsis >= 0 ? e->shared : 0));
	for (unsigned i = 0; i < e->out.count; i++)
		if (!e->known[e->out.label[i]])
			return malformed(lo, "has a letter in the output that is in no term");
	return GS_OK;
}

/* ---- operands ---- */

/* A letter named twice in a term is the diagonal of its dimensions: their strides add up. */
static enum gs_err operand(struct gs_lower *lo, const struct einsum *e, const struct term *t, const struct gs_val *v,
                           struct part *out)
{
	out->v = *v;
	out->v.rank = 0;
	memset(out->v.dim, 0, sizeof(out->v.dim));
	memset(out->v.stride, 0, sizeof(out->v.stride));
	for (unsigned d = 0; d < t->count; d++) {
		unsigned i = 0;
		while (i < out->v.rank && out->label[i] != t->label[d])
			i++;
		int64_t stride = v->dim[d] == 1 ? 0 : v->stride[d];
		if (i == out->v.rank) {
			out->label[i] = t->label[d];
			out->v.dim[i] = e->extent[t->label[d]];
			out->v.stride[i] = stride;
			out->v.rank++;
		} else {
			out->v.stride[i] += stride;
		}
		if (v->dim[d] != 1 && v->dim[d] != out->v.dim[i])
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a diagonal of extents %u and %u", v->dim[d],
			                       out->v.dim[i]);
	}
	return GS_OK;
}

static int find(const uint8_t *label, unsigned count, unsigned l)
{
	for (unsigned i = 0; i < count; i++)
		if (label[i] == l)
			return (int)i;
	return -1;
}

/* Sums the dimensions whose labels nothing else needs, and drops them. */
static enum gs_err sum_alone(struct gs_lower *lo, struct part *p, const bool *needed, unsigned dtype)
{
	unsigned mask = 0, rank = 0;
	uint32_t dim[GS_RANK_MAX];
	struct part r = {0};
	for (unsigned d = 0; d < p->v.rank; d++) {
		if (!needed[p->label[d]]) {
			mask |= 1U << d;
			continue;
		}
		r.label[rank] = p->label[d];
		dim[rank++] = p->v.dim[d];
	}
	if (mask == 0)
		return GS_OK;
	struct gs_step add = {.fn = (uint8_t)gs_fn_for(GS_FN_F32_ADD, gs_val_class(&p->v)), .dtype = (uint8_t)dtype};
	if (gs_val_class(&p->v) == GS_CLASS_F32)
		GS_TRY(gs_lower_sum(lo, add, &p->v, mask, &r.v));
	else
		GS_TRY(gs_lower_fold(lo, add, 0, &p->v, mask, &r.v));
	GS_TRY(gs_lower_reshape(lo, &r.v, rank, dim, &r.v));
	*p = r;
	return GS_OK;
}

/* One row a dimension's label; the axis that the label has in the box. */
static struct gs_operand product_operand(const struct gs_lower *lo, const struct part *p, const uint8_t *axis,
                                         unsigned axes)
{
	struct gs_operand op = gs_lower_view(lo, &p->v);
	for (unsigned d = 0; d < p->v.rank; d++)
		gs_operand_axis(&op, (unsigned)find(axis, axes, p->label[d]), p->v.stride[d]);
	return op;
}

/* The product of two, over the labels in keep; the other labels are summed: first those of a, then those of b. */
static enum gs_err product(struct gs_lower *lo, const struct einsum *e, const struct part *a, const struct part *b,
                           const uint8_t *keep, unsigned kept, unsigned dtype, struct part *out)
{
	uint8_t axis[2 * GS_RANK_MAX];
	unsigned axes = 0;
	struct gs_instr in = {.form = GS_MAP, .store_dtype = (uint8_t)dtype, .out_axes = (uint8_t)kept};
	struct part r = {0};
	for (; axes < kept; axes++)
		axis[axes] = keep[axes];
	for (unsigned i = 0; i < 2; i++)
		for (unsigned d = 0; d < (i == 0 ? a : b)->v.rank; d++) {
			unsigned l = (i == 0 ? a : b)->label[d];
			if (find(axis, axes, l) < 0)
				axis[axes++] = (uint8_t)l;
		}
	if (axes > GS_AXES_MAX)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a product over %u letters; the limit is %d", axes,
		                       GS_AXES_MAX);
	for (unsigned i = 0; i < axes; i++)
		in.extent[i] = e->extent[axis[i]];
	in.red_axes = (uint8_t)(axes - kept);
	bool folds = in.red_axes != 0;
	in.form = folds ? GS_FOLD : GS_MAP;
	in.fn = (uint8_t)gs_fn_for(folds ? GS_FN_F32_FMA : GS_FN_F32_MUL, gs_val_class(&a->v));
	in.acc_dtype = folds ? (uint8_t)gs_class_dtype(gs_val_class(&a->v)) : 0;
	in.operand[0] = gs_operand_const(0);
	in.operand[folds ? 1 : 0] = product_operand(lo, a, axis, axes);
	in.operand[folds ? 2 : 1] = product_operand(lo, b, axis, axes);
	GS_TRY(gs_lower_emit(lo, &in, kept, in.extent, &r.v));
	memcpy(r.label, axis, kept);
	*out = r;
	return GS_OK;
}

/* The output's order of dimensions; a label that no operand has left is one that was broadcast. */
static enum gs_err in_order(struct gs_lower *lo, const struct einsum *e, const struct part *p, struct gs_val *out)
{
	struct gs_val r = p->v;
	r.rank = (uint8_t)e->out.count;
	for (unsigned i = 0; i < e->out.count; i++) {
		int d = find(p->label, p->v.rank, e->out.label[i]);
		if (d < 0)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a letter of the output got lost");
		r.dim[i] = p->v.dim[d];
		r.stride[i] = p->v.stride[d];
	}
	*out = r;
	return GS_OK;
}

static enum gs_err op_einsum(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                             struct gs_val *out)
{
	const struct gs_onnx_attr *a = gs_onnx_attr_find(node, "equation");
	struct einsum *e = gs_arena_alloc(&lo->arena, 1, sizeof(*e));
	struct part left = {0}, right = {0};
	if (e == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "no memory for the equation");
	if (a == NULL || a->type != GS_ONNX_ATTR_STRING)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an equation is missing");
	GS_TRY(read_equation(lo, a->s, node->inputs, e));
	GS_TRY(read_extents(lo, e, in));
	if (in[0].dtype == GS_BOOL)
		return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE, "inputs of type bool");
	unsigned wide = gs_class_dtype(gs_val_class(&in[0]));
	for (unsigned k = 0; k < e->terms; k++) {
		bool needed[EINSUM_LABELS] = {false}, last = k + 1 == e->terms;
		for (unsigned i = 0; i < e->out.count; i++)
			needed[e->out.label[i]] = true;
		for (unsigned j = k + 1; j < e->terms; j++)
			for (unsigned i = 0; i < e->term[j].count; i++)
				needed[e->term[j].label[i]] = true;
		GS_TRY(operand(lo, e, &e->term[k], &in[k], &right));
		if (k == 0) {
			GS_TRY(sum_alone(lo, &right, needed, last ? in[0].dtype : wide));
			left = right;
			continue;
		}
		uint8_t keep[2 * GS_RANK_MAX];
		unsigned kept = 0;
		bool both[EINSUM_LABELS];
		memcpy(both, needed, sizeof(both));
		for (unsigned d = 0; d < left.v.rank; d++)
			both[left.label[d]] = true;
		GS_TRY(sum_alone(lo, &right, both, wide));
		memcpy(both, needed, sizeof(both));
		for (unsigned d = 0; d < right.v.rank; d++)
			both[right.label[d]] = true;
		GS_TRY(sum_alone(lo, &left, both, wide));
		for (unsigned i = 0; last && i < e->out.count; i++)
			keep[kept++] = e->out.label[i];
		for (unsigned i = 0; i < 2 && !last; i++)
			for (unsigned d = 0; d < (i == 0 ? &left : &right)->v.rank; d++) {
				unsigned l = (i == 0 ? &left : &right)->label[d];
				if (needed[l] && find(keep, kept, l) < 0)
					keep[kept++] = (uint8_t)l;
			}
		if (kept > GS_RANK_MAX)
			return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a product of %u dimensions", kept);
		GS_TRY(product(lo, e, &left, &right, keep, kept, last ? in[0].dtype : wide, &left));
	}
	return in_order(lo, e, &left, out);
}

const struct gs_lower_op gs_ops_einsum[] = {
	{"Einsum", op_einsum},
	{NULL, NULL},
};
