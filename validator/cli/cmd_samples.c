/* gainsay policy, samples and verify: by which rule claims are executed, what was decided by it, and whether what somebody shows of that holds. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "validator/cli/commands.h"
#include "validator/cli/model_json.h"
#include "validator/cli/stored.h"
#include "validator/daemon/samples.h"
#include "validator/daemon/statement.h"
#include "validator/daemon/textfile.h"

enum { TOLD_MAX = 1000 }; /* lines that do not hold, one by one */

/* --- policy show --- */

static json_t *decimal(struct gs_wei amount)
{
	char text[GS_U256_DECIMAL_MAX];

	gs_u256_to_decimal(&amount.v, text);
	return json_string(text);
}

static int print_policy(const struct gs_sampling_policy *p, bool json)
{
	struct gs_hash hash;
	char name[67], certain[GS_U256_DECIMAL_MAX], unit[GS_U256_DECIMAL_MAX];

	gs_policy_hash(p, &hash);
	gs_hex_encode(hash.b, 32, true, name);
	if (json)
		return gs_json_print(json_pack("{s:s, s:I, s:I, s:o, s:o, s:I, s:I, s:I, s:I, s:I}", "policy", name,
		                               "rate_ppm", (json_int_t)p->rate_ppm, "least_ppm",
		                               (json_int_t)p->least_ppm, "certain_above", decimal(p->certain_above),
		                               "value_unit", decimal(p->value_unit), "wrong_percent",
		                               (json_int_t)p->wrong_percent, "young_percent",
		                               (json_int_t)p->young_percent, "young_s", (json_int_t)p->young_s,
		                               "cost_us", (json_int_t)p->cost_us, "busy_ppm", (json_int_t)p->busy_ppm));
	gs_wei_format_ether(p->certain_above, certain);
	gs_wei_format_ether(p->value_unit, unit);
	printf("policy         %s\n", name);
	printf("rate           %g of all claims, at least %g whatever cost and load\n", p->rate_ppm * 1e-6,
	       p->least_ppm * 1e-6);
	printf("certain above  %s\n", certain);
	printf("value unit     %s%s\n", unit,
	       gs_u256_is_zero(&p->value_unit.v) ? " (value does not count below that)" : "");
	printf("wrong          %" PRIu32 " %% of the rate more for each claim of the claimant that was settled wrong\n",
	       p->wrong_percent);
	printf("young          %" PRIu32 " %% more in a claimant's first %" PRIu64 " s\n", p->young_percent,
	       p->young_s);
	printf("cost           %" PRIu64 " us of an execution, beyond which it is drawn more rarely (0: any)\n",
	       p->cost_us);
	printf("busy           from %g of the room for executions on, draws get rarer\n", p->busy_ppm * 1e-6);
	return GS_EXIT_OK;
}

/* A command with one verb, its first argument. */
static int parse_verb(struct gs_options *options, struct gs_cli *cli, int argc, char **argv, const char *command,
                      const char *verb)
{
	const int code = gs_options_parse(options, cli, argc, argv);

	if (code == GS_CLI_GO_ON && strcmp(cli->arg[0], verb) != 0)
		return gs_cli_misused("%s: %s: say '%s %s'", command, cli->arg[0], command, verb);
	return code;
}

int gs_cmd_policy(int argc, char **argv)
{
	struct gs_options options;
	struct gs_cli cli = {
		.usage = "gainsay policy show [--config FILE] [--json]",
		.about =
			"Shows the sampling policy that the configuration makes, and the hash that names it in every decision.",
		.args_min = 1,
		.args_max = 1};
	struct gs_sampling_policy policy;
	struct gs_config config;
	struct gs_error error = {0};
	const int code = parse_verb(&options, &cli, argc, argv, "policy", "show");

	if (code != GS_CLI_GO_ON)
		return code;
	if (gs_options_config(&options, &config, &error))
		return gs_cli_fail(&error);
	gs_config_policy(&config, &policy);
	return print_policy(&policy, options.json);
}

/* --- samples export --- */

static enum gs_err export_samples(struct gs_stored *stored, const struct gs_config *config, uint64_t since,
                                  struct gs_error *error)
{
	struct gs_samples_written written;
	struct gs_lots_domain domain;
	struct gs_vrf_key key;
	struct gs_vrf *vrf = gs_vrf_new();
	enum gs_err err = vrf ? GS_OK : gs_fail(error, GS_ENOMEM, "samples: no memory");

	if (!err)
		err = gs_lots_domain(&stored->store, stored->j.txn, &domain, error);
	if (!err)
		err = gs_lots_key(&stored->store, stored->j.txn, config, vrf, &key, error);
	if (!err) {
		err = gs_samples_export(&stored->j, vrf, &key, &domain, since, stdout, &written, error);
		gs_vrf_key_wipe(&key);
	}
	gs_vrf_free(vrf);
	if (!err)
		fprintf(stderr,
		        "%" PRIu64 " decisions; %" PRIu64 " wait for others of their block, %" PRIu64
		        " have no proof\n",
		        written.lines, written.held, written.unproven);
	return err;
}

int gs_cmd_samples(int argc, char **argv)
{
	uint64_t since = 0;
	const struct gs_flag flags[] = {{.name = "since",
	                                 .kind = GS_FLAG_U64,
	                                 .value = "BLOCK",
	                                 .help = "only claims of this block and later ones",
	                                 .out = &since}};
	struct gs_options options;
	struct gs_cli cli = {
		.usage = "gainsay samples export --db DIR [--since BLOCK] > FILE",
		.about =
			"Writes the decisions that may be shown, with their proofs: those of blocks all of whose claims are settled\n"
			"in final blocks. 'gainsay verify' checks such a file.",
		.flags = flags,
		.flag_count = GS_ARRAY_LEN(flags),
		.args_min = 1,
		.args_max = 1};
	struct gs_stored stored;
	struct gs_config config;
	struct gs_error error = {0};
	const int code = parse_verb(&options, &cli, argc, argv, "samples", "export");

	if (code != GS_CLI_GO_ON)
		return code;
	if (gs_options_config(&options, &config, &error) || gs_stored_open(&options, &stored, &error))
		return gs_cli_fail(&error);
	const enum gs_err err = export_samples(&stored, &config, since, &error);
	gs_stored_close(&stored);
	if (err && !error.text[0])
		(void)gs_fail(&error, err, "database: a stored decision does not have its form; restore a backup");
	return err ? gs_cli_fail(&error) : GS_EXIT_OK;
}

/* --- verify --- */

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

int gs_cmd_verify(int argc, char **argv)
{
	const char *key = NULL, *statement = NULL;
	const struct gs_flag flags[] = {{.name = "key",
	                                 .kind = GS_FLAG_TEXT,
	                                 .value = "HEX",
	                                 .help = "the validator's public sampling key",
	                                 .out = &key},
	                                {.name = "statement",
	                                 .kind = GS_FLAG_TEXT,
	                                 .value = "FILE",
	                                 .help = "or its signed statement, of 'gainsay keys sampling --statement'",
	                                 .out = &statement}};
	struct gs_cli cli = {
		.usage = "gainsay verify FILE --key HEX | --statement FILE",
		.about =
			"Checks what 'gainsay samples export' wrote: every proof, that the draw follows from it, and rate and decision\n"
			"from draw and policy. Lines that do not hold are named. Exit code 0: all hold; 1: some do not.",
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
	return checked.wrong ? GS_EXIT_FAILED : GS_EXIT_OK;
}
