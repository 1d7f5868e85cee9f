#include "chain/eth/eip712.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/core/hash.h"

/* --- types --- */

static const struct gs_typed_struct *find(const struct gs_typed *typed, const char *name)
{
	for (size_t i = 0; i < typed->struct_count; i++)
		if (strcmp(typed->structs[i].name, name) == 0)
			return &typed->structs[i];
	return NULL;
}

/* The number behind a prefix, such as the 128 of uint128: 0 where there is none, or one with a leading zero or a sign. */
static unsigned number_behind(const char *type, const char *prefix)
{
	const size_t len = strlen(prefix);
	char *end;

	if (strncmp(type, prefix, len) != 0 || !isdigit((unsigned char)type[len]) || type[len] == '0')
		return 0;
	unsigned long v = strtoul(type + len, &end, 10);
	return *end || v > 256 ? 0 : (unsigned)v;
}

static bool is_word(const char *type, struct gs_typed_form *out)
{
	const unsigned u = number_behind(type, "uint"), i = number_behind(type, "int"),
		       b = number_behind(type, "bytes");

	out->kind = GS_TYPED_WORD;
	out->word = u ? GS_TYPED_UINT : i ? GS_TYPED_INT : GS_TYPED_FIXED;
	out->size = u ? u : i ? i : b;
	if (u || i)
		return out->size % 8 == 0;
	if (b)
		return b <= 32;
	out->word = strcmp(type, "bool") == 0 ? GS_TYPED_BOOL : GS_TYPED_ADDRESS;
	return out->word == GS_TYPED_BOOL || strcmp(type, "address") == 0;
}

/* T[] or T[n]: the last pair of brackets is the outermost list. */
static enum gs_err list_form(const char *type, struct gs_typed_form *out, struct gs_error *error)
{
	const char *open = strrchr(type, '[');
	char *end;

	out->kind = GS_TYPED_LIST;
	out->length = SIZE_MAX;
	if (!open || open == type)
		return gs_fail(error, GS_EINVAL, "typed data: '%.60s' is no type", type);
	if (open[1] != ']') {
		const unsigned long long n = strtoull(open + 1, &end, 10);
		if (!isdigit((unsigned char)open[1]) || strcmp(end, "]") != 0)
			return gs_fail(error, GS_EINVAL, "typed data: '%.60s' is no type", type);
		out->length = (size_t)n;
	}
	memcpy(out->element, type, (size_t)(open - type));
	out->element[open - type] = '\0';
	return GS_OK;
}

enum gs_err gs_typed_form_of(const struct gs_typed *typed, const char *type, struct gs_typed_form *out,
                             struct gs_error *error)
{
	const size_t len = strlen(type);

	memset(out, 0, sizeof(*out));
	if (len > GS_TYPED_NAME_MAX)
		return gs_fail(error, GS_ELIMIT, "typed data: a type's name has at most %d characters",
		               GS_TYPED_NAME_MAX);
	if (len && type[len - 1] == ']')
		return list_form(type, out, error);
	out->text = strcmp(type, "string") == 0;
	out->kind = GS_TYPED_BYTES;
	if (out->text || strcmp(type, "bytes") == 0)
		return GS_OK;
	out->of = find(typed, type);
	out->kind = GS_TYPED_STRUCT;
	if (out->of || is_word(type, out))
		return GS_OK;
	return gs_fail(error, GS_EINVAL, "typed data: '%.60s' is no type", type);
}

/* --- the text of a type --- */

struct used { /* structs that a type leads to */
	const struct gs_typed_struct *of[GS_TYPED_STRUCTS_MAX];
	size_t count;
};

static bool has(const struct used *used, const struct gs_typed_struct *s)
{
	for (size_t i = 0; i < used->count; i++)
		if (used->of[i] == s)
			return true;
	return false;
}

/* Adds what is reached from used->of[0], breadth first; a struct that leads to itself is there already. */
static enum gs_err reach(const struct gs_typed *typed, struct used *used, struct gs_error *error)
{
	for (size_t at = 0; at < used->count; at++) {
		for (size_t i = 0; i < used->of[at]->count; i++) {
			char base[GS_TYPED_NAME_MAX + 1];
			const char *type = used->of[at]->members[i].type;
			const size_t len = strcspn(type, "[");
			if (len > GS_TYPED_NAME_MAX)
				return gs_fail(error, GS_ELIMIT, "typed data: a type's name is too long");
			memcpy(base, type, len);
			base[len] = '\0';
			const struct gs_typed_struct *s = find(typed, base);
			if (!s || has(used, s))
				continue;
			if (used->count == GS_TYPED_STRUCTS_MAX)
				return gs_fail(error, GS_ELIMIT, "typed data: more than %d structs",
				               GS_TYPED_STRUCTS_MAX);
			used->of[used->count++] = s;
		}
	}
	return GS_OK;
}

