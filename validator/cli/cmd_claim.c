/* gainsay claim: executes a model on an input and posts the result with a bond behind it. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/eth/bindings.h"
#include "challenge/machine/merkle.h"
#include "validator/cli/commands.h"
#include "validator/cli/model.h"
#include "validator/cli/transact.h"
#include "validator/daemon/models.h"

struct claim {
	struct gs_cli_list inputs, outputs;
	const char *value_text;
	uint64_t threads;
	struct gs_wei value;
	struct gs_program program;
	struct gs_tensor_set set, given; /* given: outputs to post unchecked */
	struct gs_run run;
	uint8_t *output; /* the output block */
	size_t output_len;
	struct gs_hash model, input_root, output_root;
	struct gs_hash id, tx;
	uint64_t block;
};

/* Which tensor of the set is for which of these places. */
static enum gs_err match(const struct gs_tensor_set *set, const struct gs_tensor_type *type, uint32_t count,
                         const struct gs_tensor **out, struct gs_error *error)
{
	const char *name[GS_IO_MAX] = {0};
	uint32_t index[GS_IO_MAX];
	enum gs_err err;

	for (uint32_t i = 0; i < count; i++)
		name[i] = type[i].name;
	err = gs_tensor_set_match(set, name, count, index, error);
	for (uint32_t i = 0; i < count && !err; i++)
		out[i] = &set->tensor[index[i]];
	return err;
}

static enum gs_err read_files(struct claim *c, const char *model, struct gs_error *error)
{
	enum gs_err err = gs_model_load(model, &c->program, error);

	for (size_t i = 0; i < c->inputs.count && !err; i++)
		err = gs_tensor_set_add(&c->set, c->inputs.item[i], error);
	for (size_t i = 0; i < c->outputs.count && !err; i++)
		err = gs_tensor_set_add(&c->given, c->outputs.item[i], error);
	return err;
}

static enum gs_err execute(struct claim *c, struct gs_error *error)
{
	const struct gs_tensor *tensor[GS_IO_MAX];
	enum gs_err err = match(&c->set, c->program.io.input, c->program.io.inputs, tensor, error);

	if (!err)
		err = gs_run_init(&c->run, &c->program, tensor, c->program.io.inputs, error);
	if (!err)
		err = gs_run_execute(&c->run, (unsigned)c->threads, NULL, error);
	return err;
}

/* The output block, packed: what was computed, or what the user says. */
static enum gs_err pack_output(struct claim *c, struct gs_error *error)
{
	const struct gs_header *h = &c->program.header;
	const struct gs_tensor *tensor[GS_IO_MAX];
	enum gs_err err = GS_OK;

	c->output_len = (size_t)GS_CHUNK_BYTES << h->output_depth;
	c->output = calloc(1, c->output_len);
	if (!c->output)
		return gs_fail(error, GS_ENOMEM, "no memory");
	if (c->outputs.count)
		err = match(&c->given, c->program.io.output, c->program.io.outputs, tensor, error);
	for (uint32_t i = 0; i < c->program.io.outputs && !err; i++) {
		const struct gs_tensor_type *type = &c->program.io.output[i];
		struct gs_tensor computed;
		gs_run_output(&c->run, i, &computed);
		const struct gs_tensor *t = c->outputs.count ? tensor[i] : &computed;
		if (t->dtype != type->dtype || t->count != gs_tensor_type_elements(type))
			err = gs_fail(error, GS_EINVAL, "--output: '%s' has another type or size", type->name);
		else if (t->count != 0)
			memcpy(c->output + (size_t)type->chunk * GS_CHUNK_BYTES, t->data, gs_tensor_bytes(t));
	}
	gs_merkle_array_root(c->output, UINT64_C(1) << h->output_depth, h->output_depth, &c->output_root);
	return err;
}

/* Zeros at the end need not be posted. */
static struct gs_bytes trimmed(const uint8_t *bytes, size_t len)
{
	while (len && bytes[len - 1] == 0)
		len--;
	return (struct gs_bytes){bytes, len};
}

static enum gs_err post(struct claim *c, const struct gs_transact *t, struct gs_error *error)
{
	struct gs_receipt receipt = {0};
	struct gs_abi_writer w;
	struct gs_buf data;
	enum gs_err err;

