/* From intents to what is mined: which is signed next, which nonce it gets, and what became of it. What waits is tended in tending.c. */
#include <string.h>

#include "chain/core/hash.h"
#include "validator/node/node_state.h"
#include "validator/node/record.h"

enum { META_VERSION = 1, JITTER_MS = 400, TRANSFER_GAS = 21000, L1_RETRY_S = 8 };
static const struct gs_bytes nonce_key[GS_LANES] = {{(const uint8_t *)"nonce", 5}, {(const uint8_t *)"nonce_l1", 8}};

/* --- small records about ourselves --- */

static enum gs_err load_nonce(const struct gs_node_turn *t, uint64_t *out)
{
	struct gs_record_reader r;
	struct gs_buf value;
	enum gs_err err;

	*out = 0;
	gs_buf_init(&value, 64);
	err = gs_journal_get(t->j, GS_TABLE_META, nonce_key[t->lane], &value);
	if (!err) {
		gs_record_open(&r, gs_buf_view(&value), META_VERSION, 1);
		*out = gs_record_get_u64(&r);
		err = gs_record_close(&r);
	}
	gs_buf_free(&value);
	return err == GS_ENOTFOUND ? GS_OK : err;
}

static enum gs_err store_nonce(const struct gs_node_turn *t, uint64_t nonce)
{
	struct gs_record_writer w;
	struct gs_buf value;
	enum gs_err err;

	gs_buf_init(&value, 64);
	gs_record_begin(&w, &value, META_VERSION, 1);
	gs_record_put_u64(&w, nonce);
	gs_record_end(&w);
	err = value.err ? value.err : gs_journal_put(t->j, GS_TABLE_META, nonce_key[t->lane], gs_buf_view(&value));
	gs_buf_free(&value);
	return err;
}

/* --- handing out --- */

static enum gs_err hand_out(struct gs_node_turn *t, struct gs_node_effect effect, struct gs_bytes data,
                            struct gs_node_preparing preparing)
{
	enum gs_err err;

	effect.kind = GS_EFFECT_PREPARE;
	effect.nonce = preparing.nonce;
	err = gs_node_emit(t, effect, data);
	if (err)
		return err;
	preparing.under_way = true;
	gs_node_lane_of(t)->preparing = preparing;
	return GS_OK;
}

/* Honest nodes that want the same do not all send it at the same moment: each waits as long as its own hash says. */
static uint32_t jitter_ms(const struct gs_node *node, const struct gs_hash *subject)
{
	uint8_t bytes[20 + 32];
	struct gs_hash hash;

	memcpy(bytes, node->options.self.b, 20);
	memcpy(bytes + 20, subject->b, 32);
	gs_keccak256(bytes, sizeof(bytes), &hash);
	return gs_be32_read(hash.b) % JITTER_MS;
}

/* What must be mined by some time is worth more once that is near: what is owed, and a challenge, since the claim would be final
 * without it. An attestation is not: it can be left. */
static struct gs_wei cap_of(const struct gs_node_turn *t, const struct gs_intent *intent)
{
	const struct gs_node *node = t->node;
	const bool urgent = intent->kind != GS_INTENT_ATTEST &&
	                    gs_intent_urgency(intent, node->now, node->options.fees.close_s) == GS_URGENCY_CLOSE;

	if (t->lane == GS_LANE_L1)
		return node->options.l1.fee_max;
	return urgent && !gs_u256_is_zero(&node->options.fees.max_urgent.v) ? node->options.fees.max_urgent
	                                                                    : node->options.fees.max;
}

static struct gs_wei plain_cap(const struct gs_node_turn *t)
{
	return t->lane == GS_LANE_L1 ? t->node->options.l1.fee_max : t->node->options.fees.max;
}

/* So many transactions wait to be mined that one more would only wait behind them. */
static enum gs_err is_full(struct gs_node_turn *t, bool *out)
{
	struct gs_tx_list list;
	enum gs_err err = gs_tx_record_pending(t->j, t->lane, &list);

