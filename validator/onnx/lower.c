/* The walk over the graph: names, inputs, constants, nodes; lower_finish.c makes the program. */
#include "validator/onnx/lower.h"

#include "validator/onnx/lower_finish.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *gs_onnx_reason_name(enum gs_onnx_reason reason)
{
	switch (reason) {
	case GS_ONNX_LOWERED: return "ok";
	case GS_ONNX_MALFORMED: return "malformed";
	case GS_ONNX_OPERATOR: return "operator";
	case GS_ONNX_FORM: return "form";
	case GS_ONNX_DATA_TYPE: return "data_type";
	case GS_ONNX_NOT_STATIC: return "not_static";
	case GS_ONNX_TOO_BIG: return "too_big";
	case GS_ONNX_NO_MEMORY: return "no_memory";
	}
	return "unknown";
}

gs_lower_fn gs_lower_op_find(struct gs_bytes op)
{
	const struct gs_lower_op *const file[] = {
		gs_ops_math,      gs_ops_logic,     gs_ops_linear,     gs_ops_pool,    gs_ops_shape,   gs_ops_norm,
		gs_ops_index,     gs_ops_loss,      gs_ops_order,      gs_ops_moments, gs_ops_select,  gs_ops_resize,
		gs_ops_recurrent, gs_ops_attention, gs_ops_transposed, gs_ops_scatter, gs_ops_quantize,  gs_ops_power};
	for (unsigned f = 0; f < GS_ARRAY_LEN(file); f++)
		for (const struct gs_lower_op *o = file[f]; o->name != NULL; o++)
			if (gs_onnx_text_is(op, o->name))
				return o->lower;
	return NULL;
}

/* ---- names ---- */

static int compare_names(const void *a, const void *b)
{
	const struct gs_bytes *x = a, *y = b;
	size_t n = x->len < y->len ? x->len : y->len;
	int c = n == 0 ? 0 : memcmp(x->ptr, y->ptr, n);
	return c != 0 ? c : (x->len > y->len) - (x->len < y->len);
}

uint32_t gs_lower_name(const struct gs_lower *lo, struct gs_bytes name)
{
	const struct gs_bytes *found = bsearch(&name, lo->name, lo->names, sizeof(name), compare_names);
	GS_ASSERT(found != NULL); /* every name of the model is in the table */
	return (uint32_t)(found - lo->name);
}

static enum gs_err out_of_memory(struct gs_lower *lo)
{
	return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "the model's tables do not fit the memory limit");
}

static enum gs_err build_names(struct gs_lower *lo)
{
	const struct gs_onnx_model *m = &lo->model;
	uint64_t total = (uint64_t)m->initializers + m->inputs + m->outputs, n = 0;
	for (uint32_t i = 0; i < m->nodes; i++)
		total += (uint64_t)m->node[i].inputs + m->node[i].outputs;
	struct gs_bytes *list = total > UINT32_MAX / 2 ? NULL : gs_arena_alloc(&lo->arena, total, sizeof(*list));
	if (list == NULL)
		return out_of_memory(lo);
	for (uint32_t i = 0; i < m->initializers; i++)
		list[n++] = m->initializer[i].name;
	for (uint32_t i = 0; i < m->inputs; i++)
		list[n++] = m->input[i].name;
	for (uint32_t i = 0; i < m->outputs; i++)
		list[n++] = m->output[i].name;
	for (uint32_t i = 0; i < m->nodes; i++) {
		for (uint32_t k = 0; k < m->node[i].inputs; k++)
			list[n++] = m->node[i].input[k];
		for (uint32_t k = 0; k < m->node[i].outputs; k++)
			list[n++] = m->node[i].output[k];
	}
	qsort(list, n, sizeof(*list), compare_names);
	uint32_t kept = 0;
	for (uint64_t i = 0; i < n; i++)
		if (kept == 0 || compare_names(&list[kept - 1], &list[i]) != 0)
			list[kept++] = list[i];
	lo->name = list;
	lo->names = kept;
	lo->value = gs_arena_alloc(&lo->arena, kept, sizeof(*lo->value));
	lo->uses = gs_arena_alloc(&lo->arena, kept, sizeof(*lo->uses));
	return lo->value == NULL || lo->uses == NULL ? out_of_memory(lo) : GS_OK;
}

