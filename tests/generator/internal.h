/* tests/generator/internal.h: what the parts of the generator share. */
#ifndef GS_TESTS_GENERATOR_INTERNAL_H
#define GS_TESTS_GENERATOR_INTERNAL_H

#include "tests/generator/generator.h"
#include "tests/generator/values.h"

enum { GENERATOR_TENSORS_MAX = 24 };

struct source { /* a tensor that operands may read */
	uint8_t space;
	uint8_t dtype;
	uint32_t chunk; /* trace: the producer's index until the program is sealed */
	uint64_t count;
};

struct generator {
	struct gs_rng rng;
	struct gs_generator_options options;
	struct gs_program *program;
	struct gs_instr *instr;                     /* owned: program->count of them, on the way to the program */
	struct source fixed[GENERATOR_TENSORS_MAX]; /* weights and inputs */
	unsigned fixed_count;
	uint32_t at; /* the instruction being made; those before it are complete */
	bool tolerant; /* the header has a tolerance, io has the claimed outputs, and the last instruction writes one i32 */
	gs_reg tolerance; /* as `within` takes it */
};

static inline uint64_t below(struct generator *g, uint64_t bound)
{
	return gs_rng_below(&g->rng, bound);
}
static inline bool one_in(struct generator *g, uint64_t n)
{
	return below(g, n) == 0;
}

/* Room for program->count instructions; those of the program when it is sealed. */
GS_MUST enum gs_err generator_instructions(struct generator *g);
/* Names the program's outputs, its last header.outputs instructions. */
GS_MUST enum gs_err generator_outputs(struct generator *g);
/* Makes the program of the instructions, whose views of the trace name producers. */
GS_MUST enum gs_err generator_seal(struct generator *g, struct gs_error *error);
/* Fills operand i of the instruction being made. budget: tensor reads that it may still open; lowered by those it does. */
void generator_operand(struct generator *g, struct gs_instr *in, unsigned i, unsigned *budget);
/* Moves the instructions of a sealed program apart, so that gaps lie between them; the trace keeps to 2^depth_max chunks. */
GS_MUST enum gs_err generator_stretch(struct generator *g, struct gs_error *error);

#endif
