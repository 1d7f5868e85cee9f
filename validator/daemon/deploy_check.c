#include "validator/daemon/deploy_check.h"

#include <string.h>

#include "chain/eth/abi.h"
#include "chain/eth/bindings.h"
#include "chain/eth/key.h"
#include "chain/eth/tx.h"
#include "validator/daemon/ask.h"

enum {
	TOKEN_DECIMALS = 18,
	WIRE_GAS_MAX = 400 * 1000, /* ten slots and three views: cannot be tried before the contracts are there */
	HEADROOM_FIFTH = 5,        /* a limit is estimate + estimate / 5 (chain/rpc/sender.h) */
	BASE_FEE_TIMES = 2,
	ORACLE_CALL_MAX = GS_TX_DATA_MAX + 1024,
};

/* Where an OP-stack chain says what it charges for bytes: GasPriceOracle.getL1Fee(bytes). */
static const struct gs_address gas_price_oracle = {{0x42, [19] = 0x0f}};
static const uint32_t get_l1_fee = UINT32_C(0x49948e0e);

static enum gs_err code_at(struct gs_rpc *rpc, const struct gs_address *at, struct gs_buf *out, struct gs_error *error)
{
	gs_buf_init(out, GS_DEPLOY_CODE_MAX);
	return gs_eth_get_code(rpc, at, gs_block_latest(), out, error);
}

/* TSTORE, PUSH0 and MCOPY, in a creation that leaves nothing. */
static enum gs_err check_rules(struct gs_rpc *rpc, const struct gs_deploy_plan *plan, struct gs_error *error)
{
	static const uint8_t trial[] = {0x5f, 0x5f, 0x5d, 0x5f, 0x5f, 0x5f, 0x5e, 0x00};
	const struct gs_eth_call call = {.from = &plan->sender, .data = {trial, sizeof(trial)}};
	struct gs_buf answer;
	enum gs_err err;

	gs_buf_init(&answer, GS_DEPLOY_CODE_MAX);
	err = gs_eth_do_call(rpc, &call, gs_block_latest(), &answer, error);
	gs_buf_free(&answer);
	if (err && gs_rpc_last_failure(rpc)->kind != GS_RPC_TRANSPORT)
		err = gs_fail(error, GS_EUNSUPPORTED,
		              "%s: the chain lacks TSTORE or MCOPY; the contracts need the rules of Cancun",
		              gs_rpc_name(rpc));
	return err;
}

static enum gs_err check_token(struct gs_rpc *rpc, const struct gs_deploy_plan *plan, struct gs_error *error)
{
	const struct gs_address *token = &plan->deployment.contract[GS_CONTRACT_TOKEN];
	const struct gs_question decimals = {token, GS_DEV_TOKEN_FN_DECIMALS, "decimals()", {{{0}}}, 0};
	struct gs_question balance = {token, GS_DEV_TOKEN_FN_BALANCE_OF, "balanceOf()", {{{0}}}, 1};
	char text[GS_ADDRESS_TEXT_MAX];
	struct gs_error why = {0};
	struct gs_hash word;
	struct gs_buf code;
	uint64_t digits = 0;
	enum gs_err err = code_at(rpc, token, &code, error);
	bool empty = code.len == 0;

	gs_buf_free(&code);
	if (err)
		return err;
	gs_address_format(token, text);
	if (empty)
		return gs_fail(error, GS_ENOTFOUND,
		               "stakes.token: there is no contract at %s on this chain; correct it, or --rpc", text);
	memcpy(balance.arg[0].b + sizeof(word.b) - sizeof(plan->sender.b), plan->sender.b, sizeof(plan->sender.b));
	if ((err = gs_ask_u64(rpc, &decimals, &digits, &why)) || (err = gs_ask(rpc, &balance, &word, 1, &why)))
		return gs_fail(error, err, "stakes.token: %s is not an ERC-20: %s", text, why.text);
	if (digits != TOKEN_DECIMALS)
		return gs_fail(error, GS_EINVAL,
		               "stakes.token: %s has %llu decimals; amounts are given, and shown, in tokens of %d",
		               text, (unsigned long long)digits, TOKEN_DECIMALS);
	return GS_OK;
}

