/* What a claimant owes besides moves (docs/protocol.md, section 6): data on demand, its trace root when drawn; and what others may
 * do when it owes and does not give. */
#include <stdlib.h>
#include <string.h>

#include "chain/core/hash.h"
#include "chain/eth/abi.h"
#include "chain/eth/bindings.h"
#include "challenge/machine/merkle.h"
#include "validator/node/node_state.h"

enum { DEMAND_LEVELS = 5, BPS = 10000 };

/* Starts a call of Duties whose first argument is the claim's body, with `more` words of head behind it. */
static void begin(struct gs_abi_writer *w, struct gs_buf *out, uint32_t selector, const struct gs_claim *claim,
                  size_t more)
{
	uint8_t body[GS_CLAIM_BODY_WORDS * GS_ABI_WORD];

	gs_buf_init(out, GS_INTENT_DATA_MAX);
	gs_abi_call(w, out, selector, GS_CLAIM_BODY_WORDS + more);
	gs_claim_body_encode(&claim->body, body);
	for (unsigned i = 0; i < GS_CLAIM_BODY_WORDS; i++)
		gs_abi_put_word(w, body + i * GS_ABI_WORD);
}

static enum gs_err want(struct gs_node_turn *t, enum gs_intent_kind kind, const struct gs_claim *claim,
                        const struct gs_hash *state, struct gs_abi_writer *w, struct gs_buf *calldata)
{
	const struct gs_time due = kind == GS_INTENT_ANSWER    ? claim->demand.deadline
	                           : kind == GS_INTENT_PUBLISH ? claim->audit_deadline
	                                                       : (struct gs_time){0};
	enum gs_err err;

	gs_abi_end(w);
	err = gs_plan_want(t, kind, &claim->id, state, &t->node->options.contracts.duties, calldata, due);
	gs_buf_free(calldata);
	return err;
}

/* One call, body and nothing else, in answer to what is due until the deadline. */
static enum gs_err want_plain(struct gs_node_turn *t, enum gs_intent_kind kind, const struct gs_claim *claim,
                              uint32_t selector, struct gs_time deadline)
{
	struct gs_hash state = {{0}};
	struct gs_abi_writer w;
	struct gs_buf calldata;
	bool already;
	enum gs_err err;

	gs_be64_write(state.b, deadline.unix_s);
	err = gs_plan_under_way(t, kind, &claim->id, &state, &already);
	if (err || already)
		return err;
	begin(&w, &calldata, selector, claim, 0);
	return want(t, kind, claim, &state, &w, &calldata);
}

/* --- demands --- */

/* The array in question, zeros completed, as it was posted. GS_ENOTFOUND: what was posted is not its preimage. */
static enum gs_err load_array(struct gs_node_turn *t, const struct gs_claim *claim, const struct gs_header *header,
                              struct gs_buf *out, struct gs_merkle *tree)
{
	const bool input = claim->demand.kind == GS_DEMAND_INPUT;
	const unsigned depth = input                        ? gs_merkle_depth(header->inputs_chunks)
	                       : gs_header_tolerant(header) ? gs_merkle_depth(header->claimed_chunks)
	                                                    : header->output_depth;
	const uint64_t bytes = (UINT64_C(1) << depth) * GS_CHUNK_BYTES;
	struct gs_hash root;
	uint8_t *rest;
	enum gs_err err = input ? gs_facts_input(t->j, &claim->id, out) : gs_facts_output(t->j, &claim->id, out);

	if (!err && out->len > bytes)
		return GS_ENOTFOUND;
	if (!err && out->len < bytes) {
		const size_t missing = (size_t)bytes - out->len;
		rest = gs_buf_extend(out, missing);
		if (!rest)
			return out->err;
		memset(rest, 0, missing);
	}
	if (!err)
		err = gs_merkle_build(out->ptr, UINT64_C(1) << depth, depth, tree);
	if (err)
		return err;
	gs_merkle_root(tree, &root);
	return gs_hash_equal(&root, input ? &claim->body.input_root : &claim->body.output_root) ? GS_OK : GS_ENOTFOUND;
}

static enum gs_err want_answer(struct gs_node_turn *t, const struct gs_claim *claim, const struct gs_hash *state,
                               const struct gs_buf *array, const struct gs_merkle *tree)
{
	const unsigned height = tree->depth < DEMAND_LEVELS ? tree->depth : DEMAND_LEVELS;
	const size_t bytes = (size_t)GS_CHUNK_BYTES << height, at = bytes * claim->demand.block;
	struct gs_hash path[GS_MERKLE_DEPTH_MAX];
	struct gs_abi_writer w;
	struct gs_buf calldata;

	if (at + bytes > array->len)
		return GS_ENOTFOUND;
	gs_merkle_path(tree, height, claim->demand.block, tree->depth, path);
	begin(&w, &calldata, GS_DUTIES_FN_ANSWER, claim, 2);
	gs_abi_put_bytes(&w, (struct gs_bytes){array->ptr + at, bytes});
	gs_abi_put_hashes(&w, path, tree->depth - height);
	return want(t, GS_INTENT_ANSWER, claim, state, &w, &calldata);
}

