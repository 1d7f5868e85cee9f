/* Optionals whose being there is known: a value that is given is itself, one that is left out is not there. Formulas:
 * docs/operators.md. */
#include "validator/onnx/ops_common.h"

/* Optional and OptionalGetElement. */
static enum gs_err op_the_value(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                struct gs_val *out)
{
	(void)node;
	if (in[0].kind == GS_VAL_NONE)
		return gs_lower_refuse(lo, GS_ONNX_SEQUENCE, "an optional without a value; values here are tensors");
	*out = in[0];
	return GS_OK;
}

static enum gs_err op_has_element(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                  struct gs_val *out)
{
	static const uint8_t answer[2] = {0, 1};
	(void)node;
	return gs_lower_constant(lo, GS_BOOL, 0, NULL, &answer[in[0].kind != GS_VAL_NONE], out);
}

const struct gs_lower_op gs_ops_optional[] = {
	{"Optional", op_the_value},
	{"OptionalGetElement", op_the_value},
	{"OptionalHasElement", op_has_element},
	{NULL, NULL},
};
