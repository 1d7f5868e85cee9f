/* The table of commands. A command is declared and listed here once it exists, in the order of a first encounter. */
#include "validator/cli/commands.h"

const struct gs_command gs_commands[] = {
	{NULL, NULL, NULL, NULL},
};
