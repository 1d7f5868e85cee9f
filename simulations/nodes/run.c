#include "simulations/nodes/run.h"

#include <stdarg.h>
#include <string.h>

#include "chain/eth/bindings.h"
#include "simulations/oracles/oracles.h"

enum {
	SPAN_BEGINS_S = 120, /* within so many seconds */
	NOBODYS_S = 120,     /* after its deadline nobody will end a game any more */
};

/* ---- draws ---- */

uint64_t gs_sim_run_between(struct gs_sim_run *r, uint64_t low, uint64_t high)
{
	return low + gs_rng_below(&r->rng, high - low + 1);
}

uint64_t gs_sim_run_pick(struct gs_sim_run *r, enum gs_sim_nodes_parameter p, uint64_t low, uint64_t high)
{
	const double stated = r->value[p];
	return stated == GS_SIM_DRAWN ? gs_sim_run_between(r, low, high) : (uint64_t)stated;
}

uint32_t gs_sim_run_share(struct gs_sim_run *r, enum gs_sim_nodes_parameter p, uint32_t whole, uint64_t low,
                          uint64_t high)
{
	const double stated = r->value[p];
	return stated == GS_SIM_DRAWN ? (uint32_t)gs_sim_run_between(r, low, high) : (uint32_t)(stated * whole + 0.5);
}

void gs_sim_run_span(struct gs_sim_run *r, enum gs_sim_nodes_parameter p, uint64_t low, uint64_t high,
                     struct gs_sim_span *out)
{
	out->from_s = GS_SIM_GENESIS_S + gs_sim_run_between(r, 0, SPAN_BEGINS_S);
	const uint64_t length = gs_sim_run_pick(r, p, low, high);
	out->to_s = out->from_s + length;
	r->trouble.allowed_s += length;
}

/* ---- the state of the run ---- */

void gs_sim_run_object(struct gs_sim_run *r, enum gs_sim_wrong wrong)
{
	if (r->wrong == GS_SIM_WRONG_NOTHING)
		r->wrong = wrong;
}

/* What the parameter of a fault says of it: it strikes, it does not, or the run's fault decides. */
static bool states(const struct gs_sim_run *r, enum gs_sim_nodes_parameter p, bool *strikes)
{
	if (p == 0 || r->value[p] == GS_SIM_DRAWN)
		return false;
	*strikes = r->value[p] > 0;
	return true;
}

bool gs_sim_run_has(const struct gs_sim_run *r, enum gs_sim_fault fault)
{
	const struct gs_sim_fault_kind *kind = gs_sim_fault_kind(fault);
	bool strikes = false, too = false;
	if (r->calm)
		return false;
	bool stated = states(r, kind->parameter, &strikes);
	stated = states(r, kind->other, &too) || stated;
	if (stated)
		return strikes || too;
	return r->fault == fault || (r->fault == GS_SIM_FAULT_ALL && fault != GS_SIM_FAULT_LYING);
}

bool gs_sim_run_within(const struct gs_sim_run *r, const struct gs_sim_span *span)
{
	return r->now_s >= span->from_s && r->now_s < span->to_s;
}

bool gs_sim_run_honest(const struct gs_sim_run *r, unsigned account)
{
	return r->kind[account]->honest;
}

void gs_sim_run_note(const struct gs_sim_run *r, const char *format, ...)
{
	va_list args;
	if (r->options->log == NULL)
		return;
	fprintf(r->options->log, "%8llu  ", (unsigned long long)(r->now_s - GS_SIM_GENESIS_S));
	va_start(args, format);
	vfprintf(r->options->log, format, args);
	va_end(args);
	fputc('\n', r->options->log);
}

/* Whether an open game can go on for ever: its clock has run out long ago, and nobody honest has anything at stake in it. */
static bool is_nobodys(const struct gs_sim_run *r, const struct gs_sim_chain *c, const struct gs_sim_game *g)
{
	return !gs_sim_run_honest(r, c->claimant) && !gs_sim_run_honest(r, g->challenger) &&
	       (c->pot.winner == 0 || !gs_sim_run_honest(r, c->game[c->pot.winner - 1].challenger)) &&
	       r->now_s > g->game.state.deadline + NOBODYS_S;
}

bool gs_sim_run_settled(struct gs_sim_run *r)
{
	for (unsigned a = 0; a < r->actors; a++)
		if (r->now_s <= r->more.start_s[a])
			return false;
	for (unsigned i = 0; i < r->claims; i++) {
		const struct gs_sim_chain *c = gs_sim_network_claim(&r->network, &r->claim[i].id);
		unsigned open = 0, nobodys = 0;
		if (c == NULL)
			return false;
		for (unsigned g = 0; g < c->games; g++) {
			open += c->game[g].game.outcome == GS_GAME_OPEN;
			nobodys += c->game[g].game.outcome == GS_GAME_OPEN && is_nobodys(r, c, &c->game[g]);
		}
		/* A liar's that nobody could pay to challenge need not be ended by anybody, either. */
		const bool left = r->value[GS_SIM_P_FUNDS] > 0 && !gs_sim_run_honest(r, c->claimant);
		if (nobodys < open || (c->status == GS_SIM_CLAIM_OPEN && open == 0 && !left))
			return false;
	}
	return gs_sim_errands_settled(r);
}

