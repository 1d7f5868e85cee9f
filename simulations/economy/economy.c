/* The engine `economy`: a run is some epochs of claims; what is measured of it. */
#include <stdlib.h>
#include <string.h>

#include "chain/core/hash.h"
#include "validator/node/closed.h"
#include "simulations/economy/economy.h"
#include "simulations/engines.h"

/* ---- metrics ---- */

enum metric {
	DETECTION,
	LOOKED,
	SLIPPED,
	CHEATING_PAYS,
	PROFIT_RIGHT,
	PROFIT_WRONG,
	CAUGHT_LOSS,
	PROFIT_HONEST, /* and the other manners, in their order, as far as front-runners */
	PROFIT_LAST = PROFIT_HONEST + GS_ECONOMY_FRONT_RUNNER,
	GRIEFING_GROSS,
	GRIEFING_NET,
	DELAY_RIGHT,
	DELAY_WRONG,
	DELAY_WINDOWS,
	CAPITAL_CLAIMANT,
	CAPITAL_CHALLENGERS,
	BURNED,
	BREAK_EVEN_GAIN,
	BREAK_EVEN_RATE,
	EQUILIBRIUM_CHEATS,
	EQUILIBRIUM_CHECKING,
	METRICS
};

#define PROFIT(manner, name, about) [PROFIT_HONEST + (manner)] = {"profit." name, about, GS_SIM_UNIT_MONEY, false, 0, 0}

const struct gs_sim_metric gs_economy_metric[METRICS] = {
	[DETECTION] = {"detection", "a wrong claim is found and becomes invalid", GS_SIM_UNIT_SHARE, false, 0, 0},
	[LOOKED] = {"looked_at", "a claim is executed by some validator", GS_SIM_UNIT_SHARE, false, 0, 0},
	[SLIPPED] = {"slipped", "a claim is wrong and becomes final", GS_SIM_UNIT_SHARE, false, 0, 0},
	[CHEATING_PAYS] = {"cheating.pays", "wrong claims earned their claimants more than right ones, in a whole run",
                           GS_SIM_UNIT_SHARE, false, 0, 0},
	[PROFIT_RIGHT] = {"profit.right_claim", "tokens that a right claim earns its claimant (its price left out)",
                          GS_SIM_UNIT_MONEY, false, 0, 0},
	[PROFIT_WRONG] = {"profit.wrong_claim", "tokens that a wrong one earns its claimant and accomplice",
                          GS_SIM_UNIT_MONEY, false, 0, 0},
	[CAUGHT_LOSS] = {"caught.loss", "tokens that claimant and accomplice lose with a wrong claim that is found",
                         GS_SIM_UNIT_MONEY, false, 0, 0},
	PROFIT(GS_ECONOMY_HONEST, "honest", "tokens that an honest validator earns, a claim"),
	PROFIT(GS_ECONOMY_RATIONAL, "rational", "tokens that a rational one earns, a claim"),
	PROFIT(GS_ECONOMY_LAZY, "lazy", "tokens that a lazy one earns, a claim"),
	PROFIT(GS_ECONOMY_COPYCAT, "copycat", "tokens that a copycat earns, a claim"),
	PROFIT(GS_ECONOMY_OFFLINE, "offline", "tokens that a validator that is never up earns, a claim"),
	PROFIT(GS_ECONOMY_BRIBED, "bribed", "tokens that a bribed one earns, a claim"),
	PROFIT(GS_ECONOMY_CARTEL, "cartel", "tokens that one of the cartel's earns, a claim"),
	PROFIT(GS_ECONOMY_SYBIL, "sybil", "tokens that an account of the swarm earns, a claim"),
	PROFIT(GS_ECONOMY_GRIEFER, "griefer", "tokens that a griefer earns, a claim"),
	PROFIT(GS_ECONOMY_FRONT_RUNNER, "front_runner", "tokens that a front-runner earns, a claim"),
	[GRIEFING_GROSS] = {"griefing.gross", "victims' costs / griefers' losses, a run", GS_SIM_UNIT_NUMBER, false, 0,
                            0},
	[GRIEFING_NET] = {"griefing.net", "the same less what victims got of griefers' bonds; 0 where they gained",
                          GS_SIM_UNIT_NUMBER, false, 0, 0},
	[DELAY_RIGHT] = {"delay.right", "until a right claim is final", GS_SIM_UNIT_SECONDS, false, 0, 0},
	[DELAY_WRONG] = {"delay.wrong", "until a wrong claim is invalid, or final", GS_SIM_UNIT_SECONDS, false, 0, 0},
	[DELAY_WINDOWS] = {"delay.windows", "until a claim is settled, in windows", GS_SIM_UNIT_NUMBER, true, 0, 8},
	[CAPITAL_CLAIMANT] = {"capital.claimant", "token-days locked by a claimant, a claim", GS_SIM_UNIT_NUMBER, false,
                              0, 0},
	[CAPITAL_CHALLENGERS] = {"capital.challengers", "token-days locked by challengers, a claim", GS_SIM_UNIT_NUMBER,
                                 false, 0, 0},
	[BURNED] = {"burned", "tokens burned, a claim", GS_SIM_UNIT_MONEY, false, 0, 0},
	[BREAK_EVEN_GAIN] = {"break_even.gain", "tokens from which on cheating pays, at the run's detection and losses",
                             GS_SIM_UNIT_MONEY, false, 0, 0},
	[BREAK_EVEN_RATE] = {"break_even.rate",
                             "sampling rate from which on cheating does not pay, at the run's losses (above 1: none)",
                             GS_SIM_UNIT_NUMBER, false, 0, 0},
	[EQUILIBRIUM_CHEATS] = {"equilibrium.cheats", "share of cheats, mean of the run's second half",
                                GS_SIM_UNIT_NUMBER, false, 0, 0},
	[EQUILIBRIUM_CHECKING] = {"equilibrium.checking",
                                  "share of turns in which rational validators look, mean of the second half",
                                  GS_SIM_UNIT_NUMBER, false, 0, 0},
};

