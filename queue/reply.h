/* queue/reply.h: what a Redis answers, read by hiredis within limits of our own.
 *
 * hiredis takes any length that a server announces; here an array of more elements, or an answer of more bytes, than the named
 * limits ends the connection before memory is taken. */
#ifndef GS_QUEUE_REPLY_H
#define GS_QUEUE_REPLY_H

#include <hiredis/hiredis.h>

#include "chain/core/core.h"

enum {
	GS_REPLY_BYTES_MAX = 40 * 1024 * 1024, /* of one answer */
	GS_REPLY_ELEMENTS_MAX = 65536,         /* of one answer, arrays within arrays counted */
};

struct gs_replies;

GS_MUST enum gs_err gs_replies_new(struct gs_replies **out);
void gs_replies_free(struct gs_replies *replies);
/* Bytes as they come in. GS_ELIMIT, GS_ENOMEM. */
GS_MUST enum gs_err gs_replies_feed(struct gs_replies *replies, const void *bytes, size_t len, struct gs_error *error);
/* The next whole answer, to be freed with freeReplyObject; NULL when more bytes are needed. GS_EPARSE: this is not the protocol
 * of a Redis. GS_ELIMIT. After an error the object is of no more use. */
GS_MUST enum gs_err gs_replies_next(struct gs_replies *replies, redisReply **out, struct gs_error *error);

/* Whether the answer is an error that begins with this word ("BUSYGROUP"). */
bool gs_reply_is_error(const redisReply *reply, const char *word);
/* One line that says what a Redis has against a command, and what to do. Returns GS_ELIMIT (its memory), GS_EINVAL (user,
 * password, rights), GS_ECONFLICT (something else has this key), GS_EAGAIN (loading, busy), GS_EUNSUPPORTED (a replica, a cluster, an
 * unknown command) or GS_EIO. GS_OK when the answer is no error. */
enum gs_err gs_reply_check(const redisReply *reply, const char *where, struct gs_error *error);
/* An answer that is not of the form that its command's must be: GS_EPARSE. */
enum gs_err gs_reply_odd(const char *where, struct gs_error *error);

/* Element i of an array, when it is a string; {NULL, 0} otherwise. Borrowed. */
struct gs_bytes gs_reply_text(const redisReply *array, size_t i);
/* Element i of an array, when it is an integer of 0 or more; else -1. */
long long gs_reply_count(const redisReply *array, size_t i);

#endif
