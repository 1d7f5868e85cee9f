#include "validator/exec/turned.h"

#include "chain/core/pages.h"
#include "validator/exec/image.h"
#include "validator/exec/pack.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	CHANNELS_MAX = 1 << 12,     /* of the image */
	STAGE_FLOATS_MAX = 1 << 18, /* of all of them, where that holds the image: the second-level cache... */
	BAND_FLOATS = 1 << 16,      /* ...else of as many lines as this holds, or of one block of them */
	LINES_MAX = 1 << 18,        /* of the image, with the padding */
	WEIGHTS_MAX = 1 << 23,      /* floats */
	PLACES = 256,               /* of a block of lines, about: what tiles leave stays in the first-level cache */
	PACKING = 20,               /* rows whose products with a vector cost as much as packing it */
	WORK_GRAIN = 1 << 17,       /* products worth handing to another thread */
	STAGE_GRAIN = 1 << 14,      /* floats of a stage, likewise */
	CLIPS_MAX = 16,             /* of an image */
	FEW_TERMS = 64,             /* of which products take no longer than turning their sums */
	LONG_VECTOR = 16,           /* lanes that fill a line of the caches */
	FEW = 16,                   /* places of a block that a vector transposition would write beyond */
	BEYOND = GS_TILE_LANES_MAX * 2,
};

/* Lines whose windows reach beyond the image above or below take the terms inside. That leaves out products of weights and zeros:
 * additions of a zero, which change nothing but the sign of a zero, and that is +0 when it has been clamped from below at 0 or above. */
struct clip {
	uint32_t first, end; /* taps inside */
	size_t terms;
	int64_t *stage_at, *weight_at; /* in `clipped` */
};

struct gs_turned {
	struct gs_contraction is;
	struct gs_image x;
	struct gs_axis_list channels; /* reduction axes that move the image */
	size_t rows, lines, lanes;    /* output channels; lines of outputs, and a line's */
	int64_t out_row, out_line;
	unsigned width;
	size_t tiles;                   /* of a line's places, evenly */
	size_t wide, panels;            /* output channels of a full panel, 1 << width vectors */
	size_t block_lines, band_lines; /* of outputs: of a block, and those whose stage is there at once */
	size_t stage_plane;             /* floats of one channel's */
	struct clip *clip;              /* owned, as are: */
	int64_t *clipped;
	uint8_t *clip_of; /* each line, or CLIPS_MAX; NULL: nothing is left out */
	unsigned clips;
	bool finite;   /* all that is packed */
	float *packed; /* [panel][term][channel], with the empty lanes; NULL: in every run */
	bool own;
	int64_t *x_term;
	int64_t table[];
};

/* ---- preparation ---- */

/* Constant weights, moved by output channels alone; outputs in lines that follow each other. */
static bool suits(const struct gs_contraction *c, const struct gs_kernels *kernels)
{
	unsigned inner = c->lanes.count ? c->lanes.axis[c->lanes.count - 1] : 0;
	if (c->words != 0 || c->rows.count != 1 || c->lanes.count < 1 || c->lanes.count > 2 ||
	    c->rows.points < kernels->lanes || c->rows.points * c->terms > WEIGHTS_MAX || !c->clamps ||
	    c->start_moves_on_lanes || c->out_step[inner] != 1)
		return false;
	if (c->lanes.count == 2 && c->out_step[c->lanes.axis[0]] != (int64_t)c->extent[inner])
		return false;
	if (c->w.space != GS_SPACE_WEIGHTS || c->w.padded || c->w.stage_elements > WEIGHTS_MAX)
		return false;
	for (unsigned i = 0; i < c->batch.count; i++)
		if (c->w.step[c->batch.axis[i]] != 0 || (!c->start_constant && c->start.step[c->batch.axis[i]] != 0))
			return false;
	return true;
}

/* Measured with AVX2: what the other forms do beside products takes longer than turning results. */
static bool narrow_vectors(const struct gs_kernels *kernels)
{
	return kernels->lanes < LONG_VECTOR;
}

