#include "validator/models/fetch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "challenge/machine/trace.h"
#include "validator/models/download.h"

enum { COPY_BYTES = 1 << 18 };

struct fetching {
	const struct gs_model_fetch_options *o;
	const struct gs_model_want *want;
	const char *address;      /* of the file, for whoever reads */
	const struct gs_cid *cid; /* that the file was asked for by; NULL: by something else */
	struct gs_model_entry *out;
};

static uint64_t bytes_max(const struct gs_model_fetch_options *o)
{
	return o->file_bytes_max && o->file_bytes_max < GS_MODEL_FILE_MAX ? o->file_bytes_max : GS_MODEL_FILE_MAX;
}

enum gs_model_lack gs_model_lack_of(enum gs_err err)
{
	if (err == GS_OK)
		return GS_MODEL_LACK_NONE;
	if (err == GS_ECORRUPT || err == GS_EPARSE)
		return GS_MODEL_LACK_DIFFERS;
	if (err == GS_EUNSUPPORTED)
		return GS_MODEL_LACK_UNSUPPORTED;
	return err == GS_ELIMIT ? GS_MODEL_LACK_TOO_LARGE : GS_MODEL_LACK_MISSING;
}

/* --- is it the one? --- */

static enum gs_err differs(struct gs_error *error, const char *what, const struct gs_hash *is,
                           const struct gs_hash *wanted)
{
	char one[67], other[67];

	gs_hex_encode(is->b, 32, true, one);
	gs_hex_encode(wanted->b, 32, true, other);
	return gs_fail(error, GS_ECORRUPT, "another file: %s %s, not %s", what, one, other);
}

/* The first bytes of a program file say whose it is, long before the rest is here. */
static enum gs_err look_at_head(void *self, struct gs_bytes head, struct gs_error *error)
{
	const struct fetching *f = self;
	enum gs_model_form form;
	struct gs_hash id;
	enum gs_err err = gs_model_head(head, &form, &id, error);

	if (err)
		return gs_fail_within(error, GS_ECORRUPT, "another file");
	if (form == GS_MODEL_PROGRAM && !gs_hash_is_zero(&f->want->id) && !gs_hash_equal(&id, &f->want->id))
		return differs(error, "it is the program of model", &id, &f->want->id);
	return GS_OK;
}

/* *sure: somebody told the file's hash, and it is this one. */
static enum gs_err check_hashes(const struct fetching *f, const struct gs_model_entry *e, bool *sure,
                                struct gs_error *error)
{
	const struct gs_model_want *w = f->want;

	*sure = false;
	if (w->known.bytes && w->known.bytes != e->bytes)
		return gs_fail(error, GS_ECORRUPT, "another file: it has %llu bytes, the index says %llu",
		               (unsigned long long)e->bytes, (unsigned long long)w->known.bytes);
	if (!gs_hash_is_zero(&w->known.sha256) && !gs_hash_equal(&w->known.sha256, &e->sha256))
		return differs(error, "its SHA-256 is", &e->sha256, &w->known.sha256);
	if (e->form == GS_MODEL_ONNX && !gs_hash_is_zero(&w->onnx) && !gs_hash_equal(&w->onnx, &e->sha256))
		return differs(error, "its SHA-256 is", &e->sha256, &w->onnx);
	if (f->cid && f->cid->is_file_hash && !gs_hash_equal(&f->cid->sha256, &e->sha256))
		return differs(error, "its SHA-256 is", &e->sha256, &f->cid->sha256);
	*sure = !gs_hash_is_zero(&w->known.sha256) || (f->cid && f->cid->is_file_hash) ||
	        (e->form == GS_MODEL_ONNX && !gs_hash_is_zero(&w->onnx));
	return GS_OK;
}

/* The model that the file makes, computed from all of it. */
static enum gs_err check_model(const struct fetching *f, const char *path, bool sure, struct gs_model_entry *e,
                               struct gs_error *error)
{
	struct gs_program program = {0};
	struct gs_error why = {0};
	char id[67];
	enum gs_err err = gs_model_load(path, &program, &why);

