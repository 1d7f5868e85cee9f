/* simulations/report/chart.h: pictures as inline SVG. Nothing is loaded from anywhere; colours come from the page's style sheet, and are never the only difference: lines have
 * marks and dashes of their own, cells their numbers where there is room. Every picture has a title and a description in words.
 *
 * Numbers that are NAN are left out. */
#ifndef GS_SIMULATIONS_REPORT_CHART_H
#define GS_SIMULATIONS_REPORT_CHART_H

#include "chain/core/buf.h"
#include "simulations/report/scale.h"

enum {
	GS_CHART_SERIES_MAX = 6,
	GS_CHART_WIDTH = 720,
	GS_CHART_COLUMNS_MAX = 64, /* of a map of cells */
};

struct gs_chart_words {
	const char *id; /* of the picture, one of its kind on the page: letters and digits */
	const char *title, *description;
	const char *x, *y; /* what the axes are */
};

struct gs_chart_series {
	const char *name;
	unsigned points;
	const double *x, *y, *low, *high;
	unsigned curve_points; /* 0: no closed form */
	const double *curve_x, *curve_y;
};
/* Means with their intervals as bands; closed forms as dotted curves. x_log: all x above 0. */
void gs_chart_lines(struct gs_buf *to, const struct gs_chart_words *words, const struct gs_chart_series *series,
                    unsigned count, bool x_log, struct gs_scale_unit x_unit, struct gs_scale_unit y_unit);

struct gs_chart_bar {
	const char *name;
	double value, low, high, expected;
	const char *text; /* the value in words */
};
/* From zero to the right, or to the left; the interval as a whisker, a closed form as a ring. */
void gs_chart_bars(struct gs_buf *to, const struct gs_chart_words *words, const struct gs_chart_bar *bars,
                   unsigned count, struct gs_scale_unit unit);

/* Shares of observations in equal parts of low to high; the outermost parts hold what lies outside. */
void gs_chart_histogram(struct gs_buf *to, const struct gs_chart_words *words, const uint64_t *bins, unsigned count,
                        double low, double high, struct gs_scale_unit unit);

struct gs_chart_map {
	unsigned columns, rows;
	const double *value;                     /* rows * columns, row by row; row 0 is the lowest */
	const double *expected;                  /* likewise, or NULL */
	const char (*column)[GS_SCALE_TEXT_MAX]; /* their names */
	const char (*row)[GS_SCALE_TEXT_MAX];
	struct gs_scale_unit unit;
	bool share; /* colours from 0, to 1 when there is more than one half; else from the least to the greatest, or both sides of zero */
	double threshold; /* a line is drawn between cells on its two sides, dotted for the closed form; NAN: none */
};
void gs_chart_heat(struct gs_buf *to, const struct gs_chart_words *words, const struct gs_chart_map *map);

/* For charts: */
void gs_chart_begin(struct gs_buf *to, const struct gs_chart_words *words, double height);
void gs_chart_end(struct gs_buf *to);
/* anchor: "start", "middle", "end" */
void gs_chart_label(struct gs_buf *to, double x, double y, const char *anchor, bool soft, const char *text);
/* About how wide a text is. */
double gs_chart_width(const char *text);
/* Text cut to so many characters, with an ellipsis. */
void gs_chart_cut(const char *text, unsigned characters, char *out, unsigned size);

#endif
