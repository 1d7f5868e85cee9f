/* Runs for the outputs alone, where tensors share memory, give the bits of runs that keep the whole trace: for random programs
 * (against the interpreter), for random networks and, where they are there, for the models. The memory holds signalling
 * garbage before each run, so that a read of what is dead or was never written shows. */
#include "validator/exec/places.h"

#include "chain/core/rng.h"
#include "challenge/machine/tolerance.h"
#include "tests/generator/generator.h"
#include "tests/support/bench_model.h"
#include "tests/support/endian.h"
#include "tests/support/onnx_builder.h"
#include "tests/support/sanitized.h"
#include "tests/support/share.h"
#include "validator/exec/blocks.h"
#include "validator/exec/plan.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* Signalling NaNs as floats, numbers far out of any range as integers, no boolean as bytes. */
static void poison(uint8_t *memory, uint64_t bytes)
{
	for (uint64_t i = 0; i + 4 <= bytes; i += 4)
		gs_le32_write(memory + i, 0x7fa5a5a5);
}

static bool never(void *self, const struct gs_instr *in, uint32_t *chunk)
{
	(void)self, (void)in, (void)chunk;
	return false;
}

struct seen {
	uint64_t over, grouped, blocks; /* instructions that write over an operand, may be run with the next, are */
	uint64_t fused, planes, direct; /* sweeps that are run with their producer; those of two of its forms */
	uint64_t arena, trace;          /* chunks */
};

static void count_places(const struct gs_program *p, struct seen *seen)
{
	struct gs_places places;
	uint32_t *last = calloc(p->count, sizeof(*last));
	assert_non_null(last);
	gs_blocks_find(p, last);
	struct gs_live live;
	assert_int_equal(gs_live_init(&live, p, NULL, NULL), GS_OK);
	assert_int_equal(gs_places_init(&places, p, &live, last, never, NULL), GS_OK);
	gs_live_free(&live);
	seen->over += places.over;
	for (uint32_t i = 0; i < p->count; i++)
		seen->grouped += last[i] != i;
	gs_places_free(&places);
	free(last);
}

/* want: a trace, whole. Every output of runs with so many threads, and what a tolerant program compares, must be in it. */
static void compare_one(const struct gs_program *p, const uint8_t *want, const struct gs_memory *from, unsigned threads,
                        bool packed, bool finely, const char *label, struct seen *seen)
{
	uint64_t bytes = gs_program_trace_bytes(p), outputs = (uint64_t)p->header.output_chunk * GS_CHUNK_BYTES;
	struct gs_exec_options options = {.threads = threads,
	                                  .packed_bytes = packed ? GS_EXEC_PACKED_BYTES_MAX : 0,
	                                  .finely = finely,
	                                  .outputs_only = true};
	struct gs_exec_plan *plan;
	struct gs_error error = {0};
	struct gs_memory mem = *from;
	assert_int_equal(gs_exec_plan_new(p, &options, &plan, &error), GS_OK);
	uint64_t arena = (uint64_t)gs_exec_plan_chunks(plan) * GS_CHUNK_BYTES;
	assert_true(arena <= outputs);
	seen->arena += arena / GS_CHUNK_BYTES;
	seen->trace += p->header.output_chunk;
	uint8_t *got = malloc(bytes);
	assert_non_null(got);
	mem.trace = got;
	for (unsigned run = 0; run < 2; run++) {
		poison(got, arena);
		poison(got + outputs, bytes - outputs);
		assert_int_equal(gs_exec_plan_run(plan, &mem, &error), GS_OK);
		if (memcmp(got + outputs, want + outputs, bytes - outputs) != 0)
			fail_msg("%s, %u threads, run %u: another output", label, threads, run);
		for (uint32_t k = 0; k < p->io.outputs; k++) {
			uint32_t chunk;
			if (gs_program_canonical_output(p, k, &chunk, &error) != GS_OK)
				continue;
			struct gs_instr in = gs_program_instr(p, gs_program_covering(p, chunk));
			uint64_t size = gs_dtype_chunks(in.store_dtype, gs_instr_count(&in)) * GS_CHUNK_BYTES;
			assert_memory_equal(got + (size_t)gs_exec_plan_place(plan, chunk) * GS_CHUNK_BYTES,
			                    want + (size_t)chunk * GS_CHUNK_BYTES, size);
		}
	}
	free(got);
	gs_exec_plan_free(plan);
}