	*out = list.count >= GS_NODE_UNMINED_MAX;
	gs_tx_list_free(&list);
	return err;
}

/* The portal's call that brings the intent to the chain. */
static enum gs_err prepare_deposit(struct gs_node_turn *t, const struct gs_intent *intent, struct gs_node_effect effect,
                                   struct gs_node_preparing preparing)
{
	struct gs_buf call;
	enum gs_err err;

	gs_buf_init(&call, GS_STORE_VALUE_MAX);
	effect.to = t->node->options.l1.portal;
	if (gs_u256_is_zero(&effect.cost_max.v) || (!gs_u256_is_zero(&t->node->options.l1.cost_max.v) &&
	                                            gs_wei_cmp(t->node->options.l1.cost_max, effect.cost_max) < 0))
		effect.cost_max = t->node->options.l1.cost_max;
	err = gs_forced_call(t, intent, preparing.deposit_gas, &call);
	if (!err)
		err = hand_out(t, effect, gs_buf_view(&call), preparing);
	gs_buf_free(&call);
	return err;
}

/* over: whose nonce it takes; NULL: none's. */
static enum gs_err prepare_intent(struct gs_node_turn *t, const struct gs_intent *intent,
                                  struct gs_node_preparing preparing, const struct gs_tx_record *over)
{
	struct gs_node_effect effect = {
		.hash = intent->id,
		.to = intent->to,
		.fee_max = cap_of(t, intent),
		.urgency = gs_intent_urgency(intent, t->node->now, t->node->options.fees.close_s),
		.wait_ms = gs_intent_is_race(intent->kind) ? jitter_ms(t->node, &intent->subject) : 0,
	};
	bool may_pay;
	enum gs_err err = gs_budget_allows(t, intent, &effect.cost_max, &may_pay);

	effect.replaces = over != NULL;
	if (!err && over)
		err = gs_fees_raise(over->max_fee, &effect.least_fee);
	if (!err && over)
		err = gs_fees_raise(over->tip, &effect.least_tip);
	if (!err && may_pay)
		err = gs_capital_allows(t, intent, &effect.cost_max, &may_pay);
	if (err || !may_pay)
		return err;
	if (t->lane == GS_LANE_L1)
		return prepare_deposit(t, intent, effect, preparing);
	return hand_out(t, effect, intent->data, preparing);
}

/* What waits behind a nonce that nobody uses would wait for ever: nothing is sent to ourselves with it. */
static enum gs_err prepare_filler(struct gs_node_turn *t, uint64_t nonce)
{
	const struct gs_node_effect effect = {
		.to = t->node->options.self, .gas = TRANSFER_GAS, .fee_max = plain_cap(t), .urgency = GS_URGENCY_DUE};

	return hand_out(t, effect, (struct gs_bytes){NULL, 0},
	                (struct gs_node_preparing){.nonce = nonce, .fills = true, .cancels = true});
}

static enum gs_err prepare_replacement(struct gs_node_turn *t, const struct gs_replacement *r)
{
	struct gs_node_effect effect = {.hash = r->old.intent,
	                                .to = t->node->options.self,
	                                .gas = TRANSFER_GAS,
	                                .fee_max = plain_cap(t),
	                                .urgency = r->urgency,
	                                .replaces = true,
	                                .keeps = r->cancels == r->old.cancels &&
	                                         (r->urgency != GS_URGENCY_CLOSE || !r->first)};
	struct gs_node_preparing preparing = {.nonce = r->old.nonce,
	                                      .replaces = r->old.hash,
	                                      .cancels = r->cancels,
	                                      .hopeless = r->old.hopeless,
	                                      .urgency = r->urgency,
	                                      .deposit_gas = r->old.deposit_gas};
	struct gs_intent intent;
	struct gs_bytes call = {NULL, 0};
	struct gs_buf data;
	enum gs_err err;

