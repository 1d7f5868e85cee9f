/* gainsay worker: executions for nodes, off a queue. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "validator/cli/commands.h"
#include "validator/cli/options.h"
#include "validator/cli/worker_list.h"
#include "validator/daemon/librarian.h"
#include "validator/daemon/logsink.h"
#include "validator/daemon/queue_address.h"
#include "validator/daemon/worker.h"
#include "validator/exec/exec.h"

static volatile bool ending;

static void on_signal(int number)
{
	(void)number;
	ending = true;
}

static void watch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigemptyset(&action.sa_mask);
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
}

static void print_counts(const struct gs_worker_counts *c, bool json)
{
	if (json)
		printf("{\"done\": %llu, \"late\": %llu, \"failed\": %llu}\n", (unsigned long long)c->done,
		       (unsigned long long)c->late, (unsigned long long)c->failed);
	else
		printf("%llu jobs done, %llu of them late; %llu given back\n", (unsigned long long)c->done,
		       (unsigned long long)c->late, (unsigned long long)c->failed);
}

struct call {
	bool listing;
	const char *queue, *queue_ca, *queue_password, *name, *threads, *isa, *log_level;
	uint64_t jobs, idle_s, lie_ppm;
	bool once;
	struct gs_cli_list lies;
	struct gs_options options;
};

static enum gs_err read_lies(const struct call *call, struct gs_worker_lies *out, struct gs_error *error)
{
	if (call->lies.count > GS_WORKER_LIES_MAX || call->lie_ppm > 1000 * 1000)
		return gs_fail(error, GS_EINVAL, "--lie: at most %d roots, for at most 1000000 of a million jobs",
		               GS_WORKER_LIES_MAX);
	*out = (struct gs_worker_lies){.ppm = (uint32_t)call->lie_ppm};
	for (size_t i = 0; i < call->lies.count; i++) {
		const char *text = call->lies.item[i];
		if (gs_hex_decode(text, strlen(text), out->root[out->roots++].b, 32))
			return gs_fail(error, GS_EINVAL, "--lie: %s is no root of 64 hex digits", text);
	}
	return GS_OK;
}

static enum gs_err read_settings(const struct call *call, struct gs_config *config, struct gs_error *error)
{
	const struct {
		const char *setting, *value;
	} given[] = {{"workers.queue", call->queue},
	             {"workers.ca_file", call->queue_ca},
	             {"workers.password_file", call->queue_password},
	             {"workers.name", call->name},
	             {"execution.threads", call->threads},
	             {"log.level", call->log_level}};
	enum gs_err err = gs_options_config(&call->options, config, error);

	for (size_t i = 0; i < GS_ARRAY_LEN(given) && !err; i++)
		if (given[i].value)
			err = gs_config_set(config, given[i].setting, given[i].value, "command line", error);
	if (!err && !config->workers.queue[0])
		err = gs_fail(error, GS_EINVAL, "workers.queue: not named; give --queue redis://HOST:PORT");
	if (!err && !call->listing && !config->models[0] && !config->model_store.folder[0])
		err = gs_fail(
			error, GS_EINVAL,
			"models: not named; give --models DIR, the folder with the models, or set model_store.folder");
	return err;
}

static enum gs_err list(const struct call *call, struct gs_error *error)
{
	struct gs_config config;
	char address[GS_REDIS_URL_MAX + 1];
	enum gs_err err = read_settings(call, &config, error);

	if (!err)
		err = gs_queue_address(config.workers.queue, config.workers.password_file, address, error);
	if (!err)
		err = gs_worker_list(&config, address, call->options.json, error);
	explicit_bzero(address, sizeof(address));
	return err;
}

/* The store of models and who fills it; both NULL without one. */
static enum gs_err open_models(const struct gs_config *config, const struct gs_log *log, struct gs_library **library,
                               struct gs_librarian **librarian, struct gs_error *error)
{
	struct gs_librarian_options options = {
		.readiness = config->model_store.readiness[0] ? config->model_store.readiness : NULL,
		.downloads = (unsigned)config->model_store.downloads,
		.log = log};
	enum gs_err err;

	if (!config->model_store.folder[0])
		return GS_OK;
	options.terms.fetches = config->model_store.sources.count > 0;
	gs_readiness_machine(options.terms.machine);
	err = gs_library_open(config, log, library, error);
	options.models = *library;
	return err ? err : gs_librarian_open(&options, librarian, error);
}

static enum gs_err work(const struct call *call, struct gs_worker_counts *counts, struct gs_error *error)
{
	struct gs_config config;
	struct gs_logsink sink;
	struct gs_log log;
	struct gs_worker_lies lies = {.roots = 0};
	struct gs_key key = {.address = {{0}}};
	char address[GS_REDIS_URL_MAX + 1];
	struct gs_library *library = NULL;
	struct gs_librarian *librarian = NULL;
	enum gs_err err = read_settings(call, &config, error);

