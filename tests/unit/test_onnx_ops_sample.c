/* Reads between elements and over regions, against one scalar at a time in binary64. */
#include "tests/support/onnx_model.h"

#include <math.h>

enum { DIMS = 3 };

struct image {
	unsigned dims, extent[DIMS];
	const float *data; /* one channel */
};

enum kernel { NEAREST, LINEAR, CUBIC };
enum outside { ZEROS, BORDER, REFLECTION };

/* Mirrors v between low and high, as often as it takes. */
static double mirror(double v, double low, double high)
{
	if (high <= low)
		return low;
	while (v < low || v > high)
		v = v < low ? 2 * low - v : 2 * high - v;
	return v;
}

static double pixel(const struct image *im, const long *at, enum outside outside, bool corners)
{
	size_t flat = 0;
	for (unsigned d = 0; d < im->dims; d++) {
		double n = im->extent[d], v = (double)at[d];
		if (outside == ZEROS && (v < 0 || v >= n))
			return 0.0;
		if (outside == BORDER)
			v = v < 0 ? 0 : v >= n ? n - 1 : v;
		if (outside == REFLECTION)
			v = mirror(v, corners ? 0.0 : -0.5, corners ? n - 1.0 : n - 0.5);
		flat = flat * im->extent[d] + (size_t)v;
	}
	return (double)im->data[flat];
}

static double cubic(double x)
{
	const double a = -0.75;
	x = fabs(x);
	return x <= 1 ? (a + 2) * x * x * x - (a + 3) * x * x + 1 : x < 2 ? a * (x * x * x - 5 * x * x + 8 * x - 4) : 0;
}

static double sample(const struct image *im, const double *position, enum kernel kernel, enum outside outside,
                     bool corners)
{
	double v[DIMS], sum = 0.0;
	unsigned taps = kernel == NEAREST ? 1 : kernel == LINEAR ? 2 : 4, all = 1;
	for (unsigned d = 0; d < im->dims; d++) {
		double low = corners ? 0.0 : -0.5, high = im->extent[d] - (corners ? 1.0 : 0.5);
		v[d] = kernel == NEAREST ? nearbyint(position[d]) : position[d];
		if (v[d] < low || v[d] > high) {
			if (outside == BORDER)
				v[d] = v[d] < 0 ? 0 : v[d] > im->extent[d] - 1.0 ? im->extent[d] - 1.0 : v[d];
			if (outside == REFLECTION)
				v[d] = mirror(v[d], low, high);
		}
		all *= taps;
	}
	for (unsigned t = 0; t < all; t++) {
		long at[DIMS];
		double weight = 1.0;
		unsigned rest = t;
		for (unsigned d = 0; d < im->dims; d++, rest /= taps) {
			long base = (long)floor(v[d]), step = (long)(rest % taps) - (kernel == CUBIC ? 1 : 0);
			at[d] = kernel == NEAREST ? (long)v[d] : base + step;
			double distance = fabs(v[d] - (double)at[d]);
			weight *= kernel == NEAREST ? 1.0 : kernel == LINEAR ? 1.0 - distance : cubic(distance);
		}
		sum += weight * pixel(im, at, outside, corners);
	}
	return sum;
}

