/* tests/generator/graph_draw.h: a graph that is growing, and how an operator's operands are drawn from it. */
#ifndef GS_TESTS_GENERATOR_GRAPH_DRAW_H
#define GS_TESTS_GENERATOR_GRAPH_DRAW_H

#include "chain/core/rng.h"
#include "tests/generator/graph.h"

enum {
	GS_GRAPH_INPUTS_MAX = 3,
	GS_GRAPH_CONSTANTS_MAX = 4 * GS_GRAPH_NODES_MAX,
	GS_GRAPH_CONSTANT_ELEMENTS_MAX = 4096,
	GS_GRAPH_ATTRIBUTES_MAX = 8,
	GS_GRAPH_LIST_MAX = 8,
	GS_GRAPH_RESULTS_MAX = 3,
};

struct gs_graph_value {
	char name[16];
	uint8_t dtype, rank;
	uint32_t dim[GS_RANK_MAX];
};

struct gs_graph_attribute {
	const char *name;
	enum { GS_GRAPH_INT, GS_GRAPH_FLOAT, GS_GRAPH_TEXT, GS_GRAPH_INTS } kind;
	int64_t integer[GS_GRAPH_LIST_MAX];
	unsigned count;
	float real;
	const char *text;
};

struct gs_graph_node {
	char op[32];
	char inputs[128], output[16];
	struct gs_graph_attribute attribute[GS_GRAPH_ATTRIBUTES_MAX];
	unsigned attributes;
	unsigned result, results; /* which of its outputs is the value, and how many it has */
};

struct gs_graph_constant {
	char name[16];
	enum gs_dtype dtype;
	unsigned rank;
	uint32_t dim[GS_RANK_MAX];
	union {
		float f32[GS_GRAPH_CONSTANT_ELEMENTS_MAX];
		int64_t i64[GS_GRAPH_CONSTANT_ELEMENTS_MAX];
		uint8_t u8[GS_GRAPH_CONSTANT_ELEMENTS_MAX];
	} data;
};

struct gs_graph {
	struct gs_rng rng;
	int64_t opset;
	struct gs_graph_value input[GS_GRAPH_INPUTS_MAX], value[GS_GRAPH_INPUTS_MAX + GS_GRAPH_NODES_MAX];
	unsigned inputs, values;
	struct gs_graph_node node[GS_GRAPH_NODES_MAX];
	unsigned nodes;
	struct gs_graph_constant *constant[GS_GRAPH_CONSTANTS_MAX];
	unsigned constants;
	unsigned names;
};

/* Operators that are drawn alike, their names separated by spaces. draw writes a node's operands and attributes and says in
 * *out what the lowering may say of its result; false: not with what there is. */
struct gs_graph_family {
	bool (*draw)(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out);
	const char *operators;
};
/* Family n of graph_more.c; NULL past the end. */
const struct gs_graph_family *gs_graph_family_more(unsigned n);

/* A number below n. */
uint32_t gs_graph_below(struct gs_graph *g, uint32_t n);
/* Draws operator `which` into *n (without its output) and what the lowering may say its result is; false when the graph has
 * nothing that suits it. Constants are appended to the graph. */
bool gs_graph_draw(struct gs_graph *g, unsigned which, struct gs_graph_node *n, struct gs_graph_value *out);

#endif
