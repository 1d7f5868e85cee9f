/* gainsay tee: whether the attestation document of an enclave holds, and for which keys. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/pem.h>
#include <openssl/x509.h>

#include "chain/core/hash.h"
#include "storage/textfile.h"
#include "validator/cli/commands.h"
#include "validator/cli/model_json.h"
#include "validator/opengradient/registry.h"
#include "validator/tee/attestation.h"
#include "validator/tee/text.h"

enum { TIME_TEXT_MAX = 32, KEY_FILE_BYTES_MAX = 64 * 1024, NONCE_DIGITS_MAX = 2 * GS_TEE_NONCE_BYTES_MAX };

struct wanted {
	const char *path, *at, *pcrs, *root, *key, *tls, *nonce;
	uint64_t age_s_max;
	bool debug_allowed, json;
};

/* What the options point to. */
struct held {
	struct gs_buf document, key, tls;
	struct gs_hash *images;
	uint8_t nonce[GS_TEE_NONCE_BYTES_MAX];
};

/* --- reading --- */

static void time_text(uint64_t at_s, char out[TIME_TEXT_MAX])
{
	const time_t at = (time_t)at_s;
	struct tm tm;

	if (!gmtime_r(&at, &tm) || strftime(out, TIME_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(out, TIME_TEXT_MAX, "%" PRIu64, at_s);
}

/* Seconds since 1970, or a date and time in UTC. */
static bool read_time(const char *text, uint64_t *out_s)
{
	struct tm tm = {0};
	char *end;
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);

	if (rest && *rest == 0) {
		const time_t at = timegm(&tm);
		*out_s = (uint64_t)at;
		return at >= 0;
	}
	errno = 0;
	*out_s = strtoull(text, &end, 10);
	return errno == 0 && end != text && *end == 0 && strspn(text, "0123456789") == strlen(text) &&
	       *out_s <= GS_TEE_TIMESTAMP_MS_MAX / 1000;
}

static enum gs_err read_document(const char *path, struct gs_buf *out, struct gs_error *error)
{
	struct gs_buf text;

	gs_buf_init(&text, GS_TEE_TEXT_BYTES_MAX);
	enum gs_err err = gs_textfile_read(strcmp(path, "-") == 0 ? "/dev/stdin" : path, &text, error);
	if (!err && (err = gs_tee_text_decode(gs_buf_view(&text), out, error)))
		err = gs_fail_within(error, err, "%s", path);
	gs_buf_free(&text);
	return err;
}

/* PEM or DER, as DER. */
static enum gs_err read_der(const char *path, bool is_key, struct gs_buf *out, struct gs_error *error)
{
	struct gs_buf text;
	uint8_t *der = NULL;
	int len = -1;

	gs_buf_init(&text, KEY_FILE_BYTES_MAX);
	enum gs_err err = gs_textfile_read(path, &text, error);
	BIO *bio = err ? NULL : BIO_new_mem_buf(text.ptr, (int)text.len);
	const uint8_t *p = text.ptr;
	if (bio && is_key) {
		EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
		if (!key && (key = d2i_PUBKEY(NULL, &p, (long)text.len)) && p != text.ptr + text.len) {
			EVP_PKEY_free(key);
			key = NULL;
		}
		len = key ? i2d_PUBKEY(key, &der) : -1;
		EVP_PKEY_free(key);
	} else if (bio) {
		X509 *x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);
		if (!x509 && (x509 = d2i_X509(NULL, &p, (long)text.len)) && p != text.ptr + text.len) {
			X509_free(x509);
			x509 = NULL;
		}
		len = x509 ? i2d_X509(x509, &der) : -1;
		X509_free(x509);
	}
	BIO_free(bio);
	if (!err && len <= 0)
		err = gs_fail(error, GS_EPARSE, "%s: no %s in PEM or DER", path,
		              is_key ? "public key (SubjectPublicKeyInfo)" : "certificate");
	if (!err)
		gs_buf_append(out, der, (size_t)len);
	if (!err && out->err)
		err = gs_fail(error, out->err, "%s: too large", path);
	OPENSSL_free(der);
	gs_buf_free(&text);
	return err;
}

