/* The judge against the interpreter: the steps of an element, one after the other from its init, must end in what the
 * interpreter stores and pass through its accumulators, for random programs that reach all of the law. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chain/core/rng.h"
#include "challenge/machine/judge.h"
#include "challenge/machine/trace.h"
#include "tests/generator/generator.h"

struct coverage {
	unsigned fn[256]; /* applied as f or g, not skipped */
	unsigned epilogue[256];
	unsigned kind[6];
	unsigned skipped, indirect, nan, no_terms, claimed, reads[GS_OPENINGS_MAX + 1];
};

struct arrays {
	const struct gs_program *program;
	const struct gs_trace *trace;
	const uint8_t *inputs;
	const uint8_t *claimed;
	uint8_t chunk[GS_CHUNK_BYTES];
	unsigned calls;
};

static const uint8_t *read_chunk(void *self, uint8_t space, uint32_t chunk)
{
	struct arrays *a = self;
	a->calls++;
	switch ((enum gs_space)space) {
	case GS_SPACE_TRACE: gs_trace_chunk(a->trace, chunk, a->chunk); return a->chunk;
	case GS_SPACE_WEIGHTS:
		assert_true(chunk < a->program->header.weights_chunks);
		return a->program->weights + (size_t)chunk * GS_CHUNK_BYTES;
	case GS_SPACE_INPUTS:
		assert_true(chunk < a->program->header.inputs_chunks);
		return a->inputs + (size_t)chunk * GS_CHUNK_BYTES;
	case GS_SPACE_CLAIMED:
		assert_true(chunk < a->program->header.claimed_chunks);
		return a->claimed + (size_t)chunk * GS_CHUNK_BYTES;
	}
	return NULL;
}

static void count(struct coverage *c, const struct gs_instr *in, const struct gs_step_record *r)
{
	c->kind[r->kind]++;
	c->reads[r->reads]++;
	for (unsigned i = 0; i < r->reads; i++)
		c->claimed += r->read[i].space == GS_SPACE_CLAIMED;
	c->skipped += r->skipped;
	if (r->fn != 0 && !r->skipped)
		c->fn[r->fn]++;
	c->epilogue[r->epilogue] += r->epilogue != 0;
	c->nan += r->result == GS_F32_NAN && in->store_dtype == GS_F32;
	for (unsigned i = 0; i < gs_instr_operands(in); i++)
		c->indirect += r->reads > 1 && in->operand[i].kind == GS_OPERAND_TENSOR &&
		               in->operand[i].indirect_row != 0;
}

static void step(struct arrays *a, struct coverage *c, const struct gs_instr *in, uint64_t element, uint32_t t,
                 gs_reg prev, struct gs_step_record *r)
{
	a->calls = 0;
	gs_judge_step(in, element, t, prev, read_chunk, a, r);
	assert_int_equal(a->calls, r->reads);
	count(c, in, r);
}

/* All steps of one element; returns the stored bits that the judge arrives at. */
static uint64_t play(struct arrays *a, struct coverage *c, const struct gs_instr *in, const struct gs_memory *mem,
                     uint64_t element)
{
	struct gs_step_record r;
	step(a, c, in, element, 0, 0, &r);
	if (in->form == GS_MAP || element >= gs_instr_count(in))
		return r.result;
	uint32_t terms = (uint32_t)gs_instr_terms(in);
	gs_reg *want = calloc(terms + 1, sizeof(*want));
	assert_non_null(want);
	gs_interpret_accumulators(in, mem, element, 0, 1, terms + 1, want);
	assert_int_equal(r.result, want[0]);
	c->no_terms += terms == 0;
	for (uint32_t t = 1; t <= terms; t++) {
		step(a, c, in, element, t, r.result, &r);
		assert_int_equal(r.result, want[t]);
	}
	step(a, c, in, element, terms + 1, r.result, &r);
	free(want);
	return r.result;
}

