#include "simulations/report/figures.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "simulations/report/html.h"
#include "simulations/value.h"

enum { LOG_RATIO = 50, DESCRIPTION_MAX = 1600, ID_MAX = 16, TITLE_MAX = 256, BARS_MAX = 24, LINES_MIN = 4 };

/* ---- words ---- */

static struct gs_scale_unit seconds_unit(double most)
{
	static const struct gs_scale_unit units[] = {{86400, " d"}, {3600, " h"}, {60, " min"}, {1, " s"}};
	unsigned i = 0;
	while (i < 3 && most < 2 * units[i].factor)
		i++;
	return units[i];
}

static struct gs_scale_unit unit_of_metric(enum gs_sim_unit unit, double most)
{
	switch (unit) {
	case GS_SIM_UNIT_SHARE: return (struct gs_scale_unit){0.01, " %"};
	case GS_SIM_UNIT_SECONDS: return seconds_unit(most);
	case GS_SIM_UNIT_NUMBER:
	case GS_SIM_UNIT_MONEY: break;
	}
	return (struct gs_scale_unit){1, ""};
}

static struct gs_scale_unit unit_of_axis(const struct gs_sim_parameter *p, double most)
{
	switch (p->kind) {
	case GS_SIM_KIND_SHARE: return (struct gs_scale_unit){0.01, " %"};
	case GS_SIM_KIND_SECONDS: return seconds_unit(most);
	case GS_SIM_KIND_COUNT:
	case GS_SIM_KIND_REAL:
	case GS_SIM_KIND_MONEY:
	case GS_SIM_KIND_FLAG:
	case GS_SIM_KIND_CHOICE: break;
	}
	return (struct gs_scale_unit){1, ""};
}

static bool axis_numeric(const struct gs_sim_parameter *p, const struct gs_sim_axis *axis)
{
	for (unsigned i = 0; i < axis->values; i++)
		if (!isfinite(axis->value[i]) || axis->value[i] < p->least || axis->value[i] > p->most)
			return false; /* drawn by each run */
	return p->kind != GS_SIM_KIND_FLAG && p->kind != GS_SIM_KIND_CHOICE && axis->values > 1;
}

static double axis_most(const struct gs_sim_axis *axis)
{
	double most = 0;
	for (unsigned i = 0; i < axis->values; i++)
		most = fabs(axis->value[i]) > most ? fabs(axis->value[i]) : most;
	return most;
}

static bool axis_log(const struct gs_sim_axis *axis)
{
	double least = INFINITY;
	for (unsigned i = 0; i < axis->values; i++)
		least = axis->value[i] < least ? axis->value[i] : least;
	return axis->values > 2 && least > 0 && axis_most(axis) / least >= LOG_RATIO;
}

static double most_of(const struct gs_report *r, const unsigned *metric, unsigned metrics)
{
	double most = 0;
	for (unsigned p = 0; p < r->sweep->points; p++)
		for (unsigned m = 0; m < metrics; m++) {
			double mean = fabs(gs_report_estimate(r, p, metric[m]).mean);
			most = mean > most ? mean : most;
		}
	return most;
}

static void first_part(const char *name, char out[GS_SIM_NAME_MAX])
{
	(void)snprintf(out, GS_SIM_NAME_MAX, "%.*s", (int)strcspn(name, "."), name);
}

struct figure {
	char id[ID_MAX], title[TITLE_MAX], description[DESCRIPTION_MAX];
	struct gs_chart_words words;
};

static void figure_begin(struct gs_report *r, struct figure *f, const char *x, const char *y)
{
	(void)snprintf(f->id, sizeof(f->id), "f%u", ++r->figures);
	f->words = (struct gs_chart_words){f->id, f->title, f->description, x, y};
	gs_buf_append_text(r->to, "<figure id=\"%s\">\n", f->id);
	gs_html_element(r->to, "h3", f->title);
}

static void about(struct gs_report *r, const unsigned *metric, unsigned metrics, const char *note)
{
	gs_buf_append_text(r->to, "<figcaption>");
	for (unsigned m = 0; m < metrics; m++) {
		const struct gs_sim_metric *it = &r->sweep->scenario.engine->metric[metric[m]];
		gs_buf_append_text(r->to, "%s", m > 0 ? "<br/>" : "");
		gs_html_element(r->to, "b", it->name);
		gs_buf_append_text(r->to, ": ");
		gs_html_text(r->to, it->about);
		gs_buf_append_text(r->to, ".");
	}
	if (note[0] != '\0')
		gs_buf_append_text(r->to, "<br/>%s", note);
	gs_buf_append_text(r->to, "</figcaption>\n");
}

