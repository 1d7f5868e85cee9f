#include "validator/onnx/reader.h"

#include "validator/onnx/protobuf.h"

#include <string.h>

/* Field numbers of onnx.proto. */
enum { MODEL_IR_VERSION = 1, MODEL_GRAPH = 7, MODEL_OPSET_IMPORT = 8 };
enum { OPSET_DOMAIN = 1, OPSET_VERSION = 2 };
enum { GRAPH_NODE = 1, GRAPH_INITIALIZER = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12, GRAPH_SPARSE_INITIALIZER = 15 };
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_OP_TYPE = 4, NODE_ATTRIBUTE = 5, NODE_DOMAIN = 7 };
enum {
	ATTR_NAME = 1,
	ATTR_F = 2,
	ATTR_I = 3,
	ATTR_S = 4,
	ATTR_T = 5,
	ATTR_G = 6,
	ATTR_FLOATS = 7,
	ATTR_INTS = 8,
	ATTR_STRINGS = 9
};
enum { ATTR_TYPE = 20 };
enum { VALUE_NAME = 1, VALUE_TYPE = 2 };
enum { TYPE_TENSOR = 1, TYPE_TENSOR_ELEM = 1, TYPE_TENSOR_SHAPE = 2, SHAPE_DIM = 1, DIM_VALUE = 1, DIM_PARAM = 2 };

bool gs_onnx_text_is(struct gs_bytes text, const char *word)
{
	size_t len = strlen(word);
	return text.len == len && memcmp(text.ptr, word, len) == 0;
}

const struct gs_onnx_attr *gs_onnx_attr_find(const struct gs_onnx_node *node, const char *name)
{
	for (uint32_t i = 0; i < node->attrs; i++)
		if (gs_onnx_text_is(node->attr[i].name, name))
			return &node->attr[i];
	return NULL;
}

static enum gs_err malformed(struct gs_error *error, const char *what)
{
	return gs_fail(error, GS_EPARSE, "not a well-formed ONNX model: %s", what);
}

static enum gs_err too_big(struct gs_error *error)
{
	return gs_fail(error, GS_ELIMIT, "the model's tables do not fit the memory limit");
}

/* Length-delimited occurrences of a field; UINT32_MAX when the message is malformed or the field has another type. */
static uint32_t count_fields(struct gs_bytes bytes, uint32_t number)
{
	struct gs_pb w = gs_pb_over(bytes);
	struct gs_pb_field f;
	uint32_t n = 0;
	enum gs_err err;
	while ((err = gs_pb_next(&w, &f)) == GS_OK)
		if (f.number == number) {
			if (f.type != GS_PB_BYTES || n == UINT32_MAX - 1)
				return UINT32_MAX;
			n++;
		}
	return err == GS_ENOTFOUND ? n : UINT32_MAX;
}

/* The spans of every occurrence of a length-delimited field. */
static enum gs_err collect(struct gs_bytes bytes, uint32_t number, uint32_t limit, const char *what,
                           struct gs_arena *arena, struct gs_bytes **out, uint32_t *count, struct gs_error *error)
{
	uint32_t n = count_fields(bytes, number);
	if (n == UINT32_MAX)
		return malformed(error, what);
	if (n > limit)
		return gs_fail(error, GS_ELIMIT, "%s: more than %u", what, limit);
	struct gs_bytes *list = gs_arena_alloc(arena, n, sizeof(*list));
	if (list == NULL)
		return too_big(error);
	struct gs_pb w = gs_pb_over(bytes);
	struct gs_pb_field f;
	uint32_t i = 0;
	while (i < n && gs_pb_next(&w, &f) == GS_OK)
		if (f.number == number)
			list[i++] = f.bytes;
	*out = list;
	*count = n;
	return GS_OK;
}

static bool name_ok(struct gs_bytes name)
{
	return name.len <= GS_ONNX_NAME_MAX;
}

