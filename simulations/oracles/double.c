#include "simulations/oracles/oracles.h"

#include <string.h>

#include "simulations/nodes/run.h"

static bool is_deposit(const struct gs_sim_tx *tx)
{
	return tx->nonce >= GS_SIM_DEPOSIT_NONCE;
}

/* Nobody pays twice for one move: of two transactions with the same calldata none has succeeded, unless the chain took it back for a
 * while. What was kept out may come both by itself and as a deposit, but not succeed twice; nor is it deposited twice. */
static enum gs_err check(struct gs_sim_run *r, struct gs_error *error)
{
	const bool reorgs = r->network.branch > 0;
	(void)error;
	for (unsigned i = 0; i < r->network.txs && !reorgs; i++)
		for (unsigned k = 0; k < i; k++) {
			const struct gs_sim_tx *x = r->network.tx[k], *y = r->network.tx[i];
			if (!gs_sim_run_honest(r, x->sender) || y->sender != x->sender || !x->mined || !y->mined ||
			    !gs_address_equal(&x->to, &r->network.rules.contracts.disputes) ||
			    x->data.len != y->data.len || memcmp(x->data.ptr, y->data.ptr, x->data.len) != 0)
				continue;
			if (is_deposit(x) != is_deposit(y) ? x->success && y->success : x->success || y->success)
				gs_sim_run_object(r, GS_SIM_WRONG_DOUBLE);
		}
	return GS_OK;
}

const struct gs_sim_oracle_kind gs_sim_oracle_double = {
	.name = "one move sent twice",
	.about = "a move that succeeded, and once more in another transaction, where the chain took nothing back",
	.at_end = check,
};
