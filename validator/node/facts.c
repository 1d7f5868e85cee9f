#include "validator/node/facts.h"

#include <string.h>

#include "challenge/game/bonds.h"
#include "validator/node/facts_record.h"
#include "validator/node/talk_record.h"

enum { FACT_BYTES_MAX = 64 * 1024, GRACE_VERSION = 1 };
static const struct gs_bytes grace_key = {(const uint8_t *)"grace_end", 9};

static struct gs_bytes hash_key(const struct gs_hash *hash)
{
	return (struct gs_bytes){hash->b, sizeof(hash->b)};
}

static enum gs_err derive(struct gs_journal *j, enum gs_table table, struct gs_bytes key, struct gs_buf *value)
{
	return value->err ? gs_fail(j->error, value->err, "database: a record is too large")
	                  : gs_journal_derive(j, table, key, gs_buf_view(value));
}

/* --- reading --- */

enum gs_err gs_facts_game(struct gs_journal *j, const struct gs_hash *id, struct gs_game_record *out)
{
	struct gs_bytes value;
	enum gs_err err = gs_journal_view(j, GS_TABLE_GAMES, hash_key(id), &value);

	return err ? err : gs_game_decode(hash_key(id), value, out);
}

enum gs_err gs_facts_model(struct gs_journal *j, const struct gs_hash *id, struct gs_model_record *out)
{
	struct gs_bytes value;
	enum gs_err err = gs_journal_view(j, GS_TABLE_MODELS, hash_key(id), &value);

	return err ? err : gs_model_decode(hash_key(id), value, out);
}

enum gs_err gs_facts_grace_end(struct gs_journal *j, struct gs_time *out)
{
	struct gs_record_reader r;
	struct gs_buf value;
	enum gs_err err;

	gs_buf_init(&value, 64);
	err = gs_journal_get(j, GS_TABLE_META, grace_key, &value);
	if (!err) {
		gs_record_open(&r, gs_buf_view(&value), GRACE_VERSION, 1);
		out->unix_s = gs_record_get_u64(&r);
		err = gs_record_close(&r);
	}
	gs_buf_free(&value);
	return err;
}

bool gs_facts_is_grace(struct gs_bytes key)
{
	return gs_bytes_equal(key, grace_key);
}

enum gs_err gs_facts_account(struct gs_journal *j, const struct gs_address *account, struct gs_account *out)
{
	struct gs_bytes value;
	enum gs_err err;

	memset(out, 0, sizeof(*out));
	err = gs_journal_view(j, GS_TABLE_STAKES, (struct gs_bytes){account->b, sizeof(account->b)}, &value);
	if (!err)
		err = gs_account_decode(value, out);
	return err == GS_ENOTFOUND ? GS_OK : err;
}

/* What a party handed over goes before what is on chain, which may be less of it. */
static enum gs_err get_array(struct gs_journal *j, const struct gs_hash *claim, char given, char posted,
                             struct gs_buf *out)
{
	const enum gs_err err = gs_facts_blob(j, claim, given, out);

	return err == GS_ENOTFOUND ? gs_facts_on_chain(j, claim, posted, out) : err;
}

enum gs_err gs_facts_input(struct gs_journal *j, const struct gs_hash *claim, struct gs_buf *out)
{
	return get_array(j, claim, GS_BLOB_INPUT_GIVEN, GS_BLOB_INPUT, out);
}

enum gs_err gs_facts_output(struct gs_journal *j, const struct gs_hash *claim, struct gs_buf *out)
{
	return get_array(j, claim, GS_BLOB_OUTPUT_GIVEN, GS_BLOB_OUTPUT, out);
}

/* --- writing --- */

static enum gs_err put_game(struct gs_journal *j, const struct gs_game_record *game)
{
	struct gs_buf value;
	enum gs_err err;

