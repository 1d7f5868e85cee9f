/* One call at random: mostly one that makes sense in the state that the chain is in, at times with the wrong sender, an argument that
 * is off, or at the wrong moment. */
#include "simulations/strangers/world.h"

#include <stdlib.h>
#include <string.h>

#include "challenge/game/strategy.h"
#include "challenge/machine/merkle.h"
#include "simulations/keys.h"
#include "validator/node/attest.h"

static bool one_in(struct gs_strange_world *w, uint64_t n)
{
	return gs_rng_below(&w->rng, n) == 0;
}

static struct gs_wei amount_below(struct gs_strange_world *w, uint64_t bound)
{
	return gs_wei_from_u64(gs_rng_below(&w->rng, bound));
}

/* ---- what a claim is about ---- */

static unsigned input_of(const struct gs_strange_world *w, const struct gs_claim_body *body)
{
	return gs_hash_equal(&body->input_root, &w->input_root[0]) ? 0 : 1;
}

/* Of a claim about these inputs: right, or the one that its claimant tells. */
static struct gs_sim_execution *execution_of(struct gs_strange_world *w, const struct gs_claim_body *body, bool own)
{
	unsigned input = input_of(w, body);
	bool lies = own && input == 0 && gs_hash_equal(&body->output_root, &w->lie_root);
	return lies ? &w->lie : &w->honest[input];
}

/* An answer of the model, or a lie; with the salt or index of its lot. */
static void draw_body(struct gs_strange_world *w, unsigned account, struct gs_claim_body *out)
{
	const struct gs_u256 salt = gs_u256_from_u64(one_in(w, 12) ? w->salt : ++w->salt);
	unsigned input = (unsigned)gs_rng_below(&w->rng, GS_STRANGE_INPUTS);
	*out = (struct gs_claim_body){.lot = gs_claim_lot(&salt, amount_below(w, 1000000)),
	                              .claimant = gs_sim_address(account),
	                              .input_root = w->input_root[input],
	                              .output_root = w->output_root[input]};
	gs_header_model_id(&w->program.header, &out->model_id);
	if (input == 0 && one_in(w, 3))
		out->output_root = w->lie_root;
	if (one_in(w, 40))
		out->model_id.b[3] ^= 1;
}

static struct gs_sim_chain *draw_claim(struct gs_strange_world *w)
{
	return w->network.claims == 0 ? NULL : &w->network.claim[gs_rng_below(&w->rng, w->network.claims)];
}

static bool is_attested(const struct gs_sim_chain *c)
{
	for (unsigned a = 0; a < GS_STRANGERS; a++)
		if (!gs_u256_is_zero(&c->attestation[a].stake.v))
			return true;
	return false;
}

/* Whether the call could be meant for this claim; who sends it, and with what, is another matter. */
static bool suits(const struct gs_strange_world *w, const struct gs_sim_chain *c, enum gs_sim_call_kind kind)
{
	const bool open = c->status == GS_SIM_CLAIM_OPEN, in_window = open && w->now_s <= c->window_end;
	switch (kind) {
	case GS_SIM_CALL_FINALIZE: return open && !in_window && c->open_games == 0;
	case GS_SIM_CALL_RELEASE: return open && c->batch != NULL && c->batch->status != GS_SIM_BATCH_OPEN;
	case GS_SIM_CALL_CHALLENGE: return in_window;
	case GS_SIM_CALL_DEMAND: return in_window && !c->demand.pending;
	case GS_SIM_CALL_ANSWER: return open && c->demand.pending;
	case GS_SIM_CALL_UNANSWERED: return open && c->demand.pending && w->now_s > c->demand.deadline;
	case GS_SIM_CALL_DROP_DEMAND: return !open && c->demand.pending;
	case GS_SIM_CALL_DRAW: return open && !c->drawn && !c->audited;
	case GS_SIM_CALL_PUBLISH: return open && c->drawn;
	case GS_SIM_CALL_UNPUBLISHED: return open && c->drawn && w->now_s > c->audit_deadline;
	case GS_SIM_CALL_ATTEST: return in_window && gs_trace_tag_is_zero(&c->game_rules.tag);
	case GS_SIM_CALL_REPORT: return c->status == GS_SIM_CLAIM_FINAL && c->audited && is_attested(c);
	case GS_SIM_CALL_COLLECT: return !open && is_attested(c);
	case GS_SIM_CALL_MOVE:
	case GS_SIM_CALL_AGREE: return c->open_games > 0;
	case GS_SIM_CALL_POST:
	case GS_SIM_CALL_REQUEST_WITHDRAW:
	case GS_SIM_CALL_WITHDRAW:
	case GS_SIM_CALL_RECORD:
	case GS_SIM_CALL_POST_ROOT:
	case GS_SIM_CALL_POST_LEAVES:
	case GS_SIM_CALL_OPEN_LEAF:
	case GS_SIM_CALL_POST_LEAF:
	case GS_SIM_CALL_FINALIZE_BATCH:
	case GS_SIM_CALL_RELEASE_BATCH: break;
	}
	return true;
}