	if (err == GS_ENOMEM || err == GS_EIO)
		return gs_fail(error, err, "%s", why.text);
	if (err && e->form == GS_MODEL_ONNX && sure)
		return gs_fail(error, GS_EUNSUPPORTED, "the right file, and not supported: %s", why.text);
	if (err)
		return gs_fail(error, GS_ECORRUPT, "no model's file: %s", why.text);
	gs_header_model_id(&program.header, &e->id);
	e->steps = program.header.cost;
	e->trace_bytes = gs_program_trace_bytes(&program);
	gs_program_free(&program);
	if (gs_hash_is_zero(&f->want->id) || gs_hash_equal(&e->id, &f->want->id))
		return GS_OK;
	gs_hex_encode(e->id.b, 32, true, id);
	if (sure)
		return gs_fail(
			error, GS_EUNSUPPORTED,
			"the right ONNX file, but as it is it makes model %s; the one that is wanted was made with "
			"shapes, a tolerance or a lowering of its own: its program file (.gsp) is needed",
			id);
	return differs(error, "it makes model", &e->id, &f->want->id);
}

static enum gs_err check(const struct fetching *f, const struct gs_model_part *part, struct gs_model_entry *e,
                         struct gs_error *error)
{
	uint8_t head[GS_MODEL_HEAD_BYTES];
	struct gs_hash id;
	bool sure = false;
	const ssize_t len = pread(part->fd, head, sizeof(head), 0);
	enum gs_err err = len < 0 ? gs_fail(error, GS_EIO, "%s: cannot be read: %s", part->path, strerror(errno))
	                          : look_at_head((void *)(uintptr_t)f, (struct gs_bytes){head, (size_t)len}, error);

	*e = (struct gs_model_entry){.id = f->want->id};
	if (!err && (err = gs_model_head((struct gs_bytes){head, (size_t)len}, &e->form, &id, error)))
		return err;
	if (!err)
		err = gs_model_sha256(part->fd, &e->sha256, &e->bytes, error);
	if (!err)
		err = check_hashes(f, e, &sure, error);
	if (!err)
		err = check_model(f, part->path, sure, e, error);
	if (!err)
		snprintf(e->source, sizeof(e->source), "%s", f->address);
	return err;
}

/* The whole file is in the part: into the store with it, or away. */
static enum gs_err take_in(const struct fetching *f, struct gs_model_part *part, struct gs_error *error)
{
	struct gs_model_entry e;
	char id[67];
	enum gs_err err = check(f, part, &e, error);

	if (err) {
		gs_model_part_close(part, err != GS_ENOMEM && err != GS_EIO);
		return err;
	}
	err = gs_model_store_keep(f->o->store, part, &e, error);
	if (!err)
		err = gs_model_store_get(f->o->store, &e.id, f->out, error);
	if (err)
		return err;
	gs_hex_encode(e.id.b, 32, true, id);
	gs_log_line(f->o->log, GS_LOG_INFO, "model.fetched", "model=%s bytes=%llu from=\"%s\"", id,
	            (unsigned long long)e.bytes, f->address);
	return GS_OK;
}

/* --- from the web --- */

static bool tell(void *self, uint64_t bytes, uint64_t total)
{
	const struct fetching *f = self;

	return f->o->progress(f->o->self, f->address, bytes, total);
}

static bool text_or_null(const char *text)
{
	return text && text[0];
}

static enum gs_err download(const struct fetching *f, struct gs_model_part *part, struct gs_error *error)
{
	const struct gs_model_fetch_options *o = f->o;
	const struct gs_download d = {.url = f->address,
	                              .ca_file = text_or_null(o->ca_file) ? o->ca_file : NULL,
	                              .proxy = text_or_null(o->proxy) ? o->proxy : NULL,
	                              .bytes_max = bytes_max(o),
	                              .stall_s = o->stall_s,
	                              .fd = part->fd,
	                              .mark = part->mark,
	                              .head = look_at_head,
	                              .progress = o->progress ? tell : NULL,
	                              .self = (void *)(uintptr_t)f};
	uint64_t bytes;

	return gs_download_run(&d, &bytes, error);
}

