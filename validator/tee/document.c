#include "validator/tee/document.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "chain/core/hash.h"
#include "validator/tee/cbor.h"

enum { PCR_BYTES = 48, SHA256_MULTIHASH = 34, COSE_SIGN1_TAG = 0xd2 /* tag 18 */ };

/* {1: -35}: the algorithm is ECDSA with SHA-384 (RFC 9053, 2.1). */
static const uint8_t es384[] = {0xa1, 0x01, 0x38, 0x22};

/* The next item, which must be of a kind; a view of where it stands for the words. */
static bool take(struct gs_cbor *c, enum gs_cbor_kind kind, const char *what, struct gs_cbor_item *item,
                 struct gs_tee_finding *why)
{
	const size_t at = c->at;

	if (gs_cbor_next(c, item) != GS_OK)
		return gs_tee_refuse(why, GS_TEE_CBOR, "%s: no item of CBOR at byte %zu of %zu", what, at, c->in.len);
	if (item->kind != kind)
		return gs_tee_refuse(why, GS_TEE_FIELD_TYPE, "%s: %s, must be %s", what, gs_cbor_kind_name(item->kind),
		                     gs_cbor_kind_name(kind));
	return true;
}

/* --- the envelope --- */

/* The same, in the one form that nobody else can change. */
static bool take_outer(struct gs_cbor *c, enum gs_cbor_kind kind, const char *what, struct gs_cbor_item *item,
                       struct gs_tee_finding *why)
{
	if (!take(c, kind, what, item, why)) {
		if (why->reason == GS_TEE_FIELD_TYPE)
			why->reason = GS_TEE_ENVELOPE;
		return false;
	}
	if (item->open || !item->shortest)
		return gs_tee_refuse(why, GS_TEE_ENVELOPE, "%s: not of definite length in the shortest form", what);
	return true;
}

static bool read_envelope(struct gs_bytes in, struct gs_tee_document *out, struct gs_tee_finding *why)
{
	struct gs_cbor_item item;
	struct gs_cbor c;

	/* Not every libcbor knows the tag, so that it is looked for here. */
	if (in.ptr[0] == COSE_SIGN1_TAG)
		return gs_tee_refuse(why, GS_TEE_ENVELOPE, "COSE_Sign1: tagged (d2); documents come without the tag");
	gs_cbor_init(&c, in);
	if (!take_outer(&c, GS_CBOR_ARRAY, "COSE_Sign1", &item, why))
		return false;
	if (item.value != 4)
		return gs_tee_refuse(why, GS_TEE_ENVELOPE, "COSE_Sign1: %" PRIu64 " elements, must be 4", item.value);
	if (!take_outer(&c, GS_CBOR_BYTES, "protected header", &item, why))
		return false;
	out->protected_header = item.string;
	if (!gs_bytes_equal(item.string, (struct gs_bytes){es384, sizeof(es384)}))
		return gs_tee_refuse(why, GS_TEE_ALGORITHM, "protected header: must be a1013822, {1: -35}");
	if (!take_outer(&c, GS_CBOR_MAP, "unprotected header", &item, why))
		return false;
	if (item.value != 0)
		return gs_tee_refuse(why, GS_TEE_UNPROTECTED, "unprotected header: must be empty");
	if (!take_outer(&c, GS_CBOR_BYTES, "payload", &item, why))
		return false;
	out->payload = item.string;
	if (item.string.len == 0 || item.string.len > GS_TEE_PAYLOAD_BYTES_MAX)
		return gs_tee_refuse(why, GS_TEE_PAYLOAD_SIZE, "payload: %zu bytes, must be 1 to %d", item.string.len,
		                     GS_TEE_PAYLOAD_BYTES_MAX);
	if (!take_outer(&c, GS_CBOR_BYTES, "signature", &item, why))
		return false;
	out->signature = item.string;
	if (item.string.len != GS_TEE_SIGNATURE_BYTES)
		return gs_tee_refuse(why, GS_TEE_SIGNATURE_SIZE, "signature: %zu bytes, must be %d", item.string.len,
		                     GS_TEE_SIGNATURE_BYTES);
	if (!gs_cbor_at_end(&c))
		return gs_tee_refuse(why, GS_TEE_TRAILING, "%zu bytes behind the document", in.len - c.at);
	return true;
}

/* --- the payload --- */

/* What is left of an array or a map: a count, or an end that is marked. */
struct rest {
	bool open;
	uint64_t count;
};

