/* Tolerant models: the comparison at a program's end, what may have one, and what the law asks of header and program. */
#include "challenge/machine/merkle.h"
#include "challenge/machine/tolerance.h"
#include "challenge/machine/within.h"
#include "tests/support/onnx_model.h"
#include "validator/exec/exec.h"

enum { ABS_2_10 = 0x3a800000, REL_2_12 = 0x39800000 }; /* 2^-10 and 2^-12 */

/* A lowered model with its arrays. */
struct model {
	struct gs_program p;
	uint8_t *inputs, *trace, *claimed;
};

static enum gs_err lower(struct gs_bytes onnx, uint32_t absolute, uint32_t relative, struct gs_program *p,
                         struct gs_error *error)
{
	struct gs_onnx_options options = {.tolerance_abs = absolute, .tolerance_rel = relative};
	return gs_onnx_lower(onnx, &options, p, NULL, error);
}

static void open_model(struct model *m, struct gs_bytes onnx, uint32_t absolute, uint32_t relative)
{
	struct gs_error error = {0};
	if (lower(onnx, absolute, relative, &m->p, &error) != GS_OK)
		fail_msg("%s", error.text);
	m->inputs = calloc(m->p.header.inputs_chunks + 1U, GS_CHUNK_BYTES);
	m->claimed = calloc(m->p.header.claimed_chunks + 1U, GS_CHUNK_BYTES);
	m->trace = calloc(1, gs_program_trace_bytes(&m->p));
	assert_true(m->inputs != NULL && m->claimed != NULL && m->trace != NULL);
}

static void close_model(struct model *m)
{
	free(m->inputs);
	free(m->claimed);
	free(m->trace);
	gs_program_free(&m->p);
}

static struct gs_memory memory_of(const struct model *m)
{
	return (struct gs_memory){
		.trace = m->trace, .weights = m->p.weights, .inputs = m->inputs, .claimed = m->claimed};
}

static uint8_t *canonical(const struct model *m, uint32_t k)
{
	uint32_t chunk = 0;
	struct gs_error error = {0};
	if (gs_program_canonical_output(&m->p, k, &chunk, &error) != GS_OK)
		fail_msg("%s", error.text);
	return m->trace + (size_t)chunk * GS_CHUNK_BYTES;
}

static uint8_t *claimed(const struct model *m, uint32_t k)
{
	return m->claimed + (size_t)m->p.io.output[k].chunk * GS_CHUNK_BYTES;
}

/* Runs from the start, by the interpreter and by the executor, and claims what is right. */
static void run_and_claim(struct model *m)
{
	struct gs_memory mem = memory_of(m);
	gs_interpret(&m->p, &mem);
	for (uint32_t k = 0; k < m->p.io.outputs; k++) {
		const struct gs_tensor_type *t = &m->p.io.output[k];
		memcpy(claimed(m, k), canonical(m, k),
		       gs_tensor_type_count(t) * gs_dtype_bytes((enum gs_dtype)t->dtype));
	}
}

/* The comparison alone, over what is claimed now. */
static bool accepted(struct model *m)
{
	struct gs_memory mem = memory_of(m);
	for (uint32_t i = gs_program_comparison(&m->p); i < m->p.count; i++) {
		struct gs_instr in = gs_program_instr(&m->p, i);
		gs_interpret_instr(&in, &mem);
	}
	return gs_program_accepts(&m->p, m->trace);
}

static void fill_inputs(struct model *m, uint64_t seed)
{
	struct gs_rng rng;
	gs_rng_seed(&rng, seed);
	for (uint32_t i = 0; i < m->p.io.inputs; i++) {
		const struct gs_tensor_type *t = &m->p.io.input[i];
		uint64_t count = gs_tensor_type_count(t);
		for (uint64_t n = 0; n < count; n++) {
			float v = onnx_random(&rng);
			gs_reg reg = gs_dtype_class((enum gs_dtype)t->dtype) == GS_CLASS_F32 ? gs_f32_to_bits(v)
			                                                                     : gs_rng_below(&rng, 7);
			gs_element_write(m->inputs + (size_t)t->chunk * GS_CHUNK_BYTES, (enum gs_dtype)t->dtype, n,
			                 gs_store((enum gs_dtype)t->dtype, reg));
		}
	}
}

