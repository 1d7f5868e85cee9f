/* The engine `nodes`: production nodes on a simulated chain (nodes.h), its parameters those of setting.h. */
#include "chain/eth/bindings.h"
#include "simulations/engines.h"
#include "simulations/nodes/run.h"
#include "simulations/oracles/oracles.h"

enum metric {
	DETECTION,
	SLIPPED,
	LOSS,
	LOSSES,
	DELAY_FINAL,
	DELAY_VERDICT,
	LOCKED,
	GAMES,
	FAILED,
	REORGS,
	CRASHES,
	TXS,
	GAS = TXS + 3,
	PROFIT = GAS + 3,
	AGREED = PROFIT + GS_SIM_ACTOR_KINDS,
	RANGES,
	SHED,
	OUTVOTED,
	LETTERS,
	VIOLATION = LETTERS, /* the first of the oracles' is "nothing" */
	METRICS = VIOLATION + GS_SIM_WRONGS,
};

static const struct gs_sim_metric metrics[] = {
	[DETECTION] = {"detection", "every wrong claim was found invalid", GS_SIM_UNIT_SHARE, false, 0, 0},
	[SLIPPED] = {"slipped", "wrong claims that became final", GS_SIM_UNIT_NUMBER, true, 0, GS_SIM_CLAIMS_MAX},
	[LOSS] = {"loss.honest", "what the honest lost together, the fees of their final claims aside",
                  GS_SIM_UNIT_MONEY, false, 0, 0},
	[LOSSES] = {"loss.any", "somebody honest lost money", GS_SIM_UNIT_SHARE, false, 0, 0},
	[DELAY_FINAL] = {"delay.final", "from a right claim on chain to its end", GS_SIM_UNIT_SECONDS, true, 0, 1280},
	[DELAY_VERDICT] = {"delay.verdict", "from a wrong claim on chain to its end as invalid", GS_SIM_UNIT_SECONDS,
                           true, 0, 1280},
	[LOCKED] = {"locked", "stake of the honest that was locked, on average over the run", GS_SIM_UNIT_MONEY, false,
                    0, 0},
	[GAMES] = {"games", "games about all claims", GS_SIM_UNIT_NUMBER, true, 0, GS_SIM_BINS},
	[FAILED] = {"txs.failed", "share of mined transactions that failed", GS_SIM_UNIT_NUMBER, false, 0, 0},
	[REORGS] = {"reorgs", "reorganisations", GS_SIM_UNIT_NUMBER, false, 0, 0},
	[RANGES] = {"ranges", "ranges of final blocks that nodes took at once", GS_SIM_UNIT_NUMBER, false, 0, 0},
	[SHED] = {"shed", "executions that honest validators gave up, since there was no time for them",
                  GS_SIM_UNIT_NUMBER, false, 0, 0},
	[OUTVOTED] = {"outvoted", "answers of endpoints that enough others decided against", GS_SIM_UNIT_NUMBER, false,
                      0, 0},
	[CRASHES] = {"crashes", "processes that died", GS_SIM_UNIT_NUMBER, false, 0, 0},
	[TXS] = {"txs.claimant", "mined transactions of an honest claimant", GS_SIM_UNIT_NUMBER, false, 0, 0},
	[TXS + 1] = {"txs.validator", "mined transactions of an honest validator", GS_SIM_UNIT_NUMBER, false, 0, 0},
	[TXS + 2] = {"txs.other", "mined transactions of somebody else", GS_SIM_UNIT_NUMBER, false, 0, 0},
	[GAS] = {"gas.claimant", "gas that their calldata costs at least (EIP-7623), of an honest claimant",
                 GS_SIM_UNIT_NUMBER, false, 0, 0},
	[GAS + 1] = {"gas.validator", "the same of an honest validator", GS_SIM_UNIT_NUMBER, false, 0, 0},
	[GAS + 2] = {"gas.other", "the same of somebody else", GS_SIM_UNIT_NUMBER, false, 0, 0},
	[PROFIT + GS_SIM_ACTOR_CLAIMANT] = {"profit.claimant", "what such a party has more at the end, fees paid",
                                            GS_SIM_UNIT_MONEY, false, 0, 0},
	[PROFIT + GS_SIM_ACTOR_LIAR] = {"profit.liar", "what such a party has more at the end, fees paid",
                                        GS_SIM_UNIT_MONEY, false, 0, 0},
	[PROFIT + GS_SIM_ACTOR_WRONG_MODEL] = {"profit.wrong_model", "what such a party has more at the end, fees paid",
                                               GS_SIM_UNIT_MONEY, false, 0, 0},
	[PROFIT + GS_SIM_ACTOR_QUANTISED] = {"profit.quantised", "what such a party has more at the end, fees paid",
                                             GS_SIM_UNIT_MONEY, false, 0, 0},
	[PROFIT + GS_SIM_ACTOR_TRUNCATED] = {"profit.truncated", "what such a party has more at the end, fees paid",
                                             GS_SIM_UNIT_MONEY, false, 0, 0},
	[PROFIT + GS_SIM_ACTOR_WITHHOLDER] = {"profit.withholder", "what such a party has more at the end, fees paid",
                                              GS_SIM_UNIT_MONEY, false, 0, 0},
	[PROFIT + GS_SIM_ACTOR_BANKRUPT] = {"profit.bankrupt", "what such a party has more at the end, fees paid",
                                            GS_SIM_UNIT_MONEY, false, 0, 0},
	[PROFIT + GS_SIM_ACTOR_SELF_CHALLENGER] = {"profit.self_challenger",
                                                   "what such a party has more at the end, fees paid",
                                                   GS_SIM_UNIT_MONEY, false, 0, 0},
	[PROFIT + GS_SIM_ACTOR_VALIDATOR] = {"profit.validator", "what such a party has more at the end, fees paid",
                                             GS_SIM_UNIT_MONEY, false, 0, 0},
	[PROFIT + GS_SIM_ACTOR_LAZY] = {"profit.lazy", "what such a party has more at the end, fees paid",
                                        GS_SIM_UNIT_MONEY, false, 0, 0},
	[PROFIT + GS_SIM_ACTOR_COPYCAT] = {"profit.copycat", "what such a party has more at the end, fees paid",
                                           GS_SIM_UNIT_MONEY, false, 0, 0},
	[PROFIT + GS_SIM_ACTOR_OFFLINE] = {"profit.offline", "what such a party has more at the end, fees paid",
                                           GS_SIM_UNIT_MONEY, false, 0, 0},
	[PROFIT + GS_SIM_ACTOR_LATE] = {"profit.late", "what such a party has more at the end, fees paid",
                                        GS_SIM_UNIT_MONEY, false, 0, 0},
	[PROFIT + GS_SIM_ACTOR_GRIEFER] = {"profit.griefer", "what such a party has more at the end, fees paid",
                                           GS_SIM_UNIT_MONEY, false, 0, 0},
	[PROFIT + GS_SIM_ACTOR_SYBIL] = {"profit.sybil", "what such a party has more at the end, fees paid",
                                         GS_SIM_UNIT_MONEY, false, 0, 0},
	[PROFIT + GS_SIM_ACTOR_ACCOMPLICE] = {"profit.accomplice", "what such a party has more at the end, fees paid",
                                              GS_SIM_UNIT_MONEY, false, 0, 0},
	[PROFIT + GS_SIM_ACTOR_FRONT_RUNNER] = {"profit.front_runner",
                                                "what such a party has more at the end, fees paid", GS_SIM_UNIT_MONEY,
                                                false, 0, 0},
	[PROFIT + GS_SIM_ACTOR_CARTEL] = {"profit.cartel", "what such a party has more at the end, fees paid",
                                          GS_SIM_UNIT_MONEY, false, 0, 0},
	[PROFIT + GS_SIM_ACTOR_BRIBED] = {"profit.bribed", "what such a party has more at the end, fees paid",
                                          GS_SIM_UNIT_MONEY, false, 0, 0},
	[PROFIT + GS_SIM_ACTOR_TWO_FACED] = {"profit.two_faced", "what such a party has more at the end, fees paid",
                                             GS_SIM_UNIT_MONEY, false, 0, 0},
	[AGREED] = {"talk.agreed", "states agreed off chain that were put on chain", GS_SIM_UNIT_NUMBER, false, 0, 0},
	[LETTERS] = {"talk.letters", "letters sent off chain", GS_SIM_UNIT_NUMBER, false, 0, 0},
	[VIOLATION + GS_SIM_WRONG_PATIENCE] = {"violation.patience",
                                               "an honest node waited off chain for longer than its patience",
                                               GS_SIM_UNIT_SHARE, false, 0, 0},
	[VIOLATION + GS_SIM_WRONG_DONE] = {"violation.done",
                                           "an honest node took for done what no transaction had done",
                                           GS_SIM_UNIT_SHARE, false, 0, 0},
	[VIOLATION + GS_SIM_WRONG_SAMPLE] = {"violation.sample",
                                             "an honest node drew a claim by something else than it is bound to",
                                             GS_SIM_UNIT_SHARE, false, 0, 0},
	[VIOLATION + GS_SIM_WRONG_SHED] = {"violation.shed",
                                           "an honest node gave up what is worth more, or without a word",
                                           GS_SIM_UNIT_SHARE, false, 0, 0},
	[VIOLATION + GS_SIM_WRONG_STEP] = {"violation.step", "a step of a node failed", GS_SIM_UNIT_SHARE, false, 0, 0},
	[VIOLATION + GS_SIM_WRONG_FUNDS] = {"violation.funds", "money appeared or went away", GS_SIM_UNIT_SHARE, false,
                                            0, 0},
	[VIOLATION + GS_SIM_WRONG_ENDLESS] = {"violation.endless", "a claim or game never ended", GS_SIM_UNIT_SHARE,
                                              false, 0, 0},
	[VIOLATION + GS_SIM_WRONG_TWO_ANSWERS] = {"violation.two_answers",
                                                  "an honest node gave two answers to one state", GS_SIM_UNIT_SHARE,
                                                  false, 0, 0},
	[VIOLATION + GS_SIM_WRONG_DOUBLE] = {"violation.double", "an honest node paid twice for a move",
                                             GS_SIM_UNIT_SHARE, false, 0, 0},
	[VIOLATION + GS_SIM_WRONG_RESTLESS] = {"violation.restless", "an honest node never came to rest",
                                               GS_SIM_UNIT_SHARE, false, 0, 0},
	[VIOLATION + GS_SIM_WRONG_STATE] = {"violation.state", "an honest node's store was not what the chain says",
                                            GS_SIM_UNIT_SHARE, false, 0, 0},
	[VIOLATION + GS_SIM_WRONG_FINAL] = {"violation.final",
                                            "a wrong claim that somebody honest sampled became final",
                                            GS_SIM_UNIT_SHARE, false, 0, 0},
	[VIOLATION +
		GS_SIM_WRONG_INVALID] = {"violation.invalid", "a right claim was lost", GS_SIM_UNIT_SHARE, false, 0, 0},
	[VIOLATION +
		GS_SIM_WRONG_LOSS] = {"violation.loss", "somebody honest lost money", GS_SIM_UNIT_SHARE, false, 0, 0},
};