	gs_buf_init(&value, FACT_BYTES_MAX);
	gs_game_encode(game, &value);
	err = derive(j, GS_TABLE_GAMES, hash_key(&game->id), &value);
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

/* From what one account has locked to what another has free. */
static enum gs_err apply_paid(struct gs_journal *j, const struct gs_event *e)
{
	struct gs_account account;
	enum gs_err err = gs_facts_account(j, &e->account, &account);

	if (!err)
		err = move_money(&account.locked, NULL, e->amount);
	if (!err)
		err = put_account(j, &e->account, &account);
	if (!err)
		err = gs_facts_account(j, &e->other, &account);
	if (!err)
		err = move_money(NULL, &account.free, e->amount);
	return err ? err : put_account(j, &e->other, &account);
}

static enum gs_err apply_slash(struct gs_journal *j, const struct gs_log_entry *entry, const struct gs_event *e)
{
	const struct gs_slash slash = {.account = e->account,
	                               .winner = e->other,
	                               .amount = e->amount,
	                               .burned = e->burned,
	                               .gain = e->gain,
	                               .released = e->released,
	                               .tx = entry->tx_hash};
	struct gs_account loser, winner;
	struct gs_buf value;
	uint8_t key[GS_SLASH_KEY];
	enum gs_err err = gs_facts_account(j, &e->account, &loser);

	if (!err)
		err = move_money(&loser.locked, NULL, e->amount);
	if (!err)
		err = put_account(j, &e->account, &loser);
	if (!err)
		err = gs_facts_account(j, &e->other, &winner);
	if (!err)
		err = move_money(NULL, &winner.free, e->gain);
	if (!err)
		err = move_money(&winner.locked, &winner.free, e->released);
	if (!err)
		err = put_account(j, &e->other, &winner);
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

/* A model that was retired may be registered again, by whoever answers for it from then on: its attestations stand. */
static enum gs_err apply_registered(struct gs_journal *j, const struct gs_event *e)
{
	struct gs_model_record model = {.id = e->model, .registrant = e->account, .block = j->block};
	struct gs_model_record before;
	enum gs_err err = gs_facts_model(j, &e->model, &before);

	if (err && err != GS_ENOTFOUND)
		return err;
	if (!err)
		model.attested = before.attested;
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

static enum gs_err apply_model_end(struct gs_journal *j, const struct gs_event *e)
{
	struct gs_model_record model;
	enum gs_err err = gs_facts_model(j, &e->model, &model);

	if (err)
		return GS_ECORRUPT;
	if (e->kind == GS_EVENT_VOIDED)
		model.voided = true;
	else
		model.retired = true;
	return put_model(j, &model);
}

static enum gs_err apply_posted(struct gs_journal *j, const struct gs_log_entry *entry, const struct gs_event *e)
{
	struct gs_claim claim = {
		.id = e->claim,
		.body = e->body,
		.terms_word = e->terms_word,
		.window_end = e->window_end,
		.first_window_end = e->window_end,
		.block = j->block,
		.log_index = entry->index,
		.tx = entry->tx_hash,
		.status = GS_CLAIM_OPEN,
	};
	struct gs_terms terms;
	struct gs_bytes model; /* there must be one */
	enum gs_err err = gs_journal_view(j, GS_TABLE_MODELS, hash_key(&e->body.model_id), &model);

	if (err || gs_terms_decode(&e->terms_word, &terms) != GS_OK ||
	    gs_bond_of_claim(&terms, gs_claim_lot_value(&e->body.lot), &claim.bond) != GS_OK ||
	    gs_fee_of_claim(&terms, gs_claim_lot_value(&e->body.lot), &claim.fee) != GS_OK)
		return GS_ECORRUPT;
	return gs_facts_post_claim(j, &claim, e->input, e->output);
}

static enum gs_err apply_claim_status(struct gs_journal *j, const struct gs_event *e, enum gs_claim_status status)
{
	struct gs_claim claim;
	enum gs_err err = gs_facts_claim(j, &e->claim, &claim);

