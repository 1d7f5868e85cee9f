/* What is due now, from the stored facts alone: running it twice plans nothing twice. Games are in plan_game.c. */
#include <stdlib.h>
#include <string.h>

#include "chain/eth/abi.h"
#include "chain/eth/bindings.h"
#include "challenge/game/moves.h"
#include "validator/node/facts_record.h"
#include "validator/node/node_state.h"

/* --- executions --- */

/* Room for one more; what only waits for another try makes way, or claims that nobody can compute would blind the node. */
static struct gs_node_execution *free_execution(struct gs_node *node)
{
	if (node->execution_count < GS_NODE_EXECUTIONS_MAX)
		return &node->execution[node->execution_count];
	for (size_t i = 0; i < node->execution_count; i++)
		if (!node->execution[i].running)
			return &node->execution[i];
	return NULL;
}

/* What the execution of a right claim ends in. */
static enum gs_err right_root(struct gs_node_turn *t, const struct gs_claim *claim, struct gs_hash *out, bool *tolerant)
{
	struct gs_model_record model;
	struct gs_header header;
	enum gs_err err = gs_facts_model(t->j, &claim->body.model_id, &model);

	memset(out, 0, sizeof(*out));
	*tolerant = false;
	if (err == GS_ENOTFOUND)
		return GS_OK;
	if (!err)
		err = gs_header_decode(model.header, &header, t->j->error);
	if (err)
		return err;
	*tolerant = gs_header_tolerant(&header);
	gs_claim_expected_root(&header, &claim->body, out);
	return GS_OK;
}

static struct gs_node_execution *execution_of(struct gs_node *node, const struct gs_hash *claim)
{
	for (size_t i = 0; i < node->execution_count; i++)
		if (gs_hash_equal(&node->execution[i].claim, claim))
			return &node->execution[i];
	return NULL;
}

enum gs_err gs_node_may_execute(struct gs_node_turn *t, const struct gs_claim *claim, bool *out)
{
	struct gs_node *node = t->node;
	const struct gs_node_execution *execution = execution_of(node, &claim->id);
	struct gs_verdict_record before;
	enum gs_err err = gs_node_load_verdict(t->j, &claim->id, &before);

	*out = false;
	if (err && err != GS_ENOTFOUND)
		return err;
	if (!execution && !err && before.verdict == GS_VERDICT_UNAVAILABLE &&
	    node->now.unix_s < before.time.unix_s + GS_NODE_RETRY_S) {
		gs_agenda_at(t, before.time.unix_s + GS_NODE_RETRY_S);
		return GS_OK; /* failed before the node's start, or has made way for another */
	}
	if (execution && (execution->running || node->now.unix_s < execution->not_before.unix_s)) {
		if (execution->running)
			gs_agenda_always(
				t); /* at the next start it is to be asked for again, and nothing says so but this */
		gs_agenda_at(t, execution->not_before.unix_s);
		return GS_OK;
	}
	*out = true;
	return GS_OK;
}

enum gs_err gs_node_execute(struct gs_node_turn *t, const struct gs_claim *claim)
{
	struct gs_node *node = t->node;
	struct gs_node_execution *execution = execution_of(node, &claim->id);
	struct gs_buf input, output;
	struct gs_hash right;
	bool tolerant, ready;
	enum gs_err err = gs_node_may_execute(t, claim, &ready);

	if (err || !ready)
		return err;
	if (!execution) {
		execution = free_execution(node);
		if (!execution) {
			gs_agenda_always(t);
			return GS_OK; /* later */
		}
		*execution = (struct gs_node_execution){.claim = claim->id, .body = claim->body};
	}
	gs_buf_init(&input, GS_STORE_VALUE_MAX);
	gs_buf_init(&output, GS_STORE_VALUE_MAX);
	err = right_root(t, claim, &right, &tolerant);
	if (!err)
		err = gs_facts_input(t->j, &claim->id, &input);
	if (!err)
		err = gs_facts_output(t->j, &claim->id, &output);
	if (!err)
		err = gs_node_emit_two(
			t,
			(struct gs_node_effect){.kind = GS_EFFECT_EXECUTE,
		                                .hash = claim->id,
		                                .model = claim->body.model_id,
		                                .input_root = claim->body.input_root,
		                                .output_root = claim->body.output_root,
		                                .right_root = right,
		                                .tolerant = tolerant,
		                                .urgent = !t->handing,
		                                .own = gs_address_equal(&claim->body.claimant, &node->options.self)},
			gs_buf_view(&input), gs_buf_view(&output));
	gs_buf_free(&input);
	gs_buf_free(&output);
	gs_agenda_always(t);
	if (!err) {
		if (execution == &node->execution[node->execution_count])
			node->execution_count++;
		execution->running = true;
	}
	return err;
}

