#include <math.h>
#include <stdio.h>
#include <string.h>

#include "simulations/report/chart.h"
#include "simulations/report/html.h"

enum {
	ROW = 30,
	NAMES = 190,
	NAME_CUT = 26,
	VALUES = 120,
	HEAD = 10,
	FOOT = 30, /* of bars */
	LEFT = 64,
	RIGHT = 20,
	PLOT_HEIGHT = 200,
	PLOT_FOOT = 54, /* of histograms */
};

/* ---- bars ---- */

static void one_bar(struct gs_buf *to, const struct gs_chart_bar *bar, double y, const struct gs_scale *x)
{
	char name[4 * NAME_CUT + 8];
	double zero = gs_scale_place(x, 0), end = gs_scale_place(x, bar->value);
	double middle = y + ROW / 2.0;
	gs_chart_cut(bar->name, NAME_CUT, name, sizeof(name));
	gs_chart_label(to, NAMES - 10, middle + 4, "end", false, name);
	if (isfinite(bar->value))
		gs_buf_append_text(to, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" fill=\"var(--%s)\"/>",
		                   end < zero ? end : zero, y + 6, fabs(end - zero), ROW - 12,
		                   bar->value < 0 ? "loss" : "gain");
	if (isfinite(bar->low) && isfinite(bar->high)) {
		double from = gs_scale_place(x, bar->low), till = gs_scale_place(x, bar->high);
		gs_buf_append_text(to, "<path class=\"whisker\" d=\"M%.1f %.1fH%.1fM%.1f %.1fv8M%.1f %.1fv8\"/>", from,
		                   middle, till, from, middle - 4, till, middle - 4);
	}
	if (isfinite(bar->expected))
		gs_buf_append_text(to, "<circle class=\"expected\" cx=\"%.1f\" cy=\"%.1f\" r=\"4.5\"/>",
		                   gs_scale_place(x, bar->expected), middle);
	gs_chart_label(to, GS_CHART_WIDTH - 4, middle + 4, "end", false, bar->text);
}

void gs_chart_bars(struct gs_buf *to, const struct gs_chart_words *words, const struct gs_chart_bar *bars,
                   unsigned count, struct gs_scale_unit unit)
{
	double low = 0, high = 0;
	char text[GS_SCALE_TEXT_MAX];
	for (unsigned i = 0; i < count; i++) {
		const double all[] = {bars[i].value, bars[i].low, bars[i].high, bars[i].expected};
		for (unsigned k = 0; k < GS_ARRAY_LEN(all); k++) {
			low = isfinite(all[k]) && all[k] < low ? all[k] : low;
			high = isfinite(all[k]) && all[k] > high ? all[k] : high;
		}
	}
	if (low == 0 && high == 0)
		high = unit.factor;
	struct gs_scale x = gs_scale(low, high, false, false, unit, 5, NAMES, GS_CHART_WIDTH - VALUES);
	double bottom = HEAD + (double)count * ROW;
	gs_chart_begin(to, words, bottom + FOOT);
	for (unsigned i = 0; i < x.ticks; i++) {
		double at = gs_scale_place(&x, x.tick[i]);
		gs_buf_append_text(to, "<path class=\"grid\" d=\"M%.1f %dV%.1f\"/>", at, HEAD, bottom);
		gs_scale_text(&x, x.tick[i], text);
		gs_chart_label(to, at, bottom + 18, "middle", true, text);
	}
	for (unsigned i = 0; i < count; i++)
		one_bar(to, &bars[i], HEAD + (double)i * ROW, &x);
	gs_buf_append_text(to, "<path class=\"axis\" d=\"M%.1f %dV%.1f\"/>\n", gs_scale_place(&x, 0), HEAD, bottom);
	gs_chart_end(to);
}

/* ---- histograms ---- */

void gs_chart_histogram(struct gs_buf *to, const struct gs_chart_words *words, const uint64_t *bins, unsigned count,
                        double low, double high, struct gs_scale_unit unit)
{
	const struct gs_scale_unit percent = {0.01, " %"};
	uint64_t all = 0, most = 0;
	char text[GS_SCALE_TEXT_MAX];
	for (unsigned i = 0; i < count; i++) {
		all += bins[i];
		most = bins[i] > most ? bins[i] : most;
	}
	double top = 12, bottom = top + PLOT_HEIGHT;
	double share = all > 0 ? (double)most / (double)all : 1;
	struct gs_scale x = gs_scale(low, high, false, true, unit, 8, LEFT, GS_CHART_WIDTH - RIGHT);
	struct gs_scale y = gs_scale(0, share, false, false, percent, 4, bottom, top);
	gs_chart_begin(to, words, bottom + PLOT_FOOT);
	for (unsigned i = 0; i < y.ticks; i++) {
		double at = gs_scale_place(&y, y.tick[i]);
		gs_buf_append_text(to, "<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/>", x.from, at, x.to);
		gs_scale_text(&y, y.tick[i], text);
		gs_chart_label(to, x.from - 8, at + 4, "end", true, text);
	}
	double width = (x.to - x.from) / count;
	for (unsigned i = 0; i < count; i++) {
		double at = gs_scale_place(&y, all > 0 ? (double)bins[i] / (double)all : 0);
		if (bins[i] > 0)
			gs_buf_append_text(
				to, "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"var(--s0)\"/>",
				x.from + i * width + 0.5, at, width - 1, bottom - at);
	}
	for (unsigned i = 0; i < x.ticks; i++) {
		double at = gs_scale_place(&x, x.tick[i]);
		gs_buf_append_text(to, "<path class=\"axis\" d=\"M%.1f %.1fv5\"/>", at, bottom);
		gs_scale_text(&x, x.tick[i], text);
		gs_chart_label(to, at, bottom + 19, "middle", true, text);
	}
	gs_buf_append_text(to, "<path class=\"axis\" d=\"M%.1f %.1fH%.1f\"/>\n", x.from, bottom, x.to);
	gs_chart_label(to, (x.from + x.to) / 2, bottom + 42, "middle", false, words->x);
	gs_chart_end(to);
}
