/* gainsay keys: makes, imports and lists keystore files, and shows that one can be opened and signs. */
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "chain/core/hash.h"
#include "chain/rpc/keyfile.h"
#include "chain/rpc/passphrase.h"
#include "validator/cli/commands.h"
#include "validator/cli/stored.h"
#include "validator/daemon/statement.h"

enum { KEYS_LISTED_MAX = 4096, KEYS_PATH_MAX = 4096 };

struct call {
	const struct gs_config *config;
	const char *arg; /* behind the verb; NULL: none */
	bool json;
	bool statement;
	const struct gs_options *options;
	struct gs_keystore_kdf kdf;
};

static void print_account(const struct call *call, const struct gs_address *address)
{
	char text[GS_ADDRESS_TEXT_MAX];

	gs_address_format(address, text);
	printf(call->json ? "{\"account\": \"%s\"}\n" : "account %s\n", text);
}

static enum gs_err save(const struct call *call, const struct gs_key *key, struct gs_error *error)
{
	return gs_keyfile_save(call->config->key.keystore, call->config->key.password_file, key, &call->kdf, error);
}

static enum gs_err needs_keystore(const struct call *call, const char *verb, struct gs_error *error)
{
	return call->config->key.keystore[0]
	               ? GS_OK
	               : gs_fail(error, GS_EINVAL, "keys %s: name the file to write with --key KEYSTORE", verb);
}

static enum gs_err keys_new(const struct call *call, struct gs_error *error)
{
	uint8_t secret[32];
	struct gs_key key;
	enum gs_err err = needs_keystore(call, "new", error);

	if (err)
		return err;
	gs_key_guard(&key);
	do { /* but for about one draw in 2^127, any 32 bytes are a key */
		if (getrandom(secret, sizeof(secret), 0) != (ssize_t)sizeof(secret))
			return gs_fail(error, GS_EIO, "the system gave no random bytes");
		err = gs_key_from_secret(secret, &key, error);
	} while (err == GS_EINVAL);
	explicit_bzero(secret, sizeof(secret));
	if (!err && !(err = save(call, &key, error)))
		print_account(call, &key.address);
	gs_key_wipe(&key);
	return err;
}

/* A key of 64 hex digits: from a file, from standard input (-), or unseen from the terminal. It may have white space at its end. */
static enum gs_err keys_import(const struct call *call, struct gs_error *error)
{
	const char *source = call->arg ? call->arg : "";
	const char *what = call->arg ? call->arg : "the key to import, 64 hex digits";
	struct gs_passphrase text; /* it is read as a passphrase is, and as secret */
	struct gs_key key;
	enum gs_err err = needs_keystore(call, "import", error);

	if (!err)
		err = gs_passphrase_read(strcmp(source, "-") == 0 ? "fd:0" : source, what, false, &text, error);
	if (err)
		return err;
	while (text.len && strchr(" \t\r\n", text.text[text.len - 1]))
		text.len--;
	text.text[text.len] = '\0';
	gs_key_guard(&key);
	if (gs_key_from_hex((const char *)text.text, &key, NULL) != GS_OK) /* its error could tell digits */
		err = gs_fail(error, GS_EPARSE, "%s: not a key: 64 hex digits of a number below the group's order",
		              what);
	if (!err && !(err = save(call, &key, error)))
		print_account(call, &key.address);
	gs_passphrase_wipe(&text);
	gs_key_wipe(&key);
	return err;
}

static enum gs_err keys_show(const struct call *call, struct gs_error *error)
{
	struct gs_key key;
	enum gs_err err = gs_session_load_key(call->config, &key, error);

	if (!err)
		print_account(call, &key.address);
	gs_key_wipe(&key);
	return err;
}

static enum gs_err keys_address(const struct call *call, struct gs_error *error)
{
	struct gs_address address;
	enum gs_err err;

	if (!call->config->key.keystore[0])
		return gs_fail(error, GS_EINVAL, "keys address: name a keystore with --key KEYSTORE");
	err = gs_keyfile_address(call->config->key.keystore, &address, error);
	if (!err)
		print_account(call, &address);
	return err;
}

/* Signs a text as wallets do (EIP-191, "personal sign") and asks the signature who made it. */
static enum gs_err keys_sign_test(const struct call *call, struct gs_error *error)
{
	const char *message = call->arg ? call->arg : "gainsay keys sign-test";
	struct gs_keccak keccak;
	struct gs_hash digest;
	struct gs_signature signature = {0};
	struct gs_address signer = {0};
	struct gs_key key;
	char head[64], account[GS_ADDRESS_TEXT_MAX], hex[131];
	uint8_t bytes[65];
	enum gs_err err = gs_session_load_key(call->config, &key, error);

