/* gainsay release: gives back bond and fee of what stays unfinal: its model is void, or the deployment was retired long enough ago. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "chain/eth/bindings.h"
#include "validator/cli/commands.h"
#include "validator/cli/lookup.h"
#include "validator/cli/proposal.h"
#include "validator/daemon/ask.h"

enum { STATUS_OPEN = 1, BATCH_WORDS = 6 }; /* docs/protocol.md, 4.1 and 4.5 */

struct releasing {
	struct gs_options options;
	struct gs_transact t;
	bool dry_run, all;
	struct gs_hash wanted;  /* unless all */
	struct gs_address from; /* dry run */
	bool found;
	size_t released, not_releasable;
	json_t *list;
	struct gs_error *error;
};

static const char *status_text(unsigned status)
{
	static const char *const names[] = {"none", "open", "invalid or lost", "final", "void"};

	return status < GS_ARRAY_LEN(names) ? names[status] : "unknown";
}

static enum gs_err status_of(struct releasing *r, enum gs_contract contract, uint32_t selector,
                             const struct gs_hash *id, unsigned *out)
{
	const struct gs_question slot = {.at = &r->t.session.deployment.contract[contract],
	                                 .selector = selector,
	                                 .name = "slotOf",
	                                 .arg = {*id},
	                                 .args = 1};
	struct gs_hash word;
	enum gs_err err = gs_ask(r->t.session.rpc, &slot, &word, 1, r->error);

	*out = err ? 0 : word.b[sizeof(word.b) - 1];
	return err;
}

static void tell(struct releasing *r, const char *what, const struct gs_hash *id, const struct gs_address *claimant,
                 const char *outcome, const struct gs_proposal *p)
{
	char text[67], who[GS_ADDRESS_TEXT_MAX];

	gs_hex_encode(id->b, sizeof(id->b), true, text);
	gs_address_format(claimant, who);
	if (r->options.json)
		json_array_append_new(r->list, json_pack("{s:s,s:s,s:s,s:s,s:I}", "what", what, "id", text, "claimant",
		                                         who, "outcome", outcome, "gas", (json_int_t)p->gas));
	else
		printf("%-6s %s  %s  %8llu gas  %s\n", what, text, who, (unsigned long long)p->gas, outcome);
}

/* Sends or tries one release. With --all, what cannot be released yet is told and passed over. */
static enum gs_err release_one(struct releasing *r, const char *what, const struct gs_hash *id,
                               const struct gs_address *claimant, unsigned status, struct gs_proposal *p)
{
	char text[67];
	enum gs_err err;

	gs_hex_encode(id->b, sizeof(id->b), true, text);
	if (status != STATUS_OPEN)
		return r->all ? GS_OK
		              : gs_fail(r->error, GS_EINVAL, "release: %s %s is %s: there is nothing to release", what,
		                        text, status_text(status));
	p->from = r->from;
	err = gs_propose(&r->t, r->dry_run, p, r->error);
	if (!err) {
		r->released++;
		tell(r, what, id, claimant, p->sent ? "released" : "can be released", p);
		return GS_OK;
	}
	if (r->all && err == GS_ECONFLICT && gs_rpc_last_failure(r->t.session.rpc)->kind == GS_RPC_REVERT) {
		r->not_releasable++;
		tell(r, what, id, claimant, "cannot be released yet", p);
		return GS_OK;
	}
	return gs_fail_within(r->error, err, "release: %s %s", what, text);
}

static enum gs_err release_claim(struct releasing *r, const struct gs_event *e)
{
	uint8_t words[GS_CLAIM_BODY_WORDS * GS_ABI_WORD];
	struct gs_hash arguments[GS_CLAIM_BODY_WORDS];
	struct gs_proposal p;
	unsigned status = 0;
	enum gs_err err = status_of(r, GS_CONTRACT_CLAIMS, GS_CLAIMS_FN_SLOT_OF, &e->claim, &status);

	if (err)
		return err;
	gs_claim_body_encode(&e->body, words);
	memcpy(arguments, words, sizeof(words));
	gs_proposal_make(GS_CONTRACT_CLAIMS, "Claims.release(Body)", GS_CLAIMS_FN_RELEASE, arguments,
	                 GS_CLAIM_BODY_WORDS, &p);
	err = release_one(r, "claim", &e->claim, &e->body.claimant, status, &p);
	gs_buf_free(&p.data);
	return err;
}

static struct gs_hash word_of(uint64_t v)
{
	struct gs_hash word = {{0}};

	gs_be64_write(word.b + sizeof(word.b) - sizeof(v), v);
	return word;
}

