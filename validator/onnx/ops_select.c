/* Masks by position, tests of single values, and small selections. Formulas: docs/operators.md. */
#include "validator/onnx/ops_common.h"

#include <string.h>

/* Keeps what lies on one side of a diagonal of the last two dimensions, zero elsewhere. */
static enum gs_err op_trilu(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                            struct gs_val *out)
{
	int64_t k = 0, coef[2] = {-1, 1};
	unsigned n;
	struct gs_val mask;
	GS_TRY(gs_ops_present(lo, &in[0]));
	if (in[0].rank < 2)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an input of rank %u", in[0].rank);
	if (in[1].kind != GS_VAL_NONE)
		GS_TRY(gs_lower_ints(lo, &in[1], "the diagonal", &k, 1, &n));
	k = k > INT32_MAX ? INT32_MAX : k < -INT32_MAX ? -INT32_MAX : k;
	bool upper = gs_lower_attr_int(node, "upper", 1) !=
	             0; /* upper: -1 < column - row - k; lower: column - row - k < 1 */
	const uint32_t *dim = in[0].dim + in[0].rank - 2;
	if (upper) {
		coef[0] = 1;
		coef[1] = -1; /* row - column + k < 1 */
	}
	GS_TRY(gs_ops_iota_mask(lo, GS_FN_I64_LT, 1, upper ? k : -k, coef, 2, dim, &mask));
	return gs_lower_map(lo, gs_step_of(GS_FN_F32_SELECT, &in[0]), 3,
	                    (struct gs_arg[]){GS_V(&mask), GS_V(&in[0]), GS_R(0)}, out);
}

static enum gs_err op_eye_like(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                               struct gs_val *out)
{
	GS_TRY(gs_ops_present(lo, &in[0]));
	int64_t k = gs_lower_attr_int(node, "k", 0), to = gs_lower_attr_int(node, "dtype", in[0].dtype);
	struct gs_instr eye = {.form = GS_MAP, .fn = GS_FN_I64_EQ, .out_axes = 2};
	if (in[0].rank != 2)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an input of rank %u", in[0].rank);
	if (to < 0 || to > 255 || !gs_dtype_known((unsigned)to))
		return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE, "a result of type %s", gs_onnx_type_name((uint64_t)to));
	eye.store_dtype = (uint8_t)to;
	enum gs_class cls = gs_dtype_class((enum gs_dtype)to);
	eye.epilogue = cls == GS_CLASS_F32 ? GS_FN_I32_TO_F32 : cls == GS_CLASS_I64 ? GS_FN_I32_TO_I64 : 0;
	eye.extent[0] = in[0].dim[0];
	eye.extent[1] = in[0].dim[1];
	eye.operand[0] = (struct gs_operand){.kind = GS_OPERAND_IOTA, .iota.coef = {-1, 1}};
	eye.operand[1] = gs_operand_const((gs_reg)k);
	return gs_lower_emit(lo, &eye, 2, in[0].dim, out);
}

