#include "validator/exec/sweep.h"

#include "validator/exec/sweep_kernels.h"

#include <string.h>

enum {
	BLOCK = 1024,         /* elements at a time: a few arrays of them stay in the first-level cache */
	SHORT = BLOCK / 16,   /* lines up to here are run together, several a block */
	WORK_GRAIN = 1 << 15, /* elements worth handing to another thread */
};
#define SAFE (INT64_C(1) << 56) /* coordinates of sane programs are far below */

/* ---- preparation ---- */

static bool add_to(int64_t *sum, __int128 what)
{
	what += *sum;
	*sum = (int64_t)what;
	return what <= SAFE && what >= -SAFE;
}

/* A view that never leaves its range, as one flat index. */
bool gs_sweep_view(const struct gs_instr *in, const struct gs_view *view, struct gs_sweep_view *out)
{
	__int128 most = 0;
	*out = (struct gs_sweep_view){.space = view->space, .dtype = view->dtype, .chunk = view->chunk};
	for (unsigned r = 0; r < view->rows; r++) {
		const struct gs_row *row = &view->row[r];
		__int128 low = row->at.offset, high = row->at.offset;
		if (!add_to(&out->at, (__int128)row->stride * row->at.offset))
			return false;
		for (unsigned a = 0; a < in->out_axes; a++) {
			__int128 reach = (__int128)row->at.coef[a] * (in->extent[a] - 1);
			low += reach < 0 ? reach : 0;
			high += reach > 0 ? reach : 0;
			if (!add_to(&out->step[a], (__int128)row->stride * row->at.coef[a]))
				return false;
		}
		if (low < 0 || high >= (__int128)row->extent)
			return false;
		most += (__int128)row->stride * high;
	}
	return most < (__int128)view->count;
}

/* view: not of a constant. */
static bool read_operand(const struct gs_instr *in, unsigned i, struct gs_sweep_operand *out,
                         struct gs_sweep_view *view)
{
	const struct gs_operand *op = &in->operand[i];
	if (gs_instr_operand_class(in, i) != GS_CLASS_F32 || op->kind == GS_OPERAND_IOTA)
		return false;
	*out = (struct gs_sweep_operand){.constant = op->kind == GS_OPERAND_CONST,
	                                 .value = gs_f32_from_bits((uint32_t)op->constant)};
	if (out->constant)
		return true;
	if (op->indirect_row != 0 || !gs_sweep_view(in, &op->view, view))
		return false;
	out->space = view->space;
	out->dtype = view->dtype;
	out->chunk = view->chunk;
	out->at = view->at;
	return true;
}

unsigned gs_merge_axes(unsigned axes, uint64_t *extent, int64_t *const *lists, unsigned walks)
{
	unsigned left = 0;
	for (unsigned a = 0; a < axes; a++) {
		bool with_last = left > 0;
		if (extent[a] == 1)
			continue;
		for (unsigned k = 0; with_last && k < walks; k++) /* below 2^56 * 2^31: no overflow in 128 bits */
			with_last = lists[k][left - 1] == (__int128)lists[k][a] * (__int128)extent[a];
		unsigned to = with_last ? left - 1 : left;
		extent[to] = with_last ? extent[to] * extent[a] : extent[a];
		for (unsigned k = 0; k < walks; k++)
			lists[k][to] = lists[k][a];
		left += !with_last;
	}
	if (left == 0) {
		extent[0] = 1;
		for (unsigned k = 0; k < walks; k++)
			lists[k][0] = 0;
		left = 1;
	}
	return left;
}

bool gs_sweep_knows(unsigned fn)
{
	const struct gs_fn_info *info = gs_fn_info(fn);
	bool floats = info != NULL && !gs_fn_is_first(fn) && info->result == GS_CLASS_F32;
	for (unsigned k = 0; floats && k < info->arity; k++)
		floats = info->operand[k] == GS_CLASS_F32;
	return floats;
}

/* The extents of the axes that are left, and the operands' steps along them. */
static void keep_walk(const uint64_t *extent, const struct gs_sweep_view *view, struct gs_sweep *out)
{
	int64_t *to = out->walk;
	for (unsigned a = 0; a < out->axes; a++)
		*to++ = (int64_t)extent[a];
	for (unsigned k = 0; k < out->operands; k++)
		for (unsigned a = 0; a < out->axes; a++)
			*to++ = out->operand[k].constant ? 0 : view[k].step[a];
	out->lines = 1;
	for (unsigned a = 0; a + 1 < out->axes; a++)
		out->lines *= extent[a];
}