/* FLOATS and INTS, packed or not. */
static enum gs_err read_list(struct gs_bytes bytes, uint32_t number, struct gs_arena *arena, struct gs_onnx_attr *attr,
                             struct gs_error *error)
{
	bool floats = number == ATTR_FLOATS;
	int64_t *ints = NULL;
	uint32_t *bits = NULL;
	for (int pass = 0; pass < 2; pass++) {
		struct gs_pb w = gs_pb_over(bytes);
		struct gs_pb_field f;
		uint32_t n = 0;
		while (gs_pb_next(&w, &f) == GS_OK) {
			if (f.number != number)
				continue;
			bool packed = f.type == GS_PB_BYTES;
			if (!packed && f.type != (floats ? GS_PB_FIXED32 : GS_PB_VARINT))
				return malformed(error, "an attribute's list has the wrong wire type");
			if (packed && floats && f.bytes.len % 4 != 0)
				return malformed(error, "an attribute's list is cut");
			struct gs_pb in = gs_pb_over(f.bytes);
			do {
				uint64_t v = f.value;
				if (packed && in.p == in.end)
					break;
				if (packed && floats) {
					v = gs_le32_read(in.p);
					in.p += 4;
				} else if (packed && gs_pb_varint(&in, &v) != GS_OK) {
					return malformed(error, "an attribute's list is cut");
				}
				if (ints != NULL)
					ints[n] = (int64_t)v;
				if (bits != NULL)
					bits[n] = (uint32_t)v;
				n++;
			} while (packed);
		}
		if (pass == 1)
			break;
		attr->count = n;
		if (floats)
			attr->floats = bits = gs_arena_alloc(arena, n, sizeof(*bits));
		else
			attr->ints = ints = gs_arena_alloc(arena, n, sizeof(*ints));
		if (ints == NULL && bits == NULL)
			return too_big(error);
	}
	return GS_OK;
}

static enum gs_err read_attr(struct gs_bytes bytes, struct gs_arena *arena, struct gs_onnx_attr *attr,
                             struct gs_error *error)
{
	struct gs_pb w = gs_pb_over(bytes);
	struct gs_pb_field f;
	enum gs_err err;
	uint64_t type = 0;
	unsigned seen = 0; /* the kind, for files that leave the type out */

	while ((err = gs_pb_next(&w, &f)) == GS_OK) {
		enum gs_pb_type want;
		switch (f.number) {
		case ATTR_F:
			want = GS_PB_FIXED32;
			attr->f = (uint32_t)f.value;
			seen = GS_ONNX_ATTR_FLOAT;
			break;
		case ATTR_I:
			want = GS_PB_VARINT;
			attr->i = (int64_t)f.value;
			seen = GS_ONNX_ATTR_INT;
			break;
		case ATTR_TYPE:
			want = GS_PB_VARINT;
			type = f.value;
			break;
		case ATTR_NAME:
			want = GS_PB_BYTES;
			attr->name = f.bytes;
			break;
		case ATTR_S:
		case ATTR_T:
		case ATTR_G:
			want = GS_PB_BYTES;
			attr->s = f.bytes;
			seen = f.number == ATTR_S   ? GS_ONNX_ATTR_STRING
			       : f.number == ATTR_T ? GS_ONNX_ATTR_TENSOR
			                            : GS_ONNX_ATTR_GRAPH;
			break;
		case ATTR_FLOATS:
			want = f.type;
			seen = GS_ONNX_ATTR_FLOATS;
			break;
		case ATTR_INTS:
			want = f.type;
			seen = GS_ONNX_ATTR_INTS;
			break;
		case ATTR_STRINGS:
			want = GS_PB_BYTES;
			seen = GS_ONNX_ATTR_STRINGS;
			break;
		default: continue;
		}
		if (f.type != want)
			return malformed(error, "an attribute has the wrong wire type");
	}
	if (err != GS_ENOTFOUND || !name_ok(attr->name))
		return malformed(error, "attribute");
	if (type == 0)
		type = seen;
	attr->type = type < GS_ONNX_ATTR_OTHER ? (enum gs_onnx_attr_type)type : GS_ONNX_ATTR_OTHER;
	if (attr->type == GS_ONNX_ATTR_FLOATS)
		return read_list(bytes, ATTR_FLOATS, arena, attr, error);
	if (attr->type == GS_ONNX_ATTR_INTS)
		return read_list(bytes, ATTR_INTS, arena, attr, error);
	if (attr->type == GS_ONNX_ATTR_STRINGS) {
		struct gs_bytes *strings;
		err = collect(bytes, ATTR_STRINGS, GS_ONNX_STRINGS_MAX, "strings of an attribute", arena, &strings,
		              &attr->count, error);
		attr->strings = strings;
		return err;
	}
	return GS_OK;
}

