/* The executor on single layers and on whole models: GFLOP/s (a fused multiply-add is two, any other scalar step one),
 * and the ratio to what independent chains of fma of the same instruction set reach in turns with it. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "simulations/programs.h"
#include "tests/support/bench.h"
#include "tests/support/peak.h"
#include "validator/cli/model.h"
#include "validator/exec/batch.h"

/* ---- the machine's own peak ---- */

struct peak {
	unsigned threads;
	double flops; /* of one call of peak_work, all threads together */
};

static void *one_thread(void *unused)
{
	(void)unused;
	(void)gs_peak_run(gs_exec_isa());
	return NULL;
}

static void peak_work(void *context)
{
	struct peak *p = context;
	pthread_t other[GS_EXEC_THREADS_MAX];
	for (unsigned t = 1; t < p->threads; t++)
		if (pthread_create(&other[t], NULL, one_thread, NULL) != 0)
			abort();
	p->flops = gs_peak_run(gs_exec_isa()) * p->threads;
	for (unsigned t = 1; t < p->threads; t++)
		pthread_join(other[t], NULL);
}

/* ---- a program, timed ---- */

struct execution {
	struct gs_exec_plan *plan;
	struct gs_memory memory;
};

static void execute(void *context)
{
	struct execution *e = context;
	if (gs_exec_plan_run(e->plan, &e->memory, NULL) != GS_OK)
		abort();
}

static double flops_of(const struct gs_program *p)
{
	double flops = 0;
	for (uint32_t i = 0; i < p->count; i++) {
		const struct gs_instr instr = gs_program_instr(p, i), *in = &instr;
		double count = (double)gs_instr_count(in);
		if (in->form == GS_MAP)
			flops += count;
		else
			flops += count * (double)gs_instr_terms(in) * (in->fn == GS_FN_F32_FMA ? 2 : 1);
	}
	return flops;
}

static void time_program(struct gs_bench *b, const char *name, const struct gs_program *program,
                         const struct gs_memory *memory, double budget_s)
{
	for (unsigned threads = 1; threads <= 2; threads++) {
		char label[96], against[64];
		struct peak peak = {.threads = threads};
		struct execution e = {.memory = *memory};
		struct gs_exec_options options = {.threads = threads, .packed_bytes = GS_EXEC_PACKED_BYTES_MAX};
		if (gs_exec_plan_new(program, &options, &e.plan, NULL) != GS_OK)
			abort();
		struct gs_bench_task task[] = {{execute, &e, 0}, {peak_work, &peak, 0}};
		gs_bench_in_turns(task, 2, threads == 1 ? GS_BENCH_PROCESSOR : GS_BENCH_WALL, budget_s);
		double rate = flops_of(program) / task[0].median_s, most = peak.flops / task[1].median_s;
		snprintf(label, sizeof(label), "%s, %u thread%s", name, threads, threads > 1 ? "s" : "");
		snprintf(against, sizeof(against), "peak %.1f; %.3f ms", most * 1e-9, task[0].median_s * 1e3);
		gs_bench_row(b, label, rate * 1e-9, "GFLOP/s", rate / most, against);
		gs_exec_plan_free(e.plan);
	}
}

/* ---- layers ---- */

static struct gs_sim_value layer(struct gs_sim_builder *b, unsigned which)
{
	struct gs_sim_value x, y;
	switch (which) {
	case 0: x = gs_sim_input(b, GS_F32, 64, 56, 56); return gs_sim_conv(b, &x, 64, 3, false);
	case 1: x = gs_sim_input(b, GS_F32, 128, 56, 56); return gs_sim_conv(b, &x, 64, 1, false);
	case 2: x = gs_sim_input(b, GS_F32, 1, 1, 1024); return gs_sim_dense(b, &x, 1024, false);
	case 3: x = gs_sim_input(b, GS_F32, 128, 56, 56); return gs_sim_conv(b, &x, 128, 3, true);
	case 4: x = gs_sim_input(b, GS_F32, 64, 112, 112); return gs_sim_max_pool(b, &x, 3);
	default: /* softmax over the last of 12x128x128: max, subtract, exp, sum, divide */
		x = gs_sim_input(b, GS_F32, 12, 128, 128);
		y = gs_sim_reduce(b, GS_FN_F32_MAX, &x, 0xff800000);
		x = gs_sim_map(b, GS_FN_F32_SUB, &x, &y);
		x = gs_sim_map(b, GS_FN_F32_EXP, &x, NULL);
		y = gs_sim_reduce(b, GS_FN_F32_ADD, &x, 0);
		return gs_sim_map(b, GS_FN_F32_DIV, &x, &y);
	}
}