	gs_buf_init(&data, GS_STORE_VALUE_MAX);
	err = gs_fees_raise(r->old.max_fee, &effect.least_fee);
	if (!err)
		err = gs_fees_raise(r->old.tip, &effect.least_tip);
	if (!err && !gs_hash_is_zero(&r->old.intent)) {
		err = gs_intent_load(t->j, &r->old.intent, &intent, &data);
		if (!err)
			effect.fee_max = cap_of(t, &intent);
		if (!err && !r->cancels) {
			effect.to = intent.to;
			effect.gas = r->old.cancels ? 0 : r->old.gas_limit;
			effect.tried = !gs_intent_is_obligation(intent.kind);
			call = intent.data;
		}
	}
	if (!err && t->lane == GS_LANE_L1 && call.len)
		err = prepare_deposit(t, &intent, effect, preparing);
	else if (!err)
		err = hand_out(t, effect, call, preparing);
	gs_buf_free(&data);
	return err;
}

static enum gs_err prepare_next_intent(struct gs_node_turn *t)
{
	const bool gap = gs_node_lane_of(t)->gap.known, l1 = t->lane == GS_LANE_L1;
	struct gs_node_preparing preparing = {.nonce = gs_node_lane_of(t)->gap.nonce, .fills = gap};
	struct gs_intent intent;
	struct gs_buf data;
	bool full = false;
	enum gs_err err = gap ? GS_OK : load_nonce(t, &preparing.nonce);

	if (err)
		return err;
	gs_buf_init(&data, GS_STORE_VALUE_MAX);
	err = l1 ? gs_forced_next(t, &intent, &data, &preparing.deposit_gas)
	         : gs_intent_next(t->j, t->node->now, &intent, &data);
	GS_ASSERT(err || l1 || intent.status == GS_INTENT_PLANNED);
	if (!err && !gap)
		err = is_full(t, &full);
	if (!err && !full)
		err = prepare_intent(t, &intent, preparing, NULL);
	gs_buf_free(&data);
	if (gap && !gs_node_lane_of(t)->preparing.under_way && (!err || err == GS_ENOTFOUND))
		return prepare_filler(t, gs_node_lane_of(t)->gap.nonce);
	return err == GS_ENOTFOUND ? GS_OK : err;
}

/* What is due by some time does not wait behind what nobody wants any more (a game that is settled, a branch that is gone): it takes the lowest such
 * nonce, at a price that displaces the call that had it. Whichever of the two is mined, the other one's intent is planned again if it is wanted
 * (intent.c, settle_line). */
static enum gs_err take_over(struct gs_node_turn *t)
{
	struct gs_replacement dead = {0};
	struct gs_intent intent;
	struct gs_buf data;
	enum gs_urgency urgency;
	enum gs_err err;

	gs_buf_init(&data, GS_STORE_VALUE_MAX);
	err = gs_intent_next(t->j, t->node->now, &intent, &data);
	urgency = err ? GS_URGENCY_NONE : gs_intent_urgency(&intent, t->node->now, t->node->options.fees.close_s);
	if (!err)
		err = urgency == GS_URGENCY_NONE ? GS_ENOTFOUND : gs_tending_find_dead(t, urgency, &intent.id, &dead);
	if (!err)
		err = prepare_intent(t, &intent,
		                     (struct gs_node_preparing){.nonce = dead.old.nonce,
		                                                .replaces = dead.old.hash,
		                                                .takes_over = true,
		                                                .urgency = urgency},
		                     &dead.old);
	gs_buf_free(&dead.bytes);
	gs_buf_free(&data);
	return err == GS_ENOTFOUND ? GS_OK : err;
}

static enum gs_err next_of_lane(struct gs_node_turn *t)
{
	struct gs_replacement replacement;
	enum gs_err err = GS_OK;

