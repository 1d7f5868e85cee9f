/* Products of integers: matrix products and convolutions of all signs, zero points and magnitudes, by every table of kernels,
 * against the reference interpreter to the bit; and whole quantized operators, as the lowering writes them. */
#include "tests/support/endian.h"
#include "tests/support/exec_case.h"
#include "tests/support/share.h"
#include "validator/exec/contract.h"
#include "validator/exec/ints.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#if defined(__aarch64__)
#include <stdio.h>
#include <sys/auxv.h>
#endif

/* What stands in the tensors of quantized models: bytes less a zero point, as i32; bytes themselves; then all that is wider. */
static struct gs_operand factor(struct gs_exec_case *c, uint64_t count)
{
	static const struct {
		uint8_t dtype;
		int64_t low, high;
	} range[] = {
		{GS_I32, -128, 127},
		{GS_I32, 0, 255},
		{GS_I32, -255, 0},
		{GS_I32, -127, 128},
		{GS_I32, -131, 124},
		{GS_I8, -128, 127},
		{GS_U8, 0, 255},
		{GS_I32, -3, 4},
		{GS_BOOL, 0, 1},
		{GS_I32, -255, 255},
		{GS_I16, -32768, 32767},
		{GS_I32, -32768, 32767},
		{GS_U16, 0, 65535},
		{GS_I32, INT32_MIN, INT32_MAX},
		{GS_I32, INT32_MIN, INT32_MIN + 200},
		{GS_I32, INT32_MAX - 255, INT32_MAX},
		{GS_I32, 70000, 70010},
	};
	/* two thirds are quantized */
	uint64_t pick = gs_rng_below(&c->rng, 3) ? gs_rng_below(&c->rng, 8)
	                                         : gs_rng_below(&c->rng, GS_ARRAY_LEN(range));
	uint8_t space = (uint8_t)(1 + gs_rng_below(&c->rng, 2));
	return gs_exec_case_integers(c, space, range[pick].dtype, count, range[pick].low, range[pick].high);
}

/* A tensor over the given axes, its elements in a random order of them; rarely with gaps, backwards, or beginning late. */
static struct gs_operand tensor(struct gs_exec_case *c, const bool *has, unsigned axes, bool start)
{
	unsigned order[GS_AXES_MAX], n = 0;
	uint64_t count = gs_rng_below(&c->rng, 12) == 0 ? 2 : 1;
	int64_t stride[GS_AXES_MAX] = {0}, offset = 0;
	for (unsigned a = 0; a < axes; a++)
		if (has[a])
			order[n++] = a;
	for (unsigned i = n; i > 1; i--) {
		unsigned k = (unsigned)gs_rng_below(&c->rng, i), swap = order[i - 1];
		order[i - 1] = order[k];
		order[k] = swap;
	}
	for (unsigned i = n; i-- > 0;) {
		stride[order[i]] = (int64_t)count;
		count *= c->in.extent[order[i]];
		if (gs_rng_below(&c->rng, 10) == 0) {
			offset += stride[order[i]] * ((int64_t)c->in.extent[order[i]] - 1);
			stride[order[i]] = -stride[order[i]];
		}
	}
	struct gs_operand op = start ? gs_exec_case_integers(c, GS_SPACE_WEIGHTS, GS_I32, count, INT32_MIN, INT32_MAX)
	                             : factor(c, count);
	if (gs_rng_below(&c->rng, 12) == 0) { /* a coordinate that changes nothing */
		unsigned a = (unsigned)gs_rng_below(&c->rng, axes);
		gs_exec_case_row(&op, c->in.extent[a], 0, 0)->at.coef[a] = 1;
	}
	if (gs_rng_below(&c->rng, 3)) { /* one flat row, or one an axis */
		memcpy(gs_exec_case_row(&op, count, 1, offset)->at.coef, stride, sizeof(stride));
		return op;
	}
	for (unsigned i = 0; i < n; i++) {
		unsigned a = order[i];
		bool back = stride[a] < 0;
		struct gs_row *row = gs_exec_case_row(&op, c->in.extent[a], (uint64_t)(back ? -stride[a] : stride[a]),
		                                      back ? (int64_t)c->in.extent[a] - 1 : 0);
		row->at.coef[a] = back ? -1 : 1;
	}
	return op;
}

