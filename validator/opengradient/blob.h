/* validator/opengradient/blob.h: the blob of a batch: a dump of its tree as JSON, read within limits, and held against the chain.
 *
 *     {"format": "standard-v1", "leafEncoding": ["bytes32", "bytes32", "bytes32", "bytes", "uint256"],
 *      "tree": ["0x..", ..],                                  the nodes as they lie (standard_tree.h)
 *      "values": [{"value": [teeId, inputHash, outputHash, signature, timestamp], "treeIndex": 6}, ..]}
 *
 * Hashes and signatures are hex with 0x; a timestamp is a whole number, or one as text, decimal or hex. Other members are passed over, as OpenZeppelin's library does. A value that
 * is not of its type spoils its leaf alone: what the tree holds in its place stands for it, so that the others still lead to the root. */
#ifndef GS_VALIDATOR_OPENGRADIENT_BLOB_H
#define GS_VALIDATOR_OPENGRADIENT_BLOB_H

#include "chain/core/buf.h"
#include "validator/opengradient/finding.h"
#include "validator/opengradient/settlement.h"
#include "validator/opengradient/standard_tree.h"

enum {
	GS_BLOB_BYTES_MAX = 32 * 1024 * 1024,
	GS_BLOB_DEPTH_MAX = 8,                            /* of lists and objects within each other; a dump has four */
	GS_BLOB_VALUES_MAX = 16 * GS_STANDARD_LEAVES_MAX, /* of JSON, of all kinds; a dump has some ten a leaf */
	GS_BLOB_SIGNATURE_MAX = 4096,                     /* bytes */
};

struct gs_blob_leaf {
	struct gs_settlement settlement; /* its signature is a view into the blob; as far as it could be read */
	struct gs_hash hash;             /* of the leaf; that of the dump's node when `what` is set */
	uint32_t place;                  /* treeIndex */
	const char *what;                /* NULL, or why a value is not of its type: GS_FINDING_ENCODING */
};

struct gs_blob {
	struct gs_blob_leaf *leaf; /* owned, in the order of "values" */
	size_t leaves;
	struct gs_hash *node; /* owned: "tree"; 2 * leaves - 1 of them */
	uint8_t *signatures;  /* owned: what the leaves' views lead into */
};

/* GS_EPARSE and *finding (GS_FINDING_BLOB_JSON, GS_FINDING_BLOB_FORMAT): it is no such dump, as *error says. GS_ELIMIT and GS_FINDING_BLOB_LIMIT: a named limit. GS_ENOMEM.
 * *out is the caller's (gs_blob_free). */
GS_MUST enum gs_err gs_blob_read(struct gs_bytes text, struct gs_blob *out, enum gs_finding *finding,
                                 struct gs_error *error);
void gs_blob_free(struct gs_blob *blob); /* twice is fine */

/* Builds the tree again from the values and holds it against what stands on chain. *finding: GS_FINDING_VALID, _ROOT, _COUNT, _UNSORTED or _BLOB_TREE; *root, which may be NULL: of the values
 * in sorted order. GS_ENOMEM. */
GS_MUST enum gs_err gs_blob_check(const struct gs_blob *blob, const struct gs_hash *on_chain,
                                  const struct gs_u256 *batch_size, enum gs_finding *finding, struct gs_hash *root);

/* Appends the dump of these settlements and the tree of their leaves. */
void gs_blob_write(const struct gs_settlement *settlement, const struct gs_standard_tree *tree, struct gs_buf *out);

#endif
