/* Vectors of judged steps: what the C judge says of single steps of random programs, with the openings that prove it,
 * for the Judge contract to agree with (chain/contracts/test/JudgeVectors.t.sol).
 *
 *   gen_judge FOLDER PROGRAMS STEPS [FIRST_SEED]      writes FOLDER/0001.bin and so on, one file a program
 *
 * A file is a row of records, numbers big-endian:
 *   2 descriptor length, descriptor, 8 element, 4 t, 8 prev, 4 times (32 root, 1 depth) for trace, weights, inputs and
 *   claimed outputs (of an exact program a single zero chunk), 4 openings length, openings, 8 expected value */
#include "challenge/machine/judge.h"
#include "challenge/machine/trace.h"
#include "tests/generator/generator.h"
#include "tests/generator/mixture.h"
#include "validator/exec/exec.h"

#include "chain/core/rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arrays {
	const struct gs_program *program;
	struct gs_trace trace;
	const uint8_t *inputs;
	const uint8_t *claimed;
	struct gs_merkle tree[4]; /* by space; the trace's own tree lies in `trace` */
	uint8_t chunk[GS_CHUNK_BYTES];
};

static const uint8_t *read_chunk(void *self, uint8_t space, uint32_t chunk)
{
	struct arrays *a = self;
	switch ((enum gs_space)space) {
	case GS_SPACE_TRACE: gs_trace_chunk(&a->trace, chunk, a->chunk); return a->chunk;
	case GS_SPACE_WEIGHTS: return a->program->weights + (size_t)chunk * GS_CHUNK_BYTES;
	case GS_SPACE_INPUTS: return a->inputs + (size_t)chunk * GS_CHUNK_BYTES;
	case GS_SPACE_CLAIMED: return a->claimed + (size_t)chunk * GS_CHUNK_BYTES;
	}
	return NULL;
}

static const struct gs_merkle *tree_of(const struct arrays *a, unsigned space)
{
	return space == GS_SPACE_TRACE ? &a->trace.tree : &a->tree[space];
}

static void put_be(struct gs_buf *out, uint64_t v, unsigned bytes)
{
	for (unsigned i = bytes; i-- > 0;)
		gs_buf_append_u8(out, (uint8_t)(v >> (8 * i)));
}

static void put_record(struct gs_buf *out, struct arrays *a, uint32_t i, uint64_t element, uint32_t t, gs_reg prev)
{
	const struct gs_instr instr = gs_program_instr(a->program, i), *in = &instr;
	struct gs_bytes descriptor = gs_program_descriptor(a->program, i);
	struct gs_step_record record;
	struct gs_hash hash;
	gs_judge_step(in, element, t, prev, read_chunk, a, &record);
	put_be(out, descriptor.len, 2);
	gs_buf_append(out, descriptor.ptr, descriptor.len);
	put_be(out, element, 8);
	put_be(out, t, 4);
	put_be(out, prev, 8);
	size_t openings = 0;
	for (unsigned s = 0; s < 4; s++) {
		gs_merkle_root(tree_of(a, s), &hash);
		gs_buf_append(out, hash.b, 32);
		gs_buf_append_u8(out, (uint8_t)tree_of(a, s)->depth);
	}
	for (unsigned r = 0; r < record.reads; r++)
		openings += GS_CHUNK_BYTES + (size_t)32 * tree_of(a, record.read[r].space)->depth;
	put_be(out, openings, 4);
	for (unsigned r = 0; r < record.reads; r++) {
		const struct gs_merkle *tree = tree_of(a, record.read[r].space);
		struct gs_hash path[GS_MERKLE_DEPTH_MAX];
		gs_buf_append(out, read_chunk(a, record.read[r].space, record.read[r].chunk), GS_CHUNK_BYTES);
		gs_merkle_path(tree, 0, record.read[r].chunk, tree->depth, path);
		for (unsigned h = 0; h < tree->depth; h++)
			gs_buf_append(out, path[h].b, 32);
	}
	put_be(out, record.result, 8);
}

