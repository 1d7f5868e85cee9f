/* Integers that stand for reals: QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear. Formulas: docs/operators.md. */
#include "validator/onnx/ops_quantize.h"

#include <string.h>

enum { QUANTIZE_SAFE = 1 << 20 }; /* past every 16-bit result, whatever the zero point; exact as f32 and i32 */

enum gs_err gs_quantized_want(struct gs_lower *lo, const struct gs_val *v)
{
	GS_TRY(gs_ops_present(lo, v));
	if (gs_val_class(v) != GS_CLASS_I32 || v->dtype == GS_BOOL)
		return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE, "an input of type %s",
		                       gs_dtype_name((enum gs_dtype)v->dtype));
	return GS_OK;
}

enum gs_err gs_quantized_range(struct gs_lower *lo, unsigned dtype, int32_t *low, int32_t *high)
{
	static const struct {
		uint8_t dtype;
		int32_t low, high;
	} known[] = {{GS_I8, INT8_MIN, INT8_MAX},
	             {GS_U8, 0, UINT8_MAX},
	             {GS_I16, INT16_MIN, INT16_MAX},
	             {GS_U16, 0, UINT16_MAX}};
	for (unsigned i = 0; i < GS_ARRAY_LEN(known); i++)
		if (dtype == known[i].dtype)
			return (void)(*low = known[i].low, *high = known[i].high), GS_OK;
	return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE, "quantization to %s", gs_onnx_type_name(dtype));
}

/* ---- scales and zero points: one, one an element of an axis, or one a block ---- */

struct blocks {
	unsigned axis;
	int64_t size; /* 0: not in blocks */
};

static enum gs_err read_blocks(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *x,
                               const struct gs_val *scale, struct blocks *out)
{
	*out = (struct blocks){.size = gs_lower_attr_int(node, "block_size", 0)};
	if (gs_val_count(scale) == 1 && out->size == 0)
		return GS_OK;
	GS_TRY(gs_lower_axis(lo, gs_lower_attr_int(node, "axis", 1), x->rank, &out->axis));
	if (out->size == 0 && (scale->rank != 1 || scale->dim[0] != x->dim[out->axis]))
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a scale that does not fit dimension %u of %u elements",
		                       out->axis, x->dim[out->axis]);
	if (out->size == 0)
		return GS_OK;
	bool fits = out->size >= 1 && out->size <= INT32_MAX && scale->rank == x->rank;
	for (unsigned d = 0; fits && d < x->rank; d++)
		fits = scale->dim[d] ==
		       (d == out->axis ? (x->dim[d] + (uint64_t)out->size - 1) / (uint64_t)out->size : x->dim[d]);
	return fits ? GS_OK
	            : gs_lower_refuse(lo, GS_ONNX_MALFORMED, "scales that do not fit blocks of %lld",
	                              (long long)out->size);
}

/* x with the axis split into blocks, when they divide it; the parameters then have an extent of 1 behind theirs. */
static bool splits(const struct blocks *b, const struct gs_val *x)
{
	return b->size != 0 && x->dim[b->axis] % b->size == 0 && x->rank < GS_RANK_MAX;
}

static enum gs_err split_blocks(struct gs_lower *lo, const struct blocks *b, const struct gs_val *x, struct gs_val *out)
{
	uint32_t dim[GS_RANK_MAX + 1];
	*out = *x;
	if (!splits(b, x))
		return GS_OK;
	memcpy(dim, x->dim, (b->axis + 1) * sizeof(*dim));
	dim[b->axis] = (uint32_t)(x->dim[b->axis] / b->size);
	dim[b->axis + 1] = (uint32_t)b->size;
	memcpy(dim + b->axis + 2, x->dim + b->axis + 1, (x->rank - b->axis - 1U) * sizeof(*dim));
	return gs_lower_reshape(lo, x, x->rank + 1U, dim, out);
}

