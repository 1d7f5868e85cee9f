/* Which subjects must be looked at because a record was written: everything that plan*.c reads of other records stands here. */
#include <stdlib.h>
#include <string.h>

#include "chain/core/hash.h"
#include "validator/node/facts_record.h"
#include "validator/node/node_state.h"

enum { MADE_VERSION = 2, PIECE = 4096 };

static enum gs_err enter(struct gs_node_turn *t, enum gs_agenda_part part, uint64_t number, const struct gs_hash *id)
{
	uint8_t key[GS_AGENDA_KEY];

	return gs_agenda_put(t->j, gs_agenda_key(key, part, number, id));
}

static enum gs_err wake(struct gs_node_turn *t, enum gs_agenda_reason reason)
{
	const uint8_t key[] = {GS_AGENDA_WOKEN, (uint8_t)reason};

	return gs_agenda_put(t->j, (struct gs_bytes){key, sizeof(key)});
}

/* --- claims --- */

/* A game's standing follows from the claim and its other games, and whose business it is from the claim, too. */
static enum gs_err enter_games(struct gs_node_turn *t, const struct gs_claim *claim)
{
	enum gs_err err = GS_OK;

	for (uint32_t i = 0; i < claim->games && !err; i++) {
		struct gs_hash game;
		gs_game_id(&claim->id, i, &game);
		err = enter(t, GS_AGENDA_GAMES, GS_AGENDA_NOW, &game);
	}
	return err;
}

/* What only the claim's end gives back: followed by model, since a model may become void. */
static enum gs_err enter_money(struct gs_node_turn *t, const struct gs_claim *claim)
{
	uint8_t key[GS_AGENDA_KEY_MAX];
	bool waits = false;
	enum gs_err err = claim->status == GS_CLAIM_OPEN ? gs_plan_waits(t, claim, &waits) : GS_OK;
	const struct gs_bytes at = gs_agenda_pair(key, GS_AGENDA_MONEY, &claim->body.model_id, &claim->id);

	if (err)
		return err;
	if (waits)
		return gs_agenda_put(t->j, at);
	/* Most claims never had an entry, and one that is there too long only costs a look. */
	return claim->status != GS_CLAIM_OPEN || t->entered_undone ? gs_agenda_del(t->j, at) : GS_OK;
}

static enum gs_err enter_attested(struct gs_node_turn *t, const struct gs_hash *claim)
{
	uint8_t key[1 + sizeof(claim->b)] = {GS_AGENDA_OWN_ATTESTED};
	struct gs_bytes there;
	enum gs_err err;

	memcpy(key + 1, claim->b, sizeof(claim->b));
	err = gs_journal_view(t->j, GS_TABLE_AGENDA, (struct gs_bytes){key, sizeof(key)}, &there);
	if (err)
		return err == GS_ENOTFOUND ? GS_OK : err;
	return enter(t, GS_AGENDA_ATTESTED, GS_AGENDA_NOW, claim);
}

/* A claim that is not executed and that nobody has done anything about: nothing is due of it before it is ripe. *out: 0, never. */
static enum gs_err rests(struct gs_node_turn *t, const struct gs_claim *claim, uint64_t *out, bool *does)
{
	const struct gs_node_options *o = &t->node->options;
	struct gs_sample sample = {0};
	enum gs_err err;

	*does = false;
	if (claim->status != GS_CLAIM_OPEN || claim->games || claim->demand.deadline.unix_s ||
	    claim->audit_deadline.unix_s || gs_address_equal(&claim->body.claimant, &o->self))
		return GS_OK;
	err = gs_plan_waits(t, claim, does);
	if (err || *does) {
		*does = false;
		return err;
	}
	if (o->validate && (err = gs_plan_sample(t, claim, &sample)))
		return err;
	*does = !sample.execute;
	*out = o->finalise && o->validate ? claim->window_end.unix_s + GS_NODE_FINALISE_GRACE_S + 1 : 0;
	return GS_OK;
}

