#include "simulations/axis.h"

#include <math.h>
#include <stdlib.h>

#include "simulations/value.h"

enum { ROOT_STEPS = 200 };

static enum gs_err add(struct gs_sim_axis *axis, double value, const char *text, struct gs_error *error)
{
	if (axis->values == GS_SIM_AXIS_VALUES_MAX)
		return gs_fail(error, GS_ELIMIT, "%.60s: more than %d values of one parameter: leave some out", text,
		               GS_SIM_AXIS_VALUES_MAX);
	for (unsigned i = 0; i < axis->values; i++)
		if (axis->value[i] == value)
			return gs_fail(error, GS_EINVAL, "%.60s: a value given twice: take one out", text);
	axis->value[axis->values++] = value;
	return GS_OK;
}

enum gs_err gs_sim_axis_add(struct gs_sim_axis *axis, const struct gs_sim_parameter *parameter, const char *text,
                            struct gs_error *error)
{
	double value;
	enum gs_err err = gs_sim_value_parse(parameter, text, &value, error);
	return err != GS_OK ? err : add(axis, value, text, error);
}

static double power(double base, unsigned n)
{
	double p = 1;
	for (unsigned i = 0; i < n; i++)
		p *= base;
	return p;
}

/* The positive root by halving; n >= 1, x > 0. */
static double root(double x, unsigned n)
{
	double low = 0, high = x > 1 ? x : 1;
	for (unsigned i = 0; i < ROOT_STEPS; i++) {
		double middle = low + (high - low) / 2;
		if (power(middle, n) < x)
			low = middle;
		else
			high = middle;
	}
	return high;
}

/* As people would write it. */
static double rounded(double value, int digits)
{
	char text[GS_SIM_VALUE_TEXT_MAX];
	snprintf(text, sizeof(text), "%.*g", digits, value);
	return strtod(text, NULL);
}

enum gs_err gs_sim_axis_range(struct gs_sim_axis *axis, const struct gs_sim_parameter *p,
                              const struct gs_sim_range *range, struct gs_error *error)
{
	unsigned steps = (unsigned)range->steps;
	bool whole = p->kind == GS_SIM_KIND_COUNT || p->kind == GS_SIM_KIND_MONEY;
	GS_ASSERT(axis->values == 0 && steps >= 2 && steps <= GS_SIM_AXIS_VALUES_MAX);
	if (p->kind == GS_SIM_KIND_FLAG || p->kind == GS_SIM_KIND_CHOICE)
		return gs_fail(error, GS_EINVAL, "nothing lies between its values: write a list");
	if (p->drawn && (range->from == GS_SIM_DRAWN || range->to == GS_SIM_DRAWN))
		return gs_fail(error, GS_EINVAL, "a range has two numbers as its ends, not 'drawn': write a list");
	if (range->logarithmic && (range->from <= 0 || range->to <= 0))
		return gs_fail(error, GS_EINVAL, "a logarithmic range begins above zero: use a larger from, or linear");
	double ratio = range->logarithmic ? root(range->to / range->from, steps - 1) : 0;
	for (unsigned i = 0; i < steps; i++) {
		double step = (range->to - range->from) * i / (steps - 1);
		double value = range->logarithmic ? rounded(range->from * power(ratio, i), 6)
		                                  : rounded(range->from + step, 12);
		value = whole ? floor(value + 0.5) : value;
		value = i == 0 ? range->from : i == steps - 1 ? range->to : value;
		if (add(axis, value, "", NULL) != GS_OK)
			return gs_fail(error, GS_EINVAL,
			               "the steps are too small: two of its values would be the same");
	}
	return GS_OK;
}
