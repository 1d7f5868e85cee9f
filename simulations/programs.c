#include "simulations/programs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- parts ---- */

void gs_sim_begin(struct gs_sim_builder *b, struct gs_program *program, struct gs_rng *rng)
{
	memset(program, 0, sizeof(*program));
	*b = (struct gs_sim_builder){.program = program, .rng = rng};
	gs_listing_init(&b->listing);
	program->io.input = calloc(1, sizeof(*program->io.input));
	program->io.output = calloc(1, sizeof(*program->io.output));
	if (program->io.input == NULL || program->io.output == NULL)
		b->err = GS_ENOMEM;
}

/* A multiple of 2^-20 in [-2, 2); one in sixteen is a number of the kind that goes wrong. */
static uint32_t random_f32(struct gs_rng *rng, bool plain)
{
	static const uint32_t special[] = {0,          0x80000000, 1,          0x007fffff,
	                                   0x7f7fffff, 0x7f800000, 0xff800000, 0x7fc00000};
	uint64_t r = gs_rng_u64(rng);
	if (!plain && (r & 15) == 0)
		return special[(r >> 4) & 7];
	return gs_f32_to_bits((float)((int32_t)((r >> 8) & 0x3fffff) - 0x200000) * 0x1p-20f);
}

static void fill(struct gs_rng *rng, enum gs_dtype dtype, bool plain, uint8_t *base, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		gs_element_write(base, dtype, i, dtype == GS_F32 ? random_f32(rng, plain) : gs_rng_u64(rng));
}

static uint64_t count_of(const struct gs_sim_value *v)
{
	return (uint64_t)v->dim[0] * v->dim[1] * v->dim[2];
}

static struct gs_sim_value weights(struct gs_sim_builder *b, uint32_t count)
{
	struct gs_program *p = b->program;
	uint32_t first = p->header.weights_chunks, chunks = (uint32_t)gs_dtype_chunks(GS_F32, count);
	struct gs_sim_value v = {.space = GS_SPACE_WEIGHTS, .dtype = GS_F32, .at = first, .dim = {1, 1, count}};
	GS_ASSERT((uint64_t)(first + chunks) * GS_CHUNK_BYTES <= GS_SIM_WEIGHTS_MAX);
	if (b->err != GS_OK)
		return v;
	uint8_t *grown = realloc(p->weights_owned, (size_t)(first + chunks) * GS_CHUNK_BYTES);
	if (grown == NULL) {
		b->err = GS_ENOMEM;
		return v;
	}
	p->weights_owned = grown;
	p->weights = grown;
	p->header.weights_chunks = first + chunks;
	memset(grown + (size_t)first * GS_CHUNK_BYTES, 0, (size_t)chunks * GS_CHUNK_BYTES);
	fill(b->rng, GS_F32, true, grown + (size_t)first * GS_CHUNK_BYTES, count);
	return v;
}

struct gs_sim_value gs_sim_input(struct gs_sim_builder *b, enum gs_dtype dtype, uint32_t d0, uint32_t d1, uint32_t d2)
{
	if (b->err == GS_OK) {
		struct gs_tensor_type *t = &b->program->io.input[0];
		b->program->io.inputs = 1;
		snprintf(t->name, sizeof(t->name), "x");
		t->dtype = (uint8_t)dtype;
		t->rank = 3;
		memcpy(t->dim, (uint32_t[]){d0, d1, d2}, 3 * sizeof(*t->dim));
	}
	return (struct gs_sim_value){.space = GS_SPACE_INPUTS, .dtype = (uint8_t)dtype, .dim = {d0, d1, d2}};
}

static struct gs_operand constant(gs_reg value)
{
	return (struct gs_operand){.kind = GS_OPERAND_CONST, .constant = value};
}

/* A view without rows yet. */
static struct gs_operand view_of(const struct gs_sim_value *v)
{
	struct gs_operand op = {.kind = GS_OPERAND_TENSOR};
	op.view = (struct gs_view){.space = v->space, .dtype = v->dtype, .chunk = v->at, .count = count_of(v)};
	return op;
}

static struct gs_row *add_row(struct gs_operand *op, uint64_t extent, uint64_t stride)
{
	struct gs_row *row = &op->view.row[op->view.rows++];
	row->extent = extent;
	row->stride = stride;
	return row;
}

