/* Which claims are executed: decided when a claim is first seen bound, stored with all that it was decided by, and told. */
#include <stdio.h>
#include <string.h>

#include "validator/node/audit.h"
#include "validator/node/history.h"
#include "validator/node/node_state.h"

enum { SAMPLE_BYTES_MAX = 4096 };

static enum gs_err stored(struct gs_node_turn *t, const struct gs_hash *id, struct gs_sample *out)
{
	struct gs_bytes known;
	enum gs_err err = gs_journal_view(t->j, GS_TABLE_SAMPLES, (struct gs_bytes){id->b, sizeof(id->b)}, &known);

	return err ? err : gs_sample_decode(known, out);
}

enum gs_err gs_plan_is_shed(struct gs_node_turn *t, const struct gs_hash *id, bool *out)
{
	struct gs_sample sample;
	enum gs_err err = stored(t, id, &sample);

	*out = !err && sample.reason == GS_SAMPLE_SHED;
	return err == GS_ENOTFOUND ? GS_OK : err;
}

enum gs_err gs_plan_put_sample(struct gs_node_turn *t, const struct gs_hash *of, const struct gs_sample *sample)
{
	struct gs_buf value;
	enum gs_err err;

	gs_buf_init(&value, SAMPLE_BYTES_MAX);
	gs_sample_encode(sample, &value);
	err = value.err ? value.err
	                : gs_journal_put(t->j, GS_TABLE_SAMPLES, (struct gs_bytes){of->b, sizeof(of->b)},
	                                 gs_buf_view(&value));
	if (!err) {
		char what[GS_AUDIT_WHAT_MAX];
		snprintf(what, sizeof(what), "%s by %s", sample->execute ? "execute" : "leave",
		         gs_sample_reason_name((enum gs_sample_reason)sample->reason));
		err = gs_audit_append_bytes(t->j, GS_AUDIT_SAMPLED, of, gs_buf_view(&value), what);
	}
	gs_buf_free(&value);
	return err;
}

/* What is decided about a claim whose window is over: nothing is executed, and the record says why. */
static void call_late(const struct gs_node *node, struct gs_time window_end, struct gs_sample *out)
{
	out->execute = false;
	out->reason = window_end.unix_s < node->options.start_time.unix_s ? GS_SAMPLE_DOWN : GS_SAMPLE_BEHIND;
}

/* Whether this node was to decide about what had its window until then: it has validated before. */
static enum gs_err was_ours(struct gs_node_turn *t, struct gs_time window_end, bool *out)
{
	struct gs_time since;
	const enum gs_err err = gs_history_validates_since(t->j, &since);

	*out = !err && window_end.unix_s > since.unix_s;
	return err == GS_ENOTFOUND ? GS_OK : err;
}

/* Claims of one block come one after the other: the function is computed once for all of them. */
static enum gs_err lot_of(struct gs_node_turn *t, const struct gs_sample_source *source,
                          const struct gs_sample_lot **out)
{
	struct gs_node *node = t->node;
	enum gs_err err = GS_OK;

	if (!gs_sample_source_equal(&node->lot_source, source)) {
		memset(&node->lot_source, 0, sizeof(node->lot_source));
		err = node->surroundings.draw(node->surroundings.self, source, &node->lot);
		if (err)
			return gs_fail(t->j->error, err, "node: no memory for a draw");
		node->lot_source = *source;
	}
	*out = &node->lot;
	return err;
}

static enum gs_err case_of(struct gs_node_turn *t, const struct gs_claim *claim, struct gs_sampling_case *out)
{
	const struct gs_node *node = t->node;
	const uint64_t now_s = t->j->time.unix_s ? t->j->time.unix_s : node->now.unix_s;
	struct gs_claimant_record claimant;
	enum gs_err err = gs_history_claimant(t->j, &claim->body.claimant, &claimant);

	if (!err)
		err = gs_history_cost(t->j, &claim->body.model_id, &out->cost_us);
	if (err)
		return err;
	out->value = gs_claim_lot_value(&claim->body.lot);
	out->wrong = claimant.wrong;
	out->known_s = now_s > claimant.since.unix_s ? now_s - claimant.since.unix_s : 0;
	const size_t taken = node->execution_count + node->waiting;
	out->load_ppm = (uint32_t)((taken < GS_NODE_EXECUTIONS_MAX ? taken : GS_NODE_EXECUTIONS_MAX) * GS_POLICY_PPM /
	                           GS_NODE_EXECUTIONS_MAX);
	return GS_OK;
}

enum gs_err gs_plan_decide(struct gs_node_turn *t, const struct gs_claim *claim, const struct gs_sample_source *source,
                           uint64_t block, struct gs_sample *out)
{
	const struct gs_sampling_policy *policy = &t->node->options.sampling;
	const struct gs_sample_lot *lot = NULL;
	struct gs_sampling_case of;
	enum gs_err err = case_of(t, claim, &of);

	if (!err && source->kind)
		err = lot_of(t, source, &lot);
	if (err)
		return err;
	gs_sample_decide(policy, lot ? gs_sample_draw(&lot->output, &claim->id) : 0, &of, out);
	out->policy = t->node->policy;
	if (!lot) {
		out->execute = true;
		out->reason = GS_SAMPLE_UNBOUND;
	} else if (lot->proven) {
		out->proven = true;
		out->proof = lot->proof;
	}
	out->source = *source;
	out->block = block;
	return GS_OK;
}