static void grids(void **state)
{
	(void)state;
	enum { N = 2, C = 3, PLACES = 12, ELEMENTS = 5 * 4 * 4 };
	static const char *const old_mode[] = {"nearest", "bilinear", "bicubic"};
	static const char *const new_mode[] = {"nearest", "linear", "cubic"};
	static const char *const padding[] = {"zeros", "border", "reflection"};
	struct gs_rng rng;
	gs_rng_seed(&rng, 41);
	for (unsigned round = 0; round < 162; round++) {
		unsigned dims = 1 + round / 54, plane = 1;
		enum kernel kernel = (enum kernel)(round % 3);
		enum outside outside = (enum outside)(round / 3 % 3);
		bool corners = round / 9 % 2 == 0, old = dims == 2 && round / 18 % 3 == 0;
		float x[N * C * ELEMENTS], grid[N * PLACES * DIMS];
		struct image im = {.dims = dims};
		for (unsigned d = 0; d < dims; d++) {
			im.extent[d] = round / 18 % 3 == 2 ? 1 + (unsigned)gs_rng_below(&rng, 4) : 4;
			plane *= im.extent[d];
		}
		onnx_fill(&rng, x, (size_t)N * C * plane);
		for (unsigned i = 0; i < N * PLACES * dims; i++)
			grid[i] = onnx_random(&rng) / 3.0F;
		struct ob o;
		struct gs_tensor_type type;
		int64_t shape[5] = {N, C}, grid_shape[5] = {N, PLACES};
		for (unsigned d = 0; d < dims; d++) {
			shape[2 + d] = im.extent[d];
			grid_shape[1 + d] = d == 0 ? PLACES : 1;
		}
		grid_shape[1 + dims] = dims;
		ob_init(&o, old ? 16 : 20);
		ob_input(&o, "x", GS_F32, 2 + dims, shape);
		ob_input(&o, "g", GS_F32, 2 + dims, grid_shape);
		ob_node(&o, "GridSample", "x,g", "y");
		ob_attr_text(&o, "mode", old ? old_mode[kernel] : new_mode[kernel]);
		ob_attr_text(&o, "padding_mode", padding[outside]);
		ob_attr_int(&o, "align_corners", corners);
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		float *have = onnx_run(&o, (const void *[ONNX_INPUTS_MAX]){x, grid}, 0, &type);
		assert_int_equal(gs_tensor_type_count(&type), N * C * PLACES);
		double want[N * C * PLACES];
		for (unsigned i = 0; i < N * C * PLACES; i++) {
			unsigned p = i % PLACES, n = i / PLACES / C;
			double at[DIMS];
			for (unsigned d = 0; d < dims; d++) {
				float g = grid[(n * PLACES + p) * dims + dims - 1 - d] + 1.0F;
				at[d] = (double)(corners ? g * (((float)im.extent[d] - 1.0F) / 2.0F)
				                         : fmaf(-1.0F, 1.0F, g * (float)im.extent[d]) * 0.5F);
			}
			im.data = x + (size_t)(i / PLACES) * plane;
			want[i] = sample(&im, at, kernel, outside, corners);
		}
		onnx_near(have, want, N * C * PLACES, kernel == NEAREST ? 0.0 : 2e-5, padding[outside]);
		free(have);
	}
}

static void affine_grids(void **state)
{
	(void)state;
	struct gs_rng rng;
	gs_rng_seed(&rng, 42);
	for (unsigned round = 0; round < 16; round++) {
		unsigned n = 2 + round % 2, places = 1;
		bool corners = round / 2 % 2 == 0;
		int64_t size[5] = {2, 3};
		float theta[2 * DIMS * (DIMS + 1)];
		for (unsigned d = 0; d < n; d++) {
			size[2 + d] = 1 + (int64_t)gs_rng_below(&rng, 4);
			places *= (unsigned)size[2 + d];
		}
		onnx_fill(&rng, theta, 2 * n * (n + 1));
		struct ob o;
		struct gs_tensor_type type;
		ob_init(&o, 20);
		ob_input(&o, "t", GS_F32, 3, (int64_t[]){2, n, n + 1});
		ob_initializer(&o, "s", GS_I64, 1, (uint32_t[]){n + 2}, size);
		ob_node(&o, "AffineGrid", "t,s", "y");
		ob_attr_int(&o, "align_corners", corners);
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		float *have = onnx_run(&o, (const void *[ONNX_INPUTS_MAX]){theta}, 0, &type);
		assert_int_equal(gs_tensor_type_count(&type), 2 * places * n);
		double want[2 * 64 * DIMS];
		for (unsigned i = 0; i < 2 * places * n; i++) {
			unsigned r = i % n, rest = i / n % places, b = i / n / places;
			const float *row = theta + (b * n + r) * (n + 1);
			double sum = (double)row[n];
			for (unsigned d = n; d-- > 0; rest /= (unsigned)size[2 + d]) {
				double extent = (double)size[2 + d], k = rest % (unsigned)size[2 + d];
				double at = !corners      ? (2 * k + 1) / extent - 1
				            : extent == 1 ? 0
				                          : 2 * k / (extent - 1) - 1;
				sum += (double)row[n - 1 - d] * at;
			}
			want[i] = sum;
		}
		onnx_near(have, want, 2 * places * n, 2e-6, "AffineGrid");
		free(have);
	}
}

