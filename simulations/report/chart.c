#include "simulations/report/chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "simulations/report/html.h"

enum { LEFT = 76, RIGHT = 20, PLOT_HEIGHT = 280, FOOT = 56, LEGEND_ROW = 20, LEGEND_CUT = 56 };

static const char *const dashes[GS_CHART_SERIES_MAX] = {"none", "9 4", "4 3", "12 3 3 3", "1 4", "7 3 1 3 1 3"};

void gs_chart_begin(struct gs_buf *to, const struct gs_chart_words *words, double height)
{
	gs_buf_append_text(to,
	                   "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %.0f\" role=\"img\" "
	                   "aria-labelledby=\"%s-t %s-d\">\n<title id=\"%s-t\">",
	                   GS_CHART_WIDTH, height, words->id, words->id, words->id);
	gs_html_text(to, words->title);
	gs_buf_append_text(to, "</title><desc id=\"%s-d\">", words->id);
	gs_html_text(to, words->description);
	gs_buf_append_text(to, "</desc>\n");
}

void gs_chart_end(struct gs_buf *to)
{
	gs_buf_append_text(to, "</svg>\n");
}

void gs_chart_label(struct gs_buf *to, double x, double y, const char *anchor, bool soft, const char *text)
{
	gs_buf_append_text(to, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"%s>", x, y, anchor,
	                   soft ? " class=\"soft\"" : "");
	gs_html_text(to, text);
	gs_buf_append_text(to, "</text>\n");
}

void gs_chart_cut(const char *text, unsigned characters, char *out, unsigned size)
{
	unsigned n = 0, at = 0;
	while (text[at] != '\0' && n < characters) { /* bytes that go on a character are not counted */
		at++;
		while (((unsigned char)text[at] & 0xc0) == 0x80)
			at++;
		n++;
	}
	if (at + 4 > size)
		at = size > 4 ? size - 4 : 0;
	(void)snprintf(out, size, "%.*s%s", (int)at, text, text[at] != '\0' ? "\xe2\x80\xa6" : "");
}

double gs_chart_width(const char *text)
{
	double width = 0;
	for (; *text != '\0'; text++)
		width += ((unsigned char)*text & 0xc0) == 0x80 ? 0 : 7.4; /* of 12 units, in a wide face */
	return width;
}

/* ---- lines ---- */

static void mark(struct gs_buf *to, unsigned which, double x, double y)
{
	static const char *const shapes[] = {
		"M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
		"M-3.6-3.6h7.2v7.2h-7.2z",
		"M0-4.6l4.4 8h-8.8z",
		"M0-5l5 5l-5 5l-5-5z",
		"M0 4.6l4.4-8h-8.8z",
		"M-4-1.3h2.7v-2.7h2.6v2.7h2.7v2.6h-2.7v2.7h-2.6v-2.7h-2.7z",
	};
	gs_buf_append_text(to, "<path transform=\"translate(%.1f %.1f)\" d=\"%s\" fill=\"var(--s%u)\"/>", x, y,
	                   shapes[which], which);
}

static void reach(double value, double *low, double *high)
{
	if (!isfinite(value))
		return;
	*low = value < *low ? value : *low;
	*high = value > *high ? value : *high;
}

static void ranges(const struct gs_chart_series *series, unsigned count, double x[2], double y[2])
{
	x[0] = y[0] = INFINITY;
	x[1] = y[1] = -INFINITY;
	for (unsigned s = 0; s < count; s++) {
		for (unsigned i = 0; i < series[s].points; i++) {
			if (!isfinite(series[s].y[i]))
				continue;
			reach(series[s].x[i], &x[0], &x[1]);
			reach(series[s].y[i], &y[0], &y[1]);
			reach(series[s].low[i], &y[0], &y[1]);
			reach(series[s].high[i], &y[0], &y[1]);
		}
		for (unsigned i = 0; i < series[s].curve_points; i++)
			reach(series[s].curve_y[i], &y[0], &y[1]);
	}
	if (!isfinite(x[0]))
		x[0] = x[1] = 1;
	if (!isfinite(y[0]))
		y[0] = y[1] = 0;
	/* What differs by next to nothing is shown as such. */
	double least = 0.02 * fmax(fabs(y[0]), fabs(y[1]));
	if (y[1] - y[0] < least) {
		double middle = (y[0] + y[1]) / 2;
		y[0] = middle - least / 2;
		y[1] = middle + least / 2;
	}
	/* From zero, unless all that happens is far away from it. */
	if (y[0] > 0 && y[0] < 0.6 * y[1])
		y[0] = 0;
	if (y[1] < 0 && y[1] > 0.6 * y[0])
		y[1] = 0;
}

static void frame(struct gs_buf *to, const struct gs_chart_words *words, const struct gs_scale *x,
                  const struct gs_scale *y)
{
	char text[GS_SCALE_TEXT_MAX];
	for (unsigned i = 0; i < y->ticks; i++) {
		double at = gs_scale_place(y, y->tick[i]);
		gs_buf_append_text(to, "<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/>", x->from, at, x->to);
		gs_scale_text(y, y->tick[i], text);
		gs_chart_label(to, x->from - 8, at + 4, "end", true, text);
	}
	for (unsigned i = 0; i < x->ticks; i++) {
		double at = gs_scale_place(x, x->tick[i]);
		gs_buf_append_text(to, "<path class=\"axis\" d=\"M%.1f %.1fv5\"/>", at, y->from);
		gs_scale_text(x, x->tick[i], text);
		gs_chart_label(to, at, y->from + 19, "middle", true, text);
	}
	double base = y->low < 0 && y->high > 0 ? gs_scale_place(y, 0) : y->from;
	gs_buf_append_text(to, "<path class=\"axis\" d=\"M%.1f %.1fH%.1f\"/>\n", x->from, base, x->to);
	gs_chart_label(to, (x->from + x->to) / 2, y->from + 42, "middle", false, words->x);
}

