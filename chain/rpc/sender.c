#include "chain/rpc/sender.h"

#include <string.h>
#include <time.h>

#include "chain/rpc/hexjson.h"

enum { WAIT_POLL_MS = 50 };

enum gs_err gs_sender_next_nonce(const struct gs_sender *sender, uint64_t *out, struct gs_error *error)
{
	struct gs_block_id pending = {.kind = GS_BLOCK_PENDING};
	return gs_eth_get_nonce(sender->rpc, &sender->signer.address, pending, out, error);
}

static enum gs_err choose_fees(const struct gs_sender *sender, const struct gs_send_request *request, struct gs_tx *tx,
                               struct gs_prepared *out, struct gs_error *error)
{
	const struct gs_fee_bounds bounds = {request->fee_max, request->least_fee, request->least_tip};
	char asked[GS_U256_DECIMAL_MAX], cap[GS_U256_DECIMAL_MAX];
	struct gs_fee_market market;
	struct gs_fees fees;
	enum gs_err err = gs_fees_market(sender->rpc, &market, error);

	if (err)
		return err;
	err = gs_fees_choose(&market, request->urgency, &bounds, &fees);
	if (!err) {
		tx->max_fee = fees.max_fee;
		tx->priority_fee = fees.tip;
		out->capped = fees.capped;
		return GS_OK;
	}
	if (gs_u256_is_zero(&request->fee_max.v))
		return gs_fail(error, err, "%s: the node's fees overflow 256 bits", gs_rpc_name(sender->rpc));
	out->reason = GS_REFUSED_CAP;
	gs_u256_to_decimal(gs_wei_cmp(market.base_fee, request->least_fee) > 0 ? &market.base_fee.v
	                                                                       : &request->least_fee.v,
	                   asked);
	gs_u256_to_decimal(&request->fee_max.v, cap);
	return gs_fail(error, err, "%s: gas costs %s wei now, above the cap of %s; raise the cap or wait",
	               gs_rpc_name(sender->rpc), asked, cap);
}

/* All that it can cost, against what there is and what may be spent. */
static enum gs_err check_cost(const struct gs_sender *sender, const struct gs_send_request *request,
                              const struct gs_tx *tx, struct gs_prepared *out, struct gs_error *error)
{
	char cost[GS_U256_DECIMAL_MAX], has[GS_U256_DECIMAL_MAX];
	struct gs_wei l1_fee, balance, whole;
	struct gs_buf bytes;
	enum gs_err err;

	gs_buf_init(&bytes, GS_TX_RAW_MAX);
	err = gs_tx_encode_unsigned(tx, &bytes, error);
	if (!err)
		err = gs_fees_l1(sender->rpc, gs_buf_view(&bytes), &l1_fee, error);
	gs_buf_free(&bytes);
	if (!err)
		err = gs_eth_get_balance(sender->rpc, &sender->signer.address, gs_block_latest(), &balance, error);
	if (err)
		return err;
	if (gs_fees_cost(tx->gas_limit, tx->max_fee, l1_fee, &out->cost) != GS_OK ||
	    gs_wei_add(out->cost, tx->value, &whole) != GS_OK)
		return gs_fail(error, GS_ELIMIT, "%s: the transaction's cost overflows 256 bits",
		               gs_rpc_name(sender->rpc));
	gs_wei_format_ether(whole, cost);
	if (gs_wei_cmp(whole, balance) > 0) {
		gs_wei_format_ether(balance, has);
		out->reason = GS_REFUSED_BALANCE;
		return gs_fail(error, GS_ENOTFOUND, "%s: it may cost %s, and the account has %s; send it some ether",
		               gs_rpc_name(sender->rpc), cost, has);
	}
	if (gs_u256_is_zero(&request->cost_max.v) || gs_wei_cmp(out->cost, request->cost_max) <= 0)
		return GS_OK;
	gs_wei_format_ether(request->cost_max, has);
	out->reason = GS_REFUSED_BUDGET;
	return gs_fail(error, GS_ELIMIT, "it may cost %s, and %s is left of the budget; raise it or wait", cost, has);
}

static enum gs_err estimate(const struct gs_sender *sender, const struct gs_send_request *request, struct gs_tx *tx,
                            struct gs_prepared *out, struct gs_error *error)
{
	const struct gs_eth_call call = {
		.from = &sender->signer.address,
		.to = request->create ? NULL : &request->to,
		.value = request->value,
		.data = request->data,
	};
	enum gs_err err = gs_eth_estimate_gas(sender->rpc, &call, &tx->gas_limit, error);

	if (err == GS_ECONFLICT)
		out->reason = GS_REFUSED_REVERTS;
	if (err)
		return err;
	if (tx->gas_limit > UINT64_MAX / 2)
		return gs_fail(error, GS_EPARSE, "%s: the node's gas estimate makes no sense",
		               gs_rpc_name(sender->rpc));
	tx->gas_limit += request->metered ? tx->gas_limit : tx->gas_limit / 5;
	return GS_OK;
}

