/* validator/daemon/follow.h: how the node's edge walks up to the chain's newest block: which header it asks for next, and when it looks again.
 *
 *     begin ──► newest header asked ──► block after block, each with all that the node wants done about it ──► the walk is over
 *       ▲                                                                                                          │
 *       └──────────────────────────── after gs_follow_wait_ms, or as soon as a new head is announced ◄─────────────┘
 *
 * A pure state machine: it asks nobody and reads no clock. */
#ifndef GS_VALIDATOR_DAEMON_FOLLOW_H
#define GS_VALIDATOR_DAEMON_FOLLOW_H

#include "chain/eth/head.h"

enum {
	GS_FOLLOW_BLOCKS_A_WALK = 64, /* then what is due is looked at again */
	GS_FOLLOW_BACKOFF_MS_MAX = 15 * 1000,
};

struct gs_follow {     /* plain data; zeros to begin with */
	uint64_t top;  /* the endpoint's newest block, as of this walk */
	uint64_t last; /* the block that was asked for last in this walk... */
	bool asked;    /* ...if any was */
	unsigned left; /* blocks that this walk may still ask for */
	bool over;
	bool more;         /* it is over because a walk takes only so many blocks */
	bool caught_up;    /* the last walk ended at the endpoint's newest block */
	uint64_t failures; /* walks in a row that could not begin */
	int64_t skew_s;    /* our clock less the chain's, as the last block showed that came while we were watching */
};

/* A walk begins: ask for the newest header. */
void gs_follow_begin(struct gs_follow *f);
/* The newest header, as the endpoint has it; NULL: it could not be had, and the walk is over. own: the node's newest block, NULL
 * before the first. True: feed the header to the node at once (no block is missing in between; it may be of another branch). */
bool gs_follow_newest(struct gs_follow *f, const struct gs_head *head, const struct gs_head *own, uint64_t clock_s);
/* Once all that the last header led to is done. True: ask for the header of *number. False: the walk is over. anchor: the block
 * that a node without any begins at. */
bool gs_follow_next(struct gs_follow *f, const struct gs_head *own, uint64_t anchor, uint64_t *number);
/* The header that was asked for could not be had. */
void gs_follow_missing(struct gs_follow *f);
/* After a walk: how long to wait before the next. */
uint64_t gs_follow_wait_ms(const struct gs_follow *f, uint64_t poll_ms);

#endif
