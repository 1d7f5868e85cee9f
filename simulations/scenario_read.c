/* Scenarios from files: scenario.h. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "chain/core/suggest.h"
#include "simulations/axis.h"
#include "simulations/document.h"
#include "simulations/scenario.h"
#include "simulations/value.h"

enum own_key {
	OWN_QUESTION,
	OWN_ABOUT,
	OWN_ENGINE,
	OWN_RUNS,
	OWN_SEED,
	OWN_SWEEP,
	OWN_MAY_VIOLATE,
	OWN_SHOW,
	OWN_KEYS
};
static const char *const own_keys[OWN_KEYS] = {"question", "about", "engine",      "runs",
                                               "seed",     "sweep", "may violate", "show"};

struct reading {
	const struct gs_sim_document *document;
	struct gs_sim_scenario *scenario;
	const struct gs_sim_node *own[OWN_KEYS]; /* NULL: absent */
	struct gs_sim_place set[GS_SIM_PARAMETERS_MAX], swept[GS_SIM_PARAMETERS_MAX];
	struct gs_error *error;
};

#define FAIL(r, place, code, ...) gs_sim_document_fail((r)->document, place, (r)->error, code, __VA_ARGS__)

/* Puts place and key before what somebody else has said. */
static enum gs_err fail_at(const struct reading *r, struct gs_sim_place at, const char *key, enum gs_err err,
                           const struct gs_error *why)
{
	return FAIL(r, at, err, "%.80s%s%s", key, key[0] != '\0' ? ": " : "", why->text);
}

static enum own_key own_key(const char *name)
{
	unsigned i = 0;
	while (i < OWN_KEYS && strcmp(own_keys[i], name) != 0)
		i++;
	return (enum own_key)i;
}

static enum gs_err needs_text(const struct reading *r, const struct gs_sim_node *node, const char *what)
{
	if (node->kind != GS_SIM_NODE_TEXT)
		return FAIL(r, node->at, GS_EPARSE, "%.80s: a %s is given; write %s", node->key,
		            node->kind == GS_SIM_NODE_LIST ? "list" : "map", what);
	if (node->text[0] == '\0')
		return FAIL(r, node->at, GS_EPARSE, "%.80s: has no value; write %s", node->key, what);
	return GS_OK;
}

static enum gs_err take_prose(const struct reading *r, enum own_key key, char *out, size_t size)
{
	const struct gs_sim_node *node = r->own[key];
	GS_ASSERT(node != NULL);
	enum gs_err err = needs_text(r, node, "text");
	if (err != GS_OK)
		return err;
	size_t len = strlen(node->text);
	while (len > 0 && (node->text[len - 1] == '\n' || node->text[len - 1] == ' '))
		len--;
	if (len == 0)
		return FAIL(r, node->at, GS_EPARSE, "%s: has no value; write text", node->key);
	if (len >= size)
		return FAIL(r, node->at, GS_ELIMIT, "%s: longer than %zu bytes: shorten it", node->key, size - 1);
	if (key == OWN_QUESTION && memchr(node->text, '\n', len) != NULL)
		return FAIL(r, node->at, GS_EPARSE, "%s: has several lines: write one", node->key);
	memcpy(out, node->text, len);
	out[len] = '\0';
	return GS_OK;
}

static enum gs_err take_number(const struct reading *r, enum own_key key, double least, uint64_t *out)
{
	const struct gs_sim_parameter number = {.kind = GS_SIM_KIND_COUNT, .least = least, .most = 9007199254740991.0};
	const struct gs_sim_node *node = r->own[key];
	struct gs_error why = {0};
	double value;
	if (node == NULL)
		return GS_OK;
	enum gs_err err = needs_text(r, node, "a whole number");
	if (err != GS_OK)
		return err;
	err = gs_sim_value_parse(&number, node->text, &value, &why);
	if (err != GS_OK)
		return fail_at(r, node->at, node->key, err, &why);
	*out = (uint64_t)value;
	return GS_OK;
}

