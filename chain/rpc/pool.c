#include "chain/rpc/pool.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/rpc/hexjson.h"
#include "chain/rpc/pool_parts.h"

/* --- opening --- */

static void name_pool(struct gs_pool *pool)
{
	const char *first = gs_endpoint_name(pool->member[0].endpoint);

	if (pool->count == 1)
		snprintf(pool->name, sizeof(pool->name), "%.200s", first);
	else
		snprintf(pool->name, sizeof(pool->name), "%.200s and %zu more", first, pool->count - 1);
}

enum gs_err gs_pool_open(struct event_base *base, const char *const *urls, size_t count,
                         const struct gs_pool_options *options, struct gs_pool **out, struct gs_error *error)
{
	struct gs_pool *pool;
	enum gs_err err = GS_OK;

	*out = NULL;
	if (count == 0 || count > GS_QUORUM_ENDPOINTS_MAX)
		return gs_fail(error, GS_EINVAL, "rpc: %zu endpoints; 1 to %d are possible", count,
		               GS_QUORUM_ENDPOINTS_MAX);
	if (options->quorum > count)
		return gs_fail(error, GS_EINVAL, "chain.quorum: %llu endpoints must agree, but %zu are named in rpc",
		               (unsigned long long)options->quorum, count);
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(urls[i], urls[j]) == 0)
				return gs_fail(
					error, GS_EINVAL,
					"rpc: endpoint %zu is named twice; one that is asked twice always agrees with "
					"itself",
					i + 1);
	pool = calloc(1, sizeof(*pool));
	if (!pool)
		return gs_fail(error, GS_ENOMEM, "rpc: out of memory");
	pool->base = base;
	pool->random = options->seed;
	pool->need = gs_quorum_need(count, options->quorum);
	for (; pool->count < count && !err; pool->count += !err) {
		struct gs_pool_endpoint *m = &pool->member[pool->count];
		gs_limits_init(&m->limits);
		err = gs_endpoint_open(base, urls[pool->count], options->endpoint, &m->endpoint, error);
		if (!err && (err = gs_outbox_open(base, m->endpoint, &m->limits, &m->outbox, error)))
			gs_endpoint_close(m->endpoint);
	}
	if (err) {
		gs_pool_close(pool);
		return err;
	}
	name_pool(pool);
	*out = pool;
	return GS_OK;
}

void gs_pool_close(struct gs_pool *pool)
{
	if (!pool)
		return;
	for (size_t i = 0; i < pool->count; i++) {
		gs_outbox_close(pool->member[i].outbox);
		gs_endpoint_close(pool->member[i].endpoint);
	}
	free(pool);
}

void gs_pool_log_to(struct gs_pool *pool, const struct gs_log *log)
{
	pool->log = log;
}

const char *gs_pool_name(const struct gs_pool *pool)
{
	return pool->name;
}

void gs_pool_stop(struct gs_pool *pool, bool stopped)
{
	pool->stopped = stopped;
}

/* --- contradictions --- */

/* What one of them said, short: its beginning and its digest's. */
static void excerpt(const struct gs_pool_question *q, size_t i, char out[GS_POOL_EXCERPT_MAX])
{
	const struct gs_pool_ask *a = &q->ask[i];
	char digest[11], *text = NULL;

	gs_hex_encode(q->votes.digest[i].b, 4, true, digest);
	if (q->reader && q->votes.vote[i] == GS_VOTE_ANSWER) {
		snprintf(out, GS_POOL_EXCERPT_MAX, "%llu entries #%s",
		         (unsigned long long)q->reader->count(q->reader->self, i), digest);
		return;
	}
	if (a->result && json_is_array(a->result)) {
		snprintf(out, GS_POOL_EXCERPT_MAX, "%zu entries #%s", json_array_size(a->result), digest);
		return;
	}
	if (a->result && json_object_get(a->result, "hash")) {
		const char *hash = json_string_value(json_object_get(a->result, "hash"));
		snprintf(out, GS_POOL_EXCERPT_MAX, "%.66s #%s", hash ? hash : "?", digest);
		return;
	}
	if (a->result)
		text = json_dumps(a->result, JSON_COMPACT | JSON_ENCODE_ANY);
	snprintf(out, GS_POOL_EXCERPT_MAX, "%.80s #%s", text ? text : a->failure.message, digest);
	free(text);
	for (char *c = out; *c; c++)
		if (*c == '"' || (unsigned char)*c < 0x20)
			*c = '\'';
}

