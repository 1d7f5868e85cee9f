/* validator/opengradient/tee_key.h: a TEE's signing key, and what it has signed.
 *
 * Keys are RSA of 2048 bits with exponent 65537, registered as SubjectPublicKeyInfo in DER (RFC 5280, 4.1; RFC 3279, 2.3.1), and teeId is the Keccak-256 of these
 * bytes. Signatures are RSASSA-PSS (RFC 8017, 8.1) with SHA-256, MGF1 over SHA-256 and a salt of 32 bytes, and the octets that are signed are the 32 bytes of msg
 * (settlement.h), so SHA-256 is taken of a Keccak-256. */
#ifndef GS_VALIDATOR_OPENGRADIENT_TEE_KEY_H
#define GS_VALIDATOR_OPENGRADIENT_TEE_KEY_H

#include "validator/opengradient/settlement.h"

enum {
	GS_TEE_KEY_BITS = 2048,
	GS_TEE_EXPONENT = 65537,
	GS_TEE_SIGNATURE = 256, /* bytes */
	GS_TEE_SALT = 32,
	GS_TEE_SPKI_MAX = 4096, /* bytes of a key that is looked at; those that are taken have 294 */
};

struct gs_tee_key; /* prepared once for many signatures; for one thread at a time */

/* keccak256 of the key's DER. */
void gs_tee_id(struct gs_bytes spki, struct gs_hash *out);
/* GS_EPARSE: not one SubjectPublicKeyInfo in DER and nothing else. GS_EUNSUPPORTED: another kind of key, size or exponent. GS_ELIMIT: longer than GS_TEE_SPKI_MAX.
 * GS_ENOMEM. *out is the caller's (gs_tee_key_free). */
GS_MUST enum gs_err gs_tee_key_open(struct gs_bytes spki, struct gs_tee_key **out, struct gs_error *error);
void gs_tee_key_free(struct gs_tee_key *key); /* NULL is fine */
const struct gs_hash *gs_tee_key_id(const struct gs_tee_key *key);

/* *valid: whether this key signed the message. A signature of another length than GS_TEE_SIGNATURE is not valid. GS_ENOMEM: it could not be found out. */
GS_MUST enum gs_err gs_tee_key_verify(struct gs_tee_key *key, const struct gs_hash *message, struct gs_bytes signature,
                                      bool *valid);

#endif
