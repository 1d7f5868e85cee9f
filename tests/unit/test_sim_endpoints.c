/* Several endpoints of a simulated party: what they agree on whatever fewer than must agree say, and whole runs with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "simulations/engines.h"
#include "simulations/nodes/nodes.h"
#include "simulations/nodes/run.h"

enum { NEWEST = 100, TRUTH = 42 };

static void say_truth(void *self, uint64_t top, struct gs_sim_said *out)
{
	(void)self;
	(void)top;
	out->vote = GS_VOTE_ANSWER;
	out->number = TRUTH;
}

static struct gs_sim_endpoints draw_endpoints(struct gs_rng *rng, size_t count, size_t liars)
{
	struct gs_sim_endpoints e = {.count = count, .need = gs_quorum_need(count, 0)};
	for (size_t i = 0; i < count; i++)
		e.endpoint[i] = (struct gs_sim_endpoint){.lies = i < liars,
		                                         .silent = (uint32_t)gs_rng_below(rng, 300),
		                                         .lag = (uint32_t)gs_rng_below(rng, 500),
		                                         .offline_from_s = UINT64_MAX,
		                                         .dies_s = UINT64_MAX};
	e.lies = 1 + (uint32_t)gs_rng_below(rng, 1000);
	e.key = gs_rng_u64(rng);
	gs_rng_seed(&e.rng, gs_rng_u64(rng));
	return e;
}

static const enum gs_sim_question exact[] = {GS_SIM_ASK_NUMBER, GS_SIM_ASK_BLOCK, GS_SIM_ASK_LOGS,   GS_SIM_ASK_RECEIPT,
                                             GS_SIM_ASK_CALL,   GS_SIM_ASK_MINED, GS_SIM_ASK_BALANCE};

/* Whatever is agreed on is what honest endpoints say; nonces that wait are no higher; and something is agreed on. */
static void test_fewer_liars_than_must_agree_change_nothing(void **state)
{
	struct gs_rng rng;
	unsigned agreed = 0, silent = 0, outvoted = 0;
	(void)state;
	gs_rng_seed(&rng, 5);
	for (unsigned round = 0; round < 2000; round++) {
		const size_t count = 2 + (size_t)gs_rng_below(&rng, 6), need = gs_quorum_need(count, 0);
		struct gs_sim_endpoints e = draw_endpoints(&rng, count, (size_t)gs_rng_below(&rng, need));
		struct gs_sim_said said;
		gs_sim_endpoints_look(&e, NEWEST, 0);
		if (gs_sim_endpoints_head(&e, 0)) {
			assert_int_equal(e.head.lie, 0);
			assert_true(e.head.number <= NEWEST);
		}
		for (unsigned k = 0; k < GS_ARRAY_LEN(exact); k++) {
			const struct gs_sim_asked asked = {.question = exact[k], .subject = round, .honest = say_truth};
			const bool there = gs_sim_endpoints_ask(&e, &asked, 0, &said);
			agreed += there;
			silent += !there;
			if (!there)
				continue;
			assert_int_equal(said.lie, 0);
			assert_int_equal(said.vote, GS_VOTE_ANSWER);
			assert_false(said.refused);
			assert_int_equal(said.number, TRUTH);
		}
		const struct gs_sim_asked pending = {.question = GS_SIM_ASK_PENDING, .honest = say_truth};
		if (gs_sim_endpoints_ask(&e, &pending, 0, &said))
			assert_true(said.number <= TRUTH);
		outvoted += e.outvoted > 0;
	}
	assert_true(agreed > silent && silent > 0 && outvoted > 100);
}

/* As many as must agree, who all tell the same lie, are believed: that lies agree, and are not outvoted by chance, is what makes the test above one. */
static void test_as_many_liars_as_must_agree_are_believed(void **state)
{
	struct gs_rng rng;
	(void)state;
	gs_rng_seed(&rng, 6);
	for (unsigned k = 0; k < GS_ARRAY_LEN(exact); k++) {
		struct gs_sim_endpoints e = draw_endpoints(&rng, 3, 2);
		const struct gs_sim_asked asked = {.question = exact[k], .subject = 1, .honest = say_truth};
		unsigned believed = 0;
		e.lies = 1000;
		for (unsigned look = 0; look < 100; look++) {
			struct gs_sim_said said;
			for (unsigned i = 0; i < 3; i++)
				e.endpoint[i].silent = e.endpoint[i].lag = 0;
			gs_sim_endpoints_look(&e, NEWEST, 0);
			(void)gs_sim_endpoints_head(&e, 0);
			if (gs_sim_endpoints_ask(&e, &asked, 0, &said))
				believed += said.lie != 0 || said.vote == GS_VOTE_ABSENT || said.refused;
		}
		assert_true(believed > 50);
	}
}

