#include "chain/rpc/eth.h"

#include <stdio.h>
#include <string.h>

#include "chain/eth/contract.h"
#include "chain/rpc/hexjson.h"

struct gs_block_id gs_block_latest(void)
{
	return (struct gs_block_id){.kind = GS_BLOCK_LATEST};
}

struct gs_block_id gs_block_at(uint64_t number)
{
	return (struct gs_block_id){.kind = GS_BLOCK_NUMBER, .number = number};
}

struct gs_block_id gs_block_of(const struct gs_hash *hash)
{
	return (struct gs_block_id){.kind = GS_BLOCK_HASH, .hash = *hash};
}

/* The parameter that names a block; by hash as EIP-1898 says. */
static json_t *block_param(struct gs_block_id id)
{
	switch (id.kind) {
	case GS_BLOCK_NUMBER: return gs_json_from_u64(id.number);
	case GS_BLOCK_HASH: return json_pack("{s:o}", "blockHash", gs_json_from_hash(&id.hash));
	case GS_BLOCK_LATEST: return json_string("latest");
	case GS_BLOCK_SAFE: return json_string("safe");
	case GS_BLOCK_FINALIZED: return json_string("finalized");
	case GS_BLOCK_PENDING: return json_string("pending");
	}
	return NULL;
}

static json_t *call_param(const struct gs_eth_call *call)
{
	json_t *object = json_pack("{s:o, s:o}", "data", gs_json_from_bytes(call->data), "value",
	                           gs_json_from_u256(&call->value.v));
	if (call->from && json_object_set_new(object, "from", gs_json_from_address(call->from)) != 0)
		goto fail;
	if (call->to && json_object_set_new(object, "to", gs_json_from_address(call->to)) != 0)
		goto fail;
	return object;
fail:
	json_decref(object);
	return NULL;
}

static enum gs_err get_u64(struct gs_rpc *rpc, const char *method, json_t *params, uint64_t *out,
                           struct gs_error *error)
{
	json_t *result;
	enum gs_err err = gs_rpc_call(rpc, method, params, &result, error);
	if (err != GS_OK)
		return err;
	if (!gs_json_u64(result, out))
		err = gs_rpc_malformed(rpc, GS_EPARSE, error, "%s: the result is not a number", method);
	json_decref(result);
	return err;
}

static enum gs_err get_wei(struct gs_rpc *rpc, const char *method, json_t *params, struct gs_wei *out,
                           struct gs_error *error)
{
	json_t *result;
	enum gs_err err = gs_rpc_call(rpc, method, params, &result, error);
	if (err != GS_OK)
		return err;
	if (!gs_json_wei(result, out))
		err = gs_rpc_malformed(rpc, GS_EPARSE, error, "%s: the result is not a number", method);
	json_decref(result);
	return err;
}

static enum gs_err get_bytes(struct gs_rpc *rpc, const char *method, json_t *params, struct gs_buf *out,
                             struct gs_error *error)
{
	json_t *result;
	enum gs_err err = gs_rpc_call(rpc, method, params, &result, error);
	if (err != GS_OK)
		return err;
	size_t len;
	if (gs_json_data_len(result, &len) && len > GS_ETH_RETURN_MAX)
		err = gs_rpc_malformed(rpc, GS_ELIMIT, error, "%s: the result has more than %d bytes", method,
		                       GS_ETH_RETURN_MAX);
	else if ((err = gs_json_append(result, out)) != GS_OK)
		err = gs_rpc_malformed(rpc, err, error, "%s: %s", method,
		                       err == GS_EPARSE ? "the result is not hex data" : "the result does not fit");
	json_decref(result);
	return err;
}

enum gs_err gs_eth_chain_id(struct gs_rpc *rpc, uint64_t *out, struct gs_error *error)
{
	return get_u64(rpc, "eth_chainId", json_array(), out, error);
}

enum gs_err gs_eth_block_number(struct gs_rpc *rpc, uint64_t *out, struct gs_error *error)
{
	return get_u64(rpc, "eth_blockNumber", json_array(), out, error);
}

enum gs_err gs_eth_get_balance(struct gs_rpc *rpc, const struct gs_address *address, struct gs_block_id id,
                               struct gs_wei *out, struct gs_error *error)
{
	return get_wei(rpc, "eth_getBalance", json_pack("[o, o]", gs_json_from_address(address), block_param(id)), out,
	               error);
}

enum gs_err gs_eth_get_nonce(struct gs_rpc *rpc, const struct gs_address *address, struct gs_block_id id, uint64_t *out,
                             struct gs_error *error)
{
	return get_u64(rpc, "eth_getTransactionCount",
	               json_pack("[o, o]", gs_json_from_address(address), block_param(id)), out, error);
}

