/* challenge/machine/elementary.h: exp, log, tanh and erf of binary32, correctly rounded.
 *
 * The law names the real function; each of these returns its value rounded once to nearest even, subnormals kept, for
 * all 2^32 inputs (proved exhaustively, see docs/numerics.md), the same bits on every machine. A NaN operand, and log
 * of a number below zero, give the canonical NaN 0x7fc00000. log(+-0) = -infinity, exp(-infinity) = +0, tanh and erf
 * keep the sign of a zero. Nothing sets errno; floating-point exception flags are not specified.
 * The rounding mode must be to nearest and subnormals must not be flushed, which is how a C program starts. */
#ifndef GS_CHALLENGE_MACHINE_ELEMENTARY_H
#define GS_CHALLENGE_MACHINE_ELEMENTARY_H

#include <stddef.h>
#include <stdint.h>

float gs_expf(float x);
float gs_logf(float x);
float gs_tanhf(float x);
float gs_erff(float x);

/* The same on the bits of a binary32. */
uint32_t gs_exp_f32_bits(uint32_t x);
uint32_t gs_log_f32_bits(uint32_t x);
uint32_t gs_tanh_f32_bits(uint32_t x);
uint32_t gs_erf_f32_bits(uint32_t x);

/* out[i] = f(in[i]) for i < n; out may be in, but may not overlap it otherwise. */
void gs_expf_array(const float *in, float *out, size_t n);
void gs_logf_array(const float *in, float *out, size_t n);
void gs_tanhf_array(const float *in, float *out, size_t n);
void gs_erff_array(const float *in, float *out, size_t n);

#endif
