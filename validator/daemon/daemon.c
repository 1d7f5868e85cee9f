#include "validator/daemon/daemon.h"

#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chain/rpc/pool.h"
#include "storage/spill.h"
#include "storage/store.h"
#include "validator/daemon/batches.h"
#include "validator/daemon/catchup.h"
#include "validator/daemon/chain_thread.h"
#include "validator/daemon/executions.h"
#include "validator/daemon/follow.h"
#include "validator/daemon/identity.h"
#include "validator/daemon/l1.h"
#include "validator/daemon/lots.h"
#include "validator/daemon/options.h"
#include "validator/daemon/ready.h"
#include "validator/daemon/talk_folder.h"

struct pending { /* an effect that is to be done, with its bytes */
	struct pending *next;
	struct gs_node_effect effect;
	size_t data_len, more_len;
	uint8_t bytes[];
};

enum { FINAL_EVERY_S = 10 }; /* how often it is asked which block is final */

enum phase { /* of a tick */
	     RESTING,
	     WALKING, /* up to the newest block */
	     TENDING, /* what is due is done */
};

struct daemon {
	const struct gs_config *config;
	const struct gs_daemon_options *options;
	const struct gs_log *log;
	struct gs_session session;
	struct gs_key_lock key_lock;
	struct gs_chain_io io;
	struct gs_chain_thread *chain; /* uses io and session.rpc alone while it is there */
	int chain_fd;
	struct gs_l1 *l1; /* NULL: nothing goes through L1 */
	int l1_fd;
	struct gs_store_db *db;
	struct gs_store store;
	struct gs_spill *spill; /* where traces lie */
	struct gs_trace_home traces;
	struct gs_executions *executions;
	struct gs_batches *batches; /* the folder with data of leaves */
	int work_fd;
	struct gs_lots *lots; /* whom the node draws from */
	struct gs_node *node;
	struct gs_node_effects effects;
	struct pending *first, *last;
	struct event_base *base;
	struct event *tick, *answers, *l1_answers, *results, *sigint, *sigterm;
	struct gs_follow follow;
	struct gs_catchup catchup;
	enum phase phase;
	bool woken;     /* an endpoint told of a head since the tick began */
	uint64_t nonce; /* of the account when we came */
	time_t started;
	struct gs_ready ready;
	enum gs_err err; /* why the loop ended */
	struct gs_error error;
};

static const struct gs_prover *prover_of(void *self, const struct gs_hash *claim)
{
	return gs_work_prover(gs_executions_work(((const struct daemon *)self)->executions), claim);
}

static enum gs_err sign(void *self, const struct gs_typed *what, struct gs_signature *out)
{
	const struct daemon *d = self;
	const struct gs_signer signer = gs_session_signer(&d->session);
	struct gs_error why = {0};
	enum gs_err err = signer.sign_typed(signer.self, what, out, &why);

	if (err)
		gs_log_line(d->log, GS_LOG_WARN, "talk.unsigned", "why=\"%s\"", why.text);
	return err;
}

static enum gs_err draw(void *self, const struct gs_sample_source *source, struct gs_sample_lot *out)
{
	return gs_lots_draw(((const struct daemon *)self)->lots, source, out);
}

/* The contracts' clock is the chain's, and ours may be wrong. */
static struct gs_time now(const struct daemon *d)
{
	const struct gs_head *newest = d->node ? gs_node_newest(d->node) : NULL;
	const int64_t time_s = (int64_t)time(NULL) - d->follow.skew_s;
	const uint64_t now_s = time_s > 0 ? (uint64_t)time_s : 0;

	return (struct gs_time){newest && newest->time.unix_s > now_s ? newest->time.unix_s : now_s};
}

static void stop(struct daemon *d, enum gs_err err)
{
	d->err = err;
	event_base_loopbreak(d->base);
}

/* --- effects --- */

static enum gs_err enqueue(struct daemon *d, const struct gs_node_effect *effect)
{
	const struct gs_bytes data = gs_node_effect_data(&d->effects, effect),
			      more = gs_node_effect_more(&d->effects, effect);
	struct pending *p = malloc(sizeof(*p) + data.len + more.len);

