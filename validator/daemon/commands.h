/* validator/daemon/commands.h: one process signs for a key, so a command beside a node hands its call over, and the node sends it.
 *
 * A socket of the user's own lies beside the lock of the key (chain/rpc/keylock.h). Whoever may connect to it may have the account send calls to
 * the deployment's contracts, but for Disputes: moves are the node's, which never answers one state twice. A call becomes an intent like
 * any other, stored before it is sent: the node goes on with it after a crash, and whether or not anybody still waits.
 *
 *     {"version":1,"id":HASH,"chain_id":N,"account":ADDRESS,"to":ADDRESS,"data":HEX}\n      one a connection; the id is drawn at random
 *     {"status":"planned"|"signed"|"done"|"failed","tx":HASH,"why":TEXT}\n                  as often as it changes; done and failed are the last */
#ifndef GS_VALIDATOR_DAEMON_COMMANDS_H
#define GS_VALIDATOR_DAEMON_COMMANDS_H

#include <event2/event.h>

#include "chain/core/log.h"
#include "validator/daemon/deployment.h"
#include "validator/node/node.h"

enum {
	GS_COMMANDS_VISITORS_MAX = 16,
	GS_COMMANDS_LINE_MAX = 2 * GS_INTENT_DATA_MAX + 1024,
	GS_COMMANDS_PATIENCE_S = 10, /* with a visitor who has not said what it wants */
	GS_COMMANDS_VERSION = 1,
};

/* The socket of an account's node. folder: as of gs_key_lock_take. GS_ELIMIT: the path is longer than a socket's may be. */
GS_MUST enum gs_err gs_commands_path(const char *folder, const struct gs_address *account, uint64_t chain_id,
                                     char out[108]);

struct gs_commands_options { /* borrowed, but for numbers */
	struct event_base *base;
	const char *folder;
	struct gs_address account;
	uint64_t chain_id;
	const struct gs_deployment *deployment;
	const struct gs_store *store;
	const struct gs_log *log;
	/* One step of the node. An error has ended the loop. */
	enum gs_err (*feed)(void *self, struct gs_node_input *input);
	void *self;
};

struct gs_commands;

/* The key's lock is held, so that a socket that lies there is nobody's. GS_EIO: it cannot be made, with what to do; the node can do without. */
GS_MUST enum gs_err gs_commands_open(const struct gs_commands_options *options, struct gs_commands **out,
                                     struct gs_error *error);
void gs_commands_close(struct gs_commands *commands); /* NULL is fine; hangs up on whoever waits */
/* Something may have changed: whoever waits is told. */
void gs_commands_look(struct gs_commands *commands); /* NULL is fine */
/* Before the node hears of it: why an intent could not be signed. */
void gs_commands_refused(struct gs_commands *commands, const struct gs_hash *intent,
                         const char *why); /* NULL is fine */

/* --- the other side --- */

struct gs_commands_call {
	struct gs_address account;
	uint64_t chain_id;
	struct gs_address to;
	struct gs_bytes data;
};

/* Whether a node listens there. */
bool gs_commands_reachable(const char *folder, const struct gs_commands_call *call);
/* Hands a call to the account's node, and waits until it is mined: its transaction is *tx. GS_ENOTFOUND: no node listens. GS_ECONFLICT: it would
 * revert, or did, and *tx is not zero then. GS_EAGAIN: not within timeout_ms, or the node has ended; it goes on with it when it runs. */
GS_MUST enum gs_err gs_commands_send(const char *folder, const struct gs_commands_call *call, uint32_t timeout_ms,
                                     struct gs_hash *tx, struct gs_error *error);

#endif
