/* Tree ensembles, against a walk down every tree as ONNX describes it, over random trees of every mode. */
#include "chain/core/rng.h"
#include "challenge/machine/scalar.h"
#include "tests/support/onnx_run.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { NODES_MAX = 400, VOTES_MAX = 800, FEATURES = 3, ROWS = 7, SET_MAX = 4 };
enum mode { LEQ, LT, GTE, GT, EQ, NEQ, MEMBER, LEAF };

static const char *const mode_name[] = {"BRANCH_LEQ", "BRANCH_LT",  "BRANCH_GTE", "BRANCH_GT",
                                        "BRANCH_EQ",  "BRANCH_NEQ", "",           "LEAF"};

struct node {
	enum mode mode;
	int64_t tree, id, feature, track, child[2];
	float value, set[SET_MAX];
	unsigned members;
};
struct forest {
	unsigned nodes, trees, votes, targets;
	struct node node[NODES_MAX]; /* children are indices here */
	int64_t root[16];
	struct vote {
		int64_t node, target;
		float weight;
	} vote[VOTES_MAX];
};

static float pick(struct gs_rng *rng)
{
	static const float some[] = {-INFINITY, -FLT_MAX, -2.5F, -0.0F,   0.0F,     0x1p-149F, -0x1p-149F,
	                             0.5F,      1.0F,     2.0F,  FLT_MAX, INFINITY, NAN};
	return some[gs_rng_below(rng, sizeof(some) / sizeof(*some))];
}

static int64_t grow(struct gs_rng *rng, struct forest *f, unsigned modes, unsigned depth, bool one_target)
{
	unsigned at = f->nodes++;
	struct node *n = &f->node[at];
	*n = (struct node){.tree = 3 * (int64_t)f->trees, .mode = LEAF};
	if (depth == 0 || gs_rng_below(rng, 5) == 0) {
		unsigned votes = (unsigned)gs_rng_below(rng, one_target ? 2 : 4) + (one_target ? 1 : 0);
		for (unsigned i = 0; i < votes; i++)
			f->vote[f->votes++] = (struct vote){at,
			                                    one_target ? (int64_t)(f->trees % f->targets)
			                                               : (int64_t)gs_rng_below(rng, f->targets),
			                                    ((float)gs_rng_below(rng, 2001) - 1000.0F) / 7.0F};
		return at;
	}
	n->mode = (enum mode)gs_rng_below(rng, modes);
	n->feature = (int64_t)gs_rng_below(rng, FEATURES);
	n->track = (int64_t)gs_rng_below(rng, 2);
	n->value = pick(rng);
	n->members = (unsigned)gs_rng_below(rng, SET_MAX + 1);
	for (unsigned i = 0; i < n->members; i++)
		while (isnan(n->set[i] = pick(rng)))
			continue;
	int64_t yes = grow(rng, f, modes, depth - 1, one_target), no = grow(rng, f, modes, depth - 1, one_target);
	n->child[0] = yes;
	n->child[1] = no;
	return at;
}

static struct forest *plant(struct gs_rng *rng, unsigned modes, unsigned targets, bool one_target)
{
	struct forest *f = calloc(1, sizeof(*f));
	unsigned trees = 1 + (unsigned)gs_rng_below(rng, 6);
	f->targets = targets;
	while (f->trees < trees && f->nodes + 64 < NODES_MAX) {
		f->root[f->trees] = grow(rng, f, modes, (unsigned)gs_rng_below(rng, 5), one_target);
		f->trees++;
	}
	for (unsigned i = 0; i < f->nodes; i++)
		f->node[i].id = i - f->root[f->node[i].tree / 3];
	return f;
}

static bool answer(const struct node *n, float x)
{
	bool member = false;
	if (isnan(x))
		return n->track != 0;
	for (unsigned i = 0; i < n->members; i++)
		member |= x == n->set[i];
	switch (n->mode) {
	case LEQ: return x <= n->value;
	case LT: return x < n->value;
	case GTE: return x >= n->value;
	case GT: return x > n->value;
	case EQ: return x == n->value;
	case NEQ: return x != n->value;
	case MEMBER: return member;
	case LEAF: return false;
	}
	return false;
}

static int64_t leaf_of(const struct forest *f, unsigned tree, const float *x)
{
	int64_t at = f->root[tree];
	while (f->node[at].mode != LEAF)
		at = f->node[at].child[!answer(&f->node[at], x[f->node[at].feature])];
	return at;
}

