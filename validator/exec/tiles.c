#include "validator/exec/tiles.h"

#include <math.h>
#include <string.h>

enum {
	ROWS_DIRECT = 32,      /* of an item, up to which packing a panel costs more than it saves... */
	ROWS_DIRECT_LONG = 96, /* ...with vectors as long as a line of the caches */
	PACK_TERMS = 32,       /* packed of all panels before the next: few pages at a time */
	LINE_BYTES = 64,
	WAYS = 4, /* of a cache, at least */
	LEVEL_1_WAY = 1 << 12,
	LEVEL_2_WAY = 1 << 17, /* bytes: addresses so far apart compete for the same places */
};

size_t gs_panel_at(const struct gs_contract_job *job, uint64_t lane, unsigned *width)
{
	uint64_t left = gs_round_up(job->c->is.lanes.points - lane, job->kernels->lanes);
	unsigned w = job->c->width;
	while (w > 0 && (job->kernels->lanes << w) > left)
		w--;
	*width = w;
	return job->kernels->lanes << w;
}

int64_t gs_batch_at(const struct gs_contraction *c, uint64_t batch, const int64_t *step)
{
	int64_t at;
	gs_walk(&c->batch, c->extent, batch, 1, step, &at);
	return at;
}

struct item {
	const struct gs_contract_job *job;
	struct gs_contract_worker *s;
	uint64_t batch, row, rows, lane, lanes;
	const float *w;         /* of the item's first row, packed or not */
	size_t w_row;           /* that are apart: elements from a row to the next */
	struct gs_packing x;    /* of the item's batch */
	uint8_t *out;           /* the instruction's tensor */
	int64_t out_at;         /* where the batch begins in it */
	bool plain;             /* stored as the tile leaves it */
	bool turned;            /* rows are neighbours in the output, and lanes are not */
	const uint32_t *w_sums; /* of integers: of w' of the item's first row */
};

/* ---- the lanes' factor ---- */

/* q*sum(x') of the item's lanes (contract.h), when the last block of terms is open. */
static void add_lane_sums(const struct item *it, uint64_t term, size_t terms)
{
	const struct gs_contract_job *job = it->job;
	const struct gs_contraction *c = &job->c->is;
	struct gs_contract_worker *s = it->s;
	const uint32_t q = (uint32_t)job->w_words.from, *sums = s->lane_sums;
	static const uint32_t none[GS_TILE_LANES_MAX];
	for (unsigned i = 0; i < s->panels && !job->c->packed_x; i++) {
		const struct gs_panel *p = &s->panel[i];
		gs_lane_sums(job, p, terms, term == 0 ? none : s->lane_sums + p->lane, s->lane_sums + p->lane);
	}
	if (term + terms < c->terms)
		return;
	if (job->c->packed_x)
		sums = job->c->ints.x_sums + it->batch * gs_round_up(c->lanes.points, job->kernels->lanes) + it->lane;
	for (size_t l = 0; l < gs_round_up(it->lanes, job->kernels->lanes); l++)
		s->lane_add[l] = q * sums[l];
}

static void copy(float *to, const float *from, size_t n)
{
	switch (n) { /* constant lengths become a few vector moves */
	case 8: memcpy(to, from, 8 * sizeof(float)); return;
	case 16: memcpy(to, from, 16 * sizeof(float)); return;
	case 32: memcpy(to, from, 32 * sizeof(float)); return;
	case 64: memcpy(to, from, 64 * sizeof(float)); return;
	default: memcpy(to, from, n * sizeof(float)); return;
	}
}

/* Panels whose lanes all follow each other in x: whole lines of it are read, a term after the other. first: of the panels;
 * at: of the first term's lanes in the block. */
static void pack_lines(const struct item *it, unsigned first, unsigned panels, uint64_t term, size_t terms, size_t done)
{
	const struct gs_panel *panel = &it->s->panel[first];
	for (size_t t = 0; t < terms; t++) {
		const float *line = it->x.array + it->s->lane_x[panel->lane] + it->x.term[term + t];
		int64_t ahead = term + t + 2 < it->job->c->is.terms ? it->x.term[term + t + 2] - it->x.term[term + t]
		                                                    : 0;
		for (unsigned i = 0; i < panels; i++) {
			const struct gs_panel *p = &panel[i];
			const float *from = line + (p->lane - panel->lane);
			for (size_t l = 0; l < p->lanes; l += LINE_BYTES / sizeof(float))
				__builtin_prefetch(from + ahead + l);
			copy(it->s->block + p->at + (done + t) * p->wide, from, p->lanes);
		}
	}
}

