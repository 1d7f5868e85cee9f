/* The planner: its queue beside queues that are played, its money beside the simulated economy, its choices beside what they promise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "chain/core/rng.h"
#include "simulations/economy/economy.h"
#include "simulations/engines.h"
#include "simulations/scenario.h"
#include "tests/support/economy.h"
#include "validator/node/closed.h"
#include "validator/node/planner.h"

enum { CORES_MAX = 8, ARRIVALS = 400000 };

static double uniform(struct gs_rng *rng)
{
	return ((double)(gs_rng_u64(rng) >> 11) + 0.5) / 9007199254740992.0;
}

/* --- the queue --- */

struct played {
	double wait_s, longer; /* mean; share of waits above `than` */
};

/* Arrivals at random, each served by the core that is free first; lengths: one of two. */
static struct played play(double load, unsigned cores, const double length[2], double than, uint64_t seed)
{
	struct gs_rng rng;
	double free_at[CORES_MAX] = {0}, now = 0, waits = 0, longer = 0;
	const double every = (length[0] + length[1]) / 2 / (load * cores);

	gs_rng_seed(&rng, seed);
	for (unsigned n = 0; n < ARRIVALS; n++) {
		unsigned first = 0;
		now -= every * log(uniform(&rng));
		for (unsigned c = 1; c < cores; c++)
			if (free_at[c] < free_at[first])
				first = c;
		const double begin = free_at[first] > now ? free_at[first] : now;
		waits += begin - now;
		longer += begin - now > than;
		free_at[first] = begin + length[gs_rng_below(&rng, 2)];
	}
	return (struct played){waits / ARRIVALS, longer / ARRIVALS};
}

static void waits_as_long_as_queues_do(void **state)
{
	static const double lengths[][2] = {{1, 1}, {0.2, 1.8}, {0.01, 3}};
	static const double loads[] = {0.3, 0.6, 0.8, 0.9};
	static const unsigned cores[] = {1, 2, 4, 8};

	(void)state;
	for (size_t l = 0; l < GS_ARRAY_LEN(lengths); l++) {
		const double mean = (lengths[l][0] + lengths[l][1]) / 2;
		const double square = (lengths[l][0] * lengths[l][0] + lengths[l][1] * lengths[l][1]) / 2;
		for (size_t i = 0; i < GS_ARRAY_LEN(loads); i++) {
			for (size_t c = 0; c < GS_ARRAY_LEN(cores); c++) {
				const struct gs_planner_queue q = gs_planner_queue(loads[i], cores[c], mean, square);
				const double than = 3 * mean;
				const struct played p = play(loads[i], cores[c], lengths[l], than, 1 + i * 7 + c);
				/* One core: exact (Pollaczek and Khinchine). More: an approximation, of small numbers too. */
				const double slack = (cores[c] == 1 ? 0.06 : 0.2) * p.wait_s +
				                     (cores[c] == 1 ? 0 : 0.02 * mean);
				if (fabs(q.wait_s - p.wait_s) > slack)
					fail_msg("load %g, %u cores: %g s by the formula, %g s when played", loads[i],
					         cores[c], q.wait_s, p.wait_s);
				if (fabs(gs_planner_longer(&q, than) - p.longer) > 0.05)
					fail_msg(
						"load %g, %u cores: longer than %g s: %g by the formula, %g when played",
						loads[i], cores[c], than, gs_planner_longer(&q, than), p.longer);
			}
		}
	}
	assert_true(isinf(gs_planner_queue(1, 4, 1, 1).wait_s));
	assert_true(gs_planner_queue(0, 4, 0, 0).wait_s == 0);
}

/* --- money --- */

static const struct gs_planner_terms mainnet = {.minimum_bond = 100,
                                                .bond = 1,
                                                .minimum_fee = 0.1,
                                                .fee = 0.001,
                                                .burn = 0.5,
                                                .concede = 0.8,
                                                .audit = 0.01,
                                                .window_s = 172800};

struct world {
	double value, cost, audit, rate, uptime, gwei;
	unsigned honest;
};

static double simulated(const struct world *w, const char *metric, double cheats, double *half)
{
	static struct gs_sim_result result;
	const struct setting with[] = {{"claim.value", w->value},
	                               {"execution.cost", w->cost},
	                               {"audits.share", w->audit},
	                               {"validators.rate", w->rate},
	                               {"validators.uptime", w->uptime},
	                               {"validators.honest", w->honest},
	                               {"gas.price", w->gwei},
	                               {"cheats.share", cheats},
	                               {"capital.rate", 0},
	                               {"games.refund_per_move", 0},
	                               {"audits.pool", 1e6},
	                               {NULL, 0}};
	double value[GS_SIM_PARAMETERS_MAX];
	const unsigned number = gs_economy_metric_number(metric);

	gs_test_economy_values(with, value);
	gs_test_economy_play(value, 96, &result);
	const struct gs_sim_estimate e = gs_sim_estimate(&result.metric[number], gs_economy_metric[number].unit);
	*half = (e.high - e.low) / 2;
	return e.mean;
}

