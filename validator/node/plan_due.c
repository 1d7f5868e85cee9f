/* Looks at what the agenda says, part by part: games first, for those are obligations; then claims, attestations, batches. */
#include <stdlib.h>
#include <string.h>

#include "validator/node/facts_record.h"
#include "validator/node/node_state.h"

/* --- one subject --- */

enum gs_err gs_plan_open_game(struct gs_node_turn *t, const struct gs_hash *id, struct gs_game_record *scratch)
{
	struct gs_bytes value;
	bool open, held;
	enum gs_err err = gs_journal_view(t->j, GS_TABLE_GAMES, (struct gs_bytes){id->b, sizeof(id->b)}, &value);

	if (!err)
		err = gs_game_peek(value, &open);
	if (err || !open)
		return err == GS_ENOTFOUND ? GS_OK : err;
	err = gs_plan_talk(t, id, &held);
	if (!err && held)
		gs_agenda_always(t);
	return err || held ? err : gs_plan_game(t, id, scratch);
}

static enum gs_err look_at_attested(struct gs_node_turn *t, const struct gs_hash *claim)
{
	struct gs_attestation a;
	enum gs_err err = gs_facts_attestation(t->j, claim, &t->node->options.self, &a);

	if (err || gs_u256_is_zero(&a.stake.v))
		return err == GS_ENOTFOUND ? GS_OK : err;
	return gs_plan_attested(t, &a);
}

static enum gs_err look_at_batch(struct gs_node_turn *t, const struct gs_hash *id)
{
	struct gs_batch batch;
	enum gs_err err = gs_facts_batch(t->j, id, &batch);

	if (err || batch.status != GS_BATCH_OPEN)
		return err == GS_ENOTFOUND ? GS_OK : err;
	return gs_plan_batch(t, id);
}

static enum gs_err look_at(struct gs_node_turn *t, enum gs_agenda_part part, const struct gs_hash *id,
                           struct gs_game_record *scratch)
{
	t->note = (struct gs_agenda_note){0};
	if (part == GS_AGENDA_GAMES)
		return gs_plan_open_game(t, id, scratch);
	if (part == GS_AGENDA_CLAIMS)
		return gs_plan_claim(t, id);
	return part == GS_AGENDA_ATTESTED ? look_at_attested(t, id) : look_at_batch(t, id);
}

/* When next, or what for: as the look has noted it, instead of the entry that led to it. */
static enum gs_err enter_next(struct gs_node_turn *t, enum gs_agenda_part part, const struct gs_hash *id,
                              struct gs_bytes led)
{
	const struct gs_agenda_note *note = &t->note;
	uint8_t bytes[GS_AGENDA_KEY_MAX];
	bool stays = false;
	enum gs_err err = GS_OK;

	if (note->always || note->at_s) {
		const struct gs_bytes next = gs_agenda_key(bytes, part, note->always ? GS_AGENDA_NOW : note->at_s, id);
		stays = gs_bytes_equal(next, led);
		err = stays ? GS_OK : gs_agenda_put(t->j, next);
	}
	for (unsigned r = 0; part == GS_AGENDA_CLAIMS && r < GS_AGENDA_REASONS && !err; r++) {
		struct gs_bytes waiting;
		if (!(note->waits & 1U << r))
			continue;
		waiting = gs_agenda_waiting(bytes, (enum gs_agenda_reason)r, note->window_end_s, id);
		stays = stays || gs_bytes_equal(waiting, led);
		if (!gs_bytes_equal(waiting, led) &&
		    r != GS_AGENDA_SLOT) /* that one is there, with what it is ranked by */
			err = gs_agenda_put(t->j, waiting);
	}
	return err || stays ? err : gs_agenda_del(t->j, led);
}

/* --- many --- */

static enum gs_err look_at_all(struct gs_node_turn *t, enum gs_agenda_part part, const struct gs_agenda_keys *keys)
{
	struct gs_game_record *scratch = part == GS_AGENDA_GAMES && keys->count ? malloc(sizeof(*scratch)) : NULL;
	enum gs_err err = part == GS_AGENDA_GAMES && keys->count && !scratch
	                          ? gs_fail(t->j->error, GS_ENOMEM, "node: no memory")
	                          : GS_OK;

