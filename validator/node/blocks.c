/* Following the chain block by block: headers into a branch, branches that are given up, the logs of each block into facts. */
#include <stdio.h>
#include <string.h>

#include "chain/core/hash.h"
#include "chain/eth/receipt.h"
#include "validator/node/audit.h"
#include "validator/node/history.h"
#include "validator/node/node_state.h"

enum gs_err gs_node_fetch_logs(struct gs_node_turn *t)
{
	if (t->node->queue_count == 0)
		return GS_OK;
	return gs_node_emit(t, (struct gs_node_effect){.kind = GS_EFFECT_FETCH_LOGS, .hash = t->node->queue[0].hash},
	                    (struct gs_bytes){NULL, 0});
}

static enum gs_err take_back(struct gs_node_turn *t, const struct gs_head *orphan)
{
	struct gs_node *node = t->node;
	enum gs_err err;

	if (node->queue_count && gs_hash_equal(&node->queue[node->queue_count - 1].hash, &orphan->hash)) {
		node->queue_count--;
		return GS_OK;
	}
	GS_ASSERT(node->block == orphan->number);
	err = gs_journal_rewind(t->j);
	node->block = t->j->block;
	return err;
}

static enum gs_err enter_reorganisation(struct gs_node_turn *t, uint64_t stays, uint64_t blocks)
{
	char what[GS_AUDIT_WHAT_MAX];

	snprintf(what, sizeof(what), "%llu blocks above %llu", (unsigned long long)blocks, (unsigned long long)stays);
	return gs_audit_append(t->j, GS_AUDIT_TOOK_BACK, NULL, NULL, what);
}

/* The blocks above `number` are gone. What waits was mined, perhaps, in one of them: it is sent again as soon as the other branch is here, since nobody
 * says whether endpoints still have it. All of it, because what has a deadline may stand behind what has none. */
static enum gs_err branch_changed(struct gs_node_turn *t, uint64_t number, uint64_t blocks)
{
	struct gs_node *node = t->node;

	gs_log_line(node->log, GS_LOG_WARN, "chain.reorg", "blocks=%llu from=%llu", (unsigned long long)blocks,
	            (unsigned long long)number + 1);
	node->lane[GS_LANE_CHAIN].ask_nonce = true;
	node->lane[GS_LANE_CHAIN].send_again = true;
	node->sweep.wanted = true;
	return enter_reorganisation(t, number, blocks);
}

static enum gs_err on_change(struct gs_node_turn *t)
{
	struct gs_node *node = t->node;
	const struct gs_head_change *change = &node->change;
	enum gs_err err = GS_OK;

	if (change->orphaned_count && change->orphaned[change->orphaned_count - 1].number <= node->final)
		return gs_node_emit(t, (struct gs_node_effect){.kind = GS_EFFECT_RESYNC}, (struct gs_bytes){NULL, 0});
	if (change->orphaned_count)
		err = branch_changed(t, change->orphaned[change->orphaned_count - 1].number - 1,
		                     change->orphaned_count);
	for (size_t i = 0; i < change->orphaned_count && !err; i++)
		err = take_back(t, &change->orphaned[i]);
	for (size_t i = 0; i < change->added_count && !err; i++) {
		if (node->queue_count == GS_HEAD_KEPT_MAX)
			return gs_fail(t->j->error, GS_ELIMIT, "node: more than %d blocks wait for their logs",
			               GS_HEAD_KEPT_MAX);
		node->queue[node->queue_count++] = change->added[i];
	}
	return err ? err : gs_node_fetch_logs(t);
}

/* --- branches that fork below what the tracker keeps --- */

static enum gs_err ask_for(struct gs_node_turn *t, const struct gs_hash *block)
{
	return gs_node_emit(t, (struct gs_node_effect){.kind = GS_EFFECT_FETCH_HEADER, .hash = *block},
	                    (struct gs_bytes){NULL, 0});
}

/* Takes back everything above the stored block that the other branch grows from; from there on the edge asks by number. */
static enum gs_err rewind_to(struct gs_node_turn *t, uint64_t number)
{
	struct gs_node *node = t->node;
	enum gs_err err = GS_OK;