unsigned gs_economy_metric_number(const char *name)
{
	unsigned i = 0;
	while (i < METRICS && strcmp(gs_economy_metric[i].name, name) != 0)
		i++;
	GS_ASSERT(i < METRICS);
	return i;
}

/* ---- adding up ---- */

static void mix(struct gs_economy_world *world, uint64_t word)
{
	world->mix = (world->mix ^ word) * 0x9e3779b97f4a7c15u;
	world->mix ^= world->mix >> 29;
}

static double seen(const struct gs_economy_account *account)
{
	return (double)(account->books + account->outside);
}

static void add_claimant(struct gs_economy_world *world)
{
	const struct gs_economy_claim *c = &world->claim;
	struct gs_economy_sums *s = &world->sums;
	double profit = seen(&world->agent[world->claimant]) + seen(&world->agent[world->accomplice]);
	if (!c->wrong) {
		s->rights++;
		s->right_profit += profit;
		s->delay_right += c->settled_at;
	} else {
		s->wrongs++;
		s->wrong_profit += profit;
		s->delay_wrong += c->settled_at;
		s->slipped += !c->invalid;
	}
	if (c->wrong && c->invalid) { /* beside a right claim, which pays its fee and gas, too */
		s->caught++;
		s->caught_loss -= profit - (double)(world->rules.saved - world->rules.fee - world->rules.post_gas);
	}
}

static void add_up(struct gs_economy_world *world)
{
	const struct gs_economy_claim *c = &world->claim;
	struct gs_economy_sums *s = &world->sums;
	s->claims++;
	s->looked += c->looked;
	add_claimant(world);
	for (unsigned i = 0; i < world->agents; i++) {
		const struct gs_economy_account *a = &world->agent[i];
		s->profit[a->manner] += seen(a);
		s->turns[a->manner]++;
		mix(world, (uint64_t)a->books);
	}
	if (c->attacker > 0) {
		s->griefed++;
		s->griefing_victim += (double)c->victim;
		s->griefing_net += (double)(c->victim - c->attacked);
		s->griefing_attacker += (double)c->attacker;
	}
	s->locked_claimant += c->locked_claimant;
	s->locked_challengers += c->locked_challengers;
	s->burned += (double)c->burned;
	mix(world, c->settled_at);
}

