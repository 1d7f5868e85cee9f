/* The portable executor against the reference interpreter, to the bit: random programs that reach the whole law, and
 * larger folds and maps shaped like real layers, with one thread and with several. */
#include "validator/exec/exec.h"

#include "chain/core/rng.h"
#include "challenge/machine/listing.h"
#include "tests/generator/generator.h"
#include "validator/exec/kernels.h"
#include "validator/exec/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Reports the first instruction whose bytes differ. */
static void differ(const struct gs_program *p, const uint8_t *expected, const uint8_t *got, const char *how,
                   uint64_t seed)
{
	for (uint32_t i = 0; i < p->count; i++) {
		const struct gs_instr instr = gs_program_instr(p, i), *in = &instr;
		size_t at = (size_t)in->first_chunk * GS_CHUNK_BYTES;
		size_t len = gs_dtype_chunks(in->store_dtype, gs_instr_count(in)) * GS_CHUNK_BYTES;
		if (memcmp(expected + at, got + at, len) != 0)
			fail_msg("seed %llu, %s: instruction %u (%s) differs", (unsigned long long)seed, how, i,
			         gs_fn_info(in->fn)->name);
	}
}

/* By the interpreter; at once; and by a plan that is run again and again, of which the first runs find out what the others
 * use. */
static void compare(const struct gs_program *p, const uint8_t *inputs, const uint8_t *claimed, unsigned threads,
                    uint64_t seed)
{
	uint64_t bytes = gs_program_trace_bytes(p);
	uint8_t *expected = calloc(1, bytes), *got = malloc(bytes);
	assert_non_null(expected);
	assert_non_null(got);
	memset(got, 0xa5, bytes); /* whatever the executor leaves unwritten shows */
	struct gs_memory reference = {.trace = expected, .weights = p->weights, .inputs = inputs, .claimed = claimed},
			 fast = {.trace = got, .weights = p->weights, .inputs = inputs, .claimed = claimed};
	gs_interpret(p, &reference);
	struct gs_error error = {0};
	struct gs_exec_options options = {.threads = threads,
	                                  .packed_bytes = seed % 2 ? GS_EXEC_PACKED_BYTES_MAX : 0,
	                                  .shared_only = seed % 4 == 1,
	                                  .finely = threads > 1};
	struct gs_exec_plan *plan;
	assert_int_equal(gs_exec_run_with(p, &fast, &options, &error), GS_OK);
	differ(p, expected, got, threads > 1 ? "at once, threads" : "at once", seed);
	assert_int_equal(gs_exec_plan_new(p, &options, &plan, &error), GS_OK);
	for (unsigned run = 0; run < 4; run++) {
		memset(got, 0xa5, bytes);
		assert_int_equal(gs_exec_plan_run(plan, &fast, &error), GS_OK);
		differ(p, expected, got, threads > 1 ? "again, threads" : "again", seed);
	}
	gs_exec_plan_free(plan);
	free(expected);
	free(got);
}

typedef enum gs_err (*generate)(uint64_t seed, const struct gs_generator_options *options, struct gs_program *out,
                                struct gs_error *error);

static void run_seed(generate make, uint64_t seed, const struct gs_generator_options *options)
{
	struct gs_program p;
	struct gs_error error = {0};
	struct gs_buf inputs, claimed;
	gs_buf_init(&inputs, (size_t)1 << 30);
	gs_buf_init(&claimed, (size_t)1 << 30);
	if (make(seed, options, &p, &error) != GS_OK)
		fail_msg("seed %llu: %s", (unsigned long long)seed, error.text);
	assert_int_equal(gs_generate_inputs(seed, &p, &inputs), GS_OK);
	assert_int_equal(gs_generate_claimed(seed, &p, &claimed), GS_OK);
	compare(&p, inputs.ptr, claimed.ptr, 1, seed);
	if (seed % 8 == 0)
		compare(&p, inputs.ptr, claimed.ptr, 3, seed);
	gs_buf_free(&inputs);
	gs_buf_free(&claimed);
	gs_program_free(&p);
}

static void random_programs(void **state)
{
	(void)state;
	struct gs_generator_options options = gs_generator_small();
	options.trace_depth_max = 10; /* gaps are not computed: no need to allocate them */
	for (uint64_t seed = 1; seed <= 400; seed++)
		run_seed(gs_generate_program, seed, &options);
	for (uint64_t seed = 1; seed <= 200; seed++)
		run_seed(gs_generate_tolerant, seed, &options);
}

