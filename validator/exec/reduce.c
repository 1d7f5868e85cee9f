#include "validator/exec/reduce.h"

#include "chain/core/pages.h"
#include "validator/exec/pack.h"
#include "validator/exec/sweep.h"
#include "validator/exec/sweep_kernels.h"

#include <stdlib.h>
#include <string.h>

enum {
	LANES = 256, /* of a block: accumulators stay in the first-level cache */
	ROWS = 64,
	TERMS = 64,           /* of a block that is transposed */
	TABLE_MAX = 1 << 14,  /* terms that do not lie evenly */
	TAIL_MAX = 2,         /* terms that may leave the tensor and are read one by one */
	WORK_GRAIN = 1 << 15, /* terms worth handing to another thread */
};

struct gs_reduce {
	uint8_t fn, epilogue, epilogue_pos, store_dtype;
	float epilogue_value[2], init;
	uint32_t first_chunk;
	unsigned axes;                    /* output */
	uint32_t extent[GS_OUT_AXES_MAX]; /* the last is that of the lanes */
	uint64_t lines, lanes, terms;
	struct gs_factor x;
	int64_t lane_step, term_step; /* of x; terms lie at `table` when there is one */
	int64_t *table;               /* owned */
	bool transposed;
	struct gs_instr *tail; /* owned: the instruction, when its terms from `terms` on are read one by one */
	uint64_t tail_end;
};

/* ---- preparation ---- */

void gs_fold_merge_axes(struct gs_instr *in)
{
	struct gs_view *view = &in->operand[1].view;
	unsigned from = 0, to = 0, out = 0, end = (unsigned)in->out_axes + in->red_axes;
	for (; from < end; from++) {
		bool first = from == 0 || from == in->out_axes, with_last = !first && to > 0;
		for (unsigned r = 0; with_last && r < view->rows; r++)
			with_last = view->row[r].at.coef[to - 1] ==
			            (__int128)view->row[r].at.coef[from] * in->extent[from];
		with_last &= to > 0 && (uint64_t)in->extent[to - 1] * in->extent[from] <= GS_EXTENT_MAX;
		unsigned at = with_last ? to - 1 : to;
		in->extent[at] = with_last ? in->extent[at] * in->extent[from] : in->extent[from];
		for (unsigned r = 0; r < view->rows; r++)
			view->row[r].at.coef[at] = view->row[r].at.coef[from];
		to += !with_last;
		if (from + 1U == in->out_axes)
			out = to;
	}
	for (unsigned a = to; a < GS_AXES_MAX; a++) {
		in->extent[a] = 0;
		for (unsigned r = 0; r < view->rows; r++)
			view->row[r].at.coef[a] = 0;
	}
	in->out_axes = (uint8_t)out;
	in->red_axes = (uint8_t)(to - out);
}

/* How many leading terms of the one reduction axis no row leaves its extent in. */
static uint64_t terms_inside(const struct gs_instr *in)
{
	const struct gs_view *view = &in->operand[1].view;
	unsigned red = in->out_axes;
	uint64_t inside = in->extent[red];
	for (unsigned r = 0; r < view->rows; r++) {
		__int128 low = view->row[r].at.offset, high = low;
		for (unsigned a = 0; a < red; a++) {
			__int128 far = (__int128)view->row[r].at.coef[a] * (in->extent[a] - 1);
			low += far < 0 ? far : 0;
			high += far > 0 ? far : 0;
		}
		__int128 room = (__int128)view->row[r].extent - 1 - high, step = view->row[r].at.coef[red];
		if (low < 0 || room < 0 || step < 0)
			return 0;
		if (step > 0 && room / step + 1 < (__int128)inside)
			inside = (uint64_t)(room / step) + 1;
	}
	return inside;
}

static uint32_t nothing(uint8_t fn) /* changes no accumulator */
{
	return fn == GS_FN_F32_ADD ? 0x80000000 : fn == GS_FN_F32_MAX ? 0xff800000 : 0x7f800000;
}

