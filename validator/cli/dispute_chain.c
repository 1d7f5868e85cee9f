#include "validator/cli/dispute_chain.h"

#include <string.h>

#include "chain/eth/abi.h"
#include "chain/eth/bindings.h"
#include "validator/cli/posting.h"

enum { TIMEOUT_MS = 60000, CALLDATA_MAX = GS_TX_DATA_MAX };

/* Accounts 0 to 2 of anvil and hardhat ("test test ... junk"): on every development chain, and worth nothing. */
static const char *const dev_key[GS_DISPUTE_PARTIES] = {
	"ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
	"59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
	"5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
};

static struct gs_sender sender_of(struct gs_dispute_chain *chain, enum gs_dispute_party party)
{
	return (struct gs_sender){
		.rpc = chain->rpc, .signer = gs_signer_of_key(&chain->key[party]), .chain_id = chain->chain_id};
}

static enum gs_err send_to(struct gs_dispute_chain *chain, enum gs_dispute_party party, const struct gs_address *to,
                           struct gs_bytes data, struct gs_receipt *out, struct gs_error *error)
{
	struct gs_sender sender = sender_of(chain, party);
	struct gs_send_request request = {.to = *to, .data = data, .nonce = chain->nonce[party]};
	enum gs_err err = gs_sender_run(&sender, &request, TIMEOUT_MS, out, error);
	/* A call that the node refused to estimate was never sent. */
	if (err == GS_OK || out->gas_used > 0)
		chain->nonce[party]++;
	return err;
}

enum gs_err gs_dispute_send(struct gs_dispute_chain *chain, enum gs_dispute_party party, enum gs_contract contract,
                            struct gs_bytes data, struct gs_receipt *out, struct gs_error *error)
{
	memset(out, 0, sizeof(*out));
	return send_to(chain, party, &chain->deployment.contract[contract], data, out, error);
}

static enum gs_err send_and_forget(struct gs_dispute_chain *chain, enum gs_dispute_party party,
                                   enum gs_contract contract, const struct gs_buf *data, struct gs_error *error)
{
	struct gs_receipt receipt;
	enum gs_err err = gs_dispute_send(chain, party, contract, gs_buf_view(data), &receipt, error);
	gs_receipt_free(&receipt);
	return err;
}

/* Tokens out of thin air, which the development token allows, and into the stakes. */
static enum gs_err fund(struct gs_dispute_chain *chain, enum gs_dispute_party party, struct gs_error *error)
{
	struct gs_buf data;
	struct gs_abi_writer w;
	struct gs_wei amount;
	enum gs_err err = gs_wei_mul_u64(gs_wei_from_u64(UINT64_C(1000000000000000000)), 1000000, &amount);
	gs_buf_init(&data, CALLDATA_MAX);
	gs_abi_call(&w, &data, GS_DEV_TOKEN_FN_MINT, 2);
	gs_abi_put_address(&w, &chain->key[party].address);
	gs_abi_put_wei(&w, amount);
	gs_abi_end(&w);
	if (err == GS_OK)
		err = send_and_forget(chain, party, GS_CONTRACT_TOKEN, &data, error);
	data.len = 0;
	gs_abi_call(&w, &data, GS_DEV_TOKEN_FN_APPROVE, 2);
	gs_abi_put_address(&w, &chain->deployment.contract[GS_CONTRACT_STAKES]);
	gs_abi_put_wei(&w, amount);
	gs_abi_end(&w);
	if (err == GS_OK)
		err = send_and_forget(chain, party, GS_CONTRACT_TOKEN, &data, error);
	data.len = 0;
	gs_abi_call(&w, &data, GS_STAKES_FN_DEPOSIT, 1);
	gs_abi_put_wei(&w, amount);
	gs_abi_end(&w);
	if (err == GS_OK)
		err = send_and_forget(chain, party, GS_CONTRACT_STAKES, &data, error);
	gs_buf_free(&data);
	return err;
}

static enum gs_err check_funds(struct gs_dispute_chain *chain, enum gs_dispute_party party, struct gs_error *error)
{
	struct gs_wei balance;
	char account[GS_ADDRESS_TEXT_MAX];
	enum gs_err err = gs_eth_get_balance(chain->rpc, &chain->key[party].address, gs_block_latest(), &balance,
	                                     error);
	if (err != GS_OK || !gs_u256_is_zero(&balance.v))
		return err;
	gs_address_format(&chain->key[party].address, account);
	return gs_fail(error, GS_EINVAL, "%s: account %s has no funds; `dispute` plays on development chains only",
	               gs_rpc_name(chain->rpc), account);
}

enum gs_err gs_dispute_chain_open(const char *url, struct gs_dispute_chain *out, struct gs_error *error)
{
	memset(out, 0, sizeof(*out));
	enum gs_err err = GS_OK;
	if (url == NULL)
		err = gs_anvil_start(NULL, &out->anvil, error);
	if (err == GS_OK)
		err = gs_rpc_open(url != NULL ? url : out->anvil.url, NULL, &out->rpc, error);
	if (err == GS_OK)
		err = gs_eth_chain_id(out->rpc, &out->chain_id, error);
	for (unsigned p = 0; p < GS_DISPUTE_PARTIES && err == GS_OK; p++) {
		err = gs_key_from_hex(dev_key[p], &out->key[p], error);
		if (err == GS_OK)
			err = check_funds(out, (enum gs_dispute_party)p, error);
	}
	if (err != GS_OK)
		return err;
	gs_deploy_defaults(&out->parameters);
	/* A person may look at each move; nobody needs to wait for a clock. */
	out->parameters.claims.window_s = 24 * 3600;
	out->parameters.disputes.claimant_budget_s = 12 * 3600;
	out->parameters.disputes.challenger_budget_s = 12 * 3600;
	struct gs_sender deployer = sender_of(out, GS_PARTY_DEPLOYER);
	err = gs_deploy_all(&deployer, NULL, &out->parameters, &out->deployment, &out->deploy_gas, error);
	for (unsigned p = 0; p < GS_DISPUTE_PARTIES && err == GS_OK; p++) {
		struct gs_sender sender = sender_of(out, (enum gs_dispute_party)p);
		err = gs_sender_next_nonce(&sender, &out->nonce[p], error);
		if (err == GS_OK)
			err = fund(out, (enum gs_dispute_party)p, error);
	}
	return err;
}

