#include "simulations/remote.h"

#include <stdlib.h>
#include <string.h>

#include "chain/core/hash.h"
#include "queue/wait.h"
#include "simulations/scenario.h"
#include "simulations/wire.h"

struct sent {
	char id[65];
	struct gs_sim_part part;
};

/* A result that came before its batch was submitted: of an earlier sweep that was interrupted, or somebody else's. */
struct kept {
	char id[65];
	uint8_t *bytes; /* owned */
	size_t len;
};

struct gs_sim_remote {
	const struct gs_sim_scenario *scenario;
	const char *version;
	struct gs_queue_client *client;
	struct sent sent[GS_SIM_REMOTE_CAPACITY];
	unsigned under_way;
	struct kept kept[GS_SIM_REMOTE_KEPT_MAX];
	unsigned keeps;
};

static enum gs_err encode(const struct gs_sim_remote *r, const struct gs_sim_part *part, struct gs_buf *payload,
                          char id[65], struct gs_error *error)
{
	struct gs_sim_job job = {.engine = r->scenario->engine, .first = part->first, .runs = part->runs};
	struct gs_hash hash;
	gs_sim_point_values(r->scenario, part->point, job.value);
	gs_sim_job_encode(&job, r->version, payload);
	if (payload->err != GS_OK)
		return gs_fail(error, payload->err, "a batch of more than %d bytes", GS_SIM_JOB_BYTES_MAX);
	gs_keccak256(payload->ptr, payload->len, &hash);
	gs_hex_encode(hash.b, sizeof(hash.b), false, id);
	return GS_OK;
}

static enum gs_err submit(void *self, const struct gs_sim_part *part, struct gs_error *error)
{
	struct gs_sim_remote *r = self;
	struct sent *sent = &r->sent[r->under_way];
	struct gs_buf payload;
	enum gs_queue_outcome outcome;
	GS_ASSERT(r->under_way < GS_SIM_REMOTE_CAPACITY);
	gs_buf_init(&payload, GS_SIM_JOB_BYTES_MAX);
	sent->part = *part;
	enum gs_err err = encode(r, part, &payload, sent->id, error);
	if (err == GS_OK)
		err = gs_queue_client_submit(r->client, sent->id, gs_buf_view(&payload), &outcome, error);
	gs_buf_free(&payload);
	r->under_way += err == GS_OK;
	return err;
}

static struct sent *find_sent(struct gs_sim_remote *r, const char *id)
{
	for (unsigned i = 0; i < r->under_way; i++)
		if (strcmp(r->sent[i].id, id) == 0)
			return &r->sent[i];
	return NULL;
}

static enum gs_err take(struct gs_sim_remote *r, struct sent *sent, struct gs_bytes bytes, struct gs_sim_done *out,
                        struct gs_error *error)
{
	enum gs_queue_outcome outcome;
	enum gs_err err = gs_sim_result_decode(r->scenario->engine, bytes, &out->result, error);
	if (err == GS_OK && out->result.runs != sent->part.runs)
		err = gs_fail(error, GS_EPARSE, "a result of another number of runs");
	if (err != GS_OK)
		return gs_fail_within(error, err, "the worker of the seeds from %llu on",
		                      (unsigned long long)sent->part.first);
	/* Should this process be killed right now, the batch is done once more. */
	err = gs_queue_client_about(r->client, GS_QUEUE_FORGET, sent->id, &outcome, error);
	out->part = sent->part;
	*sent = r->sent[--r->under_way];
	return err;
}

/* Nobody could do it. */
static enum gs_err given_up(struct gs_sim_remote *r, const struct sent *sent, struct gs_bytes why,
                            struct gs_error *error)
{
	enum gs_queue_outcome outcome;
	struct gs_error ignored;
	(void)gs_fail(error, GS_EIO, "the batch of the seeds %llu to %llu was given up: %.*s",
	              (unsigned long long)sent->part.first,
	              (unsigned long long)(sent->part.first + sent->part.runs - 1), (int)why.len,
	              (const char *)why.ptr);
	(void)!gs_queue_client_about(r->client, GS_QUEUE_DROP, sent->id, &outcome, &ignored); /* to be tried anew */
	return GS_EIO;
}

