#include "validator/cli/watch_print.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chain/eth/key.h"
#include "validator/cli/model_json.h"

enum { HASH_TEXT = 67, TIME_TEXT = 32 };

struct defect {                     /* of a settlement, or of one of its leaves */
	const struct gs_settled *s; /* of the report's */
	bool is_leaf;
	struct gs_settled_leaf leaf;
};

struct tee { /* that signed, or is said to have */
	struct gs_hash id;
	uint64_t leaves, of_class[GS_FINDING_CLASSES];
};

struct gs_watch_report {
	struct gs_watch_facts facts;
	struct gs_settled *s; /* owned: all of the range */
	size_t settlements, cap;
	struct defect *defect; /* owned, in the order of the chain */
	size_t defects, defect_cap;
	struct tee *tee; /* owned, by rising id */
	size_t tees, tee_cap;
	uint64_t batches, individual, leaves, bytes;
	uint64_t of_settlements[GS_FINDINGS], of_leaves[GS_FINDINGS];
	uint64_t first, last;          /* blocks of settlements; 0: there is none */
	const struct gs_settled *here; /* whose leaves are being read */
};

/* --- gathering --- */

static bool room(void **list, size_t count, size_t *cap, size_t item)
{
	if (count < *cap)
		return true;
	const size_t wanted = *cap ? 2 * *cap : 64;
	void *grown = realloc(*list, wanted * item);
	if (!grown)
		return false;
	*list = grown;
	*cap = wanted;
	return true;
}

static enum gs_err add_defect(struct gs_watch_report *r, const struct gs_settled *s, const struct gs_settled_leaf *leaf)
{
	if (r->defects == GS_WATCH_REPORT_DEFECTS_MAX)
		return GS_ELIMIT;
	if (!room((void **)&r->defect, r->defects, &r->defect_cap, sizeof(*r->defect)))
		return GS_ENOMEM;
	r->defect[r->defects++] = (struct defect){.s = s, .is_leaf = leaf != NULL};
	if (leaf)
		r->defect[r->defects - 1].leaf = *leaf;
	return GS_OK;
}

static enum gs_err take_settlement(void *context, const struct gs_settled *s)
{
	struct gs_watch_report *r = context;

	if (!room((void **)&r->s, r->settlements, &r->cap, sizeof(*r->s)))
		return GS_ENOMEM;
	r->s[r->settlements++] = *s;
	r->first = r->first ? r->first : s->at.block;
	r->last = s->at.block;
	r->batches += s->kind == GS_SETTLED_BATCH;
	r->individual += s->kind == GS_SETTLED_INDIVIDUAL;
	r->leaves += s->leaves;
	r->bytes += s->bytes;
	r->of_settlements[s->finding]++;
	for (size_t i = 0; i < GS_FINDINGS; i++)
		r->of_leaves[i] += s->count[i];
	return GS_OK;
}

static enum gs_err count_tee(struct gs_watch_report *r, const struct gs_settled_leaf *leaf)
{
	size_t low = 0, high = r->tees;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (memcmp(r->tee[middle].id.b, leaf->tee.b, 32) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == r->tees || !gs_hash_equal(&r->tee[low].id, &leaf->tee)) {
		if (!room((void **)&r->tee, r->tees, &r->tee_cap, sizeof(*r->tee)))
			return GS_ENOMEM;
		memmove(r->tee + low + 1, r->tee + low, (r->tees++ - low) * sizeof(*r->tee));
		r->tee[low] = (struct tee){.id = leaf->tee};
	}
	r->tee[low].leaves++;
	r->tee[low].of_class[gs_finding_class(leaf->finding)]++;
	return GS_OK;
}

static enum gs_err take_leaf(void *context, const struct gs_settled_leaf *leaf)
{
	struct gs_watch_report *r = context;
	enum gs_err err = GS_OK;

	if (leaf->finding != GS_FINDING_ENCODING)
		err = count_tee(r, leaf);
	return err || leaf->finding == GS_FINDING_VALID ? err : add_defect(r, r->here, leaf);
}

