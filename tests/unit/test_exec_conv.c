/* Convolutions of one to three dimensions, with groups, strides, pads, dilations and all sorts of numbers, by every table of
 * kernels, against the reference interpreter to the bit. */
#include "tests/support/endian.h"
#include "tests/support/exec_case.h"
#include "tests/support/share.h"
#include "validator/exec/kernels.h"
#include "validator/exec/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct geometry {
	uint32_t batch, groups, outputs, channels, spatial; /* outputs and channels of one group */
	uint32_t in[3], out[3], kernel[3], stride[3], dilation[3];
	int64_t before[3];
};

static uint32_t one_to(struct gs_rng *rng, uint64_t n)
{
	return 1 + (uint32_t)gs_rng_below(rng, n);
}

static void draw(struct gs_rng *rng, struct geometry *g)
{
	static const uint32_t width[] = {60, 14, 6};
	memset(g, 0, sizeof(*g));
	g->batch = gs_rng_below(rng, 4) == 0 ? 2 : 1;
	g->spatial = one_to(rng, 3);
	unsigned kind = (unsigned)gs_rng_below(rng, 4); /* plain, plain, grouped, depthwise */
	g->groups = kind < 2 ? 1 : kind == 2 ? 1 + one_to(rng, 3) : one_to(rng, 9);
	g->channels = kind == 3 ? 1 : one_to(rng, kind == 2 ? 5 : 9);
	g->outputs = kind == 3 ? one_to(rng, 2) : one_to(rng, kind == 2 ? 9 : 40);
	for (unsigned d = 0; d < g->spatial; d++) {
		g->kernel[d] = gs_rng_below(rng, 3) == 0 ? 1 : one_to(rng, 5);
		g->stride[d] = gs_rng_below(rng, 2) ? 1 : one_to(rng, 4);
		g->dilation[d] = gs_rng_below(rng, 3) ? 1 : one_to(rng, 3);
		g->before[d] = gs_rng_below(rng, 3) ? (int64_t)gs_rng_below(rng, g->kernel[d] + 2) - 1 : 0;
		uint32_t reach = (g->kernel[d] - 1) * g->dilation[d] + 1;
		g->in[d] = reach + (uint32_t)gs_rng_below(rng, width[g->spatial - 1]);
		int64_t after = (int64_t)gs_rng_below(rng, 4) - 1;
		int64_t room = (int64_t)g->in[d] + g->before[d] + (gs_rng_below(rng, 2) ? after : 0) - reach;
		g->out[d] = room < 0 ? 1 : 1 + (uint32_t)(room / g->stride[d]);
	}
}