/* again: an earlier part was of another version than what came behind it. */
static enum gs_err from_web(const struct fetching *f, bool *resumed, struct gs_error *error)
{
	struct gs_model_part part;
	struct stat info;
	enum gs_err err = gs_model_store_part(f->o->store, &f->want->id, f->address, &part, error);

	*resumed = false;
	if (err)
		return err;
	*resumed = fstat(part.fd, &info) == 0 && info.st_size > 0;
	err = download(f, &part, error);
	if (err) {
		gs_model_part_close(&part, err != GS_EIO && err != GS_EAGAIN);
		return err;
	}
	return take_in(f, &part, error);
}

static enum gs_err ask_web(struct fetching *f, const struct gs_model_source *source, struct gs_error *error)
{
	char url[GS_MODEL_SOURCE_MAX];
	struct gs_cid cid;
	bool resumed;
	enum gs_err err = gs_model_source_url(source, f->want, url, error);

	if (err)
		return err;
	if (source->kind == GS_MODEL_SOURCE_IPFS && (err = gs_cid_parse(strrchr(url, '/') + 1, &cid, error)))
		return err;
	f->address = url;
	f->cid = source->kind == GS_MODEL_SOURCE_IPFS ? &cid : NULL;
	err = from_web(f, &resumed, error);
	if (err == GS_ECORRUPT && resumed)
		err = from_web(f, &resumed, error);
	f->cid = NULL;
	f->address = NULL;
	return err;
}

/* --- from a folder --- */

static enum gs_err copy(int from, int to, uint64_t most, struct gs_error *error)
{
	uint8_t *block = malloc(COPY_BYTES);
	uint64_t done = 0;
	ssize_t got = block ? 1 : -1;
	enum gs_err err = block ? GS_OK : gs_fail(error, GS_ENOMEM, "no memory to copy with");

	while (!err && got > 0) {
		got = pread(from, block, COPY_BYTES, (off_t)done);
		if (got < 0 || (got > 0 && pwrite(to, block, (size_t)got, (off_t)done) != got))
			err = gs_fail(error, GS_EIO, "cannot be copied: %s", strerror(errno));
		done += got > 0 ? (uint64_t)got : 0;
		if (!err && done > most)
			err = gs_fail(error, GS_ELIMIT, "the file is over the limit of %llu bytes",
			              (unsigned long long)most);
	}
	if (!err && (ftruncate(to, (off_t)done) != 0 || fsync(to) != 0))
		err = gs_fail(error, GS_EIO, "cannot be written: %s", strerror(errno));
	free(block);
	return err;
}

static enum gs_err take_file(struct fetching *f, const char *path, struct gs_error *error)
{
	struct gs_model_part part;
	struct stat info;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum gs_err err;

	if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
		err = gs_fail(error, fd < 0 && errno == ENOENT ? GS_ENOTFOUND : GS_EIO, "%s: %s", path,
		              fd < 0 ? strerror(errno) : "not a regular file");
	} else if ((uint64_t)info.st_size > bytes_max(f->o)) {
		err = gs_fail(error, GS_ELIMIT, "%s: the file has %llu bytes, over the limit of %llu", path,
		              (unsigned long long)info.st_size, (unsigned long long)bytes_max(f->o));
	} else {
		f->address = path;
		err = gs_model_store_part(f->o->store, &f->want->id, path, &part, error);
		if (!err && (err = copy(fd, part.fd, bytes_max(f->o), error)))
			gs_model_part_close(&part, true);
		else if (!err)
			err = take_in(f, &part, error);
		f->address = NULL;
	}
	if (fd >= 0)
		close(fd);
	return err;
}

