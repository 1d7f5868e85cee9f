/* Which seed gives what. */
#include "tests/generator/mixture.h"

#include "tests/generator/generator.h"
#include "validator/onnx/onnx.h"

enum { GRAPH_NODES = 12, GRAPH_BYTES_MAX = 1 << 26, GRAPH_TRIES_MAX = 16 };

enum gs_mixture gs_mixture_kind(uint64_t seed)
{
	return seed % 3 == 0 ? GS_MIXTURE_EXTREME : seed % 3 == 1 ? GS_MIXTURE_PROGRAM : GS_MIXTURE_GRAPH;
}

static enum gs_err from_graph(uint64_t seed, struct gs_program *out, struct gs_graph_counts *counts,
                              struct gs_error *error)
{
	struct gs_buf model;
	gs_buf_init(&model, GRAPH_BYTES_MAX);
	enum gs_err err = GS_EINVAL;
	/* a seed whose inputs suit nothing that it draws goes on to another */
	for (uint64_t n = 0; err == GS_EINVAL && n < GRAPH_TRIES_MAX; n++)
		err = gs_generate_graph(seed + (n << 48), 1 + (unsigned)(seed / 3 % GRAPH_NODES), &model, counts,
		                        error);
	if (err == GS_OK)
		err = gs_onnx_lower(gs_buf_view(&model), NULL, out, NULL, error);
	gs_buf_free(&model);
	return err;
}

enum gs_err gs_generate_mixture(uint64_t seed, struct gs_program *out, struct gs_graph_counts *counts,
                                struct gs_error *error)
{
	struct gs_generator_options options = gs_generator_small();
	switch (gs_mixture_kind(seed)) {
	case GS_MIXTURE_EXTREME: return gs_generate_extreme(seed, &options, out, error);
	case GS_MIXTURE_PROGRAM: return gs_generate_program(seed, &options, out, error);
	case GS_MIXTURE_GRAPH: return from_graph(seed, out, counts, error);
	}
	return GS_EINVAL;
}
