/* validator/exec/kernels_avx.h: eight by eight transposition and conversion of f16 with AVX, for the tables of x86-64. */
#ifndef GS_VALIDATOR_EXEC_KERNELS_AVX_H
#define GS_VALIDATOR_EXEC_KERNELS_AVX_H

#ifdef __AVX__
#include "validator/exec/kernels_tile.h"

#include <immintrin.h>

static inline __attribute__((always_inline)) void transpose_8x8(__m256 v[8])
{
	__m256 a[8], b[8];
	for (unsigned i = 0; i < 8; i += 2) {
		a[i] = _mm256_unpacklo_ps(v[i], v[i + 1]);
		a[i + 1] = _mm256_unpackhi_ps(v[i], v[i + 1]);
	}
	for (unsigned i = 0; i < 8; i += 4) {
		b[i] = _mm256_shuffle_ps(a[i], a[i + 2], 0x44);
		b[i + 1] = _mm256_shuffle_ps(a[i], a[i + 2], 0xee);
		b[i + 2] = _mm256_shuffle_ps(a[i + 1], a[i + 3], 0x44);
		b[i + 3] = _mm256_shuffle_ps(a[i + 1], a[i + 3], 0xee);
	}
	for (unsigned i = 0; i < 4; i++) {
		v[i] = _mm256_permute2f128_ps(b[i], b[i + 4], 0x20);
		v[i + 4] = _mm256_permute2f128_ps(b[i], b[i + 4], 0x31);
	}
}

/* A store writes eight rows of one term, also where fewer are left: the surplus is overwritten by the next terms, which are
 * stored later. So terms go in ascending order, and the last ones, whose surplus would lie behind the panel, one by one. */
static void transpose(float *dst, size_t step, const float *src, ptrdiff_t row_step, size_t rows, size_t terms)
{
	size_t written = rows > 8 ? 16 : 8;
	size_t exposed = written > step ? (written - 1) / step : 0; /* terms whose surplus could lie behind the panel */
	size_t whole = terms > exposed ? (terms - exposed) / 8 * 8 : 0;
	if (rows > 16) { /* wide panels: eight rows at a time; a full group leaves no surplus */
		whole = terms / 8 * 8;
		size_t full = rows / 8 * 8;
		for (size_t r = 0; r < full; r += 8)
			for (size_t t = 0; t < whole; t += 8) {
				__m256 v[8];
				for (unsigned i = 0; i < 8; i++)
					v[i] = _mm256_loadu_ps(src + (ptrdiff_t)(r + i) * row_step + (ptrdiff_t)t);
				transpose_8x8(v);
				for (unsigned i = 0; i < 8; i++)
					_mm256_storeu_ps(dst + (t + i) * step + r, v[i]);
			}
		transpose_rest(dst, step, src, row_step, full, whole, terms);
		transpose_rest(dst + full, step, src + (ptrdiff_t)full * row_step, row_step, rows - full, 0, terms);
		return;
	}
	for (size_t t = 0; t < whole; t += 8) {
		__m256 v[8], u[8];
		for (unsigned i = 0; i < 8; i++) {
			size_t r = i < rows ? i : 0, s = i + 8 < rows ? i + 8 : 0;
			v[i] = _mm256_loadu_ps(src + (ptrdiff_t)r * row_step + (ptrdiff_t)t);
			u[i] = rows > 8 ? _mm256_loadu_ps(src + (ptrdiff_t)s * row_step + (ptrdiff_t)t) : v[i];
		}
		transpose_8x8(v);
		if (rows > 8)
			transpose_8x8(u);
		for (unsigned i = 0; i < 8; i++) {
			_mm256_storeu_ps(dst + (t + i) * step, v[i]);
			if (rows > 8)
				_mm256_storeu_ps(dst + (t + i) * step + 8, u[i]);
		}
	}
	transpose_rest(dst, step, src, row_step, rows, whole, terms);
}

/* F16C: subnormals are converted, whatever the control register says. */
static void widen_f16(float *out, const uint16_t *in, size_t n)
{
	size_t i = 0;
	for (; i + 8 <= n; i += 8)
		_mm256_storeu_ps(out + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)(in + i))));
	for (; i < n; i++)
		out[i] = _cvtsh_ss(in[i]);
}

static void narrow_f16(uint16_t *out, const float *in, size_t n)
{
	size_t i = 0;
	for (; i + 8 <= n; i += 8)
		_mm_storeu_si128((__m128i *)(void *)(out + i),
		                 _mm256_cvtps_ph(_mm256_loadu_ps(in + i), _MM_FROUND_TO_NEAREST_INT));
	for (; i < n; i++)
		out[i] = (uint16_t)_cvtss_sh(in[i], _MM_FROUND_TO_NEAREST_INT);
}

#endif
#endif
