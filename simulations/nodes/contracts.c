#include "simulations/nodes/contracts.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "simulations/chain/stakes.h"

/* What a call is given: who calls, with what, when. */
struct calling {
	struct gs_sim_network *n;
	unsigned sender;
	struct gs_sim_call *call;
	uint64_t now_s;
	struct gs_error *error;
};

static void listen(void *self, const struct gs_sim_chain *claim, const struct gs_sim_report *report)
{
	struct gs_sim_network *n = self;
	if (n->logs != NULL)
		gs_sim_log_report(n->logs, &n->rules.contracts, claim, report);
}

void gs_sim_contracts_reset(struct gs_sim_network *n)
{
	n->claims = 0;
	n->batches = 0;
	n->duties.rules = n->rules.duties;
	n->duties.beacons = 0;
	n->duties.promised = (struct gs_wei){.v = {{0}}};
	n->bank = (struct gs_sim_bank){.listener = listen, .listener_self = n};
	for (unsigned a = 0; a < n->rules.accounts; a++)
		(void)gs_sim_account_new(&n->bank, n->rules.deposit[a]);
}

struct gs_sim_chain *gs_sim_network_claim(struct gs_sim_network *n, const struct gs_hash *id)
{
	for (unsigned i = 0; i < n->claims; i++)
		if (gs_hash_equal(&n->claim[i].claim, id))
			return &n->claim[i];
	return NULL;
}

struct gs_sim_batch *gs_sim_network_batch(struct gs_sim_network *n, const struct gs_hash *id)
{
	for (unsigned i = 0; i < n->batches; i++)
		if (gs_hash_equal(&n->batch[i].id, id))
			return &n->batch[i];
	return NULL;
}

/* ---- claims ---- */

static unsigned account_of(const struct gs_sim_network *n, const struct gs_address *address)
{
	unsigned a = 0;
	while (a < n->bank.accounts) {
		const struct gs_address other = gs_sim_address(a);
		if (gs_address_equal(&other, address))
			break;
		a++;
	}
	return a;
}

static bool is_model(const struct gs_sim_network *n, const struct gs_hash *id)
{
	return gs_hash_equal(&n->model, id);
}

/* Room for a claim that says this. "ClaimExists" */
static enum gs_err new_claim(const struct calling *c, const struct gs_claim_body *body, struct gs_sim_chain **out)
{
	struct gs_sim_network *n = c->n;
	struct gs_hash id;
	gs_claim_id(n->rules.contracts.chain_id, &n->rules.contracts.claims, body, &id);
	if (gs_sim_network_claim(n, &id) != NULL)
		return gs_fail(c->error, GS_EINVAL, "ClaimExists");
	if (n->claims == GS_SIM_CLAIMS_ROOM)
		return gs_fail(c->error, GS_EINVAL, "TooManyClaims");
	struct gs_sim_chain *claim = &n->claim[n->claims];
	*claim = (struct gs_sim_chain){.rules = n->rules.rules,
	                               .game_rules = {.header = n->rules.header,
	                                              .body = *body,
	                                              .claimant_budget_s = n->rules.claimant_budget_s,
	                                              .challenger_budget_s = n->rules.challenger_budget_s,
	                                              .minimum_time_s = n->rules.minimum_time_s},
	                               .now = c->now_s,
	                               .bank = &n->bank,
	                               .duties = &n->duties,
	                               .claim = id};
	*out = claim;
	return GS_OK;
}

static enum gs_err post(const struct calling *c, const struct gs_claim_body *body)
{
	struct gs_sim_chain *claim = NULL;
	if (!is_model(c->n, &body->model_id))
		return gs_fail(c->error, GS_EINVAL, "ModelInactive");
	enum gs_err err = new_claim(c, body, &claim);
	if (err == GS_OK)
		err = gs_sim_post(claim, c->sender, gs_claim_lot_value(&body->lot), c->error);
	if (err != GS_OK)
		return err;
	c->n->claims++;
	if (c->n->logs != NULL)
		gs_sim_log_posted(c->n->logs, &c->n->rules.contracts, claim, c->call->input, c->call->output);
	return GS_OK;
}

