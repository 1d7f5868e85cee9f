#include "chain/rpc/anvil.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "chain/rpc/beside.h"
#include "chain/rpc/rpc.h"

enum { ARGS_MAX = 32, NUMBER_TEXT = 24, OUTPUT_MAX = 64 * 1024, POLL_MS = 5, STOP_MS_MAX = 5000 };

struct command {
	char binary[GS_BESIDE_PATH_MAX];
	char numbers[8][NUMBER_TEXT];
	size_t number_count;
	const char *args[ARGS_MAX];
	size_t arg_count;
};

/* --- which anvil --- */

static bool find_in_path(char out[GS_BESIDE_PATH_MAX])
{
	const char *path = getenv("PATH");
	while (path && *path) {
		size_t len = strcspn(path, ":");
		int n = snprintf(out, GS_BESIDE_PATH_MAX, "%.*s/anvil", (int)len, path);
		if (len && n > 0 && n < GS_BESIDE_PATH_MAX && gs_beside_usable(out, true))
			return true;
		path += len + (path[len] == ':');
	}
	return false;
}

static enum gs_err find_binary(const char *given, char out[GS_BESIDE_PATH_MAX], struct gs_error *error)
{
	if (!given || !*given)
		given = getenv("GAINSAY_ANVIL");
	if (given && *given) {
		if (strlen(given) >= GS_BESIDE_PATH_MAX || !gs_beside_usable(given, true))
			return gs_fail(error, GS_ENOTFOUND, "anvil: %.300s is not an executable file", given);
		strcpy(out, given);
		return GS_OK;
	}
	if (gs_beside_find("tools/anvil", true, out) || find_in_path(out))
		return GS_OK;
	return gs_fail(error, GS_ENOTFOUND, "anvil: not found; run 'make setup', or set GAINSAY_ANVIL to its path");
}

/* --- the child --- */

static void add(struct command *c, const char *arg)
{
	GS_ASSERT(c->arg_count + 1 < ARGS_MAX);
	c->args[c->arg_count++] = arg;
}

static void add_number(struct command *c, const char *flag, uint64_t v)
{
	GS_ASSERT(c->number_count < GS_ARRAY_LEN(c->numbers));
	char *text = c->numbers[c->number_count++];
	snprintf(text, NUMBER_TEXT, "%llu", (unsigned long long)v);
	add(c, flag);
	add(c, text);
}

static void build_command(const struct gs_anvil_options *o, struct command *c)
{
	add(c, c->binary);
	add(c, "--host");
	add(c, "127.0.0.1");
	add_number(c, "--port", o->port);
	add_number(c, "--chain-id", o->chain_id ? o->chain_id : 8453);
	add_number(c, "--accounts", GS_ANVIL_KEYS);
	if (o->block_time_s)
		add_number(c, "--block-time", o->block_time_s);
	if (o->slots_in_epoch)
		add_number(c, "--slots-in-an-epoch", o->slots_in_epoch);
	if (o->gas_limit)
		add_number(c, "--gas-limit", o->gas_limit);
	if (o->optimism) {
		add(c, "--network");
		add(c, "optimism");
	}
	if (o->state_file) {
		add(c, "--state");
		add(c, o->state_file);
	}
	c->args[c->arg_count] = NULL;
}

