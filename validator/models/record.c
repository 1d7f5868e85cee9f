#include "validator/models/record.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char *const lack_names[] = {"none", "missing", "differs", "unsupported", "too_large"};
static const char *const form_names[] = {"program", "onnx"};

const char *gs_model_lack_name(enum gs_model_lack lack)
{
	return lack_names[lack];
}

enum gs_err gs_model_record_encode(const struct gs_model_entry *e, struct gs_buf *out)
{
	char id[67], sha256[65];
	char *text;
	json_t *root;

	gs_hex_encode(e->id.b, 32, true, id);
	gs_hex_encode(e->sha256.b, 32, false, sha256);
	/* sources and reasons may hold bytes that are no UTF-8; those are left out */
	root = json_pack(
		"{s:i, s:s, s:s, s:I, s:s, s:o*, s:I, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o*, s:s, s:o*, s:I}",
		"version", GS_MODEL_RECORD_VERSION, "model", id, "sha256", sha256, "bytes", (json_int_t)e->bytes,
		"form", form_names[e->form], "source", json_string(e->source), "added", (json_int_t)e->added_s,
		"pinned", (int)e->pinned, "steps", (json_int_t)e->steps, "trace_bytes", (json_int_t)e->trace_bytes,
		"look_us", (json_int_t)e->cost.look_us, "commit_us", (json_int_t)e->cost.commit_us, "reference_us",
		(json_int_t)e->cost.reference_us, "runs", (json_int_t)e->cost.runs, "measured",
		(json_int_t)e->cost.measured_s, "machine", json_string(e->cost.machine), "lack", lack_names[e->lack],
		"why", json_string(e->why), "tried", (json_int_t)e->tried_s);
	text = root ? json_dumps(root, JSON_INDENT(1)) : NULL;
	json_decref(root);
	if (!text)
		return GS_ENOMEM;
	gs_buf_append(out, text, strlen(text));
	free(text);
	return out->err;
}

struct reading {
	const json_t *root;
	bool bad;
};

static uint64_t number(struct reading *r, const char *name)
{
	const json_t *member = json_object_get(r->root, name);

	if (!json_is_integer(member) || json_integer_value(member) < 0) {
		r->bad = true;
		return 0;
	}
	return (uint64_t)json_integer_value(member);
}

static void text(struct reading *r, const char *name, char *out, size_t size)
{
	const char *value = json_string_value(json_object_get(r->root, name));

	r->bad = r->bad || (value && strlen(value) >= size);
	out[0] = '\0';
	if (value && !r->bad)
		memcpy(out, value, strlen(value) + 1);
}

static void hash(struct reading *r, const char *name, struct gs_hash *out)
{
	const char *value = json_string_value(json_object_get(r->root, name));

	r->bad = r->bad || !value || gs_hex_decode(value, strlen(value), out->b, 32) != GS_OK;
}

static unsigned word(struct reading *r, const char *name, const char *const *words, size_t count)
{
	const char *value = json_string_value(json_object_get(r->root, name));

	for (size_t i = 0; value && i < count; i++)
		if (strcmp(words[i], value) == 0)
			return (unsigned)i;
	r->bad = true;
	return 0;
}

enum gs_err gs_model_record_decode(struct gs_bytes bytes, struct gs_model_entry *out, struct gs_error *error)
{
	json_t *root = json_loadb((const char *)bytes.ptr, bytes.len, JSON_REJECT_DUPLICATES, NULL);
	struct reading r = {.root = root};
	uint64_t version;

	memset(out, 0, sizeof(*out));
	version = number(&r, "version");
	if (!r.bad && version > GS_MODEL_RECORD_VERSION) {
		json_decref(root);
		return gs_fail(error, GS_EUNSUPPORTED, "written by a newer Gainsay: upgrade");
	}
	hash(&r, "model", &out->id);
	hash(&r, "sha256", &out->sha256);
	out->bytes = number(&r, "bytes");
	out->form = (enum gs_model_form)word(&r, "form", form_names, GS_ARRAY_LEN(form_names));
	text(&r, "source", out->source, sizeof(out->source));
	out->added_s = number(&r, "added");
	out->pinned = json_is_true(json_object_get(root, "pinned"));
	out->steps = number(&r, "steps");
	out->trace_bytes = number(&r, "trace_bytes");
	out->cost.look_us = number(&r, "look_us");
	out->cost.commit_us = number(&r, "commit_us");
	out->cost.reference_us = number(&r, "reference_us");
	out->cost.runs = (uint32_t)number(&r, "runs");
	out->cost.measured_s = number(&r, "measured");
	text(&r, "machine", out->cost.machine, sizeof(out->cost.machine));
	out->lack = (enum gs_model_lack)word(&r, "lack", lack_names, GS_ARRAY_LEN(lack_names));
	text(&r, "why", out->why, sizeof(out->why));
	out->tried_s = number(&r, "tried");
	json_decref(root);
	return r.bad ? gs_fail(error, GS_ECORRUPT, "not a record of a model") : GS_OK;
}
