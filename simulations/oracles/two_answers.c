#include "simulations/oracles/oracles.h"

#include <stdlib.h>
#include <string.h>

#include "simulations/nodes/run.h"

/* Nor two letters. */
static void check_letters(struct gs_sim_run *r)
{
	const struct gs_sim_letters *l = &r->letters;
	for (size_t i = 0; i < l->count; i++) {
		const struct gs_sim_letter *x = &l->letter[i], *y;
		for (unsigned n = 0; gs_sim_run_honest(r, x->account); n++) {
			y = gs_sim_letters_of(l, x->account, &x->game, &x->from, n);
			if (y == NULL)
				break;
			if (x->bytes.len != y->bytes.len || memcmp(x->bytes.ptr, y->bytes.ptr, x->bytes.len) != 0)
				gs_sim_run_object(r, GS_SIM_WRONG_TWO_ANSWERS);
		}
	}
}

/* No two transactions of an honest node that answer one state of a game by the same party differently. */
static enum gs_err check(struct gs_sim_run *r, struct gs_error *error)
{
	struct gs_sim_call *call = calloc(2, sizeof(*call));
	if (call == NULL)
		return gs_fail(error, GS_ENOMEM, "simulation: no memory for an oracle");
	const struct gs_contracts *c = &r->network.rules.contracts;
	for (unsigned i = 0; i < r->network.txs; i++) {
		const struct gs_sim_tx *x = r->network.tx[i];
		if (!gs_sim_run_honest(r, x->sender) || gs_sim_call_decode(c, &x->to, x->data, &call[0]) != GS_OK ||
		    call[0].kind != GS_SIM_CALL_MOVE || gs_move_side(call[0].move.kind) == 0)
			continue;
		for (unsigned k = i + 1; k < r->network.txs; k++) {
			const struct gs_sim_tx *y = r->network.tx[k];
			if (y->sender != x->sender ||
			    (y->data.len == x->data.len && memcmp(y->data.ptr, x->data.ptr, x->data.len) == 0))
				continue;
			if (gs_sim_call_decode(c, &y->to, y->data, &call[1]) != GS_OK ||
			    call[1].kind != GS_SIM_CALL_MOVE || gs_move_side(call[1].move.kind) == 0 ||
			    memcmp(call[0].word[1], call[1].word[1], 64) != 0)
				continue;
			bool same_claim = call[0].by_claim == call[1].by_claim &&
			                  (call[0].by_claim ? gs_hash_equal(&call[0].claim, &call[1].claim)
			                                    : memcmp(&call[0].body.lot, &call[1].body.lot,
			                                             sizeof(call[0].body.lot)) == 0);
			if (same_claim)
				gs_sim_run_object(r, GS_SIM_WRONG_TWO_ANSWERS);
		}
	}
	free(call);
	check_letters(r);
	return GS_OK;
}

const struct gs_sim_oracle_kind gs_sim_oracle_two_answers = {
	.name = "two answers to one state",
	.about =
		"two different moves of an honest node in answer to the same state of a game, in any two transactions or letters",
	.at_end = check,
};