/* As it would be run, and with all fused that can be. */
static void compare(const struct gs_program *p, const uint8_t *want, const struct gs_memory *from, unsigned threads,
                    bool packed, const char *label, struct seen *seen)
{
	struct seen other = {0};
	compare_one(p, want, from, threads, packed, false, label, seen);
	compare_one(p, want, from, threads, packed, true, label, &other);
}

/* ---- random programs ---- */

static void random_program(uint64_t seed, bool tolerant, struct seen *seen)
{
	struct gs_generator_options options = gs_generator_small();
	struct gs_program p;
	struct gs_error error;
	struct gs_buf inputs, claimed;
	char label[64];
	options.instructions_max = 64;
	gs_buf_init(&inputs, (size_t)1 << 24);
	gs_buf_init(&claimed, (size_t)1 << 24);
	assert_int_equal((tolerant ? gs_generate_tolerant : gs_generate_program)(seed, &options, &p, &error), GS_OK);
	assert_int_equal(gs_generate_inputs(seed, &p, &inputs), GS_OK);
	assert_int_equal(gs_generate_claimed(seed, &p, &claimed), GS_OK);
	uint8_t *want = calloc(1, gs_program_trace_bytes(&p));
	assert_non_null(want);
	struct gs_memory mem = {
		.trace = want, .weights = p.weights, .inputs = inputs.ptr, .claimed = tolerant ? claimed.ptr : NULL};
	gs_interpret(&p, &mem);
	snprintf(label, sizeof(label), "seed %llu", (unsigned long long)seed);
	count_places(&p, seen);
	compare(&p, want, &mem, 1 + (unsigned)(seed % 3), seed % 2, label, seen);
	free(want);
	gs_buf_free(&inputs);
	gs_buf_free(&claimed);
	gs_program_free(&p);
}

static void random_programs(void **state)
{
	(void)state;
	struct seen seen = {0};
	unsigned cases = gs_share(500);
	for (uint64_t seed = 1; seed <= cases; seed++)
		random_program(seed, seed % 5 == 0, &seen);
	assert_true(seen.over > cases / 13);
	assert_true(seen.grouped > cases / 5);
	assert_true(seen.arena < seen.trace / 2);
}

/* ---- random networks ---- */

enum { CHANNELS = 8, HEIGHT = 56, WIDTH = 41, VALUES = 24 };

struct network {
	struct ob o;
	struct gs_rng rng;
	unsigned values; /* named v0, v1, ..., all of one shape */
	unsigned made;   /* names of inner tensors */
};

static const char *const unary[] = {"Relu", "Tanh",      "Sigmoid", "Exp", "Neg",
                                    "Erf",  "HardSwish", "Abs",     "Elu", "Softplus"};
static const char *const binary[] = {"Add", "Mul", "Sub", "Max", "Min"};

static void node(struct network *n, const char *op, const char *inputs, const char *output)
{
	ob_node(&n->o, op, inputs, output);
	ob_end(&n->o);
}

/* Weights of a convolution; their name. */
static void weights(struct network *n, const char *name, uint32_t outputs, uint32_t inputs, uint32_t kernel)
{
	uint32_t dim[] = {outputs, inputs, kernel, kernel}, count = outputs * inputs * kernel * kernel;
	float *data = malloc(count * sizeof(*data));
	assert_non_null(data);
	for (uint32_t i = 0; i < count; i++)
		data[i] = ((float)gs_rng_below(&n->rng, 2001) / 1000.0F - 1.0F) / (float)(inputs * kernel);
	ob_initializer(&n->o, name, GS_F32, 4, dim, data);
	free(data);
}

