#include "validator/models/store_state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "storage/textfile.h"

static const char format_text[] = "gainsay model store 1";
enum { FORMAT_BYTES_MAX = 64, GENERATION_BYTES = 8, ID_TEXT = 64, FOLDER_MODE = 0755 };

static enum gs_err failed(struct gs_error *error, const char *path, const char *what)
{
	return gs_fail(error, GS_EIO, "%s: %s: %s", path, what, strerror(errno));
}

/* --- paths --- */

static void record_path(const struct gs_model_store *store, const struct gs_hash *id, char *out)
{
	char text[ID_TEXT + 1];

	gs_hex_encode(id->b, 32, false, text);
	snprintf(out, GS_MODEL_STORE_PATH_MAX, "%s/records/%s", store->folder, text);
}

void gs_model_store_path(const struct gs_model_store *store, const struct gs_model_entry *entry,
                         char out[GS_MODEL_STORE_PATH_MAX])
{
	char text[ID_TEXT + 1];

	gs_hex_encode(entry->sha256.b, 32, false, text);
	snprintf(out, GS_MODEL_STORE_PATH_MAX, "%s/objects/%.2s/%s", store->folder, text, text);
}

enum gs_err gs_model_store_sync_folder(const char *path, struct gs_error *error)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const bool good = fd >= 0 && fsync(fd) == 0;
	const enum gs_err err = good ? GS_OK : failed(error, path, "cannot be written");

	if (fd >= 0)
		close(fd);
	return err;
}

void gs_model_store_look(const struct gs_model_store *store, struct gs_model_entry *entry)
{
	char path[GS_MODEL_STORE_PATH_MAX];
	struct stat info;

	gs_model_store_path(store, entry, path);
	entry->present = !gs_hash_is_zero(&entry->sha256) && stat(path, &info) == 0 && S_ISREG(info.st_mode);
	entry->used_ns = 0;
	if (entry->present)
		entry->used_ns = (uint64_t)info.st_mtim.tv_sec * 1000000000 + (uint64_t)info.st_mtim.tv_nsec;
}

/* --- what is known, in memory --- */

static int by_id(const void *a, const void *b)
{
	const struct gs_model_entry *x = a, *y = b;

	return memcmp(x->id.b, y->id.b, sizeof(x->id.b));
}

