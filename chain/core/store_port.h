/* chain/core/store_port.h: the port through which pure code reaches durable state: tables of byte keys and values, and
 * transactions over all of them. `storage` implements it on LMDB; tests may implement it in memory. */
#ifndef GS_CHAIN_CORE_STORE_PORT_H
#define GS_CHAIN_CORE_STORE_PORT_H

#include "chain/core/core.h"

enum gs_table { /* the names are in the file's format: append only */
	        GS_TABLE_META,
	        GS_TABLE_HEADS,
	        GS_TABLE_CLAIMS,
	        GS_TABLE_MODELS,
	        GS_TABLE_GAMES,
	        GS_TABLE_STAKES,
	        GS_TABLE_SLASHES,
	        GS_TABLE_INTENTS,
	        GS_TABLE_TXS,
	        GS_TABLE_VERDICTS,
	        GS_TABLE_SAMPLES,
	        GS_TABLE_SIGNED_MOVES,
	        GS_TABLE_AUDIT,
	        GS_TABLE_BLOBS,
	        GS_TABLE_BATCHES,
	        GS_TABLE_BEACONS,
	        GS_TABLE_ATTESTATIONS,
	        GS_TABLE_LEAVES,
	        GS_TABLE_TALKS,
	        GS_TABLE_CLAIM_IDS,
	        GS_TABLE_ARRAYS,
	        GS_TABLE_AGENDA,
	        GS_TABLE_REGISTRY,
	        GS_TABLE_TEES,
	        GS_TABLE_SETTLEMENTS,
	        GS_TABLE_SETTLED_LEAVES,
	        GS_TABLE_SETTLED_HASHES,
	        GS_TABLE_CONTENTS,
};
enum { GS_TABLE_COUNT = GS_TABLE_CONTENTS + 1 };

enum {
	GS_STORE_KEY_MAX = 511, /* LMDB's; keys are not empty and sort as unsigned bytes */
	GS_STORE_VALUE_MAX = 64 * 1024 * 1024,
	GS_STORE_TXN_BYTES_MAX = 256 * 1024 * 1024, /* keys and values put by one transaction */
};

enum gs_store_mode { GS_STORE_READ, GS_STORE_WRITE };
enum gs_store_order { GS_STORE_ASCENDING, GS_STORE_DESCENDING };

struct gs_store_txn; /* the implementation's */

/* Called for each record of a scan; the views are borrowed for the call. Returns GS_OK to go on; anything else ends the scan and
 * becomes its result, but for GS_ENOTFOUND, which ends it with GS_OK. It may not write. */
typedef enum gs_err (*gs_store_visit)(void *context, struct gs_bytes key, struct gs_bytes value);

struct gs_store {
	void *self;
	/* One write transaction at a time in a process; begin waits for the one before. Readers see the state at their begin. */
	GS_MUST enum gs_err (*begin)(void *self, enum gs_store_mode mode, struct gs_store_txn **out,
	                             struct gs_error *error);
	/* *value is borrowed until the next put, del, commit or abort. GS_ENOTFOUND. */
	GS_MUST enum gs_err (*get)(struct gs_store_txn *txn, enum gs_table table, struct gs_bytes key,
	                           struct gs_bytes *value, struct gs_error *error);
	/* Inserts or replaces. */
	GS_MUST enum gs_err (*put)(struct gs_store_txn *txn, enum gs_table table, struct gs_bytes key,
	                           struct gs_bytes value, struct gs_error *error);
	/* GS_ENOTFOUND when there was none. */
	GS_MUST enum gs_err (*del)(struct gs_store_txn *txn, enum gs_table table, struct gs_bytes key,
	                           struct gs_error *error);
	/* Every record whose key begins with prefix (empty: all), in the order of the keys. */
	GS_MUST enum gs_err (*scan)(struct gs_store_txn *txn, enum gs_table table, struct gs_bytes prefix,
	                            enum gs_store_order order, gs_store_visit visit, void *context,
	                            struct gs_error *error);
	/* Durable when it returns GS_OK. The transaction is over either way; a failed put or commit leaves nothing of it stored. */
	GS_MUST enum gs_err (*commit)(struct gs_store_txn *txn, struct gs_error *error);
	void (*abort)(struct gs_store_txn *txn); /* NULL is fine */
};

#endif
