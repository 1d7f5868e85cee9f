#include "tests/support/exec_case.h"

#include "tests/support/endian.h"
#include "validator/exec/contract.h"
#include "validator/exec/gemv.h"
#include "validator/exec/fast.h"
#include "validator/exec/lines.h"
#include "validator/exec/narrow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { CHUNKS_MAX = 1 << 16 };

void gs_exec_case_begin(struct gs_exec_case *c, uint64_t seed)
{
	memset(c, 0, sizeof(*c));
	gs_rng_seed(&c->rng, seed);
	for (unsigned s = 1; s < 3; s++) {
		c->array[s] = calloc(CHUNKS_MAX, GS_CHUNK_BYTES);
		assert_non_null(c->array[s]);
	}
	/* A third of the cases have only numbers, so that sums are seen, not NaNs. */
	c->special = gs_rng_below(&c->rng, 3) == 0 ? 0 : 1 + (unsigned)gs_rng_below(&c->rng, 2000);
	c->in.form = GS_FOLD;
	c->in.fn = GS_FN_F32_FMA;
	c->in.acc_dtype = GS_F32;
	c->in.store_dtype = GS_F32;
}

void gs_exec_case_free(struct gs_exec_case *c)
{
	for (unsigned s = 0; s < 3; s++)
		free(c->array[s]);
}

static uint32_t random_bits(struct gs_exec_case *c)
{
	static const uint32_t special[] = {0,          0x80000000, 1,          0x80000001, 0x007fffff, 0x7f800000,
	                                   0xff800000, 0x7fc00000, 0x7f800001, 0xffc12345, 0x7f7fffff, 0x00800000};
	uint64_t r = gs_rng_u64(&c->rng);
	if (c->special != 0 && r % c->special == 0)
		return special[(r >> 32) % GS_ARRAY_LEN(special)];
	if (r % 64 == 1) /* any magnitude */
		return (uint32_t)(r >> 32) & 0xbfffffff;
	return gs_f32_to_bits((float)((double)(int64_t)(r >> 40) / (1 << 22) - 2.0));
}

struct gs_operand gs_exec_case_tensor(struct gs_exec_case *c, uint8_t space, uint8_t dtype, uint64_t count)
{
	struct gs_operand op = {.kind = GS_OPERAND_TENSOR};
	op.view = (struct gs_view){.space = space, .dtype = dtype, .count = count, .chunk = (uint32_t)c->chunks[space]};
	uint64_t chunks = gs_dtype_chunks(dtype, count);
	uint8_t *base = c->array[space] + c->chunks[space] * GS_CHUNK_BYTES;
	c->chunks[space] += chunks;
	assert_true(c->chunks[space] <= CHUNKS_MAX);
	for (uint64_t i = 0; i < count; i++) {
		uint32_t bits = random_bits(c);
		gs_element_write(base, dtype, i, dtype == GS_F32 ? bits : gs_store(dtype, gs_load(GS_F32, bits)));
	}
	return op;
}

struct gs_operand gs_exec_case_integers(struct gs_exec_case *c, uint8_t space, uint8_t dtype, uint64_t count,
                                        int64_t low, int64_t high)
{
	struct gs_operand op = gs_exec_case_tensor(c, space, dtype, count);
	uint8_t *base = c->array[space] + (size_t)op.view.chunk * GS_CHUNK_BYTES;
	for (uint64_t i = 0; i < count; i++) {
		int64_t value = i == 0   ? low
		                : i == 1 ? high
		                         : low + (int64_t)gs_rng_below(&c->rng, (uint64_t)(high - low) + 1);
		gs_element_write(base, dtype, i, (uint64_t)value);
	}
	return op;
}

struct gs_row *gs_exec_case_row(struct gs_operand *op, uint64_t extent, uint64_t stride, int64_t offset)
{
	struct gs_row *row = &op->view.row[op->view.rows++];
	*row = (struct gs_row){.extent = extent, .stride = stride, .at.offset = offset};
	return row;
}

