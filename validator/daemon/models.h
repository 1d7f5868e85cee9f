/* validator/daemon/models.h: the models that this node can execute: a folder of program files and ONNX files, and a supply, by model id.
 *
 * A file counts for what its content hashes to, whatever its name: every root is recomputed when it is read. Files that
 * cannot be read or lowered are remembered with the reason and skipped, so that one bad file stops nothing.
 *
 * Programs are in memory as long as somebody uses them, and beyond that while they have room: whatever was used longest ago goes, and is read again when it
 * is wanted. The one that was used last stays, however large it is. */
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
	/* Has it fetched, and says how far that is, without waiting for anything. True: it is on its way, and nothing has failed so far. */
	bool (*ask)(void *self, const struct gs_hash *id, char *out, size_t size);
};

struct gs_models_options {
	const char *folder; /* copied; may be missing or empty now and be filled later; "" or NULL: none */
	const struct gs_model_supply *supply; /* copied; NULL: none */
	uint64_t bytes_max;       /* of programs in memory, beside those in use and the one that was used last */
	const struct gs_log *log; /* borrowed; may be NULL */
};
GS_MUST enum gs_err gs_models_open(const struct gs_models_options *options, struct gs_models **out,
                                   struct gs_error *error);
void gs_models_close(struct gs_models *models); /* NULL is fine; all must have been given back */

/* The program with this model id, which is in use until it is given back; looks into the supply and for new files in the folder before it gives up and has it
 * fetched: GS_EAGAIN while it is on its way, else GS_ENOTFOUND. Not for two threads at once, as list and trim; the others are for any thread. */
GS_MUST enum gs_err gs_models_take(struct gs_models *models, const struct gs_hash *id, const struct gs_program **out,
                                   struct gs_error *error);
/* One use more of a program that is in use. */
void gs_models_hold(struct gs_models *models, const struct gs_program *program);
/* One less. Nothing is freed here: see trim. */
void gs_models_give(struct gs_models *models, const struct gs_program *program);
/* Frees programs that nobody uses until the rest have room. False: those in use alone take more. */
bool gs_models_trim(struct gs_models *models);
/* Bytes of programs in memory; for any thread. */
uint64_t gs_models_bytes(struct gs_models *models);

/* Looks at the folder if `look`; ids of the models that it or the memory has, `max` at most. */
size_t gs_models_list(struct gs_models *models, bool look, struct gs_hash *out, size_t max);

#endif
