/* validator/daemon/lots.h: the node's sampling key and what it gives: the output of its verifiable random function for a source of claims.
 *
 * The key is 32 bytes: from policy.sampling_key_file (64 hex digits in a file that nobody else may read), or made at the first start and kept in the
 * database. Its public half is what others check by (`gainsay keys sampling`); no contract holds it, so its validator says that it is its own by a
 * signature (validator/daemon/statement.h). */
#ifndef GS_VALIDATOR_DAEMON_LOTS_H
#define GS_VALIDATOR_DAEMON_LOTS_H

#include "chain/core/store_port.h"
#include "validator/daemon/config.h"
#include "validator/node/event.h"
#include "validator/node/sampling.h"

struct gs_lots;

/* For whom decisions were made: kept in the database, so that what it exports can say so. */
struct gs_lots_domain {
	uint64_t chain_id;
	struct gs_address claims; /* the contract */
	struct gs_address validator;
};

/* For a node: makes the key if there is none yet, and keeps the domain. */
GS_MUST enum gs_err gs_lots_open(const struct gs_store *store, const struct gs_config *config,
                                 const struct gs_contracts *contracts, const struct gs_address *self,
                                 struct gs_lots **out, struct gs_error *error);
void gs_lots_close(struct gs_lots *lots); /* NULL is fine */
GS_MUST enum gs_err gs_lots_draw(const struct gs_lots *lots, const struct gs_sample_source *source,
                                 struct gs_sample_lot *out);

/* For commands: the key that the node of this database uses. GS_ENOTFOUND: no node was ever started on it. Wipe the key. */
GS_MUST enum gs_err gs_lots_key(const struct gs_store *store, struct gs_store_txn *txn, const struct gs_config *config,
                                struct gs_vrf *vrf, struct gs_vrf_key *out, struct gs_error *error);
GS_MUST enum gs_err gs_lots_domain(const struct gs_store *store, struct gs_store_txn *txn, struct gs_lots_domain *out,
                                   struct gs_error *error);

#endif
