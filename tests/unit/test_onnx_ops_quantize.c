/* Quantized operators against plain loops: exact division and rounding, then saturation. */
#include "tests/support/onnx_model.h"

#include <math.h>

static const struct {
	enum gs_dtype dtype;
	int64_t low, high;
} kinds[] = {{GS_I8, -128, 127}, {GS_U8, 0, 255}, {GS_I16, -32768, 32767}, {GS_U16, 0, 65535}};

static int64_t element(enum gs_dtype dtype, const void *data, size_t i)
{
	return dtype == GS_I8    ? ((const int8_t *)data)[i]
	       : dtype == GS_U8  ? ((const uint8_t *)data)[i]
	       : dtype == GS_I16 ? ((const int16_t *)data)[i]
	       : dtype == GS_U16 ? ((const uint16_t *)data)[i]
	                         : ((const int32_t *)data)[i];
}

static void put(enum gs_dtype dtype, void *data, size_t i, int64_t v)
{
	if (dtype == GS_I8 || dtype == GS_U8)
		((uint8_t *)data)[i] = (uint8_t)v;
	else if (dtype == GS_I32)
		((int32_t *)data)[i] = (int32_t)v;
	else
		((uint16_t *)data)[i] = (uint16_t)v;
}

static int64_t random_in(struct gs_rng *rng, int64_t low, int64_t high)
{
	return low + (int64_t)gs_rng_below(rng, (uint64_t)(high - low + 1));
}

static int64_t saturate(double v, int64_t low, int64_t high)
{
	return isnan(v) ? 0 : v < (double)low ? low : v > (double)high ? high : (int64_t)v;
}

/* One scale, one an element of the axis, or one a block (the last block may be shorter); with and without zero point. */
static void to_integers_and_back(void **state)
{
	(void)state;
	enum { A = 3, B = 7, C = 4, N = A * B * C };
	struct gs_rng rng;
	gs_rng_seed(&rng, 21);
	for (unsigned round = 0; round < 96; round++) {
		enum gs_dtype dtype = kinds[round % 4].dtype;
		unsigned form = round / 4 % 3, block = 1 + (unsigned)gs_rng_below(&rng, B),
			 blocks = (B + block - 1) / block;
		bool has_zero = round / 12 % 2 == 0, back = round / 24 % 2 == 0;
		uint32_t dim[3][3] = {{1}, {B}, {A, blocks, C}};
		unsigned scales = form == 0 ? 1 : form == 1 ? B : A * blocks * C;
		float x[N], scale[N];
		uint16_t zero[N], q[N];
		for (unsigned i = 0; i < N; i++)
			x[i] = onnx_random(&rng) * (i % 9 == 0 ? 1e6F : 40.0F);
		x[0] = NAN;
		x[1] = INFINITY;
		x[2] = -INFINITY;
		x[3] = 2.5F;
		for (unsigned i = 0; i < N; i++)
			put(dtype, q, i, random_in(&rng, kinds[round % 4].low, kinds[round % 4].high));
		for (unsigned i = 0; i < scales; i++) {
			scale[i] = i == 0 ? 1.0F : 0.01F + (float)gs_rng_below(&rng, 1000) / 999.0F;
			put(dtype, zero, i,
			    has_zero ? random_in(&rng, kinds[round % 4].low, kinds[round % 4].high) : 0);
		}
		struct ob o;
		struct gs_tensor_type type;
		ob_init(&o, 21);
		ob_input(&o, "x", back ? (int)dtype : GS_F32, 3, (int64_t[]){A, B, C});
		ob_initializer(&o, "s", GS_F32, form == 2 ? 3 : 1, dim[form], scale);
		if (has_zero)
			ob_initializer(&o, "z", dtype, form == 2 ? 3 : 1, dim[form], zero);
		ob_node(&o, back ? "DequantizeLinear" : "QuantizeLinear", has_zero ? "x,s,z" : "x,s", "y");
		ob_attr_int(&o, "axis", -2);
		if (form == 2)
			ob_attr_int(&o, "block_size", block);
		if (!back && !has_zero)
			ob_attr_int(&o, "output_dtype", dtype);
		ob_end(&o);
		ob_output(&o, "y", back ? GS_F32 : (int)dtype);
		void *have = onnx_run(&o, (const void *[ONNX_INPUTS_MAX]){back ? (const void *)q : x}, 0, &type);
		onnx_shape(&type, 3, (uint32_t[]){A, B, C});
		for (unsigned i = 0; i < N; i++) {
			unsigned b = i / C % B, k = form == 0   ? 0
			                            : form == 1 ? b
			                                        : (i / C / B * blocks + b / block) * C + i % C;
			int64_t z = element(dtype, zero, k);
			if (back) {
				float want = (float)(element(dtype, q, i) - z) * scale[k];
				assert_memory_equal(&((float *)have)[i], &want, 4);
				continue;
			}
			double whole = nearbyint((double)(float)(x[i] / scale[k]));
			int64_t want = saturate((isnan(whole) ? 0.0 : whole) + (double)z, kinds[round % 4].low,
			                        kinds[round % 4].high);
			assert_int_equal(element(dtype, have, i), want);
		}
		free(have);
	}
}

