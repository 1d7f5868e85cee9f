/* chain/core/keccak_lanes_four_avx512.c: four lanes with the instructions of AVX-512: half a vector takes half as long, and a
 * quarter no less than that: a round waits for the one before. */
#if defined(__x86_64__)
#include "chain/core/keccak_lanes_four.h"

#define XOR(a, b) _mm256_xor_si256(a, b)
#define XOR3(a, b, c) _mm256_ternarylogic_epi64(a, b, c, 0x96)
#define CHI(a, b, c) _mm256_ternarylogic_epi64(a, b, c, 0xd2)
#define ROL(a, n) _mm256_rol_epi64(a, n)
#define FEW 0

#include "chain/core/keccak_lanes_body.h"

const struct gs_keccak_lanes gs_keccak_lanes_four_avx512 = {"avx512, four lanes", LANES, hash128, hash64,
                                                            hash_words,           NULL};
#else
typedef int gs_keccak_lanes_four_avx512_unused;
#endif
