/* validator/exec/fuse.h: element-wise instructions in a row that are run together, and with what comes before them.
 *
 * A product's, convolution's or depthwise convolution's output is often walked by element-wise instructions at once: a bias,
 * an activation, a residual. Where it exceeds the caches it would be written to memory and read again. So they are run on
 * each part of it when that part has just been written, by the thread that wrote it, while it is in the first caches. The
 * scalar operations and their order are the same, so the bits are. */
#ifndef GS_VALIDATOR_EXEC_FUSE_H
#define GS_VALIDATOR_EXEC_FUSE_H

#include "validator/exec/blocks.h"
#include "validator/exec/places.h"

/* A tensor of so many chunks, 16 MiB, has left the caches when it is read again. Below that sweeps gain nothing by running among
 * tiles, which they drive out of the first-level cache: they wait for their arithmetic, not for memory. */
#define GS_FUSE_CHUNKS_MIN ((UINT32_C(1) << 24) / GS_CHUNK_BYTES)

/* Tensors of so many chunks, 1 MiB, are worth being spared where a group alone reads them; smaller ones stay in the caches, one
 * over another. */
#define GS_FUSE_SPARE_MIN ((UINT32_C(1) << 20) / GS_CHUNK_BYTES)

/* last: of gs_blocks_find. Where a group reads what a sum of products just before it has written, a tensor of at least so many
 * chunks, each element at its own place, that instruction becomes the group's first. */
void gs_fuse_producers(const struct gs_program *p, uint32_t *last, uint32_t chunks_min);

/* Sweeps of consecutive instructions from `first` on, ready to be run as blocks. places: NULL, or where tensors lie in runs
 * for the outputs alone, which do without those that nobody else reads. GS_ENOMEM. */
GS_MUST enum gs_err gs_fuse_blocks(const struct gs_places *places, uint32_t first, const struct gs_sweep *const *sweep,
                                   unsigned n, struct gs_blocks **out);

#endif