static void finish(struct gs_exec_case *c)
{
	static const struct {
		uint8_t epilogue, store;
		uint32_t other[2];
	} way[] = {
		{0, GS_I32, {0, 0}},
		{0, GS_I32, {0, 0}},
		{GS_FN_I32_TO_F32, GS_F32, {0, 0}},
		{GS_FN_I32_TO_F32, GS_F16, {0, 0}},
		{0, GS_U8, {0, 0}},
		{0, GS_BOOL, {0, 0}},
		{GS_FN_I32_CLIP, GS_I8, {(uint32_t)-128, 127}},
		{GS_FN_I32_MAX, GS_I32, {0, 0}},
		{GS_FN_I32_TO_I64, GS_I64, {0, 0}},
	};
	unsigned pick = (unsigned)gs_rng_below(&c->rng, GS_ARRAY_LEN(way));
	c->in.fn = GS_FN_I32_MULADD;
	c->in.acc_dtype = GS_I32;
	c->in.epilogue = way[pick].epilogue;
	c->in.store_dtype = way[pick].store;
	c->in.epilogue_const[0] = way[pick].other[0];
	c->in.epilogue_const[1] = way[pick].other[1];
}

/* out[batch...][m][n], m and n in either order, over one or two axes of terms. */
static void product_case(uint64_t seed, bool *contraction)
{
	static const uint32_t some[] = {1, 1, 2, 3, 5, 7, 8, 13, 14, 15, 16, 17, 28, 29, 31, 32, 33, 48, 64, 65};
	static const uint32_t terms[] = {1, 2, 3, 4, 5, 7, 8, 9, 16, 27, 31, 64, 100, 255, 256, 257, 520};
	struct gs_exec_case c;
	gs_exec_case_begin(&c, seed);
	unsigned batches = (unsigned)gs_rng_below(&c.rng, 3), split = (unsigned)gs_rng_below(&c.rng, 4) == 0;
	unsigned m = batches + (unsigned)gs_rng_below(&c.rng, 2), n = 2 * batches + 1 - m, k = batches + 2;
	bool first[GS_AXES_MAX] = {false}, second[GS_AXES_MAX] = {false}, start[GS_AXES_MAX] = {false};
	c.in.out_axes = (uint8_t)k;
	c.in.red_axes = (uint8_t)(1 + split);
	for (unsigned a = 0; a < batches; a++) {
		c.in.extent[a] = 1 + (uint32_t)gs_rng_below(&c.rng, 3);
		first[a] = gs_rng_below(&c.rng, 4) != 0;
		second[a] = gs_rng_below(&c.rng, 4) != 0;
		start[a] = gs_rng_below(&c.rng, 2) != 0;
	}
	c.in.extent[m] = some[gs_rng_below(&c.rng, GS_ARRAY_LEN(some))];
	c.in.extent[n] = some[gs_rng_below(&c.rng, GS_ARRAY_LEN(some))];
	c.in.extent[k] = terms[gs_rng_below(&c.rng, GS_ARRAY_LEN(terms))];
	first[m] = second[n] = first[k] = second[k] = true;
	if (split) {
		c.in.extent[k] = 1 + c.in.extent[k] / 3;
		c.in.extent[k + 1] = 1 + (uint32_t)gs_rng_below(&c.rng, 5);
		first[k + 1] = second[k + 1] = gs_rng_below(&c.rng, 8) != 0;
	}
	unsigned kind = (unsigned)gs_rng_below(&c.rng, 5);
	start[m] = kind == 1 || kind == 3;
	start[n] = kind == 2 || kind == 3;
	c.in.operand[0] = kind == 0 ? (struct gs_operand){.constant = gs_rng_below(&c.rng, 2) ? 0 : 0x89abcdef}
	                            : tensor(&c, start, k, true);
	c.in.operand[1] = tensor(&c, first, k + 2, false);
	c.in.operand[2] = tensor(&c, second, k + 2, false);
	finish(&c);
	gs_exec_case_compare(&c, seed, contraction);
	gs_exec_case_free(&c);
}

