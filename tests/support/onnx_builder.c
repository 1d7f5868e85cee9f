#include "tests/support/onnx_builder.h"

#include <stdlib.h>
#include <string.h>

enum { OB_MAX = 1 << 26 };

void ob_varint(struct gs_buf *b, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		gs_buf_append_u8(b, (uint8_t)(v | 0x80));
	gs_buf_append_u8(b, (uint8_t)v);
}

void ob_bytes(struct gs_buf *b, unsigned field, const void *data, size_t len)
{
	ob_varint(b, field << 3 | 2);
	ob_varint(b, len);
	gs_buf_append(b, data, len);
}

void ob_text(struct gs_buf *b, unsigned field, const char *text)
{
	ob_bytes(b, field, text, strlen(text));
}

void ob_int(struct gs_buf *b, unsigned field, uint64_t v)
{
	ob_varint(b, field << 3);
	ob_varint(b, v);
}

static void message(struct gs_buf *b, unsigned field, struct gs_buf *inner)
{
	ob_bytes(b, field, inner->ptr, inner->len);
	gs_buf_free(inner);
}

void ob_init(struct ob *o, int64_t opset)
{
	gs_buf_init(&o->graph, OB_MAX);
	gs_buf_init(&o->node, OB_MAX);
	gs_buf_init(&o->extra, OB_MAX);
	o->opset = opset;
}

static void names(struct gs_buf *b, unsigned field, const char *list)
{
	for (const char *p = list; *p != 0 || p == list;) {
		size_t len = strcspn(p, ",");
		if (len > 0 || *p == ',')
			ob_bytes(b, field, p, len);
		p += len;
		if (*p == 0)
			return;
		p++;
	}
}

void ob_node(struct ob *o, const char *op, const char *inputs, const char *outputs)
{
	names(&o->node, 1, inputs);
	names(&o->node, 2, outputs);
	ob_text(&o->node, 4, op);
}

static struct gs_buf attribute(const char *name, int type)
{
	struct gs_buf b;
	gs_buf_init(&b, OB_MAX);
	ob_text(&b, 1, name);
	ob_int(&b, 20, (uint64_t)type);
	return b;
}

void ob_attr_int(struct ob *o, const char *name, int64_t v)
{
	struct gs_buf b = attribute(name, 2);
	ob_int(&b, 3, (uint64_t)v);
	message(&o->node, 5, &b);
}

void ob_attr_float(struct ob *o, const char *name, float v)
{
	struct gs_buf b = attribute(name, 1);
	uint8_t bytes[4];
	gs_le32_write(bytes, gs_f32_to_bits(v));
	ob_varint(&b, 2 << 3 | 5);
	gs_buf_append(&b, bytes, 4);
	message(&o->node, 5, &b);
}

void ob_attr_text(struct ob *o, const char *name, const char *v)
{
	struct gs_buf b = attribute(name, 3);
	ob_text(&b, 4, v);
	message(&o->node, 5, &b);
}

void ob_attr_ints(struct ob *o, const char *name, unsigned count, const int64_t *v)
{
	struct gs_buf b = attribute(name, 7);
	for (unsigned i = 0; i < count; i++)
		ob_int(&b, 8, (uint64_t)v[i]);
	message(&o->node, 5, &b);
}

void ob_attr_graph(struct ob *o, const char *name, struct ob *inner)
{
	struct gs_buf b = attribute(name, 5);
	message(&b, 6, &inner->graph);
	message(&o->node, 5, &b);
	gs_buf_free(&inner->node);
	gs_buf_free(&inner->extra);
}

void ob_attr_ref(struct ob *o, const char *name, const char *ref, int type)
{
	struct gs_buf b = attribute(name, type);
	ob_text(&b, 21, ref);
	message(&o->node, 5, &b);
}

void ob_domain(struct ob *o, const char *domain)
{
	ob_text(&o->node, 7, domain);
}

void ob_import(struct ob *o, const char *domain, int64_t version)
{
	struct gs_buf b;
	gs_buf_init(&b, OB_MAX);
	ob_text(&b, 1, domain);
	ob_int(&b, 2, (uint64_t)version);
	message(&o->extra, 8, &b);
}

void ob_function(struct ob *o, const char *domain, const char *name, const char *inputs, const char *outputs,
                 struct ob *body, const char *default_name, float default_value)
{
	struct gs_buf f, opset;
	gs_buf_init(&f, OB_MAX);
	gs_buf_init(&opset, OB_MAX);
	ob_text(&f, 1, name);
	names(&f, 4, inputs);
	names(&f, 5, outputs);
	/* the body's nodes are field 1 of a graph and field 7 of a function */
	for (const uint8_t *p = body->graph.ptr, *end = p + body->graph.len; p < end;) {
		size_t len = 0;
		GS_ASSERT(*p++ == (1 << 3 | 2));
		for (unsigned shift = 0;; shift += 7) {
			len |= (size_t)(*p & 0x7f) << shift;
			if ((*p++ & 0x80) == 0)
				break;
		}
		ob_bytes(&f, 7, p, len);
		p += len;
	}
	ob_int(&opset, 2, (uint64_t)body->opset);
	message(&f, 9, &opset);
	ob_text(&f, 10, domain);
	if (default_name != NULL) {
		struct gs_buf b = attribute(default_name, 1);
		uint8_t bytes[4];
		gs_le32_write(bytes, gs_f32_to_bits(default_value));
		ob_varint(&b, 2 << 3 | 5);
		gs_buf_append(&b, bytes, 4);
		message(&f, 11, &b);
	}
	message(&o->extra, 25, &f);
	gs_buf_free(&body->graph);
	gs_buf_free(&body->node);
	gs_buf_free(&body->extra);
}

