#include "simulations/shrink.h"

#include <math.h>
#include <string.h>

#include "simulations/apart.h"
#include "simulations/value.h"

/* How much a value is, as far as shrinking goes: the less the better. */
static double size_of(const struct gs_sim_parameter *p, double v)
{
	bool drawn = p->drawn && v == GS_SIM_DRAWN;
	switch (p->kind) {
	case GS_SIM_KIND_CHOICE: /* one that says which is less than one that leaves it to the seed, "none" least */
		return strcmp(p->choices[(unsigned)v], "drawn") == 0  ? INFINITY
		       : strcmp(p->choices[(unsigned)v], "none") == 0 ? -1
		                                                      : v;
	case GS_SIM_KIND_FLAG:
	case GS_SIM_KIND_COUNT: return drawn ? INFINITY : v;
	case GS_SIM_KIND_REAL:
	case GS_SIM_KIND_SHARE:
	case GS_SIM_KIND_MONEY:
	case GS_SIM_KIND_SECONDS: break;
	}
	/* Nothing at all; what is standard, and need not be said; anything else. */
	return v == 0 ? 0 : v == p->standard ? 1 : 2;
}

enum { CANDIDATES_MAX = 40 };

/* Smaller values, the smallest first. */
static unsigned candidates(const struct gs_sim_parameter *p, double v, double out[CANDIDATES_MAX])
{
	double all[CANDIDATES_MAX];
	unsigned n = 0, kept = 0;
	if (p->kind == GS_SIM_KIND_CHOICE) {
		for (unsigned pass = 0; pass < 2; pass++) /* "none" first */
			for (unsigned i = 0; p->choices[i] != NULL && n < CANDIDATES_MAX; i++)
				if ((strcmp(p->choices[i], "none") == 0) == (pass == 0))
					all[n++] = i;
	} else {
		all[n++] = p->least;
		all[n++] = p->standard;
		if (p->kind == GS_SIM_KIND_COUNT && v != GS_SIM_DRAWN) /* then nearer and nearer to what it is */
			for (double less = floor((v - p->least) / 2); less >= 1 && n < CANDIDATES_MAX;
			     less = floor(less / 2))
				all[n++] = v - less;
	}
	for (unsigned i = 0; i < n; i++)
		if (size_of(p, all[i]) < size_of(p, v))
			out[kept++] = all[i];
	return kept;
}

/* *same: whether the run violates what it must (anything, if that is not known yet). */
static enum gs_err violates(struct gs_sim_shrink *s, const double *value, uint64_t seed, bool *same,
                            struct gs_error *error)
{
	struct gs_sim_result result = {.runs = 0};
	s->runs++;
	enum gs_err err = gs_sim_run_apart(s->engine, value, seed, &result, error);
	if (err != GS_OK)
		return gs_fail_within(error, err, "seed %llu", (unsigned long long)seed);
	*same = result.violations > 0 && (s->what[0] == '\0' || strcmp(result.first, s->what) == 0);
	if (*same)
		memcpy(s->what, result.first, sizeof(s->what));
	return GS_OK;
}

static void tell(const struct gs_sim_shrink *s, unsigned parameter, double from)
{
	const struct gs_sim_parameter *p = &s->engine->parameter[parameter];
	char before[GS_SIM_VALUE_TEXT_MAX], after[GS_SIM_VALUE_TEXT_MAX], line[256];
	if (s->tell == NULL)
		return;
	gs_sim_value_format(p, from, before);
	gs_sim_value_format(p, s->value[parameter], after);
	snprintf(line, sizeof(line), "%s: %s -> %s (seed %llu)", p->name, before, after, (unsigned long long)s->seed);
	s->tell(s->self, line);
}

/* Another value of a parameter, if it still shows the same with one of some seeds. */
static enum gs_err try_value(struct gs_sim_shrink *s, unsigned parameter, double to, bool *taken,
                             struct gs_error *error)
{
	double value[GS_SIM_PARAMETERS_MAX], from = s->value[parameter];
	unsigned at;
	*taken = false;
	memcpy(value, s->value, sizeof(value));
	value[parameter] = to;
	if (s->engine->check(value, &at, NULL) != GS_OK)
		return GS_OK;
	for (unsigned i = 0; i < s->seeds && s->runs < s->runs_max && s->seed <= UINT64_MAX - s->seeds; i++) {
		enum gs_err err = violates(s, value, s->seed + i, taken, error);
		if (err != GS_OK)
			return err;
		if (!*taken)
			continue;
		s->value[parameter] = to;
		s->seed += i;
		tell(s, parameter, from);
		return GS_OK;
	}
	return GS_OK;
}

static enum gs_err try_parameter(struct gs_sim_shrink *s, unsigned parameter, bool *taken, struct gs_error *error)
{
	double to[CANDIDATES_MAX];
	unsigned n = candidates(&s->engine->parameter[parameter], s->value[parameter], to);
	enum gs_err err = GS_OK;
	*taken = false;
	for (unsigned i = 0; i < n && err == GS_OK && !*taken; i++)
		err = try_value(s, parameter, to[i], taken, error);
	return err;
}

enum gs_err gs_sim_shrink(struct gs_sim_shrink *s, struct gs_error *error)
{
	static const enum gs_sim_kind order[] = {GS_SIM_KIND_CHOICE, GS_SIM_KIND_FLAG,    GS_SIM_KIND_COUNT,
	                                         GS_SIM_KIND_SHARE,  GS_SIM_KIND_SECONDS, GS_SIM_KIND_MONEY,
	                                         GS_SIM_KIND_REAL};
	bool any = false;
	s->what[0] = '\0';
	s->runs = 0;
	enum gs_err err = violates(s, s->value, s->seed, &any, error);
	if (err != GS_OK)
		return err;
	if (!any)
		return gs_fail(error, GS_ENOTFOUND, "seed %llu violates nothing: there is nothing to shrink",
		               (unsigned long long)s->seed);
	while (any && s->runs < s->runs_max) {
		any = false;
		for (size_t k = 0; k < GS_ARRAY_LEN(order); k++)
			for (unsigned p = 0; p < s->engine->parameters; p++) {
				bool taken = false;
				if (s->engine->parameter[p].kind == order[k])
					err = try_parameter(s, p, &taken, error);
				if (err != GS_OK)
					return err;
				any = any || taken;
			}
	}
	return GS_OK;
}