	if (!p)
		return gs_fail(&d->error, GS_ENOMEM, "daemon: no memory");
	p->next = NULL;
	p->effect = *effect;
	p->data_len = data.len;
	p->more_len = more.len;
	if (data.len)
		memcpy(p->bytes, data.ptr, data.len);
	if (more.len)
		memcpy(p->bytes + data.len, more.ptr, more.len);
	if (d->last)
		d->last->next = p;
	else
		d->first = p;
	d->last = p;
	return GS_OK;
}

/* One step; what it wants done is queued. */
static enum gs_err feed(struct daemon *d, struct gs_node_input *input)
{
	enum gs_err err;

	input->now = now(d);
	err = gs_node_step(d->node, input, &d->effects, &d->error);
	for (size_t i = 0; i < d->effects.count && !err; i++)
		err = enqueue(d, &d->effects.effect[i]);
	return err;
}

static enum gs_err submit(struct daemon *d, const struct pending *p)
{
	const struct gs_execution_job job = {
		.work = {.claim = p->effect.hash,
	                 .model = p->effect.model,
	                 .input_root = p->effect.input_root,
	                 .output_root = p->effect.output_root,
	                 .own = p->effect.own,
	                 .input = {p->bytes, p->data_len},
	                 .output = {p->bytes + p->data_len, p->more_len}},
		.right_root = p->effect.right_root,
		.tolerant = p->effect.tolerant,
	};
	struct gs_node_input answer = {.kind = GS_INPUT_EXECUTED};
	enum gs_err err = gs_executions_submit(d->executions, &job);

	if (!err)
		return GS_OK;
	answer.as.executed.claim = job.work.claim;
	answer.as.executed.reason = err == GS_ELIMIT ? "too many executions wait" : "no memory";
	return feed(d, &answer);
}

/* What cannot be handed over is silence to the other side: the game goes on on chain. */
static enum gs_err hand_over(struct daemon *d, const struct pending *p)
{
	struct gs_error why = {0};

	if (gs_talk_folder_tell(d->config->talk.folder, &p->effect.hash, p->effect.own,
	                        (struct gs_bytes){p->bytes, p->data_len}, &why))
		gs_log_line(d->log, GS_LOG_WARN, "talk.unsaid", "why=\"%s\"", why.text);
	return GS_OK;
}

static enum gs_err hear(struct daemon *d, const struct pending *p)
{
	struct gs_node_input input = {.kind = GS_INPUT_TOLD};
	uint8_t message[GS_TALK_BYTES_MAX];

	input.as.told.ptr = message;
	input.as.told.len = gs_talk_folder_hear(d->config->talk.folder, &p->effect.hash, !p->effect.own, message);
	return input.as.told.len ? feed(d, &input) : GS_OK;
}

static enum gs_err ask_chain(struct daemon *d, const struct pending *p)
{
	const struct gs_chain_job job = {.kind = GS_CHAIN_EFFECT, .effect = p->effect, .data = {p->bytes, p->data_len}};
	const enum gs_err err = p->effect.lane == GS_LANE_L1 ? gs_l1_submit(d->l1, &job)
	                                                     : gs_chain_thread_submit(d->chain, &job);

	return err ? gs_fail(&d->error, err, "daemon: no memory") : GS_OK;
}

static enum gs_err do_effect(struct daemon *d, const struct pending *p)
{
	switch (p->effect.kind) {
	case GS_EFFECT_EXECUTE: return submit(d, p);
	case GS_EFFECT_TELL: return hand_over(d, p);
	case GS_EFFECT_HEAR: return hear(d, p);
	case GS_EFFECT_FORGET: gs_work_forget(gs_executions_work(d->executions), &p->effect.hash); return GS_OK;
	case GS_EFFECT_RESYNC:
		return gs_fail(
			&d->error, GS_ECONFLICT,
			"the chain forked below block %llu, which was final, or below all that is kept; a chain or an "
			"endpoint that does so is broken: start with a new --db",
			(unsigned long long)gs_node_final(d->node));
	case GS_EFFECT_FETCH_HEADER:
	case GS_EFFECT_FETCH_LOGS:
	case GS_EFFECT_PREPARE:
	case GS_EFFECT_SEND:
	case GS_EFFECT_NONCE:
	case GS_EFFECT_WATCH: return ask_chain(d, p);
	}
	return GS_EINVAL;
}