static enum gs_err enter_itself(struct gs_node_turn *t, const struct gs_claim *claim)
{
	const uint64_t backlog = claim->block < GS_AGENDA_BACKLOG_LAST ? claim->block + 1 : GS_AGENDA_BACKLOG_LAST;
	uint64_t ripe_s = 0;
	bool does = false;
	enum gs_err err = t->entered_undone ? GS_OK : rests(t, claim, &ripe_s, &does);

	if (err)
		return err;
	if (!does)
		return enter(t, GS_AGENDA_CLAIMS, t->catching_up ? backlog : GS_AGENDA_NOW, &claim->id);
	return ripe_s ? enter(t, GS_AGENDA_CLAIMS, ripe_s, &claim->id) : GS_OK;
}

/* And everything that follows from it. */
static enum gs_err enter_known(struct gs_node_turn *t, const struct gs_claim *claim)
{
	const bool open = claim->status == GS_CLAIM_OPEN;
	uint8_t key[GS_AGENDA_KEY_MAX];
	enum gs_err err = open || claim->demand.deadline.unix_s ? enter_itself(t, claim) : GS_OK;

	if (!err)
		err = enter_money(t, claim);
	if (!err && !gs_hash_is_zero(&claim->body.batch)) {
		err = gs_agenda_set(t->j, gs_agenda_pair(key, GS_AGENDA_LEAVES, &claim->body.batch, &claim->id), open);
		if (!err)
			err = enter(t, GS_AGENDA_BATCHES, GS_AGENDA_NOW, &claim->body.batch);
	}
	if (!err)
		err = enter_games(t, claim);
	return err ? err : enter_attested(t, &claim->id);
}

static enum gs_err enter_claim(struct gs_node_turn *t, const struct gs_hash *id)
{
	struct gs_claim claim;
	enum gs_err err = gs_facts_claim(t->j, id, &claim);

	if (err)
		return err == GS_ENOTFOUND ? GS_OK : err; /* taken back, or a leaf that nobody opened */
	return enter_known(t, &claim);
}

/* By its key in the table. */
static enum gs_err enter_stored(struct gs_node_turn *t, struct gs_bytes key)
{
	struct gs_claim claim;
	struct gs_bytes value;
	enum gs_err err = gs_journal_view(t->j, GS_TABLE_CLAIMS, key, &value);

	if (!err)
		err = gs_claim_decode(key, value, &claim);
	if (err)
		return err == GS_ENOTFOUND ? GS_OK : err;
	return enter_known(t, &claim);
}

/* Every claim below a prefix that ends before its id. */
static enum gs_err enter_claims_below(struct gs_node_turn *t, struct gs_bytes prefix, enum gs_agenda_part part)
{
	struct gs_agenda_keys keys;
	enum gs_err err = gs_agenda_collect(t->j, prefix, SIZE_MAX, 0, &keys);

	for (size_t i = 0; i < keys.count && !err; i++) {
		const struct gs_hash id = gs_agenda_key_id(&keys, i);
		err = part == GS_AGENDA_OWN_BATCHES ? enter(t, GS_AGENDA_BATCHES, GS_AGENDA_NOW, &id)
		                                    : enter_claim(t, &id);
	}
	gs_agenda_keys_free(&keys);
	return err;
}

/* --- other facts --- */

static enum gs_err enter_batch(struct gs_node_turn *t, const struct gs_hash *id)
{
	uint8_t key[GS_AGENDA_KEY_MAX];
	struct gs_batch batch;
	enum gs_err err = gs_facts_batch(t->j, id, &batch);

	if (err)
		return err == GS_ENOTFOUND ? GS_OK : err;
	err = enter(t, GS_AGENDA_BATCHES, GS_AGENDA_NOW, id);
	if (!err && gs_address_equal(&batch.claimant, &t->node->options.self))
		err = gs_agenda_set(t->j, gs_agenda_pair(key, GS_AGENDA_OWN_BATCHES, &batch.model, id),
		                    batch.status == GS_BATCH_OPEN);
	return err ? err : enter_claims_below(t, gs_agenda_pair(key, GS_AGENDA_LEAVES, id, NULL), GS_AGENDA_LEAVES);
}

/* Nothing about a model is looked at again but that it is void. */
static enum gs_err enter_model(struct gs_node_turn *t, const struct gs_hash *id, bool undone)
{
	uint8_t key[GS_AGENDA_KEY_MAX];
	struct gs_model_record model;
	enum gs_err err = gs_facts_model(t->j, id, &model);

