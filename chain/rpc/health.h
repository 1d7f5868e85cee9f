/* chain/rpc/health.h: how well an endpoint does, in one number, and when it is asked again after it failed.
 *
 * Pure: clocks and randomness are arguments, so that the same history gives the same order of endpoints. Times are milliseconds of one
 * monotonic clock. */
#ifndef GS_CHAIN_RPC_HEALTH_H
#define GS_CHAIN_RPC_HEALTH_H

#include "chain/core/core.h"

enum {
	GS_HEALTH_REST_MS_MIN = 250, /* after a first failure; doubled with each that follows at once */
	GS_HEALTH_REST_MS_MAX = 15 * 1000,
	GS_HEALTH_HEDGE_MS_MIN = 50, /* nobody else is asked sooner because an answer is late */
};

struct gs_health {           /* plain data; zeros to begin with */
	double latency_ms;   /* smoothed over about eight answers; 0: none yet */
	double deviation_ms; /* smoothed distance from it */
	double failing;      /* smoothed share of calls that failed, 0 to 1 */
	double lying;        /* 1 after a disagreement that others decided against it; fades over hundreds of answers */
	uint32_t in_a_row;   /* failures */
	uint64_t rests_until_ms;
	uint64_t head; /* the newest block it told of; 0: none */
	uint64_t answers, failures, disagreements;
};

void gs_health_answered(struct gs_health *h, double ms);
/* It was slower than this, and others answered: counted as its latency where that makes it worse. */
void gs_health_outrun(struct gs_health *h, double ms);
/* No answer, or none that makes sense. random: any 64 bits; rests between half of the back-off and all of it. */
void gs_health_failed(struct gs_health *h, uint64_t now_ms, uint64_t random);
/* Enough others agree on another answer. */
void gs_health_disagreed(struct gs_health *h);
void gs_health_head(struct gs_health *h, uint64_t number);
bool gs_health_rests(const struct gs_health *h, uint64_t now_ms);
/* What a call there costs, in milliseconds of a kind: lower is better. newest: the newest block that any endpoint told of. */
double gs_health_cost(const struct gs_health *h, uint64_t newest);
/* So long an answer is waited for before another endpoint is asked too; at most longest_ms. */
uint32_t gs_health_hedge_ms(const struct gs_health *h, uint32_t longest_ms);

#endif
