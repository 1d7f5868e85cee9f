/* Tree ensembles. Formulas: docs/operators.md. */
#include "validator/onnx/ml_trees.h"

#include <string.h>

enum aggregate { BY_AVERAGE = 0, BY_SUM, BY_MIN, BY_MAX }; /* the numbers of TreeEnsemble's aggregate_function */

#define GREATEST UINT32_C(0x7f7fffff)
#define LEAST UINT32_C(0xff7fffff)

/* ---- the columns that the nodes test ---- */

/* x[row, feature[m]] for the tests m. */
static enum gs_err gather_features(struct gs_lower *lo, const struct gs_val *x, const int32_t *feature, uint32_t m,
                                   struct gs_val *out)
{
	struct gs_val index;
	uint32_t dim[2] = {x->dim[0], m};
	GS_TRY(gs_ml_indices(lo, feature, 1, &m, &index));
	struct gs_instr copy = {
		.form = GS_MAP, .fn = GS_FN_F32_COPY, .store_dtype = GS_F32, .out_axes = 2, .extent = {dim[0], m}};
	copy.operand[0] = gs_lower_view(lo, x);
	gs_operand_axis(&copy.operand[0], 0, x->stride[0]);
	gs_ops_indirect_row(&copy.operand[0], x, 1);
	gs_ops_indirect_view(lo, &copy.operand[0], &index, (unsigned[]){1});
	return gs_lower_emit(lo, &copy, 2, dim, out);
}

/* Which of the values x equals: for one value each eq(x, v); for sets the greatest of eq(x, member). */
static enum gs_err equals(struct gs_lower *lo, const struct gs_trees *t, const struct gs_val *x, const uint32_t *test,
                          uint32_t m, bool sets, struct gs_val *out)
{
	uint32_t most = 1;
	struct gs_val v, is, wide = *x;
	struct gs_step eq = {.fn = GS_FN_F32_EQ, .dtype = GS_F32, .epilogue = GS_FN_I32_TO_F32};
	for (uint32_t i = 0; sets && i < m; i++)
		if (t->set[t->test[test[i]].value].count > most)
			most = t->set[t->test[test[i]].value].count;
	uint64_t entries = (uint64_t)m * most;
	uint32_t *value = entries > GS_ML_LIST_MAX ? NULL : gs_arena_alloc(&lo->arena, entries, sizeof(*value));
	if (value == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "%llu values in its sets", (unsigned long long)entries);
	for (uint64_t i = 0; i < entries; i++)
		value[i] = UINT32_C(0x7fc00000); /* equals nothing */
	for (uint32_t i = 0; i < m; i++) {
		const struct gs_tree_test *q = &t->test[test[i]];
		if (!sets)
			value[i] = q->value;
		for (uint32_t k = 0; sets && k < t->set[q->value].count; k++)
			value[(size_t)i * most + k] = (uint32_t)gs_load(GS_F32, t->member[t->set[q->value].first + k]);
	}
	GS_TRY(gs_ml_constant(lo, value, 2, (uint32_t[]){m, most}, &v));
	if (most == 1) {
		GS_TRY(gs_lower_reshape(lo, &v, 2, (uint32_t[]){1, m}, &v));
		return gs_lower_map(lo, eq, 2, (struct gs_arg[]){GS_V(x), GS_V(&v)}, out);
	}
	GS_TRY(gs_lower_reshape(lo, &wide, 3, (uint32_t[]){x->dim[0], m, 1}, &wide));
	GS_TRY(gs_op2(lo, GS_FN_F32_EQ, GS_BOOL, GS_V(&wide), GS_V(&v), &is));
	struct gs_step any = {.fn = GS_FN_I32_MAX, .dtype = GS_F32, .epilogue = GS_FN_I32_TO_F32};
	GS_TRY(gs_lower_fold(lo, any, 0, &is, 4, out));
	return gs_lower_reshape(lo, out, 2, (uint32_t[]){x->dim[0], m}, out);
}

