/* validator/daemon/l1.h: the chain's L1, for what the sequencer keeps out (docs/node.md, Through L1): endpoints, account and thread of its
 * own. Nothing waits for it but the deposits themselves: an L1 that does not answer holds up nothing on the chain. */
#ifndef GS_VALIDATOR_DAEMON_L1_H
#define GS_VALIDATOR_DAEMON_L1_H

#include "validator/daemon/chain_thread.h"

enum {
	GS_L1_OUTSTANDING_MAX = 64, /* jobs; what only looks or sends again is dropped beyond, and comes again */
};

struct gs_l1;

/* Checks what is configured under `l1`; *out is NULL where nothing is. The endpoints are asked nothing: they may be down now, and are asked
 * again when they are needed. Takes the lock of the account on L1. config and log are borrowed. */
GS_MUST enum gs_err gs_l1_open(const struct gs_config *config, const struct gs_session *chain, const struct gs_log *log,
                               struct gs_l1 **out, int *event_fd, struct gs_error *error);
void gs_l1_close(struct gs_l1 *l1); /* NULL is fine */
const struct gs_address *gs_l1_portal(const struct gs_l1 *l1);
/* As those of chain_thread.h. */
GS_MUST enum gs_err gs_l1_submit(struct gs_l1 *l1, const struct gs_chain_job *job);
struct gs_chain_result *gs_l1_take(struct gs_l1 *l1);

/* The settings alone; *portal where there is one. chain_id: the chain's own, 0 where it is not known. GS_EINVAL, with what to do. */
GS_MUST enum gs_err gs_l1_check_settings(const struct gs_config *config, uint64_t chain_id, struct gs_address *portal,
                                         struct gs_error *error);

#endif
