/* A claim from its posting until it is over: docs/protocol.md, section 4. */
#include "simulations/chain/batches.h"
#include "simulations/chain/duties.h"
#include "simulations/chain/stakes.h"

enum gs_err gs_sim_post(struct gs_sim_chain *chain, unsigned claimant, struct gs_wei value, struct gs_error *error)
{
	GS_ASSERT(chain->status == GS_SIM_CLAIM_NONE);
	struct gs_wei bond, fee, both;
	enum gs_err err = gs_bond_of_claim(&chain->rules.terms, value, &bond);
	if (err == GS_OK)
		err = gs_fee_of_claim(&chain->rules.terms, value, &fee);
	if (err == GS_OK)
		err = gs_wei_add(bond, fee, &both);
	if (err == GS_OK)
		err = gs_sim_lock(chain->bank, claimant, both, error);
	if (err != GS_OK)
		return err;
	chain->claimant = claimant;
	chain->claim_bond = bond;
	chain->claim_fee = fee;
	chain->window_end = chain->now + chain->rules.terms.window_s;
	chain->status = GS_SIM_CLAIM_OPEN;
	return GS_OK;
}

/* "when it is open, now > windowEnd, no game is open, no demand is pending, and Duties clears it: the bond is unlocked, the fee goes
 * where 6.4 says" */
enum gs_err gs_sim_finalize(struct gs_sim_chain *chain, uint64_t epoch, struct gs_error *error)
{
	if (chain->status != GS_SIM_CLAIM_OPEN)
		return gs_fail(error, GS_EINVAL, "ClaimNotOpen");
	if (chain->now <= chain->window_end)
		return gs_fail(error, GS_EINVAL, "WindowOpen");
	if (chain->open_games != 0)
		return gs_fail(error, GS_EINVAL, "GamesOpen");
	if (chain->demand.pending)
		return gs_fail(error, GS_EINVAL, "DemandPending");
	enum gs_err err = chain->duties != NULL ? gs_sim_duty_cleared(chain, epoch, error) : GS_OK;
	if (err != GS_OK)
		return err;
	if (chain->batch != NULL && chain->batch->status != GS_SIM_BATCH_OPEN)
		return gs_fail(error, GS_EINVAL, "BatchNotOpen");
	chain->status = GS_SIM_CLAIM_FINAL;
	chain->window_end = chain->now;
	gs_sim_tell(chain->bank, chain, (struct gs_sim_report){.kind = GS_SIM_REPORT_FINALIZED});
	if (chain->batch != NULL) {
		chain->batch->open_leaves--;
		return GS_OK;
	}
	gs_sim_unlock(chain->bank, chain->claimant, chain->claim_bond);
	gs_sim_pay_fee(chain->bank, chain->claimant, chain->claim_fee);
	return GS_OK;
}

enum gs_err gs_sim_release(struct gs_sim_chain *chain, bool model_void, struct gs_error *error)
{
	if (chain->status != GS_SIM_CLAIM_OPEN)
		return gs_fail(error, GS_EINVAL, "ClaimNotOpen");
	if (!model_void && (chain->batch == NULL || chain->batch->status == GS_SIM_BATCH_OPEN))
		return gs_fail(error, GS_EINVAL, "NotReleasable");
	if (!model_void && chain->open_games != 0)
		return gs_fail(error, GS_EINVAL, "GamesOpen");
	chain->status = GS_SIM_CLAIM_VOID;
	gs_sim_tell(chain->bank, chain, (struct gs_sim_report){.kind = GS_SIM_REPORT_RELEASED});
	if (chain->batch != NULL)
		return GS_OK;
	struct gs_wei both = chain->claim_bond;
	gs_sim_wei_add(&both, chain->claim_fee);
	gs_sim_unlock(chain->bank, chain->claimant, both);
	return GS_OK;
}

void gs_sim_extend(struct gs_sim_chain *chain)
{
	const uint64_t end = chain->now + chain->rules.terms.window_s;
	if (chain->first_window_end == 0)
		chain->first_window_end = chain->window_end;
	if (end <= chain->window_end)
		return;
	chain->window_end = end;
	gs_sim_tell(chain->bank, chain, (struct gs_sim_report){.kind = GS_SIM_REPORT_EXTENDED, .time = end});
}
