#include "validator/daemon/readiness.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "validator/node/history.h"

enum { FORMAT_VERSION = 1 };

static const char *const path_names[] = {"reexecution", "dispute"};
static const char *const state_names[] = {"ready",     "missing",  "differs", "unsupported",
                                          "too_large", "too_slow", "closed"};

const char *gs_readiness_path_name(enum gs_readiness_path path)
{
	return path_names[path];
}

const char *gs_unready_name(enum gs_unready state)
{
	return state_names[state];
}

void gs_readiness_machine(char out[GS_MODEL_MACHINE_MAX])
{
	if (gethostname(out, GS_MODEL_MACHINE_MAX) != 0)
		snprintf(out, GS_MODEL_MACHINE_MAX, "unknown");
	out[GS_MODEL_MACHINE_MAX - 1] = '\0';
}

/* --- judging one --- */

static void not_ready(struct gs_readiness *m, enum gs_readiness_path path, enum gs_unready state, const char *fmt, ...)
	GS_PRINTF(4, 5);

static void not_ready(struct gs_readiness *m, enum gs_readiness_path path, enum gs_unready state, const char *fmt, ...)
{
	va_list args;

	if (m->state[path] != GS_READY)
		return; /* the first reason is the one */
	m->state[path] = state;
	va_start(args, fmt);
	vsnprintf(m->why[path], sizeof(m->why[path]), fmt, args);
	va_end(args);
}

static enum gs_unready of_lack(enum gs_model_lack lack)
{
	switch (lack) {
	case GS_MODEL_LACK_DIFFERS: return GS_UNREADY_DIFFERS;
	case GS_MODEL_LACK_UNSUPPORTED: return GS_UNREADY_UNSUPPORTED;
	case GS_MODEL_LACK_TOO_LARGE: return GS_UNREADY_TOO_LARGE;
	case GS_MODEL_LACK_NONE:
	case GS_MODEL_LACK_MISSING: return GS_UNREADY_MISSING;
	}
	return GS_UNREADY_MISSING;
}

static void judge_file(struct gs_readiness *m, enum gs_readiness_path path, bool fetches)
{
	const struct gs_model_entry *e = &m->entry;
	const char *then = fetches ? "it is fetched when a claim needs it" : "put it into the models folder";

	if (m->in_place || (e->present && e->lack != GS_MODEL_LACK_UNSUPPORTED))
		return;
	if (m->fetching)
		not_ready(m, path, GS_UNREADY_MISSING, "being fetched");
	else if (e->lack != GS_MODEL_LACK_NONE)
		not_ready(m, path, of_lack(e->lack), "%s", e->why);
	else if (!gs_hash_is_zero(&e->sha256))
		not_ready(m, path, GS_UNREADY_MISSING, "its file was evicted; %s", then);
	else
		not_ready(m, path, GS_UNREADY_MISSING, "its file is not here; %s", then);
}

static void judge_cost(struct gs_readiness *m, const struct gs_readiness_terms *terms)
{
	const struct gs_model_cost *cost = &m->entry.cost;
	const bool ours = strcmp(cost->machine, terms->machine) == 0;
	const double look_s = (double)(m->look_us ? m->look_us : ours ? cost->look_us : 0) * 1e-6;
	const double whole_s = look_s + (ours ? (double)(cost->commit_us + cost->reference_us) * 1e-6 : 0);

	if (terms->window_s <= 0)
		return;
	if (look_s > terms->window_s)
		not_ready(m, GS_PATH_REEXECUTION, GS_UNREADY_TOO_SLOW,
		          "an execution takes %.3f s here, the window is %.0f s", look_s, terms->window_s);
	if (whole_s > terms->window_s)
		not_ready(m, GS_PATH_DISPUTE, GS_UNREADY_TOO_SLOW,
		          "finding a claim wrong takes %.3f s here, the window is %.0f s", whole_s, terms->window_s);
}

