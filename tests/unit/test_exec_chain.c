/* Folds of a single output, folds over what an index leads to, and copies through an index: random shapes, orders, steps and
 * values, by every table of kernels and by one thread and several, against the reference interpreter to the bit. */
#include "tests/support/endian.h"
#include "tests/support/exec_case.h"
#include "tests/support/share.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* An index over the given axes: mostly into [0, entries), at times far from it. */
static struct gs_view index_over(struct gs_exec_case *c, const bool *has, unsigned axes, uint64_t entries)
{
	bool wide = gs_rng_below(&c->rng, 3) == 0;
	uint8_t space = (uint8_t)(1 + gs_rng_below(&c->rng, 2));
	uint64_t count = 1;
	int64_t coef[GS_AXES_MAX] = {0};
	for (unsigned a = axes; a-- > 0;)
		if (has[a]) {
			coef[a] = (int64_t)count;
			count *= c->in.extent[a];
		}
	struct gs_operand index = gs_exec_case_integers(c, space, GS_I32, count, -2, (int64_t)entries + 1);
	if (wide) {
		index = gs_exec_case_tensor(c, space, GS_F32, 2 * count);
		index.view.dtype = GS_I64;
		index.view.count = count;
		for (uint64_t i = 0; i < count; i++)
			gs_element_write(c->array[space] + (size_t)index.view.chunk * GS_CHUNK_BYTES, GS_I64, i,
			                 i % 11 == 3   ? (uint64_t)INT64_MAX - i
			                 : i % 13 == 3 ? (uint64_t)INT64_MIN + i
			                               : gs_rng_below(&c->rng, entries));
	}
	memcpy(gs_exec_case_row(&index, count, 1, 0)->at.coef, coef, sizeof(coef));
	return index.view;
}

/* A tensor over some of the axes in a random order, forwards or backwards, its elements together or apart; through an index
 * the last of them, or all, are those of the index. */
static struct gs_operand operand(struct gs_exec_case *c, unsigned axes, bool indirect)
{
	unsigned order[GS_AXES_MAX], n = 0;
	bool has[GS_AXES_MAX] = {false};
	uint64_t entries = indirect ? 1 + gs_rng_below(&c->rng, 60) : 1, count;
	for (unsigned a = 0; a < axes; a++) {
		bool of_index = indirect && gs_rng_below(&c->rng, 4) != 0;
		has[a] = of_index;
		if (!of_index && gs_rng_below(&c->rng, 6) != 0)
			order[n++] = a;
	}
	for (unsigned i = n; i > 1 && gs_rng_below(&c->rng, 2); i--) {
		unsigned k = (unsigned)gs_rng_below(&c->rng, i), swap = order[i - 1];
		order[i - 1] = order[k];
		order[k] = swap;
	}
	int64_t offset = 0, coef[GS_AXES_MAX] = {0};
	count = gs_rng_below(&c->rng, 5) ? 1 : 2;
	for (unsigned i = n; i-- > 0;) {
		coef[order[i]] = (int64_t)count;
		count *= c->in.extent[order[i]];
		if (gs_rng_below(&c->rng, 6) == 0) {
			offset += coef[order[i]] * ((int64_t)c->in.extent[order[i]] - 1);
			coef[order[i]] = -coef[order[i]];
		}
	}
	struct gs_operand op = gs_exec_case_tensor(c, (uint8_t)(1 + gs_rng_below(&c->rng, 2)), GS_F32, count * entries);
	memcpy(gs_exec_case_row(&op, count, 1, offset)->at.coef, coef, sizeof(coef));
	if (!indirect)
		return op;
	struct gs_row *row = gs_exec_case_row(&op, entries, count, (int64_t)gs_rng_below(&c->rng, 3) - 1);
	if (axes && gs_rng_below(&c->rng, 6) == 0)
		row->at.coef[gs_rng_below(&c->rng, axes)] = 1;
	op.view.pad = gs_rng_below(&c->rng, 2) ? GS_PAD_VALUE : GS_PAD_ZERO;
	op.view.pad_value = op.view.pad == GS_PAD_VALUE ? 0x3fc90fdb : 0;
	op.indirect_row = 2;
	op.indirect = index_over(c, has, axes, entries);
	return op;
}

