/* The ONNX reader: well-formed models, models that are wrong in one way each, cut and mutated ones, and its field
 * numbers against the schema that libonnx-dev ships. */
#include "chain/core/rng.h"
#include "tests/support/onnx_builder.h"
#include "validator/onnx/onnx.h"
#include "validator/onnx/protobuf.h"
#include "validator/onnx/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct gs_buf small_model(void)
{
	static const float w[6] = {1, 2, 3, 4, 5, 6};
	struct ob o;
	ob_init(&o, 13);
	ob_input(&o, "x", GS_F32, 2, (int64_t[]){1, 2});
	ob_initializer(&o, "w", GS_F32, 2, (uint32_t[]){2, 3}, w);
	ob_node(&o, "MatMul", "x,w", "t");
	ob_end(&o);
	ob_node(&o, "Softmax", "t", "y");
	ob_attr_int(&o, "axis", -1);
	ob_end(&o);
	ob_output(&o, "y", GS_F32);
	return ob_finish(&o);
}

static enum gs_err read_code(struct gs_bytes bytes, struct gs_error *error)
{
	struct gs_arena arena;
	struct gs_onnx_model m;
	gs_arena_init(&arena, 1 << 26);
	enum gs_err err = gs_onnx_read(bytes, NULL, &arena, &m, error);
	gs_arena_free(&arena);
	return err;
}

static void reads_a_model(void **state)
{
	(void)state;
	struct gs_buf b = small_model();
	struct gs_arena arena;
	struct gs_onnx_model m;
	gs_arena_init(&arena, 1 << 20);
	assert_int_equal(gs_onnx_read(gs_buf_view(&b), NULL, &arena, &m, NULL), GS_OK);
	assert_int_equal(m.opset, 13);
	assert_int_equal(m.graph.nodes, 2);
	assert_int_equal(m.graph.initializers, 1);
	assert_true(gs_onnx_text_is(m.graph.node[0].op, "MatMul"));
	assert_int_equal(m.graph.node[0].inputs, 2);
	assert_true(gs_onnx_text_is(m.graph.node[0].input[1], "w"));
	assert_non_null(gs_onnx_attr_find(&m.graph.node[1], "axis"));
	assert_int_equal(gs_onnx_attr_find(&m.graph.node[1], "axis")->i, -1);
	assert_null(gs_onnx_attr_find(&m.graph.node[1], "axes"));
	assert_int_equal(m.graph.initializer[0].count, 6);
	/* weights are borrowed, not copied */
	assert_true(m.graph.initializer[0].data > b.ptr && m.graph.initializer[0].data + 24 <= b.ptr + b.len);
	assert_int_equal(m.graph.input[0].rank, 2);
	assert_int_equal(m.graph.input[0].dim[1].value, 2);
	gs_arena_free(&arena);
	gs_buf_free(&b);
}

/* Every prefix of a model is refused or read, never more than that; only the whole has all its parts. */
static void refuses_cut_models(void **state)
{
	(void)state;
	struct gs_buf b = small_model();
	for (size_t len = 0; len < b.len; len++) {
		uint8_t *copy = malloc(len + 1); /* so that a sanitizer sees the end */
		struct gs_program p;
		struct gs_error error = {0};
		memcpy(copy, b.ptr, len);
		enum gs_err err = gs_onnx_lower((struct gs_bytes){copy, len}, NULL, &p, NULL, &error);
		assert_int_not_equal(err, GS_OK);
		assert_true(error.text[0] != 0);
		free(copy);
	}
	gs_buf_free(&b);
}

static struct gs_buf graph_with(void (*fill)(struct gs_buf *graph))
{
	struct gs_buf graph, model;
	gs_buf_init(&graph, 1 << 20);
	gs_buf_init(&model, 1 << 20);
	fill(&graph);
	ob_bytes(&model, 7, graph.ptr, graph.len);
	gs_buf_free(&graph);
	return model;
}

static void tensor(struct gs_buf *graph, void (*fill)(struct gs_buf *t))
{
	struct gs_buf t;
	gs_buf_init(&t, 1 << 20);
	fill(&t);
	ob_bytes(graph, 5, t.ptr, t.len);
	gs_buf_free(&t);
}

