/* tests/generator/extreme.c: random programs pushed to the limits of the law (docs/machine.md, W3).
 *
 * The boxes stay small, so that such a program runs at once, but what addresses are made of does not: offsets of 2^40,
 * coefficients of 2^32, extents and strides of 2^31, rows and axes up to their number. Great numbers are added in pairs
 * that cancel where two axes meet, or on axes of one position, so that many reads stay in range. */
#include "tests/generator/internal.h"

#include <stdlib.h>

static int64_t clamp_coef(int64_t v)
{
	return v > GS_COEF_MAX ? GS_COEF_MAX : v < -GS_COEF_MAX ? -GS_COEF_MAX : v;
}

static void strain_affine(struct generator *g, unsigned axes, const uint32_t *extent, struct gs_affine *at)
{
	unsigned a = axes > 0 ? (unsigned)below(g, axes) : 0, b = axes > 0 ? (unsigned)below(g, axes) : 0;
	int64_t great = GS_COEF_MAX - (int64_t)below(g, 3);
	switch (axes > 0 ? below(g, 6) : 5) {
	case 0: /* cancels where both axes are at the same position */
		at->coef[a] = clamp_coef(at->coef[a] + great);
		at->coef[b] = clamp_coef(at->coef[b] - great);
		break;
	case 1: /* cancels at one position of the axis */
		if (extent[a] > 1) {
			int64_t position = 1 + (int64_t)below(g, extent[a] - 1);
			int64_t coef = GS_OFFSET_MAX / position < GS_COEF_MAX ? GS_OFFSET_MAX / position : GS_COEF_MAX;
			bool negative = one_in(g, 2);
			at->coef[a] = negative ? -coef : coef;
			at->offset = negative ? coef * position : -coef * position;
		}
		break;
	case 2: /* nothing at all on an axis of one position */
		for (unsigned k = 0; k < axes; k++)
			if (extent[k] == 1)
				at->coef[k] = one_in(g, 2) ? great : -great;
		break;
	case 3: /* any magnitude */
		at->coef[a] = (one_in(g, 2) ? 1 : -1) * (INT64_C(1) << below(g, 33));
		at->offset = (one_in(g, 2) ? 1 : -1) * (INT64_C(1) << below(g, 41));
		break;
	case 4: at->coef[a] = one_in(g, 2) ? great : -great; break;
	default:
		at->offset = one_in(g, 2) ? GS_OFFSET_MAX - (int64_t)below(g, 3)
		                          : -GS_OFFSET_MAX + (int64_t)below(g, 3);
	}
}

static void strain_view(struct generator *g, unsigned axes, const uint32_t *extent, struct gs_view *view)
{
	for (unsigned r = 0; r < view->rows; r++) {
		struct gs_row *row = &view->row[r];
		if (one_in(g, 4))
			row->extent = GS_EXTENT_MAX - below(g, 2);
		if (one_in(g, 8))
			row->stride = one_in(g, 2) ? GS_EXTENT_MAX - below(g, 2) : UINT64_C(1) << below(g, 32);
		if (one_in(g, 3))
			strain_affine(g, axes, extent, &row->at);
	}
	while (view->rows > 0 && view->rows < GS_ROWS_MAX &&
	       one_in(g, 2)) { /* a row that guards and adds nothing, or all */
		struct gs_row *row = &view->row[view->rows++];
		*row = (struct gs_row){.extent = one_in(g, 2) ? GS_EXTENT_MAX : 1,
		                       .stride = one_in(g, 2) ? GS_EXTENT_MAX : 0};
		if (one_in(g, 3))
			strain_affine(g, axes, extent, &row->at);
	}
}

/* Axes of one position; behind an empty reduction, axes of 2^18. */
static void add_axes(struct generator *g, struct gs_instr *in)
{
	uint64_t terms = gs_instr_terms(in);
	while (one_in(g, 2) && in->out_axes + in->red_axes < GS_AXES_MAX) {
		if (in->form == GS_FOLD && in->red_axes < GS_RED_AXES_MAX)
			in->extent[in->out_axes + in->red_axes++] = terms == 0 ? GS_FOLD_MAX : 1;
		else if (in->form == GS_MAP && in->out_axes < GS_OUT_AXES_MAX)
			in->extent[in->out_axes++] = 1;
		else
			break;
	}
}

static bool fits(const struct gs_instr *in)
{
	uint8_t bytes[GS_DESCRIPTOR_BYTES_MAX];
	size_t len = 0;
	return gs_instr_encode(in, bytes, &len) == GS_OK && len <= GS_DESCRIPTOR_BYTES_MAX - 16;
}

static void strain_instruction(struct generator *g, struct gs_instr *in)
{
	struct gs_instr before = *in;
	add_axes(g, in);
	for (unsigned i = 0; i < gs_instr_operands(in); i++) {
		struct gs_operand *op = &in->operand[i];
		unsigned axes = in->form == GS_FOLD && i > 0 ? (unsigned)in->out_axes + in->red_axes : in->out_axes;
		if (op->kind == GS_OPERAND_IOTA && one_in(g, 2))
			strain_affine(g, axes, in->extent, &op->iota);
		if (op->kind != GS_OPERAND_TENSOR)
			continue;
		strain_view(g, axes, in->extent, &op->view);
		if (op->indirect_row)
			strain_view(g, axes, in->extent, &op->indirect);
	}
	if (!fits(in))
		*in = before;
}

/* Sealing wants producers by index. */
static void unresolve(const struct gs_program *p, struct gs_view *view)
{
	if (view->space == GS_SPACE_TRACE)
		view->chunk = gs_program_covering(p, view->chunk);
}

enum gs_err gs_generate_extreme(uint64_t seed, const struct gs_generator_options *options, struct gs_program *out,
                                struct gs_error *error)
{
	struct generator g = {.options = *options, .program = out};
	enum gs_err err = gs_generate_program(seed, options, out, error);
	if (err != GS_OK)
		return err;
	if (generator_instructions(&g) != GS_OK) {
		gs_program_free(out);
		return gs_fail(error, GS_ENOMEM, "generator: no memory");
	}
	gs_rng_seed(&g.rng, seed ^ UINT64_C(0x65787472656d65));
	for (uint32_t i = 0; i < out->count; i++) {
		for (unsigned k = 0; k < gs_instr_operands(&g.instr[i]); k++) {
			struct gs_operand *op = &g.instr[i].operand[k];
			if (op->kind != GS_OPERAND_TENSOR)
				continue;
			unresolve(out, &op->view);
			if (op->indirect_row)
				unresolve(out, &op->indirect);
		}
	}
	for (uint32_t i = 0; i < out->count; i++)
		strain_instruction(&g, &g.instr[i]);
	for (uint32_t k = 0; k < out->io.outputs; k++) { /* the box may have got axes */
		const struct gs_instr *in = &g.instr[out->count - out->io.outputs + k];
		out->io.output[k].rank = in->out_axes;
		for (unsigned a = 0; a < in->out_axes; a++)
			out->io.output[k].dim[a] = in->extent[a];
	}
	err = generator_seal(&g, error);
	free(g.instr);
	if (err != GS_OK)
		gs_program_free(out);
	return err;
}
