#include "storage/check.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chain/core/store_port.h"

enum { PATH_LEN_MAX = 4096, TABLES_MAX = 64, NAME_MAX_LEN = 64, SECONDS_MAX = 600 };
enum { FREE_LIST = 0 }; /* the handle of LMDB's own table of free pages */
enum verdict { SOUND, DAMAGED, FAILED };

/* --- in the child --- */

struct walk {
	uint64_t pages;
	size_t page_size;
	uintptr_t map;      /* where the first page must be; 0: not known yet */
	size_t records_max; /* of a table */
};

/* Reads the value's ends: outside the file that ends this process. */
static bool is_there(const MDB_val *v)
{
	const volatile uint8_t *p = v->mv_data;
	if (v->mv_size > GS_STORE_VALUE_MAX)
		return false;
	if (v->mv_size) {
		(void)p[0];
		(void)p[v->mv_size - 1];
	}
	return true;
}

/* Where the map must begin if the page that holds p is the one whose number it bears. */
static uintptr_t map_start(const void *p, size_t page_size)
{
	size_t number; /* the first field of a page's header */
	uintptr_t page = (uintptr_t)p & ~(uintptr_t)(page_size - 1);
	memcpy(&number, (const void *)page, sizeof(number));
	return page - number * page_size;
}

/* Every page bears its own number: all must give one start of the map. */
static bool pages_agree(struct walk *walk, const MDB_val *key, const MDB_val *value)
{
	uintptr_t in_key = map_start(key->mv_data, walk->page_size), in_value = in_key;
	if (value->mv_size > walk->page_size / 2) /* such a value has pages of its own */
		in_value = map_start(value->mv_data, walk->page_size);
	if (walk->map == 0)
		walk->map = in_key;
	return in_key == walk->map && in_value == walk->map;
}

/* A record of free pages: their count, and their numbers, falling. */
static bool free_record_is_sound(uint64_t pages, const MDB_val *v)
{
	size_t count, page, before = (size_t)-1;
	if (v->mv_size < sizeof(count))
		return false;
	memcpy(&count, v->mv_data, sizeof(count));
	if (count > v->mv_size / sizeof(page) - 1)
		return false;
	for (size_t i = 1; i <= count; i++, before = page) {
		memcpy(&page, (const uint8_t *)v->mv_data + i * sizeof(page), sizeof(page));
		if (page >= before || page >= pages || page < 2)
			return false;
	}
	return true;
}

/* Looks at records from one end of a table on: their keys in order, everything inside the file. *count: so many there were, `most` at most. */
static bool walk_from(MDB_txn *txn, MDB_dbi dbi, bool last, size_t most, struct walk *walk, size_t *count)
{
	MDB_cursor *cursor;
	MDB_val key, value, before = {0};
	bool sound = true;
	int rc = 0;
	*count = 0;
	if (mdb_cursor_open(txn, dbi, &cursor) != 0)
		return false;
	while (sound && *count < most &&
	       (rc = mdb_cursor_get(cursor, &key, &value,
	                            last     ? *count ? MDB_PREV : MDB_LAST
	                            : *count ? MDB_NEXT
	                                     : MDB_FIRST)) == 0) {
		sound = is_there(&key) && is_there(&value) && pages_agree(walk, &key, &value);
		if (sound && *count)
			sound = last ? mdb_cmp(txn, dbi, &before, &key) > 0 : mdb_cmp(txn, dbi, &before, &key) < 0;
		if (sound && dbi == FREE_LIST)
			sound = free_record_is_sound(walk->pages, &value);
		before = key;
		++*count;
	}
	mdb_cursor_close(cursor);
	return sound && (rc == 0 || rc == MDB_NOTFOUND);
}

/* Of a table with more records than may be looked at both ends, else all of it: as many records as it says. */
static enum verdict check_table(MDB_txn *txn, MDB_dbi dbi, struct walk *walk)
{
	MDB_stat st;
	size_t count;
	if (mdb_stat(txn, dbi, &st) != 0)
		return DAMAGED;
	if (st.ms_entries <= walk->records_max)
		return walk_from(txn, dbi, false, st.ms_entries + 1, walk, &count) && count == st.ms_entries ? SOUND
		                                                                                             : DAMAGED;
	const size_t half = walk->records_max / 2;
	for (int last = 0; last < 2; last++)
		if (!walk_from(txn, dbi, last, half, walk, &count) || count != half)
			return DAMAGED;
	return SOUND;
}

