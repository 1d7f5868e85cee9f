#include "validator/cli/deploy_contracts.h"

#include <string.h>

#include "chain/eth/abi.h"
#include "chain/eth/bindings.h"
#include "chain/rpc/deploy.h"

enum { BYTECODE_MAX = 64 * 1024, WIRE_TIMEOUT_MS = 60000 };

static struct gs_wei tokens(uint64_t whole)
{
	struct gs_wei out;
	enum gs_err err = gs_wei_mul_u64(gs_wei_from_u64(UINT64_C(1000000000000000000)), whole, &out);
	GS_ASSERT(err == GS_OK);
	return out;
}

struct gs_contract_parameters gs_contract_parameters_devnet(void)
{
	return (struct gs_contract_parameters){
	        .unbonding_s = 600,
	        .burn_bps = 5000,
	        .registrant_bond = tokens(100),
	        .attest_threshold = gs_wei_from_u64(0),
	        .window_s = 3600,
	        .minimum_bond = tokens(10),
	        .bond_bps = 1000,
	        .bytes_max = 64 * 1024,
	        .claimant_budget_s = 1800,
	        .challenger_budget_s = 1800,
	        .minimum_time_s = 300,
	        .challenger_bond = tokens(5),
	        .concede_bps = 5000,
	};
}

struct deployer {
	const struct gs_sender *sender;
	const char *dir;
	uint64_t nonce;
	uint64_t gas;
	struct gs_error *error;
};

static enum gs_err deploy(struct deployer *d, const char *name, const struct gs_buf *args, struct gs_address *out)
{
	struct gs_buf code;
	uint64_t gas = 0;
	gs_buf_init(&code, BYTECODE_MAX);
	enum gs_err err = gs_deploy_load(d->dir, name, &code, d->error);
	if (err == GS_OK)
		err = gs_deploy(d->sender, gs_buf_view(&code), gs_buf_view(args), d->nonce++, out, &gas, d->error);
	d->gas += gas;
	gs_buf_free(&code);
	return err == GS_OK ? GS_OK : gs_fail_within(d->error, err, "deploying %s", name);
}

static enum gs_err deploy_plain(struct deployer *d, const char *name, struct gs_address *out)
{
	struct gs_buf none;
	gs_buf_init(&none, 1);
	return deploy(d, name, &none, out);
}

static enum gs_err deploy_stakes(struct deployer *d, const struct gs_contract_parameters *p, struct gs_deployment *out)
{
	struct gs_buf args;
	struct gs_abi_writer w;
	gs_buf_init(&args, 32 * GS_ABI_WORD);
	gs_abi_begin(&w, &args, 3);
	gs_abi_put_address(&w, &out->contract[GS_CONTRACT_TOKEN]);
	gs_abi_put_u64(&w, p->unbonding_s);
	gs_abi_put_u64(&w, p->burn_bps);
	gs_abi_end(&w);
	enum gs_err err = deploy(d, "Stakes", &args, &out->contract[GS_CONTRACT_STAKES]);
	gs_buf_free(&args);
	return err;
}

static enum gs_err deploy_models(struct deployer *d, const struct gs_contract_parameters *p, struct gs_deployment *out)
{
	struct gs_buf args;
	struct gs_abi_writer w;
	gs_buf_init(&args, 32 * GS_ABI_WORD);
	gs_abi_begin(&w, &args, 3);
	gs_abi_put_address(&w, &out->contract[GS_CONTRACT_STAKES]);
	gs_abi_put_wei(&w, p->registrant_bond);
	gs_abi_put_wei(&w, p->attest_threshold);
	gs_abi_end(&w);
	enum gs_err err = deploy(d, "Models", &args, &out->contract[GS_CONTRACT_MODELS]);
	gs_buf_free(&args);
	return err;
}

static enum gs_err deploy_claims(struct deployer *d, const struct gs_contract_parameters *p, struct gs_deployment *out)
{
	struct gs_buf args;
	struct gs_abi_writer w;
	gs_buf_init(&args, 32 * GS_ABI_WORD);
	gs_abi_begin(&w, &args, 6);
	gs_abi_put_address(&w, &out->contract[GS_CONTRACT_STAKES]);
	gs_abi_put_address(&w, &out->contract[GS_CONTRACT_MODELS]);
	gs_abi_put_u64(&w, p->window_s);
	gs_abi_put_wei(&w, p->minimum_bond);
	gs_abi_put_u64(&w, p->bond_bps);
	gs_abi_put_u64(&w, p->bytes_max);
	gs_abi_end(&w);
	enum gs_err err = deploy(d, "Claims", &args, &out->contract[GS_CONTRACT_CLAIMS]);
	gs_buf_free(&args);
	return err;
}