bool gs_sim_run_left_over(const struct gs_sim_run *r)
{
	unsigned left = 0;
	for (unsigned i = 0; i < r->network.claims; i++)
		left += r->network.claim[i].open_games + (r->network.claim[i].status == GS_SIM_CLAIM_OPEN);
	return left > 0;
}

uint64_t gs_sim_run_balance(const struct gs_sim_run *r, unsigned account)
{
	const struct gs_sim_account *a = &r->network.bank.account[account];
	return gs_sim_small(a->free) + gs_sim_small(a->locked) + gs_sim_small(a->unbonding) +
	       gs_sim_small(a->withdrawn);
}

uint64_t gs_sim_run_lost(struct gs_sim_run *r, unsigned account)
{
	uint64_t had = gs_sim_small(r->network.rules.deposit[account]), has = gs_sim_run_balance(r, account);
	for (unsigned i = 0; i < r->claims; i++) {
		const struct gs_sim_chain *c = gs_sim_network_claim(&r->network, &r->claim[i].id);
		if (c != NULL && c->claimant == account && c->status == GS_SIM_CLAIM_FINAL)
			has += gs_sim_small(c->claim_fee);
	}
	has += gs_sim_errands_spent(r, account);
	return had > has ? had - has : 0;
}

static bool is_posted_in(const struct gs_sim_run *r, const struct gs_sim_block *b, const struct gs_hash *claim)
{
	for (size_t i = 0; i < b->logs.count; i++) {
		const struct gs_log_entry *e = &b->logs.entry[i];
		if (gs_address_equal(&e->address, &r->network.rules.contracts.claims) &&
		    gs_hash_equal(&e->topics[0], &gs_claims_event_posted) && gs_hash_equal(&e->topics[1], claim))
			return true;
	}
	return false;
}

bool gs_sim_run_source(struct gs_sim_run *r, const struct gs_sim_planned *claim, struct gs_sample_source *out)
{
	*out = (struct gs_sample_source){.kind = GS_SAMPLE_OF_BATCH, .of = claim->body.batch};
	for (unsigned i = 0; i < r->errands.batches; i++)
		if (gs_hash_equal(&r->errands.batch[i].id, &claim->body.batch) &&
		    r->errands.batch[i].name.kind == GS_BATCH_CALLDATA)
			return gs_sim_network_batch(&r->network, &claim->body.batch) != NULL;
	for (uint64_t n = 0; n < r->network.blocks; n++) {
		const struct gs_sim_block *b = gs_sim_network_block(&r->network, n);
		if (!is_posted_in(r, b, &claim->id))
			continue;
		*out = (struct gs_sample_source){.kind = GS_SAMPLE_OF_BLOCK, .of = b->head.hash};
		return true;
	}
	return false;
}

bool gs_sim_run_drawn(const struct gs_sim_run *r, uint64_t draw, const struct gs_sim_planned *claim)
{
	const struct gs_wei value = gs_claim_lot_value(&claim->body.lot);
	return (double)gs_sim_small(value) >= r->value[GS_SIM_P_CERTAIN] ||
	       (unsigned __int128)draw * 1000000 < (unsigned __int128)(uint64_t)(r->value[GS_SIM_P_RATE] * 1e6 + 0.5)
	                                                   << 64;
}

bool gs_sim_run_sampled(struct gs_sim_run *r, const struct gs_sim_planned *claim)
{
	struct gs_sample_source source;
	struct gs_sample_lot lot;
	struct gs_wei bonds;
	if (!gs_sim_run_source(r, claim, &source))
		return false;
	for (unsigned a = 0; a < r->actors; a++) {
		const struct gs_node_options *o = &r->actor[a].options;
		if (!r->kind[a]->honest || r->kind[a]->claims || r->actor[a].means.funds > 0 ||
		    gs_sim_oracle_gave_up(&r->actor[a], &claim->id))
			continue;
		gs_sim_draw(&r->actor[a].lot, &source, &lot);
		if (gs_bond_of_game(&o->bonds, (uint16_t)r->actors, &bonds) == GS_OK &&
		    gs_sim_run_drawn(r, gs_sample_draw(&lot.output, &claim->id), claim) &&
		    gs_wei_cmp(r->network.rules.deposit[a], bonds) >= 0)
			return true;
	}
	return false;
}

const struct gs_sim_chain *gs_sim_run_claim_of(struct gs_sim_run *r, unsigned sender, const struct gs_sim_call *call)
{
	struct gs_hash id = call->claim;
	struct gs_claim_body body = call->body;
	if (call->kind == GS_SIM_CALL_POST)
		return NULL;
	if (call->kind != GS_SIM_CALL_MOVE || !call->by_claim) {
		if (call->kind == GS_SIM_CALL_MOVE)
			memcpy(body.claimant.b, call->word[1], sizeof(body.claimant.b));
		if (call->kind == GS_SIM_CALL_MOVE && gs_move_side(call->move.kind) == GS_SIDE_CLAIMANT)
			body.claimant = gs_sim_address(sender);
		gs_claim_id(r->network.rules.contracts.chain_id, &r->network.rules.contracts.claims, &body, &id);
	}
	return gs_sim_network_claim(&r->network, &id);
}

