/* simulations/report/steps.h: one run of a sweep, to be gone through second by second.
 *
 * Without a script: every second in which something happens is a radio button with what follows it, shown where the button is
 * checked. The buttons are a row of dots on top; browsers go from one to the next by arrow keys, and each second has labels that check
 * the one before and the one behind. On paper all of them stand one below the other. */
#ifndef GS_SIMULATIONS_REPORT_STEPS_H
#define GS_SIMULATIONS_REPORT_STEPS_H

#include "simulations/report/figures.h"

enum {
	GS_REPORT_STEPS_MAX = 160,   /* seconds that are shown; the rest is counted */
	GS_REPORT_SUBJECTS_MAX = 96, /* parties, claims and games whose state is kept in view */
	GS_REPORT_LOOKED_AT = 8,     /* seeds, to find a run with a game in it */
};

/* The first run that violated an oracle, else the first one of the first point with a game in it, or the first. Nothing for engines whose
 * log does not tell times. again: the scenario and options, as one would type them. GS_ENOMEM, and what a run fails with. */
GS_MUST enum gs_err gs_report_steps(struct gs_report *r, const char *again, struct gs_error *error);

#endif
