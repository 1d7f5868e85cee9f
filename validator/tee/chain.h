/* validator/tee/chain.h: a chain of X.509 certificates from a pinned root to the key that signed a document.
 *
 * Every rule is checked here link by link, so that each way to fail has its own reason; then OpenSSL walks the same chain by its own rules
 * (unknown critical extensions, weak signatures). Time is no part of it: `not_before_s` and `not_after_s` are told, and whoever asks compares.
 * Revocation is not looked at, as AWS says. Source: AWS, "Nitro Enclaves Attestation Process", 3.2.3 and 3.2.4; RFC 5280, 4.2.1.3, 4.2.1.9, 6.1. */
#ifndef GS_VALIDATOR_TEE_CHAIN_H
#define GS_VALIDATOR_TEE_CHAIN_H

#include "validator/tee/document.h"

/* SHA-256 of the DER of AWS's root certificate G1: what AWS publishes for its commercial regions. */
#define GS_TEE_AWS_ROOT_SHA256 "641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b"

enum { GS_TEE_CHAIN_MAX = GS_TEE_CABUNDLE_MAX + 1, GS_TEE_SUBJECT_MAX = 256 };

struct gs_tee_certificate {
	char subject[GS_TEE_SUBJECT_MAX]; /* RFC 4514, printable ASCII; cut where it is longer */
	uint64_t not_before_s;            /* both inclusive: RFC 5280, 4.1.2.5 */
	uint64_t not_after_s;
	struct gs_hash sha256; /* of its DER */
};

struct gs_tee_chain {
	struct gs_tee_certificate certificate[GS_TEE_CHAIN_MAX]; /* root first, the document's own last */
	size_t count;
};

/* Checks chain and signature of a document. *out holds what could be read of the chain, also when *why is a reason.
 * GS_OK: *why says whether it holds. GS_ENOMEM: nothing is known. */
GS_MUST enum gs_err gs_tee_chain_check(const struct gs_tee_document *d, const struct gs_hash *root_sha256,
                                       struct gs_tee_chain *out, struct gs_tee_finding *why, struct gs_error *error);

#endif
