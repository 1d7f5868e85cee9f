/* Element-wise instructions of binary32, moves of all types, and folds of one tensor, of random shape, broadcasting, strides, pads and indices, by
 * every table of kernels, against the reference interpreter to the bit. */
#include "tests/support/endian.h"
#include "tests/support/exec_case.h"
#include "tests/support/share.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static uint32_t below(struct gs_exec_case *c, uint64_t n)
{
	return (uint32_t)gs_rng_below(&c->rng, n);
}

static void draw_box(struct gs_exec_case *c)
{
	static const uint32_t extents[] = {1, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 33, 64};
	c->in.form = GS_MAP;
	c->in.acc_dtype = 0;
	c->in.out_axes = (uint8_t)below(c, 5);
	for (unsigned a = 0; a < c->in.out_axes; a++)
		c->in.extent[a] = extents[below(c, a + 1U == c->in.out_axes ? 13 : 8)];
	if (c->in.out_axes && below(c, 8) == 0) /* a line of several blocks */
		c->in.extent[c->in.out_axes - 1] = 1000 + below(c, 2100);
	else if (c->in.out_axes > 1 && below(c, 6) == 0) { /* short lines, many of them */
		c->in.extent[c->in.out_axes - 1] = 2 + below(c, 3);
		c->in.extent[below(c, c->in.out_axes - 1U)] = 14 + below(c, 60);
	}
}

/* Elements one after another over the axes that `has` names, in any order and direction, sometimes apart. */
static struct gs_operand dense(struct gs_exec_case *c, uint8_t dtype, bool shuffled)
{
	const struct gs_instr *in = &c->in;
	unsigned order[GS_OUT_AXES_MAX], axes = in->out_axes;
	int64_t coef[GS_OUT_AXES_MAX] = {0}, offset = below(c, 4) ? 0 : below(c, 9);
	uint64_t count = below(c, 5) ? 1 : 2;
	for (unsigned a = 0; a < axes; a++)
		order[a] = a;
	for (unsigned a = axes; shuffled && a > 1; a--) {
		unsigned k = below(c, a), swap = order[a - 1];
		order[a - 1] = order[k];
		order[k] = swap;
	}
	for (unsigned i = axes; i-- > 0;) {
		unsigned a = order[i];
		if (below(c, 4) == 0)
			continue; /* broadcast */
		coef[a] = (int64_t)count;
		count *= in->extent[a];
		if (below(c, 8) == 0) { /* backwards */
			offset += coef[a] * (in->extent[a] - 1);
			coef[a] = -coef[a];
		}
	}
	count += (uint64_t)offset + below(c, 3);
	struct gs_operand op = gs_exec_case_tensor(c, (uint8_t)(1 + below(c, 2)), dtype, count);
	struct gs_row *row = gs_exec_case_row(&op, count, 1, offset);
	memcpy(row->at.coef, coef, sizeof(coef));
	return op;
}

static struct gs_operand any_operand(struct gs_exec_case *c)
{
	static const uint8_t dtypes[] = {GS_F32, GS_F32, GS_F32, GS_F16, GS_BF16};
	static const uint32_t constants[] = {0, 0x80000000, 0x3f800000, 0xbf000000, 0x7f800000, 0x7fc00000, 0x40490fdb};
	if (below(c, 6) == 0)
		return (struct gs_operand){.constant = constants[below(c, GS_ARRAY_LEN(constants))]};
	return dense(c, dtypes[below(c, GS_ARRAY_LEN(dtypes))], below(c, 4) == 0);
}

