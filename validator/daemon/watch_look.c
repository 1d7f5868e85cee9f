/* Settlements that wait, held against their blobs and the registry. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "validator/daemon/watch_parts.h"
#include "validator/opengradient/standing.h"

/* --- which ones --- */

struct open_ones {
	struct gs_settled *item; /* owned */
	size_t count, cap;
	uint64_t to;
	bool looked;      /* those that were looked at to an end are wanted, not those that were not */
	uint64_t skipped; /* of the others, then */
};

static enum gs_err keep_open(void *context, const struct gs_settled *s)
{
	struct open_ones *open = context;

	if (s->at.block > open->to)
		return GS_ENOTFOUND;
	/* A blob that was too large to be taken is nowhere. */
	const bool lost = s->finding == GS_FINDING_BLOB_LIMIT && gs_hash_is_zero(&s->sha256);
	if (gs_settled_is_open(s) == open->looked || s->finding == GS_FINDING_EVENT || (open->looked && lost)) {
		open->skipped++;
		return GS_OK;
	}
	if (open->count == open->cap) {
		const size_t cap = open->cap ? 2 * open->cap : 64;
		struct gs_settled *item = realloc(open->item, cap * sizeof(*item));
		if (!item)
			return GS_ENOMEM;
		open->item = item;
		open->cap = cap;
	}
	open->item[open->count++] = *s;
	return GS_OK;
}

/* --- a settlement being looked at --- */

struct looking {
	struct gs_watch *w;
	struct gs_journal *j;
	struct gs_settled *s;
	uint32_t index;  /* of the leaf */
	uint64_t leaves; /* since the last commit */
	struct gs_error *error;
	enum gs_err err;                /* of what a callback without a result could not do */
	struct gs_watch_recheck *check; /* what is stored is compared, and stays; NULL: it is written */
};

/* --- beside what is stored --- */

static void differs(struct looking *l, const char *what, enum gs_finding stored, enum gs_finding is)
{
	l->check->differences++;
	gs_log_line(l->w->o.log, GS_LOG_WARN, "recheck.differs",
	            "block=%" PRIu64 " log=%" PRIu32 " %s stored=%s found=%s", l->s->at.block, l->s->at.log, what,
	            gs_finding_code(stored), gs_finding_code(is));
}

static enum gs_err compare_leaf(struct looking *l, const struct gs_settled_leaf *leaf)
{
	struct gs_settled_leaf stored;
	char what[32];
	const enum gs_err err = gs_settled_leaf(l->j, l->s->at, leaf->index, &stored);

	if (err && err != GS_ENOTFOUND)
		return err;
	snprintf(what, sizeof(what), "leaf=%" PRIu32, leaf->index);
	l->check->leaves++;
	if (err || stored.finding != leaf->finding || !gs_hash_equal(&stored.hash, &leaf->hash) ||
	    !gs_hash_equal(&stored.tee, &leaf->tee) || !gs_hash_equal(&stored.input, &leaf->input) ||
	    !gs_hash_equal(&stored.output, &leaf->output) || gs_u256_cmp(&stored.timestamp_s, &leaf->timestamp_s) != 0)
		differs(l, what, err ? GS_FINDING_VALID : stored.finding, leaf->finding);
	return GS_OK;
}

static enum gs_err put_leaf(struct looking *l, const struct gs_settled_leaf *leaf)
{
	return l->check ? compare_leaf(l, leaf) : gs_settled_put_leaf(l->j, l->s->at, leaf);
}

/* --- keys --- */

static enum gs_err key_of(void *self, const struct gs_hash *tee, struct gs_tee_key **key)
{
	struct looking *l = self;
	struct gs_registry_state state;
	const struct gs_watch_tee *known;
	enum gs_err err;

	gs_registry_registration_at(l->w->history, tee, l->s->at, &state);
	if (!state.registered)
		return GS_ENOTFOUND;
	err = gs_watch_tee(l->w, l->j, tee, &known, l->error);
	if (err)
		return err == GS_EIO || err == GS_ENOTFOUND || err == GS_EUNSUPPORTED ? GS_ECORRUPT : err;
	*key = known->key;
	return known->key ? GS_OK : known->why;
}

