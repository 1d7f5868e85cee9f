/* validator/exec/ints_avx2.c: the loops of ints.h for AVX2. Its products of bytes saturate, so bytes are widened to halves. */
#if defined(__x86_64__)
#include <immintrin.h>

#define W __m256i
#define W_LANES 8
#define W_LOAD(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define W_STORE(p, v) _mm256_storeu_si256((__m256i *)(void *)(p), v)
#define W_SPLAT(x) _mm256_set1_epi32((int)(x))
#define W_ADD(a, b) _mm256_add_epi32(a, b)
#define DOT_16(acc, x, w) _mm256_add_epi32(acc, _mm256_madd_epi16(x, w))
#define DOT_32(acc, x, w) _mm256_add_epi32(acc, _mm256_mullo_epi32(x, w))

#include "validator/exec/ints_tile.h"

INTS_TO_6(16, 1)
INTS_TO_6(16, 2)
INTS_TO_2(16, 4)
INTS(16, 8, 1)
INTS_TO_6(32, 1)
INTS_TO_6(32, 2)
INTS_TO_2(32, 4)
INTS(32, 8, 1)

INT_ROWS_OF(16, 6)

const struct gs_ints gs_ints_avx2 = {
	.tile = {[GS_WORDS_16] =
                         {{INT_NAMES_6(16, 1)}, {INT_NAMES_6(16, 2)}, {INT_NAMES_2(16, 4)}, {INT_NAMES_1(16, 8)}},
                 [GS_WORDS_32] =
                         {{INT_NAMES_6(32, 1)}, {INT_NAMES_6(32, 2)}, {INT_NAMES_2(32, 4)}, {INT_NAMES_1(32, 8)}}},
	.rows = {[GS_WORDS_16] = INT_ROWS_NAMES(16)},
	INT_WORDS,
};
#else
typedef int gs_no_avx2_here; /* ISO C wants a declaration in every file */
#endif
