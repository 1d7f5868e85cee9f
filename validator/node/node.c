#include <stdlib.h>
#include <string.h>

#include "validator/node/node_state.h"
#include "validator/node/record.h"

enum { META_VERSION = 1 };
static const struct gs_bytes nonce_key = {(const uint8_t *)"nonce", 5};

/* --- small records about ourselves --- */

static enum gs_err load_nonce(struct gs_journal *j, uint64_t *out)
{
	struct gs_record_reader r;
	struct gs_buf value;
	enum gs_err err;

	*out = 0;
	gs_buf_init(&value, 64);
	err = gs_journal_get(j, GS_TABLE_META, nonce_key, &value);
	if (!err) {
		gs_record_open(&r, gs_buf_view(&value), META_VERSION, 1);
		*out = gs_record_get_u64(&r);
		err = gs_record_close(&r);
	}
	gs_buf_free(&value);
	return err == GS_ENOTFOUND ? GS_OK : err;
}

static enum gs_err store_nonce(struct gs_journal *j, uint64_t nonce)
{
	struct gs_record_writer w;
	struct gs_buf value;
	enum gs_err err;

	gs_buf_init(&value, 64);
	gs_record_begin(&w, &value, META_VERSION, 1);
	gs_record_put_u64(&w, nonce);
	gs_record_end(&w);
	err = value.err ? value.err : gs_journal_put(j, GS_TABLE_META, nonce_key, gs_buf_view(&value));
	gs_buf_free(&value);
	return err;
}

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

/* --- transactions --- */

static enum gs_err emit_send(struct gs_node_turn *t, const struct gs_hash *tx, struct gs_bytes raw)
{
	enum gs_err err = gs_intent_sent(t->j, tx, t->node->now);

	return err ? err : gs_node_emit(t, (struct gs_node_effect){.kind = GS_EFFECT_SEND, .hash = *tx}, raw);
}

/* Watches what is pending; sends again what has had no receipt for a while (all of it at the start). */
static enum gs_err tend_transactions(struct gs_node_turn *t, bool send_all)
{
	struct gs_intent_txs txs;
	const uint64_t now_s = t->node->now.unix_s;
	enum gs_err err = gs_intent_pending(t->j, &txs);

	for (size_t i = 0; i < txs.count && !err; i++) {
		const struct gs_intent_tx *tx = &txs.tx[i];
		err = gs_node_emit(t, (struct gs_node_effect){.kind = GS_EFFECT_WATCH, .hash = tx->hash},
		                   (struct gs_bytes){NULL, 0});
		if (!err && (send_all || now_s >= tx->last_sent.unix_s + t->node->options.resend_s))
			err = emit_send(t, &tx->hash, tx->raw);
	}
	gs_intent_txs_free(&txs);
	return err;
}

/* GS_ENOTFOUND when so many transactions wait to be mined that one more would only wait behind them. */
static enum gs_err room_for_another(struct gs_node_turn *t)
{
	struct gs_intent_txs txs;
	enum gs_err err = gs_intent_pending(t->j, &txs);

	if (!err && txs.count >= GS_NODE_UNMINED_MAX)
		err = GS_ENOTFOUND;
	gs_intent_txs_free(&txs);
	return err;
}

static enum gs_err prepare_next(struct gs_node_turn *t)
{
	struct gs_intent intent;
	struct gs_buf data;
	uint64_t nonce;
	enum gs_err err;

	if (t->node->preparing)
		return GS_OK;
	gs_buf_init(&data, GS_STORE_VALUE_MAX);
	err = gs_intent_next(t->j, t->node->now, &intent, &data);
	if (!err)
		err = room_for_another(t);
	if (!err)
		err = load_nonce(t->j, &nonce);
	GS_ASSERT(err || intent.status == GS_INTENT_PLANNED);
	if (!err)
		err = gs_node_emit(
			t,
			(struct gs_node_effect){
				.kind = GS_EFFECT_PREPARE, .hash = intent.id, .to = intent.to, .nonce = nonce},
			intent.data);
	if (!err)
		t->node->preparing = true;
	gs_buf_free(&data);
	return err == GS_ENOTFOUND ? GS_OK : err;
}

static enum gs_err on_start(struct gs_node_turn *t, uint64_t chain_nonce)
{
	uint64_t nonce;
	enum gs_err err = load_nonce(t->j, &nonce);

	if (!err && chain_nonce > nonce)
		err = store_nonce(t->j, chain_nonce);
	return err ? err : tend_transactions(t, true);
}

/* Whether an intent is still one to be signed. Since it was handed out a reorganisation may have taken back that an earlier
 * transaction of it failed: that one counts again, and is sent again. */
static enum gs_err still_planned(struct gs_node_turn *t, const struct gs_hash *id, bool *out)
{
	struct gs_intent intent;
	struct gs_buf data;

	gs_buf_init(&data, GS_STORE_VALUE_MAX);
	enum gs_err err = gs_intent_load(t->j, id, &intent, &data);
	*out = !err && intent.status == GS_INTENT_PLANNED;
	gs_buf_free(&data);
	return err;
}

static enum gs_err on_prepared(struct gs_node_turn *t, const struct gs_node_input *in)
{
	char id[67], tx[67];
	uint64_t nonce;
	bool planned;
	enum gs_err err = load_nonce(t->j, &nonce);

