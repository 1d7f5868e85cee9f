#include "validator/opengradient/inference.h"

#include <stdlib.h>
#include <string.h>

#include "chain/eth/abi.h"

const struct gs_hash gs_topic_model_inference = {{0x1b, 0x28, 0x3a, 0xf3, 0x45, 0x2f, 0x37, 0x18, 0x58, 0x5c, 0xe1,
                                                  0x00, 0xf8, 0x0d, 0x9a, 0xa8, 0x1f, 0xc6, 0x09, 0x24, 0xdb, 0x4a,
                                                  0x58, 0x2a, 0x36, 0xdb, 0x6a, 0xae, 0x3b, 0x10, 0x9d, 0x87}};

enum { NUMBER_WORDS = 2, NUMBER_BYTES = NUMBER_WORDS * GS_ABI_WORD, SELECTOR_BYTES = 4 };

struct reading {
	size_t words; /* that lists may still have */
	struct gs_error *error;
};

static enum gs_err bad(const struct reading *g, const char *what)
{
	return gs_fail(g->error, GS_EPARSE, "%s: not of the form that the ABI has", what);
}

/* A list of elements with so many words each; counts them. */
static enum gs_err list(struct reading *g, struct gs_abi_reader *r, size_t element_words, const char *what,
                        struct gs_abi_reader *out, size_t *count)
{
	*out = gs_abi_get_array(r, element_words, count);
	if (r->err || out->err)
		return bad(g, what);
	if (*count * element_words > g->words)
		return gs_fail(g->error, GS_EPARSE, "%s: its lists have more in them than its bytes can hold", what);
	g->words -= *count * element_words;
	return GS_OK;
}

/* The same for rows of size bytes each, which the caller will own. */
static enum gs_err table(struct reading *g, struct gs_abi_reader *r, size_t size, const char *what,
                         struct gs_abi_reader *elements, void **out, size_t *count)
{
	size_t n;
	enum gs_err err = list(g, r, 1, what, elements, &n);

	if (err)
		return err;
	*out = calloc(n + 1, size);
	if (!*out)
		return gs_fail(g->error, GS_ENOMEM, "%s: no memory for %zu", what, n);
	*count = n;
	return GS_OK;
}

static enum gs_err read_tensor(struct reading *g, struct gs_abi_reader *r, struct gs_inference_tensor *out)
{
	struct gs_abi_reader tuple = gs_abi_get_tuple(r), numbers, shape;
	gs_int128 part;
	enum gs_err err;

	out->name = gs_abi_get_bytes(&tuple);
	if ((err = list(g, &tuple, NUMBER_WORDS, "values of a tensor", &numbers, &out->count)) ||
	    (err = list(g, &tuple, 1, "shape of a tensor", &shape, &out->dims)))
		return err;
	out->numbers = (struct gs_bytes){numbers.data.ptr, out->count * NUMBER_BYTES};
	out->shape = (struct gs_bytes){shape.data.ptr, out->dims * GS_ABI_WORD};
	for (size_t at = 0; at < out->numbers.len; at += GS_ABI_WORD)
		if (gs_int128_from_word(out->numbers.ptr + at, &part) != GS_OK)
			return bad(g, "values of a tensor");
	for (size_t i = 0; i < out->dims; i++)
		(void)gs_abi_get_u32(&shape);
	return shape.err ? bad(g, "shape of a tensor") : GS_OK;
}

static enum gs_err read_texts(struct reading *g, struct gs_abi_reader *r, struct gs_inference_texts *out)
{
	struct gs_abi_reader tuple = gs_abi_get_tuple(r), values;
	enum gs_err err;

	out->name = gs_abi_get_bytes(&tuple);
	err = table(g, &tuple, sizeof(*out->value), "values of strings", &values, (void **)&out->value, &out->count);
	if (err)
		return err;
	for (size_t i = 0; i < out->count; i++)
		out->value[i] = gs_abi_get_bytes(&values);
	return values.err ? bad(g, "values of strings") : GS_OK;
}

static enum gs_err read_values(struct reading *g, struct gs_abi_reader *r, struct gs_inference_values *out)
{
	struct gs_abi_reader elements;
	enum gs_err err;

	err = table(g, r, sizeof(*out->tensor), "numbers", &elements, (void **)&out->tensor, &out->tensors);
	for (size_t i = 0; i < out->tensors && !err; i++)
		err = read_tensor(g, &elements, &out->tensor[i]);
	if (err)
		return err;
	err = table(g, r, sizeof(*out->texts), "strings", &elements, (void **)&out->texts, &out->text_lists);
	for (size_t i = 0; i < out->text_lists && !err; i++)
		err = read_texts(g, &elements, &out->texts[i]);
	return err;
}

