#include "validator/node/planner.h"

#include <math.h>
#include <stdlib.h>

#include "chain/core/core.h"
#include "validator/node/closed.h"
#include "validator/node/schedule.h"

static const double hour_s = 3600, hours_a_day = 24;

const char *gs_planner_why_name(enum gs_planner_why why)
{
	switch (why) {
	case GS_PLANNER_DETERS: return "deters";
	case GS_PLANNER_TARGET: return "target";
	case GS_PLANNER_CAPACITY: return "capacity";
	case GS_PLANNER_NOT_ENOUGH: return "bond too small";
	}
	return "?";
}

/* --- one claim --- */

static double bond_of(const struct gs_planner_terms *t, const struct gs_planner_model *m)
{
	return t->minimum_bond + t->bond * m->value;
}

static double fee_of(const struct gs_planner_terms *t, const struct gs_planner_model *m)
{
	return t->minimum_fee + t->fee * m->value;
}

/* Whoever attests commits to a trace with every look. */
static double seconds_of(const struct gs_planner_terms *t, const struct gs_planner_model *m)
{
	return t->audit > 0 ? m->commit_s : m->look_s;
}

static double look_gas(const struct gs_planner_terms *t)
{
	return t->audit > 0 ? GS_PLANNER_GAS_ATTEST + t->audit * GS_PLANNER_GAS_REPORT : 0;
}

static double work_cost(const struct gs_planner_terms *t, const struct gs_planner_prices *prices,
                        const struct gs_planner_model *m)
{
	return seconds_of(t, m) * prices->core_hour / hour_s;
}

static double look_cost(const struct gs_planner_terms *t, const struct gs_planner_prices *prices,
                        const struct gs_planner_model *m)
{
	return work_cost(t, prices, m) + look_gas(t) * prices->million_gas / 1e6;
}

/* What a claim that is caught loses at least, whatever help its claimant has in front of the challenge. */
static double lost_share(const struct gs_planner_terms *t)
{
	return gs_closed_lost_share(GS_CLOSED_EXIT_BOTH, t->burn, t->concede);
}

static double saved_by_cheat(const struct gs_planner_prices *prices, const struct gs_planner_model *m)
{
	return m->look_s * prices->core_hour / hour_s;
}

static double peer_presence(const struct gs_planner_role *role, double rate)
{
	return (role->peer_rate < 0 ? rate : role->peer_rate) * role->uptime;
}

static double detection(const struct gs_planner_role *role, double rate)
{
	return 1 - (1 - rate * role->uptime) * gs_closed_power(1 - peer_presence(role, rate), role->peers);
}

/* Our share of what those who looked divide, on average, given that we looked. */
static double share_of_looks(const struct gs_planner_role *role, double rate)
{
	const double present = peer_presence(role, rate);
	return present > 0 ? gs_closed_first(present, role->peers + 1) : 1;
}

/* Above 1: none. */
static double rate_for(const struct gs_planner_role *role, double wanted)
{
	if (role->peer_rate < 0)
		return gs_closed_rate_for(wanted, role->uptime, role->peers + 1);
	const double missed = gs_closed_power(1 - role->peer_rate * role->uptime, role->peers);
	if (missed <= 1 - wanted)
		return 0;
	return (1 - (1 - wanted) / missed) / role->uptime;
}

/* --- the queue --- */

struct gs_planner_queue gs_planner_queue(double load, unsigned cores, double mean_s, double square_s2)
{
	struct gs_planner_queue q = {.wait_s = INFINITY, .waits = 1};
	if (load >= 1 || mean_s <= 0)
		return load >= 1 ? q : (struct gs_planner_queue){0};
	q.waits = pow(load, sqrt(2.0 * (cores + 1)) - 1);
	q.wait_s = q.waits * mean_s / (cores * (1 - load)) * (square_s2 / (mean_s * mean_s)) / 2;
	return q;
}

double gs_planner_longer(const struct gs_planner_queue *queue, double t)
{
	if (t < 0)
		return 1;
	if (isinf(queue->wait_s))
		return 1;
	return queue->wait_s > 0 ? queue->waits * exp(-t * queue->waits / queue->wait_s) : 0;
}

