/* Models' files in use: each is checked by what it is read for. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "validator/models/store_state.h"

static enum gs_err check_hash(const char *path, const struct gs_model_entry *entry, struct gs_error *error)
{
	struct gs_hash is;
	uint64_t bytes;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum gs_err err;

	if (fd < 0)
		return gs_fail(error, errno == ENOENT ? GS_ENOTFOUND : GS_EIO, "%s: %s", path, strerror(errno));
	err = gs_model_sha256(fd, &is, &bytes, error);
	close(fd);
	if (err)
		return gs_fail_within(error, err, "%s", path);
	if (!gs_hash_equal(&is, &entry->sha256))
		return gs_fail(error, GS_ECORRUPT,
		               "%s: damaged: its SHA-256 is not its name; remove it, and have it fetched again", path);
	return GS_OK;
}

/* The file as it was fetched may make another model than it did: another version of the lowering. */
static enum gs_err load_as(const char *path, const struct gs_hash *id, struct gs_program *out, struct gs_error *error)
{
	struct gs_hash is;
	char text[67];
	enum gs_err err = gs_model_load(path, out, error);

	if (err)
		return err;
	gs_header_model_id(&out->header, &is);
	if (gs_hash_equal(&is, id))
		return GS_OK;
	gs_program_free(out);
	gs_hex_encode(is.b, 32, true, text);
	return gs_fail(error, GS_EUNSUPPORTED, "%s: makes model %s with this program, not the one that was asked for",
	               path, text);
}

static bool is_of_the_file(enum gs_err err)
{
	return err != GS_OK && err != GS_ENOMEM && err != GS_EIO;
}

enum gs_err gs_model_store_verify(struct gs_model_store *store, const struct gs_model_entry *entry,
                                  struct gs_error *error)
{
	char path[GS_MODEL_STORE_PATH_MAX];
	struct gs_program program = {0};
	enum gs_err err;

	gs_model_store_path(store, entry, path);
	err = check_hash(path, entry, error);
	if (!err)
		err = load_as(path, &entry->id, &program, error);
	if (is_of_the_file(err) && err != GS_ECORRUPT && err != GS_ENOTFOUND)
		err = gs_fail_within(error, GS_EUNSUPPORTED, "the file is whole");
	gs_program_free(&program);
	return err;
}

static enum gs_err say_absent(const struct gs_model_store *store, const struct gs_model_entry *entry,
                              struct gs_error *error)
{
	if (entry->lack != GS_MODEL_LACK_NONE)
		return gs_fail(error, GS_ENOTFOUND, "%s", entry->why);
	return gs_fail(error, GS_ENOTFOUND, "%s: the model's file %s", store->folder,
	               gs_hash_is_zero(&entry->sha256) ? "was never fetched" : "was evicted");
}

enum gs_err gs_model_store_load(struct gs_model_store *store, const struct gs_hash *id, struct gs_program *out,
                                struct gs_error *error)
{
	char path[GS_MODEL_STORE_PATH_MAX];
	struct gs_model_entry entry;
	struct gs_error why = {0};
	enum gs_err err;

	memset(out, 0, sizeof(*out));
	err = gs_model_store_get(store, id, &entry, error);
	if (err)
		return err;
	if (!entry.present)
		return say_absent(store, &entry, error);
	gs_model_store_path(store, &entry, path);
	err = load_as(path, id, out, error);
	if (!err) {
		(void)utimensat(AT_FDCWD, path, NULL, 0); /* another user's file keeps its time */
		return entry.lack ? gs_model_store_note(store, id, GS_MODEL_LACK_NONE, "", error) : GS_OK;
	}
	if (!is_of_the_file(err))
		return err;
	if (check_hash(path, &entry, &why) == GS_ECORRUPT) {
		gs_log_line(store->log, GS_LOG_ERROR, "model.damaged", "path=\"%s\"", path);
		err = gs_model_store_remove(store, id, error);
		return err ? err : gs_fail(error, GS_ECORRUPT, "%s: damaged, and removed", path);
	}
	why = error ? *error : why;
	err = gs_model_store_note(store, id, GS_MODEL_LACK_UNSUPPORTED, why.text, error);
	return err ? err : gs_fail(error, GS_EUNSUPPORTED, "%s", why.text);
}