static void deformed_convolutions(void **state)
{
	(void)state;
	enum { N = 2, C = 4, H = 6, W = 5, KH = 3, KW = 2, M = 6, T = KH * KW };
	struct gs_rng rng;
	gs_rng_seed(&rng, 43);
	for (unsigned round = 0; round < 16; round++) {
		unsigned groups = 1 + round % 2, shifts = 1 << (round / 2 % 3), each = C / shifts;
		bool masked = round / 4 % 2 == 0, bias = round / 8 % 2 == 0;
		enum { OH = (H + 2 - KH) / 2 + 1, OW = W + 1 - KW + 1, P = OH * OW }; /* pads 1 0 1 1, strides 2 1 */
		float x[N * C * H * W], w[M * C * T], offset[N * 4 * T * 2 * P], mask[N * 4 * T * P], b[M];
		onnx_fill(&rng, x, GS_ARRAY_LEN(x));
		onnx_fill(&rng, w, GS_ARRAY_LEN(w));
		onnx_fill(&rng, offset, GS_ARRAY_LEN(offset));
		onnx_fill(&rng, mask, GS_ARRAY_LEN(mask));
		onnx_fill(&rng, b, M);
		struct ob o;
		struct gs_tensor_type type;
		ob_init(&o, 19);
		ob_input(&o, "x", GS_F32, 4, (int64_t[]){N, C, H, W});
		ob_input(&o, "o", GS_F32, 4, (int64_t[]){N, shifts * T * 2, OH, OW});
		ob_initializer(&o, "w", GS_F32, 4, (uint32_t[]){M, C / groups, KH, KW}, w);
		ob_initializer(&o, "b", GS_F32, 1, (uint32_t[]){M}, b);
		ob_initializer(&o, "m", GS_F32, 4, (uint32_t[]){N, shifts * T, OH, OW}, mask);
		ob_node(&o, "DeformConv",
		        bias     ? (masked ? "x,w,o,b,m" : "x,w,o,b")
		        : masked ? "x,w,o,,m"
		                 : "x,w,o",
		        "y");
		ob_attr_int(&o, "group", groups);
		ob_attr_int(&o, "offset_group", shifts);
		ob_attr_ints(&o, "strides", 2, (int64_t[]){2, 1});
		ob_attr_ints(&o, "pads", 4, (int64_t[]){1, 0, 1, 1});
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		float *have = onnx_run(&o, (const void *[ONNX_INPUTS_MAX]){x, offset}, 0, &type);
		onnx_shape(&type, 4, (uint32_t[]){N, M, OH, OW});
		double want[N * M * P];
		for (unsigned i = 0; i < N * M * P; i++) {
			unsigned p = i % P, m = i / P % M, n = i / P / M, cg = C / groups;
			double sum = bias ? (double)b[m] : 0.0;
			for (unsigned c = 0; c < cg; c++)
				for (unsigned t = 0; t < T; t++) {
					unsigned channel = m / (M / groups) * cg + c, s = channel / each;
					const float *shift = offset + ((n * shifts + s) * T + t) * 2 * P + p;
					unsigned row = p / OW * 2 + t / KW, column = p % OW + t % KW;
					double at[2] = {(double)((float)row - 1.0F + shift[0]),
					                (double)((float)column + shift[P])};
					struct image im = {2, {H, W}, x + (n * C + channel) * H * W};
					double v = sample(&im, at, LINEAR, ZEROS, true);
					if (masked)
						v *= (double)mask[((n * shifts + s) * T + t) * P + p];
					sum += v * (double)w[(m * cg + c) * T + t];
				}
			want[i] = sum;
		}
		onnx_near(have, want, N * M * P, 3e-4, "DeformConv");
		free(have);
	}
}

