#include "validator/daemon/deployer.h"

#include <string.h>

#include "chain/eth/abi.h"
#include "chain/eth/bindings.h"
#include "chain/rpc/deploy.h"

/* Where an OP-stack chain tells of its L1's newest block. */
static const struct gs_address l1_block = {{0x42, [19] = 0x15}}, nobody;

enum { WIRE_TIMEOUT_MS = 60 * 1000, ARGS_MAX = 4096, ARGS_WORDS_MAX = 16 };

struct deploying {
	const struct gs_sender *sender;
	const char *artifacts;
	const struct gs_deploy_parameters *p;
	uint64_t nonce;
	uint64_t gas;
	struct gs_deployment *out;
	struct gs_error *error;
};

/* A constructor's arguments: single words all of them, in order. */
struct args {
	struct gs_u256 word[ARGS_WORDS_MAX];
	size_t count;
	enum gs_err err; /* the first thing that was wrong, told already */
};

static void put(struct args *a, struct gs_u256 word)
{
	GS_ASSERT(a->count < ARGS_WORDS_MAX);
	a->word[a->count++] = word;
}

static void put_u64(struct args *a, uint64_t v)
{
	put(a, gs_u256_from_u64(v));
}

static void put_address(struct args *a, const struct gs_address *v)
{
	uint8_t word[GS_ABI_WORD] = {0};

	memcpy(word + GS_ABI_WORD - sizeof(v->b), v->b, sizeof(v->b));
	put(a, gs_u256_from_be(word));
}

static void put_contract(const struct deploying *d, struct args *a, enum gs_contract contract)
{
	put_address(a, &d->out->contract[contract]);
}

static void put_share(const struct deploying *d, struct args *a, const char *name, uint64_t ppm)
{
	uint16_t bps = 0;

	if (!a->err)
		a->err = gs_deploy_bps(name, ppm, &bps, d->error);
	put_u64(a, bps);
}

static void models_args(const struct deploying *d, struct args *a)
{
	put_contract(d, a, GS_CONTRACT_STAKES);
	put_contract(d, a, GS_CONTRACT_INSPECTOR);
	put(a, d->p->models.registrant_bond.v);
	put(a, d->p->models.attest_threshold.v);
	put_u64(a, d->p->models.release_s);
	put_share(d, a, "models.burn", d->p->models.burn_ppm);
}

static void claims_args(const struct deploying *d, struct args *a)
{
	struct gs_u256 terms = {{0}};

	a->err = gs_deploy_terms(d->p, &terms, d->error);
	put_contract(d, a, GS_CONTRACT_STAKES);
	put_contract(d, a, GS_CONTRACT_MODELS);
	put_address(a, &d->sender->key->address);
	put_u64(a, d->p->claims.terms_delay_s);
	put_u64(a, d->p->claims.retire_grace_s);
	put_u64(a, d->p->claims.bytes_max);
	put(a, terms);
}

static void disputes_args(const struct deploying *d, struct args *a)
{
	put_contract(d, a, GS_CONTRACT_STAKES);
	put_contract(d, a, GS_CONTRACT_MODELS);
	put_contract(d, a, GS_CONTRACT_CLAIMS);
	put_contract(d, a, GS_CONTRACT_JUDGE);
	put_u64(a, d->p->disputes.claimant_budget_s);
	put_u64(a, d->p->disputes.challenger_budget_s);
	put_u64(a, d->p->disputes.minimum_time_s);
	put(a, d->p->disputes.challenger_bond.v);
	put(a, d->p->disputes.refund_per_move.v);
	put_share(d, a, "disputes.concede", d->p->disputes.concede_ppm);
	put_share(d, a, "disputes.burn", d->p->disputes.burn_ppm);
}

static void duties_args(const struct deploying *d, struct args *a)
{
	put_contract(d, a, GS_CONTRACT_STAKES);
	put_contract(d, a, GS_CONTRACT_MODELS);
	put_contract(d, a, GS_CONTRACT_CLAIMS);
	put_contract(d, a, GS_CONTRACT_DISPUTES);
	put_u64(a, d->p->duties.demand_s);
	put_u64(a, d->p->duties.audit_s);
	put_u64(a, d->p->duties.report_s);
	put_u64(a, d->p->duties.epoch_s);
	put_share(d, a, "duties.audit", d->p->duties.audit_ppm);
	put(a, d->p->duties.demand_base.v);
	put(a, d->p->duties.demand_per_chunk.v);
	put(a, d->p->duties.attest_stake.v);
	put_address(a, d->p->duties.clock == GS_DEPLOY_CLOCK_L1 ? &l1_block : &nobody);
}