/* Finite numbers of a float type in order, by whole numbers: -0 and +0 are 0. */
static int64_t rank_of(enum gs_dtype dtype, uint64_t bits)
{
	uint64_t sign = UINT64_C(1) << (8 * gs_dtype_bytes(dtype) - 1);
	return bits & sign ? -(int64_t)(bits ^ sign) : (int64_t)bits;
}

static uint64_t of_rank(enum gs_dtype dtype, int64_t rank)
{
	uint64_t sign = UINT64_C(1) << (8 * gs_dtype_bytes(dtype) - 1);
	return rank < 0 ? (uint64_t)-rank | sign : (uint64_t)rank;
}

/* Stored numbers next to each other, the first inside of the tolerance about `right`, the second outside, above or below. */
static void edge_of(const struct gs_header *h, enum gs_dtype dtype, uint64_t right, int side, uint64_t *inside,
                    uint64_t *outside)
{
	gs_reg tolerance = gs_within_tolerance(h->tolerance_abs, h->tolerance_rel), y = gs_load(dtype, right);
	int64_t in = rank_of(dtype, right), out = side * rank_of(dtype, dtype == GS_F16 ? 0x7c00 : 0x7f800000);
	while (out - in != side) {
		int64_t middle = in + (out - in) / 2;
		if (gs_within((uint32_t)gs_load(dtype, of_rank(dtype, middle)), (uint32_t)y, tolerance))
			in = middle;
		else
			out = middle;
	}
	*inside = of_rank(dtype, in);
	*outside = of_rank(dtype, out);
}

/* For each element of each output: the outermost stored number inside of the tolerance is accepted, the next one not. */
static unsigned try_every_element(struct model *m)
{
	unsigned tried = 0;
	for (uint32_t k = 0; k < m->p.io.outputs; k++) {
		const struct gs_tensor_type *t = &m->p.io.output[k];
		enum gs_dtype dtype = (enum gs_dtype)t->dtype;
		for (uint64_t n = 0; n < gs_tensor_type_count(t); n++) {
			uint64_t right = gs_element_bits(canonical(m, k), dtype, n);
			for (int side = -1; side <= 1; side += 2, tried++) {
				uint64_t inside = right, outside = right ^ 1;
				if (gs_dtype_class(dtype) == GS_CLASS_F32)
					edge_of(&m->p.header, dtype, right, side, &inside, &outside);
				gs_element_write(claimed(m, k), dtype, n, inside);
				assert_true(accepted(m));
				gs_element_write(claimed(m, k), dtype, n, outside);
				assert_false(accepted(m));
				gs_element_write(claimed(m, k), dtype, n, right);
			}
		}
	}
	assert_true(accepted(m));
	return tried;
}

/* ---- models ---- */

/* Two f32 outputs, an f16 one, an i64 one and a bool one. */
static struct gs_buf several_outputs(void)
{
	struct ob o;
	static const float w[3 * 4] = {0.5F, -1.25F, 2, 0.75F, -0.3F, 1.1F, 0.9F, -2.2F, 3.1F, 0.01F, -0.7F, 1.3F};
	ob_init(&o, 13);
	ob_input(&o, "x", GS_F32, 2, (int64_t[]){5, 3});
	ob_input(&o, "n", GS_I64, 1, (int64_t[]){7});
	ob_initializer(&o, "w", GS_F32, 2, (uint32_t[]){3, 4}, w);
	ob_node(&o, "MatMul", "x,w", "h");
	ob_end(&o);
	ob_node(&o, "Tanh", "h", "a");
	ob_end(&o);
	ob_node(&o, "Relu", "h", "r");
	ob_end(&o);
	ob_node(&o, "Softmax", "r", "b");
	ob_end(&o);
	ob_node(&o, "Cast", "h", "c");
	ob_attr_int(&o, "to", GS_F16);
	ob_end(&o);
	ob_node(&o, "Add", "n,n", "d");
	ob_end(&o);
	ob_node(&o, "Equal", "n,d", "e");
	ob_end(&o);
	for (unsigned i = 0; i < 5; i++)
		ob_output(&o, (const char *[]){"a", "b", "c", "d", "e"}[i],
		          (int[]){GS_F32, GS_F32, GS_F16, GS_I64, GS_BOOL}[i]);
	return ob_finish(&o);
}