bool gs_turned_before_direct(const struct gs_kernels *kernels, const struct gs_contraction *products)
{
	return narrow_vectors(kernels) && products->terms > FEW_TERMS;
}

/* Vectors of products a term, in either order; the other one reads lanes as the padded image lies, or packs them. */
static bool wins(const struct gs_turned *t, const struct gs_kernels *kernels)
{
	uint64_t v = kernels->lanes, places = (uint64_t)t->lines * t->lanes;
	uint64_t as_it_lies = ((t->lines - 1) * t->x.segment + t->lanes + v - 1) / v * t->rows;
	uint64_t packed = (places + v - 1) / v * (t->rows + PACKING);
	uint64_t other = as_it_lies < packed ? as_it_lies : packed;
	uint64_t turned = (t->rows + v - 1) / v * places;
	return narrow_vectors(kernels) ? turned <= other : 21 * turned <= 20 * other;
}

static void choose_tile(struct gs_turned *t, const struct gs_kernels *kernels)
{
	t->width = t->rows > kernels->lanes ? 1 : 0;
	t->wide = kernels->lanes << t->width;
	t->panels = (t->rows + t->wide - 1) / t->wide;
	t->tiles = (t->lanes + kernels->tile_rows[t->width] - 1) / kernels->tile_rows[t->width];
	t->block_lines = PLACES / t->lanes;
	t->block_lines = t->block_lines == 0 ? 1 : t->block_lines > t->lines ? t->lines : t->block_lines;
	size_t blocks = (t->lines + t->block_lines - 1) / t->block_lines;
	t->block_lines = (t->lines + blocks - 1) / blocks;
}

/* The whole image at once, or else bands of whole blocks of lines. */
static bool cut_bands(struct gs_turned *t)
{
	uint64_t channels = t->channels.points;
	t->band_lines = t->lines;
	if (channels * gs_image_floats(&t->x, t->lines) > STAGE_FLOATS_MAX) {
		t->band_lines = t->block_lines;
		while (t->band_lines + t->block_lines < t->lines &&
		       channels * gs_image_floats(&t->x, t->band_lines + t->block_lines) <= BAND_FLOATS)
			t->band_lines += t->block_lines;
	}
	t->stage_plane = (size_t)gs_image_floats(&t->x, t->band_lines);
	return channels * t->stage_plane <= STAGE_FLOATS_MAX;
}

static bool read_image(const struct gs_instr *in, struct gs_turned *t, const struct gs_kernels *kernels)
{
	const struct gs_contraction *c = &t->is;
	if (!gs_image_read(in, gs_image_operand(in, c), &c->lanes, &t->x))
		return false;
	if (c->lanes.count == 1 && !gs_image_slides(&t->x)) /* a product, which contract.h turns itself */
		return false;
	t->channels.points = 1;
	for (unsigned a = c->out_axes; a < c->out_axes + c->red_axes; a++)
		if (c->extent[a] != 1 && a != t->x.is.y.tap_axis && a != t->x.is.x.tap_axis) {
			if (t->channels.count == GS_OUT_AXES_MAX)
				return false;
			t->channels.axis[t->channels.count++] = (uint8_t)a;
			t->channels.points *= c->extent[a];
		}
	t->rows = (size_t)c->rows.points;
	t->lines = t->x.is.y.outputs;
	t->lanes = t->x.is.x.outputs;
	t->out_row = c->out_step[c->rows.axis[0]];
	if (t->out_row <= 0 || t->channels.points > CHANNELS_MAX || gs_window_span(&t->x.is.y, 1) > STAGE_FLOATS_MAX ||
	    gs_window_span(&t->x.is.y, t->lines) > LINES_MAX || !wins(t, kernels))
		return false;
	choose_tile(t, kernels);
	if (!cut_bands(t))
		return false;
	int64_t step[GS_AXES_MAX] = {0}, next = (int64_t)t->stage_plane;
	for (unsigned i = t->channels.count; i-- > 0; next *= c->extent[t->channels.axis[i]])
		step[t->channels.axis[i]] = next;
	t->x_term = t->table;
	gs_image_terms(&t->x, c, step, t->x_term);
	return true;
}