static enum gs_err make_table(const struct gs_instr *in, struct gs_reduce *r)
{
	struct gs_axis_list reduced = {.points = r->terms};
	if ((r->table = calloc((size_t)r->terms, sizeof(*r->table))) == NULL)
		return GS_ENOMEM;
	for (unsigned a = in->out_axes; a < (unsigned)in->out_axes + in->red_axes; a++)
		reduced.axis[reduced.count++] = (uint8_t)a;
	gs_walk(&reduced, in->extent, 0, (size_t)r->terms, r->x.step, r->table);
	for (unsigned d = 0; d < r->x.stage_dims; d++) {
		const struct gs_stage_dim *dim = &r->x.stage[d];
		uint64_t inner = 1;
		for (unsigned a = dim->axis + 1U; dim->axis != GS_AXES_MAX && a < (unsigned)in->out_axes + in->red_axes;
		     a++)
			inner *= in->extent[a];
		for (uint64_t t = 0; dim->axis != GS_AXES_MAX && t < r->terms; t++) {
			int64_t coordinate = (int64_t)(t / inner % in->extent[dim->axis]);
			r->table[t] += gs_stage_place(dim, dim->first + coordinate * dim->axis_coef);
		}
	}
	r->term_step = r->terms > 1 ? r->table[1] - r->table[0] : 1;
	bool even = r->table[0] == 0;
	for (uint64_t t = 1; even && t < r->terms; t++)
		even = r->table[t] - r->table[t - 1] == r->term_step;
	if (even) {
		free(r->table);
		r->table = NULL;
	}
	return GS_OK;
}

/* The axes and the tensor; in is changed. GS_OK with *fits false when the instruction is none. */
static enum gs_err read_tensor(struct gs_instr *in, struct gs_reduce *r, bool *fits)
{
	struct gs_view *view = &in->operand[1].view;
	struct gs_axis_list lanes = {.points = 1};
	*fits = false;
	if (in->red_axes == 1 && view->pad == GS_PAD_SKIP) {
		uint64_t inside = terms_inside(in), terms = in->extent[in->out_axes];
		if (inside < terms && inside + TAIL_MAX >= terms && inside >= 8) {
			if ((r->tail = malloc(sizeof(*r->tail))) == NULL)
				return GS_ENOMEM;
			*r->tail = *in;
			r->tail_end = terms;
			in->extent[in->out_axes] = (uint32_t)inside;
		}
	}
	if (view->pad == GS_PAD_SKIP) {
		view->pad = GS_PAD_VALUE;
		view->pad_value = nothing(in->fn);
	}
	r->axes = in->out_axes;
	r->terms = gs_instr_terms(in);
	r->lanes = in->out_axes ? in->extent[in->out_axes - 1] : 1;
	r->lines = gs_instr_count(in) / r->lanes;
	memcpy(r->extent, in->extent, sizeof(r->extent));
	if (in->out_axes) {
		lanes.axis[lanes.count++] = (uint8_t)(in->out_axes - 1);
		lanes.points = r->lanes;
	}
	if (r->terms == 0 || !gs_pattern_factor(in, 1, &lanes, &r->x) || (r->tail && r->x.stage_dims))
		return GS_OK;
	r->lane_step = in->out_axes ? r->x.step[in->out_axes - 1] : 1;
	if (r->terms > TABLE_MAX && in->red_axes > 1)
		return GS_OK;
	if (in->red_axes == 1 && (r->x.stage_dims == 0 || !r->x.padded))
		r->term_step = r->x.step[in->out_axes];
	else if (make_table(in, r) != GS_OK)
		return GS_ENOMEM;
	r->transposed = r->lanes > 1 && r->lane_step != 1 && r->table == NULL && r->term_step == 1 && r->terms >= 4;
	*fits = true;
	return GS_OK;
}