/* Whether a file of a folder is worth a copy: its first bytes, or its hash, say that it is the one. */
static bool promises(const struct fetching *f, const char *path)
{
	uint8_t head[GS_MODEL_HEAD_BYTES];
	const struct gs_hash *const told = gs_hash_is_zero(&f->want->onnx) ? &f->want->known.sha256 : &f->want->onnx;
	enum gs_model_form form;
	struct gs_hash id;
	struct gs_program program = {0};
	uint64_t bytes;
	bool good = false;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const ssize_t len = fd >= 0 ? read(fd, head, sizeof(head)) : -1;

	if (len > 0 && gs_model_head((struct gs_bytes){head, (size_t)len}, &form, &id, NULL) == GS_OK) {
		if (form == GS_MODEL_PROGRAM) {
			good = gs_hash_equal(&id, &f->want->id);
		} else if (!gs_hash_is_zero(told)) {
			good = gs_model_sha256(fd, &id, &bytes, NULL) == GS_OK && gs_hash_equal(&id, told);
		} else if (gs_model_load(path, &program, NULL) == GS_OK) {
			gs_header_model_id(&program.header, &id);
			good = gs_hash_equal(&id, &f->want->id);
		}
	}
	gs_program_free(&program);
	if (fd >= 0)
		close(fd);
	return good;
}

static enum gs_err ask_folder(struct fetching *f, const struct gs_model_source *source, struct gs_error *error)
{
	char path[GS_MODEL_STORE_PATH_MAX];
	DIR *dir = opendir(source->at);
	struct dirent *item;
	enum gs_err err = GS_ENOTFOUND;

	if (!dir)
		return gs_fail(error, GS_EIO, "cannot be read: %s", strerror(errno));
	(void)gs_fail(error, GS_ENOTFOUND, "no file there is this model");
	while (err && err != GS_ENOMEM && (item = readdir(dir))) {
		if (!gs_model_named_like_one(item->d_name) ||
		    (size_t)snprintf(path, sizeof(path), "%s/%s", source->at, item->d_name) >= sizeof(path))
			continue;
		if (promises(f, path))
			err = take_file(f, path, error);
	}
	closedir(dir);
	return err;
}

/* --- all of them --- */

/* What is said at the end, of two that failed: what is known of the file says more than that it was not there. */
static enum gs_err worse(enum gs_err a, enum gs_err b)
{
	static const enum gs_err order[] = {GS_ENOMEM, GS_EAGAIN,    GS_EUNSUPPORTED, GS_ELIMIT,   GS_ECORRUPT,
	                                    GS_EPARSE, GS_ECONFLICT, GS_EIO,          GS_ENOTFOUND};

	for (size_t i = 0; i < GS_ARRAY_LEN(order); i++)
		if (order[i] == a || order[i] == b)
			return order[i];
	return a ? a : b;
}

enum gs_err gs_model_fetch(const struct gs_model_fetch_options *options, const struct gs_model_want *want,
                           struct gs_model_entry *out, struct gs_error *error)
{
	struct fetching f = {.o = options, .want = want, .out = out};
	char all[GS_ERROR_TEXT_MAX] = "";
	enum gs_err result = GS_OK;

	if (!gs_hash_is_zero(&want->id) && gs_model_store_get(options->store, &want->id, out, NULL) == GS_OK &&
	    out->present)
		return GS_OK;
	for (size_t i = 0; i < options->sources; i++) {
		const struct gs_model_source *source = &options->source[i];
		struct gs_error why = {0};
		const enum gs_err err = source->kind == GS_MODEL_SOURCE_FOLDER ? ask_folder(&f, source, &why)
		                                                               : ask_web(&f, source, &why);
		if (err == GS_OK || err == GS_ENOMEM || err == GS_EAGAIN) {
			if (err)
				return gs_fail(error, err, "%s", why.text);
			return GS_OK;
		}
		result = result ? worse(result, err) : err;
		const size_t len = strlen(all);
		snprintf(all + len, sizeof(all) - len, "%s%.120s: %.200s", len ? "; " : "",
		         source->kind == GS_MODEL_SOURCE_INDEX ? "index" : source->at, why.text);
	}
	if (options->sources == 0)
		return gs_fail(error, GS_ENOTFOUND,
		               "no source is configured (model_store.sources); put the file into the models folder");
	return gs_fail(error, result, "%s", all);
}

enum gs_err gs_model_fetch_file(const struct gs_model_fetch_options *options, const char *path,
                                const struct gs_model_want *want, struct gs_model_entry *out, struct gs_error *error)
{
	struct fetching f = {.o = options, .want = want, .out = out};

	return take_file(&f, path, error);
}
