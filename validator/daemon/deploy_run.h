/* validator/daemon/deploy_run.h: sends a plan's transactions, and goes on where another run of it stopped.
 *
 * Every transaction is on the disk before it is sent: a run that was killed at any point is repeated with the same journal, and what
 * is mined, waiting or only signed is found again; no contract is deployed twice. A step whose nonce went to something else ends the
 * deployment for good, since its address can never have the right code: then it is begun anew, under another journal. */
#ifndef GS_VALIDATOR_DAEMON_DEPLOY_RUN_H
#define GS_VALIDATOR_DAEMON_DEPLOY_RUN_H

#include "chain/rpc/sender.h"
#include "validator/daemon/deployer.h"

struct gs_deploy_journal {
	const char *path; /* NULL: nothing is kept; for chains that live no longer than the run */
	uint64_t chain_id;
	struct gs_address deployer;
	uint64_t first_nonce;
	uint64_t block; /* nothing of the deployment happened before it */
	struct gs_hash digest;
	uint64_t sent_nonce;
	struct gs_buf sent; /* the newest signed transaction; empty: none */
};

/* GS_ENOTFOUND: there is none, a new deployment. Free it in any case. */
GS_MUST enum gs_err gs_deploy_journal_load(const char *path, struct gs_deploy_journal *out, struct gs_error *error);
/* A new one for the plan, written at once unless path is NULL. Free it in any case. */
GS_MUST enum gs_err gs_deploy_journal_begin(const char *path, const struct gs_deploy_plan *plan, uint64_t block,
                                            struct gs_deploy_journal *out, struct gs_error *error);
/* The journal is of this very plan: GS_ECONFLICT with what differs. */
GS_MUST enum gs_err gs_deploy_journal_fits(const struct gs_deploy_journal *journal, const struct gs_deploy_plan *plan,
                                           struct gs_error *error);
GS_MUST enum gs_err gs_deploy_journal_end(struct gs_deploy_journal *journal, struct gs_error *error); /* removes it */
/* Keeps `sent`, which the caller has written, as the transaction of that nonce: before it is sent. */
GS_MUST enum gs_err gs_deploy_journal_note(struct gs_deploy_journal *journal, uint64_t nonce, struct gs_error *error);
void gs_deploy_journal_free(struct gs_deploy_journal *journal);

/* Does what is not done of a plan that was simulated (deploy_check.h). gas_used: of what this run sent; may be NULL. fee_max: per
 * gas; zero: no cap. */
GS_MUST enum gs_err gs_deploy_run(const struct gs_sender *sender, const struct gs_deploy_plan *plan,
                                  struct gs_wei fee_max, struct gs_deploy_journal *journal, uint64_t *gas_used,
                                  struct gs_error *error);

/* Everything at once on a chain of one's own: plan, simulation, run. The sender owns the terms where the parameters say so.
 * artifacts as gs_deploy_plan. gas_used may be NULL. */
GS_MUST enum gs_err gs_deploy_all(const struct gs_sender *sender, const char *artifacts,
                                  const struct gs_deploy_parameters *parameters, struct gs_deployment *out,
                                  uint64_t *gas_used, struct gs_error *error);

#endif
