/* Batches: those of others are looked through leaf by leaf, and a wrong leaf is opened, so that it can be challenged; our own are ended.
 *
 * A leaf in calldata is no claim until somebody opens it, but what it would be as a claim is known, its id too. So it is sampled,
 * executed and judged under that id, and if somebody opens it, all that is known of the claim already. One wrong leaf is
 * enough: when it loses, the whole batch is void. Leaves of which only a root is on chain are nothing before they are opened. */
#include <stdlib.h>
#include <string.h>

#include "chain/eth/abi.h"
#include "chain/eth/bindings.h"
#include "validator/node/node_state.h"

/* --- what has been decided to be executed --- */

struct leaf_list {
	struct gs_leaf_record leaf[GS_BATCH_LEAVES_MAX];
	size_t count;
};

static enum gs_err keep_leaf(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct leaf_list *list = context;

	if (list->count == GS_BATCH_LEAVES_MAX)
		return GS_ECORRUPT;
	return gs_leaf_decode(key, value, &list->leaf[list->count++]);
}

static enum gs_err load_leaves(struct gs_node_turn *t, const struct gs_hash *batch, struct leaf_list *out)
{
	out->count = 0;
	return t->j->store->scan(t->j->txn, GS_TABLE_LEAVES, (struct gs_bytes){batch->b, sizeof(batch->b)},
	                         GS_STORE_ASCENDING, keep_leaf, out, t->j->error);
}

/* What the leaf would be as a claim. */
static struct gs_claim leaf_claim(const struct gs_node *node, const struct gs_batch *batch, struct gs_bytes leaves,
                                  uint32_t index)
{
	const struct gs_batch_leaf leaf = gs_batch_leaf_read(leaves.ptr + (size_t)index * GS_BATCH_LEAF_BYTES);
	struct gs_claim claim = {.terms_word = batch->terms_word,
	                         .window_end = batch->window_end,
	                         .first_window_end = batch->window_end,
	                         .block = batch->block,
	                         .status = GS_CLAIM_OPEN};

	gs_batch_body(&batch->id, &batch->claimant, &batch->model, index, &leaf, &claim.body);
	gs_claim_id(node->options.contracts.chain_id, &node->options.contracts.claims, &claim.body, &claim.id);
	return claim;
}

/* Each leaf is decided about under its own claim id, as if it were posted alone, with the batch as its source; those that are executed are
 * entered, and under the batch's id that this was done. */
static enum gs_err sample_leaves(struct gs_node_turn *t, const struct gs_batch *batch, struct gs_bytes leaves)
{
	const struct gs_sample_source source = {.kind = GS_SAMPLE_OF_BATCH, .of = batch->id};
	struct gs_sample whole = {.reason = GS_SAMPLE_NOT_DRAWN, .source = source, .block = batch->block};
	const struct gs_bytes key = {batch->id.b, sizeof(batch->id.b)};
	struct gs_bytes before;
	uint32_t executed = 0;
	char id[67];
	enum gs_err err = t->j->store->get(t->j->txn, GS_TABLE_SAMPLES, key, &before, NULL);

	if (err != GS_ENOTFOUND)
		return err;
	err = GS_OK;
	for (uint32_t i = 0; i < batch->count && !err; i++) {
		const struct gs_claim claim = leaf_claim(t->node, batch, leaves, i);
		const struct gs_leaf_record leaf = {.batch = batch->id, .index = i, .claim = claim.id};
		struct gs_sample sample;
		err = gs_plan_decide(t, &claim, &source, batch->block, &sample);
		if (!err)
			err = gs_plan_put_sample(t, &claim.id, &sample);
		if (!err && sample.execute) {
			executed++;
			err = gs_facts_put_leaf(t->j, &leaf);
		}
	}
	whole.execute = executed != 0;
	gs_hex_encode(batch->id.b, 32, true, id);
	gs_log_line(t->node->log, GS_LOG_INFO, "batch.sample", "batch=%s leaves=%u execute=%u", id, batch->count,
	            executed);
	return err ? err : gs_plan_put_sample(t, &batch->id, &whole);
}