/* Which nodes an output needs; counts the reads of every value by those nodes and by the outputs. */
static enum gs_err find_live(struct gs_lower *lo, uint8_t **out)
{
	const struct gs_onnx_model *m = &lo->model;
	uint8_t *live = gs_arena_alloc(&lo->arena, m->nodes, 1);
	if (live == NULL)
		return out_of_memory(lo);
	for (uint32_t i = 0; i < m->outputs; i++)
		lo->uses[gs_lower_name(lo, m->output[i].name)]++;
	for (uint32_t i = m->nodes; i-- > 0;) {
		for (uint32_t k = 0; k < m->node[i].outputs; k++)
			live[i] |= m->node[i].output[k].len != 0 &&
			           lo->uses[gs_lower_name(lo, m->node[i].output[k])] > 0;
		for (uint32_t k = 0; live[i] && k < m->node[i].inputs; k++)
			if (m->node[i].input[k].len != 0)
				lo->uses[gs_lower_name(lo, m->node[i].input[k])]++;
	}
	*out = live;
	return GS_OK;
}

/* ---- inputs and constants ---- */

static const struct gs_onnx_shape *shape_option(const struct gs_lower *lo, struct gs_bytes name)
{
	for (uint32_t i = 0; i < lo->options->shapes; i++)
		if (gs_onnx_text_is(name, lo->options->shape[i].name))
			return &lo->options->shape[i];
	return NULL;
}

static const struct gs_onnx_bound *bound_option(const struct gs_lower *lo, struct gs_bytes name)
{
	for (uint32_t i = 0; i < lo->options->bounds; i++)
		if (gs_onnx_text_is(name, lo->options->bound[i].name))
			return &lo->options->bound[i];
	return NULL;
}

#define NAME(bytes) (int)((bytes).len > 200 ? 200 : (bytes).len), (bytes).len == 0 ? "" : (const char *)(bytes).ptr

static enum gs_err bad_option(struct gs_lower *lo, struct gs_bytes name, const char *what)
{
	lo->report.reason = GS_ONNX_FORM;
	return gs_fail(lo->error, GS_EINVAL, "input '%.*s': %s", NAME(name), what);
}

static bool dim_fits(const struct gs_onnx_value *v, unsigned rank, const uint32_t *dim)
{
	if (!v->has_shape)
		return true;
	if (v->rank != rank)
		return false;
	for (unsigned d = 0; d < rank; d++)
		if (v->dim[d].value >= 0 && v->dim[d].value != (int64_t)dim[d])
			return false;
	return true;
}

static enum gs_err misfit(struct gs_lower *lo, const struct gs_onnx_value *v, unsigned rank, const uint32_t *dim)
{
	char given[GS_TENSOR_TEXT_MAX], want[GS_TENSOR_TEXT_MAX] = "";
	gs_tensor_describe((enum gs_dtype)v->elem_type, rank, dim, given);
	for (unsigned d = 0, n = 0; d < v->rank && n + 24 < sizeof(want); d++)
		n += v->dim[d].value < 0 ? (unsigned)snprintf(want + n, sizeof(want) - n, "%s?", d ? "," : "")
		                         : (unsigned)snprintf(want + n, sizeof(want) - n, "%s%lld", d ? "," : "",
		                                              (long long)v->dim[d].value);
	lo->report.reason = GS_ONNX_FORM;
	return gs_fail(lo->error, GS_EINVAL, "input '%.*s': the model takes shape [%s], given is %s", NAME(v->name),
	               want, given);
}

static enum gs_err define_input(struct gs_lower *lo, uint32_t graph_index, struct gs_val *out)
{
	const struct gs_onnx_value *v = &lo->model.input[graph_index];
	const struct gs_onnx_shape *shape = shape_option(lo, v->name);
	struct gs_lower_input *in = &lo->input[lo->inputs];

