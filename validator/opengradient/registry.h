/* validator/opengradient/registry.h: what the TEE registry says: its events, the calldata of registrations, and its answer about one TEE.
 *
 * A TEE's id is keccak256 of its signing key's SPKI, so that whoever hands over a key for an id is checked by hashing it. The contract exists in several
 * versions: PCRRevoked with and without the type, getTEE with and without a configuration for OHTTP; all of these are read.
 * Source: the interface of OpenGradient's TEERegistry. */
#ifndef GS_VALIDATOR_OPENGRADIENT_REGISTRY_H
#define GS_VALIDATOR_OPENGRADIENT_REGISTRY_H

#include "chain/eth/abi.h"

enum gs_registry_kind {
	GS_REGISTRY_REGISTERED, /* TEERegistered(bytes32 indexed tee, address indexed owner, uint8 type): enabled from here on */
	GS_REGISTRY_ENABLED,     /* TEEEnabled(bytes32 indexed tee) */
	GS_REGISTRY_DISABLED,    /* TEEDisabled(bytes32 indexed tee) */
	GS_REGISTRY_HEARTBEAT,   /* HeartbeatReceived(bytes32 indexed tee, uint256 timestamp) */
	GS_REGISTRY_APPROVED,    /* PCRApproved(bytes32 indexed pcrHash, uint8 indexed type, string version) */
	GS_REGISTRY_REVOKED,     /* PCRRevoked(bytes32 indexed pcrHash, uint8 indexed type) */
	GS_REGISTRY_REVOKED_ANY, /* PCRRevoked(bytes32 indexed pcrHash): of which type, it does not say */
	GS_REGISTRY_ROOT,        /* AWSCertificateUpdated(bytes32 indexed certHash) */
};
enum { GS_REGISTRY_KINDS = GS_REGISTRY_ROOT + 1 };

struct gs_registry_event {
	enum gs_registry_kind kind;
	struct gs_hash subject;  /* TEE, image or certificate */
	struct gs_address owner; /* GS_REGISTRY_REGISTERED */
	uint8_t type;            /* _REGISTERED, _APPROVED, _REVOKED */
	uint64_t heartbeat_s;    /* _HEARTBEAT: the time that the TEE signed */
	struct gs_bytes version; /* _APPROVED: a view into the log's data */
};

/* topic[0]: the event. GS_ENOTFOUND: another event. GS_EPARSE: one of these, but not in its form. */
GS_MUST enum gs_err gs_registry_event_read(const struct gs_hash *topic, size_t topics, struct gs_bytes data,
                                           struct gs_registry_event *out);
/* topic0 of an event, to ask for. */
void gs_registry_topic(enum gs_registry_kind kind, struct gs_hash *out);

/* registerTEEWithAttestation(bytes attestationDocument, bytes signingPublicKey, bytes tlsCertificate, address paymentAddress, string endpoint, uint8 type) */
enum { GS_REGISTRY_FN_REGISTER = 0x15c9bdb4, GS_REGISTRY_FN_GET_TEE = 0x418b207d };

struct gs_registration { /* views into the calldata */
	struct gs_bytes attestation;
	struct gs_bytes signing_key;     /* SPKI, DER */
	struct gs_bytes tls_certificate; /* DER */
	struct gs_address payment;
	struct gs_bytes endpoint; /* text as it was given: anything */
	uint8_t type;
	struct gs_hash tee; /* keccak256(signing_key) */
};
/* GS_ENOTFOUND: a call of another function. GS_EPARSE: of this one, but not in its form. */
GS_MUST enum gs_err gs_registration_read(struct gs_bytes calldata, struct gs_registration *out);

struct gs_registry_tee { /* views into the answer */
	struct gs_address owner, payment;
	struct gs_bytes endpoint;
	struct gs_bytes signing_key;
	struct gs_bytes tls_certificate;
	struct gs_hash pcr_hash;
	uint8_t type;
	bool enabled;
	uint64_t registered_s, heartbeat_s; /* since 1970: times of blocks */
	bool has_ohttp;
	struct {
		uint8_t key;
		uint16_t kem, kdf, aead;
		struct gs_bytes public_key, configuration;
		uint64_t registered_s;
	} ohttp;
};
/* The answer to getTEE(tee), in either shape. GS_EPARSE: in neither. GS_ECONFLICT: the key in it is not that TEE's. */
GS_MUST enum gs_err gs_registry_tee_read(struct gs_bytes answer, const struct gs_hash *tee,
                                         struct gs_registry_tee *out);

#endif
