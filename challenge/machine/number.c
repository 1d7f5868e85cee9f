#include "challenge/machine/number.h"

bool gs_dtype_known(unsigned code)
{
	switch (code) {
	case GS_F32:
	case GS_U8:
	case GS_I8:
	case GS_U16:
	case GS_I16:
	case GS_I32:
	case GS_I64:
	case GS_BOOL:
	case GS_F16:
	case GS_U32:
	case GS_U64:
	case GS_BF16: return true;
	default: /* a code from outside, not an enumerator */ return false;
	}
}

unsigned gs_dtype_bytes(enum gs_dtype dtype)
{
	switch (dtype) {
	case GS_U8:
	case GS_I8:
	case GS_BOOL: return 1;
	case GS_U16:
	case GS_I16:
	case GS_F16:
	case GS_BF16: return 2;
	case GS_F32:
	case GS_I32:
	case GS_U32: return 4;
	case GS_I64:
	case GS_U64: return 8;
	}
	GS_ASSERT(!"a known dtype");
	return 0;
}

unsigned gs_dtype_per_chunk(enum gs_dtype dtype)
{
	return GS_CHUNK_BYTES / gs_dtype_bytes(dtype);
}

enum gs_class gs_dtype_class(enum gs_dtype dtype)
{
	switch (dtype) {
	case GS_F32:
	case GS_F16:
	case GS_BF16: return GS_CLASS_F32;
	case GS_I8:
	case GS_U8:
	case GS_I16:
	case GS_U16:
	case GS_I32:
	case GS_BOOL: return GS_CLASS_I32;
	case GS_I64:
	case GS_U32:
	case GS_U64: return GS_CLASS_I64;
	}
	GS_ASSERT(!"a known dtype");
	return GS_CLASS_F32;
}

enum gs_dtype gs_class_dtype(enum gs_class cls)
{
	switch (cls) {
	case GS_CLASS_F32: return GS_F32;
	case GS_CLASS_I32: return GS_I32;
	case GS_CLASS_I64: return GS_I64;
	}
	GS_ASSERT(!"a known class");
	return GS_F32;
}

const char *gs_dtype_name(enum gs_dtype dtype)
{
	switch (dtype) {
	case GS_F32: return "f32";
	case GS_U8: return "u8";
	case GS_I8: return "i8";
	case GS_U16: return "u16";
	case GS_I16: return "i16";
	case GS_I32: return "i32";
	case GS_I64: return "i64";
	case GS_BOOL: return "bool";
	case GS_F16: return "f16";
	case GS_U32: return "u32";
	case GS_U64: return "u64";
	case GS_BF16: return "bf16";
	}
	return "unknown";
}

uint64_t gs_dtype_chunks(enum gs_dtype dtype, uint64_t count)
{
	unsigned shift = (unsigned)__builtin_ctz(gs_dtype_per_chunk(dtype)); /* a power of two */
	return (count >> shift) + ((count & ((UINT64_C(1) << shift) - 1)) != 0);
}

uint64_t gs_element_bits(const uint8_t *base, enum gs_dtype dtype, uint64_t i)
{
	switch (gs_dtype_bytes(dtype)) {
	case 1: return base[i];
	case 2: return gs_le16_read(base + 2 * i);
	case 4: return gs_le32_read(base + 4 * i);
	default: return gs_le64_read(base + 8 * i);
	}
}

void gs_element_write(uint8_t *base, enum gs_dtype dtype, uint64_t i, uint64_t bits)
{
	switch (gs_dtype_bytes(dtype)) {
	case 1: base[i] = (uint8_t)bits; break;
	case 2: gs_le16_write(base + 2 * i, (uint16_t)bits); break;
	case 4: gs_le32_write(base + 4 * i, (uint32_t)bits); break;
	default: gs_le64_write(base + 8 * i, bits); break;
	}
}

static uint32_t f32_canonical(uint32_t bits)
{
	return (bits & 0x7fffffffu) > 0x7f800000u ? GS_F32_NAN : bits;
}

static gs_reg i32_reg(int32_t v)
{
	return (uint32_t)v;
}