static void one_band(struct gs_buf *to, const struct gs_chart_series *s, unsigned which, const struct gs_scale *x,
                     const struct gs_scale *y)
{
	bool open = false;
	for (unsigned i = 0; i < s->points; i++) {
		if (!isfinite(s->low[i]) || !isfinite(s->high[i]))
			continue;
		gs_buf_append_text(to, open ? "L%.1f %.1f" : "<path class=\"band\" d=\"M%.1f %.1f",
		                   gs_scale_place(x, s->x[i]), gs_scale_place(y, s->high[i]));
		open = true;
	}
	for (unsigned i = s->points; open && i-- > 0;)
		if (isfinite(s->low[i]) && isfinite(s->high[i]))
			gs_buf_append_text(to, "L%.1f %.1f", gs_scale_place(x, s->x[i]), gs_scale_place(y, s->low[i]));
	if (open)
		gs_buf_append_text(to, "z\" fill=\"var(--s%u)\"/>\n", which);
}

static void path(struct gs_buf *to, const double *px, const double *py, unsigned n, const char *attributes,
                 const struct gs_scale *x, const struct gs_scale *y)
{
	bool down = false, any = false;
	for (unsigned i = 0; i < n; i++) {
		if (!isfinite(py[i])) {
			down = false;
			continue;
		}
		gs_buf_append_text(to, "%s%c%.1f %.1f", any ? "" : "<path d=\"", down ? 'L' : 'M',
		                   gs_scale_place(x, px[i]), gs_scale_place(y, py[i]));
		down = any = true;
	}
	if (any)
		gs_buf_append_text(to, "\" %s/>\n", attributes);
}

/* Rows of names above the picture; returns how high they are, and only that when to is NULL. */
static double legend(struct gs_buf *to, const struct gs_chart_series *series, unsigned count)
{
	double x = LEFT, y = 14;
	bool closed = false;
	for (unsigned s = 0; s < count; s++)
		closed = closed || series[s].curve_points > 0;
	for (unsigned s = 0; s < count + (closed ? 1 : 0); s++) {
		char name[4 * LEGEND_CUT + 8];
		gs_chart_cut(s < count ? series[s].name : "closed form", LEGEND_CUT, name, sizeof(name));
		double width = 52 + gs_chart_width(name);
		if (x > LEFT && x + width > GS_CHART_WIDTH - RIGHT) {
			x = LEFT;
			y += LEGEND_ROW;
		}
		if (to != NULL && s < count) {
			gs_buf_append_text(
				to,
				"<path class=\"line\" stroke=\"var(--s%u)\" stroke-dasharray=\"%s\" d=\"M%.1f %.1fh26\"/>",
				s, dashes[s], x, y - 4);
			mark(to, s, x + 13, y - 4);
		} else if (to != NULL) {
			gs_buf_append_text(to, "<path class=\"curve\" stroke=\"var(--ink)\" d=\"M%.1f %.1fh26\"/>", x,
			                   y - 4);
		}
		if (to != NULL)
			gs_chart_label(to, x + 32, y, "start", false, name);
		x += width;
	}
	return y + 14;
}

void gs_chart_lines(struct gs_buf *to, const struct gs_chart_words *words, const struct gs_chart_series *series,
                    unsigned count, bool x_log, struct gs_scale_unit x_unit, struct gs_scale_unit y_unit)
{
	double xs[2], ys[2];
	GS_ASSERT(count <= GS_CHART_SERIES_MAX);
	ranges(series, count, xs, ys);
	double top = legend(NULL, series, count) + 8, bottom = top + PLOT_HEIGHT;
	struct gs_scale x = gs_scale(xs[0], xs[1], x_log, true, x_unit, 8, LEFT, GS_CHART_WIDTH - RIGHT);
	struct gs_scale y = gs_scale(ys[0], ys[1], false, false, y_unit, 5, bottom, top);
	gs_chart_begin(to, words, bottom + FOOT);
	(void)legend(to, series, count);
	frame(to, words, &x, &y);
	for (unsigned s = 0; s < count; s++)
		one_band(to, &series[s], s, &x, &y);
	for (unsigned s = 0; s < count; s++) {
		char attributes[128];
		(void)snprintf(attributes, sizeof(attributes), "class=\"curve\" stroke=\"var(--ink)\"");
		path(to, series[s].curve_x, series[s].curve_y, series[s].curve_points, attributes, &x, &y);
		(void)snprintf(attributes, sizeof(attributes),
		               "class=\"line\" stroke=\"var(--s%u)\" stroke-dasharray=\"%s\"", s, dashes[s]);
		path(to, series[s].x, series[s].y, series[s].points, attributes, &x, &y);
		for (unsigned i = 0; i < series[s].points; i++)
			if (isfinite(series[s].y[i]))
				mark(to, s, gs_scale_place(&x, series[s].x[i]), gs_scale_place(&y, series[s].y[i]));
	}
	gs_chart_end(to);
}