/* A parameter as it broadcasts over what split_blocks made of x. */
static enum gs_err spread(struct gs_lower *lo, const struct blocks *b, const struct gs_val *x, const struct gs_val *v,
                          struct gs_val *out)
{
	uint32_t dim[GS_RANK_MAX + 1];
	unsigned n = 0;
	if (b->size == 0 && gs_val_count(v) == 1)
		return gs_lower_reshape(lo, v, 0, dim, out);
	if (b->size == 0) {
		for (unsigned d = 0; d < x->rank; d++)
			dim[d] = d == b->axis ? v->dim[0] : 1;
		return gs_lower_reshape(lo, v, x->rank, dim, out);
	}
	if (splits(b, x)) {
		for (unsigned d = 0; d < x->rank; d++) {
			dim[n++] = v->dim[d];
			if (d == b->axis)
				dim[n++] = 1;
		}
		return gs_lower_reshape(lo, v, n, dim, out);
	}
	uint32_t extent = x->dim[b->axis]; /* the last block is shorter: element k belongs to block k / size */
	uint8_t *block = gs_lower_spend(lo, extent) ? gs_arena_alloc(&lo->arena, extent, 4) : NULL;
	if (block == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a table of %u blocks", extent);
	for (uint32_t k = 0; k < extent; k++)
		gs_le32_write(block + 4 * (size_t)k, (uint32_t)(k / b->size));
	return gs_ops_take(lo, v, b->axis, block, extent, 0, out);
}

static enum gs_err spread_zero(struct gs_lower *lo, const struct blocks *b, const struct gs_val *x,
                               const struct gs_val *scale, const struct gs_val *zero, struct gs_val *out)
{
	GS_TRY(gs_quantized_want(lo, zero));
	bool same = zero->rank == scale->rank || (gs_val_count(zero) == 1 && gs_val_count(scale) == 1);
	for (unsigned d = 0; same && d < zero->rank && zero->rank == scale->rank; d++)
		same = zero->dim[d] == scale->dim[d];
	if (!same)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a zero point of another shape than the scale");
	return spread(lo, b, x, zero, out);
}

/* ---- DequantizeLinear: mul(to_f32(sub(x, zero_point)), scale) ---- */

static enum gs_err op_dequantize(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                 struct gs_val *out)
{
	struct gs_val x = in[0], scale, zero, t;
	int64_t to = gs_lower_attr_int(node, "output_dtype", 0);
	struct blocks b;
	GS_TRY(gs_quantized_want(lo, &in[0]));
	GS_TRY(gs_ops_want_float(lo, &in[1]));
	if (to == 0)
		to = in[1].dtype;
	if (to != GS_F32 && to != GS_F16 && to != GS_BF16)
		return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE, "an output of type %s", gs_onnx_type_name((uint64_t)to));
	GS_TRY(read_blocks(lo, node, &in[0], &in[1], &b));
	GS_TRY(split_blocks(lo, &b, &in[0], &x));
	GS_TRY(spread(lo, &b, &in[0], &in[1], &scale));
	struct gs_step sub = {.fn = GS_FN_I32_SUB, .dtype = GS_F32, .epilogue = GS_FN_I32_TO_F32};
	struct gs_arg from = GS_R(0);
	if (in[2].kind != GS_VAL_NONE) {
		if (in[2].dtype != in[0].dtype)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a zero point of another type");
		GS_TRY(spread_zero(lo, &b, &in[0], &in[1], &in[2], &zero));
		from = GS_V(&zero);
	}
	GS_TRY(gs_lower_map(lo, sub, 2, (struct gs_arg[]){GS_V(&x), from}, &t));
	GS_TRY(gs_op2(lo, GS_FN_F32_MUL, (unsigned)to, GS_V(&t), GS_V(&scale), out));
	return gs_lower_reshape(lo, out, in[0].rank, in[0].dim, out);
}

/* ---- QuantizeLinear ---- */

enum gs_err gs_quantized_store(struct gs_lower *lo, const struct gs_val *q, const struct gs_val *zero, unsigned dtype,
                               struct gs_val *out)
{
	int32_t low = 0, high = 0;
	struct gs_val t;
	gs_reg one;
	GS_TRY(gs_quantized_range(lo, dtype, &low, &high));
	bool plain = zero == NULL || (gs_lower_uniform(lo, zero, &one) && one == 0);
	gs_reg least = gs_reg_of_int(GS_CLASS_F32, plain ? low : -QUANTIZE_SAFE),
	       most = gs_reg_of_int(GS_CLASS_F32, plain ? high : QUANTIZE_SAFE);
	struct gs_step whole = {
		.fn = GS_FN_F32_CLIP, .dtype = (uint8_t)(plain ? dtype : GS_I32), .epilogue = GS_FN_F32_TO_I32};
	GS_TRY(gs_lower_map(lo, whole, 3, (struct gs_arg[]){GS_V(q), GS_R(least), GS_R(most)}, plain ? out : &t));
	if (plain)
		return GS_OK;
	struct gs_step add = {.fn = GS_FN_I32_ADD, .dtype = (uint8_t)dtype, .epilogue = GS_FN_I32_CLIP};
	add.epilogue_const[0] = (uint32_t)low;
	add.epilogue_const[1] = (uint32_t)high;
	return gs_lower_map(lo, add, 2, (struct gs_arg[]){GS_V(&t), GS_V(zero)}, out);
}

/* v, an i32 or a float, rounded to the type that the division is done in. */
static enum gs_err to_precision(struct gs_lower *lo, const struct gs_val *v, unsigned dtype, struct gs_val *out)
{
	GS_TRY(gs_ops_present(lo, v));
	if (v->dtype == GS_I32)
		return gs_op1(lo, GS_FN_I32_TO_F32, dtype, GS_V(v), out);
	GS_TRY(gs_ops_want_float(lo, v));
	*out = *v;
	return dtype == GS_F32 || dtype == v->dtype ? GS_OK : gs_op1(lo, GS_FN_F32_COPY, dtype, GS_V(v), out);
}

