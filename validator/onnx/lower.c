/* Lowering as a whole: the options, the main graph's inputs, then its nodes (lower_node.c); lower_finish.c makes the
 * program. */
#include "validator/onnx/lower.h"

#include "validator/onnx/lower_finish.h"
#include "validator/onnx/lower_tolerance.h"

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
	case GS_ONNX_STRING: return "string";
	case GS_ONNX_SEQUENCE: return "sequence";
	case GS_ONNX_DATA_SHAPE: return "data_shape";
	case GS_ONNX_RANDOM: return "random";
	case GS_ONNX_TRAINING: return "training";
	case GS_ONNX_CONTROL_FLOW: return "control_flow";
	case GS_ONNX_IMAGE: return "image";
	}
	return "unknown";
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
	const struct gs_onnx_value *v = &lo->model.graph.input[graph_index];
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
	uint64_t product = 1; /* also of the others, when one is 0: io has that limit */
	for (unsigned d = 0; d < in->rank && product < GS_EXTENT_MAX; d++)
		product *= in->dim[d] == 0 ? 1 : in->dim[d];
	if (product >= GS_EXTENT_MAX)
		return bad_option(lo, v->name, "it has 2^31 elements or more");
	if (in->count == 0) { /* nothing is ever read of it; its array holds one zero */
		enum gs_err err = gs_lower_constant(lo, (enum gs_dtype)in->dtype, in->rank, in->dim, NULL, out);
		if (err != GS_OK)
			return err;
		in->count = 1;
	}
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

static enum gs_err define_inputs(struct gs_lower *lo, const struct gs_lower_scope *scope)
{
	const struct gs_onnx_graph *m = &lo->model.graph;
	enum gs_err err;
	for (uint32_t i = 0; i < m->inputs; i++) {
		const struct gs_onnx_value *in = &m->input[i];
		struct gs_val *v = &scope->value[gs_lower_name(scope, in->name)];
		const struct gs_onnx_bound *bound = bound_option(lo, in->name);
		if (v->kind == GS_VAL_CONST)
			continue; /* an initializer gives its value */
		if (v->kind != GS_VAL_NONE || in->name.len == 0)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "input '%.*s' has no name or is defined twice",
			                       NAME(in->name));
		if (!in->is_tensor)
			return gs_lower_refuse(lo, GS_ONNX_SEQUENCE,
			                       "input '%.*s' is a sequence, map or optional, not a tensor",
			                       NAME(in->name));
		if (in->elem_type > 255 || !gs_dtype_known((unsigned)in->elem_type))
			return gs_lower_refuse(
				lo, in->elem_type == GS_ONNX_TYPE_STRING ? GS_ONNX_STRING : GS_ONNX_DATA_TYPE,
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
		for (uint32_t k = 0; k < lo->model.graph.inputs && !found; k++)
			found = gs_onnx_text_is(lo->model.graph.input[k].name, name);
		if (!found) {
			lo->report.reason = GS_ONNX_FORM;
			return gs_fail(lo->error, GS_EINVAL, "the model has no input '%s'", name);
		}
	}
	return GS_OK;
}

/* ---- the whole ---- */

static enum gs_err lower_main(struct gs_lower *lo, struct gs_lower_scope *scope, struct gs_bytes bytes,
                              struct gs_program *out)
{
	enum gs_err err = gs_lower_scope_begin(lo, &lo->model.graph, NULL, scope);
	if (err != GS_OK || (err = define_inputs(lo, scope)) != GS_OK || (err = gs_lower_nodes(lo, scope)) != GS_OK)
		return err;
	lo->scope = scope;
	return gs_lower_finish(lo, bytes, out);
}

static enum gs_err lower_all(struct gs_lower *lo, struct gs_bytes bytes, struct gs_program *out)
{
	struct gs_lower_scope scope = {0};
	enum gs_err err = gs_onnx_read(bytes, lo->options->external, &lo->arena, &lo->model, lo->error);
	if (err != GS_OK) {
		lo->report.reason = err == GS_EUNSUPPORTED ? GS_ONNX_DATA_TYPE
		                    : err == GS_ELIMIT     ? GS_ONNX_TOO_BIG
		                                           : GS_ONNX_MALFORMED;
		return err;
	}
	lo->opsets = &lo->model.opsets;
	lo->graph = gs_arena_alloc(&lo->arena, lo->model.graphs, sizeof(struct gs_lower_graph *));
	if (lo->graph == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "the model's tables do not fit the memory limit");
	if ((err = check_options(lo)) != GS_OK || (err = gs_lower_tolerance_options(lo)) != GS_OK)
		return err;
	err = lower_main(lo, &scope, bytes, out);
	gs_lower_scope_end(&scope);
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
	gs_listing_init(&lo->listing);
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
	gs_listing_free(&lo->listing);
	free(lo->instr_def);
	free(lo->instr_maker);
	free(lo);
	return err;
}
