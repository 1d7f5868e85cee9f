/* Models made to hurt: each is refused in one line that names the node, input or initializer, within bounds on memory and
 * processor time that the kernel enforces on a child process. The time only guards against hanging: nothing is measured. */
#include "challenge/machine/program.h"
#include "tests/support/onnx_builder.h"
#include "tests/support/sanitized.h"
#include "validator/models/beside.h"
#include "validator/onnx/onnx.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

enum { SECONDS_MAX = 20 };
#define MEMORY_MAX (UINT64_C(2) << 30)

struct verdict {
	enum gs_err err;
	enum gs_onnx_reason reason;
	struct gs_error error;
};

/* Lowers in a child under limits; path (may be NULL) is where the model would lie. */
static struct verdict lower_limited(const char *path, struct gs_buf *model)
{
	struct verdict v = {0};
	int pipe_fd[2], status;
	assert_int_equal(pipe(pipe_fd), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		const struct gs_onnx_options none = {0};
		struct gs_onnx_report report = {0};
		struct gs_program p;
		struct rlimit cpu = {SECONDS_MAX, SECONDS_MAX}, memory = {MEMORY_MAX, MEMORY_MAX};
		setrlimit(RLIMIT_CPU, &cpu);
		if (!GS_SANITIZED)
			setrlimit(RLIMIT_AS, &memory);
		v.err = path == NULL ? gs_onnx_lower(gs_buf_view(model), &none, &p, &report, &v.error)
		                     : gs_lower_beside(path, gs_buf_view(model), &none, &p, &report, &v.error);
		v.reason = report.reason;
		gs_program_free(&p);
		_exit(write(pipe_fd[1], &v, sizeof(v)) == (ssize_t)sizeof(v) ? 0 : 1);
	}
	close(pipe_fd[1]);
	ssize_t n = read(pipe_fd[0], &v, sizeof(v));
	close(pipe_fd[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || n != (ssize_t)sizeof(v))
		fail_msg("the lowering was killed (status %d): past %d s of processor time or %llu bytes", status,
		         SECONDS_MAX, (unsigned long long)MEMORY_MAX);
	gs_buf_free(model);
	return v;
}

static void expect(struct gs_buf model, enum gs_onnx_reason reason, const char *says)
{
	struct verdict v = lower_limited(NULL, &model);
	assert_int_not_equal(v.err, GS_OK);
	if (strstr(v.error.text, says) == NULL)
		fail_msg("'%s' does not say '%s'", v.error.text, says);
	if (v.reason != reason)
		fail_msg("'%s' is %s, not %s", v.error.text, gs_onnx_reason_name(v.reason),
		         gs_onnx_reason_name(reason));
	assert_null(strchr(v.error.text, '\n'));
}

static void named(struct ob *o, const char *name, const char *op, const char *in, const char *out)
{
	ob_node(o, op, in, out);
	ob_text(&o->node, 3, name);
}

static struct ob begin(void)
{
	struct ob o;
	ob_init(&o, 13);
	ob_input(&o, "x", GS_F32, 1, (int64_t[]){4});
	ob_output(&o, "y", GS_F32);
	return o;
}

/* ---- names ---- */

static void names_that_do_not_add_up(void **state)
{
	(void)state;
	struct ob o = begin();
	named(&o, "first", "Add", "x,b", "a");
	ob_end(&o);
	named(&o, "second", "Add", "x,a", "b");
	ob_end(&o);
	named(&o, "third", "Add", "a,b", "y");
	ob_end(&o);
	expect(ob_finish(&o), GS_ONNX_MALFORMED, "node 0 'first' (Add): input 'b' is not defined");
	o = begin();
	named(&o, "self", "Relu", "y", "y");
	ob_end(&o);
	expect(ob_finish(&o), GS_ONNX_MALFORMED, "node 0 'self' (Relu): input 'y' is not defined");
	o = begin();
	named(&o, "one", "Relu", "x", "y");
	ob_end(&o);
	named(&o, "two", "Neg", "x", "y");
	ob_end(&o);
	expect(ob_finish(&o), GS_ONNX_MALFORMED, "node 1 'two' (Neg): value 'y' is defined twice");
	o = begin();
	ob_initializer(&o, "w", GS_F32, 1, (uint32_t[]){1}, &(float){1});
	ob_initializer(&o, "w", GS_F32, 1, (uint32_t[]){1}, &(float){2});
	named(&o, "n", "Add", "x,w", "y");
	ob_end(&o);
	expect(ob_finish(&o), GS_ONNX_MALFORMED, "initializer 'w' is defined twice");
	o = begin();
	named(&o, "new\nline", "Relu", "no", "y");
	ob_end(&o);
	expect(ob_finish(&o), GS_ONNX_MALFORMED, "node 0 'new?line'");
}

/* ---- sizes ---- */

static struct gs_buf bad_initializer(uint64_t d0, uint64_t d1, unsigned rank)
{
	struct ob o = begin();
	struct gs_buf t;
	gs_buf_init(&t, 1 << 16);
	ob_int(&t, 1, d0);
	ob_int(&t, 1, d1);
	for (unsigned i = 2; i < rank; i++)
		ob_int(&t, 1, 1);
	ob_int(&t, 2, GS_F32);
	ob_text(&t, 8, "weight");
	ob_bytes(&t, 9, "", 0);
	ob_bytes(&o.graph, 5, t.ptr, t.len);
	gs_buf_free(&t);
	named(&o, "n", "Add", "x,weight", "y");
	ob_end(&o);
	return ob_finish(&o);
}

static void sizes_that_overflow(void **state)
{
	(void)state;
	expect(bad_initializer(UINT64_C(1) << 60, 16, 2), GS_ONNX_TOO_BIG, "initializer 'weight'");
	expect(bad_initializer(UINT64_MAX, 1, 2), GS_ONNX_TOO_BIG, "initializer 'weight'");
	expect(bad_initializer(65536, 65536, 2), GS_ONNX_TOO_BIG, "initializer 'weight'");
	expect(bad_initializer(1 << 15, 1 << 15, 2), GS_ONNX_MALFORMED, "initializer 'weight'"); /* and no data */
	expect(bad_initializer(1, 1, 100), GS_ONNX_TOO_BIG, "initializer 'weight'");
	struct ob o;
	ob_init(&o, 13);
	ob_input(&o, "x", GS_F32, 1, (int64_t[]){INT64_C(1) << 60});
	ob_output(&o, "y", GS_F32);
	named(&o, "n", "Relu", "x", "y");
	ob_end(&o);
	expect(ob_finish(&o), GS_ONNX_TOO_BIG, "input 0 'x'");
	ob_init(&o, 13);
	ob_input(&o, "x", GS_F32, 4, (int64_t[]){65536, 65536, 65536, 65536});
	ob_output(&o, "y", GS_F32);
	named(&o, "n", "Relu", "x", "y");
	ob_end(&o);
	expect(ob_finish(&o), GS_ONNX_FORM, "input 'x'");
}

/* Every way of asking for 2^40 elements, or for a negative number of them. */
static void constants_that_explode(void **state)
{
	(void)state;
	static const struct {
		const char *op, *in;
		int64_t v[2];
		enum gs_onnx_reason reason;
	} bomb[] = {
		{"ConstantOfShape", "v", {1 << 20, 1 << 20}, GS_ONNX_TOO_BIG},
		{"ConstantOfShape", "v", {INT64_C(1) << 40, 1}, GS_ONNX_MALFORMED},
		{"ConstantOfShape", "v", {-1, 2}, GS_ONNX_MALFORMED},
		{"Expand", "x,v", {1 << 30, 4}, GS_ONNX_TOO_BIG},
		{"Expand", "x,v", {INT64_C(1) << 40, 4}, GS_ONNX_MALFORMED},
		{"Reshape", "x,v", {INT64_C(1) << 60, INT64_C(1) << 60}, GS_ONNX_MALFORMED},
		{"Reshape", "x,v", {-5, 2}, GS_ONNX_MALFORMED},
	};
	for (size_t i = 0; i < GS_ARRAY_LEN(bomb); i++) {
		struct ob o = begin();
		ob_initializer(&o, "v", GS_I64, 1, (uint32_t[]){2}, bomb[i].v);
		named(&o, "bomb", bomb[i].op, bomb[i].in, "t");
		ob_end(&o);
		named(&o, "n", "Relu", "t", "y");
		ob_end(&o);
		expect(ob_finish(&o), bomb[i].reason, "node 0 'bomb'");
	}
	static const int64_t range[3] = {0, INT64_C(1) << 40, 1};
	struct ob o = begin();
	for (unsigned i = 0; i < 3; i++)
		ob_initializer(&o, (const char *[]){"a", "b", "c"}[i], GS_I64, 0, NULL, &range[i]);
	named(&o, "bomb", "Range", "a,b,c", "y");
	ob_end(&o);
	expect(ob_finish(&o), GS_ONNX_TOO_BIG, "node 0 'bomb' (Range)");
	static const int64_t tile = INT64_C(1) << 40;
	o = begin();
	ob_initializer(&o, "v", GS_I64, 1, (uint32_t[]){1}, &tile);
	named(&o, "bomb", "Tile", "x,v", "y");
	ob_end(&o);
	expect(ob_finish(&o), GS_ONNX_TOO_BIG, "node 0 'bomb' (Tile)");
}

/* Sixteen small constants, each the one before four times over: 4^16 elements if they were all made. */
static void constants_that_grow_on_each_other(void **state)
{
	(void)state;
	static const int64_t four = 4;
	struct ob o = begin();
	char in[32] = "w,v", out[16];
	ob_initializer(&o, "v", GS_I64, 1, (uint32_t[]){1}, &four);
	ob_initializer(&o, "w", GS_F32, 1, (uint32_t[]){2}, (float[]){1, 2});
	for (unsigned i = 0; i < 16; i++) {
		snprintf(out, sizeof(out), i == 15 ? "y" : "t%u", i);
		named(&o, "again", "Tile", in, out);
		ob_end(&o);
		snprintf(in, sizeof(in), "%s,v", out);
	}
	expect(ob_finish(&o), GS_ONNX_TOO_BIG, "'again' (Tile)");
}

static void a_million_nodes(void **state)
{
	(void)state;
	struct ob o = begin();
	for (unsigned i = 0; i < 1000000; i++) {
		static const uint8_t node[] = {0x0a, 1, 'x', 0x12, 1, 't', 0x22, 3, 'A', 'b', 's'};
		ob_bytes(&o.graph, 1, node, sizeof(node));
	}
	expect(ob_finish(&o), GS_ONNX_TOO_BIG, "nodes: more than 131072");
}

/* ---- graphs in graphs, loops, functions ---- */

static void graphs_nested_deep(void **state)
{
	(void)state;
	static const uint8_t yes = 1;
	struct ob inner;
	ob_init(&inner, 13);
	named(&inner, "leaf", "Relu", "x", "y");
	ob_end(&inner);
	ob_output(&inner, "y", GS_F32);
	for (unsigned depth = 0; depth < 200; depth++) {
		struct ob o;
		ob_init(&o, 13);
		named(&o, "nest", "If", "c", "y");
		ob_attr_graph(&o, "then_branch", &inner);
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		inner = o;
	}
	ob_input(&inner, "x", GS_F32, 1, (int64_t[]){4});
	ob_initializer(&inner, "c", GS_BOOL, 0, NULL, &yes);
	expect(ob_finish(&inner), GS_ONNX_TOO_BIG, "node 0 'nest' (If)");
}

/* Loops in loops, each of as many trips. */
static struct gs_buf nested_loops(unsigned depth, int64_t trips)
{
	struct ob o = begin(), inner;
	for (unsigned d = 0; d < depth; d++) {
		struct ob body;
		char i[8], go[8], s[8], t[8], list[32], in[16];
		snprintf(i, sizeof(i), "i%u", d);
		snprintf(go, sizeof(go), "g%u", d);
		snprintf(s, sizeof(s), "s%u", d);
		snprintf(t, sizeof(t), "t%u", d);
		ob_init(&body, 13);
		ob_input(&body, i, GS_I64, 0, NULL);
		ob_input(&body, go, GS_BOOL, 0, NULL);
		ob_input(&body, s, GS_F32, 1, (int64_t[]){4});
		snprintf(list, sizeof(list), "m,,%s", s);
		snprintf(in, sizeof(in), "%s,%s", s, s);
		named(&body, "turn", d == 0 ? "Identity" : "Loop", d == 0 ? s : list, t);
		if (d > 0)
			ob_attr_graph(&body, "body", &inner);
		ob_end(&body);
		ob_output(&body, go, GS_BOOL);
		ob_output(&body, t, GS_F32);
		inner = body;
	}
	ob_initializer(&o, "m", GS_I64, 0, NULL, &trips);
	named(&o, "outer", "Loop", "m,,x", "y");
	ob_attr_graph(&o, "body", &inner);
	ob_end(&o);
	return ob_finish(&o);
}

static void loops_without_end(void **state)
{
	(void)state;
	expect(nested_loops(1, INT64_C(1) << 40), GS_ONNX_TOO_BIG, "node 0 'outer' (Loop)");
	expect(nested_loops(8, 100), GS_ONNX_TOO_BIG, "node 0 'outer' (Loop)");
	expect(nested_loops(8, 1 << 18), GS_ONNX_TOO_BIG, "node 0 'outer' (Loop)");
}

/* Each of thirty functions calls the one before twice: 2^30 leaves. */
static void functions_that_multiply(void **state)
{
	(void)state;
	struct ob o = begin(), body;
	char name[16], before[16] = "";
	for (unsigned i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "laugh%u", i);
		ob_init(&body, 13);
		for (unsigned k = 0; k < 2; k++) {
			named(&body, "ha", i == 0 ? "Identity" : before, k == 0 ? "a" : "b", k == 0 ? "b" : "c");
			if (i > 0)
				ob_domain(&body, "lol");
			ob_end(&body);
		}
		ob_function(&o, "lol", name, "a", "c", &body, NULL, 0);
		memcpy(before, name, sizeof(before));
	}
	named(&o, "joke", before, "x", "y");
	ob_domain(&o, "lol");
	ob_end(&o);
	ob_import(&o, "lol", 1);
	expect(ob_finish(&o), GS_ONNX_TOO_BIG, "node 0 'joke' (laugh29)");
}

