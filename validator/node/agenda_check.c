/* Looks at everything that is stored, without the agenda: nothing may be left. For tests at every step, since it takes as long as there
 * is much; for everybody now and then (gs_agenda_sweep). */
#include <stdlib.h>
#include <string.h>

#include "validator/node/facts_record.h"
#include "validator/node/node_state.h"

struct ids {
	struct gs_address self;
	struct gs_hash *id; /* owned */
	size_t count;
	size_t cap;
};

static enum gs_err keep_id(struct ids *ids, struct gs_bytes key)
{
	if (key.len < sizeof(ids->id->b))
		return GS_ECORRUPT;
	if (ids->count == ids->cap) {
		const size_t cap = ids->cap ? 2 * ids->cap : 64;
		struct gs_hash *grown = realloc(ids->id, cap * sizeof(*grown));
		if (!grown)
			return GS_ENOMEM;
		ids->id = grown;
		ids->cap = cap;
	}
	memcpy(ids->id[ids->count++].b, key.ptr, sizeof(ids->id->b));
	return GS_OK;
}

static enum gs_err keep_claim(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct gs_hash id;
	bool needs;
	enum gs_err err = gs_claim_peek(key, value, &id, &needs);

	return err || !needs ? err : keep_id(context, (struct gs_bytes){id.b, sizeof(id.b)});
}

static enum gs_err keep_game(void *context, struct gs_bytes key, struct gs_bytes value)
{
	bool open;
	enum gs_err err = gs_game_peek(value, &open);

	return err || !open ? err : keep_id(context, key);
}

static enum gs_err keep_batch(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct gs_batch batch;
	enum gs_err err = gs_batch_decode(key, value, &batch);

	return err || batch.status != GS_BATCH_OPEN ? err : keep_id(context, key);
}

static enum gs_err keep_attested(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct ids *ids = context;
	struct gs_attestation a;
	enum gs_err err = gs_attestation_decode(key, value, &a);

	if (err || !gs_address_equal(&a.validator, &ids->self) || gs_u256_is_zero(&a.stake.v))
		return err;
	return keep_id(ids, key);
}

static enum gs_err look_at(struct gs_node_turn *t, enum gs_table table, const struct gs_hash *id,
                           struct gs_game_record *scratch)
{
	struct gs_attestation a;
	enum gs_err err;

	t->note = (struct gs_agenda_note){0};
	if (table == GS_TABLE_GAMES)
		return gs_plan_open_game(t, id, scratch);
	if (table == GS_TABLE_CLAIMS)
		return gs_plan_claim(t, id);
	if (table == GS_TABLE_BATCHES)
		return gs_plan_batch(t, id);
	err = gs_facts_attestation(t->j, id, &t->node->options.self, &a);
	return err ? err : gs_plan_attested(t, &a);
}

/* What must be looked at always is entered so. */
static enum gs_err is_entered(struct gs_node_turn *t, enum gs_table table, const struct gs_hash *id, bool *out)
{
	const enum gs_agenda_part part = table == GS_TABLE_GAMES     ? GS_AGENDA_GAMES
	                                 : table == GS_TABLE_CLAIMS  ? GS_AGENDA_CLAIMS
	                                 : table == GS_TABLE_BATCHES ? GS_AGENDA_BATCHES
	                                                             : GS_AGENDA_ATTESTED;
	uint8_t key[GS_AGENDA_KEY];
	struct gs_bytes there;
	enum gs_err err = GS_OK;

	*out = true;
	if (t->note.always)
		err = gs_journal_view(t->j, GS_TABLE_AGENDA, gs_agenda_key(key, part, GS_AGENDA_NOW, id), &there);
	*out = err == GS_OK;
	return err == GS_ENOTFOUND ? GS_OK : err;
}

