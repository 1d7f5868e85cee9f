/* validator/opengradient/registry_history.h: who was registered, enabled, approved and alive at any point of the chain.
 *
 * The registry's views answer for now, and say no of a TEE that was disabled since; a claim is judged by what held when it was made. So the
 * events are kept in the order of the chain, and a question names a place in it. Nothing is ever changed: an event is added behind the others or, when its block is taken back,
 * cut off again, so the state after a reorganisation is the state before, by construction. Each event leads to the one before it of the same subject; a table
 * leads to the newest. Times are those of blocks, as the contract keeps them. */
#ifndef GS_VALIDATOR_OPENGRADIENT_REGISTRY_HISTORY_H
#define GS_VALIDATOR_OPENGRADIENT_REGISTRY_HISTORY_H

#include "validator/opengradient/registry.h"

enum { GS_REGISTRY_EVENTS_MAX = 1 << 24 };

struct gs_registry_place { /* behind this log of this block; log UINT32_MAX: behind the whole block */
	uint64_t block;
	uint32_t log;
};

struct gs_registry_history;                                /* of one registry */
struct gs_registry_history *gs_registry_history_new(void); /* NULL: no memory */
void gs_registry_history_free(struct gs_registry_history *h);

/* Adds an event that stands behind all others. Its version is not kept. GS_ECONFLICT: it does not stand behind them, the history is as it was; GS_ELIMIT: beyond
 * GS_REGISTRY_EVENTS_MAX; GS_ENOMEM. */
GS_MUST enum gs_err gs_registry_history_add(struct gs_registry_history *h, struct gs_registry_place at,
                                            struct gs_time block_time, const struct gs_registry_event *event);
/* Takes back all events of blocks behind this one. */
void gs_registry_history_rewind(struct gs_registry_history *h, uint64_t block);
size_t gs_registry_history_count(const struct gs_registry_history *h);

/* The place behind the last event of blocks that were made at this time or before. False: there is none. */
bool gs_registry_place_of(const struct gs_registry_history *h, struct gs_time time, struct gs_registry_place *out);

struct gs_registry_state {
	bool registered;
	struct gs_registry_place registration; /* whose transaction has the attestation document as its calldata */
	struct gs_time registered_at;
	struct gs_address owner;
	uint8_t type;
	bool enabled;
	struct gs_time heartbeat_at; /* of the last one, or of the registration, which counts as one */
	bool has_signed_heartbeat;
	uint64_t signed_heartbeat_s; /* as the TEE signed it */
};
/* Of a TEE that was not registered: all zeros. */
void gs_registry_tee_at(const struct gs_registry_history *h, const struct gs_hash *tee, struct gs_registry_place at,
                        struct gs_registry_state *out);

/* The same without heartbeats, of which there are thousands: heartbeat_at is that of the registration. */
void gs_registry_registration_at(const struct gs_registry_history *h, const struct gs_hash *tee,
                                 struct gs_registry_place at, struct gs_registry_state *out);

enum gs_registry_approval {
	GS_APPROVAL_NONE,
	GS_APPROVAL_HELD,
	GS_APPROVAL_UNKNOWN, /* revoked for one of several types, and the event does not say which */
};
enum gs_registry_approval gs_registry_approval_at(const struct gs_registry_history *h, const struct gs_hash *pcr_hash,
                                                  uint8_t type, struct gs_registry_place at);
/* The hash of the root certificate that the registry took then. False: none was set by then. */
bool gs_registry_root_at(const struct gs_registry_history *h, struct gs_registry_place at, struct gs_hash *out);

#endif