void gs_exec_case_finish(struct gs_exec_case *c)
{
	static const struct {
		uint8_t fn;
		uint8_t others;
		uint32_t other[2];
	} epilogue[] = {
		{0, 0, {0, 0}},
		{0, 0, {0, 0}},
		{GS_FN_F32_MAX, 1, {0, 0}},
		{GS_FN_F32_MAX, 1, {0x80000000, 0}},
		{GS_FN_F32_MIN, 1, {0, 0}},
		{GS_FN_F32_MIN, 1, {0x40c00000, 0}},
		{GS_FN_F32_CLIP, 2, {0, 0x40c00000}},
		{GS_FN_F32_CLIP, 2, {0x40c00000, 0}},
		{GS_FN_F32_CLIP, 2, {0xbf800000, 0x7fc00000}},
		{GS_FN_F32_MUL, 1, {0x3e99999a, 0}},
		{GS_FN_F32_TANH, 0, {0, 0}},
		{GS_FN_F32_NEG, 0, {0, 0}},
	};
	static const uint8_t store[] = {GS_F32, GS_F32, GS_F32, GS_F16, GS_BF16};
	unsigned e = (unsigned)gs_rng_below(&c->rng, GS_ARRAY_LEN(epilogue));
	c->in.epilogue = epilogue[e].fn;
	c->in.epilogue_pos = (uint8_t)gs_rng_below(&c->rng, epilogue[e].others + 1U);
	for (unsigned i = 0; i < epilogue[e].others; i++)
		c->in.epilogue_const[i] = epilogue[e].other[i];
	c->in.store_dtype = store[gs_rng_below(&c->rng, GS_ARRAY_LEN(store))];
}

static void differ(const struct gs_exec_case *c, const uint8_t *want, const uint8_t *got, uint64_t seed,
                   const char *how)
{
	uint64_t count = gs_instr_count(&c->in);
	for (uint64_t i = 0; i < count; i++) {
		uint64_t a = gs_element_bits(want, c->in.store_dtype, i),
			 b = gs_element_bits(got, c->in.store_dtype, i);
		if (a != b)
			fail_msg("seed %llu, %s: element %llu of %llu is %llx, not %llx", (unsigned long long)seed, how,
			         (unsigned long long)i, (unsigned long long)count, (unsigned long long)b,
			         (unsigned long long)a);
	}
}

/* With helpers that take part in everything, item by item. */
static void new_pool(unsigned threads, struct gs_pool **pool)
{
	assert_int_equal(gs_pool_new(threads, pool), GS_OK);
	if (threads > 1)
		gs_pool_cut_finely(*pool);
}

/* False when it should be run as a product with a vector and is none. */
static bool run_contract(struct gs_exec_case *c, const struct gs_kernels *k, unsigned threads, bool packed, bool vector,
                         const struct gs_memory *mem)
{
	struct gs_contract contract;
	struct gs_gemv gemv;
	struct gs_pool *pool;
	struct gs_workspace *ws;
	uint64_t budget = UINT64_C(1) << 30;
	assert_true(gs_contract_match(&c->in, k, &contract));
	new_pool(threads, &pool);
	assert_int_equal(gs_workspace_new(threads, &ws), GS_OK);
	if (packed)
		assert_int_equal(gs_contract_prepack(&contract, mem->weights, k, pool, ws, &budget), GS_OK);
	c->narrow += !vector && gs_narrow_fits(&contract, &c->in, k);
	bool able = !vector || gs_gemv_prepare(&contract, &gemv);
	if (!vector)
		assert_int_equal(gs_contract_run(&contract, &c->in, mem, k, pool, ws), GS_OK);
	else if (able)
		gs_gemv_run(&gemv, mem, k, pool);
	gs_contract_drop(&contract);
	gs_workspace_free(ws);
	gs_pool_free(pool);
	return able;
}

