#include "validator/cli/cli.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/core/suggest.h"
#include "validator/cli/complete.h"
#include "validator/cli/manual.h"

static void print_line(const char *text)
{
	fflush(stdout);
	fprintf(stderr, "gainsay: %s\n", text);
}

int gs_cli_fail(const struct gs_error *error)
{
	print_line(error->text[0] ? error->text : gs_err_name(error->code));
	return GS_EXIT_FAILED;
}

int gs_cli_misused(const char *fmt, ...)
{
	char text[GS_ERROR_TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	print_line(text);
	return GS_EXIT_USAGE;
}

static size_t flags_total(const struct gs_cli *cli)
{
	return cli->flag_count + cli->more_flag_count;
}

static const struct gs_flag *flag_at(const struct gs_cli *cli, size_t i)
{
	return i < cli->flag_count ? &cli->flags[i] : &cli->more_flags[i - cli->flag_count];
}

static const struct gs_flag *flag_find(const struct gs_cli *cli, const char *name, size_t len)
{
	for (size_t i = 0; i < flags_total(cli); i++) {
		const struct gs_flag *flag = flag_at(cli, i);
		if (strlen(flag->name) == len && memcmp(flag->name, name, len) == 0)
			return flag;
	}
	return NULL;
}

static int unknown_flag(const struct gs_cli *cli, const char *name, size_t len, const char *command)
{
	const char *best = NULL;
	char typed[64];
	unsigned best_distance = GS_SUGGEST_DISTANCE_MAX + 1;

	snprintf(typed, sizeof(typed), "%.*s", (int)(len < sizeof(typed) ? len : sizeof(typed) - 1), name);
	for (size_t i = 0; i < flags_total(cli); i++) {
		unsigned distance = gs_suggest_distance(typed, flag_at(cli, i)->name);
		if (distance < best_distance && !flag_at(cli, i)->hidden) {
			best_distance = distance;
			best = flag_at(cli, i)->name;
		}
	}
	if (best)
		return gs_cli_misused("--%s: unknown option; did you mean --%s?", typed, best);
	return gs_cli_misused("--%s: unknown option; 'gainsay %s --help' lists them", typed, command);
}

static int flag_take(const struct gs_flag *flag, const char *value)
{
	char *end = NULL;

	switch (flag->kind) {
	case GS_FLAG_BOOL: *(bool *)flag->out = true; return GS_CLI_GO_ON;
	case GS_FLAG_TEXT: *(const char **)flag->out = value; return GS_CLI_GO_ON;
	case GS_FLAG_U64:
		errno = 0;
		if (value[0] >= '0' && value[0] <= '9')
			*(uint64_t *)flag->out = strtoull(value, &end, 10);
		if (!end || *end || errno)
			return gs_cli_misused("--%s %s: not a whole number; give decimal digits", flag->name, value);
		return GS_CLI_GO_ON;
	case GS_FLAG_REAL: {
		double number = strtod(value, &end);
		if (end == value || *end || !isfinite(number))
			return gs_cli_misused("--%s %s: not a number", flag->name, value);
		*(double *)flag->out = number;
		return GS_CLI_GO_ON;
	}
	case GS_FLAG_LIST: {
		struct gs_cli_list *list = flag->out;
		if (list->count == GS_CLI_LIST_MAX)
			return gs_cli_misused("--%s: given more than %d times", flag->name, GS_CLI_LIST_MAX);
		list->item[list->count++] = value;
		return GS_CLI_GO_ON;
	}
	}
	return GS_EXIT_USAGE;
}

static void print_flags(const struct gs_flag *flags, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char left[64];
		if (flags[i].hidden)
			continue;
		snprintf(left, sizeof(left), "--%s%s%s", flags[i].name, flags[i].value ? " " : "",
		         flags[i].value ? flags[i].value : "");
		printf("  %-28s %s\n", left, flags[i].help);
	}
}

static int print_help(const struct gs_cli *cli)
{
	printf("Usage: %s\n\n%s\n", cli->usage, cli->about);
	if (cli->flag_count) {
		printf("\nOptions:\n");
		print_flags(cli->flags, cli->flag_count);
	}
	if (cli->more_flag_count) {
		printf("\nCommon options:\n");
		print_flags(cli->more_flags, cli->more_flag_count);
	}
	return GS_EXIT_OK;
}

/* An option at argv[*i]; moves *i past its value. */
static int parse_flag(struct gs_cli *cli, int argc, char **argv, int *i)
{
	const char *name = argv[*i] + 2;
	const char *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	const struct gs_flag *flag = flag_find(cli, name, len);
	const char *value = equals ? equals + 1 : NULL;

	if (!flag)
		return unknown_flag(cli, name, len, argv[0]);
	if (flag->kind == GS_FLAG_BOOL) {
		if (value)
			return gs_cli_misused("--%s: takes no value", flag->name);
	} else if (!value) {
		if (*i + 1 >= argc)
			return gs_cli_misused("--%s: needs a value: --%s %s", flag->name, flag->name, flag->value);
		value = argv[++*i];
	}
	return flag_take(flag, value);
}

int gs_cli_parse(struct gs_cli *cli, int argc, char **argv)
{
	bool only_args = false;

	if (argc > 2 && strcmp(argv[1], GS_COMPLETE_FLAG) == 0) {
		gs_complete_words(cli, argv + 2, (size_t)argc - 2, stdout);
		return GS_EXIT_OK;
	}
	if (argc == 2 && strcmp(argv[1], GS_MANUAL_FLAG) == 0) {
		gs_manual_command(cli, argv[0], stdout);
		return GS_EXIT_OK;
	}
	cli->arg_count = 0;
	for (int i = 1; i < argc; i++) {
		const char *text = argv[i];
		if (!only_args && text[0] == '-' && text[1] != '\0') {
			int code;
			if (strcmp(text, "--") == 0) {
				only_args = true;
				continue;
			}
			if (strcmp(text, "--help") == 0 || strcmp(text, "-h") == 0)
				return print_help(cli);
			if (text[1] != '-')
				return gs_cli_misused("%s: unknown option; 'gainsay %s --help' lists them", text,
				                      argv[0]);
			code = parse_flag(cli, argc, argv, &i);
			if (code != GS_CLI_GO_ON)
				return code;
			continue;
		}
		if (cli->arg_count == cli->args_max || cli->arg_count == GS_CLI_ARGS_MAX)
			return gs_cli_misused("%s: one argument too many; usage: %s", text, cli->usage);
		cli->arg[cli->arg_count++] = text;
	}
	if (cli->arg_count < cli->args_min)
		return gs_cli_misused("%s: an argument is missing; usage: %s", argv[0], cli->usage);
	return GS_CLI_GO_ON;
}
