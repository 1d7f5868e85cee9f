/* challenge/machine/tolerance.c: the comparison at a tolerant program's end. */
#include "challenge/machine/tolerance.h"

#include "challenge/machine/descriptor.h"
#include "challenge/machine/within.h"

#define REFUSE(...) return gs_fail(error, GS_EPARSE, "program: " __VA_ARGS__)

/* ---- making one ---- */

struct comparison {
	struct gs_listing *listing;
	struct gs_error *error;
	uint64_t claimed; /* chunks of the outputs so far */
	gs_reg tolerance;
};

static enum gs_err append(struct comparison *c, const struct gs_instr *in)
{
	enum gs_err err = gs_listing_append(c->listing, in);
	GS_ASSERT(err != GS_EINVAL);
	return err == GS_OK ? err
	                    : gs_fail(c->error, err, "the comparison of a tolerant model: %s instructions",
	                              err == GS_ELIMIT ? "more than 2^20" : "no memory for its");
}

/* All elements of a tensor, along axis 0. */
static struct gs_operand whole(enum gs_space space, unsigned dtype, uint32_t at, uint64_t count)
{
	struct gs_operand op = {.kind = GS_OPERAND_TENSOR};
	op.view = (struct gs_view){
		.space = (uint8_t)space, .dtype = (uint8_t)dtype, .rows = 1, .chunk = at, .count = count};
	op.view.row[0] = (struct gs_row){.extent = count, .stride = 1};
	op.view.row[0].at.coef[0] = count > 1;
	return op;
}

static struct gs_instr map_i32(unsigned fn, uint64_t count)
{
	struct gs_instr in = {.form = GS_MAP, .fn = (uint8_t)fn, .store_dtype = GS_I32, .out_axes = 1};
	in.extent[0] = (uint32_t)count;
	return in;
}

/* One i32 an element: whether what is claimed is within the tolerance of what instruction `from` writes, or is it. */
static enum gs_err compare(struct comparison *c, uint32_t from, uint64_t *count)
{
	static const uint8_t equal[] = {
		[GS_CLASS_F32] = GS_FN_WITHIN, [GS_CLASS_I32] = GS_FN_I32_EQ, [GS_CLASS_I64] = GS_FN_I64_EQ};
	struct gs_instr output = gs_listing_get(c->listing, from);
	enum gs_class cls = gs_dtype_class((enum gs_dtype)output.store_dtype);
	*count = gs_instr_count(&output);
	struct gs_instr in = map_i32(equal[cls], *count);
	in.operand[0] = whole(GS_SPACE_CLAIMED, output.store_dtype, (uint32_t)c->claimed, *count);
	in.operand[1] = whole(GS_SPACE_TRACE, output.store_dtype, from, *count);
	if (cls == GS_CLASS_F32)
		in.operand[2].constant = c->tolerance;
	c->claimed += gs_dtype_chunks((enum gs_dtype)output.store_dtype, *count);
	if (c->claimed > GS_CLAIMED_CHUNKS_MAX)
		return gs_fail(c->error, GS_ELIMIT,
		               "the outputs of a tolerant model take more than %d chunks (512 MiB)",
		               GS_CLAIMED_CHUNKS_MAX);
	return append(c, &in);
}

/* The last instruction's count elements to as many as there are rows of GS_COMPARISON_TERMS_MAX of them: 1 where all are. */
static enum gs_err join_rows(struct comparison *c, uint64_t *count)
{
	uint64_t terms = *count < GS_COMPARISON_TERMS_MAX ? *count : GS_COMPARISON_TERMS_MAX;
	uint64_t rows = (*count + terms - 1) / terms;
	struct gs_instr in = map_i32(GS_FN_I32_AND, rows);
	in.form = GS_FOLD;
	in.acc_dtype = GS_I32;
	in.red_axes = 1;
	in.extent[1] = (uint32_t)terms;
	in.operand[0].constant = 1;
	in.operand[1] = whole(GS_SPACE_TRACE, GS_I32, c->listing->count - 1, *count);
	in.operand[1].view.row[0].at.coef[0] = rows > 1 ? (int64_t)terms : 0;
	in.operand[1].view.row[0].at.coef[1] = 1;
	if (rows * terms != *count)
		in.operand[1].view.pad = GS_PAD_SKIP;
	*count = rows;
	return append(c, &in);
}

enum gs_err gs_tolerance_append(struct gs_listing *listing, uint32_t outputs, uint32_t absolute, uint32_t relative,
                                struct gs_error *error)
{
	struct comparison c = {
		.listing = listing, .error = error, .tolerance = gs_within_tolerance(absolute, relative)};
	uint32_t first = listing->count - outputs, joined = 0;
	GS_ASSERT(outputs >= 1 && outputs <= listing->count);
	for (uint32_t k = 0; k < outputs; k++) {
		uint64_t count;
		enum gs_err err = compare(&c, first + k, &count);
		while (err == GS_OK && count > 1)
			err = join_rows(&c, &count);
		if (err == GS_OK && k > 0) {
			struct gs_instr both = map_i32(GS_FN_I32_AND, 1);
			both.operand[0] = whole(GS_SPACE_TRACE, GS_I32, joined, 1);
			both.operand[1] = whole(GS_SPACE_TRACE, GS_I32, listing->count - 1, 1);
			err = append(&c, &both);
		}
		if (err != GS_OK)
			return err;
		joined = listing->count - 1;
	}
	return GS_OK;
}

