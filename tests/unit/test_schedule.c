/* The scheduler of executions: what it accepts ends in time on any servers, nothing worth more is left for it, and the planner foretells what a node sheds. */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "chain/core/rng.h"
#include "validator/node/planner.h"
#include "validator/node/schedule.h"

enum { JOBS_MAX = 24, SERVERS_MAX = 5, CASES = 3000 };

static double uniform(struct gs_rng *rng, double least, double most)
{
	return least + (most - least) * (double)(gs_rng_u64(rng) >> 11) / 9007199254740992.0;
}

/* --- an oracle: one job after another, plainly --- */

static int earlier(const void *a, const void *b)
{
	const struct gs_schedule_job *x = *(const struct gs_schedule_job *const *)a,
				     *y = *(const struct gs_schedule_job *const *)b;

	return x->deadline_s != y->deadline_s ? (x->deadline_s < y->deadline_s ? -1 : 1) : (x < y ? -1 : x > y);
}

static int worthier(const void *a, const void *b)
{
	const struct gs_schedule_job *x = *(const struct gs_schedule_job *const *)a,
				     *y = *(const struct gs_schedule_job *const *)b;
	const double v = x->value / x->work_s, w = y->value / y->work_s;

	return v != w ? (v > w ? -1 : 1) : earlier(a, b);
}

/* By the sum in schedule.h, term by term. */
static bool in_time(const struct gs_schedule_job *job, size_t count, const bool *in,
                    const struct gs_schedule_servers *servers)
{
	const struct gs_schedule_job *order[JOBS_MAX];
	double before = servers->busy_s;
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (in[i])
			order[n++] = &job[i];
	qsort(order, n, sizeof(*order), earlier);
	for (size_t i = 0; i < n; i++) {
		if (before / servers->count + order[i]->work_s > order[i]->deadline_s)
			return false;
		before += order[i]->work_s;
	}
	return true;
}

/* The last end past a deadline when servers take the jobs in this order; the work under way lies on them as unevenly as it can. */
static double latest(const struct gs_schedule_job *job, const size_t *order, size_t n,
                     const struct gs_schedule_servers *servers)
{
	double free_at[SERVERS_MAX] = {0}, worst = -INFINITY;

	for (unsigned s = 0; s < servers->count; s++)
		free_at[s] = servers->busy_s / servers->count;
	for (size_t i = 0; i < n; i++) {
		unsigned first = 0;
		for (unsigned s = 1; s < servers->count; s++)
			if (free_at[s] < free_at[first])
				first = s;
		free_at[first] += job[order[i]].work_s;
		worst = fmax(worst, free_at[first] - job[order[i]].deadline_s);
	}
	return worst;
}

static size_t draw(struct gs_rng *rng, struct gs_schedule_job *job, struct gs_schedule_servers *servers)
{
	const size_t count = 1 + gs_rng_u64(rng) % JOBS_MAX;

	servers->count = 1 + (unsigned)(gs_rng_u64(rng) % SERVERS_MAX);
	servers->busy_s = uniform(rng, 0, 3);
	for (size_t i = 0; i < count; i++) /* steps of 1/8: sums are exact, and the oracle's are the same to the bit */
		job[i] = (struct gs_schedule_job){.value = 1 + (double)(gs_rng_u64(rng) % 8),
		                                  .work_s = (1 + (double)(gs_rng_u64(rng) % 16)) / 8,
		                                  .deadline_s = ((double)(gs_rng_u64(rng) % 80) - 4) / 8};
	servers->busy_s = floor(servers->busy_s * 8) / 8;
	return count;
}

