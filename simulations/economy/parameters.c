/* The parameters of the engine `economy`, and what is read from them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "simulations/economy/economy.h"

enum parameter {
	CLAIMS,
	EPOCHS,
	DYNAMICS,
	STEP,
	TRIALS,
	VALUE,
	MINIMUM_BOND,
	BOND,
	MINIMUM_FEE,
	FEE,
	WINDOW,
	CHALLENGER_BOND,
	REFUND,
	CONCEDE,
	BURN,
	CLAIMANT_BUDGET,
	CHALLENGER_BUDGET,
	MINIMUM_TIME,
	REPLY,
	AUDIT,
	AUDIT_EPOCH,
	POOL,
	STAKE,
	PENALTY,
	FLAT,
	WRONG,
	GAIN,
	SAVED,
	DEFENCE,
	HELP,
	IN_FRONT,
	BRIBE,
	BANKRUPT,
	HONEST,
	RATIONAL,
	LAZY,
	COPYCAT,
	OFFLINE,
	BRIBED,
	CARTEL,
	SYBIL,
	RATE,
	CERTAIN,
	UPTIME,
	COLLUSION,
	CHECKING,
	REACTION,
	LOSS,
	COST,
	GRIEFERS,
	GRIEFED,
	GRIEFER_GAMES,
	GRIEFER_PACE,
	FRONT_RUNNERS,
	FRONT_RUNS,
	GWEI,
	ETHER,
	TOKEN,
	GAS_CHALLENGE,
	GAS_CHALLENGER,
	GAS_CLAIMANT,
	GAS_POST,
	GAS_ATTEST,
	GAS_REPORT,
	CAPITAL,
};

static const char *const dynamics[] = {"fixed", "best-response", "replicator", NULL};
static const char *const paces[] = {"play", "concede", "silent", "stall", NULL};
static const char *const helps[] = {"none", "first", "in-front", "exit", NULL};

const struct gs_sim_parameter gs_economy_parameter[GS_ECONOMY_PARAMETERS] = {
	[CLAIMS] = {"claims", "claims of an epoch", GS_SIM_KIND_COUNT, 1000, 1, 1e+06, NULL, false},
	[EPOCHS] = {"epochs",
                    "epochs; strategies change between them, and the second half is measured, unless dynamics is fixed",
                    GS_SIM_KIND_COUNT, 1, 1, 100000.0, NULL, false},
	[DYNAMICS] = {"dynamics.kind",
                      "whether shares of cheats and of checking rational validators change by what they earn",
                      GS_SIM_KIND_CHOICE, 0, 0, 2, dynamics, false},
	[STEP] = {"dynamics.step", "replicator: how far an epoch moves the shares", GS_SIM_KIND_REAL, 0.5, 0, 100, NULL,
                  false},
	[TRIALS] = {"dynamics.trials", "plays of each strategy an epoch, to see what it earns", GS_SIM_KIND_COUNT, 200,
                    1, 100000.0, NULL, false},
	[VALUE] = {"claim.value", "tokens: the value stated in a claim, which sets its bond and fee", GS_SIM_KIND_REAL,
                   1000, 0, 1e+09, NULL, false},
	[MINIMUM_BOND] = {"terms.minimum_bond", "tokens", GS_SIM_KIND_REAL, 100, 0, 1e+09, NULL, false},
	[BOND] = {"terms.bond", "bond beside that, of the claim's value", GS_SIM_KIND_SHARE, 1, 0, 1, NULL, false},
	[MINIMUM_FEE] = {"terms.minimum_fee", "tokens", GS_SIM_KIND_REAL, 0.1, 0, 1e+06, NULL, false},
	[FEE] = {"terms.fee", "fee beside that, of the claim's value", GS_SIM_KIND_SHARE, 0.001, 0, 1, NULL, false},
	[WINDOW] = {"terms.window", "in which a claim can be challenged", GS_SIM_KIND_SECONDS, 172800, 1, 1e+08, NULL,
                    false},
	[CHALLENGER_BOND] = {"games.challenger_bond", "tokens, of a game, times its units", GS_SIM_KIND_REAL, 50, 0,
                             1e+06, NULL, false},
	[REFUND] = {"games.refund_per_move", "tokens, out of the pot, for games that another's win closes",
                    GS_SIM_KIND_REAL, 0.05, 0, 1e+06, NULL, false},
	[CONCEDE] = {"games.concede", "what a concession costs, of a bond", GS_SIM_KIND_SHARE, 0.8, 0, 1, NULL, false},
	[BURN] = {"games.burn", "of what is lost", GS_SIM_KIND_SHARE, 0.5, 0, 1, NULL, false},
	[CLAIMANT_BUDGET] = {"games.claimant_budget", "the claimant's chess clock", GS_SIM_KIND_SECONDS, 172800, 1,
                             8e+06, NULL, false},
	[CHALLENGER_BUDGET] = {"games.challenger_budget", "the challenger's chess clock", GS_SIM_KIND_SECONDS, 172800,
                               1, 8e+06, NULL, false},
	[MINIMUM_TIME] = {"games.minimum_time", "no reply has less", GS_SIM_KIND_SECONDS, 50400, 1, 8e+06, NULL, false},
	[REPLY] = {"games.reply", "prompt players answer within twice this", GS_SIM_KIND_SECONDS, 600, 0, 1e+06, NULL,
                   false},
	[AUDIT] = {"audits.share",
                   "claims whose trace root must be shown; who can prove that it looked is then paid from the fees",
                   GS_SIM_KIND_SHARE, 0.01, 0, 1, NULL, false},
	[AUDIT_EPOCH] = {"audits.epoch", "a draw is by the randomness of the first epoch after the claim",
                         GS_SIM_KIND_SECONDS, 3600, 1, 1e+07, NULL, false},
	[POOL] = {"audits.pool", "tokens of fees in the pool before the first claim", GS_SIM_KIND_REAL, 0, 0, 1e+09,
                  NULL, false},
	[STAKE] = {"audits.stake", "tokens locked with an attestation", GS_SIM_KIND_REAL, 10, 0, 1e+06, NULL, false},
	[PENALTY] = {"audits.penalty",
                     "tokens lost for an attestation that an audit shows to be empty (the protocol takes none)",
                     GS_SIM_KIND_REAL, 0, 0, 1e+06, NULL, false},
	[FLAT] = {"audits.flat",
                  "tokens for every attestation of a final claim, proved or not (the protocol pays none)",
                  GS_SIM_KIND_REAL, 0, 0, 1e+06, NULL, false},
	[WRONG] = {"cheats.share", "of the claims; with dynamics, in the beginning", GS_SIM_KIND_SHARE, 0.01, 0, 1,
                   NULL, false},
	[GAIN] = {"cheats.gain", "tokens, when a wrong claim becomes final", GS_SIM_KIND_REAL, 1000, 0, 1e+09, NULL,
                  false},
	[SAVED] = {"cheats.saved", "tokens: what a wrong claim saves its claimant, whether found or not",
                   GS_SIM_KIND_REAL, 0.01, 0, 1e+06, NULL, false},
	[DEFENCE] = {"cheats.defence", "what the claimant of a wrong claim does in a game", GS_SIM_KIND_CHOICE, 0, 0, 3,
                     paces, false},
	[HELP] =
		{"cheats.accomplice",
                 "its own challenger: none; opens at once; in front of the first honest one; the same, and concedes to it",
                 GS_SIM_KIND_CHOICE, 0, 0, 3, helps, false},
	[IN_FRONT] = {"cheats.in_front", "chance that the accomplice gets in front of a challenge that it sees coming",
                      GS_SIM_KIND_SHARE, 1, 0, 1, NULL, false},
	[BRIBE] = {"cheats.bribe", "tokens to each bribed validator that found the claim wrong", GS_SIM_KIND_REAL, 0, 0,
                   1e+09, NULL, false},
	[BANKRUPT] = {"claimants.bankrupt", "of the right claims: their claimant cannot pay for any move",
                      GS_SIM_KIND_SHARE, 0, 0, 1, NULL, false},
	[HONEST] = {"validators.honest", "their number", GS_SIM_KIND_COUNT, 10, 0, 200, NULL, false},
	[RATIONAL] = {"validators.rational", "their number", GS_SIM_KIND_COUNT, 0, 0, 200, NULL, false},
	[LAZY] = {"validators.lazy", "their number", GS_SIM_KIND_COUNT, 0, 0, 200, NULL, false},
	[COPYCAT] = {"validators.copycat", "their number", GS_SIM_KIND_COUNT, 0, 0, 200, NULL, false},
	[OFFLINE] = {"validators.offline", "their number", GS_SIM_KIND_COUNT, 0, 0, 200, NULL, false},
	[BRIBED] = {"validators.bribed", "their number", GS_SIM_KIND_COUNT, 0, 0, 200, NULL, false},
	[CARTEL] = {"validators.cartel", "their number", GS_SIM_KIND_COUNT, 0, 0, 200, NULL, false},
	[SYBIL] = {"validators.sybil", "accounts of one swarm", GS_SIM_KIND_COUNT, 0, 0, 200, NULL, false},
	[RATE] = {"validators.rate", "share of claims that a validator samples, in millionths", GS_SIM_KIND_SHARE, 0.1,
                  0, 1, NULL, false},
	[CERTAIN] = {"validators.certain_above", "tokens: claims of this value are always executed", GS_SIM_KIND_REAL,
                     1e+09, 0, 1e+09, NULL, false},
	[UPTIME] = {"validators.uptime", "chance that a validator is up during a claim's window", GS_SIM_KIND_SHARE,
                    0.95, 0, 1, NULL, false},
	[COLLUSION] = {"validators.collusion", "chance that an honest validator is, this time, with the claimant",
                       GS_SIM_KIND_SHARE, 0, 0, 1, NULL, false},
	[CHECKING] = {"validators.checking",
                      "share of their turns in which rational validators look; with dynamics, in the beginning",
                      GS_SIM_KIND_SHARE, 0.5, 0, 1, NULL, false},
	[REACTION] = {"validators.reaction", "a claim is executed within twice this", GS_SIM_KIND_SECONDS, 3600, 0,
                      1e+07, NULL, false},
	[LOSS] = {"validators.loss", "tokens that every validator loses when a wrong claim becomes final",
                  GS_SIM_KIND_REAL, 0, 0, 1e+09, NULL, false},
	[COST] = {"execution.cost", "tokens for executing one claim", GS_SIM_KIND_REAL, 0.01, 0, 1e+06, NULL, false},
	[GRIEFERS] = {"griefers.number", "their number", GS_SIM_KIND_COUNT, 0, 0, 50, NULL, false},
	[GRIEFED] = {"griefers.share", "of the claims that each of them attacks", GS_SIM_KIND_SHARE, 0.1, 0, 1, NULL,
                     false},
	[GRIEFER_GAMES] = {"griefers.games", "games that each opens on a claim, from as many accounts",
                           GS_SIM_KIND_COUNT, 1, 1, 50, NULL, false},
	[GRIEFER_PACE] = {"griefers.pace", "how they play on", GS_SIM_KIND_CHOICE, 0, 0, 3, paces, false},
	[FRONT_RUNNERS] = {"front_runners.number", "their number", GS_SIM_KIND_COUNT, 0, 0, 20, NULL, false},
	[FRONT_RUNS] = {"front_runners.success", "chance to be included before the challenge that they copy",
                        GS_SIM_KIND_SHARE, 0.5, 0, 1, NULL, false},
	[GWEI] = {"gas.price", "gwei", GS_SIM_KIND_REAL, 0.05, 0, 10000.0, NULL, false},
	[ETHER] = {"gas.ether", "price of an ether", GS_SIM_KIND_REAL, 3000, 0, 1e+06, NULL, false},
	[TOKEN] = {"gas.token", "price of a token", GS_SIM_KIND_REAL, 1, 0.001, 1e+06, NULL, false},
	[GAS_CHALLENGE] = {"gas.challenge", "gas: docs/gas.md", GS_SIM_KIND_COUNT, 70000, 0, 1e+07, NULL, false},
	[GAS_CHALLENGER] = {"gas.challenger", "gas of the challenger's moves in an ordinary game", GS_SIM_KIND_COUNT,
                            373600, 0, 1e+08, NULL, false},
	[GAS_CLAIMANT] = {"gas.claimant", "gas of the claimant's moves in an ordinary game", GS_SIM_KIND_COUNT, 351400,
                          0, 1e+08, NULL, false},
	[GAS_POST] = {"gas.post", "gas of a claim: posting and finality", GS_SIM_KIND_COUNT, 138000, 0, 1e+08, NULL,
                      false},
	[GAS_ATTEST] = {"gas.attest", "gas of an attestation and its collection (an estimate)", GS_SIM_KIND_COUNT,
                        140000, 0, 1e+07, NULL, false},
	[GAS_REPORT] = {"gas.report", "gas of a report (an estimate)", GS_SIM_KIND_COUNT, 65000, 0, 1e+07, NULL, false},
	[CAPITAL] = {"capital.rate", "interest of a year that locked tokens forgo", GS_SIM_KIND_SHARE, 0.05, 0, 1, NULL,
                     false},
};
_Static_assert(CAPITAL + 1 == GS_ECONOMY_PARAMETERS, "every parameter has a row");

unsigned gs_economy_parameter_number(const char *name)
{
	unsigned i = 0;
	while (i < GS_ECONOMY_PARAMETERS && strcmp(gs_economy_parameter[i].name, name) != 0)
		i++;
	GS_ASSERT(i < GS_ECONOMY_PARAMETERS);
	return i;
}

/* ---- reading ---- */