/* Whether another element is there; takes the mark of the end. False with why->reason set: neither. */
static bool more(struct gs_cbor *c, struct rest *rest, const char *what, struct gs_tee_finding *why)
{
	struct gs_cbor ahead = *c;
	struct gs_cbor_item item;

	if (!rest->open)
		return rest->count > 0 && rest->count-- > 0;
	if (gs_cbor_next(&ahead, &item) != GS_OK)
		return gs_tee_refuse(why, GS_TEE_CBOR, "%s: no item of CBOR at byte %zu of %zu", what, c->at,
		                     c->in.len);
	if (item.kind == GS_CBOR_BREAK)
		*c = ahead;
	return item.kind != GS_CBOR_BREAK;
}

static bool read_text(struct gs_cbor *c, const char *what, struct gs_bytes *out, struct gs_tee_finding *why)
{
	struct gs_cbor_item item;

	if (!take(c, GS_CBOR_TEXT, what, &item, why))
		return false;
	*out = item.string;
	return true;
}

static bool read_module_id(struct gs_cbor *c, struct gs_tee_document *d, struct gs_tee_finding *why)
{
	if (!read_text(c, "module_id", &d->module_id, why))
		return false;
	if (d->module_id.len == 0 || d->module_id.len > GS_TEE_MODULE_ID_MAX)
		return gs_tee_refuse(why, GS_TEE_MODULE_ID, "module_id: %zu characters, must be 1 to %d",
		                     d->module_id.len, GS_TEE_MODULE_ID_MAX);
	for (size_t i = 0; i < d->module_id.len; i++)
		if (d->module_id.ptr[i] < 0x20 || d->module_id.ptr[i] > 0x7e)
			return gs_tee_refuse(why, GS_TEE_MODULE_ID, "module_id: byte %zu is not printable ASCII", i);
	return true;
}

static bool read_digest(struct gs_cbor *c, struct gs_tee_document *d, struct gs_tee_finding *why)
{
	struct gs_bytes text;

	(void)d;
	if (!read_text(c, "digest", &text, why))
		return false;
	return (text.len == 6 && memcmp(text.ptr, "SHA384", 6) == 0) ||
	       gs_tee_refuse(why, GS_TEE_DIGEST, "digest: must be SHA384");
}

static bool read_timestamp(struct gs_cbor *c, struct gs_tee_document *d, struct gs_tee_finding *why)
{
	struct gs_cbor_item item;

	if (!take(c, GS_CBOR_UINT, "timestamp", &item, why))
		return false;
	d->timestamp_ms = item.value;
	return (item.value > 0 && item.value <= GS_TEE_TIMESTAMP_MS_MAX) ||
	       gs_tee_refuse(why, GS_TEE_TIMESTAMP, "timestamp: %" PRIu64 " ms since 1970", item.value);
}

static bool read_pcr(struct gs_cbor *c, struct gs_tee_document *d, struct gs_tee_finding *why)
{
	struct gs_cbor_item item;
	char what[16];

	if (!take(c, GS_CBOR_UINT, "index of a PCR", &item, why))
		return false;
	if (item.value >= GS_TEE_PCRS)
		return gs_tee_refuse(why, GS_TEE_PCR_INDEX, "PCR %" PRIu64 ": must be 0 to %d", item.value,
		                     GS_TEE_PCRS - 1);
	const unsigned index = (unsigned)item.value;
	snprintf(what, sizeof(what), "PCR %u", index);
	if (d->pcr_set >> index & 1)
		return gs_tee_refuse(why, GS_TEE_PCR_TWICE, "%s: there twice", what);
	if (!take(c, GS_CBOR_BYTES, what, &item, why))
		return false;
	const size_t len = item.string.len;
	if (len != 32 && len != 48 && len != 64)
		return gs_tee_refuse(why, GS_TEE_PCR_LENGTH, "%s: %zu bytes, must be 32, 48 or 64", what, len);
	d->pcr[index] = item.string;
	d->pcr_set |= UINT32_C(1) << index;
	return true;
}

static bool read_pcrs(struct gs_cbor *c, struct gs_tee_document *d, struct gs_tee_finding *why)
{
	struct gs_cbor_item item;

	if (!take(c, GS_CBOR_MAP, "pcrs", &item, why))
		return false;
	if (!item.open && (item.value == 0 || item.value > GS_TEE_PCRS))
		return gs_tee_refuse(why, GS_TEE_PCR_COUNT, "pcrs: %" PRIu64 ", must be 1 to %d", item.value,
		                     GS_TEE_PCRS);
	struct rest rest = {item.open, item.value};
	while (more(c, &rest, "pcrs", why))
		if (!read_pcr(c, d, why))
			return false;
	if (why->reason)
		return false;
	return d->pcr_set != 0 || gs_tee_refuse(why, GS_TEE_PCR_COUNT, "pcrs: none");
}

