/* validator/daemon/queue_address.h: a queue's address (queue/url.h) with the password from a file, so that it stands neither in a command line
 * nor in a configuration. */
#ifndef GS_VALIDATOR_DAEMON_QUEUE_ADDRESS_H
#define GS_VALIDATOR_DAEMON_QUEUE_ADDRESS_H

#include "queue/url.h"

/* url may name a user without a password then: redis://USER@HOST. password_file: its first line; only its owner may read it; NULL or "": none. Wipe
 * *out when it is not needed any more. GS_EINVAL: not an address, or there are two passwords. GS_ELIMIT, GS_EIO. */
GS_MUST enum gs_err gs_queue_address(const char *url, const char *password_file, char out[GS_REDIS_URL_MAX + 1],
                                     struct gs_error *error);

#endif
