/* validator/opengradient/finding.h: what a check can come to, of a leaf and of a batch: stable codes, and a reason in words.
 *
 * Invalid is a claim that its own evidence contradicts. Malformed is one that was never evidence: its poster left something out, or wrote it in a form that nothing
 * can be checked by. Unavailable is what could not be found out here; it says nothing about the claim. */
#ifndef GS_VALIDATOR_OPENGRADIENT_FINDING_H
#define GS_VALIDATOR_OPENGRADIENT_FINDING_H

#include "chain/core/core.h"

enum gs_finding_class { GS_CLASS_VALID, GS_CLASS_INVALID, GS_CLASS_MALFORMED, GS_CLASS_UNAVAILABLE };
enum { GS_FINDING_CLASSES = 4 };

enum gs_finding { /* append only: reports are compared by the codes */
	          GS_FINDING_VALID,

	          /* of a leaf */
	          GS_FINDING_SIGNATURE,        /* invalid: the TEE's key did not sign it */
	          GS_FINDING_NO_SIGNATURE,     /* malformed, as all to GS_FINDING_ENCODING */
	          GS_FINDING_SIGNATURE_LENGTH, /* not GS_TEE_SIGNATURE bytes */
	          GS_FINDING_FALLBACK_TEE,
	          GS_FINDING_FALLBACK_HASH,
	          GS_FINDING_ENCODING,
	          GS_FINDING_NO_KEY,      /* unavailable, as the next two: no such TEE at that block */
	          GS_FINDING_KEY_REFUSED, /* the registered key is not one of tee_key.h */
	          GS_FINDING_REGISTRY,    /* the registry could not be asked */

	          /* of a batch, or of a blob */
	          GS_FINDING_ROOT,         /* invalid, as the next: the values make another root */
	          GS_FINDING_COUNT,        /* another number of values */
	          GS_FINDING_BLOB_ID,      /* malformed, as all to GS_FINDING_UNSORTED */
	          GS_FINDING_BLOB_JSON,    /* not JSON */
	          GS_FINDING_BLOB_FORMAT,  /* no dump of a tree of settlements */
	          GS_FINDING_BLOB_TREE,    /* the dump's nodes are not those that its values make */
	          GS_FINDING_UNSORTED,     /* the root is that of its values, but they lie out of order */
	          GS_FINDING_BLOB_MISSING, /* unavailable, as the next two: the aggregator has none */
	          GS_FINDING_BLOB_UNREACHED,
	          GS_FINDING_BLOB_LIMIT, /* larger than is looked at */
	          GS_FINDING_EVENT,      /* malformed: the log itself cannot be read */

	          /* of a leaf whose signature holds: what else is known of it */
	          GS_FINDING_TEE_DISABLED,   /* invalid: the TEE was disabled at the block, and when it signed */
	          GS_FINDING_DISABLED_SINCE, /* unavailable: it was disabled between these two */
	          GS_FINDING_IMAGE,          /* invalid: its image was not approved at the block, nor when it signed */
	          GS_FINDING_IMAGE_SINCE,    /* unavailable: the image was revoked between these two */
	          GS_FINDING_IMAGE_UNKNOWN,  /* unavailable: which image it has, or whether that was approved */
	          GS_FINDING_DUPLICATE,      /* invalid: this very signature was settled before */
};
enum { GS_FINDINGS = GS_FINDING_DUPLICATE + 1 };

enum gs_finding_class gs_finding_class(enum gs_finding finding);
/* Lower-case words with dashes: "no-signature". */
const char *gs_finding_code(enum gs_finding finding);
/* One clause. */
const char *gs_finding_reason(enum gs_finding finding);
const char *gs_finding_class_name(enum gs_finding_class of);

#endif
