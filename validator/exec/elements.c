#include "validator/exec/elements.h"

#include "validator/exec/ints.h"
#include "validator/exec/line.h"

#include <string.h>

enum {
	TILE = 512,           /* elements of a line worked on at once: they stay in the first-level cache */
	WORK_GRAIN = 1 << 15, /* elements worth handing to another thread */
};

/* The output box with axes of extent 1 left out and neighbours joined; at least one axis. */
struct job {
	const struct gs_instr *in;
	const struct gs_kernels *kernels;
	const struct gs_element_loops *loops;
	struct gs_line_operand operand[3];
	unsigned operands, axes;
	uint64_t extent[GS_OUT_AXES_MAX];
	int64_t step[3][GS_OUT_AXES_MAX]; /* tensor elements a step along each axis */
	uint64_t tiles;                   /* of a line */
	uint8_t *out;
};

static bool narrow(uint8_t dtype)
{
	return dtype != GS_I64 && dtype != GS_U32 && dtype != GS_U64 && dtype != GS_F16 && dtype != GS_BF16;
}

/* Whether every operand's place is an affine function of the point. */
static bool prepare(struct job *job, const struct gs_memory *mem)
{
	const struct gs_instr *in = job->in;
	job->operands = gs_instr_operands(in);
	for (unsigned k = 0; k < job->operands; k++) {
		struct gs_line_operand *op = &job->operand[k];
		const struct gs_operand *of = &in->operand[k];
		if (of->kind == GS_OPERAND_TENSOR && (of->indirect_row != 0 || !narrow(of->view.dtype)))
			return false;
		if (gs_instr_operand_class(in, k) == GS_CLASS_I64 || !gs_line_prepare(in, k, mem, op))
			return false;
		if (of->kind == GS_OPERAND_TENSOR && !op->view.never_outside)
			return false;
	}
	return true;
}

static void join_axes(struct job *job)
{
	const struct gs_instr *in = job->in;
	for (unsigned a = 0; a < in->out_axes; a++) {
		int64_t step[3];
		bool joins = job->axes > 0;
		if (in->extent[a] == 1)
			continue;
		for (unsigned k = 0; k < job->operands; k++) {
			const struct gs_line_operand *op = &job->operand[k];
			step[k] = op->kind == GS_OPERAND_TENSOR ? op->view.flat_coef[a]
			          : op->kind == GS_OPERAND_IOTA ? op->iota.coef[a]
			                                        : 0;
			joins = joins && job->step[k][job->axes - 1] == step[k] * (int64_t)in->extent[a];
		}
		if (!joins)
			job->axes++;
		job->extent[job->axes - 1] = in->extent[a] * (joins ? job->extent[job->axes - 1] : 1);
		for (unsigned k = 0; k < job->operands; k++)
			job->step[k][job->axes - 1] = step[k];
	}
	if (job->axes == 0)
		job->extent[job->axes++] = 1;
}

static void fill(uint32_t *out, size_t n, uint32_t value)
{
	for (size_t i = 0; i < n; i++)
		out[i] = value;
}

/* n registers of operand k, of which the first lies at `at`: where they are stored, or in scratch. */
static const uint32_t *registers(const struct job *job, unsigned k, int64_t at, size_t n, uint32_t *scratch)
{
	const struct gs_line_operand *op = &job->operand[k];
	int64_t step = job->step[k][job->axes - 1];
	if (op->kind == GS_OPERAND_CONST) {
		fill(scratch, n, (uint32_t)op->constant);
		return scratch;
	}
	if (op->kind == GS_OPERAND_IOTA) {
		for (size_t i = 0; i < n; i++)
			scratch[i] = (uint32_t)((uint64_t)at + i * (uint64_t)step);
		return scratch;
	}
	uint8_t dtype = (uint8_t)op->view.dtype;
	if (step == 1 && (dtype == GS_F32 || dtype == GS_I32))
		return (const uint32_t *)(const void *)op->view.base + at;
	if (step == 0) {
		job->loops->load(dtype, op->view.base, at, 0, 1, scratch);
		fill(scratch + 1, n - 1, scratch[0]);
		return scratch;
	}
	job->loops->load(dtype, op->view.base, at, step, n, scratch);
	return scratch;
}

