/* chain/core/keccak_lanes_bmi2.c: one lane in plain C, which compilers turn into ANDN and RORX: a quarter fewer instructions than without. */
#if defined(__x86_64__)
#include "chain/core/keccak_lanes_body.h"

const struct gs_keccak_lanes gs_keccak_lanes_bmi2 = {"bmi2", LANES, hash128, hash64, hash_words, permute};
#else
typedef int gs_keccak_lanes_bmi2_unused;
#endif
