#include "tests/support/pss_cases.h"

#include <inttypes.h>
#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "validator/opengradient/tee_key.h"

enum { KEYS = 4, PATH_MAX_BYTES = 512, SPKI_MAX = 8192, DIGEST_MAX = 64 };

#define CHECK(ok) ((ok) ? (void)0 : (fprintf(stderr, "pss_cases: %s\n", #ok), abort()))

EVP_PKEY *pss_key(const char *kind, unsigned bits, unsigned exponent)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
	EVP_PKEY *key = NULL;
	size_t size = bits;
	unsigned e = exponent;
	const OSSL_PARAM params[] = {OSSL_PARAM_construct_size_t(OSSL_PKEY_PARAM_RSA_BITS, &size),
	                             OSSL_PARAM_construct_uint(OSSL_PKEY_PARAM_RSA_E, &e), OSSL_PARAM_construct_end()};

	CHECK(ctx && EVP_PKEY_keygen_init(ctx) > 0 && EVP_PKEY_CTX_set_params(ctx, params) > 0 &&
	      EVP_PKEY_generate(ctx, &key) > 0);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

void pss_spki(EVP_PKEY *key, struct gs_buf *out)
{
	unsigned char *der = NULL;
	const int len = i2d_PUBKEY(key, &der);

	CHECK(len > 0);
	gs_buf_init(out, SPKI_MAX);
	gs_buf_append(out, der, (size_t)len);
	OPENSSL_free(der);
	CHECK(!out->err);
}

size_t pss_sign(EVP_PKEY *key, const struct gs_hash *message, const char *digest, const char *mgf1, int salt,
                uint8_t out[PSS_SIGNATURE_MAX])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx = NULL;
	size_t len = PSS_SIGNATURE_MAX;

	CHECK(md && EVP_DigestSignInit_ex(md, &ctx, digest, NULL, NULL, key, NULL) > 0);
	if (mgf1)
		CHECK(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) > 0 &&
		      EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, mgf1, NULL) > 0 &&
		      EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, salt) > 0);
	else
		CHECK(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0);
	CHECK(EVP_DigestSign(md, out, &len, message->b, sizeof(message->b)) > 0);
	EVP_MD_CTX_free(md);
	return len;
}

struct cases {
	EVP_PKEY *key[KEYS];
	struct gs_tee_key *ours[KEYS];
	struct gs_rng rng;
	const char *folder;
};

static void write_file(const char *folder, const char *name, const void *data, size_t len)
{
	char path[PATH_MAX_BYTES];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "wb");
	CHECK(file && fwrite(data, 1, len, file) == len && fclose(file) == 0);
}

static void make_keys(struct cases *c)
{
	char path[PATH_MAX_BYTES];
	struct gs_buf spki;

	for (unsigned k = 0; k < KEYS; k++) {
		FILE *file;
		c->key[k] = pss_key("RSA", GS_TEE_KEY_BITS, GS_TEE_EXPONENT);
		snprintf(path, sizeof(path), "%s/key-%u.pem", c->folder, k);
		file = fopen(path, "w");
		CHECK(file && PEM_write_PUBKEY(file, c->key[k]) == 1 && fclose(file) == 0);
		pss_spki(c->key[k], &spki);
		CHECK(gs_tee_key_open(gs_buf_view(&spki), &c->ours[k], NULL) == GS_OK);
		gs_buf_free(&spki);
	}
}

/* The signature of message, good or bad in one of many ways; the key that it is to be checked with may change, too. */
static size_t draw(struct cases *c, struct gs_hash *message, unsigned *k, uint8_t out[PSS_SIGNATURE_MAX])
{
	static const int salts[] = {0, 1, 20, 31, 33, 48, 64, 222};
	EVP_PKEY *key = c->key[*k];
	size_t len;

	switch (gs_rng_below(&c->rng, 14)) {
	case 0: return pss_sign(key, message, "SHA256", "SHA256", salts[gs_rng_below(&c->rng, 8)], out);
	case 1: return pss_sign(key, message, "SHA256", "SHA1", 32, out);
	case 2: return pss_sign(key, message, "SHA384", "SHA256", 32, out);
	case 3: return pss_sign(key, message, "SHA256", NULL, 0, out);
	default: len = pss_sign(key, message, "SHA256", "SHA256", 32, out); break;
	}
	switch (gs_rng_below(&c->rng, 12)) {
	case 0: out[gs_rng_below(&c->rng, len)] ^= (uint8_t)(1u << gs_rng_below(&c->rng, 8)); break;
	case 1: message->b[gs_rng_below(&c->rng, 32)] ^= (uint8_t)(1u << gs_rng_below(&c->rng, 8)); break;
	case 2: *k = (*k + 1) % KEYS; break;
	case 3: len -= 1 + gs_rng_below(&c->rng, 3); break;
	case 4: out[len++] = 0; break;
	case 5: memset(out, gs_rng_below(&c->rng, 2) ? 0xff : 0, len); break;
	default: break;
	}
	return len;
}

int pss_cases_write(uint64_t seed, unsigned cases, const char *folder)
{
	struct cases c = {.folder = folder};
	struct gs_buf verdicts;

	gs_rng_seed(&c.rng, seed);
	make_keys(&c);
	gs_buf_init(&verdicts, 1 << 24);
	for (unsigned i = 0; i < cases; i++) {
		uint8_t signature[PSS_SIGNATURE_MAX];
		struct gs_hash message;
		char name[32];
		unsigned k = (unsigned)gs_rng_below(&c.rng, KEYS);
		bool valid;
		size_t len;
		for (int w = 0; w < 4; w++)
			gs_be64_write(message.b + 8 * w, gs_rng_u64(&c.rng));
		len = draw(&c, &message, &k, signature);
		CHECK(gs_tee_key_verify(c.ours[k], &message, (struct gs_bytes){signature, len}, &valid) == GS_OK);
		snprintf(name, sizeof(name), "%u.msg", i);
		write_file(folder, name, message.b, sizeof(message.b));
		snprintf(name, sizeof(name), "%u.sig", i);
		write_file(folder, name, signature, len);
		gs_buf_append_text(&verdicts, "%u %u %d\n", i, k, valid);
	}
	CHECK(!verdicts.err);
	write_file(folder, "verdicts", verdicts.ptr, verdicts.len);
	gs_buf_free(&verdicts);
	for (unsigned k = 0; k < KEYS; k++) {
		gs_tee_key_free(c.ours[k]);
		EVP_PKEY_free(c.key[k]);
	}
	return 0;
}
