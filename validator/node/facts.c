#include "validator/node/facts.h"

#include <string.h>

#include "validator/node/facts_record.h"

enum { FACT_BYTES_MAX = 64 * 1024 };

static struct gs_bytes hash_key(const struct gs_hash *hash)
{
	return (struct gs_bytes){hash->b, sizeof(hash->b)};
}

static struct gs_bytes blob_key(const struct gs_hash *claim, char kind, uint8_t out[33])
{
	memcpy(out, claim->b, 32);
	out[32] = (uint8_t)kind;
	return (struct gs_bytes){out, 33};
}

static enum gs_err derive(struct gs_journal *j, enum gs_table table, struct gs_bytes key, struct gs_buf *value)
{
	return value->err ? gs_fail(j->error, value->err, "database: a record is too large")
	                  : gs_journal_derive(j, table, key, gs_buf_view(value));
}

/* --- reading --- */

enum gs_err gs_facts_claim(struct gs_journal *j, const struct gs_hash *id, struct gs_claim *out)
{
	struct gs_buf value;
	enum gs_err err;

	gs_buf_init(&value, FACT_BYTES_MAX);
	err = gs_journal_get(j, GS_TABLE_CLAIMS, hash_key(id), &value);
	if (!err)
		err = gs_claim_decode(hash_key(id), gs_buf_view(&value), out);
	gs_buf_free(&value);
	return err;
}

enum gs_err gs_facts_game(struct gs_journal *j, const struct gs_hash *id, struct gs_game_record *out)
{
	struct gs_buf value;
	enum gs_err err;

	gs_buf_init(&value, FACT_BYTES_MAX);
	err = gs_journal_get(j, GS_TABLE_GAMES, hash_key(id), &value);
	if (!err)
		err = gs_game_decode(hash_key(id), gs_buf_view(&value), out);
	gs_buf_free(&value);
	return err;
}

enum gs_err gs_facts_model(struct gs_journal *j, const struct gs_hash *id, struct gs_model_record *out)
{
	struct gs_buf value;
	enum gs_err err;

	gs_buf_init(&value, FACT_BYTES_MAX);
	err = gs_journal_get(j, GS_TABLE_MODELS, hash_key(id), &value);
	if (!err)
		err = gs_model_decode(hash_key(id), gs_buf_view(&value), out);
	gs_buf_free(&value);
	return err;
}

enum gs_err gs_facts_account(struct gs_journal *j, const struct gs_address *account, struct gs_account *out)
{
	struct gs_buf value;
	enum gs_err err;

	memset(out, 0, sizeof(*out));
	gs_buf_init(&value, FACT_BYTES_MAX);
	err = gs_journal_get(j, GS_TABLE_STAKES, (struct gs_bytes){account->b, sizeof(account->b)}, &value);
	if (!err)
		err = gs_account_decode(gs_buf_view(&value), out);
	gs_buf_free(&value);
	return err == GS_ENOTFOUND ? GS_OK : err;
}

enum gs_err gs_facts_input(struct gs_journal *j, const struct gs_hash *claim, struct gs_buf *out)
{
	uint8_t key[33];

	return gs_journal_get(j, GS_TABLE_BLOBS, blob_key(claim, 'i', key), out);
}

enum gs_err gs_facts_output(struct gs_journal *j, const struct gs_hash *claim, struct gs_buf *out)
{
	uint8_t key[33];

	return gs_journal_get(j, GS_TABLE_BLOBS, blob_key(claim, 'o', key), out);
}

/* --- writing --- */

static enum gs_err put_claim(struct gs_journal *j, const struct gs_claim *claim)
{
	struct gs_buf value;
	enum gs_err err;

	gs_buf_init(&value, FACT_BYTES_MAX);
	gs_claim_encode(claim, &value);
	err = derive(j, GS_TABLE_CLAIMS, hash_key(&claim->id), &value);
	gs_buf_free(&value);
	return err;
}

