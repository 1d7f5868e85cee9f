#include "simulations/scenario.h"

#include <limits.h>
#include <string.h>

#include "chain/core/hash.h"
#include "chain/core/suggest.h"
#include "simulations/axis.h"
#include "simulations/value.h"

enum { STANDARD_RUNS = 1000, STANDARD_SEED = 1 };

/* ---- scenarios without files ---- */

void gs_sim_scenario_init(const struct gs_sim_engine *engine, struct gs_sim_scenario *out)
{
	GS_ASSERT(engine->parameters <= GS_SIM_PARAMETERS_MAX && engine->metrics <= GS_SIM_METRICS_MAX);
	*out = (struct gs_sim_scenario){.engine = engine, .runs = STANDARD_RUNS, .seed = STANDARD_SEED};
	snprintf(out->name, sizeof(out->name), "%s", engine->name);
	for (unsigned i = 0; i < engine->parameters; i++)
		out->value[i] = engine->parameter[i].standard;
}

unsigned gs_sim_points(const struct gs_sim_scenario *scenario)
{
	unsigned points = 1;
	for (unsigned a = 0; a < scenario->axes; a++)
		points *= scenario->axis[a].values;
	return points;
}

void gs_sim_point_values(const struct gs_sim_scenario *scenario, unsigned point, double value[GS_SIM_PARAMETERS_MAX])
{
	memcpy(value, scenario->value, sizeof(scenario->value));
	for (unsigned a = scenario->axes; a-- > 0;) {
		const struct gs_sim_axis *axis = &scenario->axis[a];
		value[axis->parameter] = axis->value[point % axis->values];
		point /= axis->values;
	}
	GS_ASSERT(point == 0);
}

unsigned gs_sim_parameter_find(const struct gs_sim_engine *engine, const char *name)
{
	for (unsigned i = 0; i < engine->parameters; i++)
		if (strcmp(engine->parameter[i].name, name) == 0)
			return i;
	return UINT_MAX;
}

enum gs_err gs_sim_scenario_check(const struct gs_sim_scenario *s, unsigned *at, struct gs_error *error)
{
	uint64_t points = 1;
	double value[GS_SIM_PARAMETERS_MAX];
	*at = UINT_MAX;
	for (unsigned a = 0; a < s->axes; a++)
		points *= s->axis[a].values;
	if (points > GS_SIM_POINTS_MAX)
		return gs_fail(error, GS_ELIMIT, "the sweeps make %llu points: at most %d; leave some values out",
		               (unsigned long long)points, GS_SIM_POINTS_MAX);
	if (s->runs == 0 || s->runs > GS_SIM_RUNS_MAX / points)
		return gs_fail(error, GS_ELIMIT, "%llu runs of each of %llu points: from 1 to %llu of all points",
		               (unsigned long long)s->runs, (unsigned long long)points,
		               (unsigned long long)GS_SIM_RUNS_MAX);
	if (s->seed > UINT64_MAX - points * s->runs)
		return gs_fail(error, GS_ELIMIT,
		               "seed %llu: the last run's seed would be past 2^64; take a smaller one",
		               (unsigned long long)s->seed);
	for (unsigned p = 0; p < points; p++) {
		gs_sim_point_values(s, p, value);
		enum gs_err err = s->engine->check(value, at, error);
		if (err != GS_OK)
			return err;
	}
	return GS_OK;
}

static void hash_text(struct gs_keccak *k, const char *text)
{
	gs_keccak_update(k, text, strlen(text) + 1);
}

static void hash_u64(struct gs_keccak *k, uint64_t v)
{
	uint8_t b[8];
	gs_be64_write(b, v);
	gs_keccak_update(k, b, sizeof(b));
}

static void hash_real(struct gs_keccak *k, double v)
{
	uint64_t bits;
	memcpy(&bits, &v, sizeof(bits));
	hash_u64(k, bits);
}

void gs_sim_scenario_hash(const struct gs_sim_scenario *s, struct gs_hash *out)
{
	struct gs_keccak k;
	gs_keccak_init(&k);
	hash_text(&k, s->engine->name);
	hash_u64(&k, s->engine->parameters);
	for (unsigned i = 0; i < s->engine->parameters; i++) {
		hash_text(&k, s->engine->parameter[i].name);
		hash_real(&k, s->value[i]);
	}
	hash_u64(&k, s->engine->metrics);
	for (unsigned i = 0; i < s->engine->metrics; i++)
		hash_text(&k, s->engine->metric[i].name);
	hash_u64(&k, s->axes);
	for (unsigned a = 0; a < s->axes; a++) {
		hash_u64(&k, s->axis[a].parameter);
		hash_u64(&k, s->axis[a].values);
		for (unsigned i = 0; i < s->axis[a].values; i++)
			hash_real(&k, s->axis[a].value[i]);
	}
	hash_u64(&k, s->runs);
	hash_u64(&k, s->seed);
	gs_keccak_final(&k, out);
}

/* ---- what is shown ---- */

