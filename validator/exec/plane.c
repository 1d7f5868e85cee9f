#include "validator/exec/plane.h"

#include "validator/exec/blocks.h"
#include "validator/exec/image.h"
#include "validator/exec/pack.h"
#include "validator/exec/planes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	TERMS_MAX = 1024,
	GROUP_MAX = 16, /* channels staged before the first of them is computed */
	STAGE_FLOATS =
		1 << 12, /* of a group of channels, or of a block of one channel's lines: half a first-level cache */
	STAGE_FLOATS_MAX = 1 << 18, /* where a single line of outputs needs more than that */
	WORK_GRAIN = 1 << 17,       /* products worth handing to another thread */
};

struct gs_plane {
	struct gs_contraction is;
	struct gs_image x;
	size_t lines, lanes; /* of a channel's output */
	size_t out_line;
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

/* Whether the tiles for square windows fit: terms line by line, and outputs one or two lines apart. */
static bool is_square(const struct gs_plane *p)
{
	const struct gs_window_dim *y = &p->x.is.y, *x = &p->x.is.x;
	return y->taps == x->taps && (y->taps == 3 || y->taps == 5) && y->dilation == 1 && y->stride <= 2 &&
	       y->tap_axis < x->tap_axis;
}

/* How a channel is cut into blocks of lines. False where not even one line of outputs could be staged. */
static bool cut_blocks(struct gs_plane *p)
{
	if (gs_window_span(&p->x.is.y, 1) > STAGE_FLOATS_MAX || gs_image_floats(&p->x, 1) > STAGE_FLOATS_MAX)
		return false;
	p->blocks = 1;
	while (p->blocks < p->lines &&
	       gs_image_floats(&p->x, (p->lines + p->blocks - 1) / p->blocks) > 2 * STAGE_FLOATS)
		p->blocks++;
	p->block_lines = (p->lines + p->blocks - 1) / p->blocks;
	p->blocks = (p->lines + p->block_lines - 1) / p->block_lines;
	p->stage_floats = (size_t)gs_image_floats(&p->x, p->block_lines);
	p->group = p->blocks > 1 ? 1 : STAGE_FLOATS / p->stage_floats;
	p->group = p->group < 1 ? 1 : p->group > GROUP_MAX ? GROUP_MAX : p->group;
	return true;
}

/* Where the terms lie in the stage and in the weights. */
static void find_terms(struct gs_plane *p)
{
	const struct gs_contraction *c = &p->is;
	const int64_t none[GS_AXES_MAX] = {0};
	struct gs_axis_list reduced = {.points = c->terms};
	for (unsigned a = c->out_axes; a < c->out_axes + c->red_axes; a++)
		reduced.axis[reduced.count++] = (uint8_t)a;
	gs_image_terms(&p->x, c, none, p->x_term);
	gs_walk(&reduced, c->extent, 0, (size_t)c->terms, c->w.step, p->w_term);
	p->w_dense = c->w.dtype == GS_F32;
	for (uint64_t t = 0; t < c->terms; t++)
		p->w_dense &= p->w_term[t] == (int64_t)t;
}

static bool read_channel(const struct gs_instr *in, struct gs_plane *p)
{
	const struct gs_contraction *c = &p->is;
	if (!gs_image_read(in, gs_image_operand(in, c), &c->lanes, &p->x) || !gs_image_slides(&p->x))
		return false;
	for (unsigned a = c->out_axes; a < c->out_axes + c->red_axes; a++)
		if (c->extent[a] != 1 && p->x.is.y.tap_axis != a && p->x.is.x.tap_axis != a)
			return false;
	p->lines = p->x.is.y.outputs;
	p->lanes = p->x.is.x.outputs;
	p->out_line = c->lanes.count == 2 ? (size_t)c->out_step[c->lanes.axis[0]] : 0;
	p->x_term = p->table;
	p->w_term = p->table + c->terms;
	if (!cut_blocks(p))
		return false;
	find_terms(p);
	p->square = is_square(p) ? p->x.is.x.taps : 0;
	return true;
}

enum gs_err gs_plane_prepare(const struct gs_instr *in, const struct gs_contraction *products, struct gs_plane **out)
{
	*out = NULL;
	if (products->rows.points != 1 || products->terms > TERMS_MAX)
		return GS_OK;
	struct gs_contraction c = *products;
	gs_image_lanes_to_batch(&c);
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
	const struct gs_blocks_bound *after;
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
		*room = (struct room){at, at + stage, at + stage + weight, at + stage + weight + p->x.pitch};
	return (stage + weight + p->x.pitch + result + 15) / 16 * 16;
}

static void take_weights(const struct job *job, int64_t at, float *out)
{
	const struct gs_plane *p = job->p;
	size_t terms = (size_t)p->is.terms;
	if (p->w_dense)
		memcpy(out, (const float *)(const void *)job->w + at, terms * sizeof(float));
	for (size_t t = 0; t < terms && !p->w_dense; t++)
		out[t] = gs_image_element(job->w, p->is.w.dtype, at + p->w_term[t]);
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
	gs_walk(&c->batch, c->extent, first, channels, p->x.is.step, g->x);
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
		                             : gs_image_element(job->start, c->start.dtype, c->start.at + g->start[i]);
		if (narrows)
			out[i] = room->result + i * p->block_lines * p->lanes;
		else
			out[i] = (float *)(void *)job->out + g->out[i] + (int64_t)(first * p->out_line);
		gs_image_stage(&p->x, job->kernels, job->x, p->x.is.at + g->x[i], first, lines, room->line,
		               room->stage + i * p->stage_floats, p->blocks > 1);
	}
	const struct gs_planes planes = {.channels = g->channels,
	                                 .lines = lines,
	                                 .lanes = p->lanes,
	                                 .x = room->stage,
	                                 .x_next = p->stage_floats,
	                                 .step = (size_t)p->x.is.y.stride * p->x.pitch,
	                                 .w = room->weight,
	                                 .term = p->x_term,
	                                 .terms = (size_t)c->terms,
	                                 .square = p->square,
	                                 .stride = (unsigned)p->x.is.y.stride,
	                                 .pitch = p->x.pitch,
	                                 .start = start,
	                                 .out = out,
	                                 .out_line = narrows ? p->lanes : p->out_line,
	                                 .clamp = c->low != -INFINITY || c->high != INFINITY,
	                                 .low = c->low,
	                                 .high = c->high};
	job->kernels->plane->run(&planes);
	if (narrows)
		narrow(job, g, room, first, lines);
	struct gs_stretch written = {.of = job->after};
	for (size_t i = 0; job->after && i < g->channels; i++)
		gs_stretch_add(&written, (uint64_t)g->out[i] + first * p->out_line, lines * p->out_line);
	gs_stretch_end(&written);
}

bool gs_plane_tells(const struct gs_plane *p)
{
	return p->lanes == p->out_line;
}

/* Items: blocks of lines of channels. */
static void run_items(void *self, unsigned thread, uint64_t first, uint64_t last)
{
	const struct job *job = self;
	const struct gs_plane *p = job->p;
	struct room room;
	struct group g;
	(void)room_floats(p, &room, job->room + thread * job->room_floats);
	gs_image_fill(room.stage, p->group * p->stage_floats, p->x.is.pad);
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
	struct job job = {.p = p, .kernels = kernels, .after = room->after, .room_floats = room_floats(p, NULL, NULL)};
	job.x = gs_memory_array(mem, (enum gs_space)p->x.is.space) + (size_t)p->x.is.chunk * GS_CHUNK_BYTES;
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
