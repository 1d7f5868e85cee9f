/* simulations/nodes/faulty_store.h: a store that can be made to fail, over any other.
 *
 * A commit that fails leaves nothing of its transaction, as on a full disk; that everything else of a crash is safe, too, is the
 * store's own promise (tests of storage/). One transaction at a time. */
#ifndef GS_SIMULATIONS_NODES_FAULTY_STORE_H
#define GS_SIMULATIONS_NODES_FAULTY_STORE_H

#include "chain/core/store_port.h"

struct gs_store_txn {
	struct gs_sim_faulty *store;
	struct gs_store_txn *inner;
	bool open, changes;
};

struct gs_sim_faulty {
	struct gs_store inner; /* borrowed */
	struct gs_store_txn txn;
	bool fails;       /* the next commit that would change something */
	uint64_t commits; /* that changed something and did not fail */
};

/* *faulty must stay where it is. */
struct gs_store gs_sim_faulty_port(struct gs_sim_faulty *faulty, const struct gs_store *inner);

/* Whether both stores hold the same records in this table. GS_EIO and the like, of the stores. */
GS_MUST enum gs_err gs_sim_same_records(const struct gs_store *a, const struct gs_store *b, enum gs_table table,
                                        bool *same, struct gs_error *error);
/* The same; records that differ are taken for the same where `alike` says so. */
typedef bool gs_sim_alike(struct gs_bytes key, struct gs_bytes a, struct gs_bytes b);
GS_MUST enum gs_err gs_sim_alike_records(const struct gs_store *a, const struct gs_store *b, enum gs_table table,
                                         gs_sim_alike *alike, bool *same, struct gs_error *error);

#endif
