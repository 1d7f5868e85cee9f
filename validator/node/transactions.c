/* From intents to what is mined: which is signed next, which nonce it gets, what is sent again, and what became of it. */
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

/* --- being mined --- */

static enum gs_err emit_send(struct gs_node_turn *t, const struct gs_hash *tx, struct gs_bytes raw)
{
	enum gs_err err = gs_intent_sent(t->j, tx, t->node->now);

	return err ? err : gs_node_emit(t, (struct gs_node_effect){.kind = GS_EFFECT_SEND, .hash = *tx}, raw);
}

/* Watches what is pending; sends again what has had no receipt for a while (all of it at the start). */
enum gs_err gs_transactions_tend(struct gs_node_turn *t, bool send_all)
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

enum gs_err gs_transactions_next(struct gs_node_turn *t)
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

enum gs_err gs_transactions_start(struct gs_node_turn *t, uint64_t chain_nonce)
{
	uint64_t nonce;
	enum gs_err err = load_nonce(t->j, &nonce);

	if (!err && chain_nonce > nonce)
		err = store_nonce(t->j, chain_nonce);
	return err ? err : gs_transactions_tend(t, true);
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

enum gs_err gs_transactions_prepared(struct gs_node_turn *t, const struct gs_node_input *in)
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

enum gs_err gs_transactions_refused(struct gs_node_turn *t, const struct gs_node_input *in)
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
enum gs_err gs_transactions_behind(struct gs_node_turn *t, uint64_t chain_nonce)
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

enum gs_err gs_transactions_lost(struct gs_node_turn *t, const struct gs_node_input *in)
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
enum gs_err gs_transactions_receipt(struct gs_node_turn *t, const struct gs_node_input *in)
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
