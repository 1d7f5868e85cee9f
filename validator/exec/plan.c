#include "validator/exec/plan.h"

#include "chain/core/pages.h"
#include "validator/exec/blocks.h"
#include "validator/exec/contract.h"
#include "validator/exec/fast.h"
#include "validator/exec/fuse.h"
#include "validator/exec/gemv.h"
#include "validator/exec/lines.h"
#include "validator/exec/places.h"
#include "validator/exec/shared.h"
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
	struct packed *packed; /* of the instructions that need it in runs, or own it */
	uint32_t packed_count, packed_room;
	bool borrows;          /* that, from another plan; else owned */
	uint64_t packed_bytes; /* that it owns of it */
	struct step *step;     /* owned: one an instruction */
	struct gs_room room;
	struct gs_spread spread; /* over threads */
	struct gs_places places; /* owned; of all tensors, when the outputs alone are wanted */
	uint64_t kept_bytes;     /* by steps */
	uint64_t chunks;         /* of all tensors */
	bool again;              /* not the first run */
	bool finely;             /* for tests (struct gs_exec_options) */
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
	uint8_t padding;              /* bytes of its last chunk to be zeroed */
	uint32_t packed;              /* 1 + its place in the plan's packed; 0: nothing */
	uint32_t together;            /* instructions that are run with it, itself included; 0: one before runs it */
	uint32_t first_chunk, chunks; /* of the tensor */
};

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

/* ---- preparation ---- */

/* What is found out on the way. */
struct preparation {
	uint32_t *last;   /* owned; of each instruction's group */
	uint32_t *factor; /* owned; by instruction first, then those chunks that are packed beforehand */
	uint32_t factors;
	bool packs, all; /* constants beforehand; also those that one instruction alone reads */
	uint64_t budget;
	struct gs_shared shared;
	struct gs_blocks_finder blocks;
};

/* Each instruction as the program has it. */
static void look(void *self, uint32_t i, const struct gs_instr *in, unsigned alike)
{
	struct preparation *prep = self;
	gs_blocks_next(&prep->blocks, in, alike, prep->last);
	prep->factor[i] = gs_shared_factor(in);
}

static void drop_packed(const struct packed *p)
{
	gs_contract_drop(&(struct gs_contract){
		.packed_x = p->own_x ? p->x : NULL, .packed_w = p->own_w ? p->w : NULL, .ints = p->ints});
}

static enum gs_err keep_packed(struct gs_exec_plan *plan, const struct packed *packed)
{
	if (plan->packed_count == plan->packed_room) {
		uint32_t room = plan->packed_room ? 2 * plan->packed_room : 8;
		struct packed *grown = realloc(plan->packed, room * sizeof(*grown));
		if (grown == NULL)
			return GS_ENOMEM;
		plan->packed = grown;
		plan->packed_room = room;
	}
	plan->packed[plan->packed_count++] = *packed;
	return GS_OK;
}

/* Packs the constants of a contraction that has no other form, unless another one has packed the same. */
static enum gs_err pack_constants(struct gs_exec_plan *plan, uint32_t i, struct gs_contract *c,
                                  struct preparation *prep)
{
	struct gs_gemv gemv;
	gs_shared_take_over(&prep->shared, c);
	bool own_x = c->packed_x == NULL, own_w = c->packed_w == NULL;
	enum gs_err err = gs_contract_prepack(c, plan->program->weights, plan->kernels, plan->pool, plan->workspace,
	                                      &prep->budget);
	struct packed packed = {c->packed_x, c->packed_w, own_x, own_w, c->ints};
	bool owns = (own_x && c->packed_x) || (own_w && c->packed_w), is_gemv = gs_gemv_prepare(c, &gemv);
	if (owns || !is_gemv) {
		enum gs_err kept = keep_packed(plan, &packed);
		if (kept != GS_OK)
			drop_packed(&packed);
		if (kept != GS_OK || err != GS_OK)
			return GS_ENOMEM;
		plan->step[i].packed = plan->packed_count;
	}
	if (owns)
		err = gs_shared_keep(&prep->shared, c);
	if (err == GS_OK && is_gemv) {
		if ((plan->step[i].gemv = malloc(sizeof(gemv))) == NULL)
			return GS_ENOMEM;
		*plan->step[i].gemv = gemv;
	}
	return err;
}

