/* tests/support/inference_json.h: ONNX inferences of OpenGradient's chain as JSON and back, for comparison with another program's ABI. Bytes are hex, numbers pairs of decimal text. */
#ifndef GS_TESTS_SUPPORT_INFERENCE_JSON_H
#define GS_TESTS_SUPPORT_INFERENCE_JSON_H

#include <jansson.h>

#include "chain/core/buf.h"
#include "validator/opengradient/inference.h"

json_t *inference_to_json(const struct gs_inference *inference);
/* The event's data, or the call's, of what the other made; false: not of that form. */
bool inference_encode(const json_t *json, bool call, struct gs_buf *out);

#endif
