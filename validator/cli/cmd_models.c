/* gainsay models: the store of models on this machine: what it holds, fetching, pinning, verifying, measuring. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "validator/cli/commands.h"
#include "validator/cli/models_print.h"
#include "validator/cli/options.h"
#include "validator/cli/plan.h"
#include "validator/daemon/logsink.h"

struct call {
	struct gs_options options;
	const char *store, *index, *from;
	struct gs_cli_list sources;
	bool remove, readiness, reference;
	uint64_t to_mib;
	double seconds, window_s;
	struct gs_config config;
	struct gs_library *library;
	struct gs_logsink sink;
	struct gs_log log;
	const char *const *arg; /* behind the action */
	size_t args;
	struct gs_model_entry *entry; /* owned: all that the store knows */
	size_t count;
	json_t *done; /* owned: with --json, an object for each model */
	bool failed;  /* one of them, and that was told */
};

/* --- models that are named --- */

static enum gs_err read_id(const char *text, struct gs_hash *out, struct gs_error *error)
{
	if (gs_hex_decode(text, strlen(text), out->b, 32) == GS_OK)
		return GS_OK;
	return gs_fail(error, GS_EINVAL, "%s: not a model's id (0x and 64 hex digits)", text);
}

static bool is_prefix(const char *text, const struct gs_hash *id)
{
	char whole[67];

	gs_hex_encode(id->b, 32, true, whole);
	if (strncmp(text, "0x", 2) == 0)
		text += 2;
	return strlen(text) >= 4 && strncmp(whole + 2, text, strlen(text)) == 0;
}

/* An id, or the beginning of that of one model that the store knows. */
static enum gs_err find(const struct call *c, const char *text, struct gs_hash *out, struct gs_error *error)
{
	const struct gs_model_entry *found = NULL;

	if (gs_hex_decode(text, strlen(text), out->b, 32) == GS_OK)
		return GS_OK;
	for (size_t i = 0; i < c->count; i++) {
		if (!is_prefix(text, &c->entry[i].id))
			continue;
		if (found)
			return gs_fail(error, GS_EINVAL, "%s: the beginning of several models' ids; give more of it",
			               text);
		found = &c->entry[i];
	}
	if (!found)
		return gs_fail(error, GS_ENOTFOUND,
		               "%s: not the id of a model that the store knows, nor the beginning of one", text);
	*out = found->id;
	return GS_OK;
}

typedef enum gs_err (*doing)(struct call *c, const struct gs_hash *id, json_t *out, struct gs_error *error);

/* Does it to each; what fails is told, and the others are done all the same. */
static enum gs_err each(struct call *c, const char *what, doing how, const struct gs_hash *id, struct gs_error *error)
{
	char text[67];
	json_t *out = json_object();
	struct gs_error why = {0};
	const enum gs_err err = out ? how(c, id, out, &why) : gs_fail(&why, GS_ENOMEM, "no memory");

	gs_hex_encode(id->b, 32, true, text);
	if (err)
		json_object_set_new(out, "error", json_string(why.text));
	json_object_set_new(out, "model", json_string(text));
	json_object_set_new(out, "ok", json_boolean(err == GS_OK));
	if (err) {
		fprintf(stderr, "gainsay: %s: %s\n", text, why.text);
		c->failed = true;
	} else if (!c->options.json) {
		printf("%s  %s\n", text, what);
	}
	if (json_array_append_new(c->done, out) || err == GS_ENOMEM)
		return gs_fail(error, GS_ENOMEM, "no memory");
	return GS_OK;
}

static enum gs_err each_named(struct call *c, const char *what, doing how, struct gs_error *error)
{
	struct gs_hash id;
	enum gs_err err = GS_OK;

	for (size_t i = 0; !err && i < c->args; i++)
		if (!(err = find(c, c->arg[i], &id, error)))
			err = each(c, what, how, &id, error);
	return err;
}

