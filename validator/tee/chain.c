#include "validator/tee/chain.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <openssl/x509_vfy.h>

/* OpenSSL's scale of strength: 128 bits and more, which leaves out SHA-1. */
enum { STRENGTH_LEVEL = 3, FIELD_BYTES = 48 };
#define DAY_S 86400

struct walk {
	const struct gs_tee_document *d;
	X509 *x509[GS_TEE_CHAIN_MAX];     /* owned */
	EVP_PKEY *key[GS_TEE_CHAIN_MAX];  /* borrowed from x509 */
	char name[GS_TEE_CHAIN_MAX][320]; /* "cabundle[1] (CN=...)" */
	size_t count;
	struct gs_tee_chain *out;
	struct gs_tee_finding *why;
	bool no_memory; /* what was found then says nothing of the document */
};

static bool failed_for_memory(void)
{
	return ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE;
}

static bool no_memory(struct walk *w)
{
	w->no_memory = true;
	return false;
}

/* --- one certificate --- */

static void describe(const X509 *x, char out[GS_TEE_SUBJECT_MAX])
{
	BIO *bio = BIO_new(BIO_s_mem());
	int len = 0;

	if (bio && X509_NAME_print_ex(bio, X509_get_subject_name(x), 0, XN_FLAG_RFC2253) >= 0)
		len = BIO_read(bio, out, GS_TEE_SUBJECT_MAX - 1);
	BIO_free(bio);
	out[len > 0 ? len : 0] = 0;
	for (char *c = out; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
}

/* Seconds since 1970; false: no time, or one before that. */
static bool read_time(const ASN1_TIME *time, uint64_t *out_s)
{
	ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
	int days, seconds;
	const bool good = epoch && ASN1_TIME_diff(&days, &seconds, epoch, time) == 1 && days >= 0 && seconds >= 0;

	ASN1_TIME_free(epoch);
	if (good)
		*out_s = (uint64_t)days * DAY_S + (uint64_t)seconds;
	return good;
}

static bool on_p384(EVP_PKEY *key)
{
	char group[64];
	size_t len;

	return EVP_PKEY_is_a(key, "EC") == 1 && EVP_PKEY_get_group_name(key, group, sizeof(group), &len) == 1 &&
	       strcmp(group, "secp384r1") == 0;
}

static bool read_certificate(struct walk *w, size_t i, const char *where, struct gs_bytes der)
{
	struct gs_tee_certificate *c = &w->out->certificate[i];
	const uint8_t *p = der.ptr;

	memcpy(w->name[i], where, strlen(where) + 1);
	w->x509[i] = d2i_X509(NULL, &p, (long)der.len);
	if (!w->x509[i])
		return failed_for_memory() ? no_memory(w)
		                           : gs_tee_refuse(w->why, GS_TEE_CERTIFICATE, "%s: no certificate", where);
	w->count = i + 1;
	describe(w->x509[i], c->subject);
	SHA256(der.ptr, der.len, c->sha256.b);
	snprintf(w->name[i], sizeof(w->name[i]), "%s (%s)", where, c->subject);
	if (p != der.ptr + der.len)
		return gs_tee_refuse(w->why, GS_TEE_CERTIFICATE, "%s: bytes behind it", w->name[i]);
	if (!read_time(X509_get0_notBefore(w->x509[i]), &c->not_before_s) ||
	    !read_time(X509_get0_notAfter(w->x509[i]), &c->not_after_s))
		return failed_for_memory()
		               ? no_memory(w)
		               : gs_tee_refuse(w->why, GS_TEE_CERTIFICATE, "%s: no period of validity", w->name[i]);
	w->out->count = i + 1;
	if (X509_get_extension_flags(w->x509[i]) & EXFLAG_INVALID)
		return failed_for_memory()
		               ? no_memory(w)
		               : gs_tee_refuse(w->why, GS_TEE_CERTIFICATE, "%s: extensions that are none", w->name[i]);
	w->key[i] = X509_get0_pubkey(w->x509[i]);
	if (!w->key[i] || !on_p384(w->key[i]))
		return failed_for_memory()
		               ? no_memory(w)
		               : gs_tee_refuse(w->why, GS_TEE_CURVE, "%s: its key must be on P-384", w->name[i]);
	return true;
}

static bool read_all(struct walk *w)
{
	const size_t issuers = w->d->cabundle_count;
	char where[32];

	for (size_t i = 0; i < issuers; i++) {
		snprintf(where, sizeof(where), "cabundle[%zu]", i);
		if (!read_certificate(w, i, where, w->d->cabundle[i]))
			return false;
	}
	return read_certificate(w, issuers, "certificate", w->d->certificate);
}

/* --- rules of 3.2.3 --- */

static bool basic_constraints_critical(const X509 *x)
{
	const int at = X509_get_ext_by_NID(x, NID_basic_constraints, -1);

	return at >= 0 && X509_EXTENSION_get_critical(X509_get_ext(x, at)) == 1;
}

/* `below`: how many issuers stand between it and the leaf. */
static bool check_issuer(struct walk *w, size_t i, size_t below)
{
	X509 *x = w->x509[i];

	if (!(X509_get_extension_flags(x) & EXFLAG_CA) || !basic_constraints_critical(x))
		return gs_tee_refuse(w->why, GS_TEE_NOT_CA,
		                     "%s: its basic constraints must be critical and say CA:TRUE", w->name[i]);
	/* Without the extension OpenSSL reports every usage; here it must be there. */
	if (!(X509_get_extension_flags(x) & EXFLAG_KUSAGE) || !(X509_get_key_usage(x) & KU_KEY_CERT_SIGN))
		return gs_tee_refuse(w->why, GS_TEE_KEY_USAGE, "%s: its key usage must have keyCertSign", w->name[i]);
	const long most = X509_get_pathlen(x);
	if (most >= 0 && (size_t)most < below)
		return gs_tee_refuse(w->why, GS_TEE_PATH_LENGTH, "%s: %zu issuers below it, it allows %ld", w->name[i],
		                     below, most);
	return true;
}

static bool check_leaf(struct walk *w, size_t i)
{
	X509 *x = w->x509[i];

	if ((X509_get_extension_flags(x) & EXFLAG_CA) || X509_get_pathlen(x) >= 0)
		return gs_tee_refuse(w->why, GS_TEE_LEAF_IS_CA,
		                     "%s: it must neither be an authority nor have a path length", w->name[i]);
	if (!(X509_get_extension_flags(x) & EXFLAG_KUSAGE) || !(X509_get_key_usage(x) & KU_DIGITAL_SIGNATURE))
		return gs_tee_refuse(w->why, GS_TEE_KEY_USAGE, "%s: its key usage must have digitalSignature",
		                     w->name[i]);
	return true;
}

static bool check_link(struct walk *w, size_t i)
{
	const int named = X509_check_issued(w->x509[i], w->x509[i + 1]);

	if (named != X509_V_OK)
		return failed_for_memory()
		               ? no_memory(w)
		               : gs_tee_refuse(w->why, GS_TEE_CHAIN_ORDER, "%s is not the issuer of %s: %s", w->name[i],
		                               w->name[i + 1], X509_verify_cert_error_string(named));
	if (X509_verify(w->x509[i + 1], w->key[i]) == 1)
		return true;
	return failed_for_memory() ? no_memory(w)
	                           : gs_tee_refuse(w->why, GS_TEE_CHAIN_SIGNATURE, "%s did not sign %s", w->name[i],
	                                           w->name[i + 1]);
}

static bool check_links(struct walk *w)
{
	const size_t leaf = w->count - 1;

	for (size_t i = 0; i < leaf; i++)
		if (!check_issuer(w, i, leaf - 1 - i) || !check_link(w, i))
			return false;
	return check_leaf(w, leaf);
}

/* OpenSSL's walk. It may know of more that is wrong, never of less. */
static bool check_by_openssl(struct walk *w)
{
	const size_t leaf = w->count - 1;
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *between = sk_X509_new_null();
	bool good = false;

	if (!store || !ctx || !between || X509_STORE_add_cert(store, w->x509[0]) != 1)
		goto no_memory;
	for (size_t i = 1; i < leaf; i++)
		if (sk_X509_push(between, w->x509[i]) == 0)
			goto no_memory;
	if (X509_STORE_CTX_init(ctx, store, w->x509[leaf], between) != 1)
		goto no_memory;
	X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_NO_CHECK_TIME);
	X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(ctx), STRENGTH_LEVEL);
	good = X509_verify_cert(ctx) == 1;
	const int code = X509_STORE_CTX_get_error(ctx);
	if (!good && (code == X509_V_ERR_OUT_OF_MEM || failed_for_memory()))
		goto no_memory;
	if (!good)
		(void)gs_tee_refuse(w->why, GS_TEE_CHAIN, "at depth %d: %s", X509_STORE_CTX_get_error_depth(ctx),
		                    X509_verify_cert_error_string(code));
	goto out;
