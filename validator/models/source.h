/* validator/models/source.h: where models' files are had from, and the addresses there.
 *
 *     folder:/srv/models                          every .gsp and .onnx file in it, whatever its name
 *     https://models.example/{model}.gsp          {model}: the id, {sha256}: the file's SHA-256, 64 hex digits each
 *     ipfs:https://gateway.example                GET /ipfs/CID (https://specs.ipfs.tech/http-gateways/path-gateway/)
 *     walrus:https://aggregator.example           GET /v1/blobs/ID (https://docs.wal.app, HTTP API of an aggregator)
 *     index                                       the address that the index has for the model
 *
 * Which CID, blob or address a model has stands in the operator's index, a JSON file. Without an entry the CID of a file whose SHA-256 is known
 * is that of the file as one raw block. Nothing that comes from a chain becomes part of an address but the digits of two hashes. */
#ifndef GS_VALIDATOR_MODELS_SOURCE_H
#define GS_VALIDATOR_MODELS_SOURCE_H

#include "validator/models/cid.h"

enum {
	GS_MODEL_SOURCE_MAX = 1024, /* of a source as text, and of an address */
	GS_MODEL_SOURCES_MAX = 8,
	GS_MODEL_INDEX_BYTES_MAX = 32 * 1024 * 1024,
	GS_MODEL_INDEX_ENTRIES_MAX = 65536,
};

enum gs_model_source_kind {
	GS_MODEL_SOURCE_FOLDER,
	GS_MODEL_SOURCE_WEB,
	GS_MODEL_SOURCE_IPFS,
	GS_MODEL_SOURCE_WALRUS,
	GS_MODEL_SOURCE_INDEX,
};

struct gs_model_source {
	enum gs_model_source_kind kind;
	char at[GS_MODEL_SOURCE_MAX]; /* the folder, the address, or "" */
};

/* GS_EINVAL: none of the forms above. */
GS_MUST enum gs_err gs_model_source_parse(const char *text, struct gs_model_source *out, struct gs_error *error);

struct gs_model_address { /* what an index says of one model; "" and 0: not said */
	struct gs_hash id;
	struct gs_hash sha256; /* of the file; zero: not said */
	uint64_t bytes;
	char cid[GS_CID_TEXT_MAX];
	char blob[GS_BLOB_TEXT + 1];
	char url[GS_MODEL_SOURCE_MAX]; /* http or https */
};

struct gs_model_index {
	struct gs_model_address *entry; /* owned; by rising id */
	size_t count;
};

/* A JSON object {"models": [{"model": "0x..", "sha256": "..", "bytes": N, "cid": "..", "blob": "..", "url": ".."}, ..]}; only `model` must be there.
 * GS_ENOTFOUND, GS_EIO: the file. GS_EPARSE: another form, or a model twice, with the number of the entry. GS_ELIMIT. */
GS_MUST enum gs_err gs_model_index_read(const char *path, struct gs_model_index *out, struct gs_error *error);
void gs_model_index_free(struct gs_model_index *index); /* twice is fine */
const struct gs_model_address *gs_model_index_find(const struct gs_model_index *index, const struct gs_hash *id);

struct gs_model_want {       /* a file that is wanted */
	struct gs_hash id;   /* of the model; zero: whatever the file holds */
	struct gs_hash onnx; /* the SHA-256 that the model's header states of its ONNX file; zero: not known, or none */
	struct gs_model_address known; /* its id is not used; cid, blob and url as for an index */
};

/* The address of the file at a source that is no folder. GS_ENOTFOUND: this source has none for this model; the text says what is missing. */
GS_MUST enum gs_err gs_model_source_url(const struct gs_model_source *source, const struct gs_model_want *want,
                                        char out[GS_MODEL_SOURCE_MAX], struct gs_error *error);

#endif