/* ---- regions ---- */

enum { IMAGES = 2, CHANNELS = 3, HEIGHT = 7, WIDTH = 6, ROIS = 4, BINS_H = 3, BINS_W = 2 };

static double bilinear(const float *x, double y, double at, bool max)
{
	if (y < -1 || y > HEIGHT || at < -1 || at > WIDTH)
		return 0.0;
	y = y < 0 ? 0 : y > HEIGHT - 1 ? HEIGHT - 1 : y;
	at = at < 0 ? 0 : at > WIDTH - 1 ? WIDTH - 1 : at;
	unsigned y0 = (unsigned)y, x0 = (unsigned)at, y1 = y0 + 1 < HEIGHT ? y0 + 1 : y0,
		 x1 = x0 + 1 < WIDTH ? x0 + 1 : x0;
	double fy = y - y0, fx = at - x0;
	double v[4] = {(1 - fy) * (1 - fx) * (double)x[y0 * WIDTH + x0], (1 - fy) * fx * (double)x[y0 * WIDTH + x1],
	               fy * (1 - fx) * (double)x[y1 * WIDTH + x0], fy * fx * (double)x[y1 * WIDTH + x1]};
	return max ? fmax(fmax(v[0], v[1]), fmax(v[2], v[3])) : v[0] + v[1] + v[2] + v[3];
}