static enum gs_err do_effects(struct daemon *d)
{
	enum gs_err err = GS_OK;

	while (d->first && !err) {
		struct pending *p = d->first;
		d->first = p->next;
		if (!d->first)
			d->last = NULL;
		err = do_effect(d, p);
		free(p);
	}
	return err;
}

static enum gs_err feed_and_do(struct daemon *d, struct gs_node_input *input)
{
	enum gs_err err = feed(d, input);

	return err ? err : do_effects(d);
}

/* --- following the chain --- */

static enum gs_err ask(struct daemon *d, enum gs_chain_job_kind kind, uint64_t number)
{
	const struct gs_chain_job job = {.kind = kind, .number = number};
	const enum gs_err err = gs_chain_thread_submit(d->chain, &job);

	return err ? gs_fail(&d->error, err, "daemon: no memory") : GS_OK;
}

static uint64_t own_block(const struct daemon *d)
{
	const struct gs_head *newest = gs_node_newest(d->node);

	return newest ? newest->number : 0;
}

static void tell_progress(struct daemon *d)
{
	struct gs_catchup_progress p;

	if (gs_catchup_tell(&d->catchup, own_block(d), (uint64_t)time(NULL), &p))
		gs_log_line(d->log, GS_LOG_INFO, "chain.catchup", "blocks=%llu of=%llu logs=%llu eta_s=%llu",
		            (unsigned long long)p.blocks, (unsigned long long)p.of, (unsigned long long)p.logs,
		            (unsigned long long)p.eta_s);
}

/* Ranges of final blocks, the next while one is committed. */
static enum gs_err ask_ranges(struct daemon *d)
{
	struct gs_chain_job job = {.kind = GS_CHAIN_RANGE};
	enum gs_err err = GS_OK;

	if (d->phase != WALKING || d->follow.over || !gs_node_newest(d->node) ||
	    (!d->catchup.under_way && gs_chain_thread_outstanding(d->chain)))
		return GS_OK;
	while (!err && gs_catchup_next(&d->catchup, own_block(d), &job.number, &job.last))
		err = gs_chain_thread_submit(d->chain, &job);
	return err ? gs_fail(&d->error, err, "daemon: no memory") : GS_OK;
}

static enum gs_err on_range(struct daemon *d, struct gs_chain_result *r)
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
	err = feed_and_do(d, &r->answer.input);
	if (own_block(d) == r->last)
		gs_catchup_took(&d->catchup, r->number, r->last, r->answer.logs.count);
	else
		gs_catchup_refused(&d->catchup, r->last);
	tell_progress(d);
	return err;
}

static enum gs_err check_end(struct daemon *d)
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

	return feed_and_do(context, &input);
}

/* The walk is over: what is due is looked at. */
static enum gs_err tend(struct daemon *d)
{
	struct gs_node_input timer = {.kind = GS_INPUT_TIMER};
	enum gs_err err = GS_OK;

	d->phase = TENDING;
	if (!d->follow.caught_up)
		return GS_OK;
	err = gs_batches_look(d->batches, (uint64_t)time(NULL), take_leaves, d);
	if (!err)
		err = feed_and_do(d, &timer);
	return err ? err : gs_ready_say(&d->ready, d->node, d->log, &d->error);
}

static enum gs_err rest(struct daemon *d)
{
	const uint64_t poll = gs_follow_wait_ms(&d->follow, d->config->intervals.poll_ms);
	const uint64_t ms = d->woken && !d->follow.failures ? 0 : poll;
	const struct timeval wait = {(time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000)};

	d->phase = RESTING;
	event_add(d->tick, &wait);
	return check_end(d);
}

/* Goes on with the tick when nothing that was asked of the chain is unanswered: every header comes after all that the one before
 * it led to, and the time after all headers. */
static enum gs_err advance(struct daemon *d)
{
	enum gs_err err = ask_ranges(d);
	uint64_t number;

