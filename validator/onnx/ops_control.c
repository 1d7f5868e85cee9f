/* Control flow, made static: branches and loops whose conditions and counts are known are lowered in place. */
#include "validator/onnx/ops_control.h"

#include <stdlib.h>
#include <string.h>

const struct gs_onnx_graph *gs_control_graph(const struct gs_onnx_node *node, const char *name)
{
	const struct gs_onnx_attr *a = gs_onnx_attr_find(node, name);
	return a == NULL ? NULL : a->graph;
}

/* A condition or a count as a scalar. */
enum gs_err gs_control_element(struct gs_lower *lo, const struct gs_val *v, enum gs_dtype dtype, const char *what,
                               struct gs_val *out)
{
	GS_TRY(gs_ops_present(lo, v));
	if (gs_val_count(v) != 1 || v->dtype != dtype)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "%s is not one %s", what, gs_dtype_name(dtype));
	return gs_lower_reshape(lo, v, 0, (uint32_t[1]){0}, out);
}

/* What is run depends on an input: refused, with the inputs to bind. */
static enum gs_err unknown(struct gs_lower *lo, const struct gs_val *v, const char *what)
{
	enum gs_err err = gs_lower_not_static(lo, v, what);
	lo->report.reason = GS_ONNX_CONTROL_FLOW;
	return err;
}

/* ---- If ---- */

/* Both branches, and for every output a choice between the two. */
static enum gs_err choose(struct gs_lower *lo, const struct gs_val *condition, const struct gs_val *a,
                          const struct gs_val *b, struct gs_val *out)
{
	if (a->kind == GS_VAL_NONE || b->kind == GS_VAL_NONE || a->dtype != b->dtype || a->rank != b->rank ||
	    memcmp(a->dim, b->dim, a->rank * sizeof(a->dim[0])) != 0)
		return unknown(lo, condition, "the branches give different shapes or types, and which is taken");
	unsigned fn = gs_fn_for(GS_FN_F32_SELECT, gs_val_class(a));
	struct gs_val then = *a, otherwise = *b;
	return gs_op3(lo, fn, then.dtype, GS_V(condition), GS_V(&then), GS_V(&otherwise), out);
}

static enum gs_err op_if(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                         struct gs_val *out)
{
	const struct gs_onnx_graph *branch[2] = {gs_control_graph(node, "else_branch"),
	                                         gs_control_graph(node, "then_branch")};
	static const char *const word[2] = {"else_branch", "then_branch"};
	struct gs_val condition, *result = NULL;
	gs_reg taken;
	if (branch[0] == NULL || branch[1] == NULL || branch[0]->outputs < node->outputs ||
	    branch[1]->outputs < node->outputs)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a branch is missing, or has too few outputs");
	GS_TRY(gs_control_element(lo, &in[0], GS_BOOL, "the condition", &condition));
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
			err = unknown(lo, &condition, "a branch cannot be lowered, and whether it is taken");
			err = gs_fail(lo->error, err, "%s (%s)", lo->error->text, what);
		}
	}
	for (uint32_t i = 0; err == GS_OK && i < node->outputs; i++)
		err = choose(lo, &condition, &result[i], &other[i], &out[i]);
out:
	free(result);
	return err;
}

/* ---- Loop ---- */

struct loop {
	const struct gs_onnx_graph *body;
	uint32_t carried, scanned;
	uint64_t limit; /* trips; UINT64_MAX without one */
	bool go;        /* the condition before the next trip */
	uint64_t trip, cap;
	struct gs_val *arg;    /* number, condition, carried values */
	struct gs_val *result; /* condition, carried values, scan outputs */
	struct gs_val *scan;   /* scan[trip * scanned + output] */
};

static enum gs_err read_condition(struct gs_lower *lo, const struct gs_val *v, bool *go)
{
	struct gs_val condition;
	gs_reg reg;
	GS_TRY(gs_control_element(lo, v, GS_BOOL, "the condition", &condition));
	if (!gs_lower_uniform(lo, &condition, &reg))
		return unknown(lo, &condition, "how often the loop runs (its condition)");
	*go = reg != 0;
	return GS_OK;
}

/* The trip count and the first condition. Without both a loop would not end. */
static enum gs_err loop_begin(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                              struct loop *l)
{
	l->body = gs_control_graph(node, "body");
	l->carried = node->inputs > 2 ? node->inputs - 2 : 0;
	if (l->body == NULL || l->body->inputs != l->carried + 2 || l->body->outputs < l->carried + 1 ||
	    node->outputs > l->body->outputs - 1)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED,
		                       "the body is missing, or has the wrong number of inputs or outputs");
	l->scanned = l->body->outputs - 1 - l->carried;
	l->limit = UINT64_MAX;
	l->go = true;
	if (in[0].kind != GS_VAL_NONE) {
		struct gs_val count;
		gs_reg reg;
		GS_TRY(gs_control_element(lo, &in[0], GS_I64, "the trip count", &count));
		if (!gs_lower_uniform(lo, &count, &reg))
			return unknown(lo, &count, "how often the loop runs");
		l->limit = (int64_t)reg < 0 ? 0 : reg;
	}
	return in[1].kind == GS_VAL_NONE ? GS_OK : read_condition(lo, &in[1], &l->go);
}