enum gs_err gs_reduce_prepare(const struct gs_instr *instr, struct gs_reduce **out)
{
	unsigned fn = instr->fn;
	bool fits = false;
	*out = NULL;
	if (instr->form != GS_FOLD || (fn != GS_FN_F32_ADD && fn != GS_FN_F32_MAX && fn != GS_FN_F32_MIN) ||
	    instr->operand[0].kind != GS_OPERAND_CONST || instr->operand[1].kind != GS_OPERAND_TENSOR ||
	    instr->operand[1].indirect_row != 0 || gs_dtype_class((enum gs_dtype)instr->store_dtype) != GS_CLASS_F32 ||
	    gs_instr_terms(instr) == 0 || (instr->epilogue && !gs_sweep_knows(instr->epilogue)))
		return GS_OK;
	struct gs_instr in = *instr;
	struct gs_reduce *r = calloc(1, sizeof(*r));
	if (r == NULL)
		return GS_ENOMEM;
	gs_fold_merge_axes(&in);
	r->fn = in.fn;
	r->epilogue = in.epilogue;
	r->epilogue_pos = in.epilogue_pos;
	r->store_dtype = in.store_dtype;
	r->first_chunk = in.first_chunk;
	r->init = gs_f32_from_bits((uint32_t)in.operand[0].constant);
	for (unsigned k = 0; k < 2; k++)
		r->epilogue_value[k] = gs_f32_from_bits((uint32_t)in.epilogue_const[k]);
	enum gs_err err = read_tensor(&in, r, &fits);
	if (err == GS_OK && fits) {
		*out = r;
		return GS_OK;
	}
	gs_reduce_free(r);
	return err;
}

void gs_reduce_free(struct gs_reduce *r)
{
	if (r == NULL)
		return;
	free(r->table);
	free(r->tail);
	free(r);
}

/* ---- running ---- */

struct job {
	const struct gs_reduce *r;
	const struct gs_memory *mem;
	const struct gs_kernels *kernels;
	gs_fold_kernel *fold;
	const float *x;
	uint8_t *out;
	bool beyond;     /* x may be read behind its end */
	uint64_t blocks; /* of lanes, a line */
	size_t block;
};

/* Terms that may leave the tensor, by the reference's own reading. */
static void add_tail(const struct job *job, const uint64_t *point, uint64_t lane, size_t n, float *acc)
{
	const struct gs_reduce *r = job->r;
	uint64_t at[GS_AXES_MAX] = {0};
	memcpy(at, point, r->axes * sizeof(at[0]));
	for (uint64_t t = r->terms; t < r->tail_end; t++)
		for (size_t l = 0; l < n; l++) {
			gs_reg value;
			if (r->axes)
				at[r->axes - 1] = lane + l;
			at[r->axes] = t;
			if (gs_operand_value(r->tail, 1, job->mem, at, &value))
				acc[l] = gs_f32_from_bits((uint32_t)gs_fn_apply(
					r->fn, gs_load(GS_F32, gs_f32_to_bits(acc[l])), value, 0));
		}
}

static void store(const struct job *job, uint64_t at, float *acc, size_t n)
{
	const struct gs_reduce *r = job->r;
	const float *x[3] = {acc, acc, acc};
	bool straight = r->store_dtype == GS_F32;
	float *to = straight ? (float *)(void *)job->out + at : acc;
	gs_sweep_apply(job->kernels, GS_FN_F32_COPY, to, n, x, 1); /* makes NaNs canonical */
	gs_sweep_finish(job->kernels, r->epilogue, r->epilogue_pos, r->epilogue_value, to, n);
	if (!straight)
		(r->store_dtype == GS_F16 ? job->kernels->narrow_f16
		                          : job->kernels->narrow_bf16)((uint16_t *)(void *)job->out + at, to, n);
}

static void fold_neighbours(const struct job *job, int64_t at, size_t n, float *acc)
{
	const struct gs_reduce *r = job->r;
	job->fold(acc, n, job->x + at, r->table, r->term_step, (size_t)r->terms, job->beyond);
}

static void fold_strided(const struct job *job, int64_t at, size_t n, float *acc)
{
	const struct gs_reduce *r = job->r;
	float row[LANES + GS_SWEEP_BEYOND] = {0};
	for (uint64_t t = 0; t < r->terms; t++) {
		const float *from = job->x + at + (r->table ? r->table[t] : (int64_t)t * r->term_step);
		if (r->lane_step == 2) /* a constant distance becomes vector shuffles */
			for (size_t l = 0; l < n; l++)
				row[l] = from[2 * l];
		else
			for (size_t l = 0; l < n; l++)
				row[l] = from[(int64_t)l * r->lane_step];
		job->fold(acc, n, row, NULL, 0, 1, 1);
	}
}

