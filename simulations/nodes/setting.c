#include "simulations/nodes/setting.h"

#include "chain/eth/quorum.h"
#include "simulations/nodes/errands.h"
#include "simulations/nodes/final.h"
#include "simulations/nodes/means.h"
#include "simulations/nodes/nodes.h"

static const char *const no_yes[] = {"no", "yes", NULL};
static const char *const casts[] = {"stated", "drawn", NULL};
static const char *const faults[] = {"drawn",       "none",      "crash",   "commit",     "silence", "lag",
                                     "offline",     "reorg",     "delay",   "execution",  "clock",   "torn",
                                     "each_commit", "full_disk", "stale",   "rate_limit", "stall",   "drop",
                                     "replace",     "gap",       "censor",  "outage",     "spike",   "dear",
                                     "all",         "lying",     "letters", NULL};

const struct gs_sim_parameter gs_sim_nodes_parameters[GS_SIM_NODES_PARAMETERS] = {
	[GS_SIM_P_CLAIMS] = {"claims", "claims that are posted, right and wrong", GS_SIM_KIND_COUNT, 10, 1,
                             GS_SIM_CLAIMS_MAX, NULL, false},
	[GS_SIM_P_WRONG_CLAIMS] = {"claims.wrong", "of them wrong; claimants that lie post them in turns",
                                   GS_SIM_KIND_COUNT, 1, 0, GS_SIM_CLAIMS_MAX, NULL, false},
	[GS_SIM_P_VALUE] = {"claims.value", "value at stake in each", GS_SIM_KIND_MONEY, GS_SIM_DRAWN, 0, 1e12, NULL,
                            true},
	[GS_SIM_P_POSTING] = {"claims.within", "time within which they are posted", GS_SIM_KIND_SECONDS, 40, 1, 1e6,
                              NULL, false},
	[GS_SIM_P_DEPOSIT] = {"deposit", "everybody's stake when the run begins", GS_SIM_KIND_MONEY, GS_SIM_DRAWN, 0,
                              1e15, NULL, true},
	[GS_SIM_P_WINDOW] = {"window", "time to challenge a claim", GS_SIM_KIND_SECONDS, GS_SIM_DRAWN, 10, 1e7, NULL,
                             true},
	[GS_SIM_P_CLAIMANT_BUDGET] = {"budget.claimant", "the claimant's clock in a game", GS_SIM_KIND_SECONDS,
                                      GS_SIM_DRAWN, 10, 1e7, NULL, true},
	[GS_SIM_P_CHALLENGER_BUDGET] = {"budget.challenger", "the challenger's clock in a game", GS_SIM_KIND_SECONDS,
                                        GS_SIM_DRAWN, 10, 1e7, NULL, true},
	[GS_SIM_P_LEAST_TIME] = {"budget.least", "no answer has less time than this", GS_SIM_KIND_SECONDS, GS_SIM_DRAWN,
                                 1, 1e6, NULL, true},
	[GS_SIM_P_BLOCK] = {"block", "time between blocks, and between two looks of a node", GS_SIM_KIND_SECONDS, 2, 1,
                            600, NULL, false},
	[GS_SIM_P_BOND] = {"bond.claim", "least bond of a claim", GS_SIM_KIND_MONEY, GS_SIM_DRAWN, 1, 1e12, NULL, true},
	[GS_SIM_P_BOND_SHARE] = {"bond.share", "bond of a claim, of its value", GS_SIM_KIND_SHARE, GS_SIM_DRAWN, 0, 1,
                                 NULL, true},
	[GS_SIM_P_GAME_BOND] = {"bond.challenge", "the challenger's bond in the first game of a claim",
                                GS_SIM_KIND_MONEY, GS_SIM_DRAWN, 1, 1e12, NULL, true},
	[GS_SIM_P_FEE] = {"fee", "least fee of a claim", GS_SIM_KIND_MONEY, GS_SIM_DRAWN, 0, 1e12, NULL, true},
	[GS_SIM_P_REFUND] = {"refund",
                             "what a move in time of a winner's, or of a closed game's challenger, is refunded with",
                             GS_SIM_KIND_MONEY, GS_SIM_DRAWN, 0, 1e9, NULL, true},
	[GS_SIM_P_CONCEDE] = {"concede", "share of the bond that conceding costs", GS_SIM_KIND_SHARE, GS_SIM_DRAWN,
                              0.0001, 1, NULL, true},
	[GS_SIM_P_BURN] = {"burn", "share of a lost bond that is burned", GS_SIM_KIND_SHARE, GS_SIM_DRAWN, 0, 1, NULL,
                           true},
	[GS_SIM_P_CONFIRM] = {"confirmations", "blocks on top of a claim before a node challenges it",
                              GS_SIM_KIND_COUNT, GS_SIM_DRAWN, 0, 64, NULL, true},
	[GS_SIM_P_RATE] = {"sampling.rate", "share of claims that a validator executes", GS_SIM_KIND_SHARE, 1, 0, 1,
                           NULL, false},
	[GS_SIM_P_CERTAIN] = {"sampling.certain_above", "value from which on every claim is executed",
                              GS_SIM_KIND_MONEY, 9007199254740991, 0, 9007199254740991, NULL, false},
	[GS_SIM_P_EXECUTION] = {"execution", "most time that an execution takes", GS_SIM_KIND_SECONDS, 4, 0, 1e6, NULL,
                                false},
	[GS_SIM_P_CAST] = {"cast", "drawn: some more parties of any kind join each run, by its seed",
                           GS_SIM_KIND_CHOICE, 0, 0, 1, casts, false},
	[GS_SIM_P_CLAIMANT] = {"claimants.honest", "honest claimants", GS_SIM_KIND_COUNT, 1, 1, GS_SIM_ACTORS_MAX, NULL,
                               false},
	[GS_SIM_P_LIAR] = {"claimants.liar", "claimants of executions with one scalar wrong", GS_SIM_KIND_COUNT, 1, 0,
                           GS_SIM_ACTORS_MAX, NULL, false},
	[GS_SIM_P_WRONG_MODEL] = {"claimants.wrong_model", "claimants that run a model with other weights",
                                  GS_SIM_KIND_COUNT, 0, 0, GS_SIM_ACTORS_MAX, NULL, false},
	[GS_SIM_P_QUANTISED] = {"claimants.quantised", "claimants that run the model with shortened weights",
                                GS_SIM_KIND_COUNT, 0, 0, GS_SIM_ACTORS_MAX, NULL, false},
	[GS_SIM_P_TRUNCATED] = {"claimants.truncated", "claimants that stop before the output is complete",
                                GS_SIM_KIND_COUNT, 0, 0, GS_SIM_ACTORS_MAX, NULL, false},
	[GS_SIM_P_WITHHOLDER] = {"claimants.withholder", "claimants of something wrong that never show any data",
                                 GS_SIM_KIND_COUNT, 0, 0, GS_SIM_ACTORS_MAX, NULL, false},
	[GS_SIM_P_BANKRUPT] = {"claimants.bankrupt", "claimants of something wrong without money for moves",
                               GS_SIM_KIND_COUNT, 0, 0, GS_SIM_ACTORS_MAX, NULL, false},
	[GS_SIM_P_SELF_CHALLENGER] =
		{"claimants.self_challenger",
                 "claimants of something wrong, each with an accomplice that challenges first and plays badly",
                 GS_SIM_KIND_COUNT, 0, 0, GS_SIM_ACTORS_MAX, NULL, false},
	[GS_SIM_P_VALIDATOR] = {"validators.honest", "honest validators", GS_SIM_KIND_COUNT, GS_SIM_DRAWN, 0,
                                GS_SIM_ACTORS_MAX, NULL, true},
	[GS_SIM_P_LAZY] = {"validators.lazy", "validators that execute nothing and call every claim right",
                           GS_SIM_KIND_COUNT, 0, 0, GS_SIM_ACTORS_MAX, NULL, false},
	[GS_SIM_P_COPYCAT] = {"validators.copycat", "validators that execute only what somebody else challenges",
                              GS_SIM_KIND_COUNT, 0, 0, GS_SIM_ACTORS_MAX, NULL, false},
	[GS_SIM_P_OFFLINE] = {"validators.offline",
                              "honest validators whose endpoint is away for good from some time on", GS_SIM_KIND_COUNT,
                              0, 0, GS_SIM_ACTORS_MAX, NULL, false},
	[GS_SIM_P_LATE] = {"validators.late", "validators that move in the last second", GS_SIM_KIND_COUNT, 0, 0,
                           GS_SIM_ACTORS_MAX, NULL, false},
	[GS_SIM_P_GRIEFER] = {"validators.griefer", "challengers of right claims", GS_SIM_KIND_COUNT, 0, 0,
                              GS_SIM_ACTORS_MAX, NULL, false},
	[GS_SIM_P_SYBIL] = {"validators.sybil", "challengers that all go for one right claim", GS_SIM_KIND_COUNT, 0, 0,
                            GS_SIM_ACTORS_MAX, NULL, false},
	[GS_SIM_P_ACCOMPLICE] = {"validators.accomplice", "accomplices beside those that self-challengers bring",
                                 GS_SIM_KIND_COUNT, 0, 0, GS_SIM_ACTORS_MAX, NULL, false},
	[GS_SIM_P_FRONT_RUNNER] = {"validators.front_runner",
                                   "challengers that mirror another's moves, ahead of it in the block",
                                   GS_SIM_KIND_COUNT, 0, 0, GS_SIM_ACTORS_MAX, NULL, false},
	[GS_SIM_P_CARTEL] = {"validators.cartel", "validators that spare every lying claimant", GS_SIM_KIND_COUNT, 0, 0,
                             GS_SIM_ACTORS_MAX, NULL, false},
	[GS_SIM_P_BRIBED] = {"validators.bribed", "validators that spare one lying claimant", GS_SIM_KIND_COUNT, 0, 0,
                             GS_SIM_ACTORS_MAX, NULL, false},
	[GS_SIM_P_TWO_FACED] = {"validators.two_faced",
                                "challengers of right claims that play off chain and cheat there", GS_SIM_KIND_COUNT, 0,
                                0, GS_SIM_ACTORS_MAX, NULL, false},
	[GS_SIM_P_TALK] = {"talk.chance", "of a party to play off chain with whoever does, too", GS_SIM_KIND_SHARE, 0,
                           0, 1, NULL, true},
	[GS_SIM_P_PATIENCE] = {"talk.patience", "how long a node waits for the other side there", GS_SIM_KIND_SECONDS,
                               GS_SIM_DRAWN, 1, 86400, NULL, true},
	[GS_SIM_P_LETTER_DELAY] = {"talk.delay", "most time that a letter is on its way", GS_SIM_KIND_SECONDS,
                                   GS_SIM_DRAWN, 0, 1e6, NULL, true},
	[GS_SIM_P_LETTER_LOSS] = {"talk.loss", "chance of a letter to get lost", GS_SIM_KIND_SHARE, GS_SIM_DRAWN, 0, 1,
                                  NULL, true},
	[GS_SIM_P_AUDIT] = {"duties.audit", "share of claims that are drawn for an audit", GS_SIM_KIND_SHARE, 0, 0, 1,
                            NULL, true},
	[GS_SIM_P_ATTEST] = {"duties.attest", "chance of a validator to attest what it found right", GS_SIM_KIND_SHARE,
                             0, 0, 1, NULL, true},
	[GS_SIM_P_DEMAND] = {"duties.demand", "chance of a claim's data to be demanded", GS_SIM_KIND_SHARE, 0, 0, 1,
                             NULL, true},
	[GS_SIM_P_WITHHOLD] = {"duties.withhold",
                               "chance of a liar's claim to be posted without its data, which somebody honest demands",
                               GS_SIM_KIND_SHARE, 0, 0, 1, NULL, true},
	[GS_SIM_P_BATCHES] = {"duties.batches", "batches with their leaves in calldata", GS_SIM_KIND_COUNT, 0, 0,
                              GS_SIM_RUN_BATCHES_MAX, NULL, true},
	[GS_SIM_P_WITHDRAW] = {"duties.withdraw", "chance of a party to withdraw some of its stake", GS_SIM_KIND_SHARE,
                               0, 0, 1, NULL, true},
	[GS_SIM_P_ROOTS] = {"duties.roots",
                            "chance of a batch of which only the root is on chain, whose leaves its claimant posts",
                            GS_SIM_KIND_SHARE, 0, 0, 1, NULL, true},
	[GS_SIM_P_FAULT] = {"fault", "what goes wrong in every run; what is stated below is so in any case",
                            GS_SIM_KIND_CHOICE, GS_SIM_FAULT_DRAWN, GS_SIM_FAULT_DRAWN, GS_SIM_FAULT_LETTERS, faults,
                            false},
	[GS_SIM_P_CRASH_CHANCE] = {"faults.crash.chance", "of a process to die after a step, once it is stored",
                                   GS_SIM_KIND_SHARE, GS_SIM_DRAWN, 0, 1, NULL, true},
	[GS_SIM_P_COMMIT_CHANCE] = {"faults.commit.chance", "of a commit to be refused by the disk", GS_SIM_KIND_SHARE,
                                    GS_SIM_DRAWN, 0, 1, NULL, true},
	[GS_SIM_P_TORN_CHANCE] = {"faults.torn.chance", "of a process to die in the middle of a commit",
                                  GS_SIM_KIND_SHARE, GS_SIM_DRAWN, 0, 1, NULL, true},
	[GS_SIM_P_CRASH_AT] = {"faults.crash.at", "each process dies right after this commit", GS_SIM_KIND_COUNT,
                               GS_SIM_DRAWN, 0, 100000, NULL, true},
	[GS_SIM_P_FULL_DISK] = {"faults.disk_full", "how long disks are full", GS_SIM_KIND_SECONDS, GS_SIM_DRAWN, 0,
                                1e6, NULL, true},
	[GS_SIM_P_SILENCE_CHANCE] = {"faults.silence.chance", "of a request to get no answer", GS_SIM_KIND_SHARE,
                                     GS_SIM_DRAWN, 0, 1, NULL, true},
	[GS_SIM_P_LAG_CHANCE] = {"faults.lag.chance", "of a look to show an old block", GS_SIM_KIND_SHARE, GS_SIM_DRAWN,
                                 0, 1, NULL, true},
	[GS_SIM_P_STALE] = {"faults.stale", "how long endpoints show no new blocks", GS_SIM_KIND_SECONDS, GS_SIM_DRAWN,
                            0, 1e6, NULL, true},
	[GS_SIM_P_RATE_LIMIT] = {"faults.rate_limit", "requests that an endpoint answers between two looks",
                                 GS_SIM_KIND_COUNT, GS_SIM_DRAWN, 0, 100000, NULL, true},
	[GS_SIM_P_OFFLINE_TIME] = {"faults.offline", "how long endpoints are away", GS_SIM_KIND_SECONDS, GS_SIM_DRAWN,
                                   0, 1e6, NULL, true},
	[GS_SIM_P_REORG_CHANCE] = {"faults.reorg.chance", "of a block to replace others before it", GS_SIM_KIND_SHARE,
                                   GS_SIM_DRAWN, 0, 1, NULL, true},
	[GS_SIM_P_REORG_DEPTH] = {"faults.reorg.depth", "most blocks that are replaced", GS_SIM_KIND_COUNT,
                                  GS_SIM_DRAWN, 1, 30, NULL, true},
	[GS_SIM_P_STALL] = {"faults.stall", "how long nothing becomes final: then all of that time is replaced",
                            GS_SIM_KIND_SECONDS, GS_SIM_DRAWN, 0, 1e6, NULL, true},
	[GS_SIM_P_DELAY] = {"faults.delay", "most time that a transaction waits for a block", GS_SIM_KIND_SECONDS,
                            GS_SIM_DRAWN, 0, 1e6, NULL, true},
	[GS_SIM_P_DROP_CHANCE] = {"faults.drop.chance", "of a transaction to be lost on its way", GS_SIM_KIND_SHARE,
                                  GS_SIM_DRAWN, 0, 1, NULL, true},
	[GS_SIM_P_REPLACE_CHANCE] = {"faults.replace.chance",
                                     "of a transaction to lose its nonce to another of the same key", GS_SIM_KIND_SHARE,
                                     GS_SIM_DRAWN, 0, 1, NULL, true},
	[GS_SIM_P_GAP_CHANCE] = {"faults.gap.chance", "of a claim to be posted with the nonce after the next one",
                                 GS_SIM_KIND_SHARE, GS_SIM_DRAWN, 0, 1, NULL, true},
	[GS_SIM_P_CENSOR] = {"faults.censor", "how long nothing of one honest sender is mined", GS_SIM_KIND_SECONDS,
                             GS_SIM_DRAWN, 0, 1e6, NULL, true},
	[GS_SIM_P_OUTAGE] = {"faults.outage", "how long there are no blocks", GS_SIM_KIND_SECONDS, GS_SIM_DRAWN, 0, 1e6,
                             NULL, true},
	[GS_SIM_P_SPIKE] = {"faults.spike", "how long most transactions are priced out", GS_SIM_KIND_SECONDS,
                            GS_SIM_DRAWN, 0, 1e6, NULL, true},
	[GS_SIM_P_DEAR] = {"faults.dear", "how long gas costs many times what it did", GS_SIM_KIND_SECONDS,
                           GS_SIM_DRAWN, 0, 1e6, NULL, true},
	[GS_SIM_P_UNAVAILABLE_CHANCE] = {"faults.unavailable.chance",
                                         "of an execution to be impossible, at most twice for a claim",
                                         GS_SIM_KIND_SHARE, GS_SIM_DRAWN, 0, 1, NULL, true},
	[GS_SIM_P_FLIP_CHANCE] = {"faults.flip.chance",
                                  "of one back end to compute something else, at most twice for a claim",
                                  GS_SIM_KIND_SHARE, GS_SIM_DRAWN, 0, 1, NULL, true},
	[GS_SIM_P_SKEW] = {"faults.clock", "most by which clocks are wrong", GS_SIM_KIND_SECONDS, GS_SIM_DRAWN, 0, 1e5,
                           NULL, true},
	[GS_SIM_P_LIE_CHANCE] = {"faults.lie.chance", "of an answer of an endpoint to be a lie", GS_SIM_KIND_SHARE,
                                 GS_SIM_DRAWN, 0, 1, NULL, true},
	[GS_SIM_P_L1] = {"l1", "yes: honest nodes send through L1 what is kept out for too long", GS_SIM_KIND_CHOICE, 0,
                         0, 1, no_yes, true},
	[GS_SIM_P_L1_AT] = {"l1.escalate_at", "the share of its time after which it is", GS_SIM_KIND_SHARE, 0.5, 0.01,
                            1, NULL, true},
	[GS_SIM_P_L1_DELAY] = {"l1.delay", "time until the chain must take what L1 has", GS_SIM_KIND_SECONDS, 60, 1,
                               1e6, NULL, true},
	[GS_SIM_P_AGENDA] = {"agenda.check", "no: as in production, where a step looks only at what the agenda says",
                             GS_SIM_KIND_CHOICE, 1, 0, 1, no_yes, true},
	[GS_SIM_P_FINAL] = {"final.blocks",
                            "blocks above a final one, of which nodes far below take ranges; 0: nodes hear of none",
                            GS_SIM_KIND_COUNT, 0, 0, 10000, NULL, true},
	[GS_SIM_P_START] = {"validators.start", "time within which honest validators begin, each at its own",
                            GS_SIM_KIND_SECONDS, 0, 0, 1e6, NULL, true},
	[GS_SIM_P_SERVERS] =
		{"validators.servers",
                 "executions that an honest validator's machine does at a time, each for all of `execution`; "
                 "0: any number, each up to that",
                 GS_SIM_KIND_COUNT, 0, 0, GS_SIM_SERVERS_MAX, NULL, false},
	[GS_SIM_P_MARGIN] = {"validators.margin",
                             "before a window ends by which its verdict is due; a quarter of the window at most",
                             GS_SIM_KIND_SECONDS, 30, 0, 1e6, NULL, false},
	[GS_SIM_P_FUNDS] =
		{"validators.funds",
                 "games, at worst, that an honest validator's account can pay the gas of when the run begins; "
                 "0: any number",
                 GS_SIM_KIND_REAL, 0, 0, 1000, NULL, false},
	[GS_SIM_P_ENDPOINTS] =
		{"endpoints.count",
                 "endpoints of each honest party; drawn: one, or three to five. Faults of endpoints befall each by itself",
                 GS_SIM_KIND_COUNT, 1, 1, GS_QUORUM_ENDPOINTS_MAX, NULL, true},
	[GS_SIM_P_AGREE] = {"endpoints.agree", "of them that must agree; 0: all of two, a majority of three or more",
                            GS_SIM_KIND_COUNT, 0, 0, GS_QUORUM_ENDPOINTS_MAX, NULL, false},
	[GS_SIM_P_LYING_ENDPOINTS] =
		{"endpoints.liars",
                 "of several that lie, all in the same way; drawn: so few that enough are left, and the others decide",
                 GS_SIM_KIND_COUNT, GS_SIM_DRAWN, 0, GS_QUORUM_ENDPOINTS_MAX, NULL, true},
	[GS_SIM_P_DEAD_ENDPOINTS] =
		{"endpoints.dead",
                 "of several that are gone for good from some time on; drawn: so few that enough are left",
                 GS_SIM_KIND_COUNT, GS_SIM_DRAWN, 0, GS_QUORUM_ENDPOINTS_MAX, NULL, true},
	[GS_SIM_P_ENDPOINT_LIES] = {"endpoints.lie", "questions that those that lie do not answer truly",
                                    GS_SIM_KIND_SHARE, GS_SIM_DRAWN, 0, 1, NULL, true},
};

