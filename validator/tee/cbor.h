/* validator/tee/cbor.h: items of CBOR, one after another, over libcbor's streaming decoder, which takes no memory.
 *
 * A declared length is compared with the bytes that are there before anything else is done with it, and what is read is a view of the
 * input. There is no tree and no recursion: a reader asks for the item that its format has next, so nesting is as deep as its code.
 * Strings in pieces (of indefinite length) are refused; arrays and maps of indefinite length are told, for the format to decide. Source: RFC 8949, 3. */
#ifndef GS_VALIDATOR_TEE_CBOR_H
#define GS_VALIDATOR_TEE_CBOR_H

#include "chain/core/core.h"

struct gs_cbor { /* plain data */
	struct gs_bytes in;
	size_t at; /* of the next item; never behind the end */
};

enum gs_cbor_kind {
	GS_CBOR_UINT,
	GS_CBOR_NEGATIVE, /* -1 - value */
	GS_CBOR_BYTES,
	GS_CBOR_TEXT, /* not checked to be UTF-8 */
	GS_CBOR_ARRAY,
	GS_CBOR_MAP,
	GS_CBOR_NULL,
	GS_CBOR_BREAK, /* the end of an array or a map of indefinite length */
	GS_CBOR_OTHER, /* tags, floating-point numbers, other simple values: no format here has them */
};

struct gs_cbor_item {
	enum gs_cbor_kind kind;
	uint64_t value; /* of a number; how many elements an array, pairs a map has */
	bool open;      /* an array or map of indefinite length; value is 0 */
	bool shortest;  /* its head is in the shortest form (RFC 8949, 4.2.1) */
	struct gs_bytes string;
};

void gs_cbor_init(struct gs_cbor *c, struct gs_bytes in);
/* GS_EPARSE: no item is left, it ends behind the input, has no form of CBOR, or is a string in pieces. *c stays where it was then. */
GS_MUST enum gs_err gs_cbor_next(struct gs_cbor *c, struct gs_cbor_item *out);
bool gs_cbor_at_end(const struct gs_cbor *c);
/* For error lines: "a byte string". */
const char *gs_cbor_kind_name(enum gs_cbor_kind kind);

#endif
