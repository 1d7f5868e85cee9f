/* One run of a scenario: sim.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "simulations/scenario.h"
#include "simulations/value.h"
#include "validator/cli/cli.h"
#include "validator/cli/sim.h"

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
