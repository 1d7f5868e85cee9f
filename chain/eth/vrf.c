#include "chain/eth/vrf.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/obj_mac.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

enum { POINT_BYTES = GS_VRF_PUBLIC_BYTES, C_BYTES = 16, S_BYTES = 32, TRIES_MAX = 256, SUITE = 1 };
enum domain { ENCODE_TO_CURVE = 1, CHALLENGE = 2, PROOF_TO_HASH = 3 }; /* RFC 9381, the domain separators' fronts */

struct gs_vrf {
	EC_GROUP *group;
	BN_CTX *ctx; /* of secure memory: it holds secrets while it computes */
	BN_MONT_CTX *order;
};

struct gs_vrf *gs_vrf_new(void)
{
	struct gs_vrf *vrf = calloc(1, sizeof(*vrf));

	if (!vrf)
		return NULL;
	vrf->group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	vrf->ctx = BN_CTX_secure_new();
	vrf->order = BN_MONT_CTX_new();
	if (vrf->group && vrf->ctx && vrf->order &&
	    BN_MONT_CTX_set(vrf->order, EC_GROUP_get0_order(vrf->group), vrf->ctx))
		return vrf;
	gs_vrf_free(vrf);
	return NULL;
}

void gs_vrf_free(struct gs_vrf *vrf)
{
	if (!vrf)
		return;
	BN_MONT_CTX_free(vrf->order);
	BN_CTX_free(vrf->ctx);
	EC_GROUP_free(vrf->group);
	free(vrf);
}

void gs_vrf_key_wipe(struct gs_vrf_key *key)
{
	OPENSSL_cleanse(key, sizeof(*key));
}

/* --- points and scalars as bytes --- */

/* Not of the point at infinity, which is no proof's. */
static enum gs_err put_point(struct gs_vrf *vrf, const EC_POINT *point, uint8_t out[POINT_BYTES])
{
	const size_t len = EC_POINT_point2oct(vrf->group, point, POINT_CONVERSION_COMPRESSED, out, POINT_BYTES,
	                                      vrf->ctx);

	return len == POINT_BYTES ? GS_OK : GS_EPARSE;
}

/* A point of the curve, which has prime order: so it is of the group, and not infinity, whose bytes are fewer. */
static enum gs_err get_point(struct gs_vrf *vrf, const uint8_t bytes[POINT_BYTES], EC_POINT *out)
{
	if (bytes[0] != 2 && bytes[0] != 3)
		return GS_EPARSE;
	return EC_POINT_oct2point(vrf->group, out, bytes, POINT_BYTES, vrf->ctx) == 1 ? GS_OK : GS_EPARSE;
}

static bool is_scalar(const struct gs_vrf *vrf, const BIGNUM *n)
{
	return !BN_is_zero(n) && BN_cmp(n, EC_GROUP_get0_order(vrf->group)) < 0;
}

/* --- hashes --- */

/* SHA-256 of suite || front || parts || 0. */
struct part {
	const void *ptr;
	size_t len;
};
static enum gs_err hash_parts(enum domain front, const struct part *part, size_t count, struct gs_hash *out)
{
	const uint8_t begin[2] = {SUITE, (uint8_t)front}, end = 0;
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool ok = md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) && EVP_DigestUpdate(md, begin, sizeof(begin));

	for (size_t i = 0; ok && i < count; i++)
		ok = part[i].len == 0 || EVP_DigestUpdate(md, part[i].ptr, part[i].len);
	ok = ok && EVP_DigestUpdate(md, &end, 1) && EVP_DigestFinal_ex(md, out->b, NULL);
	EVP_MD_CTX_free(md);
	return ok ? GS_OK : GS_ENOMEM;
}

/* 5.4.1.1, ECVRF_encode_to_curve_try_and_increment with the public key as salt. */
static enum gs_err to_curve(struct gs_vrf *vrf, const struct gs_vrf_public *salt, struct gs_bytes alpha, EC_POINT *out)
{
	for (unsigned i = 0; i < TRIES_MAX; i++) {
		const uint8_t ctr = (uint8_t)i;
		const struct part parts[] = {{salt->b, sizeof(salt->b)}, {alpha.ptr, alpha.len}, {&ctr, 1}};
		uint8_t bytes[POINT_BYTES] = {2};
		struct gs_hash hash;
		enum gs_err err = hash_parts(ENCODE_TO_CURVE, parts, GS_ARRAY_LEN(parts), &hash);
		if (err)
			return err;
		memcpy(bytes + 1, hash.b, sizeof(hash.b));
		if (get_point(vrf, bytes, out) == GS_OK)
			return GS_OK;
	}
	return GS_EPARSE; /* one input in 2^256 */
}

