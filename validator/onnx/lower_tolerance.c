/* validator/onnx/lower_tolerance.c: what depends on f32 arithmetic must reach the outputs by continuous functions alone.
 *
 * Runtimes differ in the last bits of a sum. A continuous function of such a number differs little, and a tolerance covers it;
 * a comparison, an index or a rounding to integers turns one bit into another answer. So every instruction that an output
 * needs is looked at: a value is `rounded` when f32 arithmetic made it, or made what it was made of, and none that is may
 * be an operand of a discrete function, an index, or the condition of a select. */
#include "validator/onnx/lower_tolerance.h"

#include <stdio.h>
#include <string.h>

#define NAME(bytes) (int)((bytes).len > 60 ? 60 : (bytes).len), (bytes).len == 0 ? "" : (const char *)(bytes).ptr

/* What a function does to numbers that a runtime may have rounded otherwise. */
enum kind {
	MOVES,    /* takes one of its operands as it is, or with another sign */
	ROUNDS,   /* arithmetic: the result is rounded, whatever the operands were */
	DISCRETE, /* jumps */
	EXACT,    /* of integers: the result is exact where the operands are */
};

static enum kind kind_of(unsigned fn)
{
	switch (fn) {
	case GS_FN_F32_COPY:
	case GS_FN_F32_MIN:
	case GS_FN_F32_MAX:
	case GS_FN_F32_NEG:
	case GS_FN_F32_ABS:
	case GS_FN_F32_CLIP:
	case GS_FN_F32_SELECT:
	case GS_FN_F32_FIRST: return MOVES;
	case GS_FN_F32_EQ:
	case GS_FN_F32_LT:
	case GS_FN_F32_LE:
	case GS_FN_F32_FLOOR:
	case GS_FN_F32_CEIL:
	case GS_FN_F32_TRUNC:
	case GS_FN_F32_ROUND:
	case GS_FN_F32_MOD:
	case GS_FN_F32_TO_I32:
	case GS_FN_F32_TO_I64:
	case GS_FN_F32_TO_U64:
	case GS_FN_F32_TO_BITS: return DISCRETE;
	/* One rounding of an exact integer, which every runtime does alike. */
	case GS_FN_I32_TO_F32:
	case GS_FN_I64_TO_F32:
	case GS_FN_U64_TO_F32:
	case GS_FN_F32_FROM_BITS: return EXACT;
	default: return gs_fn_info(fn)->result == GS_CLASS_F32 ? ROUNDS : EXACT;
	}
}

/* Operators whose own comparisons choose between branches that meet where they change: the whole is continuous (or jumps
 * only where the division that the comparison guards does). */
static bool joins_its_branches(const struct gs_onnx_node *node)
{
	static const char *const name[] = {"Elu", "Celu", "Selu", "PRelu", "LeakyRelu", "LpNormalization", "Attention"};
	if (node == NULL || !gs_onnx_domain_is(node->domain, (struct gs_bytes){0}))
		return false;
	for (unsigned i = 0; i < GS_ARRAY_LEN(name); i++)
		if (gs_onnx_text_is(node->op, name[i]))
			return true;
	return false;
}

struct walk {
	struct gs_lower *lo;
	uint8_t *live;
	uint8_t *rounded; /* by instruction: what it writes depends on arithmetic */
};

static enum gs_err refuse(struct walk *w, const struct gs_onnx_node *node, const char *what)
{
	if (node == NULL)
		return gs_lower_refuse(w->lo, GS_ONNX_FORM, "a model with a tolerance: %s; such models are exact",
		                       what);
	return gs_lower_refuse(
		w->lo, GS_ONNX_FORM,
		"a model with a tolerance: node '%.*s' (%.*s): %s, and one last bit can change the answer; "
		"such models are exact (leave the tolerance out)",
		NAME(node->name), NAME(node->op), what);
}

static bool view_rounded(const struct walk *w, const struct gs_view *view)
{
	return view->space == GS_SPACE_TRACE && w->rounded[view->chunk];
}

