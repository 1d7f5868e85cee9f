#include "validator/daemon/watch.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "chain/eth/key.h"
#include "validator/daemon/watch_parts.h"
#include "validator/node/record.h"

enum { META_VERSION = 1, META_FIELDS = 8, META_BYTES_MAX = 1024, TELL_MS = 200, PATH_LEN = GS_BINDER_PATH_MAX + 16 };
static const struct gs_bytes meta_key = {(const uint8_t *)"opengradient", 12};

/* --- settings --- */

static enum gs_err read_address(const char *text, const char *setting, struct gs_address *out, struct gs_error *error)
{
	const enum gs_err err = text[0] ? gs_address_parse(text, out, error) : GS_OK;

	return err ? gs_fail_within(error, err, "opengradient.%s", setting) : GS_OK;
}

static enum gs_err read_settings(struct gs_watch *w, struct gs_error *error)
{
	const struct gs_config *c = w->o.config;
	struct gs_watch_facts *f = &w->facts;
	enum gs_err err = read_address(c->opengradient.registry, "registry", &f->registry, error);

	if (!err)
		err = read_address(c->opengradient.batch_settlement, "batch_settlement", &f->batch, error);
	if (!err)
		err = read_address(c->opengradient.individual_settlement, "individual_settlement", &f->individual,
		                   error);
	if (err)
		return err;
	if (!c->opengradient.registry[0])
		return gs_fail(error, GS_EINVAL,
		               "opengradient.registry: not set; name the TEE registry's address with --registry");
	if (!c->opengradient.batch_settlement[0] && !c->opengradient.individual_settlement[0])
		return gs_fail(error, GS_EINVAL,
		               "no contract that settles is named; give --batch-settlement or --individual-settlement");
	if (c->opengradient.batch_settlement[0] && !c->opengradient.aggregators.count)
		return gs_fail(
			error, GS_EINVAL,
			"opengradient.aggregators: none; name one of Walrus with --aggregator, for the batches' leaves");
	f->registry_from = c->opengradient.registry_from;
	f->from = w->o.from;
	f->to = w->o.to;
	if (f->from < f->registry_from)
		return gs_fail(error, GS_EINVAL,
		               "--from %" PRIu64 ": before the registry's first block, %" PRIu64
		               ": correct one of them",
		               f->from, f->registry_from);
	return GS_OK;
}

/* The same settings, for a connection to this chain. */
static enum gs_err open_session(struct gs_watch *w, struct gs_error *error)
{
	struct gs_config *config = malloc(sizeof(*config));
	enum gs_err err;

	if (!config)
		return gs_fail(error, GS_ENOMEM, "watch: no memory");
	*config = *w->o.config;
	config->rpc = config->opengradient.rpc;
	config->chain_id = config->opengradient.chain_id;
	err = config->rpc.count
	              ? gs_session_open(config, 0, &w->session, error)
	              : gs_fail(error, GS_EINVAL, "opengradient.rpc: no endpoint is set; name one with --rpc");
	if (!err) {
		gs_chain_io_init(&w->io, &w->session, config, w->o.log);
		gs_rpc_log_to(w->session.rpc, w->o.log);
		w->facts.chain_id = w->session.chain_id;
	}
	free(config);
	return err;
}

/* --- the archive --- */

static enum gs_err open_archive(struct gs_watch *w, struct gs_error *error)
{
	const char *dir = w->o.config->opengradient.archive;
	char path[PATH_LEN];
	enum gs_err err;

