#include "tests/support/economy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "simulations/economy/economy.h"
#include "simulations/engines.h"

void gs_test_economy_values(const struct setting *with, double *value)
{
	for (unsigned i = 0; i < GS_ECONOMY_PARAMETERS; i++)
		value[i] = gs_economy_parameter[i].standard;
	for (; with->name != NULL; with++) {
		unsigned i = gs_economy_parameter_number(with->name);
		assert_true(with->value >= gs_economy_parameter[i].least &&
		            with->value <= gs_economy_parameter[i].most);
		value[i] = with->value;
	}
	unsigned at;
	struct gs_error error;
	assert_int_equal(gs_sim_engine_economy.check(value, &at, &error), GS_OK);
}

void gs_test_economy_play(const double *value, unsigned runs, struct gs_sim_result *out)
{
	struct gs_error error;
	memset(out, 0, sizeof(*out));
	for (unsigned i = 0; i < runs; i += GS_SIM_BATCH_RUNS) {
		static struct gs_sim_result part;
		unsigned n = runs - i < GS_SIM_BATCH_RUNS ? runs - i : GS_SIM_BATCH_RUNS;
		memset(&part, 0, sizeof(part));
		assert_int_equal(gs_sim_batch(&gs_sim_engine_economy, value, 1 + i, n, &part, &error), GS_OK);
		gs_sim_result_join(out, &part);
	}
	assert_int_equal(out->runs, runs);
	if (out->violations > 0)
		fail_msg("seed %llu: %s", (unsigned long long)out->first_seed, out->first);
}