	node->queue_count = 0;
	err = branch_changed(t, number, gs_node_newest(node)->number - number);
	while (node->block > number && !err) {
		err = gs_journal_rewind(t->j);
		node->block = t->j->block;
	}
	return err ? err : gs_journal_load_heads(t->j, &node->tracker);
}

/* One block further down the other branch: it grows from a stored block, or its parent is wanted, or what was final is not. */
static enum gs_err walk_down(struct gs_node_turn *t, const struct gs_head *head)
{
	struct gs_node *node = t->node;
	struct gs_head stored;
	enum gs_err err = head->number ? gs_journal_head(t->j, head->number - 1, &stored) : GS_ENOTFOUND;

	node->walk = *head;
	node->walking = true;
	if (err && err != GS_ENOTFOUND)
		return err;
	if (!err && gs_hash_equal(&stored.hash, &head->parent)) {
		node->walking = false;
		return rewind_to(t, stored.number);
	}
	if (!err && stored.number > node->final)
		return ask_for(t, &head->parent);
	node->walking = false;
	return gs_node_emit(t, (struct gs_node_effect){.kind = GS_EFFECT_RESYNC}, (struct gs_bytes){NULL, 0});
}

/* Whether the header belongs to a walk: the parent that was asked for, or the block that began it, once more, since an answer is
 * missing: then the walk goes on where it was. */
static bool walks(struct gs_node *node, const struct gs_head *head, bool *further)
{
	if (!node->walking)
		return false;
	*further = gs_hash_equal(&head->hash, &node->walk.parent) && head->number + 1 == node->walk.number &&
	           head->time.unix_s <= node->walk.time.unix_s;
	return *further || gs_hash_equal(&head->hash, &node->walk_from);
}

/* The tracker gave up at this header: too far ahead (the edge asks for nearer ones), or a branch from below its blocks. */
static enum gs_err on_too_far(struct gs_node_turn *t, const struct gs_head *head, const struct gs_hash *from)
{
	if (head->number > gs_node_newest(t->node)->number)
		return GS_OK;
	t->node->walk_from = *from;
	return walk_down(t, head);
}

enum gs_err gs_node_on_header(struct gs_node_turn *t, const struct gs_head *head)
{
	struct gs_node *node = t->node;
	struct gs_hash from;
	bool further = false;

	if (!gs_node_newest(node)) { /* the anchor: nothing of ours happened in it or before it */
		gs_head_reset(&node->tracker, head);
		node->block = head->number;
		return gs_journal_advance(t->j, head);
	}
	if (walks(node, head, &further))
		return further ? walk_down(t, head) : ask_for(t, &node->walk.parent);
	from = node->tracker.pending_count ? node->tracker.pending[0].hash : head->hash;
	switch (gs_head_add(&node->tracker, head, &node->change)) {
	case GS_HEAD_KNOWN: return GS_OK;
	case GS_HEAD_ADVANCED: node->walking = false; return on_change(t);
	case GS_HEAD_WANT_PARENT: return ask_for(t, &node->change.want);
	case GS_HEAD_TOO_FAR: return on_too_far(t, head, &from);
	case GS_HEAD_BROKEN:
		gs_log_line(node->log, GS_LOG_WARN, "chain.broken_header", "block=%llu",
		            (unsigned long long)head->number);
		return GS_OK;
	}
	return GS_OK;
}

/* --- logs --- */

/* Settled and nothing left to play: the trace is not needed any more. */
static enum gs_err forget_settled(struct gs_node_turn *t, const struct gs_hash *id)
{
	const struct gs_node_surroundings *around = &t->node->surroundings;
	struct gs_claim claim;
	enum gs_err err;

	if (t->catching_up && !around->prover(around->self, id)) /* there is none */
		return GS_OK;
	err = gs_facts_claim(t->j, id, &claim);
	if (err || claim.status == GS_CLAIM_OPEN || claim.open_games)
		return err;
	return gs_node_emit(t, (struct gs_node_effect){.kind = GS_EFFECT_FORGET, .hash = *id},
	                    (struct gs_bytes){NULL, 0});
}

/* --- logs --- */

/* What is entered in the audit log of what the chain says: all about games, and how claims end that this node has a verdict of, or has posted. Postings
 * stand there with the decision about them. */