static enum gs_err post_alone(const struct calling *c)
{
	struct gs_claim_body body = c->call->body;
	body.claimant = gs_sim_address(c->sender);
	return post(c, &body);
}

static enum gs_err claim_of(const struct calling *c, struct gs_sim_chain **out)
{
	struct gs_sim_network *n = c->n;
	struct gs_hash id = c->call->claim;
	if (c->call->kind != GS_SIM_CALL_ATTEST)
		gs_claim_id(n->rules.contracts.chain_id, &n->rules.contracts.claims, &c->call->body, &id);
	*out = gs_sim_network_claim(n, &id);
	if (*out == NULL)
		return gs_fail(c->error, GS_EINVAL, "UnknownClaim");
	(*out)->now = c->now_s;
	return GS_OK;
}

/* ---- moves ---- */

/* The words of the state that the call gives must be the game's; the mover's address is the sender's. */
static bool state_fits(const struct gs_sim_call *call, const struct gs_game_state *state, unsigned sender)
{
	uint8_t words[GS_GAME_STATE_WORDS * 32];
	struct gs_address self = gs_sim_address(sender);
	unsigned mover = gs_move_side(call->move.kind);
	gs_game_state_encode(state, words);
	for (unsigned i = 0; i < GS_GAME_STATE_WORDS; i++) {
		uint8_t given[32];
		if (!(call->given >> i & 1))
			continue;
		memcpy(given, call->word[i], sizeof(given));
		if ((i == 1 && mover == GS_SIDE_CLAIMANT) || (i == 2 && mover == GS_SIDE_CHALLENGER))
			memcpy(given, self.b, sizeof(self.b));
		if (memcmp(given, words + (size_t)i * sizeof(given), sizeof(given)) != 0)
			return false;
	}
	return true;
}

static enum gs_err move(const struct calling *c)
{
	struct gs_sim_call *call = c->call;
	struct gs_sim_chain *claim = gs_sim_network_claim(c->n, &call->claim);
	struct gs_game_effects effects;
	unsigned game = (unsigned)gs_be32_read(call->word[1] + 20) >> 16; /* a: claimant 160 | ordinal 16 | ... */
	if (!call->by_claim) { /* the claimant is the state's, or the sender */
		memcpy(call->body.claimant.b, call->word[1], sizeof(call->body.claimant.b));
		if (gs_move_side(call->move.kind) == GS_SIDE_CLAIMANT)
			call->body.claimant = gs_sim_address(c->sender);
		if (claim_of(c, &claim) != GS_OK)
			return gs_fail(c->error, GS_EINVAL, "StaleState");
	}
	if (claim == NULL || game >= claim->games || claim->game[game].game.outcome != GS_GAME_OPEN ||
	    !state_fits(call, &claim->game[game].game.state, c->sender))
		return gs_fail(c->error, GS_EINVAL, "StaleState");
	claim->now = c->now_s;
	return gs_sim_move(claim, game, c->sender, &call->move, &effects, c->error);
}

static enum gs_err agree(const struct calling *c)
{
	const struct gs_sim_call *call = c->call;
	const struct gs_agreed_terms terms = {.chain_id = c->n->rules.contracts.chain_id,
	                                      .disputes = c->n->rules.contracts.disputes};
	struct gs_sim_chain *claim = gs_sim_network_claim(c->n, &call->claim);
	const unsigned game = (unsigned)gs_be32_read(call->word[1] + 20) >> 16;
	uint8_t words[GS_GAME_STATE_WORDS * 32];
	if (claim == NULL || game >= claim->games || claim->game[game].game.outcome != GS_GAME_OPEN)
		return gs_fail(c->error, GS_EINVAL, "StaleState");
	gs_game_state_encode(&claim->game[game].game.state, words);
	if (memcmp(words, call->word, sizeof(words)) != 0)
		return gs_fail(c->error, GS_EINVAL, "StaleState");
	claim->now = c->now_s;
	return gs_sim_agree_signed(claim, game, &terms, &call->agreed, c->error);
}

