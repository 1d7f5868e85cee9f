#include "simulations/nodes/nodes.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "simulations/nodes/dump.h"
#include "simulations/nodes/run.h"
#include "simulations/nodes/timeline.h"
#include "simulations/oracles/oracles.h"

#define LETTERS \
	UINT64_C( \
		0x6c657474657273) /* draws of its own, so that a run without play off chain is the one that it always was */

#define MORE UINT64_C(0x6d6f7265) /* so have L1 and the agenda */

enum {
	HORIZON_S = 3000,   /* and what windows and clocks allow */
	MOVES = 40,         /* of a game, at most */
	OUTAGE_POLL_S = 30, /* of nodes that see no blocks */
	QUIET_S = 60,       /* after the last claim is settled, for what is left to do */
	POSTED_S = 20,      /* after which whoever posted a claim looks for it */
	KEPT_BYTES = 1 << 28,
	POSTED_BLOCKS = 3, /* or, where that is longer, after so many blocks */
};

void gs_sim_nodes_tally_join(struct gs_sim_nodes_tally *to, const struct gs_sim_nodes_tally *from)
{
	to->runs += from->runs;
	to->claims += from->claims;
	to->wrong_claims += from->wrong_claims;
	to->final += from->final;
	to->invalid += from->invalid;
	to->games += from->games;
	to->txs += from->txs;
	to->failed_txs += from->failed_txs;
	to->blocks += from->blocks;
	to->reorgs += from->reorgs;
	to->crashes += from->crashes;
	to->seconds += from->seconds;
	for (unsigned f = 0; f < GS_SIM_FAULTS; f++)
		to->fault[f] += from->fault[f];
	for (unsigned v = 0; v < GS_SIM_WRONGS; v++)
		to->violation[v] += from->violation[v];
	if (gs_sim_is_first(from->violations, from->first_seed, to->violations, to->first_seed)) {
		to->first = from->first;
		to->first_seed = from->first_seed;
	}
	to->violations += from->violations;
	gs_sim_digest_join(&to->digest, &from->digest);
}

static void write_log(void *self, enum gs_log_level level, const char *event, const char *fields)
{
	const struct gs_sim_log_of *of = self;
	gs_sim_run_note(of->run, "    %s %u: %s %s %s", of->run->kind[of->account]->name, of->account,
	                gs_log_level_name(level), event, fields);
}

static void open_logs(struct gs_sim_run *r)
{
	for (unsigned a = 0; a < GS_SIM_ACTORS_MAX; a++) {
		r->log_of[a] = (struct gs_sim_log_of){r, a};
		r->log[a] = (struct gs_log){.self = &r->log_of[a], .level = GS_LOG_INFO, .write = write_log};
	}
}

/* ---- the world goes on ---- */

/* By a tool beside the node, with the same key: it takes the nonce that an endpoint names, or, being wrong, the one behind it. */
static enum gs_err post(struct gs_sim_run *r, struct gs_sim_planned *c)
{
	const struct gs_sim_network_rules *rules = &r->network.rules;
	struct gs_buf data, raw;
	uint64_t nonce = gs_sim_network_pending_nonce(&r->network, c->account);
	gs_buf_init(&data, GS_SIM_TX_BYTES_MAX);
	gs_buf_init(&raw, GS_SIM_TX_BYTES_MAX);
	nonce += !r->calm && r->trouble.gap > 0 && gs_rng_below(&r->rng, 1000) < r->trouble.gap;
	gs_sim_call_post(&c->body, gs_sim_run_input(r, c), gs_sim_run_output(r, c), &data);
	gs_sim_tx_build(c->account, nonce, &rules->contracts.claims, GS_SIM_TOOL_FEE, gs_buf_view(&data), &raw, NULL);
	enum gs_err err = data.err != GS_OK ? data.err : raw.err;
	if (err == GS_OK)
		err = gs_sim_network_send(&r->network, gs_buf_view(&raw), r->now_s);
	c->posted = err == GS_OK;
	gs_buf_free(&data);
	gs_buf_free(&raw);
	return err == GS_EAGAIN ? GS_OK : err; /* somebody else has that nonce: once more */
}

/* A transaction may be pushed out by another of the same key: then whoever posts notices, and posts again. */
static enum gs_err post_due(struct gs_sim_run *r)
{
	const uint64_t blocks_s = POSTED_BLOCKS * r->network.rules.block_s;
	const uint64_t patience_s = blocks_s > POSTED_S ? blocks_s : POSTED_S;
	const bool out = gs_sim_run_within(r, &r->trouble.outage);
	enum gs_err err = GS_OK;
	for (unsigned i = 0; i < r->claims && err == GS_OK; i++) {
		struct gs_sim_planned *c = &r->claim[i];
		if (c->posted && !out && r->now_s > c->at_s + patience_s &&
		    gs_sim_network_claim(&r->network, &c->id) == NULL) {
			c->posted = false;
			c->at_s = r->now_s;
		}
		if (!c->posted && c->at_s <= r->now_s)
			err = post(r, c);
	}
	return err;
}