/* 5.4.3, ECVRF_challenge_generation over Y, H, Gamma, U, V. */
static enum gs_err challenge(uint8_t points[5][POINT_BYTES], uint8_t c[C_BYTES])
{
	const struct part part = {points, (size_t)5 * POINT_BYTES};
	struct gs_hash hash;
	enum gs_err err = hash_parts(CHALLENGE, &part, 1, &hash);

	if (!err)
		memcpy(c, hash.b, C_BYTES);
	return err;
}

/* 5.2, of Gamma as it stands in the proof; the cofactor is 1. */
static enum gs_err output_of(const uint8_t gamma[POINT_BYTES], struct gs_hash *out)
{
	const struct part part = {gamma, POINT_BYTES};

	return hash_parts(PROOF_TO_HASH, &part, 1, out);
}

/* --- RFC 6979, 3.2 with HMAC-SHA-256: the nonce for the message H as bytes --- */

struct drbg {
	uint8_t k[32], v[32];
};

/* k = HMAC(k, v || tag || extra), v = HMAC(k, v) */
static bool drbg_mix(struct drbg *d, uint8_t tag, const uint8_t *extra, size_t len)
{
	uint8_t in[32 + 1 + 64];

	GS_ASSERT(len <= 64);
	memcpy(in, d->v, 32);
	in[32] = tag;
	if (len)
		memcpy(in + 33, extra, len);
	const bool ok = HMAC(EVP_sha256(), d->k, sizeof(d->k), in, 33 + len, d->k, NULL) &&
	                HMAC(EVP_sha256(), d->k, sizeof(d->k), d->v, sizeof(d->v), d->v, NULL);
	OPENSSL_cleanse(in, sizeof(in));
	return ok;
}

static enum gs_err nonce(struct gs_vrf *vrf, const uint8_t secret[32], const uint8_t message[POINT_BYTES], BIGNUM *out)
{
	struct drbg d;
	uint8_t seed[64];
	enum gs_err err = GS_ENOMEM;
	BIGNUM *h1 = BN_CTX_get(vrf->ctx);

	memset(d.k, 0, sizeof(d.k));
	memset(d.v, 1, sizeof(d.v));
	memcpy(seed, secret, 32);
	SHA256(message, POINT_BYTES, seed + 32);
	if (!h1 || !BN_bin2bn(seed + 32, 32, h1))
		goto out;
	if (BN_cmp(h1, EC_GROUP_get0_order(vrf->group)) >= 0 && !BN_sub(h1, h1, EC_GROUP_get0_order(vrf->group)))
		goto out;
	if (BN_bn2binpad(h1, seed + 32, 32) != 32 || !drbg_mix(&d, 0, seed, 64) || !drbg_mix(&d, 1, seed, 64))
		goto out;
	for (;;) {
		if (!HMAC(EVP_sha256(), d.k, sizeof(d.k), d.v, sizeof(d.v), d.v, NULL) || !BN_bin2bn(d.v, 32, out))
			goto out;
		if (is_scalar(vrf, out))
			break;
		if (!drbg_mix(&d, 0, NULL, 0))
			goto out;
	}
	err = GS_OK;
out:
	OPENSSL_cleanse(&d, sizeof(d));
	OPENSSL_cleanse(seed, sizeof(seed));
	return err;
}

/* --- keys --- */

/* *out = scalar * point (NULL: the generator). */
static enum gs_err multiply(struct gs_vrf *vrf, const EC_POINT *point, const BIGNUM *scalar, EC_POINT *out)
{
	const int ok = EC_POINT_mul(vrf->group, out, point ? NULL : scalar, point, point ? scalar : NULL, vrf->ctx);

	return ok ? GS_OK : GS_ENOMEM;
}