static void conv(struct network *n, const char *x, uint32_t inputs, uint32_t groups, uint32_t kernel, const char *to)
{
	const int64_t pads[] = {kernel / 2, kernel / 2, kernel / 2, kernel / 2};
	char name[16], both[64];
	snprintf(name, sizeof(name), "w%u", n->made++);
	snprintf(both, sizeof(both), "%s,%s", x, name);
	weights(n, name, CHANNELS, inputs / groups, kernel);
	ob_node(&n->o, "Conv", both, to);
	ob_attr_int(&n->o, "group", groups);
	ob_attr_ints(&n->o, "pads", 4, pads);
	ob_end(&n->o);
}

static void transpose(struct network *n, const char *x, const char *to)
{
	const int64_t order[] = {0, 1, 3, 2};
	ob_node(&n->o, "Transpose", x, to);
	ob_attr_ints(&n->o, "perm", 4, order);
	ob_end(&n->o);
}

static void cast(struct network *n, const char *x, int64_t to, const char *name)
{
	ob_node(&n->o, "Cast", x, name);
	ob_attr_int(&n->o, "to", to);
	ob_end(&n->o);
}

/* One more value, from one or two of those before, mostly late ones. */
static void add_value(struct network *n)
{
	char a[16], b[16], to[16], inner[16], both[64];
	uint64_t kind = gs_rng_below(&n->rng, 14), last = n->values - 1;
	snprintf(a, sizeof(a), "v%llu", (unsigned long long)(last - gs_rng_below(&n->rng, last < 2 ? 1 : 2)));
	snprintf(b, sizeof(b), "v%llu", (unsigned long long)gs_rng_below(&n->rng, n->values));
	snprintf(to, sizeof(to), "v%u", n->values++);
	snprintf(inner, sizeof(inner), "i%u", n->made++);
	snprintf(both, sizeof(both), "%s,%s", a, b);
	if (kind < 3) {
		node(n, unary[gs_rng_below(&n->rng, GS_ARRAY_LEN(unary))], a, to);
	} else if (kind < 6) {
		node(n, binary[gs_rng_below(&n->rng, GS_ARRAY_LEN(binary))], both, to);
	} else if (kind == 6) {
		conv(n, a, CHANNELS, 1, 3, to);
	} else if (kind == 7) {
		conv(n, a, CHANNELS, CHANNELS, 3, to);
	} else if (kind == 8) {
		ob_node(&n->o, "Concat", both, inner);
		ob_attr_int(&n->o, "axis", 1);
		ob_end(&n->o);
		conv(n, inner, 2 * CHANNELS, 1, 1, to);
	} else if (kind == 9) {
		ob_node(&n->o, "Softmax", a, to);
		ob_attr_int(&n->o, "axis", (int64_t)gs_rng_below(&n->rng, 4));
		ob_end(&n->o);
	} else if (kind == 10) {
		transpose(n, a, inner);
		snprintf(b, sizeof(b), "i%u", n->made++);
		node(n, "Relu", inner, b);
		transpose(n, b, to);
	} else if (kind == 11) {
		cast(n, a, GS_F16, inner);
		snprintf(b, sizeof(b), "i%u", n->made++);
		node(n, "Sqrt", inner, b);
		cast(n, b, GS_F32, to);
	} else if (kind == 12) {
		const int64_t axes[] = {1};
		ob_node(&n->o, "ReduceMax", a, inner); /* one channel: few terms, as a first layer has */
		ob_attr_ints(&n->o, "axes", 1, axes);
		ob_end(&n->o);
		conv(n, inner, 1, 1, 3, to);
	} else {
		node(n, "Less", both, inner);
		snprintf(both, sizeof(both), "%s,%s,%s", inner, b, a);
		node(n, "Where", both, to);
	}
}