static void larger_programs(void **state)
{
	(void)state;
	struct gs_generator_options options = gs_generator_small();
	options.trace_depth_max = 12;
	options.elements_max = 5000;
	options.terms_max = 600;
	options.steps_max = 300000;
	for (uint64_t seed = 1000; seed < 1040; seed++)
		run_seed(gs_generate_program, seed, &options);
}

/* ---- folds of stored f32, as convolutions, products and poolings make them ---- */

static float value(struct gs_rng *rng)
{
	static const uint32_t special[] = {0,          0x80000000, 1,          0x80000001,
	                                   0x7f800000, 0xff800000, 0x7fc00000, 0x7f7fffff};
	uint64_t r = gs_rng_u64(rng);
	if (r % 97 == 0)
		return gs_f32_from_bits(special[r / 97 % GS_ARRAY_LEN(special)]);
	return (float)((double)(int64_t)(r >> 40) / (1 << 22) - 2.0);
}

static struct gs_operand input_view(uint32_t chunk, uint64_t count, uint8_t pad)
{
	return (struct gs_operand){
		.kind = GS_OPERAND_TENSOR,
		.view = {.space = GS_SPACE_INPUTS, .dtype = GS_F32, .pad = pad, .chunk = chunk, .count = count}};
}

static void add_row(struct gs_operand *op, uint64_t extent, uint64_t stride, int64_t offset, unsigned axis0,
                    int64_t coef0, unsigned axis1, int64_t coef1)
{
	struct gs_row *row = &op->view.row[op->view.rows++];
	*row = (struct gs_row){.extent = extent, .stride = stride, .at = {.offset = offset}};
	row->at.coef[axis0] += coef0;
	row->at.coef[axis1] += coef1;
}

