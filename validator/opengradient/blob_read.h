/* validator/opengradient/blob_read.h: the two readers of a blob (blob.h).
 *
 * Nearly all blobs are what OpenZeppelin's library writes, and most of the time of a reader of all JSON goes into building a tree of its values. So a reader of that one form comes first; it
 * takes a text or leaves it, and what it leaves is read by the other, which alone says what is wrong. Of a text that it takes both say the same: tests/unit/test_opengradient_readers.c. */
#ifndef GS_VALIDATOR_OPENGRADIENT_BLOB_READ_H
#define GS_VALIDATOR_OPENGRADIENT_BLOB_READ_H

#include "validator/opengradient/blob.h"

enum { GS_BLOB_MEMBERS = 5 };
/* Their ABI types. */
extern const char *const gs_blob_encoding[GS_BLOB_MEMBERS];

/* Whether the text is a dump in plain form; *out is then the caller's (gs_blob_free), and untouched otherwise. Plain: format, leafEncoding, tree and values, in this order and nothing else; in each
 * value its two members, in any order; strings without escapes, numbers of at most 18 digits without sign, point or exponent; every value of its type. Spaces may stand wherever JSON
 * lets them. Also false: no memory, or above a limit of blob.h. */
GS_MUST bool gs_blob_read_plain(struct gs_bytes text, struct gs_blob *out);

/* As gs_blob_read. */
GS_MUST enum gs_err gs_blob_read_json(struct gs_bytes text, struct gs_blob *out, enum gs_finding *finding,
                                      struct gs_error *error);

#endif
