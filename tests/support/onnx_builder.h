/* tests/support/onnx_builder.h: writes small ONNX models, so that tests need no file and no Python. */
#ifndef GS_TESTS_SUPPORT_ONNX_BUILDER_H
#define GS_TESTS_SUPPORT_ONNX_BUILDER_H

#include "validator/onnx/tensor.h"

struct ob { /* zero-initialise with ob_init */
	struct gs_buf graph;
	struct gs_buf node; /* the one being written */
	int64_t opset;
};

/* Raw protobuf, for models that are wrong on purpose. */
void ob_varint(struct gs_buf *b, uint64_t v);
void ob_bytes(struct gs_buf *b, unsigned field, const void *data, size_t len);
void ob_text(struct gs_buf *b, unsigned field, const char *text);
void ob_int(struct gs_buf *b, unsigned field, uint64_t v);

void ob_init(struct ob *o, int64_t opset);
/* Comma-separated names; an empty one is an input left out. Attributes follow; ob_end closes the node. */
void ob_node(struct ob *o, const char *op, const char *inputs, const char *outputs);
void ob_attr_int(struct ob *o, const char *name, int64_t v);
void ob_attr_float(struct ob *o, const char *name, float v);
void ob_attr_text(struct ob *o, const char *name, const char *v);
void ob_attr_ints(struct ob *o, const char *name, unsigned count, const int64_t *v);
void ob_attr_floats(struct ob *o, const char *name, unsigned count, const float *v);
void ob_attr_texts(struct ob *o, const char *name, unsigned count, const char *const *v);
void ob_attr_tensor(struct ob *o, const char *name, enum gs_dtype dtype, uint32_t count, const void *data);
void ob_domain(struct ob *o, const char *domain); /* of the node; the default one otherwise */
void ob_end(struct ob *o);
/* A graph input or output; a dimension of -1 is symbolic. */
void ob_input(struct ob *o, const char *name, int elem_type, unsigned rank, const int64_t *dim);
void ob_output(struct ob *o, const char *name, int elem_type);
/* data: elements as the host keeps them (f16 and bf16: uint16_t); ob_pack makes the file's little-endian ones of such. */
void ob_initializer(struct ob *o, const char *name, enum gs_dtype dtype, unsigned rank, const uint32_t *dim,
                    const void *data);
void ob_pack(enum gs_dtype dtype, const void *host, uint64_t count, uint8_t *out);
void ob_unpack(enum gs_dtype dtype, const uint8_t *bytes, uint64_t count, void *host);
/* The model; owned by the caller (gs_buf_free). The builder is empty afterwards. */
struct gs_buf ob_finish(struct ob *o);

#endif
