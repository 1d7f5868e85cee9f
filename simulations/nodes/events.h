/* simulations/nodes/events.h: what happens in the simulated contracts, as logs in the form that the real ones write. */
#ifndef GS_SIMULATIONS_NODES_EVENTS_H
#define GS_SIMULATIONS_NODES_EVENTS_H

#include "simulations/chain.h"
#include "validator/node/event.h"

enum { GS_SIM_LOG_BYTES_MAX = 1 << 20 /* of data, a block */ };

struct gs_sim_logs {                /* of one block, in order */
	struct gs_log_entry *entry; /* owned; data points nowhere before gs_sim_logs_seal */
	size_t *at;                 /* owned: where each entry's data begins */
	size_t count, room;
	struct gs_buf data;
	enum gs_err err;          /* the first failure sticks... */
	struct gs_log_entry lost; /* ...and what is logged after it goes here */
};
void gs_sim_logs_init(struct gs_sim_logs *logs);
void gs_sim_logs_free(struct gs_sim_logs *logs);
/* Numbers the entries and says which block they are in. */
void gs_sim_logs_seal(struct gs_sim_logs *logs, uint64_t block, const struct gs_hash *hash);

void gs_sim_log_deposited(struct gs_sim_logs *logs, const struct gs_contracts *contracts, unsigned account,
                          struct gs_wei amount);
void gs_sim_log_registered(struct gs_sim_logs *logs, const struct gs_contracts *contracts, unsigned account,
                           const struct gs_header *header);
void gs_sim_log_posted(struct gs_sim_logs *logs, const struct gs_contracts *contracts, const struct gs_sim_chain *claim,
                       struct gs_bytes input, struct gs_bytes output);
void gs_sim_log_root_posted(struct gs_sim_logs *logs, const struct gs_contracts *contracts,
                            const struct gs_sim_batch *batch, const struct gs_hash *hint);
void gs_sim_log_batch_posted(struct gs_sim_logs *logs, const struct gs_contracts *contracts,
                             const struct gs_sim_batch *batch, struct gs_bytes leaves);
/* Everything that the contracts report; claim: NULL where the report is about none. */
void gs_sim_log_report(struct gs_sim_logs *logs, const struct gs_contracts *contracts, const struct gs_sim_chain *claim,
                       const struct gs_sim_report *report);

#endif
