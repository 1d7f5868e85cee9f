/* queue/link.h: one connection to a Redis on libevent, and the commands that wait for their answers.
 *
 * Every address of the host is tried, one after another. A connection that is lost is made again, with growing pauses. Commands of this module may all be sent twice (queue.h says
 * why), so those that were under way are sent again, in their order; each waits at most `patience_ms` and then fails with what was last wrong.
 * What will not go away by itself (a wrong password, a certificate, no Redis, one that may evict data) fails everything at once;
 * the next command tries again.
 *
 * Transport is libevent's bufferevent, plain or TLS (the hiredis of Debian 12 has no TLS); hiredis writes commands and reads answers. */
#ifndef GS_QUEUE_LINK_H
#define GS_QUEUE_LINK_H

#include <hiredis/hiredis.h>

#include "queue/url.h"

struct event_base;

enum {
	GS_LINK_COMMANDS_MAX = 1024,          /* not answered yet */
	GS_LINK_BYTES_MAX = 64 * 1024 * 1024, /* of them together */
	GS_LINK_ARGUMENTS_MAX = 24,           /* of one command */
	GS_LINK_CONNECT_MS = 5000,            /* to connect, and to be greeted */
	GS_LINK_ANSWER_MS = 10000,            /* for an answer, beyond what a command may block for */
	GS_LINK_PAUSE_MS = 50,
	GS_LINK_PAUSE_MAX_MS = 5000, /* between attempts: doubled each time, less up to a half by chance */
	GS_LINK_REDIS_MAJOR = 7,     /* the oldest that will do */
};

struct gs_link;

struct gs_link_options {
	const struct gs_redis_url *url; /* copied */
	const char *ca_file;            /* PEM; NULL or "": the system's authorities. Copied. */
	uint32_t patience_ms;           /* at least 1 */
};

/* reply is NULL when err is not GS_OK, and else borrowed until the function returns; it may be an error of the server's
 * (gs_reply_check). The function may send commands, but not close the link. */
typedef void gs_link_answer(void *self, const redisReply *reply, enum gs_err err, const struct gs_error *error);

/* Connects when the first command is sent. GS_ENOMEM; GS_EIO: TLS cannot be set up, or the file of authorities cannot be read. */
GS_MUST enum gs_err gs_link_open(struct event_base *base, const struct gs_link_options *options, struct gs_link **out,
                                 struct gs_error *error);
/* Commands without an answer are forgotten: their functions are not called. */
void gs_link_close(struct gs_link *link);
const char *gs_link_name(const struct gs_link *link); /* without secrets; borrowed */

/* Copies the arguments. blocks_ms: how long the server may take to answer on purpose. Failures of the connection reach `answer`, from the loop,
 * never from within this call. GS_EAGAIN: too much is waiting for answers. GS_ENOMEM. */
GS_MUST enum gs_err gs_link_send(struct gs_link *link, const struct gs_bytes *arguments, unsigned count,
                                 uint32_t blocks_ms, gs_link_answer *answer, void *self, struct gs_error *error);

#endif