/* The division is done in the scale's type: 16-bit floats round the quotient first. */
static void half_precision(void **state)
{
	(void)state;
	/* 1000 / 0.30004883 is 3332.79; as f16 3332 (a step of 2), so that 8 bits cannot tell; 100 / 6.1035e-5 overflows */
	const uint16_t x[4] = {0x63d0, 0x5640, 0xd640, 0x4100}, scale = 0x34cd;
	struct ob o;
	struct gs_tensor_type type;
	ob_init(&o, 21);
	ob_input(&o, "x", GS_F16, 1, (int64_t[]){4});
	ob_initializer(&o, "s", GS_F16, 0, NULL, &scale);
	ob_node(&o, "QuantizeLinear", "x,s", "y");
	ob_attr_int(&o, "output_dtype", GS_I16);
	ob_end(&o);
	ob_output(&o, "y", GS_I16);
	int16_t *have = onnx_run(&o, (const void *[ONNX_INPUTS_MAX]){x}, 0, &type);
	const double value[4] = {1000.0, 100.0, -100.0, 2.5},
		     s = (double)gs_f32_from_bits((uint32_t)gs_load(GS_F16, scale));
	for (unsigned i = 0; i < 4; i++) {
		double q = value[i] / s, step = ldexp(1.0, (int)floor(log2(fabs(q))) - 10);
		assert_int_equal(have[i], (int)nearbyint(nearbyint(q / step) * step));
	}
	free(have);
}

static void from_the_data(void **state)
{
	(void)state;
	enum { N = 50 };
	struct gs_rng rng;
	gs_rng_seed(&rng, 22);
	for (unsigned round = 0; round < 30; round++) {
		float x[N], low = 0, high = 0;
		for (unsigned i = 0; i < N; i++) {
			x[i] = round == 0 ? 0.0F : onnx_random(&rng) + (float)(round % 3) * 6.0F - 6.0F;
			low = fminf(low, x[i]);
			high = fmaxf(high, x[i]);
		}
		float scale = (high - low) / 255.0F;
		float place = nearbyintf(fminf(fmaxf(0.0F - low / scale, 0.0F), 255.0F));
		uint8_t zero = isnan(low / scale) ? 0 : (uint8_t)place;
		for (uint32_t output = 0; output < 3; output++) {
			struct ob o;
			struct gs_tensor_type type;
			ob_init(&o, 11);
			ob_input(&o, "x", GS_F32, 2, (int64_t[]){5, N / 5});
			ob_node(&o, "DynamicQuantizeLinear", "x", "y,s,z");
			ob_end(&o);
			ob_output(&o, "y", GS_U8);
			ob_output(&o, "s", GS_F32);
			ob_output(&o, "z", GS_U8);
			void *have = onnx_run(&o, (const void *[ONNX_INPUTS_MAX]){x}, output, &type);
			if (output == 1)
				assert_memory_equal(have, &scale, 4);
			if (output == 2)
				assert_int_equal(*(uint8_t *)have, zero);
			for (unsigned i = 0; output == 0 && i < N; i++)
				assert_int_equal(
					((uint8_t *)have)[i],
					saturate(round == 0 ? 0.0 : nearbyint((double)(x[i] / scale)) + zero, 0, 255));
			free(have);
		}
	}
}