static void observe_claim(const struct gs_economy_world *world)
{
	const struct gs_economy_claim *c = &world->claim;
	const struct gs_sim_engine *engine = &gs_sim_engine_economy;
	gs_sim_observe(world->result, engine, LOOKED, c->looked);
	gs_sim_observe(world->result, engine, SLIPPED, c->wrong && !c->invalid);
	gs_sim_observe(world->result, engine, DELAY_WINDOWS, (double)c->settled_at / world->rules.terms.window_s);
	if (c->wrong)
		gs_sim_observe(world->result, engine, DETECTION, c->invalid);
}

static void observe_mean(struct gs_economy_world *world, enum metric metric, double sum, double divisor)
{
	if (divisor > 0)
		gs_sim_observe(world->result, &gs_sim_engine_economy, metric, sum / divisor);
}

static void observe_cheating(struct gs_economy_world *world)
{
	const struct gs_economy_sums *s = &world->sums;
	const struct gs_economy_rules *r = &world->rules;
	const unsigned honest = r->number[GS_ECONOMY_HONEST];
	if (s->rights > 0 && s->wrongs > 0)
		observe_mean(world, CHEATING_PAYS,
		             s->wrong_profit / (double)s->wrongs > s->right_profit / (double)s->rights, 1);
	if (s->caught == 0 || s->caught == s->wrongs)
		return;
	double lost = s->caught_loss / (double)s->caught, found = (double)s->caught / (double)s->wrongs;
	observe_mean(world, BREAK_EVEN_GAIN, gs_closed_break_even_gain(found, (double)r->saved, lost),
	             GS_ECONOMY_UNITS);
	double found_once = r->uptime * (1 - r->collusion);
	if (honest == 0 || found_once <= 0 || (double)r->gain + lost <= 0) /* whoever is found gains: no rate deters */
		return;
	double needed = gs_closed_break_even_detection((double)r->gain, (double)r->saved, lost);
	observe_mean(world, BREAK_EVEN_RATE, gs_closed_rate_for(needed, found_once, honest), 1);
}

static void observe_run(struct gs_economy_world *world)
{
	const struct gs_economy_sums *s = &world->sums;
	const double token = GS_ECONOMY_UNITS, day = 86400.0 * GS_ECONOMY_UNITS, claims = (double)s->claims;
	observe_mean(world, PROFIT_RIGHT, s->right_profit / token, (double)s->rights);
	observe_mean(world, PROFIT_WRONG, s->wrong_profit / token, (double)s->wrongs);
	observe_mean(world, CAUGHT_LOSS, s->caught_loss / token, (double)s->caught);
	for (unsigned m = 0; m <= GS_ECONOMY_FRONT_RUNNER; m++)
		observe_mean(world, PROFIT_HONEST + m, s->profit[m] / token, (double)s->turns[m]);
	observe_mean(world, GRIEFING_GROSS, s->griefing_victim, s->griefing_attacker);
	observe_mean(world, GRIEFING_NET, s->griefing_net > 0 ? s->griefing_net : 0, s->griefing_attacker);
	observe_mean(world, DELAY_RIGHT, s->delay_right, (double)s->rights);
	observe_mean(world, DELAY_WRONG, s->delay_wrong, (double)s->wrongs);
	observe_mean(world, CAPITAL_CLAIMANT, s->locked_claimant / day, claims);
	observe_mean(world, CAPITAL_CHALLENGERS, s->locked_challengers / day, claims);
	observe_mean(world, BURNED, s->burned / token, claims);
	observe_cheating(world);
	observe_mean(world, EQUILIBRIUM_CHEATS, s->cheats, (double)s->epochs);
	observe_mean(world, EQUILIBRIUM_CHECKING, s->checking, (double)s->epochs);
}

/* ---- a run ---- */