/* Axes: batch, group, output, space; channel, kernel. As the lowering has it, padded dimensions are rows of their own. */
static void conv_instr(struct gs_exec_case *c, const struct geometry *g)
{
	struct gs_instr *in = &c->in;
	unsigned red = 3 + g->spatial;
	uint64_t plane = 1, window = 1, at_x = 1, at_w = 1;
	in->out_axes = (uint8_t)red;
	in->red_axes = (uint8_t)(1 + g->spatial);
	in->extent[0] = g->batch;
	in->extent[1] = g->groups;
	in->extent[2] = g->outputs;
	in->extent[red] = g->channels;
	for (unsigned d = 0; d < g->spatial; d++) {
		plane *= g->in[d];
		window *= g->kernel[d];
		in->extent[3 + d] = g->out[d];
		in->extent[red + 1 + d] = g->kernel[d];
	}
	uint64_t x_count = g->batch * g->groups * g->channels * plane;
	uint64_t w_count = (uint64_t)g->groups * g->outputs * g->channels * window;
	uint8_t dtype = gs_rng_below(&c->rng, 5) == 0 ? GS_F16 : GS_F32;
	struct gs_operand x = gs_exec_case_tensor(c, GS_SPACE_INPUTS, dtype, x_count);
	struct gs_operand w = gs_exec_case_tensor(c, (uint8_t)(1 + gs_rng_below(&c->rng, 2)), dtype, w_count);
	struct gs_row *flat = gs_exec_case_row(&x, x_count, 1, 0), *flat_w = gs_exec_case_row(&w, w_count, 1, 0);
	if (gs_rng_below(&c->rng, 4) == 0) { /* another value than zero outside */
		x.view.pad = GS_PAD_VALUE;
		x.view.pad_value = gs_rng_below(&c->rng, 2) ? 0x3fc00000 : 0xff800000;
	}
	for (unsigned d = g->spatial; d-- > 0;) {
		int64_t last = (int64_t)(g->out[d] - 1) * g->stride[d] + (int64_t)(g->kernel[d] - 1) * g->dilation[d];
		bool guarded = g->before[d] > 0 || last - g->before[d] >= (int64_t)g->in[d];
		struct gs_row *row = guarded ? gs_exec_case_row(&x, g->in[d], at_x, -g->before[d]) : flat;
		int64_t step = guarded ? 1 : (int64_t)at_x;
		if (!guarded)
			flat->at.offset -= g->before[d] * step;
		row->at.coef[3 + d] = step * g->stride[d];
		row->at.coef[red + 1 + d] = step * g->dilation[d];
		flat_w->at.coef[red + 1 + d] = (int64_t)at_w;
		at_x *= g->in[d];
		at_w *= g->kernel[d];
	}
	flat->at.coef[red] = (int64_t)plane;
	flat->at.coef[1] = (int64_t)(plane * g->channels);
	flat->at.coef[0] = (int64_t)(plane * g->channels * g->groups);
	flat_w->at.coef[red] = (int64_t)window;
	flat_w->at.coef[2] = (int64_t)(window * g->channels);
	flat_w->at.coef[1] = (int64_t)(window * g->channels * g->outputs);
	if (gs_rng_below(&c->rng, 2)) {
		in->operand[0] = gs_exec_case_tensor(c, GS_SPACE_WEIGHTS, dtype, (uint64_t)g->groups * g->outputs);
		struct gs_row *bias = gs_exec_case_row(&in->operand[0], (uint64_t)g->groups * g->outputs, 1, 0);
		bias->at.coef[1] = g->outputs;
		bias->at.coef[2] = 1;
	} else {
		in->operand[0] = (struct gs_operand){.constant = gs_rng_below(&c->rng, 2) ? 0x80000000 : 0};
	}
	bool swap = gs_rng_below(&c->rng, 8) == 0; /* products commute */
	in->operand[1] = swap ? w : x;
	in->operand[2] = swap ? x : w;
}

static void convolutions(void **state)
{
	(void)state;
	unsigned recognised = 0, in_place = 0, phased = 0, cases = gs_share(400);
	for (uint64_t seed = 1; seed <= cases; seed++) {
		struct gs_exec_case c;
		struct geometry g;
		bool contraction;
		gs_exec_case_begin(&c, seed);
		draw(&c.rng, &g);
		conv_instr(&c, &g);
		gs_exec_case_finish(&c);
		gs_exec_case_compare(&c, seed, &contraction);
		recognised += contraction;
		struct gs_contraction is;
		if (gs_pattern_contraction(&c.in, gs_kernels_select()->lanes, &is)) {
			in_place += is.pitch != 0;
			for (unsigned d = 0; d < is.x.stage_dims; d++)
				phased += is.x.stage[d].phases > 1;
		}
		gs_exec_case_free(&c);
	}
	assert_true(in_place > cases / 40); /* lanes laid out as the padded image lies */
	assert_true(phased > cases / 20);   /* and by remainders of the stride */
	assert_in_range(recognised, cases * 9 / 10,
	                cases); /* the rest: a single place, so that channels are innermost */
}

