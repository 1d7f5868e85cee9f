#include "validator/daemon/deploy_run.h"

#include <string.h>

#include "chain/rpc/deploy.h"
#include "validator/daemon/deploy_check.h"

enum { STEP_TIMEOUT_MS = 120 * 1000, STEP_POLL_MS = 50 };

struct running {
	const struct gs_sender *sender;
	const struct gs_deploy_plan *plan;
	struct gs_wei fee_max;
	struct gs_deploy_journal *journal;
	uint64_t gas;
	struct gs_error *error;
};

static enum gs_err lost(const struct running *r, const struct gs_deploy_step *step, const char *why)
{
	return gs_fail(r->error, GS_ECONFLICT,
	               "%s: %s (nonce %llu); its address cannot be had any more: %s%s and deploy anew",
	               gs_deploy_step_name(step), why, (unsigned long long)step->nonce,
	               r->journal->path ? "remove " : "begin", r->journal->path ? r->journal->path : "");
}

/* Signs the step's transaction and keeps it. */
static enum gs_err sign(struct running *r, const struct gs_deploy_step *step)
{
	const struct gs_send_request request = {
		.create = !step->wire,
		.to = r->plan->deployment.contract[GS_CONTRACT_STAKES],
		.data = gs_buf_view(&step->data),
		.nonce = step->nonce,
		.fee_max = r->fee_max,
	};
	struct gs_prepared prepared;
	enum gs_err err;

	r->journal->sent.len = 0;
	err = gs_sender_prepare(r->sender, &request, &r->journal->sent, &prepared, r->error);
	if (err) {
		r->journal->sent.len = 0;
		return err;
	}
	return gs_deploy_journal_note(r->journal, step->nonce, r->error);
}

static enum gs_err send_and_wait(struct running *r, const struct gs_deploy_step *step)
{
	const struct gs_bytes raw = gs_buf_view(&r->journal->sent);
	struct gs_receipt receipt = {0};
	struct gs_hash hash;
	enum gs_err err = gs_sender_send(r->sender->rpc, raw, r->error);

	if (err)
		return err;
	gs_tx_hash(raw, &hash);
	err = gs_sender_wait(r->sender->rpc, &hash, STEP_TIMEOUT_MS, STEP_POLL_MS, &receipt, r->error);
	if (err == GS_EAGAIN)
		return gs_fail_within(r->error, err, "the transaction waits; the same command goes on with it");
	if (err)
		return err;
	r->gas += receipt.gas_used;
	err = receipt.success ? GS_OK : lost(r, step, "the transaction reverted");
	gs_receipt_free(&receipt);
	return err;
}

/* The chain's count of the sender's transactions says whether a step's nonce is used; the code says for what. */
static enum gs_err run_step(struct running *r, size_t i)
{
	const struct gs_deploy_step *step = &r->plan->step[i];
	uint64_t next = 0;
	bool done = false;
	enum gs_err err = gs_eth_get_nonce(r->sender->rpc, &r->plan->sender, gs_block_latest(), &next, r->error);

	if (err)
		return err;
	if (next > step->nonce) {
		err = gs_deploy_step_done(r->sender->rpc, r->plan, i, &done, r->error);
		return err || done ? err : lost(r, step, "another transaction of the sender took its turn");
	}
	if (next < step->nonce)
		return gs_fail(r->error, GS_EAGAIN,
		               "%s: has mined %llu transactions of the sender, and had more before",
		               gs_rpc_name(r->sender->rpc), (unsigned long long)next);
	if (r->journal->sent.len == 0 || r->journal->sent_nonce != step->nonce)
		err = sign(r, step);
	if (!err)
		err = send_and_wait(r, step);
	if (!err)
		err = gs_deploy_step_done(r->sender->rpc, r->plan, i, &done, r->error);
	if (!err && !done)
		err = gs_fail(r->error, GS_ECONFLICT, "%s: the transaction is mined, and there is nothing of it",
		              gs_rpc_name(r->sender->rpc));
	return err ? gs_fail_within(r->error, err, "deploying %s", gs_deploy_step_name(step)) : GS_OK;
}

enum gs_err gs_deploy_run(const struct gs_sender *sender, const struct gs_deploy_plan *plan, struct gs_wei fee_max,
                          struct gs_deploy_journal *journal, uint64_t *gas_used, struct gs_error *error)
{
	struct running r = {.sender = sender, .plan = plan, .fee_max = fee_max, .journal = journal, .error = error};
	enum gs_err err = gs_deploy_journal_fits(journal, plan, error);

	GS_ASSERT(gs_address_equal(&sender->signer.address, &plan->sender));
	for (size_t i = 0; i < plan->count && !err; i++)
		err = run_step(&r, i);
	if (gas_used)
		*gas_used = r.gas;
	return err;
}

enum gs_err gs_deploy_all(const struct gs_sender *sender, const char *artifacts,
                          const struct gs_deploy_parameters *parameters, struct gs_deployment *out, uint64_t *gas_used,
                          struct gs_error *error)
{
	struct gs_deployment_origin origin = {.deployer = sender->signer.address, .parameters = *parameters};
	struct gs_deploy_journal journal = {.path = NULL};
	struct gs_deploy_plan plan = {.count = 0};
	uint64_t block = 0;
	enum gs_err err = gs_eth_block_number(sender->rpc, &block, error);

	if (!err)
		err = gs_sender_next_nonce(sender, &origin.first_nonce, error);
	if (!err)
		err = gs_deploy_plan(&origin, sender->chain_id, artifacts, &plan, error);
	if (!err)
		err = gs_deploy_simulate(sender->rpc, &plan, parameters->stakes.token.choice == GS_ADDRESS_WORD, error);
	if (!err)
		err = gs_deploy_journal_begin(NULL, &plan, block, &journal, error);
	if (!err)
		err = gs_deploy_run(sender, &plan, (struct gs_wei){{{0}}}, &journal, gas_used, error);
	*out = plan.deployment;
	out->block = block;
	gs_deploy_journal_free(&journal);
	gs_deploy_plan_free(&plan);
	return err;
}