	if (!dir[0]) {
		snprintf(w->scratch, sizeof(w->scratch), "/tmp/gainsay-watch.XXXXXX");
		if (!mkdtemp(w->scratch)) {
			w->scratch[0] = '\0';
			return gs_fail(error, GS_EIO, "/tmp: no folder can be made: %s", strerror(errno));
		}
		dir = w->scratch;
	} else if (mkdir(dir, 0777) != 0 && errno != EEXIST) {
		return gs_fail(error, GS_EIO, "%s: cannot be made: %s", dir, strerror(errno));
	}
	snprintf(path, sizeof(path), "%s/db", dir);
	err = gs_store_open(path, NULL, &w->db, error);
	if (err)
		return err;
	w->store = gs_store_port(w->db);
	snprintf(path, sizeof(path), "%s/blobs", dir);
	return gs_blobs_open(path, w->o.config, w->o.offline, &w->blobs, error);
}

static void remove_scratch(const char *dir)
{
	char path[PATH_LEN];
	struct dirent *entry;
	DIR *blobs;

	snprintf(path, sizeof(path), "%s/db", dir);
	gs_store_remove(path);
	(void)rmdir(path);
	snprintf(path, sizeof(path), "%s/blobs", dir);
	blobs = opendir(path);
	while (blobs && (entry = readdir(blobs)))
		if (entry->d_name[0] != '.')
			(void)unlinkat(dirfd(blobs), entry->d_name, 0);
	if (blobs)
		closedir(blobs);
	(void)rmdir(path);
	(void)rmdir(dir);
}

enum gs_err gs_watch_put_meta(struct gs_watch *w, struct gs_journal *j)
{
	struct gs_record_writer r;
	struct gs_buf value;
	enum gs_err err;

	gs_buf_init(&value, META_BYTES_MAX);
	gs_record_begin(&r, &value, META_VERSION, META_FIELDS);
	gs_record_put_u64(&r, w->facts.chain_id);
	gs_record_put_address(&r, &w->facts.registry);
	gs_record_put_address(&r, &w->facts.batch);
	gs_record_put_address(&r, &w->facts.individual);
	gs_record_put_u64(&r, w->facts.registry_from);
	gs_record_put_u64(&r, w->began);
	gs_record_put_bool(&r, w->facts.whole);
	gs_record_put_u64(&r, w->facts.unread);
	gs_record_end(&r);
	err = value.err ? value.err : gs_journal_put(j, GS_TABLE_META, meta_key, gs_buf_view(&value));
	gs_buf_free(&value);
	return err;
}

/* What an archive says of itself. */
static enum gs_err read_meta(struct gs_bytes value, const char *dir, struct gs_watch_facts *f, uint64_t *began,
                             struct gs_error *error)
{
	struct gs_record_reader r;
	enum gs_err err;

	gs_record_open(&r, value, META_VERSION, META_FIELDS);
	f->chain_id = gs_record_get_u64(&r);
	f->registry = gs_record_get_address(&r);
	f->batch = gs_record_get_address(&r);
	f->individual = gs_record_get_address(&r);
	f->registry_from = gs_record_get_u64(&r);
	*began = gs_record_get_u64(&r);
	f->whole = gs_record_get_bool(&r);
	f->unread = gs_record_get_u64(&r);
	err = gs_record_close(&r);
	return err ? gs_fail(error, err, "%s: the archive's record of itself has not its form; begin a new one", dir)
	           : GS_OK;
}

static enum gs_err check_meta(struct gs_watch *w, struct gs_bytes value, struct gs_error *error)
{
	const char *dir = w->o.config->opengradient.archive;
	struct gs_watch_facts stored = w->facts;
	enum gs_err err = read_meta(value, dir, &stored, &w->began, error);

	if (err)
		return err;
	if (!w->o.offline &&
	    (stored.chain_id != w->facts.chain_id || !gs_address_equal(&stored.registry, &w->facts.registry) ||
	     !gs_address_equal(&stored.batch, &w->facts.batch) ||
	     !gs_address_equal(&stored.individual, &w->facts.individual)))
		return gs_fail(error, GS_ECONFLICT,
		               "%s: the archive is of other contracts, or of another chain; name another folder", dir);
	if (w->facts.from < w->began && !w->o.offline)
		return gs_fail(error, GS_ECONFLICT,
		               "%s: the archive has settlements from block %" PRIu64
		               " on; for earlier ones name another folder",
		               dir, w->began);
	w->facts = stored;
	return GS_OK;
}

