#include "validator/node/audit.h"

#include <stdio.h>
#include <string.h>

#include "chain/core/hash.h"
#include "validator/node/record.h"

enum {
	ENTRY_VERSION = 1,
	ENTRY_FIELDS = 6,
	HEAD_VERSION = 1,
	HEAD_FIELDS = 2,
	ANCHOR_VERSION = 1,
	ANCHOR_FIELDS = 2,
	ANCHOR_BYTES_MAX = 4096,
};
static const char link_name[] = "gainsay audit 1"; /* hashed without its end */
static const uint8_t head_key[] = {'H'}, anchor_key[] = {'A'};

static const char *const kind_names[GS_AUDIT_KINDS] = {
	[GS_AUDIT_STARTED] = "started", [GS_AUDIT_SAW] = "saw",           [GS_AUDIT_TOOK_BACK] = "took_back",
	[GS_AUDIT_SAMPLED] = "sampled", [GS_AUDIT_VERDICT] = "verdict",   [GS_AUDIT_PLANNED] = "planned",
	[GS_AUDIT_SIGNED] = "signed",   [GS_AUDIT_REFUSED] = "refused",   [GS_AUDIT_MINED] = "mined",
	[GS_AUDIT_FAILED] = "failed",   [GS_AUDIT_ANSWERED] = "answered", [GS_AUDIT_DISTRUSTED] = "distrusted",
	[GS_AUDIT_PRUNED] = "pruned",
};

const char *gs_audit_kind_name(uint8_t kind)
{
	return kind < GS_AUDIT_KINDS && kind_names[kind] ? kind_names[kind] : "?";
}

/* --- forms --- */

static struct gs_bytes entry_key(uint64_t index, uint8_t out[GS_AUDIT_KEY])
{
	out[0] = 'e';
	gs_be64_write(out + 1, index);
	return (struct gs_bytes){out, GS_AUDIT_KEY};
}

static struct gs_bytes key_of(const uint8_t *key)
{
	return (struct gs_bytes){key, 1};
}

void gs_audit_link(uint64_t index, const struct gs_hash *before, const struct gs_hash *skipped,
                   const struct gs_hash *entry_digest, struct gs_hash *out)
{
	struct gs_keccak k;
	uint8_t number[8];

	gs_be64_write(number, index);
	gs_keccak_init(&k);
	gs_keccak_update(&k, link_name, sizeof(link_name) - 1);
	gs_keccak_update(&k, number, sizeof(number));
	gs_keccak_update(&k, before->b, sizeof(before->b));
	gs_keccak_update(&k, skipped->b, sizeof(skipped->b));
	gs_keccak_update(&k, entry_digest->b, sizeof(entry_digest->b));
	gs_keccak_final(&k, out);
}

void gs_audit_encode(const struct gs_audit_entry *entry, struct gs_buf *out)
{
	struct gs_record_writer w;

	gs_record_begin(&w, out, ENTRY_VERSION, ENTRY_FIELDS);
	gs_record_put_u64(&w, entry->time.unix_s);
	gs_record_put_u64(&w, entry->block);
	gs_record_put_u64(&w, entry->kind);
	gs_record_put_brief_hash(&w, &entry->about);
	gs_record_put_brief_hash(&w, &entry->digest);
	gs_record_put_text(&w, entry->what);
	gs_record_end(&w);
}

enum gs_err gs_audit_decode(uint64_t index, struct gs_bytes bytes, struct gs_audit_entry *out)
{
	struct gs_record_reader r;

	memset(out, 0, sizeof(*out));
	out->index = index;
	gs_record_open(&r, bytes, ENTRY_VERSION, ENTRY_FIELDS);
	out->time.unix_s = gs_record_get_u64(&r);
	out->block = gs_record_get_u64(&r);
	const uint64_t kind = gs_record_get_u64(&r);
	out->kind = kind < UINT8_MAX ? (uint8_t)kind : UINT8_MAX; /* one of a later version is shown as it is */
	out->about = gs_record_get_brief_hash(&r);
	out->digest = gs_record_get_brief_hash(&r);
	gs_record_get_text(&r, out->what, sizeof(out->what));
	return gs_record_close(&r);
}

static unsigned bits_of(uint64_t v)
{
	return (unsigned)__builtin_popcountll(v);
}

static void encode_anchor(const struct gs_audit_anchor *a, struct gs_buf *out)
{
	struct gs_record_writer w;

	gs_record_begin(&w, out, ANCHOR_VERSION, ANCHOR_FIELDS);
	gs_record_put_u64(&w, a->first);
	gs_record_put_bytes(&w, (struct gs_bytes){a->peak[0].b, (size_t)a->peaks * 32});
	gs_record_end(&w);
}

enum gs_err gs_audit_anchor_decode(struct gs_bytes bytes, struct gs_audit_anchor *out)
{
	struct gs_record_reader r;
	struct gs_bytes peaks;

