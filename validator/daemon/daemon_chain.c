/* Following the chain: a tick asks for the newest header, walks up to it block by block or by ranges of final ones, and looks at what is due. */
#include "validator/daemon/daemon_state.h"

enum {
	FINAL_EVERY_S = 10, /* how often it is asked which block is final */
	FUNDS_EVERY_S = 15, /* and what the account has */
	TOLD_FOR_MS = 5000, /* so long a subscription's silence means that there is no newer block */
};

static enum gs_err ask(struct gs_daemon *d, enum gs_chain_job_kind kind, uint64_t number)
{
	const struct gs_chain_job job = {.kind = kind, .number = number};
	const enum gs_err err = gs_chain_thread_submit(d->chain, &job);

	return err ? gs_fail(&d->error, err, "daemon: no memory") : GS_OK;
}

static uint64_t own_block(const struct gs_daemon *d)
{
	const struct gs_head *newest = gs_node_newest(d->node);

	return newest ? newest->number : 0;
}

static void tell_progress(struct gs_daemon *d)
{
	struct gs_catchup_progress p;

	if (gs_catchup_tell(&d->catchup, own_block(d), (uint64_t)time(NULL), &p))
		gs_log_line(d->log, GS_LOG_INFO, "chain.catchup", "blocks=%llu of=%llu logs=%llu eta_s=%llu",
		            (unsigned long long)p.blocks, (unsigned long long)p.of, (unsigned long long)p.logs,
		            (unsigned long long)p.eta_s);
}

/* Ranges of final blocks, the next while one is committed. */
static enum gs_err ask_ranges(struct gs_daemon *d)
{
	struct gs_chain_job job = {.kind = GS_CHAIN_RANGE};
	enum gs_err err = GS_OK;

	if (d->phase != GS_DAEMON_WALKING || d->follow.over || !gs_node_newest(d->node) ||
	    (!d->catchup.under_way && gs_chain_thread_outstanding(d->chain)))
		return GS_OK;
	while (!err && gs_catchup_next(&d->catchup, own_block(d), &job.number, &job.last))
		err = gs_chain_thread_submit(d->chain, &job);
	return err ? gs_fail(&d->error, err, "daemon: no memory") : GS_OK;
}

static enum gs_err on_range(struct gs_daemon *d, struct gs_chain_result *r)
{
	const uint64_t before = own_block(d);
	enum gs_err err;

	if (r->err) {
		gs_catchup_failed(&d->catchup, r->number, r->last);
		if (r->err == GS_EIO || r->err == GS_EAGAIN)
			gs_follow_missing(&d->follow); /* the walk is over; the next one is a little later */
		return GS_OK;
	}
	if (before + 1 != r->number) {
		gs_catchup_stale(&d->catchup);
		return GS_OK;
	}
	if (!d->catchup.began_s)
		tell_progress(d);
	err = gs_daemon_feed(d, &r->answer.input);
	if (own_block(d) == r->last)
		gs_catchup_took(&d->catchup, r->number, r->last, r->answer.logs.count);
	else
		gs_catchup_refused(&d->catchup, r->last);
	tell_progress(d);
	return err;
}

static enum gs_err check_end(struct gs_daemon *d)
{
	struct gs_node_summary s;
	enum gs_err err;

	if (d->options->until_s && (uint64_t)(time(NULL) - d->started) >= d->options->until_s)
		return gs_fail(&d->error, GS_EAGAIN, "after %llu seconds not all claims are settled",
		               (unsigned long long)d->options->until_s);
	if (!d->options->until_claims || !d->follow.caught_up)
		return GS_OK;
	err = gs_node_summarise(d->node, &s, &d->error);
	if (err)
		return err;
	if (s.claims >= d->options->until_claims && s.open == 0 && s.open_games == 0 && s.pending_txs == 0 &&
	    s.executions == 0 && s.attested == 0 && s.open_batches == 0)
		event_base_loopbreak(d->base);
	return GS_OK;
}

static enum gs_err take_leaves(void *context, const struct gs_leaf_data *leaf, size_t count)
{
	struct gs_node_input input = {.kind = GS_INPUT_LEAVES, .as.leaves = {leaf, count}};

	return gs_daemon_feed(context, &input);
}

/* The walk is over: what is due is looked at. */
static enum gs_err tend(struct gs_daemon *d)
{
	struct gs_node_input timer = {.kind = GS_INPUT_TIMER};
	enum gs_err err = GS_OK;

	d->phase = GS_DAEMON_TENDING;
	if (!d->follow.caught_up)
		return GS_OK;
	err = gs_batches_look(d->batches, (uint64_t)time(NULL), take_leaves, d);
	if (!err)
		err = gs_daemon_feed(d, &timer);
	return err ? err : gs_ready_say(&d->ready, d->node, d->log, &d->error);
}

static enum gs_err rest(struct gs_daemon *d)
{
	const uint64_t poll = gs_follow_wait_ms(&d->follow, d->config->intervals.poll_ms);
	const uint64_t ms = d->woken && !d->follow.failures ? 0 : poll;
	const struct timeval wait = {(time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000)};

	d->phase = GS_DAEMON_RESTING;
	event_add(d->tick, &wait);
	return check_end(d);
}

/* Goes on with the tick when nothing that was asked of the chain is unanswered: every header comes after all that the one before
 * it led to, and the time after all headers. */
static enum gs_err advance(struct gs_daemon *d)
{
	enum gs_err err = GS_OK;
	uint64_t number;