	if (err == GS_ENOTFOUND)
		return GS_OK;
	if (err || (!model.voided && !undone))
		return err;
	err = enter_claims_below(t, gs_agenda_pair(key, GS_AGENDA_MONEY, id, NULL), GS_AGENDA_MONEY);
	return err ? err
	           : enter_claims_below(t, gs_agenda_pair(key, GS_AGENDA_OWN_BATCHES, id, NULL), GS_AGENDA_OWN_BATCHES);
}

static enum gs_err enter_retired(struct gs_node_turn *t)
{
	const uint8_t money = GS_AGENDA_MONEY, batches = GS_AGENDA_OWN_BATCHES;
	enum gs_err err = enter_claims_below(t, (struct gs_bytes){&money, 1}, GS_AGENDA_MONEY);

	return err ? err : enter_claims_below(t, (struct gs_bytes){&batches, 1}, GS_AGENDA_OWN_BATCHES);
}

static enum gs_err enter_attestation(struct gs_node_turn *t, const uint8_t key[GS_ATTESTATION_KEY])
{
	const struct gs_address *self = &t->node->options.self;
	uint8_t own[1 + 32] = {GS_AGENDA_OWN_ATTESTED};
	struct gs_attestation a;
	struct gs_hash claim;
	enum gs_err err = GS_OK;

	memcpy(claim.b, key, sizeof(claim.b));
	if (memcmp(key + sizeof(claim.b), self->b, sizeof(self->b)) == 0) {
		err = gs_facts_attestation(t->j, &claim, self, &a);
		if (err && err != GS_ENOTFOUND)
			return err;
		memcpy(own + 1, claim.b, sizeof(claim.b));
		err = gs_agenda_set(t->j, (struct gs_bytes){own, sizeof(own)}, !err && !gs_u256_is_zero(&a.stake.v));
		if (!err)
			err = wake(t, GS_AGENDA_STAKE);
	}
	return err ? err : enter_claim(t, &claim);
}

/* --- our own --- */

static enum gs_err enter_subject(struct gs_node_turn *t, const struct gs_intent *intent)
{
	enum gs_err err;

	switch ((enum gs_intent_kind)intent->kind) {
	case GS_INTENT_MOVE:
	case GS_INTENT_TIMEOUT:
	case GS_INTENT_COLLECT:
	case GS_INTENT_AGREE: return enter(t, GS_AGENDA_GAMES, GS_AGENDA_NOW, &intent->subject);
	case GS_INTENT_RECORD: return wake(t, GS_AGENDA_BEACON);
	case GS_INTENT_OPEN_LEAF: return GS_OK; /* batches with a wrong leaf are looked at always */
	case GS_INTENT_COMMAND: return GS_OK;   /* ordered anew by whoever waits for it */
	case GS_INTENT_REPORT:
	case GS_INTENT_REWARD: return enter_attested(t, &intent->subject);
	case GS_INTENT_CHALLENGE:
	case GS_INTENT_FINALISE:
	case GS_INTENT_RELEASE:
	case GS_INTENT_ANSWER:
	case GS_INTENT_PUBLISH:
	case GS_INTENT_UNANSWERED:
	case GS_INTENT_DRAW:
	case GS_INTENT_UNPUBLISHED:
	case GS_INTENT_ATTEST: break;
	}
	err = enter_claim(t, &intent->subject);
	return err ? err : enter_batch(t, &intent->subject);
}

/* What failed is wanted again at a time that its subject's next look finds; what was taken back may be wanted at once. */
static enum gs_err enter_intent(struct gs_node_turn *t, const struct gs_hash *id, bool undone)
{
	struct gs_intent intent;
	struct gs_buf data;
	enum gs_err err;

	gs_buf_init(&data, GS_STORE_VALUE_MAX);
	err = gs_intent_load(t->j, id, &intent, &data);
	if (!err && undone)
		err = gs_intent_enter_agenda(t->j, &intent);
	if (!err && (intent.kind == GS_INTENT_CHALLENGE || intent.kind == GS_INTENT_OPEN_LEAF ||
	             intent.kind == GS_INTENT_ATTEST))
		err = wake(t, GS_AGENDA_STAKE);
	if (!err && (undone || intent.status == GS_INTENT_FAILED))
		err = enter_subject(t, &intent);
	gs_buf_free(&data);
	return err == GS_ENOTFOUND ? GS_OK : err;
}