/* The taps of a line's windows that are inside the image. */
static struct clip clip_at(const struct gs_window_dim *y, size_t line)
{
	int64_t at = y->low + (int64_t)line * y->stride;
	struct clip clip = {.end = y->taps};
	while (clip.first < clip.end && at + (int64_t)clip.first * y->dilation < 0)
		clip.first++;
	while (clip.first < clip.end && at + (int64_t)(clip.end - 1) * y->dilation >= y->extent)
		clip.end--;
	return clip;
}

/* Each kind of line once. */
static bool find_clips(struct gs_turned *t)
{
	const struct gs_window_dim *y = &t->x.is.y;
	for (size_t line = 0; line < t->lines; line++) {
		struct clip clip = clip_at(y, line);
		unsigned i = 0;
		t->clip_of[line] = CLIPS_MAX;
		if (clip.first == 0 && clip.end == y->taps)
			continue;
		while (i < t->clips && (t->clip[i].first != clip.first || t->clip[i].end != clip.end))
			i++;
		if (i == CLIPS_MAX)
			return false;
		t->clip[i] = clip;
		t->clips = i < t->clips ? t->clips : i + 1;
		t->clip_of[line] = (uint8_t)i;
	}
	return t->clips != 0;
}

static enum gs_err fill_clips(struct gs_turned *t)
{
	const struct gs_contraction *c = &t->is;
	uint64_t inner = 1, taps = t->x.is.y.taps;
	for (unsigned a = t->x.is.y.tap_axis + 1U; a < c->out_axes + c->red_axes; a++)
		inner *= c->extent[a];
	if ((t->clipped = malloc(2 * t->clips * (size_t)c->terms * sizeof(*t->clipped))) == NULL)
		return GS_ENOMEM;
	for (unsigned i = 0; i < t->clips; i++) {
		struct clip *clip = &t->clip[i];
		clip->stage_at = t->clipped + 2 * i * (size_t)c->terms;
		clip->weight_at = clip->stage_at + c->terms;
		for (uint64_t k = 0; k < c->terms; k++) {
			uint64_t tap = k / inner % taps;
			if (tap < clip->first || tap >= clip->end)
				continue;
			clip->stage_at[clip->terms] = t->x_term[k];
			clip->weight_at[clip->terms++] = (int64_t)(k * t->wide);
		}
	}
	return GS_OK;
}

static enum gs_err clip_lines(struct gs_turned *t)
{
	const struct gs_contraction *c = &t->is;
	if (!(c->low >= 0) || gs_f32_to_bits(t->x.is.pad) != 0 || t->x.is.y.taps == 1)
		return GS_OK;
	t->clip = calloc(CLIPS_MAX, sizeof(*t->clip));
	t->clip_of = malloc(t->lines);
	if (t->clip == NULL || t->clip_of == NULL)
		return GS_ENOMEM;
	if (find_clips(t))
		return fill_clips(t);
	free(t->clip_of);
	t->clip_of = NULL;
	return GS_OK;
}

enum gs_err gs_turned_prepare(const struct gs_instr *in, const struct gs_kernels *kernels,
                              const struct gs_contraction *products, struct gs_turned **out)
{
	*out = NULL;
	if (products->rows.points < kernels->lanes || products->w.space != GS_SPACE_WEIGHTS)
		return GS_OK;
	struct gs_contraction c = *products;
	gs_image_lanes_to_batch(&c);
	if (!suits(&c, kernels))
		return GS_OK;
	struct gs_turned *t = calloc(1, sizeof(*t) + (size_t)c.terms * sizeof(t->table[0]));
	if (t == NULL)
		return GS_ENOMEM;
	t->is = c;
	if (!read_image(in, t, kernels)) {
		free(t);
		return GS_OK;
	}
	enum gs_err err = clip_lines(t);
	if (err == GS_OK)
		*out = t;
	else
		gs_turned_free(t);
	return err;
}

void gs_turned_free(struct gs_turned *t)
{
	if (t == NULL)
		return;
	if (t->own)
		free(t->packed);
	free(t->clip);
	free(t->clip_of);
	free(t->clipped);
	free(t);
}

