#include "validator/daemon/watch_blobs.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/textfile.h"
#include "validator/daemon/watch.h"
#include "validator/models/download.h"
#include "validator/models/load.h"
#include "validator/models/source.h"

enum { PATH_MAX_LEN = GS_BINDER_PATH_MAX + 128, SHA256_DIGITS = 64, PREFIX_MAX = 16 };

struct gs_blobs {
	char dir[GS_BINDER_PATH_MAX];
	struct gs_model_source aggregator[GS_BINDER_LIST_MAX];
	size_t aggregators;
	char ca_file[GS_BINDER_PATH_MAX], proxy[GS_BINDER_PATH_MAX];
	unsigned stall_s;
	size_t threads;
};

static enum gs_err add_aggregator(struct gs_blobs *b, const char *url, struct gs_error *error)
{
	char text[GS_MODEL_SOURCE_MAX + PREFIX_MAX];
	enum gs_err err;

	snprintf(text, sizeof(text), "walrus:%s", url);
	err = gs_model_source_parse(text, &b->aggregator[b->aggregators++], error);
	return err ? gs_fail_within(error, err, "opengradient.aggregators: %s", url) : GS_OK;
}

enum gs_err gs_blobs_open(const char *dir, const struct gs_config *config, bool offline, struct gs_blobs **out,
                          struct gs_error *error)
{
	struct gs_blobs *b = calloc(1, sizeof(*b));
	enum gs_err err = GS_OK;

	if (!b)
		return gs_fail(error, GS_ENOMEM, "blobs: no memory");
	snprintf(b->dir, sizeof(b->dir), "%s", dir);
	snprintf(b->ca_file, sizeof(b->ca_file), "%s", config->model_store.ca_file);
	snprintf(b->proxy, sizeof(b->proxy), "%s", config->model_store.proxy);
	b->stall_s = (unsigned)config->model_store.stall_s;
	b->threads = config->opengradient.downloads;
	for (size_t i = 0; i < config->opengradient.aggregators.count && !offline && !err; i++)
		err = add_aggregator(b, config->opengradient.aggregators.item[i], error);
	if (!err && mkdir(dir, 0777) != 0 && errno != EEXIST)
		err = gs_fail(error, GS_EIO, "%s: cannot be made: %s", dir, strerror(errno));
	if (err)
		free(b);
	else
		*out = b;
	return err;
}

void gs_blobs_close(struct gs_blobs *b)
{
	free(b);
}

size_t gs_blobs_aggregators(const struct gs_blobs *b)
{
	return b->aggregators;
}

/* --- files --- */

static void content_path(const struct gs_blobs *b, const struct gs_hash *sha256, char out[PATH_MAX_LEN])
{
	char digits[SHA256_DIGITS + 1];

	gs_hex_encode(sha256->b, sizeof(sha256->b), false, digits);
	snprintf(out, PATH_MAX_LEN, "%s/%s.json", b->dir, digits);
}

/* Which bytes the id leads to. GS_ENOTFOUND. */
static enum gs_err find(const struct gs_blobs *b, const char *id, struct gs_hash *sha256, struct gs_error *error)
{
	char path[PATH_MAX_LEN];
	struct gs_buf text;
	enum gs_err err;

	snprintf(path, sizeof(path), "%s/%s", b->dir, id);
	gs_buf_init(&text, SHA256_DIGITS + 2);
	err = gs_textfile_read(path, &text, error);
	if (!err && (text.len < SHA256_DIGITS ||
	             gs_hex_decode((const char *)text.ptr, SHA256_DIGITS, sha256->b, sizeof(sha256->b))))
		err = gs_fail(error, GS_ECORRUPT, "%s: not the SHA-256 of a blob; remove it, and it is fetched again",
		              path);
	gs_buf_free(&text);
	return err;
}

enum gs_err gs_blobs_choose(struct gs_blobs *b, const char *id, const struct gs_hash *sha256, struct gs_error *error)
{
	char path[PATH_MAX_LEN], digits[SHA256_DIGITS + 1];

