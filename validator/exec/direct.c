#include "validator/exec/direct.h"

#include "validator/exec/blocks.h"
#include "validator/exec/image.h"
#include "validator/exec/pack.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	TERMS_MAX = 320, /* a tile's weights and the lines it reads stay in the first-level cache */
	FEW_TERMS = 64,
	ROWS_MAX = 512,
	CHANNELS_MAX = 64,
	STAGE_FLOATS = 1 << 13,     /* of a block of lines: the most that is wanted... */
	STAGE_FLOATS_MAX = 1 << 18, /* ...and what a single line of outputs may need */
	WORK_GRAIN = 1 << 17,       /* products worth handing to another thread */
};

struct gs_direct {
	struct gs_contraction is;
	struct gs_image x;
	struct gs_axis_list channels; /* reduction axes that move the image */
	size_t rows, lines, lanes;
	int64_t out_row, out_line;
	unsigned width, tile_rows;               /* of all tiles but the last; 1 << width vectors */
	unsigned whole;                          /* a line in one tile that goes beyond its end; 0: there is none */
	size_t block_lines, blocks, stage_plane; /* floats of one channel's stage */
	int64_t *x_term, *w_term;                /* in table */
	int64_t table[];
};

/* ---- preparation ---- */

/* Rows that lie evenly in the output and alone move the weights; the batch moves the image alone. */
static bool suits(const struct gs_contraction *c)
{
	if (c->words != 0 || c->rows.points < 2 || c->rows.points > ROWS_MAX || c->rows.count != 1 ||
	    c->lanes.count < 1 || c->lanes.count > 2 || c->terms > TERMS_MAX || !c->clamps || c->start_moves_on_lanes ||
	    c->w.padded || c->out_step[c->lanes.axis[c->lanes.count - 1]] != 1)
		return false;
	for (unsigned i = 0; i < c->batch.count; i++)
		if (c->w.step[c->batch.axis[i]] != 0 || (!c->start_constant && c->start.step[c->batch.axis[i]] != 0))
			return false;
	return true;
}

static void choose_tile(struct gs_direct *d, const struct gs_kernels *kernels)
{
	d->width = 1;
	while (d->width + 1 < GS_TILE_WIDTHS && d->rows <= kernels->tile_rows[d->width + 1] &&
	       kernels->lanes << (d->width + 1) <= d->lanes)
		d->width++; /* few rows: more vectors, so that enough chains are under way at once */
	while (d->width > 0 && kernels->lanes << d->width > d->lanes)
		d->width--;
	size_t most = kernels->tile_rows[d->width], tiles = (d->rows + most - 1) / most,
	       wide = kernels->lanes << d->width;
	d->tile_rows = (unsigned)((d->rows + tiles - 1) / tiles);
	if (d->is.store_dtype == GS_F32 && d->out_line == (int64_t)d->lanes && d->lanes > wide + wide / 2 &&
	    d->lanes < 2 * wide && d->width + 1 < GS_TILE_WIDTHS && d->tile_rows <= kernels->tile_rows[d->width + 1])
		d->whole = d->width + 1;
}

static bool cut_blocks(struct gs_direct *d)
{
	uint64_t channels = d->channels.points;
	if (channels > CHANNELS_MAX || gs_window_span(&d->x.is.y, 1) > STAGE_FLOATS_MAX ||
	    channels * gs_image_floats(&d->x, 1) > STAGE_FLOATS_MAX)
		return false;
	/* Lines that two blocks share are staged twice. */
	d->blocks = 1;
	while (d->blocks < d->lines &&
	       channels * gs_image_floats(&d->x, (d->lines + d->blocks - 1) / d->blocks) > STAGE_FLOATS &&
	       (d->lines + d->blocks) / (d->blocks + 1) * (uint64_t)d->x.is.y.stride >= 2U * d->x.is.y.taps)
		d->blocks++;
	d->block_lines = (d->lines + d->blocks - 1) / d->blocks;
	d->blocks = (d->lines + d->block_lines - 1) / d->block_lines;
	d->stage_plane = (size_t)gs_image_floats(&d->x, d->block_lines);
	return channels * d->stage_plane <= STAGE_FLOATS_MAX;
}