static float joined(int how, float acc, float v)
{
	return how == 2 ? (v < acc ? v : acc) : how == 3 ? (v > acc ? v : acc) : acc + v;
}

/* how: 0 average, 1 sum, 2 min, 3 max. The weights that a leaf gives one target are put together before they count. */
static float score(const struct forest *f, const float *x, int64_t target, int how)
{
	const float none = how == 2 ? FLT_MAX : how == 3 ? -FLT_MAX : 0;
	float acc = none;
	for (unsigned t = 0; t < f->trees; t++) {
		int64_t leaf = leaf_of(f, t, x);
		float here = none;
		for (unsigned i = 0; i < f->votes; i++)
			if (f->vote[i].node == leaf && f->vote[i].target == target)
				here = joined(how, here, f->vote[i].weight);
		acc = joined(how, acc, here);
	}
	return how == 0 ? acc / (float)f->trees : acc;
}

static void ints_of(struct ob *o, const struct forest *f, const char *name, int64_t (*get)(const struct node *))
{
	int64_t v[NODES_MAX];
	for (unsigned i = 0; i < f->nodes; i++)
		v[i] = get(&f->node[i]);
	ob_attr_ints(o, name, f->nodes, v);
}

static int64_t get_tree(const struct node *n)
{
	return n->tree;
}
static int64_t get_id(const struct node *n)
{
	return n->id;
}
static int64_t get_feature(const struct node *n)
{
	return n->feature;
}
static int64_t get_track(const struct node *n)
{
	return n->track;
}

static void write_v1(struct ob *o, const struct forest *f, const char *kind, bool tensors)
{
	int64_t yes[NODES_MAX], no[NODES_MAX], list[3][VOTES_MAX];
	float value[NODES_MAX], weight[VOTES_MAX];
	const char *mode[NODES_MAX];
	char name[64];
	for (unsigned i = 0; i < f->nodes; i++) {
		const struct node *n = &f->node[i];
		yes[i] = n->mode == LEAF ? 0 : f->node[n->child[0]].id;
		no[i] = n->mode == LEAF ? 0 : f->node[n->child[1]].id;
		value[i] = n->value;
		mode[i] = mode_name[n->mode];
	}
	for (unsigned i = 0; i < f->votes; i++) {
		list[0][i] = f->node[f->vote[i].node].tree;
		list[1][i] = f->node[f->vote[i].node].id;
		list[2][i] = f->vote[i].target;
		weight[i] = f->vote[i].weight;
	}
	ob_domain(o, "ai.onnx.ml");
	ints_of(o, f, "nodes_treeids", get_tree);
	ints_of(o, f, "nodes_nodeids", get_id);
	ints_of(o, f, "nodes_featureids", get_feature);
	ints_of(o, f, "nodes_missing_value_tracks_true", get_track);
	ob_attr_ints(o, "nodes_truenodeids", f->nodes, yes);
	ob_attr_ints(o, "nodes_falsenodeids", f->nodes, no);
	ob_attr_texts(o, "nodes_modes", f->nodes, mode);
	snprintf(name, sizeof(name), "%s_weights%s", kind, tensors ? "_as_tensor" : "");
	if (tensors) {
		ob_attr_tensor(o, "nodes_values_as_tensor", GS_F32, f->nodes, value);
		ob_attr_tensor(o, name, GS_F32, f->votes, weight);
	} else {
		ob_attr_floats(o, "nodes_values", f->nodes, value);
		ob_attr_floats(o, name, f->votes, weight);
	}
	for (unsigned k = 0; k < 3; k++) {
		snprintf(name, sizeof(name), "%s_%s", kind, ((const char *[]){"treeids", "nodeids", "ids"})[k]);
		ob_attr_ints(o, name, f->votes, list[k]);
	}
}

static void fill(struct gs_rng *rng, float *x)
{
	for (unsigned i = 0; i < ROWS * FEATURES; i++)
		x[i] = pick(rng);
}

static void assert_scores(const struct forest *f, const float *x, const float *have, int how, const float *base,
                          unsigned round)
{
	for (unsigned r = 0; r < ROWS; r++)
		for (unsigned k = 0; k < f->targets; k++) {
			float want = score(f, &x[r * FEATURES], k, how) + (base != NULL ? base[k] : 0);
			if (have[r * f->targets + k] != want)
				fail_msg("round %u, row %u, target %u: %a, not %a", round, r, k,
				         (double)have[r * f->targets + k], (double)want);
		}
}

