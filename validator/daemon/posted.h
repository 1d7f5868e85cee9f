/* validator/daemon/posted.h: an array of a claim from the bytes that somebody gave for it (docs/machine.md, section 4). */
#ifndef GS_VALIDATOR_DAEMON_POSTED_H
#define GS_VALIDATOR_DAEMON_POSTED_H

#include "chain/core/core.h"

/* The array of `chunks`, zeros completed, in memory at an address divisible by 64 and as long as whole steps of 64 bytes; what was given on demand may have
 * zeros behind its end. what: "input" or "output". *out is the caller's (free), also after an error. GS_EPARSE: too long, or not of the root `want`. GS_ENOMEM. */
GS_MUST enum gs_err gs_posted_array(struct gs_bytes posted, uint32_t chunks, const struct gs_hash *want,
                                    const char *what, uint8_t **out, struct gs_error *why);

#endif
