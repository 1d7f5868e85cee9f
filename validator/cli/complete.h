/* validator/cli/complete.h: what a shell offers when a person presses the tab key.
 *
 * A shell's script (`gainsay completion bash`) asks `gainsay --complete WORD...`, the last word being the one that is typed.
 * The answer has one candidate a line, `CANDIDATE<tab>DESCRIPTION`, or a line that says what the shell itself knows:
 * ":file" (names of files and folders) or ":dir" (of folders). Options are those of the command's table; words such as
 * `deposit` in `gainsay stake deposit` are read off the command's usage. */
#ifndef GS_VALIDATOR_CLI_COMPLETE_H
#define GS_VALIDATOR_CLI_COMPLETE_H

#include <stdio.h>

#include "validator/cli/cli.h"

/* In front of the words; gs_cli_parse hands them on. */
#define GS_COMPLETE_FLAG "--complete"

/* The names of commands. */
void gs_complete_commands(const char *typed, FILE *out);
/* Of the command that has these tables: words[0..count), count at least 1. */
void gs_complete_words(const struct gs_cli *cli, char **words, size_t count, FILE *out);

enum { GS_COMPLETE_WORD_MAX = 32, GS_COMPLETE_WORDS_MAX = 32 };
struct gs_complete_list {
	char word[GS_COMPLETE_WORDS_MAX][GS_COMPLETE_WORD_MAX];
	size_t count;
};
/* The words that may follow the command's name (after NULL), or follow one of those: "terms" has show, schedule, .. in
 * `gainsay owner show | terms show|schedule | accept`. Words in capitals are arguments and do not count. */
void gs_complete_usage(const char *usage, const char *after, struct gs_complete_list *out);

#endif
