/* Element-wise instructions by long lines: every function that has a loop, operands of all types in all orders, by every table
 * of kernels, against the reference interpreter to the bit. */
#include "tests/support/endian.h"
#include "tests/support/exec_case.h"
#include "validator/exec/elements.h"
#include "validator/exec/ints.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static bool has_loop(unsigned fn)
{
	const uint32_t *const none[3] = {NULL};
	return gs_kernels_select()->ints->elements->apply(fn, none, NULL, 0);
}

/* A type of the class that a view may have. */
static uint8_t type_of(struct gs_exec_case *c, enum gs_class cls)
{
	static const uint8_t integer[] = {GS_I32, GS_I32, GS_I8, GS_U8, GS_I16, GS_U16, GS_BOOL};
	if (cls == GS_CLASS_F32)
		return GS_F32;
	return cls == GS_CLASS_I64 ? GS_I64 : integer[gs_rng_below(&c->rng, GS_ARRAY_LEN(integer))];
}

/* Integers of all magnitudes, binary32 as gs_exec_case_tensor has them and near the ends of i32. */
static void overwrite(struct gs_exec_case *c, const struct gs_operand *op)
{
	uint8_t *base = c->array[op->view.space] + (size_t)op->view.chunk * GS_CHUNK_BYTES;
	for (uint64_t i = 0; i < op->view.count; i++) {
		uint64_t r = gs_rng_u64(&c->rng);
		if (op->view.dtype == GS_F32 && r % 4 == 0)
			gs_element_write(base, GS_F32, i, 0x4e000000 + (uint32_t)((r >> 8) & 0x81ffffff));
		else if (op->view.dtype != GS_F32)
			gs_element_write(base, (enum gs_dtype)op->view.dtype, i, (uint64_t)((int64_t)r >> (r >> 58)));
	}
}

/* A table read by an index that often leads out of it, and at times by an axis, too. */
static struct gs_operand through_index(struct gs_exec_case *c, enum gs_class cls)
{
	unsigned axes = c->in.out_axes, along = axes ? (unsigned)gs_rng_below(&c->rng, axes) : 0;
	uint64_t entries = 1 + gs_rng_below(&c->rng, 30), wide = axes ? c->in.extent[along] : 1, count = 1;
	uint8_t space = (uint8_t)(1 + gs_rng_below(&c->rng, 2)), dtype = gs_rng_below(&c->rng, 2) ? GS_I32 : GS_I64;
	struct gs_operand op = gs_exec_case_tensor(c, space, GS_F32, entries * wide);
	if (cls == GS_CLASS_I32) {
		op.view.dtype = GS_I32;
		overwrite(c, &op);
	}
	op.view.pad = gs_rng_below(&c->rng, 2) ? GS_PAD_VALUE : GS_PAD_ZERO;
	op.view.pad_value = op.view.pad == GS_PAD_VALUE ? 0x40490fdb : 0;
	bool first = gs_rng_below(&c->rng, 2);
	for (unsigned i = 0; i < 2; i++) {
		bool indirect = first == (i == 0);
		struct gs_row *row = gs_exec_case_row(&op, indirect ? entries : wide, indirect ? wide : 1, 0);
		if (indirect)
			row->at.offset = (int64_t)gs_rng_below(&c->rng, 5) - 2;
		else if (axes)
			row->at.coef[along] = 1;
		if (indirect && axes && gs_rng_below(&c->rng, 3) == 0)
			row->at.coef[gs_rng_below(&c->rng, axes)] = 1;
	}
	op.indirect_row = first ? 1 : 2;
	int64_t coef[GS_AXES_MAX] = {0};
	for (unsigned a = axes; a-- > 0;)
		if (gs_rng_below(&c->rng, 3)) {
			coef[a] = (int64_t)count;
			count *= c->in.extent[a];
		}
	struct gs_operand index = gs_exec_case_integers(c, space, GS_I32, count, -3, (int64_t)entries + 2);
	if (dtype == GS_I64) {
		index = gs_exec_case_tensor(c, space, GS_F32, 2 * count);
		index.view.dtype = GS_I64;
		index.view.count = count;
		for (uint64_t i = 0; i < count; i++)
			gs_element_write(c->array[space] + (size_t)index.view.chunk * GS_CHUNK_BYTES, GS_I64, i,
			                 i % 9 == 0 ? (uint64_t)INT64_MIN + i : gs_rng_below(&c->rng, entries));
	}
	memcpy(gs_exec_case_row(&index, count, 1, 0)->at.coef, coef, sizeof(coef));
	op.indirect = index.view;
	return op;
}

