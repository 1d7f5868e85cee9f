/* What a node's database knows of one claim. */
#include <stdlib.h>
#include <string.h>

#include "chain/core/hash.h"
#include "chain/eth/trie.h"
#include "validator/daemon/evidence.h"
#include "validator/daemon/samples.h"
#include "validator/node/audit.h"
#include "validator/node/history.h"
#include "validator/node/node_state.h"
#include "validator/node/record.h"

void gs_evidence_room_init(struct gs_evidence_room *room)
{
	struct gs_buf *const all[] = {&room->header,   &room->input,        &room->output, &room->verdict,
	                              &room->sample,   &room->policy,       &room->key,    &room->blocks,
	                              &room->receipts, &room->transactions, &room->talks,  &room->audit};

	for (size_t i = 0; i < GS_ARRAY_LEN(all); i++)
		gs_buf_init(all[i], GS_EVIDENCE_BYTES_MAX);
	gs_buf_init(&room->notes, GS_EVIDENCE_NOTES_MAX);
}

void gs_evidence_room_free(struct gs_evidence_room *room)
{
	struct gs_buf *const all[] = {&room->header, &room->input, &room->output, &room->verdict,  &room->sample,
	                              &room->policy, &room->key,   &room->blocks, &room->receipts, &room->transactions,
	                              &room->talks,  &room->audit, &room->notes};

	for (size_t i = 0; i < GS_ARRAY_LEN(all); i++)
		gs_buf_free(all[i]);
}

static enum gs_err append(struct gs_buf *out, const void *bytes, size_t len)
{
	gs_buf_append(out, bytes, len);
	return out->err;
}

/* The record of a table under a hash, as it is stored; nothing where there is none. */
static enum gs_err get_raw(struct gs_journal *j, enum gs_table table, const struct gs_hash *key, struct gs_buf *out)
{
	const enum gs_err err = gs_journal_get(j, table, (struct gs_bytes){key->b, sizeof(key->b)}, out);

	return err == GS_ENOTFOUND ? GS_OK : err;
}

static enum gs_err add_decision(struct gs_journal *j, const struct gs_hash *claim, struct gs_evidence_room *room,
                                struct gs_error *error)
{
	struct gs_sampling_policy policy;
	struct gs_sample sample;
	bool shown = false;
	uint8_t bytes[GS_POLICY_BYTES];
	enum gs_err err = get_raw(j, GS_TABLE_VERDICTS, claim, &room->verdict);

	if (!err)
		err = get_raw(j, GS_TABLE_SAMPLES, claim, &room->sample);
	if (err || room->sample.len == 0) {
		if (!err)
			gs_buf_append_text(&room->notes, "sampling: this node took no decision about the claim\n");
		return err;
	}
	err = gs_sample_decode(gs_buf_view(&room->sample), &sample);
	if (!err)
		err = gs_samples_may_show(j, claim, &sample, &shown, error);
	if (err)
		return err;
	if (!shown) {
		room->sample.len = 0;
		gs_buf_append_text(
			&room->notes,
			"sampling: held back until all claims of the same block or batch are settled in final blocks\n");
		return GS_OK;
	}
	err = gs_history_policy(j, &sample.policy, &policy);
	if (err)
		return err == GS_ENOTFOUND ? GS_OK : err;
	gs_policy_encode(&policy, bytes);
	return append(&room->policy, bytes, sizeof(bytes));
}

static enum gs_err add_talk(struct gs_journal *j, const struct gs_hash *game, struct gs_buf *out)
{
	struct gs_record_writer w;
	struct gs_buf raw, record;
	enum gs_err err;

	gs_buf_init(&raw, GS_STORE_VALUE_MAX);
	gs_buf_init(&record, GS_STORE_VALUE_MAX);
	err = get_raw(j, GS_TABLE_TALKS, game, &raw);
	if (!err && raw.len) {
		gs_record_begin(&w, &record, 1, 2);
		gs_record_put_hash(&w, game);
		gs_record_put_bytes(&w, gs_buf_view(&raw));
		gs_record_end(&w);
		gs_framed_put(out, gs_buf_view(&record));
		err = record.err ? record.err : out->err;
	}
	gs_buf_free(&record);
	gs_buf_free(&raw);
	return err;
}