/* Two's complement without relying on the implementation's narrowing conversions. */
static int32_t sign_extend(uint64_t bits, unsigned width)
{
	uint32_t sign = UINT32_C(1) << (width - 1);
	uint32_t low = (uint32_t)bits & (sign | (sign - 1));
	return (low & sign) ? -(int32_t)(~low & (sign - 1)) - 1 : (int32_t)low;
}

gs_reg gs_load(enum gs_dtype dtype, uint64_t bits)
{
	switch (dtype) {
	case GS_F32: return f32_canonical((uint32_t)bits);
	case GS_F16: return gs_f16_to_f32((uint16_t)bits);
	case GS_BF16: return gs_bf16_to_f32((uint16_t)bits);
	case GS_I8: return i32_reg(sign_extend(bits, 8));
	case GS_I16: return i32_reg(sign_extend(bits, 16));
	case GS_U8: return bits & 0xff;
	case GS_U16: return bits & 0xffff;
	case GS_I32:
	case GS_U32: return bits & 0xffffffff;
	case GS_BOOL: return (bits & 0xff) != 0;
	case GS_I64:
	case GS_U64: return bits;
	}
	GS_ASSERT(!"a known dtype");
	return 0;
}

uint64_t gs_store(enum gs_dtype dtype, gs_reg value)
{
	switch (dtype) {
	case GS_F32: return f32_canonical((uint32_t)value);
	case GS_F16: return gs_f32_to_f16((uint32_t)value);
	case GS_BF16: return gs_f32_to_bf16((uint32_t)value);
	case GS_I8:
	case GS_U8: return value & 0xff;
	case GS_I16:
	case GS_U16: return value & 0xffff;
	case GS_I32:
	case GS_U32: return value & 0xffffffff;
	case GS_BOOL: return value != 0;
	case GS_I64:
	case GS_U64: return value;
	}
	GS_ASSERT(!"a known dtype");
	return 0;
}

uint32_t gs_f16_to_f32(uint16_t bits)
{
	uint32_t sign = (uint32_t)(bits & 0x8000u) << 16;
	uint32_t exponent = (bits >> 10) & 0x1fu;
	uint32_t fraction = bits & 0x3ffu;
	if (exponent == 0x1f)
		return fraction ? GS_F32_NAN : sign | 0x7f800000u;
	if (exponent == 0) {
		if (fraction == 0)
			return sign;
		exponent = 1;
		while (!(fraction & 0x400u)) { /* normalise: binary32 has room for every binary16 subnormal */
			fraction <<= 1;
			exponent--;
		}
		fraction &= 0x3ffu;
	}
	return sign | ((exponent + 112u) << 23) | (fraction << 13);
}

uint16_t gs_f32_to_f16(uint32_t bits)
{
	uint32_t sign = (bits >> 16) & 0x8000u;
	uint32_t magnitude = bits & 0x7fffffffu;
	if (magnitude > 0x7f800000u)
		return GS_F16_NAN;
	if (magnitude >= 0x477ff000u) /* 65520 and above round to infinity */
		return (uint16_t)(sign | 0x7c00u);
	if (magnitude >= 0x38800000u) { /* normal: round 13 bits away, ties to even; a carry runs into the exponent */
		uint32_t rounded = magnitude - 0x38000000u + 0xfffu + ((magnitude >> 13) & 1u);
		return (uint16_t)(sign | (rounded >> 13));
	}
	if (magnitude <= 0x33000000u) /* 2^-25 and below round to zero (the tie goes to even) */
		return (uint16_t)sign;
	uint32_t shift = 126u - (magnitude >> 23); /* 14 to 24 bits lie below 2^-24 */
	uint32_t significand = (magnitude & 0x7fffffu) | 0x800000u;
	uint32_t kept = significand >> shift;
	uint32_t rest = significand & ((UINT32_C(1) << shift) - 1u);
	uint32_t half = UINT32_C(1) << (shift - 1u);
	if (rest > half || (rest == half && (kept & 1u)))
		kept++;
	return (uint16_t)(sign | kept);
}

uint32_t gs_bf16_to_f32(uint16_t bits)
{
	return f32_canonical((uint32_t)bits << 16);
}

uint16_t gs_f32_to_bf16(uint32_t bits)
{
	if ((bits & 0x7fffffffu) > 0x7f800000u)
		return GS_BF16_NAN;
	return (uint16_t)((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}