/* Lanes that are computed twice at the end of a line cost as much as they do; panels that cross lines cost that much only where
 * terms are few. */
static bool wins(const struct gs_direct *d, const struct gs_kernels *kernels)
{
	size_t wide = kernels->lanes << d->width;
	GS_ASSERT(wide != 0);
	size_t left = d->lanes % wide, last = left ? kernels->lanes : 0;
	while (last < left)
		last *= 2;
	size_t computed = d->lanes - left + last;
	return d->is.terms <= FEW_TERMS || 20 * computed <= 21 * d->lanes;
}

static bool read_image(const struct gs_instr *in, struct gs_direct *d, const struct gs_kernels *kernels)
{
	const struct gs_contraction *c = &d->is;
	if (!gs_image_read(in, gs_image_operand(in, c), &c->lanes, &d->x) || !gs_image_slides(&d->x))
		return false;
	d->channels.points = 1;
	for (unsigned a = c->out_axes; a < c->out_axes + c->red_axes; a++)
		if (c->extent[a] != 1 && a != d->x.is.y.tap_axis && a != d->x.is.x.tap_axis) {
			if (d->channels.count == GS_OUT_AXES_MAX)
				return false;
			d->channels.axis[d->channels.count++] = (uint8_t)a;
			d->channels.points *= c->extent[a];
		}
	d->rows = (size_t)c->rows.points;
	d->lines = d->x.is.y.outputs;
	d->lanes = d->x.is.x.outputs;
	d->out_row = c->out_step[c->rows.axis[0]];
	d->out_line = c->lanes.count == 2 ? c->out_step[c->lanes.axis[0]] : 0;
	if (d->lanes < kernels->lanes || !cut_blocks(d))
		return false;
	choose_tile(d, kernels);
	if (!wins(d, kernels))
		return false;
	int64_t step[GS_AXES_MAX] = {0}, next = (int64_t)d->stage_plane;
	for (unsigned i = d->channels.count; i-- > 0; next *= c->extent[d->channels.axis[i]])
		step[d->channels.axis[i]] = next;
	struct gs_axis_list reduced = {.points = c->terms};
	for (unsigned a = c->out_axes; a < c->out_axes + c->red_axes; a++)
		reduced.axis[reduced.count++] = (uint8_t)a;
	d->x_term = d->table;
	d->w_term = d->table + c->terms;
	gs_image_terms(&d->x, c, step, d->x_term);
	gs_walk(&reduced, c->extent, 0, (size_t)c->terms, c->w.step, d->w_term);
	return true;
}

enum gs_err gs_direct_prepare(const struct gs_instr *in, const struct gs_kernels *kernels,
                              const struct gs_contraction *products, struct gs_direct **out)
{
	*out = NULL;
	if (products->rows.points < 2 || products->rows.points > ROWS_MAX || products->terms > TERMS_MAX)
		return GS_OK;
	struct gs_contraction c = *products;
	gs_image_lanes_to_batch(&c);
	if (!suits(&c))
		return GS_OK;
	struct gs_direct *d = calloc(1, sizeof(*d) + 2 * (size_t)c.terms * sizeof(d->table[0]));
	if (d == NULL)
		return GS_ENOMEM;
	d->is = c;
	if (read_image(in, d, kernels))
		*out = d;
	else
		free(d);
	return GS_OK;
}

void gs_direct_free(struct gs_direct *d)
{
	free(d);
}

/* ---- running ---- */

struct job {
	const struct gs_direct *d;
	const struct gs_kernels *kernels;
	const uint8_t *x; /* the tensor */
	uint8_t *out;
	const float *w, *start; /* [tile][term][row], [row] */
	float *room;
	size_t room_floats; /* a thread */
	const struct gs_blocks_bound *after;
};

