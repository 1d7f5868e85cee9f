/* validator/opengradient/inference.h: an ONNX inference as OpenGradient's alpha network has it on chain: the event of its result, and the call that asked for it.
 *
 *     ModelInferenceEvent(string inferenceID, (uint8 mode, string modelCID, Tensors input) request,
 *                         (Numbers[], Strings[], (string name, string value)[] jsons, bool is_simulation_result) response)
 *     runModelInference((uint8 mode, string modelCID, Tensors input) request)
 *
 * with Tensors = (Numbers[], Strings[]), Numbers = (string name, (int128 value, int128 decimals)[] values, uint32[] shape), Strings = (string name, string[] values).
 * The ABI lets many offsets lead to the same bytes; here all lists together may have no more words than the data, so time and memory stay in proportion to it.
 * Source: the ABI of InferencePrecompile. */
#ifndef GS_VALIDATOR_OPENGRADIENT_INFERENCE_H
#define GS_VALIDATOR_OPENGRADIENT_INFERENCE_H

#include "validator/opengradient/decimal.h"

enum {
	GS_INFERENCE_DATA_MAX = 8 * 1024 * 1024, /* bytes of data that are read */
	GS_INFERENCE_SELECTOR = 0x7289e9c2,      /* runModelInference */
};
extern const struct gs_hash gs_topic_model_inference;

enum gs_inference_mode { GS_INFERENCE_VANILLA = 0, GS_INFERENCE_ZKML = 1, GS_INFERENCE_TEE = 2 };

struct gs_inference_tensor { /* views are borrowed */
	struct gs_bytes name;
	struct gs_bytes numbers; /* count pairs of words; each is an int128 */
	size_t count;
	struct gs_bytes shape; /* dims words; each is a uint32 */
	size_t dims;
};
struct gs_inference_texts {
	struct gs_bytes name;
	struct gs_bytes *value; /* owned */
	size_t count;
};
struct gs_inference_values {
	struct gs_inference_tensor *tensor; /* owned */
	size_t tensors;
	struct gs_inference_texts *texts; /* owned */
	size_t text_lists;
};
struct gs_inference_json {
	struct gs_bytes name, value;
};
struct gs_inference {
	struct gs_bytes id; /* empty in a call */
	uint8_t mode;       /* enum gs_inference_mode; others are passed on */
	struct gs_bytes model;
	struct gs_inference_values input, output;
	struct gs_inference_json *json; /* owned */
	size_t jsons;
	bool is_simulation;
};

/* Of the event's data. Views lead into data. GS_EPARSE: not of this form, *error says where. GS_ELIMIT: longer than GS_INFERENCE_DATA_MAX. GS_ENOMEM.
 * *out is the caller's (gs_inference_free). */
GS_MUST enum gs_err gs_inference_read_event(struct gs_bytes data, struct gs_inference *out, struct gs_error *error);
/* Of calldata, with its selector; id and output stay empty. */
GS_MUST enum gs_err gs_inference_read_call(struct gs_bytes data, struct gs_inference *out, struct gs_error *error);
void gs_inference_free(struct gs_inference *inference); /* twice is fine */

struct gs_decimal gs_inference_number(const struct gs_inference_tensor *tensor, size_t i);
uint32_t gs_inference_dim(const struct gs_inference_tensor *tensor, size_t i);
/* Whether the shape has as many elements as there are numbers. A tensor without dimensions has one. */
bool gs_inference_fits(const struct gs_inference_tensor *tensor);

#endif
