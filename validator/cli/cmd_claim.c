/* gainsay claim: executes a model on an input and posts the result with a bond behind it. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/eth/bindings.h"
#include "validator/cli/answer.h"
#include "validator/cli/commands.h"
#include "validator/cli/posting.h"
#include "validator/cli/transact.h"
#include "validator/daemon/chain_io.h"
#include "validator/daemon/models.h"

struct claim {
	struct gs_cli_list inputs, outputs;
	const char *value_text;
	uint64_t threads;
	struct gs_wei value;
	struct gs_program program;
	struct gs_tensor_set set, given; /* given: outputs to claim in the place of the computed ones */
	struct gs_answer answer;
	bool unchecked;
	bool strict; /* what could not be defended is not posted */
	bool salted; /* else a salt is drawn */
	uint64_t salt;
	struct gs_posting posting;
};

static enum gs_err read_files(struct claim *c, const char *model, struct gs_error *error)
{
	enum gs_err err = gs_model_load(model, &c->program, error);

	for (size_t i = 0; i < c->inputs.count && !err; i++)
		err = gs_tensor_set_add(&c->set, c->inputs.item[i], error);
	for (size_t i = 0; i < c->outputs.count && !err; i++)
		err = gs_tensor_set_add(&c->given, c->outputs.item[i], error);
	return err;
}

static enum gs_err post(struct claim *c, const struct gs_transact *t, struct gs_error *error)
{
	const struct gs_u256 salt = gs_u256_from_u64(c->salt);
	struct gs_receipt receipt = {0};
	struct gs_contracts contracts;
	struct gs_buf data;
	enum gs_err err;

	c->posting.body.lot = gs_claim_lot(&salt, c->value);
	c->posting.body.claimant = t->session.account;
	gs_header_model_id(&c->program.header, &c->posting.body.model_id);
	c->posting.body.input_root = c->answer.input_root;
	c->posting.body.output_root = c->answer.output_root;
	c->posting.input = c->answer.input_view;
	c->posting.output = c->answer.output_view;
	gs_buf_init(&data, GS_TRANSACT_DATA_MAX);
	gs_posting_calldata(&c->posting, &data);
	err = gs_transact_send(t, GS_CONTRACT_CLAIMS, &data, &receipt, error);
	gs_deployment_contracts(&t->session.deployment, &contracts);
	if (!err)
		err = gs_posting_read(&c->posting, &contracts, &receipt, error);
	gs_receipt_free(&receipt);
	return err;
}

/* What gas is reckoned at: as the node does, docs/node.md, "Capital". */
static enum gs_err price(const struct gs_config *config, struct gs_funds *funds)
{
	const struct gs_wei cap = gs_u256_is_zero(&config->chain.fee_max_urgent.v) ? config->chain.fee_max
	                                                                           : config->chain.fee_max_urgent;
	enum gs_err err = gs_wei_mul_u64(funds->per_gas, config->capital.price_percent, &funds->per_gas);

	if (err)
		return err;
	(void)gs_u256_div_u64(&funds->per_gas.v, 100, &funds->per_gas.v);
	if (!gs_u256_is_zero(&cap.v) && gs_wei_cmp(funds->per_gas, cap) > 0)
		funds->per_gas = cap;
	return GS_OK;
}

/* Gas of the claimant's side of one game about this model at worst, and what the account has. Its bond is locked when the claim is posted: a game locks no more. */
static enum gs_err reckon_defence(const struct claim *c, struct gs_transact *t, struct gs_worst_case *worst,
                                  struct gs_wei *cost, struct gs_wei *balance, struct gs_error *error)
{
	const struct gs_gas_model gas = gs_gas_model_default();
	const struct gs_bond_rules bonds = {0};
	const struct gs_game_rules rules = {.header = &c->program.header};
	struct gs_chain_io io;
	struct gs_game_shape shape;
	struct gs_funds funds;
	enum gs_err err;

	gs_chain_io_init(&io, &t->session, &t->config, NULL);
	err = gs_chain_io_funds(&io, &funds, error);
	if (err)
		return err;
	gs_bond_shape(&c->program, &shape);
	if (price(&t->config, &funds) || gs_bond_worst_case(&shape, &rules, &bonds, &gas, 0, 0, worst) ||
	    gs_capital_price(&funds, worst->claimant.gas, worst->claimant.bytes, cost))
		return gs_fail(error, GS_ELIMIT, "what a defence may cost is no amount: gas costs too much");
	*balance = funds.balance;
	return GS_OK;
}

/* Before anything is sent: an honest claimant without money for gas would lose its bond by its clock. */
static enum gs_err weigh_defence(const struct claim *c, struct gs_transact *t, struct gs_error *error)
{
	char needs[GS_U256_DECIMAL_MAX], has[GS_U256_DECIMAL_MAX];
	struct gs_worst_case worst = {.ends_by = 0};
	struct gs_wei cost = {0}, balance = {0};
	struct gs_error why = {0};
	enum gs_err err = reckon_defence(c, t, &worst, &cost, &balance, &why);

	if (!err && gs_wei_cmp(balance, cost) < 0) {
		gs_wei_format_ether(cost, needs);
		gs_wei_format_ether(balance, has);
		err = gs_fail(
			&why, GS_ELIMIT,
			"a challenge could not be defended: its gas may cost %s at worst (%u transactions), and the "
			"account has %s; send it more",
			needs, worst.claimant.transactions, has);
	} else if (err) {
		err = gs_fail_within(&why, err, "whether a challenge could be defended is not known");
	}
	if (!err)
		return GS_OK;
	if (c->strict)
		return gs_fail(error, err, "%s; nothing was posted", why.text);
	fprintf(stderr, "gainsay: warning: %s\n", why.text);
	return GS_OK;
}