static void args_of(const struct deploying *d, enum gs_contract contract, struct args *a)
{
	switch (contract) {
	case GS_CONTRACT_TOKEN:
	case GS_CONTRACT_ELEMENTARY:
	case GS_CONTRACT_INSPECTOR: return;
	case GS_CONTRACT_JUDGE: put_contract(d, a, GS_CONTRACT_ELEMENTARY); return;
	case GS_CONTRACT_STAKES:
		put_contract(d, a, GS_CONTRACT_TOKEN);
		put_u64(a, d->p->stakes.unbonding_s);
		return;
	case GS_CONTRACT_MODELS: models_args(d, a); return;
	case GS_CONTRACT_CLAIMS: claims_args(d, a); return;
	case GS_CONTRACT_BATCHES:
		put_contract(d, a, GS_CONTRACT_STAKES);
		put_contract(d, a, GS_CONTRACT_CLAIMS);
		return;
	case GS_CONTRACT_DISPUTES: disputes_args(d, a); return;
	case GS_CONTRACT_DUTIES: duties_args(d, a); return;
	}
}

static enum gs_err encode(const struct args *a, struct gs_buf *out)
{
	struct gs_abi_writer w;

	gs_abi_begin(&w, out, a->count);
	for (size_t i = 0; i < a->count; i++)
		gs_abi_put_u256(&w, &a->word[i]);
	gs_abi_end(&w);
	return out->err;
}

static enum gs_err deploy_one(struct deploying *d, enum gs_contract contract)
{
	const char *name = contract == GS_CONTRACT_TOKEN ? "DevToken" : gs_contract_label(contract);
	struct args a = {.count = 0};
	struct gs_buf code, args;
	uint64_t gas = 0;
	enum gs_err err;

	gs_buf_init(&code, GS_TX_DATA_MAX);
	gs_buf_init(&args, ARGS_MAX);
	args_of(d, contract, &a);
	err = a.err;
	if (!err)
		err = gs_deploy_load(d->artifacts, name, &code, d->error);
	if (!err && (err = encode(&a, &args)))
		gs_fail(d->error, err, "no memory");
	if (!err)
		err = gs_deploy(d->sender, gs_buf_view(&code), gs_buf_view(&args), d->nonce++,
		                &d->out->contract[contract], &gas, d->error);
	if (err)
		gs_fail_within(d->error, err, "deploying %s", name);
	d->gas += gas;
	gs_buf_free(&code);
	gs_buf_free(&args);
	return err;
}

static enum gs_err wire(struct deploying *d)
{
	static const enum gs_contract wired[] = {GS_CONTRACT_MODELS, GS_CONTRACT_CLAIMS, GS_CONTRACT_BATCHES,
	                                         GS_CONTRACT_DISPUTES, GS_CONTRACT_DUTIES};
	const struct gs_address *at = d->out->contract;
	struct gs_send_request request = {.to = at[GS_CONTRACT_STAKES], .nonce = d->nonce};
	struct gs_abi_writer w;
	struct gs_receipt receipt = {0};
	struct gs_buf data;
	enum gs_err err;

	gs_buf_init(&data, ARGS_MAX);
	gs_abi_call(&w, &data, GS_STAKES_FN_WIRE, GS_ARRAY_LEN(wired));
	for (size_t i = 0; i < GS_ARRAY_LEN(wired); i++)
		gs_abi_put_address(&w, &at[wired[i]]);
	gs_abi_end(&w);
	request.data = gs_buf_view(&data);
	err = gs_sender_run(d->sender, &request, WIRE_TIMEOUT_MS, &receipt, d->error);
	if (err)
		gs_fail_within(d->error, err, "wiring the contracts");
	d->gas += receipt.gas_used;
	gs_receipt_free(&receipt);
	gs_buf_free(&data);
	return err;
}

enum gs_err gs_deploy_all(const struct gs_sender *sender, const char *artifacts,
                          const struct gs_deploy_parameters *parameters, struct gs_deployment *out, uint64_t *gas_used,
                          struct gs_error *error)
{
	char folder[GS_BESIDE_PATH_MAX];
	struct deploying d = {.sender = sender, .artifacts = artifacts, .p = parameters, .out = out, .error = error};
	enum gs_err err;

	memset(out, 0, sizeof(*out));
	out->chain_id = sender->chain_id;
	if (!artifacts) {
		if ((err = gs_deploy_find(folder, error)))
			return err;
		d.artifacts = folder;
	}
	err = gs_eth_block_number(sender->rpc, &out->block, error);
	if (!err)
		err = gs_sender_next_nonce(sender, &d.nonce, error);
	for (int i = 0; i < GS_CONTRACT_COUNT && !err; i++)
		err = deploy_one(&d, (enum gs_contract)i);
	if (!err)
		err = wire(&d);
	if (gas_used)
		*gas_used = d.gas;
	return err;
}
