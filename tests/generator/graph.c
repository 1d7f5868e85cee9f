/* Growing a graph, node by node. */
#include "tests/generator/graph.h"

#include "tests/generator/graph_draw.h"
#include "tests/support/onnx_builder.h"
#include "validator/onnx/onnx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COST_MAX = 1 << 19 }; /* scalar steps of the whole graph */

static unsigned operator_count(void)
{
	char name[32];
	unsigned n = 0;
	while (gs_graph_operator(n, name))
		n++;
	return n;
}

static void put_node(struct ob *o, const struct gs_graph_node *n)
{
	char outputs[GS_GRAPH_RESULTS_MAX * (sizeof(n->output) + 4)] = "";
	for (unsigned i = 0; i < n->results; i++) { /* the unused ones are named after the used one */
		size_t len = strlen(outputs);
		if (i == n->result)
			snprintf(outputs + len, sizeof(outputs) - len, "%s%s", i ? "," : "", n->output);
		else
			snprintf(outputs + len, sizeof(outputs) - len, "%s%s_%u", i ? "," : "", n->output, i);
	}
	ob_node(o, n->op, n->inputs, outputs);
	for (unsigned i = 0; i < n->attributes; i++) {
		const struct gs_graph_attribute *a = &n->attribute[i];
		switch (a->kind) {
		case GS_GRAPH_INT: ob_attr_int(o, a->name, a->integer[0]); break;
		case GS_GRAPH_FLOAT: ob_attr_float(o, a->name, a->real); break;
		case GS_GRAPH_TEXT: ob_attr_text(o, a->name, a->text); break;
		case GS_GRAPH_INTS: ob_attr_ints(o, a->name, a->count, a->integer); break;
		}
	}
	ob_end(o);
}

/* The graph with these outputs. */
static struct gs_buf build(const struct gs_graph *g, unsigned outputs, const struct gs_graph_value *const *output)
{
	struct ob o;
	ob_init(&o, g->opset);
	for (unsigned i = 0; i < g->inputs; i++) {
		int64_t dim[GS_RANK_MAX];
		for (unsigned d = 0; d < g->input[i].rank; d++)
			dim[d] = g->input[i].dim[d];
		ob_input(&o, g->input[i].name, g->input[i].dtype, g->input[i].rank, dim);
	}
	for (unsigned i = 0; i < g->constants; i++)
		ob_initializer(&o, g->constant[i]->name, g->constant[i]->dtype, g->constant[i]->rank,
		               g->constant[i]->dim, &g->constant[i]->data);
	for (unsigned i = 0; i < g->nodes; i++)
		put_node(&o, &g->node[i]);
	for (unsigned i = 0; i < outputs; i++)
		ob_output(&o, output[i]->name, output[i]->dtype);
	return ob_finish(&o);
}

/* Lowers the graph up to its newest value, and learns that value's shape from the program. */
static bool fits(struct gs_graph *g, struct gs_graph_value *newest)
{
	struct gs_buf model = build(g, 1, (const struct gs_graph_value *const[]){newest});
	struct gs_error error = {0};
	struct gs_program p;
	bool ok = gs_onnx_lower(gs_buf_view(&model), NULL, &p, NULL, &error) == GS_OK;
	if (ok) {
		const struct gs_tensor_type *t = &p.io.output[0];
		ok = p.header.cost <= COST_MAX && t->rank <= 6;
		newest->dtype = t->dtype;
		newest->rank = t->rank;
		memcpy(newest->dim, t->dim, sizeof(newest->dim));
		for (unsigned d = 0; d < t->rank; d++)
			ok &= t->dim[d] > 0;
		gs_program_free(&p);
	} else {
		GS_ASSERT(error.text[0] != '\0'); /* a refusal says why */
	}
	gs_buf_free(&model);
	return ok;
}

static void add_node(struct gs_graph *g, struct gs_graph_counts *counts)
{
	unsigned which = gs_graph_below(g, operator_count()), constants = g->constants;
	struct gs_graph_node *n = &g->node[g->nodes];
	struct gs_graph_value *newest = &g->value[g->values];
	struct gs_graph_value out = {0};
	bool ok = gs_graph_draw(g, which, n, &out);
	if (ok) {
		*newest = out;
		snprintf(newest->name, sizeof(newest->name), "v%u", g->names++);
		memcpy(n->output, newest->name, sizeof(n->output));
		g->nodes++;
		ok = fits(g, newest);
		if (counts != NULL)
			(ok ? counts->taken : counts->refused)[which]++;
		if (ok)
			g->values++;
		else
			g->nodes--;
	}
	while (!ok && g->constants > constants)
		free(g->constant[--g->constants]);
}

static void add_inputs(struct gs_graph *g)
{
	static const uint8_t type[] = {GS_F32, GS_F32, GS_F32, GS_F32, GS_F16, GS_I64, GS_I32, GS_BOOL, GS_U8};
	g->inputs = 1 + gs_graph_below(g, GS_GRAPH_INPUTS_MAX);
	for (unsigned i = 0; i < g->inputs; i++) {
		struct gs_graph_value *v = &g->input[i];
		snprintf(v->name, sizeof(v->name), "x%u", i);
		v->dtype = type[i == 0 ? 0 : gs_graph_below(g, GS_ARRAY_LEN(type))];
		v->rank = (uint8_t)(i == 0 ? 2 + gs_graph_below(g, 3) : gs_graph_below(g, 5));
		for (unsigned d = 0; d < v->rank; d++)
			v->dim[d] = 1 + gs_graph_below(g, d < 2 ? 5 : 8);
		g->value[g->values++] = *v;
	}
}

enum gs_err gs_generate_graph(uint64_t seed, unsigned nodes, struct gs_buf *model, struct gs_graph_counts *counts,
                              struct gs_error *error)
{
	struct gs_graph *g = calloc(1, sizeof(*g));
	if (g == NULL)
		return gs_fail(error, GS_ENOMEM, "no memory for a graph");
	gs_rng_seed(&g->rng, seed);
	g->opset = 18 + gs_graph_below(g, 6);
	add_inputs(g);
	for (unsigned tries = 0; tries < 8 * nodes && g->nodes < nodes && g->nodes < GS_GRAPH_NODES_MAX; tries++)
		add_node(g, counts);
	enum gs_err err = g->nodes == 0 ? gs_fail(error, GS_EINVAL, "seed %llu: no node fits", (unsigned long long)seed)
	                                : GS_OK;
	if (err == GS_OK) {
		const struct gs_graph_value *output[2] = {&g->value[g->values - 1],
		                                          &g->value[g->inputs + gs_graph_below(g, g->nodes)]};
		struct gs_buf bytes = build(g, output[0] == output[1] ? 1 : 2, output);
		gs_buf_append(model, bytes.ptr, bytes.len);
		gs_buf_free(&bytes);
		err = model->err;
	}
	for (unsigned i = 0; i < g->constants; i++)
		free(g->constant[i]);
	free(g);
	return err;
}
