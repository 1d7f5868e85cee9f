/* simulations/report/figures.h: a sweep's numbers as pictures with their tables. For simulations/report only. */
#ifndef GS_SIMULATIONS_REPORT_FIGURES_H
#define GS_SIMULATIONS_REPORT_FIGURES_H

#include "simulations/report/chart.h"
#include "simulations/report/report.h"

struct gs_report {
	const struct gs_sim_sweep *sweep;
	struct gs_buf *to;
	unsigned figures; /* so far */
};

struct gs_report_group { /* metrics of one picture */
	unsigned metric[GS_SIM_METRICS_MAX];
	unsigned metrics;
	bool shown; /* the scenario names one of them */
};

/* All pictures of a group. */
void gs_report_group(struct gs_report *r, const struct gs_report_group *group);
/* The histograms of a metric that has one. */
void gs_report_histograms(struct gs_report *r, unsigned metric);

/* "</caption>" and such aside, a table behind <details>: so many metrics at so many points. */
void gs_report_table(struct gs_report *r, const unsigned *metric, unsigned metrics, const unsigned *point,
                     unsigned points, bool open);
/* "stake.burned 20 %, lazy 3" */
void gs_report_point(const struct gs_report *r, unsigned point, char *out, size_t size);

struct gs_sim_estimate gs_report_estimate(const struct gs_report *r, unsigned point, unsigned metric);
double gs_report_expected(const struct gs_report *r, unsigned point, unsigned metric);
bool gs_report_seen(const struct gs_report *r, unsigned metric);     /* at any point */
unsigned gs_report_stride(const struct gs_report *r, unsigned axis); /* points from one value of an axis to the next */

#endif