/* Those that were named, or all whose file is there. */
static enum gs_err each_present(struct call *c, const char *what, doing how, struct gs_error *error)
{
	enum gs_err err = GS_OK;

	if (c->args)
		return each_named(c, what, how, error);
	for (size_t i = 0; !err && i < c->count; i++) {
		if (isatty(STDERR_FILENO))
			fprintf(stderr, "\r\033[K%zu of %zu", i + 1, c->count);
		if (c->entry[i].present)
			err = each(c, what, how, &c->entry[i].id, error);
	}
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
	return err;
}

/* --- actions --- */

static enum gs_err list(struct call *c, struct gs_error *error)
{
	struct gs_model_store_totals totals;
	enum gs_err err;

	if (c->readiness)
		return gs_models_print_readiness(c->library, &c->config, c->window_s, c->options.json, error);
	err = gs_model_store_totals(gs_library_store(c->library), &totals, error);
	return err ? err : gs_models_print_list(c->entry, c->count, &totals, c->options.json, error);
}

static enum gs_err pin(struct call *c, const struct gs_hash *id, json_t *out, struct gs_error *error)
{
	(void)out;
	return gs_model_store_pin(gs_library_store(c->library), id, true, error);
}

static enum gs_err unpin(struct call *c, const struct gs_hash *id, json_t *out, struct gs_error *error)
{
	(void)out;
	return gs_model_store_pin(gs_library_store(c->library), id, false, error);
}

static enum gs_err verify(struct call *c, const struct gs_hash *id, json_t *out, struct gs_error *error)
{
	struct gs_model_store *store = gs_library_store(c->library);
	struct gs_model_entry entry;
	struct gs_error why = {0};
	enum gs_err err = gs_model_store_get(store, id, &entry, error);

	if (err)
		return err;
	if (!entry.present)
		return gs_fail(error, GS_ENOTFOUND, "its file is not in the store");
	err = gs_model_store_verify(store, &entry, error);
	if (err != GS_ECORRUPT || !c->remove)
		return err;
	json_object_set_new(out, "removed", json_boolean(gs_model_store_remove(store, id, &why) == GS_OK));
	return err;
}

static bool show_progress(void *self, const char *address, uint64_t bytes, uint64_t total)
{
	(void)self;
	if (total)
		fprintf(stderr, "\r\033[K%.80s: %.1f of %.1f MiB", address, (double)bytes / (1 << 20),
		        (double)total / (1 << 20));
	else if (bytes)
		fprintf(stderr, "\r\033[K%.80s: %.1f MiB", address, (double)bytes / (1 << 20));
	return true;
}

static struct gs_model_fetch_options fetch_options(const struct call *c)
{
	struct gs_model_fetch_options o = gs_library_options(c->library);

	if (isatty(STDERR_FILENO))
		o.progress = show_progress;
	return o;
}

static enum gs_err told(struct call *c, const struct gs_model_entry *entry, enum gs_err err, json_t *out)
{
	(void)c;
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
	if (!err) {
		json_object_set_new(out, "source", json_string(entry->source));
		json_object_set_new(out, "bytes", json_integer((json_int_t)entry->bytes));
	}
	return err;
}

static enum gs_err fetch(struct call *c, const struct gs_hash *id, json_t *out, struct gs_error *error)
{
	const struct gs_model_fetch_options o = fetch_options(c);
	struct gs_model_want want;
	struct gs_model_entry entry = {.id = *id};
	struct gs_error why = {0};
	enum gs_err err;

	gs_library_want(c->library, id, NULL, &want);
	err = gs_model_fetch(&o, &want, &entry, &why);
	if (err && err != GS_ENOMEM && err != GS_EAGAIN &&
	    gs_model_store_note(o.store, id, gs_model_lack_of(err), why.text, NULL))
		fprintf(stderr, "gainsay: the reason could not be stored\n");
	(void)told(c, &entry, err, out);
	return err ? gs_fail(error, err, "%s", why.text) : GS_OK;
}