/* Where the id is, or belongs. */
static size_t place_of(const struct gs_model_store *store, const struct gs_hash *id)
{
	size_t low = 0, high = store->count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (memcmp(store->entry[middle].id.b, id->b, 32) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct gs_model_entry *gs_model_store_find(struct gs_model_store *store, const struct gs_hash *id)
{
	const size_t at = place_of(store, id);

	return at < store->count && gs_hash_equal(&store->entry[at].id, id) ? &store->entry[at] : NULL;
}

static enum gs_err grow(struct gs_model_store *store, struct gs_error *error)
{
	const size_t room = store->room ? store->room * 2 : 64;
	struct gs_model_entry *more;

	if (store->count < store->room)
		return GS_OK;
	more = realloc(store->entry, room * sizeof(*more));
	if (!more)
		return gs_fail(error, GS_ENOMEM, "%s: no memory for %zu models", store->folder, room);
	store->entry = more;
	store->room = room;
	return GS_OK;
}

static enum gs_err read_record(const struct gs_model_store *store, const struct gs_hash *id, struct gs_model_entry *out,
                               struct gs_error *error)
{
	char path[GS_MODEL_STORE_PATH_MAX];
	struct gs_buf text;
	enum gs_err err;

	record_path(store, id, path);
	gs_buf_init(&text, GS_MODEL_RECORD_BYTES_MAX);
	err = gs_textfile_read(path, &text, error);
	if (!err && (err = gs_model_record_decode(gs_buf_view(&text), out, error)))
		err = gs_fail_within(error, err, "%s", path);
	gs_buf_free(&text);
	if (!err && !gs_hash_equal(&out->id, id))
		err = gs_fail(error, GS_ECORRUPT, "%s: the record of another model", path);
	if (!err)
		gs_model_store_look(store, out);
	return err;
}

/* A record whose write was interrupted; the old one, if any, is beside it. */
static void remove_unfinished(const struct gs_model_store *store, const char *name)
{
	char path[GS_MODEL_STORE_PATH_MAX];
	const size_t len = strlen(name);

	if (len != ID_TEXT + 4 || strcmp(name + ID_TEXT, ".new") != 0)
		return;
	snprintf(path, sizeof(path), "%s/records/%.*s", store->folder, ID_TEXT + 4, name);
	(void)unlink(path);
}

static enum gs_err read_all(struct gs_model_store *store, struct gs_error *error)
{
	char path[GS_MODEL_STORE_PATH_MAX];
	DIR *dir;
	struct dirent *item;
	enum gs_err err = GS_OK;

	snprintf(path, sizeof(path), "%s/records", store->folder);
	dir = opendir(path);
	if (!dir)
		return failed(error, path, "cannot be read");
	store->count = 0;
	while (!err && (item = readdir(dir))) {
		struct gs_hash id;
		struct gs_error why = {0};
		if (strlen(item->d_name) != ID_TEXT || gs_hex_decode(item->d_name, ID_TEXT, id.b, 32)) {
			remove_unfinished(store, item->d_name);
			continue;
		}
		if (store->count == GS_MODEL_STORE_RECORDS_MAX)
			err = gs_fail(error, GS_ELIMIT, "%s: more than %d models", path, GS_MODEL_STORE_RECORDS_MAX);
		else if (!(err = grow(store, error)) && read_record(store, &id, &store->entry[store->count], &why))
			gs_log_line(store->log, GS_LOG_WARN, "model.record", "why=\"%s\"", why.text);
		else if (!err)
			store->count++;
	}
	closedir(dir);
	if (store->count > 0) /* without any there is no array */
		qsort(store->entry, store->count, sizeof(*store->entry), by_id);
	return err;
}

/* --- the lock --- */

enum gs_err gs_model_store_enter(struct gs_model_store *store, struct gs_error *error)
{
	uint8_t counter[GENERATION_BYTES] = {0};
	enum gs_err err = GS_OK;
	int failure;

	pthread_mutex_lock(&store->lock);
	do
		failure = flock(store->lock_fd, LOCK_EX);
	while (failure && errno == EINTR);
	if (failure || pread(store->lock_fd, counter, sizeof(counter), 0) < 0)
		err = failed(error, store->folder, "cannot be locked");
	const uint64_t generation = gs_le64_read(counter);
	if (!err && (!store->loaded || generation != store->generation)) {
		store->loaded = false;
		err = read_all(store, error);
		store->loaded = !err;
		store->generation = generation;
	}
	if (err)
		gs_model_store_leave(store);
	return err;
}

void gs_model_store_leave(struct gs_model_store *store)
{
	(void)flock(store->lock_fd, LOCK_UN);
	pthread_mutex_unlock(&store->lock);
}

enum gs_err gs_model_store_changes(struct gs_model_store *store, struct gs_error *error)
{
	uint8_t counter[GENERATION_BYTES];

	gs_le64_write(counter, ++store->generation);
	if (pwrite(store->lock_fd, counter, sizeof(counter), 0) == (ssize_t)sizeof(counter))
		return GS_OK;
	store->loaded = false;
	return failed(error, store->folder, "cannot be written");
}

enum gs_err gs_model_store_put(struct gs_model_store *store, const struct gs_model_entry *entry, struct gs_error *error)
{
	char path[GS_MODEL_STORE_PATH_MAX];
	struct gs_buf text;
	enum gs_err err = GS_OK;
	const size_t at = place_of(store, &entry->id);
	const bool is_new = at == store->count || !gs_hash_equal(&store->entry[at].id, &entry->id);

	if (is_new && store->count == GS_MODEL_STORE_RECORDS_MAX)
		return gs_fail(error, GS_ELIMIT, "%s: more than %d models", store->folder, GS_MODEL_STORE_RECORDS_MAX);
	if (is_new && (err = grow(store, error)))
		return err;
	record_path(store, &entry->id, path);
	gs_buf_init(&text, GS_MODEL_RECORD_BYTES_MAX);
	err = gs_model_record_encode(entry, &text);
	gs_buf_append_u8(&text, 0);
	if (err || text.err)
		err = gs_fail(error, err ? err : text.err, "%s: cannot be written", path);
	else
		err = gs_textfile_replace(path, (const char *)text.ptr, error);
	gs_buf_free(&text);
	if (err) {
		store->loaded = false; /* the disk may hold the old record, or the new one */
		return err;
	}
	if (is_new) {
		memmove(&store->entry[at + 1], &store->entry[at], (store->count - at) * sizeof(*entry));
		store->count++;
	}
	store->entry[at] = *entry;
	return GS_OK;
}

/* --- room --- */

static int by_file(const void *a, const void *b)
{
	const struct gs_model_entry *const *x = a, *const *y = b;

	return memcmp((*x)->sha256.b, (*y)->sha256.b, 32);
}

struct file { /* with all models that it is the file of */
	uint64_t bytes, used_ns;
	bool pinned;
	struct gs_hash sha256;
};

/* The files that are there, each once; *out is the caller's. */
static enum gs_err list_files(struct gs_model_store *store, struct file **out, size_t *count, struct gs_error *error)
{
	struct gs_model_entry **order = calloc(store->count + 1, sizeof(struct gs_model_entry *));
	size_t present = 0;

	*count = 0;
	*out = calloc(store->count + 1, sizeof(**out));
	if (!*out || !order) {
		free(order);
		free(*out);
		*out = NULL;
		return gs_fail(error, GS_ENOMEM, "%s: no memory for %zu models", store->folder, store->count);
	}
	for (size_t i = 0; i < store->count; i++)
		if (store->entry[i].present)
			order[present++] = &store->entry[i];
	qsort(order, present, sizeof(struct gs_model_entry *), by_file);
	for (size_t i = 0; i < present; i++) {
		struct file *last = *count ? &(*out)[*count - 1] : NULL;
		if (!last || !gs_hash_equal(&last->sha256, &order[i]->sha256)) {
			last = &(*out)[(*count)++];
			*last = (struct file){
				.bytes = order[i]->bytes, .used_ns = order[i]->used_ns, .sha256 = order[i]->sha256};
		}
		last->pinned = last->pinned || order[i]->pinned;
	}
	free(order);
	return GS_OK;
}

static int by_use(const void *a, const void *b)
{
	const struct file *x = a, *y = b;

	return (x->used_ns > y->used_ns) - (x->used_ns < y->used_ns);
}

/* All models whose file it is are without one. */
static enum gs_err remove_file(struct gs_model_store *store, const struct gs_hash *sha256, struct gs_error *error)
{
	struct gs_model_entry of = {.sha256 = *sha256};
	char path[GS_MODEL_STORE_PATH_MAX];

	gs_model_store_path(store, &of, path);
	if (unlink(path) != 0 && errno != ENOENT)
		return failed(error, path, "cannot be removed");
	for (size_t i = 0; i < store->count; i++)
		if (gs_hash_equal(&store->entry[i].sha256, sha256))
			gs_model_store_look(store, &store->entry[i]);
	gs_hex_encode(sha256->b, 32, false, path);
	gs_log_line(store->log, GS_LOG_INFO, "model.evicted", "sha256=%s", path);
	return GS_OK;
}

enum gs_err gs_model_store_make_room(struct gs_model_store *store, uint64_t more, uint64_t bytes_max,
                                     const struct gs_hash *keep, size_t *evicted, struct gs_error *error)
{
	struct file *file = NULL;
	size_t count;
	uint64_t bytes = 0, fixed = 0;
	enum gs_err err;

	*evicted = 0;
	/* other processes read, too, and the disk alone knows when */
	for (size_t i = 0; i < store->count; i++)
		bytes += store->entry[i].present ? store->entry[i].bytes : 0; /* at least what the files take */
	if (bytes + more <= bytes_max)
		return GS_OK;
	for (size_t i = 0; i < store->count; i++)
		gs_model_store_look(store, &store->entry[i]);
	err = list_files(store, &file, &count, error);
	bytes = 0;
	for (size_t i = 0; i < count; i++) {
		file[i].pinned = file[i].pinned || (keep && gs_hash_equal(keep, &file[i].sha256));
		bytes += file[i].bytes;
		fixed += file[i].pinned ? file[i].bytes : 0;
	}
	if (!err && (more > bytes_max || fixed > bytes_max - more))
		err = gs_fail(
			error, GS_ELIMIT,
			"%s: no room for %llu more bytes: %llu are pinned, and there may be %llu; unpin something, or "
			"raise model_store.size_mib",
			store->folder, (unsigned long long)more, (unsigned long long)fixed,
			(unsigned long long)bytes_max);
	if (!err && count > 0)
		qsort(file, count, sizeof(*file), by_use);
	for (size_t i = 0; !err && i < count && bytes + more > bytes_max; i++) {
		if (file[i].pinned)
			continue;
		if (*evicted == 0)
			err = gs_model_store_changes(store, error);
		if (!err)
			err = remove_file(store, &file[i].sha256, error);
		bytes -= file[i].bytes;
		*evicted += 1;
	}
	free(file);
	return err;
}

/* --- opening --- */

/* 0: made now; 1: was there; -1: errno. */
static int make_folder(const char *path)
{
	if (mkdir(path, FOLDER_MODE) == 0)
		return 0;
	return errno == EEXIST ? 1 : -1;
}

static bool is_empty(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *item;
	bool empty = dir != NULL;

	while (dir && empty && (item = readdir(dir)))
		empty = strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0 ||
		        strcmp(item->d_name, "LOCK") == 0 || strncmp(item->d_name, "FORMAT", 6) == 0;
	if (dir)
		closedir(dir);
	return empty;
}

/* With the lock held: says which form the folder has, or finds that it says so. */
static enum gs_err check_format(struct gs_model_store *store, struct gs_error *error)
{
	char path[GS_MODEL_STORE_PATH_MAX];
	struct gs_buf text;
	enum gs_err err;

	snprintf(path, sizeof(path), "%s/FORMAT", store->folder);
	gs_buf_init(&text, FORMAT_BYTES_MAX);
	err = gs_textfile_read(path, &text, error);
	if (err == GS_ENOTFOUND)
		err = is_empty(store->folder)
		              ? gs_textfile_replace(path, format_text, error)
		              : gs_fail(error, GS_ECORRUPT,
		                        "%s: not empty, and no store of models: name another folder", store->folder);
	else if (!err &&
	         (text.len < sizeof(format_text) - 1 || memcmp(text.ptr, format_text, sizeof(format_text) - 1) != 0))
		err = gs_fail(error, GS_EUNSUPPORTED, "%s: not \"%s\": a store of another version", path, format_text);
	gs_buf_free(&text);
	return err;
}

static enum gs_err make_folders(struct gs_model_store *store, struct gs_error *error)
{
	static const char *const names[] = {"objects", "records", "parts"};
	char path[GS_MODEL_STORE_PATH_MAX];

	for (size_t i = 0; i < GS_ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", store->folder, names[i]);
		if (make_folder(path) < 0)
			return failed(error, path, "cannot be made");
	}
	return gs_model_store_sync_folder(store->folder, error);
}

static enum gs_err open_folder(struct gs_model_store *store, struct gs_error *error)
{
	char path[GS_MODEL_STORE_PATH_MAX];
	enum gs_err err;

	if (make_folder(store->folder) < 0)
		return failed(error, store->folder, "cannot be made");
	snprintf(path, sizeof(path), "%s/LOCK", store->folder);
	store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (store->lock_fd < 0)
		return failed(error, path, "cannot be opened");
	if (flock(store->lock_fd, LOCK_EX) != 0)
		return failed(error, path, "cannot be locked");
	err = check_format(store, error);
	if (!err)
		err = make_folders(store, error);
	(void)flock(store->lock_fd, LOCK_UN);
	if (err || (err = gs_model_store_enter(store, error)))
		return err;
	gs_model_store_sweep(store);
	gs_model_store_leave(store);
	return GS_OK;
}

enum gs_err gs_model_store_open(const struct gs_model_store_options *options, struct gs_model_store **out,
                                struct gs_error *error)
{
	struct gs_model_store *store = calloc(1, sizeof(*store));
	enum gs_err err;

	*out = NULL;
	if (!store)
		return gs_fail(error, GS_ENOMEM, "model store: no memory");
	store->lock_fd = -1;
	store->bytes_max = options->bytes_max ? options->bytes_max : UINT64_MAX / 2;
	store->log = options->log;
	pthread_mutex_init(&store->lock, NULL);
	if ((size_t)snprintf(store->folder, sizeof(store->folder), "%s", options->folder) >= sizeof(store->folder))
		err = gs_fail(error, GS_ELIMIT, "model store: a path longer than %zu", sizeof(store->folder) - 1);
	else
		err = open_folder(store, error);
	if (err) {
		gs_model_store_close(store);
		return err;
	}
	*out = store;
	return GS_OK;
}

void gs_model_store_close(struct gs_model_store *store)
{
	if (!store)
		return;
	if (store->lock_fd >= 0)
		close(store->lock_fd);
	pthread_mutex_destroy(&store->lock);
	free(store->entry);
	free(store);
}

/* --- changes and lists --- */

enum gs_err gs_model_store_get(struct gs_model_store *store, const struct gs_hash *id, struct gs_model_entry *out,
                               struct gs_error *error)
{
	struct gs_error why = {0};
	const enum gs_err err = read_record(store, id, out, &why);
	char text[67];

	gs_hex_encode(id->b, 32, true, text);
	if (err == GS_ENOTFOUND)
		return gs_fail(error, err, "%s: nothing is known of model %s", store->folder, text);
	return err ? gs_fail(error, err, "%s", why.text) : GS_OK;
}

enum gs_err gs_model_store_list(struct gs_model_store *store, struct gs_model_entry **out, size_t *count,
                                struct gs_error *error)
{
	enum gs_err err = gs_model_store_enter(store, error);

	*out = NULL;
	*count = 0;
	if (err)
		return err;
	*out = calloc(store->count + 1, sizeof(**out));
	if (!*out) {
		err = gs_fail(error, GS_ENOMEM, "%s: no memory for %zu models", store->folder, store->count);
	} else {
		*count = store->count;
		for (size_t i = 0; i < store->count; i++) {
			gs_model_store_look(store, &store->entry[i]);
			(*out)[i] = store->entry[i];
		}
	}
	gs_model_store_leave(store);
	return err;
}

enum gs_err gs_model_store_totals(struct gs_model_store *store, struct gs_model_store_totals *out,
                                  struct gs_error *error)
{
	struct file *file = NULL;
	size_t count;
	enum gs_err err = gs_model_store_enter(store, error);

	memset(out, 0, sizeof(*out));
	if (err)
		return err;
	err = list_files(store, &file, &count, error);
	for (size_t i = 0; !err && i < count; i++)
		out->bytes += file[i].bytes;
	free(file);
	out->bytes_max = store->bytes_max;
	out->models = store->count;
	for (size_t i = 0; i < store->count; i++) {
		out->present += store->entry[i].present;
		out->pinned += store->entry[i].pinned;
	}
	gs_model_store_leave(store);
	return err;
}

/* What changes of an entry; said to say why not. */
typedef enum gs_err (*changing)(struct gs_model_entry *entry, const void *context);

static enum gs_err change(struct gs_model_store *store, const struct gs_hash *id, bool may_be_new, changing how,
                          const void *context, struct gs_error *error)
{
	struct gs_model_entry entry = {.id = *id};
	const struct gs_model_entry *known;
	char text[67];
	enum gs_err err = gs_model_store_enter(store, error);

	if (err)
		return err;
	known = gs_model_store_find(store, id);
	if (known)
		entry = *known;
	gs_hex_encode(id->b, 32, true, text);
	if (!known && !may_be_new)
		err = gs_fail(error, GS_ENOTFOUND, "%s: nothing is known of model %s", store->folder, text);
	else
		err = how(&entry, context);
	if (!err && (err = gs_model_store_changes(store, error)) == GS_OK)
		err = gs_model_store_put(store, &entry, error);
	else if (err == GS_EAGAIN)
		err = GS_OK; /* nothing changes */
	gs_model_store_leave(store);
	return err;
}

static enum gs_err set_pin(struct gs_model_entry *entry, const void *context)
{
	const bool pinned = *(const bool *)context;

	if (entry->pinned == pinned)
		return GS_EAGAIN;
	entry->pinned = pinned;
	return GS_OK;
}

enum gs_err gs_model_store_pin(struct gs_model_store *store, const struct gs_hash *id, bool pinned,
                               struct gs_error *error)
{
	return change(store, id, pinned, set_pin, &pinned, error);
}

struct note {
	enum gs_model_lack lack;
	const char *why;
};

static enum gs_err set_note(struct gs_model_entry *entry, const void *context)
{
	const struct note *note = context;
	char why[GS_MODEL_WHY_MAX];

	snprintf(why, sizeof(why), "%s", note->lack ? note->why : "");
	if (entry->lack == note->lack && strcmp(entry->why, why) == 0)
		return GS_EAGAIN;
	entry->lack = note->lack;
	memcpy(entry->why, why, sizeof(why));
	entry->tried_s = (uint64_t)time(NULL);
	return GS_OK;
}

enum gs_err gs_model_store_note(struct gs_model_store *store, const struct gs_hash *id, enum gs_model_lack lack,
                                const char *why, struct gs_error *error)
{
	const struct note note = {lack, why};

	return change(store, id, lack != GS_MODEL_LACK_NONE, set_note, &note, error);
}

static enum gs_err set_cost(struct gs_model_entry *entry, const void *context)
{
	entry->cost = *(const struct gs_model_cost *)context;
	return GS_OK;
}

enum gs_err gs_model_store_cost(struct gs_model_store *store, const struct gs_hash *id,
                                const struct gs_model_cost *cost, struct gs_error *error)
{
	return change(store, id, false, set_cost, cost, error);
}

enum gs_err gs_model_store_remove(struct gs_model_store *store, const struct gs_hash *id, struct gs_error *error)
{
	const struct gs_model_entry *entry;
	enum gs_err err = gs_model_store_enter(store, error);

	if (err)
		return err;
	entry = gs_model_store_find(store, id);
	if (!entry || gs_hash_is_zero(&entry->sha256))
		err = gs_fail(error, GS_ENOTFOUND, "%s: holds no file of this model", store->folder);
	else if (!(err = gs_model_store_changes(store, error)))
		err = remove_file(store, &entry->sha256, error);
	gs_model_store_leave(store);
	return err;
}

enum gs_err gs_model_store_evict(struct gs_model_store *store, uint64_t bytes, size_t *evicted, struct gs_error *error)
{
	size_t count = 0;
	enum gs_err err = gs_model_store_enter(store, error);

	if (err)
		return err;
	err = gs_model_store_make_room(store, 0, bytes, NULL, &count, error);
	gs_model_store_leave(store);
	if (evicted)
		*evicted = count;
	return err;
}