static void the_edge_of_every_element(void **state)
{
	(void)state;
	static const uint32_t tolerance[][2] = {{ABS_2_10, REL_2_12}, {0x3c23d70a, 0}, {0, 0x3dcccccd}};
	struct gs_buf onnx = several_outputs();
	for (unsigned i = 0; i < GS_ARRAY_LEN(tolerance); i++) {
		struct model m;
		open_model(&m, gs_buf_view(&onnx), tolerance[i][0], tolerance[i][1]);
		assert_int_equal(m.p.header.outputs, 1);
		assert_int_equal(m.p.io.outputs, 5);
		assert_int_equal(m.p.header.claimed_chunks, 5);
		fill_inputs(&m, 7 + i);
		run_and_claim(&m);
		assert_true(try_every_element(&m) > 60);
		close_model(&m);
	}
	gs_buf_free(&onnx);
}

/* The exact program's instructions are there as they were, and so are its outputs. */
static void the_exact_twin(void **state)
{
	(void)state;
	struct gs_buf onnx = several_outputs();
	struct model exact, tolerant;
	open_model(&exact, gs_buf_view(&onnx), 0, 0);
	open_model(&tolerant, gs_buf_view(&onnx), ABS_2_10, 0);
	assert_int_equal(exact.p.header.tolerance_abs | exact.p.header.claimed_chunks, 0);
	assert_true(tolerant.p.count > exact.p.count);
	assert_int_equal(gs_program_comparison(&tolerant.p), exact.p.count);
	assert_int_equal(gs_program_comparison(&exact.p), exact.p.count);
	for (uint64_t seed = 0; seed < 20; seed++) {
		fill_inputs(&exact, seed);
		fill_inputs(&tolerant, seed);
		struct gs_memory mem = memory_of(&exact);
		gs_interpret(&exact.p, &mem);
		run_and_claim(&tolerant);
		assert_true(accepted(&tolerant));
		for (uint32_t k = 0; k < exact.p.io.outputs; k++) {
			const struct gs_tensor_type *t = &exact.p.io.output[k];
			assert_memory_equal(canonical(&exact, k), claimed(&tolerant, k),
			                    gs_tensor_type_count(t) * gs_dtype_bytes((enum gs_dtype)t->dtype));
		}
	}
	close_model(&exact);
	close_model(&tolerant);
	gs_buf_free(&onnx);
}

static struct gs_buf wide_model(uint32_t count)
{
	struct ob o;
	ob_init(&o, 13);
	ob_input(&o, "x", GS_F32, 1, (int64_t[]){count});
	ob_node(&o, "Mul", "x,x", "y");
	ob_end(&o);
	ob_output(&o, "y", GS_F32);
	return ob_finish(&o);
}

