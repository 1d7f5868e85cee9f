/* gainsay watch: what a network settled, held against its evidence. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "validator/cli/commands.h"
#include "validator/cli/model_json.h"
#include "validator/cli/watch_print.h"
#include "validator/daemon/bar.h"
#include "validator/daemon/logsink.h"

struct call {
	const char *config, *rpc, *ca_file, *chain_id, *registry, *registry_from, *batch, *individual, *aggregator,
		*archive, *report;
	uint64_t from, to;
	bool json, strict, offline;
	struct gs_logsink sink;
	struct gs_log log;
	struct { /* what is being counted, since when */
		const char *what;
		struct timespec began;
		bool drawn;
	} bar;
};

/* --- progress --- */

static double seconds_since(const struct timespec *then)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - then->tv_sec) + (double)(now.tv_nsec - then->tv_nsec) * 1e-9;
}

static void show_progress(void *self, const struct gs_watch_progress *p)
{
	struct call *c = self;
	const double share = p->of ? (double)p->done / (double)p->of : 1;
	char bar[GS_BAR_MAX], left[GS_BAR_TIME_MAX];

	if (c->bar.what != p->what) {
		c->bar.what = p->what;
		clock_gettime(CLOCK_MONOTONIC, &c->bar.began);
	}
	gs_bar_format(share, bar);
	gs_bar_format_time(share > 0 ? seconds_since(&c->bar.began) * (1 - share) / share : -1, left);
	fprintf(stderr, GS_BAR_CLEAR "%s %s %llu of %llu, %s left", bar, p->what, (unsigned long long)p->done,
	        (unsigned long long)p->of, left);
	c->bar.drawn = true;
}

static void clear_progress(struct call *c)
{
	if (c->bar.drawn)
		fprintf(stderr, GS_BAR_CLEAR);
	c->bar.drawn = false;
}

/* --- settings --- */

static enum gs_err configure(const struct call *c, struct gs_config *config, struct gs_error *error)
{
	const struct {
		const char *setting, *value;
	} flags[] = {
		{"opengradient.rpc", c->rpc},
		{"ca_file", c->ca_file},
		{"opengradient.chain_id", c->chain_id},
		{"opengradient.registry", c->registry},
		{"opengradient.registry_from", c->registry_from},
		{"opengradient.batch_settlement", c->batch},
		{"opengradient.individual_settlement", c->individual},
		{"opengradient.aggregators", c->aggregator},
		{"opengradient.archive", c->archive},
	};
	const char *file = c->config ? c->config : getenv("GAINSAY_CONFIG");
	enum gs_err err = GS_OK;

	gs_config_defaults(config);
	if (file)
		err = gs_config_load(file, config, error);
	if (!err)
		err = gs_config_environment(environ, config, error);
	for (size_t i = 0; i < GS_ARRAY_LEN(flags) && !err; i++)
		if (flags[i].value)
			err = gs_config_set(config, flags[i].setting, flags[i].value, "command line", error);
	return err;
}

/* --- the report --- */

static enum gs_err write_file(const struct gs_watch_report *report, const char *path, struct gs_error *error)
{
	const char *dot = strrchr(path, '.');
	FILE *file = fopen(path, "we");
	bool good;

	if (!file)
		return gs_fail(error, GS_EIO, "%s: cannot be written: %s", path, strerror(errno));
	if (dot && strcmp(dot, ".html") == 0)
		gs_watch_report_html(report, file);
	else
		gs_watch_report_text(report, SIZE_MAX, file);
	good = !ferror(file);
	good = fclose(file) == 0 && good;
	return good ? GS_OK : gs_fail(error, GS_EIO, "%s: cannot be written: %s", path, strerror(errno));
}

/* Whether all that was settled is as it should be. */
static bool holds(const struct call *c, const struct gs_watch_report *report)
{
	return !gs_watch_report_class(report, GS_CLASS_INVALID) && !gs_watch_report_class(report, GS_CLASS_MALFORMED) &&
	       !(c->strict && gs_watch_report_class(report, GS_CLASS_UNAVAILABLE));
}

