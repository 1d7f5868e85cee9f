#include "validator/daemon/chain_tx.h"

#include <time.h>

static void refuse(const struct gs_node_effect *effect, enum gs_tx_refusal kind, const char *reason,
                   struct gs_node_input *answer)
{
	answer->kind = GS_INPUT_REFUSED;
	answer->as.refused.intent = effect->hash;
	answer->as.refused.kind = kind;
	answer->as.refused.reason = reason;
}

/* The account's nonces against the one that was chosen. *settled: there is an answer. */
static enum gs_err check_nonce(struct gs_chain_io *io, const struct gs_node_effect *effect,
                               struct gs_node_input *answer, bool *settled)
{
	const struct gs_sender sender = gs_session_sender(io->session);
	uint64_t nonce;
	enum gs_err err = effect->replaces ? gs_chain_io_nonce(io, &nonce, &io->why)
	                                   : gs_sender_next_nonce(&sender, &nonce, &io->why);

	*settled = !err && nonce > effect->nonce;
	if (*settled && effect->replaces) {
		answer->kind = GS_INPUT_KEPT;
	} else if (*settled) {
		answer->kind = GS_INPUT_NONCE_BEHIND;
		answer->as.nonce_behind.nonce = nonce;
	}
	return err;
}

static enum gs_err try_call(struct gs_chain_io *io, const struct gs_node_effect *effect, struct gs_bytes data)
{
	const struct gs_address from = gs_session_sender(io->session).key->address;
	const struct gs_eth_call call = {.from = &from, .to = &effect->to, .data = data};
	struct gs_buf out;
	enum gs_err err;

	gs_buf_init(&out, GS_ETH_RETURN_MAX);
	err = gs_eth_do_call(io->session->rpc, &call, gs_block_latest(), &out, &io->why);
	gs_buf_free(&out);
	return err;
}

static void wait_ms(uint32_t ms)
{
	const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	nanosleep(&t, NULL);
}

/* Whether what is to be replaced offers enough. */
static enum gs_err offers_enough(struct gs_chain_io *io, const struct gs_node_effect *effect, bool *out)
{
	const struct gs_fee_bounds bounds = {effect->fee_max, effect->least_fee, effect->least_tip};
	struct gs_fee_market market;
	enum gs_err err = gs_fees_market(io->session->rpc, &market, &io->why);

	*out = !err && gs_fees_suffice(&market, effect->urgency, &bounds);
	return err;
}

/* Everything that is looked at before it is priced. */
static enum gs_err look(struct gs_chain_io *io, const struct gs_node_effect *effect, struct gs_bytes data,
                        struct gs_node_input *answer, bool *settled)
{
	bool enough = false;
	enum gs_err err = check_nonce(io, effect, answer, settled);

	if (err || *settled)
		return err;
	if (effect->wait_ms || effect->tried)
		err = try_call(io, effect, data);
	if (!err && effect->wait_ms)
		wait_ms(effect->wait_ms);
	if (!err && effect->keeps)
		err = offers_enough(io, effect, &enough);
	if (!err && enough) {
		answer->kind = GS_INPUT_KEPT;
		*settled = true;
	}
	return err;
}

void gs_chain_tx_prepare(struct gs_chain_io *io, const struct gs_node_effect *effect, struct gs_bytes data,
                         struct gs_node_input *answer)
{
	const struct gs_sender sender = gs_session_sender(io->session);
	const struct gs_send_request request = {.to = effect->to,
	                                        .data = data,
	                                        .nonce = effect->nonce,
	                                        .gas_limit = effect->gas,
	                                        .fee_max = effect->fee_max,
	                                        .urgency = effect->urgency,
	                                        .least_fee = effect->least_fee,
	                                        .least_tip = effect->least_tip,
	                                        .cost_max = effect->cost_max};
	struct gs_prepared prepared = {0};
	bool settled;
	enum gs_err err = look(io, effect, data, answer, &settled);

	if (settled)
		return;
	if (err) {
		refuse(effect, err == GS_ECONFLICT ? GS_REFUSED_REVERTS : GS_REFUSED_ENDPOINT, io->why.text, answer);
		return;
	}
	gs_buf_free(&io->raw);
	gs_buf_init(&io->raw, GS_TX_RAW_MAX);
	if (gs_sender_prepare(&sender, &request, &io->raw, &prepared, &io->why)) {
		refuse(effect, prepared.reason, io->why.text, answer);
		return;
	}
	answer->kind = GS_INPUT_PREPARED;
	answer->as.prepared.intent = effect->hash;
	answer->as.prepared.nonce = effect->nonce;
	answer->as.prepared.tx = prepared.hash;
	answer->as.prepared.raw = gs_buf_view(&io->raw);
	answer->as.prepared.max_fee = prepared.max_fee;
	answer->as.prepared.tip = prepared.priority_fee;
	answer->as.prepared.gas_limit = prepared.gas_limit;
}

enum gs_err gs_chain_tx_watch(struct gs_chain_io *io, const struct gs_node_effect *effect, struct gs_node_input *answer,
                              bool *answered)
{
	struct gs_receipt receipt = {0};
	enum gs_err err = gs_eth_get_receipt(io->session->rpc, &effect->hash, &receipt, &io->why);

	answer->kind = GS_INPUT_RECEIPT;
	answer->as.receipt.tx = effect->hash;
	answer->as.receipt.success = receipt.success;
	answer->as.receipt.block_number = receipt.block_number;
	answer->as.receipt.block_hash = receipt.block_hash;
	if (!err && gs_fees_cost(receipt.gas_used, receipt.gas_price, receipt.l1_fee, &answer->as.receipt.cost))
		err = gs_fail(&io->why, GS_EPARSE, "%s: a receipt's cost overflows 256 bits",
		              gs_rpc_name(io->session->rpc));
	*answered = !err;
	gs_receipt_free(&receipt);
	return err == GS_ENOTFOUND ? GS_OK : err;
}

enum gs_err gs_chain_tx_send(struct gs_chain_io *io, const struct gs_node_effect *effect, struct gs_bytes data,
                             struct gs_node_input *answer, bool *answered)
{
	enum gs_err err = gs_sender_send(io->session->rpc, data, &io->why);
	bool mined;

	if (err != GS_ECONFLICT)
		return err;
	err = gs_chain_tx_watch(io, effect, answer, &mined); /* mined itself, or pushed out by another? */
	if (err)
		return err;
	*answered = mined;
	if (mined)
		return GS_OK;
	answer->kind = GS_INPUT_NONCE_LOST;
	answer->as.nonce_lost.tx = effect->hash;
	err = gs_chain_io_nonce(io, &answer->as.nonce_lost.nonce, &io->why);
	*answered = !err;
	return err;
}

enum gs_err gs_chain_tx_nonce(struct gs_chain_io *io, struct gs_node_input *answer, bool *answered)
{
	const struct gs_sender sender = gs_session_sender(io->session);
	enum gs_err err = gs_sender_next_nonce(&sender, &answer->as.nonce.pending, &io->why);

	answer->kind = GS_INPUT_NONCE;
	*answered = !err;
	return err;
}