static void aligned_regions(void **state)
{
	(void)state;
	struct gs_rng rng;
	gs_rng_seed(&rng, 44);
	for (unsigned round = 0; round < 32; round++) {
		bool max = round % 2 == 0, half = round / 2 % 2 == 0, adaptive = round / 4 % 2 == 0,
		     old = round / 8 % 2 == 0;
		int64_t ratio = adaptive ? 0 : 1 + (int64_t)gs_rng_below(&rng, 3), image[ROIS];
		float x[IMAGES * CHANNELS * HEIGHT * WIDTH], rois[ROIS * 4], scale = 0.53F;
		onnx_fill(&rng, x, GS_ARRAY_LEN(x));
		for (unsigned r = 0; r < ROIS; r++) {
			image[r] = (int64_t)gs_rng_below(&rng, IMAGES);
			for (unsigned k = 0; k < 4; k++)
				rois[4 * r + k] = onnx_random(&rng) + (k < 2 ? 2.0F : 9.0F);
		}
		half &= !old;
		struct ob o;
		struct gs_tensor_type type;
		ob_init(&o, old ? 10 : 16);
		ob_input(&o, "x", GS_F32, 4, (int64_t[]){IMAGES, CHANNELS, HEIGHT, WIDTH});
		if (adaptive)
			ob_initializer(&o, "r", GS_F32, 2, (uint32_t[]){ROIS, 4}, rois);
		else
			ob_input(&o, "r", GS_F32, 2, (int64_t[]){ROIS, 4});
		ob_input(&o, "b", GS_I64, 1, (int64_t[]){ROIS});
		ob_node(&o, "RoiAlign", "x,r,b", "y");
		ob_attr_text(&o, "mode", max ? "max" : "avg");
		if (!old && !half)
			ob_attr_text(&o, "coordinate_transformation_mode", "output_half_pixel");
		ob_attr_int(&o, "output_height", BINS_H);
		ob_attr_int(&o, "output_width", BINS_W);
		ob_attr_int(&o, "sampling_ratio", ratio);
		ob_attr_float(&o, "spatial_scale", scale);
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		float *have = onnx_run(&o,
		                       adaptive ? (const void *[ONNX_INPUTS_MAX]){x, image, NULL}
		                                : (const void *[ONNX_INPUTS_MAX]){x, rois, image},
		                       0, &type);
		onnx_shape(&type, 4, (uint32_t[]){ROIS, CHANNELS, BINS_H, BINS_W});
		double want[ROIS * CHANNELS * BINS_H * BINS_W];
		for (unsigned i = 0; i < GS_ARRAY_LEN(want); i++) {
			unsigned pw = i % BINS_W, ph = i / BINS_W % BINS_H, c = i / BINS_W / BINS_H % CHANNELS,
				 r = i / BINS_W / BINS_H / CHANNELS;
			double start[2], bin[2], sum = max ? -INFINITY : 0.0;
			unsigned n[2];
			for (unsigned d = 0; d < 2; d++) {
				float shift = half ? -0.5F : 0.0F, from = fmaf(rois[4 * r + 1 - d], scale, shift);
				float length = fmaf(rois[4 * r + 3 - d], scale, shift) - from;
				length = !half && length < 1.0F ? 1.0F : length;
				start[d] = (double)from;
				bin[d] = (double)(length / (d == 0 ? (float)BINS_H : (float)BINS_W));
				n[d] = adaptive ? (unsigned)fmax(ceil(bin[d]), 0.0) : (unsigned)ratio;
			}
			for (unsigned iy = 0; iy < n[0]; iy++)
				for (unsigned ix = 0; ix < n[1]; ix++) {
					double v = bilinear(x + ((unsigned)image[r] * CHANNELS + c) * HEIGHT * WIDTH,
					                    start[0] + bin[0] * (ph + (iy + 0.5) / n[0]),
					                    start[1] + bin[1] * (pw + (ix + 0.5) / n[1]), max);
					sum = max ? fmax(sum, v) : sum + v;
				}
			want[i] = n[0] * n[1] == 0 ? 0.0 : max ? sum : sum / (n[0] * n[1]);
		}
		onnx_near(have, want, GS_ARRAY_LEN(want), 1e-5, "RoiAlign");
		free(have);
	}
}

/* A box at run time leaves the number of samples open. */
static void unknown_regions(void **state)
{
	(void)state;
	struct ob o;
	ob_init(&o, 16);
	ob_input(&o, "x", GS_F32, 4, (int64_t[]){1, 1, 4, 4});
	ob_input(&o, "r", GS_F32, 2, (int64_t[]){1, 4});
	ob_input(&o, "b", GS_I64, 1, (int64_t[]){1});
	ob_node(&o, "RoiAlign", "x,r,b", "y");
	ob_end(&o);
	ob_output(&o, "y", GS_F32);
	onnx_refused(&o, GS_ONNX_NOT_STATIC);
	ob_init(&o, 16);
	ob_input(&o, "x", GS_F32, 4, (int64_t[]){1, 1, 4, 4});
	ob_input(&o, "r", GS_F32, 2, (int64_t[]){1, 5});
	ob_node(&o, "MaxRoiPool", "x,r", "y");
	ob_attr_ints(&o, "pooled_shape", 2, (int64_t[]){2, 2});
	ob_end(&o);
	ob_output(&o, "y", GS_F32);
	onnx_refused(&o, GS_ONNX_NOT_STATIC);
}