/* An index as a linear Resize has it, which leads outside nowhere. */
static void stay_inside(struct gs_exec_case *c, struct gs_operand *op)
{
	struct gs_row *row = &op->view.row[op->indirect_row - 1];
	memset(row->at.coef, 0, sizeof(row->at.coef));
	row->at.offset = 0;
	uint8_t *index = c->array[op->indirect.space] + (size_t)op->indirect.chunk * GS_CHUNK_BYTES;
	for (uint64_t i = 0; i < op->indirect.count; i++)
		gs_element_write(index, op->indirect.dtype, i, i * row->extent / op->indirect.count);
}

static void fold_case(uint64_t seed, bool *chain)
{
	static const uint8_t fns[] = {GS_FN_F32_ADD, GS_FN_F32_MAX, GS_FN_F32_MIN, GS_FN_F32_FMA};
	static const uint32_t terms[] = {1, 2, 3, 15, 16, 17, 64, 100, 511, 512, 513, 1100};
	struct gs_exec_case c;
	bool contraction;
	gs_exec_case_begin(&c, seed);
	struct gs_instr *in = &c.in;
	in->fn = fns[gs_rng_below(&c.rng, GS_ARRAY_LEN(fns))];
	bool single = in->fn == GS_FN_F32_FMA ? gs_rng_below(&c.rng, 4) != 0 : gs_rng_below(&c.rng, 3) == 0;
	in->out_axes = (uint8_t)gs_rng_below(&c.rng, 4);
	in->red_axes = (uint8_t)(1 + gs_rng_below(&c.rng, 3));
	for (unsigned a = 0; a < in->out_axes; a++)
		in->extent[a] = single ? 1 : 1 + (uint32_t)gs_rng_below(&c.rng, 6);
	for (unsigned a = 0; a < in->red_axes; a++)
		in->extent[in->out_axes + a] = in->red_axes == 1 ? terms[gs_rng_below(&c.rng, GS_ARRAY_LEN(terms))]
		                                                 : 1 + (uint32_t)gs_rng_below(&c.rng, 24);
	unsigned axes = (unsigned)in->out_axes + in->red_axes;
	in->operand[0] = gs_rng_below(&c.rng, 2)
	                         ? (struct gs_operand){.constant = gs_rng_below(&c.rng, 2) ? 0 : 0xff800000}
	                         : operand(&c, in->out_axes, gs_rng_below(&c.rng, 8) == 0);
	for (unsigned k = 1; k < gs_instr_operands(in); k++)
		in->operand[k] = gs_rng_below(&c.rng, 12) == 0
		                         ? (struct gs_operand){.constant = 0x3eaaaaab}
		                         : operand(&c, axes, !single || gs_rng_below(&c.rng, 3) == 0);
	gs_exec_case_finish(&c);
	gs_exec_case_compare(&c, seed, &contraction);
	*chain = c.form != NULL && strcmp(c.form, "chain") == 0;
	gs_exec_case_free(&c);
}

static void folds(void **state)
{
	(void)state;
	unsigned chains = 0, cases = gs_share(600);
	for (uint64_t seed = 1; seed <= cases; seed++) {
		bool chain;
		fold_case(seed, &chain);
		chains += chain;
	}
	assert_forms(chains, cases * 2 / 3, cases); /* the rest: sums of one tensor read directly, and constants */
}