enum gs_err gs_deploy_simulate(struct gs_rpc *rpc, struct gs_deploy_plan *plan, bool own_token, struct gs_error *error)
{
	enum gs_err err = check_rules(rpc, plan, error);

	if (!err && !own_token)
		err = check_token(rpc, plan, error);
	for (size_t i = 0; i < plan->count && !err; i++) {
		struct gs_deploy_step *step = &plan->step[i];
		const struct gs_eth_call call = {.from = &plan->sender, .data = gs_buf_view(&step->data)};
		if (step->wire)
			continue;
		step->code.len = 0;
		err = gs_eth_do_call(rpc, &call, gs_block_latest(), &step->code, error);
		if (!err && step->code.len == 0)
			err = gs_fail(error, GS_EUNSUPPORTED, "%s: the node does not say what code a creation leaves",
			              gs_rpc_name(rpc));
		if (err)
			gs_fail_within(error, err, "%s cannot be created with these parameters",
			               gs_deploy_step_name(step));
	}
	return err;
}

static enum gs_err check_free(struct gs_rpc *rpc, const struct gs_deploy_plan *plan, const struct gs_deploy_step *step,
                              struct gs_error *error)
{
	const struct gs_address *at = &plan->deployment.contract[step->contract];
	char text[GS_ADDRESS_TEXT_MAX];
	struct gs_buf code;
	enum gs_err err = code_at(rpc, at, &code, error);

	gs_address_format(at, text);
	if (!err && code.len != 0)
		err = gs_fail(error, GS_ECONFLICT, "%s: %s, where %s would be, has code already", gs_rpc_name(rpc),
		              text, gs_deploy_step_name(step));
	gs_buf_free(&code);
	return err;
}

enum gs_err gs_deploy_check_fresh(struct gs_rpc *rpc, const struct gs_deploy_plan *plan, struct gs_error *error)
{
	const struct gs_block_id pending = {.kind = GS_BLOCK_PENDING};
	uint64_t mined = 0, sent = 0;
	enum gs_err err = gs_eth_get_nonce(rpc, &plan->sender, gs_block_latest(), &mined, error);

	if (!err)
		err = gs_eth_get_nonce(rpc, &plan->sender, pending, &sent, error);
	if (!err && sent != mined)
		err = gs_fail(error, GS_ECONFLICT,
		              "%s: %llu transactions of the sender are not mined yet; the addresses depend on their "
		              "number: wait for them",
		              gs_rpc_name(rpc), (unsigned long long)(sent - mined));
	if (!err && mined != plan->first)
		err = gs_fail(error, GS_ECONFLICT, "%s: the sender's next nonce is %llu, not %llu", gs_rpc_name(rpc),
		              (unsigned long long)mined, (unsigned long long)plan->first);
	for (size_t i = 0; i < plan->count && !err; i++)
		if (!plan->step[i].wire)
			err = check_free(rpc, plan, &plan->step[i], error);
	return err;
}

/* --- what it costs --- */

static enum gs_err ask_l1_fee(struct gs_rpc *rpc, struct gs_deploy_step *step, struct gs_error *error)
{
	struct gs_eth_call call = {.to = &gas_price_oracle};
	struct gs_abi_writer w;
	struct gs_abi_reader r;
	struct gs_buf data, answer;
	enum gs_err err;

	gs_buf_init(&data, ORACLE_CALL_MAX);
	gs_buf_init(&answer, GS_DEPLOY_CODE_MAX);
	gs_abi_call(&w, &data, get_l1_fee, 1);
	gs_abi_put_bytes(&w, gs_buf_view(&step->data));
	gs_abi_end(&w);
	call.data = gs_buf_view(&data);
	err = data.err ? gs_fail(error, data.err, "no memory")
	               : gs_eth_do_call(rpc, &call, gs_block_latest(), &answer, error);
	if (!err) {
		r = gs_abi_read(gs_buf_view(&answer));
		step->l1_fee = gs_abi_get_wei(&r);
		if (r.err)
			err = gs_fail(error, GS_EPARSE, "the chain's oracle of L1 fees has not the expected form");
	}
	gs_buf_free(&data);
	gs_buf_free(&answer);
	return err;
}

