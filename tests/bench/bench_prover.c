/* A prover over a long trace: how long it takes to be ready, how long each question takes, how much memory.
 *
 *     bench_prover [DEPTH [FOLDER]]     2^DEPTH chunks, 20 to 26 (22); their file lies in FOLDER (BUILD/bench)
 *
 * Chunks are drawn in place of an execution, 4 MiB at a time, and committed as they come, as an executor would. Between
 * preparation and the cold questions the file is taken out of the system's memory, so that each of them reads the disk.
 * Beside every question stands what its hashes alone cost: those of one block of 2^10 chunks. Times are by the wall clock: what
 * other programs on the machine take is in them; the processor's own is told apart. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "chain/core/rng.h"
#include "challenge/machine/listing.h"
#include "storage/spill.h"
#include "tests/support/bench.h"
#include "validator/exec/prover_trace.h"

enum {
	QUESTIONS_MAX = 1000,
	PIECE = 1 << 15, /* chunks: 4 MiB */
	TERMS = 1 << 18,
	STATES = 64,
	LABEL_MAX = 96,
};

struct bench {
	struct gs_bench *out;
	struct gs_program program;
	struct gs_commitments common;
	struct gs_trace trace;
	struct gs_prover_trace over;
	struct gs_prover prover;
	struct gs_rng rng;
	double block_ms;
	uint32_t near, far; /* instructions: folds over neighbours, and over elements far from each other */
	uint8_t inputs[GS_CHUNK_BYTES];
	gs_reg states[GS_FOLD_MAX + 1];
};