static void pooled_regions(void **state)
{
	(void)state;
	struct gs_rng rng;
	gs_rng_seed(&rng, 45);
	for (unsigned round = 0; round < 16; round++) {
		float x[IMAGES * CHANNELS * HEIGHT * WIDTH], rois[ROIS * 5], scale = 0.5F;
		onnx_fill(&rng, x, GS_ARRAY_LEN(x));
		for (unsigned r = 0; r < ROIS; r++) {
			rois[5 * r] = (float)gs_rng_below(&rng, IMAGES);
			for (unsigned k = 0; k < 4; k++)
				rois[5 * r + 1 + k] = onnx_random(&rng) + (k < 2 ? 2.0F : 11.0F);
		}
		struct ob o;
		struct gs_tensor_type type;
		ob_init(&o, 13);
		ob_input(&o, "x", GS_F32, 4, (int64_t[]){IMAGES, CHANNELS, HEIGHT, WIDTH});
		ob_initializer(&o, "r", GS_F32, 2, (uint32_t[]){ROIS, 5}, rois);
		ob_node(&o, "MaxRoiPool", "x,r", "y");
		ob_attr_ints(&o, "pooled_shape", 2, (int64_t[]){BINS_H, BINS_W});
		ob_attr_float(&o, "spatial_scale", scale);
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		float *have = onnx_run(&o, (const void *[ONNX_INPUTS_MAX]){x}, 0, &type);
		onnx_shape(&type, 4, (uint32_t[]){ROIS, CHANNELS, BINS_H, BINS_W});
		double want[ROIS * CHANNELS * BINS_H * BINS_W];
		for (unsigned i = 0; i < GS_ARRAY_LEN(want); i++) {
			unsigned p[2] = {i / BINS_W % BINS_H, i % BINS_W}, bins[2] = {BINS_H, BINS_W};
			unsigned c = i / BINS_W / BINS_H % CHANNELS, r = i / BINS_W / BINS_H / CHANNELS;
			long from[2], to[2], limit[2] = {HEIGHT, WIDTH};
			for (unsigned d = 0; d < 2; d++) {
				long first = lround((double)(rois[5 * r + 2 - d] * scale));
				long last = lround((double)(rois[5 * r + 4 - d] * scale));
				double bin = (double)(last - first + 1 < 1 ? 1 : last - first + 1) / bins[d];
				from[d] = first + (long)floor(p[d] * bin + 1e-9);
				to[d] = first + (long)ceil((p[d] + 1) * bin - 1e-9);
				from[d] = from[d] < 0 ? 0 : from[d];
				to[d] = to[d] > limit[d] ? limit[d] : to[d];
			}
			double best = -INFINITY;
			for (long h = from[0]; h < to[0]; h++)
				for (long w = from[1]; w < to[1]; w++)
					best = fmax(best, (double)x[(((unsigned)rois[5 * r] * CHANNELS + c) * HEIGHT +
					                             (unsigned)h) *
					                                    WIDTH +
					                            (unsigned)w]);
			want[i] = isinf(best) ? 0.0 : best;
		}
		onnx_near(have, want, GS_ARRAY_LEN(want), 0.0, "MaxRoiPool");
		free(have);
	}
}

/* ---- patches ---- */

