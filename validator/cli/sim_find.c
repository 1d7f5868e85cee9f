/* Which scenarios and engines there are: sim.h. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "chain/core/suggest.h"
#include "simulations/builtin.h"
#include "simulations/scenario.h"
#include "simulations/value.h"
#include "validator/cli/cli.h"
#include "validator/cli/model_json.h"
#include "validator/cli/sim.h"

static enum gs_err read_builtin(const struct gs_sim_builtin *b, struct gs_sim_scenario *out, struct gs_error *error)
{
	char file[GS_SIM_NAME_MAX + 8];
	snprintf(file, sizeof(file), "%.48s.yaml", b->name);
	return gs_sim_scenario_read(file, (struct gs_bytes){(const uint8_t *)b->text, strlen(b->text)},
	                            gs_sim_engine_at, out, error);
}

static bool is_path(const char *what)
{
	size_t len = strlen(what);
	return strchr(what, '/') != NULL || (len > 5 && strcmp(what + len - 5, ".yaml") == 0) ||
	       (len > 4 && strcmp(what + len - 4, ".yml") == 0);
}

enum gs_err gs_sim_find(const char *what, struct gs_sim_scenario *out, struct gs_error *error)
{
	const char *best = NULL;
	unsigned best_distance = GS_SUGGEST_DISTANCE_MAX + 1;
	if (is_path(what))
		return gs_sim_scenario_load(what, out, error);
	for (const struct gs_sim_builtin *b = gs_sim_builtins; b->name != NULL; b++) {
		unsigned distance = gs_suggest_distance(what, b->name);
		if (strcmp(what, b->name) == 0)
			return read_builtin(b, out, error);
		if (distance < best_distance && distance < strlen(what)) {
			best_distance = distance;
			best = b->name;
		}
	}
	return gs_fail(error, GS_ENOTFOUND, "%.80s: no scenario of this name; %s%s%s", what,
	               best != NULL ? "did you mean "
	                            : "'gainsay sim --list' tells them, a file is given as ./NAME.yaml",
	               best != NULL ? best : "", best != NULL ? "?" : "");
}

int gs_sim_list(bool json)
{
	struct gs_sim_scenario s;
	struct gs_error error = {0};
	json_t *list = json_array();
	for (const struct gs_sim_builtin *b = gs_sim_builtins; b->name != NULL; b++) {
		if (read_builtin(b, &s, &error) != GS_OK) {
			json_decref(list);
			return gs_cli_fail(&error);
		}
		if (json)
			json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:I, s:I, s:b}", "name", s.name,
			                                      "engine", s.engine->name, "question", s.question,
			                                      "points", (json_int_t)gs_sim_points(&s), "runs",
			                                      (json_int_t)s.runs, "may_violate", s.may_violate));
		else
			printf("%-28s %-8s %s\n", s.name, s.engine->name, s.question);
	}
	if (json)
		return gs_json_print(list);
	json_decref(list);
	printf("\n'gainsay sim NAME' runs one; its text is a good start for one's own: 'gainsay sim --text NAME'.\n");
	return GS_EXIT_OK;
}

/* ---- parameters ---- */

static void describe(const struct gs_sim_parameter *p, char standard[GS_SIM_VALUE_TEXT_MAX], char *range, size_t size)
{
	gs_sim_value_format(p, p->standard, standard);
	gs_sim_range_format(p, range, size);
}

static void print_parameters(const struct gs_sim_engine *e, bool markdown)
{
	char standard[GS_SIM_VALUE_TEXT_MAX], range[256];
	printf(markdown ? "### Engine `%s`\n\n%s.\n\n| parameter | standard | values | |\n| --- | --- | --- | --- |\n"
	                : "%s: %s\n\nParameters:\n",
	       e->name, e->about);
	for (unsigned i = 0; i < e->parameters; i++) {
		describe(&e->parameter[i], standard, range, sizeof(range));
		printf(markdown ? "| `%s` | %s | %s | %s |\n" : "  %-30s %s (%s)\n  %30s %s\n", e->parameter[i].name,
		       standard, range, markdown ? e->parameter[i].about : "", e->parameter[i].about);
	}
	printf(markdown ? "\n| measured | |\n| --- | --- |\n" : "\nMeasured:\n");
	for (unsigned i = 0; i < e->metrics; i++)
		printf(markdown ? "| `%s` | %s |\n" : "  %-30s %s\n", e->metric[i].name, e->metric[i].about);
	printf(markdown ? "\n" : "");
}

static json_t *parameters_json(const struct gs_sim_engine *e)
{
	char standard[GS_SIM_VALUE_TEXT_MAX], range[256];
	json_t *parameters = json_array(), *metrics = json_array();
	for (unsigned i = 0; i < e->parameters; i++) {
		describe(&e->parameter[i], standard, range, sizeof(range));
		json_array_append_new(parameters,
		                      json_pack("{s:s, s:s, s:s, s:s}", "name", e->parameter[i].name, "standard",
		                                standard, "values", range, "about", e->parameter[i].about));
	}
	for (unsigned i = 0; i < e->metrics; i++)
		json_array_append_new(metrics,
		                      json_pack("{s:s, s:s}", "name", e->metric[i].name, "about", e->metric[i].about));
	return json_pack("{s:s, s:s, s:o, s:o}", "engine", e->name, "about", e->about, "parameters", parameters,
	                 "metrics", metrics);
}

int gs_sim_list_parameters(const char *name, bool json, bool markdown)
{
	char all[256] = "";
	if (strcmp(name, "all") == 0 && markdown) {
		for (unsigned i = 0; gs_sim_engine_at(i) != NULL; i++)
			print_parameters(gs_sim_engine_at(i), true);
		return GS_EXIT_OK;
	}
	const struct gs_sim_engine *engine = gs_sim_engine_find(name);
	for (unsigned i = 0; gs_sim_engine_at(i) != NULL; i++) {
		size_t len = strlen(all);
		snprintf(all + len, sizeof(all) - len, "%s%s", i > 0 ? ", " : "", gs_sim_engine_at(i)->name);
	}
	if (engine == NULL)
		return gs_cli_misused("--parameters %.60s: no such engine; there is %s", name, all);
	if (json)
		return gs_json_print(parameters_json(engine));
	print_parameters(engine, markdown);
	return GS_EXIT_OK;
}