	gs_hex_encode(sha256->b, sizeof(sha256->b), false, digits);
	snprintf(path, sizeof(path), "%s/%s", b->dir, id);
	return gs_textfile_replace(path, digits, error);
}

static enum gs_err read_content(struct gs_blobs *b, const struct gs_hash *sha256, struct gs_buf *out,
                                struct gs_error *error)
{
	char path[PATH_MAX_LEN];
	struct gs_hash is;
	uint64_t bytes;
	int fd;
	enum gs_err err;

	content_path(b, sha256, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? GS_ENOTFOUND : gs_fail(error, GS_EIO, "%s: %s", path, strerror(errno));
	err = gs_model_sha256(fd, &is, &bytes, error);
	close(fd);
	if (!err && !gs_hash_equal(&is, sha256))
		err = gs_fail(error, GS_ECORRUPT, "%s: its bytes have changed; remove it, and it is fetched again",
		              path);
	return err ? err : gs_textfile_read(path, out, error);
}

enum gs_err gs_blobs_read(struct gs_blobs *b, const char *id, struct gs_buf *out, struct gs_hash *sha256,
                          struct gs_error *error)
{
	const enum gs_err err = find(b, id, sha256, error);

	return err ? err : read_content(b, sha256, out, error);
}

/* --- fetching --- */

/* What an aggregator did not give, and what that says. GS_OK: a finding; else this machine's own error. */
static enum gs_err sort_out(enum gs_err err, enum gs_finding *finding)
{
	*finding = err == GS_ENOTFOUND ? GS_FINDING_BLOB_MISSING
	           : err == GS_ELIMIT  ? GS_FINDING_BLOB_LIMIT
	                               : GS_FINDING_BLOB_UNREACHED;
	return err == GS_ENOTFOUND || err == GS_ELIMIT || err == GS_EIO || err == GS_EAGAIN ? GS_OK : err;
}

/* The whole file lies in fd, under the name part: it gets that of its bytes. */
static enum gs_err keep(struct gs_blobs *b, int fd, const char *part, struct gs_hash *sha256, struct gs_error *error)
{
	char path[PATH_MAX_LEN];
	uint64_t bytes;
	enum gs_err err = gs_model_sha256(fd, sha256, &bytes, error);

	if (err)
		return err;
	content_path(b, sha256, path);
	if (rename(part, path) != 0)
		return gs_fail(error, GS_EIO, "%s: cannot be renamed: %s", part, strerror(errno));
	return GS_OK;
}

/* From one aggregator into the archive. *finding; errors are this machine's own. */
static enum gs_err fetch_from(struct gs_blobs *b, const char *id, size_t which, struct gs_hash *sha256,
                              enum gs_finding *finding, struct gs_error *why)
{
	char url[GS_MODEL_SOURCE_MAX], part[PATH_MAX_LEN], mark[PATH_MAX_LEN + 8];
	struct gs_model_want want = {0};
	struct gs_download d = {.url = url,
	                        .ca_file = b->ca_file[0] ? b->ca_file : NULL,
	                        .proxy = b->proxy[0] ? b->proxy : NULL,
	                        .bytes_max = GS_BLOB_BYTES_MAX,
	                        .stall_s = b->stall_s,
	                        .mark = mark};
	uint64_t bytes;
	enum gs_err err;

	*finding = GS_FINDING_VALID;
	snprintf(want.known.blob, sizeof(want.known.blob), "%s", id);
	if ((err = gs_model_source_url(&b->aggregator[which], &want, url, why)) != GS_OK)
		return err;
	snprintf(part, sizeof(part), "%s/%s.%zu.part", b->dir, id, which);
	snprintf(mark, sizeof(mark), "%s.etag", part);
	d.fd = open(part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (d.fd < 0)
		return gs_fail(why, GS_EINVAL, "%s: cannot be written: %s", part, strerror(errno));
	err = gs_download_run(&d, &bytes, why);
	if (!err)
		err = keep(b, d.fd, part, sha256, why);
	else if ((err = sort_out(err, finding)) == GS_OK)
		(void)gs_fail_within(why, GS_EIO, "%s", b->aggregator[which].at);
	close(d.fd);
	if (err || *finding != GS_FINDING_BLOB_UNREACHED) { /* else a later try goes on where this one stopped */
		(void)unlink(part);
		(void)unlink(mark);
	}
	return err;
}

enum gs_err gs_blobs_ask(struct gs_blobs *b, const char *id, size_t which, struct gs_buf *out, struct gs_hash *sha256,
                         enum gs_finding *finding, struct gs_error *error)
{
	const enum gs_err err = fetch_from(b, id, which, sha256, finding, error);