	if (gs_node_lane_of(t)->preparing.under_way || (t->lane == GS_LANE_L1 && !t->node->options.l1.on) ||
	    (gs_node_lane_of(t)->gap.known && gs_node_lane_of(t)->gap.tried))
		return GS_OK;
	if (!gs_node_lane_of(t)->gap.known && t->lane == GS_LANE_CHAIN)
		err = take_over(t);
	if (err || gs_node_lane_of(t)->preparing.under_way)
		return err;
	if (!gs_node_lane_of(t)->gap.known && gs_node_lane_of(t)->tend_prices) {
		err = gs_tending_find(t, &replacement);
		if (!err) {
			err = prepare_replacement(t, &replacement);
			gs_buf_free(&replacement.bytes);
			return err;
		}
		if (err != GS_ENOTFOUND)
			return err;
		gs_node_lane_of(t)->tend_prices = false; /* until the next look */
	}
	return prepare_next_intent(t);
}

enum gs_err gs_transactions_next(struct gs_node_turn *t, bool look)
{
	const enum gs_lane lane = t->lane;
	enum gs_err err = GS_OK;

	for (int i = 0; i < GS_LANES && !err; i++) {
		t->lane = (enum gs_lane)i;
		gs_node_lane_of(t)->gap.tried = gs_node_lane_of(t)->gap.tried && !look;
		gs_node_lane_of(t)->left_below = look ? 0 : gs_node_lane_of(t)->left_below;
		err = next_of_lane(t);
	}
	t->lane = lane;
	return err;
}

/* --- what comes back --- */

enum gs_err gs_transactions_start(struct gs_node_turn *t, uint64_t chain_nonce)
{
	uint64_t nonce;
	enum gs_err err = load_nonce(t, &nonce);

	if (!err && chain_nonce > nonce)
		err = store_nonce(t, chain_nonce);
	for (int lane = 0; lane < GS_LANES && !err; lane++) {
		t->lane = (enum gs_lane)lane;
		if (t->lane == GS_LANE_L1 && !t->node->options.l1.on)
			continue;
		gs_node_lane_of(t)->ask_nonce = true;
		err = gs_tending_load_gap(t);
		if (!err)
			err = gs_tending_look(t, true);
	}
	t->lane = GS_LANE_CHAIN;
	return err;
}

/* Whether an intent is still one to be signed, or to be sent through L1. Since it was handed out a reorganisation may have taken back that an earlier
 * transaction of it failed: that one counts again, and is sent again. */
static enum gs_err still_planned(struct gs_node_turn *t, const struct gs_hash *id, bool *out)
{
	struct gs_intent intent;
	struct gs_buf data;

	gs_buf_init(&data, GS_STORE_VALUE_MAX);
	enum gs_err err = gs_intent_load(t->j, id, &intent, &data);
	*out = !err && intent.status == (t->lane == GS_LANE_L1 ? GS_INTENT_SIGNED : GS_INTENT_PLANNED);
	gs_buf_free(&data);
	return err;
}

/* Whether what is to be replaced still waits. */
static enum gs_err still_waits(struct gs_node_turn *t, const struct gs_hash *hash, bool *out)
{
	struct gs_tx_record tx;
	struct gs_buf data;

	gs_buf_init(&data, GS_STORE_VALUE_MAX);
	enum gs_err err = gs_tx_record_load(t->j, hash, &tx, &data);
	*out = !err && !tx.settled;
	gs_buf_free(&data);
	return err == GS_ENOTFOUND ? GS_OK : err;
}

static const char *signed_event(const struct gs_tx_record *tx, const struct gs_node_preparing *p)
{
	const bool l1 = tx->lane == GS_LANE_L1;

	if (p->takes_over)
		return "tx.nonce_taken_over";
	if (gs_hash_is_zero(&p->replaces))
		return tx->cancels ? l1 ? "tx.forced_gap_filled" : "tx.gap_filled" : l1 ? "tx.forced" : "tx.signed";
	if (tx->cancels)
		return l1 ? "tx.forced_cancelled" : "tx.cancelled";
	return l1 ? "tx.forced_replaced" : "tx.replaced";
}

