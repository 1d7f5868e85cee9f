#include <stdlib.h>
#include <string.h>

#include "simulations/nodes/dump.h"
#include "simulations/strangers/world.h"

enum {
	BLOCKS = 160,
	CALLS_A_BLOCK_MAX = 8,
	BLOCK_S_MAX = 8,
	REORG_ONE_IN = 30,
	REORG_DEPTH_MAX = 3,
	REORG_DELAY_S = 6,
};

void gs_sim_strangers_tally_join(struct gs_sim_strangers_tally *to, const struct gs_sim_strangers_tally *from)
{
	to->runs += from->runs;
	to->blocks += from->blocks;
	to->reorgs += from->reorgs;
	to->claims += from->claims;
	to->final += from->final;
	to->invalid += from->invalid;
	to->released += from->released;
	for (unsigned k = 0; k < GS_SIM_CALL_KINDS; k++) {
		to->done[k] += from->done[k];
		to->refused[k] += from->refused[k];
	}
	for (unsigned v = 0; v < GS_SIM_STRANGES; v++)
		to->violation[v] += from->violation[v];
	if (gs_sim_is_first(from->violations, from->first_seed, to->violations, to->first_seed)) {
		to->first = from->first;
		to->first_seed = from->first_seed;
	}
	to->violations += from->violations;
	gs_sim_digest_join(&to->digest, &from->digest);
}

static uint64_t between(struct gs_strange_world *w, uint64_t low, uint64_t high)
{
	return low + gs_rng_below(&w->rng, high - low + 1);
}

/* ---- setting up ---- */

static enum gs_err set_up_input(struct gs_strange_world *w, unsigned i)
{
	enum gs_err err = gs_sim_execute_drawn(&w->program, &w->rng, &w->inputs[i], &w->common[i], &w->honest[i]);
	if (err != GS_OK)
		return err;
	gs_merkle_root(&w->common[i].inputs_tree, &w->input_root[i]);
	gs_trace_output_root(&w->honest[i].trace, &w->program.header, &w->output_root[i]);
	return GS_OK;
}

static struct gs_sim_network_rules draw_rules(struct gs_strange_world *w)
{
	const struct gs_contracts *given = w->options->contracts;
	struct gs_sim_network_rules rules = {.contracts = given != NULL ? *given : gs_sim_contracts_somewhere(),
	                                     .header = &w->program.header,
	                                     .accounts = GS_STRANGERS,
	                                     .block_s = 2};
	rules.rules.terms = (struct gs_terms){.window_s = (uint32_t)between(w, 30, 90),
	                                      .minimum_bond = gs_wei_from_u64(between(w, 1, 1000000)),
	                                      .bond_bps = (uint16_t)between(w, 0, GS_BPS),
	                                      .minimum_fee = gs_wei_from_u64(between(w, 0, 1000)),
	                                      .fee_bps = (uint16_t)between(w, 0, 1000)};
	rules.rules.bonds = (struct gs_bond_rules){.challenger_bond = gs_wei_from_u64(between(w, 1, 1000000)),
	                                           .refund_per_move = gs_wei_from_u64(between(w, 0, 100000)),
	                                           .concede_bps = (uint16_t)between(w, 1, GS_BPS),
	                                           .burn_bps = (uint16_t)between(w, 0, GS_BPS)};
	rules.duties = (struct gs_sim_duty_rules){.demand_s = (uint32_t)between(w, 10, 60),
	                                          .audit_s = (uint32_t)between(w, 10, 60),
	                                          .report_s = (uint32_t)between(w, 10, 90),
	                                          .epoch_s = (uint32_t)between(w, 5, 40),
	                                          .audit_bps = (uint16_t)between(w, 0, GS_BPS),
	                                          .demand_base = gs_wei_from_u64(between(w, 0, 1000)),
	                                          .demand_per_chunk = gs_wei_from_u64(between(w, 0, 100)),
	                                          .attest_stake = gs_wei_from_u64(between(w, 1, 1500))};
	if (gs_rng_below(&w->rng, 8) == 0)
		rules.duties.audit_bps = 0;
	rules.unbonding_s = between(w, 1, 120);
	rules.claimant_budget_s = (uint32_t)between(w, 20, 200);
	rules.challenger_budget_s = (uint32_t)between(w, 20, 200);
	rules.minimum_time_s = (uint32_t)between(w, 5, 60);
	for (unsigned a = 0; a < GS_STRANGERS; a++) /* one is poor */
		rules.deposit[a] = gs_wei_from_u64(a == GS_STRANGERS - 1 ? between(w, 1, 3000000)
		                                                         : UINT64_C(1000000000) + a);
	return rules;
}

