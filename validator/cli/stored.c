#include "validator/cli/stored.h"

#include <string.h>

#include "chain/eth/key.h"
#include "validator/node/history.h"

enum gs_err gs_stored_open(const struct gs_options *options, struct gs_stored *out, struct gs_error *error)
{
	const struct gs_store_options reading = {.read_only = true};
	struct gs_config config;
	enum gs_err err = gs_options_config(options, &config, error);

	memset(out, 0, sizeof(*out));
	if (err)
		return err;
	if (!config.db[0])
		return gs_fail(error, GS_EINVAL, "db: not named; give --db DIR, the database of a node");
	err = gs_store_open(config.db, &reading, &out->db, error);
	if (err)
		return err;
	out->store = gs_store_port(out->db);
	out->j = (struct gs_journal){.store = &out->store, .error = error};
	err = out->store.begin(out->store.self, GS_STORE_READ, &out->j.txn, error);
	if (err)
		gs_store_close(out->db);
	return err;
}

void gs_stored_close(struct gs_stored *stored)
{
	gs_journal_abort(&stored->j);
	gs_store_close(stored->db);
}

/* --- values --- */

static json_t *hash_json(const struct gs_hash *hash)
{
	char text[67];

	gs_hex_encode(hash->b, sizeof(hash->b), true, text);
	return json_string(text);
}

static json_t *address_json(const struct gs_address *address)
{
	char text[GS_ADDRESS_TEXT_MAX];

	gs_address_format(address, text);
	return json_string(text);
}

static json_t *amount_json(struct gs_wei amount)
{
	char text[GS_U256_DECIMAL_MAX];

	gs_wei_format_ether(amount, text);
	return json_string(text);
}

/* Decimal digits: it may have 128 bits. */
static json_t *number_json(struct gs_u256 number)
{
	char text[GS_U256_DECIMAL_MAX];

	gs_u256_to_decimal(&number, text);
	return json_string(text);
}

static void add_terms(const struct gs_u256 *word, json_t *json)
{
	struct gs_terms terms;

	if (gs_terms_decode(word, &terms) == GS_OK) { /* it was decoded before it was stored */
		json_object_set_new(json, "terms_version", json_integer(terms.version));
		json_object_set_new(json, "window_s", json_integer(terms.window_s));
	}
}

static const char *status_name(uint8_t status)
{
	switch ((enum gs_claim_status)status) {
	case GS_CLAIM_OPEN: return "open";
	case GS_CLAIM_INVALID: return "invalid";
	case GS_CLAIM_FINAL: return "final";
	case GS_CLAIM_VOID: return "void";
	}
	return "?";
}

static const char *outcome_name(uint8_t outcome)
{
	switch ((enum gs_game_outcome)outcome) {
	case GS_GAME_OPEN: return "open";
	case GS_GAME_CLAIMANT_WON: return "claimant_won";
	case GS_GAME_CHALLENGER_WON: return "challenger_won";
	case GS_GAME_CLOSED: return "closed";
	}
	return "?";
}

static const char *reason_name(uint8_t reason)
{
	switch ((enum gs_game_reason)reason) {
	case GS_REASON_NONE: return "";
	case GS_REASON_STEP: return "step";
	case GS_REASON_TIMEOUT: return "timeout";
	case GS_REASON_CONCESSION: return "concession";
	case GS_REASON_CLOSED: return "closed";
	case GS_REASON_OUTPUT: return "output";
	}
	return "?";
}

static const char *phase_name(uint8_t phase)
{
	static const char *const names[] = {"",       "commit",  "select", "reveal", "element",
	                                    "states", "segment", "step",   "",       "output"};

	return phase < GS_ARRAY_LEN(names) ? names[phase] : "?";
}

static const char *intent_status_name(uint8_t status)
{
	switch ((enum gs_intent_status)status) {
	case GS_INTENT_PLANNED: return "planned";
	case GS_INTENT_SIGNED: return "signed";
	case GS_INTENT_DONE: return "done";
	case GS_INTENT_FAILED: return "failed";
	}
	return "?";
}

/* --- records --- */

struct gathering {
	struct gs_stored *stored;
	json_t *list;
};

