/* tests/support/onnx_builder.h: writes small ONNX models, so that tests need no file and no Python. */
#ifndef GS_TESTS_SUPPORT_ONNX_BUILDER_H
#define GS_TESTS_SUPPORT_ONNX_BUILDER_H

#include "validator/onnx/tensor.h"

struct ob { /* zero-initialise with ob_init */
	struct gs_buf graph;
	struct gs_buf node;  /* the one being written */
	struct gs_buf extra; /* more fields of the model: functions, opset imports */
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
/* The graph of `inner`, which is empty afterwards. */
void ob_attr_graph(struct ob *o, const char *name, struct ob *inner);
/* In a function: the value of the call's attribute `ref`; type as in AttributeProto. */
void ob_attr_ref(struct ob *o, const char *name, const char *ref, int type);
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
/* A function of the model: comma-separated inputs and outputs, nodes from `body` (empty afterwards), whose opset it
 * imports. default_name (may be NULL): an attribute with a default float. */
void ob_function(struct ob *o, const char *domain, const char *name, const char *inputs, const char *outputs,
                 struct ob *body, const char *default_name, float default_value);
void ob_import(struct ob *o, const char *domain, int64_t version);
/* The model; owned by the caller (gs_buf_free). The builder is empty afterwards. */
struct gs_buf ob_finish(struct ob *o);

#endif