static void tell(struct gs_pool_question *q, size_t i, size_t j, bool decided)
{
	struct gs_pool *pool = q->pool;
	const uint64_t now = gs_pool_now_ms();
	const char *const name_i = gs_endpoint_name(pool->member[i].endpoint);
	const char *const name_j = gs_endpoint_name(pool->member[j].endpoint);
	char said_i[GS_POOL_EXCERPT_MAX], said_j[GS_POOL_EXCERPT_MAX], blocks[64] = "";
	uint64_t from, to;
	const uint64_t range = gs_pool_range_of(q, &from, &to);

	if (range)
		snprintf(blocks, sizeof(blocks), " from=%llu to=%llu", (unsigned long long)from,
		         (unsigned long long)to);
	excerpt(q, i, said_i);
	excerpt(q, j, said_j);
	snprintf(pool->last, sizeof(pool->last), "%.64s: %.100s says %s, %.100s says %s", q->method, name_i, said_i,
	         name_j, said_j);
	if (pool->told_ms && now - pool->told_ms < GS_POOL_RETELL_MS &&
	    strncmp(pool->told_method, q->method, sizeof(pool->told_method) - 1) == 0 &&
	    (!range || range >= pool->told_range)) /* where it lies is told as closely as it becomes known */
		return;
	pool->told_ms = now;
	pool->told_range = range;
	snprintf(pool->told_method, sizeof(pool->told_method), "%s", q->method);
	gs_log_line(pool->log, decided ? GS_LOG_WARN : GS_LOG_ERROR, "rpc.disagree",
	            "method=%s decided=%s%s one=%s says=\"%s\" other=%s said=\"%s\" total=%llu", q->method,
	            decided ? "yes" : "no", blocks, name_i, said_i, name_j, said_j,
	            (unsigned long long)pool->disagreements);
}

void gs_pool_settle(struct gs_pool_question *q, bool decided, size_t which)
{
	struct gs_pool *pool = q->pool;
	size_t other = 0;
	bool contrary = false;

	for (size_t i = 0; i < pool->count; i++) {
		if (decided && q->votes.vote[i] == GS_VOTE_ANSWER && q->votes.vote[which] == GS_VOTE_ANSWER &&
		    !gs_quorum_same(&q->votes, i, which)) {
			gs_health_disagreed(&pool->member[i].health);
			contrary = true;
			other = i;
		} else if (!decided && !contrary && gs_quorum_contrary(&q->votes, i, &other)) {
			contrary = true;
			which = i;
		}
	}
	if (!contrary)
		return;
	pool->disagreements++;
	pool->undecided += !decided;
	tell(q, which, other, decided);
}

/* --- what the answers come to --- */

/* Too few answered, or agreed. All in the same way: that is what they say. */
static enum gs_err fail_silence(struct gs_pool_question *q, bool contrary, struct gs_rpc_failure *failure,
                                struct gs_error *error)
{
	const struct gs_pool *pool = q->pool;
	const struct gs_pool_ask *first = NULL;
	size_t answered = 0;
	bool same = true;

	for (size_t i = 0; i < pool->count; i++) {
		const struct gs_pool_ask *a = &q->ask[i];
		answered += q->votes.vote[i] == GS_VOTE_ANSWER || q->votes.vote[i] == GS_VOTE_ABSENT;
		if (q->votes.vote[i] != GS_VOTE_SILENT)
			continue;
		first = first ? first : a;
		same = same && a->err == first->err && a->failure.kind == first->failure.kind;
	}
	if (first && same && answered == 0) {
		*failure = first->failure;
		return gs_fail(error, first->err, "%s", first->why.text);
	}
	gs_rpc_failure_set(failure, GS_RPC_TRANSPORT, 0, GS_EAGAIN, "%s", contrary ? "no quorum" : "too few answers");
	if (contrary)
		return gs_fail(error, GS_EAGAIN, "%s: the endpoints disagree: %s", q->method, pool->last);
	return gs_fail(error, GS_EAGAIN, "%s: %zu of %zu endpoints answered, %zu must agree%s%s", q->method, answered,
	               pool->count, pool->need, first ? "; " : "", first ? first->why.text : "");
}

static enum gs_err take_ask(struct gs_pool_ask *a, json_t **result, struct gs_rpc_failure *failure,
                            struct gs_error *error)
{
	if (a->err) {
		*failure = a->failure;
		return gs_fail(error, a->err, "%s", a->why.text);
	}
	*result = json_incref(a->result);
	return GS_OK;
}

/* What the answers agree on, by the question's rule. */
static enum gs_err by_quorum(struct gs_pool_question *q, json_t **result, struct gs_rpc_failure *failure,
                             struct gs_error *error)
{
	size_t which;
	const enum gs_quorum_state state = gs_quorum_conclude(&q->votes, q->trust, &which);

