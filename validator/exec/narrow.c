#include "validator/exec/narrow.h"

#include "validator/exec/tiles.h"

#include <stdatomic.h>
#include <string.h>

enum {
	BLOCK_NUMBERS = 6 << 10, /* of rows at once: they and their bytes stay in the first-level cache */
	WORK_GRAIN = 1 << 17,    /* products worth handing to another thread */
	LANES_MOST = 1 << 7,     /* beyond which the rows' part is small */
};

struct narrow_job {
	const struct gs_contract *c;
	const struct gs_instr *in;
	const struct gs_memory *mem;
	const struct gs_kernels *kernels;
	struct gs_workspace *ws;
	const int32_t *rows_from; /* of the tensor: its first line */
	int64_t apart;            /* numbers from a row to the next */
	bool flat;                /* rows meet: a block is one stretch */
	unsigned tile_rows;
	uint64_t block_rows, blocks; /* of one batch; the last block has up to tile_rows - 1 rows more */
	atomic_bool wide;            /* a number does not fit */
};

bool gs_narrow_fits(const struct gs_contract *c, const struct gs_instr *in, const struct gs_kernels *kernels)
{
	const struct gs_contraction *is = &c->is;
	const struct gs_factor *w = &is->w;
	int64_t apart;
	if (is->words < 2 || !c->packed_x || c->packed_w || is->pitch || c->width >= GS_APART_WIDTHS ||
	    kernels->ints->rows[c->ints.kind][c->width] == NULL || !gs_words_even_lines(is, w, &apart) || apart <= 0)
		return false;
	if (is->rows.count != 1 || is->rows.points < kernels->tile_rows[1] || is->lanes.count != 1 ||
	    is->lanes.points > LANES_MOST || is->out_step[is->lanes.axis[0]] != 1 || !is->start_constant)
		return false;
	uint64_t words = w->stage[w->stage_dims - 1].length;
	if (is->terms != words || words > GS_BLOCK_TERMS || w->at != 0 || w->step[is->rows.axis[0]] != (int64_t)words)
		return false;
	for (unsigned i = 0; i < is->batch.count; i++)
		if (w->step[is->batch.axis[i]] < 0)
			return false;
	return (in->epilogue == 0 && in->store_dtype == GS_I32) ||
	       (in->epilogue == GS_FN_I32_TO_F32 && in->store_dtype == GS_F32);
}

/* ---- a block of rows ---- */

struct block {
	const struct narrow_job *job;
	struct gs_contract_worker *s;
	uint64_t batch, row, rows;
	struct gs_words words; /* how its numbers stand */
	const uint8_t *w;      /* narrow */
	size_t w_row;          /* bytes from a row to the next */
	uint32_t *out;         /* of its first row */
	size_t out_row;
};

static const int32_t *numbers_of(const struct block *b)
{
	const struct gs_contraction *c = &b->job->c->is;
	int64_t line = gs_batch_at(c, b->batch, c->w.step) / (int64_t)c->terms + (int64_t)b->row;
	return b->job->rows_from + line * b->job->apart;
}

/* False when they do not fit. */
static bool narrow(struct block *b)
{
	const struct narrow_job *job = b->job;
	const struct gs_contraction *c = &job->c->is;
	const struct gs_ints *ints = job->kernels->ints;
	const int32_t *in = numbers_of(b);
	size_t terms = c->word_extent, n = (size_t)((int64_t)(b->rows - 1) * job->apart) + terms;
	bool bytes = job->c->ints.kind == GS_WORDS_8;
	int32_t low, high;
	void *to = b->s->block;
	b->w = to;
	b->w_row = job->flat ? (size_t)job->apart * (bytes ? 1 : 2) : (size_t)c->terms * sizeof(uint32_t);
	if (job->flat && !bytes) {
		b->words = (struct gs_words){GS_WORDS_16, 0};
		return ints->halves(to, in, n);
	}
	ints->range(in, job->flat ? n : terms, &low, &high);
	for (size_t r = 1; r < b->rows && !job->flat; r++) {
		int32_t least, greatest;
		ints->range(in + (int64_t)r * job->apart, terms, &least, &greatest);
		low = least < low ? least : low;
		high = greatest > high ? greatest : high;
	}
	b->words = gs_words_between(low, high, ints, false, job->c->ints.kind);
	if (b->words.kind != job->c->ints.kind)
		return false;
	if (job->flat)
		ints->narrow_8(to, in, n, b->words.from);
	else
		(bytes ? ints->lines_8 : ints->lines_16)(to, in, (ptrdiff_t)job->apart, terms, (size_t)b->rows,
		                                         b->words.from);
	return true;
}

/* What accumulators begin with (contract.h): a number a row, and one a lane of the batch. */
static void open_sums(const struct block *b)
{
	const struct narrow_job *job = b->job;
	const struct gs_contraction *c = &job->c->is;
	uint32_t *start = (uint32_t *)(void *)b->s->start, init = gs_f32_to_bits(c->start_value);
	const uint32_t p = (uint32_t)job->c->ints.x.from, q = (uint32_t)b->words.from;
	const uint64_t padded = gs_round_up(c->lanes.points, job->kernels->lanes);
	if (p == 0)
		memset(start, 0, b->rows * sizeof(*start));
	else
		job->kernels->ints->rows_sums(start, b->w, b->w_row, (size_t)b->rows, c->word_extent);
	for (size_t r = 0; r < b->rows; r++)
		start[r] = init + p * (start[r] + (uint32_t)c->products * q);
	const uint32_t *sums = job->c->ints.x_sums + b->batch * padded;
	for (size_t l = 0; l < padded; l++)
		b->s->lane_add[l] = q * sums[l];
}