/* ---- weights ---- */

static size_t panel_width(const struct gs_turned *t, const struct gs_kernels *kernels, size_t row, unsigned *width)
{
	*width = t->width > 0 && t->rows - row <= kernels->lanes ? 0 : t->width;
	return kernels->lanes << *width;
}

static size_t packed_floats(const struct gs_turned *t, const struct gs_kernels *kernels)
{
	return (t->rows + kernels->lanes - 1) / kernels->lanes * kernels->lanes * (size_t)t->is.terms;
}

/* Floats that weights of 16 bits are widened to before they are packed. */
static size_t widened_floats(const struct gs_turned *t)
{
	return t->is.w.stage_dims ? ((size_t)t->is.w.stage_elements + 15) / 16 * 16 : 0;
}

/* All panels; to is zeroed, widened has room for widened_floats. Terms of a channel mostly follow each other. */
static void pack(const struct gs_turned *t, const uint8_t *weights, const struct gs_kernels *kernels, int64_t *term,
                 float *widened, float *to)
{
	const struct gs_contraction *c = &t->is;
	const uint8_t *base = weights + (size_t)c->w.chunk * GS_CHUNK_BYTES;
	struct gs_axis_list reduced = {.points = c->terms};
	struct gs_packing packing = {.term = term, .unit_terms = true};
	packing.array = (const float *)(const void *)base;
	if (c->w.stage_dims) {
		gs_stage_fill(&c->w, base, kernels, NULL, widened);
		packing.array = widened;
	}
	for (unsigned a = c->out_axes; a < c->out_axes + c->red_axes; a++)
		reduced.axis[reduced.count++] = (uint8_t)a;
	gs_walk(&reduced, c->extent, 0, (size_t)c->terms, c->w.step, term);
	for (uint64_t i = 1; i < c->terms && packing.unit_terms; i++)
		packing.unit_terms = term[i] == term[i - 1] + 1;
	unsigned width;
	for (size_t row = 0, wide; row < t->rows; row += wide) {
		int64_t at[GS_TILE_LANES_MAX];
		wide = panel_width(t, kernels, row, &width);
		size_t n = t->rows - row < wide ? t->rows - row : wide;
		gs_walk(&c->rows, c->extent, row, n, c->w.step, at);
		for (size_t r = 0; r < n; r++)
			at[r] += c->w.at;
		gs_pack(&packing, kernels, at, n, 0, (size_t)c->terms, to + row * c->terms, wide);
	}
}

enum gs_err gs_turned_prepack(struct gs_turned *t, const uint8_t *weights, const struct gs_kernels *kernels,
                              uint64_t *budget)
{
	size_t bytes = (packed_floats(t, kernels) * sizeof(float) + 63) / 64 * 64 + 64;
	if (t->packed != NULL || bytes > *budget)
		return GS_OK;
	int64_t *term = malloc((size_t)t->is.terms * sizeof(*term));
	float *packed = aligned_alloc(64, bytes), *widened = malloc(widened_floats(t) * sizeof(*widened) + 1);
	if (term == NULL || packed == NULL || widened == NULL) {
		free(term);
		free(packed);
		free(widened);
		return GS_ENOMEM;
	}
	gs_large_pages(packed, bytes);
	gs_pages_now(packed, bytes);
	memset(packed, 0, bytes); /* unused lanes are computed with, and must be numbers */
	pack(t, weights, kernels, term, widened, packed);
	free(term);
	free(widened);
	t->packed = packed;
	t->own = true;
	t->finite = true;
	for (size_t i = 0; i < bytes / sizeof(float); i++)
		t->finite &= isfinite(packed[i]) != 0;
	*budget -= bytes;
	return GS_OK;
}

void gs_turned_borrow(struct gs_turned *t, const struct gs_turned *of)
{
	t->packed = of->packed;
	t->finite = of->finite;
	t->own = false;
}

bool gs_turned_packed(const struct gs_turned *t)
{
	return t->own;
}

/* ---- running ---- */

