#include "chain/rpc/fees.h"

#include "chain/eth/abi.h"
#include "chain/rpc/hexjson.h"

enum { L1_FEE_SELECTOR = 0x49948e0e /* getL1Fee(bytes) */ };
static const struct gs_address oracle = {{0x42, [19] = 0x0f}};
static const char history_method[] = "eth_feeHistory";

/* Tips of recent blocks that have any transactions, at one percentile. GS_EPARSE. */
static enum gs_err read_tips(const json_t *history, size_t which, struct gs_wei *tips, size_t *count)
{
	const json_t *rewards = json_object_get(history, "reward"), *used = json_object_get(history, "gasUsedRatio");

	*count = 0;
	if (!json_is_array(used) || (rewards && !json_is_null(rewards) && !json_is_array(rewards)))
		return GS_EPARSE;
	for (size_t i = 0; i < json_array_size(rewards) && i < GS_FEES_BLOCKS; i++) {
		const json_t *ratio = json_array_get(used, i);
		if (!json_is_number(ratio) ||
		    !gs_json_wei(json_array_get(json_array_get(rewards, i), which), &tips[*count]))
			return GS_EPARSE;
		*count += json_number_value(ratio) > 0;
	}
	return GS_OK;
}

static enum gs_err read_market(const json_t *history, struct gs_fee_market *out, bool *empty)
{
	const json_t *base = json_object_get(history, "baseFeePerGas");
	struct gs_wei tips[GS_FEES_BLOCKS];
	size_t count = 0;

	*empty = false;
	if (!gs_json_wei(json_array_get(base, json_array_size(base) - 1), &out->base_fee))
		return GS_EPARSE;
	for (size_t u = 0; u < GS_URGENCIES; u++) {
		if (read_tips(history, u, tips, &count))
			return GS_EPARSE;
		out->tip[u] = gs_fees_median(tips, count);
	}
	*empty = count == 0;
	return GS_OK;
}

enum gs_err gs_fees_market(struct gs_rpc *rpc, struct gs_fee_market *out, struct gs_error *error)
{
	json_t *history, *params;
	bool empty;
	enum gs_err err;

	*out = (struct gs_fee_market){0};
	params = json_pack("[o, s, [i, i, i]]", gs_json_from_u64(GS_FEES_BLOCKS), "latest",
	                   (int)gs_fees_percentile(GS_URGENCY_NONE), (int)gs_fees_percentile(GS_URGENCY_DUE),
	                   (int)gs_fees_percentile(GS_URGENCY_CLOSE));
	err = gs_rpc_call(rpc, history_method, params, &history, error);
	if (err)
		return err;
	if (read_market(history, out, &empty))
		err = gs_rpc_malformed(rpc, GS_EPARSE, error, "%s: the result is not a fee history", history_method);
	json_decref(history);
	if (err || !empty)
		return err;
	err = gs_eth_priority_fee(rpc, &out->tip[0], error);
	for (size_t u = 1; u < GS_URGENCIES; u++)
		out->tip[u] = out->tip[0];
	return err;
}

enum gs_err gs_fees_l1(struct gs_rpc *rpc, struct gs_bytes unsigned_tx, struct gs_wei *out, struct gs_error *error)
{
	struct gs_abi_writer w;
	struct gs_buf calldata, answer;
	enum gs_err err;

	*out = gs_wei_from_u64(0);
	gs_buf_init(&calldata, GS_ETH_RETURN_MAX);
	gs_buf_init(&answer, GS_ETH_RETURN_MAX);
	gs_abi_call(&w, &calldata, L1_FEE_SELECTOR, 1);
	gs_abi_put_bytes(&w, unsigned_tx);
	gs_abi_end(&w);
	err = calldata.err;
	if (!err) {
		const struct gs_eth_call call = {.to = &oracle, .data = gs_buf_view(&calldata)};
		err = gs_eth_do_call(rpc, &call, gs_block_latest(), &answer, error);
	}
	if (!err && answer.len) { /* no contract there: an answer without bytes */
		struct gs_abi_reader r = gs_abi_read(gs_buf_view(&answer));
		out->v = gs_abi_get_u256(&r);
		if (r.err)
			err = gs_rpc_malformed(rpc, GS_EPARSE, error, "getL1Fee: the result is not a number");
	}
	gs_buf_free(&answer);
	gs_buf_free(&calldata);
	return err;
}
