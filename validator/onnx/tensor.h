/* validator/onnx/tensor.h: a dense tensor on the host, and how ONNX's TensorProto and NumPy's .npy files spell one. */
#ifndef GS_VALIDATOR_ONNX_TENSOR_H
#define GS_VALIDATOR_ONNX_TENSOR_H

#include "chain/core/buf.h"
#include "challenge/machine/program.h"
#include "validator/onnx/arena.h"

enum {
	GS_TENSOR_NPY_HEADER_MAX = 4096,
	GS_TENSOR_FILE_MAX = 1 << 30, /* bytes of one .pb or .npy file */
};

/* Row-major, little-endian, packed. A scalar has rank 0 and count 1; a dimension may be 0 (count 0). */
struct gs_tensor {
	enum gs_dtype dtype;
	uint8_t rank;
	uint32_t dim[GS_RANK_MAX];
	uint64_t count;
	const uint8_t *data;  /* borrowed: count * gs_dtype_bytes(dtype) bytes */
	struct gs_bytes name; /* borrowed; empty when there is none */
};

uint64_t gs_tensor_bytes(const struct gs_tensor *t);
/* "f32[1,10]" */
enum { GS_TENSOR_TEXT_MAX = 128 };
void gs_tensor_describe(enum gs_dtype dtype, unsigned rank, const uint32_t *dim, char out[GS_TENSOR_TEXT_MAX]);

/* Files beside a model that keep its tensors' data. open gives the whole file at a location (a path relative to the model's
 * folder, as the model spells it) for as long as the provider lives; it refuses what lies outside that folder. A NULL
 * provider refuses external data; one without open leaves such tensors without data (NULL). */
struct gs_onnx_external {
	void *context;
	enum gs_err (*open)(void *context, struct gs_bytes location, struct gs_bytes *out, struct gs_error *error);
};
/* A TensorProto inside a model: as gs_tensor_from_proto, and with external data. Errors: GS_EPARSE also for an offset or
 * length past the file's end. */
GS_MUST enum gs_err gs_tensor_from_model(struct gs_bytes bytes, const struct gs_onnx_external *external,
                                         struct gs_arena *arena, struct gs_tensor *out, struct gs_error *error);

/* Reads a serialized TensorProto. raw_data, and float_data in one piece, are borrowed from bytes, other typed data is
 * decoded into the arena.
 * GS_EPARSE: malformed, more than one raw_data, data whose length does not fit the shape. GS_EUNSUPPORTED: a data type
 * outside the law (f64, strings, complex, sub-byte), external data, segments. GS_ELIMIT: rank over 8, 2^31 elements. */
GS_MUST enum gs_err gs_tensor_from_proto(struct gs_bytes bytes, struct gs_arena *arena, struct gs_tensor *out,
                                         struct gs_error *error);
/* Writes a serialized TensorProto with raw_data. */
GS_MUST enum gs_err gs_tensor_to_proto(const struct gs_tensor *t, struct gs_buf *out);

/* Reads a .npy file (format 1.0 to 3.0, little-endian, C order). Data is borrowed. Errors as above. */
GS_MUST enum gs_err gs_tensor_from_npy(struct gs_bytes bytes, struct gs_tensor *out, struct gs_error *error);
/* Writes .npy format 1.0; bf16, which NumPy lacks, is written as u2. */
GS_MUST enum gs_err gs_tensor_to_npy(const struct gs_tensor *t, struct gs_buf *out);
/* Either of the two, by their first bytes. */
GS_MUST enum gs_err gs_tensor_from_file(struct gs_bytes bytes, struct gs_arena *arena, struct gs_tensor *out,
                                        struct gs_error *error);

enum { GS_ONNX_TYPE_STRING = 8 }; /* TensorProto.DataType */
/* The data type of a serialized TensorProto, 0 when it says none. */
uint64_t gs_tensor_proto_type(struct gs_bytes bytes);
/* The name ONNX gives a TensorProto.DataType code, for messages; never NULL. */
const char *gs_onnx_type_name(uint64_t code);

#endif
