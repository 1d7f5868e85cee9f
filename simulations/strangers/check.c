#include "simulations/strangers/world.h"

#include <string.h>

const char *gs_sim_strange_name(enum gs_sim_strange strange)
{
	static const char *const names[] = {"nothing", "funds lost", "locked for nothing", "told otherwise"};
	return names[strange];
}

static uint64_t small(struct gs_wei v)
{
	GS_ASSERT(gs_u256_fits_u64(&v.v)); /* deposits are far below 2^64 */
	return v.v.limb[0];
}

/* ---- what everybody has ---- */

static bool funds_hold(const struct gs_sim_network *n)
{
	const struct gs_sim_bank *bank = &n->bank;
	uint64_t have = small(bank->burned) + small(bank->pool), deposited = 0;
	for (unsigned a = 0; a < bank->accounts; a++) {
		const struct gs_sim_account *account = &bank->account[a];
		have += small(account->free) + small(account->locked) + small(account->unbonding) +
		        small(account->withdrawn);
		deposited += small(n->rules.deposit[a]);
	}
	return have == deposited;
}

static uint64_t share(uint64_t amount, uint64_t bps)
{
	return (uint64_t)((unsigned __int128)amount * bps / GS_BPS);
}

/* Of an open claim or batch, by the terms. */
static uint64_t bond_and_fee(const struct gs_terms *t, uint64_t count, uint64_t value)
{
	return count * (small(t->minimum_bond) + small(t->minimum_fee)) + share(value, t->bond_bps) +
	       share(value, t->fee_bps);
}

static void add_claim(const struct gs_sim_chain *c, uint64_t locked[GS_SIM_ACCOUNTS_MAX])
{
	const struct gs_sim_duty_rules *duties = &c->duties->rules;
	if (c->status == GS_SIM_CLAIM_OPEN && c->batch == NULL)
		locked[c->claimant] += bond_and_fee(&c->rules.terms, 1,
		                                    small(gs_claim_lot_value(&c->game_rules.body.lot)));
	for (unsigned g = 0; g < c->games; g++)
		if (c->game[g].game.outcome == GS_GAME_OPEN)
			locked[c->game[g].challenger] += c->game[g].game.state.units *
			                                 small(c->rules.bonds.challenger_bond);
	if (c->pot.winner != 0)
		locked[c->claimant] += small(c->pot.amount);
	if (c->demand.pending) {
		const struct gs_header *h = c->game_rules.header;
		uint64_t chunks = c->demand.kind == 0 ? h->inputs_chunks : UINT64_C(1) << h->output_depth, block = 1;
		while (block < chunks && block < 32)
			block *= 2;
		locked[c->demand.by] += small(duties->demand_base) + block * small(duties->demand_per_chunk);
	}
	for (unsigned a = 0; a < c->bank->accounts; a++)
		locked[a] += small(c->attestation[a].stake);
}

/* Whatever is locked is locked for something. */
static bool locks_hold(const struct gs_sim_network *n)
{
	uint64_t locked[GS_SIM_ACCOUNTS_MAX] = {0};
	for (unsigned i = 0; i < n->claims; i++)
		add_claim(&n->claim[i], locked);
	for (unsigned i = 0; i < n->batches; i++) {
		const struct gs_sim_batch *b = &n->batch[i];
		if (b->name.kind == GS_BATCH_CALLDATA && b->status == GS_SIM_BATCH_OPEN)
			locked[b->claimant] += small(b->bond) + small(b->fee);
	}
	for (unsigned a = 0; a < n->bank.accounts; a++)
		if (small(n->bank.account[a].locked) != locked[a])
			return false;
	return small(n->duties.promised) <= small(n->bank.pool);
}

enum gs_sim_strange gs_strange_check(const struct gs_sim_network *n)
{
	if (!funds_hold(n))
		return GS_SIM_STRANGE_FUNDS;
	return locks_hold(n) ? GS_SIM_STRANGE_NOTHING : GS_SIM_STRANGE_LOCKS;
}

/* ---- what was told ---- */

struct ledger {
	struct gs_contracts contracts;
	uint64_t free[GS_SIM_ACCOUNTS_MAX + 1], locked[GS_SIM_ACCOUNTS_MAX + 1], unbonding[GS_SIM_ACCOUNTS_MAX + 1];
};

static unsigned account_of(const struct ledger *l, const struct gs_address *address)
{
	for (unsigned a = 0; a < GS_SIM_ACCOUNTS_MAX; a++) {
		const struct gs_address other = gs_sim_address(a);
		if (gs_address_equal(&other, address))
			return a;
	}
	GS_ASSERT(gs_address_equal(address, &l->contracts.duties));
	return GS_SIM_POOL;
}

static void move(uint64_t *from, uint64_t *to, uint64_t amount)
{
	*from -= amount;
	*to += amount;
}

static void book(struct ledger *l, const struct gs_event *e)
{
	unsigned a, b;
	if (e->kind < GS_EVENT_DEPOSITED || e->kind > GS_EVENT_SLASHED)
		return;
	a = account_of(l, &e->account);
	if (e->kind == GS_EVENT_DEPOSITED)
		l->free[a] += small(e->amount);
	else if (e->kind == GS_EVENT_WITHDRAW_REQUESTED)
		move(&l->free[a], &l->unbonding[a], small(e->amount));
	else if (e->kind == GS_EVENT_WITHDRAWN)
		l->unbonding[a] -= small(e->amount);
	else if (e->kind == GS_EVENT_LOCKED)
		move(&l->free[a], &l->locked[a], small(e->amount));
	else if (e->kind == GS_EVENT_UNLOCKED)
		move(&l->locked[a], &l->free[a], small(e->amount));
	if (e->kind != GS_EVENT_PAID && e->kind != GS_EVENT_SLASHED)
		return;
	b = account_of(l, &e->other);
	l->locked[a] -= small(e->amount);
	l->free[b] += e->kind == GS_EVENT_PAID ? small(e->amount) : small(e->gain) + small(e->released);
	l->locked[b] -= small(e->released);
}

enum gs_err gs_strange_check_told(const struct gs_sim_network *n, enum gs_sim_strange *out, struct gs_error *error)
{
	struct ledger l = {.contracts = n->rules.contracts};
	struct gs_event event;
	for (size_t i = 0; i < n->blocks; i++)
		for (size_t k = 0; k < n->block[i].logs.count; k++) {
			enum gs_err err = gs_event_decode(&n->rules.contracts, &n->block[i].logs.entry[k], &event,
			                                  error);
			if (err != GS_OK)
				return err; /* a log that has not its form */
			book(&l, &event);
		}
	*out = GS_SIM_STRANGE_NOTHING;
	for (unsigned a = 0; a < n->bank.accounts; a++) {
		const struct gs_sim_account *account = &n->bank.account[a];
		if (l.free[a] != small(account->free) || l.locked[a] != small(account->locked) ||
		    l.unbonding[a] != small(account->unbonding))
			*out = GS_SIM_STRANGE_TOLD;
	}
	if (l.locked[GS_SIM_POOL] != small(n->bank.pool) || l.free[GS_SIM_POOL] != 0)
		*out = GS_SIM_STRANGE_TOLD;
	return GS_OK;
}