static void regressors(void **state)
{
	(void)state;
	static const char *const how[] = {"AVERAGE", "SUM", "MIN", "MAX"};
	struct gs_rng rng;
	gs_rng_seed(&rng, 21);
	for (unsigned round = 0; round < 120; round++) {
		unsigned kind = round % 4, targets = 1 + (unsigned)gs_rng_below(&rng, 3);
		struct forest *f = plant(&rng, MEMBER, targets, round % 3 == 0);
		float x[ROWS * FEATURES], base[3] = {0.25F, -3, 1e-3F};
		bool with_base = round % 5 == 0;
		fill(&rng, x);
		struct ob o;
		ob_init(&o, 13);
		ob_input(&o, "x", GS_F32, 2, (int64_t[]){ROWS, FEATURES});
		ob_node(&o, "TreeEnsembleRegressor", "x", "y");
		write_v1(&o, f, "target", round % 7 == 0);
		ob_attr_int(&o, "n_targets", targets);
		if (kind != 1 || round % 8 == 1)
			ob_attr_text(&o, "aggregate_function", how[kind]);
		if (with_base)
			ob_attr_floats(&o, "base_values", targets, base);
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		struct onnx_run r = onnx_run(&o, (const void *[]){x});
		assert_int_equal(r.count[0], ROWS * targets);
		assert_scores(f, x, r.output[0], (int)kind, with_base ? base : NULL, round);
		onnx_run_free(&r);
		free(f);
	}
}

/* TreeEnsemble: positions instead of ids, leaves in a list of their own, sets. A leaf has one vote. */
static void write_v5(struct ob *o, const struct forest *f)
{
	int64_t place[NODES_MAX], feature[NODES_MAX], track[NODES_MAX], child[2][NODES_MAX], is_leaf[2][NODES_MAX];
	int64_t target[VOTES_MAX], root[16];
	float split[NODES_MAX], weight[VOTES_MAX], member[NODES_MAX * (SET_MAX + 1)];
	uint8_t mode[NODES_MAX];
	unsigned inner = 0, leaves = 0, members = 0;
	for (unsigned i = 0; i < f->nodes; i++)
		place[i] = f->node[i].mode == LEAF ? leaves++ : inner++;
	inner = 0;
	for (unsigned i = 0; i < f->nodes; i++) {
		const struct node *n = &f->node[i];
		if (n->mode == LEAF)
			continue;
		feature[inner] = n->feature;
		track[inner] = n->track;
		split[inner] = n->value;
		mode[inner] = (uint8_t)n->mode;
		for (unsigned k = 0; k < 2; k++) {
			child[k][inner] = place[n->child[k]];
			is_leaf[k][inner] = f->node[n->child[k]].mode == LEAF;
		}
		if (n->mode == MEMBER) {
			for (unsigned i2 = 0; i2 < n->members; i2++)
				member[members++] = n->set[i2];
			member[members++] = NAN;
		}
		inner++;
	}
	for (unsigned i = 0; i < f->votes; i++) {
		assert_int_equal(place[f->vote[i].node], i);
		target[i] = f->vote[i].target;
		weight[i] = f->vote[i].weight;
	}
	for (unsigned t = 0; t < f->trees; t++)
		root[t] = place[f->root[t]];
	ob_domain(o, "ai.onnx.ml");
	ob_attr_ints(o, "tree_roots", f->trees, root);
	ob_attr_ints(o, "nodes_featureids", inner, feature);
	ob_attr_ints(o, "nodes_missing_value_tracks_true", inner, track);
	ob_attr_ints(o, "nodes_truenodeids", inner, child[0]);
	ob_attr_ints(o, "nodes_falsenodeids", inner, child[1]);
	ob_attr_ints(o, "nodes_trueleafs", inner, is_leaf[0]);
	ob_attr_ints(o, "nodes_falseleafs", inner, is_leaf[1]);
	ob_attr_ints(o, "leaf_targetids", f->votes, target);
	ob_attr_tensor(o, "nodes_modes", GS_U8, inner, mode);
	ob_attr_tensor(o, "nodes_splits", GS_F32, inner, split);
	ob_attr_tensor(o, "leaf_weights", GS_F32, f->votes, weight);
	if (members != 0)
		ob_attr_tensor(o, "membership_values", GS_F32, members, member);
}

