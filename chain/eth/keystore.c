#include "chain/eth/keystore.h"

#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "chain/core/hash.h"

enum { DERIVED_KEY = 32, CIPHER_KEY = 16, MAC_KEY = 16, IV = 16, SALT_MAX = 256, KDF_TEXT = 256 };

struct derivation {
	bool scrypt;
	uint64_t n, r, p; /* scrypt */
	uint64_t rounds;  /* pbkdf2 */
	uint8_t salt[SALT_MAX];
	size_t salt_len;
};

struct sealed { /* what the file holds */
	struct derivation derivation;
	uint8_t iv[IV];
	uint8_t ciphertext[32];
	uint8_t mac[32];
	bool has_address; /* not all programs write it */
	struct gs_address address;
};

/* --- cryptography --- */

static enum gs_err check_costs(const struct derivation *d, struct gs_error *error)
{
	if (!d->scrypt) {
		if (d->rounds < 1 || d->rounds > GS_KEYSTORE_ROUNDS_MAX)
			return gs_fail(error, GS_ELIMIT, "keystore: pbkdf2 with c = %llu; 1 to %d are accepted",
			               (unsigned long long)d->rounds, GS_KEYSTORE_ROUNDS_MAX);
		return GS_OK;
	}
	if (d->n < 2 || (d->n & (d->n - 1)) || d->r < 1 || d->p < 1)
		return gs_fail(error, GS_EPARSE,
		               "keystore: scrypt parameters make no sense (n must be a power of two)");
	if (d->n > GS_KEYSTORE_MEMORY_MAX || d->r > 1024 || d->p > 1024 || 128 * d->n * d->r > GS_KEYSTORE_MEMORY_MAX ||
	    d->n * d->r * d->p > (uint64_t)GS_KEYSTORE_MEMORY_MAX / 16)
		return gs_fail(error, GS_ELIMIT, "keystore: scrypt would cost too much (n = %llu, r = %llu, p = %llu)",
		               (unsigned long long)d->n, (unsigned long long)d->r, (unsigned long long)d->p);
	/* RFC 7914, section 2: n < 2^(128 * r / 8); OpenSSL insists. */
	if (d->r < 4 && d->n >= UINT64_C(1) << (16 * d->r))
		return gs_fail(error, GS_EUNSUPPORTED, "keystore: scrypt with n = %llu needs r = 8 (RFC 7914)",
		               (unsigned long long)d->n);
	return GS_OK;
}

static enum gs_err derive(const struct derivation *d, struct gs_bytes password, uint8_t out[DERIVED_KEY],
                          struct gs_error *error)
{
	enum gs_err err = check_costs(d, error);
	if (err != GS_OK)
		return err;
	const char *pass = password.len ? (const char *)password.ptr : "";
	int ok;
	if (d->scrypt) {
		/* OpenSSL's default limit of 32 MiB is below what n = 2^18 needs; it counts some blocks of its own besides. */
		uint64_t memory_max = 128 * d->r * (d->n + d->p + 4) + 1024 * 1024;
		ok = EVP_PBE_scrypt(pass, password.len, d->salt, d->salt_len, d->n, d->r, d->p, memory_max, out,
		                    DERIVED_KEY);
	} else {
		ok = PKCS5_PBKDF2_HMAC(pass, (int)password.len, d->salt, (int)d->salt_len, (int)d->rounds, EVP_sha256(),
		                       DERIVED_KEY, out);
	}
	return ok == 1 ? GS_OK
	               : gs_fail(error, GS_ENOMEM, "keystore: OpenSSL could not derive the key (out of memory?)");
}

/* AES-128-CTR is its own inverse. */
static enum gs_err crypt(const uint8_t key[CIPHER_KEY], const uint8_t iv[IV], const uint8_t in[32], uint8_t out[32],
                         struct gs_error *error)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int len = 0;
	int ok = ctx && EVP_EncryptInit_ex(ctx, EVP_aes_128_ctr(), NULL, key, iv) == 1 &&
	         EVP_EncryptUpdate(ctx, out, &len, in, 32) == 1 && len == 32;
	EVP_CIPHER_CTX_free(ctx); /* wipes the key schedule */
	return ok ? GS_OK : gs_fail(error, GS_ENOMEM, "keystore: OpenSSL could not run AES-128-CTR");
}

/* keccak256(derived[16..31] || ciphertext) */
static void authenticate(const uint8_t derived[DERIVED_KEY], const uint8_t ciphertext[32], uint8_t mac[32])
{
	struct gs_keccak k;
	struct gs_hash hash;
	gs_keccak_init(&k);
	gs_keccak_update(&k, derived + CIPHER_KEY, MAC_KEY);
	gs_keccak_update(&k, ciphertext, 32);
	gs_keccak_final(&k, &hash);
	memcpy(mac, hash.b, sizeof(hash.b));
	OPENSSL_cleanse(&k, sizeof(k));
}

/* --- the file's form --- */