#define YEAR_S 31557600.0

static gs_sim_units units(double tokens)
{
	return (gs_sim_units)floor(tokens * GS_ECONOMY_UNITS + 0.5);
}

static uint16_t bps(double share)
{
	return (uint16_t)floor(share * GS_BPS + 0.5);
}

static struct gs_wei money(double tokens)
{
	return gs_wei_from_u64((uint64_t)units(tokens));
}

static double gas_tokens(const double *v, double gas)
{
	return gas * v[GWEI] * 1e-9 * v[ETHER] / v[TOKEN];
}

static void read_protocol(const double *v, struct gs_economy_rules *out)
{
	out->terms = (struct gs_terms){
		.minimum_bond = money(v[MINIMUM_BOND]),
		.minimum_fee = money(v[MINIMUM_FEE]),
		.bond_bps = bps(v[BOND]),
		.fee_bps = bps(v[FEE]),
		.window_s = (uint32_t)v[WINDOW],
	};
	out->bonds = (struct gs_bond_rules){
		.challenger_bond = money(v[CHALLENGER_BOND]),
		.refund_per_move = money(v[REFUND]),
		.concede_bps = bps(v[CONCEDE]),
		.burn_bps = bps(v[BURN]),
	};
	out->claimant_budget_s = (uint32_t)v[CLAIMANT_BUDGET];
	out->challenger_budget_s = (uint32_t)v[CHALLENGER_BUDGET];
	out->minimum_s = (uint32_t)v[MINIMUM_TIME];
	out->audit_bps = bps(v[AUDIT]);
	out->epoch_s = (uint32_t)v[AUDIT_EPOCH];
	out->attest_stake = units(v[STAKE]);
	out->pool = units(v[POOL]);
	out->flat_reward = units(v[FLAT]);
	out->penalty = units(v[PENALTY]);
	out->value = money(v[VALUE]);
	struct gs_wei bond, fee; /* cannot fail: every factor is below 2^53 */
	GS_ASSERT(gs_bond_of_claim(&out->terms, out->value, &bond) == GS_OK);
	GS_ASSERT(gs_fee_of_claim(&out->terms, out->value, &fee) == GS_OK);
	out->bond = (gs_sim_units)bond.v.limb[0];
	out->fee = (gs_sim_units)fee.v.limb[0];
}

