/* Operators whose shape hangs on values: Compress, NonZero, Unique. They are lowered when these values are known.
 * Formulas: docs/operators.md. */
#include "validator/onnx/ops_common.h"
#include "validator/onnx/refused.h"

#include <string.h>

static uint8_t *room(struct gs_lower *lo, uint64_t count, unsigned size)
{
	return gs_lower_spend(lo, count) ? gs_arena_alloc(&lo->arena, count, size) : NULL;
}

static enum gs_err too_many(struct gs_lower *lo, uint64_t count)
{
	return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "%llu values to look at", (unsigned long long)count);
}

/* ---- Compress ---- */

static enum gs_err op_compress(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                               struct gs_val *out)
{
	const struct gs_onnx_attr *a = gs_onnx_attr_find(node, "axis");
	struct gs_val x = in[0];
	unsigned axis = 0;
	GS_TRY(gs_ops_present(lo, &in[0]));
	GS_TRY(gs_ops_present(lo, &in[1]));
	if (in[1].kind != GS_VAL_CONST)
		return gs_lower_not_static(lo, &in[1], "the number of elements kept");
	if (in[1].rank != 1 || in[1].dtype != GS_BOOL)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a condition that is not a list of booleans");
	if (a == NULL)
		GS_TRY(gs_lower_reshape(lo, &in[0], 1, (uint32_t[]){(uint32_t)gs_val_count(&in[0])}, &x));
	else
		GS_TRY(gs_lower_axis(lo, gs_lower_attr_int(node, "axis", 0), x.rank, &axis));
	uint32_t n = in[1].dim[0] < x.dim[axis] ? in[1].dim[0] : x.dim[axis], kept = 0;
	uint8_t *index = room(lo, n, 4);
	if (index == NULL)
		return too_many(lo, n);
	for (uint32_t i = 0; i < n; i++)
		if (gs_lower_const_bits(lo, &in[1], i) != 0)
			gs_le32_write(index + 4 * (size_t)kept++, i);
	return gs_ops_take(lo, &x, axis, index, kept, 0, out);
}

/* ---- NonZero ---- */

static enum gs_err op_non_zero(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                               struct gs_val *out)
{
	GS_TRY(gs_ops_present(lo, &in[0]));
	if (in[0].kind != GS_VAL_CONST)
		return gs_lower_refuse_op(lo, node);
	uint64_t count = gs_val_count(&in[0]), found = 0, at = 0;
	unsigned rank = in[0].rank == 0 ? 1 : in[0].rank;
	uint8_t *hit = room(lo, count, 1);
	for (uint64_t i = 0; hit != NULL && i < count; i++) {
		gs_reg r = gs_load((enum gs_dtype)in[0].dtype, gs_lower_const_bits(lo, &in[0], i));
		hit[i] = gs_val_class(&in[0]) == GS_CLASS_F32 ? gs_fn_apply(GS_FN_F32_EQ, r, 0, 0) == 0 : r != 0;
		found += hit[i];
	}
	uint8_t *data = hit != NULL ? room(lo, found * rank, 8) : NULL;
	if (data == NULL)
		return too_many(lo, count);
	for (uint64_t i = 0; i < count; i++) {
		uint64_t rest = i;
		if (!hit[i])
			continue;
		for (unsigned d = in[0].rank; d-- > 0; rest /= in[0].dim[d])
			gs_le64_write(data + 8 * (d * found + at), rest % in[0].dim[d]);
		at++;
	}
	return gs_lower_constant(lo, GS_I64, 2, (uint32_t[]){rank, (uint32_t)found}, data, out);
}

/* ---- Unique ---- */

struct unique { /* x as [outer, n, inner]: n things of outer * inner elements */
	const struct gs_lower *lo;
	struct gs_val x;
	uint64_t outer, inner;
	uint32_t n;
	uint32_t *order; /* things, sorted; equal ones in their own order */
};

static gs_reg element(const struct unique *u, uint32_t thing, uint64_t k)
{
	uint64_t index = (k / u->inner * u->n + thing) * u->inner + k % u->inner;
	return gs_load((enum gs_dtype)u->x.dtype, gs_lower_const_bits(u->lo, &u->x, index));
}

/* Lexicographic; NaN after every number and equal to itself. */
static int compare_things(const struct unique *u, uint32_t a, uint32_t b)
{
	enum gs_class cls = gs_val_class(&u->x);
	unsigned less = gs_fn_for(GS_FN_F32_LT, cls);
	for (uint64_t k = 0; k < u->outer * u->inner; k++) {
		gs_reg x = element(u, a, k), y = element(u, b, k);
		if (u->x.dtype == GS_U64 && x != y)
			return x < y ? -1 : 1;
		if (cls == GS_CLASS_F32 && (x == UINT32_C(0x7fc00000) || y == UINT32_C(0x7fc00000))) {
			if (x != y)
				return x == UINT32_C(0x7fc00000) ? 1 : -1;
			continue;
		}
		if (gs_fn_apply(less, x, y, 0) != 0)
			return -1;
		if (gs_fn_apply(less, y, x, 0) != 0)
			return 1;
	}
	return 0;
}

