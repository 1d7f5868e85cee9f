/* validator/daemon/session.h: a checked connection: the endpoints answer, it is the chain that was meant, and the contracts are there.
 *
 * Everything that may go wrong between the configuration and the first useful call is found here, one clear line each. */
#ifndef GS_VALIDATOR_DAEMON_SESSION_H
#define GS_VALIDATOR_DAEMON_SESSION_H

#include "chain/rpc/sender.h"
#include "validator/daemon/config.h"
#include "validator/daemon/deployment.h"

struct gs_session {
	struct gs_rpc *rpc; /* of all configured endpoints */
	uint64_t chain_id;
	struct gs_deployment deployment; /* GS_SESSION_CONTRACTS */
	struct gs_key key;               /* GS_SESSION_KEY */
};

enum gs_session_need { GS_SESSION_CONTRACTS = 1, GS_SESSION_KEY = 2 };

/* needs: of enum gs_session_need. The chain id must be the configured one and the deployment's, where those are given. */
GS_MUST enum gs_err gs_session_open(const struct gs_config *config, unsigned needs, struct gs_session *out,
                                    struct gs_error *error);
void gs_session_close(struct gs_session *session); /* wipes the key */
struct gs_sender gs_session_sender(const struct gs_session *session);

/* The key that the configuration names: a keystore with its password file, or a file of 64 hex digits. */
GS_MUST enum gs_err gs_session_load_key(const struct gs_config *config, struct gs_key *out, struct gs_error *error);
/* 32 bytes from a file of 64 hex digits. */
GS_MUST enum gs_err gs_session_read_secret(const char *path, uint8_t out[32], struct gs_error *error);

#endif
