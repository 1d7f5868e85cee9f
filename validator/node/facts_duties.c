/* What Duties says: demands and their answers, draws and published roots, randomness. */
#include <string.h>

#include "validator/node/facts_record.h"

enum { BEACON_BYTES_MAX = 256 };

/* The bytes that were put on chain take their place in what is known of the array; what was posted there, if anything, was
 * those bytes or was wrong. */
static enum gs_err take_answer(struct gs_journal *j, const struct gs_event *e)
{
	const uint64_t at = (uint64_t)e->demand_block * e->chunks.len;
	uint8_t key[GS_BLOB_KEY];
	const struct gs_bytes where = gs_facts_blob_key(&e->claim, e->demand_kind == GS_DEMAND_INPUT ? 'i' : 'o', key);
	struct gs_buf bytes;
	uint8_t *more;
	enum gs_err err;

	if (at + e->chunks.len > GS_STORE_VALUE_MAX)
		return GS_OK; /* longer than anything that this node can store: the claim stays unavailable */
	gs_buf_init(&bytes, GS_STORE_VALUE_MAX);
	err = gs_journal_get(j, GS_TABLE_BLOBS, where, &bytes);
	if (!err && bytes.len < at + e->chunks.len) {
		const size_t missing = (size_t)(at + e->chunks.len) - bytes.len;
		more = gs_buf_extend(&bytes, missing);
		if (more)
			memset(more, 0, missing);
		err = bytes.err;
	}
	if (!err) {
		memcpy(bytes.ptr + at, e->chunks.ptr, e->chunks.len);
		err = gs_journal_derive(j, GS_TABLE_BLOBS, where, gs_buf_view(&bytes));
	}
	gs_buf_free(&bytes);
	return err;
}

static enum gs_err apply_recorded(struct gs_journal *j, const struct gs_event *e)
{
	const struct gs_beacon beacon = {.epoch = e->epoch, .previous = e->previous_epoch, .value = e->beacon};
	uint8_t key[GS_BEACON_KEY];
	struct gs_buf value;
	enum gs_err err;

	gs_be64_write(key, e->epoch);
	gs_buf_init(&value, BEACON_BYTES_MAX);
	gs_beacon_encode(&beacon, &value);
	err = value.err;
	if (!err)
		err = gs_journal_derive(j, GS_TABLE_BEACONS, (struct gs_bytes){key, sizeof(key)}, gs_buf_view(&value));
	gs_buf_free(&value);
	return err;
}

enum gs_err gs_facts_apply_duty(struct gs_journal *j, const struct gs_event *e)
{
	struct gs_claim claim;
	enum gs_err err;

	if (e->kind == GS_EVENT_RECORDED)
		return apply_recorded(j, e);
	err = gs_facts_claim(j, &e->claim, &claim);
	if (err)
		return GS_ECORRUPT;
	if (e->kind == GS_EVENT_DEMANDED) {
		claim.demand.deadline = e->deadline;
		claim.demand.by = e->account;
		claim.demand.kind = e->demand_kind;
		claim.demand.block = e->demand_block;
	} else if (e->kind == GS_EVENT_ANSWERED || e->kind == GS_EVENT_UNANSWERED) {
		memset(&claim.demand, 0, sizeof(claim.demand));
	} else if (e->kind == GS_EVENT_DRAWN) {
		claim.audit_deadline = e->deadline;
	} else {
		claim.audit_deadline.unix_s = 0;
		claim.audited = true;
	}
	err = gs_facts_put_claim(j, &claim);
	return !err && e->kind == GS_EVENT_ANSWERED ? take_answer(j, e) : err;
}

struct beacon_search {
	uint64_t after;
	bool found;
	struct gs_beacon beacon;
};

static enum gs_err look_for_beacon(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct beacon_search *search = context;
	struct gs_beacon beacon;
	enum gs_err err = gs_beacon_decode(key, value, &beacon);

	if (!err && beacon.epoch > search->after && !search->found) {
		search->found = true;
		search->beacon = beacon;
	}
	return err;
}

enum gs_err gs_facts_beacon_after(struct gs_journal *j, uint64_t epoch, struct gs_beacon *out)
{
	struct beacon_search search = {.after = epoch};
	enum gs_err err = j->store->scan(j->txn, GS_TABLE_BEACONS, (struct gs_bytes){NULL, 0}, GS_STORE_ASCENDING,
	                                 look_for_beacon, &search, j->error);

	*out = search.beacon;
	return err || search.found ? err : GS_ENOTFOUND;
}