static void patches_added_up(void **state)
{
	(void)state;
	enum { N = 2, C = 3, MOST = 6000 };
	static float x[MOST];
	static double want[MOST];
	struct gs_rng rng;
	gs_rng_seed(&rng, 46);
	for (unsigned round = 0; round < 60; round++) {
		unsigned dims = 1 + round % 3, block = 1, steps = 1, plane = 1, s[DIMS];
		int64_t image[DIMS], kernel[DIMS], stride[DIMS], dilation[DIMS], pads[2 * DIMS];
		for (unsigned d = 0; d < dims; d++) {
			int64_t room;
			do {
				image[d] = 2 + (int64_t)gs_rng_below(&rng, 3);
				kernel[d] = 1 + (int64_t)gs_rng_below(&rng, 2);
				stride[d] = 1 + (int64_t)gs_rng_below(&rng, 2);
				dilation[d] = 1 + (int64_t)gs_rng_below(&rng, 2);
				pads[d] = (int64_t)gs_rng_below(&rng, 2);
				pads[dims + d] = (int64_t)gs_rng_below(&rng, 2);
				room = image[d] + pads[d] + pads[dims + d] - dilation[d] * (kernel[d] - 1) - 1;
			} while (room < 0);
			s[d] = (unsigned)(room / stride[d]) + 1;
			block *= (unsigned)kernel[d];
			steps *= s[d];
			plane *= (unsigned)image[d];
		}
		assert_true(N * C * block * steps <= MOST);
		onnx_fill(&rng, x, (size_t)N * C * block * steps);
		for (unsigned i = 0; i < N * C * plane; i++)
			want[i] = 0.0;
		for (unsigned i = 0; i < N * C * block * steps; i++) {
			unsigned l = i % steps, k = i / steps % block, channel = i / steps / block, at = 0;
			unsigned ls[DIMS], ks[DIMS];
			bool inside = true;
			for (unsigned d = dims; d-- > 0; l /= s[d], k /= (unsigned)kernel[d]) {
				ls[d] = l % s[d];
				ks[d] = k % (unsigned)kernel[d];
			}
			for (unsigned d = 0; d < dims; d++) {
				int64_t v = ls[d] * stride[d] + ks[d] * dilation[d] - pads[d];
				inside &= v >= 0 && v < image[d];
				at = at * (unsigned)image[d] + (unsigned)v;
			}
			if (inside)
				want[channel * plane + at] += (double)x[i];
		}
		struct ob o;
		struct gs_tensor_type type;
		ob_init(&o, 18);
		ob_input(&o, "x", GS_F32, 3, (int64_t[]){N, C * block, steps});
		ob_initializer(&o, "i", GS_I64, 1, (uint32_t[]){dims}, image);
		ob_initializer(&o, "k", GS_I64, 1, (uint32_t[]){dims}, kernel);
		ob_node(&o, "Col2Im", "x,i,k", "y");
		ob_attr_ints(&o, "strides", dims, stride);
		ob_attr_ints(&o, "dilations", dims, dilation);
		ob_attr_ints(&o, "pads", 2 * dims, pads);
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		float *have = onnx_run(&o, (const void *[ONNX_INPUTS_MAX]){x}, 0, &type);
		assert_int_equal(gs_tensor_type_count(&type), N * C * plane);
		onnx_near(have, want, (size_t)N * C * plane, 2e-6, "Col2Im");
		free(have);
	}
}

static void centred(void **state)
{
	(void)state;
	enum { A = 5, B = 4 };
	for (unsigned round = 0; round < 81; round++) {
		int64_t want[2] = {1 + round % 9, 1 + round / 9};
		float x[A * B];
		for (unsigned i = 0; i < A * B; i++)
			x[i] = (float)(i + 1);
		struct ob o;
		struct gs_tensor_type type;
		ob_init(&o, 18);
		ob_input(&o, "x", GS_F32, 2, (int64_t[]){A, B});
		ob_initializer(&o, "s", GS_I64, 1, (uint32_t[]){2}, want);
		ob_node(&o, "CenterCropPad", "x,s", "y");
		ob_attr_ints(&o, "axes", 2, (int64_t[]){-2, 1});
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		float *have = onnx_run(&o, (const void *[ONNX_INPUTS_MAX]){x}, 0, &type);
		onnx_shape(&type, 2, (uint32_t[]){(uint32_t)want[0], (uint32_t)want[1]});
		for (int64_t i = 0; i < want[0] * want[1]; i++) {
			int64_t at[2] = {i / want[1], i % want[1]}, extent[2] = {A, B};
			bool inside = true;
			for (unsigned d = 0; d < 2; d++) {
				at[d] += want[d] < extent[d] ? (extent[d] - want[d]) / 2 : -((want[d] - extent[d]) / 2);
				inside &= at[d] >= 0 && at[d] < extent[d];
			}
			assert_true(have[i] == (inside ? x[at[0] * B + at[1]] : 0.0F));
		}
		free(have);
	}
}