static enum gs_err read_images(const char *given, struct gs_hash *out, size_t *count, struct gs_error *error)
{
	const size_t len = strlen(given), skip = strncmp(given, "0x", 2) == 0 ? 2 : 0;
	struct gs_buf text;
	enum gs_err err;

	if (len - skip == 64 && strspn(given + skip, "0123456789abcdefABCDEF") == 64) {
		*count = 1;
		return gs_hex_decode(given, len, out->b, sizeof(out->b));
	}
	gs_buf_init(&text, GS_TEE_IMAGES_BYTES_MAX);
	err = gs_textfile_read(given, &text, error);
	if (!err && (err = gs_tee_images_parse(gs_buf_view(&text), out, GS_TEE_IMAGES_MAX, count, error)))
		err = gs_fail_within(error, err, "%s", given);
	gs_buf_free(&text);
	return err;
}

/* Where a registration's calldata is given, its document, with the keys that it registers: these are what it has to bind. */
static enum gs_err take_registration(const char *path, struct held *h, struct gs_tee_options *o, struct gs_error *error)
{
	struct gs_registration r;
	struct gs_buf document;
	const enum gs_err err = gs_registration_read(gs_buf_view(&h->document), &r);

	if (err == GS_ENOTFOUND)
		return GS_OK;
	if (err)
		return gs_fail(error, err, "%s: begins like a call of registerTEEWithAttestation, but has not its form",
		               path);
	gs_buf_append(&h->key, r.signing_key.ptr, r.signing_key.len);
	gs_buf_append(&h->tls, r.tls_certificate.ptr, r.tls_certificate.len);
	gs_buf_init(&document, GS_TEE_TEXT_BYTES_MAX);
	gs_buf_append(&document, r.attestation.ptr, r.attestation.len);
	gs_buf_free(&h->document); /* what r shows lay there */
	h->document = document;
	if (h->key.err || h->tls.err || h->document.err)
		return gs_fail(error, GS_ENOMEM, "tee: no memory");
	o->signing_key = gs_buf_view(&h->key);
	o->tls_certificate = gs_buf_view(&h->tls);
	return GS_OK;
}

/* The document's own time, where that is asked for; what is no document fails on its own account. */
static uint64_t own_time(const struct gs_buf *document)
{
	struct gs_tee_document d;
	struct gs_tee_finding why;

	return gs_tee_document_read(gs_buf_view(document), &d, &why) ? d.timestamp_ms / 1000 : 0;
}

static enum gs_err read_options(const struct wanted *w, struct held *h, struct gs_tee_options *o,
                                struct gs_error *error)
{
	struct gs_tee_options registered = {0};
	uint64_t at_s = (uint64_t)time(NULL);
	enum gs_err err = read_document(w->path, &h->document, error);

	if (!err)
		err = take_registration(w->path, h, &registered, error);
	if (err)
		return err;
	if (w->at && strcmp(w->at, "document") == 0)
		at_s = own_time(&h->document);
	else if (w->at && strcmp(w->at, "now") != 0 && !read_time(w->at, &at_s))
		return gs_fail(error, GS_EINVAL,
		               "--at %s: say seconds since 1970, 2026-02-12T18:00:00Z, now or document", w->at);
	gs_tee_options_init(o, (struct gs_time){at_s});
	o->age_s_max = w->age_s_max;
	o->debug_allowed = w->debug_allowed;
	o->signing_key = registered.signing_key;
	o->tls_certificate = registered.tls_certificate;
	if (registered.signing_key.ptr && (w->key || w->tls))
		return gs_fail(error, GS_EINVAL, "%s registers keys of its own: leave out --key and --tls", w->path);
	if (w->root && gs_hex_decode(w->root, strlen(w->root), o->root_sha256.b, sizeof(o->root_sha256.b)) != GS_OK)
		return gs_fail(error, GS_EINVAL, "--root %s: must be the SHA-256 of the root's DER, 64 hex digits",
		               w->root);
	if (w->pcrs) {
		h->images = calloc(GS_TEE_IMAGES_MAX, sizeof(*h->images));
		if (!h->images)
			return gs_fail(error, GS_ENOMEM, "tee: no memory");
		o->approved = h->images;
		err = read_images(w->pcrs, h->images, &o->approved_count, error);
	}
	if (!err && w->key) {
		err = read_der(w->key, true, &h->key, error);
		o->signing_key = gs_buf_view(&h->key);
	}
	if (!err && w->tls) {
		err = read_der(w->tls, false, &h->tls, error);
		o->tls_certificate = gs_buf_view(&h->tls);
	}
	if (!err && w->nonce) {
		const size_t digits = strlen(w->nonce) - (strncmp(w->nonce, "0x", 2) == 0 ? 2 : 0);
		if (digits > NONCE_DIGITS_MAX || digits % 2 != 0 ||
		    gs_hex_decode(w->nonce, strlen(w->nonce), h->nonce, digits / 2) != GS_OK)
			return gs_fail(error, GS_EINVAL, "--nonce %s: must be hex digits, two a byte", w->nonce);
		o->nonce = (struct gs_bytes){h->nonce, digits / 2};
	}
	return err;
}

