/* validator/cli/posting.h: a claim on its way to the chain: Claims.post, and what the chain then says of it. */
#ifndef GS_VALIDATOR_CLI_POSTING_H
#define GS_VALIDATOR_CLI_POSTING_H

#include "validator/daemon/deployment.h"

struct gs_posting {
	struct gs_claim_body body;
	struct gs_bytes input; /* arrays; zeros at their ends are not posted */
	struct gs_bytes output;
	/* once it is posted: */
	struct gs_hash id, tx;
	struct gs_wei bond, fee; /* by the terms of now */
	struct gs_time window_end;
	uint64_t block;
};

/* A salt that nobody can guess, so that no claim of ours exists already. GS_EIO: the system gives no random bytes. */
GS_MUST enum gs_err gs_posting_salt(uint64_t *out, struct gs_error *error);
/* Bytes of input and output that will be posted; the contract has a limit for them. */
uint64_t gs_posting_bytes(const struct gs_posting *posting);
/* Claims.post(...); errors stick to out. */
void gs_posting_calldata(const struct gs_posting *posting, struct gs_buf *out);
/* Reads the receipt. GS_EPARSE: it does not show this claim posted. */
GS_MUST enum gs_err gs_posting_read(struct gs_posting *posting, const struct gs_contracts *contracts,
                                    const struct gs_receipt *receipt, struct gs_error *error);

#endif
