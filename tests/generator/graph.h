/* tests/generator/graph.h: random ONNX graphs, each from one 64-bit seed.
 *
 * A graph grows node by node: an operator with attributes, initializers and operands drawn at random, tried by lowering the
 * graph that ends in it. What is refused (shapes that do not fit, mostly) is dropped, so that refusals are met by the
 * thousand and every graph that comes out lowers. Values are drawn from special numbers now and then. */
#ifndef GS_TESTS_GENERATOR_GRAPH_H
#define GS_TESTS_GENERATOR_GRAPH_H

#include "challenge/machine/program.h"

enum { GS_GRAPH_NODES_MAX = 24, GS_GRAPH_OPERATORS_MAX = 192 };

/* Counts by operator, in the order of gs_graph_operator. */
struct gs_graph_counts {
	uint64_t taken[GS_GRAPH_OPERATORS_MAX];
	uint64_t refused[GS_GRAPH_OPERATORS_MAX];
};
/* The name of operator n; false past the end. */
bool gs_graph_operator(unsigned n, char out[static 32]);

/* Appends the bytes of a model of up to `nodes` nodes. counts may be NULL. GS_EINVAL when no node was taken. */
GS_MUST enum gs_err gs_generate_graph(uint64_t seed, unsigned nodes, struct gs_buf *model,
                                      struct gs_graph_counts *counts, struct gs_error *error);

#endif
