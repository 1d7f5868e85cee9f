/* tests/support/tool.h: finds the programs that tests compare with. */
#ifndef GS_TESTS_SUPPORT_TOOL_H
#define GS_TESTS_SUPPORT_TOOL_H

#include <stdbool.h>
#include <stddef.h>

/* tools/NAME beside the running executable or in a folder above it, or NAME in PATH. */
bool tool_find(const char *name, char *path, size_t size);
/* Runs a shell command and returns its standard output without the last newline, to be freed; NULL when it failed. */
char *tool_output(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
