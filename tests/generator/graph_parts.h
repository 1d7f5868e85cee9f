/* tests/generator/graph_parts.h: the parts that nodes of a random graph are drawn from. */
#ifndef GS_TESTS_GENERATOR_GRAPH_PARTS_H
#define GS_TESTS_GENERATOR_GRAPH_PARTS_H

#include "tests/generator/graph_draw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline bool one_in(struct gs_graph *g, uint32_t n)
{
	return gs_graph_below(g, n) == 0;
}

/* ---- parts of a node ---- */

static inline void add_input(struct gs_graph_node *n, const char *name)
{
	size_t len = strlen(n->inputs);
	snprintf(n->inputs + len, sizeof(n->inputs) - len, "%s%s", len ? "," : "", name);
}

static inline struct gs_graph_attribute *attribute(struct gs_graph_node *n, const char *name)
{
	GS_ASSERT(n->attributes < GS_GRAPH_ATTRIBUTES_MAX);
	struct gs_graph_attribute *a = &n->attribute[n->attributes++];
	*a = (struct gs_graph_attribute){.name = name};
	return a;
}

static inline void attr_int(struct gs_graph_node *n, const char *name, int64_t v)
{
	struct gs_graph_attribute *a = attribute(n, name);
	a->kind = GS_GRAPH_INT;
	a->integer[0] = v;
}

static inline void attr_float(struct gs_graph_node *n, const char *name, float v)
{
	struct gs_graph_attribute *a = attribute(n, name);
	a->kind = GS_GRAPH_FLOAT;
	a->real = v;
}

static inline void attr_text(struct gs_graph_node *n, const char *name, const char *v)
{
	struct gs_graph_attribute *a = attribute(n, name);
	a->kind = GS_GRAPH_TEXT;
	a->text = v;
}

static inline struct gs_graph_attribute *attr_ints(struct gs_graph_node *n, const char *name)
{
	struct gs_graph_attribute *a = attribute(n, name);
	a->kind = GS_GRAPH_INTS;
	return a;
}

static inline void push(struct gs_graph_attribute *a, int64_t v)
{
	GS_ASSERT(a->count < GS_GRAPH_LIST_MAX);
	a->integer[a->count++] = v;
}

static inline float draw_float(struct gs_graph *g)
{
	static const float special[] = {0.0F, -0.0F, 1.0F, -1.0F, 0.5F, 2.0F, 1e-40F, 3e38F};
	if (one_in(g, 16))
		return special[gs_graph_below(g, GS_ARRAY_LEN(special))];
	return (float)((int32_t)gs_graph_below(g, 1 << 20) - (1 << 19)) / (float)(1 << 18);
}

/* A constant of the shape; NULL when it would be too large. */
static inline struct gs_graph_constant *constant(struct gs_graph *g, enum gs_dtype dtype, unsigned rank,
                                                 const uint32_t *dim)
{
	uint64_t count = 1;
	for (unsigned d = 0; d < rank; d++)
		count *= dim[d];
	if (count > GS_GRAPH_CONSTANT_ELEMENTS_MAX || g->constants == GS_GRAPH_CONSTANTS_MAX)
		return NULL;
	struct gs_graph_constant *c = calloc(1, sizeof(*c));
	GS_ASSERT(c != NULL);
	g->constant[g->constants++] = c;
	snprintf(c->name, sizeof(c->name), "c%u", g->names++);
	c->dtype = dtype;
	c->rank = rank;
	for (unsigned d = 0; d < rank; d++)
		c->dim[d] = dim[d];
	for (uint64_t i = 0; i < count && dtype == GS_F32; i++)
		c->data.f32[i] = draw_float(g);
	return c;
}

static inline bool float_operand(struct gs_graph *g, struct gs_graph_node *n, unsigned rank, const uint32_t *dim)
{
	struct gs_graph_constant *c = constant(g, GS_F32, rank, dim);
	if (c != NULL)
		add_input(n, c->name);
	return c != NULL;
}

static inline bool vector_operand(struct gs_graph *g, struct gs_graph_node *n, uint32_t length)
{
	return float_operand(g, n, 1, &length);
}

static inline struct gs_graph_constant *list_operand(struct gs_graph *g, struct gs_graph_node *n, unsigned count)
{
	struct gs_graph_constant *c = constant(g, GS_I64, 1, &(uint32_t){count});
	if (c != NULL)
		add_input(n, c->name);
	return c;
}

static inline const struct gs_graph_value *any(struct gs_graph *g)
{
	/* the newest as often as all others together, so that graphs are deep */
	return &g->value[one_in(g, 2) ? g->values - 1 : gs_graph_below(g, g->values)];
}

static inline bool is_float(const struct gs_graph_value *v)
{
	return v->dtype == GS_F32 || v->dtype == GS_F16 || v->dtype == GS_BF16;
}

static inline int64_t axis_of(struct gs_graph *g, const struct gs_graph_value *v)
{
	int64_t axis = v->rank == 0 ? 0 : gs_graph_below(g, v->rank);
	return one_in(g, 2) ? axis : axis - v->rank;
}

#endif