void gs_sim_nodes_standard(double value[GS_SIM_NODES_PARAMETERS])
{
	for (unsigned i = 0; i < GS_SIM_NODES_PARAMETERS; i++)
		value[i] = gs_sim_nodes_parameters[i].standard;
}

static double most(const double *value, enum gs_sim_nodes_parameter p, double drawn)
{
	return value[p] == GS_SIM_DRAWN ? drawn : value[p];
}

/* Whoever posts every claim must be able to pay for all of them. */
static enum gs_err check_money(const double *value, unsigned *at, struct gs_error *error)
{
	const double deposit = most(value, GS_SIM_P_DEPOSIT, 1e9);
	const double share = most(value, GS_SIM_P_BOND_SHARE, 1) * most(value, GS_SIM_P_VALUE, 1e6);
	const double least = most(value, GS_SIM_P_BOND, 1e6), fee = most(value, GS_SIM_P_FEE, 1e3);
	const double needed = value[GS_SIM_P_CLAIMS] * ((share > least ? share : least) + fee);
	*at = GS_SIM_P_DEPOSIT;
	if (deposit < needed)
		return gs_fail(error, GS_EINVAL, "a deposit of %.0f; the bonds and fees of all claims may take %.0f",
		               deposit, needed);
	return GS_OK;
}

