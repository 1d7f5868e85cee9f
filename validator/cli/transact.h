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

/* What such a command begins with: parses the command line and connects. understood: whether the arguments make sense together, NULL
 * for any; else `expected` is said. GS_CLI_GO_ON, or an exit code; then there is nothing to close. */
GS_MUST int gs_transact_begin(struct gs_options *options, struct gs_cli *cli, int argc, char **argv,
                              bool (*understood)(const struct gs_cli *), const char *expected, struct gs_transact *out);

/* Single words, as arguments of a call. */
struct gs_hash gs_word_of_address(const struct gs_address *v);
struct gs_hash gs_word_of_amount(struct gs_wei v);
/* Sends a call whose arguments are single words, and waits until it is mined. */
GS_MUST enum gs_err gs_transact_call(const struct gs_transact *t, enum gs_contract contract, uint32_t selector,
                                     const struct gs_hash *words, size_t count, struct gs_error *error);
/* Sends calldata (freed here) to a contract and waits until it is mined; what it would revert with is the error. *receipt may be
 * NULL, else gs_receipt_free. */
GS_MUST enum gs_err gs_transact_send(const struct gs_transact *t, enum gs_contract contract, struct gs_buf *calldata,
                                     struct gs_receipt *receipt, struct gs_error *error);

/* An amount of the token as a person writes it: "1.5". */
GS_MUST enum gs_err gs_transact_amount(const char *what, const char *text, struct gs_wei *out, struct gs_error *error);

#endif
