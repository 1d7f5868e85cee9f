#include "chain/core/pages.h"
#include "validator/exec/narrow.h"
#include "validator/exec/tiles.h"

#include <stdlib.h>
#include <string.h>

enum {
	WORK_GRAIN = 1 << 17, /* products worth handing to another thread */
	STRETCH_MIN = 512,    /* elements that outweigh a call of each sweep */
	APART_TERMS = 256,    /* of rows that are read where they lie, ... */
	APART_VECTORS = 8,    /* ...beside so many vectors of lanes, ... */
	APART_UNIT = 1 << 10, /* ...bytes: the greatest power of two in their distance */
};

/* ---- memory ---- */

static void *new_memory(size_t bytes)
{
	size_t whole = (bytes + 63) / 64 * 64;
	void *p = aligned_alloc(64, whole + 64);
	if (!p)
		return NULL;
	gs_large_pages(p, whole + 64);
	gs_pages_now(p, whole + 64);
	memset(p, 0, whole + 64); /* unused lanes are read, and must be numbers */
	return p;
}

/* Zeros that the system has ready: pages that nobody writes are never there. What fills half a large page or more gets whole
 * ones: a fault takes longer than clearing its page. */
static void *need(struct gs_buffer *b, uint64_t count, size_t size)
{
	if (b->memory == NULL || b->bytes < count * size) {
		b->bytes = b->bytes < count * size ? (size_t)(count * size) : b->bytes;
		free(b->memory);
		size_t align = b->bytes >= GS_LARGE_PAGE / 2 ? GS_LARGE_PAGE : 64;
		size_t whole = (b->bytes + 64 + align - 1) / align * align;
		b->memory = calloc(1, whole + align); /* unused lanes are read, and must be numbers */
		b->ptr = b->memory ? b->memory + (align - (uintptr_t)b->memory % align) : NULL;
		if (b->memory)
			gs_large_pages(b->ptr, whole);
	}
	return b->ptr;
}

/* A need that will come: buffers that grow from instruction to instruction would have their pages given out anew each time. */
static void expect(struct gs_buffer *b, uint64_t count, size_t size)
{
	if (b->memory == NULL && b->bytes < count * size)
		b->bytes = (size_t)(count * size);
}

enum gs_err gs_workspace_new(unsigned threads, struct gs_workspace **out)
{
	struct gs_workspace *ws = calloc(1, sizeof(*ws));
	GS_ASSERT(threads <= GS_EXEC_THREADS_MAX);
	if (!ws)
		return GS_ENOMEM;
	ws->threads = threads;
	*out = ws;
	return GS_OK;
}

/* Programs without a contraction do without workers. */
static enum gs_err need_workers(struct gs_workspace *ws)
{
	for (unsigned t = 0; t < ws->threads; t++) {
		if (ws->worker[t])
			continue;
		/* zeros, which take no memory before they are used */
		struct gs_contract_worker *w = NULL;
		if ((ws->memory[t] = calloc(1, sizeof(*w) + 64)) == NULL)
			return GS_ENOMEM;
		w = (void *)((uint8_t *)ws->memory[t] + (64 - (uintptr_t)ws->memory[t] % 64));
		w->acc = aligned_alloc(64, sizeof(float) * GS_ITEM_ROWS * GS_ACC_LANES);
		ws->worker[t] = w;
		if (!w->acc)
			return GS_ENOMEM;
	}
	return GS_OK;
}

void gs_workspace_free(struct gs_workspace *ws)
{
	if (!ws)
		return;
	for (unsigned t = 0; t < ws->threads; t++) {
		if (ws->worker[t])
			free(ws->worker[t]->acc);
		free(ws->memory[t]);
	}
	free(ws->stage_x.memory);
	free(ws->stage_w.memory);
	free(ws->packed_w.memory);
	free(ws->term_x.memory);
	free(ws->term_w.memory);
	free(ws->w_sums.memory);
	free(ws);
}

void gs_workspace_after(struct gs_workspace *ws, const struct gs_blocks_bound *after)
{
	ws->after = after;
}

uint64_t gs_workspace_bytes(const struct gs_workspace *ws)
{
	const struct gs_buffer *buffer[] = {&ws->stage_x, &ws->stage_w, &ws->packed_w,
	                                    &ws->term_x,  &ws->term_w,  &ws->w_sums};
	uint64_t bytes = sizeof(*ws);
	for (unsigned i = 0; i < GS_ARRAY_LEN(buffer); i++)
		bytes += buffer[i]->memory ? buffer[i]->bytes : 0;
	for (unsigned t = 0; t < ws->threads; t++)
		if (ws->worker[t])
			bytes += sizeof(*ws->worker[t]) + sizeof(float) * GS_ITEM_ROWS * GS_ACC_LANES;
	return bytes;
}