/* --- the audit log --- */

struct search {
	struct gs_hash about[GS_EVIDENCE_GAMES_MAX + 2]; /* the claim, its games, its batch */
	size_t subjects;
	uint64_t *index; /* entries about these, rising; owned */
	size_t count;
	bool more; /* there are more than may be shown */
};

static enum gs_err find_entry(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct search *s = context;
	struct gs_audit_entry entry;

	if (value.len < 32 ||
	    gs_audit_decode(gs_be64_read(key.ptr + 1), (struct gs_bytes){value.ptr + 32, value.len - 32}, &entry))
		return GS_ECORRUPT;
	for (size_t i = 0; i < s->subjects; i++) {
		if (!gs_hash_equal(&entry.about, &s->about[i]))
			continue;
		if (s->count == GS_EVIDENCE_ENTRIES_MAX) {
			s->more = true;
			return GS_ENOTFOUND;
		}
		s->index[s->count++] = entry.index;
		break;
	}
	return GS_OK;
}

static enum gs_err put_link(struct gs_journal *j, uint64_t index, bool whole, struct gs_buf *out)
{
	struct gs_evidence_link link = {.index = index};
	struct gs_bytes bytes = {NULL, 0};
	struct gs_hash own;
	enum gs_err err = gs_audit_hash_at(j->store, j->txn, index - 1, &link.before, j->error);

	if (!err)
		err = gs_audit_hash_at(j->store, j->txn, gs_audit_skip(index), &link.skipped, j->error);
	if (!err)
		err = gs_audit_at(j->store, j->txn, index, &bytes, &own, j->error);
	if (err)
		return err == GS_ENOTFOUND ? gs_fail(j->error, GS_ECORRUPT,
		                                     "audit log: entry %llu is missing; see 'gainsay db check'",
		                                     (unsigned long long)index)
		                           : err;
	gs_keccak256(bytes.ptr, bytes.len, &link.digest);
	if (whole)
		link.entry = bytes;
	gs_evidence_put_link(&link, out);
	return out->err;
}

/* From the head down to the first entry about the claim, by the longest links. */
static enum gs_err add_links(struct gs_journal *j, const struct search *s, uint64_t head, struct gs_buf *out)
{
	uint64_t at = head;
	size_t links = 0;
	enum gs_err err = GS_OK;

	for (size_t i = s->count; i-- > 0 && !err;) {
		for (; at > s->index[i] && !err; at = gs_audit_step(at, s->index[i])) {
			err = put_link(j, at, false, out);
			if (!err && ++links > GS_EVIDENCE_LINKS_MAX - GS_EVIDENCE_ENTRIES_MAX)
				return gs_fail(j->error, GS_ELIMIT, "audit log: more links than a file may hold");
		}
		if (!err)
			err = put_link(j, s->index[i], true, out);
		if (i && !err) { /* the next one down is reached from here by a link of this entry's */
			links++;
			at = gs_audit_step(s->index[i], s->index[i - 1]);
		}
	}
	return err;
}

static enum gs_err add_audit(struct gs_journal *j, struct search *s, struct gs_evidence_room *room,
                             struct gs_evidence *e, struct gs_error *error)
{
	const uint8_t prefix = 'e';
	struct gs_audit_head head;
	enum gs_err err = gs_audit_head(j->store, j->txn, &head, error);

	if (err)
		return err;
	s->index = calloc(GS_EVIDENCE_ENTRIES_MAX, sizeof(*s->index));
	if (!s->index)
		return gs_fail(error, GS_ENOMEM, "evidence: no memory");
	err = j->store->scan(j->txn, GS_TABLE_AUDIT, (struct gs_bytes){&prefix, 1}, GS_STORE_ASCENDING, find_entry, s,
	                     error);
	if (!err)
		err = add_links(j, s, head.count, &room->audit);
	free(s->index);
	e->audit_count = head.count;
	e->audit_head = head.hash;
	if (s->more)
		gs_buf_append_text(&room->notes, "audit: only the first %d entries about the claim are shown\n",
		                   GS_EVIDENCE_ENTRIES_MAX);
	if (head.first > 1)
		gs_buf_append_text(&room->notes, "audit: entries before %llu were pruned\n",
		                   (unsigned long long)head.first);
	return err;
}

