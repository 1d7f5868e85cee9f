/* gainsay doctor: looks at everything that a node depends on, and says what is wrong and what to do about it. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "validator/cli/commands.h"
#include "validator/cli/options.h"
#include "validator/daemon/doctor.h"

static const char *const names[] = {"ok", "warn", "fail"}; /* in the order of enum gs_judgement */
static const char *const colours[] = {"\x1b[32m", "\x1b[33m", "\x1b[31m"};

static void print_json(const struct gs_doctor *d)
{
	json_t *list = json_array();

	for (size_t i = 0; i < d->count; i++) {
		const struct gs_finding *f = &d->finding[i];
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "check", f->what, "result",
		                                      names[f->judgement], "found", f->found, "advice", f->advice));
	}
	json_t *root = json_pack("{s:b, s:o}", "well", !gs_doctor_is_ill(d), "checks", list);
	json_dumpf(root, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(root);
}

static void print_table(const struct gs_doctor *d)
{
	const bool colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");

	for (size_t i = 0; i < d->count; i++) {
		const struct gs_finding *f = &d->finding[i];
		printf("%s%-4s%s  %-32s  %s\n", colour ? colours[f->judgement] : "", names[f->judgement],
		       colour ? "\x1b[0m" : "", f->what, f->found);
		if (f->advice[0])
			printf("      %-32s  -> %s\n", "", f->advice);
	}
}

int gs_cmd_doctor(int argc, char **argv)
{
	struct gs_options options;
	struct gs_cli cli = {
		.usage = "gainsay doctor [--config FILE] [--json]",
		.about =
			"Looks at the endpoints, the contracts, the key, stake and balance, the database, the disk, the models, the\n"
			"limits and the clock, one line each: ok, warn or fail, what was found, and what to do. Changes nothing.\n"
			"Exit status 1 when something fails.",
	};
	struct gs_config config;
	struct gs_error error = {0};
	int code = gs_options_parse(&options, &cli, argc, argv);

	if (code != GS_CLI_GO_ON)
		return code;
	struct gs_doctor *d = calloc(1, sizeof(*d));
	if (!d) {
		(void)gs_fail(&error, GS_ENOMEM, "doctor: no memory");
		return gs_cli_fail(&error);
	}
	if (gs_options_config(&options, &config, &error) == GS_OK) {
		gs_doctor_say(d, GS_WELL, "settings", "", "%s", options.config ? options.config : "no file");
		gs_doctor_chain(d, &config);
		gs_doctor_machine(d, &config);
	} else {
		gs_doctor_say(d, GS_ILL, "settings", "correct the file, the environment or the command line", "%s",
		              error.text);
	}
	if (options.json)
		print_json(d);
	else
		print_table(d);
	const bool ill = gs_doctor_is_ill(d);
	free(d);
	return ill ? GS_EXIT_FAILED : GS_EXIT_OK;
}
