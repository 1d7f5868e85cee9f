/* validator/onnx/refused.h: the operators that the law leaves out on purpose, each with its reason and the way round. */
#ifndef GS_VALIDATOR_ONNX_REFUSED_H
#define GS_VALIDATOR_ONNX_REFUSED_H

#include "validator/onnx/lower.h"

/* Refuses the node: by the reason that its operator is left out for, or as one that is not known. */
enum gs_err gs_lower_refuse_op(struct gs_lower *lo, const struct gs_onnx_node *node);
/* The operators left out, in the order of their reasons; false past the end. */
struct gs_left_out {
	const char *name;
	enum gs_onnx_reason reason;
	const char *text; /* why, and what to do */
};
bool gs_left_out_nth(unsigned n, struct gs_left_out *out);

#endif
