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

/* Twice the base fee leaves room for six full blocks; the chain takes back what is not needed. */
static enum gs_err choose_fees(const struct gs_sender *sender, struct gs_wei fee_max, struct gs_tx *tx,
                               struct gs_error *error)
{
	struct gs_eth_block latest;
	struct gs_wei base_twice, least;
	enum gs_err err;
	if ((err = gs_eth_get_block(sender->rpc, gs_block_latest(), &latest, error)) != GS_OK ||
	    (err = gs_eth_priority_fee(sender->rpc, &tx->priority_fee, error)) != GS_OK)
		return err;
	if (gs_wei_mul_u64(latest.base_fee, 2, &base_twice) != GS_OK ||
	    gs_wei_add(base_twice, tx->priority_fee, &tx->max_fee) != GS_OK ||
	    gs_wei_add(latest.base_fee, tx->priority_fee, &least) != GS_OK)
		return gs_fail(error, GS_ELIMIT, "%s: the node's fees overflow 256 bits", gs_rpc_name(sender->rpc));
	if (gs_u256_is_zero(&fee_max.v) || gs_wei_cmp(tx->max_fee, fee_max) <= 0)
		return GS_OK;
	tx->max_fee = fee_max;
	if (gs_wei_cmp(least, fee_max) <= 0)
		return GS_OK;
	char asked[GS_U256_DECIMAL_MAX], cap[GS_U256_DECIMAL_MAX];
	gs_u256_to_decimal(&least.v, asked);
	gs_u256_to_decimal(&fee_max.v, cap);
	return gs_fail(error, GS_ELIMIT, "%s: gas costs %s wei now, above the cap of %s; raise the cap or wait",
	               gs_rpc_name(sender->rpc), asked, cap);
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
	struct gs_eth_call call = {
		.from = &sender->signer.address,
		.to = request->create ? NULL : &request->to,
		.value = request->value,
		.data = request->data,
	};
	enum gs_err err;
	if ((err = choose_fees(sender, request->fee_max, &tx, error)) != GS_OK)
		return err;
	if (tx.gas_limit == 0) {
		if ((err = gs_eth_estimate_gas(sender->rpc, &call, &tx.gas_limit, error)) != GS_OK)
			return err;
		if (tx.gas_limit > UINT64_MAX / 2)
			return gs_fail(error, GS_EPARSE, "%s: the node's gas estimate makes no sense",
			               gs_rpc_name(sender->rpc));
		tx.gas_limit += tx.gas_limit / 5;
	}
	if ((err = sender->signer.sign_tx(sender->signer.self, &tx, raw, &out->hash, error)) != GS_OK)
		return err;
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
	/* "already known", "nonce too low" and their cousins differ from node to node; whether it has these bytes does not. */
	bool nonce_taken = strcasestr(failure->message, "nonce too low") || strcasestr(failure->message, "underpriced");
	struct gs_error ignored;
	if (is_known(rpc, &ours, &known, &ignored) == GS_OK && known)
		return GS_OK;
	if (!nonce_taken)
		return err;
	if (error)
		error->code = GS_ECONFLICT;
	return GS_ECONFLICT;
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
