/* simulations/chain/stakes.h: everybody's money (docs/protocol.md, section 2). Whoever calls has checked what may be paid when; an
 * amount that is not there is GS_EINVAL where an account's owner could ask for it, and a bug (asserted) elsewhere. */
#ifndef GS_SIMULATIONS_CHAIN_STAKES_H
#define GS_SIMULATIONS_CHAIN_STAKES_H

#include "simulations/chain.h"

void gs_sim_tell(const struct gs_sim_bank *bank, const struct gs_sim_chain *claim, struct gs_sim_report report);
void gs_sim_wei_add(struct gs_wei *to, struct gs_wei amount);    /* asserted: below 2^256 */
void gs_sim_wei_take(struct gs_wei *from, struct gs_wei amount); /* asserted: it is there */

/* free -> locked. "Insufficient" */
GS_MUST enum gs_err gs_sim_lock(struct gs_sim_bank *bank, unsigned account, struct gs_wei amount,
                                struct gs_error *error);
void gs_sim_unlock(struct gs_sim_bank *bank, unsigned account, struct gs_wei amount);
/* locked of one account -> free of another; from: GS_SIM_POOL, too */
void gs_sim_pay(struct gs_sim_bank *bank, unsigned from, struct gs_wei amount, unsigned to);
/* locked of an account -> the pool, where it stays locked; nothing is told of a fee of 0 */
void gs_sim_pay_fee(struct gs_sim_bank *bank, unsigned from, struct gs_wei fee);
/* The loser's loss is burned but for the winner's gain, and `released` of the winner's own becomes free. */
void gs_sim_settle(struct gs_sim_bank *bank, enum gs_sim_plant plant, unsigned loser, struct gs_wei burned,
                   unsigned winner, struct gs_wei gain, struct gs_wei released);

/* ---- by the account's owner ---- */

/* free -> unbonding; all that is unbonding can leave unbonding_s from now. "Insufficient" */
GS_MUST enum gs_err gs_sim_request_withdraw(struct gs_sim_bank *bank, unsigned account, struct gs_wei amount,
                                            uint64_t now, uint64_t unbonding_s, struct gs_error *error);
/* Pays all of unbonding out. "NotReady", "Insufficient" */
GS_MUST enum gs_err gs_sim_withdraw(struct gs_sim_bank *bank, unsigned account, uint64_t now, struct gs_error *error);

#endif
