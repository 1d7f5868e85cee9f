/* simulations/programs.h: small programs put together from layers: what the simulated parties run, and what is timed.
 *
 * Every value is f32 (or i64) with three dimensions, row-major, its weights drawn at random. A layer appends one
 * instruction, as the lowering of the ONNX operator would. */
#ifndef GS_SIMULATIONS_PROGRAMS_H
#define GS_SIMULATIONS_PROGRAMS_H

#include "chain/core/rng.h"
#include "challenge/machine/listing.h"

enum { GS_SIM_WEIGHTS_MAX = 1 << 24 /* bytes */ };

struct gs_sim_value {
	uint8_t space; /* enum gs_space */
	uint8_t dtype;
	uint32_t at; /* chunk; in the trace: the producer's index */
	uint32_t dim[3];
};

struct gs_sim_builder {
	struct gs_program *program; /* being built, of: */
	struct gs_listing listing;
	struct gs_rng *rng;
	uint32_t weights_cap; /* chunks */
	enum gs_err err;      /* the first failure sticks */
};

/* *program is emptied; free it with gs_program_free, also after a failure. gs_sim_finish frees what else is held. */
void gs_sim_begin(struct gs_sim_builder *b, struct gs_program *program, struct gs_rng *rng);
/* The model's one input. */
struct gs_sim_value gs_sim_input(struct gs_sim_builder *b, enum gs_dtype dtype, uint32_t d0, uint32_t d1, uint32_t d2);
/* x is [channels][height][width]; `same` padding by zeros, stride 1, relu. depthwise: one filter a channel. */
struct gs_sim_value gs_sim_conv(struct gs_sim_builder *b, const struct gs_sim_value *x, uint32_t channels,
                                uint32_t kernel, bool depthwise);
/* x flattened times a matrix [x][outputs], plus a bias. */
struct gs_sim_value gs_sim_dense(struct gs_sim_builder *b, const struct gs_sim_value *x, uint32_t outputs, bool relu);
/* Windows of kernel by kernel, padding skipped, stride 2. */
struct gs_sim_value gs_sim_max_pool(struct gs_sim_builder *b, const struct gs_sim_value *x, uint32_t kernel);
/* One function of one value, or of two: y has x's last dimension, or 1 in its place. */
struct gs_sim_value gs_sim_map(struct gs_sim_builder *b, enum gs_fn fn, const struct gs_sim_value *x,
                               const struct gs_sim_value *y);
/* Folds the last dimension by a function of two operands, starting from `init`. */
struct gs_sim_value gs_sim_reduce(struct gs_sim_builder *b, enum gs_fn fn, const struct gs_sim_value *x, gs_reg init);
/* i64: the running sum of squares of the last dimension, padded windows of it: a fold with wrap-around. */
struct gs_sim_value gs_sim_squares(struct gs_sim_builder *b, const struct gs_sim_value *x);
/* The last value is the output; seals and checks. */
GS_MUST enum gs_err gs_sim_finish(struct gs_sim_builder *b, const struct gs_sim_value *output, struct gs_error *error);

/* A family and its sizes drawn at random: perceptron, convolutions, softmax, integers, one long fold, one wide map. */
GS_MUST enum gs_err gs_sim_draw_program(struct gs_rng *rng, struct gs_program *out, struct gs_error *error);
/* Fills header.inputs_chunks chunks; padding zero. */
void gs_sim_draw_inputs(struct gs_rng *rng, const struct gs_program *program, uint8_t *out);

#endif
