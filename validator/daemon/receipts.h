/* validator/daemon/receipts.h: receipts that several effects look for, asked for together and once a block.
 *
 * What was not mined as of a block is not a moment later: it is asked again when another block is the newest one, or after
 * GS_RECEIPTS_AGAIN_MS. Where several transactions of the account wait, its nonce, which is one call, says which of them can be mined at
 * all; the receipts of these are asked for in as few requests as the endpoints take (chain/rpc/rpc.h, gs_rpc_call_many). One thread at a
 * time. */
#ifndef GS_VALIDATOR_DAEMON_RECEIPTS_H
#define GS_VALIDATOR_DAEMON_RECEIPTS_H

#include "chain/rpc/eth.h"

enum {
	GS_RECEIPTS_MAX = 64, /* that are looked for together */
	GS_RECEIPTS_AGAIN_MS = 5000,
};

struct gs_receipts;

struct gs_receipt_look {
	struct gs_hash tx;
	bool numbered; /* it is the account's, and this is its nonce */
	uint64_t nonce;
};

/* GS_ENOMEM. */
GS_MUST enum gs_err gs_receipts_new(struct gs_receipts **out, struct gs_error *error);
void gs_receipts_free(struct gs_receipts *r); /* NULL is fine */
/* The newest block as somebody has seen it. Without one nothing is remembered. */
void gs_receipts_newest(struct gs_receipts *r, const struct gs_hash *block);
/* Asks for those whose answer is not known, the first GS_RECEIPTS_MAX of them; gs_receipts_take has the answers. */
void gs_receipts_look(struct gs_receipts *r, struct gs_rpc *rpc, const struct gs_address *account,
                      const struct gs_receipt_look *look, size_t count);
/* As gs_eth_get_receipt, which it calls when the answer is not known yet. What is there, or failed, is given once. */
GS_MUST enum gs_err gs_receipts_take(struct gs_receipts *r, struct gs_rpc *rpc, const struct gs_hash *tx,
                                     struct gs_receipt *out, struct gs_error *error);
/* Its next answer is a new one. */
void gs_receipts_forget(struct gs_receipts *r, const struct gs_hash *tx);

#endif