static void say(struct figure *f, const char *fmt, ...) GS_PRINTF(2, 3);
static void say(struct figure *f, const char *fmt, ...)
{
	size_t len = strlen(f->description);
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(f->description + len, sizeof(f->description) - len, fmt, args);
	va_end(args);
}

/* ---- lines ---- */

struct line {
	double x[GS_SIM_AXIS_VALUES_MAX], y[GS_SIM_AXIS_VALUES_MAX], low[GS_SIM_AXIS_VALUES_MAX],
		high[GS_SIM_AXIS_VALUES_MAX];
	double curve_x[GS_REPORT_CURVE_POINTS], curve_y[GS_REPORT_CURVE_POINTS];
	char name[GS_SIM_NAME_MAX + GS_SIM_VALUE_TEXT_MAX];
};

/* The closed form between the points, too, where a parameter may have values there. */
static unsigned curve(const struct gs_report *r, unsigned axis, unsigned point, unsigned metric, struct line *line)
{
	const struct gs_sim_scenario *s = &r->sweep->scenario;
	const struct gs_sim_axis *a = &s->axis[axis];
	const struct gs_sim_parameter *p = &s->engine->parameter[a->parameter];
	double value[GS_SIM_PARAMETERS_MAX], first = INFINITY, last = -INFINITY;
	struct gs_error error;
	unsigned n = 0, finite = 0, at;
	if (s->engine->expected == NULL)
		return 0;
	gs_sim_point_values(s, point, value);
	for (unsigned i = 0; i < a->values; i++) {
		first = a->value[i] < first ? a->value[i] : first;
		last = a->value[i] > last ? a->value[i] : last;
	}
	for (unsigned i = 0; i < GS_REPORT_CURVE_POINTS; i++) {
		double part = (double)i / (GS_REPORT_CURVE_POINTS - 1);
		double x = axis_log(a) ? first * pow(last / first, part) : first + (last - first) * part;
		if (p->kind == GS_SIM_KIND_COUNT || p->kind == GS_SIM_KIND_MONEY)
			x = floor(x + 0.5);
		x = x < first ? first : x > last ? last : x;
		if (n > 0 && line->curve_x[n - 1] >= x)
			continue;
		value[a->parameter] = x;
		line->curve_x[n] = x;
		line->curve_y[n] = s->engine->check(value, &at, &error) == GS_OK ? s->engine->expected(value, metric)
		                                                                 : NAN;
		finite += isfinite(line->curve_y[n++]) ? 1 : 0;
	}
	return finite > 0 ? n : 0;
}

/* One metric along the last axis, from the point where that axis has its first value. */
static struct gs_chart_series one_line(const struct gs_report *r, unsigned first, unsigned metric, struct line *line)
{
	unsigned axis = r->sweep->scenario.axes - 1;
	const struct gs_sim_axis *a = &r->sweep->scenario.axis[axis];
	for (unsigned i = 0; i < a->values; i++) {
		struct gs_sim_estimate e = gs_report_estimate(r, first + i, metric);
		unsigned at = i;
		for (; at > 0 && line->x[at - 1] > a->value[i]; at--) { /* a scenario may name them in any order */
			line->x[at] = line->x[at - 1];
			line->y[at] = line->y[at - 1];
			line->low[at] = line->low[at - 1];
			line->high[at] = line->high[at - 1];
		}
		line->x[at] = a->value[i];
		line->y[at] = e.mean;
		line->low[at] = e.low;
		line->high[at] = e.high;
	}
	return (struct gs_chart_series){.name = line->name,
	                                .points = a->values,
	                                .x = line->x,
	                                .y = line->y,
	                                .low = line->low,
	                                .high = line->high,
	                                .curve_points = curve(r, axis, first, metric, line),
	                                .curve_x = line->curve_x,
	                                .curve_y = line->curve_y};
}

