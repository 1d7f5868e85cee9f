/* validator/daemon/session.h: a checked connection: the endpoints answer, it is the chain that was meant, and the contracts are there.
 *
 * Everything that may go wrong between the configuration and the first useful call is found here, one clear line each. */
#ifndef GS_VALIDATOR_DAEMON_SESSION_H
#define GS_VALIDATOR_DAEMON_SESSION_H

#include "chain/rpc/keylock.h"
#include "chain/rpc/sender.h"
#include "validator/daemon/config.h"
#include "validator/daemon/deployment.h"

/* How long a command waits for another command to be done with the key. A node holds it for ever. */
enum { GS_SESSION_KEY_WAIT_MS = 3000 };

struct gs_session {
	struct gs_rpc *rpc; /* of all configured endpoints */
	uint64_t chain_id;
	struct gs_deployment deployment; /* GS_SESSION_CONTRACTS */
	/* GS_SESSION_KEY: */
	struct gs_address account;       /* that signs */
	struct gs_key key;               /* its key, if it is in this process */
	struct gs_remote_signer *remote; /* or who has it; NULL */
};

enum gs_session_need { GS_SESSION_CONTRACTS = 1, GS_SESSION_KEY = 2 };

/* needs: of enum gs_session_need. The chain id must be the configured one and the deployment's, where those are given. */
GS_MUST enum gs_err gs_session_open(const struct gs_config *config, unsigned needs, struct gs_session *out,
                                    struct gs_error *error);
/* The same account on the chain's L1 (config->l1): endpoints that nothing was asked of yet, the chain id that is configured, no
 * contracts. */
GS_MUST enum gs_err gs_session_open_l1(const struct gs_config *config, const struct gs_session *chain,
                                       struct gs_session *out, struct gs_error *error);
void gs_session_close(struct gs_session *session); /* wipes the key */
/* The lock of the session's account (gs_key_lock_take), for a node (who: what it is) or for a command that is about to send, which waits for other
 * commands and, with key.share, does without. Release it with gs_key_lock_release. */
GS_MUST enum gs_err gs_session_lock_node(const struct gs_session *session, const struct gs_config *config,
                                         const char *who, struct gs_key_lock *out, struct gs_error *error);
GS_MUST enum gs_err gs_session_lock_command(const struct gs_session *session, const struct gs_config *config,
                                            struct gs_key_lock *out, struct gs_error *error);
/* Logs whom this node believes, and has the endpoints tell of what they disagree on. */
void gs_session_say_trust(struct gs_session *session, const struct gs_log *log);
struct gs_signer gs_session_signer(const struct gs_session *session);
struct gs_sender gs_session_sender(const struct gs_session *session);

/* The key that the configuration names: a keystore with its password file, or a file of 64 hex digits. */
GS_MUST enum gs_err gs_session_load_key(const struct gs_config *config, struct gs_key *out, struct gs_error *error);
/* 32 bytes from a file of 64 hex digits. */
GS_MUST enum gs_err gs_session_read_secret(const char *path, uint8_t out[32], struct gs_error *error);

#endif
