/* The summary that a person reads: sim.h. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "simulations/scenario.h"
#include "simulations/value.h"
#include "validator/cli/sim.h"

enum {
	CELL_MAX = 160,
	WIDTH_STANDARD = 120,
	SHOWN_STANDARD = 6, /* metrics, when the scenario does not say which */
	ROWS_MAX = 64,      /* of a table on the terminal; the rest is for --csv, --json and --report */
};

/* ---- cells ---- */

static void copy(char out[CELL_MAX], const char *text)
{
	snprintf(out, CELL_MAX, "%s", text);
}

/* "12.3 %  (11.9 to 12.7)" */
static void estimate_text(const struct gs_sim_moments *m, enum gs_sim_unit unit, char out[CELL_MAX])
{
	char mean[GS_SIM_VALUE_TEXT_MAX], low[GS_SIM_VALUE_TEXT_MAX], high[GS_SIM_VALUE_TEXT_MAX];
	struct gs_sim_estimate e = gs_sim_estimate(m, unit);
	gs_sim_measure_format(unit, e.mean, mean);
	gs_sim_measure_format(unit, e.low, low);
	gs_sim_measure_format(unit, e.high, high);
	if (m->n == 0)
		copy(out, "-");
	else if (strcmp(low, high) == 0)
		snprintf(out, CELL_MAX, "%.20s", mean);
	else
		snprintf(out, CELL_MAX, "%.16s (%.*s to %.16s)", mean,
		         strcmp(low + strcspn(low, " "), high + strcspn(high, " ")) == 0 ? (int)strcspn(low, " ") : 16,
		         low, high);
}

static double expected(const struct gs_sim_sweep *sweep, unsigned point, unsigned metric)
{
	double value[GS_SIM_PARAMETERS_MAX];
	const struct gs_sim_engine *e = sweep->scenario.engine;
	if (e->expected == NULL)
		return NAN;
	gs_sim_point_values(&sweep->scenario, point, value);
	return e->expected(value, metric);
}

static bool has_expected(const struct gs_sim_sweep *sweep, unsigned metric)
{
	for (unsigned p = 0; p < sweep->points; p++)
		if (isfinite(expected(sweep, p, metric)))
			return true;
	return false;
}

static void axis_text(const struct gs_sim_scenario *s, unsigned point, unsigned axis, char out[CELL_MAX])
{
	double value[GS_SIM_PARAMETERS_MAX];
	char text[GS_SIM_VALUE_TEXT_MAX];
	gs_sim_point_values(s, point, value);
	unsigned parameter = s->axis[axis].parameter;
	gs_sim_value_format(&s->engine->parameter[parameter], value[parameter], text);
	copy(out, text);
}

void gs_sim_point_text(const struct gs_sim_scenario *s, unsigned point, char *out, size_t size)
{
	size_t len = 0;
	out[0] = '\0';
	for (unsigned a = 0; a < s->axes && len < size; a++) {
		char text[CELL_MAX];
		axis_text(s, point, a, text);
		len += (size_t)snprintf(out + len, size - len, "%s%s %s", a > 0 ? ", " : "",
		                        s->engine->parameter[s->axis[a].parameter].name, text);
	}
}

/* ---- a table: columns of cells, in blocks as wide as the terminal ---- */

struct column {
	unsigned width;
	bool fixed;             /* stands in every block */
	char (*cell)[CELL_MAX]; /* the first one is the heading */
};

enum { COLUMNS_MAX = GS_SIM_AXES_MAX + 2 * GS_SIM_SHOWN_MAX + 1 };
struct table {
	unsigned rows; /* with the heading */
	unsigned columns;
	struct column column[COLUMNS_MAX];
};

static struct column *add_column(struct table *t, bool fixed)
{
	GS_ASSERT(t->columns < COLUMNS_MAX);
	struct column *c = &t->column[t->columns];
	*c = (struct column){.fixed = fixed, .cell = calloc(t->rows, CELL_MAX)};
	t->columns += c->cell != NULL;
	return c;
}