/* Weights and start, as tiles read them. */
static void pack(const struct gs_direct *d, const struct gs_memory *mem, float *w, float *start)
{
	const struct gs_contraction *c = &d->is;
	unsigned row_axis = c->rows.axis[0];
	const uint8_t *weights = gs_memory_array(mem, (enum gs_space)c->w.space) + (size_t)c->w.chunk * GS_CHUNK_BYTES;
	const uint8_t *starts = NULL;
	if (!c->start_constant)
		starts = gs_memory_array(mem, (enum gs_space)c->start.space) + (size_t)c->start.chunk * GS_CHUNK_BYTES;
	for (size_t row = 0; row < d->rows; row += d->tile_rows) {
		size_t rows = d->rows - row < d->tile_rows ? d->rows - row : d->tile_rows;
		for (size_t r = 0; r < rows; r++) {
			int64_t at = c->w.at + (int64_t)(row + r) * c->w.step[row_axis];
			float *to = w + row * c->terms + r;
			const float *from = (const float *)(const void *)weights + at;
			for (size_t t = 0; t < c->terms; t++, to += rows)
				*to = c->w.dtype == GS_F32 ? from[d->w_term[t]]
				                           : gs_image_element(weights, c->w.dtype, at + d->w_term[t]);
		}
	}
	for (size_t r = 0; r < d->rows; r++)
		start[r] = c->start_constant ? c->start_value
		                             : gs_image_element(starts, c->start.dtype,
		                                                c->start.at + (int64_t)r * c->start.step[row_axis]);
}

/* One line of one tile of rows: whole panels side by side, and then, where lanes are left, one that ends with the line and
 * computes some of its lanes a second time; or, where the next line is written later, one tile that writes its beginning, too.
 * out: of the first lane and row. */
static void run_line(const struct job *job, const float *x, size_t row, size_t rows, float *out, size_t out_row,
                     bool next_line)
{
	const struct gs_direct *d = job->d;
	const struct gs_contraction *c = &d->is;
	struct gs_tile tile = {.terms = (size_t)c->terms,
	                       .x = x,
	                       .x_at = d->x_term,
	                       .w = job->w + row * c->terms,
	                       .w_step = rows,
	                       .start = job->start + row,
	                       .out = out,
	                       .out_row = out_row,
	                       .last = true,
	                       .clamp = c->low != -INFINITY || c->high != INFINITY,
	                       .low = c->low,
	                       .high = c->high};
	size_t wide = job->kernels->lanes << d->width;
	unsigned width = d->width;
	if (next_line && d->whole != 0) {
		tile.panels = 1;
		job->kernels->tile[d->whole][rows - 1](&tile);
		return;
	}
	tile.panels = d->lanes / wide;
	tile.x_next = (ptrdiff_t)wide;
	job->kernels->tile[width][rows - 1](&tile);
	size_t left = d->lanes % wide;
	if (left == 0)
		return;
	while (width > 0 && job->kernels->lanes << (width - 1) >= left)
		width--;
	size_t at = d->lanes - (job->kernels->lanes << width);
	tile.x = x + at;
	tile.out = out + at;
	tile.panels = 1;
	job->kernels->tile[width][rows - 1](&tile);
}

static void narrow(const struct job *job, const float *from, size_t rows, int64_t at)
{
	const struct gs_direct *d = job->d;
	const struct gs_kernels *k = job->kernels;
	for (size_t r = 0; r < rows; r++, at += d->out_row)
		(d->is.store_dtype == GS_F16 ? k->narrow_f16 : k->narrow_bf16)((uint16_t *)(void *)job->out + at,
		                                                               from + r * d->lanes, d->lanes);
}

