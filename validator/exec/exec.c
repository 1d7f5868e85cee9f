#include "validator/exec/exec.h"

#include "validator/exec/kernels.h"
#include "validator/exec/plan.h"

#include <string.h>

enum gs_err gs_exec_run(const struct gs_program *p, const struct gs_memory *mem, unsigned threads,
                        struct gs_error *error)
{
	const struct gs_exec_options options = {
		.threads = threads, .packed_bytes = GS_EXEC_PACKED_BYTES_MAX, .shared_only = true};
	return gs_exec_run_with(p, mem, &options, error);
}

enum gs_err gs_exec_run_with(const struct gs_program *p, const struct gs_memory *mem,
                             const struct gs_exec_options *options, struct gs_error *error)
{
	struct gs_exec_plan *plan;
	enum gs_err err = gs_exec_plan_new(p, options, &plan, error);
	if (err != GS_OK)
		return err;
	err = gs_exec_plan_run(plan, mem, error);
	gs_exec_plan_free(plan);
	return err;
}

enum gs_err gs_exec_run_committing(const struct gs_program *p, const struct gs_memory *mem,
                                   const struct gs_exec_options *options, struct gs_trace *trace,
                                   struct gs_error *error)
{
	struct gs_exec_plan *plan;
	enum gs_err err = gs_exec_plan_new(p, options, &plan, error);
	if (err != GS_OK)
		return err;
	err = gs_exec_plan_run_committing(plan, mem, trace, error);
	gs_exec_plan_free(plan);
	return err;
}

const char *gs_exec_isa(void)
{
	return gs_kernels_select()->isa;
}

enum gs_err gs_exec_isa_check(const char *isa, struct gs_error *error)
{
	char known[64] = "";
	if (gs_kernels_named(isa) != NULL)
		return GS_OK;
	for (unsigned n = 0; gs_kernels_nth(n) != NULL; n++) {
		strcat(known, n ? ", " : "");
		strcat(known, gs_kernels_nth(n)->isa);
	}
	return gs_fail(error, GS_EINVAL, "instruction set '%s': this processor can run %s", isa, known);
}