/* round(acc * (a * b / y)) + zero point */
static int64_t requantized(int64_t acc, float a, float b, float y, int64_t zero, int64_t low, int64_t high)
{
	float m = a * b;
	m = m / y;
	return saturate(nearbyint((double)((float)acc * m)) + (double)zero, low, high);
}

static void products_of_matrices(void **state)
{
	(void)state;
	enum { P = 2, M = 3, K = 5, N = 4 };
	struct gs_rng rng;
	gs_rng_seed(&rng, 23);
	for (unsigned round = 0; round < 64; round++) {
		unsigned ka = round % 2, kb = round / 2 % 2;
		bool rows = round / 4 % 2 == 0, columns = round / 8 % 2 == 0, integer = round / 16 % 2 == 0;
		uint8_t a[P * M * K], b[K * N], az[M], bz[N];
		float as[M], bs[N], ys = 0.9F + (float)gs_rng_below(&rng, 100) / 37.0F;
		for (unsigned i = 0; i < sizeof(a); i++)
			a[i] = (uint8_t)gs_rng_below(&rng, 256);
		for (unsigned i = 0; i < sizeof(b); i++)
			b[i] = (uint8_t)gs_rng_below(&rng, 256);
		for (unsigned i = 0; i < M; i++) {
			az[i] = (uint8_t)gs_rng_below(&rng, 256);
			as[i] = 0.001F + (float)gs_rng_below(&rng, 100) / 3001.0F;
		}
		for (unsigned i = 0; i < N; i++) {
			bz[i] = (uint8_t)gs_rng_below(&rng, 256);
			bs[i] = 0.001F + (float)gs_rng_below(&rng, 100) / 3001.0F;
		}
		int8_t yz = (int8_t)gs_rng_below(&rng, 256);
		struct ob o;
		struct gs_tensor_type type;
		ob_init(&o, 21);
		ob_input(&o, "a", (int)kinds[ka].dtype, 3, (int64_t[]){P, M, K});
		ob_initializer(&o, "b", kinds[kb].dtype, 2, (uint32_t[]){K, N}, b);
		ob_initializer(&o, "az", kinds[ka].dtype, 1, (uint32_t[]){rows ? M : 1}, az);
		ob_initializer(&o, "bz", kinds[kb].dtype, 1, (uint32_t[]){columns ? N : 1}, bz);
		ob_initializer(&o, "as", GS_F32, 1, (uint32_t[]){rows ? M : 1}, as);
		ob_initializer(&o, "bs", GS_F32, 1, (uint32_t[]){columns ? N : 1}, bs);
		ob_initializer(&o, "ys", GS_F32, 0, NULL, &ys);
		ob_initializer(&o, "yz", GS_I8, 0, NULL, &yz);
		ob_node(&o, integer ? "MatMulInteger" : "QLinearMatMul",
		        integer ? "a,b,az,bz" : "a,as,az,b,bs,bz,ys,yz", "y");
		ob_end(&o);
		ob_output(&o, "y", integer ? GS_I32 : GS_I8);
		void *have = onnx_run(&o, (const void *[ONNX_INPUTS_MAX]){a}, 0, &type);
		onnx_shape(&type, 3, (uint32_t[]){P, M, N});
		for (unsigned i = 0; i < P * M * N; i++) {
			unsigned n = i % N, m = i / N % M, p = i / N / M;
			int64_t acc = 0;
			for (unsigned k = 0; k < K; k++)
				acc += (element(kinds[ka].dtype, a, (p * M + m) * K + k) -
				        element(kinds[ka].dtype, az, rows ? m : 0)) *
				       (element(kinds[kb].dtype, b, k * N + n) -
				        element(kinds[kb].dtype, bz, columns ? n : 0));
			assert_int_equal(
				element(integer ? GS_I32 : GS_I8, have, i),
				integer ? acc
					: requantized(acc, as[rows ? m : 0], bs[columns ? n : 0], ys, yz, -128, 127));
		}
		free(have);
	}
}