/* Each of many functions calls the one before once: deeper than any stack should go. */
static void functions_that_go_deep(void **state)
{
	(void)state;
	struct ob o = begin(), body;
	char name[16], before[16] = "";
	for (unsigned i = 0; i < 4000; i++) {
		snprintf(name, sizeof(name), "step%u", i);
		ob_init(&body, 13);
		named(&body, "down", i == 0 ? "Identity" : before, "a", "b");
		if (i > 0)
			ob_domain(&body, "deep");
		ob_end(&body);
		ob_function(&o, "deep", name, "a", "b", &body, NULL, 0);
		memcpy(before, name, sizeof(before));
	}
	named(&o, "top", before, "x", "y");
	ob_domain(&o, "deep");
	ob_end(&o);
	ob_import(&o, "deep", 1);
	expect(ob_finish(&o), GS_ONNX_TOO_BIG, "node 0 'top' (step3999)");
}

/* ---- data in other files ---- */

static void entry(struct gs_buf *tensor, const char *key, const char *value)
{
	struct gs_buf e;
	gs_buf_init(&e, 1 << 12);
	ob_text(&e, 1, key);
	ob_text(&e, 2, value);
	ob_bytes(tensor, 13, e.ptr, e.len);
	gs_buf_free(&e);
}

static struct gs_buf external(const char *location, const char *offset, const char *length)
{
	struct ob o = begin();
	struct gs_buf t;
	gs_buf_init(&t, 1 << 16);
	ob_int(&t, 1, 4);
	ob_int(&t, 2, GS_F32);
	ob_text(&t, 8, "weight");
	entry(&t, "location", location);
	if (offset != NULL)
		entry(&t, "offset", offset);
	if (length != NULL)
		entry(&t, "length", length);
	ob_int(&t, 14, 1);
	ob_bytes(&o.graph, 5, t.ptr, t.len);
	gs_buf_free(&t);
	named(&o, "n", "Add", "x,weight", "y");
	ob_end(&o);
	return ob_finish(&o);
}

