/* validator/exec/ints_neon.c: the loops of ints.h for aarch64: products of halves by smull, even and odd places apart. */
#if defined(__aarch64__)
#include "validator/exec/ints_neon.h"
#include "validator/exec/ints_tile.h"

INTS_TO_8(16, 1)
INTS_TO_8(16, 2)
INTS_TO_6(16, 4)
INTS_TO_2(16, 8)
INTS_TO_8(32, 1)
INTS_TO_8(32, 2)
INTS_TO_6(32, 4)
INTS_TO_2(32, 8)

INT_ROWS_OF(16, 8)

const struct gs_ints gs_ints_neon = {
	.tile = {[GS_WORDS_16] =
                         {{INT_NAMES_8(16, 1)}, {INT_NAMES_8(16, 2)}, {INT_NAMES_6(16, 4)}, {INT_NAMES_2(16, 8)}},
                 [GS_WORDS_32] =
                         {{INT_NAMES_8(32, 1)}, {INT_NAMES_8(32, 2)}, {INT_NAMES_6(32, 4)}, {INT_NAMES_2(32, 8)}}},
	.rows = {[GS_WORDS_16] = INT_ROWS_NAMES(16)},
	INT_WORDS,
};
#else
typedef int gs_no_neon_here; /* ISO C wants a declaration in every file */
#endif