struct job {
	const struct gs_turned *t;
	const struct gs_kernels *kernels;
	const uint8_t *x;       /* the tensor */
	uint8_t *out;           /* the tensor */
	int64_t x_at, out_at;   /* of the batch */
	size_t y0, lines;       /* the band */
	const float *w, *start; /* [panel][term][channel], [channel] */
	float *stage, *room;
	size_t room_floats; /* a thread */
};

/* Items: channels of the image. */
static void stage_some(void *self, unsigned thread, uint64_t first, uint64_t last)
{
	const struct job *job = self;
	const struct gs_turned *t = job->t;
	float *line = job->room + thread * job->room_floats;
	if (job->y0 == 0) /* the padding beside the image stays from band to band */
		gs_image_fill(job->stage + first * t->stage_plane, (size_t)(last - first) * t->stage_plane,
		              t->x.is.pad);
	for (uint64_t k = first; k < last; k++) {
		int64_t channel;
		gs_walk(&t->channels, t->is.extent, k, 1, t->x.is.step, &channel);
		gs_image_stage(&t->x, job->kernels, job->x, t->x.is.at + job->x_at + channel, job->y0, job->lines, line,
		               job->stage + k * t->stage_plane, t->band_lines < t->lines);
	}
}

/* [place][channel] to [channel][place], channels lying `apart`. */
static void turn(const struct job *job, const float *from, size_t wide, size_t places, size_t channels, float *out,
                 size_t apart)
{
	if (places > FEW) {
		job->kernels->transpose(out, apart, from, (ptrdiff_t)wide, places, channels);
		return;
	}
	for (size_t c = 0; c < channels; c++)
		for (size_t p = 0; p < places; p++)
			out[c * apart + p] = from[p * wide + c];
}

/* ...to the output, at: of the first place and channel. between: room for as much as from has. */
static void put(const struct job *job, const float *from, size_t wide, size_t places, size_t channels, float *between,
                int64_t at)
{
	const struct gs_turned *t = job->t;
	if (t->is.store_dtype == GS_F32) {
		turn(job, from, wide, places, channels, (float *)(void *)job->out + at, (size_t)t->out_row);
		return;
	}
	turn(job, from, wide, places, channels, between, places);
	for (size_t c = 0; c < channels; c++, at += t->out_row)
		(t->is.store_dtype == GS_F16 ? job->kernels->narrow_f16 : job->kernels->narrow_bf16)(
			(uint16_t *)(void *)job->out + at, between + c * places, places);
}

/* Items: the band's blocks of lines of a panel of output channels. */
static void run_items(void *self, unsigned thread, uint64_t first, uint64_t last)
{
	const struct job *job = self;
	const struct gs_turned *t = job->t;
	const struct gs_contraction *c = &t->is;
	float *result = job->room + thread * job->room_floats, *between = result + t->block_lines * t->lanes * t->wide;
	size_t blocks = (job->lines + t->block_lines - 1) / t->block_lines;
	for (uint64_t i = first; i < last; i++) {
		size_t row = (size_t)(i / blocks) * t->wide, y0 = (size_t)(i % blocks) * t->block_lines;
		size_t lines = job->lines - y0 < t->block_lines ? job->lines - y0 : t->block_lines;
		unsigned width;
		size_t wide = panel_width(t, job->kernels, row, &width);
		struct gs_tile tile = {.panels = 1,
		                       .x = job->w + row * c->terms,
		                       .x_step = wide,
		                       .w_row = 1,
		                       .start = job->start + row,
		                       .start_lanes = true,
		                       .out_row = wide,
		                       .last = true,
		                       .clamp = c->low != -INFINITY || c->high != INFINITY,
		                       .low = c->low,
		                       .high = c->high};
		bool clips = t->finite && t->clip_of != NULL && width == t->width;
		for (size_t y = 0; y < lines; y++) {
			unsigned kind = clips ? t->clip_of[job->y0 + y0 + y] : CLIPS_MAX;
			const struct clip *clip = kind != CLIPS_MAX ? &t->clip[kind] : NULL;
			tile.terms = clip ? clip->terms : (size_t)c->terms;
			tile.w_at = clip ? clip->stage_at : t->x_term;
			tile.x_at = clip ? clip->weight_at : NULL;
			const float *x = job->stage + (y0 + y) * (size_t)t->x.is.y.stride * t->x.pitch;
			for (size_t place = 0, left = t->tiles, n; left > 0; place += n, left--) {
				n = (t->lanes - place + left - 1) / left;
				tile.w = x + place;
				tile.out = result + (y * t->lanes + place) * wide;
				job->kernels->apart[width][n - 1](&tile);
			}
		}
		put(job, result, wide, lines * t->lanes, t->rows - row < wide ? t->rows - row : wide, between,
		    job->out_at + (int64_t)row * t->out_row + (int64_t)((job->y0 + y0) * t->lanes));
	}
}

