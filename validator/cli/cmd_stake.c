/* gainsay stake: deposits, withdraws and shows an account's stake. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "chain/eth/bindings.h"
#include "validator/cli/commands.h"
#include "validator/cli/transact.h"

struct account {
	struct gs_wei free, locked, unbonding;
	uint64_t ready_at;
};

static enum gs_err deposit(const struct gs_transact *t, struct gs_wei amount, bool mint, struct gs_error *error)
{
	const struct gs_hash self[] = {gs_word_of_address(&t->session.account), gs_word_of_amount(amount)};
	const struct gs_hash stakes[] = {gs_word_of_address(&t->session.deployment.contract[GS_CONTRACT_STAKES]),
	                                 gs_word_of_amount(amount)};
	enum gs_err err = GS_OK;

	if (mint)
		err = gs_transact_call(t, GS_CONTRACT_TOKEN, GS_DEV_TOKEN_FN_MINT, self, 2, error);
	if (!err)
		err = gs_transact_call(t, GS_CONTRACT_TOKEN, GS_DEV_TOKEN_FN_APPROVE, stakes, 2, error);
	if (!err)
		err = gs_transact_call(t, GS_CONTRACT_STAKES, GS_STAKES_FN_DEPOSIT, &self[1], 1, error);
	return err;
}

static enum gs_err read_account(const struct gs_transact *t, const struct gs_address *self, struct account *out,
                                struct gs_error *error)
{
	struct gs_buf data, answer;
	struct gs_abi_writer w;
	struct gs_abi_reader r;
	enum gs_err err;

	gs_buf_init(&data, GS_TRANSACT_DATA_MAX);
	gs_buf_init(&answer, GS_TRANSACT_DATA_MAX);
	gs_abi_call(&w, &data, GS_STAKES_FN_ACCOUNTS, 1);
	gs_abi_put_address(&w, self);
	gs_abi_end(&w);
	const struct gs_eth_call call = {.to = &t->session.deployment.contract[GS_CONTRACT_STAKES],
	                                 .data = gs_buf_view(&data)};
	err = data.err ? gs_fail(error, data.err, "no memory")
	               : gs_eth_do_call(t->session.rpc, &call, gs_block_latest(), &answer, error);
	if (!err) {
		r = gs_abi_read(gs_buf_view(&answer));
		out->free = gs_abi_get_wei(&r);
		out->locked = gs_abi_get_wei(&r);
		out->unbonding = gs_abi_get_wei(&r);
		out->ready_at = gs_abi_get_u64(&r);
		if (r.err)
			err = gs_fail(error, GS_EPARSE, "stakes: the contract's answer has not the expected form");
	}
	gs_buf_free(&data);
	gs_buf_free(&answer);
	return err;
}

static void print_account(const struct gs_address *self, const struct account *a, bool as_json)
{
	char address[GS_ADDRESS_TEXT_MAX];
	char free_text[GS_U256_DECIMAL_MAX], locked[GS_U256_DECIMAL_MAX], unbonding[GS_U256_DECIMAL_MAX];
	json_t *json;

	gs_address_format(self, address);
	gs_wei_format_ether(a->free, free_text);
	gs_wei_format_ether(a->locked, locked);
	gs_wei_format_ether(a->unbonding, unbonding);
	if (!as_json) {
		printf("account    %s\nfree       %s\nlocked     %s\nunbonding  %s\n", address, free_text, locked,
		       unbonding);
		return;
	}
	json = json_pack("{s:s,s:s,s:s,s:s,s:I}", "account", address, "free", free_text, "locked", locked, "unbonding",
	                 unbonding, "ready_at", (json_int_t)a->ready_at);
	json_dumpf(json, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(json);
}

static enum gs_err act(const struct gs_cli *cli, const struct gs_transact *t, bool mint, struct gs_error *error)
{
	const char *what = cli->arg[0];
	struct gs_wei amount = {0};
	struct gs_hash word;
	enum gs_err err;

	if (strcmp(what, "show") == 0)
		return GS_OK;
	if (strcmp(what, "withdraw") == 0)
		return gs_transact_call(t, GS_CONTRACT_STAKES, GS_STAKES_FN_WITHDRAW, NULL, 0, error);
	err = gs_transact_amount("stake", cli->arg[1], &amount, error);
	if (err)
		return err;
	if (strcmp(what, "deposit") == 0)
		return deposit(t, amount, mint, error);
	word = gs_word_of_amount(amount);
	return gs_transact_call(t, GS_CONTRACT_STAKES, GS_STAKES_FN_REQUEST_WITHDRAW, &word, 1, error);
}

static bool understood(const struct gs_cli *cli)
{
	const char *what = cli->arg[0];

	if (strcmp(what, "show") == 0 || strcmp(what, "withdraw") == 0)
		return cli->arg_count == 1;
	return (strcmp(what, "deposit") == 0 || strcmp(what, "request") == 0) && cli->arg_count == 2;
}

int gs_cmd_stake(int argc, char **argv)
{
	bool mint = false;
	const struct gs_flag flags[] = {
		{.name = "mint",
	         .kind = GS_FLAG_BOOL,
	         .help = "deposit: mint the tokens first; a devnet's token allows it",
	         .out = &mint},
	};
	struct gs_options options;
	struct gs_cli cli = {
		.usage = "gainsay stake show | deposit AMOUNT | request AMOUNT | withdraw",
		.about =
			"Shows or changes the signing key's stake. Money leaves in two steps: request it, wait, withdraw it.",
		.flags = flags,
		.flag_count = GS_ARRAY_LEN(flags),
		.args_min = 1,
		.args_max = 2,
	};
	struct gs_transact t;
	struct gs_address self;
	struct account account;
	struct gs_error error = {0};
	enum gs_err err;
	int code;

	code = gs_transact_begin(&options, &cli, argc, argv, understood,
	                         "show, deposit AMOUNT, request AMOUNT or withdraw", &t);
	if (code != GS_CLI_GO_ON)
		return code;
	self = t.session.account;
	err = act(&cli, &t, mint, &error);
	if (!err)
		err = read_account(&t, &self, &account, &error);
	gs_transact_close(&t);
	if (err)
		return gs_cli_fail(&error);
	print_account(&self, &account, options.json);
	return GS_EXIT_OK;
}
