/* How strategies change: by what each would have earned.
 *
 * Between two epochs every strategy is tried on the same draws: a wrong claim beside a right one, and a validator that looks
 * beside one that guesses, once on wrong and once on right claims, weighted by how many there are. Best response: everybody
 * who reconsiders takes what pays more, one in (t + 2) of the population in epoch t, so that shares are the averages of
 * past choices (fictitious play; Brown 1951). Replicator: a share grows in proportion to itself and to how much more than
 * the other strategy it earns (Taylor and Jonker 1978); shares circle around the equilibrium, and their average is measured. */

#include "simulations/economy/economy.h"

#define MEMORY 0.1       /* best response: weight of the latest epoch in what is remembered */
#define SHARE_LEAST 1e-4 /* of a strategy in the replicator's population: what has died out cannot come back */

static double claimant_profit(const struct gs_economy_world *world)
{
	const struct gs_economy_account *a = &world->agent[world->claimant], *b = &world->agent[world->accomplice];
	return (double)(a->books + a->outside + b->books + b->outside);
}

/* What cheating earns more than posting right claims, a claim. */
static double cheating_pays(struct gs_economy_world *world)
{
	double sum = 0;
	for (uint64_t i = 0; i < world->rules.trials; i++) {
		struct gs_rng rng = world->rng;
		gs_economy_play(world, true);
		sum += claimant_profit(world);
		world->rng = rng;
		gs_economy_play(world, false);
		sum -= claimant_profit(world);
	}
	return sum / (double)world->rules.trials;
}

static double focal_profit(struct gs_economy_world *world, struct gs_rng rng, bool wrong, bool checks)
{
	world->rng = rng;
	world->focal_checks = checks;
	gs_economy_play(world, wrong);
	const struct gs_economy_account *a = &world->agent[world->focal];
	return (double)(a->books + a->outside);
}

/* What looking earns more than guessing, on wrong and on right claims. */
static void checking_pays(struct gs_economy_world *world, unsigned focal, double *on_wrong, double *on_right)
{
	const double trials = (double)world->rules.trials;
	*on_wrong = *on_right = 0;
	world->focal = (int)focal;
	for (uint64_t i = 0; i < world->rules.trials; i++) {
		struct gs_rng rng = world->rng;
		*on_wrong += (focal_profit(world, rng, true, true) - focal_profit(world, rng, true, false)) / trials;
		*on_right += (focal_profit(world, rng, false, true) - focal_profit(world, rng, false, false)) / trials;
	}
	world->focal = -1;
}

/* Odds grow by (1 + f/2) / (1 - f/2), which is e^f but for f^3: what is luck in f leaves no drift behind. */
static double replicate(double share, double step, double more)
{
	double f = step * more;
	f = f > 1 ? 1 : f < -1 ? -1 : f;
	double up = share * (1 + f / 2), down = (1 - share) * (1 - f / 2);
	share = up / (up + down);
	return share < SHARE_LEAST ? SHARE_LEAST : share > 1 - SHARE_LEAST ? 1 - SHARE_LEAST : share;
}

/* What the next epoch should bring if things go on as they do: damps the circles that a plain replicator runs. */
static double expect(double *before, double now, uint64_t epoch)
{
	double expected = epoch == 0 ? now : 2 * now - *before;
	*before = now;
	return expected;
}

static double follow(double share, double more, uint64_t epoch)
{
	return share + ((more > 0 ? 1 : 0) - share) / (double)(epoch + 2);
}

/* Payoffs seen of late: trials' luck would otherwise decide what pays, near the equilibrium. */
static double remember(double *seen, double now, uint64_t epoch)
{
	double weight = 1 / (double)(epoch + 1);
	*seen += (now - *seen) * (weight > MEMORY ? weight : MEMORY);
	return *seen;
}

void gs_economy_adapt(struct gs_economy_world *world, uint64_t epoch)
{
	const struct gs_economy_rules *r = &world->rules;
	const gs_sim_units pool = world->pool;
	const double claimants_scale = (double)(r->bond + r->gain + r->saved + 1);
	const double validators_scale = (double)(r->bond + r->loss + r->cost + 1);
	double on_wrong = 0, on_right = 0, x = world->cheats;
	unsigned focal = 0;
	while (focal < world->agents && world->agent[focal].manner != GS_ECONOMY_RATIONAL)
		focal++;
	double cheating = cheating_pays(world);
	if (focal < world->agents)
		checking_pays(world, focal, &on_wrong, &on_right);
	world->pool = pool;
	if (r->dynamics == GS_ECONOMY_REPLICATOR) {
		double checking = (x * on_wrong + (1 - x) * on_right) / validators_scale;
		cheating = expect(&world->seen_cheating, cheating / claimants_scale, epoch);
		checking = expect(&world->seen_checking, checking, epoch);
		world->cheats = replicate(x, r->step, cheating);
		world->checking = replicate(world->checking, r->step, checking);
		return;
	}
	cheating = remember(&world->seen_cheating, cheating, epoch);
	on_wrong = remember(&world->seen_on_wrong, on_wrong, epoch);
	on_right = remember(&world->seen_checking, on_right, epoch);
	world->cheats = follow(x, cheating, epoch);
	world->checking = follow(world->checking, x * on_wrong + (1 - x) * on_right, epoch);
}
