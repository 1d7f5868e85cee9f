/* Range. The number of elements is exact, whatever the type. Formulas: docs/operators.md. */
#include "validator/onnx/ops_common.h"

#include <math.h>
#include <string.h>

/* The sign of a - b - c as if computed exactly, for doubles whose sums are far from overflow and underflow. */
static int sign_of_difference(double a, double b, double c)
{
	double s = a - b, v = s - a, e = (a - (s - v)) - (b + v); /* a - b = s + e exactly */
	double t = e - c, w = t - e, f = (e - (t - w)) - (c + w); /* e - c = t + f exactly */
	double big = fabs(s) > fabs(t) ? s : t;
	if (fabs(s) == fabs(t)) /* they cancel, or agree */
		big = s + t == 0.0 ? f : s;
	return (big > 0.0) - (big < 0.0);
}

/* The least n >= 0 with start + n * step at limit or past it. */
static bool float_count(double start, double limit, double step, uint64_t *out)
{
	if (step < 0.0) {
		start = -start;
		limit = -limit;
		step = -step;
	}
	double whole = limit - start, v = whole - limit, rest = (limit - (whole - v)) - (start + v);
	double guess = ceil(whole / step);
	if (!(guess <= INT32_MAX))
		return false;
	double n = guess < 1.0 ? 0.0 : guess - 1.0; /* n * step is exact: 24 bits and 31 */
	while (n <= guess + 1.0 && sign_of_difference(n * step, whole, rest) < 0)
		n += 1.0;
	while (n >= 1.0 && sign_of_difference((n - 1.0) * step, whole, rest) >= 0)
		n -= 1.0;
	*out = (uint64_t)n;
	return true;
}

static bool integer_count(__int128 start, __int128 limit, __int128 step, uint64_t *out)
{
	__int128 whole = limit - start, by = step;
	if (by < 0) {
		whole = -whole;
		by = -by;
	}
	__int128 n = whole <= 0 ? 0 : (whole + by - 1) / by;
	*out = (uint64_t)n;
	return n <= INT32_MAX;
}

static enum gs_err read_number(struct gs_lower *lo, const struct gs_val *v, gs_reg *out)
{
	GS_TRY(gs_ops_present(lo, v));
	if (v->dtype == GS_BOOL)
		return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE, "a limit of type bool");
	if (!gs_lower_uniform(lo, v, out))
		return v->kind == GS_VAL_CONST
		               ? gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a limit that is not one number")
		               : gs_lower_not_static(lo, v, "a limit of the range");
	return GS_OK;
}

/* start + i * step, rounded once (integers: modulo 2^n). */
static enum gs_err elements(struct gs_lower *lo, const struct gs_val *like, const gs_reg *v, uint32_t count,
                            struct gs_val *out)
{
	enum gs_class cls = gs_val_class(like);
	struct gs_instr iota = {.form = GS_MAP, .out_axes = 1, .extent[0] = count};
	struct gs_val i;
	iota.fn = (uint8_t)(cls == GS_CLASS_F32 ? GS_FN_I64_TO_F32 : gs_fn_for(GS_FN_F32_COPY, cls));
	iota.store_dtype = (uint8_t)gs_class_dtype(cls);
	iota.operand[0] = (struct gs_operand){.kind = GS_OPERAND_IOTA, .iota.coef[0] = 1};
	GS_TRY(gs_lower_emit(lo, &iota, 1, &count, &i));
	return gs_op3(lo, gs_fn_for(GS_FN_F32_FMA, cls), like->dtype, GS_R(v[0]), GS_V(&i), GS_R(v[2]), out);
}

static __int128 to_integer(const struct gs_val *v, gs_reg r)
{
	if (v->dtype == GS_U64)
		return (__int128)r;
	return gs_val_class(v) == GS_CLASS_I32 ? (int32_t)(uint32_t)r : (int64_t)r;
}

static enum gs_err op_range(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                            struct gs_val *out)
{
	gs_reg v[3] = {0};
	uint64_t n = 0;
	bool fits;
	(void)node;
	for (unsigned i = 0; i < 3; i++) {
		GS_TRY(read_number(lo, &in[i], &v[i]));
		GS_TRY(gs_ops_same_types(lo, &in[0], &in[i]));
	}
	if (gs_val_class(&in[0]) == GS_CLASS_F32) {
		double d[3];
		for (unsigned i = 0; i < 3; i++)
			d[i] = (double)gs_f32_from_bits((uint32_t)v[i]);
		if (!isfinite(d[0]) || !isfinite(d[1]) || !isfinite(d[2]) || d[2] == 0.0)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a range from %g to %g by %g", d[0], d[1], d[2]);
		fits = float_count(d[0], d[1], d[2], &n);
	} else {
		__int128 k[3];
		for (unsigned i = 0; i < 3; i++)
			k[i] = to_integer(&in[0], v[i]);
		if (k[2] == 0)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a step of 0");
		fits = integer_count(k[0], k[1], k[2], &n);
		if (fits && n != 0 && (in[0].dtype == GS_I32 || in[0].dtype == GS_I64) && k[0] <= INT32_MAX &&
		    k[0] >= -INT32_MAX && k[2] <= INT32_MAX && k[2] >= -INT32_MAX) {
			struct gs_instr iota = {
				.form = GS_MAP, .store_dtype = in[0].dtype, .out_axes = 1, .extent[0] = (uint32_t)n};
			iota.fn = (uint8_t)gs_fn_for(GS_FN_F32_COPY, gs_val_class(&in[0]));
			iota.operand[0] = (struct gs_operand){
				.kind = GS_OPERAND_IOTA, .iota = {.offset = (int64_t)k[0], .coef[0] = (int64_t)k[2]}};
			return gs_lower_emit(lo, &iota, 1, &(uint32_t){(uint32_t)n}, out);
		}
	}
	if (!fits)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a range of 2^31 elements or more");
	if (n == 0)
		return gs_lower_constant(lo, (enum gs_dtype)in[0].dtype, 1, &(uint32_t){0}, NULL, out);
	return elements(lo, &in[0], v, (uint32_t)n, out);
}

const struct gs_lower_op gs_ops_range[] = {
	{"Range", op_range},
	{NULL, NULL},
};