static void ensembles(void **state)
{
	(void)state;
	struct gs_rng rng;
	gs_rng_seed(&rng, 22);
	for (unsigned round = 0, done = 0; done < 100; round++) {
		unsigned kind = round % 4, targets = 1 + (unsigned)gs_rng_below(&rng, 3);
		struct forest *f = plant(&rng, LEAF, targets, true);
		bool inner_roots = true;
		float x[ROWS * FEATURES];
		fill(&rng, x);
		f->votes = 0;
		for (unsigned i = 0; i < f->nodes; i++)
			if (f->node[i].mode == LEAF)
				f->vote[f->votes++] = (struct vote){i, (int64_t)gs_rng_below(&rng, targets),
				                                    (float)gs_rng_below(&rng, 500) / 9.0F - 20};
		for (unsigned t = 0; t < f->trees; t++)
			inner_roots &= f->node[f->root[t]].mode != LEAF;
		if (inner_roots) {
			struct ob o;
			ob_init(&o, 13);
			ob_input(&o, "x", GS_F32, 2, (int64_t[]){ROWS, FEATURES});
			ob_node(&o, "TreeEnsemble", "x", "y");
			write_v5(&o, f);
			ob_attr_int(&o, "n_targets", targets);
			ob_attr_int(&o, "aggregate_function", kind);
			ob_end(&o);
			ob_output(&o, "y", GS_F32);
			struct onnx_run r = onnx_run(&o, (const void *[]){x});
			assert_scores(f, x, r.output[0], (int)kind, NULL, round);
			onnx_run_free(&r);
			done++;
		}
		free(f);
	}
}

static float sigmoid(float x)
{
	float e = gs_f32_from_bits((uint32_t)gs_fn_apply(GS_FN_F32_EXP, gs_f32_to_bits(-x), 0, 0));
	return 1.0F / (e + 1.0F);
}

static void classifiers(void **state)
{
	(void)state;
	static const int64_t name[] = {40, -7, 12};
	struct gs_rng rng;
	gs_rng_seed(&rng, 23);
	for (unsigned round = 0; round < 60; round++) {
		struct forest *f = plant(&rng, MEMBER, 3, round % 2 == 0);
		float x[ROWS * FEATURES], base[3] = {0.5F, 0, -1};
		bool logistic = round % 3 == 1;
		fill(&rng, x);
		struct ob o;
		ob_init(&o, 13);
		ob_input(&o, "x", GS_F32, 2, (int64_t[]){ROWS, FEATURES});
		ob_node(&o, "TreeEnsembleClassifier", "x", "label,score");
		write_v1(&o, f, "class", false);
		ob_attr_ints(&o, "classlabels_int64s", 3, name);
		ob_attr_floats(&o, "base_values", 3, base);
		if (logistic)
			ob_attr_text(&o, "post_transform", "LOGISTIC");
		ob_end(&o);
		ob_output(&o, "label", GS_I64);
		ob_output(&o, "score", GS_F32);
		struct onnx_run r = onnx_run(&o, (const void *[]){x});
		assert_int_equal(r.count[0], ROWS);
		assert_int_equal(r.count[1], ROWS * 3);
		for (unsigned row = 0; row < ROWS; row++) {
			float s[3];
			unsigned best = 0;
			for (unsigned k = 0; k < 3; k++) {
				s[k] = score(f, &x[row * FEATURES], k, 1) + base[k];
				best = s[k] > s[best] ? k : best;
				assert_true(((float *)r.output[1])[row * 3 + k] == (logistic ? sigmoid(s[k]) : s[k]));
			}
			assert_int_equal(((int64_t *)r.output[0])[row], name[best]);
		}
		onnx_run_free(&r);
		free(f);
	}
}