/* Of a claim without a decision: its window was over before this node began to validate. */
static enum gs_err add_before(struct gs_stored *s, struct gs_time window_end, json_t *json)
{
	struct gs_time since;
	const enum gs_err err = gs_history_validates_since(&s->j, &since);

	if (!err && window_end.unix_s <= since.unix_s)
		json_object_set_new(json, "reason", json_string("before"));
	return err == GS_ENOTFOUND ? GS_OK : err;
}

static enum gs_err add_sample(struct gs_stored *s, const struct gs_hash *claim, struct gs_time window_end, json_t *json)
{
	struct gs_bytes value;
	struct gs_sample sample;
	enum gs_err err = s->store.get(s->j.txn, GS_TABLE_SAMPLES, (struct gs_bytes){claim->b, sizeof(claim->b)},
	                               &value, NULL);

	if (err)
		return err == GS_ENOTFOUND ? add_before(s, window_end, json) : err;
	err = gs_sample_decode(value, &sample);
	if (!err) {
		json_object_set_new(json, "sampled", json_boolean(sample.execute));
		json_object_set_new(json, "reason",
		                    json_string(gs_sample_reason_name((enum gs_sample_reason)sample.reason)));
		json_object_set_new(json, "rate_ppm", json_integer(sample.rate_ppm));
	}
	return err;
}

static enum gs_err add_verdict(struct gs_stored *s, const struct gs_hash *claim, json_t *json)
{
	struct gs_bytes value;
	struct gs_verdict_record verdict;
	enum gs_err err = s->store.get(s->j.txn, GS_TABLE_VERDICTS, (struct gs_bytes){claim->b, sizeof(claim->b)},
	                               &value, NULL);

	if (err)
		return err == GS_ENOTFOUND ? GS_OK : err;
	err = gs_verdict_decode(value, &verdict);
	if (err)
		return err;
	json_object_set_new(json, "verdict", json_string(gs_verdict_name((enum gs_verdict)verdict.verdict)));
	if (verdict.reason[0]) /* why it is unavailable, or by whose word it is valid */
		json_object_set_new(json, "why", json_string(verdict.reason));
	if (verdict.verdict != GS_VERDICT_UNAVAILABLE)
		json_object_set_new(json, "computed_root", hash_json(&verdict.computed_root));
	return GS_OK;
}

static enum gs_err add_attestation(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct gs_attestation a;
	json_t *json;
	enum gs_err err = gs_attestation_decode(key, value, &a);

	if (err)
		return err;
	json = json_object();
	json_object_set_new(json, "validator", address_json(&a.validator));
	json_object_set_new(json, "stake", amount_json(a.stake));
	json_object_set_new(json, "reported", json_boolean(a.reported));
	json_object_set_new(json, "reward", amount_json(a.reward));
	json_array_append_new(context, json);
	return GS_OK;
}

/* Who staked on having the claim's trace; a stake of 0 was collected. */
static enum gs_err add_attestations(struct gs_stored *s, const struct gs_hash *claim, json_t *json)
{
	json_t *list = json_array();

	json_object_set_new(json, "attestations", list);
	return s->store.scan(s->j.txn, GS_TABLE_ATTESTATIONS, (struct gs_bytes){claim->b, sizeof(claim->b)},
	                     GS_STORE_ASCENDING, add_attestation, list, NULL);
}