	if (lo->inputs == GS_IO_MAX)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "the model has more than %d inputs", GS_IO_MAX);
	*in = (struct gs_lower_input){.value = v, .graph_index = graph_index, .dtype = (uint8_t)v->elem_type};
	if (shape != NULL) {
		if (!dim_fits(v, shape->rank, shape->dim))
			return misfit(lo, v, shape->rank, shape->dim);
		in->rank = shape->rank;
		memcpy(in->dim, shape->dim, sizeof(in->dim));
	} else {
		if (!v->has_shape)
			return bad_option(lo, v->name,
			                  "the model does not state its shape; give --shape NAME=D0,D1,...");
		in->rank = v->rank;
		for (unsigned d = 0; d < v->rank; d++) {
			if (v->dim[d].value < 0)
				return bad_option(lo, v->name, "its shape is symbolic; give --shape NAME=D0,D1,...");
			in->dim[d] = (uint32_t)v->dim[d].value;
		}
	}
	*out = (struct gs_val){.kind = GS_VAL_INPUT, .dtype = in->dtype, .rank = in->rank, .source = lo->inputs};
	memcpy(out->dim, in->dim, sizeof(out->dim));
	gs_val_strides(out);
	in->count = gs_val_count(out);
	if (in->count == 0 || in->count >= GS_EXTENT_MAX)
		return bad_option(lo, v->name, "it has no elements (bind it as a constant), or 2^31 or more");
	if (lo->inputs > 0) {
		const struct gs_lower_input *before = &lo->input[lo->inputs - 1];
		uint64_t chunk = before->chunk + gs_dtype_chunks((enum gs_dtype)before->dtype, before->count);
		if (chunk > GS_CHUNKS_MAX)
			return bad_option(lo, v->name, "the inputs take more than 8 GiB");
		in->chunk = (uint32_t)chunk;
	}
	lo->inputs++;
	return GS_OK;
}

static enum gs_err define_values(struct gs_lower *lo)
{
	const struct gs_onnx_model *m = &lo->model;
	enum gs_err err;
	for (uint32_t i = 0; i < m->initializers; i++) {
		const struct gs_tensor *t = &m->initializer[i];
		struct gs_val *v = &lo->value[gs_lower_name(lo, t->name)];
		if (v->kind != GS_VAL_NONE)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "initializer '%.*s' is defined twice",
			                       NAME(t->name));
		if ((err = gs_lower_constant(lo, t->dtype, t->rank, t->dim, t->data, v)) != GS_OK)
			return err;
	}
	for (uint32_t i = 0; i < m->inputs; i++) {
		const struct gs_onnx_value *in = &m->input[i];
		struct gs_val *v = &lo->value[gs_lower_name(lo, in->name)];
		const struct gs_onnx_bound *bound = bound_option(lo, in->name);
		if (v->kind == GS_VAL_CONST)
			continue; /* an initializer gives its value */
		if (v->kind != GS_VAL_NONE || in->name.len == 0)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "input '%.*s' has no name or is defined twice",
			                       NAME(in->name));
		if (!in->is_tensor)
			return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE,
			                       "input '%.*s' is a sequence, map or optional, not a tensor",
			                       NAME(in->name));
		if (in->elem_type > 255 || !gs_dtype_known((unsigned)in->elem_type))
			return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE,
			                       "input '%.*s' is of type %s, which is not supported", NAME(in->name),
			                       gs_onnx_type_name(in->elem_type));
		if (bound == NULL) {
			if ((err = define_input(lo, i, v)) != GS_OK)
				return err;
			continue;
		}
		if (bound->tensor.dtype != in->elem_type)
			return bad_option(lo, in->name, "the data bound to it has another type");
		if (!dim_fits(in, bound->tensor.rank, bound->tensor.dim))
			return misfit(lo, in, bound->tensor.rank, bound->tensor.dim);
		err = gs_lower_constant(lo, bound->tensor.dtype, bound->tensor.rank, bound->tensor.dim,
		                        bound->tensor.data, v);
		if (err != GS_OK)
			return err;
	}
	return GS_OK;
}