/* ---- batches ---- */

static enum gs_err new_batch(const struct calling *c, const struct gs_batch_name *name, struct gs_sim_batch **out)
{
	struct gs_sim_network *n = c->n;
	struct gs_hash id;
	gs_batch_id(n->rules.contracts.chain_id, &n->rules.contracts.batches, name, &id);
	if (gs_sim_network_batch(n, &id) != NULL)
		return gs_fail(c->error, GS_EINVAL, "BatchExists");
	if (n->batches == GS_SIM_BATCHES_MAX)
		return gs_fail(c->error, GS_EINVAL, "TooManyBatches");
	*out = &n->batch[n->batches];
	**out = (struct gs_sim_batch){.id = id,
	                              .name = *name,
	                              .claimant = c->sender,
	                              .terms = n->rules.rules.terms,
	                              .window_end = c->now_s,
	                              .status = GS_SIM_BATCH_OPEN};
	return GS_OK;
}

static enum gs_err post_root(const struct calling *c)
{
	const struct gs_sim_call *call = c->call;
	struct gs_sim_batch *batch = NULL;
	const struct gs_batch_name name = {.claimant = gs_sim_address(c->sender),
	                                   .salt = call->batch.salt,
	                                   .root = call->batch.root,
	                                   .count = call->batch.count,
	                                   .kind = GS_BATCH_ROOT_ONLY};
	if (name.count == 0)
		return gs_fail(c->error, GS_EINVAL, "InvalidParameter");
	enum gs_err err = new_batch(c, &name, &batch);
	if (err != GS_OK)
		return err;
	c->n->batches++;
	if (c->n->logs != NULL)
		gs_sim_log_root_posted(c->n->logs, &c->n->rules.contracts, batch, &call->batch.model);
	return GS_OK;
}

static enum gs_err sum_of(struct gs_bytes leaves, struct gs_wei *out)
{
	enum gs_err err = GS_OK;
	*out = (struct gs_wei){.v = {{0}}};
	for (size_t at = 0; at < leaves.len && err == GS_OK; at += GS_BATCH_LEAF_BYTES) {
		const struct gs_batch_leaf leaf = gs_batch_leaf_read(leaves.ptr + at);
		err = gs_wei_add(*out, leaf.value, out);
	}
	return err != GS_OK || out->v.limb[2] != 0 || out->v.limb[3] != 0 ? GS_EINVAL : GS_OK; /* 128 bits */
}

static enum gs_err post_leaves(const struct calling *c)
{
	const struct gs_sim_call *call = c->call;
	struct gs_sim_batch *batch = NULL;
	struct gs_batch_name name = {.claimant = gs_sim_address(c->sender),
	                             .salt = call->batch.salt,
	                             .count = (uint32_t)(call->leaves.len / GS_BATCH_LEAF_BYTES),
	                             .kind = GS_BATCH_CALLDATA,
	                             .model = call->body.model_id};
	struct gs_wei value, both;
	if (name.count == 0 || call->leaves.len % GS_BATCH_LEAF_BYTES != 0)
		return gs_fail(c->error, GS_EINVAL, "InvalidParameter");
	if (name.count > GS_BATCH_LEAVES_MAX)
		return gs_fail(c->error, GS_EINVAL, "TooManyLeaves");
	if (!is_model(c->n, &name.model))
		return gs_fail(c->error, GS_EINVAL, "ModelInactive");
	enum gs_err err = gs_batch_tree(&name.model, call->leaves, 0, &name.root, NULL, NULL);
	if (err != GS_OK)
		return err;
	if (sum_of(call->leaves, &value) != GS_OK)
		return gs_fail(c->error, GS_EINVAL, "InvalidParameter");
	err = new_batch(c, &name, &batch);
	if (err != GS_OK || batch == NULL)
		return err;
	batch->window_end = c->now_s + batch->terms.window_s;
	err = gs_sim_batch_sums(&batch->terms, name.count, value, &batch->bond, &batch->fee);
	if (err == GS_OK)
		err = gs_wei_add(batch->bond, batch->fee, &both);
	if (err == GS_OK)
		err = gs_sim_lock(&c->n->bank, c->sender, both, c->error);
	if (err != GS_OK)
		return err;
	c->n->batches++;
	if (c->n->logs != NULL)
		gs_sim_log_batch_posted(c->n->logs, &c->n->rules.contracts, batch, call->leaves);
	return GS_OK;
}

