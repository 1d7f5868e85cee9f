/* tests/support/economy.h: settings of the engine `economy`, for its tests. */
#ifndef GS_TESTS_SUPPORT_ECONOMY_H
#define GS_TESTS_SUPPORT_ECONOMY_H

#include "simulations/engine.h"

struct setting {
	const char *name; /* NULL behind the last */
	double value;
};

/* All parameters, standard but for these; fails the test when one is out of its range or the engine refuses them. */
void gs_test_economy_values(const struct setting *with, double *value);
/* Seeds 1 to runs, in batches; fails the test at a violation. */
void gs_test_economy_play(const double *value, unsigned runs, struct gs_sim_result *out);

#endif
