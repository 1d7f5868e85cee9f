/* validator/node/counts.h: how much of what is stored, kept beside it, so that saying so takes no look at everything.
 *
 * One record of table META. The node's journal (gs_journal.counts) sees every record that is put, deleted or taken back, and adds the
 * difference to it in the same transaction. A database without the record (an earlier version's) is counted once, when the node opens it.
 * gs_counts_check counts again: `gainsay db check` does, and with options.check_agenda a node's steps. */
#ifndef GS_VALIDATOR_NODE_COUNTS_H
#define GS_VALIDATOR_NODE_COUNTS_H

#include "chain/core/store_port.h"

struct gs_journal;

enum gs_count { /* the order is the record's */
	        GS_COUNT_CLAIMS,
	        GS_COUNT_OPEN,
	        GS_COUNT_INVALID,
	        GS_COUNT_FINAL,
	        GS_COUNT_OPEN_GAMES,
	        GS_COUNT_OPEN_BATCHES, /* with leaves on chain */
};
enum { GS_COUNTS = GS_COUNT_OPEN_BATCHES + 1 };

struct gs_counts { /* a difference, too: modulo 2^64 */
	uint64_t of[GS_COUNTS];
};

/* Whether records of the table are counted. */
bool gs_counts_has(enum gs_table table);
/* Adds what a record becoming another changes; one of length 0: there is none. GS_ECORRUPT, GS_EUNSUPPORTED: a record without its form. */
GS_MUST enum gs_err gs_counts_change(struct gs_counts *counts, enum gs_table table, struct gs_bytes key,
                                     struct gs_bytes before, struct gs_bytes after);

/* What is stored. GS_ENOTFOUND: no node has counted yet. */
GS_MUST enum gs_err gs_counts_load(struct gs_journal *j, struct gs_counts *out);
/* Adds the journal's difference to what is stored. GS_ECORRUPT: there would be fewer than none of something. */
GS_MUST enum gs_err gs_counts_store(struct gs_journal *j);
/* Counts everything and stores that, unless it is stored. */
GS_MUST enum gs_err gs_counts_open(struct gs_journal *j);
/* Counts everything: GS_ECORRUPT when what is stored, with the journal's difference, is something else. GS_OK where nothing is stored. */
GS_MUST enum gs_err gs_counts_check(struct gs_journal *j);

#endif
