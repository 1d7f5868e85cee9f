#include "simulations/oracles/oracles.h"

#include "simulations/nodes/run.h"

static enum gs_err check(struct gs_sim_run *r, struct gs_error *error)
{
	const bool left_over = gs_sim_run_left_over(r); /* what is nobody's stays open for everybody */
	enum gs_err err = GS_OK;
	for (unsigned a = 0; a < r->actors && err == GS_OK; a++) {
		struct gs_node_summary s;
		if (!gs_sim_run_honest(r, a))
			continue;
		if (r->actor[a].node == NULL) {
			gs_sim_run_object(r, GS_SIM_WRONG_RESTLESS);
			continue;
		}
		err = gs_sim_actor_summarise(&r->actor[a], &s, error);
		if (err == GS_OK &&
		    (s.pending_txs || s.executions || s.attested || (!left_over && (s.open || s.open_games))))
			gs_sim_run_object(r, GS_SIM_WRONG_RESTLESS);
	}
	return err;
}

const struct gs_sim_oracle_kind gs_sim_oracle_restless = {
	.name = "an honest node never rests",
	.about = "a minute after the last claim is settled, with all faults over, it still waits for something",
	.at_end = check,
};
