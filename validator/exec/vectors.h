/* validator/exec/vectors.h: vectors of 32-, 16- and 8-bit integers as wide as the file's instruction set has them: the greater of
 * two, and what lies at even and at odd places of two. Included by files that are compiled once an instruction set. */
#ifndef GS_VALIDATOR_EXEC_VECTORS_H
#define GS_VALIDATOR_EXEC_VECTORS_H

#include <stdint.h>
#include <string.h>

#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#if defined(__AVX512BW__)
#define VECTOR_BYTES 64
#elif defined(__AVX2__)
#define VECTOR_BYTES 32
#else
#define VECTOR_BYTES 16
#endif

typedef int32_t vec32 __attribute__((vector_size(VECTOR_BYTES)));
typedef int16_t vec16 __attribute__((vector_size(VECTOR_BYTES)));
typedef int8_t vec8 __attribute__((vector_size(VECTOR_BYTES)));
typedef float vec_float __attribute__((vector_size(VECTOR_BYTES)));

#define VECTOR_OF(V, T, BITS) \
	static inline V load_##BITS(const void *p) \
	{ \
		V v; \
		memcpy(&v, p, sizeof(v)); \
		return v; \
	} \
	static inline void store_##BITS(void *p, V v) \
	{ \
		memcpy(p, &v, sizeof(v)); \
	} \
	static inline V splat_##BITS(T x) \
	{ \
		return x - (V){0}; \
	}
VECTOR_OF(vec32, int32_t, 32)
VECTOR_OF(vec16, int16_t, 16)
VECTOR_OF(vec8, int8_t, 8)

#if defined(__AVX512BW__)
#define VECTOR_OPS(V, BITS) \
	static inline V max_##BITS(V a, V b) \
	{ \
		return (V)_mm512_max_epi##BITS((__m512i)a, (__m512i)b); \
	}
VECTOR_OPS(vec32, 32)
VECTOR_OPS(vec16, 16)
VECTOR_OPS(vec8, 8)

static inline void deal_32(vec32 a, vec32 b, vec32 *even, vec32 *odd)
{
	const __m512i at = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
	*even = (vec32)_mm512_permutex2var_epi32((__m512i)a, at, (__m512i)b);
	*odd = (vec32)_mm512_permutex2var_epi32((__m512i)a, _mm512_add_epi32(at, _mm512_set1_epi32(1)), (__m512i)b);
}

static inline void deal_16(vec16 a, vec16 b, vec16 *even, vec16 *odd)
{
	const __m512i low = _mm512_setr_epi32(0x20000, 0x60004, 0xa0008, 0xe000c, 0x120010, 0x160014, 0x1a0018,
	                                      0x1e001c, 0x220020, 0x260024, 0x2a0028, 0x2e002c, 0x320030, 0x360034,
	                                      0x3a0038, 0x3e003c);
	*even = (vec16)_mm512_permutex2var_epi16((__m512i)a, low, (__m512i)b);
	*odd = (vec16)_mm512_permutex2var_epi16((__m512i)a, _mm512_add_epi16(low, _mm512_set1_epi16(1)), (__m512i)b);
}

static inline void deal_8(vec8 a, vec8 b, vec8 *even, vec8 *odd)
{
	const __m512i byte = _mm512_set1_epi16(0xff), order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
	__m512i e = _mm512_packus_epi16(_mm512_and_si512((__m512i)a, byte), _mm512_and_si512((__m512i)b, byte));
	__m512i o = _mm512_packus_epi16(_mm512_srli_epi16((__m512i)a, 8), _mm512_srli_epi16((__m512i)b, 8));
	*even = (vec8)_mm512_permutexvar_epi64(order, e);
	*odd = (vec8)_mm512_permutexvar_epi64(order, o);
}
#undef VECTOR_OPS
#elif defined(__AVX2__)
#define VECTOR_OPS(V, BITS) \
	static inline V max_##BITS(V a, V b) \
	{ \
		return (V)_mm256_max_epi##BITS((__m256i)a, (__m256i)b); \
	}
