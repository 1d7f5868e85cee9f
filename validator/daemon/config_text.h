/* validator/daemon/config_text.h: what each setting is for, in a line, for files that people edit. The settings themselves: config.c. tests/unit/test_config_write.c sees that both have the same names. */
#ifndef GS_VALIDATOR_DAEMON_CONFIG_TEXT_H
#define GS_VALIDATOR_DAEMON_CONFIG_TEXT_H

#include "chain/core/core.h"

struct gs_config_text {
	const char *name;
	const char *example; /* a value to be seen where the default is none; NULL: the default is shown */
	const char *about;   /* one line, with the unit where the name has none, and what no value means */
};

/* NULL: there is none. */
const struct gs_config_text *gs_config_text_of(const char *name);
/* Of a map of settings, such as "policy" of policy.rate. */
const struct gs_config_text *gs_config_text_of_group(const char *name, size_t len);
/* The ith of all settings' texts; NULL behind the last. */
const struct gs_config_text *gs_config_text_at(size_t i);

#endif
