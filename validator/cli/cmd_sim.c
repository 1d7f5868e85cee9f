/* gainsay sim: scenarios, run many times. docs/scenarios.md */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "simulations/builtin.h"
#include "simulations/remote.h"
#include "simulations/report/report.h"
#include "simulations/scenario.h"
#include "validator/cli/commands.h"
#include "validator/cli/sim.h"

enum { AGAIN_MAX = 4096, CHECKPOINT_MAX = 1024 };
#define NOT_GIVEN UINT64_MAX

struct call {
	uint64_t seed, runs, threads, point, idle_s;
	struct gs_cli_list set, sweep;
	bool json, csv, list, resume, trace, node_log, markdown, worker;
	const char *parameters, *checkpoint, *text, *queue, *queue_ca, *report;
	char again[AGAIN_MAX]; /* the scenario and what was said about it, for another command line */
};

static const char about[] =
	"Runs a scenario: a file, or the name of a ready one ('gainsay sim --list'). The same scenario, seed and version\n"
	"give the same result to the bit, whatever the number of threads, machines and interruptions.\n\n"
	"gainsay sim SCENARIO                    its question, answered\n"
	"gainsay sim replay SEED SCENARIO        one run again; with --trace everything that happens in it\n"
	"gainsay sim shrink SEED SCENARIO        the least scenario that shows the same violation, as a file\n\n"
	"Ends with status 1 when an oracle was violated in a scenario that is not built to show that.";

/* ---- the command line ---- */

static void append_again(struct call *call, const char *text)
{
	size_t len = strlen(call->again);
	bool plain = text[strcspn(text, " '\"\\$`*?&;|<>()[]{}!#~\t\n")] == '\0' && text[0] != '\0';
	if (strchr(text, '\'') == NULL && len + strlen(text) + 4 < sizeof(call->again))
		snprintf(call->again + len, sizeof(call->again) - len, "%s%s%s%s", len > 0 ? " " : "", plain ? "" : "'",
		         text, plain ? "" : "'");
}

static void append_number(struct call *call, const char *option, uint64_t number)
{
	char text[24];
	if (number == NOT_GIVEN)
		return;
	snprintf(text, sizeof(text), "%" PRIu64, number);
	append_again(call, option);
	append_again(call, text);
}

static enum gs_err change(struct call *call, struct gs_sim_scenario *s, struct gs_error *error)
{
	enum gs_err err = GS_OK;
	unsigned at;
	for (size_t i = 0; i < call->set.count && err == GS_OK; i++) {
		err = gs_sim_scenario_set(s, call->set.item[i], error);
		append_again(call, "--set");
		append_again(call, call->set.item[i]);
	}
	for (size_t i = 0; i < call->sweep.count && err == GS_OK; i++) {
		err = gs_sim_scenario_sweep(s, call->sweep.item[i], error);
		append_again(call, "--sweep");
		append_again(call, call->sweep.item[i]);
	}
	if (err != GS_OK)
		return err;
	s->seed = call->seed != NOT_GIVEN ? call->seed : s->seed;
	s->runs = call->runs != NOT_GIVEN ? call->runs : s->runs;
	append_number(call, "--seed", call->seed);
	append_number(call, "--runs", call->runs);
	err = gs_sim_scenario_check(s, &at, error);
	if (err != GS_OK && at < s->engine->parameters)
		return gs_fail_within(error, err, "%s", s->engine->parameter[at].name);
	return err;
}

static enum gs_err load(struct call *call, const char *what, struct gs_sim_scenario *s, struct gs_error *error)
{
	enum gs_err err = gs_sim_find(what, s, error);
	append_again(call, what);
	return err == GS_OK ? change(call, s, error) : err;
}