static enum gs_err bad(struct gs_error *error, const char *what)
{
	return gs_fail(error, GS_EPARSE, "keystore: %s is missing or malformed; is this a version 3 key file?", what);
}

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text ? text : "";
}

static bool hex_of(const json_t *object, const char *name, uint8_t *out, size_t len)
{
	const char *text = text_of(object, name);
	return gs_hex_decode(text, strlen(text), out, len) == GS_OK;
}

static bool count_of(const json_t *object, const char *name, uint64_t *out)
{
	const json_t *v = json_object_get(object, name);
	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return false;
	*out = (uint64_t)json_integer_value(v);
	return true;
}

static enum gs_err parse_derivation(const json_t *crypto, struct derivation *d, struct gs_error *error)
{
	const json_t *params = json_object_get(crypto, "kdfparams");
	const char *kdf = text_of(crypto, "kdf"), *salt = text_of(params, "salt");
	uint64_t key_len;
	size_t digits = strlen(salt);
	if (digits >= 2 && salt[0] == '0' && salt[1] == 'x')
		digits -= 2;
	d->salt_len = digits / 2;
	if (d->salt_len > SALT_MAX || gs_hex_decode(salt, strlen(salt), d->salt, d->salt_len) != GS_OK)
		return bad(error, "kdfparams.salt");
	if (!count_of(params, "dklen", &key_len) || key_len != DERIVED_KEY)
		return bad(error, "kdfparams.dklen (32)");
	if (strcmp(kdf, "scrypt") == 0) {
		d->scrypt = true;
		if (!count_of(params, "n", &d->n) || !count_of(params, "r", &d->r) || !count_of(params, "p", &d->p))
			return bad(error, "kdfparams.n, r or p");
		return GS_OK;
	}
	if (strcmp(kdf, "pbkdf2") == 0) {
		if (strcmp(text_of(params, "prf"), "hmac-sha256") != 0)
			return gs_fail(error, GS_EUNSUPPORTED, "keystore: pbkdf2 other than hmac-sha256");
		return count_of(params, "c", &d->rounds) ? GS_OK : bad(error, "kdfparams.c");
	}
	return gs_fail(error, GS_EUNSUPPORTED, "keystore: key derivation '%.40s'; scrypt and pbkdf2 are understood",
	               kdf);
}

static enum gs_err parse(struct gs_bytes text, struct sealed *out, struct gs_error *error)
{
	json_error_t json_error;
	uint64_t version;
	enum gs_err err;
	if (text.len > GS_KEYSTORE_TEXT_MAX)
		return gs_fail(error, GS_ELIMIT, "keystore: %zu bytes; a key file has less than %d", text.len,
		               GS_KEYSTORE_TEXT_MAX);
	json_t *root = json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, &json_error);
	if (!root)
		return gs_fail(error, GS_EPARSE, "keystore: not JSON: line %d: %.120s", json_error.line,
		               json_error.text);
	const json_t *crypto = json_object_get(root, "crypto");
	if (!crypto)
		crypto = json_object_get(root, "Crypto");
	if (!count_of(root, "version", &version))
		err = bad(error, "version");
	else if (version != 3)
		err = gs_fail(error, GS_EUNSUPPORTED, "keystore: version %llu; only 3 is understood",
		              (unsigned long long)version);
	else if (!json_is_object(crypto))
		err = bad(error, "crypto");
	else if (strcmp(text_of(crypto, "cipher"), "aes-128-ctr") != 0)
		err = gs_fail(error, GS_EUNSUPPORTED, "keystore: cipher '%.40s'; only aes-128-ctr is understood",
		              text_of(crypto, "cipher"));
	else if (!hex_of(json_object_get(crypto, "cipherparams"), "iv", out->iv, IV))
		err = bad(error, "cipherparams.iv");
	else if (!hex_of(crypto, "ciphertext", out->ciphertext, 32))
		err = bad(error, "ciphertext");
	else if (!hex_of(crypto, "mac", out->mac, 32))
		err = bad(error, "mac");
	else if (json_object_get(root, "address") && !hex_of(root, "address", out->address.b, sizeof(out->address.b)))
		err = bad(error, "address");
	else
		err = parse_derivation(crypto, &out->derivation, error);
	out->has_address = json_object_get(root, "address") != NULL;
	json_decref(root);
	return err;
}

