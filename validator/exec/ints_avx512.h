/* validator/exec/ints_avx512.h: the vector of words of ints_avx512.c and ints_vnni_avx512.c. */
#ifndef GS_VALIDATOR_EXEC_INTS_AVX512_H
#define GS_VALIDATOR_EXEC_INTS_AVX512_H

#include <immintrin.h>

#define W __m512i
#define W_LANES 16
#define W_LOAD(p) _mm512_loadu_si512(p)
#define W_STORE(p, v) _mm512_storeu_si512(p, v)
#define W_SPLAT(x) _mm512_set1_epi32((int)(x))
#define W_ADD(a, b) _mm512_add_epi32(a, b)
#define DOT_32(acc, x, w) _mm512_add_epi32(acc, _mm512_mullo_epi32(x, w))

#endif
