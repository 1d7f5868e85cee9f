/* The model around its nodes: graphs, functions, opsets. */
#include "validator/onnx/reader_internal.h"

/* Field numbers of onnx.proto. */
enum { MODEL_IR_VERSION = 1, MODEL_GRAPH = 7, MODEL_OPSET_IMPORT = 8, MODEL_FUNCTION = 25 };
enum { OPSET_DOMAIN = 1, OPSET_VERSION = 2 };
enum { GRAPH_NODE = 1, GRAPH_INITIALIZER = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12, GRAPH_SPARSE_INITIALIZER = 15 };
enum {
	FUNCTION_NAME = 1,
	FUNCTION_INPUT = 4,
	FUNCTION_OUTPUT = 5,
	FUNCTION_NODE = 7,
	FUNCTION_OPSET_IMPORT = 9,
	FUNCTION_DOMAIN = 10,
	FUNCTION_ATTRIBUTE_PROTO = 11,
	FUNCTION_OVERLOAD = 13
};
enum { VALUE_NAME = 1, VALUE_TYPE = 2 };
enum { TYPE_TENSOR = 1, TYPE_TENSOR_ELEM = 1, TYPE_TENSOR_SHAPE = 2, SHAPE_DIM = 1, DIM_VALUE = 1, DIM_PARAM = 2 };

#define NAME(bytes) (int)((bytes).len > 200 ? 200 : (bytes).len), (bytes).len == 0 ? "" : (const char *)(bytes).ptr

static enum gs_err read_shape(struct gs_onnx_reader *r, struct gs_bytes bytes, struct gs_onnx_value *value)
{
	struct gs_pb w = gs_pb_over(bytes);
	struct gs_pb_field f;
	enum gs_err err;
	value->has_shape = true;
	while ((err = gs_pb_next(&w, &f)) == GS_OK) {
		if (f.number != SHAPE_DIM)
			continue;
		if (f.type != GS_PB_BYTES)
			return gs_onnx_malformed(r, "a shape");
		if (value->rank == GS_RANK_MAX)
			return gs_fail(r->error, GS_ELIMIT, "more than %d dimensions", GS_RANK_MAX);
		struct gs_onnx_dim *dim = &value->dim[value->rank++];
		dim->value = -1;
		struct gs_pb inner = gs_pb_over(f.bytes);
		struct gs_pb_field d;
		while ((err = gs_pb_next(&inner, &d)) == GS_OK) {
			if (d.number == DIM_VALUE && d.type == GS_PB_VARINT) {
				if (d.value > INT32_MAX && d.value <= INT64_MAX)
					return gs_fail(r->error, GS_ELIMIT, "a dimension of %llu",
					               (unsigned long long)d.value);
				dim->value = d.value <= INT32_MAX ? (int64_t)d.value : -1; /* negative: not known */
			} else if (d.number == DIM_PARAM && d.type == GS_PB_BYTES && gs_onnx_name_ok(d.bytes))
				dim->param = d.bytes;
			else if (d.number == DIM_VALUE || d.number == DIM_PARAM)
				return gs_onnx_malformed(r, "a dimension");
		}
		if (err != GS_ENOTFOUND)
			return gs_onnx_malformed(r, "a dimension");
	}
	return err == GS_ENOTFOUND ? GS_OK : gs_onnx_malformed(r, "a shape");
}

/* A name of the main graph goes into the io bytes, which have a narrower limit. */
static enum gs_err read_value(struct gs_onnx_reader *r, struct gs_bytes bytes, struct gs_onnx_value *value)
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
			return gs_onnx_malformed(r, "a graph input or output");
		*(f.number == VALUE_NAME ? &value->name : &type) = f.bytes;
	}
	if (err != GS_ENOTFOUND || value->name.len > (r->depth == 0 ? GS_NAME_MAX : GS_ONNX_NAME_MAX))
		return gs_onnx_malformed(r, "a graph input or output");
	w = gs_pb_over(type);
	while ((err = gs_pb_next(&w, &f)) == GS_OK)
		if (f.number == TYPE_TENSOR && f.type == GS_PB_BYTES) {
			tensor = f.bytes;
			value->is_tensor = true;
		}
	if (err != GS_ENOTFOUND)
		return gs_onnx_malformed(r, "a type");
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
		return gs_onnx_malformed(r, "a tensor type");
	return has_shape ? read_shape(r, shape, value) : GS_OK;
}

