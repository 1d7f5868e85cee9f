/* The store of models: its folder, what is in it, and whether its sources answer. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "validator/daemon/doctor.h"
#include "validator/daemon/library.h"

enum { ANSWER_BYTES_MAX = 64 * 1024, ANSWER_STALL_S = 10, MIB = 1 << 20 };

static bool is_empty(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *item;
	bool empty = dir != NULL;

	while (dir && (item = readdir(dir)))
		empty = empty && (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0);
	if (dir)
		closedir(dir);
	return empty;
}

/* Whether there is a store to be looked at, which may be written. */
static bool look_at_folder(struct gs_doctor *d, const char *folder)
{
	char path[GS_BINDER_PATH_MAX + 32];
	struct stat st;

	if (stat(folder, &st) != 0) {
		const char *slash = strrchr(folder, '/');
		snprintf(path, sizeof(path), "%.*s", slash ? (int)(slash - folder) + 1 : 1, slash ? folder : ".");
		if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
			gs_doctor_say(d, GS_ILL, "model store", "make the folder that it lies in, or name another",
			              "%s: no folder %s", folder, path);
		else
			gs_doctor_say(d, GS_WELL, "model store", "", "%s: not there yet; the first start makes it",
			              folder);
		return false;
	}
	snprintf(path, sizeof(path), "%s/.doctor-XXXXXX", folder);
	const int fd = S_ISDIR(st.st_mode) ? mkstemp(path) : -1;
	if (fd < 0) {
		gs_doctor_say(d, GS_ILL, "model store", "the account that runs the node must be able to write there",
		              "%s: %s", folder, S_ISDIR(st.st_mode) ? strerror(errno) : "not a folder");
		return false;
	}
	close(fd);
	unlink(path);
	if (is_empty(folder)) { /* opening it would make a store */
		gs_doctor_say(d, GS_WELL, "model store", "", "%s: empty; the first start makes it", folder);
		return false;
	}
	return true;
}

/* --- what is in it --- */

static void count_line(void *self, enum gs_log_level level, const char *event, const char *fields)
{
	size_t *unreadable = self;

	(void)level;
	(void)fields;
	*unreadable += strcmp(event, "model.record") == 0;
}

struct state {
	size_t models, present, cut,
		wanted; /* cut: of another length than their records say; wanted: pinned and not there */
	uint64_t bytes;
};

static enum gs_err read_state(struct gs_model_store *store, struct state *out, struct gs_error *error)
{
	struct gs_model_entry *entry = NULL;
	struct gs_model_store_totals totals;
	char path[GS_MODEL_STORE_PATH_MAX];
	struct stat st;
	enum gs_err err = gs_model_store_list(store, &entry, &out->models, error);

	if (!err)
		err = gs_model_store_totals(store, &totals, error);
	if (err) {
		free(entry);
		return err;
	}
	out->bytes = totals.bytes;
	for (size_t i = 0; i < out->models; i++) {
		out->present += entry[i].present;
		out->wanted += entry[i].pinned && !entry[i].present;
		gs_model_store_path(store, &entry[i], path);
		out->cut += entry[i].present && (stat(path, &st) != 0 || (uint64_t)st.st_size != entry[i].bytes);
	}
	free(entry);
	return GS_OK;
}

static void look_at_room(struct gs_doctor *d, const struct gs_config *config, uint64_t bytes)
{
	const uint64_t most = config->model_store.size_mib * MIB;
	struct statvfs fs;

	if (statvfs(config->model_store.folder, &fs) != 0)
		return; /* that it may be written was found before */
	const uint64_t room = (uint64_t)fs.f_bavail * fs.f_frsize, more = most > bytes ? most - bytes : 0;
	gs_doctor_say(d, room < more ? GS_DOUBTFUL : GS_WELL, "model store: room",
	              "lower model_store.size_mib, so that models make room for each other before the disk is full",
	              "%llu MiB of at most %llu are taken; the disk has %llu left", (unsigned long long)(bytes / MIB),
	              (unsigned long long)config->model_store.size_mib, (unsigned long long)(room / MIB));
}