static enum gs_err find_own_keys(struct reading *r)
{
	for (const struct gs_sim_node *n = r->document->node[0].child; n != NULL; n = n->next) {
		enum own_key key = own_key(n->key);
		if (key == OWN_KEYS)
			continue;
		if (r->own[key] != NULL)
			return FAIL(r, n->key_at, GS_EPARSE, "%s: given twice (first in line %u): take one out", n->key,
			            r->own[key]->key_at.line);
		r->own[key] = n;
	}
	for (enum own_key needed = OWN_QUESTION; needed <= OWN_ENGINE; needed += OWN_ENGINE - OWN_QUESTION)
		if (r->own[needed] == NULL)
			return FAIL(r, r->document->node[0].at, GS_EPARSE, "no %s: add a line '%s: ...'",
			            own_keys[needed], own_keys[needed]);
	return GS_OK;
}

static enum gs_err take_engine(const struct reading *r, gs_sim_engine_list *engines)
{
	char all[256] = "";
	const struct gs_sim_node *node = r->own[OWN_ENGINE];
	GS_ASSERT(node != NULL);
	enum gs_err err = needs_text(r, node, "an engine's name");
	if (err != GS_OK)
		return err;
	for (unsigned i = 0; engines(i) != NULL; i++) {
		const char *name = engines(i)->name;
		if (strcmp(name, node->text) == 0) {
			gs_sim_scenario_init(engines(i), r->scenario);
			return GS_OK;
		}
		size_t len = strlen(all);
		snprintf(all + len, sizeof(all) - len, "%s%s", i > 0 ? ", " : "", name);
	}
	return FAIL(r, node->at, GS_EINVAL, "engine: %.60s: there is none of this name; say one of %s", node->text,
	            all);
}

static bool is_group(const struct gs_sim_engine *engine, const char *name)
{
	size_t len = strlen(name);
	for (unsigned i = 0; i < engine->parameters; i++)
		if (strncmp(engine->parameter[i].name, name, len) == 0 && engine->parameter[i].name[len] == '.')
			return true;
	return false;
}

static void consider(const char *typed, const char *name, const char **best, unsigned *best_distance)
{
	unsigned distance = gs_suggest_distance(typed, name);
	if (distance < *best_distance && distance < strlen(typed)) {
		*best_distance = distance;
		*best = name;
	}
}

static enum gs_err unknown_key(const struct reading *r, const struct gs_sim_node *node, const char *name, bool own_too)
{
	const struct gs_sim_engine *e = r->scenario->engine;
	const char *best = NULL;
	unsigned best_distance = GS_SUGGEST_DISTANCE_MAX + 1;
	for (unsigned i = 0; i < e->parameters; i++)
		consider(name, e->parameter[i].name, &best, &best_distance);
	for (unsigned i = 0; own_too && i < OWN_KEYS; i++)
		consider(name, own_keys[i], &best, &best_distance);
	if (best != NULL)
		return FAIL(r, node->key_at, GS_EINVAL, "%.80s: the engine %s has no such parameter; did you mean %s?",
		            name, e->name, best);
	return FAIL(r, node->key_at, GS_EINVAL,
	            "%.80s: the engine %s has no such parameter; 'gainsay sim --parameters %s' lists them", name,
	            e->name, e->name);
}

static enum gs_err take_parameter(struct reading *r, const struct gs_sim_node *node, unsigned parameter)
{
	const struct gs_sim_parameter *p = &r->scenario->engine->parameter[parameter];
	struct gs_error why = {0};
	if (r->set[parameter].line != 0)
		return FAIL(r, node->key_at, GS_EPARSE, "%s: given twice (first in line %u): take one out", p->name,
		            r->set[parameter].line);
	r->set[parameter] = node->at;
	enum gs_err err = needs_text(r, node, "one value; several go under 'sweep'");
	if (err != GS_OK)
		return err;
	err = gs_sim_value_parse(p, node->text, &r->scenario->value[parameter], &why);
	return err != GS_OK ? fail_at(r, node->at, p->name, err, &why) : GS_OK;
}

