/* The audit log's links, from the head down to the first entry about the claim, and whether what the entries commit to is what the file shows. */
#include <string.h>

#include "chain/core/hash.h"
#include "chain/eth/trie.h"
#include "validator/daemon/evidence_parts.h"
#include "validator/node/audit.h"

struct walk {
	struct gs_evidence_checking *c;
	uint64_t want, other;            /* the numbers that the next link may have */
	struct gs_hash hash, other_hash; /* and the hashes that they must come to */
	struct gs_hash subject[GS_EVIDENCE_GAMES_MAX + 2];
	size_t subjects;
	bool verdict_seen, sample_seen; /* the newest entry of the kind: those that are met first */
	unsigned entries, logs, txs;    /* logs and transactions of entries that are here */
	const char *why;
};

static bool is_about(const struct walk *w, const struct gs_hash *about)
{
	for (size_t i = 0; i < w->subjects; i++)
		if (gs_hash_equal(&w->subject[i], about))
			return true;
	return false;
}

static bool is_digest_of(const struct gs_hash *digest, struct gs_bytes bytes)
{
	struct gs_hash is;

	gs_keccak256(bytes.ptr, bytes.len, &is);
	return gs_hash_equal(&is, digest);
}

static void look_for_log(struct walk *w, const struct gs_hash *digest)
{
	const struct gs_evidence_chain *chain = &w->c->chain;
	struct gs_buf bytes;
	bool found = false;

	for (size_t i = 0; i < chain->logs && !found; i++) {
		gs_buf_init(&bytes, 1 << 24);
		gs_log_encode(chain->log[i].entry, &bytes);
		found = !bytes.err && is_digest_of(digest, gs_buf_view(&bytes));
		gs_buf_free(&bytes);
	}
	w->logs += found;
}

static void look_for_tx(struct walk *w, const struct gs_hash *digest)
{
	const struct gs_evidence_chain *chain = &w->c->chain;

	for (size_t i = 0; i < chain->txs; i++)
		if (gs_hash_equal(&chain->tx[i].hash, digest)) {
			w->txs++;
			return;
		}
}

static void see_entry(struct walk *w, const struct gs_audit_entry *entry)
{
	const struct gs_evidence *e = w->c->e;
	const bool of_claim = gs_hash_equal(&entry->about, &e->claim);

	w->entries++;
	if (!is_about(w, &entry->about))
		w->why = "an entry is not about the claim, its games or its batch";
	if (entry->kind == GS_AUDIT_SAW)
		look_for_log(w, &entry->digest);
	if (entry->kind == GS_AUDIT_MINED)
		look_for_tx(w, &entry->digest);
	if (entry->kind == GS_AUDIT_SAMPLED && of_claim && !w->sample_seen) {
		w->sample_seen = true;
		if (e->sample.len && !is_digest_of(&entry->digest, e->sample))
			w->why = "the sampling decision is not the one that was entered";
	}
	/* That a claim is unavailable is stored again and again with other times, and entered once. */
	if (entry->kind == GS_AUDIT_VERDICT && of_claim && !w->verdict_seen) {
		struct gs_verdict_record verdict;
		w->verdict_seen = true;
		if (e->verdict.len && !is_digest_of(&entry->digest, e->verdict) &&
		    (gs_verdict_decode(e->verdict, &verdict) || verdict.verdict != GS_VERDICT_UNAVAILABLE ||
		     strcmp(entry->what, gs_verdict_name(GS_VERDICT_UNAVAILABLE)) != 0))
			w->why = "the verdict is not the one that was entered last";
	}
}

static void see_link(struct walk *w, const struct gs_evidence_link *link)
{
	struct gs_audit_entry entry;
	struct gs_hash is;

	if (link->index == 0 || (link->index != w->want && link->index != w->other)) {
		w->why = "a link does not follow from the one before it";
		return;
	}
	if (link->entry.len && !is_digest_of(&link->digest, link->entry)) {
		w->why = "an entry is not what its digest is of";
		return;
	}
	gs_audit_link(link->index, &link->before, &link->skipped, &link->digest, &is);
	if (!gs_hash_equal(&is, link->index == w->want ? &w->hash : &w->other_hash)) {
		w->why = "a link's hash is not the one that leads to it";
		return;
	}
	w->want = link->index - 1;
	w->hash = link->before;
	w->other = gs_audit_skip(link->index);
	w->other_hash = link->skipped;
	if (link->entry.len == 0)
		return;
	if (gs_audit_decode(link->index, link->entry, &entry))
		w->why = "an entry does not have its form";
	else
		see_entry(w, &entry);
}

enum gs_err gs_evidence_check_audit(struct gs_evidence_checking *c)
{
	const struct gs_evidence *e = c->e;
	struct walk w = {.c = c,
	                 .want = e->audit_count,
	                 .other = e->audit_count,
	                 .hash = e->audit_head,
	                 .other_hash = e->audit_head};
	struct gs_bytes list = e->audit, bytes;
	struct gs_evidence_link link;
	char head[67];

	w.subject[w.subjects++] = e->claim;
	if (!gs_hash_is_zero(&e->body.batch))
		w.subject[w.subjects++] = e->body.batch;
	for (uint32_t i = 0; i < e->games && i < GS_EVIDENCE_GAMES_MAX; i++)
		gs_game_id(&e->claim, i, &w.subject[w.subjects++]);
	while (!w.why && gs_framed_next(&list, &bytes)) {
		if (gs_evidence_get_link(bytes, &link))
			w.why = "a link does not have its form";
		else
			see_link(&w, &link);
	}
	gs_hex_encode(e->audit_head.b, 32, true, head);
	if (w.why)
		gs_evidence_say(c, "audit log", GS_EVIDENCE_FAILS, "%s", w.why);
	else if (w.entries == 0)
		gs_evidence_say(c, "audit log", GS_EVIDENCE_UNCHECKED, "it has no entries about the claim");
	else
		gs_evidence_say(
			c, "audit log", GS_EVIDENCE_HOLDS,
			"%u entries about the claim are linked to head %llu %s; of them %u are logs and %u transactions that are here",
			w.entries, (unsigned long long)e->audit_count, head, w.logs, w.txs);
	return GS_OK;
}