/* All rows beside one panel of lanes. Where those end within the panel tiles leave what they have in the worker's memory. */
static void run_panel(const struct block *b, uint64_t lane, size_t wide, unsigned width)
{
	const struct narrow_job *job = b->job;
	const struct gs_contraction *c = &job->c->is;
	gs_kernel_int_rows *run = job->kernels->ints->rows[job->c->ints.kind][width];
	const uint64_t padded = gs_round_up(c->lanes.points, job->kernels->lanes), most = job->tile_rows;
	const size_t lanes = (size_t)(c->lanes.points - lane < wide ? c->lanes.points - lane : wide);
	const uint32_t *start = (const uint32_t *)(const void *)b->s->start;
	uint32_t *tile = (uint32_t *)(void *)b->s->tile;
	struct gs_int_rows t = {.terms = (size_t)c->terms,
	                        .x = (const uint32_t *)(const void *)job->c->packed_x +
	                             (b->batch * padded + lane) * c->terms,
	                        .x_step = wide,
	                        .w_row = b->w_row,
	                        .lane_add = b->s->lane_add + lane,
	                        .out_row = lanes == wide ? b->out_row : wide};
	for (uint64_t row = 0, rows; row < b->rows; row += rows) {
		uint64_t first = b->rows - row < most ? b->rows - most : row; /* the last tile: some rows again */
		t.tiles = lanes == wide && b->rows - row >= most ? (size_t)((b->rows - row) / most) : 1;
		rows = first < row ? b->rows - row : t.tiles * most;
		t.w = b->w + first * b->w_row;
		t.start = start + first;
		t.out = lanes == wide ? b->out + first * b->out_row + lane : tile;
		if (lane == 0) { /* the next block's numbers, as many as a tile has */
			t.ahead = (const uint8_t *)(numbers_of(b) + (int64_t)(b->rows + row) * job->apart);
			t.ahead_step = most * job->c->is.words * sizeof(int32_t);
		}
		run(&t);
		for (size_t r = 0; r < most && lanes < wide; r++)
			memcpy(b->out + (first + r) * b->out_row + lane, tile + r * wide, lanes * sizeof(*tile));
	}
}

static void run_block(struct block *b)
{
	const struct narrow_job *job = b->job;
	const struct gs_contraction *c = &job->c->is;
	struct gs_contract_job panels = {.c = job->c, .kernels = job->kernels}; /* as gs_panel_at wants it */
	unsigned width;
	b->out_row = (size_t)c->out_step[c->rows.axis[0]];
	b->out = (uint32_t *)(void *)(job->mem->trace + (size_t)c->first_chunk * GS_CHUNK_BYTES) +
	         gs_batch_at(c, b->batch, c->out_step) + b->row * b->out_row;
	open_sums(b);
	for (uint64_t lane = 0, wide; lane < c->lanes.points; lane += wide) {
		wide = gs_panel_at(&panels, lane, &width);
		run_panel(b, lane, (size_t)wide, width);
	}
	for (size_t r = 0; r < b->rows && job->in->epilogue != 0; r++)
		job->kernels->ints->to_f32(b->out + r * b->out_row, b->out + r * b->out_row, (size_t)c->lanes.points);
}

/* Items: blocks of every batch. */
static void run_blocks(void *self, unsigned thread, uint64_t first, uint64_t last)
{
	struct narrow_job *job = self;
	for (uint64_t i = first; i < last && !atomic_load_explicit(&job->wide, memory_order_relaxed); i++) {
		struct block b = {.job = job, .s = job->ws->worker[thread], .batch = i / job->blocks};
		b.row = i % job->blocks * job->block_rows;
		b.rows = i % job->blocks + 1 < job->blocks ? job->block_rows : job->c->is.rows.points - b.row;
		if (narrow(&b))
			run_block(&b);
		else
			atomic_store_explicit(&job->wide, true, memory_order_relaxed);
	}
}

bool gs_narrow_run(const struct gs_contract *c, const struct gs_instr *in, const struct gs_memory *mem,
                   const struct gs_kernels *kernels, struct gs_pool *pool, struct gs_workspace *ws)
{
	const struct gs_contraction *is = &c->is;
	struct narrow_job job = {
		.c = c, .in = in, .mem = mem, .kernels = kernels, .ws = ws, .tile_rows = kernels->tile_rows[1]};
	const uint8_t *base = gs_array_of(mem, is->w.space) + (size_t)is->w.chunk * GS_CHUNK_BYTES;
	bool even = gs_words_even_lines(is, &is->w, &job.apart);
	GS_ASSERT(even);
	job.rows_from = (const int32_t *)(const void *)base + is->w.stage_from;
	job.flat = job.apart <= (int64_t)is->word_extent;
	uint64_t most = BLOCK_NUMBERS / is->word_extent;
	most = most < GS_ITEM_ROWS / 2 ? most : GS_ITEM_ROWS / 2;
	job.block_rows = most < job.tile_rows ? job.tile_rows : most / job.tile_rows * job.tile_rows;
	/* the last block has all that is not as much as a tile besides */
	job.blocks = is->rows.points / job.block_rows;
	uint64_t rest = is->rows.points - job.blocks * job.block_rows;
	job.blocks += job.blocks == 0 || rest >= job.tile_rows;
	uint64_t products = job.block_rows * is->lanes.points * is->terms;
	gs_pool_run(pool, is->batch.points * job.blocks, WORK_GRAIN / products + 1, run_blocks, &job);
	return !atomic_load_explicit(&job.wide, memory_order_relaxed);
}