	err = ask_ranges(d);
	while (!err && d->phase != GS_DAEMON_RESTING && !gs_chain_thread_outstanding(d->chain))
		if (d->phase == GS_DAEMON_TENDING)
			err = rest(d);
		else if (gs_follow_next(&d->follow, gs_node_newest(d->node), d->session.deployment.block, &number))
			err = ask(d, GS_CHAIN_BLOCK, number);
		else
			err = tend(d);
	return err;
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* The newest header, where the endpoint has said it by itself; NULL: it must be asked. One that did not bring the node forward is not
 * believed twice. */
static const struct gs_head *told_head(struct gs_daemon *d)
{
	const struct gs_head *own = gs_node_newest(d->node);
	struct gs_daemon_told *told = &d->told;
	const bool ours = own && gs_hash_equal(&own->hash, &told->head.hash);

	if (!told->known || now_ms() - told->at_ms > TOLD_FOR_MS || (told->used && !ours))
		return NULL;
	told->used = true;
	return &told->head;
}

static enum gs_err on_newest(struct gs_daemon *d, const struct gs_head *head, struct gs_node_input *input)
{
	return gs_follow_newest(&d->follow, head, gs_node_newest(d->node), (uint64_t)time(NULL))
	               ? gs_daemon_feed(d, input)
	               : GS_OK;
}

void gs_daemon_on_tick(evutil_socket_t fd, short what, void *self)
{
	struct gs_daemon *d = self;
	struct gs_node_input header = {.kind = GS_INPUT_HEADER};
	const struct gs_head *told;
	enum gs_err err;

	(void)fd;
	(void)what;
	if (d->phase != GS_DAEMON_RESTING)
		return;
	gs_follow_begin(&d->follow);
	d->phase = GS_DAEMON_WALKING;
	d->woken = false;
	told = told_head(d);
	if (told) {
		header.as.header = *told;
		err = on_newest(d, told, &header);
	} else {
		err = ask(d, GS_CHAIN_NEWEST, 0);
	}
	if (!err && (uint64_t)time(NULL) >= d->catchup.final_at_s + FINAL_EVERY_S) {
		d->catchup.final_at_s = (uint64_t)time(NULL);
		err = ask(d, GS_CHAIN_FINAL, 0);
	}
	if (!err && (uint64_t)time(NULL) >= d->funds_at_s + FUNDS_EVERY_S) {
		d->funds_at_s = (uint64_t)time(NULL);
		err = ask(d, GS_CHAIN_FUNDS, 0);
	}
	if (!err && told)
		err = advance(d);
	if (err)
		gs_daemon_stop(d, err);
}

/* Whether the walk will have reached the endpoint's newest block once the logs are here that are asked for. */
static bool is_at_top(const struct gs_daemon *d)
{
	return d->phase == GS_DAEMON_WALKING && !d->follow.failures && own_block(d) >= d->follow.top;
}

static enum gs_err on_result(struct gs_daemon *d, struct gs_chain_result *r)
{
	const struct gs_head *head = r->err ? NULL : &r->answer.input.as.header;
	bool wanted = r->answer.answered;

	if (r->kind == GS_CHAIN_RANGE)
		wanted = false;
	else if (r->kind == GS_CHAIN_FINAL && !r->err)
		d->catchup.final = r->answer.input.as.final.number;
	if (r->kind == GS_CHAIN_NEWEST)
		wanted = false;
	else if (r->kind == GS_CHAIN_BLOCK && r->err)
		gs_follow_missing(&d->follow);
	if (r->err && (r->err != GS_ENOTFOUND || r->kind == GS_CHAIN_NEWEST))
		gs_log_line(d->log, GS_LOG_WARN, "rpc.failed", "why=\"%s\"", r->answer.why.text);
	if (r->kind == GS_CHAIN_RANGE)
		return on_range(d, r);
	if (r->kind == GS_CHAIN_NEWEST)
		return on_newest(d, head, &r->answer.input);
	if (wanted && r->answer.input.kind == GS_INPUT_LOGS)
		r->answer.input.as.logs.newest = is_at_top(d);
	return wanted ? gs_daemon_feed(d, &r->answer.input) : GS_OK;
}

/* A new head was told of: the next walk begins now, or right after the one under way. */
static void wake(struct gs_daemon *d)
{
	const struct timeval at_once = {0, 0};

	d->woken = true;
	if (d->phase == GS_DAEMON_RESTING && !d->follow.failures)
		event_add(d->tick, &at_once);
}

void gs_daemon_on_chain(evutil_socket_t fd, short what, void *self)
{
	struct gs_daemon *d = self;
	struct gs_chain_result *result = NULL;
	enum gs_err err = GS_OK;
	struct gs_head head;
	bool told;

	(void)fd;
	(void)what;
	while (!err && (result = gs_chain_thread_take(d->chain))) {
		err = on_result(d, result);
		gs_chain_result_free(result);
	}
	if (!err)
		gs_commands_look(d->commands);
	if (gs_chain_thread_head(d->chain, &told, &head)) {
		d->told = (struct gs_daemon_told){.known = told, .head = head, .at_ms = now_ms()};
		wake(d);
	}
	if (!err)
		err = advance(d);
	if (err)
		gs_daemon_stop(d, err);
}

void gs_daemon_on_l1(evutil_socket_t fd, short what, void *self)
{
	struct gs_daemon *d = self;
	struct gs_chain_result *result = NULL;
	enum gs_err err = GS_OK;

	(void)fd;
	(void)what;
	while (!err && (result = gs_l1_take(d->l1))) {
		if (result->answer.answered)
			err = gs_daemon_feed(d, &result->answer.input);
		gs_chain_result_free(result);
	}
	if (err)
		gs_daemon_stop(d, err);
}