static enum gs_err show(struct gs_sim_scenario *s, unsigned metric, struct gs_error *error)
{
	for (unsigned i = 0; i < s->shows; i++)
		if (s->shown[i] == metric)
			return GS_OK;
	if (s->shows == GS_SIM_SHOWN_MAX)
		return gs_fail(error, GS_ELIMIT, "more than %d metrics to show first: leave some out",
		               GS_SIM_SHOWN_MAX);
	s->shown[s->shows++] = metric;
	return GS_OK;
}

enum gs_err gs_sim_scenario_show(struct gs_sim_scenario *s, const char *name, struct gs_error *error)
{
	const struct gs_sim_engine *e = s->engine;
	const char *best = NULL;
	unsigned best_distance = GS_SUGGEST_DISTANCE_MAX + 1, found = 0;
	size_t len = strlen(name);
	for (unsigned i = 0; i < e->metrics; i++) {
		const char *metric = e->metric[i].name;
		bool group = strncmp(metric, name, len) == 0 && metric[len] == '.';
		if (group || strcmp(metric, name) == 0) {
			enum gs_err err = show(s, i, error);
			if (err != GS_OK)
				return err;
			found++;
		}
		unsigned distance = gs_suggest_distance(name, metric);
		if (distance < best_distance && distance < len) {
			best_distance = distance;
			best = metric;
		}
	}
	if (found > 0)
		return GS_OK;
	return gs_fail(error, GS_ENOTFOUND, "%.60s: the engine %s does not measure this; %s%s%s", name, e->name,
	               best != NULL ? "did you mean " : "'gainsay sim --parameters ", best != NULL ? best : e->name,
	               best != NULL ? "?" : "' tells what it measures");
}

/* ---- from the command line ---- */

/* "name=rest"; rest stays in text. */
static enum gs_err split(const struct gs_sim_engine *engine, const char *text, const char *option, unsigned *parameter,
                         const char **rest, struct gs_error *error)
{
	char name[2 * GS_SIM_NAME_MAX];
	size_t len = strcspn(text, "=");
	if (text[len] != '=' || len == 0 || len >= sizeof(name))
		return gs_fail(error, GS_EINVAL, "%s %.80s: write NAME=%s", option, text,
		               strcmp(option, "--set") == 0 ? "VALUE" : "VALUE,VALUE,...");
	memcpy(name, text, len);
	name[len] = '\0';
	*parameter = gs_sim_parameter_find(engine, name);
	*rest = text + len + 1;
	if (*parameter == UINT_MAX)
		return gs_fail(
			error, GS_EINVAL,
			"%s %.80s: the engine %s has no such parameter; 'gainsay sim --parameters %s' lists them",
			option, name, engine->name, engine->name);
	return GS_OK;
}

enum gs_err gs_sim_scenario_set(struct gs_sim_scenario *s, const char *text, struct gs_error *error)
{
	const char *rest = "";
	unsigned parameter = 0, a = 0;
	enum gs_err err = split(s->engine, text, "--set", &parameter, &rest, error);
	if (err == GS_OK) {
		const struct gs_sim_parameter *p = &s->engine->parameter[parameter];
		err = gs_sim_value_parse(p, rest, &s->value[parameter], error);
		if (err != GS_OK)
			return gs_fail_within(error, err, "--set %s", p->name);
	}
	if (err != GS_OK)
		return err;
	while (a < s->axes && s->axis[a].parameter != parameter)
		a++;
	if (a < s->axes) {
		memmove(&s->axis[a], &s->axis[a + 1], (s->axes - a - 1) * sizeof(s->axis[0]));
		s->axes--;
	}
	return GS_OK;
}

enum gs_err gs_sim_scenario_sweep(struct gs_sim_scenario *s, const char *text, struct gs_error *error)
{
	const char *rest = "";
	unsigned parameter = 0, a = 0;
	struct gs_sim_axis axis = {.values = 0};
	enum gs_err err = split(s->engine, text, "--sweep", &parameter, &rest, error);
	if (err != GS_OK)
		return err;
	axis.parameter = parameter;
	const struct gs_sim_parameter *p = &s->engine->parameter[parameter];
	for (bool more = true; more;) {
		char value[GS_SIM_VALUE_TEXT_MAX];
		size_t len = strcspn(rest, ",");
		more = rest[len] == ',';
		snprintf(value, sizeof(value), "%.*s", (int)(len < sizeof(value) ? len : sizeof(value) - 1), rest);
		err = gs_sim_axis_add(&axis, p, value, error);
		if (err != GS_OK)
			return gs_fail_within(error, err, "--sweep %s", p->name);
		rest += len + more;
	}
	while (a < s->axes && s->axis[a].parameter != parameter)
		a++;
	if (a == GS_SIM_AXES_MAX)
		return gs_fail(error, GS_ELIMIT, "--sweep %s: more than %d sweeps; fix one with --set NAME=VALUE",
		               p->name, GS_SIM_AXES_MAX);
	s->axis[a] = axis;
	s->axes += a == s->axes;
	return GS_OK;
}