	if (err)
		return err;
	snprintf(head, sizeof(head),
	         "\x19"
	         "Ethereum Signed Message:\n%zu",
	         strlen(message));
	gs_keccak_init(&keccak);
	gs_keccak_update(&keccak, head, strlen(head));
	gs_keccak_update(&keccak, message, strlen(message));
	gs_keccak_final(&keccak, &digest);
	err = gs_key_sign(&key, &digest, &signature, error);
	if (!err && (gs_key_recover(&signature, &digest, &signer) || !gs_address_equal(&signer, &key.address)))
		err = gs_fail(error, GS_EINVAL, "the signature is not of this key: do not use this machine to sign");
	gs_key_wipe(&key);
	if (err)
		return err;
	memcpy(bytes, signature.r, 32);
	memcpy(bytes + 32, signature.s, 32);
	bytes[64] = (uint8_t)(27 + signature.y_parity);
	gs_hex_encode(bytes, sizeof(bytes), false, hex);
	gs_address_format(&signer, account);
	printf(call->json ? "{\"account\": \"%s\", \"signature\": \"0x%s\"}\n"
	                  : "account   %s\nsignature 0x%s (EIP-191, of the text that was given)\n",
	       account, hex);
	return GS_OK;
}

/* The node's sampling key: its public half, or that it is this account's. */
static enum gs_err keys_sampling(const struct call *call, struct gs_error *error)
{
	struct gs_vrf *vrf = gs_vrf_new();
	struct gs_lots_domain domain = {0};
	struct gs_vrf_key sampling = {.secret = {0}};
	struct gs_signature signature;
	struct gs_stored stored;
	struct gs_hash digest;
	struct gs_key key = {.secret = {0}};
	char text[GS_STATEMENT_MAX], hex[2 * GS_VRF_PUBLIC_BYTES + 1];
	enum gs_err err;

	if (!vrf)
		return gs_fail(error, GS_ENOMEM, "keys: no memory");
	err = gs_stored_open(call->options, &stored, error);
	if (err)
		goto out;
	err = gs_lots_key(&stored.store, stored.j.txn, call->config, vrf, &sampling, error);
	if (!err && call->statement)
		err = gs_lots_domain(&stored.store, stored.j.txn, &domain, error);
	gs_stored_close(&stored);
	if (err)
		goto out;
	gs_hex_encode(sampling.public_key.b, sizeof(sampling.public_key.b), false, hex);
	if (!call->statement) {
		printf(call->json ? "{\"sampling_key\": \"%s\"}\n" : "sampling key %s\n", hex);
		goto out;
	}
	if ((err = gs_session_load_key(call->config, &key, error)) ||
	    (err = gs_statement_digest(&domain, &sampling.public_key, &digest, error)))
		goto out;
	if (!gs_address_equal(&key.address, &domain.validator))
		err = gs_fail(error, GS_EINVAL, "keys sampling: this key is not the account of the database's node");
	else
		err = gs_key_sign(&key, &digest, &signature, error);
	if (!err) {
		gs_statement_format(&domain, &sampling.public_key, &signature, text);
		printf("%s\n", text);
	}
out:
	gs_key_wipe(&key);
	gs_vrf_key_wipe(&sampling);
	gs_vrf_free(vrf);
	return err;
}

static int is_candidate(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* One line or object for a keystore; an account of NULL: the file does not say whose it is. */
static void list_one(json_t *json, const char *file, const char *account)
{
	if (json)
		json_array_append_new(json, json_pack("{s:s, s:s?}", "file", file, "account", account));
	else
		printf("%-42s  %s\n", account ? account : "(it does not say; 'keys show' tells)", file);
}

/* Every file of the folder that is a keystore; nothing is decrypted. */
static enum gs_err keys_list(const struct call *call, struct gs_error *error)
{
	const char *folder = call->arg ? call->arg : ".";
	struct dirent **entries = NULL;
	json_t *json = call->json ? json_array() : NULL;
	int count = scandir(folder, &entries, is_candidate, alphasort), shown = 0;
	enum gs_err result = GS_OK;

	if (count < 0)
		result = gs_fail(error, errno == ENOENT ? GS_ENOTFOUND : GS_EIO, "%s: %s", folder, strerror(errno));
	else if (count > KEYS_LISTED_MAX)
		result = gs_fail(error, GS_ELIMIT, "%s: %d files; at most %d are looked at", folder, count,
		                 KEYS_LISTED_MAX);
	for (int i = 0; i < count && !result; i++) {
		char path[KEYS_PATH_MAX], text[GS_ADDRESS_TEXT_MAX];
		struct gs_address address;
		if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name) >= sizeof(path))
			continue;
		enum gs_err err = gs_keyfile_address(path, &address, NULL);
		if (err && err != GS_ENOTFOUND)
			continue; /* no keystore */
		if (!err)
			gs_address_format(&address, text);
		list_one(json, entries[i]->d_name, err ? NULL : text);
		shown++;
	}
	if (json && !result) {
		json_dumpf(json, stdout, JSON_INDENT(2));
		printf("\n");
	} else if (!result && shown == 0) {
		printf("no keystore in %s\n", folder);
	}
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
	json_decref(json);
	return result;
}

