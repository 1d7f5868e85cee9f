/* What one look at a claim takes on this machine: plan.h. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "challenge/machine/interpreter.h"
#include "challenge/machine/trace.h"
#include "validator/cli/plan.h"
#include "validator/exec/plan.h"

enum { RUNS_MAX = 101 };

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct measuring {
	const struct gs_program *program;
	struct gs_memory memory;
	struct gs_exec_plan *plan;
	bool commits;
};

static enum gs_err run_once(struct measuring *m, double *took, struct gs_error *error)
{
	struct gs_trace trace;
	enum gs_err err = gs_trace_init_for(&trace, m->program);

	if (err)
		return gs_fail(error, err, "no memory for a trace of %llu bytes",
		               (unsigned long long)gs_program_trace_bytes(m->program));
	m->memory.trace = trace.chunks;
	const double begin = now_s();
	err = m->commits ? gs_exec_plan_run_committing(m->plan, &m->memory, &trace, error)
	                 : gs_exec_plan_run(m->plan, &m->memory, error);
	*took = now_s() - begin;
	gs_trace_free(&trace);
	return err;
}

static enum gs_err median(struct measuring *m, double seconds, double *out, unsigned *runs, struct gs_error *error)
{
	const struct gs_exec_options options = {
		.threads = 1, .packed_bytes = GS_EXEC_PACKED_BYTES_MAX, .outputs_only = !m->commits};
	double took[RUNS_MAX] = {0}, all = 0, first;
	unsigned n = 0;
	enum gs_err err = gs_exec_plan_new(m->program, &options, &m->plan, error);

	if (err)
		return err;
	err = run_once(m, &first, error); /* packs what later runs find packed */
	for (; !err && n < RUNS_MAX && (n == 0 || all < seconds); n++) {
		err = run_once(m, &took[n], error);
		all += err ? 0 : took[n];
	}
	gs_exec_plan_free(m->plan);
	if (err)
		return err;
	qsort(took, n, sizeof(*took), by_size);
	*out = took[n / 2] > 1e-9 ? took[n / 2] : 1e-9;
	*runs = n;
	return GS_OK;
}

enum gs_err gs_plan_measure(const struct gs_program *program, double seconds, double *look_s, double *commit_s,
                            unsigned *runs, struct gs_error *error)
{
	uint8_t *inputs = calloc((size_t)program->header.inputs_chunks + 1, GS_CHUNK_BYTES);
	uint8_t *claimed = calloc((size_t)program->header.claimed_chunks + 1, GS_CHUNK_BYTES);
	struct measuring m = {.program = program,
	                      .memory = {.weights = program->weights, .inputs = inputs, .claimed = claimed}};
	enum gs_err err = GS_OK;

	if (!inputs || !claimed)
		err = gs_fail(error, GS_ENOMEM, "no memory for the inputs");
	if (!err)
		err = median(&m, seconds / 2, look_s, runs, error);
	m.commits = true;
	if (!err)
		err = median(&m, seconds / 2, commit_s, runs, error);
	free(inputs);
	free(claimed);
	return err;
}

enum gs_err gs_plan_measure_reference(const struct gs_program *program, double *seconds, struct gs_error *error)
{
	uint8_t *inputs = calloc((size_t)program->header.inputs_chunks + 1, GS_CHUNK_BYTES);
	uint8_t *claimed = calloc((size_t)program->header.claimed_chunks + 1, GS_CHUNK_BYTES);
	struct gs_memory memory = {.weights = program->weights, .inputs = inputs, .claimed = claimed};
	struct gs_trace trace = {0};
	enum gs_err err = inputs && claimed ? gs_trace_init_for(&trace, program) : GS_ENOMEM;

	if (err) {
		err = gs_fail(error, err, "no memory for a trace of %llu bytes",
		              (unsigned long long)gs_program_trace_bytes(program));
	} else {
		memory.trace = trace.chunks;
		const double begin = now_s();
		gs_interpret(program, &memory);
		*seconds = now_s() - begin;
		gs_trace_free(&trace);
	}
	free(inputs);
	free(claimed);
	return err;
}
