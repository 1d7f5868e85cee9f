/* Tolerant models: the comparison at a program's end, what may have one, and what the law asks of header and program. */
#include "challenge/machine/judge.h"
#include "tests/support/tolerant_model.h"
#include "validator/exec/exec.h"
#include "validator/exec/prover_trace.h"

#include <stdio.h>

enum { ABS_2_10 = 0x3a800000, REL_2_12 = 0x39800000 }; /* 2^-10 and 2^-12 */

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
		struct tolerant_model m;
		tolerant_open(&m, gs_buf_view(&onnx), tolerance[i][0], tolerance[i][1]);
		assert_int_equal(m.p.header.outputs, 1);
		assert_int_equal(m.p.io.outputs, 5);
		assert_int_equal(m.p.header.claimed_chunks, 5);
		tolerant_inputs(&m, 7 + i);
		tolerant_run(&m);
		assert_true(tolerant_edges(&m) > 60);
		tolerant_close(&m);
	}
	gs_buf_free(&onnx);
}

/* The exact program's instructions are there as they were, and so are its outputs. */
static void the_exact_twin(void **state)
{
	(void)state;
	struct gs_buf onnx = several_outputs();
	struct tolerant_model exact, tolerant;
	tolerant_open(&exact, gs_buf_view(&onnx), 0, 0);
	tolerant_open(&tolerant, gs_buf_view(&onnx), ABS_2_10, 0);
	assert_int_equal(exact.p.header.tolerance_abs | exact.p.header.claimed_chunks, 0);
	assert_true(tolerant.p.count > exact.p.count);
	assert_int_equal(gs_program_comparison(&tolerant.p), exact.p.count);
	assert_int_equal(gs_program_comparison(&exact.p), exact.p.count);
	for (uint64_t seed = 0; seed < 20; seed++) {
		tolerant_inputs(&exact, seed);
		tolerant_inputs(&tolerant, seed);
		struct gs_memory mem = tolerant_memory(&exact);
		gs_interpret(&exact.p, &mem);
		tolerant_run(&tolerant);
		assert_true(tolerant_accepts(&tolerant));
		for (uint32_t k = 0; k < exact.p.io.outputs; k++) {
			const struct gs_tensor_type *t = &exact.p.io.output[k];
			assert_memory_equal(tolerant_canonical(&exact, k), tolerant_claimed(&tolerant, k),
			                    gs_tensor_type_count(t) * gs_dtype_bytes((enum gs_dtype)t->dtype));
		}
	}
	tolerant_close(&exact);
	tolerant_close(&tolerant);
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
		struct tolerant_model m;
		struct gs_error error = {0};
		tolerant_open(&m, gs_buf_view(&onnx), ABS_2_10, 0);
		assert_int_equal(m.p.count, 2 + (counts[i] > 1) + (counts[i] > 4096));
		tolerant_inputs(&m, i);
		tolerant_run(&m);
		assert_true(tolerant_accepts(&m));
		const uint32_t at[] = {0, counts[i] / 2, counts[i] - 1};
		for (unsigned k = 0; k < 3; k++) {
			uint64_t right = gs_element_bits(tolerant_claimed(&m, 0), GS_F32, at[k]);
			gs_element_write(tolerant_claimed(&m, 0), GS_F32, at[k], GS_F32_NAN);
			struct gs_memory mem = tolerant_memory(&m);
			assert_int_equal(gs_exec_run(&m.p, &mem, 2, &error), GS_OK);
			assert_false(gs_program_accepts(&m.p, m.trace));
			gs_element_write(tolerant_claimed(&m, 0), GS_F32, at[k], right);
		}
		tolerant_close(&m);
		gs_buf_free(&onnx);
	}
}

/* ---- openings ---- */

struct opened {
	const struct gs_prover *prover;
	const struct gs_hash *root; /* by space */
	const unsigned *depth;
	unsigned claimed;
	uint8_t chunk[GS_CHUNK_BYTES];
};

