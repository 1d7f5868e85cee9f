#include "validator/onnx/refused.h"

#define NAME(bytes) (int)((bytes).len > 60 ? 60 : (bytes).len), (bytes).len == 0 ? "" : (const char *)(bytes).ptr

static const char
	*const random_text = "it draws random numbers, and a claim must come out the same every time; draw them "
			     "outside and make them an input";
static const char
	*const shape_text = "the shape of its result depends on the data, and a program's shapes are fixed; end "
			    "the model before it and do this step outside";
static const char
	*const string_text = "it works on strings, and tensors here hold numbers; do this step outside and make "
			     "its result an input";
static const char
	*const sequence_text = "it works on sequences, optionals or maps, and values here are tensors; replace it by "
			       "operators on tensors (Split, Concat, Slice, Gather)";
static const char *const training_text = "it is for training; export the model for inference";
static const char *const image_text = "it decodes an image file; decode outside and make the pixels an input";

static const struct {
	const char *name;
	enum gs_onnx_reason reason;
	const char *const *text;
} left_out[] = {
	{"Bernoulli", GS_ONNX_RANDOM, &random_text},
	{"Multinomial", GS_ONNX_RANDOM, &random_text},
	{"RandomNormal", GS_ONNX_RANDOM, &random_text},
	{"RandomNormalLike", GS_ONNX_RANDOM, &random_text},
	{"RandomUniform", GS_ONNX_RANDOM, &random_text},
	{"RandomUniformLike", GS_ONNX_RANDOM, &random_text},
	{"NonMaxSuppression", GS_ONNX_DATA_SHAPE, &shape_text},
	{"NonZero", GS_ONNX_DATA_SHAPE, &shape_text},
	{"Unique", GS_ONNX_DATA_SHAPE, &shape_text},
	{"CategoryMapper", GS_ONNX_STRING, &string_text},
	{"RegexFullMatch", GS_ONNX_STRING, &string_text},
	{"StringConcat", GS_ONNX_STRING, &string_text},
	{"StringNormalizer", GS_ONNX_STRING, &string_text},
	{"StringSplit", GS_ONNX_STRING, &string_text},
	{"CastMap", GS_ONNX_SEQUENCE, &sequence_text},
	{"ConcatFromSequence", GS_ONNX_SEQUENCE, &sequence_text},
	{"DictVectorizer", GS_ONNX_SEQUENCE, &sequence_text},
	{"SequenceAt", GS_ONNX_SEQUENCE, &sequence_text},
	{"SequenceConstruct", GS_ONNX_SEQUENCE, &sequence_text},
	{"SequenceEmpty", GS_ONNX_SEQUENCE, &sequence_text},
	{"SequenceErase", GS_ONNX_SEQUENCE, &sequence_text},
	{"SequenceInsert", GS_ONNX_SEQUENCE, &sequence_text},
	{"SequenceLength", GS_ONNX_SEQUENCE, &sequence_text},
	{"SequenceMap", GS_ONNX_SEQUENCE, &sequence_text},
	{"SplitToSequence", GS_ONNX_SEQUENCE, &sequence_text},
	{"ImageDecoder", GS_ONNX_IMAGE, &image_text},
	{"Adagrad", GS_ONNX_TRAINING, &training_text},
	{"Adam", GS_ONNX_TRAINING, &training_text},
	{"Gradient", GS_ONNX_TRAINING, &training_text},
	{"Momentum", GS_ONNX_TRAINING, &training_text},
};

static bool of_onnx(struct gs_bytes domain)
{
	static const char *const known[] = {
		"", "ai.onnx", "ai.onnx.ml", "ai.onnx.preview", "ai.onnx.preview.training", "ai.onnx.training"};
	for (unsigned i = 0; i < GS_ARRAY_LEN(known); i++)
		if (gs_onnx_text_is(domain, known[i]))
			return true;
	return false;
}

enum gs_err gs_lower_refuse_op(struct gs_lower *lo, const struct gs_onnx_node *node)
{
	if (!of_onnx(node->domain))
		return gs_lower_refuse(lo, GS_ONNX_OPERATOR, "operators of domain '%.*s' are not supported",
		                       NAME(node->domain));
	for (unsigned i = 0; i < GS_ARRAY_LEN(left_out); i++)
		if (gs_onnx_text_is(node->op, left_out[i].name))
			return gs_lower_refuse(lo, left_out[i].reason, "%s", *left_out[i].text);
	return gs_lower_refuse(lo, GS_ONNX_OPERATOR, "this operator is not supported");
}

bool gs_left_out_nth(unsigned n, struct gs_left_out *out)
{
	if (n >= GS_ARRAY_LEN(left_out))
		return false;
	*out = (struct gs_left_out){left_out[n].name, left_out[n].reason, *left_out[n].text};
	return true;
}