static void read_start(const struct gs_contraction *c, const struct gs_memory *mem, size_t rows, float *start)
{
	const uint8_t *from = NULL;
	if (!c->start_constant)
		from = gs_memory_array(mem, (enum gs_space)c->start.space) + (size_t)c->start.chunk * GS_CHUNK_BYTES;
	for (size_t r = 0; r < rows; r++)
		start[r] = c->start_constant
		                   ? c->start_value
		                   : gs_image_element(from, c->start.dtype,
		                                      c->start.at + (int64_t)r * c->start.step[c->rows.axis[0]]);
}

enum gs_err gs_turned_run(const struct gs_turned *t, const struct gs_memory *mem, const struct gs_kernels *kernels,
                          struct gs_pool *pool, struct gs_room *room)
{
	const struct gs_contraction *c = &t->is;
	size_t start = (t->rows + t->wide + 15) / 16 * 16, weights = t->packed ? 0 : packed_floats(t, kernels);
	size_t terms = t->packed ? 0 : (size_t)c->terms * sizeof(int64_t) / sizeof(float);
	size_t stage = ((size_t)t->channels.points * t->stage_plane + BEYOND) / 16 * 16;
	size_t widened = t->packed ? 0 : widened_floats(t);
	size_t results = t->block_lines * t->lanes * t->wide * (c->store_dtype == GS_F32 ? 1 : 2);
	struct job job = {.t = t, .kernels = kernels, .w = t->packed};
	job.room_floats = ((results > t->x.pitch ? results : t->x.pitch) + 31) / 16 * 16;
	float *memory = gs_room_need(room, start + weights + terms + widened + stage +
	                                           job.room_floats * gs_pool_threads(pool));
	if (memory == NULL)
		return GS_ENOMEM;
	job.start = memory;
	job.stage = memory + start + weights + terms + widened;
	job.room = job.stage + stage;
	job.x = gs_memory_array(mem, (enum gs_space)t->x.is.space) + (size_t)t->x.is.chunk * GS_CHUNK_BYTES;
	job.out = mem->trace + (size_t)c->first_chunk * GS_CHUNK_BYTES;
	memset(memory, 0, (start + weights) * sizeof(float)); /* empty lanes are computed with */
	read_start(c, mem, t->rows, memory);
	if (t->packed == NULL) {
		pack(t, gs_memory_array(mem, GS_SPACE_WEIGHTS), kernels, (int64_t *)(void *)(memory + start + weights),
		     memory + start + weights + terms, memory + start);
		job.w = memory + start;
	}
	uint64_t products = t->block_lines * t->lanes * t->wide * c->terms;
	for (uint64_t b = 0; b < c->batch.points; b++) {
		gs_walk(&c->batch, c->extent, b, 1, t->x.is.step, &job.x_at);
		gs_walk(&c->batch, c->extent, b, 1, c->out_step, &job.out_at);
		for (job.y0 = 0; job.y0 < t->lines; job.y0 += t->band_lines) {
			job.lines = t->lines - job.y0 < t->band_lines ? t->lines - job.y0 : t->band_lines;
			size_t blocks = (job.lines + t->block_lines - 1) / t->block_lines;
			gs_pool_run(pool, t->channels.points, STAGE_GRAIN / t->stage_plane + 1, stage_some, &job);
			gs_pool_run(pool, t->panels * blocks, WORK_GRAIN / products + 1, run_items, &job);
		}
	}
	return GS_OK;
}