/* --from: the file's address, for this call alone. */
static enum gs_err fetch_from(struct call *c, struct gs_model_want *want, struct gs_model_entry *entry,
                              struct gs_error *error)
{
	struct gs_model_fetch_options o = fetch_options(c);
	struct gs_model_source source[GS_MODEL_SOURCES_MAX];
	enum gs_model_source_kind kind = GS_MODEL_SOURCE_INDEX;
	struct gs_cid cid;
	size_t sources = 0;
	const char *at = c->from;
	enum gs_err err = GS_OK;

	if (strncmp(at, "ipfs:", 5) == 0) {
		kind = GS_MODEL_SOURCE_IPFS;
		snprintf(want->known.cid, sizeof(want->known.cid), "%s", at + 5);
		err = gs_cid_parse(at + 5, &cid, error);
	} else if (strncmp(at, "walrus:", 7) == 0) {
		kind = GS_MODEL_SOURCE_WALRUS;
		snprintf(want->known.blob, sizeof(want->known.blob), "%s", at + 7);
		err = gs_blob_id_check(at + 7, error);
	} else if (strncmp(at, "https://", 8) == 0 || strncmp(at, "http://", 7) == 0) {
		if ((size_t)snprintf(want->known.url, sizeof(want->known.url), "%s", at) >= sizeof(want->known.url))
			return gs_fail(error, GS_ELIMIT, "--from: longer than %d characters", GS_MODEL_SOURCE_MAX - 1);
		source[sources++] = (struct gs_model_source){.kind = kind};
	} else {
		return gs_model_fetch_file(&o, at, want, entry, error);
	}
	for (size_t i = 0; !err && i < o.sources; i++)
		if (o.source[i].kind == kind)
			source[sources++] = o.source[i];
	if (!err && sources == 0)
		err = gs_fail(error, GS_EINVAL, "--from %s: no such gateway is among model_store.sources", at);
	o.source = source;
	o.sources = sources;
	return err ? err : gs_model_fetch(&o, want, entry, error);
}

static enum gs_err fetch_here(struct call *c, const struct gs_hash *id, json_t *out, struct gs_error *error)
{
	struct gs_model_want want;
	struct gs_model_entry entry = {.id = *id};
	enum gs_err err;

	gs_library_want(c->library, id, NULL, &want);
	err = fetch_from(c, &want, &entry, error);
	return told(c, &entry, err, out);
}

static enum gs_err fetch_any(struct call *c, struct gs_error *error)
{
	struct gs_model_want want = {.known = {.bytes = 0}};
	struct gs_model_entry entry;
	struct gs_hash id;
	json_t *out;
	char text[67];
	enum gs_err err;

	if (c->args > 1)
		return gs_fail(error, GS_EINVAL, "--from: one model at a time");
	if (c->args) {
		err = read_id(c->arg[0], &id, error);
		return err ? err : each(c, "fetched", fetch_here, &id, error);
	}
	err = fetch_from(c, &want, &entry, error);
	if (err)
		return err;
	gs_hex_encode(entry.id.b, 32, true, text);
	out = json_pack("{s:s,s:b}", "model", text, "ok", 1);
	(void)told(c, &entry, GS_OK, out);
	if (!c->options.json)
		printf("%s  fetched\n", text);
	return json_array_append_new(c->done, out) ? gs_fail(error, GS_ENOMEM, "no memory") : GS_OK;
}

static enum gs_err fetch_named(struct call *c, struct gs_error *error)
{
	struct gs_hash id;
	enum gs_err err = GS_OK;

	if (c->from)
		return fetch_any(c, error);
	if (c->args == 0)
		return gs_fail(error, GS_EINVAL,
		               "models fetch: which? name models by their ids, or say --from ADDRESS");
	for (size_t i = 0; !err && i < c->args; i++)
		if (!(err = find(c, c->arg[i], &id, error)))
			err = each(c, "fetched", fetch, &id, error);
	return err;
}

