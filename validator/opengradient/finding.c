#include "validator/opengradient/finding.h"

struct row {
	enum gs_finding_class of;
	const char *code, *reason;
};

static const struct row rows[GS_FINDINGS] = {
	[GS_FINDING_VALID] = {GS_CLASS_VALID, "valid", "every check holds"},
	[GS_FINDING_SIGNATURE] = {GS_CLASS_INVALID, "signature", "the key of the TEE did not sign this"},
	[GS_FINDING_NO_SIGNATURE] = {GS_CLASS_MALFORMED, "no-signature", "the signature is empty (0x)"},
	[GS_FINDING_SIGNATURE_LENGTH] = {GS_CLASS_MALFORMED, "signature-length", "the signature has not 256 bytes"},
	[GS_FINDING_FALLBACK_TEE] = {GS_CLASS_MALFORMED, "fallback-tee",
                                     "the TEE is the placeholder that is written where there was none"},
	[GS_FINDING_FALLBACK_HASH] = {GS_CLASS_MALFORMED, "fallback-hash",
                                      "a hash is a known placeholder, not what a TEE hashed"},
	[GS_FINDING_ENCODING] = {GS_CLASS_MALFORMED, "encoding", "a value is not of its type"},
	[GS_FINDING_NO_KEY] = {GS_CLASS_UNAVAILABLE, "no-key", "the registry knew no such TEE at that block"},
	[GS_FINDING_KEY_REFUSED] = {GS_CLASS_UNAVAILABLE, "key-refused",
                                    "the registered key is not RSA-2048 with exponent 65537"},
	[GS_FINDING_REGISTRY] = {GS_CLASS_UNAVAILABLE, "registry", "the registry could not be asked at that block"},
	[GS_FINDING_ROOT] = {GS_CLASS_INVALID, "root", "the values in the blob make another root"},
	[GS_FINDING_COUNT] = {GS_CLASS_INVALID, "count", "the batch was settled with another number of leaves"},
	[GS_FINDING_BLOB_ID] = {GS_CLASS_MALFORMED, "blob-id", "the blob id is not base64url text of 32 bytes"},
	[GS_FINDING_BLOB_JSON] = {GS_CLASS_MALFORMED, "blob-json", "the blob is not JSON"},
	[GS_FINDING_BLOB_FORMAT] = {GS_CLASS_MALFORMED, "blob-format", "the blob is no tree of settlements"},
	[GS_FINDING_BLOB_TREE] = {GS_CLASS_MALFORMED, "blob-tree",
                                  "the values make the root, but the nodes in the blob are others"},
	[GS_FINDING_UNSORTED] = {GS_CLASS_MALFORMED, "unsorted", "the values make the root, but not in sorted order"},
	[GS_FINDING_BLOB_MISSING] = {GS_CLASS_UNAVAILABLE, "blob-missing", "no aggregator has the blob"},
	[GS_FINDING_BLOB_UNREACHED] = {GS_CLASS_UNAVAILABLE, "blob-unreached", "no aggregator could be asked"},
	[GS_FINDING_BLOB_LIMIT] = {GS_CLASS_UNAVAILABLE, "blob-limit", "the blob is larger than is looked at"},
	[GS_FINDING_EVENT] = {GS_CLASS_MALFORMED, "event", "the log cannot be read"},
	[GS_FINDING_TEE_DISABLED] = {GS_CLASS_INVALID, "tee-disabled", "the TEE was disabled when it signed this"},
	[GS_FINDING_DISABLED_SINCE] = {GS_CLASS_UNAVAILABLE, "disabled-since",
                                       "the TEE was disabled after the time that it signed, before the settlement"},
	[GS_FINDING_IMAGE] = {GS_CLASS_INVALID, "image", "the TEE's image was not approved when it signed this"},
	[GS_FINDING_IMAGE_SINCE] = {GS_CLASS_UNAVAILABLE, "image-since",
                                    "the TEE's image was revoked after the time that it signed, before the settlement"},
	[GS_FINDING_IMAGE_UNKNOWN] = {GS_CLASS_UNAVAILABLE, "image-unknown",
                                      "whether the TEE's image was approved is not known"},
	[GS_FINDING_DUPLICATE] = {GS_CLASS_INVALID, "duplicate", "this very signature was settled before"},
};

enum gs_finding_class gs_finding_class(enum gs_finding finding)
{
	return rows[finding].of;
}

const char *gs_finding_code(enum gs_finding finding)
{
	return rows[finding].code;
}

const char *gs_finding_reason(enum gs_finding finding)
{
	return rows[finding].reason;
}

const char *gs_finding_class_name(enum gs_finding_class of)
{
	switch (of) {
	case GS_CLASS_VALID: return "valid";
	case GS_CLASS_INVALID: return "invalid";
	case GS_CLASS_MALFORMED: return "malformed";
	case GS_CLASS_UNAVAILABLE: return "unavailable";
	}
	return "?";
}