static bool read_der(struct gs_cbor *c, const char *what, struct gs_bytes *out, struct gs_tee_finding *why)
{
	struct gs_cbor_item item;

	if (!take(c, GS_CBOR_BYTES, what, &item, why))
		return false;
	*out = item.string;
	return (out->len > 0 && out->len <= GS_TEE_CERTIFICATE_BYTES_MAX) ||
	       gs_tee_refuse(why, GS_TEE_CERTIFICATE_LENGTH, "%s: %zu bytes, must be 1 to %d", what, out->len,
	                     GS_TEE_CERTIFICATE_BYTES_MAX);
}

static bool read_certificate(struct gs_cbor *c, struct gs_tee_document *d, struct gs_tee_finding *why)
{
	return read_der(c, "certificate", &d->certificate, why);
}

static bool read_cabundle(struct gs_cbor *c, struct gs_tee_document *d, struct gs_tee_finding *why)
{
	struct gs_cbor_item item;
	char what[24];

	if (!take(c, GS_CBOR_ARRAY, "cabundle", &item, why))
		return false;
	if (!item.open && (item.value == 0 || item.value > GS_TEE_CABUNDLE_MAX))
		return gs_tee_refuse(why, GS_TEE_CABUNDLE, "cabundle: %" PRIu64 " certificates, must be 1 to %d",
		                     item.value, GS_TEE_CABUNDLE_MAX);
	struct rest rest = {item.open, item.value};
	while (more(c, &rest, "cabundle", why)) {
		if (d->cabundle_count == GS_TEE_CABUNDLE_MAX)
			return gs_tee_refuse(why, GS_TEE_CABUNDLE, "cabundle: more than %d certificates",
			                     GS_TEE_CABUNDLE_MAX);
		snprintf(what, sizeof(what), "cabundle[%zu]", d->cabundle_count);
		if (!read_der(c, what, &d->cabundle[d->cabundle_count], why))
			return false;
		d->cabundle_count++;
	}
	if (why->reason)
		return false;
	return d->cabundle_count > 0 || gs_tee_refuse(why, GS_TEE_CABUNDLE, "cabundle: no certificate");
}

/* Null is absent: the hypervisor writes it where an enclave gave nothing. */
static bool read_optional(struct gs_cbor *c, const char *what, size_t min, size_t max, enum gs_tee_reason reason,
                          bool *has, struct gs_bytes *out, struct gs_tee_finding *why)
{
	struct gs_cbor ahead = *c;
	struct gs_cbor_item item;

	if (gs_cbor_next(&ahead, &item) == GS_OK && item.kind == GS_CBOR_NULL) {
		*c = ahead;
		return true;
	}
	if (!take(c, GS_CBOR_BYTES, what, &item, why))
		return false;
	if (item.string.len < min || item.string.len > max)
		return gs_tee_refuse(why, reason, "%s: %zu bytes, must be %zu to %zu", what, item.string.len, min, max);
	*has = true;
	*out = item.string;
	return true;
}

static bool read_public_key(struct gs_cbor *c, struct gs_tee_document *d, struct gs_tee_finding *why)
{
	return read_optional(c, "public_key", 1, GS_TEE_PUBLIC_KEY_BYTES_MAX, GS_TEE_PUBLIC_KEY, &d->has_public_key,
	                     &d->public_key, why);
}

static bool read_user_data(struct gs_cbor *c, struct gs_tee_document *d, struct gs_tee_finding *why)
{
	return read_optional(c, "user_data", 0, GS_TEE_USER_DATA_BYTES_MAX, GS_TEE_USER_DATA, &d->has_user_data,
	                     &d->user_data, why);
}

static bool read_nonce(struct gs_cbor *c, struct gs_tee_document *d, struct gs_tee_finding *why)
{
	return read_optional(c, "nonce", 0, GS_TEE_NONCE_BYTES_MAX, GS_TEE_NONCE, &d->has_nonce, &d->nonce, why);
}

static const struct {
	const char *name;
	bool mandatory;
	bool (*read)(struct gs_cbor *c, struct gs_tee_document *d, struct gs_tee_finding *why);
} fields[] = {
	{"module_id", true, read_module_id},
	{"digest", true, read_digest},
	{"timestamp", true, read_timestamp},
	{"pcrs", true, read_pcrs},
	{"certificate", true, read_certificate},
	{"cabundle", true, read_cabundle},
	{"public_key", false, read_public_key},
	{"user_data", false, read_user_data},
	{"nonce", false, read_nonce},
};

