/* validator/cli/adversary.h: dishonest claimants, for demonstrations and tests on development chains.
 *
 * `outputs` executes honestly and then puts the posted output in the place of the computed one: it stands by whatever it
 * claimed, and every game against it ends at an output element that the judge recomputes. */
#ifndef GS_VALIDATOR_CLI_ADVERSARY_H
#define GS_VALIDATOR_CLI_ADVERSARY_H

#include "validator/daemon/work.h"

/* GS_EINVAL for an unknown kind. */
GS_MUST enum gs_err gs_adversary_from_text(const char *text, struct gs_work_adversary *out, struct gs_error *error);

#endif
