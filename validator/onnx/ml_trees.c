/* Reading tree ensembles and bringing them into one form; ops_ml_trees.c makes the instructions. */
#include "validator/onnx/ml_trees.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_NUMBER UINT32_C(0x7fc00000) /* a threshold that no number is below */
#define INFINITE UINT32_C(0x7f800000)
#define SIGN UINT32_C(0x80000000)

static enum gs_err no_room(struct gs_lower *lo)
{
	return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "its trees do not fit the memory limit");
}

/* ---- TreeEnsembleRegressor, TreeEnsembleClassifier ---- */

struct place { /* of a source node, for finding it by tree and id */
	int64_t tree, id;
	uint32_t index;
};

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	if (x->tree != y->tree)
		return x->tree < y->tree ? -1 : 1;
	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

static const struct place *find_place(const struct place *place, uint32_t count, int64_t tree, int64_t id)
{
	uint32_t low = 0, high = count;
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		const struct place *p = &place[mid];
		if (p->tree == tree && p->id == id)
			return p;
		if (p->tree < tree || (p->tree == tree && p->id < id))
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

struct v1 {
	struct gs_ml_ints tree, id, feature, yes, no, missing;
	struct gs_ml_floats value;
	const struct gs_onnx_attr *mode;
};

/* A list of floats under its name, or under name_as_tensor. */
static enum gs_err either(struct gs_lower *lo, const struct gs_onnx_node *node, const char *name,
                          struct gs_ml_floats *out)
{
	char tensor[64];
	GS_TRY(gs_ml_floats(lo, node, name, out));
	if (out->count > 0)
		return GS_OK;
	snprintf(tensor, sizeof(tensor), "%s_as_tensor", name);
	return gs_ml_floats(lo, node, tensor, out);
}

static enum gs_err read_v1_lists(struct gs_lower *lo, const struct gs_onnx_node *node, struct v1 *v)
{
	GS_TRY(gs_ml_ints(lo, node, "nodes_treeids", &v->tree));
	GS_TRY(gs_ml_ints(lo, node, "nodes_nodeids", &v->id));
	GS_TRY(gs_ml_ints(lo, node, "nodes_featureids", &v->feature));
	GS_TRY(gs_ml_ints(lo, node, "nodes_truenodeids", &v->yes));
	GS_TRY(gs_ml_ints(lo, node, "nodes_falsenodeids", &v->no));
	GS_TRY(gs_ml_ints(lo, node, "nodes_missing_value_tracks_true", &v->missing));
	GS_TRY(either(lo, node, "nodes_values", &v->value));
	v->mode = gs_onnx_attr_find(node, "nodes_modes");
	uint32_t n = v->tree.count;
	if (n == 0 || n > GS_TREE_NODES_MAX)
		return gs_lower_refuse(lo, n == 0 ? GS_ONNX_MALFORMED : GS_ONNX_TOO_BIG,
		                       "%u nodes; 1 to %d are supported", n, GS_TREE_NODES_MAX);
	if (v->mode == NULL || v->mode->type != GS_ONNX_ATTR_STRINGS || v->mode->strings == NULL)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "nodes_modes is not a list of strings");
	GS_TRY(gs_ml_length(lo, "nodes_modes", v->mode->count, n));
	GS_TRY(gs_ml_length(lo, "nodes_nodeids", v->id.count, n));
	GS_TRY(gs_ml_length(lo, "nodes_featureids", v->feature.count, n));
	GS_TRY(gs_ml_length(lo, "nodes_truenodeids", v->yes.count, n));
	GS_TRY(gs_ml_length(lo, "nodes_falsenodeids", v->no.count, n));
	GS_TRY(gs_ml_length(lo, "nodes_values", v->value.count, n));
	return v->missing.count == 0 ? GS_OK : gs_ml_length(lo, "nodes_missing_value_tracks_true", v->missing.count, n);
}

static enum gs_err mode_of(struct gs_lower *lo, struct gs_bytes text, uint8_t *out)
{
	static const char *const name[] = {
		[GS_TREE_LEQ] = "BRANCH_LEQ",       [GS_TREE_LT] = "BRANCH_LT", [GS_TREE_GTE] = "BRANCH_GTE",
		[GS_TREE_GT] = "BRANCH_GT",         [GS_TREE_EQ] = "BRANCH_EQ", [GS_TREE_NEQ] = "BRANCH_NEQ",
		[GS_TREE_MEMBER] = "BRANCH_MEMBER", [GS_TREE_LEAF] = "LEAF"};
	for (unsigned i = 0; i < GS_ARRAY_LEN(name); i++)
		if (i != GS_TREE_MEMBER && gs_onnx_text_is(text, name[i])) {
			*out = (uint8_t)i;
			return GS_OK;
		}
	return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a node of mode '%.*s'", (int)(text.len > 32 ? 32 : text.len),
	                       text.len == 0 ? "" : (const char *)text.ptr);
}

