/* simulations/report/scale.h: from numbers to places on a picture, and the numbers that stand beside an axis. */
#ifndef GS_SIMULATIONS_REPORT_SCALE_H
#define GS_SIMULATIONS_REPORT_SCALE_H

#include <stdbool.h>

enum { GS_SCALE_TICKS_MAX = 12, GS_SCALE_TEXT_MAX = 32 };

/* What a number is told in: number / factor, and behind it the suffix. */
struct gs_scale_unit {
	double factor;
	const char *suffix;
};

struct gs_scale {
	double low, high; /* low < high; of a logarithmic one both above 0 */
	double from, to;  /* where they are */
	bool log;
	struct gs_scale_unit unit;
	unsigned ticks;
	double tick[GS_SCALE_TICKS_MAX];
};

/* A scale that has room for low to high and ends at round numbers, if not `tight`. low may be high. Few ticks: `wanted` or so. */
struct gs_scale gs_scale(double low, double high, bool log, bool tight, struct gs_scale_unit unit, unsigned wanted,
                         double from, double to);
double gs_scale_place(const struct gs_scale *scale, double value); /* held within the picture */
/* With as many digits as its neighbours need. */
void gs_scale_text(const struct gs_scale *scale, double value, char out[GS_SCALE_TEXT_MAX]);

#endif