/* Terms [done, done + terms) of the block that begins with `term`. */
static void pack_panels(const struct item *it, uint64_t term, size_t done, size_t terms)
{
	struct gs_contract_worker *s = it->s;
	for (unsigned i = 0, n; i < s->panels; i += n) {
		const struct gs_panel *p = &s->panel[i];
		n = 1;
		if (p->x_at != NULL)
			continue;
		while (p->neighbours && i + n < s->panels && p[n].neighbours && p[n].follows && p[n].x_at == NULL)
			n++;
		if (p->neighbours && !it->x.unit_terms)
			pack_lines(it, i, n, term + done, terms, done);
		else
			for (const struct gs_panel *end = p + n; p < end; p++)
				gs_pack(&it->x, it->job->kernels, s->lane_x + p->lane, p->lanes, term + done, terms,
				        s->block + p->at + done * p->wide, p->wide);
	}
}

/* Whether start_where_it_lies finds the panel's start in the tensor, whichever the tile of rows. */
static bool start_lies(const struct gs_contraction *c, const struct gs_panel *p)
{
	return c->start.dtype == GS_F32 && p->start_neighbours && p->lanes == p->wide && c->rows.count == 1 &&
	       c->start.step[c->rows.axis[0]] > 0;
}

/* Which panels lie in such a way that a tile can go from one to the next; last: what it leaves is output. */
static void join_panels(const struct item *it, bool first, bool last)
{
	struct gs_contract_worker *s = it->s;
	const struct gs_contraction *c = &it->job->c->is;
	bool start = first && c->start_moves_on_lanes;
	for (unsigned i = s->panels; i-- > 0;) {
		struct gs_panel *p = &s->panel[i], *next = p + 1;
		p->together = 1;
		if (i + 1 == s->panels || c->words != 0 || p->width != next->width ||
		    (p->x_at == NULL) != (next->x_at == NULL))
			continue;
		bool lie = (p->start_shared && next->start_shared) || (start_lies(c, p) && start_lies(c, next));
		if (start && (!lie || s->lane_start[next->lane] - s->lane_start[p->lane] != (int64_t)p->wide))
			continue;
		if (last && (p->straight != next->straight ||
		             (p->straight && s->run[next->run].out - s->run[p->run].out != (int64_t)p->wide)))
			continue;
		if (next->together == 1 || next[1].x - next->x == next->x - p->x)
			p->together = next->together + 1;
	}
}

/* Whether tiles had better read the terms of x where they lie. With many rows that takes lines of the caches that are read
 * whole, and whose places are not the same ones over and over: long vectors take time enough for the second level. */
static bool read_in_place(const struct item *it, uint64_t term, size_t terms)
{
	const int64_t *at = it->x.term + term;
	bool long_vectors = it->job->kernels->lanes * sizeof(float) >= LINE_BYTES;
	uint64_t way = long_vectors ? LEVEL_2_WAY : LEVEL_1_WAY;
	if (it->rows <= (long_vectors ? ROWS_DIRECT_LONG : ROWS_DIRECT) || terms == 1)
		return true;
	uint64_t apart = (uint64_t)(at[1] - at[0]) * sizeof(float), unit = apart & (0 - apart);
	for (size_t t = 1; t < terms; t++)
		if ((uint64_t)(at[t] - at[t - 1]) * sizeof(float) % LINE_BYTES != 0)
			return false;
	return unit == 0 || unit >= way ? terms <= WAYS : terms <= WAYS * (way / unit);
}

