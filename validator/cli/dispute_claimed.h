/* validator/cli/dispute_claimed.h: what a claim about a tolerant model states, and the traces that follow from it.
 *
 * Both sides' executions end in a comparison with the outputs that are claimed. Up to it they are the same whatever is
 * claimed; behind it they are not. All functions do nothing for an exact model. */
#ifndef GS_VALIDATOR_CLI_DISPUTE_CLAIMED_H
#define GS_VALIDATOR_CLI_DISPUTE_CLAIMED_H

#include "validator/cli/dispute_fault.h"
#include "validator/cli/dispute_setup.h"

/* Of a setup whose trace was executed and not yet committed: claims the canonical outputs. */
GS_MUST enum gs_err gs_dispute_claim_canonical(struct gs_dispute_setup *setup, struct gs_error *error);
/* Claims the outputs in these files (.pb or .npy) instead, right or wrong, and compares and commits again. GS_EINVAL: an exact
 * model, or tensors that do not fit. */
GS_MUST enum gs_err gs_dispute_claim_given(struct gs_dispute_setup *setup, const char *const *outputs, size_t count,
                                           struct gs_error *error);

/* One game in which the liar claims: *own is the setup with the outputs that the liar's execution gives (unless they were
 * given) as the claim, and the honest trace that follows from it. The liar's own trace ends in a 1 whatever its comparison
 * came to: without that there is no claim. *differ: whether the two traces still do. *own stays where it is while provers
 * over it are used; end it with gs_dispute_claimed_end before the setup is freed. */
GS_MUST enum gs_err gs_dispute_claim_of_liar(const struct gs_dispute_setup *setup, struct gs_liar *liar,
                                             struct gs_dispute_setup *own, bool *differ, struct gs_error *error);
void gs_dispute_claimed_end(struct gs_dispute_setup *own);

#endif