/* A vector times a matrix has one dimension, also when the columns' scales have two. */
static void vector_and_columns(void **state)
{
	(void)state;
	enum { K = 3, N = 4 };
	const int8_t a[K] = {50, -20, 7}, az = 3, bz[N] = {0, 1, -2, 5}, yz = -4;
	const int8_t b[K * N] = {1, 20, -30, 4, 50, -60, 7, 80, -90, 10, 11, -12};
	const float as = 0.1F, bs[N] = {0.02F, 0.05F, 0.3F, 0.01F}, ys = 0.7F;
	struct ob o;
	struct gs_tensor_type type;
	ob_init(&o, 21);
	ob_input(&o, "a", GS_I8, 1, (int64_t[]){K});
	ob_initializer(&o, "as", GS_F32, 0, NULL, &as);
	ob_initializer(&o, "az", GS_I8, 0, NULL, &az);
	ob_initializer(&o, "b", GS_I8, 2, (uint32_t[]){K, N}, b);
	ob_initializer(&o, "bs", GS_F32, 2, (uint32_t[]){1, N}, bs);
	ob_initializer(&o, "bz", GS_I8, 2, (uint32_t[]){1, N}, bz);
	ob_initializer(&o, "ys", GS_F32, 0, NULL, &ys);
	ob_initializer(&o, "yz", GS_I8, 0, NULL, &yz);
	ob_node(&o, "QLinearMatMul", "a,as,az,b,bs,bz,ys,yz", "y");
	ob_end(&o);
	ob_output(&o, "y", GS_I8);
	int8_t *have = onnx_run(&o, (const void *[ONNX_INPUTS_MAX]){a}, 0, &type);
	onnx_shape(&type, 1, (uint32_t[]){N});
	for (unsigned n = 0; n < N; n++) {
		int64_t acc = 0;
		for (unsigned k = 0; k < K; k++)
			acc += (a[k] - az) * (b[k * N + n] - bz[n]);
		assert_int_equal(have[n], requantized(acc, as, bs[n], ys, yz, -128, 127));
	}
	free(have);
}

