/* challenge/machine/number.h: data types, registers and the one conversion between them.
 *
 * A tensor's element has a *dtype* (how its bytes lie in memory); a scalar function works on a *register* of one of
 * three classes. load() turns stored bits into a register, store() turns a register into stored bits; both make every
 * NaN canonical, so payloads never matter. Source: docs/machine.md, "Numbers". */
#ifndef GS_CHALLENGE_MACHINE_NUMBER_H
#define GS_CHALLENGE_MACHINE_NUMBER_H

#include "chain/core/core.h"

#include <float.h>
/* An expression of floats must be rounded to float at every operation. */
_Static_assert(FLT_EVAL_METHOD == 0,
               "this compiler evaluates float expressions in another format; see FLOAT_FLAGS in the Makefile");

/* The codes are those of ONNX's TensorProto.DataType. Codes without a name here are reserved. */
enum gs_dtype {
	GS_F32 = 1,
	GS_U8 = 2,
	GS_I8 = 3,
	GS_U16 = 4,
	GS_I16 = 5,
	GS_I32 = 6,
	GS_I64 = 7,
	GS_BOOL = 9,
	GS_F16 = 10,
	GS_U32 = 12,
	GS_U64 = 13,
	GS_BF16 = 16,
};

/* f32, f16, bf16 -> F32; i8, u8, i16, u16, i32, bool -> I32; i64, u32, u64 -> I64. */
enum gs_class { GS_CLASS_F32 = 1, GS_CLASS_I32 = 2, GS_CLASS_I64 = 3 };

/* A register: F32 and I32 use the low 32 bits (the rest is zero), I64 all 64, integers as two's complement. */
typedef uint64_t gs_reg;

enum { GS_CHUNK_BYTES = 128 };
#define GS_F32_NAN UINT32_C(0x7fc00000)
#define GS_F16_NAN UINT16_C(0x7e00)
#define GS_BF16_NAN UINT16_C(0x7fc0)

bool gs_dtype_known(unsigned code);
unsigned gs_dtype_bytes(enum gs_dtype dtype);     /* 1, 2, 4 or 8 */
unsigned gs_dtype_per_chunk(enum gs_dtype dtype); /* elements in a 128-byte chunk */
enum gs_class gs_dtype_class(enum gs_dtype dtype);
enum gs_dtype gs_class_dtype(enum gs_class cls); /* the class's own wide type: f32, i32, i64 */
const char *gs_dtype_name(enum gs_dtype dtype);  /* "f32", "bool", ... */
/* Chunks that count elements take; 0 for 0. */
uint64_t gs_dtype_chunks(enum gs_dtype dtype, uint64_t count);

/* Raw little-endian element i of a packed array: bits in the low end, no conversion. */
uint64_t gs_element_bits(const uint8_t *base, enum gs_dtype dtype, uint64_t i);
void gs_element_write(uint8_t *base, enum gs_dtype dtype, uint64_t i, uint64_t bits);

gs_reg gs_load(enum gs_dtype dtype, uint64_t bits);
uint64_t gs_store(enum gs_dtype dtype, gs_reg value);

/* Conversions of the storage types, correctly rounded (nearest even), NaN canonical. Exposed for the executors. */
uint32_t gs_f16_to_f32(uint16_t bits);
uint16_t gs_f32_to_f16(uint32_t bits);
uint32_t gs_bf16_to_f32(uint16_t bits);
uint16_t gs_f32_to_bf16(uint32_t bits);

static inline float gs_f32_from_bits(uint32_t bits)
{
	union {
		uint32_t u;
		float f;
	} v = {.u = bits};
	return v.f;
}
static inline uint32_t gs_f32_to_bits(float f) /* NaN made canonical */
{
	union {
		float f;
		uint32_t u;
	} v = {.f = f};
	return f != f ? GS_F32_NAN : v.u;
}

#endif
