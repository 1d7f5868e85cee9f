/* validator/opengradient/blob_json.c: any dump, by jansson: every way in which JSON can say it, and words for what is wrong. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "validator/opengradient/blob_read.h"

enum { MEMBERS = GS_BLOB_MEMBERS, TEE = 0, INPUT, OUTPUT, SIGNATURE, TIMESTAMP };

/* --- limits, before memory is taken --- */

/* What the text would cost: brackets and commas outside of strings bound depth and number of its values. */
static enum gs_err weigh(struct gs_bytes text, struct gs_error *error)
{
	size_t depth = 0, values = 1;
	bool in_string = false;

	if (text.len > GS_BLOB_BYTES_MAX)
		return gs_fail(error, GS_ELIMIT, "the blob has more than %d bytes", GS_BLOB_BYTES_MAX);
	for (size_t i = 0; i < text.len; i++) {
		const uint8_t c = text.ptr[i];
		if (c == '"') {
			in_string = !in_string;
		} else if (in_string) {
			i += c == '\\';
		} else if (c == '[' || c == '{') {
			depth++, values++;
		} else if (c == ',' || c == ':') {
			values++;
		} else if ((c == ']' || c == '}') && depth > 0) {
			depth--;
		}
		if (depth > GS_BLOB_DEPTH_MAX)
			return gs_fail(error, GS_ELIMIT, "the blob is nested deeper than %d levels", GS_BLOB_DEPTH_MAX);
	}
	if (values > GS_BLOB_VALUES_MAX)
		return gs_fail(error, GS_ELIMIT, "the blob has more than %d values", GS_BLOB_VALUES_MAX);
	return GS_OK;
}

/* --- values --- */

/* Hex with 0x of at most max bytes; false: not that. */
static bool take_hex(const json_t *json, uint8_t *out, size_t max, size_t *len)
{
	const char *text = json_string_value(json);
	const size_t chars = json_string_length(json);

	if (!text || chars < 2 || text[0] != '0' || text[1] != 'x' || chars % 2 != 0 || chars / 2 - 1 > max)
		return false;
	*len = chars / 2 - 1;
	return *len == 0 || gs_hex_decode(text + 2, chars - 2, out, *len) == GS_OK;
}

static bool take_hash(const json_t *json, struct gs_hash *out)
{
	size_t len = 0;

	return take_hex(json, out->b, sizeof(out->b), &len) && len == sizeof(out->b);
}

static bool take_number(const json_t *json, struct gs_u256 *out)
{
	if (json_is_integer(json) && json_integer_value(json) >= 0) {
		*out = gs_u256_from_u64((uint64_t)json_integer_value(json));
		return true;
	}
	return json_is_string(json) && gs_u256_parse(json_string_value(json), json_string_length(json), out) == GS_OK;
}

/* The members of one value; the signature goes to *room, which moves on. Returns what is wrong, or NULL. */
static const char *take_settlement(const json_t *value, struct gs_settlement *s, uint8_t **room)
{
	size_t len = 0;

	memset(s, 0, sizeof(*s));
	if (!json_is_array(value) || json_array_size(value) != MEMBERS)
		return "not a list of five values";
	if (!take_hash(json_array_get(value, TEE), &s->tee))
		return "teeId is not 32 bytes of hex";
	if (!take_hash(json_array_get(value, INPUT), &s->input))
		return "inputHash is not 32 bytes of hex";
	if (!take_hash(json_array_get(value, OUTPUT), &s->output))
		return "outputHash is not 32 bytes of hex";
	if (!take_hex(json_array_get(value, SIGNATURE), *room, GS_BLOB_SIGNATURE_MAX, &len))
		return "signature is not bytes of hex";
	s->signature = (struct gs_bytes){*room, len};
	*room += len;
	if (!take_number(json_array_get(value, TIMESTAMP), &s->timestamp_s))
		return "timestamp is not a uint256";
	return NULL;
}

/* Bytes that all signatures together may need. */
static size_t signature_room(const json_t *values)
{
	size_t room = 1, i;
	const json_t *value;

	json_array_foreach(values, i, value)
	{
		const json_t *text = json_array_get(json_object_get(value, "value"), SIGNATURE);
		room += json_string_length(text) / 2;
	}
	return room;
}

static enum gs_err read_leaf(const json_t *json, struct gs_blob *b, size_t i, uint8_t **room, struct gs_error *error)
{
	struct gs_blob_leaf *leaf = &b->leaf[i];
	const json_t *place = json_object_get(json, "treeIndex");