enum gs_err gs_sim_run_mine(struct gs_sim_run *r, uint64_t at_s)
{
	enum gs_err err = gs_sim_network_mine(&r->network, at_s);
	if (err == GS_OK)
		gs_sim_timeline_block(r, gs_sim_network_newest(&r->network));
	return err;
}

/* Whatever is seen of claims and money from block to block. */
static void look(struct gs_sim_run *r)
{
	for (unsigned i = 0; i < r->claims; i++) {
		struct gs_sim_planned *c = &r->claim[i];
		const struct gs_sim_chain *claim = gs_sim_network_claim(&r->network, &c->id);
		bool decided = claim != NULL && claim->status != GS_SIM_CLAIM_OPEN;
		if (claim != NULL && c->begun_s == 0)
			c->begun_s = r->now_s;
		c->ended_s = !decided ? 0 : c->ended_s == 0 ? r->now_s : c->ended_s;
	}
	for (unsigned a = 0; a < r->actors; a++)
		if (gs_sim_run_honest(r, a))
			r->locked += (double)gs_sim_small(r->network.bank.account[a].locked) *
			             (double)r->network.rules.block_s;
}

static enum gs_err mine(struct gs_sim_run *r, struct gs_error *error)
{
	enum gs_err err = GS_OK;
	bool none = false;
	r->network.base_fee = GS_SIM_BASE_FEE;
	for (unsigned f = 0; f < GS_SIM_FAULTS && err == GS_OK && !none; f++) {
		const struct gs_sim_fault_kind *fault = gs_sim_fault_kind((enum gs_sim_fault)f);
		if (fault->before_block != NULL && gs_sim_run_has(r, (enum gs_sim_fault)f))
			err = fault->before_block(r, &none);
	}
	if (err == GS_OK && !none)
		err = gs_sim_run_mine(r, r->now_s);
	for (unsigned w = 0; w < GS_SIM_WRONGS && err == GS_OK; w++) {
		const struct gs_sim_oracle_kind *oracle = gs_sim_oracle_kind((enum gs_sim_wrong)w);
		if (oracle->after_block != NULL)
			err = oracle->after_block(r, error);
	}
	look(r);
	gs_sim_timeline_look(r);
	return err;
}

/* ---- a run ---- */

static enum gs_err second(struct gs_sim_run *r, struct gs_error *error)
{
	/* with l1 blocks go on (faults/outage.c), and nodes must keep up with them */
	bool out = !r->calm && gs_sim_run_within(r, &r->trouble.outage) && r->value[GS_SIM_P_L1] == 0;
	const uint64_t poll_s = out ? OUTAGE_POLL_S : r->network.rules.block_s;
	enum gs_err err = post_due(r);
	if (err == GS_OK)
		err = gs_sim_errands_do(r);
	if (err == GS_OK && r->now_s % r->network.rules.block_s == 0) {
		err = mine(r, error);
	}
	for (unsigned a = 0; a < r->actors && err == GS_OK; a++) {
		if ((r->now_s + a) % poll_s != 0)
			continue;
		err = gs_sim_actor_tick(&r->actor[a], r->now_s, error);
		if (err != GS_OK && err != GS_ENOMEM) {
			gs_sim_run_note(r, "account %u: %s", a, error->text);
			gs_sim_run_object(r, GS_SIM_WRONG_STEP);
			err = GS_OK;
		}
	}
	return err;
}

/* Nothing goes wrong any more: what is left to do is done, in a time that is bounded. */
static void calm(struct gs_sim_run *r)
{
	for (unsigned a = 0; a < r->actors; a++) {
		r->actor[a].luck = (struct gs_sim_luck){.offline_from_s = GS_SIM_NEVER_S};
		gs_sim_endpoints_calm(&r->actor[a].endpoints);
	}
	r->fault = GS_SIM_FAULT_NONE;
	r->letters.delay_s = r->letters.loss = r->letters.old = 0;
	r->calm = true;
}

/* When everything must be over: claims posted, windows over, games played for as long as clocks allow, one behind the other. */
static uint64_t horizon(const struct gs_sim_run *r)
{
	const struct gs_sim_network_rules *rules = &r->network.rules;
	const uint64_t budgets = (uint64_t)rules->claimant_budget_s + rules->challenger_budget_s;
	return HORIZON_S + (uint64_t)r->value[GS_SIM_P_POSTING] + rules->rules.terms.window_s + 2 * budgets +
	       (uint64_t)MOVES * rules->minimum_time_s + 2 * r->trouble.allowed_s;
}

static enum gs_err play(struct gs_sim_run *r, struct gs_error *error)
{
	uint64_t end_s = r->now_s + horizon(r), quiet_s = 0;
	gs_sim_timeline_begin(r);
	enum gs_err err = GS_OK;
	while (err == GS_OK && r->wrong == GS_SIM_WRONG_NOTHING && r->now_s < end_s) {
		r->now_s++;
		err = second(r, error);
		if (quiet_s == 0 && gs_sim_run_settled(r)) {
			calm(r);
			quiet_s = r->now_s + QUIET_S;
		}
		if (quiet_s != 0 && r->now_s >= quiet_s)
			break;
	}
	for (unsigned w = 0; w < GS_SIM_WRONGS && err == GS_OK && r->wrong == GS_SIM_WRONG_NOTHING; w++) {
		const struct gs_sim_oracle_kind *oracle = gs_sim_oracle_kind((enum gs_sim_wrong)w);
		if (oracle->at_end != NULL)
			err = oracle->at_end(r, error);
	}
	return err;
}