static enum gs_err put_game(struct gs_journal *j, const struct gs_game_record *game)
{
	struct gs_buf value;
	enum gs_err err;

	gs_buf_init(&value, FACT_BYTES_MAX);
	gs_game_encode(game, &value);
	err = derive(j, GS_TABLE_GAMES, hash_key(&game->game.id), &value);
	gs_buf_free(&value);
	return err;
}

static enum gs_err put_model(struct gs_journal *j, const struct gs_model_record *model)
{
	struct gs_buf value;
	enum gs_err err;

	gs_buf_init(&value, FACT_BYTES_MAX);
	gs_model_encode(model, &value);
	err = derive(j, GS_TABLE_MODELS, hash_key(&model->id), &value);
	gs_buf_free(&value);
	return err;
}

static enum gs_err put_account(struct gs_journal *j, const struct gs_address *address, const struct gs_account *account)
{
	struct gs_buf value;
	enum gs_err err;

	gs_buf_init(&value, FACT_BYTES_MAX);
	gs_account_encode(account, &value);
	err = derive(j, GS_TABLE_STAKES, (struct gs_bytes){address->b, sizeof(address->b)}, &value);
	gs_buf_free(&value);
	return err;
}

static enum gs_err move_money(struct gs_wei *from, struct gs_wei *to, struct gs_wei amount)
{
	if (from && gs_wei_sub(*from, amount, from) != GS_OK)
		return GS_ECORRUPT;
	if (to && gs_wei_add(*to, amount, to) != GS_OK)
		return GS_ECORRUPT;
	return GS_OK;
}

static enum gs_err apply_stake(struct gs_journal *j, const struct gs_event *e)
{
	struct gs_account account;
	enum gs_err err = gs_facts_account(j, &e->account, &account);

	if (err)
		return err;
	if (e->kind == GS_EVENT_DEPOSITED)
		err = move_money(NULL, &account.free, e->amount);
	else if (e->kind == GS_EVENT_WITHDRAW_REQUESTED)
		err = move_money(&account.free, &account.unbonding, e->amount);
	else if (e->kind == GS_EVENT_WITHDRAWN)
		err = move_money(&account.unbonding, NULL, e->amount);
	else if (e->kind == GS_EVENT_LOCKED)
		err = move_money(&account.free, &account.locked, e->amount);
	else
		err = move_money(&account.locked, &account.free, e->amount);
	return err ? err : put_account(j, &e->account, &account);
}

static enum gs_err apply_slash(struct gs_journal *j, const struct gs_log_entry *entry, const struct gs_event *e)
{
	const struct gs_slash slash = {.account = e->account,
	                               .winner = e->winner,
	                               .amount = e->amount,
	                               .burned = e->burned,
	                               .tx = entry->tx_hash};
	struct gs_account loser, winner;
	struct gs_buf value;
	struct gs_wei paid;
	uint8_t key[GS_SLASH_KEY];
	enum gs_err err = gs_facts_account(j, &e->account, &loser);

	if (!err)
		err = move_money(&loser.locked, NULL, e->amount);
	if (!err)
		err = put_account(j, &e->account, &loser);
	if (!err)
		err = gs_facts_account(j, &e->winner, &winner);
	if (!err && gs_wei_sub(e->amount, e->burned, &paid) != GS_OK)
		err = GS_ECORRUPT;
	if (!err)
		err = move_money(NULL, &winner.free, paid);
	if (!err)
		err = put_account(j, &e->winner, &winner);
	if (err)
		return err;
	gs_be64_write(key, entry->block_number);
	gs_be32_write(key + 8, entry->index);
	gs_buf_init(&value, FACT_BYTES_MAX);
	gs_slash_encode(&slash, &value);
	err = derive(j, GS_TABLE_SLASHES, (struct gs_bytes){key, sizeof(key)}, &value);
	gs_buf_free(&value);
	return err;
}

static enum gs_err apply_registered(struct gs_journal *j, const struct gs_event *e)
{
	struct gs_model_record model = {.id = e->model, .registrant = e->account, .block = j->block};