static void check_program(const struct gs_program *p, uint64_t seed, unsigned elements, struct coverage *c)
{
	struct gs_buf inputs, claimed;
	struct gs_trace trace;
	struct gs_rng rng;
	gs_rng_seed(&rng, seed);
	gs_buf_init(&inputs, 1 << 24);
	assert_int_equal(gs_generate_inputs(seed, p, &inputs), GS_OK);
	gs_buf_init(&claimed, 1 << 24);
	assert_int_equal(gs_generate_claimed(seed, p, &claimed), GS_OK);
	assert_int_equal(gs_trace_init_for(&trace, p), GS_OK);
	struct gs_memory mem = {
		.trace = trace.chunks, .weights = p->weights, .inputs = inputs.ptr, .claimed = claimed.ptr};
	gs_interpret(p, &mem);
	struct arrays arrays = {.program = p, .trace = &trace, .inputs = inputs.ptr, .claimed = claimed.ptr};
	for (unsigned n = 0; n < elements; n++) {
		const struct gs_instr instr = gs_program_instr(p, (uint32_t)gs_rng_below(&rng, p->count)), *in = &instr;
		enum gs_dtype dtype = (enum gs_dtype)in->store_dtype;
		unsigned per_chunk = gs_dtype_per_chunk(dtype);
		/* One in four anywhere in the span, padding and gap included; the others where there is something to compute. */
		uint64_t range = n % 4 == 0 ? (uint64_t)in->span * per_chunk : gs_instr_count(in);
		uint64_t element = gs_rng_below(&rng, range);
		uint8_t chunk[GS_CHUNK_BYTES];
		gs_trace_chunk(&trace, in->first_chunk + element / per_chunk, chunk);
		assert_int_equal(play(&arrays, c, in, &mem, element),
		                 gs_element_bits(chunk, dtype, element % per_chunk));
	}
	gs_trace_free(&trace);
	gs_buf_free(&inputs);
	gs_buf_free(&claimed);
}

static void test_random_programs(void **state)
{
	(void)state;
	struct gs_generator_options options = gs_generator_small();
	struct coverage c = {0};
	for (uint64_t seed = 0; seed < 2000; seed++) {
		struct gs_program p;
		struct gs_error error = {0};
		if ((seed < 1500 ? gs_generate_program : gs_generate_tolerant)(seed, &options, &p, &error) != GS_OK)
			fail_msg("seed %u: %s", (unsigned)seed, error.text);
		check_program(&p, seed, 16, &c);
		gs_program_free(&p);
	}
	unsigned code;
	for (unsigned n = 0; gs_fn_nth(n, &code); n++) {
		if (c.fn[code] == 0)
			fail_msg("%s was never applied", gs_fn_info(code)->name);
		if (c.epilogue[code] == 0 && !gs_fn_is_first(code))
			fail_msg("%s was never an epilogue", gs_fn_info(code)->name);
	}
	for (unsigned k = GS_STEP_PADDING; k <= GS_STEP_FINAL; k++)
		assert_true(c.kind[k] > 100);
	for (unsigned k = 0; k <= GS_OPENINGS_MAX; k++)
		assert_true(c.reads[k] > 100);
	assert_true(c.skipped > 100);
	assert_true(c.indirect > 100);
	assert_true(c.nan > 100);
	assert_true(c.no_terms > 10);
	assert_true(c.claimed > 100);
}

static void test_longest_fold(void **state)
{
	(void)state;
	struct gs_program p;
	struct coverage c = {0};
	assert_int_equal(gs_generate_longest_fold(3, &p, NULL), GS_OK);
	struct gs_instr fold = gs_program_instr(&p, 0);
	assert_int_equal(gs_instr_terms(&fold), GS_FOLD_MAX);
	check_program(&p, 3, 3, &c);
	gs_program_free(&p);
}

/* A stated accumulator that is not canonical counts as what it means; a skipped term hands it on. */
static void test_states_are_canonical(void **state)
{
	(void)state;
	struct gs_instr in = {.form = GS_FOLD, .fn = GS_FN_F32_MAX, .store_dtype = GS_F32, .acc_dtype = GS_F32};
	struct gs_step_record r;
	in.red_axes = 1;
	in.extent[0] = 2;
	in.operand[1].kind = GS_OPERAND_CONST;
	in.operand[1].constant = 0x3f800000;
	gs_judge_step(&in, 0, 1, 0x7f800001, NULL, NULL, &r);
	assert_int_equal(r.result, GS_F32_NAN);
	gs_judge_step(&in, 0, 3, 0xffc12345, NULL, NULL, &r);
	assert_int_equal(r.kind, GS_STEP_FINAL);
	assert_int_equal(r.result, GS_F32_NAN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_programs),
		cmocka_unit_test(test_longest_fold),
		cmocka_unit_test(test_states_are_canonical),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
