/* Support vector machines. Formulas: docs/operators.md. */
#include "validator/onnx/ops_ml.h"

#include <math.h>
#include <string.h>

enum kernel { LINEAR, POLY, RBF, SIGMOID };
enum { DEGREE_MAX = 64, COUPLING_ROUNDS = 100 };

struct svm {
	enum kernel kernel;
	gs_reg gamma, coef0;
	unsigned degree;
	uint32_t vectors;
	struct gs_ml_floats weight, support, rho;
};

static enum gs_err read_svm(struct gs_lower *lo, const struct gs_onnx_node *node, struct svm *s)
{
	static const char *const name[] = {"LINEAR", "POLY", "RBF", "SIGMOID"};
	const struct gs_onnx_attr *a = gs_onnx_attr_find(node, "kernel_type");
	struct gs_ml_floats param;
	unsigned k = 0;
	while (a != NULL && k < GS_ARRAY_LEN(name) && !gs_lower_attr_is(node, "kernel_type", name[k]))
		k++;
	if (k == GS_ARRAY_LEN(name))
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "kernel_type is none of LINEAR, POLY, RBF, SIGMOID");
	s->kernel = (enum kernel)k;
	GS_TRY(gs_ml_floats(lo, node, "coefficients", &s->weight));
	GS_TRY(gs_ml_floats(lo, node, "support_vectors", &s->support));
	GS_TRY(gs_ml_floats(lo, node, "rho", &s->rho));
	GS_TRY(gs_ml_floats(lo, node, "kernel_params", &param));
	if (s->rho.count == 0 || s->weight.count == 0)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "no rho, or no coefficients");
	if (param.count == 0)
		return GS_OK;
	GS_TRY(gs_ml_length(lo, "kernel_params", param.count, 3));
	s->gamma = gs_load(GS_F32, param.v[0]);
	s->coef0 = gs_load(GS_F32, param.v[1]);
	float degree = gs_f32_from_bits(param.v[2]);
	if (s->kernel == POLY && !(degree >= 0 && degree <= DEGREE_MAX && truncf(degree) == degree))
		return gs_lower_refuse(lo, GS_ONNX_FORM,
		                       "a polynomial kernel of degree %g; whole degrees to %d are supported",
		                       (double)degree, DEGREE_MAX);
	s->degree = s->kernel == POLY ? (unsigned)degree : 0;
	return GS_OK;
}

/* The kernel of every row with every support vector: [n, vectors]. */
static enum gs_err kernels(struct gs_lower *lo, const struct svm *s, const struct gs_val *x, struct gs_val *out)
{
	struct gs_val v, t = *x, d;
	uint32_t f = x->dim[1];
	GS_TRY(gs_ml_length(lo, "support_vectors", s->support.count, (uint64_t)s->vectors * f));
	GS_TRY(gs_ml_constant(lo, s->support.v, 2, (uint32_t[]){s->vectors, f}, &v));
	if (s->kernel == RBF) {
		GS_TRY(gs_lower_reshape(lo, x, 3, (uint32_t[]){x->dim[0], 1, f}, &t));
		GS_TRY(gs_op2(lo, GS_FN_F32_SUB, GS_F32, GS_V(&t), GS_V(&v), &d));
		GS_TRY(gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(&d), GS_V(&d), &d));
		GS_TRY(gs_lower_sum(lo, (struct gs_step){.fn = GS_FN_F32_ADD, .dtype = GS_F32}, &d, 4, &d));
		GS_TRY(gs_lower_reshape(lo, &d, 2, (uint32_t[]){x->dim[0], s->vectors}, &d));
		struct gs_step e = {.fn = GS_FN_F32_MUL, .dtype = GS_F32, .epilogue = GS_FN_F32_EXP};
		return gs_lower_map(lo, e, 2,
		                    (struct gs_arg[]){GS_V(&d), GS_R(gs_fn_apply(GS_FN_F32_NEG, s->gamma, 0, 0))}, out);
	}
	gs_val_transpose(&v, (unsigned[]){1, 0}, &v);
	GS_TRY(gs_ops_matmul(lo, x, &v, NULL, GS_F32, &d));
	if (s->kernel == LINEAR) {
		*out = d;
		return GS_OK;
	}
	struct gs_step fma = {
		.fn = GS_FN_F32_FMA, .dtype = GS_F32, .epilogue = s->kernel == SIGMOID ? GS_FN_F32_TANH : 0};
	GS_TRY(gs_lower_map(lo, fma, 3, (struct gs_arg[]){GS_R(s->coef0), GS_R(s->gamma), GS_V(&d)}, out));
	if (s->kernel == SIGMOID)
		return GS_OK;
	t = *out;
	if (s->degree == 0)
		return gs_op3(lo, GS_FN_F32_SELECT, GS_F32, GS_R(1), GS_R(GS_ONE), GS_V(&t), out);
	for (unsigned i = 1; i < s->degree; i++)
		GS_TRY(gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(out), GS_V(&t), out));
	return GS_OK;
}