/* A time that no clock shows is the end of times. */
static struct gs_time signed_at(const struct gs_settlement *s)
{
	return (struct gs_time){gs_u256_fits_u64(&s->timestamp_s) ? s->timestamp_s.limb[0] : UINT64_MAX};
}

static enum gs_err also(void *self, const struct gs_settlement *s, const struct gs_hash *leaf, enum gs_finding *finding)
{
	struct looking *l = self;
	const struct gs_watch_tee *known;
	bool again = false;
	enum gs_err err = gs_watch_tee(l->w, l->j, &s->tee, &known, l->error);

	if (err)
		return err;
	*finding = gs_tee_standing(l->w->history, l->w->facts.whole && !l->w->facts.unread, &s->tee,
	                           known->has_image ? &known->image : NULL, l->s->at, signed_at(s));
	if (*finding != GS_FINDING_VALID)
		return GS_OK;
	err = gs_settled_claim_hash(l->j, leaf, l->s->at, l->index, &again);
	if (again)
		*finding = GS_FINDING_DUPLICATE;
	return err;
}

static void told(void *self, size_t index, const struct gs_blob_leaf *leaf, enum gs_finding finding)
{
	struct looking *l = self;
	const struct gs_settled_leaf stored = {.index = (uint32_t)index,
	                                       .finding = finding,
	                                       .hash = leaf->hash,
	                                       .tee = leaf->settlement.tee,
	                                       .input = leaf->settlement.input,
	                                       .output = leaf->settlement.output,
	                                       .timestamp_s = leaf->settlement.timestamp_s};

	l->index = (uint32_t)index + 1;
	l->leaves++;
	if (!l->err)
		l->err = put_leaf(l, &stored);
}

/* --- an individual settlement --- */

static enum gs_err first_leaf(void *context, const struct gs_settled_leaf *leaf)
{
	*(struct gs_settled_leaf *)context = *leaf;
	return GS_ENOTFOUND;
}

static enum gs_err look_at_individual(struct looking *l)
{
	const struct gs_audit_keys keys = {.self = l, .key = key_of, .also = also};
	struct gs_settled_leaf leaf = {.index = UINT32_MAX};
	struct gs_settlement s;
	enum gs_err err = gs_settled_each_leaf(l->j, l->s->at, first_leaf, &leaf);

	if (!err && leaf.index != 0)
		err = gs_fail(l->error, GS_ECORRUPT, "database: a settlement's leaf is missing");
	if (err)
		return err;
	s = (struct gs_settlement){.tee = leaf.tee,
	                           .input = leaf.input,
	                           .output = leaf.output,
	                           .signature = {l->s->signature, l->s->signature_len},
	                           .timestamp_s = leaf.timestamp_s};
	err = gs_audit_settlement(&s, &keys, &leaf.finding);
	if (!err)
		err = put_leaf(l, &leaf);
	l->s->looked = true;
	l->s->finding = GS_FINDING_VALID;
	l->s->leaves = 1;
	memset(l->s->count, 0, sizeof(l->s->count));
	l->s->count[leaf.finding] = 1;
	return err;
}

/* --- a batch --- */

static bool makes_the_root(enum gs_finding finding)
{
	return finding == GS_FINDING_VALID || finding == GS_FINDING_COUNT || finding == GS_FINDING_BLOB_TREE ||
	       finding == GS_FINDING_UNSORTED;
}

/* What these bytes are for the batch. *blob holds something only when they can be read. */
static enum gs_err weigh(const struct gs_settled *s, const struct gs_buf *bytes, struct gs_blob *blob,
                         enum gs_finding *finding)
{
	enum gs_err err = bytes->err;

	memset(blob, 0, sizeof(*blob));
	if (!err)
		err = gs_blob_read(gs_buf_view(bytes), blob, finding, NULL);
	if (err == GS_EPARSE || err == GS_ELIMIT)
		return GS_OK;
	return err ? err : gs_blob_check(blob, &s->root, &s->size, finding, NULL);
}

struct candidate {
	struct gs_buf bytes;
	struct gs_hash sha256;
	struct gs_blob blob;
	enum gs_finding finding;
};

static void candidate_free(struct candidate *c)
{
	gs_buf_free(&c->bytes);
	gs_blob_free(&c->blob);
}

