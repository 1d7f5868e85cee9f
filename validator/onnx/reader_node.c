/* Attributes and nodes. */
#include "validator/onnx/reader_internal.h"

#include <string.h>

/* Field numbers of onnx.proto. */
enum {
	NODE_INPUT = 1,
	NODE_OUTPUT = 2,
	NODE_NAME = 3,
	NODE_OP_TYPE = 4,
	NODE_ATTRIBUTE = 5,
	NODE_DOMAIN = 7,
	NODE_OVERLOAD = 8
};
enum {
	ATTR_NAME = 1,
	ATTR_F = 2,
	ATTR_I = 3,
	ATTR_S = 4,
	ATTR_T = 5,
	ATTR_G = 6,
	ATTR_FLOATS = 7,
	ATTR_INTS = 8,
	ATTR_STRINGS = 9,
	ATTR_TYPE = 20,
	ATTR_REF = 21
};

bool gs_onnx_text_is(struct gs_bytes text, const char *word)
{
	size_t len = strlen(word);
	return text.len == len && (len == 0 || memcmp(text.ptr, word, len) == 0);
}

const struct gs_onnx_attr *gs_onnx_attr_find(const struct gs_onnx_node *node, const char *name)
{
	for (uint32_t i = 0; i < node->attrs; i++)
		if (gs_onnx_text_is(node->attr[i].name, name))
			return &node->attr[i];
	return NULL;
}

enum gs_err gs_onnx_malformed(struct gs_onnx_reader *r, const char *what)
{
	return gs_fail(r->error, GS_EPARSE, "not a well-formed ONNX model: %s", what);
}

enum gs_err gs_onnx_too_big(struct gs_onnx_reader *r)
{
	return gs_fail(r->error, GS_ELIMIT, "the model's tables do not fit the memory limit");
}

uint32_t gs_onnx_count_fields(struct gs_bytes bytes, uint32_t number)
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