/* Merge sort of order[from ... to): stable, and its work is bounded. */
static void sort_things(const struct unique *u, uint32_t *spare, uint32_t from, uint32_t to)
{
	if (to - from < 2)
		return;
	uint32_t mid = from + (to - from) / 2, a = from, b = mid;
	sort_things(u, spare, from, mid);
	sort_things(u, spare, mid, to);
	for (uint32_t i = from; i < to; i++) {
		bool left = b == to || (a < mid && compare_things(u, u->order[a], u->order[b]) <= 0);
		spare[i] = left ? u->order[a++] : u->order[b++];
	}
	memcpy(u->order + from, spare + from, (to - from) * sizeof(*spare));
}

static enum gs_err whole_numbers(struct gs_lower *lo, const uint32_t *v, uint32_t n, struct gs_val *out)
{
	uint8_t *data = gs_arena_alloc(&lo->arena, n, 8);
	if (data == NULL)
		return too_many(lo, n);
	for (uint32_t i = 0; i < n; i++)
		gs_le64_write(data + 8 * (size_t)i, v[i]);
	return gs_lower_constant(lo, GS_I64, 1, &n, data, out);
}

/* Outputs: the different things, the first place of each, which of them every thing is, how often each occurs. */
static enum gs_err op_unique(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                             struct gs_val *out)
{
	const struct gs_onnx_attr *a = gs_onnx_attr_find(node, "axis");
	struct unique u = {.lo = lo, .x = in[0], .outer = 1, .inner = 1};
	bool sorted = gs_lower_attr_int(node, "sorted", 1) != 0;
	unsigned axis = 0;
	GS_TRY(gs_ops_present(lo, &in[0]));
	if (in[0].kind != GS_VAL_CONST)
		return gs_lower_refuse_op(lo, node);
	if (a == NULL)
		GS_TRY(gs_lower_reshape(lo, &in[0], 1, (uint32_t[]){(uint32_t)gs_val_count(&in[0])}, &u.x));
	else
		GS_TRY(gs_lower_axis(lo, gs_lower_attr_int(node, "axis", 0), u.x.rank, &axis));
	for (unsigned d = 0; d < u.x.rank; d++)
		*(d < axis ? &u.outer : &u.inner) *= d == axis ? 1 : u.x.dim[d];
	u.n = u.x.dim[axis];
	uint64_t work = gs_val_count(&u.x); /* of a sort: every element in each of log2(n) rounds */
	for (uint32_t k = u.n; k > 1; k /= 2)
		work += gs_val_count(&u.x);
	uint32_t *list = gs_lower_spend(lo, work) ? gs_arena_alloc(&lo->arena, 5 * (uint64_t)u.n, sizeof(*list)) : NULL;
	if (list == NULL)
		return too_many(lo, gs_val_count(&u.x));
	uint32_t *spare = list + u.n, *first = list + 2 * (size_t)u.n, *which = list + 3 * (size_t)u.n,
		 *often = list + 4 * (size_t)u.n, kinds = 0;
	u.order = list;
	for (uint32_t i = 0; i < u.n; i++)
		u.order[i] = i;
	sort_things(&u, spare, 0, u.n);
	for (uint32_t i = 0; i < u.n; i++) {
		if (i == 0 || compare_things(&u, u.order[i - 1], u.order[i]) != 0) {
			first[kinds] = u.order[i];
			often[kinds++] = 0;
		}
		which[u.order[i]] = kinds - 1;
		often[kinds - 1]++;
	}
	if (!sorted) { /* by first place: the things that are a first place, in their own order */
		uint32_t k = 0;
		memcpy(u.order, often, kinds * sizeof(*often));
		for (uint32_t i = 0; i < u.n; i++)
			if (first[which[i]] == i) {
				often[k] = u.order[which[i]];
				spare[which[i]] = k++;
			}
		k = 0;
		for (uint32_t i = 0; i < u.n; i++)
			which[i] = spare[which[i]];
		for (uint32_t i = 0; i < u.n; i++)
			if (which[i] == k)
				first[k++] = i;
	}
	uint8_t *index = gs_arena_alloc(&lo->arena, kinds, 4);
	if (index == NULL)
		return too_many(lo, kinds);
	for (uint32_t i = 0; i < kinds; i++)
		gs_le32_write(index + 4 * (size_t)i, first[i]);
	GS_TRY(gs_ops_take(lo, &u.x, axis, index, kinds, 0, &out[0]));
	GS_TRY(whole_numbers(lo, first, kinds, &out[1]));
	GS_TRY(whole_numbers(lo, which, u.n, &out[2]));
	return whole_numbers(lo, often, kinds, &out[3]);
}

const struct gs_lower_op gs_ops_known[] = {
	{"Compress", op_compress},
	{"NonZero", op_non_zero},
	{"Unique", op_unique},
	{NULL, NULL},
};
