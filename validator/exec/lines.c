#include "validator/exec/lines.h"

#include "validator/exec/line.h"

#include <stdlib.h>
#include <string.h>

enum {
	TILE = 512,           /* positions of a line worked on at once: accumulators stay in the first-level cache */
	WORK_GRAIN = 1 << 14, /* scalar steps worth handing to another thread */
};

/* Per thread: one tile of registers an operand and of accumulators. */
struct gs_lines {
	gs_reg x[3][TILE];
	gs_reg index[TILE];
	uint8_t absent[3][TILE];
	float acc[TILE];
};

struct job {
	const struct gs_instr *in;
	const struct gs_memory *mem;
	const struct gs_kernels *kernels;
	struct gs_lines *scratch; /* one a thread */
	struct gs_line_operand operand[3];
	unsigned operands;
	unsigned line_axis;
	uint64_t count;       /* output elements */
	uint64_t line;        /* extent of the line axis */
	uint64_t line_stride; /* output elements between neighbours on a line */
	uint64_t tiles;       /* tiles a line */
	uint64_t terms;
	uint8_t *out;
};

/* ---- storing a finished tile ---- */

static bool is_relu(const struct gs_instr *in)
{
	return in->epilogue == GS_FN_F32_MAX && in->epilogue_const[0] == 0;
}

static void store_f32(const struct job *job, uint64_t first, size_t n, const float *acc)
{
	bool relu = is_relu(job->in);
	for (size_t i = 0; i < n; i++) {
		uint32_t bits = gs_f32_to_bits(acc[i]);
		if (relu && bits != GS_F32_NAN && (bits >> 31))
			bits = 0; /* max(x, +0): every negative number and -0 */
		gs_le32_write(job->out + 4 * (first + i * job->line_stride), bits);
	}
}

static void store_registers(const struct job *job, uint64_t first, size_t n, const gs_reg *value)
{
	enum gs_dtype dtype = job->in->store_dtype;
	for (size_t i = 0; i < n; i++)
		gs_element_write(job->out, dtype, first + i * job->line_stride, gs_finish(job->in, value[i]));
}

/* ---- MAP ---- */

static void map_tile(const struct job *job, struct gs_lines *s, const uint64_t *point, uint64_t first, size_t n)
{
	const struct gs_instr *in = job->in;
	bool pick_first = gs_fn_is_first(in->fn);
	for (unsigned k = 0; k < job->operands; k++) {
		if (pick_first)
			memset(s->absent[k], 0, n);
		gs_line_load(&job->operand[k], point, job->line_axis, n, s->x[k], pick_first ? s->absent[k] : NULL,
		             s->index);
	}
	for (size_t i = 0; i < n; i++) {
		if (pick_first)
			s->x[0][i] = !s->absent[0][i]   ? s->x[0][i]
			             : !s->absent[1][i] ? s->x[1][i]
			             : !s->absent[2][i] ? s->x[2][i]
			                                : 0;
		else
			s->x[0][i] = gs_fn_apply(in->fn, s->x[0][i], s->x[1][i], s->x[2][i]);
	}
	store_registers(job, first, n, s->x[0]);
}

/* ---- FOLD, any function ---- */

static void next_term(const struct gs_instr *in, uint64_t *point)
{
	for (unsigned a = in->out_axes + in->red_axes; a-- > in->out_axes;) {
		if (++point[a] < in->extent[a])
			return;
		point[a] = 0;
	}
}

static void fold_tile(const struct job *job, struct gs_lines *s, uint64_t *point, uint64_t first, size_t n)
{
	const struct gs_instr *in = job->in;
	gs_reg *acc = s->x[0];
	gs_line_load(&job->operand[0], point, job->line_axis, n, acc, NULL, s->index);
	for (uint64_t j = 0; j < job->terms; j++, next_term(in, point)) {
		memset(s->absent[0], 0, n);
		for (unsigned k = 1; k < job->operands; k++)
			gs_line_load(&job->operand[k], point, job->line_axis, n, s->x[k], s->absent[0], s->index);
		for (size_t i = 0; i < n; i++)
			if (!s->absent[0][i])
				acc[i] = gs_fn_apply(in->fn, acc[i], s->x[1][i], s->x[2][i]);
	}
	store_registers(job, first, n, acc);
}

/* ---- FOLD of fma, add or max over stored f32: arrays of floats straight from memory ---- */

