/* validator/exec/contract.h: runs contractions (pattern.h) on packed panels with tiles of accumulators in registers.
 *
 * Lanes are cut into panels as wide as a tile, rows into tiles. A factor is packed so that a tile reads it in one
 * ascending stream: x as [panel][term][lane], w as [tile][term][row]. Terms are taken in blocks that stay in the caches; between
 * blocks the accumulators wait in memory, which is exact, since they are binary32 numbers there as in a register.
 * Work items are blocks of output elements: each is computed by one thread, all of its terms in order.
 *
 * Products of integers take the same way, words of several terms (ints.h) in the place of binary32 numbers: panels, stages and
 * accumulators are arrays of 32 bits, whichever they hold. The numbers that stand in words may be less than the factors' by
 * a constant each, x' = x - p and w' = w - q, so that they fit bytes of the sign that a processor multiplies. Then
 * sum(x*w) = sum(x'*w') + p*(sum(w') + K*q) + q*sum(x'), K being the number of terms; all of it modulo 2^32. */
#ifndef GS_VALIDATOR_EXEC_CONTRACT_H
#define GS_VALIDATOR_EXEC_CONTRACT_H

#include "validator/exec/kernels.h"
#include "validator/exec/pattern.h"
#include "validator/exec/threads.h"
#include "validator/exec/words.h"

#define GS_PACK_ELEMENTS_MAX (UINT64_C(1) << 24) /* of a factor packed at once in a run: 64 MiB */

/* An instruction that is a contraction, with the tile chosen for it and what could be packed beforehand. */
struct gs_contract {
	struct gs_contraction is;
	unsigned width;     /* of a full panel: 1 << width vectors */
	unsigned tile_rows; /* of all tiles but the last */
	float *packed_x;    /* NULL: x is packed in each run */
	float *packed_w;
	struct gs_contract_ints {        /* of integers */
		enum gs_words_kind kind; /* of both factors */
		struct gs_words x, w;    /* of those that are packed */
		uint32_t *
			x_sums; /* of packed x, what stands in its words: [batch][lane] with the empty lanes; else NULL */
		uint32_t *w_sums; /* of packed w: [batch][row] */
	} ints;
};

/* False when the instruction is none. Does not pack. */
bool gs_contract_match(const struct gs_instr *in, const struct gs_kernels *kernels, struct gs_contract *out);

/* Whether all of *chunk, a tensor of the trace, is copied before anything is written: places.h then lets the output lie over
 * it. To be changed with what gs_contract_run does. */
bool gs_contract_stages(const struct gs_contract *c, uint32_t *chunk);

/* Whether tiles read the rows where they lie: few lanes, and rows that are no constants packed beforehand. */
bool gs_contract_reads_apart(const struct gs_contract *c, const struct gs_kernels *kernels);

/* Whether what an item writes is worth being told: long stretches of elements that follow each other. */
bool gs_contract_tells(const struct gs_contract *c);

/* Frees what was packed beforehand. */
void gs_contract_drop(struct gs_contract *c);

/* Memory that runs share: buffers grow to the greatest need and are kept. */
struct gs_workspace;
GS_MUST enum gs_err gs_workspace_new(unsigned threads, struct gs_workspace **out);
void gs_workspace_free(struct gs_workspace *ws);
/* Of the runs that follow: run on every part of a tensor once it is written (blocks.h), if gs_contract_tells. NULL: nothing. */
struct gs_blocks_bound;
void gs_workspace_after(struct gs_workspace *ws, const struct gs_blocks_bound *after);
uint64_t gs_workspace_bytes(const struct gs_workspace *ws); /* that it holds now */

/* Packs the factors that are constants, weights being the program's array, as long as it adds at most *budget bytes
 * altogether; takes what it used from *budget. What was packed is the caller's to drop, after GS_ENOMEM as well. */
GS_MUST enum gs_err gs_contract_prepack(struct gs_contract *c, const uint8_t *weights, const struct gs_kernels *kernels,
                                        struct gs_pool *pool, struct gs_workspace *ws, uint64_t *budget);

/* Says that the contraction will be run, so that the workspace has room for the greatest at once. */
void gs_contract_expect(const struct gs_contract *c, const struct gs_kernels *kernels, struct gs_workspace *ws);

/* Writes the instruction's tensor, not the padding behind it. in: the instruction that was matched. GS_ENOMEM. */
GS_MUST enum gs_err gs_contract_run(const struct gs_contract *c, const struct gs_instr *in, const struct gs_memory *mem,
                                    const struct gs_kernels *kernels, struct gs_pool *pool, struct gs_workspace *ws);

#endif