/* Rows of 4096, and again: sizes about the edges of rows, and a million. */
static void many_elements(void **state)
{
	(void)state;
	static const uint32_t counts[] = {1, 2, 4095, 4096, 4097, 8192, 8193, 1000000};
	for (unsigned i = 0; i < GS_ARRAY_LEN(counts); i++) {
		struct gs_buf onnx = wide_model(counts[i]);
		struct model m;
		struct gs_error error = {0};
		open_model(&m, gs_buf_view(&onnx), ABS_2_10, 0);
		assert_int_equal(m.p.count, 2 + (counts[i] > 1) + (counts[i] > 4096));
		fill_inputs(&m, i);
		run_and_claim(&m);
		assert_true(accepted(&m));
		const uint32_t at[] = {0, counts[i] / 2, counts[i] - 1};
		for (unsigned k = 0; k < 3; k++) {
			uint64_t right = gs_element_bits(claimed(&m, 0), GS_F32, at[k]);
			gs_element_write(claimed(&m, 0), GS_F32, at[k], GS_F32_NAN);
			struct gs_memory mem = memory_of(&m);
			assert_int_equal(gs_exec_run(&m.p, &mem, 2, &error), GS_OK);
			assert_false(gs_program_accepts(&m.p, m.trace));
			gs_element_write(claimed(&m, 0), GS_F32, at[k], right);
		}
		close_model(&m);
		gs_buf_free(&onnx);
	}
}

/* ---- what may have a tolerance ---- */

static void chain(struct ob *o, const char *op, const char *from, const char *to)
{
	ob_node(o, op, from, to);
	ob_end(o);
}

static struct gs_buf behind_arithmetic(const char *op, int output, bool arithmetic)
{
	struct ob o;
	ob_init(&o, 13);
	ob_input(&o, "x", GS_F32, 2, (int64_t[]){4, 6});
	ob_initializer(&o, "half", GS_F32, 0, NULL, (float[]){0.5F});
	if (arithmetic)
		chain(&o, "Exp", "x", "h");
	ob_node(&o, op, strcmp(op, "Greater") == 0 ? arithmetic ? "h,half" : "x,half" : arithmetic ? "h" : "x", "y");
	if (strcmp(op, "Cast") == 0)
		ob_attr_int(&o, "to", output);
	ob_end(&o);
	ob_output(&o, "y", output);
	return ob_finish(&o);
}

static void discrete_operators(void **state)
{
	(void)state;
	static const struct {
		const char *op;
		int output;
	} row[] = {{"ArgMax", GS_I64},   {"Floor", GS_F32},  {"Ceil", GS_F32},  {"Round", GS_F32},
	           {"Sign", GS_F32},     {"Cast", GS_I32},   {"Cast", GS_BOOL}, {"IsNaN", GS_BOOL},
	           {"Greater", GS_BOOL}, {"Hardmax", GS_F32}};
	for (unsigned i = 0; i < GS_ARRAY_LEN(row); i++) {
		struct gs_error error = {0};
		struct gs_program p;
		struct gs_buf onnx = behind_arithmetic(row[i].op, row[i].output, true);
		assert_int_equal(lower(gs_buf_view(&onnx), ABS_2_10, 0, &p, &error), GS_EUNSUPPORTED);
		if (strstr(error.text, row[i].op) == NULL || strstr(error.text, "such models are exact") == NULL)
			fail_msg("%s: %s", row[i].op, error.text);
		assert_int_equal(lower(gs_buf_view(&onnx), 0, 0, &p, &error), GS_OK);
		gs_program_free(&p);
		gs_buf_free(&onnx);
		/* Of the inputs themselves, which are what they are. */
		onnx = behind_arithmetic(row[i].op, row[i].output, false);
		if (lower(gs_buf_view(&onnx), ABS_2_10, 0, &p, &error) != GS_OK)
			fail_msg("%s of an input: %s", row[i].op, error.text);
		gs_program_free(&p);
		gs_buf_free(&onnx);
	}
}

static void continuous_operators(void **state)
{
	(void)state;
	static const char *const op[] = {"Relu",     "Elu",      "Selu",        "LeakyRelu",
	                                 "Sigmoid",  "Softmax",  "HardSigmoid", "Abs",
	                                 "Softplus", "Softsign", "LogSoftmax",  "LpNormalization"};
	for (unsigned i = 0; i < GS_ARRAY_LEN(op); i++) {
		struct gs_error error = {0};
		struct gs_program p;
		struct gs_buf onnx = behind_arithmetic(op[i], GS_F32, true);
		if (lower(gs_buf_view(&onnx), 0, REL_2_12, &p, &error) != GS_OK)
			fail_msg("%s: %s", op[i], error.text);
		gs_program_free(&p);
		gs_buf_free(&onnx);
	}
}

