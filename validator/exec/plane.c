#include "validator/exec/plane.h"

#include "validator/exec/pack.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	TERMS_MAX = 1024,
	PLANE_MAX = 1 << 18,  /* elements of a staged channel: what a thread's cache holds */
	WORK_GRAIN = 1 << 17, /* products worth handing to another thread */
};

struct gs_plane {
	struct gs_contraction is;        /* of the whole instruction */
	struct gs_factor x;              /* of one channel */
	int64_t x_step[GS_OUT_AXES_MAX]; /* tensor elements a step along each batch axis */
	uint64_t lines, lanes;           /* of a channel's output */
	int64_t line_step, out_line;     /* of x and of the output */
	int64_t table[];                 /* where the terms lie */
};

/* ---- preparation ---- */

static bool listed(const struct gs_axis_list *list, unsigned axis)
{
	for (unsigned i = 0; i < list->count; i++)
		if (list->axis[i] == axis)
			return true;
	return false;
}

/* Batch axes must move the tensor's channel alone: rows that stay in range whatever the others do. */
static bool batch_steps(const struct gs_instr *in, const struct gs_view *view, const struct gs_axis_list *batch,
                        int64_t *step)
{
	for (unsigned i = 0; i < batch->count; i++) {
		unsigned b = batch->axis[i];
		for (unsigned r = 0; r < view->rows; r++) {
			const struct gs_row *row = &view->row[r];
			__int128 low = row->at.offset, high = low;
			if (row->at.coef[b] == 0)
				continue;
			for (unsigned a = 0; a < (unsigned)in->out_axes + in->red_axes; a++) {
				__int128 far = (__int128)row->at.coef[a] * (in->extent[a] - 1);
				low += far < 0 ? far : 0;
				high += far > 0 ? far : 0;
			}
			if (low < 0 || high >= (__int128)row->extent)
				return false;
			step[b] += (int64_t)row->stride * row->at.coef[b];
		}
	}
	return true;
}

/* The kernel's weights lie side by side, in the order of the terms. */
static bool weights_fit(const struct gs_contraction *c)
{
	int64_t step = 1;
	for (unsigned a = c->out_axes + c->red_axes; a-- > c->out_axes; step *= c->extent[a])
		if (c->extent[a] != 1 && c->w.step[a] != step)
			return false;
	return c->w.stage_dims == 0 && c->w.dtype == GS_F32;
}

/* Which operand the contraction calls x. */
static unsigned operand_of_x(const struct gs_instr *in, const struct gs_contraction *c)
{
	unsigned lane = c->lanes.axis[c->lanes.count - 1];
	const struct gs_view *view = &in->operand[1].view;
	for (unsigned r = 0; r < view->rows; r++)
		if (view->row[r].at.coef[lane] != 0)
			return 1;
	return 2;
}

static void find_terms(const struct gs_instr *in, struct gs_plane *p)
{
	struct gs_axis_list reduced = {.points = p->is.terms};
	unsigned axes = (unsigned)in->out_axes + in->red_axes;
	for (unsigned a = in->out_axes; a < axes; a++)
		reduced.axis[reduced.count++] = (uint8_t)a;
	gs_walk(&reduced, in->extent, 0, (size_t)p->is.terms, p->x.step, p->table);
	for (unsigned d = 0; d < p->x.stage_dims; d++) {
		const struct gs_stage_dim *dim = &p->x.stage[d];
		uint64_t inner = 1;
		if (dim->axis == GS_AXES_MAX)
			continue;
		for (unsigned a = dim->axis + 1U; a < axes; a++)
			inner *= in->extent[a];
		for (uint64_t t = 0; t < p->is.terms; t++) {
			int64_t coordinate = (int64_t)(t / inner % in->extent[dim->axis]);
			p->table[t] += gs_stage_place(dim, dim->first + coordinate * dim->axis_coef);
		}
	}
}

