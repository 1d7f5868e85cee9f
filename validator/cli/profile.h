/* validator/cli/profile.h: where the time of a run goes, instruction by instruction. */
#ifndef GS_VALIDATOR_CLI_PROFILE_H
#define GS_VALIDATOR_CLI_PROFILE_H

#include "validator/cli/model.h"

struct gs_profile {
	uint64_t runs;
	double *seconds; /* owned; of all runs, one an instruction */
	double total;
};

/* Runs an executed run's plan so many times more. GS_ENOMEM. */
GS_MUST enum gs_err gs_profile_take(const struct gs_run *run, uint64_t runs, struct gs_profile *out,
                                    struct gs_error *error);
void gs_profile_free(struct gs_profile *p);

/* A line an instruction, the slowest first: what it is run as, its boxes, milliseconds a run, share, 10^9 scalar steps a second (a
 * fused multiply-add counts as two); then a line a form. At most `lines` of the first kind. */
void gs_profile_print(const struct gs_profile *p, const struct gs_run *run, uint32_t lines);

#endif
