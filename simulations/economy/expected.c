/* The closed forms of the engine's metrics, where there are any: NAN for everything that they leave out. */
#include <math.h>

#include "validator/node/closed.h"
#include "simulations/economy/economy.h"

/* The chance that nobody finds a wrong claim; with `looks`, that nobody executes a claim. */
static double missed(const struct gs_economy_rules *r, bool looks)
{
	const bool certain = gs_wei_cmp(r->value, r->sampling.certain_above) >= 0;
	const double s = (certain ? 1 : r->sampling.rate_ppm * 1e-6) * r->uptime;
	const unsigned *n = r->number;
	return gs_closed_power(1 - s * (looks ? 1 : 1 - r->collusion), n[GS_ECONOMY_HONEST]) *
	       gs_closed_power(1 - s * r->checking, n[GS_ECONOMY_RATIONAL]) *
	       gs_closed_power(1 - s, n[GS_ECONOMY_SYBIL] + (looks ? n[GS_ECONOMY_BRIBED] : 0));
}

static bool fixed_and_in_time(const struct gs_economy_rules *r)
{
	return r->dynamics == GS_ECONOMY_FIXED && 2 * (uint64_t)r->reaction_s <= r->terms.window_s;
}

/* Nothing costs anything outside the books but work, and nobody disturbs. */
static bool frictionless(const struct gs_economy_rules *r)
{
	return r->challenge_gas + r->challenger_gas + r->claimant_gas + r->post_gas + r->attest_gas + r->report_gas ==
	               0 &&
	       r->interest == 0 && gs_u256_is_zero(&r->bonds.refund_per_move.v) && r->bankrupt == 0 &&
	       r->number[GS_ECONOMY_GRIEFER] == 0 && r->number[GS_ECONOMY_FRONT_RUNNER] == 0;
}

static unsigned challengers(const struct gs_economy_rules *r)
{
	return r->number[GS_ECONOMY_HONEST] + r->number[GS_ECONOMY_RATIONAL] + r->number[GS_ECONOMY_SYBIL];
}

/* What a cheat that is found loses of its bond. */
static double lost(const struct gs_economy_rules *r)
{
	const double burn = r->bonds.burn_bps / (double)GS_BPS, concede = r->bonds.concede_bps / (double)GS_BPS;
	const double bond = (double)r->bond;
	const bool alone = r->help == GS_ECONOMY_ALONE;
	if (!frictionless(r) || (!alone && r->help != GS_ECONOMY_FIRST && r->in_front < 1))
		return NAN;
	if (alone && r->defence == GS_ECONOMY_CONCEDES) /* with several challengers it may be too late for that */
		return challengers(r) == 1 ? bond * gs_closed_lost_share(GS_CLOSED_EXIT_CONCEDE, burn, concede) : NAN;
	if (alone)
		return bond * gs_closed_lost_share(GS_CLOSED_EXIT_NONE, burn, concede);
	if (r->help == GS_ECONOMY_EXIT)
		return bond * gs_closed_lost_share(GS_CLOSED_EXIT_BOTH, burn, concede);
	return bond * gs_closed_lost_share(GS_CLOSED_EXIT_ACCOMPLICE, burn, concede);
}

/* What a cheat's idle accomplice costs when nobody finds the claim: it concedes to the claimant. */
static double idle(const struct gs_economy_rules *r)
{
	const double burn = r->bonds.burn_bps / (double)GS_BPS, concede = r->bonds.concede_bps / (double)GS_BPS;
	return r->help == GS_ECONOMY_FIRST ? burn * concede * (double)r->bonds.challenger_bond.v.limb[0] : 0;
}

/* Prize and rewards are shared by chance and by stake among honest validators alone. */
static double honest_profit(const struct gs_economy_rules *r)
{
	const unsigned n = r->number[GS_ECONOMY_HONEST];
	const double s = r->sampling.rate_ppm * 1e-6 * r->uptime, found = 1 - missed(r, false);
	const bool ample = r->pool >= (gs_sim_units)r->claims * (gs_sim_units)r->epochs * r->fee;
	if (n == 0 || challengers(r) != n || r->collusion > 0 || r->number[GS_ECONOMY_CARTEL] > 0 ||
	    r->number[GS_ECONOMY_BRIBED] > 0 || r->help != GS_ECONOMY_ALONE || r->defence == GS_ECONOMY_CONCEDES ||
	    !frictionless(r) || (r->audit_bps > 0 && !ample) || gs_wei_cmp(r->value, r->sampling.certain_above) >= 0)
		return NAN;
	double prize = (1 - r->bonds.burn_bps / (double)GS_BPS) * (double)r->bond;
	double fee = r->audit_bps > 0 ? (double)r->fee : 0;
	double on_right = gs_closed_income(s, n, fee, (double)r->cost - (double)r->flat_reward);
	double on_wrong = found * prize / n - s * (double)r->cost - (1 - found) * (double)r->loss;
	return r->wrong * on_wrong + (1 - r->wrong) * on_right;
}

