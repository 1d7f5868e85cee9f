/* validator/onnx/reader.h: an ONNX model as a bounded graph in memory.
 *
 * Every name, string and weight stays where it is in the caller's bytes (usually a mapped file); the arena holds only
 * the tables. Graphs in attributes (the branches of an If, the body of a Loop) and the model's own functions are read
 * with it, within limits on their depth and on all nodes together. Source: onnx.proto, ONNX IR specification. */
#ifndef GS_VALIDATOR_ONNX_READER_H
#define GS_VALIDATOR_ONNX_READER_H

#include "validator/onnx/tensor.h"

enum {
	GS_ONNX_NODES_MAX = 1 << 17,  /* of all graphs and functions together */
	GS_ONNX_GRAPHS_MAX = 1 << 13, /* the main one, those in attributes, and function bodies */
	GS_ONNX_DEPTH_MAX = 16,       /* graphs within graphs */
	GS_ONNX_FUNCTIONS_MAX = 1 << 12,
	GS_ONNX_OPSETS_MAX = 256,
	GS_ONNX_ITEMS_MAX =
		1
		<< 16, /* inputs, outputs or attributes of one node; values of one attribute are bounded by its bytes */
	GS_ONNX_STRINGS_MAX = 1 << 22, /* strings of one attribute: modes of tree nodes */
	GS_ONNX_INITIALIZERS_MAX = 1 << 17,
	GS_ONNX_NAME_MAX = 4096,
	GS_ONNX_OPSET_MIN = 1,
	GS_ONNX_OPSET_MAX = 28,
};
#define GS_ONNX_FILE_MAX (UINT64_C(1) << 33) /* bytes of a model file */

enum gs_onnx_attr_type { /* AttributeProto.AttributeType */
	                 GS_ONNX_ATTR_NONE = 0,
	                 GS_ONNX_ATTR_FLOAT = 1,
	                 GS_ONNX_ATTR_INT = 2,
	                 GS_ONNX_ATTR_STRING = 3,
	                 GS_ONNX_ATTR_TENSOR = 4,
	                 GS_ONNX_ATTR_GRAPH = 5,
	                 GS_ONNX_ATTR_FLOATS = 6,
	                 GS_ONNX_ATTR_INTS = 7,
	                 GS_ONNX_ATTR_STRINGS = 8,
	                 GS_ONNX_ATTR_OTHER = 9, /* kinds that no supported operator takes */
};

struct gs_onnx_graph;

struct gs_onnx_attr {
	struct gs_bytes name;
	struct gs_bytes ref; /* in a function: the attribute of the call whose value this is; empty otherwise */
	enum gs_onnx_attr_type type;
	int64_t i;
	uint32_t f;        /* binary32 bits */
	struct gs_bytes s; /* STRING; the serialized TensorProto of TENSOR */
	const struct gs_onnx_graph *graph;
	uint32_t count; /* FLOATS, INTS, STRINGS */
	const int64_t *ints;
	const uint32_t *floats;
	const struct gs_bytes *strings;
};

struct gs_onnx_node {
	struct gs_bytes name, op, domain, overload;
	uint32_t inputs, outputs, attrs;
	const struct gs_bytes *input; /* an empty name is an input left out */
	const struct gs_bytes *output;
	const struct gs_onnx_attr *attr;
};

struct gs_onnx_dim {
	int64_t value; /* -1 when symbolic or not given */
	struct gs_bytes param;
};

struct gs_onnx_value { /* ValueInfoProto of a graph input or output */
	struct gs_bytes name;
	bool is_tensor;
	uint64_t elem_type;
	bool has_shape;
	uint8_t rank;
	struct gs_onnx_dim dim[GS_RANK_MAX];
};

struct gs_onnx_graph {
	uint32_t id; /* below the model's `graphs` */
	uint32_t nodes, initializers, inputs, outputs;
	const struct gs_onnx_node *node;
	const struct gs_tensor *initializer;
	const struct gs_onnx_value *input;
	const struct gs_onnx_value *output;
};

struct gs_onnx_opset {
	struct gs_bytes domain; /* empty for ai.onnx */
	int64_t version;
};

struct gs_onnx_opsets {
	uint32_t count;
	const struct gs_onnx_opset *opset;
};

/* FunctionProto: a node named after it stands for its body. */
struct gs_onnx_function {
	struct gs_bytes domain, name, overload;
	struct gs_onnx_graph body; /* inputs and outputs are names only; no initializers */
	uint32_t attrs;
	const struct gs_onnx_attr *attr; /* defaults */
	struct gs_onnx_opsets opsets;
};

struct gs_onnx_model {
	int64_t ir_version;
	int64_t opset; /* of the default domain; while lowering, in the function being lowered; 0: none is imported */
	struct gs_onnx_opsets opsets;
	uint32_t functions;
	const struct gs_onnx_function *function;
	uint32_t graphs;
	struct gs_onnx_graph graph;
};

/* Borrows bytes, the arena and what external opens. GS_EPARSE: not a well-formed ModelProto. GS_EUNSUPPORTED: an opset
 * of the default domain outside GS_ONNX_OPSET_MIN to GS_ONNX_OPSET_MAX, sparse initializers, an initializer outside the
 * law. GS_ELIMIT: a named limit. The text names the node or initializer. */
GS_MUST enum gs_err gs_onnx_read(struct gs_bytes bytes, const struct gs_onnx_external *external, struct gs_arena *arena,
                                 struct gs_onnx_model *out, struct gs_error *error);

/* The version of a domain ("" is ai.onnx), or 0 when it is not imported. */
int64_t gs_onnx_opset(const struct gs_onnx_opsets *opsets, struct gs_bytes domain);
/* Whether two names of domains are the same one: "ai.onnx" is the default domain "". */
bool gs_onnx_domain_is(struct gs_bytes domain, struct gs_bytes other);

/* The attribute of that name, or NULL. */
const struct gs_onnx_attr *gs_onnx_attr_find(const struct gs_onnx_node *node, const char *name);
bool gs_onnx_text_is(struct gs_bytes text, const char *word);

#endif