	memcpy(model.header, e->header.ptr, sizeof(model.header));
	return put_model(j, &model);
}

static enum gs_err apply_attested(struct gs_journal *j, const struct gs_event *e)
{
	struct gs_model_record model;
	enum gs_err err = gs_facts_model(j, &e->model, &model);

	if (err)
		return GS_ECORRUPT;
	model.attested = e->amount;
	return put_model(j, &model);
}

static enum gs_err apply_posted(struct gs_journal *j, const struct gs_log_entry *entry, const struct gs_event *e)
{
	const struct gs_claim claim = {
		.id = e->claim,
		.claimant = e->account,
		.model = e->model,
		.input_root = e->input_root,
		.output_root = e->output_root,
		.value = e->value,
		.bond = e->bond,
		.window_end = e->window_end,
		.nonce = e->nonce,
		.block = j->block,
		.tx = entry->tx_hash,
		.status = GS_CLAIM_OPEN,
	};
	uint8_t key[33];
	enum gs_err err = put_claim(j, &claim);

	if (!err)
		err = gs_journal_derive(j, GS_TABLE_BLOBS, blob_key(&e->claim, 'i', key), e->input);
	if (!err)
		err = gs_journal_derive(j, GS_TABLE_BLOBS, blob_key(&e->claim, 'o', key), e->output);
	return err;
}

static enum gs_err apply_claim_status(struct gs_journal *j, const struct gs_event *e, enum gs_claim_status status)
{
	struct gs_claim claim;
	enum gs_err err = gs_facts_claim(j, &e->claim, &claim);

	if (err)
		return GS_ECORRUPT;
	claim.status = (uint8_t)status;
	return put_claim(j, &claim);
}

/* --- games --- */

static enum gs_err apply_opened(struct gs_journal *j, const struct gs_game_event *e)
{
	struct gs_game_record game;
	struct gs_claim claim;
	enum gs_err err = gs_facts_claim(j, &e->claim, &claim);

	if (err)
		return GS_ECORRUPT;
	claim.games++;
	claim.open_games++;
	memset(&game, 0, sizeof(game));
	game.game.id = e->game;
	game.game.outcome = GS_GAME_OPEN;
	game.claim = e->claim;
	game.challenger = e->challenger;
	game.index = e->index;
	game.block = j->block;
	err = put_claim(j, &claim);
	return err ? err : put_game(j, &game);
}

static enum gs_err apply_game_over(struct gs_journal *j, const struct gs_game_event *e, struct gs_game_record *game)
{
	struct gs_claim claim;
	enum gs_err err = gs_facts_claim(j, &game->claim, &claim);

	if (err || claim.open_games == 0)
		return GS_ECORRUPT;
	claim.open_games--;
	game->game.outcome = e->outcome;
	game->game.reason = e->reason;
	return put_claim(j, &claim);
}

static enum gs_err apply_game_state(const struct gs_game_event *e, struct gs_game_record *game)
{
	const struct gs_bytes shown = {game->revealed.bytes, game->revealed.len};
	struct gs_hash hash;

	if (gs_game_observe(&game->game, &e->state, shown.len ? &shown : NULL) != GS_OK)
		return GS_ECORRUPT;
	game->revealed.len = 0;
	gs_game_hash(&game->game, &hash);
	return gs_hash_equal(&hash, &e->state_hash) ? GS_OK : GS_ECORRUPT;
}

static enum gs_err apply_revealed(const struct gs_game_event *e, struct gs_game_record *game)
{
	if (e->revealed.len > sizeof(game->revealed.bytes))
		return GS_ECORRUPT;
	memcpy(game->revealed.bytes, e->revealed.ptr, e->revealed.len);
	game->revealed.len = (uint16_t)e->revealed.len;
	return GS_OK;
}

static enum gs_err apply_game(struct gs_journal *j, const struct gs_game_event *e)
{
	struct gs_game_record game;
	enum gs_err err;