static void keep(struct gs_sim_remote *r, const char *id, struct gs_bytes bytes)
{
	if (r->keeps == GS_SIM_REMOTE_KEPT_MAX || strlen(id) != 64 || bytes.len > GS_SIM_RESULT_BYTES_MAX)
		return;
	struct kept *k = &r->kept[r->keeps];
	k->bytes = malloc(bytes.len + 1);
	if (k->bytes == NULL)
		return;
	memcpy(k->id, id, sizeof(k->id));
	memcpy(k->bytes, bytes.ptr, bytes.len);
	k->len = bytes.len;
	r->keeps++;
}

/* Whether a result that was kept is one of a batch that has been submitted since. */
static enum gs_err take_kept(struct gs_sim_remote *r, struct gs_sim_done *out, bool *got, struct gs_error *error)
{
	for (unsigned i = 0; i < r->keeps; i++) {
		struct sent *sent = find_sent(r, r->kept[i].id);
		if (sent == NULL)
			continue;
		struct kept k = r->kept[i];
		r->kept[i] = r->kept[--r->keeps];
		*got = true;
		enum gs_err err = take(r, sent, (struct gs_bytes){k.bytes, k.len}, out, error);
		free(k.bytes);
		return err;
	}
	return GS_OK;
}

static enum gs_err next(void *self, int timeout_ms, struct gs_sim_done *out, bool *got, struct gs_error *error)
{
	struct gs_sim_remote *r = self;
	struct gs_queue_entry entry;
	*got = false;
	enum gs_err err = take_kept(r, out, got, error);
	if (err != GS_OK || *got)
		return err;
	err = gs_queue_client_result(r->client, (uint32_t)timeout_ms, &entry, error);
	if (err == GS_EAGAIN)
		return GS_OK;
	if (err != GS_OK)
		return err;
	struct sent *sent = find_sent(r, entry.id);
	if (sent == NULL) {
		if (!entry.aside)
			keep(r, entry.id, entry.bytes);
		return GS_OK;
	}
	if (entry.aside)
		return given_up(r, sent, entry.bytes, error);
	*got = true;
	return take(r, sent, entry.bytes, out, error);
}

enum gs_err gs_sim_remote_open(const struct gs_sim_scenario *scenario, const struct gs_sim_remote_options *options,
                               struct gs_sim_remote **out, struct gs_error *error)
{
	const struct gs_queue_options queue = {.url = options->url,
	                                       .ca_file = options->ca_file,
	                                       .name = GS_SIM_QUEUE_NAME,
	                                       .visibility_ms = GS_SIM_VISIBILITY_MS};
	struct gs_queue_counts counts;
	struct gs_sim_remote *r = calloc(1, sizeof(*r));
	*out = NULL;
	if (r == NULL)
		return gs_fail(error, GS_ENOMEM, "no memory for a queue");
	r->scenario = scenario;
	r->version = options->version;
	enum gs_err err = gs_queue_client_open(&queue, &r->client, error);
	if (err == GS_OK) /* is it there? */
		err = gs_queue_client_count(r->client, &counts, error);
	if (err != GS_OK) {
		gs_sim_remote_close(r);
		return err;
	}
	*out = r;
	return GS_OK;
}

struct gs_sim_hands gs_sim_remote_hands(struct gs_sim_remote *remote)
{
	return (struct gs_sim_hands){remote, GS_SIM_REMOTE_CAPACITY, submit, next};
}

void gs_sim_remote_close(struct gs_sim_remote *remote)
{
	if (remote == NULL)
		return;
	for (unsigned i = 0; i < remote->keeps; i++)
		free(remote->kept[i].bytes);
	if (remote->client != NULL)
		gs_queue_client_close(remote->client);
	free(remote);
}
