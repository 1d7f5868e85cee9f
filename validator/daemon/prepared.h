/* validator/daemon/prepared.h: models that are ready to be run, kept for the claims that follow.
 *
 * Preparing a plan (validator/exec/plan.h) means matching every instruction and packing the constants: for most models many
 * times what one run takes. So a plan is kept, by model and by what is wanted of its runs. Every worker has a seat of its
 * own, a plan that reads what the first one packed, so that independent claims of one model run side by side.
 *
 * What all of them hold together has a limit in bytes. Beyond it the one that nobody uses and that was used longest ago goes;
 * a model that is larger than the limit by itself is prepared for the claims under way and dropped behind them. */
#ifndef GS_VALIDATOR_DAEMON_PREPARED_H
#define GS_VALIDATOR_DAEMON_PREPARED_H

#include "chain/core/log.h"
#include "validator/exec/plan.h"

enum { GS_PREPARED_MODELS_MAX = 256 }; /* at once */

enum gs_prepared_kind {
	GS_PREPARED_OUTPUTS, /* runs for the outputs alone, in room that is kept with the plan */
	GS_PREPARED_TRACE,   /* runs that commit to a trace of the caller's */
};

struct gs_prepared_options {
	unsigned workers; /* 1 to GS_EXEC_THREADS_MAX */
	const char *isa;  /* of validator/exec/exec.h; NULL: the best one */
	uint64_t bytes_max;
	const struct gs_log *log; /* borrowed; may be NULL: "model.prepared" and "model.dropped", a line each */
	/* A program is in use as long as a model of it is kept: told once when that begins, once when it is over, of any thread. NULL: nobody wants to know. */
	void (*hold)(void *self, const struct gs_program *program);
	void (*release)(void *self, const struct gs_program *program);
	void *self;
};

struct gs_prepared; /* of any threads */

GS_MUST enum gs_err gs_prepared_open(const struct gs_prepared_options *options, struct gs_prepared **out,
                                     struct gs_error *error);
void gs_prepared_close(struct gs_prepared *prepared); /* all must have been given back; NULL is fine */

struct gs_prepared_use {
	struct gs_exec_plan *plan; /* borrowed until it is given back; one run at a time */
	uint8_t *room;             /* GS_PREPARED_OUTPUTS: memory for the plan's runs, else NULL */
	unsigned worker;
	void *entry;
};

/* Worker `worker`'s seat of this model, prepared now if it is not there yet. The program is borrowed until it is released. GS_ELIMIT:
 * the room alone would exceed bytes_max, so the caller has to bring a trace. GS_EINVAL (isa), GS_ENOMEM. */
GS_MUST enum gs_err gs_prepared_take(struct gs_prepared *prepared, const struct gs_program *program,
                                     const struct gs_hash *model, enum gs_prepared_kind kind, unsigned worker,
                                     struct gs_prepared_use *out, struct gs_error *error);
void gs_prepared_give(struct gs_prepared *prepared, const struct gs_prepared_use *use);
/* Drops the one that nobody uses and that was used longest ago, whatever room there is. False: all are used. */
bool gs_prepared_drop(struct gs_prepared *prepared);

#endif
