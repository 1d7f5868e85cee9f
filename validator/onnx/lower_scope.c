/* Graphs and their names: which values there are, who reads them, and where a name is looked for. */
#include "validator/onnx/lower.h"

#include <stdlib.h>
#include <string.h>

#define NAME(bytes) (int)((bytes).len > 60 ? 60 : (bytes).len), (bytes).len == 0 ? "" : (const char *)(bytes).ptr

static enum gs_err out_of_memory(struct gs_lower *lo)
{
	return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "the model's tables do not fit the memory limit");
}

static int compare_names(const void *a, const void *b)
{
	const struct gs_bytes *x = a, *y = b;
	size_t n = x->len < y->len ? x->len : y->len;
	int c = n == 0 ? 0 : memcmp(x->ptr, y->ptr, n);
	return c != 0 ? c : (x->len > y->len) - (x->len < y->len);
}

static uint32_t find(const struct gs_lower_graph *g, struct gs_bytes name)
{
	const struct gs_bytes *found = bsearch(&name, g->name, g->names, sizeof(name), compare_names);
	return found == NULL ? UINT32_MAX : (uint32_t)(found - g->name);
}

uint32_t gs_lower_name(const struct gs_lower_scope *scope, struct gs_bytes name)
{
	return find(scope->of, name);
}

/* ---- the tables of a graph ---- */

struct name_list {
	struct gs_bytes *name; /* NULL: only count */
	uint64_t count;
};

static void add(struct name_list *list, struct gs_bytes name)
{
	if (list->name != NULL)
		list->name[list->count] = name;
	list->count++;
}

/* The names that an inner graph reads from the graphs around it. */
static void each_free_name(const struct gs_lower_graph *inner, void (*visit)(void *self, struct gs_bytes name),
                           void *self)
{
	for (uint32_t i = 0; i < inner->names; i++)
		if (!inner->defined[i] && inner->name[i].len != 0)
			visit(self, inner->name[i]);
}

static void add_name(void *self, struct gs_bytes name)
{
	add(self, name);
}

static void list_names(const struct gs_lower *lo, const struct gs_onnx_graph *g, struct name_list *list)
{
	for (uint32_t i = 0; i < g->initializers; i++)
		add(list, g->initializer[i].name);
	for (uint32_t i = 0; i < g->inputs; i++)
		add(list, g->input[i].name);
	for (uint32_t i = 0; i < g->outputs; i++)
		add(list, g->output[i].name);
	for (uint32_t i = 0; i < g->nodes; i++) {
		const struct gs_onnx_node *node = &g->node[i];
		for (uint32_t k = 0; k < node->inputs; k++)
			add(list, node->input[k]);
		for (uint32_t k = 0; k < node->outputs; k++)
			add(list, node->output[k]);
		for (uint32_t k = 0; k < node->attrs; k++)
			if (node->attr[k].graph != NULL)
				each_free_name(lo->graph[node->attr[k].graph->id], add_name, list);
	}
}

static enum gs_err build_names(struct gs_lower *lo, struct gs_lower_graph *g)
{
	struct name_list count = {0};
	list_names(lo, g->graph, &count);
	struct name_list list = {0};
	list.name = count.count > UINT32_MAX / 2 ? NULL : gs_arena_alloc(&lo->arena, count.count, sizeof(*list.name));
	if (list.name == NULL)
		return out_of_memory(lo);
	list_names(lo, g->graph, &list);
	qsort(list.name, list.count, sizeof(*list.name), compare_names);
	uint32_t kept = 0;
	for (uint64_t i = 0; i < list.count; i++)
		if (kept == 0 || compare_names(&list.name[kept - 1], &list.name[i]) != 0)
			list.name[kept++] = list.name[i];
	g->name = list.name;
	g->names = kept;
	g->uses = gs_arena_alloc(&lo->arena, kept, sizeof(*g->uses));
	g->defined = gs_arena_alloc(&lo->arena, kept, 1);
	g->live = gs_arena_alloc(&lo->arena, g->graph->nodes, 1);
	return g->uses == NULL || g->defined == NULL || g->live == NULL ? out_of_memory(lo) : GS_OK;
}

static void mark_defined(struct gs_lower_graph *g)
{
	const struct gs_onnx_graph *graph = g->graph;
	for (uint32_t i = 0; i < graph->initializers; i++)
		g->defined[find(g, graph->initializer[i].name)] = 1;
	for (uint32_t i = 0; i < graph->inputs; i++)
		g->defined[find(g, graph->input[i].name)] = 1;
	for (uint32_t i = 0; i < graph->nodes; i++)
		for (uint32_t k = 0; k < graph->node[i].outputs; k++)
			g->defined[find(g, graph->node[i].output[k])] = 1;
}

static void count_use(void *self, struct gs_bytes name)
{
	struct gs_lower_graph *g = self;
	g->uses[find(g, name)]++;
}

