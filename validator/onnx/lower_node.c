/* Nodes: the operator or function that each names, its inputs and outputs; functions and inner graphs are lowered in place. */
#include "validator/onnx/catalogue.h"
#include "validator/onnx/refused.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME(bytes) (int)((bytes).len > 60 ? 60 : (bytes).len), (bytes).len == 0 ? "" : (const char *)(bytes).ptr

enum { WITHIN_TEXT_MAX = 320 }; /* a message from deep inside leaves room for the outermost node's name */

int64_t gs_lower_opset(const struct gs_lower *lo, const char *domain)
{
	if (domain[0] == 0)
		return lo->model.opset;
	return gs_onnx_opset(lo->opsets, (struct gs_bytes){(const uint8_t *)domain, strlen(domain)});
}

/* Instructions that an inner graph's outputs define, and nothing else in it reads, may be named by the node around it. */
static void hand_out(struct gs_lower *lo, const struct gs_lower_scope *scope, struct gs_bytes name,
                     const struct gs_val *v)
{
	uint32_t i = gs_lower_name(scope, name);
	if (v->kind == GS_VAL_INSTR && i != UINT32_MAX && lo->instr_def[v->source].scope == scope->serial &&
	    lo->instr_def[v->source].name == i && scope->of->uses[i] == 1)
		lo->instr_def[v->source] = (struct gs_lower_def){0};
}

static enum gs_err take_outputs(struct gs_lower *lo, const struct gs_lower_scope *scope, struct gs_val *result,
                                uint32_t results)
{
	const struct gs_onnx_graph *graph = scope->of->graph;
	for (uint32_t i = 0; i < graph->outputs && i < results; i++) {
		const struct gs_val *v = gs_lower_lookup(scope, graph->output[i].name);
		if (v == NULL)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "output '%.*s' is not defined",
			                       NAME(graph->output[i].name));
		result[i] = v->kind == GS_VAL_ABSENT ? (struct gs_val){0} : *v;
		hand_out(lo, scope, graph->output[i].name, v);
	}
	return GS_OK;
}

enum gs_err gs_lower_inner(struct gs_lower *lo, const struct gs_onnx_graph *graph, const char *what,
                           const struct gs_val *arg, uint32_t args, struct gs_val *result)
{
	struct gs_lower_scope scope;
	enum gs_err err;
	if (graph->inputs != args)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "%s takes %u inputs, it gets %u", what, graph->inputs,
		                       args);
	err = gs_lower_scope_begin(lo, graph, lo->scope, &scope);
	for (uint32_t i = 0; err == GS_OK && i < args; i++)
		err = gs_lower_define(lo, &scope, graph->input[i].name, &arg[i]);
	if (err == GS_OK)
		err = gs_lower_nodes(lo, &scope);
	if (err == GS_OK)
		err = take_outputs(lo, &scope, result, graph->outputs);
	gs_lower_scope_end(&scope);
	return err == GS_OK || strlen(lo->error->text) > WITHIN_TEXT_MAX ? err
	                                                                 : gs_fail_within(lo->error, err, "%s", what);
}

/* ---- functions of the model ---- */

static const struct gs_onnx_function *function_of(const struct gs_lower *lo, const struct gs_onnx_node *node)
{
	for (uint32_t i = 0; i < lo->model.functions; i++) {
		const struct gs_onnx_function *f = &lo->model.function[i];
		if (gs_bytes_equal(f->name, node->op) && gs_onnx_domain_is(f->domain, node->domain) &&
		    gs_bytes_equal(f->overload, node->overload))
			return f;
	}
	return NULL;
}

/* A function that calls itself, over whatever others: refused with the way round. */
static enum gs_err check_calls(struct gs_lower *lo, const struct gs_onnx_function *f)
{
	char cycle[256] = "";
	unsigned depth = 0;
	bool again = false;
	for (const struct gs_lower_call *c = lo->call; c != NULL; c = c->caller, depth++)
		again |= c->function == f;
	if (!again && depth < GS_LOWER_CALLS_MAX)
		return GS_OK;
	if (!again)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "functions call each other more than %d deep",
		                       GS_LOWER_CALLS_MAX);
	size_t n = 0;
	for (const struct gs_lower_call *c = lo->call; n + 80 < sizeof(cycle); c = c->caller) { /* innermost first */
		n += (size_t)snprintf(cycle + n, sizeof(cycle) - n, "%.*s <- ", NAME(c->function->name));
		if (c->function == f)
			break;
	}
	return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "function '%.*s' calls itself (%.*s <- %s...)", NAME(f->name),
	                       NAME(f->name), cycle);
}

