#include "validator/daemon/batches.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char suffix[] = ".batch";

struct seen {
	char name[80]; /* <id>.batch; longer names are none of ours */
	struct timespec changed;
	off_t size;
};

struct gs_batches {
	const char *folder;
	const struct gs_contracts *contracts;
	const struct gs_log *log;
	uint64_t looked_s;
	struct seen seen[GS_BATCHES_FILES_MAX];
	size_t count;
};

enum gs_err gs_batches_open(const char *folder, const struct gs_contracts *contracts, const struct gs_log *log,
                            struct gs_batches **out)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return GS_ENOMEM;
	(*out)->folder = folder;
	(*out)->contracts = contracts;
	(*out)->log = log;
	return GS_OK;
}

void gs_batches_close(struct gs_batches *batches)
{
	free(batches);
}

static bool is_batch(const char *name)
{
	const size_t len = strlen(name), end = sizeof(suffix) - 1;

	return len > end && len < sizeof(((struct seen *)NULL)->name) && strcmp(name + len - end, suffix) == 0;
}

/* Whether the file was never looked at as it is now; from then on it was. */
static bool is_new(struct gs_batches *b, const char *name, const struct stat *info)
{
	struct seen *seen = NULL;

	for (size_t i = 0; i < b->count && !seen; i++)
		if (strcmp(b->seen[i].name, name) == 0)
			seen = &b->seen[i];
	if (seen && seen->size == info->st_size && seen->changed.tv_sec == info->st_mtim.tv_sec &&
	    seen->changed.tv_nsec == info->st_mtim.tv_nsec)
		return false;
	if (!seen) {
		if (b->count == GS_BATCHES_FILES_MAX) {
			gs_log_line(b->log, GS_LOG_WARN, "batch.unusable",
			            "why=\"%s holds more than %d batches: move those that are over elsewhere\"",
			            b->folder, GS_BATCHES_FILES_MAX);
			return false;
		}
		seen = &b->seen[b->count++];
		snprintf(seen->name, sizeof(seen->name), "%s", name);
	}
	seen->size = info->st_size;
	seen->changed = info->st_mtim;
	return true;
}

static enum gs_err hand_over(struct gs_batches *b, const struct gs_batch_file *file, gs_batches_take take,
                             void *context)
{
	struct gs_leaf_data *leaf = calloc(GS_BATCHES_LEAVES_AT_ONCE, sizeof(*leaf));
	size_t count = 0, bytes = 0;
	enum gs_err err = leaf ? GS_OK : GS_ENOMEM;

	for (uint32_t i = 0; i < file->name.count && !err; i++) {
		struct gs_claim_body body;
		gs_batch_file_claim(file, b->contracts->chain_id, &b->contracts->claims, i, &body, &leaf[count]);
		bytes += leaf[count].input.len + leaf[count].output.len;
		count++;
		if (count == GS_BATCHES_LEAVES_AT_ONCE || bytes >= GS_BATCHES_BYTES_AT_ONCE ||
		    i + 1 == file->name.count) {
			err = take(context, leaf, count);
			count = bytes = 0;
		}
	}
	free(leaf);
	return err;
}

static enum gs_err look_at(struct gs_batches *b, const char *path, gs_batches_take take, void *context)
{
	struct gs_batch_file file;
	struct gs_error why = {0};
	char id[67];
	enum gs_err err = gs_batch_file_read(path, b->contracts->chain_id, &b->contracts->batches, &file, &why);

	if (err) {
		gs_log_line(b->log, GS_LOG_WARN, "batch.unusable", "why=\"%s\"", why.text);
		return GS_OK;
	}
	gs_hex_encode(file.id.b, sizeof(file.id.b), true, id);
	err = hand_over(b, &file, take, context);
	if (!err)
		gs_log_line(b->log, GS_LOG_INFO, "batch.loaded", "batch=%s leaves=%u", id, file.name.count);
	gs_batch_file_free(&file);
	return err;
}

enum gs_err gs_batches_look(struct gs_batches *b, uint64_t now_s, gs_batches_take take, void *context)
{
	struct dirent *entry;
	DIR *dir;
	enum gs_err err = GS_OK;

	if (!b->folder[0] || (b->looked_s && now_s < b->looked_s + GS_BATCHES_LOOK_S))
		return GS_OK;
	b->looked_s = now_s;
	dir = opendir(b->folder);
	if (!dir)
		return GS_OK; /* it may come later */
	while (!err && (entry = readdir(dir))) {
		char path[GS_BATCH_PATH_MAX];
		struct stat info;
		if (!is_batch(entry->d_name) ||
		    (size_t)snprintf(path, sizeof(path), "%s/%s", b->folder, entry->d_name) >= sizeof(path) ||
		    stat(path, &info) != 0 || !is_new(b, entry->d_name, &info))
			continue;
		err = look_at(b, path, take, context);
	}
	(void)closedir(dir);
	return err;
}

enum gs_err gs_batches_find(const char *folder, const char *id, char path[GS_BATCH_PATH_MAX], struct gs_error *error)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	bool found = false;
	enum gs_err err = GS_OK;

	while (dir && !err && (entry = readdir(dir))) {
		if (!is_batch(entry->d_name) || strncmp(entry->d_name, id, strlen(id)) != 0)
			continue;
		if (found)
			err = gs_fail(error, GS_ECONFLICT, "%.80s: several batches in %s begin so; give more digits",
			              id, folder);
		else if ((size_t)snprintf(path, GS_BATCH_PATH_MAX, "%s/%s", folder, entry->d_name) >= GS_BATCH_PATH_MAX)
			err = gs_fail(error, GS_ELIMIT, "%s: the path is too long", folder);
		found = true;
	}
	if (dir)
		(void)closedir(dir);
	if (!err && !found)
		return gs_fail(error, GS_ENOTFOUND, "%.80s: no such batch in %s", id, folder);
	return err;
}