/* ---- what is computed how ---- */

static void choose_tile(struct gs_contract *out, const struct gs_kernels *kernels)
{
	uint64_t rows = out->is.rows.points, lanes = out->is.lanes.points;
	out->width = 1; /* two vectors: the most rows, so the fewest loads a product */
	while (out->width + 1 < GS_TILE_WIDTHS && rows <= kernels->tile_rows[out->width + 1])
		out->width++; /* few rows: more vectors, so that enough chains are under way at once */
	while (out->width > 0 && (kernels->lanes << (out->width - 1)) >= lanes)
		out->width--;
	uint64_t most = kernels->tile_rows[out->width];
	uint64_t tiles = (rows + most - 1) / most;
	out->tile_rows = (unsigned)((rows + tiles - 1) / tiles);
}

static enum gs_words_kind least_kind(const struct gs_kernels *kernels)
{
	return kernels->ints->tile[GS_WORDS_8][0][0] ? GS_WORDS_8 : GS_WORDS_16;
}

/* Nothing is packed. */
static void begin_match(struct gs_contract *out)
{
	out->packed_x = out->packed_w = NULL;
	memset(&out->ints, 0, sizeof(out->ints));
}

static bool match_integers(const struct gs_instr *in, const struct gs_kernels *kernels, enum gs_words_kind kind,
                           struct gs_contract *out)
{
	begin_match(out);
	if (!gs_pattern_integers(in, kernels->lanes, gs_words_terms(kind), &out->is))
		return false;
	out->ints.kind = kind;
	choose_tile(out, kernels);
	return true;
}

bool gs_contract_match(const struct gs_instr *in, const struct gs_kernels *kernels, struct gs_contract *out)
{
	if (in->form == GS_FOLD && in->fn == GS_FN_I32_MULADD) /* with words of any kind */
		return match_integers(in, kernels, GS_WORDS_32, out) && match_integers(in, kernels, GS_WORDS_16, out) &&
		       match_integers(in, kernels, least_kind(kernels), out);
	begin_match(out);
	if (!gs_pattern_contraction(in, kernels->lanes, &out->is))
		return false;
	choose_tile(out, kernels);
	return true;
}

bool gs_contract_stages(const struct gs_contract *c, uint32_t *chunk)
{
	*chunk = c->is.x.chunk;
	return c->is.words == 0 && c->is.x.space == GS_SPACE_TRACE && c->is.x.stage_dims != 0;
}

/* Packing a row costs as much as its products with a few vectors; and a tile's rows stay in the first-level cache, unless
 * their lines compete for the same places. */
bool gs_contract_reads_apart(const struct gs_contract *c, const struct gs_kernels *kernels)
{
	const struct gs_contraction *is = &c->is;
	if (c->packed_w || is->words || is->pitch || is->rows.count != 1 || c->width >= GS_APART_WIDTHS ||
	    is->terms > APART_TERMS || is->lanes.points > APART_VECTORS * kernels->lanes)
		return false;
	uint64_t apart = (uint64_t)is->w.step[is->rows.axis[0]] * sizeof(float), unit = apart & (0 - apart);
	return is->w.step[is->rows.axis[0]] > 0 && unit <= APART_UNIT;
}

/* Lanes of an item: more of few terms. */
static uint64_t most_lanes(const struct gs_contract *c)
{
	uint64_t most = GS_BLOCK_ELEMENTS / c->is.terms / GS_ACC_LANES * GS_ACC_LANES;
	return most < GS_ACC_LANES ? GS_ACC_LANES : most > GS_ITEM_LANES ? GS_ITEM_LANES : most;
}

bool gs_contract_tells(const struct gs_contract *c)
{
	const struct gs_contraction *is = &c->is;
	uint64_t lanes = is->lanes.points, most = most_lanes(c);
	if (is->lanes.count == 0 || is->out_step[is->lanes.axis[is->lanes.count - 1]] != 1)
		return false;
	for (unsigned i = 0; i + 1 < is->lanes.count; i++) /* lines of lanes that follow each other */
		if (is->out_step[is->lanes.axis[i]] !=
		    is->out_step[is->lanes.axis[i + 1]] * (int64_t)is->extent[is->lanes.axis[i + 1]])
			return false;
	if (lanes > most)
		return most >= STRETCH_MIN;
	bool rows_follow = is->rows.count == 1 && is->out_step[is->rows.axis[0]] == (int64_t)lanes;
	return lanes >= STRETCH_MIN || rows_follow;
}