static enum gs_err feature_of(struct gs_lower *lo, int64_t id, uint32_t *out)
{
	if (id < 0 || id > INT32_MAX)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a node tests feature %lld", (long long)id);
	*out = (uint32_t)id;
	return GS_OK;
}

/* The first node listed of each tree is its root; trees come in the order of their roots. */
static enum gs_err find_roots(struct gs_lower *lo, const struct v1 *v, const struct place *place, struct gs_trees *t)
{
	uint32_t n = v->tree.count;
	uint8_t *is = gs_arena_alloc(&lo->arena, n, 1);
	t->root = gs_arena_alloc(&lo->arena, n, sizeof(*t->root));
	if (is == NULL || t->root == NULL)
		return no_room(lo);
	for (uint32_t i = 0, least = 0; i < n; i++) {
		if (i == 0 || place[i].tree != place[i - 1].tree || place[i].index < least)
			least = place[i].index;
		if (i + 1 == n || place[i + 1].tree != place[i].tree)
			is[least] = 1;
	}
	for (uint32_t i = 0; i < n; i++)
		if (is[i])
			t->root[t->trees++] = i;
	return GS_OK;
}

static enum gs_err read_v1_nodes(struct gs_lower *lo, const struct v1 *v, struct place *place, struct gs_trees *t)
{
	uint32_t n = v->tree.count;
	t->sources = n;
	t->source = gs_arena_alloc(&lo->arena, n, sizeof(*t->source));
	if (t->source == NULL)
		return no_room(lo);
	for (uint32_t i = 0; i < n; i++)
		place[i] = (struct place){v->tree.v[i], v->id.v[i], i};
	qsort(place, n, sizeof(*place), compare_places);
	for (uint32_t i = 1; i < n; i++)
		if (place[i].tree == place[i - 1].tree && place[i].id == place[i - 1].id)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "node %lld of tree %lld is defined twice",
			                       (long long)place[i].id, (long long)place[i].tree);
	for (uint32_t i = 0; i < n; i++) {
		struct gs_tree_source *s = &t->source[i];
		GS_TRY(mode_of(lo, v->mode->strings[i], &s->mode));
		if (s->mode == GS_TREE_LEAF)
			continue;
		GS_TRY(feature_of(lo, v->feature.v[i], &s->feature));
		s->value = (uint32_t)gs_load(GS_F32, v->value.v[i]);
		s->missing_true = v->missing.count != 0 && v->missing.v[i] != 0;
		for (unsigned k = 0; k < 2; k++) {
			int64_t id = k == 0 ? v->yes.v[i] : v->no.v[i];
			const struct place *p = find_place(place, n, v->tree.v[i], id);
			if (p == NULL)
				return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "tree %lld has no node %lld",
				                       (long long)v->tree.v[i], (long long)id);
			s->child[k] = p->index;
		}
	}
	return find_roots(lo, v, place, t);
}

/* kind_treeids, kind_nodeids, kind_ids, kind_weights. Weights at nodes that are no leaves count for nothing. */
static enum gs_err read_v1_votes(struct gs_lower *lo, const struct gs_onnx_node *node, const char *kind,
                                 const struct place *place, struct gs_trees *t)
{
	char name[4][32];
	static const char *const suffix[] = {"treeids", "nodeids", "ids", "weights"};
	struct gs_ml_ints list[3];
	struct gs_ml_floats weight;
	for (unsigned i = 0; i < 4; i++)
		snprintf(name[i], sizeof(name[i]), "%s_%s", kind, suffix[i]);
	for (unsigned i = 0; i < 3; i++)
		GS_TRY(gs_ml_ints(lo, node, name[i], &list[i]));
	GS_TRY(either(lo, node, name[3], &weight));
	for (unsigned i = 0; i < 3; i++)
		GS_TRY(gs_ml_length(lo, name[i], list[i].count, weight.count));
	t->vote = gs_arena_alloc(&lo->arena, weight.count, sizeof(*t->vote));
	if (t->vote == NULL)
		return no_room(lo);
	for (uint32_t i = 0; i < weight.count; i++) {
		const struct place *p = find_place(place, t->sources, list[0].v[i], list[1].v[i]);
		int64_t target = list[2].v[i];
		if (p == NULL)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "tree %lld has no node %lld",
			                       (long long)list[0].v[i], (long long)list[1].v[i]);
		if (target < 0 || target >= (int64_t)t->targets)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "%s is %lld where there are %u", name[2],
			                       (long long)target, t->targets);
		if (t->source[p->index].mode == GS_TREE_LEAF)
			t->vote[t->votes++] = (struct gs_tree_vote){p->index, (uint32_t)target,
			                                            (uint32_t)gs_load(GS_F32, weight.v[i])};
	}
	return GS_OK;
}

