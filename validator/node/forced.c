/* Through L1, past a sequencer that keeps a transaction out: the portal's deposit does what the transaction would, and the chain must
 * take it (chain/eth/deposit.h).
 *
 * The transaction on the chain stays where it is, and is tended there: whichever comes first counts. A deposit takes the account's next nonce,
 * so the lowest line that waits is lost when it comes, mostly that of the same intent; moves, answers and roots that come a second time
 * fail at their first check. A challenge may come twice only when the sequencer lets it through while its deposit is on its way: then
 * there are two games, each with its bond.
 *
 * Whether L1 has the deposit is asked of L1; what became of it on the chain is seen there, by the hash that follows from the event, and
 * by the facts in any case. Nothing here rests on L1 telling the truth: a deposit that is not on its way is a clock that runs out. */
#include <string.h>

#include "chain/eth/deposit.h"
#include "validator/node/node_state.h"

enum {
	TRIES_MAX = 4, /* deposits of one intent in one week: each costs L1's gas */
	PPM = 1000 * 1000,
};

/* --- what is so late that it goes through L1 --- */

/* Whether the share of its time is over, and the time itself is not. */
static bool is_late(const struct gs_node *node, const struct gs_intent *intent)
{
	const uint64_t due_s = intent->due.unix_s, since_s = intent->since.unix_s;
	uint64_t span_s;

	if (!due_s || due_s <= since_s || node->now.unix_s >= due_s || intent->kind == GS_INTENT_ATTEST)
		return false;
	span_s = due_s - since_s;
	return node->now.unix_s >= since_s + span_s / PPM * node->options.l1.escalate_ppm +
	                                   span_s % PPM * node->options.l1.escalate_ppm / PPM;
}

/* Whether a deposit of the intent is on its way, or so many failed that another would, too. */
static bool is_forced(const struct gs_tx_list *l1, const struct gs_hash *intent)
{
	unsigned tries = 0;

	for (size_t i = 0; i < l1->count; i++) {
		const struct gs_tx_record *tx = &l1->tx[i];
		if (!gs_hash_equal(&tx->intent, intent))
			continue;
		if (!tx->settled || (!gs_hash_is_zero(&tx->deposit) && !tx->hopeless))
			return true;
		tries += !gs_hash_is_zero(&tx->deposit);
	}
	return tries >= TRIES_MAX;
}

/* Of what waits on the chain. *out borrows nothing. */
static enum gs_err look_at(struct gs_node_turn *t, const struct gs_tx_record *tx, const struct gs_tx_list *l1,
                           struct gs_intent *out, bool *late)
{
	struct gs_buf data;
	enum gs_err err;

	*late = false;
	if (tx->cancels || tx->hopeless || gs_hash_is_zero(&tx->intent) || is_forced(l1, &tx->intent))
		return GS_OK;
	gs_buf_init(&data, GS_STORE_VALUE_MAX);
	err = gs_intent_load(t->j, &tx->intent, out, &data);
	if (!err && out->status == GS_INTENT_SIGNED && out->data.len <= GS_DEPOSIT_DATA_MAX && is_late(t->node, out))
		err = gs_tending_wanted(t, out, late);
	out->data = (struct gs_bytes){NULL, 0};
	gs_buf_free(&data);
	return err;
}

/* The one that is due first. */
static enum gs_err find_late(struct gs_node_turn *t, const struct gs_tx_list *waiting, const struct gs_tx_list *l1,
                             struct gs_intent *best, uint64_t *gas)
{
	bool found = false;

	for (size_t i = 0; i < waiting->count; i++) {
		struct gs_intent intent;
		bool late;
		enum gs_err err = look_at(t, &waiting->tx[i], l1, &intent, &late);
		if (err)
			return err;
		if (!late || (found && intent.due.unix_s >= best->due.unix_s))
			continue;
		found = true;
		*best = intent;
		*gas = waiting->tx[i].gas_limit;
	}
	return found ? GS_OK : GS_ENOTFOUND;
}

enum gs_err gs_forced_next(struct gs_node_turn *t, struct gs_intent *out, struct gs_buf *data, uint64_t *gas)
{
	struct gs_tx_list waiting, l1;
	struct gs_intent found;
	enum gs_err err;