static BIGNUM *secret_number(struct gs_vrf *vrf, const uint8_t bytes[32])
{
	BIGNUM *n = BN_CTX_get(vrf->ctx);

	if (!n || !BN_bin2bn(bytes, 32, n))
		return NULL;
	BN_set_flags(n, BN_FLG_CONSTTIME);
	return n;
}

enum gs_err gs_vrf_key_from_secret(struct gs_vrf *vrf, const uint8_t secret[32], struct gs_vrf_key *out,
                                   struct gs_error *error)
{
	enum gs_err err = GS_ENOMEM;
	EC_POINT *y = EC_POINT_new(vrf->group);
	BIGNUM *x;

	BN_CTX_start(vrf->ctx);
	x = secret_number(vrf, secret);
	if (!x || !y)
		goto out;
	err = is_scalar(vrf, x) ? multiply(vrf, NULL, x, y) : GS_EINVAL;
	if (!err)
		err = put_point(vrf, y, out->public_key.b);
	if (!err)
		memcpy(out->secret, secret, sizeof(out->secret));
out:
	if (x)
		BN_clear(x);
	BN_CTX_end(vrf->ctx);
	EC_POINT_free(y);
	if (err == GS_EINVAL)
		return gs_fail(error, err,
		               "sampling key: not a key of P-256 (zero, or not below the group's order); make another");
	return err ? gs_fail(error, err, "sampling key: no memory") : GS_OK;
}

/* --- prove --- */

/* s = k + c * x modulo the order, by Montgomery products, whose steps do not depend on the numbers. */
static enum gs_err respond(struct gs_vrf *vrf, const BIGNUM *k, const uint8_t c[C_BYTES], const BIGNUM *x,
                           uint8_t out[S_BYTES])
{
	const BIGNUM *order = EC_GROUP_get0_order(vrf->group);
	BIGNUM *n = BN_CTX_get(vrf->ctx), *s = BN_CTX_get(vrf->ctx);

	if (!s || !BN_bin2bn(c, C_BYTES, n) || !BN_to_montgomery(n, n, vrf->order, vrf->ctx) ||
	    !BN_mod_mul_montgomery(s, n, x, vrf->order, vrf->ctx) || !BN_mod_add_quick(s, s, k, order) ||
	    BN_bn2binpad(s, out, S_BYTES) != S_BYTES)
		return GS_ENOMEM;
	return GS_OK;
}

enum gs_err gs_vrf_prove(struct gs_vrf *vrf, const struct gs_vrf_key *key, struct gs_bytes alpha,
                         struct gs_vrf_proof *proof, struct gs_hash *output)
{
	uint8_t points[5][POINT_BYTES]; /* Y, H, Gamma, U, V */
	EC_POINT *h = EC_POINT_new(vrf->group), *p = EC_POINT_new(vrf->group);
	enum gs_err err = GS_ENOMEM;
	BIGNUM *x, *k = NULL;

	BN_CTX_start(vrf->ctx);
	x = secret_number(vrf, key->secret);
	if (x && (k = BN_CTX_get(vrf->ctx)))
		BN_set_flags(k, BN_FLG_CONSTTIME);
	if (!h || !p || !k)
		goto out;
	memcpy(points[0], key->public_key.b, POINT_BYTES);
	if ((err = to_curve(vrf, &key->public_key, alpha, h)) || (err = put_point(vrf, h, points[1])) ||
	    (err = multiply(vrf, h, x, p)) || (err = put_point(vrf, p, points[2])) ||
	    (err = nonce(vrf, key->secret, points[1], k)) || (err = multiply(vrf, NULL, k, p)) ||
	    (err = put_point(vrf, p, points[3])) || (err = multiply(vrf, h, k, p)) ||
	    (err = put_point(vrf, p, points[4])))
		goto out;
	memcpy(proof->b, points[2], POINT_BYTES);
	err = challenge(points, proof->b + POINT_BYTES);
	if (!err)
		err = respond(vrf, k, proof->b + POINT_BYTES, x, proof->b + POINT_BYTES + C_BYTES);
	if (!err)
		err = output_of(proof->b, output);
out:
	if (x)
		BN_clear(x);
	if (k)
		BN_clear(k);
	BN_CTX_end(vrf->ctx);
	EC_POINT_free(h);
	EC_POINT_free(p);
	GS_ASSERT(err != GS_EPARSE); /* of no input in sight */
	return err;
}

