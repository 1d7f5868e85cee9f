#include <stdlib.h>
#include <string.h>

#include "simulations/nodes/run.h"
#include "simulations/oracles/oracles.h"

enum { AGAIN_S = 16 /* after which whoever sent something looks for it */ };

/* ---- what a transaction says ---- */

static void write_leaf(const struct gs_sim_run *r, const struct gs_sim_errand *e, struct gs_sim_call *call)
{
	const struct gs_sim_planned_batch *b = &r->errands.batch[e->about];
	const struct gs_bytes leaves = {b->leaves, (size_t)b->name.count * GS_BATCH_LEAF_BYTES};
	struct gs_hash root;
	unsigned levels = 0;
	const struct gs_sim_planned *leaf = &r->leaf[b->first + e->leaf];
	call->kind = e->kind == GS_SIM_ERRAND_POST_LEAF ? GS_SIM_CALL_POST_LEAF : GS_SIM_CALL_OPEN_LEAF;
	call->body = leaf->body;
	call->batch = b->name;
	if (e->kind == GS_SIM_ERRAND_POST_LEAF) {
		call->input = gs_sim_run_input(r, leaf);
		call->output = gs_sim_run_output(r, leaf);
	}
	if (gs_batch_tree(&b->model, leaves, e->leaf, &root, call->path, &levels) == GS_OK)
		call->levels = levels;
}

static void write_batch(const struct gs_sim_run *r, const struct gs_sim_errand *e, struct gs_sim_call *call)
{
	const struct gs_sim_planned_batch *b = &r->errands.batch[e->about];
	call->kind = b->name.kind == GS_BATCH_CALLDATA ? GS_SIM_CALL_POST_LEAVES : GS_SIM_CALL_POST_ROOT;
	call->batch = b->name;
	call->body.model_id = b->model;
	call->leaves = (struct gs_bytes){b->leaves, (size_t)b->name.count * GS_BATCH_LEAF_BYTES};
}

/* Of somebody else's attestation; false: there is none yet. */
static bool write_copy(const struct gs_sim_chain *c, const struct gs_sim_errand *e, struct gs_sim_call *call)
{
	for (unsigned a = 0; c != NULL && a < c->bank->accounts; a++)
		if (a != e->account && !gs_u256_is_zero(&c->attestation[a].stake.v)) {
			call->kind = GS_SIM_CALL_ATTEST;
			call->claim = c->claim;
			call->commitment = c->attestation[a].commitment;
			call->amount = c->attestation[a].stake;
			return true;
		}
	return false;
}

static enum gs_err send(struct gs_sim_run *r, unsigned account, const struct gs_sim_call *call)
{
	struct gs_buf data, raw;
	struct gs_address to;
	struct gs_hash hash;
	gs_buf_init(&data, GS_SIM_TX_BYTES_MAX);
	gs_buf_init(&raw, GS_SIM_TX_BYTES_MAX);
	gs_sim_call_encode(&r->network.rules.contracts, call, &data, &to);
	gs_sim_tx_build(account, gs_sim_network_pending_nonce(&r->network, account), &to, gs_buf_view(&data), &raw,
	                &hash);
	enum gs_err err = data.err != GS_OK ? data.err : raw.err;
	if (err == GS_OK)
		err = gs_sim_network_send(&r->network, gs_buf_view(&raw), r->now_s);
	gs_buf_free(&data);
	gs_buf_free(&raw);
	return err == GS_ECONFLICT ? GS_OK : err; /* it is looked for again */
}

/* ---- what is to be done ---- */

enum verdict { NOT_YET, NOW, OVER /* as the chain is now */ };

static enum verdict look_at_demand(const struct gs_sim_run *r, const struct gs_sim_errand *e,
                                   const struct gs_sim_chain *c)
{
	if (c == NULL)
		return NOT_YET;
	if (c->status != GS_SIM_CLAIM_OPEN || c->given[e->demand_kind] > 0 || r->now_s > c->window_end)
		return OVER;
	return c->demand.pending ? NOT_YET : NOW; /* one at a time */
}

static enum verdict look_at_copy(const struct gs_sim_run *r, const struct gs_sim_errand *e,
                                 const struct gs_sim_chain *c)
{
	if (c == NULL)
		return NOT_YET;
	const bool has = !gs_u256_is_zero(&c->attestation[e->account].stake.v);
	if (e->kind == GS_SIM_ERRAND_COPY)
		return has || c->status != GS_SIM_CLAIM_OPEN || r->now_s > c->window_end ? OVER : NOW;
	if (c->status == GS_SIM_CLAIM_OPEN)
		return NOT_YET;
	return has && c->status == GS_SIM_CLAIM_FINAL && c->audited ? NOW : OVER;
}

