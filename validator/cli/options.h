/* validator/cli/options.h: the options that commands on a chain share, as flags over the configuration.
 *
 * A key never comes from argv: --key names a keystore, --key-file a file of hex digits for development chains. */
#ifndef GS_VALIDATOR_CLI_OPTIONS_H
#define GS_VALIDATOR_CLI_OPTIONS_H

#include "validator/cli/cli.h"
#include "validator/daemon/session.h"

enum { GS_OPTION_FLAGS = 15 };

struct gs_options {
	const char *config; /* --config; else $GAINSAY_CONFIG; else none */
	const char *rpc;
	const char *ca_file;
	const char *chain_id;
	const char *deployment;
	const char *db;
	const char *models;
	const char *batches;
	const char *keystore;
	const char *password_file;
	const char *key_file;
	const char *remote;
	const char *address;
	bool share_key;
	bool json;
	struct gs_flag flags[GS_OPTION_FLAGS];
	size_t flag_count;
};

/* Parses a command line with these options beside the command's own: GS_CLI_GO_ON, or an exit code (gs_cli_parse). */
GS_MUST int gs_options_parse(struct gs_options *options, struct gs_cli *cli, int argc, char **argv);
/* File, environment, flags, in this order, over the defaults. */
GS_MUST enum gs_err gs_options_config(const struct gs_options *options, struct gs_config *out, struct gs_error *error);
/* Both steps in one: the configuration, then a checked connection. */
GS_MUST enum gs_err gs_options_session(const struct gs_options *options, unsigned needs, struct gs_config *config,
                                       struct gs_session *out, struct gs_error *error);

#endif