	memset(out, 0, sizeof(*out));
	gs_record_open(&r, bytes, ANCHOR_VERSION, ANCHOR_FIELDS);
	out->first = gs_record_get_u64(&r);
	peaks = gs_record_get_bytes(&r);
	const enum gs_err err = gs_record_close(&r);
	if (err)
		return err;
	if (out->first < 2 || peaks.len != (size_t)bits_of(out->first - 1) * 32)
		return GS_ECORRUPT;
	out->peaks = (unsigned)(peaks.len / 32);
	memcpy(out->peak, peaks.ptr, peaks.len);
	return GS_OK;
}

static enum gs_err decode_head(struct gs_bytes bytes, struct gs_audit_head *out)
{
	struct gs_record_reader r;

	gs_record_open(&r, bytes, HEAD_VERSION, HEAD_FIELDS);
	out->count = gs_record_get_u64(&r);
	out->hash = gs_record_get_hash(&r);
	return gs_record_close(&r);
}

static void encode_head(const struct gs_audit_head *head, struct gs_buf *out)
{
	struct gs_record_writer w;

	gs_record_begin(&w, out, HEAD_VERSION, HEAD_FIELDS);
	gs_record_put_u64(&w, head->count);
	gs_record_put_hash(&w, &head->hash);
	gs_record_end(&w);
}

/* --- reading --- */

static enum gs_err view(const struct gs_store *store, struct gs_store_txn *txn, struct gs_bytes key,
                        struct gs_bytes *out, struct gs_error *error)
{
	struct gs_error why = {0};
	const enum gs_err err = store->get(txn, GS_TABLE_AUDIT, key, out, &why);

	return !err || err == GS_ENOTFOUND ? err : gs_fail(error, err, "%s", why.text);
}

static enum gs_err no_form(struct gs_error *error, const char *what)
{
	return gs_fail(error, GS_ECORRUPT,
	               "audit log: %s does not have its form; 'gainsay db check' says more, restore a backup", what);
}

static enum gs_err load_anchor(const struct gs_store *store, struct gs_store_txn *txn, struct gs_audit_anchor *out,
                               struct gs_error *error)
{
	struct gs_bytes value = {NULL, 0};
	const enum gs_err err = view(store, txn, key_of(anchor_key), &value, error);

	*out = (struct gs_audit_anchor){.first = 1};
	if (err)
		return err == GS_ENOTFOUND ? GS_OK : err;
	return gs_audit_anchor_decode(value, out) ? no_form(error, "its anchor") : GS_OK;
}

enum gs_err gs_audit_head(const struct gs_store *store, struct gs_store_txn *txn, struct gs_audit_head *out,
                          struct gs_error *error)
{
	struct gs_audit_anchor anchor;
	struct gs_bytes value = {NULL, 0};
	enum gs_err err = view(store, txn, key_of(head_key), &value, error);

	memset(out, 0, sizeof(*out));
	if (!err && decode_head(value, out))
		err = no_form(error, "its head");
	if (err && err != GS_ENOTFOUND)
		return err;
	err = load_anchor(store, txn, &anchor, error);
	out->first = anchor.first;
	return err;
}

enum gs_err gs_audit_at(const struct gs_store *store, struct gs_store_txn *txn, uint64_t index, struct gs_bytes *bytes,
                        struct gs_hash *hash, struct gs_error *error)
{
	uint8_t key[GS_AUDIT_KEY];
	struct gs_bytes value = {NULL, 0};
	const enum gs_err err = view(store, txn, entry_key(index, key), &value, error);

	if (err)
		return err;
	if (value.len < sizeof(hash->b))
		return no_form(error, "an entry");
	memcpy(hash->b, value.ptr, sizeof(hash->b));
	*bytes = (struct gs_bytes){value.ptr + sizeof(hash->b), value.len - sizeof(hash->b)};
	return GS_OK;
}

enum gs_err gs_audit_hash_at(const struct gs_store *store, struct gs_store_txn *txn, uint64_t index,
                             struct gs_hash *out, struct gs_error *error)
{
	struct gs_bytes bytes = {NULL, 0};
	struct gs_audit_anchor anchor;
	enum gs_err err;

	memset(out, 0, sizeof(*out));
	if (index == 0)
		return GS_OK;
	err = gs_audit_at(store, txn, index, &bytes, out, error);
	if (err != GS_ENOTFOUND)
		return err;
	err = load_anchor(store, txn, &anchor, error);
	uint64_t at = anchor.first - 1;
	for (unsigned i = 0; !err && i < anchor.peaks; i++, at = gs_audit_skip(at))
		if (at == index) {
			*out = anchor.peak[i];
			return GS_OK;
		}
	return err ? err : GS_ENOTFOUND;
}

/* --- writing --- */

static enum gs_err load_head(struct gs_journal *j)
{
	struct gs_audit_head head;
	enum gs_err err = GS_OK;

	if (j->audit.known)
		return GS_OK;
	err = gs_audit_head(j->store, j->txn, &head, j->error);
	j->audit.count = head.count;
	j->audit.hash = head.hash;
	j->audit.known = !err;
	return err;
}

enum gs_err gs_audit_store_head(struct gs_journal *j)
{
	const struct gs_audit_head head = {.count = j->audit.count, .hash = j->audit.hash};

