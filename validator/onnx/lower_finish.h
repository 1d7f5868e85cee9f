/* validator/onnx/lower_finish.h: from lowered instructions to a sealed program. */
#ifndef GS_VALIDATOR_ONNX_LOWER_FINISH_H
#define GS_VALIDATOR_ONNX_LOWER_FINISH_H

#include "validator/onnx/lower.h"

/* Drops what no output needs, puts the outputs last, lays out the weights, fills in io and header, and seals. */
GS_MUST enum gs_err gs_lower_finish(struct gs_lower *lo, struct gs_bytes onnx, struct gs_program *out);

#endif
