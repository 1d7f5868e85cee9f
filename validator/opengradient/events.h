/* validator/opengradient/events.h: what OpenGradient's relay and registry say on chain, read from the bytes of logs and of calls.
 *
 *     BatchSettlement(bytes32 indexed merkleRoot, uint256 batchSize, bytes walrusBlobId)
 *     IndividualSettlement(bytes32 indexed teeId, address indexed ethAddress, bytes32 inputHash, bytes32 outputHash, uint256 timestamp, bytes walrusBlobId, bytes signature)
 *     getTEE(bytes32 teeId), whose answer is a tuple with or without a trailing configuration of OHTTP
 *
 * Source: the ABIs of InferenceSettlementRelay and TEERegistry. */
#ifndef GS_VALIDATOR_OPENGRADIENT_EVENTS_H
#define GS_VALIDATOR_OPENGRADIENT_EVENTS_H

#include "chain/core/buf.h"
#include "validator/opengradient/settlement.h"

enum { GS_WALRUS_TEXT = 43 }; /* characters: 32 bytes in base64url without padding (RFC 4648, 5) */

/* topic 0: the Keccak-256 of the signature */
extern const struct gs_hash gs_topic_batch_settlement, gs_topic_individual_settlement;

struct gs_batch_settlement {
	struct gs_hash root;
	struct gs_u256 size;  /* leaves, as the poster says */
	struct gs_bytes blob; /* borrowed: the id as it stands on chain, which may be anything */
};
struct gs_individual_settlement {
	struct gs_settlement settlement; /* its signature is borrowed */
	struct gs_address account;
	struct gs_bytes blob; /* borrowed */
};

/* topics: all of the log, the first included; views lead into data. GS_EPARSE: not this event. */
GS_MUST enum gs_err gs_batch_settlement_read(const struct gs_hash *topics, size_t count, struct gs_bytes data,
                                             struct gs_batch_settlement *out);
GS_MUST enum gs_err gs_individual_settlement_read(const struct gs_hash *topics, size_t count, struct gs_bytes data,
                                                  struct gs_individual_settlement *out);

/* The id of a blob: UTF-8 text on chain, GS_WALRUS_TEXT characters of base64url. GS_EPARSE: something else, or bits behind the 32 bytes. */
GS_MUST enum gs_err gs_walrus_id(struct gs_bytes text, struct gs_hash *out);

struct gs_tee_record { /* views are borrowed */
	struct gs_address owner, payment;
	struct gs_bytes endpoint, key, certificate; /* key: SubjectPublicKeyInfo in DER; empty: no such TEE */
	struct gs_hash pcr;
	uint8_t type;
	bool enabled;
	uint64_t registered_at_s, heartbeat_at_s;
};
/* Calldata of getTEE. */
void gs_tee_record_call(const struct gs_hash *tee, struct gs_buf *out);
/* What the call returned, in either shape. GS_EPARSE. */
GS_MUST enum gs_err gs_tee_record_read(struct gs_bytes data, struct gs_tee_record *out);

#endif