/* One that the call suits, mostly; NULL: there is none. */
static struct gs_sim_chain *draw_claim_for(struct gs_strange_world *w, enum gs_sim_call_kind kind)
{
	const bool any = one_in(w, 8);
	for (unsigned tries = 0; tries < 2 * GS_SIM_CLAIMS_ROOM; tries++) {
		struct gs_sim_chain *c = draw_claim(w);
		if (c == NULL || any || suits(w, c, kind))
			return c;
	}
	return NULL;
}

/* The first epoch recorded after the claim's posting, or any. */
static uint64_t draw_epoch(struct gs_strange_world *w, const struct gs_sim_chain *c)
{
	const struct gs_sim_duties *d = &w->network.duties;
	const uint64_t end = c->first_window_end != 0 ? c->first_window_end : c->window_end;
	const uint64_t posted = (end - c->rules.terms.window_s) / d->rules.epoch_s;
	if (one_in(w, 16))
		return posted + gs_rng_below(&w->rng, 4);
	if (one_in(w, 4) && d->beacons > 0)
		return d->beacon[gs_rng_below(&w->rng, d->beacons)].epoch;
	for (unsigned i = 0; i < d->beacons; i++)
		if (d->beacon[i].epoch > posted)
			return d->beacon[i].epoch;
	return 0;
}

/* ---- arguments of duties ---- */

static void draw_answer(struct gs_strange_world *w, const struct gs_sim_chain *c, struct gs_sim_call *call,
                        uint8_t *room)
{
	const bool input = c->demand.kind == 0;
	const unsigned which = input_of(w, &call->body);
	const struct gs_header *h = &w->program.header;
	const struct gs_sim_execution *e = execution_of(w, &call->body, true);
	const unsigned depth = input ? gs_merkle_depth(h->inputs_chunks) : h->output_depth;
	const unsigned height = depth < 5 ? depth : 5;
	const uint64_t first = (uint64_t)c->demand.block << height, chunks = UINT64_C(1) << height;
	const struct gs_merkle *tree = input ? &w->common[which].inputs_tree : &e->trace.tree;
	const uint64_t at = input ? first : h->output_chunk + first;
	for (uint64_t i = 0; i < chunks; i++) {
		uint8_t *to = room + i * GS_CHUNK_BYTES;
		memset(to, 0, GS_CHUNK_BYTES);
		if (input && at + i < h->inputs_chunks)
			memcpy(to, w->inputs[which] + (at + i) * GS_CHUNK_BYTES, GS_CHUNK_BYTES);
		if (!input && at + i < e->trace.present)
			memcpy(to, e->trace.chunks + (at + i) * GS_CHUNK_BYTES, GS_CHUNK_BYTES);
	}
	call->chunks = (struct gs_bytes){room, (size_t)chunks * GS_CHUNK_BYTES};
	call->levels = depth - height;
	gs_merkle_path(tree, height, at >> height, depth, call->path);
	if (one_in(w, 6))
		room[gs_rng_below(&w->rng, call->chunks.len)] ^= 1;
	if (one_in(w, 12) && call->levels > 0)
		call->levels--;
	if (one_in(w, 12))
		call->chunks.len -= GS_CHUNK_BYTES / 2;
}

static void draw_publication(struct gs_strange_world *w, struct gs_sim_call *call)
{
	const struct gs_header *h = &w->program.header;
	const struct gs_sim_execution *e = execution_of(w, &call->body, !one_in(w, 8));
	gs_trace_root(&e->trace, &call->root);
	call->levels = h->trace_depth - h->output_depth;
	gs_merkle_path(&e->trace.tree, h->output_depth, h->output_chunk >> h->output_depth, h->trace_depth, call->path);
	if (one_in(w, 8))
		call->root.b[31] ^= 1;
	if (one_in(w, 10) && call->levels > 0)
		call->path[0].b[0] ^= 1;
	if (one_in(w, 12))
		call->levels++;
}