void gs_readiness_judge(struct gs_readiness *m, const struct gs_readiness_terms *terms)
{
	memset(m->state, 0, sizeof(m->state));
	memset(m->why, 0, sizeof(m->why));
	for (int i = 0; i < GS_PATHS; i++) {
		const enum gs_readiness_path path = (enum gs_readiness_path)i;
		if (m->voided)
			not_ready(m, path, GS_UNREADY_CLOSED, "void: a malformed descriptor of it was proven");
		else if (m->retired && path == GS_PATH_REEXECUTION)
			not_ready(m, path, GS_UNREADY_CLOSED, "retired: it takes no more claims");
		judge_file(m, path, terms->fetches);
	}
	if (terms->trace_bytes_max && m->trace_bytes > terms->trace_bytes_max)
		not_ready(m, GS_PATH_DISPUTE, GS_UNREADY_TOO_LARGE,
		          "its trace has %llu bytes, and there is room for %llu (trace.memory_mib, trace.disk_mib)",
		          (unsigned long long)m->trace_bytes, (unsigned long long)terms->trace_bytes_max);
	judge_cost(m, terms);
}

/* --- all that are known --- */

struct collecting {
	struct gs_readiness *model; /* owned; sorted at the end */
	size_t count, room;
};

static struct gs_readiness *add(struct collecting *c, const struct gs_hash *id)
{
	if (c->count == c->room) {
		const size_t room = c->room ? c->room * 2 : 64;
		struct gs_readiness *more = realloc(c->model, room * sizeof(*more));
		if (!more)
			return NULL;
		c->model = more;
		c->room = room;
	}
	struct gs_readiness *m = &c->model[c->count++];
	*m = (struct gs_readiness){.id = *id};
	return m;
}

static int by_id(const void *a, const void *b)
{
	const struct gs_readiness *x = a, *y = b;

	return memcmp(x->id.b, y->id.b, 32);
}

static enum gs_err visit_model(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct collecting *c = context;
	struct gs_model_record record;
	struct gs_header header;
	enum gs_err err = gs_model_decode(key, value, &record);
	struct gs_readiness *m = err ? NULL : add(c, &record.id);

	if (err)
		return err;
	if (!m)
		return GS_ENOMEM;
	m->registered = true;
	m->voided = record.voided;
	m->retired = record.retired;
	if (gs_header_decode(record.header, &header, NULL) == GS_OK)
		m->steps = header.cost;
	return GS_OK;
}

static enum gs_err add_registered(struct collecting *c, const struct gs_store *db, struct gs_error *error)
{
	struct gs_journal j = {.store = db};
	enum gs_err err = db->begin(db->self, GS_STORE_READ, &j.txn, error);

	if (err)
		return err;
	err = db->scan(j.txn, GS_TABLE_MODELS, (struct gs_bytes){NULL, 0}, GS_STORE_ASCENDING, visit_model, c, error);
	for (size_t i = 0; !err && i < c->count; i++)
		err = gs_history_cost(&j, &c->model[i].id, &c->model[i].look_us);
	db->abort(j.txn);
	return err == GS_ENOMEM ? gs_fail(error, err, "readiness: no memory") : err;
}

static enum gs_err add_stored(struct collecting *c, struct gs_library *library, struct gs_error *error)
{
	struct gs_model_entry *entry = NULL;
	struct gs_hash *id = NULL;
	size_t entries = 0, ids = 0;
	enum gs_err err = gs_model_store_list(gs_library_store(library), &entry, &entries, error);

	for (size_t i = 0; !err && i < entries; i++) {
		struct gs_readiness *m = add(c, &entry[i].id);
		if (m) {
			m->stored = true;
			m->entry = entry[i];
			m->steps = entry[i].steps;
			m->trace_bytes = entry[i].trace_bytes;
		} else {
			err = gs_fail(error, GS_ENOMEM, "readiness: no memory");
		}
	}
	if (!err)
		err = gs_library_indexed(library, &id, &ids, error);
	for (size_t i = 0; !err && i < ids; i++)
		if (!add(c, &id[i]))
			err = gs_fail(error, GS_ENOMEM, "readiness: no memory");
	free(entry);
	free(id);
	return err;
}

static enum gs_err add_ids(struct collecting *c, const struct gs_hash *id, size_t count, bool in_place,
                           struct gs_error *error)
{
	for (size_t i = 0; i < count; i++) {
		struct gs_readiness *m = add(c, &id[i]);
		if (!m)
			return gs_fail(error, GS_ENOMEM, "readiness: no memory");
		m->in_place = in_place;
		m->fetching = !in_place;
	}
	return GS_OK;
}

