#include "validator/node/intent.h"

#include <stdlib.h>
#include <string.h>

#include "chain/core/hash.h"
#include "validator/node/record.h"

enum {
	INTENT_VERSION = 1,
	INTENT_FIELDS = 9,
	TX_VERSION = 1,
	TX_FIELDS = 5,
	INTENT_BYTES_MAX = GS_INTENT_DATA_MAX + 4096
};
enum { PENDING_MAX = 4096, PENDING_BYTES_MAX = 256 * 1024 * 1024 };

const char *gs_intent_kind_name(enum gs_intent_kind kind)
{
	switch (kind) {
	case GS_INTENT_CHALLENGE: return "challenge";
	case GS_INTENT_MOVE: return "move";
	case GS_INTENT_TIMEOUT: return "timeout";
	case GS_INTENT_FINALISE: return "finalise";
	case GS_INTENT_COLLECT: return "collect";
	case GS_INTENT_RELEASE: return "release";
	case GS_INTENT_ANSWER: return "answer";
	case GS_INTENT_PUBLISH: return "publish";
	case GS_INTENT_UNANSWERED: return "unanswered";
	case GS_INTENT_RECORD: return "record";
	case GS_INTENT_DRAW: return "draw";
	case GS_INTENT_UNPUBLISHED: return "unpublished";
	case GS_INTENT_ATTEST: return "attest";
	case GS_INTENT_REPORT: return "report";
	case GS_INTENT_REWARD: return "reward";
	case GS_INTENT_OPEN_LEAF: return "open_leaf";
	case GS_INTENT_AGREE: return "agree";
	}
	return "?";
}

void gs_intent_id(enum gs_intent_kind kind, const struct gs_hash *subject, const struct gs_hash *state,
                  struct gs_hash *out)
{
	uint8_t bytes[65];

	bytes[0] = (uint8_t)kind;
	memcpy(bytes + 1, subject->b, 32);
	memcpy(bytes + 33, state->b, 32);
	gs_keccak256(bytes, sizeof(bytes), out);
}

static struct gs_bytes hash_key(const struct gs_hash *hash)
{
	return (struct gs_bytes){hash->b, sizeof(hash->b)};
}

/* --- records --- */

static void encode_intent(const struct gs_intent *in, struct gs_buf *out)
{
	struct gs_record_writer w;

	gs_record_begin(&w, out, INTENT_VERSION, INTENT_FIELDS);
	gs_record_put_u64(&w, in->kind);
	gs_record_put_u64(&w, in->status);
	gs_record_put_hash(&w, &in->subject);
	gs_record_put_hash(&w, &in->state);
	gs_record_put_address(&w, &in->to);
	gs_record_put_bytes(&w, in->data);
	gs_record_put_u64(&w, in->attempts);
	gs_record_put_u64(&w, in->not_before.unix_s);
	gs_record_put_hash(&w, &in->tx);
	gs_record_end(&w);
}

enum gs_err gs_intent_decode(struct gs_bytes key, struct gs_bytes value, struct gs_intent *out)
{
	struct gs_record_reader r;

	memset(out, 0, sizeof(*out));
	if (key.len != sizeof(out->id.b))
		return GS_ECORRUPT;
	memcpy(out->id.b, key.ptr, key.len);
	gs_record_open(&r, value, INTENT_VERSION, INTENT_FIELDS);
	out->kind = (uint8_t)gs_record_get_u32(&r);
	out->status = (uint8_t)gs_record_get_u32(&r);
	out->subject = gs_record_get_hash(&r);
	out->state = gs_record_get_hash(&r);
	out->to = gs_record_get_address(&r);
	out->data = gs_record_get_bytes(&r);
	out->attempts = gs_record_get_u32(&r);
	out->not_before.unix_s = gs_record_get_u64(&r);
	out->tx = gs_record_get_hash(&r);
	return gs_record_close(&r);
}

static void encode_tx(const struct gs_intent_tx *in, struct gs_buf *out)
{
	struct gs_record_writer w;

	gs_record_begin(&w, out, TX_VERSION, TX_FIELDS);
	gs_record_put_hash(&w, &in->intent);
	gs_record_put_u64(&w, in->nonce);
	gs_record_put_bool(&w, in->settled);
	gs_record_put_u64(&w, in->last_sent.unix_s);
	gs_record_put_bytes(&w, in->raw);
	gs_record_end(&w);
}

static enum gs_err decode_tx(struct gs_bytes key, struct gs_bytes value, struct gs_intent_tx *out)
{
	struct gs_record_reader r;