struct scratch {
	uint32_t x[3][TILE], value[TILE], done[TILE];
};

/* n elements from output element `first` on; at: of the operands' first. */
static void run_tile(const struct job *job, struct scratch *s, uint64_t first, const int64_t *at, size_t n)
{
	const struct gs_instr *in = job->in;
	const uint32_t *x[3] = {s->x[0], s->x[1], s->x[2]};
	uint32_t *straight = in->store_dtype == GS_F32 || in->store_dtype == GS_I32
	                             ? (uint32_t *)(void *)job->out + first
	                             : NULL;
	uint32_t *value = straight && !in->epilogue ? straight : s->value;
	for (unsigned k = 0; k < job->operands; k++)
		x[k] = registers(job, k, at[k], n, s->x[k]);
	bool known = job->loops->apply(in->fn, x, value, n);
	if (in->epilogue) {
		uint32_t *done = straight ? straight : s->done;
		unsigned arity = gs_fn_info(in->epilogue)->arity;
		for (unsigned i = 0, k = 0; i < arity; i++) {
			x[i] = i == in->epilogue_pos ? value : s->x[i];
			if (i != in->epilogue_pos)
				fill(s->x[i], n, (uint32_t)in->epilogue_const[k++]);
		}
		known = known && job->loops->apply(in->epilogue, x, done, n);
		value = done;
	}
	GS_ASSERT(known); /* gs_elements_run has asked */
	if (value != straight)
		job->loops->store(in->store_dtype, job->out, first, value, n);
}

static void run_tiles(void *self, unsigned thread, uint64_t first, uint64_t last)
{
	const struct job *job = self;
	struct scratch s;
	unsigned inner = job->axes - 1;
	(void)thread;
	for (uint64_t t = first; t < last; t++) {
		uint64_t start = t % job->tiles * TILE, rest = t / job->tiles;
		uint64_t out = rest * job->extent[inner] + start;
		int64_t at[3];
		for (unsigned k = 0; k < job->operands; k++) {
			const struct gs_line_operand *op = &job->operand[k];
			at[k] = op->kind == GS_OPERAND_IOTA ? op->iota.offset : op->view.flat_offset;
			at[k] += job->step[k][inner] * (int64_t)start;
		}
		for (unsigned a = inner; a-- > 0; rest /= job->extent[a])
			for (unsigned k = 0; k < job->operands; k++)
				at[k] += job->step[k][a] * (int64_t)(rest % job->extent[a]);
		size_t n = (size_t)(job->extent[inner] - start < TILE ? job->extent[inner] - start : TILE);
		run_tile(job, &s, out, at, n);
	}
}

static bool host_little_endian(void)
{
	const uint16_t one = 1;
	return *(const uint8_t *)&one == 1;
}

bool gs_elements_run(const struct gs_instr *in, const struct gs_memory *mem, const struct gs_kernels *kernels,
                     struct gs_pool *pool)
{
	struct job job = {.in = in, .kernels = kernels, .loops = kernels->ints->elements};
	const uint32_t *const none[3] = {NULL};
	if (in->form != GS_MAP || !narrow(in->store_dtype) || !host_little_endian())
		return false;
	if (!job.loops->apply(in->fn, none, NULL, 0) ||
	    (in->epilogue && !job.loops->apply(in->epilogue, none, NULL, 0)))
		return false;
	if (!prepare(&job, mem))
		return false;
	join_axes(&job);
	uint64_t line = job.extent[job.axes - 1];
	job.out = mem->trace + (size_t)in->first_chunk * GS_CHUNK_BYTES;
	job.tiles = (line + TILE - 1) / TILE;
	gs_pool_run(pool, gs_instr_count(in) / line * job.tiles, WORK_GRAIN / (line < TILE ? line : TILE) + 1,
	            run_tiles, &job);
	return true;
}
