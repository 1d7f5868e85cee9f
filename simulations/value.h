/* simulations/value.h: values of parameters and metrics as people write and read them.
 *
 * A number is digits with an optional point ("12", "0.05"), or with an exponent ("1e-6"). Behind it may stand, with or without a space:
 *
 *     counts, money, real numbers   k, M, G            "1.5 M" is 1500000
 *     shares                        %                  "30 %" is 0.3
 *     seconds                       s, min, h, d       "6 h" is 21600
 *
 * Flags are yes, no, true, false, 1, 0; choices are one of their names. Where a parameter may be drawn by each run's seed, it may be
 * the word "drawn". */
#ifndef GS_SIMULATIONS_VALUE_H
#define GS_SIMULATIONS_VALUE_H

#include "simulations/engine.h"

enum { GS_SIM_VALUE_TEXT_MAX = 64 };

/* GS_EINVAL: not a value of this kind, or out of its range; the text says which, and what would be one, without the parameter's name. */
GS_MUST enum gs_err gs_sim_value_parse(const struct gs_sim_parameter *parameter, const char *text, double *out,
                                       struct gs_error *error);
/* So that gs_sim_value_parse reads the same number again. */
void gs_sim_value_format(const struct gs_sim_parameter *parameter, double value, char out[GS_SIM_VALUE_TEXT_MAX]);
/* "no, yes", "0 to 100 %", "one of none, crash": what is allowed. */
void gs_sim_range_format(const struct gs_sim_parameter *parameter, char *out, size_t size);
/* A measured number with four digits: "12.34", "1.234e+07", "98.75 %", "3.21 h". NAN: "-". */
void gs_sim_measure_format(enum gs_sim_unit unit, double value, char out[GS_SIM_VALUE_TEXT_MAX]);

#endif