/* ---- reading one ---- */

static bool is_tolerance(const struct gs_operand *op, gs_reg tolerance)
{
	return op->kind == GS_OPERAND_CONST && op->constant == tolerance;
}

enum gs_err gs_tolerance_check(const struct gs_program *p, struct gs_error *error)
{
	bool tolerant = gs_header_tolerant(&p->header);
	gs_reg tolerance = gs_within_tolerance(p->header.tolerance_abs, p->header.tolerance_rel);
	for (uint32_t i = 0; i < p->count; i++) {
		if (!gs_descriptor_uses(gs_program_descriptor(p, i).ptr, GS_FN_WITHIN))
			continue;
		struct gs_instr in = gs_program_instr(p, i);
		bool fn = in.fn == GS_FN_WITHIN, epilogue = in.epilogue == GS_FN_WITHIN;
		if (!tolerant && (fn || epilogue))
			REFUSE("instruction %u compares within a tolerance, which this exact model has not", i);
		if ((fn && !is_tolerance(&in.operand[2], tolerance)) ||
		    (epilogue && (in.epilogue_pos == 2 || in.epilogue_const[1] != tolerance)))
			REFUSE("instruction %u compares within another tolerance than the header's", i);
	}
	return GS_OK;
}

static bool reads_claimed(const struct gs_instr *in)
{
	for (unsigned k = 0; k < gs_instr_operands(in); k++) {
		const struct gs_operand *op = &in->operand[k];
		if (op->kind == GS_OPERAND_TENSOR &&
		    (op->view.space == GS_SPACE_CLAIMED ||
		     (op->indirect_row != 0 && op->indirect.space == GS_SPACE_CLAIMED)))
			return true;
	}
	return false;
}

uint32_t gs_program_comparison(const struct gs_program *p)
{
	for (uint32_t i = 0; gs_header_tolerant(&p->header) && i < p->count; i++) {
		struct gs_instr in = gs_program_instr(p, i);
		if (reads_claimed(&in))
			return i;
	}
	return p->count;
}

static bool reads_in_order(const struct gs_operand *op, enum gs_space space)
{
	const struct gs_view *v = &op->view;
	const struct gs_affine *at = &v->row[0].at;
	return op->kind == GS_OPERAND_TENSOR && op->indirect_row == 0 && v->space == space && v->rows == 1 &&
	       v->row[0].stride == 1 && v->row[0].extent == v->count && at->offset == 0 &&
	       at->coef[0] == (v->count > 1);
}

/* Whether the instruction compares output t, element by element, with a tensor of the trace, as compare() makes it. */
static bool compares(const struct gs_instr *in, const struct gs_tensor_type *t)
{
	uint64_t count = gs_tensor_type_count(t);
	const struct gs_view *claimed = &in->operand[0].view, *canonical = &in->operand[1].view;
	if (in->form != GS_MAP || in->out_axes != 1 || in->extent[0] != count || in->epilogue != 0 ||
	    (in->fn != GS_FN_WITHIN && in->fn != GS_FN_I32_EQ && in->fn != GS_FN_I64_EQ))
		return false;
	return reads_in_order(&in->operand[0], GS_SPACE_CLAIMED) && reads_in_order(&in->operand[1], GS_SPACE_TRACE) &&
	       claimed->chunk == t->chunk && claimed->count == count && canonical->count == count &&
	       claimed->dtype == t->dtype && canonical->dtype == t->dtype;
}

enum gs_err gs_program_canonical_output(const struct gs_program *p, uint32_t k, uint32_t *chunk, struct gs_error *error)
{
	GS_ASSERT(k < p->io.outputs);
	const struct gs_tensor_type *t = &p->io.output[k];
	if (!gs_header_tolerant(&p->header)) {
		*chunk = p->header.output_chunk + t->chunk;
		return GS_OK;
	}
	for (uint32_t i = gs_program_comparison(p); i < p->count; i++) {
		struct gs_instr in = gs_program_instr(p, i);
		if (!compares(&in, t))
			continue;
		*chunk = in.operand[1].view.chunk;
		return GS_OK;
	}
	return gs_fail(error, GS_EUNSUPPORTED, "program: it does not compare output '%s' with a tensor of its own",
	               t->name);
}

bool gs_program_accepts(const struct gs_program *p, const uint8_t *trace)
{
	GS_ASSERT(gs_header_tolerant(&p->header));
	return gs_element_bits(trace + (size_t)p->header.output_chunk * GS_CHUNK_BYTES, GS_I32, 0) == 1;
}
