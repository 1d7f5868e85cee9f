#include "challenge/machine/elementary.h"

#include "challenge/machine/elementary_core.h"
#include "challenge/machine/elementary_hyperbolic.h"
#include "challenge/machine/elementary_trig.h"

#define GS_ELEMENTARY(name) \
	float gs_##name##f(float x) \
	{ \
		return gs_##name##_f32(x); \
	} \
	uint32_t gs_##name##_f32_bits(uint32_t x) \
	{ \
		return gs_bits_w(gs_##name##_f32(gs_of_bits_w(x))); \
	} \
	void gs_##name##f_array(const float *in, float *out, size_t n) \
	{ \
		for (size_t i = 0; i < n; i++) \
			out[i] = gs_##name##_f32(in[i]); \
	}

GS_ELEMENTARY(exp)
GS_ELEMENTARY(log)
GS_ELEMENTARY(tanh)
GS_ELEMENTARY(erf)
GS_ELEMENTARY(floor)
GS_ELEMENTARY(ceil)
GS_ELEMENTARY(trunc)
GS_ELEMENTARY(round)
GS_ELEMENTARY(sin)
GS_ELEMENTARY(cos)
GS_ELEMENTARY(expm1)
GS_ELEMENTARY(log1p)
GS_ELEMENTARY(sinh)
GS_ELEMENTARY(cosh)
GS_ELEMENTARY(asinh)
GS_ELEMENTARY(acosh)
GS_ELEMENTARY(atanh)
GS_ELEMENTARY(tan)
GS_ELEMENTARY(asin)
GS_ELEMENTARY(acos)
GS_ELEMENTARY(atan)
