/* gainsay verify: whether what somebody shows holds: sampling decisions, or the evidence about a claim. What the file is decides. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "validator/cli/commands.h"
#include "validator/cli/model.h"
#include "validator/cli/model_json.h"
#include "validator/daemon/evidence.h"
#include "validator/daemon/deployment.h"
#include "validator/daemon/samples.h"
#include "validator/daemon/statement.h"
#include "storage/textfile.h"

enum { TOLD_MAX = 1000 }; /* lines that do not hold, one by one */

/* --- evidence --- */

struct findings {
	json_t *parts; /* NULL: they are printed */
	unsigned count[GS_EVIDENCE_UNCHECKED + 1];
};

static void tell_part(void *context, const char *part, enum gs_evidence_finding finding, const char *words)
{
	static const char *const names[] = {[GS_EVIDENCE_HOLDS] = "holds",
	                                    [GS_EVIDENCE_FAILS] = "DOES NOT HOLD",
	                                    [GS_EVIDENCE_UNCHECKED] = "not checkable"};
	static const char *const keys[] = {
		[GS_EVIDENCE_HOLDS] = "holds", [GS_EVIDENCE_FAILS] = "fails", [GS_EVIDENCE_UNCHECKED] = "unchecked"};
	struct findings *f = context;

	f->count[finding]++;
	if (f->parts)
		json_array_append_new(
			f->parts, json_pack("{s:s, s:s, s:s}", "part", part, "finding", keys[finding], "why", words));
	else
		printf("%-20s %-14s %s\n", part, names[finding], words);
}

/* As written: what stands in a file may be anything. */
static void print_notes(struct gs_bytes notes)
{
	bool begins = true;

	for (size_t i = 0; i < notes.len; i++) {
		if (begins)
			printf("%-20s %-14s ", "", "note");
		begins = notes.ptr[i] == '\n';
		putchar(begins || (notes.ptr[i] >= 0x20 && notes.ptr[i] < 0x7f) ? notes.ptr[i] : '?');
	}
	if (!begins)
		putchar('\n');
}

struct wanted {
	const char *path, *models, *deployment;
	bool json, strict;
};

static int verify_evidence(const struct wanted *w, struct gs_bytes bytes)
{
	struct gs_deployment deployment;
	struct gs_contracts contracts;
	struct findings findings = {.parts = w->json ? json_array() : NULL};
	struct gs_evidence_options options = {.models = w->models, .tell = tell_part, .context = &findings};
	struct gs_evidence evidence;
	struct gs_error error = {0};
	enum gs_err err = gs_evidence_decode(bytes, &evidence, &error);

	if (err)
		(void)gs_fail_within(&error, err, "%s", w->path);
	if (!err && w->deployment) {
		err = gs_deployment_load(w->deployment, &deployment, &error);
		if (!err)
			gs_deployment_contracts(&deployment, &contracts);
		options.contracts = &contracts;
	}
	if (!err)
		err = gs_evidence_check(&evidence, &options, &error);
	if (err) {
		json_decref(findings.parts);
		return gs_cli_fail(&error);
	}
	const bool holds = findings.count[GS_EVIDENCE_FAILS] == 0;
	if (w->json) {
		char claim[67];
		gs_hex_encode(evidence.claim.b, 32, true, claim);
		gs_json_print(json_pack("{s:s, s:b, s:i, s:i, s:i, s:o}", "claim", claim, "holds", holds, "parts_hold",
		                        (int)findings.count[GS_EVIDENCE_HOLDS], "parts_fail",
		                        (int)findings.count[GS_EVIDENCE_FAILS], "parts_unchecked",
		                        (int)findings.count[GS_EVIDENCE_UNCHECKED], "parts", findings.parts));
	} else {
		print_notes(evidence.notes);
		printf("%u parts hold, %u do not, %u cannot be checked here\n", findings.count[GS_EVIDENCE_HOLDS],
		       findings.count[GS_EVIDENCE_FAILS], findings.count[GS_EVIDENCE_UNCHECKED]);
	}
	return holds && !(w->strict && findings.count[GS_EVIDENCE_UNCHECKED]) ? GS_EXIT_OK : GS_EXIT_FAILED;
}

/* --- decisions --- */

static void tell(void *context, uint64_t line, const char *why)
{
	uint64_t *told = context;

	if (++*told <= TOLD_MAX)
		printf("line %" PRIu64 ": %s\n", line, why);
}

/* By key, or by a statement that also says whose key it is. */
static enum gs_err whom(const char *key, const char *statement, struct gs_vrf_public *out,
                        struct gs_lots_domain *domain, struct gs_error *error)
{
	struct gs_buf text;
	enum gs_err err;

	if (key)
		return gs_hex_decode(key, strlen(key), out->b, sizeof(out->b)) == GS_OK
		               ? GS_OK
		               : gs_fail(error, GS_EPARSE,
		                         "--key: a public sampling key is 66 hex digits ('gainsay keys sampling')");
	gs_buf_init(&text, 16 * 1024);
	err = gs_textfile_read(statement, &text, error);
	gs_buf_append_u8(&text, 0);
	if (!err && text.err)
		err = gs_fail(error, text.err, "%s: too large for a statement", statement);
	if (!err && (err = gs_statement_read((const char *)text.ptr, domain, out, error)))
		err = gs_fail_within(error, err, "%s", statement);
	gs_buf_free(&text);
	return err;
}

