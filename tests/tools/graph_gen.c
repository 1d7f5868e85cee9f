/* tests/tools/graph_gen.c: writes a random ONNX graph (tests/generator/graph.h).
 *
 *     graph_gen SEED NODES OUT.onnx */
#include <stdio.h>
#include <stdlib.h>

#include "tests/generator/graph.h"

enum { MODEL_BYTES_MAX = 1 << 26 };

int main(int argc, char **argv)
{
	struct gs_buf model;
	struct gs_error error = {0};
	if (argc != 4) {
		fprintf(stderr, "usage: graph_gen SEED NODES OUT.onnx\n");
		return 2;
	}
	gs_buf_init(&model, MODEL_BYTES_MAX);
	enum gs_err err = gs_generate_graph(strtoull(argv[1], NULL, 10), (unsigned)strtoul(argv[2], NULL, 10), &model,
	                                    NULL, &error);
	FILE *f = err == GS_OK ? fopen(argv[3], "wb") : NULL;
	bool ok = f != NULL && fwrite(model.ptr, 1, model.len, f) == model.len;
	if (f != NULL)
		ok &= fclose(f) == 0;
	if (!ok)
		fprintf(stderr, "graph_gen: %s: %s\n", argv[3], err == GS_OK ? "cannot be written" : error.text);
	gs_buf_free(&model);
	return !ok;
}
