#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "validator/node/audit.h"
#include "validator/node/contents.h"
#include "validator/node/history.h"
#include "validator/node/node_state.h"

/* --- opening --- */

enum gs_err gs_node_open(const struct gs_node_options *options, const struct gs_store *store,
                         const struct gs_node_surroundings *surroundings, const struct gs_log *log,
                         struct gs_node **out, struct gs_error *error)
{
	struct gs_node *node = malloc(sizeof(*node));
	struct gs_journal j;
	struct gs_node_turn turn = {.node = node, .j = &j};
	enum gs_err err;

	*out = NULL;
	if (!node)
		return gs_fail(error, GS_ENOMEM, "node: no memory");
	memset(node, 0, offsetof(struct gs_node, tracker));
	gs_head_none(&node->tracker);
	node->options = *options;
	gs_policy_hash(&node->options.sampling, &node->policy);
	node->store = store;
	node->surroundings = *surroundings;
	node->log = log;
	node->now = options->start_time;
	node->written = true; /* by the life before */
	err = gs_journal_begin(store, 0, &j, error);
	if (err)
		goto out;
	err = gs_counts_open(&j);
	if (!err)
		err = gs_journal_load_heads(&j, &node->tracker);
	if (!err)
		err = gs_node_load_final(&j, &node->final);
	if (!err)
		err = gs_agenda_open(&turn);
	if (!err)
		err = gs_journal_commit(&j);
	gs_journal_abort(&j);
	if (!err && gs_head_newest(&node->tracker))
		node->block = gs_head_newest(&node->tracker)->number;
out:
	if (err) {
		gs_node_close(node);
		return err;
	}
	*out = node;
	return GS_OK;
}

void gs_node_close(struct gs_node *node)
{
	if (!node)
		return;
	explicit_bzero(&node->lot, sizeof(node->lot)); /* secret until it is shown */
	gs_journal_watch_free(&node->watch);
	free(node);
}

const struct gs_head *gs_node_newest(const struct gs_node *node)
{
	return gs_head_newest(&node->tracker);
}

uint64_t gs_node_final(const struct gs_node *node)
{
	return node->final;
}

/* --- executions --- */

static struct gs_node_execution *execution_of(struct gs_node *node, const struct gs_hash *claim)
{
	for (size_t i = 0; i < node->execution_count; i++)
		if (gs_hash_equal(&node->execution[i].claim, claim))
			return &node->execution[i];
	return NULL;
}

/* The three-valued verdict. A claim is invalid only when both back ends computed the same output and it is not the one that makes
 * the claim right: the claimed one, or of a tolerant model that it holds. */
static void judge_claim(const struct gs_node_input *in, const struct gs_header *header, const struct gs_claim *claim,
                        struct gs_verdict_record *out)
{
	static const struct gs_address nobody;
	struct gs_hash right;
	const bool agree = gs_hash_equal(&in->as.executed.output_root, &in->as.executed.reference_root);

	memset(out, 0, sizeof(*out));
	out->time = in->now;
	out->verdict = GS_VERDICT_UNAVAILABLE;
	if (!in->as.executed.computed) {
		strncpy(out->reason, in->as.executed.reason ? in->as.executed.reason : "not computed",
		        sizeof(out->reason) - 1);
		return;
	}
	if (!agree) {
		strncpy(out->reason,
		        "the executor and the reference interpreter disagree: a fault of this machine or this program",
		        sizeof(out->reason) - 1);
		return;
	}
	out->computed_root = in->as.executed.output_root;
	out->trace_root = in->as.executed.trace_root;
	gs_claim_expected_root(header, &claim->body, &right);
	out->verdict = gs_hash_equal(&out->computed_root, &right) ? GS_VERDICT_VALID : GS_VERDICT_INVALID;
	if (gs_address_equal(&in->as.executed.by, &nobody))
		return;
	gs_verdict_by_worker(&in->as.executed.by, out->reason);
	if (out->verdict == GS_VERDICT_INVALID) /* nobody is challenged on a worker's word */
		out->verdict = GS_VERDICT_UNAVAILABLE;
}

/* Soon at first, since windows may be short, and what failed is mostly over by then. */
static uint64_t retry_s(unsigned failed)
{
	const uint64_t wait_s = UINT64_C(1) << (failed < 6 ? failed : 6);

	return wait_s < GS_NODE_RETRY_S ? wait_s : GS_NODE_RETRY_S;
}