static double now(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void die(const char *what, const struct gs_error *error)
{
	fprintf(stderr, "bench_prover: %s: %s\n", what, error != NULL ? error->text : "");
	exit(1);
}

/* ---- a program with a trace of that depth ---- */

static struct gs_operand elements(uint32_t producer, uint64_t count, int64_t each, int64_t step)
{
	struct gs_operand op = {.kind = GS_OPERAND_TENSOR};
	op.view = (struct gs_view){
		.space = GS_SPACE_TRACE, .dtype = GS_F32, .rows = 1, .chunk = producer, .count = count};
	op.view.row[0] = (struct gs_row){.extent = count, .stride = 1, .at = {.coef = {each, step}}};
	return op;
}

static void add_fold(struct gs_listing *l, uint64_t count, int64_t step)
{
	struct gs_instr in = {.form = GS_FOLD, .fn = GS_FN_F32_FMA, .store_dtype = GS_F32, .acc_dtype = GS_F32};
	in.out_axes = in.red_axes = 1;
	in.extent[0] = 32;
	in.extent[1] = TERMS;
	in.operand[0] = (struct gs_operand){.kind = GS_OPERAND_CONST};
	in.operand[1] = elements(0, count, 40961, step);
	in.operand[2] = elements(0, count, 1, 1);
	if (gs_listing_append(l, &in) != GS_OK)
		die("program", NULL);
}

/* Instruction 0 fills nearly all of the trace; the two folds read it. */
static void make_program(struct bench *m, unsigned depth)
{
	const uint64_t count = (UINT64_C(1) << (depth + 5)) - 4096;
	struct gs_program *p = &m->program;
	struct gs_listing listing;
	struct gs_instr fill = {.form = GS_MAP, .fn = GS_FN_I64_TO_F32, .store_dtype = GS_F32, .out_axes = 1};
	struct gs_error error;
	fill.extent[0] = (uint32_t)count;
	fill.operand[0] = (struct gs_operand){.kind = GS_OPERAND_IOTA, .iota = {.coef = {1}}};
	gs_listing_init(&listing);
	if (gs_listing_append(&listing, &fill) != GS_OK)
		die("program", NULL);
	m->near = 1;
	add_fold(&listing, count, 1);
	m->far = 2;
	add_fold(&listing, count, (int64_t)((count - 32 * 40961) / TERMS));
	p->io.input = calloc(1, sizeof(*p->io.input));
	p->io.output = calloc(1, sizeof(*p->io.output));
	if (p->io.input == NULL || p->io.output == NULL)
		die("program", NULL);
	p->io.inputs = p->io.outputs = p->header.outputs = 1;
	snprintf(p->io.input->name, sizeof(p->io.input->name), "x");
	snprintf(p->io.output->name, sizeof(p->io.output->name), "y");
	p->io.input->dtype = p->io.output->dtype = GS_F32;
	p->io.input->rank = p->io.output->rank = 1;
	p->io.input->dim[0] = p->io.output->dim[0] = 32;
	if (gs_program_seal(p, &listing, &error) != GS_OK)
		die("program", &error);
	gs_listing_free(&listing);
}

/* ---- preparation ---- */

/* Numbers of ordinary size (products stay finite), no two chunks alike. */
static void draw(uint8_t *out, uint64_t first, uint64_t chunks)
{
	uint64_t *word = (uint64_t *)(void *)out;
	for (uint64_t i = 0; i < chunks * GS_CHUNK_BYTES / 8; i++) {
		uint64_t x = (first * (GS_CHUNK_BYTES / 8) + i + 1) * UINT64_C(0x9e3779b97f4a7c15);
		x ^= x >> 29;
		word[i] = (x & UINT64_C(0x807fffff807fffff)) | UINT64_C(0x3f0000003f000000);
	}
}

static void prepare(struct bench *m)
{
	uint64_t present = m->trace.present;
	double start = now(CLOCK_MONOTONIC), processor = now(CLOCK_PROCESS_CPUTIME_ID), drawing = 0, drawn = 0;
	if (gs_trace_commit_begin(&m->trace, NULL) != GS_OK)
		die("commit", NULL);
	for (uint64_t at = 0; at < present; at += PIECE) {
		uint64_t chunks = present - at < PIECE ? present - at : PIECE;
		double before = now(CLOCK_MONOTONIC), processor_before = now(CLOCK_PROCESS_CPUTIME_ID);
		draw(m->trace.chunks + at * GS_CHUNK_BYTES, at, chunks);
		drawing += now(CLOCK_MONOTONIC) - before;
		drawn += now(CLOCK_PROCESS_CPUTIME_ID) - processor_before;
		gs_trace_commit_chunks(&m->trace, at, chunks);
	}
	gs_trace_commit_end(&m->trace);
	processor = now(CLOCK_PROCESS_CPUTIME_ID) - processor - drawn;
	double all = now(CLOCK_MONOTONIC) - start, bytes = (double)present * GS_CHUNK_BYTES;
	gs_bench_row(m->out, "trace drawn, written, committed", all, "s", bytes * 1e-9 / all, "a GB a second");
	gs_bench_row(m->out, "of that, commitment", all - drawing, "s", bytes * 1e-9 / (all - drawing),
	             "a GB a second");
	gs_bench_row(m->out, "commitment, processor time", processor, "s", bytes * 1e-9 / processor, "a GB a second");
}

/* ---- memory ---- */

static double status_mib(const char *key)
{
	char line[256];
	double kib = 0;
	FILE *f = fopen("/proc/self/status", "r");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, key, strlen(key)) == 0)
			kib = strtod(line + strlen(key) + 1, NULL);
	if (f != NULL)
		fclose(f);
	return kib / 1024;
}

static void report_memory(struct bench *m, const char *label)
{
	double data = (double)m->trace.present * GS_CHUNK_BYTES / 1048576, peak = status_mib("VmHWM");
	gs_bench_row(m->out, label, peak, "MiB", peak / data, "the trace");
}

/* Writes what is dirty and lets the system forget the file: it has no name, but it is the only one of that size here. */
static void forget_file(const struct bench *m)
{
	uint64_t bytes = m->trace.present * GS_CHUNK_BYTES;
	m->trace.home.rest(m->trace.home.self, m->trace.chunks, bytes);
	for (int fd = 3; fd < 256; fd++) {
		struct stat st;
		if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size >= bytes &&
		    (fdatasync(fd) != 0 || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0))
			fprintf(stderr, "bench_prover: the system keeps the file in memory\n");
	}
}

