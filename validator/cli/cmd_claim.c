/* gainsay claim: executes a model and posts "model M on input X gives output Y" on chain. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/eth/bindings.h"
#include "challenge/machine/merkle.h"
#include "validator/cli/commands.h"
#include "validator/cli/model.h"
#include "validator/cli/options.h"
#include "validator/cli/transact.h"
#include "validator/daemon/models.h"
#include "validator/node/event.h"

struct claim {
	struct gs_program program;
	struct gs_tensor_set inputs;
	struct gs_tensor_set outputs; /* unchecked ones */
	struct gs_run run;
	uint8_t *output; /* owned: the output block */
	size_t output_len;
	struct gs_hash model, input_root, output_root;
	struct gs_wei value;
	struct gs_event posted;
};

static enum gs_err read_tensors(const struct gs_cli_list *files, struct gs_tensor_set *set, struct gs_error *error)
{
	enum gs_err err = GS_OK;

	for (size_t i = 0; i < files->count && !err; i++)
		err = gs_tensor_set_add(set, files->item[i], error);
	return err;
}

static enum gs_err run_model(struct claim *c, struct gs_error *error)
{
	const char *names[GS_IO_MAX];
	uint32_t index[GS_IO_MAX];
	const struct gs_tensor *feed[GS_IO_MAX];
	const uint32_t count = c->program.io.inputs;
	enum gs_err err;

	for (uint32_t i = 0; i < count; i++)
		names[i] = c->program.io.input[i].name;
	err = gs_tensor_set_match(&c->inputs, names, count, index, error);
	if (err)
		return err;
	for (uint32_t i = 0; i < count; i++)
		feed[i] = &c->inputs.tensor[index[i]];
	err = gs_run_init(&c->run, &c->program, feed, count, error);
	if (!err)
		err = gs_run_execute(&c->run, 1, NULL, error);
	return err;
}

/* The block that outputRoot is the root of: the computed outputs, or whatever was given instead of them. */
static enum gs_err build_output(struct claim *c, bool given, struct gs_error *error)
{
	const struct gs_io *io = &c->program.io;

	c->output_len = (size_t)GS_CHUNK_BYTES << c->program.header.output_depth;
	c->output = calloc(1, c->output_len);
	if (!c->output)
		return gs_fail(error, GS_ENOMEM, "claim: no memory");
	if (given && c->outputs.count != io->outputs)
		return gs_fail(error, GS_EINVAL, "--unchecked-output: %u tensors are given, the model has %u outputs",
		               c->outputs.count, io->outputs);
	for (uint32_t i = 0; i < io->outputs; i++) {
		struct gs_tensor t;
		if (given)
			t = c->outputs.tensor[i];
		else
			gs_run_output(&c->run, i, &t);
		if ((uint8_t)t.dtype != io->output[i].dtype || t.count != gs_tensor_type_count(&io->output[i]))
			return gs_fail(error, GS_EINVAL,
			               "--unchecked-output: tensor %u has not the type and size of output %s", i,
			               io->output[i].name);
		memcpy(c->output + (size_t)io->output[i].chunk * GS_CHUNK_BYTES, t.data, gs_tensor_bytes(&t));
	}
	gs_merkle_array_root(c->output, c->output_len / GS_CHUNK_BYTES, c->program.header.output_depth,
	                     &c->output_root);
	return GS_OK;
}

static struct gs_bytes without_trailing_zeros(const uint8_t *bytes, size_t len)
{
	while (len > 0 && bytes[len - 1] == 0)
		len--;
	return (struct gs_bytes){bytes, len};
}

static enum gs_err post(struct claim *c, const struct gs_session *s, struct gs_error *error)
{
	const size_t input_len = (size_t)c->program.header.inputs_chunks * GS_CHUNK_BYTES;
	const struct gs_contracts contracts = {.claims = s->deployment.contract[GS_CONTRACT_CLAIMS],
	                                       .disputes = s->deployment.contract[GS_CONTRACT_DISPUTES]};
	struct gs_abi_writer w;
	struct gs_receipt receipt;
	struct gs_buf data;
	enum gs_err err;

	gs_buf_init(&data, GS_TX_DATA_MAX);
	gs_abi_call(&w, &data, GS_CLAIMS_FN_POST, 6);
	gs_abi_put_hash(&w, &c->model);
	gs_abi_put_hash(&w, &c->input_root);
	gs_abi_put_hash(&w, &c->output_root);
	gs_abi_put_wei(&w, c->value);
	gs_abi_put_bytes(&w, without_trailing_zeros(c->run.inputs, input_len));
	gs_abi_put_bytes(&w, without_trailing_zeros(c->output, c->output_len));
	gs_abi_end(&w);
	err = gs_transact(s, GS_CONTRACT_CLAIMS, &data, &receipt, error);
	if (err)
		return err;
	err = gs_fail(error, GS_EPARSE, "claim: the transaction was mined, but announced no claim");
	for (size_t i = 0; i < receipt.logs.count && err; i++) {
		struct gs_event event;
		if (gs_event_decode(&contracts, &receipt.logs.entries[i], &event, NULL) == GS_OK &&
		    event.kind == GS_EVENT_POSTED) {
			c->posted = event;
			c->posted.input = c->posted.output = (struct gs_bytes){NULL, 0}; /* views into the receipt */
			err = GS_OK;
		}
	}
	gs_receipt_free(&receipt);
	return err;
}