/* ---- what came out of a run ---- */

struct seen {
	struct gs_sim_result *result;
	uint64_t seed;
};

static void observe(const struct seen *s, unsigned metric, double observed)
{
	gs_sim_observe(s->result, &gs_sim_engine_nodes, metric, observed);
}

static void measure_claims(const struct seen *s, struct gs_sim_run *r)
{
	unsigned wrong = 0, slipped = 0, invalid = 0, final = 0, games = 0, shed = 0;
	double verdicts = 0, ends = 0;
	for (unsigned i = 0; i < r->claims; i++) {
		const struct gs_sim_planned *p = &r->claim[i];
		const struct gs_sim_chain *c = gs_sim_network_claim(&r->network, &p->id);
		wrong += p->wrong;
		if (c == NULL)
			continue;
		games += c->games;
		for (unsigned a = 0; a < r->actors; a++)
			shed += gs_sim_oracle_gave_up(&r->actor[a], &p->id);
		slipped += p->wrong && c->status == GS_SIM_CLAIM_FINAL;
		if (p->ended_s == 0)
			continue;
		if (p->wrong && c->status == GS_SIM_CLAIM_INVALID) {
			invalid++;
			verdicts += (double)(p->ended_s - p->begun_s);
		}
		if (!p->wrong && c->status == GS_SIM_CLAIM_FINAL) {
			final++;
			ends += (double)(p->ended_s - p->begun_s);
		}
	}
	observe(s, GAMES, games);
	observe(s, SLIPPED, slipped);
	observe(s, SHED, shed);
	if (wrong > 0)
		observe(s, DETECTION, invalid == wrong);
	if (invalid > 0)
		observe(s, DELAY_VERDICT, verdicts / invalid);
	if (final > 0)
		observe(s, DELAY_FINAL, ends / final);
}

