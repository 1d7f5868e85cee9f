/* simulations/scenario.h: scenarios as YAML files, and what a command line changes of them. docs/scenarios.md, "Scenarios".
 *
 *     question: How many lazy validators until a wrong claim slips through?
 *     about: ...                      # how to read the answer
 *     engine: nodes                   # whose parameters the other keys are
 *     runs: 2000                      # of each point
 *     seed: 1
 *     validators: {lazy: 3}           # the parameter validators.lazy, as "validators.lazy: 3" is
 *     sweep:                          # up to three; the last one varies fastest
 *       validators.honest: [1, 2, 3]
 *       stake.burned: {from: 0, to: 100 %, steps: 11}       # or, with "scale: log", in equal ratios
 *     may violate: yes                # built to violate an oracle
 *     show: [detection, profit]       # metrics, or groups of them, that come first
 *
 * Every error has file, line and column; after a file was read, errors of the command line name the option. */
#ifndef GS_SIMULATIONS_SCENARIO_H
#define GS_SIMULATIONS_SCENARIO_H

#include "simulations/sweep.h"

#define GS_SIM_RUNS_MAX UINT64_C(1000000000) /* of all points */

/* The engines that a scenario may name: gs_sim_engine_at, or a test's own. */
typedef const struct gs_sim_engine *gs_sim_engine_list(unsigned number);

/* Reads and checks. file is the name that errors show; the scenario's own is its last part without ".yaml". GS_EPARSE, GS_EINVAL,
 * GS_ELIMIT, GS_ENOMEM. */
GS_MUST enum gs_err gs_sim_scenario_read(const char *file, struct gs_bytes text, gs_sim_engine_list *engines,
                                         struct gs_sim_scenario *out, struct gs_error *error);
/* The same from a file. */
GS_MUST enum gs_err gs_sim_scenario_load(const char *path, struct gs_sim_scenario *out, struct gs_error *error);

/* An engine's standard values, nothing swept. */
void gs_sim_scenario_init(const struct gs_sim_engine *engine, struct gs_sim_scenario *out);

/* "name=value": a parameter, swept or not, gets one value. Call gs_sim_scenario_check after the last change. */
GS_MUST enum gs_err gs_sim_scenario_set(struct gs_sim_scenario *scenario, const char *text, struct gs_error *error);
/* "name=value,value,...": sweeps a parameter, in the place of its former sweep or as the last one. */
GS_MUST enum gs_err gs_sim_scenario_sweep(struct gs_sim_scenario *scenario, const char *text, struct gs_error *error);

/* Limits, and the engine's check at every point. *at: the parameter that the error is about, UINT_MAX: none. */
GS_MUST enum gs_err gs_sim_scenario_check(const struct gs_sim_scenario *scenario, unsigned *at, struct gs_error *error);

/* As a file, without what is standard; gs_sim_scenario_read reads the same from it. */
void gs_sim_scenario_write(const struct gs_sim_scenario *scenario, FILE *to);

unsigned gs_sim_points(const struct gs_sim_scenario *scenario);
/* Binds results to what they are results of: engine, names and values of parameters, sweeps, runs, seed, metrics. */
void gs_sim_scenario_hash(const struct gs_sim_scenario *scenario, struct gs_hash *out);

/* UINT_MAX: none. */
unsigned gs_sim_parameter_find(const struct gs_sim_engine *engine, const char *name);
/* Adds the metric of this name, or the metrics whose name begins with it and a point. GS_ENOTFOUND, GS_ELIMIT. */
GS_MUST enum gs_err gs_sim_scenario_show(struct gs_sim_scenario *scenario, const char *name, struct gs_error *error);

#endif