bool gs_sweep_prepare(const struct gs_instr *in, struct gs_sweep *out)
{
	struct gs_sweep_view view[3];
	uint64_t extent[GS_OUT_AXES_MAX];
	int64_t *lists[3];
	unsigned walks = 0;
	if (in->form != GS_MAP || !gs_sweep_knows(in->fn) || (in->epilogue && !gs_sweep_knows(in->epilogue)) ||
	    gs_dtype_class((enum gs_dtype)in->store_dtype) != GS_CLASS_F32)
		return false;
	out->fn = in->fn;
	out->epilogue = in->epilogue;
	out->epilogue_pos = in->epilogue_pos;
	out->store_dtype = in->store_dtype;
	out->first_chunk = in->first_chunk;
	out->operands = (uint8_t)gs_instr_operands(in);
	for (unsigned k = 0; k < 2; k++)
		out->epilogue_value[k] = gs_f32_from_bits((uint32_t)in->epilogue_const[k]);
	for (unsigned k = 0; k < out->operands; k++) {
		if (!read_operand(in, k, &out->operand[k], &view[k]))
			return false;
		if (!out->operand[k].constant)
			lists[walks++] = view[k].step;
	}
	for (unsigned a = 0; a < in->out_axes; a++)
		extent[a] = in->extent[a];
	out->axes = (uint8_t)gs_merge_axes(in->out_axes, extent, lists, walks);
	keep_walk(extent, view, out);
	return true;
}

/* ---- running ---- */

struct scratch {
	float x[3][BLOCK], out[BLOCK];
};

/* Elements from, from + step, ... of an operand, as binary32: where they lie, or in `to`. */
static const float *fetch(const struct gs_sweep_bound *job, unsigned k, int64_t from, size_t n, float *to)
{
	const struct gs_sweep_operand *op = &job->s->operand[k];
	int64_t step = gs_sweep_steps(job->s, k)[job->s->axes - 1];
	size_t count = step == 0 ? 1 : n;
	if (op->dtype == GS_F32) {
		const float *array = (const float *)(const void *)job->base[k] + from;
		if (step == 0 || step == 1)
			return array;
		for (size_t i = 0; i < count; i++)
			to[i] = array[(int64_t)i * step];
		return to;
	}
	const uint16_t *array = (const uint16_t *)(const void *)job->base[k] + from;
	uint16_t packed[BLOCK];
	if (step != 0 && step != 1) {
		for (size_t i = 0; i < count; i++)
			packed[i] = array[(int64_t)i * step];
		array = packed;
	}
	(op->dtype == GS_F16 ? job->kernels->widen_f16 : job->kernels->widen_bf16)(to, array, count);
	return to;
}

static gs_reg register_of(const float *x, bool moves, size_t i)
{
	return gs_load(GS_F32, gs_f32_to_bits(x[moves ? i : 0]));
}

void gs_sweep_apply(const struct gs_kernels *kernels, unsigned fn, float *out, size_t n, const float *const x[3],
                    unsigned moves)
{
	if (fn < GS_SWEEP_CODES && kernels->sweep->fn[fn] != NULL) {
		kernels->sweep->fn[fn](out, n, x[0], x[1], x[2], moves);
		return;
	}
	if (fn < GS_VMATH_CODES && kernels->math->map[fn] != NULL) { /* of one operand */
		size_t values = moves & 1 ? n : 1;
		kernels->math->map[fn](x[0], out, values);
		for (size_t i = values; i < n; i++)
			out[i] = out[0];
		return;
	}
	unsigned arity = gs_fn_info(fn)->arity;
	for (size_t i = 0; i < n; i++) {
		gs_reg r[3];
		for (unsigned k = 0; k < 3; k++)
			r[k] = k < arity ? register_of(x[k], moves >> k & 1, i) : 0;
		out[i] = gs_f32_from_bits((uint32_t)gs_fn_apply(fn, r[0], r[1], r[2]));
	}
}

void gs_sweep_finish(const struct gs_kernels *kernels, unsigned epilogue, unsigned pos, const float other[2],
                     float *value, size_t n)
{
	if (epilogue == 0)
		return;
	const float *x[3] = {&other[0], &other[0], &other[1]};
	if (pos == 2)
		x[1] = &other[1];
	x[pos] = value;
	gs_sweep_apply(kernels, epilogue, value, n, x, 1U << pos);
}