/* Endpoints that are stated must be there. */
static enum gs_err check_endpoints(const double *value, unsigned *at, struct gs_error *error)
{
	const double count = value[GS_SIM_P_ENDPOINTS];
	static const enum gs_sim_nodes_parameter of[] = {GS_SIM_P_AGREE, GS_SIM_P_LYING_ENDPOINTS,
	                                                 GS_SIM_P_DEAD_ENDPOINTS};
	for (unsigned i = 0; i < GS_ARRAY_LEN(of); i++) {
		*at = of[i];
		if (value[of[i]] > 0 && (count == GS_SIM_DRAWN || value[of[i]] > count || (i > 0 && count == 1)))
			return gs_fail(error, GS_EINVAL,
			               "so many of the endpoints; state endpoints.count, more than one and no fewer");
	}
	return GS_OK;
}

enum gs_err gs_sim_nodes_check(const double *value, unsigned *at, struct gs_error *error)
{
	double parties = 0, liars = 0,
	       validators = value[GS_SIM_P_VALIDATOR] == GS_SIM_DRAWN ? 3 : value[GS_SIM_P_VALIDATOR];
	for (unsigned i = GS_SIM_P_CLAIMANT; i <= GS_SIM_P_SELF_CHALLENGER; i++)
		parties += value[i];
	liars = parties - value[GS_SIM_P_CLAIMANT];
	for (unsigned i = GS_SIM_P_VALIDATOR + 1; i <= GS_SIM_P_TWO_FACED; i++)
		parties += value[i];
	parties += validators + value[GS_SIM_P_SELF_CHALLENGER]; /* their accomplices */
	*at = GS_SIM_P_CLAIMANT;
	if (parties > GS_SIM_ACTORS_MAX)
		return gs_fail(error, GS_EINVAL, "%.0f parties in all; a run has room for %d", parties,
		               GS_SIM_ACTORS_MAX);
	*at = GS_SIM_P_WRONG_CLAIMS;
	if (value[GS_SIM_P_WRONG_CLAIMS] > value[GS_SIM_P_CLAIMS])
		return gs_fail(error, GS_EINVAL, "more wrong claims than claims");
	if (value[GS_SIM_P_WRONG_CLAIMS] > 0 && liars == 0)
		return gs_fail(error, GS_EINVAL,
		               "wrong claims, and no claimant that lies: add one, such as claimants.liar");
	*at = GS_SIM_P_WINDOW;
	if (value[GS_SIM_P_WINDOW] != GS_SIM_DRAWN && value[GS_SIM_P_WINDOW] < 2 * value[GS_SIM_P_BLOCK])
		return gs_fail(error, GS_EINVAL, "a window of less than two blocks");
	*at = GS_SIM_P_LEAST_TIME;
	if (value[GS_SIM_P_LEAST_TIME] != GS_SIM_DRAWN && value[GS_SIM_P_LEAST_TIME] < 2 * value[GS_SIM_P_BLOCK])
		return gs_fail(error, GS_EINVAL, "less time for an answer than two blocks take");
	*at = GS_SIM_P_FINAL;
	if (value[GS_SIM_P_FINAL] > 0 && value[GS_SIM_P_FINAL] < GS_SIM_FINAL_LEAST)
		return gs_fail(error, GS_EINVAL, "so few blocks may be taken back; give 0, or %d or more",
		               GS_SIM_FINAL_LEAST);
	*at = GS_SIM_P_FUNDS;
	if (value[GS_SIM_P_FUNDS] > 0 && value[GS_SIM_P_DEAR] != GS_SIM_DRAWN && value[GS_SIM_P_DEAR] > 0)
		return gs_fail(
			error, GS_EINVAL,
			"funds are stated, and that gas becomes dearer: nothing is promised then; leave one out");
	const enum gs_err err = check_endpoints(value, at, error);
	return err == GS_OK ? check_money(value, at, error) : err;
}