static struct gs_operand operand(struct gs_exec_case *c, enum gs_class cls)
{
	unsigned axes = c->in.out_axes, order[GS_OUT_AXES_MAX], n = 0, kind = (unsigned)gs_rng_below(&c->rng, 12);
	if (kind == 0 || (kind == 1 && cls == GS_CLASS_F32))
		return (struct gs_operand){.constant = cls == GS_CLASS_F32
		                                               ? (gs_rng_below(&c->rng, 2) ? GS_F32_NAN : 0x80000000)
		                                               : (uint32_t)gs_rng_u64(&c->rng)};
	if (kind == 1) {
		struct gs_operand iota = {.kind = GS_OPERAND_IOTA,
		                          .iota.offset = (int64_t)gs_rng_below(&c->rng, 1000) - 500};
		for (unsigned a = 0; a < axes; a++)
			iota.iota.coef[a] = (int64_t)gs_rng_below(&c->rng, 2001) - 1000;
		return iota;
	}
	if (kind == 2 && cls != GS_CLASS_I64)
		return through_index(c, cls);
	bool plain = kind < 6; /* the tensor as it lies; else transposed, broadcast, backwards, apart */
	for (unsigned a = 0; a < axes; a++)
		if (plain || gs_rng_below(&c->rng, 4) != 0)
			order[n++] = a;
	for (unsigned i = n; i > 1 && !plain; i--) {
		unsigned k = (unsigned)gs_rng_below(&c->rng, i), swap = order[i - 1];
		order[i - 1] = order[k];
		order[k] = swap;
	}
	uint64_t count = plain || gs_rng_below(&c->rng, 6) ? 1 : 3;
	int64_t offset = 0, coef[GS_AXES_MAX] = {0};
	for (unsigned i = n; i-- > 0;) {
		coef[order[i]] = (int64_t)count;
		count *= c->in.extent[order[i]];
		if (!plain && gs_rng_below(&c->rng, 5) == 0) {
			offset += coef[order[i]] * ((int64_t)c->in.extent[order[i]] - 1);
			coef[order[i]] = -coef[order[i]];
		}
	}
	struct gs_operand op = gs_exec_case_tensor(c, (uint8_t)(1 + gs_rng_below(&c->rng, 2)), GS_F32, count);
	op.view.dtype = type_of(c, cls);
	if (gs_dtype_bytes((enum gs_dtype)op.view.dtype) <= 4)
		overwrite(c, &op);
	memcpy(gs_exec_case_row(&op, count, 1, offset)->at.coef, coef, sizeof(coef));
	return op;
}

static void map_case(uint64_t seed, unsigned fn, unsigned *ran)
{
	struct gs_exec_case c;
	struct gs_pool *pool;
	gs_exec_case_begin(&c, seed);
	struct gs_instr *in = &c.in;
	const struct gs_fn_info *info = gs_fn_info(fn);
	enum gs_class result = (enum gs_class)info->result;
	in->form = GS_MAP;
	in->fn = (uint8_t)fn;
	in->acc_dtype = 0;
	in->out_axes = (uint8_t)gs_rng_below(&c.rng, 5);
	for (unsigned a = 0; a < in->out_axes; a++)
		in->extent[a] = gs_rng_below(&c.rng, 4) == 0 ? 1 : 1 + (uint32_t)gs_rng_below(&c.rng, a == 0 ? 40 : 14);
	if (gs_rng_below(&c.rng, 3) == 0 && in->out_axes)
		in->extent[in->out_axes - 1] = 500 + (uint32_t)gs_rng_below(&c.rng, 40); /* more than a tile */
	for (unsigned k = 0; k < info->arity; k++)
		in->operand[k] = operand(&c, (enum gs_class)info->operand[k]);
	for (unsigned tries = 0; tries < 20 && gs_rng_below(&c.rng, 4);
	     tries++) { /* a random one of the class, if any */
		unsigned code;
		if (!gs_fn_nth((unsigned)gs_rng_below(&c.rng, 110), &code) || gs_fn_is_first(code) || !has_loop(code))
			continue;
		const struct gs_fn_info *e = gs_fn_info(code);
		in->epilogue_pos = (uint8_t)gs_rng_below(&c.rng, e->arity);
		if (e->operand[in->epilogue_pos] != result)
			continue;
		in->epilogue = (uint8_t)code;
		for (unsigned i = 0; i + 1 < e->arity; i++)
			in->epilogue_const[i] = (uint32_t)gs_rng_below(&c.rng, 300);
		result = (enum gs_class)e->result;
		break;
	}
	in->store_dtype = type_of(&c, result);
	size_t bytes = gs_dtype_chunks((enum gs_dtype)in->store_dtype, gs_instr_count(in)) * GS_CHUNK_BYTES;
	uint8_t *want = calloc(1, bytes), *got = malloc(bytes);
	assert_non_null(want);
	assert_non_null(got);
	gs_interpret_instr(in, &(struct gs_memory){.trace = want, .weights = c.array[1], .inputs = c.array[2]});
	assert_int_equal(gs_pool_new(1 + (unsigned)(seed & 1), &pool), GS_OK);
	uint64_t used = gs_instr_count(in) * gs_dtype_bytes((enum gs_dtype)in->store_dtype);
	for (unsigned n = 0; gs_kernels_nth(n) != NULL; n++) {
		const struct gs_kernels *k = gs_kernels_nth(n);
		memset(got, 0xa5, bytes);
		struct gs_elements e;
		if (!gs_little_endian() || !gs_elements_prepare(in, k, &e))
			continue;
		gs_elements_run(&e, &(struct gs_memory){.trace = got, .weights = c.array[1], .inputs = c.array[2]}, k,
		                pool);
		*ran += n == 0;
		if (memcmp(want, got, used) != 0)
			fail_msg("%s, epilogue %u, seed %llu, %s: it differs", info->name, in->epilogue,
			         (unsigned long long)seed, k->isa);
		for (uint64_t i = used; i < bytes; i++)
			assert_int_equal(got[i], 0xa5);
	}
	gs_pool_free(pool);
	free(want);
	free(got);
	gs_exec_case_free(&c);
}

