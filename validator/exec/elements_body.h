/* validator/exec/elements_body.h: the loops of elements.h, which compilers turn into vectors. Each ints_<isa>.c includes
 * this once and is compiled with that instruction set. */
#ifndef GS_VALIDATOR_EXEC_ELEMENTS_BODY_H
#define GS_VALIDATOR_EXEC_ELEMENTS_BODY_H

#include "challenge/machine/scalar.h"
#include "validator/exec/elements.h"

#include <math.h>
#include <string.h>

static inline float element_f32(uint32_t bits)
{
	float value;
	memcpy(&value, &bits, sizeof(value));
	return value;
}

static inline uint32_t element_bits(float value)
{
	uint32_t bits;
	memcpy(&bits, &value, sizeof(bits));
	return value == value ? bits : GS_F32_NAN;
}

/* max with -0 below +0 and NaNs that propagate; min(a, b) = -max(-a, -b). */
static inline float element_max(float a, float b)
{
	float least = a > b ? a : b;
	uint32_t both, other;
	memcpy(&both, &a, sizeof(both));
	memcpy(&other, &b, sizeof(other));
	both &= other; /* equal zeros: -0 only when both are */
	least = a == b ? element_f32(both) : least;
	return a == a && b == b ? least : a + b;
}

static inline float element_min(float a, float b)
{
	return -element_max(-a, -b);
}

/* Toward zero, saturating, NaN as 0. */
static inline uint32_t element_to_i32(float a)
{
	float within = a >= -0x1p31F ? a : -0x1p31F; /* NaN, too */
	within = within <= 0x1.fffffep30F ? within : 0x1.fffffep30F;
	uint32_t value = (uint32_t)(int32_t)within;
	value = a >= 0x1p31F ? INT32_MAX : value;
	return a == a ? value : 0;
}

#define ELEMENT_LOOP(EXPRESSION) \
	for (size_t i = 0; i < n; i++) \
		out[i] = (EXPRESSION); \
	return true
#define A_ a[i]
#define B_ b[i]
#define C_ c[i]
#define FA element_f32(a[i])
#define FB element_f32(b[i])
#define FC element_f32(c[i])
#define SA (int32_t) a[i]
#define SB (int32_t) b[i]
#define SC (int32_t) c[i]

static bool element_apply_f32(unsigned fn, const uint32_t *restrict a, const uint32_t *restrict b,
                              const uint32_t *restrict c, uint32_t *restrict out, size_t n)
{
	switch (fn) {
	case GS_FN_F32_COPY: ELEMENT_LOOP(element_bits(FA));
	case GS_FN_F32_ADD: ELEMENT_LOOP(element_bits(FA + FB));
	case GS_FN_F32_SUB: ELEMENT_LOOP(element_bits(FA - FB));
	case GS_FN_F32_MUL: ELEMENT_LOOP(element_bits(FA * FB));
	case GS_FN_F32_DIV: ELEMENT_LOOP(element_bits(FA / FB));
	case GS_FN_F32_FMA: ELEMENT_LOOP(element_bits(fmaf(FB, FC, FA)));
	case GS_FN_F32_MIN: ELEMENT_LOOP(element_bits(element_min(FA, FB)));
	case GS_FN_F32_MAX: ELEMENT_LOOP(element_bits(element_max(FA, FB)));
	case GS_FN_F32_NEG: ELEMENT_LOOP(element_bits(-FA));
	case GS_FN_F32_ABS: ELEMENT_LOOP(element_bits(fabsf(FA)));
	case GS_FN_F32_SQRT: ELEMENT_LOOP(element_bits(sqrtf(FA)));
	case GS_FN_F32_EQ: ELEMENT_LOOP(FA == FB);
	case GS_FN_F32_LT: ELEMENT_LOOP(FA < FB);
	case GS_FN_F32_LE: ELEMENT_LOOP(FA <= FB);
	case GS_FN_F32_SELECT: ELEMENT_LOOP(A_ != 0 ? element_bits(FB) : element_bits(FC));
	case GS_FN_F32_CLIP: ELEMENT_LOOP(element_bits(element_min(element_max(FA, FB), FC)));
	case GS_FN_F32_FLOOR: ELEMENT_LOOP(element_bits(floorf(FA)));
	case GS_FN_F32_CEIL: ELEMENT_LOOP(element_bits(ceilf(FA)));
	case GS_FN_F32_TRUNC: ELEMENT_LOOP(element_bits(truncf(FA)));
	case GS_FN_F32_ROUND: ELEMENT_LOOP(element_bits(rintf(FA)));
	case GS_FN_F32_TO_I32: ELEMENT_LOOP(element_to_i32(FA));
	case GS_FN_I32_TO_F32: ELEMENT_LOOP(element_bits((float)SA));
	case GS_FN_F32_TO_BITS:
	case GS_FN_F32_FROM_BITS: ELEMENT_LOOP(element_bits(FA));
	default: return false;
	}
}