static void measure_money(const struct seen *s, struct gs_sim_run *r)
{
	double profit[GS_SIM_ACTOR_KINDS] = {0}, lost = 0;
	unsigned many[GS_SIM_ACTOR_KINDS] = {0};
	for (unsigned a = 0; a < r->actors; a++) {
		for (unsigned k = 0; k < GS_SIM_ACTOR_KINDS; k++) {
			if (gs_sim_actor_kind((enum gs_sim_actor_number)k) != r->kind[a])
				continue;
			many[k]++;
			profit[k] += (double)gs_sim_run_balance(r, a) -
			             (double)gs_sim_small(r->network.rules.deposit[a]);
		}
		lost += gs_sim_run_honest(r, a) ? (double)gs_sim_run_lost(r, a) : 0;
	}
	for (unsigned k = 0; k < GS_SIM_ACTOR_KINDS; k++)
		if (many[k] > 0)
			observe(s, PROFIT + k, profit[k] / many[k]);
	observe(s, LOSS, lost);
	observe(s, LOSSES, lost > 0);
	observe(s, LOCKED, r->now_s > GS_SIM_GENESIS_S ? r->locked / (double)(r->now_s - GS_SIM_GENESIS_S) : 0);
}

/* The floor of EIP-7623: 10 for a zero byte, 40 for another. */
static uint64_t least_gas(struct gs_bytes data)
{
	uint64_t gas = 21000;
	for (size_t i = 0; i < data.len; i++)
		gas += data.ptr[i] == 0 ? 10 : 40;
	return gas;
}