/* Each channel by itself, one filter each; up to several blocks of lines of a channel. */
static void draw_depthwise(struct gs_rng *rng, uint64_t seed, struct geometry *g)
{
	draw(rng, g);
	bool large = gs_rng_below(rng, 8) == 0;
	unsigned square = (unsigned)gs_rng_below(rng, 4); /* 3x3, 5x5, any, any */
	g->groups = large ? 1 + one_to(rng, 2) : one_to(rng, 40);
	g->channels = g->outputs = 1;
	g->spatial = 1 + (seed % 4 != 0);
	for (unsigned d = 0; d < g->spatial; d++) {
		bool inner = d + 1 == g->spatial;
		g->kernel[d] = square < 2 ? 3 + 2 * square : one_to(rng, 5);
		g->stride[d] = one_to(rng, square < 2 ? 2 : 3);
		g->dilation[d] = square < 2 && !inner ? 1 : one_to(rng, 2);
		g->before[d] = gs_rng_below(rng, 4) ? (int64_t)gs_rng_below(rng, 4) : 0;
		g->in[d] = (g->kernel[d] - 1) * g->dilation[d] + one_to(rng, large ? 150 : inner ? 60 : 20);
		int64_t after = gs_rng_below(rng, 4) ? (int64_t)gs_rng_below(rng, 4) : -g->before[d];
		int64_t room = (int64_t)g->in[d] + g->before[d] + after - (g->kernel[d] - 1) * (int64_t)g->dilation[d] -
		               1;
		g->out[d] = room < 0 ? 1 : 1 + (uint32_t)(room / g->stride[d]);
	}
}

/* Most of them with an epilogue that tiles know. */
static void finish_known(struct gs_exec_case *c)
{
	gs_exec_case_finish(c);
	if (gs_rng_below(&c->rng, 8) == 0)
		return;
	c->in.epilogue = gs_rng_below(&c->rng, 2) ? GS_FN_F32_CLIP : 0;
	c->in.epilogue_pos = 0;
	c->in.epilogue_const[0] = c->in.epilogue ? 0xbf800000 : 0;
	c->in.epilogue_const[1] = c->in.epilogue ? 0x40c00000 : 0;
}

static void depthwise(void **state)
{
	(void)state;
	unsigned planes = 0, cases = gs_share(400);
	for (uint64_t seed = 1; seed <= cases; seed++) {
		struct gs_exec_case c;
		struct geometry g;
		bool contraction;
		gs_exec_case_begin(&c, 30000 + seed);
		draw_depthwise(&c.rng, seed, &g);
		conv_instr(&c, &g);
		finish_known(&c);
		gs_exec_case_compare(&c, seed, &contraction);
		planes += c.form != NULL && strcmp(c.form, "plane") == 0;
		gs_exec_case_free(&c);
	}
	assert_forms(planes, cases * 7 / 10, cases); /* the rest: other epilogues, windows of one tap, single outputs */
}

/* Few terms and long lines: the form that reads a few lines of all channels where they lie. */
static void first_layers(void **state)
{
	(void)state;
	unsigned direct = 0, cases = gs_share(200);
	for (uint64_t seed = 1; seed <= cases; seed++) {
		struct gs_exec_case c;
		struct geometry g;
		bool contraction;
		gs_exec_case_begin(&c, 60000 + seed);
		draw(&c.rng, &g);
		g.batch = gs_rng_below(&c.rng, 4) == 0 ? 2 : 1;
		g.groups = 1;
		g.channels = one_to(&c.rng, 4);
		g.outputs = one_to(&c.rng, 36);
		g.spatial = 1 + (seed % 4 != 0);
		for (unsigned d = 0; d < g.spatial; d++) {
			g.kernel[d] = one_to(&c.rng, 4);
			g.stride[d] = one_to(&c.rng, 3);
			g.dilation[d] = one_to(&c.rng, 2);
			g.before[d] = gs_rng_below(&c.rng, 4) ? (int64_t)gs_rng_below(&c.rng, 3) : 0;
			uint32_t out = d + 1 == g.spatial ? 12 + one_to(&c.rng, 80) : one_to(&c.rng, 24);
			uint32_t reach = (g.kernel[d] - 1) * g.dilation[d] + 1;
			int64_t after = gs_rng_below(&c.rng, 4) ? (int64_t)gs_rng_below(&c.rng, 3) : -g.before[d];
			int64_t in = (int64_t)(out - 1) * g.stride[d] + reach - g.before[d] - after;
			g.out[d] = out;
			g.in[d] = in < 1 ? 1 : (uint32_t)in;
		}
		conv_instr(&c, &g);
		finish_known(&c);
		gs_exec_case_compare(&c, seed, &contraction);
		direct += c.form != NULL && strcmp(c.form, "direct") == 0;
		gs_exec_case_free(&c);
	}
	assert_forms(direct, cases / 2, cases); /* the rest: other epilogues, windows of one tap, short lines */
}

