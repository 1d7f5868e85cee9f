/* validator/models/cid.h: names of content elsewhere: IPFS content identifiers, and blob ids of Walrus.
 *
 * A CID of version 1 with codec raw and a SHA-256 is the hash of the file itself, so the file is checked against it. Others (version 0, codec
 * dag-pb: the hash of a tree's root) are addresses only: what they lead to is checked by the model's id, as everything is.
 * Rule: https://github.com/multiformats/cid, multibase prefixes b (base32, lower case), z (base58btc) and f (base16). */
#ifndef GS_VALIDATOR_MODELS_CID_H
#define GS_VALIDATOR_MODELS_CID_H

#include "chain/core/core.h"

enum {
	GS_CID_TEXT_MAX = 128, /* of an identifier, with the final zero */
	GS_CID_BYTES_MAX = 64,
	GS_CID_RAW = 0x55, /* codecs: https://github.com/multiformats/multicodec */
	GS_CID_DAG_PB = 0x70,
	GS_BLOB_TEXT = 43, /* characters of a blob id: 32 bytes in base64url without padding */
};

struct gs_cid {
	unsigned version;
	uint64_t codec;
	bool is_file_hash; /* raw and SHA-256: sha256 is that of the file */
	struct gs_hash sha256;
};

/* GS_EPARSE: another form, a hash of another length, bytes behind it. */
GS_MUST enum gs_err gs_cid_parse(const char *text, struct gs_cid *out, struct gs_error *error);
/* The CID (version 1, raw, base32) of a file with this SHA-256 that is one block. */
void gs_cid_of_file(const struct gs_hash *sha256, char out[GS_CID_TEXT_MAX]);
/* GS_EPARSE: not 43 characters of base64url, or bits set behind the 32 bytes. */
GS_MUST enum gs_err gs_blob_id_check(const char *text, struct gs_error *error);

#endif
