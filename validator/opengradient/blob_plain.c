/* validator/opengradient/blob_plain.c: a dump in plain form, in one pass, into what is kept of it. */
#include <stdlib.h>
#include <string.h>

#include "validator/opengradient/blob_read.h"

enum {
	HASH_TEXT = 2 + 2 * 32, /* characters of a hash without quotes */
	DIGITS_MAX = 18,        /* of a number that 64 bits surely hold */
};

struct cursor {
	const char *at, *end;
};

/* --- words of JSON; true: it was there, and is passed --- */

static void skip_space(struct cursor *c)
{
	while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\r' || *c->at == '\t'))
		c->at++;
}

static bool take(struct cursor *c, char mark)
{
	skip_space(c);
	if (c->at >= c->end || *c->at != mark)
		return false;
	c->at++;
	return true;
}

/* A string of exactly this text, which has nothing to escape. */
static bool take_word(struct cursor *c, const char *text)
{
	const size_t len = strlen(text);

	if (!take(c, '"') || (size_t)(c->end - c->at) <= len || memcmp(c->at, text, len) != 0 || c->at[len] != '"')
		return false;
	c->at += len + 1;
	return true;
}

static bool take_name(struct cursor *c, const char *name)
{
	return take_word(c, name) && take(c, ':');
}

/* A string; what it holds is up to the caller, who takes no quote, no backslash, no control character and nothing beyond ASCII for a value. */
static bool take_text(struct cursor *c, struct cursor *text)
{
	const char *quote;

	if (!take(c, '"'))
		return false;
	quote = memchr(c->at, '"', (size_t)(c->end - c->at));
	if (!quote)
		return false;
	*text = (struct cursor){c->at, quote};
	c->at = quote + 1;
	return true;
}

static bool take_digits(struct cursor *c, uint64_t *out)
{
	const char *first;

	skip_space(c);
	first = c->at;
	for (*out = 0; c->at < c->end && *c->at >= '0' && *c->at <= '9' && c->at - first < DIGITS_MAX; c->at++)
		*out = 10 * *out + (uint64_t)(*c->at - '0');
	/* A further digit, a point or an exponent is no mark that may follow, and so refused by who looks for that. */
	return c->at > first && (*first != '0' || c->at - first == 1);
}

/* --- values --- */

static bool take_hash(struct cursor *c, struct gs_hash *out)
{
	if (!take(c, '"') || c->end - c->at <= HASH_TEXT || c->at[0] != '0' || c->at[1] != 'x' ||
	    c->at[HASH_TEXT] != '"' || gs_hex_decode(c->at + 2, HASH_TEXT - 2, out->b, sizeof(out->b)) != GS_OK)
		return false;
	c->at += HASH_TEXT + 1;
	return true;
}

static bool take_signature(struct cursor *c, uint8_t **room, struct gs_bytes *out)
{
	struct cursor text;
	size_t chars;

	if (!take_text(c, &text))
		return false;
	chars = (size_t)(text.end - text.at);
	if (chars < 2 || text.at[0] != '0' || text.at[1] != 'x' || chars % 2 != 0 ||
	    chars / 2 - 1 > GS_BLOB_SIGNATURE_MAX)
		return false;
	*out = (struct gs_bytes){*room, chars / 2 - 1};
	*room += out->len;
	return out->len == 0 || gs_hex_decode(text.at + 2, chars - 2, *room - out->len, out->len) == GS_OK;
}

static bool take_timestamp(struct cursor *c, struct gs_u256 *out)
{
	struct cursor text;
	uint64_t number;

	skip_space(c);
	if (c->at < c->end && *c->at == '"')
		return take_text(c, &text) && gs_u256_parse(text.at, (size_t)(text.end - text.at), out) == GS_OK;
	if (!take_digits(c, &number))
		return false;
	*out = gs_u256_from_u64(number);
	return true;
}

static bool take_settlement(struct cursor *c, uint8_t **room, struct gs_settlement *s)
{
	return take(c, '[') && take_hash(c, &s->tee) && take(c, ',') && take_hash(c, &s->input) && take(c, ',') &&
	       take_hash(c, &s->output) && take(c, ',') && take_signature(c, room, &s->signature) && take(c, ',') &&
	       take_timestamp(c, &s->timestamp_s) && take(c, ']');
}

