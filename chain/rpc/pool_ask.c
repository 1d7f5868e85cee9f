/* One question of a pool: whom it is put to, when another is asked, and when it has been answered. */
#include <event2/event.h>
#include <string.h>
#include <time.h>

#include "chain/eth/tx.h"
#include "chain/rpc/hexjson.h"
#include "chain/rpc/pool_parts.h"

static void on_timer(evutil_socket_t fd, short what, void *self);
static void on_reply(void *self, const struct gs_reply *reply);

uint64_t gs_pool_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static bool asks_all(const struct gs_pool_question *q)
{
	return gs_quorum_asks_all(q->trust);
}

static size_t count_votes(const struct gs_pool_question *q, enum gs_quorum_vote vote)
{
	size_t n = 0;

	for (size_t i = 0; i < q->votes.endpoints; i++)
		n += q->votes.vote[i] == vote;
	return n;
}

void gs_pool_question_init(struct gs_pool_question *q, struct gs_pool *pool, const char *method, json_t *params,
                           enum gs_trust trust)
{
	memset(q, 0, sizeof(*q));
	q->pool = pool;
	q->method = method;
	q->params = params;
	q->trust = trust;
	q->pin = -1;
	gs_quorum_init(&q->votes, pool->count, pool->need);
	for (size_t i = 0; i < pool->count; i++) {
		q->ask[i].question = q;
		q->ask[i].index = i;
	}
}

/* Those that have not answered yet were outrun. */
void gs_pool_question_free(struct gs_pool_question *q)
{
	const uint64_t now = gs_pool_now_ms();

	for (size_t i = 0; i < q->pool->count; i++) {
		struct gs_pool_ask *a = &q->ask[i];
		if (a->call || a->asked)
			gs_health_outrun(&q->pool->member[i].health, (double)(now - a->asked_ms));
		if (a->call)
			gs_call_cancel(a->call);
		if (a->asked)
			gs_asked_cancel(a->asked);
		json_decref(a->result);
	}
	if (q->timer)
		event_free(q->timer);
}

/* --- whom to ask --- */

uint64_t gs_pool_ready_in_ms(const struct gs_pool_endpoint *m, uint64_t now)
{
	const uint64_t rests = gs_health_rests(&m->health, now) ? m->health.rests_until_ms - now : 0;
	const uint64_t full = gs_limits_wait_ms(&m->limits, now);

	return rests > full ? rests : full;
}

static uint64_t newest_told(const struct gs_pool *pool)
{
	uint64_t newest = 0;

	for (size_t i = 0; i < pool->count; i++)
		if (pool->member[i].health.head > newest)
			newest = pool->member[i].health.head;
	return newest;
}

/* The best one that was not asked; one that must be waited for only when no other is left. False: everybody was. */
static bool best_unasked(const struct gs_pool_question *q, uint64_t now, size_t *out)
{
	const struct gs_pool *pool = q->pool;
	const uint64_t newest = newest_told(pool);
	double least = 0;
	bool found = false;

	for (size_t i = 0; i < pool->count; i++) {
		const uint64_t wait = gs_pool_ready_in_ms(&pool->member[i], now);
		const double cost = gs_health_cost(&pool->member[i].health, newest) + (wait ? 1e6 + (double)wait : 0);
		if (q->votes.vote[i] != GS_VOTE_UNASKED || (found && cost >= least))
			continue;
		found = true;
		least = cost;
		*out = i;
	}
	return found;
}

static void wait_ms(struct gs_pool_question *q, uint64_t ms)
{
	const struct timeval wait = {(time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000)};

	evtimer_add(q->timer, &wait);
}

/* The block to ask at in the place of "latest". */
static json_t *pinned_params(struct gs_pool_question *q, size_t i, bool *by_hash)
{
	const struct gs_pool *pool = q->pool;
	json_t *copy, *block;

	*by_hash = q->pin >= 0 && !pool->member[i].by_number;
	if (q->pin < 0)
		return json_incref(q->params);
	copy = json_copy(q->params);
	block = *by_hash ? json_pack("{s:o}", "blockHash", gs_json_from_hash(&pool->head_hash))
	                 : gs_json_from_u64(pool->head);
	if (!copy || !block || json_array_set_new(copy, (size_t)q->pin, block)) {
		json_decref(copy);
		return NULL;
	}
	return copy;
}