static void what_is_accepted_is_worth_most_and_ends_in_time(void **state)
{
	struct gs_schedule_job job[JOBS_MAX];
	struct gs_schedule_servers servers;
	struct gs_rng rng;
	size_t order[JOBS_MAX], picked, refused = 0, accepted = 0;

	(void)state;
	gs_rng_seed(&rng, 20261122);
	for (unsigned n = 0; n < CASES; n++) {
		const size_t count = draw(&rng, job, &servers);
		const struct gs_schedule_job *worth[JOBS_MAX];
		bool in[JOBS_MAX] = {false};
		assert_int_equal(gs_schedule(job, count, &servers, order, JOBS_MAX, &picked), GS_OK);
		for (size_t i = 0; i < count; i++)
			worth[i] = &job[i];
		qsort(worth, count, sizeof(*worth), worthier);
		for (size_t i = 0; i < count; i++) { /* the oracle's greedy choice is the same */
			const size_t at = (size_t)(worth[i] - job);
			in[at] = true;
			in[at] = job[at].deadline_s >= job[at].work_s && in_time(job, count, in, &servers);
			if (servers.count == 1 || servers.count == 2 ||
			    servers.count == 4) /* divisions that are exact */
				assert_int_equal(in[at], job[at].accepted);
			else
				in[at] = job[at].accepted;
			assert_int_equal(job[at].late, job[at].deadline_s < job[at].work_s);
			accepted += in[at];
			refused += !in[at];
		}
		size_t wanted = 0;
		for (size_t i = 0; i < count; i++)
			wanted += job[i].accepted;
		assert_int_equal(picked, wanted);
		assert_true(latest(job, order, picked, &servers) < 1e-9);
	}
	assert_true(accepted > CASES && refused > CASES);
}

/* Worth first as long as nobody becomes late by it, and then by deadlines. */
static void the_order_is_by_worth_where_there_is_time(void **state)
{
	struct gs_schedule_job job[] = {{.value = 1, .work_s = 1, .deadline_s = 2},
	                                {.value = 9, .work_s = 1, .deadline_s = 100},
	                                {.value = 5, .work_s = 1, .deadline_s = 100},
	                                {.value = 5, .work_s = 1, .deadline_s = 50}};
	struct gs_schedule_servers one = {.count = 1}, any = {.count = 0};
	size_t order[4], picked;

	(void)state;
	assert_int_equal(gs_schedule(job, 4, &one, order, 4, &picked), GS_OK);
	assert_int_equal(picked, 4);
	assert_true(order[0] == 1 && order[1] == 0 && order[2] == 3 && order[3] == 2);
	job[0].deadline_s = 1.5; /* it cannot wait for the other */
	assert_int_equal(gs_schedule(job, 4, &one, order, 4, &picked), GS_OK);
	assert_true(order[0] == 0 && order[1] == 1 && order[2] == 3 && order[3] == 2);
	one.busy_s = 1; /* and now there is no time for it */
	assert_int_equal(gs_schedule(job, 4, &one, order, 2, &picked), GS_OK);
	assert_true(picked == 2 && order[0] == 1 && order[1] == 3 && !job[0].accepted && !job[0].late);
	assert_int_equal(gs_schedule(job, 4, &any, order, 4, &picked), GS_OK);
	assert_true(picked == 4 && order[0] == 1 && order[3] == 0);
}

/* --- the node's behaviour against the planner's --- */

enum { MODELS = 3, SERVED_MAX = 4096 };

struct looked { /* of one model */
	double drawn, shed, waited_s, work_s;
};

struct arrival {
	struct gs_schedule_job job;
	double at_s;
	unsigned model;
};

static double exponential(struct gs_rng *rng)
{
	return -log(1 - uniform(rng, 0, 1));
}