struct work { /* of all models together */
	double load, mean_s, square_s2;
};

static struct work work_of(const struct gs_planner_terms *t, const struct gs_planner_role *role,
                           const struct gs_planner_model *model, size_t count, const struct gs_planner_choice *chosen,
                           size_t i, double rate)
{
	double looks = 0, seconds = 0, squares = 0;
	for (size_t k = 0; k < count; k++) {
		const double s = seconds_of(t, &model[k]);
		const double a_second = (k == i ? rate : chosen[k].at.rate) * model[k].per_hour / hour_s;
		looks += a_second;
		seconds += a_second * s;
		squares += a_second * s * s;
	}
	return (struct work){.load = seconds / role->cores,
	                     .mean_s = looks > 0 ? seconds / looks : 0,
	                     .square_s2 = looks > 0 ? squares / looks : 0};
}

/* --- one model at one rate --- */

struct gs_planner_point gs_planner_at(const struct gs_planner_terms *terms, const struct gs_planner_prices *prices,
                                      const struct gs_planner_role *role, const struct gs_planner_model *model,
                                      size_t count, const struct gs_planner_choice *chosen, size_t i, double rate)
{
	const struct gs_planner_model *m = &model[i];
	const struct work work = work_of(terms, role, model, count, chosen, i, rate);
	const struct gs_planner_queue queue = gs_planner_queue(work.load, role->cores, work.mean_s, work.square_s2);
	const double own_s = role->reaction_s + seconds_of(terms, m);
	const double deadline = role->deadline_s > 0 ? role->deadline_s : terms->window_s;
	const double looks_a_day = rate * role->uptime * m->per_hour * hours_a_day;
	const double fee = terms->audit > 0 ? share_of_looks(role, rate) * fee_of(terms, m) : 0;
	const double cost = look_cost(terms, prices, m);
	struct gs_planner_point p = {.rate = rate, .detection = detection(role, rate), .load = work.load};

	p.deterred_gain = gs_closed_break_even_gain(p.detection, saved_by_cheat(prices, m),
	                                            bond_of(terms, m) * lost_share(terms));
	if (p.deterred_gain < 0)
		p.deterred_gain = 0;
	p.delay_s = own_s + queue.wait_s;
	/* The tail reaches a hundredth after this long: none when fewer than that wait at all. */
	p.delay_p99_s = own_s;
	if (isinf(queue.wait_s))
		p.delay_p99_s = INFINITY;
	else if (queue.waits > 0.01)
		p.delay_p99_s += queue.wait_s / queue.waits * log(queue.waits / 0.01);
	p.in_time = 1 - gs_planner_longer(&queue, deadline - own_s);
	p.cost_day = looks_a_day * cost;
	p.income_day = looks_a_day * (fee - cost);
	return p;
}

/* --- all of them --- */

struct rank {
	size_t model;
	double worth; /* value at stake a second of work */
};

static int dearest_first(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;
	if (x->worth != y->worth)
		return x->worth < y->worth ? 1 : -1;
	return x->model < y->model ? -1 : 1;
}

/* As the node's scheduler has it, which knows no gain. */
static double worth_of(const struct gs_planner_terms *t, const struct gs_planner_model *m)
{
	return gs_schedule_worth(m->gain > m->value ? m->gain : m->value, seconds_of(t, m));
}

void gs_planner_shed(const struct gs_planner_terms *terms, const struct gs_planner_role *role,
                     const struct gs_planner_model *model, size_t count, const double *rate, double *shed,
                     double *wait_s)
{
	struct rank rank[GS_PLANNER_MODELS_MAX];
	double left = role->cores, looks = 0, seconds = 0, squares = 0;

	GS_ASSERT(count > 0 && count <= GS_PLANNER_MODELS_MAX && role->cores > 0);
	for (size_t i = 0; i < count; i++)
		rank[i] = (struct rank){i, worth_of(terms, &model[i])};
	qsort(rank, count, sizeof(*rank), dearest_first);
	for (size_t r = 0; r < count; r++) {
		const size_t i = rank[r].model;
		const double s = seconds_of(terms, &model[i]), a_second = rate[i] * model[i].per_hour / hour_s;
		const double load = a_second * s, served = load < left ? load : left;
		shed[i] = load > 0 ? 1 - served / load : 0;
		left -= served;
		looks += a_second;
		seconds += load;
		squares += load * s;
	}
	*wait_s = looks > 0 ? gs_planner_queue(seconds / role->cores, role->cores, seconds / looks, squares / looks)
	                              .wait_s
	                    : 0;
}