/* The factor that output channels move is the weights: a constant. */
static void weights_are_constant(struct gs_exec_case *c)
{
	for (unsigned k = 1; k < 3; k++) {
		struct gs_view *view = &c->in.operand[k].view;
		if (view->row[0].at.coef[2] == 0 || view->space == GS_SPACE_WEIGHTS)
			continue;
		struct gs_operand copy = gs_exec_case_tensor(c, GS_SPACE_WEIGHTS, view->dtype, view->count);
		view->space = GS_SPACE_WEIGHTS;
		view->chunk = copy.view.chunk;
	}
}

/* A constant's many channels over small images: channels are lanes, and terms above and below the image are left out where
 * outputs are clamped from 0 on. */
static void small_images(void **state)
{
	(void)state;
	unsigned turned = 0, cases = gs_share(200);
	for (uint64_t seed = 1; seed <= cases; seed++) {
		struct gs_exec_case c;
		struct geometry g;
		bool contraction;
		gs_exec_case_begin(&c, 160000 + seed);
		draw(&c.rng, &g);
		g.batch = gs_rng_below(&c.rng, 5) == 0 ? 2 : 1;
		g.groups = 1;
		g.channels = one_to(&c.rng, 6);
		g.outputs = 16 * one_to(&c.rng, 3) + (gs_rng_below(&c.rng, 3) == 0 ? one_to(&c.rng, 15) : 0);
		g.spatial = 1 + (seed % 6 != 0);
		for (unsigned d = 0; d < g.spatial; d++) {
			g.kernel[d] = one_to(&c.rng, 5);
			g.stride[d] = 1 + (gs_rng_below(&c.rng, 4) == 0);
			g.dilation[d] = 1 + (gs_rng_below(&c.rng, 6) == 0);
			uint32_t reach = (g.kernel[d] - 1) * g.dilation[d] + 1,
				 out = seed % 8 ? 5 + one_to(&c.rng, 10) : one_to(&c.rng, 40);
			g.before[d] = gs_rng_below(&c.rng, 4) ? (int64_t)gs_rng_below(&c.rng, reach + 1) : 0;
			int64_t after = gs_rng_below(&c.rng, 4) ? g.before[d] : -g.before[d];
			int64_t in = (int64_t)(out - 1) * g.stride[d] + reach - g.before[d] - after;
			g.out[d] = out;
			g.in[d] = in < 1 ? 1 : (uint32_t)in;
		}
		conv_instr(&c, &g);
		weights_are_constant(&c);
		finish_known(&c);
		c.in.store_dtype = gs_rng_below(&c.rng, 8) ? GS_F32 : c.in.store_dtype;
		if (c.in.epilogue == GS_FN_F32_CLIP && gs_rng_below(&c.rng, 3))
			c.in.epilogue_const[0] = 0;
		gs_exec_case_compare(&c, seed, &contraction);
		turned += c.packs != 0;
		gs_exec_case_free(&c);
	}
	/* The rest: images that fill vectors, the more of them the narrower these are (a quarter is left with 16 lanes), other epilogues and types. */
	assert_forms(turned, cases / 20, cases);
}

