#include "validator/exec/gemv.h"

#include <math.h>
#include <string.h>

enum { WORK_GRAIN = 1 << 17 }; /* products worth handing to another thread */

/* The vector's elements lie side by side, in the order of the terms. */
static bool side_by_side(const struct gs_contraction *c)
{
	int64_t step = 1;
	for (unsigned a = c->out_axes + c->red_axes; a-- > c->out_axes; step *= c->extent[a])
		if (c->extent[a] != 1 && c->w.step[a] != step)
			return false;
	return c->w.stage_dims == 0 && c->w.dtype == GS_F32;
}

bool gs_gemv_prepare(const struct gs_contract *contract, struct gs_gemv *out)
{
	const struct gs_contraction *c = &contract->is;
	if (!contract->packed_x || c->words != 0 || c->batch.points != 1 || c->rows.points != 1 || c->pitch != 0 ||
	    c->store_dtype != GS_F32 || !c->clamps || !side_by_side(c) || c->lanes.count > 1)
		return false;
	unsigned lane = c->lanes.axis[0];
	if (c->lanes.count == 1 && c->out_step[lane] != 1)
		return false;
	*out = (struct gs_gemv){.packed = contract->packed_x,
	                        .lanes = c->lanes.points,
	                        .terms = c->terms,
	                        .width = contract->width,
	                        .space = c->w.space,
	                        .chunk = c->w.chunk,
	                        .at = c->w.at,
	                        .first_chunk = c->first_chunk,
	                        .start_constant = c->start_constant,
	                        .start = c->start_value,
	                        .low = c->low,
	                        .high = c->high};
	if (c->start_constant)
		return true;
	out->start_moves = c->start_moves_on_lanes;
	out->start_space = c->start.space;
	out->start_chunk = c->start.chunk;
	out->start_at = c->start.at;
	return c->start.dtype == GS_F32 && c->start.stage_dims == 0 && (!out->start_moves || c->start.step[lane] == 1);
}

struct job {
	const struct gs_gemv *g;
	const struct gs_kernels *kernels;
	const float *w, *start;
	float *out;
};

/* Items: full panels; what is left over belongs to the last. */
static void run_panels(void *self, unsigned thread, uint64_t first, uint64_t last)
{
	const struct job *job = self;
	const struct gs_gemv *g = job->g;
	size_t vector = job->kernels->lanes, panel = vector << g->width;
	uint64_t panels = (g->lanes + panel - 1) / panel, lane = first * panel;
	uint64_t end = last == panels ? g->lanes : last * panel;
	unsigned width = g->width;
	(void)thread;
	while (lane < end) {
		uint64_t left = g->lanes - lane, padded = (left + vector - 1) / vector * vector;
		while (width > 0 && (vector << width) > padded)
			width--;
		size_t wide = vector << width, n = left < wide ? (size_t)left : wide;
		float start[GS_TILE_LANES_MAX], result[GS_TILE_LANES_MAX];
		struct gs_tile tile = {.terms = (size_t)g->terms,
		                       .x = g->packed + lane * g->terms,
		                       .x_step = wide,
		                       .w = job->w,
		                       .w_step = 1,
		                       .start = g->start_moves ? job->start + lane : job->start,
		                       .start_row = g->start_moves ? wide : 0,
		                       .out = n < wide ? result : job->out + lane,
		                       .out_row = wide,
		                       .panels = 1,
		                       .last = true,
		                       .clamp = g->low != -INFINITY || g->high != INFINITY,
		                       .low = g->low,
		                       .high = g->high};
		if (n < wide && g->start_moves) {
			memset(start, 0, sizeof(start));
			memcpy(start, job->start + lane, n * sizeof(float));
			tile.start = start;
		}
		job->kernels->tile[width][0](&tile);
		if (n < wide)
			memcpy(job->out + lane, result, n * sizeof(float));
		lane += n;
	}
}

void gs_gemv_run(const struct gs_gemv *g, const struct gs_memory *mem, const struct gs_kernels *kernels,
                 struct gs_pool *pool)
{
	size_t panel = kernels->lanes << g->width;
	uint8_t *out = mem->trace + (size_t)g->first_chunk * GS_CHUNK_BYTES;
	const uint8_t *w = gs_memory_array(mem, (enum gs_space)g->space) + (size_t)g->chunk * GS_CHUNK_BYTES;
	struct job job = {.g = g, .kernels = kernels, .start = &g->start};
	job.w = (const float *)(const void *)w + g->at;
	job.out = (float *)(void *)out;
	if (!g->start_constant) {
		const uint8_t *start = gs_memory_array(mem, (enum gs_space)g->start_space) +
		                       (size_t)g->start_chunk * GS_CHUNK_BYTES;
		job.start = (const float *)(const void *)start + g->start_at;
	}
	gs_pool_run(pool, (g->lanes + panel - 1) / panel, WORK_GRAIN / (panel * g->terms) + 1, run_panels, &job);
}
