/* Who pays whom for a claim: docs/protocol.md, 5.5 and 6.4, by the production arithmetic of bonds; and what happens outside
 * the system's books. Then what must always hold, and what is added up. */
#include <math.h>
#include <string.h>

#include "simulations/economy/economy.h"

/* ---- the system's books ---- */

static struct gs_wei wei(gs_sim_units units)
{
	GS_ASSERT(units >= 0);
	return gs_wei_from_u64((uint64_t)units);
}

static gs_sim_units units(struct gs_wei amount)
{
	GS_ASSERT(gs_u256_fits_u64(&amount.v) && amount.v.limb[0] <= INT64_MAX);
	return (gs_sim_units)amount.v.limb[0];
}

static struct gs_payout payout(const struct gs_economy_rules *r, gs_sim_units bond, bool only_game,
                               enum gs_game_outcome outcome, enum gs_game_reason reason)
{
	struct gs_payout p;
	enum gs_err err = gs_bond_payout(&r->bonds, wei(bond), only_game, outcome, reason, &p);
	GS_ASSERT(err == GS_OK); /* fails on amounts near 2^256 only */
	return p;
}

static gs_sim_units bond_of(const struct gs_economy_rules *r, const struct gs_economy_game *g)
{
	struct gs_wei bond;
	enum gs_err err = gs_bond_of_game(&r->bonds, g->units, &bond);
	GS_ASSERT(err == GS_OK);
	return units(bond);
}

static void lose_challenge(struct gs_economy_world *world, struct gs_economy_game *g)
{
	struct gs_economy_claim *c = &world->claim;
	struct gs_payout p = payout(&world->rules, bond_of(&world->rules, g), false, GS_GAME_CLAIMANT_WON, g->reason);
	world->agent[g->challenger].books -= units(p.slashed);
	world->agent[world->claimant].books += units(p.rest);
	c->burned += units(p.burned);
	if (world->agent[g->challenger].manner == GS_ECONOMY_GRIEFER)
		c->attacked += units(p.rest);
}

/* Out of the pot, to whom another's win closed. */
static gs_sim_units refund(struct gs_economy_world *world, const struct gs_economy_game *g, gs_sim_units pot)
{
	const struct gs_game_state state = {.move = (uint8_t)g->moves};
	struct gs_wei back;
	enum gs_err err = gs_bond_refund(&world->rules.bonds, &state, wei(pot), &back);
	GS_ASSERT(err == GS_OK);
	world->agent[g->challenger].books += units(back);
	return pot - units(back);
}

static void lose_claim(struct gs_economy_world *world)
{
	struct gs_economy_claim *c = &world->claim;
	struct gs_economy_game *winner = NULL;
	const struct gs_economy_game *first = NULL; /* whose win made the claim invalid */
	unsigned had = 0;
	for (unsigned i = 0; i < c->games; i++) {
		struct gs_economy_game *g = &c->game[i];
		if (!g->opened || !g->wins)
			continue;
		if (!g->closed)
			winner = g;
		if (first == NULL || g->ends_at < first->ends_at)
			first = g;
	}
	if (winner == NULL)
		return;
	c->invalid = true;
	c->settled_at = first->ends_at;
	for (unsigned i = 0; i < c->games; i++)
		had += c->game[i].opened && c->game[i].opened_at <= first->ends_at;
	struct gs_payout p = payout(&world->rules, world->rules.bond, had == 1, GS_GAME_CHALLENGER_WON, first->reason);
	world->agent[world->claimant].books -= units(p.slashed) + world->rules.fee;
	c->burned += units(p.burned) + world->rules.fee;
	gs_sim_units pot = units(p.rest);
	for (unsigned i = 0; i < c->games; i++)
		if (c->game[i].opened && c->game[i].closed)
			pot = refund(world, &c->game[i], pot);
	world->agent[winner->challenger].books += pot;
}

/* The fee goes to the pool; of an audited claim, who has its trace is paid from there: min(pool, fee * 10000 / auditBps). */
static void finalize(struct gs_economy_world *world)
{
	const struct gs_economy_rules *r = &world->rules;
	gs_sim_units count = 0;
	world->agent[world->claimant].books -= r->fee;
	world->pool += r->fee;
	for (unsigned i = 0; i < world->agents; i++)
		count += world->agent[i].attested && world->agent[i].proves;
	gs_sim_units total = 0;
	if (world->claim.audited && count > 0) {
		unsigned __int128 worth = (unsigned __int128)r->fee * GS_BPS / r->audit_bps;
		total = worth < (unsigned __int128)world->pool ? (gs_sim_units)worth : world->pool;
	}
	for (unsigned i = 0; i < world->agents; i++) {
		struct gs_economy_account *a = &world->agent[i];
		if (!a->attested)
			continue;
		a->outside += r->flat_reward;
		if (!world->claim.audited)
			continue;
		if (!a->proves) {
			a->outside -= r->penalty;
			continue;
		}
		a->books += total / count; /* by stake, and all stakes are equal */
		a->outside -= r->report_gas;
		world->pool -= total / count;
	}
}

