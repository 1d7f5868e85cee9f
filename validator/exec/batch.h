/* validator/exec/batch.h: many inputs of one program, each run whole by one thread.
 *
 * One run that is shared by several threads waits for the slowest of them at every instruction. Runs of different inputs
 * have nothing to do with each other: each thread has a plan of its own, all read the same packed constants, and the runs
 * are handed out one by one. A run gives the bits that gs_exec_plan_run gives. */
#ifndef GS_VALIDATOR_EXEC_BATCH_H
#define GS_VALIDATOR_EXEC_BATCH_H

#include "validator/exec/plan.h"

struct gs_exec_batch;

/* As gs_exec_plan_new; options->threads is how many inputs are run at once. GS_EINVAL (isa), GS_ENOMEM. */
GS_MUST enum gs_err gs_exec_batch_new(const struct gs_program *p, const struct gs_exec_options *options,
                                      struct gs_exec_batch **out, struct gs_error *error);
void gs_exec_batch_free(struct gs_exec_batch *batch); /* NULL is fine */

/* As gs_exec_plan_run for every one of mem[0 .. count); their traces are apart. traces: NULL, or count of them, each of
 * which is committed to as gs_exec_plan_run_committing does. Where one fails the others are finished, and what the first
 * that failed says is returned. GS_ENOMEM. */
GS_MUST enum gs_err gs_exec_batch_run(struct gs_exec_batch *batch, const struct gs_memory *mem, struct gs_trace *traces,
                                      uint32_t count, struct gs_error *error);

/* As gs_exec_plan_run for who needs the outputs alone, one after the other in one trace a thread, which is room[thread]:
 * done(self, i, trace) is called on the thread that has run input i, before it runs another one there; outputs lie where
 * gs_exec_batch_place says. mem[i].trace is not used. Errors as above. */
typedef void (*gs_exec_batch_done)(void *self, uint32_t input, const uint8_t *trace);
GS_MUST enum gs_err gs_exec_batch_run_in(struct gs_exec_batch *batch, const struct gs_memory *mem, uint32_t count,
                                         uint8_t *const *room, gs_exec_batch_done done, void *self,
                                         struct gs_error *error);

/* gs_exec_plan_place and gs_exec_plan_chunks, of each of its plans. */
uint32_t gs_exec_batch_place(const struct gs_exec_batch *batch, uint32_t chunk);
uint32_t gs_exec_batch_chunks(const struct gs_exec_batch *batch);

#endif