static int time_layer(struct gs_bench *b, unsigned which, const char *name)
{
	struct gs_rng rng;
	struct gs_program program;
	struct gs_sim_builder builder;
	struct gs_error error = {0};
	uint8_t *inputs = NULL, *trace = NULL;
	gs_rng_seed(&rng, which);
	gs_sim_begin(&builder, &program, &rng);
	struct gs_sim_value output = {0};
	if (builder.err == GS_OK)
		output = layer(&builder, which);
	int status = gs_sim_finish(&builder, &output, &error) == GS_OK ? 0 : 1;
	if (status == 0) {
		inputs = calloc(program.header.inputs_chunks, GS_CHUNK_BYTES);
		trace = calloc(1, gs_program_trace_bytes(&program));
		status = inputs == NULL || trace == NULL;
	}
	if (status == 0) {
		uint64_t count = gs_tensor_type_count(&program.io.input[0]);
		for (uint64_t i = 0; i < count; i++) /* in [-1, 1): nothing subnormal */
			gs_element_write(inputs, GS_F32, i,
			                 gs_f32_to_bits((float)gs_rng_below(&rng, 1 << 21) * 0x1p-20f - 1));
		struct gs_memory memory = {.trace = trace, .weights = program.weights, .inputs = inputs};
		time_program(b, name, &program, &memory, 1.0);
	} else {
		fprintf(stderr, "bench_exec: %s: %s\n", name, error.text);
	}
	free(inputs);
	free(trace);
	gs_program_free(&program);
	return status;
}

/* ---- whole models ---- */

/* The model with the first of its data sets. */
static enum gs_err prepare_model(const char *folder, struct gs_tensor_set *set, struct gs_program *program,
                                 struct gs_run *run, struct gs_error *error)
{
	char path[4096];
	struct gs_mapped file;
	struct gs_onnx_signature signature;
	struct gs_onnx_report report;
	const char *name[GS_IO_MAX];
	const struct gs_tensor *tensor[GS_IO_MAX];
	uint32_t index[GS_IO_MAX];
	bool bound[GS_IO_MAX] = {false};
	enum gs_err err = GS_OK;
	for (unsigned i = 0; err == GS_OK; i++) {
		snprintf(path, sizeof(path), "%s/test_data_set_0/input_%u.pb", folder, i);
		if (access(path, R_OK) != 0)
			break;
		err = gs_tensor_set_add(set, path, error);
	}
	snprintf(path, sizeof(path), "%s/model.onnx", folder);
	if (err == GS_OK)
		err = gs_map_file(path, UINT64_C(1) << 30, &file, error);
	if (err != GS_OK)
		return err;
	err = gs_onnx_signature_read(file.bytes, &signature, error);
	if (err == GS_OK) {
		for (uint32_t i = 0; i < signature.inputs; i++)
			name[i] = signature.input[i].name;
		err = gs_tensor_set_match(set, name, signature.inputs, index, error);
		for (uint32_t i = 0; err == GS_OK && i < signature.inputs; i++)
			tensor[i] = &set->tensor[index[i]];
		if (err == GS_OK)
			err = gs_model_lower(path, file.bytes, &signature, tensor, bound, true, program, &report,
			                     error);
		if (err == GS_OK)
			err = gs_run_init(run, program, tensor, signature.inputs, error);
		gs_onnx_signature_free(&signature);
	}
	gs_unmap_file(&file);
	return err;
}

/* ---- batches ---- */

enum { BATCH = 8 };

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

struct batch {
	struct gs_exec_plan *plan;
	struct gs_exec_batch *batch;
	struct gs_memory memory[BATCH];
	struct gs_trace trace[BATCH];
};

static double one_after_the_other(struct batch *t)
{
	double start = now();
	for (unsigned i = 0; i < BATCH; i++)
		if (gs_exec_plan_run_committing(t->plan, &t->memory[i], &t->trace[i], NULL) != GS_OK)
			abort();
	return now() - start;
}

