/* chain/core/keccak_lanes_four.h: four lanes of 64 bits in 256: what AVX2 and AVX-512 do alike for keccak_lanes_body.h. */
#ifndef GS_CHAIN_CORE_KECCAK_LANES_FOUR_H
#define GS_CHAIN_CORE_KECCAK_LANES_FOUR_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "chain/core/core.h"

enum { LANES = 4 };
typedef __m256i V;
#define LANES LANES
#define SPLAT(word) _mm256_set1_epi64x((long long)(word))

/* Words of lane l from data + l * bytes: row l of a matrix, which becomes column l. */
static inline void load_four(V w[4], size_t bytes, const uint8_t *data)
{
	V m[4];
	for (size_t l = 0; l < 4; l++)
		m[l] = _mm256_loadu_si256((const V *)(const void *)(data + l * bytes));
	V p0 = _mm256_unpacklo_epi64(m[0], m[1]), p1 = _mm256_unpackhi_epi64(m[0], m[1]);
	V p2 = _mm256_unpacklo_epi64(m[2], m[3]), p3 = _mm256_unpackhi_epi64(m[2], m[3]);
	w[0] = _mm256_permute2x128_si256(p0, p2, 0x20);
	w[1] = _mm256_permute2x128_si256(p1, p3, 0x20);
	w[2] = _mm256_permute2x128_si256(p0, p2, 0x31);
	w[3] = _mm256_permute2x128_si256(p1, p3, 0x31);
}

static inline void load_message(V *w, size_t bytes, uint8_t prefix, const uint8_t *data)
{
	long long first[4], last[4];
	for (size_t l = 0; l < 4; l++) {
		first[l] = (long long)(gs_le64_read(data + l * bytes) << 8 | prefix);
		last[l] = data[l * bytes + bytes - 1];
	}
	for (size_t i = 1; i + 4 <= bytes / 8; i += 4)
		load_four(w + i, bytes, data + 8 * i - 1);
	load_four(w + bytes / 8 - 4, bytes, data + bytes - 33); /* ends a byte before the message does */
	w[0] = _mm256_loadu_si256((const V *)(const void *)first);
	w[bytes / 8] = _mm256_loadu_si256((const V *)(const void *)last);
}

static inline void store_hashes(const V *s, struct gs_hash *out)
{
	V p0 = _mm256_unpacklo_epi64(s[0], s[1]), p1 = _mm256_unpackhi_epi64(s[0], s[1]);
	V p2 = _mm256_unpacklo_epi64(s[2], s[3]), p3 = _mm256_unpackhi_epi64(s[2], s[3]);
	V *to = (V *)(void *)out;
	_mm256_storeu_si256(to + 0, _mm256_permute2x128_si256(p0, p2, 0x20));
	_mm256_storeu_si256(to + 1, _mm256_permute2x128_si256(p1, p3, 0x20));
	_mm256_storeu_si256(to + 2, _mm256_permute2x128_si256(p0, p2, 0x31));
	_mm256_storeu_si256(to + 3, _mm256_permute2x128_si256(p1, p3, 0x31));
}

#endif