void gs_contract_drop(struct gs_contract *c)
{
	free(c->packed_x);
	free(c->packed_w);
	free(c->ints.x_sums);
	free(c->ints.w_sums);
	c->packed_x = c->packed_w = NULL;
	c->ints.x_sums = c->ints.w_sums = NULL;
}

/* What a reduction axis that moves a phased dimension adds to every term. */
static void add_phased(const struct gs_contraction *c, const struct gs_stage_dim *dim, int64_t *at)
{
	uint64_t inner = 1;
	for (unsigned a = dim->axis + 1U; a < c->out_axes + c->red_axes; a++)
		inner *= c->extent[a];
	for (uint64_t t = 0; t < c->terms; t++) {
		int64_t coordinate = (int64_t)(t / inner % c->extent[dim->axis]);
		at[t] += gs_stage_place(dim, dim->first + coordinate * dim->axis_coef);
	}
}

/* One factor, ready to be packed or read. */
static enum gs_err open_factor(const struct gs_contraction *c, const struct gs_factor *f, const uint8_t *array,
                               struct gs_words words, const struct gs_kernels *kernels, struct gs_pool *pool,
                               struct gs_buffer *stage, struct gs_buffer *term, struct gs_packing *out)
{
	struct gs_axis_list reduced = {.points = c->terms};
	const uint8_t *base = array + (size_t)f->chunk * GS_CHUNK_BYTES;
	for (unsigned a = c->out_axes; a < c->out_axes + c->red_axes; a++)
		reduced.axis[reduced.count++] = (uint8_t)a;
	int64_t *at = need(term, c->terms, sizeof(*at));
	if (!at)
		return GS_ENOMEM;
	gs_walk(&reduced, c->extent, 0, (size_t)c->terms, f->step, at);
	for (unsigned d = 0; d < f->stage_dims; d++)
		if (f->stage[d].axis != GS_AXES_MAX)
			add_phased(c, &f->stage[d], at);
	*out = (struct gs_packing){.array = (const float *)(const void *)base, .term = at, .unit_terms = true};
	for (uint64_t t = 1; t < c->terms && out->unit_terms; t++)
		out->unit_terms = at[t] == at[t - 1] + 1;
	if (f->stage_dims == 0)
		return GS_OK;
	float *copy = need(stage, f->stage_elements + GS_TILE_LANES_MAX,
	                   sizeof(*copy)); /* the last panel's empty lanes */
	if (!copy)
		return GS_ENOMEM;
	if (c->words)
		gs_words_fill(c, f, base, words, kernels->ints, pool, (uint32_t *)(void *)copy);
	else
		gs_stage_fill(f, base, kernels, pool, copy);
	out->array = copy;
	return GS_OK;
}

/* ---- packing rows and lanes ---- */

/* Where n rows from one on begin in w. Few terms leave little time for a walk a tile. */
static void rows_at(const struct gs_contraction *c, uint64_t row, size_t n, int64_t base, int64_t *at)
{
	if (c->rows.count == 1) {
		int64_t step = c->w.step[c->rows.axis[0]];
		for (size_t r = 0; r < n; r++)
			at[r] = base + (int64_t)(row + r) * step;
		return;
	}
	gs_walk(&c->rows, c->extent, row, n, c->w.step, at);
	for (size_t r = 0; r < n; r++)
		at[r] += base;
}

/* Items: the tiles of every batch, [batch][tile][term][row]. */
static void pack_rows(void *self, unsigned thread, uint64_t first, uint64_t last)
{
	const struct gs_contract_job *job = self;
	const struct gs_contraction *c = &job->c->is;
	(void)thread;
	uint64_t tile_rows = job->c->tile_rows, tiles = (job->rows + tile_rows - 1) / tile_rows;
	for (uint64_t i = first; i < last; i++) {
		int64_t at[GS_TILE_ROWS_MAX];
		uint64_t b = i / tiles, row = i % tiles * tile_rows;
		uint64_t n = job->rows - row < tile_rows ? job->rows - row : tile_rows;
		int64_t base = c->w.at + gs_batch_at(c, job->batch_first + b, c->w.step);
		rows_at(c, job->row_first + row, (size_t)n, base, at);
		float *to = job->packed + (b * job->rows + row) * c->terms;
		gs_pack(&job->w, job->kernels, at, (size_t)n, 0, (size_t)c->terms, to, (size_t)n);
		if (job->w_sums)
			job->kernels->ints->row_sums[job->w_words.kind](job->w_sums + b * job->rows + row,
			                                                (const uint32_t *)(const void *)to, (size_t)n,
			                                                (size_t)c->terms);
	}
}