static void measure_columns(struct table *t)
{
	for (unsigned c = 0; c < t->columns; c++)
		for (unsigned r = 0; r < t->rows; r++) {
			unsigned len = (unsigned)strlen(t->column[c].cell[r]);
			if (len > t->column[c].width)
				t->column[c].width = len;
		}
}

static unsigned terminal_width(void)
{
	struct winsize size;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
		return size.ws_col;
	return WIDTH_STANDARD;
}

static void print_row(const struct table *t, unsigned row, unsigned from, unsigned to)
{
	int spaces = 2; /* written only before something */
	for (unsigned c = 0; c < t->columns; c++) {
		const struct column *column = &t->column[c];
		if (!column->fixed && (c < from || c >= to))
			continue;
		const char *text = column->cell[row];
		if (text[0] != '\0') {
			printf("%*s%s", spaces, "", text);
			spaces = 0;
		}
		spaces += (int)(column->width - strlen(text)) + 2;
	}
	putchar('\n');
}

static void print_table(struct table *t)
{
	unsigned room = terminal_width(), fixed = 2, from = 0;
	measure_columns(t);
	while (from < t->columns && t->column[from].fixed)
		fixed += t->column[from++].width + 2;
	do {
		unsigned to = from, width = fixed;
		while (to < t->columns && (to == from || width + t->column[to].width <= room))
			width += t->column[to++].width + 2;
		for (unsigned r = 0; r < t->rows; r++)
			print_row(t, r, from, to);
		putchar('\n');
		from = to;
	} while (from < t->columns);
	for (unsigned c = 0; c < t->columns; c++)
		free(t->column[c].cell);
}

/* ---- summaries ---- */

static unsigned shown(const struct gs_sim_scenario *s, unsigned metric[GS_SIM_SHOWN_MAX])
{
	unsigned n = 0;
	for (; n < s->shows; n++)
		metric[n] = s->shown[n];
	for (; s->shows == 0 && n < s->engine->metrics && n < SHOWN_STANDARD; n++)
		metric[n] = n;
	return n;
}

/* A row a point. */
static void print_points(const struct gs_sim_sweep *sweep)
{
	const struct gs_sim_scenario *s = &sweep->scenario;
	unsigned metric[GS_SIM_SHOWN_MAX], metrics = shown(s, metric);
	struct table t = {.rows = 1 + (sweep->points < ROWS_MAX ? sweep->points : ROWS_MAX)};
	for (unsigned a = 0; a < s->axes; a++) {
		struct column *c = add_column(&t, true);
		for (unsigned r = 1; c->cell != NULL && r < t.rows; r++)
			axis_text(s, r - 1, a, c->cell[r]);
		if (c->cell != NULL)
			copy(c->cell[0], s->engine->parameter[s->axis[a].parameter].name);
	}
	for (unsigned i = 0; i < metrics; i++) {
		const struct gs_sim_metric *m = &s->engine->metric[metric[i]];
		struct column *c = add_column(&t, false);
		for (unsigned r = 1; c->cell != NULL && r < t.rows; r++)
			estimate_text(&sweep->result[r - 1].metric[metric[i]], m->unit, c->cell[r]);
		if (c->cell != NULL)
			copy(c->cell[0], m->name);
		if (!has_expected(sweep, metric[i]))
			continue;
		c = add_column(&t, false);
		for (unsigned r = 1; c->cell != NULL && r < t.rows; r++)
			gs_sim_measure_format(m->unit, expected(sweep, r - 1, metric[i]), c->cell[r]);
		if (c->cell != NULL)
			copy(c->cell[0], "closed form");
	}
	print_table(&t);
	if (sweep->points > ROWS_MAX)
		printf("  ... and %u more points: --csv, --json and --report have all of them.\n\n",
		       sweep->points - ROWS_MAX);
}

