#include "tests/support/blob_cases.h"

#include <string.h>

static bool same_leaf(const struct gs_blob_leaf *a, const struct gs_blob_leaf *b)
{
	const struct gs_settlement *s = &a->settlement, *t = &b->settlement;

	if (!gs_hash_equal(&a->hash, &b->hash) || a->place != b->place || !a->what != !b->what ||
	    (a->what && strcmp(a->what, b->what) != 0))
		return false;
	return gs_hash_equal(&s->tee, &t->tee) && gs_hash_equal(&s->input, &t->input) &&
	       gs_hash_equal(&s->output, &t->output) && gs_bytes_equal(s->signature, t->signature) &&
	       gs_u256_cmp(&s->timestamp_s, &t->timestamp_s) == 0;
}

static bool same_blob(const struct gs_blob *a, const struct gs_blob *b)
{
	if (a->leaves != b->leaves || memcmp(a->node, b->node, (2 * a->leaves - 1) * sizeof(*a->node)) != 0)
		return false;
	for (size_t i = 0; i < a->leaves; i++)
		if (!same_leaf(&a->leaf[i], &b->leaf[i]))
			return false;
	return true;
}

const char *blob_readers_differ(struct gs_bytes text, bool *plain, enum gs_err *code)
{
	struct gs_error error = {.code = GS_OK}, other_error = {.code = GS_OK};
	enum gs_finding finding, other_finding;
	struct gs_blob json, first = {0}, other;
	const bool taken = gs_blob_read_plain(text, &first);
	const enum gs_err err = gs_blob_read_json(text, &json, &finding, &error);
	const enum gs_err other_err = gs_blob_read(text, &other, &other_finding, &other_error);
	const char *what = NULL;

	if (taken && err)
		what = "the plain reader takes what is refused";
	else if (taken && !same_blob(&first, &json))
		what = "the plain reader reads something else";
	else if (err != other_err || finding != other_finding || strcmp(error.text, other_error.text) != 0)
		what = "one text, two findings";
	else if (!err && !same_blob(&json, &other))
		what = "one text, two blobs";
	if (plain)
		*plain = taken;
	*code = err;
	gs_blob_free(&first);
	gs_blob_free(&json);
	gs_blob_free(&other);
	return what;
}