/* What the archive has does not make the root: an aggregator may have given something else than what was stored, so each is asked. */
static enum gs_err ask_the_others(struct looking *l, const char *id, struct candidate *c)
{
	struct gs_blobs *blobs = l->w->blobs;
	enum gs_err err = GS_OK;

	for (size_t i = 0; i < gs_blobs_aggregators(blobs) && !err && !makes_the_root(c->finding); i++) {
		struct candidate other = {0};
		enum gs_finding got;
		gs_buf_init(&other.bytes, GS_BLOB_BYTES_MAX);
		err = gs_blobs_ask(blobs, id, i, &other.bytes, &other.sha256, &got, l->error);
		if (!err && got == GS_FINDING_VALID && !gs_hash_equal(&other.sha256, &c->sha256)) {
			err = weigh(l->s, &other.bytes, &other.blob, &other.finding);
			if (!err && makes_the_root(other.finding)) {
				const struct candidate before = *c;
				*c = other;
				other = before;
				err = gs_blobs_choose(blobs, id, &c->sha256, l->error);
			}
		}
		candidate_free(&other);
	}
	return err;
}

static enum gs_err audit(struct looking *l, const struct candidate *c)
{
	const struct gs_audit_keys keys = {.self = l, .key = key_of, .also = also};
	struct gs_audit_batch result;
	enum gs_err err;

	l->index = 0;
	err = gs_audit_blob(&c->blob, &l->s->root, &l->s->size, &keys, told, l, &result);
	if (!err)
		err = l->err;
	if (err)
		return err;
	l->s->finding = result.finding;
	l->s->leaves = result.leaves;
	for (size_t i = 0; i < GS_FINDINGS; i++)
		l->s->count[i] = (uint32_t)result.count[i];
	return GS_OK;
}

static enum gs_err look_at_batch(struct looking *l, const struct gs_blob_wanted *wanted)
{
	struct candidate c = {0};
	enum gs_err err;

	l->s->looked = true;
	l->s->leaves = 0;
	memset(l->s->count, 0, sizeof(l->s->count));
	l->s->finding = wanted ? wanted->finding : GS_FINDING_BLOB_ID;
	if (l->s->finding != GS_FINDING_VALID)
		return GS_OK;
	gs_buf_init(&c.bytes, GS_BLOB_BYTES_MAX);
	err = gs_blobs_read(l->w->blobs, wanted->id, &c.bytes, &c.sha256, l->error);
	if (!err)
		err = weigh(l->s, &c.bytes, &c.blob, &c.finding);
	if (!err && !makes_the_root(c.finding))
		err = ask_the_others(l, wanted->id, &c);
	if (!err) {
		l->s->finding = c.finding;
		l->s->sha256 = c.sha256;
		l->s->bytes = c.bytes.len;
		if (c.blob.leaf)
			err = audit(l, &c);
	}
	candidate_free(&c);
	return err;
}

/* --- all of them --- */

/* The blob's id as text, if it is one. */
static bool id_of(const struct gs_settled *s, char out[GS_WALRUS_TEXT + 1])
{
	struct gs_hash id;

	if (s->kind != GS_SETTLED_BATCH || gs_walrus_id((struct gs_bytes){s->blob, s->blob_len}, &id))
		return false;
	memcpy(out, s->blob, GS_WALRUS_TEXT);
	out[GS_WALRUS_TEXT] = '\0';
	return true;
}

static struct gs_blob_wanted *find_wanted(struct gs_blob_wanted *wanted, size_t count, const char *id)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(wanted[i].id, id) == 0)
			return &wanted[i];
	return NULL;
}

static enum gs_err look_at(struct looking *l, struct gs_blob_wanted *wanted, size_t count)
{
	char id[GS_WALRUS_TEXT + 1];
	enum gs_err err = l->s->kind == GS_SETTLED_INDIVIDUAL
	                          ? look_at_individual(l)
	                          : look_at_batch(l, id_of(l->s, id) ? find_wanted(wanted, count, id) : NULL);

	if (err == GS_ENOMEM)
		return gs_fail(l->error, err, "settlement at block %" PRIu64 ": no memory", l->s->at.block);
	return err || l->check ? err : gs_settled_put(l->j, l->s);
}

