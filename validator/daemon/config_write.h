/* validator/daemon/config_write.h: a file of settings for a person to go on with: every setting there is, with what it is for; those that were chosen are set, the others stand
 * behind "# " with their defaults, or with an example where there is none. A line whose "# " is taken away is a setting, and so is that of its map. */
#ifndef GS_VALIDATOR_DAEMON_CONFIG_WRITE_H
#define GS_VALIDATOR_DAEMON_CONFIG_WRITE_H

#include "chain/core/buf.h"
#include "validator/daemon/config.h"

struct gs_config_choice {
	const char *name, *value; /* as in gs_config_set */
};

/* A kind of chain that nodes run on, and what is chosen there. */
struct gs_config_network {
	const char *name;     /* "devnet" */
	const char *what;     /* "a local development chain (anvil)" */
	const char *endpoint; /* NULL: has to be said */
	const struct gs_config_choice *choice;
	size_t choices;
};
/* NULL behind the last. */
const struct gs_config_network *gs_config_network_at(size_t i);

/* Appends the file. Of two choices of one name the later wins. GS_EINVAL, GS_ELIMIT: as gs_config_set; a control character in a value. out->err where it does not fit. */
GS_MUST enum gs_err gs_config_write(const struct gs_config_network *network, const struct gs_config_choice *choice,
                                    size_t count, struct gs_buf *out, struct gs_error *error);

#endif