/* 1 or 0 for the tests of one kind; adds the column that test i got to place[i]. */
static enum gs_err test_columns(struct gs_lower *lo, const struct gs_trees *t, const struct gs_val *x, bool sets,
                                struct gs_val *out, uint32_t *count, int32_t *place)
{
	uint32_t *test = gs_arena_alloc(&lo->arena, t->tests, sizeof(*test)), m = 0;
	int32_t *feature = gs_arena_alloc(&lo->arena, t->tests, sizeof(*feature));
	uint32_t *at_nan = gs_arena_alloc(&lo->arena, t->tests, sizeof(*at_nan));
	struct gs_val from, number, other;
	bool any = false;
	if (test == NULL || feature == NULL || at_nan == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "%u membership tests", t->tests);
	for (uint32_t i = 0; i < t->tests; i++) {
		if (t->test[i].is_set != sets)
			continue;
		place[i] = (int32_t)(*count + m);
		feature[m] = (int32_t)t->test[i].feature;
		at_nan[m] = t->test[i].at_nan ? (uint32_t)GS_ONE : 0;
		any |= t->test[i].at_nan;
		test[m++] = i;
	}
	*count += m;
	if (m == 0)
		return GS_OK;
	GS_TRY(gather_features(lo, x, feature, m, &from));
	GS_TRY(equals(lo, t, &from, test, m, sets, out));
	if (!any)
		return GS_OK;
	GS_TRY(gs_ml_constant(lo, at_nan, 2, (uint32_t[]){1, m}, &other));
	GS_TRY(gs_op2(lo, GS_FN_F32_EQ, GS_BOOL, GS_V(&from), GS_V(&from), &number));
	return gs_op3(lo, GS_FN_F32_SELECT, GS_F32, GS_V(&number), GS_V(out), GS_V(&other), out);
}

/* The features, then what gs_trees wants behind them. */
static enum gs_err columns(struct gs_lower *lo, struct gs_trees *t, const struct gs_val *x, struct gs_val *out)
{
	struct gs_val part[4] = {*x};
	unsigned parts = 1;
	uint32_t tests = 0, behind = t->negated ? 2 * x->dim[1] : x->dim[1];
	*out = *x;
	if (!t->negated && t->tests == 0)
		return GS_OK;
	if (t->negated)
		GS_TRY(gs_op1(lo, GS_FN_F32_NEG, GS_F32, GS_V(x), &part[parts++]));
	int32_t *place = gs_arena_alloc(&lo->arena, t->tests, sizeof(*place));
	if (place == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "%u membership tests", t->tests);
	for (unsigned sets = 0; sets < 2; sets++) {
		GS_TRY(test_columns(lo, t, x, sets != 0, &part[parts], &tests, place));
		parts += part[parts].kind != GS_VAL_NONE;
	}
	for (uint32_t i = 0; i < t->nodes; i++) { /* tests are numbered by kind */
		uint8_t mode = t->source[t->from[i]].mode;
		if (mode >= GS_TREE_EQ && mode <= GS_TREE_MEMBER)
			t->column[i] = (int32_t)behind + place[t->column[i] - (int32_t)behind];
	}
	return gs_ops_concat(lo, part, parts, 1, out);
}

/* ---- the walk down: node[row, tree] ---- */

static enum gs_err descend(struct gs_lower *lo, const struct gs_trees *t, const struct gs_val *x, struct gs_val *out)
{
	struct gs_val column, threshold, first, node, at, value, test;
	uint32_t n = x->dim[0];
	GS_TRY(gs_ml_indices(lo, t->column, 1, &t->nodes, &column));
	GS_TRY(gs_ml_constant(lo, t->threshold, 1, &t->nodes, &threshold));
	GS_TRY(gs_ml_indices(lo, t->first, 1, &t->nodes, &first));
	struct gs_instr roots = {
		.form = GS_MAP, .fn = GS_FN_I32_COPY, .store_dtype = GS_I32, .out_axes = 2, .extent = {1, t->trees}};
	roots.operand[0] = (struct gs_operand){.kind = GS_OPERAND_IOTA, .iota.coef = {0, 1}};
	GS_TRY(gs_lower_emit(lo, &roots, 2, (uint32_t[]){1, t->trees}, &node));
	for (uint32_t d = 0; d < t->depth; d++) {
		uint32_t dim[2] = {node.dim[0], t->trees}, all[2] = {n, t->trees};
		struct gs_instr read = {.form = GS_MAP, .fn = GS_FN_I32_COPY, .store_dtype = GS_I32, .out_axes = 2};
		memcpy(read.extent, dim, sizeof(dim));
		read.operand[0] = gs_ml_through(lo, &column, &node);
		GS_TRY(gs_lower_emit(lo, &read, 2, dim, &at));
		read = (struct gs_instr){.form = GS_MAP, .fn = GS_FN_F32_COPY, .store_dtype = GS_F32, .out_axes = 2};
		memcpy(read.extent, all, sizeof(all));
		read.operand[0] = gs_lower_view(lo, x);
		gs_operand_axis(&read.operand[0], 0, x->stride[0]);
		gs_ops_indirect_row(&read.operand[0], x, 1);
		gs_ops_indirect_view(lo, &read.operand[0], &at, (unsigned[]){0, 1});
		GS_TRY(gs_lower_emit(lo, &read, 2, all, &value));
		read = (struct gs_instr){.form = GS_MAP, .fn = GS_FN_F32_LE, .store_dtype = GS_BOOL, .out_axes = 2};
		memcpy(read.extent, all, sizeof(all));
		read.operand[0] = gs_lower_elementwise(lo, &value, 2);
		read.operand[1] = gs_ml_through(lo, &threshold, &node);
		GS_TRY(gs_lower_emit(lo, &read, 2, all, &test));
		read = (struct gs_instr){.form = GS_MAP, .fn = GS_FN_I32_SUB, .store_dtype = GS_I32, .out_axes = 2};
		memcpy(read.extent, all, sizeof(all));
		read.operand[0] = gs_ml_through(lo, &first, &node);
		read.operand[1] = gs_lower_elementwise(lo, &test, 2);
		GS_TRY(gs_lower_emit(lo, &read, 2, all, &node));
	}
	return gs_lower_expand(lo, &node, 2, (uint32_t[]){n, t->trees}, out);
}

