/* The stored forms of facts.h's records. */
#include "validator/node/facts_record.h"

#include <string.h>

enum {
	CLAIM_VERSION = 4,
	CLAIM_FIELDS = 27,
	CLAIM_VERSION_BY_ID = 3, /* without the id, which was the key */
	GAME_VERSION = 2,
	GAME_FIELDS = 10 + GS_GAME_ROUNDS_MAX + 1,
	MODEL_VERSION = 2,
	MODEL_FIELDS = 6,
	BEACON_VERSION = 1,
	BEACON_FIELDS = 2,
	ATTESTATION_VERSION = 1,
	ATTESTATION_FIELDS = 4,
	BATCH_VERSION = 2,
	BATCH_FIELDS = 10,
	ACCOUNT_VERSION = 1,
	ACCOUNT_FIELDS = 3,
	SLASH_VERSION = 2,
	SLASH_FIELDS = 7,
};

static enum gs_err take_key(struct gs_bytes key, struct gs_hash *out)
{
	if (key.len != sizeof(out->b))
		return GS_ECORRUPT;
	memcpy(out->b, key.ptr, key.len);
	return GS_OK;
}

static void get_tag(struct gs_record_reader *r, struct gs_trace_tag *out)
{
	const struct gs_bytes bytes = gs_record_get_bytes(r);

	if (!r->err && bytes.len == sizeof(out->b))
		memcpy(out->b, bytes.ptr, bytes.len);
	else if (!r->err)
		r->err = GS_ECORRUPT;
}

static void get_brief_tag(struct gs_record_reader *r, struct gs_trace_tag *out)
{
	const struct gs_bytes bytes = gs_record_get_bytes(r);

	memset(out, 0, sizeof(*out));
	if (!r->err && bytes.len == sizeof(out->b))
		memcpy(out->b, bytes.ptr, bytes.len);
	else if (!r->err && bytes.len)
		r->err = GS_ECORRUPT;
}

void gs_claim_encode(const struct gs_claim *c, struct gs_buf *out)
{
	struct gs_record_writer w;

	gs_record_begin(&w, out, CLAIM_VERSION, CLAIM_FIELDS);
	gs_record_put_hash(&w, &c->id);
	gs_record_put_brief_hash(&w, &c->body.batch);
	gs_record_put_brief_wei(&w, (struct gs_wei){c->body.lot});
	gs_record_put_address(&w, &c->body.claimant);
	gs_record_put_hash(&w, &c->body.model_id);
	gs_record_put_hash(&w, &c->body.input_root);
	gs_record_put_hash(&w, &c->body.output_root);
	gs_record_put_brief_wei(&w, (struct gs_wei){c->terms_word});
	gs_record_put_brief_wei(&w, c->bond);
	gs_record_put_brief_wei(&w, c->fee);
	gs_record_put_u64(&w, c->window_end.unix_s);
	gs_record_put_u64(&w, c->block);
	gs_record_put_u64(&w, c->log_index);
	gs_record_put_hash(&w, &c->tx);
	gs_record_put_u64(&w, c->status);
	gs_record_put_u64(&w, c->games);
	gs_record_put_u64(&w, c->open_games);
	gs_record_put_u64(&w, c->demand.deadline.unix_s);
	gs_record_put_brief_address(&w, &c->demand.by);
	gs_record_put_u64(&w, c->demand.kind);
	gs_record_put_u64(&w, c->demand.block);
	gs_record_put_u64(&w, c->audit_deadline.unix_s);
	gs_record_put_bool(&w, c->audited);
	gs_record_put_u64(&w, c->first_window_end.unix_s);
	gs_record_put_bytes(&w, (struct gs_bytes){c->tag.b, gs_trace_tag_is_zero(&c->tag) ? 0 : sizeof(c->tag.b)});
	gs_record_put_brief_hash(&w, &c->published);
	gs_record_put_u64(&w, c->settled.unix_s);
	gs_record_end(&w);
}

/* Opens a claim's record of either version and reads its id. */
static enum gs_err open_claim(struct gs_record_reader *r, struct gs_bytes key, struct gs_bytes value,
                              struct gs_hash *id)
{
	gs_record_open(r, value, CLAIM_VERSION, CLAIM_FIELDS);
	if (r->err == GS_EUNSUPPORTED) {
		gs_record_open(r, value, CLAIM_VERSION_BY_ID, CLAIM_FIELDS - 1);
		return r->err ? r->err : take_key(key, id);
	}
	*id = gs_record_get_hash(r);
	if (!r->err && key.len != GS_CLAIM_KEY && (key.len != sizeof(id->b) || memcmp(key.ptr, id->b, key.len) != 0))
		r->err = GS_ECORRUPT;
	return r->err;
}

