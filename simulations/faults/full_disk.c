#include "simulations/nodes/run.h"

static void plan(struct gs_sim_run *r)
{
	gs_sim_run_span(r, GS_SIM_P_FULL_DISK, 5, 40, &r->trouble.full_disk);
}

static void strike(struct gs_sim_run *r, struct gs_sim_luck *luck)
{
	luck->full_disk_from_s = r->trouble.full_disk.from_s;
	luck->full_disk_to_s = r->trouble.full_disk.to_s;
}

const struct gs_sim_fault_kind gs_sim_fault_full_disk = {
	.name = "full_disk",
	.about = "for a while every commit is refused, and so the process does not come up",
	.parameter = GS_SIM_P_FULL_DISK,
	.plan = plan,
	.strike = strike,
};
