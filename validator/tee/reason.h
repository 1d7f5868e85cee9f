/* validator/tee/reason.h: why an attestation document does not hold; one code for each way.
 *
 * A reason is data: it says something about the document, never about this machine. The names are part of the output of
 * `gainsay tee verify --json`: what is there keeps its name. docs/opengradient.md has the table. */
#ifndef GS_VALIDATOR_TEE_REASON_H
#define GS_VALIDATOR_TEE_REASON_H

#include "chain/core/core.h"

enum gs_tee_reason {
	GS_TEE_HOLDS = 0,

	/* the envelope: COSE_Sign1, RFC 9052, 4.2 */
	GS_TEE_SIZE,        /* empty, or larger than GS_TEE_DOCUMENT_BYTES_MAX */
	GS_TEE_CBOR,        /* not well formed, cut off, or a string in pieces */
	GS_TEE_ENVELOPE,    /* not an untagged array of four, in the one shortest form */
	GS_TEE_ALGORITHM,   /* the protected header does not say ES384 and nothing else */
	GS_TEE_UNPROTECTED, /* an unprotected header that is not empty */
	GS_TEE_PAYLOAD_SIZE,
	GS_TEE_SIGNATURE_SIZE,
	GS_TEE_TRAILING, /* bytes behind the document, or behind its payload's map */

	/* the payload's fields: AWS, "Nitro Enclaves Attestation Process", 3.2.2 */
	GS_TEE_PAYLOAD, /* no map with texts as keys */
	GS_TEE_FIELD_UNKNOWN,
	GS_TEE_FIELD_TWICE,
	GS_TEE_FIELD_MISSING,
	GS_TEE_FIELD_TYPE,
	GS_TEE_MODULE_ID,
	GS_TEE_DIGEST,
	GS_TEE_TIMESTAMP,
	GS_TEE_PCR_COUNT,
	GS_TEE_PCR_INDEX,
	GS_TEE_PCR_TWICE,
	GS_TEE_PCR_LENGTH,
	GS_TEE_CERTIFICATE_LENGTH,
	GS_TEE_CABUNDLE, /* empty, or more than GS_TEE_CABUNDLE_MAX */
	GS_TEE_PUBLIC_KEY,
	GS_TEE_USER_DATA,
	GS_TEE_NONCE,

	/* the chain: the same, 3.2.3; RFC 5280, 6.1 */
	GS_TEE_ROOT,        /* cabundle[0] is not the pinned root */
	GS_TEE_CERTIFICATE, /* not one certificate in DER */
	GS_TEE_CURVE,       /* a key that is not on P-384 */
	GS_TEE_NOT_CA,      /* an issuer that may not issue: basic constraints */
	GS_TEE_LEAF_IS_CA,
	GS_TEE_KEY_USAGE,
	GS_TEE_PATH_LENGTH,
	GS_TEE_CHAIN_ORDER,     /* one does not name the one before as its issuer */
	GS_TEE_CHAIN_SIGNATURE, /* it does, but that one did not sign it */
	GS_TEE_CHAIN,           /* OpenSSL's own walk over the chain ends otherwise */
	GS_TEE_SIGNATURE,       /* the leaf's key did not sign this payload */

	/* what the asker wants of it */
	GS_TEE_DEBUG,       /* PCR0 is zero: the host can read the enclave's memory */
	GS_TEE_PCR_MISSING, /* approved PCRs are asked for, and 0, 1 or 2 is not there with 48 bytes */
	GS_TEE_PCR_REFUSED, /* none of the approved ones */
	GS_TEE_BINDING,     /* keys are asked for, and user_data binds none */
	GS_TEE_KEY_OTHER,   /* it binds another signing key */
	GS_TEE_TLS_OTHER,   /* it binds another TLS certificate */
	GS_TEE_NONCE_OTHER,

	/* time, last: what fails here holds in all else */
	GS_TEE_TIMESTAMP_LEAF, /* made outside the life of its own certificate */
	GS_TEE_NOT_YET_VALID,
	GS_TEE_EXPIRED,
	GS_TEE_FUTURE, /* made after the time of the check */
	GS_TEE_STALE,  /* older than the asker wants it */
};
enum { GS_TEE_REASONS = GS_TEE_STALE + 1 };

/* A short name for programs, such as "path-length", and one line for people. Never NULL. */
const char *gs_tee_reason_name(enum gs_tee_reason reason);
const char *gs_tee_reason_words(enum gs_tee_reason reason);

enum { GS_TEE_DETAIL_MAX = 256 };
struct gs_tee_finding {
	enum gs_tee_reason reason;
	char detail[GS_TEE_DETAIL_MAX]; /* what and where: "cabundle[1]: ..."; printable ASCII; empty when it holds */
};

/* Sets *f, and returns false for a `return`. */
bool gs_tee_refuse(struct gs_tee_finding *f, enum gs_tee_reason reason, const char *fmt, ...) GS_PRINTF(3, 4);

#endif