static void compute(const struct gs_sweep_bound *job, struct scratch *scratch, const float *const x[3], unsigned moves,
                    uint64_t out_at, size_t n)
{
	const struct gs_sweep *s = job->s;
	bool straight = s->store_dtype == GS_F32;
	float *to = straight ? (float *)(void *)job->out + out_at : scratch->out;
	gs_sweep_apply(job->kernels, s->fn, to, n, x, moves);
	gs_sweep_finish(job->kernels, s->epilogue, s->epilogue_pos, s->epilogue_value, to, n);
	if (!straight)
		(s->store_dtype == GS_F16 ? job->kernels->narrow_f16
		                          : job->kernels->narrow_bf16)((uint16_t *)(void *)job->out + out_at, to, n);
}

static void run_block(const struct gs_sweep_bound *job, struct scratch *scratch, const int64_t *at, uint64_t out_at,
                      size_t n)
{
	const struct gs_sweep *s = job->s;
	const float *x[3] = {scratch->x[0], scratch->x[1], scratch->x[2]};
	unsigned moves = 0;
	for (unsigned k = 0; k < s->operands; k++) {
		if (s->operand[k].constant) {
			x[k] = &s->operand[k].value;
			continue;
		}
		moves |= (unsigned)(gs_sweep_steps(s, k)[s->axes - 1] != 0) << k;
		x[k] = fetch(job, k, at[k], n, scratch->x[k]);
	}
	compute(job, scratch, x, moves, out_at, n);
}

/* ---- short lines, several of them a block: operands that are not the output's like are written out side by side ---- */

struct together {
	bool dense[3];      /* read where it lies: of binary32, and walked as the output is */
	const float *at[3]; /* the block's first element of such an operand */
	uint64_t first;     /* element of the output */
	size_t n;
};

static void find_dense(const struct gs_sweep *s, struct together *t)
{
	for (unsigned k = 0; k < s->operands; k++) {
		const struct gs_sweep_operand *op = &s->operand[k];
		int64_t step = 1;
		t->dense[k] = !op->constant && op->dtype == GS_F32;
		for (unsigned a = s->axes; a-- > 0; step *= s->walk[a])
			t->dense[k] &= gs_sweep_steps(s, k)[a] == step;
	}
}

static void flush(const struct gs_sweep_bound *job, struct scratch *scratch, struct together *t)
{
	const struct gs_sweep *s = job->s;
	const float *x[3] = {scratch->x[0], scratch->x[1], scratch->x[2]};
	unsigned moves = 0;
	for (unsigned k = 0; k < s->operands; k++) {
		moves |= (unsigned)!s->operand[k].constant << k;
		if (s->operand[k].constant)
			x[k] = &s->operand[k].value;
		else if (t->dense[k])
			x[k] = t->at[k];
	}
	if (t->n > 0)
		compute(job, scratch, x, moves, t->first, t->n);
	t->n = 0;
}

/* n more elements, at most SHORT, from output element `first` on. */
static void append(const struct gs_sweep_bound *job, struct scratch *scratch, struct together *t, const int64_t *at,
                   uint64_t first, size_t n)
{
	const struct gs_sweep *s = job->s;
	if (t->n + n > BLOCK)
		flush(job, scratch, t);
	for (unsigned k = 0; k < s->operands; k++) {
		float *to = scratch->x[k] + t->n;
		if (s->operand[k].constant)
			continue;
		if (t->dense[k]) {
			if (t->n == 0)
				t->at[k] = (const float *)(const void *)job->base[k] + at[k];
			continue;
		}
		const float *from = fetch(job, k, at[k], n, to);
		if (gs_sweep_steps(s, k)[s->axes - 1] == 0) {
			float value = from[0];
			for (size_t i = 0; i < n; i++)
				to[i] = value;
		} else if (from != to) {
			memcpy(to, from, n * sizeof(float));
		}
	}
	if (t->n == 0)
		t->first = first;
	t->n += n;
}

/* ---- lines ---- */

/* Without axes but the innermost one. */
static void run_line(const struct gs_sweep_bound *job, struct scratch *scratch, uint64_t first, uint64_t last)
{
	const struct gs_sweep *s = job->s;
	unsigned inner = s->axes - 1;
	for (uint64_t i = first, n; i < last; i += n) {
		int64_t here[3] = {0};
		n = last - i < BLOCK ? last - i : BLOCK;
		for (unsigned k = 0; k < s->operands; k++)
			here[k] = s->operand[k].at + (int64_t)i * gs_sweep_steps(s, k)[inner];
		run_block(job, scratch, here, i, (size_t)n);
	}
}