/* Means, and what they may be off by. Where nothing is audited nobody attests; the simulated do, so gas costs nothing there. */
static void earns_what_is_simulated(void **state)
{
	static const struct world worlds[] = {{1000, 0.01, 0.01, 0.5, 0.95, 0.05, 5},
	                                      {1000, 0.3, 0.1, 0.2, 0.8, 0.5, 10},
	                                      {100, 0.05, 0.05, 1, 1, 0.1, 3},
	                                      {5000, 2, 0, 0.3, 0.9, 0, 4}};

	(void)state;
	for (size_t i = 0; i < GS_ARRAY_LEN(worlds); i++) {
		const struct world *w = &worlds[i];
		struct gs_planner_terms terms = mainnet;
		const struct gs_planner_prices prices = {.core_hour = 1, .million_gas = w->gwei * 1e-3 * 3000};
		const struct gs_planner_role role = {
			.cores = 4, .peers = w->honest - 1, .peer_rate = -1, .uptime = w->uptime, .stake = 1000};
		const struct gs_planner_model model = {.look_s = 3600 * w->cost,
		                                       .commit_s = 3600 * w->cost,
		                                       .per_hour = 1e-3,
		                                       .value = w->value,
		                                       .gain = w->value,
		                                       .game_locked = 50,
		                                       .game_gas = 5e5,
		                                       .game_s = 1e6};
		struct gs_planner_choice choice;
		double half;

		terms.audit = w->audit;
		gs_planner_choose(&terms, &prices, &role, &model, 1, &choice);
		const struct gs_planner_point p = gs_planner_at(&terms, &prices, &role, &model, 1, &choice, 0, w->rate);
		const double planned = p.income_day / (model.per_hour * 24);
		const double seen = simulated(w, "profit.honest", 0, &half);
		if (fabs(planned - seen) > 1.68 * half + 1e-5 * (1 + fabs(seen)))
			fail_msg("world %zu: %g a claim planned, %g +- %g simulated", i, planned, seen, half);
		assert_true(half < 0.1 * fabs(seen) + 0.02);
		const double found = simulated(w, "detection", 0.3, &half);
		if (fabs(p.detection - found) > 1.68 * half + 1e-9)
			fail_msg("world %zu: detection %g planned, %g +- %g simulated", i, p.detection, found, half);
	}
}

/* --- choices --- */

enum { MODELS = 12, ROUNDS = 400 };

static double between(struct gs_rng *rng, double low, double high)
{
	return low * pow(high / low, uniform(rng));
}

static void check_choice(const struct gs_planner_terms *t, const struct gs_planner_prices *prices,
                         const struct gs_planner_role *role, const struct gs_planner_model *m,
                         const struct gs_planner_choice *all, size_t i)
{
	const struct gs_planner_choice *c = &all[i];
	const double lost = c->bond * t->burn * t->concede, saved = m[i].look_s * prices->core_hour / 3600;
	const double least = role->peer_rate < 0 ? 0
	                                         : 1 - gs_closed_power(1 - role->peer_rate * role->uptime, role->peers);
	struct gs_planner_point near;

	assert_true(c->at.rate >= 0 && c->at.rate <= 1 && c->at.detection >= 0 && c->at.detection <= 1);
	assert_true(c->at.in_time >= 0 && c->at.in_time <= 1 && c->at.delay_p99_s >= 0);
	assert_true(c->capital >= m[i].game_locked);
	switch (c->why) {
	case GS_PLANNER_DETERS:
		near = gs_planner_at(t, prices, role, m, MODELS, all, i, fmin(1, c->at.rate * 1.001 + 1e-9));
		assert_true(gs_closed_deterred(near.detection + 1e-9, m[i].gain, saved, lost));
		near = gs_planner_at(t, prices, role, m, MODELS, all, i, c->at.rate * 0.99);
		assert_true(least >= c->needed_detection ||
		            !gs_closed_deterred(near.detection, m[i].gain, saved, lost));
		break;
	case GS_PLANNER_TARGET:
		assert_true(role->target > c->needed_detection);
		assert_true(least >= role->target || fabs(c->at.detection - role->target) < 1e-6);
		break;
	case GS_PLANNER_CAPACITY: assert_true(c->at.rate < c->needed_rate); break;
	case GS_PLANNER_NOT_ENOUGH:
		assert_true(c->at.rate == 1);
		if (role->target <= c->needed_detection)
			assert_false(gs_closed_deterred(c->at.detection - 1e-9, m[i].gain, saved, lost));
		break;
	}
	/* With this bond the chosen rate is on the border. */
	if (isfinite(c->bond_needed) && c->at.detection < 1) {
		const double border = c->bond_needed * t->burn * t->concede;
		assert_true(gs_closed_deterred(c->at.detection, m[i].gain, saved, border * (1 + 1e-6) + 1e-9));
		assert_false(gs_closed_deterred(c->at.detection, m[i].gain, saved, border * (1 - 1e-6) - 1e-9));
	}
	/* Looking pays exactly where it is said to. */
	if (c->break_even_wrong > 0 && isfinite(c->break_even_wrong)) {
		const double part = c->look_cost / c->price, prize = (1 - t->burn) * c->bond * part;
		const double w = c->break_even_wrong;
		assert_true(fabs(w * prize + (1 - w) * c->look_income - c->look_cost) < 1e-6 * (1 + c->look_cost));
	}
	assert_true((c->at.income_day >= 0) == (c->break_even_wrong == 0) || fabs(c->at.income_day) < 1e-12);
}

