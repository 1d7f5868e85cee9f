/* Looking through an audit log: every record of the table, in the order of keys: the anchor, the entries, the head. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "chain/core/hash.h"
#include "validator/node/audit.h"

struct walk {
	struct gs_audit_checked *out;
	uint64_t next;               /* the entry that must come */
	struct gs_hash before;       /* hash of the one before it */
	struct gs_hash peak[64];     /* by their lowest bit: hashes of what the entries to come may lead to */
	bool anchored, pruned;       /* there is an anchor; there is an entry of a pruning */
	struct gs_hash anchor, told; /* hash of the one, and what the newest of the others says */
};

static enum gs_err wrong(struct walk *w, uint64_t entry, const char *why)
{
	w->out->wrong = entry;
	snprintf(w->out->why, sizeof(w->out->why), "%s", why);
	return GS_ENOTFOUND; /* enough */
}

static unsigned lowest_bit(uint64_t v)
{
	return (unsigned)__builtin_ctzll(v);
}

static enum gs_err see_anchor(struct walk *w, struct gs_bytes value)
{
	struct gs_audit_anchor a;

	if (gs_audit_anchor_decode(value, &a))
		return wrong(w, 0, "the anchor of the pruned entries does not have its form");
	gs_keccak256(value.ptr, value.len, &w->anchor);
	w->anchored = true;
	w->next = a.first;
	w->out->head.first = a.first;
	w->before = a.peak[0];
	uint64_t at = a.first - 1;
	for (unsigned i = 0; i < a.peaks; i++, at = gs_audit_skip(at))
		w->peak[lowest_bit(at)] = a.peak[i];
	return GS_OK;
}

static enum gs_err see_entry(struct walk *w, uint64_t index, struct gs_bytes value)
{
	struct gs_hash digest, expected, skipped = {{0}};
	struct gs_audit_entry entry;

	if (index != w->next)
		return wrong(w, w->next, "it is missing");
	if (value.len < sizeof(digest.b))
		return wrong(w, index, "it does not have its form");
	const struct gs_bytes bytes = {value.ptr + sizeof(digest.b), value.len - sizeof(digest.b)};
	if (gs_audit_skip(index))
		skipped = w->peak[lowest_bit(gs_audit_skip(index))];
	gs_keccak256(bytes.ptr, bytes.len, &digest);
	gs_audit_link(index, &w->before, &skipped, &digest, &expected);
	if (memcmp(expected.b, value.ptr, sizeof(expected.b)) != 0)
		return wrong(w, index, "its hash is not that of what it says and of the entries before it");
	if (gs_audit_decode(index, bytes, &entry))
		return wrong(w, index, "it does not have its form");
	if (entry.kind == GS_AUDIT_PRUNED) {
		w->pruned = true;
		w->told = entry.digest;
	}
	w->before = expected;
	w->peak[lowest_bit(index)] = expected;
	w->next++;
	return GS_OK;
}

/* 'A' comes before all entries. */
static enum gs_err see(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct walk *w = context;

	if (key.len == 1 && key.ptr[0] == 'A')
		return see_anchor(w, value);
	if (key.len == 1 && key.ptr[0] == 'H')
		return GS_OK; /* gs_audit_head reads it */
	if (key.len == GS_AUDIT_KEY && key.ptr[0] == 'e')
		return see_entry(w, gs_be64_read(key.ptr + 1), value);
	return wrong(w, 0, "a record that is no part of the log");
}

static enum gs_err see_ends(struct walk *w, const struct gs_audit_head *head)
{
	if (w->anchored != w->pruned || (w->anchored && !gs_hash_equal(&w->anchor, &w->told)))
		return wrong(w, 0, "the anchor is not the one that the newest pruning made");
	if (head->count + 1 > w->next)
		return wrong(w, w->next, "it is missing: the head is of later ones");
	if (head->count + 1 < w->next)
		return wrong(w, head->count + 1, "it is behind the head");
	if (!gs_hash_equal(&head->hash, &w->before))
		return wrong(w, 0, "the head is not the hash of the last entry");
	return GS_OK;
}

enum gs_err gs_audit_check(const struct gs_store *store, struct gs_store_txn *txn, struct gs_audit_checked *out,
                           struct gs_error *error)
{
	struct walk w = {.out = out, .next = 1};
	struct gs_audit_head head;
	struct gs_error why = {0};
	enum gs_err err;

	memset(out, 0, sizeof(*out));
	out->head.first = 1;
	err = store->scan(txn, GS_TABLE_AUDIT, (struct gs_bytes){NULL, 0}, GS_STORE_ASCENDING, see, &w, error);
	if (err || out->why[0])
		return err;
	err = gs_audit_head(store, txn, &head, &why);
	if (err == GS_ECORRUPT) {
		(void)wrong(&w, 0, "the head does not have its form");
		return GS_OK;
	}
	if (err)
		return gs_fail(error, err, "%s", why.text);
	out->head = head;
	(void)see_ends(&w, &head);
	out->holds = !out->why[0];
	return GS_OK;
}