/* The same over images whose stage is above the limit for whole ones, so band after band, with and without padding above,
 * below and beside. */
static void tall_images(void **state)
{
	(void)state;
	unsigned turned = 0, cases = 6;
	for (uint64_t seed = 1; seed <= cases; seed++) {
		struct gs_exec_case c;
		bool contraction;
		gs_exec_case_begin(&c, 260000 + seed);
		struct geometry g = {.batch = seed % 4 == 0 ? 2 : 1, .groups = 1, .spatial = 2};
		g.channels = 6 + (uint32_t)gs_rng_below(&c.rng, 2);
		g.outputs = 16 * one_to(&c.rng, 2);
		for (unsigned d = 0; d < 2; d++) {
			g.kernel[d] = d == 0 ? 2 : 5;
			g.stride[d] = 4;
			g.dilation[d] = d == 0 ? 1 : 2;
			g.before[d] = (int64_t)gs_rng_below(&c.rng, 3);
			g.out[d] = d == 0 ? 250 + one_to(&c.rng, 20) : 10;
			uint32_t reach = (g.kernel[d] - 1) * g.dilation[d] + 1;
			g.in[d] = (g.out[d] - 1) * g.stride[d] + reach - (uint32_t)(g.before[d] + g.before[d] / 2);
		}
		conv_instr(&c, &g);
		weights_are_constant(&c);
		finish_known(&c);
		gs_exec_case_compare(&c, seed, &contraction);
		turned += c.packs != 0;
		gs_exec_case_free(&c);
	}
	assert_forms(turned, cases / 2, cases); /* the rest: other epilogues */
}

/* Padded taps are computed, not left out: 0 * inf is NaN, and -0 + 0*w is +0. */
static void padding_is_computed(void **state)
{
	(void)state;
	struct geometry g = {.batch = 1,
	                     .groups = 1,
	                     .outputs = 1,
	                     .channels = 1,
	                     .spatial = 1,
	                     .in = {40},
	                     .out = {42},
	                     .kernel = {3},
	                     .stride = {1},
	                     .dilation = {1},
	                     .before = {2}};
	for (unsigned i = 0; i < 2; i++) {
		struct gs_exec_case c;
		bool contraction;
		gs_exec_case_begin(&c, 77);
		c.special = 0;
		do
			conv_instr(&c, &g);
		while (c.in.operand[0].kind != GS_OPERAND_CONST || c.in.operand[1].view.pad != GS_PAD_ZERO ||
		       c.in.operand[1].view.space != GS_SPACE_INPUTS || c.in.operand[1].view.dtype != GS_F32 ||
		       c.in.operand[2].view.count != 3);
		c.in.operand[0].constant = 0x80000000;
		uint8_t *w = c.array[c.in.operand[2].view.space] + (size_t)c.in.operand[2].view.chunk * GS_CHUNK_BYTES;
		uint8_t *x = c.array[GS_SPACE_INPUTS] + (size_t)c.in.operand[1].view.chunk * GS_CHUNK_BYTES;
		gs_element_write(w, GS_F32, 0, i ? 0x7f800000 : 0x3f800000);
		gs_element_write(w, GS_F32, 1, i ? 0x7f800000 : 0x3f800000);
		gs_element_write(w, GS_F32, 2, 0x3f800000);
		gs_element_write(x, GS_F32, 0, 0x80000000);
		gs_exec_case_compare(&c, i, &contraction);
		assert_true(contraction);
		struct gs_memory mem = {.weights = c.array[1], .inputs = c.array[2]};
		assert_int_equal(gs_interpret_element(&c.in, &mem, 0), i ? 0x7fc00000 : 0);
		gs_exec_case_free(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(convolutions), cmocka_unit_test(depthwise),   cmocka_unit_test(first_layers),
		cmocka_unit_test(small_images), cmocka_unit_test(tall_images), cmocka_unit_test(padding_is_computed),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
