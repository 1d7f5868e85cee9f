#include "tests/support/inference_json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "chain/eth/abi.h"

__extension__ typedef unsigned __int128 u128;
enum { DIGITS_MAX = 48, TEXT_MAX = 1 << 20 };

static json_t *hex_json(struct gs_bytes bytes)
{
	char *text = malloc(2 * bytes.len + 3);
	json_t *out;

	if (!text)
		abort();
	gs_hex_encode(bytes.ptr, bytes.len, true, text);
	out = json_string(text);
	free(text);
	return out;
}

static json_t *int_json(gs_int128 v)
{
	char text[DIGITS_MAX], *at = text + sizeof(text) - 1;
	u128 m = v < 0 ? -(u128)v : (u128)v;

	*at = '\0';
	do
		*--at = (char)('0' + (int)(m % 10));
	while (m /= 10);
	if (v < 0)
		*--at = '-';
	return json_string(at);
}

static json_t *tensor_json(const struct gs_inference_tensor *t)
{
	json_t *values = json_array(), *shape = json_array();

	for (size_t i = 0; i < t->count; i++) {
		const struct gs_decimal d = gs_inference_number(t, i);
		json_array_append_new(values, json_pack("[o,o]", int_json(d.value), int_json(d.decimals)));
	}
	for (size_t i = 0; i < t->dims; i++)
		json_array_append_new(shape, json_integer(gs_inference_dim(t, i)));
	return json_pack("{s:o, s:o, s:o}", "name", hex_json(t->name), "values", values, "shape", shape);
}

static json_t *values_json(const struct gs_inference_values *v)
{
	json_t *numbers = json_array(), *strings = json_array();

	for (size_t i = 0; i < v->tensors; i++)
		json_array_append_new(numbers, tensor_json(&v->tensor[i]));
	for (size_t i = 0; i < v->text_lists; i++) {
		json_t *list = json_array();
		for (size_t k = 0; k < v->texts[i].count; k++)
			json_array_append_new(list, hex_json(v->texts[i].value[k]));
		json_array_append_new(strings,
		                      json_pack("{s:o, s:o}", "name", hex_json(v->texts[i].name), "values", list));
	}
	return json_pack("{s:o, s:o}", "numbers", numbers, "strings", strings);
}

json_t *inference_to_json(const struct gs_inference *inference)
{
	json_t *jsons = json_array();

	for (size_t i = 0; i < inference->jsons; i++)
		json_array_append_new(jsons, json_pack("{s:o, s:o}", "name", hex_json(inference->json[i].name), "value",
		                                       hex_json(inference->json[i].value)));
	return json_pack("{s:o, s:i, s:o, s:o, s:o, s:o, s:b}", "id", hex_json(inference->id), "mode", inference->mode,
	                 "model", hex_json(inference->model), "input", values_json(&inference->input), "output",
	                 values_json(&inference->output), "jsons", jsons, "simulated", inference->is_simulation);
}

/* --- back --- */

static void put_text(struct gs_abi_writer *w, const json_t *hex)
{
	const char *text = json_string_value(hex);
	struct gs_buf bytes;
	uint8_t *to;

	gs_buf_init(&bytes, TEXT_MAX);
	to = text && strlen(text) > 2 ? gs_buf_extend(&bytes, strlen(text) / 2 - 1) : NULL;
	if (to && gs_hex_decode(text, strlen(text), to, bytes.len) != GS_OK)
		abort();
	gs_abi_put_bytes(w, gs_buf_view(&bytes));
	gs_buf_free(&bytes);
}

static void put_int(struct gs_abi_writer *w, const char *text)
{
	uint8_t word[GS_ABI_WORD];
	u128 v = 0;

	for (const char *at = text + (*text == '-'); *at; at++)
		v = v * 10 + (unsigned)(*at - '0');
	if (*text == '-')
		v = -v;
	memset(word, v >> 127 ? 0xff : 0, sizeof(word));
	gs_be64_write(word + 16, (uint64_t)(v >> 64));
	gs_be64_write(word + 24, (uint64_t)v);
	gs_abi_put_word(w, word);
}