/* --- a wrong leaf --- */

static enum gs_err want_open(struct gs_node_turn *t, const struct gs_batch *batch, struct gs_bytes leaves,
                             const struct gs_claim *claim, uint32_t index)
{
	struct gs_hash root, path[GS_BATCH_LEVELS_MAX];
	uint8_t body[GS_CLAIM_BODY_WORDS * GS_ABI_WORD];
	struct gs_abi_writer w;
	struct gs_buf calldata;
	unsigned levels;
	enum gs_err err = gs_batch_tree(&batch->model, leaves, index, &root, path, &levels);

	if (err)
		return gs_fail(t->j->error, err, "node: no memory for the leaves of a batch");
	gs_buf_init(&calldata, GS_INTENT_DATA_MAX);
	gs_abi_call(&w, &calldata, GS_BATCHES_FN_OPEN_LEAF, GS_CLAIM_BODY_WORDS + 3);
	gs_claim_body_encode(&claim->body, body);
	for (unsigned i = 0; i < GS_CLAIM_BODY_WORDS; i++)
		gs_abi_put_word(&w, body + i * GS_ABI_WORD);
	gs_abi_put_u64(&w, batch->salt);
	gs_abi_put_u64(&w, batch->count);
	gs_abi_put_hashes(&w, path, levels);
	gs_abi_end(&w);
	err = gs_plan_want(t, GS_INTENT_OPEN_LEAF, &claim->id, NULL, &t->node->options.contracts.batches, &calldata,
	                   batch->window_end);
	gs_buf_free(&calldata);
	return err;
}

static unsigned levels_of(uint32_t count)
{
	unsigned levels = 0;

	while (UINT64_C(1) << levels < count)
		levels++;
	return levels;
}

/* Opened only if the challenge that follows can be paid; the challenge itself is planned once the leaf is a claim. */
static enum gs_err plan_open(struct gs_node_turn *t, const struct gs_batch *batch, struct gs_bytes leaves,
                             uint32_t index)
{
	const struct gs_claim claim = leaf_claim(t->node, batch, leaves, index);
	const unsigned levels = levels_of(batch->count);
	bool already, affordable = false;
	enum gs_err err;

	if (t->node->block < batch->block + t->node->options.confirm_blocks)
		return GS_OK;
	err = gs_plan_under_way(t, GS_INTENT_OPEN_LEAF, &claim.id, NULL, &already);
	if (!err && !already)
		err = gs_plan_weigh_challenge(t, &claim, &levels, &affordable);
	return err || !affordable ? err : want_open(t, batch, leaves, &claim, index);
}

/* --- looking through a batch --- */

struct look {
	const struct gs_leaf_record *wrong; /* the first; NULL: none so far */
	bool wrong_is_open;
	uint32_t unknown; /* leaves whose data nobody handed over */
	uint32_t open;    /* leaves whose verdict is still to come */
};

/* Executes what has no verdict yet, until one is wrong. */
static enum gs_err look_at(struct gs_node_turn *t, const struct gs_batch *batch, struct gs_bytes leaves,
                           const struct gs_leaf_record *leaf, struct look *look)
{
	struct gs_verdict_record verdict;
	struct gs_claim claim;
	bool open, given;
	enum gs_err err = gs_facts_claim(t->j, &leaf->claim, &claim);

	open = err == GS_OK;
	if (err && err != GS_ENOTFOUND)
		return err;
	err = gs_node_load_verdict(t->j, &leaf->claim, &verdict);
	if (!err && verdict.verdict == GS_VERDICT_INVALID) {
		look->wrong = leaf;
		look->wrong_is_open = open;
		return GS_OK;
	}
	if (open || (!err && verdict.verdict == GS_VERDICT_VALID) || (err && err != GS_ENOTFOUND))
		return err == GS_ENOTFOUND ? GS_OK : err; /* a claim like others, or right */
	err = gs_plan_is_shed(t, &leaf->claim, &given);
	if (err || given)
		return err;
	err = gs_facts_is_given(t->j, &leaf->claim, &given);
	if (err)
		return err;
	look->unknown += !given;
	look->open++;
	if (leaf->index >= batch->count)
		return GS_ECORRUPT;
	claim = leaf_claim(t->node, batch, leaves, leaf->index);
	return given ? gs_work_offer(t, &claim, &batch->id) : GS_OK;
}