static void print_result(const struct claim *c, bool json)
{
	char id[67], model[67], input[67], output[67], bond[GS_U256_DECIMAL_MAX], value[GS_U256_DECIMAL_MAX];

	gs_hex_encode(c->posted.claim.b, 32, true, id);
	gs_hex_encode(c->model.b, 32, true, model);
	gs_hex_encode(c->input_root.b, 32, true, input);
	gs_hex_encode(c->output_root.b, 32, true, output);
	gs_wei_format_ether(c->posted.bond, bond);
	gs_wei_format_ether(c->value, value);
	if (json) {
		json_t *root = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:I}", "claimId", id, "modelId", model,
		                         "inputRoot", input, "outputRoot", output, "value", value, "bond", bond,
		                         "nonce", (json_int_t)c->posted.nonce, "windowEnd",
		                         (json_int_t)c->posted.window_end.unix_s);
		json_dumpf(root, stdout, JSON_INDENT(2));
		printf("\n");
		json_decref(root);
		return;
	}
	printf("claim      %s\nmodel      %s\ninput      %s\noutput     %s\nvalue      %s\nbond       %s\n", id, model,
	       input, output, value, bond);
}

static void claim_free(struct claim *c)
{
	free(c->output);
	gs_run_free(&c->run);
	gs_tensor_set_free(&c->inputs);
	gs_tensor_set_free(&c->outputs);
	gs_program_free(&c->program);
	free(c);
}

int gs_cmd_claim(int argc, char **argv)
{
	struct gs_cli_list inputs = {.count = 0}, outputs = {.count = 0};
	const char *value = "0";
	const struct gs_flag flags[] = {
		{.name = "input",
	         .kind = GS_FLAG_LIST,
	         .value = "FILE",
	         .help = "input tensor, .npy or .pb; NAME=FILE; once each",
	         .out = &inputs},
		{.name = "value",
	         .kind = GS_FLAG_TEXT,
	         .value = "AMOUNT",
	         .help = "value at stake, in tokens; the bond grows with it",
	         .out = &value},
		{.name = "unchecked-output",
	         .kind = GS_FLAG_LIST,
	         .value = "FILE",
	         .help = "post this output instead of the computed one",
	         .out = &outputs,
	         .hidden = true},
	};
	struct gs_options options;
	struct gs_cli cli = {
		.usage = "gainsay claim MODEL --input FILE... [--value AMOUNT]",
		.about =
			"Executes a model, .gsp or .onnx, and posts a claim of its output with the stake of this account as bond.",
		.flags = flags,
		.flag_count = GS_ARRAY_LEN(flags),
		.more_flags = options.flags,
		.args_min = 1,
		.args_max = 1,
	};
	struct gs_config config;
	struct gs_session session;
	struct gs_error error = {0};
	struct claim *c;
	enum gs_err err;
	int code;

	gs_options_init(&options);
	cli.more_flag_count = options.flag_count;
	code = gs_cli_parse(&cli, argc, argv);
	if (code != GS_CLI_GO_ON)
		return code;
	c = calloc(1, sizeof(*c));
	if (!c)
		return GS_EXIT_FAILED;
	if (gs_wei_parse_ether(value, &c->value)) {
		free(c);
		return gs_cli_misused("--value %s: not an amount such as 1.5", value);
	}
	gs_tensor_set_init(&c->inputs);
	gs_tensor_set_init(&c->outputs);
	err = read_tensors(&inputs, &c->inputs, &error);
	if (!err)
		err = read_tensors(&outputs, &c->outputs, &error);
	if (!err)
		err = gs_model_load(cli.arg[0], &c->program, &error);
	if (!err)
		err = run_model(c, &error);
	if (!err)
		err = build_output(c, outputs.count > 0, &error);
	if (!err) {
		gs_header_model_id(&c->program.header, &c->model);
		gs_run_input_root(&c->run, &c->input_root);
		err = gs_options_session(&options, GS_SESSION_CONTRACTS | GS_SESSION_KEY, &config, &session, &error);
	}
	if (!err) {
		err = post(c, &session, &error);
		gs_session_close(&session);
	}
	if (!err)
		print_result(c, options.json);
	claim_free(c);
	return err ? gs_cli_fail(&error) : GS_EXIT_OK;
}