enum gs_err gs_trees_read_v1(struct gs_lower *lo, const struct gs_onnx_node *node, const char *kind,
                             struct gs_trees *out)
{
	struct v1 v = {0};
	GS_TRY(read_v1_lists(lo, node, &v));
	struct place *place = gs_arena_alloc(&lo->arena, v.tree.count, sizeof(*place));
	if (place == NULL)
		return no_room(lo);
	GS_TRY(read_v1_nodes(lo, &v, place, out));
	return read_v1_votes(lo, node, kind, place, out);
}

/* ---- TreeEnsemble ---- */

/* The sets of membership_values, one for each node of mode MEMBER in order, each closed by a NaN. */
static enum gs_err read_sets(struct gs_lower *lo, const struct gs_onnx_node *node, struct gs_trees *t)
{
	struct gs_ml_floats v;
	uint32_t wanted = 0;
	GS_TRY(gs_ml_floats(lo, node, "membership_values", &v));
	for (uint32_t i = 0; i < t->sources; i++)
		wanted += t->source[i].mode == GS_TREE_MEMBER;
	t->member = v.v;
	t->set = gs_arena_alloc(&lo->arena, wanted, sizeof(*t->set));
	if (t->set == NULL)
		return no_room(lo);
	for (uint32_t i = 0, start = 0; i < v.count; i++) {
		if (gs_load(GS_F32, v.v[i]) != NO_NUMBER)
			continue;
		if (t->sets < wanted)
			t->set[t->sets] = (struct gs_tree_set){start, i - start};
		t->sets++;
		start = i + 1;
	}
	if (t->sets != wanted)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "membership_values has %u sets for %u nodes", t->sets,
		                       wanted);
	for (uint32_t i = 0, k = 0; i < t->sources; i++)
		if (t->source[i].mode == GS_TREE_MEMBER)
			t->source[i].value = k++;
	return GS_OK;
}

/* An inner node's child: position among the nodes, or among the leaves that follow them. */
static enum gs_err child_of(struct gs_lower *lo, int64_t at, int64_t is_leaf, uint32_t nodes, uint32_t leaves,
                            uint32_t *out)
{
	if (at < 0 || at >= (int64_t)(is_leaf ? leaves : nodes))
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a node's child is %s %lld of %u",
		                       is_leaf ? "leaf" : "node", (long long)at, is_leaf ? leaves : nodes);
	*out = (uint32_t)at + (is_leaf ? nodes : 0);
	return GS_OK;
}

