/* tests/prove/prove_math.c: proves an elementary function correctly rounded by running every input.
 *
 * prove_math FUNCTION            all 2^32 inputs; goes on where an interrupted run of the same binary stopped
 * prove_math FUNCTION FIRST LAST only these, as hex bits, inclusive
 *
 * Two threads (the mirror's: one). Prints inputs, mismatches, inputs that MPFR had to decide, and seconds; a full run also writes
 * PROVE_DIR/FUNCTION.json and FUNCTION.near (the inputs nearest to a rounding boundary); the environment sets PROVE_DIR,
 * an existing folder. Exit status 0 only without a mismatch. Built three times: over the library's own object, through gs_*_f32_bits, and over the same
 * source compiled for this machine's fma and vectors, through gs_*f_array (GS_PROVE_ARRAY): the operations are the same,
 * so are the results, and the second is several times faster; and over the mirror of the contract's integer arithmetic
 * (GS_PROVE_MIRROR, tests/mirror). */
#include "challenge/machine/elementary.h"
#include "tests/mirror/mirror.h"
#include "tests/prove/reference.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <time.h>

#ifdef GS_PROVE_ARRAY
#define ENTRY "array form, compiled for this machine"
#elif defined(GS_PROVE_MIRROR)
#define ENTRY "mirror of Elementary.sol, compiled for this machine"
#else
#define ENTRY "library object, bits form"
#endif

#ifdef GS_PROVE_MIRROR
enum { THREADS = 1 };
#else
enum { THREADS = 2 };
#endif

enum { CHUNKS = 256, PRINTED = 20, NEAR_MAX = 1 << 17, NEAR_KEPT = 200, NEAR_SAME = 4 };
static const uint64_t CHUNK = (uint64_t)1 << 24;

struct near_input {
	uint32_t input;
	double distance; /* log2 */
};

struct tally {
	uint64_t inputs, mismatches, asked; /* asked: decided by MPFR */
	double seconds;                     /* of one thread */
};

struct job {
	enum oracle_function f;
	uint32_t first, last;
	bool full;
	pthread_mutex_t lock;
	uint32_t next;
	bool done[CHUNKS];
	struct tally total;
	struct near_input *nearest; /* NEAR_MAX */
	size_t near_count;
	FILE *progress; /* NULL for a partial run */
	uint64_t reported;
};

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void run_code(enum oracle_function f, uint32_t first, uint32_t count, uint32_t *got)
{
#ifdef GS_PROVE_ARRAY
	static void (*const array[ORACLE_COUNT])(const float *, float *, size_t) = {
		gs_expf_array,   gs_logf_array,   gs_tanhf_array,  gs_erff_array,   gs_floorf_array, gs_ceilf_array,
		gs_truncf_array, gs_roundf_array, gs_sinf_array,   gs_cosf_array,   gs_expm1f_array, gs_log1pf_array,
		gs_sinhf_array,  gs_coshf_array,  gs_asinhf_array, gs_acoshf_array, gs_atanhf_array, gs_tanf_array,
		gs_asinf_array,  gs_acosf_array,  gs_atanf_array};
	float x[REFERENCE_RUN];
	for (uint32_t i = 0; i < count; i++)
		x[i] = oracle_float(first + i);
	array[f](x, x, count);
	memcpy(got, x, count * sizeof(*got));
#elif defined(GS_PROVE_MIRROR)
	mirror_run(mirror_find(oracle_names[f]), first, count, got);
#else
	static uint32_t (*const bits[ORACLE_COUNT])(uint32_t) = {
		gs_exp_f32_bits,   gs_log_f32_bits,   gs_tanh_f32_bits,  gs_erf_f32_bits,  gs_floor_f32_bits,
		gs_ceil_f32_bits,  gs_trunc_f32_bits, gs_round_f32_bits, gs_sin_f32_bits,  gs_cos_f32_bits,
		gs_expm1_f32_bits, gs_log1p_f32_bits, gs_sinh_f32_bits,  gs_cosh_f32_bits, gs_asinh_f32_bits,
		gs_acosh_f32_bits, gs_atanh_f32_bits, gs_tan_f32_bits,   gs_asin_f32_bits, gs_acos_f32_bits,
		gs_atan_f32_bits};
	for (uint32_t i = 0; i < count; i++)
		got[i] = bits[f](first + i);
#endif
}