static void silent(struct gs_pool_ask *a, enum gs_err err, const char *text)
{
	struct gs_pool_question *q = a->question;

	a->err = err;
	gs_rpc_failure_set(&a->failure, GS_RPC_TRANSPORT, 0, err, "%s", text);
	(void)gs_fail(&a->why, err, "%s: %s", gs_endpoint_name(q->pool->member[a->index].endpoint), text);
	q->votes.vote[a->index] = GS_VOTE_SILENT;
}

static void put_to(struct gs_pool_question *q, size_t i)
{
	struct gs_pool_ask *a = &q->ask[i];
	struct gs_pool_endpoint *m = &q->pool->member[i];
	json_t *params = pinned_params(q, i, &a->pinned_by_hash);
	struct gs_sink sink;
	const struct gs_call_options options = {.sink = &sink};
	enum gs_err err;

	a->asked_ms = gs_pool_now_ms();
	if (!params) {
		q->no_memory = true;
		silent(a, GS_ENOMEM, "no memory for the request");
		return;
	}
	q->votes.vote[i] = GS_VOTE_WAITING;
	err = q->reader ? q->reader->open(q->reader->self, i, &sink) : GS_OK;
	if (err) {
		json_decref(params);
		q->no_memory = true;
		silent(a, err, "no memory for the answer");
		return;
	}
	if (q->reader || q->trust == GS_TRUST_ALL)
		err = gs_endpoint_call(m->endpoint, q->method, params, q->reader ? &options : NULL, on_reply, a,
		                       &a->call, &a->why);
	else
		err = gs_outbox_call(m->outbox, q->method, params, on_reply, a, &a->asked, &a->why);
	if (err) {
		const struct gs_error why = a->why;
		a->call = NULL;
		silent(a, err, "the call could not be made");
		a->why = why;
	}
}

/* Puts the question to one more. False: nobody is left, or whoever is must be waited for (the timer will see to it). */
static bool ask_another(struct gs_pool_question *q)
{
	const uint64_t now = gs_pool_now_ms();
	uint64_t wait = 0;
	size_t i = 0;

	while (best_unasked(q, now, &i)) {
		wait = gs_pool_ready_in_ms(&q->pool->member[i], now);
		if (wait == 0 && gs_limits_take(&q->pool->member[i].limits, now) == 0) {
			put_to(q, i);
			return true;
		}
		if (wait <= GS_POOL_PATIENCE_MS) {
			wait_ms(q, wait);
			return false;
		}
		silent(&q->ask[i], GS_EAGAIN, "it rests after failures, or takes no more calls for now");
	}
	return false;
}

/* --- when it has been answered --- */

/* The call with the latest hedge time among those under way decides when another is asked beside them. */
static void arm_hedge(struct gs_pool_question *q)
{
	uint32_t hedge = 0;

	for (size_t i = 0; i < q->pool->count; i++) {
		const uint32_t late = gs_health_hedge_ms(&q->pool->member[i].health, GS_POOL_PATIENCE_MS);
		if (q->votes.vote[i] == GS_VOTE_WAITING && late > hedge)
			hedge = late;
	}
	if (hedge && count_votes(q, GS_VOTE_UNASKED))
		wait_ms(q, hedge);
}

/* Enough answers of those that are asked all at once; the rest have a little longer. */
static void grace(struct gs_pool_question *q)
{
	const size_t answered = count_votes(q, GS_VOTE_ANSWER) + count_votes(q, GS_VOTE_ABSENT);
	bool taken = false;

	for (size_t i = 0; i < q->pool->count; i++)
		taken = taken || (q->votes.vote[i] == GS_VOTE_ANSWER && !q->votes.refused[i]);
	if (q->trust == GS_TRUST_ALL ? taken : answered >= q->pool->need) {
		wait_ms(q, q->trust == GS_TRUST_ALL ? GS_POOL_TOLD_ALL_MS : GS_POOL_GRACE_MS);
		q->enough = true; /* when the timer comes */
	}
}

