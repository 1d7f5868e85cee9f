/* chain/rpc/pool_parts.h: what the files of the pool share; nobody else includes it. */
#ifndef GS_CHAIN_RPC_POOL_PARTS_H
#define GS_CHAIN_RPC_POOL_PARTS_H

#include "chain/rpc/health.h"
#include "chain/rpc/limits.h"
#include "chain/rpc/outbox.h"
#include "chain/rpc/pool.h"

struct event;

struct gs_pool_endpoint {
	struct gs_endpoint *endpoint;
	struct gs_outbox *outbox; /* what is no transaction and is not read as it comes goes through it */
	struct gs_health health;
	struct gs_limits limits;
	bool by_number; /* it does not know EIP-1898: state is asked at the block's number */
};

struct gs_pool {
	struct event_base *base;
	const struct gs_log *log;
	size_t count, need;
	struct gs_pool_endpoint member[GS_QUORUM_ENDPOINTS_MAX];
	uint64_t random;
	bool stopped;
	uint64_t head, head_seen_ms;
	struct gs_hash head_hash;
	uint64_t disagreements, undecided, told_ms;
	char told_method[GS_ENDPOINT_METHOD_MAX];
	uint64_t told_range; /* blocks that it was about */
	char last[640];
	char name[GS_RPC_MESSAGE_MAX];
	void (*on_head)(void *self);
	void *on_head_self;
};

/* One endpoint's part in a question. */
struct gs_pool_ask {
	struct gs_pool_question *question;
	size_t index;
	struct gs_call *call;   /* under way, */
	struct gs_asked *asked; /* or so, by the outbox */
	uint64_t asked_ms;
	bool pinned_by_hash;
	enum gs_err err; /* when it has ended */
	json_t *result;  /* owned */
	struct gs_rpc_failure failure;
	struct gs_error why;
};

/* One question to several endpoints. */
struct gs_pool_question {
	struct gs_pool *pool;
	const char *method;
	json_t *params; /* borrowed */
	enum gs_trust trust;
	const struct gs_pool_reader *reader; /* NULL: answers are values */
	int pin;                             /* the parameter that is replaced by the newest agreed block; -1: none */
	struct gs_pool_ask ask[GS_QUORUM_ENDPOINTS_MAX];
	struct gs_quorum votes; /* GS_TRUST_ANY, too: they say who was asked and who has answered */
	struct event *timer;
	bool over;   /* nobody is asked any more */
	bool enough; /* what matters has been answered, and the grace is over */
	bool no_memory;
};

uint64_t gs_pool_now_ms(void);
/* The blocks that a query of logs is about, and how many; 0: the question is another. */
uint64_t gs_pool_range_of(const struct gs_pool_question *q, uint64_t *from, uint64_t *to);
/* So many milliseconds before it can be asked. */
uint64_t gs_pool_ready_in_ms(const struct gs_pool_endpoint *m, uint64_t now_ms);
/* Asks these questions of the pool and turns the loop until each is decided or everybody has answered it, or the pool is stopped. The asks hold
 * what came. */
GS_MUST enum gs_err gs_pool_ask_all(struct gs_pool_question *q, size_t count, struct gs_error *error);
void gs_pool_question_init(struct gs_pool_question *q, struct gs_pool *pool, const char *method, json_t *params,
                           enum gs_trust trust);
void gs_pool_question_free(struct gs_pool_question *q);
/* After a question by quorum: counts and tells contradictions. decided: whether `which` is agreed on. */
void gs_pool_settle(struct gs_pool_question *q, bool decided, size_t which);

#endif