	while (!err && d->phase != RESTING && !gs_chain_thread_outstanding(d->chain))
		if (d->phase == TENDING)
			err = rest(d);
		else if (gs_follow_next(&d->follow, gs_node_newest(d->node), d->session.deployment.block, &number))
			err = ask(d, GS_CHAIN_BLOCK, number);
		else
			err = tend(d);
	return err;
}

static void on_tick(evutil_socket_t fd, short what, void *self)
{
	struct daemon *d = self;
	enum gs_err err;

	(void)fd;
	(void)what;
	if (d->phase != RESTING)
		return;
	gs_follow_begin(&d->follow);
	d->phase = WALKING;
	d->woken = false;
	err = ask(d, GS_CHAIN_NEWEST, 0);
	if (!err && (uint64_t)time(NULL) >= d->catchup.final_at_s + FINAL_EVERY_S) {
		d->catchup.final_at_s = (uint64_t)time(NULL);
		err = ask(d, GS_CHAIN_FINAL, 0);
	}
	if (err)
		stop(d, err);
}

static enum gs_err on_result(struct daemon *d, struct gs_chain_result *r)
{
	const struct gs_head *head = r->err ? NULL : &r->answer.input.as.header;
	bool wanted = r->answer.answered;

	if (r->kind == GS_CHAIN_RANGE)
		wanted = false;
	else if (r->kind == GS_CHAIN_FINAL && !r->err)
		d->catchup.final = r->answer.input.as.final.number;
	if (r->kind == GS_CHAIN_NEWEST)
		wanted = gs_follow_newest(&d->follow, head, gs_node_newest(d->node), (uint64_t)time(NULL));
	else if (r->kind == GS_CHAIN_BLOCK && r->err)
		gs_follow_missing(&d->follow);
	if (r->err && (r->err != GS_ENOTFOUND || r->kind == GS_CHAIN_NEWEST))
		gs_log_line(d->log, GS_LOG_WARN, "rpc.failed", "why=\"%s\"", r->answer.why.text);
	if (r->kind == GS_CHAIN_RANGE)
		return on_range(d, r);
	return wanted ? feed_and_do(d, &r->answer.input) : GS_OK;
}

/* A new head was told of: the next walk begins now, or right after the one under way. */
static void wake(struct daemon *d)
{
	const struct timeval at_once = {0, 0};

	d->woken = true;
	if (d->phase == RESTING && !d->follow.failures)
		event_add(d->tick, &at_once);
}

static void on_chain(evutil_socket_t fd, short what, void *self)
{
	struct daemon *d = self;
	struct gs_chain_result *result = NULL;
	enum gs_err err = GS_OK;

	(void)fd;
	(void)what;
	while (!err && (result = gs_chain_thread_take(d->chain))) {
		err = on_result(d, result);
		gs_chain_result_free(result);
	}
	if (gs_chain_thread_head(d->chain))
		wake(d);
	if (!err)
		err = advance(d);
	if (err)
		stop(d, err);
}

static void on_l1(evutil_socket_t fd, short what, void *self)
{
	struct daemon *d = self;
	struct gs_chain_result *result = NULL;
	enum gs_err err = GS_OK;

	(void)fd;
	(void)what;
	while (!err && (result = gs_l1_take(d->l1))) {
		if (result->answer.answered)
			err = feed_and_do(d, &result->answer.input);
		gs_chain_result_free(result);
	}
	if (err)
		stop(d, err);
}

static enum gs_err on_executed(struct daemon *d, const struct gs_execution_result *result)
{
	static const struct gs_address nobody;
	struct gs_node_input input = {.kind = GS_INPUT_DISTRUSTED, .as.distrusted = result->liar};
	enum gs_err err = gs_address_equal(&result->liar, &nobody) ? GS_OK : feed_and_do(d, &input);

	if (err)
		return err;
	gs_executions_input(result, &input);
	return feed_and_do(d, &input);
}

static void on_results(evutil_socket_t fd, short what, void *self)
{
	struct daemon *d = self;
	struct gs_execution_result result;
	enum gs_err err = GS_OK;

	(void)fd;
	(void)what;
	while (!err && gs_executions_take(d->executions, &result))
		err = on_executed(d, &result);
	if (err)
		stop(d, err);
}

