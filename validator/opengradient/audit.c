#include "validator/opengradient/audit.h"

#include <string.h>

const struct gs_hash gs_fallback_tee = {{0xdd, 0xc2, 0x1f, 0x2d, 0x5d, 0x0a, 0xf8, 0x61, 0xb4, 0xfc, 0x13,
                                         0x90, 0xdf, 0x47, 0xf1, 0xc9, 0x3b, 0xc5, 0xae, 0xe5, 0x4e, 0x7e,
                                         0x31, 0x76, 0x3e, 0x97, 0x25, 0x6d, 0x56, 0x14, 0x82, 0x53}};
/* SHA-256 of no bytes, which is written for a body that is not there (FIPS 180-4). */
static const struct gs_hash sha256_of_nothing = {{0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
                                                  0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
                                                  0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55}};

static bool has_fallback_hash(const struct gs_settlement *s)
{
	return gs_hash_equal(&s->input, &sha256_of_nothing) || gs_hash_equal(&s->output, &sha256_of_nothing);
}

/* What is found without a key; GS_FINDING_VALID: nothing yet. */
static enum gs_finding form_of(const struct gs_settlement *s)
{
	if (s->signature.len == 0)
		return GS_FINDING_NO_SIGNATURE;
	if (gs_hash_equal(&s->tee, &gs_fallback_tee))
		return GS_FINDING_FALLBACK_TEE;
	if (s->signature.len != GS_TEE_SIGNATURE)
		return GS_FINDING_SIGNATURE_LENGTH;
	return GS_FINDING_VALID;
}

static enum gs_err audit_leaf(const struct gs_settlement *s, const struct gs_hash *leaf,
                              const struct gs_audit_keys *keys, enum gs_finding *finding)
{
	struct gs_tee_key *key = NULL;
	struct gs_hash message;
	bool valid = false;
	enum gs_err err;

	*finding = form_of(s);
	if (*finding != GS_FINDING_VALID)
		return GS_OK;
	err = keys->key(keys->self, &s->tee, &key);
	if (err == GS_ENOTFOUND || err == GS_EUNSUPPORTED || err == GS_EIO) {
		*finding = err == GS_ENOTFOUND      ? GS_FINDING_NO_KEY
		           : err == GS_EUNSUPPORTED ? GS_FINDING_KEY_REFUSED
		                                    : GS_FINDING_REGISTRY;
		return GS_OK;
	}
	if (err)
		return err;
	/* A registry that answers with another TEE's key has not answered. */
	if (!gs_hash_equal(gs_tee_key_id(key), &s->tee)) {
		*finding = GS_FINDING_KEY_REFUSED;
		return GS_OK;
	}
	gs_settlement_message(s, &message);
	err = gs_tee_key_verify(key, &message, s->signature, &valid);
	if (!err && !valid)
		*finding = has_fallback_hash(s) ? GS_FINDING_FALLBACK_HASH : GS_FINDING_SIGNATURE;
	return err || !valid || !keys->also ? err : keys->also(keys->self, s, leaf, finding);
}

enum gs_err gs_audit_settlement(const struct gs_settlement *s, const struct gs_audit_keys *keys,
                                enum gs_finding *finding)
{
	struct gs_hash leaf;

	gs_settlement_leaf(s, &leaf);
	return audit_leaf(s, &leaf, keys, finding);
}

enum gs_err gs_audit_blob(const struct gs_blob *blob, const struct gs_hash *root, const struct gs_u256 *batch_size,
                          const struct gs_audit_keys *keys, gs_audit_told told, void *self, struct gs_audit_batch *out)
{
	enum gs_err err;

	memset(out, 0, sizeof(*out));
	out->leaves = blob->leaves;
	err = gs_blob_check(blob, root, batch_size, &out->finding, NULL);
	for (size_t i = 0; i < blob->leaves && !err; i++) {
		const struct gs_blob_leaf *leaf = &blob->leaf[i];
		enum gs_finding finding = GS_FINDING_ENCODING;
		if (!leaf->what)
			err = audit_leaf(&leaf->settlement, &leaf->hash, keys, &finding);
		if (err)
			break;
		out->count[finding]++;
		out->of_class[gs_finding_class(finding)]++;
		if (told)
			told(self, i, leaf, finding);
	}
	return err;
}
