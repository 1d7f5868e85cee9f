#include "validator/daemon/models.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "validator/daemon/beside.h"

struct entry {
	char path[GS_MODEL_PATH_MAX];
	struct timespec changed;
	off_t size;
	bool usable;
	struct gs_hash id;
	struct gs_program program;
};

struct gs_models {
	char folder[GS_MODEL_PATH_MAX];
	const struct gs_log *log;
	struct entry *entries[GS_MODELS_MAX];
	size_t count;
};

static bool has_suffix(const char *text, const char *suffix)
{
	size_t len = strlen(text), end = strlen(suffix);

	return len > end && strcmp(text + len - end, suffix) == 0;
}

static bool is_program_file(struct gs_bytes bytes)
{
	static const char magic[] = "GSPROG";

	return bytes.len >= sizeof(magic) - 1 && memcmp(bytes.ptr, magic, sizeof(magic) - 1) == 0;
}

/* Whatever is no program file is read as ONNX; its shapes must all be in it. */
static enum gs_err read_program(const char *path, struct gs_bytes bytes, struct gs_program *out, struct gs_error *error)
{
	const struct gs_onnx_options as_it_is = {0};
	struct gs_error why = {0};
	enum gs_err err = is_program_file(bytes) ? gs_program_read(bytes, out, &why)
	                                         : gs_lower_beside(path, bytes, &as_it_is, out, NULL, &why);

	return err ? gs_fail(error, err, "%s: %s", path, why.text) : GS_OK;
}

enum gs_err gs_model_load(const char *path, struct gs_program *out, struct gs_error *error)
{
	struct stat info;
	void *map;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum gs_err err;

	memset(out, 0, sizeof(*out));
	if (fd < 0 || fstat(fd, &info) != 0) {
		err = gs_fail(error, GS_EIO, "%s: cannot be read: %s", path, strerror(errno));
		goto out;
	}
	if (!S_ISREG(info.st_mode) || info.st_size == 0 || (uint64_t)info.st_size > GS_MODEL_FILE_MAX) {
		err = gs_fail(error, GS_ELIMIT, "%s: not a file of 1 to %llu bytes", path,
		              (unsigned long long)GS_MODEL_FILE_MAX);
		goto out;
	}
	map = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED) {
		err = gs_fail(error, GS_EIO, "%s: cannot be read: %s", path, strerror(errno));
		goto out;
	}
	err = read_program(path, (struct gs_bytes){map, (size_t)info.st_size}, out, error);
	munmap(map, (size_t)info.st_size);
out:
	if (fd >= 0)
		close(fd);
	return err;
}

enum gs_err gs_models_open(const char *folder, const struct gs_log *log, struct gs_models **out, struct gs_error *error)
{
	struct gs_models *models = calloc(1, sizeof(*models));

	*out = NULL;
	if (!models)
		return gs_fail(error, GS_ENOMEM, "models: no memory");
	if (snprintf(models->folder, sizeof(models->folder), "%s", folder) >= (int)sizeof(models->folder)) {
		free(models);
		return gs_fail(error, GS_ELIMIT, "models: path longer than %d", GS_MODEL_PATH_MAX - 1);
	}
	models->log = log;
	*out = models;
	return GS_OK;
}

static void entry_free(struct entry *entry)
{
	if (entry->usable)
		gs_program_free(&entry->program);
	free(entry);
}

void gs_models_close(struct gs_models *models)
{
	if (!models)
		return;
	for (size_t i = 0; i < models->count; i++)
		entry_free(models->entries[i]);
	free(models);
}

/* A program that is already borrowed stays; a file seen before in this state is not read again. */
static bool seen(const struct gs_models *models, const char *path, const struct stat *info)
{
	for (size_t i = 0; i < models->count; i++) {
		const struct entry *e = models->entries[i];
		if (strcmp(e->path, path) == 0 && e->size == info->st_size &&
		    e->changed.tv_sec == info->st_mtim.tv_sec && e->changed.tv_nsec == info->st_mtim.tv_nsec)
			return true;
	}
	return false;
}

static void look_at(struct gs_models *models, const char *name)
{
	char path[GS_MODEL_PATH_MAX];
	struct stat info;
	struct entry *entry;
	struct gs_error error = {0};

	if (!has_suffix(name, ".gsp") && !has_suffix(name, ".onnx"))
		return;
	if (snprintf(path, sizeof(path), "%s/%s", models->folder, name) >= (int)sizeof(path) ||
	    stat(path, &info) != 0 || seen(models, path, &info) || models->count == GS_MODELS_MAX)
		return;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return;
	memcpy(entry->path, path, sizeof(path));
	entry->changed = info.st_mtim;
	entry->size = info.st_size;
	entry->usable = gs_model_load(path, &entry->program, &error) == GS_OK;
	if (entry->usable) {
		char id[67];
		gs_header_model_id(&entry->program.header, &entry->id);
		gs_hex_encode(entry->id.b, 32, true, id);
		gs_log_line(models->log, GS_LOG_INFO, "model.loaded", "model=%s path=\"%s\"", id, path);
	} else {
		gs_log_line(models->log, GS_LOG_WARN, "model.unusable", "why=\"%s\"", error.text);
	}
	models->entries[models->count++] = entry;
}

static void look_again(struct gs_models *models)
{
	DIR *dir = opendir(models->folder);
	struct dirent *item;

	if (!dir)
		return;
	while ((item = readdir(dir)))
		look_at(models, item->d_name);
	closedir(dir);
}

static const struct gs_program *find(const struct gs_models *models, const struct gs_hash *id)
{
	for (size_t i = 0; i < models->count; i++)
		if (models->entries[i]->usable && gs_hash_equal(&models->entries[i]->id, id))
			return &models->entries[i]->program;
	return NULL;
}

enum gs_err gs_models_find(struct gs_models *models, const struct gs_hash *id, const struct gs_program **out,
                           struct gs_error *error)
{
	char text[67];

	*out = find(models, id);
	if (!*out) {
		look_again(models);
		*out = find(models, id);
	}
	if (*out)
		return GS_OK;
	gs_hex_encode(id->b, 32, true, text);
	return gs_fail(error, GS_ENOTFOUND, "%s: no file holds model %s; put its .gsp or .onnx file there",
	               models->folder, text);
}

size_t gs_models_list(struct gs_models *models, bool look, struct gs_hash *out, size_t max)
{
	size_t count = 0;

	if (look)
		look_again(models);
	for (size_t i = 0; i < models->count && count < max; i++)
		if (models->entries[i]->usable)
			out[count++] = models->entries[i]->id;
	return count;
}