/* Flat and never out of range: one row, a coefficient an axis. */
static struct gs_operand flat_view(const struct gs_sim_value *v, unsigned axes, const int64_t *coef)
{
	struct gs_operand op = view_of(v);
	struct gs_row *row = add_row(&op, count_of(v), 1);
	memcpy(row->at.coef, coef, axes * sizeof(*coef));
	return op;
}

static struct gs_sim_value emit(struct gs_sim_builder *b, const struct gs_instr *in, uint32_t d0, uint32_t d1,
                                uint32_t d2)
{
	struct gs_sim_value out = {
		.space = GS_SPACE_TRACE, .dtype = in->store_dtype, .at = b->listing.count, .dim = {d0, d1, d2}};
	if (b->err == GS_OK)
		b->err = gs_listing_append(&b->listing, in);
	return out;
}

static void set_relu(struct gs_instr *in)
{
	in->epilogue = GS_FN_F32_MAX; /* max(x, +0) */
}

/* ---- layers ---- */

struct gs_sim_value gs_sim_conv(struct gs_sim_builder *b, const struct gs_sim_value *x, uint32_t channels,
                                uint32_t kernel, bool depthwise)
{
	uint32_t height = x->dim[1], width = x->dim[2], taps = kernel * kernel, inner = depthwise ? 1 : x->dim[0];
	GS_ASSERT(!depthwise || channels == x->dim[0]);
	struct gs_sim_value w = weights(b, channels * inner * taps), bias = weights(b, channels);
	struct gs_instr in = {.form = GS_FOLD, .fn = GS_FN_F32_FMA, .store_dtype = GS_F32, .acc_dtype = GS_F32};
	in.out_axes = 3; /* channel, row, column; then input channel, tap row, tap column */
	in.red_axes = 3;
	memcpy(in.extent, (uint32_t[]){channels, height, width, inner, kernel, kernel}, 6 * sizeof(*in.extent));
	set_relu(&in);
	in.operand[0] = flat_view(&bias, 1, (int64_t[]){1});
	in.operand[1] = view_of(x);
	struct gs_row *row = add_row(&in.operand[1], x->dim[0], (uint64_t)height * width);
	row->at.coef[depthwise ? 0 : 3] = 1;
	row = add_row(&in.operand[1], height, width);
	row->at.offset = -(int64_t)(kernel / 2);
	row->at.coef[1] = row->at.coef[4] = 1;
	row = add_row(&in.operand[1], width, 1);
	row->at.offset = -(int64_t)(kernel / 2);
	row->at.coef[2] = row->at.coef[5] = 1;
	in.operand[2] = flat_view(&w, 6, (int64_t[]){(int64_t)inner * taps, 0, 0, taps, kernel, 1});
	return emit(b, &in, channels, height, width);
}

struct gs_sim_value gs_sim_dense(struct gs_sim_builder *b, const struct gs_sim_value *x, uint32_t outputs, bool relu)
{
	uint32_t inputs = (uint32_t)count_of(x);
	struct gs_sim_value w = weights(b, inputs * outputs), bias = weights(b, outputs);
	struct gs_instr in = {.form = GS_FOLD, .fn = GS_FN_F32_FMA, .store_dtype = GS_F32, .acc_dtype = GS_F32};
	in.out_axes = 1;
	in.red_axes = 1;
	in.extent[0] = outputs;
	in.extent[1] = inputs;
	if (relu)
		set_relu(&in);
	in.operand[0] = flat_view(&bias, 1, (int64_t[]){1});
	in.operand[1] = flat_view(x, 2, (int64_t[]){0, 1});
	in.operand[2] = flat_view(&w, 2, (int64_t[]){1, outputs});
	return emit(b, &in, 1, 1, outputs);
}

