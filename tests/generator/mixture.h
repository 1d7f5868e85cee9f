/* tests/generator/mixture.h: every kind of random program in turn: free ones, ones at the law's limits, ONNX graphs. */
#ifndef GS_TESTS_GENERATOR_MIXTURE_H
#define GS_TESTS_GENERATOR_MIXTURE_H

#include "tests/generator/graph.h"

enum gs_mixture { GS_MIXTURE_EXTREME, GS_MIXTURE_PROGRAM, GS_MIXTURE_GRAPH };
enum gs_mixture gs_mixture_kind(uint64_t seed);
/* *out is sealed and checked; free it with gs_program_free. counts (may be NULL) are the graphs'. */
GS_MUST enum gs_err gs_generate_mixture(uint64_t seed, struct gs_program *out, struct gs_graph_counts *counts,
                                        struct gs_error *error);

#endif