/* rho + weight . x, FOLD fma from rho. */
static enum gs_err decision(struct gs_lower *lo, const struct svm *s, const struct gs_val *x, uint32_t k,
                            struct gs_val *out)
{
	struct gs_val w, start;
	GS_TRY(gs_ml_length(lo, "coefficients", s->weight.count, (uint64_t)k * x->dim[1]));
	GS_TRY(gs_ml_constant(lo, s->weight.v, 2, (uint32_t[]){k, x->dim[1]}, &w));
	gs_val_transpose(&w, (unsigned[]){1, 0}, &w);
	GS_TRY(gs_ml_constant(lo, s->rho.v, 0, NULL, &start));
	GS_TRY(gs_lower_expand(lo, &start, 2, (uint32_t[]){x->dim[0], k}, &start));
	return gs_ops_matmul(lo, x, &w, &start, GS_F32, out);
}

static enum gs_err op_regressor(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                struct gs_val *out)
{
	struct svm s = {0};
	enum gs_ml_post post;
	struct gs_val x = {0}, y = {0}, up;
	int64_t supports = gs_lower_attr_int(node, "n_supports", 0);
	GS_TRY(gs_ml_post(lo, node, &post));
	GS_TRY(read_svm(lo, node, &s));
	GS_TRY(gs_ml_rows(lo, &in[0], &x));
	if (supports < 0 || supports > GS_ML_LIST_MAX)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "n_supports is %lld", (long long)supports);
	s.vectors = (uint32_t)supports;
	if (supports > 0)
		GS_TRY(kernels(lo, &s, &x, &x));
	GS_TRY(decision(lo, &s, &x, 1, &y));
	if (gs_lower_attr_int(node, "one_class", 0) != 0) {
		GS_TRY(gs_op2(lo, GS_FN_F32_LT, GS_BOOL, GS_R(0), GS_V(&y), &up));
		GS_TRY(gs_op3(lo, GS_FN_F32_SELECT, GS_F32, GS_V(&up), GS_R(GS_ONE), GS_R(UINT32_C(0xbf800000)), &y));
	}
	return gs_ml_transform(lo, post, &y, out);
}

/* ---- classes: every pair of them has its decision ---- */

struct pairs {
	uint32_t classes, count;
	const int64_t *size; /* support vectors of each class */
};