	if (!err)
		err = read_lies(call, &lies, error);
	if (!err)
		err = gs_queue_address(config.workers.queue, config.workers.password_file, address, error);
	if (!err)
		err = gs_session_load_key(&config, &key, error);
	if (err)
		goto out;
	gs_logsink_init(&sink, stderr, (enum gs_log_format)config.log.format);
	log = gs_logsink_log(&sink, (enum gs_log_level)config.log.level);
	err = open_models(&config, &log, &library, &librarian, error);
	if (err)
		goto out;
	const struct gs_worker_options options = {.queue = address,
	                                          .ca_file = config.workers.ca_file,
	                                          .name = config.workers.name,
	                                          .models = config.models,
	                                          .librarian = librarian,
	                                          .version = GS_VERSION_TEXT,
	                                          .threads = (unsigned)config.execution.threads,
	                                          .prepared_bytes = config.execution.prepared_mib << 20,
	                                          .program_bytes = config.execution.programs_mib << 20,
	                                          .isa = call->isa,
	                                          .key = &key,
	                                          .log = &log,
	                                          .jobs_max = call->once ? 1 : call->jobs,
	                                          .idle_s = call->idle_s,
	                                          .ending = &ending,
	                                          .lies = lies.ppm ? &lies : NULL};
	watch_signals();
	err = gs_worker_run(&options, counts, error);
out:
	gs_librarian_close(librarian);
	gs_library_close(library);
	explicit_bzero(address, sizeof(address));
	gs_key_wipe(&key);
	return err;
}

int gs_cmd_worker(int argc, char **argv)
{
	struct call c = {.queue = NULL};
	const struct gs_flag flags[] = {
		{.name = "queue",
	         .kind = GS_FLAG_TEXT,
	         .value = "URL",
	         .help = "where the jobs are: redis://HOST:PORT, or rediss:// over TLS",
	         .out = &c.queue},
		{.name = "queue-ca",
	         .kind = GS_FLAG_TEXT,
	         .value = "FILE",
	         .help = "of rediss://: who vouches for the server (the system's)",
	         .out = &c.queue_ca},
		{.name = "queue-password-file",
	         .kind = GS_FLAG_TEXT,
	         .value = "FILE",
	         .help = "the queue's password; its address is redis://USER@HOST then",
	         .out = &c.queue_password},
		{.name = "queue-name",
	         .kind = GS_FLAG_TEXT,
	         .value = "NAME",
	         .help = "which of the server's queues (executions)",
	         .out = &c.name},
		{.name = "threads",
	         .kind = GS_FLAG_TEXT,
	         .value = "N",
	         .help = "jobs executed at once (1)",
	         .out = &c.threads},
		{.name = "jobs", .kind = GS_FLAG_U64, .value = "N", .help = "end after so many", .out = &c.jobs},
		{.name = "once", .kind = GS_FLAG_BOOL, .help = "end after one job", .out = &c.once},
		{.name = "idle",
	         .kind = GS_FLAG_U64,
	         .value = "SECONDS",
	         .help = "end when none has come for so long",
	         .out = &c.idle_s},
		{.name = "isa",
	         .kind = GS_FLAG_TEXT,
	         .value = "NAME",
	         .help = "inner loops, as of 'gainsay run'",
	         .out = &c.isa},
		{.name = "log-level",
	         .kind = GS_FLAG_TEXT,
	         .value = "LEVEL",
	         .help = "debug, info, warn or error",
	         .out = &c.log_level},
		{.name = "lie",
	         .kind = GS_FLAG_LIST,
	         .value = "ROOT",
	         .help = "answer with this outputs' root (several)",
	         .out = &c.lies,
	         .hidden = true},
		{.name = "lie-ppm",
	         .kind = GS_FLAG_U64,
	         .value = "N",
	         .help = "for so many of a million jobs",
	         .out = &c.lie_ppm,
	         .hidden = true},
	};
	struct gs_cli cli = {
		.usage = "gainsay worker [list] --queue redis://HOST:PORT --models DIR --key-file FILE",
		.about =
			"Executes what nodes ask for over a queue, on any number of machines, and signs the answers. Nodes believe a worker's key no further\n"
			"than they check it: use one that holds nothing. Models that it lacks are fetched as the settings under model_store say. Ended by SIGTERM it gives back what it has in hand; killed, others do it.\n"
			"list: which workers the queue has, what they can execute and how fast, when they were heard of last; with --db, which of them that\n"
			"node has excluded.",
		.flags = flags,
		.flag_count = GS_ARRAY_LEN(flags),
		.args_max = 1,
	};
	struct gs_worker_counts counts = {0};
	struct gs_error error = {0};
	int code = gs_options_parse(&c.options, &cli, argc, argv);

	if (code != GS_CLI_GO_ON)
		return code;
	if (gs_exec_isa_check(c.isa, &error))
		return gs_cli_misused("--isa: %s", error.text);
	c.listing = cli.arg_count == 1;
	if (c.listing && strcmp(cli.arg[0], "list") != 0)
		return gs_cli_misused("worker: %s: say 'worker list', or nothing", cli.arg[0]);
	if (c.listing)
		return list(&c, &error) ? gs_cli_fail(&error) : GS_EXIT_OK;
	if (work(&c, &counts, &error))
		return gs_cli_fail(&error);
	print_counts(&counts, c.options.json);
	return GS_EXIT_OK;
}