	if (!t->node->look_forced || t->node->now.unix_s < t->node->l1_not_before.unix_s)
		return GS_ENOTFOUND;
	err = gs_tx_record_pending(t->j, GS_LANE_CHAIN, &waiting);
	if (err) {
		gs_tx_list_free(&waiting);
		return err;
	}
	err = gs_tx_record_all(t->j, GS_LANE_L1, &l1);
	if (!err)
		err = find_late(t, &waiting, &l1, &found, gas);
	gs_tx_list_free(&l1);
	gs_tx_list_free(&waiting);
	if (err == GS_ENOTFOUND)
		t->node->look_forced = false; /* until the next look */
	if (err)
		return err;
	err = gs_intent_load(t->j, &found.id, out, data);
	if (!err && *gas < gs_deposit_least_gas(out->data.len))
		*gas = gs_deposit_least_gas(out->data.len);
	return err;
}

enum gs_err gs_forced_call(struct gs_node_turn *t, const struct gs_intent *intent, uint64_t gas, struct gs_buf *out)
{
	const struct gs_deposit deposit = {
		.from = t->node->options.self, .to = intent->to, .gas = gas, .data = intent->data};

	return gs_deposit_call(&deposit, out, t->j->error);
}

/* --- what became of it --- */

static void tell(const struct gs_node *node, const struct gs_tx_record *tx, enum gs_log_level level, const char *event,
                 const char *what, const char *value)
{
	char intent[67], hash[67];

	gs_hex_encode(tx->intent.b, 32, true, intent);
	gs_hex_encode(tx->hash.b, 32, true, hash);
	gs_log_line(node->log, level, event, "intent=%s tx=%s %s=%s", intent, hash, what, value);
}

/* Looks for the transactions on the chain that deposits lead to, while anybody waits for them. */
static enum gs_err watch(struct gs_node_turn *t, const struct gs_tx_record *tx)
{
	struct gs_intent intent;
	struct gs_buf data;
	bool waits;
	enum gs_err err;

	if (gs_hash_is_zero(&tx->deposit) || tx->hopeless)
		return GS_OK;
	gs_buf_init(&data, GS_STORE_VALUE_MAX);
	err = gs_intent_load(t->j, &tx->intent, &intent, &data);
	waits = !err && intent.status != GS_INTENT_DONE;
	gs_buf_free(&data);
	if (err || !waits)
		return err == GS_ENOTFOUND ? GS_OK : err;
	return gs_node_emit(t, (struct gs_node_effect){.kind = GS_EFFECT_WATCH, .hash = tx->deposit},
	                    (struct gs_bytes){NULL, 0});
}

enum gs_err gs_forced_look(struct gs_node_turn *t)
{
	struct gs_tx_list l1;
	enum gs_err err;

	if (!t->node->options.l1.on)
		return GS_OK;
	t->node->look_forced = true;
	err = gs_tx_record_all(t->j, GS_LANE_L1, &l1);
	for (size_t i = 0; i < l1.count && !err; i++)
		err = watch(t, &l1.tx[i]);
	gs_tx_list_free(&l1);
	if (err)
		return err;
	t->lane = GS_LANE_L1;
	err = gs_tending_look(t, false);
	t->lane = GS_LANE_CHAIN;
	return err;
}

/* No reorganisation of L1 is expected to take it back: the line is settled, and paid for. */
static enum gs_err settle(struct gs_node_turn *t, const struct gs_tx_record *tx, const struct gs_node_input *in)
{
	char cost[GS_U256_DECIMAL_MAX];
	enum gs_err err = gs_tx_record_settle(t->j, GS_LANE_L1, tx->nonce, gs_tending_clock(t));

	if (!err)
		err = gs_budget_spend(t->j, GS_LANE_L1, t->node->now, in->as.receipt.cost);
	gs_wei_format_ether(in->as.receipt.cost, cost);
	tell(t->node, tx, in->as.receipt.success ? GS_LOG_INFO : GS_LOG_WARN,
	     in->as.receipt.success ? "tx.forced_settled" : "tx.forced_reverted", "cost", cost);
	return err;
}