static void tell_signed(const struct gs_node *node, const struct gs_tx_record *tx, const struct gs_node_preparing *p)
{
	char id[67], hash[67], fee[GS_U256_DECIMAL_MAX];

	gs_hex_encode(tx->intent.b, 32, true, id);
	gs_hex_encode(tx->hash.b, 32, true, hash);
	gs_u256_to_decimal(&tx->max_fee.v, fee);
	gs_log_line(node->log, tx->lane == GS_LANE_L1 ? GS_LOG_WARN : GS_LOG_INFO, signed_event(tx, p),
	            "intent=%s tx=%s nonce=%llu max_fee=%s", id, hash, (unsigned long long)tx->nonce, fee);
}

enum gs_err gs_transactions_prepared(struct gs_node_turn *t, const struct gs_node_input *in)
{
	const struct gs_node_preparing p = gs_node_lane_of(t)->preparing;
	const bool replaces = !gs_hash_is_zero(&p.replaces);
	struct gs_tx_record tx = {.hash = in->as.prepared.tx,
	                          .intent = in->as.prepared.intent,
	                          .nonce = in->as.prepared.nonce,
	                          .last_sent = t->node->now,
	                          .raw = in->as.prepared.raw,
	                          .max_fee = in->as.prepared.max_fee,
	                          .tip = in->as.prepared.tip,
	                          .gas_limit = in->as.prepared.gas_limit,
	                          .cancels = p.cancels,
	                          .hopeless = p.hopeless,
	                          .tended_block = gs_tending_clock(t),
	                          .lane = t->lane,
	                          .deposit_gas = p.deposit_gas};
	uint64_t next;
	bool wanted = true;
	enum gs_err err = load_nonce(t, &next);

	GS_ASSERT(p.under_way && in->as.prepared.nonce == p.nonce);
	gs_node_lane_of(t)->preparing.under_way = false;
	if (!err && replaces)
		err = still_waits(t, &p.replaces, &wanted);
	if (!err && wanted && !p.cancels && (!replaces || p.takes_over))
		err = still_planned(t, &tx.intent, &wanted);
	if (err || !wanted)
		return err;
	gs_node_lane_of(t)->gap.known = gs_node_lane_of(t)->gap.known && !p.fills;
	if (t->lane == GS_LANE_L1) /* the intent goes on with its own line on the chain, too */
		err = gs_intent_forced(t->j, &tx);
	else
		err = (replaces && !p.takes_over) || p.cancels ? gs_intent_replaced(t->j, &tx)
		                                               : gs_intent_signed(t->j, &tx);
	if (!err && tx.nonce >= next)
		err = store_nonce(t, tx.nonce + 1);
	if (!err)
		err = gs_node_emit(t, (struct gs_node_effect){.kind = GS_EFFECT_SEND, .hash = tx.hash}, tx.raw);
	tell_signed(t->node, &tx, &p);
	return err;
}

static void tell_refused(struct gs_node *node, const char *event, const struct gs_intent *intent, const char *why)
{
	char subject[67];

	gs_hex_encode(intent->subject.b, 32, true, subject);
	gs_log_line(node->log, GS_LOG_WARN, event, "what=%s subject=%s why=\"%s\"",
	            gs_intent_kind_name((enum gs_intent_kind)intent->kind), subject, why);
}

/* A cap, a balance or a budget that binds is said once in a while, with what it holds up. */
static void tell_bound(struct gs_node *node, enum gs_tx_refusal reason, const struct gs_intent *intent, const char *why)
{
	if (node->now.unix_s < node->bound_told.unix_s + GS_NODE_RETELL_S)
		return;
	node->bound_told = node->now;
	tell_refused(node,
	             reason == GS_REFUSED_CAP       ? "tx.cap_binds"
	             : reason == GS_REFUSED_BALANCE ? "tx.balance_short"
	                                            : "budget.waits",
	             intent, why);
}

/* It keeps its price, and is looked at again after a while; one that would revert is not worth more. */
static enum gs_err not_replaced(struct gs_node_turn *t, const struct gs_node_preparing *p, bool reverts)
{
	struct gs_tx_record old;
	struct gs_buf data;
	enum gs_err err;