static void sweeps(void **state)
{
	static const uint8_t functions[] = {GS_FN_F32_COPY,  GS_FN_F32_ADD,  GS_FN_F32_SUB,  GS_FN_F32_MUL,
	                                    GS_FN_F32_DIV,   GS_FN_F32_FMA,  GS_FN_F32_MIN,  GS_FN_F32_MAX,
	                                    GS_FN_F32_NEG,   GS_FN_F32_ABS,  GS_FN_F32_SQRT, GS_FN_F32_CLIP,
	                                    GS_FN_F32_EXP,   GS_FN_F32_TANH, GS_FN_F32_ERF,  GS_FN_F32_LOG,
	                                    GS_FN_F32_FLOOR, GS_FN_F32_MOD,  GS_FN_F32_POW,  GS_FN_F32_ROUND};
	unsigned swept = 0, cases = gs_share(1500);
	(void)state;
	for (uint64_t seed = 1; seed <= cases; seed++) {
		struct gs_exec_case c;
		bool contraction;
		gs_exec_case_begin(&c, seed);
		draw_box(&c);
		c.in.fn = functions[seed % GS_ARRAY_LEN(functions)];
		for (unsigned k = 0; k < gs_instr_operands(&c.in); k++)
			c.in.operand[k] = any_operand(&c);
		gs_exec_case_finish(&c);
		gs_exec_case_compare(&c, seed, &contraction);
		swept += c.form != NULL && strcmp(c.form, "sweep") == 0;
		gs_exec_case_free(&c);
	}
	assert_forms(swept, cases * 8 / 10, cases); /* the rest: copies that only move */
}

/* ---- moves ---- */

static struct gs_operand bytes_tensor(struct gs_exec_case *c, uint8_t dtype, uint64_t count)
{
	struct gs_operand op = gs_exec_case_tensor(c, (uint8_t)(1 + below(c, 2)), dtype, count);
	uint8_t *base = c->array[op.view.space] + (size_t)op.view.chunk * GS_CHUNK_BYTES;
	if (gs_dtype_class(dtype) != GS_CLASS_F32)
		for (uint64_t i = 0; i < count * gs_dtype_bytes(dtype); i++)
			base[i] = (uint8_t)gs_rng_u64(&c->rng);
	return op;
}

/* A row an axis or none, each of which may leave its range; strides of a tensor in any order of axes. */
static struct gs_operand guarded(struct gs_exec_case *c, uint8_t dtype, bool skip)
{
	const struct gs_instr *in = &c->in;
	uint64_t count = 1, stride[GS_OUT_AXES_MAX] = {0}, extent[GS_OUT_AXES_MAX] = {0};
	int64_t offset[GS_OUT_AXES_MAX] = {0}, coef[GS_OUT_AXES_MAX] = {0};
	for (unsigned i = 0; i < in->out_axes; i++) {
		unsigned a = in->out_axes - 1 - i;
		static const int64_t coefs[] = {1, 1, 1, 1, 2, -1, -3, 0};
		bool inside = below(c, 2);
		coef[a] = coefs[below(c, GS_ARRAY_LEN(coefs))];
		offset[a] = inside ? 0 : (int64_t)below(c, 7) - 3;
		offset[a] += coef[a] < 0 ? -coef[a] * (in->extent[a] - 1) : 0;
		extent[a] = (uint64_t)(coef[a] > 0 ? coef[a] : -coef[a]) * (in->extent[a] - 1) + 1;
		extent[a] += inside ? 0 : below(c, 4);
		extent[a] -= !inside && extent[a] > 2 ? below(c, extent[a] - 1) : 0;
		stride[a] = count;
		count *= extent[a];
	}
	struct gs_operand op = bytes_tensor(c, dtype, count);
	for (unsigned a = 0; a < in->out_axes; a++) {
		struct gs_row *row = gs_exec_case_row(&op, extent[a], stride[a], offset[a]);
		row->at.coef[a] = coef[a];
	}
	if (skip && below(c, 6))
		op.view.pad = GS_PAD_SKIP;
	else if (below(c, 3) == 0) {
		op.view.pad = GS_PAD_VALUE;
		op.view.pad_value = gs_dtype_class(dtype) == GS_CLASS_F32 ? 0x3fc00000 : 1;
	}
	return op;
}