/* --- telling --- */

static json_t *hex_json(struct gs_bytes bytes)
{
	struct gs_buf text;
	json_t *out;

	gs_buf_init(&text, 2 * GS_TEE_DOCUMENT_BYTES_MAX + 3);
	char *at = (char *)gs_buf_extend(&text, 2 * bytes.len + 3);
	if (at)
		gs_hex_encode(bytes.ptr, bytes.len, true, at);
	out = at ? json_string(at) : NULL;
	gs_buf_free(&text);
	return out;
}

static json_t *hash_json(const struct gs_hash *h)
{
	return hex_json((struct gs_bytes){h->b, sizeof(h->b)});
}

static json_t *optional_json(bool has, struct gs_bytes bytes)
{
	return has ? hex_json(bytes) : json_null();
}

static json_t *chain_json(const struct gs_tee_chain *chain)
{
	json_t *out = json_array();
	char from[TIME_TEXT_MAX], until[TIME_TEXT_MAX];

	for (size_t i = 0; i < chain->count; i++) {
		const struct gs_tee_certificate *c = &chain->certificate[i];
		time_text(c->not_before_s, from);
		time_text(c->not_after_s, until);
		json_array_append_new(out, json_pack("{s:s, s:s, s:s, s:o}", "subject", c->subject, "not_before", from,
		                                     "not_after", until, "sha256", hash_json(&c->sha256)));
	}
	return out;
}

static json_t *document_json(const struct gs_tee_attestation *a)
{
	const struct gs_tee_document *d = &a->document;
	json_t *pcrs = json_object();
	char name[8], made[TIME_TEXT_MAX];

	if (!a->readable) {
		json_decref(pcrs);
		return json_null();
	}
	for (unsigned i = 0; i < GS_TEE_PCRS; i++)
		if (d->pcr_set >> i & 1) {
			snprintf(name, sizeof(name), "%u", i);
			json_object_set_new(pcrs, name, hex_json(d->pcr[i]));
		}
	time_text(d->timestamp_ms / 1000, made);
	return json_pack("{s:s%, s:s, s:I, s:o, s:o, s:o, s:o, s:o}", "module_id", (const char *)d->module_id.ptr,
	                 d->module_id.len, "time", made, "timestamp_ms", (json_int_t)d->timestamp_ms, "pcrs", pcrs,
	                 "pcr_hash", a->has_pcr_hash ? hash_json(&a->pcr_hash) : json_null(), "public_key",
	                 optional_json(d->has_public_key, d->public_key), "user_data",
	                 optional_json(d->has_user_data, d->user_data), "nonce", optional_json(d->has_nonce, d->nonce));
}

static json_t *binding_json(const struct gs_tee_attestation *a)
{
	return a->is_bound ? json_pack("{s:o, s:o}", "tls_certificate_sha256",
	                               hash_json(&a->binding.tls_certificate_sha256), "signing_key_sha256",
	                               hash_json(&a->binding.signing_key_sha256))
	                   : json_null();
}

