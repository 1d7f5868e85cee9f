/* gainsay run and gainsay defend: the node, on the validator's or on the claimant's side. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "validator/cli/commands.h"
#include "validator/cli/options.h"
#include "validator/daemon/daemon.h"
#include "validator/daemon/logsink.h"
#include "validator/exec/exec.h"

static json_t *number_or_null(uint64_t v)
{
	return v == UINT64_MAX ? json_null() : json_integer((json_int_t)v);
}

/* What there is to pay with, and how far it goes. */
static json_t *capital_json(const struct gs_capital_outlook *c)
{
	char stake[GS_U256_DECIMAL_MAX], balance[GS_U256_DECIMAL_MAX], left[GS_U256_DECIMAL_MAX],
		a_day[GS_U256_DECIMAL_MAX];

	gs_wei_format_ether(c->now.stake, stake);
	gs_wei_format_ether(c->now.balance, balance);
	gs_wei_format_ether(c->now.gas, left);
	gs_wei_format_ether(c->a_day, a_day);
	return json_pack("{s:b,s:I,s:o,s:s,s:s,s:s,s:s,s:s,s:o}", "known", c->now.known, "games",
	                 (json_int_t)c->now.games, "more_games", number_or_null(c->more_games), "bound_by",
	                 c->by_gas ? "gas" : "stake", "stake_free", stake, "balance", balance, "balance_unreserved",
	                 left, "gas_a_day", a_day, "lasts_s", number_or_null(c->lasts_s));
}

static void print_capital(const struct gs_capital_outlook *c)
{
	char stake[GS_U256_DECIMAL_MAX], left[GS_U256_DECIMAL_MAX];

	gs_wei_format_ether(c->now.stake, stake);
	gs_wei_format_ether(c->now.gas, left);
	if (!c->now.known)
		printf("free stake %s; what the account has for gas is not known\n", stake);
	else if (c->more_games == UINT64_MAX)
		printf("free stake %s, %s for gas is not reserved\n", stake, left);
	else
		printf("free stake %s, %s for gas is not reserved: enough for %llu more games, by %s\n", stake, left,
		       (unsigned long long)c->more_games, c->by_gas ? "gas" : "stake");
	if (c->now.known && c->lasts_s != UINT64_MAX)
		printf("at the present rate the account pays for gas for %.1f days\n", (double)c->lasts_s / 86400);
}

static void print_summary(const struct gs_node_summary *s, bool json)
{
	char today[GS_U256_DECIMAL_MAX], all[GS_U256_DECIMAL_MAX], shed[GS_U256_DECIMAL_MAX];
	json_t *root;

	gs_wei_format_ether(s->spent_today, today);
	gs_wei_format_ether(s->spent, all);
	gs_wei_format_ether(s->shed_value, shed);
	if (!json) {
		printf("%llu claims: %llu final, %llu invalid, %llu open; %llu games open; gas cost %s, %s of it today\n",
		       (unsigned long long)s->claims, (unsigned long long)s->final, (unsigned long long)s->invalid,
		       (unsigned long long)s->open, (unsigned long long)s->open_games, all, today);
		print_capital(&s->capital);
		if (s->shed)
			printf("%llu samples with %s at stake were given up for want of time\n",
			       (unsigned long long)s->shed, shed);
		return;
	}
	root = json_pack("{s:I,s:I,s:I,s:I,s:I,s:s,s:s,s:o,s:{s:I,s:I,s:I,s:s}}", "claims", (json_int_t)s->claims,
	                 "final", (json_int_t)s->final, "invalid", (json_int_t)s->invalid, "open", (json_int_t)s->open,
	                 "open_games", (json_int_t)s->open_games, "gas_spent", all, "gas_spent_today", today, "capital",
	                 capital_json(&s->capital), "work", "waiting", (json_int_t)s->waiting, "deferred",
	                 (json_int_t)s->deferred, "shed", (json_int_t)s->shed, "shed_value", shed);
	json_dumpf(root, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(root);
}

static enum gs_err read_adversary(const struct gs_cli_list *list, struct gs_work_adversary *out, struct gs_error *error)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->item[i], "outputs") == 0)
			continue;
		if (out->models == GS_WORK_ADVERSARY_MODELS_MAX)
			return gs_fail(error, GS_ELIMIT, "--adversary: more than %d models",
			               GS_WORK_ADVERSARY_MODELS_MAX);
		out->model[out->models++] = list->item[i];
	}
	return GS_OK;
}

