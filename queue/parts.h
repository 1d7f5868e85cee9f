/* queue/parts.h: what the files of the queue share. For queue/ only. */
#ifndef GS_QUEUE_PARTS_H
#define GS_QUEUE_PARTS_H

#include <event2/event.h>

#include "queue/link.h"
#include "queue/queue.h"
#include "queue/reply.h"
#include "queue/scripts.h"

#define GS_QUEUE_GROUP "workers"

enum {
	GS_QUEUE_KEY_MAX = GS_QUEUE_NAME_MAX + 32,
	GS_QUEUE_TICK_MS = 20,
	GS_QUEUE_ROOM_MS = 20,
	GS_QUEUE_ROOM_MAX_MS = 500, /* between attempts to submit to a full queue: doubled each time */
	GS_QUEUE_BLOCK_MS = 1000,   /* at most, of one command */
	GS_QUEUE_TAKE_MAX = 8,      /* jobs of one command: their payloads fit into one answer */
	GS_QUEUE_NUMBER_MAX = 24,   /* characters of a decimal number */
};

enum gs_queue_key {
	GS_QUEUE_JOBS,
	GS_QUEUE_IDS,
	GS_QUEUE_RESULTS,
	GS_QUEUE_AWAY,
	GS_QUEUE_ERRORS,
	GS_QUEUE_WORKERS,
	GS_QUEUE_CLOCK
};

struct gs_queue_held {
	struct gs_queue_job job; /* first: callers give this address back */
	struct gs_queue_held *next;
	struct gs_queue *queue;
	char entry[GS_QUEUE_PLACE_MAX];
	uint8_t *payload;
	bool lost;
	bool beating; /* an answer to a heartbeat is still to come, and frees it if it is `gone` */
	bool gone;
};

struct gs_queue_call;

struct gs_queue {
	struct event_base *base;
	struct gs_redis_url url;
	char key[GS_QUEUE_KEYS][GS_QUEUE_KEY_MAX];
	char worker_name[GS_QUEUE_NAME_MAX + 1];
	uint32_t patience_ms, visibility_ms, deliveries_max, backlog_max, kept_max;
	struct gs_link *control, *taking, *reading; /* those that block the connection have one of their own */
	struct event *tick;
	struct gs_queue_call *calls;
	unsigned call_count;
	struct gs_queue_worker worker;
	bool working;       /* jobs are wanted */
	bool asked;         /* an answer with jobs is still to come */
	unsigned groupless; /* answers in a row that know of no group */
	struct gs_queue_held *held;
	unsigned held_count;
	uint64_t reclaim_ms, beat_ms; /* when next */
};

uint64_t gs_queue_now_ms(void);
struct gs_bytes gs_queue_words(const char *text);
struct gs_bytes gs_queue_number(uint64_t value, char room[GS_QUEUE_NUMBER_MAX]);
/* From now on, as long as there is something to look after. */
void gs_queue_tick_soon(struct gs_queue *queue);
/* EVAL with all keys. */
GS_MUST enum gs_err gs_queue_eval(struct gs_queue *queue, struct gs_link *link, const char *script,
                                  const struct gs_bytes *arguments, unsigned count, gs_link_answer *answer, void *self,
                                  struct gs_error *error);
/* Copies a view that must fit, with its zero; false when it is missing or longer. */
bool gs_queue_copy(char *out, size_t room, struct gs_bytes from);
/* The first entry of an answer to XREAD or XREADGROUP: {{key, {{place, {name, value...}}...}}}; NULL when there is none. */
const redisReply *gs_queue_entries(const redisReply *reply);
/* The value of a field of an entry. */
struct gs_bytes gs_queue_field(const redisReply *fields, const char *name);

/* worker.c */
void gs_queue_worker_tick(struct gs_queue *queue, uint64_t now);
void gs_queue_worker_free(struct gs_queue *queue);
/* The worker does not hold it any more. */
void gs_queue_release(struct gs_queue *queue, struct gs_queue_held *held);
/* Asks for jobs, if there is room and nothing is asked already. */
void gs_queue_take(struct gs_queue *queue);

#endif