static void print_claim(const struct claim *c, bool as_json)
{
	const struct gs_posting *p = &c->posting;
	const struct {
		const char *name;
		const struct gs_hash *hash;
	} hashes[] = {
		{"claim_id", &p->id},
		{"model_id", &p->body.model_id},
		{"input_root", &p->body.input_root},
		{"output_root", &p->body.output_root},
		{"tx", &p->tx},
	};
	const struct {
		const char *name;
		struct gs_wei amount;
	} amounts[] = {{"value", c->value}, {"bond", p->bond}, {"fee", p->fee}};
	json_t *json = json_object();
	char text[GS_U256_DECIMAL_MAX], salt[24];

	for (size_t i = 0; i < GS_ARRAY_LEN(hashes); i++) {
		char hex[67];
		gs_hex_encode(hashes[i].hash->b, sizeof(hashes[i].hash->b), true, hex);
		if (!as_json)
			printf("%-12s %s\n", hashes[i].name, hex);
		json_object_set_new(json, hashes[i].name, json_string(hex));
	}
	for (size_t i = 0; i < GS_ARRAY_LEN(amounts); i++) {
		gs_wei_format_ether(amounts[i].amount, text);
		if (!as_json)
			printf("%-12s %s\n", amounts[i].name, text);
		json_object_set_new(json, amounts[i].name, json_string(text));
	}
	snprintf(salt, sizeof(salt), "%llu", (unsigned long long)c->salt); /* JSON's integers are signed */
	json_object_set_new(json, "salt", json_string(salt));
	json_object_set_new(json, "window_end", json_integer((json_int_t)p->window_end.unix_s));
	json_object_set_new(json, "block", json_integer((json_int_t)p->block));
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

	if (!err && (c->value.v.limb[2] || c->value.v.limb[3]))
		return gs_fail(error, GS_EINVAL, "--value %s: more than a claim can be worth", c->value_text);
	if (!err && !c->salted)
		err = gs_posting_salt(&c->salt, error);
	if (!err)
		err = read_files(c, model, error);
	if (!err)
		err = gs_answer_make(&c->program, &c->set, &c->given, c->unchecked, (unsigned)c->threads, &c->answer,
		                     error);
	if (err)
		return err;
	err = gs_transact_open(options, &t, error);
	if (err)
		return err;
	err = weigh_defence(c, &t, error);
	if (!err)
		err = post(c, &t, error);
	gs_transact_close(&t);
	return err;
}

static enum gs_err read_salt(const char *text, uint64_t *out, struct gs_error *error)
{
	struct gs_u256 salt;

	if (gs_u256_parse(text, strlen(text), &salt) || !gs_u256_fits_u64(&salt))
		return gs_fail(error, GS_EINVAL, "--salt %.40s: not a whole number below 2^64", text);
	*out = salt.limb[0];
	return GS_OK;
}

int gs_cmd_claim(int argc, char **argv)
{
	struct gs_error error = {0};
	struct gs_options options;
	struct claim *c = calloc(1, sizeof(*c));
	const char *salt = NULL;
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
		{.name = "salt",
	         .kind = GS_FLAG_TEXT,
	         .value = "N",
	         .help = "tells equal claims apart; drawn at random unless given",
	         .out = &salt},
		{.name = "threads",
	         .kind = GS_FLAG_U64,
	         .value = "N",
	         .help = "worker threads (1)",
	         .out = &c->threads},
		{.name = "output",
	         .kind = GS_FLAG_LIST,
	         .value = "[NAME=]FILE",
	         .help = "of a tolerant model: claim these outputs, of any runtime, when they are within the tolerance (several)",
	         .out = &c->outputs},
		{.name = "strict",
	         .kind = GS_FLAG_BOOL,
	         .help = "post nothing when the account could not pay for the gas of a defence; else that is a warning",
	         .out = &c->strict},
		{.name = "unchecked",
	         .kind = GS_FLAG_BOOL,
	         .help = "claim them also when they are not; for demonstrations, where an exact model's need no flag",
	         .out = &c->unchecked,
	         .hidden = true},
	};
	struct gs_cli cli = {
		.usage = "gainsay claim MODEL.onnx --input FILE ... [--value AMOUNT]",
		.about =
			"Executes a registered model and posts a claim: 'this model on this input gives this output'. The bond "
			"comes from the signing key's free stake. A tolerant model ('gainsay program --tolerance') may be claimed about with the "
			"outputs of another runtime.",
		.flags = flags,
		.flag_count = GS_ARRAY_LEN(flags),
		.args_min = 1,
		.args_max = 1,
	};
	code = gs_options_parse(&options, &cli, argc, argv);
	if (code == GS_CLI_GO_ON) {
		gs_tensor_set_init(&c->set);
		gs_tensor_set_init(&c->given);
		code = GS_EXIT_OK;
		c->salted = salt != NULL;
		if (salt && read_salt(salt, &c->salt, &error))
			code = gs_cli_fail(&error);
		else if (claim(c, &options, cli.arg[0], &error))
			code = gs_cli_fail(&error);
		else
			print_claim(c, options.json);
		gs_answer_free(&c->answer);
		gs_tensor_set_free(&c->set);
		gs_tensor_set_free(&c->given);
		gs_program_free(&c->program);
	}
	free(c);
	return code;
}
