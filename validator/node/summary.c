#include <string.h>

#include "validator/node/node_state.h"

static enum gs_err count_claim(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct gs_node_summary *summary = context;
	struct gs_claim claim;
	enum gs_err err = gs_claim_decode(key, value, &claim);

	if (err)
		return err;
	summary->claims++;
	summary->open += claim.status == GS_CLAIM_OPEN;
	summary->invalid += claim.status == GS_CLAIM_INVALID;
	summary->final += claim.status == GS_CLAIM_FINAL;
	summary->open_games += claim.open_games;
	return GS_OK;
}

static enum gs_err count_batch(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct gs_node_summary *summary = context;
	struct gs_batch batch;
	enum gs_err err = gs_batch_decode(key, value, &batch);

	if (!err && batch.kind == GS_BATCH_CALLDATA && batch.status == GS_BATCH_OPEN)
		summary->open_batches++;
	return err;
}

struct own_attestations {
	struct gs_address self;
	uint64_t count;
};

static enum gs_err count_attestation(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct own_attestations *own = context;
	struct gs_attestation a;
	enum gs_err err = gs_attestation_decode(key, value, &a);

	if (!err && gs_address_equal(&a.validator, &own->self) && !gs_u256_is_zero(&a.stake.v))
		own->count++;
	return err;
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
	struct gs_spent spent;
	struct own_attestations own = {.self = node->options.self};
	enum gs_err err;

	memset(out, 0, sizeof(*out));
	err = node->store->begin(node->store->self, GS_STORE_READ, &txn, error);
	if (err)
		return err;
	err = node->store->scan(txn, GS_TABLE_CLAIMS, (struct gs_bytes){NULL, 0}, GS_STORE_ASCENDING, count_claim, out,
	                        error);
	if (!err)
		err = node->store->scan(txn, GS_TABLE_BATCHES, (struct gs_bytes){NULL, 0}, GS_STORE_ASCENDING,
		                        count_batch, out, error);
	if (!err)
		err = node->store->scan(txn, GS_TABLE_ATTESTATIONS, (struct gs_bytes){NULL, 0}, GS_STORE_ASCENDING,
		                        count_attestation, &own, error);
	out->attested = own.count;
	if (!err) {
		j.txn = txn;
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
	node->store->abort(txn);
	for (size_t i = 0; i < node->execution_count; i++)
		out->executions += node->execution[i].running;
	return err;
}