/* What two sources say of one model. */
static void merge(struct gs_readiness *to, const struct gs_readiness *from)
{
	to->registered = to->registered || from->registered;
	to->voided = to->voided || from->voided;
	to->retired = to->retired || from->retired;
	to->in_place = to->in_place || from->in_place;
	to->fetching = to->fetching || from->fetching;
	to->steps = to->steps ? to->steps : from->steps;
	to->trace_bytes = to->trace_bytes ? to->trace_bytes : from->trace_bytes;
	to->look_us = to->look_us ? to->look_us : from->look_us;
	if (from->stored) {
		to->stored = true;
		to->entry = from->entry;
	}
}

enum gs_err gs_readiness_collect(const struct gs_readiness_world *world, const struct gs_readiness_terms *terms,
                                 struct gs_readiness **out, size_t *count, struct gs_error *error)
{
	struct collecting c = {.model = NULL};
	size_t kept = 0;
	enum gs_err err = world->db ? add_registered(&c, world->db, error) : GS_OK;

	*out = NULL;
	*count = 0;
	if (!err && world->models)
		err = add_stored(&c, world->models, error);
	if (!err)
		err = add_ids(&c, world->in_place, world->in_place_count, true, error);
	if (!err)
		err = add_ids(&c, world->fetching, world->fetching_count, false, error);
	if (err) {
		free(c.model);
		return err;
	}
	if (c.count)
		qsort(c.model, c.count, sizeof(*c.model), by_id);
	for (size_t i = 0; i < c.count; i++) {
		if (kept && by_id(&c.model[kept - 1], &c.model[i]) == 0)
			merge(&c.model[kept - 1], &c.model[i]);
		else
			c.model[kept++] = c.model[i];
	}
	for (size_t i = 0; i < kept; i++)
		gs_readiness_judge(&c.model[i], terms);
	*out = c.model;
	*count = kept;
	return GS_OK;
}

/* --- as JSON --- */

static json_t *path_json(const struct gs_readiness *m, enum gs_readiness_path path)
{
	if (m->state[path] == GS_READY)
		return json_pack("{s:b}", "ready", 1);
	return json_pack("{s:b,s:s,s:o*}", "ready", 0, "reason", gs_unready_name(m->state[path]), "why",
	                 json_string(m->why[path]));
}

static json_t *model_json(const struct gs_readiness *m, const struct gs_readiness_terms *terms)
{
	const struct gs_model_cost *cost = &m->entry.cost;
	const bool ours = strcmp(cost->machine, terms->machine) == 0;
	const uint64_t look_us = m->look_us ? m->look_us : ours ? cost->look_us : 0;
	char id[67];
	json_t *json;

	gs_hex_encode(m->id.b, 32, true, id);
	json = json_pack("{s:s,s:b}", "model", id, "registered", (int)m->registered);
	if (json && m->steps)
		json_object_set_new(json, "steps", json_integer((json_int_t)m->steps));
	if (json && look_us)
		json_object_set_new(json, "look_ms", json_real((double)look_us / 1e3));
	if (json && ours && cost->commit_us)
		json_object_set_new(json, "commit_ms", json_real((double)cost->commit_us / 1e3));
	for (int i = 0; json && i < GS_PATHS; i++)
		json_object_set_new(json, path_names[i], path_json(m, (enum gs_readiness_path)i));
	return json;
}

enum gs_err gs_readiness_json(const struct gs_readiness *model, size_t count, const struct gs_readiness_terms *terms,
                              struct gs_buf *out)
{
	json_t *list = json_array(), *root;
	char *text;

	for (size_t i = 0; list && i < count; i++)
		json_array_append_new(list, model_json(&model[i], terms));
	root = json_pack("{s:i,s:o*,s:f,s:o}", "version", FORMAT_VERSION, "machine", json_string(terms->machine),
	                 "window_s", terms->window_s, "models", list);
	text = root && json_array_size(list) == count ? json_dumps(root, JSON_INDENT(1)) : NULL;
	json_decref(root);
	if (!text)
		return GS_ENOMEM;
	gs_buf_append(out, text, strlen(text));
	free(text);
	return out->err;
}