static enum gs_err check_options(struct gs_lower *lo)
{
	const struct gs_onnx_options *o = lo->options;
	if (o->shapes > GS_ONNX_OPTIONS_MAX || o->bounds > GS_ONNX_OPTIONS_MAX)
		return gs_fail(lo->error, GS_ELIMIT, "more than %d shapes or bound inputs", GS_ONNX_OPTIONS_MAX);
	for (uint32_t i = 0; i < o->shapes + o->bounds; i++) {
		const char *name = i < o->shapes ? o->shape[i].name : o->bound[i - o->shapes].name;
		bool found = false;
		for (uint32_t k = 0; k < lo->model.inputs && !found; k++)
			found = gs_onnx_text_is(lo->model.input[k].name, name);
		if (!found) {
			lo->report.reason = GS_ONNX_FORM;
			return gs_fail(lo->error, GS_EINVAL, "the model has no input '%s'", name);
		}
	}
	return GS_OK;
}

/* ---- nodes ---- */

static enum gs_err lower_node(struct gs_lower *lo, const struct gs_onnx_node *node)
{
	uint32_t before = lo->instrs;
	if (node->domain.len != 0 && !gs_onnx_text_is(node->domain, "ai.onnx"))
		return gs_lower_refuse(lo, GS_ONNX_OPERATOR, "operators of domain '%.*s' are not supported",
		                       NAME(node->domain));
	gs_lower_fn lower = gs_lower_op_find(node->op);
	if (lower == NULL)
		return gs_lower_refuse(lo, GS_ONNX_OPERATOR, "this operator is not supported");
	struct gs_val *in = gs_arena_alloc(&lo->arena, node->inputs + 8U, sizeof(*in));
	struct gs_val *out = gs_arena_alloc(&lo->arena, node->outputs + 8U, sizeof(*out));
	if (in == NULL || out == NULL)
		return out_of_memory(lo);
	for (uint32_t i = 0; i < node->inputs; i++) {
		if (node->input[i].len == 0)
			continue;
		in[i] = lo->value[gs_lower_name(lo, node->input[i])];
		if (in[i].kind == GS_VAL_NONE)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "input '%.*s' is not defined before it",
			                       NAME(node->input[i]));
	}
	enum gs_err err = lower(lo, node, in, out);
	if (err != GS_OK)
		return err;
	for (uint32_t i = 0; i < node->outputs; i++) {
		uint32_t name = gs_lower_name(lo, node->output[i]);
		if (node->output[i].len == 0)
			continue;
		if (lo->value[name].kind != GS_VAL_NONE)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "value '%.*s' is defined twice",
			                       NAME(node->output[i]));
		if (out[i].kind == GS_VAL_NONE && lo->uses[name] > 0)
			return gs_lower_refuse(lo, GS_ONNX_FORM, "output %u is not supported", i);
		lo->value[name] = out[i];
		/* the instruction made by this node, or taken over from the one before (a fused epilogue) */
		if (out[i].kind == GS_VAL_INSTR &&
		    (out[i].source >= before || lo->instr[out[i].source].epilogue != 0) &&
		    lo->instr_name[out[i].source] == UINT32_MAX)
			lo->instr_name[out[i].source] = name;
	}
	return GS_OK;
}

static enum gs_err lower_nodes(struct gs_lower *lo)
{
	uint8_t *live = NULL;
	enum gs_err err = find_live(lo, &live);
	GS_ASSERT(err != GS_OK || live != NULL);
	for (uint32_t i = 0; err == GS_OK && i < lo->model.nodes; i++) {
		const struct gs_onnx_node *node = &lo->model.node[i];
		if (!live[i])
			continue;
		lo->node = node;
		err = lower_node(lo, node);
		if (err != GS_OK)
			return gs_fail_within(lo->error, err, "node %u '%.*s' (%.*s)", i, NAME(node->name),
			                      NAME(node->op));
	}
	lo->node = NULL;
	return err;
}

/* ---- the whole ---- */