static size_t field_of(struct gs_bytes name)
{
	size_t i = 0;

	while (i < GS_ARRAY_LEN(fields) &&
	       (strlen(fields[i].name) != name.len || memcmp(fields[i].name, name.ptr, name.len) != 0))
		i++;
	return i;
}

static bool read_field(struct gs_cbor *c, unsigned *seen, struct gs_tee_document *d, struct gs_tee_finding *why)
{
	struct gs_cbor_item key;

	if (!take(c, GS_CBOR_TEXT, "name of a field", &key, why)) {
		if (why->reason == GS_TEE_FIELD_TYPE)
			why->reason = GS_TEE_PAYLOAD;
		return false;
	}
	const size_t i = field_of(key.string);
	if (i == GS_ARRAY_LEN(fields))
		return gs_tee_refuse(why, GS_TEE_FIELD_UNKNOWN, "payload: field '%.*s'",
		                     (int)(key.string.len < 40 ? key.string.len : 40), (const char *)key.string.ptr);
	if (*seen >> i & 1)
		return gs_tee_refuse(why, GS_TEE_FIELD_TWICE, "payload: field '%s'", fields[i].name);
	*seen |= 1U << i;
	return fields[i].read(c, d, why);
}

static bool read_payload(struct gs_tee_document *d, struct gs_tee_finding *why)
{
	struct gs_cbor_item item;
	struct gs_cbor c;
	unsigned seen = 0;

	gs_cbor_init(&c, d->payload);
	if (!take(&c, GS_CBOR_MAP, "payload", &item, why)) {
		if (why->reason == GS_TEE_FIELD_TYPE)
			why->reason = GS_TEE_PAYLOAD;
		return false;
	}
	/* A count is no promise that so many are there: each is read before the next, and one that is there twice ends it. */
	struct rest rest = {item.open, item.value};
	while (more(&c, &rest, "payload", why))
		if (!read_field(&c, &seen, d, why))
			return false;
	if (why->reason)
		return false;
	if (!gs_cbor_at_end(&c))
		return gs_tee_refuse(why, GS_TEE_TRAILING, "payload: %zu bytes behind its map", d->payload.len - c.at);
	for (size_t i = 0; i < GS_ARRAY_LEN(fields); i++)
		if (fields[i].mandatory && !(seen >> i & 1))
			return gs_tee_refuse(why, GS_TEE_FIELD_MISSING, "payload: field '%s'", fields[i].name);
	return true;
}

bool gs_tee_document_read(struct gs_bytes in, struct gs_tee_document *out, struct gs_tee_finding *why)
{
	memset(out, 0, sizeof(*out));
	memset(why, 0, sizeof(*why));
	if (in.len == 0 || in.len > GS_TEE_DOCUMENT_BYTES_MAX)
		return gs_tee_refuse(why, GS_TEE_SIZE, "%zu bytes, must be 1 to %d", in.len, GS_TEE_DOCUMENT_BYTES_MAX);
	return read_envelope(in, out, why) && read_payload(out, why);
}

/* --- what it says --- */

bool gs_tee_pcr_hash(const struct gs_tee_document *d, struct gs_hash *out)
{
	struct gs_keccak k;

	gs_keccak_init(&k);
	for (unsigned i = 0; i < 3; i++) {
		if (d->pcr[i].len != PCR_BYTES)
			return false;
		gs_keccak_update(&k, d->pcr[i].ptr, d->pcr[i].len);
	}
	gs_keccak_final(&k, out);
	return true;
}

bool gs_tee_is_debug(const struct gs_tee_document *d)
{
	for (size_t i = 0; i < d->pcr[0].len; i++)
		if (d->pcr[0].ptr[i] != 0)
			return false;
	return (d->pcr_set & 1) != 0;
}

bool gs_tee_binding_read(const struct gs_tee_document *d, struct gs_tee_binding *out)
{
	/* 0x12: SHA-256, 0x20: of 32 bytes (https://github.com/multiformats/multihash). */
	static const uint8_t prefix[2] = {0x12, 0x20};
	const uint8_t *p = d->user_data.ptr;

	if (d->user_data.len != GS_TEE_BINDING_BYTES || memcmp(p, prefix, 2) != 0 ||
	    memcmp(p + SHA256_MULTIHASH, prefix, 2) != 0)
		return false;
	memcpy(out->tls_certificate_sha256.b, p + 2, 32);
	memcpy(out->signing_key_sha256.b, p + SHA256_MULTIHASH + 2, 32);
	return true;
}