static enum gs_err recheck(struct looking *l, struct gs_blob_wanted *wanted, size_t count)
{
	const struct gs_settled stored = *l->s;
	const enum gs_err err = look_at(l, wanted, count);

	if (err)
		return err;
	l->check->settlements++;
	if (l->s->finding != stored.finding || l->s->leaves != stored.leaves ||
	    !gs_hash_equal(&l->s->sha256, &stored.sha256) ||
	    memcmp(l->s->count, stored.count, sizeof(stored.count)) != 0)
		differs(l, "settlement", stored.finding, l->s->finding);
	return GS_OK;
}

/* These settlements, in transactions of about so many leaves. */
static enum gs_err look_at_all(struct gs_watch *w, struct gs_settled *s, size_t count, struct gs_blob_wanted *wanted,
                               size_t wanted_count, struct gs_watch_recheck *check, struct gs_error *error)
{
	enum gs_err err = GS_OK;

	for (size_t i = 0; i < count && !err;) {
		struct gs_journal j;
		struct looking l = {.w = w, .j = &j, .error = error, .check = check};
		if ((err = gs_watch_begin(w, &j, error)) != GS_OK)
			return err;
		for (; i < count && l.leaves < GS_WATCH_LEAVES_A_COMMIT && !err; i++) {
			l.s = &s[i];
			err = check ? recheck(&l, wanted, wanted_count) : look_at(&l, wanted, wanted_count);
		}
		if (!err && !check)
			err = gs_journal_commit(&j);
		else
			gs_journal_abort(&j);
	}
	return err;
}

static enum gs_err look_together(struct gs_watch *w, struct gs_settled *s, size_t count, struct gs_blob_wanted *wanted,
                                 struct gs_watch_recheck *check, struct gs_error *error)
{
	char id[GS_WALRUS_TEXT + 1];
	size_t ids = 0;
	enum gs_err err;

	for (size_t i = 0; i < count; i++) {
		if (!id_of(&s[i], id) || find_wanted(wanted, ids, id))
			continue;
		memset(&wanted[ids], 0, sizeof(wanted[ids]));
		memcpy(wanted[ids++].id, id, sizeof(id));
	}
	err = gs_blobs_fetch(w->blobs, wanted, ids, error);
	for (size_t i = 0; i < ids && !err; i++)
		if (wanted[i].finding != GS_FINDING_VALID)
			gs_log_line(w->o.log, GS_LOG_INFO, "blob.unavailable", "blob=%s finding=%s why=\"%s\"",
			            wanted[i].id, gs_finding_code(wanted[i].finding), wanted[i].why);
	return err ? err : look_at_all(w, s, count, wanted, ids, check, error);
}

static enum gs_err look_at_range(struct gs_watch *w, struct open_ones *open, struct gs_watch_recheck *check,
                                 struct gs_error *error)
{
	struct gs_blob_wanted *wanted = calloc(GS_WATCH_TOGETHER, sizeof(*wanted));
	struct gs_journal j;
	enum gs_err err;

	if (!wanted)
		return gs_fail(error, GS_ENOMEM, "watch: no memory");
	err = gs_watch_begin(w, &j, error);
	if (!err) {
		err = gs_settled_each(&j, w->facts.from, keep_open, open);
		gs_journal_abort(&j);
	}
	for (size_t i = 0; i < open->count && !err; i += GS_WATCH_TOGETHER) {
		const size_t left = open->count - i, count = left < GS_WATCH_TOGETHER ? left : GS_WATCH_TOGETHER;
		err = look_together(w, open->item + i, count, wanted, check, error);
		gs_watch_tell(w, "settlements", i + count, open->count);
	}
	free(open->item);
	free(wanted);
	return err;
}

enum gs_err gs_watch_look(struct gs_watch *w, struct gs_error *error)
{
	struct open_ones open = {.to = w->facts.to};

	return look_at_range(w, &open, NULL, error);
}

enum gs_err gs_watch_recheck(struct gs_watch *w, struct gs_watch_recheck *out, struct gs_error *error)
{
	struct open_ones open = {.to = w->facts.to, .looked = true};
	enum gs_err err;

	memset(out, 0, sizeof(*out));
	err = look_at_range(w, &open, out, error);
	out->skipped = open.skipped;
	return err;
}