/* What another plan of the same program has packed. */
static enum gs_err borrow(struct gs_exec_plan *plan, const struct gs_exec_plan *of)
{
	GS_ASSERT(of->program == plan->program && of->kernels == plan->kernels &&
	          (of->places.chunk == NULL) == (plan->places.chunk == NULL));
	plan->packed = of->packed;
	plan->packed_count = of->packed_count;
	plan->borrows = true;
	for (uint32_t i = 0; i < plan->count; i++) {
		plan->step[i].packed = of->step[i].packed;
		if (plan->step[i].fast)
			gs_fast_borrow(plan->step[i].fast, of->step[i].fast);
		if (of->step[i].gemv == NULL)
			continue;
		if ((plan->step[i].gemv = malloc(sizeof(struct gs_gemv))) == NULL)
			return GS_ENOMEM;
		*plan->step[i].gemv = *of->step[i].gemv;
	}
	return GS_OK;
}

/* Contractions copy a padded tensor as a whole before they write anything (gs_contract_stages). */
static bool copies(void *self, const struct gs_instr *in, uint32_t *chunk)
{
	const struct gs_exec_plan *plan = self;
	struct gs_fast *fast;
	struct gs_contract c;
	if (!contracts(plan, in, &c) || gs_fast_prepare_matched(in, plan->kernels, &c.is, &fast) != GS_OK)
		return false; /* without memory it is found out soon enough */
	bool other = fast != NULL;
	gs_fast_free(fast);
	return !other && gs_contract_stages(&c, chunk);
}

/* Whether a constant that the instruction multiplies is to be packed. One that it alone reads is packed when it runs, into room
 * that others use before and after. */
static bool packs(const struct preparation *prep, const struct gs_instr *in)
{
	uint32_t factor = prep->packs ? gs_shared_factor(in) : GS_SHARED_NONE;
	return factor != GS_SHARED_NONE && (prep->all || gs_shared_is(prep->factor, prep->factors, factor));
}

static enum gs_err prepare_step(struct gs_exec_plan *plan, uint32_t i, const struct gs_instr *in,
                                struct preparation *prep)
{
	struct step *step = &plan->step[i];
	struct gs_contract c;
	bool contraction = in->form == GS_FOLD && contracts(plan, in, &c);
	uint64_t count = gs_instr_count(in), bytes = count * gs_dtype_bytes(in->store_dtype);
	step->first_chunk = in->first_chunk;
	step->chunks = (uint32_t)gs_dtype_chunks(in->store_dtype, count);
	step->padding = (uint8_t)((uint64_t)step->chunks * GS_CHUNK_BYTES - bytes);
	plan->chunks += step->chunks;
	gs_spread_estimate(&plan->spread, i, in);
	enum gs_err err = gs_fast_prepare_matched(in, plan->kernels, contraction ? &c.is : NULL, &step->fast);
	if (err == GS_OK && step->fast && prep->packs && prep->all)
		err = gs_fast_prepack(step->fast, plan->program->weights, plan->kernels, &prep->budget);
	if (err == GS_OK && contraction && step->fast == NULL && packs(prep, in))
		err = pack_constants(plan, i, &c, prep);
	if (err == GS_OK && contraction && step->fast == NULL && step->gemv == NULL)
		gs_contract_expect(&c, plan->kernels, plan->workspace);
	return err;
}