static void draw_attestation(struct gs_strange_world *w, unsigned sender, const struct gs_sim_chain *c,
                             struct gs_sim_call *call)
{
	/* a copycat hides the root from itself: it takes another's commitment, which is none of its own */
	const struct gs_address self = gs_sim_address(one_in(w, 8) ? (sender + 1) % GS_STRANGERS : sender);
	struct gs_hash root;
	gs_trace_root(&execution_of(w, &c->game_rules.body, one_in(w, 4))->trace, &root);
	call->claim = c->claim;
	call->commitment = gs_attest_commitment(&c->claim, &self, &root);
	call->amount = w->network.rules.duties.attest_stake;
	if (!one_in(w, 8))
		GS_ASSERT(gs_wei_add(call->amount, amount_below(w, 1000), &call->amount) == GS_OK);
	else
		call->amount = amount_below(w, 2000); /* perhaps less than the least */
	if (one_in(w, 20)) {
		memset(&call->commitment, 0, sizeof(call->commitment));
		call->commitment.b[GS_TRACE_TAG_BYTES - 1] = (uint8_t)gs_rng_below(&w->rng, 3);
	}
	if (one_in(w, 30))
		call->claim.b[0] ^= 1;
}

/* ---- batches ---- */

/* Leaves in calldata, or their root alone; now and then what was sent before. */
static void draw_batch(struct gs_strange_world *w, unsigned *sender, struct gs_sim_call *call)
{
	const bool again = w->batches > 0 && (w->batches == GS_STRANGE_BATCHES || one_in(w, 4));
	struct gs_strange_batch *b = &w->batch[again ? gs_rng_below(&w->rng, w->batches) : w->batches];
	if (!again) {
		const struct gs_claim_body *body = &call->body;
		struct gs_hash model;
		gs_header_model_id(&w->program.header, &model);
		*b = (struct gs_strange_batch){
			.account = *sender,
			.name = {.claimant = gs_sim_address(*sender),
		                 .salt = ++w->salt,
		                 .count = 1 + (uint32_t)gs_rng_below(&w->rng, GS_STRANGE_LEAVES_MAX),
		                 .kind = one_in(w, 3) ? GS_BATCH_ROOT_ONLY : GS_BATCH_CALLDATA}};
		for (uint32_t i = 0; i < b->name.count; i++) {
			draw_body(w, *sender, &call->body);
			const struct gs_batch_leaf leaf = {.value = gs_claim_lot_value(&body->lot),
			                                   .input_root = body->input_root,
			                                   .output_root = body->output_root};
			gs_batch_leaf_write(&leaf, b->leaves + (size_t)i * GS_BATCH_LEAF_BYTES);
		}
		const struct gs_bytes leaves = {b->leaves, (size_t)b->name.count * GS_BATCH_LEAF_BYTES};
		GS_ASSERT(gs_batch_tree(&model, leaves, 0, &b->name.root, NULL, NULL) == GS_OK);
		if (b->name.kind == GS_BATCH_CALLDATA)
			b->name.model = model;
		w->batches++;
	}
	*sender = b->account;
	call->kind = b->name.kind == GS_BATCH_CALLDATA ? GS_SIM_CALL_POST_LEAVES : GS_SIM_CALL_POST_ROOT;
	call->batch = b->name;
	gs_header_model_id(&w->program.header, &call->body.model_id);
	call->leaves = (struct gs_bytes){b->leaves, (size_t)b->name.count * GS_BATCH_LEAF_BYTES};
	if (one_in(w, 20))
		call->leaves.len -= GS_BATCH_LEAF_BYTES / 4;
	if (one_in(w, 20))
		call->batch.count = 0;
}