static int run_node(int argc, char **argv, bool defend)
{
	const char *rate = NULL, *certain_above = NULL, *sampling_key = NULL, *poll = NULL, *log_level = NULL,
		   *isa = NULL, *threads = NULL;
	struct gs_cli_list wrong = {.count = 0};
	uint64_t until_claims = 0, until_s = 0;
	const struct gs_flag flags[] = {
		{.name = "rate",
	         .kind = GS_FLAG_TEXT,
	         .value = "SHARE",
	         .help = "share of claims to re-execute, 0 to 1",
	         .out = &rate,
	         .hidden = defend},
		{.name = "certain-above",
	         .kind = GS_FLAG_TEXT,
	         .value = "TOKENS",
	         .help = "re-execute every claim worth this or more",
	         .out = &certain_above,
	         .hidden = defend},
		{.name = "sampling-key-file",
	         .kind = GS_FLAG_TEXT,
	         .value = "FILE",
	         .help = "64 hex digits; else kept in the database",
	         .out = &sampling_key,
	         .hidden = defend},
		{.name = "until-claims",
	         .kind = GS_FLAG_U64,
	         .value = "N",
	         .help = "end once N claims are known and all are settled",
	         .out = &until_claims},
		{.name = "until-seconds",
	         .kind = GS_FLAG_U64,
	         .value = "S",
	         .help = "fail if that has not happened after S seconds",
	         .out = &until_s},
		{.name = "poll-ms",
	         .kind = GS_FLAG_TEXT,
	         .value = "MS",
	         .help = "time between looks at the chain",
	         .out = &poll},
		{.name = "threads",
	         .kind = GS_FLAG_TEXT,
	         .value = "N",
	         .help = "claims executed at once (1)",
	         .out = &threads},
		{.name = "log-level",
	         .kind = GS_FLAG_TEXT,
	         .value = "LEVEL",
	         .help = "debug, info, warn or error",
	         .out = &log_level},
		{.name = "isa",
	         .kind = GS_FLAG_TEXT,
	         .value = "NAME",
	         .help = "inner loops: avx512, avx512bw (without VNNI), avx2, neon, neonbase (without dot products) or portable",
	         .out = &isa},
		{.name = "adversary",
	         .kind = GS_FLAG_LIST,
	         .value = "MODEL",
	         .help = "stand by what this wrong model computes (several), or by replaced `outputs`",
	         .out = &wrong,
	         .hidden = true},
	};
	struct gs_options options;
	struct gs_cli cli = {
		.usage = defend ? "gainsay defend --config FILE" : "gainsay run --config FILE",
		.about =
			defend ? "Answers every challenge of this account's claims, and finalises them when their window is over. A claim whose\n"
				 "re-execution does not give the claimed output is not defended."
			       : "Follows the chain, re-executes a sampled share of the claims, challenges the wrong ones, plays every game to its end\n"
				 "and finalises what nobody could refute. Safe to kill and to start again at any time.",
		.flags = flags,
		.flag_count = GS_ARRAY_LEN(flags),
	};
	struct gs_config config;
	struct gs_logsink sink;
	struct gs_log log;
	struct gs_node_summary summary;
	struct gs_work_adversary adversary = {0};
	struct gs_daemon_options daemon = {.validate = !defend, .defend = defend, .finalise = true};
	struct gs_error error = {0};
	enum gs_err err;
	int code;

	code = gs_options_parse(&options, &cli, argc, argv);
	if (code != GS_CLI_GO_ON)
		return code;
	const struct {
		const char *setting, *value;
	} given[] = {{"policy.rate", rate},
	             {"policy.certain_above", certain_above},
	             {"policy.sampling_key_file", sampling_key},
	             {"intervals.poll_ms", poll},
	             {"execution.threads", threads},
	             {"log.level", log_level}};
	if (gs_exec_isa_check(isa, &error))
		return gs_cli_misused("--isa: %s", error.text);
	err = gs_options_config(&options, &config, &error);
	for (size_t i = 0; i < GS_ARRAY_LEN(given) && !err; i++)
		if (given[i].value)
			err = gs_config_set(&config, given[i].setting, given[i].value, "command line", &error);
	if (err)
		return gs_cli_fail(&error);
	if (wrong.count && read_adversary(&wrong, &adversary, &error))
		return gs_cli_fail(&error);
	if (wrong.count)
		daemon.adversary = &adversary;
	daemon.isa = isa;
	daemon.until_claims = until_claims;
	daemon.until_s = until_s;
	gs_logsink_init(&sink, stderr, (enum gs_log_format)config.log.format);
	log = gs_logsink_log(&sink, (enum gs_log_level)config.log.level);
	err = gs_daemon_run(&config, &daemon, &log, &summary, &error);
	if (err)
		return gs_cli_fail(&error);
	print_summary(&summary, options.json);
	return GS_EXIT_OK;
}

int gs_cmd_run(int argc, char **argv)
{
	return run_node(argc, argv, false);
}

int gs_cmd_defend(int argc, char **argv)
{
	return run_node(argc, argv, true);
}
