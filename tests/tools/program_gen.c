/* tests/tools/program_gen.c: writes a random program and inputs for it.
 *
 *     program_gen SEED OUT.gsp [OUT.bin]       a random program; its inputs array, if asked for
 *     program_gen longest:SEED OUT.gsp         one fold of 2^18 terms
 *     program_gen deep:SEED OUT.gsp [OUT.bin]  a trace of up to 2^20 chunks, most of them gaps */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/generator/generator.h"

enum { FILE_BYTES_MAX = 1 << 28 };

static int write_file(const char *path, const struct gs_buf *bytes)
{
	FILE *f = fopen(path, "wb");
	bool ok = f != NULL && (bytes->len == 0 || fwrite(bytes->ptr, bytes->len, 1, f) == 1);
	if (f != NULL && fclose(f) != 0)
		ok = false;
	if (!ok)
		fprintf(stderr, "program_gen: %s: %s\n", path, strerror(errno));
	return ok ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct gs_generator_options options = gs_generator_small();
	struct gs_program program;
	struct gs_error error = {0};
	struct gs_buf bytes, inputs;
	enum gs_err err;
	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: program_gen [longest:|deep:]SEED OUT.gsp [OUT.bin]\n");
		return 2;
	}
	const char *colon = strchr(argv[1], ':');
	uint64_t seed = strtoull(colon ? colon + 1 : argv[1], NULL, 10);
	bool longest = strncmp(argv[1], "longest:", 8) == 0;
	if (strncmp(argv[1], "deep:", 5) == 0)
		options.trace_depth_max = 20;
	err = longest ? gs_generate_longest_fold(seed, &program, &error)
	              : gs_generate_program(seed, &options, &program, &error);
	if (err != GS_OK) {
		fprintf(stderr, "program_gen: %s\n", error.text);
		return 1;
	}
	gs_buf_init(&bytes, FILE_BYTES_MAX);
	gs_buf_init(&inputs, FILE_BYTES_MAX);
	err = gs_program_write(&program, &bytes);
	if (err == GS_OK)
		err = gs_generate_inputs(seed, &program, &inputs);
	int status = err == GS_OK ? write_file(argv[2], &bytes) : 1;
	if (status == 0 && argc == 4)
		status = write_file(argv[3], &inputs);
	if (status == 0)
		printf("%" PRIu32 " instructions, %" PRIu64 " steps, trace of 2^%" PRIu32 " chunks, %" PRIu32
		       " chunks of inputs\n",
		       program.count, program.header.cost, program.header.trace_depth, program.header.inputs_chunks);
	gs_buf_free(&bytes);
	gs_buf_free(&inputs);
	gs_program_free(&program);
	return status;
}
