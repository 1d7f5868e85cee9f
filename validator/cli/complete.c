#include "validator/cli/complete.h"

#include <string.h>

enum { USAGE_MAX = 512 };

static bool begins_with(const char *text, const char *typed)
{
	return strncmp(text, typed, strlen(typed)) == 0;
}

static void offer(const char *typed, const char *word, const char *description, FILE *out)
{
	if (begins_with(word, typed))
		fprintf(out, "%s\t%s\n", word, description);
}

void gs_complete_commands(const char *typed, FILE *out)
{
	for (const struct gs_command *c = gs_commands; c->name; c++)
		offer(typed, c->name, c->summary, out);
	offer(typed, "--help", "lists the commands", out);
	offer(typed, "--version", "prints the program's version", out);
}

/* --- a command's words --- */

/* The usage without the program's and the command's names, and without what stands in brackets, unless that is a word. */
static void simplify(const char *usage, char out[USAGE_MAX])
{
	size_t n = 0;

	for (int i = 0; i < 2 && usage; i++)
		usage = strchr(usage, ' ') ? strchr(usage, ' ') + 1 : NULL;
	for (const char *c = usage ? usage : ""; *c && n < USAGE_MAX - 1; c++) {
		const char *end = *c == '[' ? strchr(c, ']') : NULL;
		if (end && (c[1] < 'a' || c[1] > 'z')) {
			if (n && out[n - 1] == ' ')
				n--;
			c = end;
		} else if (*c != '[' && *c != ']') {
			out[n++] = *c;
		}
	}
	out[n] = '\0';
}

/* The alternatives of "a|b|c": those that are words. Ends at a space. */
static void add_words(const char *token, struct gs_complete_list *out)
{
	while (*token && *token != ' ') {
		size_t len = strcspn(token, "| ");
		if (len && len < GS_COMPLETE_WORD_MAX && out->count < GS_COMPLETE_WORDS_MAX && token[0] >= 'a' &&
		    token[0] <= 'z') {
			memcpy(out->word[out->count], token, len);
			out->word[out->count++][len] = '\0';
		}
		token += len + (token[len] == '|');
	}
}

void gs_complete_usage(const char *usage, const char *after, struct gs_complete_list *out)
{
	char text[USAGE_MAX];

	out->count = 0;
	simplify(usage, text);
	for (char *line = text, *next; line;
	     line = next) { /* "deposit AMOUNT | terms show|schedule": an alternative a line */
		struct gs_complete_list first = {.count = 0};
		const char *second = strchr(line, ' ');
		next = strstr(line, " | ");
		if (next) {
			*next = '\0';
			next += strlen(" | ");
		}
		if (!after) {
			add_words(line, out);
			continue;
		}
		add_words(line, &first);
		for (size_t i = 0; second && i < first.count; i++)
			if (strcmp(first.word[i], after) == 0)
				add_words(second + 1, out);
	}
}

static void offer_words(const struct gs_cli *cli, const char *after, const char *typed, FILE *out)
{
	struct gs_complete_list words;

	gs_complete_usage(cli->usage, after, &words);
	for (size_t i = 0; i < words.count; i++)
		offer(typed, words.word[i], "", out);
	if (!words.count)
		fprintf(out, ":file\n");
}

/* --- options --- */

static const struct gs_flag *flag_named(const struct gs_cli *cli, const char *word)
{
	for (size_t i = 0; i < cli->flag_count + cli->more_flag_count; i++) {
		const struct gs_flag *flag = i < cli->flag_count ? &cli->flags[i]
		                                                 : &cli->more_flags[i - cli->flag_count];
		if (begins_with(word, "--") && strcmp(word + 2, flag->name) == 0)
			return flag;
	}
	return NULL;
}

static void offer_flags(const struct gs_flag *flags, size_t count, const char *typed, FILE *out)
{
	for (size_t i = 0; i < count; i++)
		if (begins_with(flags[i].name, typed + 2) && !flags[i].hidden)
			fprintf(out, "--%s\t%s\n", flags[i].name, flags[i].help);
}

/* What the option's value may be, by its name in the help. */
static void offer_values(const struct gs_flag *flag, const char *typed, FILE *out)
{
	static const char *const files[] = {"FILE", "KEYSTORE"}, *const folders[] = {"DIR", "FOLDER"};
	struct gs_complete_list words = {.count = 0};

	for (size_t i = 0; i < GS_ARRAY_LEN(files); i++) {
		if (begins_with(flag->value, files[i]))
			fprintf(out, ":file\n");
		else if (begins_with(flag->value, folders[i]))
			fprintf(out, ":dir\n");
	}
	if (strchr(flag->value, '|'))
		add_words(flag->value, &words);
	for (size_t i = 0; i < words.count; i++)
		offer(typed, words.word[i], "", out);
}

void gs_complete_words(const struct gs_cli *cli, char **words, size_t count, FILE *out)
{
	const char *typed = words[count - 1], *first = NULL;
	const struct gs_flag *before = NULL; /* whose value comes next */
	size_t arguments = 0;

	for (size_t i = 0; i + 1 < count; i++) {
		const struct gs_flag *flag = before ? NULL : flag_named(cli, words[i]);
		if (!before && words[i][0] != '-' && !arguments++)
			first = words[i];
		before = flag && flag->kind != GS_FLAG_BOOL ? flag : NULL;
	}
	if (before) {
		offer_values(before, typed, out);
	} else if (typed[0] == '-') {
		typed = typed[1] == '-' ? typed : "--";
		offer_flags(cli->flags, cli->flag_count, typed, out);
		offer_flags(cli->more_flags, cli->more_flag_count, typed, out);
		offer(typed, "--help", "prints the command's help", out);
	} else if (arguments <= 1) {
		offer_words(cli, first, typed, out);
	} else {
		fprintf(out, ":file\n");
	}
}