/* decision[row, pair] = FOLD fma from rho[pair] over the vectors of class i and then of class j. */
static enum gs_err decisions(struct gs_lower *lo, const struct svm *s, const struct pairs *p, const struct gs_val *k,
                             struct gs_val *out)
{
	uint32_t most = 1, at = 0;
	uint32_t *begin = gs_arena_alloc(&lo->arena, p->classes + 1U, sizeof(*begin));
	for (uint32_t i = 0; begin != NULL && i < p->classes; i++) {
		begin[i + 1] = begin[i] + (uint32_t)p->size[i];
		for (uint32_t j = 0; j < i; j++)
			if (p->size[i] + p->size[j] > most)
				most = (uint32_t)(p->size[i] + p->size[j]);
	}
	uint64_t entries = (uint64_t)p->count * most;
	int32_t *index = entries > GS_ML_LIST_MAX ? NULL : gs_arena_alloc(&lo->arena, entries, sizeof(*index));
	uint32_t *weight = entries > GS_ML_LIST_MAX ? NULL : gs_arena_alloc(&lo->arena, entries, sizeof(*weight));
	struct gs_val list, table, rho;
	if (begin == NULL || index == NULL || weight == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "%u pairs of classes with up to %u vectors", p->count,
		                       most);
	memset(index, 0xff, entries * sizeof(*index)); /* -1: skipped */
	for (uint32_t i = 0; i < p->classes; i++)
		for (uint32_t j = i + 1; j < p->classes; j++, at++) {
			uint64_t to = (uint64_t)at * most;
			for (unsigned side = 0; side < 2; side++) {
				uint32_t own = side == 0 ? i : j, row = side == 0 ? j - 1 : i;
				for (uint32_t v = begin[own]; v < begin[own + 1]; v++, to++) {
					index[to] = (int32_t)v;
					weight[to] = s->weight.v[(uint64_t)row * s->vectors + v];
				}
			}
		}
	GS_TRY(gs_ml_indices(lo, index, 2, (uint32_t[]){p->count, most}, &list));
	GS_TRY(gs_ml_constant(lo, weight, 2, (uint32_t[]){p->count, most}, &table));
	GS_TRY(gs_ml_constant(lo, s->rho.v, 1, &p->count, &rho));
	struct gs_instr f = {.form = GS_FOLD,
	                     .fn = GS_FN_F32_FMA,
	                     .store_dtype = GS_F32,
	                     .acc_dtype = GS_F32,
	                     .out_axes = 2,
	                     .red_axes = 1,
	                     .extent = {k->dim[0], p->count, most}};
	f.operand[0] = gs_lower_elementwise(lo, &rho, 2);
	f.operand[1] = gs_lower_view(lo, k);
	f.operand[1].view.pad = GS_PAD_SKIP;
	gs_operand_axis(&f.operand[1], 0, k->stride[0]);
	gs_ops_indirect_row(&f.operand[1], k, 1);
	gs_ops_indirect_view(lo, &f.operand[1], &list, (unsigned[]){1, 2});
	f.operand[2] = gs_lower_view(lo, &table);
	gs_operand_axis(&f.operand[2], 1, most);
	gs_operand_axis(&f.operand[2], 2, 1);
	return gs_lower_emit(lo, &f, 2, (uint32_t[]){k->dim[0], p->count}, out);
}

/* The class with the most pairs won (lt(0, decision): class i, else class j), the first of equals. */
static enum gs_err most_votes(struct gs_lower *lo, const struct pairs *p, const struct gs_val *decision,
                              struct gs_val *out)
{
	uint64_t entries = (uint64_t)p->classes * p->count;
	int32_t *sign = entries > GS_ML_LIST_MAX ? NULL : gs_arena_alloc(&lo->arena, entries, sizeof(*sign));
	int32_t *start = gs_arena_alloc(&lo->arena, p->classes, sizeof(*start));
	struct gs_val won, table, from, votes;
	uint32_t at = 0;
	if (sign == NULL || start == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "%u classes", p->classes);
	for (uint32_t i = 0; i < p->classes; i++) {
		start[i] = (int32_t)i; /* the pairs in which it comes second, until one is lost */
		for (uint32_t j = i + 1; j < p->classes; j++, at++) {
			sign[(uint64_t)i * p->count + at] = 1;
			sign[(uint64_t)j * p->count + at] = -1;
		}
	}
	GS_TRY(gs_op2(lo, GS_FN_F32_LT, GS_I32, GS_R(0), GS_V(decision), &won));
	GS_TRY(gs_ml_indices(lo, sign, 2, (uint32_t[]){p->classes, p->count}, &table));
	GS_TRY(gs_ml_indices(lo, start, 2, (uint32_t[]){1, p->classes}, &from));
	gs_val_transpose(&table, (unsigned[]){1, 0}, &table);
	GS_TRY(gs_lower_expand(lo, &from, 2, (uint32_t[]){decision->dim[0], p->classes}, &from));
	GS_TRY(gs_ops_matmul(lo, &won, &table, &from, GS_I32, &votes));
	return gs_ops_arg_extreme(lo, &votes, 1, false, false, out);
}