static enum gs_err prepare_steps(struct gs_exec_plan *plan, struct preparation *prep)
{
	struct gs_instr in;
	enum gs_err err = GS_OK;
	if ((plan->step = calloc(plan->count, sizeof(*plan->step))) == NULL)
		return GS_ENOMEM;
	prep->factors = prep->packs && !prep->all ? gs_shared_repeated(prep->factor, plan->count) : 0;
	const uint64_t whole = prep->budget;
	for (uint32_t i = 0; err == GS_OK && i < plan->count; i++) {
		instr(plan, i, &in);
		err = prepare_step(plan, i, &in, prep);
	}
	plan->packed_bytes = whole - prep->budget;
	gs_spread_plan(&plan->spread);
	return err;
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
	bool spare = plan->places.chunk && (plan->finely || plan->step[i].chunks >= GS_FUSE_SPARE_MIN);
	return *count == 0 ? GS_OK : gs_fuse_blocks(spare ? &plan->places : NULL, i, sweep, n, out);
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

/* Groups, and where tensors lie. */
static enum gs_err lay_out(struct gs_exec_plan *plan, const struct gs_exec_options *options, struct preparation *prep)
{
	struct gs_live live = {.last = NULL};
	struct gs_instr in;
	bool outputs_only = options->outputs_only;
	enum gs_err err = GS_OK;
	if (outputs_only)
		err = gs_live_init(&live, plan->program, look, prep);
	for (uint32_t i = 0; !outputs_only && i < plan->count; i++) {
		gs_program_decode(plan->program, i, &in);
		look(prep, i, &in, gs_blocks_reads_alike(&in));
	}
	gs_blocks_end(&prep->blocks, prep->last);
	gs_fuse_producers(plan->program, prep->last, options->finely ? 0 : GS_FUSE_CHUNKS_MIN);
	if (err == GS_OK && outputs_only)
		err = gs_places_init(&plan->places, plan->program, &live, prep->last, copies, plan);
	gs_live_free(&live);
	return err;
}

static enum gs_err prepare(struct gs_exec_plan *plan, const struct gs_exec_options *options)
{
	struct preparation prep = {.last = calloc(plan->count, sizeof(*prep.last)),
	                           .factor = calloc(plan->count, sizeof(*prep.factor)),
	                           .all = !options->shared_only,
	                           .budget = options->packed_bytes < GS_EXEC_PACKED_BYTES_MAX
	                                             ? options->packed_bytes
	                                             : GS_EXEC_PACKED_BYTES_MAX};
	enum gs_err err = prep.last && prep.factor ? GS_OK : GS_ENOMEM;
	prep.packs = options->packed_of == NULL && prep.budget != 0;
	if (err == GS_OK)
		err = lay_out(plan, options, &prep);
	if (err == GS_OK)
		err = prepare_steps(plan, &prep);
	if (err == GS_OK)
		err = group_steps(plan, prep.last);
	if (err == GS_OK && options->packed_of)
		err = borrow(plan, options->packed_of);
	gs_shared_free(&prep.shared);
	free(prep.last);
	free(prep.factor);
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
		plan->finely = options->finely;
		plan->kernels = gs_kernels_named(options->isa);
		plan->lines = gs_lines_new(threads);
	}
	if (!plan || !plan->lines || gs_pool_new(threads, &plan->pool) != GS_OK ||
	    gs_workspace_new(threads, &plan->workspace) != GS_OK ||
	    gs_spread_init(&plan->spread, p->count, threads) != GS_OK) {
		gs_exec_plan_free(plan);
		gs_fail(error, GS_ENOMEM, "executor: no memory for %u threads", threads);
		return GS_ENOMEM;
	}
	if (options->finely)
		gs_pool_cut_finely(plan->pool);
	if (prepare(plan, options) != GS_OK) {
		gs_exec_plan_free(plan);
		gs_fail(error, GS_ENOMEM, "executor: no memory for the plan of %u instructions", p->count);
		return GS_ENOMEM;
	}
	*out = plan;
	return GS_OK;
}

void gs_exec_plan_free(struct gs_exec_plan *plan)
{
	if (!plan)
		return;
	for (uint32_t i = 0; !plan->borrows && i < plan->packed_count; i++)
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
	if (contraction && step->packed) {
		const struct packed *packed = &plan->packed[step->packed - 1];
		c.packed_x = packed->x;
		c.packed_w = packed->w;
		c.ints = packed->ints;
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

static void clear_padding(const struct step *step, const struct gs_memory *mem)
{
	uint64_t end = ((uint64_t)step->first_chunk + step->chunks) * GS_CHUNK_BYTES;
	memset(mem->trace + end - step->padding, 0, step->padding);
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
		clear_padding(step, mem);
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
	if (gs_live_init(&live, plan->program, NULL, NULL) != GS_OK)
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
		clear_padding(&plan->step[i], mem);
		clock_gettime(CLOCK_MONOTONIC, &end);
		seconds[i] += (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) * 1e-9;
	}
	gs_spread_end(&plan->spread, plan->pool);
	plan->again = true;
	return GS_OK;
}

uint64_t gs_exec_plan_bytes(const struct gs_exec_plan *plan)
{
	uint64_t packed = plan->borrows ? 0 : plan->packed_room * sizeof(struct packed) + plan->packed_bytes;
	uint64_t each = sizeof(struct step) +
	                (plan->places.chunk ? sizeof(*plan->places.chunk) + sizeof(*plan->places.reads) : 0);
	return sizeof(*plan) + plan->count * each + packed + plan->kept_bytes + plan->room.floats * 4 +
	       gs_workspace_bytes(plan->workspace);
}

uint32_t gs_exec_plan_packed(const struct gs_exec_plan *plan)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < plan->packed_count; i++) {
		const struct packed *p = &plan->packed[i];
		count += (p->own_x && p->x != NULL) + (p->own_w && p->w != NULL);
	}
	for (uint32_t i = 0; i < plan->count; i++)
		count += plan->step[i].fast != NULL && gs_fast_packed(plan->step[i].fast);
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