static void run_lines(const struct gs_sweep_bound *job, struct scratch *scratch, uint64_t first, uint64_t last)
{
	const struct gs_sweep *s = job->s;
	unsigned inner = s->axes - 1;
	uint64_t point[GS_OUT_AXES_MAX], length = (uint64_t)s->walk[inner], rest = first / length,
					 from = first % length;
	int64_t at[3] = {0};
	struct together together = {.n = 0};
	find_dense(s, &together);
	for (unsigned a = inner; a-- > 0; rest /= (uint64_t)s->walk[a])
		point[a] = rest % (uint64_t)s->walk[a];
	for (unsigned k = 0; k < s->operands; k++) {
		at[k] = s->operand[k].at;
		for (unsigned a = 0; a < inner; a++)
			at[k] += (int64_t)point[a] * gs_sweep_steps(s, k)[a];
	}
	for (uint64_t i = first, n; i < last; i += n) {
		int64_t here[3];
		n = length - from < BLOCK ? length - from : BLOCK;
		n = n < last - i ? n : last - i;
		for (unsigned k = 0; k < s->operands; k++)
			here[k] = at[k] + (int64_t)from * gs_sweep_steps(s, k)[inner];
		if (length <= SHORT)
			append(job, scratch, &together, here, i, (size_t)n);
		else
			run_block(job, scratch, here, i, (size_t)n);
		if ((from += n) < length)
			continue;
		from = 0;
		for (unsigned a = inner; a-- > 0;) {
			bool carry = ++point[a] == (uint64_t)s->walk[a];
			for (unsigned k = 0; k < s->operands; k++)
				at[k] += (carry ? 1 - s->walk[a] : 1) * gs_sweep_steps(s, k)[a];
			if (!carry)
				break;
			point[a] = 0;
		}
	}
	flush(job, scratch, &together);
}

void gs_sweep_range(const struct gs_sweep_bound *job, uint64_t first, uint64_t last)
{
	struct scratch scratch; /* not cleared: it is written before it is read */
	scratch.x[0][0] = scratch.x[1][0] = scratch.x[2][0] = 0;
	(job->s->axes == 1 ? run_line : run_lines)(job, &scratch, first, last);
}

struct gs_sweep_bound gs_sweep_bind(const struct gs_sweep *s, const struct gs_memory *mem,
                                    const struct gs_kernels *kernels)
{
	struct gs_sweep_bound bound = {
		.s = s, .kernels = kernels, .out = mem->trace + (size_t)s->first_chunk * GS_CHUNK_BYTES};
	for (unsigned k = 0; k < s->operands; k++)
		if (!s->operand[k].constant)
			bound.base[k] = gs_memory_array(mem, (enum gs_space)s->operand[k].space) +
			                (size_t)s->operand[k].chunk * GS_CHUNK_BYTES;
	return bound;
}

uint64_t gs_sweep_elements(const struct gs_sweep *s)
{
	return s->lines * (uint64_t)s->walk[s->axes - 1];
}

/* Items: blocks of all lines. */
static void run_blocks(void *self, unsigned thread, uint64_t first, uint64_t last)
{
	const struct gs_sweep_bound *job = self;
	(void)thread;
	if (job->s->axes == 1) {
		uint64_t elements = (uint64_t)job->s->walk[0];
		gs_sweep_range(job, first * BLOCK, elements < last * BLOCK ? elements : last * BLOCK);
		return;
	}
	uint64_t length = (uint64_t)job->s->walk[job->s->axes - 1], blocks = (length + BLOCK - 1) / BLOCK;
	uint64_t from = first / blocks * length + first % blocks * BLOCK;
	gs_sweep_range(job, from, last / blocks * length + last % blocks * BLOCK);
}

void gs_sweep_run(const struct gs_sweep *s, const struct gs_memory *mem, const struct gs_kernels *kernels,
                  struct gs_pool *pool)
{
	struct gs_sweep_bound job = gs_sweep_bind(s, mem, kernels);
	uint64_t inner = (uint64_t)s->walk[s->axes - 1], blocks = (inner + BLOCK - 1) / BLOCK;
	gs_pool_run(pool, s->lines * blocks, WORK_GRAIN / (inner < BLOCK ? inner : BLOCK) + 1, run_blocks, &job);
}
