/* validator/daemon/watch_parts.h: what the parts of watch.h share. Not for others. */
#ifndef GS_VALIDATOR_DAEMON_WATCH_PARTS_H
#define GS_VALIDATOR_DAEMON_WATCH_PARTS_H

#include "storage/store.h"
#include "validator/daemon/watch.h"
#include "validator/daemon/watch_blobs.h"

struct gs_watch_tee {
	struct gs_hash id;
	struct gs_tee_key *key; /* owned; NULL: why says so */
	enum gs_err why;        /* GS_EUNSUPPORTED: the key is refused; GS_EIO: it could not be had */
	bool has_image;
	struct gs_hash image;
};

struct gs_watch {
	struct gs_watch_options o;
	struct gs_session session; /* owned: a connection, no contracts */
	struct gs_chain_io io;
	struct gs_store_db *db; /* owned */
	struct gs_store store;
	struct gs_blobs *blobs;              /* owned */
	struct gs_registry_history *history; /* owned: all stored events */
	struct gs_watch_facts facts;
	uint64_t began;                   /* the archive's first block of settlements */
	char scratch[GS_BINDER_PATH_MAX]; /* the archive, when nobody asked for one: removed at the end */
	struct gs_head_tracker heads;     /* of the store */
	struct gs_watch_tee *tee;         /* owned, by rising id */
	size_t tees;
	uint64_t told_ms;
};

/* Opens a journal over the store; what is written stays when the newest block is final. */
GS_MUST enum gs_err gs_watch_begin(struct gs_watch *w, struct gs_journal *j, struct gs_error *error);
void gs_watch_tell(struct gs_watch *w, const char *what, uint64_t done, uint64_t of);

/* Stores what the archive is of. */
GS_MUST enum gs_err gs_watch_put_meta(struct gs_watch *w, struct gs_journal *j);

/* Takes blocks up to facts.to. */
GS_MUST enum gs_err gs_watch_take(struct gs_watch *w, struct gs_error *error);
/* Looks at settlements that are open. */
GS_MUST enum gs_err gs_watch_look(struct gs_watch *w, struct gs_error *error);

/* The TEE's key and image, from memory, the store or the chain. GS_OK: *out, borrowed until the next call, whose `why` may say that there is no key. */
GS_MUST enum gs_err gs_watch_tee(struct gs_watch *w, struct gs_journal *j, const struct gs_hash *id,
                                 const struct gs_watch_tee **out, struct gs_error *error);
void gs_watch_tees_free(struct gs_watch *w);

#endif
