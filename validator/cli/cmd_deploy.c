/* gainsay deploy: puts the contracts on a chain and writes where they are. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "validator/cli/commands.h"
#include "validator/cli/options.h"
#include "validator/daemon/deployer.h"

static void print_human(const struct gs_deployment *deployment, uint64_t gas, const char *out)
{
	for (int i = 0; i < GS_CONTRACT_COUNT; i++) {
		char address[GS_ADDRESS_TEXT_MAX];
		gs_address_format(&deployment->contract[i], address);
		printf("%-12s %s\n", gs_contract_label((enum gs_contract)i), address);
	}
	printf("gas          %llu\nwritten to   %s\n", (unsigned long long)gas, out);
}

static void print_json(const struct gs_deployment *deployment, uint64_t gas, const char *out)
{
	json_t *root = json_pack("{s:I,s:I,s:s,s:{}}", "chain_id", (json_int_t)deployment->chain_id, "gas_used",
	                         (json_int_t)gas, "file", out, "contracts");

	for (int i = 0; i < GS_CONTRACT_COUNT; i++) {
		char address[GS_ADDRESS_TEXT_MAX];
		gs_address_format(&deployment->contract[i], address);
		json_object_set_new(json_object_get(root, "contracts"), gs_contract_label((enum gs_contract)i),
		                    json_string(address));
	}
	json_dumpf(root, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(root);
}

static enum gs_err read_parameters(const char *file, const struct gs_cli_list *set, struct gs_deploy_parameters *out,
                                   struct gs_error *error)
{
	enum gs_err err = GS_OK;

	gs_deploy_defaults(out);
	if (file)
		err = gs_deploy_parameters_load(file, out, error);
	for (size_t i = 0; i < set->count && !err; i++) {
		const char *equals = strchr(set->item[i], '=');
		char name[64];
		if (!equals || (size_t)(equals - set->item[i]) >= sizeof(name))
			return gs_fail(error, GS_EINVAL, "--set %.80s: NAME=VALUE is expected", set->item[i]);
		snprintf(name, sizeof(name), "%.*s", (int)(equals - set->item[i]), set->item[i]);
		err = gs_deploy_parameters_set(name, equals + 1, out, error);
	}
	return err;
}

int gs_cmd_deploy(int argc, char **argv)
{
	const char *out = NULL, *artifacts = NULL, *parameters_file = NULL;
	struct gs_cli_list set = {.count = 0};
	const struct gs_flag flags[] = {
		{.name = "out",
	         .kind = GS_FLAG_TEXT,
	         .value = "FILE",
	         .help = "where to write the addresses (required)",
	         .out = &out},
		{.name = "parameters",
	         .kind = GS_FLAG_TEXT,
	         .value = "FILE",
	         .help = "bonds, windows and clocks, in JSON or YAML",
	         .out = &parameters_file},
		{.name = "set",
	         .kind = GS_FLAG_LIST,
	         .value = "NAME=VALUE",
	         .help = "one of them, such as claims.window_s=3600 (several)",
	         .out = &set},
		{.name = "artifacts",
	         .kind = GS_FLAG_TEXT,
	         .value = "DIR",
	         .help = "compiled contracts; else found beside gainsay",
	         .out = &artifacts},
	};
	struct gs_options options;
	struct gs_cli cli = {
		.usage = "gainsay deploy --rpc URL --key-file FILE --out deployment.json",
		.about =
			"Deploys the token stand-in and all contracts, wires them, and writes their addresses to a file.",
		.flags = flags,
		.flag_count = GS_ARRAY_LEN(flags),
	};
	struct gs_config config;
	struct gs_session session;
	struct gs_deploy_parameters parameters;
	struct gs_deployment deployment;
	struct gs_sender sender;
	struct gs_error error = {0};
	uint64_t gas = 0;
	enum gs_err err;
	int code;

	code = gs_options_parse(&options, &cli, argc, argv);
	if (code != GS_CLI_GO_ON)
		return code;
	if (!out)
		return gs_cli_misused("deploy: --out is missing; name the file to write: --out deployment.json");
	if (read_parameters(parameters_file, &set, &parameters, &error))
		return gs_cli_fail(&error);
	if (gs_options_session(&options, GS_SESSION_KEY, &config, &session, &error))
		return gs_cli_fail(&error);
	sender = gs_session_sender(&session);
	err = gs_deploy_all(&sender, artifacts, &parameters, &deployment, &gas, &error);
	if (!err)
		err = gs_deployment_save(out, &deployment, &error);
	gs_session_close(&session);
	if (err)
		return gs_cli_fail(&error);
	if (options.json)
		print_json(&deployment, gas, out);
	else
		print_human(&deployment, gas, out);
	return GS_EXIT_OK;
}
