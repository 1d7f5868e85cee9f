/* validator/cli/model_json.h: tensors and hashes as JSON. */
#ifndef GS_VALIDATOR_CLI_MODEL_JSON_H
#define GS_VALIDATOR_CLI_MODEL_JSON_H

#include "validator/onnx/tensor.h"

#include <jansson.h>

json_t *gs_model_json_hash(const struct gs_hash *hash); /* "0x..." */
/* [{"name", "type", "shape", "bound"?}] */
json_t *gs_json_types(const struct gs_tensor_type *t, uint32_t count);
/* {"absolute", "relative", "claimedChunks"}; null for an exact model. */
json_t *gs_json_tolerance(const struct gs_header *header);
/* A number, or a text where JSON has none: "nan", "inf", "-inf". */
json_t *gs_json_element(enum gs_dtype dtype, uint64_t bits);
/* The same for people. */
enum { GS_ELEMENT_TEXT_MAX = 40 };
void gs_element_text(enum gs_dtype dtype, uint64_t bits, char out[GS_ELEMENT_TEXT_MAX]);
/* Prints the document, releases it, and returns an exit code. */
int gs_json_print(json_t *json);

#endif