static void tell_unknown(struct gs_node *node, const struct gs_batch *batch, uint32_t unknown)
{
	char id[67];

	if (!unknown || node->now.unix_s < node->unknown_told.unix_s + GS_NODE_RETELL_S)
		return;
	node->unknown_told = node->now;
	gs_hex_encode(batch->id.b, 32, true, id);
	gs_log_line(
		node->log, GS_LOG_WARN, "batch.no_data",
		"batch=%s leaves=%u why=\"nobody handed over their inputs: put the batch's file into the folder of batches\"",
		id, unknown);
}

/* A verdict that calls a leaf wrong goes before all executions, also before those of leaves with a lower number. */
static enum gs_err look_through(struct gs_node_turn *t, const struct gs_batch *batch, struct gs_bytes leaves,
                                const struct leaf_list *list)
{
	struct look look = {.wrong = NULL};
	enum gs_err err = GS_OK;

	for (size_t i = 0; i < list->count && !look.wrong && !err; i++) {
		struct gs_verdict_record verdict;
		err = gs_node_load_verdict(t->j, &list->leaf[i].claim, &verdict);
		if (err == GS_ENOTFOUND || (!err && verdict.verdict != GS_VERDICT_INVALID))
			err = GS_OK;
		else if (!err)
			err = look_at(t, batch, leaves, &list->leaf[i], &look);
	}
	for (size_t i = 0; i < list->count && !look.wrong && !err; i++)
		err = look_at(t, batch, leaves, &list->leaf[i], &look);
	if (err)
		return err;
	if (look.wrong || look.open)
		gs_agenda_always(t);
	tell_unknown(t->node, batch, look.unknown);
	return look.wrong && !look.wrong_is_open ? plan_open(t, batch, leaves, look.wrong->index) : GS_OK;
}

static enum gs_err plan_foreign(struct gs_node_turn *t, const struct gs_batch *batch)
{
	struct leaf_list *list;
	struct gs_buf leaves;
	enum gs_err err;

	if (!t->node->options.validate || t->node->now.unix_s > batch->window_end.unix_s)
		return GS_OK;
	list = malloc(sizeof(*list));
	if (!list)
		return gs_fail(t->j->error, GS_ENOMEM, "node: no memory");
	gs_buf_init(&leaves, GS_BATCH_LEAVES_MAX * GS_BATCH_LEAF_BYTES);
	err = gs_facts_leaves(t->j, &batch->id, &leaves);
	if (!err && leaves.len != (size_t)batch->count * GS_BATCH_LEAF_BYTES)
		err = GS_ECORRUPT;
	if (!err)
		err = sample_leaves(t, batch, gs_buf_view(&leaves));
	if (!err)
		err = load_leaves(t, &batch->id, list);
	if (!err)
		err = look_through(t, batch, gs_buf_view(&leaves), list);
	gs_buf_free(&leaves);
	free(list);
	return err;
}

/* The batch is over: traces of wrong leaves that nobody opened are not needed any more. */
enum gs_err gs_plan_forget_leaves(struct gs_node_turn *t, const struct gs_hash *batch)
{
	struct leaf_list *list = malloc(sizeof(*list));
	enum gs_err err;

	if (!list)
		return gs_fail(t->j->error, GS_ENOMEM, "node: no memory");
	err = load_leaves(t, batch, list);
	for (size_t i = 0; i < list->count && !err; i++) {
		struct gs_verdict_record verdict;
		struct gs_claim claim;
		err = gs_facts_claim(t->j, &list->leaf[i].claim, &claim);
		if (err != GS_ENOTFOUND)
			continue; /* a claim like others */
		err = gs_node_load_verdict(t->j, &list->leaf[i].claim, &verdict);
		if (!err && verdict.verdict == GS_VERDICT_INVALID)
			err = gs_node_emit(
				t, (struct gs_node_effect){.kind = GS_EFFECT_FORGET, .hash = list->leaf[i].claim},
				(struct gs_bytes){NULL, 0});
		if (err == GS_ENOTFOUND)
			err = GS_OK;
	}
	free(list);
	return err;
}

