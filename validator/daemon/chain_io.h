/* validator/daemon/chain_io.h: the node's effects that concern the chain, done at an endpoint; each gives at most one answer. */
#ifndef GS_VALIDATOR_DAEMON_CHAIN_IO_H
#define GS_VALIDATOR_DAEMON_CHAIN_IO_H

#include "validator/daemon/receipts.h"
#include "validator/daemon/session.h"
#include "validator/node/node.h"

/* Where the io is of the chain's L1. */
struct gs_chain_portal {
	struct gs_address address;
	uint64_t settle_blocks;
	bool checked; /* it is the chain that was meant, and there is a portal */
};

struct gs_chain_io { /* borrowed parts; used by one thread at a time */
	struct gs_session *session;
	struct gs_contracts contracts;
	uint64_t final_blocks;          /* where no endpoint says what is final: so many blocks below the newest one */
	bool final_by_depth;            /* that was said */
	struct gs_receipts *receipts;   /* that were asked for together; NULL: each by itself */
	struct gs_chain_portal *portal; /* NULL: it is the chain */
	const struct gs_log *log;
};

/* What came of an effect, with all that the input points to. It must not be moved: the input may point into it. */
struct gs_chain_answer {
	bool answered;              /* the input is to be fed to the node; its time is the caller's to set */
	struct gs_node_input input; /* GS_INPUT_HEADER also where the caller asked for a header */
	struct gs_log_list logs;
	struct gs_buf raw;
	struct gs_error why; /* why not */
};
void gs_chain_answer_init(struct gs_chain_answer *answer);
void gs_chain_answer_free(struct gs_chain_answer *answer);

void gs_chain_io_init(struct gs_chain_io *io, struct gs_session *session, const struct gs_config *config,
                      const struct gs_log *log);

/* Does the effect; *answer is one after init. What the endpoint could not do is logged and left to the node's next try. Other
 * kinds of effects are not for this function. */
void gs_chain_io_do(struct gs_chain_io *io, const struct gs_node_effect *effect, struct gs_bytes data,
                    struct gs_chain_answer *answer);

/* What a game costs and how long its clocks run, as Disputes says, and how claims are drawn: the fields of *out
 * that are about that. */
GS_MUST enum gs_err gs_chain_io_rules(struct gs_chain_io *io, struct gs_node_options *out, struct gs_error *error);
/* The header with this number, or the newest. */
GS_MUST enum gs_err gs_chain_io_header(struct gs_chain_io *io, struct gs_block_id id, struct gs_head *out,
                                       struct gs_error *error);
/* The newest block that is final. */
GS_MUST enum gs_err gs_chain_io_final(struct gs_chain_io *io, struct gs_head *out, struct gs_error *error);
/* What the account has, and what gas and data cost one who is in haste, as GS_INPUT_FUNDS. */
GS_MUST enum gs_err gs_chain_io_funds(struct gs_chain_io *io, struct gs_funds *out, struct gs_error *error);
/* All logs of the contracts in these blocks, with the headers at both ends, as GS_INPUT_RANGE. */
GS_MUST enum gs_err gs_chain_io_range(struct gs_chain_io *io, uint64_t first, uint64_t last,
                                      struct gs_chain_answer *answer);
/* Logs of any contracts in the blocks from filter->from_block to filter->to_block, with the headers at both ends and every log's time; free *out with gs_log_list_free. */
GS_MUST enum gs_err gs_chain_io_logs(struct gs_chain_io *io, const struct gs_eth_filter *filter, struct gs_head *first,
                                     struct gs_head *last, struct gs_log_list *out, struct gs_error *error);
/* The account's next nonce after all mined transactions. */
GS_MUST enum gs_err gs_chain_io_nonce(struct gs_chain_io *io, uint64_t *out, struct gs_error *error);

#endif