/* Panels that are not packed already, nor better read where they lie, are packed, a few terms of all at a time. */
static void open_block(const struct item *it, uint64_t term, size_t terms)
{
	const struct gs_contract_job *job = it->job;
	const struct gs_contraction *c = &job->c->is;
	struct gs_contract_worker *s = it->s;
	uint64_t padded = gs_round_up(c->lanes.points, job->kernels->lanes);
	bool in_place = !job->c->packed_x && !job->w_apart && (c->pitch || read_in_place(it, term, terms)),
	     pack = false;
	for (unsigned i = 0; i < s->panels; i++) {
		struct gs_panel *p = &s->panel[i];
		p->x_at = NULL;
		p->x_step = p->wide;
		p->at = p->lane * terms + i * GS_PANEL_GAP;
		if (job->c->packed_x) {
			p->x = job->c->packed_x + (it->batch * padded + it->lane + p->lane) * c->terms + term * p->wide;
		} else if (in_place && (p->lanes == p->wide || c->x.stage_dims) && p->neighbours) {
			p->x = it->x.array + s->lane_x[p->lane];
			p->x_at = it->x.term + term;
		} else {
			p->x = s->block + p->at;
			pack = true;
		}
	}
	size_t most = it->x.unit_terms ? terms : PACK_TERMS; /* lines that go on are read to their end */
	for (size_t t = 0; pack && t < terms; t += most)
		pack_panels(it, term, t, terms - t < most ? terms - t : most);
	if (job->w_words.from != 0)
		add_lane_sums(it, term, terms);
	join_panels(it, term == 0, term + terms == c->terms);
}

/* ---- integers ---- */

static uint32_t ones(enum gs_words_kind kind)
{
	return kind == GS_WORDS_8 ? 0x01010101 : kind == GS_WORDS_16 ? 0x00010001 : 1;
}

void gs_lane_sums(const struct gs_contract_job *job, const struct gs_panel *p, size_t terms, const uint32_t *start,
                  uint32_t *sums)
{
	const uint32_t one = ones(job->x_words.kind);
	struct gs_int_tile tile = {.terms = terms,
	                           .x = (const uint32_t *)(const void *)p->x,
	                           .x_at = p->x_at,
	                           .x_step = p->x_step,
	                           .w = &one,
	                           .start = start,
	                           .start_row = p->wide,
	                           .out = sums};
	job->kernels->ints->tile[job->x_words.kind][p->width][0](&tile);
}

/* Adds to accumulators, which may lie in an array of floats, and to a start in the same form. */
static void add_integer(float *at, size_t n, uint32_t value)
{
	uint32_t *word = (uint32_t *)(void *)at;
	for (size_t i = 0; i < n; i++)
		word[i] += value;
}

/* p*(sum(w') + K*q) of a row of the item (contract.h). */
static uint32_t row_addend(const struct item *it, size_t row)
{
	const struct gs_contract_job *job = it->job;
	if (job->x_words.from == 0)
		return 0;
	GS_ASSERT(it->w_sums != NULL);
	uint32_t sum = it->w_sums[row] + (uint32_t)job->c->is.products * (uint32_t)job->w_words.from;
	return (uint32_t)job->x_words.from * sum;
}

/* That of all rows of the item to their starts. */
static void add_rows(const struct item *it, float *start, size_t rows)
{
	const struct gs_contract_job *job = it->job;
	const uint32_t p = (uint32_t)job->x_words.from, *sums = it->w_sums;
	const uint32_t all = (uint32_t)job->c->is.products * (uint32_t)job->w_words.from;
	uint32_t *word = (uint32_t *)(void *)start;
	if (p == 0)
		return;
	GS_ASSERT(sums != NULL);
	for (size_t r = 0; r < rows; r++)
		word[r] += p * (sums[r] + all);
}

/* One row's finished accumulators to the output; lane: of the first, within the item. */
static void write_integers(const struct item *it, size_t row, uint32_t *value, const struct gs_panel *p)
{
	const struct gs_contract_job *job = it->job;
	const struct gs_instr *in = job->in;
	int64_t at = it->out_at + it->s->row_out[row];
	for (unsigned i = p->run; i < p->run + p->runs; i++) {
		const struct gs_run_of_lanes *run = &it->s->run[i];
		const uint32_t *from = value + (run->lane - p->lane);
		uint32_t *out = (uint32_t *)(void *)it->out + at + run->out;
		if (in->epilogue == 0 && in->store_dtype == GS_I32)
			memcpy(out, from, run->lanes * sizeof(*out));
		else if (in->epilogue == GS_FN_I32_TO_F32 && in->store_dtype == GS_F32)
			job->kernels->ints->to_f32(out, from, run->lanes);
		else
			for (size_t l = 0; l < run->lanes; l++)
				gs_element_write(it->out, (enum gs_dtype)in->store_dtype, (uint64_t)(at + run->out) + l,
				                 gs_finish(in, from[l]));
	}
}