/* One random step of a random instruction; now and then padding, the edges of a fold, or a prev that is no register. */
static void random_step(struct gs_buf *out, struct arrays *a, struct gs_rng *rng)
{
	uint32_t i = (uint32_t)gs_rng_below(rng, a->program->count);
	const struct gs_instr instr = gs_program_instr(a->program, i), *in = &instr;
	uint64_t count = gs_instr_count(in), terms = gs_instr_terms(in);
	uint64_t element = gs_rng_below(rng, count);
	gs_reg prev = 0;
	uint32_t t = 0;
	if (gs_rng_below(rng, 16) == 0)
		element = count + gs_rng_below(rng, 100);
	if (in->form == GS_FOLD && element < count) {
		uint64_t which = gs_rng_below(rng, 6);
		t = (uint32_t)(which == 0 ? 0 : which == 1 ? terms + 1 : gs_rng_below(rng, terms + 2));
		struct gs_memory memory = {.trace = a->trace.chunks,
		                           .weights = a->program->weights,
		                           .inputs = a->inputs,
		                           .claimed = a->claimed};
		if (t > 0)
			gs_interpret_accumulators(in, &memory, element, t - 1, 1, 1, &prev);
		if (gs_rng_below(rng, 8) == 0)
			prev = gs_rng_u64(rng); /* a claimant may reveal anything */
	}
	put_record(out, a, i, element, t, prev);
}

static int write_file(const char *folder, uint64_t number, const struct gs_buf *data)
{
	char path[1024];
	snprintf(path, sizeof(path), "%s/%04llu.bin", folder, (unsigned long long)number);
	FILE *f = fopen(path, "wb");
	bool ok = f && fwrite(data->ptr, 1, data->len, f) == data->len;
	if (f)
		ok &= fclose(f) == 0;
	if (!ok)
		fprintf(stderr, "%s: cannot be written\n", path);
	return !ok;
}

static int run(const char *folder, uint64_t number, uint64_t seed, unsigned steps)
{
	struct gs_program p;
	struct gs_error error = {0};
	struct gs_buf inputs, claimed, out;
	struct gs_rng rng;
	struct gs_generator_options options = gs_generator_small();
	/* every fourth is tolerant */
	enum gs_err err = seed % 4 == 0 ? gs_generate_tolerant(seed, &options, &p, &error)
	                                : gs_generate_mixture(seed, &p, NULL, &error);
	if (err != GS_OK) {
		fprintf(stderr, "seed %llu: %s\n", (unsigned long long)seed, error.text);
		return 1;
	}
	gs_buf_init(&inputs, (size_t)1 << 28);
	gs_buf_init(&claimed, (size_t)1 << 28);
	gs_buf_init(&out, (size_t)1 << 28);
	gs_rng_seed(&rng, seed);
	struct arrays a = {.program = &p};
	int failed = gs_generate_inputs(seed, &p, &inputs) || gs_generate_claimed(seed, &p, &claimed) ||
	             gs_trace_init_for(&a.trace, &p);
	a.inputs = inputs.ptr;
	a.claimed = claimed.ptr;
	struct gs_memory memory = {
		.trace = a.trace.chunks, .weights = p.weights, .inputs = inputs.ptr, .claimed = claimed.ptr};
	failed = failed || gs_exec_run(&p, &memory, 1, &error) || gs_trace_commit(&a.trace) ||
	         gs_merkle_build(p.weights, p.header.weights_chunks, gs_merkle_depth(p.header.weights_chunks),
	                         &a.tree[1]) ||
	         gs_merkle_build(inputs.ptr, p.header.inputs_chunks, gs_merkle_depth(p.header.inputs_chunks),
	                         &a.tree[2]) ||
	         gs_merkle_build(claimed.ptr, p.header.claimed_chunks, gs_merkle_depth(p.header.claimed_chunks),
	                         &a.tree[3]);
	for (unsigned n = 0; !failed && n < steps; n++)
		random_step(&out, &a, &rng);
	failed = failed || out.err || write_file(folder, number, &out);
	gs_merkle_free(&a.tree[1]);
	gs_merkle_free(&a.tree[2]);
	gs_merkle_free(&a.tree[3]);
	gs_trace_free(&a.trace);
	gs_buf_free(&out);
	gs_buf_free(&inputs);
	gs_buf_free(&claimed);
	gs_program_free(&p);
	return failed;
}

int main(int argc, char **argv)
{
	if (argc < 4 || argc > 5) {
		fprintf(stderr, "usage: gen_judge FOLDER PROGRAMS STEPS [FIRST_SEED]\n");
		return 2;
	}
	uint64_t programs = strtoull(argv[2], NULL, 10), first = argc > 4 ? strtoull(argv[4], NULL, 10) : 1;
	int failed = 0;
	for (uint64_t n = 1; n <= programs; n++)
		failed |= run(argv[1], n, first + n - 1, (unsigned)strtoul(argv[3], NULL, 10));
	return failed;
}