static enum gs_err set_up(struct gs_strange_world *w, struct gs_error *error)
{
	w->now_s = GS_SIM_GENESIS_S;
	enum gs_err err = gs_sim_draw_program(&w->rng, &w->program, error);
	for (unsigned i = 0; i < GS_STRANGE_INPUTS && err == GS_OK; i++)
		err = set_up_input(w, i);
	if (err == GS_OK)
		err = gs_sim_execute_wrongly(&w->honest[0], &w->rng, &w->lie);
	if (err != GS_OK)
		return err == GS_ENOMEM ? gs_fail(error, err, "simulation: no memory for a run") : err;
	gs_trace_output_root(&w->lie.trace, &w->program.header, &w->lie_root);
	const struct gs_sim_network_rules rules = draw_rules(w);
	return gs_sim_network_open(&rules, gs_rng_u64(&w->rng), &w->network);
}

/* ---- a run ---- */

static void tell(const struct gs_strange_world *w, const struct gs_sim_block *b)
{
	for (unsigned i = 0; w->options->log != NULL && i < b->txs; i++) {
		const struct gs_sim_tx *tx = w->network.tx[b->tx[i]];
		struct gs_sim_call *call = malloc(sizeof(*call));
		if (call != NULL && gs_sim_call_decode(&w->network.rules.contracts, &tx->to, tx->data, call) == GS_OK)
			fprintf(w->options->log, "%8llu  block %llu  account %u  %s  %s\n",
			        (unsigned long long)(b->head.time.unix_s - GS_SIM_GENESIS_S),
			        (unsigned long long)b->head.number, tx->sender,
			        call->kind == GS_SIM_CALL_MOVE ? gs_move_name(call->move.kind)
			                                       : gs_sim_call_name(call->kind),
			        tx->success ? "" : tx->why);
		free(call);
	}
}

static enum gs_err mine(struct gs_strange_world *w, uint64_t at_s, enum gs_sim_strange *wrong)
{
	enum gs_err err = gs_sim_network_mine(&w->network, at_s);
	if (err != GS_OK)
		return err;
	tell(w, gs_sim_network_newest(&w->network));
	if (*wrong == GS_SIM_STRANGE_NOTHING)
		*wrong = gs_strange_check(&w->network);
	return GS_OK;
}

/* The newest blocks are replaced by others at the same times. */
static enum gs_err reorganise(struct gs_strange_world *w, enum gs_sim_strange *wrong)
{
	struct gs_sim_network *n = &w->network;
	const uint64_t most = n->blocks - 2 < REORG_DEPTH_MAX ? n->blocks - 2 : REORG_DEPTH_MAX;
	uint64_t at_s[REORG_DEPTH_MAX], depth = most > 0 ? between(w, 1, most) : 0;
	for (uint64_t i = 0; i < depth; i++)
		at_s[i] = gs_sim_network_block(n, n->blocks - depth + i)->head.time.unix_s;
	if (depth == 0)
		return GS_OK;
	enum gs_err err = gs_sim_network_drop(n, depth, REORG_DELAY_S, at_s[0]);
	for (uint64_t i = 0; i < depth && err == GS_OK; i++)
		err = mine(w, at_s[i], wrong);
	return err;
}