static struct gs_closed_equilibrium equilibrium(const struct gs_economy_rules *r)
{
	const unsigned n = r->number[GS_ECONOMY_RATIONAL];
	const bool ample = r->audit_bps == 0 || r->pool >= (gs_sim_units)r->claims * (gs_sim_units)r->epochs * r->fee;
	struct gs_closed_equilibrium none = {NAN, NAN};
	if (r->dynamics == GS_ECONOMY_FIXED || n == 0 || challengers(r) != n || !frictionless(r) || !ample ||
	    r->help == GS_ECONOMY_FIRST || isnan(lost(r)) || r->uptime <= 0 || r->sampling.rate_ppm == 0)
		return none;
	if (r->audit_bps > 0 && n > 1) /* rewards are shared: by how many depends on the equilibrium itself */
		return none;
	const bool taken = r->help != GS_ECONOMY_ALONE; /* the accomplice takes the prize */
	const double penalty = (double)r->penalty * r->audit_bps / GS_BPS;
	const struct gs_closed_game game = {
		.validators = n,
		.rate = r->sampling.rate_ppm * 1e-6,
		.uptime = r->uptime,
		.gain = (double)r->gain,
		.saved = (double)r->saved,
		.lost = lost(r),
		.cost = (double)r->cost,
		.prize = taken ? 0 : (1 - r->bonds.burn_bps / (double)GS_BPS) * lost(r),
		.loss = (double)r->loss + penalty, /* who guessed is tested on wrong claims, too */
		.forfeit = r->audit_bps == 0 ? 0 : (double)r->fee + penalty,
	};
	return gs_closed_equilibrium(&game);
}

/* How long a griefer's game lasts on average, and how much gas it takes; the claimant answers promptly. */
static double griefer_time(const struct gs_economy_rules *r)
{
	const double reply = r->reply_s, halves = GS_ECONOMY_MOVES / 2.0;
	const double first = r->challenger_budget_s > r->minimum_s ? r->challenger_budget_s : r->minimum_s;
	switch (r->griefer_pace) {
	case GS_ECONOMY_PROMPT: return 2 * halves * reply;
	case GS_ECONOMY_STALLS: return halves * reply + first + (halves - 1) * r->minimum_s;
	case GS_ECONOMY_SILENT:
	case GS_ECONOMY_CONCEDES: break;
	}
	return NAN;
}

/* One griefer, nobody else that challenges right claims; no audits, which move a window's end. */
static struct gs_closed_griefing griefing(const struct gs_economy_rules *r)
{
	const struct gs_closed_griefing none = {NAN, NAN};
	const double lasts = griefer_time(r), bond = (double)r->bonds.challenger_bond.v.limb[0];
	if (r->number[GS_ECONOMY_GRIEFER] != 1 || r->bankrupt > 0 || r->number[GS_ECONOMY_FRONT_RUNNER] > 0 ||
	    isnan(lasts) || (r->interest != 0 && (r->audit_bps > 0 || r->griefer_games != 1)))
		return none;
	double delay = gs_closed_delay(lasts, r->terms.window_s) * r->interest * (double)(r->bond + r->fee);
	return gs_closed_griefing(bond, r->bonds.burn_bps / (double)GS_BPS, r->griefer_games, (double)r->claimant_gas,
	                          (double)(r->challenge_gas + r->challenger_gas) + bond * lasts * r->interest, delay);
}

static double of_cheating(const struct gs_economy_rules *r, unsigned metric)
{
	const double found = 1 - missed(r, false), bond = lost(r), gain = (double)r->gain - idle(r);
	const double saved = (double)r->saved, token = GS_ECONOMY_UNITS;
	if (metric == gs_economy_metric_number("cheating.pays"))
		return isnan(bond) ? NAN : !gs_closed_deterred(found, gain, saved, bond);
	if (metric == gs_economy_metric_number("profit.wrong_claim"))
		return ((1 - found) * gain - found * bond + saved - (double)r->fee) / token;
	if (metric == gs_economy_metric_number("caught.loss"))
		return found > 0 ? bond / token : NAN;
	if (metric == gs_economy_metric_number("break_even.gain"))
		return found > 0 && found < 1 ? gs_closed_break_even_gain(found, saved, bond) / token : NAN;
	const unsigned honest = r->number[GS_ECONOMY_HONEST];
	if (metric != gs_economy_metric_number("break_even.rate") || honest == 0 ||
	    r->uptime * (1 - r->collusion) <= 0 || !((double)r->gain + bond > 0))
		return NAN;
	return gs_closed_rate_for(gs_closed_break_even_detection((double)r->gain, saved, bond),
	                          r->uptime * (1 - r->collusion), honest);
}

double gs_economy_expected(const double *value, unsigned metric)
{
	struct gs_economy_rules rules;
	const struct gs_economy_rules *r = &rules;
	gs_economy_rules_read(value, &rules);
	if (metric == gs_economy_metric_number("equilibrium.cheats"))
		return equilibrium(r).cheats;
	if (metric == gs_economy_metric_number("equilibrium.checking"))
		return equilibrium(r).checking;
	if (!fixed_and_in_time(r))
		return NAN;
	if (metric == gs_economy_metric_number("detection"))
		return 1 - missed(r, false);
	if (metric == gs_economy_metric_number("slipped"))
		return r->wrong * missed(r, false);
	if (metric == gs_economy_metric_number("looked_at"))
		return 1 - missed(r, true);
	if (metric == gs_economy_metric_number("profit.honest"))
		return honest_profit(r) / GS_ECONOMY_UNITS;
	if (metric == gs_economy_metric_number("profit.right_claim"))
		return frictionless(r) ? -(double)r->fee / GS_ECONOMY_UNITS : NAN;
	if (metric == gs_economy_metric_number("griefing.gross"))
		return griefing(r).gross;
	if (metric == gs_economy_metric_number("griefing.net"))
		return griefing(r).net;
	if (metric == gs_economy_metric_number("delay.right") && r->number[GS_ECONOMY_GRIEFER] == 0)
		return r->terms.window_s +
		       r->audit_bps / (double)GS_BPS * (1 + (r->epoch_s - 1) / 2.0 + (double)r->reply_s);
	return of_cheating(r, metric);
}