/* ---- questions ---- */

typedef enum gs_err question(struct bench *m);

static enum gs_err ask_low_node(struct bench *m)
{
	struct gs_hash out;
	unsigned level = (unsigned)gs_rng_below(&m->rng, GS_MERKLE_BLOCK_HEIGHT);
	return m->prover.node(m->prover.self, level, gs_rng_below(&m->rng, UINT64_C(1) << (m->trace.depth - level)),
	                      &out);
}

static enum gs_err ask_high_node(struct bench *m)
{
	struct gs_hash out;
	unsigned level = GS_MERKLE_BLOCK_HEIGHT +
	                 (unsigned)gs_rng_below(&m->rng, m->trace.depth - GS_MERKLE_BLOCK_HEIGHT + 1);
	return m->prover.node(m->prover.self, level, gs_rng_below(&m->rng, UINT64_C(1) << (m->trace.depth - level)),
	                      &out);
}

static enum gs_err ask_read(struct bench *m)
{
	uint8_t out[GS_CHUNK_BYTES];
	return m->prover.read(m->prover.self, GS_SPACE_TRACE, (uint32_t)gs_rng_below(&m->rng, m->trace.present), out);
}

static enum gs_err ask_path(struct bench *m)
{
	struct gs_hash out[GS_MERKLE_DEPTH_MAX];
	return m->prover.path(m->prover.self, GS_SPACE_TRACE, (uint32_t)gs_rng_below(&m->rng, m->trace.present), out);
}

/* The first round of a fold: 64 states up to the last. */
static enum gs_err ask_states(struct bench *m, uint32_t instruction)
{
	gs_reg out[STATES];
	return m->prover.accumulators(m->prover.self, instruction, gs_rng_below(&m->rng, 32), TERMS / STATES,
	                              TERMS / STATES, STATES, out);
}

/* The next round asks for states of the same element. */
static enum gs_err ask_next(struct bench *m)
{
	gs_reg out[STATES];
	return m->prover.accumulators(m->prover.self, m->over.instruction, m->over.element, 1, 64, STATES, out);
}

static enum gs_err ask_near(struct bench *m)
{
	return ask_states(m, m->near);
}