/* ---- outside ---- */

static gs_sim_units interest(const struct gs_economy_rules *r, double locked)
{
	return (gs_sim_units)floor(locked * r->interest + 0.5);
}

static void pay_for_game(struct gs_economy_world *world, const struct gs_economy_game *g)
{
	const struct gs_economy_rules *r = &world->rules;
	struct gs_economy_claim *c = &world->claim;
	double locked = (double)bond_of(r, g) * (g->over_at - g->opened_at);
	gs_sim_units own = r->challenge_gas + r->challenger_gas * (g->moves / 2) / (GS_ECONOMY_MOVES / 2);
	gs_sim_units other = r->claimant_gas * ((g->moves + 1) / 2) / (GS_ECONOMY_MOVES / 2);
	if (g->accomplice)
		own += r->challenge_gas; /* the concession */
	own += interest(r, locked);
	world->agent[g->challenger].outside -= own;
	world->agent[world->claimant].outside -= other;
	c->locked_challengers += locked;
	c->over_at = g->over_at > c->over_at ? g->over_at : c->over_at;
	if (world->agent[g->challenger].manner == GS_ECONOMY_GRIEFER && !c->wrong) {
		c->attacker += own;
		c->victim += other;
	}
}

static void pay_outside(struct gs_economy_world *world)
{
	const struct gs_economy_rules *r = &world->rules;
	struct gs_economy_claim *c = &world->claim;
	struct gs_economy_account *claimant = &world->agent[world->claimant];
	c->locked_claimant = (double)(r->bond + r->fee) * c->settled_at;
	claimant->outside -= r->post_gas + interest(r, c->locked_claimant);
	if (c->wrong)
		claimant->outside += r->saved + (c->invalid ? 0 : r->gain);
	gs_sim_units stake = interest(r, (double)r->attest_stake * c->settled_at);
	gs_sim_units lost = c->wrong && !c->invalid ? r->loss : 0;
	for (unsigned i = 0; i < world->agents; i++) {
		struct gs_economy_account *a = &world->agent[i];
		if (a->attested)
			a->outside -= stake;
		if (a->manner <= GS_ECONOMY_SYBIL)
			a->outside -= lost;
	}
	if (c->attacker > 0 && c->settled_at > c->window_end)
		c->victim += interest(r, (double)(r->bond + r->fee) * (c->settled_at - c->window_end));
}

/* ---- what must hold ---- */

static void violate(struct gs_economy_world *world, const char *what)
{
	if (world->violation == NULL)
		world->violation = what;
}

static void look_after(struct gs_economy_world *world, gs_sim_units pool_before)
{
	const struct gs_economy_claim *c = &world->claim;
	gs_sim_units sum = c->burned + world->pool - pool_before;
	for (unsigned i = 0; i < world->agents; i++) {
		const struct gs_economy_account *a = &world->agent[i];
		sum += a->books;
		bool honest = a->manner == GS_ECONOMY_HONEST || a->manner == GS_ECONOMY_RATIONAL ||
		              a->manner == GS_ECONOMY_SYBIL;
		if (honest && a->books < 0)
			violate(world, "honest loss");
	}
	if (sum != 0)
		violate(world, "funds lost");
	if (!c->wrong && !c->bankrupt && world->agent[world->claimant].books < -world->rules.fee)
		violate(world, "honest loss");
	if (!c->wrong && !c->bankrupt && c->invalid)
		violate(world, "right claim invalid");
	for (unsigned i = 0; i < c->games; i++)
		if (c->wrong && !c->invalid && c->game[i].opened && c->game[i].honest)
			violate(world, "wrong claim final");
}

void gs_economy_settle(struct gs_economy_world *world)
{
	struct gs_economy_claim *c = &world->claim;
	const gs_sim_units pool_before = world->pool;
	lose_claim(world);
	uint32_t last = c->window_end;
	for (unsigned i = 0; i < c->games; i++) {
		struct gs_economy_game *g = &c->game[i];
		if (!g->opened)
			continue;
		last = g->over_at > last ? g->over_at : last;
		if (!g->wins && !g->closed) {
			gs_sim_units before = world->agent[g->challenger].books;
			lose_challenge(world, g);
			if (!c->wrong && world->agent[g->challenger].manner == GS_ECONOMY_GRIEFER)
				c->attacker += before - world->agent[g->challenger].books;
		}
	}
	if (!c->invalid) {
		c->settled_at = last;
		finalize(world);
	}
	for (unsigned i = 0; i < c->games; i++)
		if (c->game[i].opened)
			pay_for_game(world, &c->game[i]);
	pay_outside(world);
	look_after(world, pool_before);
}