static void read_agents(const double *v, struct gs_economy_rules *out)
{
	static const struct {
		enum gs_economy_manner manner;
		enum parameter parameter;
	} numbers[] = {
		{GS_ECONOMY_HONEST, HONEST},    {GS_ECONOMY_RATIONAL, RATIONAL},
		{GS_ECONOMY_LAZY, LAZY},        {GS_ECONOMY_COPYCAT, COPYCAT},
		{GS_ECONOMY_OFFLINE, OFFLINE},  {GS_ECONOMY_BRIBED, BRIBED},
		{GS_ECONOMY_CARTEL, CARTEL},    {GS_ECONOMY_SYBIL, SYBIL},
		{GS_ECONOMY_GRIEFER, GRIEFERS}, {GS_ECONOMY_FRONT_RUNNER, FRONT_RUNNERS},
	};
	for (size_t i = 0; i < GS_ARRAY_LEN(numbers); i++)
		out->number[numbers[i].manner] = (unsigned)v[numbers[i].parameter];
	out->sampling.rate_ppm = (uint32_t)floor(v[RATE] * 1e6 + 0.5);
	out->sampling.certain_above = money(v[CERTAIN]);
	out->uptime = v[UPTIME];
	out->collusion = v[COLLUSION];
	out->checking = v[CHECKING];
	out->reaction_s = (uint32_t)v[REACTION];
	out->reply_s = (uint32_t)v[REPLY];
	out->cost = units(v[COST]);
	out->loss = units(v[LOSS]);
	out->wrong = v[WRONG];
	out->bankrupt = v[BANKRUPT];
	out->gain = units(v[GAIN]);
	out->saved = units(v[SAVED]);
	out->bribe = units(v[BRIBE]);
	out->defence = (enum gs_economy_pace)v[DEFENCE];
	out->help = (enum gs_economy_help)v[HELP];
	out->in_front = v[IN_FRONT];
	out->griefed = v[GRIEFED];
	out->griefer_games = (unsigned)v[GRIEFER_GAMES];
	out->griefer_pace = (enum gs_economy_pace)v[GRIEFER_PACE];
	out->runs_in_front = v[FRONT_RUNS];
}

