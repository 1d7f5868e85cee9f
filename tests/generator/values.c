#include "tests/generator/values.h"

static const uint32_t special_f32[] = {
	0x00000000, 0x80000000, 0x00000001, 0x80000001, 0x007fffff, 0x00800000, 0x80800000, 0x3f800000, 0xbf800000,
	0x3f7fffff, 0x3f800001, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00000, 0x7f800001,
	0x7fffffff, 0xffabcdef, 0x42b17218, 0x42b17217, 0xc2cff1b4, 0xc2aeac50, 0x33800000, 0x4b000000, 0x4b800001,
	0x4f000000, 0xcf000000, 0x5f000000, 0xdf000000, 0x4effffff, 0x40400000, 0x3eaaaaab, 0x41100000, 0x5f800000,
};
static const uint64_t special_int[] = {
	0,
	1,
	2,
	3,
	7,
	31,
	32,
	33,
	63,
	64,
	65,
	127,
	128,
	255,
	256,
	32767,
	32768,
	65535,
	0x7fffffff,
	0x80000000,
	0x80000001,
	0xffffffff,
	0x100000000,
	0x7fffffffffffffff,
	0x8000000000000000,
	0xffffffffffffffff,
	0xfffffffffffffffe,
	0xffffffff80000000,
	0xffffffff7fffffff,
	0x0123456789abcdef,
	0x1000001,
	0x1000003,
};

static uint32_t plain_f32(struct gs_rng *rng)
{
	/* A number k / 2^s of moderate size, with a random tail half of the time. */
	float v = (float)((int64_t)gs_rng_below(rng, 2001) - 1000) / (float)(1u << gs_rng_below(rng, 12));
	uint32_t bits = gs_f32_to_bits(v);
	if (gs_rng_below(rng, 2) && v != 0)
		bits ^= (uint32_t)gs_rng_below(rng, 1u << 20);
	return bits;
}

static uint32_t random_f32(struct gs_rng *rng, enum gs_flavour flavour)
{
	uint64_t kind = flavour == GS_FLAVOUR_PLAIN     ? 0
	                : flavour == GS_FLAVOUR_SPECIAL ? 5 + gs_rng_below(rng, 5)
	                                                : gs_rng_below(rng, 10);
	if (flavour == GS_FLAVOUR_INDEX)
		return gs_f32_to_bits((float)gs_rng_below(rng, 24));
	if (kind < 6)
		return plain_f32(rng);
	if (kind < 7) /* any exponent */
		return (uint32_t)gs_rng_u64(rng);
	if (kind < 8) /* subnormal */
		return (uint32_t)gs_rng_below(rng, 1u << 23) | (uint32_t)gs_rng_below(rng, 2) << 31;
	return special_f32[gs_rng_below(rng, GS_ARRAY_LEN(special_f32))];
}

static uint64_t random_int(struct gs_rng *rng, enum gs_flavour flavour)
{
	if (flavour == GS_FLAVOUR_INDEX)
		return gs_rng_below(rng, 24) - gs_rng_below(rng, 2) * gs_rng_below(rng, 4);
	uint64_t kind = flavour == GS_FLAVOUR_PLAIN ? 0 : flavour == GS_FLAVOUR_SPECIAL ? 5 : gs_rng_below(rng, 8);
	if (kind < 4)
		return gs_rng_below(rng, 200) - 100;
	if (kind < 6)
		return special_int[gs_rng_below(rng, GS_ARRAY_LEN(special_int))];
	return gs_rng_u64(rng);
}

uint64_t gs_random_element(struct gs_rng *rng, enum gs_dtype dtype, enum gs_flavour flavour)
{
	switch (dtype) {
	case GS_F32: return random_f32(rng, flavour);
	case GS_F16:
	case GS_BF16:
		if (flavour != GS_FLAVOUR_PLAIN && gs_rng_below(rng, 4) == 0)
			return gs_rng_below(rng, 1u << 16);
		return gs_store(dtype, gs_load(GS_F32, random_f32(rng, flavour)));
	case GS_U8:
	case GS_I8:
	case GS_BOOL: return random_int(rng, flavour) & UINT8_MAX;
	case GS_U16:
	case GS_I16: return random_int(rng, flavour) & UINT16_MAX;
	case GS_I32:
	case GS_U32: return random_int(rng, flavour) & UINT32_MAX;
	case GS_I64:
	case GS_U64: return random_int(rng, flavour);
	}
	return 0;
}

void gs_random_tensor(struct gs_rng *rng, enum gs_dtype dtype, enum gs_flavour flavour, uint8_t *base, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		gs_element_write(base, dtype, i, gs_random_element(rng, dtype, flavour));
}

gs_reg gs_random_register(struct gs_rng *rng, enum gs_class cls, enum gs_flavour flavour)
{
	enum gs_dtype wide = gs_class_dtype(cls);
	return gs_load(wide, gs_random_element(rng, wide, flavour));
}