static enum gs_err add_claim(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct gathering *g = context;
	struct gs_claim c;
	json_t *json;
	enum gs_err err = gs_claim_decode(key, value, &c);

	if (err)
		return err;
	json = json_object();
	json_object_set_new(json, "claim_id", hash_json(&c.id));
	json_object_set_new(json, "status", json_string(status_name(c.status)));
	json_object_set_new(json, "claimant", address_json(&c.body.claimant));
	json_object_set_new(json, "model_id", hash_json(&c.body.model_id));
	json_object_set_new(json, "input_root", hash_json(&c.body.input_root));
	json_object_set_new(json, "output_root", hash_json(&c.body.output_root));
	if (!gs_hash_is_zero(&c.body.batch))
		json_object_set_new(json, "batch", hash_json(&c.body.batch));
	json_object_set_new(json, gs_hash_is_zero(&c.body.batch) ? "salt" : "leaf",
	                    number_json(gs_claim_lot_index(&c.body.lot)));
	json_object_set_new(json, "value", amount_json(gs_claim_lot_value(&c.body.lot)));
	json_object_set_new(json, "bond", amount_json(c.bond));
	json_object_set_new(json, "fee", amount_json(c.fee));
	add_terms(&c.terms_word, json);
	json_object_set_new(json, "window_end", json_integer((json_int_t)c.window_end.unix_s));
	json_object_set_new(json, "block", json_integer((json_int_t)c.block));
	json_object_set_new(json, "log_index", json_integer(c.log_index));
	json_object_set_new(json, "tx", hash_json(&c.tx));
	json_object_set_new(json, "games", json_integer(c.games));
	json_object_set_new(json, "open_games", json_integer(c.open_games));
	if (c.demand.deadline.unix_s) {
		json_object_set_new(json, "demanded",
		                    json_string(c.demand.kind == GS_DEMAND_INPUT ? "input" : "output"));
		json_object_set_new(json, "demand_deadline", json_integer((json_int_t)c.demand.deadline.unix_s));
	}
	if (c.audit_deadline.unix_s)
		json_object_set_new(json, "audit_deadline", json_integer((json_int_t)c.audit_deadline.unix_s));
	json_object_set_new(json, "audited", json_boolean(c.audited));
	json_object_set_new(json, "sampled", json_false());
	err = add_sample(g->stored, &c.id, c.first_window_end, json);
	if (!err)
		err = add_verdict(g->stored, &c.id, json);
	if (!err)
		err = add_attestations(g->stored, &c.id, json);
	json_array_append_new(g->list, json);
	return err;
}

static enum gs_err add_game(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct gathering *g = context;
	struct gs_game_record game;
	json_t *json;
	enum gs_err err = gs_game_decode(key, value, &game);

	if (err)
		return err;
	json = json_object();
	json_object_set_new(json, "game_id", hash_json(&game.id));
	json_object_set_new(json, "claim_id", hash_json(&game.claim));
	json_object_set_new(json, "challenger", address_json(&game.challenger));
	json_object_set_new(json, "ordinal", json_integer(game.ordinal));
	json_object_set_new(json, "bonds", json_integer(game.game.state.units));
	json_object_set_new(json, "outcome", json_string(outcome_name(game.game.outcome)));
	json_object_set_new(json, "reason", json_string(reason_name(game.game.reason)));
	json_object_set_new(json, "phase", json_string(phase_name(game.game.state.phase)));
	json_object_set_new(json, "moves", json_integer(game.game.state.move));
	json_object_set_new(json, "level", json_integer(gs_game_level(&game.game.state)));
	json_object_set_new(json, "position", json_integer(game.game.state.position));
	json_object_set_new(json, "element", json_integer((json_int_t)game.game.state.element));
	json_object_set_new(json, "deadline", json_integer((json_int_t)game.game.state.deadline));
	if (game.game.reason == GS_REASON_STEP)
		json_object_set_new(json, "computed", json_integer((json_int_t)game.computed));
	json_object_set_new(json, "block", json_integer((json_int_t)game.block));
	json_array_append_new(g->list, json);
	return GS_OK;
}

static const char *batch_status_name(uint8_t status)
{
	switch ((enum gs_batch_status)status) {
	case GS_BATCH_OPEN: return "open";
	case GS_BATCH_LOST: return "lost";
	case GS_BATCH_FINAL: return "final";
	case GS_BATCH_VOID: return "void";
	}
	return "?";
}

static enum gs_err count_leaf(void *context, struct gs_bytes key, struct gs_bytes value)
{
	(void)key;
	(void)value;
	++*(json_int_t *)context;
	return GS_OK;
}

