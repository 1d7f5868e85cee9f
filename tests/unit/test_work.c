/* Executions of the node's worker threads: for whom a trace is committed to and kept, what prepared models are kept for,
 * how many at once, and that none of it changes a root: each is compared with the reference interpreter's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/generator/generator.h"
#include "validator/daemon/work.h"

enum { MODELS = 3, JOBS = 24, WRONG_EVERY = 5, MIB = 1 << 20 };

struct model {
	struct gs_program program;
	struct gs_hash id;
};

struct expected { /* by the interpreter */
	struct gs_buf input;
	struct gs_hash input_root, output_root, trace_root;
};

struct counts {
	pthread_mutex_t lock;
	unsigned prepared, dropped, released, loaded;
};

static char folder[] = "/tmp/gainsay-test-work-XXXXXX";
static struct model model[MODELS];
static struct expected expected[JOBS];

static void count_line(void *self, enum gs_log_level level, const char *event, const char *fields)
{
	struct counts *counts = self;

	(void)level;
	(void)fields;
	pthread_mutex_lock(&counts->lock);
	counts->prepared += strcmp(event, "model.prepared") == 0;
	counts->dropped += strcmp(event, "model.dropped") == 0;
	counts->released += strcmp(event, "model.released") == 0;
	counts->loaded += strcmp(event, "model.loaded") == 0;
	pthread_mutex_unlock(&counts->lock);
}

static void write_model(struct model *m, unsigned number, uint64_t seed)
{
	struct gs_generator_options options = gs_generator_small();
	struct gs_error error;
	struct gs_buf file;
	char path[128];

	options.instructions_max = 40;
	assert_int_equal(gs_generate_program(seed, &options, &m->program, &error), GS_OK);
	gs_header_model_id(&m->program.header, &m->id);
	gs_buf_init(&file, (size_t)1 << 28);
	assert_int_equal(gs_program_write(&m->program, &file), GS_OK);
	snprintf(path, sizeof(path), "%s/%u.gsp", folder, number);
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(file.ptr, 1, file.len, f), file.len);
	assert_int_equal(fclose(f), 0);
	gs_buf_free(&file);
}

static void expect(struct expected *e, const struct gs_program *p, uint64_t seed)
{
	struct gs_trace trace;
	struct gs_memory memory = {.weights = p->weights};

	gs_buf_init(&e->input, (size_t)1 << 28);
	assert_int_equal(gs_generate_inputs(seed, p, &e->input), GS_OK);
	gs_merkle_array_root(e->input.ptr, p->header.inputs_chunks, gs_merkle_depth(p->header.inputs_chunks),
	                     &e->input_root);
	assert_int_equal(gs_trace_init_for(&trace, p), GS_OK);
	memory.trace = trace.chunks;
	memory.inputs = e->input.ptr;
	gs_interpret(p, &memory);
	assert_int_equal(gs_trace_commit(&trace), GS_OK);
	gs_trace_root(&trace, &e->trace_root);
	gs_trace_output_root(&trace, &p->header, &e->output_root);
	gs_trace_free(&trace);
}

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return 1;
	for (unsigned i = 0; i < MODELS; i++)
		write_model(&model[i], i, 40 + i);
	for (unsigned i = 0; i < JOBS; i++)
		expect(&expected[i], &model[i % MODELS].program, 900 + i);
	return 0;
}

static int tear_down(void **state)
{
	char path[128];

	(void)state;
	for (unsigned i = 0; i < JOBS; i++)
		gs_buf_free(&expected[i].input);
	for (unsigned i = 0; i < MODELS; i++) {
		gs_program_free(&model[i].program);
		snprintf(path, sizeof(path), "%s/%u.gsp", folder, i);
		unlink(path);
	}
	return rmdir(folder);
}

struct policy {
	unsigned threads;
	bool own, trace_roots, wrong;
	uint64_t prepared_bytes;
	bool tight; /* no room for programs that nobody uses */
	unsigned models;
};

static bool is_wrong(const struct policy *policy, unsigned i)
{
	return policy->wrong && i % WRONG_EVERY == 0;
}

