#include "validator/cli/manual.h"

#include <ctype.h>
#include <string.h>

/* Text as roff: nothing in it is a request or an escape, dashes are those that people type. */
static void say(const char *text, FILE *out)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", out);
	for (const char *c = text; *c; c++) {
		if (*c == '\\')
			fputs("\\e", out);
		else if (*c == '-')
			fputs("\\-", out);
		else if (*c == '\n' && (c[1] == '.' || c[1] == '\''))
			fputs("\n\\&", out);
		else
			fputc(*c, out);
	}
}

static void heading(const char *name, const char *summary, FILE *out)
{
	fputs(".TH ", out);
	for (const char *c = name; *c; c++)
		fputc(toupper((unsigned char)*c), out);
	fputs(" 1 \"\" \"gainsay " GS_VERSION_TEXT "\" \"Gainsay\"\n.SH NAME\n", out);
	say(name, out);
	fputs(" \\- ", out);
	say(summary, out);
	fputs("\n.SH SYNOPSIS\n.nf\n", out);
}

static void example(const char *text, FILE *out)
{
	fputs(".nf\n$ ", out);
	say(text, out);
	fputs("\n.fi\n", out);
}

static void ending(FILE *out)
{
	fputs(".SH EXIT STATUS\n0: done. 1: it failed, and one line on standard error says what, why and what to do. 2: wrong usage.\n"
	      ".SH ENVIRONMENT\n.TP\n.B GAINSAY_CONFIG\nThe file of settings, where no \\-\\-config is given. "
	      "Every setting has a variable of its own, too: GAINSAY_ and its name in capitals.\n",
	      out);
}

void gs_manual_program(FILE *out)
{
	heading("gainsay", "checks AI inference claims and disputes the wrong ones", out);
	fputs("gainsay COMMAND [OPTIONS]\n.fi\n.SH DESCRIPTION\n"
	      "A validator and challenge engine for claims of the kind \"model M on input X gave output Y\". It re\\-executes claims bit "
	      "for bit and plays a dispute against a wrong one until a contract recomputes the one operation that both sides differ in.\n"
	      ".SH COMMANDS\n",
	      out);
	for (const struct gs_command *c = gs_commands; c->name; c++) {
		fprintf(out, ".TP\n.BR gainsay\\-%s (1)\n", c->name);
		say(c->summary, out);
		fputc('\n', out);
	}
	ending(out);
}

static void options(const char *title, const struct gs_flag *flags, size_t count, FILE *out)
{
	if (count)
		fprintf(out, ".SH %s\n", title);
	for (size_t i = 0; i < count; i++) {
		if (flags[i].hidden)
			continue;
		fputs(".TP\n.BI \"\\-\\-", out);
		say(flags[i].name, out);
		if (flags[i].value) {
			fputs(" \" \"", out);
			say(flags[i].value, out);
		}
		fputc('"', out);
		fputc('\n', out);
		say(flags[i].help, out);
		fputs(flags[i].kind == GS_FLAG_LIST ? " (may be given several times)\n" : "\n", out);
	}
}

void gs_manual_command(const struct gs_cli *cli, const char *name, FILE *out)
{
	const struct gs_command *command = gs_commands;
	char title[64];

	while (command->name && strcmp(command->name, name) != 0)
		command++;
	snprintf(title, sizeof(title), "gainsay-%s", name);
	heading(title, command->name ? command->summary : name, out);
	say(cli->usage, out);
	fputs("\n.fi\n.SH DESCRIPTION\n", out);
	for (const char *line = cli->about; *line;) { /* lines that are indented stay as they are */
		size_t len = strcspn(line, "\n");
		char text[512];
		snprintf(text, sizeof(text), "%.*s", (int)(len < sizeof(text) ? len : sizeof(text) - 1), line);
		if (!len)
			fputs(".PP", out);
		else if (text[0] == ' ')
			fputs(".br\n", out);
		say(text + strspn(text, " "), out);
		fputc('\n', out);
		line += len + (line[len] == '\n');
	}
	options("OPTIONS", cli->flags, cli->flag_count, out);
	options("COMMON OPTIONS", cli->more_flags, cli->more_flag_count, out);
	if (command->name) {
		fputs(".SH EXAMPLE\n", out);
		example(command->example, out);
	}
	ending(out);
	fputs(".SH SEE ALSO\n.BR gainsay (1)\n", out);
}
