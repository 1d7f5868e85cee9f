/* Pooling and reductions. Formulas: docs/operators.md. */
#include "validator/onnx/ops_pool.h"

#include <string.h>

/* ---- windows ---- */

enum gs_err gs_pool_window(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *x,
                           struct gs_window *win)
{
	int64_t shape[3];
	uint32_t kernel[3];
	unsigned count = 0;
	if (x->rank < 3 || x->rank > 5)
		return gs_lower_refuse(lo, GS_ONNX_FORM, "an input of rank %u; 1 to 3 spatial dimensions are supported",
		                       x->rank);
	enum gs_err err = gs_lower_attr_ints(lo, node, "kernel_shape", shape, 3, &count);
	if (err != GS_OK)
		return err;
	if (count != x->rank - 2U)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "kernel_shape has %u extents for %u dimensions", count,
		                       x->rank - 2U);
	for (unsigned d = 0; d < count; d++) {
		if (shape[d] < 1 || shape[d] > GS_FOLD_MAX)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a kernel extent of %lld", (long long)shape[d]);
		kernel[d] = (uint32_t)shape[d];
	}
	return gs_window_read(lo, node, x, kernel, win);
}

/* Folds fn over the window of every output; taps outside the input are skipped. */
enum gs_err gs_pool_fold(struct gs_lower *lo, const struct gs_val *from, const struct gs_window *win,
                         struct gs_instr *fold, struct gs_val *out)
{
	struct gs_val x = *from;
	uint32_t dim[GS_RANK_MAX];
	unsigned spatial = win->spatial, red = 2 + spatial;
	bool guarded = false, flipped = false;

	for (unsigned d = 0; d < spatial; d++) {
		guarded |= gs_window_guarded(win, d);
		flipped |= x.stride[2 + d] < 0;
	}
	if (guarded && flipped) {
		enum gs_err err = gs_lower_copy(lo, &x, &x);
		if (err != GS_OK)
			return err;
	}
	fold->form = GS_FOLD;
	fold->out_axes = (uint8_t)red;
	fold->red_axes = (uint8_t)spatial;
	fold->operand[1] = gs_lower_view(lo, &x);
	fold->operand[1].view.pad = guarded ? GS_PAD_SKIP : GS_PAD_ZERO;
	for (unsigned d = 0; d < 2; d++) {
		fold->extent[d] = dim[d] = x.dim[d];
		gs_operand_axis(&fold->operand[1], d, x.stride[d]);
	}
	for (unsigned d = 0; d < spatial; d++) {
		fold->extent[2 + d] = dim[2 + d] = win->out[d];
		fold->extent[red + d] = win->kernel[d];
		gs_window_axis(win, d, &x, &fold->operand[1], 2 + d, red + d);
	}
	return gs_lower_emit(lo, fold, x.rank, dim, out);
}

/* The least register of a dtype, from which a maximum starts. */
static gs_reg least(enum gs_dtype dtype)
{
	switch (dtype) {
	case GS_F32:
	case GS_F16:
	case GS_BF16: return GS_NEG_INF;
	case GS_I8:
	case GS_I16:
	case GS_I32: return UINT32_C(0x80000000);
	case GS_I64: return UINT64_C(1) << 63;
	case GS_U8:
	case GS_U16:
	case GS_BOOL:
	case GS_U32:
	case GS_U64: return 0;
	}
	return 0;
}

static enum gs_err maximum(struct gs_lower *lo, const struct gs_val *x, struct gs_instr *fold)
{
	if (x->kind == GS_VAL_NONE)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an input is missing");
	*fold = (struct gs_instr){.store_dtype = x->dtype, .acc_dtype = (uint8_t)gs_class_dtype(gs_val_class(x))};
	fold->fn = (uint8_t)gs_fn_for_type(GS_FN_F32_MAX, x->dtype);
	fold->operand[0] = gs_operand_const(least((enum gs_dtype)x->dtype));
	return GS_OK;
}

static enum gs_err op_max_pool(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                               struct gs_val *out)
{
	struct gs_window win = {0};
	struct gs_instr fold;
	struct gs_val x = in[0];
	bool indices = node->outputs > 1 && node->output[1].len != 0;
	enum gs_err err = maximum(lo, &x, &fold);
	if (err == GS_OK)
		err = gs_pool_window(lo, node, &x, &win);
	for (unsigned d = 0; err == GS_OK && indices && d < x.rank; d++)
		if (x.stride[d] < 0)
			err = gs_lower_copy(lo, &x, &x);
	if (err == GS_OK)
		err = gs_pool_fold(lo, &x, &win, &fold, &out[0]);
	if (err != GS_OK || !indices)
		return err;
	return gs_pool_indices(lo, &x, &win, gs_lower_attr_int(node, "storage_order", 0) != 0, &out[0], &out[1]);
}