static void describe_line(struct figure *f, const struct gs_chart_series *s, const struct gs_sim_parameter *p,
                          enum gs_sim_unit unit)
{
	char from[GS_SIM_VALUE_TEXT_MAX], to[GS_SIM_VALUE_TEXT_MAX], first[GS_SIM_VALUE_TEXT_MAX],
		last[GS_SIM_VALUE_TEXT_MAX];
	unsigned i = 0, k = s->points;
	while (i < s->points && !isfinite(s->y[i]))
		i++;
	while (k > i && !isfinite(s->y[k - 1]))
		k--;
	if (i == k)
		return;
	gs_sim_value_format(p, s->x[i], from);
	gs_sim_value_format(p, s->x[k - 1], to);
	gs_sim_measure_format(unit, s->y[i], first);
	gs_sim_measure_format(unit, s->y[k - 1], last);
	say(f, " %s: %s at %s, %s at %s.", s->name, first, from, last, to);
}

/* Whether a closed form is in the picture. */
static bool has_curve(const struct gs_chart_series *series, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (series[i].curve_points > 0)
			return true;
	return false;
}

static const char *line_note(const struct gs_chart_series *series, unsigned count)
{
	return has_curve(series, count) ? "Bands are 95 % intervals; the dotted curve is the closed form."
	                                : "Bands are 95 % intervals.";
}

/* The lines share a unit. */
static void draw_lines(struct gs_report *r, struct figure *f, const struct gs_chart_series *series, unsigned count,
                       enum gs_sim_unit unit, double most)
{
	const struct gs_sim_scenario *s = &r->sweep->scenario;
	const struct gs_sim_axis *a = &s->axis[s->axes - 1];
	const struct gs_sim_parameter *p = &s->engine->parameter[a->parameter];
	(void)snprintf(f->description, sizeof(f->description), "Lines along %s.", p->name);
	for (unsigned i = 0; i < count; i++)
		describe_line(f, &series[i], p, unit);
	figure_begin(r, f, p->name, "");
	gs_chart_lines(r->to, &f->words, series, count, axis_log(a), unit_of_axis(p, axis_most(a)),
	               unit_of_metric(unit, most));
}

static void lines_of_group(struct gs_report *r, const unsigned *metric, unsigned metrics)
{
	struct gs_chart_series series[GS_CHART_SERIES_MAX];
	struct line line[GS_CHART_SERIES_MAX];
	unsigned point[GS_SIM_AXIS_VALUES_MAX];
	struct figure f = {.title = ""};
	const struct gs_sim_metric *about_it = r->sweep->scenario.engine->metric;
	char group[GS_SIM_NAME_MAX];
	for (unsigned m = 0; m < metrics; m++) {
		(void)snprintf(line[m].name, sizeof(line[m].name), "%s", about_it[metric[m]].name);
		series[m] = one_line(r, 0, metric[m], &line[m]);
	}
	for (unsigned p = 0; p < r->sweep->points; p++)
		point[p] = p;
	first_part(about_it[metric[0]].name, group);
	(void)snprintf(f.title, sizeof(f.title), "%s%s", metrics == 1 ? about_it[metric[0]].name : group,
	               about_it[metric[0]].unit == GS_SIM_UNIT_MONEY ? ", in tokens" : "");
	draw_lines(r, &f, series, metrics, about_it[metric[0]].unit, most_of(r, metric, metrics));
	about(r, metric, metrics, line_note(series, metrics));
	gs_report_table(r, metric, metrics, point, r->sweep->points, false);
	gs_buf_append_text(r->to, "</figure>\n");
}

/* Two axes, few values of the first: a line each. */
static void lines_of_metric(struct gs_report *r, unsigned metric)
{
	const struct gs_sim_scenario *s = &r->sweep->scenario;
	const struct gs_sim_axis *rows = &s->axis[0];
	const struct gs_sim_parameter *p = &s->engine->parameter[rows->parameter];
	struct gs_chart_series series[GS_CHART_SERIES_MAX];
	struct line line[GS_CHART_SERIES_MAX];
	struct figure f = {.title = ""};
	for (unsigned i = 0; i < rows->values; i++) {
		char text[GS_SIM_VALUE_TEXT_MAX];
		gs_sim_value_format(p, rows->value[i], text);
		(void)snprintf(line[i].name, sizeof(line[i].name), "%.40s %s", p->name, text);
		series[i] = one_line(r, i * gs_report_stride(r, 0), metric, &line[i]);
	}
	(void)snprintf(f.title, sizeof(f.title), "%s by %s", s->engine->metric[metric].name, p->name);
	draw_lines(r, &f, series, rows->values, s->engine->metric[metric].unit, most_of(r, &metric, 1));
	about(r, &metric, 1, line_note(series, rows->values));
	gs_buf_append_text(r->to, "<p class=\"note\">The numbers stand under the map that follows.</p></figure>\n");
}