void ob_attr_floats(struct ob *o, const char *name, unsigned count, const float *v)
{
	struct gs_buf b = attribute(name, 6);
	for (unsigned i = 0; i < count; i++) {
		uint8_t bytes[4];
		gs_le32_write(bytes, gs_f32_to_bits(v[i]));
		ob_varint(&b, 7 << 3 | 5);
		gs_buf_append(&b, bytes, 4);
	}
	message(&o->node, 5, &b);
}

void ob_attr_texts(struct ob *o, const char *name, unsigned count, const char *const *v)
{
	struct gs_buf b = attribute(name, 8);
	for (unsigned i = 0; i < count; i++)
		ob_text(&b, 9, v[i]);
	message(&o->node, 5, &b);
}

void ob_attr_tensor(struct ob *o, const char *name, enum gs_dtype dtype, uint32_t count, const void *data)
{
	struct gs_buf b = attribute(name, 4), t;
	uint8_t *packed = malloc((size_t)count * gs_dtype_bytes(dtype) + 1);
	GS_ASSERT(packed != NULL);
	ob_pack(dtype, data, count, packed);
	gs_buf_init(&t, OB_MAX);
	GS_ASSERT(
		gs_tensor_to_proto(
			&(struct gs_tensor){.dtype = dtype, .rank = 1, .dim = {count}, .count = count, .data = packed},
			&t) == GS_OK);
	message(&b, 5, &t);
	message(&o->node, 5, &b);
	free(packed);
}

void ob_end(struct ob *o)
{
	message(&o->graph, 1, &o->node);
	gs_buf_init(&o->node, OB_MAX);
}

static void value_info(struct ob *o, unsigned field, const char *name, int elem_type, bool has_shape, unsigned rank,
                       const int64_t *dim)
{
	struct gs_buf shape, tensor, type, value;
	gs_buf_init(&shape, OB_MAX);
	gs_buf_init(&tensor, OB_MAX);
	gs_buf_init(&type, OB_MAX);
	gs_buf_init(&value, OB_MAX);
	for (unsigned d = 0; d < rank; d++) {
		struct gs_buf one;
		gs_buf_init(&one, OB_MAX);
		if (dim[d] < 0)
			ob_text(&one, 2, "N");
		else
			ob_int(&one, 1, (uint64_t)dim[d]);
		message(&shape, 1, &one);
	}
	ob_int(&tensor, 1, (uint64_t)elem_type);
	if (has_shape)
		message(&tensor, 2, &shape);
	gs_buf_free(&shape);
	message(&type, 1, &tensor);
	ob_text(&value, 1, name);
	message(&value, 2, &type);
	message(&o->graph, field, &value);
}

void ob_input(struct ob *o, const char *name, int elem_type, unsigned rank, const int64_t *dim)
{
	value_info(o, 11, name, elem_type, true, rank, dim);
}

void ob_output(struct ob *o, const char *name, int elem_type)
{
	value_info(o, 12, name, elem_type, false, 0, NULL);
}

static void little_endian(unsigned width, const uint8_t *from, uint64_t count, uint8_t *to)
{
	const uint16_t probe = 1;
	bool swap = *(const uint8_t *)&probe == 0;
	for (uint64_t i = 0; i < count; i++)
		for (unsigned b = 0; b < width; b++)
			to[i * width + b] = from[i * width + (swap ? width - 1 - b : b)];
}

void ob_pack(enum gs_dtype dtype, const void *host, uint64_t count, uint8_t *out)
{
	little_endian(gs_dtype_bytes(dtype), host, count, out);
}

void ob_unpack(enum gs_dtype dtype, const uint8_t *bytes, uint64_t count, void *host)
{
	little_endian(gs_dtype_bytes(dtype), bytes, count, host);
}

void ob_initializer(struct ob *o, const char *name, enum gs_dtype dtype, unsigned rank, const uint32_t *dim,
                    const void *data)
{
	struct gs_tensor t = {.dtype = dtype, .rank = (uint8_t)rank, .count = 1};
	struct gs_buf b;
	for (unsigned d = 0; d < rank; d++) {
		t.dim[d] = dim[d];
		t.count *= dim[d];
	}
	t.name = (struct gs_bytes){(const uint8_t *)name, strlen(name)};
	uint8_t *packed = malloc((size_t)t.count * gs_dtype_bytes(dtype) + 1);
	GS_ASSERT(packed != NULL);
	ob_pack(dtype, data, t.count, packed);
	t.data = packed;
	gs_buf_init(&b, OB_MAX);
	GS_ASSERT(gs_tensor_to_proto(&t, &b) == GS_OK);
	free(packed);
	message(&o->graph, 5, &b);
}

struct gs_buf ob_finish(struct ob *o)
{
	struct gs_buf model, opset;
	gs_buf_init(&model, OB_MAX);
	gs_buf_init(&opset, OB_MAX);
	ob_int(&model, 1, 8);
	ob_int(&opset, 2, (uint64_t)o->opset);
	message(&model, 8, &opset);
	message(&model, 7, &o->graph);
	gs_buf_append(&model, o->extra.ptr, o->extra.len);
	gs_buf_free(&o->extra);
	gs_buf_free(&o->node);
	GS_ASSERT(model.err == GS_OK);
	return model;
}