enum gs_err gs_claim_decode(struct gs_bytes key, struct gs_bytes value, struct gs_claim *out)
{
	struct gs_record_reader r;

	memset(out, 0, sizeof(*out));
	if (open_claim(&r, key, value, &out->id))
		return r.err ? r.err : GS_ECORRUPT;
	out->number = key.len == GS_CLAIM_KEY ? gs_be64_read(key.ptr) : 0;
	out->body.batch = gs_record_get_brief_hash(&r);
	out->body.lot = gs_record_get_brief_wei(&r).v;
	out->body.claimant = gs_record_get_address(&r);
	out->body.model_id = gs_record_get_hash(&r);
	out->body.input_root = gs_record_get_hash(&r);
	out->body.output_root = gs_record_get_hash(&r);
	out->terms_word = gs_record_get_brief_wei(&r).v;
	out->bond = gs_record_get_brief_wei(&r);
	out->fee = gs_record_get_brief_wei(&r);
	out->window_end.unix_s = gs_record_get_u64(&r);
	out->block = gs_record_get_u64(&r);
	out->log_index = gs_record_get_u32(&r);
	out->tx = gs_record_get_hash(&r);
	out->status = (uint8_t)gs_record_get_u32(&r);
	out->games = gs_record_get_u32(&r);
	out->open_games = gs_record_get_u32(&r);
	out->demand.deadline.unix_s = gs_record_get_u64(&r);
	out->demand.by = gs_record_get_brief_address(&r);
	out->demand.kind = (uint8_t)gs_record_get_u32(&r);
	out->demand.block = gs_record_get_u32(&r);
	out->audit_deadline.unix_s = gs_record_get_u64(&r);
	out->audited = gs_record_get_bool(&r);
	out->first_window_end.unix_s = gs_record_get_u64(&r);
	get_brief_tag(&r, &out->tag);
	out->published = gs_record_get_brief_hash(&r);
	out->settled.unix_s = gs_record_get_u64(&r);
	return gs_record_close(&r);
}

enum gs_err gs_claim_peek(struct gs_bytes key, struct gs_bytes value, struct gs_hash *id, bool *needs)
{
	struct gs_record_reader r;

	if (open_claim(&r, key, value, id))
		return r.err ? r.err : GS_ECORRUPT;
	gs_record_skip(&r, 13); /* up to its transaction */
	*needs = gs_record_get_u32(&r) == GS_CLAIM_OPEN;
	gs_record_skip(&r, 2); /* games */
	*needs = gs_record_get_u64(&r) != 0 || *needs;
	return r.err;
}

enum gs_err gs_claim_peek_status(struct gs_bytes key, struct gs_bytes value, enum gs_claim_status *status,
                                 uint32_t *open_games)
{
	struct gs_record_reader r;
	struct gs_hash id;

	if (open_claim(&r, key, value, &id))
		return r.err ? r.err : GS_ECORRUPT;
	gs_record_skip(&r, 13); /* up to its transaction */
	*status = (enum gs_claim_status)gs_record_get_u32(&r);
	gs_record_skip(&r, 1); /* games */
	*open_games = gs_record_get_u32(&r);
	return r.err;
}

/* --- games --- */

static void put_shown(struct gs_record_writer *w, const struct gs_game_shown *shown)
{
	gs_record_put_bytes(w, (struct gs_bytes){shown->bytes, shown->len});
}

static void get_shown(struct gs_record_reader *r, struct gs_game_shown *out)
{
	struct gs_bytes bytes = gs_record_get_bytes(r);

	if (bytes.len > sizeof(out->bytes)) {
		r->err = GS_ECORRUPT;
		return;
	}
	out->len = (uint16_t)bytes.len;
	if (bytes.len)
		memcpy(out->bytes, bytes.ptr, bytes.len);
}

void gs_game_encode(const struct gs_game_record *g, struct gs_buf *out)
{
	struct gs_record_writer w;
	uint8_t words[GS_GAME_STATE_WORDS * 32];

	gs_record_begin(&w, out, GAME_VERSION, GAME_FIELDS);
	gs_record_put_hash(&w, &g->claim);
	gs_record_put_address(&w, &g->challenger);
	gs_record_put_u64(&w, g->ordinal);
	gs_record_put_u64(&w, g->game.outcome);
	gs_record_put_u64(&w, g->game.reason);
	gs_game_state_encode(&g->game.state, words);
	gs_record_put_bytes(&w, (struct gs_bytes){words, sizeof(words)});
	gs_record_put_hash(&w, &g->game.trace_root);
	for (int i = 0; i <= GS_GAME_ROUNDS_MAX; i++)
		put_shown(&w, &g->game.descent[i]);
	put_shown(&w, &g->game.states);
	gs_record_put_u64(&w, g->computed);
	gs_record_put_u64(&w, g->block);
	gs_record_end(&w);
}