/* ---- the sum over the trees ---- */

struct sum {
	uint8_t fn;
	gs_reg init;
	struct gs_step step;
};

static struct sum sum_of(enum aggregate how, uint32_t trees)
{
	struct sum s = {.fn = GS_FN_F32_ADD, .step = {.fn = GS_FN_F32_ADD, .dtype = GS_F32}};
	if (how == BY_MIN || how == BY_MAX) {
		s.step.fn = s.fn = how == BY_MIN ? GS_FN_F32_MIN : GS_FN_F32_MAX;
		s.init = how == BY_MIN ? GREATEST : LEAST;
	}
	if (how == BY_AVERAGE) {
		s.step.epilogue = GS_FN_F32_DIV;
		s.step.epilogue_const[0] = gs_reg_of_int(GS_CLASS_F32, trees);
	}
	return s;
}

static struct gs_instr sum_fold(const struct sum *s)
{
	struct gs_instr f = {.form = GS_FOLD,
	                     .fn = s->fn,
	                     .store_dtype = GS_F32,
	                     .acc_dtype = GS_F32,
	                     .epilogue = s->step.epilogue,
	                     .out_axes = 2,
	                     .red_axes = 1};
	f.epilogue_const[0] = s->step.epilogue_const[0];
	f.operand[0] = gs_operand_const(s->init);
	return f;
}

/* weight[leaf, target], what a leaf does not vote for being the start of the sum (which changes nothing). The weights
 * that a leaf gives to one target are put together first, in the file's order. */
static enum gs_err weights_table(struct gs_lower *lo, const struct gs_trees *t, const struct sum *s, uint32_t wide,
                                 struct gs_val *out)
{
	uint64_t rows = t->sources;
	uint32_t *sum = rows * wide > 4 * (uint64_t)GS_ML_LIST_MAX
	                        ? NULL
	                        : gs_arena_alloc(&lo->arena, rows * wide, sizeof(*sum));
	uint64_t total = (uint64_t)t->nodes * wide;
	uint32_t *all = total > 4 * (uint64_t)GS_ML_LIST_MAX ? NULL : gs_arena_alloc(&lo->arena, total, sizeof(*all));
	if (sum == NULL || all == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "%llu weights of %u nodes for %u targets",
		                       (unsigned long long)total, t->nodes, wide);
	for (uint64_t i = 0; i < rows * wide; i++)
		sum[i] = (uint32_t)s->init;
	for (uint32_t i = 0; i < t->votes; i++) {
		uint32_t *at = &sum[(uint64_t)t->vote[i].leaf * wide + (wide == 1 ? 0 : t->vote[i].target)];
		*at = (uint32_t)gs_fn_apply(s->fn, *at, t->vote[i].weight, 0);
	}
	for (uint32_t i = 0; i < t->nodes; i++)
		memcpy(&all[(uint64_t)i * wide], &sum[(uint64_t)t->from[i] * wide], wide * sizeof(*all));
	return gs_ml_constant(lo, all, 2, (uint32_t[]){t->nodes, wide}, out);
}