static void write_file(const char *path, size_t bytes)
{
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	for (size_t i = 0; i < bytes; i++)
		fputc((int)(i & 0x3f), f);
	fclose(f);
}

static void data_outside_the_folder(void **state)
{
	(void)state;
	char root[] = "/tmp/gainsay-hostile-XXXXXX", folder[64], path[96], model[96];
	assert_non_null(mkdtemp(root));
	snprintf(folder, sizeof(folder), "%s/model", root);
	assert_int_equal(mkdir(folder, 0700), 0);
	snprintf(model, sizeof(model), "%s/model.onnx", folder);
	snprintf(path, sizeof(path), "%s/secret", root);
	write_file(path, 64);
	snprintf(path, sizeof(path), "%s/link", folder);
	assert_int_equal(symlink("../secret", path), 0);
	snprintf(path, sizeof(path), "%s/up", folder);
	assert_int_equal(symlink("..", path), 0);
	snprintf(path, sizeof(path), "%s/pipe", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	snprintf(path, sizeof(path), "%s/data", folder);
	write_file(path, 64);
	static const struct {
		const char *location, *offset, *length, *says;
		enum gs_onnx_reason reason;
	} trial[] = {
		{"../secret", NULL, NULL, "out of the model's folder", GS_ONNX_DATA_TYPE},
		{"data/../../secret", NULL, NULL, "initializer 'weight'", GS_ONNX_DATA_TYPE},
		{"/etc/passwd", NULL, NULL, "absolute", GS_ONNX_DATA_TYPE},
		{"link", NULL, NULL, "symbolic link", GS_ONNX_DATA_TYPE},
		{"up/secret", NULL, NULL, "symbolic link", GS_ONNX_DATA_TYPE},
		{"pipe", NULL, NULL, "not a regular file", GS_ONNX_DATA_TYPE},
		{".", NULL, NULL, "not a file", GS_ONNX_DATA_TYPE},
		{"", NULL, NULL, "no location", GS_ONNX_MALFORMED},
		{"none", NULL, NULL, "No such file", GS_ONNX_DATA_TYPE},
		{"data", "60", NULL, "past its file", GS_ONNX_MALFORMED},
		{"data", "18446744073709551615", NULL, "past its file", GS_ONNX_MALFORMED},
		{"data", "99999999999999999999999", NULL, "malformed", GS_ONNX_MALFORMED},
		{"data", "-4", NULL, "malformed", GS_ONNX_MALFORMED},
		{"data", "0", "64", "64 bytes of external data", GS_ONNX_MALFORMED},
	};
	for (size_t i = 0; i < GS_ARRAY_LEN(trial); i++) {
		struct gs_buf b = external(trial[i].location, trial[i].offset, trial[i].length);
		struct verdict v = lower_limited(model, &b);
		assert_int_not_equal(v.err, GS_OK);
		if (strstr(v.error.text, trial[i].says) == NULL ||
		    strstr(v.error.text, "initializer 'weight'") == NULL || v.reason != trial[i].reason)
			fail_msg("%s: '%s' (%s)", trial[i].location, v.error.text, gs_onnx_reason_name(v.reason));
	}
	/* and the same data in its place is read */
	for (unsigned k = 0; k < 2; k++) {
		struct gs_buf b = external(k == 0 ? "data" : "./data", "16", k == 0 ? "16" : NULL);
		struct gs_program p;
		struct gs_error error = {0};
		if (gs_lower_beside(model, gs_buf_view(&b), &(struct gs_onnx_options){0}, &p, NULL, &error) != GS_OK)
			fail_msg("%s", error.text);
		assert_int_equal(p.header.weights_chunks, 1);
		for (unsigned i = 0; i < 16; i++)
			assert_int_equal(p.weights[i], 16 + i);
		gs_program_free(&p);
		gs_buf_free(&b);
	}
	struct gs_buf b = external("data", NULL, NULL);
	expect(b, GS_ONNX_DATA_TYPE, "save the model with its weights inside"); /* bytes alone have no folder */
	static const char *const made[] = {"model/link", "model/up", "model/pipe", "model/data", "secret", "model"};
	for (size_t i = 0; i < GS_ARRAY_LEN(made); i++) {
		snprintf(path, sizeof(path), "%s/%s", root, made[i]);
		assert_int_equal(remove(path), 0);
	}
	assert_int_equal(remove(root), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_that_do_not_add_up), cmocka_unit_test(sizes_that_overflow),
		cmocka_unit_test(constants_that_explode),   cmocka_unit_test(constants_that_grow_on_each_other),
		cmocka_unit_test(a_million_nodes),          cmocka_unit_test(graphs_nested_deep),
		cmocka_unit_test(loops_without_end),        cmocka_unit_test(functions_that_multiply),
		cmocka_unit_test(functions_that_go_deep),   cmocka_unit_test(data_outside_the_folder),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