static enum gs_err op_one_hot(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                              struct gs_val *out)
{
	struct gs_val index, hot, on, off;
	int64_t depth, axis = gs_lower_attr_int(node, "axis", -1);
	unsigned n, where;
	uint32_t dim[GS_RANK_MAX];
	for (unsigned i = 0; i < 3; i++)
		GS_TRY(gs_ops_present(lo, &in[i]));
	struct gs_val d = in[1];
	if (gs_val_class(&d) == GS_CLASS_F32)
		GS_TRY(gs_op1(lo, GS_FN_F32_TO_I64, GS_I64, GS_V(&d), &d));
	GS_TRY(gs_lower_ints(lo, &d, "the depth", &depth, 1, &n));
	if (n != 1 || depth < 1 || depth > INT32_MAX || in[2].rank != 1 || in[2].dim[0] != 2)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a depth of %lld", (long long)depth);
	if (in[0].rank + 1 > GS_RANK_MAX)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a result of rank %u", in[0].rank + 1U);
	GS_TRY(gs_lower_axis(lo, axis, in[0].rank + 1U, &where));
	enum gs_class cls = gs_val_class(&in[0]);
	index = in[0];
	if (cls != GS_CLASS_I64)
		GS_TRY(gs_op1(lo, cls == GS_CLASS_F32 ? GS_FN_F32_TO_I64 : GS_FN_I32_TO_I64, GS_I64, GS_V(&index),
		              &index));
	GS_TRY(gs_ops_from_the_end(lo, &index, (uint32_t)depth, &index));
	for (unsigned r = 0, from = 0; r <= in[0].rank; r++)
		dim[r] = r == where ? (uint32_t)depth : index.dim[from++];
	struct gs_instr is = {
		.form = GS_MAP, .fn = GS_FN_I64_EQ, .store_dtype = GS_BOOL, .out_axes = (uint8_t)(in[0].rank + 1)};
	memcpy(is.extent, dim, sizeof(dim));
	is.operand[0] = (struct gs_operand){.kind = GS_OPERAND_IOTA};
	is.operand[0].iota.coef[where] = 1;
	is.operand[1] = gs_lower_view(lo, &index);
	for (unsigned r = 0; r < index.rank; r++)
		gs_operand_axis(&is.operand[1], r < where ? r : r + 1, index.stride[r]);
	GS_TRY(gs_lower_emit(lo, &is, is.out_axes, dim, &hot));
	off = gs_ops_part(&in[2], 0, 0, 1);
	on = gs_ops_part(&in[2], 0, 1, 1);
	return gs_lower_map(lo, gs_step_of(GS_FN_F32_SELECT, &in[2]), 3,
	                    (struct gs_arg[]){GS_V(&hot), GS_V(&on), GS_V(&off)}, out);
}

static enum gs_err op_is_nan(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                             struct gs_val *out)
{
	(void)node;
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	struct gs_step s = {.fn = GS_FN_F32_EQ, .dtype = GS_BOOL, .epilogue = GS_FN_I32_EQ};
	return gs_lower_map(lo, s, 2, (struct gs_arg[]){GS_V(&in[0]), GS_V(&in[0])}, out);
}

static enum gs_err op_is_inf(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                             struct gs_val *out)
{
	bool below = gs_lower_attr_int(node, "detect_negative", 1) != 0;
	bool above = gs_lower_attr_int(node, "detect_positive", 1) != 0;
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	struct gs_step s = {
		.fn = below && above ? GS_FN_F32_ABS : GS_FN_F32_COPY, .dtype = GS_BOOL, .epilogue = GS_FN_F32_EQ};
	s.epilogue_const[0] = above ? UINT32_C(0x7f800000) : GS_NEG_INF;
	if (!below && !above) { /* never */
		s.fn = GS_FN_F32_LT;
		s.epilogue = 0;
		return gs_lower_map(lo, s, 2, (struct gs_arg[]){GS_V(&in[0]), GS_V(&in[0])}, out);
	}
	return gs_lower_map(lo, s, 1, &GS_V(&in[0]), out);
}

static enum gs_err op_shrink(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                             struct gs_val *out)
{
	uint32_t limit = gs_lower_attr_float(node, "lambd", UINT32_C(0x3f000000)),
		 bias = gs_lower_attr_float(node, "bias", 0);
	struct gs_val is, up, down, t;
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	GS_TRY(gs_op2(lo, GS_FN_F32_ADD, GS_F32, GS_V(&in[0]), GS_R(bias), &up));
	GS_TRY(gs_op2(lo, GS_FN_F32_SUB, GS_F32, GS_V(&in[0]), GS_R(bias), &down));
	GS_TRY(gs_op2(lo, GS_FN_F32_LT, GS_BOOL, GS_R(limit), GS_V(&in[0]), &is));
	GS_TRY(gs_op3(lo, GS_FN_F32_SELECT, GS_F32, GS_V(&is), GS_V(&down), GS_R(0), &t));
	GS_TRY(gs_op2(lo, GS_FN_F32_LT, GS_BOOL, GS_V(&in[0]), GS_R(gs_fn_apply(GS_FN_F32_NEG, limit, 0, 0)), &is));
	return gs_op3(lo, GS_FN_F32_SELECT, in[0].dtype, GS_V(&is), GS_V(&up), GS_V(&t), out);
}