no_memory:
	good = no_memory(w);
out:
	sk_X509_free(between);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	return good;
}

/* --- the document's signature --- */

/* r || s as DER; its length, or -1: no memory. */
static int der_signature(const uint8_t *raw, uint8_t **out)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(raw, FIELD_BYTES, NULL), *s = BN_bin2bn(raw + FIELD_BYTES, FIELD_BYTES, NULL);
	int len = -1;

	*out = NULL;
	if (sig && r && s && ECDSA_SIG_set0(sig, r, s) == 1) {
		r = s = NULL;
		len = i2d_ECDSA_SIG(sig, out);
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(sig);
	return len;
}

/* What is signed: ["Signature1", protected, h'', payload] (RFC 9052, 4.4). */
static bool hash_signed(EVP_MD_CTX *ctx, const struct gs_tee_document *d)
{
	uint8_t head[3] = {0x40};
	size_t head_len = 1;
	const size_t len = d->payload.len;
	static const uint8_t begin[] = {0x84, 0x6a, 'S', 'i', 'g', 'n', 'a', 't', 'u', 'r', 'e', '1'};
	const uint8_t protected_head = (uint8_t)(0x40 + d->protected_header.len), no_aad = 0x40;

	GS_ASSERT(d->protected_header.len < 24 && len <= UINT16_MAX);
	if (len < 24) {
		head[0] = (uint8_t)(0x40 + len);
	} else if (len <= UINT8_MAX) {
		head[0] = 0x58;
		head[1] = (uint8_t)len;
		head_len = 2;
	} else {
		head[0] = 0x59;
		head[1] = (uint8_t)(len >> 8);
		head[2] = (uint8_t)len;
		head_len = 3;
	}
	return EVP_DigestVerifyUpdate(ctx, begin, sizeof(begin)) == 1 &&
	       EVP_DigestVerifyUpdate(ctx, &protected_head, 1) == 1 &&
	       EVP_DigestVerifyUpdate(ctx, d->protected_header.ptr, d->protected_header.len) == 1 &&
	       EVP_DigestVerifyUpdate(ctx, &no_aad, 1) == 1 && EVP_DigestVerifyUpdate(ctx, head, head_len) == 1 &&
	       EVP_DigestVerifyUpdate(ctx, d->payload.ptr, len) == 1;
}