/* Adds to one row an index read from a tensor of its own, mostly within the row's extent. */
static void add_index(struct gs_exec_case *c, struct gs_operand *op)
{
	const struct gs_instr *in = &c->in;
	unsigned r = below(c, op->view.rows);
	uint8_t dtype = below(c, 2) ? GS_I64 : GS_I32;
	struct gs_operand index = {.view = op->view};
	uint64_t count = 1;
	int64_t coef[GS_OUT_AXES_MAX] = {0};
	bool tame = below(c, 2), twice = below(c, 2); /* as a tensor is resized: a table for one axis, all in range */
	for (unsigned a = in->out_axes; a-- > 0;)
		if (tame ? op->view.row[r].at.coef[a] != 0 : below(c, 2)) {
			coef[a] = (int64_t)count;
			count *= in->extent[a];
		}
	uint8_t pad = op->view.pad;
	index = gs_exec_case_tensor(c, GS_SPACE_INPUTS, GS_F32, count * 2 + 16);
	uint8_t *base = c->array[GS_SPACE_INPUTS] + (size_t)index.view.chunk * GS_CHUNK_BYTES;
	for (uint64_t i = 0; i < count; i++) {
		int64_t value = (int64_t)gs_rng_below(&c->rng, op->view.row[r].extent + 1) - (below(c, 9) == 0);
		static const int64_t wild[] = {INT64_MIN, INT64_MAX, -1, INT64_C(1) << 40};
		value = below(c, 50) == 0 ? wild[below(c, 4)] : value;
		if (tame)
			value = (int64_t)((twice ? i / 2 : gs_rng_u64(&c->rng)) % op->view.row[r].extent);
		gs_element_write(base, dtype, i, (uint64_t)value & (dtype == GS_I32 ? UINT32_MAX : UINT64_MAX));
	}
	op->view.pad = pad;
	op->view.row[r].at.offset = 0;
	if (tame)
		memset(op->view.row[r].at.coef, 0, sizeof(op->view.row[r].at.coef));
	op->indirect_row = (uint8_t)(r + 1);
	op->indirect = (struct gs_view){
		.space = GS_SPACE_INPUTS, .dtype = dtype, .chunk = index.view.chunk, .count = count, .rows = 1};
	op->indirect.row[0] = (struct gs_row){.extent = count, .stride = 1};
	memcpy(op->indirect.row[0].at.coef, coef, sizeof(coef));
}

static void moves(void **state)
{
	static const struct {
		uint8_t dtype, copy, first;
	} types[] = {{GS_F32, GS_FN_F32_COPY, GS_FN_F32_FIRST},  {GS_F16, GS_FN_F32_COPY, GS_FN_F32_FIRST},
	             {GS_BF16, GS_FN_F32_COPY, GS_FN_F32_FIRST}, {GS_U8, GS_FN_I32_COPY, GS_FN_I32_FIRST},
	             {GS_I16, GS_FN_I32_COPY, GS_FN_I32_FIRST},  {GS_I32, GS_FN_I32_COPY, GS_FN_I32_FIRST},
	             {GS_I64, GS_FN_I64_COPY, GS_FN_I64_FIRST},  {GS_U32, GS_FN_I64_COPY, GS_FN_I64_FIRST},
	             {GS_BOOL, GS_FN_I32_COPY, GS_FN_I32_FIRST}};
	unsigned moved = 0, cases = gs_share(3000);
	(void)state;
	for (uint64_t seed = 1; seed <= cases; seed++) {
		struct gs_exec_case c;
		bool contraction;
		gs_exec_case_begin(&c, seed);
		draw_box(&c);
		unsigned t = below(&c, GS_ARRAY_LEN(types));
		bool first = below(&c, 2);
		c.in.fn = first ? types[t].first : types[t].copy;
		c.in.store_dtype = types[t].dtype;
		unsigned operands = gs_instr_operands(&c.in);
		for (unsigned k = 0; k < operands; k++) {
			if (first && k + 1 == operands && below(&c, 2))
				c.in.operand[k] = (struct gs_operand){.constant = below(&c, 2)};
			else if (!first && below(&c, 3) == 0 && gs_dtype_class(types[t].dtype) == GS_CLASS_F32)
				c.in.operand[k] = dense(&c, types[t].dtype, true);
			else
				c.in.operand[k] = guarded(&c, types[t].dtype, first);
			if (c.in.operand[k].kind == GS_OPERAND_TENSOR && c.in.operand[k].view.rows && below(&c, 3) == 0)
				add_index(&c, &c.in.operand[k]);
		}
		gs_exec_case_compare(&c, seed, &contraction);
		moved += c.form != NULL && (strcmp(c.form, "move") == 0 || strcmp(c.form, "concat") == 0);
		gs_exec_case_free(&c);
	}
	assert_forms(moved, cases * 7 / 10,
	             cases); /* the rest: more rows that leave their range than are kept, or bytes to be made 0 and 1 */
}