static void mismatch(struct job *job, struct tally *tally, uint32_t input, uint32_t got, uint32_t want)
{
	tally->mismatches++;
	pthread_mutex_lock(&job->lock);
	if (job->reported++ < PRINTED)
		printf("mismatch: %s(%08x) gave %08x, right is %08x\n", oracle_names[job->f], input, got, want);
	pthread_mutex_unlock(&job->lock);
}

static void ask(struct job *job, struct tally *tally, uint32_t input, uint32_t got)
{
	uint32_t want = oracle_f32(job->f, input);
	double distance = round(reference_distance(job->f, input) * 1e6) / 1e6; /* as the progress file keeps it */
	tally->asked++;
	if (got != want)
		mismatch(job, tally, input, got, want);
	if (!(distance < -43))
		return;
	pthread_mutex_lock(&job->lock);
	if (job->near_count < NEAR_MAX)
		job->nearest[job->near_count++] = (struct near_input){input, distance};
	if (job->progress)
		fprintf(job->progress, "near %08" PRIx32 " %.6f\n", input, distance);
	pthread_mutex_unlock(&job->lock);
}

/* count: a power of two that divides first */
static void prove_aligned(struct job *job, struct tally *tally, uint32_t first, uint32_t count)
{
	uint32_t got[REFERENCE_RUN], below[REFERENCE_RUN], above[REFERENCE_RUN], value;
	/* Asking at both ends pays for long runs only. */
	bool constant = count >= 1 << 16 && reference_constant(job->f, first, first + count - 1, &value);
	if (!constant && count > REFERENCE_RUN) {
		prove_aligned(job, tally, first, count / 2);
		prove_aligned(job, tally, first + count / 2, count / 2);
		return;
	}
	for (uint32_t at = 0; at < count; at += REFERENCE_RUN) {
		uint32_t n = count - at < REFERENCE_RUN ? count - at : REFERENCE_RUN;
		run_code(job->f, first + at, n, got);
		if (!constant)
			reference_run(job->f, first + at, n, below, above);
		for (uint32_t i = 0; constant && i < n; i++)
			below[i] = above[i] = value;
		uint32_t wrong = 0;
		for (uint32_t i = 0; i < n; i++)
			wrong |= (below[i] ^ above[i]) | (below[i] ^ got[i]);
		for (uint32_t i = 0; wrong && i < n; i++) {
			if (below[i] != above[i])
				ask(job, tally, first + at + i, got[i]);
			else if (below[i] != got[i])
				mismatch(job, tally, first + at + i, got[i], below[i]);
		}
	}
	tally->inputs += count;
}

static void prove_range(struct job *job, struct tally *tally, uint64_t first, uint64_t end)
{
	while (first < end) {
		uint64_t count = first ? first & -first : CHUNK;
		while (count > CHUNK || count > end - first)
			count /= 2;
		prove_aligned(job, tally, (uint32_t)first, (uint32_t)count);
		first += count;
	}
}

static void *worker(void *arg)
{
	struct job *job = arg;
	for (;;) {
		pthread_mutex_lock(&job->lock);
		while (job->next < CHUNKS && job->done[job->next])
			job->next++;
		uint32_t chunk = job->next++;
		pthread_mutex_unlock(&job->lock);
		if (chunk >= CHUNKS)
			break;
		uint64_t first = chunk * CHUNK, end = first + CHUNK;
		first = first > job->first ? first : job->first;
		end = end < (uint64_t)job->last + 1 ? end : (uint64_t)job->last + 1;
		struct tally tally = {0};
		double start = now();
		prove_range(job, &tally, first, end);
		tally.seconds = now() - start;
		pthread_mutex_lock(&job->lock);
		job->total.inputs += tally.inputs;
		job->total.mismatches += tally.mismatches;
		job->total.asked += tally.asked;
		job->total.seconds += tally.seconds;
		if (job->progress) {
			fprintf(job->progress, "chunk %" PRIu32 " %" PRIu64 " %" PRIu64 " %.3f\n", chunk,
			        tally.mismatches, tally.asked, tally.seconds);
			fflush(job->progress);
		}
		pthread_mutex_unlock(&job->lock);
	}
	mpfr_free_cache2(MPFR_FREE_LOCAL_CACHE);
	return NULL;
}