static void products(void **state)
{
	(void)state;
	unsigned recognised = 0, cases = gs_share(200);
	for (uint64_t seed = 1; seed <= cases; seed++) {
		bool contraction;
		product_case(seed, &contraction);
		recognised += contraction;
	}
	assert_in_range(recognised, cases * 3 / 4, cases); /* the rest: innermost axes that both or neither follow */
}

/* More rows than an item, more lanes than an item, more words than a block. */
static void large_products(void **state)
{
	(void)state;
	static const uint32_t shape[][3] = {
		{1400, 17, 20}, {3, 300, 1100}, {1, 1300, 77}, {2, 300, 1300}, {350, 17, 70}};
	for (unsigned i = 0; i < GS_ARRAY_LEN(shape); i++) {
		struct gs_exec_case c;
		bool contraction, first[] = {true, false, true}, second[] = {false, true, true};
		gs_exec_case_begin(&c, 9000 + i);
		c.in.out_axes = 2;
		c.in.red_axes = 1;
		memcpy(c.in.extent, shape[i], sizeof(shape[i]));
		c.in.operand[1] = tensor(&c, first, 3, false);
		c.in.operand[2] = tensor(&c, second, 3, false);
		finish(&c);
		gs_exec_case_compare(&c, i, &contraction);
		assert_true(contraction);
		gs_exec_case_free(&c);
	}
}

/* Every sum at its greatest magnitude: where saturating instructions would show. */
static void extremes(void **state)
{
	(void)state;
	static const int64_t end[] = {-128, 127, 255, -255, -32768, 32767, INT32_MIN};
	for (unsigned i = 0; i < GS_ARRAY_LEN(end); i++)
		for (unsigned j = 0; j < GS_ARRAY_LEN(end); j++) {
			struct gs_exec_case c;
			bool contraction;
			gs_exec_case_begin(&c, 1);
			c.in.out_axes = 2;
			c.in.red_axes = 1;
			c.in.extent[0] = 15;
			c.in.extent[1] = 33;
			c.in.extent[2] = 130;
			c.in.operand[1] = gs_exec_case_integers(&c, GS_SPACE_INPUTS, GS_I32, 15 * 130, end[i], end[i]);
			c.in.operand[2] = gs_exec_case_integers(&c, GS_SPACE_WEIGHTS, GS_I32, 33 * 130, end[j], end[j]);
			struct gs_row *row = gs_exec_case_row(&c.in.operand[1], 15 * 130, 1, 0);
			row->at.coef[0] = 130;
			row->at.coef[2] = 1;
			row = gs_exec_case_row(&c.in.operand[2], 33 * 130, 1, 0);
			row->at.coef[1] = 1;
			row->at.coef[2] = 33;
			c.in.fn = GS_FN_I32_MULADD;
			c.in.acc_dtype = c.in.store_dtype = GS_I32;
			gs_exec_case_compare(&c, 10 * i + j, &contraction);
			assert_true(contraction);
			gs_exec_case_free(&c);
		}
}

/* Bytes go four to a word where a table has sums of four products, in instructions that are products of bytes alone; and the
 * best table is the one that this processor is for. */
