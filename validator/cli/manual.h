/* validator/cli/manual.h: pages of the manual in roff (man(7)), from the same tables as --help. */
#ifndef GS_VALIDATOR_CLI_MANUAL_H
#define GS_VALIDATOR_CLI_MANUAL_H

#include <stdio.h>

#include "validator/cli/cli.h"

/* A command's only argument, and the program's: gs_cli_parse prints the page. */
#define GS_MANUAL_FLAG "--manual"

/* gainsay(1) */
void gs_manual_program(FILE *out);
/* gainsay-NAME(1) of the command that has these tables. */
void gs_manual_command(const struct gs_cli *cli, const char *name, FILE *out);

#endif
