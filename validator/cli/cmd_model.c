/* gainsay model: registers a model on chain, and attests to one with stake. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "chain/eth/bindings.h"
#include "validator/cli/commands.h"
#include "validator/cli/options.h"
#include "validator/cli/transact.h"
#include "validator/daemon/models.h"

static enum gs_err attest(const struct gs_session *s, const struct gs_hash *id, struct gs_wei amount,
                          struct gs_error *error)
{
	struct gs_abi_writer w;
	struct gs_buf data;

	gs_buf_init(&data, 1024);
	gs_abi_call(&w, &data, GS_MODELS_FN_ATTEST, 2);
	gs_abi_put_hash(&w, id);
	gs_abi_put_wei(&w, amount);
	gs_abi_end(&w);
	return gs_transact(s, GS_CONTRACT_MODELS, &data, NULL, error);
}

static enum gs_err register_model(const struct gs_session *s, const struct gs_header *header, const char *uri,
                                  struct gs_error *error)
{
	struct gs_abi_writer w;
	struct gs_buf data;
	uint8_t words[GS_HEADER_BYTES];

	gs_header_encode(header, words);
	gs_buf_init(&data, 8192);
	gs_abi_call(&w, &data, GS_MODELS_FN_REGISTER, GS_HEADER_BYTES / 32 + 1);
	for (int i = 0; i < GS_HEADER_BYTES / 32; i++)
		gs_abi_put_word(&w, words + 32 * i);
	gs_abi_put_bytes(&w, (struct gs_bytes){(const uint8_t *)uri, strlen(uri)});
	gs_abi_end(&w);
	return gs_transact(s, GS_CONTRACT_MODELS, &data, NULL, error);
}

int gs_cmd_model(int argc, char **argv)
{
	const char *attested = NULL, *uri = "";
	const struct gs_flag flags[] = {
		{.name = "attest",
	         .kind = GS_FLAG_TEXT,
	         .value = "AMOUNT",
	         .help = "vouch for the model with so much free stake",
	         .out = &attested},
		{.name = "uri",
	         .kind = GS_FLAG_TEXT,
	         .value = "TEXT",
	         .help = "where others find the model",
	         .out = &uri},
	};
	struct gs_options options;
	struct gs_cli cli = {
		.usage = "gainsay model register|attest FILE [--attest AMOUNT]",
		.about =
			"Registers the header of a model, .gsp or .onnx, on chain, or attests to one that is registered. Check a model before\n"
			"attesting to it: this command has recomputed every root of it.",
		.flags = flags,
		.flag_count = GS_ARRAY_LEN(flags),
		.more_flags = options.flags,
		.args_min = 2,
		.args_max = 2,
	};
	struct gs_config config;
	struct gs_session session;
	struct gs_program program;
	struct gs_wei amount = {0};
	struct gs_hash id;
	struct gs_error error = {0};
	char text[67];
	enum gs_err err = GS_OK;
	bool registers;
	int code;

	gs_options_init(&options);
	cli.more_flag_count = options.flag_count;
	code = gs_cli_parse(&cli, argc, argv);
	if (code != GS_CLI_GO_ON)
		return code;
	registers = strcmp(cli.arg[0], "register") == 0;
	if (!registers && strcmp(cli.arg[0], "attest") != 0)
		return gs_cli_misused("model: %s: say 'model register FILE' or 'model attest FILE --attest AMOUNT'",
		                      cli.arg[0]);
	if (attested && gs_wei_parse_ether(attested, &amount))
		return gs_cli_misused("--attest %s: not an amount such as 1.5", attested);
	if (!registers && !attested)
		return gs_cli_misused("model attest: how much? give --attest AMOUNT");
	if (gs_model_load(cli.arg[1], &program, &error))
		return gs_cli_fail(&error);
	gs_header_model_id(&program.header, &id);
	gs_hex_encode(id.b, 32, true, text);
	if (gs_options_session(&options, GS_SESSION_CONTRACTS | GS_SESSION_KEY, &config, &session, &error)) {
		gs_program_free(&program);
		return gs_cli_fail(&error);
	}
	if (registers)
		err = register_model(&session, &program.header, uri, &error);
	if (!err && attested)
		err = attest(&session, &id, amount, &error);
	gs_session_close(&session);
	gs_program_free(&program);
	if (err)
		return gs_cli_fail(&error);
	if (options.json)
		printf("{\"modelId\": \"%s\", \"registered\": %s, \"attested\": \"%s\"}\n", text,
		       registers ? "true" : "false", attested ? attested : "0");
	else
		printf("%s %s\n", registers ? "registered" : "attested", text);
	return GS_EXIT_OK;
}
