/* validator/exec/ints_vnni_avx512.c: the loops of ints.h for AVX-512 with VNNI, which sums four products of bytes, or two
 * of halves, into a word, and wraps. */
#if defined(__x86_64__)
#include "validator/exec/ints_avx512.h"

#define DOT_8(acc, x, w) _mm512_dpbusd_epi32(acc, x, w) /* x unsigned, w signed */
#define DOT_16(acc, x, w) _mm512_dpwssd_epi32(acc, x, w)

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

const struct gs_ints gs_ints_avx512vnni = {
	.tile = {[GS_WORDS_8] = {{INT_NAMES_14(8, 1)}, {INT_NAMES_14(8, 2)}, {INT_NAMES_6(8, 4)}, {INT_NAMES_2(8, 8)}},
                 [GS_WORDS_16] =
                         {{INT_NAMES_14(16, 1)}, {INT_NAMES_14(16, 2)}, {INT_NAMES_6(16, 4)}, {INT_NAMES_2(16, 8)}},
                 [GS_WORDS_32] =
                         {{INT_NAMES_14(32, 1)}, {INT_NAMES_14(32, 2)}, {INT_NAMES_6(32, 4)}, {INT_NAMES_2(32, 8)}}},
	INT_WORDS,
};
#else
typedef int gs_no_vnni_here; /* ISO C wants a declaration in every file */
#endif
