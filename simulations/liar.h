/* simulations/liar.h: a party's execution: the honest one, or one with a single scalar wrong and honest from there on. */
#ifndef GS_SIMULATIONS_LIAR_H
#define GS_SIMULATIONS_LIAR_H

#include "chain/core/rng.h"
#include "validator/exec/prover_trace.h"

struct gs_sim_execution {
	struct gs_prover_trace base; /* over its own trace */
	struct gs_trace trace;       /* owned */
	uint32_t instruction;        /* where it lies */
	uint64_t element;
	gs_reg *states; /* owned; s_0 .. s_K as it tells them, when the lie is an accumulator's; else NULL */
};

/* The program as it is, by the reference interpreter. GS_ENOMEM. */
GS_MUST enum gs_err gs_sim_execute(const struct gs_commitments *common, struct gs_sim_execution *out);
/* Inputs drawn at random, what is committed to about them, and their execution; all owned by the caller, also after GS_ENOMEM. */
GS_MUST enum gs_err gs_sim_execute_drawn(const struct gs_program *program, struct gs_rng *rng, uint8_t **inputs,
                                         struct gs_commitments *common, struct gs_sim_execution *out);
/* The same with one fault drawn at random: a stored element (padding included), or a state of a fold. */
GS_MUST enum gs_err gs_sim_execute_wrongly(const struct gs_sim_execution *honest, struct gs_rng *rng,
                                           struct gs_sim_execution *out);
/* Another trace with the same output: one element in front of it changed, nothing computed on. GS_ENOTFOUND when the
 * program has nothing but outputs. */
GS_MUST enum gs_err gs_sim_second_face(const struct gs_sim_execution *first, struct gs_rng *rng,
                                       struct gs_sim_execution *out);

struct gs_sim_lie {
	const struct gs_sim_execution *honest;
	const uint8_t *other_inputs; /* NULL: none; else one try in eight is an execution of these */
	unsigned tries;
};
/* Wrong executions until one shows in the output, or the tries are used up; the last one stays. *out is freed first. */
GS_MUST enum gs_err gs_sim_draw_lie(const struct gs_sim_lie *lie, struct gs_rng *rng, struct gs_sim_execution *out,
                                    bool *shows);
void gs_sim_execution_free(struct gs_sim_execution *e); /* twice is fine */
/* *self must stay where it is while the prover is used. */
struct gs_prover gs_sim_prover(struct gs_sim_execution *self);

#endif