static json_t *tee_id_json(const struct gs_tee_options *o)
{
	struct gs_hash id;

	if (!o->signing_key.ptr)
		return json_null();
	gs_keccak256(o->signing_key.ptr, o->signing_key.len, &id);
	return hash_json(&id);
}

static int print_json(const struct gs_tee_attestation *a, const struct gs_tee_options *o)
{
	char at[TIME_TEXT_MAX];

	time_text(o->at.unix_s, at);
	return gs_json_print(json_pack(
		"{s:b, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "holds", a->finding.reason == GS_TEE_HOLDS, "reason",
		gs_tee_reason_name(a->finding.reason), "words", gs_tee_reason_words(a->finding.reason), "detail",
		a->finding.detail, "at", at, "document", document_json(a), "binding", binding_json(a), "tee_id",
		tee_id_json(o), "chain", chain_json(&a->chain)));
}

static void print_hex(const char *name, const uint8_t *bytes, size_t len)
{
	printf("%-14s ", name);
	for (size_t i = 0; i < len; i++)
		printf("%02x", bytes[i]);
	printf("\n");
}

/* Of the enclave's registers those that are not zero: the others say nothing. */
static void print_pcrs(const struct gs_tee_document *d)
{
	static const uint8_t zero[64];
	char name[16];

	for (unsigned i = 0; i < GS_TEE_PCRS; i++)
		if ((d->pcr_set >> i & 1) && memcmp(d->pcr[i].ptr, zero, d->pcr[i].len) != 0) {
			snprintf(name, sizeof(name), "PCR %u", i);
			print_hex(name, d->pcr[i].ptr, d->pcr[i].len);
		}
}

static void print_text(const struct gs_tee_attestation *a, const struct gs_tee_options *o, const char *path)
{
	const struct gs_tee_document *d = &a->document;
	char from[TIME_TEXT_MAX], until[TIME_TEXT_MAX];
	struct gs_hash id;

	if (a->readable) {
		time_text(d->timestamp_ms / 1000, from);
		printf("%-14s %.*s\n", "module", (int)d->module_id.len, (const char *)d->module_id.ptr);
		printf("%-14s %s\n", "made", from);
		print_pcrs(d);
		if (a->has_pcr_hash)
			print_hex("pcrHash", a->pcr_hash.b, sizeof(a->pcr_hash.b));
	}
	if (a->is_bound) {
		print_hex("signing key", a->binding.signing_key_sha256.b, 32);
		print_hex("TLS", a->binding.tls_certificate_sha256.b, 32);
	}
	if (o->signing_key.ptr) {
		gs_keccak256(o->signing_key.ptr, o->signing_key.len, &id);
		print_hex("TEE id", id.b, sizeof(id.b));
	}
	for (size_t i = 0; i < a->chain.count; i++) {
		const struct gs_tee_certificate *c = &a->chain.certificate[i];
		time_text(c->not_before_s, from);
		time_text(c->not_after_s, until);
		printf("%-14s %s to %s  %s\n", i == 0 ? "chain" : "", from, until, c->subject);
	}
	time_text(o->at.unix_s, from);
	printf("%s at %s: %s", a->finding.reason ? "DOES NOT HOLD" : "holds", from, path);
	if (a->finding.reason)
		printf(" %s (%s; %s)", gs_tee_reason_words(a->finding.reason), gs_tee_reason_name(a->finding.reason),
		       a->finding.detail);
	printf("\n");
}

