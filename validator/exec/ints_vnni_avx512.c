/* validator/exec/ints_vnni_avx512.c: the loops of ints.h for AVX-512 with VNNI, which sums four products of bytes, or two
 * of halves, into a word, and wraps. */
#if defined(__x86_64__)
#include "validator/exec/ints_avx512.h"

#define DOT_8(acc, x, w) _mm512_dpbusd_epi32(acc, x, w) /* x unsigned, w signed */
#define DOT_16(acc, x, w) _mm512_dpwssd_epi32(acc, x, w)

/* The sums of the lanes of each of sixteen: halves of pairs are added and put side by side, four times. */
static inline __m512i sums_of_sixteen(const __m512i *v)
{
	__m512i four[4];
#pragma GCC unroll 4
	for (unsigned i = 0; i < 4; i++) {
		const __m512i *a = v + 4 * (size_t)i;
		__m512i x = _mm512_add_epi32(_mm512_unpacklo_epi32(a[0], a[1]), _mm512_unpackhi_epi32(a[0], a[1]));
		__m512i y = _mm512_add_epi32(_mm512_unpacklo_epi32(a[2], a[3]), _mm512_unpackhi_epi32(a[2], a[3]));
		four[i] = _mm512_add_epi32(_mm512_unpacklo_epi64(x, y), _mm512_unpackhi_epi64(x, y));
	}
	__m512i x = _mm512_add_epi32(_mm512_shuffle_i32x4(four[0], four[1], 0x88),
	                             _mm512_shuffle_i32x4(four[0], four[1], 0xdd));
	__m512i y = _mm512_add_epi32(_mm512_shuffle_i32x4(four[2], four[3], 0x88),
	                             _mm512_shuffle_i32x4(four[2], four[3], 0xdd));
	return _mm512_add_epi32(_mm512_shuffle_i32x4(x, y, 0x88), _mm512_shuffle_i32x4(x, y, 0xdd));
}
#define W_SUMS(v) sums_of_sixteen(v)

#include "validator/exec/ints_tile.h"

INTS_TO_14(8, 1)
INTS_TO_14(8, 2)
INTS_TO_6(8, 4)
INTS_TO_2(8, 8)
INTS_TO_14(16, 1)
INTS_TO_14(16, 2)
INTS_TO_6(16, 4)
INTS_TO_2(16, 8)
INTS_TO_14(32, 1)
INTS_TO_14(32, 2)
INTS_TO_6(32, 4)
INTS_TO_2(32, 8)

INT_ROWS_OF(8, 14)
INT_ROWS_OF(16, 14)

const struct gs_ints gs_ints_avx512vnni = {
	.tile = {[GS_WORDS_8] = {{INT_NAMES_14(8, 1)}, {INT_NAMES_14(8, 2)}, {INT_NAMES_6(8, 4)}, {INT_NAMES_2(8, 8)}},
                 [GS_WORDS_16] =
                         {{INT_NAMES_14(16, 1)}, {INT_NAMES_14(16, 2)}, {INT_NAMES_6(16, 4)}, {INT_NAMES_2(16, 8)}},
                 [GS_WORDS_32] =
                         {{INT_NAMES_14(32, 1)}, {INT_NAMES_14(32, 2)}, {INT_NAMES_6(32, 4)}, {INT_NAMES_2(32, 8)}}},
	.rows = {[GS_WORDS_8] = INT_ROWS_NAMES(8), [GS_WORDS_16] = INT_ROWS_NAMES(16)},
	INT_WORDS,
};
#else
typedef int gs_no_vnni_here; /* ISO C wants a declaration in every file */
#endif