/* Linear interpolation at `at`, 0 to n - 1. */
static double between(const float *x, unsigned n, double at)
{
	double sum = 0.0;
	for (unsigned i = 0; i < n; i++) {
		double distance = fabs(at - i);
		sum += distance < 1.0 ? (1.0 - distance) * (double)x[i] : 0.0;
	}
	return sum;
}

static float *resized(const float *x, unsigned n, const char *place, const char *mode, const float *scale, unsigned out,
                      bool antialias)
{
	struct ob o;
	struct gs_tensor_type type;
	ob_init(&o, 18);
	ob_input(&o, "x", GS_F32, 1, (int64_t[]){n});
	ob_initializer(&o, "roi", GS_F32, 1, (uint32_t[]){2}, (float[]){0.25F, 0.625F});
	ob_initializer(&o, "sizes", GS_I64, 1, (uint32_t[]){1}, (int64_t[]){out});
	if (scale != NULL)
		ob_initializer(&o, "scales", GS_F32, 1, (uint32_t[]){1}, scale);
	ob_node(&o, "Resize", scale != NULL ? "x,roi,scales" : "x,roi,,sizes", "y");
	ob_attr_text(&o, "coordinate_transformation_mode", place);
	ob_attr_text(&o, "mode", mode);
	ob_attr_int(&o, "antialias", antialias);
	ob_end(&o);
	ob_output(&o, "y", GS_F32);
	float *y = onnx_run(&o, (const void *[ONNX_INPUTS_MAX]){x}, 0, &type);
	onnx_shape(&type, 1, (uint32_t[]){out});
	return y;
}

static void close_to(float have, double want)
{
	assert_true(fabs((double)have - want) <= 1e-5 * (1.0 + fabs(want)));
}

/* length_resized in Resize's formulas is the whole number of elements, also when a scale makes a fraction of it. */
static void resized_lengths(void **state)
{
	(void)state;
	enum { EXTENT_MAX = 60 };
	struct gs_rng rng;
	gs_rng_seed(&rng, 43);
	for (unsigned n = 1; n <= EXTENT_MAX; n++) {
		float x[EXTENT_MAX];
		onnx_fill(&rng, x, n);
		double sum = 0.0, weights = 0.0;
		for (int i = -(int)n; i <= (int)n; i++) { /* a triangle as wide as the input, about element 0 */
			double w = 1.0 - fabs((double)i) / n;
			sum += w * (double)x[i < 0 ? 0 : i < (int)n ? i : (int)n - 1];
			weights += w;
		}
		float *y = resized(x, n, "pytorch_half_pixel", "linear", NULL, 1, true);
		close_to(y[0], sum / weights);
		free(y);
		y = resized(x, n, "pytorch_half_pixel", "cubic", NULL, 1, false);
		close_to(y[0], (double)x[0]);
		free(y);
		y = resized(x, n, "tf_crop_and_resize", "linear", NULL, 1, false);
		close_to(y[0], between(x, n, 0.5 * (0.25 + 0.625) * (n - 1.0)));
		free(y);
		float scale = 1.5F / (float)n; /* one and a half elements: one */
		y = resized(x, n, "pytorch_half_pixel", "linear", &scale, 1, false);
		close_to(y[0], (double)x[0]);
		free(y);
		scale = 3.5F / (float)n;
		y = resized(x, n, "tf_crop_and_resize", "linear", &scale, 3, false);
		for (unsigned i = 0; i < 3; i++)
			close_to(y[i], between(x, n, 0.25 * (n - 1.0) + i * (0.625 - 0.25) * (n - 1.0) / 2.0));
		free(y);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grids),
		cmocka_unit_test(affine_grids),
		cmocka_unit_test(deformed_convolutions),
		cmocka_unit_test(aligned_regions),
		cmocka_unit_test(unknown_regions),
		cmocka_unit_test(pooled_regions),
		cmocka_unit_test(patches_added_up),
		cmocka_unit_test(centred),
		cmocka_unit_test(resized_lengths),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