static enum gs_err warm(struct call *c, const struct gs_hash *id, json_t *out, struct gs_error *error)
{
	struct gs_model_store *store = gs_library_store(c->library);
	struct gs_program program;
	struct gs_model_cost cost = {.measured_s = (uint64_t)time(NULL)};
	double look_s, commit_s, reference_s = 0;
	unsigned runs;
	enum gs_err err = gs_model_store_load(store, id, &program, error);

	if (err)
		return err;
	err = gs_plan_measure(&program, c->seconds, &look_s, &commit_s, &runs, error);
	if (!err && c->reference)
		err = gs_plan_measure_reference(&program, &reference_s, error);
	gs_program_free(&program);
	if (err)
		return err;
	cost.look_us = (uint64_t)(look_s * 1e6) + 1;
	cost.commit_us = (uint64_t)(commit_s * 1e6) + 1;
	cost.reference_us = c->reference ? (uint64_t)(reference_s * 1e6) + 1 : 0;
	cost.runs = runs;
	gs_readiness_machine(cost.machine);
	json_object_set_new(out, "look_ms", json_real((double)cost.look_us / 1e3));
	json_object_set_new(out, "commit_ms", json_real((double)cost.commit_us / 1e3));
	if (c->reference)
		json_object_set_new(out, "reference_ms", json_real((double)cost.reference_us / 1e3));
	return gs_model_store_cost(store, id, &cost, error);
}

static enum gs_err evict(struct call *c, struct gs_error *error)
{
	size_t evicted;
	enum gs_err err;

	if (c->to_mib == UINT64_MAX)
		return gs_fail(error, GS_EINVAL, "models evict: --to-mib N says how much may stay");
	err = gs_model_store_evict(gs_library_store(c->library), c->to_mib << 20, &evicted, error);
	if (!err && !c->options.json)
		printf("%zu files evicted\n", evicted);
	if (!err)
		json_array_append_new(c->done, json_pack("{s:I}", "evicted", (json_int_t)evicted));
	return err;
}

/* --- the command --- */

static enum gs_err act(struct call *c, const char *action, struct gs_error *error)
{
	if (strcmp(action, "list") == 0)
		return list(c, error);
	if (strcmp(action, "fetch") == 0)
		return fetch_named(c, error);
	if (strcmp(action, "pin") == 0)
		return each_named(c, "pinned", pin, error);
	if (strcmp(action, "unpin") == 0)
		return each_named(c, "not pinned any more", unpin, error);
	if (strcmp(action, "verify") == 0)
		return each_present(c, "whole", verify, error);
	if (strcmp(action, "warm") == 0)
		return each_present(c, "measured", warm, error);
	if (strcmp(action, "evict") == 0)
		return evict(c, error);
	return gs_fail(error, GS_EINVAL, "models %s: say list, fetch, pin, unpin, verify, warm or evict", action);
}

static enum gs_err configure(struct call *c, struct gs_error *error)
{
	enum gs_err err = gs_options_config(&c->options, &c->config, error);

	if (!err && c->store)
		err = gs_config_set(&c->config, "model_store.folder", c->store, "command line", error);
	if (!err && c->index)
		err = gs_config_set(&c->config, "model_store.index", c->index, "command line", error);
	if (!err && c->sources.count > GS_BINDER_LIST_MAX)
		err = gs_fail(error, GS_ELIMIT, "--source: more than %d", GS_BINDER_LIST_MAX);
	for (size_t i = 0; !err && i < c->sources.count; i++) {
		struct gs_setting_list *to = &c->config.model_store.sources;
		if (snprintf(to->item[i], sizeof(to->item[i]), "%s", c->sources.item[i]) >= (int)sizeof(to->item[i]))
			err = gs_fail(error, GS_ELIMIT, "--source: longer than %d characters", GS_BINDER_ITEM_MAX - 1);
		to->count = i + 1;
	}
	return err;
}

