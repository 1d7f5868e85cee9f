/* What a model takes and gives, without lowering it. */
#include "validator/onnx/lower.h"
#include "validator/onnx/reader.h"

#include <stdlib.h>
#include <string.h>

static int compare_names(const void *a, const void *b)
{
	const struct gs_bytes *x = a, *y = b;
	size_t n = x->len < y->len ? x->len : y->len;
	int c = n == 0 ? 0 : memcmp(x->ptr, y->ptr, n);
	return c != 0 ? c : (x->len > y->len) - (x->len < y->len);
}

static bool is_half(uint64_t type)
{
	return type == GS_F16 || type == GS_BF16;
}

enum gs_err gs_onnx_signature_read(struct gs_bytes bytes, struct gs_onnx_signature *out, struct gs_error *error)
{
	struct gs_arena arena;
	static const struct gs_onnx_external no_data = {0}; /* files beside the model are not opened for this */
	struct gs_onnx_model m;
	*out = (struct gs_onnx_signature){0};
	gs_arena_init(&arena, GS_LOWER_MEMORY_MAX);
	enum gs_err err = gs_onnx_read(bytes, &no_data, &arena, &m, error);
	if (err != GS_OK)
		goto out;
	out->input = calloc((size_t)m.graph.inputs + 1, sizeof(*out->input));
	if (out->input == NULL) {
		err = gs_fail(error, GS_ENOMEM, "no memory for the model's inputs");
		goto out;
	}
	struct gs_bytes *given = gs_arena_alloc(&arena, m.graph.initializers, sizeof(*given));
	if (given == NULL) {
		err = gs_fail(error, GS_ELIMIT, "the model's tables do not fit the memory limit");
		goto out;
	}
	for (uint32_t k = 0; k < m.graph.initializers; k++) {
		given[k] = m.graph.initializer[k].name;
		out->half |= is_half(m.graph.initializer[k].dtype);
	}
	qsort(given, m.graph.initializers, sizeof(*given), compare_names);
	out->tensors_only = true;
	for (uint32_t k = 0; k < m.graph.outputs; k++) {
		out->half |= is_half(m.graph.output[k].elem_type);
		out->tensors_only &= m.graph.output[k].is_tensor;
		out->strings |= m.graph.output[k].elem_type == GS_ONNX_TYPE_STRING;
	}
	for (uint32_t i = 0; i < m.graph.inputs; i++) {
		const struct gs_onnx_value *v = &m.graph.input[i];
		out->half |= is_half(v->elem_type);
		out->tensors_only &= v->is_tensor;
		out->strings |= v->elem_type == GS_ONNX_TYPE_STRING;
		if (bsearch(&v->name, given, m.graph.initializers, sizeof(*given), compare_names) != NULL)
			continue;
		struct gs_onnx_input *in = &out->input[out->inputs++];
		if (v->name.len != 0)
			memcpy(in->name, v->name.ptr, v->name.len);
		in->elem_type = v->elem_type;
		in->rank = v->has_shape ? v->rank : UINT8_MAX;
		in->graph_index = i;
		for (unsigned d = 0; d < v->rank; d++)
			in->dim[d] = v->dim[d].value;
	}
out:
	gs_arena_free(&arena);
	if (err != GS_OK)
		gs_onnx_signature_free(out);
	return err;
}

void gs_onnx_signature_free(struct gs_onnx_signature *s)
{
	free(s->input);
	*s = (struct gs_onnx_signature){0};
}