/* --- verify --- */

/* s * base - c * point as bytes; base NULL: the generator. Nothing here is secret. */
static enum gs_err combine(struct gs_vrf *vrf, const EC_POINT *base, const BIGNUM *s, const EC_POINT *point,
                           const BIGNUM *minus_c, EC_POINT *scratch, uint8_t out[POINT_BYTES])
{
	int ok;

	if (!base) {
		ok = EC_POINT_mul(vrf->group, scratch, s, point, minus_c, vrf->ctx);
	} else {
		EC_POINT *other = EC_POINT_new(vrf->group);
		ok = other && EC_POINT_mul(vrf->group, scratch, NULL, base, s, vrf->ctx) &&
		     EC_POINT_mul(vrf->group, other, NULL, point, minus_c, vrf->ctx) &&
		     EC_POINT_add(vrf->group, scratch, scratch, other, vrf->ctx);
		EC_POINT_free(other);
	}
	return ok ? put_point(vrf, scratch, out) : GS_ENOMEM;
}

static enum gs_err decode(struct gs_vrf *vrf, const struct gs_vrf_proof *proof, EC_POINT *gamma, BIGNUM *minus_c,
                          BIGNUM *s)
{
	const BIGNUM *order = EC_GROUP_get0_order(vrf->group);

	if (!BN_bin2bn(proof->b + POINT_BYTES, C_BYTES, minus_c) ||
	    !BN_bin2bn(proof->b + POINT_BYTES + C_BYTES, S_BYTES, s))
		return GS_ENOMEM;
	if (BN_cmp(s, order) >= 0)
		return GS_EPARSE;
	if (!BN_sub(minus_c, order, minus_c))
		return GS_ENOMEM;
	return get_point(vrf, proof->b, gamma);
}

enum gs_err gs_vrf_verify(struct gs_vrf *vrf, const struct gs_vrf_public *key, struct gs_bytes alpha,
                          const struct gs_vrf_proof *proof, struct gs_hash *output)
{
	uint8_t points[5][POINT_BYTES], c[C_BYTES];
	EC_POINT *y = EC_POINT_new(vrf->group), *h = EC_POINT_new(vrf->group), *gamma = EC_POINT_new(vrf->group),
		 *p = EC_POINT_new(vrf->group);
	enum gs_err err = GS_ENOMEM;
	BIGNUM *minus_c, *s;

	BN_CTX_start(vrf->ctx);
	minus_c = BN_CTX_get(vrf->ctx);
	s = BN_CTX_get(vrf->ctx);
	if (!y || !h || !gamma || !p || !s)
		goto out;
	if ((err = get_point(vrf, key->b, y)) || (err = decode(vrf, proof, gamma, minus_c, s)) ||
	    (err = to_curve(vrf, key, alpha, h)) || (err = put_point(vrf, h, points[1])) ||
	    (err = combine(vrf, NULL, s, y, minus_c, p, points[3])) ||
	    (err = combine(vrf, h, s, gamma, minus_c, p, points[4])))
		goto out;
	memcpy(points[0], key->b, POINT_BYTES);
	memcpy(points[2], proof->b, POINT_BYTES);
	err = challenge(points, c);
	if (!err && memcmp(c, proof->b + POINT_BYTES, C_BYTES) != 0)
		err = GS_ECONFLICT;
	if (!err)
		err = output_of(proof->b, output);
out:
	BN_CTX_end(vrf->ctx);
	EC_POINT_free(y);
	EC_POINT_free(h);
	EC_POINT_free(gamma);
	EC_POINT_free(p);
	return err;
}

enum gs_err gs_vrf_output(struct gs_vrf *vrf, const struct gs_vrf_proof *proof, struct gs_hash *output)
{
	EC_POINT *gamma = EC_POINT_new(vrf->group);
	enum gs_err err = GS_ENOMEM;
	BIGNUM *minus_c, *s;

	BN_CTX_start(vrf->ctx);
	minus_c = BN_CTX_get(vrf->ctx);
	s = BN_CTX_get(vrf->ctx);
	if (gamma && s)
		err = decode(vrf, proof, gamma, minus_c, s);
	if (!err)
		err = output_of(proof->b, output);
	BN_CTX_end(vrf->ctx);
	EC_POINT_free(gamma);
	return err;
}