/* ---- probabilities: the pairwise coupling of Wu, Lin and Weng (2004), as libsvm iterates it ---- */

/* r[row, i, j], the share of class i against class j, 0 on the diagonal. */
static enum gs_err shares(struct gs_lower *lo, const struct gs_onnx_node *node, const struct pairs *p,
                          const struct gs_val *decision, struct gs_val *out)
{
	struct gs_ml_floats a, b;
	struct gs_val slope, shift, v, part[2], both, list;
	uint32_t k = p->classes, n = decision->dim[0], at = 0;
	int32_t *index = gs_arena_alloc(&lo->arena, (uint64_t)k * k, sizeof(*index));
	GS_TRY(gs_ml_floats(lo, node, "prob_a", &a));
	GS_TRY(gs_ml_floats(lo, node, "prob_b", &b));
	GS_TRY(gs_ml_length(lo, "prob_a", a.count, p->count));
	GS_TRY(gs_ml_length(lo, "prob_b", b.count, p->count));
	if (index == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "%u classes", k);
	for (uint32_t i = 0; i < k; i++) {
		index[i * k + i] = -1;
		for (uint32_t j = i + 1; j < k; j++, at++) {
			index[i * k + j] = (int32_t)at;
			index[j * k + i] = (int32_t)(p->count + at);
		}
	}
	GS_TRY(gs_ml_constant(lo, a.v, 1, &p->count, &slope));
	GS_TRY(gs_ml_constant(lo, b.v, 1, &p->count, &shift));
	GS_TRY(gs_op3(lo, GS_FN_F32_FMA, GS_F32, GS_V(&shift), GS_V(decision), GS_V(&slope), &v));
	GS_TRY(gs_ops_sigmoid(lo, &v, GS_F32, &v));
	GS_TRY(gs_op2(lo, GS_FN_F32_SUB, GS_F32, GS_R(GS_ONE), GS_V(&v), &v));
	GS_TRY(gs_op3(lo, GS_FN_F32_CLIP, GS_F32, GS_V(&v), GS_R(UINT32_C(0x33d6bf95)), GS_R(UINT32_C(0x3f7ffffe)),
	              &part[0]));
	GS_TRY(gs_op2(lo, GS_FN_F32_SUB, GS_F32, GS_R(GS_ONE), GS_V(&part[0]), &part[1]));
	GS_TRY(gs_ops_concat(lo, part, 2, 1, &both));
	GS_TRY(gs_ml_indices(lo, index, 2, (uint32_t[]){k, k}, &list));
	struct gs_instr copy = {
		.form = GS_MAP, .fn = GS_FN_F32_COPY, .store_dtype = GS_F32, .out_axes = 3, .extent = {n, k, k}};
	copy.operand[0] = gs_lower_view(lo, &both);
	gs_operand_axis(&copy.operand[0], 0, both.stride[0]);
	gs_ops_indirect_row(&copy.operand[0], &both, 1);
	gs_ops_indirect_view(lo, &copy.operand[0], &list, (unsigned[]){1, 2});
	return gs_lower_emit(lo, &copy, 3, (uint32_t[]){n, k, k}, out);
}

