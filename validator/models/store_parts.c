/* Files on their way into a store. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "chain/core/hash.h"
#include "validator/models/store_state.h"

enum { ADDRESS_DIGITS = 16, FILE_MODE = 0644, KEPT_MODE = 0444, OPEN_TRIES = 8 };

static const char suffix[] = ".part";

static enum gs_err failed(struct gs_error *error, const char *path, const char *what)
{
	return gs_fail(error, GS_EIO, "%s: %s: %s", path, what, strerror(errno));
}

/* Whether the path still leads to what is open: whoever held the lock before may have moved it. */
static bool same_file(int fd, const char *path)
{
	struct stat open_one, named;

	return fstat(fd, &open_one) == 0 && stat(path, &named) == 0 && open_one.st_ino == named.st_ino &&
	       open_one.st_dev == named.st_dev;
}

/* Opens and locks; -1: somebody else has it, or errno (then *busy is false). */
static int open_locked(const char *path, int flags, bool *busy)
{
	*busy = false;
	for (int i = 0; i < OPEN_TRIES; i++) {
		int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
		if (fd < 0)
			return -1;
		if (flock(fd, LOCK_EX | LOCK_NB) == 0 && same_file(fd, path))
			return fd;
		*busy = true;
		close(fd);
	}
	return -1;
}

enum gs_err gs_model_store_part(struct gs_model_store *store, const struct gs_hash *id, const char *address,
                                struct gs_model_part *out, struct gs_error *error)
{
	char model[65], where[2 * 32 + 1];
	struct gs_hash of_address;
	bool busy;

	gs_hex_encode(id->b, 32, false, model);
	gs_keccak256(address, strlen(address), &of_address);
	gs_hex_encode(of_address.b, 32, false, where);
	snprintf(out->path, sizeof(out->path), "%s/parts/%s-%.*s%s", store->folder, model, ADDRESS_DIGITS, where,
	         suffix);
	snprintf(out->mark, sizeof(out->mark), "%s/parts/%s-%.*s.mark", store->folder, model, ADDRESS_DIGITS, where);
	out->fd = open_locked(out->path, O_RDWR | O_CREAT, &busy);
	if (out->fd >= 0)
		return GS_OK;
	return busy ? gs_fail(error, GS_ECONFLICT, "somebody else fetches it just now")
	            : failed(error, out->path, "cannot be opened");
}

void gs_model_part_close(struct gs_model_part *part, bool drop)
{
	if (part->fd < 0)
		return;
	if (drop) {
		(void)unlink(part->mark);
		(void)unlink(part->path);
	}
	close(part->fd);
	part->fd = -1;
}

/* The file under its own name; its folder outlives a power cut. */
static enum gs_err put_in_place(struct gs_model_store *store, const struct gs_model_part *part,
                                const struct gs_model_entry *entry, struct gs_error *error)
{
	char path[GS_MODEL_STORE_PATH_MAX], folder[GS_MODEL_STORE_PATH_MAX];
	enum gs_err err;

	gs_model_store_path(store, entry, path);
	snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path), path);
	if (mkdir(folder, 0755) == 0) {
		char objects[GS_MODEL_STORE_PATH_MAX];
		snprintf(objects, sizeof(objects), "%s/objects", store->folder);
		if ((err = gs_model_store_sync_folder(objects, error)))
			return err;
	}
	if (futimens(part->fd, NULL) != 0 || fchmod(part->fd, KEPT_MODE) != 0 || fsync(part->fd) != 0)
		return failed(error, part->path, "cannot be written");
	if (rename(part->path, path) != 0)
		return failed(error, path, "cannot be made");
	return gs_model_store_sync_folder(folder, error);
}

enum gs_err gs_model_store_keep(struct gs_model_store *store, struct gs_model_part *part,
                                const struct gs_model_entry *entry, struct gs_error *error)
{
	struct gs_model_entry now = *entry;
	struct gs_model_entry *known;
	size_t evicted;
	enum gs_err err = gs_model_store_enter(store, error);

	if (err) {
		gs_model_part_close(part, false);
		return err;
	}
	known = gs_model_store_find(store, &entry->id);
	if (known) {
		gs_model_store_look(store, known);
		now.pinned = known->pinned;
		now.cost = known->cost;
	}
	const bool there = known && known->present;
	if (!there) {
		now.added_s = (uint64_t)time(NULL);
		now.lack = GS_MODEL_LACK_NONE;
		now.why[0] = '\0';
		err = gs_model_store_make_room(store, entry->bytes, store->bytes_max, &entry->sha256, &evicted, error);
		if (!err)
			err = gs_model_store_changes(store, error);
		if (!err)
			err = gs_model_store_put(store, &now, error);
		if (!err)
			err = put_in_place(store, part, entry, error);
		known = err ? NULL : gs_model_store_find(store, &entry->id);
		if (known)
			gs_model_store_look(store, known);
	}
	gs_model_store_leave(store);
	gs_model_part_close(part, !err);
	return err;
}

enum gs_err gs_model_store_room(struct gs_model_store *store, uint64_t bytes, struct gs_error *error)
{
	uint64_t pinned = 0;
	enum gs_err err = gs_model_store_enter(store, error);

	if (err)
		return err;
	for (size_t i = 0; i < store->count; i++)
		pinned += store->entry[i].pinned && store->entry[i].present ? store->entry[i].bytes : 0;
	gs_model_store_leave(store);
	if (bytes <= store->bytes_max && pinned <= store->bytes_max - bytes)
		return GS_OK;
	return gs_fail(error, GS_ELIMIT,
	               "%s: no room for %llu bytes beside %llu that are pinned: the store takes %llu "
	               "(model_store.size_mib)",
	               store->folder, (unsigned long long)bytes, (unsigned long long)pinned,
	               (unsigned long long)store->bytes_max);
}

static void sweep_one(const char *path, time_t now)
{
	struct stat info;
	bool busy;

	if (stat(path, &info) != 0 || info.st_mtime > now || now - info.st_mtime < GS_MODEL_PART_KEPT_S)
		return;
	int fd = open_locked(path, O_RDONLY, &busy);
	if (fd < 0)
		return;
	(void)unlink(path);
	close(fd);
}

void gs_model_store_sweep(struct gs_model_store *store)
{
	char path[GS_MODEL_STORE_PATH_MAX];
	const time_t now = time(NULL);
	DIR *dir;
	struct dirent *item;

	snprintf(path, sizeof(path), "%s/parts", store->folder);
	dir = opendir(path);
	while (dir && (item = readdir(dir)))
		if (item->d_name[0] != '.' &&
		    (size_t)snprintf(path, sizeof(path), "%s/parts/%s", store->folder, item->d_name) < sizeof(path))
			sweep_one(path, now);
	if (dir)
		closedir(dir);
}
