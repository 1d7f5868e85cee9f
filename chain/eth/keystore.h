/* chain/eth/keystore.h: Web3 Secret Storage version 3, the JSON key files of geth, foundry and ethers.
 *
 * Pure: it works on the file's text, and randomness comes in as an argument. Reads scrypt and pbkdf2 (HMAC-SHA256) with
 * aes-128-ctr, the object spelled `crypto` or `Crypto`; writes scrypt or pbkdf2, and `crypto`. */
#ifndef GS_CHAIN_ETH_KEYSTORE_H
#define GS_CHAIN_ETH_KEYSTORE_H

#include "chain/core/buf.h"
#include "chain/eth/key.h"

enum { GS_KEYSTORE_TEXT_MAX = 64 * 1024, GS_KEYSTORE_RANDOM = 64, GS_KEYSTORE_PASSWORD_MAX = 1024 };
enum { GS_KEYSTORE_SCRYPT_N = 1 << 18, GS_KEYSTORE_SCRYPT_N_LIGHT = 1 << 12 };
enum { GS_KEYSTORE_PBKDF2_ROUNDS = 1 << 18, GS_KEYSTORE_PBKDF2_ROUNDS_LIGHT = 1 << 10 };
/* Refuses files whose derivation would cost more: memory 128*n*r, work n*r*p and pbkdf2 rounds. */
enum { GS_KEYSTORE_MEMORY_MAX = 1 << 30, GS_KEYSTORE_ROUNDS_MAX = 20 * 1000 * 1000 };

/* GS_EPARSE or GS_EUNSUPPORTED for a file that is not such a store, GS_ELIMIT past the limits, GS_EINVAL for a wrong
 * password (the MAC differs). Derived secrets are wiped. */
GS_MUST enum gs_err gs_keystore_decrypt(struct gs_bytes text, struct gs_bytes password, struct gs_key *out,
                                        struct gs_error *error);
/* The account that the text says it is of (a member `address`; some programs leave it out: GS_ENOTFOUND). Nothing vouches for
 * it before the key is decrypted; gs_keystore_decrypt refuses a file whose key is of another account. */
GS_MUST enum gs_err gs_keystore_address(struct gs_bytes text, struct gs_address *out, struct gs_error *error);
struct gs_keystore_kdf { /* how a passphrase becomes a key, and what trying one costs */
	bool pbkdf2;     /* instead of scrypt, which is dearer to attack: for readers that have no other */
	uint32_t cost;   /* scrypt's n, a power of two, with r = 8 and p = 1; or pbkdf2's rounds */
};
/* Appends the JSON text. random: fresh bytes of the operating system (salt, initialisation vector, uuid). */
GS_MUST enum gs_err gs_keystore_encrypt(const struct gs_key *key, struct gs_bytes password,
                                        const struct gs_keystore_kdf *kdf, const uint8_t random[GS_KEYSTORE_RANDOM],
                                        struct gs_buf *out, struct gs_error *error);

#endif
