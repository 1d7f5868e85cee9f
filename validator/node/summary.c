#include <string.h>

#include "validator/node/node_state.h"

static enum gs_err count_own(void *context, struct gs_bytes key, struct gs_bytes value)
{
	uint64_t *own = context;

	(void)key;
	(void)value;
	++*own;
	return GS_OK;
}

/* The agenda has an entry for each attestation of the node's own account that is not collected. */
static enum gs_err count_attested(struct gs_journal *j, uint64_t *out)
{
	const uint8_t own = GS_AGENDA_OWN_ATTESTED;

	*out = 0;
	return j->store->scan(j->txn, GS_TABLE_AGENDA, (struct gs_bytes){&own, 1}, GS_STORE_ASCENDING, count_own, out,
	                      j->error);
}

static enum gs_err count_waiting(struct gs_journal *j, enum gs_lane lane, struct gs_node_summary *out)
{
	struct gs_tx_list txs;
	enum gs_err err = gs_tx_record_pending(j, lane, &txs);

	for (size_t i = 0; i < txs.count; i++)
		out->pending_txs += i == 0 || txs.tx[i].nonce != txs.tx[i - 1].nonce;
	gs_tx_list_free(&txs);
	return err;
}

enum gs_err gs_node_summarise(struct gs_node *node, struct gs_node_summary *out, struct gs_error *error)
{
	struct gs_store_txn *txn;
	struct gs_journal j = {.store = node->store, .error = error};
	struct gs_node_turn turn = {.node = node, .j = &j};
	struct gs_spent spent;
	struct gs_counts counts;
	enum gs_err err;

	memset(out, 0, sizeof(*out));
	err = node->store->begin(node->store->self, GS_STORE_READ, &txn, error);
	if (err)
		return err;
	j.txn = txn;
	err = gs_counts_load(&j, &counts);
	if (!err)
		err = count_attested(&j, &out->attested);
	if (!err) {
		out->claims = counts.of[GS_COUNT_CLAIMS];
		out->open = counts.of[GS_COUNT_OPEN];
		out->invalid = counts.of[GS_COUNT_INVALID];
		out->final = counts.of[GS_COUNT_FINAL];
		out->open_games = counts.of[GS_COUNT_OPEN_GAMES];
		out->open_batches = counts.of[GS_COUNT_OPEN_BATCHES];
		err = count_waiting(&j, GS_LANE_CHAIN, out);
		if (!err)
			err = count_waiting(&j, GS_LANE_L1, out);
		if (!err)
			err = gs_budget_spent(&j, node->now, &spent);
		if (!err) {
			out->spent_today = spent.today;
			out->spent = spent.total;
		}
	}
	if (!err)
		err = gs_work_shed(&j, &out->shed, &out->shed_value);
	out->waiting = node->waiting;
	out->deferred = node->deferred;
	if (!err)
		err = gs_plan_outlook(&turn, &out->capital);
	node->store->abort(txn);
	for (size_t i = 0; i < node->execution_count; i++)
		out->executions += node->execution[i].running;
	return err;
}
