/* validator/cli/dispute_report.h: what came of a dispute, for people and as JSON. */
#ifndef GS_VALIDATOR_CLI_DISPUTE_REPORT_H
#define GS_VALIDATOR_CLI_DISPUTE_REPORT_H

#include <jansson.h>

#include "validator/cli/dispute_play.h"

/* A new reference. The record `step` holds all that is needed to compute the last step once more, by other means. */
json_t *gs_dispute_json(const struct gs_dispute_setup *setup, const struct gs_dispute_result *r);
void gs_dispute_print(const struct gs_dispute_setup *setup, const struct gs_dispute_result *r);
/* One line, for a series. */
void gs_dispute_print_line(const struct gs_dispute_setup *setup, const struct gs_dispute_result *r);

#endif