/* What the prover opens, which must lead to the array's root. */
static const uint8_t *open_chunk(void *self, uint8_t space, uint32_t chunk)
{
	struct opened *o = self;
	struct gs_hash path[GS_MERKLE_DEPTH_MAX], leaf, root;
	assert_int_equal(o->prover->read(o->prover->self, (enum gs_space)space, chunk, o->chunk), GS_OK);
	assert_int_equal(o->prover->path(o->prover->self, (enum gs_space)space, chunk, path), GS_OK);
	gs_merkle_leaf(o->chunk, &leaf);
	gs_merkle_climb(leaf, chunk, path, o->depth[space], &root);
	assert_true(gs_hash_equal(&root, &o->root[space]));
	o->claimed += space == GS_SPACE_CLAIMED;
	return o->chunk;
}

/* Every step of the comparison, judged from openings alone, says what the trace says: that the claim is right, and after it was
 * changed, with a tree over the changed one, that it is wrong. */
static void judged_from_openings(void **state)
{
	(void)state;
	static const uint8_t one[GS_CHUNK_BYTES] = {1};
	struct gs_buf onnx = several_outputs();
	struct tolerant_model m;
	struct gs_commitments common;
	tolerant_open(&m, gs_buf_view(&onnx), ABS_2_10, REL_2_12);
	tolerant_inputs(&m, 5);
	tolerant_run(&m);
	assert_int_equal(gs_commitments_build(&m.p, m.inputs, &common), GS_OK);
	for (unsigned wrong = 0; wrong < 2; wrong++) {
		uint32_t chunks = m.p.header.claimed_chunks;
		if (wrong)
			tolerant_claimed(&m, 1)[3] ^= 0x40;
		assert_int_equal(gs_commitments_claim(&common, m.claimed), GS_OK);
		struct gs_trace trace;
		assert_int_equal(gs_trace_init_for(&trace, &m.p), GS_OK);
		struct gs_memory mem = tolerant_memory(&m);
		mem.trace = trace.chunks;
		gs_interpret(&m.p, &mem);
		assert_int_equal(gs_trace_commit(&trace), GS_OK);
		struct gs_prover_trace over = {.common = &common, .trace = &trace};
		struct gs_prover prover = gs_prover_over_trace(&over);
		struct gs_hash root[4], accepted, output;
		const unsigned depth[4] = {trace.depth, gs_merkle_depth(m.p.header.weights_chunks),
		                           gs_merkle_depth(m.p.header.inputs_chunks), gs_merkle_depth(chunks)};
		gs_trace_root(&trace, &root[GS_SPACE_TRACE]);
		root[GS_SPACE_WEIGHTS] = m.p.header.weights_root;
		gs_merkle_array_root(m.inputs, m.p.header.inputs_chunks, depth[GS_SPACE_INPUTS],
		                     &root[GS_SPACE_INPUTS]);
		gs_merkle_array_root(m.claimed, chunks, depth[GS_SPACE_CLAIMED], &root[GS_SPACE_CLAIMED]);
		gs_merkle_leaf(one, &accepted);
		gs_trace_output_root(&trace, &m.p.header, &output);
		assert_int_equal(gs_hash_equal(&output, &accepted), !wrong);
		struct opened o = {.prover = &prover, .root = root, .depth = depth};
		for (uint32_t i = gs_program_comparison(&m.p); i < m.p.count; i++) {
			struct gs_instr in = gs_program_instr(&m.p, i);
			for (uint64_t n = 0; in.form == GS_MAP && n < gs_instr_count(&in); n++) {
				struct gs_step_record record;
				gs_judge_step(&in, n, 0, 0, open_chunk, &o, &record);
				assert_int_equal(record.result,
				                 gs_element_bits(trace.chunks + (size_t)in.first_chunk * GS_CHUNK_BYTES,
				                                 GS_I32, n));
			}
		}
		assert_true(o.claimed > 50);
		gs_trace_free(&trace);
	}
	gs_commitments_free(&common);
	tolerant_close(&m);
	gs_buf_free(&onnx);
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
		assert_int_equal(tolerant_lower(gs_buf_view(&onnx), ABS_2_10, 0, &p, &error), GS_EUNSUPPORTED);
		if (strstr(error.text, row[i].op) == NULL || strstr(error.text, "such models are exact") == NULL)
			fail_msg("%s: %s", row[i].op, error.text);
		assert_int_equal(tolerant_lower(gs_buf_view(&onnx), 0, 0, &p, &error), GS_OK);
		gs_program_free(&p);
		gs_buf_free(&onnx);
		/* Of the inputs themselves, which are what they are. */
		onnx = behind_arithmetic(row[i].op, row[i].output, false);
		if (tolerant_lower(gs_buf_view(&onnx), ABS_2_10, 0, &p, &error) != GS_OK)
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
		if (tolerant_lower(gs_buf_view(&onnx), 0, REL_2_12, &p, &error) != GS_OK)
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
		assert_int_equal(tolerant_lower(gs_buf_view(&onnx), wrong[i][0], wrong[i][1], &p, &error), GS_EINVAL);
	}
	gs_buf_free(&onnx);
}

