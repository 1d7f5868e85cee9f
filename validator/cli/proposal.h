/* validator/cli/proposal.h: one call that is either sent with the key, or only tried and shown (--dry-run): to whom, which bytes, what
 * gas. What is shown is what a multisig or a timelock is given to execute. */
#ifndef GS_VALIDATOR_CLI_PROPOSAL_H
#define GS_VALIDATOR_CLI_PROPOSAL_H

#include "validator/cli/transact.h"

struct gs_proposal {
	enum gs_contract contract;
	const char *call; /* for people: "Claims.retireDeployment()" */
	struct gs_buf data;
	struct gs_address from; /* who would send it; filled from the key when it is sent */
	bool sent;              /* filled: */
	uint64_t gas;           /* used, or estimated */
	struct gs_hash hash;    /* sent: of the transaction */
};

/* A call whose arguments are single words; gs_buf_free(&out->data). */
void gs_proposal_make(enum gs_contract contract, const char *call, uint32_t selector, const struct gs_hash *words,
                      size_t count, struct gs_proposal *out);
/* dry_run: tried from proposal->from, and its gas estimated. Otherwise tried, sent and waited for. What it reverts with is the error:
 * GS_ECONFLICT, and the trial's failure is the session's last (GS_RPC_REVERT). */
GS_MUST enum gs_err gs_propose(const struct gs_transact *t, bool dry_run, struct gs_proposal *proposal,
                               struct gs_error *error);
void gs_proposal_print(const struct gs_transact *t, const struct gs_proposal *proposal, bool json);

/* A connection for such a command: a key only when something is to be sent. */
GS_MUST enum gs_err gs_proposal_open(const struct gs_options *options, bool dry_run, struct gs_transact *out,
                                     struct gs_error *error);

#endif
