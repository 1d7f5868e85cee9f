/* validator/exec/live.h: which tensors of the trace are still to be read while a program runs.
 *
 * A party that will have to answer for an execution keeps the whole trace. One that wants the outputs alone needs a tensor
 * until the last instruction that reads it has run; for a network that is a small part of the trace. */
#ifndef GS_VALIDATOR_EXEC_LIVE_H
#define GS_VALIDATOR_EXEC_LIVE_H

#include "challenge/machine/program.h"

#define GS_LIVE_READS_MAX 6 /* two an operand */

/* The instructions whose tensors one reads, in the order of its operands, an operand's own before its index; one perhaps
 * twice. */
struct gs_live_reads {
	uint8_t count;
	uint8_t alike; /* bit r: read r is of the place that is written alone (gs_blocks_reads_alike) */
	uint8_t fits;  /* bit r: a MAP that computes may write its tensor over that of read r: elements are as wide */
	bool folds;    /* it is a FOLD */
	uint32_t from[GS_LIVE_READS_MAX];
};

struct gs_live {
	const struct gs_program *program; /* borrowed */
	uint32_t *last;              /* owned; by instruction: the last that reads it, GS_LIVE_ALWAYS for outputs */
	struct gs_live_reads *reads; /* owned; by instruction */
};
#define GS_LIVE_ALWAYS UINT32_MAX

/* Chunks of the trace that nothing reads any more. */
typedef void (*gs_live_release)(void *self, uint32_t chunk, uint32_t chunks);

/* Who wants to look at each instruction while it is decoded; alike: of gs_blocks_reads_alike. */
typedef void (*gs_live_look)(void *self, uint32_t i, const struct gs_instr *in, unsigned alike);

/* look may be NULL. GS_ENOMEM. */
GS_MUST enum gs_err gs_live_init(struct gs_live *l, const struct gs_program *p, gs_live_look look, void *self);
void gs_live_free(struct gs_live *l);
/* Instruction i has run: releases each tensor that it was the last to read, with the gap behind it, and its
 * own when nothing will read it. To be called for 0, 1, 2 and so on; nothing is released twice. */
void gs_live_after(struct gs_live *l, uint32_t i, gs_live_release release, void *self);

#endif