/* ---- bars ---- */

/* Metrics at one point, or one metric at many points. */
static void bars(struct gs_report *r, const unsigned *metric, unsigned metrics, const unsigned *point, unsigned points)
{
	const struct gs_sim_metric *m = r->sweep->scenario.engine->metric;
	struct gs_chart_bar bar[BARS_MAX];
	char text[BARS_MAX][GS_SIM_VALUE_TEXT_MAX], name[BARS_MAX][2 * GS_SIM_NAME_MAX];
	struct figure f = {.title = ""};
	unsigned count = 0;
	bool closed = false;
	double most = 0;
	if (points > 1 || r->sweep->scenario.axes > 0)
		(void)snprintf(f.title, sizeof(f.title), "%s", m[metric[0]].name);
	else
		first_part(m[metric[0]].name, f.title);
	if (m[metric[0]].unit == GS_SIM_UNIT_MONEY)
		(void)snprintf(f.title + strlen(f.title), sizeof(f.title) - strlen(f.title), ", in tokens");
	(void)snprintf(f.description, sizeof(f.description), "Bars.");
	for (unsigned i = 0; i < metrics * points && count < BARS_MAX; i++) {
		unsigned which = metric[i % metrics], at = point[i / metrics];
		struct gs_sim_estimate e = gs_report_estimate(r, at, which);
		if (points > 1 || r->sweep->scenario.axes > 0)
			gs_report_point(r, at, name[count], sizeof(name[count]));
		else
			(void)snprintf(name[count], sizeof(name[count]), "%s", m[which].name);
		gs_sim_measure_format(m[which].unit, e.mean, text[count]);
		bar[count] = (struct gs_chart_bar){name[count], e.mean, e.low, e.high, gs_report_expected(r, at, which),
		                                   text[count]};
		say(&f, " %s: %s.", name[count], text[count]);
		closed = closed || isfinite(bar[count].expected);
		most = fabs(e.mean) > most ? fabs(e.mean) : most;
		count++;
	}
	figure_begin(r, &f, "", "");
	gs_chart_bars(r->to, &f.words, bar, count, unit_of_metric(m[metric[0]].unit, most));
	about(r, metric, metrics,
	      closed ? "Whiskers are 95 % intervals; rings are closed forms." : "Whiskers are 95 % intervals.");
	gs_report_table(r, metric, metrics, point, points, false);
	gs_buf_append_text(r->to, "</figure>\n");
}

/* ---- maps ---- */

static double threshold_of(const struct gs_sim_metric *m)
{
	return m->unit == GS_SIM_UNIT_SHARE ? 0.5 : m->unit == GS_SIM_UNIT_MONEY ? 0 : NAN;
}

static void axis_names(const struct gs_report *r, unsigned axis, char (*out)[GS_SCALE_TEXT_MAX])
{
	const struct gs_sim_axis *a = &r->sweep->scenario.axis[axis];
	for (unsigned i = 0; i < a->values; i++) {
		char text[GS_SIM_VALUE_TEXT_MAX];
		gs_sim_value_format(&r->sweep->scenario.engine->parameter[a->parameter], a->value[i], text);
		gs_chart_cut(text, 14, out[i], GS_SCALE_TEXT_MAX);
	}
}