/* Tensors in any order of their axes, one behind the other along an axis of the output, at times with a gap or an overlap. */
static void concatenations(void **state)
{
	static const struct {
		uint8_t dtype, first;
	} types[] = {{GS_F32, GS_FN_F32_FIRST}, {GS_F16, GS_FN_F32_FIRST}, {GS_BF16, GS_FN_F32_FIRST},
	             {GS_U8, GS_FN_I32_FIRST},  {GS_I16, GS_FN_I32_FIRST}, {GS_I32, GS_FN_I32_FIRST},
	             {GS_I64, GS_FN_I64_FIRST}, {GS_U32, GS_FN_I64_FIRST}};
	unsigned known = 0, cases = gs_share(1500);
	(void)state;
	for (uint64_t seed = 1; seed <= cases; seed++) {
		struct gs_exec_case c;
		bool contraction;
		gs_exec_case_begin(&c, 40000 + seed);
		draw_box(&c);
		unsigned t = below(&c, GS_ARRAY_LEN(types)), axes = c.in.out_axes;
		unsigned along = axes ? below(&c, axes) : 0;
		c.in.fn = types[t].first;
		c.in.store_dtype = types[t].dtype;
		int64_t from = 0;
		for (unsigned k = 0; k < 3; k++) {
			if (k == 2 && below(&c, 2)) {
				c.in.operand[k] = (struct gs_operand){.constant = below(&c, 2)};
				continue;
			}
			uint64_t length = axes ? 1 + below(&c, c.in.extent[along]) : 1, count = 1;
			int64_t coef[GS_OUT_AXES_MAX] = {0};
			unsigned turn = axes ? below(&c, 2) * below(&c, axes) : 0;
			for (unsigned i = axes; i-- > 0;) {
				unsigned a = (i + turn) % axes;
				coef[a] = (int64_t)count;
				count *= a == along ? length : c.in.extent[a];
			}
			struct gs_operand op = bytes_tensor(&c, types[t].dtype, count);
			op.view.pad = GS_PAD_SKIP;
			for (unsigned a = 0; a < axes; a++) {
				struct gs_row *row = gs_exec_case_row(&op, a == along ? length : c.in.extent[a],
				                                      (uint64_t)coef[a], a == along ? -from : 0);
				row->at.coef[a] = 1;
			}
			c.in.operand[k] = op;
			from += (int64_t)length + (below(&c, 8) == 0) - (below(&c, 8) == 0);
		}
		gs_exec_case_compare(&c, seed, &contraction);
		known += c.form != NULL && strcmp(c.form, "concat") == 0;
		gs_exec_case_free(&c);
	}
	assert_forms(known, cases / 2, cases); /* the rest: gaps, and single elements */
}

/* ---- folds ---- */

static const uint8_t any_float[] = {GS_F32, GS_F32, GS_F32, GS_F16, GS_BF16};

static void pad_rule(struct gs_exec_case *c, struct gs_operand *x)
{
	if (below(c, 3)) {
		x->view.pad = GS_PAD_SKIP;
	} else if (below(c, 2)) {
		x->view.pad = GS_PAD_VALUE;
		x->view.pad_value = 0x3fc00000;
	}
}

/* Pooling: channels, one or two dimensions of windows, that may leave the tensor on both sides. */
static void window_fold(struct gs_exec_case *c)
{
	struct gs_instr *in = &c->in;
	unsigned dims = 1 + below(c, 2);
	uint64_t extent[2], stride[2], plane = 1;
	int64_t offset[2], step[2], dilation[2];
	in->out_axes = (uint8_t)(1 + dims);
	in->red_axes = (uint8_t)dims;
	in->extent[0] = 1 + below(c, 5);
	for (unsigned d = dims; d-- > 0;) {
		uint32_t out = 1 + below(c, 40), kernel = 1 + below(c, 4);
		step[d] = 1 + below(c, 3);
		dilation[d] = below(c, 4) ? 1 : 2;
		offset[d] = below(c, 2) ? 0 : -(int64_t)below(c, kernel + 1);
		in->extent[1 + d] = out;
		in->extent[1 + dims + d] = kernel;
		int64_t reach = step[d] * (out - 1) + dilation[d] * (kernel - 1) + offset[d] + 1;
		reach -= below(c, 3) ? 0 : below(c, 4);
		extent[d] = reach > 0 ? (uint64_t)reach : 1;
		stride[d] = plane;
		plane *= extent[d];
	}
	struct gs_operand x = gs_exec_case_tensor(c, GS_SPACE_INPUTS, any_float[below(c, 5)], plane * in->extent[0]);
	struct gs_row *row = gs_exec_case_row(&x, plane * in->extent[0], 1, 0);
	row->at.coef[0] = (int64_t)plane;
	for (unsigned d = 0; d < dims; d++) {
		row = gs_exec_case_row(&x, extent[d], stride[d], offset[d]);
		row->at.coef[1 + d] = step[d];
		row->at.coef[1 + dims + d] = dilation[d];
	}
	pad_rule(c, &x);
	in->operand[1] = x;
}

