#include "chain/eth/contract.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "chain/core/u256.h"
#include "chain/eth/abi.h"
#include "chain/eth/bindings.h"

enum { ERROR_STRING = 0x08c379a0, PANIC = 0x4e487b71 }; /* Error(string) and Panic(uint256), built into Solidity */

static const struct gs_contract_item *find(const struct gs_contract_item *items, size_t count, uint32_t selector)
{
	for (size_t i = 0; i < count; i++)
		if (items[i].selector == selector)
			return &items[i];
	return NULL;
}

const struct gs_contract_item *gs_contract_error(uint32_t selector)
{
	return find(gs_bindings_errors, gs_bindings_error_count, selector);
}

const struct gs_contract_item *gs_contract_function(uint32_t selector)
{
	return find(gs_bindings_functions, gs_bindings_function_count, selector);
}

/* Text that is cut off at the end of its room. */
struct text {
	char *at;
	size_t left;
};

static void GS_PRINTF(2, 3) add(struct text *t, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(t->at, t->left, fmt, args);
	va_end(args);
	size_t used = n < 0 ? 0 : (size_t)n < t->left ? (size_t)n : t->left - 1;
	t->at += used;
	t->left -= used;
}

static void add_hex(struct text *t, const uint8_t *bytes, size_t len)
{
	add(t, "0x");
	for (size_t i = 0; i < len && t->left > 1; i++)
		add(t, "%02x", bytes[i]);
}

static const char *panic_meaning(uint64_t code)
{
	static const struct {
		uint64_t code;
		const char *meaning;
	} meanings[] = {
		{0x01, "assertion failed"},    {0x11, "arithmetic overflow"},  {0x12, "division by zero"},
		{0x21, "bad enum value"},      {0x22, "bad storage encoding"}, {0x31, "pop of an empty array"},
		{0x32, "index out of bounds"}, {0x41, "too much memory"},      {0x51, "call of an unset function"},
	};
	for (size_t i = 0; i < GS_ARRAY_LEN(meanings); i++)
		if (meanings[i].code == code)
			return meanings[i].meaning;
	return "unknown code";
}

/* Adds one word in the form of its type; dynamic values and tuples show as "..". */
static void add_value(struct text *t, const char *type, size_t len, const uint8_t word[32])
{
	bool array = len && type[len - 1] == ']';
	if (!array && strncmp(type, "uint", 4) == 0) {
		char decimal[GS_U256_DECIMAL_MAX];
		struct gs_u256 v = gs_u256_from_be(word);
		gs_u256_to_decimal(&v, decimal);
		add(t, "%s", decimal);
	} else if (len == 7 && strncmp(type, "address", len) == 0) {
		add_hex(t, word + 12, 20);
	} else if (len == 4 && strncmp(type, "bool", len) == 0) {
		add(t, "%s", word[31] ? "true" : "false");
	} else if (!array && len > 5 && strncmp(type, "bytes", 5) == 0) {
		size_t n = (size_t)(type[5] - '0');
		if (len == 7)
			n = n * 10 + (size_t)(type[6] - '0');
		add_hex(t, word, n <= GS_ABI_WORD ? n : GS_ABI_WORD);
	} else if (!array && strncmp(type, "int", 3) == 0) {
		add_hex(t, word, GS_ABI_WORD);
	} else {
		add(t, "..");
	}
}

/* "Name(type value, ...)"; values end at the first tuple or fixed array, whose width is not a word. */
static void add_custom(struct text *t, const char *signature, struct gs_bytes words)
{
	const char *type = strchr(signature, '(') + 1;
	struct gs_abi_reader r = gs_abi_read(words);
	add(t, "%.*s", (int)(type - signature), signature);
	while (*type && *type != ')') {
		size_t len = strcspn(type, ",)");
		bool wide = *type == '(' || (len >= 3 && type[len - 1] == ']' && type[len - 2] != '[');
		uint8_t word[GS_ABI_WORD];
		gs_abi_get_word(&r, word);
		if (wide || r.err != GS_OK) {
			add(t, "..");
			break;
		}
		add(t, "%.*s ", (int)len, type);
		add_value(t, type, len, word);
		type += len;
		if (*type == ',') {
			add(t, ", ");
			type++;
		}
	}
	add(t, ")");
}

void gs_contract_revert_text(struct gs_bytes data, char out[GS_REVERT_TEXT_MAX])
{
	struct text t = {out, GS_REVERT_TEXT_MAX};
	out[0] = '\0';
	if (data.len == 0) {
		add(&t, "no reason given");
		return;
	}
	if (data.len < 4) {
		add_hex(&t, data.ptr, data.len);
		return;
	}
	uint32_t selector = gs_be32_read(data.ptr);
	struct gs_bytes words = {data.ptr + 4, data.len - 4};
	struct gs_abi_reader r = gs_abi_read(words);
	const struct gs_contract_item *item = gs_contract_error(selector);
	if (selector == ERROR_STRING) {
		struct gs_bytes reason = gs_abi_get_bytes(&r);
		if (r.err == GS_OK && reason.len < GS_REVERT_TEXT_MAX) {
			for (size_t i = 0; i < reason.len; i++)
				add(&t, "%c", reason.ptr[i] >= 0x20 && reason.ptr[i] < 0x7f ? reason.ptr[i] : '?');
			return;
		}
	}
	if (selector == PANIC) {
		uint64_t code = gs_abi_get_u64(&r);
		if (r.err == GS_OK) {
			add(&t, "panic 0x%02llx: %s", (unsigned long long)code, panic_meaning(code));
			return;
		}
	}
	if (item)
		add_custom(&t, item->signature, words);
	else
		add_hex(&t, data.ptr, data.len);
}
