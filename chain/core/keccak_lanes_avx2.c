/* chain/core/keccak_lanes_avx2.c: four lanes. */
#if defined(__x86_64__)
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "chain/core/core.h"

#include "chain/core/keccak_lanes_four.h"

#define XOR(a, b) _mm256_xor_si256(a, b)
#define XOR3(a, b, c) XOR(XOR(a, b), c)
#define CHI(a, b, c) XOR(a, _mm256_andnot_si256(b, c))
#define ROL(a, n) rotate(a, n)

static inline __attribute__((always_inline)) V rotate(V a, int n)
{
	return _mm256_or_si256(_mm256_slli_epi64(a, n), _mm256_srli_epi64(a, 64 - n));
}

#include "chain/core/keccak_lanes_body.h"

const struct gs_keccak_lanes gs_keccak_lanes_avx2 = {"avx2", LANES, hash128, hash64, hash_words, NULL};
#else
typedef int gs_keccak_lanes_avx2_unused;
#endif