/* ---- accumulators in and out ---- */

/* The bits of a number of 32 bits, whichever its class. */
static float start_at(const struct item *it, int64_t at)
{
	const struct gs_factor *f = &it->job->c->is.start;
	const uint8_t *base = gs_array_of(it->job->mem, f->space) + (size_t)f->chunk * GS_CHUNK_BYTES;
	enum gs_dtype dtype = (enum gs_dtype)f->dtype;
	if (dtype == GS_F32 || dtype == GS_I32)
		return ((const float *)(const void *)base)[at];
	return gs_f32_from_bits((uint32_t)gs_load(dtype, gs_element_bits(base, dtype, (uint64_t)at)));
}

/* Those of a panel's lanes. */
static void copy_start(const struct item *it, int64_t base, const struct gs_panel *p, float *to)
{
	const struct gs_factor *f = &it->job->c->is.start;
	const int64_t *lane = it->s->lane_start + p->lane;
	if (p->start_neighbours && (f->dtype == GS_F32 || f->dtype == GS_I32)) {
		const uint8_t *array = gs_array_of(it->job->mem, f->space) + (size_t)f->chunk * GS_CHUNK_BYTES;
		memcpy(to, (const float *)(const void *)array + base + lane[0], p->lanes * sizeof(float));
		return;
	}
	for (size_t l = 0; l < p->lanes; l++)
		to[l] = start_at(it, base + lane[l]);
}

/* Whether the tile can read them from the tensor: rows of whole panels, evenly apart. */
static bool start_where_it_lies(const struct item *it, size_t row, size_t rows, const struct gs_panel *p, int64_t base,
                                struct gs_tile *tile)
{
	const struct gs_factor *f = &it->job->c->is.start;
	const int64_t *at = it->s->row_start + row;
	int64_t apart = rows > 1 ? at[1] - at[0] : (int64_t)p->wide;
	bool even = f->dtype == GS_F32 && p->start_neighbours && p->lanes == p->wide && apart > 0;
	for (size_t r = 2; even && r < rows; r++)
		even = at[r] - at[r - 1] == apart;
	if (!even)
		return false;
	const uint8_t *array = gs_array_of(it->job->mem, f->space) + (size_t)f->chunk * GS_CHUNK_BYTES;
	tile->start = (const float *)(const void *)array + base + at[0] + it->s->lane_start[p->lane];
	tile->start_row = (size_t)apart;
	tile->start_next = p->wide;
	return true;
}

/* The accumulators before the first term: one a row, or a block of lanes. */
static void fill_start(const struct item *it, size_t row, size_t rows, const struct gs_panel *p, struct gs_tile *tile)
{
	const struct gs_contraction *c = &it->job->c->is;
	tile->start_row = tile->start_next = 0;
	tile->start = it->s->start + row;
	if (!c->start_moves_on_lanes)
		return;
	int64_t base = c->start.at + gs_batch_at(c, it->batch, c->start.step);
	if (p->start_shared) {
		const uint8_t *array = gs_array_of(it->job->mem, c->start.space) +
		                       (size_t)c->start.chunk * GS_CHUNK_BYTES;
		tile->start = (const float *)(const void *)array + base + it->s->lane_start[p->lane];
		tile->start_lanes = true;
		tile->start_next = p->wide;
		return;
	}
	if (c->words == 0 && start_where_it_lies(it, row, rows, p, base, tile))
		return;
	for (size_t r = 0; r < rows; r++)
		copy_start(it, base + it->s->row_start[row + r], p, it->s->tile + r * p->wide);
	for (size_t r = 0; r < rows && c->words != 0; r++)
		add_integer(it->s->tile + r * p->wide, p->lanes, row_addend(it, row + r));
	tile->start = it->s->tile;
	tile->start_row = p->wide;
}

