/* validator/cli/db_print.h: stored records, as people and programs read them. */
#ifndef GS_VALIDATOR_CLI_DB_PRINT_H
#define GS_VALIDATOR_CLI_DB_PRINT_H

#include <jansson.h>

#include "chain/core/core.h"

enum { GS_DB_PRINT_BYTES_MAX = 48 }; /* of a string of bytes, unless all of it is wanted */

/* Text where it is text, else hex. A new reference; NULL when there is no memory. */
json_t *gs_db_key_json(struct gs_bytes key);
/* Arrays of numbers, texts and bytes (as hex, "0x8950.. (784 bytes)" when long and not whole). What is not of the form that records have (msgpack)
 * is hex. A new reference; NULL when there is no memory. */
json_t *gs_db_value_json(struct gs_bytes value, bool whole);

#endif