/* Items: blocks of lines of batches. */
static void run_items(void *self, unsigned thread, uint64_t first, uint64_t last)
{
	const struct job *job = self;
	const struct gs_direct *d = job->d;
	const struct gs_contraction *c = &d->is;
	float *stage = job->room + thread * job->room_floats, *line = stage + d->channels.points * d->stage_plane,
	      *result = line + d->x.pitch;
	bool narrows = c->store_dtype != GS_F32;
	gs_image_fill(stage, (size_t)d->channels.points * d->stage_plane, d->x.is.pad);
	for (uint64_t i = first; i < last; i++) {
		int64_t x_at, out_at, channel[CHANNELS_MAX];
		size_t y0 = (size_t)(i % d->blocks) * d->block_lines;
		size_t lines = d->lines - y0 < d->block_lines ? d->lines - y0 : d->block_lines;
		gs_walk(&c->batch, c->extent, i / d->blocks, 1, d->x.is.step, &x_at);
		gs_walk(&c->batch, c->extent, i / d->blocks, 1, c->out_step, &out_at);
		gs_walk(&d->channels, c->extent, 0, (size_t)d->channels.points, d->x.is.step, channel);
		for (size_t k = 0; k < d->channels.points; k++)
			gs_image_stage(&d->x, job->kernels, job->x, d->x.is.at + x_at + channel[k], y0, lines, line,
			               stage + k * d->stage_plane, true);
		for (size_t y = 0; y < lines; y++)
			for (size_t row = 0; row < d->rows; row += d->tile_rows) {
				size_t rows = d->rows - row < d->tile_rows ? d->rows - row : d->tile_rows;
				int64_t at = out_at + (int64_t)(y0 + y) * d->out_line + (int64_t)row * d->out_row;
				float *out = narrows ? result : (float *)(void *)job->out + at;
				run_line(job, stage + y * (size_t)d->x.is.y.stride * d->x.pitch, row, rows, out,
				         narrows ? d->lanes : (size_t)d->out_row, y + 1 < lines);
				if (narrows)
					narrow(job, result, rows, at);
			}
		struct gs_stretch written = {.of = job->after};
		for (size_t row = 0; job->after && row < d->rows; row++)
			gs_stretch_add(&written,
			               (uint64_t)(out_at + (int64_t)row * d->out_row) + y0 * (uint64_t)d->out_line,
			               lines * (uint64_t)d->out_line);
		gs_stretch_end(&written);
	}
}

bool gs_direct_tells(const struct gs_direct *d)
{
	return (int64_t)d->lanes == (int64_t)d->out_line;
}

enum gs_err gs_direct_run(const struct gs_direct *d, const struct gs_memory *mem, const struct gs_kernels *kernels,
                          struct gs_pool *pool, struct gs_room *room)
{
	const struct gs_contraction *c = &d->is;
	unsigned threads = gs_pool_threads(pool);
	struct job job = {.d = d, .kernels = kernels, .after = room->after};
	size_t weights = (d->rows * (size_t)c->terms + d->rows + 15) / 16 * 16;
	size_t results = c->store_dtype != GS_F32 ? d->tile_rows * d->lanes : 0;
	job.room_floats = ((size_t)d->channels.points * d->stage_plane + d->x.pitch + results + 15) / 16 * 16;
	job.x = gs_memory_array(mem, (enum gs_space)d->x.is.space) + (size_t)d->x.is.chunk * GS_CHUNK_BYTES;
	job.out = mem->trace + (size_t)c->first_chunk * GS_CHUNK_BYTES;
	float *memory = gs_room_need(room, weights + job.room_floats * threads + GS_TILE_LANES_MAX);
	if (memory == NULL)
		return GS_ENOMEM;
	pack(d, mem, memory, memory + d->rows * (size_t)c->terms);
	job.w = memory;
	job.start = memory + d->rows * (size_t)c->terms;
	job.room = memory + weights;
	uint64_t products = d->block_lines * d->lanes * d->rows * c->terms;
	GS_ASSERT(products != 0); /* a factor of nothing is no contraction */
	gs_pool_run(pool, c->batch.points * d->blocks, WORK_GRAIN / products + 1, run_items, &job);
	return GS_OK;
}