static enum gs_err read_v5_nodes(struct gs_lower *lo, const struct gs_onnx_node *node, uint32_t leaves,
                                 struct gs_trees *t)
{
	const struct gs_onnx_attr *modes = gs_onnx_attr_find(node, "nodes_modes");
	struct gs_ml_ints feature, child[2], leaf[2], missing;
	struct gs_ml_floats split;
	struct gs_val mode;
	GS_TRY(gs_ml_ints(lo, node, "nodes_featureids", &feature));
	GS_TRY(gs_ml_ints(lo, node, "nodes_truenodeids", &child[0]));
	GS_TRY(gs_ml_ints(lo, node, "nodes_falsenodeids", &child[1]));
	GS_TRY(gs_ml_ints(lo, node, "nodes_trueleafs", &leaf[0]));
	GS_TRY(gs_ml_ints(lo, node, "nodes_falseleafs", &leaf[1]));
	GS_TRY(gs_ml_ints(lo, node, "nodes_missing_value_tracks_true", &missing));
	GS_TRY(gs_ml_floats(lo, node, "nodes_splits", &split));
	uint32_t n = feature.count;
	if (n == 0 || leaves == 0 || n > GS_TREE_NODES_MAX || leaves > GS_TREE_NODES_MAX)
		return gs_lower_refuse(lo, n == 0 || leaves == 0 ? GS_ONNX_MALFORMED : GS_ONNX_TOO_BIG,
		                       "%u nodes and %u leaves; 1 to %d of each are supported", n, leaves,
		                       GS_TREE_NODES_MAX);
	for (unsigned k = 0; k < 2; k++) {
		GS_TRY(gs_ml_length(lo, k == 0 ? "nodes_truenodeids" : "nodes_falsenodeids", child[k].count, n));
		GS_TRY(gs_ml_length(lo, k == 0 ? "nodes_trueleafs" : "nodes_falseleafs", leaf[k].count, n));
	}
	GS_TRY(gs_ml_length(lo, "nodes_splits", split.count, n));
	if (missing.count != 0)
		GS_TRY(gs_ml_length(lo, "nodes_missing_value_tracks_true", missing.count, n));
	if (modes == NULL || modes->type != GS_ONNX_ATTR_TENSOR)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "nodes_modes is not a tensor");
	GS_TRY(gs_ops_tensor_constant(lo, modes->s, &mode));
	if (gs_val_class(&mode) != GS_CLASS_I32 || gs_val_count(&mode) != n)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "nodes_modes does not have one integer a node");
	t->sources = n + leaves;
	t->source = gs_arena_alloc(&lo->arena, t->sources, sizeof(*t->source));
	if (t->source == NULL)
		return no_room(lo);
	for (uint32_t i = 0; i < n; i++) {
		struct gs_tree_source *s = &t->source[i];
		uint64_t m = gs_lower_const_bits(lo, &mode, i);
		if (m > GS_TREE_MEMBER)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a node of mode %llu", (unsigned long long)m);
		s->mode = (uint8_t)m;
		s->value = (uint32_t)gs_load(GS_F32, split.v[i]);
		s->missing_true = missing.count != 0 && missing.v[i] != 0;
		GS_TRY(feature_of(lo, feature.v[i], &s->feature));
		for (unsigned k = 0; k < 2; k++)
			GS_TRY(child_of(lo, child[k].v[i], leaf[k].v[i], n, leaves, &s->child[k]));
	}
	for (uint32_t i = n; i < t->sources; i++)
		t->source[i].mode = GS_TREE_LEAF;
	return read_sets(lo, node, t);
}

enum gs_err gs_trees_read_v5(struct gs_lower *lo, const struct gs_onnx_node *node, struct gs_trees *t)
{
	struct gs_ml_ints target, root;
	struct gs_ml_floats weight;
	GS_TRY(gs_ml_ints(lo, node, "leaf_targetids", &target));
	GS_TRY(gs_ml_floats(lo, node, "leaf_weights", &weight));
	GS_TRY(gs_ml_ints(lo, node, "tree_roots", &root));
	GS_TRY(gs_ml_length(lo, "leaf_weights", weight.count, target.count));
	GS_TRY(read_v5_nodes(lo, node, target.count, t));
	t->root = gs_arena_alloc(&lo->arena, root.count, sizeof(*t->root));
	t->vote = gs_arena_alloc(&lo->arena, target.count, sizeof(*t->vote));
	if (t->root == NULL || t->vote == NULL)
		return no_room(lo);
	for (uint32_t i = 0; i < root.count; i++)
		GS_TRY(child_of(lo, root.v[i], 0, t->sources - target.count, 0, &t->root[i]));
	t->trees = root.count;
	for (uint32_t i = 0; i < target.count; i++) {
		if (target.v[i] < 0 || target.v[i] >= (int64_t)t->targets)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "leaf_targetids has %lld where there are %u",
			                       (long long)target.v[i], t->targets);
		t->vote[i] = (struct gs_tree_vote){t->sources - target.count + i, (uint32_t)target.v[i],
		                                   (uint32_t)gs_load(GS_F32, weight.v[i])};
	}
	t->votes = target.count;
	return GS_OK;
}

/* ---- one form ---- */

/* The greatest number below v, NaN when there is none. */
static uint32_t below(uint32_t v)
{
	if (v == NO_NUMBER || v == (INFINITE | SIGN))
		return NO_NUMBER;
	if ((v & ~SIGN) == 0)
		return SIGN | 1;
	return v & SIGN ? v + 1 : v - 1;
}

/* x > v is not x <= v; with y = -x it is y <= below(-v). */
static uint32_t negated(uint32_t v)
{
	return v == NO_NUMBER ? INFINITE : below(v ^ SIGN);
}

