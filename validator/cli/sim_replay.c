/* One run of a scenario, and the least one like it: sim.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "simulations/scenario.h"
#include "simulations/shrink.h"
#include "simulations/value.h"
#include "validator/cli/cli.h"
#include "validator/cli/sim.h"

enum { SHRINK_SEEDS = 8, SHRINK_RUNS = 20000 };

int gs_sim_replay(const struct gs_sim_scenario *s, uint64_t seed, unsigned point, bool trace, bool node_logs)
{
	const struct gs_sim_watch watch = {.log = trace ? stdout : NULL, .node_logs = node_logs};
	struct gs_sim_result result = {.runs = 0};
	struct gs_error error = {0};
	double value[GS_SIM_PARAMETERS_MAX];
	char digest[67], where[512];
	gs_sim_point_values(s, point, value);
	if (s->engine->run(value, seed, &watch, &result, &error) != GS_OK)
		return gs_cli_fail(&error);
	gs_sim_point_text(s, point, where, sizeof(where));
	gs_sim_digest_text(&result.digest, digest);
	printf("%s%s: engine %s, seed %" PRIu64 "%s%s\n", trace ? "\n" : "", s->name, s->engine->name, seed,
	       where[0] != '\0' ? ", " : "", where);
	for (unsigned i = 0; i < s->engine->metrics; i++) {
		const struct gs_sim_metric *metric = &s->engine->metric[i];
		const struct gs_sim_moments *m = &result.metric[i];
		char text[GS_SIM_VALUE_TEXT_MAX], most[GS_SIM_VALUE_TEXT_MAX];
		if (m->n == 0)
			continue;
		gs_sim_measure_format(metric->unit, m->sum / (double)m->n, text);
		gs_sim_measure_format(metric->unit, m->most, most);
		printf("  %-28s %s", metric->name, text);
		if (m->n > 1)
			printf(" (mean of %" PRIu64 ", at most %s)", m->n, most);
		putchar('\n');
	}
	printf("digest %s\n", digest);
	if (result.violations == 0) {
		printf("No oracle was violated.\n");
		return GS_EXIT_OK;
	}
	printf("Violated: %s%s\n", result.first, s->may_violate ? " (this scenario is built to show it)" : "");
	return s->may_violate ? GS_EXIT_OK : GS_EXIT_FAILED;
}

static void tell(void *self, const char *line)
{
	(void)self;
	fprintf(stderr, "%s\n", line);
}

int gs_sim_shrink_seed(const struct gs_sim_scenario *s, uint64_t seed, unsigned point)
{
	struct gs_sim_shrink shrink = {
		.engine = s->engine, .seed = seed, .seeds = SHRINK_SEEDS, .runs_max = SHRINK_RUNS, .tell = tell};
	struct gs_sim_scenario least;
	struct gs_error error = {0};
	gs_sim_point_values(s, point, shrink.value);
	if (gs_sim_shrink(&shrink, &error) != GS_OK)
		return gs_cli_fail(&error);
	gs_sim_scenario_init(s->engine, &least);
	memcpy(least.value, shrink.value, sizeof(least.value));
	least.seed = shrink.seed;
	least.runs = 1;
	snprintf(least.question, sizeof(least.question), "Why is this violated: %s?", shrink.what);
	snprintf(least.about, sizeof(least.about),
	         "Shrunk from seed %" PRIu64 " of %s. To see it: gainsay sim replay %" PRIu64 " FILE --trace", seed,
	         s->name, shrink.seed);
	gs_sim_scenario_write(&least, stdout);
	fprintf(stderr, "%" PRIu64 " runs. The least scenario that violates \"%s\" is on standard output.\n",
	        shrink.runs, shrink.what);
	return GS_EXIT_OK;
}
