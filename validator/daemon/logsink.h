/* validator/daemon/logsink.h: log lines on a stream, as `time level event key=value ...` or as one JSON object a line.
 *
 * On a terminal, and not as JSON, lines `chain.catchup` that are not the last are a bar instead, drawn over and over in one line. */
#ifndef GS_VALIDATOR_DAEMON_LOGSINK_H
#define GS_VALIDATOR_DAEMON_LOGSINK_H

#include <pthread.h>
#include <stdio.h>

#include "validator/daemon/config.h"

struct gs_logsink {
	FILE *stream; /* borrowed */
	enum gs_log_format format;
	bool terminal;        /* people read the lines: catching up is shown as a bar */
	bool drawn;           /* one is, where the next line goes */
	pthread_mutex_t lock; /* lines of several threads do not mix */
};

void gs_logsink_init(struct gs_logsink *sink, FILE *stream, enum gs_log_format format);
/* The log that writes there; *sink must outlive it. */
struct gs_log gs_logsink_log(struct gs_logsink *sink, enum gs_log_level level);

#endif
