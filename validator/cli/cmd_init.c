/* gainsay init: a file of settings to begin with: every setting, with what it is for. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "validator/cli/commands.h"
#include "validator/daemon/config_write.h"

enum { CHOICES_MAX = GS_CLI_LIST_MAX + 1 };

struct request {
	const struct gs_config_network *network;
	const char *out;
	const char *rpc;
	struct gs_cli_list set;
	char name[GS_CLI_LIST_MAX][64]; /* of --set, cut off its value */
};

static const struct gs_config_network *network_of(const char *name)
{
	const struct gs_config_network *network;

	for (size_t i = 0; (network = gs_config_network_at(i)); i++)
		if (strcmp(network->name, name) == 0)
			return network;
	return NULL;
}

static int parse(struct request *r, int argc, char **argv)
{
	const struct gs_flag flags[] = {
		{.name = "rpc",
	         .kind = GS_FLAG_TEXT,
	         .value = "URL",
	         .help = "endpoint of the chain; several are parted by commas",
	         .out = &r->rpc},
		{.name = "out",
	         .kind = GS_FLAG_TEXT,
	         .value = "FILE",
	         .help = "where to write it (node.yaml); - for standard output",
	         .out = &r->out},
		{.name = "set",
	         .kind = GS_FLAG_LIST,
	         .value = "NAME=VALUE",
	         .help = "a setting, such as policy.rate=0.25 (several)",
	         .out = &r->set},
	};
	struct gs_cli cli = {
		.usage = "gainsay init devnet|sepolia|mainnet [--rpc URL] [--out FILE] [--set NAME=VALUE]...",
		.about =
			"Writes a file of settings for a node, with every setting there is, what it is for and its default, and says what\n"
			"else the node needs. A file that is there is never overwritten.",
		.flags = flags,
		.flag_count = GS_ARRAY_LEN(flags),
		.args_min = 1,
		.args_max = 1,
	};
	int code = gs_cli_parse(&cli, argc, argv);

	if (code != GS_CLI_GO_ON)
		return code;
	r->network = network_of(cli.arg[0]);
	if (!r->network)
		return gs_cli_misused("init: %s: no such network; take devnet, sepolia or mainnet", cli.arg[0]);
	if (!r->rpc && !r->network->endpoint)
		return gs_cli_misused(
			"init: where the chain is reached has to be said: --rpc URL, or several of different providers, parted by commas");
	return GS_CLI_GO_ON;
}

/* The settings that were asked for, then the endpoint. */
static enum gs_err choices(struct request *r, struct gs_config_choice out[CHOICES_MAX], size_t *count,
                           struct gs_error *error)
{
	*count = 0;
	for (size_t i = 0; i < r->set.count; i++) {
		const char *item = r->set.item[i], *equals = strchr(item, '=');
		if (!equals || (size_t)(equals - item) >= sizeof(r->name[i]))
			return gs_fail(error, GS_EINVAL, "--set %s: NAME=VALUE is expected", item);
		snprintf(r->name[i], sizeof(r->name[i]), "%.*s", (int)(equals - item), item);
		out[(*count)++] = (struct gs_config_choice){r->name[i], equals + 1};
	}
	if (r->rpc)
		out[(*count)++] = (struct gs_config_choice){"rpc", r->rpc};
	return GS_OK;
}

/* A new file that only its owner may read: endpoints often have a key in their address. */
static enum gs_err write_new(const char *path, struct gs_bytes text, struct gs_error *error)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	size_t at = 0;
	int failed = 0;

	if (fd < 0 && errno == EEXIST)
		return gs_fail(error, GS_ECONFLICT,
		               "%s: is there already, and is not overwritten; name another: --out FILE", path);
	if (fd < 0)
		return gs_fail(error, GS_EIO, "%s: %s", path, strerror(errno));
	while (at < text.len && !failed) {
		const ssize_t done = write(fd, text.ptr + at, text.len - at);
		if (done > 0)
			at += (size_t)done;
		else if (done == 0 || errno != EINTR)
			failed = done == 0 ? EIO : errno;
	}
	if (!failed && fsync(fd) != 0)
		failed = errno;
	if (close(fd) != 0 && !failed)
		failed = errno;
	if (!failed)
		return GS_OK;
	(void)unlink(path);
	return gs_fail(error, GS_EIO, "%s: cannot be written: %s", path, strerror(failed));
}

static void step(const char *missing, const char *how, const char *what)
{
	if (access(missing, F_OK) != 0)
		printf("  %-44s %s\n", how, what);
}

/* What a node needs beside the file, and has not yet. */
static void print_steps(const struct request *r, const char *path, const struct gs_config *config)
{
	char how[2 * GS_BINDER_PATH_MAX + 64];

	printf("%s: settings of a node on %s; they can be read\n", path, r->network->what);
	if (config->rpc.count == 1 && !r->network->endpoint)
		printf("  one endpoint alone is believed whatever it says: name a second one, of another provider, under rpc\n");
	printf("next:\n");
	if (config->key.keystore[0]) {
		snprintf(how, sizeof(how), "gainsay keys new --key %s", config->key.keystore);
		step(config->key.keystore, how, "the node's account; its password in key.password_file");
	}
	if (config->key.hex_file[0])
		step(config->key.hex_file, config->key.hex_file, "the key of a development account, 64 hex digits");
	step(config->deployment, config->deployment,
	     "the contracts' addresses: of who deployed them, or by 'gainsay deploy'");
	snprintf(how, sizeof(how), "mkdir %s", config->models);
	step(config->models, how, "and the models of claims, .onnx or .gsp; or set model_store");
	snprintf(how, sizeof(how), "gainsay doctor --config %s", path);
	printf("  %-44s %s\n", how, "looks at all that the node depends on");
	snprintf(how, sizeof(how), "gainsay stake deposit 1000 --config %s", path);
	printf("  %-44s %s\n", how, "what challenges are made with");
	snprintf(how, sizeof(how), "gainsay run --config %s", path);
	printf("  %-44s %s\n", how, "the node");
}

/* As the node will read it: the file, then the environment over it. */
static enum gs_err check(const char *path, struct gs_config *config, struct gs_error *error)
{
	enum gs_err err;

	gs_config_defaults(config);
	err = gs_config_load(path, config, error);
	return err ? err : gs_config_environment(environ, config, error);
}

static enum gs_err write_settings(struct request *r, struct gs_error *error)
{
	struct gs_config_choice choice[CHOICES_MAX];
	const char *path = r->out ? r->out : "node.yaml";
	struct gs_config config;
	struct gs_buf text;
	size_t count;
	enum gs_err err = choices(r, choice, &count, error);

	if (err)
		return err;
	gs_buf_init(&text, GS_BINDER_FILE_MAX);
	err = gs_config_write(r->network, choice, count, &text, error);
	if (!err && strcmp(path, "-") == 0) {
		if (fwrite(text.ptr, 1, text.len, stdout) != text.len || fflush(stdout) != 0)
			err = gs_fail(error, GS_EIO, "standard output: %s", strerror(errno));
	} else if (!err) {
		err = write_new(path, gs_buf_view(&text), error);
		if (!err)
			err = check(path, &config, error);
		if (!err)
			print_steps(r, path, &config);
	}
	gs_buf_free(&text);
	return err;
}

int gs_cmd_init(int argc, char **argv)
{
	struct request r = {.out = NULL};
	struct gs_error error = {0};
	int code = parse(&r, argc, argv);

	if (code != GS_CLI_GO_ON)
		return code;
	return write_settings(&r, &error) ? gs_cli_fail(&error) : GS_EXIT_OK;
}