/* Observed; and oracles only where they object. */
static bool worth_a_row(const struct gs_sim_sweep *sweep, unsigned metric)
{
	const struct gs_sim_moments *m = &sweep->result->metric[metric];
	bool oracle = strncmp(sweep->scenario.engine->metric[metric].name, "violation.", 10) == 0;
	return m->n > 0 && (!oracle || m->sum > 0);
}

/* A row a metric: of a scenario with one point. */
static void print_metrics(const struct gs_sim_sweep *sweep)
{
	const struct gs_sim_engine *e = sweep->scenario.engine;
	struct table t = {.rows = 1};
	bool any_expected = false;
	for (unsigned i = 0; i < e->metrics; i++) {
		t.rows += worth_a_row(sweep, i);
		any_expected = any_expected || has_expected(sweep, i);
	}
	char(*name)[CELL_MAX] = add_column(&t, true)->cell, (*mean)[CELL_MAX] = add_column(&t, true)->cell;
	char(*form)[CELL_MAX] = any_expected ? add_column(&t, true)->cell : NULL;
	char(*about)[CELL_MAX] = add_column(&t, true)->cell;
	if (name == NULL || mean == NULL || about == NULL || (any_expected && form == NULL))
		return print_table(&t);
	copy(mean[0], "mean (95 %)");
	if (form != NULL)
		copy(form[0], "closed form");
	for (unsigned i = 0, r = 1; i < e->metrics; i++) {
		const struct gs_sim_moments *m = &sweep->result->metric[i];
		if (!worth_a_row(sweep, i))
			continue;
		copy(name[r], e->metric[i].name);
		estimate_text(m, e->metric[i].unit, mean[r]);
		if (form != NULL)
			gs_sim_measure_format(e->metric[i].unit, expected(sweep, 0, i), form[r]);
		copy(about[r++], e->metric[i].about);
	}
	print_table(&t);
}

void gs_sim_totals(const struct gs_sim_sweep *sweep, struct gs_sim_result *out)
{
	*out = (struct gs_sim_result){.runs = 0};
	for (unsigned p = 0; p < sweep->points; p++)
		gs_sim_result_join(out, &sweep->result[p]);
}

static void print_indented(const char *text)
{
	for (const char *at = text; *at != '\0';) {
		size_t len = strcspn(at, "\n");
		printf("  %.*s\n", (int)len, at);
		at += len + (at[len] == '\n');
	}
}

static void print_verdict(const struct gs_sim_scenario *s, const struct gs_sim_result *all, const char *again)
{
	if (all->violations == 0) {
		printf("No oracle was violated.\n");
		return;
	}
	printf("%" PRIu64 " %s%s. The first: %s.\n  gainsay sim replay %" PRIu64 " %s --trace\n", all->violations,
	       all->violations == 1 ? "violation" : "violations",
	       s->may_violate ? ", as this scenario is built to show" : "", all->first, all->first_seed, again);
}

void gs_sim_print_summary(const struct gs_sim_sweep *sweep, const char *again, double seconds)
{
	const struct gs_sim_scenario *s = &sweep->scenario;
	struct gs_sim_result all;
	char digest[67];
	gs_sim_totals(sweep, &all);
	gs_sim_digest_text(&all.digest, digest);
	printf("%s\n\n", s->question[0] != '\0' ? s->question : s->name);
	if (s->axes == 0)
		print_metrics(sweep);
	else
		print_points(sweep);
	if (s->about[0] != '\0') {
		print_indented(s->about);
		putchar('\n');
	}
	printf("%s: engine %s, %u %s of %" PRIu64 " runs, seeds %" PRIu64 " to %" PRIu64
	       "; %.1f s, %.0f runs a second\n",
	       s->name, s->engine->name, sweep->points, sweep->points == 1 ? "point" : "points", s->runs, s->seed,
	       s->seed + sweep->points * s->runs - 1, seconds, seconds > 0 ? (double)all.runs / seconds : 0);
	printf("digest %s\n", digest);
	print_verdict(s, &all, again);
}