	if (!json_is_integer(place) || json_integer_value(place) < 0 ||
	    (uint64_t)json_integer_value(place) >= 2 * b->leaves - 1)
		return gs_fail(error, GS_EPARSE, "values[%zu]: treeIndex is no place in the tree", i);
	leaf->place = (uint32_t)json_integer_value(place);
	leaf->what = take_settlement(json_object_get(json, "value"), &leaf->settlement, room);
	if (leaf->what)
		leaf->hash = b->node[leaf->place];
	else
		gs_settlement_leaf(&leaf->settlement, &leaf->hash);
	return GS_OK;
}

static enum gs_err check_head(const json_t *root, struct gs_error *error)
{
	const char *format = json_string_value(json_object_get(root, "format"));
	const json_t *types = json_object_get(root, "leafEncoding");

	if (!json_is_object(root))
		return gs_fail(error, GS_EPARSE, "the blob is not a JSON object");
	if (!format || strcmp(format, "standard-v1") != 0)
		return gs_fail(error, GS_EPARSE, "format is not \"standard-v1\"");
	if (!json_is_array(types) || json_array_size(types) != MEMBERS)
		return gs_fail(error, GS_EPARSE, "leafEncoding has not five types");
	for (size_t i = 0; i < MEMBERS; i++) {
		const char *type = json_string_value(json_array_get(types, i));
		if (!type || strcmp(type, gs_blob_encoding[i]) != 0)
			return gs_fail(error, GS_EPARSE, "leafEncoding[%zu] is not \"%s\"", i, gs_blob_encoding[i]);
	}
	return GS_OK;
}

static enum gs_err read_nodes(const json_t *tree, struct gs_blob *b, struct gs_error *error)
{
	for (size_t i = 0; i < 2 * b->leaves - 1; i++)
		if (!take_hash(json_array_get(tree, i), &b->node[i]))
			return gs_fail(error, GS_EPARSE, "tree[%zu] is not 32 bytes of hex", i);
	return GS_OK;
}

static enum gs_err read_root(const json_t *root, struct gs_blob *b, struct gs_error *error)
{
	const json_t *values = json_object_get(root, "values"), *tree = json_object_get(root, "tree");
	enum gs_err err = check_head(root, error);
	uint8_t *room;

	if (err)
		return err;
	b->leaves = json_array_size(values);
	if (b->leaves == 0)
		return gs_fail(error, GS_EPARSE, "values is not a list, or has nothing in it");
	if (b->leaves > GS_STANDARD_LEAVES_MAX)
		return gs_fail(error, GS_ELIMIT, "the blob has %zu leaves, more than %d", b->leaves,
		               GS_STANDARD_LEAVES_MAX);
	if (json_array_size(tree) != 2 * b->leaves - 1)
		return gs_fail(error, GS_EPARSE, "tree has %zu nodes, but %zu values make %zu", json_array_size(tree),
		               b->leaves, 2 * b->leaves - 1);
	b->leaf = calloc(b->leaves, sizeof(*b->leaf));
	b->node = calloc(2 * b->leaves - 1, sizeof(*b->node));
	b->signatures = room = malloc(signature_room(values));
	if (!b->leaf || !b->node || !b->signatures)
		return gs_fail(error, GS_ENOMEM, "no memory for %zu leaves", b->leaves);
	err = read_nodes(tree, b, error);
	for (size_t i = 0; i < b->leaves && !err; i++)
		err = read_leaf(json_array_get(values, i), b, i, &room, error);
	return err;
}

enum gs_err gs_blob_read_json(struct gs_bytes text, struct gs_blob *out, enum gs_finding *finding,
                              struct gs_error *error)
{
	json_error_t where;
	json_t *root;
	enum gs_err err = weigh(text, error);

	memset(out, 0, sizeof(*out));
	*finding = GS_FINDING_BLOB_LIMIT;
	if (err)
		return err;
	*finding = GS_FINDING_BLOB_JSON;
	root = json_loadb(text.len ? (const char *)text.ptr : "", text.len, JSON_REJECT_DUPLICATES, &where);
	if (!root) {
		if (json_error_code(&where) == json_error_out_of_memory)
			return gs_fail(error, GS_ENOMEM, "no memory for a blob of %zu bytes", text.len);
		return gs_fail(error, GS_EPARSE, "line %d, column %d: %.160s", where.line, where.column, where.text);
	}
	err = read_root(root, out, error);
	json_decref(root);
	*finding = err == GS_OK ? GS_FINDING_VALID : err == GS_ELIMIT ? GS_FINDING_BLOB_LIMIT : GS_FINDING_BLOB_FORMAT;
	if (err)
		gs_blob_free(out);
	return err;
}
