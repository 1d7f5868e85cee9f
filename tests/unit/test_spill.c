/* Traces in files against the same on the heap; and what a file cannot hold is an error before anything is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chain/core/rng.h"
#include "storage/spill.h"

enum { DEPTH = 15, PRESENT = 20011 }; /* 2.4 MiB: more than a tree that is kept whole, and no whole number of pages */

static char dir[] = "/tmp/gainsay-test-spill-XXXXXX";

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL;
}

static int drop_dir(void **state)
{
	(void)state;
	return rmdir(dir); /* fails when a file was left there */
}

static struct gs_spill *open_spill(uint64_t heap_bytes_max, uint64_t file_bytes_max)
{
	const struct gs_spill_options options = {dir, heap_bytes_max, file_bytes_max};
	struct gs_spill *s;
	struct gs_error error;
	if (gs_spill_open(&options, &s, &error) != GS_OK)
		fail_msg("%s", error.text);
	return s;
}

static void fill(struct gs_trace *t, uint64_t seed)
{
	struct gs_rng rng;
	gs_rng_seed(&rng, seed);
	for (uint64_t i = 0; i < t->present; i++)
		if (i < 3000 || i > 9000) /* a gap */
			for (unsigned k = 0; k < GS_CHUNK_BYTES; k += 8)
				gs_le64_write(t->chunks + i * GS_CHUNK_BYTES + k, gs_rng_u64(&rng));
}

static unsigned names_in_dir(void)
{
	unsigned count = 0;
	DIR *d = opendir(dir);
	assert_non_null(d);
	while (readdir(d) != NULL)
		count++;
	closedir(d);
	return count - 2; /* . and .. */
}

static void test_same_answers(void **state)
{
	(void)state;
	struct gs_spill *spill = open_spill(1 << 20, 1 << 24);
	struct gs_trace_home home = gs_spill_home(spill);
	struct gs_trace heap, file;
	struct gs_rng rng;
	assert_int_equal(gs_trace_init(&heap, DEPTH, PRESENT), GS_OK);
	assert_int_equal(gs_trace_init_at(&file, DEPTH, PRESENT, &home, NULL), GS_OK);
	assert_in_range(gs_spill_file_bytes(spill), PRESENT * GS_CHUNK_BYTES, PRESENT * GS_CHUNK_BYTES + 65536);
	assert_int_equal(names_in_dir(), 0);
	for (uint64_t i = 0; i < PRESENT * (uint64_t)GS_CHUNK_BYTES; i += 997)
		assert_int_equal(file.chunks[i], 0);
	fill(&heap, 5);
	fill(&file, 5);
	assert_int_equal(gs_trace_commit(&heap), GS_OK);
	assert_int_equal(gs_trace_commit(&file), GS_OK);
	gs_rng_seed(&rng, 6);
	for (unsigned k = 0; k < 300; k++) {
		struct gs_hash a, b, path_a[DEPTH], path_b[DEPTH];
		uint8_t x[GS_CHUNK_BYTES], y[GS_CHUNK_BYTES];
		unsigned level = (unsigned)gs_rng_below(&rng, DEPTH + 1);
		uint64_t index = gs_rng_below(&rng, UINT64_C(1) << (DEPTH - level));
		gs_trace_node(&heap, level, index, &a);
		gs_trace_node(&file, level, index, &b);
		assert_memory_equal(a.b, b.b, 32);
		index = gs_rng_below(&rng, UINT64_C(1) << DEPTH);
		gs_trace_path(&heap, index, path_a);
		gs_trace_path(&file, index, path_b);
		assert_memory_equal(path_a, path_b, sizeof(path_a));
		gs_trace_chunk(&heap, index, x);
		gs_trace_chunk(&file, index, y);
		assert_memory_equal(x, y, sizeof(x));
	}
	gs_trace_free(&file);
	gs_trace_free(&heap);
	assert_int_equal(gs_spill_file_bytes(spill), 0);
	gs_spill_close(spill);
}

