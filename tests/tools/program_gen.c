/* tests/tools/program_gen.c: writes a random program and inputs for it.
 *
 *     program_gen SEED OUT.gsp [OUT.bin]       a random program; its inputs array, if asked for
 *     program_gen longest:SEED OUT.gsp         one fold of 2^18 terms
 *     program_gen map:CODE:SEED OUT.gsp [...]  one instruction with the function of this code (hex); fold: likewise
 *     program_gen functions                    lists "CODE NAME", then "fold" for those that can be folded
 *     program_gen deep:SEED OUT.gsp [OUT.bin]  a trace of 2^20 chunks, most of them gaps
 *     program_gen fixture:DEPTH:TERMS OUT.gsp  a layer of folds of so many terms in a trace of 2^DEPTH chunks
 *     program_gen extreme:SEED OUT.gsp [...]   at the limits of offsets, coefficients, extents, strides, rows and axes */
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

static int list_functions(void)
{
	unsigned code;
	for (unsigned n = 0; gs_fn_nth(n, &code); n++) {
		struct gs_program program;
		bool folds = gs_generate_function(0, code, GS_FOLD, &program, NULL) == GS_OK;
		gs_program_free(&program);
		printf("%02x %s%s\n", code, gs_fn_info(code)->name, folds ? " fold" : "");
	}
	return 0;
}

static enum gs_err generate(const char *what, uint64_t *seed, struct gs_program *out, struct gs_error *error)
{
	struct gs_generator_options options = gs_generator_small();
	const char *colon = strrchr(what, ':');
	*seed = strtoull(colon != NULL ? colon + 1 : what, NULL, 10);
	if (strncmp(what, "longest:", 8) == 0)
		return gs_generate_longest_fold(*seed, out, error);
	if (strncmp(what, "fixture:", 8) == 0)
		return gs_generate_fixture((unsigned)strtoul(what + 8, NULL, 10), (uint32_t)*seed, out, error);
	if (strncmp(what, "map:", 4) == 0)
		return gs_generate_function(*seed, (unsigned)strtoul(what + 4, NULL, 16), GS_MAP, out, error);
	if (strncmp(what, "fold:", 5) == 0)
		return gs_generate_function(*seed, (unsigned)strtoul(what + 5, NULL, 16), GS_FOLD, out, error);
	if (strncmp(what, "tolerant:", 9) == 0)
		return gs_generate_tolerant(*seed, &options, out, error);
	if (strncmp(what, "extreme:", 8) == 0)
		return gs_generate_extreme(*seed, &options, out, error);
	if (strncmp(what, "deep:", 5) == 0) {
		options.trace_depth_max = 20;
		options.deep = true;
	}
	return gs_generate_program(*seed, &options, out, error);
}

int main(int argc, char **argv)
{
	struct gs_program program;
	struct gs_error error = {0};
	struct gs_buf bytes, inputs, claimed;
	uint64_t seed = 0;
	if (argc == 2 && strcmp(argv[1], "functions") == 0)
		return list_functions();
	if (argc < 3 || argc > 5) {
		fprintf(stderr,
		        "usage: program_gen [longest:|deep:|extreme:|tolerant:|map:CODE:|fold:CODE:|fixture:DEPTH:]SEED OUT.gsp [OUT.bin [CLAIMED.bin]] | functions\n");
		return 2;
	}
	enum gs_err err = generate(argv[1], &seed, &program, &error);
	if (err != GS_OK) {
		fprintf(stderr, "program_gen: %s\n", error.text);
		return 1;
	}
	gs_buf_init(&bytes, FILE_BYTES_MAX);
	gs_buf_init(&inputs, FILE_BYTES_MAX);
	gs_buf_init(&claimed, FILE_BYTES_MAX);
	err = gs_program_write(&program, &bytes);
	if (err == GS_OK)
		err = gs_generate_inputs(seed, &program, &inputs);
	if (err == GS_OK)
		err = gs_generate_claimed(seed, &program, &claimed);
	int status = err == GS_OK ? write_file(argv[2], &bytes) : 1;
	if (status == 0 && argc >= 4)
		status = write_file(argv[3], &inputs);
	if (status == 0 && argc == 5)
		status = write_file(argv[4], &claimed);
	if (status == 0)
		printf("%" PRIu32 " instructions, %" PRIu64 " steps, trace of 2^%" PRIu32 " chunks, %" PRIu32
		       " chunks of inputs\n",
		       program.count, program.header.cost, program.header.trace_depth, program.header.inputs_chunks);
	gs_buf_free(&bytes);
	gs_buf_free(&inputs);
	gs_buf_free(&claimed);
	gs_program_free(&program);
	return status;
}
