/* What Duties says: demands and their answers, draws and published roots, randomness, attestations. */
#include <string.h>

#include "validator/node/facts_record.h"

enum { RECORD_BYTES_MAX = 256 };

/* The bytes that were put on chain take their place in what is known of the array; what was posted there, if anything, was
 * those bytes or was wrong. */
static enum gs_err take_answer(struct gs_journal *j, const struct gs_event *e)
{
	const uint64_t at = (uint64_t)e->demand_block * e->chunks.len;
	const char kind = e->demand_kind == GS_DEMAND_INPUT ? GS_BLOB_INPUT : GS_BLOB_OUTPUT;
	struct gs_buf bytes;
	uint8_t *more;
	enum gs_err err;

	if (at + e->chunks.len > GS_STORE_VALUE_MAX)
		return GS_OK; /* longer than anything that this node can store: the claim stays unavailable */
	gs_buf_init(&bytes, GS_STORE_VALUE_MAX);
	err = gs_facts_on_chain(j, &e->claim, kind, &bytes);
	if (!err && bytes.len < at + e->chunks.len) {
		const size_t missing = (size_t)(at + e->chunks.len) - bytes.len;
		more = gs_buf_extend(&bytes, missing);
		if (more)
			memset(more, 0, missing);
		err = bytes.err;
	}
	if (!err) {
		memcpy(bytes.ptr + at, e->chunks.ptr, e->chunks.len);
		err = gs_facts_derive_blob(j, &e->claim, kind, gs_buf_view(&bytes));
	}
	gs_buf_free(&bytes);
	return err;
}

static enum gs_err see_newest(void *context, struct gs_bytes key, struct gs_bytes value)
{
	uint64_t *newest = context;
	struct gs_beacon beacon;
	enum gs_err err = gs_beacon_decode(key, value, &beacon);

	*newest = beacon.epoch;
	return err ? err : GS_ENOTFOUND; /* enough */
}

/* Recorded epochs are a chain: each names the one before it, so that none can be left out unnoticed. */
static enum gs_err apply_recorded(struct gs_journal *j, const struct gs_event *e)
{
	uint64_t newest = 0;
	const struct gs_beacon beacon = {.epoch = e->epoch, .previous = e->previous_epoch, .value = e->beacon};
	uint8_t key[GS_BEACON_KEY];
	struct gs_buf value;
	enum gs_err err = j->store->scan(j->txn, GS_TABLE_BEACONS, (struct gs_bytes){NULL, 0}, GS_STORE_DESCENDING,
	                                 see_newest, &newest, j->error);

	if (err)
		return err;
	if (e->previous_epoch != newest || e->epoch <= newest)
		return GS_ECORRUPT;
	gs_be64_write(key, e->epoch);
	gs_buf_init(&value, RECORD_BYTES_MAX);
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
		claim.published = e->trace_root;
		claim.tag = gs_trace_tag_of(&e->trace_root);
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
	enum gs_err err;

	if (key.len == GS_BEACON_KEY && gs_be64_read(key.ptr) <= search->after)
		return GS_ENOTFOUND; /* no more: they come in order, the newest first, for those who ask ask for a late one */
	err = gs_beacon_decode(key, value, &search->beacon);
	search->found = !err;
	return err;
}

enum gs_err gs_facts_beacon_after(struct gs_journal *j, uint64_t epoch, struct gs_beacon *out)
{
	struct beacon_search search = {.after = epoch};
	enum gs_err err = j->store->scan(j->txn, GS_TABLE_BEACONS, (struct gs_bytes){NULL, 0}, GS_STORE_DESCENDING,
	                                 look_for_beacon, &search, j->error);

	*out = search.beacon;
	return err || search.found ? err : GS_ENOTFOUND;
}

/* --- attestations --- */

static struct gs_bytes attestation_key(const struct gs_hash *claim, const struct gs_address *validator,
                                       uint8_t out[GS_ATTESTATION_KEY])
{
	memcpy(out, claim->b, sizeof(claim->b));
	memcpy(out + sizeof(claim->b), validator->b, sizeof(validator->b));
	return (struct gs_bytes){out, GS_ATTESTATION_KEY};
}

enum gs_err gs_facts_attestation(struct gs_journal *j, const struct gs_hash *claim, const struct gs_address *validator,
                                 struct gs_attestation *out)
{
	uint8_t key[GS_ATTESTATION_KEY];
	const struct gs_bytes at = attestation_key(claim, validator, key);
	struct gs_bytes value;
	enum gs_err err = gs_journal_view(j, GS_TABLE_ATTESTATIONS, at, &value);

	return err ? err : gs_attestation_decode(at, value, out);
}

static enum gs_err add_stake(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct gs_wei *sum = context;
	struct gs_attestation a;
	enum gs_err err = gs_attestation_decode(key, value, &a);

	return err ? err : gs_wei_add(*sum, a.stake, sum);
}

enum gs_err gs_facts_attested(struct gs_journal *j, const struct gs_hash *claim, struct gs_wei *out)
{
	memset(out, 0, sizeof(*out));
	return j->store->scan(j->txn, GS_TABLE_ATTESTATIONS, (struct gs_bytes){claim->b, sizeof(claim->b)},
	                      GS_STORE_ASCENDING, add_stake, out, j->error);
}

enum gs_err gs_facts_apply_attestation(struct gs_journal *j, const struct gs_event *e)
{
	uint8_t key[GS_ATTESTATION_KEY];
	const struct gs_bytes at = attestation_key(&e->claim, &e->account, key);
	struct gs_attestation a = {.claim = e->claim, .validator = e->account};
	struct gs_buf value;
	enum gs_err err = GS_OK;

	if (e->kind == GS_EVENT_ATTESTED_CLAIM) {
		a.commitment = e->commitment;
		a.stake = e->amount;
	} else {
		err = gs_facts_attestation(j, &e->claim, &e->account, &a);
		a.reported = a.reported || e->kind == GS_EVENT_REPORTED;
	}
	if (err)
		return GS_ECORRUPT;
	if (e->kind == GS_EVENT_COLLECTED) {
		memset(&a.stake, 0, sizeof(a.stake));
		a.reward = e->gain;
	}
	gs_buf_init(&value, RECORD_BYTES_MAX);
	gs_attestation_encode(&a, &value);
	err = value.err ? value.err : gs_journal_derive(j, GS_TABLE_ATTESTATIONS, at, gs_buf_view(&value));
	gs_buf_free(&value);
	return err;
}