	if (err)
		return GS_ECORRUPT;
	claim.status = (uint8_t)status;
	claim.settled = j->time;
	return gs_facts_put_claim(j, &claim);
}

static enum gs_err apply_extended(struct gs_journal *j, const struct gs_event *e)
{
	struct gs_claim claim;
	enum gs_err err = gs_facts_claim(j, &e->claim, &claim);

	if (err)
		return GS_ECORRUPT;
	claim.window_end = e->window_end;
	return gs_facts_put_claim(j, &claim);
}

static enum gs_err apply_deployment_retired(struct gs_journal *j, const struct gs_event *e)
{
	struct gs_record_writer w;
	struct gs_buf value;
	enum gs_err err;

	gs_buf_init(&value, 64);
	gs_record_begin(&w, &value, GRACE_VERSION, 1);
	gs_record_put_u64(&w, e->window_end.unix_s);
	gs_record_end(&w);
	err = derive(j, GS_TABLE_META, grace_key, &value);
	gs_buf_free(&value);
	return err;
}

/* --- games --- */

static enum gs_err apply_opened(struct gs_journal *j, const struct gs_game_event *e, struct gs_game_record *game)
{
	struct gs_claim claim;
	enum gs_err err = gs_facts_claim(j, &e->claim, &claim);

	if (err || e->ordinal < claim.games) /* a duty not done takes an ordinal, too */
		return GS_ECORRUPT;
	claim.games = e->ordinal + 1;
	claim.open_games++;
	memset(game, 0, sizeof(*game));
	gs_game_id(&e->claim, e->ordinal, &game->id);
	game->claim = e->claim;
	game->challenger = e->challenger;
	game->ordinal = e->ordinal;
	game->game.outcome = GS_GAME_OPEN;
	return gs_facts_put_claim(j, &claim);
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
	game->computed = e->computed;
	return gs_facts_put_claim(j, &claim);
}

static enum gs_err apply_state(const struct gs_game_event *e, struct gs_game_record *game)
{
	if (gs_game_observe(&game->game, &e->state, e->shown.len ? &e->shown : NULL) != GS_OK)
		return GS_ECORRUPT;
	if (e->kind == GS_GAME_EVENT_AGREED)
		game->game.trace_root = e->trace_root;
	return GS_OK;
}

/* The first trace root of any of its games binds the claim. */
static enum gs_err bind_claim(struct gs_journal *j, const struct gs_game_record *game)
{
	struct gs_claim claim;
	enum gs_err err = gs_facts_claim(j, &game->claim, &claim);

	if (err || gs_hash_is_zero(&game->game.trace_root) || !gs_trace_tag_is_zero(&claim.tag))
		return err;
	claim.tag = gs_trace_tag_of(&game->game.trace_root);
	return gs_facts_put_claim(j, &claim);
}

static enum gs_err apply_game(struct gs_journal *j, const struct gs_game_event *e)
{
	struct gs_game_record game;
	struct gs_hash id;
	enum gs_err err;