static bool element_apply_i32(unsigned fn, const uint32_t *restrict a, const uint32_t *restrict b,
                              const uint32_t *restrict c, uint32_t *restrict out, size_t n)
{
	switch (fn) {
	case GS_FN_I32_COPY: ELEMENT_LOOP(A_);
	case GS_FN_I32_ADD: ELEMENT_LOOP(A_ + B_);
	case GS_FN_I32_SUB: ELEMENT_LOOP(A_ - B_);
	case GS_FN_I32_MUL: ELEMENT_LOOP(A_ * B_);
	case GS_FN_I32_MULADD: ELEMENT_LOOP(A_ + B_ * C_);
	case GS_FN_I32_MIN: ELEMENT_LOOP(SA < SB ? A_ : B_);
	case GS_FN_I32_MAX: ELEMENT_LOOP(SA > SB ? A_ : B_);
	case GS_FN_I32_CLIP: ELEMENT_LOOP((SA > SB ? SA : SB) < SC ? (SA > SB ? A_ : B_) : C_);
	case GS_FN_I32_NEG: ELEMENT_LOOP(0 - A_);
	case GS_FN_I32_ABS: ELEMENT_LOOP(SA < 0 ? 0 - A_ : A_);
	case GS_FN_I32_AND: ELEMENT_LOOP(A_ & B_);
	case GS_FN_I32_OR: ELEMENT_LOOP(A_ | B_);
	case GS_FN_I32_XOR: ELEMENT_LOOP(A_ ^ B_);
	case GS_FN_I32_NOT: ELEMENT_LOOP(~A_);
	case GS_FN_I32_SHL: ELEMENT_LOOP(B_ < 32 ? A_ << (B_ & 31) : 0);
	case GS_FN_I32_SHR: ELEMENT_LOOP((uint32_t)(SA >> (B_ < 32 ? B_ : 31)));
	case GS_FN_I32_EQ: ELEMENT_LOOP(A_ == B_);
	case GS_FN_I32_LT: ELEMENT_LOOP(SA < SB);
	case GS_FN_I32_LE: ELEMENT_LOOP(SA <= SB);
	case GS_FN_I32_SELECT: ELEMENT_LOOP(A_ != 0 ? B_ : C_);
	default: return false;
	}
}

static bool element_apply(unsigned fn, const uint32_t *const x[3], uint32_t *out, size_t n)
{
	return element_apply_i32(fn, x[0], x[1], x[2], out, n) || element_apply_f32(fn, x[0], x[1], x[2], out, n);
}

#define ELEMENT_LOAD(TYPE, VALUE) \
	do { \
		const TYPE *restrict p = (const TYPE *)(const void *)base + from; \
		if (step == 1) \
			for (size_t i = 0; i < n; i++) \
				out[i] = (uint32_t)(VALUE(p[i])); \
		else \
			for (size_t i = 0; i < n; i++) \
				out[i] = (uint32_t)(VALUE(p[(int64_t)i * step])); \
	} while (0)
#define ELEMENT_AS_IS(v) (v)
#define ELEMENT_TRUTH(v) ((v) != 0)

static void element_load(uint8_t dtype, const uint8_t *base, int64_t from, int64_t step, size_t n,
                         uint32_t *restrict out)
{
	switch ((enum gs_dtype)dtype) {
	case GS_F32:
	case GS_I32: ELEMENT_LOAD(uint32_t, ELEMENT_AS_IS); return;
	case GS_I8: ELEMENT_LOAD(int8_t, ELEMENT_AS_IS); return;
	case GS_U8: ELEMENT_LOAD(uint8_t, ELEMENT_AS_IS); return;
	case GS_I16: ELEMENT_LOAD(int16_t, ELEMENT_AS_IS); return;
	case GS_U16: ELEMENT_LOAD(uint16_t, ELEMENT_AS_IS); return;
	case GS_BOOL: ELEMENT_LOAD(uint8_t, ELEMENT_TRUTH); return;
	case GS_F16:
	case GS_BF16:
	case GS_I64:
	case GS_U32:
	case GS_U64: GS_ASSERT(false); /* gs_elements_run has not let them in */
	}
}

#define ELEMENT_STORE(TYPE, VALUE) \
	do { \
		TYPE *restrict p = (TYPE *)(void *)base + first; \
		for (size_t i = 0; i < n; i++) \
			p[i] = (TYPE)(VALUE(in[i])); \
	} while (0)

static void element_store(uint8_t dtype, uint8_t *base, uint64_t first, const uint32_t *restrict in, size_t n)
{
	switch ((enum gs_dtype)dtype) {
	case GS_F32:
	case GS_I32: ELEMENT_STORE(uint32_t, ELEMENT_AS_IS); return;
	case GS_I8:
	case GS_U8: ELEMENT_STORE(uint8_t, ELEMENT_AS_IS); return;
	case GS_I16:
	case GS_U16: ELEMENT_STORE(uint16_t, ELEMENT_AS_IS); return;
	case GS_BOOL: ELEMENT_STORE(uint8_t, ELEMENT_TRUTH); return;
	case GS_F16:
	case GS_BF16:
	case GS_I64:
	case GS_U32:
	case GS_U64: GS_ASSERT(false);
	}
}

static const struct gs_element_loops element_loops = {element_apply, element_load, element_store};

#endif
