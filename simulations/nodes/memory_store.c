#include "simulations/nodes/memory_store.h"

#include <stdlib.h>
#include <string.h>

struct record { /* key and value in one allocation */
	uint32_t key_len, value_len;
	uint8_t bytes[];
};

struct table {
	struct record **record; /* sorted by key; owned */
	size_t count, room;
};

struct undo {
	enum gs_table table;
	struct record *before; /* owned; NULL: the key was not there */
	struct record *after;  /* the table's; its key names the record where there was none before */
};

struct gs_store_txn {
	struct gs_sim_store *store;
	enum gs_store_mode mode;
	bool open;
};

struct gs_sim_store {
	struct table table[GS_TABLE_COUNT];
	struct gs_store_txn txn;
	struct undo *undo; /* owned */
	size_t undos, undo_room;
};

static struct gs_bytes key_of(const struct record *r)
{
	return (struct gs_bytes){r->bytes, r->key_len};
}

static struct gs_bytes value_of(const struct record *r)
{
	return (struct gs_bytes){r->bytes + r->key_len, r->value_len};
}

static int compare(struct gs_bytes a, struct gs_bytes b)
{
	int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);
	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* Where the key is, or would be. */
static size_t place(const struct table *t, struct gs_bytes key, bool *found)
{
	size_t low = 0, high = t->count;
	*found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare(key_of(t->record[middle]), key);
		if (order == 0) {
			*found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static enum gs_err insert(struct table *t, size_t at, struct record *r)
{
	if (t->count == t->room) {
		size_t room = t->room ? 2 * t->room : 16;
		struct record **grown = realloc(t->record, room * sizeof(struct record *));
		if (grown == NULL)
			return GS_ENOMEM;
		t->record = grown;
		t->room = room;
	}
	memmove(t->record + at + 1, t->record + at, (t->count - at) * sizeof(struct record *));
	t->record[at] = r;
	t->count++;
	return GS_OK;
}

static void remove_at(struct table *t, size_t at)
{
	memmove(t->record + at, t->record + at + 1, (--t->count - at) * sizeof(struct record *));
}

static struct record *record_new(struct gs_bytes key, struct gs_bytes value)
{
	struct record *r = malloc(sizeof(*r) + key.len + value.len);
	if (r == NULL)
		return NULL;
	r->key_len = (uint32_t)key.len;
	r->value_len = (uint32_t)value.len;
	memcpy(r->bytes, key.ptr, key.len);
	if (value.len > 0)
		memcpy(r->bytes + key.len, value.ptr, value.len);
	return r;
}

static enum gs_err room_for_undo(struct gs_sim_store *s)
{
	if (s->undos < s->undo_room)
		return GS_OK;
	size_t room = s->undo_room ? 2 * s->undo_room : 64;
	struct undo *grown = realloc(s->undo, room * sizeof(*grown));
	if (grown == NULL)
		return GS_ENOMEM;
	s->undo = grown;
	s->undo_room = room;
	return GS_OK;
}

/* ---- the port ---- */

static enum gs_err begin(void *self, enum gs_store_mode mode, struct gs_store_txn **out, struct gs_error *error)
{
	struct gs_sim_store *s = self;
	(void)error;
	GS_ASSERT(!s->txn.open);
	s->txn = (struct gs_store_txn){.store = s, .mode = mode, .open = true};
	s->undos = 0;
	*out = &s->txn;
	return GS_OK;
}

static enum gs_err get(struct gs_store_txn *txn, enum gs_table table, struct gs_bytes key, struct gs_bytes *value,
                       struct gs_error *error)
{
	const struct table *t = &txn->store->table[table];
	bool found;
	size_t at = place(t, key, &found);
	(void)error;
	if (!found)
		return GS_ENOTFOUND;
	*value = value_of(t->record[at]);
	return GS_OK;
}

static enum gs_err put(struct gs_store_txn *txn, enum gs_table table, struct gs_bytes key, struct gs_bytes value,
                       struct gs_error *error)
{
	struct gs_sim_store *s = txn->store;
	struct table *t = &s->table[table];
	bool found;
	size_t at = place(t, key, &found);
	GS_ASSERT(txn->mode == GS_STORE_WRITE && key.len > 0 && key.len <= GS_STORE_KEY_MAX);
	if (value.len > GS_STORE_VALUE_MAX)
		return gs_fail(error, GS_ELIMIT, "store: a value of %zu bytes", value.len);
	struct record *r = record_new(key, value);
	enum gs_err err = r == NULL ? GS_ENOMEM : room_for_undo(s);
	if (err == GS_OK && !found)
		err = insert(t, at, r);
	if (err != GS_OK) {
		free(r);
		return gs_fail(error, err, "store: no memory");
	}
	s->undo[s->undos++] = (struct undo){.table = table, .before = found ? t->record[at] : NULL, .after = r};
	t->record[at] = r;
	return GS_OK;
}

static enum gs_err del(struct gs_store_txn *txn, enum gs_table table, struct gs_bytes key, struct gs_error *error)
{
	struct gs_sim_store *s = txn->store;
	struct table *t = &s->table[table];
	bool found;
	size_t at = place(t, key, &found);
	GS_ASSERT(txn->mode == GS_STORE_WRITE);
	if (!found)
		return GS_ENOTFOUND;
	if (room_for_undo(s) != GS_OK)
		return gs_fail(error, GS_ENOMEM, "store: no memory");
	s->undo[s->undos++] = (struct undo){.table = table, .before = t->record[at]};
	remove_at(t, at);
	return GS_OK;
}

static bool has_prefix(const struct record *r, struct gs_bytes prefix)
{
	return r->key_len >= prefix.len && (prefix.len == 0 || memcmp(r->bytes, prefix.ptr, prefix.len) == 0);
}

static size_t first_with(const struct table *t, struct gs_bytes prefix)
{
	bool found;
	return prefix.len > 0 ? place(t, prefix, &found) : 0;
}

/* The place behind the last key with this prefix, and behind all that are lower where there is none. */
static size_t behind_last_with(const struct table *t, struct gs_bytes prefix)
{
	size_t low = first_with(t, prefix), high = t->count;
	while (low < high) { /* from first_with on those with the prefix come before those without */
		size_t middle = low + (high - low) / 2;
		if (has_prefix(t->record[middle], prefix))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static enum gs_err scan(struct gs_store_txn *txn, enum gs_table table, struct gs_bytes prefix,
                        enum gs_store_order order, gs_store_visit visit, void *context, struct gs_error *error)
{
	const struct table *t = &txn->store->table[table];
	const bool up = order == GS_STORE_ASCENDING;
	(void)error;
	for (size_t i = up ? first_with(t, prefix) : behind_last_with(t, prefix); up ? i < t->count : i-- > 0;
	     i += up) {
		const struct record *r = t->record[i];
		if (!has_prefix(r, prefix))
			break;
		enum gs_err err = visit(context, key_of(r), value_of(r));
		if (err != GS_OK)
			return err == GS_ENOTFOUND ? GS_OK : err;
	}
	return GS_OK;
}

static void roll_back(struct gs_sim_store *s)
{
	while (s->undos > 0) {
		struct undo *u = &s->undo[--s->undos];
		struct table *t = &s->table[u->table];
		bool found;
		size_t at = place(t, key_of(u->after != NULL ? u->after : u->before), &found);
		if (u->after == NULL) {
			GS_ASSERT(!found && t->count < t->room); /* it had a place there */
			GS_ASSERT(insert(t, at, u->before) == GS_OK);
		} else {
			GS_ASSERT(found);
			free(t->record[at]);
			if (u->before != NULL)
				t->record[at] = u->before;
			else
				remove_at(t, at);
		}
	}
	s->txn.open = false;
}

static enum gs_err commit(struct gs_store_txn *txn, struct gs_error *error)
{
	struct gs_sim_store *s = txn->store;
	(void)error;
	while (s->undos > 0)
		free(s->undo[--s->undos].before);
	s->txn.open = false;
	return GS_OK;
}

static void abort_txn(struct gs_store_txn *txn)
{
	if (txn != NULL && txn->open)
		roll_back(txn->store);
}

/* ---- the rest ---- */

enum gs_err gs_sim_store_new(struct gs_sim_store **out)
{
	*out = calloc(1, sizeof(**out));
	return *out == NULL ? GS_ENOMEM : GS_OK;
}

void gs_sim_store_free(struct gs_sim_store *s)
{
	if (s == NULL)
		return;
	for (unsigned i = 0; i < GS_TABLE_COUNT; i++) {
		for (size_t r = 0; r < s->table[i].count; r++)
			free(s->table[i].record[r]);
		free(s->table[i].record);
	}
	free(s->undo);
	free(s);
}

struct gs_store gs_sim_store_port(struct gs_sim_store *store)
{
	return (struct gs_store){.self = store,
	                         .begin = begin,
	                         .get = get,
	                         .put = put,
	                         .del = del,
	                         .scan = scan,
	                         .commit = commit,
	                         .abort = abort_txn};
}