	for (size_t i = 0; i < keys->count && !err; i++) {
		const struct gs_hash id = gs_agenda_key_id(keys, i);
		err = look_at(t, part, &id, scratch);
		if (!err)
			err = enter_next(t, part, &id, (struct gs_bytes){keys->key[i], keys->len[i]});
	}
	free(scratch);
	return err;
}

static enum gs_err look_at_part(struct gs_node_turn *t, enum gs_agenda_part part, bool *whole)
{
	const uint8_t prefix = (uint8_t)part;
	struct gs_agenda_keys keys;
	enum gs_err err = gs_agenda_collect(t->j, (struct gs_bytes){&prefix, 1}, GS_AGENDA_LOOKS_MAX,
	                                    t->node->now.unix_s, &keys);

	if (keys.count == GS_AGENDA_LOOKS_MAX)
		*whole = false;
	if (!err)
		err = look_at_all(t, part, &keys);
	gs_agenda_keys_free(&keys);
	return err;
}

/* All that wait for something that has come. */
static enum gs_err look_at_woken(struct gs_node_turn *t, enum gs_agenda_reason reason)
{
	const uint8_t mark[] = {GS_AGENDA_WOKEN, (uint8_t)reason};
	const struct gs_bytes woken = {mark, sizeof(mark)};
	uint8_t prefix[GS_AGENDA_KEY_MAX];
	struct gs_agenda_keys keys;
	struct gs_bytes there;
	enum gs_err err = gs_journal_view(t->j, GS_TABLE_AGENDA, woken, &there);

	if (err)
		return err == GS_ENOTFOUND ? GS_OK : err;
	err = gs_agenda_del(t->j, woken);
	if (err)
		return err;
	err = gs_agenda_collect(t->j, gs_agenda_waiting(prefix, reason, 0, NULL), SIZE_MAX, 0, &keys);
	if (!err)
		err = look_at_all(t, GS_AGENDA_CLAIMS, &keys);
	gs_agenda_keys_free(&keys);
	return err;
}

/* --- what waits to be executed --- */

enum gs_err gs_plan_look_at_waiting(struct gs_node_turn *t, const struct gs_hash *claim, struct gs_bytes led)
{
	enum gs_err err = look_at(t, GS_AGENDA_CLAIMS, claim, NULL);

	return err ? err : enter_next(t, GS_AGENDA_CLAIMS, claim, led);
}

enum gs_err gs_plan_look_at_leaf(struct gs_node_turn *t, const struct gs_hash *batch)
{
	uint8_t key[GS_AGENDA_KEY];
	enum gs_err err = look_at(t, GS_AGENDA_BATCHES, batch, NULL);

	return err ? err
	           : enter_next(t, GS_AGENDA_BATCHES, batch,
	                        gs_agenda_key(key, GS_AGENDA_BATCHES, GS_AGENDA_NOW, batch));
}

/* Whether something may be due that was not when everything was looked at last: a record was written, or time has passed. */
static bool is_check_due(const struct gs_node_turn *t)
{
	struct gs_node *node = t->node;

	if (!node->options.check_agenda)
		return false;
	return node->written || t->j->watched || ++node->unchecked >= node->options.check_agenda;
}

static enum gs_err check(struct gs_node_turn *t)
{
	enum gs_err err = gs_agenda_check(t);

	t->node->written = false;
	t->node->unchecked = 0;
	t->j->watched = 0;
	return err;
}

enum gs_err gs_node_plan(struct gs_node_turn *t)
{
	bool whole = true;
	enum gs_err err = gs_agenda_enter_written(t);

	if (!err)
		err = gs_agenda_sweep(t);
	if (!err)
		err = look_at_part(t, GS_AGENDA_GAMES, &whole);
	if (!err)
		err = look_at_part(t, GS_AGENDA_CLAIMS, &whole);
	if (!err)
		err = look_at_woken(t, GS_AGENDA_BEACON);
	if (!err)
		err = look_at_woken(t, GS_AGENDA_STAKE);
	if (!err)
		err = look_at_part(t, GS_AGENDA_BATCHES, &whole); /* their leaves wait with the claims */
	if (!err)
		err = gs_work_look(t);
	if (!err)
		err = look_at_part(t, GS_AGENDA_ATTESTED, &whole);
	return err || !whole || !is_check_due(t) ? err : check(t);
}
