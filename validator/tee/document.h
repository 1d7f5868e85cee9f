/* validator/tee/document.h: an attestation document of AWS Nitro Enclaves, taken apart.
 *
 *     [ protected: a1013822, unprotected: {}, payload: bytes, signature: r || s ]            COSE_Sign1, RFC 9052, 4.2
 *     payload = { module_id, digest, timestamp, pcrs, certificate, cabundle, public_key?, user_data?, nonce? }
 *
 * Of the envelope, which the signature does not cover, one form is taken: definite, shortest, nothing behind it. Inside the payload the
 * signer's choice counts: its maps and arrays may be of indefinite length (the hypervisor's outermost map is), optional fields may be null
 * (then they are absent). Whatever else AWS's rules do not allow is refused, each with a reason of its own. Nothing is allocated, and
 * nothing here is believed: signature and chain are attestation.h's.
 * Source: AWS, aws-nitro-enclaves-nsm-api, docs/attestation_process.md, 2.2 and 3.2.2. */
#ifndef GS_VALIDATOR_TEE_DOCUMENT_H
#define GS_VALIDATOR_TEE_DOCUMENT_H

#include "validator/tee/reason.h"

enum {
	GS_TEE_PAYLOAD_BYTES_MAX = 16384,
	GS_TEE_SIGNATURE_BYTES = 96,
	GS_TEE_DOCUMENT_BYTES_MAX = GS_TEE_PAYLOAD_BYTES_MAX + 128,
	GS_TEE_CERTIFICATE_BYTES_MAX = 1024,
	GS_TEE_CABUNDLE_MAX = 16, /* AWS names no bound; its chains have four */
	GS_TEE_PUBLIC_KEY_BYTES_MAX = 1024,
	GS_TEE_USER_DATA_BYTES_MAX = 512,
	GS_TEE_NONCE_BYTES_MAX = 512,
	GS_TEE_MODULE_ID_MAX = 256, /* AWS: not empty; here also a bound */
	GS_TEE_PCRS = 32,
};
/* Milliseconds: the end of the year 9999, behind which X.509 has no time. */
#define GS_TEE_TIMESTAMP_MS_MAX UINT64_C(253402300799999)

struct gs_tee_document { /* views of the input */
	struct gs_bytes protected_header;
	struct gs_bytes payload;
	struct gs_bytes signature; /* r || s, 48 bytes each, big-endian */

	struct gs_bytes module_id; /* printable ASCII */
	uint64_t timestamp_ms;     /* since 1970, UTC */
	uint32_t pcr_set;          /* bit i: PCR i is there */
	struct gs_bytes pcr[GS_TEE_PCRS];
	struct gs_bytes certificate; /* DER, of the key that signed */
	struct gs_bytes cabundle[GS_TEE_CABUNDLE_MAX];
	size_t cabundle_count; /* root first */
	bool has_public_key, has_user_data, has_nonce;
	struct gs_bytes public_key, user_data, nonce;
};

/* False: *out is of no use, *why says why. */
bool gs_tee_document_read(struct gs_bytes in, struct gs_tee_document *out, struct gs_tee_finding *why);

/* keccak256(pcr0 || pcr1 || pcr2), the name that OpenGradient's registry gives an image. False: one of them is not there with 48 bytes. */
bool gs_tee_pcr_hash(const struct gs_tee_document *d, struct gs_hash *out);
/* PCR0 is there and zero: AWS gives an enclave in debug mode such PCRs. */
bool gs_tee_is_debug(const struct gs_tee_document *d);

/* user_data = 1220 || SHA-256(TLS certificate, DER) || 1220 || SHA-256(signing key, SPKI DER): two multihashes. */
enum { GS_TEE_BINDING_BYTES = 68 };
struct gs_tee_binding {
	struct gs_hash tls_certificate_sha256;
	struct gs_hash signing_key_sha256;
};
/* False: user_data has not that form, or is not there. */
bool gs_tee_binding_read(const struct gs_tee_document *d, struct gs_tee_binding *out);

#endif
