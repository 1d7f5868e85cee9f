/* validator/cli/plan.h: the parts of `gainsay plan`. */
#ifndef GS_VALIDATOR_CLI_PLAN_H
#define GS_VALIDATOR_CLI_PLAN_H

#include "challenge/machine/program.h"
#include "validator/node/planner.h"

struct gs_plan_item { /* a model as it was found and measured */
	char name[128];
	struct gs_hash id;
	uint64_t steps;
	unsigned transactions; /* of the challenger in the worst game */
	unsigned runs;         /* that each of the two times is the median of */
};

struct gs_plan {                /* everything a plan says */
	const char *parameters; /* where the terms are from */
	struct gs_planner_terms terms;
	struct gs_planner_prices prices;
	struct gs_planner_role role;
	size_t count;
	struct gs_plan_item *item;
	struct gs_planner_model *model;
	struct gs_planner_choice *choice;
	double policy_rate; /* of the settings, for all models */
};

/* Median seconds of one run on one core for the outputs, and of one that commits to its trace, on inputs of zeros; each is run for about
 * `seconds` all told, once at least. GS_ENOMEM. */
GS_MUST enum gs_err gs_plan_measure(const struct gs_program *program, double seconds, double *look_s, double *commit_s,
                                    unsigned *runs, struct gs_error *error);

/* Seconds of one run of the reference interpreter on inputs of zeros, which comes before a claim is called wrong. GS_ENOMEM. */
GS_MUST enum gs_err gs_plan_measure_reference(const struct gs_program *program, double *seconds,
                                              struct gs_error *error);

void gs_plan_print(const struct gs_plan *plan);
/* Returns an exit code. */
int gs_plan_print_json(const struct gs_plan *plan);

/* The rates that are shown beside the chosen one. */
enum { GS_PLAN_RATES = 8 };
extern const double gs_plan_rate[GS_PLAN_RATES];

#endif