/* A run is the one that it is without, as long as there is one endpoint: stating so draws nothing. */
static void test_one_endpoint_is_as_none_stated(void **state)
{
	double value[GS_SIM_NODES_PARAMETERS];
	const struct gs_sim_nodes_options options[2] = {{.fault = GS_SIM_FAULT_ALL, .claims = 10}, {.value = value}};
	struct gs_sim_nodes_tally tally[2] = {{.runs = 0}};
	struct gs_error error = {0};
	(void)state;
	gs_sim_nodes_standard(value);
	value[GS_SIM_P_FAULT] = GS_SIM_FAULT_ALL;
	value[GS_SIM_P_ENDPOINTS] = 1;
	value[GS_SIM_P_LYING_ENDPOINTS] = value[GS_SIM_P_DEAD_ENDPOINTS] = 0;
	for (unsigned i = 0; i < 2; i++)
		for (uint64_t seed = 1; seed <= 3; seed++)
			assert_int_equal(gs_sim_nodes_run(seed, &options[i], &tally[i], &error), GS_OK);
	assert_memory_equal(&tally[0].digest, &tally[1].digest, sizeof(tally[0].digest));
}

static void run_all(const double value[GS_SIM_NODES_PARAMETERS], uint64_t seeds, struct gs_sim_nodes_tally *out)
{
	const struct gs_sim_nodes_options options = {.value = value};
	struct gs_error error = {0};
	*out = (struct gs_sim_nodes_tally){.runs = 0};
	for (uint64_t seed = 1; seed <= seeds; seed++)
		assert_int_equal(gs_sim_nodes_run(seed, &options, out, &error), GS_OK);
}

/* One of three lies whenever it is asked, while transactions lose their nonces: whoever is told that one was taken learns all the same that it cannot
 * be mined any more. Or one is gone for good. Nobody honest loses. */
static void test_one_of_three_costs_nothing(void **state)
{
	static const enum gs_sim_fault faults[] = {GS_SIM_FAULT_REPLACE, GS_SIM_FAULT_REORG, GS_SIM_FAULT_SILENCE};
	double value[GS_SIM_NODES_PARAMETERS];
	struct gs_sim_nodes_tally tally;
	(void)state;
	for (unsigned f = 0; f < GS_ARRAY_LEN(faults); f++)
		for (unsigned lies = 0; lies < 2; lies++) {
			gs_sim_nodes_standard(value);
			value[GS_SIM_P_FAULT] = faults[f];
			value[GS_SIM_P_ENDPOINTS] = 3;
			value[GS_SIM_P_LYING_ENDPOINTS] = lies;
			value[GS_SIM_P_DEAD_ENDPOINTS] = 1 - lies;
			value[GS_SIM_P_ENDPOINT_LIES] = 1;
			run_all(value, 12, &tally);
			assert_int_equal(tally.violations, 0);
			assert_int_equal(tally.invalid, tally.wrong_claims);
		}
}

static void test_two_that_lie_alike_are_seen(void **state)
{
	double value[GS_SIM_NODES_PARAMETERS];
	struct gs_sim_nodes_tally tally;
	(void)state;
	gs_sim_nodes_standard(value);
	value[GS_SIM_P_FAULT] = GS_SIM_FAULT_NONE;
	value[GS_SIM_P_ENDPOINTS] = 3;
	value[GS_SIM_P_LYING_ENDPOINTS] = 2;
	value[GS_SIM_P_DEAD_ENDPOINTS] = 0;
	value[GS_SIM_P_ENDPOINT_LIES] = 0.01;
	run_all(value, 8, &tally);
	assert_true(tally.violations > 0);
}

static void test_what_is_stated_must_be_there(void **state)
{
	static const enum gs_sim_nodes_parameter of[] = {GS_SIM_P_AGREE, GS_SIM_P_LYING_ENDPOINTS,
	                                                 GS_SIM_P_DEAD_ENDPOINTS};
	double value[GS_SIM_NODES_PARAMETERS];
	struct gs_error error = {0};
	unsigned at;
	(void)state;
	for (unsigned i = 0; i < GS_ARRAY_LEN(of); i++) {
		gs_sim_nodes_standard(value);
		value[GS_SIM_P_ENDPOINTS] = 3;
		value[of[i]] = 3;
		assert_int_equal(gs_sim_nodes_check(value, &at, &error), GS_OK);
		value[of[i]] = 4;
		assert_int_equal(gs_sim_nodes_check(value, &at, &error), GS_EINVAL);
		assert_int_equal(at, of[i]);
		value[of[i]] = 2;
		value[GS_SIM_P_ENDPOINTS] = GS_SIM_DRAWN;
		assert_int_equal(gs_sim_nodes_check(value, &at, &error), GS_EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fewer_liars_than_must_agree_change_nothing),
		cmocka_unit_test(test_as_many_liars_as_must_agree_are_believed),
		cmocka_unit_test(test_one_endpoint_is_as_none_stated),
		cmocka_unit_test(test_one_of_three_costs_nothing),
		cmocka_unit_test(test_two_that_lie_alike_are_seen),
		cmocka_unit_test(test_what_is_stated_must_be_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
