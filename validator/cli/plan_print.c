/* What a plan says, for people and for programs: plan.h. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "validator/cli/model_json.h"
#include "validator/cli/plan.h"

enum { NUMBER_MAX = 32, BAR_WIDTH = 24, BAR_BYTES = BAR_WIDTH * 3 + 1, MODELS_IN_FULL = 12 };
const double gs_plan_rate[GS_PLAN_RATES] = {0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1};

/* --- numbers --- */

/* Three digits: "1.25 M", "0.012", "never ends" for what is infinite. */
static const char *number(double v, char out[NUMBER_MAX])
{
	const double a = fabs(v);

	if (isinf(v))
		snprintf(out, NUMBER_MAX, "%s", v > 0 ? "no limit" : "-no limit");
	else if (a >= 1e6)
		snprintf(out, NUMBER_MAX, "%.4g M", v / 1e6);
	else if (a >= 100 || a < 5e-10)
		snprintf(out, NUMBER_MAX, "%.0f", v);
	else
		snprintf(out, NUMBER_MAX, "%.3g", v);
	return out;
}

static const char *share(double v, char out[NUMBER_MAX])
{
	if (v > 1.0000001)
		snprintf(out, NUMBER_MAX, "none");
	else if (v > 0 && v < 1e-4)
		snprintf(out, NUMBER_MAX, "<0.01 %%");
	else if (v > 0.99995 && v < 1)
		snprintf(out, NUMBER_MAX, ">99.99 %%");
	else
		snprintf(out, NUMBER_MAX, "%.*g %%", v > 0.99 ? 4 : 3, v * 100);
	return out;
}

static const char *duration(double s, char out[NUMBER_MAX])
{
	if (isinf(s))
		snprintf(out, NUMBER_MAX, "no end");
	else if (s < 1e-3)
		snprintf(out, NUMBER_MAX, "%.3g us", s * 1e6);
	else if (s < 1)
		snprintf(out, NUMBER_MAX, "%.3g ms", s * 1e3);
	else if (s < 120)
		snprintf(out, NUMBER_MAX, "%.3g s", s);
	else if (s < 7200)
		snprintf(out, NUMBER_MAX, "%.3g min", s / 60);
	else if (s < 172800)
		snprintf(out, NUMBER_MAX, "%.3g h", s / 3600);
	else
		snprintf(out, NUMBER_MAX, "%.3g d", s / 86400);
	return out;
}