/* The batch that the body is a leaf of. "WrongPath", "UnknownBatch" */
static enum gs_err leaf_of(const struct calling *c, uint8_t kind, struct gs_sim_batch **out)
{
	const struct gs_sim_call *call = c->call;
	struct gs_batch_name name;
	struct gs_hash id;
	enum gs_err err = gs_sim_batch_leaf(&call->body, call->batch.salt, call->batch.count, kind, call->path,
	                                    call->levels, &name, c->error);
	if (err != GS_OK)
		return err;
	gs_batch_id(c->n->rules.contracts.chain_id, &c->n->rules.contracts.batches, &name, &id);
	if (!gs_hash_equal(&id, &call->body.batch))
		return gs_fail(c->error, GS_EINVAL, "WrongPath");
	*out = gs_sim_network_batch(c->n, &id);
	return *out != NULL ? GS_OK : gs_fail(c->error, GS_EINVAL, "UnknownBatch");
}

static enum gs_err open_leaf(const struct calling *c)
{
	struct gs_sim_network *n = c->n;
	struct gs_sim_batch *batch = NULL;
	struct gs_sim_chain *claim = NULL;
	enum gs_err err = leaf_of(c, GS_BATCH_CALLDATA, &batch);
	if (err != GS_OK || batch == NULL)
		return err;
	if (batch->status != GS_SIM_BATCH_OPEN)
		return gs_fail(c->error, GS_EINVAL, "BatchNotOpen");
	if (c->now_s > batch->window_end)
		return gs_fail(c->error, GS_EINVAL, "WindowOver");
	err = new_claim(c, &c->call->body, &claim);
	if (err != GS_OK || claim == NULL)
		return err;
	claim->claimant = batch->claimant;
	claim->status = GS_SIM_CLAIM_OPEN;
	claim->window_end = batch->window_end;
	claim->batch = batch;
	batch->open_leaves++;
	n->claims++;
	if (n->logs != NULL)
		gs_sim_log_posted(n->logs, &n->rules.contracts, claim, (struct gs_bytes){NULL, 0},
		                  (struct gs_bytes){NULL, 0});
	return GS_OK;
}

static enum gs_err post_leaf(const struct calling *c)
{
	const struct gs_address self = gs_sim_address(c->sender);
	struct gs_sim_batch *batch = NULL;
	if (!gs_address_equal(&c->call->body.claimant, &self))
		return gs_fail(c->error, GS_EINVAL, "NotClaimant");
	enum gs_err err = leaf_of(c, GS_BATCH_ROOT_ONLY, &batch);
	return err == GS_OK ? post(c, &c->call->body) : err;
}

static enum gs_err end_batch(const struct calling *c)
{
	struct gs_hash id;
	gs_batch_id(c->n->rules.contracts.chain_id, &c->n->rules.contracts.batches, &c->call->batch, &id);
	struct gs_sim_batch *batch = gs_sim_network_batch(c->n, &id);
	if (batch == NULL)
		return gs_fail(c->error, GS_EINVAL, "UnknownBatch");
	if (c->call->kind == GS_SIM_CALL_FINALIZE_BATCH)
		return gs_sim_batch_finalize(batch, &c->n->bank, c->now_s, c->error);
	return gs_fail(c->error, GS_EINVAL, "NotReleasable"); /* no model is void here, and nothing retires */
}