static enum gs_err read_node(struct gs_bytes bytes, struct gs_arena *arena, struct gs_onnx_node *node,
                             struct gs_error *error)
{
	struct gs_bytes *in, *out, *attr;
	enum gs_err err = collect(bytes, NODE_INPUT, GS_ONNX_ITEMS_MAX, "inputs of a node", arena, &in, &node->inputs,
	                          error);
	if (err == GS_OK)
		err = collect(bytes, NODE_OUTPUT, GS_ONNX_ITEMS_MAX, "outputs of a node", arena, &out, &node->outputs,
		              error);
	if (err == GS_OK)
		err = collect(bytes, NODE_ATTRIBUTE, GS_ONNX_ITEMS_MAX, "attributes of a node", arena, &attr,
		              &node->attrs, error);
	if (err != GS_OK)
		return err;
	struct gs_onnx_attr *attrs = gs_arena_alloc(arena, node->attrs, sizeof(*attrs));
	if (attrs == NULL)
		return too_big(error);
	for (uint32_t i = 0; i < node->attrs; i++)
		if ((err = read_attr(attr[i], arena, &attrs[i], error)) != GS_OK)
			return err;
	node->input = in;
	node->output = out;
	node->attr = attrs;
	for (uint32_t i = 0; i < node->inputs; i++)
		if (!name_ok(in[i]))
			return malformed(error, "a name is too long");
	for (uint32_t i = 0; i < node->outputs; i++)
		if (!name_ok(out[i]))
			return malformed(error, "a name is too long");
	struct gs_pb w = gs_pb_over(bytes);
	struct gs_pb_field f;
	while (gs_pb_next(&w, &f) == GS_OK) {
		struct gs_bytes *to = f.number == NODE_NAME      ? &node->name
		                      : f.number == NODE_OP_TYPE ? &node->op
		                      : f.number == NODE_DOMAIN  ? &node->domain
		                                                 : NULL;
		if (to == NULL)
			continue;
		if (f.type != GS_PB_BYTES || !name_ok(f.bytes))
			return malformed(error, "a node's name");
		*to = f.bytes;
	}
	return GS_OK;
}

static enum gs_err read_shape(struct gs_bytes bytes, struct gs_onnx_value *value, struct gs_error *error)
{
	struct gs_pb w = gs_pb_over(bytes);
	struct gs_pb_field f;
	enum gs_err err;
	value->has_shape = true;
	while ((err = gs_pb_next(&w, &f)) == GS_OK) {
		if (f.number != SHAPE_DIM)
			continue;
		if (f.type != GS_PB_BYTES)
			return malformed(error, "a shape");
		if (value->rank == GS_RANK_MAX)
			return gs_fail(error, GS_ELIMIT, "a graph input or output has more than %d dimensions",
			               GS_RANK_MAX);
		struct gs_onnx_dim *dim = &value->dim[value->rank++];
		dim->value = -1;
		struct gs_pb inner = gs_pb_over(f.bytes);
		struct gs_pb_field d;
		while ((err = gs_pb_next(&inner, &d)) == GS_OK) {
			if (d.number == DIM_VALUE && d.type == GS_PB_VARINT)
				dim->value = d.value <= INT32_MAX ? (int64_t)d.value : -1;
			else if (d.number == DIM_PARAM && d.type == GS_PB_BYTES && name_ok(d.bytes))
				dim->param = d.bytes;
			else if (d.number == DIM_VALUE || d.number == DIM_PARAM)
				return malformed(error, "a dimension");
		}
		if (err != GS_ENOTFOUND)
			return malformed(error, "a dimension");
	}
	return err == GS_ENOTFOUND ? GS_OK : malformed(error, "a shape");
}

