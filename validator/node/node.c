#include <stdlib.h>
#include <string.h>

#include "validator/node/node_state.h"

/* --- opening --- */

enum gs_err gs_node_open(const struct gs_node_options *options, const struct gs_store *store,
                         const struct gs_node_surroundings *surroundings, const struct gs_log *log,
                         struct gs_node **out, struct gs_error *error)
{
	struct gs_node *node = calloc(1, sizeof(*node));
	struct gs_journal j;
	enum gs_err err;

	*out = NULL;
	if (!node)
		return gs_fail(error, GS_ENOMEM, "node: no memory");
	node->options = *options;
	node->store = store;
	node->surroundings = *surroundings;
	node->log = log;
	node->now = options->start_time;
	err = gs_journal_begin(store, 0, &j, error);
	if (err)
		goto out;
	err = gs_journal_load_heads(&j, &node->tracker);
	gs_journal_abort(&j);
	if (!err && gs_head_newest(&node->tracker))
		node->block = gs_head_newest(&node->tracker)->number;
out:
	if (err) {
		gs_node_close(node);
		return err;
	}
	*out = node;
	return GS_OK;
}

void gs_node_close(struct gs_node *node)
{
	if (!node)
		return;
	explicit_bzero(&node->options.sampling, sizeof(node->options.sampling));
	free(node);
}

const struct gs_head *gs_node_newest(const struct gs_node *node)
{
	return gs_head_newest(&node->tracker);
}

/* --- blocks --- */

static enum gs_err fetch_logs(struct gs_node_turn *t)
{
	if (t->node->queue_count == 0)
		return GS_OK;
	return gs_node_emit(t, (struct gs_node_effect){.kind = GS_EFFECT_FETCH_LOGS, .hash = t->node->queue[0].hash},
	                    (struct gs_bytes){NULL, 0});
}

static enum gs_err take_back(struct gs_node_turn *t, const struct gs_head *orphan)
{
	struct gs_node *node = t->node;
	enum gs_err err;

	if (node->queue_count && gs_hash_equal(&node->queue[node->queue_count - 1].hash, &orphan->hash)) {
		node->queue_count--;
		return GS_OK;
	}
	GS_ASSERT(node->block == orphan->number);
	err = gs_journal_rewind(t->j);
	node->block = t->j->block;
	return err;
}

static enum gs_err on_change(struct gs_node_turn *t)
{
	struct gs_node *node = t->node;
	const struct gs_head_change *change = &node->change;
	enum gs_err err = GS_OK;

	if (change->orphaned_count)
		gs_log_line(node->log, GS_LOG_WARN, "chain.reorg", "blocks=%zu from=%llu", change->orphaned_count,
		            (unsigned long long)change->orphaned[change->orphaned_count - 1].number);
	for (size_t i = 0; i < change->orphaned_count && !err; i++)
		err = take_back(t, &change->orphaned[i]);
	for (size_t i = 0; i < change->added_count && !err; i++) {
		if (node->queue_count == GS_HEAD_KEPT_MAX)
			return gs_fail(t->j->error, GS_ELIMIT, "node: more than %d blocks wait for their logs",
			               GS_HEAD_KEPT_MAX);
		node->queue[node->queue_count++] = change->added[i];
	}
	return err ? err : fetch_logs(t);
}

static enum gs_err on_header(struct gs_node_turn *t, const struct gs_head *head)
{
	struct gs_node *node = t->node;

	if (!gs_node_newest(node)) { /* the anchor: nothing of ours happened in it or before it */
		gs_head_reset(&node->tracker, head);
		node->block = head->number;
		return gs_journal_advance(t->j, head);
	}
	switch (gs_head_add(&node->tracker, head, &node->change)) {
	case GS_HEAD_KNOWN: return GS_OK;
	case GS_HEAD_ADVANCED: return on_change(t);
	case GS_HEAD_WANT_PARENT:
		return gs_node_emit(t,
		                    (struct gs_node_effect){.kind = GS_EFFECT_FETCH_HEADER, .hash = node->change.want},
		                    (struct gs_bytes){NULL, 0});
	case GS_HEAD_TOO_FAR:
		return gs_node_emit(t, (struct gs_node_effect){.kind = GS_EFFECT_RESYNC}, (struct gs_bytes){NULL, 0});
	case GS_HEAD_BROKEN:
		gs_log_line(node->log, GS_LOG_WARN, "chain.broken_header", "block=%llu",
		            (unsigned long long)head->number);
		return GS_OK;
	}
	return GS_OK;
}