static void look_at_contents(struct gs_doctor *d, const struct gs_config *config, struct gs_library *library,
                             const size_t *unreadable)
{
	struct state s = {0};
	struct gs_error why = {0};

	if (read_state(gs_library_store(library), &s, &why)) {
		gs_doctor_say(d, GS_ILL, "model store", "'gainsay models verify' says more", "%s", why.text);
		return;
	}
	if (*unreadable + s.cut > 0)
		gs_doctor_say(d, GS_DOUBTFUL, "model store", "'gainsay models verify --remove', then fetch them again",
		              "%zu of its records cannot be read, %zu files are not as long as they were", *unreadable,
		              s.cut);
	else if (s.wanted > 0)
		gs_doctor_say(d, GS_DOUBTFUL, "model store", "'gainsay models fetch' them, or unpin them",
		              "%zu pinned models have no file", s.wanted);
	else
		gs_doctor_say(d, GS_WELL, "model store", "", "%s: %zu models, %zu with their files",
		              config->model_store.folder, s.models, s.present);
	look_at_room(d, config, s.bytes);
}

/* --- its sources --- */

static enum gs_err enough(void *self, struct gs_bytes bytes, struct gs_error *error)
{
	(void)self;
	(void)bytes;
	return gs_fail(error, GS_EAGAIN, "it answers");
}

/* Asks for a file that hardly anybody has, and gateways know: the empty one. That there is none is an answer. */
static enum gs_err ask(const struct gs_config *config, const struct gs_model_source *source, struct gs_error *error)
{
	static const uint8_t empty[32] = {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
	                                  0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
	                                  0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};
	struct gs_model_want want = {.id = {{1}}};
	char url[GS_MODEL_SOURCE_MAX], mark[] = "/tmp/gainsay-doctor-XXXXXX";
	uint64_t bytes;

	memcpy(want.known.sha256.b, empty, sizeof(empty));
	memset(want.known.blob, 'A', GS_BLOB_TEXT);
	enum gs_err err = gs_model_source_url(source, &want, url, error);
	if (err)
		return err;
	const int fd = memfd_create("answer", MFD_CLOEXEC), mark_fd = mkstemp(mark);
	if (fd < 0 || mark_fd < 0) {
		err = gs_fail(error, GS_EIO, "no file for an answer: %s", strerror(errno));
	} else {
		const struct gs_download download = {.url = url,
		                                     .ca_file = config->model_store.ca_file,
		                                     .proxy = config->model_store.proxy,
		                                     .bytes_max = ANSWER_BYTES_MAX,
		                                     .stall_s = ANSWER_STALL_S,
		                                     .fd = fd,
		                                     .mark = mark,
		                                     .head = enough};
		err = gs_download_run(&download, &bytes, error);
	}
	if (fd >= 0)
		close(fd);
	if (mark_fd >= 0) {
		close(mark_fd);
		unlink(mark);
	}
	return err == GS_EAGAIN || err == GS_ENOTFOUND || err == GS_ELIMIT ? GS_OK : err;
}

static void look_at_source(struct gs_doctor *d, const struct gs_config *config, const char *text)
{
	struct gs_model_source source;
	struct gs_error why = {0};
	enum gs_err err = gs_model_source_parse(text, &source, &why);

	if (!err && source.kind == GS_MODEL_SOURCE_INDEX)
		return; /* it was read */
	if (!err && source.kind == GS_MODEL_SOURCE_FOLDER) {
		DIR *dir = opendir(source.at);
		if (!dir)
			err = gs_fail(&why, GS_EIO, "%s: %s", source.at, strerror(errno));
		else
			closedir(dir);
	} else if (!err) {
		err = ask(config, &source, &why);
	}
	if (err)
		gs_doctor_say(d, GS_DOUBTFUL, "model source",
		              "what no other source has is not fetched until it answers", "%.100s: %s", text, why.text);
	else
		gs_doctor_say(d, GS_WELL, "model source", "", "%.100s answers", text);
}

void gs_doctor_models(struct gs_doctor *d, const struct gs_config *config)
{
	size_t unreadable = 0;
	const struct gs_log log = {&unreadable, GS_LOG_DEBUG, count_line};
	struct gs_library *library = NULL;
	struct gs_error why = {0};

	if (!config->model_store.folder[0])
		return;
	if (look_at_folder(d, config->model_store.folder)) {
		if (gs_library_open(config, &log, &library, &why) != GS_OK)
			gs_doctor_say(d, GS_ILL, "model store", "mend what it names", "%s", why.text);
		else
			look_at_contents(d, config, library, &unreadable);
		gs_library_close(library);
	}
	for (size_t i = 0; i < config->model_store.sources.count; i++)
		look_at_source(d, config, config->model_store.sources.item[i]);
	if (config->model_store.sources.count == 0)
		gs_doctor_say(d, GS_DOUBTFUL, "model source", "name some under model_store.sources",
		              "none is configured: nothing is fetched");
}
