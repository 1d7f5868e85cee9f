/* Branches, loops, scans, functions, tensors without elements, forms of old opsets: against the same sums written out in C. */
#include "challenge/machine/interpreter.h"
#include "tests/support/onnx_builder.h"
#include "validator/onnx/onnx.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void lower(struct ob *o, struct gs_program *p)
{
	struct gs_buf b = ob_finish(o);
	struct gs_error error = {0};
	if (gs_onnx_lower(gs_buf_view(&b), NULL, p, NULL, &error) != GS_OK)
		fail_msg("%s", error.text);
	gs_buf_free(&b);
}

static enum gs_onnx_reason refusal(struct ob *o, const char *says)
{
	struct gs_buf b = ob_finish(o);
	struct gs_error error = {0};
	struct gs_onnx_report report;
	struct gs_program p = {0};
	assert_int_not_equal(gs_onnx_lower(gs_buf_view(&b), NULL, &p, &report, &error), GS_OK);
	if (strstr(error.text, says) == NULL)
		fail_msg("'%s' does not say '%s'", error.text, says);
	gs_buf_free(&b);
	return report.reason;
}

struct feed {
	const void *at[4];
};

/* Runs on inputs given as the host keeps them; gives output `index` back, to be freed. */
static void *run(const struct gs_program *p, struct feed input, uint32_t index)
{
	uint8_t *in = calloc(p->header.inputs_chunks + 1U, GS_CHUNK_BYTES);
	uint8_t *trace = calloc(1, gs_program_trace_bytes(p));
	for (uint32_t i = 0; i < p->io.inputs && i < 4; i++)
		ob_pack((enum gs_dtype)p->io.input[i].dtype, input.at[i], gs_tensor_type_elements(&p->io.input[i]),
		        in + (size_t)p->io.input[i].chunk * GS_CHUNK_BYTES);
	gs_interpret(p, &(struct gs_memory){.trace = trace, .weights = p->weights, .inputs = in});
	const struct gs_tensor_type *t = &p->io.output[index];
	void *out = calloc(gs_tensor_type_count(t), 8);
	ob_unpack((enum gs_dtype)t->dtype, trace + ((size_t)p->header.output_chunk + t->chunk) * GS_CHUNK_BYTES,
	          gs_tensor_type_count(t), out);
	free(in);
	free(trace);
	return out;
}

static void check_floats(const struct gs_program *p, struct feed input, uint32_t index, const float *want,
                         uint64_t count)
{
	float *have = run(p, input, index);
	assert_int_equal(gs_tensor_type_elements(&p->io.output[index]), count);
	for (uint64_t i = 0; i < count; i++)
		if (gs_f32_to_bits(have[i]) != gs_f32_to_bits(want[i]))
			fail_msg("element %llu is %g, not %g", (unsigned long long)i, (double)have[i], (double)want[i]);
	free(have);
}

/* A graph of one node. */
static struct ob one_node(const char *op, const char *inputs, const char *output)
{
	struct ob b;
	ob_init(&b, 13);
	ob_node(&b, op, inputs, output);
	ob_end(&b);
	ob_output(&b, output, GS_F32);
	return b;
}

static void known_branches_cost_nothing(void **state)
{
	(void)state;
	for (uint8_t taken = 0; taken < 2; taken++) {
		static const float x[3] = {1, -2, 3};
		struct ob o;
		struct gs_program p;
		ob_init(&o, 13);
		ob_input(&o, "x", GS_F32, 1, (int64_t[]){3});
		ob_initializer(&o, "c", GS_BOOL, 1, (uint32_t[]){1}, &taken);
		struct ob yes = one_node("Neg", "x", "a"), no = one_node(taken ? "NoSuchOperator" : "Abs", "x", "a");
		ob_node(&o, "If", "c", "y");
		ob_attr_graph(&o, "then_branch", &yes);
		ob_attr_graph(&o, "else_branch", &no);
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		lower(&o, &p);
		assert_int_equal(p.count, 1);
		check_floats(&p, (struct feed){{x}}, 0, taken ? (float[]){-1, 2, -3} : (float[]){1, 2, 3}, 3);
		gs_program_free(&p);
	}
}