static void on_signal(evutil_socket_t number, short what, void *self)
{
	struct daemon *d = self;

	(void)what;
	gs_log_line(d->log, GS_LOG_INFO, "node.stopping", "signal=%d", (int)number);
	event_base_loopbreak(d->base);
}

/* --- putting it together --- */

static struct gs_node_options node_options(const struct daemon *d)
{
	struct gs_node_options options = gs_options_of(d->config);

	options.contracts = d->io.contracts;
	options.self = d->session.account;
	options.validate = d->options->validate;
	options.defend = d->options->defend;
	options.finalise = d->options->finalise;
	options.start_time = now(d);
	if (d->l1)
		options.l1.portal = *gs_l1_portal(d->l1);
	options.l1.on = d->l1 != NULL;
	return options;
}

static enum gs_err open_node(struct daemon *d)
{
	struct gs_node_options options = node_options(d);
	const struct gs_node_surroundings surroundings = {.self = d, .prover = prover_of, .draw = draw, .sign = sign};
	enum gs_err err = gs_identity_check(&d->store, &d->session, d->config->db, &d->error);

	if (!err)
		err = gs_chain_io_rules(&d->io, &options, &d->error);
	if (!err)
		err = gs_chain_io_nonce(&d->io, &d->nonce, &d->error);
	if (!err)
		err = gs_lots_open(&d->store, d->config, &options.contracts, &options.self, &d->lots, &d->error);
	return err ? err : gs_node_open(&options, &d->store, &surroundings, d->log, &d->node, &d->error);
}

static enum gs_err open_work(struct daemon *d)
{
	const struct gs_spill_options room = {
		.dir = d->config->trace.folder[0] ? d->config->trace.folder : d->config->db,
		.heap_bytes_max = d->config->trace.memory_mib << 20,
		.file_bytes_max = d->config->trace.disk_mib << 20,
	};
	enum gs_err err = gs_spill_open(&room, &d->spill, &d->error);

	if (err)
		return gs_fail_within(&d->error, err, "trace.folder");
	d->traces = gs_spill_home(d->spill);
	const struct gs_executions_options executions = {.config = d->config,
	                                                 .isa = d->options->isa,
	                                                 .log = d->log,
	                                                 .adversary = d->options->adversary,
	                                                 .traces = &d->traces,
	                                                 .store = &d->store};
	return gs_executions_open(&executions, &d->executions, &d->work_fd, &d->error);
}

static enum gs_err open_all(struct daemon *d)
{
	enum gs_err err;

	if (!d->config->db[0])
		return gs_fail(&d->error, GS_EINVAL, "db: not named; give --db DIR");
	if (!d->config->models[0])
		return gs_fail(&d->error, GS_EINVAL,
		               "models: not named; give --models DIR, the folder with the models to check");
	/* before anything is asked of the chain: it holds the lock */
	if ((err = gs_store_open(d->config->db, NULL, &d->db, &d->error)))
		return err;
	d->store = gs_store_port(d->db);
	if ((err = gs_session_open(d->config, GS_SESSION_CONTRACTS | GS_SESSION_KEY, &d->session, &d->error)) ||
	    (err = gs_session_lock_node(&d->session, d->config, "a node", &d->key_lock, &d->error)))
		return err;
	gs_session_say_trust(&d->session, d->log);
	gs_chain_io_init(&d->io, &d->session, d->config, d->log);
	if ((err = gs_l1_open(d->config, &d->session, d->log, &d->l1, &d->l1_fd, &d->error)))
		return err;
	if ((err = open_work(d)))
		return err;
	if ((err = gs_batches_open(d->config->batches, &d->io.contracts, d->log, &d->batches)))
		return gs_fail(&d->error, err, "daemon: no memory");
	if ((err = gs_node_effects_init(&d->effects)))
		return gs_fail(&d->error, err, "daemon: no memory");
	err = open_node(d);
	return err ? err : gs_chain_thread_open(&d->io, &d->chain, &d->chain_fd, &d->error);
}