static void run_lines(struct gs_exec_case *c, const struct gs_kernels *k, unsigned threads, const struct gs_memory *mem)
{
	struct gs_pool *pool;
	struct gs_lines *lines = gs_lines_new(threads);
	assert_non_null(lines);
	new_pool(threads, &pool);
	gs_lines_run(&c->in, mem, k, lines, pool);
	gs_lines_free(lines);
	gs_pool_free(pool);
}

/* False when the instruction has no form of fast.h. */
static bool run_fast(struct gs_exec_case *c, const struct gs_kernels *k, unsigned threads, bool packed,
                     const struct gs_memory *mem)
{
	uint64_t budget = UINT64_MAX;
	struct gs_pool *pool;
	struct gs_fast *fast;
	assert_int_equal(gs_fast_prepare(&c->in, k, &fast), GS_OK);
	if (fast == NULL)
		return false;
	if (packed)
		assert_int_equal(gs_fast_prepack(fast, mem->weights, k, &budget), GS_OK);
	if (packed && !gs_fast_packed(fast)) {
		gs_fast_free(fast);
		return false;
	}
	c->packs += packed;
	new_pool(threads, &pool);
	struct gs_room room = {.stage = NULL};
	assert_int_equal(gs_fast_run(fast, mem, k, pool, &room), GS_OK);
	free(room.stage);
	c->form = gs_fast_name(fast);
	gs_fast_free(fast);
	gs_pool_free(pool);
	return true;
}

void gs_exec_case_compare(struct gs_exec_case *c, uint64_t seed, bool *contraction)
{
	size_t bytes = gs_dtype_chunks(c->in.store_dtype, gs_instr_count(&c->in)) * GS_CHUNK_BYTES;
	uint8_t *want = calloc(1, bytes), *got = calloc(1, bytes);
	struct gs_memory reference = {.trace = want, .weights = c->array[1], .inputs = c->array[2]},
			 fast = {.trace = got, .weights = c->array[1], .inputs = c->array[2]};
	struct gs_contract contract;
	assert_non_null(want);
	assert_non_null(got);
	gs_interpret_instr(&c->in, &reference);
	*contraction = gs_contract_match(&c->in, gs_kernels_select(), &contract);
	for (unsigned n = 0; gs_kernels_nth(n) != NULL; n++) {
		const struct gs_kernels *k = gs_kernels_nth(n);
		char how[64];
		for (unsigned way = 0; way < 6 && *contraction && gs_little_endian(); way++) {
			memset(got, 0xa5, bytes); /* what is left unwritten shows */
			bool vector = way >= 4;
			snprintf(how, sizeof(how), "%s, %u threads%s%s", k->isa, way & 1 ? 3 : 1,
			         way & 2 || vector ? ", packed" : "", vector ? ", one vector" : "");
			if (!run_contract(c, k, way & 1 ? 3 : 1, (way & 2) != 0 || vector, vector, &fast))
				continue;
			differ(c, want, got, seed, how);
			c->vectors += vector;
		}
		for (unsigned way = 0; way < 4; way++) {
			memset(got, 0xa5, bytes);
			snprintf(how, sizeof(how), "%s, fast, %u threads%s", k->isa, way & 1 ? 3 : 1,
			         way & 2 ? ", packed" : "");
			if (run_fast(c, k, way & 1 ? 3 : 1, (way & 2) != 0, &fast))
				differ(c, want, got, seed, how);
		}
		for (unsigned way = 0; way < (n == 0 ? 2 : 1); way++) {
			memset(got, 0xa5, bytes);
			snprintf(how, sizeof(how), "%s, lines, %u threads", k->isa, way ? 2 : 1);
			run_lines(c, k, way ? 2 : 1, &fast);
			differ(c, want, got, seed, how);
		}
	}
	free(want);
	free(got);
}