/* weight[node[row, tree], target] over the trees, one after the other. */
static enum gs_err sum_all(struct gs_lower *lo, const struct gs_trees *t, enum aggregate how, const struct gs_val *node,
                           struct gs_val *out)
{
	struct sum s = sum_of(how, t->trees);
	struct gs_instr fold = sum_fold(&s);
	struct gs_val weight;
	uint32_t dim[2] = {node->dim[0], t->targets};
	GS_TRY(weights_table(lo, t, &s, t->targets, &weight));
	fold.extent[0] = dim[0];
	fold.extent[1] = dim[1];
	fold.extent[2] = t->trees;
	fold.operand[1] = gs_lower_view(lo, &weight);
	gs_operand_axis(&fold.operand[1], 1, 1);
	gs_ops_indirect_row(&fold.operand[1], &weight, 0);
	gs_ops_indirect_view(lo, &fold.operand[1], node, (unsigned[]){0, 2});
	return gs_lower_emit(lo, &fold, 2, dim, out);
}

/* The target that all leaves of a tree vote for, by tree; false when one votes for two. */
static bool one_target_each(const struct gs_trees *t, const uint32_t *tree_of, uint32_t *target)
{
	for (uint32_t i = 0; i < t->trees; i++)
		target[i] = UINT32_MAX;
	for (uint32_t i = 0; i < t->votes; i++) {
		uint32_t tree = tree_of[t->vote[i].leaf];
		if (tree == UINT32_MAX) /* a leaf that no root leads to */
			continue;
		if (tree >= t->trees || (target[tree] != UINT32_MAX && target[tree] != t->vote[i].target))
			return false;
		target[tree] = t->vote[i].target;
	}
	return true;
}

/* By source node the tree that it is in, UINT32_MAX for none, UINT32_MAX - 1 for several. */
static void trees_of(const struct gs_trees *t, uint32_t *grown, uint32_t *out)
{
	for (uint32_t i = 0; i < t->sources; i++)
		out[i] = UINT32_MAX;
	for (uint32_t i = 0; i < t->nodes; i++) {
		if (i < t->trees)
			grown[i] = i;
		if (t->first[i] != (int32_t)i) {
			grown[t->first[i]] = grown[i];
			grown[t->first[i] - 1] = grown[i];
		}
		uint32_t *at = &out[t->from[i]];
		*at = *at == UINT32_MAX || *at == grown[i] ? grown[i] : UINT32_MAX - 1;
	}
}

/* Many targets, each tree voting for one: only the trees of a target are summed for it, in the same order. */
static enum gs_err sum_by_target(struct gs_lower *lo, const struct gs_trees *t, enum aggregate how,
                                 const struct gs_val *node, const uint32_t *target, struct gs_val *out)
{
	struct sum s = sum_of(how, t->trees);
	struct gs_instr fold = sum_fold(&s), read = {.form = GS_MAP, .fn = GS_FN_F32_COPY, .store_dtype = GS_F32};
	struct gs_val weight, chosen, list;
	uint32_t n = node->dim[0], most = 1, *count = gs_arena_alloc(&lo->arena, t->targets, sizeof(*count));
	if (count == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "%u targets", t->targets);
	for (uint32_t i = 0; i < t->trees; i++)
		if (target[i] != UINT32_MAX && ++count[target[i]] > most)
			most = count[target[i]];
	uint64_t entries = (uint64_t)t->targets * most;
	int32_t *tree = entries > GS_ML_LIST_MAX ? NULL : gs_arena_alloc(&lo->arena, entries, sizeof(*tree));
	if (tree == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "%u targets of up to %u trees", t->targets, most);
	memset(tree, 0xff, entries * sizeof(*tree)); /* -1: skipped */
	memset(count, 0, t->targets * sizeof(*count));
	for (uint32_t i = 0; i < t->trees; i++)
		if (target[i] != UINT32_MAX)
			tree[(uint64_t)target[i] * most + count[target[i]]++] = (int32_t)i;
	GS_TRY(weights_table(lo, t, &s, 1, &weight));
	GS_TRY(gs_lower_reshape(lo, &weight, 1, &t->nodes, &weight));
	read.out_axes = 2;
	read.extent[0] = n;
	read.extent[1] = t->trees;
	read.operand[0] = gs_ml_through(lo, &weight, node);
	GS_TRY(gs_lower_emit(lo, &read, 2, (uint32_t[]){n, t->trees}, &chosen));
	GS_TRY(gs_ml_indices(lo, tree, 2, (uint32_t[]){t->targets, most}, &list));
	uint32_t dim[2] = {n, t->targets};
	fold.extent[0] = dim[0];
	fold.extent[1] = dim[1];
	fold.extent[2] = most;
	fold.operand[1] = gs_lower_view(lo, &chosen);
	fold.operand[1].view.pad = GS_PAD_SKIP;
	gs_operand_axis(&fold.operand[1], 0, chosen.stride[0]);
	gs_ops_indirect_row(&fold.operand[1], &chosen, 1);
	gs_ops_indirect_view(lo, &fold.operand[1], &list, (unsigned[]){1, 2});
	return gs_lower_emit(lo, &fold, 2, dim, out);
}

