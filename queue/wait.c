#include "queue/wait.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "queue/serve.h"

struct gs_queue_client {
	struct event_base *base;
	struct gs_queue *queue;
	char result_place[GS_QUEUE_PLACE_MAX], aside_place[GS_QUEUE_PLACE_MAX];
	struct gs_buf bytes, payload; /* of the entry that was read last */
};

enum gs_err gs_queue_client_open(const struct gs_queue_options *options, struct gs_queue_client **out,
                                 struct gs_error *error)
{
	struct gs_queue_client *client = calloc(1, sizeof(*client));
	enum gs_err err;
	*out = NULL;
	if (client == NULL)
		return gs_fail(error, GS_ENOMEM, "no memory");
	gs_buf_init(&client->bytes, GS_QUEUE_BYTES_MAX);
	gs_buf_init(&client->payload, GS_QUEUE_BYTES_MAX);
	client->base = event_base_new();
	if (client->base == NULL)
		err = gs_fail(error, GS_ENOMEM, "no memory");
	else
		err = gs_queue_open(client->base, options, &client->queue, error);
	if (err != GS_OK) {
		gs_queue_client_close(client);
		return err;
	}
	*out = client;
	return GS_OK;
}

void gs_queue_client_close(struct gs_queue_client *client)
{
	if (client == NULL)
		return;
	gs_queue_close(client->queue);
	if (client->base != NULL)
		event_base_free(client->base);
	gs_buf_free(&client->bytes);
	gs_buf_free(&client->payload);
	free(client);
}

/* ---- one call, and its answer ---- */

struct answer {
	struct gs_queue_client *client;
	bool there;
	enum gs_err err;
	enum gs_queue_outcome outcome;
	bool found;
	struct gs_queue_entry entry;
	struct gs_queue_counts counts;
	gs_queue_listed *listed;
	void *self;
	struct gs_error error;
};

static void keep(struct answer *answer, enum gs_err err, const struct gs_error *error)
{
	answer->there = true;
	answer->err = err;
	if (err != GS_OK && error != NULL)
		answer->error = *error;
}

static void on_answer(void *self, enum gs_err err, enum gs_queue_outcome outcome, const struct gs_error *error)
{
	struct answer *answer = self;
	answer->outcome = outcome;
	keep(answer, err, error);
}

static void on_counts(void *self, enum gs_err err, const struct gs_queue_counts *counts, const struct gs_error *error)
{
	struct answer *answer = self;
	if (err == GS_OK)
		answer->counts = *counts;
	keep(answer, err, error);
}

static void on_members(void *self, enum gs_err err, const struct gs_queue_member *members, size_t count,
                       const struct gs_error *error)
{
	struct answer *answer = self;
	if (err == GS_OK)
		answer->listed(answer->self, GS_OK, members, count, NULL);
	keep(answer, err, error);
}

static void on_entry(void *self, enum gs_err err, const struct gs_queue_entry *entry, const struct gs_error *error)
{
	struct answer *answer = self;
	struct gs_buf *bytes = &answer->client->bytes, *payload = &answer->client->payload;
	struct gs_error none;
	if (err == GS_OK && entry != NULL) {
		bytes->len = payload->len = 0;
		gs_buf_append(bytes, entry->bytes.ptr, entry->bytes.len);
		gs_buf_append(payload, entry->payload.ptr, entry->payload.len);
		answer->found = true;
		answer->entry = *entry;
		answer->entry.bytes = gs_buf_view(bytes);
		answer->entry.payload = gs_buf_view(payload);
		if (bytes->err != GS_OK || payload->err != GS_OK)
			err = gs_fail(&none, GS_ENOMEM, "no memory for a result"), error = &none;
	}
	keep(answer, err, error);
}

/* Runs the loop until the answer to a call that has returned err is there. */
static enum gs_err wait_for(struct answer *answer, enum gs_err err, struct gs_error *error)
{
	if (err != GS_OK)
		return err;
	while (!answer->there)
		if (event_base_loop(answer->client->base, EVLOOP_ONCE) != 0)
			return gs_fail(error, GS_EIO, "the event loop has failed");
	return answer->err == GS_OK ? GS_OK : gs_fail(error, answer->err, "%s", answer->error.text);
}

enum gs_err gs_queue_client_submit(struct gs_queue_client *client, const char *id, struct gs_bytes payload,
                                   enum gs_queue_outcome *outcome, struct gs_error *error)
{
	struct answer answer = {.client = client};
	enum gs_err err = gs_queue_submit(client->queue, id, payload, on_answer, &answer, error);
	err = wait_for(&answer, err, error);
	*outcome = answer.outcome;
	return err;
}

static enum gs_err found(const struct answer *answer, enum gs_err err, char place[GS_QUEUE_PLACE_MAX],
                         struct gs_queue_entry *entry, struct gs_error *error)
{
	if (err != GS_OK)
		return err;
	if (!answer->found)
		return gs_fail(error, GS_EAGAIN, "there is none now");
	*entry = answer->entry;
	memcpy(place, answer->entry.place, GS_QUEUE_PLACE_MAX);
	return GS_OK;
}

enum gs_err gs_queue_client_result(struct gs_queue_client *client, uint32_t wait_ms, struct gs_queue_entry *entry,
                                   struct gs_error *error)
{
	struct answer answer = {.client = client};
	enum gs_err err = gs_queue_next_result(client->queue, client->result_place, wait_ms, on_entry, &answer, error);
	err = wait_for(&answer, err, error);
	return found(&answer, err, client->result_place, entry, error);
}

enum gs_err gs_queue_client_aside(struct gs_queue_client *client, struct gs_queue_entry *entry, struct gs_error *error)
{
	struct answer answer = {.client = client};
	enum gs_err err = gs_queue_next_aside(client->queue, client->aside_place, on_entry, &answer, error);
	err = wait_for(&answer, err, error);
	return found(&answer, err, client->aside_place, entry, error);
}

enum gs_err gs_queue_client_about(struct gs_queue_client *client, enum gs_queue_about what, const char *id,
                                  enum gs_queue_outcome *outcome, struct gs_error *error)
{
	struct answer answer = {.client = client};
	enum gs_err err = GS_OK;
	switch (what) {
	case GS_QUEUE_FORGET: err = gs_queue_forget(client->queue, id, on_answer, &answer, error); break;
	case GS_QUEUE_REVIVE: err = gs_queue_revive(client->queue, id, on_answer, &answer, error); break;
	case GS_QUEUE_DROP: err = gs_queue_drop(client->queue, id, on_answer, &answer, error); break;
	}
	err = wait_for(&answer, err, error);
	*outcome = answer.outcome;
	return err;
}

enum gs_err gs_queue_client_count(struct gs_queue_client *client, struct gs_queue_counts *out, struct gs_error *error)
{
	struct answer answer = {.client = client};
	enum gs_err err = gs_queue_count(client->queue, on_counts, &answer, error);
	err = wait_for(&answer, err, error);
	*out = answer.counts;
	return err;
}

enum gs_err gs_queue_client_members(struct gs_queue_client *client, gs_queue_listed *listed, void *self,
                                    struct gs_error *error)
{
	struct answer answer = {.client = client, .listed = listed, .self = self};
	enum gs_err err = gs_queue_members(client->queue, on_members, &answer, error);
	return wait_for(&answer, err, error);
}

struct gs_queue *gs_queue_client_queue(struct gs_queue_client *client)
{
	return client->queue;
}

struct event_base *gs_queue_client_base(struct gs_queue_client *client)
{
	return client->base;
}
