#include "validator/cli/options.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void add(struct gs_options *o, const char *name, const char *value, const char *help, const char **out)
{
	GS_ASSERT(o->flag_count < GS_OPTION_FLAGS);
	o->flags[o->flag_count++] = (struct gs_flag){
		.name = name, .kind = GS_FLAG_TEXT, .value = value, .help = help, .out = out};
}

static void fill(struct gs_options *options)
{
	memset(options, 0, sizeof(*options));
	add(options, "config", "FILE", "settings in YAML (or $GAINSAY_CONFIG)", &options->config);
	add(options, "rpc", "URL", "endpoint of the chain; several are parted by commas", &options->rpc);
	add(options, "ca-file", "FILE", "authorities to trust for https and wss endpoints, instead of the system's",
	    &options->ca_file);
	add(options, "chain-id", "N", "refuse any other chain", &options->chain_id);
	add(options, "deployment", "FILE", "addresses of the contracts, as written by 'gainsay deploy'",
	    &options->deployment);
	add(options, "db", "DIR", "the node's database", &options->db);
	add(options, "models", "DIR", "folder with the models, .gsp or .onnx", &options->models);
	add(options, "batches", "DIR", "folder with files of batches, the data of their leaves", &options->batches);
	add(options, "key", "KEYSTORE", "keystore v3 file of the signing key", &options->keystore);
	add(options, "password-file", "FILE",
	    "the keystore's password: a file, or fd:N; asked for on the terminal without it", &options->password_file);
	add(options, "key-file", "FILE", "key as 64 hex digits; development chains only", &options->key_file);
	add(options, "remote-signer", "URL", "who has the key instead: a signer that speaks eth_signTransaction",
	    &options->remote);
	add(options, "account", "ADDRESS", "the account that the remote signer signs for", &options->address);
	options->flags[options->flag_count++] = (struct gs_flag){
		.name = "share-key",
		.kind = GS_FLAG_BOOL,
		.help = "send although a node on this machine has the key's lock",
		.out = &options->share_key};
	options->flags[options->flag_count++] = (struct gs_flag){
		.name = "json", .kind = GS_FLAG_BOOL, .help = "print JSON", .out = &options->json};
}

int gs_options_parse(struct gs_options *options, struct gs_cli *cli, int argc, char **argv)
{
	fill(options);
	cli->more_flags = options->flags;
	cli->more_flag_count = options->flag_count;
	return gs_cli_parse(cli, argc, argv);
}

enum gs_err gs_options_config(const struct gs_options *options, struct gs_config *out, struct gs_error *error)
{
	const struct {
		const char *setting;
		const char *value;
	} flags[] = {
		{"rpc", options->rpc},
		{"ca_file", options->ca_file},
		{"chain_id", options->chain_id},
		{"deployment", options->deployment},
		{"db", options->db},
		{"models", options->models},
		{"batches", options->batches},
		{"key.keystore", options->keystore},
		{"key.password_file", options->password_file},
		{"key.hex_file", options->key_file},
		{"key.remote", options->remote},
		{"key.address", options->address},
		{"key.share", options->share_key ? "yes" : NULL},
	};
	const char *file = options->config ? options->config : getenv("GAINSAY_CONFIG");
	enum gs_err err = GS_OK;

	gs_config_defaults(out);
	if (file)
		err = gs_config_load(file, out, error);
	if (!err)
		err = gs_config_environment(environ, out, error);
	/* A key on the command line replaces any other kind of key. */
	if (!err && (options->keystore || options->remote))
		out->key.hex_file[0] = '\0';
	if (!err && (options->key_file || options->remote))
		out->key.keystore[0] = '\0';
	if (!err && (options->key_file || options->keystore))
		out->key.remote[0] = '\0';
	for (size_t i = 0; i < GS_ARRAY_LEN(flags) && !err; i++)
		if (flags[i].value)
			err = gs_config_set(out, flags[i].setting, flags[i].value, "command line", error);
	return err;
}

enum gs_err gs_options_session(const struct gs_options *options, unsigned needs, struct gs_config *config,
                               struct gs_session *out, struct gs_error *error)
{
	enum gs_err err = gs_options_config(options, config, error);

	return err ? err : gs_session_open(config, needs, out, error);
}