/* ---- every call ---- */

/* Of a claim that is there. */
static enum gs_err call_claim(const struct calling *c, struct gs_sim_chain *claim)
{
	const struct gs_sim_call *call = c->call;
	switch (call->kind) {
	case GS_SIM_CALL_FINALIZE: return gs_sim_finalize(claim, call->epoch, c->error);
	case GS_SIM_CALL_RELEASE: return gs_sim_release(claim, false, c->error);
	case GS_SIM_CALL_CHALLENGE: return gs_sim_challenge(claim, c->sender, c->error);
	case GS_SIM_CALL_DEMAND: return gs_sim_duty_demand(claim, c->sender, call->demand_kind, c->error);
	case GS_SIM_CALL_ANSWER: return gs_sim_duty_answer(claim, call->chunks, call->path, call->levels, c->error);
	case GS_SIM_CALL_UNANSWERED: return gs_sim_duty_unanswered(claim, c->error);
	case GS_SIM_CALL_DROP_DEMAND: return gs_sim_duty_drop_demand(claim, c->error);
	case GS_SIM_CALL_DRAW: return gs_sim_duty_draw(claim, call->epoch, c->error);
	case GS_SIM_CALL_PUBLISH:
		return gs_sim_duty_publish(claim, c->sender, &call->root, call->path, call->levels, c->error);
	case GS_SIM_CALL_UNPUBLISHED: return gs_sim_duty_unpublished(claim, c->sender, c->error);
	case GS_SIM_CALL_ATTEST: return gs_sim_duty_attest(claim, c->sender, &call->commitment, call->amount, c->error);
	case GS_SIM_CALL_REPORT: return gs_sim_duty_report(claim, c->sender, &call->root, c->error);
	case GS_SIM_CALL_COLLECT: return gs_sim_duty_collect(claim, account_of(c->n, &call->validator), c->error);
	case GS_SIM_CALL_POST:
	case GS_SIM_CALL_MOVE:
	case GS_SIM_CALL_AGREE:
	case GS_SIM_CALL_REQUEST_WITHDRAW:
	case GS_SIM_CALL_WITHDRAW:
	case GS_SIM_CALL_RECORD:
	case GS_SIM_CALL_POST_ROOT:
	case GS_SIM_CALL_POST_LEAVES:
	case GS_SIM_CALL_OPEN_LEAF:
	case GS_SIM_CALL_POST_LEAF:
	case GS_SIM_CALL_FINALIZE_BATCH:
	case GS_SIM_CALL_RELEASE_BATCH: GS_ASSERT(!"these name no claim that is there");
	}
	return GS_EINVAL;
}

