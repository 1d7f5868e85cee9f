/* tests/generator/fixture.c: the program that whole disputes are measured about. */
#include "tests/generator/internal.h"

#include <stdlib.h>
#include <string.h>

/* The view of a whole tensor that producer `from` writes. */
static struct gs_view whole(uint32_t from, uint64_t count)
{
	return (struct gs_view){.space = GS_SPACE_TRACE, .dtype = GS_F32, .chunk = from, .count = count};
}

/* One more row: coordinate = sum of coef[a] * axis a over the first two axes, below the extent. */
static void add_row(struct gs_view *view, uint64_t extent, int64_t coef0, int64_t coef1)
{
	struct gs_row *row = &view->row[view->rows++];
	*row = (struct gs_row){.extent = extent, .stride = 1, .at = {.coef = {coef0, coef1}}};
}

/* out[i] = fn(x[i]) of what `from` writes. */
static struct gs_instr unary(unsigned fn, uint32_t from, uint32_t count)
{
	struct gs_instr in = {
		.form = GS_MAP, .fn = (uint8_t)fn, .store_dtype = GS_F32, .out_axes = 1, .extent = {count}};
	in.operand[0].kind = GS_OPERAND_TENSOR;
	in.operand[0].view = whole(from, count);
	add_row(&in.operand[0].view, count, 1, 0);
	return in;
}

static void instructions(struct gs_instr *instr, uint32_t terms)
{
	uint32_t count = GS_FIXTURE_OUTPUTS * terms;
	/* Values that differ: the sine of 0, 7919, 2 * 7919, ... */
	instr[0] = (struct gs_instr){
		.form = GS_MAP, .fn = GS_FN_I32_TO_F32, .store_dtype = GS_F32, .out_axes = 1, .extent = {count}};
	instr[0].operand[0].kind = GS_OPERAND_IOTA;
	instr[0].operand[0].iota.coef[0] = 7919;
	instr[1] = unary(GS_FN_F32_SIN, 0, count);
	/* out[o] = sum over j of x[j] * x[o * terms + j] */
	struct gs_instr *fold = &instr[GS_FIXTURE_FOLD];
	*fold = (struct gs_instr){.form = GS_FOLD,
	                          .fn = GS_FN_F32_FMA,
	                          .store_dtype = GS_F32,
	                          .acc_dtype = GS_F32,
	                          .out_axes = 1,
	                          .red_axes = 1,
	                          .extent = {GS_FIXTURE_OUTPUTS, terms}};
	for (unsigned k = 1; k <= 2; k++) {
		fold->operand[k].kind = GS_OPERAND_TENSOR;
		fold->operand[k].view = whole(1, count);
		add_row(&fold->operand[k].view, count, k == 1 ? 0 : terms, 1);
	}
	for (uint32_t i = GS_FIXTURE_FOLD + 1; i < GS_FIXTURE_INSTRUCTIONS; i++)
		instr[i] = unary(GS_FN_F32_ABS, i - 1, GS_FIXTURE_OUTPUTS);
}

enum gs_err gs_generate_fixture(unsigned depth, uint32_t terms, struct gs_program *out, struct gs_error *error)
{
	struct generator g = {.program = out, .options = {.trace_depth_max = depth, .deep = true}};
	memset(out, 0, sizeof(*out));
	if (terms < 1 || terms > GS_FOLD_MAX || depth > GS_TRACE_DEPTH_MAX)
		return gs_fail(error, GS_EINVAL, "generator: folds of %u terms in a trace of 2^%u chunks", terms,
		               depth);
	gs_rng_seed(&g.rng, depth);
	out->count = GS_FIXTURE_INSTRUCTIONS;
	out->header.outputs = 1;
	enum gs_err err = generator_instructions(&g);
	if (err != GS_OK) {
		err = gs_fail(error, err, "generator: no memory");
		goto out;
	}
	instructions(g.instr, terms);
	err = generator_outputs(&g);
	if (err == GS_OK)
		err = generator_seal(&g, error);
	if (err == GS_OK && out->header.trace_depth > depth)
		err = gs_fail(error, GS_EINVAL, "generator: folds of %u terms do not fit a trace of 2^%u chunks", terms,
		              depth);
	if (err == GS_OK)
		err = generator_stretch(&g, error);
out:
	free(g.instr);
	if (err != GS_OK)
		gs_program_free(out);
	return err;
}
