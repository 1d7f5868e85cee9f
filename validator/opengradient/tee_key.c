#include "validator/opengradient/tee_key.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "chain/core/hash.h"

struct gs_tee_key {
	EVP_PKEY *key;
	EVP_PKEY_CTX *verify;
	EVP_MD_CTX *digest;
	EVP_MD *sha256;
	struct gs_hash id;
};

void gs_tee_id(struct gs_bytes spki, struct gs_hash *out)
{
	gs_keccak256(spki.ptr, spki.len, out);
}

/* Nothing but this one key, in the one form that DER has. */
static enum gs_err parse(struct gs_bytes spki, EVP_PKEY **out, struct gs_error *error)
{
	const unsigned char *at = spki.ptr;
	unsigned char *again = NULL;
	int len;
	bool same;

	*out = d2i_PUBKEY(NULL, &at, (long)spki.len);
	if (!*out)
		return gs_fail(error, GS_EPARSE, "the key is not a SubjectPublicKeyInfo in DER");
	len = i2d_PUBKEY(*out, &again);
	same = len > 0 && (size_t)len == spki.len && memcmp(again, spki.ptr, spki.len) == 0;
	OPENSSL_free(again);
	if (!same)
		return gs_fail(error, GS_EPARSE, "the key has bytes behind it, or is not in the one form of DER");
	return GS_OK;
}

static enum gs_err check_shape(const EVP_PKEY *key, struct gs_error *error)
{
	BIGNUM *exponent = NULL;
	enum gs_err err = GS_OK;

	if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA)
		return gs_fail(error, GS_EUNSUPPORTED, "the key is not of RSA (%s)",
		               EVP_PKEY_get0_type_name(key) ? EVP_PKEY_get0_type_name(key) : "unknown");
	if (EVP_PKEY_get_bits(key) != GS_TEE_KEY_BITS)
		return gs_fail(error, GS_EUNSUPPORTED, "the key has %d bits, not %d", EVP_PKEY_get_bits(key),
		               GS_TEE_KEY_BITS);
	if (!EVP_PKEY_get_bn_param(key, "e", &exponent))
		err = gs_fail(error, GS_ENOMEM, "the key's exponent cannot be read");
	else if (!BN_is_word(exponent, GS_TEE_EXPONENT))
		err = gs_fail(error, GS_EUNSUPPORTED, "the key's exponent is not %d", GS_TEE_EXPONENT);
	BN_free(exponent);
	return err;
}

static enum gs_err prepare(struct gs_tee_key *k, struct gs_error *error)
{
	k->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	k->digest = EVP_MD_CTX_new();
	k->verify = EVP_PKEY_CTX_new(k->key, NULL);
	if (!k->sha256 || !k->digest || !k->verify || EVP_PKEY_verify_init(k->verify) <= 0 ||
	    EVP_PKEY_CTX_set_rsa_padding(k->verify, RSA_PKCS1_PSS_PADDING) <= 0 ||
	    EVP_PKEY_CTX_set_signature_md(k->verify, k->sha256) <= 0 ||
	    EVP_PKEY_CTX_set_rsa_mgf1_md(k->verify, k->sha256) <= 0 ||
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(k->verify, GS_TEE_SALT) <= 0)
		return gs_fail(error, GS_ENOMEM, "OpenSSL cannot prepare RSA-PSS with SHA-256");
	return GS_OK;
}

enum gs_err gs_tee_key_open(struct gs_bytes spki, struct gs_tee_key **out, struct gs_error *error)
{
	struct gs_tee_key *k;
	enum gs_err err;

	*out = NULL;
	if (spki.len > GS_TEE_SPKI_MAX)
		return gs_fail(error, GS_ELIMIT, "the key has %zu bytes, more than %d", spki.len, GS_TEE_SPKI_MAX);
	k = calloc(1, sizeof(*k));
	if (!k)
		return gs_fail(error, GS_ENOMEM, "no memory for a key");
	gs_tee_id(spki, &k->id);
	err = parse(spki, &k->key, error);
	if (!err)
		err = check_shape(k->key, error);
	if (!err)
		err = prepare(k, error);
	ERR_clear_error();
	if (err)
		gs_tee_key_free(k);
	else
		*out = k;
	return err;
}

void gs_tee_key_free(struct gs_tee_key *key)
{
	if (!key)
		return;
	EVP_PKEY_CTX_free(key->verify);
	EVP_MD_CTX_free(key->digest);
	EVP_MD_free(key->sha256);
	EVP_PKEY_free(key->key);
	free(key);
}

const struct gs_hash *gs_tee_key_id(const struct gs_tee_key *key)
{
	return &key->id;
}

enum gs_err gs_tee_key_verify(struct gs_tee_key *key, const struct gs_hash *message, struct gs_bytes signature,
                              bool *valid)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	int result;

	*valid = false;
	if (signature.len != GS_TEE_SIGNATURE)
		return GS_OK;
	if (EVP_DigestInit_ex(key->digest, key->sha256, NULL) != 1 ||
	    EVP_DigestUpdate(key->digest, message->b, sizeof(message->b)) != 1 ||
	    EVP_DigestFinal_ex(key->digest, digest, &len) != 1) {
		ERR_clear_error();
		return GS_ENOMEM;
	}
	result = EVP_PKEY_verify(key->verify, signature.ptr, signature.len, digest, len);
	/* A wrong signature may be told by a negative result, too; one for want of memory says so in the queue of errors. */
	if (result != 1 && ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE) {
		ERR_clear_error();
		return GS_ENOMEM;
	}
	ERR_clear_error();
	*valid = result == 1;
	return GS_OK;
}
