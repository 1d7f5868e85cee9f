/* Vectors of the whole machine: for random programs, a tolerant one to every ten of them, and for the ONNX models named on the command line, the model id
 * and the roots of program, weights, inputs, claimed outputs (where it is tolerant), trace and outputs. Every compiler, optimisation level and processor must
 * print the same lines; tests/vectors/machine.txt holds what they are.
 *
 *   gen_machine PROGRAMS [MODEL.onnx...]
 *
 * The trace is computed by the reference interpreter and by the executor, and must be the same to the bit. */
#include "challenge/machine/trace.h"
#include "tests/generator/generator.h"
#include "validator/exec/exec.h"
#include "validator/onnx/onnx.h"

#include "chain/core/rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_hash(const char *name, const struct gs_hash *hash)
{
	char text[65];
	gs_hex_encode(hash->b, 32, false, text);
	printf(" %s=%s", name, text);
}

static int run(const char *label, const struct gs_program *p, const uint8_t *inputs, const uint8_t *claimed)
{
	struct gs_trace reference = {0}, fast = {0};
	struct gs_hash model, input_root, claimed_root, trace_root, output_root;
	int failed = 1;
	if (gs_trace_init_for(&reference, p) != GS_OK || gs_trace_init_for(&fast, p) != GS_OK)
		goto out;
	struct gs_memory memory = {
		.trace = reference.chunks, .weights = p->weights, .inputs = inputs, .claimed = claimed};
	struct gs_memory fast_memory = memory;
	fast_memory.trace = fast.chunks;
	gs_interpret(p, &memory);
	if (gs_exec_run(p, &fast_memory, 2, NULL) != GS_OK || gs_trace_commit(&reference) != GS_OK)
		goto out;
	if (memcmp(reference.chunks, fast.chunks, reference.present * GS_CHUNK_BYTES) != 0) {
		fprintf(stderr, "%s: the executor and the interpreter differ\n", label);
		goto out;
	}
	gs_header_model_id(&p->header, &model);
	gs_merkle_array_root(inputs, p->header.inputs_chunks, gs_merkle_depth(p->header.inputs_chunks), &input_root);
	gs_trace_root(&reference, &trace_root);
	gs_trace_output_root(&reference, &p->header, &output_root);
	printf("%s", label);
	print_hash("model", &model);
	print_hash("program", &p->header.program_root);
	print_hash("weights", &p->header.weights_root);
	print_hash("inputs", &input_root);
	if (gs_header_tolerant(&p->header)) {
		uint32_t chunks = p->header.claimed_chunks;
		gs_merkle_array_root(claimed, chunks, gs_merkle_depth(chunks), &claimed_root);
		print_hash("claimed", &claimed_root);
	}
	print_hash("trace", &trace_root);
	print_hash("outputs", &output_root);
	printf("\n");
	failed = 0;
out:
	gs_trace_free(&reference);
	gs_trace_free(&fast);
	return failed;
}

static int run_program(uint64_t seed, bool tolerant)
{
	struct gs_generator_options options = gs_generator_small();
	struct gs_program p;
	struct gs_error error = {0};
	struct gs_buf inputs, claimed;
	char label[32];
	int failed = 1;
	gs_buf_init(&inputs, (size_t)1 << 28);
	gs_buf_init(&claimed, (size_t)1 << 28);
	if ((tolerant ? gs_generate_tolerant : gs_generate_program)(seed, &options, &p, &error) != GS_OK ||
	    gs_generate_inputs(seed, &p, &inputs) != GS_OK || gs_generate_claimed(seed, &p, &claimed) != GS_OK) {
		fprintf(stderr, "seed %llu: %s\n", (unsigned long long)seed, error.text);
	} else {
		snprintf(label, sizeof(label), "%s %llu", tolerant ? "tolerant" : "program", (unsigned long long)seed);
		failed = run(label, &p, inputs.ptr, claimed.ptr);
		gs_program_free(&p);
	}
	gs_buf_free(&inputs);
	gs_buf_free(&claimed);
	return failed;
}

/* f32 inputs between -2 and 2, zeros for every other type: the same on every machine. */
static uint8_t *model_inputs(const struct gs_program *p)
{
	struct gs_rng rng;
	gs_rng_seed(&rng, 1);
	uint8_t *data = calloc((size_t)p->header.inputs_chunks + 1, GS_CHUNK_BYTES);
	for (uint32_t i = 0; data && i < p->io.inputs; i++) {
		const struct gs_tensor_type *t = &p->io.input[i];
		for (uint64_t n = 0; t->dtype == GS_F32 && n < gs_tensor_type_count(t); n++) {
			float v = (float)((double)(gs_rng_u64(&rng) >> 40) / (1 << 22) - 2.0);
			gs_element_write(data + (size_t)t->chunk * GS_CHUNK_BYTES, GS_F32, n, gs_f32_to_bits(v));
		}
	}
	return data;
}

static int run_model(const char *path)
{
	struct gs_program p;
	struct gs_error error = {0};
	static uint8_t file[64 << 20];
	const char *folder = strrchr(path, '/');
	char label[128];
	FILE *f = fopen(path, "rb");
	size_t len = f ? fread(file, 1, sizeof(file), f) : 0;
	if (f)
		fclose(f);
	if (gs_onnx_lower((struct gs_bytes){file, len}, &(struct gs_onnx_options){0}, &p, NULL, &error) != GS_OK) {
		fprintf(stderr, "%s: %s\n", path, error.text);
		return 1;
	}
	while (folder && folder > path && folder[-1] != '/')
		folder--;
	snprintf(label, sizeof(label), "model %s", folder ? folder : path);
	uint8_t *inputs = model_inputs(&p);
	int failed = inputs ? run(label, &p, inputs, NULL) : 1;
	free(inputs);
	gs_program_free(&p);
	return failed;
}

int main(int argc, char **argv)
{
	int failed = 0;
	uint64_t programs = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
	for (uint64_t seed = 1; seed <= programs; seed++)
		failed |= run_program(seed, false);
	for (uint64_t seed = 1; seed <= programs / 10; seed++)
		failed |= run_program(seed, true);
	for (int i = 2; i < argc; i++)
		failed |= run_model(argv[i]);
	return failed;
}