static bool read_channel(const struct gs_instr *instr, struct gs_plane *p)
{
	struct gs_instr in = *instr;
	const struct gs_contraction *c = &p->is;
	unsigned k = operand_of_x(instr, c), outer = c->lanes.axis[0], inner = c->lanes.axis[c->lanes.count - 1];
	if (!batch_steps(instr, &in.operand[k].view, &c->batch, p->x_step))
		return false;
	for (unsigned i = 0; i < c->batch.count; i++)
		in.extent[c->batch.axis[i]] = 1;
	if (!gs_pattern_factor(&in, k, &c->lanes, &p->x) || p->x.stage_dims == 0 || p->x.dtype != GS_F32 ||
	    p->x.stage_elements > PLANE_MAX || p->x.step[inner] != 1)
		return false;
	p->lanes = c->extent[inner];
	p->lines = c->lanes.count == 2 ? c->extent[outer] : 1; /* points has those computed in vain, too */
	p->line_step = c->lanes.count == 2 ? p->x.step[outer] : 0;
	p->out_line = c->lanes.count == 2 ? c->out_step[outer] : 0;
	find_terms(&in, p);
	return true;
}

enum gs_err gs_plane_prepare(const struct gs_instr *in, const struct gs_kernels *kernels, struct gs_plane **out)
{
	struct gs_contraction c;
	*out = NULL;
	if (!gs_pattern_contraction(in, kernels->lanes, &c) || c.words != 0 || c.rows.points != 1 ||
	    c.batch.points < 2 || c.lanes.count < 1 || c.lanes.count > 2 || c.terms > TERMS_MAX ||
	    c.store_dtype != GS_F32 || !c.clamps || c.out_step[c.lanes.axis[c.lanes.count - 1]] != 1 ||
	    c.start_moves_on_lanes || c.x.stage_dims == 0 || !weights_fit(&c) ||
	    (!c.start_constant && c.start.dtype != GS_F32))
		return GS_OK;
	for (unsigned a = 0; a < c.out_axes; a++)
		if (c.extent[a] != 1 && !listed(&c.batch, a) && !listed(&c.lanes, a))
			return GS_OK;
	struct gs_plane *p = calloc(1, sizeof(*p) + (size_t)c.terms * sizeof(p->table[0]));
	if (p == NULL)
		return GS_ENOMEM;
	p->is = c;
	if (read_channel(in, p))
		*out = p;
	else
		free(p);
	return GS_OK;
}

void gs_plane_free(struct gs_plane *p)
{
	free(p);
}

/* ---- running ---- */

struct job {
	const struct gs_plane *p;
	const struct gs_kernels *kernels;
	const uint8_t *x;
	const float *w, *start;
	float *out, *stage;
	uint64_t stage_floats; /* a thread */
};

/* One line of outputs. direct: what is written behind it is written again later. */
static void run_line(const struct job *job, const float *x, const float *w, const float *start, float *out, bool direct)
{
	const struct gs_plane *p = job->p;
	const struct gs_contraction *c = &p->is;
	size_t vector = job->kernels->lanes, lanes = (size_t)p->lanes;
	for (size_t lane = 0; lane < lanes;) {
		unsigned width = GS_TILE_WIDTHS - 1;
		size_t left = (lanes - lane + vector - 1) / vector * vector;
		while (width > 0 && (vector << width) > left)
			width--;
		size_t wide = vector << width, n = lanes - lane < wide ? lanes - lane : wide;
		float result[GS_TILE_LANES_MAX];
		bool through = n < wide && !direct;
		const struct gs_tile tile = {.terms = (size_t)c->terms,
		                             .x = x + lane,
		                             .x_at = p->table,
		                             .w = w,
		                             .w_step = 1,
		                             .start = start,
		                             .out = through ? result : out + lane,
		                             .out_row = wide,
		                             .panels = 1,
		                             .last = true,
		                             .clamp = c->low != -INFINITY || c->high != INFINITY,
		                             .low = c->low,
		                             .high = c->high};
		job->kernels->tile[width][0](&tile);
		if (through)
			memcpy(out + lane, result, n * sizeof(float));
		lane += n;
	}
}