enum gs_err gs_onnx_collect(struct gs_onnx_reader *r, struct gs_bytes bytes, uint32_t number, uint32_t limit,
                            const char *what, struct gs_bytes **out, uint32_t *count)
{
	uint32_t n = gs_onnx_count_fields(bytes, number);
	if (n == UINT32_MAX)
		return gs_onnx_malformed(r, what);
	if (n > limit)
		return gs_fail(r->error, GS_ELIMIT, "%s: more than %u", what, limit);
	struct gs_bytes *list = gs_arena_alloc(r->arena, n, sizeof(*list));
	if (list == NULL)
		return gs_onnx_too_big(r);
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

bool gs_onnx_name_ok(struct gs_bytes name)
{
	return name.len <= GS_ONNX_NAME_MAX;
}

/* ---- attributes ---- */

/* FLOATS and INTS, packed or not. */
static enum gs_err read_list(struct gs_onnx_reader *r, struct gs_bytes bytes, uint32_t number,
                             struct gs_onnx_attr *attr)
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
				return gs_onnx_malformed(r, "an attribute's list has the wrong wire type");
			if (packed && floats && f.bytes.len % 4 != 0)
				return gs_onnx_malformed(r, "an attribute's list is cut");
			struct gs_pb in = gs_pb_over(f.bytes);
			do {
				uint64_t v = f.value;
				if (packed && in.p == in.end)
					break;
				if (packed && floats) {
					v = gs_le32_read(in.p);
					in.p += 4;
				} else if (packed && gs_pb_varint(&in, &v) != GS_OK) {
					return gs_onnx_malformed(r, "an attribute's list is cut");
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
			attr->floats = bits = gs_arena_alloc(r->arena, n, sizeof(*bits));
		else
			attr->ints = ints = gs_arena_alloc(r->arena, n, sizeof(*ints));
		if (ints == NULL && bits == NULL)
			return gs_onnx_too_big(r);
	}
	return GS_OK;
}

/* What a field of an AttributeProto says; the kind, for files that leave the type out, goes to *seen. */
static bool take_field(struct gs_onnx_attr *attr, const struct gs_pb_field *f, struct gs_bytes *graph, uint64_t *type,
                       unsigned *seen)
{
	switch (f->number) {
	case ATTR_F:
		attr->f = (uint32_t)f->value;
		*seen = GS_ONNX_ATTR_FLOAT;
		return f->type == GS_PB_FIXED32;
	case ATTR_I:
		attr->i = (int64_t)f->value;
		*seen = GS_ONNX_ATTR_INT;
		return f->type == GS_PB_VARINT;
	case ATTR_TYPE: *type = f->value; return f->type == GS_PB_VARINT;
	case ATTR_NAME: attr->name = f->bytes; return f->type == GS_PB_BYTES;
	case ATTR_REF: attr->ref = f->bytes; return f->type == GS_PB_BYTES;
	case ATTR_G:
		*graph = f->bytes;
		*seen = GS_ONNX_ATTR_GRAPH;
		return f->type == GS_PB_BYTES;
	case ATTR_S:
	case ATTR_T:
		attr->s = f->bytes;
		*seen = f->number == ATTR_S ? GS_ONNX_ATTR_STRING : GS_ONNX_ATTR_TENSOR;
		return f->type == GS_PB_BYTES;
	case ATTR_FLOATS: *seen = GS_ONNX_ATTR_FLOATS; return true;
	case ATTR_INTS: *seen = GS_ONNX_ATTR_INTS; return true;
	case ATTR_STRINGS: *seen = GS_ONNX_ATTR_STRINGS; return f->type == GS_PB_BYTES;
	}
	return true;
}

static enum gs_err read_inner_graph(struct gs_onnx_reader *r, struct gs_bytes bytes, struct gs_onnx_attr *attr)
{
	if (r->depth == GS_ONNX_DEPTH_MAX)
		return gs_fail(r->error, GS_ELIMIT, "graphs nested more than %d deep", GS_ONNX_DEPTH_MAX);
	struct gs_onnx_graph *graph = gs_arena_alloc(r->arena, 1, sizeof(*graph));
	if (graph == NULL)
		return gs_onnx_too_big(r);
	r->depth++;
	enum gs_err err = gs_onnx_read_graph(r, bytes, graph);
	r->depth--;
	attr->graph = graph;
	return err;
}

static enum gs_err read_attr(struct gs_onnx_reader *r, struct gs_bytes bytes, struct gs_onnx_attr *attr)
{
	struct gs_pb w = gs_pb_over(bytes);
	struct gs_pb_field f;
	struct gs_bytes graph = {0};
	enum gs_err err;
	uint64_t type = 0;
	unsigned seen = 0;

	while ((err = gs_pb_next(&w, &f)) == GS_OK)
		if (!take_field(attr, &f, &graph, &type, &seen))
			return gs_onnx_malformed(r, "an attribute has the wrong wire type");
	if (err != GS_ENOTFOUND || !gs_onnx_name_ok(attr->name) || !gs_onnx_name_ok(attr->ref))
		return gs_onnx_malformed(r, "attribute");
	if (type == 0)
		type = seen;
	attr->type = type < GS_ONNX_ATTR_OTHER ? (enum gs_onnx_attr_type)type : GS_ONNX_ATTR_OTHER;
	switch (attr->type) {
	case GS_ONNX_ATTR_FLOATS: return read_list(r, bytes, ATTR_FLOATS, attr);
	case GS_ONNX_ATTR_INTS: return read_list(r, bytes, ATTR_INTS, attr);
	case GS_ONNX_ATTR_STRINGS: {
		struct gs_bytes *strings = NULL;
		err = gs_onnx_collect(r, bytes, ATTR_STRINGS, GS_ONNX_STRINGS_MAX, "strings of an attribute", &strings,
		                      &attr->count);
		attr->strings = strings;
		return err;
	}
	case GS_ONNX_ATTR_GRAPH:
		if (attr->ref.len != 0)
			return GS_OK;
		err = read_inner_graph(r, graph, attr);
		return err == GS_OK
		               ? GS_OK
		               : gs_fail_within(r->error, err, "%.*s", (int)(attr->name.len > 60 ? 60 : attr->name.len),
		                                attr->name.len == 0 ? "" : (const char *)attr->name.ptr);
	case GS_ONNX_ATTR_NONE:
	case GS_ONNX_ATTR_FLOAT:
	case GS_ONNX_ATTR_INT:
	case GS_ONNX_ATTR_STRING:
	case GS_ONNX_ATTR_TENSOR:
	case GS_ONNX_ATTR_OTHER: break;
	}
	return GS_OK;
}

enum gs_err gs_onnx_read_attrs(struct gs_onnx_reader *r, struct gs_bytes bytes, uint32_t number,
                               const struct gs_onnx_attr **out, uint32_t *count)
{
	struct gs_bytes *span = NULL;
	enum gs_err err = gs_onnx_collect(r, bytes, number, GS_ONNX_ITEMS_MAX, "attributes of a node", &span, count);
	if (err != GS_OK)
		return err;
	GS_ASSERT(*count == 0 || span != NULL);
	struct gs_onnx_attr *list = gs_arena_alloc(r->arena, *count, sizeof(*list));
	if (list == NULL)
		return gs_onnx_too_big(r);
	for (uint32_t i = 0; err == GS_OK && i < *count; i++)
		err = read_attr(r, span[i], &list[i]);
	*out = list;
	return err;
}

/* ---- nodes ---- */

static enum gs_err read_names(struct gs_onnx_reader *r, struct gs_bytes bytes, uint32_t number, const char *what,
                              const struct gs_bytes **out, uint32_t *count)
{
	struct gs_bytes *list = NULL;
	enum gs_err err = gs_onnx_collect(r, bytes, number, GS_ONNX_ITEMS_MAX, what, &list, count);
	for (uint32_t i = 0; err == GS_OK && i < *count; i++)
		if (!gs_onnx_name_ok(list[i]))
			err = gs_onnx_malformed(r, "a name is too long");
	*out = list;
	return err;
}

static enum gs_err read_node(struct gs_onnx_reader *r, struct gs_bytes bytes, struct gs_onnx_node *node)
{
	struct gs_pb w = gs_pb_over(bytes);
	struct gs_pb_field f;
	while (gs_pb_next(&w, &f) == GS_OK) {
		struct gs_bytes *to = f.number == NODE_NAME       ? &node->name
		                      : f.number == NODE_OP_TYPE  ? &node->op
		                      : f.number == NODE_DOMAIN   ? &node->domain
		                      : f.number == NODE_OVERLOAD ? &node->overload
		                                                  : NULL;
		if (to == NULL)
			continue;
		if (f.type != GS_PB_BYTES || !gs_onnx_name_ok(f.bytes))
			return gs_onnx_malformed(r, "a node's name");
		*to = f.bytes;
	}
	enum gs_err err = read_names(r, bytes, NODE_INPUT, "inputs of a node", &node->input, &node->inputs);
	if (err == GS_OK)
		err = read_names(r, bytes, NODE_OUTPUT, "outputs of a node", &node->output, &node->outputs);
	if (err == GS_OK)
		err = gs_onnx_read_attrs(r, bytes, NODE_ATTRIBUTE, &node->attr, &node->attrs);
	return err;
}

#define NAME(bytes) (int)((bytes).len > 60 ? 60 : (bytes).len), (bytes).len == 0 ? "" : (const char *)(bytes).ptr

enum gs_err gs_onnx_read_nodes(struct gs_onnx_reader *r, struct gs_bytes bytes, uint32_t number,
                               struct gs_onnx_graph *out)
{
	struct gs_bytes *span = NULL;
	enum gs_err err = gs_onnx_collect(r, bytes, number, GS_ONNX_NODES_MAX, "nodes", &span, &out->nodes);
	if (err != GS_OK)
		return err;
	GS_ASSERT(out->nodes == 0 || span != NULL);
	if (out->nodes > GS_ONNX_NODES_MAX - r->nodes)
		return gs_fail(r->error, GS_ELIMIT, "nodes of all graphs together: more than %d", GS_ONNX_NODES_MAX);
	r->nodes += out->nodes;
	struct gs_onnx_node *node = gs_arena_alloc(r->arena, out->nodes, sizeof(*node));
	if (node == NULL)
		return gs_onnx_too_big(r);
	for (uint32_t i = 0; i < out->nodes; i++)
		if ((err = read_node(r, span[i], &node[i])) != GS_OK)
			return gs_fail_within(r->error, err, "node %u '%.*s' (%.*s)", i, NAME(node[i].name),
			                      NAME(node[i].op));
	out->node = node;
	return GS_OK;
}