static void tell_unanswerable(struct gs_node *node, const struct gs_claim *claim)
{
	char id[67];

	if (node->now.unix_s < node->none_told.unix_s + GS_NODE_RETELL_S)
		return;
	node->none_told = node->now;
	gs_hex_encode(claim->id.b, 32, true, id);
	gs_log_line(node->log, GS_LOG_ERROR, "demand.unanswerable",
	            "claim=%s why=\"what was posted with the claim does not hash to its root\"", id);
}

/* An answer is told from others to the same claim by the block that it gives. */
static enum gs_err plan_answer(struct gs_node_turn *t, const struct gs_claim *claim)
{
	struct gs_model_record model;
	struct gs_header header;
	struct gs_merkle tree = {0};
	struct gs_hash state = {{0}};
	struct gs_buf array;
	bool already;
	enum gs_err err;

	state.b[0] = claim->demand.kind;
	gs_be32_write(state.b + 1, claim->demand.block);
	err = gs_plan_under_way(t, GS_INTENT_ANSWER, &claim->id, &state, &already);
	if (err || already)
		return err;
	err = gs_facts_model(t->j, &claim->body.model_id, &model);
	if (!err)
		err = gs_header_decode(model.header, &header, t->j->error);
	if (err)
		return err;
	gs_buf_init(&array, GS_STORE_VALUE_MAX);
	err = load_array(t, claim, &header, &array, &tree);
	if (!err)
		err = want_answer(t, claim, &state, &array, &tree);
	if (err == GS_ENOTFOUND) {
		tell_unanswerable(t->node, claim);
		gs_agenda_always(t); /* its data may be handed over at any time */
		err = GS_OK;
	}
	gs_merkle_free(&tree);
	gs_buf_free(&array);
	return err;
}

/* --- audits --- */

static enum gs_err plan_publish(struct gs_node_turn *t, const struct gs_claim *claim)
{
	const struct gs_prover *prover;
	const struct gs_header *h;
	struct gs_verdict_record verdict;
	struct gs_hash root, path[GS_MERKLE_DEPTH_MAX];
	struct gs_abi_writer w;
	struct gs_buf calldata;
	bool already;
	enum gs_err err = gs_plan_under_way(t, GS_INTENT_PUBLISH, &claim->id, NULL, &already);

	if (err || already)
		return err;
	gs_agenda_always(t); /* traces come and go unseen */
	prover = t->node->surroundings.prover(t->node->surroundings.self, &claim->id);
	err = gs_node_load_verdict(t->j, &claim->id, &verdict);
	if (!prover || err == GS_ENOTFOUND || (!err && verdict.verdict == GS_VERDICT_UNAVAILABLE))
		return gs_node_execute(t, claim);
	if (err || verdict.verdict != GS_VERDICT_VALID)
		return err; /* a root that does not hold the claimed output cannot be published */
	h = &prover->program->header;
	err = prover->node(prover->self, h->trace_depth, 0, &root);
	for (unsigned level = h->output_depth; level < h->trace_depth && !err; level++)
		err = prover->node(prover->self, level, (h->output_chunk >> level) ^ 1, &path[level - h->output_depth]);
	if (err)
		return GS_OK; /* not there yet */
	begin(&w, &calldata, GS_DUTIES_FN_PUBLISH, claim, 2);
	gs_abi_put_hash(&w, &root);
	gs_abi_put_hashes(&w, path, h->trace_depth - h->output_depth);
	return want(t, GS_INTENT_PUBLISH, claim, NULL, &w, &calldata);
}

/* uint16(keccak(beacon, claimId)) * 10000 < auditBps * 2^16 */
static bool is_drawn(const struct gs_beacon *beacon, const struct gs_hash *claim, uint32_t audit_bps)
{
	uint8_t words[64];
	struct gs_hash lot;

	memcpy(words, beacon->value.b, 32);
	memcpy(words + 32, claim->b, 32);
	gs_keccak256(words, sizeof(words), &lot);
	return (uint32_t)(lot.b[30] << 8 | lot.b[31]) * BPS < audit_bps << 16;
}