static void fold_transposed(const struct job *job, int64_t at, size_t n, float *acc)
{
	const struct gs_reduce *r = job->r;
	float block[ROWS * TERMS + GS_SWEEP_BEYOND] = {0};
	size_t wide = (n + GS_SWEEP_BEYOND - 1) / GS_SWEEP_BEYOND * GS_SWEEP_BEYOND;
	for (uint64_t t = 0; t < r->terms; t += TERMS) {
		size_t some = (size_t)(r->terms - t < TERMS ? r->terms - t : TERMS);
		job->kernels->transpose(block, wide, job->x + at + (int64_t)t, (ptrdiff_t)r->lane_step, n, some);
		job->fold(acc, n, block, NULL, (int64_t)wide, some, 1);
	}
}

/* Items: blocks of lanes of all lines. */
static void run_items(void *self, unsigned thread, uint64_t first, uint64_t last)
{
	const struct job *job = self;
	const struct gs_reduce *r = job->r;
	(void)thread;
	for (uint64_t i = first; i < last; i++) {
		uint64_t line = i / job->blocks, lane = i % job->blocks * job->block, rest = line;
		uint64_t point[GS_OUT_AXES_MAX];
		size_t n = (size_t)(r->lanes - lane < job->block ? r->lanes - lane : job->block);
		float acc[LANES + GS_SWEEP_BEYOND] = {0};
		int64_t at = r->x.at + (int64_t)lane * r->lane_step;
		for (unsigned a = r->axes ? r->axes - 1 : 0; a-- > 0; rest /= r->extent[a]) {
			point[a] = rest % r->extent[a];
			at += (int64_t)point[a] * r->x.step[a];
		}
		for (size_t l = 0; l < n; l++)
			acc[l] = r->init;
		if (r->lane_step == 1 || r->lanes == 1)
			fold_neighbours(job, at, n, acc);
		else if (r->transposed)
			fold_transposed(job, at, n, acc);
		else
			fold_strided(job, at, n, acc);
		if (r->tail)
			add_tail(job, point, lane, n, acc);
		store(job, line * r->lanes + lane, acc, n);
	}
}

float *gs_room_need(struct gs_room *room, uint64_t floats)
{
	if (room->floats >= floats)
		return room->stage;
	free(room->stage);
	room->stage = calloc(floats, sizeof(float));
	room->floats = room->stage ? floats : 0;
	if (room->stage)
		gs_large_pages(room->stage, floats * sizeof(float));
	return room->stage;
}

static float *make_stage(const struct gs_reduce *r, const uint8_t *base, const struct gs_kernels *kernels,
                         struct gs_pool *pool, struct gs_room *room)
{
	uint64_t need = r->x.stage_elements + LANES + GS_SWEEP_BEYOND;
	if (gs_room_need(room, need) == NULL)
		return NULL;
	gs_stage_fill(&r->x, base, kernels, pool, room->stage);
	return room->stage;
}

enum gs_err gs_reduce_run(const struct gs_reduce *r, const struct gs_memory *mem, const struct gs_kernels *kernels,
                          struct gs_pool *pool, struct gs_room *room)
{
	struct job job = {.r = r,
	                  .mem = mem,
	                  .kernels = kernels,
	                  .fold = kernels->sweep->fold[r->fn],
	                  .out = mem->trace + (size_t)r->first_chunk * GS_CHUNK_BYTES,
	                  .block = r->transposed ? ROWS : LANES};
	const uint8_t *base = gs_memory_array(mem, (enum gs_space)r->x.space) + (size_t)r->x.chunk * GS_CHUNK_BYTES;
	job.x = (const float *)(const void *)base;
	if (r->x.stage_dims) {
		if ((job.x = make_stage(r, base, kernels, pool, room)) == NULL)
			return GS_ENOMEM;
		job.beyond = true;
	}
	job.blocks = (r->lanes + job.block - 1) / job.block;
	uint64_t steps = r->terms * (r->lanes < job.block ? r->lanes : job.block);
	gs_pool_run(pool, r->lines * job.blocks, WORK_GRAIN / steps + 1, run_items, &job);
	return GS_OK;
}