static void refused(struct ob *o, const char *who)
{
	struct gs_error error = {0};
	struct gs_program p;
	struct gs_buf onnx = ob_finish(o);
	assert_int_equal(tolerant_lower(gs_buf_view(&onnx), ABS_2_10, 0, &p, &error), GS_EUNSUPPORTED);
	if (strstr(error.text, who) == NULL || strstr(error.text, "such models are exact") == NULL)
		fail_msg("%s: %s", who, error.text);
	if (tolerant_lower(gs_buf_view(&onnx), 0, 0, &p, &error) != GS_OK)
		fail_msg("%s, exact: %s", who, error.text);
	gs_program_free(&p);
	gs_buf_free(&onnx);
}

/* Operators of several inputs, or of another domain, behind an Exp. */
static void discrete_models(void **state)
{
	(void)state;
	struct ob o;
	ob_init(&o, 13);
	ob_input(&o, "x", GS_F32, 1, (int64_t[]){9});
	chain(&o, "Exp", "x", "h");
	ob_initializer(&o, "k", GS_I64, 1, (uint32_t[]){1}, (int64_t[]){3});
	ob_node(&o, "TopK", "h,k", "y,i");
	ob_end(&o);
	ob_output(&o, "y", GS_F32);
	refused(&o, "TopK");

	ob_init(&o, 13);
	ob_input(&o, "x", GS_F32, 1, (int64_t[]){9});
	chain(&o, "Exp", "x", "h");
	ob_initializer(&o, "scale", GS_F32, 0, NULL, (float[]){0.1F});
	ob_initializer(&o, "zero", GS_U8, 0, NULL, (uint8_t[]){3});
	chain(&o, "QuantizeLinear", "h,scale,zero", "q");
	chain(&o, "DequantizeLinear", "q,scale,zero", "y");
	ob_output(&o, "y", GS_F32);
	refused(&o, "QuantizeLinear");

	/* The condition of a Where, and then arithmetic that hides it. */
	ob_init(&o, 13);
	ob_input(&o, "x", GS_F32, 1, (int64_t[]){9});
	chain(&o, "Exp", "x", "h");
	ob_initializer(&o, "one", GS_F32, 0, NULL, (float[]){1});
	chain(&o, "Less", "h,one", "c");
	chain(&o, "Where", "c,h,x", "w");
	chain(&o, "Tanh", "w", "y");
	ob_output(&o, "y", GS_F32);
	refused(&o, "Less");

	/* A tree. */
	ob_init(&o, 13);
	ob_input(&o, "x", GS_F32, 2, (int64_t[]){2, 3});
	chain(&o, "Exp", "x", "h");
	ob_node(&o, "TreeEnsembleRegressor", "h", "y");
	ob_domain(&o, "ai.onnx.ml");
	ob_attr_int(&o, "n_targets", 1);
	ob_attr_ints(&o, "nodes_treeids", 3, (int64_t[]){0, 0, 0});
	ob_attr_ints(&o, "nodes_nodeids", 3, (int64_t[]){0, 1, 2});
	ob_attr_ints(&o, "nodes_featureids", 3, (int64_t[]){1, 0, 0});
	ob_attr_floats(&o, "nodes_values", 3, (float[]){1, 0, 0});
	ob_attr_texts(&o, "nodes_modes", 3, (const char *const[]){"BRANCH_LEQ", "LEAF", "LEAF"});
	ob_attr_ints(&o, "nodes_truenodeids", 3, (int64_t[]){1, 0, 0});
	ob_attr_ints(&o, "nodes_falsenodeids", 3, (int64_t[]){2, 0, 0});
	ob_attr_ints(&o, "target_treeids", 2, (int64_t[]){0, 0});
	ob_attr_ints(&o, "target_nodeids", 2, (int64_t[]){1, 2});
	ob_attr_ints(&o, "target_ids", 2, (int64_t[]){0, 0});
	ob_attr_floats(&o, "target_weights", 2, (float[]){1.5F, -2});
	ob_end(&o);
	ob_import(&o, "ai.onnx.ml", 3);
	ob_output(&o, "y", GS_F32);
	refused(&o, "TreeEnsembleRegressor");
}

