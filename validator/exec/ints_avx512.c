/* validator/exec/ints_avx512.c: the loops of ints.h for AVX-512 without VNNI: bytes are widened to halves. */
#if defined(__x86_64__)
#include "validator/exec/ints_avx512.h"

/* All four numbers -32768: the sum 2^31 wraps, as it should. */
#define DOT_16(acc, x, w) _mm512_add_epi32(acc, _mm512_madd_epi16(x, w))

#include "validator/exec/ints_tile.h"

INTS_TO_14(16, 1)
INTS_TO_14(16, 2)
INTS_TO_6(16, 4)
INTS_TO_2(16, 8)
INTS_TO_14(32, 1)
INTS_TO_14(32, 2)
INTS_TO_6(32, 4)
INTS_TO_2(32, 8)

INT_ROWS_OF(16, 14)

const struct gs_ints gs_ints_avx512 = {
	.tile = {[GS_WORDS_16] =
                         {{INT_NAMES_14(16, 1)}, {INT_NAMES_14(16, 2)}, {INT_NAMES_6(16, 4)}, {INT_NAMES_2(16, 8)}},
                 [GS_WORDS_32] =
                         {{INT_NAMES_14(32, 1)}, {INT_NAMES_14(32, 2)}, {INT_NAMES_6(32, 4)}, {INT_NAMES_2(32, 8)}}},
	.rows = {[GS_WORDS_16] = INT_ROWS_NAMES(16)},
	INT_WORDS,
};
#else
typedef int gs_no_avx512_here; /* ISO C wants a declaration in every file */
#endif