static double at_once(struct batch *t)
{
	double start = now();
	if (gs_exec_batch_run(t->batch, t->memory, t->trace, BATCH, NULL) != GS_OK)
		abort();
	return now() - start;
}

/* Committing runs of eight inputs: by a batch of two threads, and one after the other, each shared by two threads. */
static void time_batch(struct gs_bench *b, const char *name, const struct gs_program *program, const uint8_t *inputs)
{
	const struct gs_exec_options options = {.threads = 2, .packed_bytes = GS_EXEC_PACKED_BYTES_MAX};
	struct batch t = {.plan = NULL};
	double single = 1e9, batch = 1e9, start = now();
	char label[300];
	if (gs_exec_plan_new(program, &options, &t.plan, NULL) != GS_OK ||
	    gs_exec_batch_new(program, &options, &t.batch, NULL) != GS_OK)
		abort();
	for (unsigned i = 0; i < BATCH; i++) {
		if (gs_trace_init_for(&t.trace[i], program) != GS_OK)
			abort();
		t.memory[i] = (struct gs_memory){
			.trace = t.trace[i].chunks, .weights = program->weights, .inputs = inputs};
	}
	for (unsigned round = 0; round < 3 || now() - start < 1.5; round++) {
		double s = one_after_the_other(&t), a = at_once(&t);
		single = s < single ? s : single;
		batch = a < batch ? a : batch;
	}
	snprintf(label, sizeof(label), "%s, %d claims", name, BATCH);
	gs_bench_row(b, label, BATCH / batch, "a second", single / batch, "one after the other, two threads");
	for (unsigned i = 0; i < BATCH; i++)
		gs_trace_free(&t.trace[i]);
	gs_exec_batch_free(t.batch);
	gs_exec_plan_free(t.plan);
}

static int time_model(struct gs_bench *b, const char *data, const char *name)
{
	char folder[2048];
	struct gs_tensor_set set;
	struct gs_program program = {.count = 0};
	struct gs_run run = {.program = NULL};
	struct gs_error error = {0};
	snprintf(folder, sizeof(folder), "%s/models/%s", data, name);
	if (access(folder, R_OK) != 0) {
		gs_bench_note(b, name, "not there, skipped (set GAINSAY_DATA)");
		return 0;
	}
	gs_tensor_set_init(&set);
	int status = prepare_model(folder, &set, &program, &run, &error) == GS_OK ? 0 : 1;
	if (status == 0) {
		struct gs_memory memory = {.trace = run.trace, .weights = program.weights, .inputs = run.inputs};
		time_program(b, name, &program, &memory, 1.5);
		time_batch(b, name, &program, run.inputs);
	} else {
		fprintf(stderr, "bench_exec: %s: %s\n", name, error.text);
	}
	gs_run_free(&run);
	gs_tensor_set_free(&set);
	gs_program_free(&program);
	return status;
}

int main(int argc, char **argv)
{
	static const char *const layers[] = {"conv 3x3 64->64 56x56",     "conv 1x1 128->64 56x56",
	                                     "gemm 1x1024x1024",          "depthwise 3x3 128 56x56",
	                                     "max pool 3x3/2 64 112x112", "softmax 12x128x128"};
	static const char *const models[] = {"wonnx_opt-mnist",   "rand_bert_tiny",        "ultraface_rfb320",
	                                     "super_resolution",  "dnsmos_model_v8",       "fastestdet",
	                                     "rand_mobilenet_v2", "rand_shufflenet_v2",    "squeezenet_fp16",
	                                     "yunet_n_320",       "rand_lstm_vol_forecast"};
	struct gs_bench *b = gs_bench_begin(argc > 0 ? argv[0] : "", "exec", "executor, GFLOP/s");
	const char *data = getenv("GAINSAY_DATA");
	int status = 0;
	if (b == NULL)
		return 1;
	for (unsigned i = 0; i < sizeof(layers) / sizeof(layers[0]); i++)
		status |= time_layer(b, i, layers[i]);
	for (unsigned i = 0; i < sizeof(models) / sizeof(models[0]); i++)
		status |= time_model(b, data != NULL ? data : "../shared/data", models[i]);
	return gs_bench_end(b) | status;
}