static void submit(struct gs_work *work, const struct policy *policy, unsigned i)
{
	const struct expected *e = &expected[i];
	struct gs_work_job job = {.model = model[i % MODELS].id,
	                          .input_root = e->input_root,
	                          .output_root = e->output_root,
	                          .own = policy->own,
	                          .input = gs_buf_view(&e->input)};

	memset(job.claim.b, (int)i + 1, sizeof(job.claim.b));
	if (is_wrong(policy, i))
		job.output_root.b[7] ^= 1;
	assert_int_equal(gs_work_submit(work, &job), GS_OK);
}

static void check(struct gs_work *work, const struct policy *policy, const struct gs_work_result *r)
{
	const unsigned i = r->claim.b[0] - 1U;
	const bool no_room = policy->prepared_bytes == 0;
	const bool whole = policy->own || policy->trace_roots || no_room || is_wrong(policy, i);
	const struct gs_hash none = {{0}};
	const struct gs_prover *prover = gs_work_prover(work, &r->claim);
	struct gs_hash root;

	assert_in_range(i, 0, JOBS - 1);
	if (!r->computed)
		fail_msg("claim %u: %s", i, r->reason);
	assert_memory_equal(r->output_root.b, expected[i].output_root.b, 32);
	assert_memory_equal(r->reference_root.b, expected[i].output_root.b, 32);
	assert_memory_equal(r->trace_root.b, whole ? expected[i].trace_root.b : none.b, 32);
	assert_int_equal(prover != NULL, policy->own || is_wrong(policy, i));
	if (!prover)
		return;
	assert_int_equal(prover->node(prover->self, model[i % MODELS].program.header.trace_depth, 0, &root), GS_OK);
	assert_memory_equal(root.b, expected[i].trace_root.b, 32);
	gs_work_forget(work, &r->claim);
	assert_null(gs_work_prover(work, &r->claim));
}

static struct gs_work *open_work(const struct policy *policy, const struct gs_log *log, int *fd)
{
	const struct gs_work_options options = {.models = folder,
	                                        .threads = policy->threads,
	                                        .trace_roots = policy->trace_roots,
	                                        .prepared_bytes = policy->prepared_bytes,
	                                        .program_bytes = policy->tight ? 0 : UINT64_MAX,
	                                        .log = log};
	struct gs_work *work;
	struct gs_error error;

	assert_int_equal(gs_work_open(&options, &work, fd, &error), GS_OK);
	return work;
}

static void take(struct gs_work *work, int fd, struct gs_work_result *out)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};

	while (!gs_work_take(work, out))
		assert_int_equal(poll(&wait, 1, 60 * 1000), 1);
}

static struct counts run(const struct policy *policy)
{
	struct counts counts = {.lock = PTHREAD_MUTEX_INITIALIZER};
	const struct gs_log log = {&counts, GS_LOG_DEBUG, count_line};
	bool seen[JOBS] = {false};
	unsigned left = 0;
	int fd;
	struct gs_work *work = open_work(policy, &log, &fd);

	for (unsigned i = 0; i < JOBS; i++) {
		if (i % MODELS >= policy->models)
			continue;
		submit(work, policy, i);
		left++;
	}
	for (; left > 0; left--) {
		struct gs_work_result result;
		take(work, fd, &result);
		check(work, policy, &result);
		assert_false(seen[result.claim.b[0] - 1]);
		seen[result.claim.b[0] - 1] = true;
	}
	gs_work_close(work);
	return counts;
}

/* Claims of one model share one prepared model, with any number of threads. */
static void one_model(void **state)
{
	(void)state;
	for (unsigned threads = 1; threads <= 4; threads++) {
		struct counts c = run(&(struct policy){.threads = threads, .prepared_bytes = 256 * MIB, .models = 1});
		assert_int_equal(c.prepared, 1);
		assert_int_equal(c.dropped, 0);
	}
}

static void several_models(void **state)
{
	(void)state;
	struct counts c = run(&(struct policy){.threads = 3, .prepared_bytes = 256 * MIB, .models = MODELS});
	assert_int_equal(c.prepared, MODELS);
	assert_int_equal(c.dropped, 0);
}

/* Who may have to show a trace commits to it: own claims, and all of an attester's. */
static void with_traces(void **state)
{
	(void)state;
	for (unsigned own = 0; own < 2; own++) {
		struct counts c = run(&(struct policy){.threads = 2,
		                                       .own = own != 0,
		                                       .trace_roots = own == 0,
		                                       .prepared_bytes = 256 * MIB,
		                                       .models = MODELS});
		assert_int_equal(c.prepared, MODELS);
	}
}

