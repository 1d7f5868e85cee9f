/* validator/onnx/lower_fold.h: instructions of constants alone, computed while lowering. */
#ifndef GS_VALIDATOR_ONNX_LOWER_FOLD_H
#define GS_VALIDATOR_ONNX_LOWER_FOLD_H

#include "validator/onnx/lower.h"

/* Whether the instruction reads nothing but constants. */
bool gs_lower_all_constant(const struct gs_instr *in);
/* The chunks of all constants that it reads. */
uint64_t gs_lower_constant_chunks(const struct gs_lower *lo, const struct gs_instr *in);
/* Such an instruction's output as a constant of the given shape: the interpreter's bits. */
GS_MUST enum gs_err gs_lower_fold_now(struct gs_lower *lo, const struct gs_instr *in, unsigned rank,
                                      const uint32_t *dim, struct gs_val *out);

#endif
