#include "validator/daemon/chain_tx.h"

#include <time.h>

static void refuse(const struct gs_node_effect *effect, enum gs_tx_refusal kind, const char *reason,
                   struct gs_chain_answer *answer)
{
	answer->input.kind = GS_INPUT_REFUSED;
	answer->input.as.refused.intent = effect->hash;
	answer->input.as.refused.kind = kind;
	answer->input.as.refused.reason = reason;
}

/* The account's nonces against the one that was chosen. *settled: there is an answer. */
static enum gs_err check_nonce(struct gs_chain_io *io, const struct gs_node_effect *effect,
                               struct gs_chain_answer *answer, bool *settled)
{
	const struct gs_sender sender = gs_session_sender(io->session);
	uint64_t nonce;
	enum gs_err err = effect->replaces ? gs_chain_io_nonce(io, &nonce, &answer->why)
	                                   : gs_sender_next_nonce(&sender, &nonce, &answer->why);

	*settled = !err && nonce > effect->nonce;
	if (*settled && effect->replaces) {
		answer->input.kind = GS_INPUT_KEPT;
	} else if (*settled) {
		answer->input.kind = GS_INPUT_NONCE_BEHIND;
		answer->input.as.nonce_behind.nonce = nonce;
	}
	return err;
}

static enum gs_err try_call(struct gs_chain_io *io, const struct gs_node_effect *effect, struct gs_bytes data,
                            struct gs_chain_answer *answer)
{
	const struct gs_address from = gs_session_sender(io->session).signer.address;
	const struct gs_eth_call call = {.from = &from, .to = &effect->to, .data = data};
	struct gs_buf out;
	enum gs_err err;

	gs_buf_init(&out, GS_ETH_RETURN_MAX);
	err = gs_eth_do_call(io->session->rpc, &call, gs_block_latest(), &out, &answer->why);
	gs_buf_free(&out);
	return err;
}

static void wait_ms(uint32_t ms)
{
	const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	nanosleep(&t, NULL);
}

/* Whether what is to be replaced offers enough. */
static enum gs_err offers_enough(struct gs_chain_io *io, const struct gs_node_effect *effect,
                                 struct gs_chain_answer *answer, bool *out)
{
	const struct gs_fee_bounds bounds = {effect->fee_max, effect->least_fee, effect->least_tip};
	struct gs_fee_market market;
	enum gs_err err = gs_fees_market(io->session->rpc, &market, &answer->why);

	*out = !err && gs_fees_suffice(&market, effect->urgency, &bounds);
	return err;
}

/* Everything that is looked at before it is priced. */
static enum gs_err look(struct gs_chain_io *io, const struct gs_node_effect *effect, struct gs_bytes data,
                        struct gs_chain_answer *answer, bool *settled)
{
	bool enough = false;
	enum gs_err err = check_nonce(io, effect, answer, settled);

	if (err || *settled)
		return err;
	if (effect->wait_ms || effect->tried)
		err = try_call(io, effect, data, answer);
	if (!err && effect->wait_ms)
		wait_ms(effect->wait_ms);
	if (!err && effect->keeps)
		err = offers_enough(io, effect, answer, &enough);
	if (!err && enough) {
		answer->input.kind = GS_INPUT_KEPT;
		*settled = true;
	}
	return err;
}

void gs_chain_tx_prepare(struct gs_chain_io *io, const struct gs_node_effect *effect, struct gs_bytes data,
                         struct gs_chain_answer *answer)
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

	answer->answered = true;
	if (settled)
		return;
	if (err) {
		refuse(effect, err == GS_ECONFLICT ? GS_REFUSED_REVERTS : GS_REFUSED_ENDPOINT, answer->why.text,
		       answer);
		return;
	}
	if (gs_sender_prepare(&sender, &request, &answer->raw, &prepared, &answer->why)) {
		refuse(effect, prepared.reason, answer->why.text, answer);
		return;
	}
	answer->input.kind = GS_INPUT_PREPARED;
	answer->input.as.prepared.intent = effect->hash;
	answer->input.as.prepared.nonce = effect->nonce;
	answer->input.as.prepared.tx = prepared.hash;
	answer->input.as.prepared.raw = gs_buf_view(&answer->raw);
	answer->input.as.prepared.max_fee = prepared.max_fee;
	answer->input.as.prepared.tip = prepared.priority_fee;
	answer->input.as.prepared.gas_limit = prepared.gas_limit;
}

enum gs_err gs_chain_tx_watch(struct gs_chain_io *io, const struct gs_node_effect *effect,
                              struct gs_chain_answer *answer)
{
	struct gs_receipt receipt = {0};
	enum gs_err err = gs_eth_get_receipt(io->session->rpc, &effect->hash, &receipt, &answer->why);

	answer->input.kind = GS_INPUT_RECEIPT;
	answer->input.as.receipt.tx = effect->hash;
	answer->input.as.receipt.success = receipt.success;
	answer->input.as.receipt.block_number = receipt.block_number;
	answer->input.as.receipt.block_hash = receipt.block_hash;
	if (!err && gs_fees_cost(receipt.gas_used, receipt.gas_price, receipt.l1_fee, &answer->input.as.receipt.cost))
		err = gs_fail(&answer->why, GS_EPARSE, "%s: a receipt's cost overflows 256 bits",
		              gs_rpc_name(io->session->rpc));
	answer->answered = !err;
	gs_receipt_free(&receipt);
	return err == GS_ENOTFOUND ? GS_OK : err;
}

enum gs_err gs_chain_tx_send(struct gs_chain_io *io, const struct gs_node_effect *effect, struct gs_bytes data,
                             struct gs_chain_answer *answer)
{
	enum gs_err err = gs_sender_send(io->session->rpc, data, &answer->why);

	if (err != GS_ECONFLICT)
		return err;
	err = gs_chain_tx_watch(io, effect, answer); /* mined itself, or pushed out by another? */
	if (err || answer->answered)
		return err;
	answer->input.kind = GS_INPUT_NONCE_LOST;
	answer->input.as.nonce_lost.tx = effect->hash;
	err = gs_chain_io_nonce(io, &answer->input.as.nonce_lost.nonce, &answer->why);
	answer->answered = !err;
	return err;
}

enum gs_err gs_chain_tx_nonce(struct gs_chain_io *io, struct gs_chain_answer *answer)
{
	const struct gs_sender sender = gs_session_sender(io->session);
	enum gs_err err = gs_sender_next_nonce(&sender, &answer->input.as.nonce.pending, &answer->why);

	answer->input.kind = GS_INPUT_NONCE;
	answer->answered = !err;
	return err;
}
