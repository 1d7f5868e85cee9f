/* chain/rpc/limits.h: what an endpoint refuses for being too much, learnt from its errors.
 *
 * Providers say it in many ways and rarely say how much would do. What they do say is taken; else what was asked is halved. Limits that
 * were not met for a long while grow again, slowly. Pure: times are milliseconds of one monotonic clock. */
#ifndef GS_CHAIN_RPC_LIMITS_H
#define GS_CHAIN_RPC_LIMITS_H

#include "chain/rpc/rpc.h"

enum {
	GS_LIMITS_BATCH_DEFAULT = 50, /* calls in one request */
	GS_LIMITS_BATCH_MAX = 1000,
	GS_LIMITS_RANGE_DEFAULT = 2000, /* blocks of one eth_getLogs */
	GS_LIMITS_RANGE_MAX = 100 * 1000,
	GS_LIMITS_GROW_AFTER = 64, /* answers at the limit before it grows by an eighth */
	GS_LIMITS_RATE_MIN = 4,    /* calls a second: twice what following a chain with a block every second takes */
	GS_LIMITS_RATE_MAX = 1000,
	GS_LIMITS_QUIET_MS = 10 * 1000, /* without a refusal before the rate grows by an eighth */
	GS_LIMITS_REST_MS_MAX = 60 * 1000,
};

enum gs_limit_kind {
	GS_LIMIT_NONE,  /* the failure is of another kind */
	GS_LIMIT_RATE,  /* too many calls, or too costly ones, in a while; hint: milliseconds to wait */
	GS_LIMIT_RANGE, /* too many blocks, or too many or too large logs in them; hint: so many blocks would do */
	GS_LIMIT_BATCH, /* too many calls in one request; hint: so many would do */
};

struct gs_limits { /* gs_limits_init */
	uint32_t batch;
	uint32_t batch_good; /* answers at the limit */
	uint64_t range;
	uint32_t range_good;
	double rate; /* calls a second; 0: none is known */
	double tokens;
	uint64_t filled_ms;  /* when tokens was right */
	uint64_t refused_ms; /* when the rate was last found too high, or grew */
	uint64_t second_ms;  /* the second in which calls are counted, */
	uint32_t this_second, last_second;
	uint64_t rests_until_ms;
};

void gs_limits_init(struct gs_limits *l);
/* What an endpoint means by a failure. *hint is 0 where it says no number. */
enum gs_limit_kind gs_limit_recognise(const struct gs_rpc_failure *failure, uint64_t *hint);
/* It refused `asked` calls in one request, or blocks of one query; asked is ignored for GS_LIMIT_RATE; 0 blocks teach nothing. */
void gs_limits_refused(struct gs_limits *l, enum gs_limit_kind kind, uint64_t hint, uint64_t asked, uint64_t now_ms);
/* It answered a request of so many calls, a query of so many blocks. */
void gs_limits_took_batch(struct gs_limits *l, uint64_t calls);
void gs_limits_took_range(struct gs_limits *l, uint64_t blocks);
/* So many milliseconds before a call may be made; about, as a rate's. */
uint64_t gs_limits_wait_ms(const struct gs_limits *l, uint64_t now_ms);
/* Before a call: 0, and the call is counted; else so many milliseconds are to pass before. */
uint64_t gs_limits_take(struct gs_limits *l, uint64_t now_ms);

#endif