/* Which nodes an output needs; counts the reads of every value by those nodes and by the outputs. */
static void find_live(const struct gs_lower *lo, struct gs_lower_graph *g)
{
	const struct gs_onnx_graph *graph = g->graph;
	for (uint32_t i = 0; i < graph->outputs; i++)
		count_use(g, graph->output[i].name);
	for (uint32_t i = graph->nodes; i-- > 0;) {
		const struct gs_onnx_node *node = &graph->node[i];
		for (uint32_t k = 0; k < node->outputs && !g->live[i]; k++)
			g->live[i] = node->output[k].len != 0 && g->uses[find(g, node->output[k])] > 0;
		for (uint32_t k = 0; g->live[i] && k < node->inputs; k++)
			if (node->input[k].len != 0)
				count_use(g, node->input[k]);
		for (uint32_t k = 0; g->live[i] && k < node->attrs; k++)
			if (node->attr[k].graph != NULL)
				each_free_name(lo->graph[node->attr[k].graph->id], count_use, g);
	}
}

enum gs_err gs_lower_graph_of(struct gs_lower *lo, const struct gs_onnx_graph *graph, const struct gs_lower_graph **out)
{
	enum gs_err err;
	*out = lo->graph[graph->id];
	if (*out != NULL)
		return GS_OK;
	for (uint32_t i = 0; i < graph->nodes; i++) /* inner graphs first: their free names are read here too */
		for (uint32_t k = 0; k < graph->node[i].attrs; k++)
			if (graph->node[i].attr[k].graph != NULL &&
			    (err = gs_lower_graph_of(lo, graph->node[i].attr[k].graph, out)) != GS_OK)
				return err;
	struct gs_lower_graph *g = gs_arena_alloc(&lo->arena, 1, sizeof(*g));
	if (g == NULL)
		return out_of_memory(lo);
	g->graph = graph;
	if ((err = build_names(lo, g)) != GS_OK)
		return err;
	mark_defined(g);
	find_live(lo, g);
	g->initializer = gs_arena_alloc(&lo->arena, graph->initializers, sizeof(*g->initializer));
	if (graph != &lo->model.graph) /* the main graph is lowered once */
		g->made_once = gs_arena_alloc(&lo->arena, graph->nodes, sizeof(*g->made_once));
	if (g->initializer == NULL || (graph != &lo->model.graph && g->made_once == NULL))
		return out_of_memory(lo);
	for (uint32_t i = 0; i < graph->initializers; i++) {
		const struct gs_tensor *t = &graph->initializer[i];
		if ((err = gs_lower_constant(lo, t->dtype, t->rank, t->dim, t->data, &g->initializer[i])) != GS_OK)
			return err;
	}
	*out = lo->graph[graph->id] = g;
	return GS_OK;
}

/* ---- scopes ---- */

enum gs_err gs_lower_visit(struct gs_lower *lo, uint64_t n)
{
	lo->visits += n;
	return lo->visits <= GS_LOWER_VISITS_MAX
	               ? GS_OK
	               : gs_lower_refuse(lo, GS_ONNX_TOO_BIG,
	                                 "more than %d nodes once loops and functions are unrolled",
	                                 GS_LOWER_VISITS_MAX);
}

enum gs_err gs_lower_scope_begin(struct gs_lower *lo, const struct gs_onnx_graph *graph,
                                 const struct gs_lower_scope *parent, struct gs_lower_scope *scope)
{
	*scope = (struct gs_lower_scope){.parent = parent, .serial = ++lo->scopes};
	enum gs_err err = gs_lower_graph_of(lo, graph, &scope->of);
	if (err == GS_OK && graph != &lo->model.graph) /* what a scope costs, beside its nodes */
		err = gs_lower_visit(lo, 1 + ((uint64_t)scope->of->names + graph->nodes) / 16);
	if (err != GS_OK)
		return err;
	scope->value = calloc((size_t)scope->of->names + 1, sizeof(*scope->value));
	if (scope->value == NULL)
		return gs_lower_refuse(lo, GS_ONNX_NO_MEMORY, "no memory for %u values", scope->of->names);
	for (uint32_t i = 0; i < graph->initializers; i++) {
		struct gs_val *v = &scope->value[gs_lower_name(scope, graph->initializer[i].name)];
		if (v->kind != GS_VAL_NONE)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "initializer '%.*s' is defined twice",
			                       NAME(graph->initializer[i].name));
		*v = scope->of->initializer[i];
	}
	return GS_OK;
}

void gs_lower_scope_end(struct gs_lower_scope *scope)
{
	free(scope->value);
	scope->value = NULL;
}

const struct gs_val *gs_lower_lookup(const struct gs_lower_scope *scope, struct gs_bytes name)
{
	for (; scope != NULL; scope = scope->parent) {
		uint32_t i = gs_lower_name(scope, name);
		if (i != UINT32_MAX && scope->value[i].kind != GS_VAL_NONE)
			return &scope->value[i];
	}
	return NULL;
}

enum gs_err gs_lower_define(struct gs_lower *lo, const struct gs_lower_scope *scope, struct gs_bytes name,
                            const struct gs_val *v)
{
	uint32_t i = gs_lower_name(scope, name);
	GS_ASSERT(i != UINT32_MAX); /* every name of the graph is in its table */
	if (scope->value[i].kind != GS_VAL_NONE)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "value '%.*s' is defined twice", NAME(name));
	scope->value[i] = *v;
	return GS_OK;
}

bool gs_lower_sole_reader(const struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *v)
{
	struct gs_lower_def def = lo->instr_def[v->source];
	return def.scope == lo->scope->serial && lo->scope->of->uses[def.name] == 1 &&
	       gs_bytes_equal(lo->scope->of->name[def.name], node->input[0]);
}