/* Few terms over lines of outputs, up to several pieces long, some of which the index leads outside. */
static void few_terms(void **state)
{
	(void)state;
	static const uint8_t fns[] = {GS_FN_F32_FMA, GS_FN_F32_FMA, GS_FN_F32_ADD, GS_FN_F32_MAX, GS_FN_F32_MIN};
	unsigned across = 0, cases = gs_share(500);
	for (uint64_t seed = 1; seed <= cases; seed++) {
		struct gs_exec_case c;
		bool contraction;
		gs_exec_case_begin(&c, 130000 + seed);
		struct gs_instr *in = &c.in;
		in->fn = fns[gs_rng_below(&c.rng, GS_ARRAY_LEN(fns))];
		in->out_axes = (uint8_t)(1 + gs_rng_below(&c.rng, 3));
		in->red_axes = (uint8_t)(1 + gs_rng_below(&c.rng, 2));
		bool many = gs_rng_below(&c.rng, 8) == 0;
		for (unsigned a = 0; a < in->out_axes; a++)
			in->extent[a] = 1 + (uint32_t)gs_rng_below(&c.rng, a + 1U < in->out_axes ? 9
			                                                   : seed % 5            ? 90
			                                                                         : 600);
		for (unsigned a = 0; a < in->red_axes; a++)
			in->extent[in->out_axes + a] = 1 + (uint32_t)gs_rng_below(&c.rng, many ? 9 : 3);
		in->operand[0] = gs_rng_below(&c.rng, 2)
		                         ? (struct gs_operand){.constant = gs_rng_below(&c.rng, 2) ? 0 : 0x80000000}
		                         : operand(&c, in->out_axes, gs_rng_below(&c.rng, 8) == 0);
		unsigned axes = (unsigned)in->out_axes + in->red_axes;
		unsigned through = 1 + (unsigned)gs_rng_below(&c.rng, gs_instr_operands(in) - 1U);
		for (unsigned k = 1; k < gs_instr_operands(in); k++) {
			in->operand[k] = k != through && gs_rng_below(&c.rng, 12) == 0
			                         ? (struct gs_operand){.constant = 0x3eaaaaab}
			                         : operand(&c, axes, k == through || gs_rng_below(&c.rng, 4) == 0);
			if (in->operand[k].kind == GS_OPERAND_TENSOR && in->operand[k].indirect_row != 0 &&
			    seed % 4 != 0)
				stay_inside(&c, &in->operand[k]);
		}
		gs_exec_case_finish(&c);
		gs_exec_case_compare(&c, seed, &contraction);
		across += c.form != NULL && strcmp(c.form, "across") == 0;
		gs_exec_case_free(&c);
	}
	assert_forms(across, cases / 2, cases); /* the rest: short lines, epilogues of other types */
}

/* Numbers of 32 bits copied through an index that may lead anywhere. */
static void copies(void **state)
{
	(void)state;
	unsigned moves = 0, cases = gs_share(400);
	for (uint64_t seed = 1; seed <= cases; seed++) {
		struct gs_exec_case c;
		bool contraction;
		gs_exec_case_begin(&c, 70000 + seed);
		c.in.form = GS_MAP;
		c.in.fn = GS_FN_F32_COPY;
		c.in.acc_dtype = 0;
		c.in.out_axes = (uint8_t)gs_rng_below(&c.rng, 4);
		for (unsigned a = 0; a < c.in.out_axes; a++)
			c.in.extent[a] = 1 + (uint32_t)gs_rng_below(&c.rng, a + 1U == c.in.out_axes ? 300 : 5);
		c.in.operand[0] = operand(&c, c.in.out_axes, true);
		if (seed % 3 == 0) {
			c.in.fn = GS_FN_I32_COPY;
			c.in.store_dtype = c.in.operand[0].view.dtype = GS_I32;
		}
		gs_exec_case_compare(&c, seed, &contraction);
		moves += c.form != NULL && strcmp(c.form, "move") == 0;
		gs_exec_case_free(&c);
	}
	assert_forms(moves, cases * 3 / 4, cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(folds), cmocka_unit_test(few_terms),
	                                   cmocka_unit_test(copies)};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