/* A number that changes with the program, so that no progress of other code is taken over. */
static uint64_t fingerprint(void)
{
	uint64_t h = 0xcbf29ce484222325;
	FILE *self = fopen("/proc/self/exe", "rb");
	for (int c; self && (c = getc(self)) != EOF;)
		h = (h ^ (uint64_t)c) * 0x100000001b3;
	if (self)
		fclose(self);
	return h;
}

/* Reads what an interrupted run left, and opens the file to add to it. A last line that was cut short is dropped with
 * its chunk, which is then run again. */
static bool open_progress(struct job *job, const char *path)
{
	char line[128], head[64];
	FILE *old = fopen(path, "r");
	snprintf(head, sizeof(head), "binary %016" PRIx64 "\n", fingerprint());
	bool same = old && fgets(line, sizeof(line), old) && strcmp(line, head) == 0;
	while (same && fgets(line, sizeof(line), old)) {
		uint32_t chunk, input;
		struct tally t;
		double distance;
		if (!strchr(line, '\n'))
			break;
		if (sscanf(line, "chunk %" SCNu32 " %" SCNu64 " %" SCNu64 " %lf", &chunk, &t.mismatches, &t.asked,
		           &t.seconds) == 4 &&
		    chunk < CHUNKS && !job->done[chunk]) {
			job->done[chunk] = true;
			job->total.inputs += CHUNK;
			job->total.mismatches += t.mismatches;
			job->total.asked += t.asked;
			job->total.seconds += t.seconds;
		} else if (sscanf(line, "near %" SCNx32 " %lf", &input, &distance) == 2 && job->near_count < NEAR_MAX) {
			job->nearest[job->near_count++] = (struct near_input){input, distance};
		}
	}
	if (old)
		fclose(old);
	job->progress = fopen(path, same ? "a" : "w");
	if (!job->progress) {
		fprintf(stderr, "prove_math: cannot write %s: %s\n", path, strerror(errno));
		return false;
	}
	fputs(same ? "\n" : head, job->progress);
	return true;
}

static int compare_near(const void *a, const void *b)
{
	const struct near_input *x = a, *y = b;
	if (x->distance != y->distance)
		return x->distance < y->distance ? -1 : 1;
	return x->input < y->input ? -1 : x->input > y->input;
}

/* The NEAR_KEPT nearest, no input twice, and no significand more than NEAR_SAME times (erf is a multiple of x near 0). */
static bool write_near(struct job *job, const char *path)
{
	uint32_t kept[NEAR_KEPT];
	size_t count = 0;
	FILE *out = fopen(path, "w");
	if (!out)
		return false;
	qsort(job->nearest, job->near_count, sizeof(*job->nearest), compare_near);
	for (size_t i = 0; i < job->near_count && count < NEAR_KEPT; i++) {
		int same = 0;
		bool twice = false;
		for (size_t j = 0; j < count; j++) {
			same += (kept[j] & 0x7fffff) == (job->nearest[i].input & 0x7fffff);
			twice |= kept[j] == job->nearest[i].input;
		}
		if (twice || same >= NEAR_SAME)
			continue;
		kept[count++] = job->nearest[i].input;
		fprintf(out, "%08" PRIx32 " 2^%.3f\n", job->nearest[i].input, job->nearest[i].distance);
	}
	return fclose(out) == 0;
}

static void processor(char *name, size_t size)
{
	char line[256];
	struct utsname u;
	FILE *f = fopen("/proc/cpuinfo", "r");
	snprintf(name, size, "unknown");
	if (uname(&u) == 0)
		snprintf(name, size, "%s", u.machine);
	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, "model name", 10) == 0 && strchr(line, ':')) {
			snprintf(name, size, "%s %.*s", u.machine, (int)strcspn(strchr(line, ':') + 2, "\n\"\\"),
			         strchr(line, ':') + 2);
			break;
		}
	if (f)
		fclose(f);
}