static enum gs_err loop_trip(struct gs_lower *lo, struct loop *l)
{
	int64_t number = (int64_t)l->trip;
	GS_TRY(gs_lower_visit(lo, l->scanned));
	if (l->trip == l->cap) {
		uint64_t cap = l->cap == 0 ? 16 : l->cap * 2;
		struct gs_val *grown = realloc(l->scan, (cap * l->scanned + 1) * sizeof(*grown));
		if (grown == NULL)
			return gs_lower_refuse(lo, GS_ONNX_NO_MEMORY, "no memory for the loop's outputs");
		l->scan = grown;
		l->cap = cap;
	}
	GS_TRY(gs_lower_constant_ints(lo, &number, 1, &l->arg[0]));
	l->arg[0].rank = 0;
	GS_TRY(gs_lower_inner(lo, l->body, "body", l->arg, l->carried + 2, l->result));
	for (uint32_t i = 0; i < l->carried; i++) {
		const struct gs_val *new = &l->result[1 + i];
		if (new->dtype != l->arg[2 + i].dtype || new->kind == GS_VAL_NONE)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "loop-carried value %u changes its type", i);
		l->arg[2 + i] = *new;
	}
	memcpy(l->scan + l->trip * l->scanned, l->result + 1 + l->carried, l->scanned * sizeof(*l->scan));
	l->arg[1] = l->result[0];
	l->trip++;
	return l->trip < l->limit ? read_condition(lo, &l->result[0], &l->go) : GS_OK;
}

static enum gs_err loop_outputs(struct gs_lower *lo, const struct gs_onnx_node *node, const struct loop *l,
                                struct gs_val *out)
{
	for (uint32_t i = 0; i < l->carried && i < node->outputs; i++)
		out[i] = l->arg[2 + i];
	struct gs_val *part = calloc(l->trip + 1, sizeof(*part));
	if (part == NULL)
		return gs_lower_refuse(lo, GS_ONNX_NO_MEMORY, "no memory for the loop's outputs");
	enum gs_err err = GS_OK;
	for (uint32_t k = 0; err == GS_OK && k < l->scanned && l->carried + k < node->outputs; k++) {
		if (node->output[l->carried + k].len == 0)
			continue;
		for (uint64_t t = 0; t < l->trip; t++)
			part[t] = l->scan[t * l->scanned + k];
		err = l->trip == 0
		              ? gs_control_stack_none(lo, &l->body->output[1 + l->carried + k], 0, &out[l->carried + k])
		              : gs_control_stack(lo, part, l->trip, 0, false, &out[l->carried + k]);
	}
	free(part);
	return err;
}

static enum gs_err op_loop(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                           struct gs_val *out)
{
	struct loop l = {0};
	enum gs_err err;
	GS_TRY(loop_begin(lo, node, in, &l));
	if (l.limit > GS_LOWER_VISITS_MAX && l.limit != UINT64_MAX && in[1].kind == GS_VAL_NONE)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "%llu trips; the limit is %d", (unsigned long long)l.limit,
		                       GS_LOWER_VISITS_MAX);
	l.arg = calloc(l.carried + 2U, sizeof(*l.arg));
	l.result = calloc(l.body->outputs + 1U, sizeof(*l.result));
	if (l.arg == NULL || l.result == NULL) {
		err = gs_lower_refuse(lo, GS_ONNX_NO_MEMORY, "no memory for the loop's values");
		goto out;
	}
	static const uint8_t yes = 1;
	if ((err = gs_lower_constant(lo, GS_BOOL, 0, NULL, &yes, &l.arg[1])) != GS_OK)
		goto out;
	if (in[1].kind != GS_VAL_NONE)
		l.arg[1] = in[1];
	for (uint32_t i = 0; i < l.carried && err == GS_OK; i++) {
		l.arg[2 + i] = in[2 + i];
		err = gs_ops_present(lo, &in[2 + i]);
	}
	while (err == GS_OK && l.go && l.trip < l.limit)
		err = loop_trip(lo, &l);
	if (err == GS_OK)
		err = loop_outputs(lo, node, &l, out);
out:
	free(l.arg);
	free(l.result);
	free(l.scan);
	return err;
}

const struct gs_lower_op gs_ops_control[] = {
	{"If", op_if},
	{"Loop", op_loop},
	{NULL, NULL},
};