void gs_dispute_chain_close(struct gs_dispute_chain *chain)
{
	gs_rpc_close(chain->rpc);
	gs_anvil_stop(&chain->anvil);
	memset(chain, 0, sizeof(*chain));
}

enum gs_err gs_dispute_register(struct gs_dispute_chain *chain, const struct gs_header *header, struct gs_error *error)
{
	struct gs_buf data, answer;
	struct gs_abi_writer w;
	struct gs_hash model;
	uint8_t words[GS_HEADER_BYTES];
	struct gs_eth_call call = {.to = &chain->deployment.contract[GS_CONTRACT_MODELS]};
	gs_buf_init(&data, CALLDATA_MAX);
	gs_buf_init(&answer, CALLDATA_MAX);
	gs_header_model_id(header, &model);
	gs_abi_call(&w, &data, GS_MODELS_FN_ACTIVE, 1);
	gs_abi_put_hash(&w, &model);
	gs_abi_end(&w);
	call.data = gs_buf_view(&data);
	enum gs_err err = gs_eth_do_call(chain->rpc, &call, gs_block_latest(), &answer, error);
	if (err != GS_OK)
		goto out;
	struct gs_abi_reader r = gs_abi_read(gs_buf_view(&answer));
	if (gs_abi_get_bool(&r) && r.err == GS_OK)
		goto out;
	data.len = 0;
	gs_header_encode(header, words);
	gs_abi_call(&w, &data, GS_MODELS_FN_REGISTER, GS_HEADER_BYTES / GS_ABI_WORD + 1);
	for (size_t i = 0; i < GS_HEADER_BYTES / GS_ABI_WORD; i++)
		gs_abi_put_word(&w, words + i * GS_ABI_WORD);
	gs_abi_put_bytes(&w, (struct gs_bytes){NULL, 0});
	gs_abi_end(&w);
	err = send_and_forget(chain, GS_PARTY_DEPLOYER, GS_CONTRACT_MODELS, &data, error);
	if (err != GS_OK)
		(void)gs_fail_within(error, err, "registering the model");
out:
	gs_buf_free(&data);
	gs_buf_free(&answer);
	return err;
}

enum gs_err gs_dispute_post(struct gs_dispute_chain *chain, const struct gs_claim_body *body, struct gs_bytes input,
                            struct gs_bytes output, struct gs_hash *claim, uint64_t *gas, struct gs_error *error)
{
	const struct gs_bytes nothing = {NULL, 0};
	struct gs_posting posting = {.body = *body, .input = input, .output = output};
	struct gs_buf data;
	struct gs_contracts contracts;
	struct gs_receipt receipt;
	gs_buf_init(&data, CALLDATA_MAX);
	if (gs_posting_bytes(&posting) > chain->parameters.claims.bytes_max)
		posting.input = posting.output = nothing;
	gs_posting_calldata(&posting, &data);
	enum gs_err err = gs_dispute_send(chain, GS_PARTY_CLAIMANT, GS_CONTRACT_CLAIMS, gs_buf_view(&data), &receipt,
	                                  error);
	gs_deployment_contracts(&chain->deployment, &contracts);
	*gas = receipt.gas_used;
	if (err == GS_OK)
		err = gs_posting_read(&posting, &contracts, &receipt, error);
	*claim = posting.id;
	gs_receipt_free(&receipt);
	gs_buf_free(&data);
	return err == GS_OK ? GS_OK : gs_fail_within(error, err, "posting the claim");
}

enum gs_err gs_dispute_stored(struct gs_dispute_chain *chain, const struct gs_hash *game, struct gs_hash *out,
                              struct gs_error *error)
{
	struct gs_buf data, answer;
	struct gs_abi_writer w;
	struct gs_abi_reader r;
	struct gs_eth_call call = {.to = &chain->deployment.contract[GS_CONTRACT_DISPUTES]};
	gs_buf_init(&data, CALLDATA_MAX);
	gs_buf_init(&answer, CALLDATA_MAX);
	gs_abi_call(&w, &data, GS_DISPUTES_FN_GAMES, 1);
	gs_abi_put_hash(&w, game);
	gs_abi_end(&w);
	call.data = gs_buf_view(&data);
	enum gs_err err = gs_eth_do_call(chain->rpc, &call, gs_block_latest(), &answer, error);
	r = gs_abi_read(gs_buf_view(&answer));
	*out = gs_abi_get_hash(&r);
	if (err == GS_OK && r.err != GS_OK)
		err = gs_fail(error, GS_EPARSE, "Disputes.games: the answer has not the expected form");
	gs_buf_free(&data);
	gs_buf_free(&answer);
	return err;
}

enum gs_err gs_dispute_block_time(struct gs_dispute_chain *chain, uint64_t block, uint64_t *unix_s,
                                  struct gs_error *error)
{
	struct gs_eth_block b;
	enum gs_err err = gs_eth_get_block(chain->rpc, gs_block_at(block), &b, error);
	if (err == GS_OK)
		*unix_s = b.head.time.unix_s;
	return err;
}
