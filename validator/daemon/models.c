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
	char folder[GS_MODEL_PATH_MAX]; /* "": none */
	struct gs_model_supply supply;
	const struct gs_log *log;
	struct entry **entries; /* owned, as are they */
	size_t count, room;
	bool full; /* that was said */
};

enum gs_err gs_models_open(const char *folder, const struct gs_model_supply *supply, const struct gs_log *log,
                           struct gs_models **out, struct gs_error *error)
{
	struct gs_models *models = calloc(1, sizeof(*models));

	*out = NULL;
	if (!models)
		return gs_fail(error, GS_ENOMEM, "models: no memory");
	if (snprintf(models->folder, sizeof(models->folder), "%s", folder ? folder : "") >=
	    (int)sizeof(models->folder)) {
		free(models);
		return gs_fail(error, GS_ELIMIT, "models: path longer than %d", GS_MODEL_PATH_MAX - 1);
	}
	if (supply)
		models->supply = *supply;
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
	free(models->entries);
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

static bool keep(struct gs_models *models, struct entry *entry)
{
	if (models->count == models->room) {
		const size_t room = models->room ? models->room * 2 : 64;
		struct entry **more = realloc(models->entries, room * sizeof(struct entry *));
		if (!more)
			return false;
		models->entries = more;
		models->room = room;
	}
	models->entries[models->count++] = entry;
	return true;
}

static bool is_full(struct gs_models *models)
{
	if (models->count < GS_MODELS_MAX)
		return false;
	if (!models->full)
		gs_log_line(models->log, GS_LOG_WARN, "model.unusable",
		            "why=\"%s: more than %d models: no other is looked at\"", models->folder, GS_MODELS_MAX);
	models->full = true;
	return true;
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
	    stat(path, &info) != 0 || seen(models, path, &info) || is_full(models))
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
	if (!keep(models, entry))
		entry_free(entry);
}

static void look_again(struct gs_models *models)
{
	DIR *dir = models->folder[0] ? opendir(models->folder) : NULL;
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

/* From the store, if it has the model: into the list, and *out. */
static enum gs_err take(struct gs_models *models, const struct gs_hash *id, const struct gs_program **out,
                        struct gs_error *why)
{
	struct entry *entry;
	char text[67];
	enum gs_err err;

	if (!models->supply.self || is_full(models))
		return gs_fail(why, GS_ENOTFOUND, "there is no store of models, or it is not asked");
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return gs_fail(why, GS_ENOMEM, "models: no memory");
	err = models->supply.load(models->supply.self, id, &entry->program, why);
	entry->usable = err == GS_OK;
	entry->id = *id;
	if (!err && !keep(models, entry))
		err = gs_fail(why, GS_ENOMEM, "models: no memory");
	if (err) {
		entry_free(entry);
		return err;
	}
	gs_hex_encode(id->b, 32, true, text);
	gs_log_line(models->log, GS_LOG_INFO, "model.loaded", "model=%s path=store", text);
	*out = &entry->program;
	return GS_OK;
}

/* err, why: of the supply. */
static enum gs_err say_missing(struct gs_models *models, const struct gs_hash *id, enum gs_err err,
                               const struct gs_error *why, struct gs_error *error)
{
	char text[67], state[GS_MODEL_STATE_MAX];

	gs_hex_encode(id->b, 32, true, text);
	if (!models->supply.self)
		return gs_fail(error, GS_ENOTFOUND, "%s: no file holds model %s; put its .gsp or .onnx file there",
		               models->folder, text);
	models->supply.ask(models->supply.self, id, state, sizeof(state));
	if (err != GS_ENOTFOUND)
		return gs_fail(error, GS_ENOTFOUND, "model %s: %s", text, why->text);
	return gs_fail(error, GS_ENOTFOUND, "model %s is not here: %s", text, state);
}

enum gs_err gs_models_find(struct gs_models *models, const struct gs_hash *id, const struct gs_program **out,
                           struct gs_error *error)
{
	struct gs_error why = {0};
	enum gs_err err;

	*out = find(models, id);
	if (*out)
		return GS_OK;
	err = take(models, id, out, &why);
	if (err == GS_OK || err == GS_ENOMEM)
		return err ? gs_fail(error, err, "%s", why.text) : GS_OK;
	look_again(models);
	*out = find(models, id);
	return *out ? GS_OK : say_missing(models, id, err, &why, error);
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