/* Before its first block the registry's address has no code, so nothing was said before it. An endpoint without old state cannot tell. */
static bool begins_with_registry(struct gs_watch *w)
{
	struct gs_buf code;
	enum gs_err err;

	if (w->facts.registry_from == 0)
		return true;
	gs_buf_init(&code, GS_ETH_RETURN_MAX);
	err = gs_eth_get_code(w->session.rpc, &w->facts.registry, gs_block_at(w->facts.registry_from - 1), &code, NULL);
	const bool none = err == GS_OK && code.len == 0;
	gs_buf_free(&code);
	return none;
}

/* Whose archive it is, the blocks that it has, and the registry's history. */
static enum gs_err load(struct gs_watch *w, struct gs_error *error)
{
	struct gs_journal j;
	struct gs_bytes value;
	enum gs_err err = gs_journal_begin(&w->store, 0, &j, error);

	if (err)
		return err;
	err = gs_journal_view(&j, GS_TABLE_META, meta_key, &value);
	if (!err)
		err = check_meta(w, value, error);
	else if (err == GS_ENOTFOUND && w->o.offline)
		err = gs_fail(error, GS_EINVAL, "%s: no archive of this command", w->o.config->opengradient.archive);
	else if (err == GS_ENOTFOUND)
		err = gs_watch_put_meta(w, &j);
	if (!err)
		err = gs_journal_load_heads(&j, &w->heads);
	if (!err)
		err = gs_settled_load_registry(&j, w->history);
	if (!err)
		return gs_journal_commit(&j);
	gs_journal_abort(&j);
	return err;
}

static enum gs_err check_code(struct gs_watch *w, const struct gs_address *address, const char *what,
                              struct gs_error *error)
{
	const struct gs_address none = {{0}};
	char text[GS_ADDRESS_TEXT_MAX];
	struct gs_buf code;
	enum gs_err err;

	if (gs_address_equal(address, &none))
		return GS_OK;
	gs_buf_init(&code, GS_ETH_RETURN_MAX);
	err = gs_eth_get_code(w->session.rpc, address, gs_block_latest(), &code, error);
	if (!err && code.len == 0) {
		gs_address_format(address, text);
		err = gs_fail(error, GS_EINVAL, "%s: no contract at %s (%s); correct the address or --rpc",
		              gs_rpc_name(w->session.rpc), text, what);
	}
	gs_buf_free(&code);
	return err;
}

/* --- opening and closing --- */

static enum gs_err open_parts(struct gs_watch *w, struct gs_error *error)
{
	enum gs_err err = read_settings(w, error);

	if (!err)
		err = open_session(w, error);
	if (!err)
		err = check_code(w, &w->facts.registry, "opengradient.registry", error);
	if (!err)
		err = check_code(w, &w->facts.batch, "opengradient.batch_settlement", error);
	if (!err)
		err = check_code(w, &w->facts.individual, "opengradient.individual_settlement", error);
	if (!err)
		err = open_archive(w, error);
	if (err)
		return err;
	w->began = w->facts.from;
	w->facts.whole = begins_with_registry(w);
	return load(w, error);
}

/* An archive alone: what it says of itself, and of its blocks. */
static enum gs_err open_offline(struct gs_watch *w, struct gs_error *error)
{
	const char *dir = w->o.config->opengradient.archive;
	char path[PATH_LEN];
	struct stat info;
	enum gs_err err;

