#include "validator/exec/elements.h"

#include "validator/exec/ints.h"

#include <string.h>

enum {
	TILE = 512,           /* elements of a line worked on at once: they stay in the first-level cache */
	WORK_GRAIN = 1 << 15, /* elements worth handing to another thread */
};

#define SAFE (INT64_C(1) << 56) /* values of sane programs are far below */

/* ---- preparation ---- */

static bool narrow(uint8_t dtype)
{
	return dtype != GS_I64 && dtype != GS_U32 && dtype != GS_U64 && dtype != GS_F16 && dtype != GS_BF16;
}

/* Whether 64-bit sums hold every value that an affine function can have, and a place added to it. */
static bool fits(const struct gs_instr *in, const struct gs_affine *f)
{
	__int128 most = f->offset < 0 ? -(__int128)f->offset : f->offset;
	for (unsigned a = 0; a < in->out_axes; a++)
		most += (f->coef[a] < 0 ? -(__int128)f->coef[a] : f->coef[a]) * (in->extent[a] - 1);
	return most <= SAFE;
}

/* The rows that are read directly must stay inside whatever the index is. */
static bool read_indirect(const struct gs_instr *in, const struct gs_operand *op, struct gs_sweep_operand *place,
                          struct gs_elements_row *out)
{
	struct gs_view direct = op->view;
	const struct gs_row *row = &op->view.row[op->indirect_row - 1];
	const struct gs_row whole = {
		.extent = row->extent, .stride = row->stride, .at.offset = (int64_t)row->extent - 1};
	if ((op->view.dtype != GS_F32 && op->view.dtype != GS_I32) || !fits(in, &row->at))
		return false;
	direct.row[op->indirect_row - 1] = whole; /* the farthest element that the index can lead to */
	if (!gs_sweep_view(in, &direct, place) || !gs_sweep_view(in, &op->indirect, &out->index) ||
	    (out->index.dtype != GS_I32 && out->index.dtype != GS_I64))
		return false;
	place->at -= (int64_t)row->stride * whole.at.offset;
	out->extent = (int64_t)row->extent;
	out->stride = (int64_t)row->stride;
	out->offset = row->at.offset;
	for (unsigned a = 0; a < in->out_axes; a++)
		out->step[a] = row->at.coef[a];
	out->outside = op->view.pad == GS_PAD_VALUE ? (uint32_t)op->view.pad_value : 0;
	return op->view.pad != GS_PAD_SKIP;
}

static bool read_operand(const struct gs_instr *in, unsigned k, struct gs_elements *out)
{
	const struct gs_operand *op = &in->operand[k];
	struct gs_sweep_operand *place = &out->operand[k].place;
	if (gs_instr_operand_class(in, k) == GS_CLASS_I64)
		return false;
	*place = (struct gs_sweep_operand){.constant = false};
	out->operand[k].constant = op->kind == GS_OPERAND_CONST;
	out->operand[k].iota = op->kind == GS_OPERAND_IOTA;
	out->operand[k].value = (uint32_t)op->constant;
	if (op->kind == GS_OPERAND_IOTA && !fits(in, &op->iota))
		return false;
	if (op->kind == GS_OPERAND_IOTA) {
		place->at = op->iota.offset;
		for (unsigned a = 0; a < in->out_axes; a++)
			place->step[a] = op->iota.coef[a];
	}
	out->operand[k].indirect = op->kind == GS_OPERAND_TENSOR && op->indirect_row != 0;
	if (out->operand[k].indirect)
		return read_indirect(in, op, place, &out->operand[k].row);
	return op->kind != GS_OPERAND_TENSOR || (narrow(op->view.dtype) && gs_sweep_view(in, &op->view, place));
}

