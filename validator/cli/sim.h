/* validator/cli/sim.h: the parts of `gainsay sim`. */
#ifndef GS_VALIDATOR_CLI_SIM_H
#define GS_VALIDATOR_CLI_SIM_H

#include "simulations/sweep.h"
#include "simulations/sweep_run.h"

/* A file (a path with a slash, or one that ends in .yaml), or the name of a ready scenario. */
GS_MUST enum gs_err gs_sim_find(const char *what, struct gs_sim_scenario *out, struct gs_error *error);
/* The ready scenarios with their questions. Returns an exit code. */
GS_MUST int gs_sim_list(bool json);
/* What scenarios of an engine may say, and what it measures. Returns an exit code. */
GS_MUST int gs_sim_list_parameters(const char *engine, bool json, bool markdown);

/* The question, a table of points, how to read it, the verdict. again: the scenario and options as they were typed. */
void gs_sim_print_summary(const struct gs_sim_sweep *sweep, const char *again, double seconds);
/* One document on standard output; returns an exit code. */
GS_MUST int gs_sim_print_json(const struct gs_sim_sweep *sweep);
/* One line for each point and metric, behind a header. */
void gs_sim_print_csv(const struct gs_sim_sweep *sweep);

/* "validators.lazy 3, burned 20 %"; "" without sweeps. */
void gs_sim_point_text(const struct gs_sim_scenario *scenario, unsigned point, char *out, size_t size);
/* One run, told: with its events if traced. Returns an exit code. */
GS_MUST int gs_sim_replay(const struct gs_sim_scenario *scenario, uint64_t seed, unsigned point, bool trace,
                          bool node_logs);
/* The smallest scenario that still shows what a seed shows, as a file on standard output. Returns an exit code. */
GS_MUST int gs_sim_shrink_seed(const struct gs_sim_scenario *scenario, uint64_t seed, unsigned point);
/* All points' results together. */
void gs_sim_totals(const struct gs_sim_sweep *sweep, struct gs_sim_result *out);

/* A bar on a terminal, a line now and then elsewhere; both on standard error. */
struct gs_sim_bar {
	bool terminal;
	double next; /* seconds at which the next line is due */
	bool drawn;
};
struct gs_sim_bar gs_sim_bar(void);
void gs_sim_bar_tell(void *self, const struct gs_sim_progress *progress);
void gs_sim_bar_clear(struct gs_sim_bar *bar);

#endif