static enum gs_err decide_and_tell(struct gs_node_turn *t, const struct gs_claim *claim,
                                   const struct gs_sample_source *source, uint64_t block,
                                   const struct gs_sample *before, struct gs_sample *out)
{
	char id[67];
	enum gs_err err = gs_plan_decide(t, claim, source, block, out);

	if (err)
		return err;
	if (t->node->now.unix_s > claim->window_end.unix_s) /* nobody could act on it */
		call_late(t->node, claim->window_end, out);
	if (before && before->execute && !out->execute) { /* what was begun is not left half done */
		out->execute = true;
		out->reason = GS_SAMPLE_KEPT;
	}
	err = gs_plan_put_sample(t, &claim->id, out);
	if (err || t->catching_up)
		return err;
	gs_hex_encode(claim->id.b, 32, true, id);
	gs_log_line(t->node->log, GS_LOG_INFO, "claim.sample", "claim=%s execute=%s reason=%s", id,
	            out->execute ? "yes" : "no", gs_sample_reason_name((enum gs_sample_reason)out->reason));
	return GS_OK;
}

/* A leaf of a batch in calldata was bound with its batch, whoever opens it later. */
static enum gs_err source_of(struct gs_node_turn *t, const struct gs_claim_body *body, const struct gs_hash *block,
                             struct gs_sample_source *out)
{
	struct gs_batch batch;
	enum gs_err err;

	*out = (struct gs_sample_source){.kind = GS_SAMPLE_OF_BLOCK, .of = *block};
	if (gs_hash_is_zero(&body->batch))
		return GS_OK;
	err = gs_facts_batch(t->j, &body->batch, &batch);
	if (!err && batch.kind == GS_BATCH_CALLDATA)
		*out = (struct gs_sample_source){.kind = GS_SAMPLE_OF_BATCH, .of = body->batch};
	return err == GS_ENOTFOUND ? GS_OK : err;
}

enum gs_err gs_plan_sample_posted(struct gs_node_turn *t, const struct gs_event *posted)
{
	const struct gs_node_options *o = &t->node->options;
	const struct gs_claim claim = {.id = posted->claim, .body = posted->body, .window_end = posted->window_end};
	const bool late = t->node->now.unix_s > posted->window_end.unix_s;
	struct gs_sample_source source;
	struct gs_sample before, sample;
	bool ours = true;
	enum gs_err err = GS_OK;

	if (!o->validate || gs_address_equal(&posted->body.claimant, &o->self))
		return GS_OK;
	if (late)
		err = was_ours(t, posted->window_end, &ours);
	if (err || !ours)
		return err;
	err = source_of(t, &posted->body, &t->block_hash, &source);
	if (err)
		return err;
	err = stored(t, &posted->claim, &before);
	if (err && err != GS_ENOTFOUND)
		return err;
	if (!err && late) /* what was decided in time stays */
		return GS_OK;
	/* Once more after a reorganisation; not what a version without sources decided. */
	if (!err && (before.source.kind == 0 || gs_sample_source_equal(&before.source, &source)))
		return GS_OK;
	return decide_and_tell(t, &claim, &source, t->j->block, err ? NULL : &before, &sample);
}

enum gs_err gs_plan_sample_batch(struct gs_node_turn *t, const struct gs_event *posted)
{
	const struct gs_node_options *o = &t->node->options;
	struct gs_sample before,
		sample = {.source = {.kind = GS_SAMPLE_OF_BATCH, .of = posted->batch}, .block = t->j->block};
	bool ours;
	enum gs_err err;

	if (!o->validate || gs_address_equal(&posted->account, &o->self) || posted->batch_kind != GS_BATCH_CALLDATA ||
	    t->node->now.unix_s <= posted->window_end.unix_s)
		return GS_OK;
	err = was_ours(t, posted->window_end, &ours);
	if (err || !ours)
		return err;
	err = stored(t, &posted->batch, &before);
	if (err != GS_ENOTFOUND)
		return err;
	call_late(t->node, posted->window_end, &sample);
	return gs_plan_put_sample(t, &posted->batch, &sample);
}

enum gs_err gs_plan_sample(struct gs_node_turn *t, const struct gs_claim *claim, struct gs_sample *out)
{
	struct gs_sample_source source = {0};
	struct gs_head head;
	enum gs_err err = stored(t, &claim->id, out);

	if (err && err != GS_ENOTFOUND)
		return err;
	const bool over = t->node->now.unix_s > claim->window_end.unix_s;
	if (!err && gs_sample_is_late(out) && !over) { /* an answer has opened its window again */
		source = out->source;
		return decide_and_tell(t, claim, &source, claim->block, NULL, out);
	}
	if (!err)
		return GS_OK;
	memset(out, 0, sizeof(*out));
	if (over)
		return GS_OK;
	err = gs_journal_head(t->j, claim->block, &head); /* of ranges only the last one is kept */
	if (!err)
		err = source_of(t, &claim->body, &head.hash, &source);
	if (err && err != GS_ENOTFOUND)
		return err;
	return decide_and_tell(t, claim, &source, claim->block, NULL, out);
}
