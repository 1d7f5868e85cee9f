/* validator/daemon/watch.h: an audit of what OpenGradient settled in a range of blocks.
 *
 *     registry and relay ──logs──► store (validator/node/settled.h) ──► settlements that wait ──blobs──► verdicts
 *
 * Blocks are taken as a node takes them: ranges below the final block, from then on one by one, by parent hash, with a way back. Registry events come from the registry's first block on,
 * settlements from `from` on. Blobs are kept in the archive by the SHA-256 of their bytes before anything is said of them, and settlements are looked at in
 * their order; every step is stored, so that an audit that was interrupted goes on. What could not be had is asked for again by the next run.
 *
 * An archive is a folder: `db`, a database (storage/store.h), and `blobs`. It belongs to one set of contracts on one chain. */
#ifndef GS_VALIDATOR_DAEMON_WATCH_H
#define GS_VALIDATOR_DAEMON_WATCH_H

#include "validator/daemon/chain_io.h"
#include "validator/node/settled.h"

enum {
	GS_WATCH_DOWNLOADS_MAX = 16,
	GS_WATCH_TOGETHER = 256, /* settlements whose blobs are asked for together */
	GS_WATCH_LEAVES_A_COMMIT = 20000,
	GS_WATCH_TEES_MAX = 65536, /* whose keys are held in memory */
};
#define GS_WATCH_NEWEST UINT64_MAX

struct gs_watch_progress {
	const char *what; /* "blocks" or "settlements" */
	uint64_t done, of;
};

struct gs_watch_options {
	const struct gs_config *config; /* addresses, aggregators, archive, quorum; borrowed for the call */
	uint64_t from, to;              /* blocks; GS_WATCH_NEWEST: the newest final one */
	bool offline; /* nothing but the archive, for gs_watch_recheck; from may be GS_WATCH_NEWEST then: all of it */
	const struct gs_log *log;                                               /* borrowed; may be NULL */
	void (*progress)(void *self, const struct gs_watch_progress *progress); /* NULL: nobody */
	void *self;
};

struct gs_watch; /* for one thread */

/* Opens archive and connection, and sees that they are of the same contracts. GS_EINVAL: a setting, in words; GS_ECONFLICT: the archive is of others, or somebody has it; else as the
 * store and the endpoints. */
GS_MUST enum gs_err gs_watch_open(const struct gs_watch_options *options, struct gs_watch **out,
                                  struct gs_error *error);
void gs_watch_close(struct gs_watch *w); /* NULL is fine */

/* Takes what is new up to `to`, and looks at all settlements in the range that were not looked at or not to an end. After an error the next run goes on. */
GS_MUST enum gs_err gs_watch_run(struct gs_watch *w, struct gs_error *error);

struct gs_watch_recheck {
	uint64_t settlements, leaves; /* that were looked at again */
	uint64_t skipped;             /* settlements that cannot be: the archive has no blob, or no key */
	uint64_t differences;         /* findings that are others now; each is a line of the log */
};
/* Finds out again, from the archive alone, what was stored of each settlement in the range, and compares; nothing is stored. What no archive shows: that the logs are the chain's. */
GS_MUST enum gs_err gs_watch_recheck(struct gs_watch *w, struct gs_watch_recheck *out, struct gs_error *error);

/* What is known after a run. Borrowed. */
struct gs_watch_facts {
	uint64_t chain_id;
	struct gs_address registry, batch, individual; /* zero: not watched */
	uint64_t registry_from, from, to;              /* blocks that the audit is about */
	uint64_t final;                                /* the chain's, when the run began */
	bool whole;                                    /* the registry was read from its beginning */
	uint64_t unread;                               /* events of the registry that had not their form */
	const struct gs_registry_history *history;
};
void gs_watch_facts(const struct gs_watch *w, struct gs_watch_facts *out);
/* A view of the store: every settlement in the range, in order, and the leaves of one of them. */
GS_MUST enum gs_err gs_watch_settlements(struct gs_watch *w, gs_settled_visit visit, void *context,
                                         struct gs_error *error);
GS_MUST enum gs_err gs_watch_leaves(struct gs_watch *w, struct gs_registry_place at, gs_settled_leaf_visit visit,
                                    void *context, struct gs_error *error);

#endif
