/* gainsay model: registers a model with the contracts, attests for one, takes the attestation back. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "chain/eth/bindings.h"
#include "validator/cli/commands.h"
#include "validator/cli/transact.h"
#include "validator/daemon/models.h"

/* register(Header header, string uri): the header is static, so its words lie in the head. */
static enum gs_err send_register(const struct gs_transact *t, const struct gs_header *header, const char *uri,
                                 struct gs_error *error)
{
	uint8_t words[GS_HEADER_BYTES];
	struct gs_abi_writer w;
	struct gs_buf data;

	gs_header_encode(header, words);
	gs_buf_init(&data, GS_TRANSACT_DATA_MAX);
	gs_abi_call(&w, &data, GS_MODELS_FN_REGISTER, GS_HEADER_BYTES / GS_ABI_WORD + 1);
	for (size_t i = 0; i < GS_HEADER_BYTES; i += GS_ABI_WORD)
		gs_abi_put_word(&w, words + i);
	gs_abi_put_bytes(&w, (struct gs_bytes){(const uint8_t *)uri, strlen(uri)});
	gs_abi_end(&w);
	return gs_transact_send(t, GS_CONTRACT_MODELS, &data, NULL, error);
}

static enum gs_err register_model(const struct gs_transact *t, const char *path, const char *uri, struct gs_hash *id,
                                  struct gs_error *error)
{
	struct gs_program program = {0};
	enum gs_err err = gs_model_load(path, &program, error);

	if (!err) {
		gs_header_model_id(&program.header, id);
		err = send_register(t, &program.header, uri, error);
	}
	gs_program_free(&program);
	return err;
}

/* What is done to a model that is registered: by its id, attesting with an amount. */
static const struct {
	const char *name;
	uint32_t selector;
	size_t args; /* of the command, the name counted */
} actions[] = {
	{"attest", GS_MODELS_FN_ATTEST, 3},
	{"retract", GS_MODELS_FN_RETRACT, 2},
	{"retire", GS_MODELS_FN_RETIRE, 2},
	{"release", GS_MODELS_FN_RELEASE_BOND, 2},
};

static enum gs_err act(const struct gs_cli *cli, const struct gs_transact *t, const char *uri, struct gs_hash *id,
                       struct gs_error *error)
{
	struct gs_hash words[2];
	struct gs_wei amount;
	size_t i = 0;
	enum gs_err err;

	if (strcmp(cli->arg[0], "register") == 0)
		return register_model(t, cli->arg[1], uri, id, error);
	if (gs_hex_decode(cli->arg[1], strlen(cli->arg[1]), id->b, sizeof(id->b)))
		return gs_fail(error, GS_EINVAL, "model: '%s' is not a model id of 64 hex digits", cli->arg[1]);
	while (strcmp(cli->arg[0], actions[i].name) != 0)
		i++; /* it was understood */
	words[0] = *id;
	if (actions[i].args == 3) {
		err = gs_transact_amount("model attest", cli->arg[2], &amount, error);
		if (err)
			return err;
		words[1] = gs_word_of_amount(amount);
	}
	return gs_transact_call(t, GS_CONTRACT_MODELS, actions[i].selector, words, actions[i].args - 1, error);
}

static bool understood(const struct gs_cli *cli)
{
	for (size_t i = 0; i < GS_ARRAY_LEN(actions); i++)
		if (strcmp(cli->arg[0], actions[i].name) == 0)
			return cli->arg_count == actions[i].args;
	return strcmp(cli->arg[0], "register") == 0 && cli->arg_count == 2;
}

int gs_cmd_model(int argc, char **argv)
{
	const char *uri = "";
	const struct gs_flag flags[] = {
		{.name = "uri",
	         .kind = GS_FLAG_TEXT,
	         .value = "URI",
	         .help = "register: where others find the file",
	         .out = &uri},
	};
	struct gs_options options;
	struct gs_cli cli = {
		.usage = "gainsay model register MODEL.onnx | attest ID AMOUNT | retract ID | retire ID | release ID",
		.about =
			"Registers a model, or puts stake behind one: claims are accepted for models that are attested by enough. Whoever registered it may "
			"retire it, and later release its bond.",
		.flags = flags,
		.flag_count = GS_ARRAY_LEN(flags),
		.args_min = 2,
		.args_max = 3,
	};
	struct gs_transact t;
	struct gs_hash id = {0};
	struct gs_error error = {0};
	char text[67];
	enum gs_err err;
	int code;

	code = gs_transact_begin(&options, &cli, argc, argv, understood,
	                         "register MODEL, attest ID AMOUNT, retract ID, retire ID or release ID", &t);
	if (code != GS_CLI_GO_ON)
		return code;
	err = act(&cli, &t, uri, &id, &error);
	gs_transact_close(&t);
	if (err)
		return gs_cli_fail(&error);
	gs_hex_encode(id.b, sizeof(id.b), true, text);
	printf(options.json ? "{\"model_id\": \"%s\"}\n" : "model %s\n", text);
	return GS_EXIT_OK;
}
