/* simulations/report/report.h: what came out of a sweep, as one HTML file that needs nothing else: no script, no font, no address.
 *
 * Metrics whose names have the same first part and unit share a picture. What kind it is follows from what is swept: nothing:
 * bars; one numeric parameter: lines with their 95 % intervals, closed forms dotted; one that has names: bars; two or three: maps of cells.
 * Under every picture stand its numbers. The same sweep, version and command give the same bytes. */
#ifndef GS_SIMULATIONS_REPORT_REPORT_H
#define GS_SIMULATIONS_REPORT_REPORT_H

#include "chain/core/buf.h"
#include "simulations/sweep.h"

enum {
	GS_REPORT_BYTES_MAX = 64 * 1024 * 1024,
	GS_REPORT_ROWS_MAX = 600,     /* of one table; the rest is counted */
	GS_REPORT_MAPS_MAX = 6,       /* of one metric: values of the first of three axes */
	GS_REPORT_HISTOGRAMS_MAX = 4, /* of one metric */
	GS_REPORT_CURVE_POINTS = 97,
};

struct gs_report_words {
	const char *version;
	const char *again; /* the scenario and options as one would type them behind "gainsay sim" */
};

/* Into a buffer that is initialised with GS_REPORT_BYTES_MAX. GS_ELIMIT, GS_ENOMEM. */
GS_MUST enum gs_err gs_sim_report(const struct gs_sim_sweep *sweep, const struct gs_report_words *words,
                                  struct gs_buf *out, struct gs_error *error);
/* Writes it beside the path and then renames it, so that the path never holds half of it. GS_EIO. */
GS_MUST enum gs_err gs_sim_report_file(const struct gs_sim_sweep *sweep, const struct gs_report_words *words,
                                       const char *path, struct gs_error *error);

#endif
