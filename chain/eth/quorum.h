/* chain/eth/quorum.h: what several endpoints' answers to one question come to.
 *
 * An answer is known by its digest (of JSON: chain/rpc/compare.h). So many as are needed must be the same; a failure or a time-out is
 * silence, never an answer. Pure: who asks, and how answers are read, is the pool's (chain/rpc/pool.h) and the simulator's. */
#ifndef GS_CHAIN_ETH_QUORUM_H
#define GS_CHAIN_ETH_QUORUM_H

#include "chain/core/core.h"

enum {
	GS_QUORUM_ENDPOINTS_MAX = 8,
	GS_QUORUM_CANDIDATES_MAX = 3, /* newest blocks that are put to all, one after another */
};

/* The rule by which answers become one. */
enum gs_trust {
	GS_TRUST_ANY,    /* whatever the best endpoint says; it commits to nothing */
	GS_TRUST_QUORUM, /* so many as are needed give the same answer */
	GS_TRUST_NEWEST, /* a block by a tag: the newest one that so many as are needed have */
	GS_TRUST_LEAST, /* a number that grows, and grows sooner here than there: the highest that so many as are needed have reached */
	GS_TRUST_MEDIAN, /* opinions: number by number the median */
	GS_TRUST_ALL,    /* told to everybody; one that takes it suffices, unless a quorum refuses it */
};

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
	bool refused
		[GS_QUORUM_ENDPOINTS_MAX]; /* the answer is that it fails: a revert, a transaction that is not taken */
};

/* configured 0: all of two, a majority of three or more. Never more than there are. */
size_t gs_quorum_need(size_t endpoints, uint64_t configured);
void gs_quorum_init(struct gs_quorum *q, size_t endpoints, size_t need);
enum gs_quorum_state gs_quorum_state(const struct gs_quorum *q, size_t *which);
/* Whether i and j gave the same answer, or both have nothing. */
bool gs_quorum_same(const struct gs_quorum *q, size_t i, size_t j);
/* One that contradicts answer i; false when there is none. */
bool gs_quorum_contrary(const struct gs_quorum *q, size_t i, size_t *out);

/* Everybody is asked at once, where more answers make a better one. */
bool gs_quorum_asks_all(enum gs_trust trust);
/* Those that answered, and did not refuse, in their order. Returns how many. */
size_t gs_quorum_good(const struct gs_quorum *q, size_t out[GS_QUORUM_ENDPOINTS_MAX]);
/* What the answers come to by the rule. AGREED: `which` answered so, a refusal perhaps; SIZE_MAX: enough gave numbers, of which
 * gs_quorum_place says the one. The newest block is found by gs_quorum_newest; asked by its hash it is one by quorum. */
enum gs_quorum_state gs_quorum_conclude(const struct gs_quorum *q, enum gs_trust trust, size_t *which);
/* The place among `count` numbers in ascending order, count >= need >= 1, of the one that counts by GS_TRUST_LEAST or GS_TRUST_MEDIAN. */
size_t gs_quorum_place(enum gs_trust trust, size_t count, size_t need);
/* The blocks among which the newest one is that so many as are needed have, best first; number[i]: of endpoint i's. *told: so many have
 * told of the first, which is the only one. Otherwise each is to be asked for by its hash, until so many have it. What fewer than are needed say of
 * newer blocks is not even asked about. */
size_t gs_quorum_newest(const struct gs_quorum *q, const uint64_t number[GS_QUORUM_ENDPOINTS_MAX],
                        size_t out[GS_QUORUM_CANDIDATES_MAX], bool *told);

#endif