static void bytes_a_word(void **state)
{
	(void)state;
	struct gs_exec_case c;
	bool contraction;
	gs_exec_case_begin(&c, 4242);
	c.in.out_axes = 2;
	c.in.red_axes = 1;
	memcpy(c.in.extent, (uint32_t[]){19, 70, 33}, 3 * sizeof(uint32_t));
	c.in.operand[1] = gs_exec_case_integers(&c, GS_SPACE_INPUTS, GS_U8, 19 * 33, 0, 255);
	c.in.operand[2] = gs_exec_case_integers(&c, GS_SPACE_WEIGHTS, GS_I8, 70 * 33, -128, 127);
	for (unsigned k = 0; k < 2; k++) {
		struct gs_row *row = gs_exec_case_row(&c.in.operand[1 + k], c.in.operand[1 + k].view.count, 1, 0);
		row->at.coef[k] = 33;
		row->at.coef[2] = 1;
	}
	finish(&c);
	for (unsigned n = 0; gs_kernels_nth(n) != NULL; n++) {
		const struct gs_kernels *k = gs_kernels_nth(n);
		struct gs_contract contract;
		assert_true(gs_contract_match(&c.in, k, &contract));
		assert_int_equal(contract.is.words, k->ints->tile[GS_WORDS_8][0][0] != NULL ? 4 : 2);
	}
	gs_exec_case_compare(&c, 4242, &contraction);
	assert_true(contraction);
	gs_exec_case_free(&c);
#if defined(__aarch64__)
	bool dot = getauxval(AT_HWCAP) & HWCAP_ASIMDDP;
	printf("[  INFO    ] %s dot products of bytes\n", dot ? "with" : "without");
	assert_int_equal(gs_kernels_select()->ints->tile[GS_WORDS_8][0][0] != NULL, dot);
	assert_int_equal(gs_kernels_named("neonbase") != NULL, dot);
#endif
}

/* ---- rows that are narrowed where they lie (narrow.h) ---- */

/* out[batch][row][lane] of rows of i32 that follow each other, overlap or leave gaps, and of constant lanes. Numbers grow slowly from row to
 * row, so that what is subtracted from them differs from block to block; rarely one is wider than all others. */
static void rows_case(struct gs_exec_case *c, uint64_t seed)
{
	static const uint32_t rows[] = {1, 4, 7, 13, 14, 15, 27, 28, 29, 100, 227, 300, 700, 1500};
	static const uint32_t lanes[] = {1, 3, 8, 15, 16, 17, 31, 32, 33, 48, 64, 77, 128, 130};
	static const uint32_t terms[] = {2, 3, 4, 5, 9, 16, 27, 28, 33, 64, 65, 100, 130, 300};
	gs_exec_case_begin(c, seed);
	const uint32_t m = rows[gs_rng_below(&c->rng, GS_ARRAY_LEN(rows))];
	const uint32_t n = lanes[gs_rng_below(&c->rng, GS_ARRAY_LEN(lanes))];
	const uint32_t k = terms[gs_rng_below(&c->rng, m > 300 ? 10 : GS_ARRAY_LEN(terms))];
	const uint32_t batches = m < 100 ? 1 + (uint32_t)gs_rng_below(&c->rng, 3) : 1;
	const unsigned lie = (unsigned)gs_rng_below(&c->rng, 4);
	const uint64_t apart = lie == 0   ? k + 1 + gs_rng_below(&c->rng, 9)
	                       : lie == 1 ? 1 + gs_rng_below(&c->rng, k)
	                                  : k;
	const uint64_t count = ((uint64_t)batches * m - 1) * apart + k;
	const bool both = gs_rng_below(&c->rng, 2) != 0; /* lanes follow the batch, too */
	const int64_t least = gs_rng_below(&c->rng, 3) ? -(int64_t)gs_rng_below(&c->rng, 300) : -40000;
	c->in.out_axes = 3;
	c->in.red_axes = 1;
	memcpy(c->in.extent, (uint32_t[]){batches, m, n, k}, 4 * sizeof(uint32_t));
	struct gs_operand w = gs_exec_case_integers(c, GS_SPACE_INPUTS, GS_I32, count, 0, 99);
	uint8_t *base = c->array[GS_SPACE_INPUTS] + (size_t)w.view.chunk * GS_CHUNK_BYTES;
	const uint64_t slope = gs_rng_below(&c->rng, 3) ? 500 : 0, wide = gs_rng_below(&c->rng, 4 * count);
	for (uint64_t i = 0; i < count; i++) {
		int64_t value = (int64_t)gs_element_bits(base, GS_I32, i);
		value += least + (int64_t)(i / apart * slope / 1000) + (i == wide) * 70000;
		gs_element_write(base, GS_I32, i, (uint32_t)value);
	}
	static const int64_t low[] = {-128, -125, 0, -3, -300};
	const int64_t from = low[gs_rng_below(&c->rng, GS_ARRAY_LEN(low))];
	struct gs_operand x = gs_exec_case_integers(c, GS_SPACE_WEIGHTS, GS_I32, (uint64_t)(both ? batches : 1) * n * k,
	                                            from, from == -300 ? 300 : from + 255);
	struct gs_row *row = gs_exec_case_row(&w, count, 1, 0);
	row->at.coef[0] = (int64_t)(m * apart);
	row->at.coef[1] = (int64_t)apart;
	row->at.coef[3] = 1;
	row = gs_exec_case_row(&x, x.view.count, 1, 0);
	row->at.coef[0] = both ? (int64_t)n * k : 0;
	const bool turned = gs_rng_below(&c->rng, 2) != 0;
	row->at.coef[2] = turned ? k : 1;
	row->at.coef[3] = turned ? 1 : n;
	const bool swap = gs_rng_below(&c->rng, 4) == 0;
	c->in.operand[0].constant = gs_rng_below(&c->rng, 2) ? 0 : 0x89abcdef;
	c->in.operand[1] = swap ? x : w;
	c->in.operand[2] = swap ? w : x;
	finish(c);
	if (gs_rng_below(&c->rng, 2)) {
		c->in.epilogue = gs_rng_below(&c->rng, 2) ? GS_FN_I32_TO_F32 : 0;
		c->in.store_dtype = c->in.epilogue ? GS_F32 : GS_I32;
	}
}

