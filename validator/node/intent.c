#include "validator/node/intent.h"

#include <string.h>

#include "chain/core/hash.h"
#include "validator/node/agenda.h"
#include "validator/node/audit.h"
#include "validator/node/record.h"

enum {
	INTENT_VERSION = 2,
	INTENT_FIELDS = 11,
	OLD_VERSION = 1, /* nothing was due by any time */
	OLD_FIELDS = 9,
	NOT_YET_S = 8, /* before what could not be priced is tried again */
	INTENT_BYTES_MAX = GS_INTENT_DATA_MAX + 4096
};

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
	case GS_INTENT_COMMAND: return "command";
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
	gs_record_put_u64(&w, in->since.unix_s);
	gs_record_put_u64(&w, in->due.unix_s);
	gs_record_end(&w);
}

/* Whether it is of the old version. */
static bool open_record(struct gs_record_reader *r, struct gs_bytes value)
{
	gs_record_open(r, value, INTENT_VERSION, INTENT_FIELDS);
	if (r->err != GS_EUNSUPPORTED)
		return false;
	gs_record_open(r, value, OLD_VERSION, OLD_FIELDS);
	return true;
}

enum gs_err gs_intent_decode(struct gs_bytes key, struct gs_bytes value, struct gs_intent *out)
{
	struct gs_record_reader r;
	bool old;

	memset(out, 0, sizeof(*out));
	if (key.len != sizeof(out->id.b))
		return GS_ECORRUPT;
	memcpy(out->id.b, key.ptr, key.len);
	old = open_record(&r, value);
	out->kind = (uint8_t)gs_record_get_u32(&r);
	out->status = (uint8_t)gs_record_get_u32(&r);
	out->subject = gs_record_get_hash(&r);
	out->state = gs_record_get_hash(&r);
	out->to = gs_record_get_address(&r);
	out->data = gs_record_get_bytes(&r);
	out->attempts = gs_record_get_u32(&r);
	out->not_before.unix_s = gs_record_get_u64(&r);
	out->tx = gs_record_get_hash(&r);
	if (!old) {
		out->since.unix_s = gs_record_get_u64(&r);
		out->due.unix_s = gs_record_get_u64(&r);
	}
	return gs_record_close(&r);
}

/* --- the agenda --- */

static bool reserves(uint8_t kind)
{
	return kind == GS_INTENT_CHALLENGE || kind == GS_INTENT_OPEN_LEAF || kind == GS_INTENT_ATTEST;
}

/* In the order in which they are signed: obligations first, and among equals what is due first. */
static struct gs_bytes planned_key(const struct gs_intent *intent, uint8_t out[1 + GS_AGENDA_KEY])
{
	uint8_t rest[GS_AGENDA_KEY];

	(void)gs_agenda_key(rest, GS_AGENDA_PLANNED, intent->due.unix_s ? intent->due.unix_s : UINT64_MAX, &intent->id);
	out[0] = rest[0];
	out[1] = !gs_intent_is_obligation(intent->kind);
	memcpy(out + 2, rest + 1, sizeof(rest) - 1);
	return (struct gs_bytes){out, 1 + GS_AGENDA_KEY};
}

enum gs_err gs_intent_enter_agenda(struct gs_journal *j, const struct gs_intent *intent)
{
	const bool waits = intent->status == GS_INTENT_PLANNED || intent->status == GS_INTENT_SIGNED;
	uint8_t key[1 + GS_AGENDA_KEY], reserved[GS_AGENDA_KEY_MAX];
	enum gs_err err = gs_agenda_set(j, planned_key(intent, key), intent->status == GS_INTENT_PLANNED);

	if (err || !reserves(intent->kind))
		return err;
	return gs_agenda_set(j, gs_agenda_pair(reserved, GS_AGENDA_RESERVED, &intent->id, NULL), waits);
}

struct reserving {
	struct gs_journal *j;
	enum gs_err (*visit)(void *context, const struct gs_intent *intent);
	void *context;
};