	memset(out, 0, sizeof(*out));
	if (key.len != sizeof(out->hash.b))
		return GS_ECORRUPT;
	memcpy(out->hash.b, key.ptr, key.len);
	gs_record_open(&r, value, TX_VERSION, TX_FIELDS);
	out->intent = gs_record_get_hash(&r);
	out->nonce = gs_record_get_u64(&r);
	out->settled = gs_record_get_bool(&r);
	out->last_sent.unix_s = gs_record_get_u64(&r);
	out->raw = gs_record_get_bytes(&r);
	return gs_record_close(&r);
}

static enum gs_err put_intent(struct gs_journal *j, const struct gs_intent *intent, bool derived)
{
	struct gs_buf value;
	enum gs_err err;

	gs_buf_init(&value, INTENT_BYTES_MAX);
	encode_intent(intent, &value);
	err = value.err;
	if (!err)
		err = derived ? gs_journal_derive(j, GS_TABLE_INTENTS, hash_key(&intent->id), gs_buf_view(&value))
		              : gs_journal_put(j, GS_TABLE_INTENTS, hash_key(&intent->id), gs_buf_view(&value));
	gs_buf_free(&value);
	return err;
}

static enum gs_err put_tx(struct gs_journal *j, const struct gs_intent_tx *tx, bool derived)
{
	struct gs_buf value;
	enum gs_err err;

	gs_buf_init(&value, INTENT_BYTES_MAX);
	encode_tx(tx, &value);
	err = value.err;
	if (!err)
		err = derived ? gs_journal_derive(j, GS_TABLE_TXS, hash_key(&tx->hash), gs_buf_view(&value))
		              : gs_journal_put(j, GS_TABLE_TXS, hash_key(&tx->hash), gs_buf_view(&value));
	gs_buf_free(&value);
	return err;
}

enum gs_err gs_intent_load(struct gs_journal *j, const struct gs_hash *id, struct gs_intent *out, struct gs_buf *data)
{
	size_t start = data->len;
	enum gs_err err = gs_journal_get(j, GS_TABLE_INTENTS, hash_key(id), data);

	if (err)
		return err;
	return gs_intent_decode(hash_key(id), (struct gs_bytes){data->ptr + start, data->len - start}, out);
}

static enum gs_err load_tx(struct gs_journal *j, const struct gs_hash *hash, struct gs_intent_tx *out,
                           struct gs_buf *data)
{
	enum gs_err err = gs_journal_get(j, GS_TABLE_TXS, hash_key(hash), data);

	return err ? err : decode_tx(hash_key(hash), gs_buf_view(data), out);
}

/* --- planning --- */

static bool is_obligation(uint8_t kind)
{
	return kind == GS_INTENT_MOVE || kind == GS_INTENT_TIMEOUT || kind == GS_INTENT_ANSWER ||
	       kind == GS_INTENT_PUBLISH || kind == GS_INTENT_AGREE;
}

static struct gs_time later(const struct gs_intent *intent, struct gs_time now)
{
	uint64_t wait_s = intent->attempts > 5 ? GS_INTENT_BACKOFF_S_MAX : UINT64_C(1) << intent->attempts;

	if (is_obligation(intent->kind) && wait_s > 2)
		wait_s = 2; /* a clock is running */
	return (struct gs_time){now.unix_s + wait_s};
}

static bool may_retry(const struct gs_intent *intent, struct gs_time now)
{
	if (intent->status != GS_INTENT_FAILED || now.unix_s < intent->not_before.unix_s)
		return false;
	return is_obligation(intent->kind) || intent->attempts < GS_INTENT_ATTEMPTS_MAX;
}

enum gs_err gs_intent_under_way(struct gs_journal *j, const struct gs_hash *id, struct gs_time now, bool *out)
{
	struct gs_bytes value;
	struct gs_intent intent;
	enum gs_err err = gs_journal_view(j, GS_TABLE_INTENTS, hash_key(id), &value);

	if (!err)
		err = gs_intent_decode(hash_key(id), value, &intent);
	*out = err == GS_OK && !may_retry(&intent, now);
	return err == GS_ENOTFOUND ? GS_OK : err;
}

enum gs_err gs_intent_enter(struct gs_journal *j, const struct gs_hash *game, const struct gs_hash *state,
                            struct gs_bytes bytes)
{
	uint8_t key[64];
	struct gs_hash answer;
	struct gs_buf before;
	struct gs_bytes at = {key, sizeof(key)};
	enum gs_err err;

