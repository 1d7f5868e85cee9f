/* validator/models/load.h: a model's file, and what it says that it is.
 *
 * A model is known by its id, keccak256 of its header (docs/machine.md, 3.3). A program file bears the header, so who it says it is shows in its
 * first bytes; of an ONNX file a header states the SHA-256. Neither is proof: only gs_model_load, which computes every root again, is. */
#ifndef GS_VALIDATOR_MODELS_LOAD_H
#define GS_VALIDATOR_MODELS_LOAD_H

#include "challenge/machine/program.h"

#define GS_MODEL_FILE_MAX (UINT64_C(8) << 30)

enum gs_model_form {
	GS_MODEL_PROGRAM, /* .gsp */
	GS_MODEL_ONNX,    /* whatever is no program file is read as this */
};

enum { GS_MODEL_HEAD_BYTES = 8 + GS_HEADER_BYTES }; /* magic and header of a program file */

/* Reads a whole .gsp or .onnx file, recomputes every root (program file) or lowers it as it is (ONNX; its shapes must all be in it).
 * *out is the caller's (gs_program_free). GS_EIO: cannot be read. GS_ELIMIT: empty, or over GS_MODEL_FILE_MAX. */
GS_MUST enum gs_err gs_model_load(const char *path, struct gs_program *out, struct gs_error *error);

/* What a file's first bytes show: its form, and of a program file the id that its header hashes to. GS_EPARSE: a program file that is cut short in
 * its header, or whose header is none. */
GS_MUST enum gs_err gs_model_head(struct gs_bytes head, enum gs_model_form *form, struct gs_hash *id,
                                  struct gs_error *error);

/* SHA-256 of a file from its beginning to its end, and how many bytes that are. GS_EIO. */
GS_MUST enum gs_err gs_model_sha256(int fd, struct gs_hash *out, uint64_t *bytes, struct gs_error *error);

bool gs_model_named_like_one(const char *name); /* ends in .gsp or .onnx */

#endif
