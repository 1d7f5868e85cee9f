/* simulations/apart.h: one run in a process of its own, whose death is a finding like any other. */
#ifndef GS_SIMULATIONS_APART_H
#define GS_SIMULATIONS_APART_H

#include "simulations/engine.h"

/* As the engine's run without a log; but where an assertion of production code stops it, or a signal does, that is a violation,
 * named by the assertion's line, or the signal. What the run wrote to standard error is not shown. GS_EIO: no process can be
 * started. */
GS_MUST enum gs_err gs_sim_run_apart(const struct gs_sim_engine *engine, const double *value, uint64_t seed,
                                     struct gs_sim_result *result, struct gs_error *error);

#endif
