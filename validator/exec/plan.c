#include "validator/exec/plan.h"

#include "chain/core/pages.h"
#include "validator/exec/blocks.h"
#include "validator/exec/contract.h"
#include "validator/exec/fast.h"
#include "validator/exec/fuse.h"
#include "validator/exec/gemv.h"
#include "validator/exec/lines.h"
#include "validator/exec/places.h"
#include "validator/exec/spread.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What decoded instructions, kept from the second run on, may take together: of a program of a hundred or so that have no form
 * of their own; in longer ones their work outweighs decoding them. */
#define KEPT_BYTES_MAX (UINT64_C(2) << 20)

struct packed { /* of one instruction; NULL: packed in every run */
	float *x, *w;
	bool own_x, own_w; /* else another instruction's, of the same factor */
	struct gs_contract_ints ints;
};

struct gs_exec_plan {
	const struct gs_program *program;
	const struct gs_kernels *kernels;
	struct gs_pool *pool;
	struct gs_workspace *workspace;
	struct gs_lines *lines;
	uint32_t count;        /* instructions */
	struct packed *packed; /* NULL when nothing is packed beforehand */
	bool borrows;          /* that, from another plan; else owned */
	uint64_t packed_bytes; /* that it owns of it */
	struct step *step;     /* owned: one an instruction */
	struct gs_room room;
	struct gs_spread spread; /* over threads */
	struct gs_places places; /* owned; of all tensors, when the outputs alone are wanted */
	uint64_t kept_bytes;     /* by steps */
	uint64_t chunks;         /* of all tensors */
	bool again;              /* not the first run */
	const uint8_t *paged;    /* the trace for which large pages were asked last */
};

/* An instruction that has to be decoded, as it was found to be. */
struct kept {
	struct gs_instr in;
	bool contracts;
	struct gs_contract c; /* with what is packed, if it contracts */
};

/* An instruction as it is run: what need not be found out again. */
struct step {
	struct gs_fast *fast;         /* owned; NULL: a contraction, or lines */
	struct gs_gemv *gemv;         /* owned; NULL: as above */
	struct kept *kept;            /* owned; NULL: to be decoded and matched when it is run */
	struct gs_blocks *blocks;     /* owned; NULL, or the sweeps that are run with it... */
	bool produces;                /* ...on every part of its tensor, itself not among them */
	uint32_t together;            /* instructions that are run with it, itself included; 0: one before runs it */
	uint64_t padding_at, padding; /* bytes of the trace to be zeroed */
	uint32_t factor;              /* the chunk of a constant that it might contract; or NO_FACTOR */
	uint32_t first_chunk, chunks; /* of the tensor */
};
#define NO_FACTOR UINT32_MAX

static bool host_little_endian(void)
{
	const uint16_t one = 1;
	return *(const uint8_t *)&one == 1;
}

/* Contractions read tensors as arrays of floats, where they lie. */
static bool contracts(const struct gs_exec_plan *plan, const struct gs_instr *in, struct gs_contract *out)
{
	return host_little_endian() && gs_contract_match(in, plan->kernels, out);
}

/* Instruction i with the chunks that runs of this plan use. */
static void instr(const struct gs_exec_plan *plan, uint32_t i, struct gs_instr *out)
{
	if (plan->places.chunk)
		gs_places_instr(&plan->places, plan->program, i, out);
	else
		gs_program_decode(plan->program, i, out);
}

/* ---- constants, packed once, also where many instructions read them (a recurrent layer's steps) ---- */

struct unique { /* contractions that have packed something of their own */
	struct gs_contract *c;
	uint32_t count, room;
};

static bool same_factor(const struct gs_factor *a, const struct gs_factor *b)
{
	return a->space == b->space && a->chunk == b->chunk && a->dtype == b->dtype && a->count == b->count &&
	       a->at == b->at && a->stage_dims == 0 && b->stage_dims == 0 &&
	       memcmp(a->step, b->step, sizeof(a->step)) == 0;
}

