/* tests/support/anvil_claims.h: anvil with the contracts on it, and blocks full of claims when they are asked for: each claim is a transaction
 * that one of three accounts signed here. And a client that does nothing but ask and wait, to know what anvil takes by itself. For
 * benchmarks: whatever goes wrong ends the program, with a line that says what. */
#ifndef GS_TESTS_SUPPORT_ANVIL_CLAIMS_H
#define GS_TESTS_SUPPORT_ANVIL_CLAIMS_H

#include "validator/cli/dispute_chain.h"
#include "validator/node/event.h"

enum { GS_ANVIL_CLAIMS_MAX = 250 * 1000 }; /* that the accounts can put up bonds for */

struct gs_anvil_claims {
	struct gs_anvil anvil;
	struct gs_dispute_chain chain;
	struct gs_contracts contracts;
	struct gs_hash model;
	uint64_t posted;
	int fd; /* of the plain client */
};

/* Nothing is mined from then on before gs_anvil_claims_mine. */
void gs_anvil_claims_open(struct gs_anvil_claims *a);
void gs_anvil_claims_close(struct gs_anvil_claims *a);
/* Signs so many claims and sends them into anvil's pool. */
void gs_anvil_claims_post(struct gs_anvil_claims *a, uint64_t count);
/* Asks for a block with all that waits in the pool; does not wait for it. */
void gs_anvil_claims_mine(struct gs_anvil_claims *a);
/* Waits until it is there for everybody. */
void gs_anvil_claims_mined(struct gs_anvil_claims *a);
/* The time from asking for a block's logs, as a node does, to the last byte of the answer, in milliseconds; *bytes: how long it is. */
double gs_anvil_claims_logs_ms(struct gs_anvil_claims *a, const struct gs_hash *block, size_t *bytes);

#endif
