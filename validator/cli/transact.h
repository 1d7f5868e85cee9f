/* validator/cli/transact.h: what commands that send one transaction share: options, a checked connection, send and wait. */
#ifndef GS_VALIDATOR_CLI_TRANSACT_H
#define GS_VALIDATOR_CLI_TRANSACT_H

#include "chain/eth/abi.h"
#include "validator/cli/options.h"

enum { GS_TRANSACT_TIMEOUT_MS = 120 * 1000, GS_TRANSACT_DATA_MAX = 256 * 1024 };

struct gs_transact {
	struct gs_config config;
	struct gs_session session; /* with contracts and key */
};

GS_MUST enum gs_err gs_transact_open(const struct gs_options *options, struct gs_transact *out, struct gs_error *error);
void gs_transact_close(struct gs_transact *t);

/* Sends calldata (freed here) to a contract and waits until it is mined; what it would revert with is the error. *receipt may be
 * NULL, else gs_receipt_free. */
GS_MUST enum gs_err gs_transact_send(const struct gs_transact *t, enum gs_contract contract, struct gs_buf *calldata,
                                     struct gs_receipt *receipt, struct gs_error *error);

/* An amount of the token as a person writes it: "1.5". */
GS_MUST enum gs_err gs_transact_amount(const char *what, const char *text, struct gs_wei *out, struct gs_error *error);

#endif