static enum gs_err lower_call(struct gs_lower *lo, const struct gs_onnx_function *f, const struct gs_onnx_node *node,
                              const struct gs_val *in, struct gs_val *out)
{
	const struct gs_lower_call call = {.caller = lo->call, .function = f, .node = node};
	const struct gs_onnx_opsets *opsets = lo->opsets;
	int64_t opset = lo->model.opset;
	struct gs_lower_scope scope;
	enum gs_err err = check_calls(lo, f);
	if (err != GS_OK)
		return err;
	if (node->inputs > f->body.inputs || node->outputs > f->body.outputs)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED,
		                       "the function has %u inputs and %u outputs, it is called with %u and %u",
		                       f->body.inputs, f->body.outputs, node->inputs, node->outputs);
	if (f->opsets.count != 0) {
		lo->opsets = &f->opsets;
		lo->model.opset = gs_onnx_opset(&f->opsets, (struct gs_bytes){0});
	}
	err = gs_lower_scope_begin(lo, &f->body, NULL, &scope);
	lo->call = &call;
	for (uint32_t i = 0; err == GS_OK && i < f->body.inputs; i++) {
		static const struct gs_val absent = {.kind = GS_VAL_ABSENT};
		bool given = i < node->inputs && in[i].kind != GS_VAL_NONE;
		err = gs_lower_define(lo, &scope, f->body.input[i].name, given ? &in[i] : &absent);
	}
	if (err == GS_OK)
		err = gs_lower_nodes(lo, &scope);
	if (err == GS_OK)
		err = take_outputs(lo, &scope, out, node->outputs);
	lo->call = call.caller;
	lo->opsets = opsets;
	lo->model.opset = opset;
	gs_lower_scope_end(&scope);
	return err;
}

/* The value of an attribute of the call that is being expanded, or the function's default; NULL: neither is there. */
static const struct gs_onnx_attr *referred(const struct gs_lower *lo, struct gs_bytes ref)
{
	const struct gs_lower_call *c = lo->call;
	for (uint32_t i = 0; c != NULL && i < c->node->attrs; i++)
		if (gs_bytes_equal(c->node->attr[i].name, ref))
			return &c->node->attr[i];
	for (uint32_t i = 0; c != NULL && i < c->function->attrs; i++)
		if (gs_bytes_equal(c->function->attr[i].name, ref))
			return &c->function->attr[i];
	return NULL;
}

static bool has_references(const struct gs_onnx_node *node)
{
	for (uint32_t i = 0; i < node->attrs; i++)
		if (node->attr[i].ref.len != 0)
			return true;
	return false;
}

/* The node with its references to the call's attributes replaced by their values, in *copy and *list (to be freed). */
static enum gs_err resolve(struct gs_lower *lo, const struct gs_onnx_node *node, struct gs_onnx_node *copy,
                           struct gs_onnx_attr **list)
{
	*copy = *node;
	*list = calloc((size_t)node->attrs + 1, sizeof(**list));
	if (*list == NULL)
		return gs_lower_refuse(lo, GS_ONNX_NO_MEMORY, "no memory for %u attributes", node->attrs);
	copy->attr = *list;
	copy->attrs = 0;
	for (uint32_t i = 0; i < node->attrs; i++) {
		const struct gs_onnx_attr *a = &node->attr[i];
		if (a->ref.len != 0 && (a = referred(lo, a->ref)) == NULL)
			continue;
		if (a != &node->attr[i] &&
		    (a->graph != NULL || (node->attr[i].type != GS_ONNX_ATTR_NONE && node->attr[i].type != a->type)))
			return gs_lower_refuse(lo, a->graph != NULL ? GS_ONNX_FORM : GS_ONNX_MALFORMED,
			                       "attribute '%.*s' %s", NAME(node->attr[i].name),
			                       a->graph != NULL
			                               ? "passes a graph to a function; write it into the function"
			                               : "refers to one of another type");
		(*list)[copy->attrs] = *a;
		(*list)[copy->attrs].ref = (struct gs_bytes){0};
		(*list)[copy->attrs++].name = node->attr[i].name;
	}
	return GS_OK;
}

/* ---- nodes ---- */

/* What the node's operator is, looked up in texts and tables where its name has not been met. */
static const struct gs_lower_known *known_operator(struct gs_lower *lo, const struct gs_onnx_node *node)
{
	uint32_t hash = 2166136261;
	for (size_t i = 0; i < node->op.len; i++)
		hash = (hash ^ node->op.ptr[i]) * 16777619;
	struct gs_lower_known *known = &lo->known[(hash ^ hash >> 16) % GS_LOWER_KNOWN];
	if (known->op.ptr != NULL && gs_bytes_equal(known->op, node->op) && gs_bytes_equal(known->domain, node->domain))
		return known;
	struct gs_catalogue_operator op = {.versions = 0};
	*known = (struct gs_lower_known){.domain = node->domain,
	                                 .op = node->op,
	                                 .lower = gs_lower_op_find(node->domain, node->op),
	                                 .row = gs_catalogue_find(node->domain, node->op, &op)};
	known->since = op.version[0];
	return known;
}

static enum gs_err apply(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                         struct gs_val *out)
{
	const struct gs_onnx_function *f = function_of(lo, node);
	if (f != NULL)
		return lower_call(lo, f, node, in, out);
	const struct gs_lower_known *known = known_operator(lo, node);
	gs_lower_fn lower = known->lower; /* what it is made of may be of other names */
	if (lower == NULL)
		return gs_lower_refuse_op(lo, node);
	if (gs_onnx_opset(lo->opsets, node->domain) == 0 && lo->model.opset == 0)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "the model imports no opset of its domain '%.*s'",
		                       NAME(node->domain));
	struct gs_lower_old old = {0};
	enum gs_err err = gs_catalogue_check(lo, node, known);
	if (err == GS_OK)
		err = gs_lower_old_form(lo, &node, &old);
	if (err == GS_OK)
		err = lower(lo, node, in, out);
	free(old.attr);
	return err;
}