static void draw_leaf(struct gs_strange_world *w, unsigned *sender, struct gs_sim_call *call)
{
	const struct gs_strange_batch *b = &w->batch[gs_rng_below(&w->rng, w->batches)];
	const uint32_t index = (uint32_t)gs_rng_below(&w->rng, b->name.count);
	const struct gs_batch_leaf leaf = gs_batch_leaf_read(b->leaves + (size_t)index * GS_BATCH_LEAF_BYTES);
	struct gs_hash id, model, root;
	unsigned levels;
	gs_header_model_id(&w->program.header, &model);
	gs_batch_id(w->network.rules.contracts.chain_id, &w->network.rules.contracts.batches, &b->name, &id);
	gs_batch_body(&id, &b->name.claimant, &model, index, &leaf, &call->body);
	call->kind = b->name.kind == GS_BATCH_CALLDATA ? GS_SIM_CALL_OPEN_LEAF : GS_SIM_CALL_POST_LEAF;
	call->batch = b->name;
	GS_ASSERT(gs_batch_tree(&model, (struct gs_bytes){b->leaves, (size_t)b->name.count * GS_BATCH_LEAF_BYTES},
	                        index, &root, call->path, &levels) == GS_OK);
	call->levels = levels;
	if (call->kind == GS_SIM_CALL_POST_LEAF && !one_in(w, 5))
		*sender = b->account;
	if (one_in(w, 10) && levels > 0)
		call->path[0].b[1] ^= 1;
	if (one_in(w, 15))
		call->levels++;
	if (one_in(w, 15))
		call->batch.count++;
	if (one_in(w, 15))
		call->body.lot.limb[2] ^= 1; /* another index */
}

/* ---- games ---- */

static bool draw_move(struct gs_strange_world *w, unsigned *sender, struct gs_claim_body *body,
                      struct gs_game_state *state, struct gs_move *move)
{
	struct gs_sim_chain *c = draw_claim_for(w, GS_SIM_CALL_MOVE);
	bool waiting = true;
	if (c == NULL || c->games == 0)
		return false;
	const struct gs_sim_game *g = &c->game[gs_rng_below(&w->rng, c->games)];
	for (unsigned tries = 0; tries < GS_SIM_GAMES_MAX && g->game.outcome != GS_GAME_OPEN; tries++)
		g = &c->game[gs_rng_below(&w->rng, c->games)];
	*body = c->game_rules.body;
	*state = g->game.state;
	memset(move, 0, sizeof(*move));
	if (one_in(w, 12)) {
		*sender = one_in(w, 2) ? c->claimant : g->challenger;
		move->kind = GS_MOVE_CONCEDE;
		return true;
	}
	if (c->status != GS_SIM_CLAIM_OPEN && !one_in(w, 3)) {
		move->kind = GS_MOVE_CLOSE;
		return true;
	}
	if (w->now_s > g->game.state.deadline || one_in(w, 20)) {
		move->kind = GS_MOVE_TIMEOUT;
		return true;
	}
	const bool claimants = gs_game_turn(&g->game) == GS_SIDE_CLAIMANT;
	const struct gs_prover prover = gs_sim_prover(execution_of(w, body, claimants));
	enum gs_err err = claimants ? gs_strategy_claimant(&g->game, &prover, move, &waiting)
	                            : gs_strategy_challenger(&g->game, &prover, body, move, &waiting);
	*sender = claimants ? c->claimant : g->challenger;
	return err == GS_OK && !waiting;
}

static enum gs_err send(struct gs_strange_world *w, unsigned sender, const struct gs_address *to, struct gs_bytes data)
{
	struct gs_buf raw;
	struct gs_hash hash;
	gs_buf_init(&raw, GS_SIM_TX_BYTES_MAX);
	gs_sim_tx_build(sender, gs_sim_network_pending_nonce(&w->network, sender), to, GS_SIM_TOOL_FEE, data, &raw,
	                &hash);
	enum gs_err err = raw.err;
	if (err == GS_OK)
		err = gs_sim_network_send(&w->network, gs_buf_view(&raw), w->now_s);
	gs_buf_free(&raw);
	return err;
}

static enum gs_err send_move(struct gs_strange_world *w, unsigned sender)
{
	struct gs_claim_body body;
	struct gs_game_state state;
	struct gs_buf data;
	struct gs_move *move = malloc(sizeof(*move));
	enum gs_err err = GS_OK;
	if (move == NULL)
		return GS_ENOMEM;
	gs_buf_init(&data, GS_SIM_TX_BYTES_MAX);
	if (draw_move(w, &sender, &body, &state, move)) {
		gs_move_calldata(&body, &state, move, &data);
		err = data.err != GS_OK ? data.err
		                        : send(w, sender, &w->network.rules.contracts.disputes, gs_buf_view(&data));
	}
	gs_buf_free(&data);
	free(move);
	return err;
}

