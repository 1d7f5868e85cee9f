#include "simulations/nodes/letters.h"

#include <stdlib.h>
#include <string.h>

void gs_sim_letters_free(struct gs_sim_letters *l)
{
	for (size_t i = 0; i < l->count; i++)
		free((void *)(uintptr_t)l->letter[i].bytes.ptr);
	free(l->letter);
	l->letter = NULL;
	l->count = l->room = 0;
}

static bool same(struct gs_bytes a, struct gs_bytes b)
{
	return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

static const struct gs_sim_letter *newest_of(const struct gs_sim_letters *l, const struct gs_hash *game, uint8_t side)
{
	for (size_t i = l->count; i-- > 0;)
		if (l->letter[i].side == side && gs_hash_equal(&l->letter[i].game, game))
			return &l->letter[i];
	return NULL;
}

static enum gs_err make_room(struct gs_sim_letters *l)
{
	if (l->count < l->room)
		return GS_OK;
	const size_t room = l->room ? 2 * l->room : 64;
	struct gs_sim_letter *grown = realloc(l->letter, room * sizeof(*grown));
	if (grown == NULL)
		return GS_ENOMEM;
	l->letter = grown;
	l->room = room;
	return GS_OK;
}

static enum gs_err keep(struct gs_sim_letters *l, unsigned account, const struct gs_talk *talk, struct gs_bytes bytes,
                        uint64_t now_s)
{
	const struct gs_sim_letter *newest = newest_of(l, &talk->game, talk->side);
	if (newest != NULL && same(newest->bytes, bytes))
		return GS_OK;
	if (l->loss > 0 && gs_rng_below(&l->rng, 1000) < l->loss)
		return GS_OK;
	uint8_t *copy = malloc(bytes.len);
	if (copy == NULL || make_room(l) != GS_OK) {
		free(copy);
		return GS_ENOMEM;
	}
	memcpy(copy, bytes.ptr, bytes.len);
	l->letter[l->count++] = (struct gs_sim_letter){
		.account = account,
		.game = talk->game,
		.from = talk->from,
		.side = talk->side,
		.ready_s = now_s + (l->delay_s > 0 ? gs_rng_below(&l->rng, l->delay_s + 1) : 0),
		.bytes = {copy, bytes.len}};
	return GS_OK;
}

enum gs_err gs_sim_letters_send(struct gs_sim_letters *l, unsigned account, struct gs_bytes bytes, uint64_t now_s)
{
	struct gs_talk *talk = malloc(sizeof(*talk));
	if (talk == NULL)
		return GS_ENOMEM;
	enum gs_err err = gs_talk_decode(bytes, talk);
	if (err == GS_OK)
		err = keep(l, account, talk, bytes, now_s);
	free(talk);
	return err;
}

struct gs_bytes gs_sim_letters_hear(struct gs_sim_letters *l, const struct gs_hash *game, uint8_t side, uint64_t now_s)
{
	bool older = l->old > 0 && gs_rng_below(&l->rng, 1000) < l->old;
	struct gs_bytes heard = {NULL, 0};
	for (size_t i = l->count; i-- > 0;) {
		const struct gs_sim_letter *letter = &l->letter[i];
		if (letter->side != side || letter->ready_s > now_s || !gs_hash_equal(&letter->game, game))
			continue;
		heard = letter->bytes;
		if (!older)
			break;
		older = false; /* the one before it, if there is one */
	}
	return heard;
}

const struct gs_sim_letter *gs_sim_letters_of(const struct gs_sim_letters *l, unsigned account,
                                              const struct gs_hash *game, const struct gs_hash *from, unsigned number)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct gs_sim_letter *letter = &l->letter[i];
		if (letter->account == account && gs_hash_equal(&letter->game, game) &&
		    (from == NULL || gs_hash_equal(&letter->from, from)) && number-- == 0)
			return letter;
	}
	return NULL;
}