static enum gs_err enter_one(struct gs_node_turn *t, const struct gs_journal_write *w)
{
	const struct gs_node_options *o = &t->node->options;
	struct gs_hash id = {{0}};

	if (w->key_len == sizeof(id.b))
		memcpy(id.b, w->key, sizeof(id.b));
	t->entered_undone = w->undone;
	switch ((enum gs_table)w->table) {
	case GS_TABLE_CLAIMS: return enter_stored(t, (struct gs_bytes){w->key, w->key_len});
	case GS_TABLE_VERDICTS: return enter_claim(t, &id);
	case GS_TABLE_GAMES: return enter(t, GS_AGENDA_GAMES, GS_AGENDA_NOW, &id);
	case GS_TABLE_MODELS: return enter_model(t, &id, w->undone);
	case GS_TABLE_BATCHES: return enter_batch(t, &id);
	case GS_TABLE_BEACONS: return wake(t, GS_AGENDA_BEACON);
	case GS_TABLE_ATTESTATIONS: return enter_attestation(t, w->key);
	case GS_TABLE_INTENTS: return enter_intent(t, &id, w->undone);
	case GS_TABLE_STAKES:
		return memcmp(w->key, o->self.b, sizeof(o->self.b)) == 0 ||
		                       memcmp(w->key, o->contracts.duties.b, sizeof(o->contracts.duties.b)) == 0
		               ? wake(t, GS_AGENDA_STAKE)
		               : GS_OK;
	case GS_TABLE_META: return gs_facts_is_grace((struct gs_bytes){w->key, w->key_len}) ? enter_retired(t) : GS_OK;
	case GS_JOURNAL_UNWATCHED: break;
	}
	return GS_OK;
}

enum gs_err gs_agenda_enter_written(struct gs_node_turn *t)
{
	struct gs_journal_watch *w = t->j->watch;
	enum gs_err err = GS_OK;

	for (size_t i = 0; w && i < w->count && !err; i++)
		err = enter_one(t, &w->write[i]);
	if (w)
		w->count = 0;
	return err;
}

/* --- all of it --- */

/* Everything by which other things would be due, or at other times. */
static void fingerprint(const struct gs_node_options *o, struct gs_hash *out)
{
	const uint64_t numbers[] = {MADE_VERSION,        o->validate,          o->defend,    o->finalise,
	                            o->audit_bps,        o->epoch_s,           o->attest.on, o->attest.locked_ppm,
	                            o->attest.audit_bps, o->sampling.rate_ppm, o->talk,      o->attest.report_s};
	const struct gs_wei amounts[] = {o->sampling.certain_above, o->attest.stake, o->attest.million_gas,
	                                 o->attest.least, o->bonds.challenger_bond};
	const struct gs_address addresses[] = {o->self, o->contracts.claims, o->contracts.disputes, o->contracts.duties,
	                                       o->contracts.batches};
	struct gs_keccak k;
	uint8_t bytes[32];

	gs_keccak_init(&k);
	for (size_t i = 0; i < GS_ARRAY_LEN(numbers); i++) {
		gs_be64_write(bytes, numbers[i]);
		gs_keccak_update(&k, bytes, 8);
	}
	for (size_t i = 0; i < GS_ARRAY_LEN(amounts); i++) {
		gs_u256_to_be(&amounts[i].v, bytes);
		gs_keccak_update(&k, bytes, sizeof(bytes));
	}
	gs_policy_hash(&o->sampling, out);
	gs_keccak_update(&k, out->b, sizeof(out->b));
	for (size_t i = 0; i < GS_ARRAY_LEN(addresses); i++)
		gs_keccak_update(&k, addresses[i].b, sizeof(addresses[i].b));
	gs_keccak_final(&k, out);
}

