#include "validator/cli/db_print.h"

#include <ctype.h>
#include <msgpack.h>
#include <stdlib.h>

enum { ARRAY_MAX = 4096, DEPTH_MAX = 16 };

static json_t *hex_json(const uint8_t *bytes, size_t len, bool whole)
{
	const size_t shown = whole || len <= GS_DB_PRINT_BYTES_MAX ? len : GS_DB_PRINT_BYTES_MAX;
	char *text = malloc(2 * shown + 3);
	json_t *out = NULL;

	if (!text)
		return NULL;
	gs_hex_encode(bytes, shown, true, text);
	out = shown == len ? json_string(text) : json_sprintf("%s.. (%zu bytes)", text, len);
	free(text);
	return out;
}

json_t *gs_db_key_json(struct gs_bytes key)
{
	for (size_t i = 0; i < key.len; i++)
		if (!isgraph(key.ptr[i]))
			return hex_json(key.ptr, key.len, true);
	return json_stringn((const char *)key.ptr, key.len);
}

static json_t *object_json(const msgpack_object *o, bool whole, int depth);

static json_t *array_json(const msgpack_object_array *a, bool whole, int depth)
{
	json_t *out = json_array();

	for (uint32_t i = 0; out && i < a->size; i++) {
		if (json_array_append_new(out, object_json(&a->ptr[i], whole, depth + 1)) != 0) {
			json_decref(out);
			return NULL;
		}
	}
	return out;
}

/* Numbers above what JSON readers take for sure are texts. */
static json_t *object_json(const msgpack_object *o, bool whole, int depth)
{
	if (o->type == MSGPACK_OBJECT_NIL)
		return json_null();
	if (o->type == MSGPACK_OBJECT_BOOLEAN)
		return json_boolean(o->via.boolean);
	if (o->type == MSGPACK_OBJECT_POSITIVE_INTEGER)
		return o->via.u64 <= (UINT64_C(1) << 53) ? json_integer((json_int_t)o->via.u64)
		                                         : json_sprintf("%llu", (unsigned long long)o->via.u64);
	if (o->type == MSGPACK_OBJECT_NEGATIVE_INTEGER)
		return json_integer(o->via.i64);
	if (o->type == MSGPACK_OBJECT_FLOAT32 || o->type == MSGPACK_OBJECT_FLOAT64)
		return json_real(o->via.f64);
	if (o->type == MSGPACK_OBJECT_STR) {
		json_t *text = json_stringn(o->via.str.ptr, o->via.str.size);
		return text ? text : hex_json((const uint8_t *)o->via.str.ptr, o->via.str.size, whole);
	}
	if (o->type == MSGPACK_OBJECT_BIN)
		return hex_json((const uint8_t *)o->via.bin.ptr, o->via.bin.size, whole);
	if (o->type == MSGPACK_OBJECT_ARRAY && depth < DEPTH_MAX && o->via.array.size <= ARRAY_MAX)
		return array_json(&o->via.array, whole, depth);
	return json_string("(of a form that records do not have)");
}

json_t *gs_db_value_json(struct gs_bytes value, bool whole)
{
	msgpack_unpacked unpacked;
	size_t used = 0;
	json_t *out = NULL;

	msgpack_unpacked_init(&unpacked);
	if (msgpack_unpack_next(&unpacked, (const char *)value.ptr, value.len, &used) == MSGPACK_UNPACK_SUCCESS &&
	    used == value.len && unpacked.data.type == MSGPACK_OBJECT_ARRAY)
		out = object_json(&unpacked.data, whole, 0);
	else
		out = hex_json(value.ptr, value.len, whole);
	msgpack_unpacked_destroy(&unpacked);
	return out;
}
