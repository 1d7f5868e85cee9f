/* validator/node/tx_record.h: transactions that were signed, as they are stored before they are sent.
 *
 * Those with one nonce are a line: the first, and what replaced it, each with a higher price. One of a line is mined, whichever
 * it is, and that settles all of it; a reorganisation takes that back, and then any of them may be mined again. A line is kept
 * until the block that settled it is deep. */
#ifndef GS_VALIDATOR_NODE_TX_RECORD_H
#define GS_VALIDATOR_NODE_TX_RECORD_H

#include "chain/core/u256.h"
#include "validator/node/journal.h"

/* Where: the node's own chain, or the L1 below it, through which it reaches the chain when the sequencer keeps it out (forced.c). Nonces,
 * lines and prices of one have nothing to do with those of the other. */
enum gs_lane { GS_LANE_CHAIN, GS_LANE_L1 };
enum { GS_LANES = GS_LANE_L1 + 1 };

struct gs_tx_record {
	struct gs_hash hash;
	enum gs_lane lane;
	struct gs_hash intent; /* zero: it only fills a gap in the nonces */
	uint64_t nonce;
	bool settled; /* one of its line is mined, or its nonce was taken by another: nothing to wait for */
	struct gs_time last_sent;
	struct gs_bytes raw;   /* borrowed */
	struct gs_wei max_fee; /* per gas; zero: signed by a version that did not keep it, and never replaced */
	struct gs_wei tip;
	uint64_t gas_limit;
	bool cancels;           /* sends nothing to ourselves, in the place of a call that nobody wants any more */
	bool hopeless;          /* the call would revert: not worth a higher price */
	uint64_t tended_block;  /* since when its price was not looked at; on L1 a time in seconds */
	uint64_t settled_block; /* where the node stood then; on L1 a time in seconds */
	struct gs_time
		lost_since; /* when its nonce was first said to be taken, though none of its line is mined; 0: never */
	/* L1 alone: */
	uint64_t deposit_gas; /* of the transaction on the chain that it leads to */
	struct gs_hash
		deposit; /* that transaction, once a block of L1 has this one; another after L1's reorganisations */
};

/* derived: can be rewound (journal.h). */
GS_MUST enum gs_err gs_tx_record_put(struct gs_journal *j, const struct gs_tx_record *tx, bool derived);
/* data: room for it, and what out->raw points to. GS_ENOTFOUND. */
GS_MUST enum gs_err gs_tx_record_load(struct gs_journal *j, const struct gs_hash *hash, struct gs_tx_record *out,
                                      struct gs_buf *data);
/* Settles the line. at: the journal's block, which can be rewound; on L1 a time, and for good. */
GS_MUST enum gs_err gs_tx_record_settle(struct gs_journal *j, enum gs_lane lane, uint64_t nonce, uint64_t at);
/* Forgets what was settled at this block, or time, or before. *floor: raised to the first nonce after what was forgotten. */
GS_MUST enum gs_err gs_tx_record_prune(struct gs_journal *j, enum gs_lane lane, uint64_t before, uint64_t *floor);
/* Whether there is a settled record with this nonce. */
GS_MUST enum gs_err gs_tx_record_is_settled(struct gs_journal *j, enum gs_lane lane, uint64_t nonce, bool *out);

struct gs_tx_list {
	struct gs_tx_record *tx; /* raw points into bytes */
	size_t count;
	struct gs_buf bytes;
};
/* What is not settled, in the order of nonces, the one that the others wait for first, and in a line the newest last. The list and
 * its bytes are the caller's: gs_tx_list_free. */
GS_MUST enum gs_err gs_tx_record_pending(struct gs_journal *j, enum gs_lane lane, struct gs_tx_list *out);
/* The same with what is settled and not forgotten. */
GS_MUST enum gs_err gs_tx_record_all(struct gs_journal *j, enum gs_lane lane, struct gs_tx_list *out);
void gs_tx_list_free(struct gs_tx_list *list);

#endif
