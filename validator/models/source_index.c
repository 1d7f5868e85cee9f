/* What an operator knows of models' files: the index of source.h. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "storage/textfile.h"
#include "validator/models/source.h"

static int by_id(const void *a, const void *b)
{
	const struct gs_model_address *x = a, *y = b;

	return memcmp(x->id.b, y->id.b, sizeof(x->id.b));
}

/* A member that may be missing; false: of another type, or too long. */
static bool take_text(const json_t *json, const char *name, char *out, size_t size)
{
	const json_t *member = json_object_get(json, name);
	const char *text = json_string_value(member);

	out[0] = '\0';
	if (!member)
		return true;
	if (!text || json_string_length(member) != strlen(text) || strlen(text) >= size)
		return false;
	memcpy(out, text, strlen(text) + 1);
	return true;
}

static bool take_hash(const json_t *json, const char *name, struct gs_hash *out)
{
	const json_t *member = json_object_get(json, name);
	const char *text = json_string_value(member);

	return !member || (text && gs_hex_decode(text, strlen(text), out->b, 32) == GS_OK);
}

static const char *const known_names[] = {"model", "sha256", "bytes", "cid", "blob", "url"};

static enum gs_err check_names(const json_t *json, struct gs_error *error)
{
	const char *name;
	const json_t *value;

	json_object_foreach((json_t *)(uintptr_t)json, name, value)
	{
		bool known = false;
		for (size_t i = 0; i < GS_ARRAY_LEN(known_names) && !known; i++)
			known = strcmp(name, known_names[i]) == 0;
		if (!known)
			return gs_fail(error, GS_EPARSE, "'%s' is no member of an entry", name);
	}
	return GS_OK;
}

static enum gs_err read_entry(const json_t *json, struct gs_model_address *out, struct gs_error *error)
{
	const json_t *bytes = json_object_get(json, "bytes");
	struct gs_cid cid;
	enum gs_err err;

	memset(out, 0, sizeof(*out));
	if (!json_is_object(json) || !json_object_get(json, "model") || !take_hash(json, "model", &out->id))
		return gs_fail(error, GS_EPARSE, "needs \"model\": \"0x..\", 64 hex digits");
	if ((err = check_names(json, error)))
		return err;
	if (!take_hash(json, "sha256", &out->sha256) || !take_text(json, "cid", out->cid, sizeof(out->cid)) ||
	    !take_text(json, "blob", out->blob, sizeof(out->blob)) ||
	    !take_text(json, "url", out->url, sizeof(out->url)) ||
	    (bytes && (!json_is_integer(bytes) || json_integer_value(bytes) < 0)))
		return gs_fail(error, GS_EPARSE, "sha256 has 64 hex digits, bytes is a number, the others are texts");
	out->bytes = bytes ? (uint64_t)json_integer_value(bytes) : 0;
	if (out->cid[0] && (err = gs_cid_parse(out->cid, &cid, error)))
		return err;
	if (out->blob[0] && (err = gs_blob_id_check(out->blob, error)))
		return err;
	if (out->url[0] && strncmp(out->url, "https://", 8) != 0 && strncmp(out->url, "http://", 7) != 0)
		return gs_fail(error, GS_EPARSE, "url: not an address that begins with https:// or http://");
	return GS_OK;
}

static enum gs_err read_entries(const json_t *list, struct gs_model_index *out, struct gs_error *error)
{
	const size_t count = json_array_size(list);

	if (count > GS_MODEL_INDEX_ENTRIES_MAX)
		return gs_fail(error, GS_ELIMIT, "more than %d entries", GS_MODEL_INDEX_ENTRIES_MAX);
	out->entry = calloc(count + 1, sizeof(*out->entry));
	if (!out->entry)
		return gs_fail(error, GS_ENOMEM, "no memory for %zu entries", count);
	for (size_t i = 0; i < count; i++) {
		enum gs_err err = read_entry(json_array_get(list, i), &out->entry[i], error);
		if (err)
			return gs_fail_within(error, err, "entry %zu", i);
	}
	out->count = count;
	qsort(out->entry, count, sizeof(*out->entry), by_id);
	for (size_t i = 1; i < count; i++)
		if (by_id(&out->entry[i - 1], &out->entry[i]) == 0) {
			char id[67];
			gs_hex_encode(out->entry[i].id.b, 32, true, id);
			return gs_fail(error, GS_EPARSE, "model %s is named twice", id);
		}
	return GS_OK;
}

enum gs_err gs_model_index_read(const char *path, struct gs_model_index *out, struct gs_error *error)
{
	struct gs_buf text;
	json_error_t where;
	json_t *root = NULL;
	enum gs_err err;

	memset(out, 0, sizeof(*out));
	gs_buf_init(&text, GS_MODEL_INDEX_BYTES_MAX);
	err = gs_textfile_read(path, &text, error);
	if (!err) {
		root = json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, &where);
		if (!root)
			err = gs_fail(error, GS_EPARSE, "%s:%d: %s", path, where.line, where.text);
		else if (!json_is_array(json_object_get(root, "models")))
			err = gs_fail(error, GS_EPARSE, "%s: not an object with a list \"models\"", path);
		else if ((err = read_entries(json_object_get(root, "models"), out, error)))
			err = gs_fail_within(error, err, "%s", path);
	}
	json_decref(root);
	gs_buf_free(&text);
	if (err)
		gs_model_index_free(out);
	return err;
}

void gs_model_index_free(struct gs_model_index *index)
{
	free(index->entry);
	memset(index, 0, sizeof(*index));
}

const struct gs_model_address *gs_model_index_find(const struct gs_model_index *index, const struct gs_hash *id)
{
	const struct gs_model_address key = {.id = *id};

	return index->count ? bsearch(&key, index->entry, index->count, sizeof(*index->entry), by_id) : NULL;
}