/* Whether the question needs nobody any more; asks more where that is needed. */
static bool decided(struct gs_pool_question *q)
{
	size_t which;

	if (q->no_memory)
		return true;
	if (asks_all(q))
		return !count_votes(q, GS_VOTE_WAITING) && !count_votes(q, GS_VOTE_UNASKED);
	for (;;) {
		switch (gs_quorum_state(&q->votes, &which)) {
		case GS_QUORUM_AGREED:
		case GS_QUORUM_DISAGREE:
		case GS_QUORUM_SILENCE: return true;
		case GS_QUORUM_WAIT: return false;
		case GS_QUORUM_MORE:
			if (!ask_another(q) && count_votes(q, GS_VOTE_UNASKED))
				return false;
			arm_hedge(q);
			break;
		}
	}
}

static void on_timer(evutil_socket_t fd, short what, void *self)
{
	struct gs_pool_question *q = self;

	(void)fd;
	(void)what;
	if (q->over)
		return;
	if (asks_all(q)) {
		if (q->enough) /* the grace is over: those that wait are silent */
			for (size_t i = 0; i < q->pool->count; i++)
				if (q->votes.vote[i] == GS_VOTE_UNASKED)
					silent(&q->ask[i], GS_EAGAIN, "it was not asked in time");
		if (!q->enough)
			while (ask_another(q))
				;
		return;
	}
	if (ask_another(q))
		arm_hedge(q);
}

/* A transaction's hash is known before any endpoint says it. */
static bool is_right(const struct gs_pool_question *q, const json_t *result)
{
	struct gs_hash ours, theirs;
	struct gs_buf raw;
	bool right;

	if (q->trust != GS_TRUST_ALL)
		return true;
	gs_buf_init(&raw, GS_TX_RAW_MAX);
	right = gs_json_append(json_array_get(q->params, 0), &raw) == GS_OK && gs_json_hash(result, &theirs);
	if (right) {
		gs_tx_hash(gs_buf_view(&raw), &ours);
		right = gs_hash_equal(&ours, &theirs);
	}
	gs_buf_free(&raw);
	return right;
}

uint64_t gs_pool_range_of(const struct gs_pool_question *q, uint64_t *from, uint64_t *to)
{
	const json_t *filter = json_array_get(q->params, 0);

	if (strcmp(q->method, "eth_getLogs") != 0 || !gs_json_u64(json_object_get(filter, "fromBlock"), from) ||
	    !gs_json_u64(json_object_get(filter, "toBlock"), to) || *to < *from)
		return 0;
	return *to - *from + 1;
}

static uint64_t range_of(const struct gs_pool_question *q)
{
	uint64_t from, to;

	return gs_pool_range_of(q, &from, &to);
}

/* An answer that was read as it came. */
static void took_read(struct gs_pool_question *q, struct gs_pool_ask *a)
{
	const size_t i = a->index;
	struct gs_error why = {0};
	const enum gs_err err = q->reader->end(q->reader->self, i, &q->votes.digest[i], &why);

	if (!err) {
		q->votes.vote[i] = GS_VOTE_ANSWER;
		if (range_of(q))
			gs_limits_took_range(&q->pool->member[i].limits, range_of(q));
		return;
	}
	q->no_memory = q->no_memory || err == GS_ENOMEM;
	silent(a, err, "the answer is not of the method's form");
	gs_rpc_failure_set(&a->failure, err == GS_ELIMIT ? GS_RPC_OVERSIZE : GS_RPC_MALFORMED, 0, err, "%s", why.text);
	a->why = why;
}

static void took(struct gs_pool_question *q, struct gs_pool_ask *a)
{
	bool absent;
	const size_t i = a->index;
	enum gs_err err = gs_compare_digest(q->method, a->result, &absent, &q->votes.digest[i]);

	if (!err && !is_right(q, a->result))
		err = GS_EPARSE;
	if (!err) {
		q->votes.vote[i] = absent ? GS_VOTE_ABSENT : GS_VOTE_ANSWER;
		if (range_of(q))
			gs_limits_took_range(&q->pool->member[i].limits, range_of(q));
		return;
	}
	q->no_memory = q->no_memory || err == GS_ENOMEM;
	json_decref(a->result);
	a->result = NULL;
	silent(a, err, err == GS_ENOMEM ? "no memory for the answer" : "the answer is not of the method's form");
	gs_rpc_failure_set(&a->failure, GS_RPC_MALFORMED, 0, err, "%s: the answer is not of its form", q->method);
}