static enum gs_err is_worth_telling(struct gs_node_turn *t, const struct gs_event *e, bool *out)
{
	const struct gs_node_options *o = &t->node->options;
	struct gs_verdict_record verdict;
	enum gs_err err = GS_OK;

	*out = e->kind == GS_EVENT_GAME || e->kind == GS_EVENT_INVALIDATED || e->kind == GS_EVENT_DEMANDED ||
	       e->kind == GS_EVENT_DRAWN || e->kind == GS_EVENT_PUBLISHED ||
	       (e->kind == GS_EVENT_POSTED && gs_address_equal(&e->body.claimant, &o->self));
	if (e->kind != GS_EVENT_FINALIZED && e->kind != GS_EVENT_RELEASED)
		return GS_OK;
	err = gs_node_load_verdict(t->j, &e->claim, &verdict);
	*out = !err;
	return err == GS_ENOTFOUND ? GS_OK : err;
}

static enum gs_err enter_seen(struct gs_node_turn *t, const struct gs_log_entry *entry, const struct gs_event *e)
{
	struct gs_hash digest;
	struct gs_buf bytes;
	bool tell;
	enum gs_err err = is_worth_telling(t, e, &tell);

	if (err || !tell)
		return err;
	gs_buf_init(&bytes, GS_STORE_VALUE_MAX);
	gs_log_encode(entry, &bytes);
	err = bytes.err;
	gs_keccak256(bytes.ptr, bytes.len, &digest);
	gs_buf_free(&bytes);
	return err ? err
	           : gs_audit_append(t->j, GS_AUDIT_SAW, &e->claim, &digest,
	                             e->kind == GS_EVENT_GAME ? gs_game_event_name(e->dispute.kind)
	                                                      : gs_event_name(e->kind));
}

enum gs_err gs_node_apply_log(struct gs_node_turn *t, const struct gs_log_entry *entry)
{
	struct gs_event event;
	const struct gs_contracts *contracts = &t->node->options.contracts;
	enum gs_err err = t->decoded ? gs_event_decode_again(contracts, entry, &event, t->j->error)
	                             : gs_event_decode(contracts, entry, &event, t->j->error);

	if (!err)
		err = gs_facts_apply(t->j, entry, &event, t->catching_up ? NULL : t->node->log);
	if (!err)
		err = enter_seen(t, entry, &event);
	if (!err)
		err = gs_history_apply(t->j, &event);
	if (!err && event.kind == GS_EVENT_POSTED)
		err = gs_plan_sample_posted(t, &event);
	if (!err && event.kind == GS_EVENT_BATCH_POSTED)
		err = gs_plan_sample_batch(t, &event);
	if (!err && (event.kind == GS_EVENT_BATCH_FINALIZED || event.kind == GS_EVENT_BATCH_LOST ||
	             event.kind == GS_EVENT_BATCH_RELEASED))
		err = gs_plan_forget_leaves(t, &event.batch);
	if (!err && (event.kind == GS_EVENT_FINALIZED || event.kind == GS_EVENT_INVALIDATED ||
	             event.kind == GS_EVENT_RELEASED ||
	             (event.kind == GS_EVENT_GAME && event.dispute.kind == GS_GAME_EVENT_OVER)))
		err = forget_settled(t, &event.claim);
	return err;
}

enum gs_err gs_node_on_logs(struct gs_node_turn *t, const struct gs_node_input *in)
{
	struct gs_node *node = t->node;
	struct gs_head head;
	enum gs_err err;

	if (node->queue_count == 0 || !gs_hash_equal(&node->queue[0].hash, &in->as.logs.block))
		return GS_OK; /* of a block that is orphaned meanwhile */
	head = node->queue[0];
	memmove(node->queue, node->queue + 1, --node->queue_count * sizeof(head));
	err = gs_journal_advance(t->j, &head);
	node->block = head.number;
	t->block_hash = head.hash;
	t->decoded = in->as.logs.decoded;
	for (size_t i = 0; i < in->as.logs.count && !err; i++)
		err = gs_node_apply_log(t, &in->as.logs.entries[i]);
	if (!err && in->as.logs.newest && node->queue_count == 0)
		err = gs_node_plan(t); /* one commit for the claims and what is decided about them */
	return err ? err : gs_node_fetch_logs(t);
}
