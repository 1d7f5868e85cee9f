/* Fourier transforms as one product with a table of cosines and sines, windows, and the mel filter bank. Formulas:
 * docs/operators.md. */
#include "validator/onnx/ops_common.h"

#include <string.h>

/* ---- cosines ---- */

/* cos(2 pi m / n) in binary64, by additions, multiplications and divisions alone, so that every machine gets the same
 * bits; off by less than 2^-50. The angle is brought below an eighth of a turn first, by whole numbers. m < n <= 2^32. */
static double turn_cos(uint64_t m, uint64_t n)
{
	uint64_t u = 4 * m, d = 4 * n; /* an eighth of a turn below is a whole number of quarters */
	double sign = 1.0, r = 1.0;
	if (u > d - u)
		u = d - u;
	if (4 * u > d) {
		u = d / 2 - u;
		sign = -1.0;
	}
	bool sine = 8 * u > d;
	if (sine)
		u = d / 4 - u;
	double x = 6.283185307179586 * (double)u / (double)d, t = x * x;
	for (unsigned k = sine ? 19 : 18; k > 1; k -= 2)
		r = 1.0 - t / (double)(k * (k - 1)) * r;
	return sign * (sine ? x * r : r);
}

static double turn_sin(uint64_t m, uint64_t n)
{
	return turn_cos((4 * m + 3 * n) % (4 * n), 4 * n);
}

static uint32_t to_bits(double v)
{
	uint32_t bits = (uint32_t)gs_load(GS_F32, gs_f32_to_bits((float)v));
	return bits == UINT32_C(0x80000000) ? 0 : bits;
}

/* ---- the discrete Fourier transform ---- */

struct transform {
	uint32_t length; /* N */
	uint32_t terms;  /* elements of the input that count: at most N */
	uint32_t out;    /* elements along the axis */
	unsigned from;   /* numbers an element of the input: 1 real, 2 complex */
	unsigned to;     /* of the output */
	bool inverse;
};

/* table[k][n][c][p]: what number p of input element n adds to number c of output element k. */
static enum gs_err make_table(struct gs_lower *lo, const struct transform *t, struct gs_val *out)
{
	uint64_t count = (uint64_t)t->out * t->terms * t->from * t->to;
	uint8_t *data = gs_lower_spend(lo, count) ? gs_arena_alloc(&lo->arena, count, 4) : NULL;
	double *c = data != NULL ? gs_arena_alloc(&lo->arena, t->length, sizeof(*c)) : NULL;
	double *s = c != NULL ? gs_arena_alloc(&lo->arena, t->length, sizeof(*s)) : NULL;
	if (s == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a transform of length %u", t->length);
	for (uint32_t m = 0; m < t->length; m++) {
		c[m] = turn_cos(m, t->length);
		s[m] = t->inverse ? turn_sin(m, t->length) : -turn_sin(m, t->length);
	}
	for (uint32_t k = 0; k < t->out; k++)
		for (uint32_t n = 0; n < t->terms; n++) {
			uint8_t *at = data + 4 * ((uint64_t)k * t->terms + n) * t->from * t->to;
			uint64_t m = (uint64_t)k * n % t->length;
			/* e^(i angle) times (a + ib): re = a cos - b sin, im = a sin + b cos */
			double twice = t->to == 1 && n != 0 && 2 * (uint64_t)n != t->length ? 2.0 : 1.0;
			const double w[2][2] = {{c[m] * twice, -s[m] * twice}, {s[m], c[m]}};
			for (unsigned i = 0; i < t->to; i++)
				for (unsigned p = 0; p < t->from; p++)
					gs_le32_write(at + 4 * (size_t)(i * t->from + p), to_bits(w[i][p]));
		}
	return gs_lower_constant(lo, GS_F32, 4, (uint32_t[]){t->out, t->terms, t->to, t->from}, data, out);
}

/* FOLD fma from +0 over the input's elements and their numbers; the inverse divides by N. */
static enum gs_err apply_transform(struct gs_lower *lo, const struct transform *t, const struct gs_val *x,
                                   unsigned axis, unsigned dtype, struct gs_val *out)
{
	struct gs_val table = {0};
	struct gs_instr fold = {.form = GS_FOLD, .fn = GS_FN_F32_FMA, .acc_dtype = GS_F32, .red_axes = 2};
	uint32_t dim[GS_RANK_MAX];
	unsigned last = x->rank - 1U;
	GS_TRY(make_table(lo, t, &table));
	fold.store_dtype = (uint8_t)dtype;
	fold.out_axes = x->rank;
	if (t->inverse) {
		fold.epilogue = GS_FN_F32_DIV;
		fold.epilogue_const[0] = gs_reg_of_int(GS_CLASS_F32, t->length);
	}
	fold.operand[0] = gs_operand_const(0);
	fold.operand[1] = gs_lower_view(lo, x);
	fold.operand[2] = gs_lower_view(lo, &table);
	for (unsigned d = 0; d <= last; d++) {
		fold.extent[d] = dim[d] = d == axis ? t->out : d == last ? t->to : x->dim[d];
		if (d == axis || d == last)
			gs_operand_axis(&fold.operand[2], d, table.stride[d == axis ? 0 : 2]);
		else
			gs_operand_axis(&fold.operand[1], d, x->stride[d]);
	}
	fold.extent[last + 1] = t->terms;
	fold.extent[last + 2] = t->from;
	gs_operand_axis(&fold.operand[1], last + 1, x->stride[axis]);
	gs_operand_axis(&fold.operand[1], last + 2, x->stride[last]);
	gs_operand_axis(&fold.operand[2], last + 1, table.stride[1]);
	gs_operand_axis(&fold.operand[2], last + 2, table.stride[3]);
	return gs_lower_emit(lo, &fold, x->rank, dim, out);
}

/* One positive integer; *out is untouched when there is no such input. */
static enum gs_err read_length(struct gs_lower *lo, const struct gs_val *v, const char *what, int64_t *out)
{
	unsigned n;
	int64_t r = 1;
	if (v->kind == GS_VAL_NONE)
		return GS_OK;
	GS_TRY(gs_lower_ints(lo, v, what, &r, 1, &n));
	if (n != 1 || r < 1 || r > INT32_MAX)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "%s of %lld", what, (long long)r);
	*out = r;
	return GS_OK;
}

