/* The engine `games`: one claim and the games about it, everything drawn from the seed (world.h). */
#include <string.h>

#include "simulations/engines.h"
#include "simulations/world.h"

enum parameter { PLANT };
static const char *const plants[] = {
	[GS_SIM_PLANT_NONE] = "none",       [GS_SIM_PLANT_BURN] = "burn",   [GS_SIM_PLANT_PRIZE] = "prize",
	[GS_SIM_PLANT_TIMEOUT] = "timeout", [GS_SIM_PLANT_PLACE] = "place", [GS_SIM_PLANT_REFUND] = "refund",
	[GS_SIM_PLANT_UNITS] = "units",     [GS_SIM_PLANT_UNITS + 1] = NULL};

static const struct gs_sim_parameter parameters[] = {
	[PLANT] = {"plant", "a defect put into the simulated chain, for tests of the oracles", GS_SIM_KIND_CHOICE, 0, 0,
                   GS_SIM_PLANT_UNITS, plants, false},
};

enum metric {
	GAMES,
	MOVES,
	CLAIMANT_WON,
	TIMED_OUT,
	WRONG_FINAL,
	TAKEN_OVER,
};

static const struct gs_sim_metric metrics[] = {
	[GAMES] = {"games", "games about a claim", GS_SIM_UNIT_NUMBER, false, 0, 0},
	[MOVES] = {"moves", "moves of a claim's games", GS_SIM_UNIT_NUMBER, true, 0, 128},
	[CLAIMANT_WON] = {"outcome.claimant_won", "share of a run's games that the claimant won", GS_SIM_UNIT_NUMBER,
                          false, 0, 0},
	[TIMED_OUT] = {"outcome.timeout", "share of a run's games that ended by a clock", GS_SIM_UNIT_NUMBER, false, 0,
                       0},
	[WRONG_FINAL] = {"wrong.final", "a wrong claim became final (nobody honest challenged it to the end)",
                         GS_SIM_UNIT_SHARE, false, 0, 0},
	[TAKEN_OVER] = {"prizes.taken_over", "a prize went over to a game opened earlier", GS_SIM_UNIT_SHARE, false, 0,
                        0},
};

static enum gs_err check(const double *value, unsigned *at, struct gs_error *error)
{
	(void)value;
	(void)at;
	(void)error;
	return GS_OK;
}

static void measure(struct gs_sim_result *result, const struct gs_sim_tally *t)
{
	const struct gs_sim_engine *engine = &gs_sim_engine_games;
	gs_sim_observe(result, engine, GAMES, (double)t->games);
	gs_sim_observe(result, engine, MOVES, (double)t->moves);
	if (t->games > 0) {
		gs_sim_observe(result, engine, CLAIMANT_WON,
		               (double)t->outcome[GS_GAME_CLAIMANT_WON] / (double)t->games);
		gs_sim_observe(result, engine, TIMED_OUT, (double)t->reason[GS_REASON_TIMEOUT] / (double)t->games);
	}
	if (t->wrong_claims > 0)
		gs_sim_observe(result, engine, WRONG_FINAL, t->wrong_final > 0);
	gs_sim_observe(result, engine, TAKEN_OVER, t->replaced > 0);
}

static enum gs_err run(const double *value, uint64_t seed, const struct gs_sim_watch *watch,
                       struct gs_sim_result *result, struct gs_error *error)
{
	const struct gs_sim_options options = {.plant = (enum gs_sim_plant)value[PLANT], .log = watch->log};
	struct gs_sim_tally tally = {.runs = 0};
	enum gs_err err = gs_sim_run(seed, &options, &tally, error);
	if (err != GS_OK)
		return err;
	gs_sim_digest_join(&result->digest, &tally.digest);
	if (tally.violations > 0)
		gs_sim_violate(result, seed, gs_sim_violation_name(tally.first));
	measure(result, &tally);
	return GS_OK;
}

const struct gs_sim_engine gs_sim_engine_games = {
	.name = "games",
	.about =
		"one claim and up to eight games about it, move by move, every manner of player; rules drawn by the seed",
	.parameter = parameters,
	.parameters = GS_ARRAY_LEN(parameters),
	.metric = metrics,
	.metrics = GS_ARRAY_LEN(metrics),
	.check = check,
	.run = run,
	.tells_times = true,
};
