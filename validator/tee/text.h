/* validator/tee/text.h: what people hand over as text: documents in base64 or hex, and lists of approved images. */
#ifndef GS_VALIDATOR_TEE_TEXT_H
#define GS_VALIDATOR_TEE_TEXT_H

#include "chain/core/buf.h"
#include "validator/tee/document.h"

enum {
	GS_TEE_TEXT_BYTES_MAX = 64 * 1024, /* of a document as text, with its line ends */
	GS_TEE_IMAGES_MAX = 1024,
	GS_TEE_IMAGES_BYTES_MAX = 1024 * 1024, /* of a list */
};

/* Appends the document's bytes to out: those of `in` where they are binary (no document begins like text), else those that its hex (0x...)
 * or base64 stands for; white space between digits does not count. Base64 is RFC 4648, 4, with its padding.
 * GS_EPARSE: text that is neither; GS_ENOMEM, GS_ELIMIT of out. */
GS_MUST enum gs_err gs_tee_text_decode(struct gs_bytes in, struct gs_buf *out, struct gs_error *error);

/* A list of approved images, one a line: a pcrHash (64 hex digits), or PCR0, PCR1 and PCR2 (96 hex digits each) with spaces between; `#` begins a
 * comment. GS_EPARSE names the line; also when there is none at all. GS_ELIMIT: more than max. */
GS_MUST enum gs_err gs_tee_images_parse(struct gs_bytes text, struct gs_hash *out, size_t max, size_t *count,
                                        struct gs_error *error);

#endif