/* What is not right is executed as a whole, twice, and kept. */
static void wrong_claims(void **state)
{
	(void)state;
	for (unsigned threads = 1; threads <= 3; threads++) {
		struct counts c = run(&(struct policy){
			.threads = threads, .wrong = true, .prepared_bytes = 256 * MIB, .models = MODELS});
		assert_int_equal(c.prepared, 2 * MODELS); /* for outputs, and for traces */
	}
}

/* Without room for them programs go and are read again, whatever is prepared, and no result is another. */
static void no_programs(void **state)
{
	(void)state;
	for (unsigned threads = 1; threads <= 3; threads++) {
		const struct counts c = run(&(struct policy){.threads = threads,
		                                             .wrong = true,
		                                             .tight = true,
		                                             .prepared_bytes = 256 * MIB,
		                                             .models = MODELS});
		assert_true(c.released >= MODELS - 1);
		assert_true(c.loaded >= MODELS);
	}
}

static uint64_t bytes_of(const struct gs_program *p)
{
	return (uint64_t)p->header.weights_chunks * GS_CHUNK_BYTES + p->descriptor_at[p->count] +
	       (p->count + 1) * sizeof(*p->descriptor_at) + sizeof(*p);
}

/* What a kept trace needs stays however little room there is, and goes once nobody plays by it. */
static void programs_of_games(void **state)
{
	const struct policy own = {.threads = 2, .own = true, .tight = true, .prepared_bytes = 256 * MIB};
	struct gs_work_result result[JOBS];
	uint64_t all = 0;
	int fd;
	struct gs_work *work = open_work(&own, NULL, &fd);

	(void)state;
	for (unsigned i = 0; i < MODELS; i++)
		all += bytes_of(&model[i].program);
	for (unsigned i = 0; i < JOBS; i++)
		submit(work, &own, i);
	for (unsigned i = 0; i < JOBS; i++)
		take(work, fd, &result[i]);
	assert_int_equal(gs_work_program_bytes(work), all);
	for (unsigned i = 0; i < JOBS; i++)
		check(work, &own, &result[i]); /* plays by the trace, and forgets it */
	for (unsigned i = 0; i < MODELS; i++) {
		const struct policy other = {.threads = 2, .prepared_bytes = 256 * MIB};
		submit(work, &other, i);
		take(work, fd, &result[i]);
		check(work, &other, &result[i]);
		assert_int_equal(gs_work_program_bytes(work), bytes_of(&model[i].program));
	}
	gs_work_close(work);
}

/* A folder of many models: the memory has those that fit. */
static void bounded(void **state)
{
	const struct policy one = {.threads = 1, .tight = true, .prepared_bytes = 256 * MIB};
	struct gs_work_result result;
	int fd;
	struct gs_work *work = open_work(&one, NULL, &fd);

	(void)state;
	for (unsigned i = 0; i < JOBS; i++) {
		submit(work, &one, i);
		take(work, fd, &result);
		check(work, &one, &result);
		assert_int_equal(gs_work_program_bytes(work), bytes_of(&model[i % MODELS].program));
		struct gs_hash list[MODELS + 1];
		size_t count; /* what is not in memory is there all the same */
		assert_true(gs_work_models(work, true, list, MODELS + 1, &count));
		assert_int_equal(count, MODELS);
	}
	gs_work_close(work);
}

/* Nothing is kept beyond the limit, and nothing else changes. */
static void no_room(void **state)
{
	(void)state;
	for (unsigned threads = 1; threads <= 3; threads++) {
		struct counts c = run(&(struct policy){.threads = threads, .wrong = true, .models = MODELS});
		assert_true(c.prepared >= MODELS);
		assert_int_equal(c.dropped, c.prepared);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_model),         cmocka_unit_test(several_models), cmocka_unit_test(with_traces),
		cmocka_unit_test(wrong_claims),      cmocka_unit_test(no_room),        cmocka_unit_test(no_programs),
		cmocka_unit_test(programs_of_games), cmocka_unit_test(bounded),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