static void functions(void **state)
{
	(void)state;
	unsigned code, loops = 0, cases = 0, ran = 0;
	for (unsigned f = 0; gs_fn_nth(f, &code); f++) {
		if (gs_fn_is_first(code) || !has_loop(code))
			continue;
		loops++;
		for (unsigned i = 0; i < 12; i++, cases++)
			map_case(1000 * f + i, code, &ran);
	}
	assert_true(loops >= 40);
	assert_true(!gs_little_endian() || ran > cases * 9 / 10);
}

/* What it must leave to others. */
static void left_alone(void **state)
{
	(void)state;
	struct gs_exec_case c;
	gs_exec_case_begin(&c, 5);
	c.in.form = GS_MAP;
	c.in.fn = GS_FN_I32_COPY;
	c.in.store_dtype = GS_I32;
	c.in.out_axes = 1;
	c.in.extent[0] = 40;
	c.in.operand[0] = gs_exec_case_integers(&c, GS_SPACE_INPUTS, GS_I32, 40, -9, 9);
	gs_exec_case_row(&c.in.operand[0], 40, 1, 0)->at.coef[0] = 1;
	struct gs_elements e;
	const struct gs_kernels *k = gs_kernels_select();
	struct gs_instr in = c.in;
	assert_true(gs_elements_prepare(&in, k, &e));
	in.operand[0].view.row[0].at.offset = 1; /* one read outside */
	assert_false(gs_elements_prepare(&in, k, &e));
	in = c.in;
	in.operand[0].view.count = 39;
	assert_false(gs_elements_prepare(&in, k, &e));
	in = c.in;
	in.operand[0].indirect_row = 1;
	in.operand[0].indirect = c.in.operand[0].view;
	assert_true(gs_elements_prepare(&in, k, &e));
	in.operand[0].view.row[0].extent++; /* an index that leads beyond the table, but not beyond its row */
	assert_false(gs_elements_prepare(&in, k, &e));
	in = c.in;
	in.operand[0] = (struct gs_operand){.kind = GS_OPERAND_IOTA};
	in.operand[0].iota.coef[0] = GS_COEF_MAX;
	assert_true(gs_elements_prepare(&in, k, &e));
	in.extent[0] = INT32_MAX;
	assert_false(gs_elements_prepare(&in, k, &e));
	in = c.in;
	in.epilogue = GS_FN_I32_TO_I64;
	in.store_dtype = GS_I64;
	assert_false(gs_elements_prepare(&in, k, &e));
	in = c.in;
	in.fn = GS_FN_I32_DIV;
	assert_false(gs_elements_prepare(&in, k, &e));
	in = c.in;
	in.form = GS_FOLD;
	assert_false(gs_elements_prepare(&in, k, &e));
	gs_exec_case_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions),
		cmocka_unit_test(left_alone),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
