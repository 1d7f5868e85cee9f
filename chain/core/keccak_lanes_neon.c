/* chain/core/keccak_lanes_neon.c: two lanes on aarch64, where these instructions are always there. */
#if defined(__AARCH64EL__)
#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

#include "chain/core/core.h"

enum { LANES = 2 };
typedef uint64x2_t V;
#define LANES LANES
#define SPLAT(word) vdupq_n_u64(word)
#define XOR(a, b) veorq_u64(a, b)
#define XOR3(a, b, c) XOR(XOR(a, b), c)
#define CHI(a, b, c) XOR(a, vbicq_u64(c, b))
#define ROL(a, n) vsriq_n_u64(vshlq_n_u64(a, n), a, 64 - (n))

static inline void load_message(V *w, size_t bytes, uint8_t prefix, const uint8_t *data)
{
	const uint8_t *other = data + bytes;
	w[0] = vcombine_u64(vcreate_u64(gs_le64_read(data) << 8 | prefix),
	                    vcreate_u64(gs_le64_read(other) << 8 | prefix));
	/* Two words of each message make two words of both. */
	for (size_t i = 1; i < bytes / 8; i += 2) {
		size_t at = i + 1 < bytes / 8 ? i : bytes / 8 - 2; /* the last pair overlaps the one before */
		V a = vreinterpretq_u64_u8(vld1q_u8(data + 8 * at - 1)),
		  b = vreinterpretq_u64_u8(vld1q_u8(other + 8 * at - 1));
		w[at] = vzip1q_u64(a, b);
		w[at + 1] = vzip2q_u64(a, b);
	}
	w[bytes / 8] = vcombine_u64(vcreate_u64(data[bytes - 1]), vcreate_u64(other[bytes - 1]));
}

static inline void store_hashes(const V *s, struct gs_hash *out)
{
	vst1q_u8(out[0].b, vreinterpretq_u8_u64(vzip1q_u64(s[0], s[1])));
	vst1q_u8(out[0].b + 16, vreinterpretq_u8_u64(vzip1q_u64(s[2], s[3])));
	vst1q_u8(out[1].b, vreinterpretq_u8_u64(vzip2q_u64(s[0], s[1])));
	vst1q_u8(out[1].b + 16, vreinterpretq_u8_u64(vzip2q_u64(s[2], s[3])));
}

#include "chain/core/keccak_lanes_body.h"

const struct gs_keccak_lanes gs_keccak_lanes_neon = {"neon", LANES, hash128, hash64, hash_words, NULL};
#else
typedef int gs_keccak_lanes_neon_unused;
#endif
