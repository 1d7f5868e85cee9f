/* chain/eth/fees.h: what a transaction offers for its gas (EIP-1559), from what recent blocks paid: plain arithmetic.
 *
 *     max fee = base fee as it may be some blocks on + tip, never above the cap
 *
 * The base fee rises by an eighth a block at most, so a transaction that must be mined soon covers more full blocks, and tips what
 * the better paid transactions of recent blocks did. A transaction that replaces another must offer an eighth more in both
 * figures: nodes want a tenth, some of them an eighth. */
#ifndef GS_CHAIN_ETH_FEES_H
#define GS_CHAIN_ETH_FEES_H

#include "chain/core/u256.h"

/* How much of the time that there is for it is left. */
enum gs_urgency {
	GS_URGENCY_NONE,  /* nothing is lost when it is mined later */
	GS_URGENCY_DUE,   /* it must be mined by some time */
	GS_URGENCY_CLOSE, /* and that is near */
};
enum { GS_URGENCIES = GS_URGENCY_CLOSE + 1, GS_FEES_BLOCKS = 20 /* recent ones that are looked at */ };
const char *gs_urgency_name(enum gs_urgency urgency);

/* Why a transaction was not made. */
enum gs_tx_refusal {
	GS_REFUSED_NOT,
	GS_REFUSED_ENDPOINT, /* what must be known is not */
	GS_REFUSED_REVERTS,  /* the call would revert now */
	GS_REFUSED_CAP,      /* gas costs more than may be offered */
	GS_REFUSED_BALANCE,  /* the account cannot pay for it */
	GS_REFUSED_BUDGET,   /* it costs more than may be spent */
};

struct gs_fee_market {
	struct gs_wei base_fee;          /* of the next block, per gas */
	struct gs_wei tip[GS_URGENCIES]; /* per gas */
};

struct gs_fee_bounds {
	struct gs_wei cap;       /* per gas; zero: none */
	struct gs_wei least_max; /* what a replacement must offer; zero: it replaces nothing */
	struct gs_wei least_tip;
};

struct gs_fees {
	struct gs_wei max_fee; /* per gas, tip included */
	struct gs_wei tip;
	bool capped; /* it would have offered more */
};

/* The percentile of the tips in a block that an urgency is after: 25, 50, 90. */
unsigned gs_fees_percentile(enum gs_urgency urgency);
/* The middle one of count values, which are sorted for it; zero for none. */
struct gs_wei gs_fees_median(struct gs_wei *values, size_t count);
/* An eighth more, rounded up, and at least 1. GS_ELIMIT past 2^256. */
GS_MUST enum gs_err gs_fees_raise(struct gs_wei fee, struct gs_wei *out);
/* GS_ELIMIT: the next block's base fee is not below the cap, or what a replacement must offer is above it. */
GS_MUST enum gs_err gs_fees_choose(const struct gs_fee_market *market, enum gs_urgency urgency,
                                   const struct gs_fee_bounds *bounds, struct gs_fees *out);
/* Whether an offer of which an eighth more is (least_max, least_tip) would be chosen now, or more: then it does not wait for its price. enough: what
 * would be chosen; set where it does, and may be NULL. */
bool gs_fees_suffice(const struct gs_fee_market *market, enum gs_urgency urgency, const struct gs_fee_bounds *bounds,
                     struct gs_fees *enough);
/* The most that it can cost: gas * max_fee + l1_fee. GS_ELIMIT. */
GS_MUST enum gs_err gs_fees_cost(uint64_t gas, struct gs_wei max_fee, struct gs_wei l1_fee, struct gs_wei *out);

#endif