static enum gs_err add_batch(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct gathering *g = context;
	struct gs_batch b;
	json_int_t sampled = 0;
	json_t *json;
	enum gs_err err = gs_batch_decode(key, value, &b);

	if (!err)
		err = g->stored->store.scan(g->stored->j.txn, GS_TABLE_LEAVES, key, GS_STORE_ASCENDING, count_leaf,
		                            &sampled, NULL);
	if (err)
		return err;
	json = json_object();
	json_object_set_new(json, "batch_id", hash_json(&b.id));
	json_object_set_new(json, "kind", json_string(b.kind == GS_BATCH_CALLDATA ? "calldata" : "root_only"));
	json_object_set_new(json, "status", json_string(batch_status_name(b.status)));
	json_object_set_new(json, "claimant", address_json(&b.claimant));
	json_object_set_new(json, "model_id", hash_json(&b.model));
	json_object_set_new(json, "root", hash_json(&b.root));
	json_object_set_new(json, "leaves", json_integer(b.count));
	json_object_set_new(json, "sampled", json_integer(sampled));
	json_object_set_new(json, "window_end", json_integer((json_int_t)b.window_end.unix_s));
	json_object_set_new(json, "block", json_integer((json_int_t)b.block));
	json_array_append_new(g->list, json);
	return GS_OK;
}

static enum gs_err add_intent(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct gathering *g = context;
	struct gs_intent intent;
	json_t *json;
	enum gs_err err = gs_intent_decode(key, value, &intent);

	if (err)
		return err;
	json = json_object();
	json_object_set_new(json, "what", json_string(gs_intent_kind_name((enum gs_intent_kind)intent.kind)));
	json_object_set_new(json, "subject", hash_json(&intent.subject));
	json_object_set_new(json, "status", json_string(intent_status_name(intent.status)));
	json_object_set_new(json, "failures", json_integer(intent.attempts));
	if (intent.status == GS_INTENT_SIGNED || intent.status == GS_INTENT_DONE)
		json_object_set_new(json, "tx", hash_json(&intent.tx));
	json_array_append_new(g->list, json);
	return GS_OK;
}

static enum gs_err gather(struct gs_stored *s, enum gs_table table, gs_store_visit visit, json_t **out,
                          struct gs_error *error)
{
	struct gathering g = {.stored = s, .list = json_array()};
	enum gs_err err = s->store.scan(s->j.txn, table, (struct gs_bytes){NULL, 0}, GS_STORE_ASCENDING, visit, &g,
	                                error);

	if (err) {
		json_decref(g.list);
		return gs_fail(error, err, "database: a stored record does not have its form; restore a backup");
	}
	*out = g.list;
	return GS_OK;
}

/* Where the chain has it: by block, and by log in it where that is known. */
static json_int_t place_of(const json_t *item)
{
	const json_int_t block = json_integer_value(json_object_get(item, "block"));

	return (block << 32) + json_integer_value(json_object_get(item, "log_index"));
}

/* In the chain's order: ids are hashes and say nothing. */
static void sort(json_t *list)
{
	for (size_t i = 1; i < json_array_size(list); i++) {
		size_t at = i;
		json_t *item = json_incref(json_array_get(list, i));
		while (at > 0 && place_of(json_array_get(list, at - 1)) > place_of(item))
			at--;
		json_array_remove(list, i);
		json_array_insert_new(list, at, item);
	}
}

enum gs_err gs_stored_claims(struct gs_stored *stored, json_t **out, struct gs_error *error)
{
	enum gs_err err = gather(stored, GS_TABLE_CLAIMS, add_claim, out, error);

	if (!err)
		sort(*out);
	return err;
}

enum gs_err gs_stored_games(struct gs_stored *stored, json_t **out, struct gs_error *error)
{
	enum gs_err err = gather(stored, GS_TABLE_GAMES, add_game, out, error);

	if (!err)
		sort(*out);
	return err;
}

enum gs_err gs_stored_batches(struct gs_stored *stored, json_t **out, struct gs_error *error)
{
	enum gs_err err = gather(stored, GS_TABLE_BATCHES, add_batch, out, error);

	if (!err)
		sort(*out);
	return err;
}

enum gs_err gs_stored_intents(struct gs_stored *stored, json_t **out, struct gs_error *error)
{
	return gather(stored, GS_TABLE_INTENTS, add_intent, out, error);
}
