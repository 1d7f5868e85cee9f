/* tests/support/bench.h: what the benchmarks share: medians, a table with a baseline beside it, a JSON file.
 *
 * A time says little on a machine that others use too, so work of one thread is timed by the processor time that it took,
 * and every figure comes with a ratio to a reference measured in the same run, in turns with it. Only ratios are compared with the stored baseline, and nothing passes or fails by them;
 * a baseline that another instruction set was measured for is not shown. */
#ifndef GS_TESTS_SUPPORT_BENCH_H
#define GS_TESTS_SUPPORT_BENCH_H

#include <stddef.h>

enum { GS_BENCH_REPEATS_MAX = 51 };

enum gs_bench_clock {
	GS_BENCH_PROCESSOR, /* of all threads of this process: for work of one thread */
	GS_BENCH_WALL,
};

typedef void (*gs_bench_work)(void *context);
struct gs_bench_task {
	gs_bench_work work;
	void *context;
	double median_s; /* out: of one call */
};
/* Runs the tasks in turns: at least three rounds, then on until budget_s of wall-clock time is spent. */
void gs_bench_in_turns(struct gs_bench_task *task, unsigned tasks, enum gs_bench_clock clock, double budget_s);

struct gs_bench; /* a table under way */

/* program: argv[0], BUILD/tests/bench/bench_<name>; results go to BUILD/bench/<name>.json. NULL after a message when the
 * machine refuses memory. */
struct gs_bench *gs_bench_begin(const char *program, const char *name, const char *heading);
/* One line: value in unit, and its ratio to `against`, with the baseline's. */
void gs_bench_row(struct gs_bench *b, const char *label, double value, const char *unit, double ratio,
                  const char *against);
/* Printed and stored; once, however often it is said. Every table has notes of processor, compiler and instruction set; another "isa" than the executor's
 * own choice is noted before the first row. */
void gs_bench_note(struct gs_bench *b, const char *key, const char *text);
/* One key that other tools read, into BUILD/bench/parts/<file>.json; `make bench` merges parts/exec-*.json into
 * BUILD/bench/exec.json (tests/bench/assemble.py). */
void gs_bench_part(const struct gs_bench *b, const char *file, const char *key, double value);
struct gs_bench_key {
	const char *key;
	double value;
};
void gs_bench_part_of(const struct gs_bench *b, const char *file, const struct gs_bench_key *key, size_t keys);
/* Writes the file and frees; the program's exit status. */
int gs_bench_end(struct gs_bench *b);

/* Milliseconds for what no commit of a database does without: its pages are synced, then the page that makes them count, each a small write here to a
 * file in the folder. turn: 0, 1, 2 and so on, so that the file grows as a database does. Ends the process where the disk takes nothing. */
double gs_bench_disk_ms(const char *folder, unsigned long turn);

#endif