/* Whether it is run with others; counted. */
static bool is_together(const char *form, struct seen *seen)
{
	bool blocks = strcmp(form, "blocks") == 0, fused = strcmp(form, "fused") == 0;
	seen->blocks += blocks;
	seen->fused += fused;
	seen->planes += strcmp(form, "plane+") == 0;
	seen->direct += strcmp(form, "direct+") == 0;
	return blocks || fused || form[strlen(form) - 1] == '+';
}

/* Instructions that are run together: each by the interpreter, once more, over what they have left. */
static void check_groups(const struct gs_program *p, const struct gs_memory *mem, unsigned threads, const char *label,
                         struct seen *seen)
{
	uint64_t bytes = gs_program_trace_bytes(p);
	struct gs_exec_options options = {.threads = threads, .finely = true};
	struct gs_exec_plan *plan;
	struct gs_error error;
	struct gs_memory again = *mem;
	poison(mem->trace, bytes);
	assert_int_equal(gs_exec_plan_new(p, &options, &plan, &error), GS_OK);
	assert_int_equal(gs_exec_plan_run(plan, mem, &error), GS_OK);
	again.trace = malloc(bytes);
	assert_non_null(again.trace);
	memcpy(again.trace, mem->trace, bytes);
	for (uint32_t i = 0; i < p->count; i++) {
		struct gs_instr in = gs_program_instr(p, i);
		if (!is_together(gs_exec_plan_form(plan, i), seen))
			continue;
		gs_interpret_instr(&in, &again);
		uint64_t at = (uint64_t)in.first_chunk * GS_CHUNK_BYTES;
		uint64_t size = gs_dtype_chunks(in.store_dtype, gs_instr_count(&in)) * GS_CHUNK_BYTES;
		if (memcmp(again.trace + at, mem->trace + at, size) != 0)
			fail_msg("%s, %u threads: instruction %u differs", label, threads, i);
	}
	free(again.trace);
	gs_exec_plan_free(plan);
}

static void random_network(uint64_t seed, struct seen *seen)
{
	static const int64_t dim[] = {1, CHANNELS, HEIGHT, WIDTH};
	struct network n = {.values = 1};
	struct gs_program p;
	struct gs_error error = {0};
	char name[16], label[64];
	gs_rng_seed(&n.rng, seed);
	ob_init(&n.o, 17);
	ob_input(&n.o, "v0", 1, 4, dim);
	while (n.values < VALUES)
		add_value(&n);
	for (unsigned v = VALUES - 2; v < VALUES; v++) {
		snprintf(name, sizeof(name), "v%u", v);
		ob_output(&n.o, name, 1);
	}
	struct gs_buf model = ob_finish(&n.o);
	if (gs_onnx_lower(gs_buf_view(&model), NULL, &p, NULL, &error) != GS_OK)
		fail_msg("seed %llu: %s", (unsigned long long)seed, error.text);
	float *x = calloc(p.header.inputs_chunks, GS_CHUNK_BYTES);
	uint8_t *want = calloc(1, gs_program_trace_bytes(&p));
	assert_non_null(x);
	assert_non_null(want);
	for (unsigned i = 0; i < CHANNELS * HEIGHT * WIDTH; i++)
		x[i] = (float)((double)gs_rng_below(&n.rng, 4000001) / 1e6 - 2);
	struct gs_memory mem = {.trace = want, .weights = p.weights, .inputs = (const uint8_t *)x};
	snprintf(label, sizeof(label), "network %llu", (unsigned long long)seed);
	count_places(&p, seen);
	check_groups(&p, &mem, 1 + (unsigned)(seed % 3), label, seen);
	for (unsigned packed = 0; packed < 2; packed++) {
		unsigned threads = 1 + (unsigned)((seed + packed) % 3);
		assert_int_equal(gs_exec_run(&p, &mem, threads, &error), GS_OK);
		compare(&p, want, &mem, threads, packed != 0, label, seen);
	}
	free(x);
	free(want);
	gs_program_free(&p);
	gs_buf_free(&model);
}