struct gs_sim_value gs_sim_max_pool(struct gs_sim_builder *b, const struct gs_sim_value *x, uint32_t kernel)
{
	uint32_t height = (x->dim[1] + 1) / 2, width = (x->dim[2] + 1) / 2;
	struct gs_instr in = {.form = GS_FOLD, .fn = GS_FN_F32_MAX, .store_dtype = GS_F32, .acc_dtype = GS_F32};
	in.out_axes = 3;
	in.red_axes = 2;
	memcpy(in.extent, (uint32_t[]){x->dim[0], height, width, kernel, kernel}, 5 * sizeof(*in.extent));
	in.operand[0] = constant(0xff800000);
	in.operand[1] = view_of(x);
	in.operand[1].view.pad = GS_PAD_SKIP;
	struct gs_row *row = add_row(&in.operand[1], x->dim[0], (uint64_t)x->dim[1] * x->dim[2]);
	row->at.coef[0] = 1;
	row = add_row(&in.operand[1], x->dim[1], x->dim[2]);
	row->at.offset = -(int64_t)(kernel / 2);
	row->at.coef[1] = 2;
	row->at.coef[3] = 1;
	row = add_row(&in.operand[1], x->dim[2], 1);
	row->at.offset = -(int64_t)(kernel / 2);
	row->at.coef[2] = 2;
	row->at.coef[4] = 1;
	return emit(b, &in, x->dim[0], height, width);
}

struct gs_sim_value gs_sim_map(struct gs_sim_builder *b, enum gs_fn fn, const struct gs_sim_value *x,
                               const struct gs_sim_value *y)
{
	struct gs_instr in = {.form = GS_MAP, .fn = (uint8_t)fn};
	int64_t last = x->dim[2], rows = (int64_t)x->dim[1] * last;
	in.store_dtype = (uint8_t)gs_class_dtype((enum gs_class)gs_fn_info(fn)->result);
	in.out_axes = 3;
	memcpy(in.extent, x->dim, 3 * sizeof(*in.extent));
	in.operand[0] = flat_view(x, 3, (int64_t[]){rows, last, 1});
	if (y != NULL && y->dim[2] == 1 && last != 1)
		in.operand[1] = flat_view(y, 3, (int64_t[]){x->dim[1], 1, 0});
	else if (y != NULL)
		in.operand[1] = flat_view(y, 3, (int64_t[]){rows, last, 1});
	return emit(b, &in, x->dim[0], x->dim[1], x->dim[2]);
}

struct gs_sim_value gs_sim_reduce(struct gs_sim_builder *b, enum gs_fn fn, const struct gs_sim_value *x, gs_reg init)
{
	struct gs_instr in = {.form = GS_FOLD, .fn = (uint8_t)fn, .store_dtype = x->dtype, .acc_dtype = x->dtype};
	int64_t last = x->dim[2];
	in.out_axes = 2;
	in.red_axes = 1;
	memcpy(in.extent, x->dim, 3 * sizeof(*in.extent));
	in.operand[0] = constant(init);
	in.operand[1] = flat_view(x, 3, (int64_t[]){x->dim[1] * last, last, 1});
	return emit(b, &in, x->dim[0], x->dim[1], 1);
}

struct gs_sim_value gs_sim_squares(struct gs_sim_builder *b, const struct gs_sim_value *x)
{
	enum { WINDOW = 5 };
	uint32_t n = (uint32_t)count_of(x);
	struct gs_instr in = {.form = GS_FOLD, .fn = GS_FN_I64_MULADD, .store_dtype = GS_I64, .acc_dtype = GS_I64};
	in.out_axes = 1;
	in.red_axes = 1;
	in.extent[0] = n;
	in.extent[1] = WINDOW;
	in.operand[0] = (struct gs_operand){.kind = GS_OPERAND_IOTA, .iota = {.offset = 7, .coef = {3}}};
	for (unsigned i = 1; i <= 2; i++) {
		in.operand[i] = flat_view(x, 2, (int64_t[]){1, 1});
		in.operand[i].view.row[0].at.offset = -(WINDOW / 2);
		in.operand[i].view.pad = GS_PAD_SKIP;
	}
	return emit(b, &in, 1, 1, n);
}

enum gs_err gs_sim_finish(struct gs_sim_builder *b, const struct gs_sim_value *output, struct gs_error *error)
{
	struct gs_program *p = b->program;
	if (b->err != GS_OK) {
		gs_listing_free(&b->listing);
		return gs_fail(error, b->err, "simulated program: %s", gs_err_name(b->err));
	}
	GS_ASSERT(output->space == GS_SPACE_TRACE && output->at == b->listing.count - 1);
	struct gs_tensor_type *t = &p->io.output[0];
	const struct gs_instr instr = gs_listing_get(&b->listing, output->at), *in = &instr;
	p->io.outputs = 1;
	p->header.outputs = 1;
	snprintf(t->name, sizeof(t->name), "y");
	t->dtype = output->dtype;
	t->rank = in->out_axes;
	memcpy(t->dim, in->extent, in->out_axes * sizeof(*t->dim));
	enum gs_err err = gs_program_seal(p, &b->listing, error);
	gs_listing_free(&b->listing);
	return err;
}