static enum gs_err read_values(struct gs_onnx_reader *r, struct gs_bytes graph, uint32_t number, const char *what,
                               const struct gs_onnx_value **out, uint32_t *count)
{
	struct gs_bytes *span = NULL;
	enum gs_err err = gs_onnx_collect(r, graph, number, GS_ONNX_INITIALIZERS_MAX, "graph inputs or outputs", &span,
	                                  count);
	if (err != GS_OK)
		return err;
	GS_ASSERT(*count == 0 || span != NULL);
	struct gs_onnx_value *list = gs_arena_alloc(r->arena, *count, sizeof(*list));
	if (list == NULL)
		return gs_onnx_too_big(r);
	for (uint32_t i = 0; i < *count; i++)
		if ((err = read_value(r, span[i], &list[i])) != GS_OK)
			return gs_fail_within(r->error, err, "%s %u '%.*s'", what, i, NAME(list[i].name));
	*out = list;
	return err;
}

static enum gs_err read_initializers(struct gs_onnx_reader *r, struct gs_bytes bytes, struct gs_onnx_graph *out)
{
	struct gs_bytes *span = NULL;
	enum gs_err err = gs_onnx_collect(r, bytes, GRAPH_INITIALIZER, GS_ONNX_INITIALIZERS_MAX, "initializers", &span,
	                                  &out->initializers);
	if (err != GS_OK)
		return err;
	GS_ASSERT(out->initializers == 0 || span != NULL);
	struct gs_tensor *tensor = gs_arena_alloc(r->arena, out->initializers, sizeof(*tensor));
	if (tensor == NULL)
		return gs_onnx_too_big(r);
	for (uint32_t i = 0; i < out->initializers; i++) {
		if ((err = gs_tensor_from_model(span[i], r->external, r->arena, &tensor[i], r->error)) != GS_OK)
			return gs_fail_within(r->error, err, "initializer '%.*s'", NAME(tensor[i].name));
		if (!gs_onnx_name_ok(tensor[i].name))
			return gs_onnx_malformed(r, "a name is too long");
	}
	out->initializer = tensor;
	return GS_OK;
}

static enum gs_err next_graph(struct gs_onnx_reader *r, struct gs_onnx_graph *out)
{
	if (r->graphs == GS_ONNX_GRAPHS_MAX)
		return gs_fail(r->error, GS_ELIMIT, "graphs within the model: more than %d", GS_ONNX_GRAPHS_MAX);
	out->id = r->graphs++;
	return GS_OK;
}

enum gs_err gs_onnx_read_graph(struct gs_onnx_reader *r, struct gs_bytes bytes, struct gs_onnx_graph *out)
{
	enum gs_err err = next_graph(r, out);
	if (err != GS_OK)
		return err;
	if ((err = gs_onnx_read_nodes(r, bytes, GRAPH_NODE, out)) != GS_OK ||
	    (err = read_initializers(r, bytes, out)) != GS_OK)
		return err;
	if (gs_onnx_count_fields(bytes, GRAPH_SPARSE_INITIALIZER) != 0)
		return gs_fail(r->error, GS_EUNSUPPORTED, "sparse initializers are not supported; save them dense");
	if ((err = read_values(r, bytes, GRAPH_INPUT, "input", &out->input, &out->inputs)) != GS_OK)
		return err;
	return read_values(r, bytes, GRAPH_OUTPUT, "output", &out->output, &out->outputs);
}

/* ---- opsets ---- */

bool gs_onnx_domain_is(struct gs_bytes domain, struct gs_bytes other)
{
	bool plain = domain.len == 0 || gs_onnx_text_is(domain, "ai.onnx");
	bool other_plain = other.len == 0 || gs_onnx_text_is(other, "ai.onnx");
	return plain || other_plain ? plain && other_plain : gs_bytes_equal(domain, other);
}