/* A scan may not write, so the keys are kept first, piece by piece. */
struct piece {
	struct gs_journal_watch watch;
	enum gs_table table;
	bool by_id; /* of claims: not those with numbers */
	uint64_t seen;
};

static enum gs_err keep_record(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct piece *p = context;
	struct gs_journal j = {.watch = &p->watch};
	struct gs_hash id;
	bool needs = true;
	enum gs_err err = GS_OK;

	p->seen++;
	if (p->by_id && key.len != sizeof(id.b))
		return GS_OK;
	if (p->table == GS_TABLE_CLAIMS)
		err = gs_claim_peek(key, value, &id, &needs);
	else if (p->table == GS_TABLE_GAMES)
		err = gs_game_peek(value, &needs);
	return err || !needs ? err : gs_journal_note(&j, p->table, key);
}

static enum gs_err enter_piece(struct gs_node_turn *t, enum gs_table table, struct gs_bytes prefix, bool by_id,
                               uint64_t *seen)
{
	struct piece p = {.table = table, .by_id = by_id};
	enum gs_err err = t->j->store->scan(t->j->txn, table, prefix, GS_STORE_ASCENDING, keep_record, &p, t->j->error);

	for (size_t i = 0; i < p.watch.count && !err; i++) {
		p.watch.write[i].undone = table == GS_TABLE_INTENTS; /* whatever became of it */
		err = enter_one(t, &p.watch.write[i]);
	}
	gs_journal_watch_free(&p.watch);
	*seen = p.seen;
	return err;
}

/* Keys are hashes: by their first byte; claims by numbers first, 2^16 at a time. */
static enum gs_err enter_table(struct gs_node_turn *t, enum gs_table table)
{
	const bool claims = table == GS_TABLE_CLAIMS;
	uint8_t prefix[8];
	uint64_t seen = 1;
	enum gs_err err = GS_OK;

	for (uint64_t run = 0; claims && seen && !err; run++) {
		gs_be64_write(prefix, run << 16);
		err = enter_piece(t, table, (struct gs_bytes){prefix, 6}, false, &seen);
	}
	memset(prefix, 0, sizeof(prefix));
	for (unsigned zeros = 0; zeros < 3 && !err; zeros++)
		for (unsigned first = 1; first < 256 && !err; first++) {
			prefix[zeros] = (uint8_t)first;
			err = enter_piece(t, table, (struct gs_bytes){prefix, zeros + 1}, claims, &seen);
			prefix[zeros] = 0;
		}
	return err ? err : enter_piece(t, table, (struct gs_bytes){prefix, 3}, claims, &seen);
}

static enum gs_err forget_all(struct gs_node_turn *t)
{
	struct gs_agenda_keys keys;
	enum gs_err err;

	do {
		err = gs_agenda_collect(t->j, (struct gs_bytes){NULL, 0}, PIECE, UINT64_MAX, &keys);
		for (size_t i = 0; i < keys.count && !err; i++)
			err = gs_agenda_del(t->j, (struct gs_bytes){keys.key[i], keys.len[i]});
		const bool more = keys.count == PIECE;
		gs_agenda_keys_free(&keys);
		if (!more)
			break;
	} while (!err);
	return err;
}

enum gs_err gs_agenda_open(struct gs_node_turn *t)
{
	static const enum gs_table tables[] = {GS_TABLE_ATTESTATIONS, GS_TABLE_CLAIMS, GS_TABLE_GAMES, GS_TABLE_BATCHES,
	                                       GS_TABLE_INTENTS};
	uint8_t made[33] = {GS_AGENDA_MADE};
	const struct gs_bytes key = {made, sizeof(made)};
	struct gs_hash mark;
	struct gs_bytes there;
	enum gs_err err;

	fingerprint(&t->node->options, &mark);
	memcpy(made + 1, mark.b, sizeof(mark.b));
	err = gs_journal_view(t->j, GS_TABLE_AGENDA, key, &there);
	if (err != GS_ENOTFOUND)
		return err;
	t->catching_up = true;
	err = forget_all(t);
	for (size_t i = 0; i < GS_ARRAY_LEN(tables) && !err; i++)
		err = enter_table(t, tables[i]);
	t->catching_up = false;
	return err ? err : gs_agenda_put(t->j, key);
}