static int tell(const struct call *c, struct gs_watch *w, struct gs_error *error)
{
	struct gs_watch_report *report;
	int code;
	enum gs_err err = gs_watch_report_make(w, &report, error);

	if (err)
		return gs_cli_fail(error);
	code = holds(c, report) ? GS_EXIT_OK : GS_EXIT_FAILED;
	if (c->report)
		err = write_file(report, c->report, error);
	if (!err && c->json && gs_json_print(gs_watch_report_json(report)) != GS_EXIT_OK)
		code = GS_EXIT_FAILED;
	if (!err && !c->json)
		gs_watch_report_text(report, GS_WATCH_PRINT_DEFECTS, stdout);
	gs_watch_report_free(report);
	return err ? gs_cli_fail(error) : code;
}

/* The archive's findings once more, then the report. */
static int recheck(struct call *c, struct gs_watch *w, struct gs_error *error)
{
	struct gs_watch_recheck r;
	int code;
	const enum gs_err err = gs_watch_recheck(w, &r, error);

	clear_progress(c);
	if (err)
		return gs_cli_fail(error);
	code = tell(c, w, error);
	fprintf(stderr,
	        "%s: %llu settlements and %llu leaves were looked at again, %llu could not be; %llu findings are others\n",
	        r.differences ? "DOES NOT HOLD" : "holds", (unsigned long long)r.settlements,
	        (unsigned long long)r.leaves, (unsigned long long)r.skipped, (unsigned long long)r.differences);
	return r.differences ? GS_EXIT_FAILED : code;
}

static int watch(struct call *c)
{
	struct gs_config *config = malloc(sizeof(*config));
	struct gs_watch_options options = {
		.config = config, .from = c->from, .to = c->to, .offline = c->offline, .log = &c->log};
	struct gs_watch *w = NULL;
	struct gs_error error = {0};
	int code;

	if (isatty(STDERR_FILENO)) {
		options.progress = show_progress;
		options.self = c;
	}
	enum gs_err err = config ? configure(c, config, &error) : gs_fail(&error, GS_ENOMEM, "watch: no memory");
	if (!err)
		err = gs_watch_open(&options, &w, &error);
	free(config);
	if (!err && c->offline) {
		code = recheck(c, w, &error);
		gs_watch_close(w);
		return code;
	}
	if (!err)
		err = gs_watch_run(w, &error);
	clear_progress(c);
	code = err == GS_EINVAL ? gs_cli_misused("%s", error.text) : err ? gs_cli_fail(&error) : tell(c, w, &error);
	gs_watch_close(w);
	return code;
}

