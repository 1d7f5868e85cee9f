/* Results for other programs: sim.h. docs/scenarios.md says what the fields and columns are. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "simulations/scenario.h"
#include "simulations/value.h"
#include "validator/cli/cli.h"
#include "validator/cli/sim.h"

static const char *unit_name(enum gs_sim_unit unit)
{
	switch (unit) {
	case GS_SIM_UNIT_NUMBER: return "number";
	case GS_SIM_UNIT_SHARE: return "share";
	case GS_SIM_UNIT_MONEY: return "money";
	case GS_SIM_UNIT_SECONDS: return "seconds";
	}
	return "";
}

static double expected(const struct gs_sim_scenario *s, unsigned point, unsigned metric)
{
	double value[GS_SIM_PARAMETERS_MAX];
	gs_sim_point_values(s, point, value);
	return s->engine->expected != NULL ? s->engine->expected(value, metric) : NAN;
}

/* ---- JSON ---- */

static json_t *number(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

/* Numbers as numbers, flags and choices by their names. */
static json_t *parameter_value(const struct gs_sim_parameter *p, double value)
{
	char text[GS_SIM_VALUE_TEXT_MAX];
	bool named = p->kind == GS_SIM_KIND_CHOICE || (p->drawn && value == GS_SIM_DRAWN);
	if (p->kind == GS_SIM_KIND_FLAG && !named)
		return json_boolean(value != 0);
	gs_sim_value_format(p, value, text);
	return named ? json_string(text) : json_real(value);
}

static unsigned histogram_of(const struct gs_sim_engine *e, unsigned metric)
{
	unsigned h = 0;
	for (unsigned i = 0; i < metric; i++)
		h += e->metric[i].has_histogram;
	return h;
}

static json_t *metric_json(const struct gs_sim_sweep *sweep, unsigned point, unsigned metric)
{
	const struct gs_sim_metric *about = &sweep->scenario.engine->metric[metric];
	const struct gs_sim_result *result = &sweep->result[point];
	const struct gs_sim_moments *m = &result->metric[metric];
	struct gs_sim_estimate e = gs_sim_estimate(m, about->unit);
	json_t *out = json_object();
	json_object_set_new(out, "observations", json_integer((json_int_t)m->n));
	json_object_set_new(out, "mean", number(e.mean));
	json_object_set_new(out, "low", number(e.low));
	json_object_set_new(out, "high", number(e.high));
	json_object_set_new(out, "least", m->n > 0 ? number(m->least) : json_null());
	json_object_set_new(out, "most", m->n > 0 ? number(m->most) : json_null());
	json_object_set_new(out, "closed_form", number(expected(&sweep->scenario, point, metric)));
	if (!about->has_histogram)
		return out;
	json_t *bins = json_array();
	const uint64_t *bin = result->bin[histogram_of(sweep->scenario.engine, metric)];
	for (unsigned b = 0; b < GS_SIM_BINS; b++)
		json_array_append_new(bins, json_integer((json_int_t)bin[b]));
	json_object_set_new(out, "histogram",
	                    json_pack("{s:f, s:f, s:o}", "low", about->low, "high", about->high, "bins", bins));
	return out;
}

static void set_violations(json_t *out, const struct gs_sim_result *r)
{
	char digest[67], seed[24];
	gs_sim_digest_text(&r->digest, digest);
	json_object_set_new(out, "runs", json_integer((json_int_t)r->runs));
	json_object_set_new(out, "violations", json_integer((json_int_t)r->violations));
	snprintf(seed, sizeof(seed), "%" PRIu64, r->first_seed);
	if (r->violations > 0) /* a seed may be more than JSON's numbers hold */
		json_object_set_new(out, "first_violation", json_pack("{s:s, s:s}", "seed", seed, "what", r->first));
	json_object_set_new(out, "digest", json_string(digest));
}

static json_t *point_json(const struct gs_sim_sweep *sweep, unsigned point)
{
	const struct gs_sim_scenario *s = &sweep->scenario;
	double value[GS_SIM_PARAMETERS_MAX];
	json_t *out = json_object(), *values = json_object(), *metrics = json_object();
	gs_sim_point_values(s, point, value);
	for (unsigned a = 0; a < s->axes; a++) {
		const struct gs_sim_parameter *p = &s->engine->parameter[s->axis[a].parameter];
		json_object_set_new(values, p->name, parameter_value(p, value[s->axis[a].parameter]));
	}
	for (unsigned i = 0; i < s->engine->metrics; i++)
		json_object_set_new(metrics, s->engine->metric[i].name, metric_json(sweep, point, i));
	json_object_set_new(out, "values", values);
	set_violations(out, &sweep->result[point]);
	json_object_set_new(out, "metrics", metrics);
	return out;
}

int gs_sim_print_json(const struct gs_sim_sweep *sweep)
{
	const struct gs_sim_scenario *s = &sweep->scenario;
	struct gs_sim_result all;
	char seed[24];
	json_t *out = json_object(), *parameters = json_object(), *points = json_array(), *units = json_object();
	gs_sim_totals(sweep, &all);
	snprintf(seed, sizeof(seed), "%" PRIu64, s->seed);
	json_object_set_new(out, "scenario", json_string(s->name));
	json_object_set_new(out, "question", json_string(s->question));
	json_object_set_new(out, "engine", json_string(s->engine->name));
	json_object_set_new(out, "version", json_string(GS_VERSION_TEXT));
	json_object_set_new(out, "seed", json_string(seed));
	json_object_set_new(out, "runs_of_a_point", json_integer((json_int_t)s->runs));
	json_object_set_new(out, "may_violate", json_boolean(s->may_violate));
	set_violations(out, &all);
	for (unsigned i = 0; i < s->engine->parameters; i++)
		json_object_set_new(parameters, s->engine->parameter[i].name,
		                    parameter_value(&s->engine->parameter[i], s->value[i]));
	for (unsigned i = 0; i < s->engine->metrics; i++)
		json_object_set_new(units, s->engine->metric[i].name,
		                    json_string(unit_name(s->engine->metric[i].unit)));
	for (unsigned p = 0; p < sweep->points; p++)
		json_array_append_new(points, point_json(sweep, p));
	json_object_set_new(out, "parameters", parameters);
	json_object_set_new(out, "units", units);
	json_object_set_new(out, "points", points);
	int failed = json_dumpf(out, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
	json_decref(out);
	if (failed != 0 || printf("\n") < 0 || fflush(stdout) != 0)
		return gs_cli_fail(&(struct gs_error){.code = GS_EIO, .text = "stdout: cannot write the result"});
	return GS_EXIT_OK;
}

/* ---- CSV ---- */

static void print_real(double v)
{
	if (isfinite(v))
		printf(",%.17g", v);
	else
		putchar(',');
}

void gs_sim_print_csv(const struct gs_sim_sweep *sweep)
{
	const struct gs_sim_scenario *s = &sweep->scenario;
	double value[GS_SIM_PARAMETERS_MAX];
	printf("point");
	for (unsigned a = 0; a < s->axes; a++)
		printf(",%s", s->engine->parameter[s->axis[a].parameter].name);
	printf(",runs,violations,metric,unit,observations,mean,low,high,least,most,closed_form\n");
	for (unsigned p = 0; p < sweep->points; p++) {
		const struct gs_sim_result *r = &sweep->result[p];
		gs_sim_point_values(s, p, value);
		for (unsigned i = 0; i < s->engine->metrics; i++) {
			const struct gs_sim_moments *m = &r->metric[i];
			struct gs_sim_estimate e = gs_sim_estimate(m, s->engine->metric[i].unit);
			printf("%u", p);
			for (unsigned a = 0; a < s->axes; a++)
				print_real(value[s->axis[a].parameter]);
			printf(",%" PRIu64 ",%" PRIu64 ",%s,%s,%" PRIu64, r->runs, r->violations,
			       s->engine->metric[i].name, unit_name(s->engine->metric[i].unit), m->n);
			print_real(e.mean);
			print_real(e.low);
			print_real(e.high);
			print_real(m->n > 0 ? m->least : NAN);
			print_real(m->n > 0 ? m->most : NAN);
			print_real(expected(s, p, i));
			putchar('\n');
		}
	}
}