/* scores[row, target] of f32. */
static enum gs_err evaluate(struct gs_lower *lo, struct gs_trees *t, enum aggregate how, const struct gs_val *in,
                            struct gs_val *out)
{
	struct gs_val x = {0}, wide = {0}, node = {0};
	GS_TRY(gs_ml_rows(lo, in, &x));
	GS_TRY(gs_trees_grow(lo, x.dim[1], t));
	GS_TRY(columns(lo, t, &x, &wide));
	GS_TRY(descend(lo, t, &wide, &node));
	uint32_t *tree_of = gs_arena_alloc(&lo->arena, t->sources, sizeof(*tree_of));
	uint32_t *grown = gs_arena_alloc(&lo->arena, t->nodes, sizeof(*grown));
	uint32_t *target = gs_arena_alloc(&lo->arena, t->trees, sizeof(*target));
	if (tree_of == NULL || grown == NULL || target == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "%u trees", t->trees);
	trees_of(t, grown, tree_of);
	if (t->targets > 1 && one_target_each(t, tree_of, target))
		return sum_by_target(lo, t, how, &node, target, out);
	return sum_all(lo, t, how, &node, out);
}

static enum gs_err targets_of(struct gs_lower *lo, int64_t n, struct gs_trees *t)
{
	if (n < 1 || n > 1 << 20)
		return gs_lower_refuse(lo, n < 1 ? GS_ONNX_MALFORMED : GS_ONNX_TOO_BIG, "%lld targets", (long long)n);
	t->targets = (uint32_t)n;
	return GS_OK;
}

/* base_values, or base_values_as_tensor. */
static enum gs_err base_values(struct gs_lower *lo, const struct gs_onnx_node *node, struct gs_ml_floats *out)
{
	GS_TRY(gs_ml_floats(lo, node, "base_values", out));
	return out->count > 0 ? GS_OK : gs_ml_floats(lo, node, "base_values_as_tensor", out);
}

static enum gs_err add_base(struct gs_lower *lo, const uint32_t *base, uint32_t count, struct gs_val *y)
{
	struct gs_val b;
	if (count == 0)
		return GS_OK;
	if (count != 1 && count != y->dim[1])
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "%u base values for %u scores", count, y->dim[1]);
	GS_TRY(gs_ml_constant(lo, base, 2, (uint32_t[]){1, count}, &b));
	return gs_op2(lo, GS_FN_F32_ADD, GS_F32, GS_V(y), GS_V(&b), y);
}

static enum gs_err op_regressor(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                struct gs_val *out)
{
	static const char *const how[] = {"AVERAGE", "SUM", "MIN", "MAX"};
	const struct gs_onnx_attr *a = gs_onnx_attr_find(node, "aggregate_function");
	struct gs_trees t = {0};
	struct gs_ml_floats base = {0};
	struct gs_val y = {0};
	enum gs_ml_post post;
	unsigned kind = a == NULL ? BY_SUM : 0;
	while (a != NULL && kind < GS_ARRAY_LEN(how) && !gs_lower_attr_is(node, "aggregate_function", how[kind]))
		kind++;
	if (kind == GS_ARRAY_LEN(how))
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "aggregate_function is none of AVERAGE, SUM, MIN, MAX");
	GS_TRY(gs_ml_post(lo, node, &post));
	GS_TRY(targets_of(lo, gs_lower_attr_int(node, "n_targets", 0), &t));
	GS_TRY(gs_trees_read_v1(lo, node, "target", &t));
	GS_TRY(base_values(lo, node, &base));
	GS_TRY(evaluate(lo, &t, (enum aggregate)kind, &in[0], &y));
	GS_TRY(add_base(lo, base.v, base.count, &y));
	return gs_ml_transform(lo, post, &y, out);
}