/* A map's parameters; group: the names of the maps around it, joined, NULL at the top. */
static enum gs_err take_parameters(struct reading *r, const struct gs_sim_node *map, const char *group)
{
	const struct gs_sim_engine *engine = r->scenario->engine;
	for (const struct gs_sim_node *n = map->child; n != NULL; n = n->next) {
		char name[2 * GS_SIM_NAME_MAX];
		if (group == NULL && own_key(n->key) != OWN_KEYS)
			continue;
		int len = snprintf(name, sizeof(name), "%s%s%s", group != NULL ? group : "", group != NULL ? "." : "",
		                   n->key);
		if (n->key[0] == '\0' || len < 0 || (size_t)len >= sizeof(name))
			return FAIL(r, n->key_at, GS_EPARSE, "%.60s%s: no parameter has such a name", n->key,
			            n->key[0] != '\0' ? "..." : "an empty key");
		unsigned parameter = gs_sim_parameter_find(engine, name);
		enum gs_err err = GS_OK;
		if (n->kind == GS_SIM_NODE_MAP && is_group(engine, name))
			err = take_parameters(r, n, name);
		else if (parameter != UINT_MAX)
			err = take_parameter(r, n, parameter);
		else if (is_group(engine, name))
			err = FAIL(r, n->at, GS_EPARSE, "%s: a group of parameters: write a map, such as '%s: {...}'",
			           name, n->key);
		else
			err = unknown_key(r, n, name, group == NULL);
		if (err != GS_OK)
			return err;
	}
	return GS_OK;
}

static enum gs_err take_list(const struct reading *r, const struct gs_sim_node *list, struct gs_sim_axis *axis)
{
	const struct gs_sim_parameter *p = &r->scenario->engine->parameter[axis->parameter];
	for (const struct gs_sim_node *n = list->child; n != NULL; n = n->next) {
		struct gs_error why = {0};
		if (n->kind != GS_SIM_NODE_TEXT)
			return FAIL(r, n->at, GS_EPARSE, "%s: one value is expected here", p->name);
		enum gs_err err = gs_sim_axis_add(axis, p, n->text, &why);
		if (err != GS_OK)
			return fail_at(r, n->at, p->name, err, &why);
	}
	return axis->values > 0 ? GS_OK : FAIL(r, list->at, GS_EPARSE, "%s: an empty list: give values", p->name);
}

static enum gs_err take_range(const struct reading *r, const struct gs_sim_node *map, struct gs_sim_axis *axis)
{
	static const char *const keys[] = {"from", "to", "steps", "scale"};
	const struct gs_sim_parameter *p = &r->scenario->engine->parameter[axis->parameter];
	const struct gs_sim_parameter steps_of = {
		.kind = GS_SIM_KIND_COUNT, .least = 2, .most = GS_SIM_AXIS_VALUES_MAX};
	const struct gs_sim_node *given[GS_ARRAY_LEN(keys)] = {NULL};
	struct gs_sim_range range = {.logarithmic = false};
	struct gs_error why = {0};
	enum gs_err err = GS_OK;
	for (const struct gs_sim_node *n = map->child; n != NULL; n = n->next) {
		unsigned k = 0;
		while (k < GS_ARRAY_LEN(keys) && strcmp(keys[k], n->key) != 0)
			k++;
		if (k == GS_ARRAY_LEN(keys))
			return FAIL(r, n->key_at, GS_EPARSE, "%.60s: a range has from, to, steps and scale", n->key);
		if (given[k] != NULL)
			return FAIL(r, n->key_at, GS_EPARSE, "%s: given twice (first in line %u): take one out", n->key,
			            given[k]->key_at.line);
		if ((err = needs_text(r, n, "one value")) != GS_OK)
			return err;
		given[k] = n;
	}
	for (unsigned k = 0; k < 3; k++)
		if (given[k] == NULL)
			return FAIL(r, map->at, GS_EPARSE, "%s: no %s: write {from: ..., to: ..., steps: ...}", p->name,
			            keys[k]);
	for (unsigned k = 0; k < 3; k++) {
		double *to = k == 0 ? &range.from : k == 1 ? &range.to : &range.steps;
		err = gs_sim_value_parse(k < 2 ? p : &steps_of, given[k]->text, to, &why);
		if (err != GS_OK)
			return fail_at(r, given[k]->at, keys[k], err, &why);
	}
	if (given[3] != NULL && strcmp(given[3]->text, "log") == 0)
		range.logarithmic = true;
	else if (given[3] != NULL && strcmp(given[3]->text, "linear") != 0)
		return FAIL(r, given[3]->at, GS_EINVAL, "scale: %.60s: say linear or log", given[3]->text);
	err = gs_sim_axis_range(axis, p, &range, &why);
	return err != GS_OK ? fail_at(r, map->at, p->name, err, &why) : GS_OK;
}