static enum gs_err play(struct gs_strange_world *w, struct gs_sim_strangers_tally *tally, enum gs_sim_strange *wrong,
                        struct gs_error *error)
{
	enum gs_err err = GS_OK;
	for (unsigned b = 0; b < BLOCKS && err == GS_OK && *wrong == GS_SIM_STRANGE_NOTHING; b++) {
		uint64_t calls = gs_rng_below(&w->rng, CALLS_A_BLOCK_MAX + 1);
		w->now_s += between(w, 1, BLOCK_S_MAX);
		for (uint64_t i = 0; i < calls && err == GS_OK; i++)
			err = gs_strange_call(w);
		if (err == GS_OK && gs_rng_below(&w->rng, REORG_ONE_IN) == 0) {
			err = reorganise(w, wrong);
			tally->reorgs++;
		}
		if (err == GS_OK)
			err = mine(w, w->now_s, wrong);
	}
	if (err == GS_OK && *wrong == GS_SIM_STRANGE_NOTHING)
		err = gs_strange_check_told(&w->network, wrong, error);
	return err;
}

static enum gs_err count_calls(const struct gs_strange_world *w, struct gs_sim_strangers_tally *t)
{
	struct gs_sim_call *call = malloc(sizeof(*call));
	if (call == NULL)
		return GS_ENOMEM;
	for (unsigned i = 0; i < w->network.txs; i++) {
		const struct gs_sim_tx *tx = w->network.tx[i];
		if (!tx->mined || gs_sim_call_decode(&w->network.rules.contracts, &tx->to, tx->data, call) != GS_OK)
			continue;
		if (tx->success)
			t->done[call->kind]++;
		else
			t->refused[call->kind]++;
	}
	free(call);
	return GS_OK;
}

static void add_up(const struct gs_strange_world *w, uint64_t seed, enum gs_sim_strange wrong,
                   struct gs_sim_strangers_tally *t)
{
	t->runs++;
	t->blocks += w->network.blocks;
	for (unsigned i = 0; i < w->network.claims; i++) {
		t->claims++;
		t->final += w->network.claim[i].status == GS_SIM_CLAIM_FINAL;
		t->invalid += w->network.claim[i].status == GS_SIM_CLAIM_INVALID;
		t->released += w->network.claim[i].status == GS_SIM_CLAIM_VOID;
	}
	gs_sim_digest_add(&t->digest, &gs_sim_network_newest(&w->network)->head.hash);
	if (wrong == GS_SIM_STRANGE_NOTHING)
		return;
	t->violation[wrong]++;
	if (t->violations++ == 0) {
		t->first = wrong;
		t->first_seed = seed;
	}
}

enum gs_err gs_sim_strangers_run(uint64_t seed, const struct gs_sim_strangers_options *options,
                                 struct gs_sim_strangers_tally *tally, struct gs_error *error)
{
	struct gs_strange_world *w = calloc(1, sizeof(*w));
	enum gs_sim_strange wrong = GS_SIM_STRANGE_NOTHING;
	if (w == NULL)
		return gs_fail(error, GS_ENOMEM, "simulation: no memory for a run");
	w->options = options;
	gs_rng_seed(&w->rng, seed);
	enum gs_err err = set_up(w, error);
	if (err == GS_OK)
		err = play(w, tally, &wrong, error);
	if (err == GS_OK)
		err = count_calls(w, tally);
	if (err == GS_OK)
		add_up(w, seed, wrong, tally);
	if (err == GS_OK && options->dump != NULL)
		err = gs_sim_dump(&w->network, options->dump, error);
	if (err == GS_OK && options->program != NULL)
		err = gs_sim_dump_program(&w->program, options->program, error);
	if (w->network.block != NULL)
		gs_sim_network_close(&w->network);
	gs_sim_execution_free(&w->lie);
	for (unsigned i = 0; i < GS_STRANGE_INPUTS; i++) {
		gs_sim_execution_free(&w->honest[i]);
		gs_commitments_free(&w->common[i]);
		free(w->inputs[i]);
	}
	gs_program_free(&w->program);
	free(w);
	return err;
}