static bool check_signature(struct walk *w)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t *der = NULL;
	const int len = der_signature(w->d->signature.ptr, &der);
	int good = -1;

	if (ctx && len > 0 && EVP_DigestVerifyInit(ctx, NULL, EVP_sha384(), NULL, w->key[w->count - 1]) == 1 &&
	    hash_signed(ctx, w->d))
		good = EVP_DigestVerifyFinal(ctx, der, (size_t)len);
	OPENSSL_free(der);
	EVP_MD_CTX_free(ctx);
	/* Zero is OpenSSL's word for a wrong signature; less than that, that it could not tell. */
	if (good < 0)
		return no_memory(w);
	return good == 1 || gs_tee_refuse(w->why, GS_TEE_SIGNATURE, "the key of %s", w->name[w->count - 1]);
}

static bool check_root(struct walk *w, const struct gs_hash *root_sha256)
{
	struct gs_hash found;
	char hex[65];

	SHA256(w->d->cabundle[0].ptr, w->d->cabundle[0].len, found.b);
	if (gs_hash_equal(&found, root_sha256))
		return true;
	gs_hex_encode(found.b, sizeof(found.b), false, hex);
	return gs_tee_refuse(w->why, GS_TEE_ROOT, "cabundle[0]: its SHA-256 is %s", hex);
}

enum gs_err gs_tee_chain_check(const struct gs_tee_document *d, const struct gs_hash *root_sha256,
                               struct gs_tee_chain *out, struct gs_tee_finding *why, struct gs_error *error)
{
	struct walk w = {.d = d, .out = out, .why = why};

	memset(out, 0, sizeof(*out));
	memset(why, 0, sizeof(*why));
	ERR_set_mark(); /* what is found here is no error of whoever looks at OpenSSL's queue next */
	const bool good = check_root(&w, root_sha256) && read_all(&w) && check_links(&w) && check_by_openssl(&w) &&
	                  check_signature(&w);
	ERR_pop_to_mark();
	for (size_t i = 0; i < w.count; i++)
		X509_free(w.x509[i]);
	if (w.no_memory)
		return gs_fail(error, GS_ENOMEM, "attestation: OpenSSL had no memory for its chain");
	GS_ASSERT(good == (why->reason == GS_TEE_HOLDS));
	return GS_OK;
}
