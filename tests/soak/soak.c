/* Random programs and random ONNX graphs, executed and judged in every way there is, for as long as one likes.
 *
 *   soak SECONDS [FIRST_SEED]
 *
 * For each program: the executor's trace (one thread and three) must be the reference interpreter's to the bit; then steps of its
 * elements, all of them where they are few, are judged one by one from chunks, and MPFR and GMP recompute the function, the
 * epilogue and the stored bits of each. Programs are random ones, ones at the law's limits, and lowered ONNX graphs, in turn. Prints
 * what it did; ends with status 1 at the first difference, naming the seed. */
#include "challenge/machine/judge.h"
#include "challenge/machine/trace.h"
#include "tests/generator/generator.h"
#include "tests/generator/mixture.h"
#include "tests/oracle/scalar_oracle.h"
#include "validator/exec/exec.h"

#include "chain/core/rng.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	ELEMENTS_EACH_MAX = 24, /* elements judged of one instruction */
	TERMS_EACH_MAX = 48,    /* body steps judged of one element */
	INPUTS_BYTES_MAX = 1 << 28,
	TOLERANT = GS_MIXTURE_GRAPH + 1,
};

struct totals {
	uint64_t programs[4]; /* by enum gs_mixture, then tolerant ones */
	uint64_t instructions, steps;
	struct gs_graph_counts operators;
};

struct arrays {
	const struct gs_program *program;
	struct gs_trace trace;
	const uint8_t *inputs, *claimed;
	uint8_t chunk[GS_CHUNK_BYTES];
};

static struct gs_memory memory_of(const struct arrays *a, const struct gs_trace *trace)
{
	return (struct gs_memory){
		.trace = trace->chunks, .weights = a->program->weights, .inputs = a->inputs, .claimed = a->claimed};
}

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

/* The step once more by the oracle: function, epilogue, store. */
static bool oracle_agrees(const struct gs_instr *in, const struct gs_step_record *r, gs_reg prev)
{
	uint64_t value = r->kind == GS_STEP_FINAL ? prev : r->fn_result, x[3], want;
	if (r->fn != 0 && r->skipped)
		value = r->a;
	else if (r->fn != 0 && !oracle_apply(r->fn, r->a, r->b, r->c, &value))
		return false;
	if (r->fn != 0 && value != r->fn_result)
		return false;
	if (r->epilogue != 0) {
		for (unsigned i = 0, k = 0; i < 3; i++)
			x[i] = i == in->epilogue_pos ? r->epilogue_in : k < 2 ? in->epilogue_const[k++] : 0;
		if (!oracle_apply(r->epilogue, x[0], x[1], x[2], &value) || value != r->epilogue_out)
			return false;
	}
	if (r->kind == GS_STEP_MAP || r->kind == GS_STEP_FINAL)
		return oracle_store(in->store_dtype, value, &want) && want == r->result;
	return true;
}

static bool judge(struct arrays *a, struct totals *totals, const struct gs_instr *in, uint64_t element, uint32_t t,
                  gs_reg prev, uint64_t want)
{
	struct gs_step_record record;
	gs_judge_step(in, element, t, prev, read_chunk, a, &record);
	totals->steps++;
	return record.result == want && oracle_agrees(in, &record, prev);
}

static bool judge_fold(struct arrays *a, struct totals *totals, const struct gs_instr *in, uint64_t element,
                       const struct gs_memory *memory, struct gs_rng *rng)
{
	uint32_t terms = (uint32_t)gs_instr_terms(in);
	gs_reg state[2];
	gs_interpret_accumulators(in, memory, element, 0, 1, 1, state);
	if (!judge(a, totals, in, element, 0, 0, state[0]))
		return false;
	uint32_t first = terms > TERMS_EACH_MAX ? (uint32_t)gs_rng_below(rng, terms - TERMS_EACH_MAX) : 0;
	for (uint32_t t = first; t < terms && t < first + TERMS_EACH_MAX; t++) {
		gs_interpret_accumulators(in, memory, element, t, 1, 2, state);
		if (!judge(a, totals, in, element, t + 1, state[0], state[1]))
			return false;
	}
	gs_interpret_accumulators(in, memory, element, terms, 1, 1, state);
	uint64_t stored = gs_element_bits(memory->trace + (size_t)in->first_chunk * GS_CHUNK_BYTES,
	                                  (enum gs_dtype)in->store_dtype, element);
	return judge(a, totals, in, element, terms + 1, state[0], stored);
}