	gs_buf_init(&data, GS_STORE_VALUE_MAX);
	err = gs_tx_record_load(t->j, &p->replaces, &old, &data);
	if (!err && !old.settled) {
		old.tended_block = gs_tending_clock(t);
		old.hopeless = old.hopeless || reverts;
		err = gs_tx_record_put(t->j, &old, false);
	}
	gs_buf_free(&data);
	return err == GS_ENOTFOUND ? GS_OK : err;
}

/* On L1 the intent stays as it is: it is tried again, soon. An endpoint of L1 that does not answer, a portal that is paused, an
 * account without ether there: all of these are for the operator to mend while there is time. */
static void not_forced(struct gs_node *node, const struct gs_intent *intent, const char *why)
{
	node->l1_not_before.unix_s = node->now.unix_s + L1_RETRY_S;
	if (node->now.unix_s < node->l1_told.unix_s + GS_NODE_RETELL_S)
		return;
	node->l1_told = node->now;
	tell_refused(node, "tx.forced_failed", intent, why);
}

enum gs_err gs_transactions_refused(struct gs_node_turn *t, const struct gs_node_input *in)
{
	const struct gs_node_preparing p = gs_node_lane_of(t)->preparing;
	const enum gs_tx_refusal why = in->as.refused.kind;
	const bool reverts = why == GS_REFUSED_REVERTS, bound = why >= GS_REFUSED_CAP;
	struct gs_intent intent = {0};
	struct gs_buf data;
	enum gs_err err = GS_OK;

	GS_ASSERT(p.under_way);
	gs_node_lane_of(t)->preparing.under_way = false;
	gs_buf_init(&data, GS_STORE_VALUE_MAX);
	if (!gs_hash_is_zero(&in->as.refused.intent))
		err = gs_intent_load(t->j, &in->as.refused.intent, &intent, &data);
	if (!err && t->lane == GS_LANE_L1)
		not_forced(t->node, &intent, in->as.refused.reason);
	else if (!err && bound)
		tell_bound(t->node, why, &intent, in->as.refused.reason);
	if (p.takes_over)
		gs_node_lane_of(t)->left_below = p.nonce + 1;
	if (!err && !gs_hash_is_zero(&p.replaces) && !p.takes_over) {
		err = not_replaced(t, &p, reverts);
		if (why == GS_REFUSED_ENDPOINT) /* which would tell no more about the others */
			gs_node_lane_of(t)->tend_prices = false;
	} else if (!err && t->lane == GS_LANE_CHAIN && intent.status == GS_INTENT_PLANNED &&
	           !(p.takes_over &&
	             bound)) { /* then displacing the other is what costs too much: it gets the next nonce */
		if (!bound)
			tell_refused(t->node, "tx.refused", &intent, in->as.refused.reason);
		/* What the operator orders is over at the first attempt that counts. */
		const bool counts = reverts || (why == GS_REFUSED_ENDPOINT && intent.kind != GS_INTENT_COMMAND);
		err = gs_intent_refused(t->j, &in->as.refused.intent, counts, t->node->now);
	}
	if (p.fills && p.cancels) { /* what an endpoint refused is found again, if it is a gap */
		gs_node_lane_of(t)->gap.tried = why == GS_REFUSED_ENDPOINT;
		gs_node_lane_of(t)->gap.known = gs_node_lane_of(t)->gap.known && why == GS_REFUSED_ENDPOINT;
	}
	gs_buf_free(&data);
	return err;
}

enum gs_err gs_transactions_kept(struct gs_node_turn *t, const struct gs_node_input *in)
{
	const struct gs_node_preparing p = gs_node_lane_of(t)->preparing;