static enum verdict look_at_leaf(struct gs_sim_run *r, const struct gs_sim_errand *e)
{
	const struct gs_sim_planned_batch *b = &r->errands.batch[e->about];
	const struct gs_sim_batch *on_chain = gs_sim_network_batch(&r->network, &b->id);
	if (on_chain == NULL)
		return NOT_YET;
	if (e->kind == GS_SIM_ERRAND_POST_LEAF)
		return gs_sim_network_claim(&r->network, &r->leaf[b->first + e->leaf].id) == NULL ? NOW : OVER;
	if (on_chain->status != GS_SIM_BATCH_OPEN || r->now_s > on_chain->window_end ||
	    gs_sim_network_claim(&r->network, &r->leaf[b->first + e->leaf].id) != NULL)
		return OVER;
	return NOW;
}

static enum verdict look_at_money(const struct gs_sim_run *r, const struct gs_sim_errand *e)
{
	const struct gs_sim_account *a = &r->network.bank.account[e->account];
	if (!gs_u256_is_zero(&a->withdrawn.v))
		return OVER;
	if (e->kind == GS_SIM_ERRAND_REQUEST_WITHDRAW)
		return gs_u256_is_zero(&a->unbonding.v) && gs_wei_cmp(a->free, e->amount) >= 0 ? NOW : NOT_YET;
	return gs_u256_is_zero(&a->unbonding.v) || r->now_s < a->ready_at ? NOT_YET : NOW;
}

static enum verdict look(struct gs_sim_run *r, const struct gs_sim_errand *e, const struct gs_sim_chain *c)
{
	switch (e->kind) {
	case GS_SIM_ERRAND_DEMAND: return look_at_demand(r, e, c);
	case GS_SIM_ERRAND_POST_BATCH: /* looked for to the end: a reorganisation may take it away */
		return gs_sim_network_batch(&r->network, &r->errands.batch[e->about].id) != NULL ? NOT_YET : NOW;
	case GS_SIM_ERRAND_POST_LEAF:
	case GS_SIM_ERRAND_OPEN_LEAF: return look_at_leaf(r, e);
	case GS_SIM_ERRAND_COPY:
	case GS_SIM_ERRAND_REPORT: return look_at_copy(r, e, c);
	case GS_SIM_ERRAND_REQUEST_WITHDRAW:
	case GS_SIM_ERRAND_WITHDRAW: return look_at_money(r, e);
	}
	return OVER;
}

/* false: it cannot be said yet. */
static bool write(struct gs_sim_run *r, const struct gs_sim_errand *e, const struct gs_sim_chain *c,
                  struct gs_sim_call *call)
{
	memset(call, 0, sizeof(*call));
	if (c != NULL)
		call->body = c->game_rules.body;
	switch (e->kind) {
	case GS_SIM_ERRAND_DEMAND:
		call->kind = GS_SIM_CALL_DEMAND;
		call->demand_kind = e->demand_kind;
		return true;
	case GS_SIM_ERRAND_POST_BATCH: write_batch(r, e, call); return true;
	case GS_SIM_ERRAND_POST_LEAF:
	case GS_SIM_ERRAND_OPEN_LEAF: write_leaf(r, e, call); return true;
	case GS_SIM_ERRAND_COPY: return write_copy(c, e, call);
	case GS_SIM_ERRAND_REPORT:
		call->kind = GS_SIM_CALL_REPORT;
		gs_trace_root(&r->honest[r->claim[e->about].input].execution.trace, &call->root);
		return true;
	case GS_SIM_ERRAND_REQUEST_WITHDRAW:
		call->kind = GS_SIM_CALL_REQUEST_WITHDRAW;
		call->amount = e->amount;
		return true;
	case GS_SIM_ERRAND_WITHDRAW: call->kind = GS_SIM_CALL_WITHDRAW; return true;
	}
	return false;
}

enum gs_err gs_sim_errands_do(struct gs_sim_run *r)
{
	struct gs_sim_call *call = NULL;
	enum gs_err err = GS_OK;
	for (unsigned i = 0; i < r->errands.errands && err == GS_OK; i++) {
		struct gs_sim_errand *e = &r->errands.errand[i];
		if (e->over || r->now_s < e->at_s)
			continue;
		const bool of_claim = e->kind == GS_SIM_ERRAND_DEMAND || e->kind == GS_SIM_ERRAND_COPY ||
		                      e->kind == GS_SIM_ERRAND_REPORT;
		const struct gs_sim_chain *c = of_claim ? gs_sim_network_claim(&r->network, &r->claim[e->about].id)
		                                        : NULL;
		const enum verdict verdict = look(r, e, c);
		if (verdict != NOW) /* a reorganisation may make it due again */
			continue;
		if (call == NULL && (call = malloc(sizeof(*call))) == NULL)
			return GS_ENOMEM;
		if (!write(r, e, c, call))
			continue;
		err = send(r, e->account, call);
		e->at_s = r->now_s + AGAIN_S;
		e->over = e->kind == GS_SIM_ERRAND_REPORT; /* it is refused: once is enough */
	}
	free(call);
	return err;
}

/* ---- what oracles ask ---- */