/* Settled and nothing left to play: the trace is not needed any more. */
static enum gs_err forget_settled(struct gs_node_turn *t, const struct gs_hash *id)
{
	struct gs_claim claim;
	enum gs_err err = gs_facts_claim(t->j, id, &claim);

	if (err || claim.status == GS_CLAIM_OPEN || claim.open_games)
		return err;
	return gs_node_emit(t, (struct gs_node_effect){.kind = GS_EFFECT_FORGET, .hash = *id},
	                    (struct gs_bytes){NULL, 0});
}

static enum gs_err apply_log(struct gs_node_turn *t, const struct gs_log_entry *entry)
{
	struct gs_event event;
	enum gs_err err = gs_event_decode(&t->node->options.contracts, entry, &event, t->j->error);

	if (!err)
		err = gs_facts_apply(t->j, entry, &event, t->node->log);
	if (!err && (event.kind == GS_EVENT_BATCH_FINALIZED || event.kind == GS_EVENT_BATCH_LOST ||
	             event.kind == GS_EVENT_BATCH_RELEASED))
		err = gs_plan_forget_leaves(t, &event.batch);
	if (!err && (event.kind == GS_EVENT_FINALIZED || event.kind == GS_EVENT_INVALIDATED ||
	             event.kind == GS_EVENT_RELEASED ||
	             (event.kind == GS_EVENT_GAME && event.dispute.kind == GS_GAME_EVENT_OVER)))
		err = forget_settled(t, &event.claim);
	return err;
}

static enum gs_err on_logs(struct gs_node_turn *t, const struct gs_node_input *in)
{
	struct gs_node *node = t->node;
	struct gs_head head;
	enum gs_err err;

	if (node->queue_count == 0 || !gs_hash_equal(&node->queue[0].hash, &in->as.logs.block))
		return GS_OK; /* of a block that is orphaned meanwhile */
	head = node->queue[0];
	memmove(node->queue, node->queue + 1, --node->queue_count * sizeof(head));
	err = gs_journal_advance(t->j, &head);
	node->block = head.number;
	for (size_t i = 0; i < in->as.logs.count && !err; i++)
		err = apply_log(t, &in->as.logs.entries[i]);
	return err ? err : fetch_logs(t);
}

/* --- executions --- */

static struct gs_node_execution *execution_of(struct gs_node *node, const struct gs_hash *claim)
{
	for (size_t i = 0; i < node->execution_count; i++)
		if (gs_hash_equal(&node->execution[i].claim, claim))
			return &node->execution[i];
	return NULL;
}

/* The three-valued verdict. A claim is invalid only when both back ends computed the same output and it is not the one that makes
 * the claim right: the claimed one, or of a tolerant model that it holds. */
static void judge_claim(const struct gs_node_input *in, const struct gs_header *header, const struct gs_claim *claim,
                        struct gs_verdict_record *out)
{
	struct gs_hash right;
	const bool agree = gs_hash_equal(&in->as.executed.output_root, &in->as.executed.reference_root);

	memset(out, 0, sizeof(*out));
	out->time = in->now;
	out->verdict = GS_VERDICT_UNAVAILABLE;
	if (!in->as.executed.computed) {
		strncpy(out->reason, in->as.executed.reason ? in->as.executed.reason : "not computed",
		        sizeof(out->reason) - 1);
		return;
	}
	if (!agree) {
		strncpy(out->reason,
		        "the executor and the reference interpreter disagree: a fault of this machine or this program",
		        sizeof(out->reason) - 1);
		return;
	}
	out->computed_root = in->as.executed.output_root;
	out->trace_root = in->as.executed.trace_root;
	gs_claim_expected_root(header, &claim->body, &right);
	out->verdict = gs_hash_equal(&out->computed_root, &right) ? GS_VERDICT_VALID : GS_VERDICT_INVALID;
}

static enum gs_err on_executed(struct gs_node_turn *t, const struct gs_node_input *in)
{
	struct gs_node *node = t->node;
	struct gs_node_execution *execution = execution_of(node, &in->as.executed.claim);
	struct gs_verdict_record verdict, before;
	struct gs_model_record model;
	struct gs_header header;
	struct gs_claim claim;
	char id[67];
	enum gs_err err = gs_facts_claim(t->j, &in->as.executed.claim, &claim);

