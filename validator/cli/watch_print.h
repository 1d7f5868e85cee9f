/* validator/cli/watch_print.h: what an audit of a network's settlements came to, for people, as JSON, and as a page. */
#ifndef GS_VALIDATOR_CLI_WATCH_PRINT_H
#define GS_VALIDATOR_CLI_WATCH_PRINT_H

#include <jansson.h>
#include <stdio.h>

#include "validator/daemon/watch.h"
#include "validator/opengradient/events.h"

enum {
	GS_WATCH_PRINT_DEFECTS = 50,           /* lines about single defects, of all; JSON and files have each */
	GS_WATCH_REPORT_DEFECTS_MAX = 1 << 22, /* of one report */
};

struct gs_watch_report;

/* Reads the whole range from the store. GS_ELIMIT: more than GS_WATCH_REPORT_DEFECTS_MAX. *out is the caller's (gs_watch_report_free). */
GS_MUST enum gs_err gs_watch_report_make(struct gs_watch *w, struct gs_watch_report **out, struct gs_error *error);
void gs_watch_report_free(struct gs_watch_report *report);

/* Of batches and leaves together. */
size_t gs_watch_report_class(const struct gs_watch_report *report, enum gs_finding_class of);
json_t *gs_watch_report_json(const struct gs_watch_report *report);
/* most: lines about single defects. */
void gs_watch_report_text(const struct gs_watch_report *report, size_t most, FILE *to);
void gs_watch_report_html(const struct gs_watch_report *report, FILE *to);

#endif