VECTOR_OPS(vec32, 32)
VECTOR_OPS(vec16, 16)
VECTOR_OPS(vec8, 8)
#undef VECTOR_OPS

static inline void deal_32(vec32 a, vec32 b, vec32 *even, vec32 *odd)
{
	__m256 e = _mm256_shuffle_ps((__m256)a, (__m256)b, 0x88), o = _mm256_shuffle_ps((__m256)a, (__m256)b, 0xdd);
	*even = (vec32)_mm256_permute4x64_epi64((__m256i)e, 0xd8);
	*odd = (vec32)_mm256_permute4x64_epi64((__m256i)o, 0xd8);
}

static inline void deal_16(vec16 a, vec16 b, vec16 *even, vec16 *odd)
{
	const __m256i half = _mm256_set1_epi32(0xffff);
	__m256i e = _mm256_packus_epi32(_mm256_and_si256((__m256i)a, half), _mm256_and_si256((__m256i)b, half));
	__m256i o = _mm256_packus_epi32(_mm256_srli_epi32((__m256i)a, 16), _mm256_srli_epi32((__m256i)b, 16));
	*even = (vec16)_mm256_permute4x64_epi64(e, 0xd8);
	*odd = (vec16)_mm256_permute4x64_epi64(o, 0xd8);
}

static inline void deal_8(vec8 a, vec8 b, vec8 *even, vec8 *odd)
{
	const __m256i byte = _mm256_set1_epi16(0xff);
	__m256i e = _mm256_packus_epi16(_mm256_and_si256((__m256i)a, byte), _mm256_and_si256((__m256i)b, byte));
	__m256i o = _mm256_packus_epi16(_mm256_srli_epi16((__m256i)a, 8), _mm256_srli_epi16((__m256i)b, 8));
	*even = (vec8)_mm256_permute4x64_epi64(e, 0xd8);
	*odd = (vec8)_mm256_permute4x64_epi64(o, 0xd8);
}
#elif defined(__aarch64__)
#define VECTOR_OPS(V, BITS, N) \
	static inline V max_##BITS(V a, V b) \
	{ \
		return (V)vmaxq_s##BITS((int##BITS##x##N##_t)a, (int##BITS##x##N##_t)b); \
	} \
	static inline void deal_##BITS(V a, V b, V *even, V *odd) \
	{ \
		*even = (V)vuzp1q_s##BITS((int##BITS##x##N##_t)a, (int##BITS##x##N##_t)b); \
		*odd = (V)vuzp2q_s##BITS((int##BITS##x##N##_t)a, (int##BITS##x##N##_t)b); \
	}
VECTOR_OPS(vec32, 32, 4)
VECTOR_OPS(vec16, 16, 8)
VECTOR_OPS(vec8, 8, 16)
#undef VECTOR_OPS
#else
#define VECTOR_OPS(V, BITS) \
	static inline V max_##BITS(V a, V b) \
	{ \
		V greater = (V)(a > b); \
		return (greater & a) | (~greater & b); \
	}
VECTOR_OPS(vec32, 32)
VECTOR_OPS(vec16, 16)
VECTOR_OPS(vec8, 8)
#undef VECTOR_OPS

static inline void deal_32(vec32 a, vec32 b, vec32 *even, vec32 *odd)
{
	*even = __builtin_shufflevector(a, b, 0, 2, 4, 6);
	*odd = __builtin_shufflevector(a, b, 1, 3, 5, 7);
}

static inline void deal_16(vec16 a, vec16 b, vec16 *even, vec16 *odd)
{
	*even = __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14);
	*odd = __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15);
}

static inline void deal_8(vec8 a, vec8 b, vec8 *even, vec8 *odd)
{
	*even = __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
	*odd = __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
}
#endif

#endif
