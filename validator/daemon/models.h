/* validator/daemon/models.h: the models that this node can execute: a folder of program files and ONNX files, and a supply, by model id.
 *
 * A file counts for what its content hashes to, whatever its name: every root is recomputed when it is read. Files that
 * cannot be read or lowered are remembered with the reason and skipped, so that one bad file stops nothing. */
#ifndef GS_VALIDATOR_DAEMON_MODELS_H
#define GS_VALIDATOR_DAEMON_MODELS_H

#include "chain/core/log.h"
#include "validator/models/load.h"

enum { GS_MODELS_MAX = 16384, GS_MODEL_PATH_MAX = 1024, GS_MODEL_STATE_MAX = 256 };

struct gs_models;

/* Where models are had from that the folder has not; for any thread. */
struct gs_model_supply {
	void *self; /* NULL: there is none */
	/* The program, at once or not at all (GS_ENOTFOUND, or what is wrong with the file). *out is the caller's. */
	enum gs_err (*load)(void *self, const struct gs_hash *id, struct gs_program *out, struct gs_error *error);
	/* Has it fetched, and says how far that is, without waiting for anything. */
	void (*ask)(void *self, const struct gs_hash *id, char *out, size_t size);
};

/* The folder may be missing or empty now and be filled later; "" or NULL: none. log may be NULL; all are borrowed. supply may be NULL. */
GS_MUST enum gs_err gs_models_open(const char *folder, const struct gs_model_supply *supply, const struct gs_log *log,
                                   struct gs_models **out, struct gs_error *error);
void gs_models_close(struct gs_models *models); /* NULL is fine; frees the programs */

/* The program with this model id; looks into the supply and for new files in the folder before it gives up with GS_ENOTFOUND, and then has it fetched. Borrowed
 * until close. Not for two threads at once. */
GS_MUST enum gs_err gs_models_find(struct gs_models *models, const struct gs_hash *id, const struct gs_program **out,
                                   struct gs_error *error);

/* Looks at the folder if `look`; ids of the usable ones, in the order in which they were found, `max` at most. Likewise. */
size_t gs_models_list(struct gs_models *models, bool look, struct gs_hash *out, size_t max);

#endif
