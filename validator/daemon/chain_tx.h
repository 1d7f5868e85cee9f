/* validator/daemon/chain_tx.h: the node's transactions, done at an endpoint: priced, tried, signed, sent, and looked for. Each gives at
 * most one answer, as in chain_io.h. */
#ifndef GS_VALIDATOR_DAEMON_CHAIN_TX_H
#define GS_VALIDATOR_DAEMON_CHAIN_TX_H

#include "validator/daemon/chain_io.h"

/* Whether the io's L1 is the one that is configured and has the portal, which takes deposits; asked until it is so. */
GS_MUST enum gs_err gs_chain_tx_check_portal(struct gs_chain_io *io, struct gs_error *error);

void gs_chain_tx_prepare(struct gs_chain_io *io, const struct gs_node_effect *effect, struct gs_bytes data,
                         struct gs_chain_answer *answer);
GS_MUST enum gs_err gs_chain_tx_watch(struct gs_chain_io *io, const struct gs_node_effect *effect,
                                      struct gs_chain_answer *answer);
GS_MUST enum gs_err gs_chain_tx_send(struct gs_chain_io *io, const struct gs_node_effect *effect, struct gs_bytes data,
                                     struct gs_chain_answer *answer);
GS_MUST enum gs_err gs_chain_tx_nonce(struct gs_chain_io *io, const struct gs_node_effect *effect,
                                      struct gs_chain_answer *answer);

#endif