static enum gs_err check_table(struct gs_node_turn *t, enum gs_table table, gs_store_visit keep,
                               struct gs_game_record *scratch)
{
	struct ids ids = {.self = t->node->options.self};
	enum gs_err err = t->j->store->scan(t->j->txn, table, (struct gs_bytes){NULL, 0}, GS_STORE_ASCENDING, keep,
	                                    &ids, t->j->error);

	for (size_t i = 0; i < ids.count && !err; i++) {
		const uint64_t before = t->j->puts;
		bool entered = false;
		char id[67];
		err = look_at(t, table, &ids.id[i], scratch);
		if (!err)
			err = is_entered(t, table, &ids.id[i], &entered);
		if (err || (!t->left && t->j->puts == before && entered))
			continue;
		gs_hex_encode(ids.id[i].b, 32, true, id);
		err = gs_fail(t->j->error, GS_EINVAL, "agenda: something is due of %s %s that a look at it has left",
		              table == GS_TABLE_CLAIMS    ? "claim"
		              : table == GS_TABLE_GAMES   ? "game"
		              : table == GS_TABLE_BATCHES ? "batch"
		                                          : "attestation of claim",
		              id);
	}
	free(ids.id);
	return err;
}

static enum gs_err count_key(void *context, struct gs_bytes key, struct gs_bytes value)
{
	size_t *count = context;

	(void)key;
	(void)value;
	++*count;
	return GS_OK;
}

/* Of these alone the agenda has exactly as many as there are: a summary counts them so. */
static enum gs_err check_own(struct gs_node_turn *t)
{
	const uint8_t own = GS_AGENDA_OWN_ATTESTED;
	struct ids ids = {.self = t->node->options.self};
	size_t entered = 0;
	enum gs_err err = t->j->store->scan(t->j->txn, GS_TABLE_ATTESTATIONS, (struct gs_bytes){NULL, 0},
	                                    GS_STORE_ASCENDING, keep_attested, &ids, t->j->error);

	if (!err)
		err = t->j->store->scan(t->j->txn, GS_TABLE_AGENDA, (struct gs_bytes){&own, 1}, GS_STORE_ASCENDING,
		                        count_key, &entered, t->j->error);
	if (!err && entered != ids.count)
		err = gs_fail(t->j->error, GS_EINVAL, "agenda: %zu attestations of our own are entered, there are %zu",
		              entered, ids.count);
	free(ids.id);
	return err;
}

/* --- all of it, piece by piece --- */

static const struct {
	enum gs_table table;
	enum gs_agenda_part part;
	gs_store_visit keep;
} swept[] = {
	{GS_TABLE_GAMES, GS_AGENDA_GAMES, keep_game},
	{GS_TABLE_CLAIMS, GS_AGENDA_CLAIMS, keep_claim},
	{GS_TABLE_ATTESTATIONS, GS_AGENDA_ATTESTED, keep_attested},
	{GS_TABLE_BATCHES, GS_AGENDA_BATCHES, keep_batch},
};

struct slice {
	struct gs_node_sweep *sweep;
	gs_store_visit keep;
	uint64_t left; /* records */
	bool full;
	struct ids ids;
};

static bool is_behind(const struct gs_node_sweep *sweep, struct gs_bytes key)
{
	const size_t common = key.len < sweep->len ? key.len : sweep->len;
	const int order = common ? memcmp(key.ptr, sweep->last, common) : 0;

	return order ? order > 0 : key.len > sweep->len;
}

static enum gs_err keep_slice(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct slice *s = context;

	if (!is_behind(s->sweep, key))
		return GS_OK;
	if (key.len > sizeof(s->sweep->last))
		return GS_ECORRUPT;
	s->full = s->left == 0;
	if (s->full)
		return GS_ENOTFOUND; /* enough */
	s->left--;
	memcpy(s->sweep->last, key.ptr, key.len);
	s->sweep->len = (uint8_t)key.len;
	return s->keep(&s->ids, key, value);
}