static enum gs_err op_dft(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                          struct gs_val *out)
{
	bool by_attribute = lo->model.opset < 20, onesided = gs_lower_attr_int(node, "onesided", 0) != 0;
	int64_t at = by_attribute ? gs_lower_attr_int(node, "axis", 1) : -2;
	unsigned axis, n;
	struct transform t = {.inverse = gs_lower_attr_int(node, "inverse", 0) != 0};
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	if (!by_attribute && in[2].kind != GS_VAL_NONE)
		GS_TRY(gs_lower_ints(lo, &in[2], "the axis", &at, 1, &n));
	GS_TRY(gs_lower_axis(lo, at, in[0].rank, &axis));
	if (in[0].rank < 2 || axis + 1U == in[0].rank || in[0].dim[in[0].rank - 1] < 1 || in[0].dim[in[0].rank - 1] > 2)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED,
		                       "the last dimension must be 1 (real) or 2 (complex), and cannot be the axis");
	t.from = in[0].dim[in[0].rank - 1];
	t.to = onesided && t.inverse ? 1 : 2;
	if (onesided && (t.from == 2) != t.inverse)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a onesided transform of a %s signal",
		                       t.from == 2 ? "complex" : "real");
	int64_t extent = in[0].dim[axis], length = t.to == 1 ? 2 * (extent - 1) : extent;
	GS_TRY(read_length(lo, &in[1], "a length", &length));
	if (length < 1)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a transform of length %lld", (long long)length);
	int64_t used = t.to == 1 ? length / 2 + 1 : length;
	t.length = (uint32_t)length;
	t.terms = (uint32_t)(used < extent ? used : extent);
	t.out = onesided && !t.inverse ? t.length / 2 + 1 : t.length;
	return apply_transform(lo, &t, &in[0], axis, in[0].dtype, out);
}

