/* validator/node/history.h: what the node remembers for its sampling policy: of claimants, from the chain; of models, from its own executions.
 *
 * Kept in the meta table: "claimant:" and the address (chain-derived, so that a reorganisation takes it back), "cost:" and the model's id,
 * "policy:" and the hash of every policy that decisions were made by,
 * "validates" and since when this node has validated. Memory of claimants begins with the first event that this version sees of
 * them: a database of before knows nobody, so that everybody is young for a while, and drawn more often rather than less. */
#ifndef GS_VALIDATOR_NODE_HISTORY_H
#define GS_VALIDATOR_NODE_HISTORY_H

#include "validator/node/facts.h"
#include "validator/node/policy.h"

struct gs_claimant_record {
	struct gs_time since; /* its first claim or batch */
	uint32_t wrong;       /* claims that were settled wrong */
};

/* After gs_facts_apply of the same event. */
GS_MUST enum gs_err gs_history_apply(struct gs_journal *j, const struct gs_event *event);
/* Of an unknown claimant: since the end of time, nothing wrong. */
GS_MUST enum gs_err gs_history_claimant(struct gs_journal *j, const struct gs_address *claimant,
                                        struct gs_claimant_record *out);
/* A moving average of what executions of the model took; 0: none was measured. */
GS_MUST enum gs_err gs_history_cost(struct gs_journal *j, const struct gs_hash *model, uint64_t *cost_us);
GS_MUST enum gs_err gs_history_took(struct gs_journal *j, const struct gs_hash *model, uint64_t us);
GS_MUST enum gs_err gs_history_keep_policy(struct gs_journal *j, const struct gs_sampling_policy *policy);
/* GS_ENOTFOUND. */
GS_MUST enum gs_err gs_history_policy(struct gs_journal *j, const struct gs_hash *hash, struct gs_sampling_policy *out);
/* Since when the node has been one that validates, with every restart and absence: from the first start as such after one as another. Claims
 * whose windows ended later are its to decide about. GS_ENOTFOUND: it does not. */
GS_MUST enum gs_err gs_history_validates_since(struct gs_journal *j, struct gs_time *out);
/* At a start. */
GS_MUST enum gs_err gs_history_note_validates(struct gs_journal *j, bool validates, struct gs_time now);

#endif
