#include "tests/support/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "validator/exec/exec.h"

struct gs_bench {
	char name[64];
	char path[1024];
	json_t *baseline;     /* of the rows; NULL when there is none */
	json_t *baseline_isa; /* that it was measured with; NULL when it does not say */
	json_t *rows;
	json_t *notes;
};

/* "model name : ..." of Linux on x86; elsewhere there may be none. */
static void note_machine(struct gs_bench *b)
{
	char line[256], *value = NULL;
	FILE *f = fopen("/proc/cpuinfo", "r");
	while (f != NULL && value == NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "model name", 10) == 0 && (value = strstr(line, ": ")) != NULL)
			value[strcspn(value, "\n")] = '\0';
	if (f != NULL)
		fclose(f);
	gs_bench_note(b, "processor", value != NULL ? value + 2 : "unknown");
	gs_bench_note(b, "isa", gs_exec_isa());
	json_object_set_new(b->notes, "compiler", json_string(__VERSION__));
}

static double seconds(enum gs_bench_clock clock)
{
	struct timespec t;
	clock_gettime(clock == GS_BENCH_PROCESSOR ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

void gs_bench_in_turns(struct gs_bench_task *task, unsigned tasks, enum gs_bench_clock clock, double budget_s)
{
	enum { TASKS_MAX = 16 };
	static double took[TASKS_MAX][GS_BENCH_REPEATS_MAX];
	unsigned rounds = 0;
	if (tasks > TASKS_MAX)
		abort();
	for (unsigned t = 0; t < tasks; t++)
		task[t].work(task[t].context); /* warms up */
	double start = seconds(GS_BENCH_WALL);
	while (rounds < 3 || (rounds < GS_BENCH_REPEATS_MAX && seconds(GS_BENCH_WALL) - start < budget_s)) {
		for (unsigned t = 0; t < tasks; t++) {
			double before = seconds(clock);
			task[t].work(task[t].context);
			took[t][rounds] = seconds(clock) - before;
		}
		rounds++;
	}
	for (unsigned t = 0; t < tasks; t++) {
		qsort(took[t], rounds, sizeof(double), compare);
		task[t].median_s = took[t][rounds / 2];
	}
}

struct gs_bench *gs_bench_begin(const char *program, const char *name, const char *heading)
{
	struct gs_bench *b = calloc(1, sizeof(*b));
	const char *tail = strstr(program, "/tests/bench/");
	int build = tail != NULL ? (int)(tail - program) : 1;
	char baseline[256];
	json_t *stored;
	if (b == NULL) {
		fprintf(stderr, "bench_%s: no memory\n", name);
		return NULL;
	}
	snprintf(b->name, sizeof(b->name), "%s", name);
	snprintf(b->path, sizeof(b->path), "%.*s/bench", build, tail != NULL ? program : ".");
	if (mkdir(b->path, 0777) != 0 && errno != EEXIST)
		fprintf(stderr, "bench_%s: %s: %s\n", name, b->path, strerror(errno));
	snprintf(b->path, sizeof(b->path), "%.*s/bench/%s.json", build, tail != NULL ? program : ".", name);
	snprintf(baseline, sizeof(baseline), "tests/bench/baseline/%s.json", name);
	stored = json_load_file(baseline, 0, NULL);
	b->baseline = json_incref(json_object_get(stored, "rows"));
	b->baseline_isa = json_incref(json_object_get(json_object_get(stored, "notes"), "isa"));
	json_decref(stored);
	b->rows = json_object();
	b->notes = json_object();
	printf("%s\n", heading);
	note_machine(b);
	if (b->baseline_isa != NULL && !json_equal(b->baseline_isa, json_object_get(b->notes, "isa")))
		printf("baseline: of %s, and so not shown\n", json_string_value(b->baseline_isa));
	printf("%-34s %10s %-10s %9s %9s\n", "", "", "", "ratio", "baseline");
	return b;
}

void gs_bench_row(struct gs_bench *b, const char *label, double value, const char *unit, double ratio,
                  const char *against)
{
	const json_t *then = json_object_get(json_object_get(b->baseline, label), "ratio");
	if (b->baseline_isa != NULL && !json_equal(b->baseline_isa, json_object_get(b->notes, "isa")))
		then = NULL;
	printf("%-34s %10.4g %-10s %9.4f ", label, value, unit, ratio);
	if (json_is_number(then))
		printf("%9.4f", json_number_value(then));
	else
		printf("%9s", "-");
	printf("  of %s\n", against);
	fflush(stdout);
	json_object_set_new(
		b->rows, label,
		json_pack("{s:f, s:s, s:f, s:s}", "value", value, "unit", unit, "ratio", ratio, "against", against));
}

void gs_bench_note(struct gs_bench *b, const char *key, const char *text)
{
	const char *noted = json_string_value(json_object_get(b->notes, key));
	if (noted != NULL && strcmp(noted, text) == 0)
		return;
	printf("%s: %s\n", key, text);
	json_object_set_new(b->notes, key, json_string(text));
}

void gs_bench_part_of(const struct gs_bench *b, const char *file, const struct gs_bench_key *key, size_t keys)
{
	char path[1100];
	const char *slash = strrchr(b->path, '/');
	snprintf(path, sizeof(path), "%.*s/parts", (int)(slash - b->path), b->path);
	if (mkdir(path, 0777) != 0 && errno != EEXIST)
		fprintf(stderr, "bench_%s: %s: %s\n", b->name, path, strerror(errno));
	snprintf(path, sizeof(path), "%.*s/parts/%s.json", (int)(slash - b->path), b->path, file);
	json_t *part = json_object();
	int failed = part == NULL;
	for (size_t i = 0; i < keys && !failed; i++)
		failed = json_object_set_new(part, key[i].key, json_real(key[i].value));
	if (failed || json_dump_file(part, path, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) != 0)
		fprintf(stderr, "bench_%s: cannot write %s\n", b->name, path);
	json_decref(part);
}

void gs_bench_part(const struct gs_bench *b, const char *file, const char *key, double value)
{
	gs_bench_part_of(b, file, &(struct gs_bench_key){key, value}, 1);
}

int gs_bench_end(struct gs_bench *b)
{
	json_t *all = json_pack("{s:s, s:O, s:O}", "bench", b->name, "notes", b->notes, "rows", b->rows);
	int status = all != NULL && json_dump_file(all, b->path, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) == 0 ? 0 : 1;
	if (status != 0)
		fprintf(stderr, "bench_%s: cannot write %s\n", b->name, b->path);
	printf("\n");
	json_decref(all);
	json_decref(b->baseline);
	json_decref(b->rows);
	json_decref(b->baseline_isa);
	json_decref(b->notes);
	free(b);
	return status;
}

double gs_bench_disk_ms(const char *folder, unsigned long turn)
{
	static const char page[4096] = {1};
	struct timespec begun, done;
	char path[256];

	snprintf(path, sizeof(path), "%s/disk", folder);
	clock_gettime(CLOCK_MONOTONIC, &begun);
	for (unsigned i = 0; i < 2; i++) {
		const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0 ||
		    pwrite(fd, page, sizeof(page), (off_t)(turn * 2 + i) * (off_t)sizeof(page)) !=
		            (ssize_t)sizeof(page) ||
		    fdatasync(fd) || close(fd)) {
			fprintf(stderr, "bench: %s: the disk takes nothing\n", path);
			exit(1);
		}
	}
	clock_gettime(CLOCK_MONOTONIC, &done);
	return (double)(done.tv_sec - begun.tv_sec) * 1e3 + (double)(done.tv_nsec - begun.tv_nsec) / 1e6;
}