	if (e->kind == GS_GAME_EVENT_SETTLED) /* the slash tells the money */
		return GS_OK;
	if (e->kind == GS_GAME_EVENT_OPENED)
		return apply_opened(j, e);
	if (gs_facts_game(j, &e->game, &game) != GS_OK)
		return GS_ECORRUPT;
	game.block = j->block;
	if (e->kind == GS_GAME_EVENT_OVER) {
		err = apply_game_over(j, e, &game);
	} else if (e->kind == GS_GAME_EVENT_STATE) {
		err = apply_game_state(e, &game);
	} else if (e->kind == GS_GAME_EVENT_REVEALED) {
		err = apply_revealed(e, &game);
	} else {
		game.judged = true;
		game.computed = e->computed;
		err = GS_OK;
	}
	return err ? err : put_game(j, &game);
}

static enum gs_err apply(struct gs_journal *j, const struct gs_log_entry *entry, const struct gs_event *e)
{
	switch (e->kind) {
	case GS_EVENT_OTHER: return GS_OK;
	case GS_EVENT_DEPOSITED:
	case GS_EVENT_WITHDRAW_REQUESTED:
	case GS_EVENT_WITHDRAWN:
	case GS_EVENT_LOCKED:
	case GS_EVENT_UNLOCKED: return apply_stake(j, e);
	case GS_EVENT_SLASHED: return apply_slash(j, entry, e);
	case GS_EVENT_REGISTERED: return apply_registered(j, e);
	case GS_EVENT_ATTESTED:
	case GS_EVENT_RETRACTED: return apply_attested(j, e);
	case GS_EVENT_POSTED: return apply_posted(j, entry, e);
	case GS_EVENT_FINALIZED: return apply_claim_status(j, e, GS_CLAIM_FINAL);
	case GS_EVENT_INVALIDATED: return apply_claim_status(j, e, GS_CLAIM_INVALID);
	case GS_EVENT_GAME: return apply_game(j, &e->dispute);
	}
	return GS_OK;
}

static void tell_game(const struct gs_log *log, const struct gs_game_event *e)
{
	char claim[67], game[67];

	gs_hex_encode(e->claim.b, 32, true, claim);
	gs_hex_encode(e->game.b, 32, true, game);
	if (e->kind == GS_GAME_EVENT_OPENED)
		gs_log_line(log, GS_LOG_INFO, "game.opened", "game=%s claim=%s index=%u", game, claim, e->index);
	if (e->kind == GS_GAME_EVENT_OVER)
		gs_log_line(log, GS_LOG_INFO, "game.over", "game=%s claim=%s outcome=%u reason=%u", game, claim,
		            e->outcome, e->reason);
}

static void tell(const struct gs_log *log, const struct gs_event *e)
{
	char claim[67];

	gs_hex_encode(e->claim.b, 32, true, claim);
	if (e->kind == GS_EVENT_POSTED)
		gs_log_line(log, GS_LOG_INFO, "claim.posted", "claim=%s nonce=%llu", claim,
		            (unsigned long long)e->nonce);
	else if (e->kind == GS_EVENT_FINALIZED)
		gs_log_line(log, GS_LOG_INFO, "claim.final", "claim=%s", claim);
	else if (e->kind == GS_EVENT_INVALIDATED)
		gs_log_line(log, GS_LOG_INFO, "claim.invalid", "claim=%s", claim);
	else if (e->kind == GS_EVENT_GAME)
		tell_game(log, &e->dispute);
}

enum gs_err gs_facts_apply(struct gs_journal *j, const struct gs_log_entry *entry, const struct gs_event *event,
                           const struct gs_log *log)
{
	enum gs_err err = apply(j, entry, event);

	if (err == GS_ECORRUPT)
		return gs_fail(j->error, err,
		               "block %llu, log %u: event %s contradicts what is stored; start with a new database",
		               (unsigned long long)entry->block_number, entry->index, gs_event_name(event->kind));
	if (!err)
		tell(log, event);
	return err;
}