static bool host_little_endian(void)
{
	const uint16_t one = 1;
	return *(const uint8_t *)&one == 1;
}

static bool direct_f32(const struct gs_line_operand *op)
{
	return op->kind == GS_OPERAND_TENSOR && op->indirect_row == 0 && op->view.dtype == GS_F32;
}

/* The epilogue as a function over arrays, or NULL. */
static gs_kernel_map *epilogue_map(const struct job *job)
{
	unsigned code = job->in->epilogue;
	return code != 0 && code < GS_VMATH_CODES ? job->kernels->math->map[code] : NULL;
}

static bool fast_fold(const struct job *job)
{
	const struct gs_instr *in = job->in;
	bool known = in->fn == GS_FN_F32_FMA || in->fn == GS_FN_F32_ADD || in->fn == GS_FN_F32_MAX;
	if (in->form != GS_FOLD || !known || in->store_dtype != GS_F32 ||
	    (in->epilogue && !is_relu(in) && epilogue_map(job) == NULL))
		return false;
	if (!host_little_endian() || !direct_f32(&job->operand[1]))
		return false;
	const struct gs_line_operand *x1 = &job->operand[2];
	return job->operands < 3 || direct_f32(x1) || x1->kind == GS_OPERAND_CONST;
}

/* One operand on one line: values inside [low, high) at p with a stride, `pad` outside (or nothing there, if skip). */
struct stream {
	int64_t low, high;
	const float *p; /* at position 0; only positions in [low, high) may be read */
	ptrdiff_t step;
	float pad;
	bool skip;
};

static struct stream open_stream(const struct job *job, unsigned k, const uint64_t *point, size_t n, float *constant)
{
	const struct gs_line_operand *op = &job->operand[k];
	if (op->kind == GS_OPERAND_CONST) {
		*constant = gs_f32_from_bits((uint32_t)op->constant);
		return (struct stream){0, (int64_t)n, constant, 0, 0, false};
	}
	struct gs_line_span span = gs_line_span_at(&op->view, op->axes, point, job->line_axis, (int64_t)n);
	struct stream stream = {
		span.low,     span.high, NULL, (ptrdiff_t)span.flat_step, gs_f32_from_bits((uint32_t)op->view.pad),
		op->view.skip};
	/* The base is chunk-aligned; the address is formed for a position that is inside, never for one outside. */
	stream.p = (const float *)(const void *)op->view.base;
	stream.p += span.low < span.high ? span.flat + span.flat_step * span.low : 0;
	return stream;
}

static void fast_segment(const struct job *job, float *acc, int64_t from, int64_t to, const struct stream *x)
{
	const float *p[2];
	ptrdiff_t step[2];
	unsigned inputs = job->operands - 1;
	if (from >= to)
		return;
	for (unsigned k = 0; k < inputs; k++) {
		bool inside = from >= x[k].low && from < x[k].high;
		if (!inside && x[k].skip)
			return;
		p[k] = inside ? x[k].p + x[k].step * (from - x[k].low) : &x[k].pad;
		step[k] = inside ? x[k].step : 0;
	}
	size_t n = (size_t)(to - from);
	if (job->in->fn == GS_FN_F32_FMA)
		job->kernels->fma(acc + from, n, p[0], step[0], p[1], step[1]);
	else if (job->in->fn == GS_FN_F32_ADD)
		job->kernels->add(acc + from, n, p[0], step[0]);
	else
		job->kernels->max(acc + from, n, p[0], step[0]);
}

static void sort_cuts(int64_t cut[6])
{
	for (unsigned i = 1; i < 6; i++)
		for (unsigned k = i; k > 0 && cut[k - 1] > cut[k]; k--) {
			int64_t swap = cut[k];
			cut[k] = cut[k - 1];
			cut[k - 1] = swap;
		}
}