static enum gs_err lower_all(struct gs_lower *lo, struct gs_bytes bytes, struct gs_program *out)
{
	enum gs_err err = gs_onnx_read(bytes, &lo->arena, &lo->model, lo->error);
	if (err != GS_OK) {
		lo->report.reason = err == GS_EUNSUPPORTED ? GS_ONNX_DATA_TYPE
		                    : err == GS_ELIMIT     ? GS_ONNX_TOO_BIG
		                                           : GS_ONNX_MALFORMED;
		return err;
	}
	if ((err = check_options(lo)) != GS_OK || (err = build_names(lo)) != GS_OK ||
	    (err = define_values(lo)) != GS_OK || (err = lower_nodes(lo)) != GS_OK)
		return err;
	err = gs_lower_finish(lo, bytes, out);
	if (err == GS_ELIMIT && lo->report.reason == GS_ONNX_LOWERED)
		lo->report.reason = GS_ONNX_TOO_BIG;
	return err;
}

enum gs_err gs_onnx_lower(struct gs_bytes bytes, const struct gs_onnx_options *options, struct gs_program *out,
                          struct gs_onnx_report *report, struct gs_error *error)
{
	static const struct gs_onnx_options none = {0};
	struct gs_error own = {0};
	struct gs_lower *lo = calloc(1, sizeof(*lo));
	*out = (struct gs_program){0};
	if (report != NULL)
		*report = (struct gs_onnx_report){.reason = GS_ONNX_NO_MEMORY};
	if (lo == NULL)
		return gs_fail(error, GS_ENOMEM, "no memory for the lowering");
	gs_arena_init(&lo->arena, GS_LOWER_MEMORY_MAX);
	lo->options = options != NULL ? options : &none;
	lo->error = error != NULL ? error : &own;
	enum gs_err err = lower_all(lo, bytes, out);
	if (err != GS_OK) {
		gs_program_free(out);
		if (lo->report.reason == GS_ONNX_LOWERED)
			lo->report.reason = GS_ONNX_FORM;
	}
	if (report != NULL)
		*report = lo->report;
	gs_arena_free(&lo->arena);
	free(lo->instr);
	free(lo->instr_name);
	free(lo);
	return err;
}

/* ---- the signature ---- */

static bool is_half(uint64_t type)
{
	return type == GS_F16 || type == GS_BF16;
}

enum gs_err gs_onnx_signature_read(struct gs_bytes bytes, struct gs_onnx_signature *out, struct gs_error *error)
{
	struct gs_arena arena;
	struct gs_onnx_model m;
	*out = (struct gs_onnx_signature){0};
	gs_arena_init(&arena, GS_LOWER_MEMORY_MAX);
	enum gs_err err = gs_onnx_read(bytes, &arena, &m, error);
	if (err != GS_OK)
		goto out;
	out->input = calloc((size_t)m.inputs + 1, sizeof(*out->input));
	if (out->input == NULL) {
		err = gs_fail(error, GS_ENOMEM, "no memory for the model's inputs");
		goto out;
	}
	struct gs_bytes *given = gs_arena_alloc(&arena, m.initializers, sizeof(*given));
	if (given == NULL) {
		err = gs_fail(error, GS_ELIMIT, "the model's tables do not fit the memory limit");
		goto out;
	}
	for (uint32_t k = 0; k < m.initializers; k++) {
		given[k] = m.initializer[k].name;
		out->half |= is_half(m.initializer[k].dtype);
	}
	qsort(given, m.initializers, sizeof(*given), compare_names);
	out->tensors_only = true;
	for (uint32_t k = 0; k < m.outputs; k++) {
		out->half |= is_half(m.output[k].elem_type);
		out->tensors_only &= m.output[k].is_tensor;
	}
	for (uint32_t i = 0; i < m.inputs; i++) {
		const struct gs_onnx_value *v = &m.input[i];
		out->half |= is_half(v->elem_type);
		out->tensors_only &= v->is_tensor;
		if (bsearch(&v->name, given, m.initializers, sizeof(*given), compare_names) != NULL)
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