/* What is left of a table behind the last key, or as much as there is room for. A scan begins where a prefix does: the first byte. */
static enum gs_err scan_slice(struct gs_node_turn *t, enum gs_table table, struct slice *s)
{
	const bool whole = s->sweep->len == 0;
	enum gs_err err = GS_OK;

	for (unsigned first = whole ? 255 : s->sweep->last[0]; first < 256 && !err && !s->full; first++) {
		const uint8_t byte = (uint8_t)first;
		err = t->j->store->scan(t->j->txn, table, (struct gs_bytes){&byte, !whole}, GS_STORE_ASCENDING,
		                        keep_slice, s, t->j->error);
	}
	return err;
}

static enum gs_err sweep_slice(struct gs_node_turn *t, uint64_t *left)
{
	struct gs_node_sweep *sweep = &t->node->sweep;
	struct slice s = {.sweep = sweep,
	                  .keep = swept[sweep->table].keep,
	                  .left = *left,
	                  .ids = {.self = t->node->options.self}};
	uint8_t key[GS_AGENDA_KEY];
	enum gs_err err = scan_slice(t, swept[sweep->table].table, &s);

	for (size_t i = 0; i < s.ids.count && !err; i++)
		err = gs_agenda_put(t->j, gs_agenda_key(key, swept[sweep->table].part, GS_AGENDA_NOW, &s.ids.id[i]));
	free(s.ids.id);
	*left = s.left;
	if (err || s.full)
		return err;
	sweep->len = 0;
	sweep->under_way = ++sweep->table < GS_ARRAY_LEN(swept);
	return GS_OK;
}

static void begin_sweep(struct gs_node *node)
{
	node->sweep = (struct gs_node_sweep){.under_way = true};
	node->swept = node->now;
}

enum gs_err gs_agenda_sweep(struct gs_node_turn *t)
{
	struct gs_node *node = t->node;
	const bool due = node->swept.unix_s && node->now.unix_s >= node->swept.unix_s + GS_AGENDA_SWEEP_S &&
	                 !node->options.check_agenda; /* which would see nothing then */
	uint64_t left = node->options.sweep_records ? node->options.sweep_records : GS_AGENDA_SWEEP_RECORDS;
	enum gs_err err = GS_OK;

	if (!node->swept.unix_s)
		node->swept = node->now;
	if (node->sweep.wanted || (due && !node->sweep.under_way))
		begin_sweep(node);
	if (node->options.check_agenda)
		left = UINT64_MAX; /* it looks at everything right behind */
	while (node->sweep.under_way && left && !err)
		err = sweep_slice(t, &left);
	return err;
}

enum gs_err gs_agenda_check(struct gs_node_turn *t)
{
	struct gs_node *node = t->node;
	const struct gs_log *log = node->log;
	const struct gs_time poor = node->poor_told, none = node->none_told, unknown = node->unknown_told,
			     attest = node->attest_told, capital = node->capital_told;
	struct gs_game_record *scratch = malloc(sizeof(*scratch));
	enum gs_err err = scratch ? GS_OK : gs_fail(t->j->error, GS_ENOMEM, "node: no memory");

	t->checking = true;
	node->log = NULL; /* nor is anything told */
	if (!err)
		err = check_table(t, GS_TABLE_GAMES, keep_game, scratch);
	if (!err)
		err = check_table(t, GS_TABLE_CLAIMS, keep_claim, scratch);
	if (!err)
		err = check_table(t, GS_TABLE_ATTESTATIONS, keep_attested, scratch);
	if (!err)
		err = check_table(t, GS_TABLE_BATCHES, keep_batch, scratch);
	if (!err)
		err = check_own(t);
	t->checking = false;
	node->log = log;
	node->poor_told = poor;
	node->none_told = none;
	node->unknown_told = unknown;
	node->attest_told = attest;
	node->capital_told = capital;
	free(scratch);
	return err;
}
