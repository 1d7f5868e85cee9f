/* gainsay stake: deposits tokens, and shows what is free, locked and unbonding. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "chain/eth/bindings.h"
#include "validator/cli/commands.h"
#include "validator/cli/options.h"
#include "validator/cli/transact.h"

static enum gs_err deposit(const struct gs_session *s, struct gs_wei amount, struct gs_error *error)
{
	struct gs_abi_writer w;
	struct gs_buf data;
	enum gs_err err;

	gs_buf_init(&data, 1024);
	gs_abi_call(&w, &data, GS_DEV_TOKEN_FN_APPROVE, 2);
	gs_abi_put_address(&w, &s->deployment.contract[GS_CONTRACT_STAKES]);
	gs_abi_put_wei(&w, amount);
	gs_abi_end(&w);
	err = gs_transact(s, GS_CONTRACT_TOKEN, &data, NULL, error);
	if (err)
		return err;
	gs_buf_init(&data, 1024);
	gs_abi_call(&w, &data, GS_STAKES_FN_DEPOSIT, 1);
	gs_abi_put_wei(&w, amount);
	gs_abi_end(&w);
	return gs_transact(s, GS_CONTRACT_STAKES, &data, NULL, error);
}

/* The development token gives to anyone. */
static enum gs_err mint(const struct gs_session *s, struct gs_wei amount, struct gs_error *error)
{
	struct gs_abi_writer w;
	struct gs_buf data;

	gs_buf_init(&data, 1024);
	gs_abi_call(&w, &data, GS_DEV_TOKEN_FN_MINT, 2);
	gs_abi_put_address(&w, &s->key.address);
	gs_abi_put_wei(&w, amount);
	gs_abi_end(&w);
	return gs_transact(s, GS_CONTRACT_TOKEN, &data, NULL, error);
}

static enum gs_err show(const struct gs_session *s, bool json, struct gs_error *error)
{
	struct gs_abi_writer w;
	struct gs_abi_reader r;
	struct gs_buf data, out;
	struct gs_wei amount[3];
	char address[GS_ADDRESS_TEXT_MAX], text[3][GS_U256_DECIMAL_MAX];
	enum gs_err err;

	gs_buf_init(&data, 1024);
	gs_buf_init(&out, 4096);
	gs_abi_call(&w, &data, GS_STAKES_FN_ACCOUNTS, 1);
	gs_abi_put_address(&w, &s->key.address);
	gs_abi_end(&w);
	err = gs_view_call(s, GS_CONTRACT_STAKES, &data, &out, error);
	if (err)
		goto out;
	r = gs_abi_read(gs_buf_view(&out));
	for (int i = 0; i < 3; i++) {
		amount[i] = gs_abi_get_wei(&r);
		gs_wei_format_ether(amount[i], text[i]);
	}
	if (r.err) {
		err = gs_fail(error, GS_EPARSE, "Stakes.accounts: the answer has not its form");
		goto out;
	}
	gs_address_format(&s->key.address, address);
	if (json) {
		json_t *root = json_pack("{s:s,s:s,s:s,s:s}", "account", address, "free", text[0], "locked", text[1],
		                         "unbonding", text[2]);
		json_dumpf(root, stdout, JSON_INDENT(2));
		printf("\n");
		json_decref(root);
	} else {
		printf("account    %s\nfree       %s\nlocked     %s\nunbonding  %s\n", address, text[0], text[1],
		       text[2]);
	}
out:
	gs_buf_free(&out);
	return err;
}

int gs_cmd_stake(int argc, char **argv)
{
	bool minted = false;
	const struct gs_flag flags[] = {
		{.name = "mint",
	         .kind = GS_FLAG_BOOL,
	         .help = "with deposit: first mint the amount (development token)",
	         .out = &minted},
	};
	struct gs_options options;
	struct gs_cli cli = {
		.usage = "gainsay stake [deposit AMOUNT] --key KEYSTORE --password-file FILE",
		.about =
			"Shows this account's stake; with deposit, adds AMOUNT tokens (18 decimals, such as 1.5) to it first.",
		.flags = flags,
		.flag_count = GS_ARRAY_LEN(flags),
		.more_flags = options.flags,
		.args_max = 2,
	};
	struct gs_config config;
	struct gs_session session;
	struct gs_wei amount = {0};
	struct gs_error error = {0};
	enum gs_err err = GS_OK;
	int code;

	gs_options_init(&options);
	cli.more_flag_count = options.flag_count;
	code = gs_cli_parse(&cli, argc, argv);
	if (code != GS_CLI_GO_ON)
		return code;
	if (cli.arg_count && (strcmp(cli.arg[0], "deposit") != 0 || cli.arg_count != 2))
		return gs_cli_misused("stake: say 'stake deposit AMOUNT', or nothing to see what there is");
	if (cli.arg_count && gs_wei_parse_ether(cli.arg[1], &amount))
		return gs_cli_misused("stake: %s: not an amount such as 1.5", cli.arg[1]);
	if (gs_options_session(&options, GS_SESSION_CONTRACTS | GS_SESSION_KEY, &config, &session, &error))
		return gs_cli_fail(&error);
	if (cli.arg_count && minted)
		err = mint(&session, amount, &error);
	if (!err && cli.arg_count)
		err = deposit(&session, amount, &error);
	if (!err)
		err = show(&session, options.json, &error);
	gs_session_close(&session);
	return err ? gs_cli_fail(&error) : GS_EXIT_OK;
}
