/* validator/opengradient/audit.h: one settlement after the other, held against its evidence: what each comes to (finding.h).
 *
 * Which key a TEE had is asked of whoever knows the registry at the block of the settlement. A leaf's checks go from what needs no key to what does: form, placeholders, then the
 * signature; a placeholder among the hashes is only named when the signature does not hold. */
#ifndef GS_VALIDATOR_OPENGRADIENT_AUDIT_H
#define GS_VALIDATOR_OPENGRADIENT_AUDIT_H

#include "validator/opengradient/blob.h"
#include "validator/opengradient/tee_key.h"

/* What posting software writes where there was no TEE. */
extern const struct gs_hash gs_fallback_tee;

struct gs_audit_keys {
	void *self;
	/* *key: of this TEE, borrowed until the next call. GS_ENOTFOUND: the registry knew none; GS_EUNSUPPORTED: it is refused (gs_tee_key_open); GS_EIO: the registry could not be
	 * asked. These three are findings; any other error ends the audit. */
	enum gs_err (*key)(void *self, const struct gs_hash *tee, struct gs_tee_key **key);
	/* Of a settlement whose signature holds: what else is known of it (standing.h; whether it was settled before). leaf: of the tree. *finding is GS_FINDING_VALID
	 * before. An error ends the audit. NULL: nothing else is asked. */
	enum gs_err (*also)(void *self, const struct gs_settlement *s, const struct gs_hash *leaf,
	                    enum gs_finding *finding);
};

/* One settlement. GS_ENOMEM, or an error of keys->key that is no finding. */
GS_MUST enum gs_err gs_audit_settlement(const struct gs_settlement *s, const struct gs_audit_keys *keys,
                                        enum gs_finding *finding);

struct gs_audit_batch {
	enum gs_finding finding;             /* of the batch */
	size_t leaves;                       /* in the blob */
	size_t count[GS_FINDINGS];           /* of leaves, by finding */
	size_t of_class[GS_FINDING_CLASSES]; /* of leaves */
};
/* Told of each leaf, in the order of the blob. */
typedef void (*gs_audit_told)(void *self, size_t index, const struct gs_blob_leaf *leaf, enum gs_finding finding);

/* A batch and all of its leaves. told may be NULL. Errors as above. */
GS_MUST enum gs_err gs_audit_blob(const struct gs_blob *blob, const struct gs_hash *root,
                                  const struct gs_u256 *batch_size, const struct gs_audit_keys *keys,
                                  gs_audit_told told, void *self, struct gs_audit_batch *out);

#endif