static void people(struct gs_economy_world *world)
{
	for (unsigned m = 0; m < GS_ECONOMY_MANNERS; m++) {
		unsigned n = m >= GS_ECONOMY_ACCOMPLICE ? 1 : world->rules.number[m];
		for (unsigned i = 0; i < n; i++) {
			GS_ASSERT(world->agents < GS_ECONOMY_AGENTS_MAX);
			if (m == GS_ECONOMY_ACCOMPLICE)
				world->accomplice = world->agents;
			if (m == GS_ECONOMY_CLAIMANT)
				world->claimant = world->agents;
			world->agent[world->agents++].manner = (enum gs_economy_manner)m;
		}
	}
}

static void tell(const struct gs_economy_world *world, FILE *log, uint64_t epoch, uint64_t number)
{
	const struct gs_economy_claim *c = &world->claim;
	if (log == NULL)
		return;
	fprintf(log, "epoch %llu claim %llu: %s, %u games, %s after %u s; claimant %+.6f", (unsigned long long)epoch,
	        (unsigned long long)number,
	        c->wrong      ? "wrong"
	        : c->bankrupt ? "right, its claimant bankrupt"
	                      : "right",
	        c->games, c->invalid ? "invalid" : "final", c->settled_at,
	        seen(&world->agent[world->claimant]) / GS_ECONOMY_UNITS);
	for (unsigned i = 0; i < world->agents; i++)
		if (i != world->claimant && world->agent[i].books != 0)
			fprintf(log, "; %s %u %+.6f", gs_economy_agent_kind(world->agent[i].manner)->name, i,
			        seen(&world->agent[i]) / GS_ECONOMY_UNITS);
	fprintf(log, "\n");
}

static void play_epoch(struct gs_economy_world *world, uint64_t epoch, FILE *log)
{
	const struct gs_economy_rules *r = &world->rules;
	const bool measured = r->dynamics == GS_ECONOMY_FIXED || epoch >= r->epochs / 2;
	for (uint64_t i = 0; i < r->claims; i++) {
		gs_economy_play(world, gs_economy_chance(&world->rng, world->cheats));
		tell(world, log, epoch, i);
		if (!measured)
			continue;
		add_up(world);
		observe_claim(world);
	}
	if (r->dynamics == GS_ECONOMY_FIXED)
		return;
	if (measured) {
		world->sums.cheats += world->cheats;
		world->sums.checking += world->checking;
		world->sums.epochs++;
	}
	gs_economy_adapt(world, epoch);
	if (log != NULL)
		fprintf(log, "epoch %llu over: cheats %.6f, checking %.6f\n", (unsigned long long)epoch, world->cheats,
		        world->checking);
}

static enum gs_err run(const double *value, uint64_t seed, const struct gs_sim_watch *watch,
                       struct gs_sim_result *result, struct gs_error *error)
{
	struct gs_economy_world *world = calloc(1, sizeof(*world));
	if (world == NULL)
		return gs_fail(error, GS_ENOMEM, "no memory");
	gs_economy_rules_read(value, &world->rules);
	gs_rng_seed(&world->rng, seed);
	people(world);
	world->result = result;
	world->pool = world->rules.pool;
	world->cheats = world->rules.wrong;
	world->checking = world->rules.checking;
	world->focal = -1;
	for (uint64_t epoch = 0; epoch < world->rules.epochs; epoch++)
		play_epoch(world, epoch, watch->log);
	observe_run(world);
	if (world->violation != NULL)
		gs_sim_violate(result, seed, world->violation);
	uint8_t bytes[16];
	struct gs_hash digest;
	gs_be64_write(bytes, world->mix);
	gs_be64_write(bytes + 8, seed);
	gs_keccak256(bytes, sizeof(bytes), &digest);
	gs_sim_digest_add(&result->digest, &digest);
	free(world);
	return GS_OK;
}

const struct gs_sim_engine gs_sim_engine_economy = {
	.name = "economy",
	.about = "many claims and agents that live on them: who earns and loses what, and what gets through; no moves",
	.parameter = gs_economy_parameter,
	.parameters = GS_ECONOMY_PARAMETERS,
	.metric = gs_economy_metric,
	.metrics = METRICS,
	.check = gs_economy_check,
	.run = run,
	.expected = gs_economy_expected,
};