static void narrow_rows(void **state)
{
	(void)state;
	unsigned narrow = 0, cases = gs_share(150);
	for (uint64_t seed = 1; seed <= cases; seed++) {
		struct gs_exec_case c;
		bool contraction;
		rows_case(&c, 31000 + seed);
		gs_exec_case_compare(&c, seed, &contraction);
		narrow += c.narrow != 0;
		gs_exec_case_free(&c);
	}
	assert_forms(narrow, cases / 4, cases);
}

/* ---- convolutions ---- */

struct geometry {
	uint32_t batch, groups, outputs, channels; /* outputs and channels of one group */
	uint32_t in[2], out[2], kernel[2], stride[2], dilation[2];
	int64_t before[2];
};

static void draw(struct gs_rng *rng, struct geometry *g)
{
	unsigned kind = (unsigned)gs_rng_below(rng, 4); /* plain, plain, grouped, depthwise */
	memset(g, 0, sizeof(*g));
	g->batch = 1 + (uint32_t)gs_rng_below(rng, 2);
	g->groups = kind < 2 ? 1 : 1 + (uint32_t)gs_rng_below(rng, 6);
	g->channels = kind == 3 ? 1 : 1 + (uint32_t)gs_rng_below(rng, 19);
	g->outputs = kind == 3 ? 1 + (uint32_t)gs_rng_below(rng, 2) : 1 + (uint32_t)gs_rng_below(rng, 40);
	for (unsigned d = 0; d < 2; d++) {
		g->kernel[d] = gs_rng_below(rng, 3) == 0 ? 1 : 1 + (uint32_t)gs_rng_below(rng, 4);
		g->stride[d] = gs_rng_below(rng, 2) ? 1 : 1 + (uint32_t)gs_rng_below(rng, 3);
		g->dilation[d] = gs_rng_below(rng, 3) ? 1 : 1 + (uint32_t)gs_rng_below(rng, 3);
		g->before[d] = gs_rng_below(rng, 3) ? (int64_t)gs_rng_below(rng, g->kernel[d] + 2) - 1 : 0;
		uint32_t reach = (g->kernel[d] - 1) * g->dilation[d] + 1;
		g->in[d] = reach + (uint32_t)gs_rng_below(rng, 13);
		int64_t room = (int64_t)g->in[d] + g->before[d] + (int64_t)gs_rng_below(rng, 3) - reach;
		g->out[d] = room < 0 ? 1 : 1 + (uint32_t)(room / g->stride[d]);
	}
}

