#include <math.h>
#include <stdio.h>
#include <string.h>

#include "simulations/report/chart.h"
#include "simulations/report/html.h"

enum {
	LEFT = 110,
	RIGHT = 96,
	HEAD = 26,
	FOOT = 56,
	CELL_MAX = 56,
	PLOT_WIDTH = GS_CHART_WIDTH - LEFT - RIGHT,
	KEY_STEPS = 24
};

struct colour {
	double r, g, b;
};

/* From dark to light, so that it is one order to every eye, and on paper without colours. */
static const struct colour one_way[] = {{45, 17, 84}, {62, 73, 137}, {38, 130, 142}, {82, 185, 117}, {245, 226, 80}};
/* Both sides of zero: losses, nothing, gains. */
static const struct colour two_ways[] = {{140, 45, 4}, {236, 143, 74}, {246, 246, 244}, {105, 166, 214}, {8, 64, 129}};

static struct colour colour_at(const struct colour anchors[5], double part)
{
	double at = (part < 0 ? 0 : part > 1 ? 1 : part) * 4;
	unsigned i = at >= 4 ? 3 : (unsigned)at;
	double f = at - i;
	return (struct colour){anchors[i].r + f * (anchors[i + 1].r - anchors[i].r),
	                       anchors[i].g + f * (anchors[i + 1].g - anchors[i].g),
	                       anchors[i].b + f * (anchors[i + 1].b - anchors[i].b)};
}

struct shades {
	double low, high;
	const struct colour *anchors;
};

static struct shades shades_of(const struct gs_chart_map *map)
{
	struct shades s = {INFINITY, -INFINITY, one_way};
	for (unsigned i = 0; i < map->rows * map->columns; i++) {
		s.low = isfinite(map->value[i]) && map->value[i] < s.low ? map->value[i] : s.low;
		s.high = isfinite(map->value[i]) && map->value[i] > s.high ? map->value[i] : s.high;
	}
	if (!isfinite(s.low))
		s.low = s.high = 0;
	if (map->share && s.high > 0)
		return (struct shades){0, s.high > 0.5 ? 1 : s.high, one_way};
	if (s.low < 0) {
		double most = s.high > -s.low ? s.high : -s.low;
		return (struct shades){-most, most, two_ways};
	}
	if (!(s.high > s.low))
		s.high = s.low + 1;
	return s;
}

static void fill(struct gs_buf *to, const struct shades *s, double value)
{
	struct colour c = colour_at(s->anchors, (value - s->low) / (s->high - s->low));
	gs_buf_append_text(to, "fill=\"#%02x%02x%02x\"", (unsigned)(c.r + 0.5), (unsigned)(c.g + 0.5),
	                   (unsigned)(c.b + 0.5));
}

static bool is_light(const struct shades *s, double value)
{
	struct colour c = colour_at(s->anchors, (value - s->low) / (s->high - s->low));
	return 0.299 * c.r + 0.587 * c.g + 0.114 * c.b > 140;
}

struct place {
	double cell_x, cell_y, top;
};

/* Lines between cells on different sides of the threshold. */
static void edges(struct gs_buf *to, const struct gs_chart_map *map, const double *value, const struct place *p,
                  const char *style)
{
	bool any = false;
	for (unsigned r = 0; r < map->rows; r++)
		for (unsigned c = 0; c < map->columns; c++) {
			double here = value[r * map->columns + c];
			double right = c + 1 < map->columns ? value[r * map->columns + c + 1] : NAN;
			double above = r + 1 < map->rows ? value[(r + 1) * map->columns + c] : NAN;
			double x = LEFT + c * p->cell_x, y = p->top + (map->rows - 1 - r) * p->cell_y;
			if (isfinite(here) && isfinite(right) && (here < map->threshold) != (right < map->threshold)) {
				gs_buf_append_text(to, "%sM%.1f %.1fv%.1f", any ? "" : "<path class=\"edge\" d=\"",
				                   x + p->cell_x, y, p->cell_y);
				any = true;
			}
			if (isfinite(here) && isfinite(above) && (here < map->threshold) != (above < map->threshold)) {
				gs_buf_append_text(to, "%sM%.1f %.1fh%.1f", any ? "" : "<path class=\"edge\" d=\"", x,
				                   y, p->cell_x);
				any = true;
			}
		}
	if (any)
		gs_buf_append_text(to, "\" %s/>\n", style);
}

