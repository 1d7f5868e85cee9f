/* validator/cli/cli.h: what every command of `gainsay` shares: options, errors, exit codes.
 *
 * A command is one file cmd_<name>.c with one function that gets argv from its own name on. It declares its options as
 * a table, parses them with gs_cli_parse, and returns an exit code:
 *
 *     static int run(int argc, char **argv) {
 *             const char *out = NULL;
 *             bool json = false;
 *             const struct gs_flag flags[] = {
 *                     {.name = "out", .kind = GS_FLAG_TEXT, .value = "FILE", .help = "where to write", .out = &out},
 *                     {.name = "json", .kind = GS_FLAG_BOOL, .help = "print JSON", .out = &json},
 *             };
 *             struct gs_cli cli = {.usage = "gainsay thing MODEL [--out FILE]", .about = "Does the thing.",
 *                                  .flags = flags, .flag_count = GS_ARRAY_LEN(flags), .args_min = 1, .args_max = 1};
 *             int code = gs_cli_parse(&cli, argc, argv);
 *             if (code != GS_CLI_GO_ON)
 *                     return code;
 *             ...
 *             return gs_cli_fail(&error);           // "gainsay: <text of the error>" on stderr, exit code 1
 *     }
 *
 * Results go to stdout; with --json they are one JSON document. What went wrong is one line on stderr:
 * `gainsay: what: why; what to do`. */
#ifndef GS_VALIDATOR_CLI_CLI_H
#define GS_VALIDATOR_CLI_CLI_H

#include "chain/core/core.h"

#define GS_VERSION_TEXT "0.1.0"

enum gs_exit { GS_EXIT_OK = 0, GS_EXIT_FAILED = 1, GS_EXIT_USAGE = 2 };

struct gs_command {
	const char *name;
	const char *summary;               /* one line, begins with a verb in the third person */
	const char *example;               /* what a person would type; shown in the list of commands */
	int (*run)(int argc, char **argv); /* argv[0] is the command's name; returns enum gs_exit */
};

/* The commands that exist, ended by one without a name (commands.c: add a line there). */
extern const struct gs_command gs_commands[];

enum gs_flag_kind {
	GS_FLAG_BOOL, /* bool: --json */
	GS_FLAG_TEXT, /* const char *: borrowed from argv */
	GS_FLAG_U64,  /* uint64_t: decimal digits */
	GS_FLAG_REAL, /* double: finite */
	GS_FLAG_LIST, /* struct gs_cli_list: may be given several times */
};

enum { GS_CLI_LIST_MAX = 256, GS_CLI_ARGS_MAX = 256 };
struct gs_cli_list {
	const char *item[GS_CLI_LIST_MAX]; /* borrowed from argv */
	size_t count;
};

struct gs_flag {
	const char *name; /* without the dashes */
	enum gs_flag_kind kind;
	const char *value; /* its name in the help: "URL"; NULL for GS_FLAG_BOOL */
	const char *help;
	void *out;   /* of the kind's type; untouched when the option is absent */
	bool hidden; /* works, but is not listed */
};

enum { GS_CLI_GO_ON = -1 };
struct gs_cli {
	const char *usage; /* "gainsay claim MODEL --input FILE" */
	const char *about; /* a sentence or more for --help */
	const struct gs_flag *flags;
	size_t flag_count;
	const struct gs_flag *more_flags; /* a second table, such as the common options; may be NULL */
	size_t more_flag_count;
	size_t args_min; /* arguments that are not options */
	size_t args_max;
	const char *arg[GS_CLI_ARGS_MAX]; /* out: borrowed from argv */
	size_t arg_count;
};

/* Reads --name VALUE, --name=VALUE, arguments between them, and -- before arguments that begin with a dash. --help prints
 * the help and returns GS_EXIT_OK (so do, for shells and the manual, the words of complete.h and manual.h in front). A mistake prints one line and returns GS_EXIT_USAGE. Otherwise GS_CLI_GO_ON. */
GS_MUST int gs_cli_parse(struct gs_cli *cli, int argc, char **argv);

/* Prints "gainsay: <error's text>" on stderr and returns GS_EXIT_FAILED. */
int gs_cli_fail(const struct gs_error *error);
/* Prints "gainsay: ..." on stderr; returns GS_EXIT_USAGE. */
int gs_cli_misused(const char *fmt, ...) GS_PRINTF(1, 2);

#endif
