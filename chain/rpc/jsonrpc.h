/* chain/rpc/jsonrpc.h: JSON-RPC 2.0, the text of requests and the strict reading of answers. Pure.
 *
 * The reader bounds what an answer may cost before it is parsed: its depth, and the number of its values. */
#ifndef GS_CHAIN_RPC_JSONRPC_H
#define GS_CHAIN_RPC_JSONRPC_H

#include <jansson.h>

#include "chain/core/core.h"
#include "chain/rpc/failure.h"

enum {
	GS_JSON_DEPTH_MAX = 64,
	GS_JSON_VALUES_MAX = 4 * 1000 * 1000, /* about 100 bytes of memory each */
};

/* The request as an object; params' reference is taken over. NULL without memory. */
json_t *gs_jsonrpc_request(uint64_t id, const char *method, json_t *params);
/* Parses an answer. GS_EPARSE or GS_ELIMIT, said in *failure; otherwise *root is a new reference. method (what was called)
 * begins the message. */
GS_MUST enum gs_err gs_jsonrpc_parse(struct gs_bytes text, const char *method, json_t **root,
                                     struct gs_rpc_failure *failure);
/* The result of a response to the call `id`: *result is borrowed from response. Otherwise *failure says what is there
 * instead: the node's error, or GS_EPARSE. An error whose id is null is the call's too (the node could not read it). */
GS_MUST enum gs_err gs_jsonrpc_result(json_t *response, const char *method, uint64_t id, json_t **result,
                                      struct gs_rpc_failure *failure);
/* False when object has no "id" that is a whole number of ours. */
bool gs_jsonrpc_id(const json_t *object, uint64_t *id);
/* The id of an answer's text where nodes write it, before the result and without spaces; false: it must be read as a whole. */
bool gs_jsonrpc_id_in_front(struct gs_bytes text, uint64_t *id);

#endif