static void pack_rows_of(struct gs_contract_job *job, struct gs_pool *pool, float *to)
{
	uint64_t tiles = (job->rows + job->c->tile_rows - 1) / job->c->tile_rows;
	job->packed = to;
	gs_pool_run(pool, job->batches * tiles, (1 << 14) / (job->c->is.terms * job->c->tile_rows) + 1, pack_rows, job);
}

/* Items: blocks of full panels of every batch, [batch][panel][term][lane]. */
static void pack_lanes(void *self, unsigned thread, uint64_t first, uint64_t last)
{
	const struct gs_contract_job *job = self;
	const struct gs_contraction *c = &job->c->is;
	struct gs_contract_worker *s = job->ws->worker[thread];
	uint64_t blocks = (c->lanes.points + job->panel - 1) / job->panel;
	uint64_t padded = gs_round_up(c->lanes.points, job->kernels->lanes);
	for (uint64_t i = first; i < last; i++) {
		uint64_t b = i / blocks, lane = i % blocks * job->panel;
		uint64_t end = lane + job->panel < c->lanes.points ? lane + job->panel : c->lanes.points;
		int64_t base = c->x.at + gs_batch_at(c, b, c->x.step);
		unsigned width;
		for (size_t wide; lane < end; lane += wide) {
			wide = gs_panel_at(job, lane, &width);
			size_t n = (size_t)(end - lane < wide ? end - lane : wide);
			gs_walk(&c->lanes, c->extent, lane, n, c->x.step, s->lane_x);
			for (size_t l = 0; l < n; l++)
				s->lane_x[l] += base;
			float *to = job->packed + (b * padded + lane) * c->terms;
			gs_pack(&job->x, job->kernels, s->lane_x, n, 0, (size_t)c->terms, to, wide);
			static const uint32_t none[GS_TILE_LANES_MAX];
			struct gs_panel panel = {.wide = wide, .width = width, .x = to, .x_step = wide};
			if (job->x_sums)
				gs_lane_sums(job, &panel, (size_t)c->terms, none, job->x_sums + b * padded + lane);
		}
	}
}

/* A factor is worth keeping packed when it is a constant and packing does not repeat its elements. */
static bool constant(const struct gs_factor *f, uint64_t elements, uint64_t budget)
{
	return f->space == GS_SPACE_WEIGHTS && elements <= 2 * f->count + 4096 && elements * sizeof(float) <= budget;
}

/* Integers: whether a constant stands in words of the kind that the instruction was matched with. */
static bool fits(const struct gs_contract *c, const struct gs_factor *f, const uint8_t *weights,
                 const struct gs_kernels *kernels, struct gs_words *out)
{
	if (c->is.words == 0)
		return true;
	*out = gs_words_for(f, weights + (size_t)f->chunk * GS_CHUNK_BYTES, kernels->ints, f == &c->is.x, c->ints.kind);
	return out->kind == c->ints.kind;
}