static enum gs_err visit_reserving(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct reserving *r = context;
	struct gs_intent intent;
	const struct gs_bytes id = {key.ptr + 1, key.len - 1};
	enum gs_err err = gs_journal_view(r->j, GS_TABLE_INTENTS, id, &value);

	if (!err)
		err = gs_intent_decode(id, value, &intent);
	if (err)
		return err == GS_ENOTFOUND ? GS_OK : err;
	return intent.status == GS_INTENT_PLANNED || intent.status == GS_INTENT_SIGNED ? r->visit(r->context, &intent)
	                                                                               : GS_OK;
}

enum gs_err gs_intent_each_reserving(struct gs_journal *j,
                                     enum gs_err (*visit)(void *context, const struct gs_intent *intent), void *context)
{
	const uint8_t prefix = GS_AGENDA_RESERVED;
	struct reserving r = {j, visit, context};

	return j->store->scan(j->txn, GS_TABLE_AGENDA, (struct gs_bytes){&prefix, 1}, GS_STORE_ASCENDING,
	                      visit_reserving, &r, j->error);
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
	return err ? err : gs_intent_enter_agenda(j, intent);
}

enum gs_err gs_intent_load(struct gs_journal *j, const struct gs_hash *id, struct gs_intent *out, struct gs_buf *data)
{
	size_t start = data->len;
	enum gs_err err = gs_journal_get(j, GS_TABLE_INTENTS, hash_key(id), data);

	if (err)
		return err;
	return gs_intent_decode(hash_key(id), (struct gs_bytes){data->ptr + start, data->len - start}, out);
}

/* --- planning --- */

bool gs_intent_is_obligation(uint8_t kind)
{
	return kind == GS_INTENT_MOVE || kind == GS_INTENT_TIMEOUT || kind == GS_INTENT_ANSWER ||
	       kind == GS_INTENT_PUBLISH || kind == GS_INTENT_AGREE;
}

bool gs_intent_is_race(uint8_t kind)
{
	return kind == GS_INTENT_CHALLENGE || kind == GS_INTENT_FINALISE || kind == GS_INTENT_OPEN_LEAF ||
	       kind == GS_INTENT_RECORD || kind == GS_INTENT_DRAW;
}

enum gs_urgency gs_intent_urgency(const struct gs_intent *intent, struct gs_time now, uint64_t close_s)
{
	const uint64_t due_s = intent->due.unix_s, since_s = intent->since.unix_s;
	uint64_t left_s;

	if (!due_s)
		return GS_URGENCY_NONE;
	left_s = due_s > now.unix_s ? due_s - now.unix_s : 0;
	return left_s <= close_s && left_s <= (due_s > since_s ? due_s - since_s : 0) / 2 ? GS_URGENCY_CLOSE
	                                                                                  : GS_URGENCY_DUE;
}

static struct gs_time later(const struct gs_intent *intent, struct gs_time now)
{
	uint64_t wait_s = intent->attempts > 5 ? GS_INTENT_BACKOFF_S_MAX : UINT64_C(1) << intent->attempts;

	if (gs_intent_is_obligation(intent->kind) && wait_s > 2)
		wait_s = 2; /* a clock is running */
	return (struct gs_time){now.unix_s + wait_s};
}

/* The 1st, 2nd, 4th, 8th try and so on: what is tried for as long as a clock runs does not fill the audit log. */
static bool is_worth_telling(uint32_t attempts)
{
	return (attempts & (attempts - 1)) == 0;
}

static enum gs_err tell(struct gs_journal *j, enum gs_audit_kind kind, const struct gs_intent *intent,
                        const struct gs_hash *digest)
{
	return gs_audit_append(j, kind, &intent->subject, digest,
	                       gs_intent_kind_name((enum gs_intent_kind)intent->kind));
}