static void random_networks(void **state)
{
	(void)state;
	struct seen seen = {0};
	unsigned cases = gs_share_least(40, 8);
	for (uint64_t seed = 1; seed <= cases; seed++)
		random_network(seed, &seen);
	assert_true(seen.over > 5 * cases);
	assert_forms(seen.blocks, 5 * cases + 1, UINT64_MAX);
	assert_forms(seen.fused, 5 * cases / 2 + 1, UINT64_MAX);
	assert_forms(seen.planes, cases / 4 + 1, UINT64_MAX);
	assert_forms(seen.direct, cases / 4 + 1, UINT64_MAX);
	assert_true(seen.arena < seen.trace / 4);
}

/* A chain of padded convolutions in groups, which are run as products: each writes where its input was, for that is copied
 * first. */
static void output_over_copied_input(void **state)
{
	(void)state;
	static const int64_t dim[] = {1, CHANNELS, HEIGHT, WIDTH};
	struct network n = {.values = 1};
	struct gs_program p;
	struct gs_error error = {0};
	struct seen seen = {0};
	gs_rng_seed(&n.rng, 7);
	ob_init(&n.o, 17);
	ob_input(&n.o, "v0", 1, 4, dim);
	conv(&n, "v0", CHANNELS, 2, 3, "a");
	conv(&n, "a", CHANNELS, 2, 3, "b");
	conv(&n, "b", CHANNELS, 2, 3, "c");
	conv(&n, "c", CHANNELS, 2, 3, "y");
	ob_output(&n.o, "y", 1);
	struct gs_buf model = ob_finish(&n.o);
	assert_int_equal(gs_onnx_lower(gs_buf_view(&model), NULL, &p, NULL, &error), GS_OK);
	float *x = calloc(p.header.inputs_chunks, GS_CHUNK_BYTES);
	uint8_t *want = calloc(1, gs_program_trace_bytes(&p));
	assert_non_null(x);
	assert_non_null(want);
	for (unsigned i = 0; i < CHANNELS * HEIGHT * WIDTH; i++)
		x[i] = (float)((double)gs_rng_below(&n.rng, 4000001) / 1e6 - 2);
	struct gs_memory mem = {.trace = want, .weights = p.weights, .inputs = (const uint8_t *)x};
	gs_interpret(&p, &mem);
	for (unsigned threads = 1; threads <= 3; threads++)
		compare(&p, want, &mem, threads, true, "convolutions", &seen);
	/* by lines, on a big-endian processor, nothing is copied first: a tensor each */
	const uint64_t tensors = gs_little_endian() ? 3 : 6;
	assert_int_equal(seen.arena, tensors * gs_dtype_chunks(GS_F32, CHANNELS * HEIGHT * WIDTH));
	free(x);
	free(want);
	gs_program_free(&p);
	gs_buf_free(&model);
}

/* One of two instructions that are run together reads a tensor at other places than the last that reads it: that one must not
 * write over it, block by block. */
static void transposed_reader(void **state)
{
	(void)state;
	enum { SIDE = 96 };
	static const int64_t dim[] = {SIDE, SIDE}, order[] = {1, 0};
	struct ob o;
	struct gs_program p;
	struct gs_error error = {0};
	struct seen seen = {0};
	struct gs_rng rng;
	gs_rng_seed(&rng, 11);
	ob_init(&o, 17);
	ob_input(&o, "x", 1, 2, dim);
	ob_node(&o, "Softmax", "x", "a");
	ob_end(&o);
	ob_node(&o, "Transpose", "a", "t");
	ob_attr_ints(&o, "perm", 2, order);
	ob_end(&o);
	ob_node(&o, "Neg", "t", "b");
	ob_end(&o);
	ob_node(&o, "Sub", "a,b", "c");
	ob_end(&o);
	ob_node(&o, "Softmax", "c", "y");
	ob_end(&o);
	ob_output(&o, "y", 1);
	struct gs_buf model = ob_finish(&o);
	assert_int_equal(gs_onnx_lower(gs_buf_view(&model), NULL, &p, NULL, &error), GS_OK);
	float *x = calloc(p.header.inputs_chunks, GS_CHUNK_BYTES);
	uint8_t *want = calloc(1, gs_program_trace_bytes(&p));
	assert_non_null(x);
	assert_non_null(want);
	for (unsigned i = 0; i < SIDE * SIDE; i++)
		x[i] = (float)((double)gs_rng_below(&rng, 4000001) / 1e6 - 2);
	struct gs_memory mem = {.trace = want, .weights = p.weights, .inputs = (const uint8_t *)x};
	gs_interpret(&p, &mem);
	count_places(&p, &seen);
	assert_true(seen.grouped > 0);
	for (unsigned threads = 1; threads <= 3; threads++)
		compare(&p, want, &mem, threads, true, "transposed", &seen);
	free(x);
	free(want);
	gs_program_free(&p);
	gs_buf_free(&model);
}

