#include "validator/daemon/deployer.h"

#include <string.h>

#include "chain/core/hash.h"
#include "chain/eth/abi.h"
#include "chain/eth/bindings.h"
#include "chain/eth/tx.h"
#include "chain/rpc/deploy.h"

/* Where an OP-stack chain tells of its L1's newest block. */
static const struct gs_address l1_block = {{0x42, [19] = 0x15}}, nobody;

enum { ARGS_WORDS_MAX = 16 };

struct deploying {
	const struct gs_deploy_parameters *p;
	struct gs_deploy_plan *plan;
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

/* Deployed already or later: all addresses are known. */
static void put_contract(const struct deploying *d, struct args *a, enum gs_contract contract)
{
	put_address(a, &d->plan->deployment.contract[contract]);
}

static void put_owner(const struct deploying *d, struct args *a)
{
	const struct gs_setting_address *owner = &d->p->claims.owner;

	put_address(a, owner->choice == GS_ADDRESS_GIVEN ? &owner->at : &d->plan->sender);
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
	put_contract(d, a, GS_CONTRACT_BATCHES);
	put_contract(d, a, GS_CONTRACT_DISPUTES);
	put_contract(d, a, GS_CONTRACT_DUTIES);
	put_owner(d, a);
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

static void encode(const struct args *a, struct gs_buf *out)
{
	struct gs_abi_writer w;

	gs_abi_begin(&w, out, a->count);
	for (size_t i = 0; i < a->count; i++)
		gs_abi_put_u256(&w, &a->word[i]);
	gs_abi_end(&w);
}

const char *gs_deploy_step_name(const struct gs_deploy_step *step)
{
	if (step->wire)
		return "Stakes.wire";
	return step->contract == GS_CONTRACT_TOKEN ? "DevToken" : gs_contract_label(step->contract);
}

static enum gs_err fill_creation(const struct deploying *d, const char *artifacts, struct gs_deploy_step *step)
{
	struct args a = {.count = 0};
	enum gs_err err;

	args_of(d, step->contract, &a);
	err = a.err;
	if (!err)
		err = gs_deploy_load(artifacts, gs_deploy_step_name(step), &step->data, d->error);
	if (err)
		return gs_fail_within(d->error, err, "deploying %s", gs_deploy_step_name(step));
	encode(&a, &step->data);
	return step->data.err ? gs_fail(d->error, step->data.err, "deploying %s: more than %d bytes of creation code",
	                                gs_deploy_step_name(step), GS_TX_DATA_MAX)
	                      : GS_OK;
}

static enum gs_err fill_wire(const struct deploying *d, struct gs_deploy_step *step)
{
	static const enum gs_contract wired[] = {GS_CONTRACT_MODELS, GS_CONTRACT_CLAIMS, GS_CONTRACT_BATCHES,
	                                         GS_CONTRACT_DISPUTES, GS_CONTRACT_DUTIES};
	struct gs_abi_writer w;

	gs_abi_call(&w, &step->data, GS_STAKES_FN_WIRE, GS_ARRAY_LEN(wired));
	for (size_t i = 0; i < GS_ARRAY_LEN(wired); i++)
		gs_abi_put_address(&w, &d->plan->deployment.contract[wired[i]]);
	gs_abi_end(&w);
	return step->data.err ? gs_fail(d->error, step->data.err, "no memory") : GS_OK;
}

/* Which steps there are, and what address each contract will have. */
static void lay_out(struct gs_deploy_plan *plan, const struct gs_deploy_parameters *p)
{
	for (int i = 0; i < GS_CONTRACT_COUNT; i++) {
		struct gs_deploy_step *step = &plan->step[plan->count];
		if (i == GS_CONTRACT_TOKEN && p->stakes.token.choice == GS_ADDRESS_GIVEN) {
			plan->deployment.contract[i] = p->stakes.token.at;
			continue;
		}
		step->contract = (enum gs_contract)i;
		step->nonce = plan->first + plan->count++;
		gs_tx_contract_address(&plan->sender, step->nonce, &plan->deployment.contract[i]);
	}
	plan->step[plan->count] = (struct gs_deploy_step){
		.wire = true, .contract = GS_CONTRACT_STAKES, .nonce = plan->first + plan->count};
	plan->count++;
	for (size_t i = 0; i < plan->count; i++) {
		gs_buf_init(&plan->step[i].data, GS_TX_DATA_MAX);
		gs_buf_init(&plan->step[i].code, GS_DEPLOY_CODE_MAX);
	}
}

static void digest_of(struct gs_deploy_plan *plan)
{
	struct gs_keccak state;
	uint8_t word[8];

	gs_keccak_init(&state);
	gs_be64_write(word, plan->deployment.chain_id);
	gs_keccak_update(&state, word, sizeof(word));
	gs_keccak_update(&state, plan->sender.b, sizeof(plan->sender.b));
	gs_be64_write(word, plan->first);
	gs_keccak_update(&state, word, sizeof(word));
	for (size_t i = 0; i < plan->count; i++) {
		gs_be64_write(word, plan->step[i].data.len);
		gs_keccak_update(&state, word, sizeof(word));
		gs_keccak_update(&state, plan->step[i].data.ptr, plan->step[i].data.len);
	}
	gs_keccak_final(&state, &plan->digest);
}

enum gs_err gs_deploy_plan(const struct gs_deployment_origin *origin, uint64_t chain_id, const char *artifacts,
                           struct gs_deploy_plan *out, struct gs_error *error)
{
	char folder[GS_BESIDE_PATH_MAX];
	struct deploying d = {.p = &origin->parameters, .plan = out, .error = error};
	enum gs_err err = gs_deploy_parameters_said(d.p, error);

	memset(out, 0, sizeof(*out));
	out->deployment.chain_id = chain_id;
	out->sender = origin->deployer;
	out->first = origin->first_nonce;
	lay_out(out, d.p);
	if (!err && !artifacts) {
		err = gs_deploy_find(folder, error);
		artifacts = folder;
	}
	for (size_t i = 0; i < out->count && !err; i++)
		err = out->step[i].wire ? fill_wire(&d, &out->step[i]) : fill_creation(&d, artifacts, &out->step[i]);
	if (!err)
		digest_of(out);
	return err;
}

void gs_deploy_plan_free(struct gs_deploy_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		gs_buf_free(&plan->step[i].data);
		gs_buf_free(&plan->step[i].code);
	}
	plan->count = 0;
}
