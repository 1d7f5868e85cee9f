#include "validator/exec/plane.h"

#include "validator/exec/pack.h"
#include "validator/exec/planes.h"
#include "validator/exec/windows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	TERMS_MAX = 1024,
	GROUP_MAX = 16, /* channels staged before the first of them is computed */
	STAGE_FLOATS =
		1 << 12, /* of a group of channels, or of a block of one channel's lines: half a first-level cache */
	STAGE_FLOATS_MAX = 1 << 18, /* where a single line of outputs needs more than that */
	PHASES_MAX = 64,
	WORK_GRAIN = 1 << 17, /* products worth handing to another thread */
};

struct gs_plane {
	struct gs_contraction is;
	struct gs_windows x;
	size_t lines, lanes; /* of a channel's output */
	size_t out_line;
	/* The stage of a block: lines of `phases` segments of `segment` floats each; coordinate i of a line lies in segment
	 * i%phases at i/phases. Segments that no tap reads stay empty. */
	size_t phases, segment, pitch;
	uint64_t phases_used;
	size_t block_lines, blocks, stage_floats;
	size_t group; /* channels; 1 where a channel has several blocks */
	unsigned square;
	bool w_dense;    /* a channel's weights are floats side by side, in the order of the terms */
	int64_t *w_term; /* else where they lie; in table */
	int64_t *x_term; /* of the stage; in table */
	int64_t table[];
};

/* ---- preparation ---- */

