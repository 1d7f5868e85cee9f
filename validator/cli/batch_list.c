#include "validator/cli/batch_list.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool is_tensor_name(const char *name)
{
	const size_t len = strlen(name);

	return (len > 4 && strcmp(name + len - 4, ".npy") == 0) || (len > 3 && strcmp(name + len - 3, ".pb") == 0);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum gs_err keep_line(struct gs_batch_list *list, char *line, struct gs_error *error)
{
	if (list->count == GS_BATCH_LIST_LEAVES_MAX)
		return gs_fail(error, GS_ELIMIT, "more than %d leaves; post several batches", GS_BATCH_LIST_LEAVES_MAX);
	list->line[list->count++] = line;
	return GS_OK;
}

/* Names of the folder's tensors, one after the other in text, then sorted. */
static enum gs_err read_folder(const char *path, struct gs_batch_list *list, struct gs_error *error)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	size_t used = 0;
	enum gs_err err = GS_OK;

	if (!dir)
		return gs_fail(error, GS_EIO, "%s: cannot be read", path);
	list->text = malloc(GS_BATCH_LIST_BYTES_MAX);
	if (!list->text) {
		(void)closedir(dir);
		return gs_fail(error, GS_ENOMEM, "no memory");
	}
	while (!err && (entry = readdir(dir))) {
		const size_t len = strlen(entry->d_name) + 1;
		if (!is_tensor_name(entry->d_name))
			continue;
		if (used + len > GS_BATCH_LIST_BYTES_MAX)
			err = gs_fail(error, GS_ELIMIT, "%s: too many files", path);
		else
			err = keep_line(list, memcpy(list->text + used, entry->d_name, len), error);
		used += len;
	}
	(void)closedir(dir);
	qsort(list->line, list->count, sizeof(*list->line), by_name);
	snprintf(list->folder, sizeof(list->folder), "%s", path);
	return err;
}

static enum gs_err read_file(const char *path, struct gs_batch_list *list, struct gs_error *error)
{
	struct gs_mapped file;
	const char *slash = strrchr(path, '/');
	enum gs_err err = gs_map_file(path, GS_BATCH_LIST_BYTES_MAX, &file, error);

	if (err)
		return err;
	snprintf(list->folder, sizeof(list->folder), "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
	list->text = calloc(1, file.bytes.len + 1);
	if (!list->text)
		err = gs_fail(error, GS_ENOMEM, "no memory");
	else if (file.bytes.len)
		memcpy(list->text, file.bytes.ptr, file.bytes.len);
	gs_unmap_file(&file);
	for (char *rest = list->text, *line; !err && (line = strsep(&rest, "\n"));) {
		line += strspn(line, " \t\r");
		if (*line && *line != '#')
			err = keep_line(list, line, error);
	}
	return err;
}

enum gs_err gs_batch_list_read(const char *path, struct gs_batch_list *out, struct gs_error *error)
{
	struct stat info;
	enum gs_err err;

	memset(out, 0, sizeof(*out));
	out->line = calloc(GS_BATCH_LIST_LEAVES_MAX, sizeof(*out->line));
	if (!out->line)
		return gs_fail(error, GS_ENOMEM, "no memory");
	if (strlen(path) >= sizeof(out->folder))
		return gs_fail(error, GS_ELIMIT, "%.80s…: the path is too long", path);
	err = stat(path, &info) == 0 && S_ISDIR(info.st_mode) ? read_folder(path, out, error)
	                                                      : read_file(path, out, error);
	if (!err && out->count == 0)
		err = gs_fail(error, GS_EINVAL, "%s: names no input: a line, or a .npy or .pb file, for each leaf",
		              path);
	return err;
}

void gs_batch_list_free(struct gs_batch_list *list)
{
	free(list->text);
	free(list->line);
	memset(list, 0, sizeof(*list));
}

/* A tensor of the line, [NAME=]FILE, with the list's folder before a relative path. */
static enum gs_err add_tensor(const struct gs_batch_list *list, const char *word, struct gs_tensor_set *set,
                              struct gs_error *error)
{
	char spec[2 * GS_BATCH_LIST_SPEC_MAX];
	const char *equals = strchr(word, '='), *path = equals ? equals + 1 : word;
	const int n = snprintf(spec, sizeof(spec), "%.*s%s%s%s", (int)(path - word), word,
	                       *path == '/' ? "" : list->folder, *path == '/' ? "" : "/", path);

	if (n < 0 || (size_t)n >= sizeof(spec))
		return gs_fail(error, GS_ELIMIT, "%.80s…: the path is too long", word);
	return gs_tensor_set_add(set, spec, error);
}

enum gs_err gs_batch_list_leaf(const struct gs_batch_list *list, size_t index, struct gs_tensor_set *inputs,
                               struct gs_tensor_set *outputs, struct gs_wei *value, struct gs_error *error)
{
	char line[GS_BATCH_LIST_SPEC_MAX], *rest = line, *word;
	enum gs_err err = GS_OK;

	if (strlen(list->line[index]) >= sizeof(line))
		return gs_fail(error, GS_ELIMIT, "%.80s…: the line is too long", list->line[index]);
	snprintf(line, sizeof(line), "%s", list->line[index]);
	while (!err && (word = strsep(&rest, " \t\r"))) {
		if (strncmp(word, "value:", 6) == 0) {
			err = gs_wei_parse_ether(word + 6, value);
			if (err)
				err = gs_fail(error, err, "%.80s: not an amount such as value:12.5", word);
		} else if (strncmp(word, "output:", 7) == 0) { /* right or wrong; for demonstrations */
			err = add_tensor(list, word + 7, outputs, error);
		} else if (*word) {
			err = add_tensor(list, word, inputs, error);
		}
	}
	return err;
}