/* q[row, t, j]: the sum of r[j, t]^2 over j for t = j, else -(r[j, t] r[t, j]). */
static enum gs_err coupling_matrix(struct gs_lower *lo, const struct gs_val *r, struct gs_val *out)
{
	struct gs_val turned, off, sum, eye;
	uint32_t k = r->dim[1], dim[3] = {1, k, k};
	struct gs_step mul = {.fn = GS_FN_F32_MUL, .dtype = GS_F32, .epilogue = GS_FN_F32_NEG};
	gs_val_transpose(r, (unsigned[]){0, 2, 1}, &turned);
	GS_TRY(gs_lower_map(lo, mul, 2, (struct gs_arg[]){GS_V(&turned), GS_V(r)}, &off));
	struct gs_instr f = {.form = GS_FOLD,
	                     .fn = GS_FN_F32_FMA,
	                     .store_dtype = GS_F32,
	                     .acc_dtype = GS_F32,
	                     .out_axes = 2,
	                     .red_axes = 1,
	                     .extent = {r->dim[0], k, k}};
	f.operand[0] = gs_operand_const(0);
	for (unsigned i = 1; i < 3; i++) {
		f.operand[i] = gs_lower_view(lo, &turned);
		for (unsigned d = 0; d < 3; d++)
			gs_operand_axis(&f.operand[i], d, turned.stride[d]);
	}
	GS_TRY(gs_lower_emit(lo, &f, 3, (uint32_t[]){r->dim[0], k, 1}, &sum));
	GS_TRY(gs_ops_iota_mask(lo, GS_FN_I64_EQ, 0, 0, (int64_t[]){0, 1, -1}, 3, dim, &eye));
	return gs_op3(lo, GS_FN_F32_SELECT, GS_F32, GS_V(&eye), GS_V(&sum), GS_V(&off), out);
}

/* Products of [n, a, k] and [n, k] over k: [n, a]. */
static enum gs_err times(struct gs_lower *lo, const struct gs_val *m, const struct gs_val *v, struct gs_val *out)
{
	struct gs_val column;
	GS_TRY(gs_lower_reshape(lo, v, 3, (uint32_t[]){v->dim[0], v->dim[1], 1}, &column));
	GS_TRY(gs_ops_matmul(lo, m, &column, NULL, GS_F32, out));
	return gs_lower_reshape(lo, out, 2, (uint32_t[]){out->dim[0], out->dim[1]}, out);
}

/* One turn over the classes: p[t] by diff, everything scaled so that the sum stays 1. */
static enum gs_err coupling_turn(struct gs_lower *lo, const struct gs_val *q, struct gs_val *p, struct gs_val *qp,
                                 struct gs_val *pqp)
{
	uint32_t k = p->dim[1];
	for (uint32_t t = 0; t < k; t++) {
		struct gs_val own = gs_ops_part(qp, 1, t, 1), row = gs_ops_part(q, 1, t, 1), diag, diff, one, a, b,
			      here;
		diag = gs_ops_part(&row, 2, t, 1);
		GS_TRY(gs_lower_reshape(lo, &row, 2, (uint32_t[]){p->dim[0], k}, &row));
		GS_TRY(gs_lower_reshape(lo, &diag, 2, (uint32_t[]){p->dim[0], 1}, &diag));
		GS_TRY(gs_op2(lo, GS_FN_F32_SUB, GS_F32, GS_V(pqp), GS_V(&own), &diff));
		GS_TRY(gs_op2(lo, GS_FN_F32_DIV, GS_F32, GS_V(&diff), GS_V(&diag), &diff));
		GS_TRY(gs_op2(lo, GS_FN_F32_ADD, GS_F32, GS_R(GS_ONE), GS_V(&diff), &one));
		GS_TRY(gs_op2(lo, GS_FN_F32_ADD, GS_F32, GS_V(&own), GS_V(&own), &a));
		GS_TRY(gs_op3(lo, GS_FN_F32_FMA, GS_F32, GS_V(&a), GS_V(&diff), GS_V(&diag), &a));
		GS_TRY(gs_op3(lo, GS_FN_F32_FMA, GS_F32, GS_V(pqp), GS_V(&diff), GS_V(&a), &a));
		GS_TRY(gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(&one), GS_V(&one), &b));
		GS_TRY(gs_op2(lo, GS_FN_F32_DIV, GS_F32, GS_V(&a), GS_V(&b), pqp));
		uint32_t *at = gs_arena_alloc(&lo->arena, k, sizeof(*at));
		if (at == NULL)
			return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "%u classes", k);
		at[t] = (uint32_t)GS_ONE;
		GS_TRY(gs_ml_constant(lo, at, 2, (uint32_t[]){1, k}, &here));
		GS_TRY(gs_op3(lo, GS_FN_F32_FMA, GS_F32, GS_V(p), GS_V(&here), GS_V(&diff), p));
		GS_TRY(gs_op2(lo, GS_FN_F32_DIV, GS_F32, GS_V(p), GS_V(&one), p));
		GS_TRY(gs_op3(lo, GS_FN_F32_FMA, GS_F32, GS_V(qp), GS_V(&diff), GS_V(&row), qp));
		GS_TRY(gs_op2(lo, GS_FN_F32_DIV, GS_F32, GS_V(qp), GS_V(&one), qp));
	}
	return GS_OK;
}