/* How many taps of window o of dimension d count. */
static uint32_t taps(const struct gs_window *w, unsigned d, uint32_t o, bool include_pad)
{
	int64_t low = include_pad ? -w->before[d] : 0, high = (int64_t)w->in[d] + (include_pad ? w->after[d] : 0);
	uint32_t n = 0;
	for (uint32_t k = 0; k < w->kernel[d]; k++) {
		int64_t at = (int64_t)o * w->stride[d] - w->before[d] + (int64_t)k * w->dilation[d];
		n += at >= low && at < high;
	}
	return n;
}

/* The divisor of every window as an f32 constant [1, 1, out...]; uniform when all are equal. */
static enum gs_err divisors(struct gs_lower *lo, const struct gs_window *w, bool include_pad, bool *same_everywhere,
                            gs_reg *uniform, struct gs_val *out)
{
	uint32_t dim[GS_RANK_MAX] = {1, 1};
	uint32_t *count[3] = {NULL, NULL, NULL};
	uint64_t total = 1;
	for (unsigned d = 0; d < w->spatial; d++) {
		if (!gs_lower_spend(lo, (uint64_t)w->out[d] * w->kernel[d]) ||
		    (count[d] = gs_arena_alloc(&lo->arena, w->out[d], sizeof(uint32_t))) == NULL)
			return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a pooling window or output is too big");
		for (uint32_t o = 0; o < w->out[d]; o++)
			count[d][o] = taps(w, d, o, include_pad);
		dim[2 + d] = w->out[d];
		total *= w->out[d];
		if (total > GS_LOWER_FOLD_STEPS_MAX)
			return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a pooling output is too big");
	}
	uint8_t *data = gs_lower_spend(lo, total) ? gs_arena_alloc(&lo->arena, total, 4) : NULL;
	if (data == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a pooling output is too big");
	bool same = true;
	for (uint64_t i = 0; i < total; i++) {
		uint64_t rest = i, n = 1;
		for (unsigned d = w->spatial; d-- > 0; rest /= w->out[d])
			n *= count[d][rest % w->out[d]];
		gs_le32_write(data + 4 * i, (uint32_t)gs_reg_of_int(GS_CLASS_F32, (int64_t)n));
		same &= gs_le32_read(data + 4 * i) == gs_le32_read(data);
	}
	*same_everywhere = same;
	*uniform = same && total > 0 ? gs_le32_read(data) : 0;
	return same ? GS_OK : gs_lower_constant(lo, GS_F32, w->spatial + 2, dim, data, out);
}

static enum gs_err op_average_pool(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                   struct gs_val *out)
{
	struct gs_window win = {0};
	struct gs_val sum, count;
	gs_reg uniform;
	bool same = false;
	if (in[0].kind == GS_VAL_NONE || gs_val_class(&in[0]) != GS_CLASS_F32)
		return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE, "an input that is not a float");
	enum gs_err err = gs_pool_window(lo, node, &in[0], &win);
	if (err == GS_OK)
		err = divisors(lo, &win, gs_lower_attr_int(node, "count_include_pad", 0) != 0, &same, &uniform, &count);
	if (err != GS_OK)
		return err;
	struct gs_instr fold = {.fn = GS_FN_F32_ADD,
	                        .store_dtype = in[0].dtype,
	                        .acc_dtype = GS_F32,
	                        .operand[0] = gs_operand_const(0)};
	if (same) {
		fold.epilogue = GS_FN_F32_DIV;
		fold.epilogue_const[0] = uniform;
		return gs_pool_fold(lo, &in[0], &win, &fold, out);
	}
	fold.store_dtype = GS_F32;
	if ((err = gs_pool_fold(lo, &in[0], &win, &fold, &sum)) != GS_OK)
		return err;
	struct gs_step divide = {.fn = GS_FN_F32_DIV, .dtype = in[0].dtype};
	return gs_lower_map(lo, divide, 2, (struct gs_arg[]){{.v = &sum}, {.v = &count}}, out);
}

/* ---- whole dimensions ---- */

enum reduction {
	REDUCE_SUM,
	REDUCE_MEAN,
	REDUCE_MAX,
	REDUCE_MIN,
	REDUCE_PROD,
	REDUCE_L1,
	REDUCE_L2,
	REDUCE_SUM_SQUARE,
	REDUCE_LOG_SUM,
	REDUCE_LOG_SUM_EXP
};