/* --- our own --- */

struct leaf_search {
	struct gs_journal *j;
	bool found;
};

/* The agenda has at least those that are open. */
static enum gs_err look_for_leaf(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct leaf_search *search = context;
	struct gs_claim claim;
	struct gs_hash id;
	enum gs_err err;

	(void)value;
	if (key.len != 1 + 2 * sizeof(id.b))
		return GS_ECORRUPT;
	memcpy(id.b, key.ptr + 1 + sizeof(id.b), sizeof(id.b));
	err = gs_facts_claim(search->j, &id, &claim);
	if (err)
		return err == GS_ENOTFOUND ? GS_OK : err;
	search->found = claim.status == GS_CLAIM_OPEN;
	return search->found ? GS_ENOTFOUND : GS_OK;
}

static enum gs_err want_batch_call(struct gs_node_turn *t, enum gs_intent_kind kind, const struct gs_batch *batch,
                                   uint32_t selector)
{
	struct gs_abi_writer args;
	struct gs_buf calldata;
	bool already;
	enum gs_err err = gs_plan_under_way(t, kind, &batch->id, NULL, &already);

	if (err || already)
		return err;
	gs_buf_init(&calldata, GS_INTENT_DATA_MAX);
	gs_abi_call(&args, &calldata, selector, 6);
	gs_abi_put_address(&args, &batch->claimant);
	gs_abi_put_u64(&args, batch->salt);
	gs_abi_put_hash(&args, &batch->root);
	gs_abi_put_u64(&args, batch->count);
	gs_abi_put_u64(&args, batch->kind);
	gs_abi_put_hash(&args, &batch->model);
	gs_abi_end(&args);
	err = gs_plan_want(t, kind, &batch->id, NULL, &t->node->options.contracts.batches, &calldata,
	                   (struct gs_time){0});
	gs_buf_free(&calldata);
	return err;
}

/* Ends a batch of ours whose leaves are on chain, once its window is over and what was opened of it is final. */
static enum gs_err plan_own(struct gs_node_turn *t, const struct gs_batch *batch)
{
	struct leaf_search leaves = {.j = t->j};
	uint8_t key[GS_AGENDA_KEY_MAX];
	struct gs_model_record model;
	struct gs_time grace_end;
	enum gs_err err = gs_facts_model(t->j, &batch->model, &model);

	if (err)
		return err;
	err = gs_facts_grace_end(t->j, &grace_end);
	if (!err)
		gs_agenda_at(t, grace_end.unix_s + 1);
	gs_agenda_at(t, batch->window_end.unix_s + 1);
	if (model.voided || (!err && t->node->now.unix_s > grace_end.unix_s))
		return want_batch_call(t, GS_INTENT_RELEASE, batch, GS_BATCHES_FN_RELEASE_BATCH);
	if ((err && err != GS_ENOTFOUND) || t->node->now.unix_s <= batch->window_end.unix_s)
		return err == GS_ENOTFOUND ? GS_OK : err;
	err = t->j->store->scan(t->j->txn, GS_TABLE_AGENDA, gs_agenda_pair(key, GS_AGENDA_LEAVES, &batch->id, NULL),
	                        GS_STORE_ASCENDING, look_for_leaf, &leaves, t->j->error);
	if (err || leaves.found)
		return err;
	return want_batch_call(t, GS_INTENT_FINALISE, batch, GS_BATCHES_FN_FINALIZE_BATCH);
}

enum gs_err gs_plan_batch(struct gs_node_turn *t, const struct gs_hash *id)
{
	struct gs_batch batch;
	enum gs_err err = gs_facts_batch(t->j, id, &batch);

	if (err || batch.kind != GS_BATCH_CALLDATA)
		return err;
	if (!gs_address_equal(&batch.claimant, &t->node->options.self))
		return plan_foreign(t, &batch);
	return t->node->options.finalise ? plan_own(t, &batch) : GS_OK;
}
