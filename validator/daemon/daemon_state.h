/* validator/daemon/daemon_state.h: what the parts of the daemon share: putting together and taking apart (daemon.c), doing what the node
 * wants done (daemon_effects.c), following the chain (daemon_chain.c). All of it belongs to the loop's thread. */
#ifndef GS_VALIDATOR_DAEMON_DAEMON_STATE_H
#define GS_VALIDATOR_DAEMON_DAEMON_STATE_H

#include <event2/event.h>
#include <time.h>

#include "storage/spill.h"
#include "storage/store.h"
#include "validator/daemon/batches.h"
#include "validator/daemon/catchup.h"
#include "validator/daemon/chain_thread.h"
#include "validator/daemon/commands.h"
#include "validator/daemon/daemon.h"
#include "validator/daemon/executions.h"
#include "validator/daemon/follow.h"
#include "validator/daemon/l1.h"
#include "validator/daemon/later.h"
#include "validator/daemon/librarian.h"
#include "validator/daemon/lots.h"
#include "validator/daemon/ready.h"

struct gs_daemon_pending; /* an effect that is to be done */

enum gs_daemon_phase { /* of a tick */
	               GS_DAEMON_RESTING,
	               GS_DAEMON_WALKING, /* up to the newest block */
	               GS_DAEMON_TENDING, /* what is due is done */
};

struct gs_daemon {
	const struct gs_config *config;
	const struct gs_daemon_options *options;
	const struct gs_log *log;
	struct gs_session session;
	struct gs_key_lock key_lock;
	struct gs_chain_io io;
	struct gs_chain_thread *chain; /* uses io and session.rpc alone while it is there */
	int chain_fd;
	struct gs_l1 *l1; /* NULL: nothing goes through L1 */
	int l1_fd;
	struct gs_store_db *db;
	struct gs_store store;
	struct gs_spill *spill; /* where traces lie */
	struct gs_trace_home traces;
	struct gs_library *models; /* NULL: model_store.folder is not named */
	struct gs_librarian *librarian;
	struct gs_executions *executions;
	struct gs_batches *batches; /* the folder with data of leaves */
	int work_fd;
	struct gs_lots *lots; /* whom the node draws from */
	struct gs_node *node;
	struct gs_node_effects effects;
	struct gs_daemon_pending *first, *last;
	struct gs_later *later;       /* races that are held back */
	struct gs_commands *commands; /* what commands beside the node hand over; NULL: nothing can be */
	struct event_base *base;
	struct event *tick, *answers, *l1_answers, *results, *sigint, *sigterm;
	struct gs_follow follow;
	struct gs_catchup catchup;
	enum gs_daemon_phase phase;
	struct gs_daemon_told { /* what the only endpoint said by itself */
		bool known;     /* its newest header */
		bool used;      /* and it was fed */
		struct gs_head head;
		uint64_t at_ms;
	} told;
	bool woken;          /* an endpoint told of a head since the tick began */
	uint64_t nonce;      /* of the account when we came */
	uint64_t funds_at_s; /* when it was last asked what the account has */
	time_t started;
	struct gs_ready ready;
	enum gs_err err; /* why the loop ended */
	struct gs_error error;
};

/* Ends the loop; err: why, GS_OK when it is meant to. */
void gs_daemon_stop(struct gs_daemon *d, enum gs_err err);

/* Effects (daemon_effects.c). The contracts' time: the chain's, since our clock may be wrong. */
struct gs_time gs_daemon_now(const struct gs_daemon *d);
/* One step of the node with this input, then all that it wants done, and what comes of that at once. Sets the input's time. */
GS_MUST enum gs_err gs_daemon_feed(struct gs_daemon *d, struct gs_node_input *input);
void gs_daemon_free_pending(struct gs_daemon *d);
/* What was held back is asked of the chain now. self: the daemon. */
void gs_daemon_ask_later(void *self, const struct gs_node_effect *effect, struct gs_bytes data);

/* The chain (daemon_chain.c), as events of the loop: time to look at it; its thread, or L1's, has results. self: the daemon. */
void gs_daemon_on_tick(evutil_socket_t fd, short what, void *self);
void gs_daemon_on_chain(evutil_socket_t fd, short what, void *self);
void gs_daemon_on_l1(evutil_socket_t fd, short what, void *self);

#endif