static void cells(struct gs_buf *to, const struct gs_chart_map *map, const struct place *p, const struct shades *s)
{
	char text[GS_SCALE_TEXT_MAX];
	bool told = p->cell_x >= 40 && p->cell_y >= 18;
	for (unsigned r = 0; r < map->rows; r++)
		for (unsigned c = 0; c < map->columns; c++) {
			double value = map->value[r * map->columns + c];
			double x = LEFT + c * p->cell_x, y = p->top + (map->rows - 1 - r) * p->cell_y;
			if (!isfinite(value)) {
				gs_chart_label(to, x + p->cell_x / 2, y + p->cell_y / 2 + 4, "middle", true, "-");
				continue;
			}
			gs_buf_append_text(to, "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" ", x, y,
			                   p->cell_x, p->cell_y);
			fill(to, s, value);
			gs_buf_append_text(to, "/>");
			if (!told)
				continue;
			(void)snprintf(text, sizeof(text), map->share ? "%.0f" : "%.3g", value / map->unit.factor);
			gs_buf_append_text(
				to, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\" style=\"fill:%s\">%s</text>",
				x + p->cell_x / 2, y + p->cell_y / 2 + 4, is_light(s, value) ? "#111" : "#fff", text);
		}
	gs_buf_append_text(to, "\n");
}

static void key(struct gs_buf *to, const struct gs_chart_map *map, const struct shades *s, double top, double height)
{
	const double x = GS_CHART_WIDTH - RIGHT + 18;
	struct gs_scale y = gs_scale(s->low, s->high, false, true, map->unit, 4, top + height, top);
	char text[GS_SCALE_TEXT_MAX];
	for (unsigned i = 0; i < KEY_STEPS; i++) {
		gs_buf_append_text(to, "<rect x=\"%.1f\" y=\"%.2f\" width=\"14\" height=\"%.2f\" ", x,
		                   top + height * (KEY_STEPS - 1 - i) / KEY_STEPS, height / KEY_STEPS + 0.3);
		fill(to, s, s->low + (s->high - s->low) * (i + 0.5) / KEY_STEPS);
		gs_buf_append_text(to, "/>");
	}
	for (unsigned i = 0; i < y.ticks; i++) {
		gs_scale_text(&y, y.tick[i], text);
		gs_chart_label(to, x + 19, gs_scale_place(&y, y.tick[i]) + 4, "start", true, text);
	}
}

void gs_chart_heat(struct gs_buf *to, const struct gs_chart_words *words, const struct gs_chart_map *map)
{
	GS_ASSERT(map->columns > 0 && map->rows > 0 && map->columns <= GS_CHART_COLUMNS_MAX &&
	          map->rows <= GS_CHART_COLUMNS_MAX);
	struct place p = {(double)PLOT_WIDTH / map->columns, 0, HEAD};
	p.cell_x = p.cell_x > 2 * CELL_MAX ? 2 * CELL_MAX : p.cell_x;
	p.cell_y = p.cell_x < 12 ? 12 : p.cell_x > 40 ? 34 : p.cell_x;
	if (map->rows * p.cell_y > 480)
		p.cell_y = 480.0 / map->rows;
	double height = map->rows * p.cell_y, width = map->columns * p.cell_x;
	struct shades s = shades_of(map);
	gs_chart_begin(to, words, HEAD + height + FOOT);
	gs_chart_label(to, 4, 14, "start", false, words->y);
	cells(to, map, &p, &s);
	if (isfinite(map->threshold)) {
		edges(to, map, map->value, &p, "stroke=\"#fff\" style=\"stroke-width:6\"");
		edges(to, map, map->value, &p, "stroke=\"#111\"");
	}
	if (isfinite(map->threshold) && map->expected != NULL) {
		edges(to, map, map->expected, &p, "stroke=\"#fff\" style=\"stroke-width:4\"");
		edges(to, map, map->expected, &p, "stroke=\"#d0006f\" stroke-dasharray=\"3 3\"");
	}
	unsigned every_row = 1 + (map->rows - 1) / (unsigned)(height / 16 < 1 ? 1 : height / 16);
	for (unsigned r = 0; r < map->rows; r += every_row)
		gs_chart_label(to, LEFT - 8, p.top + (map->rows - 0.5 - r) * p.cell_y + 4, "end", true, map->row[r]);
	double widest = 0;
	for (unsigned c = 0; c < map->columns; c++)
		widest = gs_chart_width(map->column[c]) > widest ? gs_chart_width(map->column[c]) : widest;
	unsigned every = (unsigned)((widest + 8) / p.cell_x) + 1;
	for (unsigned c = 0; c < map->columns; c += every)
		gs_chart_label(to, LEFT + (c + 0.5) * p.cell_x, p.top + height + 18, "middle", true, map->column[c]);
	gs_chart_label(to, LEFT + width / 2, p.top + height + 42, "middle", false, words->x);
	key(to, map, &s, p.top, height < 100 ? 100 : height);
	gs_chart_end(to);
}