/* A 2-d convolution or pooling with random geometry over random data; fn: fma, max or add. */
static void window_case(uint64_t seed)
{
	struct gs_rng rng;
	gs_rng_seed(&rng, seed);
	uint32_t channels = 1 + (uint32_t)gs_rng_below(&rng, 4), outputs = 1 + (uint32_t)gs_rng_below(&rng, 20);
	uint32_t height = 1 + (uint32_t)gs_rng_below(&rng, 12), width = 1 + (uint32_t)gs_rng_below(&rng, 40);
	uint32_t kernel = 1 + (uint32_t)gs_rng_below(&rng, 4), stride = 1 + (uint32_t)gs_rng_below(&rng, 3);
	int64_t dilation = 1 + (int64_t)gs_rng_below(&rng, 3), pad = (int64_t)gs_rng_below(&rng, 4);
	int64_t flip = gs_rng_below(&rng, 4) == 0 ? -1 : 1; /* negative steps along the line */
	unsigned kind = (unsigned)gs_rng_below(&rng, 3);
	uint32_t out_h = 1 + (uint32_t)gs_rng_below(&rng, 8), out_w = 1 + (uint32_t)gs_rng_below(&rng, 40);
	uint64_t x_count = (uint64_t)channels * height * width,
		 w_count = (uint64_t)outputs * channels * kernel * kernel;
	uint32_t w_chunk = (uint32_t)gs_dtype_chunks(GS_F32, x_count);
	struct gs_instr in = {.form = GS_FOLD,
	                      .store_dtype = GS_F32,
	                      .acc_dtype = GS_F32,
	                      .out_axes = 3,
	                      .red_axes = 3,
	                      .extent = {outputs, out_h, out_w, channels, kernel, kernel}};
	in.fn = kind == 0 ? GS_FN_F32_FMA : kind == 1 ? GS_FN_F32_MAX : GS_FN_F32_ADD;
	in.operand[0] = kind == 0 ? input_view(w_chunk, w_count, GS_PAD_ZERO)
	                          : (struct gs_operand){.constant = kind == 1 ? 0xff800000 : 0x80000000};
	if (kind == 0)
		add_row(&in.operand[0], outputs, 1, 0, 0, 1, 1, 0);
	in.operand[1] = input_view(0, x_count, kind == 0 ? GS_PAD_ZERO : (uint8_t)gs_rng_below(&rng, 2));
	add_row(&in.operand[1], channels, (uint64_t)height * width, 0, 3, 1, 0, 0);
	add_row(&in.operand[1], height, width, -pad, 1, stride, 4, dilation);
	add_row(&in.operand[1], width, 1, flip > 0 ? -pad : (int64_t)width, 2, flip * (int64_t)stride, 5, dilation);
	in.operand[2] = input_view(w_chunk, w_count, GS_PAD_ZERO);
	add_row(&in.operand[2], w_count, 1, 0, 0, (int64_t)channels * kernel * kernel, 3, (int64_t)kernel * kernel);
	in.operand[2].view.row[0].at.coef[4] = kernel;
	in.operand[2].view.row[0].at.coef[5] = 1;
	if (kind != 0)
		memset(&in.operand[2], 0, sizeof(in.operand[2]));
	if (gs_rng_below(&rng, 2)) {
		in.epilogue = GS_FN_F32_MAX;
		in.epilogue_pos = (uint8_t)gs_rng_below(&rng, 2);
	}
	struct gs_tensor_type inputs[2] = {{.name = "x", .dtype = GS_F32, .rank = 1, .dim = {(uint32_t)x_count}},
	                                   {.name = "w", .dtype = GS_F32, .rank = 1, .dim = {(uint32_t)w_count}}};
	struct gs_tensor_type output = {.name = "y", .dtype = GS_F32, .rank = 3, .dim = {outputs, out_h, out_w}};
	struct gs_program p = {.header = {.outputs = 1},
	                       .io = {.inputs = 2, .outputs = 1, .input = inputs, .output = &output}};
	struct gs_error error = {0};
	struct gs_listing listing;
	gs_listing_init(&listing);
	assert_int_equal(gs_listing_append(&listing, &in), GS_OK);
	if (gs_program_seal(&p, &listing, &error) != GS_OK)
		fail_msg("window %llu: %s", (unsigned long long)seed, error.text);
	uint8_t *data = calloc(p.header.inputs_chunks, GS_CHUNK_BYTES);
	assert_non_null(data);
	for (uint64_t i = 0; i < x_count; i++)
		gs_element_write(data, GS_F32, i, gs_f32_to_bits(value(&rng)));
	for (uint64_t i = 0; i < w_count; i++)
		gs_element_write(data + (size_t)w_chunk * GS_CHUNK_BYTES, GS_F32, i, gs_f32_to_bits(value(&rng)));
	compare(&p, data, NULL, 1 + (unsigned)(seed % 3), seed);
	free(data);
	gs_listing_free(&listing);
	free(p.descriptors);
	free(p.descriptor_at);
}

static void windows(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 150; seed++)
		window_case(seed);
}

/* Both kernel tables give the same bits, whichever this processor would choose. */
static void kernel_tables_agree(void **state)
{
	(void)state;
	struct gs_rng rng;
	const struct gs_kernels *best = gs_kernels_select();
	gs_rng_seed(&rng, 9);
	for (unsigned n = 0; n < 2000; n++) {
		float x[3][80], a[40], b[40];
		size_t len = 1 + gs_rng_below(&rng, 40);
		ptrdiff_t s0 = (ptrdiff_t)gs_rng_below(&rng, 3), s1 = (ptrdiff_t)gs_rng_below(&rng, 3);
		for (unsigned i = 0; i < 80; i++)
			for (unsigned k = 0; k < 3; k++)
				x[k][i] = value(&rng);
		for (unsigned kind = 0; kind < 3; kind++) {
			memcpy(a, x[2], sizeof(a));
			memcpy(b, x[2], sizeof(b));
			for (unsigned t = 0; t < 2; t++) {
				const struct gs_kernels *k = t ? best : &gs_kernels_portable;
				float *acc = t ? b : a;
				if (kind == 0)
					k->fma(acc, len, x[0], s0, x[1], s1);
				else
					(kind == 1 ? k->add : k->max)(acc, len, x[0], s0);
			}
			for (size_t i = 0; i < len; i++)
				assert_int_equal(gs_f32_to_bits(a[i]), gs_f32_to_bits(b[i]));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_programs),
		cmocka_unit_test(larger_programs),
		cmocka_unit_test(windows),
		cmocka_unit_test(kernel_tables_agree),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
