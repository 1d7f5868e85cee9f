/* simulations/nodes/event_duties.h: logs of Duties and Batches, and what they share with those of events.c. */
#ifndef GS_SIMULATIONS_NODES_EVENT_DUTIES_H
#define GS_SIMULATIONS_NODES_EVENT_DUTIES_H

#include "simulations/nodes/events.h"

/* A new log of the contract; its topics follow, then its data. */
struct gs_log_entry *gs_sim_log_begin(struct gs_sim_logs *logs, const struct gs_address *contract,
                                      const struct gs_hash *event);
void gs_sim_log_topic(struct gs_log_entry *e, const struct gs_hash *value);
void gs_sim_log_topic_account(struct gs_log_entry *e, const struct gs_contracts *contracts, unsigned account);

/* A report of a duty, a batch, or a window that was extended. */
void gs_sim_log_duty(struct gs_sim_logs *logs, const struct gs_contracts *contracts, const struct gs_sim_chain *claim,
                     const struct gs_sim_report *report);

#endif
