#include "validator/node/talk_record.h"

#include <stdlib.h>
#include <string.h>

#include "chain/core/hash.h"
#include "validator/node/facts_record.h"

enum { TALK_VERSION = 1, TALK_FIELDS = 11, RECORD_BYTES_MAX = 64 * 1024, SIGNATURE_BYTES = 65 };

static struct gs_bytes key_of(const struct gs_hash *game)
{
	return (struct gs_bytes){game->b, sizeof(game->b)};
}

static void put_signature(struct gs_record_writer *w, const struct gs_signature *s)
{
	uint8_t bytes[SIGNATURE_BYTES];

	memcpy(bytes, s->r, 32);
	memcpy(bytes + 32, s->s, 32);
	bytes[64] = s->y_parity;
	gs_record_put_bytes(w, (struct gs_bytes){bytes, sizeof(bytes)});
}

static void get_signature(struct gs_record_reader *r, struct gs_signature *out)
{
	const struct gs_bytes bytes = gs_record_get_bytes(r);

	if (r->err)
		return;
	if (bytes.len != SIGNATURE_BYTES) {
		r->err = GS_ECORRUPT;
		return;
	}
	memcpy(out->r, bytes.ptr, 32);
	memcpy(out->s, bytes.ptr + 32, 32);
	out->y_parity = bytes.ptr[64];
}

enum gs_err gs_talk_store(struct gs_journal *j, const struct gs_talk_record *talk)
{
	uint8_t state[GS_GAME_STATE_WORDS * 32] = {0};
	struct gs_record_writer w;
	struct gs_buf value, mirror;
	enum gs_err err;

	gs_buf_init(&value, RECORD_BYTES_MAX);
	gs_buf_init(&mirror, RECORD_BYTES_MAX);
	gs_game_encode(&talk->mirror, &mirror);
	if (talk->agreed)
		gs_game_state_encode(&talk->newest.state, state);
	gs_record_begin(&w, &value, TALK_VERSION, TALK_FIELDS);
	gs_record_put_bool(&w, talk->over);
	gs_record_put_bool(&w, talk->proposed);
	gs_record_put_bool(&w, talk->agreed);
	gs_record_put_bytes(&w, (struct gs_bytes){state, talk->agreed ? sizeof(state) : 0});
	gs_record_put_hash(&w, &talk->newest.trace_root);
	put_signature(&w, &talk->newest.claimant);
	put_signature(&w, &talk->newest.challenger);
	gs_record_put_hash(&w, &talk->base);
	gs_record_put_u64(&w, talk->heard.unix_s);
	gs_record_put_bytes(&w, gs_buf_view(&mirror));
	gs_record_put_bytes(&w, (struct gs_bytes){talk->message, talk->message_len});
	gs_record_end(&w);
	err = mirror.err ? mirror.err : value.err;
	if (!err)
		err = gs_journal_put(j, GS_TABLE_TALKS, key_of(&talk->mirror.id), gs_buf_view(&value));
	gs_buf_free(&mirror);
	gs_buf_free(&value);
	return err;
}

static enum gs_err decode(const struct gs_hash *game, struct gs_bytes value, struct gs_talk_record *out)
{
	struct gs_record_reader r;
	struct gs_bytes state, mirror, message;

	memset(out, 0, sizeof(*out));
	gs_record_open(&r, value, TALK_VERSION, TALK_FIELDS);
	out->over = gs_record_get_bool(&r);
	out->proposed = gs_record_get_bool(&r);
	out->agreed = gs_record_get_bool(&r);
	state = gs_record_get_bytes(&r);
	out->newest.trace_root = gs_record_get_hash(&r);
	get_signature(&r, &out->newest.claimant);
	get_signature(&r, &out->newest.challenger);
	out->base = gs_record_get_hash(&r);
	out->heard.unix_s = gs_record_get_u64(&r);
	mirror = gs_record_get_bytes(&r);
	message = gs_record_get_bytes(&r);
	if (!r.err && out->agreed)
		r.err = gs_game_state_decode(state, &out->newest.state);
	if (!r.err)
		r.err = gs_game_decode(key_of(game), mirror, &out->mirror);
	if (!r.err && message.len > sizeof(out->message))
		r.err = GS_ECORRUPT;
	if (!r.err && message.len) {
		memcpy(out->message, message.ptr, message.len);
		out->message_len = (uint32_t)message.len;
	}
	return gs_record_close(&r);
}

enum gs_err gs_talk_load(struct gs_journal *j, const struct gs_hash *game, struct gs_talk_record *out)
{
	struct gs_buf value;
	enum gs_err err;

	gs_buf_init(&value, RECORD_BYTES_MAX);
	err = gs_journal_get(j, GS_TABLE_TALKS, key_of(game), &value);
	if (!err)
		err = decode(game, gs_buf_view(&value), out);
	gs_buf_free(&value);
	return err;
}

/* The states are those of the agreed state even where the mirror is a move ahead of it (plan_talk.c). */
static void recall(const struct gs_game *from, struct gs_game *into)
{
	struct gs_hash values;

	for (size_t i = 0; i < GS_ARRAY_LEN(into->descent); i++)
		if (into->descent[i].len == 0)
			into->descent[i] = from->descent[i];
	if (into->state.phase != GS_PHASE_SEGMENT || into->states.len != 0 || from->states.len == 0)
		return;
	gs_keccak256(from->states.bytes, from->states.len, &values);
	if (gs_hash_equal(&into->state.values, &values))
		into->states = from->states;
}

enum gs_err gs_talk_recall(struct gs_journal *j, struct gs_game_record *game)
{
	struct gs_talk_record *talk = malloc(sizeof(*talk));
	enum gs_err err;

	if (!talk)
		return gs_fail(j->error, GS_ENOMEM, "node: no memory");
	err = gs_talk_load(j, &game->id, talk);
	if (!err && gs_address_equal(&talk->mirror.challenger, &game->challenger))
		recall(&talk->mirror.game, &game->game);
	free(talk);
	return err == GS_ENOTFOUND ? GS_OK : err;
}
