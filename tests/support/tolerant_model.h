/* tests/support/tolerant_model.h: a lowered tolerant model, run by the reference interpreter, and claims about it. For cmocka
 * tests: what goes wrong fails the test. */
#ifndef GS_TESTS_SUPPORT_TOLERANT_MODEL_H
#define GS_TESTS_SUPPORT_TOLERANT_MODEL_H

#include "challenge/machine/tolerance.h"
#include "challenge/machine/within.h"
#include "tests/support/onnx_model.h"

/* A lowered model with its arrays. */
struct tolerant_model {
	struct gs_program p;
	uint8_t *inputs, *trace, *claimed;
};

static inline enum gs_err tolerant_lower(struct gs_bytes onnx, uint32_t absolute, uint32_t relative,
                                         struct gs_program *p, struct gs_error *error)
{
	struct gs_onnx_options options = {.tolerance_abs = absolute, .tolerance_rel = relative};
	return gs_onnx_lower(onnx, &options, p, NULL, error);
}

static inline void tolerant_open(struct tolerant_model *m, struct gs_bytes onnx, uint32_t absolute, uint32_t relative)
{
	struct gs_error error = {0};
	if (tolerant_lower(onnx, absolute, relative, &m->p, &error) != GS_OK)
		fail_msg("%s", error.text);
	m->inputs = calloc(m->p.header.inputs_chunks + 1U, GS_CHUNK_BYTES);
	m->claimed = calloc(m->p.header.claimed_chunks + 1U, GS_CHUNK_BYTES);
	m->trace = calloc(1, gs_program_trace_bytes(&m->p));
	assert_true(m->inputs != NULL && m->claimed != NULL && m->trace != NULL);
}

static inline void tolerant_close(struct tolerant_model *m)
{
	free(m->inputs);
	free(m->claimed);
	free(m->trace);
	gs_program_free(&m->p);
}

static inline struct gs_memory tolerant_memory(const struct tolerant_model *m)
{
	return (struct gs_memory){
		.trace = m->trace, .weights = m->p.weights, .inputs = m->inputs, .claimed = m->claimed};
}

static inline uint8_t *tolerant_canonical(const struct tolerant_model *m, uint32_t k)
{
	uint32_t chunk = 0;
	struct gs_error error = {0};
	if (gs_program_canonical_output(&m->p, k, &chunk, &error) != GS_OK)
		fail_msg("%s", error.text);
	return m->trace + (size_t)chunk * GS_CHUNK_BYTES;
}

static inline uint8_t *tolerant_claimed(const struct tolerant_model *m, uint32_t k)
{
	return m->claimed + (size_t)m->p.io.output[k].chunk * GS_CHUNK_BYTES;
}

/* Runs from the start, by the interpreter and by the executor, and claims what is right. */
static inline void tolerant_run(struct tolerant_model *m)
{
	struct gs_memory mem = tolerant_memory(m);
	gs_interpret(&m->p, &mem);
	for (uint32_t k = 0; k < m->p.io.outputs; k++) {
		const struct gs_tensor_type *t = &m->p.io.output[k];
		memcpy(tolerant_claimed(m, k), tolerant_canonical(m, k),
		       gs_tensor_type_count(t) * gs_dtype_bytes((enum gs_dtype)t->dtype));
	}
}

/* The comparison alone, over what is claimed now. */
static inline bool tolerant_accepts(struct tolerant_model *m)
{
	struct gs_memory mem = tolerant_memory(m);
	for (uint32_t i = gs_program_comparison(&m->p); i < m->p.count; i++) {
		struct gs_instr in = gs_program_instr(&m->p, i);
		gs_interpret_instr(&in, &mem);
	}
	return gs_program_accepts(&m->p, m->trace);
}

static inline void tolerant_inputs(struct tolerant_model *m, uint64_t seed)
{
	struct gs_rng rng;
	gs_rng_seed(&rng, seed);
	for (uint32_t i = 0; i < m->p.io.inputs; i++) {
		const struct gs_tensor_type *t = &m->p.io.input[i];
		uint64_t count = gs_tensor_type_count(t);
		for (uint64_t n = 0; n < count; n++) {
			float v = onnx_random(&rng);
			gs_reg reg = gs_dtype_class((enum gs_dtype)t->dtype) == GS_CLASS_F32 ? gs_f32_to_bits(v)
			                                                                     : gs_rng_below(&rng, 7);
			gs_element_write(m->inputs + (size_t)t->chunk * GS_CHUNK_BYTES, (enum gs_dtype)t->dtype, n,
			                 gs_store((enum gs_dtype)t->dtype, reg));
		}
	}
}

/* Finite numbers of a float type in order, by whole numbers: -0 and +0 are 0. */
static inline int64_t tolerant_rank(enum gs_dtype dtype, uint64_t bits)
{
	uint64_t sign = UINT64_C(1) << (8 * gs_dtype_bytes(dtype) - 1);
	return bits & sign ? -(int64_t)(bits ^ sign) : (int64_t)bits;
}

static inline uint64_t tolerant_of_rank(enum gs_dtype dtype, int64_t rank)
{
	uint64_t sign = UINT64_C(1) << (8 * gs_dtype_bytes(dtype) - 1);
	return rank < 0 ? (uint64_t)-rank | sign : (uint64_t)rank;
}

/* Stored numbers next to each other, the first inside of the tolerance about `right`, the second outside, above or below. */
static inline void tolerant_edge(const struct gs_header *h, enum gs_dtype dtype, uint64_t right, int side,
                                 uint64_t *inside, uint64_t *outside)
{
	gs_reg tolerance = gs_within_tolerance(h->tolerance_abs, h->tolerance_rel), y = gs_load(dtype, right);
	int64_t in = tolerant_rank(dtype, right),
		out = side * tolerant_rank(dtype, dtype == GS_F16 ? 0x7c00 : 0x7f800000);
	while (out - in != side) {
		int64_t middle = in + (out - in) / 2;
		if (gs_within((uint32_t)gs_load(dtype, tolerant_of_rank(dtype, middle)), (uint32_t)y, tolerance))
			in = middle;
		else
			out = middle;
	}
	*inside = tolerant_of_rank(dtype, in);
	*outside = tolerant_of_rank(dtype, out);
}

/* For each element of each output: the outermost stored number inside of the tolerance is accepted, the next one not. */
static inline unsigned tolerant_edges(struct tolerant_model *m)
{
	unsigned tried = 0;
	for (uint32_t k = 0; k < m->p.io.outputs; k++) {
		const struct gs_tensor_type *t = &m->p.io.output[k];
		enum gs_dtype dtype = (enum gs_dtype)t->dtype;
		for (uint64_t n = 0; n < gs_tensor_type_count(t); n++) {
			uint64_t right = gs_element_bits(tolerant_canonical(m, k), dtype, n);
			for (int side = -1; side <= 1; side += 2, tried++) {
				uint64_t inside = right, outside = right ^ 1;
				if (gs_dtype_class(dtype) == GS_CLASS_F32)
					tolerant_edge(&m->p.header, dtype, right, side, &inside, &outside);
				gs_element_write(tolerant_claimed(m, k), dtype, n, inside);
				assert_true(tolerant_accepts(m));
				gs_element_write(tolerant_claimed(m, k), dtype, n, outside);
				assert_false(tolerant_accepts(m));
				gs_element_write(tolerant_claimed(m, k), dtype, n, right);
			}
		}
	}
	assert_true(tolerant_accepts(m));
	return tried;
}

#endif