	if (q->trust == GS_TRUST_QUORUM)
		gs_pool_settle(q, state == GS_QUORUM_AGREED, which);
	if (state == GS_QUORUM_AGREED)
		return take_ask(&q->ask[which], result, failure, error);
	return fail_silence(q, state == GS_QUORUM_DISAGREE && q->trust != GS_TRUST_ALL, failure, error);
}

/* Numbers that need not be the same. */
static enum gs_err by_order(struct gs_pool_question *q, json_t **result, struct gs_rpc_failure *failure,
                            struct gs_error *error)
{
	json_t *good[GS_QUORUM_ENDPOINTS_MAX];
	size_t answered[GS_QUORUM_ENDPOINTS_MAX], which, count;
	enum gs_err err;

	if (gs_quorum_conclude(&q->votes, q->trust, &which) != GS_QUORUM_AGREED || which != SIZE_MAX)
		return by_quorum(q, result, failure, error);
	count = gs_quorum_good(&q->votes, answered);
	for (size_t i = 0; i < count; i++)
		good[i] = q->ask[answered[i]].result;
	err = q->trust == GS_TRUST_LEAST ? gs_compare_least(good, count, q->pool->need, result)
	                                 : gs_compare_median(good, count, q->pool->need, result);
	if (!err)
		return GS_OK;
	gs_rpc_failure_set(failure, GS_RPC_MALFORMED, 0, err, "%s: the answers are not of one form", q->method);
	return gs_fail(error, err, "%s: %s", q->pool->name, failure->message);
}

/* --- the newest block --- */

static void begin(struct gs_pool_question *q, struct gs_pool *pool, const char *method, json_t *params,
                  enum gs_trust trust)
{
	gs_pool_question_init(q, pool, method, params, trust);
	if (trust == GS_TRUST_ANY)
		q->votes.need = 1;
	if (trust == GS_TRUST_QUORUM || trust == GS_TRUST_MEDIAN)
		q->pin = pool->count > 1 ? gs_compare_block_param(method, params) : -1;
}

/* What the answers come to; err: of asking. */
static enum gs_err conclude(struct gs_pool_question *q, enum gs_err err, json_t **result,
                            struct gs_rpc_failure *failure, struct gs_error *error)
{
	if (!err && (q->trust == GS_TRUST_LEAST || q->trust == GS_TRUST_MEDIAN))
		err = by_order(q, result, failure, error);
	else if (!err)
		err = by_quorum(q, result, failure, error);
	else
		gs_rpc_failure_set(failure, GS_RPC_TRANSPORT, 0, err, "%s", "the call was ended");
	return err;
}

static enum gs_err ask_by_quorum(struct gs_pool *pool, const char *method, json_t *params, enum gs_trust trust,
                                 json_t **result, struct gs_rpc_failure *failure, struct gs_error *error)
{
	struct gs_pool_question q;
	enum gs_err err;

	begin(&q, pool, method, params, trust);
	err = conclude(&q, gs_pool_ask_all(&q, 1, error), result, failure, error);
	gs_pool_question_free(&q);
	return err;
}

static uint64_t number_of(const struct gs_pool_ask *a)
{
	uint64_t number = 0;

	if (!gs_json_u64(json_object_get(a->result, "number"), &number))
		number = 0;
	return number;
}

/* Of those who answered; their health hears of it. */
static size_t newest_candidates(const struct gs_pool_question *q, size_t out[GS_QUORUM_CANDIDATES_MAX], bool *told)
{
	uint64_t number[GS_QUORUM_ENDPOINTS_MAX] = {0};
	size_t good[GS_QUORUM_ENDPOINTS_MAX];
	const size_t count = gs_quorum_good(&q->votes, good);

	for (size_t i = 0; i < count; i++) {
		number[good[i]] = number_of(&q->ask[good[i]]);
		gs_health_head(&q->pool->member[good[i]].health, number[good[i]]);
	}
	return gs_quorum_newest(&q->votes, number, out, told);
}

/* The newest block that a quorum has. */
static enum gs_err newest(struct gs_pool *pool, const char *method, json_t *params, json_t **result,
                          struct gs_rpc_failure *failure, struct gs_error *error)
{
	struct gs_pool_question q;
	size_t candidate[GS_QUORUM_CANDIDATES_MAX], count;
	bool told;
	enum gs_err err;