int64_t gs_onnx_opset(const struct gs_onnx_opsets *opsets, struct gs_bytes domain)
{
	for (uint32_t i = 0; i < opsets->count; i++)
		if (gs_onnx_domain_is(opsets->opset[i].domain, domain))
			return opsets->opset[i].version;
	return 0;
}

static enum gs_err read_opset(struct gs_onnx_reader *r, struct gs_bytes bytes, struct gs_onnx_opset *out)
{
	struct gs_pb w = gs_pb_over(bytes);
	struct gs_pb_field f;
	enum gs_err err;
	while ((err = gs_pb_next(&w, &f)) == GS_OK) {
		if (f.number == OPSET_DOMAIN && f.type == GS_PB_BYTES)
			out->domain = f.bytes;
		else if (f.number == OPSET_VERSION && f.type == GS_PB_VARINT)
			out->version = (int64_t)f.value;
	}
	if (err != GS_ENOTFOUND || !gs_onnx_name_ok(out->domain))
		return gs_onnx_malformed(r, "an opset import");
	return GS_OK;
}

static enum gs_err read_opsets(struct gs_onnx_reader *r, struct gs_bytes bytes, uint32_t number,
                               struct gs_onnx_opsets *out)
{
	struct gs_bytes *span = NULL;
	enum gs_err err = gs_onnx_collect(r, bytes, number, GS_ONNX_OPSETS_MAX, "opset imports", &span, &out->count);
	if (err != GS_OK)
		return err;
	GS_ASSERT(out->count == 0 || span != NULL);
	struct gs_onnx_opset *list = gs_arena_alloc(r->arena, out->count, sizeof(*list));
	if (list == NULL)
		return gs_onnx_too_big(r);
	for (uint32_t i = 0; i < out->count; i++)
		if ((err = read_opset(r, span[i], &list[i])) != GS_OK)
			return err;
	out->opset = list;
	int64_t version = gs_onnx_opset(out, (struct gs_bytes){0});
	if (version != 0 && (version < GS_ONNX_OPSET_MIN || version > GS_ONNX_OPSET_MAX))
		return gs_fail(r->error, GS_EUNSUPPORTED,
		               "opset %lld is not supported (%d to %d are); convert the model", (long long)version,
		               GS_ONNX_OPSET_MIN, GS_ONNX_OPSET_MAX);
	return GS_OK;
}

/* ---- functions ---- */

/* The formal inputs or outputs: names, each a value of unknown type. */
static enum gs_err read_formals(struct gs_onnx_reader *r, struct gs_bytes bytes, uint32_t number,
                                const struct gs_onnx_value **out, uint32_t *count)
{
	struct gs_bytes *name = NULL;
	enum gs_err err = gs_onnx_collect(r, bytes, number, GS_ONNX_ITEMS_MAX, "inputs or outputs of a function", &name,
	                                  count);
	if (err != GS_OK)
		return err;
	GS_ASSERT(*count == 0 || name != NULL);
	struct gs_onnx_value *list = gs_arena_alloc(r->arena, *count, sizeof(*list));
	if (list == NULL)
		return gs_onnx_too_big(r);
	for (uint32_t i = 0; i < *count; i++) {
		if (!gs_onnx_name_ok(name[i]))
			return gs_onnx_malformed(r, "a name is too long");
		list[i].name = name[i];
	}
	*out = list;
	return GS_OK;
}