	memcpy(key, game->b, 32);
	memcpy(key + 32, state->b, 32);
	gs_keccak256(bytes.ptr, bytes.len, &answer);
	gs_buf_init(&before, 64);
	err = gs_journal_get(j, GS_TABLE_SIGNED_MOVES, at, &before);
	if (err == GS_ENOTFOUND)
		err = gs_journal_put(j, GS_TABLE_SIGNED_MOVES, at, hash_key(&answer));
	else if (!err && !gs_bytes_equal(gs_buf_view(&before), hash_key(&answer)))
		err = gs_fail(j->error, GS_ECONFLICT,
		              "signed moves: another answer to this state of the game was signed before");
	gs_buf_free(&before);
	return err;
}

enum gs_err gs_intent_want(struct gs_journal *j, const struct gs_intent *intent, struct gs_time now)
{
	struct gs_buf data;
	struct gs_intent stored, fresh = *intent;
	enum gs_err err;

	if (intent->data.len > GS_INTENT_DATA_MAX)
		return gs_fail(j->error, GS_ELIMIT, "intent: calldata of %zu bytes", intent->data.len);
	gs_intent_id((enum gs_intent_kind)intent->kind, &intent->subject, &intent->state, &fresh.id);
	fresh.status = GS_INTENT_PLANNED;
	fresh.attempts = 0;
	fresh.not_before = now;
	memset(&fresh.tx, 0, sizeof(fresh.tx));
	gs_buf_init(&data, INTENT_BYTES_MAX);
	err = gs_intent_load(j, &fresh.id, &stored, &data);
	if (!err && !may_retry(&stored, now))
		goto out;
	if (!err)
		fresh.attempts = stored.attempts;
	if (err && err != GS_ENOTFOUND)
		goto out;
	err = intent->kind == GS_INTENT_MOVE ? gs_intent_enter(j, &intent->subject, &intent->state, intent->data)
	                                     : GS_OK;
	if (!err)
		err = put_intent(j, &fresh, false);
out:
	gs_buf_free(&data);
	return err;
}

struct next_search {
	struct gs_time now;
	bool found;
	struct gs_intent best;
};

static enum gs_err consider(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct next_search *search = context;
	struct gs_record_reader r;
	struct gs_intent intent;
	enum gs_err err;

	gs_record_open(&r, value, INTENT_VERSION, INTENT_FIELDS); /* most are done: those are not read any further */
	gs_record_skip(&r, 1);
	if (gs_record_get_u32(&r) != GS_INTENT_PLANNED)
		return r.err;
	err = gs_intent_decode(key, value, &intent);
	if (err)
		return err;
	if (intent.status != GS_INTENT_PLANNED || intent.not_before.unix_s > search->now.unix_s)
		return GS_OK;
	if (!search->found || (is_obligation(intent.kind) && !is_obligation(search->best.kind))) {
		search->found = true;
		search->best = intent;
	}
	return GS_OK;
}

enum gs_err gs_intent_next(struct gs_journal *j, struct gs_time now, struct gs_intent *out, struct gs_buf *data)
{
	struct next_search search = {.now = now};
	enum gs_err err = j->store->scan(j->txn, GS_TABLE_INTENTS, (struct gs_bytes){NULL, 0}, GS_STORE_ASCENDING,
	                                 consider, &search, j->error);

	if (err)
		return err;
	return search.found ? gs_intent_load(j, &search.best.id, out, data) : GS_ENOTFOUND;
}

/* --- what became of it --- */

enum gs_err gs_intent_signed(struct gs_journal *j, const struct gs_hash *id, uint64_t nonce, const struct gs_hash *tx,
                             struct gs_bytes raw)
{
	const struct gs_intent_tx record = {.hash = *tx, .intent = *id, .nonce = nonce, .raw = raw};
	struct gs_buf data;
	struct gs_intent intent;
	enum gs_err err;

	gs_buf_init(&data, INTENT_BYTES_MAX);
	err = gs_intent_load(j, id, &intent, &data);
	if (err)
		goto out;
	GS_ASSERT(intent.status == GS_INTENT_PLANNED);
	intent.status = GS_INTENT_SIGNED;
	intent.tx = *tx;
	err = put_intent(j, &intent, false);
	if (!err)
		err = put_tx(j, &record, false);
out:
	gs_buf_free(&data);
	return err;
}

/* tx: the transaction that failed, NULL for none; an intent that goes on with another one is left alone. */
static enum gs_err fail_intent(struct gs_journal *j, const struct gs_hash *id, const struct gs_hash *tx,
                               struct gs_time now)
{
	struct gs_buf data;
	struct gs_intent intent;
	enum gs_err err;