static bool judge_instruction(struct arrays *a, struct totals *totals, const struct gs_instr *in, struct gs_rng *rng)
{
	struct gs_memory memory = memory_of(a, &a->trace);
	uint64_t count = gs_instr_count(in);
	for (unsigned n = 0; n < ELEMENTS_EACH_MAX && n < count; n++) {
		uint64_t element = count <= ELEMENTS_EACH_MAX ? n : gs_rng_below(rng, count);
		uint64_t stored = gs_element_bits(memory.trace + (size_t)in->first_chunk * GS_CHUNK_BYTES,
		                                  (enum gs_dtype)in->store_dtype, element);
		bool ok = in->form == GS_FOLD ? judge_fold(a, totals, in, element, &memory, rng)
		                              : judge(a, totals, in, element, 0, 0, stored);
		if (!ok) {
			fprintf(stderr, "element %" PRIu64 " of the instruction at chunk %u: ", element,
			        in->first_chunk);
			return false;
		}
	}
	totals->instructions++;
	return true;
}

static bool executed_alike(const struct arrays *a)
{
	bool same = true;
	for (unsigned threads = 1; same && threads <= 3; threads += 2) {
		struct gs_trace fast = {0};
		struct gs_error error;
		GS_ASSERT(gs_trace_init_for(&fast, a->program) == GS_OK);
		struct gs_memory memory = memory_of(a, &fast);
		GS_ASSERT(gs_exec_run(a->program, &memory, threads, &error) == GS_OK);
		same = memcmp(a->trace.chunks, fast.chunks, a->trace.present * GS_CHUNK_BYTES) == 0;
		gs_trace_free(&fast);
	}
	return same;
}

/* True when everything agrees. */
static bool soak(uint64_t seed, const struct gs_program *p, struct totals *totals)
{
	struct gs_buf inputs, claimed;
	struct gs_rng rng;
	struct arrays a = {.program = p};
	gs_rng_seed(&rng, seed);
	gs_buf_init(&inputs, INPUTS_BYTES_MAX);
	GS_ASSERT(gs_generate_inputs(seed, p, &inputs) == GS_OK && gs_trace_init_for(&a.trace, p) == GS_OK);
	gs_buf_init(&claimed, INPUTS_BYTES_MAX);
	GS_ASSERT(gs_generate_claimed(seed, p, &claimed) == GS_OK);
	a.inputs = inputs.ptr;
	a.claimed = claimed.ptr;
	struct gs_memory memory = memory_of(&a, &a.trace);
	gs_interpret(p, &memory);
	bool ok = executed_alike(&a);
	if (!ok)
		fprintf(stderr, "the executor and the interpreter differ: ");
	for (uint32_t i = 0; ok && i < p->count; i++) {
		struct gs_instr in = gs_program_instr(p, i);
		ok = judge_instruction(&a, totals, &in, &rng);
	}
	gs_trace_free(&a.trace);
	gs_buf_free(&inputs);
	gs_buf_free(&claimed);
	return ok;
}

static void print_operators(const struct gs_graph_counts *counts)
{
	char name[32];
	unsigned never = 0;
	printf("operators taken (refused):");
	for (unsigned n = 0; gs_graph_operator(n, name); n++) {
		printf(" %s %" PRIu64 " (%" PRIu64 ")", name, counts->taken[n], counts->refused[n]);
		never += counts->taken[n] == 0;
	}
	printf("\n%u operators were never taken\n", never);
}

int main(int argc, char **argv)
{
	struct totals totals = {0};
	struct gs_generator_options options = gs_generator_small();
	struct timespec start, now;
	if (argc < 2) {
		fprintf(stderr, "usage: soak SECONDS [FIRST_SEED]\n");
		return 2;
	}
	time_t seconds = (time_t)strtoull(argv[1], NULL, 10);
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		struct gs_program p;
		struct gs_error error = {0};
		bool tolerant = seed % 8 == 7;
		bool ok = (tolerant ? gs_generate_tolerant(seed, &options, &p, &error)
		                    : gs_generate_mixture(seed, &p, &totals.operators, &error)) == GS_OK;
		if (ok) {
			totals.programs[tolerant ? TOLERANT : (unsigned)gs_mixture_kind(seed)]++;
			ok = soak(seed, &p, &totals);
			gs_program_free(&p);
		}
		if (!ok) {
			fprintf(stderr, "seed %" PRIu64 ": %s\n", seed, error.text);
			return 1;
		}
		seed++;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - start.tv_sec < seconds);
	print_operators(&totals.operators);
	printf("%" PRIu64 " random programs, %" PRIu64 " at the limits, %" PRIu64 " ONNX graphs, %" PRIu64
	       " tolerant ones: %" PRIu64 " instructions, %" PRIu64 " judged steps, no difference; next seed %" PRIu64
	       "\n",
	       totals.programs[GS_MIXTURE_PROGRAM], totals.programs[GS_MIXTURE_EXTREME],
	       totals.programs[GS_MIXTURE_GRAPH], totals.programs[TOLERANT], totals.instructions, totals.steps, seed);
	oracle_finish();
	return 0;
}
