#include "chain/eth/key.h"

#include <ctype.h>
#include <openssl/crypto.h>
#include <secp256k1.h>
#include <secp256k1_recovery.h>
#include <string.h>

#include "chain/core/hash.h"

static void address_of(const secp256k1_context *ctx, const secp256k1_pubkey *pubkey, struct gs_address *out)
{
	uint8_t point[65];
	size_t len = sizeof(point);
	struct gs_hash hash;
	GS_ASSERT(secp256k1_ec_pubkey_serialize(ctx, point, &len, pubkey, SECP256K1_EC_UNCOMPRESSED) == 1 && len == 65);
	gs_keccak256(point + 1, 64, &hash);
	memcpy(out->b, hash.b + 12, sizeof(out->b));
}

/* A context blinded against side channels with a seed that follows from the secret, since pure code has no randomness. */
static secp256k1_context *signing_context(const uint8_t secret[32])
{
	secp256k1_context *ctx = secp256k1_context_create(SECP256K1_CONTEXT_SIGN);
	if (!ctx)
		return NULL;
	static const char label[] = "gainsay blinding seed";
	struct gs_keccak k;
	struct gs_hash seed;
	gs_keccak_init(&k);
	gs_keccak_update(&k, label, sizeof(label));
	gs_keccak_update(&k, secret, 32);
	gs_keccak_final(&k, &seed);
	int ok = secp256k1_context_randomize(ctx, seed.b);
	OPENSSL_cleanse(&seed, sizeof(seed));
	OPENSSL_cleanse(&k, sizeof(k));
	if (ok)
		return ctx;
	secp256k1_context_destroy(ctx);
	return NULL;
}

enum gs_err gs_key_from_secret(const uint8_t secret[32], struct gs_key *out, struct gs_error *error)
{
	secp256k1_pubkey pubkey;
	secp256k1_context *ctx = signing_context(secret);
	if (!ctx)
		return gs_fail(error, GS_ENOMEM, "key: out of memory");
	int ok = secp256k1_ec_pubkey_create(ctx, &pubkey, secret);
	if (ok) {
		memcpy(out->secret, secret, sizeof(out->secret));
		address_of(ctx, &pubkey, &out->address);
	}
	secp256k1_context_destroy(ctx);
	return ok ? GS_OK
	          : gs_fail(error, GS_EINVAL,
	                    "key: not a private key of secp256k1 (zero, or not below the group's order)");
}

enum gs_err gs_key_from_hex(const char *text, struct gs_key *out, struct gs_error *error)
{
	uint8_t secret[32];
	enum gs_err err = gs_hex_decode(text, strlen(text), secret, sizeof(secret));
	if (err != GS_OK)
		err = gs_fail(error, GS_EPARSE, "key: a private key is 64 hex digits");
	else
		err = gs_key_from_secret(secret, out, error);
	OPENSSL_cleanse(secret, sizeof(secret));
	return err;
}

void gs_key_wipe(struct gs_key *key)
{
	OPENSSL_cleanse(key, sizeof(*key));
}

enum gs_err gs_key_sign(const struct gs_key *key, const struct gs_hash *digest, struct gs_signature *out,
                        struct gs_error *error)
{
	secp256k1_ecdsa_recoverable_signature signature;
	uint8_t compact[64];
	int parity;
	secp256k1_context *ctx = signing_context(key->secret);
	if (!ctx)
		return gs_fail(error, GS_ENOMEM, "sign: out of memory");
	/* libsecp256k1 always gives the low s that EIP-2 asks for, and by default the nonce of RFC 6979. */
	int ok = secp256k1_ecdsa_sign_recoverable(ctx, &signature, digest->b, key->secret, NULL, NULL) &&
	         secp256k1_ecdsa_recoverable_signature_serialize_compact(ctx, compact, &parity, &signature);
	secp256k1_context_destroy(ctx);
	if (!ok)
		return gs_fail(error, GS_EINVAL, "sign: the private key is not valid");
	GS_ASSERT(parity == 0 || parity == 1);
	memcpy(out->r, compact, sizeof(out->r));
	memcpy(out->s, compact + 32, sizeof(out->s));
	out->y_parity = (uint8_t)parity;
	return GS_OK;
}

enum gs_err gs_key_recover(const struct gs_signature *signature, const struct gs_hash *digest, struct gs_address *out)
{
	secp256k1_ecdsa_recoverable_signature recoverable;
	secp256k1_pubkey pubkey;
	uint8_t compact[64];
	const secp256k1_context *ctx = secp256k1_context_static;
	if (signature->y_parity > 1)
		return GS_EPARSE;
	memcpy(compact, signature->r, sizeof(signature->r));
	memcpy(compact + 32, signature->s, sizeof(signature->s));
	if (!secp256k1_ecdsa_recoverable_signature_parse_compact(ctx, &recoverable, compact, signature->y_parity) ||
	    !secp256k1_ecdsa_recover(ctx, &pubkey, &recoverable, digest->b))
		return GS_EPARSE;
	address_of(ctx, &pubkey, out);
	return GS_OK;
}

void gs_address_format(const struct gs_address *address, char out[GS_ADDRESS_TEXT_MAX])
{
	struct gs_hash hash;
	gs_hex_encode(address->b, sizeof(address->b), true, out);
	gs_keccak256(out + 2, 40, &hash); /* EIP-55: of the lower-case digits, without 0x */
	for (size_t i = 0; i < 40; i++) {
		unsigned nibble = i % 2 ? hash.b[i / 2] & 15 : hash.b[i / 2] >> 4;
		if (nibble >= 8)
			out[2 + i] = (char)toupper((unsigned char)out[2 + i]);
	}
}

enum gs_err gs_address_parse(const char *text, struct gs_address *out, struct gs_error *error)
{
	struct gs_address address;
	char checked[GS_ADDRESS_TEXT_MAX];
	size_t len = strlen(text);
	if (len != 42 || text[0] != '0' || text[1] != 'x' ||
	    gs_hex_decode(text, len, address.b, sizeof(address.b)) != GS_OK)
		return gs_fail(error, GS_EPARSE, "'%.60s' is not an address: 0x and 40 hex digits are expected", text);
	bool lower = false, upper = false;
	for (size_t i = 2; i < len; i++) {
		lower |= islower((unsigned char)text[i]) != 0;
		upper |= isupper((unsigned char)text[i]) != 0;
	}
	gs_address_format(&address, checked);
	if (lower && upper && strcmp(checked, text) != 0)
		return gs_fail(error, GS_EINVAL, "address %s has a wrong checksum (EIP-55): mistyped?", text);
	*out = address;
	return GS_OK;
}