static enum gs_err release_batch(struct releasing *r, const struct gs_event *e)
{
	const struct gs_hash arguments[BATCH_WORDS] = {
		gs_word_of_address(&e->account), word_of(e->salt), e->batch_root, word_of(e->leaves),
		word_of(e->batch_kind),          e->model,
	};
	struct gs_proposal p;
	unsigned status = 0;
	enum gs_err err = status_of(r, GS_CONTRACT_BATCHES, GS_BATCHES_FN_SLOT_OF, &e->batch, &status);

	if (err)
		return err;
	gs_proposal_make(GS_CONTRACT_BATCHES, "Batches.releaseBatch(Batch)", GS_BATCHES_FN_RELEASE_BATCH, arguments,
	                 BATCH_WORDS, &p);
	err = release_one(r, "batch", &e->batch, &e->account, status, &p);
	gs_buf_free(&p.data);
	return err;
}

/* A batch that gave only its root locks nothing: there is nothing to give back. */
static enum gs_err visit(void *context, const struct gs_event *e)
{
	struct releasing *r = context;

	if (e->kind == GS_EVENT_POSTED && (r->all || gs_hash_equal(&e->claim, &r->wanted))) {
		r->found = true;
		return release_claim(r, e);
	}
	if (e->kind == GS_EVENT_BATCH_POSTED && e->batch_kind == GS_BATCH_CALLDATA &&
	    (r->all || gs_hash_equal(&e->batch, &r->wanted))) {
		r->found = true;
		return release_batch(r, e);
	}
	return GS_OK;
}

static enum gs_err release(struct releasing *r)
{
	static const enum gs_contract contracts[] = {GS_CONTRACT_CLAIMS, GS_CONTRACT_BATCHES};
	const struct gs_hash topics[] = {gs_claims_event_posted, gs_batches_event_batch_posted};
	const struct gs_lookup_scan scan = {.contracts = contracts,
	                                    .contract_count = GS_ARRAY_LEN(contracts),
	                                    .topics = topics,
	                                    .topic_count = GS_ARRAY_LEN(topics),
	                                    .visit = visit,
	                                    .context = r};
	enum gs_err err = gs_lookup_events(&r->t.session, &scan, r->error);

	if (!err && !r->all && !r->found)
		err = gs_fail(r->error, GS_ENOTFOUND, "release: no such claim or batch was posted to this deployment");
	return err;
}

static void print_end(struct releasing *r)
{
	if (!r->options.json) {
		printf("%zu %s, %zu not yet.%s\n", r->released, r->dry_run ? "can be released" : "released",
		       r->not_releasable, r->dry_run ? " Nothing was sent." : "");
		return;
	}
	json_t *root = json_pack("{s:I,s:I,s:b,s:O}", "released", (json_int_t)r->released, "not_yet",
	                         (json_int_t)r->not_releasable, "sent", !r->dry_run, "list", r->list);
	json_dumpf(root, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(root);
}

int gs_cmd_release(int argc, char **argv)
{
	struct gs_error error = {0};
	struct releasing r = {.error = &error};
	const struct gs_flag flags[] = {
		{.name = "all", .kind = GS_FLAG_BOOL, .help = "everything that is open", .out = &r.all},
		{.name = "dry-run",
	         .kind = GS_FLAG_BOOL,
	         .help = "only try, send nothing; needs no key",
	         .out = &r.dry_run},
	};
	struct gs_cli cli = {
		.usage = "gainsay release CLAIM_ID|BATCH_ID | --all",
		.about =
			"Gives bond and fee of an unfinal claim or batch back to its claimant. Anybody may, once its model is void, or the deployment was "
			"retired and its grace is over, or, of a leaf, when its batch is over. Games of what was released can only be closed.",
		.flags = flags,
		.flag_count = GS_ARRAY_LEN(flags),
		.args_max = 1,
	};
	enum gs_err err;
	int code = gs_options_parse(&r.options, &cli, argc, argv);

	if (code != GS_CLI_GO_ON)
		return code;
	if (r.all == (cli.arg_count == 1))
		return gs_cli_misused("release: name one claim or batch, or say --all");
	if (!r.all && gs_hex_decode(cli.arg[0], strlen(cli.arg[0]), r.wanted.b, sizeof(r.wanted.b)))
		return gs_cli_misused("release: %.80s: not an id of 64 hex digits", cli.arg[0]);
	if (gs_proposal_open(&r.options, r.dry_run, &r.t, &error))
		return gs_cli_fail(&error);
	r.list = json_array();
	err = release(&r);
	if (!err)
		print_end(&r);
	json_decref(r.list);
	gs_transact_close(&r.t);
	return err ? gs_cli_fail(&error) : GS_EXIT_OK;
}
