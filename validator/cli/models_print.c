#include "validator/cli/models_print.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "storage/store.h"
#include "validator/daemon/deployment.h"

enum { SHORT_ID = 12, TIME_TEXT = 24 };
#define NS_PER_S UINT64_C(1000000000)

static void time_text(uint64_t unix_s, char out[TIME_TEXT])
{
	const time_t t = (time_t)unix_s;
	struct tm parts;

	snprintf(out, TIME_TEXT, "-");
	if (unix_s && gmtime_r(&t, &parts))
		strftime(out, TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

static const char *state_of(const struct gs_model_entry *e)
{
	if (e->present)
		return e->pinned ? "pinned" : "here";
	return e->pinned ? "wanted" : e->lack ? gs_model_lack_name(e->lack) : "absent";
}

static json_t *entry_json(const struct gs_model_entry *e)
{
	char id[67], sha256[65], added[TIME_TEXT], used[TIME_TEXT], measured[TIME_TEXT];
	json_t *json;

	gs_hex_encode(e->id.b, 32, true, id);
	gs_hex_encode(e->sha256.b, 32, false, sha256);
	time_text(e->added_s, added);
	time_text(e->used_ns / NS_PER_S, used);
	time_text(e->cost.measured_s, measured);
	json = json_pack("{s:s,s:b,s:b}", "model", id, "present", (int)e->present, "pinned", (int)e->pinned);
	if (json && !gs_hash_is_zero(&e->sha256)) {
		json_t *file = json_pack("{s:s,s:I,s:s,s:o*,s:s,s:I,s:I}", "sha256", sha256, "bytes",
		                         (json_int_t)e->bytes, "form", e->form == GS_MODEL_ONNX ? "onnx" : "program",
		                         "source", json_string(e->source), "added", added, "steps",
		                         (json_int_t)e->steps, "trace_bytes", (json_int_t)e->trace_bytes);
		json_object_update_missing(json, file);
		json_decref(file);
	}
	if (json && e->present)
		json_object_set_new(json, "used", json_string(used));
	if (json && e->lack) {
		json_object_set_new(json, "lack", json_string(gs_model_lack_name(e->lack)));
		json_object_set_new(json, "why", json_string(e->why));
	}
	if (json && e->cost.look_us)
		json_object_set_new(json, "cost",
		                    json_pack("{s:f,s:f,s:f,s:I,s:s,s:o*}", "look_ms", (double)e->cost.look_us / 1e3,
		                              "commit_ms", (double)e->cost.commit_us / 1e3, "reference_ms",
		                              (double)e->cost.reference_us / 1e3, "runs", (json_int_t)e->cost.runs,
		                              "measured", measured, "machine", json_string(e->cost.machine)));
	return json;
}

static void print_entry(const struct gs_model_entry *e)
{
	char id[67], used[TIME_TEXT], look[24] = "-";

	gs_hex_encode(e->id.b, 32, true, id);
	time_text(e->used_ns / NS_PER_S, used);
	if (e->cost.look_us)
		snprintf(look, sizeof(look), "%.3f", (double)e->cost.look_us / 1e3);
	printf("%.*s  %-11s %13llu  %-7s  %10s  %-20s  %s\n", SHORT_ID, id, state_of(e), (unsigned long long)e->bytes,
	       gs_hash_is_zero(&e->sha256) ? "-"
	       : e->form == GS_MODEL_ONNX  ? "onnx"
	                                   : "program",
	       look, used, e->lack ? e->why : e->source);
}

enum gs_err gs_models_print_list(const struct gs_model_entry *entry, size_t count,
                                 const struct gs_model_store_totals *totals, bool json, struct gs_error *error)
{
	if (json) {
		json_t *list = json_array(), *root;
		for (size_t i = 0; list && i < count; i++)
			json_array_append_new(list, entry_json(&entry[i]));
		root = json_pack("{s:I,s:I,s:I,s:I,s:I,s:o}", "bytes", (json_int_t)totals->bytes, "bytes_max",
		                 (json_int_t)totals->bytes_max, "known", (json_int_t)totals->models, "present",
		                 (json_int_t)totals->present, "pinned", (json_int_t)totals->pinned, "models", list);
		if (!root)
			return gs_fail(error, GS_ENOMEM, "no memory");
		json_dumpf(root, stdout, JSON_INDENT(2));
		printf("\n");
		json_decref(root);
		return GS_OK;
	}
	if (count)
		printf("%-*s  %-11s %13s  %-7s  %10s  %-20s  %s\n", SHORT_ID, "model", "state", "bytes", "form",
		       "look, ms", "used", "from");
	for (size_t i = 0; i < count; i++)
		print_entry(&entry[i]);
	printf("%zu models known, %zu here, %zu pinned; %.1f of %.1f MiB\n", totals->models, totals->present,
	       totals->pinned, (double)totals->bytes / (1 << 20), (double)totals->bytes_max / (1 << 20));
	return GS_OK;
}

/* --- readiness --- */

static void print_readiness(const struct gs_readiness *model, size_t count)
{
	size_t ready[GS_PATHS] = {0};

	for (size_t i = 0; i < count; i++) {
		const struct gs_readiness *m = &model[i];
		char id[67];
		gs_hex_encode(m->id.b, 32, true, id);
		printf("%.*s", SHORT_ID, id);
		for (int p = 0; p < GS_PATHS; p++) {
			ready[p] += m->state[p] == GS_READY;
			printf("  %s: %s", gs_readiness_path_name((enum gs_readiness_path)p),
			       gs_unready_name(m->state[p]));
		}
		for (int p = 0; p < GS_PATHS; p++)
			if (m->state[p] != GS_READY) {
				printf("  (%s)", m->why[p]);
				break;
			}
		printf("\n");
	}
	printf("%zu models known; ready: %zu to be executed, %zu to be disputed\n", count, ready[GS_PATH_REEXECUTION],
	       ready[GS_PATH_DISPUTE]);
}

static enum gs_err window_of(const struct gs_config *config, double *out, struct gs_error *error)
{
	struct gs_deployment_origin *origin;
	enum gs_err err;

	if (*out > 0 || !config->deployment[0])
		return GS_OK;
	origin = calloc(1, sizeof(*origin));
	if (!origin)
		return gs_fail(error, GS_ENOMEM, "no memory");
	err = gs_deployment_load_origin(config->deployment, origin, error);
	if (!err)
		*out = (double)origin->parameters.claims.window_s;
	free(origin);
	return err == GS_ENOTFOUND ? GS_OK : err;
}

static enum gs_err print_all(const struct gs_readiness_world *world, const struct gs_readiness_terms *terms, bool json,
                             struct gs_error *error)
{
	struct gs_readiness *model;
	struct gs_buf text;
	size_t count;
	enum gs_err err = gs_readiness_collect(world, terms, &model, &count, error);

	if (err)
		return err;
	gs_buf_init(&text, GS_READINESS_BYTES_MAX);
	if (!json)
		print_readiness(model, count);
	else if ((err = gs_readiness_json(model, count, terms, &text)))
		err = gs_fail(error, err, "readiness: cannot be written as JSON");
	else
		printf("%.*s\n", (int)text.len, (const char *)text.ptr);
	gs_buf_free(&text);
	free(model);
	return err;
}

enum gs_err gs_models_print_readiness(struct gs_library *library, const struct gs_config *config, double window_s,
                                      bool json, struct gs_error *error)
{
	const struct gs_store_options reading = {.read_only = true};
	struct gs_readiness_terms terms = {
		.window_s = window_s, .trace_bytes_max = (config->trace.memory_mib + config->trace.disk_mib) << 20};
	struct gs_readiness_world world = {.models = library};
	struct gs_store_db *db = NULL;
	struct gs_store port;
	enum gs_err err = window_of(config, &terms.window_s, error);

	if (!err && config->db[0] && !(err = gs_store_open(config->db, &reading, &db, error))) {
		port = gs_store_port(db);
		world.db = &port;
	}
	gs_readiness_machine(terms.machine);
	if (!err)
		err = print_all(&world, &terms, json, error);
	if (db)
		gs_store_close(db);
	return err;
}
