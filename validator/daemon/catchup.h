/* validator/daemon/catchup.h: which ranges of final blocks are asked for next, how large, and how long it will take.
 *
 * A node far below the chain's final block asks for the logs of many blocks at a time, one range ahead of the one that is being committed. Ranges
 * grow while answers are small and quick, and shrink when an endpoint refuses one or an answer is large; what cannot be had as
 * a range at all is taken block by block. Pure: it asks nobody and reads no clock. */
#ifndef GS_VALIDATOR_DAEMON_CATCHUP_H
#define GS_VALIDATOR_DAEMON_CATCHUP_H

#include "chain/eth/head.h"

enum {
	GS_CATCHUP_AHEAD = 2,           /* ranges asked for and not answered */
	GS_CATCHUP_LEAST = 128,         /* blocks below the final one from which on ranges are worth it */
	GS_CATCHUP_BLOCKS_FIRST = 32,   /* of a range: nobody knows how many logs there are */
	GS_CATCHUP_BLOCKS_MAX = 10000,  /* most endpoints take no more */
	GS_CATCHUP_LOGS_WANTED = 8000,  /* of a range: one transaction of the database, and its pages in memory */
	GS_CATCHUP_LOGS_MAX = 20000,    /* a range with more is asked for in parts */
	GS_CATCHUP_DATA_MAX = 64 << 20, /* bytes of its logs' data; likewise */
	GS_CATCHUP_GOOD = 8,            /* then twice as large ones are tried again */
	GS_CATCHUP_TELL_S = 2,          /* how often progress is told */
};

struct gs_catchup {          /* plain data; zeros to begin with */
	uint64_t final;      /* the chain is final up to here; 0: not known */
	uint64_t final_at_s; /* when that was asked, by our clock */
	uint64_t size;       /* blocks of the next range; 0: GS_CATCHUP_BLOCKS_FIRST */
	uint64_t next;       /* the block after the last range that was asked for; 0: none is under way */
	unsigned under_way;
	bool gap;       /* one of them came to nothing: those behind it are of no use, and the next one begins anew */
	uint64_t most;  /* blocks that no range has more of since one was refused; 0: none was */
	unsigned good;  /* ranges in a row that were as large as that */
	uint64_t avoid; /* blocks up to here are taken one by one */
	/* told: */
	uint64_t began_at, began_s, told_s, logs;
};

/* The next range, while the node's newest stored block is own. False: none now. */
bool gs_catchup_next(struct gs_catchup *c, uint64_t own, uint64_t *first, uint64_t *last);
/* A range was answered, with so many logs, and stored. */
void gs_catchup_took(struct gs_catchup *c, uint64_t first, uint64_t last, size_t logs);
/* It was answered after something else had happened; it is asked for anew. */
void gs_catchup_stale(struct gs_catchup *c);
/* It could not be had: less may do, and a block that cannot be had even alone is taken by its header. */
void gs_catchup_failed(struct gs_catchup *c, uint64_t first, uint64_t last);
/* It contradicts itself or what is stored. */
void gs_catchup_refused(struct gs_catchup *c, uint64_t last);

struct gs_catchup_progress {
	uint64_t blocks, of; /* taken, and to be taken since it began */
	uint64_t logs;
	uint64_t eta_s; /* 0 at the end */
};
/* True when progress is to be told now. */
bool gs_catchup_tell(struct gs_catchup *c, uint64_t own, uint64_t now_s, struct gs_catchup_progress *out);

#endif
