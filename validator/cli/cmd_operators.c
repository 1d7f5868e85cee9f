/* gainsay operators: what the lowering takes: versions, formula, limits of every operator. */
#include "validator/cli/commands.h"
#include "validator/cli/model_json.h"
#include "validator/onnx/catalogue.h"
#include "validator/onnx/refused.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static void print_name(const struct gs_catalogue_operator *op)
{
	printf("%.*s%s%.*s", (int)op->domain_len, op->domain, op->domain_len ? ":" : "", (int)op->name_len, op->name);
}

/* Tables for docs/operators.md: a heading and a table for each section. */
static void print_markdown(void)
{
	struct gs_catalogue_row row;
	const char *section = "";
	for (unsigned n = 0; gs_catalogue_nth(n, &row); n++) {
		struct gs_catalogue_operator op;
		const char *at = row.operators;
		if (strcmp(section, row.section) != 0)
			printf("%s### %s\n\n| operator (opsets) | lowering | limits |\n| --- | --- | --- |\n",
			       n ? "\n" : "", row.section);
		section = row.section;
		printf("| %s",
		       (unsigned char)row.operators[0] >= 0x80 ? row.operators : ""); /* "… more of the row above" */
		for (unsigned i = 0; gs_catalogue_next(&at, &op); i++) {
			printf("%s", i ? ", " : "");
			print_name(&op);
			for (unsigned v = 0; v < op.versions; v++)
				printf("%s%u", v ? " " : " (", op.version[v]);
			printf(")");
		}
		printf(" | %s | %s |\n", row.lowering, row.limits);
	}
}

/* Operators that are refused for what they are, by reason. */
static void print_left_out(void)
{
	struct gs_left_out out, last = {0};
	printf("\n### What is refused\n\n| reason | operators | why, and what to do |\n| --- | --- | --- |\n");
	for (unsigned n = 0; gs_left_out_nth(n, &out); n++) {
		if (last.text != out.text)
			printf("%s%s%s| %s | %s", n ? " | " : "", n ? last.text : "", n ? " |\n" : "",
			       gs_onnx_reason_name(out.reason), out.name);
		else
			printf(", %s", out.name);
		last = out;
	}
	printf(" | %s |\n", last.text);
}

static bool wanted(const char *asked, const struct gs_catalogue_operator *op)
{
	return asked == NULL || (strlen(asked) == op->name_len && strncasecmp(asked, op->name, op->name_len) == 0);
}

static json_t *as_json(const struct gs_catalogue_row *row, const struct gs_catalogue_operator *op)
{
	json_t *versions = json_array();
	for (unsigned v = 0; v < op->versions; v++)
		json_array_append_new(versions, json_integer(op->version[v]));
	json_t *json = json_object();
	json_object_set_new(json, "name", json_stringn(op->name, op->name_len));
	json_object_set_new(json, "domain", json_stringn(op->domain, op->domain_len));
	json_object_set_new(json, "versions", versions);
	json_object_set_new(json, "lowering", json_string(row->lowering));
	json_object_set_new(json, "limits", json_string(row->limits));
	return json;
}

int gs_cmd_operators(int argc, char **argv)
{
	bool json = false, markdown = false;
	const struct gs_flag flags[] = {
		{.name = "json", .kind = GS_FLAG_BOOL, .help = "print JSON", .out = &json},
		{.name = "markdown",
	         .kind = GS_FLAG_BOOL,
	         .help = "print the tables of docs/operators.md",
	         .out = &markdown},
	};
	struct gs_cli cli = {
		.usage = "gainsay operators [NAME] [--json]",
		.about = "Lists the ONNX operators that models may use, by name and opset versions; with a name,\n"
			 "tells its exact formula and its limits.",
		.flags = flags,
		.flag_count = GS_ARRAY_LEN(flags),
		.args_max = 1};
	int code = gs_cli_parse(&cli, argc, argv);
	if (code != GS_CLI_GO_ON)
		return code;
	if (markdown) {
		print_markdown();
		print_left_out();
		return GS_EXIT_OK;
	}
	const char *asked = cli.arg_count > 0 ? cli.arg[0] : NULL;
	json_t *list = json_array();
	struct gs_catalogue_row row;
	unsigned found = 0;
	for (unsigned n = 0; gs_catalogue_nth(n, &row); n++) {
		struct gs_catalogue_operator op;
		const char *at = row.operators;
		while (gs_catalogue_next(&at, &op)) {
			if (!wanted(asked, &op))
				continue;
			found++;
			if (json) {
				json_array_append_new(list, as_json(&row, &op));
				continue;
			}
			print_name(&op);
			for (unsigned v = 0; v < op.versions; v++)
				printf("%s%u", v ? ", " : "  opset ", op.version[v]);
			printf("\n");
			if (asked != NULL)
				printf("  %s\n%s%s%s", row.lowering, row.limits[0] ? "  Limits: " : "", row.limits,
				       row.limits[0] ? "\n" : "");
		}
	}
	if (json)
		return gs_json_print(list);
	json_decref(list);
	if (found == 0) {
		struct gs_error error;
		(void)gs_fail(&error, GS_ENOTFOUND, "%s: no such operator here; 'gainsay operators' lists them all",
		              asked);
		return gs_cli_fail(&error);
	}
	return GS_EXIT_OK;
}