static enum gs_err couple(struct gs_lower *lo, const struct gs_val *q, struct gs_val *out)
{
	uint32_t n = q->dim[0], k = q->dim[1], rounds = k > COUPLING_ROUNDS ? k : COUPLING_ROUNDS;
	gs_reg count = gs_reg_of_int(GS_CLASS_F32, k), share = gs_fn_apply(GS_FN_F32_DIV, GS_ONE, count, 0);
	gs_reg near = gs_fn_apply(GS_FN_F32_DIV, UINT32_C(0x3ba3d70a), count, 0); /* 0.005 */
	struct gs_val p, qp, pqp, error, stop = {0}, done, fresh;
	GS_TRY(gs_ml_constant(lo, (uint32_t[]){(uint32_t)share}, 0, NULL, &p));
	GS_TRY(gs_lower_expand(lo, &p, 2, (uint32_t[]){n, k}, &p));
	for (uint32_t i = 0; i < rounds; i++) {
		struct gs_val row;
		struct gs_step off = {.fn = GS_FN_F32_SUB, .dtype = GS_F32, .epilogue = GS_FN_F32_ABS};
		GS_TRY(times(lo, q, &p, &qp));
		GS_TRY(gs_lower_reshape(lo, &qp, 3, (uint32_t[]){n, 1, k}, &row));
		GS_TRY(times(lo, &row, &p, &pqp));
		GS_TRY(gs_lower_map(lo, off, 2, (struct gs_arg[]){GS_V(&qp), GS_V(&pqp)}, &error));
		GS_TRY(gs_lower_fold(lo, (struct gs_step){.fn = GS_FN_F32_MAX, .dtype = GS_F32}, 0, &error, 2, &error));
		GS_TRY(gs_op2(lo, GS_FN_F32_LT, GS_I32, GS_V(&error), GS_R(near), &done));
		if (i == 0)
			stop = done;
		else
			GS_TRY(gs_op2(lo, GS_FN_I32_OR, GS_I32, GS_V(&stop), GS_V(&done), &stop));
		fresh = p;
		GS_TRY(coupling_turn(lo, q, &fresh, &qp, &pqp));
		GS_TRY(gs_op3(lo, GS_FN_F32_SELECT, GS_F32, GS_V(&stop), GS_V(&p), GS_V(&fresh), &p));
	}
	*out = p;
	return GS_OK;
}

/* ---- SVMClassifier ---- */