/* --- intents --- */

enum gs_err gs_plan_want(struct gs_node_turn *t, enum gs_intent_kind kind, const struct gs_hash *subject,
                         const struct gs_hash *state, const struct gs_address *to, struct gs_buf *calldata,
                         struct gs_time due)
{
	struct gs_intent intent = {
		.kind = (uint8_t)kind, .subject = *subject, .to = *to, .data = gs_buf_view(calldata), .due = due};

	if (state)
		intent.state = *state;
	if (calldata->err)
		return gs_fail(t->j->error, calldata->err, "node: calldata is too large");
	return gs_intent_want(t->j, &intent, t->node->now);
}

enum gs_err gs_plan_under_way(struct gs_node_turn *t, enum gs_intent_kind kind, const struct gs_hash *subject,
                              const struct gs_hash *state, bool *out)
{
	static const struct gs_hash none;
	struct gs_hash id;
	struct gs_time later = {0};
	enum gs_err err;

	gs_intent_id(kind, subject, state ? state : &none, &id);
	err = gs_intent_under_way(t->j, &id, t->node->now, out, &later);
	gs_agenda_at(t, later.unix_s);
	return err;
}

/* A call of Claims whose arguments are the claim's body and, unless it is NULL, a number. */
static enum gs_err want_claim_call(struct gs_node_turn *t, enum gs_intent_kind kind, const struct gs_claim *claim,
                                   uint32_t selector, const uint64_t *number)
{
	struct gs_abi_writer args;
	struct gs_buf calldata;
	uint8_t body[GS_CLAIM_BODY_WORDS * GS_ABI_WORD];
	bool already;
	enum gs_err err = gs_plan_under_way(t, kind, &claim->id, NULL, &already);

	if (err || already)
		return err;
	gs_buf_init(&calldata, GS_INTENT_DATA_MAX);
	gs_abi_call(&args, &calldata, selector, GS_CLAIM_BODY_WORDS + (number ? 1 : 0));
	gs_claim_body_encode(&claim->body, body);
	for (unsigned i = 0; i < GS_CLAIM_BODY_WORDS; i++)
		gs_abi_put_word(&args, body + i * GS_ABI_WORD);
	if (number)
		gs_abi_put_u64(&args, *number);
	gs_abi_end(&args);
	err = gs_plan_want(t, kind, &claim->id, NULL, &t->node->options.contracts.claims, &calldata,
	                   (struct gs_time){0});
	gs_buf_free(&calldata);
	return err;
}

/* Whether an open claim can be given up without a verdict (docs/protocol.md, 4.2, 4.4 and 4.5). */
static enum gs_err is_releasable(struct gs_node_turn *t, const struct gs_claim *claim, bool *out)
{
	struct gs_model_record model;
	struct gs_batch batch;
	struct gs_time grace_end;
	enum gs_err err = gs_facts_model(t->j, &claim->body.model_id, &model);

	*out = !err && model.voided;
	if (err || *out)
		return err;
	err = gs_facts_grace_end(t->j, &grace_end);
	if (!err)
		gs_agenda_at(t, grace_end.unix_s + 1);
	*out = !err && t->node->now.unix_s > grace_end.unix_s;
	if ((err && err != GS_ENOTFOUND) || *out || gs_hash_is_zero(&claim->body.batch))
		return err == GS_ENOTFOUND ? GS_OK : err;
	err = gs_facts_batch(t->j, &claim->body.batch, &batch);
	*out = !err && batch.kind == GS_BATCH_CALLDATA && claim->open_games == 0 &&
	       (batch.status == GS_BATCH_LOST || batch.status == GS_BATCH_VOID);
	return err;
}

enum gs_err gs_plan_release(struct gs_node_turn *t, const struct gs_claim *claim, bool *released)
{
	enum gs_err err = GS_OK;

	*released = false;
	if (claim->status == GS_CLAIM_OPEN)
		err = is_releasable(t, claim, released);
	return *released ? want_claim_call(t, GS_INTENT_RELEASE, claim, GS_CLAIMS_FN_RELEASE, NULL) : err;
}

/* --- claims --- */

