/* validator/daemon/ask.h: views of a contract whose arguments and answers are single words. */
#ifndef GS_VALIDATOR_DAEMON_ASK_H
#define GS_VALIDATOR_DAEMON_ASK_H

#include "chain/rpc/eth.h"

enum { GS_ASK_WORDS_MAX = 8 };

struct gs_question {
	const struct gs_address *at;
	uint32_t selector;
	const char *name; /* for errors: "Claims.owner" */
	struct gs_hash arg[GS_ASK_WORDS_MAX];
	size_t args;
};

/* GS_EPARSE: the answer is not count words long, which is what an address without code answers too. */
GS_MUST enum gs_err gs_ask(struct gs_rpc *rpc, const struct gs_question *question, struct gs_hash *out, size_t count,
                           struct gs_error *error);
/* One word that is an address, or a number below 2^64. */
GS_MUST enum gs_err gs_ask_address(struct gs_rpc *rpc, const struct gs_question *question, struct gs_address *out,
                                   struct gs_error *error);
GS_MUST enum gs_err gs_ask_u64(struct gs_rpc *rpc, const struct gs_question *question, uint64_t *out,
                               struct gs_error *error);

#endif