/* Two labels and votes for one class: the other's score is 1 - s when every weight is positive, else -s. */
static void two_classes(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 8; round++) {
		bool positive = round & 1, one_base = round & 2, logistic = round & 4;
		const int64_t zeros[3] = {0}, ids[3] = {0, 1, 2}, yes[3] = {1, 0, 0}, no[3] = {2, 0, 0},
			      name[2] = {5, 9};
		const float value[3] = {1.5F}, base[2] = {0.125F, 0.125F}, x[2] = {1, 2};
		const float weight[2] = {positive ? 0.25F : -0.75F, 0.5F};
		struct ob o;
		ob_init(&o, 13);
		ob_input(&o, "x", GS_F32, 2, (int64_t[]){2, 1});
		ob_node(&o, "TreeEnsembleClassifier", "x", "label,score");
		ob_domain(&o, "ai.onnx.ml");
		ob_attr_ints(&o, "nodes_treeids", 3, zeros);
		ob_attr_ints(&o, "nodes_nodeids", 3, ids);
		ob_attr_ints(&o, "nodes_featureids", 3, zeros);
		ob_attr_ints(&o, "nodes_truenodeids", 3, yes);
		ob_attr_ints(&o, "nodes_falsenodeids", 3, no);
		ob_attr_floats(&o, "nodes_values", 3, value);
		ob_attr_texts(&o, "nodes_modes", 3, (const char *[]){"BRANCH_LEQ", "LEAF", "LEAF"});
		ob_attr_ints(&o, "class_treeids", 2, zeros);
		ob_attr_ints(&o, "class_nodeids", 2, ids + 1);
		ob_attr_ints(&o, "class_ids", 2, zeros);
		ob_attr_floats(&o, "class_weights", 2, weight);
		ob_attr_ints(&o, "classlabels_int64s", 2, name);
		ob_attr_floats(&o, "base_values", one_base ? 1 : 2, base);
		if (logistic)
			ob_attr_text(&o, "post_transform", "LOGISTIC");
		ob_end(&o);
		ob_output(&o, "label", GS_I64);
		ob_output(&o, "score", GS_F32);
		struct onnx_run r = onnx_run(&o, (const void *[]){x});
		const int64_t *label = r.output[0];
		const float *have = r.output[1];
		assert_int_equal(r.count[1], 4);
		for (unsigned row = 0; row < 2; row++) {
			float s = weight[row] + 0.125F, other = positive && !logistic ? 1 - s : -s;
			assert_int_equal(label[row], s > (positive ? 0.5F : 0.0F) ? 9 : 5);
			assert_true(have[2 * row] == (logistic ? sigmoid(other) : other));
			assert_true(have[2 * row + 1] == (logistic ? sigmoid(s) : s));
		}
		onnx_run_free(&r);
	}
}

/* Labels that are strings: the scores alone can be had. */
static void string_labels(void **state)
{
	(void)state;
	for (unsigned both = 0; both < 2; both++) {
		struct gs_rng rng;
		struct gs_error text;
		gs_rng_seed(&rng, 24);
		struct forest *f = plant(&rng, MEMBER, 3, false);
		float x[ROWS * FEATURES];
		fill(&rng, x);
		struct ob o;
		ob_init(&o, 13);
		ob_input(&o, "x", GS_F32, 2, (int64_t[]){ROWS, FEATURES});
		ob_node(&o, "TreeEnsembleClassifier", "x", "label,score");
		write_v1(&o, f, "class", false);
		ob_attr_texts(&o, "classlabels_strings", 3, (const char *[]){"a", "b", "c"});
		ob_end(&o);
		ob_output(&o, "score", GS_F32);
		if (both) {
			ob_output(&o, "label", 8);
			assert_int_equal(onnx_refusal(&o, &text), GS_ONNX_STRING);
			assert_non_null(strstr(text.text, "labels are strings"));
		} else {
			struct onnx_run r = onnx_run(&o, (const void *[]){x});
			assert_scores(f, x, r.output[0], 1, NULL, 0);
			onnx_run_free(&r);
		}
		free(f);
	}
}

/* A chain of nodes: instructions by its length, not by the number of trees. */
static void depth_not_size(void **state)
{
	(void)state;
	unsigned instructions[2];
	for (unsigned big = 0; big < 2; big++) {
		unsigned trees = big ? 30 : 1, n = 0;
		int64_t tree[210], id[210], feature[210] = {0}, yes[210], no[210];
		float value[210], weight[120];
		const char *mode[210];
		int64_t vtree[120], vid[120], vtarget[120] = {0};
		for (unsigned t = 0; t < trees; t++)
			for (unsigned k = 0; k < 7; k++, n++) {
				tree[n] = t;
				id[n] = k;
				mode[n] = k < 3 ? "BRANCH_LT" : "LEAF";
				yes[n] = k < 2 ? k + 1 : 3;
				no[n] = k < 3 ? 6 - k : 0;
				value[n] = (float)t - (float)k;
			}
		for (unsigned i = 0; i < trees * 4; i++) {
			vtree[i] = i / 4;
			vid[i] = 3 + i % 4;
			weight[i] = (float)i;
		}
		struct ob o;
		ob_init(&o, 13);
		ob_input(&o, "x", GS_F32, 2, (int64_t[]){1, 1});
		ob_node(&o, "TreeEnsembleRegressor", "x", "y");
		ob_domain(&o, "ai.onnx.ml");
		ob_attr_int(&o, "n_targets", 1);
		ob_attr_ints(&o, "nodes_treeids", n, tree);
		ob_attr_ints(&o, "nodes_nodeids", n, id);
		ob_attr_ints(&o, "nodes_featureids", n, feature);
		ob_attr_ints(&o, "nodes_truenodeids", n, yes);
		ob_attr_ints(&o, "nodes_falsenodeids", n, no);
		ob_attr_floats(&o, "nodes_values", n, value);
		ob_attr_texts(&o, "nodes_modes", n, mode);
		ob_attr_ints(&o, "target_treeids", trees * 4, vtree);
		ob_attr_ints(&o, "target_nodeids", trees * 4, vid);
		ob_attr_ints(&o, "target_ids", trees * 4, vtarget);
		ob_attr_floats(&o, "target_weights", trees * 4, weight);
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		struct onnx_run r = onnx_run(&o, (const void *[]){&(float){0.5F}});
		instructions[big] = r.program.count;
		onnx_run_free(&r);
	}
	assert_int_equal(instructions[0], instructions[1]);
	assert_in_range(instructions[0], 1, 4 * 3 + 2);
}