static enum gs_err on_executed(struct gs_node_turn *t, const struct gs_node_input *in)
{
	struct gs_node *node = t->node;
	struct gs_node_execution *execution = execution_of(node, &in->as.executed.claim);
	struct gs_verdict_record verdict, before;
	struct gs_model_record model;
	struct gs_header header;
	struct gs_claim claim;
	char id[67];
	enum gs_err err = gs_facts_claim(t->j, &in->as.executed.claim, &claim);

	if (err == GS_ENOTFOUND && execution && !gs_hash_is_zero(&execution->body.batch)) { /* a leaf, not opened yet */
		claim = (struct gs_claim){.id = in->as.executed.claim, .body = execution->body};
		err = GS_OK;
	}
	if (err == GS_ENOTFOUND) { /* a reorg took the claim away */
		if (execution)
			*execution = node->execution[--node->execution_count];
		return GS_OK;
	}
	if (err)
		return err;
	err = gs_facts_model(t->j, &claim.body.model_id, &model);
	if (!err)
		err = gs_header_decode(model.header, &header, t->j->error);
	if (err)
		return err;
	judge_claim(in, &header, &claim, &verdict);
	if (execution && verdict.verdict == GS_VERDICT_UNAVAILABLE) {
		execution->running = false;
		execution->not_before.unix_s = in->now.unix_s + retry_s(execution->failed++);
	} else if (execution) {
		*execution = node->execution[--node->execution_count];
	}
	gs_hex_encode(claim.id.b, 32, true, id);
	gs_log_line(node->log, verdict.verdict == GS_VERDICT_UNAVAILABLE ? GS_LOG_WARN : GS_LOG_INFO, "claim.verdict",
	            "claim=%s verdict=%s%s%s%s", id, gs_verdict_name((enum gs_verdict)verdict.verdict),
	            verdict.reason[0] ? " why=\"" : "", verdict.reason, verdict.reason[0] ? "\"" : "");
	if (verdict.verdict == GS_VERDICT_INVALID && gs_address_equal(&claim.body.claimant, &node->options.self))
		gs_log_line(node->log, GS_LOG_ERROR, "claim.not_defended",
		            "claim=%s why=\"our own claim does not match its execution\"", id);
	err = gs_history_took(t->j, &claim.body.model_id, in->as.executed.computed ? in->as.executed.took_us : 0);
	if (err)
		return err;
	err = gs_node_load_verdict(t->j, &claim.id, &before);
	if (!err && verdict.verdict == GS_VERDICT_UNAVAILABLE && before.verdict != GS_VERDICT_UNAVAILABLE)
		return GS_OK; /* what was computed once stays known */
	if (err && err != GS_ENOTFOUND)
		return err;
	err = gs_node_store_verdict(t->j, &claim.id, &verdict);
	return err ? err : gs_node_plan(t);
}

static enum gs_err on_leaves(struct gs_node_turn *t, const struct gs_node_input *in)
{
	enum gs_err err = GS_OK;

	for (size_t i = 0; i < in->as.leaves.count && !err; i++)
		err = gs_facts_give(t->j, &in->as.leaves.leaf[i]);
	return err;
}

/* --- the step --- */

/* What is new, and what waits to be signed, comes before what waits to be mined: of that there may be more than an endpoint tells at once. */
static enum gs_err on_timer(struct gs_node_turn *t)
{
	const struct gs_node *node = t->node;
	const uint64_t keep_s = node->options.audit_keep_s;
	enum gs_err err = gs_node_fetch_logs(t);

	if (!err && gs_node_newest(node))
		err = gs_node_plan(t);
	if (!err)
		err = gs_transactions_next(t, true);
	if (!err)
		err = gs_tending_look(t, false);
	if (!err)
		err = gs_forced_look(t);
	if (!err)
		err = gs_capital_tell(t);
	if (!err && keep_s && node->now.unix_s > keep_s)
		err = gs_audit_prune(t->j, (struct gs_time){node->now.unix_s - keep_s});
	return err;
}

static const char *roles_of(const struct gs_node_options *o)
{
	return o->validate ? o->defend ? "validates and defends" : "validates" : o->defend ? "defends" : "looks on";
}

static enum gs_err on_start(struct gs_node_turn *t, const struct gs_node_input *in)
{
	struct gs_hash policy;
	enum gs_err err = GS_OK;