	gs_buf_init(&data, INTENT_BYTES_MAX);
	err = gs_intent_load(j, id, &intent, &data);
	if (!err && (!tx || gs_hash_equal(tx, &intent.tx))) {
		intent.status = GS_INTENT_FAILED;
		intent.not_before = later(&intent, now);
		intent.attempts++;
		err = put_intent(j, &intent, tx != NULL);
	}
	gs_buf_free(&data);
	return err;
}

enum gs_err gs_intent_refused(struct gs_journal *j, const struct gs_hash *id, struct gs_time now)
{
	return fail_intent(j, id, NULL, now);
}

static enum gs_err settle_tx(struct gs_journal *j, const struct gs_hash *hash, bool derived, struct gs_hash *intent)
{
	struct gs_buf data;
	struct gs_intent_tx tx;
	enum gs_err err;

	gs_buf_init(&data, INTENT_BYTES_MAX);
	err = load_tx(j, hash, &tx, &data);
	if (!err) {
		*intent = tx.intent;
		tx.settled = true;
		err = put_tx(j, &tx, derived);
	}
	gs_buf_free(&data);
	return err;
}

enum gs_err gs_intent_mined(struct gs_journal *j, const struct gs_hash *tx, bool success, struct gs_time now)
{
	struct gs_hash id;
	struct gs_buf data;
	struct gs_intent intent;
	enum gs_err err = settle_tx(j, tx, true, &id);

	if (err)
		return err;
	if (!success)
		return fail_intent(j, &id, tx, now);
	gs_buf_init(&data, INTENT_BYTES_MAX);
	err = gs_intent_load(j, &id, &intent, &data);
	if (!err) {
		intent.status = GS_INTENT_DONE;
		err = put_intent(j, &intent, true);
	}
	gs_buf_free(&data);
	return err;
}

enum gs_err gs_intent_lost(struct gs_journal *j, const struct gs_hash *tx, struct gs_time now)
{
	struct gs_hash id;
	enum gs_err err = settle_tx(j, tx, true, &id);

	return err ? err : fail_intent(j, &id, tx, now);
}

enum gs_err gs_intent_sent(struct gs_journal *j, const struct gs_hash *hash, struct gs_time now)
{
	struct gs_buf data;
	struct gs_intent_tx tx;
	enum gs_err err;

	gs_buf_init(&data, INTENT_BYTES_MAX);
	err = load_tx(j, hash, &tx, &data);
	if (!err) {
		tx.last_sent = now;
		err = put_tx(j, &tx, false);
	}
	gs_buf_free(&data);
	return err;
}

static enum gs_err keep_pending(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct gs_intent_txs *txs = context;
	struct gs_intent_tx tx;
	enum gs_err err = decode_tx(key, value, &tx);

	if (err || tx.settled)
		return err;
	if (txs->count == PENDING_MAX)
		return GS_ELIMIT;
	if (!txs->tx && !(txs->tx = malloc(PENDING_MAX * sizeof(*txs->tx)))) /* mostly none is pending */
		return GS_ENOMEM;
	txs->tx[txs->count++] = tx;
	gs_buf_append(&txs->bytes, tx.raw.ptr, tx.raw.len);
	return txs->bytes.err;
}

static int by_nonce(const void *x, const void *y)
{
	const struct gs_intent_tx *a = x, *b = y;

	return a->nonce < b->nonce ? -1 : a->nonce > b->nonce;
}

enum gs_err gs_intent_pending(struct gs_journal *j, struct gs_intent_txs *out)
{
	size_t at = 0;
	enum gs_err err;

	memset(out, 0, sizeof(*out));
	gs_buf_init(&out->bytes, PENDING_BYTES_MAX);
	err = j->store->scan(j->txn, GS_TABLE_TXS, (struct gs_bytes){NULL, 0}, GS_STORE_ASCENDING, keep_pending, out,
	                     j->error);
	if (err == GS_ENOMEM)
		return gs_fail(j->error, err, "pending transactions: no memory");
	for (size_t i = 0; i < out->count; i++) {
		out->tx[i].raw.ptr = out->bytes.ptr + at;
		at += out->tx[i].raw.len;
	}
	if (out->count)
		qsort(out->tx, out->count, sizeof(*out->tx), by_nonce);
	return err;
}

void gs_intent_txs_free(struct gs_intent_txs *txs)
{
	free(txs->tx);
	gs_buf_free(&txs->bytes);
	memset(txs, 0, sizeof(*txs));
}
