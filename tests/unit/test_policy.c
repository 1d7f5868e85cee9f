/* The sampling policy: a table of cases reckoned by hand, what it promises of every case, and its stored form. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "chain/core/rng.h"
#include "validator/node/policy.h"

static struct gs_wei wei(uint64_t v)
{
	return gs_wei_from_u64(v);
}

static struct gs_sampling_policy plain(void)
{
	return (struct gs_sampling_policy){.rate_ppm = 100000,
	                                   .least_ppm = 20000,
	                                   .certain_above = wei(1000000),
	                                   .value_unit = wei(1000),
	                                   .wrong_percent = 300,
	                                   .young_percent = 50,
	                                   .young_s = 3600,
	                                   .cost_us = 500000,
	                                   .busy_ppm = 500000};
}

static void gives_what_the_table_says(void **state)
{
	static const struct {
		uint64_t value;
		uint32_t wrong;
		uint64_t known_s, cost_us;
		uint32_t load_ppm;
		uint32_t rate;
	} cases[] = {
		{0, 0, 3600, 0, 0, 100000},                    /* nothing known: the rate */
		{1, 0, 3600, 0, 0, 100100},                    /* a thousandth of the unit */
		{1000, 0, 3600, 0, 0, 200000},                 /* the unit: twice */
		{9000, 0, 3600, 0, 0, 1000000},                /* nine units: all of them */
		{50000, 0, 3600, 0, 0, 1000000},               /* and never more */
		{999999, 0, 3600, 1 << 30, 1000000, 20000},    /* just not certain: cost and load leave the least */
		{1000000, 0, 3600, 1 << 30, 1000000, 1000000}, /* certain, whatever it costs */
		{0, 1, 3600, 0, 0, 400000},                    /* one claim was wrong: three times the rate more */
		{0, 3, 3600, 0, 0, 1000000},
		{0, 4000000000, 3600, 0, 0, 1000000},
		{0, 0, 3599, 0, 0, 150000},        /* young: half more */
		{1000, 1, 0, 0, 0, 550000},        /* 1 + 1 + 3 + 1/2 times */
		{0, 0, 3600, 500000, 0, 100000},   /* as long as is borne */
		{0, 0, 3600, 1000000, 0, 50000},   /* twice as long: half */
		{0, 0, 3600, 100000000, 0, 20000}, /* 200 times as long: the least */
		{0, 0, 3600, 0, 500000, 100000},   /* half of the room is taken: not busy yet */
		{0, 0, 3600, 0, 750000, 50000},    /* half of the rest */
		{0, 0, 3600, 0, 1000000, 20000},   /* full */
		{0, 0, 3600, 0, UINT32_MAX, 20000},
		{1000, 0, 3600, 1000000, 750000, 50000}, /* 0.2 / 2 / 2 */
	};
	const struct gs_sampling_policy policy = plain();

	(void)state;
	for (size_t i = 0; i < GS_ARRAY_LEN(cases); i++) {
		const struct gs_sampling_case of = {wei(cases[i].value), cases[i].wrong, cases[i].known_s,
		                                    cases[i].cost_us, cases[i].load_ppm};
		assert_int_equal(gs_policy_rate(&policy, &of), cases[i].rate);
	}
}

/* A policy that says nothing but a rate has it for every claim; a rate of 0 or 1 is kept. */
static void leaves_out_what_is_zero(void **state)
{
	const struct gs_sampling_case of = {wei(7), 9, 0, UINT64_MAX, UINT32_MAX};
	struct gs_sampling_policy policy = {.rate_ppm = 12345, .certain_above = wei(8)};

	(void)state;
	assert_int_equal(gs_policy_rate(&policy, &of), 12345);
	policy = plain();
	policy.rate_ppm = 0;
	assert_int_equal(gs_policy_rate(&policy, &of), 0);
	policy.rate_ppm = policy.least_ppm = GS_POLICY_PPM;
	assert_int_equal(gs_policy_rate(&policy, &of), GS_POLICY_PPM);
}

static struct gs_wei drawn_amount(struct gs_rng *rng)
{
	struct gs_wei out = {{{0}}};

	for (unsigned i = 0; i <= gs_rng_below(rng, 4);
	     i++) /* of drawn sizes, so that units of more than 64 bits come */
		out.v.limb[i] = gs_rng_u64(rng) >> gs_rng_below(rng, 64);
	return out;
}