static enum gs_err ask_far(struct bench *m)
{
	return ask_states(m, m->far);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* The same questions every time: the second time the system has what they read. */
static void ask(struct bench *m, const char *when, const char *label, question *q, unsigned count)
{
	static double ms[QUESTIONS_MAX], processor_ms[QUESTIONS_MAX];
	const unsigned p99 = (count * 99 + 99) / 100 - 1;
	char text[LABEL_MAX], against[LABEL_MAX];
	gs_rng_seed(&m->rng, 7);
	for (unsigned i = 0; i < count; i++) {
		double start = now(CLOCK_MONOTONIC), processor = now(CLOCK_THREAD_CPUTIME_ID);
		if (q(m) != GS_OK)
			die(label, NULL);
		processor_ms[i] = (now(CLOCK_THREAD_CPUTIME_ID) - processor) * 1e3;
		ms[i] = (now(CLOCK_MONOTONIC) - start) * 1e3;
	}
	qsort(ms, count, sizeof(double), compare);
	qsort(processor_ms, count, sizeof(double), compare);
	snprintf(text, sizeof(text), "%s: %s, p50", when, label);
	gs_bench_row(m->out, text, ms[count / 2], "ms", ms[count / 2] / m->block_ms, "a block's hashes");
	snprintf(text, sizeof(text), "%s: %s, p99", when, label);
	snprintf(against, sizeof(against), "a block's hashes; worst %.2f ms, processor p99 %.2f ms", ms[count - 1],
	         processor_ms[p99]);
	gs_bench_row(m->out, text, ms[p99], "ms", ms[p99] / m->block_ms, against);
}

static void measure_block(struct bench *m)
{
	struct gs_hash root;
	double best = 1e9;
	for (unsigned i = 0; i < 20; i++) {
		double start = now(CLOCK_MONOTONIC);
		gs_merkle_array_root(m->trace.chunks, 1 << GS_MERKLE_BLOCK_HEIGHT, GS_MERKLE_BLOCK_HEIGHT, &root);
		double took = (now(CLOCK_MONOTONIC) - start) * 1e3;
		best = took < best ? took : best;
	}
	m->block_ms = best;
	gs_bench_row(m->out, "hashes of a block of 2^10 chunks", best, "ms", 1, "itself");
}

static const struct {
	const char *label;
	question *ask;
	unsigned count;
} kinds[] = {
	{"node above 2^10", ask_high_node, 1000},
	{"node below 2^10", ask_low_node, 1000},
	{"chunk", ask_read, 1000},
	{"path", ask_path, 1000},
	{"64 states of 2^18, near", ask_near, 100},
	{"64 states of 2^18, far apart", ask_far, 3},
	{"the next 64 of that fold", ask_next, 1000},
};

static void run(struct bench *m, unsigned depth, struct gs_spill *spill)
{
	struct gs_trace_home home = gs_spill_home(spill);
	struct gs_error error;
	make_program(m, depth);
	if (m->program.header.trace_depth != depth)
		die("program", NULL);
	if (gs_trace_init_at(&m->trace, depth, gs_program_trace_bytes(&m->program) / GS_CHUNK_BYTES, &home, &error) !=
	    GS_OK)
		die("trace", &error);
	prepare(m);
	if (gs_commitments_build(&m->program, m->inputs, &m->common) != GS_OK)
		die("commitments", NULL);
	m->over = (struct gs_prover_trace){.common = &m->common, .trace = &m->trace, .states = m->states};
	m->prover = gs_prover_over_trace(&m->over);
	report_memory(m, "peak memory, prepared");
	measure_block(m);
	forget_file(m);
	for (unsigned i = 0; i < GS_ARRAY_LEN(kinds); i++)
		ask(m, "cold", kinds[i].label, kinds[i].ask, kinds[i].count);
	for (unsigned i = 0; i < GS_ARRAY_LEN(kinds); i++)
		ask(m, "again", kinds[i].label, kinds[i].ask, kinds[i].count);
	report_memory(m, "peak memory, all questions");
}

int main(int argc, char **argv)
{
	unsigned depth = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 22;
	const char *program = argc > 0 ? argv[0] : "", *tail = strstr(program, "/tests/bench/");
	char folder[1024];
	snprintf(folder, sizeof(folder), "%.*s/bench", tail != NULL ? (int)(tail - program) : 1,
	         tail != NULL ? program : ".");
	if (depth < 20 || depth > GS_TRACE_DEPTH_MAX) {
		fprintf(stderr, "bench_prover: DEPTH is 20 to %d\n", GS_TRACE_DEPTH_MAX);
		return 1;
	}
	struct bench *m = calloc(1, sizeof(*m));
	if (m == NULL)
		die("no memory", NULL);
	m->out = gs_bench_begin(program, "prover", "a prover over a long trace (one thread)");
	if (m->out == NULL) {
		free(m);
		return 1;
	}
	const struct gs_spill_options options = {argc > 2 ? argv[2] : folder, 0, UINT64_C(9) << 30};
	struct gs_spill *spill;
	struct gs_error error;
	if (gs_spill_open(&options, &spill, &error) != GS_OK)
		die("spill", &error);
	char text[32];
	snprintf(text, sizeof(text), "2^%u", depth);
	gs_bench_note(m->out, "chunks", text);
	run(m, depth, spill);
	gs_trace_free(&m->trace);
	gs_commitments_free(&m->common);
	gs_program_free(&m->program);
	gs_spill_close(spill);
	int status = gs_bench_end(m->out);
	free(m);
	return status;
}