bool gs_elements_prepare(const struct gs_instr *in, const struct gs_kernels *kernels, struct gs_elements *out)
{
	const struct gs_element_loops *loops = kernels->ints->elements;
	const uint32_t *const none[3] = {NULL};
	int64_t *lists[9];
	unsigned walks = 0;
	if (in->form != GS_MAP || !narrow(in->store_dtype) || !loops->apply(in->fn, none, NULL, 0) ||
	    (in->epilogue && !loops->apply(in->epilogue, none, NULL, 0)))
		return false;
	*out = (struct gs_elements){
		.fn = in->fn,
		.epilogue = in->epilogue,
		.epilogue_pos = in->epilogue_pos,
		.epilogue_value = {(uint32_t)in->epilogue_const[0], (uint32_t)in->epilogue_const[1]},
		.store_dtype = in->store_dtype,
		.first_chunk = in->first_chunk,
		.operands = gs_instr_operands(in),
		.lines = 1};
	for (unsigned k = 0; k < out->operands; k++) {
		if (!read_operand(in, k, out))
			return false;
		lists[walks++] = out->operand[k].place.step;
		if (out->operand[k].indirect) {
			lists[walks++] = out->operand[k].row.step;
			lists[walks++] = out->operand[k].row.index.step;
		}
	}
	for (unsigned a = 0; a < in->out_axes; a++)
		out->extent[a] = in->extent[a];
	out->axes = gs_merge_axes(in->out_axes, out->extent, lists, walks);
	for (unsigned a = 0; a + 1 < out->axes; a++)
		out->lines *= out->extent[a];
	return true;
}

/* ---- running ---- */

struct job {
	const struct gs_elements *e;
	const struct gs_element_loops *loops;
	const uint8_t *base[3], *index[3]; /* of the operands' tensors, and of their indices */
	uint8_t *out;
	bool over;      /* the output lies over an operand, which kernels may not be told of at once */
	uint64_t tiles; /* of a line */
};

struct scratch {
	uint32_t x[3][TILE], value[TILE], done[TILE];
};

static void fill(uint32_t *out, size_t n, uint32_t value)
{
	for (size_t i = 0; i < n; i++)
		out[i] = value;
}

/* Where an operand's first register of a run lies; row and index: of an indirect one. */
struct place {
	int64_t at, row, index;
};

static void gather(const struct job *job, unsigned k, struct place from, size_t n, uint32_t *out)
{
	const struct gs_elements_row *row = &job->e->operand[k].row;
	unsigned inner = job->e->axes - 1;
	const uint32_t *table = (const uint32_t *)(const void *)job->base[k];
	const int32_t *narrow_index = (const int32_t *)(const void *)job->index[k];
	const int64_t *wide_index = (const int64_t *)(const void *)job->index[k];
	bool wide = row->index.dtype == GS_I64, floats = job->e->operand[k].place.dtype == GS_F32;
	for (size_t i = 0; i < n; i++) {
		int64_t at = from.index + (int64_t)i * row->index.step[inner];
		int64_t index = wide ? wide_index[at] : narrow_index[at];
		/* far from overflowing but for the index itself, which may be anything */
		__int128 c = (__int128)index + from.row + (int64_t)i * row->step[inner];
		int64_t rest = from.at + (int64_t)i * job->e->operand[k].place.step[inner];
		uint32_t value = c >= 0 && c < row->extent ? table[rest + (int64_t)c * row->stride] : row->outside;
		out[i] = floats && (value & 0x7fffffff) > 0x7f800000 ? GS_F32_NAN : value;
	}
}

/* n registers of operand k: where they are stored, or in scratch. */
static const uint32_t *registers(const struct job *job, unsigned k, struct place from, size_t n, uint32_t *scratch)
{
	int64_t at = from.at;
	const struct gs_sweep_operand *op = &job->e->operand[k].place;
	int64_t step = op->step[job->e->axes - 1];
	if (job->e->operand[k].constant) {
		fill(scratch, n, job->e->operand[k].value);
		return scratch;
	}
	if (job->e->operand[k].iota) {
		for (size_t i = 0; i < n; i++)
			scratch[i] = (uint32_t)((uint64_t)at + i * (uint64_t)step);
		return scratch;
	}
	if (job->e->operand[k].indirect) {
		gather(job, k, from, n, scratch);
		return scratch;
	}
	if (step == 1 && (op->dtype == GS_F32 || op->dtype == GS_I32))
		return (const uint32_t *)(const void *)job->base[k] + at;
	if (step == 0) {
		job->loops->load(op->dtype, job->base[k], at, 0, 1, scratch);
		fill(scratch + 1, n - 1, scratch[0]);
		return scratch;
	}
	job->loops->load(op->dtype, job->base[k], at, step, n, scratch);
	return scratch;
}

