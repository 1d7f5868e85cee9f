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

/* Element-wise at all: whichever form it gets, it may belong to a group. */
bool gs_blocks_element_wise(const struct gs_instr *in);

/* ---- running such instructions, all of them sweeps ---- */

enum { GS_BLOCKS_SLOTS = 4, GS_BLOCKS_OWN = -1 };

/* What one of them reads of the others', by operand: which of them made it, or GS_BLOCKS_OWN; and whether anybody else wants its tensor. */
struct gs_blocks_use {
	int made_by[3];
	bool wanted;
};

/* A tensor that nobody else wants exists for the time of a block: in a slot of the thread's, not where it has its place. */
struct gs_blocks {
	unsigned n; /* at most GS_BLOCKS_MAX */
	struct gs_blocks_member {
		const struct gs_sweep *sweep; /* borrowed */
		int8_t slot;                  /* of its tensor, or GS_BLOCKS_OWN */
		int8_t from[3];               /* of its operands, likewise */
	} member[];                           /* n of them */
};
/* use: of each of the n. *out has room for n members. */
void gs_blocks_prepare(const struct gs_sweep *const *sweep, unsigned n, const struct gs_blocks_use *use,
                       struct gs_blocks *out);

/* Not the padding behind their tensors. */
void gs_blocks_run(const struct gs_blocks *blocks, const struct gs_memory *mem, const struct gs_kernels *kernels,
                   struct gs_pool *pool);

/* The same for parts, by the calling thread, as soon as who writes what they read has written that part: elements first ...
 * last - 1. */
struct gs_blocks_bound {
	const struct gs_blocks *blocks;
	struct gs_sweep_bound sweep[GS_BLOCKS_MAX];
};
void gs_blocks_bind(const struct gs_blocks *blocks, const struct gs_memory *mem, const struct gs_kernels *kernels,
                    struct gs_blocks_bound *out);
void gs_blocks_part(const struct gs_blocks_bound *bound, uint64_t first, uint64_t last);

/* Parts that follow each other are run as one, up to some that still lie in the caches: begin with {.of = bound}, end with
 * gs_stretch_end. */
enum { GS_STRETCH_MAX = 1 << 13 };
struct gs_stretch {
	const struct gs_blocks_bound *of;
	uint64_t first, last; /* not run yet */
};
static inline void gs_stretch_end(struct gs_stretch *s)
{
	if (s->first != s->last)
		gs_blocks_part(s->of, s->first, s->last);
	s->first = s->last;
}
static inline void gs_stretch_add(struct gs_stretch *s, uint64_t first, uint64_t elements)
{
	if (first != s->last || s->last - s->first >= GS_STRETCH_MAX) {
		gs_stretch_end(s);
		s->first = first;
	}
	s->last = first + elements;
}

#endif