/* Only calls that are safe between fork and exec of a program with threads. */
static _Noreturn void run_child(const struct command *c, int output, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	int null = open("/dev/null", O_RDONLY);
	if (getppid() != parent || null < 0 || dup2(null, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0)
		_exit(127);
	close_range(3, ~0u, 0);
	execv(c->binary, (char *const *)c->args);
	_exit(127);
}

static void sleep_a_little(void)
{
	nanosleep(&(struct timespec){.tv_nsec = POLL_MS * 1000000L}, NULL);
}

/* --- what it says --- */

/* The text so far, terminated. */
static void read_output(int fd, char text[OUTPUT_MAX])
{
	ssize_t n = pread(fd, text, OUTPUT_MAX - 1, 0);
	text[n > 0 ? n : 0] = '\0';
}

static bool parse_keys(const char *text, struct gs_anvil *out)
{
	const char *section = strstr(text, "Private Keys");
	for (int i = 0; i < GS_ANVIL_KEYS; i++) {
		char label[NUMBER_TEXT], digits[67];
		snprintf(label, sizeof(label), "(%d) 0x", i);
		const char *line = section ? strstr(section, label) : NULL;
		if (!line)
			return false;
		snprintf(digits, sizeof(digits), "%.66s", strstr(line, "0x"));
		if (gs_key_from_hex(digits, &out->keys[i], NULL) != GS_OK)
			return false;
	}
	return true;
}

/* The child's last line, which says why it ended. */
static const char *last_line(char *text)
{
	size_t len = strlen(text);
	while (len && (text[len - 1] == '\n' || text[len - 1] == ' '))
		text[--len] = '\0';
	const char *newline = strrchr(text, '\n');
	return newline ? newline + 1 : text;
}

static enum gs_err wait_for_start(struct gs_anvil *a, int output, struct gs_error *error)
{
	char *text = malloc(OUTPUT_MAX);
	enum gs_err err = GS_EAGAIN;
	if (!text)
		return gs_fail(error, GS_ENOMEM, "anvil: out of memory");
	for (int waited_ms = 0; waited_ms < GS_ANVIL_START_MS_MAX; waited_ms += POLL_MS) {
		unsigned port;
		bool ended = waitpid(a->pid, NULL, WNOHANG) == a->pid;
		read_output(output, text);
		const char *listening = strstr(text, "Listening on 127.0.0.1:");
		if (ended) {
			a->pid = 0;
			err = gs_fail(error, GS_EIO, "anvil: ended at once: %.300s", last_line(text));
			goto out;
		}
		if (listening && strchr(listening, '\n') &&
		    sscanf(listening, "Listening on 127.0.0.1:%5u", &port) == 1) {
			a->port = (uint16_t)port;
			snprintf(a->url, sizeof(a->url), "http://127.0.0.1:%u", port);
			err = parse_keys(text, a)
			              ? GS_OK
			              : gs_fail(error, GS_EPARSE, "anvil: its output shows no private keys");
			goto out;
		}
		sleep_a_little();
	}
	err = gs_fail(error, GS_EAGAIN, "anvil: did not start within %d ms", GS_ANVIL_START_MS_MAX);
out:
	free(text);
	return err;
}

/* Asks for its first answer, and that it stops to write a line for each call. */
static enum gs_err silence(const struct gs_anvil *a, struct gs_error *error)
{
	struct gs_rpc *rpc;
	json_t *result = NULL;
	enum gs_err err = gs_rpc_open(a->url, NULL, &rpc, error);
	if (err != GS_OK)
		return err;
	err = gs_rpc_call(rpc, "anvil_setLoggingEnabled", json_pack("[b]", 0), &result, error);
	json_decref(result);
	gs_rpc_close(rpc);
	return err;
}

enum gs_err gs_anvil_start(const struct gs_anvil_options *options, struct gs_anvil *out, struct gs_error *error)
{
	static const struct gs_anvil_options defaults;
	struct command *command = calloc(1, sizeof(*command));
	int output = -1;
	enum gs_err err;

	*out = (struct gs_anvil){0};
	if (!options)
		options = &defaults;
	if (!command)
		return gs_fail(error, GS_ENOMEM, "anvil: out of memory");
	if ((err = find_binary(options->binary, command->binary, error)) != GS_OK)
		goto out;
	build_command(options, command);
	output = memfd_create("anvil", MFD_CLOEXEC);
	if (output < 0) {
		err = gs_fail(error, GS_EIO, "anvil: no memory file for its output: %s", strerror(errno));
		goto out;
	}
	pid_t parent = getpid();
	out->pid = fork();
	if (out->pid == 0)
		run_child(command, output, parent);
	if (out->pid < 0) {
		out->pid = 0;
		err = gs_fail(error, GS_EIO, "anvil: cannot start a process: %s", strerror(errno));
		goto out;
	}
	if ((err = wait_for_start(out, output, error)) == GS_OK)
		err = silence(out, error);
	if (err != GS_OK)
		gs_anvil_stop(out);
out:
	if (output >= 0)
		close(output);
	free(command);
	return err;
}

void gs_anvil_stop(struct gs_anvil *anvil)
{
	if (anvil->pid <= 0)
		return;
	kill(anvil->pid, SIGTERM);
	for (int waited_ms = 0; waited_ms < STOP_MS_MAX; waited_ms += POLL_MS) {
		if (waitpid(anvil->pid, NULL, WNOHANG) != 0) {
			anvil->pid = 0;
			return;
		}
		sleep_a_little();
	}
	kill(anvil->pid, SIGKILL);
	waitpid(anvil->pid, NULL, 0);
	anvil->pid = 0;
}