static void measure_transactions(const struct seen *s, struct gs_sim_run *r)
{
	uint64_t mined = 0, failed = 0, agreed = 0, txs[3] = {0}, gas[3] = {0}, many[3] = {0}, crashes = 0, ranges = 0,
		 outvoted = 0;
	unsigned role[GS_SIM_ACTORS_MAX];
	for (unsigned a = 0; a < r->actors; a++) {
		role[a] = !r->kind[a]->honest ? 2 : r->kind[a]->claims ? 0 : 1;
		many[role[a]]++;
		crashes += r->actor[a].lives;
		ranges += r->actor[a].ranges;
		outvoted += r->actor[a].endpoints.outvoted;
	}
	for (unsigned i = 0; i < r->network.txs; i++) {
		const struct gs_sim_tx *tx = r->network.tx[i];
		if (!tx->mined)
			continue;
		mined++;
		failed += !tx->success;
		agreed += tx->success && tx->data.len > 4 && gs_be32_read(tx->data.ptr) == GS_DISPUTES_FN_AGREE;
		txs[role[tx->sender]]++;
		gas[role[tx->sender]] += least_gas(tx->data);
	}
	for (unsigned k = 0; k < 3; k++) {
		if (many[k] == 0)
			continue;
		observe(s, TXS + k, (double)txs[k] / (double)many[k]);
		observe(s, GAS + k, (double)gas[k] / (double)many[k]);
	}
	if (mined > 0)
		observe(s, FAILED, (double)failed / (double)mined);
	observe(s, AGREED, (double)agreed);
	observe(s, LETTERS, (double)r->letters.count);
	observe(s, CRASHES, (double)crashes);
	observe(s, REORGS, (double)r->network.branch);
	observe(s, RANGES, (double)ranges);
	observe(s, OUTVOTED, (double)outvoted);
}

static void measure(void *self, struct gs_sim_run *r)
{
	const struct seen *s = self;
	measure_claims(s, r);
	measure_money(s, r);
	measure_transactions(s, r);
	for (unsigned w = GS_SIM_WRONG_NOTHING + 1; w < GS_SIM_WRONGS; w++)
		observe(s, VIOLATION + w, r->wrong == (enum gs_sim_wrong)w);
	if (r->wrong != GS_SIM_WRONG_NOTHING)
		gs_sim_violate(s->result, s->seed, gs_sim_wrong_name(r->wrong));
}

static enum gs_err run(const double *value, uint64_t seed, const struct gs_sim_watch *watch,
                       struct gs_sim_result *result, struct gs_error *error)
{
	struct seen seen = {result, seed};
	const struct gs_sim_nodes_options options = {.value = value,
	                                             .log = watch->log,
	                                             .node_logs = watch->node_logs,
	                                             .measure = measure,
	                                             .measure_self = &seen};
	struct gs_sim_nodes_tally tally = {.runs = 0};
	enum gs_err err = gs_sim_nodes_run(seed, &options, &tally, error);
	if (err == GS_OK)
		gs_sim_digest_join(&result->digest, &tally.digest);
	return err;
}

const struct gs_sim_engine gs_sim_engine_nodes = {
	.name = "nodes",
	.about =
		"production nodes, honest and not, on a chain of blocks with faults; from the first claim until all is settled",
	.parameter = gs_sim_nodes_parameters,
	.parameters = GS_SIM_NODES_PARAMETERS,
	.metric = metrics,
	.metrics = METRICS,
	.check = gs_sim_nodes_check,
	.run = run,
	.tells_times = true,
};