static void two_raw(struct gs_buf *t)
{
	ob_int(t, 1, 1);
	ob_int(t, 2, GS_F32);
	ob_bytes(t, 9, "\0\0\0\0", 4);
	ob_bytes(t, 9, "\0\0\0\0", 4);
}
static void short_raw(struct gs_buf *t)
{
	ob_int(t, 1, 2);
	ob_int(t, 2, GS_F32);
	ob_bytes(t, 9, "\0\0\0\0", 4);
}
static void huge_dims(struct gs_buf *t)
{
	for (int i = 0; i < 4; i++)
		ob_int(t, 1, INT32_MAX);
	ob_int(t, 2, GS_F32);
}
static void many_dims(struct gs_buf *t)
{
	for (int i = 0; i < 9; i++)
		ob_int(t, 1, 1);
	ob_int(t, 2, GS_F32);
}
static void negative_dim(struct gs_buf *t)
{
	ob_int(t, 1, UINT64_MAX);
	ob_int(t, 2, GS_F32);
}
static void raw_as_number(struct gs_buf *t)
{
	ob_int(t, 2, GS_F32);
	ob_int(t, 9, 7);
}
static void external(struct gs_buf *t)
{
	ob_int(t, 1, 1);
	ob_int(t, 2, GS_F32);
	ob_int(t, 14, 1);
}
static void a_double(struct gs_buf *t)
{
	ob_int(t, 1, 1);
	ob_int(t, 2, 11);
	ob_bytes(t, 9, "\0\0\0\0\0\0\0\0", 8);
}
static void missing_data(struct gs_buf *t)
{
	ob_int(t, 1, 1 << 30);
	ob_int(t, 2, GS_U8);
}

#define IN_GRAPH(name) \
	static void graph_##name(struct gs_buf *g) \
	{ \
		tensor(g, name); \
	}
IN_GRAPH(two_raw)
IN_GRAPH(short_raw)
IN_GRAPH(huge_dims)
IN_GRAPH(many_dims)
IN_GRAPH(negative_dim)
IN_GRAPH(raw_as_number)
IN_GRAPH(external)
IN_GRAPH(a_double)
IN_GRAPH(missing_data)

static void node_as_number(struct gs_buf *g)
{
	ob_int(g, 1, 5);
}
static void sparse(struct gs_buf *g)
{
	ob_bytes(g, 15, "", 0);
}
static void open_length(struct gs_buf *g)
{
	ob_varint(g, 1 << 3 | 2);
	ob_varint(g, UINT64_MAX);
}
static void long_varint(struct gs_buf *g)
{
	for (int i = 0; i < 11; i++)
		gs_buf_append_u8(g, 0xff);
}
static void group(struct gs_buf *g)
{
	ob_varint(g, 1 << 3 | 3);
}
static void field_zero(struct gs_buf *g)
{
	ob_int(g, 0, 1);
}

static void refuses_each_fault(void **state)
{
	(void)state;
	const struct {
		const char *what;
		void (*fill)(struct gs_buf *graph);
		enum gs_err code;
		const char *text;
	} fault[] = {
		{"repeated raw_data", graph_two_raw, GS_EPARSE, "raw_data is repeated"},
		{"raw_data too short", graph_short_raw, GS_EPARSE, "raw_data"},
		{"too many elements", graph_huge_dims, GS_ELIMIT, "2^31"},
		{"too many dimensions", graph_many_dims, GS_ELIMIT, "8 dimensions"},
		{"a negative dimension", graph_negative_dim, GS_ELIMIT, "dimension"},
		{"raw_data of wire type varint", graph_raw_as_number, GS_EPARSE, "wire type"},
		{"external data", graph_external, GS_EUNSUPPORTED, "another file"},
		{"f64 weights", graph_a_double, GS_EUNSUPPORTED, "DOUBLE"},
		{"no data for a gigabyte", graph_missing_data, GS_EPARSE, "less data"},
		{"a node of wire type varint", node_as_number, GS_EPARSE, "not a well-formed"},
		{"sparse initializer", sparse, GS_EUNSUPPORTED, "sparse"},
		{"a length past the end", open_length, GS_EPARSE, "not a well-formed"},
		{"a varint of eleven bytes", long_varint, GS_EPARSE, "not a well-formed"},
		{"a group", group, GS_EPARSE, "not a well-formed"},
		{"field number 0", field_zero, GS_EPARSE, "not a well-formed"},
	};
	for (size_t i = 0; i < GS_ARRAY_LEN(fault); i++) {
		struct gs_buf b = graph_with(fault[i].fill);
		struct gs_error error = {0};
		enum gs_err err = read_code(gs_buf_view(&b), &error);
		if (err != fault[i].code || strstr(error.text, fault[i].text) == NULL)
			fail_msg("%s: code %d, text '%s'", fault[i].what, err, error.text);
		gs_buf_free(&b);
	}
}