static bool same_list(const struct gs_axis_list *a, const struct gs_axis_list *b)
{
	return a->count == b->count && a->points == b->points && memcmp(a->axis, b->axis, a->count) == 0;
}

static bool same_shape(const struct gs_contract *a, const struct gs_contract *b)
{
	const struct gs_contraction *p = &a->is, *q = &b->is;
	return p->words == 0 && q->words == 0 && p->out_axes == q->out_axes && p->red_axes == q->red_axes &&
	       p->pitch == q->pitch && a->width == b->width && a->tile_rows == b->tile_rows &&
	       memcmp(p->extent, q->extent, sizeof(p->extent)) == 0 && same_list(&p->batch, &q->batch) &&
	       same_list(&p->rows, &q->rows) && same_list(&p->lanes, &q->lanes);
}

static void take_over(const struct unique *u, struct gs_contract *c)
{
	for (uint32_t i = 0; i < u->count; i++) {
		const struct gs_contract *k = &u->c[i];
		bool x = c->packed_x == NULL && k->packed_x != NULL && same_factor(&c->is.x, &k->is.x);
		bool w = c->packed_w == NULL && k->packed_w != NULL && same_factor(&c->is.w, &k->is.w);
		if ((!x && !w) || !same_shape(c, k))
			continue;
		c->packed_x = x ? k->packed_x : c->packed_x;
		c->packed_w = w ? k->packed_w : c->packed_w;
	}
}

static enum gs_err keep_unique(struct unique *u, const struct gs_contract *c)
{
	if (u->count == u->room) {
		uint32_t room = u->room ? 2 * u->room : 16;
		struct gs_contract *grown = realloc(u->c, room * sizeof(*grown));
		if (grown == NULL)
			return GS_ENOMEM;
		u->c = grown;
		u->room = room;
	}
	u->c[u->count++] = *c;
	return GS_OK;
}

static enum gs_err prepack_one(struct gs_exec_plan *plan, uint32_t i, struct unique *u, uint64_t *budget)
{
	struct gs_instr in;
	struct gs_contract c;
	struct gs_gemv gemv;
	if (plan->step[i].fast)
		return GS_OK;
	instr(plan, i, &in);
	if (!contracts(plan, &in, &c))
		return GS_OK;
	take_over(u, &c);
	bool own_x = c.packed_x == NULL, own_w = c.packed_w == NULL;
	enum gs_err err = gs_contract_prepack(&c, plan->program->weights, plan->kernels, plan->pool, plan->workspace,
	                                      budget);
	plan->packed[i] = (struct packed){
		.x = c.packed_x, .w = c.packed_w, .own_x = own_x, .own_w = own_w, .ints = c.ints};
	if (err == GS_OK && ((own_x && c.packed_x) || (own_w && c.packed_w)))
		err = keep_unique(u, &c);
	if (err == GS_OK && gs_gemv_prepare(&c, &gemv)) {
		if ((plan->step[i].gemv = malloc(sizeof(gemv))) == NULL)
			return GS_ENOMEM;
		*plan->step[i].gemv = gemv;
	}
	return err;
}

