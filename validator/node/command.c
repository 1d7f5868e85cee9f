/* Transactions that the operator orders: a command beside the node hands its call over, since one process signs for a key. */
#include "validator/node/node_state.h"

enum gs_err gs_node_on_command(struct gs_node_turn *t, const struct gs_node_input *in)
{
	const struct gs_intent intent = {.kind = GS_INTENT_COMMAND,
	                                 .subject = in->as.command.id,
	                                 .to = in->as.command.to,
	                                 .data = in->as.command.data};

	return gs_intent_want(t->j, &intent, t->node->now);
}

enum gs_err gs_node_command(const struct gs_store *store, const struct gs_hash *id, struct gs_node_command *out,
                            struct gs_error *error)
{
	static const struct gs_hash none;
	struct gs_store_txn *txn;
	struct gs_journal j = {.store = store, .error = error};
	struct gs_intent intent;
	struct gs_hash key;
	struct gs_buf data;
	enum gs_err err = store->begin(store->self, GS_STORE_READ, &txn, error);

	if (err)
		return err;
	j.txn = txn;
	gs_intent_id(GS_INTENT_COMMAND, id, &none, &key);
	gs_buf_init(&data, GS_STORE_VALUE_MAX);
	err = gs_intent_load(&j, &key, &intent, &data);
	if (!err)
		*out = (struct gs_node_command){
			.intent = key, .status = intent.status, .attempts = intent.attempts, .tx = intent.tx};
	gs_buf_free(&data);
	store->abort(txn);
	return err;
}