static enum gs_err deploy_disputes(struct deployer *d, const struct gs_contract_parameters *p,
                                   struct gs_deployment *out)
{
	struct gs_buf args;
	struct gs_abi_writer w;
	gs_buf_init(&args, 32 * GS_ABI_WORD);
	gs_abi_begin(&w, &args, 9);
	gs_abi_put_address(&w, &out->contract[GS_CONTRACT_STAKES]);
	gs_abi_put_address(&w, &out->contract[GS_CONTRACT_MODELS]);
	gs_abi_put_address(&w, &out->contract[GS_CONTRACT_CLAIMS]);
	gs_abi_put_address(&w, &out->contract[GS_CONTRACT_JUDGE]);
	gs_abi_put_u64(&w, p->claimant_budget_s);
	gs_abi_put_u64(&w, p->challenger_budget_s);
	gs_abi_put_u64(&w, p->minimum_time_s);
	gs_abi_put_wei(&w, p->challenger_bond);
	gs_abi_put_u64(&w, p->concede_bps);
	gs_abi_end(&w);
	enum gs_err err = deploy(d, "Disputes", &args, &out->contract[GS_CONTRACT_DISPUTES]);
	gs_buf_free(&args);
	return err;
}

static enum gs_err deploy_judge(struct deployer *d, const struct gs_address *elementary, struct gs_deployment *out)
{
	struct gs_buf args;
	struct gs_abi_writer w;
	gs_buf_init(&args, GS_ABI_WORD);
	gs_abi_begin(&w, &args, 1);
	gs_abi_put_address(&w, elementary);
	gs_abi_end(&w);
	enum gs_err err = deploy(d, "Judge", &args, &out->contract[GS_CONTRACT_JUDGE]);
	gs_buf_free(&args);
	return err;
}

static enum gs_err wire(struct deployer *d, const struct gs_deployment *deployment)
{
	struct gs_buf data;
	struct gs_abi_writer w;
	struct gs_receipt receipt = {0};
	gs_buf_init(&data, 32 * GS_ABI_WORD);
	gs_abi_call(&w, &data, GS_STAKES_FN_WIRE, 3);
	gs_abi_put_address(&w, &deployment->contract[GS_CONTRACT_MODELS]);
	gs_abi_put_address(&w, &deployment->contract[GS_CONTRACT_CLAIMS]);
	gs_abi_put_address(&w, &deployment->contract[GS_CONTRACT_DISPUTES]);
	gs_abi_end(&w);
	struct gs_send_request request = {
	        .to = deployment->contract[GS_CONTRACT_STAKES], .data = gs_buf_view(&data), .nonce = d->nonce++};
	enum gs_err err = gs_sender_run(d->sender, &request, WIRE_TIMEOUT_MS, &receipt, d->error);
	d->gas += receipt.gas_used;
	gs_receipt_free(&receipt);
	gs_buf_free(&data);
	return err == GS_OK ? GS_OK : gs_fail_within(d->error, err, "wiring the contracts");
}

enum gs_err gs_contracts_deploy(const struct gs_sender *sender, const char *dir,
                                const struct gs_contract_parameters *parameters, struct gs_deployment *out,
                                uint64_t *gas, struct gs_error *error)
{
	struct deployer d = {.sender = sender, .dir = dir, .error = error};
	struct gs_address elementary;
	memset(out, 0, sizeof(*out));
	out->chain_id = sender->chain_id;
	enum gs_err err = gs_eth_block_number(sender->rpc, &out->block, error);
	if (err == GS_OK)
		err = gs_sender_next_nonce(sender, &d.nonce, error);
	if (err == GS_OK)
		err = deploy_plain(&d, "DevToken", &out->contract[GS_CONTRACT_TOKEN]);
	if (err == GS_OK)
		err = deploy_plain(&d, "Elementary", &elementary);
	if (err == GS_OK)
		err = deploy_judge(&d, &elementary, out);
	if (err == GS_OK)
		err = deploy_stakes(&d, parameters, out);
	if (err == GS_OK)
		err = deploy_models(&d, parameters, out);
	if (err == GS_OK)
		err = deploy_claims(&d, parameters, out);
	if (err == GS_OK)
		err = deploy_disputes(&d, parameters, out);
	if (err == GS_OK)
		err = wire(&d, out);
	if (gas != NULL)
		*gas = d.gas;
	return err;
}