static enum gs_err plan_challenge(struct gs_node_turn *t, const struct gs_claim *claim)
{
	const struct gs_node_options *o = &t->node->options;
	struct gs_buf calldata;
	bool already, affordable = false;
	enum gs_err err;

	if (t->node->now.unix_s > claim->window_end.unix_s)
		return GS_OK;
	if (t->node->block < claim->block + o->confirm_blocks) {
		gs_agenda_always(t); /* blocks are no time */
		return GS_OK;
	}
	err = gs_plan_under_way(t, GS_INTENT_CHALLENGE, &claim->id, NULL, &already);
	if (!err && !already)
		err = gs_plan_challenged(t, claim, &already);
	if (err || already)
		return err;
	err = gs_plan_weigh_challenge(t, claim, NULL, &affordable);
	if (!err && !affordable) {
		gs_agenda_wait(t, claim, GS_AGENDA_STAKE);
		gs_agenda_at(t, t->node->now.unix_s + GS_NODE_RETELL_S);
	}
	if (err || !affordable)
		return err;
	gs_buf_init(&calldata, GS_INTENT_DATA_MAX);
	gs_challenge_calldata(&claim->body, &calldata);
	err = gs_plan_want(t, GS_INTENT_CHALLENGE, &claim->id, NULL, &o->contracts.disputes, &calldata,
	                   claim->window_end);
	gs_buf_free(&calldata);
	return err;
}

static enum gs_err plan_validation(struct gs_node_turn *t, const struct gs_claim *claim, bool *refuted)
{
	struct gs_sample sample;
	struct gs_verdict_record verdict;
	enum gs_err err = gs_plan_sample(t, claim, &sample);

	if (err || !sample.execute)
		return err;
	err = gs_node_load_verdict(t->j, &claim->id, &verdict);
	if (err == GS_ENOTFOUND || (!err && verdict.verdict == GS_VERDICT_UNAVAILABLE)) {
		bool in_window = t->node->now.unix_s <= claim->window_end.unix_s;
		return in_window ? gs_work_offer(t, claim, NULL) : GS_OK;
	}
	if (err)
		return err;
	*refuted = verdict.verdict == GS_VERDICT_INVALID;
	return *refuted ? plan_challenge(t, claim) : gs_plan_attest(t, claim, &verdict);
}

enum gs_err gs_plan_waits(struct gs_node_turn *t, const struct gs_claim *claim, bool *out)
{
	const struct gs_address *self = &t->node->options.self;
	struct gs_attestation a;
	enum gs_err err;

	*out = gs_address_equal(&claim->body.claimant, self) ||
	       (claim->demand.deadline.unix_s && gs_address_equal(&claim->demand.by, self));
	if (*out)
		return GS_OK;
	err = gs_facts_attestation(t->j, &claim->id, self, &a);
	*out = !err && !gs_u256_is_zero(&a.stake.v);
	return err == GS_ENOTFOUND ? GS_OK : err;
}

enum gs_err gs_plan_claim(struct gs_node_turn *t, const struct gs_hash *id)
{
	const struct gs_node_options *o = &t->node->options;
	struct gs_claim claim;
	bool mine, waits, refuted = false, cleared = false;
	uint64_t ripe_s, epoch;
	enum gs_err err = gs_facts_claim(t->j, id, &claim);

	if (err)
		return err == GS_ENOTFOUND ? GS_OK : err; /* a reorganisation took it away */
	if (claim.status != GS_CLAIM_OPEN)
		return gs_plan_duties(t, &claim);
	mine = gs_address_equal(&claim.body.claimant, &o->self);
	err = gs_plan_waits(t, &claim, &waits);
	if (err)
		return err;
	if (waits && o->finalise) {
		bool released = false;
		err = gs_plan_release(t, &claim, &released);
		if (err || released)
			return err;
	}
	if ((err = gs_plan_duties(t, &claim)))
		return err;
	if (o->validate && !mine && (err = plan_validation(t, &claim, &refuted)))
		return err;
	ripe_s = claim.window_end.unix_s + (mine ? 0 : GS_NODE_FINALISE_GRACE_S);
	if (o->finalise && (mine || o->validate))
		gs_agenda_at(t, ripe_s + 1);
	if (!o->finalise || refuted || claim.open_games || t->node->now.unix_s <= ripe_s || (!mine && !o->validate))
		return GS_OK;
	err = gs_plan_clearing(t, &claim, &cleared, &epoch);
	return err || !cleared ? err : want_claim_call(t, GS_INTENT_FINALISE, &claim, GS_CLAIMS_FN_FINALIZE, &epoch);
}
