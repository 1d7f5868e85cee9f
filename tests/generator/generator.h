/* tests/generator/generator.h: random well-formed programs and inputs for them, each from one 64-bit seed.
 *
 * Instruction i of seed s uses scalar function (s * 8 + i) modulo the table's length, so that any run of consecutive
 * seeds reaches the whole table. Shapes, operands, pad rules, indirect rows, dtypes, epilogues and values are drawn at
 * random; values are drawn from special numbers as often as from plain ones. Some seeds stretch the trace with gaps
 * between instructions, up to 2^20 chunks, which cost nothing to compute and next to nothing to commit to. */
#ifndef GS_TESTS_GENERATOR_GENERATOR_H
#define GS_TESTS_GENERATOR_GENERATOR_H

#include "challenge/machine/program.h"

struct gs_generator_options {
	unsigned instructions_max; /* 1 to 64 */
	uint32_t elements_max;     /* of one tensor */
	uint32_t terms_max;        /* of one fold */
	uint64_t steps_max;        /* elements * (1 + terms) of one instruction */
	unsigned trace_depth_max;  /* gaps stretch a trace up to so many levels */
	bool deep;                 /* always to trace_depth_max */
};
/* Programs of a few thousand steps, traces of at most 2^12 chunks. */
struct gs_generator_options gs_generator_small(void);

/* *out is sealed and checked; free it with gs_program_free. */
GS_MUST enum gs_err gs_generate_program(uint64_t seed, const struct gs_generator_options *options,
                                        struct gs_program *out, struct gs_error *error);
/* The same of a tolerant model: it has the function `within` more often than others, and reads the claimed outputs, drawn for
 * themselves; its last instruction writes one i32, not often 1. */
GS_MUST enum gs_err gs_generate_tolerant(uint64_t seed, const struct gs_generator_options *options,
                                         struct gs_program *out, struct gs_error *error);
/* One instruction, with this function and in this form, over weights and inputs. code must be in the table; GS_FOLD needs a
 * function that can be folded (GS_EINVAL). With `within` the program is tolerant, and has another one behind it. */
GS_MUST enum gs_err gs_generate_function(uint64_t seed, unsigned code, enum gs_form form, struct gs_program *out,
                                         struct gs_error *error);
/* The same, pushed to the limits of offsets, coefficients, extents, strides, rows and axes; steps stay as few. */
GS_MUST enum gs_err gs_generate_extreme(uint64_t seed, const struct gs_generator_options *options,
                                        struct gs_program *out, struct gs_error *error);
/* One fold of 2^18 terms (the longest there may be) over the weights, then a map of its result. */
GS_MUST enum gs_err gs_generate_longest_fold(uint64_t seed, struct gs_program *out, struct gs_error *error);
/* A layer as large models have them, in a trace of exactly 2^depth chunks: 32 outputs, each a fold of `terms` products of two
 * tensors of the trace, among GS_FIXTURE_INSTRUCTIONS instructions. What disputes about it cost is what disputes cost.
 * depth 14 + log2(terms) - 12 at least, terms at most 2^18. */
enum { GS_FIXTURE_INSTRUCTIONS = 256, GS_FIXTURE_FOLD = 2, GS_FIXTURE_OUTPUTS = 32 };
GS_MUST enum gs_err gs_generate_fixture(unsigned depth, uint32_t terms, struct gs_program *out, struct gs_error *error);
/* Appends the inputs array of the program: header.inputs_chunks chunks, padding zero. */
GS_MUST enum gs_err gs_generate_inputs(uint64_t seed, const struct gs_program *program, struct gs_buf *out);
/* Appends the claimed outputs of a tolerant program, likewise; nothing for an exact one. */
GS_MUST enum gs_err gs_generate_claimed(uint64_t seed, const struct gs_program *program, struct gs_buf *out);

#endif
