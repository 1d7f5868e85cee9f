/* chain/core/keccak_lanes_portable.c: one lane in plain C, and the choice among all. */
#include "chain/core/keccak_lanes_body.h"

const struct gs_keccak_lanes gs_keccak_lanes_portable = {"portable", LANES, hash128, hash64, hash_words, permute};

const struct gs_keccak_lanes *gs_keccak_lanes_one(void)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2"))
		return &gs_keccak_lanes_bmi2;
#endif
	return &gs_keccak_lanes_portable;
}

unsigned gs_keccak_lanes_all(const struct gs_keccak_lanes *out[GS_KECCAK_LANES_KINDS_MAX])
{
	unsigned count = 0;
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
		out[count++] = &gs_keccak_lanes_avx512;
		out[count++] = &gs_keccak_lanes_four_avx512;
	}
	if (__builtin_cpu_supports("avx2"))
		out[count++] = &gs_keccak_lanes_avx2;
	if (gs_keccak_lanes_one() != &gs_keccak_lanes_portable)
		out[count++] = gs_keccak_lanes_one();
#elif defined(__AARCH64EL__)
	out[count++] = &gs_keccak_lanes_neon; /* part of every aarch64 */
#endif
	out[count++] = &gs_keccak_lanes_portable;
	return count;
}

const struct gs_keccak_lanes *gs_keccak_lanes_best(void)
{
	const struct gs_keccak_lanes *kind[GS_KECCAK_LANES_KINDS_MAX];
	(void)gs_keccak_lanes_all(kind);
	return kind[0];
}