/* n finished accumulators, canonical and clamped, to neighbours in the output. */
static void write_run(const struct item *it, const float *from, int64_t at, size_t n)
{
	const struct gs_contraction *c = &it->job->c->is;
	const struct gs_kernels *k = it->job->kernels;
	enum gs_dtype dtype = (enum gs_dtype)c->store_dtype;
	if (it->plain)
		memcpy((float *)(void *)it->out + at, from, n * sizeof(float));
	else if (c->clamps)
		(dtype == GS_F16 ? k->narrow_f16 : k->narrow_bf16)((uint16_t *)(void *)it->out + at, from, n);
	else
		for (size_t l = 0; l < n; l++)
			gs_element_write(it->out, dtype, (uint64_t)at + l,
			                 gs_finish(it->job->in, gs_f32_to_bits(from[l])));
}

/* Rows that are neighbours in the output, lanes that are not: a small transposition in between. */
static void write_turned(const struct item *it, size_t row, size_t rows, const struct gs_panel *p, unsigned panels)
{
	enum { STEP = 16, LANES = 64 };
	const struct gs_contraction *c = &it->job->c->is;
	const struct gs_panel *last = p + panels - 1;
	size_t lanes = last->lane + last->lanes - p->lane, wide = panels * p->wide;
	int64_t apart = c->lanes.count ? c->out_step[c->lanes.axis[0]] : 1;
	int64_t at = it->out_at + it->s->row_out[row] + (int64_t)(it->lane + p->lane) * apart;
	float turned[LANES * STEP];
	for (size_t lane = 0; lane < lanes; lane += LANES) {
		size_t n = lanes - lane < LANES ? lanes - lane : LANES;
		it->job->kernels->transpose(turned, STEP, it->s->tile + lane, (ptrdiff_t)wide, rows, n);
		for (size_t l = 0; l < n; l++, at += apart) {
			const float *from = turned + l * STEP;
			float *to = (float *)(void *)it->out + at;
			if (!it->plain || rows < 8) {
				write_run(it, from, at, rows);
				continue;
			}
			memcpy(to, from, 8 * sizeof(float));
			memcpy(to + rows - 8, from + rows - 8, 8 * sizeof(float));
		}
	}
}

/* Those of a tile's rows over panels side by side, which the tile has left in the worker's memory, as wide as they are. */
static void write_out(const struct item *it, size_t row, size_t rows, const struct gs_panel *p, unsigned panels)
{
	const struct gs_panel *last = p + panels - 1;
	const struct gs_run_of_lanes *end = it->s->run + last->run + last->runs;
	if (it->turned) {
		write_turned(it, row, rows, p, panels);
		return;
	}
	for (size_t r = 0; r < rows; r++) {
		const float *from = it->s->tile + r * panels * p->wide - p->lane;
		int64_t at = it->out_at + it->s->row_out[row + r];
		if (it->job->c->is.words != 0) {
			write_integers(it, row + r, (uint32_t *)(void *)(it->s->tile + r * p->wide), p);
			continue;
		}
		for (const struct gs_run_of_lanes *run = it->s->run + p->run, *next; run < end; run = next) {
			size_t lanes = run->lanes;
			for (next = run + 1;
			     next < end && next->lane == run->lane + lanes && next->out == run->out + (int64_t)lanes;
			     next++)
				lanes += next->lanes; /* goes on in the next panel */
			write_run(it, from + run->lane, at + run->out, lanes);
		}
	}
}

/* Whether the rows' places in the output lie evenly. */
static bool even(const int64_t *out, size_t rows)
{
	bool even = rows == 1 || out[1] > out[0];
	for (size_t r = 2; even && r < rows; r++)
		even = out[r] - out[r - 1] == out[1] - out[0];
	return even;
}

/* ---- tiles ---- */