enum gs_err gs_sender_prepare(const struct gs_sender *sender, const struct gs_send_request *request, struct gs_buf *raw,
                              struct gs_prepared *out, struct gs_error *error)
{
	struct gs_tx tx = {
		.chain_id = sender->chain_id,
		.nonce = request->nonce,
		.gas_limit = request->gas_limit,
		.create = request->create,
		.to = request->to,
		.value = request->value,
		.data = request->data,
	};
	enum gs_err err;

	*out = (struct gs_prepared){.reason = GS_REFUSED_ENDPOINT};
	if ((err = choose_fees(sender, request, &tx, out, error)) != GS_OK ||
	    (tx.gas_limit == 0 && (err = estimate(sender, request, &tx, out, error)) != GS_OK) ||
	    (err = check_cost(sender, request, &tx, out, error)) != GS_OK ||
	    (err = sender->signer.sign_tx(sender->signer.self, &tx, raw, &out->hash, error)) != GS_OK)
		return err;
	out->reason = GS_REFUSED_NOT;
	out->nonce = tx.nonce;
	out->gas_limit = tx.gas_limit;
	out->max_fee = tx.max_fee;
	out->priority_fee = tx.priority_fee;
	return GS_OK;
}

/* Whether the node has the transaction, waiting or mined. */
static enum gs_err is_known(struct gs_rpc *rpc, const struct gs_hash *hash, bool *known, struct gs_error *error)
{
	json_t *result;
	enum gs_err err = gs_rpc_call(rpc, "eth_getTransactionByHash", json_pack("[o]", gs_json_from_hash(hash)),
	                              &result, error);
	if (err != GS_OK)
		return err;
	*known = json_is_object(result);
	json_decref(result);
	return GS_OK;
}

enum gs_err gs_sender_send(struct gs_rpc *rpc, struct gs_bytes raw, struct gs_error *error)
{
	struct gs_hash ours, theirs;
	bool known = false;
	gs_tx_hash(raw, &ours);
	enum gs_err err = gs_eth_send_raw(rpc, raw, &theirs, error);
	if (err == GS_OK) {
		if (!gs_hash_equal(&ours, &theirs))
			return gs_rpc_malformed(rpc, GS_EPARSE, error,
			                        "the node names another transaction than the one sent");
		return GS_OK;
	}
	const struct gs_rpc_failure *failure = gs_rpc_last_failure(rpc);
	if (failure->kind != GS_RPC_REMOTE && failure->kind != GS_RPC_REVERT)
		return err;
	/* It has the very bytes, whichever way it says so: geth and reth, Nethermind, anvil. */
	if (strcasestr(failure->message, "already known") || strcasestr(failure->message, "AlreadyKnown") ||
	    strcasestr(failure->message, "already imported"))
		return GS_OK;
	/* "already known", "nonce too low" and their cousins differ from node to node; whether it has these bytes does not. */
	bool nonce_taken = strcasestr(failure->message, "nonce too low");
	bool outbid = strcasestr(failure->message, "underpriced");
	struct gs_error ignored;
	if (is_known(rpc, &ours, &known, &ignored) == GS_OK && known)
		return GS_OK;
	if (!nonce_taken && !outbid)
		return err;
	err = nonce_taken ? GS_ECONFLICT : GS_EAGAIN;
	if (error)
		error->code = err;
	return err;
}

static uint64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void sleep_ms(uint32_t ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
	nanosleep(&t, NULL);
}

enum gs_err gs_sender_wait(struct gs_rpc *rpc, const struct gs_hash *hash, uint32_t timeout_ms, uint32_t poll_ms,
                           struct gs_receipt *out, struct gs_error *error)
{
	uint64_t deadline = now_ms() + timeout_ms;
	struct gs_error last = {0};
	for (;;) {
		enum gs_err err = gs_eth_get_receipt(rpc, hash, out, &last);
		if (err == GS_OK || err == GS_ENOMEM)
			return err;
		uint64_t now = now_ms();
		if (now >= deadline)
			return gs_fail(error, GS_EAGAIN, "no receipt after %u ms: %s", timeout_ms, last.text);
		sleep_ms(deadline - now < poll_ms ? (uint32_t)(deadline - now) : poll_ms);
	}
}

enum gs_err gs_sender_run(const struct gs_sender *sender, const struct gs_send_request *request, uint32_t timeout_ms,
                          struct gs_receipt *out, struct gs_error *error)
{
	struct gs_buf raw;
	struct gs_prepared prepared;
	enum gs_err err;
	*out = (struct gs_receipt){0};
	gs_buf_init(&raw, GS_TX_RAW_MAX);
	if ((err = gs_sender_prepare(sender, request, &raw, &prepared, error)) != GS_OK ||
	    (err = gs_sender_send(sender->rpc, gs_buf_view(&raw), error)) != GS_OK ||
	    (err = gs_sender_wait(sender->rpc, &prepared.hash, timeout_ms, WAIT_POLL_MS, out, error)) != GS_OK)
		goto out;
	if (!out->success) {
		char text[67];
		gs_hex_encode(prepared.hash.b, sizeof(prepared.hash.b), true, text);
		err = gs_fail(error, GS_ECONFLICT, "%s: transaction %s reverted, after %llu gas",
		              gs_rpc_name(sender->rpc), text, (unsigned long long)out->gas_used);
	}
out:
	gs_buf_free(&raw);
	return err;
}