void gs_economy_rules_read(const double *v, struct gs_economy_rules *out)
{
	memset(out, 0, sizeof(*out));
	out->claims = (uint64_t)v[CLAIMS];
	out->epochs = (uint64_t)v[EPOCHS];
	out->trials = (uint64_t)v[TRIALS];
	out->dynamics = (enum gs_economy_dynamics)v[DYNAMICS];
	out->step = v[STEP];
	read_protocol(v, out);
	read_agents(v, out);
	out->challenge_gas = units(gas_tokens(v, v[GAS_CHALLENGE]));
	out->challenger_gas = units(gas_tokens(v, v[GAS_CHALLENGER]));
	out->claimant_gas = units(gas_tokens(v, v[GAS_CLAIMANT]));
	out->post_gas = units(gas_tokens(v, v[GAS_POST]));
	out->attest_gas = units(gas_tokens(v, v[GAS_ATTEST]));
	out->report_gas = units(gas_tokens(v, v[GAS_REPORT]));
	out->interest = v[CAPITAL] / YEAR_S;
}

/* ---- whether values go together ---- */

static enum gs_err complain(unsigned parameter, unsigned *at, struct gs_error *error, const char *text)
{
	*at = parameter;
	return gs_fail(error, GS_EINVAL, "%s: %s", gs_economy_parameter[parameter].name, text);
}