static void run_integers(const struct item *it, size_t rows, const struct gs_panel *p, const struct gs_tile *t)
{
	struct gs_int_tile tile = {.terms = t->terms,
	                           .x = (const uint32_t *)(const void *)t->x,
	                           .x_at = t->x_at,
	                           .x_step = t->x_step,
	                           .w = (const uint32_t *)(const void *)t->w,
	                           .w_step = t->w_step,
	                           .start = (const uint32_t *)(const void *)t->start,
	                           .start_row = t->start_row,
	                           .lane_add = t->last && it->job->w_words.from != 0 ? it->s->lane_add + p->lane : NULL,
	                           .out = (uint32_t *)(void *)t->out,
	                           .out_row = t->out_row};
	it->job->kernels->ints->tile[it->job->x_words.kind][p->width][rows - 1](&tile);
}

/* One tile of rows over panels that lie together. through: what it leaves is stored by other means. */
static void run_panels(const struct item *it, size_t row, size_t rows, const struct gs_panel *p, bool first,
                       bool through, struct gs_tile *tile)
{
	tile->x = p->x;
	tile->x_at = p->x_at;
	tile->x_step = p->x_step;
	tile->x_next = tile->panels > 1 ? p[1].x - p->x : 0;
	tile->start = tile->out = it->s->acc + row * GS_ACC_LANES + p->lane;
	tile->start_row = tile->out_row = GS_ACC_LANES;
	tile->start_next = p->wide;
	tile->start_lanes = false;
	if (first)
		fill_start(it, row, rows, p, tile);
	if (through) {
		tile->out = it->s->tile;
		tile->out_row = tile->panels * p->wide;
	} else if (tile->last) {
		const int64_t *out = it->s->row_out + row;
		tile->out = (float *)(void *)it->out + it->out_at + out[0] + it->s->run[p->run].out;
		tile->out_row = rows > 1 ? (size_t)(out[1] - out[0]) : 0;
	}
	if (it->job->w_apart)
		it->job->kernels->apart[p->width][rows - 1](tile);
	else if (it->job->c->is.words == 0)
		it->job->kernels->tile[p->width][rows - 1](tile);
	else
		run_integers(it, rows, p, tile);
	if (through)
		write_out(it, row, rows, p, (unsigned)tile->panels);
}

/* A tile of rows over all panels and one block of terms. */
static void run_rows(const struct item *it, size_t row, size_t rows, uint64_t term, size_t terms, struct gs_tile *tile)
{
	const struct gs_contraction *c = &it->job->c->is;
	bool rows_even = even(it->s->row_out + row, rows);
	tile->terms = terms;
	tile->w = it->w + row * c->terms + term * rows;
	tile->w_step = rows;
	tile->last = term + terms == c->terms;
	if (it->job->w_apart) {
		tile->w = it->w + row * it->w_row;
		tile->w_at = it->job->w.term + term;
		tile->w_row = it->w_row;
	}
	size_t tile_rows = it->job->c->tile_rows, tiles = (it->rows + tile_rows - 1) / tile_rows;
	bool ahead = it->job->c->packed_x != NULL && tiles > 1;
	for (unsigned i = 0; i < it->s->panels; i += (unsigned)tile->panels) {
		const struct gs_panel *p = &it->s->panel[i];
		if (ahead) { /* each tile of rows fetches its share of the panels that come next */
			size_t next = tile->last ? it->job->item_lanes * c->terms - term * p->wide : terms * p->wide;
			tile->ahead_step = (p->wide + tiles - 1) / tiles;
			tile->ahead = p->x + next + row / tile_rows * tile->ahead_step * terms;
		}
		bool through = tile->last && (!rows_even || !p->straight);
		tile->panels = p->together;
		run_panels(it, row, rows, p, term == 0, through, tile);
	}
}

/* ---- where an item's rows and lanes lie ---- */

static bool neighbours(const int64_t *at, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (at[i] != at[i - 1] + 1)
			return false;
	return true;
}