static const struct {
	const char *name;
	enum gs_err (*run)(const struct call *call, struct gs_error *error);
	bool takes_argument;
} verbs[] = {
	{"new", keys_new, false},           {"import", keys_import, true}, {"list", keys_list, true},
	{"address", keys_address, false},   {"show", keys_show, false},    {"sign-test", keys_sign_test, true},
	{"sampling", keys_sampling, false},
};

int gs_cmd_keys(int argc, char **argv)
{
	bool light = false, pbkdf2 = false, statement = false;
	const struct gs_flag flags[] = {
		{.name = "light",
	         .kind = GS_FLAG_BOOL,
	         .help = "new, import: a passphrase that is cheap to try; for tests, or where it is long and random",
	         .out = &light},
		{.name = "pbkdf2",
	         .kind = GS_FLAG_BOOL,
	         .help = "new, import: derive by PBKDF2-HMAC-SHA256 instead of scrypt",
	         .out = &pbkdf2},
		{.name = "statement",
	         .kind = GS_FLAG_BOOL,
	         .help = "sampling: signed by the account, that the sampling key is its own",
	         .out = &statement},
	};
	struct gs_options options;
	struct gs_cli cli = {
		.flags = flags,
		.flag_count = GS_ARRAY_LEN(flags),
		.usage =
			"gainsay keys new|import [HEXFILE|-]|list [FOLDER]|address|show|sign-test [TEXT]|sampling --db DIR "
			"--key KEYSTORE [--password-file FILE|fd:N]",
		.about =
			"new: a fresh key in an encrypted keystore v3 file that must not exist yet. import: the same for a key\n"
			"of 64 hex digits. list: the keystores of a folder. address: the account a keystore names, without its\n"
			"passphrase. show: the account of the key inside. sign-test: signs a text and checks the signature.\n"
			"sampling: the public sampling key of the node whose database --db names, by which others check its draws.\n"
			"Without --password-file the passphrase is asked for on the terminal.",
		.args_min = 1,
		.args_max = 2,
	};
	static const uint32_t cost[2][2] = {{GS_KEYSTORE_SCRYPT_N, GS_KEYSTORE_SCRYPT_N_LIGHT},
	                                    {GS_KEYSTORE_PBKDF2_ROUNDS, GS_KEYSTORE_PBKDF2_ROUNDS_LIGHT}};
	struct gs_config config;
	struct gs_error error = {0};
	enum gs_err err;
	size_t verb = 0;
	int code;

	code = gs_options_parse(&options, &cli, argc, argv);
	if (code != GS_CLI_GO_ON)
		return code;
	while (verb < GS_ARRAY_LEN(verbs) && strcmp(verbs[verb].name, cli.arg[0]) != 0)
		verb++;
	if (verb == GS_ARRAY_LEN(verbs))
		return gs_cli_misused("keys: %s: say 'keys new', import, list, address, show, sign-test or sampling",
		                      cli.arg[0]);
	if (cli.arg_count > 1 && !verbs[verb].takes_argument)
		return gs_cli_misused("keys %s: takes no argument, but got %s", cli.arg[0], cli.arg[1]);
	err = gs_options_config(&options, &config, &error);
	if (!err)
		err = verbs[verb].run(&(struct call){.config = &config,
		                                     .arg = cli.arg_count > 1 ? cli.arg[1] : NULL,
		                                     .json = options.json,
		                                     .statement = statement,
		                                     .options = &options,
		                                     .kdf = {.pbkdf2 = pbkdf2, .cost = cost[pbkdf2][light]}},
		                      &error);
	return err ? gs_cli_fail(&error) : GS_EXIT_OK;
}