static bool read_seed(const char *text, uint64_t *out)
{
	char *end;
	errno = 0;
	*out = strtoull(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
}

/* ---- sweeps ---- */

static double now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static unsigned cores(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	return n < 1 ? 1 : n > GS_SIM_PROCESSES_MAX ? GS_SIM_PROCESSES_MAX : (unsigned)n;
}

/* Beside the working folder's other files, one for each scenario with its values. */
static void name_checkpoint(const struct call *call, const struct gs_sim_scenario *s, char out[CHECKPOINT_MAX])
{
	struct gs_hash hash;
	char hex[17];
	gs_sim_scenario_hash(s, &hash);
	gs_hex_encode(hash.b, 8, false, hex);
	if (call->checkpoint != NULL)
		snprintf(out, CHECKPOINT_MAX, "%s", call->checkpoint);
	else
		snprintf(out, CHECKPOINT_MAX, "%s-%.12s.sim-progress", s->name, hex);
}

static int interrupted(const struct call *call, const struct gs_error *error, const char *checkpoint)
{
	(void)gs_cli_fail(error);
	fprintf(stderr, "To go on: gainsay sim %s --resume%s%s\n", call->again,
	        call->checkpoint != NULL ? " --checkpoint " : "", call->checkpoint != NULL ? checkpoint : "");
	return GS_EXIT_FAILED;
}

static int tell_results(const struct call *call, const struct gs_sim_sweep *sweep, double seconds)
{
	const struct gs_report_words words = {GS_VERSION_TEXT, call->again};
	struct gs_sim_result all;
	struct gs_error error;
	int code = GS_EXIT_OK;
	if (call->report != NULL && gs_sim_report_file(sweep, &words, call->report, &error) != GS_OK)
		return gs_cli_fail(&error);
	if (call->json)
		code = gs_sim_print_json(sweep);
	else if (call->csv)
		gs_sim_print_csv(sweep);
	else
		gs_sim_print_summary(sweep, call->again, seconds);
	gs_sim_totals(sweep, &all);
	if (all.violations > 0 && !sweep->scenario.may_violate)
		return GS_EXIT_FAILED;
	return code;
}

/* ---- other machines ---- */

static struct gs_sim_remote_options remote_options(const struct call *call)
{
	return (struct gs_sim_remote_options){call->queue, call->queue_ca, GS_VERSION_TEXT};
}

static unsigned processes(const struct call *call)
{
	return call->threads == NOT_GIVEN ? cores() : (unsigned)call->threads;
}

static int work(const struct call *call)
{
	const struct gs_sim_remote_options options = remote_options(call);
	struct gs_error error = {0};
	uint64_t done = 0;
	if (call->queue == NULL)
		return gs_cli_misused("--worker: needs --queue URL, such as redis://127.0.0.1:6379");
	if (call->idle_s > UINT32_MAX / 1000)
		return gs_cli_misused("--idle %" PRIu64 ": at most %u seconds", call->idle_s, UINT32_MAX / 1000);
	enum gs_err err = gs_sim_remote_serve(&options, processes(call), (uint32_t)call->idle_s * 1000, &done, &error);
	fprintf(stderr, "%" PRIu64 " batches done\n", done);
	return err == GS_OK ? GS_EXIT_OK : gs_cli_fail(&error);
}

static int run_sweep(struct call *call, const char *what)
{
	struct gs_sim_scenario scenario;
	struct gs_sim_sweep sweep;
	struct gs_error error = {0};
	char checkpoint[CHECKPOINT_MAX];
	struct gs_sim_bar bar = gs_sim_bar();
	if (load(call, what, &scenario, &error) != GS_OK)
		return gs_cli_fail(&error);
	name_checkpoint(call, &scenario, checkpoint);
	struct gs_sim_remote *remote = NULL;
	struct gs_sim_hands hands;
	if (call->queue != NULL) {
		const struct gs_sim_remote_options queue = remote_options(call);
		if (gs_sim_remote_open(&scenario, &queue, &remote, &error) != GS_OK)
			return gs_cli_fail(&error);
		hands = gs_sim_remote_hands(remote);
	}
	const struct gs_sim_sweep_options options = {
		.hands = remote != NULL ? &hands : NULL,
		.processes = processes(call),
		.checkpoint = checkpoint,
		.resume = call->resume,
		.version = GS_VERSION_TEXT,
		.tell = gs_sim_bar_tell,
		.self = &bar,
	};
	double start = now_s();
	enum gs_err err = gs_sim_sweep_run(&scenario, &options, &sweep, &error);
	gs_sim_bar_clear(&bar);
	gs_sim_remote_close(remote);
	int code = err == GS_OK       ? tell_results(call, &sweep, now_s() - start)
	           : err == GS_EAGAIN ? interrupted(call, &error, checkpoint)
	                              : gs_cli_fail(&error);
	gs_sim_sweep_free(&sweep);
	return code;
}

/* ---- one run ---- */

static int one_run(struct call *call, const struct gs_cli *cli, bool shrinks)
{
	struct gs_sim_scenario scenario;
	struct gs_error error = {0};
	uint64_t seed;
	if (cli->arg_count != 3 || !read_seed(cli->arg[1], &seed))
		return gs_cli_misused("%s: needs a seed and a scenario: gainsay sim %s 1234 SCENARIO", cli->arg[0],
		                      cli->arg[0]);
	if (load(call, cli->arg[2], &scenario, &error) != GS_OK)
		return gs_cli_fail(&error);
	unsigned points = gs_sim_points(&scenario);
	uint64_t point = call->point;
	if (point == NOT_GIVEN) {
		point = seed >= scenario.seed ? (seed - scenario.seed) / scenario.runs : points;
		if (points == 1)
			point = 0;
		else if (point >= points)
			return gs_cli_misused("%s %" PRIu64 ": no run of this sweep has this seed: say which point's "
			                      "values it has with --point, 0 to %u",
			                      cli->arg[0], seed, points - 1);
	}
	if (point >= points)
		return gs_cli_misused("--point %" PRIu64 ": the sweep has the points 0 to %u", point, points - 1);
	return shrinks ? gs_sim_shrink_seed(&scenario, seed, (unsigned)point)
	               : gs_sim_replay(&scenario, seed, (unsigned)point, call->trace, call->node_log);
}

static int print_text(const char *name)
{
	for (const struct gs_sim_builtin *b = gs_sim_builtins; b->name != NULL; b++)
		if (strcmp(b->name, name) == 0) {
			printf("%s", b->text);
			return GS_EXIT_OK;
		}
	return gs_cli_misused("--text %.60s: no ready scenario of this name; 'gainsay sim --list' tells them", name);
}

static int run(struct call *call, const struct gs_cli *cli)
{
	if (call->list)
		return gs_sim_list(call->json);
	if (call->text != NULL)
		return print_text(call->text);
	if (call->parameters != NULL)
		return gs_sim_list_parameters(call->parameters, call->json, call->markdown);
	if (call->threads != NOT_GIVEN && (call->threads == 0 || call->threads > GS_SIM_PROCESSES_MAX))
		return gs_cli_misused("--threads %" PRIu64 ": from 1 to %d", call->threads, GS_SIM_PROCESSES_MAX);
	if (call->json && call->csv)
		return gs_cli_misused("--json and --csv: choose one");
	if (call->worker)
		return work(call);
	if (cli->arg_count == 0)
		return gs_cli_misused("sim: name a scenario; 'gainsay sim --list' tells the ready ones");
	if (strcmp(cli->arg[0], "replay") == 0 || strcmp(cli->arg[0], "shrink") == 0)
		return one_run(call, cli, cli->arg[0][0] == 's');
	if (cli->arg_count > 1)
		return gs_cli_misused("%s: one argument too many; usage: %s", cli->arg[1], cli->usage);
	if (call->checkpoint != NULL && strlen(call->checkpoint) >= CHECKPOINT_MAX)
		return gs_cli_misused("--checkpoint: a path longer than %d bytes", CHECKPOINT_MAX - 1);
	return run_sweep(call, cli->arg[0]);
}

int gs_cmd_sim(int argc, char **argv)
{
	struct call c = {.seed = NOT_GIVEN, .runs = NOT_GIVEN, .threads = NOT_GIVEN, .point = NOT_GIVEN};
	const struct gs_flag flags[] = {
		{.name = "list",
	         .kind = GS_FLAG_BOOL,
	         .help = "the ready scenarios and their questions",
	         .out = &c.list},
		{.name = "text",
	         .kind = GS_FLAG_TEXT,
	         .value = "NAME",
	         .help = "a ready scenario's file",
	         .out = &c.text},
		{.name = "parameters",
	         .kind = GS_FLAG_TEXT,
	         .value = "ENGINE",
	         .help = "what scenarios of an engine may say",
	         .out = &c.parameters},
		{.name = "markdown", .kind = GS_FLAG_BOOL, .help = "", .out = &c.markdown, .hidden = true},
		{.name = "runs", .kind = GS_FLAG_U64, .value = "N", .help = "runs of each point", .out = &c.runs},
		{.name = "seed", .kind = GS_FLAG_U64, .value = "S", .help = "the first run's seed", .out = &c.seed},
		{.name = "set",
	         .kind = GS_FLAG_LIST,
	         .value = "NAME=VALUE",
	         .help = "another value of a parameter",
	         .out = &c.set},
		{.name = "sweep",
	         .kind = GS_FLAG_LIST,
	         .value = "NAME=VALUE,VALUE,...",
	         .help = "several values of a parameter, one after another",
	         .out = &c.sweep},
		{.name = "threads",
	         .kind = GS_FLAG_U64,
	         .value = "N",
	         .help = "processes side by side (as many as cores)",
	         .out = &c.threads},
		{.name = "resume",
	         .kind = GS_FLAG_BOOL,
	         .help = "go on where the same sweep was interrupted",
	         .out = &c.resume},
		{.name = "checkpoint",
	         .kind = GS_FLAG_TEXT,
	         .value = "FILE",
	         .help = "where to keep how far it has come (./SCENARIO-....sim-progress)",
	         .out = &c.checkpoint},
		{.name = "queue",
	         .kind = GS_FLAG_TEXT,
	         .value = "URL",
	         .help = "workers at this Redis do the runs: redis://HOST:PORT",
	         .out = &c.queue},
		{.name = "queue-ca",
	         .kind = GS_FLAG_TEXT,
	         .value = "FILE",
	         .help = "of rediss://: who vouches for the server (the system's)",
	         .out = &c.queue_ca},
		{.name = "worker",
	         .kind = GS_FLAG_BOOL,
	         .help = "do runs for others at --queue, until it is interrupted",
	         .out = &c.worker},
		{.name = "idle",
	         .kind = GS_FLAG_U64,
	         .value = "SECONDS",
	         .help = "with --worker: end when none has come for so long",
	         .out = &c.idle_s},
		{.name = "json", .kind = GS_FLAG_BOOL, .help = "print JSON", .out = &c.json},
		{.name = "report",
	         .kind = GS_FLAG_TEXT,
	         .value = "FILE",
	         .help = "pictures and tables, too, as one HTML file",
	         .out = &c.report},
		{.name = "csv", .kind = GS_FLAG_BOOL, .help = "print CSV, a line a point and metric", .out = &c.csv},
		{.name = "trace", .kind = GS_FLAG_BOOL, .help = "with replay: every event", .out = &c.trace},
		{.name = "node-log",
	         .kind = GS_FLAG_BOOL,
	         .help = "with --trace: what nodes log, too",
	         .out = &c.node_log},
		{.name = "point",
	         .kind = GS_FLAG_U64,
	         .value = "P",
	         .help = "with replay, shrink: the point whose values to take, from 0",
	         .out = &c.point},
	};
	struct gs_cli cli = {.usage = "gainsay sim SCENARIO [--runs N] [--seed S] [--set NAME=VALUE] [--json | --csv]",
	                     .about = about,
	                     .flags = flags,
	                     .flag_count = GS_ARRAY_LEN(flags),
	                     .args_max = 3};
	int code = gs_cli_parse(&cli, argc, argv);
	return code == GS_CLI_GO_ON ? run(&c, &cli) : code;
}