static bool is_tried_again(const struct gs_intent *intent)
{
	const uint32_t most = intent->kind == GS_INTENT_COMMAND ? GS_INTENT_COMMAND_ATTEMPTS_MAX
	                                                        : GS_INTENT_ATTEMPTS_MAX;

	return intent->status == GS_INTENT_FAILED && (gs_intent_is_obligation(intent->kind) || intent->attempts < most);
}

static bool may_retry(const struct gs_intent *intent, struct gs_time now)
{
	return is_tried_again(intent) && now.unix_s >= intent->not_before.unix_s;
}

enum gs_err gs_intent_under_way(struct gs_journal *j, const struct gs_hash *id, struct gs_time now, bool *out,
                                struct gs_time *later)
{
	struct gs_bytes value;
	struct gs_intent intent;
	enum gs_err err = gs_journal_view(j, GS_TABLE_INTENTS, hash_key(id), &value);

	if (!err)
		err = gs_intent_decode(hash_key(id), value, &intent);
	*out = err == GS_OK && !may_retry(&intent, now);
	if (later)
		later->unix_s = *out && is_tried_again(&intent) ? intent.not_before.unix_s : 0;
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
	bool known;
	enum gs_err err;

	if (intent->data.len > GS_INTENT_DATA_MAX)
		return gs_fail(j->error, GS_ELIMIT, "intent: calldata of %zu bytes", intent->data.len);
	gs_intent_id((enum gs_intent_kind)intent->kind, &intent->subject, &intent->state, &fresh.id);
	fresh.status = GS_INTENT_PLANNED;
	fresh.attempts = 0;
	fresh.not_before = now;
	fresh.since = now;
	memset(&fresh.tx, 0, sizeof(fresh.tx));
	gs_buf_init(&data, INTENT_BYTES_MAX);
	err = gs_intent_load(j, &fresh.id, &stored, &data);
	known = !err;
	if (!err && !may_retry(&stored, now))
		goto out;
	if (!err) {
		fresh.attempts = stored.attempts;
		fresh.since = stored.since.unix_s ? stored.since : now;
	}
	if (err && err != GS_ENOTFOUND)
		goto out;
	err = intent->kind == GS_INTENT_MOVE ? gs_intent_enter(j, &intent->subject, &intent->state, intent->data)
	                                     : GS_OK;
	if (!err)
		err = put_intent(j, &fresh, false);
	if (!err && !known)
		err = gs_audit_append_bytes(j, GS_AUDIT_PLANNED, &fresh.subject, fresh.data,
		                            gs_intent_kind_name((enum gs_intent_kind)fresh.kind));
out:
	gs_buf_free(&data);
	return err;
}

struct next_search {
	struct gs_journal *j;
	struct gs_time now;
	bool found;
	struct gs_hash id;
};

/* A key that is not the intent's any more (a reorganisation took back what the key was made from) leads to nothing. */
static enum gs_err consider(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct next_search *search = context;
	uint8_t own[1 + GS_AGENDA_KEY];
	struct gs_intent intent;
	struct gs_bytes id;
	enum gs_err err;

	if (key.len != sizeof(own))
		return GS_ECORRUPT;
	id = (struct gs_bytes){key.ptr + key.len - sizeof(search->id.b), sizeof(search->id.b)};
	err = gs_journal_view(search->j, GS_TABLE_INTENTS, id, &value);
	if (!err)
		err = gs_intent_decode(id, value, &intent);
	if (err)
		return err == GS_ENOTFOUND ? GS_OK : err;
	if (intent.status != GS_INTENT_PLANNED || intent.not_before.unix_s > search->now.unix_s ||
	    !gs_bytes_equal(planned_key(&intent, own), key))
		return GS_OK;
	search->found = true;
	search->id = intent.id;
	return GS_ENOTFOUND; /* enough: they come in order */
}