static struct ob choice(const char *then_op, const char *then_in, const char *else_op, const char *else_in)
{
	struct ob o;
	static const float w[2] = {10, 20};
	ob_init(&o, 13);
	ob_input(&o, "c", GS_BOOL, 0, NULL);
	ob_input(&o, "x", GS_F32, 1, (int64_t[]){2});
	ob_initializer(&o, "w", GS_F32, 1, (uint32_t[]){2}, w);
	struct ob yes = one_node(then_op, then_in, "a"), no = one_node(else_op, else_in, "b");
	ob_node(&o, "If", "c", "y");
	ob_attr_graph(&o, "then_branch", &yes);
	ob_attr_graph(&o, "else_branch", &no);
	ob_end(&o);
	ob_output(&o, "y", GS_F32);
	return o;
}

static void unknown_branches_are_selected(void **state)
{
	(void)state;
	struct ob o = choice("Mul", "x,w", "Identity", "x");
	struct gs_program p;
	static const float x[2] = {3, -5};
	lower(&o, &p);
	for (uint8_t c = 0; c < 2; c++)
		check_floats(&p, (struct feed){{&c, x}}, 0, c ? (float[]){30, -100} : x, 2);
	gs_program_free(&p);
	o = choice("Concat", "x,w", "Identity", "x"); /* no axis: malformed, but only if it is taken */
	assert_int_equal(refusal(&o, "--bind c"), GS_ONNX_CONTROL_FLOW);
	o = choice("ReduceSum", "x", "Identity", "x");
	assert_int_equal(refusal(&o, "different shapes"), GS_ONNX_CONTROL_FLOW);
	o = choice("Foo", "x", "Identity", "x");
	assert_int_equal(refusal(&o, "then_branch"), GS_ONNX_CONTROL_FLOW);
}

/* s' = s * w + i; goes on while i < last; gives s as the carried value and every s' as a scan output. */
static struct ob loop(int64_t trips, int64_t last)
{
	struct ob o, body;
	static const float w = 3;
	ob_init(&o, 13);
	ob_input(&o, "x", GS_F32, 1, (int64_t[]){2});
	ob_initializer(&o, "m", GS_I64, 0, NULL, &trips);
	ob_initializer(&o, "w", GS_F32, 0, NULL, &w);
	ob_initializer(&o, "last", GS_I64, 0, NULL, &last);
	ob_init(&body, 13);
	ob_input(&body, "i", GS_I64, 0, NULL);
	ob_input(&body, "go", GS_BOOL, 0, NULL);
	ob_input(&body, "s", GS_F32, 1, (int64_t[]){2});
	ob_node(&body, "Cast", "i", "f");
	ob_attr_int(&body, "to", GS_F32);
	ob_end(&body);
	ob_node(&body, "Mul", "s,w", "t");
	ob_end(&body);
	ob_node(&body, "Add", "t,f", "next");
	ob_end(&body);
	ob_node(&body, "Less", "i,last", "on");
	ob_end(&body);
	ob_node(&body, "Identity", "next", "each");
	ob_end(&body);
	ob_output(&body, "on", GS_BOOL);
	ob_output(&body, "next", GS_F32);
	ob_output(&body, "each", GS_F32);
	ob_node(&o, "Loop", "m,,x", "y,z");
	ob_attr_graph(&o, "body", &body);
	ob_end(&o);
	ob_output(&o, "y", GS_F32);
	ob_output(&o, "z", GS_F32);
	return o;
}

