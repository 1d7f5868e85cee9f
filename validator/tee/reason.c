#include "validator/tee/reason.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
	const char *name, *words;
} reasons[GS_TEE_REASONS] = {
	[GS_TEE_HOLDS] = {"holds", "holds"},
	[GS_TEE_SIZE] = {"size", "has not the size of an attestation document"},
	[GS_TEE_CBOR] = {"cbor", "is not well-formed CBOR of definite strings"},
	[GS_TEE_ENVELOPE] = {"envelope", "is not an untagged COSE_Sign1 in its one shortest form"},
	[GS_TEE_ALGORITHM] = {"algorithm", "is not signed with ES384"},
	[GS_TEE_UNPROTECTED] = {"unprotected", "has an unprotected header, which nobody signed"},
	[GS_TEE_PAYLOAD_SIZE] = {"payload-size", "has a payload of a size that AWS does not make"},
	[GS_TEE_SIGNATURE_SIZE] = {"signature-size", "has a signature that is not r and s of 48 bytes each"},
	[GS_TEE_TRAILING] = {"trailing", "has bytes behind its end"},
	[GS_TEE_PAYLOAD] = {"payload", "has a payload that is not a map of named fields"},
	[GS_TEE_FIELD_UNKNOWN] = {"field-unknown", "has a field that attestation documents do not have"},
	[GS_TEE_FIELD_TWICE] = {"field-twice", "has a field twice"},
	[GS_TEE_FIELD_MISSING] = {"field-missing", "lacks a field"},
	[GS_TEE_FIELD_TYPE] = {"field-type", "has a field of another type"},
	[GS_TEE_MODULE_ID] = {"module-id", "has no printable module id"},
	[GS_TEE_DIGEST] = {"digest", "has a digest other than SHA384"},
	[GS_TEE_TIMESTAMP] = {"timestamp", "has no possible time"},
	[GS_TEE_PCR_COUNT] = {"pcr-count", "has not 1 to 32 PCRs"},
	[GS_TEE_PCR_INDEX] = {"pcr-index", "has a PCR beyond 31"},
	[GS_TEE_PCR_TWICE] = {"pcr-twice", "has a PCR twice"},
	[GS_TEE_PCR_LENGTH] = {"pcr-length", "has a PCR that is not 32, 48 or 64 bytes long"},
	[GS_TEE_CERTIFICATE_LENGTH] = {"certificate-length", "has a certificate that is not 1 to 1,024 bytes long"},
	[GS_TEE_CABUNDLE] = {"cabundle", "has no chain of a possible length"},
	[GS_TEE_PUBLIC_KEY] = {"public-key", "has a public_key that is not 1 to 1,024 bytes long"},
	[GS_TEE_USER_DATA] = {"user-data", "has user_data of more than 512 bytes"},
	[GS_TEE_NONCE] = {"nonce", "has a nonce of more than 512 bytes"},
	[GS_TEE_ROOT] = {"root", "begins its chain with another root than the pinned one"},
	[GS_TEE_CERTIFICATE] = {"certificate", "has a certificate that is not X.509 in DER"},
	[GS_TEE_CURVE] = {"curve", "has a certificate whose key is not on P-384"},
	[GS_TEE_NOT_CA] = {"not-ca", "has an issuer that is not a certificate authority"},
	[GS_TEE_LEAF_IS_CA] = {"leaf-is-ca", "is signed by a certificate authority's key"},
	[GS_TEE_KEY_USAGE] = {"key-usage", "has a key that may not sign what it signed"},
	[GS_TEE_PATH_LENGTH] = {"path-length", "has a chain that is longer than a certificate in it allows"},
	[GS_TEE_CHAIN_ORDER] = {"chain-order", "has a chain that is not in order, each issued by the one before"},
	[GS_TEE_CHAIN_SIGNATURE] = {"chain-signature", "has a certificate that its issuer did not sign"},
	[GS_TEE_CHAIN] = {"chain", "has a chain that OpenSSL does not take"},
	[GS_TEE_SIGNATURE] = {"signature", "is not signed by the key of its certificate"},
	[GS_TEE_DEBUG] = {"debug", "is of an enclave in debug mode, whose memory its host can read"},
	[GS_TEE_PCR_MISSING] = {"pcr-missing", "lacks PCR0, PCR1 or PCR2 of 48 bytes"},
	[GS_TEE_PCR_REFUSED] = {"pcr-refused", "is of an image that is not approved"},
	[GS_TEE_BINDING] = {"binding", "binds no keys: user_data is not two SHA-256 multihashes"},
	[GS_TEE_KEY_OTHER] = {"key-other", "binds another signing key"},
	[GS_TEE_TLS_OTHER] = {"tls-other", "binds another TLS certificate"},
	[GS_TEE_NONCE_OTHER] = {"nonce-other", "has another nonce"},
	[GS_TEE_TIMESTAMP_LEAF] = {"timestamp-leaf", "was made outside the life of its own certificate"},
	[GS_TEE_NOT_YET_VALID] = {"not-yet-valid", "is not valid yet at that time"},
	[GS_TEE_EXPIRED] = {"expired", "is not valid any more at that time"},
	[GS_TEE_FUTURE] = {"future", "was made after that time"},
	[GS_TEE_STALE] = {"stale", "is older than wanted at that time"},
};

const char *gs_tee_reason_name(enum gs_tee_reason reason)
{
	GS_ASSERT((unsigned)reason < GS_TEE_REASONS);
	return reasons[reason].name;
}

const char *gs_tee_reason_words(enum gs_tee_reason reason)
{
	GS_ASSERT((unsigned)reason < GS_TEE_REASONS);
	return reasons[reason].words;
}

bool gs_tee_refuse(struct gs_tee_finding *f, enum gs_tee_reason reason, const char *fmt, ...)
{
	va_list args;

	GS_ASSERT(reason != GS_TEE_HOLDS);
	f->reason = reason;
	va_start(args, fmt);
	vsnprintf(f->detail, sizeof(f->detail), fmt, args);
	va_end(args);
	for (char *c = f->detail; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
	return false;
}