/* x * sigmoid(alpha * x) */
static enum gs_err op_swish(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                            struct gs_val *out)
{
	struct gs_val t = in[0];
	uint32_t alpha = gs_lower_attr_float(node, "alpha", GS_ONE);
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	if (alpha != GS_ONE)
		GS_TRY(gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(&in[0]), GS_R(alpha), &t));
	GS_TRY(gs_ops_sigmoid(lo, &t, GS_F32, &t));
	return gs_op2(lo, GS_FN_F32_MUL, in[0].dtype, GS_V(&in[0]), GS_V(&t), out);
}

static enum gs_err op_bit_shift(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                struct gs_val *out)
{
	struct gs_val t, m;
	bool left = gs_lower_attr_is(node, "direction", "LEFT");
	GS_TRY(gs_ops_same_types(lo, &in[0], &in[1]));
	enum gs_class cls = gs_val_class(&in[0]);
	if (cls == GS_CLASS_F32 || in[0].dtype == GS_BOOL)
		return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE, "an input that is not an integer");
	if (!left && !gs_lower_attr_is(node, "direction", "RIGHT"))
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a direction that is neither LEFT nor RIGHT");
	unsigned wide = cls == GS_CLASS_I64 ? 0x40 : 0;
	unsigned fn = (left ? GS_FN_I32_SHL : GS_FN_I32_SHR) + wide;
	if (left || in[0].dtype != GS_U64)
		return gs_op2(lo, fn, in[0].dtype, GS_V(&in[0]), GS_V(&in[1]), out);
	/* u64 to the right: and(shr(a, b), not(shl(-1, 64 - b))) */
	GS_TRY(gs_op2(lo, GS_FN_I64_SHR, GS_I64, GS_V(&in[0]), GS_V(&in[1]), &t));
	GS_TRY(gs_op2(lo, GS_FN_I64_SUB, GS_I64, GS_R(64), GS_V(&in[1]), &m));
	struct gs_step mask = {.fn = GS_FN_I64_SHL, .dtype = GS_I64, .epilogue = GS_FN_I64_NOT};
	GS_TRY(gs_lower_map(lo, mask, 2, (struct gs_arg[]){GS_R(UINT64_MAX), GS_V(&m)}, &m));
	return gs_op2(lo, GS_FN_I64_AND, GS_U64, GS_V(&t), GS_V(&m), out);
}

