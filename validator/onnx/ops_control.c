/* Control flow, made static: branches and loops whose conditions and counts are known are lowered in place. */
#include "validator/onnx/ops_common.h"

#include <stdlib.h>
#include <string.h>

static const struct gs_onnx_graph *graph_of(const struct gs_onnx_node *node, const char *name)
{
	const struct gs_onnx_attr *a = gs_onnx_attr_find(node, name);
	return a == NULL ? NULL : a->graph;
}

/* A condition or a count as a scalar. */
static enum gs_err one_element(struct gs_lower *lo, const struct gs_val *v, enum gs_dtype dtype, const char *what,
                               struct gs_val *out)
{
	GS_TRY(gs_ops_present(lo, v));
	if (gs_val_count(v) != 1 || v->dtype != dtype)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "%s is not one %s", what, gs_dtype_name(dtype));
	return gs_lower_reshape(lo, v, 0, (uint32_t[1]){0}, out);
}

/* ---- If ---- */

/* Both branches, and for every output a choice between the two. */
static enum gs_err choose(struct gs_lower *lo, const struct gs_val *condition, const struct gs_val *a,
                          const struct gs_val *b, struct gs_val *out)
{
	if (a->kind == GS_VAL_NONE || b->kind == GS_VAL_NONE || a->dtype != b->dtype || a->rank != b->rank ||
	    memcmp(a->dim, b->dim, a->rank * sizeof(a->dim[0])) != 0)
		return gs_lower_not_static(lo, condition,
		                           "the branches give different shapes or types, and which is taken");
	unsigned fn = gs_fn_for(GS_FN_F32_SELECT, gs_val_class(a));
	struct gs_val then = *a, otherwise = *b;
	return gs_op3(lo, fn, then.dtype, GS_V(condition), GS_V(&then), GS_V(&otherwise), out);
}

static enum gs_err op_if(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                         struct gs_val *out)
{
	const struct gs_onnx_graph *branch[2] = {graph_of(node, "else_branch"), graph_of(node, "then_branch")};
	static const char *const word[2] = {"else_branch", "then_branch"};
	struct gs_val condition, *result = NULL;
	gs_reg taken;
	if (branch[0] == NULL || branch[1] == NULL || branch[0]->outputs < node->outputs ||
	    branch[1]->outputs < node->outputs)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a branch is missing, or has too few outputs");
	GS_TRY(one_element(lo, &in[0], GS_BOOL, "the condition", &condition));
	result = calloc((size_t)branch[0]->outputs + branch[1]->outputs + 1, sizeof(*result));
	if (result == NULL)
		return gs_lower_refuse(lo, GS_ONNX_NO_MEMORY, "no memory for the branches' outputs");
	enum gs_err err = GS_OK;
	if (gs_lower_uniform(lo, &condition, &taken)) {
		err = gs_lower_inner(lo, branch[taken != 0], word[taken != 0], NULL, 0, result);
		for (uint32_t i = 0; err == GS_OK && i < node->outputs; i++)
			out[i] = result[i];
		goto out;
	}
	struct gs_val *other = result + branch[1]->outputs;
	for (int b = 1; b >= 0 && err == GS_OK; b--) {
		err = gs_lower_inner(lo, branch[b], word[b], NULL, 0, b == 1 ? result : other);
		if (err != GS_OK && err != GS_ELIMIT && err != GS_ENOMEM) { /* it may be right only when it is taken */
			char what[GS_ERROR_TEXT_MAX];
			memcpy(what, lo->error->text, sizeof(what));
			what[200] = 0;
			err = gs_lower_not_static(lo, &condition,
			                          "a branch cannot be lowered, and whether it is taken");
			err = gs_fail(lo->error, err, "%s (%s)", lo->error->text, what);
		}
	}
	for (uint32_t i = 0; err == GS_OK && i < node->outputs; i++)
		err = choose(lo, &condition, &result[i], &other[i], &out[i]);
out:
	free(result);
	return err;
}

const struct gs_lower_op gs_ops_control[] = {
	{"If", op_if},
	{NULL, NULL},
};