/* A trace that grows beyond its memory moves into a file, with what it had. */
static void test_reach(void **state)
{
	(void)state;
	struct gs_spill *spill = open_spill(64 * GS_CHUNK_BYTES, 1 << 24);
	struct gs_trace_home home = gs_spill_home(spill);
	struct gs_trace t;
	assert_int_equal(gs_trace_init_at(&t, DEPTH, 10, &home, NULL), GS_OK);
	assert_int_equal(gs_spill_file_bytes(spill), 0);
	memset(t.chunks, 0x77, 10 * GS_CHUNK_BYTES);
	assert_int_equal(gs_trace_reach(&t, 2000), GS_OK);
	assert_true(gs_spill_file_bytes(spill) > 0);
	assert_int_equal(t.chunks[10 * GS_CHUNK_BYTES - 1], 0x77);
	assert_int_equal(t.chunks[10 * GS_CHUNK_BYTES], 0);
	t.chunks[2000 * GS_CHUNK_BYTES] = 1;
	gs_trace_free(&t);
	assert_int_equal(gs_spill_file_bytes(spill), 0);
	gs_spill_close(spill);
}

static void expect_refused(const struct gs_trace_home *home, uint64_t bytes, enum gs_err want, const char *text)
{
	uint8_t *memory;
	struct gs_error error;
	assert_int_equal(home->take(home->self, bytes, &memory, &error), want);
	if (strstr(error.text, text) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", error.text, text);
}

static void test_limits(void **state)
{
	(void)state;
	struct gs_spill *spill = open_spill(0, 3 << 20);
	struct gs_trace_home home = gs_spill_home(spill);
	uint8_t *first, *second;
	assert_int_equal(home.take(home.self, 2 << 20, &first, NULL), GS_OK);
	expect_refused(&home, (1 << 20) + 1, GS_ELIMIT, "over the limit of 3 MiB");
	assert_int_equal(home.take(home.self, 1 << 20, &second, NULL), GS_OK);
	expect_refused(&home, 1, GS_ELIMIT, "over the limit");
	home.give_back(home.self, first);
	assert_int_equal(gs_spill_file_bytes(spill), 1 << 20);
	home.give_back(home.self, second);
	gs_spill_close(spill);

	uint8_t *many[GS_SPILL_FILES_MAX];
	spill = open_spill(0, 1 << 30);
	home = gs_spill_home(spill);
	for (unsigned i = 0; i < GS_SPILL_FILES_MAX; i++)
		assert_int_equal(home.take(home.self, 1, &many[i], NULL), GS_OK);
	expect_refused(&home, 1, GS_ELIMIT, "which is the limit");
	for (unsigned i = 0; i < GS_SPILL_FILES_MAX; i++)
		home.give_back(home.self, many[(i * 7) % GS_SPILL_FILES_MAX]);
	gs_spill_close(spill);
}

/* More than any disk has; and in a child whose files may have 1 MiB, which the kernel refuses while blocks are reserved. */
static void test_no_room(void **state)
{
	(void)state;
	struct gs_spill *spill = open_spill(0, UINT64_MAX);
	struct gs_trace_home home = gs_spill_home(spill);
	expect_refused(&home, UINT64_C(1) << 55, GS_EIO, "MiB are free; free some or name another folder");
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		const struct rlimit limit = {1 << 20, 1 << 20};
		uint8_t *memory;
		struct gs_error error;
		bool right = signal(SIGXFSZ, SIG_IGN) != SIG_ERR && setrlimit(RLIMIT_FSIZE, &limit) == 0 &&
		             home.take(home.self, 2 << 20, &memory, &error) == GS_EIO &&
		             strstr(error.text, "no room for a trace of 2 MiB") != NULL &&
		             home.take(home.self, 1 << 20, &memory, NULL) == GS_OK;
		_exit(right ? 0 : 1);
	}
	int status = 1;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	gs_spill_close(spill);
}

static void test_no_folder(void **state)
{
	(void)state;
	const struct gs_spill_options options = {"/nowhere/at/all", 0, 1 << 20};
	struct gs_spill *spill;
	struct gs_error error;
	assert_int_equal(gs_spill_open(&options, &spill, &error), GS_EIO);
	assert_non_null(strstr(error.text, "/nowhere/at/all: no file for traces can be made there"));
	assert_null(spill);
	gs_spill_close(spill);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_answers), cmocka_unit_test(test_reach),     cmocka_unit_test(test_limits),
		cmocka_unit_test(test_no_room),      cmocka_unit_test(test_no_folder),
	};
	return !!cmocka_run_group_tests(tests, make_dir, drop_dir);
}
