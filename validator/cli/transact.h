/* validator/cli/transact.h: single transactions and views for commands. */
#ifndef GS_VALIDATOR_CLI_TRANSACT_H
#define GS_VALIDATOR_CLI_TRANSACT_H

#include "chain/eth/abi.h"
#include "validator/daemon/session.h"

enum { GS_TRANSACT_TIMEOUT_MS = 120 * 1000 };

/* Sends calldata (freed here, also on failure) to a contract and waits until it is mined. *receipt may be NULL, else it is the
 * caller's to free on success. */
GS_MUST enum gs_err gs_transact(const struct gs_session *session, enum gs_contract to, struct gs_buf *calldata,
                                struct gs_receipt *receipt, struct gs_error *error);
/* Calls a view (calldata is freed here); appends what it returns to out. */
GS_MUST enum gs_err gs_view_call(const struct gs_session *session, enum gs_contract to, struct gs_buf *calldata,
                                 struct gs_buf *out, struct gs_error *error);

#endif