/* Whether all of its leaves are on chain; those of the honest, and those that must not become final, are decided. */
static bool root_settled(struct gs_sim_run *r, const struct gs_sim_planned_batch *b)
{
	for (unsigned i = 0; i < b->name.count; i++) {
		const struct gs_sim_planned *leaf = &r->leaf[b->first + i];
		const struct gs_sim_chain *c = gs_sim_network_claim(&r->network, &leaf->id);
		if (c == NULL || (c->status == GS_SIM_CLAIM_OPEN &&
		                  (r->kind[b->account]->honest || (leaf->wrong && gs_sim_run_sampled(r, leaf)))))
			return false;
	}
	return true;
}

bool gs_sim_errands_settled(struct gs_sim_run *r)
{
	if (!r->errands.any)
		return true;
	for (unsigned i = 0; i < r->errands.batches; i++) {
		const struct gs_sim_planned_batch *b = &r->errands.batch[i];
		const struct gs_sim_batch *on_chain = gs_sim_network_batch(&r->network, &b->id);
		const struct gs_sim_planned *first = &r->leaf[b->first]; /* if one is wrong, this one is */
		if (b->name.kind == GS_BATCH_ROOT_ONLY && !root_settled(r, b))
			return false;
		if (b->name.kind == GS_BATCH_ROOT_ONLY)
			continue;
		if (on_chain == NULL ||
		    (on_chain->status == GS_SIM_BATCH_OPEN &&
		     (r->kind[b->account]->honest || (first->wrong && gs_sim_run_sampled(r, first)))))
			return false;
	}
	for (unsigned i = 0; i < r->errands.leaves; i++) {
		const struct gs_sim_chain *c = gs_sim_network_claim(&r->network, &r->leaf[i].id);
		if (c != NULL && gs_sim_run_honest(r, c->claimant) &&
		    (c->open_games > 0 || c->status == GS_SIM_CLAIM_OPEN))
			return false;
	}
	for (unsigned i = 0; i < r->errands.errands; i++) /* withdrawals */
		if (r->errands.errand[i].kind == GS_SIM_ERRAND_WITHDRAW &&
		    gs_u256_is_zero(&r->network.bank.account[r->errands.errand[i].account].withdrawn.v) &&
		    gs_sim_run_honest(r, r->errands.errand[i].account))
			return false;
	for (unsigned a = 0; a < r->actors; a++)
		if (gs_sim_run_honest(r, a) && !gs_u256_is_zero(&r->network.bank.account[a].locked.v))
			return false;
	return true;
}

uint64_t gs_sim_errands_spent(struct gs_sim_run *r, unsigned account)
{
	uint64_t spent = 0;
	for (unsigned i = 0; i < r->network.claims; i++)
		spent += gs_sim_small(r->network.claim[i].paid[account]);
	for (unsigned i = 0; i < r->network.batches; i++)
		if (r->network.batch[i].claimant == account && r->network.batch[i].status == GS_SIM_BATCH_FINAL)
			spent += gs_sim_small(r->network.batch[i].fee);
	for (unsigned i = 0; i < r->errands.leaves; i++) { /* with a bond of their own */
		const struct gs_sim_chain *c = gs_sim_network_claim(&r->network, &r->leaf[i].id);
		if (c != NULL && c->batch == NULL && c->claimant == account && c->status == GS_SIM_CLAIM_FINAL)
			spent += gs_sim_small(c->claim_fee);
	}
	return spent;
}

bool gs_sim_errands_wrong_final(struct gs_sim_run *r)
{
	for (unsigned i = 0; i < r->errands.leaves; i++) {
		const struct gs_sim_planned *leaf = &r->leaf[i];
		const struct gs_sim_chain *c = gs_sim_network_claim(&r->network, &leaf->id);
		const struct gs_sim_batch *b = gs_sim_network_batch(&r->network, &leaf->body.batch);
		if (leaf->wrong && gs_sim_run_sampled(r, leaf) &&
		    ((c != NULL && c->status == GS_SIM_CLAIM_FINAL) ||
		     (c == NULL && b != NULL && b->status == GS_SIM_BATCH_FINAL)))
			return true;
	}
	return false;
}

bool gs_sim_errands_right_lost(struct gs_sim_run *r)
{
	for (unsigned i = 0; i < r->network.batches; i++)
		if (gs_sim_run_honest(r, r->network.batch[i].claimant) &&
		    r->network.batch[i].status == GS_SIM_BATCH_LOST)
			return true;
	for (unsigned i = 0; i < r->errands.leaves; i++) {
		const struct gs_sim_chain *c = gs_sim_network_claim(&r->network, &r->leaf[i].id);
		if (c != NULL && c->batch == NULL && gs_sim_run_honest(r, c->claimant) &&
		    c->status == GS_SIM_CLAIM_INVALID)
			return true;
	}
	return false;
}

bool gs_sim_errands_known(struct gs_sim_run *r, const struct gs_sim_planned *claim)
{
	const struct gs_sim_chain *c = gs_sim_network_claim(&r->network, &claim->id);
	const uint64_t chunks = r->program.header.inputs_chunks;
	return !claim->withheld || (c != NULL && (uint64_t)c->given[GS_DEMAND_INPUT] * 32 >= chunks);
}