/* The two last axes; first: the point from which they begin. */
static void heat(struct gs_report *r, unsigned metric, unsigned first)
{
	const struct gs_sim_scenario *s = &r->sweep->scenario;
	const struct gs_sim_metric *m = &s->engine->metric[metric];
	const struct gs_sim_axis *rows = &s->axis[s->axes - 2], *columns = &s->axis[s->axes - 1];
	double value[GS_SIM_AXIS_VALUES_MAX * GS_SIM_AXIS_VALUES_MAX],
		expected[GS_SIM_AXIS_VALUES_MAX * GS_SIM_AXIS_VALUES_MAX];
	unsigned point[GS_SIM_AXIS_VALUES_MAX * GS_SIM_AXIS_VALUES_MAX], least = 0, most = 0,
									 cells = rows->values * columns->values;
	char column[GS_SIM_AXIS_VALUES_MAX][GS_SCALE_TEXT_MAX], row[GS_SIM_AXIS_VALUES_MAX][GS_SCALE_TEXT_MAX];
	char text[GS_SIM_VALUE_TEXT_MAX], where[192], note[160];
	struct figure f = {.title = ""};
	bool closed = false;
	GS_ASSERT(cells > 0 && cells <= GS_SIM_AXIS_VALUES_MAX * GS_SIM_AXIS_VALUES_MAX);
	for (unsigned i = 0; i < cells; i++) {
		point[i] = first + i;
		value[i] = gs_report_estimate(r, point[i], metric).mean;
		expected[i] = gs_report_expected(r, point[i], metric);
		closed = closed || isfinite(expected[i]);
		least = !isfinite(value[least]) || value[i] < value[least] ? i : least;
		most = !isfinite(value[most]) || value[i] > value[most] ? i : most;
	}
	axis_names(r, s->axes - 2, row);
	axis_names(r, s->axes - 1, column);
	gs_report_point(r, first, where, sizeof(where));
	if (s->axes == 3)
		where[strcspn(where, ",")] = '\0';
	(void)snprintf(f.title, sizeof(f.title), "%s%s%s", m->name, s->axes == 3 ? ", " : "",
	               s->axes == 3 ? where : "");
	(void)snprintf(f.description, sizeof(f.description), "A map of %u by %u cells.", rows->values, columns->values);
	gs_report_point(r, point[least], where, sizeof(where));
	gs_sim_measure_format(m->unit, value[least], text);
	say(&f, " Least: %s at %s.", text, where);
	gs_report_point(r, point[most], where, sizeof(where));
	gs_sim_measure_format(m->unit, value[most], text);
	say(&f, " Greatest: %s at %s.", text, where);
	figure_begin(r, &f, s->engine->parameter[columns->parameter].name, s->engine->parameter[rows->parameter].name);
	const struct gs_chart_map map = {.columns = columns->values,
	                                 .rows = rows->values,
	                                 .value = value,
	                                 .expected = closed ? expected : NULL,
	                                 .column = (const char(*)[GS_SCALE_TEXT_MAX])column,
	                                 .row = (const char(*)[GS_SCALE_TEXT_MAX])row,
	                                 .unit = unit_of_metric(m->unit, fabs(value[most])),
	                                 .share = m->unit == GS_SIM_UNIT_SHARE,
	                                 .threshold = threshold_of(m)};
	gs_chart_heat(r->to, &f.words, &map);
	bool parted = (value[least] < map.threshold) != (value[most] < map.threshold); /* false without a threshold */
	(void)snprintf(note, sizeof(note), "%s%s",
	               !parted                        ? ""
	               : m->unit == GS_SIM_UNIT_SHARE ? "The line parts what is below one half from what is not"
	                                              : "The line parts losses from gains",
	               !parted  ? ""
	               : closed ? "; dotted: the same by the closed form."
	                        : ".");
	about(r, &metric, 1, note);
	gs_report_table(r, &metric, 1, point, cells, false);
	gs_buf_append_text(r->to, "</figure>\n");
}

static void maps(struct gs_report *r, unsigned metric, bool shown)
{
	const struct gs_sim_scenario *s = &r->sweep->scenario;
	const struct gs_sim_axis *last = &s->axis[s->axes - 1];
	if (s->axes == 2) {
		if (shown && s->axis[0].values <= GS_CHART_SERIES_MAX && last->values >= LINES_MIN &&
		    axis_numeric(&s->engine->parameter[last->parameter], last))
			lines_of_metric(r, metric);
		heat(r, metric, 0);
		return;
	}
	for (unsigned i = 0; i < s->axis[0].values && i < GS_REPORT_MAPS_MAX; i++)
		heat(r, metric, i * gs_report_stride(r, 0));
	if (s->axis[0].values > GS_REPORT_MAPS_MAX)
		gs_buf_append_text(r->to,
		                   "<p class=\"note\">%u more maps are left out: --csv tells their numbers.</p>\n",
		                   s->axis[0].values - GS_REPORT_MAPS_MAX);
}

/* ---- groups ---- */

