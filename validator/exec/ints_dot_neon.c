/* validator/exec/ints_dot_neon.c: the loops of ints.h for aarch64 with dot products of bytes (sdot), which sum four products
 * of signed bytes into a word, and wrap. Compiled with them allowed; kernels_select.c asks the processor. */
#if defined(__aarch64__)
#include "validator/exec/ints_neon.h"

#define DOT_8(acc, x, w) dot_8(acc, x, w)

static inline uint32x4_t dot_8(uint32x4_t acc, uint32x4_t x, uint32x4_t w)
{
	return vreinterpretq_u32_s32(
		vdotq_s32(vreinterpretq_s32_u32(acc), vreinterpretq_s8_u32(x), vreinterpretq_s8_u32(w)));
}

#include "validator/exec/ints_tile.h"

INTS_TO_8(8, 1)
INTS_TO_8(8, 2)
INTS_TO_6(8, 4)
INTS_TO_2(8, 8)
INTS_TO_8(16, 1)
INTS_TO_8(16, 2)
INTS_TO_6(16, 4)
INTS_TO_2(16, 8)
INTS_TO_8(32, 1)
INTS_TO_8(32, 2)
INTS_TO_6(32, 4)
INTS_TO_2(32, 8)

INT_ROWS_OF(8, 8)
INT_ROWS_OF(16, 8)

const struct gs_ints gs_ints_neon_dot = {
	.tile = {[GS_WORDS_8] = {{INT_NAMES_8(8, 1)}, {INT_NAMES_8(8, 2)}, {INT_NAMES_6(8, 4)}, {INT_NAMES_2(8, 8)}},
                 [GS_WORDS_16] =
                         {{INT_NAMES_8(16, 1)}, {INT_NAMES_8(16, 2)}, {INT_NAMES_6(16, 4)}, {INT_NAMES_2(16, 8)}},
                 [GS_WORDS_32] =
                         {{INT_NAMES_8(32, 1)}, {INT_NAMES_8(32, 2)}, {INT_NAMES_6(32, 4)}, {INT_NAMES_2(32, 8)}}},
	.signed_bytes = true,
	.rows = {[GS_WORDS_8] = INT_ROWS_NAMES(8), [GS_WORDS_16] = INT_ROWS_NAMES(16)},
	INT_WORDS,
};
#else
typedef int gs_no_neon_dot_here; /* ISO C wants a declaration in every file */
#endif