static enum gs_err quote_step(struct gs_rpc *rpc, const struct gs_deploy_plan *plan, struct gs_deploy_step *step,
                              bool l1, struct gs_error *error)
{
	const struct gs_eth_call call = {.from = &plan->sender, .data = gs_buf_view(&step->data)};
	enum gs_err err = GS_OK;

	step->gas = WIRE_GAS_MAX;
	if (!step->wire)
		err = gs_eth_estimate_gas(rpc, &call, &step->gas, error);
	if (!err && step->gas > UINT32_MAX)
		err = gs_fail(error, GS_EPARSE, "%s: the node's gas estimate makes no sense", gs_rpc_name(rpc));
	if (!err && l1)
		err = ask_l1_fee(rpc, step, error);
	return err ? gs_fail_within(error, err, "%s", gs_deploy_step_name(step)) : GS_OK;
}

static enum gs_err sum_up(struct gs_deploy_quote *q, const struct gs_eth_block *latest, struct gs_wei priority)
{
	struct gs_wei dearest;
	enum gs_err err = gs_wei_add(latest->base_fee, priority, &q->price);

	if (!err)
		err = gs_wei_mul_u64(latest->base_fee, BASE_FEE_TIMES, &dearest);
	if (!err)
		err = gs_wei_add(dearest, priority, &dearest);
	if (!err)
		err = gs_wei_mul_u64(q->price, q->gas, &q->cost);
	if (!err)
		err = gs_wei_add(q->cost, q->l1_fee, &q->cost);
	if (!err)
		err = gs_wei_mul_u64(dearest, q->gas + q->gas / HEADROOM_FIFTH, &q->most);
	return err ? err : gs_wei_add(q->most, q->l1_fee, &q->most);
}

enum gs_err gs_deploy_quote(struct gs_rpc *rpc, struct gs_deploy_plan *plan, struct gs_deploy_quote *out,
                            struct gs_error *error)
{
	struct gs_eth_block latest = {.gas_limit = 0};
	struct gs_wei priority = {0};
	struct gs_buf oracle;
	enum gs_err err = code_at(rpc, &gas_price_oracle, &oracle, error);
	bool l1 = oracle.len != 0;

	gs_buf_free(&oracle);
	*out = (struct gs_deploy_quote){.gas = 0};
	for (size_t i = 0; i < plan->count && !err; i++) {
		err = quote_step(rpc, plan, &plan->step[i], l1, error);
		out->gas += plan->step[i].gas;
		if (!err && gs_wei_add(out->l1_fee, plan->step[i].l1_fee, &out->l1_fee))
			err = gs_fail(error, GS_ELIMIT, "the fees for L1 overflow 256 bits");
	}
	if (!err)
		err = gs_eth_get_block(rpc, gs_block_latest(), &latest, error);
	if (!err)
		err = gs_eth_priority_fee(rpc, &priority, error);
	if (!err)
		err = gs_eth_get_balance(rpc, &plan->sender, gs_block_latest(), &out->balance, error);
	if (!err && sum_up(out, &latest, priority))
		err = gs_fail(error, GS_ELIMIT, "%s: the node's fees overflow 256 bits", gs_rpc_name(rpc));
	return err;
}

enum gs_err gs_deploy_check_balance(const struct gs_deploy_plan *plan, const struct gs_deploy_quote *quote,
                                    struct gs_error *error)
{
	char sender[GS_ADDRESS_TEXT_MAX], has[GS_U256_DECIMAL_MAX], needs[GS_U256_DECIMAL_MAX];

	if (gs_wei_cmp(quote->balance, quote->most) >= 0)
		return GS_OK;
	gs_address_format(&plan->sender, sender);
	gs_wei_format_ether(quote->balance, has);
	gs_wei_format_ether(quote->most, needs);
	return gs_fail(error, GS_ECONFLICT,
	               "%s has %s of the chain's coin; the deployment may take %s (%llu gas, should the price double)",
	               sender, has, needs, (unsigned long long)quote->gas);
}

