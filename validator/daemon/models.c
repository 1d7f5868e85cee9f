#include "validator/daemon/models.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

	if (!gs_model_named_like_one(name))
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