/* A node that does not know EIP-1898 finds the parameter wrong. */
static bool ask_by_number(struct gs_pool_question *q, struct gs_pool_ask *a)
{
	struct gs_pool_endpoint *m = &q->pool->member[a->index];

	if (!a->pinned_by_hash || a->failure.kind != GS_RPC_REMOTE || a->failure.code != -32602 || m->by_number)
		return false;
	m->by_number = true;
	put_to(q, a->index);
	return true;
}

static void failed(struct gs_pool_question *q, struct gs_pool_ask *a)
{
	struct gs_pool *pool = q->pool;
	struct gs_pool_endpoint *m = &pool->member[a->index];
	const uint64_t now = gs_pool_now_ms();
	uint64_t hint;
	const enum gs_limit_kind limit = gs_limit_recognise(&a->failure, &hint);

	if (ask_by_number(q, a))
		return;
	if (gs_compare_failure(q->method, &a->failure, &q->votes.digest[a->index])) {
		q->votes.vote[a->index] = GS_VOTE_ANSWER;
		q->votes.refused[a->index] = true;
		return;
	}
	q->votes.vote[a->index] = GS_VOTE_SILENT;
	if (limit == GS_LIMIT_RATE || limit == GS_LIMIT_RANGE)
		gs_limits_refused(&m->limits, limit, hint, range_of(q), now);
	else if (a->failure.kind != GS_RPC_REMOTE && (!q->reader || a->failure.kind != GS_RPC_OVERSIZE)) {
		/* What a node says in words is no fault of the line to it, nor is a limit of ours on what is kept. */
		pool->random = pool->random * 6364136223846793005U + 1442695040888963407U;
		gs_health_failed(&m->health, now, pool->random >> 16);
	}
}

static void on_reply(void *self, const struct gs_reply *reply)
{
	struct gs_pool_ask *a = self;
	struct gs_pool_question *q = a->question;

	a->call = NULL;
	a->asked = NULL;
	a->err = reply->err;
	if (reply->err) {
		a->failure = *reply->failure;
		a->why = *reply->why;
		failed(q, a);
	} else {
		gs_health_answered(&q->pool->member[a->index].health, reply->ms);
		a->result = json_incref(reply->result);
		(q->reader ? took_read : took)(q, a);
	}
	if (asks_all(q) && !q->enough)
		grace(q);
}

/* Whether nothing more is to be done about it; asks more where that is needed. */
static bool is_over(struct gs_pool_question *q)
{
	q->over = q->over || decided(q);
	return q->over;
}

enum gs_err gs_pool_ask_all(struct gs_pool_question *q, size_t count, struct gs_error *error)
{
	struct gs_pool *pool = q->pool;
	size_t open = count;
	bool no_memory = false;

	for (size_t i = 0; i < count; i++) {
		q[i].timer = evtimer_new(pool->base, on_timer, &q[i]);
		if (!q[i].timer)
			return gs_fail(error, GS_ENOMEM, "%s: no memory for the request", pool->name);
		if (asks_all(&q[i]))
			while (ask_another(&q[i]))
				;
	}
	while (!pool->stopped && open) {
		open = 0;
		for (size_t i = 0; i < count; i++)
			open += !is_over(&q[i]);
		if (!open || event_base_loop(pool->base, EVLOOP_ONCE))
			break;
		/* The grace is over when its timer has come. */
		for (size_t i = 0; i < count; i++)
			q[i].over = q[i].over || (asks_all(&q[i]) && q[i].enough && !evtimer_pending(q[i].timer, NULL));
	}
	if (pool->stopped)
		return gs_fail(error, GS_EIO, "%s: the call was ended", pool->name);
	for (size_t i = 0; i < count; i++)
		no_memory = no_memory || q[i].no_memory;
	return no_memory ? gs_fail(error, GS_ENOMEM, "%s: no memory for the answer", pool->name) : GS_OK;
}
