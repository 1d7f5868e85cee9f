/* validator/exec/blocks.h: consecutive element-wise instructions run block by block.
 *
 * Activations, normalisations and the gates of recurrent layers are lowered to several MAPs in a row over as many elements. One
 * after the other, each brings whole tensors through the caches; block by block, all of them work on some thousand elements
 * that stay in the first level. What an instruction of such a group reads of another one's tensor it must read at the place
 * that it writes; what it reads of others it may read anywhere. */
#ifndef GS_VALIDATOR_EXEC_BLOCKS_H
#define GS_VALIDATOR_EXEC_BLOCKS_H

#include "validator/exec/sweep.h"

#define GS_BLOCKS_MAX 32 /* instructions run together */

/* last[i] becomes the last instruction of the group that instruction i is in: i when it is alone. Any part of a group is one as
 * well. last: an array of p->count. */
void gs_blocks_find(const struct gs_program *p, uint32_t *last);

/* The same for who decodes the program's instructions himself: begun with zeros, then all of them in their order, each with its
 * gs_blocks_reads_alike. */
struct gs_blocks_finder {
	uint64_t count;
	uint32_t next, first, first_chunk;
	bool open; /* instructions from `first` on are a group that others can join */
};
void gs_blocks_next(struct gs_blocks_finder *f, const struct gs_instr *in, unsigned alike, uint32_t *last);
void gs_blocks_end(const struct gs_blocks_finder *f, uint32_t *last);
/* Bit k: the instruction is a MAP, and reads of the trace by operand k what gs_blocks_alike says. */
unsigned gs_blocks_reads_alike(const struct gs_instr *in);

/* Element n of the instruction's output is computed from element n of the view, and from no other of it. */
bool gs_blocks_alike(const struct gs_instr *in, const struct gs_view *view);

/* Runs such instructions, all of them sweeps, n at most GS_BLOCKS_MAX; not the padding behind their tensors. */
void gs_blocks_run(const struct gs_sweep *const *sweep, unsigned n, const struct gs_memory *mem,
                   const struct gs_kernels *kernels, struct gs_pool *pool);

#endif
