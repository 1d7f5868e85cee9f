/* gainsay: one program, many commands. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "chain/core/suggest.h"
#include "validator/cli/cli.h"
#include "validator/cli/complete.h"
#include "validator/cli/manual.h"
#include "validator/cli/model.h"

static int print_commands(void)
{
	printf("gainsay " GS_VERSION_TEXT ": checks AI inference claims and disputes the wrong ones.\n\n"
	       "Usage: gainsay COMMAND [OPTIONS]\n\n");
	for (const struct gs_command *c = gs_commands; c->name; c++)
		printf("  %-12s %s\n  %-12s   $ %s\n", c->name, c->summary, "", c->example);
	printf("\n'gainsay COMMAND --help' tells a command's options. Exit codes: 0 done, 1 failed, 2 wrong usage.\n");
	return GS_EXIT_OK;
}

static int unknown_command(const char *name)
{
	const char *best = NULL;
	unsigned best_distance = GS_SUGGEST_DISTANCE_MAX + 1;

	for (const struct gs_command *c = gs_commands; c->name; c++) {
		unsigned distance = gs_suggest_distance(name, c->name);
		if (distance < best_distance && distance < strlen(name)) {
			best_distance = distance;
			best = c->name;
		}
	}
	if (best)
		return gs_cli_misused("%s: unknown command; did you mean '%s'?", name, best);
	return gs_cli_misused("%s: unknown command; 'gainsay --help' lists them", name);
}

static const struct gs_command *find(const char *name)
{
	const struct gs_command *c = gs_commands;

	while (c->name && strcmp(c->name, name) != 0)
		c++;
	return c->name ? c : NULL;
}

static int run(const struct gs_command *command, int argc, char **argv)
{
	int code = command->run(argc, argv);

	if (fflush(stdout) != 0 && code == GS_EXIT_OK) {
		struct gs_error error;
		(void)gs_fail(&error, GS_EIO, "standard output: could not be written");
		return gs_cli_fail(&error);
	}
	return code;
}

/* gainsay --complete WORD...: behind a command's name its own tables say what may stand there. */
static int complete(int argc, char **argv)
{
	const struct gs_command *command = argc > 3 ? find(argv[2]) : NULL;
	char *name = argc > 3 ? argv[2] : NULL;

	if (argc == 3)
		gs_complete_commands(argv[2], stdout);
	if (!command)
		return GS_EXIT_OK;
	argv[2] = argv[1]; /* NAME --complete WORD... */
	argv[1] = name;
	return run(command, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	const struct rlimit no_core = {0, 0};
	const struct gs_command *command;

	gs_return_freed_memory();
	signal(SIGPIPE, SIG_IGN);
	setrlimit(RLIMIT_CORE, &no_core); /* keys are in memory */
	prctl(PR_SET_DUMPABLE, 0);        /* nor may the same user's other programs read it */
	if (argc < 2) {
		print_commands();
		return GS_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
		return print_commands();
	if (strcmp(argv[1], "--version") == 0) {
		printf("gainsay " GS_VERSION_TEXT "\n");
		return GS_EXIT_OK;
	}
	if (strcmp(argv[1], GS_MANUAL_FLAG) == 0) {
		gs_manual_program(stdout);
		return GS_EXIT_OK;
	}
	if (strcmp(argv[1], GS_COMPLETE_FLAG) == 0)
		return complete(argc, argv);
	command = find(argv[1]);
	return command ? run(command, argc - 1, argv + 1) : unknown_command(argv[1]);
}
