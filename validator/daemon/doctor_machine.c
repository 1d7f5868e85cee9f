/* What of this machine a node depends on. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "chain/rpc/keyfile.h"
#include "chain/rpc/signer.h"
#include "storage/store.h"
#include "validator/daemon/doctor.h"
#include "validator/daemon/models.h"
#include "validator/daemon/session.h"

enum {
	ROOM_MIB_LOW = 2048, /* of disk: warned below, ill below a sixteenth */
	SYNCS = 8,
	SYNC_MS_SLOW = 50, /* a commit is a few of them */
	FILES_LOW = 1024,
	LOCKED_LOW = 64 * 1024,
	CLOCK_ERROR_MS = 1000,
};

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* The slowest of a few synced writes to a file of its own in the folder; negative when that cannot be done. */
static double sync_ms(const char *folder)
{
	char path[GS_BINDER_PATH_MAX + 32];
	uint8_t page[4096] = {0};
	double worst = -1;

	snprintf(path, sizeof(path), "%s/.doctor-XXXXXX", folder);
	int fd = mkstemp(path);
	if (fd < 0)
		return -1;
	unlink(path);
	for (int i = 0; i < SYNCS; i++) {
		const double start = now_ms();
		if (write(fd, page, sizeof(page)) != (ssize_t)sizeof(page) || fdatasync(fd) != 0) {
			worst = -1;
			break;
		}
		const double took = now_ms() - start;
		worst = took > worst ? took : worst;
	}
	close(fd);
	return worst;
}

static void look_at_disk(struct gs_doctor *d, const char *folder)
{
	struct statvfs fs;
	const double ms = sync_ms(folder);

	if (statvfs(folder, &fs) != 0) {
		gs_doctor_say(d, GS_ILL, "disk", "name another folder as db", "%s: %s", folder, strerror(errno));
		return;
	}
	const uint64_t mib = (uint64_t)fs.f_bavail * fs.f_frsize >> 20;
	gs_doctor_say(d,
	              mib < ROOM_MIB_LOW / 16 ? GS_ILL
	              : mib < ROOM_MIB_LOW    ? GS_DOUBTFUL
	                                      : GS_WELL,
	              "disk: room", "make room: a database that cannot grow stops the node", "%llu MiB free in %s",
	              (unsigned long long)mib, folder);
	if (ms < 0)
		gs_doctor_say(d, GS_ILL, "disk: sync", "the account that runs the node must be able to write there",
		              "%s: cannot be written and synced: %s", folder, strerror(errno));
	else
		gs_doctor_say(d, ms > SYNC_MS_SLOW ? GS_DOUBTFUL : GS_WELL, "disk: sync",
		              "every step of the node waits for it: take a faster disk",
		              "the slowest of %d synced writes took %.1f ms", SYNCS, ms);
}

/* The database is looked at read-only where it is there; a node may have it open. */
static void look_at_db(struct gs_doctor *d, const struct gs_config *config)
{
	const struct gs_store_options read_only = {.read_only = true};
	char parent[GS_BINDER_PATH_MAX];
	struct gs_store_db *db = NULL;
	struct gs_error why = {0};
	struct stat st;
	char *slash;

	if (!config->db[0]) {
		gs_doctor_say(d, GS_DOUBTFUL, "db", "run and defend need --db DIR", "not named");
		return;
	}
	if (stat(config->db, &st) == 0) {
		enum gs_err err = gs_store_open(config->db, &read_only, &db, &why);
		if (!err)
			gs_store_close(db);
		if (err && err != GS_ENOTFOUND)
			gs_doctor_say(d, GS_ILL, "db", "restore a backup, or start over with an empty folder", "%s",
			              why.text);
		else
			gs_doctor_say(d, GS_WELL, "db", "", "%s %s", config->db, err ? "is empty" : "opens");
		look_at_disk(d, config->db);
		return;
	}
	snprintf(parent, sizeof(parent), "%s", config->db);
	slash = strrchr(parent, '/');
	if (slash)
		slash[slash == parent] = '\0';
	else
		snprintf(parent, sizeof(parent), ".");
	if (stat(parent, &st) != 0 || !S_ISDIR(st.st_mode)) {
		gs_doctor_say(d, GS_ILL, "db", "make the folder that it lies in, or name another", "%s: no folder %s",
		              config->db, parent);
		return;
	}
	gs_doctor_say(d, GS_WELL, "db", "", "%s: not there yet; the first start makes it", config->db);
	look_at_disk(d, parent);
}

static bool ends_in(const char *name, const char *suffix)
{
	const size_t len = strlen(name), end = strlen(suffix);

	return len > end && strcmp(name + len - end, suffix) == 0;
}

static void look_at_model(struct gs_doctor *d, const char *folder, const char *name)
{
	char path[GS_MODEL_PATH_MAX], id[67];
	struct gs_program program;
	struct gs_error why = {0};
	struct gs_hash hash;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder, name) >= sizeof(path))
		return;
	if (gs_model_load(path, &program, &why) != GS_OK) {
		gs_doctor_say(d, GS_DOUBTFUL, "model", "the node passes over it: mend it, or take it away", "%s",
		              why.text);
		return;
	}
	gs_header_model_id(&program.header, &hash);
	gs_hex_encode(hash.b, 32, true, id);
	gs_doctor_say(d, GS_WELL, "model", "", "%s is %s", name, id);
	gs_program_free(&program);
}