static void loops_are_unrolled(void **state)
{
	(void)state;
	static const float x[2] = {0.5F, -7};
	for (int64_t trips = 1; trips < 9; trips++) {
		struct ob o = loop(trips, 4);
		struct gs_program p;
		int64_t done = trips < 5 ? trips : 5; /* the trip with i = 4 says stop */
		float s[2] = {x[0], x[1]}, z[16];
		lower(&o, &p);
		for (int64_t i = 0; i < done; i++)
			for (unsigned k = 0; k < 2; k++)
				z[2 * i + k] = s[k] = s[k] * 3 + (float)i;
		check_floats(&p, (struct feed){{x}}, 0, s, 2);
		check_floats(&p, (struct feed){{x}}, 1, z, 2 * (uint64_t)done);
		assert_int_equal(p.io.output[1].dim[0], done);
		gs_program_free(&p);
	}
	struct ob o = loop(0, 4);
	refusal(&o, "no trip at all");
	o = loop(INT64_C(1) << 40, INT64_C(1) << 41);
	assert_int_equal(refusal(&o, "(Loop)"), GS_ONNX_TOO_BIG);
}

/* A captured value that the body's Relu reads must not take the Relu as its own epilogue. */
static void captured_values_stay_what_they_are(void **state)
{
	(void)state;
	static const int64_t trips = 2;
	static const float x[2] = {4, -4}, zero[2] = {0, 0};
	struct ob o, body;
	struct gs_program p;
	ob_init(&o, 13);
	ob_input(&o, "x", GS_F32, 1, (int64_t[]){2});
	ob_initializer(&o, "m", GS_I64, 0, NULL, &trips);
	ob_initializer(&o, "zero", GS_F32, 1, (uint32_t[]){2}, zero);
	ob_node(&o, "Add", "x,x", "t");
	ob_end(&o);
	ob_init(&body, 13);
	ob_input(&body, "i", GS_I64, 0, NULL);
	ob_input(&body, "go", GS_BOOL, 0, NULL);
	ob_input(&body, "s", GS_F32, 1, (int64_t[]){2});
	ob_node(&body, "Relu", "t", "r");
	ob_end(&body);
	ob_node(&body, "Sub", "t,r", "d"); /* min(t, 0) */
	ob_end(&body);
	ob_node(&body, "Add", "s,d", "next");
	ob_end(&body);
	ob_output(&body, "go", GS_BOOL);
	ob_output(&body, "next", GS_F32);
	ob_node(&o, "Loop", "m,,zero", "y");
	ob_attr_graph(&o, "body", &body);
	ob_end(&o);
	ob_output(&o, "y", GS_F32);
	lower(&o, &p);
	check_floats(&p, (struct feed){{x}}, 0, (float[]){0, -16}, 2);
	gs_program_free(&p);
}

/* Running sums over axis 1 from the end, stacked along axis 1 in the order of the input again. */
static void scans_take_axes_and_directions(void **state)
{
	(void)state;
	static const float x[6] = {1, 2, 3, 10, 20, 30}, start[2] = {0.5F, 100};
	struct ob o, body;
	struct gs_program p;
	ob_init(&o, 13);
	ob_input(&o, "s", GS_F32, 1, (int64_t[]){2});
	ob_input(&o, "x", GS_F32, 2, (int64_t[]){2, 3});
	ob_init(&body, 13);
	ob_input(&body, "a", GS_F32, 1, (int64_t[]){2});
	ob_input(&body, "e", GS_F32, 1, (int64_t[]){2});
	ob_node(&body, "Add", "a,e", "b");
	ob_end(&body);
	ob_node(&body, "Identity", "b", "c");
	ob_end(&body);
	ob_output(&body, "b", GS_F32);
	ob_output(&body, "c", GS_F32);
	ob_node(&o, "Scan", "s,x", "y,z");
	ob_attr_graph(&o, "body", &body);
	ob_attr_int(&o, "num_scan_inputs", 1);
	ob_attr_ints(&o, "scan_input_axes", 1, (int64_t[]){-1});
	ob_attr_ints(&o, "scan_input_directions", 1, (int64_t[]){1});
	ob_attr_ints(&o, "scan_output_axes", 1, (int64_t[]){1});
	ob_attr_ints(&o, "scan_output_directions", 1, (int64_t[]){1});
	ob_end(&o);
	ob_output(&o, "y", GS_F32);
	ob_output(&o, "z", GS_F32);
	lower(&o, &p);
	check_floats(&p, (struct feed){{start, x}}, 0, (float[]){6.5F, 160}, 2);
	check_floats(&p, (struct feed){{start, x}}, 1, (float[]){6.5F, 5.5F, 3.5F, 160, 150, 130}, 6);
	gs_program_free(&p);
}