static void fast_fold_tile(const struct job *job, struct gs_lines *s, uint64_t *point, uint64_t first, size_t n)
{
	gs_line_load(&job->operand[0], point, job->line_axis, n, s->x[0], NULL, s->index);
	for (size_t i = 0; i < n; i++)
		s->acc[i] = gs_f32_from_bits((uint32_t)s->x[0][i]);
	int64_t end = (int64_t)n;
	for (uint64_t j = 0; j < job->terms; j++, next_term(job->in, point)) {
		float constant = 0;
		struct stream x[2] = {open_stream(job, 1, point, n, &constant)};
		if (job->operands > 2)
			x[1] = open_stream(job, 2, point, n, &constant);
		else
			x[1] = (struct stream){.low = 0, .high = end};
		if (x[0].low == 0 && x[1].low == 0 && x[0].high == end && x[1].high == end) {
			fast_segment(job, s->acc, 0, end, x);
			continue;
		}
		int64_t cut[6] = {0, x[0].low, x[0].high, x[1].low, x[1].high, end};
		sort_cuts(cut);
		for (unsigned c = 0; c + 1 < 6; c++)
			fast_segment(job, s->acc, cut[c], cut[c + 1], x);
	}
	if (epilogue_map(job))
		epilogue_map(job)(s->acc, s->acc, n);
	store_f32(job, first, n, s->acc);
}

/* ---- one instruction ---- */

static void run_tiles(void *self, unsigned thread, uint64_t first, uint64_t last)
{
	const struct job *job = self;
	struct gs_lines *s = &job->scratch[thread];
	bool fast = fast_fold(job);
	for (uint64_t t = first; t < last; t++) {
		uint64_t point[GS_AXES_MAX] = {0};
		uint64_t rest = t / job->tiles, start = t % job->tiles * TILE;
		uint64_t out = start * job->line_stride, stride = job->count;
		uint64_t extent_rest[GS_AXES_MAX];
		for (unsigned a = job->in->out_axes; a-- > 0;)
			extent_rest[a] = a == job->line_axis ? 1 : job->in->extent[a];
		for (unsigned a = job->in->out_axes; a-- > 0;) {
			point[a] = rest % extent_rest[a];
			rest /= extent_rest[a];
		}
		for (unsigned a = 0; a < job->in->out_axes; a++) {
			stride /= job->in->extent[a];
			out += point[a] * stride;
		}
		if (job->line_axis < job->in->out_axes)
			point[job->line_axis] = start;
		size_t n = (size_t)(job->line - start < TILE ? job->line - start : TILE);
		if (job->in->form == GS_MAP)
			map_tile(job, s, point, out, n);
		else if (fast)
			fast_fold_tile(job, s, point, out, n);
		else
			fold_tile(job, s, point, out, n);
	}
}

/* The last output axis when it is long enough to be worth a line, else the longest. */
static unsigned choose_line_axis(const struct gs_instr *in)
{
	unsigned best = in->out_axes - 1;
	for (unsigned a = 0; in->extent[best] < 16 && a < in->out_axes; a++)
		if (in->extent[a] > in->extent[best])
			best = a;
	return best;
}

struct gs_lines *gs_lines_new(unsigned threads)
{
	return calloc(threads, sizeof(struct gs_lines));
}

void gs_lines_free(struct gs_lines *lines)
{
	free(lines);
}

void gs_lines_run(const struct gs_instr *in, const struct gs_memory *mem, const struct gs_kernels *kernels,
                  struct gs_lines *lines, struct gs_pool *pool)
{
	struct job job = {.in = in, .mem = mem, .kernels = kernels, .scratch = lines};
	job.operands = gs_instr_operands(in);
	for (unsigned k = 0; k < job.operands; k++)
		if (!gs_line_prepare(in, k, mem, &job.operand[k])) {
			gs_interpret_instr(in, mem); /* addresses beyond 64 bits: only a hostile program has them */
			return;
		}
	job.count = gs_instr_count(in);
	job.terms = gs_instr_terms(in);
	job.out = mem->trace + (size_t)in->first_chunk * GS_CHUNK_BYTES;
	job.line = 1;
	job.line_stride = 1;
	job.line_axis = GS_AXES_MAX; /* a scalar output has no axis to walk */
	if (in->out_axes) {
		job.line_axis = choose_line_axis(in);
		job.line = in->extent[job.line_axis];
		for (unsigned a = job.line_axis + 1; a < in->out_axes; a++)
			job.line_stride *= in->extent[a];
	}
	job.tiles = (job.line + TILE - 1) / TILE;
	uint64_t work = job.count / job.line * job.tiles;
	uint64_t steps_a_tile = (job.line < TILE ? job.line : TILE) * (1 + job.terms);
	uint64_t grain = WORK_GRAIN / steps_a_tile + 1;
	gs_pool_run(pool, work, grain, run_tiles, &job);
}
