/* simulations/nodes/told.h: what a party's endpoint, or several that must agree (endpoints.h), tell its node of the chain.
 *
 * With one endpoint its luck is the party's (actor.h), and a node believes what it says. */
#ifndef GS_SIMULATIONS_NODES_TOLD_H
#define GS_SIMULATIONS_NODES_TOLD_H

#include "simulations/nodes/actor.h"

struct gs_sim_pending { /* an effect that is to be done, with its bytes */
	struct gs_sim_pending *next;
	struct gs_node_effect effect;
	size_t data_len;
	uint8_t data[];
};

bool gs_sim_befalls(struct gs_sim_actor *a, uint32_t of_a_thousand);
uint64_t gs_sim_up_to(struct gs_sim_actor *a, uint64_t most);

/* A new look: which blocks can be seen. False: nothing is heard of the newest one now. *top: its number. With one endpoint the look at the newest
 * block is a request of its own: gs_sim_told_newest. */
void gs_sim_told_look(struct gs_sim_actor *a, uint64_t now_s);
bool gs_sim_told_newest(struct gs_sim_actor *a, uint64_t now_s, struct gs_head *out);
/* False: no answer, or no such block. */
bool gs_sim_told_number(struct gs_sim_actor *a, uint64_t number, uint64_t now_s, struct gs_head *out);
bool gs_sim_told_header(struct gs_sim_actor *a, const struct gs_hash *hash, uint64_t now_s, struct gs_head *out);
/* The answer to FETCH_LOGS. *made: what the entries lie in where they are not the chain's, the caller's to free with gs_sim_told_free. */
GS_MUST enum gs_err gs_sim_told_logs(struct gs_sim_actor *a, const struct gs_hash *hash, uint64_t now_s,
                                     struct gs_node_input *answer, struct gs_log_entry **made, bool *answered);
/* What is final; false: nothing is known of it. */
bool gs_sim_told_final(struct gs_sim_actor *a, uint64_t now_s, struct gs_node_input *out, uint64_t *final);
/* A range of final blocks from `first` on. *made as above. */
GS_MUST enum gs_err gs_sim_told_range(struct gs_sim_actor *a, uint64_t first, uint64_t final, uint64_t now_s,
                                      struct gs_node_input *out, struct gs_log_entry **made, bool *answered);
/* The answer to WATCH; false: none. */
bool gs_sim_told_receipt(struct gs_sim_actor *a, const struct gs_hash *hash, uint64_t now_s,
                         struct gs_node_input *answer);
/* The answer to NONCE; false: none. */
bool gs_sim_told_nonce(struct gs_sim_actor *a, bool mined, uint64_t now_s, struct gs_node_input *answer);
bool gs_sim_told_funds(struct gs_sim_actor *a, uint64_t now_s, struct gs_node_input *out);
/* The answer to PREPARE, whose bytes are in raw. */
void gs_sim_told_prepare(struct gs_sim_actor *a, const struct gs_sim_pending *p, uint64_t now_s,
                         struct gs_node_input *answer, struct gs_buf *raw, struct gs_error *why);
void gs_sim_told_refuse(const struct gs_sim_pending *p, enum gs_tx_refusal kind, const char *why,
                        struct gs_node_input *answer);
/* Whether a transaction can be handed over at all now: one endpoint answers, or not. */
bool gs_sim_told_reachable(struct gs_sim_actor *a, uint64_t now_s);
/* The answer to SEND, if there is one. */
GS_MUST enum gs_err gs_sim_told_send(struct gs_sim_actor *a, const struct gs_sim_pending *p,
                                     const struct gs_sim_treatment *treatment, uint64_t now_s,
                                     struct gs_node_input *answer, bool *answered);

#endif
