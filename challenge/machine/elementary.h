/* challenge/machine/elementary.h: functions of one binary32, correctly rounded.
 *
 * The law names the real function; each of these returns its value rounded once to nearest even, subnormals kept, for
 * all 2^32 inputs (proved exhaustively, see docs/numerics.md), the same bits on every machine. A NaN operand, log of a
 * number below 0, log1p of a number below -1, acosh of a number below 1, atanh, asin and acos of a number beyond -1 and
 * 1, sin, cos and tan of an infinity give the canonical NaN 0x7fc00000. log(+-0) and log1p(-1) are -infinity, atanh(+-1)
 * is +-infinity, exp(-infinity) = +0, acos(1) = +0; odd functions, expm1, log1p and the roundings to integers keep the
 * sign of a zero, and the latter a negative sign where they reach zero. round goes half to even. Nothing sets errno;
 * floating-point exception flags are not specified.
 * The rounding mode must be to nearest and subnormals must not be flushed, which is how a C program starts. */
#ifndef GS_CHALLENGE_MACHINE_ELEMENTARY_H
#define GS_CHALLENGE_MACHINE_ELEMENTARY_H

#include <stddef.h>
#include <stdint.h>

float gs_expf(float x);
float gs_logf(float x);
float gs_tanhf(float x);
float gs_erff(float x);
float gs_floorf(float x);
float gs_ceilf(float x);
float gs_truncf(float x);
float gs_roundf(float x);
float gs_sinf(float x);
float gs_cosf(float x);
float gs_expm1f(float x);
float gs_log1pf(float x);
float gs_sinhf(float x);
float gs_coshf(float x);
float gs_asinhf(float x);
float gs_acoshf(float x);
float gs_atanhf(float x);
float gs_tanf(float x);
float gs_asinf(float x);
float gs_acosf(float x);
float gs_atanf(float x);

/* The same on the bits of a binary32. */
uint32_t gs_exp_f32_bits(uint32_t x);
uint32_t gs_log_f32_bits(uint32_t x);
uint32_t gs_tanh_f32_bits(uint32_t x);
uint32_t gs_erf_f32_bits(uint32_t x);
uint32_t gs_floor_f32_bits(uint32_t x);
uint32_t gs_ceil_f32_bits(uint32_t x);
uint32_t gs_trunc_f32_bits(uint32_t x);
uint32_t gs_round_f32_bits(uint32_t x);
uint32_t gs_sin_f32_bits(uint32_t x);
uint32_t gs_cos_f32_bits(uint32_t x);
uint32_t gs_expm1_f32_bits(uint32_t x);
uint32_t gs_log1p_f32_bits(uint32_t x);
uint32_t gs_sinh_f32_bits(uint32_t x);
uint32_t gs_cosh_f32_bits(uint32_t x);
uint32_t gs_asinh_f32_bits(uint32_t x);
uint32_t gs_acosh_f32_bits(uint32_t x);
uint32_t gs_atanh_f32_bits(uint32_t x);
uint32_t gs_tan_f32_bits(uint32_t x);
uint32_t gs_asin_f32_bits(uint32_t x);
uint32_t gs_acos_f32_bits(uint32_t x);
uint32_t gs_atan_f32_bits(uint32_t x);

/* out[i] = f(in[i]) for i < n; out may be in, but may not overlap it otherwise. */
void gs_expf_array(const float *in, float *out, size_t n);
void gs_logf_array(const float *in, float *out, size_t n);
void gs_tanhf_array(const float *in, float *out, size_t n);
void gs_erff_array(const float *in, float *out, size_t n);
void gs_floorf_array(const float *in, float *out, size_t n);
void gs_ceilf_array(const float *in, float *out, size_t n);
void gs_truncf_array(const float *in, float *out, size_t n);
void gs_roundf_array(const float *in, float *out, size_t n);
void gs_sinf_array(const float *in, float *out, size_t n);
void gs_cosf_array(const float *in, float *out, size_t n);
void gs_expm1f_array(const float *in, float *out, size_t n);
void gs_log1pf_array(const float *in, float *out, size_t n);
void gs_sinhf_array(const float *in, float *out, size_t n);
void gs_coshf_array(const float *in, float *out, size_t n);
void gs_asinhf_array(const float *in, float *out, size_t n);
void gs_acoshf_array(const float *in, float *out, size_t n);
void gs_atanhf_array(const float *in, float *out, size_t n);
void gs_tanf_array(const float *in, float *out, size_t n);
void gs_asinf_array(const float *in, float *out, size_t n);
void gs_acosf_array(const float *in, float *out, size_t n);
void gs_atanf_array(const float *in, float *out, size_t n);

#endif