const struct gs_sim_game *gs_sim_run_game_of(struct gs_sim_run *r, unsigned sender, const struct gs_sim_call *call)
{
	const struct gs_sim_chain *claim = gs_sim_run_claim_of(r, sender, call);
	if (claim == NULL || call->kind != GS_SIM_CALL_MOVE)
		return NULL;
	unsigned game = (unsigned)gs_be32_read(call->word[1] + 20) >> 16; /* as network.c reads it */
	return game < claim->games ? &claim->game[game] : NULL;
}

/* ---- what happens ---- */

struct gs_bytes gs_sim_run_input(const struct gs_sim_run *r, const struct gs_sim_planned *c)
{
	if (c->withheld)
		return (struct gs_bytes){NULL, 0};
	return (struct gs_bytes){r->inputs[c->input], (size_t)r->program.header.inputs_chunks * GS_CHUNK_BYTES};
}

struct gs_bytes gs_sim_run_output(const struct gs_sim_run *r, const struct gs_sim_planned *c)
{
	const struct gs_header *h = &r->program.header;
	const struct gs_trace *trace = c->wrong ? &r->lie[c->account][0].execution.trace
	                                        : &r->honest[c->input].execution.trace;
	const uint64_t chunks = UINT64_C(1) << h->output_depth, there = trace->present - h->output_chunk;
	if (!r->errands.any || c->withheld)
		return (struct gs_bytes){NULL, 0};
	return (struct gs_bytes){trace->chunks + (size_t)h->output_chunk * GS_CHUNK_BYTES,
	                         (size_t)(chunks < there ? chunks : there) * GS_CHUNK_BYTES};
}

void gs_sim_run_tell(const struct gs_sim_run *r, const struct gs_sim_computation *c, struct gs_sim_computed *out)
{
	gs_trace_output_root(&c->execution.trace, &r->program.header, &out->output_root);
	gs_trace_root(&c->execution.trace, &out->trace_root);
	out->prover = &c->prover;
}

bool gs_sim_run_compute(void *run, unsigned actor, const struct gs_hash *claim, struct gs_sim_computed *out)
{
	struct gs_sim_run *r = run;
	const struct gs_sim_planned *c = NULL;
	for (unsigned i = 0; i < r->claims && c == NULL; i++)
		c = gs_hash_equal(&r->claim[i].id, claim) ? &r->claim[i] : NULL;
	for (unsigned i = 0; i < r->errands.leaves && c == NULL; i++)
		c = gs_hash_equal(&r->leaf[i].id, claim) ? &r->leaf[i] : NULL;
	return c != NULL && (c->account == actor || gs_sim_errands_known(r, c)) &&
	       r->kind[actor]->compute(r, actor, c, out);
}

void gs_sim_run_treat(void *run, unsigned actor, const struct gs_sim_wish *wish, struct gs_sim_treatment *treatment)
{
	struct gs_sim_run *r = run;
	r->kind[actor]->treat(r, actor, wish, treatment);
}

void gs_sim_run_say(void *run, unsigned actor, struct gs_bytes letter, struct gs_buf *instead)
{
	struct gs_sim_run *r = run;
	r->kind[actor]->say(r, actor, letter, instead);
}

bool gs_sim_run_admits(void *run, const struct gs_sim_tx *tx)
{
	struct gs_sim_run *r = run;
	if (tx->sender < r->actors &&
	    !gs_sim_means_cover(&r->actor[tx->sender].means, &r->network, tx->sender, tx->data.len))
		return false;
	for (unsigned f = 0; f < GS_SIM_FAULTS; f++) {
		const struct gs_sim_fault_kind *fault = gs_sim_fault_kind((enum gs_sim_fault)f);
		if (fault->admits != NULL && gs_sim_run_has(r, (enum gs_sim_fault)f) && !fault->admits(r, tx))
			return false;
	}
	return true;
}

enum gs_err gs_sim_run_reorg(struct gs_sim_run *r, uint64_t depth, uint64_t back_s)
{
	struct gs_sim_network *n = &r->network;
	const uint64_t from_s = gs_sim_network_block(n, n->blocks - depth)->head.time.unix_s;
	enum gs_err err = gs_sim_network_drop(n, depth, back_s, from_s);
	gs_sim_run_note(r, "reorg of %llu blocks", (unsigned long long)depth);
	for (uint64_t i = 0; i < depth && err == GS_OK; i++)
		err = gs_sim_run_mine(r, from_s + i * n->rules.block_s);
	r->tally->reorgs++;
	r->more.reorg_s = r->now_s;
	return err;
}