	snprintf(path, sizeof(path), "%s/db/data.mdb", dir);
	if (!dir[0] || stat(path, &info) != 0)
		return gs_fail(error, GS_EINVAL, "%s: no archive; name the folder of one with --archive",
		               dir[0] ? dir : "opengradient.archive");
	w->facts.from = w->o.from;
	w->facts.to = w->o.to;
	err = open_archive(w, error);
	if (!err)
		err = load(w, error);
	if (err || !gs_head_newest(&w->heads))
		return err ? err : gs_fail(error, GS_EINVAL, "%s: the archive has no block", dir);
	if (w->facts.from == GS_WATCH_NEWEST)
		w->facts.from = w->began;
	if (w->facts.to > gs_head_newest(&w->heads)->number)
		w->facts.to = gs_head_newest(&w->heads)->number;
	return GS_OK;
}

enum gs_err gs_watch_open(const struct gs_watch_options *options, struct gs_watch **out, struct gs_error *error)
{
	struct gs_watch *w = calloc(1, sizeof(*w));
	enum gs_err err;

	if (!w)
		return gs_fail(error, GS_ENOMEM, "watch: no memory");
	w->o = *options;
	gs_head_none(&w->heads);
	w->history = gs_registry_history_new();
	err = !w->history    ? gs_fail(error, GS_ENOMEM, "watch: no memory")
	      : w->o.offline ? open_offline(w, error)
	                     : open_parts(w, error);
	w->o.config = NULL; /* was lent for the call */
	if (err)
		gs_watch_close(w);
	else
		*out = w;
	return err;
}

void gs_watch_close(struct gs_watch *w)
{
	if (!w)
		return;
	gs_watch_tees_free(w);
	gs_registry_history_free(w->history);
	gs_blobs_close(w->blobs);
	if (w->db)
		gs_store_close(w->db);
	gs_session_close(&w->session);
	if (w->scratch[0])
		remove_scratch(w->scratch);
	free(w);
}

/* --- running --- */

enum gs_err gs_watch_begin(struct gs_watch *w, struct gs_journal *j, struct gs_error *error)
{
	const struct gs_head *newest = gs_head_newest(&w->heads);
	const enum gs_err err = gs_journal_begin(&w->store, newest ? newest->number : 0, j, error);

	j->stays = !newest || newest->number <= w->facts.final;
	return err;
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void gs_watch_tell(struct gs_watch *w, const char *what, uint64_t done, uint64_t of)
{
	const struct gs_watch_progress progress = {what, done, of};
	const uint64_t now = now_ms();

	if (!w->o.progress || (done < of && now < w->told_ms + TELL_MS))
		return;
	w->told_ms = now;
	w->o.progress(w->o.self, &progress);
}

enum gs_err gs_watch_run(struct gs_watch *w, struct gs_error *error)
{
	const enum gs_err err = gs_watch_take(w, error);

	return err ? err : gs_watch_look(w, error);
}

void gs_watch_facts(const struct gs_watch *w, struct gs_watch_facts *out)
{
	*out = w->facts;
	out->history = w->history;
}

struct within {
	uint64_t to;
	gs_settled_visit visit;
	void *context;
};

static enum gs_err visit_within(void *context, const struct gs_settled *s)
{
	const struct within *v = context;

	return s->at.block > v->to ? GS_ENOTFOUND : v->visit(v->context, s);
}

enum gs_err gs_watch_settlements(struct gs_watch *w, gs_settled_visit visit, void *context, struct gs_error *error)
{
	struct within v = {w->facts.to, visit, context};
	struct gs_journal j;
	enum gs_err err = gs_watch_begin(w, &j, error);

	if (err)
		return err;
	err = gs_settled_each(&j, w->facts.from, visit_within, &v);
	gs_journal_abort(&j);
	return err;
}

enum gs_err gs_watch_leaves(struct gs_watch *w, struct gs_registry_place at, gs_settled_leaf_visit visit, void *context,
                            struct gs_error *error)
{
	struct gs_journal j;
	enum gs_err err = gs_watch_begin(w, &j, error);

	if (err)
		return err;
	err = gs_settled_each_leaf(&j, at, visit, context);
	gs_journal_abort(&j);
	return err;
}
