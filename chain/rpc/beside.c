#include "chain/rpc/beside.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIRECTORIES = 4 };

bool gs_beside_usable(const char *path, bool executable)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, executable ? X_OK : R_OK) == 0;
}

bool gs_beside_find(const char *name, bool executable, char out[GS_BESIDE_PATH_MAX])
{
	char dir[GS_BESIDE_PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", dir, sizeof(dir) - 1);
	if (n <= 0)
		return false;
	dir[n] = '\0';
	for (int i = 0; i < DIRECTORIES; i++) {
		char *slash = strrchr(dir, '/');
		if (!slash)
			return false;
		*slash = '\0';
		int len = snprintf(out, GS_BESIDE_PATH_MAX, "%s/%s", dir, name);
		if (len > 0 && len < GS_BESIDE_PATH_MAX && gs_beside_usable(out, executable))
			return true;
	}
	return false;
}