/* ---- models ---- */

/* Steps of a model's run that can be waited for: under a sanitizer, and where a share of the cases is asked for. */
#define SANITIZED_COST_MAX (UINT64_C(1) << 29)
#define SHARED_COST_MAX (UINT64_C(1) << 22)

/* False for one that is left out. */
static bool one_model(const char *folder, const char *label, struct seen *seen)
{
	char path[4200];
	struct gs_mapped file;
	struct gs_tensor_set set;
	struct gs_program p;
	struct gs_run run;
	struct gs_error error = {0};
	const struct gs_tensor *feed[GS_IO_MAX];
	uint32_t used = 0;
	snprintf(path, sizeof(path), "%s/model.onnx", folder);
	gs_tensor_set_init(&set);
	assert_int_equal(gs_map_file(path, GS_MODEL_FILE_MAX, &file, &error), GS_OK);
	assert_int_equal(gs_bench_model_inputs(folder, &set, &error), GS_OK);
	if (gs_bench_model_lower(path, file.bytes, &set, &p, feed, &used, &error) != GS_OK)
		fail_msg("%s: %s", label, error.text);
	bool runs = (!GS_SANITIZED || p.header.cost <= SANITIZED_COST_MAX) &&
	            (gs_share_parts() == 1 || p.header.cost <= SHARED_COST_MAX);
	if (runs) {
		assert_int_equal(gs_run_init(&run, &p, feed, used, &error), GS_OK);
		struct gs_memory mem = {
			.trace = run.trace, .weights = p.weights, .inputs = run.inputs, .claimed = run.claimed};
		assert_int_equal(gs_exec_run(&p, &mem, 2, &error), GS_OK);
		count_places(&p, seen);
		compare(&p, run.trace, &mem, 1, true, label, seen);
		compare(&p, run.trace, &mem, 2, false, label, seen);
		gs_run_free(&run);
	}
	gs_program_free(&p);
	gs_unmap_file(&file);
	gs_tensor_set_free(&set);
	return runs;
}

static void models(void **state)
{
	(void)state;
	const char *data = getenv("GAINSAY_DATA");
	struct seen seen = {0};
	char root[2048], folder[4096], path[4200];
	snprintf(root, sizeof(root), "%s/models", data != NULL ? data : "../shared/data");
	DIR *dir = opendir(root);
	for (const struct dirent *e = dir ? readdir(dir) : NULL; e != NULL; e = readdir(dir)) {
		snprintf(folder, sizeof(folder), "%s/%s", root, e->d_name);
		snprintf(path, sizeof(path), "%s/model.onnx", folder);
		if (e->d_name[0] != '.' && access(path, R_OK) == 0 && !one_model(folder, e->d_name, &seen))
			print_message("left out, too many steps to wait for here: %s\n", e->d_name);
	}
	if (dir == NULL) {
		print_message("skipped: %s is not there\n", root);
		skip();
		return;
	}
	closedir(dir);
	assert_true(seen.over > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(random_programs), cmocka_unit_test(random_networks),
	                                   cmocka_unit_test(output_over_copied_input),
	                                   cmocka_unit_test(transposed_reader), cmocka_unit_test(models)};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