/* --- what is there --- */

static enum gs_err created(struct gs_rpc *rpc, const struct gs_deploy_plan *plan, const struct gs_deploy_step *step,
                           bool *done, struct gs_error *error)
{
	const struct gs_address *at = &plan->deployment.contract[step->contract];
	char text[GS_ADDRESS_TEXT_MAX];
	struct gs_buf code;
	size_t same = 0;
	enum gs_err err = code_at(rpc, at, &code, error);

	GS_ASSERT(step->code.len != 0); /* gs_deploy_simulate */
	while (same < code.len && same < step->code.len && code.ptr[same] == step->code.ptr[same])
		same++;
	*done = code.len != 0;
	gs_address_format(at, text);
	if (!err && *done && (same < code.len || same < step->code.len))
		err = gs_fail(error, GS_ECONFLICT,
		              "%s at %s is not what the compiled contracts and the parameters make: %zu bytes of code "
		              "instead of %zu, different from byte %zu on",
		              gs_deploy_step_name(step), text, code.len, step->code.len, same);
	gs_buf_free(&code);
	return err;
}

/* Who Stakes knows, in wire's order of arguments. */
static enum gs_err wired(struct gs_rpc *rpc, const struct gs_deploy_plan *plan, bool *done, struct gs_error *error)
{
	static const struct {
		uint32_t selector;
		enum gs_contract contract;
	} known[] = {
		{GS_STAKES_FN_MODELS, GS_CONTRACT_MODELS},   {GS_STAKES_FN_CLAIMS, GS_CONTRACT_CLAIMS},
		{GS_STAKES_FN_BATCHES, GS_CONTRACT_BATCHES}, {GS_STAKES_FN_DISPUTES, GS_CONTRACT_DISPUTES},
		{GS_STAKES_FN_DUTIES, GS_CONTRACT_DUTIES},
	};
	static const struct gs_address nobody;
	const struct gs_address *contract = plan->deployment.contract;

	*done = false;
	for (size_t i = 0; i < GS_ARRAY_LEN(known); i++) {
		const struct gs_question who = {&contract[GS_CONTRACT_STAKES], known[i].selector, "Stakes", {{{0}}}, 0};
		struct gs_address at;
		char text[GS_ADDRESS_TEXT_MAX];
		enum gs_err err = gs_ask_address(rpc, &who, &at, error);
		if (err)
			return err;
		if (gs_address_equal(&at, &nobody))
			return GS_OK;
		gs_address_format(&at, text);
		if (!gs_address_equal(&at, &contract[known[i].contract]))
			return gs_fail(error, GS_ECONFLICT, "Stakes is wired to another %s, at %s",
			               gs_contract_label(known[i].contract), text);
	}
	*done = true;
	return GS_OK;
}

enum gs_err gs_deploy_step_done(struct gs_rpc *rpc, const struct gs_deploy_plan *plan, size_t step, bool *done,
                                struct gs_error *error)
{
	*done = false;
	return plan->step[step].wire ? wired(rpc, plan, done, error)
	                             : created(rpc, plan, &plan->step[step], done, error);
}

enum gs_err gs_deploy_verify(struct gs_rpc *rpc, const struct gs_deploy_plan *plan, struct gs_error *error)
{
	for (size_t i = 0; i < plan->count; i++) {
		bool done;
		enum gs_err err = gs_deploy_step_done(rpc, plan, i, &done, error);
		char text[GS_ADDRESS_TEXT_MAX];
		if (err)
			return err;
		gs_address_format(&plan->deployment.contract[plan->step[i].contract], text);
		if (!done)
			return gs_fail(error, GS_ENOTFOUND, "%s at %s: %s", gs_contract_label(plan->step[i].contract),
			               text, plan->step[i].wire ? "is not wired" : "there is no code");
	}
	return GS_OK;
}
