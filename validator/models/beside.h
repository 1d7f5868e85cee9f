/* validator/models/beside.h: the files beside a model that keep its tensors' data (ONNX external data).
 *
 * Only regular files below the model's own folder are opened: no absolute location, no "..", no symbolic link on the way. */
#ifndef GS_VALIDATOR_MODELS_BESIDE_H
#define GS_VALIDATOR_MODELS_BESIDE_H

#include "validator/onnx/onnx.h"

enum { GS_BESIDE_FILES_MAX = 1024, GS_BESIDE_PATH_MAX = 1024 };
#define GS_BESIDE_BYTES_MAX (UINT64_C(1) << 34) /* of one file */

/* gs_onnx_lower for the model at path, whose bytes are given, with the files beside it. Also GS_EIO when the folder cannot
 * be opened. */
GS_MUST enum gs_err gs_lower_beside(const char *path, struct gs_bytes bytes, const struct gs_onnx_options *options,
                                    struct gs_program *out, struct gs_onnx_report *report, struct gs_error *error);

#endif