static enum gs_err check_function(struct walk *w, const struct gs_onnx_node *node, unsigned fn)
{
	char what[160];
	if (kind_of(fn) != DISCRETE || joins_its_branches(node))
		return GS_OK;
	snprintf(what, sizeof(what), "it takes %s of a number that depends on floating-point arithmetic",
	         gs_fn_info(fn)->name);
	return refuse(w, node, what);
}

/* Whether storing to 16 bits rounds: what it is made of is no 16-bit number of that type already. */
static bool narrows(const struct gs_instr *in)
{
	if (in->store_dtype != GS_F16 && in->store_dtype != GS_BF16)
		return false;
	for (unsigned k = 0; k < gs_instr_operands(in); k++)
		if (in->operand[k].kind == GS_OPERAND_TENSOR && gs_instr_operand_class(in, k) == GS_CLASS_F32 &&
		    in->operand[k].view.dtype != in->store_dtype)
			return true;
	return false;
}

static enum gs_err look_at(struct walk *w, uint32_t i)
{
	struct gs_instr in = gs_listing_get(&w->lo->listing, i);
	const struct gs_lower_maker *maker = &w->lo->instr_maker[i];
	bool rounded = false;
	enum gs_err err = GS_OK;
	for (unsigned k = 0; k < gs_instr_operands(&in); k++) {
		const struct gs_operand *op = &in.operand[k];
		if (op->kind != GS_OPERAND_TENSOR)
			continue;
		if (op->indirect_row != 0 && view_rounded(w, &op->indirect))
			return refuse(w, maker->node, "it reads where a computed number says");
		rounded |= view_rounded(w, &op->view);
	}
	if (rounded && (err = check_function(w, maker->node, in.fn)) != GS_OK)
		return err;
	rounded |= kind_of(in.fn) == ROUNDS;
	if (in.epilogue != 0) {
		if (rounded && (err = check_function(w, maker->epilogue, in.epilogue)) != GS_OK)
			return err;
		rounded |= kind_of(in.epilogue) == ROUNDS;
	}
	w->rounded[i] = rounded || narrows(&in);
	return GS_OK;
}

static void mark_live(struct walk *w, uint32_t i)
{
	struct gs_instr in = gs_listing_get(&w->lo->listing, i);
	for (unsigned k = 0; k < gs_instr_operands(&in); k++) {
		const struct gs_operand *op = &in.operand[k];
		if (op->kind != GS_OPERAND_TENSOR)
			continue;
		if (op->view.space == GS_SPACE_TRACE)
			w->live[op->view.chunk] = 1;
		if (op->indirect_row != 0 && op->indirect.space == GS_SPACE_TRACE)
			w->live[op->indirect.chunk] = 1;
	}
}

enum gs_err gs_lower_tolerable(struct gs_lower *lo, const uint32_t *output, uint32_t outputs)
{
	uint32_t count = lo->listing.count;
	struct walk w = {.lo = lo};
	enum gs_err err = GS_OK;
	w.live = gs_arena_alloc(&lo->arena, count, 1);
	w.rounded = gs_arena_alloc(&lo->arena, count, 1);
	if (w.live == NULL || w.rounded == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "the program does not fit the memory limit");
	for (uint32_t o = 0; o < outputs; o++)
		w.live[output[o]] = 1;
	for (uint32_t i = count; i-- > 0;)
		if (w.live[i])
			mark_live(&w, i);
	for (uint32_t i = 0; err == GS_OK && i < count; i++)
		if (w.live[i])
			err = look_at(&w, i);
	return err;
}

enum gs_err gs_lower_tolerance_options(struct gs_lower *lo)
{
	const struct gs_onnx_options *o = lo->options;
	if (o->tolerance_abs <= GS_TOLERANCE_ABS_MAX && o->tolerance_rel <= GS_TOLERANCE_REL_MAX)
		return GS_OK;
	lo->report.reason = GS_ONNX_FORM;
	return gs_fail(lo->error, GS_EINVAL,
	               "tolerances of bits %08x (absolute) and %08x (relative): at most 2^20 and 1, and not below 0",
	               o->tolerance_abs, o->tolerance_rel);
}