static void refuses_other_opsets(void **state)
{
	(void)state;
	for (int64_t opset = -1; opset <= GS_ONNX_OPSET_MAX + 1; opset++) {
		struct ob o;
		ob_init(&o, opset);
		struct gs_buf b = ob_finish(&o);
		bool fits = opset == 0 || (opset >= GS_ONNX_OPSET_MIN && opset <= GS_ONNX_OPSET_MAX);
		assert_int_equal(read_code(gs_buf_view(&b), NULL), fits ? GS_OK : GS_EUNSUPPORTED);
		gs_buf_free(&b);
	}
}

/* One shot at a mutated model: whatever comes out, nothing breaks, and a failure has its line. */
static void shoot(const uint8_t *bytes, size_t len)
{
	struct gs_program p;
	struct gs_error error = {0};
	struct gs_onnx_report report;
	enum gs_err err = gs_onnx_lower((struct gs_bytes){bytes, len}, NULL, &p, &report, &error);
	if (err != GS_OK) {
		assert_true(error.text[0] != 0);
		assert_int_not_equal(report.reason, GS_ONNX_LOWERED);
		assert_null(p.descriptors);
	}
	gs_program_free(&p);
}

static void mutate(const uint8_t *model, size_t len, unsigned shots, uint64_t seed)
{
	struct gs_rng rng;
	gs_rng_seed(&rng, seed);
	for (unsigned i = 0; i < shots; i++) {
		size_t cut = gs_rng_below(&rng, 4) == 0 ? gs_rng_below(&rng, len) : len;
		uint8_t *copy = malloc(cut + 1);
		memcpy(copy, model, cut);
		for (uint64_t n = gs_rng_below(&rng, 4); cut > 0 && n > 0; n--) {
			/* half of the hits near the ends, where structure is dense */
			size_t window = cut < 2048 ? cut : 2048, at = gs_rng_below(&rng, cut);
			if (gs_rng_below(&rng, 2) == 0)
				at = gs_rng_below(&rng, 2) == 0 ? gs_rng_below(&rng, window)
				                                : cut - 1 - gs_rng_below(&rng, window);
			copy[at] = (uint8_t)(gs_rng_below(&rng, 2) == 0 ? gs_rng_u64(&rng)
			                                                : copy[at] ^ 1U << gs_rng_below(&rng, 8));
		}
		shoot(copy, cut);
		free(copy);
	}
}

static void survives_mutated_small_models(void **state)
{
	(void)state;
	struct gs_buf b = small_model();
	mutate(b.ptr, b.len, 20000, 1);
	gs_buf_free(&b);
}

static uint8_t *slurp(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	uint8_t *bytes = NULL;
	if (f == NULL)
		return NULL;
	fseek(f, 0, SEEK_END);
	long size = ftell(f);
	rewind(f);
	bytes = malloc((size_t)size + 1);
	*len = fread(bytes, 1, (size_t)size, f);
	bytes[*len] = 0;
	fclose(f);
	return bytes;
}

static void survives_mutated_real_models(void **state)
{
	(void)state;
	static const char *const name[] = {"onnxmlir_mnist", "wonnx_opt-mnist", "vespa_random_encoder",
	                                   "silero_vad_v3_piper"};
	const char *data = getenv("GAINSAY_DATA");
	for (size_t i = 0; i < GS_ARRAY_LEN(name); i++) {
		char path[1024];
		size_t len = 0;
		snprintf(path, sizeof(path), "%s/models/%s/model.onnx", data != NULL ? data : "../shared/data",
		         name[i]);
		uint8_t *model = slurp(path, &len);
		if (model == NULL) {
			print_message("skipped: %s is not there\n", path);
			skip();
		}
		mutate(model, len, 300, 100 + i);
		free(model);
	}
}