static bool write_json(struct job *job, const char *path, double wall)
{
	char date[32], cpu[256];
	time_t t = time(NULL);
	struct tm tm;
	FILE *out = fopen(path, "w");
	if (!out)
		return false;
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&t, &tm));
	processor(cpu, sizeof(cpu));
	fprintf(out,
	        "{\"function\":\"%s\",\"code\":\"%s\",\"inputs\":%" PRIu64 ",\"mismatches\":%" PRIu64
	        ",\"mpfr\":%" PRIu64
	        ",\"seconds\":%.1f,\"thread_seconds\":%.1f,\"threads\":%d,\"date\":\"%s\",\"cpu\":\"%s\",\"compiler\":\"%s\"}\n",
	        oracle_names[job->f], ENTRY, job->total.inputs, job->total.mismatches, job->total.asked, wall,
	        job->total.seconds, THREADS, date, cpu, __VERSION__);
	return fclose(out) == 0;
}

static bool parse_bits(const char *text, uint32_t *bits)
{
	char *end;
	errno = 0;
	unsigned long v = strtoul(text, &end, 16);
	*bits = (uint32_t)v;
	return *text && !*end && !errno && v <= 0xffffffff;
}

int main(int argc, char **argv)
{
	struct job job = {.first = 0, .last = 0xffffffff, .full = argc == 2, .lock = PTHREAD_MUTEX_INITIALIZER};
	char path[512];
	const char *dir = getenv("PROVE_DIR") ? getenv("PROVE_DIR") : ".";
	pthread_t thread[THREADS];
	job.f = argc >= 2 ? oracle_find(argv[1]) : ORACLE_COUNT;
	if (job.f == ORACLE_COUNT || (argc != 2 && argc != 4) ||
	    (argc == 4 &&
	     (!parse_bits(argv[2], &job.first) || !parse_bits(argv[3], &job.last) || job.first > job.last))) {
		fprintf(stderr, "usage: prove_math FUNCTION [FIRST LAST as hex bits of a binary32]\n");
		return 2;
	}
#ifdef GS_PROVE_MIRROR
	if (mirror_find(argv[1]) == MIRROR_F_COUNT) {
		fprintf(stderr, "prove_math: %s is no function of Elementary.sol\n", argv[1]);
		return 2;
	}
#endif
	if (!mpfr_buildopt_tls_p()) {
		fprintf(stderr, "prove_math: this MPFR is not built for threads\n");
		return 2;
	}
	static struct near_input nearest[NEAR_MAX];
	job.nearest = nearest;
	double start = now();
	snprintf(path, sizeof(path), "%s/%s.progress", dir, argv[1]);
	if (job.full && !open_progress(&job, path))
		return 2;
	for (uint32_t c = 0; c < CHUNKS; c++)
		if ((c + 1) * CHUNK <= job.first || c * CHUNK > job.last)
			job.done[c] = true;
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, worker, &job) != 0) {
			fprintf(stderr, "prove_math: cannot start a thread\n");
			return 2;
		}
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	double wall = now() - start;
	bool written = true;
	printf("%s (%s): %" PRIu64 " inputs, %" PRIu64 " mismatches, %" PRIu64 " decided by MPFR, %.1f s\n", argv[1],
	       ENTRY, job.total.inputs, job.total.mismatches, job.total.asked, wall);
	if (job.full) {
		fclose(job.progress);
		remove(path);
		snprintf(path, sizeof(path), "%s/%s.near", dir, argv[1]);
		written &= write_near(&job, path);
		snprintf(path, sizeof(path), "%s/%s.json", dir, argv[1]);
		written &= write_json(&job, path, wall);
		if (!written)
			fprintf(stderr, "prove_math: cannot write %s\n", path);
	}
	bool complete = job.total.inputs == (uint64_t)job.last - job.first + 1;
	return job.total.mismatches == 0 && complete && written ? 0 : 1;
}