static struct gs_sampling_policy drawn_policy(struct gs_rng *rng)
{
	return (struct gs_sampling_policy){.rate_ppm = (uint32_t)gs_rng_below(rng, GS_POLICY_PPM + 1),
	                                   .least_ppm = (uint32_t)gs_rng_below(rng, GS_POLICY_PPM + 1),
	                                   .certain_above = drawn_amount(rng),
	                                   .value_unit = drawn_amount(rng),
	                                   .wrong_percent = (uint32_t)gs_rng_below(rng, GS_POLICY_PERCENT_MAX + 1),
	                                   .young_percent = (uint32_t)gs_rng_below(rng, GS_POLICY_PERCENT_MAX + 1),
	                                   .young_s = gs_rng_u64(rng) >> gs_rng_below(rng, 64),
	                                   .cost_us = gs_rng_u64(rng) >> gs_rng_below(rng, 64),
	                                   .busy_ppm = (uint32_t)gs_rng_below(rng, GS_POLICY_PPM + 1)};
}

static struct gs_sampling_case drawn_case(struct gs_rng *rng)
{
	return (struct gs_sampling_case){.value = drawn_amount(rng),
	                                 .wrong = (uint32_t)(gs_rng_u64(rng) >> 32 >> gs_rng_below(rng, 32)),
	                                 .known_s = gs_rng_u64(rng) >> gs_rng_below(rng, 64),
	                                 .cost_us = gs_rng_u64(rng) >> gs_rng_below(rng, 64),
	                                 .load_ppm = (uint32_t)gs_rng_below(rng, GS_POLICY_PPM + 1)};
}

static void keeps_its_promises(void **state)
{
	struct gs_rng rng;

	(void)state;
	gs_rng_seed(&rng, 25);
	for (unsigned i = 0; i < 200000; i++) {
		const struct gs_sampling_policy policy = drawn_policy(&rng);
		const struct gs_sampling_case of = drawn_case(&rng);
		struct gs_sampling_case other = of;
		const uint32_t rate = gs_policy_rate(&policy, &of);

		assert_true(rate <= GS_POLICY_PPM);
		if (gs_wei_cmp(of.value, policy.certain_above) >= 0)
			assert_int_equal(rate, GS_POLICY_PPM);
		assert_true(rate >= (policy.rate_ppm < policy.least_ppm ? policy.rate_ppm : policy.least_ppm));
		other.value = drawn_amount(&rng); /* more at stake is never drawn more rarely */
		if (gs_wei_cmp(other.value, of.value) >= 0)
			assert_true(gs_policy_rate(&policy, &other) >= rate);
		else
			assert_true(gs_policy_rate(&policy, &other) <= rate);
		other = of;
		other.wrong = of.wrong + (of.wrong < UINT32_MAX); /* nor is who was wrong once more */
		assert_true(gs_policy_rate(&policy, &other) >= rate);
		other = of;
		other.cost_us = of.cost_us / 2; /* nor what costs less */
		assert_true(gs_policy_rate(&policy, &other) >= rate);
		other = of;
		other.load_ppm = of.load_ppm / 2; /* nor what comes when less is to do */
		assert_true(gs_policy_rate(&policy, &other) >= rate);
	}
}

static void is_named_by_what_it_says(void **state)
{
	struct gs_rng rng;
	struct gs_hash before = {{0}};

	(void)state;
	gs_rng_seed(&rng, 26);
	for (unsigned i = 0; i < 1000; i++) {
		const struct gs_sampling_policy policy = drawn_policy(&rng);
		struct gs_sampling_policy again;
		uint8_t bytes[GS_POLICY_BYTES];
		struct gs_hash hash;

		gs_policy_encode(&policy, bytes);
		assert_int_equal(gs_policy_decode((struct gs_bytes){bytes, sizeof(bytes)}, &again), GS_OK);
		/* behind the last member is padding */
		assert_memory_equal(&policy, &again, offsetof(struct gs_sampling_policy, busy_ppm));
		assert_int_equal(policy.busy_ppm, again.busy_ppm);
		gs_policy_hash(&policy, &hash);
		assert_memory_not_equal(&hash, &before, sizeof(hash));
		before = hash;
		assert_int_equal(gs_policy_decode((struct gs_bytes){bytes, sizeof(bytes) - 1}, &again), GS_ECORRUPT);
		bytes[0] ^= 1;
		assert_int_equal(gs_policy_decode((struct gs_bytes){bytes, sizeof(bytes)}, &again), GS_ECORRUPT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_what_the_table_says),
		cmocka_unit_test(leaves_out_what_is_zero),
		cmocka_unit_test(keeps_its_promises),
		cmocka_unit_test(is_named_by_what_it_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
