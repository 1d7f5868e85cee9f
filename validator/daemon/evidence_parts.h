/* validator/daemon/evidence_parts.h: what the checks of evidence share. Not for others. */
#ifndef GS_VALIDATOR_DAEMON_EVIDENCE_PARTS_H
#define GS_VALIDATOR_DAEMON_EVIDENCE_PARTS_H

#include "chain/eth/block.h"
#include "chain/eth/tx.h"
#include "validator/daemon/evidence.h"

struct gs_evidence_log {    /* of a proven receipt */
	uint32_t block, tx; /* which of the headers; which transaction in the block */
	const struct gs_log_entry
		*entry; /* with number, hash and time of its block, and its index among the transaction's logs */
};

struct gs_evidence_tx {
	uint32_t block, index;
	bool proven;  /* the header commits to it */
	bool decoded; /* EIP-1559, whose signature gives the sender */
	struct gs_hash hash;
	struct gs_tx tx;
	struct gs_address sender;
};

/* What of a chain part was found to hold. */
struct gs_evidence_chain {
	struct gs_block_header *header;
	size_t headers;
	struct gs_log_list *list; /* of each receipt */
	size_t lists;
	struct gs_evidence_log *log; /* in the chain's order */
	size_t logs;
	struct gs_evidence_tx *tx;
	size_t txs;
	bool whole; /* the logs are all that the file's receipts hold: none failed */
};
void gs_evidence_chain_free(struct gs_evidence_chain *chain);

struct gs_evidence_checking {
	const struct gs_evidence *e;
	const struct gs_evidence_options *options;
	struct gs_evidence_chain chain;
	struct gs_header model; /* once model_known */
	bool model_known;
	struct gs_error *error;
};

void gs_evidence_say(const struct gs_evidence_checking *c, const char *part, enum gs_evidence_finding finding,
                     const char *fmt, ...) GS_PRINTF(4, 5);

GS_MUST enum gs_err gs_evidence_check_chain(struct gs_evidence_checking *c);
GS_MUST enum gs_err gs_evidence_check_games(struct gs_evidence_checking *c);
GS_MUST enum gs_err gs_evidence_check_audit(struct gs_evidence_checking *c);
GS_MUST enum gs_err gs_evidence_check_execution(struct gs_evidence_checking *c);

#endif