	if (err)
		return err;
	GS_ASSERT(t->node->preparing && in->as.prepared.nonce == nonce);
	t->node->preparing = false;
	err = still_planned(t, &in->as.prepared.intent, &planned);
	if (err || !planned)
		return err;
	err = gs_intent_signed(t->j, &in->as.prepared.intent, nonce, &in->as.prepared.tx, in->as.prepared.raw);
	if (!err)
		err = store_nonce(t->j, nonce + 1);
	if (!err)
		err = emit_send(t, &in->as.prepared.tx, in->as.prepared.raw);
	gs_hex_encode(in->as.prepared.intent.b, 32, true, id);
	gs_hex_encode(in->as.prepared.tx.b, 32, true, tx);
	gs_log_line(t->node->log, GS_LOG_INFO, "tx.signed", "intent=%s tx=%s nonce=%llu", id, tx,
	            (unsigned long long)nonce);
	return err;
}

static enum gs_err on_refused(struct gs_node_turn *t, const struct gs_node_input *in)
{
	struct gs_intent intent;
	struct gs_buf data;
	char subject[67];
	enum gs_err err;

	GS_ASSERT(t->node->preparing);
	t->node->preparing = false;
	gs_buf_init(&data, GS_STORE_VALUE_MAX);
	err = gs_intent_load(t->j, &in->as.refused.intent, &intent, &data);
	if (!err && intent.status == GS_INTENT_PLANNED) {
		gs_hex_encode(intent.subject.b, 32, true, subject);
		gs_log_line(t->node->log, GS_LOG_WARN, "tx.refused", "what=%s subject=%s why=\"%s\"",
		            gs_intent_kind_name((enum gs_intent_kind)intent.kind), subject, in->as.refused.reason);
		err = gs_intent_refused(t->j, &in->as.refused.intent, t->node->now);
	}
	gs_buf_free(&data);
	return err;
}

/* Somebody else uses this key too. That is not how it should be, but no reason to fail. */
static enum gs_err on_nonce_behind(struct gs_node_turn *t, uint64_t chain_nonce)
{
	uint64_t nonce;
	enum gs_err err = load_nonce(t->j, &nonce);

	GS_ASSERT(t->node->preparing);
	t->node->preparing = false;
	if (err || chain_nonce <= nonce)
		return err;
	gs_log_line(t->node->log, GS_LOG_WARN, "tx.nonce_behind", "ours=%llu chain=%llu", (unsigned long long)nonce,
	            (unsigned long long)chain_nonce);
	return store_nonce(t->j, chain_nonce);
}

static enum gs_err on_nonce_lost(struct gs_node_turn *t, const struct gs_node_input *in)
{
	char tx[67];
	uint64_t nonce;
	enum gs_err err = gs_intent_lost(t->j, &in->as.nonce_lost.tx, t->node->now);

	gs_hex_encode(in->as.nonce_lost.tx.b, 32, true, tx);
	gs_log_line(t->node->log, GS_LOG_WARN, "tx.nonce_lost",
	            "tx=%s why=\"another transaction of this key took its nonce\"", tx);
	if (!err)
		err = load_nonce(t->j, &nonce);
	if (!err && in->as.nonce_lost.nonce > nonce)
		err = store_nonce(t->j, in->as.nonce_lost.nonce);
	return err;
}

/* A receipt counts once its block is one that we have applied. */
static enum gs_err on_receipt(struct gs_node_turn *t, const struct gs_node_input *in)
{
	const struct gs_head *kept = gs_head_at(&t->node->tracker, in->as.receipt.block_number);
	char tx[67];
	enum gs_err err;

	if (in->as.receipt.block_number > t->node->block ||
	    (kept && !gs_hash_equal(&kept->hash, &in->as.receipt.block_hash)))
		return GS_OK;
	err = gs_intent_mined(t->j, &in->as.receipt.tx, in->as.receipt.success, t->node->now);
	gs_hex_encode(in->as.receipt.tx.b, 32, true, tx);
	gs_log_line(t->node->log, in->as.receipt.success ? GS_LOG_INFO : GS_LOG_WARN, "tx.mined",
	            "tx=%s success=%s block=%llu", tx, in->as.receipt.success ? "yes" : "no",
	            (unsigned long long)in->as.receipt.block_number);
	return err;
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
	enum gs_err err = tend_transactions(t, false);

	if (!err)
		err = fetch_logs(t);
	if (err || !gs_node_newest(t->node))
		return err;
	return gs_node_plan(t);
}

static enum gs_err dispatch(struct gs_node_turn *t, const struct gs_node_input *in)
{
	switch (in->kind) {
	case GS_INPUT_START: return on_start(t, in->as.start.nonce);
	case GS_INPUT_HEADER: return on_header(t, &in->as.header);
	case GS_INPUT_LOGS: return on_logs(t, in);
	case GS_INPUT_TIMER: return on_timer(t);
	case GS_INPUT_EXECUTED: return on_executed(t, in);
	case GS_INPUT_LEAVES: return on_leaves(t, in);
	case GS_INPUT_TOLD: return gs_plan_told(t, in->as.told);
	case GS_INPUT_PREPARED: return on_prepared(t, in);
	case GS_INPUT_REFUSED: return on_refused(t, in);
	case GS_INPUT_NONCE_BEHIND: return on_nonce_behind(t, in->as.nonce_behind.nonce);
	case GS_INPUT_NONCE_LOST: return on_nonce_lost(t, in);
	case GS_INPUT_RECEIPT: return on_receipt(t, in);
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
		err = prepare_next(&turn);
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