static int by_name(const void *a, const void *b)
{
	const struct gs_typed_struct *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

/* "Name(type name,...)" behind what is in out already. */
static enum gs_err put_type(const char *name, const struct gs_typed_member *members, size_t count,
                            char out[GS_TYPED_TYPE_TEXT_MAX], struct gs_error *error)
{
	size_t at = strlen(out);

	at += (size_t)snprintf(out + at, GS_TYPED_TYPE_TEXT_MAX - at, "%s(", name);
	for (size_t i = 0; i < count && at < GS_TYPED_TYPE_TEXT_MAX; i++)
		at += (size_t)snprintf(out + at, GS_TYPED_TYPE_TEXT_MAX - at, "%s%s %s", i ? "," : "", members[i].type,
		                       members[i].name);
	if (at < GS_TYPED_TYPE_TEXT_MAX)
		at += (size_t)snprintf(out + at, GS_TYPED_TYPE_TEXT_MAX - at, ")");
	return at < GS_TYPED_TYPE_TEXT_MAX
	               ? GS_OK
	               : gs_fail(error, GS_ELIMIT, "typed data: a type's text has at most %d characters",
	                         GS_TYPED_TYPE_TEXT_MAX - 1);
}

enum gs_err gs_typed_encode_type(const struct gs_typed *typed, const char *name, char out[GS_TYPED_TYPE_TEXT_MAX],
                                 struct gs_error *error)
{
	struct used used = {.of = {find(typed, name)}, .count = 1};
	enum gs_err err;

	out[0] = '\0';
	if (!used.of[0])
		return gs_fail(error, GS_EINVAL, "typed data: no struct '%.60s'", name);
	if ((err = reach(typed, &used, error)) != GS_OK)
		return err;
	qsort(used.of + 1, used.count - 1, sizeof(const struct gs_typed_struct *), by_name);
	for (size_t i = 0; i < used.count && !err; i++)
		err = put_type(used.of[i]->name, used.of[i]->members, used.of[i]->count, out, error);
	return err;
}

/* --- hashes --- */

static bool all(const uint8_t *bytes, size_t len, uint8_t v)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != v)
			return false;
	return true;
}

/* Whether a word is a value of its type, as the ABI demands. */
static bool fits(const struct gs_typed_form *form, const uint8_t word[32])
{
	const size_t spare = 32 - form->size / 8;

	switch (form->word) {
	case GS_TYPED_UINT: return all(word, spare, 0);
	case GS_TYPED_INT: return spare == 0 || all(word, spare, word[spare] & 0x80 ? 0xff : 0);
	case GS_TYPED_BOOL: return all(word, 31, 0) && word[31] <= 1;
	case GS_TYPED_ADDRESS: return all(word, 12, 0);
	case GS_TYPED_FIXED: return all(word + form->size, 32 - form->size, 0);
	}
	return false;
}

static enum gs_err hash_struct(const struct gs_typed *typed, const struct gs_typed_struct *of,
                               const struct gs_typed_value *value, unsigned depth, struct gs_hash *out,
                               struct gs_error *error);

/* The word that stands for a value in its struct or list. */
static enum gs_err encode(const struct gs_typed *typed, const char *type, const struct gs_typed_value *value,
                          unsigned depth, struct gs_hash *out, struct gs_error *error)
{
	struct gs_typed_form form;
	struct gs_keccak keccak;
	enum gs_err err = gs_typed_form_of(typed, type, &form, error);

	if (err)
		return err;
	if (depth > GS_TYPED_DEPTH_MAX)
		return gs_fail(error, GS_ELIMIT, "typed data: deeper than %d", GS_TYPED_DEPTH_MAX);
	switch (form.kind) {
	case GS_TYPED_WORD:
		memcpy(out->b, value->word, 32);
		return fits(&form, value->word) ? GS_OK : gs_fail(error, GS_EINVAL, "typed data: no %.60s", type);
	case GS_TYPED_BYTES: gs_keccak256(value->bytes.ptr, value->bytes.len, out); return GS_OK;
	case GS_TYPED_STRUCT: return hash_struct(typed, form.of, value, depth + 1, out, error);
	case GS_TYPED_LIST: break;
	}
	if (form.length != SIZE_MAX && form.length != value->count)
		return gs_fail(error, GS_EINVAL, "typed data: %zu elements for %.60s", value->count, type);
	gs_keccak_init(&keccak);
	for (size_t i = 0; i < value->count && !err; i++) {
		struct gs_hash word;
		err = encode(typed, form.element, &value->items[i], depth + 1, &word, error);
		if (!err)
			gs_keccak_update(&keccak, word.b, 32);
	}
	gs_keccak_final(&keccak, out);
	return err;
}