static enum gs_err take_axis(struct reading *r, const struct gs_sim_node *node)
{
	struct gs_sim_scenario *s = r->scenario;
	unsigned parameter = gs_sim_parameter_find(s->engine, node->key);
	if (parameter == UINT_MAX)
		return unknown_key(r, node, node->key, false);
	if (r->swept[parameter].line != 0)
		return FAIL(r, node->key_at, GS_EPARSE, "%s: swept twice (first in line %u): take one out", node->key,
		            r->swept[parameter].line);
	if (s->axes == GS_SIM_AXES_MAX)
		return FAIL(r, node->key_at, GS_ELIMIT, "%s: more than %d sweeps: give it one value", node->key,
		            GS_SIM_AXES_MAX);
	r->swept[parameter] = node->key_at;
	struct gs_sim_axis *axis = &s->axis[s->axes];
	*axis = (struct gs_sim_axis){.parameter = parameter};
	enum gs_err err = GS_OK;
	if (node->kind == GS_SIM_NODE_TEXT)
		err = FAIL(r, node->at, GS_EPARSE, "%s: write a list, or {from: ..., to: ..., steps: ...}", node->key);
	else
		err = node->kind == GS_SIM_NODE_LIST ? take_list(r, node, axis) : take_range(r, node, axis);
	s->axes++;
	return err;
}

static enum gs_err take_sweep(struct reading *r)
{
	const struct gs_sim_node *sweep = r->own[OWN_SWEEP];
	if (sweep == NULL)
		return GS_OK;
	if (sweep->kind != GS_SIM_NODE_MAP)
		return FAIL(r, sweep->at, GS_EPARSE, "sweep: write a map of parameters, such as '%s: [...]'",
		            r->scenario->engine->parameter[0].name);
	for (const struct gs_sim_node *n = sweep->child; n != NULL; n = n->next) {
		enum gs_err err = take_axis(r, n);
		if (err != GS_OK)
			return err;
	}
	return GS_OK;
}

static enum gs_err take_may_violate(const struct reading *r)
{
	const struct gs_sim_parameter flag = {.kind = GS_SIM_KIND_FLAG, .most = 1};
	const struct gs_sim_node *node = r->own[OWN_MAY_VIOLATE];
	struct gs_error why = {0};
	double value;
	if (node == NULL)
		return GS_OK;
	enum gs_err err = needs_text(r, node, "yes or no");
	if (err != GS_OK)
		return err;
	if ((err = gs_sim_value_parse(&flag, node->text, &value, &why)) != GS_OK)
		return fail_at(r, node->at, node->key, err, &why);
	r->scenario->may_violate = value != 0;
	return GS_OK;
}

static enum gs_err take_show(const struct reading *r)
{
	const struct gs_sim_node *node = r->own[OWN_SHOW];
	if (node == NULL)
		return GS_OK;
	if (node->kind == GS_SIM_NODE_MAP)
		return FAIL(r, node->at, GS_EPARSE, "show: write a list of metrics");
	const struct gs_sim_node *n = node->kind == GS_SIM_NODE_LIST ? node->child : node;
	for (; n != NULL; n = n == node ? NULL : n->next) {
		struct gs_error why = {0};
		if (n->kind != GS_SIM_NODE_TEXT || n->text[0] == '\0')
			return FAIL(r, n->at, GS_EPARSE, "show: a metric's name is expected here");
		enum gs_err err = gs_sim_scenario_show(r->scenario, n->text, &why);
		if (err != GS_OK)
			return fail_at(r, n->at, "show", err, &why);
	}
	return GS_OK;
}