enum gs_err gs_contract_prepack(struct gs_contract *c, const uint8_t *weights, const struct gs_kernels *kernels,
                                struct gs_pool *pool, struct gs_workspace *ws, uint64_t *budget)
{
	const struct gs_contraction *is = &c->is;
	struct gs_contract_job job = {.c = c, .kernels = kernels, .ws = ws, .panel = kernels->lanes << c->width};
	uint64_t batches = is->batch.points;
	uint64_t padded = gs_round_up(is->lanes.points, kernels->lanes);
	/* Counts of elements are at most 2^31 and terms 2^18, so the products stay below 2^63. */
	uint64_t for_w = batches * is->rows.points * is->terms, for_x = batches * padded * is->terms;
	enum gs_err err = need_workers(ws);
	if (err != GS_OK)
		return err;
	if (c->packed_w == NULL && constant(&is->w, for_w, *budget) && fits(c, &is->w, weights, kernels, &c->ints.w)) {
		job.w_words = c->ints.w;
		if ((c->packed_w = new_memory(for_w * sizeof(float))) == NULL)
			return GS_ENOMEM;
		if (is->words && (c->ints.w_sums = job.w_sums = new_memory(batches * is->rows.points * 4)) == NULL)
			return GS_ENOMEM;
		*budget -= for_w * sizeof(float);
		err = open_factor(is, &is->w, weights, c->ints.w, kernels, pool, &ws->stage_w, &ws->term_w, &job.w);
		job.batches = batches;
		job.rows = is->rows.points;
		if (err == GS_OK)
			pack_rows_of(&job, pool, c->packed_w);
	}
	if (err == GS_OK && c->packed_x == NULL && is->pitch == 0 && constant(&is->x, for_x, *budget) &&
	    fits(c, &is->x, weights, kernels, &c->ints.x)) {
		job.x_words = c->ints.x;
		if ((c->packed_x = new_memory(for_x * sizeof(float))) == NULL)
			return GS_ENOMEM;
		if (is->words && (c->ints.x_sums = job.x_sums = new_memory(batches * padded * 4)) == NULL)
			return GS_ENOMEM;
		*budget -= for_x * sizeof(float);
		err = open_factor(is, &is->x, weights, c->ints.x, kernels, pool, &ws->stage_x, &ws->term_x, &job.x);
		job.packed = c->packed_x;
		if (err == GS_OK)
			gs_pool_run(pool, batches * ((is->lanes.points + job.panel - 1) / job.panel),
			            (1 << 14) / (is->terms * job.panel) + 1, pack_lanes, &job);
	}
	return err;
}

/* Blocks as large as the caches like, but enough of them for all threads. */
static void cut_items(struct gs_contract_job *job, unsigned threads)
{
	const struct gs_contract *c = job->c;
	uint64_t lanes = c->is.lanes.points, panel = job->panel, want = threads > 1 ? 2 * threads : 1;
	uint64_t most = most_lanes(c);
	job->item_lanes = lanes < most ? gs_round_up(lanes, panel) : most;
	job->item_rows = GS_ITEM_ROWS / c->tile_rows * c->tile_rows;
	for (;;) {
		job->lane_items = (lanes + job->item_lanes - 1) / job->item_lanes;
		job->row_items = (job->rows + job->item_rows - 1) / job->item_rows;
		if (job->batches * job->lane_items * job->row_items >= want)
			return;
		if (job->item_lanes > panel)
			job->item_lanes = gs_round_up(job->item_lanes / 2, panel);
		else if (job->item_rows > c->tile_rows && job->rows > c->tile_rows)
			job->item_rows = gs_round_up(job->item_rows / 2, c->tile_rows);
		else
			return;
	}
}

static void run_part(struct gs_contract_job *job, struct gs_pool *pool)
{
	const struct gs_contraction *c = &job->c->is;
	cut_items(job, gs_pool_threads(pool));
	job->serial = ++job->ws->serial;
	job->batch_inner = job->row_items * job->lane_items > 1 && job->rows <= job->c->tile_rows;
	uint64_t items = job->batches * job->lane_items * job->row_items;
	uint64_t products = job->item_lanes * job->item_rows * c->terms;
	gs_pool_run(pool, items, WORK_GRAIN / (products ? products : 1) + 1, gs_contract_items, job);
}

static struct gs_words words_of(const struct gs_factor *f, const struct gs_memory *mem,
                                const struct gs_kernels *kernels, bool x, enum gs_words_kind least)
{
	const uint8_t *base = gs_array_of(mem, f->space) + (size_t)f->chunk * GS_CHUNK_BYTES;
	return gs_words_for(f, base, kernels->ints, x, least);
}

/* How both factors stand in words in this run. False when they need wider ones than those that *c was matched and packed
 * with; then *wider is the instruction matched with these. */
static bool choose_words(const struct gs_contract *c, const struct gs_memory *mem, const struct gs_kernels *kernels,
                         struct gs_contract_job *job, struct gs_contract *wider)
{
	enum gs_words_kind kind = c->ints.kind;
	job->x_words = c->packed_x ? c->ints.x : words_of(&c->is.x, mem, kernels, true, kind);
	job->w_words = c->packed_w ? c->ints.w : words_of(&c->is.w, mem, kernels, false, kind);
	while (job->x_words.kind != job->w_words.kind) {
		kind = job->x_words.kind > job->w_words.kind ? job->x_words.kind : job->w_words.kind;
		job->x_words = words_of(&c->is.x, mem, kernels, true, kind);
		job->w_words = words_of(&c->is.w, mem, kernels, false, kind);
	}
	if (job->x_words.kind == c->ints.kind)
		return true;
	bool matched = match_integers(job->in, kernels, job->x_words.kind, wider);
	GS_ASSERT(matched); /* gs_contract_match has tried all kinds */
	return false;
}

