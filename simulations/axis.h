/* simulations/axis.h: the values that a sweep gives to one parameter. */
#ifndef GS_SIMULATIONS_AXIS_H
#define GS_SIMULATIONS_AXIS_H

#include "simulations/sweep.h"

struct gs_sim_range {
	double from, to, steps; /* both ends are values; steps is whole, from 2 to GS_SIM_AXIS_VALUES_MAX */
	bool logarithmic;       /* in equal ratios, from > 0; else in equal differences */
};

/* Adds a value as written. GS_EINVAL also for one that is there already. Errors do not name the parameter. */
GS_MUST enum gs_err gs_sim_axis_add(struct gs_sim_axis *axis, const struct gs_sim_parameter *parameter,
                                    const char *text, struct gs_error *error);
/* Fills an empty axis. Values between the ends are rounded to 12 digits (6 in equal ratios), and those of whole parameters to whole
 * numbers, by nothing but IEEE's basic operations: the same on every machine. */
GS_MUST enum gs_err gs_sim_axis_range(struct gs_sim_axis *axis, const struct gs_sim_parameter *parameter,
                                      const struct gs_sim_range *range, struct gs_error *error);

#endif
