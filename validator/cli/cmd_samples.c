/* gainsay policy and samples: by which rule claims are executed, and what was decided by it. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "validator/cli/commands.h"
#include "validator/cli/model_json.h"
#include "validator/cli/stored.h"
#include "validator/daemon/samples.h"

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
