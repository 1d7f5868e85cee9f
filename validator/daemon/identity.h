/* validator/daemon/identity.h: what a database belongs to: one chain, one deployment, one account; and its sampling key.
 *
 * Written at the first start and compared at every later one, so that no node continues with another's memory. */
#ifndef GS_VALIDATOR_DAEMON_IDENTITY_H
#define GS_VALIDATOR_DAEMON_IDENTITY_H

#include "chain/core/store_port.h"
#include "validator/daemon/session.h"

/* GS_ECONFLICT when the database was made for another chain, deployment or account. */
GS_MUST enum gs_err gs_identity_check(const struct gs_store *store, const struct gs_session *session, const char *db,
                                      struct gs_error *error);
/* The sampling key: from the configured file, else the one kept in the database, else a fresh one that is kept from now on. */
GS_MUST enum gs_err gs_identity_sampling_key(const struct gs_store *store, const struct gs_config *config,
                                             uint8_t out[32], struct gs_error *error);

#endif
