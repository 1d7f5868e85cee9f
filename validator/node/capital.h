/* validator/node/capital.h: what the node has to pay with, and what of it is spoken for: no game is entered that could not be paid to its end.
 *
 * Two kinds of money. **Stake** is locked as a bond when a game opens, so a game that runs has its bond already; what challenges, opened leaves and
 * attestations on their way will lock is spoken for. **Gas** is paid move by move, so what a game may still cost is reserved as long as it runs:
 *
 *     running    of each open game that this account plays: min(gas of its side at worst, moves it may still make * gas of the dearest)
 *     planned    of each challenge on its way: the challenger's gas at worst; of a leaf the opening besides; of an attestation all that follows it
 *     defences   of `defences` claims and batches of each model, posted by this account and open: the claimant's gas at worst of one game
 *     waiting    of other transactions that are signed: the most that each may cost
 *
 * Gas is priced at what a transaction that must be mined soon offers now, times price_percent, and no higher than the caps: no offer is. What is
 * spoken for is left alone by everything that is no move of a running game, answer or root. Source: docs/node.md, "Capital". */
#ifndef GS_VALIDATOR_NODE_CAPITAL_H
#define GS_VALIDATOR_NODE_CAPITAL_H

#include "chain/core/u256.h"
#include "challenge/game/bonds.h"

enum { GS_CAPITAL_STALE_S = 600 }; /* what was told of the account longer ago is not known any more */

struct gs_capital_policy {
	bool gas;               /* gas is reserved; else stake alone is */
	uint32_t defences;      /* of each model, of own claims that have no game yet */
	uint32_t price_percent; /* of today's price, at which gas is reckoned: it may rise while a game runs */
	uint32_t warn_games;    /* an alarm below so many games that could still be paid for; 0: none */
	uint64_t warn_s;        /* an alarm when funds last shorter at the present rate; 0: none */
};

/* As an endpoint tells it. */
struct gs_funds {
	struct gs_wei balance;
	struct gs_wei per_gas;  /* that a transaction which must be mined soon offers */
	struct gs_wei per_byte; /* of calldata, for its way to L1; zero: none */
};

/* gas * per_gas + bytes * per_byte. GS_ELIMIT past 2^256. */
GS_MUST enum gs_err gs_capital_price(const struct gs_funds *funds, uint64_t gas, uint64_t bytes, struct gs_wei *out);
/* What one side of a game may still cost when it has made `moves` of its transactions: never more than the whole. */
GS_MUST enum gs_err gs_capital_rest(const struct gs_funds *funds, const struct gs_worst_side *side, unsigned moves,
                                    struct gs_wei *out);

struct gs_capital {
	bool known; /* what the account has, and what gas costs; without gas in the policy nothing need be known */
	struct gs_wei balance;
	struct gs_wei running, planned, defences, waiting; /* of gas */
	uint32_t games;                                    /* that run */
	struct gs_wei stake;                               /* free, and not spoken for */
	struct gs_wei gas;                                 /* the same of the balance; zero: nothing, or less */
	bool short_of_running;                             /* the balance does not even cover running games */
};

/* What an operator is told. */
struct gs_capital_outlook {
	struct gs_capital now;
	uint64_t
		more_games; /* that could be paid for besides, each the dearest of the models; UINT64_MAX: any number */
	bool by_gas;        /* it is gas that bounds them, not stake */
	struct gs_wei bond; /* of one */
	struct gs_wei a_game; /* gas of one */
	struct gs_wei a_day;  /* spent on gas at the present rate */
	uint64_t lasts_s;     /* until then the balance lasts at that rate; UINT64_MAX: nothing is spent */
};

#endif
