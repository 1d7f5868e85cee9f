/* tests/support/pss_cases.h: keys of TEEs and what they sign, good and bad, by OpenSSL's own calls. */
#ifndef GS_TESTS_SUPPORT_PSS_CASES_H
#define GS_TESTS_SUPPORT_PSS_CASES_H

#include <openssl/evp.h>

#include "chain/core/buf.h"
#include "chain/core/rng.h"

enum { PSS_SIGNATURE_MAX = 1024 };

/* A new key: "RSA" or "RSA-PSS" of so many bits and this exponent. EVP_PKEY_free. */
EVP_PKEY *pss_key(const char *kind, unsigned bits, unsigned exponent);
/* Its SubjectPublicKeyInfo in DER; gs_buf_free. */
void pss_spki(EVP_PKEY *key, struct gs_buf *out);
/* Returns the length of the signature of the message by these rules. */
size_t pss_sign(EVP_PKEY *key, const struct gs_hash *message, const char *digest, const char *mgf1, int salt,
                uint8_t out[PSS_SIGNATURE_MAX]);

/* Draws cases, writes them to a folder for the openssl program, with our verdicts. Exit status. */
int pss_cases_write(uint64_t seed, unsigned cases, const char *folder);

#endif
