#include "validator/cli/compare.h"

#include <math.h>
#include <string.h>

const char *gs_difference_name(enum gs_difference d)
{
	switch (d) {
	case GS_SAME: return "ok";
	case GS_DIFFERENT_TYPE: return "dtype";
	case GS_DIFFERENT_SHAPE: return "shape";
	case GS_DIFFERENT_VALUE: return "value";
	}
	return "unknown";
}

double gs_float_value(enum gs_dtype dtype, uint64_t bits)
{
	return (double)gs_f32_from_bits((uint32_t)gs_load(dtype, bits));
}

static bool close_enough(double a, double b, enum gs_tolerance tolerance)
{
	if (isnan(a) || isnan(b))
		return isnan(a) && isnan(b);
	if (isinf(a) || isinf(b))
		return a == b;
	return fabs(a - b) <= 1e-5 + (tolerance == GS_TOLERANCE_HALF ? 2e-2 : 1e-3) * fabs(b);
}

enum gs_difference gs_compare(const struct gs_tensor *have, const struct gs_tensor *want, enum gs_tolerance tolerance,
                              struct gs_error *detail)
{
	char a[GS_TENSOR_TEXT_MAX], b[GS_TENSOR_TEXT_MAX];
	gs_tensor_describe(have->dtype, have->rank, have->dim, a);
	gs_tensor_describe(want->dtype, want->rank, want->dim, b);
	if (have->dtype != want->dtype) {
		(void)gs_fail(detail, GS_EINVAL, "%s where the reference is %s", a, b);
		return GS_DIFFERENT_TYPE;
	}
	if (have->rank != want->rank || memcmp(have->dim, want->dim, have->rank * sizeof(have->dim[0])) != 0) {
		(void)gs_fail(detail, GS_EINVAL, "%s where the reference is %s", a, b);
		return GS_DIFFERENT_SHAPE;
	}
	bool is_float = gs_dtype_class(have->dtype) == GS_CLASS_F32;
	for (uint64_t i = 0; i < have->count; i++) {
		uint64_t x = gs_element_bits(have->data, have->dtype, i),
			 y = gs_element_bits(want->data, want->dtype, i);
		if (is_float) {
			double u = gs_float_value(have->dtype, x), v = gs_float_value(want->dtype, y);
			if (close_enough(u, v, tolerance))
				continue;
			(void)gs_fail(detail, GS_EINVAL, "element %llu of %s is %.9g, the reference %.9g",
			              (unsigned long long)i, a, u, v);
			return GS_DIFFERENT_VALUE;
		}
		if (gs_load(have->dtype, x) != gs_load(want->dtype, y)) {
			(void)gs_fail(detail, GS_EINVAL, "element %llu of %s is %#llx, the reference %#llx",
			              (unsigned long long)i, a, (unsigned long long)x, (unsigned long long)y);
			return GS_DIFFERENT_VALUE;
		}
	}
	return GS_SAME;
}