	return err || *finding != GS_FINDING_VALID ? err : read_content(b, sha256, out, error);
}

/* That one could not be asked says the least: the blob may be there. */
static enum gs_finding worse(enum gs_finding a, enum gs_finding b)
{
	if (a == GS_FINDING_BLOB_UNREACHED || b == GS_FINDING_BLOB_UNREACHED)
		return GS_FINDING_BLOB_UNREACHED;
	return a == GS_FINDING_BLOB_LIMIT || b == GS_FINDING_BLOB_LIMIT ? GS_FINDING_BLOB_LIMIT
	                                                                : GS_FINDING_BLOB_MISSING;
}

static enum gs_err fetch_one(struct gs_blobs *b, struct gs_blob_wanted *w, struct gs_error *error)
{
	struct gs_hash sha256;
	struct gs_buf bytes;
	struct gs_error why = {0};
	enum gs_err err;

	gs_buf_init(&bytes, GS_BLOB_BYTES_MAX);
	err = gs_blobs_read(b, w->id, &bytes, &sha256, error);
	gs_buf_free(&bytes);
	w->finding = GS_FINDING_VALID;
	if (err != GS_ENOTFOUND)
		return err;
	w->finding = GS_FINDING_BLOB_MISSING;
	for (size_t i = 0; i < b->aggregators; i++) {
		enum gs_finding finding;
		err = fetch_from(b, w->id, i, &sha256, &finding, &why);
		if (err)
			return gs_fail(error, err, "%s", why.text);
		if (finding == GS_FINDING_VALID) {
			w->finding = finding;
			return gs_blobs_choose(b, w->id, &sha256, error);
		}
		if (i == 0 || worse(w->finding, finding) != w->finding)
			snprintf(w->why, sizeof(w->why), "%.*s", (int)sizeof(w->why) - 1, why.text);
		w->finding = i == 0 ? finding : worse(w->finding, finding);
	}
	return GS_OK;
}

/* --- several at once --- */

struct team {
	struct gs_blobs *b;
	struct gs_blob_wanted *wanted;
	size_t count;
	pthread_mutex_t lock; /* guards all below */
	size_t next;
	enum gs_err err;
	struct gs_error error;
};

static void *work(void *context)
{
	struct team *t = context;

	for (;;) {
		struct gs_error why = {0};
		pthread_mutex_lock(&t->lock);
		const size_t i = t->next++;
		const bool go_on = i < t->count && !t->err;
		pthread_mutex_unlock(&t->lock);
		if (!go_on)
			return NULL;
		const enum gs_err err = fetch_one(t->b, &t->wanted[i], &why);
		pthread_mutex_lock(&t->lock);
		if (err && !t->err) {
			t->err = err;
			t->error = why;
		}
		pthread_mutex_unlock(&t->lock);
	}
}

enum gs_err gs_blobs_fetch(struct gs_blobs *b, struct gs_blob_wanted *wanted, size_t count, struct gs_error *error)
{
	struct team t = {.b = b, .wanted = wanted, .count = count};
	pthread_t thread[GS_WATCH_DOWNLOADS_MAX];
	size_t started = 0;

	pthread_mutex_init(&t.lock, NULL);
	while (started + 1 < b->threads && started + 1 < count && started < GS_WATCH_DOWNLOADS_MAX &&
	       pthread_create(&thread[started], NULL, work, &t) == 0)
		started++;
	work(&t);
	for (size_t i = 0; i < started; i++)
		pthread_join(thread[i], NULL);
	pthread_mutex_destroy(&t.lock);
	return t.err ? gs_fail(error, t.err, "%s", t.error.text) : GS_OK;
}