	if (t->node->options.validate)
		err = gs_history_keep_policy(t->j, &t->node->options.sampling);
	if (!err)
		err = gs_history_note_validates(t->j, t->node->options.validate, t->node->options.start_time);
	if (!err) {
		gs_policy_hash(&t->node->options.sampling, &policy);
		err = gs_audit_append(t->j, GS_AUDIT_STARTED, NULL, &policy, roles_of(&t->node->options));
	}
	return err ? err : gs_transactions_start(t, in->as.start.nonce);
}

static enum gs_err dispatch(struct gs_node_turn *t, const struct gs_node_input *in)
{
	switch (in->kind) {
	case GS_INPUT_START: return on_start(t, in);
	case GS_INPUT_HEADER: return gs_node_on_header(t, &in->as.header);
	case GS_INPUT_LOGS: return gs_node_on_logs(t, in);
	case GS_INPUT_FINAL: return gs_node_on_final(t, in->as.final.number, &in->as.final.hash);
	case GS_INPUT_RANGE: return gs_node_on_range(t, in);
	case GS_INPUT_TIMER: return on_timer(t);
	case GS_INPUT_EXECUTED: return on_executed(t, in);
	case GS_INPUT_DISTRUSTED: return gs_node_on_distrusted(t, &in->as.distrusted);
	case GS_INPUT_LEAVES: return on_leaves(t, in);
	case GS_INPUT_COMMAND: return gs_node_on_command(t, in);
	case GS_INPUT_TOLD: return gs_plan_told(t, in->as.told);
	case GS_INPUT_PREPARED: return gs_transactions_prepared(t, in);
	case GS_INPUT_REFUSED: return gs_transactions_refused(t, in);
	case GS_INPUT_KEPT: return gs_transactions_kept(t, in);
	case GS_INPUT_NONCE: return gs_transactions_nonce(t, in);
	case GS_INPUT_NONCE_BEHIND: return gs_transactions_behind(t, in->as.nonce_behind.nonce);
	case GS_INPUT_NONCE_LOST: return gs_transactions_lost(t, in);
	case GS_INPUT_RECEIPT: return gs_transactions_receipt(t, in);
	case GS_INPUT_FUNDS: return gs_node_on_funds(t, &in->as.funds);
	case GS_INPUT_NO_RECEIPT: return gs_forced_no_receipt(t, &in->as.no_receipt);
	}
	return GS_EINVAL;
}

enum gs_err gs_node_step(struct gs_node *node, const struct gs_node_input *input, struct gs_node_effects *effects,
                         struct gs_error *error)
{
	struct gs_journal j;
	struct gs_node_turn turn = {.node = node, .j = &j, .effects = effects, .lane = input->lane};
	struct gs_error why = {0};
	enum gs_err err;

	gs_node_effects_clear(effects);
	node->now = input->now;
	err = gs_journal_begin(node->store, node->block, &j, &why);
	if (err)
		goto out;
	j.counts = true;
	j.final = node->final;
	j.now = input->now;
	j.watch = &node->watch;
	node->watch.count = 0;
	err = dispatch(&turn, input);
	if (input->kind == GS_INPUT_RANGE && (err == GS_ECORRUPT || err == GS_EPARSE)) {
		gs_journal_abort(&j);
		gs_node_effects_clear(effects);
		gs_log_line(node->log, GS_LOG_WARN, "chain.range_refused", "first=%llu last=%llu why=\"%s\"",
		            (unsigned long long)input->as.range.first.number,
		            (unsigned long long)input->as.range.last.number, why.text);
		return GS_OK;
	}
	if (!err)
		err = gs_agenda_enter_written(&turn);
	if (!err)
		err = gs_transactions_next(&turn, false);
	if (!err && node->options.check_agenda && (j.of_counted || node->options.check_agenda == 1))
		err = gs_counts_check(&j);
	if (!err && node->options.check_agenda && (j.of_contents || node->options.check_agenda == 1))
		err = gs_contents_check_references(&j);
	node->written = node->written || j.watched;
	if (!err)
		err = gs_journal_commit(&j);
	else
		gs_journal_abort(&j);
out:
	if (err) {
		gs_node_effects_clear(effects);
		return gs_fail(error, err, "%s",
		               why.text[0] ? why.text
		                           : "node: a stored record does not have its form; restore a backup");
	}
	return GS_OK;
}