static const json_t *member(const json_t *json, const char *name)
{
	return json_object_get(json, name);
}

static void put_tensor(struct gs_abi_writer *parent, const json_t *t)
{
	const json_t *values = member(t, "values"), *shape = member(t, "shape");
	struct gs_abi_writer w, child;

	gs_abi_put_tuple(parent, &w, 3);
	put_text(&w, member(t, "name"));
	gs_abi_put_array(&w, &child, json_array_size(values), 2);
	for (size_t i = 0; i < json_array_size(values); i++)
		for (size_t k = 0; k < 2; k++)
			put_int(&child, json_string_value(json_array_get(json_array_get(values, i), k)));
	gs_abi_end(&child);
	gs_abi_put_array(&w, &child, json_array_size(shape), 1);
	for (size_t i = 0; i < json_array_size(shape); i++)
		gs_abi_put_u64(&child, (uint64_t)json_integer_value(json_array_get(shape, i)));
	gs_abi_end(&child);
	gs_abi_end(&w);
}

static void put_texts(struct gs_abi_writer *parent, const json_t *t)
{
	const json_t *values = member(t, "values");
	struct gs_abi_writer w, child;

	gs_abi_put_tuple(parent, &w, 2);
	put_text(&w, member(t, "name"));
	gs_abi_put_array(&w, &child, json_array_size(values), 1);
	for (size_t i = 0; i < json_array_size(values); i++)
		put_text(&child, json_array_get(values, i));
	gs_abi_end(&child);
	gs_abi_end(&w);
}

static void put_values(struct gs_abi_writer *w, const json_t *v)
{
	const json_t *numbers = member(v, "numbers"), *strings = member(v, "strings");
	struct gs_abi_writer child;

	gs_abi_put_array(w, &child, json_array_size(numbers), 1);
	for (size_t i = 0; i < json_array_size(numbers); i++)
		put_tensor(&child, json_array_get(numbers, i));
	gs_abi_end(&child);
	gs_abi_put_array(w, &child, json_array_size(strings), 1);
	for (size_t i = 0; i < json_array_size(strings); i++)
		put_texts(&child, json_array_get(strings, i));
	gs_abi_end(&child);
}

static void put_request(struct gs_abi_writer *parent, const json_t *json)
{
	struct gs_abi_writer w, input;

	gs_abi_put_tuple(parent, &w, 3);
	gs_abi_put_u64(&w, (uint64_t)json_integer_value(member(json, "mode")));
	put_text(&w, member(json, "model"));
	gs_abi_put_tuple(&w, &input, 2);
	put_values(&input, member(json, "input"));
	gs_abi_end(&input);
	gs_abi_end(&w);
}

static void put_response(struct gs_abi_writer *parent, const json_t *json)
{
	const json_t *jsons = member(json, "jsons");
	struct gs_abi_writer w, list, pair;

	gs_abi_put_tuple(parent, &w, 4);
	put_values(&w, member(json, "output"));
	gs_abi_put_array(&w, &list, json_array_size(jsons), 1);
	for (size_t i = 0; i < json_array_size(jsons); i++) {
		gs_abi_put_tuple(&list, &pair, 2);
		put_text(&pair, member(json_array_get(jsons, i), "name"));
		put_text(&pair, member(json_array_get(jsons, i), "value"));
		gs_abi_end(&pair);
	}
	gs_abi_end(&list);
	gs_abi_put_bool(&w, json_is_true(member(json, "simulated")));
	gs_abi_end(&w);
}

bool inference_encode(const json_t *json, bool call, struct gs_buf *out)
{
	struct gs_abi_writer w;

	if (!json_is_object(json))
		return false;
	if (call) {
		gs_abi_call(&w, out, GS_INFERENCE_SELECTOR, 1);
		put_request(&w, json);
	} else {
		gs_abi_begin(&w, out, 3);
		put_text(&w, member(json, "id"));
		put_request(&w, json);
		put_response(&w, json);
	}
	gs_abi_end(&w);
	return out->err == GS_OK;
}