/* Axes: batch, group, output, y, x; channel, kernel. As the lowering has it, padded dimensions are rows of their own. */
static void conv_instr(struct gs_exec_case *c, const struct geometry *g)
{
	struct gs_instr *in = &c->in;
	uint64_t plane = (uint64_t)g->in[0] * g->in[1], window = (uint64_t)g->kernel[0] * g->kernel[1], at_x = 1,
		 at_w = 1;
	in->out_axes = 5;
	in->red_axes = 3;
	const uint32_t extent[] = {g->batch,  g->groups,   g->outputs,   g->out[0],
	                           g->out[1], g->channels, g->kernel[0], g->kernel[1]};
	memcpy(in->extent, extent, sizeof(extent));
	uint64_t x_count = g->batch * g->groups * g->channels * plane;
	uint64_t w_count = (uint64_t)g->groups * g->outputs * g->channels * window;
	struct gs_operand x = factor(c, x_count), w = factor(c, w_count);
	struct gs_row *flat = gs_exec_case_row(&x, x_count, 1, 0), *flat_w = gs_exec_case_row(&w, w_count, 1, 0);
	if (gs_rng_below(&c->rng, 4) == 0) {
		x.view.pad = GS_PAD_VALUE;
		x.view.pad_value = (uint32_t)(gs_rng_below(&c->rng, 2) ? 7 : -70000);
	}
	for (unsigned d = 2; d-- > 0;) {
		int64_t last = (int64_t)(g->out[d] - 1) * g->stride[d] + (int64_t)(g->kernel[d] - 1) * g->dilation[d];
		bool guarded = g->before[d] > 0 || last - g->before[d] >= (int64_t)g->in[d];
		struct gs_row *row = guarded ? gs_exec_case_row(&x, g->in[d], at_x, -g->before[d]) : flat;
		int64_t step = guarded ? 1 : (int64_t)at_x;
		if (!guarded)
			flat->at.offset -= g->before[d] * step;
		row->at.coef[3 + d] = step * g->stride[d];
		row->at.coef[6 + d] = step * g->dilation[d];
		flat_w->at.coef[6 + d] = (int64_t)at_w;
		at_x *= g->in[d];
		at_w *= g->kernel[d];
	}
	flat->at.coef[5] = (int64_t)plane;
	flat->at.coef[1] = (int64_t)(plane * g->channels);
	flat->at.coef[0] = (int64_t)(plane * g->channels * g->groups);
	flat_w->at.coef[5] = (int64_t)window;
	flat_w->at.coef[2] = (int64_t)(window * g->channels);
	flat_w->at.coef[1] = (int64_t)(window * g->channels * g->outputs);
	if (gs_rng_below(&c->rng, 2)) {
		uint64_t outputs = (uint64_t)g->groups * g->outputs;
		in->operand[0] = gs_exec_case_integers(c, GS_SPACE_WEIGHTS, GS_I32, outputs, -1000000, 1000000);
		struct gs_row *bias = gs_exec_case_row(&in->operand[0], outputs, 1, 0);
		bias->at.coef[1] = g->outputs;
		bias->at.coef[2] = 1;
	}
	bool swap = gs_rng_below(&c->rng, 8) == 0;
	in->operand[1] = swap ? w : x;
	in->operand[2] = swap ? x : w;
}

static void convolutions(void **state)
{
	(void)state;
	unsigned recognised = 0, words = 0, cases = gs_share(200);
	for (uint64_t seed = 1; seed <= cases; seed++) {
		struct gs_exec_case c;
		struct geometry g;
		struct gs_contract contract;
		bool contraction;
		gs_exec_case_begin(&c, seed);
		draw(&c.rng, &g);
		conv_instr(&c, &g);
		finish(&c);
		gs_exec_case_compare(&c, seed, &contraction);
		recognised += contraction;
		words += contraction && gs_contract_match(&c.in, gs_kernels_select(), &contract) &&
		         contract.is.words > 1;
		gs_exec_case_free(&c);
	}
	assert_in_range(recognised, cases * 9 / 10, cases);
	assert_true(words > cases / 2); /* several channels a word */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(products),     cmocka_unit_test(large_products), cmocka_unit_test(extremes),
		cmocka_unit_test(bytes_a_word), cmocka_unit_test(convolutions),   cmocka_unit_test(narrow_rows),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
