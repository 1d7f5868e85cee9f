/* Instructions of constants alone. */
#include "validator/onnx/lower_fold.h"

#include <stdlib.h>
#include <string.h>

#define NEGATIVE_ZERO UINT32_C(0x80000000)

bool gs_lower_all_constant(const struct gs_instr *in)
{
	for (unsigned k = 0, operands = gs_instr_operands(in); k < operands; k++) {
		const struct gs_operand *op = &in->operand[k];
		if (op->kind == GS_OPERAND_TENSOR && (op->view.space != GS_SPACE_WEIGHTS ||
		                                      (op->indirect_row && op->indirect.space != GS_SPACE_WEIGHTS)))
			return false;
	}
	return true;
}

static uint64_t place(const struct gs_lower *lo, struct gs_view *view, uint8_t *to, uint64_t at)
{
	const struct gs_lower_const *c = &lo->constant[view->chunk];
	uint64_t chunks = gs_dtype_chunks((enum gs_dtype)c->dtype, c->count);
	if (to != NULL) {
		memcpy(to + at * GS_CHUNK_BYTES, c->data, c->count * gs_dtype_bytes((enum gs_dtype)c->dtype));
		view->chunk = (uint32_t)at;
	}
	return chunks;
}

/* Copies the constants that the instruction reads side by side (to NULL: only counts their chunks). */
static uint64_t gather_constants(const struct gs_lower *lo, struct gs_instr *in, uint8_t *to)
{
	uint64_t at = 0;
	for (unsigned k = 0, operands = gs_instr_operands(in); k < operands; k++) {
		struct gs_operand *op = &in->operand[k];
		if (op->kind != GS_OPERAND_TENSOR)
			continue;
		at += place(lo, &op->view, to, at);
		if (op->indirect_row)
			at += place(lo, &op->indirect, to, at);
	}
	return at;
}

uint64_t gs_lower_constant_chunks(const struct gs_lower *lo, const struct gs_instr *in)
{
	struct gs_instr *reads = (struct gs_instr *)in; /* places are given only where there is something to copy to */
	return gather_constants(lo, reads, NULL);
}

/* ---- products of zero ---- */

struct seen { /* of the values that an operand may have */
	bool all_zero, all_finite, negative_zero;
};

static void look_at(struct seen *s, gs_reg reg)
{
	uint32_t magnitude = (uint32_t)reg & ~NEGATIVE_ZERO;
	s->all_zero &= magnitude == 0;
	s->all_finite &= magnitude < UINT32_C(0x7f800000);
	s->negative_zero |= reg == NEGATIVE_ZERO;
}

/* Of all elements of the constant, also of those that the instruction does not read. */
static struct seen values_of(const struct gs_lower *lo, const struct gs_operand *op)
{
	struct seen s = {.all_zero = true, .all_finite = true};
	if (op->kind != GS_OPERAND_TENSOR) {
		look_at(&s, op->constant);
		return s;
	}
	const struct gs_lower_const *c = &lo->constant[op->view.chunk];
	look_at(&s, op->view.pad_value);
	if (c->dtype == GS_F32) /* perhaps a whole matrix of weights */
		for (const uint8_t *p = c->data, *end = p + 4 * c->count; p != end; p += 4)
			look_at(&s, p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24);
	else
		for (uint64_t i = 0; i < c->count; i++)
			look_at(&s,
			        gs_load((enum gs_dtype)c->dtype, gs_element_bits(c->data, (enum gs_dtype)c->dtype, i)));
	return s;
}

static uint64_t elements_of(const struct gs_lower *lo, const struct gs_operand *op)
{
	return op->kind == GS_OPERAND_TENSOR ? lo->constant[op->view.chunk].count : 1;
}

/* A chain of fused multiply-adds whose products are all zero ends where it started: s + 0 is s, but for s = -0. The first
 * step of a recurrent layer without a state of its own is one, and as long as all others. */
static bool adds_zeros(const struct gs_lower *lo, const struct gs_instr *in)
{
	const struct gs_operand *op = in->operand;
	if (in->form != GS_FOLD || in->fn != GS_FN_F32_FMA)
		return false;
	unsigned zero = elements_of(lo, &op[1]) <= elements_of(lo, &op[2]) ? 1 : 2;
	return values_of(lo, &op[zero]).all_zero && values_of(lo, &op[3 - zero]).all_finite &&
	       !values_of(lo, &op[0]).negative_zero;
}

/* The same instruction with one product of zeros. */
static void one_zero(struct gs_instr *in)
{
	for (unsigned a = 0; a < in->red_axes; a++)
		in->extent[in->out_axes + a] = 1;
	in->operand[1] = in->operand[2] = gs_operand_const(0);
}

/* ---- computing ---- */

enum gs_err gs_lower_fold_now(struct gs_lower *lo, const struct gs_instr *in, unsigned rank, const uint32_t *dim,
                              struct gs_val *out)
{
	struct gs_instr run = *in;
	uint64_t chunks = gs_dtype_chunks((enum gs_dtype)in->store_dtype, gs_instr_count(in));
	uint8_t *result = gs_arena_alloc(&lo->arena, chunks, GS_CHUNK_BYTES);
	if (adds_zeros(lo, in))
		one_zero(&run);
	uint64_t source_chunks = gather_constants(lo, &run, NULL);
	uint8_t *source = calloc(source_chunks + 1, GS_CHUNK_BYTES);
	enum gs_err err = GS_OK;
	if (result == NULL || source == NULL) {
		err = gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "folded constants do not fit the memory limit");
	} else {
		gather_constants(lo, &run, source);
		gs_interpret_instr(&run, &(struct gs_memory){.trace = result, .weights = source});
		err = gs_lower_constant(lo, (enum gs_dtype)in->store_dtype, rank, dim, result, out);
	}
	free(source);
	return err;
}