static void fill(const struct gs_planner_terms *t, const struct gs_planner_prices *prices,
                 const struct gs_planner_role *role, const struct gs_planner_model *m, struct gs_planner_choice *c)
{
	const double lost = lost_share(t), part = share_of_looks(role, c->at.rate), fee = fee_of(t, m);
	const double found = c->at.detection, saved = saved_by_cheat(prices, m);
	const double prize = (1 - t->burn) * c->bond * part, paid = t->audit > 0 ? fee * part : 0;

	c->bond_needed = found * lost > 0 ? ((1 - found) * m->gain + saved) / (found * lost) : INFINITY;
	c->look_cost = look_cost(t, prices, m);
	c->look_income = paid;
	c->price = c->look_cost / part;
	/* w prize + (1 - w) paid = cost */
	c->break_even_wrong = paid >= c->look_cost ? 0
	                      : prize > paid       ? (c->look_cost - paid) / (prize - paid)
	                                           : INFINITY;
	const double left = paid - work_cost(t, prices, m), gas = look_gas(t) / 1e6;
	c->break_even_gas = left <= 0 ? 0 : gas > 0 ? left / gas : INFINITY;
	c->game_cost = m->game_gas * prices->million_gas / 1e6;
	c->capital = m->game_locked + c->game_cost;
	const double games = m->game_locked > 0 ? role->stake / m->game_locked : 0;
	c->games = games >= 1e9 ? 1000000000U : (unsigned)games;
}

void gs_planner_choose(const struct gs_planner_terms *terms, const struct gs_planner_prices *prices,
                       const struct gs_planner_role *role, const struct gs_planner_model *model, size_t count,
                       struct gs_planner_choice *out)
{
	struct rank rank[GS_PLANNER_MODELS_MAX];
	double left = GS_PLANNER_LOAD_MAX * role->cores; /* seconds of work a second */

	GS_ASSERT(count > 0 && count <= GS_PLANNER_MODELS_MAX && role->cores > 0 && role->uptime > 0);
	for (size_t i = 0; i < count; i++) {
		const struct gs_planner_model *m = &model[i];
		GS_ASSERT(m->look_s > 0 && m->commit_s > 0 && m->per_hour > 0);
		rank[i] = (struct rank){i, worth_of(terms, m)};
		out[i] = (struct gs_planner_choice){.bond = bond_of(terms, m)};
	}
	qsort(rank, count, sizeof(*rank), dearest_first);
	for (size_t r = 0; r < count; r++) {
		const size_t i = rank[r].model;
		const double a_rate = model[i].per_hour / hour_s * seconds_of(terms, &model[i]);
		struct gs_planner_choice *c = &out[i];
		double detects = gs_closed_break_even_detection(model[i].gain, saved_by_cheat(prices, &model[i]),
		                                                c->bond * lost_share(terms));
		c->why = GS_PLANNER_DETERS;
		c->needed_detection = detects;
		if (role->target > detects) {
			c->why = GS_PLANNER_TARGET;
			detects = role->target;
		}
		c->needed_rate = detects > 1 ? 1 : rate_for(role, detects);
		if (detects > 1 || c->needed_rate > 1) {
			c->why = GS_PLANNER_NOT_ENOUGH;
			c->needed_rate = 1;
		}
		c->at.rate = c->needed_rate;
		if (c->at.rate * a_rate > left) {
			c->at.rate = left / a_rate;
			c->why = GS_PLANNER_CAPACITY;
			left = 0;
		} else {
			left -= c->at.rate * a_rate;
		}
	}
	for (size_t i = 0; i < count; i++) {
		out[i].at = gs_planner_at(terms, prices, role, model, count, out, i, out[i].at.rate);
		fill(terms, prices, role, &model[i], &out[i]);
	}
}
