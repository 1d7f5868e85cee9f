#include "validator/cli/worker_list.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "queue/wait.h"
#include "storage/store.h"
#include "validator/daemon/executions.h"
#include "validator/daemon/worker.h"
#include "validator/daemon/worker_status.h"
#include "validator/node/node.h"

enum { AWAY_MS = 2 * GS_WORKER_VISIBILITY_MS }; /* a worker that lives says something every GS_WORKER_TELL_MS */

struct listing {
	bool json;
	bool knows_keys, knows_liars;
	struct gs_address key[GS_WORKER_KEYS_MAX], liar[GS_WORKER_KEYS_MAX];
	size_t keys, liars;
	json_t *workers; /* NULL: a table */
	struct gs_worker_status status;
};

static bool among(const struct gs_address *list, size_t count, const struct gs_address *who)
{
	for (size_t i = 0; i < count; i++)
		if (gs_address_equal(&list[i], who))
			return true;
	return false;
}

/* What a node makes of its answers, and whether there are any. */
static const char *standing_of(const struct listing *l, const struct gs_queue_member *m, bool told)
{
	if (!told)
		return "nothing known";
	if (l->knows_liars && among(l->liar, l->liars, &l->status.key))
		return "excluded";
	if (l->knows_keys && !among(l->key, l->keys, &l->status.key))
		return "not in workers.keys_file";
	return m->silent_ms > AWAY_MS ? "away" : "ready";
}

static void print_one(const struct listing *l, const struct gs_queue_member *m, bool told)
{
	const struct gs_worker_status *s = &l->status;
	char key[GS_ADDRESS_TEXT_MAX] = "-";

	if (told)
		gs_address_format(&s->key, key);
	printf("%s\n  key %s: %s; last seen %" PRIu64 ".%" PRIu64 " s ago; holds %" PRIu64 " jobs\n", m->name, key,
	       standing_of(l, m, told), m->silent_ms / 1000, m->silent_ms / 100 % 10, m->held);
	if (!told)
		return;
	printf("  %u threads, %s, law %u, version %s; %" PRIu64 " done, %" PRIu64 " late, %" PRIu64
	       " given back; %.1f a second; %" PRIu64 " models\n",
	       s->threads, s->isa, s->law, s->version, s->done, s->late, s->failed, s->per_s, s->ready);
	for (size_t i = 0; i < s->models; i++) {
		char id[67];
		gs_hex_encode(s->model[i].b, 32, true, id);
		printf("    %s\n", id);
	}
	if (s->ready > s->models)
		printf("    and %" PRIu64 " others\n", s->ready - s->models);
}

static void add_json(const struct listing *l, const struct gs_queue_member *m, bool told)
{
	const struct gs_worker_status *s = &l->status;
	char key[GS_ADDRESS_TEXT_MAX], id[67];
	json_t *one = json_pack("{s:s,s:s,s:I,s:I}", "worker", m->name, "standing", standing_of(l, m, told),
	                        "silent_ms", (json_int_t)m->silent_ms, "held", (json_int_t)m->held);

	if (one && told) {
		json_t *models = json_array();
		gs_address_format(&s->key, key);
		for (size_t i = 0; i < s->models; i++) {
			gs_hex_encode(s->model[i].b, 32, true, id);
			json_array_append_new(models, json_string(id));
		}
		json_t *says = json_pack("{s:s,s:I,s:s,s:I,s:s,s:I,s:I,s:I,s:f,s:I,s:o}", "key", key, "threads",
		                         (json_int_t)s->threads, "isa", s->isa, "law", (json_int_t)s->law, "version",
		                         s->version, "done", (json_int_t)s->done, "late", (json_int_t)s->late, "failed",
		                         (json_int_t)s->failed, "per_s", s->per_s, "ready", (json_int_t)s->ready,
		                         "models", models);
		json_object_update(one, says);
		json_decref(says);
	}
	json_array_append_new(l->workers, one);
}

static void on_members(void *self, enum gs_err err, const struct gs_queue_member *members, size_t count,
                       const struct gs_error *error)
{
	struct listing *l = self;

	(void)err;
	(void)error;
	for (size_t i = 0; i < count; i++) {
		struct gs_error why;
		const bool told = gs_worker_status_decode(members[i].says, members[i].name, &l->status, &why) == GS_OK;
		if (l->json)
			add_json(l, &members[i], told);
		else
			print_one(l, &members[i], told);
	}
	if (count == 0 && !l->json)
		printf("no worker has said anything on this queue for an hour\n");
}

static enum gs_err read_liars(const char *dir, struct listing *l, struct gs_error *error)
{
	const struct gs_store_options options = {.read_only = true};
	struct gs_store_db *db;
	enum gs_err err = gs_store_open(dir, &options, &db, error);

	if (err)
		return err;
	const struct gs_store store = gs_store_port(db);
	err = gs_node_distrusted(&store, l->liar, GS_WORKER_KEYS_MAX, &l->liars, error);
	gs_store_close(db);
	l->knows_liars = !err;
	return err;
}

enum gs_err gs_worker_list(const struct gs_config *config, const char *address, bool json, struct gs_error *error)
{
	struct listing l = {.json = json};
	const struct gs_queue_options options = {.url = address,
	                                         .ca_file = config->workers.ca_file,
	                                         .name = config->workers.name,
	                                         .patience_ms = GS_WORKER_PATIENCE_MS,
	                                         .visibility_ms = GS_WORKER_VISIBILITY_MS,
	                                         .deliveries_max = GS_WORKER_DELIVERIES_MAX};
	struct gs_queue_client *client = NULL;
	enum gs_err err = GS_OK;

	if (json && !(l.workers = json_array()))
		return gs_fail(error, GS_ENOMEM, "no memory");
	if (config->workers.keys_file[0]) {
		err = gs_worker_keys_read(config->workers.keys_file, l.key, &l.keys, error);
		l.knows_keys = !err;
	}
	if (!err && config->db[0])
		err = read_liars(config->db, &l, error);
	if (!err)
		err = gs_queue_client_open(&options, &client, error);
	if (!err)
		err = gs_queue_client_members(client, on_members, &l, error);
	gs_queue_client_close(client);
	if (!err && json) {
		json_t *all = json_pack("{s:O}", "workers", l.workers);
		json_dumpf(all, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
		printf("\n");
		json_decref(all);
	}
	json_decref(l.workers);
	return err;
}