enum gs_err gs_economy_check(const double *v, unsigned *at, struct gs_error *error)
{
	const double validators = v[HONEST] + v[RATIONAL] + v[LAZY] + v[COPYCAT] + v[OFFLINE] + v[BRIBED] + v[CARTEL] +
	                          v[SYBIL];
	const double games = validators + v[GRIEFERS] * v[GRIEFER_GAMES] + v[FRONT_RUNNERS] + 1;
	const double claims = v[CLAIMS] * v[EPOCHS];
	const double tokens_most = 4e12; /* in units below 2^62 */
	if (claims > GS_ECONOMY_CLAIMS_MAX)
		return complain(CLAIMS, at, error,
		                "claims times epochs is more than 10 million: play fewer, and more runs");
	if (v[DYNAMICS] != GS_ECONOMY_FIXED && v[EPOCHS] < 10)
		return complain(EPOCHS, at, error, "strategies that change need 10 epochs at least");
	if (v[DYNAMICS] != GS_ECONOMY_FIXED && v[EPOCHS] * v[TRIALS] * 6 > GS_ECONOMY_CLAIMS_MAX)
		return complain(TRIALS, at, error,
		                "epochs times trials is too much: 6 * epochs * trials may be 10 million");
	if (games > GS_ECONOMY_GAMES_MAX)
		return complain(v[GRIEFERS] * v[GRIEFER_GAMES] > validators ? GRIEFER_GAMES : HONEST, at, error,
		                "a claim could have more than 256 games: fewer validators, or griefers' games");
	if (v[CLAIMANT_BUDGET] + v[CHALLENGER_BUDGET] >= 1 << 24)
		return complain(CHALLENGER_BUDGET, at, error,
		                "both budgets together must be below 2^24 seconds (194 days)");
	if ((v[MINIMUM_FEE] + v[FEE] * v[VALUE]) * claims + v[POOL] > tokens_most)
		return complain(FEE, at, error, "all fees of a run together are more than 4e12 tokens");
	if (gas_tokens(v, v[GAS_CHALLENGE] + v[GAS_CHALLENGER] + v[GAS_CLAIMANT] + v[GAS_POST] + v[GAS_ATTEST] +
	                          v[GAS_REPORT]) > 1e9)
		return complain(GWEI, at, error, "the gas of one game costs more than 1e9 tokens");
	return GS_OK;
}