/* leaky(x) = LeakyRelu(x, alpha of the call, or 0.5); twice(x, y?) = leaky(leaky(x, 0.25), its own alpha) + OptionalHasElement(y). */
static struct ob functions(void)
{
	struct ob o, leaky, twice;
	ob_init(&o, 13);
	ob_init(&leaky, 13);
	ob_node(&leaky, "LeakyRelu", "in", "out");
	ob_attr_ref(&leaky, "alpha", "slope", 1);
	ob_end(&leaky);
	ob_function(&o, "my", "leaky", "in", "out", &leaky, "slope", 0.5F);
	ob_init(&twice, 18);
	ob_node(&twice, "leaky", "x", "t");
	ob_domain(&twice, "my");
	ob_attr_float(&twice, "slope", 0.25F);
	ob_end(&twice);
	ob_node(&twice, "leaky", "t", "u");
	ob_domain(&twice, "my");
	ob_end(&twice);
	ob_node(&twice, "OptionalHasElement", "y", "given");
	ob_end(&twice);
	ob_node(&twice, "Cast", "given", "f");
	ob_attr_int(&twice, "to", GS_F32);
	ob_end(&twice);
	ob_node(&twice, "Add", "u,f", "out");
	ob_end(&twice);
	ob_function(&o, "my", "twice", "x,y", "out", &twice, NULL, 0);
	ob_import(&o, "my", 1);
	return o;
}

static void functions_are_expanded(void **state)
{
	(void)state;
	static const float x[2] = {8, -8};
	for (unsigned given = 0; given < 2; given++) {
		struct ob o = functions();
		struct gs_program p;
		ob_input(&o, "x", GS_F32, 1, (int64_t[]){2});
		ob_node(&o, "twice", given ? "x,x" : "x", "y");
		ob_domain(&o, "my");
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		lower(&o, &p);
		check_floats(&p, (struct feed){{x}}, 0, given ? (float[]){9, 0} : (float[]){8, -1}, 2);
		gs_program_free(&p);
	}
	struct ob o = functions(), self;
	ob_init(&self, 13);
	ob_node(&self, "round", "in", "out");
	ob_domain(&self, "my");
	ob_end(&self);
	ob_function(&o, "my", "about", "in", "out", &self, NULL, 0);
	ob_init(&self, 13);
	ob_node(&self, "about", "in", "out");
	ob_domain(&self, "my");
	ob_end(&self);
	ob_function(&o, "my", "round", "in", "out", &self, NULL, 0);
	ob_input(&o, "x", GS_F32, 1, (int64_t[]){2});
	ob_node(&o, "round", "x", "y");
	ob_domain(&o, "my");
	ob_end(&o);
	ob_output(&o, "y", GS_F32);
	assert_int_equal(refusal(&o, "round <- about <- round"), GS_ONNX_MALFORMED);
}