/* --- all of it --- */

static enum gs_err add_arrays(struct gs_journal *j, const struct gs_hash *claim, struct gs_evidence_room *room)
{
	enum gs_err err = gs_facts_input(j, claim, &room->input);

	if (!err || err == GS_ENOTFOUND)
		err = gs_facts_output(j, claim, &room->output);
	return err == GS_ENOTFOUND ? GS_OK : err;
}

static enum gs_err add_model(struct gs_journal *j, const struct gs_hash *id, struct gs_evidence_room *room)
{
	struct gs_model_record model;
	const enum gs_err err = gs_facts_model(j, id, &model);

	if (err)
		return err == GS_ENOTFOUND ? GS_OK : err;
	return append(&room->header, model.header, sizeof(model.header));
}

/* Where the database stands. */
static enum gs_err add_place(struct gs_journal *j, struct gs_evidence *e)
{
	struct gs_head_tracker *tracker = calloc(1, sizeof(*tracker));
	enum gs_err err = tracker ? gs_journal_load_heads(j, tracker) : GS_ENOMEM;

	if (!err && gs_head_newest(tracker))
		e->block = gs_head_newest(tracker)->number;
	free(tracker);
	return err ? err : gs_node_load_final(j, &e->final);
}

enum gs_err gs_evidence_collect(struct gs_journal *j, const struct gs_contracts *contracts,
                                const struct gs_lots_domain *domain, const struct gs_vrf_public *key,
                                const struct gs_hash *claim, struct gs_time now, struct gs_evidence_room *room,
                                struct gs_evidence *out, struct gs_error *error)
{
	struct search search = {.subjects = 0};
	struct gs_claim known;
	enum gs_err err = gs_facts_claim(j, claim, &known);

	memset(out, 0, sizeof(*out));
	if (err)
		return err == GS_ENOTFOUND
		               ? gs_fail(error, err, "this node has seen no such claim; see 'gainsay claims'")
		               : err;
	out->contracts = *contracts;
	out->validator = domain->validator;
	out->made = now;
	out->claim = *claim;
	out->body = known.body;
	out->terms_word = known.terms_word;
	out->posted_block = known.block;
	out->posted_tx = known.tx;
	out->status = known.status;
	out->games = known.games;
	search.about[search.subjects++] = *claim;
	if (!gs_hash_is_zero(&known.body.batch))
		search.about[search.subjects++] = known.body.batch;
	err = add_place(j, out);
	if (!err)
		err = add_model(j, &known.body.model_id, room);
	if (!err)
		err = add_arrays(j, claim, room);
	if (!err)
		err = add_decision(j, claim, room, error);
	if (!err && key)
		err = append(&room->key, key->b, sizeof(key->b));
	for (uint32_t i = 0; i < known.games && i < GS_EVIDENCE_GAMES_MAX && !err; i++) {
		gs_game_id(claim, i, &search.about[search.subjects]);
		err = add_talk(j, &search.about[search.subjects++], &room->talks);
	}
	if (!err && known.games > GS_EVIDENCE_GAMES_MAX)
		gs_buf_append_text(&room->notes, "games: only the first %d of %u\n", GS_EVIDENCE_GAMES_MAX,
		                   known.games);
	if (!err)
		err = add_audit(j, &search, room, out, error);
	gs_evidence_view_room(room, out);
	return err && error && !error->text[0]
	               ? gs_fail(error, err, "database: a stored record does not have its form; restore a backup")
	               : err;
}

void gs_evidence_view_room(const struct gs_evidence_room *room, struct gs_evidence *e)
{
	e->header = gs_buf_view(&room->header);
	e->input = gs_buf_view(&room->input);
	e->output = gs_buf_view(&room->output);
	e->verdict = gs_buf_view(&room->verdict);
	e->sample = gs_buf_view(&room->sample);
	e->policy = gs_buf_view(&room->policy);
	e->sampling_key = gs_buf_view(&room->key);
	e->blocks = gs_buf_view(&room->blocks);
	e->receipts = gs_buf_view(&room->receipts);
	e->transactions = gs_buf_view(&room->transactions);
	e->talks = gs_buf_view(&room->talks);
	e->audit = gs_buf_view(&room->audit);
	e->notes = gs_buf_view(&room->notes);
}