static enum gs_err want_record(struct gs_node_turn *t, uint64_t epoch)
{
	struct gs_hash subject = {{0}};
	struct gs_abi_writer w;
	struct gs_buf calldata;
	bool already;
	enum gs_err err;

	gs_be64_write(subject.b, epoch);
	err = gs_plan_under_way(t, GS_INTENT_RECORD, &subject, NULL, &already);
	if (err || already)
		return err;
	gs_buf_init(&calldata, GS_INTENT_DATA_MAX);
	gs_abi_call(&w, &calldata, GS_DUTIES_FN_RECORD, 0);
	gs_abi_end(&w);
	err = gs_plan_want(t, GS_INTENT_RECORD, &subject, NULL, &t->node->options.contracts.duties, &calldata,
	                   (struct gs_time){0});
	gs_buf_free(&calldata);
	return err;
}

static enum gs_err want_draw(struct gs_node_turn *t, const struct gs_claim *claim, uint64_t epoch)
{
	struct gs_abi_writer w;
	struct gs_buf calldata;
	bool already;
	enum gs_err err = gs_plan_under_way(t, GS_INTENT_DRAW, &claim->id, NULL, &already);

	if (err || already)
		return err;
	begin(&w, &calldata, GS_DUTIES_FN_DRAW, claim, 1);
	gs_abi_put_u64(&w, epoch);
	return want(t, GS_INTENT_DRAW, claim, NULL, &w, &calldata);
}

enum gs_err gs_plan_clearing(struct gs_node_turn *t, const struct gs_claim *claim, bool *cleared, uint64_t *epoch)
{
	const struct gs_node_options *o = &t->node->options;
	struct gs_terms terms;
	struct gs_beacon beacon;
	uint64_t posted;
	enum gs_err err;

	*epoch = 0;
	*cleared = claim->demand.deadline.unix_s == 0 && claim->audit_deadline.unix_s == 0;
	if (o->audit_bps == 0 || claim->audited || !*cleared)
		return GS_OK;
	*cleared = false;
	err = gs_terms_decode(&claim->terms_word, &terms);
	if (err || o->epoch_s == 0)
		return GS_ECORRUPT;
	posted = (claim->first_window_end.unix_s - terms.window_s) / o->epoch_s;
	err = gs_facts_beacon_after(t->j, posted, &beacon);
	if (err == GS_ENOTFOUND) {
		gs_agenda_wait(t, claim, GS_AGENDA_BEACON);
		gs_agenda_at(t, (t->node->now.unix_s / o->epoch_s + 1) * o->epoch_s);
	}
	if (err == GS_ENOTFOUND)
		return t->node->now.unix_s / o->epoch_s > posted ? want_record(t, t->node->now.unix_s / o->epoch_s)
		                                                 : GS_OK;
	if (err)
		return err;
	if (is_drawn(&beacon, &claim->id, o->audit_bps))
		return want_draw(t, claim, beacon.epoch);
	*cleared = true;
	*epoch = beacon.epoch;
	return GS_OK;
}

/* --- both --- */

enum gs_err gs_plan_duties(struct gs_node_turn *t, const struct gs_claim *claim)
{
	const struct gs_node_options *o = &t->node->options;
	const uint64_t now_s = t->node->now.unix_s, demand_s = claim->demand.deadline.unix_s,
		       audit_s = claim->audit_deadline.unix_s;
	const bool mine = gs_address_equal(&claim->body.claimant, &o->self);
	enum gs_err err = GS_OK;

	if (claim->status != GS_CLAIM_OPEN) /* it ended while a demand was pending: whoever asked gets the price back */
		return demand_s && gs_address_equal(&claim->demand.by, &o->self)
		               ? want_plain(t, GS_INTENT_UNANSWERED, claim, GS_DUTIES_FN_DROP_DEMAND,
		                            claim->demand.deadline)
		               : GS_OK;
	if (mine && !o->defend)
		return GS_OK;
	gs_agenda_at(t, demand_s + 1);
	gs_agenda_at(t, audit_s + 1);
	if (demand_s && mine && now_s <= demand_s)
		err = plan_answer(t, claim);
	else if (demand_s && now_s > demand_s && gs_address_equal(&claim->demand.by, &o->self))
		err = want_plain(t, GS_INTENT_UNANSWERED, claim, GS_DUTIES_FN_UNANSWERED, claim->demand.deadline);
	if (err || !audit_s)
		return err;
	if (mine && now_s <= audit_s)
		return plan_publish(t, claim);
	if (!mine && o->validate && now_s > audit_s)
		return want_plain(t, GS_INTENT_UNPUBLISHED, claim, GS_DUTIES_FN_UNPUBLISHED, claim->audit_deadline);
	return GS_OK;
}
