/* simulations/sweep.h: a scenario, and what came out of it: one result for every combination of the swept values. */
#ifndef GS_SIMULATIONS_SWEEP_H
#define GS_SIMULATIONS_SWEEP_H

#include "simulations/engine.h"

enum {
	GS_SIM_AXES_MAX = 3,
	GS_SIM_AXIS_VALUES_MAX = 64,
	GS_SIM_POINTS_MAX = 4096,
	GS_SIM_SHOWN_MAX = 16,
	GS_SIM_QUESTION_MAX = 512, /* bytes, with the zero */
	GS_SIM_ANSWER_MAX = 2048,
};

struct gs_sim_axis {
	unsigned parameter;
	unsigned values;
	double value[GS_SIM_AXIS_VALUES_MAX];
};

/* A scenario as read and checked, with what the command line has changed. Plain data. */
struct gs_sim_scenario {
	char name[GS_SIM_NAME_MAX];
	char question[GS_SIM_QUESTION_MAX]; /* the one that a protocol team asks */
	char about[GS_SIM_ANSWER_MAX];      /* how to read what comes out */
	const struct gs_sim_engine *engine;
	double value[GS_SIM_PARAMETERS_MAX];
	struct gs_sim_axis axis[GS_SIM_AXES_MAX];
	unsigned axes;
	uint64_t runs;                    /* of each point */
	uint64_t seed;                    /* point p, run r has the seed  seed + p * runs + r */
	bool may_violate;                 /* built to violate oracles, and says so */
	unsigned shown[GS_SIM_SHOWN_MAX]; /* metrics that the report shows first, in this order */
	unsigned shows;
};

struct gs_sim_sweep {
	struct gs_sim_scenario scenario;
	unsigned points;              /* product of the axes' values; the last axis varies fastest */
	struct gs_sim_result *result; /* owned: points of them */
};

/* The values of all parameters at a point. */
void gs_sim_point_values(const struct gs_sim_scenario *scenario, unsigned point, double value[GS_SIM_PARAMETERS_MAX]);

#endif
