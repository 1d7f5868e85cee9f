/* validator/daemon/models.h: the models that this node can execute: a folder of program files and ONNX files, by model id.
 *
 * A file counts for what its content hashes to, whatever its name: every root is recomputed when it is read. Files that
 * cannot be read or lowered are remembered with the reason and skipped, so that one bad file stops nothing. */
#ifndef GS_VALIDATOR_DAEMON_MODELS_H
#define GS_VALIDATOR_DAEMON_MODELS_H

#include "chain/core/log.h"
#include "validator/models/load.h"

enum { GS_MODELS_MAX = 1024, GS_MODEL_PATH_MAX = 1024 };

struct gs_models;

/* The folder may be missing or empty now and be filled later. log may be NULL; both are borrowed. */
GS_MUST enum gs_err gs_models_open(const char *folder, const struct gs_log *log, struct gs_models **out,
                                   struct gs_error *error);
void gs_models_close(struct gs_models *models); /* NULL is fine; frees the programs */

/* The program with this model id; looks for new files in the folder before it gives up with GS_ENOTFOUND. Borrowed until close.
 * Not for two threads at once. */
GS_MUST enum gs_err gs_models_find(struct gs_models *models, const struct gs_hash *id, const struct gs_program **out,
                                   struct gs_error *error);

/* Looks at the folder if `look`; ids of the usable ones, in the order in which they were found, `max` at most. Likewise. */
size_t gs_models_list(struct gs_models *models, bool look, struct gs_hash *out, size_t max);

#endif