static enum gs_err read_jsons(struct reading *g, struct gs_abi_reader *r, struct gs_inference *out)
{
	struct gs_abi_reader elements;
	enum gs_err err = table(g, r, sizeof(*out->json), "jsons", &elements, (void **)&out->json, &out->jsons);

	for (size_t i = 0; i < out->jsons && !err; i++) {
		struct gs_abi_reader tuple = gs_abi_get_tuple(&elements);
		out->json[i].name = gs_abi_get_bytes(&tuple);
		out->json[i].value = gs_abi_get_bytes(&tuple);
		if (tuple.err)
			err = bad(g, "jsons");
	}
	return err;
}

static enum gs_err read_request(struct reading *g, struct gs_abi_reader *r, struct gs_inference *out)
{
	struct gs_abi_reader request = gs_abi_get_tuple(r), input;

	out->mode = gs_abi_get_u8(&request);
	out->model = gs_abi_get_bytes(&request);
	input = gs_abi_get_tuple(&request);
	if (request.err || input.err)
		return bad(g, "request");
	return read_values(g, &input, &out->input);
}

static enum gs_err read_response(struct reading *g, struct gs_abi_reader *r, struct gs_inference *out)
{
	struct gs_abi_reader response = gs_abi_get_tuple(r);
	enum gs_err err = read_values(g, &response, &out->output);

	if (!err)
		err = read_jsons(g, &response, out);
	if (err)
		return err;
	out->is_simulation = gs_abi_get_bool(&response);
	return response.err ? bad(g, "response") : GS_OK;
}

static enum gs_err begin(struct gs_bytes data, struct gs_inference *out, struct reading *g, struct gs_error *error)
{
	memset(out, 0, sizeof(*out));
	*g = (struct reading){.words = data.len / GS_ABI_WORD, .error = error};
	if (data.len > GS_INFERENCE_DATA_MAX)
		return gs_fail(error, GS_ELIMIT, "an inference of more than %d bytes", GS_INFERENCE_DATA_MAX);
	return GS_OK;
}

enum gs_err gs_inference_read_event(struct gs_bytes data, struct gs_inference *out, struct gs_error *error)
{
	struct gs_abi_reader r = gs_abi_read(data);
	struct reading g;
	enum gs_err err = begin(data, out, &g, error);

	if (err)
		return err;
	out->id = gs_abi_get_bytes(&r);
	err = r.err ? bad(&g, "inferenceID") : read_request(&g, &r, out);
	if (!err)
		err = read_response(&g, &r, out);
	if (err)
		gs_inference_free(out);
	return err;
}

enum gs_err gs_inference_read_call(struct gs_bytes data, struct gs_inference *out, struct gs_error *error)
{
	struct gs_abi_reader r;
	struct reading g;
	enum gs_err err = begin(data, out, &g, error);

	if (err)
		return err;
	if (data.len < SELECTOR_BYTES || gs_be32_read(data.ptr) != GS_INFERENCE_SELECTOR)
		return gs_fail(error, GS_EPARSE, "not a call of runModelInference");
	r = gs_abi_read((struct gs_bytes){data.ptr + SELECTOR_BYTES, data.len - SELECTOR_BYTES});
	err = read_request(&g, &r, out);
	if (err)
		gs_inference_free(out);
	return err;
}

static void free_values(struct gs_inference_values *v)
{
	for (size_t i = 0; i < v->text_lists; i++)
		free(v->texts[i].value);
	free(v->texts);
	free(v->tensor);
}

void gs_inference_free(struct gs_inference *inference)
{
	free_values(&inference->input);
	free_values(&inference->output);
	free(inference->json);
	memset(inference, 0, sizeof(*inference));
}

struct gs_decimal gs_inference_number(const struct gs_inference_tensor *tensor, size_t i)
{
	const uint8_t *at = tensor->numbers.ptr + i * NUMBER_BYTES;
	struct gs_decimal d;

	GS_ASSERT(i < tensor->count);
	GS_ASSERT(gs_int128_from_word(at, &d.value) == GS_OK);
	GS_ASSERT(gs_int128_from_word(at + GS_ABI_WORD, &d.decimals) == GS_OK);
	return d;
}

uint32_t gs_inference_dim(const struct gs_inference_tensor *tensor, size_t i)
{
	GS_ASSERT(i < tensor->dims);
	return gs_be32_read(tensor->shape.ptr + i * GS_ABI_WORD + GS_ABI_WORD - sizeof(uint32_t));
}

bool gs_inference_fits(const struct gs_inference_tensor *tensor)
{
	uint64_t elements = 1;

	for (size_t i = 0; i < tensor->dims; i++)
		if (gs_inference_dim(tensor, i) == 0)
			return tensor->count == 0;
	for (size_t i = 0; i < tensor->dims; i++) {
		elements *= gs_inference_dim(tensor, i);
		if (elements > tensor->count)
			return false;
	}
	return elements == tensor->count;
}