/* Eighths of a block; v: of one. */
static const char *bar(double v, char out[BAR_BYTES])
{
	static const char *const eighth[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	unsigned parts = v > 0 ? (unsigned)(v * BAR_WIDTH * 8 + 0.5) : 0;
	size_t at = 0;

	out[0] = '\0';
	if (parts > BAR_WIDTH * 8)
		parts = BAR_WIDTH * 8;
	for (; parts >= 8; parts -= 8)
		at += (size_t)snprintf(out + at, BAR_BYTES - at, "█");
	snprintf(out + at, BAR_BYTES - at, "%s", eighth[parts]);
	return out;
}

/* --- one model --- */

static void print_why(const struct gs_plan *plan, size_t i)
{
	const struct gs_planner_choice *c = &plan->choice[i];
	char a[NUMBER_MAX], b[NUMBER_MAX], d[NUMBER_MAX];

	printf("  sample %s of its claims: ", share(c->at.rate, a));
	switch (c->why) {
	case GS_PLANNER_DETERS:
		printf("with %u peers that is the least that makes a gain of %s not worth trying\n", plan->role.peers,
		       number(plan->model[i].gain, b));
		break;
	case GS_PLANNER_TARGET:
		printf("the least by which %s of wrong claims are found; %s would deter a gain of %s\n",
		       share(plan->role.target, b), share(c->needed_detection, d), number(plan->model[i].gain, a));
		break;
	case GS_PLANNER_CAPACITY:
		printf("%s would be needed, but the cores are busy with what is worth more a second\n",
		       share(c->needed_rate, b));
		break;
	case GS_PLANNER_NOT_ENOUGH:
		printf("even that does not deter a gain of %s; a bond of %s would, %s is asked for\n",
		       number(plan->model[i].gain, b), number(c->bond_needed, d), number(c->bond, a));
		break;
	}
}

static void print_money(const struct gs_plan *plan, size_t i)
{
	const struct gs_planner_choice *c = &plan->choice[i];
	char a[NUMBER_MAX], b[NUMBER_MAX], d[NUMBER_MAX];

	printf("  a look costs %s and brings %s; ", number(c->look_cost, a), number(c->look_income, b));
	printf("a day brings %s\n", number(c->at.income_day, a));
	if (c->at.income_day < 0 && isinf(c->break_even_wrong))
		printf("  THIS ROLE EARNS LESS THAN IT COSTS, however many claims are wrong\n");
	else if (c->at.income_day < 0)
		printf("  THIS ROLE EARNS LESS THAN IT COSTS, unless more than %s of claims are wrong (prizes)\n",
		       share(c->break_even_wrong, a));
	printf("  breaks even at 10^6 gas for %s (now %s); a consumer pays for one look from a fee of %s on\n",
	       number(c->break_even_gas, a), number(plan->prices.million_gas, b), number(c->price, d));
	printf("  verdict after %s, 99 %% within %s; ", duration(c->at.delay_s, a), duration(c->at.delay_p99_s, b));
	printf("%s come before the %s\n", share(c->at.in_time, a),
	       plan->role.deadline_s > 0 ? "deadline" : "window's end");
	printf("  a game locks %s and costs gas for %s at worst (%u transactions, ",
	       number(plan->model[i].game_locked, a), number(c->game_cost, b), plan->item[i].transactions);
	printf("%s); the stake covers %u at once%s\n", duration(plan->model[i].game_s, a), c->games,
	       c->games == 0 ? ": NOT ONE" : "");
}

static void print_rate(const struct gs_planner_point *p, bool chosen)
{
	char a[NUMBER_MAX], b[NUMBER_MAX], c[NUMBER_MAX], d[NUMBER_MAX], e[NUMBER_MAX], f[NUMBER_MAX], bars[BAR_BYTES];

	printf("  %c %8s  %9s  %10s  %8s  %9s  %10s  %s\n", chosen ? '>' : ' ', share(p->rate, a),
	       share(p->detection, b), number(p->deterred_gain, c), p->load > 1 ? "over" : share(p->load, d),
	       duration(p->delay_p99_s, e), number(p->income_day, f), bar(p->detection, bars));
}

static void print_model(const struct gs_plan *plan, size_t i)
{
	const struct gs_planner_model *m = &plan->model[i];
	const struct gs_planner_choice *c = &plan->choice[i];
	char id[67], a[NUMBER_MAX], b[NUMBER_MAX], d[NUMBER_MAX];
	bool shown = false;

	gs_hex_encode(plan->item[i].id.b, 32, true, id);
	printf("\n%s  %.18s..  %s a run, %s with its trace; %s claims an hour\n", plan->item[i].name, id,
	       duration(m->look_s, a), duration(m->commit_s, b), number(m->per_hour, d));
	print_why(plan, i);
	print_money(plan, i);
	printf("  %10s  %9s  %10s  %8s  %9s  %10s  %s\n", "rate", "detection", "deters", "cores", "99 % in", "a day",
	       "detection");
	for (size_t r = 0; r < GS_PLAN_RATES; r++) {
		if (!shown && c->at.rate <= gs_plan_rate[r]) {
			print_rate(&c->at, true);
			shown = true;
			if (c->at.rate == gs_plan_rate[r])
				continue;
		}
		const struct gs_planner_point p = gs_planner_at(&plan->terms, &plan->prices, &plan->role, plan->model,
		                                                plan->count, plan->choice, i, gs_plan_rate[r]);
		print_rate(&p, false);
	}
}

static void print_line(const struct gs_plan *plan, size_t i)
{
	const struct gs_planner_choice *c = &plan->choice[i];
	char a[NUMBER_MAX], b[NUMBER_MAX], d[NUMBER_MAX], e[NUMBER_MAX], f[NUMBER_MAX];

	printf("%-32.32s  %9s  %8s  %-14s  %9s  %10s  %9s\n", plan->item[i].name, duration(plan->model[i].look_s, a),
	       share(c->at.rate, b), gs_planner_why_name(c->why), share(c->at.detection, d),
	       number(c->at.income_day, e), duration(c->at.delay_p99_s, f));
}

/* --- what a node would give up --- */

struct shedding {                           /* at some rates */
	double shed[GS_PLANNER_MODELS_MAX]; /* of what is drawn of each model */
	double all, wait_s;                 /* all: of what is drawn of all models */
};

/* policy: every model at policy.rate, else at the rates that are needed. */
static void reckon_shed(const struct gs_plan *plan, bool policy, struct shedding *out)
{
	double rate[GS_PLANNER_MODELS_MAX], drawn = 0, given_up = 0;

	for (size_t i = 0; i < plan->count; i++)
		rate[i] = policy ? plan->policy_rate : plan->choice[i].needed_rate;
	gs_planner_shed(&plan->terms, &plan->role, plan->model, plan->count, rate, out->shed, &out->wait_s);
	for (size_t i = 0; i < plan->count; i++) {
		drawn += rate[i] * plan->model[i].per_hour;
		given_up += rate[i] * plan->model[i].per_hour * out->shed[i];
	}
	out->all = drawn > 0 ? given_up / drawn : 0;
}

static void print_shed(const struct gs_plan *plan, bool policy)
{
	struct shedding s;
	char a[NUMBER_MAX], b[NUMBER_MAX];

	reckon_shed(plan, policy, &s);
	printf("a node that draws %s", policy ? "" : "at the rates that are needed");
	if (policy)
		printf("%s of all (policy.rate)", share(plan->policy_rate, a));
	if (s.all > 0) {
		printf(" GIVES UP %s of its draws for want of time, the least valuable a second first:",
		       share(s.all, b));
		for (size_t i = 0, told = 0; i < plan->count && told < MODELS_IN_FULL; i++)
			if (s.shed[i] > 0 && ++told)
				printf("%s %.32s %s", told > 1 ? "," : "", plan->item[i].name, share(s.shed[i], a));
		printf("\n");
	} else {
		printf(" gives up none; a second of work waits %s on average\n", duration(s.wait_s, b));
	}
}

/* --- all of it --- */

struct totals {
	double income_day, cost_day, capital;
	size_t losing;
};

static struct totals totals_of(const struct gs_plan *plan)
{
	struct totals t = {0};

	for (size_t i = 0; i < plan->count; i++) {
		t.income_day += plan->choice[i].at.income_day;
		t.cost_day += plan->choice[i].at.cost_day;
		t.losing += plan->choice[i].at.income_day < 0;
		if (plan->choice[i].capital > t.capital)
			t.capital = plan->choice[i].capital;
	}
	return t;
}

void gs_plan_print(const struct gs_plan *plan)
{
	const struct totals t = totals_of(plan);
	char a[NUMBER_MAX], b[NUMBER_MAX], c[NUMBER_MAX], d[NUMBER_MAX];

	printf("%zu model%s, %u core%s, stake %s, %u peers, uptime %s; terms of %s\n", plan->count,
	       plan->count == 1 ? "" : "s", plan->role.cores, plan->role.cores == 1 ? "" : "s",
	       number(plan->role.stake, a), plan->role.peers, share(plan->role.uptime, b), plan->parameters);
	printf("prices: %s a core's hour, %s for 10^6 gas; everything is in tokens, incomes are while nobody cheats\n",
	       number(plan->prices.core_hour, a), number(plan->prices.million_gas, b));
	if (plan->count > MODELS_IN_FULL) {
		printf("\n%-32s  %9s  %8s  %-14s  %9s  %10s  %9s\n", "model", "a run", "rate", "because", "detection",
		       "a day", "99 % in");
		for (size_t i = 0; i < plan->count; i++)
			print_line(plan, i);
	} else {
		for (size_t i = 0; i < plan->count; i++)
			print_model(plan, i);
	}
	printf("\nall together: %s of the cores, %s a day (looking costs %s), capital of the worst game %s\n",
	       share(plan->choice[0].at.load, a), number(t.income_day, b), number(t.cost_day, c), number(t.capital, d));
	print_shed(plan, false);
	print_shed(plan, true);
	if (t.losing > 0)
		printf("%zu of %zu models earn less than they cost\n", t.losing, plan->count);
	if (t.capital > plan->role.stake)
		printf("THE STAKE DOES NOT COVER THE WORST GAME: a wrong claim would be found and not challenged\n");
}

/* --- JSON --- */

static json_t *real(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

static json_t *point_json(const struct gs_planner_point *p)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "rate", real(p->rate), "detection",
	                 real(p->detection), "deterredGain", real(p->deterred_gain), "load", real(p->load), "delayS",
	                 real(p->delay_s), "delayP99S", real(p->delay_p99_s), "inTime", real(p->in_time), "incomeDay",
	                 real(p->income_day), "costDay", real(p->cost_day));
}