static enum gs_err check(const struct reading *r)
{
	struct gs_error why = {0};
	unsigned at = UINT_MAX;
	enum gs_err err = gs_sim_scenario_check(r->scenario, &at, &why);
	if (err == GS_OK)
		return GS_OK;
	if (at < r->scenario->engine->parameters) {
		const char *name = r->scenario->engine->parameter[at].name;
		struct gs_sim_place place = r->swept[at].line != 0 ? r->swept[at]
		                            : r->set[at].line != 0 ? r->set[at]
		                                                   : r->own[OWN_ENGINE]->at;
		return fail_at(r, place, name, err, &why);
	}
	const struct gs_sim_node *node = strncmp(why.text, "seed", 4) == 0 ? r->own[OWN_SEED]
	                                 : r->own[OWN_RUNS] != NULL && strstr(why.text, " runs of ") != NULL
	                                         ? r->own[OWN_RUNS]
	                                         : r->own[OWN_SWEEP];
	return fail_at(r, node != NULL ? node->at : r->own[OWN_ENGINE]->at, "", err, &why);
}

static enum gs_err interpret(struct reading *r, gs_sim_engine_list *engines)
{
	struct gs_sim_scenario *s = r->scenario;
	enum gs_err err = find_own_keys(r);
	if (err == GS_OK)
		err = take_engine(r, engines);
	if (err == GS_OK)
		err = take_prose(r, OWN_QUESTION, s->question, sizeof(s->question));
	if (err == GS_OK && r->own[OWN_ABOUT] != NULL)
		err = take_prose(r, OWN_ABOUT, s->about, sizeof(s->about));
	if (err == GS_OK)
		err = take_number(r, OWN_RUNS, 1, &s->runs);
	if (err == GS_OK)
		err = take_number(r, OWN_SEED, 0, &s->seed);
	if (err == GS_OK)
		err = take_parameters(r, &r->document->node[0], NULL);
	if (err == GS_OK)
		err = take_sweep(r);
	if (err == GS_OK)
		err = take_may_violate(r);
	if (err == GS_OK)
		err = take_show(r);
	return err == GS_OK ? check(r) : err;
}

/* "a/b/late-movers.yaml" is late-movers. */
static void name_of_file(const char *file, char out[GS_SIM_NAME_MAX])
{
	const char *slash = strrchr(file, '/');
	const char *name = slash != NULL ? slash + 1 : file;
	size_t len = strcspn(name, ".");
	if (len == 0 || len >= GS_SIM_NAME_MAX)
		len = strnlen(name, GS_SIM_NAME_MAX - 1);
	for (size_t i = 0; i < len; i++)
		out[i] = (unsigned char)name[i] <= ' ' || name[i] == 0x7f ? '-' : name[i];
	out[len] = '\0';
}

enum gs_err gs_sim_scenario_read(const char *file, struct gs_bytes text, gs_sim_engine_list *engines,
                                 struct gs_sim_scenario *out, struct gs_error *error)
{
	struct gs_sim_document document;
	struct reading r = {.document = &document, .scenario = out, .error = error};
	enum gs_err err = gs_sim_document_read(file, text, &document, error);
	if (err == GS_OK)
		err = interpret(&r, engines);
	name_of_file(file, out->name);
	gs_sim_document_free(&document);
	return err;
}

enum gs_err gs_sim_scenario_load(const char *path, struct gs_sim_scenario *out, struct gs_error *error)
{
	FILE *file = fopen(path, "rbe");
	if (file == NULL)
		return gs_fail(error, GS_EIO, "%s: cannot be read: %s", path, strerror(errno));
	uint8_t *text = malloc(GS_SIM_FILE_MAX + 1);
	size_t len = text != NULL ? fread(text, 1, GS_SIM_FILE_MAX + 1, file) : 0;
	bool failed = ferror(file) != 0;
	fclose(file);
	enum gs_err err = text == NULL ? gs_fail(error, GS_ENOMEM, "%s: no memory", path)
	                  : failed     ? gs_fail(error, GS_EIO, "%s: cannot be read", path)
	                               : gs_sim_scenario_read(path, (struct gs_bytes){text, len}, gs_sim_engine_at, out,
	                                                      error);
	free(text);
	return err;
}
