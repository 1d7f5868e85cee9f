/* Forms of operators from opsets 1 to 6 that differ from the later ones that this lowering knows: rewritten into those, or
 * refused. Source: ONNX's changelog of operators (docs/Changelog.md), versions 1 to 7. The rest of the old attributes,
 * consumed_inputs and output_sequence, say nothing about values; broadcast and axis are read in ops_common.c. */
#include "validator/onnx/lower.h"

#include <stdlib.h>

/* Operators that were the same up to such attributes, or whose old forms their own code reads. */
static const char *const same[] = {
	"Abs",
	"Add",
	"Affine",
	"And",
	"ArgMax",
	"ArgMin",
	"AveragePool",
	"BatchNormalization",
	"Ceil",
	"Clip",
	"Concat",
	"Constant",
	"Conv",
	"ConvTranspose",
	"Crop",
	"DepthToSpace",
	"Div",
	"Elu",
	"Equal",
	"Exp",
	"Flatten",
	"Floor",
	"GRU",
	"Gather",
	"Gemm",
	"GlobalAveragePool",
	"GlobalLpPool",
	"GlobalMaxPool",
	"Greater",
	"HardSigmoid",
	"Hardmax",
	"Identity",
	"If",
	"ImageScaler",
	"InstanceNormalization",
	"LRN",
	"LSTM",
	"LeakyRelu",
	"Less",
	"Log",
	"LogSoftmax",
	"Loop",
	"LpNormalization",
	"LpPool",
	"MatMul",
	"Max",
	"MaxPool",
	"MaxRoiPool",
	"Mean",
	"Min",
	"Mul",
	"Neg",
	"Not",
	"Or",
	"PRelu",
	"ParametricSoftplus",
	"Pow",
	"RNN",
	"Reciprocal",
	"ReduceL1",
	"ReduceL2",
	"ReduceLogSum",
	"ReduceLogSumExp",
	"ReduceMax",
	"ReduceMean",
	"ReduceMin",
	"ReduceProd",
	"ReduceSum",
	"ReduceSumSquare",
	"Relu",
	"Scale",
	"ScaledTanh",
	"Shape",
	"Sigmoid",
	"Size",
	"Slice",
	"Softmax",
	"Softplus",
	"Softsign",
	"SpaceToDepth",
	"Split",
	"Sqrt",
	"Squeeze",
	"Sub",
	"Sum",
	"Tanh",
	"ThresholdedRelu",
	"TopK",
	"Transpose",
	"Unsqueeze",
	"Xor",
};

static bool is_same(struct gs_bytes op)
{
	for (unsigned i = 0; i < GS_ARRAY_LEN(same); i++)
		if (gs_onnx_text_is(op, same[i]))
			return true;
	return false;
}

static bool add(struct gs_lower_old *old, const char *name, enum gs_onnx_attr_type type, struct gs_onnx_attr value)
{
	value.name = (struct gs_bytes){(const uint8_t *)name, __builtin_strlen(name)};
	value.type = type;
	old->attr[old->node.attrs++] = value;
	return true;
}

/* Cast's data type was its name. */
static bool cast_by_name(const struct gs_onnx_attr *to, struct gs_lower_old *old)
{
	for (int64_t code = 1; code <= 16; code++)
		if (gs_onnx_text_is(to->s, gs_onnx_type_name((uint64_t)code)))
			return add(old, "to", GS_ONNX_ATTR_INT, (struct gs_onnx_attr){.i = code});
	return false;
}

/* Upsample had two scales, for the last two of four dimensions, and Selu shorter numbers for its defaults. */
static bool rewrite(const struct gs_onnx_node *node, struct gs_lower_old *old)
{
	const struct gs_onnx_attr *a = gs_onnx_attr_find(node, "to"), *w;
	if (gs_onnx_text_is(node->op, "Cast"))
		return a != NULL && a->type == GS_ONNX_ATTR_STRING && cast_by_name(a, old);
	if (gs_onnx_text_is(node->op, "Pad") && (a = gs_onnx_attr_find(node, "paddings")) != NULL)
		return add(old, "pads", a->type, *a);
	if (gs_onnx_text_is(node->op, "Selu")) {
		if (gs_onnx_attr_find(node, "alpha") == NULL) /* 1.6732 */
			add(old, "alpha", GS_ONNX_ATTR_FLOAT, (struct gs_onnx_attr){.f = UINT32_C(0x3fd62b6b)});
		if (gs_onnx_attr_find(node, "gamma") == NULL) /* 1.0507 */
			add(old, "gamma", GS_ONNX_ATTR_FLOAT, (struct gs_onnx_attr){.f = UINT32_C(0x3f867d56)});
		return true;
	}
	if (!gs_onnx_text_is(node->op, "Upsample"))
		return false;
	a = gs_onnx_attr_find(node, "height_scale");
	w = gs_onnx_attr_find(node, "width_scale");
	if (a == NULL || w == NULL || a->type != GS_ONNX_ATTR_FLOAT || w->type != GS_ONNX_ATTR_FLOAT)
		return false;
	old->scale[0] = old->scale[1] = UINT32_C(0x3f800000);
	old->scale[2] = a->f;
	old->scale[3] = w->f;
	return add(old, "scales", GS_ONNX_ATTR_FLOATS, (struct gs_onnx_attr){.count = 4, .floats = old->scale});
}

enum gs_err gs_lower_old_form(struct gs_lower *lo, const struct gs_onnx_node **node, struct gs_lower_old *old)
{
	const struct gs_onnx_node *n = *node;
	int64_t opset = lo->model.opset;
	if (opset >= 7 || !gs_onnx_domain_is(n->domain, (struct gs_bytes){0}))
		return GS_OK;
	if (gs_onnx_text_is(n->op, "Dropout")) /* later it is the mode of the whole run */
		return gs_lower_attr_int(n, "is_test", 0) != 0
		               ? GS_OK
		               : gs_lower_refuse(lo, GS_ONNX_TRAINING,
		                                 "training mode is random; export for inference (is_test 1)");
	bool upsample = gs_onnx_text_is(n->op, "Upsample");
	if ((opset == 6 && !upsample) || is_same(n->op))
		return GS_OK;
	if (gs_onnx_text_is(n->op, "Reshape") || (gs_onnx_text_is(n->op, "Pad") && opset >= 2))
		return GS_OK; /* their own code takes the attribute or the input */
	old->attr = calloc((size_t)n->attrs + 2, sizeof(*old->attr));
	if (old->attr == NULL)
		return gs_lower_refuse(lo, GS_ONNX_NO_MEMORY, "no memory for %u attributes", n->attrs);
	old->node = *n;
	old->node.attr = old->attr;
	old->node.attrs = 0;
	if (!rewrite(n, old))
		return gs_lower_refuse(lo, GS_ONNX_FORM,
		                       "its form of opset %lld is not supported; convert the model to 7 or later",
		                       (long long)opset);
	for (uint32_t i = 0; i < n->attrs; i++) /* the first of a name counts */
		old->attr[old->node.attrs++] = n->attr[i];
	*node = &old->node;
	return GS_OK;
}
