#include "simulations/nodes/run.h"

static void strike(struct gs_sim_run *r, struct gs_sim_luck *luck)
{
	luck->crash = gs_sim_run_share(r, GS_SIM_P_CRASH_CHANCE, 1000, 1, 60);
	if (!gs_sim_run_has(r, GS_SIM_FAULT_COMMIT)) /* else it draws how long a restart takes */
		luck->down_s = gs_sim_run_between(r, 0, 4);
}

const struct gs_sim_fault_kind gs_sim_fault_crash = {
	.name = "crash",
	.about = "after some steps, once they are stored, the process dies with everything that it was about to do",
	.parameter = GS_SIM_P_CRASH_CHANCE,
	.strike = strike,
};
