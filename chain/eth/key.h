/* chain/eth/key.h: a secp256k1 key and its Ethereum address; signatures over 32-byte digests. */
#ifndef GS_CHAIN_ETH_KEY_H
#define GS_CHAIN_ETH_KEY_H

#include "chain/core/core.h"

struct gs_key {
	uint8_t secret[32]; /* never logged, never formatted; gs_key_wipe when done */
	struct gs_address address;
};

/* address = last 20 bytes of keccak256(x || y). GS_EINVAL when secret is 0 or not below the group's order. */
GS_MUST enum gs_err gs_key_from_secret(const uint8_t secret[32], struct gs_key *out, struct gs_error *error);
/* 64 hex digits, with or without 0x. */
GS_MUST enum gs_err gs_key_from_hex(const char *text, struct gs_key *out, struct gs_error *error);
void gs_key_wipe(struct gs_key *key);

struct gs_signature {
	uint8_t r[32];
	uint8_t s[32];    /* low half (EIP-2) */
	uint8_t y_parity; /* 0 or 1 */
};

/* Deterministic (RFC 6979 nonce). */
GS_MUST enum gs_err gs_key_sign(const struct gs_key *key, const struct gs_hash *digest, struct gs_signature *out,
                                struct gs_error *error);
/* The address that signed; GS_EPARSE when the signature has no key. */
GS_MUST enum gs_err gs_key_recover(const struct gs_signature *signature, const struct gs_hash *digest,
                                   struct gs_address *out);

/* EIP-55 mixed-case text, "0x" and 40 digits. */
enum { GS_ADDRESS_TEXT_MAX = 43 };
void gs_address_format(const struct gs_address *address, char out[GS_ADDRESS_TEXT_MAX]);
/* 0x and 40 hex digits; mixed case must have the right EIP-55 checksum. GS_EPARSE, GS_EINVAL (checksum). */
GS_MUST enum gs_err gs_address_parse(const char *text, struct gs_address *out, struct gs_error *error);

#endif