	gs_buf_init(&data, GS_TRANSACT_DATA_MAX);
	gs_abi_call(&w, &data, GS_CLAIMS_FN_POST, 6);
	gs_abi_put_hash(&w, &c->model);
	gs_abi_put_hash(&w, &c->input_root);
	gs_abi_put_hash(&w, &c->output_root);
	gs_abi_put_wei(&w, c->value);
	gs_abi_put_bytes(&w, trimmed(c->run.inputs, (size_t)c->program.header.inputs_chunks * GS_CHUNK_BYTES));
	gs_abi_put_bytes(&w, trimmed(c->output, c->output_len));
	gs_abi_end(&w);
	err = gs_transact_send(t, GS_CONTRACT_CLAIMS, &data, &receipt, error);
	if (err)
		goto out;
	err = gs_fail(error, GS_EPARSE, "claim: the receipt shows no Posted event");
	for (size_t i = 0; i < receipt.logs.count; i++) {
		const struct gs_log_entry *log = &receipt.logs.entries[i];
		if (log->topic_count < 2 || !gs_hash_equal(&log->topics[0], &gs_claims_event_posted))
			continue;
		c->id = log->topics[1];
		err = GS_OK;
	}
	c->tx = receipt.tx_hash;
	c->block = receipt.block_number;
out:
	gs_receipt_free(&receipt);
	return err;
}

static void print_claim(const struct claim *c, bool as_json)
{
	const struct {
		const char *name;
		const struct gs_hash *hash;
	} fields[] = {
		{"claim_id", &c->id},
		{"model_id", &c->model},
		{"input_root", &c->input_root},
		{"output_root", &c->output_root},
		{"tx", &c->tx},
	};
	json_t *json = json_object();
	char value[GS_U256_DECIMAL_MAX], hex[67];

	gs_wei_format_ether(c->value, value);
	for (size_t i = 0; i < GS_ARRAY_LEN(fields); i++) {
		gs_hex_encode(fields[i].hash->b, sizeof(fields[i].hash->b), true, hex);
		if (!as_json)
			printf("%-12s %s\n", fields[i].name, hex);
		json_object_set_new(json, fields[i].name, json_string(hex));
	}
	json_object_set_new(json, "value", json_string(value));
	json_object_set_new(json, "block", json_integer((json_int_t)c->block));
	if (as_json) {
		json_dumpf(json, stdout, JSON_INDENT(2));
		printf("\n");
	}
	json_decref(json);
}

static enum gs_err claim(struct claim *c, const struct gs_options *options, const char *model, struct gs_error *error)
{
	struct gs_transact t;
	enum gs_err err = gs_transact_amount("--value", c->value_text, &c->value, error);

	if (!err)
		err = read_files(c, model, error);
	if (!err)
		err = execute(c, error);
	if (!err)
		err = pack_output(c, error);
	if (err)
		return err;
	gs_header_model_id(&c->program.header, &c->model);
	gs_run_input_root(&c->run, &c->input_root);
	err = gs_transact_open(options, &t, error);
	if (err)
		return err;
	err = post(c, &t, error);
	gs_transact_close(&t);
	return err;
}

int gs_cmd_claim(int argc, char **argv)
{
	struct gs_error error = {0};
	struct gs_options options;
	struct claim *c = calloc(1, sizeof(*c));
	int code;

	if (!c)
		return gs_cli_fail(&(struct gs_error){.code = GS_ENOMEM, .text = "no memory"});
	c->value_text = "0";
	c->threads = 1;
	const struct gs_flag flags[] = {
		{.name = "input",
	         .kind = GS_FLAG_LIST,
	         .value = "[NAME=]FILE",
	         .help = "a .pb or .npy tensor for the next input (several)",
	         .out = &c->inputs},
		{.name = "value",
	         .kind = GS_FLAG_TEXT,
	         .value = "AMOUNT",
	         .help = "what is at stake for whoever relies on it; the bond grows with it (0)",
	         .out = &c->value_text},
		{.name = "threads",
	         .kind = GS_FLAG_U64,
	         .value = "N",
	         .help = "worker threads (1)",
	         .out = &c->threads},
		{.name = "output",
	         .kind = GS_FLAG_LIST,
	         .value = "[NAME=]FILE",
	         .help = "post this output, right or wrong; for demonstrations",
	         .out = &c->outputs,
	         .hidden = true},
	};
	struct gs_cli cli = {
		.usage = "gainsay claim MODEL.onnx --input FILE ... [--value AMOUNT]",
		.about =
			"Executes a registered model and posts a claim: 'this model on this input gives this output'. The bond "
			"comes from the signing key's free stake.",
		.flags = flags,
		.flag_count = GS_ARRAY_LEN(flags),
		.more_flags = options.flags,
		.args_min = 1,
		.args_max = 1,
	};
	gs_options_init(&options);
	cli.more_flag_count = options.flag_count;
	code = gs_cli_parse(&cli, argc, argv);
	if (code == GS_CLI_GO_ON) {
		gs_tensor_set_init(&c->set);
		gs_tensor_set_init(&c->given);
		code = GS_EXIT_OK;
		if (claim(c, &options, cli.arg[0], &error))
			code = gs_cli_fail(&error);
		else
			print_claim(c, options.json);
		gs_run_free(&c->run);
		gs_tensor_set_free(&c->set);
		gs_tensor_set_free(&c->given);
		gs_program_free(&c->program);
		free(c->output);
	}
	free(c);
	return code;
}
