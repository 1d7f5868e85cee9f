/* validator/node/schedule.h: which of the executions that wait are begun, in which order, and which there is no time for.
 *
 * Each has a value at stake, takes some work, and must end by some time. What is worth more a second of work is accepted first, and something is accepted
 * only if then everything accepted ends in time, on `servers` that take one job after another in the order of deadlines:
 *
 *     (busy + work of all accepted before i) / servers + work_i <= deadline_i        for each accepted i, by deadline
 *
 * which is enough whatever the order of equal deadlines (a job begins, at the latest, when all before it are spread evenly). Of what is accepted the one
 * that is worth most is begun first, unless others would become late by that; then the one whose deadline is first. What is not accepted waits: it is
 * looked at again when less was taken than was reckoned, and given up only when it could not end in time even if it were begun at once. So what is
 * given up is what is worth least a second of work among all that competed for the same time. gs_planner_choose ranks models by the same worth.
 * Plain arithmetic, nothing drawn, no clock. Source: docs/node.md, "Executions". */
#ifndef GS_VALIDATOR_NODE_SCHEDULE_H
#define GS_VALIDATOR_NODE_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>

#include "chain/core/core.h"

struct gs_schedule_job {
	double value;      /* at stake, in any unit */
	double work_s;     /* one execution on one server; above 0 */
	double deadline_s; /* from now; what is over is below 0 */
	bool accepted;     /* out: it can be done in time beside all that is worth more */
	bool late;         /* out: it could not end in time even if it were begun now */
};

struct gs_schedule_servers {
	unsigned count; /* 0: any number; then all is accepted but what is late */
	double busy_s;  /* work that they have begun or been given, all together */
};

/* Value at stake a second of work: what goes first where not all can be done. */
double gs_schedule_worth(double value, double work_s);
/* Accepts, and says in *order which `max` jobs (by their numbers) are begun next, the first first; *picked: how many. GS_ENOMEM. */
GS_MUST enum gs_err gs_schedule(struct gs_schedule_job *job, size_t count, const struct gs_schedule_servers *servers,
                                size_t *order, size_t max, size_t *picked);

#endif