static void look_at_models(struct gs_doctor *d, const struct gs_config *config)
{
	const struct dirent *item;
	size_t count = 0;

	if (!config->models[0] && config->model_store.folder[0])
		return;
	if (!config->models[0]) {
		gs_doctor_say(d, GS_DOUBTFUL, "models", "run and defend need --models DIR", "not named");
		return;
	}
	DIR *dir = opendir(config->models);
	if (!dir) {
		gs_doctor_say(d, GS_ILL, "models", "make the folder, or name another", "%s: %s", config->models,
		              strerror(errno));
		return;
	}
	while ((item = readdir(dir)))
		if (ends_in(item->d_name, ".onnx") || ends_in(item->d_name, ".gsp")) {
			look_at_model(d, config->models, item->d_name);
			count++;
		}
	closedir(dir);
	if (!count)
		gs_doctor_say(d, GS_DOUBTFUL, "models", "put the models there that claims are checked with",
		              "%s: no .onnx or .gsp file", config->models);
}

static void look_at_limits(struct gs_doctor *d)
{
	struct rlimit files = {0, 0}, locked = {0, 0};

	(void)getrlimit(RLIMIT_NOFILE, &files);
	(void)getrlimit(RLIMIT_MEMLOCK, &locked);
	gs_doctor_say(d, files.rlim_cur < FILES_LOW ? GS_DOUBTFUL : GS_WELL, "limit: open files",
	              "raise it to 1024 or more: ulimit -n, or LimitNOFILE of the service", "%llu",
	              (unsigned long long)files.rlim_cur);
	gs_doctor_say(d, locked.rlim_cur < LOCKED_LOW ? GS_DOUBTFUL : GS_WELL, "limit: locked memory",
	              "raise it to 64 KiB or more (ulimit -l, LimitMEMLOCK), or the key may be swapped to disk",
	              locked.rlim_cur == RLIM_INFINITY ? "unlimited" : "%llu KiB",
	              (unsigned long long)locked.rlim_cur / 1024);
}

static void look_at_clock(struct gs_doctor *d)
{
	struct timex t = {0};
	const int state = adjtimex(&t);

	if (state < 0 || (state == TIME_ERROR && (t.status & STA_UNSYNC)))
		gs_doctor_say(d, GS_DOUBTFUL, "clock", "run an NTP client, such as chrony or systemd-timesyncd",
		              "nothing keeps the system's clock right, as far as the kernel knows");
	else
		gs_doctor_say(d, t.maxerror / 1000 > CLOCK_ERROR_MS ? GS_DOUBTFUL : GS_WELL, "clock",
		              "look after the NTP client", "kept right, to within %ld ms", t.maxerror / 1000);
}

void gs_doctor_machine(struct gs_doctor *d, const struct gs_config *config)
{
	look_at_db(d, config);
	look_at_models(d, config);
	gs_doctor_models(d, config);
	look_at_limits(d);
	look_at_clock(d);
}

/* --- the key --- */

static bool look_at_remote(struct gs_doctor *d, const struct gs_config *config, struct gs_address *account)
{
	const struct gs_rpc_options options = {.timeout_ms = (uint32_t)config->key.timeout_ms,
	                                       .ca_file = config->key.ca_file,
	                                       .client_cert_file = config->key.client_cert_file,
	                                       .client_key_file = config->key.client_key_file};
	struct gs_remote_signer *remote = NULL;
	struct gs_error why = {0};
	char text[GS_ADDRESS_TEXT_MAX];

	if (gs_address_parse(config->key.address, account, &why) != GS_OK) {
		gs_doctor_say(d, GS_ILL, "key", "say which account the remote signer signs for: key.address", "%s",
		              why.text);
		return false;
	}
	gs_address_format(account, text);
	if (gs_remote_signer_open(config->key.remote, &options, account, &remote, &why) != GS_OK ||
	    gs_remote_signer_check(remote, &why) != GS_OK)
		gs_doctor_say(d, GS_ILL, "key", "the node goes on without it, and signs nothing", "%s", why.text);
	else
		gs_doctor_say(d, GS_WELL, "key", "", "%s, with a remote signer that answers", text);
	gs_remote_signer_close(remote);
	return true;
}

bool gs_doctor_key(struct gs_doctor *d, const struct gs_config *config, struct gs_address *account)
{
	const char *file = config->key.keystore[0] ? config->key.keystore : config->key.hex_file;
	char text[GS_ADDRESS_TEXT_MAX];
	struct gs_error why = {0};
	struct gs_key key;
	struct stat st;

	if (config->key.remote[0] && !file[0])
		return look_at_remote(d, config, account);
	if (!file[0]) {
		gs_doctor_say(d, GS_DOUBTFUL, "key", "a node needs one: --key KEYSTORE, or --remote-signer URL",
		              "none is named");
		return false;
	}
	if (stat(file, &st) == 0 && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		gs_doctor_say(d, GS_DOUBTFUL, "key: file", "chmod 600 it", "%s: others may read or change it", file);
	if (gs_session_load_key(config, &key, &why) != GS_OK) {
		gs_key_wipe(&key);
		gs_doctor_say(d, GS_ILL, "key", "name the right file, and the file with its passphrase", "%s",
		              why.text);
		return false;
	}
	*account = key.address;
	gs_key_wipe(&key);
	gs_address_format(account, text);
	gs_doctor_say(d, GS_WELL, "key", "", "%s, from %s", text, file);
	return true;
}