static enum gs_err reduce_sum(struct gs_lower *lo, struct gs_step step, const struct gs_val *x, unsigned mask,
                              struct gs_val *out)
{
	if (gs_val_class(x) == GS_CLASS_F32)
		return gs_lower_sum(lo, step, x, mask, out);
	return gs_lower_fold(lo, step, 0, x, mask, out);
}

/* m + log(sum of exp(x - m)), m the greatest element brought to finite numbers. */
static enum gs_err log_sum_exp(struct gs_lower *lo, const struct gs_val *x, unsigned mask, struct gs_val *out)
{
	struct gs_val m, t;
	struct gs_step max = {.fn = GS_FN_F32_MAX, .dtype = GS_F32, .epilogue = GS_FN_F32_CLIP};
	max.epilogue_const[0] = UINT32_C(0xff7fffff);
	max.epilogue_const[1] = UINT32_C(0x7f7fffff);
	struct gs_step power = {.fn = GS_FN_F32_SUB, .dtype = GS_F32, .epilogue = GS_FN_F32_EXP};
	struct gs_step sum = {.fn = GS_FN_F32_ADD, .dtype = GS_F32, .epilogue = GS_FN_F32_LOG};
	struct gs_step add = {.fn = GS_FN_F32_ADD, .dtype = x->dtype};
	if (gs_val_class(x) != GS_CLASS_F32)
		return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE, "integers");
	enum gs_err err = gs_lower_fold(lo, max, GS_NEG_INF, x, mask, &m);
	if (err == GS_OK)
		err = gs_lower_map(lo, power, 2, (struct gs_arg[]){{.v = x}, {.v = &m}}, &t);
	if (err == GS_OK)
		err = gs_lower_sum(lo, sum, &t, mask, &t);
	return err != GS_OK ? err : gs_lower_map(lo, add, 2, (struct gs_arg[]){{.v = &t}, {.v = &m}}, out);
}

/* Reduces the dimensions in mask; out keeps them as 1. */
static enum gs_err reduce(struct gs_lower *lo, enum reduction kind, const struct gs_val *x, unsigned mask,
                          struct gs_val *out)
{
	enum gs_class cls = gs_val_class(x);
	bool is_float = cls == GS_CLASS_F32;
	struct gs_step step = {.fn = (uint8_t)gs_fn_for(GS_FN_F32_ADD, cls), .dtype = x->dtype};
	struct gs_step first = {.fn = (uint8_t)gs_fn_for(GS_FN_F32_MUL, cls), .dtype = (uint8_t)gs_class_dtype(cls)};
	struct gs_instr max = {0};
	struct gs_val t = {0};
	uint64_t n = 1;
	enum gs_err err = GS_OK;

	for (unsigned d = 0; d < x->rank; d++)
		n *= mask >> d & 1 ? x->dim[d] : 1;
	switch (kind) {
	case REDUCE_SUM: return reduce_sum(lo, step, x, mask, out);
	case REDUCE_MEAN:
		step.epilogue = (uint8_t)gs_fn_for_type(GS_FN_F32_DIV, x->dtype);
		step.epilogue_const[0] = gs_reg_of_int(cls, (int64_t)n);
		return reduce_sum(lo, step, x, mask, out);
	case REDUCE_MAX:
		if ((err = maximum(lo, x, &max)) != GS_OK)
			return err;
		step.fn = max.fn;
		return gs_lower_fold(lo, step, max.operand[0].constant, x, mask, out);
	case REDUCE_MIN:
		if ((err = maximum(lo, x, &max)) != GS_OK)
			return err;
		step.fn = (uint8_t)gs_fn_for_type(GS_FN_F32_MIN, x->dtype);
		return gs_lower_fold(lo, step,
		                     is_float              ? UINT32_C(0x7f800000)
		                     : cls == GS_CLASS_I32 ? UINT32_C(0x7fffffff)
		                     : x->dtype == GS_U64  ? UINT64_MAX
		                                           : (gs_reg)INT64_MAX,
		                     x, mask, out);
	case REDUCE_PROD: step.fn = first.fn; return gs_lower_fold(lo, step, gs_reg_of_int(cls, 1), x, mask, out);
	case REDUCE_L1:
		t = *x;
		if (x->dtype == GS_U64) /* has no sign to take off */
			break;
		first.fn = (uint8_t)gs_fn_for(GS_FN_F32_ABS, cls);
		err = gs_lower_map(lo, first, 1, &(struct gs_arg){.v = x}, &t);
		break;
	case REDUCE_L2:
	case REDUCE_SUM_SQUARE:
		if (kind == REDUCE_L2 && !is_float)
			return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE, "integers");
		step.epilogue = kind == REDUCE_L2 ? GS_FN_F32_SQRT : 0;
		err = gs_lower_map(lo, first, 2, (struct gs_arg[]){{.v = x}, {.v = x}}, &t);
		break;
	case REDUCE_LOG_SUM:
		if (!is_float)
			return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE, "integers");
		step.epilogue = GS_FN_F32_LOG;
		t = *x;
		break;
	case REDUCE_LOG_SUM_EXP: return log_sum_exp(lo, x, mask, out);
	}
	return err != GS_OK ? err : reduce_sum(lo, step, &t, mask, out);
}

