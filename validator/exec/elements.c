#include "validator/exec/elements.h"

#include "validator/exec/gather.h"
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
static bool read_indirect(const struct gs_instr *in, const struct gs_operand *op, struct gs_sweep_view *place,
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

bool gs_fold_indexed(const struct gs_instr *in)
{
	for (unsigned k = 1; k < gs_instr_operands(in); k++)
		if (in->operand[k].kind == GS_OPERAND_TENSOR && in->operand[k].indirect_row != 0)
			return true;
	return false;
}

bool gs_element_operand_read(const struct gs_instr *in, unsigned k, struct gs_element_operand *out)
{
	const struct gs_operand *op = &in->operand[k];
	if (gs_instr_operand_class(in, k) == GS_CLASS_I64)
		return false;
	*out = (struct gs_element_operand){.constant = op->kind == GS_OPERAND_CONST,
	                                   .iota = op->kind == GS_OPERAND_IOTA,
	                                   .value = (uint32_t)op->constant};
	if (out->iota && !fits(in, &op->iota))
		return false;
	if (out->iota) {
		out->place.at = op->iota.offset;
		for (unsigned a = 0; a < in->out_axes; a++)
			out->place.step[a] = op->iota.coef[a];
	}
	out->indirect = op->kind == GS_OPERAND_TENSOR && op->indirect_row != 0;
	if (out->indirect)
		return read_indirect(in, op, &out->place, &out->row);
	return op->kind != GS_OPERAND_TENSOR || (narrow(op->view.dtype) && gs_sweep_view(in, &op->view, &out->place));
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
		if (!gs_element_operand_read(in, k, &out->operand[k]))
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

static void fill(uint32_t *out, size_t n, uint32_t value)
{
	for (size_t i = 0; i < n; i++)
		out[i] = value;
}

static void make_canonical(uint32_t *value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		value[i] = (value[i] & 0x7fffffff) > 0x7f800000 ? GS_F32_NAN : value[i];
}

static void gather(const struct gs_element_source *from, struct gs_element_place first, unsigned axis, size_t n,
                   uint32_t *out)
{
	const struct gs_elements_row *row = &from->is->row;
	const uint32_t *table = (const uint32_t *)(const void *)from->base;
	const int32_t *narrow_index = (const int32_t *)(const void *)from->index;
	const int64_t *wide_index = (const int64_t *)(const void *)from->index;
	bool wide = row->index.dtype == GS_I64;
	int64_t step = from->is->place.step[axis];
	if (row->step[axis] == 0 && step == 0 && row->index.step[axis] == 1) {
		struct gs_gather plain = {.table = table + first.at,
		                          .wide = wide,
		                          .offset = first.row,
		                          .extent = (uint64_t)row->extent,
		                          .stride = (uint64_t)row->stride,
		                          .outside = row->outside};
		plain.index = wide ? (const void *)(wide_index + first.index) : narrow_index + first.index;
		gs_gather(&plain, out, n);
	} else {
		for (size_t i = 0; i < n; i++) {
			int64_t at = first.index + (int64_t)i * row->index.step[axis];
			int64_t index = wide ? wide_index[at] : narrow_index[at];
			/* far from overflowing but for the index itself, which may be anything */
			__int128 c = (__int128)index + first.row + (int64_t)i * row->step[axis];
			int64_t rest = first.at + (int64_t)i * step;
			out[i] = c >= 0 && c < row->extent ? table[rest + (int64_t)c * row->stride] : row->outside;
		}
	}
	if (from->is->place.dtype == GS_F32)
		make_canonical(out, n);
}

const uint32_t *gs_element_registers(const struct gs_element_source *from, const struct gs_element_loops *loops,
                                     struct gs_element_place first, unsigned axis, size_t n, uint32_t *scratch)
{
	int64_t at = first.at;
	const struct gs_element_operand *op = from->is;
	int64_t step = op->place.step[axis];
	uint8_t dtype = op->place.dtype;
	if (op->constant) {
		fill(scratch, n, op->value);
	} else if (op->iota) {
		for (size_t i = 0; i < n; i++)
			scratch[i] = (uint32_t)((uint64_t)at + i * (uint64_t)step);
	} else if (op->indirect) {
		gather(from, first, axis, n, scratch);
	} else if (step == 1 && (dtype == GS_F32 || dtype == GS_I32)) {
		return (const uint32_t *)(const void *)from->base + at;
	} else if (step == 0) {
		loops->load(dtype, from->base, at, 0, 1, scratch);
		fill(scratch + 1, n - 1, scratch[0]);
	} else {
		loops->load(dtype, from->base, at, step, n, scratch);
	}
	return scratch;
}

struct gs_element_source gs_element_open(const struct gs_element_operand *op, const struct gs_memory *mem)
{
	const struct gs_sweep_view *of = &op->place, *index = &op->row.index;
	struct gs_element_source source = {.is = op};
	if (!op->constant && !op->iota)
		source.base = gs_memory_array(mem, (enum gs_space)of->space) + (size_t)of->chunk * GS_CHUNK_BYTES;
	if (op->indirect)
		source.index = gs_memory_array(mem, (enum gs_space)index->space) +
		               (size_t)index->chunk * GS_CHUNK_BYTES;
	return source;
}

struct gs_element_place gs_element_first(const struct gs_element_operand *op)
{
	return (struct gs_element_place){op->place.at, op->row.offset, op->row.index.at};
}

void gs_element_advance(const struct gs_element_operand *op, struct gs_element_place *at, unsigned axis, int64_t n)
{
	at->at += op->place.step[axis] * n;
	at->row += op->row.step[axis] * n;
	at->index += op->row.index.step[axis] * n;
}

struct job {
	const struct gs_elements *e;
	const struct gs_element_loops *loops;
	struct gs_element_source from[3];
	uint8_t *out;
	bool over;      /* the output lies over an operand, which kernels may not be told of at once */
	uint64_t tiles; /* of a line */
};

struct scratch {
	uint32_t x[3][TILE], value[TILE], done[TILE];
};

/* n elements from output element `first` on; at: where the operands' first are. */
static void run_tile(const struct job *job, struct scratch *s, uint64_t first, const struct gs_element_place *at,
                     size_t n)
{
	const struct gs_elements *e = job->e;
	const uint32_t *x[3] = {s->x[0], s->x[1], s->x[2]};
	bool straight = (e->store_dtype == GS_F32 || e->store_dtype == GS_I32) && !job->over;
	uint32_t *out = straight ? (uint32_t *)(void *)job->out + first : s->done,
		 *value = e->epilogue ? s->value : out;
	for (unsigned k = 0; k < e->operands; k++)
		x[k] = gs_element_registers(&job->from[k], job->loops, at[k], e->axes - 1, n, s->x[k]);
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
static void advance(const struct gs_elements *e, struct gs_element_place *at, unsigned axis, uint64_t n)
{
	for (unsigned k = 0; k < e->operands; k++)
		gs_element_advance(&e->operand[k], &at[k], axis, (int64_t)n);
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
		struct gs_element_place at[3];
		for (unsigned k = 0; k < e->operands; k++)
			at[k] = gs_element_first(&e->operand[k]);
		advance(e, at, inner, start);
		for (unsigned a = inner; a-- > 0; rest /= e->extent[a])
			advance(e, at, a, rest % e->extent[a]);
		uint64_t left = e->extent[inner] - start;
		run_tile(job, &s, line * e->extent[inner] + start, at, (size_t)(left < TILE ? left : TILE));
	}
}

void gs_elements_run(const struct gs_elements *e, const struct gs_memory *mem, const struct gs_kernels *kernels,
                     struct gs_pool *pool)
{
	struct job job = {.e = e, .loops = kernels->ints->elements};
	uint64_t line = e->extent[e->axes - 1];
	GS_ASSERT(e->operands <= GS_ARRAY_LEN(job.from));
	job.out = mem->trace + (size_t)e->first_chunk * GS_CHUNK_BYTES;
	job.tiles = (line + TILE - 1) / TILE;
	for (unsigned k = 0; k < e->operands; k++) {
		job.from[k] = gs_element_open(&e->operand[k], mem);
		job.over |= job.from[k].base == job.out;
	}
	gs_pool_run(pool, e->lines * job.tiles, WORK_GRAIN / (line < TILE ? line : TILE) + 1, run_tiles, &job);
}
