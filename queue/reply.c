#include "queue/reply.h"

#include <stdlib.h>
#include <string.h>

#if HIREDIS_MAJOR >= 1
typedef size_t array_len;
#else
typedef int array_len;
#endif

struct gs_replies {
	redisReader *reader;
	redisReplyObjectFunctions *theirs;
	redisReplyObjectFunctions ours;
	size_t elements; /* of the answer under way */
	size_t bytes;
	bool beyond; /* a limit has been passed */
};

/* Whether there is room for one more object of so many bytes. */
static bool takes(struct gs_replies *replies, size_t elements, size_t bytes)
{
	if (elements > GS_REPLY_ELEMENTS_MAX - replies->elements || bytes > GS_REPLY_BYTES_MAX - replies->bytes) {
		replies->beyond = true;
		return false;
	}
	replies->elements += elements;
	replies->bytes += bytes;
	return true;
}

static void *make_string(const redisReadTask *task, char *text, size_t len)
{
	struct gs_replies *replies = task->privdata;
	return takes(replies, 0, len) ? replies->theirs->createString(task, text, len) : NULL;
}

static void *make_array(const redisReadTask *task, array_len len)
{
	struct gs_replies *replies = task->privdata;
	return len >= 0 && takes(replies, (size_t)len, 0) ? replies->theirs->createArray(task, len) : NULL;
}

enum gs_err gs_replies_new(struct gs_replies **out)
{
	struct gs_replies *replies = calloc(1, sizeof(*replies));
	*out = NULL;
	if (replies == NULL)
		return GS_ENOMEM;
	replies->reader = redisReaderCreate();
	if (replies->reader == NULL) {
		free(replies);
		return GS_ENOMEM;
	}
	replies->theirs = replies->reader->fn;
	replies->ours = *replies->theirs;
	replies->ours.createString = make_string;
	replies->ours.createArray = make_array;
	replies->reader->fn = &replies->ours;
	replies->reader->privdata = replies;
	*out = replies;
	return GS_OK;
}

void gs_replies_free(struct gs_replies *replies)
{
	if (replies == NULL)
		return;
	redisReaderFree(replies->reader);
	free(replies);
}

static enum gs_err too_long(struct gs_error *error)
{
	return gs_fail(error, GS_ELIMIT, "an answer is longer than %d bytes or %d elements", GS_REPLY_BYTES_MAX,
	               GS_REPLY_ELEMENTS_MAX);
}

enum gs_err gs_replies_feed(struct gs_replies *replies, const void *bytes, size_t len, struct gs_error *error)
{
	/* What the reader has not used yet is at most one string that is not whole, and the next answers of a pipeline. */
	if (replies->reader->len - replies->reader->pos > 2 * (size_t)GS_REPLY_BYTES_MAX)
		return too_long(error);
	if (redisReaderFeed(replies->reader, bytes, len) != REDIS_OK)
		return gs_fail(error, GS_ENOMEM, "no memory for an answer");
	return GS_OK;
}

enum gs_err gs_replies_next(struct gs_replies *replies, redisReply **out, struct gs_error *error)
{
	void *reply = NULL;
	*out = NULL;
	int status = redisReaderGetReply(replies->reader, &reply);
	if (replies->beyond || (reply == NULL && replies->reader->len - replies->reader->pos > GS_REPLY_BYTES_MAX)) {
		if (status == REDIS_OK && reply != NULL)
			freeReplyObject(reply);
		return too_long(error);
	}
	if (status != REDIS_OK && replies->reader->err == REDIS_ERR_OOM)
		return gs_fail(error, GS_ENOMEM, "no memory for an answer");
	if (status != REDIS_OK)
		return gs_fail(error, GS_EPARSE, "what answers there is not a Redis (%s)", replies->reader->errstr);
	if (reply != NULL)
		replies->elements = replies->bytes = 0;
	*out = reply;
	return GS_OK;
}

bool gs_reply_is_error(const redisReply *reply, const char *word)
{
	size_t len = strlen(word);
	return reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, word, len) == 0 &&
	       (reply->str[len] == ' ' || reply->str[len] == '\0');
}

enum gs_err gs_reply_check(const redisReply *reply, const char *where, struct gs_error *error)
{
	static const struct {
		const char *word;
		enum gs_err err;
		const char *advice;
	} known[] = {
		{"OOM", GS_ELIMIT, "its memory is full: raise maxmemory, or collect results"},
		{"NOAUTH", GS_EINVAL, "it wants a password: redis://USER:PASSWORD@HOST"},
		{"WRONGPASS", GS_EINVAL, "user or password is wrong"},
		{"NOPERM", GS_EINVAL, "this user may not do that: see the rights in docs/queue.md"},
		{"DENIED", GS_EINVAL, "it is in protected mode: set a password, or bind it to an address"},
		{"WRONGTYPE", GS_ECONFLICT, "something else uses this queue's keys: choose another name"},
		{"LOADING", GS_EAGAIN, "it is still loading its data"},
		{"BUSY", GS_EAGAIN, "it is busy with a script"},
		{"TRYAGAIN", GS_EAGAIN, "try again"},
		{"MASTERDOWN", GS_EAGAIN, "it has lost its master"},
		{"READONLY", GS_EUNSUPPORTED, "it is a replica: give the master's address"},
		{"MOVED", GS_EUNSUPPORTED,
	         "it is a cluster that keeps this queue elsewhere: give that server's address"},
		{"MISCONF", GS_EIO, "it cannot write to its disk"},
	};
	if (reply->type != REDIS_REPLY_ERROR)
		return GS_OK;
	for (size_t i = 0; i < GS_ARRAY_LEN(known); i++)
		if (gs_reply_is_error(reply, known[i].word))
			return gs_fail(error, known[i].err, "%s: %s (%.160s)", where, known[i].advice, reply->str);
	if (strstr(reply->str, "AUTH") != NULL && strstr(reply->str, "without any password") != NULL)
		return gs_fail(error, GS_EINVAL, "%s: it has no password, but one is given (%.160s)", where,
		               reply->str);
	if (strstr(reply->str, "unknown command") != NULL)
		return gs_fail(error, GS_EUNSUPPORTED, "%s: it lacks a command: Redis 7 or newer is needed (%.160s)",
		               where, reply->str);
	return gs_fail(error, GS_EIO, "%s: it refuses: %.200s", where, reply->str);
}

enum gs_err gs_reply_odd(const char *where, struct gs_error *error)
{
	return gs_fail(error, GS_EPARSE,
	               "%s: an answer has not the form that it must have: is this a Redis 7 or newer?", where);
}

struct gs_bytes gs_reply_text(const redisReply *array, size_t i)
{
	struct gs_bytes none = {NULL, 0};
	if (array->type != REDIS_REPLY_ARRAY || i >= array->elements || array->element[i]->type != REDIS_REPLY_STRING)
		return none;
	return (struct gs_bytes){(const uint8_t *)array->element[i]->str, (size_t)array->element[i]->len};
}

long long gs_reply_count(const redisReply *array, size_t i)
{
	if (array->type != REDIS_REPLY_ARRAY || i >= array->elements ||
	    array->element[i]->type != REDIS_REPLY_INTEGER || array->element[i]->integer < 0)
		return -1;
	return array->element[i]->integer;
}