static void keeps_its_promises(void **state)
{
	struct gs_rng rng;
	unsigned seen[4] = {0};

	(void)state;
	gs_rng_seed(&rng, 20261122);
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct gs_planner_terms t = mainnet;
		struct gs_planner_model m[MODELS];
		struct gs_planner_choice c[MODELS];
		const struct gs_planner_prices prices = {between(&rng, 1e-3, 1), between(&rng, 1e-3, 10)};
		const struct gs_planner_role role = {.cores = 1 + (unsigned)gs_rng_below(&rng, 16),
		                                     .peers = (unsigned)gs_rng_below(&rng, 20),
		                                     .peer_rate = gs_rng_below(&rng, 2) ? -1 : uniform(&rng),
		                                     .uptime = 0.5 + uniform(&rng) / 2,
		                                     .stake = between(&rng, 1, 1e5),
		                                     .target = gs_rng_below(&rng, 2) ? 0 : uniform(&rng),
		                                     .reaction_s = 4,
		                                     .deadline_s = gs_rng_below(&rng, 2) ? 0 : between(&rng, 1, 1e4)};
		double load = 0, last_cut = INFINITY;

		t.audit = gs_rng_below(&rng, 3) ? 0.01 : 0;
		t.bond = between(&rng, 0.1, 10);
		for (size_t i = 0; i < MODELS; i++) {
			const double s = between(&rng, 1e-5, 100);
			m[i] = (struct gs_planner_model){s,
			                                 s * (1 + uniform(&rng)),
			                                 between(&rng, 0.1, 1e5),
			                                 between(&rng, 1, 1e5),
			                                 between(&rng, 1, 1e6),
			                                 50,
			                                 5e5,
			                                 1e6};
		}
		gs_planner_choose(&t, &prices, &role, m, MODELS, c);
		for (size_t i = 0; i < MODELS; i++) {
			check_choice(&t, &prices, &role, m, c, i);
			seen[c[i].why]++;
			load += c[i].at.rate * m[i].per_hour / 3600 * (t.audit > 0 ? m[i].commit_s : m[i].look_s) /
			        role.cores;
			const double worth = fmax(m[i].value, m[i].gain) / (t.audit > 0 ? m[i].commit_s : m[i].look_s);
			if (c[i].why == GS_PLANNER_CAPACITY && c[i].at.rate > 0)
				last_cut = worth;
		}
		assert_true(load <= GS_PLANNER_LOAD_MAX + 1e-9 && fabs(load - c[0].at.load) < 1e-9);
		/* What is worth less than the one that was cut in two has nothing. */
		for (size_t i = 0; i < MODELS; i++) {
			const double worth = fmax(m[i].value, m[i].gain) / (t.audit > 0 ? m[i].commit_s : m[i].look_s);
			if (worth < last_cut && isfinite(last_cut))
				assert_true(c[i].at.rate == 0 || c[i].needed_rate == 0);
		}
	}
	for (size_t i = 0; i < 4; i++)
		assert_true(seen[i] > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_as_long_as_queues_do),
		cmocka_unit_test(earns_what_is_simulated),
		cmocka_unit_test(keeps_its_promises),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
