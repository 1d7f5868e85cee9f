#include <math.h>
#include <stdio.h>
#include <string.h>

#include "simulations/report/figures.h"
#include "simulations/report/html.h"
#include "simulations/value.h"

struct gs_sim_estimate gs_report_estimate(const struct gs_report *r, unsigned point, unsigned metric)
{
	return gs_sim_estimate(&r->sweep->result[point].metric[metric], r->sweep->scenario.engine->metric[metric].unit);
}

double gs_report_expected(const struct gs_report *r, unsigned point, unsigned metric)
{
	const struct gs_sim_scenario *s = &r->sweep->scenario;
	double value[GS_SIM_PARAMETERS_MAX];
	if (s->engine->expected == NULL)
		return NAN;
	gs_sim_point_values(s, point, value);
	return s->engine->expected(value, metric);
}

bool gs_report_seen(const struct gs_report *r, unsigned metric)
{
	for (unsigned p = 0; p < r->sweep->points; p++)
		if (r->sweep->result[p].metric[metric].n > 0)
			return true;
	return false;
}

unsigned gs_report_stride(const struct gs_report *r, unsigned axis)
{
	unsigned stride = 1;
	for (unsigned a = axis + 1; a < r->sweep->scenario.axes; a++)
		stride *= r->sweep->scenario.axis[a].values;
	return stride;
}

static double axis_value(const struct gs_report *r, unsigned axis, unsigned point)
{
	const struct gs_sim_axis *a = &r->sweep->scenario.axis[axis];
	return a->value[point / gs_report_stride(r, axis) % a->values];
}

void gs_report_point(const struct gs_report *r, unsigned point, char *out, size_t size)
{
	const struct gs_sim_scenario *s = &r->sweep->scenario;
	size_t len = 0;
	out[0] = '\0';
	for (unsigned a = 0; a < s->axes && len < size; a++) {
		const struct gs_sim_parameter *p = &s->engine->parameter[s->axis[a].parameter];
		char text[GS_SIM_VALUE_TEXT_MAX];
		gs_sim_value_format(p, axis_value(r, a, point), text);
		int n = snprintf(out + len, size - len, "%s%s %s", a > 0 ? ", " : "", p->name, text);
		len += n > 0 ? (size_t)n : 0;
	}
}

/* The text for people, the number itself for programs. */
static void cell(struct gs_buf *to, enum gs_sim_unit unit, double value)
{
	char text[GS_SIM_VALUE_TEXT_MAX];
	gs_sim_measure_format(unit, value, text);
	if (isfinite(value))
		gs_buf_append_text(to, "<td data-value=\"%.17g\">", value);
	else
		gs_buf_append_text(to, "<td>");
	gs_html_text(to, text);
	gs_buf_append_text(to, "</td>");
}

static void row(struct gs_report *r, unsigned point, unsigned metric, bool closed, bool about)
{
	const struct gs_sim_scenario *s = &r->sweep->scenario;
	const struct gs_sim_metric *m = &s->engine->metric[metric];
	struct gs_sim_estimate e = gs_report_estimate(r, point, metric);
	gs_buf_append_text(r->to, "<tr data-point=\"%u\" data-metric=\"", point);
	gs_html_text(r->to, m->name);
	gs_buf_append_text(r->to, "\">");
	for (unsigned a = 0; a < s->axes; a++) {
		char text[GS_SIM_VALUE_TEXT_MAX];
		gs_sim_value_format(&s->engine->parameter[s->axis[a].parameter], axis_value(r, a, point), text);
		gs_html_element(r->to, "td", text);
	}
	gs_html_element(r->to, "td class=\"text\"", m->name);
	gs_buf_append_text(r->to, "<td data-value=\"%llu\">%llu</td>",
	                   (unsigned long long)r->sweep->result[point].metric[metric].n,
	                   (unsigned long long)r->sweep->result[point].metric[metric].n);
	cell(r->to, m->unit, e.mean);
	cell(r->to, m->unit, e.low);
	cell(r->to, m->unit, e.high);
	if (closed)
		cell(r->to, m->unit, gs_report_expected(r, point, metric));
	if (about)
		gs_html_element(r->to, "td class=\"text\"", m->about);
	gs_buf_append_text(r->to, "</tr>\n");
}

void gs_report_table(struct gs_report *r, const unsigned *metric, unsigned metrics, const unsigned *point,
                     unsigned points, bool open)
{
	const struct gs_sim_scenario *s = &r->sweep->scenario;
	bool closed = false;
	uint64_t rows = 0;
	for (unsigned p = 0; p < points; p++)
		for (unsigned m = 0; m < metrics; m++)
			closed = closed || isfinite(gs_report_expected(r, point[p], metric[m]));
	gs_buf_append_text(r->to, "<details%s><summary>%s</summary>\n<div class=\"wide\"><table>\n<thead><tr>",
	                   open ? " open=\"open\"" : "", open ? "Numbers" : "The numbers of this picture");
	for (unsigned a = 0; a < s->axes; a++)
		gs_html_element(r->to, "th", s->engine->parameter[s->axis[a].parameter].name);
	gs_buf_append_text(
		r->to,
		"<th class=\"text\">measured</th><th>observations</th><th>mean</th><th>95 %% from</th><th>to</th>%s",
		closed ? "<th>closed form</th>" : "");
	gs_buf_append_text(r->to, "%s</tr></thead>\n<tbody>\n", open ? "<th class=\"text\">what it is</th>" : "");
	for (unsigned p = 0; p < points; p++)
		for (unsigned m = 0; m < metrics; m++)
			if (r->sweep->result[point[p]].metric[metric[m]].n > 0 && rows++ < GS_REPORT_ROWS_MAX)
				row(r, point[p], metric[m], closed, open);
	gs_buf_append_text(r->to, "</tbody></table></div>\n");
	if (rows > GS_REPORT_ROWS_MAX)
		gs_buf_append_text(r->to,
		                   "<p class=\"note\">%llu more rows: gainsay sim with --csv tells all of them.</p>\n",
		                   (unsigned long long)(rows - GS_REPORT_ROWS_MAX));
	gs_buf_append_text(r->to, "</details>\n");
}