enum gs_err gs_forced_receipt(struct gs_node_turn *t, const struct gs_node_input *in)
{
	struct gs_tx_record tx;
	struct gs_buf data;
	char deposit[67];
	enum gs_err err;

	gs_buf_init(&data, GS_STORE_VALUE_MAX);
	err = gs_tx_record_load(t->j, &in->as.receipt.tx, &tx, &data);
	if (err || tx.lane != GS_LANE_L1 || tx.settled)
		goto out;
	if (!gs_hash_equal(&tx.deposit, &in->as.receipt.deposit)) {
		tx.deposit = in->as.receipt.deposit;
		err = gs_tx_record_put(t->j, &tx, false);
		gs_hex_encode(tx.deposit.b, 32, true, deposit);
		if (!gs_hash_is_zero(&tx.deposit))
			tell(t->node, &tx, GS_LOG_INFO, "tx.forced_deposited", "deposit", deposit);
	}
	if (!err && in->as.receipt.deep)
		err = settle(t, &tx, in);
out:
	gs_buf_free(&data);
	return err == GS_ENOTFOUND ? GS_OK : err;
}

enum gs_err gs_forced_no_receipt(struct gs_node_turn *t, const struct gs_hash *hash)
{
	struct gs_tx_record tx;
	struct gs_buf data;
	char deposit[67];
	enum gs_err err;

	gs_buf_init(&data, GS_STORE_VALUE_MAX);
	err = gs_tx_record_load(t->j, hash, &tx, &data);
	if (err || tx.lane != GS_LANE_L1 || tx.settled || gs_hash_is_zero(&tx.deposit))
		goto out;
	gs_hex_encode(tx.deposit.b, 32, true, deposit);
	tell(t->node, &tx, GS_LOG_WARN, "tx.forced_dropped", "deposit", deposit);
	memset(&tx.deposit, 0, sizeof(tx.deposit));
	tx.last_sent = t->node->now;
	t->lane = GS_LANE_L1;
	err = gs_tx_record_put(t->j, &tx, false);
	if (!err)
		err = gs_node_emit(t, (struct gs_node_effect){.kind = GS_EFFECT_SEND, .hash = tx.hash}, tx.raw);
out:
	gs_buf_free(&data);
	return err == GS_ENOTFOUND ? GS_OK : err;
}

/* The intent is done, by a transaction that is no record of ours; its own line on the chain is lost, or taken back. */
static enum gs_err done(struct gs_node_turn *t, const struct gs_tx_record *tx)
{
	struct gs_intent intent;
	struct gs_buf data;
	enum gs_err err;

	gs_buf_init(&data, GS_STORE_VALUE_MAX);
	err = gs_intent_load(t->j, &tx->intent, &intent, &data);
	if (!err && intent.status != GS_INTENT_DONE) {
		tell(t->node, tx, GS_LOG_INFO, "tx.forced_done", "what",
		     gs_intent_kind_name((enum gs_intent_kind)intent.kind));
		err = gs_intent_done(t->j, &intent, &tx->deposit);
	}
	gs_buf_free(&data);
	return err;
}

enum gs_err gs_forced_executed(struct gs_node_turn *t, const struct gs_node_input *in)
{
	struct gs_tx_list l1;
	enum gs_err err = gs_tx_record_all(t->j, GS_LANE_L1, &l1);

	for (size_t i = 0; i < l1.count && !err; i++) {
		struct gs_tx_record *tx = &l1.tx[i];
		if (!gs_hash_equal(&tx->deposit, &in->as.receipt.tx) || tx->hopeless)
			continue;
		if (in->as.receipt.success) {
			err = done(t, tx);
			continue;
		}
		tx->hopeless = true; /* what it answers has changed, or else it is planned, signed and sent again */
		err = gs_tx_record_put(t->j, tx, false);
		tell(t->node, tx, GS_LOG_WARN, "tx.forced_failed", "why", "\"it reverted on the chain\"");
	}
	gs_tx_list_free(&l1);
	return err;
}
