#include "validator/tee/attestation.h"

#include <inttypes.h>
#include <string.h>

#include <openssl/sha.h>

enum { MS_PER_S = 1000 };

void gs_tee_options_init(struct gs_tee_options *options, struct gs_time at)
{
	*options = (struct gs_tee_options){.at = at, .skew_s = GS_TEE_SKEW_S_DEFAULT};
	const enum gs_err err = gs_hex_decode(GS_TEE_AWS_ROOT_SHA256, strlen(GS_TEE_AWS_ROOT_SHA256),
	                                      options->root_sha256.b, sizeof(options->root_sha256.b));
	GS_ASSERT(err == GS_OK);
}

static bool check_image(const struct gs_tee_options *o, struct gs_tee_attestation *a)
{
	char hex[sizeof("0x") + 2 * sizeof(a->pcr_hash.b)];

	if (!o->debug_allowed && gs_tee_is_debug(&a->document))
		return gs_tee_refuse(&a->finding, GS_TEE_DEBUG, "PCR 0: zero");
	if (!o->approved)
		return true;
	if (!a->has_pcr_hash)
		return gs_tee_refuse(&a->finding, GS_TEE_PCR_MISSING, "pcrs: no hash of PCR 0, 1 and 2");
	for (size_t i = 0; i < o->approved_count; i++)
		if (gs_hash_equal(&o->approved[i], &a->pcr_hash))
			return true;
	gs_hex_encode(a->pcr_hash.b, sizeof(a->pcr_hash.b), true, hex);
	return gs_tee_refuse(&a->finding, GS_TEE_PCR_REFUSED, "pcrHash %s is none of the %zu approved", hex,
	                     o->approved_count);
}

static bool is_hash_of(const struct gs_hash *hash, struct gs_bytes bytes)
{
	struct gs_hash found;

	SHA256(bytes.ptr, bytes.len, found.b);
	return gs_hash_equal(&found, hash);
}

static bool check_binding(const struct gs_tee_options *o, struct gs_tee_attestation *a)
{
	const struct gs_tee_document *d = &a->document;

	if ((o->signing_key.ptr || o->tls_certificate.ptr) && !a->is_bound)
		return gs_tee_refuse(&a->finding, GS_TEE_BINDING,
		                     "user_data: %zu bytes, must be 1220 || hash || 1220 || hash", d->user_data.len);
	if (o->signing_key.ptr && !is_hash_of(&a->binding.signing_key_sha256, o->signing_key))
		return gs_tee_refuse(&a->finding, GS_TEE_KEY_OTHER, "user_data: the second hash is not that key's");
	if (o->tls_certificate.ptr && !is_hash_of(&a->binding.tls_certificate_sha256, o->tls_certificate))
		return gs_tee_refuse(&a->finding, GS_TEE_TLS_OTHER,
		                     "user_data: the first hash is not that certificate's");
	if (o->nonce.ptr && !(d->has_nonce && gs_bytes_equal(d->nonce, o->nonce)))
		return gs_tee_refuse(&a->finding, GS_TEE_NONCE_OTHER, "nonce: not the %zu bytes asked for",
		                     o->nonce.len);
	return true;
}

static bool check_time(const struct gs_tee_options *o, struct gs_tee_attestation *a)
{
	const struct gs_tee_chain *chain = &a->chain;
	const struct gs_tee_certificate *leaf = &chain->certificate[chain->count - 1];
	const uint64_t at_s = o->at.unix_s, made_s = a->document.timestamp_ms / MS_PER_S;

	if (made_s < leaf->not_before_s || made_s > leaf->not_after_s)
		return gs_tee_refuse(&a->finding, GS_TEE_TIMESTAMP_LEAF,
		                     "timestamp: %" PRIu64 " s, the certificate lives from %" PRIu64 " to %" PRIu64,
		                     made_s, leaf->not_before_s, leaf->not_after_s);
	for (size_t i = 0; i < chain->count; i++) {
		const struct gs_tee_certificate *c = &chain->certificate[i];
		if (at_s < c->not_before_s)
			return gs_tee_refuse(&a->finding, GS_TEE_NOT_YET_VALID,
			                     "%s: from %" PRIu64 " on, asked for %" PRIu64, c->subject, c->not_before_s,
			                     at_s);
		if (at_s > c->not_after_s)
			return gs_tee_refuse(&a->finding, GS_TEE_EXPIRED, "%s: until %" PRIu64 ", asked for %" PRIu64,
			                     c->subject, c->not_after_s, at_s);
	}
	if (made_s > at_s && made_s - at_s > o->skew_s)
		return gs_tee_refuse(&a->finding, GS_TEE_FUTURE,
		                     "timestamp: %" PRIu64 " s, %" PRIu64 " s after the time asked for", made_s,
		                     made_s - at_s);
	if (o->age_s_max > 0 && made_s < at_s && at_s - made_s > o->age_s_max)
		return gs_tee_refuse(&a->finding, GS_TEE_STALE, "timestamp: %" PRIu64 " s old, at most %" PRIu64,
		                     at_s - made_s, o->age_s_max);
	return true;
}

enum gs_err gs_tee_verify(struct gs_bytes in, const struct gs_tee_options *options, struct gs_tee_attestation *out,
                          struct gs_error *error)
{
	memset(out, 0, sizeof(*out));
	out->readable = gs_tee_document_read(in, &out->document, &out->finding);
	if (!out->readable)
		return GS_OK;
	out->has_pcr_hash = gs_tee_pcr_hash(&out->document, &out->pcr_hash);
	out->is_bound = gs_tee_binding_read(&out->document, &out->binding);
	const enum gs_err err = gs_tee_chain_check(&out->document, &options->root_sha256, &out->chain, &out->finding,
	                                           error);
	if (err || out->finding.reason != GS_TEE_HOLDS)
		return err;
	if (check_image(options, out) && check_binding(options, out))
		(void)check_time(options, out);
	return GS_OK;
}