static enum gs_err read_inputs(struct gs_lower *lo, const struct gs_onnx_node *node, struct gs_val *in)
{
	for (uint32_t i = 0; i < node->inputs; i++) {
		if (node->input[i].len == 0)
			continue;
		const struct gs_val *v = gs_lower_lookup(lo->scope, node->input[i]);
		if (v == NULL)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "input '%.*s' is not defined before it",
			                       NAME(node->input[i]));
		if (v->kind != GS_VAL_ABSENT)
			in[i] = *v;
	}
	return GS_OK;
}

static bool shared_with_another(const struct gs_onnx_node *node, const struct gs_val *out, uint32_t i)
{
	for (uint32_t k = 0; k < node->outputs; k++)
		if (k != i && out[k].kind == GS_VAL_INSTR && out[k].source == out[i].source)
			return true;
	return false;
}

static enum gs_err define_outputs(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *out,
                                  uint32_t before)
{
	const struct gs_lower_scope *scope = lo->scope;
	for (uint32_t i = 0; i < node->outputs; i++) {
		if (node->output[i].len == 0)
			continue;
		uint32_t name = gs_lower_name(scope, node->output[i]);
		GS_ASSERT(name != UINT32_MAX);
		if (gs_lower_lookup(scope, node->output[i]) != NULL)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "value '%.*s' is defined twice",
			                       NAME(node->output[i]));
		if (out[i].kind == GS_VAL_NONE && scope->of->uses[name] > 0)
			return gs_lower_refuse(lo, GS_ONNX_FORM, "output %u is not supported", i);
		if (gs_val_count(&out[i]) > GS_EXTENT_MAX)
			return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "output %u would have 2^31 elements or more", i);
		scope->value[name] = out[i];
		/* the instruction made by this node, or taken over from the one before (a fused epilogue) */
		if (out[i].kind == GS_VAL_INSTR &&
		    (out[i].source >= before || gs_listing_get(&lo->listing, out[i].source).epilogue != 0) &&
		    lo->instr_def[out[i].source].scope == 0 && !shared_with_another(node, out, i))
			lo->instr_def[out[i].source] = (struct gs_lower_def){.scope = scope->serial, .name = name};
	}
	return GS_OK;
}

static enum gs_err lower_node(struct gs_lower *lo, uint32_t index)
{
	const struct gs_onnx_node *node = &lo->scope->of->graph->node[index];
	const struct gs_lower_scope *scope = lo->scope;
	struct gs_val *once = scope->of->made_once;
	struct gs_onnx_node copy = *node;
	struct gs_onnx_attr *list = NULL;
	uint32_t before = lo->listing.count;
	enum gs_err err;

	if ((err = gs_lower_visit(lo, 1)) != GS_OK)
		return err;
	bool plain = !has_references(node), constant = plain && node->inputs == 0 && node->outputs == 1;
	if (constant && once != NULL && once[index].kind == GS_VAL_CONST)
		return define_outputs(lo, node, &once[index], before);
	struct gs_val *in = calloc(node->inputs + 8U, sizeof(*in));
	struct gs_val *out = calloc(node->outputs + 8U, sizeof(*out));
	if (in == NULL || out == NULL) {
		err = gs_lower_refuse(lo, GS_ONNX_NO_MEMORY, "no memory for %u inputs and %u outputs", node->inputs,
		                      node->outputs);
		goto out;
	}
	if (!plain && (err = resolve(lo, node, &copy, &list)) != GS_OK)
		goto out;
	if ((err = read_inputs(lo, node, in)) != GS_OK || (err = apply(lo, &copy, in, out)) != GS_OK ||
	    (err = define_outputs(lo, node, out, before)) != GS_OK)
		goto out;
	if (constant && once != NULL)
		once[index] = out[0];
out:
	free(in);
	free(out);
	free(list);
	return err;
}

enum gs_err gs_lower_nodes(struct gs_lower *lo, const struct gs_lower_scope *scope)
{
	const struct gs_lower_scope *outer = lo->scope;
	const struct gs_onnx_graph *graph = scope->of->graph;
	enum gs_err err = GS_OK;
	lo->scope = scope;
	for (uint32_t i = 0; err == GS_OK && i < graph->nodes; i++) {
		if (!scope->of->live[i])
			continue;
		const struct gs_onnx_node *around = lo->node;
		lo->node = &graph->node[i];
		err = lower_node(lo, i);
		lo->node = around;
		if (err != GS_OK && (outer == NULL || strlen(lo->error->text) <= WITHIN_TEXT_MAX))
			err = gs_fail_within(lo->error, err, "node %u '%.*s' (%.*s)", i, NAME(graph->node[i].name),
			                     NAME(graph->node[i].op));
	}
	lo->scope = outer;
	return err;
}
