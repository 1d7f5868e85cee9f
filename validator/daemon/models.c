#include "validator/daemon/models.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct entry {
	char path[GS_MODEL_PATH_MAX]; /* "": from the supply */
	struct timespec changed;
	off_t size;
	bool usable;
	bool there; /* the latest look at the folder has seen the file */
	struct gs_hash id;
	bool loaded; /* all below is there */
	struct gs_program program;
	unsigned users;       /* under `lock` */
	uint64_t bytes, used; /* used: the turn in which it was taken last */
};

struct gs_models {
	char folder[GS_MODEL_PATH_MAX]; /* "": none */
	struct gs_model_supply supply;
	uint64_t bytes_max;
	const struct gs_log *log;
	struct entry **entries; /* owned, as are they */
	size_t count, room;
	bool full; /* that was said */
	uint64_t turn;
	size_t loaded;
	pthread_mutex_t lock; /* guards users and bytes, for moments */
	uint64_t bytes;       /* of the loaded programs */
};

enum gs_err gs_models_open(const struct gs_models_options *options, struct gs_models **out, struct gs_error *error)
{
	struct gs_models *models = calloc(1, sizeof(*models));

	*out = NULL;
	if (!models)
		return gs_fail(error, GS_ENOMEM, "models: no memory");
	if (snprintf(models->folder, sizeof(models->folder), "%s", options->folder ? options->folder : "") >=
	    (int)sizeof(models->folder)) {
		free(models);
		return gs_fail(error, GS_ELIMIT, "models: path longer than %d", GS_MODEL_PATH_MAX - 1);
	}
	if (options->supply)
		models->supply = *options->supply;
	models->bytes_max = options->bytes_max;
	models->log = options->log;
	pthread_mutex_init(&models->lock, NULL);
	*out = models;
	return GS_OK;
}

/* --- what is in memory --- */

static uint64_t program_bytes(const struct gs_program *p)
{
	return (uint64_t)p->header.weights_chunks * GS_CHUNK_BYTES + p->descriptor_at[p->count] +
	       (uint64_t)(p->count + 1) * sizeof(*p->descriptor_at) + sizeof(*p);
}

static void loaded(struct gs_models *models, struct entry *entry)
{
	entry->loaded = true;
	entry->bytes = program_bytes(&entry->program);
	entry->used = ++models->turn;
	models->loaded++;
	pthread_mutex_lock(&models->lock);
	models->bytes += entry->bytes;
	pthread_mutex_unlock(&models->lock);
}

static void unload(struct gs_models *models, struct entry *entry)
{
	GS_ASSERT(entry->users == 0);
	if (!entry->loaded)
		return;
	gs_program_free(&entry->program);
	entry->loaded = false;
	models->loaded--;
	pthread_mutex_lock(&models->lock);
	models->bytes -= entry->bytes;
	pthread_mutex_unlock(&models->lock);
}

static void drop(struct gs_models *models, size_t at)
{
	struct entry *entry = models->entries[at];

	unload(models, entry);
	free(entry);
	memmove(&models->entries[at], &models->entries[at + 1], (--models->count - at) * sizeof(struct entry *));
}

void gs_models_close(struct gs_models *models)
{
	if (!models)
		return;
	while (models->count)
		drop(models, models->count - 1);
	free(models->entries);
	pthread_mutex_destroy(&models->lock);
	free(models);
}

static struct entry *entry_of(const struct gs_program *program)
{
	return (struct entry *)((uint8_t *)(uintptr_t)program - offsetof(struct entry, program));
}

void gs_models_hold(struct gs_models *models, const struct gs_program *program)
{
	pthread_mutex_lock(&models->lock);
	entry_of(program)->users++;
	pthread_mutex_unlock(&models->lock);
}

void gs_models_give(struct gs_models *models, const struct gs_program *program)
{
	struct entry *entry = entry_of(program);

	pthread_mutex_lock(&models->lock);
	GS_ASSERT(entry->users > 0);
	entry->users--;
	pthread_mutex_unlock(&models->lock);
}

uint64_t gs_models_bytes(struct gs_models *models)
{
	pthread_mutex_lock(&models->lock);
	const uint64_t bytes = models->bytes;
	pthread_mutex_unlock(&models->lock);
	return bytes;
}

/* The one that nobody uses and that was used longest ago, but not the one that was used last of all; count: none. */
static size_t oldest(struct gs_models *models)
{
	size_t best = models->count;
	uint64_t last = 0;

	for (size_t i = 0; i < models->count; i++)
		if (models->entries[i]->loaded && models->entries[i]->used > last)
			last = models->entries[i]->used;
	pthread_mutex_lock(&models->lock);
	for (size_t i = 0; i < models->count; i++) {
		const struct entry *e = models->entries[i];
		if (e->loaded && e->users == 0 && e->used < last &&
		    (best == models->count || e->used < models->entries[best]->used))
			best = i;
	}
	pthread_mutex_unlock(&models->lock);
	return best;
}

