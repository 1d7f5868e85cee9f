/* chain/rpc/pool.h: several endpoints of one chain as if they were one that can be believed.
 *
 * Each method has a rule (chain/rpc/compare.h) by which the endpoints' answers become one. What facts and spending rest on needs a
 * quorum: so many endpoints must give the same answer. Otherwise the call fails, and whoever asked does not act: a time-out or an
 * error is silence, never an answer. With a quorum of m, fewer than m that lie cannot make the pool say what no honest endpoint says, as long
 * as m that are honest answer.
 *
 * Blocks are asked by hash wherever that can be: an endpoint that does not have the block yet is silent, not contrary. State at "latest" is
 * asked at the hash of the newest block that a quorum has (EIP-1898).
 *
 * The fastest are asked first, another when one is late, fails or disagrees; what an endpoint refuses for being too much is
 * learnt (chain/rpc/limits.h), and one that fails rests (chain/rpc/health.h). Calls block; one thread at a time. */
#ifndef GS_CHAIN_RPC_POOL_H
#define GS_CHAIN_RPC_POOL_H

#include "chain/core/log.h"
#include "chain/rpc/compare.h"
#include "chain/rpc/endpoint.h"
#include "chain/eth/quorum.h"
#include "chain/rpc/rpc.h"

enum {
	GS_POOL_GRACE_MS = 250,     /* for those that are late, where enough have answered and more would be better */
	GS_POOL_TOLD_ALL_MS = 1000, /* for all to take a transaction that one has taken */
	GS_POOL_PATIENCE_MS =
		2000, /* an endpoint that rests, or takes no more for now, is waited for as long at most */
	GS_POOL_HEAD_AGE_MS = 1000,    /* the block at which state is asked is no older in our hands */
	GS_POOL_RETELL_MS = 10 * 1000, /* a disagreement about one method is told once in this time */
	GS_POOL_EXCERPT_MAX = 120,
	GS_POOL_TOGETHER_MAX = 128, /* questions of gs_pool_call_many that are under way together */
};

struct gs_pool;

struct gs_pool_options {
	const struct gs_endpoint_options *endpoint; /* of each; borrowed for the call */
	uint64_t quorum; /* endpoints that must agree; 0: all of two, a majority of three or more */
	uint64_t seed;   /* of the jitter with which failed endpoints rest */
};

/* 1 to GS_QUORUM_ENDPOINTS_MAX addresses, none twice. Makes no connection yet. */
GS_MUST enum gs_err gs_pool_open(struct event_base *base, const char *const *urls, size_t count,
                                 const struct gs_pool_options *options, struct gs_pool **out, struct gs_error *error);
void gs_pool_close(struct gs_pool *pool); /* NULL is fine */
/* From now on rpc.disagree and rpc.heads_lost are told here. Borrowed; NULL: nowhere. */
void gs_pool_log_to(struct gs_pool *pool, const struct gs_log *log);
/* "https://one:443 and 2 more". Borrowed. */
const char *gs_pool_name(const struct gs_pool *pool);

/* Turns the loop until the answer is there; params is taken over. *failure says what a failure was made of.
 * GS_EAGAIN: too few endpoints answered, or agreed; GS_EIO: gs_pool_stop was called; else what the endpoints agree on, which
 * may be a failure too (a revert). */
GS_MUST enum gs_err gs_pool_call(struct gs_pool *pool, const char *method, json_t *params, json_t **result,
                                 struct gs_rpc_failure *failure, struct gs_error *error);
/* Several questions at once, each by its own rule; equal ones are put to an endpoint once, and all in as few requests as it takes. Fills in
 * result, err and why of each; params stay the caller's. Neither transactions nor blocks by name. GS_EIO, GS_ENOMEM: results may be there, the
 * caller's to drop. */
GS_MUST enum gs_err gs_pool_call_many(struct gs_pool *pool, struct gs_rpc_item *item, size_t count,
                                      struct gs_error *error);
/* Reads the endpoints' answers to one call as they come, instead of trees of values: one sink for each endpoint. */
struct gs_pool_reader {
	void *self;
	/* Before endpoint i (below GS_QUORUM_ENDPOINTS_MAX) is asked. The sink lives until the call has ended. GS_ENOMEM. */
	enum gs_err (*open)(void *self, size_t i, struct gs_sink *out);
	/* Its answer is over: the digest of what counts in it. Anything but GS_OK: it is no answer. */
	enum gs_err (*end)(void *self, size_t i, struct gs_hash *digest, struct gs_error *why);
	/* How much it told, for the line about a contradiction. */
	uint64_t (*count)(void *self, size_t i);
};
/* gs_pool_call by quorum with such a reader: *which of the endpoints said what they agree on. GS_ELIMIT, GS_EPARSE: so ended all of
 * their answers. */
GS_MUST enum gs_err gs_pool_read(struct gs_pool *pool, const char *method, json_t *params,
                                 const struct gs_pool_reader *reader, size_t *which, struct gs_rpc_failure *failure,
                                 struct gs_error *error);
/* Ends the call under way and all later ones until it is called with false. From a callback of the loop. */
void gs_pool_stop(struct gs_pool *pool, bool stopped);
/* Any ws endpoint's new head: called from the loop. False: none of the endpoints can tell. */
bool gs_pool_watch_heads(struct gs_pool *pool, void (*on_head)(void *self), void *self);

struct gs_pool_status {
	size_t endpoints, need;
	uint64_t head;          /* the newest that a quorum had; 0: none yet */
	uint64_t disagreements; /* calls in which answers differed */
	uint64_t undecided;     /* of these, those without a quorum for any answer */
	char last[640];         /* in words: the last disagreement; "": none */
	struct {
		const char *name; /* borrowed */
		double latency_ms;
		uint64_t answers, failures, disagreements; /* in which it was outvoted */
		uint64_t head;
		uint64_t rests_ms; /* so long it is left alone; 0: not at all */
		uint64_t batch;    /* calls of one request that it takes, as far as is known */
		uint64_t range;    /* blocks of one eth_getLogs that it takes, as far as is known */
	} endpoint[GS_QUORUM_ENDPOINTS_MAX];
};
void gs_pool_status(const struct gs_pool *pool, struct gs_pool_status *out);

#endif
