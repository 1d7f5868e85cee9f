/* validator/onnx/ml_trees.h: a tree ensemble of any of its three ONNX operators, brought into one form.
 *
 * Every test becomes "column <= threshold", NaN taking the false side, by choosing the column (the feature, its negation,
 * or whether it is a member of a set) and which child is which. The true child of a node lies just before its false
 * child, so that the next node is first[node] - test, and a leaf is its own next node: its threshold is NaN. */
#ifndef GS_VALIDATOR_ONNX_ML_TREES_H
#define GS_VALIDATOR_ONNX_ML_TREES_H

#include "validator/onnx/ops_ml.h"

enum {
	GS_TREES_MAX = 1 << 18,      /* a FOLD's terms */
	GS_TREE_NODES_MAX = 1 << 22, /* of all trees, each path to a shared node counted */
	GS_TREE_DEPTH_MAX = 1024,
};

enum gs_tree_mode { /* the numbers of TreeEnsemble's nodes_modes */
	            GS_TREE_LEQ = 0,
	            GS_TREE_LT,
	            GS_TREE_GTE,
	            GS_TREE_GT,
	            GS_TREE_EQ,
	            GS_TREE_NEQ,
	            GS_TREE_MEMBER,
	            GS_TREE_LEAF,
};

struct gs_tree_source { /* a node as the file has it */
	uint8_t mode;
	bool missing_true;
	uint32_t feature;
	uint32_t value;    /* binary32 bits; GS_TREE_MEMBER: the number of its set */
	uint32_t child[2]; /* indices of the true and the false child */
};

struct gs_tree_vote {
	uint32_t leaf; /* index of a source node */
	uint32_t target;
	uint32_t weight; /* binary32 bits */
};

struct gs_tree_set { /* the members of one set, in set[first ... first + count) */
	uint32_t first, count;
};

struct gs_trees {
	/* as read */
	uint32_t sources, trees, votes, sets;
	struct gs_tree_source *source;
	uint32_t *root; /* by tree, in the file's order */
	struct gs_tree_vote *vote;
	const uint32_t *member; /* binary32 bits */
	struct gs_tree_set *set;
	uint32_t targets;
	/* grown: the nodes in the order of their distance from the roots; the roots are the first `trees` */
	uint32_t nodes, depth;
	uint32_t *from;      /* the source node */
	int32_t *column;     /* see gs_trees_columns */
	uint32_t *threshold; /* binary32 bits */
	int32_t *first;      /* index of the false child; its own for a leaf */
	/* columns past the features: with negated, as many with the sign turned; then one a membership test */
	bool negated;
	uint32_t tests;
	struct gs_tree_test {
		uint32_t feature, value;
		bool is_set, at_nan; /* the answer for NaN */
	} * test;
};

/* TreeEnsembleRegressor and TreeEnsembleClassifier; kind is "target" or "class", the prefix of their votes. */
enum gs_err gs_trees_read_v1(struct gs_lower *lo, const struct gs_onnx_node *node, const char *kind,
                             struct gs_trees *out);
/* TreeEnsemble. */
enum gs_err gs_trees_read_v5(struct gs_lower *lo, const struct gs_onnx_node *node, struct gs_trees *out);
/* Fills the grown part for rows of `features` columns. */
enum gs_err gs_trees_grow(struct gs_lower *lo, uint32_t features, struct gs_trees *t);

#endif