static json_t *shed_json(const struct gs_plan *plan, bool policy)
{
	struct shedding s;
	json_t *shed = json_array();

	reckon_shed(plan, policy, &s);
	for (size_t i = 0; i < plan->count; i++)
		json_array_append_new(shed, real(s.shed[i]));
	return json_pack("{s:o, s:o, s:o}", "all", real(s.all), "waitS", real(s.wait_s), "models", shed);
}

static json_t *model_json(const struct gs_plan *plan, size_t i)
{
	const struct gs_planner_model *m = &plan->model[i];
	const struct gs_planner_choice *c = &plan->choice[i];
	json_t *rates = json_array();

	for (size_t r = 0; r < GS_PLAN_RATES; r++) {
		const struct gs_planner_point p = gs_planner_at(&plan->terms, &plan->prices, &plan->role, plan->model,
		                                                plan->count, plan->choice, i, gs_plan_rate[r]);
		json_array_append_new(rates, point_json(&p));
	}
	return json_pack(
		"{s:s, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
		"s:o, s:i, s:o, s:i, s:o}",
		"name", plan->item[i].name, "modelId", gs_model_json_hash(&plan->item[i].id), "steps",
		(json_int_t)plan->item[i].steps, "runS", real(m->look_s), "committingRunS", real(m->commit_s),
		"claimsPerHour", real(m->per_hour), "value", real(m->value), "gain", real(m->gain), "neededDetection",
		real(c->needed_detection), "because", gs_planner_why_name(c->why), "neededRate", real(c->needed_rate),
		"chosen", point_json(&c->at), "bond", real(c->bond), "bondNeeded", real(c->bond_needed), "lookCost",
		real(c->look_cost), "lookIncome", real(c->look_income), "priceOfALook", real(c->price),
		"breakEvenWrong", real(c->break_even_wrong), "breakEvenMillionGas", real(c->break_even_gas),
		"gameLocked", real(m->game_locked), "gameGas", real(m->game_gas), "gameTransactions",
		(int)plan->item[i].transactions, "capital", real(c->capital), "gamesCovered", (int)c->games, "rates",
		rates);
}

int gs_plan_print_json(const struct gs_plan *plan)
{
	const struct totals t = totals_of(plan);
	json_t *models = json_array();

	for (size_t i = 0; i < plan->count; i++)
		json_array_append_new(models, model_json(plan, i));
	return gs_json_print(json_pack("{s:s, s:i, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
	                               "parameters", plan->parameters, "cores", (int)plan->role.cores, "peers",
	                               (int)plan->role.peers, "uptime", real(plan->role.uptime), "stake",
	                               real(plan->role.stake), "coreHour", real(plan->prices.core_hour), "millionGas",
	                               real(plan->prices.million_gas), "load", real(plan->choice[0].at.load),
	                               "incomeDay", real(t.income_day), "costDay", real(t.cost_day), "capital",
	                               real(t.capital), "models", models, "policyRate", real(plan->policy_rate),
	                               "shedAtNeeded", shed_json(plan, false), "shedAtPolicy", shed_json(plan, true)));
}