static enum gs_err read_function(struct gs_onnx_reader *r, struct gs_bytes bytes, struct gs_onnx_function *out)
{
	struct gs_pb w = gs_pb_over(bytes);
	struct gs_pb_field f;
	while (gs_pb_next(&w, &f) == GS_OK) {
		struct gs_bytes *to = f.number == FUNCTION_NAME       ? &out->name
		                      : f.number == FUNCTION_DOMAIN   ? &out->domain
		                      : f.number == FUNCTION_OVERLOAD ? &out->overload
		                                                      : NULL;
		if (to == NULL)
			continue;
		if (f.type != GS_PB_BYTES || !gs_onnx_name_ok(f.bytes))
			return gs_onnx_malformed(r, "a function's name");
		*to = f.bytes;
	}
	enum gs_err err = next_graph(r, &out->body);
	r->depth++;
	if (err == GS_OK)
		err = read_formals(r, bytes, FUNCTION_INPUT, &out->body.input, &out->body.inputs);
	if (err == GS_OK)
		err = read_formals(r, bytes, FUNCTION_OUTPUT, &out->body.output, &out->body.outputs);
	if (err == GS_OK)
		err = gs_onnx_read_nodes(r, bytes, FUNCTION_NODE, &out->body);
	if (err == GS_OK)
		err = gs_onnx_read_attrs(r, bytes, FUNCTION_ATTRIBUTE_PROTO, &out->attr, &out->attrs);
	if (err == GS_OK)
		err = read_opsets(r, bytes, FUNCTION_OPSET_IMPORT, &out->opsets);
	r->depth--;
	return err;
}

static enum gs_err read_functions(struct gs_onnx_reader *r, struct gs_bytes bytes, struct gs_onnx_model *out)
{
	struct gs_bytes *span = NULL;
	enum gs_err err = gs_onnx_collect(r, bytes, MODEL_FUNCTION, GS_ONNX_FUNCTIONS_MAX, "functions", &span,
	                                  &out->functions);
	if (err != GS_OK)
		return err;
	GS_ASSERT(out->functions == 0 || span != NULL);
	struct gs_onnx_function *list = gs_arena_alloc(r->arena, out->functions, sizeof(*list));
	if (list == NULL)
		return gs_onnx_too_big(r);
	for (uint32_t i = 0; i < out->functions; i++)
		if ((err = read_function(r, span[i], &list[i])) != GS_OK)
			return gs_fail_within(r->error, err, "function '%.*s'", NAME(list[i].name));
	out->function = list;
	return GS_OK;
}

/* ---- the model ---- */

static enum gs_err read_model(struct gs_onnx_reader *r, struct gs_bytes bytes, struct gs_onnx_model *out)
{
	struct gs_pb w = gs_pb_over(bytes);
	struct gs_pb_field f;
	struct gs_bytes graph = {0};
	enum gs_err err;

	while ((err = gs_pb_next(&w, &f)) == GS_OK) {
		if (f.number == MODEL_IR_VERSION && f.type == GS_PB_VARINT) {
			out->ir_version = (int64_t)f.value;
		} else if (f.number == MODEL_GRAPH && f.type == GS_PB_BYTES) {
			if (graph.ptr != NULL)
				return gs_onnx_malformed(r, "two graphs");
			graph = f.bytes;
		} else if (f.number == MODEL_IR_VERSION || f.number == MODEL_GRAPH) {
			return gs_onnx_malformed(r, "a field has the wrong wire type");
		}
	}
	if (err != GS_ENOTFOUND)
		return gs_onnx_malformed(r, "the file is cut or is no protobuf message");
	if (graph.ptr == NULL)
		return gs_onnx_malformed(r, "it has no graph");
	if ((err = read_opsets(r, bytes, MODEL_OPSET_IMPORT, &out->opsets)) != GS_OK)
		return err;
	out->opset = gs_onnx_opset(&out->opsets, (struct gs_bytes){0});
	if (out->opset == 0 && out->ir_version > 0 && out->ir_version < 3)
		out->opset = 1; /* files older than the imports of opsets */
	if ((err = gs_onnx_read_graph(r, graph, &out->graph)) != GS_OK ||
	    (err = read_functions(r, bytes, out)) != GS_OK)
		return err;
	out->graphs = r->graphs;
	return GS_OK;
}

enum gs_err gs_onnx_read(struct gs_bytes bytes, const struct gs_onnx_external *external, struct gs_arena *arena,
                         struct gs_onnx_model *out, struct gs_error *error)
{
	struct gs_onnx_reader r = {.arena = arena, .external = external, .error = error};
	*out = (struct gs_onnx_model){0};
	if (bytes.len > GS_ONNX_FILE_MAX)
		return gs_fail(error, GS_ELIMIT, "the model file is over 8 GiB");
	return read_model(&r, bytes, out);
}