static enum gs_err run(struct call *c, const char *action, struct gs_error *error)
{
	enum gs_err err = configure(c, error);

	if (err)
		return err;
	gs_logsink_init(&c->sink, stderr, (enum gs_log_format)c->config.log.format);
	c->log = gs_logsink_log(&c->sink, GS_LOG_WARN);
	c->done = json_array();
	err = c->done ? gs_library_open(&c->config, &c->log, &c->library, error)
	              : gs_fail(error, GS_ENOMEM, "no memory");
	if (!err)
		err = gs_model_store_list(gs_library_store(c->library), &c->entry, &c->count, error);
	if (!err)
		err = act(c, action, error);
	if (!err && c->options.json && strcmp(action, "list") != 0) {
		json_dumpf(c->done, stdout, JSON_INDENT(2));
		printf("\n");
	}
	return err;
}

int gs_cmd_models(int argc, char **argv)
{
	struct gs_error error = {0};
	struct call *c = calloc(1, sizeof(*c));
	int code;

	if (!c) {
		(void)gs_fail(&error, GS_ENOMEM, "no memory");
		return gs_cli_fail(&error);
	}
	c->to_mib = UINT64_MAX;
	c->seconds = 1;
	c->window_s = 0;
	const struct gs_flag flags[] = {
		{"store", GS_FLAG_TEXT, "FOLDER", "where the models are kept (model_store.folder)", &c->store, false},
		{"source", GS_FLAG_LIST, "SOURCE", "in the place of model_store.sources (several, in their order)",
	         &c->sources, false},
		{"index", GS_FLAG_TEXT, "FILE", "where models are (model_store.index)", &c->index, false},
		{"from", GS_FLAG_TEXT, "ADDRESS", "fetch: from there: a file, http(s)://.., ipfs:CID, walrus:BLOB",
	         &c->from, false},
		{"remove", GS_FLAG_BOOL, NULL, "verify: remove files that are damaged", &c->remove, false},
		{"readiness", GS_FLAG_BOOL, NULL, "list: what can be served now, and why not the others", &c->readiness,
	         false},
		{"window-s", GS_FLAG_REAL, "S", "list --readiness: of a claim (the deployment's)", &c->window_s, false},
		{"seconds", GS_FLAG_REAL, "S", "warm: to measure a model for (1)", &c->seconds, false},
		{"reference", GS_FLAG_BOOL, NULL, "warm: time the reference interpreter too, which may take long",
	         &c->reference, false},
		{"to-mib", GS_FLAG_U64, "N", "evict: files may take so much", &c->to_mib, false},
	};
	struct gs_cli cli = {
		.usage = "gainsay models list|fetch|pin|unpin|verify|warm|evict [MODEL...] [--store FOLDER] [--json]",
		.about =
			"The models that are kept on this machine, by the hash of their content (docs/models.md). list: what there is; --readiness: what can be\n"
			"served now. fetch: from the sources, checked before it counts. pin: never evicted, and fetched by the node when it is missing. verify: every\n"
			"file again. warm: measures executions. evict: removes what was used longest ago. MODEL is an id, or its beginning.",
		.flags = flags,
		.flag_count = GS_ARRAY_LEN(flags),
		.args_min = 1,
		.args_max = GS_CLI_ARGS_MAX,
	};
	code = gs_options_parse(&c->options, &cli, argc, argv);
	if (code == GS_CLI_GO_ON) {
		c->arg = cli.arg + 1;
		c->args = cli.arg_count - 1;
		code = run(c, cli.arg[0], &error) ? gs_cli_fail(&error) : c->failed ? GS_EXIT_FAILED : GS_EXIT_OK;
	}
	json_decref(c->done);
	gs_library_close(c->library);
	free(c->entry);
	free(c);
	return code;
}