static enum gs_err reduce_op(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                             struct gs_val *out, enum reduction kind)
{
	int64_t axes[GS_RANK_MAX];
	unsigned count, mask = 0, axis, rank = 0;
	uint32_t dim[GS_RANK_MAX];
	bool given;
	struct gs_val kept;

	if (in[0].kind == GS_VAL_NONE)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an input is missing");
	enum gs_err err = gs_lower_ints_either(lo, node, "axes", &in[1], axes, GS_RANK_MAX, &count, &given);
	if (err != GS_OK)
		return err;
	for (unsigned i = 0; i < count; i++) {
		if ((err = gs_lower_axis(lo, axes[i], in[0].rank, &axis)) != GS_OK)
			return err;
		mask |= 1U << axis;
	}
	if (count == 0)
		mask = gs_lower_attr_int(node, "noop_with_empty_axes", 0) != 0 ? 0 : (1U << in[0].rank) - 1;
	if ((err = reduce(lo, kind, &in[0], mask, &kept)) != GS_OK)
		return err;
	bool keep = gs_lower_attr_int(node, "keepdims", 1) != 0;
	for (unsigned d = 0; d < kept.rank; d++)
		if (keep || !(mask >> d & 1))
			dim[rank++] = kept.dim[d];
	return gs_lower_reshape(lo, &kept, rank, dim, out);
}

#define REDUCE(name, kind) \
	static enum gs_err name(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in, \
	                        struct gs_val *out) \
	{ \
		return reduce_op(lo, node, in, out, kind); \
	}
REDUCE(op_reduce_sum, REDUCE_SUM)
REDUCE(op_reduce_mean, REDUCE_MEAN)
REDUCE(op_reduce_max, REDUCE_MAX)
REDUCE(op_reduce_min, REDUCE_MIN)
REDUCE(op_reduce_prod, REDUCE_PROD)
REDUCE(op_reduce_l1, REDUCE_L1)
REDUCE(op_reduce_l2, REDUCE_L2)
REDUCE(op_reduce_sum_square, REDUCE_SUM_SQUARE)
REDUCE(op_reduce_log_sum, REDUCE_LOG_SUM)
REDUCE(op_reduce_log_sum_exp, REDUCE_LOG_SUM_EXP)

static enum gs_err global_pool(struct gs_lower *lo, const struct gs_val *x, struct gs_val *out, enum reduction kind)
{
	if (x->kind == GS_VAL_NONE || x->rank < 2)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an input of rank 2 or more is needed");
	if (gs_val_class(x) != GS_CLASS_F32)
		return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE, "an input that is not a float");
	return reduce(lo, kind, x, ((1U << x->rank) - 1) & ~3U, out);
}

static enum gs_err op_global_average_pool(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                          struct gs_val *out)
{
	(void)node;
	return global_pool(lo, &in[0], out, REDUCE_MEAN);
}

static enum gs_err op_global_max_pool(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                      struct gs_val *out)
{
	(void)node;
	return global_pool(lo, &in[0], out, REDUCE_MAX);
}

const struct gs_lower_op gs_ops_pool[] = {
	{"AveragePool", op_average_pool},
	{"GlobalAveragePool", op_global_average_pool},
	{"GlobalMaxPool", op_global_max_pool},
	{"MaxPool", op_max_pool},
	{"ReduceL1", op_reduce_l1},
	{"ReduceL2", op_reduce_l2},
	{"ReduceLogSum", op_reduce_log_sum},
	{"ReduceLogSumExp", op_reduce_log_sum_exp},
	{"ReduceMax", op_reduce_max},
	{"ReduceMean", op_reduce_mean},
	{"ReduceMin", op_reduce_min},
	{"ReduceProd", op_reduce_prod},
	{"ReduceSum", op_reduce_sum},
	{"ReduceSumSquare", op_reduce_sum_square},
	{NULL, NULL},
};
