/* validator/daemon/deployed.h: what of a running deployment can change: owner, terms, retirement (docs/protocol.md, 4.3 and 4.4). */
#ifndef GS_VALIDATOR_DAEMON_DEPLOYED_H
#define GS_VALIDATOR_DAEMON_DEPLOYED_H

#include "chain/rpc/eth.h"
#include "challenge/game/bonds.h"
#include "validator/daemon/deployment.h"

struct gs_deployed {
	struct gs_address owner;   /* zero: renounced */
	struct gs_address pending; /* to whom it is handed over; zero: to nobody */
	struct gs_terms terms;     /* of what is posted now */
	struct gs_u256 word;       /* the same as the contract's word, version and retirement cleared */
	bool scheduled;            /* other terms wait: */
	struct gs_terms next;
	uint64_t next_at;    /* unix seconds from which anybody may apply them */
	uint64_t delay_s;    /* between announcing terms and applying them */
	uint64_t grace_s;    /* between a retirement and the release of what is unfinal */
	uint64_t retired_at; /* unix seconds; 0: it runs */
	uint64_t now;        /* of the newest block */
};

GS_MUST enum gs_err gs_deployed_read(struct gs_rpc *rpc, const struct gs_deployment *deployment,
                                     struct gs_deployed *out, struct gs_error *error);
/* The terms' word as the owner gives it: without version and retirement. */
struct gs_u256 gs_deployed_bare(struct gs_u256 word);

#endif