/* Sums over any axes of a box: its axes lie in the tensor in any order. */
static void box_fold(struct gs_exec_case *c)
{
	struct gs_instr *in = &c->in;
	unsigned order[6], axes;
	uint64_t count = 1;
	in->out_axes = (uint8_t)below(c, 4);
	in->red_axes = (uint8_t)(1 + below(c, 2));
	axes = (unsigned)in->out_axes + in->red_axes;
	for (unsigned a = 0; a < axes; a++) {
		order[a] = a;
		in->extent[a] = 1 + below(c, a < in->out_axes ? 17 : in->red_axes == 1 ? 150 : 12);
	}
	for (unsigned a = axes; below(c, 2) && a > 1; a--) {
		unsigned k = below(c, a), swap = order[a - 1];
		order[a - 1] = order[k];
		order[k] = swap;
	}
	int64_t coef[GS_AXES_MAX] = {0};
	for (unsigned i = axes; i-- > 0; count *= in->extent[order[i]])
		coef[order[i]] = (int64_t)count;
	in->operand[1] = gs_exec_case_tensor(c, GS_SPACE_WEIGHTS, any_float[below(c, 5)], count);
	memcpy(gs_exec_case_row(&in->operand[1], count, 1, 0)->at.coef, coef, sizeof(coef));
}

/* As long sums are split: sixteen sums of every sixteenth term, the last of which may lie behind the end. */
static void split_fold(struct gs_exec_case *c)
{
	struct gs_instr *in = &c->in;
	uint32_t n = 65 + below(c, 700), rows = 1 + below(c, 6);
	in->out_axes = 2;
	in->red_axes = 1;
	in->extent[0] = rows;
	in->extent[1] = 16;
	in->extent[2] = (n + 15) / 16;
	struct gs_operand x = gs_exec_case_tensor(c, GS_SPACE_INPUTS, any_float[below(c, 5)], (uint64_t)n * rows);
	gs_exec_case_row(&x, (uint64_t)n * rows, 1, 0)->at.coef[0] = n;
	struct gs_row *row = gs_exec_case_row(&x, n, 1, 0);
	row->at.coef[1] = 1;
	row->at.coef[2] = 16;
	x.view.pad = GS_PAD_SKIP;
	in->operand[1] = x;
}

static void folds(void **state)
{
	static const uint8_t functions[] = {GS_FN_F32_ADD, GS_FN_F32_MAX, GS_FN_F32_MIN, GS_FN_F32_ADD};
	static const uint32_t starts[] = {0, 0x80000000, 0xff800000, 0x7f800000, 0x3f800000, 0x7fc00000};
	unsigned reduced = 0, cases = gs_share(2000);
	(void)state;
	for (uint64_t seed = 1; seed <= cases; seed++) {
		struct gs_exec_case c;
		bool contraction;
		gs_exec_case_begin(&c, seed);
		c.in.fn = functions[below(&c, 4)];
		c.in.operand[0] = (struct gs_operand){.constant = starts[below(&c, below(&c, 3) ? 4 : 6)]};
		switch (seed % 3) {
		case 0: window_fold(&c); break;
		case 1: box_fold(&c); break;
		default: split_fold(&c); break;
		}
		gs_exec_case_finish(&c);
		gs_exec_case_compare(&c, seed, &contraction);
		reduced += c.form != NULL && (strcmp(c.form, "reduce") == 0 || strcmp(c.form, "window") == 0);
		gs_exec_case_free(&c);
	}
	assert_forms(reduced, cases * 8 / 10, cases); /* the rest: stages that would dwarf the tensor */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sweeps),
		cmocka_unit_test(moves),
		cmocka_unit_test(concatenations),
		cmocka_unit_test(folds),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