static void tolerances_out_of_range(void **state)
{
	(void)state;
	static const uint32_t wrong[][2] = {
		{GS_TOLERANCE_ABS_MAX + 1, 0}, {0x80000000, 0}, {0x7f800000, 0}, {0x7fc00000, 0},
		{0, GS_TOLERANCE_REL_MAX + 1}, {0, 0x80000000}, {1, 0xffffffff}};
	struct gs_buf onnx = wide_model(3);
	for (unsigned i = 0; i < GS_ARRAY_LEN(wrong); i++) {
		struct gs_error error = {0};
		struct gs_program p;
		assert_int_equal(lower(gs_buf_view(&onnx), wrong[i][0], wrong[i][1], &p, &error), GS_EINVAL);
	}
	gs_buf_free(&onnx);
}

/* ---- the file ---- */

static enum gs_err reread(const struct gs_program *p, struct gs_error *error)
{
	struct gs_buf bytes;
	struct gs_program again = {0};
	gs_buf_init(&bytes, 1 << 20);
	assert_int_equal(gs_program_write(p, &bytes), GS_OK);
	enum gs_err err = gs_program_read(gs_buf_view(&bytes), &again, error);
	if (err == GS_OK) {
		struct gs_hash id, was;
		gs_header_model_id(&again.header, &id);
		gs_header_model_id(&p->header, &was);
		assert_true(gs_hash_equal(&id, &was));
	}
	gs_program_free(&again);
	gs_buf_free(&bytes);
	return err;
}

/* One word of a good header changed: refused; and put back: read. */
static void what_a_reader_refuses(void **state)
{
	(void)state;
	struct gs_buf onnx = several_outputs();
	struct model m, exact;
	struct gs_error error = {0};
	open_model(&m, gs_buf_view(&onnx), ABS_2_10, REL_2_12);
	open_model(&exact, gs_buf_view(&onnx), 0, 0);
	struct gs_header good = m.p.header, *h = &m.p.header;
	assert_int_equal(reread(&m.p, &error), GS_OK);
	for (unsigned i = 0; i < 13; i++) {
		*h = good;
		switch (i) {
		case 0: h->tolerance_abs = GS_TOLERANCE_ABS_MAX + 1; break;
		case 1: h->tolerance_rel = GS_TOLERANCE_REL_MAX + 1; break;
		case 2: h->tolerance_abs = 0x80000000; break;
		case 3: h->tolerance_abs++; break; /* another one than the instructions compare with */
		case 4: h->tolerance_rel--; break;
		case 5: h->tolerance_abs = h->tolerance_rel = 0; break;
		case 6: h->claimed_chunks = 0; break;
		case 7: h->claimed_chunks = GS_CLAIMED_CHUNKS_MAX + 1; break;
		case 8: h->claimed_chunks++; break;
		case 9: h->claimed_chunks--; break;
		case 10: h->outputs = 2; break;
		case 11: h->output_depth = 1; break;
		case 12: h->tolerance_abs = h->tolerance_rel = h->claimed_chunks = 0; break;
		}
		if (reread(&m.p, &error) == GS_OK)
			fail_msg("header %u was read", i);
	}
	*h = good;
	/* An exact program under a tolerant header. */
	exact.p.header.tolerance_abs = ABS_2_10;
	exact.p.header.claimed_chunks = good.claimed_chunks;
	assert_int_equal(reread(&exact.p, &error), GS_EPARSE);
	close_model(&m);
	close_model(&exact);
	gs_buf_free(&onnx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_edge_of_every_element),
		cmocka_unit_test(the_exact_twin),
		cmocka_unit_test(many_elements),
		cmocka_unit_test(discrete_operators),
		cmocka_unit_test(continuous_operators),
		cmocka_unit_test(tolerances_out_of_range),
		cmocka_unit_test(what_a_reader_refuses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