	if (!j->audit.grew)
		return GS_OK;
	j->scratch.len = 0;
	encode_head(&head, &j->scratch);
	return j->scratch.err ? j->scratch.err
	                      : gs_journal_put(j, GS_TABLE_AUDIT, key_of(head_key), gs_buf_view(&j->scratch));
}

enum gs_err gs_audit_append(struct gs_journal *j, enum gs_audit_kind kind, const struct gs_hash *about,
                            const struct gs_hash *digest, const char *what)
{
	struct gs_audit_entry entry = {.time = j->now, .block = j->block, .kind = (uint8_t)kind};
	struct gs_hash skipped, entry_digest, hash;
	uint8_t key[GS_AUDIT_KEY];
	enum gs_err err = load_head(j);

	if (err)
		return err;
	entry.index = j->audit.count + 1;
	if (about)
		entry.about = *about;
	if (digest)
		entry.digest = *digest;
	snprintf(entry.what, sizeof(entry.what), "%s", what);
	err = gs_audit_hash_at(j->store, j->txn, gs_audit_skip(entry.index), &skipped, j->error);
	if (err)
		return err == GS_ENOTFOUND ? no_form(j->error, "an entry that the next one leads to is missing; it")
		                           : err;
	j->scratch.len = 0;
	gs_buf_append(&j->scratch, skipped.b, sizeof(skipped.b)); /* where the hash comes */
	gs_audit_encode(&entry, &j->scratch);
	if (j->scratch.err)
		return j->scratch.err;
	gs_keccak256(j->scratch.ptr + 32, j->scratch.len - 32, &entry_digest);
	gs_audit_link(entry.index, &j->audit.hash, &skipped, &entry_digest, &hash);
	memcpy(j->scratch.ptr, hash.b, sizeof(hash.b));
	err = gs_journal_put(j, GS_TABLE_AUDIT, entry_key(entry.index, key), gs_buf_view(&j->scratch));
	if (err)
		return err;
	j->audit.count = entry.index;
	j->audit.hash = hash;
	j->audit.grew = true;
	return GS_OK;
}

enum gs_err gs_audit_append_bytes(struct gs_journal *j, enum gs_audit_kind kind, const struct gs_hash *about,
                                  struct gs_bytes bytes, const char *what)
{
	struct gs_hash digest;

	gs_keccak256(bytes.ptr, bytes.len, &digest);
	return gs_audit_append(j, kind, about, &digest, what);
}

/* --- pruning --- */

/* Whether entry `index` is there and older. */
static enum gs_err is_old(struct gs_journal *j, uint64_t index, struct gs_time before, bool *out)
{
	struct gs_audit_entry entry;
	struct gs_bytes bytes = {NULL, 0};
	struct gs_hash hash;
	enum gs_err err = gs_audit_at(j->store, j->txn, index, &bytes, &hash, j->error);

	*out = false;
	if (err)
		return err == GS_ENOTFOUND ? GS_OK : err;
	if (gs_audit_decode(index, bytes, &entry))
		return no_form(j->error, "an entry");
	*out = entry.time.unix_s < before.unix_s;
	return GS_OK;
}

static enum gs_err put_anchor(struct gs_journal *j, struct gs_audit_anchor *next)
{
	enum gs_err err = GS_OK;
	struct gs_hash digest;
	char what[GS_AUDIT_WHAT_MAX];

	for (uint64_t at = next->first - 1; at && !err; at = gs_audit_skip(at))
		err = gs_audit_hash_at(j->store, j->txn, at, &next->peak[next->peaks++], j->error);
	if (err)
		return err == GS_ENOTFOUND ? no_form(j->error, "its anchor") : err;
	j->scratch.len = 0;
	encode_anchor(next, &j->scratch);
	if (j->scratch.err)
		return j->scratch.err;
	gs_keccak256(j->scratch.ptr, j->scratch.len, &digest);
	err = gs_journal_put(j, GS_TABLE_AUDIT, key_of(anchor_key), gs_buf_view(&j->scratch));
	snprintf(what, sizeof(what), "first %llu", (unsigned long long)next->first);
	return err ? err : gs_audit_append(j, GS_AUDIT_PRUNED, NULL, &digest, what);
}

enum gs_err gs_audit_prune(struct gs_journal *j, struct gs_time before)
{
	struct gs_audit_anchor now, next = {0};
	uint8_t key[GS_AUDIT_KEY];
	bool old = false;
	enum gs_err err = load_anchor(j->store, j->txn, &now, j->error);

	/* Clocks go back now and then: the last of them alone says nothing about the others, but is enough for what nobody wants to keep. */
	if (!err)
		err = is_old(j, now.first + GS_AUDIT_PRUNED_AT_ONCE - 1, before, &old);
	if (err || !old)
		return err;
	next.first = now.first + GS_AUDIT_PRUNED_AT_ONCE;
	err = put_anchor(j, &next);
	for (uint64_t i = now.first; i < next.first && !err; i++)
		err = gs_journal_del(j, GS_TABLE_AUDIT, entry_key(i, key));
	return err;
}