/* The test of node i, and whether its true child is to be the false one. */
static bool set_test(struct gs_trees *t, uint32_t i, uint32_t features)
{
	const struct gs_tree_source *s = &t->source[t->from[i]];
	/* x > v is not x <= v, except that nothing compares with NaN */
	bool turned = (s->mode == GS_TREE_GT || s->mode == GS_TREE_GTE) && s->value != NO_NUMBER;
	if (s->mode >= GS_TREE_EQ) { /* the column is 1 for a member, or (when NaN must go there) for NaN */
		turned = s->mode != GS_TREE_NEQ;
		t->test[t->tests] = (struct gs_tree_test){.feature = s->feature,
		                                          .value = s->value,
		                                          .is_set = s->mode == GS_TREE_MEMBER,
		                                          .at_nan = turned ? s->missing_true : !s->missing_true};
		t->column[i] = (int32_t)t->tests++; /* moved behind the features once it is known how many there are */
		t->threshold[i] = 0;
		return turned;
	}
	bool strict = s->mode == GS_TREE_LT || s->mode == GS_TREE_GTE;
	t->column[i] = (int32_t)s->feature;
	t->threshold[i] = strict ? below(s->value) : s->value;
	if (turned == s->missing_true)
		return turned;
	t->negated = true;
	t->column[i] += (int32_t)features;
	t->threshold[i] = negated(t->threshold[i]);
	return !turned;
}

static enum gs_err room_for(struct gs_lower *lo, struct gs_trees *t, uint32_t *cap, uint32_t more)
{
	uint32_t want = *cap;
	if (t->nodes + more <= *cap)
		return GS_OK;
	while (want < t->nodes + more)
		want = want == 0 ? 1024 : 2 * want;
	if (t->nodes + more > GS_TREE_NODES_MAX)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "trees of more than %d nodes", GS_TREE_NODES_MAX);
	uint32_t *from = gs_arena_alloc(&lo->arena, want, sizeof(*from));
	int32_t *column = gs_arena_alloc(&lo->arena, want, sizeof(*column));
	uint32_t *threshold = gs_arena_alloc(&lo->arena, want, sizeof(*threshold));
	int32_t *first = gs_arena_alloc(&lo->arena, want, sizeof(*first));
	struct gs_tree_test *test = gs_arena_alloc(&lo->arena, want, sizeof(*test));
	if (from == NULL || column == NULL || threshold == NULL || first == NULL || test == NULL)
		return no_room(lo);
	if (*cap != 0) {
		memcpy(from, t->from, t->nodes * sizeof(*from));
		memcpy(column, t->column, t->nodes * sizeof(*column));
		memcpy(threshold, t->threshold, t->nodes * sizeof(*threshold));
		memcpy(first, t->first, t->nodes * sizeof(*first));
		memcpy(test, t->test, t->tests * sizeof(*test));
	}
	t->from = from;
	t->column = column;
	t->threshold = threshold;
	t->first = first;
	t->test = test;
	*cap = want;
	return GS_OK;
}

enum gs_err gs_trees_grow(struct gs_lower *lo, uint32_t features, struct gs_trees *t)
{
	uint32_t cap = 0, level_end;
	if (t->trees == 0 || t->trees > GS_TREES_MAX || features > INT32_MAX / 4)
		return gs_lower_refuse(lo, t->trees == 0 ? GS_ONNX_MALFORMED : GS_ONNX_TOO_BIG,
		                       "%u trees over %u features", t->trees, features);
	GS_TRY(room_for(lo, t, &cap, t->trees));
	memcpy(t->from, t->root, t->trees * sizeof(*t->from));
	t->nodes = level_end = t->trees;
	for (uint32_t i = 0; i < t->nodes; i++) {
		const struct gs_tree_source *s = &t->source[t->from[i]];
		if (i == level_end) {
			level_end = t->nodes;
			if (++t->depth > GS_TREE_DEPTH_MAX)
				return gs_lower_refuse(
					lo, GS_ONNX_TOO_BIG,
					"a tree of more than %d levels, or one that leads back into itself",
					GS_TREE_DEPTH_MAX);
		}
		t->first[i] = (int32_t)i;
		t->threshold[i] = NO_NUMBER;
		t->column[i] = 0;
		if (s->mode == GS_TREE_LEAF)
			continue;
		if (s->feature >= features)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a node tests feature %u of %u", s->feature,
			                       features);
		GS_TRY(room_for(lo, t, &cap, 2));
		bool turned = set_test(t, i, features);
		t->from[t->nodes] = s->child[turned];
		t->from[t->nodes + 1] = s->child[!turned];
		t->first[i] = (int32_t)t->nodes + 1;
		t->nodes += 2;
	}
	int32_t tests_at = (int32_t)(t->negated ? 2 * features : features);
	for (uint32_t i = 0; i < t->nodes; i++) {
		uint8_t mode = t->source[t->from[i]].mode;
		if (mode >= GS_TREE_EQ && mode <= GS_TREE_MEMBER)
			t->column[i] += tests_at;
	}
	return GS_OK;
}