/* Runs of lanes [first, first + n) of the item in the output, without those that are computed in vain; at most n. */
static unsigned find_runs(const struct item *it, size_t first, size_t n, struct gs_run_of_lanes *run)
{
	const struct gs_contraction *c = &it->job->c->is;
	unsigned runs = 0;
	uint64_t end = it->lane + first + n;
	const struct gs_axis_list *list = &c->lanes;
	uint64_t across = list->count ? c->extent[list->axis[list->count - 1]] : 1;
	uint64_t pitch = c->pitch ? c->pitch : across;
	int64_t apart = list->count ? c->out_step[list->axis[list->count - 1]] : 1;
	if (list->count == 1 && apart == 1 && c->pitch == 0) { /* one axis: neighbours all */
		run[0] = (struct gs_run_of_lanes){first, n, (int64_t)(it->lane + first)};
		return 1;
	}
	struct gs_axis_list outer = *list;
	outer.count -= outer.count != 0;
	for (uint64_t lane = it->lane + first; lane < end;) {
		uint64_t i = lane % pitch, stop = lane - i + across < end ? lane - i + across : end;
		int64_t at;
		gs_walk(&outer, c->extent, lane / pitch, 1, c->out_step, &at);
		at += (int64_t)i * apart;
		while (lane < stop) {
			uint64_t lanes = apart == 1 ? stop - lane : 1;
			struct gs_run_of_lanes *last = runs ? &run[runs - 1] : NULL;
			if (last && last->out + (int64_t)last->lanes == at &&
			    last->lane + last->lanes == lane - it->lane)
				last->lanes += lanes; /* rows that follow each other in the output, too */
			else
				run[runs++] = (struct gs_run_of_lanes){lane - it->lane, lanes, at};
			lane += lanes;
			at += apart;
		}
		if (lane % pitch >= across) /* in vain */
			lane += pitch - lane % pitch;
	}
	return runs;
}

static bool moves_start(const struct gs_contraction *c, const struct gs_axis_list *list)
{
	for (unsigned i = 0; i < list->count; i++)
		if (c->start.step[list->axis[i]] != 0)
			return true;
	return false;
}

static void place_lanes(const struct item *it)
{
	const struct gs_contract_job *job = it->job;
	const struct gs_contraction *c = &job->c->is;
	struct gs_contract_worker *s = it->s;
	size_t lanes = (size_t)it->lanes;
	unsigned runs = 0;
	bool packed = job->c->packed_x != NULL; /* then it is nobody's business where lanes lie in x */
	if (c->pitch == 0 && !packed)
		gs_walk(&c->lanes, c->extent, it->lane, lanes, c->x.step, s->lane_x);
	for (size_t l = 0; c->pitch && l < lanes; l++)
		s->lane_x[l] = (int64_t)(it->lane + l);
	if (c->start_moves_on_lanes)
		gs_walk(&c->lanes, c->extent, it->lane, lanes, c->start.step, s->lane_start);
	s->panels = 0;
	for (size_t lane = 0; lane < lanes; s->panels++) {
		struct gs_panel *p = &s->panel[s->panels];
		p->lane = lane;
		p->wide = gs_panel_at(job, it->lane + lane, &p->width);
		p->lanes = lanes - lane < p->wide ? lanes - lane : p->wide;
		p->neighbours = !packed && neighbours(s->lane_x + lane, p->lanes);
		p->follows = !packed && lane > 0 && s->lane_x[lane] == s->lane_x[lane - 1] + 1;
		p->start_neighbours = c->start_moves_on_lanes && neighbours(s->lane_start + lane, p->lanes);
		p->start_shared = p->start_neighbours && c->words == 0 && c->start.dtype == GS_F32 &&
		                  p->lanes == p->wide && !moves_start(c, &c->rows);
		p->run = runs;
		p->runs = find_runs(it, lane, p->lanes, s->run + runs);
		p->straight = it->plain && p->runs == 1 && s->run[runs].lanes == p->wide;
		runs += p->runs;
		lane += p->lanes;
	}
}