static int verify(const struct wanted *w)
{
	struct held h = {0};
	struct gs_tee_options o = {0};
	struct gs_tee_attestation a;
	struct gs_error error = {0};
	int code;

	gs_buf_init(&h.document, GS_TEE_TEXT_BYTES_MAX);
	gs_buf_init(&h.key, KEY_FILE_BYTES_MAX);
	gs_buf_init(&h.tls, KEY_FILE_BYTES_MAX);
	enum gs_err err = read_options(w, &h, &o, &error);
	if (!err)
		err = gs_tee_verify(gs_buf_view(&h.document), &o, &a, &error);
	if (err) {
		code = err == GS_EINVAL ? gs_cli_misused("%s", error.text) : gs_cli_fail(&error);
	} else {
		code = GS_EXIT_OK;
		if (w->json)
			code = print_json(&a, &o);
		else
			print_text(&a, &o, w->path);
		if (a.finding.reason != GS_TEE_HOLDS)
			code = GS_EXIT_FAILED;
	}
	free(h.images);
	gs_buf_free(&h.document);
	gs_buf_free(&h.key);
	gs_buf_free(&h.tls);
	return code;
}

int gs_cmd_tee(int argc, char **argv)
{
	struct wanted w = {0};
	const struct gs_flag flags[] = {
		{.name = "at",
	         .kind = GS_FLAG_TEXT,
	         .value = "TIME",
	         .help = "the time to ask for: seconds since 1970, 2026-02-12T18:00:00Z, now (default), or document: its own",
	         .out = &w.at},
		{.name = "pcrs",
	         .kind = GS_FLAG_TEXT,
	         .value = "FILE|HASH",
	         .help = "approved images: a pcrHash, or a file of lines with a pcrHash or PCR0 PCR1 PCR2",
	         .out = &w.pcrs},
		{.name = "key",
	         .kind = GS_FLAG_TEXT,
	         .value = "FILE",
	         .help = "the signing key that it must bind, PEM or DER",
	         .out = &w.key},
		{.name = "tls",
	         .kind = GS_FLAG_TEXT,
	         .value = "FILE",
	         .help = "the TLS certificate that it must bind, PEM or DER",
	         .out = &w.tls},
		{.name = "nonce",
	         .kind = GS_FLAG_TEXT,
	         .value = "HEX",
	         .help = "the nonce that it must have",
	         .out = &w.nonce},
		{.name = "max-age-s",
	         .kind = GS_FLAG_U64,
	         .value = "S",
	         .help = "how old it may be at that time (default: while its certificates live)",
	         .out = &w.age_s_max},
		{.name = "root",
	         .kind = GS_FLAG_TEXT,
	         .value = "HASH",
	         .help = "SHA-256 of the root certificate's DER (default: that of AWS)",
	         .out = &w.root},
		{.name = "allow-debug",
	         .kind = GS_FLAG_BOOL,
	         .help = "take an enclave in debug mode, too",
	         .out = &w.debug_allowed},
		{.name = "json", .kind = GS_FLAG_BOOL, .help = "print JSON", .out = &w.json}};
	struct gs_cli cli = {
		.usage =
			"gainsay tee verify FILE [--at TIME] [--pcrs FILE|HASH] [--key FILE] [--tls FILE] [--nonce HEX] [--json]",
		.about =
			"Checks an attestation document of AWS Nitro Enclaves (binary, base64, or hex from 0x on; -: standard input), or that of a\n"
			"call of registerTEEWithAttestation (its calldata, with the keys that it registers): its form,\n"
			"the chain of certificates to AWS's root, the signature, and what the options ask for. Its certificate lives for hours:\n"
			"ask for the time at which it was shown, such as that of the block in which its TEE was registered.\n"
			"\n"
			"  gainsay tee verify document.b64 --at 2026-02-12T18:00:00Z\n"
			"  gainsay tee verify document.b64 --at 1770919200 --pcrs approved.txt --key tee.pem --json\n"
			"\n"
			"Exit code 0: it holds; 1: it does not (a line says why, and whether only for the time), or cannot be read; 2: misused.",
		.flags = flags,
		.flag_count = GS_ARRAY_LEN(flags),
		.args_min = 2,
		.args_max = 2};
	const int code = gs_cli_parse(&cli, argc, argv);

	if (code != GS_CLI_GO_ON)
		return code;
	if (strcmp(cli.arg[0], "verify") != 0)
		return gs_cli_misused("tee: %s: say 'tee verify FILE'", cli.arg[0]);
	w.path = cli.arg[1];
	return verify(&w);
}
