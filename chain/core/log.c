/* chain/core/log.c: formats one line of fields and hands it to the injected sink. */
#include "chain/core/log.h"

#include <stdarg.h>
#include <stdio.h>

enum { FIELDS_MAX = 2048 }; /* longer lines are cut, and end in "..." */

const char *gs_log_level_name(enum gs_log_level level)
{
	switch (level) {
	case GS_LOG_DEBUG: return "debug";
	case GS_LOG_INFO: return "info";
	case GS_LOG_WARN: return "warn";
	case GS_LOG_ERROR: return "error";
	}
	return "unknown";
}

void gs_log_line(const struct gs_log *log, enum gs_log_level level, const char *event, const char *fmt, ...)
{
	if (log == NULL || log->write == NULL || level < log->level)
		return;
	char fields[FIELDS_MAX];
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(fields, sizeof(fields), fmt, args);
	va_end(args);
	if (n < 0)
		n = 0;
	if ((size_t)n >= sizeof(fields)) {
		n = (int)sizeof(fields) - 1;
		fields[n - 3] = fields[n - 2] = fields[n - 1] = '.';
	}
	fields[n] = '\0';
	for (char *c = fields; *c != '\0'; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	}
	log->write(log->self, level, event, fields);
}