static void count_claims(struct gs_sim_run *r)
{
	struct gs_sim_nodes_tally *t = r->tally;
	t->claims += r->claims;
	for (unsigned i = 0; i < r->claims; i++) {
		const struct gs_sim_chain *c = gs_sim_network_claim(&r->network, &r->claim[i].id);
		t->wrong_claims += r->claim[i].wrong;
		if (c == NULL)
			continue;
		t->games += c->games;
		t->final += c->status == GS_SIM_CLAIM_FINAL;
		t->invalid += c->status == GS_SIM_CLAIM_INVALID;
	}
}

/* Where everybody stands at the end of a run in which something was wrong. */
static enum gs_err tell_end(struct gs_sim_run *r, struct gs_error *error)
{
	enum gs_err err = GS_OK;
	if (r->wrong == GS_SIM_WRONG_NOTHING || r->options->log == NULL)
		return GS_OK;
	gs_sim_run_note(r, "WRONG: %s", gs_sim_wrong_name(r->wrong));
	for (unsigned a = 0; a < r->actors && err == GS_OK; a++) {
		struct gs_node_summary s;
		const struct gs_head *newest = r->actor[a].node == NULL ? NULL : gs_node_newest(r->actor[a].node);
		if (newest == NULL) {
			gs_sim_run_note(r, "account %u, %s: not running", a, r->kind[a]->name);
			continue;
		}
		err = gs_sim_actor_summarise(&r->actor[a], &s, error);
		gs_sim_run_note(r,
		                "account %u, %s: at block %llu of %zu; open claims %llu, games %llu; transactions on "
		                "their way %llu, executions %llu; has %llu of %llu",
		                a, r->kind[a]->name, (unsigned long long)newest->number, r->network.blocks - 1,
		                (unsigned long long)s.open, (unsigned long long)s.open_games,
		                (unsigned long long)s.pending_txs, (unsigned long long)s.executions,
		                (unsigned long long)gs_sim_run_balance(r, a),
		                (unsigned long long)gs_sim_small(r->network.rules.deposit[a]));
	}
	return err;
}

static void add_up(struct gs_sim_run *r, uint64_t seed)
{
	struct gs_sim_nodes_tally *t = r->tally;
	count_claims(r);
	t->runs++;
	t->fault[r->began_with]++;
	t->seconds += r->now_s - GS_SIM_GENESIS_S;
	t->blocks += r->network.blocks;
	for (unsigned i = 0; i < r->network.txs; i++) {
		t->txs++;
		t->failed_txs += r->network.tx[i]->mined && !r->network.tx[i]->success;
	}
	for (unsigned a = 0; a < r->actors; a++)
		t->crashes += r->actor[a].lives;
	gs_sim_digest_add(&t->digest, &gs_sim_network_newest(&r->network)->head.hash); /* of all that came before it */
	if (r->wrong == GS_SIM_WRONG_NOTHING)
		return;
	t->violation[r->wrong]++;
	if (t->violations++ == 0) {
		t->first = r->wrong;
		t->first_seed = seed;
	}
}

/* Every life of a node takes some hundred KiB and gives them back: what the C library returns to the system is mapped and zeroed again at once,
 * which is a fifth of a run's time. */
static void keep_memory(void)
{
#ifdef __GLIBC__
	(void)mallopt(M_MMAP_THRESHOLD, KEPT_BYTES);
	(void)mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
#endif
}

enum gs_err gs_sim_nodes_run(uint64_t seed, const struct gs_sim_nodes_options *options,
                             struct gs_sim_nodes_tally *tally, struct gs_error *error)
{
	keep_memory();
	struct gs_sim_run *r = calloc(1, sizeof(*r));
	if (r == NULL)
		return gs_fail(error, GS_ENOMEM, "simulation: no memory for a run");
	r->options = options;
	r->value = options->value;
	r->tally = tally;
	gs_rng_seed(&r->rng, seed);
	gs_rng_seed(&r->letters.rng, seed ^ LETTERS);
	gs_rng_seed(&r->more.rng, seed ^ MORE);
	r->now_s = GS_SIM_GENESIS_S;
	open_logs(r);
	enum gs_err err = gs_sim_run_set_up(r, error);
	if (err == GS_OK)
		err = play(r, error);
	if (err == GS_OK)
		err = tell_end(r, error);
	if (err == GS_OK)
		add_up(r, seed);
	if (err == GS_OK && options->measure != NULL)
		options->measure(options->measure_self, r);
	if (err == GS_OK && options->dump != NULL)
		err = gs_sim_dump(&r->network, options->dump, error);
	if (err == GS_OK && options->program != NULL)
		err = gs_sim_dump_program(&r->program, options->program, error);
	gs_sim_run_tear_down(r);
	free(r);
	return err;
}