/* Claims at random, servers that ask the scheduler for one more whenever one of them is free, what is late is given up. */
static void play(const struct gs_planner_model *model, const double *rate, unsigned servers, double window_s,
                 double horizon_s, struct looked *out)
{
	static struct arrival waiting[SERVED_MAX];
	static struct gs_schedule_job job[SERVED_MAX];
	double next_s[MODELS], free_at[SERVERS_MAX] = {0}, now_s = 0;
	size_t count = 0;
	struct gs_rng rng;

	gs_rng_seed(&rng, 7);
	memset(out, 0, MODELS * sizeof(*out));
	for (unsigned m = 0; m < MODELS; m++)
		next_s[m] = exponential(&rng) * 3600 / (model[m].per_hour * rate[m]);
	while (now_s < horizon_s) {
		struct gs_schedule_servers s = {.count = servers};
		unsigned m = 0, first = 0;
		size_t order, picked;
		for (unsigned i = 1; i < MODELS; i++)
			m = next_s[i] < next_s[m] ? i : m;
		for (unsigned i = 1; i < servers; i++)
			first = free_at[i] < free_at[first] ? i : first;
		if (!count || next_s[m] <= fmax(free_at[first], now_s)) { /* one comes before a server is free */
			now_s = fmax(now_s, next_s[m]);
			assert_true(count < SERVED_MAX);
			waiting[count++] = (struct arrival){
				.at_s = next_s[m],
				.model = m,
				.job = {.value = model[m].value, .work_s = model[m].look_s}};
			out[m].drawn++;
			next_s[m] += exponential(&rng) * 3600 / (model[m].per_hour * rate[m]);
			continue;
		}
		now_s = fmax(now_s, free_at[first]);
		for (unsigned i = 0; i < servers; i++)
			s.busy_s += fmax(free_at[i] - now_s, 0);
		for (size_t i = 0; i < count; i++) {
			job[i] = waiting[i].job;
			job[i].deadline_s = waiting[i].at_s + window_s - now_s;
		}
		assert_int_equal(gs_schedule(job, count, &s, &order, 1, &picked), GS_OK);
		if (picked) {
			struct looked *l = &out[waiting[order].model];
			free_at[first] = now_s + job[order].work_s;
			l->waited_s += now_s - waiting[order].at_s;
			l->work_s += job[order].work_s;
			job[order].late = true; /* away with it, and not shed */
			l->shed--;
		} else {
			free_at[first] = next_s[m]; /* nothing can be done in time */
		}
		size_t kept = 0;
		for (size_t i = 0; i < count; i++)
			if (job[i].late)
				out[waiting[i].model].shed++;
			else
				waiting[kept++] = waiting[i];
		count = kept;
	}
}

static const struct gs_planner_terms terms = {
	.minimum_bond = 100, .bond = 1, .burn = 0.5, .concede = 0.8, .window_s = 300};
static const struct gs_planner_model models[MODELS] = {
	{.look_s = 2, .commit_s = 2, .per_hour = 600, .value = 1000},
	{.look_s = 5, .commit_s = 5, .per_hour = 650, .value = 1000},
	{.look_s = 1, .commit_s = 1, .per_hour = 1500, .value = 20},
};

/* Too much is drawn: what the planner says is cut is what the scheduler sheds, of the same models. */
static void the_planner_foretells_what_is_shed(void **state)
{
	static const double rates[][MODELS] = {{1, 1, 1}, {1, 0.5, 1}, {0.5, 0.6, 0.5}, {1, 0.3, 0.2}};
	const struct gs_planner_role role = {.cores = 1, .uptime = 1};

	(void)state;
	for (size_t n = 0; n < GS_ARRAY_LEN(rates); n++) {
		struct looked played[MODELS];
		double shed[MODELS], delay_s;
		gs_planner_shed(&terms, &role, models, MODELS, rates[n], shed, &delay_s);
		play(models, rates[n], 1, terms.window_s, 12 * 3600, played);
		for (unsigned m = 0; m < MODELS; m++) {
			const double share = played[m].shed / played[m].drawn;
			if (fabs(share - shed[m]) > 0.06)
				fail_msg("case %zu, model %u: %.3f were shed, the planner says %.3f", n, m, share,
				         shed[m]);
		}
	}
}

/* Without overload nothing is shed, and work waits as long as the planner's queue says: the mean over work does not hang on the order. */
static void the_planner_foretells_the_delay(void **state)
{
	static const double rate[MODELS] = {0.6, 0.4, 0.5};
	const struct gs_planner_role role = {.cores = 1, .uptime = 1};
	struct looked played[MODELS];
	double shed[MODELS], delay_s, waited = 0, work = 0;

	(void)state;
	gs_planner_shed(&terms, &role, models, MODELS, rate, shed, &delay_s);
	play(models, rate, 1, 3600, 150 * 3600, played);
	for (unsigned m = 0; m < MODELS; m++) {
		assert_true(played[m].shed <= 0.001 * played[m].drawn && shed[m] == 0);
		waited += played[m].waited_s * models[m].look_s;
		work += played[m].work_s;
	}
	if (fabs(waited / work - delay_s) > 0.12 * delay_s)
		fail_msg("work waited %.2f s, the planner says %.2f", waited / work, delay_s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_accepted_is_worth_most_and_ends_in_time),
		cmocka_unit_test(the_order_is_by_worth_where_there_is_time),
		cmocka_unit_test(the_planner_foretells_what_is_shed),
		cmocka_unit_test(the_planner_foretells_the_delay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
