/* gainsay keys: makes a keystore file, and tells which account a key is. */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "chain/rpc/keyfile.h"
#include "validator/cli/commands.h"
#include "validator/cli/options.h"

static enum gs_err make(const struct gs_config *config, struct gs_key *key, struct gs_error *error)
{
	uint8_t secret[32];
	enum gs_err err;

	if (!config->key.keystore[0] || !config->key.password_file[0])
		return gs_fail(error, GS_EINVAL,
		               "keys new: name the file to write with --key and its password with --password-file");
	do { /* but for about one draw in 2^127, any 32 bytes are a key */
		if (getrandom(secret, sizeof(secret), 0) != (ssize_t)sizeof(secret))
			return gs_fail(error, GS_EIO, "the system gave no random bytes");
		err = gs_key_from_secret(secret, key, error);
	} while (err == GS_EINVAL);
	explicit_bzero(secret, sizeof(secret));
	return err ? err : gs_keyfile_save(config->key.keystore, config->key.password_file, key, error);
}

int gs_cmd_keys(int argc, char **argv)
{
	struct gs_options options;
	struct gs_cli cli = {
		.usage = "gainsay keys new|show --key KEYSTORE --password-file FILE",
		.about =
			"Makes a new key in an encrypted keystore v3 file that must not exist yet, or shows the account of a key.",
		.args_min = 1,
		.args_max = 1,
	};
	struct gs_config config;
	struct gs_key key;
	struct gs_error error = {0};
	char address[GS_ADDRESS_TEXT_MAX];
	enum gs_err err;
	bool makes;
	int code;

	code = gs_options_parse(&options, &cli, argc, argv);
	if (code != GS_CLI_GO_ON)
		return code;
	makes = strcmp(cli.arg[0], "new") == 0;
	if (!makes && strcmp(cli.arg[0], "show") != 0)
		return gs_cli_misused("keys: %s: say 'keys new' or 'keys show'", cli.arg[0]);
	err = gs_options_config(&options, &config, &error);
	if (!err)
		err = makes ? make(&config, &key, &error) : gs_session_load_key(&config, &key, &error);
	if (err)
		return gs_cli_fail(&error);
	gs_address_format(&key.address, address);
	gs_key_wipe(&key);
	printf(options.json ? "{\"account\": \"%s\"}\n" : "account %s\n", address);
	return GS_EXIT_OK;
}
