/* chain/rpc/quorum.h: what several endpoints' answers to one question come to.
 *
 * An answer is known by its digest (chain/rpc/compare.h). So many as are needed must be the same; a failure or a time-out is silence,
 * never an answer. Pure. */
#ifndef GS_CHAIN_RPC_QUORUM_H
#define GS_CHAIN_RPC_QUORUM_H

#include "chain/core/core.h"

enum { GS_QUORUM_ENDPOINTS_MAX = 8 };

enum gs_quorum_vote {
	GS_VOTE_UNASKED,
	GS_VOTE_WAITING,
	GS_VOTE_ANSWER, /* with its digest */
	GS_VOTE_ABSENT, /* it does not have what was asked for (null); it may come: against nobody's answer */
	GS_VOTE_SILENT,
};

enum gs_quorum_state {
	GS_QUORUM_WAIT,     /* what is under way may decide it */
	GS_QUORUM_MORE,     /* ask one more: what is under way cannot decide it */
	GS_QUORUM_AGREED,   /* *which is the first of those that agree; they may agree that it is absent */
	GS_QUORUM_DISAGREE, /* answers differ, and too few agree */
	GS_QUORUM_SILENCE,  /* too few answered; they did not contradict each other */
};

struct gs_quorum {
	size_t endpoints, need;
	enum gs_quorum_vote vote[GS_QUORUM_ENDPOINTS_MAX];
	struct gs_hash digest[GS_QUORUM_ENDPOINTS_MAX];
};

/* configured 0: all of two, a majority of three or more. Never more than there are. */
size_t gs_quorum_need(size_t endpoints, uint64_t configured);
void gs_quorum_init(struct gs_quorum *q, size_t endpoints, size_t need);
enum gs_quorum_state gs_quorum_state(const struct gs_quorum *q, size_t *which);
/* Whether i and j gave the same answer, or both have nothing. */
bool gs_quorum_same(const struct gs_quorum *q, size_t i, size_t j);
/* One that contradicts answer i; false when there is none. */
bool gs_quorum_contrary(const struct gs_quorum *q, size_t i, size_t *out);

#endif
