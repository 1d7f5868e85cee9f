/* chain/eth/head.h: follows the chain's head by parent hash, and says what a reorg takes back.
 *
 * The tracker keeps the last blocks of the branch that it believes in. A new header either extends that branch, or
 * forks from an older block (those above are orphaned), or hangs in the air: then its parent is asked for, by hash, until
 * a kept block is reached. Servers' own "removed" flags are never trusted. Pure: the caller fetches headers. */
#ifndef GS_CHAIN_ETH_HEAD_H
#define GS_CHAIN_ETH_HEAD_H

#include "chain/core/core.h"

enum { GS_HEAD_KEPT_MAX = 256 };

struct gs_head {
	uint64_t number;
	struct gs_hash hash;
	struct gs_hash parent;
	struct gs_time time;
};

struct gs_head_tracker {                           /* plain data */
	struct gs_head room[2 * GS_HEAD_KEPT_MAX]; /* those kept are in the middle of it: mostly one more moves none */
	size_t first;                              /* the oldest one's place; each is the parent of the next */
	size_t kept_count;                         /* at most GS_HEAD_KEPT_MAX */
	struct gs_head pending[GS_HEAD_KEPT_MAX];  /* newest first; the last one's parent is wanted */
	size_t pending_count;
};

enum gs_head_result {
	GS_HEAD_KNOWN,    /* nothing changes: kept already, or older than all kept (the endpoint lags) */
	GS_HEAD_ADVANCED, /* change->added blocks are new; change->orphaned ones are gone (0 of them without a reorg) */
	GS_HEAD_WANT_PARENT, /* fetch the header with hash change->want and add it */
	GS_HEAD_TOO_FAR, /* more than GS_HEAD_KEPT_MAX blocks ahead, or forked below all kept: rebuild derived state, then reset */
	GS_HEAD_BROKEN, /* the header contradicts itself or its parent (number, hash): the endpoint lies; nothing changed */
};

struct gs_head_change {
	size_t orphaned_count;
	struct gs_head orphaned[GS_HEAD_KEPT_MAX]; /* newest first: rewind in this order */
	size_t added_count;
	struct gs_head added[GS_HEAD_KEPT_MAX]; /* oldest first: apply in this order */
	struct gs_hash want;
};

/* Keeps none; as a tracker of zeros. */
void gs_head_none(struct gs_head_tracker *tracker);
/* Starts over from one trusted block. */
void gs_head_reset(struct gs_head_tracker *tracker, const struct gs_head *anchor);
/* Appends a stored block while loading (its parent must be the newest kept). GS_ECORRUPT otherwise. */
GS_MUST enum gs_err gs_head_restore(struct gs_head_tracker *tracker, const struct gs_head *head);
/* The tracker must hold an anchor. *change is always overwritten. */
enum gs_head_result gs_head_add(struct gs_head_tracker *tracker, const struct gs_head *head,
                                struct gs_head_change *change);
/* The newest block of the branch; NULL before reset. Borrowed until the next call. */
const struct gs_head *gs_head_newest(const struct gs_head_tracker *tracker);
/* The kept block with this number, NULL when there is none. */
const struct gs_head *gs_head_at(const struct gs_head_tracker *tracker, uint64_t number);

#endif