/* No support vectors: a score a class (libsvm's linear form). */
static enum gs_err linear_classes(struct gs_lower *lo, const struct gs_onnx_node *node, const struct svm *s,
                                  const struct gs_ml_labels *labels, const struct gs_val *x, enum gs_ml_post post,
                                  struct gs_val *out)
{
	static const int64_t two[2] = {0, 1};
	struct gs_ml_labels sides = {.count = 2, .ints = labels->ints != NULL ? two : NULL};
	struct gs_val y, best;
	GS_TRY(decision(lo, s, x, labels->count, &y));
	GS_TRY(gs_ml_transform(lo, post, &y, &out[1]));
	if (labels->count > 1) {
		GS_TRY(gs_ops_arg_extreme(lo, &y, 1, false, false, &best));
		return gs_ml_label(lo, node, labels, &best, &out[0]);
	}
	GS_TRY(gs_op2(lo, GS_FN_F32_LT, GS_I32, GS_R(0), GS_V(&y), &best));
	return gs_ml_label(lo, node, &sides, &best, &out[0]);
}

static enum gs_err read_pairs(struct gs_lower *lo, const struct gs_ml_ints *size, uint32_t classes, struct svm *s,
                              struct pairs *p)
{
	uint64_t total = 0;
	GS_TRY(gs_ml_length(lo, "vectors_per_class", size->count, classes));
	if (classes < 2 || classes > 1 << 12)
		return gs_lower_refuse(lo, classes < 2 ? GS_ONNX_MALFORMED : GS_ONNX_TOO_BIG, "%u classes", classes);
	for (uint32_t i = 0; i < classes; i++) {
		if (size->v[i] < 0 || size->v[i] > GS_ML_LIST_MAX)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a class of %lld vectors", (long long)size->v[i]);
		total += (uint64_t)size->v[i];
	}
	*p = (struct pairs){.classes = classes, .count = classes * (classes - 1) / 2, .size = size->v};
	if (total > GS_ML_LIST_MAX)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "%llu support vectors", (unsigned long long)total);
	s->vectors = (uint32_t)total;
	GS_TRY(gs_ml_length(lo, "coefficients", s->weight.count, (classes - 1ULL) * total));
	return gs_ml_length(lo, "rho", s->rho.count, p->count);
}

static enum gs_err op_classifier(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                 struct gs_val *out)
{
	struct svm s = {0};
	struct pairs p = {0};
	struct gs_ml_labels labels = {0};
	struct gs_ml_ints size = {0};
	enum gs_ml_post post;
	struct gs_val x = {0}, k = {0}, d = {0}, best, y;
	int64_t any = 0;
	GS_TRY(gs_ml_post(lo, node, &post));
	GS_TRY(gs_ml_labels(lo, node, "classlabels_ints", "classlabels_strings", &labels));
	GS_TRY(read_svm(lo, node, &s));
	GS_TRY(gs_ml_ints(lo, node, "vectors_per_class", &size));
	GS_TRY(gs_ml_rows(lo, &in[0], &x));
	for (uint32_t i = 0; i < size.count; i++)
		any |= size.v[i];
	if (any == 0)
		return linear_classes(lo, node, &s, &labels, &x, post, out);
	GS_TRY(read_pairs(lo, &size, labels.count, &s, &p));
	GS_TRY(kernels(lo, &s, &x, &k));
	GS_TRY(decisions(lo, &s, &p, &k, &d));
	GS_TRY(most_votes(lo, &p, &d, &best));
	GS_TRY(gs_ml_label(lo, node, &labels, &best, &out[0]));
	y = d;
	if (gs_onnx_attr_find(node, "prob_a") != NULL && gs_onnx_attr_find(node, "prob_a")->count > 0) {
		GS_TRY(shares(lo, node, &p, &d, &y));
		GS_TRY(coupling_matrix(lo, &y, &y));
		GS_TRY(couple(lo, &y, &y));
	} else if (p.count == 1) {
		GS_TRY(gs_ml_two_columns(lo, &d, false, &y));
	}
	return gs_ml_transform(lo, post, &y, &out[1]);
}

const struct gs_lower_op gs_ops_ml_svm[] = {
	{"SVMClassifier", op_classifier},
	{"SVMRegressor", op_regressor},
	{NULL, NULL},
};