/* signal, frame_step, window, frame_length */
static enum gs_err op_stft(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                           struct gs_val *out)
{
	bool onesided = gs_lower_attr_int(node, "onesided", 1) != 0;
	int64_t step = 1, length = 0;
	struct gs_val x = in[0], frames;
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	GS_TRY(gs_ops_present(lo, &in[1]));
	GS_TRY(read_length(lo, &in[1], "a frame step", &step));
	if (in[2].kind != GS_VAL_NONE) {
		GS_TRY(gs_ops_want_float(lo, &in[2]));
		length = in[2].rank == 1 ? in[2].dim[0] : 0;
	}
	GS_TRY(read_length(lo, &in[3], "a frame length", &length));
	if (x.rank == 2) {
		x.rank = 3;
		x.dim[2] = 1;
		x.stride[2] = 0;
	}
	if (x.rank != 3 || x.dim[2] < 1 || x.dim[2] > 2 || length < 1 || length > x.dim[1] ||
	    (in[2].kind != GS_VAL_NONE && (in[2].rank != 1 || in[2].dim[0] != length)))
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "frames of %lld elements", (long long)length);
	struct transform t = {.length = (uint32_t)length, .terms = (uint32_t)length, .from = x.dim[2], .to = 2};
	if (onesided && t.from == 2)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a onesided transform of a complex signal");
	t.out = onesided ? t.length / 2 + 1 : t.length;
	/* batch, frame, element, number */
	frames = x;
	frames.rank = 4;
	frames.dim[1] = (uint32_t)((x.dim[1] - length) / step) + 1;
	frames.stride[1] = frames.dim[1] == 1 ? 0 : x.stride[1] * step;
	frames.dim[2] = t.length;
	frames.stride[2] = x.stride[1];
	frames.dim[3] = x.dim[2];
	frames.stride[3] = x.stride[2];
	if (in[2].kind != GS_VAL_NONE) {
		struct gs_val window;
		GS_TRY(gs_lower_reshape(lo, &in[2], 2, (uint32_t[]){t.length, 1}, &window));
		GS_TRY(gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(&frames), GS_V(&window), &frames));
	}
	return apply_transform(lo, &t, &frames, 2, in[0].dtype, out);
}

/* ---- constants made from a few numbers ---- */

/* f32 data as a constant of the type that output_datatype names. */
static enum gs_err as_output(struct gs_lower *lo, const struct gs_onnx_node *node, unsigned rank, const uint32_t *dim,
                             const uint8_t *data, struct gs_val *out)
{
	int64_t to = gs_lower_attr_int(node, "output_datatype", GS_F32);
	if (to < 0 || to > 255 || !gs_dtype_known((unsigned)to) || to == GS_BOOL || to == GS_U64)
		return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE, "an output of type %s", gs_onnx_type_name((uint64_t)to));
	GS_TRY(gs_lower_constant(lo, GS_F32, rank, dim, data, out));
	if (to == GS_F32)
		return GS_OK;
	static const uint8_t fn[] = {
		[GS_CLASS_F32] = GS_FN_F32_COPY, [GS_CLASS_I32] = GS_FN_F32_TO_I32, [GS_CLASS_I64] = GS_FN_F32_TO_I64};
	return gs_op1(lo, fn[gs_dtype_class((enum gs_dtype)to)], (unsigned)to, GS_V(out), out);
}