	gs_pool_question_init(&q, pool, method, params, GS_TRUST_NEWEST);
	err = gs_pool_ask_all(&q, 1, error);
	if (err) {
		gs_rpc_failure_set(failure, GS_RPC_TRANSPORT, 0, err, "%s", "the call was ended");
		goto out;
	}
	count = newest_candidates(&q, candidate, &told);
	if (told)
		*result = json_incref(q.ask[candidate[0]].result);
	for (size_t k = 0; k < count && !*result; k++) {
		json_t *by_hash = json_pack("[O, b]", json_object_get(q.ask[candidate[k]].result, "hash"), 0);
		err = by_hash ? ask_by_quorum(pool, "eth_getBlockByHash", by_hash, GS_TRUST_QUORUM, result, failure,
		                              error)
		              : GS_ENOMEM;
		json_decref(by_hash);
		if (json_is_null(*result)) {
			json_decref(*result);
			*result = NULL;
		}
		if (pool->stopped)
			goto out;
	}
	err = *result ? GS_OK : fail_silence(&q, false, failure, error);
out:
	gs_pool_question_free(&q);
	return err;
}

static void keep_head(struct gs_pool *pool, const json_t *block)
{
	struct gs_hash hash;
	uint64_t number;

	if (!gs_json_hash(json_object_get(block, "hash"), &hash) ||
	    !gs_json_u64(json_object_get(block, "number"), &number))
		return;
	pool->head = number;
	pool->head_hash = hash;
	pool->head_seen_ms = gs_pool_now_ms();
}

/* State is asked at a block that is new enough. */
static enum gs_err refresh_head(struct gs_pool *pool, struct gs_rpc_failure *failure, struct gs_error *error)
{
	json_t *params, *block = NULL;
	enum gs_err err;

	if (pool->head_seen_ms && gs_pool_now_ms() - pool->head_seen_ms <= GS_POOL_HEAD_AGE_MS)
		return GS_OK;
	params = json_pack("[s, b]", "latest", 0);
	if (!params)
		return gs_fail(error, GS_ENOMEM, "%s: no memory for the request", pool->name);
	err = newest(pool, "eth_getBlockByNumber", params, &block, failure, error);
	if (!err)
		keep_head(pool, block);
	json_decref(block);
	json_decref(params);
	return err;
}

enum gs_err gs_pool_call(struct gs_pool *pool, const char *method, json_t *params, json_t **result,
                         struct gs_rpc_failure *failure, struct gs_error *error)
{
	const enum gs_trust trust = gs_trust_of(method, params);
	const char *tag = json_string_value(json_array_get(params, 0));
	enum gs_err err = GS_OK;

	*result = NULL;
	gs_rpc_failure_clear(failure);
	event_base_loop(pool->base, EVLOOP_NONBLOCK); /* what happened to the connections since the last call */
	if (pool->stopped) {
		gs_rpc_failure_set(failure, GS_RPC_TRANSPORT, 0, GS_EIO, "%s", "the call was ended");
		err = gs_fail(error, GS_EIO, "%s: the call was ended", pool->name);
	}
	if (!err && pool->count > 1 && gs_compare_block_param(method, params) >= 0)
		err = refresh_head(pool, failure, error);
	if (!err && trust == GS_TRUST_NEWEST)
		err = newest(pool, method, params, result, failure, error);
	else if (!err)
		err = ask_by_quorum(pool, method, params, trust, result, failure, error);
	if (!err && trust == GS_TRUST_NEWEST && strcmp(tag, "latest") == 0)
		keep_head(pool, *result);
	json_decref(params);
	return err;
}

static enum gs_err ask_many(struct gs_pool *pool, struct gs_rpc_item *item, size_t count, struct gs_error *error)
{
	struct gs_pool_question *q = calloc(count, sizeof(*q));
	struct gs_rpc_failure *failure = calloc(1, sizeof(*failure));
	bool of_state = false;
	enum gs_err err = GS_OK;

	if (!q || !failure) {
		err = gs_fail(error, GS_ENOMEM, "%s: no memory for the request", pool->name);
		goto out;
	}
	for (size_t i = 0; i < count; i++)
		of_state = of_state || gs_compare_block_param(item[i].method, item[i].params) >= 0;
	if (pool->count > 1 && of_state)
		err = refresh_head(pool, failure, error);
	if (err)
		goto out;
	for (size_t i = 0; i < count; i++) {
		const enum gs_trust trust = gs_trust_of(item[i].method, item[i].params);
		GS_ASSERT(trust != GS_TRUST_ALL && trust != GS_TRUST_NEWEST);
		begin(&q[i], pool, item[i].method, item[i].params, trust);
	}
	err = gs_pool_ask_all(q, count, error);
	for (size_t i = 0; i < count; i++) {
		if (!err)
			item[i].err = conclude(&q[i], GS_OK, &item[i].result, failure, &item[i].why);
		gs_pool_question_free(&q[i]);
	}
out:
	free(failure);
	free(q);
	return err;
}

