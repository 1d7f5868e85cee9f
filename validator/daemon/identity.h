/* validator/daemon/identity.h: what a database belongs to: one chain, one deployment, one account.
 *
 * Written at the first start and compared at every later one, so that no node continues with another's memory. */
#ifndef GS_VALIDATOR_DAEMON_IDENTITY_H
#define GS_VALIDATOR_DAEMON_IDENTITY_H

#include "chain/core/store_port.h"
#include "validator/daemon/session.h"

/* GS_ECONFLICT when the database was made for another chain, deployment or account. */
GS_MUST enum gs_err gs_identity_check(const struct gs_store *store, const struct gs_session *session, const char *db,
                                      struct gs_error *error);
/* Reads a record of exactly 32 bytes of the meta table, or stores the given one where there is none. */
GS_MUST enum gs_err gs_identity_keep(const struct gs_store *store, const char *name, const uint8_t fresh[32],
                                     uint8_t out[32], struct gs_error *error);

#endif
