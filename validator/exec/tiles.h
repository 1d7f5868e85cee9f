/* validator/exec/tiles.h: what contract.c hands to tiles.c: one contraction under way, and its work items.
 *
 * An item is a block of rows and lanes of one batch. For every block of terms it brings the lanes' factor into panels that
 * stay in the second-level cache, or reads it where it lies, and then lets one tile of rows after the other run over all of
 * them. A tile goes from panel to panel by itself where both factors and output lie evenly, which is the rule: so the
 * output is written line by line, what is fetched next is known, and few terms do not cost a call a tile. */
#ifndef GS_VALIDATOR_EXEC_TILES_H
#define GS_VALIDATOR_EXEC_TILES_H

#include "validator/exec/blocks.h"
#include "validator/exec/contract.h"
#include "validator/exec/exec.h"
#include "validator/exec/pack.h"

enum {
	GS_BLOCK_TERMS = 256,                 /* a panel's part stays in the first-level cache */
	GS_ITEM_ROWS = 1344,                  /* at most; whole tiles of 4, 6, 8 or 14 rows */
	GS_ACC_LANES = 2 * GS_TILE_LANES_MAX, /* of an item with several blocks of terms, at most; whole panels */
	GS_ITEM_LANES = 8 * GS_ACC_LANES,     /* of one with few terms */
	GS_BLOCK_ELEMENTS = 1 << 16,          /* an item's panels: half of the second-level cache, or less */
	GS_PANEL_GAP = 16,                    /* between panels, which would compete for the same places */
	GS_ITEM_PANELS = GS_ITEM_LANES / 4,   /* at most: vectors have four lanes or more */
};

struct gs_buffer {       /* grows to the greatest need */
	void *ptr;       /* aligned to lines of the cache */
	size_t bytes;    /* that it has, or the greatest need that is known of beforehand */
	uint8_t *memory; /* owned: that it lies in; NULL until it is needed */
};

struct gs_panel {
	size_t lane, lanes, wide; /* within the item; wide: with the empty lanes */
	unsigned width;           /* 1 << width vectors */
	unsigned run, runs;       /* of the worker's, that lie in this panel */
	bool neighbours, follows; /* in x: its lanes of each other, the first one of the panel before */
	bool straight;            /* stored as the tile leaves it, where the output has it */
	unsigned together;        /* panels from this one on that a tile can take one after another */
	size_t at;                /* in the worker's block, where it is packed */
	bool start_neighbours;    /* in the start, where that moves on lanes */
	bool start_shared;        /* ...and on nothing else, and can be read where it lies */
	/* the block of terms under way, as struct gs_tile has it */
	const float *x;
	const int64_t *x_at;
	size_t x_step;
};

struct gs_run_of_lanes {    /* neighbours in the output */
	size_t lane, lanes; /* within the item */
	int64_t out;
};

struct gs_contract_worker { /* of one thread */
	/* where the lanes and rows of the latest item lie; batches share them */
	uint64_t serial, lane, row;
	int64_t lane_x[GS_ITEM_LANES], lane_start[GS_ITEM_LANES];
	int64_t row_out[GS_ITEM_ROWS], row_start[GS_ITEM_ROWS];
	unsigned panels;
	struct gs_panel panel[GS_ITEM_PANELS];
	struct gs_run_of_lanes run[GS_ITEM_LANES];

	float start[GS_ITEM_ROWS];
	float tile[GS_TILE_ROWS_MAX *
	           (GS_ITEM_LANES + GS_TILE_LANES_MAX)]; /* of one tile of rows, what is not stored as it is */
	float block[GS_BLOCK_ELEMENTS + GS_ITEM_PANELS * GS_PANEL_GAP]; /* the panels of one block of terms */
	float *acc; /* GS_ITEM_ROWS * GS_ACC_LANES, between blocks of terms */
	/* of integers: sums of x', over the terms so far, and what they add to accumulators */
	uint32_t lane_sums[GS_ITEM_LANES + GS_TILE_LANES_MAX], lane_add[GS_ITEM_LANES + GS_TILE_LANES_MAX];
};

struct gs_workspace {
	unsigned threads;
	uint64_t serial;                                        /* counts parts of jobs */
	struct gs_contract_worker *worker[GS_EXEC_THREADS_MAX]; /* NULLs until the first contraction */
	void *memory[GS_EXEC_THREADS_MAX];                      /* that of the workers */
	const struct gs_blocks_bound *after;
	struct gs_buffer stage_x, stage_w, packed_w, term_x, term_w, w_sums;
};

struct gs_contract_job {
	const struct gs_contract *c;
	const struct gs_instr *in;
	const struct gs_memory *mem;
	const struct gs_kernels *kernels;
	struct gs_workspace *ws;
	const struct gs_blocks_bound *after; /* NULL, or run on what a tile of rows has written */
	struct gs_packing x, w;
	float *packed;                                  /* where rows (or lanes) are being packed to */
	const float *packed_w;                          /* the part's rows, [batch][tile][term][row]... */
	bool w_apart;                                   /* ...or NULL: they are read where they lie, evenly apart */
	struct gs_words x_words, w_words;               /* of integers: how both factors stand in words... */
	uint32_t *w_sums;                               /* ...and sums of w' of the part's rows, [batch][row] */
	uint32_t *x_sums;                               /* where pack_lanes leaves sums of x' */
	uint64_t batch_first, batches, row_first, rows; /* the part */
	uint64_t serial;                                /* its number */
	uint64_t item_rows, item_lanes, row_items, lane_items;
	bool batch_inner; /* items that differ in nothing but their batch follow each other */
	size_t panel;     /* lanes of a full panel */
};

/* Runs items [first, last) of the part of a struct gs_contract_job: work of a pool. */
void gs_contract_items(void *self, unsigned thread, uint64_t first, uint64_t last);

/* sums[l] = start[l] + the sum of what stands in the words of the panel's lane l. */
void gs_lane_sums(const struct gs_contract_job *job, const struct gs_panel *p, size_t terms, const uint32_t *start,
                  uint32_t *sums);

/* The panel that begins at a lane: as wide as a tile, or, of what is left, the widest without an empty vector. */
size_t gs_panel_at(const struct gs_contract_job *job, uint64_t lane, unsigned *width);

int64_t gs_batch_at(const struct gs_contraction *c, uint64_t batch, const int64_t *step);

static inline uint64_t gs_round_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) / to * to;
}

static inline const uint8_t *gs_array_of(const struct gs_memory *mem, uint8_t space)
{
	return gs_memory_array(mem, (enum gs_space)space);
}

#endif