static enum gs_err run_call(const struct calling *c)
{
	struct gs_sim_network *n = c->n;
	struct gs_sim_chain *claim = NULL;
	enum gs_err err;
	switch (c->call->kind) {
	case GS_SIM_CALL_POST: return post_alone(c);
	case GS_SIM_CALL_MOVE: return move(c);
	case GS_SIM_CALL_AGREE: return agree(c);
	case GS_SIM_CALL_REQUEST_WITHDRAW:
		return gs_sim_request_withdraw(&n->bank, c->sender, c->call->amount, c->now_s, n->rules.unbonding_s,
		                               c->error);
	case GS_SIM_CALL_WITHDRAW: return gs_sim_withdraw(&n->bank, c->sender, c->now_s, c->error);
	case GS_SIM_CALL_RECORD: return gs_sim_duty_record(&n->duties, &n->bank, c->now_s, &n->randao, c->error);
	case GS_SIM_CALL_POST_ROOT: return post_root(c);
	case GS_SIM_CALL_POST_LEAVES: return post_leaves(c);
	case GS_SIM_CALL_OPEN_LEAF: return open_leaf(c);
	case GS_SIM_CALL_POST_LEAF: return post_leaf(c);
	case GS_SIM_CALL_FINALIZE_BATCH:
	case GS_SIM_CALL_RELEASE_BATCH: return end_batch(c);
	case GS_SIM_CALL_FINALIZE:
	case GS_SIM_CALL_RELEASE:
	case GS_SIM_CALL_CHALLENGE:
	case GS_SIM_CALL_DEMAND:
	case GS_SIM_CALL_ANSWER:
	case GS_SIM_CALL_UNANSWERED:
	case GS_SIM_CALL_DROP_DEMAND:
	case GS_SIM_CALL_DRAW:
	case GS_SIM_CALL_PUBLISH:
	case GS_SIM_CALL_UNPUBLISHED:
	case GS_SIM_CALL_ATTEST:
	case GS_SIM_CALL_REPORT:
	case GS_SIM_CALL_COLLECT: break;
	}
	err = claim_of(c, &claim);
	return err == GS_OK ? call_claim(c, claim) : err;
}

enum gs_err gs_sim_contracts_call(struct gs_sim_network *n, unsigned sender, const struct gs_address *to,
                                  struct gs_bytes data, uint64_t now_s, struct gs_error *error)
{
	struct calling c = {.n = n, .sender = sender, .call = malloc(sizeof(*c.call)), .now_s = now_s, .error = error};
	if (c.call == NULL)
		return gs_fail(error, GS_ENOMEM, "no memory");
	enum gs_err err = gs_sim_call_decode(&n->rules.contracts, to, data, c.call);
	err = err == GS_OK ? run_call(&c) : gs_fail(error, GS_EINVAL, "not a call");
	free(c.call);
	return err;
}

/* Everything of a claim but the places of games that are not open yet: opening one writes all of its place. */
static void copy_claim(struct gs_sim_chain *to, const struct gs_sim_chain *from)
{
	const size_t games = offsetof(struct gs_sim_chain, game) + from->games * sizeof(from->game[0]);
	const size_t behind = offsetof(struct gs_sim_chain, pot);
	memcpy(to, from, games);
	memcpy((uint8_t *)to + behind, (const uint8_t *)from + behind, sizeof(*from) - behind);
}

/* What is recorded of epochs behind duties.beacons is nobody's, so it needs no copy. */
enum gs_err gs_sim_network_try(struct gs_sim_network *n, unsigned sender, const struct gs_address *to,
                               struct gs_bytes data, uint64_t now_s, struct gs_error *error)
{
	const struct gs_sim_bank bank = n->bank;
	const unsigned claims = n->claims, batches = n->batches, beacons = n->duties.beacons;
	const struct gs_wei promised = n->duties.promised;
	struct gs_sim_logs *logs = n->logs;
	struct gs_sim_batch batch[GS_SIM_BATCHES_MAX];
	struct gs_sim_chain *before = malloc((claims + 1) * sizeof(*before));
	if (before == NULL)
		return gs_fail(error, GS_ENOMEM, "no memory");
	for (unsigned i = 0; i < claims; i++)
		copy_claim(&before[i], &n->claim[i]);
	memcpy(batch, n->batch, sizeof(batch));
	n->logs = NULL;
	enum gs_err err = gs_sim_contracts_call(n, sender, to, data, now_s, error);
	for (unsigned i = 0; i < claims; i++)
		copy_claim(&n->claim[i], &before[i]);
	memcpy(n->batch, batch, sizeof(batch));
	n->logs = logs;
	n->claims = claims;
	n->batches = batches;
	n->duties.beacons = beacons;
	n->duties.promised = promised;
	n->bank = bank;
	free(before);
	return err;
}
