/* chain/rpc/hexjson.h: the two ways in which Ethereum's JSON-RPC writes numbers and bytes, both as "0x.." strings: quantities
 * without leading zeros, data with two digits a byte (Ethereum execution API specification). */
#ifndef GS_CHAIN_RPC_HEXJSON_H
#define GS_CHAIN_RPC_HEXJSON_H

#include <jansson.h>

#include "chain/core/buf.h"
#include "chain/core/u256.h"

/* False when value is NULL, not a string, or not of the form. */
bool gs_json_u256(const json_t *value, struct gs_u256 *out);
bool gs_json_u64(const json_t *value, uint64_t *out);
bool gs_json_wei(const json_t *value, struct gs_wei *out);
bool gs_json_hash(const json_t *value, struct gs_hash *out);
bool gs_json_address(const json_t *value, struct gs_address *out);
/* Number of bytes in a data string; false when it does not begin with 0x or has an odd digit. */
bool gs_json_data_len(const json_t *value, size_t *len);
/* Decodes exactly len bytes. */
bool gs_json_data(const json_t *value, uint8_t *out, size_t len);
/* Appends the bytes to out. GS_EPARSE, or the buffer's error. */
GS_MUST enum gs_err gs_json_append(const json_t *value, struct gs_buf *out);

/* New references; NULL without memory, which json_pack("o") passes on as its own NULL. */
json_t *gs_json_from_u64(uint64_t v);
json_t *gs_json_from_u256(const struct gs_u256 *v);
json_t *gs_json_from_bytes(struct gs_bytes bytes);
json_t *gs_json_from_hash(const struct gs_hash *hash);
json_t *gs_json_from_address(const struct gs_address *address);

#endif