enum gs_err gs_game_decode(struct gs_bytes key, struct gs_bytes value, struct gs_game_record *out)
{
	struct gs_record_reader r;
	struct gs_bytes state;

	memset(out, 0, sizeof(*out));
	if (take_key(key, &out->id))
		return GS_ECORRUPT;
	gs_record_open(&r, value, GAME_VERSION, GAME_FIELDS);
	out->claim = gs_record_get_hash(&r);
	out->challenger = gs_record_get_address(&r);
	out->ordinal = gs_record_get_u32(&r);
	out->game.outcome = (uint8_t)gs_record_get_u32(&r);
	out->game.reason = (uint8_t)gs_record_get_u32(&r);
	state = gs_record_get_bytes(&r);
	out->game.trace_root = gs_record_get_hash(&r);
	for (int i = 0; i <= GS_GAME_ROUNDS_MAX; i++)
		get_shown(&r, &out->game.descent[i]);
	get_shown(&r, &out->game.states);
	out->computed = gs_record_get_u64(&r);
	out->block = gs_record_get_u64(&r);
	if (!r.err && gs_game_state_decode(state, &out->game.state) != GS_OK)
		r.err = GS_ECORRUPT;
	return gs_record_close(&r);
}

enum gs_err gs_game_peek(struct gs_bytes value, bool *open)
{
	struct gs_record_reader r;

	gs_record_open(&r, value, GAME_VERSION, GAME_FIELDS);
	gs_record_skip(&r, 3);
	*open = gs_record_get_u32(&r) == GS_GAME_OPEN;
	return r.err;
}

void gs_model_encode(const struct gs_model_record *m, struct gs_buf *out)
{
	struct gs_record_writer w;

	gs_record_begin(&w, out, MODEL_VERSION, MODEL_FIELDS);
	gs_record_put_address(&w, &m->registrant);
	gs_record_put_bytes(&w, (struct gs_bytes){m->header, sizeof(m->header)});
	gs_record_put_wei(&w, m->attested);
	gs_record_put_bool(&w, m->voided);
	gs_record_put_bool(&w, m->retired);
	gs_record_put_u64(&w, m->block);
	gs_record_end(&w);
}

enum gs_err gs_model_decode(struct gs_bytes key, struct gs_bytes value, struct gs_model_record *out)
{
	struct gs_record_reader r;
	struct gs_bytes header;

	memset(out, 0, sizeof(*out));
	if (take_key(key, &out->id))
		return GS_ECORRUPT;
	gs_record_open(&r, value, MODEL_VERSION, MODEL_FIELDS);
	out->registrant = gs_record_get_address(&r);
	header = gs_record_get_bytes(&r);
	if (!r.err && header.len == sizeof(out->header))
		memcpy(out->header, header.ptr, header.len);
	else if (!r.err)
		r.err = GS_ECORRUPT;
	out->attested = gs_record_get_wei(&r);
	out->voided = gs_record_get_bool(&r);
	out->retired = gs_record_get_bool(&r);
	out->block = gs_record_get_u64(&r);
	return gs_record_close(&r);
}

void gs_batch_encode(const struct gs_batch *b, struct gs_buf *out)
{
	struct gs_record_writer w;

	gs_record_begin(&w, out, BATCH_VERSION, BATCH_FIELDS);
	gs_record_put_address(&w, &b->claimant);
	gs_record_put_u64(&w, b->salt);
	gs_record_put_hash(&w, &b->root);
	gs_record_put_u64(&w, b->count);
	gs_record_put_u64(&w, b->kind);
	gs_record_put_hash(&w, &b->model);
	gs_record_put_wei(&w, (struct gs_wei){b->terms_word});
	gs_record_put_u64(&w, b->window_end.unix_s);
	gs_record_put_u64(&w, b->block);
	gs_record_put_u64(&w, b->status);
	gs_record_end(&w);
}

enum gs_err gs_batch_decode(struct gs_bytes key, struct gs_bytes value, struct gs_batch *out)
{
	struct gs_record_reader r;

	memset(out, 0, sizeof(*out));
	if (take_key(key, &out->id))
		return GS_ECORRUPT;
	gs_record_open(&r, value, BATCH_VERSION, BATCH_FIELDS);
	out->claimant = gs_record_get_address(&r);
	out->salt = gs_record_get_u64(&r);
	out->root = gs_record_get_hash(&r);
	out->count = gs_record_get_u32(&r);
	out->kind = (uint8_t)gs_record_get_u32(&r);
	out->model = gs_record_get_hash(&r);
	out->terms_word = gs_record_get_wei(&r).v;
	out->window_end.unix_s = gs_record_get_u64(&r);
	out->block = gs_record_get_u64(&r);
	out->status = (uint8_t)gs_record_get_u32(&r);
	return gs_record_close(&r);
}