/* ---- all of them ---- */

/* How often each is drawn, beside the others. */
static unsigned weight_of(enum gs_sim_call_kind kind)
{
	switch (kind) {
	case GS_SIM_CALL_MOVE: return 30;
	case GS_SIM_CALL_DRAW:
	case GS_SIM_CALL_ANSWER:
	case GS_SIM_CALL_PUBLISH:
	case GS_SIM_CALL_REPORT:
	case GS_SIM_CALL_ATTEST:
	case GS_SIM_CALL_FINALIZE: return 12;
	case GS_SIM_CALL_OPEN_LEAF: return 10;
	case GS_SIM_CALL_AGREE:
	case GS_SIM_CALL_RECORD: return 6;
	case GS_SIM_CALL_POST:
	case GS_SIM_CALL_COLLECT:
	case GS_SIM_CALL_DEMAND: return 4;
	case GS_SIM_CALL_CHALLENGE:
	case GS_SIM_CALL_POST_ROOT: /* or leaves */
	case GS_SIM_CALL_FINALIZE_BATCH:
	case GS_SIM_CALL_RELEASE:
	case GS_SIM_CALL_REQUEST_WITHDRAW:
	case GS_SIM_CALL_WITHDRAW:
	case GS_SIM_CALL_UNANSWERED:
	case GS_SIM_CALL_DROP_DEMAND:
	case GS_SIM_CALL_UNPUBLISHED: return 2;
	case GS_SIM_CALL_RELEASE_BATCH: return 1;
	case GS_SIM_CALL_POST_LEAVES:         /* with POST_ROOT */
	case GS_SIM_CALL_POST_LEAF: return 0; /* with OPEN_LEAF */
	}
	return 0;
}

static enum gs_sim_call_kind draw_kind(struct gs_strange_world *w)
{
	unsigned all = 0, kind = 0;
	for (unsigned k = 0; k < GS_SIM_CALL_KINDS; k++)
		all += weight_of((enum gs_sim_call_kind)k);
	uint64_t at = gs_rng_below(&w->rng, all);
	while (at >= weight_of((enum gs_sim_call_kind)kind))
		at -= weight_of((enum gs_sim_call_kind)kind++);
	return (enum gs_sim_call_kind)kind;
}

static void sign(struct gs_strange_world *w, unsigned account, struct gs_agreed *agreed, struct gs_signature *out)
{
	const struct gs_contracts *c = &w->network.rules.contracts;
	struct gs_key key;
	gs_sim_key(account, &key);
	GS_ASSERT(gs_agreed_sign(c->chain_id, &c->disputes, &key, &agreed->state, &agreed->trace_root, out, NULL) ==
	          GS_OK);
}

/* Two agree on the state that the game is in, as one made off chain; at times on something else, or one signs for the other. */
static bool draw_agreement(struct gs_strange_world *w, const struct gs_sim_chain *c, struct gs_sim_call *call)
{
	uint8_t words[sizeof(call->word)];
	if (c->games == 0)
		return false;
	const struct gs_sim_game *g = &c->game[gs_rng_below(&w->rng, c->games)];
	call->agreed = (struct gs_agreed){.state = g->game.state, .trace_root = g->game.trace_root};
	gs_game_state_encode(&g->game.state, words);
	memcpy(call->word, words, sizeof(call->word));
	if (g->game.state.move >= GS_GAME_AGREED_MOVE)
		call->agreed.state.move++;
	else
		gs_agreed_begin(&call->agreed.state);
	if (one_in(w, 8))
		call->agreed.state.deadline += gs_rng_below(&w->rng, 2000);
	if (one_in(w, 12))
		call->agreed.state.units++;
	if (one_in(w, 12))
		call->agreed.trace_root.b[31] ^= 1;
	sign(w, c->claimant, &call->agreed, &call->agreed.claimant);
	sign(w, one_in(w, 8) ? c->claimant : g->challenger, &call->agreed, &call->agreed.challenger);
	return true;
}

