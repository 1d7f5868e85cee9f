/* chain/core/keccak_lanes_avx512.c: eight lanes; three-operand logic and rotations are single instructions. */
#if defined(__x86_64__)
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "chain/core/core.h"

enum { LANES = 8 };
typedef __m512i V;
#define LANES LANES
#define SPLAT(word) _mm512_set1_epi64((long long)(word))
#define XOR(a, b) _mm512_xor_si512(a, b)
/* Bit 4a + 2b + c of the number is the result for bits a, b, c. */
#define XOR3(a, b, c) _mm512_ternarylogic_epi64(a, b, c, 0x96)
#define CHI(a, b, c) _mm512_ternarylogic_epi64(a, b, c, 0xd2)
#define ROL(a, n) _mm512_rol_epi64(a, n)
#define FEW 4
#define FEWER gs_keccak_lanes_four_avx512

/* Row l of the matrix of words is lane l's; becomes column l. */
static inline void transpose(V m[8])
{
	V p[8], q[8];
	for (int i = 0; i < 8; i += 2) {
		p[i] = _mm512_unpacklo_epi64(m[i], m[i + 1]);
		p[i + 1] = _mm512_unpackhi_epi64(m[i], m[i + 1]);
	}
	for (int i = 0; i < 8; i += 4)
		for (int k = 0; k < 2; k++) {
			q[i + k] = _mm512_shuffle_i64x2(p[i + k], p[i + k + 2],
			                                0x88); /* words k, k + 4 of four lanes */
			q[i + k + 2] = _mm512_shuffle_i64x2(p[i + k], p[i + k + 2], 0xdd); /* words k + 2, k + 6 */
		}
	for (int k = 0; k < 4; k++) {
		m[k] = _mm512_shuffle_i64x2(q[k], q[k + 4], 0x88);
		m[k + 4] = _mm512_shuffle_i64x2(q[k], q[k + 4], 0xdd);
	}
}

/* Eight words of each lane from data + l * bytes; what lies behind `valid` bytes reads as zero and is not touched. */
static inline void load_eight(V w[8], size_t bytes, const uint8_t *data, unsigned valid)
{
	__mmask64 mask = ~UINT64_C(0) >> (64 - valid);
	for (size_t l = 0; l < 8; l++)
		w[l] = _mm512_maskz_loadu_epi8(mask, data + l * bytes);
	transpose(w);
}

static inline void load_message(V *w, size_t bytes, uint8_t prefix, const uint8_t *data)
{
	long long first[8];
	for (size_t l = 0; l < 8; l++)
		first[l] = (long long)(gs_le64_read(data + l * bytes) << 8 | prefix);
	w[0] = _mm512_loadu_si512(first);
	if (bytes == 128) {
		load_eight(w + 1, bytes, data + 7, 64);
		load_eight(w + 9, bytes, data + 71, 57);
	} else {
		load_eight(w + 1, bytes, data + 7, 57);
	}
}

static inline void store_hashes(const V *s, struct gs_hash *out)
{
	V low02 = _mm512_unpacklo_epi64(s[0], s[1]), high02 = _mm512_unpackhi_epi64(s[0], s[1]);
	V low13 = _mm512_unpacklo_epi64(s[2], s[3]), high13 = _mm512_unpackhi_epi64(s[2], s[3]);
	/* Quarter j of low is (words 0 1 | 2 3) of lane 2j, of high those of lane 2j + 1. */
	const V first = _mm512_set_epi64(11, 10, 3, 2, 9, 8, 1, 0), last = _mm512_set_epi64(15, 14, 7, 6, 13, 12, 5, 4);
	V even0 = _mm512_permutex2var_epi64(low02, first, low13), even4 = _mm512_permutex2var_epi64(low02, last, low13);
	V odd1 = _mm512_permutex2var_epi64(high02, first, high13),
	  odd5 = _mm512_permutex2var_epi64(high02, last, high13);
	_mm512_storeu_si512(out + 0, _mm512_shuffle_i64x2(even0, odd1, 0x44));
	_mm512_storeu_si512(out + 2, _mm512_shuffle_i64x2(even0, odd1, 0xee));
	_mm512_storeu_si512(out + 4, _mm512_shuffle_i64x2(even4, odd5, 0x44));
	_mm512_storeu_si512(out + 6, _mm512_shuffle_i64x2(even4, odd5, 0xee));
}

#include "chain/core/keccak_lanes_body.h"

const struct gs_keccak_lanes gs_keccak_lanes_avx512 = {"avx512", LANES, hash128, hash64, hash_words, NULL};
#else
typedef int gs_keccak_lanes_avx512_unused;
#endif