static void prepare(struct item *it)
{
	const struct gs_contract_job *job = it->job;
	const struct gs_contraction *c = &job->c->is;
	struct gs_contract_worker *s = it->s;
	size_t rows = (size_t)it->rows;
	if (s->serial != job->serial || s->lane != it->lane)
		place_lanes(it);
	if (s->serial != job->serial || s->row != it->row) {
		gs_walk(&c->rows, c->extent, it->row, rows, c->out_step, s->row_out);
		if (!c->start_constant)
			gs_walk(&c->rows, c->extent, it->row, rows, c->start.step, s->row_start);
	}
	s->serial = job->serial;
	s->lane = it->lane;
	s->row = it->row;
	it->out_at = gs_batch_at(c, it->batch, c->out_step);
	it->x = job->x;
	if (!job->c->packed_x)
		it->x.array += c->x.at + gs_batch_at(c, it->batch, c->x.step);
	if (c->start_moves_on_lanes)
		return;
	int64_t start = c->start_constant ? 0 : c->start.at + gs_batch_at(c, it->batch, c->start.step);
	for (size_t r = 0; r < rows; r++)
		s->start[r] = c->start_constant ? c->start_value : start_at(it, start + s->row_start[r]);
	if (c->words != 0)
		add_rows(it, s->start, rows);
}

/* Finished rows of the item. */
static void tell_written(const struct item *it, size_t row, size_t rows, struct gs_stretch *written)
{
	const struct gs_panel *last = &it->s->panel[it->s->panels - 1];
	for (size_t r = row; r < row + rows; r++) {
		int64_t at = it->out_at + it->s->row_out[r];
		for (unsigned i = 0; i < last->run + last->runs; i++)
			gs_stretch_add(written, (uint64_t)(at + it->s->run[i].out), it->s->run[i].lanes);
	}
}

static void run_item(struct item *it)
{
	const struct gs_contraction *c = &it->job->c->is;
	size_t tile_rows = it->job->c->tile_rows;
	struct gs_stretch written = {.of = it->job->after};
	struct gs_tile tile = {.low = c->low,
	                       .high = c->high,
	                       .clamp = c->low != -INFINITY || c->high != INFINITY}; /* what all have */
	prepare(it);
	for (uint64_t term = 0; term < c->terms; term += GS_BLOCK_TERMS) {
		size_t terms = (size_t)(c->terms - term < GS_BLOCK_TERMS ? c->terms - term : GS_BLOCK_TERMS);
		open_block(it, term, terms);
		for (size_t row = 0; row < it->rows; row += tile_rows) {
			size_t rows = it->rows - row < tile_rows ? it->rows - row : tile_rows;
			run_rows(it, row, rows, term, terms, &tile);
			if (it->job->after && term + terms == c->terms)
				tell_written(it, row, rows, &written);
		}
	}
	gs_stretch_end(&written);
}

void gs_contract_items(void *self, unsigned thread, uint64_t first, uint64_t last)
{
	const struct gs_contract_job *job = self;
	const struct gs_contraction *c = &job->c->is;
	uint64_t blocks = job->row_items * job->lane_items;
	for (uint64_t i = first; i < last; i++) {
		struct item it = {.job = job, .s = job->ws->worker[thread]};
		uint64_t b = job->batch_inner ? i % job->batches : i / blocks;
		uint64_t block = job->batch_inner ? i / job->batches : i % blocks;
		uint64_t row = block / job->lane_items * job->item_rows;
		it.batch = job->batch_first + b;
		it.row = job->row_first + row;
		it.rows = job->rows - row < job->item_rows ? job->rows - row : job->item_rows;
		it.lane = block % job->lane_items * job->item_lanes;
		it.lanes = c->lanes.points - it.lane;
		it.lanes = it.lanes < job->item_lanes ? it.lanes : job->item_lanes;
		if (job->w_apart) {
			it.w_row = c->rows.count ? (size_t)c->w.step[c->rows.axis[0]] : 0;
			it.w = job->w.array + c->w.at + gs_batch_at(c, it.batch, c->w.step) + it.row * it.w_row;
		} else {
			it.w = job->packed_w + (b * job->rows + row) * c->terms;
		}
		it.out = job->mem->trace + (size_t)c->first_chunk * GS_CHUNK_BYTES;
		it.plain = c->clamps && c->store_dtype == GS_F32;
		if (c->words != 0)
			it.plain = job->in->epilogue == 0 && c->store_dtype == GS_I32;
		it.turned = c->words == 0 && c->rows.count == 1 && c->out_step[c->rows.axis[0]] == 1 &&
		            c->lanes.count == 1;
		it.w_sums = job->w_sums ? job->w_sums + b * job->rows + row : NULL;
		run_item(&it);
	}
}