/* How many rows of how many batches are packed at once in a run. */
static void choose_part(const struct gs_contract *c, uint64_t *part_batches, uint64_t *part_rows)
{
	uint64_t batches = c->is.batch.points, rows = c->is.rows.points;
	uint64_t most_rows = GS_PACK_ELEMENTS_MAX / c->is.terms; /* at least 64 */
	*part_rows = rows < most_rows ? rows : most_rows / c->tile_rows * c->tile_rows;
	*part_batches = *part_rows < rows ? 1 : most_rows / rows < batches ? most_rows / rows : batches;
}

void gs_contract_expect(const struct gs_contract *c, const struct gs_kernels *kernels, struct gs_workspace *ws)
{
	uint64_t batches, rows;
	if (!c->packed_x && c->is.x.stage_dims)
		expect(&ws->stage_x, c->is.x.stage_elements + GS_TILE_LANES_MAX, sizeof(float));
	if (c->packed_w)
		return;
	if (c->is.w.stage_dims)
		expect(&ws->stage_w, c->is.w.stage_elements + GS_TILE_LANES_MAX, sizeof(float));
	choose_part(c, &batches, &rows);
	if (!gs_contract_reads_apart(c, kernels))
		expect(&ws->packed_w, batches * rows * c->is.terms, sizeof(float));
}

enum gs_err gs_contract_run(const struct gs_contract *c, const struct gs_instr *in, const struct gs_memory *mem,
                            const struct gs_kernels *kernels, struct gs_pool *pool, struct gs_workspace *ws)
{
	struct gs_contract wider;
	struct gs_contract_job job = {.in = in, .mem = mem, .kernels = kernels, .ws = ws, .after = ws->after};
	enum gs_err err = need_workers(ws);
	if (err != GS_OK)
		return err;
	if (ws->after == NULL && gs_narrow_fits(c, in, kernels) && gs_narrow_run(c, in, mem, kernels, pool, ws))
		return GS_OK;
	if (c->is.words && !choose_words(c, mem, kernels, &job, &wider))
		c = &wider;
	job.c = c;
	job.panel = kernels->lanes << c->width;
	const struct gs_contraction *is = &c->is;
	uint64_t batches = is->batch.points, rows = is->rows.points;
	if (!c->packed_x) {
		err = open_factor(is, &is->x, gs_array_of(mem, is->x.space), job.x_words, kernels, pool, &ws->stage_x,
		                  &ws->term_x, &job.x);
		if (err != GS_OK)
			return err;
	}
	job.batches = batches;
	job.rows = rows;
	job.packed_w = c->packed_w;
	if (c->packed_w) {
		job.w_sums = c->ints.w_sums;
		run_part(&job, pool);
		return GS_OK;
	}
	err = open_factor(is, &is->w, gs_array_of(mem, is->w.space), job.w_words, kernels, pool, &ws->stage_w,
	                  &ws->term_w, &job.w);
	if (err != GS_OK)
		return err;
	if (gs_contract_reads_apart(c, kernels)) {
		job.w_apart = true;
		run_part(&job, pool);
		return GS_OK;
	}
	choose_part(c, &job.batches, &job.rows);
	uint64_t part_rows = job.rows, part_batches = job.batches;
	float *packed = need(&ws->packed_w, part_batches * part_rows * is->terms, sizeof(float));
	if (!packed)
		return GS_ENOMEM;
	if (job.x_words.from != 0 && (job.w_sums = need(&ws->w_sums, part_batches * part_rows, 4)) == NULL)
		return GS_ENOMEM;
	job.packed_w = packed;
	for (job.batch_first = 0; job.batch_first < batches; job.batch_first += part_batches)
		for (job.row_first = 0; job.row_first < rows; job.row_first += part_rows) {
			job.batches = batches - job.batch_first < part_batches ? batches - job.batch_first
			                                                       : part_batches;
			job.rows = rows - job.row_first < part_rows ? rows - job.row_first : part_rows;
			pack_rows_of(&job, pool, packed);
			run_part(&job, pool);
		}
	return GS_OK;
}