static enum gs_err op_quantize(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                               struct gs_val *out)
{
	struct gs_val x, scale, zero = {0}, q;
	int64_t to = gs_lower_attr_int(node, "output_dtype", 0), precision = gs_lower_attr_int(node, "precision", 0);
	bool has_zero = in[2].kind != GS_VAL_NONE;
	struct blocks b;
	GS_TRY(gs_ops_present(lo, &in[0]));
	GS_TRY(gs_ops_present(lo, &in[1]));
	if (precision == 0)
		precision = in[1].dtype == GS_I32 ? GS_F32 : in[1].dtype;
	if (precision != GS_F32 && precision != GS_F16 && precision != GS_BF16)
		return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE, "a division in %s",
		                       gs_onnx_type_name((uint64_t)precision));
	if (has_zero && to != 0 && to != in[2].dtype)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an output_dtype other than the zero point's type");
	to = has_zero ? in[2].dtype : to != 0 ? to : GS_U8;
	GS_TRY(read_blocks(lo, node, &in[0], &in[1], &b));
	GS_TRY(to_precision(lo, &in[0], (unsigned)precision, &x));
	GS_TRY(to_precision(lo, &in[1], (unsigned)precision, &scale));
	GS_TRY(split_blocks(lo, &b, &x, &x));
	GS_TRY(spread(lo, &b, &in[0], &scale, &scale));
	if (has_zero)
		GS_TRY(spread_zero(lo, &b, &in[0], &in[1], &in[2], &zero));
	struct gs_step divide = {.fn = GS_FN_F32_DIV, .dtype = (uint8_t)precision};
	if (precision == GS_F32)
		divide.epilogue = GS_FN_F32_ROUND;
	GS_TRY(gs_lower_map(lo, divide, 2, (struct gs_arg[]){GS_V(&x), GS_V(&scale)}, &q));
	if (precision != GS_F32)
		GS_TRY(gs_op1(lo, GS_FN_F32_ROUND, GS_F32, GS_V(&q), &q));
	GS_TRY(gs_quantized_store(lo, &q, has_zero ? &zero : NULL, (unsigned)to, out));
	return gs_lower_reshape(lo, out, in[0].rank, in[0].dim, out);
}

/* ---- DynamicQuantizeLinear ---- */

/* The least or greatest element and +0; one dimension after the other, from the last, when one fold is too long. */
static enum gs_err extreme(struct gs_lower *lo, unsigned fn, const struct gs_val *x, struct gs_val *out)
{
	struct gs_step step = {.fn = (uint8_t)fn, .dtype = GS_F32};
	unsigned all = (1U << x->rank) - 1;
	*out = *x;
	if (gs_val_count(x) > GS_FOLD_MAX)
		for (unsigned d = x->rank; d-- > 0;)
			GS_TRY(gs_lower_fold(lo, step, 0, out, 1U << d, out));
	else
		GS_TRY(gs_lower_fold(lo, step, 0, x, all, out));
	return gs_lower_reshape(lo, out, 0, NULL, out);
}

static enum gs_err op_dynamic_quantize(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                       struct gs_val *out)
{
	struct gs_val low, high, q;
	const gs_reg top = gs_reg_of_int(GS_CLASS_F32, UINT8_MAX);
	(void)node;
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	GS_TRY(extreme(lo, GS_FN_F32_MIN, &in[0], &low));
	GS_TRY(extreme(lo, GS_FN_F32_MAX, &in[0], &high));
	struct gs_step width = {.fn = GS_FN_F32_SUB, .dtype = GS_F32, .epilogue = GS_FN_F32_DIV};
	width.epilogue_const[0] = top;
	GS_TRY(gs_lower_map(lo, width, 2, (struct gs_arg[]){GS_V(&high), GS_V(&low)}, &out[1]));
	struct gs_step place = {.fn = GS_FN_F32_DIV, .dtype = GS_F32, .epilogue = GS_FN_F32_NEG};
	GS_TRY(gs_lower_map(lo, place, 2, (struct gs_arg[]){GS_V(&low), GS_V(&out[1])}, &q));
	struct gs_step within = {.fn = GS_FN_F32_CLIP, .dtype = GS_F32, .epilogue = GS_FN_F32_ROUND};
	GS_TRY(gs_lower_map(lo, within, 3, (struct gs_arg[]){GS_V(&q), GS_R(0), GS_R(top)}, &q));
	GS_TRY(gs_op1(lo, GS_FN_F32_TO_I32, GS_U8, GS_V(&q), &out[2]));
	struct gs_step divide = {.fn = GS_FN_F32_DIV, .dtype = GS_F32, .epilogue = GS_FN_F32_ROUND};
	GS_TRY(gs_lower_map(lo, divide, 2, (struct gs_arg[]){GS_V(&in[0]), GS_V(&out[1])}, &q));
	return gs_quantized_store(lo, &q, &out[2], GS_U8, &out[0]);
}

const struct gs_lower_op gs_ops_quantize[] = {
	{"DequantizeLinear", op_dequantize},
	{"DynamicQuantizeLinear", op_dynamic_quantize},
	{"QuantizeLinear", op_quantize},
	{NULL, NULL},
};