int gs_cmd_watch(int argc, char **argv)
{
	struct call c = {.from = GS_WATCH_NEWEST, .to = GS_WATCH_NEWEST};
	const struct gs_flag flags[] = {
		{.name = "from",
	         .kind = GS_FLAG_U64,
	         .value = "BLOCK",
	         .help = "the first block of settlements",
	         .out = &c.from},
		{.name = "to",
	         .kind = GS_FLAG_U64,
	         .value = "BLOCK",
	         .help = "the last one (default: the newest final block)",
	         .out = &c.to},
		{.name = "rpc",
	         .kind = GS_FLAG_TEXT,
	         .value = "URL",
	         .help = "endpoint of the network's chain; several, which must agree, are parted by commas",
	         .out = &c.rpc},
		{.name = "registry",
	         .kind = GS_FLAG_TEXT,
	         .value = "ADDRESS",
	         .help = "the TEE registry",
	         .out = &c.registry},
		{.name = "registry-from",
	         .kind = GS_FLAG_TEXT,
	         .value = "BLOCK",
	         .help = "the registry's first block (default: 0, which is right and slow)",
	         .out = &c.registry_from},
		{.name = "batch-settlement",
	         .kind = GS_FLAG_TEXT,
	         .value = "ADDRESS",
	         .help = "the relay that logs BatchSettlement",
	         .out = &c.batch},
		{.name = "individual-settlement",
	         .kind = GS_FLAG_TEXT,
	         .value = "ADDRESS",
	         .help = "the relay that logs IndividualSettlement; it may be the same",
	         .out = &c.individual},
		{.name = "aggregator",
	         .kind = GS_FLAG_TEXT,
	         .value = "URL",
	         .help = "of Walrus, for the batches' blobs; several are parted by commas and asked in their order",
	         .out = &c.aggregator},
		{.name = "archive",
	         .kind = GS_FLAG_TEXT,
	         .value = "DIR",
	         .help = "keep blobs and findings there; an interrupted audit goes on, a later one begins where this one ended",
	         .out = &c.archive},
		{.name = "report",
	         .kind = GS_FLAG_TEXT,
	         .value = "FILE",
	         .help = "write all findings to a file, too: a page if it ends in .html, else text",
	         .out = &c.report},
		{.name = "strict",
	         .kind = GS_FLAG_BOOL,
	         .help = "what is unavailable counts as a failure",
	         .out = &c.strict},
		{.name = "offline",
	         .kind = GS_FLAG_BOOL,
	         .help = "no network: find out again what an archive says of each settlement, from its blobs and keys",
	         .out = &c.offline},
		{.name = "config",
	         .kind = GS_FLAG_TEXT,
	         .value = "FILE",
	         .help = "settings in YAML (or $GAINSAY_CONFIG)",
	         .out = &c.config},
		{.name = "ca-file",
	         .kind = GS_FLAG_TEXT,
	         .value = "FILE",
	         .help = "authorities to trust for https and wss endpoints, instead of the system's",
	         .out = &c.ca_file},
		{.name = "chain-id",
	         .kind = GS_FLAG_TEXT,
	         .value = "N",
	         .help = "refuse any other chain",
	         .out = &c.chain_id},
		{.name = "json", .kind = GS_FLAG_BOOL, .help = "print JSON", .out = &c.json}};
	struct gs_cli cli = {
		.usage =
			"gainsay watch opengradient --from BLOCK [--to BLOCK] --rpc URL --registry ADDRESS\n"
			"       --batch-settlement ADDRESS --individual-settlement ADDRESS --aggregator URL [--archive DIR]",
		.about =
			"Audits what OpenGradient settled in a range of blocks, without trusting who posted it: fetches the blob of every batch,\n"
			"makes its tree again and compares root and number of leaves, and verifies every leaf's signature under the key that the TEE\n"
			"registry had at that block, whether the TEE was enabled and its image approved then, and that nothing was settled twice.\n"
			"Each settlement and each leaf is valid, invalid (its evidence contradicts it), malformed (it was never evidence) or\n"
			"unavailable (it could not be found out here, which says nothing about it), with a reason.\n"
			"\n"
			"  gainsay watch opengradient --from 1200000 --to 1210000 --rpc https://one.example,https://two.example --registry 0x4e72.. \\\n"
			"      --batch-settlement 0x4ec7.. --individual-settlement 0x4ec7.. --aggregator https://aggregator.example --archive og\n"
			"  gainsay watch opengradient --from 1200000 --config opengradient.yaml --json | jq .leaf_findings\n"
			"  gainsay watch opengradient --offline --archive og\n"
			"\n"
			"Exit code 0: nothing is invalid or malformed; 1: something is, or the audit could not be done; 2: misused.",
		.flags = flags,
		.flag_count = GS_ARRAY_LEN(flags),
		.args_min = 1,
		.args_max = 1};
	const int code = gs_cli_parse(&cli, argc, argv);

	if (code != GS_CLI_GO_ON)
		return code;
	if (strcmp(cli.arg[0], "opengradient") != 0)
		return gs_cli_misused("watch: %s: not a network that is known; say 'watch opengradient'", cli.arg[0]);
	if (c.from == GS_WATCH_NEWEST && !c.offline)
		return gs_cli_misused("watch: no first block is given; say --from BLOCK");
	gs_logsink_init(&c.sink, stderr, GS_LOG_FORMAT_TEXT);
	c.log = gs_logsink_log(&c.sink, GS_LOG_WARN);
	return watch(&c);
}
