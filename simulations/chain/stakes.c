#include "simulations/chain/stakes.h"

void gs_sim_wei_add(struct gs_wei *to, struct gs_wei amount)
{
	GS_ASSERT(gs_wei_add(*to, amount, to) == GS_OK); /* the sum of all deposits is far below 2^128 */
}

void gs_sim_wei_take(struct gs_wei *from, struct gs_wei amount)
{
	GS_ASSERT(gs_wei_sub(*from, amount, from) == GS_OK); /* callers have checked, or locked it themselves */
}

void gs_sim_tell(const struct gs_sim_bank *bank, const struct gs_sim_chain *claim, struct gs_sim_report report)
{
	if (bank->listener != NULL)
		bank->listener(bank->listener_self, claim, &report);
}

static void tell_amount(const struct gs_sim_bank *bank, enum gs_sim_report_kind kind, unsigned account,
                        struct gs_wei amount)
{
	gs_sim_tell(bank, NULL, (struct gs_sim_report){.kind = kind, .account = account, .amount = amount});
}

enum gs_err gs_sim_lock(struct gs_sim_bank *bank, unsigned account, struct gs_wei amount, struct gs_error *error)
{
	struct gs_sim_account *a = &bank->account[account];
	if (gs_wei_cmp(a->free, amount) < 0)
		return gs_fail(error, GS_EINVAL, "Insufficient");
	gs_sim_wei_take(&a->free, amount);
	gs_sim_wei_add(&a->locked, amount);
	tell_amount(bank, GS_SIM_REPORT_LOCKED, account, amount);
	return GS_OK;
}

void gs_sim_unlock(struct gs_sim_bank *bank, unsigned account, struct gs_wei amount)
{
	gs_sim_wei_take(&bank->account[account].locked, amount);
	gs_sim_wei_add(&bank->account[account].free, amount);
	tell_amount(bank, GS_SIM_REPORT_UNLOCKED, account, amount);
}

void gs_sim_pay(struct gs_sim_bank *bank, unsigned from, struct gs_wei amount, unsigned to)
{
	gs_sim_wei_take(from == GS_SIM_POOL ? &bank->pool : &bank->account[from].locked, amount);
	gs_sim_wei_add(&bank->account[to].free, amount);
	gs_sim_tell(bank, NULL,
	            (struct gs_sim_report){.kind = GS_SIM_REPORT_PAID, .account = from, .other = to, .amount = amount});
}

void gs_sim_pay_fee(struct gs_sim_bank *bank, unsigned from, struct gs_wei fee)
{
	if (gs_u256_is_zero(&fee.v))
		return;
	gs_sim_wei_take(&bank->account[from].locked, fee);
	gs_sim_wei_add(&bank->pool, fee);
	tell_amount(bank, GS_SIM_REPORT_FEE, from, fee);
}

void gs_sim_settle(struct gs_sim_bank *bank, enum gs_sim_plant plant, unsigned loser, struct gs_wei burned,
                   unsigned winner, struct gs_wei gain, struct gs_wei released)
{
	struct gs_wei loss;
	GS_ASSERT(gs_wei_add(burned, gain, &loss) == GS_OK);
	gs_sim_wei_take(&bank->account[loser].locked, loss);
	gs_sim_wei_add(plant == GS_SIM_PLANT_BURN ? &bank->account[winner].free : &bank->burned, burned);
	gs_sim_wei_add(&bank->account[winner].free, gain);
	gs_sim_wei_take(&bank->account[winner].locked, released);
	gs_sim_wei_add(&bank->account[winner].free, released);
	gs_sim_tell(bank, NULL,
	            (struct gs_sim_report){.kind = GS_SIM_REPORT_SLASHED,
	                                   .account = loser,
	                                   .other = winner,
	                                   .amount = loss,
	                                   .burned = burned,
	                                   .gain = gain,
	                                   .released = released});
}

enum gs_err gs_sim_request_withdraw(struct gs_sim_bank *bank, unsigned account, struct gs_wei amount, uint64_t now,
                                    uint64_t unbonding_s, struct gs_error *error)
{
	struct gs_sim_account *a = &bank->account[account];
	if (gs_wei_cmp(a->free, amount) < 0)
		return gs_fail(error, GS_EINVAL, "Insufficient");
	gs_sim_wei_take(&a->free, amount);
	gs_sim_wei_add(&a->unbonding, amount);
	a->ready_at = now + unbonding_s;
	gs_sim_tell(bank, NULL,
	            (struct gs_sim_report){.kind = GS_SIM_REPORT_WITHDRAW_REQUESTED,
	                                   .account = account,
	                                   .amount = amount,
	                                   .time = a->ready_at});
	return GS_OK;
}

enum gs_err gs_sim_withdraw(struct gs_sim_bank *bank, unsigned account, uint64_t now, struct gs_error *error)
{
	struct gs_sim_account *a = &bank->account[account];
	const struct gs_wei amount = a->unbonding;
	if (now < a->ready_at)
		return gs_fail(error, GS_EINVAL, "NotReady");
	if (gs_u256_is_zero(&amount.v))
		return gs_fail(error, GS_EINVAL, "Insufficient");
	gs_sim_wei_take(&a->unbonding, amount);
	gs_sim_wei_add(&a->withdrawn, amount);
	tell_amount(bank, GS_SIM_REPORT_WITHDRAWN, account, amount);
	return GS_OK;
}

unsigned gs_sim_account_new(struct gs_sim_bank *bank, struct gs_wei amount)
{
	GS_ASSERT(bank->accounts < GS_SIM_ACCOUNTS_MAX);
	bank->account[bank->accounts].free = amount;
	return bank->accounts++;
}