static enum gs_err op_ensemble(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                               struct gs_val *out)
{
	struct gs_trees t = {0};
	struct gs_val y = {0};
	enum gs_ml_post post;
	int64_t how = gs_lower_attr_int(node, "aggregate_function", BY_SUM);
	if (how < BY_AVERAGE || how > BY_MAX)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "aggregate_function is %lld", (long long)how);
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	GS_TRY(gs_ml_post(lo, node, &post));
	GS_TRY(targets_of(lo, gs_lower_attr_int(node, "n_targets", 1), &t));
	GS_TRY(gs_trees_read_v5(lo, node, &t));
	GS_TRY(evaluate(lo, &t, (enum aggregate)how, &in[0], &y));
	GS_TRY(gs_ml_transform(lo, post, &y, out));
	return in[0].dtype == GS_F32 ? GS_OK : gs_op1(lo, GS_FN_F32_COPY, in[0].dtype, GS_V(out), out);
}

/* ---- classes ---- */

/* Two labels, or one, and votes for one class only: s of that class decides, against 0.5 when all weights are positive,
 * else against 0; the scores are [1 - s, s] or [-s, s]. */
static enum gs_err binary(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_trees *t,
                          const struct gs_ml_labels *labels, const struct gs_ml_floats *base, enum gs_ml_post post,
                          struct gs_val *y, struct gs_val *out)
{
	struct gs_val s = *y, yes, both;
	struct gs_ml_labels two = *labels;
	int64_t with_zero[2] = {0, labels->ints != NULL ? labels->ints[0] : 0};
	bool positive = true;
	for (uint32_t i = 0; i < t->votes; i++)
		positive &= t->vote[i].weight >> 31 == 0 || t->vote[i].weight == UINT32_C(0x80000000);
	if (base->count > 2)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "%u base values for two classes", base->count);
	if (t->targets > 1)
		s = gs_ops_part(y, 1, t->votes == 0 ? 0 : t->vote[0].target, 1);
	if (base->count > 0)
		GS_TRY(add_base(lo, &base->v[base->count - 1], 1, &s));
	GS_TRY(gs_op2(lo, GS_FN_F32_LT, GS_I32, GS_R(positive ? UINT32_C(0x3f000000) : 0), GS_V(&s), &yes));
	if (labels->count == 1 && labels->ints != NULL)
		two = (struct gs_ml_labels){.count = 2, .ints = with_zero};
	GS_TRY(gs_ml_label(lo, node, &two, &yes, &out[0]));
	bool from_one = positive && (post == GS_ML_POST_NONE || post == GS_ML_POST_PROBIT);
	GS_TRY(gs_ml_two_columns(lo, &s, from_one, &both));
	return gs_ml_transform(lo, post, &both, &out[1]);
}

static enum gs_err op_classifier(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                 struct gs_val *out)
{
	struct gs_trees t = {0};
	struct gs_ml_labels labels;
	struct gs_ml_floats base = {0};
	struct gs_val y = {0}, best;
	enum gs_ml_post post;
	bool one_class = true;
	GS_TRY(gs_ml_post(lo, node, &post));
	GS_TRY(gs_ml_labels(lo, node, "classlabels_int64s", "classlabels_strings", &labels));
	GS_TRY(targets_of(lo, labels.count, &t));
	GS_TRY(gs_trees_read_v1(lo, node, "class", &t));
	GS_TRY(base_values(lo, node, &base));
	GS_TRY(evaluate(lo, &t, BY_SUM, &in[0], &y));
	for (uint32_t i = 1; i < t.votes; i++)
		one_class &= t.vote[i].target == t.vote[0].target;
	if (labels.count <= 2 && one_class)
		return binary(lo, node, &t, &labels, &base, post, &y, out);
	if (base.count != 0)
		GS_TRY(gs_ml_length(lo, "base_values", base.count, t.targets));
	GS_TRY(add_base(lo, base.v, base.count, &y));
	GS_TRY(gs_ops_arg_extreme(lo, &y, 1, false, false, &best));
	GS_TRY(gs_ml_label(lo, node, &labels, &best, &out[0]));
	return gs_ml_transform(lo, post, &y, &out[1]);
}

const struct gs_lower_op gs_ops_ml_trees[] = {
	{"TreeEnsemble", op_ensemble},
	{"TreeEnsembleClassifier", op_classifier},
	{"TreeEnsembleRegressor", op_regressor},
	{NULL, NULL},
};
