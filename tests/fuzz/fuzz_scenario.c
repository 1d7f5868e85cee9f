/* Hostile scenarios, results and batches: the readers take any bytes without harm, and say in one line why they refuse some. */
#include "simulations/document.h"
#include "simulations/scenario.h"
#include "simulations/wire.h"

#include <limits.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct gs_bytes bytes = {data, size};
	struct gs_sim_scenario scenario;
	struct gs_sim_result result;
	struct gs_sim_job job;
	struct gs_error error = {0};
	unsigned at;

	if (gs_sim_scenario_read("x.yaml", bytes, gs_sim_engine_at, &scenario, &error) == GS_OK) {
		GS_ASSERT(gs_sim_scenario_check(&scenario, &at, &error) == GS_OK);
		GS_ASSERT(gs_sim_points(&scenario) <= GS_SIM_POINTS_MAX && scenario.question[0] != 0);
	} else
		GS_ASSERT(strncmp(error.text, "x.yaml:", 7) == 0 && strchr(error.text, '\n') == NULL);
	if (gs_sim_job_decode(bytes, "1", &job, &error) == GS_OK)
		GS_ASSERT(job.runs > 0 && job.runs <= GS_SIM_BATCH_RUNS);
	for (unsigned i = 0; gs_sim_engine_at(i) != NULL; i++)
		(void)!gs_sim_result_decode(gs_sim_engine_at(i), bytes, &result, &error);
	return 0;
}
