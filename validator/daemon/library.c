#include "validator/daemon/library.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct gs_library {
	const struct gs_log *log;
	struct gs_model_store *store;
	struct gs_model_source source[GS_MODEL_SOURCES_MAX];
	size_t sources;
	char index_path[GS_BINDER_PATH_MAX], ca_file[GS_BINDER_PATH_MAX], proxy[GS_BINDER_PATH_MAX];
	uint64_t file_bytes_max;
	unsigned stall_s;
	pthread_mutex_t lock; /* guards all below */
	struct gs_model_index index;
	struct timespec changed; /* of the index as it was read */
	off_t size;
};

_Static_assert((int)GS_MODEL_SOURCES_MAX == (int)GS_BINDER_LIST_MAX, "a list of settings holds all sources");
_Static_assert((int)GS_DOWNLOAD_HEAD_BYTES == (int)GS_MODEL_HEAD_BYTES, "what a program file's head is");

/* With the lock. */
static enum gs_err read_index(struct gs_library *l, struct gs_error *error)
{
	struct gs_model_index fresh;
	struct stat info = {0};
	enum gs_err err;

	if (!l->index_path[0])
		return GS_OK;
	if (stat(l->index_path, &info) == 0 && info.st_size == l->size && info.st_mtim.tv_sec == l->changed.tv_sec &&
	    info.st_mtim.tv_nsec == l->changed.tv_nsec)
		return GS_OK;
	l->changed = info.st_mtim;
	l->size = info.st_size;
	err = gs_model_index_read(l->index_path, &fresh, error);
	if (err)
		return gs_fail_within(error, err, "model_store.index");
	gs_model_index_free(&l->index);
	l->index = fresh;
	return GS_OK;
}

static enum gs_err read_sources(struct gs_library *l, const struct gs_config *config, struct gs_error *error)
{
	for (size_t i = 0; i < config->model_store.sources.count; i++) {
		const enum gs_err err = gs_model_source_parse(config->model_store.sources.item[i], &l->source[i],
		                                              error);
		if (err)
			return gs_fail_within(error, err, "model_store.sources");
		l->sources++;
	}
	return GS_OK;
}

enum gs_err gs_library_open(const struct gs_config *config, const struct gs_log *log, struct gs_library **out,
                            struct gs_error *error)
{
	const struct gs_model_store_options store = {
		.folder = config->model_store.folder, .bytes_max = config->model_store.size_mib << 20, .log = log};
	struct gs_library *l;
	enum gs_err err;

	*out = NULL;
	if (!config->model_store.folder[0])
		return gs_fail(error, GS_EINVAL,
		               "model_store.folder: not named; it says where models are kept (or give --store FOLDER)");
	l = calloc(1, sizeof(*l));
	if (!l)
		return gs_fail(error, GS_ENOMEM, "model store: no memory");
	pthread_mutex_init(&l->lock, NULL);
	l->log = log;
	memcpy(l->index_path, config->model_store.index, sizeof(l->index_path));
	memcpy(l->ca_file, config->model_store.ca_file, sizeof(l->ca_file));
	memcpy(l->proxy, config->model_store.proxy, sizeof(l->proxy));
	l->file_bytes_max = config->model_store.file_mib << 20;
	l->stall_s = (unsigned)config->model_store.stall_s;
	err = read_sources(l, config, error);
	if (!err)
		err = read_index(l, error);
	if (!err)
		err = gs_model_store_open(&store, &l->store, error);
	if (err) {
		gs_library_close(l);
		return err;
	}
	*out = l;
	return GS_OK;
}

void gs_library_close(struct gs_library *library)
{
	if (!library)
		return;
	gs_model_store_close(library->store);
	gs_model_index_free(&library->index);
	pthread_mutex_destroy(&library->lock);
	free(library);
}

struct gs_model_store *gs_library_store(struct gs_library *library)
{
	return library->store;
}

struct gs_model_fetch_options gs_library_options(const struct gs_library *library)
{
	return (struct gs_model_fetch_options){.store = library->store,
	                                       .source = library->source,
	                                       .sources = library->sources,
	                                       .file_bytes_max = library->file_bytes_max,
	                                       .ca_file = library->ca_file,
	                                       .proxy = library->proxy,
	                                       .stall_s = library->stall_s,
	                                       .log = library->log};
}

static void read_again(struct gs_library *l)
{
	struct gs_error why = {0};

	if (read_index(l, &why))
		gs_log_line(l->log, GS_LOG_WARN, "model.index", "why=\"%s\"", why.text);
}

void gs_library_want(struct gs_library *library, const struct gs_hash *id, const struct gs_header *header,
                     struct gs_model_want *out)
{
	const struct gs_model_address *known;

	*out = (struct gs_model_want){.id = *id};
	if (header)
		out->onnx = header->onnx_hash;
	pthread_mutex_lock(&library->lock);
	read_again(library);
	known = gs_model_index_find(&library->index, id);
	if (known)
		out->known = *known;
	pthread_mutex_unlock(&library->lock);
}

enum gs_err gs_library_indexed(struct gs_library *library, struct gs_hash **out, size_t *count, struct gs_error *error)
{
	pthread_mutex_lock(&library->lock);
	read_again(library);
	*count = library->index.count;
	*out = calloc(*count + 1, sizeof(**out));
	for (size_t i = 0; *out && i < *count; i++)
		(*out)[i] = library->index.entry[i].id;
	pthread_mutex_unlock(&library->lock);
	return *out ? GS_OK : gs_fail(error, GS_ENOMEM, "no memory for %zu models", *count);
}