static enum gs_err read_value(struct gs_bytes bytes, struct gs_onnx_value *value, struct gs_error *error)
{
	struct gs_bytes type = {0}, tensor = {0}, shape = {0};
	bool has_shape = false;
	struct gs_pb w = gs_pb_over(bytes);
	struct gs_pb_field f;
	enum gs_err err;
	while ((err = gs_pb_next(&w, &f)) == GS_OK) {
		if (f.number != VALUE_NAME && f.number != VALUE_TYPE)
			continue;
		if (f.type != GS_PB_BYTES)
			return malformed(error, "a graph input or output");
		*(f.number == VALUE_NAME ? &value->name : &type) = f.bytes;
	}
	if (err != GS_ENOTFOUND || value->name.len > GS_NAME_MAX)
		return malformed(error, "a graph input or output");
	w = gs_pb_over(type);
	while ((err = gs_pb_next(&w, &f)) == GS_OK)
		if (f.number == TYPE_TENSOR && f.type == GS_PB_BYTES) {
			tensor = f.bytes;
			value->is_tensor = true;
		}
	if (err != GS_ENOTFOUND)
		return malformed(error, "a type");
	w = gs_pb_over(tensor);
	while ((err = gs_pb_next(&w, &f)) == GS_OK) {
		if (f.number == TYPE_TENSOR_ELEM && f.type == GS_PB_VARINT) {
			value->elem_type = f.value;
		} else if (f.number == TYPE_TENSOR_SHAPE && f.type == GS_PB_BYTES) {
			shape = f.bytes;
			has_shape = true;
		}
	}
	if (err != GS_ENOTFOUND)
		return malformed(error, "a tensor type");
	return has_shape ? read_shape(shape, value, error) : GS_OK;
}

static enum gs_err read_values(struct gs_bytes graph, uint32_t number, struct gs_arena *arena,
                               const struct gs_onnx_value **out, uint32_t *count, struct gs_error *error)
{
	struct gs_bytes *span = NULL;
	enum gs_err err = collect(graph, number, GS_ONNX_INITIALIZERS_MAX, "graph inputs or outputs", arena, &span,
	                          count, error);
	if (err != GS_OK)
		return err;
	GS_ASSERT(*count == 0 || span != NULL);
	struct gs_onnx_value *list = gs_arena_alloc(arena, *count, sizeof(*list));
	if (list == NULL)
		return too_big(error);
	for (uint32_t i = 0; i < *count && err == GS_OK; i++)
		err = read_value(span[i], &list[i], error);
	*out = list;
	return err;
}

static enum gs_err read_graph(struct gs_bytes bytes, struct gs_arena *arena, struct gs_onnx_model *out,
                              struct gs_error *error)
{
	struct gs_bytes *span = NULL;
	enum gs_err err = collect(bytes, GRAPH_NODE, GS_ONNX_NODES_MAX, "nodes", arena, &span, &out->nodes, error);
	if (err != GS_OK)
		return err;
	GS_ASSERT(out->nodes == 0 || span != NULL);
	struct gs_onnx_node *node = gs_arena_alloc(arena, out->nodes, sizeof(*node));
	if (node == NULL)
		return too_big(error);
	for (uint32_t i = 0; i < out->nodes; i++)
		if ((err = read_node(span[i], arena, &node[i], error)) != GS_OK)
			return err;
	out->node = node;