enum gs_err gs_watch_report_make(struct gs_watch *w, struct gs_watch_report **out, struct gs_error *error)
{
	struct gs_watch_report *r = calloc(1, sizeof(*r));
	enum gs_err err = r ? gs_watch_settlements(w, take_settlement, r, error) : GS_ENOMEM;

	for (size_t i = 0; r && i < r->settlements && !err; i++) {
		r->here = &r->s[i];
		if (r->here->finding != GS_FINDING_VALID)
			err = add_defect(r, r->here, NULL);
		if (!err && r->here->leaves)
			err = gs_watch_leaves(w, r->here->at, take_leaf, r, error);
	}
	if (err == GS_ENOMEM)
		err = gs_fail(error, err, "report: no memory");
	if (err == GS_ELIMIT)
		err = gs_fail(error, err, "report: more than %d defects in these blocks; ask for fewer with --to",
		              GS_WATCH_REPORT_DEFECTS_MAX);
	if (r)
		gs_watch_facts(w, &r->facts);
	if (err)
		gs_watch_report_free(r);
	else
		*out = r;
	return err;
}

void gs_watch_report_free(struct gs_watch_report *r)
{
	if (!r)
		return;
	free(r->s);
	free(r->defect);
	free(r->tee);
	free(r);
}

size_t gs_watch_report_class(const struct gs_watch_report *r, enum gs_finding_class of)
{
	size_t count = 0;

	for (int i = 0; i < GS_FINDINGS; i++)
		if (gs_finding_class((enum gs_finding)i) == of)
			count += r->of_settlements[i] + r->of_leaves[i];
	return count;
}

/* --- words --- */

static enum gs_finding finding_of(const struct defect *d)
{
	return d->is_leaf ? d->leaf.finding : d->s->finding;
}

static const char *kind_of(const struct gs_settled *s)
{
	return s->kind == GS_SETTLED_BATCH ? "batch" : "individual";
}

static void hash_text(const struct gs_hash *h, char out[HASH_TEXT])
{
	gs_hex_encode(h->b, sizeof(h->b), true, out);
}