void gs_report_group(struct gs_report *r, const struct gs_report_group *group)
{
	const struct gs_sim_scenario *s = &r->sweep->scenario;
	unsigned point[GS_SIM_AXIS_VALUES_MAX] = {0}; /* with one axis at most there are no more points */
	if (s->axes >= 2) {
		for (unsigned m = 0; m < group->metrics; m++)
			maps(r, group->metric[m], group->shown);
		return;
	}
	for (unsigned p = 0; p < r->sweep->points; p++)
		point[p] = p;
	if (s->axes == 1 && axis_numeric(&s->engine->parameter[s->axis[0].parameter], &s->axis[0])) {
		for (unsigned m = 0; m < group->metrics; m += GS_CHART_SERIES_MAX) {
			unsigned left = group->metrics - m;
			lines_of_group(r, group->metric + m, left < GS_CHART_SERIES_MAX ? left : GS_CHART_SERIES_MAX);
		}
	} else if (s->axes == 1) {
		for (unsigned m = 0; m < group->metrics; m++)
			for (unsigned p = 0; p < r->sweep->points; p += BARS_MAX)
				bars(r, &group->metric[m], 1, point + p,
				     r->sweep->points - p < BARS_MAX ? r->sweep->points - p : BARS_MAX);
	} else if (group->metrics > 1) { /* a single number is told by the table */
		for (unsigned m = 0; m < group->metrics; m += BARS_MAX)
			bars(r, group->metric + m, group->metrics - m < BARS_MAX ? group->metrics - m : BARS_MAX, point,
			     1);
	}
}

static void one_histogram(struct gs_report *r, unsigned metric, unsigned number, unsigned point)
{
	const struct gs_sim_metric *m = &r->sweep->scenario.engine->metric[metric];
	const uint64_t *bin = r->sweep->result[point].bin[number];
	char where[256];
	struct figure f = {.title = ""};
	double width = (m->high - m->low) / GS_SIM_BINS;
	uint64_t all = 0;
	for (unsigned b = 0; b < GS_SIM_BINS; b++)
		all += bin[b];
	gs_report_point(r, point, where, sizeof(where));
	(void)snprintf(f.title, sizeof(f.title), "%s%s%.180s", m->name, where[0] != '\0' ? " at " : "", where);
	(void)snprintf(f.description, sizeof(f.description), "Distribution of %llu observations over %d equal parts.",
	               (unsigned long long)all, GS_SIM_BINS);
	figure_begin(r, &f, m->name, "");
	gs_chart_histogram(r->to, &f.words, bin, GS_SIM_BINS, m->low, m->high, unit_of_metric(m->unit, m->high));
	about(r, &metric, 1,
	      "The height is the share of all observations; what lies outside is counted in the outermost parts.");
	gs_buf_append_text(
		r->to,
		"<details><summary>The numbers of this picture</summary>\n<div class=\"wide\"><table>\n<thead><tr>"
		"<th>from</th><th>to</th><th>observations</th></tr></thead><tbody>\n");
	for (unsigned b = 0; b < GS_SIM_BINS; b++) {
		char from[GS_SIM_VALUE_TEXT_MAX], to[GS_SIM_VALUE_TEXT_MAX];
		if (bin[b] == 0)
			continue;
		gs_sim_measure_format(m->unit, m->low + width * b, from);
		gs_sim_measure_format(m->unit, m->low + width * (b + 1), to);
		gs_buf_append_text(r->to, "<tr data-bin=\"%u\"><td>", b);
		gs_html_text(r->to, from);
		gs_buf_append_text(r->to, "</td><td>");
		gs_html_text(r->to, to);
		gs_buf_append_text(r->to, "</td><td data-value=\"%llu\">%llu</td></tr>\n", (unsigned long long)bin[b],
		                   (unsigned long long)bin[b]);
	}
	gs_buf_append_text(r->to, "</tbody></table></div></details></figure>\n");
}

void gs_report_histograms(struct gs_report *r, unsigned metric)
{
	const struct gs_sim_metric *m = r->sweep->scenario.engine->metric;
	unsigned number = 0, points = r->sweep->points;
	for (unsigned i = 0; i < metric; i++)
		number += m[i].has_histogram ? 1 : 0;
	unsigned many = points < GS_REPORT_HISTOGRAMS_MAX ? points : GS_REPORT_HISTOGRAMS_MAX;
	for (unsigned i = 0; i < many; i++)
		one_histogram(r, metric, number, many > 1 ? i * (points - 1) / (many - 1) : 0);
	if (points > many)
		gs_buf_append_text(r->to, "<p class=\"note\">%u of %u points are shown.</p>\n", many, points);
}
