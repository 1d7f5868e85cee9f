#include "validator/daemon/chain_tx.h"

#include "chain/eth/abi.h"
#include "chain/eth/deposit.h"

enum { PAUSED_SELECTOR = 0x5c975abb /* paused() */ };

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
		answer->input.as.kept.enough = false;
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

/* Whether what is to be replaced offers enough; the answer then. */
static enum gs_err offers_enough(struct gs_chain_io *io, const struct gs_node_effect *effect,
                                 struct gs_chain_answer *answer, bool *out)
{
	const struct gs_fee_bounds bounds = {effect->fee_max, effect->least_fee, effect->least_tip};
	struct gs_fee_market market;
	struct gs_fees fees;
	enum gs_err err = gs_fees_market(io->session->rpc, &market, &answer->why);

	*out = !err && gs_fees_suffice(&market, effect->urgency, &bounds, &fees);
	if (!*out)
		return err;
	answer->input.kind = GS_INPUT_KEPT;
	answer->input.as.kept.enough = !fees.capped;
	answer->input.as.kept.max_fee = fees.max_fee;
	answer->input.as.kept.tip = fees.tip;
	return err;
}

static enum gs_err ask_paused(struct gs_chain_io *io, bool *paused, struct gs_error *error)
{
	uint8_t data[4];
	const struct gs_eth_call call = {.to = &io->portal->address, .data = {data, sizeof(data)}};
	struct gs_abi_reader r;
	struct gs_buf out;
	enum gs_err err;

	gs_be32_write(data, PAUSED_SELECTOR);
	gs_buf_init(&out, GS_ETH_RETURN_MAX);
	err = gs_eth_do_call(io->session->rpc, &call, gs_block_latest(), &out, error);
	r = gs_abi_read(gs_buf_view(&out));
	*paused = gs_abi_get_bool(&r);
	if (!err && r.err)
		err = gs_fail(error, GS_EPARSE,
		              "%s: l1.portal is no OptimismPortal: it does not say whether it is paused",
		              gs_rpc_name(io->session->rpc));
	gs_buf_free(&out);
	return err;
}

enum gs_err gs_chain_tx_check_portal(struct gs_chain_io *io, struct gs_error *error)
{
	struct gs_session *s = io->session;
	char address[GS_ADDRESS_TEXT_MAX];
	uint64_t chain_id;
	bool paused;
	enum gs_err err;

	if (io->portal->checked)
		return GS_OK;
	err = gs_eth_chain_id(s->rpc, &chain_id, error);
	if (!err && chain_id != s->chain_id)
		err = gs_fail(error, GS_EINVAL, "%s: chain id is %llu, but l1.chain_id is %llu; correct one of them",
		              gs_rpc_name(s->rpc), (unsigned long long)chain_id, (unsigned long long)s->chain_id);
	if (!err)
		err = ask_paused(io, &paused, error);
	if (!err && paused) {
		gs_address_format(&io->portal->address, address);
		err = gs_fail(error, GS_EAGAIN, "%s: the portal %s is paused", gs_rpc_name(s->rpc), address);
	}
	io->portal->checked = !err;
	return err;
}

/* Everything that is looked at before it is priced. */
static enum gs_err look(struct gs_chain_io *io, const struct gs_node_effect *effect, struct gs_bytes data,
                        struct gs_chain_answer *answer, bool *settled)
{
	bool enough = false;
	enum gs_err err = GS_OK;

	*settled = false;
	if (io->portal)
		err = gs_chain_tx_check_portal(io, &answer->why);
	if (!err)
		err = check_nonce(io, effect, answer, settled);
	if (err || *settled)
		return err;
	if (effect->tried)
		err = try_call(io, effect, data, answer);
	if (!err && effect->keeps)
		err = offers_enough(io, effect, answer, &enough);
	*settled = *settled || (!err && enough);
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
	                                        .metered = io->portal != NULL,
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

/* The transaction on the chain that a receipt of L1 leads to. */
static enum gs_err read_deposit(const struct gs_chain_io *io, const struct gs_receipt *receipt, struct gs_hash *out)
{
	struct gs_deposit deposit;
	struct gs_hash source;
	enum gs_err err = GS_OK;