	GS_ASSERT(p.under_way && !gs_hash_is_zero(&p.replaces));
	gs_node_lane_of(t)->preparing.under_way = false;
	if (p.takes_over) { /* that line is mined, as it seems: the call gets the next nonce */
		gs_node_lane_of(t)->left_below = p.nonce + 1;
		return GS_OK;
	}
	if (in->as.kept.enough) {
		struct gs_node_lane *lane = gs_node_lane_of(t);
		lane->enough.known = true;
		lane->enough.urgency = p.urgency;
		lane->enough.max_fee = in->as.kept.max_fee;
		lane->enough.tip = in->as.kept.tip;
	}
	return not_replaced(t, &p, false);
}

/* Somebody else uses this key too. That is not how it should be, but no reason to fail. */
enum gs_err gs_transactions_behind(struct gs_node_turn *t, uint64_t chain_nonce)
{
	uint64_t nonce;
	enum gs_err err = load_nonce(t, &nonce);

	GS_ASSERT(gs_node_lane_of(t)->preparing.under_way);
	gs_node_lane_of(t)->preparing.under_way = false;
	gs_node_lane_of(t)->gap.known = false;
	if (err || chain_nonce <= nonce)
		return err;
	if (t->lane == GS_LANE_CHAIN || nonce) /* of L1 nothing is known before */
		gs_log_line(t->node->log, GS_LOG_WARN, "tx.nonce_behind", "ours=%llu chain=%llu",
		            (unsigned long long)nonce, (unsigned long long)chain_nonce);
	return store_nonce(t, chain_nonce);
}

/* Another of its line may have been mined, in a block that is not here yet: then its receipt comes before the second time. */
static enum gs_err wait_for_line(struct gs_node_turn *t, struct gs_tx_record *tx, bool *wait)
{
	struct gs_tx_list list;
	size_t in_line = 0;
	enum gs_err err = gs_tx_record_pending(t->j, t->lane, &list);

	for (size_t i = 0; i < list.count; i++)
		in_line += list.tx[i].nonce == tx->nonce;
	gs_tx_list_free(&list);
	*wait = in_line > 1 &&
	        (!tx->lost_since.unix_s || t->node->now.unix_s < tx->lost_since.unix_s + t->node->options.resend_s);
	if (err || !*wait || tx->lost_since.unix_s)
		return err;
	tx->lost_since = t->node->now;
	return gs_tx_record_put(t->j, tx, false);
}

static void tell_lost(const struct gs_node *node, const struct gs_tx_record *tx)
{
	char hash[67];

	gs_hex_encode(tx->hash.b, 32, true, hash);
	gs_log_line(node->log, GS_LOG_WARN, "tx.nonce_lost",
	            "tx=%s why=\"another transaction of this key took its nonce\"", hash);
}

enum gs_err gs_transactions_lost(struct gs_node_turn *t, const struct gs_node_input *in)
{
	struct gs_tx_record tx;
	struct gs_buf data;
	uint64_t nonce;
	bool wait = false;
	enum gs_err err;

	gs_buf_init(&data, GS_STORE_VALUE_MAX);
	err = gs_tx_record_load(t->j, &in->as.nonce_lost.tx, &tx, &data);
	if (!err && !tx.settled)
		err = wait_for_line(t, &tx, &wait);
	if (err || tx.settled || wait)
		goto out;
	tell_lost(t->node, &tx);
	err = t->lane == GS_LANE_L1 ? gs_tx_record_settle(t->j, t->lane, tx.nonce, gs_tending_clock(t))
	                            : gs_intent_lost(t->j, &tx, t->node->now);
	if (!err)
		err = load_nonce(t, &nonce);
	if (!err && in->as.nonce_lost.nonce > nonce)
		err = store_nonce(t, in->as.nonce_lost.nonce);
out:
	gs_buf_free(&data);
	return err == GS_ENOTFOUND ? GS_OK : err;
}

static enum gs_err settle_mined(struct gs_node_turn *t, const struct gs_node_input *in, const struct gs_tx_record *tx)
{
	char hash[67], cost[GS_U256_DECIMAL_MAX];
	enum gs_err err;