	if (err == GS_ENOTFOUND && execution && !gs_hash_is_zero(&execution->body.batch)) { /* a leaf, not opened yet */
		claim = (struct gs_claim){.id = in->as.executed.claim, .body = execution->body};
		err = GS_OK;
	}
	if (err == GS_ENOTFOUND) { /* a reorg took the claim away */
		if (execution)
			*execution = node->execution[--node->execution_count];
		return GS_OK;
	}
	if (err)
		return err;
	err = gs_facts_model(t->j, &claim.body.model_id, &model);
	if (!err)
		err = gs_header_decode(model.header, &header, t->j->error);
	if (err)
		return err;
	judge_claim(in, &header, &claim, &verdict);
	if (execution && verdict.verdict == GS_VERDICT_UNAVAILABLE) {
		execution->running = false;
		execution->not_before.unix_s = in->now.unix_s + GS_NODE_RETRY_S;
	} else if (execution) {
		*execution = node->execution[--node->execution_count];
	}
	gs_hex_encode(claim.id.b, 32, true, id);
	gs_log_line(node->log, verdict.verdict == GS_VERDICT_UNAVAILABLE ? GS_LOG_WARN : GS_LOG_INFO, "claim.verdict",
	            "claim=%s verdict=%s%s%s%s", id, gs_verdict_name((enum gs_verdict)verdict.verdict),
	            verdict.reason[0] ? " why=\"" : "", verdict.reason, verdict.reason[0] ? "\"" : "");
	if (verdict.verdict == GS_VERDICT_INVALID && gs_address_equal(&claim.body.claimant, &node->options.self))
		gs_log_line(node->log, GS_LOG_ERROR, "claim.not_defended",
		            "claim=%s why=\"our own claim does not match its execution\"", id);
	err = gs_node_load_verdict(t->j, &claim.id, &before);
	if (!err && verdict.verdict == GS_VERDICT_UNAVAILABLE && before.verdict != GS_VERDICT_UNAVAILABLE)
		return GS_OK; /* what was computed once stays known */
	if (err && err != GS_ENOTFOUND)
		return err;
	err = gs_node_store_verdict(t->j, &claim.id, &verdict);
	return err ? err : gs_node_plan(t);
}

static enum gs_err on_leaves(struct gs_node_turn *t, const struct gs_node_input *in)
{
	enum gs_err err = GS_OK;

	for (size_t i = 0; i < in->as.leaves.count && !err; i++)
		err = gs_facts_give(t->j, &in->as.leaves.leaf[i]);
	return err;
}

/* --- the step --- */

static enum gs_err on_timer(struct gs_node_turn *t)
{
	enum gs_err err = gs_transactions_tend(t, false);

	if (!err)
		err = fetch_logs(t);
	if (err || !gs_node_newest(t->node))
		return err;
	return gs_node_plan(t);
}

static enum gs_err dispatch(struct gs_node_turn *t, const struct gs_node_input *in)
{
	switch (in->kind) {
	case GS_INPUT_START: return gs_transactions_start(t, in->as.start.nonce);
	case GS_INPUT_HEADER: return on_header(t, &in->as.header);
	case GS_INPUT_LOGS: return on_logs(t, in);
	case GS_INPUT_TIMER: return on_timer(t);
	case GS_INPUT_EXECUTED: return on_executed(t, in);
	case GS_INPUT_LEAVES: return on_leaves(t, in);
	case GS_INPUT_TOLD: return gs_plan_told(t, in->as.told);
	case GS_INPUT_PREPARED: return gs_transactions_prepared(t, in);
	case GS_INPUT_REFUSED: return gs_transactions_refused(t, in);
	case GS_INPUT_NONCE_BEHIND: return gs_transactions_behind(t, in->as.nonce_behind.nonce);
	case GS_INPUT_NONCE_LOST: return gs_transactions_lost(t, in);
	case GS_INPUT_RECEIPT: return gs_transactions_receipt(t, in);
	}
	return GS_EINVAL;
}

enum gs_err gs_node_step(struct gs_node *node, const struct gs_node_input *input, struct gs_node_effects *effects,
                         struct gs_error *error)
{
	struct gs_journal j;
	struct gs_node_turn turn = {.node = node, .j = &j, .effects = effects};
	struct gs_error why = {0};
	enum gs_err err;

	gs_node_effects_clear(effects);
	node->now = input->now;
	err = gs_journal_begin(node->store, node->block, &j, &why);
	if (err)
		goto out;
	err = dispatch(&turn, input);
	if (!err)
		err = gs_transactions_next(&turn);
	if (!err)
		err = gs_journal_commit(&j);
	else
		gs_journal_abort(&j);
out:
	if (err) {
		gs_node_effects_clear(effects);
		return gs_fail(error, err, "%s",
		               why.text[0] ? why.text
		                           : "node: a stored record does not have its form; restore a backup");
	}
	return GS_OK;
}
