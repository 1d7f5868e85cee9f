#include "validator/node/agenda.h"

#include <stdlib.h>
#include <string.h>

#include "validator/node/node_state.h"

/* --- what a look notes --- */

void gs_agenda_always(struct gs_node_turn *t)
{
	t->note.always = true;
}

void gs_agenda_at(struct gs_node_turn *t, uint64_t unix_s)
{
	if (unix_s > t->node->now.unix_s && (!t->note.at_s || unix_s < t->note.at_s))
		t->note.at_s = unix_s;
}

void gs_agenda_wait(struct gs_node_turn *t, const struct gs_claim *claim, enum gs_agenda_reason reason)
{
	t->note.waits |= 1U << reason;
	t->note.window_end_s = claim->window_end.unix_s;
}

/* --- keys --- */

struct gs_bytes gs_agenda_key(uint8_t out[GS_AGENDA_KEY], enum gs_agenda_part part, uint64_t number,
                              const struct gs_hash *id)
{
	out[0] = (uint8_t)part;
	gs_be64_write(out + 1, number);
	memcpy(out + 9, id->b, sizeof(id->b));
	return (struct gs_bytes){out, GS_AGENDA_KEY};
}

struct gs_bytes gs_agenda_pair(uint8_t out[GS_AGENDA_KEY_MAX], enum gs_agenda_part part, const struct gs_hash *first,
                               const struct gs_hash *second)
{
	out[0] = (uint8_t)part;
	memcpy(out + 1, first->b, sizeof(first->b));
	if (second)
		memcpy(out + 33, second->b, sizeof(second->b));
	return (struct gs_bytes){out, second ? 65 : 33};
}

struct gs_bytes gs_agenda_waiting(uint8_t out[GS_AGENDA_KEY_MAX], enum gs_agenda_reason reason, uint64_t window_end_s,
                                  const struct gs_hash *id)
{
	out[0] = GS_AGENDA_WAITING;
	out[1] = (uint8_t)reason;
	if (!id)
		return (struct gs_bytes){out, 2};
	gs_be64_write(out + 2, window_end_s);
	memcpy(out + 10, id->b, sizeof(id->b));
	return (struct gs_bytes){out, 42};
}

/* --- the table --- */

enum gs_err gs_agenda_put(struct gs_journal *j, struct gs_bytes key)
{
	static const uint8_t version = 1;

	return gs_journal_put(j, GS_TABLE_AGENDA, key, (struct gs_bytes){&version, 1});
}

enum gs_err gs_agenda_del(struct gs_journal *j, struct gs_bytes key)
{
	enum gs_err err = gs_journal_del(j, GS_TABLE_AGENDA, key);

	return err == GS_ENOTFOUND ? GS_OK : err;
}

enum gs_err gs_agenda_set(struct gs_journal *j, struct gs_bytes key, bool there)
{
	return there ? gs_agenda_put(j, key) : gs_agenda_del(j, key);
}

void gs_agenda_keys_free(struct gs_agenda_keys *keys)
{
	free(keys->key);
	free(keys->len);
	memset(keys, 0, sizeof(*keys));
}

struct gs_hash gs_agenda_key_id(const struct gs_agenda_keys *keys, size_t i)
{
	struct gs_hash id;

	memcpy(id.b, keys->key[i] + keys->len[i] - sizeof(id.b), sizeof(id.b));
	return id;
}

static bool has_time(uint8_t part)
{
	return part == GS_AGENDA_GAMES || part == GS_AGENDA_CLAIMS || part == GS_AGENDA_ATTESTED ||
	       part == GS_AGENDA_BATCHES;
}

static enum gs_err grow(struct gs_agenda_keys *keys)
{
	const size_t cap = keys->cap ? 2 * keys->cap : 64;
	void *key = realloc(keys->key, cap * sizeof(*keys->key));

	if (!key)
		return GS_ENOMEM;
	keys->key = key;
	void *len = realloc(keys->len, cap);
	if (!len)
		return GS_ENOMEM;
	keys->len = len;
	keys->cap = cap;
	return GS_OK;
}

static enum gs_err keep_key(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct gs_agenda_keys *keys = context;

	(void)value;
	if (key.len > GS_AGENDA_KEY_MAX)
		return GS_ECORRUPT;
	if (has_time(key.ptr[0]) && (key.len != GS_AGENDA_KEY || gs_be64_read(key.ptr + 1) > keys->now_s))
		return key.len != GS_AGENDA_KEY ? GS_ECORRUPT
		                                : GS_ENOTFOUND; /* they come in the order of their times */
	if (keys->count == keys->max)
		return GS_ENOTFOUND;
	if (keys->count == keys->cap && grow(keys))
		return GS_ENOMEM;
	memcpy(keys->key[keys->count], key.ptr, key.len);
	keys->len[keys->count++] = (uint8_t)key.len;
	return GS_OK;
}

enum gs_err gs_agenda_collect(struct gs_journal *j, struct gs_bytes prefix, size_t max, uint64_t now_s,
                              struct gs_agenda_keys *out)
{
	*out = (struct gs_agenda_keys){.max = max, .now_s = now_s};
	return j->store->scan(j->txn, GS_TABLE_AGENDA, prefix, GS_STORE_ASCENDING, keep_key, out, j->error);
}