/* index[b, t] = t < length[b] ? length[b] - 1 - t : t */
static enum gs_err op_reverse_sequence(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                       struct gs_val *out)
{
	struct gs_val x = in[0], inside, back, length;
	unsigned time, batch;
	GS_TRY(gs_ops_present(lo, &x));
	GS_TRY(gs_ops_present(lo, &in[1]));
	GS_TRY(gs_lower_axis(lo, gs_lower_attr_int(node, "time_axis", 0), x.rank, &time));
	GS_TRY(gs_lower_axis(lo, gs_lower_attr_int(node, "batch_axis", 1), x.rank, &batch));
	if (in[1].rank != 1 || in[1].dtype != GS_I64 || time == batch || in[1].dim[0] != x.dim[batch])
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "the lengths do not fit the batch");
	uint32_t dim[2] = {x.dim[batch], x.dim[time]};
	GS_TRY(gs_lower_reshape(lo, &in[1], 2, (uint32_t[]){dim[0], 1}, &length));
	struct gs_instr in_ = {
		.form = GS_MAP, .fn = GS_FN_I64_LT, .store_dtype = GS_BOOL, .out_axes = 2, .extent = {dim[0], dim[1]}};
	in_.operand[0] = (struct gs_operand){.kind = GS_OPERAND_IOTA, .iota.coef = {0, 1}};
	in_.operand[1] = gs_lower_elementwise(lo, &length, 2);
	struct gs_instr sub = in_;
	GS_TRY(gs_lower_emit(lo, &in_, 2, dim, &inside));
	sub.fn = GS_FN_I64_SUB;
	sub.store_dtype = GS_I64;
	sub.operand[0] = sub.operand[1];
	sub.operand[1] = (struct gs_operand){.kind = GS_OPERAND_IOTA, .iota = {.offset = 1, .coef = {0, 1}}};
	GS_TRY(gs_lower_emit(lo, &sub, 2, dim, &back));
	struct gs_instr pick = {.form = GS_MAP,
	                        .fn = GS_FN_I64_SELECT,
	                        .store_dtype = GS_I64,
	                        .out_axes = 2,
	                        .extent = {dim[0], dim[1]}};
	pick.operand[0] = gs_lower_elementwise(lo, &inside, 2);
	pick.operand[1] = gs_lower_elementwise(lo, &back, 2);
	pick.operand[2] = (struct gs_operand){.kind = GS_OPERAND_IOTA, .iota.coef = {0, 1}};
	GS_TRY(gs_lower_emit(lo, &pick, 2, dim, &back));
	if (x.stride[time] < 0)
		GS_TRY(gs_lower_copy(lo, &x, &x));
	struct gs_instr copy = {.form = GS_MAP, .store_dtype = x.dtype, .out_axes = x.rank};
	copy.fn = (uint8_t)gs_fn_for(GS_FN_F32_COPY, gs_val_class(&x));
	copy.operand[0] = gs_lower_view(lo, &x);
	memcpy(copy.extent, x.dim, x.rank * sizeof(*x.dim));
	for (unsigned d = 0; d < x.rank; d++)
		if (d != time)
			gs_operand_axis(&copy.operand[0], d, x.stride[d]);
	gs_ops_indirect_row(&copy.operand[0], &x, time);
	gs_ops_indirect_view(lo, &copy.operand[0], &back, (unsigned[]){batch, time});
	return gs_lower_emit(lo, &copy, x.rank, x.dim, out);
}

/* fma(bias[channel], x, scale), of early image models. */
static enum gs_err op_image_scaler(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                   struct gs_val *out)
{
	const struct gs_onnx_attr *a = gs_onnx_attr_find(node, "bias");
	struct gs_val bias;
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	if (in[0].rank < 2 || a == NULL || a->type != GS_ONNX_ATTR_FLOATS || a->count != in[0].dim[1])
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "not one bias a channel");
	uint8_t *data = gs_arena_alloc(&lo->arena, a->count, 4);
	if (data == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "constants do not fit the memory limit");
	for (uint32_t i = 0; i < a->count; i++)
		gs_le32_write(data + 4 * i, a->floats[i]);
	GS_TRY(gs_lower_constant(lo, GS_F32, 1, &a->count, data, &bias));
	GS_TRY(gs_ops_per_channel(lo, &bias, in[0].rank, a->count, &bias));
	return gs_op3(lo, GS_FN_F32_FMA, in[0].dtype, GS_V(&bias), GS_V(&in[0]),
	              GS_R(gs_lower_attr_float(node, "scale", GS_ONE)), out);
}

const struct gs_lower_op gs_ops_select[] = {
	{"BitShift", op_bit_shift},
	{"EyeLike", op_eye_like},
	{"ImageScaler", op_image_scaler},
	{"IsInf", op_is_inf},
	{"IsNaN", op_is_nan},
	{"OneHot", op_one_hot},
	{"ReverseSequence", op_reverse_sequence},
	{"Shrink", op_shrink},
	{"Swish", op_swish},
	{"Trilu", op_trilu},
	{NULL, NULL},
};