enum gs_err gs_intent_next(struct gs_journal *j, struct gs_time now, struct gs_intent *out, struct gs_buf *data)
{
	const uint8_t prefix = GS_AGENDA_PLANNED;
	struct next_search search = {.j = j, .now = now};
	enum gs_err err = j->store->scan(j->txn, GS_TABLE_AGENDA, (struct gs_bytes){&prefix, 1}, GS_STORE_ASCENDING,
	                                 consider, &search, j->error);

	if (err)
		return err;
	return search.found ? gs_intent_load(j, &search.id, out, data) : GS_ENOTFOUND;
}

/* --- what became of it --- */

enum gs_err gs_intent_signed(struct gs_journal *j, const struct gs_tx_record *tx)
{
	struct gs_buf data;
	struct gs_intent intent;
	enum gs_err err;

	gs_buf_init(&data, INTENT_BYTES_MAX);
	err = gs_intent_load(j, &tx->intent, &intent, &data);
	if (err)
		goto out;
	GS_ASSERT(intent.status == GS_INTENT_PLANNED);
	intent.status = GS_INTENT_SIGNED;
	intent.tx = tx->hash;
	err = put_intent(j, &intent, false);
	if (!err)
		err = gs_tx_record_put(j, tx, false);
	if (!err)
		err = tell(j, GS_AUDIT_SIGNED, &intent, &tx->hash);
out:
	gs_buf_free(&data);
	return err;
}

enum gs_err gs_intent_replaced(struct gs_journal *j, const struct gs_tx_record *tx)
{
	struct gs_buf data;
	struct gs_intent intent;
	enum gs_err err = gs_tx_record_put(j, tx, false);

	if (!err && gs_hash_is_zero(&tx->intent))
		return gs_audit_append(j, GS_AUDIT_SIGNED, NULL, &tx->hash, "a nonce that is free");
	if (err)
		return err;
	gs_buf_init(&data, INTENT_BYTES_MAX);
	err = gs_intent_load(j, &tx->intent, &intent, &data);
	if (!err && intent.status == GS_INTENT_SIGNED) {
		intent.tx = tx->hash;
		err = put_intent(j, &intent, false);
	}
	if (!err)
		err = tell(j, GS_AUDIT_SIGNED, &intent, &tx->hash);
	gs_buf_free(&data);
	return err;
}

enum gs_err gs_intent_forced(struct gs_journal *j, const struct gs_tx_record *tx)
{
	struct gs_buf data;
	struct gs_intent intent;
	enum gs_err err = gs_tx_record_put(j, tx, false);

	if (!err && gs_hash_is_zero(&tx->intent))
		return gs_audit_append(j, GS_AUDIT_SIGNED, NULL, &tx->hash, "a nonce on L1 that is free");
	if (err)
		return err;
	gs_buf_init(&data, INTENT_BYTES_MAX);
	err = gs_intent_load(j, &tx->intent, &intent, &data);
	if (!err)
		err = gs_audit_append(j, GS_AUDIT_SIGNED, &intent.subject, &tx->hash, "through L1");
	gs_buf_free(&data);
	return err;
}

/* Whether the intent's own transaction has this nonce, too. */
static enum gs_err goes_on_with(struct gs_journal *j, const struct gs_intent *intent, const struct gs_tx_record *tx,
                                bool *out)
{
	struct gs_tx_record own;
	struct gs_buf data;
	enum gs_err err;

	*out = gs_hash_equal(&intent->tx, &tx->hash);
	if (*out)
		return GS_OK;
	gs_buf_init(&data, INTENT_BYTES_MAX);
	err = gs_tx_record_load(j, &intent->tx, &own, &data);
	*out = !err && own.nonce == tx->nonce;
	gs_buf_free(&data);
	return err == GS_ENOTFOUND ? GS_OK : err;
}

/* It failed, or was taken back; one that goes on with another nonce is left alone. */
static enum gs_err fail_with(struct gs_journal *j, const struct gs_tx_record *tx, bool counts, struct gs_time now)
{
	struct gs_buf data;
	struct gs_intent intent;
	bool own = false;
	enum gs_err err;

