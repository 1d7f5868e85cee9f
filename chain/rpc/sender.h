/* chain/rpc/sender.h: from a request to a mined transaction, in three steps that can be interrupted between.
 *
 * prepare signs; the caller stores the raw bytes; send may then be repeated after any crash, and wait looks for the
 * receipt. Nonces are the caller's, because one key has one line of them. */
#ifndef GS_CHAIN_RPC_SENDER_H
#define GS_CHAIN_RPC_SENDER_H

#include "chain/eth/tx.h"
#include "chain/rpc/fees.h"
#include "chain/rpc/signer.h"

struct gs_sender { /* borrowed parts, all outliving it */
	struct gs_rpc *rpc;
	struct gs_signer signer;
	uint64_t chain_id;
};

struct gs_send_request {
	bool create; /* deploys data; to is ignored */
	struct gs_address to;
	struct gs_wei value;
	struct gs_bytes data;
	uint64_t nonce;
	uint64_t
		gas_limit; /* 0: 1.2 times the node's estimate, which is a trial run; otherwise nothing is tried before */
	bool metered;      /* twice the estimate: what it uses depends on what others do in its block */
	struct gs_wei fee_max; /* per gas; GS_ELIMIT when the chain asks for more; zero: no cap */
	enum gs_urgency urgency;
	struct gs_wei least_fee; /* per gas, of one that replaces another; zero: it replaces none */
	struct gs_wei least_tip;
	struct gs_wei cost_max; /* gas and data on L1; zero: what the account has */
};

struct gs_prepared {
	struct gs_hash hash;
	uint64_t nonce;
	uint64_t gas_limit;
	struct gs_wei max_fee;
	struct gs_wei priority_fee;
	bool capped;               /* it would have offered more per gas */
	struct gs_wei cost;        /* the most that it can cost: gas, and data on L1 */
	enum gs_tx_refusal reason; /* it was not made: why */
};

/* Appends the signed bytes to raw. Fees: chain/eth/fees.h. What it may cost at most is looked at before it is signed: more than the
 * account has is GS_ENOTFOUND, more than cost_max GS_ELIMIT. A trial run that reverts is GS_ECONFLICT, with the contract's reason in
 * *error. */
GS_MUST enum gs_err gs_sender_prepare(const struct gs_sender *sender, const struct gs_send_request *request,
                                      struct gs_buf *raw, struct gs_prepared *out, struct gs_error *error);
/* Idempotent: GS_OK when the node has or has mined these very bytes already. GS_ECONFLICT: another transaction took the nonce.
 * GS_EAGAIN: another one that waits has the nonce and this one does not offer enough to replace it, or less than nodes take. */
GS_MUST enum gs_err gs_sender_send(struct gs_rpc *rpc, struct gs_bytes raw, struct gs_error *error);
/* Polls every poll_ms. GS_EAGAIN when timeout_ms passed. A reverted transaction is GS_OK with success == false. Endpoint failures
 * on the way are retried until the time is over. */
GS_MUST enum gs_err gs_sender_wait(struct gs_rpc *rpc, const struct gs_hash *hash, uint32_t timeout_ms,
                                   uint32_t poll_ms, struct gs_receipt *out, struct gs_error *error);
/* All three; a reverted transaction is GS_ECONFLICT, with *out filled. For commands and tests, not for the node. */
GS_MUST enum gs_err gs_sender_run(const struct gs_sender *sender, const struct gs_send_request *request,
                                  uint32_t timeout_ms, struct gs_receipt *out, struct gs_error *error);
/* The next nonce of the sender's key, pending transactions included. */
GS_MUST enum gs_err gs_sender_next_nonce(const struct gs_sender *sender, uint64_t *out, struct gs_error *error);

#endif