/* The number of a field of a message in the text of a .proto file; 0 when it is not found. */
static unsigned field_number(const char *proto, const char *message, const char *field)
{
	char head[64];
	snprintf(head, sizeof(head), "\nmessage %s {", message);
	const char *p = strstr(proto, head);
	if (p == NULL)
		return 0;
	const char *end = strstr(p + 1, "\n}");
	for (p = strstr(p, field); p != NULL && p < end; p = strstr(p + 1, field)) {
		unsigned number;
		char after;
		if (p[-1] == ' ' && sscanf(p + strlen(field), " = %u%c", &number, &after) == 2 &&
		    (after == ';' || after == ' '))
			return number;
	}
	return 0;
}

static void agrees_with_the_schema(void **state)
{
	(void)state;
	static const struct {
		const char *message, *field;
		unsigned number;
	} known[] = {
		{"ModelProto", "ir_version", 1},
		{"ModelProto", "graph", 7},
		{"ModelProto", "opset_import", 8},
		{"OperatorSetIdProto", "domain", 1},
		{"OperatorSetIdProto", "version", 2},
		{"GraphProto", "node", 1},
		{"GraphProto", "initializer", 5},
		{"GraphProto", "input", 11},
		{"GraphProto", "output", 12},
		{"GraphProto", "sparse_initializer", 15},
		{"NodeProto", "input", 1},
		{"NodeProto", "output", 2},
		{"NodeProto", "name", 3},
		{"NodeProto", "op_type", 4},
		{"NodeProto", "attribute", 5},
		{"NodeProto", "domain", 7},
		{"ModelProto", "functions", 25},
		{"FunctionProto", "name", 1},
		{"FunctionProto", "input", 4},
		{"FunctionProto", "output", 5},
		{"FunctionProto", "node", 7},
		{"FunctionProto", "opset_import", 9},
		{"FunctionProto", "domain", 10},
		{"AttributeProto", "ref_attr_name", 21},
		{"StringStringEntryProto", "key", 1},
		{"StringStringEntryProto", "value", 2},
		{"AttributeProto", "name", 1},
		{"AttributeProto", "f", 2},
		{"AttributeProto", "i", 3},
		{"AttributeProto", "s", 4},
		{"AttributeProto", "t", 5},
		{"AttributeProto", "g", 6},
		{"AttributeProto", "floats", 7},
		{"AttributeProto", "ints", 8},
		{"AttributeProto", "type", 20},
		{"ValueInfoProto", "name", 1},
		{"ValueInfoProto", "type", 2},
		{"TensorProto", "dims", 1},
		{"TensorProto", "data_type", 2},
		{"TensorProto", "segment", 3},
		{"TensorProto", "float_data", 4},
		{"TensorProto", "int32_data", 5},
		{"TensorProto", "int64_data", 7},
		{"TensorProto", "name", 8},
		{"TensorProto", "raw_data", 9},
		{"TensorProto", "uint64_data", 11},
		{"TensorProto", "external_data", 13},
		{"TensorProto", "data_location", 14},
		{"TensorShapeProto", "dim", 1},
		{"TypeProto", "tensor_type", 1},
		{"TypeProto", "elem_type", 1},
		{"TypeProto", "shape", 2},
	};
	size_t len;
	char *proto = (char *)slurp("/usr/include/onnx/onnx.proto", &len);
	if (proto == NULL) {
		print_message("skipped: libonnx-dev is not installed\n");
		skip();
	}
	for (size_t i = 0; i < GS_ARRAY_LEN(known); i++)
		if (field_number(proto, known[i].message, known[i].field) != known[i].number)
			fail_msg("%s.%s is %u", known[i].message, known[i].field,
			         field_number(proto, known[i].message, known[i].field));
	free(proto);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_model),
		cmocka_unit_test(refuses_cut_models),
		cmocka_unit_test(refuses_each_fault),
		cmocka_unit_test(refuses_other_opsets),
		cmocka_unit_test(survives_mutated_small_models),
		cmocka_unit_test(survives_mutated_real_models),
		cmocka_unit_test(agrees_with_the_schema),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