enum gs_err gs_eth_get_code(struct gs_rpc *rpc, const struct gs_address *address, struct gs_block_id id,
                            struct gs_buf *out, struct gs_error *error)
{
	return get_bytes(rpc, "eth_getCode", json_pack("[o, o]", gs_json_from_address(address), block_param(id)), out,
	                 error);
}

enum gs_err gs_eth_priority_fee(struct gs_rpc *rpc, struct gs_wei *out, struct gs_error *error)
{
	return get_wei(rpc, "eth_maxPriorityFeePerGas", json_array(), out, error);
}

/* Puts the contract's own reason in the place of the node's words. */
static enum gs_err explain_revert(struct gs_rpc *rpc, const char *method, enum gs_err err, struct gs_error *error)
{
	const struct gs_rpc_failure *failure = gs_rpc_last_failure(rpc);
	char reason[GS_REVERT_TEXT_MAX];
	if (err == GS_OK || failure->kind != GS_RPC_REVERT || failure->revert_len == 0)
		return err;
	gs_contract_revert_text((struct gs_bytes){failure->revert, failure->revert_len}, reason);
	return gs_fail(error, err, "%s: %s: the contract reverted: %s", gs_rpc_name(rpc), method, reason);
}

enum gs_err gs_eth_do_call(struct gs_rpc *rpc, const struct gs_eth_call *call, struct gs_block_id id,
                           struct gs_buf *out, struct gs_error *error)
{
	json_t *params = json_pack("[o, o]", call_param(call), block_param(id));
	return explain_revert(rpc, "eth_call", get_bytes(rpc, "eth_call", params, out, error), error);
}

enum gs_err gs_eth_estimate_gas(struct gs_rpc *rpc, const struct gs_eth_call *call, uint64_t *out,
                                struct gs_error *error)
{
	json_t *params = json_pack("[o]", call_param(call));
	return explain_revert(rpc, "eth_estimateGas", get_u64(rpc, "eth_estimateGas", params, out, error), error);
}

enum gs_err gs_eth_send_raw(struct gs_rpc *rpc, struct gs_bytes raw, struct gs_hash *hash, struct gs_error *error)
{
	static const char method[] = "eth_sendRawTransaction";
	json_t *result;
	enum gs_err err = gs_rpc_call(rpc, method, json_pack("[o]", gs_json_from_bytes(raw)), &result, error);
	if (err != GS_OK)
		return err;
	if (!gs_json_hash(result, hash))
		err = gs_rpc_malformed(rpc, GS_EPARSE, error, "%s: the result is not a hash", method);
	json_decref(result);
	return err;
}

static bool read_block(const json_t *o, struct gs_eth_block *out)
{
	*out = (struct gs_eth_block){0};
	const json_t *fee = json_object_get(o, "baseFeePerGas"), *randao = json_object_get(o, "mixHash");
	return gs_json_u64(json_object_get(o, "number"), &out->head.number) &&
	       gs_json_hash(json_object_get(o, "hash"), &out->head.hash) &&
	       gs_json_hash(json_object_get(o, "parentHash"), &out->head.parent) &&
	       gs_json_u64(json_object_get(o, "timestamp"), &out->head.time.unix_s) &&
	       gs_json_u64(json_object_get(o, "gasLimit"), &out->gas_limit) &&
	       (!fee || gs_json_wei(fee, &out->base_fee)) && (!randao || gs_json_hash(randao, &out->prev_randao));
}

enum gs_err gs_eth_get_block(struct gs_rpc *rpc, struct gs_block_id id, struct gs_eth_block *out,
                             struct gs_error *error)
{
	bool by_hash = id.kind == GS_BLOCK_HASH;
	const char *method = by_hash ? "eth_getBlockByHash" : "eth_getBlockByNumber";
	json_t *result, *which = by_hash ? gs_json_from_hash(&id.hash) : block_param(id);
	enum gs_err err = gs_rpc_call(rpc, method, json_pack("[o, b]", which, 0), &result, error);
	if (err != GS_OK)
		return err;
	if (json_is_null(result))
		err = gs_fail(error, GS_ENOTFOUND, "%s: the node has no such block", gs_rpc_name(rpc));
	else if (!read_block(result, out))
		err = gs_rpc_malformed(rpc, GS_EPARSE, error, "%s: the result is not a block", method);
	else if ((by_hash && !gs_hash_equal(&out->head.hash, &id.hash)) ||
	         (id.kind == GS_BLOCK_NUMBER && out->head.number != id.number))
		err = gs_rpc_malformed(rpc, GS_EPARSE, error,
		                       "%s: the node returned another block than it was asked for", method);
	json_decref(result);
	return err;
}
