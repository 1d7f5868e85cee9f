/* Faulty executions: what a fault does to a trace, for every kind of fault over random programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/generator/generator.h"
#include "validator/cli/dispute_fault.h"

static uint64_t first_difference(const struct gs_trace *a, const struct gs_trace *b)
{
	uint8_t x[GS_CHUNK_BYTES], y[GS_CHUNK_BYTES];
	uint64_t present = a->present > b->present ? a->present : b->present;
	for (uint64_t i = 0; i < present; i++) {
		gs_trace_chunk(a, i, x);
		gs_trace_chunk(b, i, y);
		if (memcmp(x, y, sizeof(x)) != 0)
			return i;
	}
	return UINT64_MAX;
}

static void expect_states(struct gs_liar *liar)
{
	const struct gs_fault *fault = &liar->fault;
	struct gs_prover prover = gs_prover_over_liar(liar);
	struct gs_instr in = gs_program_instr(prover.program, fault->instruction);
	uint32_t terms = (uint32_t)gs_instr_terms(&in);
	gs_reg state;
	assert_int_equal(
		prover.accumulators(prover.self, fault->instruction, fault->element, fault->state, 1, 1, &state),
		GS_OK);
	assert_int_equal(state, fault->wrong);
	struct gs_prover honest = gs_prover_over_trace(&liar->base);
	gs_reg *mine = calloc(terms + 1, sizeof(*mine)), *right = calloc(terms + 1, sizeof(*right));
	assert_int_equal(prover.accumulators(prover.self, fault->instruction, fault->element, 0, 1, terms + 1, mine),
	                 GS_OK);
	assert_int_equal(honest.accumulators(honest.self, fault->instruction, fault->element, 0, 1, terms + 1, right),
	                 GS_OK);
	for (uint32_t t = 0; t < fault->state; t++)
		assert_int_equal(mine[t], right[t]);
	free(mine);
	free(right);
}

static void test_faults(void **state)
{
	(void)state;
	struct gs_generator_options options = gs_generator_small();
	unsigned drawn[GS_FAULT_KINDS] = {0}, changed_count[GS_FAULT_KINDS] = {0};
	for (uint64_t seed = 0; seed < 150; seed++) {
		struct gs_program p;
		struct gs_buf inputs;
		struct gs_trace trace;
		struct gs_commitments common;
		struct gs_rng rng;
		gs_rng_seed(&rng, seed);
		gs_buf_init(&inputs, 1 << 24);
		assert_int_equal(gs_generate_program(seed, &options, &p, NULL), GS_OK);
		assert_int_equal(gs_generate_inputs(seed, &p, &inputs), GS_OK);
		assert_int_equal(gs_trace_init_for(&trace, &p), GS_OK);
		gs_interpret(&p,
		             &(struct gs_memory){.trace = trace.chunks, .weights = p.weights, .inputs = inputs.ptr});
		assert_int_equal(gs_trace_commit(&trace), GS_OK);
		assert_int_equal(gs_commitments_build(&p, inputs.ptr, &common), GS_OK);
		struct gs_prover_trace honest = {.common = &common, .trace = &trace};
		for (unsigned kind = 0; kind < GS_FAULT_KINDS; kind++) {
			struct gs_fault fault;
			struct gs_liar liar;
			bool changed = false;
			if (gs_fault_draw(&rng, (enum gs_fault_kind)kind, &honest, &fault) != GS_OK)
				continue;
			drawn[kind]++;
			assert_int_not_equal(fault.right, fault.wrong);
			assert_int_equal(gs_liar_run(&honest, &fault, 1, &liar, &changed, NULL), GS_OK);
			const struct gs_instr instr = gs_program_instr(&p, fault.instruction), *in = &instr;
			uint64_t chunk = in->first_chunk +
			                 fault.element / gs_dtype_per_chunk((enum gs_dtype)in->store_dtype);
			assert_int_equal(first_difference(&trace, &liar.trace), changed ? chunk : UINT64_MAX);
			assert_true(changed || fault.at_state);
			changed_count[kind] += changed;
			if (fault.at_state)
				expect_states(&liar);
			gs_liar_free(&liar);
		}
		gs_commitments_free(&common);
		gs_trace_free(&trace);
		gs_buf_free(&inputs);
		gs_program_free(&p);
	}
	for (unsigned kind = 0; kind < GS_FAULT_KINDS; kind++)
		if (changed_count[kind] < 10)
			fail_msg("%s: %u drawn, %u of them changed the trace",
			         gs_fault_kind_name((enum gs_fault_kind)kind), drawn[kind], changed_count[kind]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_faults)};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