static void time_text(struct gs_time t, char out[TIME_TEXT])
{
	const time_t at = (time_t)t.unix_s;
	struct tm tm;

	if (!gmtime_r(&at, &tm) || strftime(out, TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(out, TIME_TEXT, "%" PRIu64, t.unix_s);
}

/* What a registry's history says of the TEE at the end of the range. */
static const char *state_of(const struct gs_watch_report *r, const struct gs_hash *tee, struct gs_registry_state *out)
{
	gs_registry_tee_at(r->facts.history, tee, (struct gs_registry_place){r->facts.to, UINT32_MAX}, out);
	return !out->registered ? "not registered" : out->enabled ? "enabled" : "disabled";
}

/* --- JSON --- */

static json_t *address_json(const struct gs_address *a)
{
	const struct gs_address none = {{0}};
	char text[GS_ADDRESS_TEXT_MAX];

	if (gs_address_equal(a, &none))
		return json_null();
	gs_address_format(a, text);
	return json_string(text);
}

static json_t *number(uint64_t v)
{
	return json_integer((json_int_t)v);
}

static json_t *counts_json(const uint64_t count[GS_FINDINGS])
{
	json_t *out = json_object();

	for (int i = 0; i < GS_FINDINGS; i++)
		if (count[i])
			json_object_set_new(out, gs_finding_code((enum gs_finding)i), number(count[i]));
	return out;
}

static json_t *classes_json(const struct gs_watch_report *r)
{
	json_t *out = json_object();

	for (int of = 0; of < GS_FINDING_CLASSES; of++) {
		uint64_t settlements = 0, leaves = 0;
		for (int i = 0; i < GS_FINDINGS; i++)
			if (gs_finding_class((enum gs_finding)i) == (enum gs_finding_class)of) {
				settlements += r->of_settlements[i];
				leaves += r->of_leaves[i];
			}
		json_object_set_new(
			out, gs_finding_class_name((enum gs_finding_class)of),
			json_pack("{s:o, s:o}", "settlements", number(settlements), "leaves", number(leaves)));
	}
	return out;
}

static json_t *tees_json(const struct gs_watch_report *r)
{
	json_t *out = json_array();

	for (size_t i = 0; i < r->tees; i++) {
		const struct tee *t = &r->tee[i];
		struct gs_registry_state state;
		const char *is = state_of(r, &t->id, &state);
		json_t *item = json_pack("{s:o, s:s, s:o, s:o}", "tee", gs_model_json_hash(&t->id), "state", is,
		                         "owner", address_json(&state.owner), "leaves", number(t->leaves));
		for (int of = 0; of < GS_FINDING_CLASSES; of++)
			json_object_set_new(item, gs_finding_class_name((enum gs_finding_class)of),
			                    number(t->of_class[of]));
		if (state.registered) {
			json_object_set_new(item, "type", number(state.type));
			json_object_set_new(item, "registered_block", number(state.registration.block));
		}
		json_array_append_new(out, item);
	}
	return out;
}

static json_t *defect_json(const struct defect *d)
{
	const enum gs_finding finding = finding_of(d);
	char stamp[GS_U256_DECIMAL_MAX];
	json_t *out = json_pack("{s:o, s:o, s:s, s:o, s:o, s:s, s:s, s:s}", "block", number(d->s->at.block), "log",
	                        number(d->s->at.log), "kind", kind_of(d->s), "tx", gs_model_json_hash(&d->s->tx),
	                        "root", gs_model_json_hash(&d->s->root), "class",
	                        gs_finding_class_name(gs_finding_class(finding)), "finding", gs_finding_code(finding),
	                        "reason", gs_finding_reason(finding));

	if (d->s->blob_len && d->s->blob_len == GS_WALRUS_TEXT)
		json_object_set_new(out, "blob", json_stringn((const char *)d->s->blob, d->s->blob_len));
	if (!gs_hash_is_zero(&d->s->sha256))
		json_object_set_new(out, "blob_sha256", gs_model_json_hash(&d->s->sha256));
	if (!d->is_leaf)
		return out;
	gs_u256_to_decimal(&d->leaf.timestamp_s, stamp);
	json_object_set_new(out, "leaf", number(d->leaf.index));
	json_object_set_new(out, "leaf_hash", gs_model_json_hash(&d->leaf.hash));
	json_object_set_new(out, "tee", gs_model_json_hash(&d->leaf.tee));
	json_object_set_new(out, "timestamp_s", json_string(stamp));
	return out;
}

json_t *gs_watch_report_json(const struct gs_watch_report *r)
{
	const struct gs_watch_facts *f = &r->facts;
	json_t *defects = json_array();

	for (size_t i = 0; i < r->defects; i++)
		json_array_append_new(defects, defect_json(&r->defect[i]));
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
	                 "s:o, s:o, s:o, s:o}",
	                 "network", "opengradient", "chain_id", number(f->chain_id), "registry",
	                 address_json(&f->registry), "batch_settlement", address_json(&f->batch),
	                 "individual_settlement", address_json(&f->individual), "from", number(f->from), "to",
	                 number(f->to), "final", number(f->final), "registry_from", number(f->registry_from),
	                 "registry_whole", f->whole && !f->unread, "registry_events",
	                 number(gs_registry_history_count(f->history)), "batches", number(r->batches), "individual",
	                 number(r->individual), "leaves", number(r->leaves), "blob_bytes", number(r->bytes),
	                 "first_block", r->settlements ? number(r->first) : json_null(), "last_block",
	                 r->settlements ? number(r->last) : json_null(), "classes", classes_json(r),
	                 "settlement_findings", counts_json(r->of_settlements), "leaf_findings",
	                 counts_json(r->of_leaves), "tees", tees_json(r), "defects", defects);
}

/* --- text --- */

static void print_findings(const struct gs_watch_report *r, FILE *to)
{
	for (int of = 0; of < GS_FINDING_CLASSES; of++)
		for (int i = 0; i < GS_FINDINGS; i++) {
			const enum gs_finding finding = (enum gs_finding)i;
			if (gs_finding_class(finding) != (enum gs_finding_class)of ||
			    !(r->of_settlements[i] + r->of_leaves[i]))
				continue;
			fprintf(to, "%-12s %-17s %11" PRIu64 " %10" PRIu64 "  %s\n",
			        gs_finding_class_name((enum gs_finding_class)of), gs_finding_code(finding),
			        r->of_settlements[i], r->of_leaves[i], gs_finding_reason(finding));
		}
}

static void print_tees(const struct gs_watch_report *r, FILE *to)
{
	for (size_t i = 0; i < r->tees; i++) {
		const struct tee *t = &r->tee[i];
		struct gs_registry_state state;
		const char *is = state_of(r, &t->id, &state);
		char id[HASH_TEXT];
		hash_text(&t->id, id);
		fprintf(to, "%-66s %-14s %9" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 "\n", id, is,
		        t->of_class[GS_CLASS_VALID], t->of_class[GS_CLASS_INVALID], t->of_class[GS_CLASS_MALFORMED],
		        t->of_class[GS_CLASS_UNAVAILABLE]);
	}
}

static void print_defect(const struct defect *d, FILE *to)
{
	const enum gs_finding finding = finding_of(d);
	char tx[HASH_TEXT], leaf[24] = "";

	hash_text(&d->s->tx, tx);
	if (d->is_leaf)
		snprintf(leaf, sizeof(leaf), "leaf %" PRIu32, d->leaf.index);
	fprintf(to, "%-12" PRIu64 " %-10s %-10s %-11s %-17s %s\n", d->s->at.block, kind_of(d->s), leaf,
	        gs_finding_class_name(gs_finding_class(finding)), gs_finding_code(finding), tx);
}

void gs_watch_report_text(const struct gs_watch_report *r, size_t most, FILE *to)
{
	const struct gs_watch_facts *f = &r->facts;

	fprintf(to, "OpenGradient, chain %" PRIu64 ", blocks %" PRIu64 " to %" PRIu64 " (final: %" PRIu64 ")\n",
	        f->chain_id, f->from, f->to, f->final);
	fprintf(to, "registry     %zu events from block %" PRIu64 "%s\n", gs_registry_history_count(f->history),
	        f->registry_from, f->whole && !f->unread ? "" : "; it may be older, or has events that cannot be read");
	fprintf(to, "settlements  %" PRIu64 " batches, %" PRIu64 " individual, %" PRIu64 " leaves", r->batches,
	        r->individual, r->leaves);
	if (r->settlements) {
		char first[TIME_TEXT], last[TIME_TEXT];
		time_text(r->s[0].time, first);
		time_text(r->s[r->settlements - 1].time, last);
		fprintf(to, ", %s to %s", first, last);
	}
	fprintf(to, "\n\n%-12s %-17s %11s %10s\n", "class", "finding", "settlements", "leaves");
	print_findings(r, to);
	if (r->tees) {
		fprintf(to, "\n%-66s %-14s %9s %9s %9s %9s\n", "TEE", "", "valid", "invalid", "malformed", "unavail.");
		print_tees(r, to);
	}
	if (!r->defects)
		return;
	fprintf(to, "\n%-12s %-10s %-10s %-11s %-17s %s\n", "block", "settlement", "", "class", "finding",
	        "transaction");
	for (size_t i = 0; i < r->defects && i < most; i++)
		print_defect(&r->defect[i], to);
	if (r->defects > most)
		fprintf(to, ".. %zu more: see --json or --report\n", r->defects - most);
}

/* --- a page --- */

/* All text in it is ours, digits or fixed words: nothing of the chain's own goes in. */
static void rows_of_findings(const struct gs_watch_report *r, FILE *to)
{
	for (int i = 0; i < GS_FINDINGS; i++) {
		const enum gs_finding finding = (enum gs_finding)i;
		if (r->of_settlements[i] + r->of_leaves[i])
			fprintf(to,
			        "<tr class=\"%s\"><td>%s</td><td>%s</td><td class=n>%" PRIu64
			        "</td><td class=n>%" PRIu64 "</td><td>%s</td></tr>\n",
			        gs_finding_class_name(gs_finding_class(finding)),
			        gs_finding_class_name(gs_finding_class(finding)), gs_finding_code(finding),
			        r->of_settlements[i], r->of_leaves[i], gs_finding_reason(finding));
	}
}

static void rows_of_tees(const struct gs_watch_report *r, FILE *to)
{
	for (size_t i = 0; i < r->tees; i++) {
		const struct tee *t = &r->tee[i];
		struct gs_registry_state state;
		const char *is = state_of(r, &t->id, &state);
		char id[HASH_TEXT];
		hash_text(&t->id, id);
		fprintf(to, "<tr><td><code>%s</code></td><td>%s</td>", id, is);
		for (int of = 0; of < GS_FINDING_CLASSES; of++)
			fprintf(to, "<td class=n>%" PRIu64 "</td>", t->of_class[of]);
		fprintf(to, "</tr>\n");
	}
}

static void rows_of_defects(const struct gs_watch_report *r, FILE *to)
{
	for (size_t i = 0; i < r->defects; i++) {
		const struct defect *d = &r->defect[i];
		const enum gs_finding finding = finding_of(d);
		char tx[HASH_TEXT], leaf[24] = "";
		hash_text(&d->s->tx, tx);
		if (d->is_leaf)
			snprintf(leaf, sizeof(leaf), "%" PRIu32, d->leaf.index);
		fprintf(to,
		        "<tr class=\"%s\"><td class=n>%" PRIu64
		        "</td><td>%s</td><td class=n>%s</td><td>%s</td><td>%s</td>"
		        "<td><code>%s</code></td></tr>\n",
		        gs_finding_class_name(gs_finding_class(finding)), d->s->at.block, kind_of(d->s), leaf,
		        gs_finding_class_name(gs_finding_class(finding)), gs_finding_code(finding), tx);
	}
}

void gs_watch_report_html(const struct gs_watch_report *r, FILE *to)
{
	const struct gs_watch_facts *f = &r->facts;

	fprintf(to,
	        "<!doctype html>\n<html lang=en><meta charset=utf-8><title>OpenGradient: blocks %" PRIu64 " to %" PRIu64
	        "</title>\n"
	        "<meta name=viewport content=\"width=device-width\">\n"
	        "<style>body{font:15px/1.4 sans-serif;margin:2em auto;max-width:75em;padding:0 1em}table{border-collapse:"
	        "collapse}td,th{padding:.2em .7em;text-align:left;border-bottom:1px solid #ccc}.n{text-align:right}"
	        "tr.invalid{background:#fbdcdc}tr.malformed{background:#fdf0d0}tr.unavailable{background:#eee}"
	        "code{font-size:12px}</style>\n"
	        "<h1>What was settled in blocks %" PRIu64 " to %" PRIu64 "</h1>\n",
	        f->from, f->to, f->from, f->to);
	fprintf(to,
	        "<p>OpenGradient, chain %" PRIu64 "; final block %" PRIu64
	        "; %zu events of the registry from block %" PRIu64 "; %" PRIu64 " batches, %" PRIu64
	        " individual settlements, %" PRIu64 " leaves.</p>\n",
	        f->chain_id, f->final, gs_registry_history_count(f->history), f->registry_from, r->batches,
	        r->individual, r->leaves);
	fprintf(to, "<h2>Findings</h2><table><tr><th>class<th>finding<th>settlements<th>leaves<th></tr>\n");
	rows_of_findings(r, to);
	fprintf(to,
	        "</table>\n<h2>TEEs</h2><table><tr><th>TEE<th><th>valid<th>invalid<th>malformed<th>unavailable</tr>\n");
	rows_of_tees(r, to);
	fprintf(to, "</table>\n<h2>Defects</h2><table><tr><th>block<th>settlement<th>leaf<th>class<th>finding"
	            "<th>transaction</tr>\n");
	rows_of_defects(r, to);
	fprintf(to, "</table></html>\n");
}