	for (size_t i = 0; i < receipt->logs.count && receipt->success; i++) {
		const struct gs_log_entry *log = &receipt->logs.entries[i];
		if (!gs_address_equal(&log->address, &io->portal->address) || !gs_deposit_is_event(log))
			continue;
		err = gs_deposit_decode(log, &deposit);
		if (err)
			return err;
		if (!gs_address_equal(&deposit.from, &io->session->account))
			continue;
		gs_deposit_source(&receipt->block_hash, log->index, &source);
		return gs_deposit_hash(&deposit, &source, out);
	}
	return err;
}

/* How deep it is, and what it leads to. */
static enum gs_err watch_l1(struct gs_chain_io *io, const struct gs_receipt *receipt, struct gs_chain_answer *answer)
{
	struct gs_node_input *in = &answer->input;
	struct gs_head newest;
	enum gs_err err = gs_chain_io_header(io, gs_block_latest(), &newest, &answer->why);

	if (err)
		return err;
	in->as.receipt.deep = newest.number >= receipt->block_number &&
	                      newest.number - receipt->block_number >= io->portal->settle_blocks;
	if (read_deposit(io, receipt, &in->as.receipt.deposit))
		return gs_fail(&answer->why, GS_EPARSE, "%s: the portal's event does not have its form",
		               gs_rpc_name(io->session->rpc));
	return GS_OK;
}

/* answer->answered: there is one. */
static enum gs_err look_for_receipt(struct gs_chain_io *io, const struct gs_node_effect *effect,
                                    struct gs_chain_answer *answer)
{
	struct gs_receipt receipt = {0};
	enum gs_err err = io->receipts ? gs_receipts_take(io->receipts, io->session->rpc, &effect->hash, &receipt,
	                                                  &answer->why)
	                               : gs_eth_get_receipt(io->session->rpc, &effect->hash, &receipt, &answer->why);

	answer->input.kind = GS_INPUT_RECEIPT;
	answer->input.as.receipt.tx = effect->hash;
	answer->input.as.receipt.success = receipt.success;
	answer->input.as.receipt.block_number = receipt.block_number;
	answer->input.as.receipt.block_hash = receipt.block_hash;
	if (!err && gs_fees_cost(receipt.gas_used, receipt.gas_price, receipt.l1_fee, &answer->input.as.receipt.cost))
		err = gs_fail(&answer->why, GS_EPARSE, "%s: a receipt's cost overflows 256 bits",
		              gs_rpc_name(io->session->rpc));
	if (!err && io->portal)
		err = watch_l1(io, &receipt, answer);
	answer->answered = !err;
	gs_receipt_free(&receipt);
	return err == GS_ENOTFOUND ? GS_OK : err;
}

enum gs_err gs_chain_tx_watch(struct gs_chain_io *io, const struct gs_node_effect *effect,
                              struct gs_chain_answer *answer)
{
	const enum gs_err err = look_for_receipt(io, effect, answer);

	if (err || answer->answered || !io->portal)
		return err;
	answer->input.kind = GS_INPUT_NO_RECEIPT;
	answer->input.as.no_receipt = effect->hash;
	answer->answered = true;
	return GS_OK;
}

enum gs_err gs_chain_tx_send(struct gs_chain_io *io, const struct gs_node_effect *effect, struct gs_bytes data,
                             struct gs_chain_answer *answer)
{
	enum gs_err err = gs_sender_send(io->session->rpc, data, &answer->why);

	if (err != GS_ECONFLICT)
		return err;
	if (io->receipts)
		gs_receipts_forget(io->receipts, &effect->hash);
	err = look_for_receipt(io, effect, answer); /* mined itself, or pushed out by another? */
	if (err || answer->answered)
		return err;
	answer->input.kind = GS_INPUT_NONCE_LOST;
	answer->input.as.nonce_lost.tx = effect->hash;
	err = gs_chain_io_nonce(io, &answer->input.as.nonce_lost.nonce, &answer->why);
	answer->answered = !err;
	return err;
}

enum gs_err gs_chain_tx_nonce(struct gs_chain_io *io, const struct gs_node_effect *effect,
                              struct gs_chain_answer *answer)
{
	const struct gs_sender sender = gs_session_sender(io->session);
	enum gs_err err = gs_sender_next_nonce(&sender, &answer->input.as.nonce.pending, &answer->why);

	answer->input.kind = GS_INPUT_NONCE;
	if (!err && effect->mined)
		err = gs_chain_io_nonce(io, &answer->input.as.nonce.mined, &answer->why);
	answer->answered = !err;
	return err;
}