/* ---- families ---- */

static uint32_t between(struct gs_rng *rng, uint32_t low, uint32_t high)
{
	return low + (uint32_t)gs_rng_below(rng, high - low + 1);
}

static struct gs_sim_value softmax(struct gs_sim_builder *b, const struct gs_sim_value *x)
{
	struct gs_sim_value top = gs_sim_reduce(b, GS_FN_F32_MAX, x, 0xff800000);
	struct gs_sim_value below = gs_sim_map(b, GS_FN_F32_SUB, x, &top);
	struct gs_sim_value e = gs_sim_map(b, GS_FN_F32_EXP, &below, NULL);
	struct gs_sim_value sum = gs_sim_reduce(b, GS_FN_F32_ADD, &e, 0);
	return gs_sim_map(b, GS_FN_F32_DIV, &e, &sum);
}

static struct gs_sim_value draw(struct gs_sim_builder *b)
{
	struct gs_rng *rng = b->rng;
	struct gs_sim_value v;
	uint32_t size[3]; /* drawn one after the other: C leaves the order of arguments open */
	switch (gs_rng_below(rng, 6)) {
	case 0: /* perceptron */
		v = gs_sim_input(b, GS_F32, 1, 1, between(rng, 1, 60));
		v = gs_sim_dense(b, &v, between(rng, 1, 80), true);
		v = gs_sim_dense(b, &v, between(rng, 1, 40), false);
		return gs_sim_map(b, GS_FN_F32_TANH, &v, NULL);
	case 1: /* convolutions */
		size[0] = between(rng, 1, 3);
		size[1] = between(rng, 2, 9);
		size[2] = between(rng, 2, 9);
		v = gs_sim_input(b, GS_F32, size[0], size[1], size[2]);
		v = gs_sim_conv(b, &v, between(rng, 1, 5), 3, false);
		v = gs_sim_conv(b, &v, v.dim[0], 3, true);
		v = gs_sim_max_pool(b, &v, between(rng, 2, 3));
		return gs_sim_dense(b, &v, between(rng, 1, 10), false);
	case 2:
		size[1] = between(rng, 1, 6);
		size[2] = between(rng, 1, 50);
		v = gs_sim_input(b, GS_F32, 1, size[1], size[2]);
		return softmax(b, &v);
	case 3: /* integers */
		v = gs_sim_input(b, GS_I64, 1, 1, between(rng, 1, 90));
		v = gs_sim_squares(b, &v);
		v = gs_sim_map(b, GS_FN_I64_TO_I32, &v, NULL);
		return gs_sim_map(b, GS_FN_I32_NOT, &v, NULL);
	case 4: /* one long fold: up to three rounds of states */
		v = gs_sim_input(b, GS_F32, 1, 1, between(rng, 1, 6000));
		v = gs_sim_reduce(b, GS_FN_F32_ADD, &v, 0);
		return gs_sim_map(b, GS_FN_F32_ABS, &v, NULL);
	default: /* one wide map: up to two rounds of descent */
		v = gs_sim_input(b, GS_F32, 1, 1, between(rng, 1, 4000));
		v = gs_sim_map(b, GS_FN_F32_ERF, &v, NULL);
		return gs_sim_map(b, GS_FN_F32_NEG, &v, NULL);
	}
}

enum gs_err gs_sim_draw_program(struct gs_rng *rng, struct gs_program *out, struct gs_error *error)
{
	struct gs_sim_builder b;
	gs_sim_begin(&b, out, rng);
	struct gs_sim_value output = {0};
	if (b.err == GS_OK)
		output = draw(&b);
	return gs_sim_finish(&b, &output, error);
}

void gs_sim_draw_inputs(struct gs_rng *rng, const struct gs_program *program, uint8_t *out)
{
	const struct gs_tensor_type *t = &program->io.input[0];
	memset(out, 0, (size_t)program->header.inputs_chunks * GS_CHUNK_BYTES);
	fill(rng, (enum gs_dtype)t->dtype, gs_rng_below(rng, 2) == 0, out + (size_t)t->chunk * GS_CHUNK_BYTES,
	     gs_tensor_type_count(t));
}
