#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "challenge/machine/merkle.h"
#include "challenge/machine/program.h"
#include "validator/daemon/evidence_parts.h"
#include "validator/daemon/work.h"

enum { WORDS_MAX = 512, EXECUTION_PREPARED = 1 << 30 };

void gs_evidence_say(const struct gs_evidence_checking *c, const char *part, enum gs_evidence_finding finding,
                     const char *fmt, ...)
{
	char words[WORDS_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(words, sizeof(words), fmt, args);
	va_end(args);
	c->options->tell(c->options->context, part, finding, words);
}

/* --- deployment, claim, model --- */

static void check_deployment(struct gs_evidence_checking *c)
{
	const struct gs_contracts *own = c->options->contracts, *is = &c->e->contracts;

	if (!own)
		gs_evidence_say(c, "deployment", GS_EVIDENCE_UNCHECKED,
		                "chain %llu: give --deployment FILE to compare the contracts with those that you mean",
		                (unsigned long long)is->chain_id);
	else if (own->chain_id != is->chain_id)
		gs_evidence_say(c, "deployment", GS_EVIDENCE_FAILS,
		                "it is of chain %llu, the deployment is on chain %llu",
		                (unsigned long long)is->chain_id, (unsigned long long)own->chain_id);
	else if (!gs_address_equal(&own->claims, &is->claims) || !gs_address_equal(&own->disputes, &is->disputes) ||
	         !gs_address_equal(&own->duties, &is->duties) || !gs_address_equal(&own->models, &is->models) ||
	         !gs_address_equal(&own->stakes, &is->stakes) || !gs_address_equal(&own->batches, &is->batches))
		gs_evidence_say(c, "deployment", GS_EVIDENCE_FAILS, "it is of other contracts than the deployment's");
	else
		gs_evidence_say(c, "deployment", GS_EVIDENCE_HOLDS, "its chain and contracts are the deployment's");
}

static void check_claim(struct gs_evidence_checking *c)
{
	const struct gs_evidence *e = c->e;
	struct gs_hash id;
	char text[67];

	gs_claim_id(e->contracts.chain_id, &e->contracts.claims, &e->body, &id);
	gs_hex_encode(e->claim.b, 32, true, text);
	if (gs_hash_equal(&id, &e->claim))
		gs_evidence_say(c, "claim", GS_EVIDENCE_HOLDS, "%s is the hash of what it says", text);
	else
		gs_evidence_say(c, "claim", GS_EVIDENCE_FAILS, "%s is not the hash of what it says", text);
}

/* Posted, and how it ended, as the logs tell it. */
static void check_course(struct gs_evidence_checking *c)
{
	const struct gs_evidence *e = c->e;
	const char *why = NULL;
	uint8_t status = GS_CLAIM_OPEN;
	bool posted = false;
	struct gs_event event;

	for (size_t i = 0; i < c->chain.logs && !why; i++) {
		const struct gs_log_entry *log = c->chain.log[i].entry;
		if (gs_event_decode(&e->contracts, log, &event, NULL)) {
			why = "a log of the contracts does not have its form";
			break;
		}
		if (!gs_hash_equal(&event.claim, &e->claim))
			continue;
		if (event.kind == GS_EVENT_POSTED) {
			posted = true;
			if (log->block_number != e->posted_block || gs_u256_cmp(&event.terms_word, &e->terms_word) != 0)
				why = "it was posted in another block, or under other terms";
		}
		status = event.kind == GS_EVENT_FINALIZED     ? GS_CLAIM_FINAL
		         : event.kind == GS_EVENT_INVALIDATED ? GS_CLAIM_INVALID
		         : event.kind == GS_EVENT_RELEASED    ? GS_CLAIM_VOID
		                                              : status;
	}
	if (!c->chain.whole)
		gs_evidence_say(c, "course", GS_EVIDENCE_UNCHECKED,
		                "there are no proven receipts: how it stands is the node's word");
	else if (why || !posted || status != e->status)
		gs_evidence_say(c, "course", GS_EVIDENCE_FAILS, "%s",
		                why       ? why
		                : !posted ? "no log says that it was posted"
		                          : "the logs end in another status than the node says");
	else
		gs_evidence_say(c, "course", GS_EVIDENCE_HOLDS, "posted in block %llu, and as the logs leave it: %s",
		                (unsigned long long)e->posted_block,
		                status == GS_CLAIM_OPEN      ? "open"
		                : status == GS_CLAIM_INVALID ? "invalid"
		                : status == GS_CLAIM_FINAL   ? "final"
		                                             : "void");
}

static void check_model(struct gs_evidence_checking *c)
{
	struct gs_error why = {0};
	struct gs_hash id;

	if (c->e->header.len == 0) {
		gs_evidence_say(c, "model", GS_EVIDENCE_UNCHECKED, "the node does not know its header");
		return;
	}
	if (gs_header_decode(c->e->header.ptr, &c->model, &why)) {
		gs_evidence_say(c, "model", GS_EVIDENCE_FAILS, "its header does not have its form: %s", why.text);
		return;
	}
	gs_header_model_id(&c->model, &id);
	c->model_known = gs_hash_equal(&id, &c->e->body.model_id);
	gs_evidence_say(c, "model", c->model_known ? GS_EVIDENCE_HOLDS : GS_EVIDENCE_FAILS,
	                c->model_known ? "its header hashes to the claim's model" : "its header is another model's");
}

/* --- arrays --- */

/* zeros complete the array. */
static enum gs_err check_array(struct gs_evidence_checking *c, const char *part, struct gs_bytes bytes, uint64_t chunks,
                               unsigned depth, const struct gs_hash *root)
{
	struct gs_hash is;

	if (bytes.len == 0 || !c->model_known) {
		gs_evidence_say(c, part, GS_EVIDENCE_UNCHECKED,
		                bytes.len ? "the model's header is not here" : "it is not here");
		return GS_OK;
	}
	if (bytes.len > chunks * GS_CHUNK_BYTES) {
		gs_evidence_say(c, part, GS_EVIDENCE_FAILS, "it is longer than the model's");
		return GS_OK;
	}
	const uint64_t present = (bytes.len + GS_CHUNK_BYTES - 1) / GS_CHUNK_BYTES;
	uint8_t *padded = calloc(present, GS_CHUNK_BYTES);
	if (!padded)
		return gs_fail(c->error, GS_ENOMEM, "evidence: no memory");
	memcpy(padded, bytes.ptr, bytes.len);
	gs_merkle_array_root(padded, present, depth, &is);
	free(padded);
	const bool same = gs_hash_equal(&is, root);
	gs_evidence_say(c, part, same ? GS_EVIDENCE_HOLDS : GS_EVIDENCE_FAILS,
	                same ? "its %zu bytes hash to the claim's root"
	                     : "its %zu bytes do not hash to the claim's root",
	                bytes.len);
	return GS_OK;
}

static enum gs_err check_arrays(struct gs_evidence_checking *c)
{
	const struct gs_header *h = &c->model;
	const bool tolerant = c->model_known && gs_header_tolerant(h);
	enum gs_err err = check_array(c, "input", c->e->input, c->model_known ? h->inputs_chunks : 0,
	                              c->model_known ? gs_merkle_depth(h->inputs_chunks) : 0, &c->e->body.input_root);

	if (err)
		return err;
	return check_array(c, "output", c->e->output,
	                   !c->model_known ? 0
	                   : tolerant      ? h->claimed_chunks
	                                   : UINT64_C(1) << h->output_depth,
	                   !c->model_known ? 0
	                   : tolerant      ? gs_merkle_depth(h->claimed_chunks)
	                                   : h->output_depth,
	                   &c->e->body.output_root);
}

/* --- verdict --- */

static void check_verdict(struct gs_evidence_checking *c)
{
	struct gs_verdict_record verdict;
	struct gs_hash right;

	if (c->e->verdict.len == 0) {
		gs_evidence_say(c, "verdict", GS_EVIDENCE_UNCHECKED, "the node has none");
		return;
	}
	if (gs_verdict_decode(c->e->verdict, &verdict)) {
		gs_evidence_say(c, "verdict", GS_EVIDENCE_FAILS, "it does not have its form");
		return;
	}
	if (!c->model_known || verdict.verdict == GS_VERDICT_UNAVAILABLE) {
		gs_evidence_say(c, "verdict", GS_EVIDENCE_UNCHECKED, "%s",
		                c->model_known ? "unavailable: it says nothing of the claim"
		                               : "the model's header is not here");
		return;
	}
	gs_claim_expected_root(&c->model, &c->e->body, &right);
	const bool valid = gs_hash_equal(&verdict.computed_root, &right);
	if (valid == (verdict.verdict == GS_VERDICT_VALID) && verdict.verdict <= GS_VERDICT_INVALID)
		gs_evidence_say(c, "verdict", GS_EVIDENCE_HOLDS, "%s, as the output says that the node computed",
		                valid ? "valid" : "invalid");
	else
		gs_evidence_say(c, "verdict", GS_EVIDENCE_FAILS,
		                "it does not follow from the output that the node computed");
}

/* --- sampling --- */

static const char *check_proof(struct gs_evidence_checking *c, const struct gs_sample *s, struct gs_vrf *vrf)
{
	const struct gs_evidence *e = c->e;
	uint8_t alpha[GS_SAMPLE_ALPHA_BYTES];
	struct gs_vrf_public key;
	struct gs_hash output;

	memcpy(key.b, e->sampling_key.ptr, sizeof(key.b));
	gs_sample_alpha(e->contracts.chain_id, &e->contracts.claims, &s->source, alpha);
	if (gs_vrf_verify(vrf, &key, (struct gs_bytes){alpha, sizeof(alpha)}, &s->proof, &output))
		return "the proof is not this key's for this source";
	if (s->draw != gs_sample_draw(&output, &e->claim))
		return "the draw does not follow from the proof";
	if (s->source.kind == GS_SAMPLE_OF_BATCH && !gs_hash_equal(&s->source.of, &e->body.batch))
		return "it was drawn from another batch";
	for (size_t i = 0; i < c->chain.headers && s->source.kind == GS_SAMPLE_OF_BLOCK; i++)
		if (c->chain.header[i].head.number == e->posted_block &&
		    !gs_hash_equal(&c->chain.header[i].head.hash, &s->source.of))
			return "it was drawn from another block than the claim's";
	return NULL;
}

static const char *check_decision(struct gs_evidence_checking *c, const struct gs_sample *s)
{
	struct gs_sampling_policy policy;
	struct gs_sample wanted;
	struct gs_hash name;

	if (gs_policy_decode(c->e->policy, &policy))
		return "its policy is not here, or does not have its form";
	gs_policy_hash(&policy, &name);
	if (!gs_hash_equal(&name, &s->policy))
		return "its policy is another";
	gs_sample_decide(&policy, s->draw, &s->of, &wanted);
	if (wanted.rate_ppm != s->rate_ppm)
		return "the rate does not follow from the policy";
	return gs_sample_follows(s, &wanted) ? NULL : "the decision does not follow from draw and rate";
}

static enum gs_err check_sampling(struct gs_evidence_checking *c)
{
	struct gs_sample sample;
	struct gs_vrf *vrf;
	const char *why;

	if (c->e->sample.len == 0) {
		gs_evidence_say(c, "sampling", GS_EVIDENCE_UNCHECKED, "no decision is shown; see the notes");
		return GS_OK;
	}
	if (gs_sample_decode(c->e->sample, &sample)) {
		gs_evidence_say(c, "sampling", GS_EVIDENCE_FAILS, "the decision does not have its form");
		return GS_OK;
	}
	if (!sample.proven || c->e->sampling_key.len == 0) {
		gs_evidence_say(c, "sampling", GS_EVIDENCE_UNCHECKED,
		                "the decision has no proof, or the key is not here");
		return GS_OK;
	}
	vrf = gs_vrf_new();
	if (!vrf)
		return gs_fail(c->error, GS_ENOMEM, "evidence: no memory");
	why = check_proof(c, &sample, vrf);
	gs_vrf_free(vrf);
	if (!why)
		why = check_decision(c, &sample);
	if (why)
		gs_evidence_say(c, "sampling", GS_EVIDENCE_FAILS, "%s", why);
	else
		gs_evidence_say(c, "sampling", GS_EVIDENCE_HOLDS, "%s by %s, proven by the key that the file names",
		                sample.execute ? "executed" : "not executed",
		                gs_sample_reason_name((enum gs_sample_reason)sample.reason));
	return GS_OK;
}

/* --- execution --- */

static void tell_executed(struct gs_evidence_checking *c, const struct gs_work_result *result)
{
	struct gs_verdict_record verdict;
	struct gs_hash right;

	if (!result->computed) {
		gs_evidence_say(c, "execution", GS_EVIDENCE_UNCHECKED, "%s", result->reason);
		return;
	}
	gs_claim_expected_root(&c->model, &c->e->body, &right);
	const bool valid = gs_hash_equal(&result->output_root, &right);
	if (c->e->verdict.len && !gs_verdict_decode(c->e->verdict, &verdict) &&
	    verdict.verdict != GS_VERDICT_UNAVAILABLE && !gs_hash_equal(&verdict.computed_root, &result->output_root))
		gs_evidence_say(c, "execution", GS_EVIDENCE_FAILS,
		                "it gives another output than the node says that it computed");
	else
		gs_evidence_say(c, "execution", GS_EVIDENCE_HOLDS, "executed here: the claim is %s",
		                valid ? "right" : "wrong");
	if ((c->e->status == GS_CLAIM_FINAL && !valid) || (c->e->status == GS_CLAIM_INVALID && valid))
		gs_evidence_say(
			c, "outcome", GS_EVIDENCE_UNCHECKED,
			"the claim is %s and its end on chain is the other one: nobody disputed it, or a side did not play",
			valid ? "right" : "wrong");
}

enum gs_err gs_evidence_check_execution(struct gs_evidence_checking *c)
{
	const struct gs_evidence *e = c->e;
	const struct gs_work_options options = {
		.models = c->options->models, .threads = 1, .prepared_bytes = EXECUTION_PREPARED};
	const struct gs_work_job job = {.claim = e->claim,
	                                .model = e->body.model_id,
	                                .input_root = e->body.input_root,
	                                .output_root = e->body.output_root,
	                                .input = e->input,
	                                .output = e->output};
	struct gs_work_result result;
	struct gs_work *work;
	int fd;
	enum gs_err err;

	if (!c->options->models || !c->model_known) {
		gs_evidence_say(c, "execution", GS_EVIDENCE_UNCHECKED, "%s",
		                c->model_known ? "no models were given (--models DIR)"
		                               : "the model's header is not here");
		return GS_OK;
	}
	err = gs_work_open(&options, &work, &fd, c->error);
	if (err)
		return err;
	err = gs_work_submit(work, &job);
	while (!err && !gs_work_take(work, &result)) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		(void)poll(&ready, 1, 1000);
	}
	if (!err)
		tell_executed(c, &result);
	gs_work_close(work);
	return err ? gs_fail(c->error, err, "evidence: no memory to execute the claim") : GS_OK;
}

/* --- all of it --- */

enum gs_err gs_evidence_check(const struct gs_evidence *e, const struct gs_evidence_options *options,
                              struct gs_error *error)
{
	struct gs_evidence_checking *c = calloc(1, sizeof(*c));
	enum gs_err err;

	if (!c)
		return gs_fail(error, GS_ENOMEM, "evidence: no memory");
	*c = (struct gs_evidence_checking){.e = e, .options = options, .error = error};
	check_deployment(c);
	check_claim(c);
	check_model(c);
	err = check_arrays(c);
	if (!err)
		err = gs_evidence_check_chain(c);
	if (!err)
		check_course(c);
	if (!err)
		err = gs_evidence_check_games(c);
	if (!err)
		check_verdict(c);
	if (!err)
		err = check_sampling(c);
	if (!err)
		err = gs_evidence_check_audit(c);
	if (!err)
		err = gs_evidence_check_execution(c);
	gs_evidence_chain_free(&c->chain);
	free(c);
	return err;
}