/* The named tables are the records of the main one. */
static enum verdict check_named_tables(MDB_txn *txn, MDB_dbi main_table, struct walk *walk)
{
	MDB_cursor *cursor;
	MDB_val key, value;
	MDB_dbi dbi;
	enum verdict verdict = SOUND;
	if (mdb_cursor_open(txn, main_table, &cursor) != 0)
		return DAMAGED;
	while (verdict == SOUND && mdb_cursor_get(cursor, &key, &value, MDB_NEXT_NODUP) == 0) {
		char name[NAME_MAX_LEN];
		if (key.mv_size >= sizeof(name))
			continue; /* not a table of ours; opening will say so */
		memcpy(name, key.mv_data, key.mv_size);
		name[key.mv_size] = '\0';
		int rc = mdb_dbi_open(txn, name, 0, &dbi);
		if (rc == MDB_INCOMPATIBLE || rc == MDB_DBS_FULL || rc == MDB_NOTFOUND)
			continue;
		verdict = rc == 0 ? check_table(txn, dbi, walk) : DAMAGED;
	}
	mdb_cursor_close(cursor);
	return verdict;
}

static enum verdict check_env(const char *dir, bool alone, enum gs_store_depth depth)
{
	MDB_env *env;
	MDB_envinfo info;
	MDB_stat st;
	MDB_txn *txn;
	MDB_dbi main_table;
	struct stat file;
	int fd;
	if (mdb_env_create(&env) != 0 || mdb_env_set_maxdbs(env, TABLES_MAX) != 0)
		return FAILED;
	int rc = mdb_env_open(env, dir, MDB_RDONLY | MDB_NOTLS | (alone ? MDB_NOLOCK : 0), 0);
	if (rc == EACCES || rc == EPERM || rc == EROFS || rc == ENOMEM || rc == EAGAIN)
		return FAILED; /* opening will say why */
	if (rc != 0 || mdb_env_info(env, &info) != 0 || mdb_env_stat(env, &st) != 0 || mdb_env_get_fd(env, &fd) != 0 ||
	    fstat(fd, &file) != 0)
		return DAMAGED;
	if (st.ms_psize < 512 || st.ms_psize > 65536 || (uint64_t)file.st_size / st.ms_psize <= info.me_last_pgno)
		return DAMAGED;
	if ((rc = mdb_txn_begin(env, NULL, MDB_RDONLY, &txn)) != 0)
		return rc == MDB_READERS_FULL ? FAILED : DAMAGED;
	struct walk walk = {.pages = (uint64_t)info.me_last_pgno + 1,
	                    .page_size = st.ms_psize,
	                    .records_max = depth == GS_STORE_CHECK_ALL ? SIZE_MAX : GS_STORE_CHECK_RECORDS};
	if (mdb_dbi_open(txn, NULL, 0, &main_table) != 0)
		return DAMAGED;
	enum verdict verdict = check_table(txn, FREE_LIST, &walk);
	if (verdict == SOUND)
		verdict = check_table(txn, main_table, &walk);
	if (verdict == SOUND)
		verdict = check_named_tables(txn, main_table, &walk);
	mdb_txn_abort(txn); /* gives the reader's slot back */
	return verdict;
}

static _Noreturn void run_child(const char *dir, bool alone, enum gs_store_depth depth, pid_t parent)
{
	static const int deadly[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGALRM, SIGTERM, SIGINT};
	struct rlimit no_core = {0, 0};
	int null = open("/dev/null", O_RDWR);
	for (size_t i = 0; i < GS_ARRAY_LEN(deadly); i++)
		signal(deadly[i], SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_CORE, &no_core);
	alarm(SECONDS_MAX);
	/* LMDB prints its assertions. */
	if (getppid() != parent || null < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		_exit(FAILED);
	_exit((int)check_env(dir, alone, depth));
}

/* --- in the parent --- */

enum gs_err gs_store_check(const char *dir, bool alone, enum gs_store_depth depth, struct gs_error *error)
{
	char path[PATH_LEN_MAX];
	struct stat st;
	int status, n = snprintf(path, sizeof(path), "%s/data.mdb", dir);
	if (n < 0 || (size_t)n >= sizeof(path) || stat(path, &st) != 0 || st.st_size == 0)
		return GS_OK;
	pid_t parent = getpid(), child = fork();
	if (child == 0)
		run_child(dir, alone, depth, parent);
	if (child < 0)
		return gs_fail(error, GS_EIO, "%s: cannot start a process to check it: %s", dir, strerror(errno));
	while (waitpid(child, &status, 0) != child)
		if (errno != EINTR)
			return gs_fail(error, GS_EIO, "%s: lost the process that checks it: %s", dir, strerror(errno));
	if (WIFEXITED(status) && (WEXITSTATUS(status) == SOUND || WEXITSTATUS(status) == FAILED))
		return GS_OK; /* what kept the check from running, opening will report */
	return gs_fail(error, GS_ECORRUPT, "%s: not a Gainsay database, or damaged; restore it from a backup", dir);
}