enum gs_err gs_pool_call_many(struct gs_pool *pool, struct gs_rpc_item *item, size_t count, struct gs_error *error)
{
	enum gs_err err = GS_OK;

	event_base_loop(pool->base, EVLOOP_NONBLOCK); /* as for every call */
	if (pool->stopped)
		err = gs_fail(error, GS_EIO, "%s: the call was ended", pool->name);
	for (size_t at = 0, n; at < count && !err; at += n) {
		n = count - at < GS_POOL_TOGETHER_MAX ? count - at : GS_POOL_TOGETHER_MAX;
		err = ask_many(pool, item + at, n, error);
	}
	return err;
}

enum gs_err gs_pool_read(struct gs_pool *pool, const char *method, json_t *params, const struct gs_pool_reader *reader,
                         size_t *which, struct gs_rpc_failure *failure, struct gs_error *error)
{
	struct gs_pool_question q;
	enum gs_quorum_state state;
	enum gs_err err;

	gs_rpc_failure_clear(failure);
	event_base_loop(pool->base, EVLOOP_NONBLOCK); /* as for every call */
	gs_pool_question_init(&q, pool, method, params, GS_TRUST_QUORUM);
	q.reader = reader;
	err = gs_pool_ask_all(&q, 1, error);
	if (err) {
		gs_rpc_failure_set(failure, GS_RPC_TRANSPORT, 0, err, "%s", "the call was ended");
		goto out;
	}
	state = gs_quorum_state(&q.votes, which);
	gs_pool_settle(&q, state == GS_QUORUM_AGREED, *which);
	if (state != GS_QUORUM_AGREED) {
		err = fail_silence(&q, state == GS_QUORUM_DISAGREE, failure, error);
	} else if (q.ask[*which].err) { /* a failure that they agree on */
		*failure = q.ask[*which].failure;
		err = gs_fail(error, q.ask[*which].err, "%s", q.ask[*which].why.text);
	}
out:
	gs_pool_question_free(&q);
	json_decref(params);
	return err;
}

/* --- heads, and how it stands --- */

static void on_head(void *self, const struct gs_head *head)
{
	struct gs_pool *pool = self;

	(void)head; /* one endpoint's word: reason enough to ask them all */
	pool->on_head(pool->on_head_self);
}

static void on_heads_lost(void *self, bool again, const struct gs_error *why)
{
	const struct gs_pool *pool = self;

	gs_log_line(pool->log, GS_LOG_WARN, "rpc.heads_lost", "again=%s why=\"%s\"", again ? "yes" : "no", why->text);
}

bool gs_pool_watch_heads(struct gs_pool *pool, void (*tell_head)(void *self), void *self)
{
	const struct gs_head_watch watch = {.self = pool, .head = on_head, .lost = on_heads_lost};
	struct gs_error ignored;
	bool any = false;

	pool->on_head = tell_head;
	pool->on_head_self = self;
	for (size_t i = 0; i < pool->count; i++)
		any |= gs_endpoint_watch_heads(pool->member[i].endpoint, tell_head ? &watch : NULL, &ignored) == GS_OK;
	return any;
}

void gs_pool_status(const struct gs_pool *pool, struct gs_pool_status *out)
{
	const uint64_t now = gs_pool_now_ms();

	memset(out, 0, sizeof(*out));
	out->endpoints = pool->count;
	out->need = pool->need;
	out->head = pool->head;
	out->disagreements = pool->disagreements;
	out->undecided = pool->undecided;
	memcpy(out->last, pool->last, sizeof(out->last));
	for (size_t i = 0; i < pool->count; i++) {
		const struct gs_pool_endpoint *m = &pool->member[i];
		out->endpoint[i].name = gs_endpoint_name(m->endpoint);
		out->endpoint[i].latency_ms = m->health.latency_ms;
		out->endpoint[i].answers = m->health.answers;
		out->endpoint[i].failures = m->health.failures;
		out->endpoint[i].disagreements = m->health.disagreements;
		out->endpoint[i].head = m->health.head;
		out->endpoint[i].rests_ms = gs_pool_ready_in_ms(m, now);
		out->endpoint[i].range = m->limits.range;
		out->endpoint[i].batch = m->limits.batch;
	}
}
