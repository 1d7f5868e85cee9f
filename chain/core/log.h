/* chain/core/log.h: one log line = level, event name, key=value fields. The sink is injected; nothing here does I/O. */
#ifndef GS_CHAIN_CORE_LOG_H
#define GS_CHAIN_CORE_LOG_H

#include "chain/core/core.h"

enum gs_log_level { GS_LOG_DEBUG, GS_LOG_INFO, GS_LOG_WARN, GS_LOG_ERROR };

struct gs_log {
	void *self;
	enum gs_log_level level; /* lines below it are dropped before they are formatted */
	void (*write)(void *self, enum gs_log_level level, const char *event, const char *fields);
};

/* event is a short constant such as "claim.seen"; fields are "claim=0x.. block=12" and may be empty. log may be NULL. */
void gs_log_line(const struct gs_log *log, enum gs_log_level level, const char *event, const char *fmt, ...)
	GS_PRINTF(4, 5);
const char *gs_log_level_name(enum gs_log_level level);

#endif
