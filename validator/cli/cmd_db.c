/* gainsay db: what an operator does with a node's database beside running the node. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/check.h"
#include "storage/transfer.h"
#include "validator/cli/commands.h"
#include "validator/cli/db_print.h"
#include "validator/node/audit.h"
#include "validator/node/contents.h"
#include "validator/node/journal.h"

enum { PREFIX_MAX = 2 * GS_STORE_KEY_MAX };

struct call {
	const char *dir, *other; /* arguments */
	const char *table;
	const char *prefix; /* of keys, in hex */
	uint64_t limit;
	bool moves, whole, json;
	struct gs_error *error;
};

/* What is read here is read whole, so all of it is looked at first. */
static enum gs_err open_reading(const struct call *c, struct gs_store_db **out)
{
	const struct gs_store_options options = {.read_only = true};
	enum gs_err err = gs_store_open(c->dir, &options, out, c->error);

	if (!err)
		err = gs_store_check(c->dir, false, GS_STORE_CHECK_ALL, c->error);
	if (err) {
		gs_store_close(*out);
		*out = NULL;
	}
	return err;
}

static int print_json(json_t *json)
{
	json_dumpf(json, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	printf("\n");
	json_decref(json);
	return GS_EXIT_OK;
}

/* --- check --- */

/* What the node counts as it goes must be what is there; so must be what its records name. */
static enum gs_err check_counts(const struct call *c, struct gs_store_db *db, struct gs_contents_checked *contents)
{
	const struct gs_store store = gs_store_port(db);
	struct gs_journal j = {.store = &store, .error = c->error};
	enum gs_err err = store.begin(store.self, GS_STORE_READ, &j.txn, c->error);

	if (err)
		return err;
	err = gs_counts_check(&j);
	if (!err)
		err = gs_contents_check(&j, contents);
	store.abort(j.txn);
	return err ? gs_fail_within(c->error, err, "%s", c->dir) : GS_OK;
}

static enum gs_err check_log(const struct call *c, struct gs_store_db *db, struct gs_audit_checked *out)
{
	const struct gs_store store = gs_store_port(db);
	struct gs_store_txn *txn;
	enum gs_err err = store.begin(store.self, GS_STORE_READ, &txn, c->error);

	if (err)
		return err;
	err = gs_audit_check(&store, txn, out, c->error);
	store.abort(txn);
	return err;
}

/* What to note elsewhere: whoever has the number and the hash sees whether the log was changed since. */
static json_t *log_json(const struct gs_audit_checked *log)
{
	char head[67];

	gs_hex_encode(log->head.hash.b, 32, true, head);
	return json_pack("{s:b,s:I,s:I,s:s,s:I,s:s}", "holds", log->holds, "entries", (json_int_t)log->head.count,
	                 "first", (json_int_t)log->head.first, "head", head, "wrong", (json_int_t)log->wrong, "why",
	                 log->why);
}

static void tell_log(const struct gs_audit_checked *log)
{
	char head[67];

	gs_hex_encode(log->head.hash.b, 32, true, head);
	if (log->holds)
		printf("audit log      %12" PRIu64 " entries from %" PRIu64 " on hold; head %s\n", log->head.count,
		       log->head.first, head);
}

static void tell_contents(const struct gs_contents_checked *found)
{
	printf("contents       %12" PRIu64 " kept once, named %" PRIu64 " times; %" PRIu64 " KiB instead of %" PRIu64
	       " KiB\n",
	       found->contents, found->references, found->bytes / 1024, found->named / 1024);
}

static enum gs_err db_check(const struct call *c)
{
	struct gs_store_db *db;
	struct gs_store_stat stat, all = {0};
	struct gs_audit_checked log = {0};
	struct gs_contents_checked contents = {0};
	json_t *tables = json_object();
	enum gs_err err = open_reading(c, &db);

	if (err) {
		json_decref(tables);
		return err;
	}
	for (int i = 0; i < GS_TABLE_COUNT && !err; i++) {
		err = gs_store_stat(db, (enum gs_table)i, &stat, c->error);
		if (err)
			break;
		all.records += stat.records;
		all.bytes += stat.bytes;
		json_object_set_new(
			tables, gs_table_name((enum gs_table)i),
			json_pack("{s:I,s:I}", "records", (json_int_t)stat.records, "bytes", (json_int_t)stat.bytes));
		if (!c->json)
			printf("%-14s %12" PRIu64 " records %12" PRIu64 " KiB\n", gs_table_name((enum gs_table)i),
			       stat.records, stat.bytes / 1024);
	}
	if (!err)
		err = check_counts(c, db, &contents);
	if (!err)
		err = check_log(c, db, &log);
	gs_store_close(db);
	if (!err && !c->json)
		tell_contents(&contents);
	if (!err && !c->json)
		tell_log(&log);
	if (!err && !c->json)
		printf("%-14s %12" PRIu64 " records %12" PRIu64 " KiB: sound, schema %d\n", "all", all.records,
		       all.bytes / 1024, GS_STORE_SCHEMA);
	if (!err && c->json)
		print_json(json_pack("{s:s,s:b,s:i,s:I,s:I,s:O,s:o,s:{s:I,s:I,s:I,s:I}}", "db", c->dir, "sound", 1,
		                     "schema", GS_STORE_SCHEMA, "records", (json_int_t)all.records, "bytes",
		                     (json_int_t)all.bytes, "tables", tables, "audit", log_json(&log), "contents",
		                     "kept", (json_int_t)contents.contents, "bytes", (json_int_t)contents.bytes,
		                     "named", (json_int_t)contents.references, "named_bytes",
		                     (json_int_t)contents.named));
	json_decref(tables);
	if (err || log.holds)
		return err;
	return log.wrong ? gs_fail(c->error, GS_ECORRUPT, "%s: audit log: entry %" PRIu64 " does not hold: %s", c->dir,
	                           log.wrong, log.why)
	                 : gs_fail(c->error, GS_ECORRUPT, "%s: audit log: %s", c->dir, log.why);
}

/* --- dump --- */

struct dump {
	const struct call *call;
	enum gs_table table;
	uint64_t left;
};

/* Secrets stay where they are. */
static bool is_secret(enum gs_table table, struct gs_bytes key)
{
	static const char name[] = "sampling_key";

	return table == GS_TABLE_META && key.len == sizeof(name) - 1 && memcmp(key.ptr, name, key.len) == 0;
}

static enum gs_err dump_record(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct dump *d = context;
	const struct call *c = d->call;

	if (d->left == 0)
		return GS_ENOTFOUND;
	d->left--;
	json_t *k = gs_db_key_json(key),
	       *v = is_secret(d->table, key) ? json_string("(secret)") : gs_db_value_json(value, c->whole);
	json_t *line = json_pack("{s:s,s:o,s:o}", "table", gs_table_name(d->table), "key", k, "value", v);
	if (!line)
		return gs_fail(c->error, GS_ENOMEM, "db: no memory");
	if (c->json) {
		json_dumpf(line, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
		printf("\n");
	} else {
		printf("%s %s ", gs_table_name(d->table), json_string_value(k));
		json_dumpf(v, stdout, JSON_ENCODE_ANY);
		printf("\n");
	}
	json_decref(line);
	return GS_OK;
}

/* The bytes that the keys shall begin with: hex, or a text such as the meta table's. */
static enum gs_err prefix_of(const struct call *c, uint8_t bytes[GS_STORE_KEY_MAX], struct gs_bytes *out)
{
	size_t len = c->prefix ? strlen(c->prefix) : 0;
	const bool marked = len >= 2 && memcmp(c->prefix, "0x", 2) == 0;

	*out = (struct gs_bytes){NULL, 0};
	if (len == 0)
		return GS_OK;
	len -= marked ? 2 : 0;
	if (len > PREFIX_MAX || len % 2 || gs_hex_decode(c->prefix + (marked ? 2 : 0), len, bytes, len / 2))
		return gs_fail(c->error, GS_EINVAL, "--prefix %s: not whole bytes in hex, or longer than a key",
		               c->prefix);
	*out = (struct gs_bytes){bytes, len / 2};
	return GS_OK;
}

static enum gs_err db_dump(const struct call *c)
{
	struct dump d = {.call = c, .left = c->limit ? c->limit : UINT64_MAX};
	uint8_t bytes[GS_STORE_KEY_MAX];
	struct gs_bytes prefix;
	enum gs_table only = GS_TABLE_META;
	struct gs_store_db *db;
	struct gs_store_txn *txn;
	enum gs_err err = prefix_of(c, bytes, &prefix);

	if (err)
		return err;
	if (c->table && !gs_table_find(c->table, &only))
		return gs_fail(c->error, GS_EINVAL, "--table %s: no such table; 'gainsay db check' lists them",
		               c->table);
	err = open_reading(c, &db);
	if (err)
		return err;
	const struct gs_store store = gs_store_port(db);
	err = store.begin(store.self, GS_STORE_READ, &txn, c->error);
	for (int i = 0; i < GS_TABLE_COUNT && !err; i++) {
		d.table = (enum gs_table)i;
		if (!c->table || d.table == only)
			err = store.scan(txn, d.table, prefix, GS_STORE_ASCENDING, dump_record, &d, c->error);
	}
	if (txn)
		store.abort(txn);
	gs_store_close(db);
	return err;
}

/* --- to and from a file --- */

static void tell(const struct call *c, const char *done, const struct gs_transfer_result *r)
{
	if (c->json)
		print_json(json_pack("{s:s,s:s,s:s,s:I,s:I}", "done", done, "db", c->dir, "file", c->other, "records",
		                     (json_int_t)r->records, "fresh", (json_int_t)r->fresh));
	else
		printf("%s: %" PRIu64 " records %s %s\n", c->dir, r->records, done, c->other);
}

static enum gs_err db_export(const struct call *c)
{
	const enum gs_transfer_kind kind = c->moves ? GS_TRANSFER_MOVES : GS_TRANSFER_ALL;
	struct gs_transfer_result result;
	struct gs_store_db *db;
	enum gs_err err = open_reading(c, &db);

	if (err)
		return err;
	const struct gs_store store = gs_store_port(db);
	const int fd = open(c->other, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "wb");
	if (!file) {
		err = gs_fail(c->error, errno == EEXIST ? GS_ECONFLICT : GS_EIO, "%s: %s", c->other, strerror(errno));
		goto out;
	}
	err = gs_transfer_export(&store, kind, file, c->other, &result, c->error);
	if (!err && fsync(fd) != 0)
		err = gs_fail(c->error, GS_EIO, "%s: cannot be made safe on the disk: %s", c->other, strerror(errno));
	if (fclose(file) != 0 && !err)
		err = gs_fail(c->error, GS_EIO, "%s: cannot be written: %s", c->other, strerror(errno));
	if (err)
		(void)unlink(c->other);
	else
		tell(c, "written to", &result);
out:
	gs_store_close(db);
	return err;
}

static enum gs_err merge_moves(const struct call *c, FILE *file, struct gs_transfer_result *result)
{
	struct gs_store_db *db;
	struct stat st;

	if (stat(c->dir, &st) != 0)
		return gs_fail(c->error, GS_ENOTFOUND, "%s: no database here; --moves adds to one", c->dir);
	enum gs_err err = gs_store_open(c->dir, NULL, &db, c->error);
	if (err)
		return err;
	const struct gs_store store = gs_store_port(db);
	err = gs_transfer_import(&store, GS_TRANSFER_MOVES, file, c->other, result, c->error);
	gs_store_close(db);
	return err;
}

static enum gs_err db_import(const struct call *c)
{
	struct gs_transfer_result result = {0};
	FILE *file = fopen(c->other, "rbe");
	enum gs_err err;

	if (!file)
		return gs_fail(c->error, errno == ENOENT ? GS_ENOTFOUND : GS_EIO, "%s: %s", c->other, strerror(errno));
	err = c->moves ? merge_moves(c, file, &result) : gs_transfer_create(c->dir, file, c->other, &result, c->error);
	fclose(file);
	if (!err)
		tell(c, "read from", &result);
	return err;
}

/* --- copies --- */

static uint64_t size_of(const char *dir)
{
	char path[4096];
	struct stat st;

	snprintf(path, sizeof(path), "%s/data.mdb", dir);
	return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static enum gs_err db_compact(const struct call *c)
{
	const uint64_t before = size_of(c->dir);
	enum gs_err err = gs_store_compact(c->dir, c->error);

	if (err)
		return err;
	if (c->json)
		print_json(json_pack("{s:s,s:I,s:I}", "db", c->dir, "bytes_before", (json_int_t)before, "bytes",
		                     (json_int_t)size_of(c->dir)));
	else
		printf("%s: %" PRIu64 " KiB, were %" PRIu64 " KiB\n", c->dir, size_of(c->dir) / 1024, before / 1024);
	return GS_OK;
}

/* Back and forth are the same: a checked copy under a new name. */
static enum gs_err db_copy(const struct call *c)
{
	struct gs_store_db *db;
	enum gs_err err = open_reading(c, &db);

	if (err)
		return err;
	err = gs_store_backup(db, c->other, c->error);
	gs_store_close(db);
	if (err)
		return err;
	if (c->json)
		print_json(json_pack("{s:s,s:s,s:I}", "from", c->dir, "to", c->other, "bytes",
		                     (json_int_t)size_of(c->other)));
	else
		printf("%s: a sound copy of %s, %" PRIu64 " KiB\n", c->other, c->dir, size_of(c->other) / 1024);
	return GS_OK;
}

static const struct {
	const char *name;
	enum gs_err (*run)(const struct call *call);
	const char *other; /* what the second argument is */
} verbs[] = {
	{"check", db_check, NULL},
	{"dump", db_dump, NULL},
	{"export", db_export, "a FILE"},
	{"import", db_import, "a FILE"},
	{"compact", db_compact, NULL},
	{"backup", db_copy, "a new directory"},
	{"restore", db_copy, "a new directory"},
};

int gs_cmd_db(int argc, char **argv)
{
	struct gs_error error = {0};
	struct call c = {.error = &error};
	const struct gs_flag flags[] = {
		{.name = "table",
	         .kind = GS_FLAG_TEXT,
	         .value = "NAME",
	         .help = "dump: this table alone",
	         .out = &c.table},
		{.name = "prefix",
	         .kind = GS_FLAG_TEXT,
	         .value = "HEX",
	         .help = "dump: keys that begin so",
	         .out = &c.prefix},
		{.name = "limit", .kind = GS_FLAG_U64, .value = "N", .help = "dump: so many records", .out = &c.limit},
		{.name = "whole", .kind = GS_FLAG_BOOL, .help = "dump: bytes in full", .out = &c.whole},
		{.name = "moves", .kind = GS_FLAG_BOOL, .help = "export, import: signed moves alone", .out = &c.moves},
		{.name = "json", .kind = GS_FLAG_BOOL, .help = "print JSON; dump: an object a line", .out = &c.json},
	};
	struct gs_cli cli = {
		.usage = "gainsay db check|dump|export|import|compact|backup|restore DIR [FILE|NEWDIR]",
		.about =
			"check DIR: looks at every page, counts records, and sees that the audit log holds; its head may be noted elsewhere. dump DIR: prints records. export DIR FILE: all records as\n"
			"one text file, the sampling key among them; import DIR FILE: a new database from it. With --moves: what\n"
			"was signed in games, to be added to another machine's database before it plays with the same key.\n"
			"compact DIR: gives back unused pages. backup DIR NEWDIR: a sound copy, also while the node runs.\n"
			"restore BACKUP NEWDIR: the same from a backup; the node compares it with the chain before it acts.",
		.flags = flags,
		.flag_count = GS_ARRAY_LEN(flags),
		.args_min = 2,
		.args_max = 3,
	};
	size_t verb = 0;
	int code = gs_cli_parse(&cli, argc, argv);

	if (code != GS_CLI_GO_ON)
		return code;
	while (verb < GS_ARRAY_LEN(verbs) && strcmp(verbs[verb].name, cli.arg[0]) != 0)
		verb++;
	if (verb == GS_ARRAY_LEN(verbs))
		return gs_cli_misused("db: %s: say 'db check', dump, export, import, compact, backup or restore",
		                      cli.arg[0]);
	if ((cli.arg_count == 3) != (verbs[verb].other != NULL))
		return gs_cli_misused("db %s: takes a database's directory%s%s", cli.arg[0],
		                      verbs[verb].other ? " and " : " alone",
		                      verbs[verb].other ? verbs[verb].other : "");
	c.dir = cli.arg[1];
	c.other = cli.arg_count == 3 ? cli.arg[2] : NULL;
	return verbs[verb].run(&c) ? gs_cli_fail(&error) : GS_EXIT_OK;
}