	if (e->kind == GS_GAME_EVENT_SETTLED) /* what is paid, Stakes tells */
		return GS_OK;
	gs_game_id(&e->claim, e->ordinal, &id);
	err = e->kind == GS_GAME_EVENT_OPENED ? apply_opened(j, e, &game) : gs_facts_game(j, &id, &game);
	if (!err && gs_game_event_has_state(e->kind))
		err = apply_state(e, &game);
	if (!err && e->kind == GS_GAME_EVENT_AGREED)
		err = gs_talk_recall(j, &game);
	if (!err && (e->kind == GS_GAME_EVENT_REVEALED || e->kind == GS_GAME_EVENT_AGREED))
		err = bind_claim(j, &game);
	if (!err && e->kind == GS_GAME_EVENT_OVER)
		err = apply_game_over(j, e, &game);
	if (err)
		return GS_ECORRUPT;
	game.block = j->block;
	return put_game(j, &game);
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
	case GS_EVENT_PAID: return apply_paid(j, e);
	case GS_EVENT_SLASHED: return apply_slash(j, entry, e);
	case GS_EVENT_REGISTERED: return apply_registered(j, e);
	case GS_EVENT_ATTESTED:
	case GS_EVENT_RETRACTED: return apply_attested(j, e);
	case GS_EVENT_VOIDED:
	case GS_EVENT_RETIRED: return apply_model_end(j, e);
	case GS_EVENT_POSTED: return apply_posted(j, entry, e);
	case GS_EVENT_FINALIZED: return apply_claim_status(j, e, GS_CLAIM_FINAL);
	case GS_EVENT_INVALIDATED: return apply_claim_status(j, e, GS_CLAIM_INVALID);
	case GS_EVENT_EXTENDED: return apply_extended(j, e);
	case GS_EVENT_RELEASED: return apply_claim_status(j, e, GS_CLAIM_VOID);
	case GS_EVENT_DEPLOYMENT_RETIRED: return apply_deployment_retired(j, e);
	case GS_EVENT_BATCH_POSTED:
	case GS_EVENT_BATCH_FINALIZED:
	case GS_EVENT_BATCH_LOST:
	case GS_EVENT_BATCH_RELEASED: return gs_facts_apply_batch(j, e);
	case GS_EVENT_DEMANDED:
	case GS_EVENT_ANSWERED:
	case GS_EVENT_UNANSWERED:
	case GS_EVENT_DRAWN:
	case GS_EVENT_PUBLISHED:
	case GS_EVENT_RECORDED: return gs_facts_apply_duty(j, e);
	case GS_EVENT_ATTESTED_CLAIM:
	case GS_EVENT_REPORTED:
	case GS_EVENT_COLLECTED: return gs_facts_apply_attestation(j, e);
	case GS_EVENT_GAME: return apply_game(j, &e->dispute);
	}
	return GS_OK;
}

static void tell_game(const struct gs_log *log, const struct gs_game_event *e)
{
	char claim[67], amount[GS_U256_DECIMAL_MAX];

	gs_hex_encode(e->claim.b, 32, true, claim);
	if (e->kind == GS_GAME_EVENT_OPENED)
		gs_log_line(log, GS_LOG_INFO, "game.opened", "claim=%s ordinal=%u", claim, e->ordinal);
	if (e->kind == GS_GAME_EVENT_OVER)
		gs_log_line(log, GS_LOG_INFO, "game.over", "claim=%s ordinal=%u outcome=%u reason=%u", claim,
		            e->ordinal, e->outcome, e->reason);
	if (e->kind == GS_GAME_EVENT_SETTLED) {
		gs_wei_format_ether(e->amount, amount);
		gs_log_line(log, GS_LOG_INFO, "claim.settled", "claim=%s prize=%s", claim, amount);
	}
}

static void tell_posted(const struct gs_log *log, const struct gs_event *e)
{
	char claim[67], value[GS_U256_DECIMAL_MAX];

	gs_hex_encode(e->claim.b, 32, true, claim);
	gs_wei_format_ether(gs_claim_lot_value(&e->body.lot), value);
	gs_log_line(log, GS_LOG_INFO, "claim.posted", "claim=%s value=%s batched=%s", claim, value,
	            gs_hash_is_zero(&e->body.batch) ? "no" : "yes");
}

static void tell(const struct gs_log *log, const struct gs_event *e)
{
	char claim[67];

	gs_hex_encode(e->claim.b, 32, true, claim);
	if (e->kind == GS_EVENT_POSTED)
		tell_posted(log, e);
	else if (e->kind == GS_EVENT_FINALIZED)
		gs_log_line(log, GS_LOG_INFO, "claim.final", "claim=%s", claim);
	else if (e->kind == GS_EVENT_INVALIDATED)
		gs_log_line(log, GS_LOG_INFO, "claim.invalid", "claim=%s", claim);
	else if (e->kind == GS_EVENT_RELEASED)
		gs_log_line(log, GS_LOG_INFO, "claim.void", "claim=%s", claim);
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
	if (!err && log)
		tell(log, event);
	return err;
}
