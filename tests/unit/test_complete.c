/* What the tab key offers, and what the manual says, of tables made here and of every command that exists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "validator/cli/complete.h"
#include "validator/cli/manual.h"

static const struct gs_flag own[] = {
	{.name = "mint", .kind = GS_FLAG_BOOL, .help = "mint tokens"},
	{.name = "out", .kind = GS_FLAG_TEXT, .value = "FILE", .help = "where to write"},
	{.name = "kind", .kind = GS_FLAG_TEXT, .value = "input|output", .help = "which"},
	{.name = "planted", .kind = GS_FLAG_BOOL, .help = "for tests", .hidden = true},
};
static const struct gs_flag common[] = {
	{.name = "models", .kind = GS_FLAG_TEXT, .value = "DIR", .help = ".starts with a dot"},
};

/* What is offered when the last of the words is being typed. */
static char *offered(const char *usage, char **words, size_t count)
{
	const struct gs_cli cli = {.usage = usage,
	                           .about = "Does it.\n  $ with an example\n\n.not a request \\n",
	                           .flags = own,
	                           .flag_count = GS_ARRAY_LEN(own),
	                           .more_flags = common,
	                           .more_flag_count = GS_ARRAY_LEN(common)};
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	if (count)
		gs_complete_words(&cli, words, count, out);
	else
		gs_manual_command(&cli, "thing", out);
	fclose(out);
	return text;
}

#define OFFERS(expected, usage, ...) \
	do { \
		char *words_[] = {__VA_ARGS__}; \
		char *text_ = offered(usage, words_, GS_ARRAY_LEN(words_)); \
		assert_string_equal(text_, expected); \
		free(text_); \
	} while (0)

static void words_of_a_usage(void **state)
{
	(void)state;
	OFFERS("show\t\ndeposit\t\n", "gainsay stake show | deposit AMOUNT", "");
	OFFERS("deposit\t\n", "gainsay stake show | deposit AMOUNT", "d");
	OFFERS(":file\n", "gainsay stake show | deposit AMOUNT", "deposit", "");
	OFFERS("plan\t\napply\t\n", "gainsay owner show | terms plan|apply | accept", "terms", "");
	OFFERS("show\t\nterms\t\naccept\t\n", "gainsay owner show | terms plan|apply | accept", "--mint", "");
	OFFERS("new\t\nimport\t\nlist\t\naddress\t\n",
	       "gainsay keys new|import [HEXFILE|-]|list [FOLDER]|address --db DIR", "");
	OFFERS("list\t\n", "gainsay worker [list] --queue URL", "");
	OFFERS(":file\n", "gainsay infer MODEL.onnx|PROGRAM.gsp --input FILE ...", "");
	OFFERS(":file\n", "gainsay thing ONE TWO", "one", "two", "");
}

static void options_and_their_values(void **state)
{
	const char *usage = "gainsay thing ONE";

	(void)state;
	OFFERS("--mint\tmint tokens\n--models\t.starts with a dot\n", usage, "--m");
	OFFERS("--mint\tmint tokens\n--out\twhere to write\n--kind\twhich\n--models\t.starts with a dot\n--help\tprints the command's help\n",
	       usage, "-");
	OFFERS(":file\n", usage, "--out", "");
	OFFERS(":dir\n", usage, "x", "--models", "");
	OFFERS("input\t\n", usage, "--kind", "i");
	OFFERS(":file\n", usage, "--mint", "");          /* takes no value */
	OFFERS(":file\n", usage, "--out", "--kind", ""); /* the value of --out is "--kind" */
}

static void pages_are_roff(void **state)
{
	char *page = offered("gainsay thing ONE [--mint]", NULL, 0);

	(void)state;
	assert_non_null(strstr(page, "\ngainsay thing ONE [\\-\\-mint]\n"));
	assert_non_null(strstr(page, ".BI \"\\-\\-out \" \"FILE\"\nwhere to write\n"));
	assert_non_null(strstr(page, "\n\\&.starts with a dot\n"));
	assert_non_null(strstr(page, "\n\\&.not a request \\en\n"));
	assert_non_null(strstr(page, "\n.br\n$ with an example\n"));
	assert_null(strstr(page, "planted"));
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_of_a_usage),
		cmocka_unit_test(options_and_their_values),
		cmocka_unit_test(pages_are_roff),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
