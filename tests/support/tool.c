#include "tests/support/tool.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_LEN_MAX = 4096, COMMAND_MAX = 64 * 1024, PARENTS = 4 };

bool tool_find(const char *name, char *path, size_t size)
{
	char dir[PATH_LEN_MAX];
	ssize_t n = readlink("/proc/self/exe", dir, sizeof(dir) - 1);
	dir[n > 0 ? n : 0] = '\0';
	for (int i = 0; i < PARENTS && strrchr(dir, '/'); i++) {
		*strrchr(dir, '/') = '\0';
		snprintf(path, size, "%s/tools/%s", dir, name);
		if (access(path, X_OK) == 0)
			return true;
	}
	for (const char *p = getenv("PATH"); p && *p; p += strcspn(p, ":"), p += *p == ':') {
		snprintf(path, size, "%.*s/%s", (int)strcspn(p, ":"), p, name);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

char *tool_output(const char *fmt, ...)
{
	char *command = malloc(COMMAND_MAX), *out = NULL;
	size_t len = 0, room = 0;
	va_list args;
	va_start(args, fmt);
	int n = command ? vsnprintf(command, COMMAND_MAX, fmt, args) : -1;
	va_end(args);
	FILE *pipe = n > 0 && n < COMMAND_MAX ? popen(command, "r") : NULL;
	free(command);
	if (!pipe)
		return NULL;
	if (getdelim(&out, &room, '\0', pipe) > 0)
		len = strlen(out);
	if (pclose(pipe) != 0 || !out) {
		free(out);
		return NULL;
	}
	if (len && out[len - 1] == '\n')
		out[len - 1] = '\0';
	return out;
}
