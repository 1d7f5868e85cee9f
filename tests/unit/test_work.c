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
	unsigned prepared, dropped;
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

static struct counts run(const struct policy *policy)
{
	struct counts counts = {.lock = PTHREAD_MUTEX_INITIALIZER};
	const struct gs_log log = {&counts, GS_LOG_DEBUG, count_line};
	const struct gs_work_options options = {.models = folder,
	                                        .threads = policy->threads,
	                                        .trace_roots = policy->trace_roots,
	                                        .prepared_bytes = policy->prepared_bytes,
	                                        .log = &log};
	struct gs_work *work;
	struct gs_error error;
	bool seen[JOBS] = {false};
	unsigned left = 0;
	int fd;

	assert_int_equal(gs_work_open(&options, &work, &fd, &error), GS_OK);
	for (unsigned i = 0; i < JOBS; i++) {
		if (i % MODELS >= policy->models)
			continue;
		submit(work, policy, i);
		left++;
	}
	while (left > 0) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		struct gs_work_result result;
		assert_int_equal(poll(&wait, 1, 60 * 1000), 1);
		while (gs_work_take(work, &result)) {
			check(work, policy, &result);
			assert_false(seen[result.claim.b[0] - 1]);
			seen[result.claim.b[0] - 1] = true;
			left--;
		}
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
		cmocka_unit_test(one_model),    cmocka_unit_test(several_models), cmocka_unit_test(with_traces),
		cmocka_unit_test(wrong_claims), cmocka_unit_test(no_room),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
