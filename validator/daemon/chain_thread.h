/* validator/daemon/chain_thread.h: whatever is asked of the chain, on a thread of its own, one job after another.
 *
 * The loop submits jobs and goes on; answers come back in the order of the jobs, each once, and wake the loop. The thread alone uses
 * the session's endpoint from open to close. Why: docs/decisions/0022-chain-thread.md. */
#ifndef GS_VALIDATOR_DAEMON_CHAIN_THREAD_H
#define GS_VALIDATOR_DAEMON_CHAIN_THREAD_H

#include "validator/daemon/chain_io.h"

enum gs_chain_job_kind {
	GS_CHAIN_NEWEST, /* the endpoint's newest header */
	GS_CHAIN_BLOCK,  /* the header with this number */
	GS_CHAIN_FINAL,  /* the header of the newest final block */
	GS_CHAIN_FUNDS,  /* what the account has */
	GS_CHAIN_RANGE,  /* the logs of the final blocks from number to last */
	GS_CHAIN_EFFECT, /* of the node */
};

struct gs_chain_job {
	enum gs_chain_job_kind kind;
	uint64_t number;              /* BLOCK; RANGE: the first */
	uint64_t last;                /* RANGE */
	struct gs_node_effect effect; /* EFFECT: one that gs_chain_io_do takes */
	struct gs_bytes data;         /* EFFECT: copied */
};

struct gs_chain_result {
	enum gs_chain_job_kind kind;
	uint64_t number; /* BLOCK; RANGE: the first */
	uint64_t last;   /* RANGE */
	enum gs_err
		err; /* NEWEST, BLOCK, FINAL, RANGE, FUNDS: why there is no header; GS_ENOTFOUND where the endpoint has none */
	struct gs_chain_answer answer;
};

struct gs_chain_thread;

/* io is borrowed. *event_fd becomes readable when results wait or a new head was told of; owned by *out. */
GS_MUST enum gs_err gs_chain_thread_open(struct gs_chain_io *io, struct gs_chain_thread **out, int *event_fd,
                                         struct gs_error *error);
/* Ends the call under way, drops the other jobs, and waits for the thread. NULL is fine. */
void gs_chain_thread_close(struct gs_chain_thread *thread);
/* GS_ENOMEM. */
GS_MUST enum gs_err gs_chain_thread_submit(struct gs_chain_thread *thread, const struct gs_chain_job *job);
/* The next result, owned by the caller (gs_chain_result_free); NULL when none waits. */
struct gs_chain_result *gs_chain_thread_take(struct gs_chain_thread *thread);
void gs_chain_result_free(struct gs_chain_result *result); /* NULL is fine */
/* Whether an endpoint has told of a new head since the last time this was asked. *told: its header can be believed like an answer, and is
 * *head; else it must be asked for. */
bool gs_chain_thread_head(struct gs_chain_thread *thread, bool *told, struct gs_head *head);
/* Jobs submitted and not taken. */
size_t gs_chain_thread_outstanding(const struct gs_chain_thread *thread);

#endif