/* What no output needs may be as discrete as it likes. */
static void what_no_output_needs(void **state)
{
	(void)state;
	struct ob o;
	struct gs_error error = {0};
	struct gs_program p;
	ob_init(&o, 13);
	ob_input(&o, "x", GS_F32, 1, (int64_t[]){9});
	chain(&o, "Exp", "x", "y");
	chain(&o, "Floor", "y", "unused");
	ob_output(&o, "y", GS_F32);
	struct gs_buf onnx = ob_finish(&o);
	if (tolerant_lower(gs_buf_view(&onnx), ABS_2_10, 0, &p, &error) != GS_OK)
		fail_msg("%s", error.text);
	gs_program_free(&p);
	gs_buf_free(&onnx);
}

/* ---- the demo's model ---- */

static void the_demo(void **state)
{
	(void)state;
	static uint8_t bytes[1 << 20];
	FILE *f = fopen("configs/demo/digits.onnx", "rb");
	assert_non_null(f);
	size_t len = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	struct tolerant_model m;
	tolerant_open(&m, (struct gs_bytes){bytes, len}, ABS_2_10, REL_2_12);
	tolerant_inputs(&m, 3);
	tolerant_run(&m);
	assert_int_equal(tolerant_edges(&m), 2 * gs_tensor_type_count(&m.p.io.output[0]));
	tolerant_close(&m);
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
	struct tolerant_model m, exact;
	struct gs_error error = {0};
	tolerant_open(&m, gs_buf_view(&onnx), ABS_2_10, REL_2_12);
	tolerant_open(&exact, gs_buf_view(&onnx), 0, 0);
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
	tolerant_close(&m);
	tolerant_close(&exact);
	gs_buf_free(&onnx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_edge_of_every_element),
		cmocka_unit_test(the_exact_twin),
		cmocka_unit_test(judged_from_openings),
		cmocka_unit_test(many_elements),
		cmocka_unit_test(discrete_operators),
		cmocka_unit_test(continuous_operators),
		cmocka_unit_test(discrete_models),
		cmocka_unit_test(what_no_output_needs),
		cmocka_unit_test(the_demo),
		cmocka_unit_test(tolerances_out_of_range),
		cmocka_unit_test(what_a_reader_refuses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