/* What of a channel is in the tensor, into a stage that has the padding already; the stage has two dimensions. */
static void copy_channel(const struct gs_factor *f, const float *from, float *stage)
{
	const struct gs_stage_dim *y = &f->stage[0], *x = &f->stage[1];
	int64_t low_y = y->low > 0 ? y->low : 0, low_x = x->low > 0 ? x->low : 0;
	int64_t end_y = y->low + (int64_t)y->size < y->extent ? y->low + (int64_t)y->size : y->extent;
	int64_t end_x = x->low + (int64_t)x->size < x->extent ? x->low + (int64_t)x->size : x->extent;
	int64_t apart = (int64_t)x->phases * x->stride;
	from += f->stage_from;
	for (int64_t c = low_y; c < end_y; c++) {
		const float *line = from + c * y->stride;
		float *to = stage + gs_stage_place(y, c - y->low);
		for (int64_t at = low_x; at < low_x + x->phases && at < end_x; at++) {
			float *out = to + gs_stage_place(x, at - x->low);
			size_t n = (size_t)((end_x - at + x->phases - 1) / x->phases);
			const float *in = line + at * x->stride;
			if (apart == 1)
				memcpy(out, in, n * sizeof(float));
			else if (apart == 2) /* a constant distance becomes vector shuffles */
				for (size_t i = 0; i < n; i++)
					out[i] = in[2 * i];
			else
				for (size_t i = 0; i < n; i++)
					out[i] = in[(int64_t)i * apart];
		}
	}
}

/* Items: channels. */
static void run_channels(void *self, unsigned thread, uint64_t first, uint64_t last)
{
	const struct job *job = self;
	const struct gs_plane *p = job->p;
	const struct gs_contraction *c = &p->is;
	float *stage = job->stage + thread * job->stage_floats;
	for (uint64_t b = first; b < last; b++) {
		int64_t x_at, w_at, out_at, start_at = 0;
		gs_walk(&c->batch, c->extent, b, 1, p->x_step, &x_at);
		gs_walk(&c->batch, c->extent, b, 1, c->w.step, &w_at);
		gs_walk(&c->batch, c->extent, b, 1, c->out_step, &out_at);
		if (!c->start_constant)
			gs_walk(&c->batch, c->extent, b, 1, c->start.step, &start_at);
		const uint8_t *x = job->x + x_at * (int64_t)sizeof(float);
		if (b == first || p->x.stage_dims != 2)
			gs_stage_fill(&p->x, x, job->kernels, NULL, stage);
		else
			copy_channel(&p->x, (const float *)(const void *)x, stage);
		/* lines that follow each other: the surplus of one is overwritten by the next, not that of the last */
		bool follow = p->lines > 1 && p->out_line == (int64_t)p->lanes && p->lanes >= GS_TILE_LANES_MAX / 8;
		for (uint64_t y = 0; y < p->lines; y++) {
			uint64_t behind = (p->lines - 1 - y) * p->lanes;
			run_line(job, stage + p->x.at + (int64_t)y * p->line_step, job->w + c->w.at + w_at,
			         job->start + start_at, job->out + out_at + (int64_t)y * p->out_line,
			         follow && behind >= GS_TILE_LANES_MAX);
		}
	}
}

enum gs_err gs_plane_run(const struct gs_plane *p, const struct gs_memory *mem, const struct gs_kernels *kernels,
                         struct gs_pool *pool, struct gs_room *room)
{
	const struct gs_contraction *c = &p->is;
	unsigned threads = gs_pool_threads(pool);
	struct job job = {.p = p, .kernels = kernels, .start = &c->start_value};
	const uint8_t *w = gs_memory_array(mem, (enum gs_space)c->w.space) + (size_t)c->w.chunk * GS_CHUNK_BYTES;
	uint8_t *out = mem->trace + (size_t)c->first_chunk * GS_CHUNK_BYTES;
	job.x = gs_memory_array(mem, (enum gs_space)p->x.space) + (size_t)p->x.chunk * GS_CHUNK_BYTES;
	job.w = (const float *)(const void *)w;
	job.out = (float *)(void *)out;
	if (!c->start_constant) {
		const uint8_t *start = gs_memory_array(mem, (enum gs_space)c->start.space) +
		                       (size_t)c->start.chunk * GS_CHUNK_BYTES;
		job.start = (const float *)(const void *)start + c->start.at;
	}
	job.stage_floats = p->x.stage_elements + 2 * GS_TILE_LANES_MAX;
	if (gs_room_need(room, job.stage_floats * threads) == NULL)
		return GS_ENOMEM;
	job.stage = room->stage;
	uint64_t products = p->lines * p->lanes * c->terms;
	gs_pool_run(pool, c->batch.points, WORK_GRAIN / products + 1, run_channels, &job);
	return GS_OK;
}