static enum gs_err open_loop(struct daemon *d)
{
	d->base = event_base_new();
	if (!d->base)
		return gs_fail(&d->error, GS_ENOMEM, "daemon: no event loop");
	d->tick = event_new(d->base, -1, 0, on_tick, d);
	d->answers = event_new(d->base, d->chain_fd, EV_READ | EV_PERSIST, on_chain, d);
	d->results = event_new(d->base, d->work_fd, EV_READ | EV_PERSIST, on_results, d);
	d->sigint = event_new(d->base, SIGINT, EV_SIGNAL | EV_PERSIST, on_signal, d);
	d->sigterm = event_new(d->base, SIGTERM, EV_SIGNAL | EV_PERSIST, on_signal, d);
	if (d->l1 && (!(d->l1_answers = event_new(d->base, d->l1_fd, EV_READ | EV_PERSIST, on_l1, d)) ||
	              event_add(d->l1_answers, NULL)))
		return gs_fail(&d->error, GS_ENOMEM, "daemon: no memory");
	if (!d->tick || !d->answers || !d->results || !d->sigint || !d->sigterm)
		return gs_fail(&d->error, GS_ENOMEM, "daemon: no memory");
	event_add(d->answers, NULL);
	event_add(d->results, NULL);
	event_add(d->sigint, NULL);
	event_add(d->sigterm, NULL);
	event_active(d->tick, EV_TIMEOUT, 0);
	return GS_OK;
}

static enum gs_err start(struct daemon *d)
{
	struct gs_node_input input = {.kind = GS_INPUT_START, .as.start.nonce = d->nonce};
	char self[GS_ADDRESS_TEXT_MAX];

	gs_address_format(&d->session.account, self);
	gs_log_line(d->log, GS_LOG_INFO, "node.started", "account=%s chain=%llu validate=%s defend=%s", self,
	            (unsigned long long)d->session.chain_id, d->options->validate ? "yes" : "no",
	            d->options->defend ? "yes" : "no");
	return feed_and_do(d, &input);
}

static void close_all(struct daemon *d)
{
	while (d->first) {
		struct pending *p = d->first;
		d->first = p->next;
		free(p);
	}
	struct event *const events[] = {d->tick, d->answers, d->l1_answers, d->results, d->sigint, d->sigterm};
	for (size_t i = 0; i < GS_ARRAY_LEN(events); i++)
		if (events[i])
			event_free(events[i]);
	if (d->base)
		event_base_free(d->base);
	gs_chain_thread_close(d->chain);
	gs_l1_close(d->l1);
	gs_node_close(d->node);
	gs_lots_close(d->lots);
	gs_node_effects_free(&d->effects);
	gs_executions_close(d->executions);
	gs_batches_close(d->batches);
	gs_spill_close(d->spill);
	gs_session_close(&d->session);
	gs_key_lock_release(&d->key_lock);
	if (d->db)
		gs_store_close(d->db);
}

/* The chain's thread has ended, or else its counters might be changing. */
static void say_stopped(struct daemon *d)
{
	struct gs_pool_status status = {0};

	event_del(d->answers);
	gs_chain_thread_close(d->chain);
	d->chain = NULL;
	gs_rpc_pool_status(d->session.rpc, &status);
	gs_log_line(d->log, GS_LOG_INFO, "node.stopped", "reason=%s disagreements=%llu undecided=%llu",
	            d->options->until_claims ? "settled_or_signal" : "signal", (unsigned long long)status.disagreements,
	            (unsigned long long)status.undecided);
}

enum gs_err gs_daemon_run(const struct gs_config *config, const struct gs_daemon_options *options,
                          const struct gs_log *log, struct gs_node_summary *summary, struct gs_error *error)
{
	struct daemon *d = calloc(1, sizeof(*d));
	enum gs_err err;

	if (!d)
		return gs_fail(error, GS_ENOMEM, "daemon: no memory");
	d->config = config;
	d->options = options;
	d->log = log;
	d->key_lock.fd = -1;
	d->started = time(NULL);
	gs_ready_begin(&d->ready);
	err = open_all(d);
	if (!err)
		err = open_loop(d);
	if (!err)
		err = start(d);
	if (!err) {
		event_base_dispatch(d->base);
		err = d->err;
	}
	if (!err && summary)
		err = gs_node_summarise(d->node, summary, &d->error);
	if (err)
		(void)gs_fail(error, err, "%s", d->error.text);
	else
		say_stopped(d);
	close_all(d);
	free(d);
	return err;
}