static void convolutions(void **state)
{
	(void)state;
	enum { G = 2, CG = 2, MG = 3, H = 6, W = 5, KH = 3, KW = 2, M = G * MG, C = G * CG };
	struct gs_rng rng;
	gs_rng_seed(&rng, 24);
	for (unsigned round = 0; round < 32; round++) {
		bool integer = round % 2 == 0, channels = round / 2 % 2 == 0, bias = round / 4 % 2 == 0;
		unsigned spatial = round / 8 % 2 + 1; /* one dimension: W and KW are 1 */
		unsigned w = spatial == 2 ? W : 1, kw = spatial == 2 ? KW : 1, s = 1 + round % 3 / 2, pad = 1;
		unsigned oh = (H + 2 * pad - KH) / s + 1, ow = spatial == 2 ? (w + 2 * pad - kw) / s + 1 : 1;
		uint8_t x[C * H * W], xz = (uint8_t)gs_rng_below(&rng, 256);
		int8_t k[M * CG * KH * KW], kz[M];
		float xs = 0.03F, ks[M], ys = 0.4F;
		int32_t b[M];
		for (unsigned i = 0; i < sizeof(x); i++)
			x[i] = (uint8_t)gs_rng_below(&rng, 256);
		for (unsigned i = 0; i < sizeof(k); i++)
			k[i] = (int8_t)gs_rng_below(&rng, 256);
		for (unsigned i = 0; i < M; i++) {
			kz[i] = (int8_t)random_in(&rng, -128, 127);
			ks[i] = 0.001F + (float)gs_rng_below(&rng, 100) / 3001.0F;
			b[i] = (int32_t)random_in(&rng, -30000, 30000);
		}
		uint8_t yz = 100;
		int64_t stride[2] = {s, s}, pads[4] = {pad, pad, pad, pad};
		struct ob o;
		struct gs_tensor_type type;
		ob_init(&o, 13);
		ob_input(&o, "x", GS_U8, 2 + spatial, (int64_t[]){1, C, H, W});
		ob_initializer(&o, "k", GS_I8, 2 + spatial, (uint32_t[]){M, CG, KH, KW}, k);
		ob_initializer(&o, "xz", GS_U8, 0, NULL, &xz);
		ob_initializer(&o, "kz", GS_I8, 1, (uint32_t[]){channels ? M : 1}, kz);
		ob_initializer(&o, "xs", GS_F32, 0, NULL, &xs);
		ob_initializer(&o, "ks", GS_F32, 1, (uint32_t[]){channels ? M : 1}, ks);
		ob_initializer(&o, "ys", GS_F32, 0, NULL, &ys);
		ob_initializer(&o, "yz", GS_U8, 0, NULL, &yz);
		ob_initializer(&o, "b", GS_I32, 1, (uint32_t[]){M}, b);
		ob_node(&o, integer ? "ConvInteger" : "QLinearConv",
		        integer ? "x,k,xz,kz"
		        : bias  ? "x,xs,xz,k,ks,kz,ys,yz,b"
		                : "x,xs,xz,k,ks,kz,ys,yz",
		        "y");
		ob_attr_int(&o, "group", G);
		ob_attr_ints(&o, "strides", spatial, stride);
		ob_attr_ints(&o, "pads", 2 * spatial, pads);
		ob_end(&o);
		ob_output(&o, "y", integer ? GS_I32 : GS_U8);
		void *have = onnx_run(&o, (const void *[ONNX_INPUTS_MAX]){x}, 0, &type);
		onnx_shape(&type, 2 + spatial, (uint32_t[]){1, M, oh, ow});
		for (unsigned i = 0; i < M * oh * ow; i++) {
			unsigned m = i / ow / oh, oy = i / ow % oh, ox = i % ow, z = channels ? m : 0;
			int64_t acc = bias && !integer ? b[m] : 0;
			for (unsigned c = 0; c < CG; c++)
				for (unsigned ky = 0; ky < KH; ky++)
					for (unsigned kx = 0; kx < kw; kx++) {
						int64_t y = (int64_t)(oy * s + ky) - pad;
						int64_t at = spatial == 2 ? (int64_t)(ox * s + kx) - pad : 0;
						if (y < 0 || y >= H || at < 0 || at >= w)
							continue; /* padding is the zero point */
						int64_t v =
							x[(((m / MG) * CG + c) * H + (unsigned)y) * w + (unsigned)at];
						acc += (v - xz) * (k[((m * CG + c) * KH + ky) * kw + kx] - kz[z]);
					}
			assert_int_equal(element(integer ? GS_I32 : GS_U8, have, i),
			                 integer ? acc : requantized(acc, xs, ks[z], ys, yz, 0, 255));
		}
		free(have);
	}
}

static void wrong_models(void **state)
{
	(void)state;
	const float s = 1.0F;
	const uint32_t z = 0;
	struct ob o;
	ob_init(&o, 21);
	ob_input(&o, "x", GS_F32, 1, (int64_t[]){4});
	ob_initializer(&o, "s", GS_F32, 0, NULL, &s);
	ob_initializer(&o, "z", GS_I32, 0, NULL, &z);
	ob_node(&o, "QuantizeLinear", "x,s,z", "y");
	ob_end(&o);
	ob_output(&o, "y", GS_I32);
	onnx_refused(&o, GS_ONNX_DATA_TYPE);
	const float four[4] = {1, 1, 1, 1};
	ob_init(&o, 13);
	ob_input(&o, "x", GS_F32, 2, (int64_t[]){4, 3});
	ob_initializer(&o, "s", GS_F32, 1, (uint32_t[]){4}, four);
	ob_node(&o, "QuantizeLinear", "x,s", "y"); /* axis 1 has 3 elements */
	ob_end(&o);
	ob_output(&o, "y", GS_U8);
	onnx_refused(&o, GS_ONNX_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(to_integers_and_back), cmocka_unit_test(half_precision),
		cmocka_unit_test(from_the_data),        cmocka_unit_test(products_of_matrices),
		cmocka_unit_test(vector_and_columns),   cmocka_unit_test(convolutions),
		cmocka_unit_test(wrong_models),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