static void refused(const char *attr_changed, enum gs_onnx_reason want)
{
	const int64_t zeros[3] = {0}, ids[3] = {0, 1, 2};
	int64_t yes[3] = {1, 0, 0}, no[3] = {2, 0, 0}, feature[3] = {0};
	const char *mode[] = {"BRANCH_LEQ", "LEAF", "LEAF"};
	struct ob o;
	bool loops = strcmp(attr_changed, "loops") == 0;
	if (strcmp(attr_changed, "child") == 0)
		no[0] = 7;
	if (strcmp(attr_changed, "feature") == 0)
		feature[0] = 1;
	if (strcmp(attr_changed, "mode") == 0)
		mode[0] = "BRANCH_SOMEWHERE";
	if (loops)
		yes[0] = 0;
	ob_init(&o, 13);
	ob_input(&o, "x", GS_F32, 2, (int64_t[]){1, 1});
	ob_node(&o, "TreeEnsembleRegressor", "x", "y");
	ob_domain(&o, "ai.onnx.ml");
	ob_attr_int(&o, "n_targets", 1);
	ob_attr_ints(&o, "nodes_treeids", 3, zeros);
	ob_attr_ints(&o, "nodes_nodeids", strcmp(attr_changed, "twice") == 0 ? 3 : 3,
	             strcmp(attr_changed, "twice") == 0 ? zeros : ids);
	ob_attr_ints(&o, "nodes_featureids", 3, feature);
	ob_attr_ints(&o, "nodes_truenodeids", strcmp(attr_changed, "length") == 0 ? 2 : 3, yes);
	ob_attr_ints(&o, "nodes_falsenodeids", 3, no);
	ob_attr_floats(&o, "nodes_values", 3, (float[3]){0});
	ob_attr_texts(&o, "nodes_modes", 3, mode);
	ob_attr_ints(&o, "target_treeids", 1, zeros);
	ob_attr_ints(&o, "target_nodeids", 1, ids + 1);
	ob_attr_ints(&o, "target_ids", 1, strcmp(attr_changed, "target") == 0 ? ids + 1 : zeros);
	ob_attr_floats(&o, "target_weights", 1, (float[1]){1});
	if (strcmp(attr_changed, "post") == 0)
		ob_attr_text(&o, "post_transform", "CUBE");
	ob_end(&o);
	ob_output(&o, "y", GS_F32);
	struct gs_error text;
	enum gs_onnx_reason have = onnx_refusal(&o, &text);
	if (have != want)
		fail_msg("%s: reason %s, text '%s'", attr_changed, gs_onnx_reason_name(have), text.text);
}

static void refusals(void **state)
{
	(void)state;
	refused("nothing", GS_ONNX_LOWERED);
	static const char *const broken[] = {"child", "feature", "mode", "twice", "length", "target", "post"};
	for (unsigned i = 0; i < sizeof(broken) / sizeof(*broken); i++)
		refused(broken[i], GS_ONNX_MALFORMED);
	refused("loops", GS_ONNX_TOO_BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(regressors),  cmocka_unit_test(ensembles),     cmocka_unit_test(classifiers),
		cmocka_unit_test(two_classes), cmocka_unit_test(string_labels), cmocka_unit_test(depth_not_size),
		cmocka_unit_test(refusals),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