	err = collect(bytes, GRAPH_INITIALIZER, GS_ONNX_INITIALIZERS_MAX, "initializers", arena, &span,
	              &out->initializers, error);
	if (err != GS_OK)
		return err;
	GS_ASSERT(out->initializers == 0 || span != NULL);
	struct gs_tensor *tensor = gs_arena_alloc(arena, out->initializers, sizeof(*tensor));
	if (tensor == NULL)
		return too_big(error);
	for (uint32_t i = 0; i < out->initializers; i++) {
		if ((err = gs_tensor_from_proto(span[i], arena, &tensor[i], error)) != GS_OK)
			return gs_fail_within(error, err, "initializer '%.*s'",
			                      (int)(tensor[i].name.len > 200 ? 200 : tensor[i].name.len),
			                      tensor[i].name.len == 0 ? "" : (const char *)tensor[i].name.ptr);
		if (!name_ok(tensor[i].name))
			return malformed(error, "a name is too long");
	}
	out->initializer = tensor;
	uint32_t sparse = count_fields(bytes, GRAPH_SPARSE_INITIALIZER);
	if (sparse != 0)
		return gs_fail(error, GS_EUNSUPPORTED, "sparse initializers are not supported; save them dense");
	if ((err = read_values(bytes, GRAPH_INPUT, arena, &out->input, &out->inputs, error)) != GS_OK)
		return err;
	return read_values(bytes, GRAPH_OUTPUT, arena, &out->output, &out->outputs, error);
}

static enum gs_err read_opset(struct gs_bytes bytes, struct gs_onnx_model *out, struct gs_error *error)
{
	struct gs_pb w = gs_pb_over(bytes);
	struct gs_pb_field f;
	struct gs_bytes domain = {0};
	int64_t version = 0;
	enum gs_err err;
	while ((err = gs_pb_next(&w, &f)) == GS_OK) {
		if (f.number == OPSET_DOMAIN && f.type == GS_PB_BYTES)
			domain = f.bytes;
		else if (f.number == OPSET_VERSION && f.type == GS_PB_VARINT)
			version = (int64_t)f.value;
	}
	if (err != GS_ENOTFOUND)
		return malformed(error, "an opset import");
	if (domain.len == 0 || gs_onnx_text_is(domain, "ai.onnx"))
		out->opset = version;
	return GS_OK;
}

enum gs_err gs_onnx_read(struct gs_bytes bytes, struct gs_arena *arena, struct gs_onnx_model *out,
                         struct gs_error *error)
{
	struct gs_pb w = gs_pb_over(bytes);
	struct gs_pb_field f;
	struct gs_bytes graph = {0};
	enum gs_err err;

	*out = (struct gs_onnx_model){0};
	if (bytes.len > GS_ONNX_FILE_MAX)
		return gs_fail(error, GS_ELIMIT, "the model file is over 8 GiB");
	while ((err = gs_pb_next(&w, &f)) == GS_OK) {
		if (f.number == MODEL_IR_VERSION && f.type == GS_PB_VARINT) {
			out->ir_version = (int64_t)f.value;
		} else if (f.number == MODEL_GRAPH && f.type == GS_PB_BYTES) {
			if (graph.ptr != NULL)
				return malformed(error, "two graphs");
			graph = f.bytes;
		} else if (f.number == MODEL_OPSET_IMPORT && f.type == GS_PB_BYTES) {
			if ((err = read_opset(f.bytes, out, error)) != GS_OK)
				return err;
		} else if (f.number == MODEL_IR_VERSION || f.number == MODEL_GRAPH || f.number == MODEL_OPSET_IMPORT) {
			return malformed(error, "a field has the wrong wire type");
		}
	}
	if (err != GS_ENOTFOUND)
		return malformed(error, "the file is cut or is no protobuf message");
	if (graph.ptr == NULL)
		return malformed(error, "it has no graph");
	if (out->opset != 0 && (out->opset < GS_ONNX_OPSET_MIN || out->opset > GS_ONNX_OPSET_MAX))
		return gs_fail(error, GS_EUNSUPPORTED, "opset %lld is not supported (%d to %d are); convert the model",
		               (long long)out->opset, GS_ONNX_OPSET_MIN, GS_ONNX_OPSET_MAX);
	return read_graph(graph, arena, out, error);
}