static bool same_domain(const struct gs_lots_domain *a, const struct gs_lots_domain *b)
{
	return a->chain_id == b->chain_id && gs_address_equal(&a->claims, &b->claims) &&
	       gs_address_equal(&a->validator, &b->validator);
}

/* GS_CLI_GO_ON: it is none. */
static int looks_like_evidence(struct wanted *w, const char *path)
{
	struct gs_mapped file;
	struct gs_error error = {0};
	int code = GS_CLI_GO_ON;

	w->path = path;
	if (strcmp(path, "-") == 0)
		return GS_CLI_GO_ON;
	if (gs_map_file(path, UINT64_C(1) << 40, &file, &error))
		return gs_cli_fail(&error);
	if (gs_evidence_is(file.bytes))
		code = verify_evidence(w, file.bytes);
	gs_unmap_file(&file);
	return code;
}

int gs_cmd_verify(int argc, char **argv)
{
	const char *key = NULL, *statement = NULL;
	struct wanted wanted = {.path = NULL};
	const struct gs_flag flags[] = {
		{.name = "key",
	         .kind = GS_FLAG_TEXT,
	         .value = "HEX",
	         .help = "the validator's public sampling key",
	         .out = &key},
		{.name = "statement",
	         .kind = GS_FLAG_TEXT,
	         .value = "FILE",
	         .help = "or its signed statement, of 'gainsay keys sampling --statement'",
	         .out = &statement},
		{.name = "models",
	         .kind = GS_FLAG_TEXT,
	         .value = "DIR",
	         .help = "evidence: a folder of models, to execute the claim again",
	         .out = &wanted.models},
		{.name = "deployment",
	         .kind = GS_FLAG_TEXT,
	         .value = "FILE",
	         .help = "evidence: it must be of these contracts",
	         .out = &wanted.deployment},
		{.name = "strict",
	         .kind = GS_FLAG_BOOL,
	         .help = "evidence: what cannot be checked here is a failure, too",
	         .out = &wanted.strict},
		{.name = "json", .kind = GS_FLAG_BOOL, .help = "evidence: print JSON", .out = &wanted.json}};
	struct gs_cli cli = {
		.usage =
			"gainsay verify FILE [--key HEX | --statement FILE] [--models DIR] [--deployment FILE] [--strict] [--json]",
		.about =
			"Checks what 'gainsay samples export' wrote (with --key or --statement): every proof, that the draw follows from\n"
			"it, and rate and decision from draw and policy; or what 'gainsay evidence export' wrote, part by part: hashes,\n"
			"proofs, signatures, the games by the rules, the decision, the audit log, and with --models the execution.\n"
			"Needs no node and no chain. Exit code 0: nothing fails; 1: something does, or the file is none; 2: misused.",
		.flags = flags,
		.flag_count = GS_ARRAY_LEN(flags),
		.args_min = 1,
		.args_max = 1};
	struct gs_samples_checked checked = {0};
	struct gs_lots_domain domain;
	struct gs_vrf_public public_key;
	struct gs_error error = {0};
	uint64_t told = 0;
	int code = gs_cli_parse(&cli, argc, argv);

	if (code != GS_CLI_GO_ON)
		return code;
	code = looks_like_evidence(&wanted, cli.arg[0]);
	if (code != GS_CLI_GO_ON)
		return code;
	if (!key == !statement)
		return gs_cli_misused("verify: name the validator's key by --key or by --statement");
	if (whom(key, statement, &public_key, &domain, &error))
		return gs_cli_fail(&error);
	FILE *in = strcmp(cli.arg[0], "-") == 0 ? stdin : fopen(cli.arg[0], "rb");
	struct gs_vrf *vrf = gs_vrf_new();
	enum gs_err err = GS_OK;
	if (!in)
		err = gs_fail(&error, GS_EIO, "%s: %s", cli.arg[0], strerror(errno));
	else if (!vrf)
		err = gs_fail(&error, GS_ENOMEM, "verify: no memory");
	else
		err = gs_samples_verify(in, vrf, &public_key, tell, &told, &checked, &error);
	gs_vrf_free(vrf);
	if (in && in != stdin)
		fclose(in);
	if (!err && !checked.wrong && statement && !same_domain(&domain, &checked.domain))
		err = gs_fail(&error, GS_ECONFLICT, "%s: of another chain, contract or validator than the statement",
		              cli.arg[0]);
	if (err)
		return gs_cli_fail(&error);
	printf("%" PRIu64 " decisions, %" PRIu64 " to execute; %" PRIu64 " lines do not hold\n", checked.lines,
	       checked.executed, checked.wrong);
	if (checked.shed)
		printf("%" PRIu64 " were drawn and not executed for want of time\n", checked.shed);
	if (checked.late)
		printf("%" PRIu64 " were not decided about in time (it was not running, or behind the chain); %" PRIu64
		       " of them it would have executed\n",
		       checked.late, checked.late_drawn);
	return checked.wrong ? GS_EXIT_FAILED : GS_EXIT_OK;
}