/* An input and an output without elements, each one zero in its array. */
static void tensors_without_elements(void **state)
{
	(void)state;
	static const float x[2] = {1, 2};
	struct ob o;
	struct gs_program p, again;
	struct gs_error error = {0};
	ob_init(&o, 13);
	ob_input(&o, "none", GS_F32, 2, (int64_t[]){0, 2});
	ob_input(&o, "x", GS_F32, 2, (int64_t[]){1, 2});
	ob_node(&o, "Concat", "none,x,none", "y");
	ob_attr_int(&o, "axis", 0);
	ob_end(&o);
	ob_node(&o, "Identity", "none", "z");
	ob_end(&o);
	ob_node(&o, "ReduceSum", "none", "sum");
	ob_end(&o);
	ob_output(&o, "y", GS_F32);
	ob_output(&o, "z", GS_F32);
	ob_output(&o, "sum", GS_F32);
	lower(&o, &p);
	assert_int_equal(p.header.inputs_chunks, 2);
	check_floats(&p, (struct feed){{NULL, x}}, 0, x, 2);
	check_floats(&p, (struct feed){{NULL, x}}, 1, NULL, 0);
	check_floats(&p, (struct feed){{NULL, x}}, 2, (float[]){0}, 1);
	assert_int_equal(p.io.output[1].dim[0], 0);
	assert_int_equal(p.io.output[1].dim[1], 2);
	float *zero = run(&p, (struct feed){{NULL, x}}, 1);
	assert_int_equal(gs_tensor_type_count(&p.io.output[1]), 1);
	assert_true(zero[0] == 0);
	free(zero);
	struct gs_buf file;
	gs_buf_init(&file, 1 << 20);
	assert_int_equal(gs_program_write(&p, &file), GS_OK);
	assert_int_equal(gs_program_read(gs_buf_view(&file), &again, &error), GS_OK);
	assert_memory_equal(&again.header, &p.header, sizeof(p.header));
	gs_program_free(&again);
	gs_buf_free(&file);
	gs_program_free(&p);
}

static void old_forms_are_read_or_refused(void **state)
{
	(void)state;
	static const float x[4] = {1.5F, -2.5F, 3, 4};
	struct ob o;
	struct gs_program p;
	ob_init(&o, 1);
	ob_input(&o, "x", GS_F32, 4, (int64_t[]){1, 1, 2, 2});
	ob_node(&o, "Cast", "x", "whole");
	ob_attr_text(&o, "to", "INT32");
	ob_end(&o);
	ob_node(&o, "Cast", "whole", "back");
	ob_attr_text(&o, "to", "FLOAT");
	ob_end(&o);
	ob_node(&o, "Reshape", "back", "flat");
	ob_attr_ints(&o, "shape", 2, (int64_t[]){-1, 2});
	ob_end(&o);
	ob_node(&o, "Pad", "flat", "y");
	ob_attr_ints(&o, "paddings", 4, (int64_t[]){0, 1, 0, 0});
	ob_end(&o);
	ob_node(&o, "Upsample", "x", "z");
	ob_attr_float(&o, "height_scale", 1);
	ob_attr_float(&o, "width_scale", 2);
	ob_end(&o);
	ob_output(&o, "y", GS_F32);
	ob_output(&o, "z", GS_F32);
	lower(&o, &p);
	check_floats(&p, (struct feed){{x}}, 0, (float[]){0, 1, -2, 0, 3, 4}, 6);
	check_floats(&p, (struct feed){{x}}, 1, (float[]){1.5F, 1.5F, -2.5F, -2.5F, 3, 3, 4, 4}, 8);
	gs_program_free(&p);
	static const int64_t two = 2;
	ob_init(&o, 5);
	ob_input(&o, "x", GS_F32, 1, (int64_t[]){2});
	ob_initializer(&o, "n", GS_I64, 0, NULL, &two);
	ob_node(&o, "Tile", "x,n,n", "y");
	ob_end(&o);
	ob_output(&o, "y", GS_F32);
	assert_int_equal(refusal(&o, "its form of opset 5"), GS_ONNX_FORM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_branches_cost_nothing),
		cmocka_unit_test(unknown_branches_are_selected),
		cmocka_unit_test(loops_are_unrolled),
		cmocka_unit_test(captured_values_stay_what_they_are),
		cmocka_unit_test(scans_take_axes_and_directions),
		cmocka_unit_test(functions_are_expanded),
		cmocka_unit_test(tensors_without_elements),
		cmocka_unit_test(old_forms_are_read_or_refused),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