/* n elements from output element `first` on; at: where the operands' first are. */
static void run_tile(const struct job *job, struct scratch *s, uint64_t first, const struct place *at, size_t n)
{
	const struct gs_elements *e = job->e;
	const uint32_t *x[3] = {s->x[0], s->x[1], s->x[2]};
	bool straight = (e->store_dtype == GS_F32 || e->store_dtype == GS_I32) && !job->over;
	uint32_t *out = straight ? (uint32_t *)(void *)job->out + first : s->done,
		 *value = e->epilogue ? s->value : out;
	for (unsigned k = 0; k < e->operands; k++)
		x[k] = registers(job, k, at[k], n, s->x[k]);
	bool known = job->loops->apply(e->fn, x, value, n);
	if (e->epilogue) {
		unsigned arity = gs_fn_info(e->epilogue)->arity;
		for (unsigned i = 0, k = 0; i < arity; i++) {
			x[i] = i == e->epilogue_pos ? value : s->x[i];
			if (i != e->epilogue_pos)
				fill(s->x[i], n, e->epilogue_value[k++]);
		}
		known = known && job->loops->apply(e->epilogue, x, out, n);
	}
	GS_ASSERT(known); /* gs_elements_prepare has asked */
	if (!straight)
		job->loops->store(e->store_dtype, job->out, first, out, n);
}

/* By n steps along an axis. */
static void advance(const struct gs_elements *e, struct place *at, unsigned axis, int64_t n)
{
	for (unsigned k = 0; k < GS_ARRAY_LEN(e->operand); k++) {
		at[k].at += e->operand[k].place.step[axis] * n;
		at[k].row += e->operand[k].row.step[axis] * n;
		at[k].index += e->operand[k].row.index.step[axis] * n;
	}
}

/* Items: tiles of all lines. */
static void run_tiles(void *self, unsigned thread, uint64_t first, uint64_t last)
{
	const struct job *job = self;
	const struct gs_elements *e = job->e;
	struct scratch s; /* not cleared: it is written before it is read */
	unsigned inner = e->axes - 1;
	(void)thread;
	for (uint64_t t = first; t < last; t++) {
		uint64_t start = t % job->tiles * TILE, line = t / job->tiles, rest = line;
		struct place at[3] = {{e->operand[0].place.at, e->operand[0].row.offset, e->operand[0].row.index.at},
		                      {e->operand[1].place.at, e->operand[1].row.offset, e->operand[1].row.index.at},
		                      {e->operand[2].place.at, e->operand[2].row.offset, e->operand[2].row.index.at}};
		advance(e, at, inner, (int64_t)start);
		for (unsigned a = inner; a-- > 0; rest /= e->extent[a])
			advance(e, at, a, (int64_t)(rest % e->extent[a]));
		uint64_t left = e->extent[inner] - start;
		run_tile(job, &s, line * e->extent[inner] + start, at, (size_t)(left < TILE ? left : TILE));
	}
}

void gs_elements_run(const struct gs_elements *e, const struct gs_memory *mem, const struct gs_kernels *kernels,
                     struct gs_pool *pool)
{
	struct job job = {.e = e, .loops = kernels->ints->elements};
	uint64_t line = e->extent[e->axes - 1];
	job.out = mem->trace + (size_t)e->first_chunk * GS_CHUNK_BYTES;
	job.tiles = (line + TILE - 1) / TILE;
	for (unsigned k = 0; k < e->operands; k++) {
		const struct gs_sweep_operand *of = &e->operand[k].place, *index = &e->operand[k].row.index;
		if (!e->operand[k].constant && !e->operand[k].iota)
			job.base[k] = gs_memory_array(mem, (enum gs_space)of->space) +
			              (size_t)of->chunk * GS_CHUNK_BYTES;
		job.over |= job.base[k] == job.out;
		if (e->operand[k].indirect)
			job.index[k] = gs_memory_array(mem, (enum gs_space)index->space) +
			               (size_t)index->chunk * GS_CHUNK_BYTES;
	}
	gs_pool_run(pool, e->lines * job.tiles, WORK_GRAIN / (line < TILE ? line : TILE) + 1, run_tiles, &job);
}
