/* The catalogue: control flow and the domain ai.onnx.ml. */
#include "validator/onnx/catalogue_rows.h"

const struct gs_catalogue_row gs_catalogue_other[] = {
	{
		.section = "Trees, linear models, features (ai.onnx.ml)",
		.operators = "ai.onnx.ml:TreeEnsembleRegressor 1 3 5, ai.onnx.ml:TreeEnsembleClassifier 1 3 5, "
			     "ai.onnx.ml:TreeEnsemble 5",
		.attributes =
			"aggregate_function base_values base_values_as_tensor class_ids class_nodeids class_treeids "
			"class_weights class_weights_as_tensor classlabels_int64s classlabels_strings leaf_targetids "
			"leaf_weights membership_values n_targets nodes_falseleafs nodes_falsenodeids "
			"nodes_featureids nodes_hitrates nodes_hitrates_as_tensor nodes_missing_value_tracks_true "
			"nodes_modes nodes_nodeids nodes_splits nodes_treeids nodes_trueleafs nodes_truenodeids "
			"nodes_values nodes_values_as_tensor post_transform target_ids target_nodeids target_treeids "
			"target_weights target_weights_as_tensor tree_roots",
		.lowering =
			"every node becomes \"column c ≤ threshold\", NaN taking the false side: the threshold of "
			"< is the next number below; > and ≥ are the same with their children exchanged; where NaN "
			"must take the other side the column is neg(feature) and the threshold the next number below "
			"neg(threshold), children exchanged; EQ, NEQ, MEMBER test a column of their own, which is "
			"to_f32(eq(x, value)), or FOLD i32.max from 0 of eq(x, member), with its answer for NaN by "
			"select(eq(x, x), ·, answer). Columns in this order: features, their negations, EQ and NEQ "
			"tests, MEMBER tests; the last two in the order of the nodes. Nodes are numbered by their "
			"distance from the roots, the true child just before the false one. A level is four "
			"instructions over rows × trees: c = column[node]; v = x[row, c]; b = le(v, "
			"threshold[node]); node = i32.sub(first[node], b), first being the false child, or the leaf "
			"itself. As many levels as the deepest tree has",
		.limits = "",
	},
	{
		.section = "Trees, linear models, features (ai.onnx.ml)",
		.operators = "… their sum",
		.attributes = "",
		.lowering =
			"the weights that a leaf gives to one target are put together in the file's order (while "
			"lowering). SUM: FOLD add from +0 over the trees in the order in which the file lists their "
			"first nodes (tree_roots), one after the other, never split; trees that do not vote for the "
			"target change nothing. AVERAGE: the same, epilogue div(value, trees). MIN, MAX: FOLD min "
			"from 7f7fffff, max from ff7fffff. Then add(score, base value), then the transform",
		.limits = "",
	},
	{
		.section = "Trees, linear models, features (ai.onnx.ml)",
		.operators = "… classes",
		.attributes = "",
		.lowering =
			"label: that of the greatest score before the transform, the first of equals. One or two "
			"labels and votes for one class only: s is that class's score with the last base value; the "
			"second label (with one label: that one, else 0) when lt(limit, s), limit 0.5 when no weight "
			"is negative, else 0; the scores are the transform of [neg(s), s], or of [sub(1, s), s] when "
			"no weight is negative and the transform is NONE or PROBIT",
		.limits = "",
	},
	{
		.section = "Trees, linear models, features (ai.onnx.ml)",
		.operators = "ai.onnx.ml:LinearRegressor 1, ai.onnx.ml:LinearClassifier 1",
		.attributes = "classlabels_ints classlabels_strings coefficients intercepts multi_class post_transform "
			      "targets",
		.lowering =
			"FOLD fma from the intercept (or +0) over the features, then the transform. Classifier, one "
			"score for two labels: [neg(s), s]; labels as for trees; one label: that one when le(limit, "
			"y), limit 0 (0.5 with a transform), else 0",
		.limits = "",
	},
	{
		.section = "Trees, linear models, features (ai.onnx.ml)",
		.operators = "ai.onnx.ml:SVMRegressor 1, ai.onnx.ml:SVMClassifier 1",
		.attributes = "classlabels_ints classlabels_strings coefficients kernel_params kernel_type n_supports "
			      "one_class post_transform prob_a prob_b rho support_vectors vectors_per_class",
		.lowering =
			"kernels: LINEAR: FOLD fma from +0 over the features; POLY: t = fma(coef0, gamma, linear), t "
			"multiplied with itself degree − 1 times from the left (whole degrees to 64); SIGMOID: "
			"tanh(t); RBF: d = sub(x, vector), exp(mul(sum of mul(d, d), neg(gamma))). Regressor: FOLD "
			"fma from rho over the vectors' kernels (without vectors: the features) times the "
			"coefficients; one_class: select(lt(0, y), 1, −1). Classifier: for the classes i < j FOLD "
			"fma from rho over the vectors of i, then of j; lt(0, ·) is a vote for i, else for j; the "
			"label with the most votes, the first of equals. Two classes without probabilities: [neg(d), "
			"d]. Without vectors: scores as of LinearClassifier from rho[0]",
		.limits = "",
	},
	{
		.section = "Trees, linear models, features (ai.onnx.ml)",
		.operators = "… probabilities",
		.attributes = "",
		.lowering =
			"p_ij = clip(sub(1, Sigmoid(fma(prob_b, d, prob_a))), 33d6bf95, 3f7ffffe), p_ji = sub(1, "
			"p_ij); Q_tt = FOLD fma from +0 of p_jt², j rising; Q_tj = neg(mul(p_jt, p_tj)); P = div(1, "
			"k). max(100, k) rounds: q = Q P and s = q P by FOLD fma from +0; the round is undone by "
			"select, and every later one, once max over t of abs(sub(q_t, s)) is below div(3ba3d70a, k); "
			"for t rising: f = div(sub(s, q_t), Q_tt), o = add(1, f), s = div(fma(s, f, fma(add(q_t, "
			"q_t), f, Q_tt)), mul(o, o)), P = div(fma(P, [t], f), o), q = div(fma(q, f, Q_t), o)",
		.limits = "",
	},
	{
		.section = "Trees, linear models, features (ai.onnx.ml)",
		.operators = "ai.onnx.ml:Scaler 1, ai.onnx.ml:Binarizer 1",
		.attributes = "offset scale threshold",
		.lowering = "mul(sub(x, offset), scale); lt(threshold, x)",
		.limits = "",
	},
	{
		.section = "Trees, linear models, features (ai.onnx.ml)",
		.operators = "ai.onnx.ml:Normalizer 1",
		.attributes = "norm",
		.lowering = "d = FOLD max from −inf, sum of abs(x), or sum of mul(x, x) with epilogue sqrt; div(x, "
			    "select(eq(d, 0), 1, d))",
		.limits = "",
	},
	{
		.section = "Trees, linear models, features (ai.onnx.ml)",
		.operators = "ai.onnx.ml:Imputer 1",
		.attributes = "imputed_value_floats imputed_value_int64s replaced_value_float replaced_value_int64",
		.lowering = "select(eq(x, replaced), value, x); replaced NaN: select(eq(x, x), x, value)",
		.limits = "",
	},
	{
		.section = "Trees, linear models, features (ai.onnx.ml)",
		.operators = "ai.onnx.ml:OneHotEncoder 1",
		.attributes = "cats_int64s cats_strings zeros",
		.lowering = "eq(x, category) of i64 as f32; a category that is not listed gives zeros",
		.limits = "",
	},
	{
		.section = "Trees, linear models, features (ai.onnx.ml)",
		.operators = "ai.onnx.ml:LabelEncoder 1 2 4",
		.attributes = "classes_strings default_float default_int64 default_string default_tensor keys_floats "
			      "keys_int64s keys_strings keys_tensor values_floats values_int64s values_strings "
			      "values_tensor",
		.lowering = "k = FOLD i32.max from −1 of select(eq(x, key), position, −1), NaN finding a NaN key; "
			    "MAP copy of value[k], −1 reading the default. Numbers only",
		.limits = "",
	},
	{
		.section = "Trees, linear models, features (ai.onnx.ml)",
		.operators = "ai.onnx.ml:ArrayFeatureExtractor 1, ai.onnx.ml:FeatureVectorizer 1, ai.onnx.ml:ZipMap 1",
		.attributes = "classlabels_int64s classlabels_strings inputdimensions",
		.lowering =
			"MAP copy through the indices; Concat of f32, cut or filled with zeros to inputdimensions; a "
			"view of its input",
		.limits = "",
	},
	{
		.section = "Control flow",
		.operators = "If 1 11 13 16 19 21 23 24 25",
		.attributes = "else_branch then_branch",
		.lowering = "condition known: the branch taken is lowered, the other one is not looked at.",
		.limits = "Not known: both are lowered, then_branch first, and each output is select(condition, then, "
			  "else); branches that differ in shape or type, or of which one cannot be lowered, are "
			  "refused with the input to bind",
	},
	{
		.section = "Control flow",
		.operators = "Loop 1 11 13 16 19 21 23 24 25",
		.attributes = "body",
		.lowering = "unrolled. Trip number i is a constant i64. Carried values are handed on, and may change "
			    "their shape; scan outputs are joined as by Concat along a new first dimension. After no "
			    "trip a scan output is empty, of the shape that the body declares",
		.limits = "Trip count and first condition must be known, and after each trip but the last the "
			  "condition that the body gives.",
	},
	{
		.section = "Control flow",
		.operators = "Scan 8 9 11 16 19 21 23 24 25",
		.attributes = "body directions num_scan_inputs scan_input_axes scan_input_directions scan_output_axes "
			      "scan_output_directions",
		.lowering = "unrolled over the extent of the scan axes; elements are views; directions and axes as "
			    "stated; scan outputs are joined as by Concat along the stated axis.",
		.limits = "Before opset 9 each batch by itself, the results joined along the first dimension; "
			  "sequence_lens must be the full length",
	},
	{.section = NULL},
};
