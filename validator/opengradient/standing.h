/* validator/opengradient/standing.h: whether a TEE could speak for the network when it signed, and when that was settled.
 *
 * A key alone says who signed. The registry says more: the TEE was registered, was enabled, and its image was approved for its type. What counts is the place of the
 * settlement; there the history is read. A TEE that was disabled, or whose image was revoked, before that, and after the time that it signed, may have been good
 * when it answered, or its key may have been used since under an older time: neither can be told, so this is unavailable, never invalid. */
#ifndef GS_VALIDATOR_OPENGRADIENT_STANDING_H
#define GS_VALIDATOR_OPENGRADIENT_STANDING_H

#include "validator/opengradient/finding.h"
#include "validator/opengradient/registry_history.h"

/* A TEE that was registered at `at` (GS_FINDING_NO_KEY otherwise). image: its pcrHash; NULL: not known. whole: the history begins with the registry, so that an image without
 * an event was never approved. signed_at: as the TEE says. GS_FINDING_VALID, _TEE_DISABLED, _DISABLED_SINCE, _IMAGE, _IMAGE_SINCE or _IMAGE_UNKNOWN. */
enum gs_finding gs_tee_standing(const struct gs_registry_history *h, bool whole, const struct gs_hash *tee,
                                const struct gs_hash *image, struct gs_registry_place at, struct gs_time signed_at);

#endif