static int ascending(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

/* Leaves the chunks that were there more than once, in order, each once; how many. */
static uint32_t repeated(uint32_t *chunk, uint32_t count)
{
	uint32_t kept = 0;
	qsort(chunk, count, sizeof(*chunk), ascending);
	for (uint32_t i = 1; i < count; i++)
		if (chunk[i] == chunk[i - 1] && (kept == 0 || chunk[kept - 1] != chunk[i]))
			chunk[kept++] = chunk[i];
	return kept;
}

/* shared_only: what one instruction alone reads is packed when it runs, into room that others use before and after. */
static enum gs_err prepack(struct gs_exec_plan *plan, uint64_t budget, bool shared_only)
{
	struct unique unique = {.c = NULL};
	enum gs_err err = GS_OK;
	uint32_t *shared = NULL, count = 0;
	const uint64_t whole = budget;
	for (uint32_t i = 0; i < plan->count; i++)
		count += plan->step[i].factor != NO_FACTOR;
	if (count == 0)
		return GS_OK;
	plan->packed = calloc(plan->count, sizeof(*plan->packed));
	shared = calloc(count, sizeof(*shared));
	if (plan->packed == NULL || shared == NULL) {
		free(shared);
		return GS_ENOMEM;
	}
	for (uint32_t i = 0, n = 0; i < plan->count; i++)
		if (plan->step[i].factor != NO_FACTOR)
			shared[n++] = plan->step[i].factor;
	count = shared_only ? repeated(shared, count) : 0;
	for (uint32_t i = 0; err == GS_OK && i < plan->count; i++) {
		const uint32_t *factor = &plan->step[i].factor;
		if (*factor != NO_FACTOR &&
		    (!shared_only || bsearch(factor, shared, count, sizeof(*shared), ascending) != NULL))
			err = prepack_one(plan, i, &unique, &budget);
	}
	plan->packed_bytes = whole - budget;
	free(shared);
	free(unique.c);
	return err;
}

/* What another plan of the same program has packed. */
static enum gs_err borrow(struct gs_exec_plan *plan, const struct gs_exec_plan *of)
{
	GS_ASSERT(of->program == plan->program && of->kernels == plan->kernels &&
	          (of->places.chunk == NULL) == (plan->places.chunk == NULL));
	plan->packed = of->packed;
	plan->borrows = true;
	for (uint32_t i = 0; i < plan->count; i++) {
		if (of->step[i].gemv == NULL)
			continue;
		if ((plan->step[i].gemv = malloc(sizeof(struct gs_gemv))) == NULL)
			return GS_ENOMEM;
		*plan->step[i].gemv = *of->step[i].gemv;
	}
	return GS_OK;
}

static void drop_packed(const struct packed *p)
{
	gs_contract_drop(&(struct gs_contract){
		.packed_x = p->own_x ? p->x : NULL, .packed_w = p->own_w ? p->w : NULL, .ints = p->ints});
}

/* Contractions copy a padded tensor as a whole before they write anything (gs_contract_stages). */
static bool copies(void *self, const struct gs_instr *in, uint32_t *chunk)
{
	const struct gs_exec_plan *plan = self;
	struct gs_fast *fast;
	struct gs_contract c;
	if (gs_fast_prepare(in, plan->kernels, &fast) != GS_OK)
		return false; /* without memory it is found out soon enough */
	bool other = fast != NULL;
	gs_fast_free(fast);
	return !other && contracts(plan, in, &c) && gs_contract_stages(&c, chunk);
}

/* A constant that the instruction multiplies, without asking whether it is a contraction. */
static uint32_t factor_of(const struct gs_instr *in)
{
	for (unsigned k = 1; in->form == GS_FOLD && k < gs_instr_operands(in); k++) {
		const struct gs_operand *op = &in->operand[k];
		if (op->kind == GS_OPERAND_TENSOR && op->view.space == GS_SPACE_WEIGHTS)
			return op->view.chunk;
	}
	return NO_FACTOR;
}

static enum gs_err prepare_steps(struct gs_exec_plan *plan)
{
	struct gs_instr in;
	if ((plan->step = calloc(plan->count, sizeof(*plan->step))) == NULL)
		return GS_ENOMEM;
	for (uint32_t i = 0; i < plan->count; i++) {
		struct step *step = &plan->step[i];
		instr(plan, i, &in);
		uint64_t count = gs_instr_count(&in), bytes = count * gs_dtype_bytes(in.store_dtype);
		step->padding_at = (uint64_t)in.first_chunk * GS_CHUNK_BYTES + bytes;
		step->first_chunk = in.first_chunk;
		step->chunks = (uint32_t)gs_dtype_chunks(in.store_dtype, count);
		step->padding = (uint64_t)step->chunks * GS_CHUNK_BYTES - bytes;
		plan->chunks += step->chunks;
		gs_spread_estimate(&plan->spread, i, &in);
		if (gs_fast_prepare(&in, plan->kernels, &step->fast) != GS_OK)
			return GS_ENOMEM;
		step->factor = step->fast ? NO_FACTOR : factor_of(&in);
	}
	gs_spread_plan(&plan->spread);
	return GS_OK;
}

static bool sweeps(const struct step *step)
{
	return step->fast != NULL && gs_fast_sweep(step->fast) != NULL;
}

/* Whether its form tells when parts of the tensor are written. */
static bool tells(const struct gs_exec_plan *plan, uint32_t i)
{
	struct gs_instr in;
	struct gs_contract c;
	if (plan->step[i].fast)
		return gs_fast_tells(plan->step[i].fast);
	instr(plan, i, &in);
	return contracts(plan, &in, &c) && gs_contract_tells(&c);
}

/* Sweeps from instruction i on, at most up to `last`, that can be run together. */
static enum gs_err group_sweeps(const struct gs_exec_plan *plan, uint32_t i, uint32_t last, uint32_t least,
                                struct gs_blocks **out, uint32_t *count)
{
	const struct gs_sweep *sweep[GS_BLOCKS_MAX];
	uint32_t n = 0;
	for (; n < GS_BLOCKS_MAX && i + n <= last && sweeps(&plan->step[i + n]); n++)
		sweep[n] = gs_fast_sweep(plan->step[i + n].fast);
	*count = n >= least ? n : 0;
	return *count == 0 ? GS_OK
	                   : gs_fuse_blocks(plan->program, plan->places.chunk ? &plan->places : NULL, i, sweep, n, out);
}

/* Sweeps of a group are run together, and with the one that writes what they read. */
static enum gs_err group_steps(struct gs_exec_plan *plan, const uint32_t *last)
{
	enum gs_err err = GS_OK;
	for (uint32_t i = 0; err == GS_OK && i < plan->count; i += plan->step[i].together) {
		struct step *step = &plan->step[i];
		uint32_t n = 0;
		if (sweeps(step)) {
			err = group_sweeps(plan, i, last[i], 2, &step->blocks, &n);
			step->together = n > 0 ? n : 1;
			continue;
		}
		if (last[i] > i && sweeps(step + 1) && tells(plan, i))
			err = group_sweeps(plan, i + 1, last[i], 1, &step->blocks, &n);
		step->produces = n > 0;
		step->together = 1 + n;
	}
	return err;
}

static enum gs_err lay_out(struct gs_exec_plan *plan, const struct gs_exec_options *options)
{
	uint32_t *last = calloc(plan->count, sizeof(*last)); /* of each instruction's group */
	enum gs_err err = last ? GS_OK : GS_ENOMEM;
	if (err == GS_OK) {
		gs_blocks_find(plan->program, last);
		gs_fuse_producers(plan->program, last, options->finely ? 0 : GS_FUSE_CHUNKS_MIN);
	}
	if (err == GS_OK && options->outputs_only)
		err = gs_places_init(&plan->places, plan->program, last, copies, plan);
	if (err == GS_OK)
		err = prepare_steps(plan);
	if (err == GS_OK)
		err = group_steps(plan, last);
	free(last);
	return err;
}

enum gs_err gs_exec_plan_new(const struct gs_program *p, const struct gs_exec_options *options,
                             struct gs_exec_plan **out, struct gs_error *error)
{
	unsigned threads = options->threads;
	GS_ASSERT(threads >= 1 && threads <= GS_EXEC_THREADS_MAX);
	enum gs_err err = gs_exec_isa_check(options->isa, error);
	if (err != GS_OK)
		return err;
	struct gs_exec_plan *plan = calloc(1, sizeof(*plan));
	if (plan) {
		plan->program = p;
		plan->count = p->count;
		plan->kernels = gs_kernels_named(options->isa);
		plan->lines = gs_lines_new(threads);
	}
	if (!plan || !plan->lines || gs_pool_new(threads, &plan->pool) != GS_OK ||
	    gs_workspace_new(threads, &plan->workspace) != GS_OK ||
	    gs_spread_init(&plan->spread, p->count, threads) != GS_OK || lay_out(plan, options) != GS_OK) {
		gs_exec_plan_free(plan);
		gs_fail(error, GS_ENOMEM, "executor: no memory for %u threads", threads);
		return GS_ENOMEM;
	}
	if (options->finely)
		gs_pool_cut_finely(plan->pool);
	uint64_t budget = options->packed_bytes < GS_EXEC_PACKED_BYTES_MAX ? options->packed_bytes
	                                                                   : GS_EXEC_PACKED_BYTES_MAX;
	if (options->packed_of)
		err = borrow(plan, options->packed_of);
	else if (budget != 0)
		err = prepack(plan, budget, options->shared_only);
	if (err != GS_OK) {
		gs_exec_plan_free(plan);
		gs_fail(error, GS_ENOMEM, "executor: no memory for packed constants");
		return GS_ENOMEM;
	}
	*out = plan;
	return GS_OK;
}

void gs_exec_plan_free(struct gs_exec_plan *plan)
{
	if (!plan)
		return;
	for (uint32_t i = 0; plan->packed && !plan->borrows && i < plan->count; i++)
		drop_packed(&plan->packed[i]);
	if (!plan->borrows)
		free(plan->packed);
	for (uint32_t i = 0; plan->step && i < plan->count; i++) {
		gs_fast_free(plan->step[i].fast);
		free(plan->step[i].gemv);
		free(plan->step[i].kept);
		free(plan->step[i].blocks);
	}
	free(plan->step);
	free(plan->room.stage);
	gs_spread_free(&plan->spread);
	gs_places_free(&plan->places);
	gs_lines_free(plan->lines);
	gs_workspace_free(plan->workspace);
	gs_pool_free(plan->pool);
	free(plan);
}

/* ---- committing ---- */

struct hashing {
	void (*work)(void *what, uint64_t first, uint64_t last);
	void *what;
};

static void hash_some(void *self, unsigned thread, uint64_t first, uint64_t last)
{
	const struct hashing *h = self;
	(void)thread;
	h->work(h->what, first, last);
}

/* Of struct gs_merkle_spread: blocks of a tree, each a tenth of a millisecond's work. */
static void spread_hashing(void *self, uint64_t count, void (*work)(void *what, uint64_t first, uint64_t last),
                           void *what)
{
	struct gs_pool *pool = self;
	struct hashing hashing = {work, what};
	gs_pool_costs(pool, NULL);
	gs_pool_wake(pool);
	gs_pool_run(pool, count, 1, hash_some, &hashing);
}

/* Keeps what was found, where there is room: who runs a program again wants it fast. */
static void keep(struct gs_exec_plan *plan, struct step *step, const struct gs_instr *in, const struct gs_contract *c)
{
	if (!plan->again || step->kept || plan->kept_bytes + sizeof(struct kept) > KEPT_BYTES_MAX)
		return;
	if ((step->kept = malloc(sizeof(struct kept))) == NULL)
		return; /* it goes without */
	plan->kept_bytes += sizeof(struct kept);
	step->kept->in = *in;
	step->kept->contracts = c != NULL;
	if (c)
		step->kept->c = *c;
}

static enum gs_err run_decoded(struct gs_exec_plan *plan, const struct gs_instr *in, const struct gs_contract *c,
                               const struct gs_memory *mem)
{
	if (c)
		return gs_contract_run(c, in, mem, plan->kernels, plan->pool, plan->workspace);
	gs_lines_run(in, mem, plan->kernels, plan->lines, plan->pool);
	return GS_OK;
}

/* An instruction that has to be decoded. */
static enum gs_err run_whole(struct gs_exec_plan *plan, uint32_t i, const struct gs_memory *mem)
{
	struct step *step = &plan->step[i];
	struct gs_contract c;
	if (step->kept)
		return run_decoded(plan, &step->kept->in, step->kept->contracts ? &step->kept->c : NULL, mem);
	struct gs_instr in;
	instr(plan, i, &in);
	bool contraction = contracts(plan, &in, &c);
	if (contraction && plan->packed) {
		c.packed_x = plan->packed[i].x;
		c.packed_w = plan->packed[i].w;
		c.ints = plan->packed[i].ints;
	}
	keep(plan, step, &in, contraction ? &c : NULL);
	return run_decoded(plan, &in, contraction ? &c : NULL, mem);
}

/* An instruction by its own form. */
static enum gs_err run_alone(struct gs_exec_plan *plan, uint32_t i, const struct gs_memory *mem)
{
	const struct step *step = &plan->step[i];
	if (step->fast)
		return gs_fast_run(step->fast, mem, plan->kernels, plan->pool, &plan->room);
	return run_whole(plan, i, mem);
}

/* The same, and what follows on every part of its tensor. */
static enum gs_err run_producer(struct gs_exec_plan *plan, uint32_t i, const struct gs_memory *mem)
{
	struct gs_blocks_bound after;
	gs_blocks_bind(plan->step[i].blocks, mem, plan->kernels, &after);
	plan->room.after = &after;
	gs_workspace_after(plan->workspace, &after);
	enum gs_err err = run_alone(plan, i, mem);
	plan->room.after = NULL;
	gs_workspace_after(plan->workspace, NULL);
	return err;
}

static enum gs_err run_step(struct gs_exec_plan *plan, uint32_t i, const struct gs_memory *mem)
{
	const struct step *step = &plan->step[i];
	if (step->together == 0)
		return GS_OK; /* run with one before */
	gs_spread_step(&plan->spread, plan->pool, i);
	if (step->gemv)
		gs_gemv_run(step->gemv, mem, plan->kernels, plan->pool);
	else if (step->produces)
		return run_producer(plan, i, mem);
	else if (step->blocks == NULL)
		return run_alone(plan, i, mem);
	if (step->blocks)
		gs_blocks_run(step->blocks, mem, plan->kernels, plan->pool);
	return GS_OK;
}

/* live: NULL when everything is kept. trace: NULL when nothing is committed. */
static enum gs_err run(struct gs_exec_plan *plan, const struct gs_memory *mem, struct gs_live *live,
                       gs_live_release release, void *self, struct gs_trace *trace, struct gs_error *error)
{
	gs_spread_begin(&plan->spread, plan->pool);
	for (uint32_t i = 0; i < plan->count; i++) {
		const struct step *step = &plan->step[i];
		enum gs_err err = run_step(plan, i, mem);
		if (err != GS_OK)
			return gs_fail(error, GS_ENOMEM, "executor: no memory for instruction %u", i);
		memset(mem->trace + step->padding_at, 0, step->padding);
		if (trace)
			gs_trace_commit_chunks(trace, step->first_chunk, step->chunks);
		if (live)
			gs_live_after(live, i, release, self);
	}
	gs_spread_end(&plan->spread, plan->pool);
	plan->again = true;
	return GS_OK;
}

enum gs_err gs_exec_plan_run(struct gs_exec_plan *plan, const struct gs_memory *mem, struct gs_error *error)
{
	return run(plan, mem, NULL, NULL, NULL, NULL, error);
}

uint32_t gs_exec_plan_place(const struct gs_exec_plan *plan, uint32_t chunk)
{
	return plan->places.chunk ? gs_places_of(&plan->places, plan->program, chunk) : chunk;
}

uint32_t gs_exec_plan_chunks(const struct gs_exec_plan *plan)
{
	return plan->places.chunk ? plan->places.chunks : plan->program->header.output_chunk;
}

enum gs_err gs_exec_plan_run_releasing(struct gs_exec_plan *plan, const struct gs_memory *mem, gs_live_release release,
                                       void *self, struct gs_error *error)
{
	struct gs_live live;
	GS_ASSERT(plan->places.chunk == NULL);
	if (gs_live_init(&live, plan->program) != GS_OK)
		return gs_fail(error, GS_ENOMEM, "executor: no memory for %u instructions", plan->count);
	enum gs_err err = run(plan, mem, &live, release, self, NULL, error);
	gs_live_free(&live);
	return err;
}

enum gs_err gs_exec_plan_run_committing(struct gs_exec_plan *plan, const struct gs_memory *mem, struct gs_trace *trace,
                                        struct gs_error *error)
{
	GS_ASSERT(mem->trace == trace->chunks && plan->places.chunk == NULL);
	const struct gs_merkle_spread spread = {plan->pool, spread_hashing};
	enum gs_err err = gs_trace_commit_begin(trace, gs_pool_threads(plan->pool) > 1 ? &spread : NULL);
	if (err != GS_OK)
		return gs_fail(error, err, "executor: no memory for the trace's tree");
	bool dense = plan->chunks >= trace->present / 2; /* in gaps, large pages would take memory for nothing */
	if (plan->paged != trace->chunks && dense && trace->home.take == NULL)
		gs_large_pages(trace->chunks, (size_t)trace->present * GS_CHUNK_BYTES);
	plan->paged = trace->chunks;
	err = run(plan, mem, NULL, NULL, NULL, trace, error);
	if (err == GS_OK)
		gs_trace_commit_end(trace);
	return err;
}

enum gs_err gs_exec_plan_run_timed(struct gs_exec_plan *plan, const struct gs_memory *mem, double *seconds,
                                   struct gs_error *error)
{
	gs_spread_begin(&plan->spread, plan->pool);
	for (uint32_t i = 0; i < plan->count; i++) {
		struct timespec start, end;
		clock_gettime(CLOCK_MONOTONIC, &start);
		if (run_step(plan, i, mem) != GS_OK)
			return gs_fail(error, GS_ENOMEM, "executor: no memory for instruction %u", i);
		memset(mem->trace + plan->step[i].padding_at, 0, plan->step[i].padding);
		clock_gettime(CLOCK_MONOTONIC, &end);
		seconds[i] += (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) * 1e-9;
	}
	gs_spread_end(&plan->spread, plan->pool);
	plan->again = true;
	return GS_OK;
}

uint64_t gs_exec_plan_bytes(const struct gs_exec_plan *plan)
{
	uint64_t each = sizeof(struct step) + (plan->packed && !plan->borrows ? sizeof(struct packed) : 0) +
	                (plan->places.chunk ? sizeof(*plan->places.chunk) + sizeof(*plan->places.reads) : 0);
	return sizeof(*plan) + plan->count * each + plan->packed_bytes + plan->kept_bytes + plan->room.floats * 4 +
	       gs_workspace_bytes(plan->workspace);
}

uint32_t gs_exec_plan_packed(const struct gs_exec_plan *plan)
{
	uint32_t count = 0;
	for (uint32_t i = 0; plan->packed && i < plan->count; i++) {
		const struct packed *p = &plan->packed[i];
		count += (p->own_x && p->x != NULL) + (p->own_w && p->w != NULL);
	}
	return count;
}

/* Of instructions that are run with others. */
static const char *form_together(const struct gs_exec_plan *plan, uint32_t i)
{
	const struct step *step = &plan->step[i];
	if (step->produces && step->fast)
		return strcmp(gs_fast_name(step->fast), "plane") == 0 ? "plane+" : "direct+";
	if (step->produces)
		return "contraction+";
	while (step->together == 0)
		step--;
	return step->produces ? "fused" : "blocks";
}

const char *gs_exec_plan_form(const struct gs_exec_plan *plan, uint32_t instruction)
{
	struct gs_instr in = gs_program_instr(plan->program, instruction);
	struct gs_contract c;
	if (plan->step[instruction].together != 1)
		return form_together(plan, instruction);
	if (plan->step[instruction].fast)
		return gs_fast_name(plan->step[instruction].fast);
	return contracts(plan, &in, &c) ? "contraction" : "lines";
}