static bool take_place(struct cursor *c, size_t nodes, uint32_t *out)
{
	uint64_t number;

	if (!take_digits(c, &number) || number >= nodes)
		return false;
	*out = (uint32_t)number;
	return true;
}

static bool take_leaf(struct cursor *c, size_t nodes, uint8_t **room, struct gs_blob_leaf *leaf)
{
	struct cursor again;

	leaf->what = NULL;
	if (!take(c, '{'))
		return false;
	again = *c;
	if (take_name(&again, "value")) {
		*c = again;
		return take_settlement(c, room, &leaf->settlement) && take(c, ',') && take_name(c, "treeIndex") &&
		       take_place(c, nodes, &leaf->place) && take(c, '}');
	}
	return take_name(c, "treeIndex") && take_place(c, nodes, &leaf->place) && take(c, ',') &&
	       take_name(c, "value") && take_settlement(c, room, &leaf->settlement) && take(c, '}');
}

/* --- the whole --- */

static bool take_head(struct cursor *c)
{
	if (!take(c, '{') || !take_name(c, "format") || !take_word(c, "standard-v1") || !take(c, ',') ||
	    !take_name(c, "leafEncoding"))
		return false;
	for (size_t i = 0; i < GS_BLOB_MEMBERS; i++)
		if (!take(c, i ? ',' : '[') || !take_word(c, gs_blob_encoding[i]))
			return false;
	return take(c, ']') && take(c, ',');
}

/* The nodes, and with them the number of leaves. The list's text, which ends at the first bracket, bounds them before memory is taken. */
static bool take_tree(struct cursor *c, struct gs_blob *b)
{
	const char *last;
	size_t nodes = 0, bound;

	if (!take_name(c, "tree") || !take(c, '['))
		return false;
	last = memchr(c->at, ']', (size_t)(c->end - c->at));
	if (!last)
		return false;
	bound = (size_t)(last - c->at) / (HASH_TEXT + 2);
	if (bound == 0 || bound > 2 * GS_STANDARD_LEAVES_MAX)
		return false;
	b->node = malloc(bound * sizeof(*b->node));
	if (!b->node)
		return false;
	do {
		if (nodes == bound || !take_hash(c, &b->node[nodes++]))
			return false;
	} while (take(c, ','));
	b->leaves = (nodes + 1) / 2;
	return nodes % 2 == 1 && b->leaves <= GS_STANDARD_LEAVES_MAX && take(c, ']') && take(c, ',');
}

static bool take_leaves(struct cursor *c, struct gs_blob *b)
{
	uint8_t *room;

	if (!take_name(c, "values"))
		return false;
	b->leaf = malloc(b->leaves * sizeof(*b->leaf));
	b->signatures = room = malloc((size_t)(c->end - c->at) / 2 + 1);
	if (!b->leaf || !b->signatures)
		return false;
	for (size_t i = 0; i < b->leaves; i++)
		if (!take(c, i ? ',' : '[') || !take_leaf(c, 2 * b->leaves - 1, &room, &b->leaf[i]))
			return false;
	return take(c, ']');
}

static void hash_leaves(struct gs_blob *b)
{
	enum { AT_ONCE = 32 };
	const struct gs_settlement *s[AT_ONCE];
	struct gs_hash hash[AT_ONCE];

	for (size_t i = 0; i < b->leaves; i += AT_ONCE) {
		const size_t count = b->leaves - i < AT_ONCE ? b->leaves - i : AT_ONCE;
		for (size_t k = 0; k < count; k++)
			s[k] = &b->leaf[i + k].settlement;
		gs_settlement_leaves(s, count, hash);
		for (size_t k = 0; k < count; k++)
			b->leaf[i + k].hash = hash[k];
	}
}

bool gs_blob_read_plain(struct gs_bytes text, struct gs_blob *out)
{
	struct gs_blob b = {0};
	struct cursor c = {(const char *)text.ptr, (const char *)text.ptr + text.len};
	bool plain = text.len > 0 && text.len <= GS_BLOB_BYTES_MAX && take_head(&c) && take_tree(&c, &b) &&
	             take_leaves(&c, &b) && take(&c, '}');

	skip_space(&c);
	plain = plain && c.at == c.end;
	if (!plain) {
		gs_blob_free(&b);
		return false;
	}
	hash_leaves(&b);
	*out = b;
	return true;
}