static bool listed(const struct gs_axis_list *list, unsigned axis)
{
	for (unsigned i = 0; i < list->count; i++)
		if (list->axis[i] == axis)
			return true;
	return false;
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

/* The axes of a batch of images move the image alone, as lanes do; here they are batches like the channels. */
static void lanes_to_batch(struct gs_contraction *c)
{
	while (c->lanes.count > 2) {
		uint8_t axis = c->lanes.axis[0];
		unsigned i = c->batch.count++;
		for (; i > 0 && c->batch.axis[i - 1] > axis; i--)
			c->batch.axis[i] = c->batch.axis[i - 1];
		c->batch.axis[i] = axis;
		c->batch.points *= c->extent[axis];
		c->lanes.count--;
		memmove(c->lanes.axis, c->lanes.axis + 1, c->lanes.count);
	}
}

/* An output channel each, lanes side by side, every reduction axis a tap. */
static bool suits(const struct gs_instr *in, const struct gs_contraction *c)
{
	if (c->words != 0 || c->rows.points != 1 || c->lanes.count < 1 || c->lanes.count > 2 || c->terms > TERMS_MAX ||
	    !c->clamps || c->out_step[c->lanes.axis[c->lanes.count - 1]] != 1 || c->start_moves_on_lanes || c->w.padded)
		return false;
	for (unsigned a = 0; a < c->out_axes; a++)
		if (in->extent[a] != 1 && !listed(&c->batch, a) && !listed(&c->lanes, a))
			return false;
	return true;
}

static void find_terms(struct gs_plane *p)
{
	const struct gs_contraction *c = &p->is;
	struct gs_axis_list reduced = {.points = c->terms};
	for (unsigned a = c->out_axes; a < c->out_axes + c->red_axes; a++)
		reduced.axis[reduced.count++] = (uint8_t)a;
	int64_t step[GS_AXES_MAX] = {0};
	if (p->x.y.tap_axis != GS_AXES_MAX)
		step[p->x.y.tap_axis] = p->x.y.dilation * (int64_t)p->pitch;
	gs_walk(&reduced, c->extent, 0, (size_t)c->terms, step, p->x_term);
	gs_walk(&reduced, c->extent, 0, (size_t)c->terms, c->w.step, p->w_term);
	p->w_dense = c->w.dtype == GS_F32;
	uint64_t inner = 1;
	for (unsigned a = p->x.x.tap_axis + 1U; a < c->out_axes + c->red_axes; a++)
		inner *= c->extent[a];
	for (uint64_t t = 0; t < c->terms; t++) {
		size_t tap = p->x.x.tap_axis == GS_AXES_MAX ? 0 : (size_t)(t / inner % p->x.x.taps);
		size_t i = tap * (size_t)p->x.x.dilation;
		p->x_term[t] += (int64_t)(i % p->phases * p->segment + i / p->phases);
		p->phases_used |= UINT64_C(1) << i % p->phases;
		p->w_dense &= p->w_term[t] == (int64_t)t;
	}
}

/* Whether the tiles for square windows fit: terms line by line, and outputs one or two lines apart. */
static bool is_square(const struct gs_plane *p)
{
	const struct gs_window_dim *y = &p->x.y, *x = &p->x.x;
	return y->taps == x->taps && (y->taps == 3 || y->taps == 5) && y->dilation == 1 && y->stride <= 2 &&
	       y->tap_axis < x->tap_axis;
}

/* How a channel is cut into blocks of lines. False where not even one line of outputs could be staged. */
static bool cut_blocks(struct gs_plane *p)
{
	uint64_t span = gs_window_span(&p->x.x, p->lanes), whole = gs_window_span(&p->x.y, p->lines);
	p->phases = (size_t)p->x.x.stride;
	p->segment = (size_t)((span + p->phases - 1) / p->phases);
	p->pitch = p->phases * p->segment;
	uint64_t one = gs_window_span(&p->x.y, 1);
	if (span > STAGE_FLOATS_MAX || one > STAGE_FLOATS_MAX || one * p->pitch > STAGE_FLOATS_MAX)
		return false;
	p->blocks = 1;
	while (p->blocks < p->lines &&
	       gs_window_span(&p->x.y, (p->lines + p->blocks - 1) / p->blocks) * p->pitch > 2 * STAGE_FLOATS)
		p->blocks++;
	p->block_lines = (p->lines + p->blocks - 1) / p->blocks;
	p->blocks = (p->lines + p->block_lines - 1) / p->block_lines;
	p->stage_floats = (size_t)(p->blocks == 1 ? whole : gs_window_span(&p->x.y, p->block_lines)) * p->pitch;
	p->group = p->blocks > 1 ? 1 : STAGE_FLOATS / p->stage_floats;
	p->group = p->group < 1 ? 1 : p->group > GROUP_MAX ? GROUP_MAX : p->group;
	return true;
}

/* Whether windows of neighbours overlap, or at least lie between each other's taps. */
static bool slides(const struct gs_window_dim *dim)
{
	return dim->outputs > 1 && dim->taps > 1 && dim->dilation <= (int64_t)(dim->outputs - 1) * dim->stride;
}

static bool read_channel(const struct gs_instr *in, struct gs_plane *p)
{
	const struct gs_contraction *c = &p->is;
	if (!gs_windows_read(in, operand_of_x(in, c), &c->lanes, &p->x) || p->x.x.stride > PHASES_MAX)
		return false;
	for (unsigned a = c->out_axes; a < c->out_axes + c->red_axes; a++)
		if (c->extent[a] != 1 && p->x.y.tap_axis != a && p->x.x.tap_axis != a)
			return false;
	const struct gs_window_dim *y = &p->x.y, *x = &p->x.x;
	if (!slides(y) && !slides(x))
		return false; /* a product of vectors */
	p->lines = p->x.y.outputs;
	p->lanes = p->x.x.outputs;
	p->out_line = c->lanes.count == 2 ? (size_t)c->out_step[c->lanes.axis[0]] : 0;
	p->x_term = p->table;
	p->w_term = p->table + c->terms;
	if (!cut_blocks(p))
		return false;
	find_terms(p);
	p->square = is_square(p) ? p->x.x.taps : 0;
	return true;
}

enum gs_err gs_plane_prepare(const struct gs_instr *in, const struct gs_kernels *kernels, struct gs_plane **out)
{
	struct gs_contraction c;
	*out = NULL;
	if (!gs_pattern_contraction(in, kernels->lanes, &c))
		return GS_OK;
	lanes_to_batch(&c);
	if (!suits(in, &c))
		return GS_OK;
	struct gs_plane *p = calloc(1, sizeof(*p) + 2 * (size_t)c.terms * sizeof(p->table[0]));
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
	const uint8_t *x, *w, *start; /* the tensors */
	uint8_t *out;
	float *room;
	size_t room_floats; /* a thread */
};

/* A thread's memory. */
struct room {
	float *stage;  /* of each channel of a group */
	float *weight; /* of each channel */
	float *line;   /* of the tensor, as binary32 */
	float *result; /* of a block of each channel, where it is not stored as binary32 */
};

static size_t room_floats(const struct gs_plane *p, struct room *room, float *at)
{
	size_t stage = p->group * p->stage_floats + GS_PLANES_BEYOND, weight = p->group * (size_t)p->is.terms;
	bool narrow = p->is.store_dtype != GS_F32;
	size_t result = narrow ? p->group * p->block_lines * p->lanes : 0;
	if (room)
		*room = (struct room){at, at + stage, at + stage + weight, at + stage + weight + p->pitch};
	return (stage + weight + p->pitch + result + 15) / 16 * 16;
}

static void fill(float *out, size_t n, float value)
{
	for (size_t i = 0; i < n; i++)
		out[i] = value;
}

/* n elements as binary32, `apart` from one to the next. */
static void widen(const struct job *job, int64_t from, int64_t apart, size_t n, float *out)
{
	enum gs_dtype dtype = (enum gs_dtype)job->p->x.dtype;
	if (dtype == GS_F32) {
		const float *array = (const float *)(const void *)job->x + from;
		for (size_t i = 0; i < n; i++)
			out[i] = array[(int64_t)i * apart];
	} else if (apart == 1) {
		const uint16_t *array = (const uint16_t *)(const void *)job->x + from;
		(dtype == GS_F16 ? job->kernels->widen_f16 : job->kernels->widen_bf16)(out, array, n);
	} else {
		for (size_t i = 0; i < n; i++) {
			uint64_t bits = gs_element_bits(job->x, dtype, (uint64_t)(from + (int64_t)i * apart));
			out[i] = gs_f32_from_bits((uint32_t)gs_load(dtype, bits));
		}
	}
}

/* n coordinates from the ith on of `lines` lines, into their segments. from_line: of the floats at from. */
static void place(const struct job *job, float *to, size_t i, const float *from, int64_t from_line, size_t n,
                  size_t lines)
{
	const struct gs_plane *p = job->p;
	const struct gs_plane_kernels *k = job->kernels->plane;
	if (p->phases == 1) {
		k->copy(to + i, p->pitch, from, (ptrdiff_t)from_line, n, lines);
		return;
	}
	if (p->phases == 2 && p->phases_used == 3) {
		float *even = to + i % 2 * p->segment + i / 2, *odd = to + (i + 1) % 2 * p->segment + (i + 1) / 2;
		k->split(even, odd, p->pitch, from, (ptrdiff_t)from_line, n, lines);
		return;
	}
	for (size_t y = 0; y < lines; y++, to += p->pitch, from += from_line)
		for (size_t j = 0; j < n && j < p->phases; j++) {
			if (!(p->phases_used >> (i + j) % p->phases & 1))
				continue;
			float *out = to + (i + j) % p->phases * p->segment + (i + j) / p->phases;
			for (size_t at = j; at < n; at += p->phases)
				*out++ = from[at];
		}
}

/* The input lines of output lines first ... first + lines - 1 into a stage that has the padding beside the image already, and
 * the lines above and below, if `above`. x: the tensor element where the channel begins. */
static void stage_lines(const struct job *job, const struct room *room, int64_t x, size_t first, size_t lines,
                        float *stage, bool above)
{
	const struct gs_plane *p = job->p;
	const struct gs_window_dim *dy = &p->x.y, *dx = &p->x.x;
	int64_t low = dy->low + (int64_t)first * dy->stride, high = low + (int64_t)gs_window_span(dy, lines);
	int64_t left = dx->low > 0 ? dx->low : 0, right = dx->low + (int64_t)gs_window_span(dx, p->lanes);
	int64_t top = low > 0 ? low : 0, bottom = high < dy->extent ? high : dy->extent;
	right = right < dx->extent ? right : dx->extent;
	bottom = bottom > top ? bottom : top;
	if (above) {
		int64_t begin = top < high ? top : high;
		fill(stage, (size_t)(begin - low) * p->pitch, p->x.pad);
		if (bottom < high && begin == top)
			fill(stage + (size_t)(bottom - low) * p->pitch, (size_t)(high - bottom) * p->pitch, p->x.pad);
	}
	if (right <= left || bottom <= top || top >= high)
		return;
	size_t n = (size_t)(right - left), i = (size_t)(left - dx->low);
	int64_t from = x + top * dy->apart + left * dx->apart;
	float *to = stage + (size_t)(top - low) * p->pitch;
	if (p->x.dtype == GS_F32 && dx->apart == 1) {
		place(job, to, i, (const float *)(const void *)job->x + from, dy->apart, n, (size_t)(bottom - top));
		return;
	}
	for (int64_t y = top; y < bottom; y++, from += dy->apart, to += p->pitch) {
		widen(job, from, dx->apart, n, room->line);
		place(job, to, i, room->line, 0, n, 1);
	}
}

static float element(const uint8_t *tensor, uint8_t dtype, int64_t at)
{
	if (dtype == GS_F32)
		return ((const float *)(const void *)tensor)[at];
	return gs_f32_from_bits((uint32_t)gs_load((enum gs_dtype)dtype, gs_element_bits(tensor, dtype, (uint64_t)at)));
}

static void take_weights(const struct job *job, int64_t at, float *out)
{
	const struct gs_plane *p = job->p;
	size_t terms = (size_t)p->is.terms;
	if (p->w_dense)
		memcpy(out, (const float *)(const void *)job->w + at, terms * sizeof(float));
	for (size_t t = 0; t < terms && !p->w_dense; t++)
		out[t] = element(job->w, p->is.w.dtype, at + p->w_term[t]);
}

/* Where the channels of a group are. */
struct group {
	size_t channels;
	int64_t x[GROUP_MAX], w[GROUP_MAX], start[GROUP_MAX], out[GROUP_MAX];
};

static void find_group(const struct gs_plane *p, uint64_t first, size_t channels, struct group *g)
{
	const struct gs_contraction *c = &p->is;
	g->channels = channels;
	gs_walk(&c->batch, c->extent, first, channels, p->x.step, g->x);
	gs_walk(&c->batch, c->extent, first, channels, c->w.step, g->w);
	gs_walk(&c->batch, c->extent, first, channels, c->out_step, g->out);
	if (!c->start_constant)
		gs_walk(&c->batch, c->extent, first, channels, c->start.step, g->start);
}

/* Lines of results in the type of the tensor. */
static void narrow(const struct job *job, const struct group *g, const struct room *room, size_t first, size_t lines)
{
	const struct gs_plane *p = job->p;
	const struct gs_kernels *k = job->kernels;
	uint16_t *out = (uint16_t *)(void *)job->out;
	for (size_t c = 0; c < g->channels; c++)
		for (size_t y = 0; y < lines; y++)
			(p->is.store_dtype == GS_F16 ? k->narrow_f16 : k->narrow_bf16)(
				out + g->out[c] + (int64_t)((first + y) * p->out_line),
				room->result + (c * p->block_lines + y) * p->lanes, p->lanes);
}

/* Output lines first ... first + lines - 1 of a group. */
static void run_group(const struct job *job, const struct group *g, const struct room *room, size_t first, size_t lines)
{
	const struct gs_plane *p = job->p;
	const struct gs_contraction *c = &p->is;
	float start[GROUP_MAX], *out[GROUP_MAX];
	bool narrows = c->store_dtype != GS_F32;
	for (size_t i = 0; i < g->channels; i++) {
		take_weights(job, c->w.at + g->w[i], room->weight + i * (size_t)c->terms);
		start[i] = c->start_constant ? c->start_value
		                             : element(job->start, c->start.dtype, c->start.at + g->start[i]);
		if (narrows)
			out[i] = room->result + i * p->block_lines * p->lanes;
		else
			out[i] = (float *)(void *)job->out + g->out[i] + (int64_t)(first * p->out_line);
		stage_lines(job, room, p->x.at + g->x[i], first, lines, room->stage + i * p->stage_floats,
		            p->blocks > 1);
	}
	const struct gs_planes planes = {.channels = g->channels,
	                                 .lines = lines,
	                                 .lanes = p->lanes,
	                                 .x = room->stage,
	                                 .x_next = p->stage_floats,
	                                 .step = (size_t)p->x.y.stride * p->pitch,
	                                 .w = room->weight,
	                                 .term = p->x_term,
	                                 .terms = (size_t)c->terms,
	                                 .square = p->square,
	                                 .stride = (unsigned)p->x.y.stride,
	                                 .pitch = p->pitch,
	                                 .start = start,
	                                 .out = out,
	                                 .out_line = narrows ? p->lanes : p->out_line,
	                                 .clamp = c->low != -INFINITY || c->high != INFINITY,
	                                 .low = c->low,
	                                 .high = c->high};
	job->kernels->plane->run(&planes);
	if (narrows)
		narrow(job, g, room, first, lines);
}

/* Items: blocks of lines of channels. */
static void run_items(void *self, unsigned thread, uint64_t first, uint64_t last)
{
	const struct job *job = self;
	const struct gs_plane *p = job->p;
	struct room room;
	struct group g;
	(void)room_floats(p, &room, job->room + thread * job->room_floats);
	fill(room.stage, p->group * p->stage_floats, p->x.pad);
	for (uint64_t i = first; i < last; i += g.channels) {
		size_t block = (size_t)(i % p->blocks), line = block * p->block_lines;
		find_group(p, i / p->blocks, last - i < p->group ? (size_t)(last - i) : p->group, &g);
		run_group(job, &g, &room, line, p->lines - line < p->block_lines ? p->lines - line : p->block_lines);
	}
}

enum gs_err gs_plane_run(const struct gs_plane *p, const struct gs_memory *mem, const struct gs_kernels *kernels,
                         struct gs_pool *pool, struct gs_room *room)
{
	const struct gs_contraction *c = &p->is;
	unsigned threads = gs_pool_threads(pool);
	struct job job = {.p = p, .kernels = kernels, .room_floats = room_floats(p, NULL, NULL)};
	job.x = gs_memory_array(mem, (enum gs_space)p->x.space) + (size_t)p->x.chunk * GS_CHUNK_BYTES;
	job.w = gs_memory_array(mem, (enum gs_space)c->w.space) + (size_t)c->w.chunk * GS_CHUNK_BYTES;
	job.out = mem->trace + (size_t)c->first_chunk * GS_CHUNK_BYTES;
	if (!c->start_constant)
		job.start = gs_memory_array(mem, (enum gs_space)c->start.space) +
		            (size_t)c->start.chunk * GS_CHUNK_BYTES;
	if (gs_room_need(room, job.room_floats * threads) == NULL)
		return GS_ENOMEM;
	job.room = room->stage;
	uint64_t products = p->block_lines * p->lanes * c->terms;
	gs_pool_run(pool, c->batch.points * p->blocks, WORK_GRAIN / products + 1, run_items, &job);
	return GS_OK;
}
