/* What the node wants done, done: by the chain's thread, L1's, workers, or at once. */
#include <stdlib.h>
#include <string.h>

#include "validator/daemon/daemon_state.h"
#include "validator/daemon/talk_folder.h"

struct gs_daemon_pending { /* an effect that is to be done, with its bytes */
	struct gs_daemon_pending *next;
	struct gs_node_effect effect;
	size_t data_len, more_len;
	uint8_t bytes[];
};

/* The contracts' clock is the chain's, and ours may be wrong. */
struct gs_time gs_daemon_now(const struct gs_daemon *d)
{
	const struct gs_head *newest = d->node ? gs_node_newest(d->node) : NULL;
	const int64_t time_s = (int64_t)time(NULL) - d->follow.skew_s;
	const uint64_t now_s = time_s > 0 ? (uint64_t)time_s : 0;

	return (struct gs_time){newest && newest->time.unix_s > now_s ? newest->time.unix_s : now_s};
}

static enum gs_err enqueue(struct gs_daemon *d, const struct gs_node_effect *effect)
{
	const struct gs_bytes data = gs_node_effect_data(&d->effects, effect),
			      more = gs_node_effect_more(&d->effects, effect);
	struct gs_daemon_pending *p = malloc(sizeof(*p) + data.len + more.len);

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
static enum gs_err feed(struct gs_daemon *d, struct gs_node_input *input)
{
	enum gs_err err;

	input->now = gs_daemon_now(d);
	err = gs_node_step(d->node, input, &d->effects, &d->error);
	for (size_t i = 0; i < d->effects.count && !err; i++)
		err = enqueue(d, &d->effects.effect[i]);
	return err;
}

static enum gs_err submit(struct gs_daemon *d, const struct gs_daemon_pending *p)
{
	const struct gs_execution_job job = {
		.work = {.claim = p->effect.hash,
	                 .model = p->effect.model,
	                 .input_root = p->effect.input_root,
	                 .output_root = p->effect.output_root,
	                 .own = p->effect.own,
	                 .urgent = p->effect.urgent,
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
static enum gs_err hand_over(struct gs_daemon *d, const struct gs_daemon_pending *p)
{
	struct gs_error why = {0};

	if (gs_talk_folder_tell(d->config->talk.folder, &p->effect.hash, p->effect.own,
	                        (struct gs_bytes){p->bytes, p->data_len}, &why))
		gs_log_line(d->log, GS_LOG_WARN, "talk.unsaid", "why=\"%s\"", why.text);
	return GS_OK;
}

static enum gs_err hear(struct gs_daemon *d, const struct gs_daemon_pending *p)
{
	struct gs_node_input input = {.kind = GS_INPUT_TOLD};
	uint8_t message[GS_TALK_BYTES_MAX];

	input.as.told.ptr = message;
	input.as.told.len = gs_talk_folder_hear(d->config->talk.folder, &p->effect.hash, !p->effect.own, message);
	return input.as.told.len ? feed(d, &input) : GS_OK;
}

static enum gs_err ask_chain(struct gs_daemon *d, const struct gs_node_effect *effect, struct gs_bytes data)
{
	const struct gs_chain_job job = {.kind = GS_CHAIN_EFFECT, .effect = *effect, .data = data};
	const enum gs_err err = effect->lane == GS_LANE_L1 ? gs_l1_submit(d->l1, &job)
	                                                   : gs_chain_thread_submit(d->chain, &job);

	return err ? gs_fail(&d->error, err, "daemon: no memory") : GS_OK;
}

void gs_daemon_ask_later(void *self, const struct gs_node_effect *effect, struct gs_bytes data)
{
	struct gs_daemon *d = self;
	const enum gs_err err = ask_chain(d, effect, data);

	if (err)
		gs_daemon_stop(d, err);
}

/* A race is held back, so that not all who want the same send it at once. */
static enum gs_err prepare(struct gs_daemon *d, const struct gs_daemon_pending *p)
{
	const struct gs_bytes data = {p->bytes, p->data_len};

	if (!p->effect.wait_ms)
		return ask_chain(d, &p->effect, data);
	return gs_later_add(d->later, &p->effect, data, p->effect.wait_ms)
	               ? gs_fail(&d->error, GS_ENOMEM, "daemon: no memory")
	               : GS_OK;
}

static enum gs_err do_effect(struct gs_daemon *d, const struct gs_daemon_pending *p)
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
	case GS_EFFECT_SEND:
	case GS_EFFECT_NONCE:
	case GS_EFFECT_WATCH: return ask_chain(d, &p->effect, (struct gs_bytes){p->bytes, p->data_len});
	case GS_EFFECT_PREPARE: return prepare(d, p);
	}
	return GS_EINVAL;
}

static enum gs_err do_effects(struct gs_daemon *d)
{
	enum gs_err err = GS_OK;

	while (d->first && !err) {
		struct gs_daemon_pending *p = d->first;
		d->first = p->next;
		if (!d->first)
			d->last = NULL;
		err = do_effect(d, p);
		free(p);
	}
	return err;
}

enum gs_err gs_daemon_feed(struct gs_daemon *d, struct gs_node_input *input)
{
	enum gs_err err;

	if (input->kind == GS_INPUT_REFUSED)
		gs_commands_refused(d->commands, &input->as.refused.intent, input->as.refused.reason);
	err = feed(d, input);
	return err ? err : do_effects(d);
}

void gs_daemon_free_pending(struct gs_daemon *d)
{
	while (d->first) {
		struct gs_daemon_pending *p = d->first;
		d->first = p->next;
		free(p);
	}
	d->last = NULL;
}