static enum gs_err hash_struct(const struct gs_typed *typed, const struct gs_typed_struct *of,
                               const struct gs_typed_value *value, unsigned depth, struct gs_hash *out,
                               struct gs_error *error)
{
	char text[GS_TYPED_TYPE_TEXT_MAX];
	struct gs_keccak keccak;
	struct gs_hash word;
	enum gs_err err = gs_typed_encode_type(typed, of->name, text, error);

	if (!err && value->count != of->count)
		err = gs_fail(error, GS_EINVAL, "typed data: %zu values for the %zu members of %.60s", value->count,
		              of->count, of->name);
	if (err)
		return err;
	gs_keccak256(text, strlen(text), &word);
	gs_keccak_init(&keccak);
	gs_keccak_update(&keccak, word.b, 32);
	for (size_t i = 0; i < of->count && !err; i++) {
		err = encode(typed, of->members[i].type, &value->items[i], depth, &word, error);
		if (!err)
			gs_keccak_update(&keccak, word.b, 32);
	}
	gs_keccak_final(&keccak, out);
	return err;
}

enum gs_err gs_typed_hash_struct(const struct gs_typed *typed, struct gs_hash *out, struct gs_error *error)
{
	const struct gs_typed_struct *of = find(typed, typed->primary);

	if (!of)
		return gs_fail(error, GS_EINVAL, "typed data: no struct '%.60s'", typed->primary);
	return hash_struct(typed, of, &typed->message, 0, out, error);
}

/* --- the domain --- */

size_t gs_typed_domain_members(const struct gs_typed_domain *domain,
                               struct gs_typed_member out[GS_TYPED_DOMAIN_MEMBERS])
{
	size_t n = 0;

	if (domain->name)
		out[n++] = (struct gs_typed_member){"string", "name"};
	if (domain->version)
		out[n++] = (struct gs_typed_member){"string", "version"};
	if (domain->chain_id)
		out[n++] = (struct gs_typed_member){"uint256", "chainId"};
	if (domain->contract)
		out[n++] = (struct gs_typed_member){"address", "verifyingContract"};
	if (domain->salt)
		out[n++] = (struct gs_typed_member){"bytes32", "salt"};
	return n;
}

enum gs_err gs_typed_domain_separator(const struct gs_typed_domain *domain, struct gs_hash *out, struct gs_error *error)
{
	struct gs_typed_member members[GS_TYPED_DOMAIN_MEMBERS];
	struct gs_typed_value value[GS_TYPED_DOMAIN_MEMBERS] = {0};
	const struct gs_typed_struct of = {"EIP712Domain", members, gs_typed_domain_members(domain, members)};
	const struct gs_typed typed = {
		.structs = &of, .struct_count = 1, .primary = of.name, .message = {.items = value, .count = of.count}};
	size_t n = 0;

	if (domain->name)
		value[n++].bytes = (struct gs_bytes){(const uint8_t *)domain->name, strlen(domain->name)};
	if (domain->version)
		value[n++].bytes = (struct gs_bytes){(const uint8_t *)domain->version, strlen(domain->version)};
	if (domain->chain_id)
		gs_u256_to_be(domain->chain_id, value[n++].word);
	if (domain->contract)
		memcpy(value[n++].word + 12, domain->contract->b, 20);
	if (domain->salt)
		memcpy(value[n++].word, domain->salt->b, 32);
	return gs_typed_hash_struct(&typed, out, error);
}

enum gs_err gs_typed_digest(const struct gs_typed *typed, struct gs_hash *out, struct gs_error *error)
{
	uint8_t message[2 + 2 * 32] = {0x19, 0x01};
	struct gs_hash hash;
	enum gs_err err = gs_typed_domain_separator(&typed->domain, &hash, error);

	if (err)
		return err;
	memcpy(message + 2, hash.b, 32);
	if ((err = gs_typed_hash_struct(typed, &hash, error)) != GS_OK)
		return err;
	memcpy(message + 2 + 32, hash.b, 32);
	gs_keccak256(message, sizeof(message), out);
	return GS_OK;
}
