/* Which operator is lowered where. */
#include "validator/onnx/lower.h"

#include <string.h>

static const struct {
	const char *domain;
	const struct gs_lower_op *op;
} table[] = {
	{"", gs_ops_math},
	{"", gs_ops_power},
	{"", gs_ops_det},
	{"", gs_ops_logic},
	{"", gs_ops_linear},
	{"", gs_ops_pool},
	{"", gs_ops_shape},
	{"", gs_ops_norm},
	{"", gs_ops_index},
	{"", gs_ops_loss},
	{"", gs_ops_order},
	{"", gs_ops_moments},
	{"", gs_ops_select},
	{"", gs_ops_resize},
	{"", gs_ops_recurrent},
	{"", gs_ops_attention},
	{"", gs_ops_transposed},
	{"", gs_ops_scatter},
	{"", gs_ops_quantize},
	{"", gs_ops_qlinear},
	{"", gs_ops_einsum},
	{"", gs_ops_signal},
	{"", gs_ops_range},
	{"", gs_ops_legacy},
	{"", gs_ops_unpool},
	{"", gs_ops_sample},
	{"", gs_ops_deform},
	{"", gs_ops_patch},
	{"", gs_ops_region},
	{"", gs_ops_text},
	{"", gs_ops_known},
	{"", gs_ops_control},
	{"", gs_ops_scan},
	{"", gs_ops_state},
	{"", gs_ops_optional},
	{"ai.onnx.preview", gs_ops_preview},
	{"ai.onnx.ml", gs_ops_ml_trees},
	{"ai.onnx.ml", gs_ops_ml_linear},
	{"ai.onnx.ml", gs_ops_ml_svm},
	{"ai.onnx.ml", gs_ops_ml_prepare},
};

gs_lower_fn gs_lower_op_find(struct gs_bytes domain, struct gs_bytes op)
{
	for (unsigned t = 0; t < GS_ARRAY_LEN(table); t++) {
		struct gs_bytes name = {(const uint8_t *)table[t].domain, strlen(table[t].domain)};
		if (!gs_onnx_domain_is(domain, name))
			continue;
		for (const struct gs_lower_op *o = table[t].op; o->name != NULL; o++)
			if (gs_onnx_text_is(op, o->name))
				return o->lower;
	}
	return NULL;
}

bool gs_lower_op_nth(unsigned n, const char **domain, const char **name)
{
	for (unsigned t = 0; t < GS_ARRAY_LEN(table); t++)
		for (const struct gs_lower_op *o = table[t].op; o->name != NULL; o++)
			if (n-- == 0) {
				*domain = table[t].domain;
				*name = o->name;
				return true;
			}
	return false;
}
