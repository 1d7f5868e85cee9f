#include "simulations/report/steps.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "simulations/report/html.h"

enum { SUBJECT_MAX = 64, STATE_MAX = 160 };

struct subject { /* what a log told last about a party, claim or game */
	char name[SUBJECT_MAX];
	char state[STATE_MAX];
	bool now; /* in this step */
};

struct stands {
	struct subject subject[GS_REPORT_SUBJECTS_MAX];
	unsigned subjects;
};

/* ---- lines ---- */

/* "      36  claim 1 is open": the second, and what is behind it; NULL: no such line. */
static const char *split(const char *line, uint64_t *second)
{
	char *end;
	while (*line == ' ')
		line++;
	if (*line < '0' || *line > '9')
		return NULL;
	*second = strtoull(line, &end, 10);
	if (end[0] != ' ' || end[1] != ' ')
		return NULL;
	return end + 2;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "claim 1", "game 0 of claim 5" and "validator 3" with what is told of them. */
static bool read_state(const char *text, char name[SUBJECT_MAX], char state[STATE_MAX])
{
	const char *comma = strchr(text, ','), *is = strstr(text, " is "), *has = strstr(text, " has ");
	const char *end = NULL, *rest;
	if (strncmp(text, "game ", 5) == 0 && comma != NULL && is != NULL && comma < is)
		end = comma;
	else if (strncmp(text, "claim ", 6) == 0 && is != NULL && is > text && is_digit(is[-1]))
		end = is;
	else if (has != NULL && has > text && is_digit(has[-1]))
		end = has;
	if (end == NULL || end - text >= SUBJECT_MAX || memchr(text, ';', (size_t)(end - text)) != NULL)
		return false;
	snprintf(name, SUBJECT_MAX, "%.*s", (int)(end - text), text);
	rest = end + (*end == ',');
	while (*rest == ' ')
		rest++;
	snprintf(state, STATE_MAX, "%s", rest);
	return true;
}

static void take(struct stands *s, const char *text)
{
	char name[SUBJECT_MAX], state[STATE_MAX];
	unsigned i = 0;
	if (!read_state(text, name, state))
		return;
	while (i < s->subjects && strcmp(s->subject[i].name, name) != 0)
		i++;
	if (i == GS_REPORT_SUBJECTS_MAX)
		return;
	s->subjects += i == s->subjects;
	struct subject *to = &s->subject[i];
	memcpy(to->name, name, sizeof(name));
	memcpy(to->state, state, sizeof(state));
	to->now = true;
}

/* ---- the page ---- */

static void write_stands(struct gs_buf *to, struct stands *s)
{
	if (s->subjects == 0)
		return;
	gs_buf_append_text(
		to, "<table><thead><tr><th class=\"text\" colspan=\"2\">How things stand</th></tr></thead>\n<tbody>\n");
	for (unsigned i = 0; i < s->subjects; i++) {
		struct subject *x = &s->subject[i];
		gs_buf_append_text(to, x->now ? "<tr class=\"now\">" : "<tr>");
		gs_html_element(to, "td", x->name);
		gs_html_element(to, "td class=\"text\"", x->state);
		gs_buf_append_text(to, "</tr>\n");
		x->now = false;
	}
	gs_buf_append_text(to, "</tbody></table>\n");
}

/* The lines of one second, from *at on. */
static void write_step(struct gs_buf *to, char **at, unsigned number, unsigned steps, struct stands *s)
{
	uint64_t second = 0, other;
	(void)split(*at, &second);
	gs_buf_append_text(to,
	                   "<input type=\"radio\" name=\"step\" id=\"step%u\"%s aria-label=\"second %" PRIu64
	                   "\"/>\n<div class=\"step\"><p><b>%" PRIu64 " s</b> <span class=\"note\">%u of %u</span>",
	                   number, number == 1 ? " checked=\"checked\"" : "", second, second, number, steps);
	if (number > 1)
		gs_buf_append_text(to, " <label for=\"step%u\">back</label>", number - 1);
	if (number < steps)
		gs_buf_append_text(to, " <label for=\"step%u\">forward</label>", number + 1);
	gs_buf_append_text(to, "</p>\n<ul>\n");
	while (**at != '\0') {
		char *line = *at, *end = strchr(line, '\n');
		const char *text = split(line, &other);
		if (text != NULL && other != second)
			break;
		*at = end == NULL ? line + strlen(line) : end + 1;
		if (end != NULL)
			*end = '\0';
		if (text == NULL)
			continue;
		gs_html_element(to, text[0] == ' ' ? "li class=\"of\"" : "li", text);
		gs_buf_append_text(to, "\n");
		take(s, text);
	}
	gs_buf_append_text(to, "</ul>\n");
	write_stands(to, s);
	gs_buf_append_text(to, "</div>\n");
}

/* Seconds in which something happens. */
static unsigned count_steps(const char *log)
{
	uint64_t last = UINT64_MAX, second;
	unsigned steps = 0;
	for (const char *line = log; *line != '\0'; line++) {
		if (split(line, &second) != NULL && second != last) {
			steps++;
			last = second;
		}
		line += strcspn(line, "\n");
		if (*line == '\0')
			break;
	}
	return steps;
}

/* ---- which run ---- */

struct choice {
	unsigned point;
	uint64_t seed;
	char *log; /* owned */
};

/* *log: its lines, to be freed. */
static enum gs_err run_once(const struct gs_sim_scenario *s, unsigned point, uint64_t seed, char **log,
                            struct gs_error *error)
{
	double value[GS_SIM_PARAMETERS_MAX];
	size_t len = 0;
	struct gs_sim_result *result = calloc(1, sizeof(*result));
	struct gs_sim_watch watch = {.log = open_memstream(log, &len)};
	enum gs_err err = GS_OK;
	if (result == NULL || watch.log == NULL)
		err = gs_fail(error, GS_ENOMEM, "no memory for a report");
	gs_sim_point_values(s, point, value);
	if (err == GS_OK)
		err = s->engine->run(value, seed, &watch, result, error);
	if (watch.log != NULL && fclose(watch.log) != 0 && err == GS_OK)
		err = gs_fail(error, GS_ENOMEM, "no memory for a report");
	free(result);
	return err;
}

static enum gs_err choose(const struct gs_sim_sweep *sweep, struct choice *out, struct gs_error *error)
{
	const struct gs_sim_scenario *s = &sweep->scenario;
	enum gs_err err = GS_OK;
	*out = (struct choice){.seed = s->seed};
	for (unsigned p = 0; p < sweep->points; p++)
		if (sweep->result[p].violations > 0) {
			*out = (struct choice){.point = p, .seed = sweep->result[p].first_seed};
			return run_once(s, p, out->seed, &out->log, error);
		}
	for (unsigned i = 0; i < GS_REPORT_LOOKED_AT && i < s->runs && err == GS_OK; i++) {
		char *log = NULL;
		err = run_once(s, 0, s->seed + i, &log, error);
		const bool plays = err == GS_OK && strstr(log, "game ") != NULL;
		if (err == GS_OK && (plays || out->log == NULL)) {
			free(out->log);
			out->log = log;
			out->seed = s->seed + i;
		} else {
			free(log);
		}
		if (plays)
			break;
	}
	return err;
}

enum gs_err gs_report_steps(struct gs_report *r, const char *again, struct gs_error *error)
{
	const struct gs_sim_scenario *s = &r->sweep->scenario;
	struct stands *stands = calloc(1, sizeof(*stands));
	struct choice choice = {.log = NULL};
	char where[512];
	enum gs_err err = stands == NULL ? gs_fail(error, GS_ENOMEM, "no memory for a report") : GS_OK;
	if (err == GS_OK && s->engine->tells_times)
		err = choose(r->sweep, &choice, error);
	const unsigned all = choice.log == NULL ? 0 : count_steps(choice.log);
	const unsigned steps = all < GS_REPORT_STEPS_MAX ? all : GS_REPORT_STEPS_MAX;
	if (err != GS_OK || steps == 0)
		goto out;
	gs_report_point(r, choice.point, where, sizeof(where));
	gs_buf_append_text(r->to, "<section>\n<h2>One run, step by step</h2>\n<p class=\"note\">Seed %" PRIu64,
	                   choice.seed);
	if (where[0] != '\0') {
		gs_buf_append_text(r->to, ", ");
		gs_html_text(r->to, where);
	}
	gs_buf_append_text(
		r->to,
		": %u second%s in which something happens. A dot is one of them; arrow keys go from dot to dot. "
		"All of it: <code>gainsay sim replay %" PRIu64 " ",
		all, all == 1 ? "" : "s", choice.seed);
	gs_html_text(r->to, again);
	gs_buf_append_text(r->to, " --trace</code></p>\n<div class=\"stepper\">\n");
	char *at = choice.log;
	for (uint64_t second; *at != '\0' && split(at, &second) == NULL;) /* words in front of the first line */
		at += strcspn(at, "\n") + (strchr(at, '\n') != NULL);
	for (unsigned i = 1; i <= steps; i++)
		write_step(r->to, &at, i, steps, stands);
	gs_buf_append_text(r->to, "</div>\n");
	if (all > steps)
		gs_buf_append_text(r->to, "<p class=\"note\">%u more are left out here.</p>\n", all - steps);
	gs_buf_append_text(r->to, "</section>\n");
out:
	free(choice.log);
	free(stands);
	return err;
}