	if (gs_hash_is_zero(&tx->intent))
		return GS_OK;
	gs_buf_init(&data, INTENT_BYTES_MAX);
	err = gs_intent_load(j, &tx->intent, &intent, &data);
	if (!err)
		err = goes_on_with(j, &intent, tx, &own);
	if (!err && own) {
		intent.status = GS_INTENT_FAILED;
		intent.not_before = counts ? later(&intent, now) : now;
		intent.attempts += counts;
		err = put_intent(j, &intent, true);
	}
	if (!err)
		err = tell(j, GS_AUDIT_FAILED, &intent, &tx->hash);
	gs_buf_free(&data);
	return err;
}

/* All with the nonce of tx are settled by it. What another intent sent with that nonce can never be mined, through no fault of its own: it is planned
 * again. That is how a gap that was none ends, since a reorganisation was heard of later than of the nonces that it made free: the filler stands in
 * one line with what had the nonce before. */
static enum gs_err settle_line(struct gs_journal *j, const struct gs_tx_record *tx, struct gs_time now)
{
	struct gs_tx_list list;
	enum gs_err err = gs_tx_record_pending(j, GS_LANE_CHAIN, &list);

	if (!err)
		err = gs_tx_record_settle(j, GS_LANE_CHAIN, tx->nonce, j->block);
	for (size_t i = 0; i < list.count && !err; i++)
		if (list.tx[i].nonce == tx->nonce && !gs_hash_equal(&list.tx[i].intent, &tx->intent))
			err = fail_with(j, &list.tx[i], false, now);
	gs_tx_list_free(&list);
	return err;
}

enum gs_err gs_intent_refused(struct gs_journal *j, const struct gs_hash *id, bool reverts, struct gs_time now)
{
	struct gs_buf data;
	struct gs_intent intent;
	enum gs_err err;

	gs_buf_init(&data, INTENT_BYTES_MAX);
	err = gs_intent_load(j, id, &intent, &data);
	if (!err) {
		const uint64_t wait_s = gs_intent_is_obligation(intent.kind) ? 2 : NOT_YET_S;
		intent.status = GS_INTENT_FAILED;
		intent.not_before = reverts ? later(&intent, now) : (struct gs_time){now.unix_s + wait_s};
		intent.attempts += reverts;
		err = put_intent(j, &intent, false);
		if (!err && reverts && is_worth_telling(intent.attempts))
			err = tell(j, GS_AUDIT_REFUSED, &intent, id);
	}
	gs_buf_free(&data);
	return err;
}

enum gs_err gs_intent_mined(struct gs_journal *j, const struct gs_tx_record *tx, bool success, struct gs_time now)
{
	struct gs_buf data;
	struct gs_intent intent;
	enum gs_err err = settle_line(j, tx, now);

	if (err || gs_hash_is_zero(&tx->intent))
		return err;
	if (tx->cancels || !success)
		return fail_with(j, tx, !tx->cancels, now);
	gs_buf_init(&data, INTENT_BYTES_MAX);
	err = gs_intent_load(j, &tx->intent, &intent, &data);
	if (!err) {
		intent.status = GS_INTENT_DONE;
		intent.tx = tx->hash;
		err = put_intent(j, &intent, true);
	}
	if (!err)
		err = tell(j, GS_AUDIT_MINED, &intent, &tx->hash);
	gs_buf_free(&data);
	return err;
}

enum gs_err gs_intent_done(struct gs_journal *j, const struct gs_intent *intent, const struct gs_hash *tx)
{
	struct gs_intent done = *intent;

	done.status = GS_INTENT_DONE;
	done.tx = *tx;
	const enum gs_err err = put_intent(j, &done, true);
	return err ? err : tell(j, GS_AUDIT_MINED, intent, tx);
}

enum gs_err gs_intent_lost(struct gs_journal *j, const struct gs_tx_record *tx, struct gs_time now)
{
	enum gs_err err = settle_line(j, tx, now);

	return err ? err : fail_with(j, tx, true, now);
}
