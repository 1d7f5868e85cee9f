/* The catalogue against the code that lowers, and against ONNX's own list of operator versions (libonnx-dev). */
#include "tests/support/onnx_builder.h"
#include "validator/onnx/catalogue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct gs_bytes bytes_of(const char *text, size_t len)
{
	return (struct gs_bytes){(const uint8_t *)text, len};
}

static void everything_named_is_lowered(void **state)
{
	(void)state;
	struct gs_catalogue_row row;
	unsigned operators = 0;
	for (unsigned n = 0; gs_catalogue_nth(n, &row); n++) {
		struct gs_catalogue_operator op;
		const char *at = row.operators;
		while (gs_catalogue_next(&at, &op)) {
			operators++;
			assert_true(op.versions > 0);
			for (unsigned v = 1; v < op.versions; v++)
				assert_true(op.version[v - 1] < op.version[v]);
			if (gs_lower_op_find(bytes_of(op.domain, op.domain_len), bytes_of(op.name, op.name_len)) ==
			    NULL)
				fail_msg("%.*s is in the catalogue, and no code lowers it", (int)op.name_len, op.name);
		}
		assert_true(row.lowering[0] != '\0');
	}
	assert_true(operators > 150);
}

static void everything_lowered_is_named(void **state)
{
	(void)state;
	const char *domain, *name;
	for (unsigned n = 0; gs_lower_op_nth(n, &domain, &name); n++) {
		if (gs_catalogue_find(bytes_of(domain, strlen(domain)), bytes_of(name, strlen(name)), NULL) == NULL)
			fail_msg("%s:%s is lowered and missing in the catalogue", domain, name);
	}
}

/* "class ONNX_OPERATOR_SET_SCHEMA_CLASS_NAME(Onnx, 13, Abs);" for every version up to 17 of every operator. */
static void versions_are_those_of_onnx(void **state)
{
	(void)state;
	enum { NEWEST = 17 }; /* of libonnx-dev in Debian 12 */
	char line[512], name[128];
	unsigned version, compared = 0;
	FILE *f = fopen("/usr/include/onnx/defs/operator_sets.h", "r");
	if (f == NULL) {
		print_message("skipped: libonnx-dev is not installed\n");
		skip();
	}
	while (fgets(line, sizeof(line), f) != NULL) {
		struct gs_catalogue_operator op;
		bool found = false;
		if (sscanf(line, "class ONNX_OPERATOR_SET_SCHEMA_CLASS_NAME(Onnx, %u, %127[A-Za-z0-9]);", &version,
		           name) != 2 ||
		    version > NEWEST || gs_catalogue_find(bytes_of("", 0), bytes_of(name, strlen(name)), &op) == NULL)
			continue;
		for (unsigned v = 0; v < op.versions; v++)
			found |= op.version[v] == version;
		if (!found)
			fail_msg("%s has a version %u that the catalogue lacks", name, version);
		compared++;
	}
	fclose(f);
	assert_true(compared > 300);
}

static void lower_relu(int64_t opset, const char *op, const char *attribute, struct gs_error *error)
{
	struct gs_program p;
	struct ob o;
	ob_init(&o, opset);
	ob_input(&o, "x", GS_F32, 1, (int64_t[]){4});
	ob_node(&o, op, "x", "y");
	if (attribute != NULL)
		ob_attr_int(&o, attribute, 1);
	ob_end(&o);
	ob_output(&o, "y", GS_F32);
	struct gs_buf b = ob_finish(&o);
	*error = (struct gs_error){0};
	enum gs_err err = gs_onnx_lower(gs_buf_view(&b), NULL, &p, NULL, error);
	assert_true((err == GS_OK) == (error->text[0] == '\0'));
	gs_program_free(&p);
	gs_buf_free(&b);
}

static void what_is_not_known_is_refused(void **state)
{
	(void)state;
	struct gs_error error;
	lower_relu(13, "Relu", NULL, &error);
	assert_string_equal(error.text, "");
	lower_relu(13, "Relu", "new_meaning", &error);
	assert_non_null(strstr(error.text, "attribute 'new_meaning' is not known"));
	lower_relu(13, "Mish", NULL, &error); /* since opset 18 */
	assert_non_null(strstr(error.text, "from opset 18 on"));
	lower_relu(18, "Mish", NULL, &error);
	assert_string_equal(error.text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_named_is_lowered),
		cmocka_unit_test(everything_lowered_is_named),
		cmocka_unit_test(versions_are_those_of_onnx),
		cmocka_unit_test(what_is_not_known_is_refused),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