/* The fields of a call about a claim that is there. */
static bool draw_about(struct gs_strange_world *w, unsigned *sender, struct gs_sim_call *call, uint8_t *room)
{
	const struct gs_sim_chain *c = draw_claim_for(w, call->kind);
	if (c == NULL)
		return false;
	for (unsigned a = 0; call->kind == GS_SIM_CALL_REPORT && a < GS_STRANGERS; a++)
		if (!gs_u256_is_zero(&c->attestation[*sender].stake.v) && !c->attestation[*sender].reported)
			break;
		else
			*sender = (*sender + 1) % GS_STRANGERS;
	if (call->kind == GS_SIM_CALL_AGREE)
		return draw_agreement(w, c, call);
	call->body = c->game_rules.body;
	call->epoch = draw_epoch(w, c);
	call->demand_kind = (uint8_t)(one_in(w, 12) ? 2 : gs_rng_below(&w->rng, 2));
	call->validator = gs_sim_address((unsigned)gs_rng_below(&w->rng, GS_STRANGERS + 1));
	if (call->kind == GS_SIM_CALL_ANSWER)
		draw_answer(w, c, call, room);
	if (call->kind == GS_SIM_CALL_PUBLISH)
		draw_publication(w, call);
	if (call->kind == GS_SIM_CALL_PUBLISH && !one_in(w, 6))
		*sender = c->claimant;
	if (call->kind == GS_SIM_CALL_ATTEST)
		draw_attestation(w, *sender, c, call);
	if (call->kind == GS_SIM_CALL_REPORT)
		gs_trace_root(&execution_of(w, &call->body, !one_in(w, 4))->trace, &call->root);
	if (call->kind == GS_SIM_CALL_CHALLENGE && w->challenges[c - w->network.claim]++ >= GS_SIM_GAMES_MAX)
		return false; /* the simulation has room for no more; the contract has */
	if (one_in(w, 40))
		call->body.input_root.b[5] ^= 1; /* a body of no claim */
	return true;
}

static bool draw_fields(struct gs_strange_world *w, unsigned *sender, struct gs_sim_call *call, uint8_t *room)
{
	if (call->kind == GS_SIM_CALL_REQUEST_WITHDRAW) {
		call->amount = amount_below(w, one_in(w, 8) ? UINT64_C(1) << 40 : UINT64_C(1) << 20);
		return true;
	}
	if (call->kind == GS_SIM_CALL_WITHDRAW || call->kind == GS_SIM_CALL_RECORD)
		return true;
	if (call->kind == GS_SIM_CALL_POST_ROOT) {
		draw_batch(w, sender, call);
		return true;
	}
	if (call->kind == GS_SIM_CALL_POST) {
		draw_body(w, *sender, &call->body);
		return w->claims++ < GS_SIM_CLAIMS_ROOM;
	}
	if (call->kind == GS_SIM_CALL_OPEN_LEAF && w->batches > 0) {
		draw_leaf(w, sender, call);
		return w->claims++ < GS_SIM_CLAIMS_ROOM;
	}
	if ((call->kind == GS_SIM_CALL_FINALIZE_BATCH || call->kind == GS_SIM_CALL_RELEASE_BATCH) && w->batches > 0) {
		call->batch = w->batch[gs_rng_below(&w->rng, w->batches)].name;
		return true;
	}
	return call->kind != GS_SIM_CALL_OPEN_LEAF && call->kind != GS_SIM_CALL_FINALIZE_BATCH &&
	       call->kind != GS_SIM_CALL_RELEASE_BATCH && draw_about(w, sender, call, room);
}

enum gs_err gs_strange_call(struct gs_strange_world *w)
{
	uint8_t room[32 * GS_CHUNK_BYTES];
	unsigned sender = (unsigned)gs_rng_below(&w->rng, GS_STRANGERS);
	const enum gs_sim_call_kind kind = draw_kind(w);
	if (kind == GS_SIM_CALL_MOVE)
		return send_move(w, sender);
	struct gs_sim_call *call = calloc(1, sizeof(*call));
	struct gs_address to;
	struct gs_buf data;
	enum gs_err err = GS_OK;
	if (call == NULL)
		return GS_ENOMEM;
	gs_buf_init(&data, GS_SIM_TX_BYTES_MAX);
	call->kind = kind;
	if (draw_fields(w, &sender, call, room)) {
		gs_sim_call_encode(&w->network.rules.contracts, call, &data, &to);
		err = data.err != GS_OK ? data.err : send(w, sender, &to, gs_buf_view(&data));
	}
	gs_buf_free(&data);
	free(call);
	return err;
}