/* a[0] + a[1] cos(2 pi i / N) + a[2] cos(4 pi i / N), each step an fma in f32. */
static enum gs_err window(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                          struct gs_val *out, const double *a)
{
	int64_t size = 0;
	bool periodic = gs_lower_attr_int(node, "periodic", 1) != 0;
	GS_TRY(gs_ops_present(lo, &in[0]));
	GS_TRY(read_length(lo, &in[0], "a window", &size));
	uint32_t n = (uint32_t)(periodic ? size : size - 1);
	if (n == 0)
		return gs_lower_refuse(lo, GS_ONNX_FORM, "a symmetric window of one element");
	uint8_t *data = gs_lower_spend(lo, (uint64_t)size) ? gs_arena_alloc(&lo->arena, (uint64_t)size, 4) : NULL;
	if (data == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a window of %lld elements", (long long)size);
	for (uint32_t i = 0; i < size; i++) {
		gs_reg v = to_bits(a[0]);
		for (unsigned k = 1; k < 3 && a[k] != 0.0; k++)
			v = gs_fn_apply(GS_FN_F32_FMA, v, to_bits(a[k]), to_bits(turn_cos((uint64_t)k * i % n, n)));
		gs_le32_write(data + 4 * (size_t)i, (uint32_t)v);
	}
	return as_output(lo, node, 1, &(uint32_t){(uint32_t)size}, data, out);
}

static enum gs_err op_hann(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                           struct gs_val *out)
{
	return window(lo, node, in, out, (const double[]){0.5, -0.5, 0.0});
}

static enum gs_err op_hamming(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                              struct gs_val *out)
{
	return window(lo, node, in, out, (const double[]){25.0 / 46.0, -21.0 / 46.0, 0.0});
}

static enum gs_err op_blackman(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                               struct gs_val *out)
{
	return window(lo, node, in, out, (const double[]){0.42, -0.5, 0.08});
}

/* ---- the mel filter bank ---- */

static enum gs_err read_edge(struct gs_lower *lo, const struct gs_val *v, gs_reg *out)
{
	GS_TRY(gs_ops_want_float(lo, v));
	if (!gs_lower_uniform(lo, v, out))
		return gs_lower_not_static(lo, v, "an edge of the filters");
	if (gs_fn_apply(GS_FN_F32_LE, 0, *out, 0) == 0 || *out >= UINT32_C(0x7f800000))
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an edge below 0 Hz");
	return GS_OK;
}

/* The bins where filters begin, peak and end; L = log1p(hertz / 700) goes up evenly. */
static enum gs_err filter_bins(struct gs_lower *lo, const gs_reg *edge, int64_t filters, int64_t length, int64_t rate,
                               int64_t *bin)
{
	const gs_reg hertz = gs_reg_of_int(GS_CLASS_F32, 700), top = gs_reg_of_int(GS_CLASS_F32, length + 1);
	gs_reg level[2];
	for (unsigned i = 0; i < 2; i++)
		level[i] = gs_fn_apply(GS_FN_F32_LOG1P, gs_fn_apply(GS_FN_F32_DIV, edge[i], hertz, 0), 0, 0);
	gs_reg step = gs_fn_apply(GS_FN_F32_SUB, level[1], level[0], 0);
	step = gs_fn_apply(GS_FN_F32_DIV, step, gs_reg_of_int(GS_CLASS_F32, filters + 2), 0);
	for (int64_t i = 0; i < filters + 2; i++) {
		gs_reg v = gs_fn_apply(GS_FN_F32_FMA, level[0], gs_reg_of_int(GS_CLASS_F32, i), step);
		v = gs_fn_apply(GS_FN_F32_MUL, hertz, gs_fn_apply(GS_FN_F32_EXPM1, v, 0, 0), 0);
		v = gs_fn_apply(GS_FN_F32_MUL, v, top, 0);
		v = gs_fn_apply(GS_FN_F32_DIV, v, gs_reg_of_int(GS_CLASS_F32, rate), 0);
		bin[i] = (int64_t)gs_fn_apply(GS_FN_F32_TO_I64, gs_fn_apply(GS_FN_F32_FLOOR, v, 0, 0), 0, 0);
		if (bin[i] > length / 2 || (i > 0 && bin[i] < bin[i - 1]))
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a filter outside the spectrum");
	}
	return GS_OK;
}

static void write_ratio(uint8_t *to, int64_t a, int64_t b)
{
	gs_le32_write(to, (uint32_t)gs_fn_apply(GS_FN_F32_DIV, gs_reg_of_int(GS_CLASS_F32, a),
	                                        gs_reg_of_int(GS_CLASS_F32, b), 0));
}

/* num_mel_bins, dft_length, sample_rate, lower_edge_hertz, upper_edge_hertz */
static enum gs_err op_mel_weights(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                  struct gs_val *out)
{
	int64_t n[3] = {0};
	gs_reg edge[2];
	for (unsigned i = 0; i < 3; i++) {
		GS_TRY(gs_ops_present(lo, &in[i]));
		GS_TRY(read_length(lo, &in[i], "a size", &n[i]));
	}
	for (unsigned i = 0; i < 2; i++)
		GS_TRY(read_edge(lo, &in[3 + i], &edge[i]));
	int64_t filters = n[0], bins = n[1] / 2 + 1;
	uint64_t count = (uint64_t)filters * (uint64_t)bins;
	bool room = gs_lower_spend(lo, count) && gs_lower_spend(lo, (uint64_t)filters);
	uint8_t *data = room ? gs_arena_alloc(&lo->arena, count, 4) : NULL;
	int64_t *bin = data != NULL ? gs_arena_alloc(&lo->arena, (uint64_t)filters + 2, sizeof(*bin)) : NULL;
	if (bin == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a filter bank of %llu numbers", (unsigned long long)count);
	GS_TRY(filter_bins(lo, edge, filters, n[1], n[2], bin));
	for (int64_t f = 0; f < filters; f++) {
		int64_t low = bin[f], peak = bin[f + 1], high = bin[f + 2];
		for (int64_t j = low; j <= peak; j++)
			write_ratio(data + 4 * (j * filters + f), low == peak ? 1 : j - low,
			            low == peak ? 1 : peak - low);
		for (int64_t j = peak; j < high; j++)
			write_ratio(data + 4 * (j * filters + f), high - j, high - peak);
	}
	return as_output(lo, node, 2, (uint32_t[]){(uint32_t)bins, (uint32_t)filters}, data, out);
}

const struct gs_lower_op gs_ops_signal[] = {
	{"BlackmanWindow", op_blackman},
	{"DFT", op_dft},
	{"HammingWindow", op_hamming},
	{"HannWindow", op_hann},
	{"MelWeightMatrix", op_mel_weights},
	{"STFT", op_stft},
	{NULL, NULL},
};
