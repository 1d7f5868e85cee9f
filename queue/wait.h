/* queue/wait.h: the queue for tools that do one thing after another: every call waits for its answer. */
#ifndef GS_QUEUE_WAIT_H
#define GS_QUEUE_WAIT_H

#include "chain/core/buf.h"
#include "queue/queue.h"

struct gs_queue_client;

GS_MUST enum gs_err gs_queue_client_open(const struct gs_queue_options *options, struct gs_queue_client **out,
                                         struct gs_error *error);
void gs_queue_client_close(struct gs_queue_client *client);

/* *outcome: GS_QUEUE_DONE or GS_QUEUE_KNOWN. Waits for room as long as it takes. */
GS_MUST enum gs_err gs_queue_client_submit(struct gs_queue_client *client, const char *id, struct gs_bytes payload,
                                           enum gs_queue_outcome *outcome, struct gs_error *error);
/* The next result behind the one that this client has read last; from the first one on. *entry's views are valid until the next
 * call. GS_EAGAIN: none within wait_ms. */
GS_MUST enum gs_err gs_queue_client_result(struct gs_queue_client *client, uint32_t wait_ms,
                                           struct gs_queue_entry *entry, struct gs_error *error);
/* The same of jobs that were put aside; GS_EAGAIN behind the last. */
GS_MUST enum gs_err gs_queue_client_aside(struct gs_queue_client *client, struct gs_queue_entry *entry,
                                          struct gs_error *error);
enum gs_queue_about { GS_QUEUE_FORGET, GS_QUEUE_REVIVE, GS_QUEUE_DROP };
/* *outcome: GS_QUEUE_DONE or GS_QUEUE_ABSENT. */
GS_MUST enum gs_err gs_queue_client_about(struct gs_queue_client *client, enum gs_queue_about what, const char *id,
                                          enum gs_queue_outcome *outcome, struct gs_error *error);
GS_MUST enum gs_err gs_queue_client_count(struct gs_queue_client *client, struct gs_queue_counts *out,
                                          struct gs_error *error);

/* Calls listed once, with what gs_queue_members tells it, before this returns. */
GS_MUST enum gs_err gs_queue_client_members(struct gs_queue_client *client, gs_queue_listed *listed, void *self,
                                            struct gs_error *error);

struct gs_queue_service {
	void *self;
	/* Does a job, on a thread of its own, one job at a time; heartbeats go on meanwhile. result has the limit GS_QUEUE_BYTES_MAX. An error is kept with
	 * the job; of GS_EPARSE, GS_EINVAL, GS_ELIMIT and GS_EUNSUPPORTED it is put aside at once, since nobody else could do it either. */
	enum gs_err (*run)(void *self, const char *id, struct gs_bytes payload, struct gs_buf *result,
	                   struct gs_error *error);
	uint64_t jobs_max; /* ends well after so many; 0: none */
	uint32_t idle_ms;  /* ends well when nothing has come for so long; 0: never */
	const volatile bool *
		ending; /* NULL, or: ends well, the job under way given back first, when this is set, say by a signal */
};
struct gs_queue_served {
	uint64_t done, late, failed;
};
/* Serves the queue until one of these ends it, or an error. */
GS_MUST enum gs_err gs_queue_serve(struct gs_queue_client *client, const struct gs_queue_service *service,
                                   struct gs_queue_served *served, struct gs_error *error);

#endif