	err = gs_intent_mined(t->j, tx, in->as.receipt.success, t->node->now);
	if (!err)
		err = gs_budget_spend(t->j, GS_LANE_CHAIN, t->node->now, in->as.receipt.cost);
	if (!err)
		err = gs_tending_next(t);
	gs_hex_encode(tx->hash.b, 32, true, hash);
	gs_wei_format_ether(in->as.receipt.cost, cost);
	gs_log_line(t->node->log, in->as.receipt.success ? GS_LOG_INFO : GS_LOG_WARN, "tx.mined",
	            "tx=%s success=%s block=%llu cost=%s", hash, in->as.receipt.success ? "yes" : "no",
	            (unsigned long long)in->as.receipt.block_number, cost);
	return err;
}

/* A receipt counts once its block is one that we have applied. */
enum gs_err gs_transactions_receipt(struct gs_node_turn *t, const struct gs_node_input *in)
{
	const struct gs_head *kept = gs_head_at(&t->node->tracker, in->as.receipt.block_number);
	struct gs_tx_record tx;
	struct gs_buf data;
	enum gs_err err;

	if (t->lane == GS_LANE_L1)
		return gs_forced_receipt(t, in);
	if (in->as.receipt.block_number > t->node->block ||
	    (kept && !gs_hash_equal(&kept->hash, &in->as.receipt.block_hash)))
		return GS_OK;
	gs_buf_init(&data, GS_STORE_VALUE_MAX);
	err = gs_tx_record_load(t->j, &in->as.receipt.tx, &tx, &data);
	if (err == GS_ENOTFOUND && t->node->options.l1.on)
		err = gs_forced_executed(t, in);
	else if (!err && !tx.settled)
		err = settle_mined(t, in, &tx);
	gs_buf_free(&data);
	return err == GS_ENOTFOUND ? GS_OK : err;
}

/* A deposit takes a nonce without being in any line, and an endpoint that takes what it is sent and passes nothing on never says that
 * the nonce is gone. What the chain has mined past, twice resend_s apart and without a receipt, is lost. */
static enum gs_err lose_passed(struct gs_node_turn *t, uint64_t mined)
{
	struct gs_tx_list list;
	enum gs_err err = gs_tx_record_pending(t->j, t->lane, &list);

	for (size_t i = 0; i < list.count && !err; i++) {
		struct gs_tx_record *tx = &list.tx[i];
		if (tx->nonce >= mined || (i > 0 && tx[-1].nonce == tx->nonce))
			continue;
		if (!tx->lost_since.unix_s) {
			tx->lost_since = t->node->now;
			err = gs_tx_record_put(t->j, tx, false);
		} else if (t->node->now.unix_s >= tx->lost_since.unix_s + t->node->options.resend_s) {
			tell_lost(t->node, tx);
			err = gs_intent_lost(t->j, tx, t->node->now);
		}
	}
	gs_tx_list_free(&list);
	return err;
}

enum gs_err gs_transactions_nonce(struct gs_node_turn *t, const struct gs_node_input *in)
{
	const uint64_t pending = in->as.nonce.pending;
	uint64_t next;
	enum gs_err err = load_nonce(t, &next);
	bool lower = false;

	if (!err && t->node->options.l1.on && t->lane == GS_LANE_CHAIN && in->as.nonce.mined)
		err = lose_passed(t, in->as.nonce.mined);
	if (err)
		return err;
	gs_tending_heard(t, pending);
	gs_node_lane_of(t)->pooled = pending;
	gs_node_lane_of(t)->told = t->node->now;
	if (in->as.nonce.mined)
		gs_node_lane_of(t)->mined = in->as.nonce.mined;
	err = gs_tending_gap(t, pending, next, &lower);
	if (err || !lower)
		return err;
	gs_log_line(t->node->log, GS_LOG_WARN, "tx.nonce_ahead", "ours=%llu chain=%llu", (unsigned long long)next,
	            (unsigned long long)pending);
	return store_nonce(t, pending);
}
