/* validator/cli/commands.h: the commands' entry points, one file cmd_<name>.c each. */
#ifndef GS_VALIDATOR_CLI_COMMANDS_H
#define GS_VALIDATOR_CLI_COMMANDS_H

#include "validator/cli/cli.h"

#endif