enum gs_err gs_keystore_decrypt(struct gs_bytes text, struct gs_bytes password, struct gs_key *out,
                                struct gs_error *error)
{
	struct sealed sealed = {0};
	uint8_t derived[DERIVED_KEY], secret[32], mac[32];
	enum gs_err err = parse(text, &sealed, error);
	if (err != GS_OK)
		return err;
	if (password.len > GS_KEYSTORE_PASSWORD_MAX)
		return gs_fail(error, GS_ELIMIT, "keystore: the password is longer than %d bytes",
		               GS_KEYSTORE_PASSWORD_MAX);
	if ((err = derive(&sealed.derivation, password, derived, error)) != GS_OK)
		goto out;
	authenticate(derived, sealed.ciphertext, mac);
	if (CRYPTO_memcmp(mac, sealed.mac, sizeof(mac)) != 0) {
		err = gs_fail(error, GS_EINVAL, "keystore: wrong password (the checksum differs)");
		goto out;
	}
	if ((err = crypt(derived, sealed.iv, sealed.ciphertext, secret, error)) == GS_OK)
		err = gs_key_from_secret(secret, out, error);
	if (err == GS_OK && sealed.has_address && memcmp(&sealed.address, &out->address, sizeof(out->address)) != 0) {
		gs_key_wipe(out);
		err = gs_fail(error, GS_EINVAL,
		              "keystore: the file names another account than its key's; do not use it");
	}
out:
	OPENSSL_cleanse(derived, sizeof(derived));
	OPENSSL_cleanse(secret, sizeof(secret));
	return err;
}

enum gs_err gs_keystore_address(struct gs_bytes text, struct gs_address *out, struct gs_error *error)
{
	struct sealed sealed = {0};
	enum gs_err err = parse(text, &sealed, error);
	if (err == GS_OK && !sealed.has_address)
		err = gs_fail(error, GS_ENOTFOUND,
		              "keystore: it does not say whose it is; 'gainsay keys show' decrypts it");
	if (err == GS_OK)
		*out = sealed.address;
	return err;
}

/* The kdf's members, from the name's value on. */
static void format_kdf(const struct gs_keystore_kdf *kdf, const char *salt, char out[KDF_TEXT])
{
	const unsigned long cost = kdf->cost;

	if (kdf->pbkdf2)
		snprintf(out, KDF_TEXT,
		         "\"pbkdf2\",\"kdfparams\":{\"c\":%lu,\"dklen\":32,\"prf\":\"hmac-sha256\",\"salt\":\"%s\"}",
		         cost, salt);
	else
		snprintf(out, KDF_TEXT,
		         "\"scrypt\",\"kdfparams\":{\"dklen\":32,\"n\":%lu,\"p\":1,\"r\":8,\"salt\":\"%s\"}", cost,
		         salt);
}

enum gs_err gs_keystore_encrypt(const struct gs_key *key, struct gs_bytes password, const struct gs_keystore_kdf *kdf,
                                const uint8_t random[GS_KEYSTORE_RANDOM], struct gs_buf *out, struct gs_error *error)
{
	_Static_assert(GS_KEYSTORE_RANDOM == 32 + IV + 16, "salt, initialisation vector, uuid");
	struct sealed sealed = {
		.derivation = {
			.scrypt = !kdf->pbkdf2, .n = kdf->cost, .r = 8, .p = 1, .rounds = kdf->cost, .salt_len = 32}};
	uint8_t derived[DERIVED_KEY], uuid[16];
	char address[41], salt[65], iv[2 * IV + 1], ciphertext[65], mac[65], id[33], derivation[KDF_TEXT];
	enum gs_err err;

	if (password.len > GS_KEYSTORE_PASSWORD_MAX)
		return gs_fail(error, GS_ELIMIT, "keystore: the password is longer than %d bytes",
		               GS_KEYSTORE_PASSWORD_MAX);
	memcpy(sealed.derivation.salt, random, 32);
	memcpy(sealed.iv, random + 32, IV);
	memcpy(uuid, random + 32 + IV, sizeof(uuid));
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40); /* RFC 4122, version 4 */
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
	if ((err = derive(&sealed.derivation, password, derived, error)) != GS_OK ||
	    (err = crypt(derived, sealed.iv, key->secret, sealed.ciphertext, error)) != GS_OK)
		goto out;
	authenticate(derived, sealed.ciphertext, sealed.mac);
	gs_hex_encode(key->address.b, 20, false, address);
	gs_hex_encode(sealed.derivation.salt, 32, false, salt);
	format_kdf(kdf, salt, derivation);
	gs_hex_encode(sealed.iv, IV, false, iv);
	gs_hex_encode(sealed.ciphertext, 32, false, ciphertext);
	gs_hex_encode(sealed.mac, 32, false, mac);
	gs_hex_encode(uuid, sizeof(uuid), false, id);
	gs_buf_append_text(
		out,
		"{\"address\":\"%s\",\"crypto\":{\"cipher\":\"aes-128-ctr\",\"cipherparams\":{\"iv\":\"%s\"},"
		"\"ciphertext\":\"%s\",\"kdf\":%s,\"mac\":\"%s\"},\"id\":\"%.8s-%.4s-%.4s-%.4s-%.12s\",\"version\":3}\n",
		address, iv, ciphertext, derivation, mac, id, id + 8, id + 12, id + 16, id + 20);
	if ((err = out->err) != GS_OK)
		gs_fail(error, err, "keystore: %s while writing", gs_err_name(err));
out:
	OPENSSL_cleanse(derived, sizeof(derived));
	return err;
}