bool gs_models_trim(struct gs_models *models)
{
	while (models->loaded > 1 && gs_models_bytes(models) > models->bytes_max) {
		const size_t at = oldest(models);
		char id[67];
		if (at == models->count)
			return false;
		gs_hex_encode(models->entries[at]->id.b, 32, true, id);
		gs_log_line(models->log, GS_LOG_INFO, "model.released", "model=%s bytes=%llu", id,
		            (unsigned long long)models->entries[at]->bytes);
		if (models->entries[at]->path[0])
			unload(models, models->entries[at]);
		else
			drop(models, at);
	}
	return true;
}

/* --- the folder --- */

/* A file seen before in this state is not read again. */
static bool seen(const struct gs_models *models, const char *path, const struct stat *info)
{
	for (size_t i = 0; i < models->count; i++) {
		struct entry *e = models->entries[i];
		if (e->changed.tv_nsec == info->st_mtim.tv_nsec && e->changed.tv_sec == info->st_mtim.tv_sec &&
		    e->size == info->st_size && strcmp(e->path, path) == 0) {
			e->there = true;
			return true;
		}
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
	entry->there = true;
	entry->usable = gs_model_load(path, &entry->program, &error) == GS_OK;
	if (entry->usable) {
		char id[67];
		gs_header_model_id(&entry->program.header, &entry->id);
		gs_hex_encode(entry->id.b, 32, true, id);
		gs_log_line(models->log, GS_LOG_INFO, "model.loaded", "model=%s path=\"%s\"", id, path);
	} else {
		gs_log_line(models->log, GS_LOG_WARN, "model.unusable", "why=\"%s\"", error.text);
	}
	if (!keep(models, entry)) {
		gs_program_free(&entry->program);
		free(entry);
		return;
	}
	if (entry->usable)
		loaded(models, entry);
	(void)gs_models_trim(models);
}

/* Files that are gone or are others now count no more, once their programs are out of memory. */
static void forget_gone(struct gs_models *models)
{
	for (size_t i = models->count; i > 0; i--) {
		const struct entry *e = models->entries[i - 1];
		if (e->path[0] && !e->there && !e->loaded)
			drop(models, i - 1);
	}
}

static void look_again(struct gs_models *models)
{
	DIR *dir = models->folder[0] ? opendir(models->folder) : NULL;
	struct dirent *item;

	if (!dir)
		return;
	for (size_t i = 0; i < models->count; i++)
		models->entries[i]->there = false;
	errno = 0;
	while ((item = readdir(dir))) {
		look_at(models, item->d_name);
		errno = 0;
	}
	if (errno == 0)
		forget_gone(models);
	closedir(dir);
}

/* Reads a file of the folder again. False: it is another one now, or gone. */
static bool load_again(struct gs_models *models, struct entry *entry)
{
	struct gs_error why = {0};
	struct gs_hash is;

	if (gs_model_load(entry->path, &entry->program, &why)) {
		gs_log_line(models->log, GS_LOG_WARN, "model.unusable", "why=\"%s\"", why.text);
		return false;
	}
	gs_header_model_id(&entry->program.header, &is);
	if (!gs_hash_equal(&is, &entry->id)) {
		gs_program_free(&entry->program);
		return false;
	}
	loaded(models, entry);
	return true;
}

/* Those in memory first. A file that is not what it was is looked at anew. */
static struct entry *find(struct gs_models *models, const struct gs_hash *id)
{
	for (size_t i = 0; i < models->count; i++)
		if (models->entries[i]->loaded && gs_hash_equal(&models->entries[i]->id, id))
			return models->entries[i];
	for (size_t i = models->count; i > 0; i--) {
		struct entry *e = models->entries[i - 1];
		if (!e->usable || !gs_hash_equal(&e->id, id))
			continue;
		if (load_again(models, e))
			return e;
		drop(models, i - 1);
	}
	return NULL;
}

/* From the store, if it has the model: into the list, and *out. */
static enum gs_err supplied(struct gs_models *models, const struct gs_hash *id, struct entry **out,
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
		gs_program_free(&entry->program);
		free(entry);
		return err;
	}
	loaded(models, entry);
	gs_hex_encode(id->b, 32, true, text);
	gs_log_line(models->log, GS_LOG_INFO, "model.loaded", "model=%s path=store", text);
	*out = entry;
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
	const bool coming = models->supply.ask(models->supply.self, id, state, sizeof(state));
	const enum gs_err lack = coming ? GS_EAGAIN : GS_ENOTFOUND;
	if (err != GS_ENOTFOUND)
		return gs_fail(error, lack, "model %s: %s", text, why->text);
	return gs_fail(error, lack, "model %s is not here: %s", text, state);
}

enum gs_err gs_models_take(struct gs_models *models, const struct gs_hash *id, const struct gs_program **out,
                           struct gs_error *error)
{
	struct gs_error why = {0};
	struct entry *entry = find(models, id);
	enum gs_err err = GS_OK;

	*out = NULL;
	if (!entry)
		err = supplied(models, id, &entry, &why);
	if (err == GS_ENOMEM)
		return gs_fail(error, err, "%s", why.text);
	if (!entry) {
		look_again(models);
		entry = find(models, id);
	}
	if (!entry)
		return say_missing(models, id, err, &why, error);
	entry->used = ++models->turn;
	*out = &entry->program;
	gs_models_hold(models, *out);
	(void)gs_models_trim(models);
	return GS_OK;
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