void gs_beacon_encode(const struct gs_beacon *b, struct gs_buf *out)
{
	struct gs_record_writer w;

	gs_record_begin(&w, out, BEACON_VERSION, BEACON_FIELDS);
	gs_record_put_u64(&w, b->previous);
	gs_record_put_hash(&w, &b->value);
	gs_record_end(&w);
}

enum gs_err gs_beacon_decode(struct gs_bytes key, struct gs_bytes value, struct gs_beacon *out)
{
	struct gs_record_reader r;

	memset(out, 0, sizeof(*out));
	if (key.len != GS_BEACON_KEY)
		return GS_ECORRUPT;
	out->epoch = gs_be64_read(key.ptr);
	gs_record_open(&r, value, BEACON_VERSION, BEACON_FIELDS);
	out->previous = gs_record_get_u64(&r);
	out->value = gs_record_get_hash(&r);
	return gs_record_close(&r);
}

void gs_attestation_encode(const struct gs_attestation *a, struct gs_buf *out)
{
	struct gs_record_writer w;

	gs_record_begin(&w, out, ATTESTATION_VERSION, ATTESTATION_FIELDS);
	gs_record_put_bytes(&w, (struct gs_bytes){a->commitment.b, sizeof(a->commitment.b)});
	gs_record_put_wei(&w, a->stake);
	gs_record_put_bool(&w, a->reported);
	gs_record_put_wei(&w, a->reward);
	gs_record_end(&w);
}

enum gs_err gs_attestation_decode(struct gs_bytes key, struct gs_bytes value, struct gs_attestation *out)
{
	struct gs_record_reader r;

	memset(out, 0, sizeof(*out));
	if (key.len != GS_ATTESTATION_KEY)
		return GS_ECORRUPT;
	memcpy(out->claim.b, key.ptr, sizeof(out->claim.b));
	memcpy(out->validator.b, key.ptr + sizeof(out->claim.b), sizeof(out->validator.b));
	gs_record_open(&r, value, ATTESTATION_VERSION, ATTESTATION_FIELDS);
	get_tag(&r, &out->commitment);
	out->stake = gs_record_get_wei(&r);
	out->reported = gs_record_get_bool(&r);
	out->reward = gs_record_get_wei(&r);
	return gs_record_close(&r);
}

void gs_account_encode(const struct gs_account *a, struct gs_buf *out)
{
	struct gs_record_writer w;

	gs_record_begin(&w, out, ACCOUNT_VERSION, ACCOUNT_FIELDS);
	gs_record_put_wei(&w, a->free);
	gs_record_put_wei(&w, a->locked);
	gs_record_put_wei(&w, a->unbonding);
	gs_record_end(&w);
}

enum gs_err gs_account_decode(struct gs_bytes value, struct gs_account *out)
{
	struct gs_record_reader r;

	gs_record_open(&r, value, ACCOUNT_VERSION, ACCOUNT_FIELDS);
	out->free = gs_record_get_wei(&r);
	out->locked = gs_record_get_wei(&r);
	out->unbonding = gs_record_get_wei(&r);
	return gs_record_close(&r);
}

void gs_slash_encode(const struct gs_slash *s, struct gs_buf *out)
{
	struct gs_record_writer w;

	gs_record_begin(&w, out, SLASH_VERSION, SLASH_FIELDS);
	gs_record_put_address(&w, &s->account);
	gs_record_put_address(&w, &s->winner);
	gs_record_put_wei(&w, s->amount);
	gs_record_put_wei(&w, s->burned);
	gs_record_put_wei(&w, s->gain);
	gs_record_put_wei(&w, s->released);
	gs_record_put_hash(&w, &s->tx);
	gs_record_end(&w);
}

enum gs_err gs_slash_decode(struct gs_bytes key, struct gs_bytes value, struct gs_slash *out)
{
	struct gs_record_reader r;

	memset(out, 0, sizeof(*out));
	if (key.len != GS_SLASH_KEY)
		return GS_ECORRUPT;
	out->block = gs_be64_read(key.ptr);
	out->log_index = gs_be32_read(key.ptr + 8);
	gs_record_open(&r, value, SLASH_VERSION, SLASH_FIELDS);
	out->account = gs_record_get_address(&r);
	out->winner = gs_record_get_address(&r);
	out->amount = gs_record_get_wei(&r);
	out->burned = gs_record_get_wei(&r);
	out->gain = gs_record_get_wei(&r);
	out->released = gs_record_get_wei(&r);
	out->tx = gs_record_get_hash(&r);
	return gs_record_close(&r);
}
